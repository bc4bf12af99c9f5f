//! A plot with axes of its own: of a time that is not the shared one, or of lags.
//!
//! Start at [`axes`]; it gives the canvas to draw on.

use analysis::envelope::envelope;
use analysis::track::Track;
use eframe::egui::epaint::Stroke;
use eframe::egui::{Align2, Color32, FontId, Rect, Shape, Ui, pos2, vec2};
use model::pyramid::Extent;
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;

use super::canvas::{Canvas, Scale};
use super::curve::{self, Marks, Pen, Weight};
use super::time_axis::{self, Clock};
use super::value_axis::{Fit, ValueAxis, Wanted};
use crate::theme::{Look, Theme};

/// Room for the labels of values at the left.
const LEFT: f32 = 58.0;

/// Room for the labels below, and for the unit above.
const BELOW: f32 = 16.0;
const ABOVE: f32 = 15.0;

/// Points between two labels of lags.
const LAG_POINTS: f32 = 64.0;

/// What the horizontal axis shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Below<'a> {
    /// A stretch of time.
    Time(&'a Clock, Span),
    /// Lags from the first to the second, in nanoseconds.
    Lags(Span),
}

/// What the axes are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axes<'a> {
    pub(crate) rect: Rect,
    pub(crate) extent: Extent,
    pub(crate) unit: &'a Unit,
    pub(crate) fit: Fit,
    pub(crate) below: Below<'a>,
}

/// Draws ground, grid and labels; gives the canvas inside them.
pub(crate) fn axes(ui: &Ui, axes: &Axes<'_>, theme: &Theme) -> Canvas {
    let rect = axes.rect;
    let inner = Rect::from_min_max(
        rect.min + vec2(LEFT.min(rect.width() * 0.3), ABOVE),
        rect.max - vec2(4.0, BELOW),
    );
    let values = ValueAxis::new(&Wanted {
        extent: axes.extent,
        positive: None,
        unit: axes.unit,
        scale: Scale::Linear,
        fit: axes.fit,
        height: inner.height(),
    });
    let view = match axes.below {
        Below::Time(_, view) | Below::Lags(view) => view,
    };
    let canvas = Canvas {
        rect: inner,
        view,
        low: values.low,
        high: values.high,
        scale: Scale::Linear,
        pixel: 1.0 / ui.ctx().pixels_per_point(),
    };
    let painter = ui.painter();
    painter.rect_filled(inner, 1.0, theme.ground);
    let font = FontId::proportional(11.0);
    let text = |at, align, text: String| {
        painter.text(at, align, text, font.clone(), theme.text_weak);
    };
    let grid = Stroke::new(1.0, theme.grid);
    for mark in values.marks() {
        let y = canvas.y(mark.value);
        painter.hline(inner.x_range(), y, grid);
        let at = pos2(inner.left() - 4.0, y);
        text(at, Align2::RIGHT_CENTER, values.label(mark.value));
    }
    let above = pos2(inner.left() - 4.0, rect.top() + ABOVE / 2.0);
    text(above, Align2::RIGHT_CENTER, values.suffix().to_owned());
    for (at, label) in ticks(axes.below, inner.width()) {
        let x = canvas.x(at);
        painter.vline(x, inner.y_range(), grid);
        let place = pos2(x, inner.bottom() + BELOW / 2.0);
        text(place, Align2::CENTER_CENTER, label);
    }
    let caption = match axes.below {
        Below::Time(clock, view) => clock.caption(view),
        Below::Lags(_) => "lag in seconds".to_owned(),
    };
    let corner = pos2(inner.right(), rect.top() + ABOVE / 2.0);
    text(corner, Align2::RIGHT_CENTER, caption);
    canvas
}

