//! The screen of what comes next, driven by its labels.

use std::sync::Arc;

use analysis::forecast::{Backtest, Forecast, Limit, Met};
use analysis::limit::Side;
use analysis::track::Track;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::series::Series;
use model::time::{Moment, Span};
use model::unit::Unit;

use super::ui as forecast_ui;
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

/// Sixty rows that rise to 0.59, and a forecast of ten more.
fn one() -> One {
    let at: Vec<i64> = (0..60).map(|it| it * SECOND_NS).collect();
    let values: Vec<f64> = (0..60).map(|it| f64::from(it) / 100.0).collect();
    let path = |shift: f64| {
        (0..10)
            .map(|it| 0.6 + f64::from(it) / 100.0 + shift)
            .collect()
    };
    let forecast = Forecast {
        mean: path(0.0),
        lo: path(-0.1),
        hi: path(0.1),
        model: "drift".to_owned(),
        period: None,
        backtest: Some(Backtest {
            mase: 0.5,
            coverage: 0.88,
            to_last_value: 0.4,
            error: 0.02,
            origins: 12,
            horizon: 10,
        }),
    };
    let limit = Limit {
        value: 0.75,
        side: Side::Upper,
    };
    One {
        track: Track::whole(&Column {
            series: series("h/used"),
            at: at.into(),
            values: values.into(),
        }),
        last_at: Moment(59 * SECOND_NS),
        step_ns: SECOND_NS,
        limit: Some((limit, limit.met_by(&forecast))),
        forecast,
        level: 0.9,
        fold: None,
    }
}

struct Given<'a> {
    stage: Stage,
    asked: Option<(SeriesKey, Reach)>,
    one: Option<&'a One>,
    selected: Option<SeriesKey>,
}

fn usual() -> Reach {
    Reach {
        ahead_ns: 10 * SECOND_NS,
        level: 0.9,
    }
}

fn drawn(given: &Given<'_>, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let clock = Clock::utc();
    let (all, table) = ([series("h/used"), series("h/free")], Table::default());
    let data = Data {
        stage: &given.stage,
        trouble: None,
        asked: given.asked.as_ref(),
        one: given.one,
        version: 1,
        choice: Choice {
            series: &all,
            version: 1,
            selected: given.selected.as_ref(),
        },
        table_stage: &Stage::Over,
        table: &table,
        hosts: 1,
        length_ns: 60 * SECOND_NS,
        axis: Axis {
            view: Span {
                from: Moment(0),
                to: Moment(60 * SECOND_NS),
            },
            selection: None,
            cursor: None,
            clock: &clock,
            habits: Habits::default(),
        },
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([1200.0, 760.0], |ui| {
        actions.extend(forecast_ui(ui, &mut state, &data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions.retain(|it| !matches!(it, Action::Axis(_)));
    actions.dedup();
    actions
}

fn answered(one: &One) -> Given<'_> {
    let key = one.track.series().key.clone();
    Given {
        stage: Stage::Over,
        asked: Some((key.clone(), usual())),
        one: Some(one),
        selected: Some(key),
    }
}

#[test]
fn the_forecast_says_how_it_did_before_and_when_the_limit_is_met() {
    let one = one();
    let actions = drawn(&answered(&one), |harness| {
        harness.get_by_label("69 % expected in 10 s (59 % to 79 %)");
        harness.get_by_label(&facts::limit_sentence(&one));
        harness.get_by_label(
            "back-test: 40 % of the error of the last value, the 90 % band held 88 % of the values",
        );
        harness.get_by_label("drift");
        harness.get_by_label_contains("Forecast of h/used: It may reach");
    });
    assert_eq!(actions, []);
}

#[test]
fn no_limit_within_the_horizon_is_an_answer_and_so_is_no_known_limit() {
    let mut one = one();
    let far = Limit {
        value: 5.0,
        side: Side::Upper,
    };
    one.limit = Some((far, Met::default()));
    let said = facts::limit_sentence(&one);
    assert!(said.starts_with("No limit within the horizon"), "{said}");
    one.limit = None;
    assert_eq!(
        facts::limit_sentence(&one),
        "No limit of this series is known."
    );
}

#[test]
fn the_selected_series_is_forecast_without_asking() {
    let key: SeriesKey = "h/free".parse().unwrap_or_default();
    let given = Given {
        stage: Stage::Idle,
        asked: None,
        one: None,
        selected: Some(key.clone()),
    };
    let actions = drawn(&given, |_| {});
    assert_eq!(actions, [Action::Forecast(key, usual())]);
}

#[test]
fn another_level_asks_anew_and_the_copy_has_every_row() {
    let one = one();
    let actions = drawn(&answered(&one), |harness| {
        harness.get_by_label("Copy").click();
        harness.run();
        harness
            .get_by_label("Band that holds 95 % of the values")
            .click();
        harness.run();
    });
    let [Action::Copy(text), Action::Forecast(_, asked)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(asked.level, 0.95);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("time\tseries\texpected\tlo\thi\tunit"));
    assert_eq!(
        lines.next(),
        Some("1970-01-01T00:01:00Z\th/used\t0.6\t0.5\t0.7\t1")
    );
    assert_eq!(lines.count(), 9);
}

#[test]
fn without_a_series_it_says_how_to_choose_one_and_the_table_can_be_asked_for() {
    let given = Given {
        stage: Stage::Idle,
        asked: None,
        one: None,
        selected: None,
    };
    let actions = drawn(&given, |harness| {
        harness.get_by_label_contains("Choose a series above");
        harness.get_by_label("Forecast all series").click();
    });
    assert_eq!(actions, [Action::ForecastAll(usual())]);
    let live = Given {
        stage: Stage::Live,
        ..given
    };
    drawn(&live, |harness| {
        harness.get_by_label_contains("The forecast is computed from a recording");
    });
}

#[test]
fn a_series_is_chosen_from_the_list() {
    let one = one();
    let actions = drawn(&answered(&one), |harness| {
        harness.get_by_label("Series to forecast: h/used").click();
        harness.run();
        harness.get_by_label("choose h/free").click();
        harness.run();
    });
    let key: SeriesKey = "h/free".parse().unwrap_or_default();
    assert_eq!(
        actions,
        [Action::Select(key.clone()), Action::Forecast(key, usual())]
    );
}

/// The whole way: from series to a forecast and the fold before it.
#[test]
fn the_answer_holds_a_forecast_of_a_horizon_ago() {
    let at: Vec<i64> = (0..200).map(|it| it * SECOND_NS).collect();
    let wave = |row: i64| (row as f64 / 3.0).sin() + row as f64 / 50.0;
    let frame = analysis::frame::Frame::of_table(
        &at,
        vec![(series("h/used"), (0..200).map(wave).collect())],
    );
    let input = Arc::new(workflow::input::Input {
        path: std::path::PathBuf::new(),
        frames: vec![workflow::input::HostFrame {
            host: "h".to_owned(),
            frame,
        }],
        stored: None,
        notes: Vec::new(),
        damaged: false,
    });
    let key: SeriesKey = "h/used".parse().unwrap_or_default();
    let context = workflow::jobs::Context::default();
    let one = crate::inquiry::forecast::one(&input, (&key, usual()), &context).expect("a forecast");
    assert_eq!(one.forecast.mean.len(), 10);
    let fold = one.fold.expect("the past is long enough");
    assert_eq!(fold.from, Moment(189 * SECOND_NS));
    assert!(fold.held > 0.5, "{fold:?}");
}
