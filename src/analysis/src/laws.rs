//! Checks a recording against what no true recording can break.
//!
//! Processors cannot be used for more than all of their time, a disk cannot be busy for
//! longer than it took, what waits is what arrives times how long it waits. Where the
//! numbers say otherwise something measures wrongly, and results that rest on it are as
//! wrong; such a finding comes before every other.
//!
//! * In: the series of a host, on request what its processes used.
//! * Out: one [`Violation`] for each law and subject, with how long and how far.
//! * Never: repairs anything, or reports what rounding and sampling explain: numbers are
//!   judged on means over some seconds, with a tolerance.
//!
//! # Source
//!
//! J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research 9
//! (1961). P. J. Denning, J. P. Buzen, "The operational analysis of queueing network
//! models", ACM Computing Surveys 10 (1978). Counters: `proc_stat(5)`,
//! `proc_meminfo(5)`, the kernel's `admin-guide/iostats`, `networking/statistics`.
//!
//! Start at [`check`]; findings come from [`findings`] and [`quality_findings`].

use std::collections::BTreeMap;

use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::series::SeriesKey;
use model::time::{SECOND_NS, Span, duration_text};
use model::unit::Unit;

use crate::bottleneck::limits::SMOOTH_SECONDS;
use crate::frame::{Frame, Line};
use crate::stats::order;

mod quality;
mod rules;

pub use quality::{QualityInput, quality_findings};

/// What cannot be otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// All processes together use at most all processors.
    ProcessTime,
    /// The states of a processor add up to its time.
    ProcessorStates,
    /// A device is busy for at most all of the time.
    DeviceBusy,
    /// The sorts of memory add up to at most all of it.
    MemoryParts,
    /// Mean queue is throughput times mean response time.
    Little,
    /// A part is at most its whole.
    Part,
    /// A packet has a size that packets can have.
    PacketSize,
}

/// Every law with its stable name, and what a violation means.
pub const LAWS: &[(Law, &str, &str)] = &[
    (
        Law::ProcessTime,
        "process-time",
        "processes are counted twice or the number of processors is wrong",
    ),
    (
        Law::ProcessorStates,
        "processor-states",
        "time is missing or counted twice: ticks lost by a hypervisor, a clock that was set, \
         or samples that are not of one moment",
    ),
    (
        Law::DeviceBusy,
        "device-busy",
        "the time between samples is not what the clock says, or the counter is not of one device",
    ),
    (
        Law::MemoryParts,
        "memory-parts",
        "sorts of memory overlap, or limit and use are not of one machine",
    ),
    (
        Law::Little,
        "little",
        "operations are counted that were not timed, or the device works in bursts that are \
         longer than the stretch that was judged",
    ),
    (
        Law::Part,
        "part",
        "part and whole are not of one thing, or one of them is stale",
    ),
    (
        Law::PacketSize,
        "packet-size",
        "bytes and packets are not counted at one place, or one counter wrapped",
    ),
];

/// A law that was broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Which law.
    pub law: Law,
    /// Which host.
    pub host: String,
    /// Of what: a device, a processor, a control group; empty for the host itself.
    pub subject: String,
    /// Names of the series that disagree.
    pub series: Vec<String>,
    /// From the first to the last row that breaks it.
    pub span: Span,
    /// Share of the judged rows that break it, 0 to 1.
    pub share: f64,
    /// Share of the rows that could be judged, 0 to 1.
    pub coverage: f64,
    /// The number that is most off.
    pub worst: f64,
    /// What it may be at most, or has to be.
    pub bound: f64,
    /// Unit of both.
    pub unit: &'static str,
    /// One sentence: what, how far, how long.
    pub statement: String,
}

/// What processes used over a span, for the law on process time.
#[derive(Clone, Copy, Debug)]
pub struct ProcessTotal {
    /// The span.
    pub span: Span,
    /// Processor time of all processes, in seconds.
    pub cpu_seconds: f64,
}

/// The input of [`check`].
#[derive(Clone, Copy, Debug)]
pub struct LawInput<'a> {
    /// Name of the host in series keys.
    pub host: &'a str,
    /// Its series.
    pub frame: &'a Frame,
    /// Number of processors, where the series do not tell.
    pub cores: Option<f64>,
    /// What processes used, where that was recorded.
    pub processes: Option<ProcessTotal>,
}

