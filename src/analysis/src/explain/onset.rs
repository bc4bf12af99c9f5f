//! When the disturbance started, when nobody said.
//!
//! One strange metric is no incident: systems show one all the time. A row counts
//! as the start of a disturbance when several different measures of one part, or a
//! tenth of all measures, shift strongly together. Shifts are looked for over
//! windows of several lengths, so that slow disturbances are seen as well as short
//! ones. Of several disturbances the last one is taken: a recording is opened
//! because of what is wrong now.
//!
//! * In: a frame and what its names say.
//! * Out: the row, or nothing: an undisturbed input has no onset.
//! * Never: looks at rows before [`LEAST_ROWS`], which have no past to differ from.
//!
//! Start at [`find`].

use std::ops::Range;

use crate::frame::Frame;
use crate::stats::order;

use super::names::Names;
use super::shift::{self, Usual};
use super::{Share, Stopped};

/// Rows that have to lie before an onset.
pub(super) const LEAST_ROWS: usize = 12;

/// So many measures of one part make its strength.
pub(super) const WITNESSES: usize = 3;

/// Share of all measures that have to shift where no single part stands out.
const SYSTEM_SHARE: f64 = 0.1;

/// From this strength on it is a disturbance: three measures at fifteen scales each.
pub(super) const THRESHOLD: f64 = 0.6;

/// A series on its own, named as the symptom, counts from half of the greatest strength.
const SYMPTOM_THRESHOLD: f64 = 0.5;

/// Window lengths, as multiples of the shortest.
const LENGTHS: [usize; 3] = [1, 4, 16];

/// The shortest window covers so many seconds, so that a hiccup is none.
const SHORTEST_SECONDS: f64 = 10.0;

/// The shortest window has so many rows, so that its median outvotes an odd one.
const SHORTEST_ROWS: usize = 3;

/// Below this many scales a shift adds nothing to the evidence, so the nearer
/// comparisons are not computed.
const LEAST_SCALES: f64 = 3.0;

/// The history is looked at again after it grew by one part in this many.
const HISTORY_GROWTH: usize = 16;

/// At most this many rows of history are looked at for each such look.
const HISTORY_PROBES: usize = 512;

/// The shortest window in rows.
pub(super) fn shortest(frame: &Frame) -> usize {
    let rows = (SHORTEST_SECONDS / frame.step_seconds()).ceil() as usize;
    rows.min(frame.rows() / 8).max(SHORTEST_ROWS)
}

/// The first row of the last disturbance; of the symptom's last shift, if one is named.
///
/// # Errors
///
/// The work was stopped.
pub(super) fn find(
    frame: &Frame,
    names: &Names,
    symptom: Option<usize>,
    share: Share<'_>,
) -> Result<Option<usize>, Stopped> {
    let shortest = shortest(frame);
    let mut last: Option<usize> = None;
    for length in LENGTHS.map(|it| it * shortest) {
        if frame.rows() < LEAST_ROWS + length {
            break;
        }
        let scan = Scan::over(LEAST_ROWS.max(length)..frame.rows() - length + 1, length);
        let found = match symptom {
            Some(line) => scan.last_of_series(&frame.lines[line].values),
            None => scan.last(frame, names, share)?,
        };
        // What a short window has seen, a long one only sees less sharply.
        last = match (last, found) {
            (Some(known), Some(row)) if row <= known + length => Some(known),
            (known, found) => found.or(known),
        };
    }
    match (last, symptom) {
        (None, Some(_)) => find(frame, names, None, share),
        (last, _) => Ok(last),
    }
}

/// The first row within a range from which on the system is disturbed.
pub(super) fn first_in(frame: &Frame, names: &Names, rows: Range<usize>) -> Option<usize> {
    let length = shortest(frame);
    let end = (frame.rows() + 1).saturating_sub(length).min(rows.end);
    let start = rows.start.max(LEAST_ROWS);
    if start >= end {
        return None;
    }
    let scan = Scan::over(start..end, length);
    let parts = names.by_part();
    let parts = parts.iter().enumerate();
    let strength = scan.of_system(
        names,
        parts.map(|(part, lines)| scan.of_part(frame, names, (part, lines.as_slice()))),
    );
    let first = strength.iter().position(|it| *it >= THRESHOLD)?;
    scan.rows.get(first).copied()
}

