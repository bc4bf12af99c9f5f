//! The thresholds of the bottleneck analysis, in plain sight.
//!
//! Each line says from where on a reading speaks for a limit ([`Limit::from`]) and
//! from where on it says so as loudly as it can ([`Limit::full`]). None is learned
//! from the recording at hand: what limits a system does not depend on how long it
//! has done so.
//!
//! # Source
//!
//! * B. Gregg, *Systems Performance*, 2nd edition, chapter 2: utilization near 100 %
//!   is a bottleneck, 60 to 70 % may hide short bursts of it, any saturation is bad.
//! * Linux `Documentation/accounting/psi.rst`: shares of time in which some task
//!   stalled; its own example triggers at 15 % of memory stall, `systemd-oomd` and
//!   Android act between 5 % and 70 %.
//! * Linux `Documentation/admin-guide/cgroup-v2.rst`, `scheduler/sched-bwc.rst`: a
//!   throttled period is one in which the quota was used up before its end.
//! * The Kubernetes mixin's `CPUThrottlingHigh`: an alert at 25 % of periods.
//! * RFC 8289 (CoDel): a queue that stands for 5 ms and more is too long, and 100 ms is
//!   the time in which endpoints should have reacted; a packet or two are no queue.
//! * Linux `Documentation/networking/scaling.rst`, RFC 6298: a lost segment costs at
//!   least a retransmission timeout, 200 ms and more; 2 % are felt.
//!
//! * Locks, pools and calls have no thresholds of others' making: from half of the
//!   response time on something is its largest part, and what takes twice as long as
//!   usual is no accident of a few requests.
//!
//! Start at [`LIMITS`]; add a reading by adding a line.

use super::Resource;

/// What is read of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Share of processor time that was not idle.
    Busy,
    /// Share of time in which some task waited for a processor.
    CpuPressure,
    /// Tasks that waited for a processor, per processor, from schedstat.
    RunDelay,
    /// Tasks beyond the processors in the run queue, per processor.
    RunQueue,
    /// Tasks that waited for a single processor that was full, whatever the others did.
    FullCoreDelay,
    /// Share of processor time given to other guests.
    Steal,
    /// Share of the busiest processor that was not idle.
    BusiestCore,
    /// Processes and threads started a second.
    Starts,
    /// Share of periods in which the quota was used up.
    ThrottledPeriods,
    /// Time that tasks stood still for their quota, per second.
    ThrottledTime,
    /// Processors used over processors allowed.
    QuotaUse,
    /// Share of memory that is not available.
    MemoryUse,
    /// Share of time in which some task waited for memory.
    MemoryPressure,
    /// Pages a second that allocating tasks scanned themselves.
    DirectReclaim,
    /// Pages a second to and from swap.
    Swapping,
    /// Page faults a second that waited for the disk.
    MajorFaults,
    /// Memory over its limit, of the fullest control group.
    GroupMemoryUse,
    /// Times a second that a control group met its memory limit.
    GroupLimitHits,
    /// Processes killed a second for lack of memory.
    Kills,
    /// Share of time in which a device was busy.
    DeviceBusy,
    /// Mean number of operations in flight.
    DeviceQueue,
    /// Mean response time of an operation.
    DeviceAwait,
    /// Share of time in which some task waited for storage.
    IoPressure,
    /// Tasks that slept for storage.
    Blocked,
    /// Share of processor time that was idle for storage.
    IoWait,
    /// Share of TCP segments that were sent again.
    Retransmits,
    /// Share of packets that interfaces dropped.
    Drops,
    /// Time that a packet waits in the longest queue of an interface.
    QueueDelay,
    /// Share of packets that queueing disciplines dropped.
    QueueDrops,
    /// Packets a second that did not fit in the receive backlog.
    BacklogDrops,
    /// Times a second that the receive budget was used up.
    Squeezes,
    /// Share of datagrams that found a full socket buffer.
    BufferErrors,
    /// Connections a second lost at a full accept queue.
    ListenOverflows,
    /// Errors a second that interfaces counted.
    InterfaceErrors,
    /// Open files over the limit of the system.
    SystemFiles,
    /// Open files of a process over its limit.
    ProcessFiles,
    /// Share of the response time that requests wait inside their service.
    InsideShare,
    /// Requests that wait inside, for no processor and no call.
    WaitsInside,
    /// Response time over the usual one.
    InsideSlowdown,
    /// Time that a request waits inside.
    InsideTime,
    /// How much of a pool is in use.
    PoolUse,
    /// Requests that wait for a pool.
    PoolWaits,
    /// Share of the response time that a call takes.
    CallShare,
    /// Response time of a call over its usual one.
    CallSlowdown,
    /// Calls in flight.
    CallsInFlight,
    /// Response time of a call.
    CallTime,
}

