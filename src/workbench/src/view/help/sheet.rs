//! The sheet of commands with their keys, and what this program is.
//!
//! The sheet is drawn from the table of commands, so it cannot be out of date.

use eframe::egui::{Grid, RichText, ScrollArea, TextEdit, Ui};

use super::{Action, Data, Shortcut, State};
use crate::theme;
use crate::view::words::Words;
use crate::view::{empty, table};

/// Draws the commands that the search leaves, by category.
pub(super) fn shortcuts_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) {
    let edit = TextEdit::singleline(&mut state.keys)
        .hint_text("Search commands and keys…")
        .desired_width(260.0)
        .id_salt("search");
    ui.add(edit);
    let words = Words::of(&state.keys);
    let found = data.shortcuts.iter().filter(|it| {
        words.is_empty()
            || words.found_in(&format!("{} {} {}", it.category, it.name, it.keys).to_lowercase())
    });
    let found: Vec<&Shortcut<'_>> = found.collect();
    if found.is_empty() {
        if empty::ui(
            ui,
            "No command has all these words in its name or keys.",
            "Clear search",
        ) {
            state.keys.clear();
        }
        return;
    }
    let weak = theme::of(ui.visuals()).text_weak;
    ScrollArea::vertical()
        .id_salt("sheet")
        .auto_shrink(false)
        .show(ui, |ui| {
            for group in found.chunk_by(|a, b| a.category == b.category) {
                ui.add_space(8.0);
                ui.strong(group[0].category);
                let grid = Grid::new(("sheet", group[0].category, group[0].name));
                grid.num_columns(2)
                    .min_col_width(260.0)
                    .striped(true)
                    .show(ui, |ui| {
                        for it in group {
                            ui.label(it.name);
                            match it.keys {
                                "" => ui.label(RichText::new("–").color(weak)),
                                keys => ui.label(RichText::new(keys).monospace()),
                            };
                            ui.end_row();
                        }
                    });
            }
        });
}

/// Draws version, license, and what a report of a problem should say.
pub(super) fn about_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let about = &data.about;
    ui.heading(about.version);
    ui.label(about.purpose);
    ui.label(format!("License: {}", about.license));
    ui.add_space(8.0);
    Grid::new("about")
        .num_columns(2)
        .spacing([12.0, 3.0])
        .show(ui, |ui| {
            for (name, value) in about.facts {
                ui.weak(*name);
                ui.label(value);
                ui.end_row();
            }
        });
    ui.add_space(8.0);
    if ui.button("Copy for a problem report").clicked() {
        let header = ["fact".to_owned(), "value".to_owned()];
        let facts = about.facts.iter();
        let first = [["version".to_owned(), about.version.to_owned()]];
        let rows = first
            .into_iter()
            .chain(facts.map(|(name, value)| [(*name).to_owned(), value.clone()]));
        actions.push(Action::Copy(table::text(table::Format::Tsv, &header, rows)));
    }
}
