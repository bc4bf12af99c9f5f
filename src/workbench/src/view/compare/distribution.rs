//! How the values of both windows are spread: histograms and cumulated shares.

use analysis::distribution::{Histogram, quantile, share_up_to};
use eframe::egui::epaint::Stroke;
use eframe::egui::{Rect, RichText, Sense, Shape, Ui, pos2};
use model::unit::Unit;

use super::detail;

use crate::contrast::answer::Row;
use crate::contrast::closeup::CloseUp;
use crate::plot::panel::Fit;
use crate::theme::{self, Theme};
use crate::view::plane::{self, Plane};

/// How much of a bar's color its inside has.
const INSIDE: f32 = 0.3;

/// Number of samples and median of both windows.
pub(super) fn legend_ui(ui: &mut Ui, (row, closeup): (&Row, Option<&CloseUp>)) {
    let Some(closeup) = closeup else { return };
    let theme = theme::of(ui.visuals());
    let unit = &row.series.unit;
    for ((name, sorted), color) in ["A", "B"]
        .iter()
        .zip(&closeup.sorted)
        .zip(detail::colors(theme))
    {
        let [low, median, high] = [0.05, 0.5, 0.95].map(|it| unit.text(quantile(sorted, it)));
        let text = match sorted.len() {
            0 => format!("{name}: no sample"),
            n => format!("{name}: n = {n}, median {median}"),
        };
        ui.label(RichText::new(text).color(color))
            .on_hover_text(format!("5 to 95 % of the samples: {low} to {high}"));
    }
}

/// Draws both, beside each other.
pub(super) fn ui(ui: &mut Ui, (row, closeup): (&Row, &CloseUp)) {
    let Some(histogram) = &closeup.histogram else {
        ui.weak("Neither window has a sample of this series.");
        return;
    };
    let unit = &row.series.unit;
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            histogram_ui(left, (histogram, unit), closeup);
            shares_ui(right, (histogram, unit), closeup);
        }
    });
}

/// Shares of samples per bin, so that windows of different lengths compare.
fn shares(histogram: &Histogram) -> [Vec<f64>; 2] {
    histogram.counts.each_ref().map(|counts| {
        let all: usize = counts.iter().sum();
        let share = |count: &usize| *count as f64 / all.max(1) as f64;
        counts.iter().map(share).collect()
    })
}

fn ends(histogram: &Histogram) -> [f64; 2] {
    let bins = histogram.counts[0].len() as f64;
    [histogram.from, histogram.from + histogram.width * bins]
}

fn histogram_ui(ui: &mut Ui, (histogram, unit): (&Histogram, &Unit), closeup: &CloseUp) {
    let theme = theme::of(ui.visuals());
    let spoken = "Histograms of A and of B over the same bins".to_owned();
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let shares = shares(histogram);
    let all = shares.iter().flatten().copied();
    let plane = Plane {
        rect,
        x: plane::lower(ends(histogram).into_iter(), (unit, Fit::Tight), rect),
        y: plane::upright(all, (&Unit::new("1"), Fit::FromZero), rect),
    };
    let titles = [
        plane::titled("value", &plane.x),
        plane::titled("samples per bin", &plane.y),
    ];
    plane.paint(ui.painter(), [&titles[0], &titles[1]], theme);
    for (shares, color) in shares.iter().zip(detail::colors(theme)) {
        let mut outline = Vec::new();
        for (bin, share) in shares.iter().enumerate() {
            let left = plane.x(histogram.from + histogram.width * bin as f64);
            let right = plane.x(histogram.from + histogram.width * (bin + 1) as f64);
            let top = plane.y(*share);
            let bar = Rect::from_min_max(pos2(left, top), pos2(right, plane.y(0.0)));
            let inside = color.gamma_multiply(INSIDE);
            ui.painter().rect_filled(bar, 0.0, inside);
            outline.extend([pos2(left, top), pos2(right, top)]);
        }
        ui.painter()
            .add(Shape::line(outline, Stroke::new(1.2, color)));
    }
    medians(ui, &plane, (closeup, theme));
    let Some(pointer) = response.hover_pos().filter(|it| rect.contains(*it)) else {
        return;
    };
    let bin = (plane.x_at(pointer.x) - histogram.from) / histogram.width;
    if bin < 0.0 || bin >= shares[0].len() as f64 {
        return;
    }
    let bin = bin as usize;
    response.on_hover_ui_at_pointer(|ui| {
        let from = histogram.from + histogram.width * bin as f64;
        let (lo, hi) = (unit.text(from), unit.text(from + histogram.width));
        ui.strong(format!("{lo} to {hi}"));
        for (side, name) in ["A", "B"].iter().enumerate() {
            let (count, share) = (histogram.counts[side][bin], shares[side][bin]);
            ui.label(format!("{name}: {count} samples, {:.1} %", share * 100.0));
        }
    });
}

