//! The screen of what limits, driven by its labels.

use analysis::bottleneck::{Cell, Culprit, Episode, Resource, Who};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::process::ProcessId;
use model::time::Moment;
use workflow::processes::Measure;

use super::ui as bottleneck_ui;
use super::*;
use crate::plot::pointer::Habits;
use crate::plot::time_axis::Clock;
use crate::view::testing;
use crate::workspace::ProcessItem;

fn span(from: i64, to: i64) -> Span {
    let second = model::time::SECOND_NS;
    Span {
        from: Moment(from * second),
        to: Moment(to * second),
    }
}

fn judgment(resource: Resource, score: f64) -> Judgment {
    Judgment {
        resource,
        host: "web-1".to_owned(),
        part: String::new(),
        utilization: 0.97,
        saturation: 0.4,
        saturation_name: "cpu pressure",
        saturation_unit: "1",
        errors: f64::NAN,
        score,
        limited_seconds: 30.0,
        limited_between: (20.0, 35.0),
        share: None,
        lag: None,
        supports: vec!["tasks waited".to_owned()],
        against: vec!["half of the time it was idle".to_owned()],
        culprits: Vec::new(),
        coverage: 1.0,
    }
}

fn worker() -> (Who, Item) {
    let who = Who::Process {
        name: "worker".to_owned(),
        pid: 412,
        count: 1,
    };
    let item = Item::Process(ProcessItem {
        host: "web-1".to_owned(),
        id: ProcessId(7),
        pid: 412,
        name: "worker".to_owned(),
        measure: Measure::Cpu,
    });
    (who, item)
}

fn judged() -> Judged {
    let (who, item) = worker();
    let culprit = Culprit { who, share: 0.9 };
    let mut cpu = judgment(Resource::Cpu, 0.8);
    cpu.culprits = vec![culprit.clone()];
    let cell = |from: i64, verdict| Cell {
        span: span(from, from + 10),
        host: "web-1".to_owned(),
        verdict,
        scores: [0.0; Resource::ALL.len()],
    };
    let outcome = Outcome {
        span: span(0, 100),
        verdict: Some(Resource::Cpu),
        resources: vec![cpu, judgment(Resource::Memory, 0.1)],
        cells: vec![cell(0, None), cell(10, Some(Resource::Cpu))],
        episodes: vec![Episode {
            resource: Resource::Cpu,
            host: "web-1".to_owned(),
            part: String::new(),
            span: span(10, 40),
            score: 0.8,
            culprits: vec![culprit.clone()],
        }],
        symptom: None,
        operations: Vec::new(),
        covered: 0.83,
    };
    let key = (Resource::Cpu, "web-1".to_owned(), culprit.who);
    Judged {
        sentence: "The processors of web-1 limited for 30 s.".to_owned(),
        evidence: 0.72,
        stalled: vec![0.31, f64::NAN],
        curves: [(key, item)].into_iter().collect(),
        outcome,
    }
}

/// Draws an answer, or the stage without one.
fn drawn(
    (judged, stage, asked): (Option<&Judged>, &Stage, Option<Option<Span>>),
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    let clock = Clock::utc();
    let data = Data {
        stage,
        trouble: None,
        asked,
        judged,
        version: 1,
        axis: Axis {
            view: span(0, 100),
            selection: None,
            cursor: None,
            clock: &clock,
            habits: Habits::default(),
        },
        hosts: 1,
        track: &|_| None,
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([1300.0, 760.0], |ui| {
        actions.extend(bottleneck_ui(ui, &mut state, &data).actions);
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions.retain(|it| !matches!(it, Action::Axis(_)));
    actions
}

fn shown(use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    drawn((Some(&judged()), &Stage::Over, Some(None)), use_it)
}

#[test]
fn the_verdict_stands_above_its_candidates_with_how_sure_it_is() {
    let actions = shown(|harness| {
        harness.get_by_label("The processors of web-1 limited for 30 s.");
        harness.get_by_label_contains("evidence 72 %, 83 % of what must be known");
        harness.get_by_label_contains("cpu  on web-1: limits, in use 97 %");
        harness.get_by_label_contains("memory  on web-1: does not limit");
        harness.get_by_label("Speaks for the processors");
        harness.get_by_label("• tasks waited");
        harness.get_by_label("• half of the time it was idle");
        harness.get_by_label("verdict · web-1: nothing limited 50 % of the time, cpu 50 %");
    });
    assert_eq!(actions, []);
}

#[test]
fn another_candidate_is_explained_when_it_is_chosen() {
    shown(|harness| {
        harness.get_by_label_contains("memory  on web-1").click();
        harness.run();
        harness.get_by_label("Speaks for memory");
        harness.get_by_label("Nobody is blamed for what does not limit.");
    });
}

#[test]
fn a_click_on_a_culprit_selects_it_and_on_an_episode_its_stretch() {
    let actions = shown(|harness| {
        harness
            .get_by_label("worker (412) made 90 % of the load")
            .click();
        harness.run();
        harness
            .get_by_label_contains("cpu · web-1 limited for 30 s")
            .click();
    });
    let wanted = [Action::Select(worker().1), Action::Show(span(10, 40))];
    assert_eq!(actions, wanted);
}

#[test]
fn the_candidates_are_copied_with_units_and_every_digit() {
    let actions = shown(|harness| {
        harness.get_by_label("Copy…").click();
        harness.run();
        harness.get_by_label("Candidates").click();
        harness.run();
        harness.get_by_label("Copy as TSV").click();
        harness.run();
    });
    let [Action::Copy(text)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    assert!(
        header.starts_with("host\tresource\tpart\tverdict\tscore (0 to 1)"),
        "{header}"
    );
    let first = "web-1\tcpu\t\t‼ limits\t0.8\t30\t20\t35\t0.97\t0.4\t\t0.31";
    assert!(
        lines.next().is_some_and(|it| it.starts_with(first)),
        "{text}"
    );
}

#[test]
fn nothing_that_limits_is_an_answer() {
    let mut none = judged();
    none.sentence = "None of the measured resources explains it (covered 83 %).".to_owned();
    none.outcome.verdict = None;
    none.outcome.episodes.clear();
    none.outcome.resources.remove(0);
    none.stalled.remove(0);
    drawn((Some(&none), &Stage::Over, Some(None)), |harness| {
        harness.get_by_label(&none.sentence);
        harness.get_by_label("Nothing limited at any time of the session.");
    });
}

#[test]
fn each_stage_without_an_answer_says_why_and_what_helps() {
    let actions = drawn((None, &Stage::Live, None), |harness| {
        harness.get_by_label_contains("computed from a recording");
        harness.get_by_label("Record…").click();
    });
    assert_eq!(actions, [Action::Ask(Asked::Record)]);
    let running = Stage::Running(Some(0.25));
    let actions = drawn((None, &running, Some(None)), |harness| {
        harness.get_by_label("Computing what limits 25 %…");
        harness.get_by_label("Cancel").click();
    });
    assert_eq!(actions, [Action::Ask(Asked::Cancel)]);
    drawn((None, &Stage::Recording, None), |harness| {
        harness.get_by_label_contains("A recording is running.");
    });
}

#[test]
fn another_selection_is_judged_by_itself() {
    let old = Some(Some(span(10, 20)));
    let actions = drawn((Some(&judged()), &Stage::Over, old), |_| {});
    assert_eq!(actions.first(), Some(&Action::Ask(Asked::Compute)));
    let actions = drawn((None, &Stage::Over, None), |_| {});
    assert_eq!(actions, [], "what could not be read is not asked for again");
}
