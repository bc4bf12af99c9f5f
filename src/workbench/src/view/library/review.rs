//! The review of the last whole day, week, month or quarter: previewed and exported.

use eframe::egui::{ComboBox, RichText, ScrollArea, TextEdit, Ui};
use model::period::{CYCLES, Cycle};

use super::Action;
use crate::export::Form;
use crate::shelf::Shelf;
use crate::theme;

/// Scratch of the fields.
#[derive(Debug)]
pub(super) struct State {
    cycle: Cycle,
    zone: String,
}

impl Default for State {
    fn default() -> Self {
        Self {
            cycle: Cycle::Weekly,
            zone: String::new(),
        }
    }
}

/// Draws the fields and the preview.
pub(super) fn ui(ui: &mut Ui, state: &mut State, shelf: &Shelf, actions: &mut Vec<Action>) {
    let task = shelf.review();
    ui.horizontal_wrapped(|ui| {
        ui.weak("The last whole");
        let combo = ComboBox::from_id_salt("cycle").width(90.0);
        let drawn = combo.selected_text(word(state.cycle)).show_ui(ui, |ui| {
            for (cycle, _) in CYCLES {
                ui.selectable_value(&mut state.cycle, *cycle, word(*cycle));
            }
        });
        drop(drawn.response.accessible_name("cycle"));
        ui.weak("in the calendar of");
        let edit = TextEdit::singleline(&mut state.zone).desired_width(130.0);
        ui.add(edit.hint_text("this machine").id_salt("zone"))
            .on_hover_text("A zone such as Europe/Berlin");
        if task.is_running() {
            ui.spinner();
            if ui.button("Cancel").clicked() {
                actions.push(Action::Cancel);
            }
        } else if ui.button("Preview").clicked() {
            let zone = state.zone.trim().to_owned();
            actions.push(Action::Review(state.cycle, zone));
        }
        if task.found().is_some() {
            ui.menu_button("Export ▾", |ui| {
                for (form, name) in [
                    (Form::Html, "Web page…"),
                    (Form::Markdown, "Markdown…"),
                    (Form::Json, "JSON…"),
                ] {
                    if ui.button(name).clicked() {
                        actions.push(Action::ExportReview(form));
                        ui.close();
                    }
                }
            });
            if ui.button("Copy").clicked()
                && let Some(found) = task.found()
            {
                actions.push(Action::Copy(found.text.to_string()));
            }
        }
    });
    if let Some(why) = task.trouble() {
        ui.colored_label(theme::of(ui.visuals()).severe, why);
    }
    let Some(found) = task.found() else {
        ui.weak(
            "Findings opened and closed, trends over sessions, predictions and standards of the \
             last whole period. kymo review install lets it write itself.",
        );
        return;
    };
    ScrollArea::vertical()
        .id_salt("review")
        .auto_shrink(false)
        .show(ui, |ui| preview_ui(ui, &found.text));
}

/// The text by lines: headings stand out, tables keep their columns.
fn preview_ui(ui: &mut Ui, text: &str) {
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            ui.heading(title);
        } else if let Some(title) = line.strip_prefix("## ") {
            ui.add_space(6.0);
            ui.label(RichText::new(title).strong().size(15.0));
        } else if let Some(title) = line.strip_prefix("### ") {
            ui.strong(title);
        } else if line.starts_with('|') {
            ui.label(RichText::new(line).monospace());
        } else {
            ui.label(line);
        }
    }
}

fn word(cycle: Cycle) -> &'static str {
    match cycle {
        Cycle::Daily => "day",
        Cycle::Weekly => "week",
        Cycle::Monthly => "month",
        Cycle::Quarterly => "quarter",
    }
}
