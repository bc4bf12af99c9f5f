//! Where the readings of each resource come from.
//!
//! * In: the series of one host.
//! * Out: the readings that [`super::limits`] lists, one function a resource.
//! * Never: invents one that the input does not have; what is missing is told.
//!
//! # Source
//!
//! Meaning of the series: the catalog of metrics, `proc_stat(5)`, `proc_vmstat(5)`,
//! the kernel's `admin-guide/iostats`, `accounting/psi`, `admin-guide/cgroup-v2`.

use super::gauge::Readings;
use super::lens::{Lens, held, largest, pairs, ratio, sum};
use super::limits::{
    FEW_BYTES_QUEUED, FEW_PACKETS, FEW_THROTTLED, FULL_CORE, PAGE_BYTES, Signal, USUAL_FILE_LIMITS,
};
use super::{OpenFiles, Resource};
use crate::frame::Line;

/// Parts of one resource that are looked at, at most: the first by name of a host with
/// thousands of control groups would hide the worst, so the worst are kept.
const PARTS_MAX: usize = 64;

/// Beginnings of names of devices that are memory or a file: the device below counts.
const NO_DEVICES: [&str; 3] = ["loop", "ram", "zram"];

/// A process this near to a usual limit that it does not pass is at it.
const AT_USUAL_LIMIT: f64 = 0.99;

/// What such a process is taken to use of its limit: just enough to speak for a
/// limit, since the true one is not known.
const USUAL_LIMIT_SHARE: f64 = 0.96;

/// The number of processors, when the input tells.
pub(super) fn cores(lens: &Lens<'_>) -> Option<f64> {
    let counted = lens.one("system.cpu.logical.count", &[]).and_then(|it| {
        let last = it.iter().rev().find(|value| value.is_finite());
        last.copied().filter(|count| *count >= 1.0)
    });
    counted.or_else(|| {
        let metrics = ["system.cpu.time", "system.cpu.utilization"];
        let known = lens.values_of(&metrics, "cpu").len();
        (known > 0).then_some(known as f64)
    })
}

/// Processors: use, pressure, waiting tasks.
pub(super) fn cpu(lens: &Lens<'_>, cores: Option<f64>) -> Readings {
    let mut readings = Readings::new(Resource::Cpu, "");
    readings.take(Signal::Busy, lens.processor_busy());
    readings.take(Signal::CpuPressure, lens.pressure("cpu"));
    if let Some(cores) = cores {
        let delay = lens.sum("system.cpu.run_delay", &[]);
        let per_core = |values: Vec<f64>| values.iter().map(|it| it / cores).collect();
        readings.take(Signal::RunDelay, delay.map(per_core));
        // One of the tasks that run is the agent that counts them.
        let beyond = |running: &f64| match running - 1.0 - cores {
            few if few < 0.0 => 0.0,
            more => more / cores,
        };
        let running = lens.one("system.process.running", &[]);
        let queue = running.map(|it| it.iter().map(beyond).collect());
        readings.take(Signal::RunQueue, queue);
    }
    readings.take(Signal::FullCoreDelay, full_core_delay(lens));
    readings.take(Signal::Steal, lens.processor_state("steal"));
    readings.take(Signal::Starts, lens.one("system.process.created", &[]));
    readings.take(Signal::BusiestCore, busiest_core(lens));
    readings
}

fn busiest_core(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let cores = cores_busy(lens);
    largest(lens.frame.rows(), cores.map(|line| &line.values[..]))
}

/// Use of each processor.
fn cores_busy<'a>(lens: &'a Lens<'_>) -> impl Iterator<Item = &'a Line> {
    let lines = lens.of("system.cpu.utilization").iter().copied();
    lines.filter(|line| {
        let key = &line.series.key;
        key.attributes.len() == 1 && key.attribute("cpu").is_some()
    })
}

