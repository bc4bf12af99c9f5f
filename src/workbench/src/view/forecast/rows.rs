//! The forecasts of all series as rows of a table.

use analysis::forecast::Met;
use model::time::duration_text;
use model::unit::Unit;

use crate::inquiry::forecast::{Entry, Table};
use crate::view::grid::{self, Cell, Form, Head, Row, Tone, Wide, head};

/// Every column.
#[rustfmt::skip]
pub(super) const HEADS: &[Head] = &[
    head(("Series", "", "Click forecasts it above, a double click draws it in Explore"), (Wide::Part(2.6), Form::Text)),
    head(("Unit", "", "Unit of its values when copied"), (Wide::Digits(7), Form::Text)),
    head(("Last", "in its unit", "Its last value"), (Wide::Digits(11), Form::Number)),
    head(("Then", "at the horizon", "What is expected at the horizon, with the band"), (Wide::Digits(11), Form::Interval)),
    head(("Change", "of the last", "How far what is expected at the horizon is from the last value, as a share of the larger"), (Wide::Digits(8), Form::Number)),
    head(("To limit", "time", "When the expected value meets the limit of the series; when copied in seconds, with the edges of the band"), (Wide::Digits(12), Form::Interval)),
    head(("Error", "of last value", "Back-test: mean error over that of the last value repeated; below 98 % is better"), (Wide::Digits(9), Form::Number)),
    head(("MASE", "", "Back-test: mean absolute scaled error"), (Wide::Digits(6), Form::Number)),
    head(("Held", "of the values", "Back-test: share of the values that were inside the band"), (Wide::Digits(8), Form::Number)),
    head(("Method", "", "What the forecast is made of"), (Wide::Part(1.0), Form::Text)),
];

/// The column of the time to a limit: what is soonest comes first.
pub(super) const LIMIT: usize = 5;

/// The rows, in the order in which they came.
pub(super) fn all(table: &Table, hosts: usize) -> Vec<Row> {
    table.entries().iter().map(|it| row(it, hosts)).collect()
}

fn row(it: &Entry, hosts: usize) -> Row {
    let share = Unit::new("1");
    let [then, lo, hi] = it.then;
    let change = change(it);
    let (error, mase, held) = match &it.backtest {
        Some(backtest) => (backtest.to_last_value, backtest.mase, backtest.coverage),
        None => (f64::NAN, f64::NAN, f64::NAN),
    };
    let better = it.backtest.is_some_and(|it| it.better_than_last_value());
    let tone = if better { Tone::Plain } else { Tone::Weak };
    let name = it.key.to_string();
    let then_text = it.unit.text(then);
    let limit = limit(it);
    Row {
        spoken: format!("{name}: then {then_text}, {}", told(it)),
        cells: vec![
            Cell::short(grid::short_name(&it.key, hosts), name.clone()),
            Cell::text(it.unit.code()).toned(Tone::Weak),
            Cell::number(it.last, it.unit.text(it.last)),
            Cell::interval(then, (lo, hi), then_text).toned(tone),
            Cell::number(change, signed(change)).toned(tone),
            limit,
            Cell::number(error, share.text(error)),
            Cell::number(mase, model::unit::digits(mase)),
            Cell::number(held, share.text(held)),
            Cell::text(it.model.clone()).toned(Tone::Weak),
        ],
        key: name,
    }
}

/// Of the larger of both values, so that it lies between -2 and 2 and needs no base.
fn change(it: &Entry) -> f64 {
    let [then, ..] = it.then;
    let size = it.last.abs().max(then.abs());
    match size > 0.0 {
        true => (then - it.last) / size,
        false => then - it.last,
    }
}

fn signed(share: f64) -> String {
    match share.is_finite() {
        true => format!("{:+.1} %", 100.0 * share),
        false => "–".to_owned(),
    }
}

fn limit(it: &Entry) -> Cell {
    let seconds = |rows: Option<usize>| rows.map_or(f64::NAN, |rows| rows as f64 * it.step_seconds);
    let Some(met) = it.met else {
        return Cell::number(f64::NAN, "–").toned(Tone::Weak);
    };
    let between = (seconds(met.earliest), seconds(met.latest));
    match (met.expected, met.earliest) {
        (Some(_), _) => {
            let expected = seconds(met.expected);
            Cell::interval(expected, between, duration_text(expected)).toned(Tone::Warning)
        }
        (None, Some(_)) => {
            Cell::interval(f64::NAN, between, format!("≥ {}", duration_text(between.0)))
        }
        (None, None) => Cell::interval(f64::NAN, between, "beyond").toned(Tone::Weak),
    }
}

fn told(it: &Entry) -> String {
    match it.met {
        None => "no known limit".to_owned(),
        Some(Met {
            expected: Some(rows),
            ..
        }) => format!("limit in {}", duration_text(rows as f64 * it.step_seconds)),
        Some(_) => "limit not within the horizon".to_owned(),
    }
}
