//! The screen of what moves together, driven by its labels.

use std::sync::Arc;

use analysis::correlate::Correlation;
use analysis::frame::Frame;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::catalog::{Kind, Polarity};
use model::series::Series;
use model::time::{Moment, Span};
use model::unit::Unit;
use workflow::explain::Joined;

use super::ui as correlate_ui;
use super::*;
use crate::plot::pointer::Habits;
use crate::plot::time_axis::Clock;
use crate::view::testing;

fn series(name: &str) -> Series {
    Series {
        key: name.parse().unwrap_or_default(),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

fn key(name: &str) -> SeriesKey {
    series(name).key
}

fn pair(line: usize, name: &str, (r, lag, q_value): (f64, f64, f64)) -> Pair {
    Pair {
        line,
        series: name.to_owned(),
        r,
        lag_rows: lag as i64,
        lag_seconds: lag,
        lag_interval: (lag - 1.5, lag + 1.5),
        q_value,
        rows: 300,
    }
}

fn found() -> Found {
    let names = ["h/asked", "h/first", "h/later", "h/none"];
    let at: Vec<i64> = (0..300).map(|it| it * SECOND_NS).collect();
    let lines = names.map(|name| (series(name), vec![0.0; 300]));
    Found {
        key: key("h/asked"),
        joined: Arc::new(Joined {
            frame: Frame::of_table(&at, lines.into()),
            clock_error_ns: Vec::new(),
        }),
        correlation: Correlation {
            with: 0,
            rows: 0..300,
            max_lag: 60,
            tested: 3,
            pairs: vec![
                pair(1, "h/first", (0.8, -4.0, 1e-6)),
                pair(2, "h/later", (-0.6, 3.0, 0.01)),
            ],
            rest: vec![pair(3, "h/none", (0.1, 20.0, 0.6))],
        },
    }
}

fn points() -> Vec<LagPoint> {
    (-5..=5)
        .map(|lag_rows| LagPoint {
            lag_rows,
            r: if lag_rows == -4 { 0.8 } else { 0.02 },
            bound: 0.15,
        })
        .collect()
}

fn asked() -> together::Asked {
    together::Asked {
        key: key("h/asked"),
        window: None,
        max_lag_ns: USUAL_LAG * SECOND_NS,
    }
}

fn drawn(
    (found, stage, selection): (Option<&Found>, &Stage, Option<Span>),
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    let clock = Clock::utc();
    let all = ["h/asked", "h/first", "h/later", "h/none"].map(series);
    let (asked, lags_of, points) = (asked(), (1, key("h/first")), points());
    let selected = key("h/asked");
    let data = Data {
        stage,
        trouble: None,
        asked: found.map(|_| &asked),
        found,
        version: 1,
        lags_asked: Some(&lags_of),
        lags: Some(&points),
        hosts: 1,
        choice: Choice {
            series: &all,
            version: 1,
            selected: Some(&selected),
        },
        shared: Shared {
            view: Span {
                from: Moment(0),
                to: Moment(300 * SECOND_NS),
            },
            clock: &clock,
            cursor: None,
            selection,
            measure: [None, None],
            annotations: &[],
            events: &[],
            flaws: &[],
            mute: &[],
            habits: Habits::default(),
        },
        track: &|_| None,
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([1300.0, 760.0], |ui| {
        actions.extend(correlate_ui(ui, &mut state, &data).actions);
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions.retain(|it| !matches!(it, Action::Axis(_)));
    actions.dedup();
    actions
}

#[test]
fn every_pair_has_its_verdict_and_the_first_its_lag_plot() {
    let actions = drawn((Some(&found()), &Stage::Over, None), |harness| {
        harness.get_by_label("2 of 3 series move together with it within 1 min 00 s.");
        harness.get_by_label_contains("Correlation is not cause");
        harness.get_by_label("h/first: leads, correlation +0.80");
        harness.get_by_label("h/later: follows, correlation -0.60");
        harness.get_by_label("h/none: not enough evidence, correlation +0.10");
        harness.get_by_label("It moves the same way, 4 s earlier (2.5 s to 5.5 s).");
        harness.get_by_label("Correlation against lag: +0.80 at -4.0 s");
        harness.get_by_label_contains("each on a value axis of its own");
    });
    assert_eq!(actions, []);
}

#[test]
fn another_pair_asks_for_its_lags() {
    let actions = drawn((Some(&found()), &Stage::Over, None), |harness| {
        harness.get_by_label_contains("h/later: follows").click();
        harness.run();
        harness.get_by_label("It moves the other way, 3 s later (1.5 s to 4.5 s).");
        harness.get_by_label("Correlating at every lag…");
    });
    assert_eq!(actions, [Action::Lags(key("h/later"))]);
}

#[test]
fn the_pairs_are_copied_with_their_intervals() {
    let actions = drawn((Some(&found()), &Stage::Over, None), |harness| {
        harness.get_by_label("Copy").click();
        harness.run();
        harness.get_by_label("Copy as CSV").click();
        harness.run();
    });
    let [Action::Copy(text)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    let mut lines = text.lines();
    let header = "series,verdict,correlation (−1 to 1),lag (s),lag (s) lo,lag (s) hi,q-value (share),rows (in common)";
    assert_eq!(lines.next(), Some(header));
    assert_eq!(
        lines.next(),
        Some("h/first,leads,0.8,-4,-5.5,-2.5,0.000001,300")
    );
    assert_eq!(lines.count(), 2);
}

#[test]
fn a_selection_is_looked_at_by_itself() {
    let selection = Span {
        from: Moment(0),
        to: Moment(50 * SECOND_NS),
    };
    let actions = drawn((Some(&found()), &Stage::Over, Some(selection)), |_| {});
    let wanted = together::Asked {
        window: Some(selection),
        ..asked()
    };
    assert_eq!(actions, [Action::Correlate(wanted)]);
}

#[test]
fn the_selected_series_is_compared_at_once_and_can_be_cancelled() {
    let actions = drawn((None, &Stage::Idle, None), |_| {});
    assert_eq!(actions, [Action::Correlate(asked())]);
    let actions = drawn((None, &Stage::Running(None), None), |harness| {
        harness.get_by_label("Computing what moves together…");
        harness.get_by_label("Cancel").click();
    });
    assert_eq!(actions, [Action::Ask(Asked::Cancel)]);
}