/// How strongly a part was disturbed at each tried row.
#[derive(Clone, Debug)]
pub struct Strength {
    /// Strength of its strongest measures, 0 to 1.
    strongest: Vec<f64>,
    /// Measures beyond [`THRESHOLD`].
    counted: Vec<usize>,
    /// The sum of their strengths.
    sums: Vec<f64>,
}

/// Rows that are tried as the start of a disturbance, and how far each one looks.
struct Scan {
    rows: Vec<usize>,
    stride: usize,
    length: usize,
}

impl Scan {
    fn over(rows: Range<usize>, length: usize) -> Self {
        let stride = (length / SHORTEST_ROWS).max(1);
        Self {
            rows: rows.step_by(stride).collect(),
            stride,
            length,
        }
    }

    /// The start of the last stretch of tried rows at or above a threshold.
    fn last_stretch(&self, strength: &[f64], threshold: f64) -> Option<(usize, usize)> {
        let end = strength.iter().rposition(|it| *it >= threshold)?;
        let mut start = end;
        for place in (0..end).rev() {
            if strength[place] >= threshold {
                start = place;
            } else if self.rows[start] - self.rows[place] > self.length {
                break;
            }
        }
        Some((start, end))
    }

    fn last(
        &self,
        frame: &Frame,
        names: &Names,
        share: Share<'_>,
    ) -> Result<Option<usize>, Stopped> {
        let parts = names.by_part();
        let of_part = |part: usize| self.of_part(frame, names, (part, parts[part].as_slice()));
        let strength = self.of_system(names, share(parts.len(), &of_part)?);
        let stretch = self.last_stretch(&strength, THRESHOLD);
        Ok(stretch.map(|(start, _)| self.sharpened(frame, self.rows[start])))
    }

    fn last_of_series(&self, values: &[f64]) -> Option<usize> {
        let strength: Vec<f64> = self.scales(values).map(shift::strength).collect();
        let (start, end) = self.last_stretch(&strength, SYMPTOM_THRESHOLD)?;
        let best = (start..=end).max_by(|a, b| strength[*a].total_cmp(&strength[*b]))?;
        let row = self.rows[start];
        let stretch = self.stretch(self.rows[best]);
        let shift = shift::measure(values, &stretch);
        let reach = row.saturating_sub(self.stride)..self.rows[best] + self.length;
        Some(shift::onset(values, &shift, reach).unwrap_or(row))
    }

    fn stretch(&self, row: usize) -> shift::Stretch {
        shift::Stretch {
            start: row,
            rows: (row..row + self.length).collect(),
            calm: Vec::new(),
            near: [self.length, 3 * self.length],
            lead: 0,
        }
    }

    /// The row at which most of what shifted began to, near a row found coarsely.
    fn sharpened(&self, frame: &Frame, row: usize) -> usize {
        let stretch = self.stretch(row);
        let reach = row.saturating_sub(self.stride)..(row + self.length).min(frame.rows());
        let mut onsets: Vec<f64> = Vec::new();
        for line in &frame.lines {
            let shift = shift::measure(&line.values, &stretch);
            if shift.strength() < SYMPTOM_THRESHOLD {
                continue;
            }
            let onset = shift::onset(&line.values, &shift, reach.clone());
            onsets.extend(onset.map(|it| it as f64));
        }
        if onsets.is_empty() {
            return row;
        }
        // The first few follow nobody; a quarter allows for some that were odd before.
        order::quantile_in(&mut onsets, 0.25).round() as usize
    }

