//! The explanation as findings.
//!
//! Start at [`findings`].

use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::unit::{Unit, digits};

use crate::frame::Frame;
use crate::stats::order;

use super::{Candidate, Explanation, Move};

/// At most so many candidates become findings: the rest is in the list.
const MOST_FINDINGS: usize = 5;

/// Candidates below this score are not worth a finding.
const LEAST_SCORE: f64 = 0.2;

/// From this score on the cause is called likely.
const LIKELY: f64 = 0.6;

/// The interval of a shift covers so many standard errors to either side.
const ERRORS: f64 = 1.96;

/// Says the best candidates in sentences, best first; none without a disturbance.
///
/// `parameters` are those that the answer depends on, such as the given onset; they
/// become part of the findings' ids.
pub fn findings(
    frame: &Frame,
    explanation: &Explanation,
    parameters: &[(String, String)],
) -> Vec<Finding> {
    let worth = |it: &&Candidate| it.score >= LEAST_SCORE;
    let best = explanation.candidates.iter().filter(worth);
    best.take(MOST_FINDINGS)
        .enumerate()
        .map(|(place, candidate)| finding(frame, explanation, (place, candidate), parameters))
        .collect()
}

fn finding(
    frame: &Frame,
    explanation: &Explanation,
    (place, candidate): (usize, &Candidate),
    parameters: &[(String, String)],
) -> Finding {
    let window = explanation.window.clone();
    let span = frame.span_of(window.clone());
    let series = vec![candidate.series.clone()];
    let id = FindingId::of(&Question {
        analysis: Analysis::Explain,
        series: &series,
        span,
        parameters,
    });
    let line = &frame.lines[candidate.line];
    let severity = match (place, candidate.score >= LIKELY) {
        (0, true) => Severity::Severe,
        (_, true) => Severity::Warning,
        _ => Severity::Note,
    };
    Finding {
        id,
        analysis: Analysis::Explain,
        kind: candidate.class.name().to_owned(),
        host: line.series.key.host.clone(),
        series,
        span,
        statement: statement(explanation, place, candidate),
        severity,
        effect: effect(frame, candidate, &window),
        evidence: candidate.score,
        weight: candidate.score * candidate.coverage,
        coverage: candidate.coverage,
        places: Vec::new(),
        learned: (window.start > 0).then(|| frame.span_of(0..window.start)),
        parameters: parameters.to_vec(),
        supports: candidate.supports.clone(),
        against: candidate.against.clone(),
    }
}

fn statement(explanation: &Explanation, place: usize, candidate: &Candidate) -> String {
    let sure = match candidate.score >= LIKELY {
        true => "is a likely cause",
        false => "is a possible cause",
    };
    let moved = match candidate.shift.kind {
        Move::Appeared => "it appeared with the disturbance".to_owned(),
        Move::Vanished => "it vanished with the disturbance".to_owned(),
        Move::Shifted | Move::Unknown => format!(
            "it moved by {} times its usual variation",
            digits(candidate.shift.scales.abs())
        ),
    };
    let share = match place {
        0 => format!(
            "; together with what depends on it it explains {:.0} % of the disturbance",
            explanation.explained * 100.0
        ),
        _ => String::new(),
    };
    let against = candidate.against.first().map_or("", String::as_str);
    format!(
        "{} {sure} of the disturbance: {moved}{share}. Against it: {against}.",
        candidate.series
    )
}

/// The shift of the level with an interval from the usual variation on both sides.
fn effect(
    frame: &Frame,
    candidate: &Candidate,
    window: &std::ops::Range<usize>,
) -> Option<Estimate> {
    let shift = &candidate.shift;
    if shift.kind != Move::Shifted || !shift.scale.is_finite() {
        return None;
    }
    let values = &frame.lines[candidate.line].values;
    let inside = values.get(window.clone()).unwrap_or_default();
    let spread = order::scale(inside).max(shift.scale);
    let count = inside.iter().filter(|it| it.is_finite()).count();
    let error = spread / (count.max(1) as f64).sqrt();
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
