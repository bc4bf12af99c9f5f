//! How earlier predictions came out: coverage by model, the calibration plot, the table.

use eframe::egui::epaint::Stroke;
use eframe::egui::{Grid, ScrollArea, Sense, Shape, TextEdit, Ui, vec2};
use model::unit::Unit;

use super::head::named;
use super::{Action, Data, words};
use crate::plot::panel::Fit;
use crate::theme;
use crate::view::plane::{self, Plane};

/// Size of the calibration plot.
const PLOT: f32 = 240.0;

/// Draws the ledger.
pub(super) fn ui(ui: &mut Ui, export: &mut String, data: &Data<'_>, actions: &mut Vec<Action>) {
    let Some(found) = data.found else {
        ui.weak("The ledger is read when the model is fitted.");
        return;
    };
    let book = &found.book;
    for fault in &book.faults {
        words::warn(ui, fault);
    }
    let answered = book.ledger.answered();
    ui.label(format!(
        "{} predictions, {} of them answered by a measurement",
        book.ledger.entries().count(),
        answered.len()
    ));
    ui.horizontal(|ui| {
        if export.is_empty() {
            *export = "ledger.csv".to_owned();
        }
        let field = ui.add(TextEdit::singleline(export).desired_width(220.0));
        named(&field, "File for the ledger");
        if ui.button("Export as CSV").clicked() {
            actions.push(Action::Export(export.clone()));
        }
    });
    ScrollArea::vertical()
        .id_salt("ledger")
        .auto_shrink(false)
        .show(ui, |ui| {
            for score in &book.scores {
                ui.label(score.said());
            }
            if !answered.is_empty() {
                calibration_ui(ui, book);
                table_ui(ui, &answered);
            }
        });
}

/// Nominal against achieved shares: on the diagonal the intervals mean what they say.
fn calibration_ui(ui: &mut Ui, book: &crate::inquiry::plan::Book) {
    let theme = theme::of(ui.visuals());
    let all = book.scores.last();
    let points: Vec<[f64; 2]> = all
        .map(|it| {
            it.calibration()
                .map(|it| [it.nominal, it.achieved])
                .to_vec()
        })
        .unwrap_or_default()
        .into_iter()
        .filter(|it| it[1].is_finite())
        .collect();
    ui.allocate_ui(vec2(PLOT, PLOT), |ui| {
        ui.set_min_size(vec2(PLOT, PLOT));
        ui.set_max_size(vec2(PLOT, PLOT));
        let spoken = "share of outcomes below each predicted quantile, against what was promised";
        let (_, rect) = plane::allocate(ui, (Sense::hover(), spoken.to_owned()));
        let unit = Unit::new("1");
        let ends = [0.0, 1.0];
        let plane = Plane {
            rect,
            x: plane::lower(ends.into_iter(), (&unit, Fit::FromZero), rect),
            y: plane::upright(ends.into_iter(), (&unit, Fit::FromZero), rect),
        };
        plane.paint(ui.painter(), ["promised", "came"], theme);
        let painter = ui.painter_at(rect);
        let diagonal = vec![plane.at([0.0, 0.0]), plane.at([1.0, 1.0])];
        painter.add(Shape::line(diagonal, Stroke::new(1.0, theme.text_weak)));
        for point in points {
            painter.circle_filled(plane.at(point), 4.0, theme.series[0]);
        }
    });
}

fn table_ui(ui: &mut Ui, answered: &[(&plan::ledger::Entry, &plan::ledger::Outcome)]) {
    /// Rows that are shown; the export has all.
    const ROWS: usize = 50;
    Grid::new("answered")
        .num_columns(7)
        .striped(true)
        .show(ui, |ui| {
            for head in ["when", "metric", "p10", "p50", "p90", "came", "inside"] {
                ui.strong(head);
            }
            ui.end_row();
            for (entry, outcome) in answered.iter().rev().take(ROWS) {
                ui.weak(outcome.at.to_string());
                ui.label(words::metric(&entry.metric));
                for value in [entry.p10, entry.p50, entry.p90, Some(outcome.value)] {
                    ui.label(words::number(value, &entry.unit));
                }
                ui.label(match outcome.inside {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "–",
                });
                ui.end_row();
            }
        });
}