/// What a reading says in the sense of the USE method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// How much of the resource was in use.
    Utilization,
    /// How much had to wait.
    Saturation,
    /// What went wrong.
    Errors,
    /// What explains the others.
    Context,
}

/// One line of [`LIMITS`].
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is read.
    pub signal: Signal,
    /// Of which resource.
    pub resource: Resource,
    /// In which role.
    pub role: Role,
    /// What people call it.
    pub name: &'static str,
    /// Unit of the reading.
    pub unit: &'static str,
    /// From here on it speaks for a limit.
    pub from: f64,
    /// From here on it says so as loudly as it can.
    pub full: f64,
}

/// A resource limits from this score on.
pub const LIMITED: f64 = 0.5;

/// A resource that limits goes on to do so down to this score.
pub const STILL_LIMITED: f64 = 0.4;

/// The most that a resource may score which is named as the consequence of another,
/// or of which the decisive reading speaks against it.
pub const SUSPECT: f64 = 0.45;

/// What utilization alone is worth where waiting was not measured: enough for a
/// resource that is used up wholly, not for one that is merely busy.
pub const ALONE: f64 = 0.6;

/// The most that a sign is worth which also comes of a slow reader.
pub const SLOW_READER: f64 = 0.6;

/// Below this utilization of the processors nobody waits for want of them: pressure
/// then comes of quotas and affinities.
pub const BUSY_AT_LEAST: f64 = 0.75;

/// Without pressure stall information, reclaim counts as shortage from here on;
/// below it is the page cache turning over.
pub const SHORT_OF_MEMORY: f64 = 0.85;

/// Of the bytes of a disk, or of its stall, this share makes memory the cause.
pub const BY_MEMORY: f64 = 0.3;

/// Scores are judged on means over this many seconds that end at the row.
pub const SMOOTH_SECONDS: f64 = 5.0;

/// A limit that holds for less is a blip.
pub const LASTS_SECONDS: f64 = 5.0;

/// A limit that holds for less of a window does not limit the window, unless it
/// holds at its end.
pub const LASTS_SHARE: f64 = 0.05;

/// Length of a cell of the strip.
pub const CELL_SECONDS: f64 = 10.0;

/// Interruptions of at most this length do not end an episode.
pub const BRIDGE_SECONDS: f64 = 10.0;

/// A processor that is busy for this share of the time is full.
pub const FULL_CORE: f64 = 0.95;

/// Share of throttled periods from which on a quota may be what makes tasks wait.
pub const FEW_THROTTLED: f64 = 0.05;

/// Bytes in the queue of an interface that are no queue yet: two of the usual packets.
pub const FEW_BYTES_QUEUED: f64 = 2.0 * 1514.0;

/// Segments sent again a second, packets dropped a second: below, shares say nothing.
pub const FEW_PACKETS: f64 = 10.0;

/// Limits of open files that processes are usually given: POSIX shells, Debian,
/// daemons, `systemd` and container runtimes.
pub const USUAL_FILE_LIMITS: [f64; 5] = [1024.0, 4096.0, 65_536.0, 524_288.0, 1_048_576.0];

/// Bytes of a page where the host does not say.
pub const PAGE_BYTES: f64 = 4096.0;

use Resource::{Cpu, CpuThrottling, Disk, External, FileDescriptors, Lock, Memory, Network, Pool};
use Role::{Context, Errors, Saturation, Utilization};

