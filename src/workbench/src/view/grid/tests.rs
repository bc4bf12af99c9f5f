//! A table driven by its labels.

use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::view::testing;

const HEADS: &[Head] = &[
    Head {
        title: "Name",
        unit: "",
        help: "who",
        wide: Wide::Part(1.0),
        form: Form::Text,
    },
    Head {
        title: "Lag",
        unit: "s",
        help: "when",
        wide: Wide::Digits(12),
        form: Form::Interval,
    },
];

fn row(name: &str, lag: f64) -> Row {
    Row {
        key: name.to_owned(),
        cells: vec![
            Cell::text(name),
            Cell::interval(lag, (lag - 1.0, lag + 1.0), format!("{lag:.1}")),
        ],
        spoken: format!("row {name}"),
    }
}

#[test]
fn rows_are_sorted_by_a_header_with_gaps_last_and_copied_in_that_order() {
    let mut grid = Grid::default();
    grid.fill(1, || vec![row("a", 1.0), row("b", f64::NAN), row("c", 3.0)]);
    let mut events = Vec::new();
    let mut harness = testing::harness([500.0, 300.0], |ui| {
        if let Some(event) = grid.copy_ui(ui, "Copy", HEADS) {
            events.push(event);
        }
        events.extend(grid.ui(ui, ("lags", HEADS)));
    });
    harness.get_by_label("Sort lags by Lag").click();
    harness.run();
    harness.get_by_label("Sort lags by Lag, sorted descending");
    let y = |label: &str| harness.get_by_label(label).rect().top();
    assert!(y("row c") < y("row a") && y("row a") < y("row b"));
    harness.get_by_label("row a").click();
    harness.run();
    harness.get_by_label("Copy").click();
    harness.run();
    harness.get_by_label("Copy as CSV").click();
    harness.run();
    drop(harness);
    let copied = "name,lag (s),lag (s) lo,lag (s) hi\nc,3,2,4\na,1,0,2\nb,,,\n";
    assert_eq!(events, [Event::Chosen(0), Event::Copy(copied.to_owned())]);
    assert_eq!(grid.chosen(), Some("a"));
}

#[test]
fn a_filter_that_nothing_fits_says_so() {
    let mut grid = Grid::default();
    grid.fill(1, || vec![row("a", 1.0)]);
    grid.filter = "zebra".to_owned();
    let mut harness = testing::harness([500.0, 300.0], |ui| {
        grid.ui(ui, ("lags", HEADS));
    });
    harness.run();
    harness.get_by_label("No row fits the filter.");
}
