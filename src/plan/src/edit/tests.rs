//! What edits do to plans, and that undo and redo give back what was there.

use std::collections::BTreeSet;

use analysis::stats::random::Random;
use model::plan::action::{Action, Execute, Family, Kind};
use model::plan::check;
use model::plan::{Plan, State};

use super::*;
use crate::{document, sample};

fn number(value: f64) -> Value {
    Value::Number(value)
}

fn quota(value: f64) -> Edit {
    parameter("a1", "quota_us", number(value))
}

fn parameter(id: &str, name: &str, value: Value) -> Edit {
    Edit::from(Change::Parameter(id.to_owned(), name.to_owned(), value))
}

fn variant(it: Variant) -> Edit {
    Edit::Variant(it)
}

fn predicted_desk() -> Desk {
    let mut plan = sample::checkout();
    sample::predict(&mut plan);
    Desk::new(plan)
}

#[test]
fn an_edit_of_what_is_carried_out_voids_what_was_said_of_it() {
    let mut desk = predicted_desk();
    let revision = desk.plan().revision;
    assert_eq!(desk.apply(quota(200_000.0), Gesture(1)), Ok(true));
    let plan = desk.plan();
    assert_eq!((plan.state, plan.revision), (State::Draft, revision + 1));
    assert!(plan.prediction.is_none() && plan.expected.is_empty());
    // Back at the contents that were predicted, the prediction holds again.
    assert_eq!(desk.undo(), Ok(true));
    let plan = desk.plan();
    assert_eq!(
        (plan.state, plan.revision),
        (State::Predicted, revision + 2)
    );
    assert_eq!(plan.expected.len(), 3);
    assert_eq!(desk.redo(), Ok(true));
    assert_eq!(desk.plan().state, State::Draft);
}

#[test]
fn a_title_is_not_what_was_predicted() {
    let mut desk = predicted_desk();
    let edit = Edit::from(Change::Title("other".to_owned()));
    assert_eq!(desk.apply(edit.clone(), Gesture(1)), Ok(true));
    assert_eq!(desk.plan().state, State::Predicted);
    assert_eq!(desk.apply(edit, Gesture(2)), Ok(false), "nothing changed");
    assert_eq!(desk.log().count(), 1);
}

#[test]
fn a_text_by_hand_is_one_step_and_brings_no_prediction_along() {
    let mut desk = predicted_desk();
    let more = Variant::Duplicate(desk.board().alternatives()[0].name.clone(), "b".to_owned());
    assert_eq!(desk.apply(variant(more), Gesture(1)), Ok(true));
    let mut written = desk.plan().clone();
    sample::predict(&mut written);
    written.title = "by hand".to_owned();
    written.baseline.host = "web-9".to_owned();
    written.actions.truncate(1);
    let edit = Edit::from(Change::Contents(Box::new(written)));
    assert_eq!(desk.apply(edit, Gesture(2)), Ok(true));
    let plan = desk.plan();
    assert_eq!((plan.title.as_str(), plan.actions.len()), ("by hand", 1));
    assert_eq!((plan.state, plan.expected.len()), (State::Draft, 0));
    let all = desk.board().alternatives();
    assert_eq!(all[0].plan.baseline.host, "web-9", "all are made from it");
    assert_eq!(all[0].plan.actions, sample::checkout().actions);
    assert_eq!(desk.undo(), Ok(true));
    assert_ne!(desk.plan().title, "by hand");
}

#[test]
fn a_drag_is_one_step_and_one_revision() {
    let mut desk = predicted_desk();
    let revision = desk.plan().revision;
    for step in 0..50 {
        assert_eq!(
            desk.apply(quota(160_000.0 + f64::from(step)), Gesture(7)),
            Ok(true)
        );
    }
    assert_eq!(desk.log().count(), 1);
    assert_eq!(desk.plan().revision, revision + 1);
    assert_eq!(desk.apply(quota(90_000.0), Gesture(8)), Ok(true));
    assert_eq!(desk.log().count(), 2);
    assert_eq!(
        desk.undoable().map(Edit::label).as_deref(),
        Some("quota_us of a1")
    );
    assert!(desk.undo().is_ok() && desk.undo().is_ok());
    assert_eq!(desk.plan().actions, sample::checkout().actions);
    assert_eq!(desk.undo(), Ok(false));
}

