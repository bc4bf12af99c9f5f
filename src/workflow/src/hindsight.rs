//! What was said while a session was recorded, beside what the whole of it says.
//!
//! * In: what a live view said, and the findings on the whole recording.
//! * Out: for each finding whether it was said live, and what was said live that no
//!   finding confirms.
//! * Never: changes what was said.
//!
//! Start at [`compare`].

use std::collections::HashMap;

use model::finding::{Analysis, Finding, FindingId, Said, Severity};
use model::time::{Moment, SECOND_NS, Zone};

/// A verdict may come so much before or after the onset that hindsight sees.
const NEAR_NS: i64 = 15 * SECOND_NS;

/// What nobody confirmed weighs so much less.
const MUTED: f64 = 0.25;

/// Both verdicts side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hindsight {
    /// What was said live of a finding, in a sentence.
    pub remarks: HashMap<FindingId, String>,
    /// What was said live and no finding confirms, as muted notes.
    pub unconfirmed: Vec<Finding>,
}

/// Puts both verdicts side by side.
pub fn compare(said: &Said, found: &[Finding]) -> Hindsight {
    let mut hindsight = Hindsight::default();
    let mut confirmed = vec![false; said.findings.len()];
    for finding in found {
        let mut first: Option<&Finding> = None;
        for (place, live) in said.findings.iter().enumerate() {
            if confirms(finding, live) {
                confirmed[place] = true;
                if first.is_none_or(|it| moment(live) < moment(it)) {
                    first = Some(live);
                }
            }
        }
        let watched = said.span.contains(finding.stretch().from);
        let expected = matches!(finding.analysis, Analysis::Anomaly | Analysis::Bottleneck);
        let remark = match first {
            Some(live) => {
                let at = moment(live).strftime("%H:%M:%S UTC", Zone::Utc);
                Some(format!("said live at {at}: {}", words(live)))
            }
            // That nothing limits is not said live.
            None if watched && expected && !finding.series.is_empty() => {
                Some("not said live".to_owned())
            }
            None => None,
        };
        if let Some(remark) = remark {
            hindsight.remarks.insert(finding.id, remark);
        }
    }
    let alone = said.findings.iter().zip(confirmed);
    let alone = alone.filter(|(_, confirmed)| !confirmed);
    hindsight.unconfirmed = alone.map(|(live, _)| muted(live)).collect();
    hindsight
}

/// When it was said: an alarm at its reading, a limit when its minute was judged.
fn moment(live: &Finding) -> Moment {
    match live.analysis {
        Analysis::Bottleneck => live.span.to,
        _ => live.span.from,
    }
}

/// The sentence without the words that mark it as live.
fn words(live: &Finding) -> &str {
    match live.statement.split_once(": ") {
        Some((mark, words)) if mark.starts_with("Live") => words,
        _ => &live.statement,
    }
}

fn confirms(finding: &Finding, live: &Finding) -> bool {
    let (whole, said) = (finding.stretch(), live.stretch());
    let near = |a: Moment, b: Moment| a.0.abs_diff(b.0) <= NEAR_NS.unsigned_abs();
    let shared = || live.series.iter().any(|it| finding.series.contains(it));
    match (finding.analysis, live.analysis) {
        (Analysis::Bottleneck, Analysis::Bottleneck) => {
            let same = (&finding.kind, &finding.host) == (&live.kind, &live.host);
            same && !whole.intersect(said).is_empty()
        }
        (Analysis::Change, Analysis::Anomaly) => near(whole.from, said.from) && shared(),
        (Analysis::Anomaly, Analysis::Anomaly) => {
            let within = whole.contains(said.from)
                || near(whole.from, said.from)
                || near(whole.to, said.from);
            within && shared()
        }
        _ => false,
    }
}

fn muted(live: &Finding) -> Finding {
    let mut muted = live.clone();
    muted.severity = Severity::Note;
    muted.weight *= MUTED;
    let text = "Hindsight does not confirm it: no finding on the whole recording is about it.";
    muted.against.insert(0, text.to_owned());
    muted
}

#[cfg(test)]
mod tests {
    use model::finding::{Estimate, LIVE};
    use model::time::Span;
    use model::unit::Unit;

    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Moment(from * SECOND_NS),
            to: Moment(to * SECOND_NS),
        }
    }

    fn finding(analysis: Analysis, series: &[&str], (from, to): (i64, i64)) -> Finding {
        let mut finding = Finding {
            id: FindingId::try_from("0".to_owned()).expect("an id"),
            analysis,
            kind: "cpu".to_owned(),
            host: "h".to_owned(),
            series: series.iter().map(|it| (*it).to_owned()).collect(),
            span: span(from, to),
            places: Vec::new(),
            statement: format!("Live at {from}: {analysis:?} at {from}"),
            severity: Severity::Warning,
            effect: Some(Estimate {
                value: 1.0,
                lo: 0.0,
                hi: 2.0,
                unit: Unit::new("1"),
            }),
            evidence: 1.0,
            weight: 0.8,
            coverage: 1.0,
            learned: None,
            parameters: Vec::new(),
            supports: Vec::new(),
            against: Vec::new(),
        };
        finding.id = finding.own_id();
        finding
    }

    #[test]
    fn both_verdicts_stand_side_by_side() {
        let mut said = Said {
            span: span(0, 500),
            findings: vec![
                finding(Analysis::Anomaly, &["h/a", "h/b"], (100, 101)),
                finding(Analysis::Anomaly, &["h/c"], (300, 301)),
                finding(Analysis::Bottleneck, &["h/cpu"], (50, 110)),
            ],
        };
        for live in &mut said.findings {
            let (key, value) = LIVE;
            live.parameters.push((key.to_owned(), value.to_owned()));
        }
        let found = [
            finding(Analysis::Change, &["h/b"], (95, 400)),
            finding(Analysis::Anomaly, &["h/d"], (200, 210)),
            finding(Analysis::Bottleneck, &["h/cpu"], (80, 400)),
            finding(Analysis::Change, &["h/c"], (350, 400)),
        ];
        let hindsight = compare(&said, &found);
        let remark = |place: usize| hindsight.remarks.get(&found[place].id).map(String::as_str);
        assert_eq!(remark(0), Some("said live at 00:01:40 UTC: Anomaly at 100"));
        assert_eq!(remark(1), Some("not said live"));
        assert_eq!(
            remark(2),
            Some("said live at 00:01:50 UTC: Bottleneck at 50")
        );
        assert_eq!(remark(3), None);
        let alone = &hindsight.unconfirmed;
        assert_eq!((alone.len(), alone[0].series[0].as_str()), (1, "h/c"));
        assert_eq!(alone[0].severity, Severity::Note);
        assert!(alone[0].weight < 0.8 && alone[0].against[0].starts_with("Hindsight"));
        // What nobody watched is not held against the watch.
        said.span = span(300, 500);
        let later = compare(&said, &found);
        assert_eq!(later.remarks.get(&found[1].id), None);
    }
}
