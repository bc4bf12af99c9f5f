//! The quality of a recording as findings: what the lane marks, in plain sentences.
//!
//! * In: the judgment of a host by [`crate::quality`], and its series.
//! * Out: one finding for each sort of doubt, the heaviest first.
//! * Never: hides a doubt because there are worse.
//!
//! Start at [`quality_findings`].

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use model::catalog::{self, Origin};
use model::finding::{self, Analysis, Estimate, Finding, FindingId, Question};
use model::time::{Span, duration_text};
use model::unit::Unit;

use crate::frame::{Frame, Line};
use crate::quality::{Mark, MarkKind, Quality, Severity};
use crate::signals;

/// The input of [`quality_findings`].
#[derive(Clone, Copy, Debug)]
pub struct QualityInput<'a> {
    /// Marks and coverage of the host.
    pub quality: &'a Quality,
    /// Its series.
    pub frame: &'a Frame,
    /// How far its clock may be off against the other hosts'; `None` for one host alone.
    pub clock_error_ns: Option<i64>,
}

/// What a kind of mark is called, and what it means for results.
#[rustfmt::skip]
const MEANINGS: &[(MarkKind, &str, &str)] = &[
    (MarkKind::Gap, "samples are missing", "what happened then is not known, and is drawn as a gap"),
    (MarkKind::Late, "samples came late", "peaks that are shorter than the delay look lower than they were"),
    (MarkKind::Disorder, "times repeat or step back", "rates over such a place are left out"),
    (MarkKind::Reset, "counters started again", "rates over a restart are left out; a device or the host itself came anew"),
    (MarkKind::ClockStep, "the wall clock was set", "times of logs from before do not match this axis"),
    (MarkKind::Suspended, "the machine slept", "nothing ran in that time; it is no fault of the system"),
    (MarkKind::Steal, "the hypervisor gave the processors to other guests", "timings of that time say as much of the neighbors as of this system"),
    (MarkKind::Degraded, "the agent read less than it should", "details are missing there, since the agent kept within its budget"),
    (MarkKind::Missing, "the agent reports missing samples", "what happened then is not known"),
    (MarkKind::Link, "the connection to the agent came or went", "what the agent could not keep meanwhile is missing"),
    (MarkKind::Recorder, "the recorder had trouble", "part of what was measured may not have been kept"),
];

/// Coverage below this is told.
const COVERED: f64 = 0.99;

/// Coverage below this makes results doubtful.
const COVERED_BADLY: f64 = 0.9;

/// A constant stretch shorter than this many rows is none.
const STUCK_ROWS: usize = 30;

/// A stretch without change is stuck when chance would make it this seldom, by how often
/// the series changes elsewhere.
const STUCK_CHANCE: f64 = 1e-6;

/// And when the series changes elsewhere in at least this share of the rows.
const LIVELY: f64 = 0.2;

/// Series are compared for equality when they have at least this many different values:
/// small counts are equal by accident.
const DISTINCT: usize = 16;

/// Names told in one sentence.
const TOLD: usize = 3;

/// Everything that is doubtful of a host, the heaviest first.
pub fn quality_findings(input: &QualityInput<'_>) -> Vec<Finding> {
    let mut kinds: BTreeMap<MarkKind, Vec<&Mark>> = BTreeMap::new();
    for mark in &input.quality.marks {
        kinds.entry(mark.kind).or_default().push(mark);
    }
    let mut all: Vec<Finding> = kinds
        .into_iter()
        .map(|(kind, marks)| marked(input, kind, &marks))
        .collect();
    all.extend(coverage(input));
    all.extend(clock(input));
    all.extend(stuck(input));
    all.extend(twins(input));
    finding::sort(&mut all);
    all
}

/// A doubt before it becomes a finding.
struct Doubt {
    kind: &'static str,
    series: Vec<String>,
    span: Span,
    statement: String,
    severity: finding::Severity,
    effect: Option<Estimate>,
    /// Share of the recording that is concerned.
    share: f64,
    supports: Vec<String>,
}