#[test]
fn what_happens_during_a_drag_is_not_undone_by_it() {
    let mut desk = predicted_desk();
    assert_eq!(desk.apply(quota(160_000.0), Gesture(7)), Ok(true));
    let happens = |plan: &mut Plan| -> Result<(), ()> {
        sample::predict(plan);
        plan.state = State::Applying;
        Ok(())
    };
    assert_eq!(desk.live(happens), Ok(()));
    let frozen = Err(EditError::Frozen(State::Applying));
    assert_eq!(desk.apply(quota(170_000.0), Gesture(7)), frozen);
    assert_eq!(desk.plan().state, State::Applying);
}

#[test]
fn alternatives_share_their_baseline_and_nothing_else() {
    let mut desk = predicted_desk();
    let first = desk.board().alternatives()[0].name.clone();
    let more = variant(Variant::Duplicate(first.clone(), "more cores".to_owned()));
    assert_eq!(desk.apply(more, Gesture(1)), Ok(true));
    assert_eq!(desk.plan().state, State::Draft);
    assert_eq!(desk.apply(quota(200_000.0), Gesture(2)), Ok(true));
    let all = desk.board().alternatives();
    assert_eq!(all[0].plan.state, State::Predicted);
    assert_ne!(all[0].plan.id, all[1].plan.id);
    let mut baseline = desk.plan().baseline.clone();
    baseline.host = "web-4".to_owned();
    assert!(
        desk.apply(Edit::from(Change::Baseline(baseline)), Gesture(3))
            .is_ok()
    );
    let hosts = desk
        .board()
        .alternatives()
        .iter()
        .map(|it| it.plan.baseline.host.as_str());
    assert_eq!(hosts.collect::<Vec<_>>(), ["web-4", "web-4"]);
    assert_eq!(desk.board().alternatives()[0].plan.state, State::Draft);
    let taken = variant(Variant::Add("more cores".to_owned()));
    assert!(matches!(
        desk.apply(taken, Gesture(4)),
        Err(EditError::Name(_))
    ));
    assert!(
        desk.apply(variant(Variant::Remove(first)), Gesture(5))
            .is_ok()
    );
    assert_eq!(desk.board().chosen(), 0);
    let last = variant(Variant::Remove("more cores".to_owned()));
    assert!(matches!(
        desk.apply(last, Gesture(6)),
        Err(EditError::Name(_))
    ));
}

#[test]
fn alternatives_that_were_saved_are_opened_side_by_side() {
    let mut desk = predicted_desk();
    let first = desk.board().alternatives()[0].name.clone();
    for name in ["b", "c"] {
        let more = variant(Variant::Duplicate(first.clone(), name.to_owned()));
        assert_eq!(desk.apply(more, Gesture(1)), Ok(true));
    }
    let all = desk.board().alternatives().iter();
    let saved: Vec<(String, Plan)> = all
        .map(|it| (it.name.clone(), Plan::clone(&it.plan)))
        .collect();
    let mut again = Desk::of(Board::open(saved.clone()).unwrap());
    assert!(
        again
            .board()
            .has_same_contents(&Board::open(saved.clone()).unwrap())
    );
    let more = variant(Variant::Add("d".to_owned()));
    assert_eq!(again.apply(more, Gesture(2)), Ok(true));
    let ids: BTreeSet<&str> = again
        .board()
        .alternatives()
        .iter()
        .map(|it| it.plan.id.as_str())
        .collect();
    assert_eq!(ids.len(), 4);
    let mut other = saved.clone();
    other[1].1.baseline.host = "elsewhere".to_owned();
    let mut twice = saved.clone();
    twice[1].1.id = twice[0].1.id.clone();
    let mut same = saved;
    same[1].0 = same[2].0.clone();
    for wrong in [Vec::new(), other, twice, same] {
        assert!(matches!(Board::open(wrong), Err(EditError::Name(_))));
    }
}

#[test]
fn what_is_carried_out_is_not_edited_and_not_undone() {
    let mut desk = predicted_desk();
    assert!(desk.apply(quota(200_000.0), Gesture(1)).is_ok());
    let applied: Result<(), ()> = desk.live(|plan| {
        plan.state = State::Applying;
        Ok(())
    });
    assert_eq!(applied, Ok(()));
    let frozen = EditError::Frozen(State::Applying);
    assert_eq!(desk.apply(quota(1e6), Gesture(2)), Err(frozen.clone()));
    let criteria = Edit::from(Change::Validation(Default::default()));
    assert_eq!(
        desk.apply(criteria, Gesture(2)),
        Err(frozen.clone()),
        "no moved goal posts"
    );
    assert_eq!(desk.undo(), Err(frozen));
    let name = desk.board().alternatives()[0].name.clone();
    let copy = variant(Variant::Duplicate(name, "copy".to_owned()));
    assert_eq!(desk.apply(copy, Gesture(3)), Ok(true));
    assert_eq!(desk.apply(quota(1e6), Gesture(4)), Ok(true));
}

