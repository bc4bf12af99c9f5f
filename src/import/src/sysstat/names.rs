//! What sysstat's fields are called here: one table for each section of its reports.
//!
//! The sections are those of `sadf -j`; `iostat` and `mpstat` use the same ones in JSON,
//! and their text has the same fields with a percent sign before shares.
//!
//! # Source
//!
//! `sar(1)`, `sadf(1)`, `iostat(1)`, `mpstat(1)` of sysstat 12.6. Kilobytes are of 1,024
//! bytes and sectors of 512; fields that end in `/s` in text are per second.

use super::disk;
use crate::names::{KILO, MEGA, Name, PERCENT, SECTOR, name};

/// A section of a report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// Its name in JSON.
    pub key: &'static str,
    /// Fields that tell parts apart, and the attributes they become.
    pub parts: &'static [(&'static str, &'static str)],
    /// The fields that have a name of their own here.
    pub names: &'static [Name],
    /// Fields that repeat what others say.
    pub repeated: &'static [&'static str],
    /// Unit of the fields that are in no table, which become `sysstat.section.field`.
    pub unit: &'static str,
}

const CPU: &str = "system.cpu.utilization";
const MEMORY: &str = "system.memory.usage";
const SWAP: &str = "system.paging.usage";
const SWAPPED: &str = "system.paging.operations.rate";
const RECLAIM: &str = "system.memory.reclaim.rate";
const LOAD: &str = "system.cpu.load";
const NET_BYTES: &str = "system.network.io.rate";
const PACKETS: &str = "system.network.packets.rate";
const ERRORS: &str = "system.network.errors.rate";
const DROPPED: &str = "system.network.dropped.rate";
const SOCKETS: &str = "system.network.sockets";
const SEGMENTS: &str = "system.network.tcp.segments.rate";
const CONNECTIONS: &str = "system.network.tcp.connections.rate";
const DATAGRAMS: &str = "system.network.udp.datagrams.rate";
const SOFTNET: &str = "system.network.softnet.rate";
const SPACE: &str = "system.filesystem.usage";
const INODES: &str = "system.filesystem.inodes.usage";
const PRESSURE: &str = "system.pressure.share";

const RECEIVE: &[(&str, &str)] = &[("direction", "receive")];
const TRANSMIT: &[(&str, &str)] = &[("direction", "transmit")];

/// States of a processor. `mpstat` and `sar -u ALL` take guest time out of user time as
/// the catalog does; `iostat` and plain `sar -u` leave it in, and count interrupts as
/// system time.
#[rustfmt::skip]
pub(super) const STATES: &[Name] = &[
    name("usr", CPU, &[("state", "user")], "1", PERCENT),
    name("user", CPU, &[("state", "user")], "1", PERCENT),
    name("nice", CPU, &[("state", "nice")], "1", PERCENT),
    name("sys", CPU, &[("state", "system")], "1", PERCENT),
    name("system", CPU, &[("state", "system")], "1", PERCENT),
    name("iowait", CPU, &[("state", "iowait")], "1", PERCENT),
    name("steal", CPU, &[("state", "steal")], "1", PERCENT),
    name("irq", CPU, &[("state", "irq")], "1", PERCENT),
    name("soft", CPU, &[("state", "softirq")], "1", PERCENT),
    name("guest", CPU, &[("state", "guest")], "1", PERCENT),
    name("idle", CPU, &[("state", "idle")], "1", PERCENT),
];

#[rustfmt::skip]
const PAGING: &[Name] = &[
    name("pgpgin", "sysstat.paging.pgpgin", &[], "By/s", KILO),
    name("pgpgout", "sysstat.paging.pgpgout", &[], "By/s", KILO),
    name("fault", "sysstat.paging.fault", &[], "{fault}/s", 1.0),
    name("majflt", "system.paging.faults.rate", &[("type", "major")], "{fault}/s", 1.0),
    name("pgscank", RECLAIM, &[("type", "scanned_kswapd")], "{page}/s", 1.0),
    name("pgscand", RECLAIM, &[("type", "scanned_direct")], "{page}/s", 1.0),
    name("vmeff-percent", "sysstat.paging.vmeff", &[], "1", PERCENT),
];

