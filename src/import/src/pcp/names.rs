//! What the metrics of Performance Co-Pilot are called here.
//!
//! # Source
//!
//! `pminfo -dt` of PCP 6.0 for Linux: units and semantics of each metric. The tools give
//! counters per second in the metric's unit, and other metrics as they are.

use crate::names::{KILO, MILLI, Name, name};

const CPU: &str = "system.cpu.utilization";
const MEMORY: &str = "system.memory.usage";
const SWAP: &str = "system.paging.usage";
const SWAPPED: &str = "system.paging.operations.rate";
const RECLAIM: &str = "system.memory.reclaim.rate";
const DISK: &str = "system.disk.io.rate";
const OPERATIONS: &str = "system.disk.operations.rate";
const MERGED: &str = "system.disk.merged.rate";
const NET: &str = "system.network.io.rate";
const PACKETS: &str = "system.network.packets.rate";
const ERRORS: &str = "system.network.errors.rate";
const DROPPED: &str = "system.network.dropped.rate";
const SEGMENTS: &str = "system.network.tcp.segments.rate";
const SPACE: &str = "system.filesystem.usage";
const PRESSURE: &str = "system.pressure.share";

const READ: &[(&str, &str)] = &[("direction", "read")];
const WRITE: &[(&str, &str)] = &[("direction", "write")];
const RECEIVE: &[(&str, &str)] = &[("direction", "receive")];
const TRANSMIT: &[(&str, &str)] = &[("direction", "transmit")];

/// A microsecond a second is this share of the time.
const MICRO: f64 = 1e-6;

