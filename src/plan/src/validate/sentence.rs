//! The answers of a validation in plain sentences.

use model::plan::Expected;

use super::grade::Measure;
use super::{Report, Row, Verdict};

/// A verdict in one sentence, with what to do.
pub fn of_verdict(report: &Report) -> String {
    let because = &report.because;
    match report.verdict {
        Verdict::Validated => format!("The plan did what was predicted: {because}."),
        Verdict::Mispredicted => {
            format!("The plan did not do what was predicted: {because}.")
        }
        Verdict::NotComparable => format!(
            "Before and after cannot be compared: {because}. Record again at the same load and mix."
        ),
        Verdict::NoEffect => format!("The plan had no effect: {because}."),
        Verdict::Unknown => format!("There is not enough evidence: {because}."),
    }
}

/// A prediction and what came of it.
pub fn of_row(row: &Row) -> String {
    let name = &row.expected.metric;
    let text = |value: f64| row.unit.text(value);
    let Some(predicted) = of_prediction(&row.expected, text) else {
        let why = row
            .expected
            .refused
            .as_deref()
            .unwrap_or("no number was predicted");
        return match row.observed.is_finite() {
            true => format!(
                "{name}: not predicted ({why}), measured {}",
                text(row.observed)
            ),
            false => format!("{name}: not predicted ({why})"),
        };
    };
    if row.observed.is_nan() {
        return format!("{name}: predicted {predicted}, not measured");
    }
    let mut said = format!(
        "{name}: predicted {predicted}, measured {}",
        text(row.observed)
    );
    if let Some(point) = row.expected.p50.filter(|_| row.grade.is_some()) {
        let off = match row.quantity.standard().measure {
            Measure::Points => {
                format!("{:.1} points off", (point - row.observed).abs() * 100.0)
            }
            Measure::Share if row.error.is_finite() => format!("{:.1} % off", row.error * 100.0),
            Measure::Share => "off by more than can be said as a share".to_owned(),
        };
        let grade = row.grade.map_or("", |it| it.name());
        said.push_str(&format!(", {off} ({grade})"));
    }
    match row.inside {
        Some(true) => said.push_str(", inside the interval"),
        Some(false) => said.push_str(", outside the interval"),
        None => {}
    }
    said
}

fn of_prediction(expected: &Expected, text: impl Fn(f64) -> String) -> Option<String> {
    match (expected.p10, expected.p50, expected.p90) {
        (Some(low), Some(point), Some(high)) => {
            Some(format!("{} ({} to {})", text(point), text(low), text(high)))
        }
        (Some(low), None, Some(high)) => Some(format!("{} to {}", text(low), text(high))),
        (_, Some(point), _) => Some(text(point)),
        (Some(low), None, None) => Some(format!("at least {}", text(low))),
        (None, None, Some(high)) => Some(format!("at most {}", text(high))),
        (None, None, None) => None,
    }
}

/// Everything that a report says, a sentence a line: the verdict first, then predictions,
/// criteria, the objective, what else changed, and doubts.
pub fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![of_verdict(report)];
    let gate = report.gate.differs.iter().chain(&report.gate.lacks);
    lines.extend(gate.filter(|it| **it != report.because).cloned());
    for row in &report.rows {
        lines.push(of_row(row));
        lines.extend(row.change.clone());
    }
    lines.extend(report.criteria.iter().map(|it| it.said.clone()));
    let objective = report.objective.iter();
    lines.extend(objective.map(|it| format!("Objective: {}", it.said)));
    let effects = report.side_effects.iter();
    lines.extend(effects.map(|it| format!("Also changed: {}", it.said)));
    lines.extend(report.doubts.iter().map(|it| format!("Doubt: {it}")));
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|it| seen.insert(it.clone()));
    lines
}