#[rustfmt::skip]
const MEMORY_NAMES: &[Name] = &[
    name("memfree", MEMORY, &[("state", "free")], "By", KILO),
    name("memused", MEMORY, &[("state", "used")], "By", KILO),
    name("buffers", MEMORY, &[("state", "buffers")], "By", KILO),
    name("cached", MEMORY, &[("state", "cached")], "By", KILO),
    name("slab", MEMORY, &[("state", "slab")], "By", KILO),
    name("avail", "system.memory.available", &[], "By", KILO),
    name("swpfree", SWAP, &[("state", "free")], "By", KILO),
    name("swpused", SWAP, &[("state", "used")], "By", KILO),
    name("swpcad", SWAP, &[("state", "cached")], "By", KILO),
    name("commit", "sysstat.memory.commit", &[], "By", KILO),
    name("commit-percent", "sysstat.memory.commit_share", &[], "1", PERCENT),
    name("active", "sysstat.memory.active", &[], "By", KILO),
    name("inactive", "sysstat.memory.inactive", &[], "By", KILO),
    name("dirty", "sysstat.memory.dirty", &[], "By", KILO),
    name("anonpg", "sysstat.memory.anonpg", &[], "By", KILO),
    name("kstack", "sysstat.memory.kstack", &[], "By", KILO),
    name("pgtbl", "sysstat.memory.pgtbl", &[], "By", KILO),
    name("vmused", "sysstat.memory.vmused", &[], "By", KILO),
];

#[rustfmt::skip]
const HUGE_PAGES: &[Name] = &[
    name("hugfree", "sysstat.hugepages.free", &[], "By", KILO),
    name("hugused", "sysstat.hugepages.used", &[], "By", KILO),
    name("hugrsvd", "sysstat.hugepages.reserved", &[], "By", KILO),
    name("hugsurp", "sysstat.hugepages.surplus", &[], "By", KILO),
];

#[rustfmt::skip]
const QUEUE: &[Name] = &[
    name("runq-sz", "system.process.running", &[], "{process}", 1.0),
    name("plist-sz", "system.thread.count", &[], "{thread}", 1.0),
    name("ldavg-1", LOAD, &[("window", "1m")], "{thread}", 1.0),
    name("ldavg-5", LOAD, &[("window", "5m")], "{thread}", 1.0),
    name("ldavg-15", LOAD, &[("window", "15m")], "{thread}", 1.0),
    name("blocked", "system.process.blocked", &[], "{process}", 1.0),
];

#[rustfmt::skip]
const NET_DEVICE: &[Name] = &[
    name("rxkB", NET_BYTES, RECEIVE, "By/s", KILO),
    name("txkB", NET_BYTES, TRANSMIT, "By/s", KILO),
    name("rxpck", PACKETS, RECEIVE, "{packet}/s", 1.0),
    name("txpck", PACKETS, TRANSMIT, "{packet}/s", 1.0),
    name("ifutil-percent", "sysstat.net_dev.ifutil", &[], "1", PERCENT),
];

#[rustfmt::skip]
const NET_ERRORS: &[Name] = &[
    name("rxerr", ERRORS, RECEIVE, "{error}/s", 1.0),
    name("txerr", ERRORS, TRANSMIT, "{error}/s", 1.0),
    name("rxdrop", DROPPED, RECEIVE, "{packet}/s", 1.0),
    name("txdrop", DROPPED, TRANSMIT, "{packet}/s", 1.0),
];