/// Counters. Milliseconds of processor time a second become processors, which
/// `samples` divides by their number.
#[rustfmt::skip]
pub(super) const COUNTERS: &[Name] = &[
    name("kernel.all.cpu.user", CPU, &[("state", "user")], "1", MILLI),
    name("kernel.all.cpu.nice", CPU, &[("state", "nice")], "1", MILLI),
    name("kernel.all.cpu.sys", CPU, &[("state", "system")], "1", MILLI),
    name("kernel.all.cpu.idle", CPU, &[("state", "idle")], "1", MILLI),
    name("kernel.all.cpu.wait.total", CPU, &[("state", "iowait")], "1", MILLI),
    name("kernel.all.cpu.irq.hard", CPU, &[("state", "irq")], "1", MILLI),
    name("kernel.all.cpu.irq.soft", CPU, &[("state", "softirq")], "1", MILLI),
    name("kernel.all.cpu.steal", CPU, &[("state", "steal")], "1", MILLI),
    name("kernel.percpu.cpu.user", CPU, &[("state", "user")], "1", MILLI),
    name("kernel.percpu.cpu.nice", CPU, &[("state", "nice")], "1", MILLI),
    name("kernel.percpu.cpu.sys", CPU, &[("state", "system")], "1", MILLI),
    name("kernel.percpu.cpu.idle", CPU, &[("state", "idle")], "1", MILLI),
    name("kernel.percpu.cpu.wait.total", CPU, &[("state", "iowait")], "1", MILLI),
    name("kernel.percpu.cpu.irq.hard", CPU, &[("state", "irq")], "1", MILLI),
    name("kernel.percpu.cpu.irq.soft", CPU, &[("state", "softirq")], "1", MILLI),
    name("kernel.percpu.cpu.steal", CPU, &[("state", "steal")], "1", MILLI),
    name("kernel.all.intr", "system.cpu.interrupts.rate", &[], "{interrupt}/s", 1.0),
    name("kernel.all.pswitch", "system.cpu.context_switches.rate", &[], "{context_switch}/s", 1.0),
    name("kernel.all.sysfork", "system.process.created.rate", &[], "{process}/s", 1.0),
    name("kernel.all.pressure.cpu.some.total", PRESSURE, &[("kind", "some"), ("resource", "cpu")], "1", MICRO),
    name("kernel.all.pressure.memory.some.total", PRESSURE, &[("kind", "some"), ("resource", "memory")], "1", MICRO),
    name("kernel.all.pressure.memory.full.total", PRESSURE, &[("kind", "full"), ("resource", "memory")], "1", MICRO),
    name("kernel.all.pressure.io.some.total", PRESSURE, &[("kind", "some"), ("resource", "io")], "1", MICRO),
    name("kernel.all.pressure.io.full.total", PRESSURE, &[("kind", "full"), ("resource", "io")], "1", MICRO),
    name("mem.vmstat.pgmajfault", "system.paging.faults.rate", &[("type", "major")], "{fault}/s", 1.0),
    name("mem.vmstat.pgscan_kswapd", RECLAIM, &[("type", "scanned_kswapd")], "{page}/s", 1.0),
    name("mem.vmstat.pgscan_direct", RECLAIM, &[("type", "scanned_direct")], "{page}/s", 1.0),
    name("mem.vmstat.oom_kill", "system.memory.oom_kills.rate", &[], "{kill}/s", 1.0),
    name("swap.pagesin", SWAPPED, &[("direction", "in"), ("type", "swap")], "{operation}/s", 1.0),
    name("swap.pagesout", SWAPPED, &[("direction", "out"), ("type", "swap")], "{operation}/s", 1.0),
    name("disk.dev.read_bytes", DISK, READ, "By/s", KILO),
    name("disk.dev.write_bytes", DISK, WRITE, "By/s", KILO),
    name("disk.dev.read", OPERATIONS, READ, "{operation}/s", 1.0),
    name("disk.dev.write", OPERATIONS, WRITE, "{operation}/s", 1.0),
    name("disk.dev.read_merge", MERGED, READ, "{operation}/s", 1.0),
    name("disk.dev.write_merge", MERGED, WRITE, "{operation}/s", 1.0),
    name("disk.dev.avactive", "system.disk.utilization", &[], "1", MILLI),
    name("disk.dev.aveq", "system.disk.queue", &[], "{operation}", MILLI),
    name("network.interface.in.bytes", NET, RECEIVE, "By/s", 1.0),
    name("network.interface.out.bytes", NET, TRANSMIT, "By/s", 1.0),
    name("network.interface.in.packets", PACKETS, RECEIVE, "{packet}/s", 1.0),
    name("network.interface.out.packets", PACKETS, TRANSMIT, "{packet}/s", 1.0),
    name("network.interface.in.errors", ERRORS, RECEIVE, "{error}/s", 1.0),
    name("network.interface.out.errors", ERRORS, TRANSMIT, "{error}/s", 1.0),
    name("network.interface.in.drops", DROPPED, RECEIVE, "{packet}/s", 1.0),
    name("network.interface.out.drops", DROPPED, TRANSMIT, "{packet}/s", 1.0),
    name("network.tcp.insegs", SEGMENTS, &[("type", "received")], "{segment}/s", 1.0),
    name("network.tcp.outsegs", SEGMENTS, &[("type", "sent")], "{segment}/s", 1.0),
    name("network.tcp.retranssegs", SEGMENTS, &[("type", "retransmitted")], "{segment}/s", 1.0),
];

