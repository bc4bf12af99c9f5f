//! Series that share their rows: what the analyses look at.
//!
//! A foreign table is one frame; a session is one frame for each host. Rows keep
//! the number that they have in the input, even where times repeat or step back,
//! so that a row number in an answer is the row number in the file.
//!
//! * In: columns as drawn (counters already turned into rates), or rows of a table.
//! * Out: one time per row and one value per series and row, `NaN` for a gap.
//! * Never: interpolates. A series that is read less often than its host's others
//!   holds its last reading for at most [`HELD_STEPS`] of its own steps.
//!
//! Start at [`Frame::of_columns`] or [`Frame::of_table`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use model::columns::Column;
use model::series::Series;
use model::time::{Moment, SECOND_NS, Span};
use model::told;

/// So many typical steps of a slow series its last reading stands for.
pub const HELD_STEPS: f64 = 2.5;

/// At most this many differences are looked at for the typical step.
const STEP_PROBES: usize = 4096;

/// One series of a frame.
#[derive(Clone, Debug)]
pub struct Line {
    /// The name in answers: the header of a table's column, or `host/metric{key=value}`.
    pub name: String,
    /// What it is, as drawn.
    pub series: Series,
    /// One value a row; `NaN` is a gap.
    pub values: Arc<[f64]>,
}

impl Line {
    /// What it is called in sentences.
    pub fn told(&self) -> String {
        told::of_name(&self.name)
    }
}

/// Several series over the same rows.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Time of each row, nanoseconds since the Unix epoch; of a table they may
    /// repeat or step back.
    pub at: Arc<[i64]>,
    /// Typical distance of rows; one second when it cannot be told.
    pub step_ns: i64,
    /// The series, in the order of the input.
    pub lines: Vec<Line>,
}

impl Frame {
    /// Rows of a table, as they are; surplus values or times are left out.
    pub fn of_table(at: &[i64], columns: Vec<(Series, Vec<f64>)>) -> Self {
        let rows = columns
            .iter()
            .map(|(_, values)| values.len())
            .fold(at.len(), usize::min);
        let lines = columns.into_iter().map(|(series, mut values)| {
            values.truncate(rows);
            Line {
                name: series.key.to_string(),
                series,
                values: values.into(),
            }
        });
        Self {
            lines: lines.collect(),
            step_ns: step_ns(&at[..rows]),
            at: at[..rows].into(),
        }
    }

    /// Columns of one host on the times that most of them share.
    pub fn of_columns(columns: &[Column]) -> Self {
        let at = shared_times(columns);
        let lines = columns.iter().map(|column| Line {
            name: column.series.key.to_string(),
            series: column.series.clone(),
            values: if column.at == at {
                Arc::clone(&column.values)
            } else {
                held(column, &at).into()
            },
        });
        Self {
            lines: lines.collect(),
            step_ns: step_ns(&at),
            at,
        }
    }