/// Tasks that wait for the processor that has most of them, where it is full. Those that
/// a quota stops do not wait for a processor and are not in it.
fn full_core_delay(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let where_full = |line: &Line, waiting: &[f64]| {
        pairs(&line.values, waiting, |busy, waiting| {
            if busy.is_nan() || waiting.is_nan() {
                f64::NAN
            } else if busy >= FULL_CORE {
                waiting
            } else {
                0.0
            }
        })
    };
    let of_core = |line: &Line| {
        let core = line.series.key.attribute("cpu")?;
        let delay = lens.one("system.cpu.run_delay", &[("cpu", core)])?;
        Some(where_full(line, &delay))
    };
    let mut delays: Vec<Vec<f64>> = cores_busy(lens).filter_map(of_core).collect();
    if delays.is_empty() {
        // Where the kernel does not count waiting tasks by processor: the share of time
        // in which some task waited is the least number of tasks that did.
        let waiting = unthrottled_pressure(lens)?;
        delays = cores_busy(lens)
            .map(|line| where_full(line, &waiting))
            .collect();
    }
    largest(lens.frame.rows(), delays.iter().map(|it| &it[..]))
}

/// Pressure of the processors in rows in which no quota makes it.
fn unthrottled_pressure(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let pressure = lens.pressure("cpu")?;
    let groups = lens.of("cgroup.cpu.throttled_share").iter();
    let throttled = largest(lens.frame.rows(), groups.map(|line| &line.values[..]));
    let Some(throttled) = throttled else {
        return Some(pressure);
    };
    Some(pairs(&pressure, &throttled, |pressure, throttled| {
        if throttled > FEW_THROTTLED {
            0.0
        } else {
            pressure
        }
    }))
}

/// Control groups with a quota, the most throttled first; one without a name where
/// there is none.
pub(super) fn throttling(lens: &Lens<'_>) -> Vec<Readings> {
    let metrics = [
        "cgroup.cpu.throttled_share",
        "cgroup.cpu.throttled",
        "cgroup.cpu.throttled_time",
    ];
    let mut all: Vec<(f64, Readings)> = lens
        .values_of(&metrics, "cgroup")
        .iter()
        .map(|group| throttled(lens, group))
        .collect();
    if all.is_empty() {
        let mut none = Readings::new(Resource::CpuThrottling, "");
        none.doubts = vec!["no control group was measured".to_owned()];
        return vec![none];
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.part.cmp(&b.1.part)));
    all.truncate(PARTS_MAX);
    all.into_iter().map(|(_, readings)| readings).collect()
}

fn throttled(lens: &Lens<'_>, group: &str) -> (f64, Readings) {
    let with = [("cgroup", group)];
    let one = |metric| lens.one(metric, &with);
    let mut readings = Readings::new(Resource::CpuThrottling, group);
    let share = one("cgroup.cpu.throttled_share").map(|it| it.into_iter());
    let periods = || {
        Some(ratio(
            &one("cgroup.cpu.throttled")?,
            &one("cgroup.cpu.periods")?,
        ))
    };
    // No period counts where nothing was runnable: then nothing was throttled.
    let counted = one("cgroup.cpu.periods");
    let share = share
        .map(|it| it.collect())
        .or_else(periods)
        .map(|share: Vec<f64>| {
            let Some(counted) = &counted else {
                return share;
            };
            pairs(
                &share,
                counted,
                |share, count| if count == 0.0 { 0.0 } else { share },
            )
        });
    readings.take(Signal::ThrottledPeriods, share);
    let time = one("cgroup.cpu.throttled_time");
    let worst = time.as_ref().map_or(0.0, |it| {
        it.iter().copied().filter(|it| it.is_finite()).sum()
    });
    readings.take(Signal::ThrottledTime, time);
    let total = [("cgroup", group), ("mode", "total")];
    let usage = one("cgroup.cpu.usage").or_else(|| lens.one("cgroup.cpu.time", &total));
    let usage = usage.zip(one("cgroup.cpu.limit"));
    let usage = usage.map(|(usage, limit)| ratio(&usage, &held(&limit)));
    readings.take(Signal::QuotaUse, usage);
    (worst, readings)
}

