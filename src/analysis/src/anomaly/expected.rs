//! Known events: verdicts inside them keep their place, but are no alarms.
//!
//! A backup every night is unlike the day, and everybody knows it. A mark says so
//! for some series and a stretch of time, with the reason; marked verdicts are
//! shown with it and not counted.
//!
//! * In: verdicts with series and time, and marks.
//! * Out: for each verdict the reason why it was expected, if it was.
//! * Never: changes what is computed. A mark can be taken away again.
//!
//! Start at [`of_finding`]; [`judge`] does the same for a report.

use model::finding::{Analysis, Expected, Finding};
use model::time::Moment;

use super::Report;
use crate::frame::Frame;

/// The reasons of a report's verdicts, in the shape of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged<'a> {
    /// For each series and each of its anomalies: why it was expected, or `None`.
    pub series: Vec<Vec<Option<&'a Expected>>>,
    /// For each collective anomaly.
    pub collective: Vec<Option<&'a Expected>>,
}

impl Judged<'_> {
    /// Verdicts that nobody expected, in series and together.
    pub fn alarms(&self) -> usize {
        let of_series = self.series.iter().flatten();
        let all = of_series.chain(&self.collective);
        all.filter(|it| it.is_none()).count()
    }
}

/// The mark that covers a verdict on these series that begins at `at`.
///
/// An episode that begins before the mark is no part of the known event and stays
/// an alarm. Of several series, the most important one and at least half of all
/// have to be covered.
fn mark_of<'a>(series: &[&str], at: Moment, marks: &'a [Expected]) -> Option<&'a Expected> {
    let mark = |name: &str| marks.iter().find(|it| it.covers(name, at));
    let first = mark(series.first()?)?;
    let covered = series.iter().filter(|it| mark(it).is_some()).count();
    (2 * covered >= series.len()).then_some(first)
}

/// The mark that says why an anomaly was to be expected; other findings never are.
pub fn of_finding<'a>(finding: &Finding, marks: &'a [Expected]) -> Option<&'a Expected> {
    if finding.analysis != Analysis::Anomaly {
        return None;
    }
    let series: Vec<&str> = finding.series.iter().map(String::as_str).collect();
    mark_of(&series, finding.stretch().from, marks)
}

/// Moves what was expected behind the rest; the order of both stays.
pub fn put_last(findings: &mut [Finding], marks: &[Expected]) {
    if !marks.is_empty() {
        findings.sort_by_key(|it| of_finding(it, marks).is_some());
    }
}

/// Gives every verdict of a report the mark that covers it.
pub fn judge<'a>(frame: &Frame, report: &Report, marks: &'a [Expected]) -> Judged<'a> {
    let lines = frame.lines.iter().zip(&report.series);
    let series = lines.map(|(line, series)| {
        let each = series.anomalies.iter();
        each.map(|it| mark_of(&[&line.name], frame.moment(it.index), marks))
            .collect()
    });
    let collective = report.collective.anomalies.iter().map(|it| {
        let named = it.contributions.iter();
        let names: Vec<&str> = named.map(|it| frame.lines[it.0].name.as_str()).collect();
        mark_of(&names, frame.moment(it.index), marks)
    });
    Judged {
        series: series.collect(),
        collective: collective.collect(),
    }
}
