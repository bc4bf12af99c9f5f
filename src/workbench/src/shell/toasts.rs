//! Notices at the corner, and the list of all of them.

use eframe::egui::{self, Align2, Color32, Context, RichText, Ui, vec2};

use super::{Scene, Wish};
use crate::notices::{Level, Notice, Offer};
use crate::theme::{self, Theme};

/// Width of a notice.
const WIDTH: f32 = 380.0;

/// Draws the notices that are not closed, newest at the bottom.
pub(super) fn ui(ctx: &Context, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let shown: Vec<&Notice> = scene.notices.shown(scene.now).collect();
    if shown.is_empty() {
        return;
    }
    egui::Area::new(egui::Id::unique("notices"))
        .anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -34.0))
        .order(egui::Order::Foreground)
        .show(ctx, |ui| {
            ui.set_width(WIDTH);
            for notice in shown.iter().rev() {
                egui::Frame::popup(ui.style()).show(ui, |ui| {
                    ui.set_width(WIDTH - 16.0);
                    notice_ui(ui, notice, Place::Corner, wishes);
                });
                ui.add_space(4.0);
            }
        });
}

/// Where a notice is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Corner,
    List,
}

fn color(theme: &Theme, level: Level) -> Color32 {
    match level {
        Level::Note => theme.text_weak,
        Level::Warning => theme.quality_edge,
        Level::Error => theme.severe,
    }
}

fn notice_ui(ui: &mut Ui, notice: &Notice, place: Place, wishes: &mut Vec<Wish>) {
    let theme = theme::of(ui.visuals());
    ui.push_id(notice.id, |ui| {
        ui.horizontal_top(|ui| {
            let sign = format!("{} {}", notice.level.sign(), notice.level.word());
            ui.label(
                RichText::new(sign)
                    .color(color(theme, notice.level))
                    .strong(),
            );
            if place == Place::List {
                let at = notice.at.strftime("%H:%M:%S", model::time::Zone::Utc);
                ui.weak(format!("{at} UTC"));
            }
            ui.add(egui::Label::new(RichText::new(&notice.what).strong()).wrap());
        });
        if !notice.why.is_empty() {
            ui.add(egui::Label::new(&notice.why).wrap());
        }
        if !notice.what_to_do.is_empty() {
            ui.add(egui::Label::new(format!("Try: {}", notice.what_to_do)).wrap());
        }
        ui.horizontal_wrapped(|ui| {
            for offer in &notice.offers {
                if ui.small_button(offer_name(offer)).clicked() {
                    wishes.push(Wish::Offer(notice.id, offer.clone()));
                }
            }
            if notice.level != Level::Note && ui.small_button("Copy details").clicked() {
                wishes.push(Wish::Copy(notice.details()));
            }
            if place == Place::Corner && ui.small_button("Close").clicked() {
                wishes.push(Wish::CloseNotice(notice.id));
            }
        });
    });
}

fn offer_name(offer: &Offer) -> &'static str {
    match offer {
        Offer::Open(_) => "Open",
        Offer::CopyPath(_) => "Copy path",
        Offer::Attach(_) => "Attach again",
        Offer::Record => "Record…",
        Offer::Import(_) => "Read it otherwise…",
        Offer::Tour => "Tour and examples",
        Offer::Moment(_) => "Show the moment",
        Offer::Standards => "Standards",
    }
}

/// Draws the whole list, newest first.
pub(super) fn list_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    if scene.notices.all().is_empty() {
        ui.weak("Nothing was notified so far.");
        return;
    }
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            for notice in scene.notices.all().iter().rev() {
                notice_ui(ui, notice, Place::List, wishes);
                ui.separator();
            }
        });
}
