//! Says in plain sentences what a recording shows, without concluding from it.
//!
//! * In: rows of processes, columns of utilization.
//! * Out: who used what, and how much of each resource was in use.
//! * Never: names a bottleneck or a cause; those are analyses of their own.
//!
//! Start at [`busiest`], [`resources`] and [`sentences`].

use std::cmp::Ordering;
use std::fmt;

use model::columns::Column;
use model::process::{Field, Process, ProcessId, Reading};
use model::series::SeriesKey;
use model::time::{Moment, Span, duration_text};
use model::unit::Unit;

use crate::summary::{self, Summary};

/// What is known of one process: the rows of it that a recording holds.
///
/// A recording holds a row where a number changed, so rows may be far apart.
#[derive(Clone, Copy, Debug)]
pub struct ProcessRows<'a> {
    /// Number within its host's stream.
    pub id: ProcessId,
    /// Name of its host.
    pub host: &'a str,
    /// Who it is.
    pub process: &'a Process,
    /// Its start on the session's axis, when known.
    pub started: Option<Moment>,
    /// Times of the rows, ascending.
    pub at: &'a [i64],
    /// The rows.
    pub readings: &'a [Reading],
}

/// What one process used within a span.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessUse {
    /// Number within its host's stream.
    pub id: ProcessId,
    /// Name of its host.
    pub host: String,
    /// Kernel process id.
    pub pid: u32,
    /// Its parent's when it was first seen; 0 when unknown.
    pub parent_pid: u32,
    /// Short name.
    pub name: String,
    /// Command line with secrets removed.
    pub command: String,
    /// Control group path.
    pub cgroup: String,
    /// Processor time it used, in seconds.
    pub cpu_seconds: f64,
    /// That time over what all processors of its host could give, 0 to 1;
    /// `NaN` when their number is not known.
    pub machine_share: f64,
    /// Largest resident memory, in bytes; `NaN` when it was not read.
    pub peak_resident_bytes: f64,
    /// Bytes read from storage; `NaN` when it was not read.
    pub read_bytes: f64,
    /// Bytes written to storage; `NaN` when it was not read.
    pub write_bytes: f64,
}

/// How much of a resource was in use.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceUse {
    /// The series.
    pub key: SeriesKey,
    /// What people call it, such as `processor` or `disk sda`.
    pub name: String,
    /// Unit of the numbers.
    pub unit: Unit,
    /// The numbers.
    pub summary: Summary,
}

/// One observation; prints as plain text.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// The series it speaks of.
    pub subject: String,
    /// Its words and numbers.
    pub pieces: Vec<Piece>,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// A number that can be traced.
    Number {
        /// The exact value.
        value: f64,
        /// As it is shown, with its unit.
        text: String,
        /// Unit of the exact value.
        unit: Unit,
        /// What it is of the subject.
        statistic: &'static str,
    },
}

/// A metric that says how much of something is in use, and what people call that.
struct Resource {
    metric: &'static str,
    noun: &'static str,
    /// The attribute that tells several of them apart; empty where there is one a host.
    by: &'static str,
    /// An attribute that must have this value.
    only: Option<(&'static str, &'static str)>,
}

/// What [`resources`] looks at. Add yours here.
const RESOURCES: &[Resource] = &[
    Resource {
        metric: "system.cpu.utilization",
        noun: "processor",
        by: "",
        only: None,
    },
    Resource {
        metric: "system.memory.utilization",
        noun: "memory",
        by: "",
        only: None,
    },
    Resource {
        metric: "system.paging.utilization",
        noun: "swap space",
        by: "",
        only: None,
    },
    Resource {
        metric: "system.disk.utilization",
        noun: "disk",
        by: "device",
        only: None,
    },
    Resource {
        metric: "system.filesystem.utilization",
        noun: "file system",
        by: "mountpoint",
        only: None,
    },
    Resource {
        metric: "system.pressure.share",
        noun: "pressure on",
        by: "resource",
        only: Some(("kind", "some")),
    },
    Resource {
        metric: "cgroup.cpu.throttled_share",
        noun: "throttling of",
        by: "cgroup",
        only: None,
    },
];

