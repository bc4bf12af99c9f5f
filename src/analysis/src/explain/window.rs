//! Which rows are disturbed.
//!
//! A disturbance may be over long before the recording is, and a symptom may come
//! and go within it. Levels are compared over the rows where it is there.
//!
//! Start at [`Scene::of`].

use std::ops::Range;

use crate::frame::Frame;
use crate::stats::order;

use super::names::Names;
use super::onset;
use super::shift::{self, Stretch};

/// The symptom counts as there while it is at least half way to its peak.
const HALF_WAY: f64 = 0.5;

/// The peak is this quantile, so that in a long stretch one odd row is none.
const PEAK_LEVEL: f64 = 0.9;

/// A symptom that moved by fewer scales than this does not tell rows apart.
const LEAST_SYMPTOM_SCALES: f64 = 3.0;

/// So many of the strongest series tell when the disturbance is over.
const LEADERS: usize = 20;

/// A leader moved by at least so many scales.
const LEAST_LEADER_SCALES: f64 = 5.0;

/// A disturbance is noticed after it began, by up to so many seconds.
const NOTICED_AFTER_SECONDS: f64 = 120.0;

/// Where a disturbance starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// Its first row, as far as is known.
    pub(super) row: usize,
    /// By so many rows it may have begun earlier.
    pub(super) lead: usize,
}

/// How many rows pass until a disturbance is noticed.
pub(super) fn noticed_rows(frame: &Frame) -> usize {
    (NOTICED_AFTER_SECONDS / frame.step_seconds()).round() as usize
}

/// When and against what the series are measured.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// First row of the disturbance.
    pub(super) start: usize,
    /// Just after its last row.
    pub(super) end: usize,
    /// What shifts are measured over.
    pub(super) stretch: Stretch,
    /// The symptom, if one was named.
    pub(super) symptom: Option<usize>,
    /// The shortest window, in rows.
    pub(super) shortest: usize,
}

impl Scene {
    /// Finds the disturbed rows from `start` on.
    pub(super) fn of(frame: &Frame, names: &Names, start: Start, symptom: Option<usize>) -> Self {
        let shortest = onset::shortest(frame);
        let Start { row: start, lead } = start;
        let mut stretch = Stretch {
            start,
            rows: Vec::new(),
            calm: Vec::new(),
            near: [shortest, 3 * shortest],
            lead,
        };
        let end = end_of(frame, &stretch, shortest);
        stretch.rows = (start..end).collect();
        let mut scene = Self {
            start,
            end,
            stretch,
            symptom,
            shortest,
        };
        if let Some(line) = symptom {
            let rest = start..frame.rows();
            let ahead = noticed_rows(frame);
            let symptom = (&frame.lines[line].values[..], names.bad[line]);
            scene.narrow(symptom, rest, ahead);
        }
        scene
    }

    /// The disturbed stretch.
    pub(super) fn window(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The disturbed stretch and as many rows after it, for seeing who falls when
    /// the symptom falls.
    pub(super) fn around(&self, rows: usize) -> Range<usize> {
        let length = (self.end - self.start).max(self.shortest);
        self.start..(self.end + length).min(rows)
    }

    /// Share of the disturbed rows that a series has a value for.
    pub(super) fn coverage(&self, values: &[f64]) -> f64 {
        let rows = self.stretch.rows.iter();
        let present = rows.filter(|row| values.get(**row).is_some_and(|it| it.is_finite()));
        present.count() as f64 / self.stretch.rows.len().max(1) as f64
    }

    /// Keeps the rows in which the symptom is bad.
    ///
    /// Up to `ahead` rows before the first of them the cause may already be there, so
    /// that these are neither disturbed nor calm.
    fn narrow(&mut self, (values, bad): (&[f64], f64), rest: Range<usize>, ahead: usize) {
        let usual = shift::usual(&values[..self.start]);
        if usual.count < shift::LEAST_HISTORY {
            return;
        }
        let badness = |row: usize| {
            let off = values[row] - usual.center;
            if bad == 0.0 { off.abs() } else { off * bad }
        };
        let present = rest.clone().filter(|row| values[*row].is_finite());
        let mut sizes: Vec<f64> = present.map(badness).collect();
        if sizes.len() < shift::LEAST_HISTORY {
            return;
        }
        let peak = order::quantile_in(&mut sizes, PEAK_LEVEL);
        if peak <= LEAST_SYMPTOM_SCALES * usual.scale {
            return;
        }
        let (rows, calm) = rest.partition(|row| badness(*row) >= HALF_WAY * peak);
        self.stretch.rows = rows;
        self.stretch.calm = calm;
        let last = self.stretch.rows.last().map_or(self.end, |row| row + 1);
        self.end = last.max(self.start + 1);
        // Rows long after the disturbance may belong to another one.
        let reach = self.around(values.len()).end;
        let first = self.stretch.rows.first().copied().unwrap_or(self.start);
        let calm = &mut self.stretch.calm;
        calm.retain(|row| *row < reach && (*row > first || row + ahead < first));
    }
}

/// Just after the last row at which most of what moved at the start is still away.
fn end_of(frame: &Frame, stretch: &Stretch, shortest: usize) -> usize {
    let (rows, start) = (frame.rows(), stretch.start);
    let leaders = leaders(frame, stretch, shortest);
    let total: f64 = leaders.iter().map(|it| it.weight).sum();
    if total <= 0.0 {
        return rows;
    }
    let mut end = start;
    for row in start..rows {
        let away: f64 = leaders.iter().map(|it| it.away(frame, row)).sum();
        if away >= total / 2.0 {
            end = row + 1;
        } else if row - end >= shortest {
            break;
        }
    }
    if rows - end < shortest {
        return rows;
    }
    end.max(start + shortest).min(rows)
}

/// A series that tells whether the disturbance goes on.
struct Leader {
    line: usize,
    before: f64,
    way: f64,
    weight: f64,
}

impl Leader {
    /// Its weight while it is at least half way; a gap says half.
    fn away(&self, frame: &Frame, row: usize) -> f64 {
        let value = frame.lines[self.line].values[row];
        if !value.is_finite() {
            self.weight / 2.0
        } else if (value - self.before) / self.way >= HALF_WAY {
            self.weight
        } else {
            0.0
        }
    }
}

fn leaders(frame: &Frame, stretch: &Stretch, shortest: usize) -> Vec<Leader> {
    let start = stretch.start;
    let rest = frame.rows() - start;
    let lengths = [shortest, 4 * shortest, rest].map(|it| it.min(rest));
    let mut leaders: Vec<Leader> = Vec::new();
    for (line, values) in frame.lines.iter().map(|it| &it.values).enumerate() {
        let shifts = lengths.map(|length| {
            let stretch = Stretch {
                rows: (start..start + length).collect(),
                ..stretch.clone()
            };
            shift::measure(values, &stretch)
        });
        let [first, second, third] = shifts;
        let larger = |a: shift::Shift, b: shift::Shift| {
            if b.scales.abs() > a.scales.abs() {
                b
            } else {
                a
            }
        };
        let shift = larger(larger(first, second), third);
        let way = shift.after - shift.before;
        if shift.scales.abs() >= LEAST_LEADER_SCALES && way.is_finite() && way != 0.0 {
            leaders.push(Leader {
                line,
                before: shift.before,
                way,
                weight: shift.strength(),
            });
        }
    }
    leaders.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.line.cmp(&b.line)));
    leaders.truncate(LEADERS);
    leaders
}
