//! What is known of a forecast: its method, how it did before, when a limit is met.

use analysis::forecast::{Backtest, Limit, Met};
use analysis::limit::Side;
use eframe::egui::{Grid, RichText, Ui};
use model::time::{SECOND_NS, duration_text};
use model::unit::{Unit, digits};

use crate::inquiry::forecast::{Fold, One};
use crate::theme;
use crate::view::table::{self, Format};

/// Draws the facts.
pub(super) fn ui(ui: &mut Ui, one: &One) {
    let unit = &one.track.series().unit;
    let forecast = &one.forecast;
    let end = |path: &[f64]| unit.text(path.last().copied().unwrap_or(f64::NAN));
    ui.strong(format!(
        "{} expected in {} ({} to {})",
        end(&forecast.mean),
        duration_text(ahead(one, forecast.mean.len())),
        end(&forecast.lo),
        end(&forecast.hi)
    ));
    ui.label(limit_sentence(one));
    ui.add_space(4.0);
    ui.strong("Back-test");
    match &forecast.backtest {
        Some(backtest) => backtest_ui(ui, one, backtest),
        None => {
            ui.weak("Forecasts from earlier rows cannot be tried: the past is too short, or never varied.");
        }
    }
    if let Some(fold) = &one.fold {
        ui.label(fold_sentence(one, fold));
    }
    ui.add_space(4.0);
    ui.strong("Method");
    ui.label(&forecast.model);
    if let Some(period) = forecast.period {
        let text = format!("repeats every {}", duration_text(ahead(one, period)));
        ui.weak(text);
    }
}

/// So many rows in seconds.
fn ahead(one: &One, rows: usize) -> f64 {
    rows as f64 * one.step_ns as f64 / SECOND_NS as f64
}

fn backtest_ui(ui: &mut Ui, one: &One, backtest: &Backtest) {
    let theme = theme::of(ui.visuals());
    let sentence = backtest.sentence(one.level);
    let color = match backtest.better_than_last_value() {
        true => theme.text,
        false => theme.quality_edge,
    };
    ui.label(RichText::new(sentence).color(color));
    let share = Unit::new("1");
    let unit = &one.track.series().unit;
    let facts = [
        (
            "error of the last value",
            share.text(backtest.to_last_value),
        ),
        ("MASE", digits(backtest.mase)),
        ("values inside the band", share.text(backtest.coverage)),
        ("mean error", unit.text(backtest.error)),
        ("forecasts tried", backtest.origins.to_string()),
        (
            "tried so far ahead",
            duration_text(ahead(one, backtest.horizon)),
        ),
    ];
    Grid::new("backtest")
        .num_columns(2)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            for (name, value) in facts {
                ui.weak(name);
                ui.label(value);
                ui.end_row();
            }
        });
}

/// What the forecast of a horizon ago says of the last rows.
fn fold_sentence(one: &One, fold: &Fold) -> String {
    let before = duration_text(ahead(one, fold.forecast.mean.len()));
    match fold.held.is_nan() {
        true => format!("Nothing came in the last {before} to hold a forecast against."),
        false => format!(
            "A forecast made {before} before the end (dotted) would have held {} of what came in its band.",
            Unit::new("1").text(fold.held)
        ),
    }
}

/// When the limit is met, as an interval; also when it is not, or not known.
pub(super) fn limit_sentence(one: &One) -> String {
    let Some((limit, met)) = &one.limit else {
        return "No limit of this series is known.".to_owned();
    };
    let Limit { value, side } = *limit;
    let value = one.track.series().unit.text(value);
    let verb = match side {
        Side::Upper => "reaches",
        Side::Lower => "falls to",
    };
    let rows = one.forecast.mean.len();
    let horizon = duration_text(ahead(one, rows));
    let time = |rows: usize| duration_text(ahead(one, rows));
    match *met {
        Met {
            earliest: None,
            expected: None,
            ..
        } => format!(
            "No limit within the horizon: it {verb} {value} later than in {horizon}, if ever."
        ),
        Met {
            earliest,
            expected,
            latest,
        } => {
            let expected = match expected {
                Some(rows) => format!("It {verb} its limit of {value} in {}", time(rows)),
                None => format!("It may reach its limit of {value}, though not as expected"),
            };
            let from = earliest.map_or_else(|| "now".to_owned(), time);
            let to = latest.map_or_else(|| format!("beyond {horizon}"), time);
            format!("{expected} ({from} to {to}).")
        }
    }
}

/// The forecast as a table, one row a row ahead.
pub(super) fn copied(one: &One) -> String {
    let unit = one.track.series().unit.code();
    let header = ["time", "series", "expected", "lo", "hi", "unit"].map(str::to_owned);
    let name = one.track.series().key.to_string();
    let forecast = &one.forecast;
    let rows = forecast.mean.iter().zip(&forecast.lo).zip(&forecast.hi);
    let rows = rows.enumerate().map(|(row, ((mean, lo), hi))| {
        let at = one
            .last_at
            .plus_ns(one.step_ns.saturating_mul(row as i64 + 1));
        [
            at.to_string(),
            name.clone(),
            table::exact(*mean),
            table::exact(*lo),
            table::exact(*hi),
            unit.to_owned(),
        ]
    });
    table::text(Format::Tsv, &header, rows)
}
