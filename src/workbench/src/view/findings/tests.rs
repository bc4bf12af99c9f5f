//! The list driven by its labels.

use eframe::egui::Event;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::finding::{Estimate, Question};
use model::time::Moment;
use model::unit::Unit;

use super::ui as findings_ui;
use super::*;
use crate::view::testing;

pub(crate) fn finding(analysis: Analysis, statement: &str, (from, to): (i64, i64)) -> Finding {
    let series = vec![format!("web-1/{}", analysis.name())];
    let span = Span {
        from: Moment(from),
        to: Moment(to),
    };
    let id = FindingId::of(&Question {
        analysis,
        series: &series,
        span,
        parameters: &[],
    });
    Finding {
        id,
        analysis,
        kind: "step".to_owned(),
        host: "web-1".to_owned(),
        series,
        span,
        statement: statement.to_owned(),
        severity: Severity::Warning,
        effect: Some(Estimate {
            value: 0.4,
            lo: 0.3,
            hi: 0.5,
            unit: Unit::new("1"),
        }),
        evidence: 0.9,
        weight: 0.8,
        coverage: 1.0,
        places: Vec::new(),
        learned: None,
        parameters: Vec::new(),
        supports: vec!["it stayed high".to_owned()],
        against: vec!["nobody waited".to_owned()],
    }
}

fn drawn(
    findings: &[Finding],
    progress: &Progress,
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    let clock = Clock::utc();
    let standing = HashMap::new();
    let data = Data {
        findings,
        standing: &standing,
        kept: Kept {
            kymo: "",
            differences: None,
            hindrance: None,
        },
        version: 1,
        progress,
        troubles: &[],
        live: false,
        whole: Span {
            from: Moment(0),
            to: Moment(100),
        },
        hosts: 1,
        track: &|_| None,
        clock: &clock,
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([900.0, 600.0], |ui| {
        actions.extend(findings_ui(ui, &mut state, &data).actions);
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

#[test]
fn a_click_shows_the_evidence_and_its_buttons_act() {
    let found = [finding(Analysis::Anomaly, "cpu rose by 40 %", (5, 9))];
    let actions = drawn(&found, &Progress::Done, |harness| {
        harness.get_by_label_contains("warning: cpu rose").click();
        harness.run();
        harness.get_by_label_contains("nobody waited");
        harness.get_by_label("Show").click();
        harness.run();
        harness.get_by_label("Plot its series").click();
    });
    assert_eq!(
        actions,
        [
            Action::Show(found[0].span),
            Action::Plot(vec!["web-1/anomaly".to_owned()])
        ]
    );
}

#[test]
fn analyses_can_be_hidden_and_the_rest_is_copied_with_header() {
    let found = [
        finding(Analysis::Anomaly, "first", (5, 9)),
        finding(Analysis::Bottleneck, "second", (0, 9)),
    ];
    let actions = drawn(&found, &Progress::Done, |harness| {
        harness.get_by_label("anomaly 1").click();
        harness.run();
        assert_eq!(harness.query_all_by_label_contains("first").count(), 0);
        harness.hover_at(eframe::egui::pos2(300.0, 300.0));
        harness.run();
        harness.event(Event::Copy);
    });
    let Some(Action::Copy(text)) = actions.first() else {
        panic!("{actions:?}");
    };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("id\tanalysis\tkind") && lines[1].contains("\tsecond\t0.4\t"));
}

#[test]
fn what_is_missing_is_said() {
    let actions = drawn(&[], &Progress::Running(vec!["anomaly"]), |harness| {
        harness.get_by_label_contains("Looking for findings: anomaly");
        harness.get_by_label("Cancel").click();
    });
    assert_eq!(actions, [Action::Cancel]);
    let actions = drawn(&[], &Progress::Idle, |harness| {
        harness.get_by_label("Analyze what is recorded").click();
    });
    assert_eq!(actions, [Action::Analyze]);
    drawn(&[], &Progress::Done, |harness| {
        harness.get_by_label_contains("Nothing stands out");
    });
}
