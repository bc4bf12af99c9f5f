//! Help by clicks, without a window.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::ui as help_ui;
use super::*;
use crate::view::testing;

const SHORTCUTS: &[Shortcut<'_>] = &[
    Shortcut {
        category: "View",
        name: "Zoom in",
        keys: "W",
    },
    Shortcut {
        category: "View",
        name: "Show everything",
        keys: "Home",
    },
];

/// Draws the help at a place and lets `use_it` click.
fn drawn(address: &str, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let data = Data {
        shortcuts: SHORTCUTS,
        accuracy: &Ok(Card::default()),
        about: About {
            version: "Kymo 0.1.0",
            purpose: "Watches machines.",
            license: "MIT OR Apache-2.0",
            facts: &[("renderer", "glow".to_owned())],
        },
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    state.show(address);
    let mut harness = testing::harness([940.0, 680.0], |ui| {
        actions.extend(help_ui(ui, &mut state, &data));
    });
    harness.run();
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

/// Types into the field that hints at this.
fn type_into(harness: &mut Harness<'_>, text: &str) {
    harness.get_by_role(Role::TextInput).focus();
    harness.run();
    harness.event(Event::Text(text.to_owned()));
    harness.run();
}

#[test]
fn the_index_leads_to_pages_and_the_way_back() {
    drawn("README", |harness| {
        harness.get_by_label_contains("Kymo attaches to agents");
        let link = harness
            .get_all_by_role_and_label(Role::Link, "Security")
            .next();
        link.expect("the index links the page").click();
        harness.run();
        harness.get_by_label_contains("What Kymo opens");
        harness.get_by_label("Back (Alt+Left)").click();
        harness.run();
        harness.get_by_label_contains("Kymo attaches to agents");
        harness.key_press_modifiers(Modifiers::ALT, Key::ArrowRight);
        harness.run();
        harness.get_by_label_contains("What Kymo opens");
    });
}

#[test]
fn a_place_is_brought_to_the_top_of_its_page() {
    drawn("analysis#anomaly-spike", |harness| {
        for _ in 0..3 {
            harness.run();
        }
        let heading = harness
            .get_all_by_label("Anomaly: spike")
            .map(|it| it.rect())
            .rfind(|it| it.left() > CONTENTS)
            .expect("it is drawn");
        assert!((0.0..200.0).contains(&heading.top()), "{heading:?}");
    });
}

#[test]
fn the_sheet_about_and_accuracy_can_be_opened() {
    let actions = drawn("README", |harness| {
        harness
            .get_by_role_and_label(Role::Button, "Accuracy")
            .click();
        harness.run();
        harness.get_by_label_contains("none is claimed");
        harness.get_by_label("About").click();
        harness.run();
        harness.get_by_label("Copy for a problem report").click();
    });
    let wanted = "fact\tvalue\nversion\tKymo 0.1.0\nrenderer\tglow\n";
    assert_eq!(actions, [Action::Copy(wanted.to_owned())]);
}

#[test]
fn a_search_over_all_pages_leads_to_the_section() {
    drawn("README", |harness| {
        type_into(harness, "shapley");
        harness.get_by_label("Analysis › Bottleneck").click();
        harness.run();
        harness.run();
        harness.get_by_label_contains("Use without waiting is work");
        type_into(harness, "xyzzy");
        harness.get_by_label("Clear the search").click();
        harness.run();
        harness.get_by_label_contains("Use without waiting is work");
    });
}

#[test]
fn the_keyboard_page_is_the_sheet_with_its_search() {
    drawn("keyboard", |harness| {
        harness.get_by_label("Zoom in");
        harness.get_by_label("Show everything");
        let fields = harness.get_all_by_role(Role::TextInput);
        fields.last().expect("it searches").focus();
        harness.run();
        harness.event(Event::Text("zoom w".to_owned()));
        harness.run();
        harness.get_by_label("Zoom in");
        assert!(harness.query_by_label("Show everything").is_none());
        harness.event(Event::Text(" nothing".to_owned()));
        harness.run();
        harness.get_by_label("Clear search").click();
        harness.run();
        harness.get_by_label("Show everything");
    });
}

#[test]
fn a_narrow_window_folds_the_contents() {
    let data = Data {
        shortcuts: SHORTCUTS,
        accuracy: &Ok(Card::default()),
        about: About {
            version: "Kymo",
            purpose: "",
            license: "",
            facts: &[],
        },
    };
    let mut state = State::default();
    let mut harness = testing::harness([420.0, 600.0], |ui| {
        help_ui(ui, &mut state, &data);
    });
    harness.run();
    harness.get_by_label("Contents").click();
    harness.run();
    harness.get_by_label("About");
}

/// A sign that no font has would stop the program's drawing of it; here it fails.
#[test]
fn every_page_can_be_drawn() {
    for page in PAGES {
        drawn(page.name, |harness| {
            harness.get_by_label("All pages");
        });
    }
}

#[test]
fn a_command_is_copied_whole() {
    let actions = drawn("tour", |_| ());
    assert_eq!(actions, []);
    let actions = drawn("missing#no-connection-over-ssh", |harness| {
        let copies: Vec<_> = harness.get_all_by_label("Copy").collect();
        copies.first().expect("there is code").click();
    });
    assert_eq!(actions, [Action::Copy("ssh -T user@host true".to_owned())]);
}