fn finding(input: &QualityInput<'_>, doubt: Doubt) -> Finding {
    let coverage = &input.quality.coverage;
    let parameters = vec![("kind".to_owned(), doubt.kind.to_owned())];
    let series = if doubt.series.is_empty() {
        vec![coverage.host.clone()]
    } else {
        doubt.series
    };
    // A note never comes before a severe doubt, however long it lasts.
    let rank = match doubt.severity {
        finding::Severity::Note => 0.1,
        finding::Severity::Warning => 0.4,
        finding::Severity::Severe => 0.7,
    };
    let on = match coverage.host.as_str() {
        "" => String::new(),
        host => format!("On {host}: "),
    };
    Finding {
        id: FindingId::of(&Question {
            analysis: Analysis::Quality,
            series: &series,
            span: doubt.span,
            parameters: &parameters,
        }),
        analysis: Analysis::Quality,
        kind: doubt.kind.to_owned(),
        host: coverage.host.clone(),
        series,
        span: doubt.span,
        statement: format!("{on}{}.", doubt.statement),
        severity: doubt.severity,
        effect: doubt.effect,
        evidence: 1.0,
        weight: rank + 0.3 * doubt.share.clamp(0.0, 1.0),
        coverage: if coverage.share.is_nan() {
            0.0
        } else {
            coverage.share
        },
        places: Vec::new(),
        learned: None,
        parameters,
        supports: doubt.supports,
        against: Vec::new(),
    }
}

fn severity(of: Severity) -> finding::Severity {
    match of {
        Severity::Note => finding::Severity::Note,
        Severity::Warning => finding::Severity::Warning,
        Severity::Severe => finding::Severity::Severe,
    }
}

fn marked(input: &QualityInput<'_>, kind: MarkKind, marks: &[&Mark]) -> Finding {
    let line = MEANINGS.iter().find(|it| it.0 == kind);
    let (what, meaning) = line.map_or(("", ""), |it| (it.1, it.2));
    let seconds: f64 = marks.iter().map(|it| it.span.seconds().max(0.0)).sum();
    let whole = input.quality.coverage.span.seconds();
    let worst = marks
        .iter()
        .map(|it| it.severity)
        .max()
        .unwrap_or(Severity::Note);
    let spans = marks.iter().map(|it| it.span);
    let times = match marks.len() {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    };
    let lasting = if seconds > 0.0 {
        format!(", {} in all", duration_text(seconds))
    } else {
        String::new()
    };
    // The worst are told first; of equal ones the earlier.
    let mut told: Vec<&&Mark> = marks.iter().collect();
    told.sort_by_key(|it| (std::cmp::Reverse(it.severity), it.span.from));
    let doubt = Doubt {
        kind: kind.name(),
        series: Vec::new(),
        span: spans.reduce(Span::union).unwrap_or_default(),
        statement: format!("{what} {times}{lasting}; {meaning}"),
        severity: severity(worst),
        effect: (seconds > 0.0).then(|| exact(seconds, "s")),
        share: if whole > 0.0 { seconds / whole } else { 0.0 },
        supports: told.iter().take(TOLD).map(|it| it.text.clone()).collect(),
    };
    finding(input, doubt)
}

fn exact(value: f64, unit: &'static str) -> Estimate {
    Estimate {
        value,
        lo: value,
        hi: value,
        unit: Unit::new(unit),
    }
}

fn coverage(input: &QualityInput<'_>) -> Option<Finding> {
    let coverage = &input.quality.coverage;
    if coverage.share.is_nan() || coverage.share >= COVERED {
        return None;
    }
    let share = Unit::new("1").text(coverage.share);
    let doubt = Doubt {
        kind: "coverage",
        series: Vec::new(),
        span: coverage.span,
        statement: format!(
            "{} of {} expected samples are there ({share}), the longest gap is {}",
            coverage.present,
            coverage.expected,
            duration_text(coverage.longest_gap_ns as f64 / 1e9)
        ),
        severity: if coverage.share < COVERED_BADLY {
            finding::Severity::Severe
        } else {
            finding::Severity::Warning
        },
        effect: Some(exact(coverage.share, "1")),
        share: 1.0 - coverage.share,
        supports: Vec::new(),
    };
    Some(finding(input, doubt))
}

fn clock(input: &QualityInput<'_>) -> Option<Finding> {
    let error_ns = input.clock_error_ns?;
    let cadence_ns = input.quality.coverage.cadence_ns.max(1);
    if error_ns < cadence_ns / 2 {
        return None;
    }
    let error = duration_text(error_ns as f64 / 1e9);
    let doubt = Doubt {
        kind: "clock-error",
        series: Vec::new(),
        span: input.quality.coverage.span,
        statement: format!(
            "its clock is known to {error} only; what came first on two hosts cannot be told closer"
        ),
        severity: finding::Severity::Warning,
        effect: Some(exact(error_ns as f64 / 1e9, "s")),
        share: 1.0,
        supports: Vec::new(),
    };
    Some(finding(input, doubt))
}

