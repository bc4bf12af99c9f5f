//! Results: written, read again, and printed as one table.
//!
//! * In: scored rows of one or several experiments.
//! * Out: `result.json`, a table, and the coverage of all intervals.
//! * Never: leaves out a row because it is bad.
//!
//! Start at [`Report`].

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::sample::Measured;
use crate::score::{By, Grade, Scored, coverage, coverage_grade};

/// Version of the file.
const SCHEMA: u32 = 1;

/// A point as it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Point {
    /// What was set.
    pub(crate) setting: String,
    /// Whether it was before a change or after it.
    pub(crate) when: String,
    /// What came out.
    pub(crate) measured: Measured,
}

/// What one experiment came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Version of the file.
    schema: u32,
    /// Name of the experiment.
    pub(crate) experiment: String,
    /// When it began.
    pub(crate) began: String,
    /// What it was run with.
    pub(crate) sizes: String,
    /// Whether it waited for a quiet machine.
    pub(crate) gate: String,
    /// Every point.
    pub(crate) points: Vec<Point>,
    /// Every prediction with what came of it.
    pub(crate) rows: Vec<Scored>,
    /// What Kymo itself says of its predictions, by plan.
    pub(crate) verdicts: Vec<(String, String)>,
    /// What a reader must know.
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// Begins one.
    pub(crate) fn new(experiment: &str, sizes: &str, gate: &str) -> Self {
        Self {
            schema: SCHEMA,
            experiment: experiment.to_owned(),
            began: jiff::Timestamp::now().to_string(),
            sizes: sizes.to_owned(),
            gate: gate.to_owned(),
            points: Vec::new(),
            rows: Vec::new(),
            verdicts: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Writes `result.json`.
    pub(crate) fn write(&self, out: &Path) -> Result<(), String> {
        let path = out.join("result.json");
        let text = serde_json::to_string_pretty(self).map_err(|it| it.to_string())?;
        std::fs::write(&path, text).map_err(|it| format!("{}: {it}", path.display()))
    }

    /// Reads one.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join("result.json");
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|it| format!("{}: {it}", path.display()))?;
        serde_json::from_str(&text).map_err(|it| format!("{}: {it}", path.display()))
    }

    /// Everything in words.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{} ({}; {}; gate {})\n",
            self.experiment, self.sizes, self.began, self.gate
        );
        for point in &self.points {
            let it = &point.measured;
            let line = format!(
                "  {:<7}{:<34}{:>9.1}/s {:>9.1}/s sent away  mean {:>8.2} ms  p95 {:>8.2} ms  {:>7.3} ms CPU  {:>5.1} % used  others {:.2}  steal {:.1} %",
                point.when,
                point.setting,
                it.throughput,
                it.rejected,
                it.mean_s * 1e3,
                it.p95_s * 1e3,
                it.cpu_s_per_request * 1e3,
                it.utilization * 100.0,
                it.others,
                it.steal * 100.0
            );
            text.push_str(&line);
            text.push('\n');
        }
        text.push_str(&table(&[self]));
        for (plan, verdict) in &self.verdicts {
            let verdict: String = verdict.chars().take(160).collect();
            text.push_str(&format!("  kymo plan validate {plan}: {verdict}\n"));
        }
        for note in &self.notes {
            text.push_str(&format!("  note: {note}\n"));
        }
        text
    }
}

