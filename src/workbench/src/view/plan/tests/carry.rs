//! Carrying out: what may be pressed when, and what is said of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use model::plan::State as Life;
use workflow::planning::execute::{DryRun, INCOMPLETE, Left, Line, Outcome, ROLLED_BACK, Word};

use super::*;
use crate::carrying::Doing;

fn tried(plans: &Plans) -> DryRun {
    DryRun {
        plan: plans.plan().id.clone(),
        hash: plans.mandate().to_owned(),
        lines: vec![Line {
            action: "a1".to_owned(),
            kind: "CpuMax".to_owned(),
            key: "cgroup:/shop:cpu.max".to_owned(),
            before: "150000 100000".to_owned(),
            after: "300000 100000".to_owned(),
            inverse: "set to 150000 100000".to_owned(),
            ..Line::default()
        }],
        script: "echo".to_owned(),
        ..DryRun::default()
    }
}

fn pressed(plans: &Plans, seen: &Seen, act: impl Fn(&mut Harness<'_>)) -> Vec<Action> {
    let data = Data {
        carried: seen,
        ..bare(plans)
    };
    let actions = asked(&data, |harness| {
        harness.get_by_label("Carry out").click();
        harness.run_steps(2);
        act(harness);
    });
    let own = |it: &Action| matches!(it, Action::Carry(_) | Action::Copy(_));
    actions.into_iter().filter(own).collect()
}

fn approved() -> Plans {
    in_state(Life::Approved)
}

fn in_state(life: Life) -> Plans {
    let mut plans = with_quota();
    let state = |plan: &mut model::plan::Plan| -> Result<(), ()> {
        plan.state = life;
        Ok(())
    };
    plans.live(state).expect("it is set");
    let version = plans.version();
    plans.saved(PathBuf::from("plan.ron"), version);
    plans
}

#[test]
fn a_draft_can_be_tried_and_not_applied() {
    let plans = with_quota();
    let actions = pressed(&plans, &Seen::default(), |harness| {
        harness.get_by_label("to apply it, approve it first");
        harness.get_by_label("Apply").click();
        harness.get_by_label("Dry run").click();
    });
    let [Action::Carry(wish)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert!(matches!(&**wish, Wish::Try(place) if place.target == "local"));
}

#[test]
fn an_approved_plan_is_applied_after_a_dry_run_of_exactly_it() {
    let plans = approved();
    let mut seen = Seen {
        tried: Some(tried(&plans)),
        ..Seen::default()
    };
    let apply = |harness: &mut Harness<'_>| {
        harness.get_by_label("I watch it").click();
        harness.run_steps(2);
        harness.get_by_label("Apply").click();
    };
    let actions = pressed(&plans, &seen, |harness| {
        harness.get_by_label("cgroup:/shop:cpu.max");
        harness.get_by_label("set to 150000 100000");
        apply(harness);
    });
    assert!(
        matches!(actions.as_slice(), [Action::Carry(wish)] if matches!(**wish, Wish::Apply(_))),
        "{actions:?}"
    );
    for spoil in [
        |it: &mut DryRun| it.hash = "another".to_owned(),
        |it: &mut DryRun| it.refused.push("not in the policy".to_owned()),
        |it: &mut DryRun| it.lines[0].drifted = "it is 1 now".to_owned(),
    ] {
        let mut dry_run = tried(&plans);
        spoil(&mut dry_run);
        seen.tried = Some(dry_run);
        assert_eq!(pressed(&plans, &seen, apply), []);
    }
}

#[test]
fn a_plan_that_stays_can_be_taken_back() {
    for life in [Life::Confirmed, Life::Validated, Life::Mispredicted] {
        let actions = pressed(&in_state(life), &Seen::default(), |harness| {
            harness.get_by_label("Take it back").click();
        });
        assert!(
            matches!(actions.as_slice(), [Action::Carry(wish)] if matches!(**wish, Wish::TakeBack(_))),
            "{actions:?}"
        );
    }
    pressed(&approved(), &Seen::default(), |harness| {
        assert!(harness.query_by_label("Take it back").is_none());
    });
}

#[test]
fn a_plan_that_is_held_is_confirmed_or_taken_back() {
    let plans = approved();
    let seen = Seen {
        doing: Some(Doing::Applying),
        phase: "holding".to_owned(),
        until: Some(Instant::now() + Duration::from_secs(100)),
        lines: vec!["applying a1: cpu.max is 300000 100000".to_owned()],
        ..Seen::default()
    };
    for (button, word) in [
        ("Confirm: it stays", Word::Confirm),
        ("Roll back now", Word::RollBack),
    ] {
        let actions = pressed(&plans, &seen, |harness| {
            harness.get_by_label("applying a1: cpu.max is 300000 100000");
            harness.get_by_label_contains("s unless confirmed");
            harness.get_by_label(button).click();
        });
        assert_eq!(actions, [Action::Carry(Box::new(Wish::Say(word)))]);
    }
    let waiting = Seen {
        doing: Some(Doing::Applying),
        phase: "waiting".to_owned(),
        waits_for: Some("a4".to_owned()),
        ..Seen::default()
    };
    let actions = pressed(&plans, &waiting, |harness| {
        harness.get_by_label("It is done").click();
    });
    let done = Word::Done("a4".to_owned());
    assert_eq!(actions, [Action::Carry(Box::new(Wish::Say(done)))]);
}

#[test]
fn what_could_not_be_put_back_is_told_with_its_command() {
    let plans = approved();
    let mut outcome = Outcome {
        code: ROLLED_BACK,
        cause: "nobody confirmed".to_owned(),
        ..Outcome::default()
    };
    let seen = |outcome: &Outcome| Seen {
        outcome: Some(outcome.clone()),
        ..Seen::default()
    };
    pressed(&plans, &seen(&outcome), |harness| {
        harness.get_by_label("Taken back, all is as before: nobody confirmed");
    });
    outcome.code = INCOMPLETE;
    outcome.left.push(Left {
        key: "cgroup:/shop:cpu.max".to_owned(),
        command: "echo 150000 > cpu.cfs_quota_us".to_owned(),
        ..Left::default()
    });
    let actions = pressed(&plans, &seen(&outcome), |harness| {
        harness.get_by_label("! Not all is as before: nobody confirmed");
        harness.get_by_label("Copy the commands").click();
    });
    let command = "echo 150000 > cpu.cfs_quota_us".to_owned();
    assert_eq!(actions, [Action::Copy(command)]);
}
