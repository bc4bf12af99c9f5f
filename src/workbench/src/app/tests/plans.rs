//! Plans, from a recording to what they bring, through the whole window.

#![expect(
    clippy::disallowed_methods,
    reason = "a test looks at the files that the window wrote"
)]

use model::plan::action::{Action as Step, Kind as What};
use plan::edit::{Change, Edit, Value};

use super::*;
use crate::view::plan::Action;

/// Requests a second of two processors whose requests take 20 ms of one, for users that
/// wait a tenth of a second between.
fn rate(users: f64) -> f64 {
    (users / 0.13).min(95.0)
}

/// A window that looks at a table in which the load moves in steps.
fn loaded() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("shop.csv");
    let mut text = "time,requests,seconds,users,busy\n".to_owned();
    for row in 0..300_u32 {
        let users = [2.0, 4.0, 8.0, 12.0, 16.0][row as usize / 60];
        let wave = 1.0 + 0.02 * (f64::from(row * 37 % 11) / 5.0 - 1.0);
        let rate = rate(users) * wave;
        text.push_str(&format!(
            "{},{rate},{},{users},{}\n",
            1_770_000_000 + row,
            users / rate - 0.1,
            rate * 0.02
        ));
    }
    crate::places::write(&table, &text).expect("it is written");
    let context = workflow::jobs::Context::default();
    let (stored, _) = Stored::open(&table, &context).expect("a table");
    let mut app = app();
    app.timeline.restart(stored.span(), Mode::Paused);
    app.session.show_stored(stored, &app.work);
    app.session.refresh(Instant::now());
    let mut baseline = app.desk.plans.plan().baseline.clone();
    let subject = &mut baseline.subject;
    let name = |part: &str| {
        let mut all = app.session.series().iter().map(|it| it.key.column());
        all.find(|it| it.contains(part))
            .expect("it is in the table")
    };
    subject.throughput = name("requests");
    subject.response = name("seconds");
    subject.users = name("users");
    subject.cpu = vec![name("busy")];
    subject.cores = Some(2.0);
    let edit = Edit::from(Change::Baseline(baseline));
    app.desk.plans.apply(edit).expect("it is edited");
    (app, folder)
}

fn act(harness: &mut Harness<'_, App>, action: Action) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, Wish::Plan(action));
}

fn does(harness: &mut Harness<'_, App>, id: Id) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, Wish::Command(id));
}

fn edit(change: Change) -> Action {
    Action::Edit(Box::new(Edit::from(change)))
}

/// Requests a second that the planned system answers, by the best parameters.
fn planned(harness: &Harness<'_, App>) -> f64 {
    let quick = harness.state().desk.plans.quick().expect("a model");
    let solved = quick.outcome.solved.as_ref().expect("it works");
    solved.throughput
}

/// Whether the intervals are those of the plan as it is now.
fn is_followed(app: &App) -> bool {
    let quick = app.desk.plans.quick();
    let answer = app.session.inquiries.interval.answer();
    answer
        .zip(quick)
        .is_some_and(|(it, quick)| it.made_for == quick.made_for)
}