#[rustfmt::skip]
const NET_SOCKETS: &[Name] = &[
    name("totsck", SOCKETS, &[("type", "all")], "{socket}", 1.0),
    name("tcpsck", SOCKETS, &[("type", "tcp")], "{socket}", 1.0),
    name("udpsck", SOCKETS, &[("type", "udp")], "{socket}", 1.0),
    name("rawsck", SOCKETS, &[("type", "raw")], "{socket}", 1.0),
    name("tcp-tw", SOCKETS, &[("type", "tcp_time_wait")], "{socket}", 1.0),
];

#[rustfmt::skip]
const TCP: &[Name] = &[
    name("active", CONNECTIONS, &[("type", "active_opens")], "{connection}/s", 1.0),
    name("passive", CONNECTIONS, &[("type", "passive_opens")], "{connection}/s", 1.0),
    name("iseg", SEGMENTS, &[("type", "received")], "{segment}/s", 1.0),
    name("oseg", SEGMENTS, &[("type", "sent")], "{segment}/s", 1.0),
];

#[rustfmt::skip]
const TCP_ERRORS: &[Name] = &[
    name("atmptf", CONNECTIONS, &[("type", "attempt_fails")], "{connection}/s", 1.0),
    name("estres", CONNECTIONS, &[("type", "established_resets")], "{connection}/s", 1.0),
    name("retrans", SEGMENTS, &[("type", "retransmitted")], "{segment}/s", 1.0),
    name("isegerr", SEGMENTS, &[("type", "in_errors")], "{segment}/s", 1.0),
    name("orsts", SEGMENTS, &[("type", "resets_sent")], "{segment}/s", 1.0),
];

#[rustfmt::skip]
const UDP: &[Name] = &[
    name("idgm", DATAGRAMS, &[("type", "received")], "{datagram}/s", 1.0),
    name("odgm", DATAGRAMS, &[("type", "sent")], "{datagram}/s", 1.0),
    name("noport", DATAGRAMS, &[("type", "no_port")], "{datagram}/s", 1.0),
    name("idgmerr", DATAGRAMS, &[("type", "in_errors")], "{datagram}/s", 1.0),
];

#[rustfmt::skip]
const SOFT_NET: &[Name] = &[
    name("total", SOFTNET, &[("type", "processed")], "{packet}/s", 1.0),
    name("dropd", SOFTNET, &[("type", "dropped")], "{packet}/s", 1.0),
    name("squeezd", SOFTNET, &[("type", "squeezed")], "{packet}/s", 1.0),
    name("blg_len", "sysstat.softnet.blg_len", &[], "{packet}", 1.0),
];

#[rustfmt::skip]
const FILE_SYSTEMS: &[Name] = &[
    name("MBfsfree", SPACE, &[("state", "free")], "By", MEGA),
    name("MBfsused", SPACE, &[("state", "used")], "By", MEGA),
    name("Ifree", INODES, &[("state", "free")], "{inode}", 1.0),
    name("Iused", INODES, &[("state", "used")], "{inode}", 1.0),
    name("%ufsused", "sysstat.filesystems.ufsused", &[], "1", PERCENT),
];

const fn pressure(resource: &'static str, names: &'static [Name]) -> Section {
    Section {
        names,
        unit: "1",
        ..plain(resource, "1")
    }
}