    /// Several frames on the rows of the one that has most, the first of equals.
    ///
    /// Each row of another frame's series is the reading nearest in time, at most
    /// [`HELD_STEPS`] of that frame's steps away; without one it is a gap. A single
    /// frame stays as it is, also where its times step back.
    pub fn joined(frames: &[&Self]) -> Self {
        let Some(longest) = frames.iter().rev().max_by_key(|it| it.rows()) else {
            return Self::of_table(&[], Vec::new());
        };
        let lines = frames.iter().flat_map(|frame| {
            let nearest = (frame.at != longest.at).then(|| nearest(frame, &longest.at));
            frame.lines.iter().map(move |line| Line {
                name: line.name.clone(),
                series: line.series.clone(),
                values: match &nearest {
                    None => Arc::clone(&line.values),
                    Some(rows) => rows
                        .iter()
                        .map(|row| row.map_or(f64::NAN, |row| line.values[row]))
                        .collect(),
                },
            })
        });
        Self {
            at: Arc::clone(&longest.at),
            step_ns: longest.step_ns,
            lines: lines.collect(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.at.len()
    }

    /// Typical distance of rows in seconds.
    pub fn step_seconds(&self) -> f64 {
        self.step_ns as f64 / SECOND_NS as f64
    }

    /// How many rows a stretch of time takes; at least one.
    pub fn rows_of_seconds(&self, seconds: f64) -> usize {
        ((seconds / self.step_seconds()).round() as usize).max(1)
    }

    /// Time of a row; of the last one beyond the end.
    pub fn moment(&self, row: usize) -> Moment {
        let at = self.at.get(row).or(self.at.last());
        Moment(at.copied().unwrap_or_default())
    }

    /// From the earliest row to just after the latest, whatever their order.
    pub fn span(&self) -> Span {
        match (self.at.iter().min(), self.at.iter().max()) {
            (Some(first), Some(last)) => Span {
                from: Moment(*first),
                to: Moment(*last).plus_ns(1),
            },
            _ => self.span_of(0..0),
        }
    }

    /// From the first of some rows to just after the last.
    pub fn span_of(&self, rows: Range<usize>) -> Span {
        if rows.is_empty() || rows.start >= self.rows() {
            let from = self.moment(rows.start);
            return Span { from, to: from };
        }
        Span::between(
            self.moment(rows.start),
            self.moment(rows.end - 1).plus_ns(1),
        )
    }

    /// The rows inside `span`. Where times step back, everything between the first
    /// and the last row inside.
    pub fn rows_in(&self, span: Span) -> Range<usize> {
        let inside = |at: &i64| span.contains(Moment(*at));
        let Some(first) = self.at.iter().position(inside) else {
            let before = self.at.iter().filter(|at| **at < span.from.0).count();
            return before..before;
        };
        let last = self.at.iter().rposition(inside).unwrap_or(first);
        first..last + 1
    }

    /// Some rows of all series.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.rows());
        let rows = rows.start.min(end)..end;
        let lines = self.lines.iter().map(|line| Line {
            name: line.name.clone(),
            series: line.series.clone(),
            values: line.values[rows.clone()].into(),
        });
        Self {
            at: self.at[rows.clone()].into(),
            step_ns: self.step_ns,
            lines: lines.collect(),
        }
    }

    /// The place of the series of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.name == name)
    }

    /// Share of the values of a series within some rows that are numbers.
    pub fn coverage(&self, line: usize, rows: Range<usize>) -> f64 {
        let values = self.lines.get(line).map_or(&[][..], |it| &it.values);
        let values = values.get(rows).unwrap_or_default();
        if values.is_empty() {
            return 0.0;
        }
        let numbers = values.iter().filter(|it| it.is_finite()).count();
        numbers as f64 / values.len() as f64
    }
}

/// The median of the positive differences of neighbours; one second without any.
pub fn step_ns(at: &[i64]) -> i64 {
    let stride = (at.len() / STEP_PROBES).max(1);
    let pairs = at.windows(2).step_by(stride);
    let mut steps: Vec<i64> = pairs
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .filter(|step| *step > 0)
        .collect();
    if steps.is_empty() {
        return SECOND_NS;
    }
    let middle = steps.len() / 2;
    *steps.select_nth_unstable(middle).1
}

/// The times that most columns have; of equally common ones the longer, then the earlier.
fn shared_times(columns: &[Column]) -> Arc<[i64]> {
    let mut counts: BTreeMap<&[i64], usize> = BTreeMap::new();
    let mut seen: Vec<(&Arc<[i64]>, usize)> = Vec::new();
    for column in columns {
        // Most columns share one allocation, which is cheaper to compare than its content.
        match seen.iter_mut().find(|(at, _)| Arc::ptr_eq(at, &column.at)) {
            Some((_, count)) => *count += 1,
            None => seen.push((&column.at, 1)),
        }
    }
    for (at, count) in &seen {
        *counts.entry(at).or_default() += count;
    }
    let best = counts
        .into_iter()
        .max_by_key(|(at, count)| (*count, at.len()))
        .map(|(at, _)| at);
    let shared = seen.iter().find(|(at, _)| Some(&at[..]) == best);
    shared.map_or_else(|| Vec::new().into(), |(at, _)| Arc::clone(at))
}