/// Memory: what is left, stall, reclaim, swap, and the fullest control group.
pub(super) fn memory(lens: &Lens<'_>) -> Readings {
    let mut readings = Readings::new(Resource::Memory, "");
    let used = lens.one("system.memory.utilization", &[]).or_else(|| {
        let available = lens.one("system.memory.available", &[])?;
        let left = ratio(&available, &held(&lens.one("system.memory.limit", &[])?));
        Some(left.iter().map(|it| 1.0 - it).collect())
    });
    readings.take(Signal::MemoryUse, used);
    readings.take(Signal::MemoryPressure, lens.pressure("memory"));
    let direct = [("type", "scanned_direct")];
    readings.take(
        Signal::DirectReclaim,
        lens.one("system.memory.reclaim", &direct),
    );
    let swap = [("type", "swap")];
    readings.take(
        Signal::Swapping,
        lens.sum("system.paging.operations", &swap),
    );
    let major = [("type", "major")];
    readings.take(
        Signal::MajorFaults,
        lens.one("system.paging.faults", &major),
    );
    readings.take(Signal::Kills, lens.one("system.memory.oom_kills", &[]));
    group_memory(lens, &mut readings);
    readings
}

fn group_memory(lens: &Lens<'_>, readings: &mut Readings) {
    let groups = lens.values_of(&["cgroup.memory.limit"], "cgroup");
    let used = groups.iter().filter_map(|group| {
        let with = [("cgroup", group.as_str())];
        let usage = lens.one("cgroup.memory.usage", &with)?;
        let limit = held(&lens.one("cgroup.memory.limit", &with)?);
        Some((group, ratio(&usage, &limit)))
    });
    let mut used: Vec<(&String, Vec<f64>)> = used.collect();
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    used.sort_by(|a, b| most(&b.1).total_cmp(&most(&a.1)).then_with(|| a.0.cmp(b.0)));
    let fullest = largest(lens.frame.rows(), used.iter().map(|(_, it)| &it[..]));
    readings.take(Signal::GroupMemoryUse, fullest);
    readings.take(Signal::GroupLimitHits, group_limit_hits(lens));
}

fn group_limit_hits(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let hits = lens.of("cgroup.memory.events").iter().filter(|line| {
        let key = &line.series.key;
        key.attribute("type") == Some("max") && key.attribute("cgroup") != Some("/")
    });
    largest(lens.frame.rows(), hits.map(|line| &line.values[..]))
}

/// Share of the bytes, or of the stall, of disks that comes of want of memory.
pub(super) fn disk_share_of_memory(lens: &Lens<'_>) -> Vec<f64> {
    let rows = lens.frame.rows();
    let swap = lens.sum("system.paging.operations", &[("type", "swap")]);
    let bytes = sum(
        rows,
        lens.of("system.disk.io")
            .iter()
            .map(|line| &line.values[..]),
    );
    let of_bytes = |pages: Vec<f64>| {
        let bytes = bytes.as_ref()?;
        let share = |pages, bytes| share_of_stall(pages * PAGE_BYTES, bytes);
        Some(pairs(&pages, bytes, share))
    };
    let by_bytes = swap.and_then(of_bytes);
    // Each hit of a limit drops a page that may have to be read again.
    let by_hits = group_limit_hits(lens).and_then(of_bytes);
    let stall = lens.pressure("memory").zip(lens.pressure("io"));
    let by_stall = stall.map(|(memory, io)| pairs(&memory, &io, share_of_stall));
    let all: Vec<Vec<f64>> = [by_bytes, by_hits, by_stall]
        .into_iter()
        .flatten()
        .collect();
    largest(rows, all.iter().map(|it| &it[..])).unwrap_or_else(|| vec![f64::NAN; rows])
}

/// Nothing of nothing is no share; `NaN` stays.
fn share_of_stall(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        part / whole
    } else {
        whole * 0.0
    }
}