/// Levels.
#[rustfmt::skip]
pub(super) const LEVELS: &[Name] = &[
    name("kernel.all.load", "system.cpu.load", &[], "{thread}", 1.0),
    name("kernel.all.runnable", "system.process.running", &[], "{process}", 1.0),
    name("kernel.all.blocked", "system.process.blocked", &[], "{process}", 1.0),
    name("kernel.all.nprocs", "system.process.count", &[], "{process}", 1.0),
    name("kernel.all.uptime", "system.uptime", &[], "s", 1.0),
    name("hinv.ncpu", "system.cpu.logical.count", &[], "{cpu}", 1.0),
    name("mem.physmem", "system.memory.limit", &[], "By", KILO),
    name("mem.util.available", "system.memory.available", &[], "By", KILO),
    name("mem.util.free", MEMORY, &[("state", "free")], "By", KILO),
    name("mem.util.bufmem", MEMORY, &[("state", "buffers")], "By", KILO),
    name("mem.util.cached", MEMORY, &[("state", "cached")], "By", KILO),
    name("mem.util.slabReclaimable", MEMORY, &[("state", "slab_reclaimable")], "By", KILO),
    name("mem.util.slabUnreclaimable", MEMORY, &[("state", "slab_unreclaimable")], "By", KILO),
    // Includes cache and buffers, other than the state of this name in the catalog.
    name("mem.util.used", "pcp.mem.util.used", &[], "By", KILO),
    name("swap.used", SWAP, &[("state", "used")], "By", 1.0),
    name("swap.free", SWAP, &[("state", "free")], "By", 1.0),
    name("disk.dev.inflight", "system.disk.pending_operations", &[], "{operation}", 1.0),
    name("disk.dev.await", "system.disk.await", &[], "s", MILLI),
    name("vfs.files.count", "system.file_descriptor.count", &[], "{file}", 1.0),
    name("vfs.files.max", "system.file_descriptor.limit", &[], "{file}", 1.0),
    name("filesys.used", SPACE, &[("state", "used")], "By", KILO),
    name("filesys.free", SPACE, &[("state", "free")], "By", KILO),
];

/// Metrics with instances, by the beginning of their names, and the attribute that an
/// instance becomes. Others have `instance`.
const INSTANCES: &[(&str, &str)] = &[
    ("disk.dev.", "device"),
    ("network.interface.", "device"),
    ("kernel.percpu.", "cpu"),
    ("filesys.", "mountpoint"),
    ("kernel.all.load", "window"),
];

/// Units as `pcp2json -x` writes them, and what they are here, without `/s`.
const UNITS: &[(&str, &str, f64)] = &[
    ("byte", "By", 1.0),
    ("Kbyte", "By", 1024.0),
    ("Mbyte", "By", 1_048_576.0),
    ("ns", "s", 1e-9),
    ("us", "s", 1e-6),
    ("ms", "s", 1e-3),
    ("s", "s", 1.0),
    ("sec", "s", 1.0),
    ("count", "{count}", 1.0),
];

/// The attribute of an instance, and its value in the catalog's words.
pub(super) fn instance<'a>(metric: &str, name: &'a str) -> (&'static str, &'a str) {
    let found = INSTANCES
        .iter()
        .find(|(begin, _)| metric.starts_with(begin));
    match found.map_or("instance", |(_, key)| *key) {
        "cpu" => ("cpu", name.strip_prefix("cpu").unwrap_or(name)),
        "window" => {
            let window = match name {
                "1 minute" => "1m",
                "5 minute" => "5m",
                "15 minute" => "15m",
                other => other,
            };
            ("window", window)
        }
        key => (key, name),
    }
}

/// The UCUM code and factor of a unit; `1` where it is not known.
pub(super) fn unit(text: &str) -> (String, f64) {
    let (base, per) = match text.strip_suffix("/s") {
        Some(base) => (base.trim(), "/s"),
        None => (text.trim(), ""),
    };
    let found = UNITS.iter().find(|(name, _, _)| *name == base);
    match found {
        Some((_, "s", factor)) if !per.is_empty() => ("1".to_owned(), *factor),
        Some((_, code, factor)) => (format!("{code}{per}"), *factor),
        None => ("1".to_owned(), 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_catalog_have_its_units_and_attributes() {
        crate::names::check(COUNTERS);
        crate::names::check(LEVELS);
        assert_eq!(unit("Kbyte/s"), ("By/s".to_owned(), 1024.0));
        assert_eq!(unit("ms/s"), ("1".to_owned(), 1e-3));
        assert_eq!(unit("furlong"), ("1".to_owned(), 1.0));
    }
}
