//! One resource of one host over all rows: its readings and its score.
//!
//! * In: the series of a host.
//! * Out: for each resource the readings that [`super::limits`] lists, as read and as
//!   means over the last seconds, and a score a row that depends on earlier rows only.
//! * Never: looks ahead, so that a live window and a recording judge alike.
//!
//! Start at [`all`].

use std::collections::BTreeMap;

use super::lens::{Lens, trailing};
use super::limits::{self, NEEDS, SMOOTH_SECONDS, Signal};
use super::{OpenFiles, Resource, sources, waits};

/// The readings of one part of a resource: a device, a control group, or all of it.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    pub(super) resource: Resource,
    /// Device or control group; empty where the resource has no parts.
    pub(super) part: String,
    /// One value a row for each reading that the input has.
    pub(super) raw: BTreeMap<Signal, Vec<f64>>,
    /// The same as means over the last [`SMOOTH_SECONDS`].
    pub(super) smooth: BTreeMap<Signal, Vec<f64>>,
    /// Score a row of the means, 0 to 1; `NaN` where nothing can be said.
    pub(super) score: Vec<f64>,
    /// Score a row of the readings as they are.
    pub(super) instant: Vec<f64>,
    /// What keeps the score down or what was assumed, for the evidence against.
    pub(super) doubts: Vec<String>,
    /// The requests it speaks of are seen further down, too.
    pub(super) seen_below: bool,
}

/// Readings of a part before they are scored.
pub(super) struct Readings {
    pub(super) resource: Resource,
    pub(super) part: String,
    pub(super) signals: BTreeMap<Signal, Vec<f64>>,
    pub(super) doubts: Vec<String>,
    pub(super) seen_below: bool,
}

impl Readings {
    /// Nothing read yet.
    pub(super) fn new(resource: Resource, part: &str) -> Self {
        Self {
            resource,
            part: part.to_owned(),
            signals: BTreeMap::new(),
            doubts: Vec::new(),
            seen_below: false,
        }
    }

    /// Takes a reading, if there is one.
    pub(super) fn take(&mut self, signal: Signal, values: Option<Vec<f64>>) {
        if let Some(values) = values.filter(|it| it.iter().any(|value| value.is_finite())) {
            self.signals.insert(signal, values);
        }
    }
}

/// Every part of every resource of a host; each resource has at least one.
pub(super) fn all(lens: &Lens<'_>, cores: Option<f64>, files: &[OpenFiles]) -> Vec<Gauge> {
    let mut readings = vec![sources::cpu(lens, cores)];
    readings.extend(sources::throttling(lens));
    readings.push(sources::memory(lens));
    readings.extend(sources::disks(lens, cores));
    readings.push(sources::network(lens));
    readings.push(sources::descriptors(lens, files));
    readings.extend(sources::services(lens, cores));
    let smooth_rows = lens.frame.rows_of_seconds(SMOOTH_SECONDS);
    let rows = lens.frame.rows();
    let mut gauges: Vec<Gauge> = readings
        .into_iter()
        .map(|it| gauge(it, rows, smooth_rows))
        .collect();
    suspect_disks(lens, &mut gauges, smooth_rows);
    waits::suspect(&mut gauges);
    gauges
}

impl Gauge {
    /// Share of what must be known of the resource that is known within some rows.
    pub(super) fn coverage(&self, rows: std::ops::Range<usize>) -> f64 {
        let needs = NEEDS
            .iter()
            .find(|(resource, _)| *resource == self.resource);
        let groups = needs.map_or(&[][..], |(_, groups)| groups);
        let of_group = |group: &&[Signal]| {
            let shares = group.iter().filter_map(|it| self.raw.get(it));
            let shares = shares.map(|values| known(&values[rows.clone()]));
            shares.fold(0.0, f64::max)
        };
        let total: f64 = groups.iter().map(of_group).sum();
        total / groups.len().max(1) as f64
    }
}

