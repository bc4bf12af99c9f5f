//! How response times within the window are spread: a histogram, and the share of the
//! requests up to each time. Times run by ratio, so that the slow tail is seen.

use eframe::egui::epaint::Stroke;
use eframe::egui::{Align2, FontId, Rect, Sense, Shape, Ui, pos2, vec2};
use model::histogram::{Cell, Histogram};
use model::time::duration_text;
use model::unit::Unit;

use crate::theme;
use crate::view::plane::{self, Plane};

/// Percentiles that are marked.
const MARKED: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// A percentile needs so many requests above it to be told.
const ABOVE_LEAST: f64 = 10.0;

/// Draws both, beside each other.
pub(super) fn ui(ui: &mut Ui, spread: &Histogram) {
    if spread.count == 0 {
        super::super::empty::text(ui, "No request ended within the window.");
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("{} requests", spread.count));
        ui.weak(format!("mean {}", duration_text(spread.mean())));
        for (name, q) in MARKED {
            let above = (1.0 - q) * spread.count as f64;
            match spread.quantile(q) {
                Some(found) if above >= ABOVE_LEAST || q <= 0.5 => {
                    let between = (duration_text(found.low), duration_text(found.high));
                    ui.label(format!("{name} {}", duration_text(found.value)))
                        .on_hover_text(format!("Its bucket: {} to {}", between.0, between.1));
                }
                _ => {
                    ui.weak(format!("{name} –"))
                        .on_hover_text("Fewer than ten requests were slower: not enough to tell");
                }
            }
        }
        if spread.max.is_finite() {
            ui.weak(format!("slowest {}", duration_text(spread.max)));
        }
    });
    let mut cells: Vec<Cell> = Vec::new();
    spread.each(|cell| {
        if cell.count > 0 && cell.high > 0.0 && cell.high.is_finite() {
            cells.push(Cell {
                low: cell.low.max(cell.high / 4.0),
                ..cell
            });
        }
    });
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            bars_ui(left, &cells);
            shares_ui(right, (spread, &cells));
        }
    });
}

fn ends(cells: &[Cell], most: f64) -> Vec<[f64; 2]> {
    let low = cells.first().map_or(1e-3, |it| it.low);
    let high = cells.last().map_or(1.0, |it| it.high);
    vec![[low, 0.0], [high, most]]
}

/// A plane whose lower axis runs by ratio.
fn plane(cells: &[Cell], (most, unit): (f64, &Unit), rect: Rect) -> Plane {
    let seconds = Unit::new("s");
    let [x, _] = plane::by_ratio(&ends(cells, most), [&seconds, unit], rect);
    Plane {
        rect,
        x,
        y: plane::upright(
            [0.0, most].into_iter(),
            (unit, crate::plot::panel::Fit::FromZero),
            rect,
        ),
    }
}

fn bars_ui(ui: &mut Ui, cells: &[Cell]) {
    let theme = theme::of(ui.visuals());
    let spoken = "Histogram of response times".to_owned();
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let most = cells.iter().map(|it| it.count).max().unwrap_or(1) as f64;
    let plane = plane(cells, (most, &Unit::new("{request}")), rect);
    plane.paint(
        ui.painter(),
        ["response time", "requests per bucket"],
        theme,
    );
    let color = theme.series_color(0);
    for cell in cells {
        let (left, right) = (plane.x(cell.low), plane.x(cell.high));
        let top = plane.y(cell.count as f64);
        let bar = Rect::from_min_max(pos2(left, top), pos2(right - 0.5, plane.y(0.0)));
        ui.painter()
            .rect_filled(bar, 0.0, color.gamma_multiply(0.75));
    }
    let Some(pointer) = response.hover_pos().filter(|it| rect.contains(*it)) else {
        return;
    };
    let value = plane.x_at(pointer.x);
    if let Some(cell) = cells.iter().find(|it| it.low < value && value <= it.high) {
        response.on_hover_ui_at_pointer(|ui| {
            let between = (duration_text(cell.low), duration_text(cell.high));
            ui.strong(format!("{} to {}", between.0, between.1));
            ui.label(format!("{} requests", cell.count));
        });
    }
}

fn shares_ui(ui: &mut Ui, (spread, cells): (&Histogram, &[Cell])) {
    let theme = theme::of(ui.visuals());
    let spoken = "Share of the requests up to each response time".to_owned();
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let plane = plane(cells, (1.0, &Unit::new("1")), rect);
    let above = plane::titled("requests up to it", &plane.y);
    plane.paint(ui.painter(), ["response time", &above], theme);
    let total = spread.count as f64;
    let wide = rect.width().max(1.0) as usize;
    let line = (0..=wide).map(|pixel| {
        let x = rect.left() + pixel as f32;
        pos2(x, plane.y(spread.at_most(plane.x_at(x)) / total))
    });
    let stroke = Stroke::new(1.6, theme.series_color(0));
    ui.painter().add(Shape::line(line.collect(), stroke));
    for (name, q) in MARKED {
        let Some(found) = spread.quantile(q).filter(|it| it.value > 0.0) else {
            continue;
        };
        let at = pos2(plane.x(found.value), plane.y(q));
        ui.painter().circle_filled(at, 2.5, theme.measure);
        let font = FontId::proportional(10.5);
        let place = at - vec2(5.0, 1.0);
        ui.painter()
            .text(place, Align2::RIGHT_BOTTOM, name, font, theme.text_weak);
    }
    let Some(pointer) = response.hover_pos().filter(|it| rect.contains(*it)) else {
        return;
    };
    let value = plane.x_at(pointer.x);
    ui.painter()
        .vline(pointer.x, rect.y_range(), Stroke::new(1.0, theme.cursor));
    response.on_hover_ui_at_pointer(|ui| {
        let share = spread.at_most(value) / total * 100.0;
        ui.strong(format!("up to {}", duration_text(value)));
        ui.label(format!("{share:.2} % of the requests"));
    });
}