fn ticks(below: Below<'_>, width: f32) -> Vec<(Moment, String)> {
    match below {
        Below::Time(clock, view) => {
            let (ticks, _) = time_axis::ticks(clock, view, width);
            ticks.into_iter().map(|it| (it.at, it.label)).collect()
        }
        Below::Lags(view) => {
            let second = SECOND_NS as f64;
            let extent = [view.from.0 as f64 / second, view.to.0 as f64 / second];
            let seconds = ValueAxis::new(&Wanted {
                extent: extent.into_iter().collect(),
                positive: None,
                // Plain numbers: the caption says that they are seconds.
                unit: &Unit::new(""),
                scale: Scale::Linear,
                fit: Fit::Tight,
                height: width * 34.0 / LAG_POINTS,
            });
            let inside = extent[0]..=extent[1];
            let marks = seconds.marks().into_iter();
            marks
                .filter(|it| inside.contains(&it.value))
                .map(|it| (Moment((it.value * second) as i64), seconds.label(it.value)))
                .collect()
        }
    }
}

/// A band between two paths, as one shape; gaps leave it open.
pub(crate) fn band(
    canvas: &Canvas,
    (at, lo, hi): (&dyn Fn(usize) -> Moment, &[f64], &[f64]),
    color: Color32,
) -> Shape {
    let mut mesh = eframe::egui::epaint::Mesh::default();
    let mut before: Option<[eframe::egui::Pos2; 2]> = None;
    for row in rows(canvas, lo.len().min(hi.len())) {
        if !(lo[row].is_finite() && hi[row].is_finite()) {
            before = None;
            continue;
        }
        let here = [canvas.at(at(row), hi[row]), canvas.at(at(row), lo[row])];
        if let Some(before) = before {
            let first = mesh.vertices.len() as u32;
            for corner in before.into_iter().chain(here) {
                let held = pos2(
                    corner.x.clamp(canvas.rect.left(), canvas.rect.right()),
                    corner.y.clamp(canvas.rect.top(), canvas.rect.bottom()),
                );
                mesh.colored_vertex(held, color);
            }
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
        before = Some(here);
    }
    Shape::mesh(mesh)
}

/// A path through values, one for each moment; gaps interrupt it.
pub(crate) fn path(
    canvas: &Canvas,
    (at, values): (&dyn Fn(usize) -> Moment, &[f64]),
    (stroke, dash): (Stroke, Option<(f32, f32)>),
) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut run = Vec::new();
    let mut end = |run: &mut Vec<eframe::egui::Pos2>| {
        if run.len() > 1 {
            match dash {
                None => shapes.push(Shape::line(std::mem::take(run), stroke)),
                Some((long, gap)) => shapes.extend(Shape::dashed_line(run, stroke, long, gap)),
            }
        }
        run.clear();
    };
    for row in rows(canvas, values.len()) {
        let place = canvas.at(at(row), values[row]);
        match values[row].is_finite() && canvas.rect.x_range().expand(1.0).contains(place.x) {
            true => run.push(place),
            false => end(&mut run),
        }
    }
    end(&mut run);
    shapes
}

/// Rows that are drawn: no more than there are pixels, the last one always.
fn rows(canvas: &Canvas, count: usize) -> impl Iterator<Item = usize> {
    let most = (canvas.rect.width() / canvas.pixel).max(1.0) as usize * 2;
    let stride = count.div_ceil(most).max(1);
    let last = count.checked_sub(1).filter(|it| it % stride != 0);
    (0..count).step_by(stride).chain(last)
}

/// The curve of a track over the canvas; costs its pixels.
pub(crate) fn curve(track: &Track, canvas: &Canvas, color: Color32, shapes: &mut Vec<Shape>) {
    let columns = (canvas.rect.width() / canvas.pixel).round().max(1.0) as usize;
    let drawn = envelope(track, canvas.view, columns);
    let pen = Pen {
        color,
        look: Look::default(),
        weight: Weight::Normal,
        marks: Marks::Off,
    };
    curve::draw(&drawn, canvas, &pen, shapes);
}
