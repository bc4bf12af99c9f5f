//! Files of control groups version 2.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v2.rst`.

use super::file::{Form, Tier, Value, Watched};

/// Marker file, folder and files: alone, or beside version 1.
pub(super) const HIERARCHIES: &[(&str, &str, &[Watched])] = &[
    ("sys/fs/cgroup/cgroup.controllers", "sys/fs/cgroup", FILES),
    (
        "sys/fs/cgroup/unified/cgroup.controllers",
        "sys/fs/cgroup/unified",
        FILES,
    ),
];

const MICRO: u32 = 1_000_000;

#[rustfmt::skip]
const FILES: &[Watched] = &[
    Watched { name: "cpu.stat", tier: Tier::Cheap, form: Form::Keys, values: &[
        key("usage_usec", "cgroup.cpu.time", &[("mode", "total")], MICRO),
        key("user_usec", "cgroup.cpu.time", &[("mode", "user")], MICRO),
        key("system_usec", "cgroup.cpu.time", &[("mode", "system")], MICRO),
        key("nr_periods", "cgroup.cpu.periods", &[], 1),
        key("nr_throttled", "cgroup.cpu.throttled", &[], 1),
        key("throttled_usec", "cgroup.cpu.throttled_time", &[], MICRO),
    ] },
    Watched { name: "memory.current", tier: Tier::Cheap, form: Form::Number, values: &[
        key("", "cgroup.memory.usage", &[], 1),
    ] },
    Watched { name: "memory.stat", tier: Tier::Detail, form: Form::Keys, values: &[
        key("anon", "cgroup.memory.detail", &[("field", "anon")], 1),
        key("file", "cgroup.memory.detail", &[("field", "file")], 1),
        key("slab", "cgroup.memory.detail", &[("field", "slab")], 1),
        key("sock", "cgroup.memory.detail", &[("field", "sock")], 1),
        key("shmem", "cgroup.memory.detail", &[("field", "shmem")], 1),
        key("pgfault", "cgroup.memory.faults", &[("type", "minor")], 1),
        key("pgmajfault", "cgroup.memory.faults", &[("type", "major")], 1),
    ] },
    Watched { name: "memory.events", tier: Tier::Detail, form: Form::Keys, values: &[
        key("high", "cgroup.memory.events", &[("type", "high")], 1),
        key("max", "cgroup.memory.events", &[("type", "max")], 1),
        key("oom", "cgroup.memory.events", &[("type", "oom")], 1),
        key("oom_kill", "cgroup.memory.events", &[("type", "oom_kill")], 1),
    ] },
    Watched { name: "memory.swap.current", tier: Tier::Detail, form: Form::Number, values: &[
        key("", "cgroup.memory.swap", &[], 1),
    ] },
    Watched { name: "io.stat", tier: Tier::Detail, form: Form::Devices, values: &[
        key("rbytes", "cgroup.disk.io", &[("direction", "read")], 1),
        key("wbytes", "cgroup.disk.io", &[("direction", "write")], 1),
        key("rios", "cgroup.disk.operations", &[("direction", "read")], 1),
        key("wios", "cgroup.disk.operations", &[("direction", "write")], 1),
    ] },
    Watched { name: "pids.current", tier: Tier::Detail, form: Form::Number, values: &[
        key("", "cgroup.process.count", &[], 1),
    ] },
    Watched { name: "cpu.pressure", tier: Tier::Detail, form: Form::Pressure, values: &[
        key("some", "cgroup.pressure.time", &[("resource", "cpu"), ("kind", "some")], MICRO),
        key("full", "cgroup.pressure.time", &[("resource", "cpu"), ("kind", "full")], MICRO),
    ] },
    Watched { name: "memory.pressure", tier: Tier::Detail, form: Form::Pressure, values: &[
        key("some", "cgroup.pressure.time", &[("resource", "memory"), ("kind", "some")], MICRO),
        key("full", "cgroup.pressure.time", &[("resource", "memory"), ("kind", "full")], MICRO),
    ] },
    Watched { name: "io.pressure", tier: Tier::Detail, form: Form::Pressure, values: &[
        key("some", "cgroup.pressure.time", &[("resource", "io"), ("kind", "some")], MICRO),
        key("full", "cgroup.pressure.time", &[("resource", "io"), ("kind", "full")], MICRO),
    ] },
    Watched { name: "cpu.max", tier: Tier::Limit, form: Form::Quota, values: &[
        key("", "cgroup.cpu.limit", &[], MICRO),
    ] },
    Watched { name: "cpu.weight", tier: Tier::Limit, form: Form::Number, values: &[
        key("", "cgroup.cpu.weight", &[], 1),
    ] },
    Watched { name: "memory.max", tier: Tier::Limit, form: Form::Number, values: &[
        key("", "cgroup.memory.limit", &[], 1),
    ] },
    Watched { name: "pids.max", tier: Tier::Limit, form: Form::Number, values: &[
        key("", "cgroup.process.limit", &[], 1),
    ] },
];

const fn key(
    key: &'static str,
    metric: &'static str,
    attributes: &'static [(&'static str, &'static str)],
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
