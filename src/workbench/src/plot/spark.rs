//! A small plot without axes: the shape of one series, with a stretch marked.
//!
//! Start at [`shapes`].

use std::sync::Arc;

use analysis::envelope::{Envelope, Joint, envelope};
use analysis::track::Track;
use eframe::egui::epaint::{Mesh, Stroke};
use eframe::egui::{Color32, Rect, Shape, pos2};
use model::pyramid::Extent;
use model::time::Span;

use super::canvas::{Canvas, Scale};
use crate::theme::Theme;

/// Where and how a small plot is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Spark<'a> {
    /// Where on the screen.
    pub rect: Rect,
    /// The time that it shows.
    pub view: Span,
    /// The stretches that are marked.
    pub marked: &'a [Span],
    /// Color of the line.
    pub color: Color32,
}

/// Draws the shape of `track`; costs the columns of the rectangle.
pub fn shapes(track: Option<&Track>, spark: &Spark<'_>, theme: &Theme) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let flat = canvas(spark.rect, spark.view);
    for marked in spark.marked {
        let (from, to) = (flat.x(marked.from), flat.x(marked.to));
        let band = Rect::from_x_y_ranges(from..=to.max(from + 2.0), spark.rect.y_range());
        let band = band.intersect(spark.rect);
        if band.is_positive() {
            shapes.push(Shape::rect_filled(band, 0.0, theme.selection_fill));
        }
    }
    let Some(track) = track else { return shapes };
    let drawn = envelope(track, spark.view, spark.rect.width().max(1.0) as usize);
    let (low, high) = range(drawn.extent());
    if low.is_finite() && high.is_finite() {
        let canvas = Canvas { low, high, ..flat };
        line(&drawn, &canvas, spark.color, &mut shapes);
    }
    shapes
}

/// The time axis of such a plot.
pub(crate) fn canvas(rect: Rect, view: Span) -> Canvas {
    Canvas {
        rect,
        view,
        low: 0.0,
        high: 1.0,
        scale: Scale::Linear,
        pixel: 1.0,
    }
}

/// From zero where the values are not far from it, as the large plots do.
fn range(extent: Extent) -> (f64, f64) {
    let (low, high) = (extent.min, extent.max);
    let low = if low > 0.0 && low < high / 2.0 {
        0.0
    } else {
        low
    };
    match high > low {
        true => (low, high),
        false => (low - 0.5, high + 0.5),
    }
}

fn line(drawn: &Envelope, canvas: &Canvas, color: Color32, shapes: &mut Vec<Shape>) {
    match drawn {
        Envelope::Columns { grid, columns } => {
            let mut mesh = Mesh::default();
            let wide = (grid.width_ns as f64 * canvas.points_per_ns()) as f32;
            for (number, column) in columns.iter().enumerate().filter(|(_, it)| it.count > 0) {
                let left = canvas.x(model::time::Moment(grid.start(number)));
                let (top, bottom) = (canvas.y(column.max), canvas.y(column.min));
                let bar = Rect::from_min_max(
                    pos2(left, top),
                    pos2(left + wide.max(1.0), bottom.max(top + 1.0)),
                );
                mesh.add_colored_rect(bar.intersect(canvas.rect), color);
            }
            shapes.push(Shape::Mesh(Arc::new(mesh)));
        }
        Envelope::Points(points) => {
            let stroke = Stroke::new(1.0, color);
            for pair in points.windows(2).filter(|it| it[1].joint == Joint::Joined) {
                let ends = [
                    canvas.at(pair[0].at, pair[0].value),
                    canvas.at(pair[1].at, pair[1].value),
                ];
                if ends[0].x <= canvas.rect.right() && ends[1].x >= canvas.rect.left() {
                    shapes.push(Shape::line_segment(ends, stroke));
                }
            }
        }
    }
}
