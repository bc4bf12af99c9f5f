//! The screen, clicked through without a window.

use std::cell::RefCell;

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use model::catalog::{Kind, Polarity};
use model::histogram::{Histogram, Row};
use model::series::Series;
use model::time::{Moment, SECOND_NS};
use model::unit::Unit;
use workflow::services as found;

use super::*;
use crate::plot::pointer::Habits;
use crate::plot::time_axis::Clock;
use crate::view::testing;

fn rows(value_s: f64) -> Vec<Row> {
    let row = |second: i64| {
        let mut histogram = Histogram::default();
        (0..20).for_each(|it| histogram.record(value_s * (1.0 + f64::from(it) / 20.0)));
        Row {
            at: Moment(second * SECOND_NS),
            width_ns: SECOND_NS,
            active_s: value_s * 30.0,
            histogram,
        }
    };
    (1..=60).map(row).collect()
}

fn series(service: &str, kind: &str, operation: &str, peer: &str) -> Series {
    let mut attributes = vec![
        ("kind", kind),
        ("operation", operation),
        ("service.name", service),
        ("status", "ok"),
    ];
    if !peer.is_empty() {
        attributes.push(("peer", peer));
    }
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Series {
        key: SeriesKey::new(
            "h",
            model::request::DURATION,
            attributes.into_iter().map(owned),
        ),
        unit: Unit::new("s"),
        kind: Kind::Histogram,
        polarity: Polarity::HigherIsWorse,
    }
}

fn view() -> Span {
    Span {
        from: Moment(0),
        to: Moment(60 * SECOND_NS),
    }
}

fn seen() -> Seen {
    let all = [
        (series("shop", "server", "GET /cart", ""), rows(0.05)),
        (series("shop", "server", "POST /order", ""), rows(0.4)),
        (series("shop", "client", "SELECT", "db"), rows(0.02)),
    ];
    let histograms = all.iter().map(|(series, rows)| (series, rows.as_slice()));
    let heat = found::heat_of(all[0].1.iter().chain(&all[1].1), view());
    Seen {
        services: found::of(histograms, &[], view()),
        spread: heat.whole.clone(),
        load: heat
            .at
            .iter()
            .map(|at| crate::inquiry::services::Load {
                at: *at,
                throughput: 40.0,
                times_s: [0.1, 0.1, 0.5, 0.8],
            })
            .collect(),
        heat,
    }
}

/// Runs the screen through clicks and returns what was asked for.
fn clicked(seen: Option<&Seen>, selection: Option<Span>, labels: &[&str]) -> Vec<Action> {
    driven(&mut State::default(), (seen, selection, &[], &[]), labels)
}

/// What the screen is given: the answer, the selection, causes within it, findings.
type Given<'a> = (Option<&'a Seen>, Option<Span>, &'a [Finding], &'a [Finding]);

fn driven(
    state: &mut State,
    (seen, selection, causes, findings): Given<'_>,
    labels: &[&str],
) -> Vec<Action> {
    let actions = RefCell::new(Vec::new());
    let why_asked = selection.map(|span| (state.which.clone(), span));
    let clock = Clock::utc();
    let shared = Shared {
        view: view(),
        clock: &clock,
        cursor: None,
        selection,
        measure: [None, None],
        annotations: &[],
        events: &[],
        flaws: &[],
        mute: &[],
        habits: Habits::default(),
    };
    let axis = Axis {
        view: view(),
        selection,
        cursor: None,
        clock: &clock,
        habits: Habits::default(),
    };
    let none = |_: &Item| None;
    let data = Data {
        stage: &Stage::Idle,
        trouble: None,
        asked: None,
        seen,
        version: 1,
        data_version: 1,
        any: seen.is_some(),
        heard: "",
        hosts: 1,
        why_stage: &Stage::Idle,
        why_trouble: None,
        why_asked: why_asked.as_ref().filter(|_| !causes.is_empty()),
        why: Some(causes).filter(|it| !it.is_empty()),
        findings,
        shared,
        axis,
        track: &none,
    };
    let mut harness = testing::harness([1400.0, 800.0], |ui| {
        actions
            .borrow_mut()
            .extend(super::ui(ui, state, &data).actions);
    });
    harness.run_steps(3);
    for label in labels {
        harness.get_by_label_contains(label).click();
        harness.run_steps(3);
    }
    drop(harness);
    actions.into_inner()
}

