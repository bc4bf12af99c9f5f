//! Correlations as findings.
//!
//! Start at [`findings`].

use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::time::duration_text;
use model::told;
use model::unit::Unit;

use crate::frame::Frame;

use super::{Correlation, Pair};

/// At most so many pairs become findings: the rest is in the list.
const MOST_FINDINGS: usize = 20;

/// Says the strongest pairs in sentences; none when nothing survived.
///
/// `parameters` are those that the answer depends on, such as the largest lag; they
/// become part of the findings' ids.
pub fn findings(
    frame: &Frame,
    correlation: &Correlation,
    parameters: &[(String, String)],
) -> Vec<Finding> {
    let Some(with) = frame.lines.get(correlation.with) else {
        return Vec::new();
    };
    let pairs = correlation.pairs.iter().take(MOST_FINDINGS);
    pairs
        .map(|pair| finding(frame, correlation, (&with.name, pair), parameters))
        .collect()
}

fn finding(
    frame: &Frame,
    correlation: &Correlation,
    (with, pair): (&str, &Pair),
    parameters: &[(String, String)],
) -> Finding {
    let span = frame.span_of(correlation.rows.clone());
    let series = vec![with.to_owned(), pair.series.clone()];
    let id = FindingId::of(&Question {
        analysis: Analysis::Correlation,
        series: &series,
        span,
        parameters,
    });
    let (lo, hi) = pair.lag_interval;
    let ordered = lo > 0.0 || hi < 0.0;
    let coverage = pair.rows as f64 / correlation.rows.len().max(1) as f64;
    let together = match pair.sign() {
        1 => "moves together with",
        _ => "moves against",
    };
    let order = order(pair);
    Finding {
        id,
        analysis: Analysis::Correlation,
        kind: if ordered { "lead" } else { "together" }.to_owned(),
        host: frame.lines[pair.line].series.key.host.clone(),
        series,
        span,
        statement: format!(
            "{} {together} {} (correlation of the surprises {:.2}, {:.1} % false \
             discoveries to expect); {order}.",
            told::of_name(&pair.series),
            told::of_name(with),
            pair.r,
            pair.q_value * 100.0
        ),
        severity: Severity::Note,
        effect: Some(Estimate {
            value: pair.lag_seconds,
            lo,
            hi,
            unit: Unit::new("s"),
        }),
        evidence: 1.0 - pair.q_value,
        weight: pair.r.abs() * (1.0 - pair.q_value) * coverage.min(1.0),
        coverage: coverage.min(1.0),
        places: Vec::new(),
        learned: None,
        parameters: parameters.to_vec(),
        supports: vec![format!(
            "{} rows in common after what each one's past tells was taken out; {} series \
             were tried and paid for",
            pair.rows, correlation.tested
        )],
        against: against(pair, ordered),
    }
}

fn order(pair: &Pair) -> String {
    let (lo, hi) = pair.lag_interval;
    let size = duration_text(pair.lag_seconds.abs());
    let span = |a: f64, b: f64| format!("{} to {}", duration_text(a), duration_text(b));
    if hi < 0.0 {
        format!("it moves {size} earlier ({})", span(-hi, -lo))
    } else if lo > 0.0 {
        format!("it moves {size} later ({})", span(lo, hi))
    } else {
        format!(
            "which of them moves first cannot be told ({})",
            span(lo, hi)
        )
    }
}

fn against(pair: &Pair, ordered: bool) -> Vec<String> {
    let mut said = vec![
        "a third one that drives both would look the same; moving first is no proof of causing"
            .to_owned(),
    ];
    if !ordered {
        said.push("the lag cannot be told from none".to_owned());
    }
    if pair.r.abs() < 0.5 {
        let share = pair.r * pair.r * 100.0;
        said.push(format!("it shares only {share:.0} % of the surprises"));
    }
    said
}