#[rustfmt::skip]
const PRESSURE_CPU: &[Name] = &[
    name("some_avg", PRESSURE, &[("kind", "some"), ("resource", "cpu")], "1", PERCENT),
    name("some_avg10", "sysstat.psi.some_avg10", &[("resource", "cpu")], "1", PERCENT),
    name("some_avg60", "sysstat.psi.some_avg60", &[("resource", "cpu")], "1", PERCENT),
    name("some_avg300", "sysstat.psi.some_avg300", &[("resource", "cpu")], "1", PERCENT),
];
#[rustfmt::skip]
const PRESSURE_IO: &[Name] = &[
    name("some_avg", PRESSURE, &[("kind", "some"), ("resource", "io")], "1", PERCENT),
    name("full_avg", PRESSURE, &[("kind", "full"), ("resource", "io")], "1", PERCENT),
    name("some_avg10", "sysstat.psi.some_avg10", &[("resource", "io")], "1", PERCENT),
    name("some_avg60", "sysstat.psi.some_avg60", &[("resource", "io")], "1", PERCENT),
    name("some_avg300", "sysstat.psi.some_avg300", &[("resource", "io")], "1", PERCENT),
    name("full_avg10", "sysstat.psi.full_avg10", &[("resource", "io")], "1", PERCENT),
    name("full_avg60", "sysstat.psi.full_avg60", &[("resource", "io")], "1", PERCENT),
    name("full_avg300", "sysstat.psi.full_avg300", &[("resource", "io")], "1", PERCENT),
];
#[rustfmt::skip]
const PRESSURE_MEMORY: &[Name] = &[
    name("some_avg", PRESSURE, &[("kind", "some"), ("resource", "memory")], "1", PERCENT),
    name("full_avg", PRESSURE, &[("kind", "full"), ("resource", "memory")], "1", PERCENT),
    name("some_avg10", "sysstat.psi.some_avg10", &[("resource", "memory")], "1", PERCENT),
    name("some_avg60", "sysstat.psi.some_avg60", &[("resource", "memory")], "1", PERCENT),
    name("some_avg300", "sysstat.psi.some_avg300", &[("resource", "memory")], "1", PERCENT),
    name("full_avg10", "sysstat.psi.full_avg10", &[("resource", "memory")], "1", PERCENT),
    name("full_avg60", "sysstat.psi.full_avg60", &[("resource", "memory")], "1", PERCENT),
    name("full_avg300", "sysstat.psi.full_avg300", &[("resource", "memory")], "1", PERCENT),
];

const fn plain(key: &'static str, unit: &'static str) -> Section {
    Section {
        key,
        parts: &[],
        names: &[],
        repeated: &[],
        unit,
    }
}

const fn cpu(key: &'static str) -> Section {
    Section {
        parts: &[("cpu", "cpu")],
        names: STATES,
        ..plain(key, "1")
    }
}

