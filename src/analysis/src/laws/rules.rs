//! The laws, one function each.
//!
//! Start at [`ALL`]; add a law by adding a line.

use super::{Law, Own, Rows, Violation, step_seconds};
use crate::frame::{Frame, Line};

/// One check.
type Rule = fn(&Own<'_>) -> Vec<Violation>;

/// Every law. Add yours here.
pub(super) const ALL: &[Rule] = &[
    process_time,
    processor_states,
    device_busy,
    memory_parts,
    little,
    service_little,
    parts,
    packet_size,
];

/// Fewer rows are an accident of sampling.
pub(super) const LEAST_ROWS: usize = 3;

/// Two samples are not taken at exactly the times that stand beside them.
const TOLERANCE: f64 = 0.05;

/// Processor time is counted in ticks of ten milliseconds on many kernels: the sum of
/// states is off by a few of them for each interval.
const TICKS_SECONDS: f64 = 0.03;

/// Sums of pages read at slightly different moments differ by this share of memory.
const MEMORY_TOLERANCE: f64 = 0.02;

/// Little's law is judged on means over this many seconds, in which what is in flight
/// at the ends no longer matters.
const LITTLE_SECONDS: f64 = 30.0;

/// Queues below this say nothing: rounding to milliseconds is as large.
const LITTLE_LEAST_QUEUE: f64 = 0.5;

/// Both sides of Little's law may differ by this share of the larger.
const LITTLE_TOLERANCE: f64 = 0.5;

/// Offloads hand up to 64 KiB to the driver as one packet; with frame headers.
const PACKET_MOST: f64 = 65_536.0 + 256.0;

/// A packet has at least the header of the internet protocol.
const PACKET_LEAST: f64 = 20.0;

/// Packets a second from which on a size can be told.
const PACKETS_LEAST: f64 = 10.0;

fn name(line: &Line) -> String {
    line.name.clone()
}

/// How far a value is above its bound, as a share of it.
fn above(tolerance: f64) -> impl Fn(f64, f64) -> f64 {
    move |value, bound| value - bound * (1.0 + tolerance)
}

fn process_time(own: &Own<'_>) -> Vec<Violation> {
    let (Some(total), Some(cores)) = (own.input.processes, own.cores()) else {
        return series_of_processes(own);
    };
    let bound = cores * total.span.seconds();
    let far = above(TOLERANCE)(total.cpu_seconds, bound);
    if far.is_nan() || far <= 0.0 || bound <= 0.0 {
        return Vec::new();
    }
    let seconds = model::time::duration_text;
    vec![Violation {
        law: Law::ProcessTime,
        host: own.input.host.to_owned(),
        subject: String::new(),
        series: vec!["process.cpu.time".to_owned()],
        span: total.span,
        share: 1.0,
        coverage: 1.0,
        worst: total.cpu_seconds,
        bound,
        unit: "s",
        statement: format!(
            "processes used {} of processor time where there were {}",
            seconds(total.cpu_seconds),
            seconds(bound)
        ),
    }]
}

fn series_of_processes(own: &Own<'_>) -> Vec<Violation> {
    let lines = own.of("process.cpu.utilization");
    let Some(cores) = own.cores().filter(|_| !lines.is_empty()) else {
        return Vec::new();
    };
    let sums = sum(own, lines);
    let pairs: Vec<(f64, f64)> = own.smooth(&sums).iter().map(|it| (*it, cores)).collect();
    let about = Rows {
        law: Law::ProcessTime,
        subject: "",
        series: vec!["process.cpu.utilization".to_owned()],
        unit: "{cpu}",
        what: "processors used by all processes".to_owned(),
    };
    own.rows(about, &pairs, above(TOLERANCE))
        .into_iter()
        .collect()
}

/// Adds up lines row by row; `NaN` where any is a gap.
fn sum(own: &Own<'_>, lines: &[&Line]) -> Vec<f64> {
    (0..own.input.frame.rows())
        .map(|row| lines.iter().map(|line| line.values[row]).sum())
        .collect()
}

fn processor_states(own: &Own<'_>) -> Vec<Violation> {
    let tolerance = TOLERANCE + TICKS_SECONDS / step_seconds(own.input.frame);
    let groups = own.by("system.cpu.time", "cpu");
    let whole = groups.into_iter().filter_map(|(cpu, lines)| {
        let loose = |line: &&&Line| line.series.key.attribute("state") == Some("iowait");
        let strict: Vec<&Line> = lines.iter().filter(|it| !loose(it)).copied().collect();
        let (all, strict) = (
            own.smooth(&sum(own, &lines)),
            own.smooth(&sum(own, &strict)),
        );
        // The kernel counts idle time for storage loosely (`proc_stat(5)`): too much of
        // that alone is no violation.
        let judged = all.iter().zip(&strict).map(|(all, strict)| {
            if *all > 1.0 {
                (strict.max(1.0), 1.0)
            } else {
                (*all, 1.0)
            }
        });
        let pairs: Vec<(f64, f64)> = judged.collect();
        let about = Rows {
            law: Law::ProcessorStates,
            subject: cpu,
            series: lines.iter().map(|it| name(it)).collect(),
            unit: "s/s",
            what: format!("states of processor {cpu} add up to another time than passed"),
        };
        let off = |value: f64, bound: f64| (value - bound).abs() - tolerance;
        // All states are needed: an import may hold some of them.
        let complete = ["idle", "user", "system"].iter().all(|state| {
            let has = |line: &&Line| line.series.key.attribute("state") == Some(state);
            lines.iter().any(has)
        });
        own.rows(about, &pairs, off).filter(|_| complete)
    });
    whole.collect()
}

fn device_busy(own: &Own<'_>) -> Vec<Violation> {
    let derived = own.of("system.disk.utilization");
    let lines = if derived.is_empty() {
        own.of("system.disk.io_time")
    } else {
        derived
    };
    let tolerance = TOLERANCE + TICKS_SECONDS / step_seconds(own.input.frame);
    let found = lines.iter().filter_map(|line| {
        let device = line.series.key.attribute("device").unwrap_or_default();
        let smooth = own.smooth(&line.values);
        let pairs: Vec<(f64, f64)> = smooth.iter().map(|it| (*it, 1.0)).collect();
        let about = Rows {
            law: Law::DeviceBusy,
            subject: device,
            series: vec![name(line)],
            unit: "1",
            what: format!("disk {device} was busy for more than all of the time"),
        };
        own.rows(about, &pairs, above(tolerance))
    });
    found.collect()
}

fn memory_parts(own: &Own<'_>) -> Vec<Violation> {
    let lines = own.of("system.memory.usage");
    let Some(limit) = own
        .one("system.memory.limit", &[])
        .filter(|_| !lines.is_empty())
    else {
        return Vec::new();
    };
    let sums = sum(own, lines);
    let pairs: Vec<(f64, f64)> = sums.into_iter().zip(limit.values.iter().copied()).collect();
    let mut series: Vec<String> = lines.iter().map(|it| name(it)).collect();
    series.push(name(limit));
    let about = Rows {
        law: Law::MemoryParts,
        subject: "",
        series,
        unit: "By",
        what: "sorts of memory add up to more than there is".to_owned(),
    };
    own.rows(about, &pairs, above(MEMORY_TOLERANCE))
        .into_iter()
        .collect()
}

fn little(own: &Own<'_>) -> Vec<Violation> {
    let frame = own.input.frame;
    let length = frame.rows_of_seconds(LITTLE_SECONDS);
    let devices = own.by("system.disk.weighted_io_time", "device");
    let found = devices.into_iter().filter_map(|(device, queue)| {
        let queue = queue.first()?;
        let times: Vec<&Line> = own
            .of("system.disk.operation_time")
            .iter()
            .filter(|line| line.series.key.attribute("device") == Some(device))
            .copied()
            .collect();
        if times.is_empty() {
            return None;
        }
        // Throughput times response time is the time of all operations per second.
        let product = sum(own, &times);
        let pairs: Vec<(f64, f64)> = (0..frame.rows().saturating_sub(length - 1))
            .step_by(length)
            .flat_map(|from| {
                let mean = |values: &[f64]| {
                    values[from..from + length].iter().sum::<f64>() / length as f64
                };
                // Every row of the stretch stands for it, so that shares are of time.
                vec![(mean(&queue.values), mean(&product)); length]
            })
            .collect();
        let mut series = vec![name(queue)];
        series.extend(times.iter().map(|it| name(it)));
        let about = Rows {
            law: Law::Little,
            subject: device,
            series,
            unit: "{operation}",
            what: format!("the mean queue of disk {device} is not throughput times response time"),
        };
        own.rows(about, &pairs, |queue, product| {
            let larger = queue.max(product);
            if larger < LITTLE_LEAST_QUEUE {
                return f64::NAN;
            }
            (queue - product).abs() - LITTLE_TOLERANCE * larger
        })
    });
    found.collect()
}

/// Numbers in flight of a service that were counted, and what its spans tell.
///
/// # Source
///
/// OpenTelemetry semantic conventions for `http.server.active_requests` and
/// `rpc.server.active_requests`.
const ACTIVE: [&str; 3] = [
    "service.request.active",
    "http.server.active_requests",
    "rpc.server.active_requests",
];

/// Stretches are at least so many response times long, so that requests in flight at
/// their ends do not matter.
const LITTLE_RESPONSES: f64 = 20.0;

/// Both sides of the law of a service may differ by this share of the larger.
const SERVICE_TOLERANCE: f64 = 0.15;

/// Mean concurrency, against throughput times mean response time.
fn service_little(own: &Own<'_>) -> Vec<Violation> {
    let frame = own.input.frame;
    let length = frame.rows_of_seconds(LITTLE_SECONDS);
    let mut found = Vec::new();
    let services = own.by("service.request.throughput", "service.name");
    for (service, throughput) in services {
        let whole = |line: &&&Line| line.series.key.attributes.len() == 1;
        let Some(throughput) = throughput.iter().find(whole).copied() else {
            continue;
        };
        let named = [("service.name", service)];
        let Some(mean) = own.one("service.request.duration.mean", &named) else {
            continue;
        };
        for metric in ACTIVE {
            let counted = own.by(metric, "service.name");
            let Some(counted) = counted.get(service) else {
                continue;
            };
            let counted: Vec<&Line> = match metric == ACTIVE[0] {
                true => own.one(metric, &named).into_iter().collect(),
                false => counted.clone(),
            };
            // A level that is looked at now and then is not its mean.
            let tolerance = match metric == ACTIVE[0] {
                true => SERVICE_TOLERANCE,
                false => LITTLE_TOLERANCE,
            };
            let active = held(&sum(own, &counted));
            let pairs = service_pairs((&throughput.values, &mean.values, &active), length, frame);
            let mut series: Vec<String> = counted.iter().map(|it| name(it)).collect();
            series.extend([name(throughput), name(mean)]);
            let about = Rows {
                law: Law::Little,
                subject: service,
                series,
                unit: "{request}",
                what: format!(
                    "requests in flight of {service} are not throughput times response time"
                ),
            };
            found.extend(own.rows(about, &pairs, |active, product| {
                let larger = active.max(product);
                if larger < LITTLE_LEAST_QUEUE {
                    return f64::NAN;
                }
                (active - product).abs() - tolerance * larger
            }));
        }
    }
    found
}

/// A level that is told now and then holds until it is told again.
fn held(values: &[f64]) -> Vec<f64> {
    let mut last = f64::NAN;
    let held = values.iter().map(|value| {
        if value.is_finite() {
            last = *value;
        }
        last
    });
    held.collect()
}

/// Means of both sides over stretches; every row of a stretch stands for it.
fn service_pairs(
    (throughput, mean, active): (&[f64], &[f64], &[f64]),
    length: usize,
    frame: &Frame,
) -> Vec<(f64, f64)> {
    let seconds = length as f64 * frame.step_seconds();
    let mut pairs = Vec::new();
    for from in (0..frame.rows().saturating_sub(length - 1)).step_by(length) {
        let rows = from..from + length;
        let product = rows.clone().map(|row| match throughput[row] {
            // Without requests there is no response time, and nothing of it in flight.
            0.0 => 0.0,
            throughput => throughput * mean[row],
        });
        let average = |sum: f64| sum / length as f64;
        let product = average(product.sum());
        let active = average(active[rows.clone()].iter().sum());
        let slowest = mean[rows].iter().copied().fold(0.0, f64::max);
        let pair = match slowest * LITTLE_RESPONSES <= seconds {
            true => (active, product),
            false => (f64::NAN, f64::NAN),
        };
        pairs.extend(vec![pair; length]);
    }
    pairs
}

/// A part and its whole: metric and attributes of each, and the attribute that pairs them.
struct PartOf {
    part: (&'static str, &'static [(&'static str, &'static str)]),
    whole: (&'static str, &'static [(&'static str, &'static str)]),
    by: &'static str,
    unit: &'static str,
    what: &'static str,
    tolerance: f64,
}

#[rustfmt::skip]
const PARTS: &[PartOf] = &[
    PartOf { part: ("system.memory.available", &[]), whole: ("system.memory.limit", &[]), by: "",
        unit: "By", what: "more memory is available than there is", tolerance: 0.0 },
    PartOf { part: ("system.file_descriptor.count", &[]), whole: ("system.file_descriptor.limit", &[]), by: "",
        unit: "{file}", what: "more files are open than can be", tolerance: 0.0 },
    PartOf { part: ("system.process.count", &[]), whole: ("system.thread.count", &[]), by: "",
        unit: "{process}", what: "there are more processes than threads", tolerance: TOLERANCE },
    PartOf { part: ("system.process.running", &[]), whole: ("system.thread.count", &[]), by: "",
        unit: "{process}", what: "more tasks run than exist", tolerance: TOLERANCE },
    // A group may be over its limit while it reclaims, and after the limit was lowered.
    PartOf { part: ("cgroup.memory.usage", &[]), whole: ("cgroup.memory.limit", &[]), by: "cgroup",
        unit: "By", what: "a control group uses more memory than it may", tolerance: TOLERANCE },
    // A quota is enforced over a period; unused time is not kept but for a burst.
    PartOf { part: ("cgroup.cpu.usage", &[]), whole: ("cgroup.cpu.limit", &[]), by: "cgroup",
        unit: "{cpu}", what: "a control group uses more processors than it may", tolerance: 0.2 },
    PartOf { part: ("system.network.tcp.segments", &[("type", "retransmitted")]),
        whole: ("system.network.tcp.segments", &[("type", "sent")]), by: "",
        unit: "{segment}/s", what: "more segments were sent again than at all", tolerance: 1.0 },
];

fn parts(own: &Own<'_>) -> Vec<Violation> {
    PARTS.iter().flat_map(|rule| part_of(own, rule)).collect()
}

fn part_of(own: &Own<'_>, rule: &PartOf) -> Vec<Violation> {
    let subjects: Vec<&str> = match rule.by {
        "" => vec![""],
        by => own.by(rule.part.0, by).into_keys().collect(),
    };
    let found = subjects.into_iter().filter_map(|subject| {
        let with = |fixed: &'static [(&'static str, &'static str)]| {
            let mut all = fixed.to_vec();
            if !rule.by.is_empty() {
                all.push((rule.by, subject));
            }
            all
        };
        let part = own.one(rule.part.0, &with(rule.part.1))?;
        let whole = own.one(rule.whole.0, &with(rule.whole.1))?;
        let smooth = own.smooth(&part.values);
        let pairs: Vec<(f64, f64)> = smooth
            .into_iter()
            .zip(whole.values.iter().copied())
            .collect();
        let about = Rows {
            law: Law::Part,
            subject,
            series: vec![name(part), name(whole)],
            unit: rule.unit,
            what: if subject.is_empty() {
                rule.what.to_owned()
            } else {
                format!("{} ({subject})", rule.what)
            },
        };
        own.rows(about, &pairs, above(rule.tolerance))
    });
    found.collect()
}

fn packet_size(own: &Own<'_>) -> Vec<Violation> {
    let found = own.of("system.network.io").iter().filter_map(|bytes| {
        let key = &bytes.series.key;
        let with: Vec<(&str, &str)> = key
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let packets = own.one("system.network.packets", &with)?;
        let (sum, count) = (own.smooth(&bytes.values), own.smooth(&packets.values));
        let pairs: Vec<(f64, f64)> = sum
            .iter()
            .zip(&count)
            .map(|(bytes, packets)| {
                let size = if *packets >= PACKETS_LEAST {
                    bytes / packets
                } else {
                    f64::NAN
                };
                (
                    size,
                    if size < PACKET_LEAST {
                        PACKET_LEAST
                    } else {
                        PACKET_MOST
                    },
                )
            })
            .collect();
        let device = key.attribute("device").unwrap_or_default();
        let about = Rows {
            law: Law::PacketSize,
            subject: device,
            series: vec![name(bytes), name(packets)],
            unit: "By",
            what: format!("packets of {device} have a size that packets cannot have"),
        };
        own.rows(about, &pairs, |size, _| {
            (size - PACKET_MOST).max(PACKET_LEAST - size)
        })
    });
    found.collect()
}
