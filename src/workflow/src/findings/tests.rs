//! Kept findings are compared with derived ones, down to the last digit.

use model::finding::{Analysis, Question, Severity};
use model::time::{Moment, Span};

use super::*;

fn finding(from: i64, statement: &str) -> Finding {
    let series = vec!["web-1/cpu".to_owned()];
    let span = Span {
        from: Moment(from),
        to: Moment(from + 10),
    };
    let id = FindingId::of(&Question {
        analysis: Analysis::Anomaly,
        series: &series,
        span,
        parameters: &[],
    });
    Finding {
        id,
        analysis: Analysis::Anomaly,
        kind: "step".to_owned(),
        host: "web-1".to_owned(),
        series,
        span,
        places: Vec::new(),
        statement: statement.to_owned(),
        severity: Severity::Note,
        effect: None,
        evidence: f64::NAN,
        weight: 0.5,
        coverage: 1.0,
        learned: None,
        parameters: Vec::new(),
        supports: Vec::new(),
        against: Vec::new(),
    }
}

#[test]
fn the_same_findings_do_not_differ_whatever_their_order() {
    let (a, b) = (finding(0, "first"), finding(5, "second"));
    let kept = [a.clone(), b.clone()];
    assert_eq!(differences(&kept, &[b, a]), []);
}

#[test]
fn what_is_gone_changed_altered_or_new_is_told_apart() {
    let altered = Finding {
        host: "web-2".to_owned(),
        series: vec!["web-2/cpu".to_owned()],
        ..finding(20, "altered")
    };
    let kept = [finding(0, "gone"), finding(5, "before"), altered];
    let found = [finding(5, "now"), finding(30, "new")];
    let hows: Vec<How> = differences(&kept, &found)
        .into_iter()
        .map(|it| it.how)
        .collect();
    let now = How::Changed("now".to_owned());
    assert_eq!(hows, [How::Gone, now, How::Altered, How::New]);
    let told = differences(&kept[..1], &[]);
    assert!(told[0].to_string().ends_with("it does not follow any more"));
}
