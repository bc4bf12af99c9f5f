//! The three columns driven by their labels.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::finding::Analysis;
use model::time::{Moment, Span};

use super::ui as analyze_ui;
use super::*;
use crate::view::findings::tests::finding;
use crate::view::testing;

fn drawn(findings: &[Finding], use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let clock = Clock::utc();
    let data = Data {
        findings,
        version: 1,
        progress: &Progress::Done,
        view: Span {
            from: Moment(0),
            to: Moment(100),
        },
        selection: None,
        cursor: None,
        hosts: 1,
        track: &|_| None,
        clock: &clock,
        habits: Habits::default(),
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([1200.0, 600.0], |ui| {
        actions.extend(analyze_ui(ui, &mut state, &data).actions);
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions.retain(|it| !matches!(it, Action::Axis(panel::Action::Cursor(_))));
    actions
}

#[test]
fn each_finding_stands_in_its_column_and_a_click_selects_its_stretch() {
    let found = [
        finding(Analysis::Anomaly, "unlike its past", (20, 40)),
        finding(Analysis::Bottleneck, "the disk limits", (30, 60)),
        finding(Analysis::Change, "another level", (20, 21)),
    ];
    let actions = drawn(&found, |harness| {
        let x = |label: &str| harness.get_by_label_contains(label).rect().center().x;
        assert!(x("another level") < x("unlike its past"));
        assert!(x("unlike its past") < x("the disk limits"));
        harness.get_by_label_contains("Agreement on web-1");
        harness.get_by_label_contains("the disk limits").click();
    });
    assert_eq!(actions, [Action::Show(found[1].span)]);
}

#[test]
fn nothing_says_what_was_looked_for() {
    drawn(&[], |harness| {
        harness.get_by_label("No measured resource limits.");
        harness.get_by_label_contains("Neither of the three speaks");
    });
}

#[test]
fn a_drag_over_a_curve_selects_in_every_screen() {
    let found = [finding(Analysis::Anomaly, "unlike its past", (20, 40))];
    let actions = drawn(&found, |harness| {
        let lane = harness
            .get_by_label_contains("Curve of web-1/anomaly")
            .rect();
        let at = |share: f32| lane.lerp_inside(vec2(share, 0.5));
        harness.drag_at(at(0.25));
        harness.run();
        harness.hover_at(at(0.75));
        harness.run();
        harness.drop_at(at(0.75));
        harness.run();
    });
    let selected = actions.iter().find_map(|it| match it {
        Action::Axis(panel::Action::Select(span)) => Some(*span),
        _ => None,
    });
    let span = selected.expect("a range is selected");
    assert!(
        (20..30).contains(&span.from.0) && (70..80).contains(&span.to.0),
        "{span:?}"
    );
}
