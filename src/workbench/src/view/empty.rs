//! The empty state of a view: why there is nothing, what fills it, and where the help
//! speaks of it.

use eframe::egui::{self, RichText, Ui};

use crate::manual::link;
use crate::theme;

/// Widest line of an explanation, so that it reads well in a wide panel.
const WIDEST: f32 = 420.0;

/// Says why there is nothing and offers the action; returns whether it was asked for.
pub(super) fn ui(ui: &mut Ui, why: &str, action: &str) -> bool {
    let mut asked = false;
    with(ui, why, |ui| asked = ui.button(action).clicked());
    asked
}

/// Says why there is nothing where the remedy is a gesture that the text names.
pub(super) fn text(ui: &mut Ui, why: &str) {
    with(ui, why, |_| ());
}

/// Says why there is nothing, with what helps below it.
pub(super) fn with(ui: &mut Ui, why: &str, below: impl FnOnce(&mut Ui)) {
    let weak = theme::of(ui.visuals()).text_weak;
    let space = (ui.available_height() / 3.0 - 20.0).clamp(8.0, 120.0);
    ui.vertical_centered(|ui| {
        ui.set_max_width(ui.available_width().min(WIDEST));
        ui.add_space(space);
        ui.add(egui::Label::new(RichText::new(why).color(weak)).wrap());
        ui.add_space(8.0);
        below(ui);
        if let Some(address) = link::around(ui) {
            ui.add_space(8.0);
            link::ui(ui, "How this works", address);
        }
    });
}
