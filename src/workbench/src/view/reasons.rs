//! Reasons that speak for something or against it, as a list of sentences.
//!
//! Columns stretch what is in them, which would pull the words apart; so all of it is
//! laid out from the left.
//!
//! Start at [`ui`].

use eframe::egui::{Align, Layout, Ui};

/// Draws what the reasons are about.
pub(super) fn title_ui(ui: &mut Ui, title: &str) {
    ui.with_layout(Layout::top_down(Align::Min), |ui| ui.strong(title));
}

/// Draws the reasons; says so where there is none.
pub(super) fn ui(ui: &mut Ui, reasons: &[String]) {
    ui.with_layout(Layout::top_down(Align::Min), |ui| {
        if reasons.is_empty() {
            ui.weak("nothing");
        }
        for reason in reasons {
            ui.label(format!("• {reason}"));
        }
    });
}
