//! Files of control groups version 1.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v1/{cpuacct,memory,blkio-controller,pids}.rst`,
//! `Documentation/scheduler/sched-bwc.rst`.

use super::file::{Form, Tier, Value, Watched};

/// Marker file, folder and files of each hierarchy.
pub(super) const HIERARCHIES: &[(&str, &str, &[Watched])] = &[
    (
        "sys/fs/cgroup/cpuacct/cpuacct.usage",
        "sys/fs/cgroup/cpuacct",
        TIME,
    ),
    ("sys/fs/cgroup/cpu/cpu.shares", "sys/fs/cgroup/cpu", QUOTA),
    (
        "sys/fs/cgroup/memory/memory.usage_in_bytes",
        "sys/fs/cgroup/memory",
        MEMORY,
    ),
    ("sys/fs/cgroup/blkio/tasks", "sys/fs/cgroup/blkio", STORAGE),
    ("sys/fs/cgroup/pids/tasks", "sys/fs/cgroup/pids", TASKS),
];

const NANO: u32 = 1_000_000_000;

/// Ticks per second in files that programs read, on every architecture built for.
const USER_HZ: u32 = 100;

#[rustfmt::skip]
const TIME: &[Watched] = &[
    Watched { name: "cpuacct.usage", tier: Tier::Cheap, form: Form::Number, values: &[
        one("cgroup.cpu.time", &[("mode", "total")], NANO),
    ] },
    // Not `cpuacct.usage_user` and `cpuacct.usage_sys`: those count what ticks met, and
    // of a throttled group more than the total.
    Watched { name: "cpuacct.stat", tier: Tier::Detail, form: Form::Keys, values: &[
        key("user", "cgroup.cpu.time", &[("mode", "user")], USER_HZ),
        key("system", "cgroup.cpu.time", &[("mode", "system")], USER_HZ),
    ] },
];

#[rustfmt::skip]
const QUOTA: &[Watched] = &[
    Watched { name: "cpu.stat", tier: Tier::Cheap, form: Form::Keys, values: &[
        key("nr_periods", "cgroup.cpu.periods", &[], 1),
        key("nr_throttled", "cgroup.cpu.throttled", &[], 1),
        key("throttled_time", "cgroup.cpu.throttled_time", &[], NANO),
    ] },
    Watched { name: "cpu.cfs_quota_us", tier: Tier::Limit, form: Form::QuotaWith("cpu.cfs_period_us"), values: &[
        one("cgroup.cpu.limit", &[], 1_000_000),
    ] },
    Watched { name: "cpu.shares", tier: Tier::Limit, form: Form::Number, values: &[
        one("cgroup.cpu.weight", &[], 1),
    ] },
];

#[rustfmt::skip]
const MEMORY: &[Watched] = &[
    Watched { name: "memory.usage_in_bytes", tier: Tier::Cheap, form: Form::Number, values: &[
        one("cgroup.memory.usage", &[], 1),
    ] },
    Watched { name: "memory.stat", tier: Tier::Detail, form: Form::Keys, values: &[
        both("total_rss", "rss", "cgroup.memory.detail", &[("field", "anon")]),
        both("total_cache", "cache", "cgroup.memory.detail", &[("field", "file")]),
        both("total_shmem", "shmem", "cgroup.memory.detail", &[("field", "shmem")]),
        both("total_pgfault", "pgfault", "cgroup.memory.faults", &[("type", "minor")]),
        both("total_pgmajfault", "pgmajfault", "cgroup.memory.faults", &[("type", "major")]),
        both("total_swap", "swap", "cgroup.memory.swap", &[]),
    ] },
    Watched { name: "memory.failcnt", tier: Tier::Detail, form: Form::Number, values: &[
        one("cgroup.memory.events", &[("type", "max")], 1),
    ] },
    Watched { name: "memory.oom_control", tier: Tier::Detail, form: Form::Keys, values: &[
        key("oom_kill", "cgroup.memory.events", &[("type", "oom_kill")], 1),
    ] },
    Watched { name: "memory.limit_in_bytes", tier: Tier::Limit, form: Form::Number, values: &[
        one("cgroup.memory.limit", &[], 1),
    ] },
];

#[rustfmt::skip]
const STORAGE: &[Watched] = &[
    Watched { name: "blkio.throttle.io_service_bytes_recursive", tier: Tier::Detail, form: Form::DeviceLines, values: &[
        key("Read", "cgroup.disk.io", &[("direction", "read")], 1),
        key("Write", "cgroup.disk.io", &[("direction", "write")], 1),
    ] },
    Watched { name: "blkio.throttle.io_serviced_recursive", tier: Tier::Detail, form: Form::DeviceLines, values: &[
        key("Read", "cgroup.disk.operations", &[("direction", "read")], 1),
        key("Write", "cgroup.disk.operations", &[("direction", "write")], 1),
    ] },
];

#[rustfmt::skip]
const TASKS: &[Watched] = &[
    Watched { name: "pids.current", tier: Tier::Detail, form: Form::Number, values: &[
        one("cgroup.process.count", &[], 1),
    ] },
    Watched { name: "pids.max", tier: Tier::Limit, form: Form::Number, values: &[
        one("cgroup.process.limit", &[], 1),
    ] },
];

type Attributes = &'static [(&'static str, &'static str)];

const fn one(metric: &'static str, attributes: Attributes, divisor: u32) -> Value {
    key("", metric, attributes, divisor)
}

const fn both(
    key: &'static str,
    other_key: &'static str,
    metric: &'static str,
    attributes: Attributes,
) -> Value {
    Value {
        key,
        other_key,
        metric,
        attributes,
        divisor: 1,
    }
}

const fn key(
    key: &'static str,
    metric: &'static str,
    attributes: Attributes,
    divisor: u32,
) -> Value {
    Value {
        key,
        other_key: "",
        metric,
        attributes,
        divisor,
    }
}