#[test]
fn order_is_kept_sound() {
    let mut desk = Desk::new(sample::checkout());
    let after = |id: &str, it: &str| Edit::from(Change::After(id.to_owned(), vec![it.to_owned()]));
    assert_eq!(
        desk.apply(after("a1", "a2"), Gesture(1)),
        Err(EditError::Ring)
    );
    assert!(matches!(
        desk.apply(after("a1", "zz"), Gesture(1)),
        Err(EditError::NotThere(_))
    ));
    let rename = Change::RenameAction("a1".to_owned(), "quota".to_owned());
    assert!(desk.apply(Edit::from(rename), Gesture(2)).is_ok());
    assert_eq!(desk.plan().actions[1].after, ["quota"]);
    let remove = Change::RemoveAction("quota".to_owned());
    assert!(desk.apply(Edit::from(remove), Gesture(3)).is_ok());
    assert!(desk.plan().actions[0].after.is_empty());
    let copy = Change::DuplicateAction("a2".to_owned());
    assert!(desk.apply(Edit::from(copy), Gesture(4)).is_ok());
    assert_eq!(desk.plan().actions[1].id, "a1");
}

/// A random edit; often one that is not possible.
fn random_edit(random: &mut Random, plan: &Plan, names: &[String]) -> Edit {
    let id = match plan.actions.is_empty() {
        true => "none".to_owned(),
        false => plan.actions[random.below(plan.actions.len())].id.clone(),
    };
    let kind = (TEMPLATES[random.below(TEMPLATES.len())].make)();
    let name = names[random.below(names.len())].clone();
    let change = match random.below(12) {
        0 | 1 => Change::AddAction(random.below(5), Action::new("", kind)),
        2 => Change::RemoveAction(id),
        3 => Change::MoveAction(id, random.below(4)),
        4 => Change::Kind(id, kind),
        5 => Change::Title(format!("t{}", random.below(3))),
        6 => Change::Settle(id, random.below(4) as f64),
        7 => Change::RemoveGuardrail(random.below(3)),
        8 => Change::DuplicateAction(id),
        9 => return variant(Variant::Duplicate(name, format!("v{}", random.below(5)))),
        10 => return variant(Variant::Choose(name)),
        _ => return variant(Variant::Remove(name)),
    };
    Edit::from(change)
}

#[test]
fn undo_and_redo_walk_through_the_same_contents() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut desk = predicted_desk();
        let mut seen = vec![desk.board().clone()];
        for step in 0..60 {
            let names: Vec<String> = desk
                .board()
                .alternatives()
                .iter()
                .map(|it| it.name.clone())
                .collect();
            let edit = random_edit(&mut random, desk.plan(), &names);
            let before = desk.board().clone();
            match desk.apply(edit, Gesture(step)) {
                Ok(true) => seen.push(desk.board().clone()),
                _ => assert_eq!(desk.board(), &before),
            }
        }
        for board in seen.iter().rev().skip(1) {
            assert_eq!(desk.undo(), Ok(true));
            assert!(desk.board().has_same_contents(board));
        }
        assert_eq!(desk.undo(), Ok(false));
        for board in &seen[1..] {
            assert_eq!(desk.redo(), Ok(true));
            assert!(desk.board().has_same_contents(board));
            let plan = desk.plan();
            let voided = plan
                .prediction
                .as_ref()
                .is_none_or(|it| it.hash == document::mandate_hash(plan));
            assert!(voided, "a prediction stands for other contents");
        }
    }
}

#[test]
fn steps_are_bounded_and_revisions_only_grow() {
    let mut desk = predicted_desk();
    let mut last = desk.plan().revision;
    for step in 0..300 {
        assert!(
            desk.apply(quota(2_000.0 + f64::from(step as u32)), Gesture(step))
                .is_ok()
        );
        if step % 3 == 0 {
            assert!(desk.undo().is_ok());
        }
        assert!(desk.plan().revision > last);
        last = desk.plan().revision;
    }
    assert_eq!(desk.log().count(), STEPS_MOST);
}