/// The longest stretch without change, where it is longer than chance makes it.
fn stuck_rows(values: &[f64]) -> Option<std::ops::Range<usize>> {
    let mut best = 0..0;
    let mut start = 0;
    let (mut changes, mut pairs) = (0_usize, 0_usize);
    for row in 1..=values.len() {
        if values.get(row).is_some_and(|it| *it == values[row - 1]) {
            pairs += 1;
            continue;
        }
        if row - start > best.len() && values[start].is_finite() {
            best = start..row;
        }
        if values.get(row).is_some_and(|it| it.is_finite()) {
            changes += 1;
            pairs += 1;
        }
        start = row;
    }
    let elsewhere = pairs.saturating_sub(best.len());
    let lively = changes as f64 / elsewhere.max(1) as f64;
    // Nothing and everything are levels at which a series rests.
    let rest = values
        .get(best.start)
        .is_none_or(|it| *it == 0.0 || *it == 1.0);
    let chance = (1.0 - lively.min(1.0)).powi(best.len().min(1 << 20) as i32);
    let enough = best.len() >= STUCK_ROWS && elsewhere >= STUCK_ROWS;
    (enough && !rest && lively >= LIVELY && chance < STUCK_CHANCE).then_some(best)
}

fn stuck(input: &QualityInput<'_>) -> Option<Finding> {
    let found: Vec<(&Line, std::ops::Range<usize>)> = input
        .frame
        .lines
        .iter()
        .filter_map(|line| Some((line, stuck_rows(&line.values)?)))
        .collect();
    let longest = found
        .iter()
        .map(|it| it.1.clone())
        .max_by_key(|it| it.len())?;
    let names: Vec<String> = found.iter().map(|it| it.0.name.clone()).collect();
    let seconds = longest.len() as f64 * input.frame.step_seconds();
    let doubt = Doubt {
        kind: "stuck",
        span: found
            .iter()
            .map(|it| input.frame.span_of(it.1.clone()))
            .reduce(Span::union)
            .unwrap_or_default(),
        statement: format!(
            "{} did not change for up to {} although {} otherwise; what reads it may have stopped",
            told(&names),
            duration_text(seconds),
            if names.len() == 1 {
                "it does"
            } else {
                "they do"
            }
        ),
        severity: finding::Severity::Warning,
        effect: Some(exact(seconds, "s")),
        share: longest.len() as f64 / input.frame.rows().max(1) as f64,
        supports: names.clone(),
        series: names,
    };
    Some(finding(input, doubt))
}

/// Measured series that hold the same values.
fn twins(input: &QualityInput<'_>) -> Option<Finding> {
    let derived = |line: &Line| {
        let metric = catalog::find(&line.series.key.metric);
        metric.is_some_and(|it| it.origin == Origin::Derived)
            || signals::is_signal(&line.series.key.metric)
    };
    let measured = input.frame.lines.iter().filter(|line| !derived(line));
    let mut alike: BTreeMap<u64, Vec<&Line>> = BTreeMap::new();
    for line in measured.filter(|it| has_distinct(&it.values)) {
        alike.entry(digest(&line.values)).or_default().push(line);
    }
    let mut same: Vec<Vec<String>> = alike.into_values().flat_map(equal).collect();
    same.retain(|it| it.len() > 1);
    same.sort();
    let first = same.first()?;
    let doubt = Doubt {
        kind: "same-values",
        span: input.frame.span(),
        statement: format!(
            "{} hold the same values{}; they are one piece of evidence, not several",
            told(first),
            if same.len() > 1 {
                format!(", and so do {} more groups", same.len() - 1)
            } else {
                String::new()
            }
        ),
        severity: finding::Severity::Note,
        effect: None,
        share: 0.0,
        supports: same.iter().map(|it| it.join(" = ")).take(TOLD).collect(),
        series: same.concat(),
    };
    Some(finding(input, doubt))
}

/// Whether there are [`DISTINCT`] values; looks no further than it must.
fn has_distinct(values: &[f64]) -> bool {
    let mut seen: Vec<u64> = Vec::with_capacity(DISTINCT);
    values.iter().any(|value| {
        let bits = value.to_bits();
        if !seen.contains(&bits) {
            seen.push(bits);
        }
        seen.len() >= DISTINCT
    })
}

fn digest(values: &[f64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    values.iter().for_each(|it| hasher.write_u64(it.to_bits()));
    hasher.finish()
}

/// Names of lines of one digest, those with the very same values together.
fn equal(lines: Vec<&Line>) -> Vec<Vec<String>> {
    let same = |a: &Line, b: &Line| {
        let bits = |it: &f64| it.to_bits();
        a.values.iter().map(bits).eq(b.values.iter().map(bits))
    };
    let mut groups: Vec<Vec<&Line>> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|it| same(it[0], line)) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    let names = |group: Vec<&Line>| group.iter().map(|it| it.name.clone()).collect();
    groups.into_iter().map(names).collect()
}

fn told(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        few if few.len() <= TOLD => few.join(" and "),
        many => format!("{} and {} more", many[..TOLD].join(", "), many.len() - TOLD),
    }
}
