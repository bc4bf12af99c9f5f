//! Settings that differ between both sides.

use eframe::egui::{Label, ScrollArea, Ui};
use workflow::compare::SettingChange;

use super::Action;
use crate::contrast::answer::Answer;
use crate::view::list;
use crate::view::table::{self, FORMATS, Format};

/// Widths of the columns.
const KEY: f32 = 300.0;
const VALUE: f32 = 220.0;

pub(super) fn tools_ui(ui: &mut Ui, answer: &Answer, actions: &mut Vec<Action>) {
    if answer.comparison.settings.is_empty() {
        return;
    }
    ui.menu_button("Copy", |ui| {
        for (format, name) in FORMATS {
            if ui.button(*name).clicked() {
                actions.push(Action::Copy(copied(answer, *format)));
            }
        }
    });
}

fn told(value: Option<&String>) -> &str {
    value.map_or("(not set)", String::as_str)
}

pub(super) fn copied(answer: &Answer, format: Format) -> String {
    let header = ["setting", "before", "after"].map(str::to_owned);
    let rows = answer.comparison.settings.iter().map(|it| {
        [
            it.key.clone(),
            it.before.clone().unwrap_or_default(),
            it.after.clone().unwrap_or_default(),
        ]
    });
    table::text(format, &header, rows)
}

/// Lists them, or says why there are none.
pub(super) fn ui(ui: &mut Ui, answer: &Answer) {
    let settings = &answer.comparison.settings;
    if settings.is_empty() {
        ui.weak(match answer.settings {
            [true, true] => "No settings differ.",
            [false, false] => "Settings are not recorded on either side.",
            [false, true] => "Settings are not recorded in A.",
            [true, false] => "Settings are not recorded in B.",
        });
        return;
    }
    let height = list::row_height(ui);
    line_ui(
        ui,
        height,
        ["Setting", "Before", "After"].map(str::to_owned),
    );
    let area = ScrollArea::vertical()
        .id_salt("settings")
        .auto_shrink(false);
    area.show_rows(ui, height, settings.len(), |ui, visible| {
        for change in settings.get(visible).unwrap_or_default() {
            line_ui(ui, height, cells(change));
        }
    });
}

fn cells(change: &SettingChange) -> [String; 3] {
    [
        change.key.clone(),
        told(change.before.as_ref()).to_owned(),
        told(change.after.as_ref()).to_owned(),
    ]
}

fn line_ui(ui: &mut Ui, height: f32, cells: [String; 3]) {
    ui.horizontal(|ui| {
        for (cell, width) in cells.into_iter().zip([KEY, VALUE, VALUE]) {
            let label = Label::new(&cell).truncate();
            ui.add_sized([width, height], label).on_hover_text(&cell);
        }
    });
}
