//! Every metric Kymo knows: name, unit, kind, polarity, attributes, help.
//!
//! Names follow the OpenTelemetry semantic conventions where these have one and
//! continue in their manner where they have none. A collector declares nothing
//! that is not listed here; imported data may carry any name.
//!
//! Start at [`find`]; add a metric by adding a line to [`ALL`].
//!
//! # Source
//!
//! OpenTelemetry semantic conventions for system and process metrics; kernel
//! documentation and man pages named by the collectors.

use serde::{Deserialize, Serialize};

use crate::unit::Unit;

/// How values relate to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A level at a moment.
    Gauge,
    /// A running total; only its growth means something.
    Counter,
    /// Counts per bucket.
    Histogram,
}

/// Whether more of it is good or bad for the user of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Polarity {
    /// More is worse.
    HigherIsWorse,
    /// More is better.
    HigherIsBetter,
    /// Neither.
    Neutral,
}

/// Where values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Read from a system.
    Measured,
    /// Computed from measured series by `analysis::derive`.
    Derived,
}

/// What a metric is.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// OpenTelemetry name.
    pub name: &'static str,
    /// UCUM code.
    pub unit: &'static str,
    /// Level or running total.
    pub kind: Kind,
    /// Whether more is worse.
    pub polarity: Polarity,
    /// Measured or derived.
    pub origin: Origin,
    /// Attribute keys its series may carry.
    pub attributes: &'static [&'static str],
    /// One or two sentences for people.
    pub help: &'static str,
}

impl Metric {
    /// The unit.
    pub fn unit(&self) -> Unit {
        Unit::new(self.unit)
    }
}

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}

const fn gauge(
    name: &'static str,
    unit: &'static str,
    polarity: Polarity,
    attributes: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        unit,
        kind: Kind::Gauge,
        polarity,
        origin: Origin::Measured,
        attributes,
        help,
    }
}

const fn counter(
    name: &'static str,
    unit: &'static str,
    polarity: Polarity,
    attributes: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        unit,
        kind: Kind::Counter,
        polarity,
        origin: Origin::Measured,
        attributes,
        help,
    }
}

const fn histogram(
    name: &'static str,
    unit: &'static str,
    polarity: Polarity,
    attributes: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        unit,
        kind: Kind::Histogram,
        polarity,
        origin: Origin::Measured,
        attributes,
        help,
    }
}

const fn derived(
    name: &'static str,
    unit: &'static str,
    polarity: Polarity,
    attributes: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        unit,
        kind: Kind::Gauge,
        polarity,
        origin: Origin::Derived,
        attributes,
        help,
    }
}

use Polarity::{HigherIsBetter, HigherIsWorse, Neutral};

