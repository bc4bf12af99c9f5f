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

const NOT_KEPT: Kept<'static> = Kept {
    kymo: "",
    differences: None,
    hindrance: None,
};

fn drawn(
    findings: &[Finding],
    progress: &Progress,
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    standing(findings, (progress, &HashMap::new(), NOT_KEPT), use_it)
}

fn standing(
    findings: &[Finding],
    (progress, standing, kept): (&Progress, &HashMap<FindingId, Standing>, Kept<'_>),
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    let clock = Clock::utc();
    let data = Data {
        findings,
        standing,
        kept,
        version: 1,
        progress,
        troubles: &[],
        said: &HashMap::from([(
            finding(Analysis::Anomaly, "", (5, 9)).id,
            "not said live".to_owned(),
        )]),
        watched: None,
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
    // A spinner never settles.
    harness.run_steps(3);
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
        harness.get_by_label("not said live");
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

#[test]
fn a_finding_is_pinned_and_marked_from_its_evidence_and_its_menu() {
    let found = [finding(Analysis::Anomaly, "cpu rose by 40 %", (5, 9))];
    let id = found[0].id;
    let actions = drawn(&found, &Progress::Done, |harness| {
        harness.get_by_label_contains("cpu rose").click();
        harness.run();
        harness.get_by_label("Add to report").click();
        harness.run();
        harness.get_by_label("Expected…").click();
        harness.run();
        harness
            .get_by_label_contains("warning: cpu rose")
            .click_secondary();
        harness.run();
        let buttons: Vec<_> = harness.get_all_by_label("Add to report").collect();
        assert_eq!(buttons.len(), 2, "in the menu and in the evidence");
        harness.get_by_label("Copy as text").click();
    });
    assert_eq!(actions[..2], [Action::Pin(id), Action::Expect(id)]);
    assert!(matches!(&actions[2..], [Action::Copy(text)] if text.starts_with("cpu rose")));
}

#[test]
fn a_finding_of_a_service_leads_to_its_requests() {
    let mut slow = finding(Analysis::Change, "p95 rose", (5, 9));
    slow.series =
        vec!["web-1/service.request.duration.p95{operation=GET /,service.name=shop}".to_owned()];
    let other = finding(Analysis::Anomaly, "cpu rose", (5, 9));
    let actions = drawn(&[slow.clone(), other], &Progress::Done, |harness| {
        harness.get_by_label_contains("cpu rose").click();
        harness.run();
        assert!(harness.query_by_label("Show in Services").is_none());
        harness.get_by_label_contains("p95 rose").click();
        harness.run();
        harness.get_by_label("Show in Services").click();
    });
    let which = Which {
        host: "web-1".to_owned(),
        service: "shop".to_owned(),
        operation: "GET /".to_owned(),
    };
    assert_eq!(actions, [Action::Services(which, slow.stretch())]);
}

#[test]
fn expected_and_pinned_ones_say_so_and_can_be_sieved() {
    let found = [
        finding(Analysis::Bottleneck, "disk limits", (0, 9)),
        finding(Analysis::Anomaly, "cpu rose", (5, 9)),
    ];
    let known = HashMap::from([
        (
            found[0].id,
            Standing {
                pinned: true,
                ..Standing::default()
            },
        ),
        (
            found[1].id,
            Standing {
                expected: Some("nightly backup".to_owned()),
                ..Standing::default()
            },
        ),
    ]);
    let told = (&Progress::Done, &known, NOT_KEPT);
    let actions = standing(&found, told, |harness| {
        harness.get_by_label_contains("expected: Expected, nightly backup: cpu rose");
        harness.get_by_label_contains("warning: disk limits, bottleneck step, in the report");
        harness.get_by_label("expected 1").click();
        harness.run();
        assert_eq!(harness.query_all_by_label_contains("cpu rose").count(), 0);
        harness.get_by_label("expected 1").click();
        harness.get_by_label("pinned 1").click();
        harness.run();
        assert_eq!(harness.query_all_by_label_contains("cpu rose").count(), 0);
        harness.get_by_label("pinned 1").click();
        harness.run();
        harness.get_by_label_contains("cpu rose").click();
        harness.run();
        harness.get_by_label("Not expected after all").click();
        harness.run();
        harness
            .get_by_label_contains("warning: disk limits")
            .click();
        harness.run();
        harness.get_by_label("Remove from report").click();
    });
    assert_eq!(
        actions,
        [Action::Unmark(found[1].id), Action::Unpin(found[0].id)]
    );
}

#[test]
fn kept_ones_are_there_at_once_and_their_check_is_told() {
    let found = [finding(Analysis::Anomaly, "cpu rose", (5, 9))];
    let kept = HashMap::from([(
        found[0].id,
        Standing {
            origin: Origin::Kept,
            ..Standing::default()
        },
    )]);
    let checked = |differences| Kept {
        kymo: "0.1.0",
        differences,
        hindrance: None,
    };
    let running = Progress::Running(vec!["anomaly"]);
    standing(&found, (&running, &kept, checked(None)), |harness| {
        harness.get_by_label_contains("(kept, being checked) cpu rose");
        harness.get_by_label_contains("Those kept by Kymo 0.1.0 are being checked");
    });
    let none = HashMap::new();
    standing(
        &found,
        (&Progress::Done, &none, checked(Some(&[]))),
        |harness| {
            harness.get_by_label_contains("derived anew, they are the same");
            assert!(harness.query_by_label("Keep in session").is_none());
        },
    );
    let gone = [Difference {
        id: found[0].id,
        statement: "disk was full".to_owned(),
        how: workflow::findings::How::Gone,
    }];
    let differs = (&Progress::Done, &none, checked(Some(&gone)));
    let actions = standing(&found, differs, |harness| {
        harness.get_by_label_contains("1 finding differs from those kept by Kymo 0.1.0");
        harness.get_by_label("Show differences").click();
        harness.run();
        harness.get_by_label("gone:");
        harness.get_by_label("disk was full");
        harness.get_by_label("Keep in session").click();
    });
    assert_eq!(actions, [Action::Keep]);
}

#[test]
fn why_they_cannot_be_kept_stands_on_the_button() {
    let found = [finding(Analysis::Anomaly, "cpu rose", (5, 9))];
    let kept = Kept {
        hindrance: Some("They are still being computed"),
        ..NOT_KEPT
    };
    let actions = standing(
        &found,
        (&Progress::Done, &HashMap::new(), kept),
        |harness| {
            harness.get_by_label("Keep in session").click();
        },
    );
    assert_eq!(actions, []);
}
