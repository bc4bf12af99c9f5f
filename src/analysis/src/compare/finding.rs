//! Differences in plain sentences.

use model::catalog::Polarity;
use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::series::Series;
use model::time::Span;
use model::told;

use super::{Difference, Kind, Q_BELIEVED, Verdict};

/// At most so many findings: what comes after is a table's business.
const FINDINGS_MOST: usize = 50;

/// A change of this relative size is severe where more is worse.
const SEVERE_RELATIVE: f64 = 0.5;

/// The changed series as findings, the strongest first.
///
/// `series` and `differences` are of equal length; `sides` are the windows compared.
pub fn findings(
    series: &[(&str, &Series)],
    differences: &[Difference],
    sides: [Span; 2],
) -> Vec<Finding> {
    let changed = series.iter().zip(differences);
    let mut found: Vec<Finding> = changed
        .filter(|(_, difference)| difference.verdict.is_change())
        .map(|((name, series), difference)| finding((*name, *series), difference, sides))
        .collect();
    model::finding::sort(&mut found);
    found.truncate(FINDINGS_MOST);
    found
}

/// What was found of one series, whatever its verdict.
pub fn finding(
    (name, series): (&str, &Series),
    difference: &Difference,
    sides: [Span; 2],
) -> Finding {
    let before = format!("{}..{}", sides[0].from, sides[0].to);
    let parameters = vec![
        ("before".to_owned(), before),
        ("believed below".to_owned(), format!("q = {Q_BELIEVED}")),
    ];
    let names = vec![name.to_owned()];
    let question = Question {
        analysis: Analysis::Compare,
        series: &names,
        span: sides[1],
        parameters: &parameters,
    };
    Finding {
        id: FindingId::of(&question),
        analysis: Analysis::Compare,
        kind: difference.verdict.name().to_owned(),
        host: series.key.host.clone(),
        span: sides[1],
        statement: statement(name, series, difference),
        severity: severity(series, difference),
        effect: Some(Estimate {
            value: difference.shift,
            lo: difference.shift_interval[0],
            hi: difference.shift_interval[1],
            unit: series.unit.clone(),
        }),
        evidence: difference.score,
        weight: difference.score,
        coverage: difference.coverage,
        places: Vec::new(),
        learned: Some(sides[0]),
        parameters,
        supports: supports(difference),
        against: against(difference),
        series: names,
    }
}

/// One difference as a sentence.
pub fn statement(name: &str, series: &Series, difference: &Difference) -> String {
    let name = told::of_name(name);
    let unit = &series.unit;
    let (before, after) = (unit.text(difference.before), unit.text(difference.after));
    let percent = |share: f64| format!("{:+.0} %", share * 100.0);
    let [lo, hi] = difference.relative;
    let interval = match lo.is_finite() && hi.is_finite() {
        true => format!(" ({} to {})", percent(lo), percent(hi)),
        false => String::new(),
    };
    match difference.verdict {
        Verdict::Up => format!("{name} rose from {before} to {after}{interval}"),
        Verdict::Down => format!("{name} fell from {before} to {after}{interval}"),
        Verdict::Same => format!("{name} stayed at {before}{interval}"),
        Verdict::Unknown => {
            format!("{name}: not enough evidence, {before} before and {after} after{interval}")
        }
    }
}

fn severity(series: &Series, difference: &Difference) -> Severity {
    let worse = matches!(
        (series.polarity, difference.verdict),
        (Polarity::HigherIsWorse, Verdict::Up) | (Polarity::HigherIsBetter, Verdict::Down)
    );
    let relative = (difference.shift / difference.before).abs();
    match worse {
        true if relative >= SEVERE_RELATIVE || relative.is_nan() => Severity::Severe,
        true => Severity::Warning,
        false => Severity::Note,
    }
}

fn supports(difference: &Difference) -> Vec<String> {
    let share = 50.0 + 50.0 * difference.separation.abs();
    let mut reasons = vec![
        format!("{share:.0} % of the pairs of a stretch before and one after differ this way"),
        format!(
            "chance alone would do so with p = {:.1e}",
            difference.p_value
        ),
    ];
    if difference.kinds.contains(&Kind::Tail) {
        reasons.push("its highest values moved further than its level".to_owned());
    }
    reasons
}

fn against(difference: &Difference) -> Vec<String> {
    let mut reasons = Vec::new();
    if difference.kinds.contains(&Kind::Variance) {
        reasons.push(format!(
            "its spread changed too: {:.1} times the variance",
            difference.variance_ratio
        ));
    }
    if difference.coverage < 0.95 {
        reasons.push(format!(
            "only {:.0} % of its samples are there",
            difference.coverage * 100.0
        ));
    }
    reasons
}
