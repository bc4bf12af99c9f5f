//! Says where each series is heading, and when it gets to a limit.
//!
//! * In: a frame.
//! * Out: one [`Trend`] a series: slope with interval, the chance that it is none,
//!   the season that was removed, and the time to a limit where one is known.
//! * Never: extrapolates further than [`HORIZON_SPANS`] times what it learned from;
//!   "none within the horizon" is a full answer.
//!
//! The season is removed, the series is reduced to block medians, and the slope is the
//! median of the slopes between all pairs of them (`slope`). Costs O(n) a series.
//!
//! Start at [`of_frame`] or [`of_values`]; [`findings`] says it in sentences.

use model::finding::Finding;
use model::time::Span;

use crate::frame::Frame;
use crate::season;
use crate::stats::{chance, order};

mod limit;
mod report;
mod slope;
#[cfg(test)]
mod tests;

pub use limit::{Limit, Until};

/// Level of all intervals.
pub const LEVEL: f64 = 0.95;

/// A trend is followed this many times the stretch it was learned from, no further.
pub const HORIZON_SPANS: f64 = 4.0;

/// Fewer numbers have no trend.
pub const LEAST_ROWS: usize = 10;

/// A chance above this leaves the direction open.
pub const CHANCE: f64 = 0.05;

/// A slope in the unit of the series per second, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The best guess.
    pub per_second: f64,
    /// Lower end at [`LEVEL`].
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// Whether a slope has a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It grows.
    Up,
    /// It falls.
    Down,
    /// There is not enough evidence for either.
    Unknown,
}

/// What repeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// Length of a cycle in seconds.
    pub period_seconds: f64,
    /// Share of the variance about the trend that it explains, 0 to 1.
    pub strength: f64,
}

/// Where a series is heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// Slope; none for a series without enough numbers.
    pub slope: Option<Slope>,
    /// Slope over the size of the median level, per second; none at level zero.
    pub relative_per_second: Option<f64>,
    /// The chance to see as much in a series with this memory and no trend, 0 to 1.
    pub p_value: f64,
    /// Level at the last row: the trend there, without the season.
    pub level: f64,
    /// Typical distance of block medians from the trend.
    pub scatter: f64,
    /// The season that was removed.
    pub season: Option<Repeats>,
    /// Highest and lowest deviation of the season from the level; zero without one.
    pub swing: (f64, f64),
    /// The limit, where one is known.
    pub limit: Option<Limit>,
    /// Share of the rows that are numbers, 0 to 1.
    pub coverage: f64,
    /// The stretch of time it was learned from.
    pub history: Span,
}

impl Trend {
    /// Whether slope and chance agree on a direction.
    pub fn direction(&self) -> Direction {
        match self.slope {
            Some(slope) if self.p_value < CHANCE && slope.lo > 0.0 => Direction::Up,
            Some(slope) if self.p_value < CHANCE && slope.hi < 0.0 => Direction::Down,
            _ => Direction::Unknown,
        }
    }
}

/// The trend of every series of a frame, in its order, with the limits of [`LIMITS`].
pub fn of_frame(frame: &Frame) -> Vec<Trend> {
    let (seconds, span) = (seconds_of(frame), frame.span());
    let lines = frame.lines.iter().map(|line| {
        let mut trend = of_values(&seconds, &line.values);
        trend.history = span;
        trend.limit = limit::of(frame, line, &trend);
        trend
    });
    lines.collect()
}

/// The trend of one series, without a limit.
///
/// | value     | shape | unit                                              |
/// |-----------|-------|---------------------------------------------------|
/// | `seconds` | `n`   | seconds from any start, ascending                 |
/// | `values`  | `n`   | any unit `U`; `NaN` is a gap                      |
/// | returned  |       | slope in `U` per second; `history` from the first |
pub fn of_values(seconds: &[f64], values: &[f64]) -> Trend {
    let rows = seconds.len().min(values.len());
    let (seconds, values) = (&seconds[..rows], &values[..rows]);
    let count = values.iter().filter(|it| it.is_finite()).count();
    let mut trend = Trend::unknown(count as f64 / rows.max(1) as f64);
    if count < LEAST_ROWS {
        return trend;
    }
    let step = (seconds[rows - 1] - seconds[0]) / (rows - 1) as f64;
    let season = season::find(values, 1);
    let flat: Vec<f64> = match &season {
        Some(season) => values
            .iter()
            .enumerate()
            .map(|(row, it)| it - season.at(row))
            .collect(),
        None => values.to_vec(),
    };
    let blocks = slope::Blocks::of(seconds, &flat);
    let Some(line) = slope::line(&blocks) else {
        return trend;
    };
    if let Some(season) = season {
        let swing = season.profile.iter();
        trend.swing = swing.fold((0.0, 0.0), |(low, high), it| {
            (f64::min(low, *it), f64::max(high, *it))
        });
        trend.season = Some(Repeats {
            period_seconds: season.period_rows as f64 * step,
            strength: season.strength,
        });
    }
    let size = order::median(&flat).abs();
    let relative = line.slope.per_second / size;
    trend.relative_per_second = relative.is_finite().then_some(relative);
    trend.level = line.at(seconds[rows - 1]);
    trend.scatter = line.scatter;
    trend.p_value = chance::normal_two_sided(line.z);
    trend.slope = Some(line.slope);
    trend
}

/// The trends worth telling, heaviest first; `trends` are those of [`of_frame`].
pub fn findings(host: &str, frame: &Frame, trends: &[Trend]) -> Vec<Finding> {
    report::findings(host, frame, trends)
}

/// Seconds of each row from the first. Rows whose times repeat or step back are taken
/// to be one step apart.
pub fn seconds_of(frame: &Frame) -> Vec<f64> {
    let first = frame.at.first().copied().unwrap_or_default();
    let ascending = frame.at.windows(2).all(|it| it[0] < it[1]);
    let at = frame.at.iter().enumerate();
    at.map(|(row, at)| match ascending {
        true => at.saturating_sub(first) as f64 / model::time::SECOND_NS as f64,
        false => row as f64 * frame.step_seconds(),
    })
    .collect()
}

impl Trend {
    fn unknown(coverage: f64) -> Self {
        Self {
            slope: None,
            relative_per_second: None,
            p_value: 1.0,
            level: f64::NAN,
            scatter: f64::NAN,
            season: None,
            swing: (0.0, 0.0),
            limit: None,
            coverage,
            history: Span::default(),
        }
    }
}
