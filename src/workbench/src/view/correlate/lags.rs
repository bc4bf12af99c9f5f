//! The correlation of a pair at every lag, with the bound that chance seldom passes.

use analysis::correlate::{LagPoint, Pair};
use eframe::egui::epaint::Stroke;
use eframe::egui::{Label, Rect, RichText, Sense, Shape, Ui, WidgetInfo, accesskit, pos2};
use model::pyramid::Extent;
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;

use super::rows;
use crate::inquiry::together::Found;
use crate::plot::canvas::Canvas;
use crate::plot::chart::{self, Axes, Below};
use crate::plot::panel::Fit;
use crate::theme::{self, Theme};

/// What is drawn.
pub(super) struct Shown<'a> {
    pub(super) pair: &'a Pair,
    pub(super) points: Option<&'a [LagPoint]>,
    pub(super) found: &'a Found,
}

/// Draws the plot with what it says.
pub(super) fn ui(ui: &mut Ui, shown: &Shown<'_>) {
    let theme = theme::of(ui.visuals());
    let pair = shown.pair;
    ui.add(Label::new(RichText::new(&pair.series).strong()).truncate());
    ui.label(rows::sentence(pair));
    let points = match shown.points {
        None => {
            ui.weak("Correlating at every lag…");
            return;
        }
        Some([]) => {
            ui.weak("One of both is constant here, or they have too few rows in common.");
            return;
        }
        Some(points) => points,
    };
    legend_ui(ui, theme);
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    response.widget_info(|| {
        let spoken = format!(
            "Correlation against lag: {:+.2} at {:+.1} s",
            pair.r, pair.lag_seconds
        );
        WidgetInfo::labeled(accesskit::Role::Figure, true, spoken)
    });
    let step = shown.found.step_seconds();
    let at = |lag_rows: i64| moment(lag_rows as f64 * step);
    let ends = [points.first(), points.last()].map(|it| it.map_or(0, |it| it.lag_rows));
    let axes = Axes {
        rect,
        extent: extent(points),
        unit: &Unit::new(""),
        fit: Fit::Tight,
        below: Below::Lags(Span::between(at(ends[0]), at(ends[1] + 1))),
    };
    let canvas = chart::axes(ui, &axes, theme);
    let painter = ui.painter_at(canvas.rect);
    painter.extend(shapes((points, pair), &canvas, (&at, theme)));
    let place = response.hover_pos().filter(|at| canvas.rect.contains(*at));
    if let Some(place) = place {
        let seconds = canvas.moment(place.x).0 as f64 / SECOND_NS as f64;
        let row = (seconds / step).round() as i64;
        if let Some(point) = points.iter().find(|it| it.lag_rows == row) {
            response.on_hover_text_at_pointer(told(point, step));
        }
    }
}

/// A lag as a moment of the plot's axis.
fn moment(seconds: f64) -> Moment {
    Moment((seconds * SECOND_NS as f64) as i64)
}

fn told(point: &LagPoint, step: f64) -> String {
    let seconds = point.lag_rows as f64 * step;
    let beyond = match point.r.abs() > point.bound {
        true => "beyond",
        false => "within",
    };
    format!(
        "lag {seconds:+.1} s: correlation {:+.3}, {beyond} the bound of ±{:.3}",
        point.r, point.bound
    )
}

fn legend_ui(ui: &mut Ui, theme: &Theme) {
    ui.horizontal_wrapped(|ui| {
        for (sign, name, color) in [
            ("▍", "correlation", theme.series_color(0)),
            ("╌", "bound of chance", theme.text_weak),
            ("■", "lag and its interval", theme.series_color(1)),
        ] {
            ui.label(RichText::new(format!("{sign} {name}")).color(color).small());
        }
    });
    let ends = "← this series moves first · this series moves later →";
    ui.weak(RichText::new(ends).small());
}

fn extent(points: &[LagPoint]) -> Extent {
    let mut extent = Extent::EMPTY;
    for point in points {
        extent.add(point.r);
        extent.add(point.bound);
        extent.add(-point.bound);
    }
    extent
}

fn shapes(
    (points, pair): (&[LagPoint], &Pair),
    canvas: &Canvas,
    (at, theme): (&dyn Fn(i64) -> Moment, &Theme),
) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let inside = canvas.rect;
    let (lo, hi) = pair.lag_interval;
    let (from, to) = (canvas.x(moment(lo)), canvas.x(moment(hi)));
    let mark = theme.series_color(1);
    let band = Rect::from_x_y_ranges(from..=to.max(from + 2.0), inside.y_range());
    let fill = mark.gamma_multiply(0.25);
    shapes.push(Shape::rect_filled(band.intersect(inside), 0.0, fill));
    let zero = canvas.y(0.0);
    let line = |a, b, color| Shape::line_segment([a, b], Stroke::new(1.0, color));
    let ends = (pos2(inside.left(), zero), pos2(inside.right(), zero));
    shapes.push(line(ends.0, ends.1, theme.text_weak));
    let none = canvas.x(Moment(0));
    let ends = (pos2(none, inside.top()), pos2(none, inside.bottom()));
    shapes.push(line(ends.0, ends.1, theme.text_weak));
    let wide = (inside.width() / points.len().max(1) as f32 * 0.7).clamp(1.0, 8.0);
    for point in points.iter().filter(|it| it.r.is_finite()) {
        let x = canvas.x(at(point.lag_rows));
        let y = canvas.y(point.r);
        let bar = Rect::from_x_y_ranges(x - wide / 2.0..=x + wide / 2.0, y.min(zero)..=y.max(zero));
        let strong = point.r.abs() > point.bound;
        let color = theme.series_color(0);
        let color = if strong {
            color
        } else {
            color.gamma_multiply(0.55)
        };
        shapes.push(Shape::rect_filled(bar, 0.0, color));
    }
    for sign in [1.0, -1.0] {
        let bound: Vec<f64> = points.iter().map(|it| sign * it.bound).collect();
        let first = points.first().map_or(0, |it| it.lag_rows);
        let when = |row: usize| at(first + row as i64);
        let pen = (Stroke::new(1.2, theme.text_weak), Some((4.0, 3.0)));
        shapes.extend(chart::path(canvas, (&when, &bound), pen));
    }
    let x = canvas.x(moment(pair.lag_seconds));
    let stroke = Stroke::new(1.6, mark);
    let ends = [pos2(x, inside.top()), pos2(x, inside.bottom())];
    shapes.push(Shape::line_segment(ends, stroke));
    shapes
}