impl Law {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.line().1
    }

    /// What it means when it is broken.
    pub fn meaning(self) -> &'static str {
        self.line().2
    }

    fn line(self) -> &'static (Self, &'static str, &'static str) {
        LAWS.iter().find(|it| it.0 == self).unwrap_or(&LAWS[0])
    }
}

impl Violation {
    /// The metrics that disagree, whatever the subject.
    fn metrics(&self) -> Vec<&str> {
        let names = self.series.iter();
        let mut metrics: Vec<&str> = names
            .map(|it| it.split_once('{').map_or(it.as_str(), |(metric, _)| metric))
            .collect();
        metrics.dedup();
        metrics
    }
}

/// Checks every law on one host; by law, then subject.
pub fn check(input: &LawInput<'_>) -> Vec<Violation> {
    let own = Own::new(input);
    let mut all: Vec<Violation> = rules::ALL.iter().flat_map(|rule| rule(&own)).collect();
    all.sort_by(|a, b| {
        let key = |it: &Violation| (it.law, it.span.from, it.span.to);
        (a.law, &a.subject, &a.series)
            .cmp(&(b.law, &b.subject, &b.series))
            .then_with(|| key(a).cmp(&key(b)))
    });
    all
}

/// The series of the host, by metric.
struct Own<'a> {
    input: &'a LawInput<'a>,
    lines: BTreeMap<&'a str, Vec<&'a Line>>,
}

/// A law about two numbers a row.
struct Rows<'a> {
    law: Law,
    subject: &'a str,
    series: Vec<String>,
    unit: &'static str,
    /// What is said, before the numbers.
    what: String,
}

impl<'a> Own<'a> {
    fn new(input: &'a LawInput<'a>) -> Self {
        let mut lines: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in &input.frame.lines {
            let key = &line.series.key;
            if key.host == input.host {
                lines.entry(&key.metric).or_default().push(line);
            }
        }
        Self { input, lines }
    }

    fn of(&self, metric: &str) -> &[&'a Line] {
        self.lines.get(metric).map_or(&[], Vec::as_slice)
    }

    fn one(&self, metric: &str, with: &[(&str, &str)]) -> Option<&'a Line> {
        let fits = |line: &&&Line| {
            let key = &line.series.key;
            key.attributes.len() == with.len() && has(key, with)
        };
        self.of(metric).iter().find(fits).copied()
    }

    /// The series of a metric by the value of an attribute.
    fn by(&self, metric: &str, attribute: &str) -> BTreeMap<&'a str, Vec<&'a Line>> {
        let mut groups: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in self.of(metric) {
            if let Some(value) = line.series.key.attribute(attribute) {
                groups.entry(value).or_default().push(line);
            }
        }
        groups
    }

    fn cores(&self) -> Option<f64> {
        let counted = self.one("system.cpu.logical.count", &[]);
        let counted = counted.map(|line| order::median(&line.values));
        let counted = counted.filter(|it| *it >= 1.0);
        counted.or(self.input.cores)
    }

    /// Means over some seconds; a row without all of them is a gap.
    fn smooth(&self, values: &[f64]) -> Vec<f64> {
        let frame = self.input.frame;
        let rows = frame.rows_of_seconds(SMOOTH_SECONDS);
        (0..values.len())
            .map(|row| match (row + 1).checked_sub(rows) {
                Some(from) => values[from..=row].iter().sum::<f64>() / rows as f64,
                None => f64::NAN,
            })
            .collect()
    }

    /// One violation when `value` is beyond `bound` in enough rows; `beyond` says so of
    /// a pair and how far.
    fn rows(
        &self,
        about: Rows<'_>,
        pairs: &[(f64, f64)],
        beyond: impl Fn(f64, f64) -> f64,
    ) -> Option<Violation> {
        let frame = self.input.frame;
        let known = pairs
            .iter()
            .filter(|(value, bound)| value.is_finite() && bound.is_finite());
        let known = known.count();
        let far = pairs.iter().map(|(value, bound)| beyond(*value, *bound));
        let off: Vec<(usize, f64)> = far
            .enumerate()
            .filter(|(_, far)| *far > 0.0 && far.is_finite())
            .collect();
        if off.len() < rules::LEAST_ROWS.min(known.max(1)) {
            return None;
        }
        let (first, last) = (off.first()?.0, off.last()?.0);
        let worst = off.iter().max_by(|a, b| a.1.total_cmp(&b.1))?.0;
        let (value, bound) = pairs[worst];
        let unit = Unit::new(about.unit);
        let seconds = off.len() as f64 * frame.step_seconds();
        Some(Violation {
            law: about.law,
            host: self.input.host.to_owned(),
            subject: about.subject.to_owned(),
            series: about.series,
            span: frame.span_of(first..last + 1),
            share: off.len() as f64 / known.max(1) as f64,
            coverage: known as f64 / pairs.len().max(1) as f64,
            worst: value,
            bound,
            unit: about.unit,
            statement: format!(
                "{}: {} where {} is right, {} in all",
                about.what,
                unit.text(value),
                unit.text(bound),
                duration_text(seconds)
            ),
        })
    }
}