/// Share of the values that are numbers; the first row of a rate has none, which is
/// no fault of the recording.
fn known(values: &[f64]) -> f64 {
    let skip = usize::from(values.len() > 1 && values[0].is_nan());
    let values = &values[skip..];
    let finite = values.iter().filter(|it| it.is_finite()).count();
    finite as f64 / values.len().max(1) as f64
}

fn gauge(readings: Readings, rows: usize, smooth_rows: usize) -> Gauge {
    let smooth: BTreeMap<Signal, Vec<f64>> = readings
        .signals
        .iter()
        .map(|(signal, values)| (*signal, trailing(values, smooth_rows)))
        .collect();
    Gauge {
        score: scores(readings.resource, &smooth, rows),
        instant: scores(readings.resource, &readings.signals, rows),
        resource: readings.resource,
        part: readings.part,
        raw: readings.signals,
        smooth,
        doubts: readings.doubts,
        seen_below: readings.seen_below,
    }
}

fn scores(resource: Resource, signals: &BTreeMap<Signal, Vec<f64>>, rows: usize) -> Vec<f64> {
    let at_row = |row: usize| {
        let read = |signal: Signal| signals.get(&signal).map_or(f64::NAN, |it| it[row]);
        score(resource, &read)
    };
    (0..rows).map(at_row).collect()
}

/// What the readings of a moment say of a resource.
fn score(resource: Resource, read: &dyn Fn(Signal) -> f64) -> f64 {
    let grade = |signal: Signal| signal.limit().grade(read(signal));
    match resource {
        Resource::Cpu => cpu(read, &grade),
        Resource::CpuThrottling => {
            let periods = grade(Signal::ThrottledPeriods);
            let time = grade(Signal::ThrottledTime);
            both(periods, time).unwrap_or(periods.max(time))
        }
        Resource::Memory => memory(read, &grade),
        Resource::Disk => disk(&grade),
        Resource::Network => network(&grade),
        Resource::FileDescriptors => grade(Signal::SystemFiles).max(grade(Signal::ProcessFiles)),
        Resource::Lock => waits::lock(read, &grade),
        Resource::Pool => waits::pool(read, &grade),
        Resource::External => waits::external(read, &grade),
    }
}

/// The geometric mean, which is high only where both are; `None` unless both are known.
pub(super) fn both(a: f64, b: f64) -> Option<f64> {
    (a.is_finite() && b.is_finite()).then(|| (a * b).sqrt())
}

/// All processors together, or the one that tasks wait for although others are idle:
/// they are pinned to it, or it serves interrupts.
fn cpu(read: &dyn Fn(Signal) -> f64, grade: &dyn Fn(Signal) -> f64) -> f64 {
    all_cores(read, grade).max(grade(Signal::FullCoreDelay))
}

/// The arithmetic mean of use and waiting: processors that are used up wholly limit
/// also a program that runs alone on each.
fn all_cores(read: &dyn Fn(Signal) -> f64, grade: &dyn Fn(Signal) -> f64) -> f64 {
    let busy = grade(Signal::Busy);
    let pressure = grade(Signal::CpuPressure);
    let queued = grade(Signal::RunDelay).max(grade(Signal::RunQueue));
    let waiting = if pressure.is_nan() { queued } else { pressure };
    match (busy.is_nan(), waiting.is_nan()) {
        (true, true) => f64::NAN,
        (true, false) => waiting * limits::ALONE,
        (false, true) => busy * limits::ALONE,
        (false, false) if read(Signal::Busy) < limits::BUSY_AT_LEAST => {
            ((busy + waiting) / 2.0).min(limits::SUSPECT)
        }
        (false, false) => (busy + waiting) / 2.0,
    }
}