/// Upright dashed lines where the medians are.
fn medians(ui: &Ui, plane: &Plane, (closeup, theme): (&CloseUp, &Theme)) {
    for (sorted, color) in closeup.sorted.iter().zip(detail::colors(theme)) {
        let median = quantile(sorted, 0.5);
        if !median.is_finite() {
            continue;
        }
        let x = plane.x(median);
        let ends = [pos2(x, plane.rect.top()), pos2(x, plane.rect.bottom())];
        let dashes = Shape::dashed_line(&ends, Stroke::new(1.5, color), 5.0, 3.0);
        ui.painter().extend(dashes);
    }
}

fn shares_ui(ui: &mut Ui, (histogram, unit): (&Histogram, &Unit), closeup: &CloseUp) {
    let theme = theme::of(ui.visuals());
    let spoken = "Share of the samples of A and of B up to each value".to_owned();
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let plane = Plane {
        rect,
        x: plane::lower(ends(histogram).into_iter(), (unit, Fit::Tight), rect),
        y: plane::upright(
            [0.0, 1.0].into_iter(),
            (&Unit::new("1"), Fit::FromZero),
            rect,
        ),
    };
    let titles = [
        plane::titled("value", &plane.x),
        plane::titled("samples up to it", &plane.y),
    ];
    plane.paint(ui.painter(), [&titles[0], &titles[1]], theme);
    for (sorted, color) in closeup.sorted.iter().zip(detail::colors(theme)) {
        if sorted.is_empty() {
            continue;
        }
        let line = steps(sorted, &plane);
        ui.painter().add(Shape::line(line, Stroke::new(1.4, color)));
    }
    medians(ui, &plane, (closeup, theme));
    let Some(pointer) = response.hover_pos().filter(|it| rect.contains(*it)) else {
        return;
    };
    let value = plane.x_at(pointer.x);
    let stroke = Stroke::new(1.0, theme.cursor);
    ui.painter().vline(pointer.x, rect.y_range(), stroke);
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("up to {}", unit.text(value)));
        for (name, sorted) in ["A", "B"].iter().zip(&closeup.sorted) {
            let share = share_up_to(sorted, value) * 100.0;
            ui.label(match share.is_nan() {
                true => format!("{name}: no sample"),
                false => format!("{name}: {share:.1} % of the samples"),
            });
        }
    });
}

/// The cumulated share as a line with one step per pixel at most.
fn steps(sorted: &[f64], plane: &Plane) -> Vec<eframe::egui::Pos2> {
    let wide = plane.rect.width().max(1.0) as usize;
    let mut line = Vec::with_capacity(wide * 2);
    let mut last = f64::NAN;
    for pixel in 0..=wide {
        let x = plane.rect.left() + pixel as f32;
        let share = share_up_to(sorted, plane.x_at(x));
        if share != last && !last.is_nan() {
            line.push(pos2(x, plane.y(last)));
        }
        if share != last || pixel == wide {
            line.push(pos2(x, plane.y(share)));
        }
        last = share;
    }
    line
}
