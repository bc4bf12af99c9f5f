//! Where trend, anomaly and bottleneck agree, and where they contradict.
//!
//! * In: findings of all analyses and the stretch of time that is looked at.
//! * Out: for each host, cells of equal length, each with what the three say there.
//! * Never: decides who is right. A contradiction is where to look next.
//!
//! Start at [`over`].

use model::finding::{Analysis, Finding, Severity};
use model::time::{Moment, Span};

/// Which analyses speak within a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voices {
    /// A level changed or heads for a limit.
    pub trend: bool,
    /// Something is unlike its own past.
    pub anomaly: bool,
    /// A resource limits.
    pub bottleneck: bool,
}

/// What the three say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// None of them speaks.
    Quiet,
    /// At least two speak.
    Agree,
    /// Something changed, but no measured resource limits: the cause may lie in
    /// what was not measured.
    ChangeWithoutLimit,
    /// A resource limits without anything having changed: it is always so.
    LimitWithoutChange,
}

/// One host's cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Name of the host; empty where findings name none.
    pub host: String,
    /// As many cells as were asked for, from left to right.
    pub cells: Vec<Voices>,
}

impl Voices {
    /// What they say together.
    pub fn verdict(self) -> Verdict {
        let count = [self.trend, self.anomaly, self.bottleneck];
        match count.iter().filter(|it| **it).count() {
            0 => Verdict::Quiet,
            1 if self.bottleneck => Verdict::LimitWithoutChange,
            1 => Verdict::ChangeWithoutLimit,
            _ => Verdict::Agree,
        }
    }
}

impl Verdict {
    /// The verdict in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Agree => "they agree",
            Self::ChangeWithoutLimit => "changed, but nothing measured limits",
            Self::LimitWithoutChange => "limited, but as before",
        }
    }
}

/// The verdicts over `span` in `cells` cells, one strip for each host, by name.
///
/// Only what is at least a warning speaks, so that a strip stays readable.
pub fn over(findings: &[Finding], span: Span, cells: usize) -> Vec<Strip> {
    let mut strips: Vec<Strip> = Vec::new();
    if span.is_empty() || cells == 0 {
        return strips;
    }
    for finding in findings.iter().filter(|it| speaks(it)) {
        let inside = |place: &&Span| !place.intersect(span).is_empty() || span.contains(place.from);
        let places: Vec<&Span> = finding.extent().iter().filter(inside).collect();
        if places.is_empty() {
            continue;
        }
        let strip = match strips.iter().position(|it| it.host == finding.host) {
            Some(place) => &mut strips[place],
            None => {
                strips.push(Strip {
                    host: finding.host.clone(),
                    cells: vec![Voices::default(); cells],
                });
                let last = strips.len() - 1;
                &mut strips[last]
            }
        };
        for place in places {
            let first = cell_of(span, cells, place.from);
            let last = cell_of(span, cells, place.to.plus_ns(-1)).max(first);
            for cell in &mut strip.cells[first..=last] {
                match finding.analysis {
                    Analysis::Anomaly => cell.anomaly = true,
                    Analysis::Bottleneck => cell.bottleneck = true,
                    _ => cell.trend = true,
                }
            }
        }
    }
    strips.sort_by(|a, b| a.host.cmp(&b.host));
    strips
}

fn speaks(finding: &Finding) -> bool {
    let heard = matches!(
        finding.analysis,
        Analysis::Anomaly | Analysis::Bottleneck | Analysis::Change | Analysis::Trend
    );
    heard && finding.severity >= Severity::Warning && finding.kind != "none"
}

fn cell_of(span: Span, cells: usize, moment: Moment) -> usize {
    let offset = moment.0.saturating_sub(span.from.0).max(0) as f64;
    let share = offset / span.length_ns().max(1) as f64;
    ((share * cells as f64) as usize).min(cells - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::finding::{FindingId, Question};

    fn finding(analysis: Analysis, kind: &str, (from, to): (i64, i64)) -> Finding {
        let span = Span {
            from: Moment(from),
            to: Moment(to),
        };
        Finding {
            id: FindingId::of(&Question {
                analysis,
                series: &[],
                span,
                parameters: &[],
            }),
            analysis,
            kind: kind.to_owned(),
            host: "a".to_owned(),
            series: Vec::new(),
            span,
            statement: String::new(),
            severity: Severity::Warning,
            effect: None,
            evidence: 1.0,
            weight: 1.0,
            coverage: 1.0,
            places: Vec::new(),
            learned: None,
            parameters: Vec::new(),
            supports: Vec::new(),
            against: Vec::new(),
        }
    }

    #[test]
    fn cells_tell_who_speaks_and_whether_they_agree() {
        let mut note = finding(Analysis::Anomaly, "spike", (90, 91));
        note.severity = Severity::Note;
        // Computed over all, but it only holds in places.
        let mut limited = finding(Analysis::Bottleneck, "cpu", (0, 100));
        limited.places = vec![Span {
            from: Moment(30),
            to: Moment(60),
        }];
        let findings = [
            finding(Analysis::Anomaly, "step", (20, 40)),
            limited,
            finding(Analysis::Bottleneck, "none", (0, 100)),
            finding(Analysis::Change, "step", (5, 5)),
            note,
        ];
        let span = Span {
            from: Moment(0),
            to: Moment(100),
        };
        let strips = over(&findings, span, 10);
        let names: Vec<&str> = strips[0]
            .cells
            .iter()
            .map(|cell| cell.verdict().name())
            .collect();
        let mut want = vec!["quiet"; 10];
        want[0] = "changed, but nothing measured limits";
        want[2] = "changed, but nothing measured limits";
        want[3] = "they agree";
        want[4] = "limited, but as before";
        want[5] = "limited, but as before";
        assert_eq!(names, want);
        assert!(over(&findings, Span::default(), 10).is_empty());
        assert!(over(&findings, span, 0).is_empty());
    }
}