fn has(key: &SeriesKey, with: &[(&str, &str)]) -> bool {
    let fits = |(name, value): &(&str, &str)| key.attribute(name) == Some(*value);
    with.iter().all(fits)
}

/// The violations as findings of the quality of data, heaviest first.
pub fn findings(violations: &[Violation]) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, Law, Vec<&str>), Vec<&Violation>> = BTreeMap::new();
    for it in violations {
        let about = (it.host.as_str(), it.law, it.metrics());
        groups.entry(about).or_default().push(it);
    }
    let groups = groups.into_values().map(|mut group| {
        group.sort_by(|a, b| b.share.total_cmp(&a.share));
        finding(&group)
    });
    let mut all: Vec<Finding> = groups.collect();
    model::finding::sort(&mut all);
    all
}

/// Subjects that a sentence names.
const NAMED: usize = 4;

/// What else of the host breaks the same law, as the end of a sentence.
fn others(group: &[&Violation]) -> String {
    let names: Vec<&str> = group.iter().skip(1).map(|it| it.subject.as_str()).collect();
    match names.len() {
        0 => String::new(),
        few @ 1..=NAMED => format!(" The same of {few} more: {}.", names.join(", ")),
        many => format!(
            " The same of {many} more: {}, ….",
            names[..NAMED].join(", ")
        ),
    }
}

/// A law that is broken in this share of the rows makes results on it worthless.
const SEVERE_SHARE: f64 = 0.2;

/// A law that a host breaks, the worst subject first.
fn finding(group: &[&Violation]) -> Finding {
    let it = group[0];
    let spans = group.iter().map(|it| it.span);
    let span = spans.reduce(Span::union).unwrap_or(it.span);
    let series: Vec<String> = group.iter().flat_map(|it| it.series.clone()).collect();
    let parameters = vec![("law".to_owned(), it.law.name().to_owned())];
    let mut statement = it.statement.clone();
    if !it.host.is_empty() {
        statement = format!("{statement} on {}", it.host);
    }
    let mut letters = statement.chars();
    let first = letters.next().map(char::to_uppercase);
    let statement: String = first.into_iter().flatten().chain(letters).collect();
    Finding {
        id: FindingId::of(&Question {
            analysis: Analysis::Quality,
            series: &series,
            span,
            parameters: &parameters,
        }),
        analysis: Analysis::Quality,
        kind: it.law.name().to_owned(),
        host: it.host.clone(),
        series,
        span,
        statement: format!("{statement}; {}.{}", it.law.meaning(), others(group)),
        severity: if it.share >= SEVERE_SHARE {
            Severity::Severe
        } else {
            Severity::Warning
        },
        effect: Some(Estimate {
            value: it.worst,
            lo: it.bound.min(it.worst),
            hi: it.bound.max(it.worst),
            unit: Unit::new(it.unit),
        }),
        evidence: 1.0,
        weight: it.share.clamp(0.0, 1.0).sqrt(),
        coverage: it.coverage,
        places: Vec::new(),
        learned: None,
        parameters,
        supports: group.iter().map(|it| it.statement.clone()).collect(),
        against: vec![format!(
            "It holds in {} of the rows that were judged.",
            Unit::new("1").text(1.0 - it.share)
        )],
    }
}

/// Seconds between rows, for tolerances that come of the ticks of a clock.
fn step_seconds(frame: &Frame) -> f64 {
    frame.step_ns.max(1) as f64 / SECOND_NS as f64
}

#[cfg(test)]
mod tests;
