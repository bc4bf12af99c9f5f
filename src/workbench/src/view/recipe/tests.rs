//! The recipe and its run, driven by their labels.

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::recipe::{Start, Step};
use workflow::recipe::log::{Entry, Event, State as LogState};
use workflow::recipe::{News, Seen};

use super::ui as recipe_ui;
use super::*;
use crate::view::testing;

fn drawn(runs: &Runs, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut state = State::default();
    let mut harness = testing::harness([1500.0, 1400.0], |ui| {
        actions.extend(recipe_ui(ui, &mut state, &Data { runs }));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

fn edited(actions: &[Action]) -> &Recipe {
    let edits = actions.iter().rev();
    let mut edits = edits.filter_map(|it| match it {
        Action::Edit(recipe) => Some(&**recipe),
        _ => None,
    });
    edits.next().unwrap_or_else(|| panic!("{actions:?}"))
}

#[test]
fn fields_change_the_recipe() {
    let actions = drawn(&Runs::default(), |harness| {
        harness.get_by_label("Predict what would help").click();
    });
    assert!(edited(&actions).optimize.is_some());
    let actions = drawn(&Runs::default(), |harness| {
        harness.get_by_label("Add folder").click();
    });
    assert_eq!(edited(&actions).deliver.len(), 1);
}

#[test]
fn a_mistake_is_told_by_line_and_keeps_it_from_running() {
    let mut runs = Runs::default();
    let wrong = runs.text().replace("coverage: 0.9", "coverage: 90.0");
    runs.set_text(wrong);
    let actions = drawn(&runs, |harness| {
        harness.get_by_label_contains("collect.coverage: a share is between 0 and 1");
        harness.get_by_label("Text").click();
        harness.run();
        harness.get_by_label_contains("line ");
        harness.get_by_label("▶ Run").click();
    });
    assert_eq!(actions, [], "it cannot be run");
    runs.begin();
    assert!(runs.mistakes().is_empty() && !runs.is_saved());
    let actions = drawn(&runs, |harness| harness.get_by_label("▶ Run").click());
    assert_eq!(actions, [Action::Run]);
}

#[test]
fn a_text_that_is_sound_again_is_the_recipe() {
    let mut runs = Runs::default();
    let text = runs.text().replace("start: Now", "start: At(\"02:30\")");
    runs.set_text(text);
    assert!(
        matches!(runs.recipe().collect.start, Start::At(_)),
        "{:?}",
        runs.mistakes()
    );
    runs.set_text("(schema: 1,".to_owned());
    assert_eq!(runs.mistakes().len(), 1);
    assert!(
        matches!(runs.recipe().collect.start, Start::At(_)),
        "the last sound one holds"
    );
}

#[test]
fn the_run_shows_its_steps_and_can_be_resumed() {
    let line = |step, event, text: &str| News {
        at: "2026-11-28T02:30:15Z".to_owned(),
        entry: Entry {
            step: Some(step),
            event,
            text: text.to_owned(),
            facts: std::collections::BTreeMap::new(),
        },
    };
    let tail = vec![
        line(
            Step::Collect,
            Event::Validated,
            "60.0 s, 100.0 % of the samples",
        ),
        line(Step::Analyze, Event::Started, "attempt 1 of 2"),
        line(Step::Analyze, Event::Failed, "its time was over"),
    ];
    let mut state = LogState::default();
    tail.iter().for_each(|it| state.add(&it.entry));
    let mut runs = Runs::default();
    let seen = Seen {
        recipe: Recipe::new("nightly"),
        state,
        tail,
    };
    runs.seen(PathBuf::from("/runs/nightly"), Ok(Arc::new(seen)));
    let actions = drawn(&runs, |harness| {
        harness.get_by_label("● collect");
        harness.get_by_label("× analyze");
        harness.get_by_label("○ report");
        harness.get_by_label("02:30:15  analyze failed: its time was over");
        harness.get_by_label("▶ Resume").click();
        harness.run();
        harness.get_by_label("Open session").click();
    });
    let session = PathBuf::from("/runs/nightly/collect/session.kymo");
    assert_eq!(actions, [Action::Resume, Action::OpenSession(session)]);
}