#[test]
fn there_is_a_template_of_every_kind_by_family_and_it_is_sound() {
    let kinds: Vec<Kind> = TEMPLATES.iter().map(|it| (it.make)()).collect();
    let names: BTreeSet<&str> = kinds.iter().map(Kind::name).collect();
    assert_eq!((kinds.len(), names.len()), (20, 20));
    assert!(kinds.is_sorted_by_key(|it| {
        let family = it.family();
        Family::ALL.iter().position(|other| *other == family)
    }));
    for kind in kinds {
        let mut plan = sample::checkout();
        plan.actions = vec![Action::new("a1", kind.clone())];
        let faults = check::faults(&plan);
        let open = |it: &check::Fault| it.place.ends_with("pid") || it.place.ends_with("name");
        assert!(faults.iter().all(open), "{faults:?}");
    }
}

#[test]
fn every_field_can_be_read_and_set_by_name() {
    for template in TEMPLATES {
        let kind = (template.make)();
        for it in parameters(&kind) {
            let mut copy = kind.clone();
            assert_eq!(
                set(&mut copy, &it.name, &it.value).is_ok(),
                it.name != "process.pid"
            );
            assert_eq!(copy, kind, "{}", it.name);
            let other = match it.range {
                Range::Number { to, .. } => number(to),
                Range::Text(_) => Value::Text("x".to_owned()),
                Range::Cores => Value::Text("0-1".to_owned()),
                Range::Choice(all) => Value::Text(all[1].to_owned()),
                Range::Switch => Value::Switch(Switch::On),
            };
            assert_eq!(set(&mut copy, &it.name, &other), Ok(()), "{}", it.name);
            let read = parameters(&copy)
                .into_iter()
                .find(|read| read.name == it.name);
            assert_eq!(read.map(|it| it.value), Some(other), "{}", it.name);
            for wrong in [
                number(f64::NAN),
                number(1e300),
                Value::Text("\u{7}".to_owned()),
            ] {
                assert!(set(&mut copy, &it.name, &wrong).is_err(), "{}", it.name);
            }
        }
    }
}

#[test]
fn a_setting_that_carries_a_size_out_appears_and_goes_with_its_texts() {
    let mut desk = Desk::new(sample::checkout());
    let pool = Kind::PoolSize {
        service: "app".to_owned(),
        size: 5,
        by: None,
    };
    let add = Change::AddAction(9, Action::new("pool", pool));
    assert!(desk.apply(Edit::from(add), Gesture(1)).is_ok());
    let text = |it: &str| Value::Text(it.to_owned());
    for (name, value) in [
        ("by.adapter", "postgres"),
        ("by.key", "max_connections"),
        ("by.value", "5"),
    ] {
        assert!(
            desk.apply(parameter("pool", name, text(value)), Gesture(2))
                .is_ok()
        );
    }
    assert_eq!(check::faults(desk.plan()), []);
    let execute = Change::Execute("pool".to_owned(), Execute::Agent);
    assert!(desk.apply(Edit::from(execute), Gesture(3)).is_ok());
    for name in ["by.adapter", "by.key", "by.value"] {
        assert!(
            desk.apply(parameter("pool", name, text("")), Gesture(4))
                .is_ok()
        );
    }
    let Some(action) = desk.plan().actions.last() else {
        panic!("the action is there");
    };
    assert_eq!(
        (action.kind.setting(), action.execute),
        (None, Execute::Manual)
    );
    let wrong = desk.apply(parameter("a1", "quota", number(1.0)), Gesture(5));
    let told = wrong.map_err(|it| it.to_string());
    assert_eq!(
        told,
        Err("CpuMax has no \"quota\"; did you mean \"quota_us\"?".to_owned())
    );
}

#[test]
fn shares_of_a_mix_come_and_go() {
    let mut kind = Kind::MixChange { shares: Vec::new() };
    assert_eq!(set(&mut kind, "share:buy", &number(0.2)), Ok(()));
    assert_eq!(set(&mut kind, "share:look", &number(0.8)), Ok(()));
    assert!(set(&mut kind, "share:buy", &number(1.2)).is_err());
    assert_eq!(parameters(&kind)[0].name, "share:buy");
    assert_eq!(set(&mut kind, "share:buy", &Value::Open), Ok(()));
    assert_eq!(parameters(&kind).len(), 1);
}
