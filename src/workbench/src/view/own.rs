//! How well Kymo itself does and what it costs: collection, analysis, optimization,
//! reporting, each with its figures, its screen and its section of the help.
//!
//! Start at [`ui`].

use eframe::egui::{Grid, Label, RichText, ScrollArea, Ui};
use model::unit::Unit;
use report::own::{AREAS, Block, Figure, Own, Took};

use super::ask::{self, Asked};
use super::table::{self, FORMATS, Format};
use crate::inquiry::Stage;
use crate::layout::Screen;
use crate::manual::link;
use crate::theme;

/// Widths of the columns before the sentence, which takes the rest.
const NAME: f32 = 170.0;
const VALUE: f32 = 84.0;
const BETWEEN: f32 = 130.0;

/// Narrowest column of sentences.
const SENTENCE: f32 = 160.0;

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// How far the gathering is.
    pub stage: &'a Stage,
    /// Why there is nothing.
    pub trouble: Option<&'a str>,
    /// The figures.
    pub own: Option<&'a Own>,
    /// How long the analyses took of which the figures tell.
    pub told: Option<&'a [Took]>,
    /// How long they took so far.
    pub took: &'a [Took],
    /// How long the last frame took, in seconds.
    pub frame_seconds: Option<f32>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Gather, cancel, or record.
    Ask(Asked),
    /// Bring a screen to the front.
    Show(Screen),
    /// Show how accurate the findings are.
    Accuracy,
    /// Write a report.
    Report,
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws the four blocks, or why there are none.
pub fn ui(ui: &mut Ui, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if wants(data) {
        actions.push(Action::Ask(Asked::Compute));
    }
    let Some(own) = data.own else {
        let words = ask::Words {
            what: "how well Kymo does",
            ask: "Gather the figures",
        };
        let asked = ask::empty_ui(ui, (data.stage, data.trouble), words);
        actions.extend(asked.map(Action::Ask));
        return actions;
    };
    ui.horizontal_wrapped(|ui| {
        let asked = ask::tools_ui(ui, (data.stage, data.trouble), "Gather again");
        actions.extend(asked.map(Action::Ask));
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(copied(own, *format)));
                }
            }
        });
        if let Some(seconds) = data.frame_seconds {
            let frame = Unit::new("s").text(f64::from(seconds));
            ui.weak(format!("This window drew its last frame in {frame}."));
        }
    });
    ScrollArea::vertical()
        .id_salt("blocks")
        .auto_shrink(false)
        .show(ui, |ui| {
            let empty = Block::default();
            let reporting = own.reporting.as_ref().unwrap_or(&empty);
            let blocks = [&own.collection, &own.analysis, &own.optimization, reporting];
            for (place, ((title, address), block)) in AREAS.iter().zip(blocks).enumerate() {
                ui.push_id(place, |ui| {
                    ui.add_space(8.0);
                    head_ui(ui, (title, address), &mut actions);
                    block_ui(ui, block);
                });
            }
        });
    actions
}

/// Whether figures are to be gathered without being asked for: when the screen is first
/// seen, and when analyses have ended since.
fn wants(data: &Data<'_>) -> bool {
    match (data.stage, data.told) {
        (Stage::Idle, None) => data.trouble.is_none(),
        (Stage::Idle | Stage::Over, Some(told)) => {
            data.trouble.is_none() && told.len() < data.took.len()
        }
        _ => false,
    }
}

/// The name of an area, with what leads to its screen and to the help.
fn head_ui(ui: &mut Ui, (title, address): (&str, &str), actions: &mut Vec<Action>) {
    let (text, action) = match title {
        "Collection" => ("Findings on quality", Action::Show(Screen::Findings)),
        "Analysis" => ("Accuracy card", Action::Accuracy),
        "Optimization" => ("Plan and ledger", Action::Show(Screen::Plan)),
        _ => ("Export a report", Action::Report),
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(title).heading());
        if ui.link(text).clicked() {
            actions.push(action);
        }
        link::ui(ui, "Help", address);
    });
}

fn block_ui(ui: &mut Ui, block: &Block) {
    let weak = theme::of(ui.visuals()).text_weak;
    if !block.figures.is_empty() {
        let several = block
            .figures
            .iter()
            .any(|it| it.about != block.figures[0].about);
        let room = ui.available_width() - NAME - VALUE - BETWEEN - 40.0;
        Grid::new("figures")
            .num_columns(4)
            .striped(true)
            .show(ui, |ui| {
                for figure in &block.figures {
                    figure_ui(ui, figure, (several, room.max(SENTENCE)));
                    ui.end_row();
                }
            });
    }
    for lack in &block.lacks {
        ui.add(Label::new(RichText::new(lack).color(weak)).wrap());
    }
}

fn figure_ui(ui: &mut Ui, figure: &Figure, (several, room): (bool, f32)) {
    ui.scope(|ui| {
        ui.set_min_width(NAME);
        // What an analysis took names the analysis already.
        let own = figure.about.is_empty() || figure.name.ends_with(&figure.about);
        match several && !own {
            true => ui.label(format!("{} · {}", figure.name, figure.about)),
            false => ui.label(&figure.name),
        };
    });
    let exact = format!("{} {}", table::exact(figure.value), figure.unit.code());
    ui.scope(|ui| {
        ui.set_min_width(VALUE);
        ui.monospace(figure.unit.text(figure.value))
            .on_hover_text(exact);
    });
    ui.scope(|ui| {
        ui.set_min_width(BETWEEN);
        let between = figure.interval.map_or_else(String::new, |[lo, hi]| {
            format!("{} to {}", figure.unit.text(lo), figure.unit.text(hi))
        });
        ui.weak(between);
    });
    ui.scope(|ui| {
        ui.set_width(room);
        ui.add(Label::new(&figure.sentence).wrap());
    });
}

/// Every figure as a table.
fn copied(own: &Own, format: Format) -> String {
    let header = [
        "area", "key", "of", "name", "value", "lo", "hi", "unit", "sentence",
    ];
    let empty = Block::default();
    let reporting = own.reporting.as_ref().unwrap_or(&empty);
    let blocks = [&own.collection, &own.analysis, &own.optimization, reporting];
    let rows = AREAS.iter().zip(blocks).flat_map(|((area, _), block)| {
        block.figures.iter().map(move |it| {
            let [lo, hi] = it.interval.unwrap_or([f64::NAN; 2]);
            [
                (*area).to_owned(),
                it.key.to_owned(),
                it.about.clone(),
                it.name.clone(),
                table::exact(it.value),
                table::exact(lo),
                table::exact(hi),
                it.unit.code().to_owned(),
                it.sentence.clone(),
            ]
        })
    });
    table::text(format, &header.map(str::to_owned), rows)
}

#[cfg(test)]
mod tests;
