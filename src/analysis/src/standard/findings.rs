//! Violated rules as findings, so that they stand among what else was found.
//!
//! Start at [`of`].

use model::compliance::{Compliance, Outcome, Verdict};
use model::finding::{Analysis, Estimate, Finding};

use super::parameters;

/// The violations of a compliance, in the order of its rows.
///
/// Undecidable rules are no findings: the compliance table tells them.
pub fn of(compliance: &Compliance) -> Vec<Finding> {
    let violated = compliance.rows.iter();
    violated
        .filter(|it| it.outcome == Outcome::Fail)
        .map(|it| finding(compliance, it))
        .collect()
}

fn finding(compliance: &Compliance, verdict: &Verdict) -> Finding {
    let evidence = match verdict.interval {
        Some((lo, hi)) if lo < hi => verdict.level,
        _ => 1.0,
    };
    let named = match verdict.title.as_str() {
        "" => verdict.rule.clone(),
        title => format!("{} ({title})", verdict.rule),
    };
    let cited = format!("{} {}: {named}", compliance.standard, compliance.version);
    let mut supports = vec![format!("standard {cited}, by {}", compliance.owner)];
    if !verdict.places.is_empty() {
        supports.push(format!(
            "beyond the limit for the hold time {} times",
            verdict.places.len()
        ));
    }
    Finding {
        id: verdict.id,
        analysis: Analysis::Standard,
        kind: "violated".to_owned(),
        host: verdict.host.clone(),
        series: vec![verdict.series.clone()],
        span: verdict.window,
        places: verdict.places.clone(),
        statement: format!("{} is violated: {}", verdict.rule, verdict.statement),
        severity: verdict.severity,
        effect: verdict.value.map(|value| {
            let (lo, hi) = verdict.interval.unwrap_or((value, value));
            Estimate {
                value,
                lo,
                hi,
                unit: verdict.unit.clone(),
            }
        }),
        evidence,
        weight: evidence * size(verdict),
        coverage: verdict.coverage.unwrap_or(1.0),
        learned: None,
        parameters: parameters((&compliance.standard, &compliance.version), &verdict.rule),
        supports,
        against: Vec::new(),
    }
}

/// How far beyond its limit a value is, as a share of the larger of both.
fn size(verdict: &Verdict) -> f64 {
    let (Some(margin), Some(limit), Some(value)) = (verdict.margin, verdict.limit, verdict.value)
    else {
        return 0.5;
    };
    let whole = limit.number().abs().max(value.abs());
    if whole > 0.0 {
        (margin.abs() / whole).clamp(0.0, 1.0)
    } else {
        0.0
    }
}