/// Every section that is known; others keep their fields' names. Add yours here.
#[rustfmt::skip]
pub(super) const SECTIONS: &[Section] = &[
    cpu("cpu-load"), cpu("cpu-load-all"), cpu("avg-cpu"),
    Section { names: &[
        name("proc", "system.process.created.rate", &[], "{process}/s", 1.0),
        name("cswch", "system.cpu.context_switches.rate", &[], "{context_switch}/s", 1.0),
    ], ..plain("process-and-context-switch", "1") },
    Section { parts: &[("intr", "interrupt")], names: &[
        name("all", "sysstat.interrupts", &[], "{interrupt}/s", 1.0),
        name("value", "sysstat.interrupts", &[], "{interrupt}/s", 1.0),
    ], ..plain("interrupts", "{interrupt}/s") },
    Section { parts: &[("cpu", "cpu")], names: &[
        name("intr", "system.cpu.interrupts.rate", &[], "{interrupt}/s", 1.0),
    ], ..plain("sum-interrupts", "{interrupt}/s") },
    Section { names: &[
        name("pswpin", SWAPPED, &[("direction", "in"), ("type", "swap")], "{operation}/s", 1.0),
        name("pswpout", SWAPPED, &[("direction", "out"), ("type", "swap")], "{operation}/s", 1.0),
    ], ..plain("swap-pages", "{page}/s") },
    Section { names: PAGING, ..plain("paging", "{page}/s") },
    plain("io", "{operation}/s"),
    Section { names: &[name("bread", "sysstat.io_reads.bread", &[], "By/s", SECTOR)],
        ..plain("io-reads", "{operation}/s") },
    Section { names: &[name("bwrtn", "sysstat.io_writes.bwrtn", &[], "By/s", SECTOR)],
        ..plain("io-writes", "{operation}/s") },
    Section { names: &[name("bdscd", "sysstat.io_discard.bdscd", &[], "By/s", SECTOR)],
        ..plain("io-discard", "{operation}/s") },
    Section { names: MEMORY_NAMES,
        repeated: &["memused-percent", "swpused-percent", "swpcad-percent"],
        ..plain("memory", "1") },
    Section { names: HUGE_PAGES, repeated: &["hugused-percent"], ..plain("hugepages", "1") },
    Section { names: &[
        name("file-nr", "system.file_descriptor.count", &[], "{file}", 1.0),
    ], ..plain("kernel", "{entry}") },
    Section { names: QUEUE, ..plain("queue", "1") },
    Section { parts: &[("line", "line")], ..plain("serial", "{event}/s") },
    Section { parts: &[("disk-device", "device"), ("disk_device", "device")], names: disk::NAMES,
        repeated: disk::REPEATED, ..plain("disk", "1") },
    Section { parts: &[("iface", "device")], names: NET_DEVICE, ..plain("net-dev", "{packet}/s") },
    Section { parts: &[("iface", "device")], names: NET_ERRORS, ..plain("net-edev", "{error}/s") },
    plain("net-nfs", "{call}/s"), plain("net-nfsd", "{call}/s"),
    Section { names: NET_SOCKETS, ..plain("net-sock", "{fragment}") },
    plain("net-sock6", "{socket}"),
    plain("net-ip", "{datagram}/s"), plain("net-eip", "{datagram}/s"),
    plain("net-ip6", "{datagram}/s"), plain("net-eip6", "{datagram}/s"),
    plain("net-icmp", "{message}/s"), plain("net-eicmp", "{message}/s"),
    plain("net-icmp6", "{message}/s"), plain("net-eicmp6", "{message}/s"),
    Section { names: TCP, ..plain("net-tcp", "1") },
    Section { names: TCP_ERRORS, ..plain("net-etcp", "1") },
    Section { names: UDP, ..plain("net-udp", "1") },
    plain("net-udp6", "{datagram}/s"),
    Section { parts: &[("cpu", "cpu")], names: SOFT_NET, ..plain("softnet", "{packet}/s") },
    Section { parts: &[("fchost", "device")], ..plain("fchosts", "{frame}/s") },
    Section { parts: &[("number", "cpu")], names: &[
        name("frequency", "system.cpu.frequency", &[], "Hz", 1e6),
    ], ..plain("cpu-frequency", "1") },
    Section { parts: &[("number", "cpu")], names: &[
        name("weighted-frequency", "sysstat.cpu.weighted_frequency", &[], "Hz", 1e6),
    ], ..plain("cpu-weighted-frequency", "1") },
    Section { parts: &[("number", "number"), ("device", "sensor")], names: &[
        name("degC", "system.temperature", &[], "Cel", 1.0),
        name("percent-temp", "sysstat.temperature.share", &[], "1", PERCENT),
    ], ..plain("temperature", "1") },
    Section { parts: &[("number", "number"), ("device", "sensor")], ..plain("fan-speed", "{revolution}/min") },
    Section { parts: &[("number", "number"), ("device", "sensor")], names: &[
        name("inV", "sysstat.voltage_input.in", &[], "V", 1.0),
        name("percent-in", "sysstat.voltage_input.share", &[], "1", PERCENT),
    ], ..plain("voltage-input", "1") },
    Section { parts: &[("filesystem", "mountpoint"), ("mountpoint", "mountpoint")], names: FILE_SYSTEMS,
        repeated: &["%fsused", "%Iused"], ..plain("filesystems", "1") },
    pressure("psi-cpu", PRESSURE_CPU), pressure("psi-io", PRESSURE_IO),
    pressure("psi-mem", PRESSURE_MEMORY),
];

/// The section of this name.
pub(super) fn section(key: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|it| it.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_catalog_have_its_units_and_attributes() {
        for section in SECTIONS {
            crate::names::check(section.names);
        }
    }
}