/// The row of a frame nearest to each time, while it is near enough; of two equally
/// near ones the earlier.
fn nearest(frame: &Frame, at: &[i64]) -> Vec<Option<usize>> {
    let farthest_ns = (frame.step_ns as f64 * HELD_STEPS) as u64;
    let mut order: Vec<usize> = (0..frame.rows()).collect();
    order.sort_by_key(|row| frame.at[*row]);
    at.iter()
        .map(|now| {
            let next = order.partition_point(|row| frame.at[*row] < *now);
            let around = [next.checked_sub(1), Some(next)];
            let rows = around
                .iter()
                .flatten()
                .filter_map(|place| order.get(*place));
            let best = rows.min_by_key(|row| frame.at[**row].abs_diff(*now))?;
            (frame.at[*best].abs_diff(*now) <= farthest_ns).then_some(*best)
        })
        .collect()
}

/// The last reading at or before each time, while it is not too old.
fn held(column: &Column, at: &[i64]) -> Vec<f64> {
    let oldest_ns = (step_ns(&column.at) as f64 * HELD_STEPS) as i64;
    let mut next = 0;
    at.iter()
        .map(|now| {
            while column.at.get(next).is_some_and(|it| it <= now) {
                next += 1;
            }
            match next.checked_sub(1) {
                Some(last) if now.saturating_sub(column.at[last]) <= oldest_ns => {
                    column.values.get(last).copied().unwrap_or(f64::NAN)
                }
                _ => f64::NAN,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalog::{Kind, Polarity};
    use model::unit::Unit;

    fn series(name: &str) -> Series {
        Series {
            key: name.parse().unwrap_or_default(),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        }
    }

    fn column(name: &str, at: &[i64], values: &[f64]) -> Column {
        let at: Vec<i64> = at.iter().map(|it| it * SECOND_NS).collect();
        Column {
            series: series(name),
            at: at.into(),
            values: values.into(),
        }
    }

    #[test]
    fn slow_series_are_held_and_old_readings_are_gaps() {
        let fast: Vec<i64> = (0..12).collect();
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        let columns = [
            column("h/slow", &[1, 3], &[7.0, 8.0]),
            column("h/a", &fast, &values),
            column("h/b", &fast, &values),
        ];
        let frame = Frame::of_columns(&columns);
        assert_eq!(frame.rows(), 12);
        let slow: Vec<String> = frame.lines[0].values.iter().map(f64::to_string).collect();
        assert_eq!(slow.join(" "), "NaN 7 7 8 8 8 8 8 8 NaN NaN NaN");
        assert_eq!(frame.step_seconds(), 1.0);
        assert_eq!(frame.lines[1].name, "h/a");
    }

    #[test]
    fn hosts_are_joined_by_nearest_time() {
        let many: Vec<i64> = (0..6).collect();
        let a = Frame::of_columns(&[column("a/x", &many, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])]);
        let mut b = Frame::of_columns(&[column("b/x", &[0, 1, 2], &[7.0, 8.0, 9.0])]);
        b.at = b.at.iter().map(|it| it + SECOND_NS / 4).collect();
        let joined = Frame::joined(&[&b, &a]);
        let texts: Vec<String> = joined.lines[0].values.iter().map(f64::to_string).collect();
        assert_eq!(texts.join(" "), "7 8 9 9 9 NaN");
        assert_eq!((joined.rows(), joined.lines[1].values[5]), (6, 5.0));
        assert_eq!(Frame::joined(&[&b]).at, b.at);
        assert_eq!(Frame::joined(&[]).rows(), 0);
    }

    #[test]
    fn rows_of_a_table_keep_their_numbers() {
        let s = SECOND_NS;
        let at = [0, s, 2 * s, s, 2 * s, 3 * s];
        let frame = Frame::of_table(&at, vec![(series("x"), vec![0.0; 6])]);
        assert_eq!(frame.rows(), 6);
        let span = Span::between(Moment(s), Moment(2 * s));
        assert_eq!(frame.rows_in(span), 1..4);
        assert_eq!(frame.slice(2..9).rows(), 4);
        assert_eq!(
            frame.rows_in(Span::between(Moment(9 * s), Moment(10 * s))),
            6..6
        );
        assert_eq!(Frame::of_columns(&[]).rows(), 0);
    }
}
