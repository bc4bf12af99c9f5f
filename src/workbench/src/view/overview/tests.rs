//! The overview strip under pointer and keys.

use crate::view::testing;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::time::SECOND_NS;

use super::ui as overview_ui;
use super::*;

const SESSION: Span = Span {
    from: Moment(0),
    to: Moment(1_000 * SECOND_NS),
};

const VIEW: Span = Span {
    from: Moment(400 * SECOND_NS),
    to: Moment(600 * SECOND_NS),
};

fn drawn(session: Span, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let clock = Clock::utc();
    let curve: Vec<(f32, f32)> = (0..784)
        .map(|x| (0.1, 0.2 + (x % 7) as f32 / 10.0))
        .collect();
    let data = Data {
        session,
        view: VIEW,
        label: "CPU",
        curve: &curve,
        top: 1.0,
        events: &[],
        annotations: &[],
        cursor: None,
        selection: None,
        clock: &clock,
        inset: [0.0, 0.0],
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([800.0, 600.0], |ui| {
        actions.extend(overview_ui(ui, &mut state, &data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

/// Drags from one share of the strip to another; returns the last view.
fn dragged_view(from: f32, to: f32) -> Option<Span> {
    let actions = drawn(SESSION, |harness| {
        let rect = harness.get_by_label_contains("Overview of CPU").rect();
        let at = |share: f32| pos2(rect.left() + share * rect.width(), rect.center().y);
        harness.drag_at(at(from));
        harness.run();
        harness.hover_at(at((from + to) / 2.0));
        harness.run();
        harness.hover_at(at(to));
        harness.run();
        harness.drop_at(at(to));
    });
    let mut views = actions.iter().map(|action| match action {
        Action::View(view) => *view,
        Action::ViewAll => SESSION,
    });
    views.next_back()
}

fn seconds(view: Option<Span>) -> Option<(i64, i64)> {
    let whole = |at: Moment| (at.0 as f64 / 1e9).round() as i64;
    view.map(|view| (whole(view.from), whole(view.to)))
}

#[test]
fn the_window_is_dragged_and_resized() {
    assert_eq!(seconds(dragged_view(0.5, 0.75)), Some((650, 850)));
    assert_eq!(seconds(dragged_view(0.6, 0.8)), Some((400, 800)));
    assert_eq!(seconds(dragged_view(0.4, 0.1)), Some((100, 600)));
    // It stays inside the session.
    assert_eq!(seconds(dragged_view(0.5, 1.0)), Some((800, 1_000)));
}

#[test]
fn a_click_beside_the_window_brings_it_there() {
    let actions = drawn(SESSION, |harness| {
        let rect = harness.get_by_label_contains("Overview of CPU").rect();
        let at = pos2(rect.left() + 0.2 * rect.width(), rect.center().y);
        harness.drag_at(at);
        harness.drop_at(at);
    });
    let [Action::View(view)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(seconds(Some(*view)), Some((100, 300)));
}

#[test]
fn keys_move_and_resize_the_window() {
    for (key, wanted) in [
        (Key::ArrowRight, Some((420, 620))),
        (Key::Minus, Some((300, 700))),
        (Key::Plus, Some((450, 550))),
    ] {
        let actions = drawn(SESSION, |harness| {
            harness.get_by_label_contains("Overview of CPU").focus();
            harness.run();
            harness.key_press(key);
        });
        let [Action::View(view)] = actions.as_slice() else {
            panic!("{key:?}: {actions:?}");
        };
        assert_eq!(seconds(Some(*view)), wanted, "{key:?}");
    }
}

#[test]
fn an_empty_session_is_said() {
    let actions = drawn(Span::default(), |harness| {
        harness.get_by_label("Overview: no samples yet");
    });
    assert_eq!(actions, []);
}
