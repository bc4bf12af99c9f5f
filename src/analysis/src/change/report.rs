//! Says changes in plain sentences.
//!
//! Start at [`told`].

use model::catalog::Polarity;
use model::finding::{self, Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::time::{Moment, Span, Zone, duration_text};

use super::together::{self, Told};
use super::{Change, Changes, Kind};
use crate::frame::{Frame, Line};

/// A change that chance makes more often than this is listed, but is no finding.
const MOST_CHANCE: f64 = 1e-3;

/// A shift below this share of the larger level is listed, but is no finding.
const LEAST_SHARE: f64 = 0.1;

/// Findings of one series, at most: more of them say that it is restless.
const MOST_OF_SERIES: usize = 3;

/// Less coverage than this makes every other sentence doubtful.
const POOR_COVERAGE: f64 = 0.9;

/// The changes worth telling, series by series, the heaviest of each first.
pub(super) fn told(host: &str, frame: &Frame, changes: &[Changes]) -> Vec<Told> {
    let mut all = Vec::new();
    for (line, known) in frame.lines.iter().zip(changes) {
        let notable = known.changes.iter().filter(|it| notable(it));
        let mut of_series: Vec<Told> = notable
            .map(|change| {
                let of = Subject {
                    host,
                    frame,
                    line,
                    known,
                };
                Told {
                    finding: of.finding(change),
                    onset: together::onset(&line.values, change),
                    short: of.short(change),
                }
            })
            .collect();
        of_series.sort_by(|a, b| finding::order(&a.finding, &b.finding));
        of_series.truncate(MOST_OF_SERIES);
        all.extend(of_series);
    }
    all
}

fn notable(change: &Change) -> bool {
    change.p_value <= MOST_CHANCE && share(change) >= LEAST_SHARE
}

/// The shift as a share of the larger of both levels, 0 to 1.
fn share(change: &Change) -> f64 {
    let larger = change.before.abs().max(change.after.abs());
    if larger > 0.0 {
        ((change.after - change.before).abs() / larger).min(1.0)
    } else {
        0.0
    }
}

/// The series that a sentence speaks of.
struct Subject<'a> {
    host: &'a str,
    frame: &'a Frame,
    line: &'a Line,
    known: &'a Changes,
}

impl Subject<'_> {
    fn finding(&self, change: &Change) -> Finding {
        let series = vec![self.line.name.clone()];
        let span = self.frame.span_of(change.from..change.to);
        let at = self.frame.moment(change.row);
        let parameters = vec![
            ("kind".to_owned(), change.kind.name().to_owned()),
            ("at".to_owned(), at.to_string()),
        ];
        let question = Question {
            analysis: Analysis::Change,
            series: &series,
            span,
            parameters: &parameters,
        };
        let evidence = 1.0 - change.p_value;
        Finding {
            id: FindingId::of(&question),
            analysis: Analysis::Change,
            kind: change.kind.name().to_owned(),
            host: self.host.to_owned(),
            statement: self.statement(change, at),
            severity: self.severity(change),
            effect: Some(Estimate {
                value: change.after - change.before,
                lo: change.shift.0,
                hi: change.shift.1,
                unit: self.line.series.unit.clone(),
            }),
            evidence,
            weight: share(change) * evidence,
            coverage: self.frame.coverage(self.place(), change.from..change.to),
            places: vec![self.lasting(change)],
            learned: Some(self.frame.span_of(change.from..change.row)),
            supports: self.supports(change),
            against: self.against(change, span),
            series,
            span,
            parameters,
        }
    }

    fn place(&self) -> usize {
        self.frame.find(&self.line.name).unwrap_or(usize::MAX)
    }

    /// It holds until the next change, but not beyond the last reading; a level not
    /// beyond the last reading that is nearer to it than to the one before, since a way
    /// back may be too short to be a change of its own.
    fn lasting(&self, change: &Change) -> Span {
        let rows = change.row..change.to;
        let values = self.line.values.get(rows).unwrap_or_default();
        let holds = |value: f64| match change.kind {
            Kind::Level => (value - change.after).abs() <= (value - change.before).abs(),
            Kind::Slope | Kind::Spread => value.is_finite(),
        };
        let last = values.iter().rposition(|it| holds(*it));
        let end = last.map_or(change.to, |last| change.row + last + 1);
        self.frame.span_of(change.row..end)
    }

    fn what(change: &Change) -> &'static str {
        let grew = change.after > change.before;
        match (change.kind, grew) {
            (Kind::Level, true) => "stepped up",
            (Kind::Level, false) => "stepped down",
            (Kind::Slope, true) => "turned, and lies higher after",
            (Kind::Slope, false) => "turned, and lies lower after",
            (Kind::Spread, true) => "began to scatter more",
            (Kind::Spread, false) => "began to scatter less",
        }
    }

    /// The change as a clause without its moment.
    fn short(&self, change: &Change) -> String {
        let unit = &self.line.series.unit;
        format!(
            "{} {} ({} before, {} after)",
            self.line.told(),
            Self::what(change),
            unit.text(change.before),
            unit.text(change.after),
        )
    }

    fn statement(&self, change: &Change, at: Moment) -> String {
        // The whole date stands in the finding; a sentence should be short.
        let at = at.strftime("%H:%M:%S UTC", Zone::Utc);
        let unit = &self.line.series.unit;
        let (name, what) = (self.line.told(), Self::what(change));
        format!(
            "{name} {what} at {at}: {} before, {} after (shift {} to {}).",
            unit.text(change.before),
            unit.text(change.after),
            unit.text(change.shift.0),
            unit.text(change.shift.1),
        )
    }

    fn severity(&self, change: &Change) -> Severity {
        let worse = match self.line.series.polarity {
            Polarity::HigherIsWorse => change.after > change.before,
            Polarity::HigherIsBetter => change.after < change.before,
            Polarity::Neutral => false,
        };
        let (lo, hi) = change.shift;
        let sure = lo > 0.0 || hi < 0.0;
        match change.kind {
            Kind::Level | Kind::Slope if worse && sure => Severity::Warning,
            _ => Severity::Note,
        }
    }

    fn supports(&self, change: &Change) -> Vec<String> {
        let lasts = self.lasting(change).seconds();
        let mut supports = vec![
            format!(
                "Chance makes a break like it in {} of such stretches, the memory of the series considered.",
                share_text(change.p_value)
            ),
            format!("It lasts for {} at least.", duration_text(lasts)),
        ];
        if let Some(season) = &self.known.season {
            let seconds = season.period_rows as f64 * self.frame.step_seconds();
            supports.push(format!(
                "A cycle of {} was removed first.",
                duration_text(seconds)
            ));
        }
        supports
    }

    fn against(&self, change: &Change, span: Span) -> Vec<String> {
        let mut against = Vec::new();
        if self.known.coverage < POOR_COVERAGE {
            against.push(format!(
                "Only {:.0} % of the samples are there.",
                self.known.coverage * 100.0
            ));
        }
        let (lo, hi) = change.shift;
        if lo <= 0.0 && hi >= 0.0 {
            against.push("The interval of the shift includes none at all.".to_owned());
        }
        if self.frame.span().to <= span.to && change.to - change.row < change.row - change.from {
            against.push("The recording ends before it is sure to last.".to_owned());
        }
        against
    }
}

fn share_text(share: f64) -> String {
    if share < 1e-6 {
        return "less than one in a million".to_owned();
    }
    format!("one in {:.0}", 1.0 / share)
}