/// Every reading, by resource, in the order in which evidence is told.
#[rustfmt::skip]
pub const LIMITS: &[Limit] = &[
    limit((Cpu, Signal::Busy, Utilization), "processor utilization", "1", (0.85, 0.98)),
    limit((Cpu, Signal::CpuPressure, Saturation), "cpu pressure", "1", (0.15, 0.60)),
    limit((Cpu, Signal::RunDelay, Saturation), "tasks waiting per processor", "{task}", (0.25, 1.5)),
    limit((Cpu, Signal::RunQueue, Saturation), "run queue beyond the processors, per processor,", "{task}", (0.5, 2.0)),
    limit((Cpu, Signal::FullCoreDelay, Saturation), "tasks waiting at a processor that is full", "{task}", (0.25, 1.5)),
    limit((Cpu, Signal::Steal, Context), "time stolen by the hypervisor", "1", (0.10, 0.50)),
    limit((Cpu, Signal::BusiestCore, Context), "utilization of the busiest processor", "1", (0.95, 1.0)),
    limit((Cpu, Signal::Starts, Context), "processes started per second", "{process}/s", (500.0, 5_000.0)),
    limit((CpuThrottling, Signal::QuotaUse, Utilization), "use of the quota", "1", (0.80, 0.98)),
    limit((CpuThrottling, Signal::ThrottledPeriods, Saturation), "share of throttled periods", "1", (0.25, 0.80)),
    limit((CpuThrottling, Signal::ThrottledTime, Saturation), "time stood still per second", "s/s", (0.05, 0.50)),
    limit((Memory, Signal::MemoryUse, Utilization), "memory in use", "1", (0.92, 0.99)),
    limit((Memory, Signal::MemoryPressure, Saturation), "memory pressure", "1", (0.05, 0.40)),
    limit((Memory, Signal::DirectReclaim, Saturation), "pages scanned by allocating tasks per second", "{page}/s", (5_000.0, 100_000.0)),
    limit((Memory, Signal::Swapping, Saturation), "pages swapped per second", "{page}/s", (500.0, 20_000.0)),
    limit((Memory, Signal::MajorFaults, Saturation), "major faults per second", "{fault}/s", (200.0, 5_000.0)),
    limit((Memory, Signal::GroupMemoryUse, Utilization), "memory of the fullest control group over its limit", "1", (0.95, 1.0)),
    limit((Memory, Signal::GroupLimitHits, Context), "hits of a control group's memory limit per second", "{event}/s", (10.0, 1_000.0)),
    limit((Memory, Signal::Kills, Errors), "kills for lack of memory per second", "{kill}/s", (0.001, 1.0)),
    limit((Disk, Signal::DeviceBusy, Utilization), "device utilization", "1", (0.90, 1.0)),
    limit((Disk, Signal::IoPressure, Saturation), "io pressure", "1", (0.10, 0.50)),
    limit((Disk, Signal::DeviceQueue, Saturation), "operations in flight", "{operation}", (1.0, 8.0)),
    limit((Disk, Signal::Blocked, Saturation), "tasks blocked for storage", "{task}", (1.0, 4.0)),
    limit((Disk, Signal::IoWait, Saturation), "processors idle for storage", "1", (0.10, 0.50)),
    limit((Disk, Signal::DeviceAwait, Context), "response time of an operation", "s", (0.02, 0.2)),
    limit((Network, Signal::Retransmits, Saturation), "share of segments sent again", "1", (0.02, 0.10)),
    limit((Network, Signal::Drops, Saturation), "share of packets dropped by interfaces", "1", (0.002, 0.05)),
    limit((Network, Signal::QueueDelay, Saturation), "time that packets wait in the queue of an interface", "s", (0.005, 0.1)),
    limit((Network, Signal::QueueDrops, Saturation), "share of packets dropped by queues of interfaces", "1", (0.002, 0.05)),
    limit((Network, Signal::BacklogDrops, Saturation), "packets dropped by a full backlog per second", "{packet}/s", (10.0, 1_000.0)),
    limit((Network, Signal::Squeezes, Saturation), "receive budgets used up per second", "{packet}/s", (100.0, 5_000.0)),
    limit((Network, Signal::BufferErrors, Saturation), "share of datagrams lost at a full buffer", "1", (0.05, 0.50)),
    limit((Network, Signal::ListenOverflows, Saturation), "connections lost at a full accept queue per second", "{connection}/s", (1.0, 100.0)),
    limit((Network, Signal::InterfaceErrors, Errors), "interface errors per second", "{error}/s", (1.0, 100.0)),
    limit((FileDescriptors, Signal::SystemFiles, Utilization), "open files of the system over its limit", "1", (0.90, 1.0)),
    limit((FileDescriptors, Signal::ProcessFiles, Utilization), "open files of a process over its limit", "1", (0.95, 1.0)),
    limit((Lock, Signal::InsideShare, Utilization), "share of the response time spent waiting inside", "1", (0.50, 0.90)),
    limit((Lock, Signal::WaitsInside, Saturation), "requests that wait inside for no processor and no call", "{request}", (1.0, 6.0)),
    limit((Lock, Signal::InsideSlowdown, Saturation), "response time over the usual one", "1", (2.0, 8.0)),
    limit((Lock, Signal::InsideTime, Context), "time that a request waits inside", "s", (0.05, 1.0)),
    limit((Pool, Signal::PoolUse, Utilization), "use of the pool", "1", (0.90, 1.0)),
    limit((Pool, Signal::PoolWaits, Saturation), "requests that wait for it", "{request}", (1.0, 6.0)),
    limit((External, Signal::CallShare, Utilization), "share of the response time spent in the call", "1", (0.50, 0.90)),
    limit((External, Signal::CallSlowdown, Saturation), "response time of the call over its usual one", "1", (2.0, 8.0)),
    limit((External, Signal::CallsInFlight, Context), "calls in flight", "{request}", (1.0, 16.0)),
    limit((External, Signal::CallTime, Context), "response time of the call", "s", (0.1, 2.0)),
];

