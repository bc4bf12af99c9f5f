//! Files dragged over the window: says what will happen, and takes them.

use eframe::egui::{self, Align2, Context, FontId, Id, LayerId, Order};

use super::{Scene, Wish};
use crate::act::is_plan;
use crate::layout::{self, Screen};
use crate::theme;

/// Files taken at once.
const FILES_MAX: usize = 20;

/// Whether a dropped file is compared with the recording that is shown: while the
/// comparison is.
fn compares(scene: &Scene<'_>) -> bool {
    let shown = layout::is_shown(&scene.history.now().layout, Screen::Compare);
    shown && scene.session.stored().is_some()
}

/// Draws the overlay while files hover, and takes what is dropped.
pub(super) fn ui(ctx: &Context, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let (hovered, dropped) = ctx.input(|input| {
        let dropped = input.raw.dropped_files.iter();
        let paths = dropped
            .map(|file| file.path().to_path_buf())
            .take(FILES_MAX);
        (input.raw.hovered_files.len(), paths.collect::<Vec<_>>())
    });
    if hovered > 0 {
        overlay(ctx, hovered, compares(scene));
    }
    if !dropped.is_empty() {
        let plan = matches!(dropped.as_slice(), [one] if is_plan(one));
        wishes.push(match compares(scene) && !plan {
            true => Wish::CompareWith(dropped),
            false => Wish::Dropped(dropped),
        });
    }
}

fn overlay(ctx: &Context, count: usize, compares: bool) {
    let rect = ctx.content_rect();
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop files")));
    let style = ctx.global_style();
    let theme = theme::of(&style.visuals);
    painter.rect_filled(rect, 0.0, theme.ground.gamma_multiply(0.85));
    let text = match count {
        _ if compares => "Drop to compare this recording with it; on any other screen it is opened",
        1 => {
            "Drop to open it: a session is shown, a plan is edited, a file of another tool is imported in memory"
        }
        _ => "Drop to put them on one time axis: how is asked next",
    };
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(20.0),
        theme.text,
    );
    let stroke = egui::Stroke::new(3.0, theme.selection_edge);
    painter.rect_stroke(rect.shrink(8.0), 8.0, stroke, egui::StrokeKind::Inside);
}
