//! Judges how complete and how regular a recording is.
//!
//! Everything else rests on this: a finding can be no better than the samples
//! under it, so what is missing, late or doubtful is marked before anything is
//! concluded.
//!
//! * In: the sample times of one host, its clocks, some columns, its events.
//! * Out: [`Mark`]s for the data-quality lane, sorted, and one [`Coverage`].
//! * Never: reads a clock, repairs data, or hides a doubt.
//!
//! Start at [`assess`].

use model::batch::Stamp;
use model::columns::Column;
use model::event::Event;
use model::time::{Moment, SECOND_NS, Span};

use crate::summary;

mod marks;

/// An interval longer than this many cadences has room for a sample that is missing.
pub const GAP_CADENCES: f64 = 1.5;

/// An interval longer than this many cadences ends with a sample that was late.
pub const LATE_CADENCES: f64 = 1.25;

/// From this share of processor time taken by the hypervisor on, timings are doubtful.
pub const STEAL_SHARE: f64 = 0.05;

/// The wall clock was set when it moved this much against the steady one. Slewing
/// moves it by at most 0.5 ms a second (`adjtimex(2)`).
pub const CLOCK_STEP_NS: i64 = SECOND_NS / 20;

/// So many marks of one kind are told apart; the rest is one mark that counts them.
pub const MOST_MARKS: usize = 1_000;

/// What sort of doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// Samples are missing.
    Gap,
    /// Samples came later than planned.
    Late,
    /// Times repeat or step back.
    Disorder,
    /// Counters started again from a lower value.
    Reset,
    /// The wall clock was set.
    ClockStep,
    /// The machine slept.
    Suspended,
    /// The hypervisor gave the processors to others.
    Steal,
    /// The agent read less than it should.
    Degraded,
    /// The agent says that samples are missing.
    Missing,
    /// The connection to the agent came or went.
    Link,
    /// The recorder had trouble.
    Recorder,
}

/// Every kind with its stable name, in the order of legends.
pub const KINDS: &[(MarkKind, &str)] = &[
    (MarkKind::Gap, "gap"),
    (MarkKind::Late, "late"),
    (MarkKind::Disorder, "disorder"),
    (MarkKind::Reset, "reset"),
    (MarkKind::ClockStep, "clock-step"),
    (MarkKind::Suspended, "suspended"),
    (MarkKind::Steal, "steal"),
    (MarkKind::Degraded, "degraded"),
    (MarkKind::Missing, "missing"),
    (MarkKind::Link, "link"),
    (MarkKind::Recorder, "recorder"),
];

impl MarkKind {
    /// The stable name.
    pub fn name(self) -> &'static str {
        KINDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("gap", |(_, name)| name)
    }
}

/// How much a mark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Results over it are weaker.
    Warning,
    /// Results over it are doubtful.
    Severe,
}

impl Severity {
    /// The word shown beside the color.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Severe => "severe",
        }
    }
}

/// One doubt about a stretch of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What sort of doubt.
    pub kind: MarkKind,
    /// Where; empty for a point.
    pub span: Span,
    /// Name of the host.
    pub host: String,
    /// One sentence for people.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
}

/// How much of a host's recording is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Name of the host.
    pub host: String,
    /// The stretch that was judged.
    pub span: Span,
    /// Samples there should be: the span over the cadence.
    pub expected: usize,
    /// Samples there are.
    pub present: usize,
    /// Present over expected, at most 1; `NaN` when nothing is expected.
    pub share: f64,
    /// Cadence: the planned one, else the median interval; 0 when unknown.
    pub cadence_ns: i64,
    /// 99th percentile of how far intervals without gaps are from the cadence.
    pub jitter_p99_ns: i64,
    /// Number of gaps.
    pub gaps: usize,
    /// Length of the longest gap, from sample to sample.
    pub longest_gap_ns: i64,
}

/// What is known of one host.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Name of the host.
    pub host: &'a str,
    /// The stretch to judge; an empty one means from the first sample to the last.
    pub span: Span,
    /// Sample times on the session's axis, as recorded.
    pub at: &'a [i64],
    /// The host's clocks at those times; empty when they are not known.
    pub clocks: &'a [Stamp],
    /// The planned cadence; `None` takes the median interval.
    pub cadence_ns: Option<i64>,
    /// Counters to be searched for resets.
    pub counters: &'a [Column],
    /// Share of processor time taken by the hypervisor.
    pub steal: Option<&'a Column>,
    /// What happened on the host.
    pub events: &'a [Event],
}

