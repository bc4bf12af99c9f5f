//! The explanation as one finding: since when, and what it may come from.
//!
//! One disturbance is one finding, however many series moved. Of each part of the
//! system only the best candidate is named; the whole ranking is that of
//! [`super::explain`].
//!
//! Start at [`findings`], then [`agree`] with what limited meanwhile.

use std::ops::Range;

use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::time::Zone;
use model::told;
use model::unit::Unit;

use crate::bottleneck::{Judgment, Outcome, Resource, blame};
use crate::frame::Frame;
use crate::stats::{dependence, order};

use super::{Candidate, Class, Explanation, Limiting, Move};

/// At most so many parts of the system are named: the rest is in the ranking.
const MOST_PARTS: usize = 3;

/// Candidates below this score are not worth a finding.
const LEAST_SCORE: f64 = 0.2;

/// From this score on the cause is called likely.
const LIKELY: f64 = 0.6;

/// The interval of a shift covers so many standard errors to either side.
const ERRORS: f64 = 1.96;

/// At most so many of those who made the load are named.
const MOST_CULPRITS: usize = 3;

/// Says the disturbance with the best candidates; nothing without one.
///
/// `parameters` are those that the answer depends on, such as the given onset; they
/// become part of the finding's id.
pub fn findings(
    frame: &Frame,
    explanation: &Explanation,
    parameters: &[(String, String)],
) -> Vec<Finding> {
    let named = named(explanation);
    let said = named.first().zip(explanation.onset);
    let said = said.map(|(best, onset)| Finding {
        statement: statement(frame, explanation, (onset, &named)),
        ..finding(frame, explanation, (best, &named), parameters)
    });
    said.into_iter().collect()
}

/// The best candidate of each of the best parts.
fn named(explanation: &Explanation) -> Vec<&Candidate> {
    let mut named: Vec<&Candidate> = Vec::new();
    for candidate in &explanation.candidates {
        let known = named.iter().any(|it| it.part == candidate.part);
        if !known && candidate.score >= LEAST_SCORE && named.len() < MOST_PARTS {
            named.push(candidate);
        }
    }
    named
}

fn finding(
    frame: &Frame,
    explanation: &Explanation,
    (best, named): (&Candidate, &[&Candidate]),
    parameters: &[(String, String)],
) -> Finding {
    let (window, span) = (explanation.window.clone(), frame.span());
    let series: Vec<String> = named.iter().map(|it| it.series.clone()).collect();
    let id = FindingId::of(&Question {
        analysis: Analysis::Explain,
        series: &series,
        span,
        parameters,
    });
    let host = |it: &Candidate| frame.lines[it.line].series.key.host.clone();
    let one_host = named.iter().all(|it| host(it) == host(best));
    Finding {
        id,
        analysis: Analysis::Explain,
        kind: best.class.name().to_owned(),
        host: if one_host { host(best) } else { String::new() },
        series,
        span,
        places: vec![frame.span_of(window.clone())],
        statement: String::new(),
        severity: match best.score >= LIKELY {
            true => Severity::Warning,
            false => Severity::Note,
        },
        effect: effect(frame, best, &window),
        evidence: best.score,
        weight: best.score * best.coverage,
        coverage: best.coverage,
        learned: (window.start > 0).then(|| frame.span_of(0..window.start)),
        parameters: parameters.to_vec(),
        supports: named.iter().enumerate().map(supports).collect(),
        against: against(best),
    }
}

fn supports((place, candidate): (usize, &&Candidate)) -> String {
    let said: Vec<&str> = candidate.supports.iter().map(String::as_str).collect();
    format!(
        "{}. {} (score {:.2}): {}.",
        place + 1,
        told::of_name(&candidate.series),
        candidate.score,
        said.join("; ")
    )
}

fn against(best: &Candidate) -> Vec<String> {
    let said = best.against.iter();
    let mut said: Vec<String> = said.map(|it| format!("1. {it}.")).collect();
    said.push("What moves first and farthest need not be the cause.".to_owned());
    said
}

fn statement(
    frame: &Frame,
    explanation: &Explanation,
    (onset, named): (usize, &[&Candidate]),
) -> String {
    let at = frame.moment(onset).strftime("%H:%M:%S UTC", Zone::Utc);
    let best = named[0];
    let sure = match best.score >= LIKELY {
        true => "a likely cause",
        false => "a possible cause",
    };
    let moved = match best.shift.kind {
        Move::Appeared => "which appeared with it".to_owned(),
        Move::Vanished => "which vanished with it".to_owned(),
        Move::Shifted | Move::Unknown => {
            let unit = &frame.lines[best.line].series.unit;
            format!(
                "which went from {} to {}",
                unit.text(best.shift.before),
                unit.text(best.shift.after)
            )
        }
    };
    let others = named[1..].iter().map(|it| told::of_name(&it.series));
    let others: Vec<String> = others.collect();
    let then = match others.is_empty() {
        true => String::new(),
        false => format!("; then {}", others.join(", ")),
    };
    format!(
        "A disturbance began at {at}: {sure} is {}, {moved} ({:.0} % of what moved){then}.",
        told::of_name(&best.series),
        explanation.explained * 100.0,
    )
}

