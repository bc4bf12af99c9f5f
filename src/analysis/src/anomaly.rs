//! What is unlike its own past: typed anomalies of each series, and moments at
//! which all series of a host together are unusual.
//!
//! Three views of the same question, for three uses:
//!
//! * [`scan`]: the whole recording at once, with few and typed verdicts. What a
//!   list of anomalies shows.
//! * [`streaming`]: a causal score for each point as it arrives. What a live view
//!   and an alarm use.
//! * [`collective`]: one score a row for all series of a host together, which
//!   finds moments that no single series gives away.
//!
//! All scores run from 0 to 1 and share one [`THRESHOLD`]; nothing is set per file
//! or per series. Verdicts are made at the native resolution and name rows, so
//! that zooming never changes them. [`expected`] takes known events out of the
//! alarms without hiding them; [`findings`] puts verdicts into sentences.
//!
//! Start at [`scan`].

use std::collections::BTreeMap;
use std::ops::Range;

use crate::frame::Frame;

mod block;
mod cells;
pub mod collective;
mod eigen;
pub mod expected;
pub mod findings;
mod kinds;
mod limits;
pub mod said;
mod season;
pub mod series;
mod spikes;
mod steps;
pub mod streaming;
#[cfg(test)]
mod tests;
mod whitening;

pub use cells::Measured;

/// Scores at and above are alarms: for every series and for all of them together.
pub const THRESHOLD: f64 = 0.5;

/// What sort of unlike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A few rows far away.
    Spike,
    /// Another level, for a while or for good.
    Step,
    /// A level that wanders off steadily.
    Drift,
    /// Rougher or calmer than before.
    Variance,
    /// The same value again and again in a series that moves.
    Stuck,
    /// No readings in a series that has them.
    Gap,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// More than before.
    Up,
    /// Less than before.
    Down,
}

/// One episode in one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomaly {
    /// Its first row.
    pub index: usize,
    /// Its last row. Of a step that stays: the row by which the new level is told.
    pub end_index: usize,
    /// What sort.
    pub kind: Kind,
    /// [`THRESHOLD`] to 1: how far beyond what the series does by itself.
    pub score: f64,
    /// Which way; none for values that are stuck or missing.
    pub direction: Option<Direction>,
    /// Where values would have been usual, in the series' unit (of the growth from
    /// row to row where that was measured); none without a history of values.
    pub expected: Option<[f64; 2]>,
    /// The value that is farthest off, or the level reached; none for a gap.
    pub observed: Option<f64>,
    /// Rows of the history that `expected` was learned from.
    pub learned: Range<usize>,
    /// Share of the readings that exist from the start of the history to the end.
    pub coverage: f64,
    /// Other series with a gap in the same rows; 0 for the other kinds.
    pub also: usize,
}

/// The verdicts on one series, in the order of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesAnomalies {
    /// What was looked at.
    pub measured: Measured,
    /// Episodes, none overlapping.
    pub anomalies: Vec<Anomaly>,
}

/// All verdicts on a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// One entry a line of the frame, in its order.
    pub series: Vec<SeriesAnomalies>,
    /// All series together.
    pub collective: collective::Collective,
}

/// Looks at every series of a frame, and at all of them together.
///
/// Takes about 20 ns a value for the series, and about `p` multiplications a value
/// for the `p` (at most 64) series that are looked at together.
///
/// Readings that several series miss in the same rows are one outage: the first
/// of them tells it, with the number of the others.
pub fn scan(frame: &Frame) -> Report {
    let of_line = |line: &crate::frame::Line| series::scan(&line.values);
    let mut series: Vec<SeriesAnomalies> = frame.lines.iter().map(of_line).collect();
    share_gaps(&mut series);
    Report {
        series,
        collective: collective::scan(frame),
    }
}

/// Leaves one of the gaps with the same rows, which tells how many others there are.
pub fn share_gaps(series: &mut [SeriesAnomalies]) {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for it in series.iter().flat_map(|it| &it.anomalies) {
        if it.kind == Kind::Gap {
            *counts.entry((it.index, it.end_index)).or_default() += 1;
        }
    }
    for one in series {
        one.anomalies.retain_mut(|it| {
            if it.kind != Kind::Gap {
                return true;
            }
            let count = counts.remove(&(it.index, it.end_index));
            it.also = count.unwrap_or(1) - 1;
            count.is_some()
        });
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Spike,
        Self::Step,
        Self::Drift,
        Self::Variance,
        Self::Stuck,
        Self::Gap,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Step => "step",
            Self::Drift => "drift",
            Self::Variance => "variance",
            Self::Stuck => "stuck",
            Self::Gap => "gap",
        }
    }
}

impl Direction {
    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    fn of(change: f64) -> Self {
        if change < 0.0 { Self::Down } else { Self::Up }
    }
}

/// The score of something that reaches its limit `ratio` times: the threshold at
/// 1, close to 1 far beyond.
fn score_of(ratio: f64) -> f64 {
    if ratio.is_finite() {
        (ratio / (1.0 + ratio)).max(0.0)
    } else {
        1.0
    }
}
