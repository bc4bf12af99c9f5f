//! Verdicts as findings: one plain sentence each, with evidence and doubts.
//!
//! * In: the frame of a host and its report.
//! * Out: a finding an episode, heaviest first.
//! * Never: leaves an episode out; what was expected is told by
//!   [`super::expected`], beside the finding.
//!
//! Start at [`findings`].

use model::catalog::Polarity;
use model::finding::{self, Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::time::duration_text;
use model::told;
use model::unit::Unit;

use super::collective::CollectiveAnomaly;
use super::{Anomaly, Direction, Kind, Measured, Report, SeriesAnomalies, THRESHOLD};
use crate::frame::{Frame, Line};

/// Less coverage than this makes the sentence doubtful.
const POOR_COVERAGE: f64 = 0.9;
/// A score below this is close to what the series does by itself.
const CLOSE: f64 = 0.6;
/// A history shorter than this is little to be unlike.
const SHORT_HISTORY: usize = 300;
/// Series that a sentence names.
const NAMED: usize = 3;
/// Size of what has none, on the scale of weights: missing and stuck values.
const SIZE_OF_NONE: f64 = 0.3;
/// Size of a moment that is unusual as a whole.
const SIZE_OF_ALL: f64 = 0.6;

/// The findings of a report, heaviest first.
pub fn findings(host: &str, frame: &Frame, report: &Report) -> Vec<Finding> {
    let mut all = Vec::new();
    for (line, known) in frame.lines.iter().zip(&report.series) {
        let of = Subject {
            host,
            frame,
            line,
            known,
        };
        all.extend(known.anomalies.iter().map(|it| of.finding(it)));
    }
    let together = report.collective.anomalies.iter();
    all.extend(together.map(|it| of_all(host, frame, report.collective.series, it)));
    finding::sort(&mut all);
    all
}

/// What would make an anomaly normal, in one sentence.
pub fn normal(line: &Line, known: &SeriesAnomalies, anomaly: &Anomaly) -> String {
    let unit = &line.series.unit;
    let rows = anomaly.learned.len();
    match (anomaly.kind, anomaly.expected) {
        (Kind::Gap, _) => "A reading in each of these rows would be normal.".to_owned(),
        (Kind::Stuck, Some(band)) => format!(
            "Values that move between {} would be normal, as in the {rows} rows before.",
            band_text(unit, band)
        ),
        (Kind::Variance, Some(band)) => format!(
            "A scatter between {} would be normal, as in the {rows} rows before.",
            band_text(unit, band)
        ),
        (Kind::Drift, Some(band)) => format!(
            "A level that stays between {} would be normal, as in the {rows} rows before.",
            band_text(unit, band)
        ),
        (_, Some(band)) => format!(
            "{} between {} would be normal, as in the {rows} rows before.",
            match known.measured {
                Measured::Values => "Values",
                Measured::Growth => "A growth from row to row",
            },
            band_text(unit, band)
        ),
        (_, None) => "There is no history to say what would be normal.".to_owned(),
    }
}

fn band_text(unit: &Unit, [lo, hi]: [f64; 2]) -> String {
    format!("{} and {}", unit.text(lo), unit.text(hi))
}

struct Subject<'a> {
    host: &'a str,
    frame: &'a Frame,
    line: &'a Line,
    known: &'a SeriesAnomalies,
}

impl Subject<'_> {
    fn finding(&self, anomaly: &Anomaly) -> Finding {
        let series = vec![self.line.name.clone()];
        let span = self.frame.span_of(anomaly.index..anomaly.end_index + 1);
        let parameters = vec![
            ("kind".to_owned(), anomaly.kind.name().to_owned()),
            ("threshold".to_owned(), THRESHOLD.to_string()),
        ];
        let question = Question {
            analysis: Analysis::Anomaly,
            series: &series,
            span,
            parameters: &parameters,
        };
        Finding {
            id: FindingId::of(&question),
            analysis: Analysis::Anomaly,
            kind: anomaly.kind.name().to_owned(),
            host: self.host.to_owned(),
            statement: self.statement(anomaly),
            severity: self.severity(anomaly),
            effect: self.effect(anomaly),
            evidence: anomaly.score,
            weight: size(anomaly) * anomaly.score,
            coverage: anomaly.coverage,
            places: Vec::new(),
            learned: Some(self.frame.span_of(anomaly.learned.clone())),
            supports: self.supports(anomaly),
            against: against(anomaly),
            series,
            span,
            parameters,
        }
    }

    fn statement(&self, anomaly: &Anomaly) -> String {
        let unit = &self.line.series.unit;
        let at = self.frame.moment(anomaly.index);
        let span = self.frame.span_of(anomaly.index..anomaly.end_index + 1);
        let lasts = duration_text(span.seconds().max(self.frame.step_seconds()));
        let name = match self.known.measured {
            Measured::Values => self.line.told(),
            Measured::Growth => format!("The growth of {} from row to row", self.line.told()),
        };
        let up = anomaly.direction == Some(Direction::Up);
        let what = match (anomaly.kind, up) {
            (Kind::Spike, true) => "spiked".to_owned(),
            (Kind::Spike, false) => "dropped for a moment".to_owned(),
            (Kind::Step, true) => "stepped up".to_owned(),
            (Kind::Step, false) => "stepped down".to_owned(),
            (Kind::Drift, true) => format!("drifted up over {lasts}"),
            (Kind::Drift, false) => format!("drifted down over {lasts}"),
            (Kind::Variance, true) => "became rougher".to_owned(),
            (Kind::Variance, false) => "became calmer".to_owned(),
            (Kind::Stuck, _) => format!("kept one value for {lasts}"),
            (Kind::Gap, _) => format!("has no readings for {lasts}"),
        };
        let others = match anomaly.also {
            0 => String::new(),
            1 => ", and one other series neither".to_owned(),
            more => format!(", and {more} other series neither"),
        };
        let reached = match (anomaly.observed, anomaly.expected) {
            (Some(observed), Some(band)) => {
                format!(
                    ": {}, usual is {}",
                    unit.text(observed),
                    band_text(unit, band)
                )
            }
            (Some(observed), None) => format!(": {}", unit.text(observed)),
            (None, _) => String::new(),
        };
        format!("{name} {what} from {at} on{others}{reached}.")
    }

    fn severity(&self, anomaly: &Anomaly) -> Severity {
        let worse = match self.line.series.polarity {
            Polarity::HigherIsWorse => Some(Direction::Up),
            Polarity::HigherIsBetter => Some(Direction::Down),
            Polarity::Neutral => None,
        };
        match anomaly.kind {
            Kind::Spike | Kind::Step | Kind::Drift
                if worse.is_some() && anomaly.direction == worse =>
            {
                Severity::Warning
            }
            Kind::Gap => Severity::Warning,
            _ => Severity::Note,
        }
    }

    /// How far from what was usual: between the far and the near end of the band.
    fn effect(&self, anomaly: &Anomaly) -> Option<Estimate> {
        let (observed, [lo, hi]) = (anomaly.observed?, anomaly.expected?);
        Some(Estimate {
            value: observed - (lo + (hi - lo) / 2.0),
            lo: observed - hi,
            hi: observed - lo,
            unit: self.line.series.unit.clone(),
        })
    }

    fn supports(&self, anomaly: &Anomaly) -> Vec<String> {
        let rows = anomaly.learned.len();
        let span = self.frame.span_of(anomaly.learned.clone());
        vec![
            format!(
                "It goes {:.1} times as far as what the series does by itself.",
                anomaly.score / (1.0 - anomaly.score).max(1e-3)
            ),
            format!(
                "Learned from the {rows} rows before ({}).",
                duration_text(span.seconds())
            ),
            normal(self.line, self.known, anomaly),
        ]
    }
}