/// Block devices; one without a name where none was measured.
pub(super) fn disks(lens: &Lens<'_>, cores: Option<f64>) -> Vec<Readings> {
    let metrics = [
        "system.disk.utilization",
        "system.disk.io_time",
        "system.disk.queue",
        "system.disk.weighted_io_time",
    ];
    let real = |name: &String| !NO_DEVICES.iter().any(|it| name.starts_with(it));
    let mut devices: Vec<String> = lens.values_of(&metrics, "device");
    devices.retain(real);
    devices.truncate(PARTS_MAX);
    let mut all: Vec<Readings> = devices.iter().map(|it| device(lens, it)).collect();
    if all.is_empty() {
        all.push(Readings::new(Resource::Disk, ""));
    }
    let waiting = lens.processor_state("iowait");
    for readings in &mut all {
        readings.take(Signal::IoPressure, lens.pressure("io"));
        readings.take(Signal::Blocked, lens.one("system.process.blocked", &[]));
        readings.take(Signal::IoWait, waiting.clone().filter(|_| cores.is_some()));
    }
    all
}

fn device(lens: &Lens<'_>, name: &str) -> Readings {
    let with = [("device", name)];
    let one = |metric| lens.one(metric, &with);
    let mut readings = Readings::new(Resource::Disk, name);
    let busy = one("system.disk.utilization").or_else(|| one("system.disk.io_time"));
    readings.take(Signal::DeviceBusy, busy);
    let queue = one("system.disk.queue").or_else(|| one("system.disk.weighted_io_time"));
    readings.take(Signal::DeviceQueue, queue);
    let moved = |metric| {
        let of = |direction| lens.one(metric, &[("device", name), ("direction", direction)]);
        let both = [of("read"), of("write")];
        sum(lens.frame.rows(), both.iter().flatten().map(|it| &it[..]))
    };
    let waited = one("system.disk.await").or_else(|| {
        let (time, count) = (
            moved("system.disk.operation_time")?,
            moved("system.disk.operations")?,
        );
        Some(ratio(&time, &count))
    });
    readings.take(Signal::DeviceAwait, waited);
    readings
}

/// Interfaces and protocols.
pub(super) fn network(lens: &Lens<'_>) -> Readings {
    let mut readings = Readings::new(Resource::Network, "");
    let segments = |kind| lens.one("system.network.tcp.segments", &[("type", kind)]);
    let again = segments("retransmitted").zip(segments("sent"));
    readings.take(
        Signal::Retransmits,
        again.map(|(part, all)| share_of(&part, &all)),
    );
    let dropped = lens.sum("system.network.dropped", &[]);
    let packets = lens.sum("system.network.packets", &[]);
    let dropped = dropped.zip(packets);
    readings.take(
        Signal::Drops,
        dropped.map(|(part, all)| share_of(&part, &all)),
    );
    readings.take(Signal::QueueDelay, queue_delay(lens));
    let thrown = lens.sum("system.network.queue.dropped", &[]);
    let thrown = thrown.zip(lens.sum("system.network.packets", &[("direction", "transmit")]));
    readings.take(
        Signal::QueueDrops,
        thrown.map(|(part, all)| share_of(&part, &all)),
    );
    let softnet = |kind| lens.one("system.network.softnet", &[("type", kind)]);
    readings.take(Signal::BacklogDrops, softnet("dropped"));
    readings.take(Signal::Squeezes, softnet("squeezed"));
    let datagrams = |kind| lens.one("system.network.udp.datagrams", &[("type", kind)]);
    let lost = datagrams("receive_buffer_errors").zip(datagrams("received"));
    let lost = lost.map(|(part, whole)| {
        let offered = pairs(&part, &whole, |part, whole| part + whole);
        share_of(&part, &offered)
    });
    readings.take(Signal::BufferErrors, lost);
    let overflows = lens.one("system.network.tcp.listen", &[("type", "overflows")]);
    readings.take(Signal::ListenOverflows, overflows);
    readings.take(
        Signal::InterfaceErrors,
        lens.sum("system.network.errors", &[]),
    );
    if !readings.signals.contains_key(&Signal::QueueDelay) {
        readings.doubts =
            vec!["the speed of the links and their queues were not measured".to_owned()];
    }
    readings
}

