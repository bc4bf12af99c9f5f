//! What the dialog asks for, shows and orders.

use std::cell::RefCell;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::disguise::Count;
use model::time::Moment;

use super::*;
use crate::view::testing;

fn preview() -> Preview {
    Preview {
        counts: vec![Count {
            category: Category::Hosts,
            identities: 2,
            places: 40,
            examples: vec![("web-1".to_owned(), "host-2".to_owned())],
        }],
        title: "a night on host-2".to_owned(),
        series: (10, 12),
        annotations: 3,
    }
}

fn range() -> Span {
    Span {
        from: Moment(1),
        to: Moment(9),
    }
}

/// Draws the dialog while `act` uses it, and gives the last thing it asked for.
fn used(draft: Draft, act: impl FnOnce(&mut Harness<'_>)) -> (Draft, Vec<Action>) {
    let draft = RefCell::new(draft);
    let actions = RefCell::new(Vec::new());
    let mut harness = testing::harness([900.0, 900.0], |frame| {
        match ui(frame, &mut draft.borrow_mut()) {
            Answer::Given(action) | Answer::Asks(action) => actions.borrow_mut().push(action),
            Answer::Open | Answer::Cancelled => {}
        }
    });
    harness.run();
    act(&mut harness);
    harness.run();
    drop(harness);
    (draft.into_inner(), actions.into_inner())
}

#[test]
fn a_new_dialog_asks_what_would_go_out_and_shares_nothing_before() {
    let (draft, actions) = used(Draft::of(Path::new("x.kymo"), range()), |harness| {
        harness.get_by_label("Share").click();
    });
    assert_eq!(actions, [Action::PreviewShare(Choice::default())]);
    assert!(draft.order().is_err());
}

#[test]
fn a_category_that_is_left_and_the_range_are_asked_about_anew_and_shared() {
    let mut draft = Draft::of(Path::new("x.kymo"), range());
    draft.asked = Some(Choice::default());
    draft.previewed(&Choice::default(), Ok(preview()));
    let (mut draft, actions) = used(draft, |harness| {
        assert!(harness.query_by_label("web-1 → host-2").is_some());
        harness.get_by_label("URLs").click();
        harness.run();
        harness
            .get_by_label("Only the visible stretch of time")
            .click();
    });
    let choice = Choice {
        keep: vec![Category::Urls],
        span: Some(range()),
        ..Choice::default()
    };
    assert_eq!(actions.last(), Some(&Action::PreviewShare(choice.clone())));
    draft.previewed(&choice, Ok(preview()));
    let (_, actions) = used(draft, |harness| harness.get_by_label("Share").click());
    let [Action::Share(order)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(order.choice, choice);
    assert_eq!(order.out, Path::new("x.kymo"));
    assert!(order.lock().is_none());
}

#[test]
fn passphrases_must_agree_and_are_not_printed() {
    let mut draft = Draft::of(Path::new("x.kymo"), range());
    draft.asked = Some(Choice::default());
    draft.previewed(&Choice::default(), Ok(preview()));
    draft.protection = Protection::Passphrase;
    assert_eq!(draft.order().unwrap_err(), "type a passphrase");
    draft.passphrase[0] = Hidden("sesame".to_owned());
    assert_eq!(draft.order().unwrap_err(), "the two passphrases differ");
    draft.passphrase[1] = Hidden("sesame".to_owned());
    let order = draft.order().unwrap();
    assert!(matches!(order.lock(), Some(Lock::Passphrase(_))));
    assert!(!format!("{draft:?} {order:?}").contains("sesame"));
    draft.protection = Protection::Recipients;
    draft.recipients = "ssh-ed25519 AAAA".to_owned();
    assert!(draft.order().unwrap_err().contains("age-keygen"));
}

#[test]
fn what_was_shared_is_told_and_its_head_is_copied() {
    let done = Done {
        path: "x.kymo".into(),
        bytes: 2_048,
        shared: Default::default(),
        title: String::new(),
        head: "ab12".to_owned(),
        findings: Some(3),
        signed: None,
        locked: true,
    };
    let copied = RefCell::new(Vec::new());
    let mut harness = Harness::new_ui(|frame| {
        if let Answer::Asks(action) = done_ui(frame, &done) {
            copied.borrow_mut().push(action);
        }
    });
    harness.get_by_label("Copy head").click();
    harness.run();
    drop(harness);
    assert_eq!(copied.into_inner(), [Action::Copy("ab12".to_owned())]);
}