impl Resource {
    /// What people call the series, when it is one of this resource.
    fn name(&self, key: &SeriesKey) -> Option<String> {
        let (wanted, _) = self.only.unzip();
        let fits = key.metric == self.metric
            && self
                .only
                .is_none_or(|(name, value)| key.attribute(name) == Some(value))
            && key
                .attributes
                .iter()
                .all(|(name, _)| name == self.by || Some(name.as_str()) == wanted);
        if !fits {
            return None;
        }
        match self.by {
            "" => Some(self.noun.to_owned()),
            by => Some(format!("{} {}", self.noun, key.attribute(by)?)),
        }
    }
}

/// What each process used within `span`, the busiest first.
///
/// Growth is counted from the last row before the span, or from zero for a process
/// that started within it; otherwise from the first row inside. A number that falls
/// counts for nothing. `cpus` gives the number of processors of a host.
pub fn busiest(
    rows: &[ProcessRows<'_>],
    span: Span,
    cpus: &dyn Fn(&str) -> Option<u32>,
) -> Vec<ProcessUse> {
    let mut uses: Vec<_> = rows
        .iter()
        .filter_map(|it| process_use(it, span, cpus(it.host)))
        .collect();
    uses.sort_by(|a, b| {
        descending(a.cpu_seconds, b.cpu_seconds)
            .then_with(|| descending(a.peak_resident_bytes, b.peak_resident_bytes))
            .then_with(|| (&a.host, a.id).cmp(&(&b.host, b.id)))
    });
    uses
}

/// Whether [`resources`] would look at a series of this name.
pub fn watches(key: &SeriesKey) -> bool {
    RESOURCES.iter().any(|it| it.name(key).is_some())
}

/// How much of each resource was in use within `span`, the most used first.
///
/// Columns that are no utilization are left aside, and so are those without a number.
pub fn resources(columns: &[Column], span: Span) -> Vec<ResourceUse> {
    let mut uses: Vec<_> = columns
        .iter()
        .filter_map(|column| {
            let key = &column.series.key;
            let name = RESOURCES.iter().find_map(|it| it.name(key))?;
            let summary = summary::of(column.values.get(column.rows(span))?);
            (summary.n > 0).then(|| ResourceUse {
                key: key.clone(),
                name,
                unit: column.series.unit.clone(),
                summary,
            })
        })
        .collect();
    uses.sort_by(|a, b| {
        descending(a.summary.p95, b.summary.p95)
            .then_with(|| descending(a.summary.mean, b.summary.mean))
            .then_with(|| a.key.cmp(&b.key))
    });
    uses
}

/// A few plain sentences on what was used, the most telling first, at most `most`.
pub fn sentences(
    resources: &[ResourceUse],
    processes: &[ProcessUse],
    most: usize,
) -> Vec<Sentence> {
    let hosts = resources.iter().map(|it| it.key.host.as_str());
    let mut hosts = hosts.chain(processes.iter().map(|it| it.host.as_str()));
    let first = hosts.next();
    let several = hosts.any(|host| Some(host) != first);
    let used = resources.iter().filter(|it| it.summary.p95 > 0.0);
    let mut used = used.map(|it| it.sentence(several));
    let busy = processes.iter().filter(|it| it.cpu_seconds > 0.0);
    let mut busy = busy.map(|it| it.sentence(several));
    // Turn about, so that neither crowds out the other.
    let mut said = Vec::new();
    while said.len() < most {
        let pair = [used.next(), busy.next()];
        if pair.iter().all(Option::is_none) {
            break;
        }
        said.extend(pair.into_iter().flatten());
    }
    said.truncate(most);
    said
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) | Piece::Number { text, .. } => f.write_str(text),
        })
    }
}

impl ResourceUse {
    fn sentence(&self, several: bool) -> Sentence {
        let number = |value, statistic| Piece::Number {
            value,
            text: self.unit.text(value),
            unit: self.unit.clone(),
            statistic,
        };
        let place = place(several, &self.key.host);
        Sentence {
            subject: self.key.to_string(),
            pieces: vec![
                Piece::Text(format!("{}{place}: ", capitalized(&self.name))),
                number(self.summary.p50, "p50"),
                Piece::Text(" at the median, ".to_owned()),
                number(self.summary.p95, "p95"),
                Piece::Text(" at the 95th percentile, ".to_owned()),
                number(self.summary.max, "max"),
                Piece::Text(" at most.".to_owned()),
            ],
        }
    }
}

