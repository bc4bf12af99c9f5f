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
//! Start at [`judge`].

use model::series::glob_matches;
use model::time::Span;

use super::Report;
use crate::frame::Frame;

/// A known event.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Series it concerns: `*` stands for anything.
    pub series: String,
    /// When.
    pub span: Span,
    /// Why, in the user's words.
    pub reason: String,
}

/// The reasons of a report's verdicts, in the shape of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// For each series and each of its anomalies: why it was expected, or `None`.
    pub series: Vec<Vec<Option<String>>>,
    /// For each collective anomaly. It is expected when a mark covers its time and
    /// the series that contribute most of it.
    pub collective: Vec<Option<String>>,
}

/// Share of a collective anomaly that expected series have to explain.
const MOST_OF_IT: f64 = 0.5;

impl Judged {
    /// Verdicts that nobody expected, in series and together.
    pub fn alarms(&self) -> usize {
        let of_series = self.series.iter().flatten();
        of_series
            .chain(&self.collective)
            .filter(|it| it.is_none())
            .count()
    }
}

/// Gives every verdict the reason of the first mark that covers its beginning.
///
/// An episode that begins before the mark is no part of the known event and stays
/// an alarm.
pub fn judge(frame: &Frame, report: &Report, marks: &[Mark]) -> Judged {
    let reason = |name: &str, row: usize| {
        let at = frame.moment(row);
        let covers = |mark: &&Mark| mark.span.contains(at) && glob_matches(&mark.series, name);
        marks.iter().find(covers).map(|mark| mark.reason.clone())
    };
    let lines = frame.lines.iter().zip(&report.series);
    let series = lines.map(|(line, series)| {
        let each = series.anomalies.iter();
        each.map(|it| reason(&line.name, it.index)).collect()
    });
    let collective = report.collective.anomalies.iter().map(|it| {
        let named: f64 = it.contributions.iter().map(|it| it.1).sum();
        let mut explained = 0.0;
        let mut first = None;
        for (line, share) in &it.contributions {
            if let Some(reason) = reason(&frame.lines[*line].name, it.index) {
                explained += share;
                first = first.or(Some(reason));
            }
        }
        first.filter(|_| explained >= MOST_OF_IT * named)
    });
    Judged {
        series: series.collect(),
        collective: collective.collect(),
    }
}