/// How long the queue of an interface takes to be sent at the rate at which it sends;
/// of the interface where it takes longest.
fn queue_delay(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let devices = lens.values_of(&["system.network.queue.backlog"], "device");
    let of_device = |device: &String| {
        let backlog = lens.one("system.network.queue.backlog", &[("device", device)])?;
        let sent = [("device", device.as_str()), ("direction", "transmit")];
        let sent = lens.one("system.network.io", &sent)?;
        Some(pairs(&backlog, &sent, |backlog, sent| {
            let queued = backlog - FEW_BYTES_QUEUED;
            if backlog.is_nan() || sent.is_nan() {
                f64::NAN
            } else if queued <= 0.0 {
                0.0
            } else {
                queued / sent.max(1.0)
            }
        }))
    };
    let delays: Vec<Vec<f64>> = devices.iter().filter_map(of_device).collect();
    largest(lens.frame.rows(), delays.iter().map(|it| &it[..]))
}

/// A share of packets; none where so few are concerned that it says nothing.
fn share_of(part: &[f64], whole: &[f64]) -> Vec<f64> {
    pairs(part, whole, |part, whole| {
        if part.is_nan() || whole.is_nan() {
            f64::NAN
        } else if part < FEW_PACKETS {
            0.0
        } else {
            part / whole.max(part)
        }
    })
}

/// Open files of the system and of processes.
pub(super) fn descriptors(lens: &Lens<'_>, files: &[OpenFiles]) -> Readings {
    let mut readings = Readings::new(Resource::FileDescriptors, "");
    let count = lens.one("system.file_descriptor.count", &[]);
    let limit = lens.one("system.file_descriptor.limit", &[]);
    let used = count
        .zip(limit)
        .map(|(count, limit)| ratio(&count, &held(&limit)));
    readings.take(Signal::SystemFiles, used);
    let rows = lens.frame.rows();
    let mut shares: Vec<Vec<f64>> = files.iter().map(|it| of_files(lens, it)).collect();
    shares.extend(of_series(lens));
    readings.take(
        Signal::ProcessFiles,
        largest(rows, shares.iter().map(|it| &it[..])),
    );
    if files.iter().any(|it| it.limit.is_none()) {
        readings.doubts = vec![
            "limits of single processes were not measured; usual ones were assumed".to_owned(),
        ];
    }
    readings
}

/// Open files of a process over its limit at each row.
fn of_files(lens: &Lens<'_>, files: &OpenFiles) -> Vec<f64> {
    let mut next = 0;
    let at_row = |at: &i64| {
        while files.at.get(next).is_some_and(|it| it <= at) {
            next += 1;
        }
        let open = next.checked_sub(1).and_then(|it| files.open.get(it));
        open.map_or(f64::NAN, |open| share_of_files(*open, files.limit))
    };
    lens.frame.at.iter().map(at_row).collect()
}

fn of_series(lens: &Lens<'_>) -> Vec<Vec<f64>> {
    let lines = lens.of("process.open_file_descriptor.count").iter();
    lines
        .map(|line| {
            let counts = line.values.iter();
            counts.map(|it| share_of_files(*it, None)).collect()
        })
        .collect()
}

/// A process over its own limit; where that is not known only nearness to a usual one
/// counts, since a number far from it says nothing.
fn share_of_files(open: f64, limit: Option<f64>) -> f64 {
    if let Some(limit) = limit.filter(|it| *it > 0.0) {
        return open / limit;
    }
    let near = |limit: &&f64| open <= **limit && open >= AT_USUAL_LIMIT * **limit;
    match USUAL_FILE_LIMITS.iter().find(near) {
        Some(_) => USUAL_LIMIT_SHARE,
        None if open.is_nan() => f64::NAN,
        None => 0.0,
    }
}