/// The judgment of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// By start, then kind, then text.
    pub marks: Vec<Mark>,
    /// How much is there.
    pub coverage: Coverage,
}

/// Judges one host.
pub fn assess(input: &Input<'_>) -> Quality {
    let span = judged_span(input);
    // Times of foreign files may step back, so they are not searched but tested.
    let inside = input.at.iter().filter(|at| span.contains(Moment(**at)));
    let at: Vec<i64> = inside.copied().collect();
    let cadence_ns = input
        .cadence_ns
        .filter(|ns| *ns > 0)
        .unwrap_or_else(|| median_interval(&at));
    let gaps = gaps(&at, span, cadence_ns);
    Quality {
        coverage: coverage(input.host, &at, span, cadence_ns, &gaps),
        marks: marks::all(input, span, cadence_ns, &gaps),
    }
}

/// Puts the marks of several hosts into one order.
pub fn sort(marks: &mut [Mark]) {
    marks.sort_by(|a, b| {
        let key = |it: &Mark| (it.span.from, it.kind, it.span.to);
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.host, &a.text).cmp(&(&b.host, &b.text)))
    });
}

fn judged_span(input: &Input<'_>) -> Span {
    if !input.span.is_empty() {
        return input.span;
    }
    match (input.at.iter().min(), input.at.iter().max()) {
        (Some(first), Some(last)) => Span {
            from: Moment(*first),
            to: Moment(last.saturating_add(1)),
        },
        _ => Span::default(),
    }
}

/// Intervals between samples in time, those that step back left out.
fn intervals(at: &[i64]) -> impl Iterator<Item = (i64, i64)> {
    at.windows(2)
        .map(|pair| (pair[0], pair[1]))
        .filter(|(from, to)| from < to)
}

fn median_interval(at: &[i64]) -> i64 {
    let lengths: Vec<f64> = intervals(at)
        .map(|(from, to)| to.saturating_sub(from) as f64)
        .collect();
    let median = summary::quantile(&lengths, 0.5);
    if median.is_nan() { 0 } else { median as i64 }
}

/// Stretches with room for a sample that is missing, the ends of the span included.
fn gaps(at: &[i64], span: Span, cadence_ns: i64) -> Vec<Span> {
    if cadence_ns <= 0 {
        return Vec::new();
    }
    let longest = cadence_ns as f64 * GAP_CADENCES;
    let ends = at.first().map(|first| (span.from.0, *first));
    let tail = at.last().map(|last| (*last, span.to.0));
    ends.into_iter()
        .chain(intervals(at))
        .chain(tail)
        .filter(|(from, to)| to.saturating_sub(*from) as f64 > longest)
        .map(|(from, to)| Span {
            from: Moment(from),
            to: Moment(to),
        })
        .collect()
}

fn coverage(host: &str, at: &[i64], span: Span, cadence_ns: i64, gaps: &[Span]) -> Coverage {
    let expected = if cadence_ns > 0 {
        (span.length_ns() as u64).div_ceil(cadence_ns as u64) as usize
    } else {
        at.len()
    };
    let longest = cadence_ns as f64 * GAP_CADENCES;
    let off: Vec<f64> = intervals(at)
        .map(|(from, to)| to.saturating_sub(from) as f64)
        .filter(|length| *length <= longest)
        .enumerate()
        // An agent's second sample comes early so that rates are there at once.
        .filter(|(place, length)| *place > 0 || *length * 2.0 >= cadence_ns as f64)
        .map(|(_, length)| (length - cadence_ns as f64).abs())
        .collect();
    let jitter = summary::quantile(&off, 0.99);
    Coverage {
        host: host.to_owned(),
        span,
        expected,
        present: at.len(),
        share: (at.len() as f64 / expected as f64).min(1.0),
        cadence_ns,
        jitter_p99_ns: if jitter.is_nan() { 0 } else { jitter as i64 },
        gaps: gaps.len(),
        longest_gap_ns: gaps.iter().map(|gap| gap.length_ns()).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests;
