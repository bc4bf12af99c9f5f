//! How earlier predictions came out: coverage by model, the calibration plot, the table.

use eframe::egui::epaint::Stroke;
use eframe::egui::{ScrollArea, Sense, Shape, Ui, vec2};
use model::plan::Class;
use model::unit::Unit;

use super::words::Head;
use super::{Action, Data, words};
use crate::inquiry::plan::Book;
use crate::plot::panel::Fit;
use crate::plot::time_axis::Clock;
use crate::theme;
use crate::view::empty;
use crate::view::plane::{self, Plane};

/// Size of the calibration plot.
const PLOT: f32 = 240.0;

/// Draws the ledger; it is read when it is first seen.
pub(super) fn ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let Some(book) = data.book else {
        match data.book_trouble {
            Some(trouble) => {
                if empty::ui(ui, trouble, "Read again") {
                    actions.push(Action::Scores);
                }
            }
            None => {
                if !data.book_asked {
                    actions.push(Action::Scores);
                }
                ui.weak("Reading earlier predictions…");
            }
        }
        return;
    };
    for fault in &book.faults {
        words::warn(ui, fault);
    }
    let answered = book.ledger.answered();
    let count = book.ledger.entries().count();
    if count == 0 {
        empty::text(
            ui,
            "Nothing was predicted yet. Predict puts what a plan expects into the ledger; what is measured after it was carried out is held against that: kymo plan validate.",
        );
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(format!(
            "{count} predictions, {} of them answered by a measurement",
            answered.len()
        ));
        if ui.button("Export as CSV…").clicked() {
            actions.push(Action::Export);
        }
        if ui.button("Read again").clicked() {
            actions.push(Action::Scores);
        }
    });
    ScrollArea::vertical()
        .id_salt("ledger")
        .auto_shrink(false)
        .show(ui, |ui| {
            models_ui(ui, book);
            if !answered.is_empty() {
                calibration_ui(ui, book);
                table_ui(ui, &answered, data.clock);
            }
        });
}

/// Coverage and error of each model, class and quantity.
fn models_ui(ui: &mut Ui, book: &Book) {
    let share = Unit::new("1");
    let heads = [
        Head::Text("model"),
        Head::Text("class"),
        Head::Text("of"),
        Head::Number("predicted"),
        Head::Text("inside"),
        Head::Number("coverage of 80 %"),
        Head::Number("mean error"),
    ];
    words::table(ui, ("coverage", &heads), |ui| {
        for score in &book.scores {
            match (score.model.as_str(), score.class) {
                (_, None) => ui.strong("all"),
                ("", Some(_)) => ui.weak("none: refused"),
                (model, Some(_)) => ui.label(model),
            };
            ui.label(score.class.map_or("", Class::letter));
            ui.label(score.quantity.map_or("", |it| it.name()));
            words::cell(ui, score.predicted.to_string());
            words::cell(ui, format!("{} of {}", score.inside, score.judged));
            match score.judged {
                0 => words::cell(ui, "–"),
                _ => {
                    let [low, high] = score.coverage_interval();
                    words::cell(ui, share.text(score.coverage())).on_hover_text(format!(
                        "{} to {} at 95 %",
                        share.text(low),
                        share.text(high)
                    ))
                }
            };
            match score.mean_error() {
                error if error.is_finite() => words::cell(ui, share.text(error)),
                _ => words::cell(ui, "–"),
            };
            ui.end_row();
        }
    });
}

/// Nominal against achieved shares: on the diagonal the intervals mean what they say.
fn calibration_ui(ui: &mut Ui, book: &Book) {
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

fn table_ui(
    ui: &mut Ui,
    answered: &[(&plan::ledger::Entry, &plan::ledger::Outcome)],
    clock: &Clock,
) {
    /// Rows that are shown; the export has all.
    const ROWS: usize = 50;
    let heads = [
        Head::Text("when"),
        Head::Text("metric"),
        Head::Number("p10"),
        Head::Number("p50"),
        Head::Number("p90"),
        Head::Number("came"),
        Head::Text("inside"),
    ];
    words::table(ui, ("answered", &heads), |ui| {
        for (entry, outcome) in answered.iter().rev().take(ROWS) {
            ui.weak(clock.text(outcome.at));
            ui.label(words::metric(&entry.metric));
            for value in [entry.p10, entry.p50, entry.p90, Some(outcome.value)] {
                words::cell(ui, words::number(value, &entry.unit));
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