impl ProcessUse {
    /// The process as a series is named, for reports.
    pub fn subject(&self) -> String {
        let attributes = [
            ("process.pid".to_owned(), self.pid.to_string()),
            ("process.name".to_owned(), self.name.clone()),
        ];
        SeriesKey::new(self.host.as_str(), "process.cpu.time", attributes).to_string()
    }

    fn sentence(&self, several: bool) -> Sentence {
        let place = place(several, &self.host);
        let share = Unit::new("1");
        let mut pieces = vec![
            Piece::Text(format!("{} ({}){place} used ", self.name, self.pid)),
            Piece::Number {
                value: self.cpu_seconds,
                text: duration_text(self.cpu_seconds),
                unit: Unit::new("s"),
                statistic: "growth",
            },
            Piece::Text(" of processor time".to_owned()),
        ];
        if !self.machine_share.is_nan() {
            pieces.push(Piece::Text(", ".to_owned()));
            pieces.push(Piece::Number {
                value: self.machine_share,
                text: share.text(self.machine_share),
                unit: share,
                statistic: "growth over processors and time",
            });
            pieces.push(Piece::Text(" of what the machine could give".to_owned()));
        }
        pieces.push(Piece::Text(".".to_owned()));
        Sentence {
            subject: self.subject(),
            pieces,
        }
    }
}

fn place(several: bool, host: &str) -> String {
    if several {
        format!(" on {host}")
    } else {
        String::new()
    }
}

fn process_use(rows: &ProcessRows<'_>, span: Span, cpus: Option<u32>) -> Option<ProcessUse> {
    let from = rows.at.partition_point(|at| *at < span.from.0);
    let to = rows.at.partition_point(|at| *at < span.to.0).max(from);
    let inside = rows.readings.get(from..to)?;
    let before = from.checked_sub(1).and_then(|row| rows.readings.get(row));
    let born_inside = rows.started.is_some_and(|it| span.contains(it));
    if inside.is_empty() && (before.is_none() || rows.at.len() == from) {
        return None;
    }
    let growth = |value: fn(&Reading) -> f64| {
        let start = match before {
            Some(before) => Start::Row(value(before)),
            None if born_inside => Start::Birth,
            None => Start::Unknown,
        };
        grown(start, inside.iter().map(value))
    };
    let cpu_seconds = growth(Reading::cpu_seconds);
    let available = f64::from(cpus.unwrap_or(0)) * span.seconds();
    let resident = before.into_iter().chain(inside);
    Some(ProcessUse {
        id: rows.id,
        host: rows.host.to_owned(),
        pid: rows.process.pid,
        parent_pid: rows.process.parent_pid,
        name: rows.process.name.clone(),
        command: rows.process.command.clone(),
        cgroup: rows.process.cgroup.clone(),
        cpu_seconds,
        machine_share: if available > 0.0 {
            cpu_seconds / available
        } else {
            f64::NAN
        },
        peak_resident_bytes: resident
            .map(|it| it.value(Field::ResidentMemory))
            .fold(f64::NAN, f64::max),
        read_bytes: growth(|it| it.value(Field::ReadBytes)),
        write_bytes: growth(|it| it.value(Field::WriteBytes)),
    })
}

/// From where the growth of a counter is counted.
enum Start {
    /// The row before the span.
    Row(f64),
    /// The process started inside the span, at zero.
    Birth,
    /// The first row inside the span.
    Unknown,
}

/// How much a counter grew; `NaN` when it has no number at all.
fn grown(start: Start, values: impl Iterator<Item = f64>) -> f64 {
    // A row is kept where something changed: no row inside means no growth.
    let (mut last, mut total) = match start {
        Start::Row(value) if !value.is_nan() => (Some(value), 0.0),
        Start::Birth => (Some(0.0), f64::NAN),
        Start::Row(_) | Start::Unknown => (None, f64::NAN),
    };
    for value in values.filter(|it| !it.is_nan()) {
        let growth = last.map_or(0.0, |last| (value - last).max(0.0));
        total = if total.is_nan() {
            growth
        } else {
            total + growth
        };
        last = Some(value);
    }
    total
}

