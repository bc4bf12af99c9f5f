//! When a series gets to its limit, if its trend goes on.
//!
//! Start at [`of`].

use crate::frame::{Frame, Line};
use crate::limit::{Known, Side};

use super::{Direction, HORIZON_SPANS, Slope, Trend};

/// When a limit is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// Not within the horizon, as far as can be told.
    Never,
    /// At the soonest after `lo` seconds; at the latest after `hi`, where that is
    /// within the horizon at all.
    Seconds {
        /// Soonest.
        lo: f64,
        /// Latest.
        hi: Option<f64>,
    },
}

/// A limit of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Where it is, in the unit of the series.
    pub limit: f64,
    /// From which side.
    pub side: Side,
    /// Where it is known from: the name of a series, or of a rule.
    pub source: String,
    /// When it is reached.
    pub until: Until,
    /// How far was looked, in seconds.
    pub horizon_seconds: f64,
}

/// The limit of a series of a frame; none where none is known, or no slope is.
pub(super) fn of(frame: &Frame, line: &Line, trend: &Trend) -> Option<Limit> {
    let slope = trend.slope?;
    let known = Known::of(frame, line)?;
    let horizon_seconds = trend.history.seconds() * HORIZON_SPANS;
    Some(Limit {
        until: until(trend, slope, &known, horizon_seconds),
        limit: known.value,
        side: known.side,
        source: known.source,
        horizon_seconds,
    })
}

/// When a trend reaches a limit: the soonest with the steepest slope from the top of
/// scatter and season, the latest with the gentlest from the level alone. Where the
/// direction is open it may be never, but only where even the steepest slope does not
/// get there it is.
fn until(trend: &Trend, slope: Slope, known: &Known, horizon: f64) -> Until {
    let side = known.side;
    let sign = match side {
        Side::Upper => 1.0,
        Side::Lower => -1.0,
    };
    let (soon, late) = match side {
        Side::Upper => (slope.hi, slope.lo),
        Side::Lower => (-slope.lo, -slope.hi),
    };
    let swing = match side {
        Side::Upper => trend.swing.1,
        Side::Lower => -trend.swing.0,
    };
    let left = sign * (known.value - trend.level);
    if left <= 0.0 {
        return Until::Seconds {
            lo: 0.0,
            hi: Some(0.0),
        };
    }
    let heading = match side {
        Side::Upper => Direction::Up,
        Side::Lower => Direction::Down,
    };
    if soon <= 0.0 {
        return Until::Never;
    }
    let lo = (left - swing - trend.scatter).max(0.0) / soon;
    let hi = left / late;
    let surely = trend.direction() == heading && hi <= horizon;
    match lo <= horizon {
        true => Until::Seconds {
            lo,
            hi: surely.then_some(hi),
        },
        false => Until::Never,
    }
}