#[test]
fn without_requests_the_screen_says_how_to_get_them() {
    let actions = clicked(None, None, &["holds no requests"]);
    assert_eq!(actions, []);
    let labels = ["Hear applications…", "How applications are seen"];
    let actions = clicked(None, None, &labels);
    assert_eq!(actions, [Action::Hear, Action::Help]);
}

#[test]
fn a_row_chooses_whose_requests_are_looked_at() {
    let seen = seen();
    let actions = clicked(Some(&seen), None, &["POST /order: "]);
    let mut asked = actions.iter().filter_map(|it| match it {
        Action::Look(asked) => Some(asked.which.operation.as_str()),
        _ => None,
    });
    assert_eq!(asked.next_back(), Some("POST /order"));
}

#[test]
fn every_tab_draws_and_a_selection_can_be_asked_about() {
    let seen = seen();
    let selection = Some(Span {
        from: Moment(10 * SECOND_NS),
        to: Moment(20 * SECOND_NS),
    });
    let tabs = ["Distribution", "Load", "Map", "Over time"];
    let actions = clicked(Some(&seen), selection, &tabs);
    assert!(
        actions
            .iter()
            .all(|it| matches!(it, Action::Look(_) | Action::Axis(_)))
    );
    let actions = clicked(Some(&seen), selection, &["What limits?"]);
    assert!(actions.contains(&Action::WhatLimits));
}

#[test]
fn figures_are_named_for_those_who_do_not_see_them() {
    let seen = seen();
    let mut state = load::State::default();
    let clock = Clock::utc();
    let mut harness = testing::harness([800.0, 500.0], |ui| {
        load::ui(ui, &mut state, (&seen.load, &clock));
    });
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Figure, "p95 against throughput");
}

fn shop(operation: &str) -> Which {
    Which {
        host: "h".to_owned(),
        service: "shop".to_owned(),
        operation: operation.to_owned(),
    }
}

#[test]
fn what_was_chosen_elsewhere_is_shown_and_its_row_marked() {
    let seen = seen();
    let mut state = State::default();
    state.choose(shop("POST /order"));
    let actions = driven(&mut state, (Some(&seen), None, &[], &[]), &[]);
    assert!(actions.iter().all(
        |it| matches!(it, Action::Look(asked) if asked.which == shop("POST /order"))
            || matches!(it, Action::Axis(_))
    ));
    assert_eq!(state.table.chosen(), Some("h/shop/POST /order"));
    // What has no row now is still what is looked at.
    state.choose(shop("GET /gone"));
    driven(&mut state, (Some(&seen), None, &[], &[]), &[]);
    assert_eq!(state.which, shop("GET /gone"));
}

#[test]
fn a_cause_leads_to_the_finding_that_says_the_same() {
    use crate::view::findings::tests::finding;
    use model::finding::Analysis;
    let seen = seen();
    let selection = Some(Span {
        from: Moment(10 * SECOND_NS),
        to: Moment(20 * SECOND_NS),
    });
    let cause = finding(
        Analysis::Bottleneck,
        "the disk limited",
        (10 * SECOND_NS, 20 * SECOND_NS),
    );
    let whole = finding(
        Analysis::Bottleneck,
        "the disk limited",
        (0, 60 * SECOND_NS),
    );
    let after = finding(
        Analysis::Bottleneck,
        "the disk limited",
        (30 * SECOND_NS, 60 * SECOND_NS),
    );
    assert_ne!(cause.id, whole.id);
    let mut state = State::default();
    state.choose(shop(""));
    let causes = [cause.clone()];
    let labels = ["Why slow?", "Show finding"];
    let findings = [after.clone(), whole.clone()];
    let actions = driven(
        &mut state,
        (Some(&seen), selection, &causes, &findings),
        &labels,
    );
    assert!(actions.contains(&Action::Finding(whole.id)), "{actions:?}");
    let labels = ["Add finding to report"];
    let actions = driven(
        &mut state,
        (Some(&seen), selection, &causes, &[after]),
        &labels,
    );
    assert!(
        actions.contains(&Action::Pin(Box::new(cause))),
        "{actions:?}"
    );
}