/// What must be measured to speak of a resource: of each group one.
#[rustfmt::skip]
pub const NEEDS: &[(Resource, &[&[Signal]])] = &[
    (Cpu, &[&[Signal::Busy], &[Signal::CpuPressure, Signal::RunDelay, Signal::RunQueue]]),
    (CpuThrottling, &[&[Signal::ThrottledPeriods, Signal::ThrottledTime]]),
    (Memory, &[&[Signal::MemoryUse], &[Signal::MemoryPressure, Signal::DirectReclaim, Signal::Swapping]]),
    (Disk, &[&[Signal::DeviceBusy], &[Signal::IoPressure, Signal::DeviceQueue]]),
    (Network, &[&[Signal::Retransmits], &[Signal::Drops]]),
    (FileDescriptors, &[&[Signal::SystemFiles], &[Signal::ProcessFiles]]),
    (Lock, &[&[Signal::WaitsInside], &[Signal::InsideSlowdown]]),
    (Pool, &[&[Signal::PoolUse], &[Signal::PoolWaits]]),
    (External, &[&[Signal::CallShare], &[Signal::CallSlowdown]]),
];

const fn limit(
    (resource, signal, role): (Resource, Signal, Role),
    name: &'static str,
    unit: &'static str,
    (from, full): (f64, f64),
) -> Limit {
    Limit {
        signal,
        resource,
        role,
        name,
        unit,
        from,
        full,
    }
}

impl Signal {
    /// Its line in [`LIMITS`].
    pub fn limit(self) -> &'static Limit {
        LIMITS
            .iter()
            .find(|it| it.signal == self)
            .unwrap_or(&LIMITS[0])
    }
}

impl Limit {
    /// How loudly a reading speaks for a limit, 0 to 1: [`LIMITED`] at `from`, 1 at
    /// `full`; `NaN` for `NaN`.
    pub fn grade(&self, value: f64) -> f64 {
        if value.is_nan() {
            f64::NAN
        } else if value < self.from {
            LIMITED * (value / self.from).max(0.0)
        } else {
            let beyond = (value - self.from) / (self.full - self.from);
            LIMITED + (1.0 - LIMITED) * beyond.min(1.0)
        }
    }
}
