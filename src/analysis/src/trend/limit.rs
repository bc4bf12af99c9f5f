//! What a series can run into, and when.
//!
//! Start at [`LIMITS`]: add yours there.

use model::series::Series;

use crate::frame::{Frame, Line};
use crate::stats::order;

use super::{Direction, HORIZON_SPANS, Trend};

/// From which side a limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// By growing.
    Upper,
    /// By falling.
    Lower,
}

/// Where a limit is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At this value, in the unit of the metric.
    At(f64),
    /// At the latest value of another metric of the same host.
    Series {
        /// Name of the metric.
        metric: &'static str,
        /// Attributes in which both must agree.
        same: &'static [&'static str],
        /// Attributes that the other must have.
        with: &'static [(&'static str, &'static str)],
    },
}

/// One line of [`LIMITS`].
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Name of the metric, or its end where it starts with `*`.
    pub metric: &'static str,
    /// Unit that the series must have.
    pub unit: &'static str,
    /// Attributes that the series must have.
    pub with: &'static [(&'static str, &'static str)],
    /// From which side.
    pub side: Side,
    /// Where.
    pub bound: Bound,
}

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

/// A share of a whole that cannot exceed it.
const WHOLE: Bound = Bound::At(1.0);

const fn rule(metric: &'static str, unit: &'static str, side: Side, bound: Bound) -> Rule {
    Rule {
        metric,
        unit,
        with: &[],
        side,
        bound,
    }
}

const fn other(
    metric: &'static str,
    same: &'static [&'static str],
    with: &'static [(&'static str, &'static str)],
) -> Bound {
    Bound::Series { metric, same, with }
}

/// Every known limit. The first line that fits a series counts.
///
/// `process.cpu.utilization` is in processors and has no limit of its own, so it
/// stands before the line for all utilizations with a bound that nothing has.
#[rustfmt::skip]
pub const LIMITS: &[Rule] = &[
    rule("process.cpu.utilization", "1", Side::Upper, other("", &[], &[])),
    rule("*.utilization", "1", Side::Upper, WHOLE),
    rule("system.pressure.share", "1", Side::Upper, WHOLE),
    rule("cgroup.cpu.throttled_share", "1", Side::Upper, WHOLE),
    rule("system.memory.available", "By", Side::Lower, Bound::At(0.0)),
    Rule { with: &[("state", "used")],
        ..rule("system.memory.usage", "By", Side::Upper, other("system.memory.limit", &[], &[])) },
    Rule { with: &[("state", "free")], ..rule("system.filesystem.usage", "By", Side::Lower, Bound::At(0.0)) },
    Rule { with: &[("state", "free")], ..rule("system.filesystem.inodes.usage", "{inode}", Side::Lower, Bound::At(0.0)) },
    Rule { with: &[("state", "free")], ..rule("system.paging.usage", "By", Side::Lower, Bound::At(0.0)) },
    rule("system.file_descriptor.count", "{file}", Side::Upper, other("system.file_descriptor.limit", &[], &[])),
    rule("system.process.count", "{process}", Side::Upper, other("system.process.limit", &[], &[("type", "pid")])),
    rule("system.thread.count", "{thread}", Side::Upper, other("system.process.limit", &[], &[("type", "thread")])),
    rule("cgroup.memory.usage", "By", Side::Upper, other("cgroup.memory.limit", &["cgroup"], &[])),
    rule("cgroup.process.count", "{process}", Side::Upper, other("cgroup.process.limit", &["cgroup"], &[])),
    rule("cgroup.cpu.usage", "{cpu}", Side::Upper, other("cgroup.cpu.limit", &["cgroup"], &[])),
];

impl Side {
    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
        }
    }
}

impl Rule {
    /// Whether the rule speaks of a series.
    pub fn fits(&self, series: &Series) -> bool {
        let metric = &series.key.metric;
        let named = match self.metric.strip_prefix('*') {
            Some(end) => metric.ends_with(end),
            None => metric == self.metric,
        };
        named && series.unit.code() == self.unit && has(series, self.with)
    }
}

fn has(series: &Series, attributes: &[(&str, &str)]) -> bool {
    let mut wanted = attributes.iter();
    wanted.all(|(key, value)| series.key.attribute(key) == Some(value))
}

/// The limit of a series of a frame; none where none is known.
pub(super) fn of(frame: &Frame, line: &Line, trend: &Trend) -> Option<Limit> {
    let rule = LIMITS.iter().find(|it| it.fits(&line.series))?;
    let (limit, source) = match rule.bound {
        Bound::At(value) => (value, line.series.key.metric.clone()),
        Bound::Series { metric, same, with } => {
            let source = frame.lines.iter().find(|other| {
                let key = &other.series.key;
                let agree = same
                    .iter()
                    .all(|it| key.attribute(it) == line.series.key.attribute(it));
                key.metric == metric && agree && has(&other.series, with)
            })?;
            let latest = source.values.iter().rev().find(|it| it.is_finite())?;
            (*latest, source.name.clone())
        }
    };
    let horizon_seconds = trend.history.seconds() * HORIZON_SPANS;
    Some(Limit {
        limit,
        side: rule.side,
        source,
        until: until(trend, limit, rule.side, horizon_seconds),
        horizon_seconds,
    })
}

/// When a trend reaches a limit: the soonest with the steepest slope from the top of
/// scatter and season, the latest with the gentlest from the level alone.
fn until(trend: &Trend, limit: f64, side: Side, horizon: f64) -> Until {
    let sign = match side {
        Side::Upper => 1.0,
        Side::Lower => -1.0,
    };
    let Some(slope) = trend.slope else {
        return Until::Never;
    };
    let (soon, late) = match side {
        Side::Upper => (slope.hi, slope.lo),
        Side::Lower => (-slope.lo, -slope.hi),
    };
    let swing = match side {
        Side::Upper => trend.swing.1,
        Side::Lower => -trend.swing.0,
    };
    let left = sign * (limit - trend.level);
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
    if trend.direction() != heading {
        return Until::Never;
    }
    let lo = (left - swing - trend.scatter).max(0.0) / soon;
    let hi = left / late;
    match lo <= horizon {
        true => Until::Seconds {
            lo,
            hi: (hi <= horizon).then_some(hi),
        },
        false => Until::Never,
    }
}

/// The latest level and the part of the way to the limit that is gone, 0 to 1.
pub(super) fn used(trend: &Trend, limit: &Limit) -> f64 {
    let whole = order::numbers(&[limit.limit.abs(), trend.level.abs()]);
    let largest = whole.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return 0.0;
    }
    (1.0 - (limit.limit - trend.level).abs() / largest).clamp(0.0, 1.0)
}