/// Stall for memory where it is measured; else the work of the reclaimer, which counts
/// only where memory is short.
fn memory(read: &dyn Fn(Signal) -> f64, grade: &dyn Fn(Signal) -> f64) -> f64 {
    let pressure = grade(Signal::MemoryPressure);
    let swapping = grade(Signal::Swapping);
    let reclaim = grade(Signal::DirectReclaim).max(swapping);
    let reclaim = reclaim.max(grade(Signal::MajorFaults));
    let short = read(Signal::MemoryUse) >= limits::SHORT_OF_MEMORY
        || read(Signal::GroupMemoryUse) >= limits::SHORT_OF_MEMORY
        || swapping >= limits::LIMITED;
    let stalled = match (pressure.is_nan(), short) {
        (false, _) => pressure,
        (true, true) => reclaim,
        (true, false) if reclaim > limits::SUSPECT => limits::SUSPECT,
        (true, false) => reclaim,
    };
    // Whoever was killed felt the limit, whether or not it waited before.
    let killed = grade(Signal::Kills);
    if killed >= limits::LIMITED {
        return killed.max(if stalled.is_nan() { killed } else { stalled });
    }
    if stalled.is_nan() && read(Signal::MemoryUse).is_finite() {
        return grade(Signal::MemoryUse) * limits::SUSPECT;
    }
    stalled
}

/// A busy device limits as far as tasks wait for it: write-back that nobody waits for
/// also fills a queue.
fn disk(grade: &dyn Fn(Signal) -> f64) -> f64 {
    let busy = grade(Signal::DeviceBusy);
    let pressure = grade(Signal::IoPressure);
    let queue = grade(Signal::DeviceQueue);
    let asleep = grade(Signal::Blocked).max(grade(Signal::IoWait));
    let waiting = match (pressure.is_nan(), asleep.is_nan()) {
        (false, _) => pressure,
        (true, true) => queue,
        (true, false) => queue.min(asleep),
    };
    match (busy.is_nan(), waiting.is_nan()) {
        (true, true) => f64::NAN,
        (true, false) => waiting * limits::ALONE,
        (false, true) => busy * limits::ALONE,
        (false, false) => (busy * waiting).sqrt(),
    }
}

fn network(grade: &dyn Fn(Signal) -> f64) -> f64 {
    let own = [
        Signal::Retransmits,
        Signal::Drops,
        Signal::QueueDelay,
        Signal::QueueDrops,
        Signal::BacklogDrops,
    ];
    let own = own.into_iter().map(grade).fold(f64::NAN, f64::max);
    let shared = [
        Signal::Squeezes,
        Signal::BufferErrors,
        Signal::ListenOverflows,
    ];
    let shared = shared.into_iter().map(grade).fold(f64::NAN, f64::max);
    own.max(if shared.is_nan() {
        f64::NAN
    } else {
        shared.min(limits::SLOW_READER)
    })
}

/// Where memory is short and makes the load or the stall of a disk, the disk is the
/// consequence and memory the limit.
fn suspect_disks(lens: &Lens<'_>, gauges: &mut [Gauge], smooth_rows: usize) {
    let Some(memory) = gauges.iter().find(|it| it.resource == Resource::Memory) else {
        return;
    };
    let (score, instant) = (memory.score.clone(), memory.instant.clone());
    let share = sources::disk_share_of_memory(lens);
    let smooth_share = trailing(&share, smooth_rows);
    for gauge in gauges.iter_mut().filter(|it| it.resource == Resource::Disk) {
        let told = lower(&mut gauge.score, &score, &smooth_share);
        lower(&mut gauge.instant, &instant, &share);
        if told {
            gauge.doubts.push(
                "want of memory made part of its load: swapping or reading again what was dropped"
                    .to_owned(),
            );
        }
    }
}

fn lower(disk: &mut [f64], memory: &[f64], share: &[f64]) -> bool {
    let mut any = false;
    for ((disk, memory), share) in disk.iter_mut().zip(memory).zip(share) {
        if *memory >= limits::LIMITED && *share >= limits::BY_MEMORY && *disk > limits::SUSPECT {
            *disk = limits::SUSPECT;
            any = true;
        }
    }
    any
}