/// Every metric, by resource: the order of the browser. Add yours here.
#[rustfmt::skip]
pub const ALL: &[Metric] = &[
    counter("system.cpu.time", "s", Neutral, &["cpu", "state"],
        "Processor time by state, per logical processor: user, nice, system, idle, iowait, irq, softirq, steal, guest."),
    gauge("system.cpu.logical.count", "{cpu}", Neutral, &[],
        "Logical processors online."),
    gauge("system.cpu.frequency", "Hz", Neutral, &["cpu"],
        "Current frequency of a logical processor, read at the slow cadence."),
    gauge("system.cpu.load", "{thread}", HigherIsWorse, &["window"],
        "Load average over 1, 5 and 15 minutes: tasks that run, wait for a processor, or sleep uninterruptibly. A count, not a share."),
    gauge("system.process.running", "{process}", HigherIsWorse, &[],
        "Tasks that run or wait for a processor now (the run queue)."),
    gauge("system.process.blocked", "{process}", HigherIsWorse, &[],
        "Tasks that wait for the disk now."),
    gauge("system.process.count", "{process}", Neutral, &[],
        "Processes that exist."),
    gauge("system.thread.count", "{thread}", Neutral, &[],
        "Threads that exist."),
    counter("system.process.created", "{process}", Neutral, &[],
        "Processes and threads created since boot."),
    counter("system.cpu.context_switches", "{context_switch}", Neutral, &[],
        "Context switches since boot, all processors."),
    counter("system.cpu.interrupts", "{interrupt}", Neutral, &[],
        "Hardware interrupts since boot, all processors."),
    counter("system.cpu.softirqs", "{interrupt}", Neutral, &["type"],
        "Software interrupts since boot, by type."),
    counter("system.cpu.run_delay", "s", HigherIsWorse, &["cpu"],
        "Time that runnable tasks waited for this processor, from schedstat."),
    gauge("system.memory.limit", "By", Neutral, &[],
        "Physical memory that the kernel manages."),
    gauge("system.memory.usage", "By", Neutral, &["state"],
        "Physical memory by state: used, free, cached, buffers, slab_reclaimable, slab_unreclaimable."),
    gauge("system.memory.available", "By", HigherIsBetter, &[],
        "Memory that can be had without swapping, as the kernel estimates it."),
    gauge("system.memory.detail", "By", Neutral, &["field"],
        "One line of /proc/meminfo that explains where memory went, by its kernel name."),
    gauge("system.memory.huge_pages", "{page}", Neutral, &["state"],
        "Explicit huge pages by state: total, free, reserved, surplus."),
    gauge("system.paging.usage", "By", HigherIsWorse, &["state"],
        "Swap space by state: used, free, cached."),
    counter("system.paging.faults", "{fault}", Neutral, &["type"],
        "Page faults since boot: minor, major (the latter waited for the disk)."),
    counter("system.paging.operations", "{operation}", HigherIsWorse, &["direction", "type"],
        "Pages moved since boot: in and out; swap or any block device (page)."),
    counter("system.memory.reclaim", "{page}", HigherIsWorse, &["type"],
        "Work of the page reclaimer since boot: scanned and stolen, by kswapd or directly by the allocating task."),
    counter("system.memory.oom_kills", "{kill}", HigherIsWorse, &[],
        "Processes the kernel killed for lack of memory since boot."),
    counter("system.memory.compaction", "{stall}", HigherIsWorse, &[],
        "Allocations that stalled to compact memory since boot."),
    gauge("system.numa.memory.usage", "By", Neutral, &["node", "state"],
        "Memory of a NUMA node by state: total, free, used."),
    counter("system.numa.allocations", "{page}", Neutral, &["node", "type"],
        "Pages allocated on a NUMA node since boot: hit, miss, foreign, interleave, local, other."),
    counter("system.pressure.time", "s", HigherIsWorse, &["resource", "kind"],
        "Pressure stall time since boot: some tasks, or all of them (full), waited for cpu, memory or io."),
    counter("system.disk.io", "By", Neutral, &["device", "direction"],
        "Bytes read and written by a block device."),
    counter("system.disk.operations", "{operation}", Neutral, &["device", "direction"],
        "Finished operations of a block device: read, write, discard, flush."),
    counter("system.disk.merged", "{operation}", Neutral, &["device", "direction"],
        "Operations merged into another before they reached the device."),
    counter("system.disk.operation_time", "s", HigherIsWorse, &["device", "direction"],
        "Time that operations took, summed over operations: divide by operations for the mean response time (await)."),
    counter("system.disk.io_time", "s", HigherIsWorse, &["device"],
        "Time in which the device had at least one operation in flight: its growth per second is the utilization."),
    counter("system.disk.weighted_io_time", "s", HigherIsWorse, &["device"],
        "In-flight operations integrated over time: its growth per second is the mean queue length."),
    gauge("system.disk.pending_operations", "{operation}", HigherIsWorse, &["device"],
        "Operations in flight now."),
    gauge("system.filesystem.usage", "By", Neutral, &["mountpoint", "state"],
        "Space of a file system by state: used, free, reserved."),
    gauge("system.filesystem.inodes.usage", "{inode}", Neutral, &["mountpoint", "state"],
        "Inodes of a file system by state: used, free."),
    counter("system.network.io", "By", Neutral, &["device", "direction"],
        "Bytes an interface received and transmitted."),
    counter("system.network.packets", "{packet}", Neutral, &["device", "direction"],
        "Packets an interface received and transmitted."),
    counter("system.network.errors", "{error}", HigherIsWorse, &["device", "direction"],
        "Errors an interface counted."),
    counter("system.network.dropped", "{packet}", HigherIsWorse, &["device", "direction"],
        "Packets an interface or its driver dropped."),
    gauge("system.network.queue.packets", "{packet}", Neutral, &["device"],
        "Packets that wait in the queueing discipline of an interface."),
    gauge("system.network.queue.backlog", "By", HigherIsWorse, &["device"],
        "Bytes that wait in the queueing discipline of an interface."),
    counter("system.network.queue.dropped", "{packet}", HigherIsWorse, &["device"],
        "Packets a queueing discipline dropped instead of sending them."),
    counter("system.network.queue.requeued", "{packet}", Neutral, &["device"],
        "Packets an interface gave back to its queueing discipline, since it could not take them yet."),
    counter("system.network.queue.delayed", "{packet}", Neutral, &["device"],
        "Times a queueing discipline held a packet back to keep a rate (overlimits)."),
    gauge("system.network.connection.count", "{connection}", Neutral, &["transport", "state"],
        "Sockets by transport and state; TCP states as in RFC 9293."),
    gauge("system.network.sockets", "{socket}", Neutral, &["type"],
        "Sockets in use by type, with orphaned and time-wait TCP sockets."),
    counter("system.network.tcp.segments", "{segment}", Neutral, &["type"],
        "TCP segments since boot: received, sent, retransmitted, in_errors, resets_sent."),
    counter("system.network.tcp.connections", "{connection}", Neutral, &["type"],
        "TCP connections since boot: active_opens, passive_opens, attempt_fails, established_resets."),
    counter("system.network.tcp.listen", "{connection}", HigherIsWorse, &["type"],
        "Connections lost at a listening socket since boot: overflows (accept queue full) and drops."),
    counter("system.network.tcp.retransmits", "{segment}", HigherIsWorse, &["type"],
        "Retransmissions since boot by cause: fast, slow_start, timeouts, lost, syn."),
    gauge("system.network.tcp.memory", "By", Neutral, &[],
        "Memory used by TCP buffers."),
    counter("system.network.udp.datagrams", "{datagram}", Neutral, &["type"],
        "UDP datagrams since boot: received, sent, no_port, in_errors, receive_buffer_errors, send_buffer_errors."),
    counter("system.network.softnet", "{packet}", HigherIsWorse, &["type"],
        "Receive path of all processors since boot: processed, dropped (backlog full), squeezed (budget used up)."),
    gauge("system.file_descriptor.count", "{file}", Neutral, &[],
        "File descriptors allocated in the whole system."),
    gauge("system.file_descriptor.limit", "{file}", Neutral, &[],
        "Largest number of file descriptors of the whole system."),
    gauge("system.process.limit", "{process}", Neutral, &["type"],
        "Largest pid and largest number of threads."),
    gauge("system.temperature", "Cel", HigherIsWorse, &["sensor"],
        "Temperature of a sensor."),
    gauge("system.uptime", "s", Neutral, &[],
        "Time since boot, sleep included."),
    gauge("system.entropy", "{bit}", HigherIsBetter, &[],
        "Entropy the kernel holds for random numbers."),
    counter("cgroup.cpu.time", "s", Neutral, &["cgroup", "mode"],
        "Processor time of a control group: total, user, system."),
    gauge("cgroup.cpu.limit", "{cpu}", Neutral, &["cgroup"],
        "Processors the quota of a control group allows; absent without a quota."),
    gauge("cgroup.cpu.weight", "1", Neutral, &["cgroup"],
        "Relative share of a control group under contention, in its version's scale."),
    counter("cgroup.cpu.periods", "{period}", Neutral, &["cgroup"],
        "Enforcement periods in which a control group had runnable tasks."),
    counter("cgroup.cpu.throttled", "{period}", HigherIsWorse, &["cgroup"],
        "Enforcement periods in which a control group used up its quota."),
    counter("cgroup.cpu.throttled_time", "s", HigherIsWorse, &["cgroup"],
        "Time that the tasks of a control group stood still because its quota was used up."),
    gauge("cgroup.memory.usage", "By", Neutral, &["cgroup"],
        "Memory charged to a control group."),
    gauge("cgroup.memory.limit", "By", Neutral, &["cgroup"],
        "Largest memory of a control group; absent without a limit."),
    gauge("cgroup.memory.detail", "By", Neutral, &["cgroup", "field"],
        "Memory of a control group by sort: anon, file, slab, sock, shmem."),
    counter("cgroup.memory.faults", "{fault}", Neutral, &["cgroup", "type"],
        "Page faults of a control group: minor, major."),
    counter("cgroup.memory.events", "{event}", HigherIsWorse, &["cgroup", "type"],
        "Memory events of a control group: limit hits (max), oom, oom_kill, high."),
    gauge("cgroup.memory.swap", "By", HigherIsWorse, &["cgroup"],
        "Swap space charged to a control group."),
    counter("cgroup.disk.io", "By", Neutral, &["cgroup", "direction"],
        "Bytes a control group read from and wrote to block devices."),
    counter("cgroup.disk.operations", "{operation}", Neutral, &["cgroup", "direction"],
        "Operations of a control group on block devices."),
    gauge("cgroup.process.count", "{process}", Neutral, &["cgroup"],
        "Tasks in a control group."),
    gauge("cgroup.process.limit", "{process}", Neutral, &["cgroup"],
        "Largest number of tasks of a control group; absent without a limit."),
    counter("cgroup.pressure.time", "s", HigherIsWorse, &["cgroup", "resource", "kind"],
        "Pressure stall time of a control group."),
    counter("kymo.agent.cpu.time", "s", Neutral, &[],
        "Processor time the agent itself used."),
    gauge("kymo.agent.memory.usage", "By", Neutral, &[],
        "Resident memory of the agent itself."),
    gauge("kymo.agent.sample.duration", "s", HigherIsWorse, &[],
        "Time the agent took to read everything that was due."),
    gauge("kymo.agent.sample.late", "s", HigherIsWorse, &[],
        "How much later than planned a sample was taken."),
    gauge("kymo.agent.sample.jitter", "s", HigherIsWorse, &[],
        "How far the time between two samples was from the planned one."),
    counter("kymo.agent.samples", "{sample}", Neutral, &[],
        "Samples that the agent took."),
    counter("kymo.agent.sample.lost", "{sample}", HigherIsWorse, &[],
        "Planned samples that the agent did not take although the machine was awake."),
    gauge("kymo.agent.cpu.limit", "1", Neutral, &[],
        "Share of one processor that the agent may use at present; absent without a budget."),
    gauge("kymo.agent.degradation", "{step}", HigherIsWorse, &[],
        "Steps by which the agent has reduced what it reads; 0 is everything."),
    gauge("kymo.agent.ring.size", "By", Neutral, &[],
        "Memory held by the agent's look-back ring."),
    histogram("service.request.duration", "s", HigherIsWorse, &["service.name", "operation", "kind", "peer", "status"],
        "Response times of the requests of a service that ended in an interval, from spans or an access log."),
    gauge("service.request.users", "{user}", Neutral, &["service.name"],
        "Users, threads or connections of a load generator that ask a service."),
    counter("kymo.agent.intake.spans", "{span}", Neutral, &["state"],
        "Spans of applications: received, stored, and left out to stay within the store's share."),
    counter("kymo.agent.intake.bytes", "By", Neutral, &[],
        "Bytes of what applications sent to the agent and of what it asked them for."),
    counter("kymo.agent.intake.refused", "{export}", HigherIsWorse, &["reason"],
        "Exports of applications that were refused: damaged, too large, or too many at a time."),
    counter("kymo.agent.intake.cpu.time", "s", Neutral, &[],
        "Processor time the agent used to take in what applications said; not part of its own."),
    derived("service.request.throughput", "{request}/s", Neutral, &["service.name", "operation", "kind", "peer"],
        "Requests that ended per second, failed ones included. Derived from service.request.duration."),
    derived("service.request.error_ratio", "1", HigherIsWorse, &["service.name", "operation", "kind", "peer"],
        "Share of the requests that failed. Derived from service.request.duration."),
    derived("service.request.active", "{request}", HigherIsWorse, &["service.name", "operation", "kind", "peer"],
        "Mean number of requests in flight. Derived from service.request.duration."),
    derived("service.request.duration.mean", "s", HigherIsWorse, &["service.name", "operation", "kind", "peer"],
        "Mean response time. Derived from service.request.duration."),
    derived("service.request.duration.p50", "s", HigherIsWorse, &["service.name", "operation", "kind", "peer"],
        "Response time that half of the requests stay below. Derived from service.request.duration."),
    derived("service.request.duration.p95", "s", HigherIsWorse, &["service.name", "operation", "kind", "peer"],
        "Response time that 95 % of the requests stay below. Derived from service.request.duration."),
    derived("service.request.duration.p99", "s", HigherIsWorse, &["service.name", "operation", "kind", "peer"],
        "Response time that 99 % of the requests stay below. Derived from service.request.duration."),
    derived("system.cpu.utilization", "1", HigherIsWorse, &["cpu", "state"],
        "Share of processor time by state; without a state, everything but idle and iowait. Derived from system.cpu.time."),
    derived("system.memory.utilization", "1", HigherIsWorse, &[],
        "Share of memory that is not available. Derived from system.memory.available and system.memory.limit."),
    derived("system.paging.utilization", "1", HigherIsWorse, &[],
        "Share of swap space in use. Derived from system.paging.usage."),
    derived("system.disk.utilization", "1", HigherIsWorse, &["device"],
        "Share of time in which the device was busy. Derived from system.disk.io_time."),
    derived("system.disk.await", "s", HigherIsWorse, &["device"],
        "Mean response time of an operation, queueing included. Derived from operation_time over operations."),
    derived("system.disk.queue", "{operation}", HigherIsWorse, &["device"],
        "Mean number of operations in flight. Derived from system.disk.weighted_io_time."),
    derived("system.filesystem.utilization", "1", HigherIsWorse, &["mountpoint"],
        "Share of a file system's space in use. Derived from system.filesystem.usage."),
    derived("system.pressure.share", "1", HigherIsWorse, &["resource", "kind"],
        "Share of time in which tasks stalled for a resource. Derived from system.pressure.time."),
    derived("cgroup.cpu.usage", "{cpu}", Neutral, &["cgroup"],
        "Processors a control group used. Derived from cgroup.cpu.time."),
    derived("cgroup.cpu.throttled_share", "1", HigherIsWorse, &["cgroup"],
        "Share of enforcement periods in which a control group was throttled. Derived from cgroup.cpu.throttled over cgroup.cpu.periods."),
    derived("process.cpu.utilization", "1", HigherIsWorse, &["process.pid", "process.name"],
        "Processors a process used; 100 % is one processor. Derived from process.cpu.time."),
    derived("kymo.agent.cpu.utilization", "1", Neutral, &[],
        "Share of one processor the agent itself used. Derived from kymo.agent.cpu.time."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_help_is_a_sentence() {
        for (i, metric) in ALL.iter().enumerate() {
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            assert!(
                ALL[..i].iter().all(|other| other.name != metric.name),
                "{} is listed twice",
                metric.name
            );
        }
    }
}
