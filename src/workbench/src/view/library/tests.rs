//! The library driven by its labels.

use analysis::sessions;
use eframe::egui::{self, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::label::Label;
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use workflow::library::trend::{Include, Order, Point, Trended};
use workflow::library::{Counts, Facts, HostFact, Standing};

use super::ui as library_ui;
use super::*;
use crate::view::testing;

fn entry(number: i64, tags: &[&str]) -> Entry {
    let from = Moment((1_790_000_000 + number * 86_400) * SECOND_NS);
    Entry {
        path: PathBuf::from(format!("/s/{number}.kymo")),
        name: format!("{number}.kymo"),
        bytes: 1 << 20,
        standing: Standing::Read(Box::new(Facts {
            title: format!("run {number}"),
            span: Span {
                from,
                to: from.plus_ns(60 * SECOND_NS),
            },
            hosts: vec![HostFact {
                name: "web-1".to_owned(),
                cpus: 4,
                cadence_ns: SECOND_NS,
                coverage: Some(0.9),
            }],
            label: Label {
                tags: tags.iter().map(|it| (*it).to_owned()).collect(),
                ..Label::default()
            },
            findings: Some(Counts {
                severe: 1,
                warnings: 2,
                ..Counts::default()
            }),
            ..Facts::default()
        })),
    }
}

fn torn() -> Entry {
    Entry {
        path: PathBuf::from("/s/torn.kymo"),
        name: "torn.kymo".to_owned(),
        bytes: 7,
        standing: Standing::Refused("an empty file is not a session".to_owned()),
    }
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    shelf.listed(Ok(Listing {
        entries: vec![
            entry(1, &["nightly"]),
            entry(2, &[]),
            entry(3, &["nightly"]),
            torn(),
        ],
        ..Listing::default()
    }));
    shelf
}

fn drawn(shelf: &Shelf, roots: &[PathBuf], use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut state = State::default();
    let clock = Clock::utc();
    let mut harness = testing::harness([1500.0, 900.0], |ui| {
        let data = Data {
            roots,
            usual: Path::new("/home/me/sessions"),
            shelf,
            clock: &clock,
        };
        actions.extend(library_ui(ui, &mut state, &data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

fn roots() -> Vec<PathBuf> {
    vec![PathBuf::from("/s")]
}

#[test]
fn without_a_folder_the_usual_one_is_offered() {
    let actions = drawn(&Shelf::default(), &[], |harness| {
        harness.get_by_label("Use /home/me/sessions").click();
    });
    assert_eq!(
        actions,
        [Action::AddFolder(PathBuf::from("/home/me/sessions"))]
    );
}

#[test]
fn folders_are_listed_once_without_being_asked() {
    let actions = drawn(&Shelf::default(), &roots(), |harness| {
        harness.run();
    });
    assert_eq!(actions, [Action::List(Freshness::Index)]);
}

#[test]
fn a_session_that_cannot_be_read_stands_there_with_its_reason() {
    drawn(&shelf(), &roots(), |harness| {
        harness.get_by_label("session run 1");
        harness
            .get_by_label("session torn.kymo, cannot be read")
            .click();
        harness.run();
        harness.get_by_label_contains("It cannot be read: an empty file is not a session.");
    });
}

#[test]
fn a_search_narrows_the_table_and_a_wrong_term_is_told() {
    drawn(&shelf(), &roots(), |harness| {
        harness.get_by_role(Role::TextInput).focus();
        harness.run();
        let typed = "tag:nightly after:2026-09-24".to_owned();
        harness.event(egui::Event::Text(typed));
        harness.run();
        harness.get_by_label("session run 3");
        assert!(harness.query_by_label("session run 1").is_none());
        harness.get_by_label("1 of 4 sessions");
    });
}

#[test]
fn two_held_sessions_are_compared_in_the_order_of_time() {
    let actions = drawn(&shelf(), &roots(), |harness| {
        harness.get_by_label("session run 3").click();
        harness.run();
        let control = egui::Modifiers::COMMAND;
        harness
            .get_by_label("session run 1")
            .click_modifiers(control);
        harness.run();
        harness.get_by_label("Compare these two").click();
    });
    let (first, third) = (PathBuf::from("/s/1.kymo"), PathBuf::from("/s/3.kymo"));
    assert_eq!(actions, [Action::Compare(first, third)]);
}

#[test]
fn a_tag_is_taken_away_and_the_facts_stand_there() {
    let actions = drawn(&shelf(), &roots(), |harness| {
        harness.get_by_label("session run 1").click();
        harness.run();
        harness.get_by_label_contains("web-1, 4 processors, a sample every 1 s, 90.0 %");
        harness.get_by_label("nightly ×").click();
    });
    let [Action::Label(paths, change)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(paths, &[PathBuf::from("/s/1.kymo")]);
    assert_eq!(change.remove, ["nightly"]);
}

fn point(number: i64, value: f64) -> Point {
    let samples: Vec<f64> = (0..40).map(|it| value + 0.01 * f64::from(it % 5)).collect();
    Point {
        path: PathBuf::from(format!("/s/{number}.kymo")),
        title: format!("run {number}"),
        build: format!("1.{number}"),
        at: Moment((1_790_000_000 + number * 86_400) * SECOND_NS),
        hosts: vec!["web-1".to_owned()],
        series: 1,
        coverage: Some(1.0),
        value: sessions::value(&samples, sessions::Statistic::P50),
        counted: true,
        doubts: Vec::new(),
    }
}

#[test]
fn a_figure_is_followed_and_what_does_not_compare_is_a_link() {
    let mut shelf = shelf();
    let mut points: Vec<Point> = (0..14)
        .map(|it| point(it, if it < 7 { 1.0 } else { 2.0 }))
        .collect();
    points[3].doubts = vec!["another machine: web-9".to_owned()];
    points[3].counted = false;
    let counted = points.iter().filter(|it| it.counted);
    let values: Vec<f64> = counted.filter_map(|it| Some(it.value?.value)).collect();
    let places: Vec<f64> = (0..values.len()).map(|it| it as f64).collect();
    shelf.followed(Ok(Box::new(Trended {
        request: Request {
            series: "*/load".to_owned(),
            statistic: sessions::Statistic::P50,
            order: Order::Build,
            include: Include::Comparable,
        },
        unit: Unit::new("s"),
        course: sessions::course(&places, &values),
        points,
        doubts: vec!["1 of 14 sessions do not compare with most and are left out".to_owned()],
    })));
    let actions = drawn(&shelf, &roots(), |harness| {
        harness.get_by_label("Trend").click();
        harness.run();
        harness.get_by_label("p50 of */load over sessions");
        harness.get_by_label_contains("changed with build 1.7");
        harness.get_by_label_contains("1 of 14 sessions do not compare");
        harness.get_by_label("Follow over 4 sessions").click();
        harness.run();
        harness.get_by_label("run 3").click();
    });
    assert!(
        matches!(&actions[0], Action::Follow(paths, _) if paths.len() == 4),
        "{actions:?}"
    );
    assert_eq!(actions[1], Action::Open(PathBuf::from("/s/3.kymo")));
}