    /// Strength of one part at each tried row, from its series.
    fn of_part(&self, frame: &Frame, names: &Names, (part, lines): (usize, &[usize])) -> Strength {
        let tried = self.rows.len();
        let mut best = vec![[0.0; WITNESSES]; tried];
        let mut found = Strength {
            strongest: Vec::new(),
            counted: vec![0; tried],
            sums: vec![0.0; tried],
        };
        let family = |line: &usize| names.family[*line];
        for alike in lines.chunk_by(|a, b| family(a) == family(b)) {
            let mut strongest = vec![0.0_f64; tried];
            for line in alike {
                // What never moves is never disturbed.
                if !order::varies(&frame.lines[*line].values) {
                    continue;
                }
                let scales = self.scales(&frame.lines[*line].values);
                for (strongest, scales) in strongest.iter_mut().zip(scales) {
                    *strongest = strongest.max(shift::strength(scales));
                }
            }
            for (place, strength) in strongest.into_iter().enumerate() {
                keep(&mut best[place], strength);
                if strength >= THRESHOLD {
                    found.counted[place] += 1;
                    found.sums[place] += strength;
                }
            }
        }
        let families = names.families[part];
        found.strongest = best.iter().map(|best| of_part(best, families)).collect();
        found
    }

    /// Strength of the system at each tried row: of its strongest part, or of all.
    fn of_system(&self, names: &Names, parts: impl IntoIterator<Item = Strength>) -> Vec<f64> {
        let tried = self.rows.len();
        let mut system = vec![0.0; tried];
        let all: usize = names.families.iter().sum();
        let wanted = ((all as f64 * SYSTEM_SHARE).ceil() as usize).max(WITNESSES);
        let mut counted = vec![0_usize; tried];
        let mut sums = vec![0.0; tried];
        for part in parts {
            for place in 0..tried {
                system[place] = f64::max(system[place], part.strongest[place]);
                counted[place] += part.counted[place];
                sums[place] += part.sums[place];
            }
        }
        for (place, system) in system.iter_mut().enumerate() {
            if counted[place] >= wanted {
                *system = f64::max(*system, sums[place] / counted[place] as f64);
            }
        }
        system
    }

    /// The shift at each tried row, in scales of what went before it.
    fn scales<'a>(&'a self, values: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let mut known: Option<(usize, Usual)> = None;
        let mut room = Vec::with_capacity(3 * self.length);
        self.rows.iter().map(move |row| {
            let usual = match known {
                Some((at, usual)) if row - at <= at / HISTORY_GROWTH => usual,
                _ => usual_before(values, *row),
            };
            if known.is_none_or(|(at, _)| row - at > at / HISTORY_GROWTH) {
                known = Some((*row, usual));
            }
            self.scales_at(values, *row, usual, &mut room)
        })
    }

    fn scales_at(&self, values: &[f64], row: usize, usual: Usual, room: &mut Vec<f64>) -> f64 {
        if usual.count < LEAST_ROWS / 2 {
            return 0.0;
        }
        let mut median =
            |rows: Range<usize>| order::median_with(values.get(rows).unwrap_or_default(), room);
        let after = median(row..row + self.length);
        let all = after - usual.center;
        let far = shift::in_scales(all, usual.scale);
        if far.abs() < LEAST_SCALES {
            return 0.0;
        }
        let mut before = |rows: usize| after - median(row.saturating_sub(rows)..row);
        let near = [before(self.length), before(3 * self.length)];
        shift::in_scales(
            shift::cautious(std::iter::once(all).chain(near)),
            usual.scale,
        )
    }
}

fn usual_before(values: &[f64], row: usize) -> Usual {
    let history = &values[..row.min(values.len())];
    let stride = history.len().div_ceil(HISTORY_PROBES).max(1);
    let probes: Vec<f64> = history.iter().copied().step_by(stride).collect();
    shift::usual(&probes)
}

/// Keeps the largest strengths, in descending order.
pub(super) fn keep(best: &mut [f64; WITNESSES], strength: f64) {
    let mut strength = strength;
    for place in best {
        if strength > *place {
            std::mem::swap(place, &mut strength);
        }
    }
}

/// Strength of a part from its strongest measures, 0 to 1.
///
/// The sum is divided by the number of measures that there are, at most
/// [`WITNESSES`], and one for doubt: a part with a single metric can be suspected,
/// but not as firmly as one where three agree.
pub(super) fn of_part(best: &[f64; WITNESSES], families: usize) -> f64 {
    let most = WITNESSES as f64;
    let there = families.min(WITNESSES) as f64;
    best.iter().sum::<f64>() * (most + 1.0) / most / (there + 1.0)
}