/// Larger first, `NaN` last.
fn descending(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a, b) => a.cmp(&b),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::series::Series;

    use super::*;

    const S: i64 = 1_000_000_000;

    fn reading(cpu_seconds: i64, resident: i64, written: i64) -> Reading {
        let mut reading = Reading::default();
        reading.set(Field::UserTime, cpu_seconds * 1_000_000);
        reading.set(Field::SystemTime, 0);
        reading.set(Field::ResidentMemory, resident);
        reading.set(Field::WriteBytes, written);
        reading
    }

    fn process(pid: u32, name: &str) -> Process {
        Process {
            pid,
            name: name.to_owned(),
            ..Process::default()
        }
    }

    fn utilization(name: &str, values: &[f64]) -> Column {
        Column {
            series: Series {
                key: name.parse().unwrap_or_default(),
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::HigherIsWorse,
            },
            at: (0..values.len() as i64).map(|i| i * S).collect(),
            values: values.into(),
        }
    }

    #[test]
    fn what_processes_used_is_counted_within_the_span() {
        let span = Span {
            from: Moment(10 * S),
            to: Moment(20 * S),
        };
        let [old, new, gone, idle] = [
            process(1, "old"),
            process(2, "new"),
            process(3, "gone"),
            process(4, "idle"),
        ];
        let rows = |id, process, started, at, readings| ProcessRows {
            id: ProcessId(id),
            host: "h",
            process,
            started,
            at,
            readings,
        };
        let uses = busiest(
            &[
                rows(
                    1,
                    &old,
                    None,
                    &[0, 12 * S, 15 * S, 25 * S],
                    &[
                        reading(100, 5, 0),
                        reading(103, 9, 7),
                        reading(1, 2, 8),
                        reading(50, 99, 9),
                    ],
                ),
                rows(
                    2,
                    &new,
                    Some(Moment(11 * S)),
                    &[12 * S],
                    &[reading(4, 7, 3)],
                ),
                rows(3, &gone, None, &[0], &[reading(4, 7, 3)]),
                rows(
                    4,
                    &idle,
                    None,
                    &[5 * S, 30 * S],
                    &[reading(4, 8, 3), reading(9, 7, 3)],
                ),
            ],
            span,
            &|_| Some(2),
        );
        let short: Vec<_> = uses
            .iter()
            .map(|it| {
                (
                    it.name.as_str(),
                    it.cpu_seconds,
                    it.machine_share,
                    it.peak_resident_bytes,
                    it.write_bytes,
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                ("new", 4.0, 0.2, 7.0, 3.0),
                ("old", 3.0, 0.15, 9.0, 8.0),
                ("idle", 0.0, 0.0, 8.0, 0.0)
            ]
        );
        assert!(uses[0].read_bytes.is_nan());
        assert_eq!(
            sentences(&[], &uses, 1)[0].to_string(),
            "new (2) used 4 s of processor time, 20 % of what the machine could give."
        );
    }

    #[test]
    fn sentences_say_what_was_used_and_no_more() {
        let columns = [
            utilization("h/system.memory.utilization", &[0.5, 0.5, 0.5]),
            utilization("h/system.cpu.utilization", &[0.1, 0.2, 0.9]),
            utilization("h/system.cpu.utilization{cpu=0}", &[0.1, 0.2, 0.9]),
            utilization("h/system.disk.utilization{device=sda}", &[0.0, 0.0, 0.0]),
            utilization(
                "h/system.pressure.share{kind=full,resource=io}",
                &[0.1, 0.1, 0.1],
            ),
            utilization(
                "h/system.pressure.share{kind=some,resource=io}",
                &[0.1, 0.1, f64::NAN],
            ),
            utilization("h/system.temperature{sensor=a}", &[0.1, 0.1, 0.1]),
        ];
        let used = resources(&columns, columns[0].span());
        assert_eq!(used.len(), 4);
        assert_eq!(
            sentences(&used, &[], 9)
                .iter()
                .map(Sentence::to_string)
                .collect::<Vec<_>>(),
            [
                "Processor: 20 % at the median, 83 % at the 95th percentile, 90 % at most.",
                "Memory: 50 % at the median, 50 % at the 95th percentile, 50 % at most.",
                "Pressure on io: 10 % at the median, 10 % at the 95th percentile, 10 % at most.",
            ]
        );
        assert!(sentences(&[], &[], 9).is_empty());
    }
}