/// All rows of several experiments, and the coverage of their intervals.
pub(crate) fn table(reports: &[&Report]) -> String {
    let mut text = format!(
        "{:<5}{:<34}{:<20}{:>11}{:>11}{:>23}{:>11}{:>9}  {:<3}{:<16}{:<10}{:<8}{}\n",
        "",
        "change",
        "metric",
        "before",
        "predicted",
        "p10..p90",
        "measured",
        "error",
        "",
        "grade",
        "direction",
        "inside",
        "applied; truth; why"
    );
    for report in reports {
        for row in &report.rows {
            line(&mut text, &report.experiment, row);
        }
    }
    let all = || reports.iter().flat_map(|it| &it.rows);
    let rows = || all().filter(|it| it.by == By::Kymo);
    let count = |grade| rows().filter(|it| it.grade == grade).count();
    let (share, intervals) = coverage(rows());
    let directions: Vec<bool> = rows().filter_map(|it| it.direction_right).collect();
    let right = directions.iter().filter(|it| **it).count();
    let grades = [
        Grade::Excellent,
        Grade::Pass,
        Grade::Weak,
        Grade::Fail,
        Grade::RefusedRightly,
        Grade::Refused,
        Grade::Answered,
        Grade::NotRun,
    ];
    let grades = grades.map(|it| format!("{} {}", count(it), it.name()));
    // Writing into a text cannot fail.
    writeln!(text, "{}", grades.join(", ")).ok();
    writeln!(
        text,
        "directions right: {right} of {}; 80 % intervals held {:.0} % of {intervals} points ({})",
        directions.len(),
        share * 100.0,
        coverage_grade(share).name()
    )
    .ok();
    text
}

fn line(text: &mut String, experiment: &str, row: &Scored) {
    let yes = |it: Option<bool>, words: [&'static str; 2]| match it {
        Some(true) => words[0],
        Some(false) => words[1],
        None => "-",
    };
    let outcome = row.outcome;
    let range = match (row.predicted.p10, row.predicted.p90) {
        (Some(lo), Some(hi)) => format!("{}..{}", short(lo), short(hi)),
        _ => "-".to_owned(),
    };
    let error = row
        .error
        .map_or("-".to_owned(), |it| format!("{:.1} %", it * 100.0));
    let mut why = vec![row.applied.clone(), row.truth.clone()];
    why.extend(row.predicted.refused.as_deref().map(beginning));
    if !row.note.is_empty() {
        why.push(row.note.clone());
    }
    // Writing into a text cannot fail.
    writeln!(
        text,
        "{experiment:<5}{:<34}{:<20}{:>11}{:>11}{range:>23}{:>11}{error:>9}  {:<3}{:<16}{:<10}{:<8}{}",
        row.change,
        row.metric,
        number(outcome.map(|it| it.before)),
        number(row.predicted.p50),
        number(outcome.map(|it| it.after)),
        row.predicted.class,
        row.grade.name(),
        yes(row.direction_right, ["right", "WRONG"]),
        yes(row.inside, ["inside", "outside"]),
        why.join("; ")
    )
    .ok();
}

/// As much of a reason as a table holds; the file has all of it.
fn beginning(text: &str) -> String {
    const MOST: usize = 90;
    match text.char_indices().nth(MOST) {
        Some((place, _)) => format!("{}...", &text[..place]),
        None => text.to_owned(),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), short)
}

/// Four digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        it if it >= 1000.0 => format!("{value:.0}"),
        it if it >= 10.0 => format!("{value:.1}"),
        it if it >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Outcome, Owed, Predicted, Quantity};

    #[test]
    fn a_table_counts_grades_and_intervals_of_all_experiments() {
        let row = Scored {
            by: By::Kymo,
            change: "48 clients".to_owned(),
            applied: "by the load".to_owned(),
            metric: "app.throughput".to_owned(),
            quantity: Quantity::Throughput,
            truth: "log".to_owned(),
            predicted: Predicted {
                p10: Some(450.0),
                p50: Some(500.0),
                p90: Some(550.0),
                class: "A".to_owned(),
                ..Predicted::default()
            },
            outcome: Some(Outcome {
                before: 400.0,
                after: 510.0,
                utilization: 0.9,
            }),
            error: None,
            grade: Grade::NotRun,
            direction_right: None,
            inside: None,
            note: String::new(),
        };
        let mut report = Report::new("e1", "short", "off");
        report.rows.push(row.judge(Owed::Answer));
        let text = table(&[&report, &report]);
        assert!(text.contains("2 excellent, 0 pass"), "{text}");
        assert!(text.contains("directions right: 2 of 2"), "{text}");
        assert!(text.contains("held 100 % of 2 points (FAIL)"), "{text}");
        let again: Result<Report, _> =
            serde_json::from_str(&serde_json::to_string(&report).unwrap_or_default());
        assert!(again.is_ok_and(|it| it.rows == report.rows));
    }
}