/// Joins the explanation with what limited while the disturbance lasted: who made the
/// load is named where both speak of the same resource.
pub fn agree(
    finding: &mut Finding,
    (frame, explanation): (&Frame, &Explanation),
    outcome: &Outcome,
) {
    let limiting = outcome.resources.iter().filter(|it| it.limits());
    let mut agreed = false;
    for judgment in limiting {
        if !named(explanation)
            .iter()
            .any(|it| same(frame, it, judgment))
        {
            finding.against.push(format!(
                "Meanwhile {} limited, which none of the first candidates is about.",
                title(judgment)
            ));
            continue;
        }
        let culprits: Vec<String> = judgment.culprits.iter().map(blame).collect();
        let first = match culprits.first() {
            Some(first) if !agreed => format!(" and {first}"),
            _ => String::new(),
        };
        if !agreed {
            let end = finding.statement.trim_end_matches('.').len();
            finding.statement.truncate(end);
            let text = format!("; meanwhile {} limited{first}.", title(judgment));
            finding.statement.push_str(&text);
        }
        agreed = true;
        let who = culprits.iter().take(MOST_CULPRITS);
        finding.supports.push(format!(
            "{} limited for {:.0} s of that time{}.",
            capitalized(&title(judgment)),
            judgment.limited_seconds,
            who.map(|it| format!("; {it}")).collect::<String>()
        ));
    }
    if outcome.verdict.is_none() {
        let text = "No measured resource limited meanwhile.".to_owned();
        finding.against.push(text);
    }
}

/// Whether a candidate is about the resource that was judged.
fn same(frame: &Frame, candidate: &Candidate, judgment: &Judgment) -> bool {
    let host = &frame.lines[candidate.line].series.key.host;
    candidate.class == class_of(judgment.resource) && *host == judgment.host
}

fn class_of(resource: Resource) -> Class {
    match resource {
        Resource::Cpu | Resource::CpuThrottling => Class::Processor,
        Resource::Memory => Class::Memory,
        Resource::Disk => Class::Disk,
        Resource::Network => Class::Network,
        Resource::FileDescriptors | Resource::Lock | Resource::Pool | Resource::External => {
            Class::Other
        }
    }
}

/// The resource of the verdict, for a [`super::Request`]; of several that limit it is the
/// one that comes first.
pub fn limiting(outcome: &Outcome) -> Vec<Limiting> {
    let verdict = outcome.resources.iter();
    let verdict = verdict.filter(|it| it.limits() && Some(it.resource) == outcome.verdict);
    verdict
        .map(|it| Limiting {
            host: it.host.clone(),
            class: class_of(it.resource),
            title: title(it),
        })
        .collect()
}

fn title(judgment: &Judgment) -> String {
    let mut text = judgment.resource.title().to_owned();
    if !judgment.part.is_empty() {
        text.push_str(&format!(" {}", judgment.part));
    }
    if !judgment.host.is_empty() {
        text.push_str(&format!(" of {}", judgment.host));
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// The shift of the level with an interval from the usual variation on both sides.
fn effect(frame: &Frame, candidate: &Candidate, window: &Range<usize>) -> Option<Estimate> {
    let shift = &candidate.shift;
    if shift.kind != Move::Shifted || !shift.scale.is_finite() {
        return None;
    }
    let values = &frame.lines[candidate.line].values;
    let inside = values.get(window.clone()).unwrap_or_default();
    let before = values.get(..window.start).unwrap_or_default();
    // Neighbouring rows repeat each other: only independent ones count.
    let part = |scale: f64, of: &[f64]| scale * scale / dependence::effective_count(of).max(1.0);
    let spread = order::scale(inside).max(shift.scale);
    let error = (part(spread, inside) + part(shift.scale, before)).sqrt();
    let value = shift.after - shift.before;
    let unit = frame.lines[candidate.line].series.unit.clone();
    let unit = match unit.code() {
        "{value}" => Unit::new("1"),
        _ => unit,
    };
    Some(Estimate {
        value,
        lo: value - ERRORS * error,
        hi: value + ERRORS * error,
        unit,
    })
}