/// How large, 0 to 1: the distance from the band, as a share of that and its width
/// and level.
fn size(anomaly: &Anomaly) -> f64 {
    let (Some(observed), Some([lo, hi])) = (anomaly.observed, anomaly.expected) else {
        return SIZE_OF_NONE;
    };
    let away = (lo - observed).max(observed - hi).max(0.0);
    let ordinary = (hi - lo) + lo.abs().max(hi.abs());
    let size = away / (away + ordinary);
    if size > 0.0 { size } else { SIZE_OF_NONE }
}

fn against(anomaly: &Anomaly) -> Vec<String> {
    let mut against = Vec::new();
    if anomaly.coverage < POOR_COVERAGE {
        against.push(format!(
            "Only {:.0} % of the samples are there.",
            anomaly.coverage * 100.0
        ));
    }
    if anomaly.score < CLOSE {
        against.push("It is hardly more than what the series does by itself.".to_owned());
    }
    if anomaly.learned.len() < SHORT_HISTORY {
        against.push(format!(
            "The history has {} rows only; what is rare may not have been seen yet.",
            anomaly.learned.len()
        ));
    }
    against
}

fn of_all(host: &str, frame: &Frame, took_part: usize, anomaly: &CollectiveAnomaly) -> Finding {
    let named = anomaly.contributions.iter();
    let series: Vec<String> = named.map(|it| frame.lines[it.0].name.clone()).collect();
    let span = frame.span_of(anomaly.index..anomaly.end_index + 1);
    let parameters = vec![("threshold".to_owned(), THRESHOLD.to_string())];
    let question = Question {
        analysis: Analysis::Anomaly,
        series: &series,
        span,
        parameters: &parameters,
    };
    let parts = anomaly.contributions.iter().zip(&series).take(NAMED);
    let parts: Vec<String> = parts
        .map(|((_, share), name)| format!("{} {:.0} %", told::of_name(name), share * 100.0))
        .collect();
    let mut against = Vec::new();
    if anomaly.score < CLOSE {
        against.push("It is hardly more than what the host does by itself.".to_owned());
    }
    Finding {
        id: FindingId::of(&question),
        analysis: Analysis::Anomaly,
        kind: "collective".to_owned(),
        host: host.to_owned(),
        statement: format!(
            "{took_part} series together are unlike the rest of the recording from {} to {}; the largest parts are {}.",
            frame.moment(anomaly.index),
            frame.moment(anomaly.end_index),
            parts.join(", ")
        ),
        severity: Severity::Warning,
        effect: None,
        evidence: anomaly.score,
        weight: SIZE_OF_ALL * anomaly.score,
        coverage: coverage(frame, anomaly),
        places: Vec::new(),
        learned: Some(frame.span()),
        supports: vec![format!(
            "At {} it is {:.1} times what makes an alarm.",
            frame.moment(anomaly.peak),
            anomaly.score / (1.0 - anomaly.score).max(1e-3)
        )],
        against,
        series,
        span,
        parameters,
    }
}

/// Share of the readings of the guilty series that exist within the episode.
fn coverage(frame: &Frame, anomaly: &CollectiveAnomaly) -> f64 {
    let rows = anomaly.index..anomaly.end_index + 1;
    let each = anomaly.contributions.iter();
    let sum: f64 = each.map(|it| frame.coverage(it.0, rows.clone())).sum();
    sum / anomaly.contributions.len().max(1) as f64
}
