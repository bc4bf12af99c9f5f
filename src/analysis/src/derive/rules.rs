//! The table of derived metrics: what is divided by what.
//!
//! # Source
//!
//! Meaning of the counters: `proc_stat(5)`, `proc_meminfo(5)`, the kernel's
//! `admin-guide/iostats`, `accounting/psi`, `cgroup-v2`; the quotients are those
//! of the utilization law and of Little's law.

/// How a reading enters a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Growth per second of a counter, since its reading before.
    Rate,
    /// The value read at the moment.
    Level,
    /// The value read last: for limits, which are read seldom.
    Held,
}

/// Which values of one attribute a selector takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// These alone.
    Only(&'static str, &'static [&'static str]),
    /// All but these.
    Except(&'static str, &'static [&'static str]),
}

/// Series whose readings are added up.
#[derive(Clone, Copy, Debug)]
pub struct Selector {
    /// Name of the measured metric.
    pub metric: &'static str,
    /// How it is read.
    pub reading: Reading,
    /// What it is multiplied by: one, or minus one.
    pub weight: f64,
    /// Which of the metric's series are meant.
    pub filters: &'static [Filter],
}

/// What the sum is divided by.
#[derive(Clone, Copy, Debug)]
pub enum Bottom {
    /// Nothing.
    One,
    /// Another sum; where that is zero the quotient is a gap.
    Sum(&'static [Selector]),
}

/// One line of [`ALL`].
#[derive(Clone, Copy, Debug)]
pub struct Derivation {
    /// Name of the derived metric in the catalog, which gives unit and polarity.
    pub metric: &'static str,
    /// Attributes of the inputs that the derived series keeps: one series for each
    /// combination of their values. Others are summed over.
    pub group: &'static [&'static str],
    /// The attribute of `group` that divides one whole into shares, so that the
    /// divisor is summed over it; empty where there is none.
    pub split: &'static str,
    /// Attributes that tell inputs apart which come and go: what is not read at all
    /// at a moment is left out of both sums instead of making a gap.
    pub parts: &'static [&'static str],
    /// What is divided.
    pub top: &'static [Selector],
    /// What it is divided by.
    pub bottom: Bottom,
}

impl Selector {
    /// Whether the attributes of `key` pass all filters.
    pub fn takes(&self, key: &model::series::SeriesKey) -> bool {
        self.filters.iter().all(|filter| match filter {
            Only(name, values) => key.attribute(name).is_some_and(|it| values.contains(&it)),
            Except(name, values) => key.attribute(name).is_none_or(|it| !values.contains(&it)),
        })
    }

    const fn minus(self) -> Self {
        Self {
            weight: -1.0,
            ..self
        }
    }
}

const fn select(metric: &'static str, reading: Reading, filters: &'static [Filter]) -> Selector {
    Selector {
        metric,
        reading,
        weight: 1.0,
        filters,
    }
}

use Bottom::{One, Sum};
use Filter::{Except, Only};
use Reading::{Held, Level, Rate};

/// The agent takes guest time out of user time, so that the states sum to the whole.
const CPU_WHOLE: &[Selector] = &[select("system.cpu.time", Rate, &[])];
const CPU_BUSY: &[Selector] = &[select(
    "system.cpu.time",
    Rate,
    &[Except("state", &["idle", "iowait"])],
)];
const MEMORY_LIMIT: Selector = select("system.memory.limit", Held, &[]);
/// As `iostat` does: the mean over reads and writes.
const TRANSFERS: &[Filter] = &[Only("direction", &["read", "write"])];
const USED: &[Filter] = &[Only("state", &["used"])];
/// As `df` does: space that only the superuser may fill belongs to neither side.
const USED_OR_FREE: &[Filter] = &[Only("state", &["used", "free"])];

const PLAIN: Derivation = Derivation {
    metric: "",
    group: &[],
    split: "",
    parts: &[],
    top: &[],
    bottom: One,
};

/// Every derived metric. Add yours here.
#[rustfmt::skip]
pub const ALL: &[Derivation] = &[
    Derivation { metric: "system.cpu.utilization", parts: &["cpu"],
        top: CPU_BUSY, bottom: Sum(CPU_WHOLE), ..PLAIN },
    Derivation { metric: "system.cpu.utilization", group: &["cpu"],
        top: CPU_BUSY, bottom: Sum(CPU_WHOLE), ..PLAIN },
    Derivation { metric: "system.cpu.utilization", group: &["state"], split: "state", parts: &["cpu"],
        top: &[select("system.cpu.time", Rate, &[])], bottom: Sum(CPU_WHOLE) },
    Derivation { metric: "system.memory.utilization",
        top: &[MEMORY_LIMIT, select("system.memory.available", Level, &[]).minus()],
        bottom: Sum(&[MEMORY_LIMIT]), ..PLAIN },
    Derivation { metric: "system.paging.utilization",
        top: &[select("system.paging.usage", Level, USED)],
        bottom: Sum(&[select("system.paging.usage", Level, USED_OR_FREE)]), ..PLAIN },
    Derivation { metric: "system.disk.utilization", group: &["device"],
        top: &[select("system.disk.io_time", Rate, &[])], ..PLAIN },
    Derivation { metric: "system.disk.await", group: &["device"],
        top: &[select("system.disk.operation_time", Rate, TRANSFERS)],
        bottom: Sum(&[select("system.disk.operations", Rate, TRANSFERS)]), ..PLAIN },
    Derivation { metric: "system.disk.queue", group: &["device"],
        top: &[select("system.disk.weighted_io_time", Rate, &[])], ..PLAIN },
    Derivation { metric: "system.filesystem.utilization", group: &["mountpoint"],
        top: &[select("system.filesystem.usage", Level, USED)],
        bottom: Sum(&[select("system.filesystem.usage", Level, USED_OR_FREE)]), ..PLAIN },
    Derivation { metric: "system.pressure.share", group: &["resource", "kind"],
        top: &[select("system.pressure.time", Rate, &[])], ..PLAIN },
    Derivation { metric: "cgroup.cpu.usage", group: &["cgroup"],
        top: &[select("cgroup.cpu.time", Rate, &[Only("mode", &["total"])])], ..PLAIN },
    Derivation { metric: "cgroup.cpu.throttled_share", group: &["cgroup"],
        top: &[select("cgroup.cpu.throttled", Rate, &[])],
        bottom: Sum(&[select("cgroup.cpu.periods", Rate, &[])]), ..PLAIN },
    Derivation { metric: "process.cpu.utilization", group: &["process.pid", "process.name"],
        top: &[select("process.cpu.time", Rate, &[Only("cpu.mode", &["user", "system"])])], ..PLAIN },
    Derivation { metric: "kymo.agent.cpu.utilization",
        top: &[select("kymo.agent.cpu.time", Rate, &[])], ..PLAIN },
];