#[test]
fn a_plan_is_answered_at_once_then_with_intervals_and_taken_back_by_keys() {
    let (app, _folder) = loaded();
    let mut harness = window(app);
    does(&mut harness, Id::Show(Screen::Plan));
    assert!(draw_until(&mut harness, |app| {
        app.session.inquiries.plan.answer().is_some()
    }));
    let found = harness.state().session.inquiries.plan.answer();
    let refused = found.and_then(|it| it.calibrated.as_ref().err());
    assert_eq!(refused.map(ToString::to_string), None);
    let before = planned(&harness);
    let step = Step::new(
        "a1",
        What::HardwareChange {
            what: model::plan::action::Hardware::Cpu,
            speed: 1.0,
            units: Some(1),
        },
    );
    act(&mut harness, edit(Change::AddAction(0, step)));
    harness.step();
    let after = planned(&harness);
    assert!(after < 0.8 * before, "{before} {after}");
    assert!(draw_until(&mut harness, is_followed));
    harness.run_steps(2);
    harness.get_by_label("a1 alone");
    // Stale intervals are dropped: those that come are of the last place of a slider.
    for speed in [1.5, 2.0, 3.0] {
        let value = Value::Number(speed);
        let change = Change::Parameter("a1".to_owned(), "speed".to_owned(), value);
        act(&mut harness, edit(change));
        harness.step();
    }
    assert!(draw_until(&mut harness, is_followed));
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert!(harness.state().desk.plans.plan().actions.is_empty());
    assert_eq!(planned(&harness), before);
    press(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(planned(&harness), after);
}

#[test]
fn a_plan_is_saved_by_keys_and_opened_by_being_dropped() {
    let (mut app, folder) = loaded();
    let path = folder.path().join("shop.ron");
    app.desk.plans.saved(path.clone(), 0);
    let mut harness = window(app);
    does(&mut harness, Id::Show(Screen::Plan));
    press(&mut harness, Modifiers::COMMAND, Key::S);
    assert!(draw_until(&mut harness, |app| app.desk.plans.is_saved()));
    let text = std::fs::read_to_string(&path).expect("it is written");
    assert_eq!(text, harness.state().desk.plans.text());
    does(&mut harness, Id::NewPlan);
    assert!(harness.state().desk.plans.path().is_none());
    let ctx = harness.ctx.clone();
    let dropped = Wish::Dropped(vec![path.clone()]);
    harness.state_mut().act(&ctx, dropped);
    assert!(draw_until(&mut harness, |app| {
        app.desk.plans.path() == Some(&path)
    }));
    assert_eq!(harness.state().desk.plans.text(), text);
    std::fs::write(&path, "(schema: 1,\n oops").expect("it is written");
    does(&mut harness, Id::NewPlan);
    let dropped = Wish::Dropped(vec![path.clone()]);
    harness.state_mut().act(&ctx, dropped);
    let is_told = |app: &App| {
        app.notices
            .all()
            .iter()
            .any(|it| it.what.contains("could not read the plan"))
    };
    assert!(draw_until(&mut harness, is_told));
}

#[test]
fn saving_applies_what_was_written_by_hand() {
    let (mut app, folder) = loaded();
    let path = folder.path().join("shop.ron");
    app.desk.plans.saved(path.clone(), 0);
    let mut harness = window(app);
    does(&mut harness, Id::Show(Screen::Plan));
    harness.run_steps(2);
    harness.get_by_label("Text").click();
    harness.run_steps(3);
    harness.get_by_label("The plan as text").focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("// checked\n".to_owned()));
    harness.run_steps(2);
    press(&mut harness, Modifiers::COMMAND, Key::S);
    assert!(draw_until(&mut harness, |app| app.desk.plans.is_saved()));
    assert_eq!(harness.state().views.plan.written(), None);
    let text = std::fs::read_to_string(&path).expect("it is written");
    assert_eq!(text, harness.state().desk.plans.text());
}

#[test]
fn what_would_help_leads_to_suggestions_for_the_selected_stretch() {
    let (app, _folder) = loaded();
    let mut harness = window(app);
    let whole = harness.state().session.span();
    let part = Span {
        from: whole.from,
        to: whole.from.plus_ns(200 * SECOND_NS),
    };
    harness.state_mut().timeline.selection = Some(part);
    does(&mut harness, Id::WhatWouldHelp);
    assert!(draw_until(&mut harness, |app| {
        let plan = &app.session.inquiries.plan;
        plan.current_answer().is_some()
    }));
    harness.run_steps(2);
    let baseline = &harness.state().desk.plans.plan().baseline;
    assert_eq!(baseline.window, Some((part.from, part.to)));
    assert!(harness.state().desk.plans.plan().actions.is_empty());
}

#[test]
fn a_bottleneck_leads_to_what_would_help_in_its_stretch() {
    let (app, _folder) = loaded();
    let mut harness = window(app);
    let whole = harness.state().session.span();
    let ctx = harness.ctx.clone();
    let asked = crate::view::findings::Action::WhatWouldHelp(whole);
    harness.state_mut().act(&ctx, Wish::Findings(asked));
    harness.run_steps(2);
    let app = harness.state();
    assert!(app.shows_plan());
    let window = app.desk.plans.plan().baseline.window;
    assert_eq!(window, Some((whole.from, whole.to)));
}
