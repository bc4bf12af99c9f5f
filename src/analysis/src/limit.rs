//! What a series can run into: the values that it cannot pass.
//!
//! * In: a series, and the series beside it.
//! * Out: the limit and where it is known from.
//! * Never: invents one: what has none by name or by a series beside it has none.
//!
//! Start at [`LIMITS`]: add yours there. [`Known::of`] looks one up.

use model::series::Series;

use crate::frame::{Frame, Line};

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

/// The limit of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Where it is, in the unit of the series.
    pub value: f64,
    /// From which side.
    pub side: Side,
    /// Where it is known from: the name of a series, or of a rule.
    pub source: String,
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
    rule("*", "%", Side::Upper, Bound::At(100.0)),
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

impl Known {
    /// The limit of a series of a frame; `None` where none is known.
    pub fn of(frame: &Frame, line: &Line) -> Option<Self> {
        let rule = LIMITS.iter().find(|it| it.fits(&line.series))?;
        let (value, source) = match rule.bound {
            Bound::At(value) => (value, line.series.key.metric.clone()),
            Bound::Series { metric, same, with } => {
                let own = &line.series.key;
                let source = frame.lines.iter().find(|other| {
                    let key = &other.series.key;
                    let agree = same.iter().all(|it| key.attribute(it) == own.attribute(it));
                    key.metric == metric
                        && key.host == own.host
                        && agree
                        && has(&other.series, with)
                })?;
                let latest = source.values.iter().rev().find(|it| it.is_finite())?;
                (*latest, source.name.clone())
            }
        };
        Some(Self {
            value,
            side: rule.side,
            source,
        })
    }
}

/// The value that a series cannot exceed by what it measures alone; infinite where there
/// is none.
pub fn highest(series: &Series) -> f64 {
    match LIMITS.iter().find(|it| it.fits(series)) {
        Some(Rule {
            side: Side::Upper,
            bound: Bound::At(value),
            ..
        }) => *value,
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use model::catalog;

    use super::*;

    #[test]
    fn every_rule_names_metrics_of_the_catalog() {
        for rule in LIMITS {
            let known = rule.metric.starts_with('*')
                || catalog::find(rule.metric).is_some()
                || rule.metric.starts_with("process.");
            assert!(known, "{}", rule.metric);
            if let Bound::Series { metric, .. } = rule.bound {
                assert!(
                    metric.is_empty() || catalog::find(metric).is_some(),
                    "{metric}"
                );
            }
        }
    }
}
