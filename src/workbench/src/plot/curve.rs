//! Draws an envelope: one mesh of upright bars, or the samples themselves.
//!
//! Every pixel column is a bar from its smallest to its largest value, joined to
//! its neighbor so that the line never breaks where the data does not. Bars are
//! at least a stroke high. Flat stretches may be dashed; a tall bar is always
//! drawn in full, so that a dash never hides a spike.

use std::sync::Arc;

use analysis::envelope::{Column, Envelope, Grid, Joint, Point};
use eframe::egui::epaint::{Mesh, PathShape, Stroke};
use eframe::egui::{Color32, Pos2, Rect, Shape, pos2, vec2};
use model::time::Moment;

use super::canvas::Canvas;
use crate::theme::{Dash, Look, Marker};

/// Thickness of a line in points; at least so many physical pixels.
const STROKE: f32 = 1.2;

/// Thickness of a line that is pointed at in the legend.
const STROKE_STRONG: f32 = 2.4;

/// Bars up to this height get soft edges and may be dashed.
const FLAT: f32 = 4.0;

/// Distance of the markers on a line, in points.
const MARKER_EVERY: f32 = 96.0;

/// Samples at least this far apart each get their marker.
const MARKER_EACH: f32 = 9.0;

/// Half the size of a marker.
const MARKER_HALF: f32 = 3.2;

/// How one series is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pen {
    pub(crate) color: Color32,
    pub(crate) look: Look,
    pub(crate) weight: Weight,
    /// Whether the series needs a sign besides its color.
    pub(crate) marks: Marks,
}

/// How strongly a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Normal,
    Strong,
}

/// Where markers are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// Nowhere along the line: there is only one.
    Off,
    /// At regular distances.
    Along,
}

/// One bar, in points.
#[derive(Clone, Copy, Debug)]
struct Bar {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    column: i64,
}

/// Adds the shapes of one series.
pub(crate) fn draw(envelope: &Envelope, canvas: &Canvas, pen: &Pen, shapes: &mut Vec<Shape>) {
    match envelope {
        Envelope::Columns { grid, columns } => {
            let mesh = columns_mesh(grid, columns, canvas, pen);
            if !mesh.is_empty() {
                shapes.push(Shape::Mesh(Arc::new(mesh)));
            }
        }
        Envelope::Points(points) => points_shapes(points, canvas, pen, shapes),
    }
}

impl Pen {
    fn thickness(&self, canvas: &Canvas) -> f32 {
        let points = match self.weight {
            Weight::Normal => STROKE,
            Weight::Strong => STROKE_STRONG,
        };
        points.max(STROKE * canvas.pixel)
    }

    /// Where along the line the markers of this series sit, so that those of
    /// overlapping series do not hide each other.
    fn marker_shift(&self) -> f32 {
        MARKER_EVERY * (self.look.color as f32 / 8.0)
    }
}

fn columns_mesh(grid: &Grid, columns: &[Column], canvas: &Canvas, pen: &Pen) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(columns.len() * 8);
    mesh.reserve_triangles(columns.len() * 6);
    let thickness = pen.thickness(canvas);
    let dash = DashColumns::new(grid, canvas, pen.look.dash);
    let width = (grid.width_ns as f64 * canvas.points_per_ns()) as f32;
    let first = grid.from.div_euclid(grid.width_ns);
    let marker_every = (MARKER_EVERY / width.max(1e-3)).max(1.0) as i64;
    let marker_shift = (pen.marker_shift() / width.max(1e-3)) as i64;
    let mut pending: Option<Bar> = None;
    for (i, column) in columns.iter().enumerate() {
        if column.count == 0 {
            continue;
        }
        let left = canvas.x(Moment(grid.start(i)));
        let mut bar = Bar {
            left,
            right: left + width,
            top: canvas.y(column.max),
            bottom: canvas.y(column.min),
            column: first + i as i64,
        };
        if let Some(mut before) = pending.take() {
            if column.joint == Joint::Joined {
                for between in join(&mut before, &mut bar) {
                    add_bar(&mut mesh, &between, thickness, pen.color);
                }
            }
            add_bar(
                &mut mesh,
                &before,
                thickness,
                dash.color(&before, pen.color),
            );
        }
        let marked = (bar.column - marker_shift).rem_euclid(marker_every) == 0;
        if marked && pen.marks == Marks::Along {
            let center = pos2(left + width / 2.0, (bar.top + bar.bottom) / 2.0);
            add_marker(&mut mesh, center, pen);
        }
        pending = Some(bar);
    }
    if let Some(last) = pending {
        add_bar(&mut mesh, &last, thickness, dash.color(&last, pen.color));
    }
    mesh
}

/// Lengthens two bars until they touch halfway.
///
/// Columns between them, in which no sample fell, get a bar each from where the
/// line enters to where it leaves them, so that steep lines do not break up.
fn join(a: &mut Bar, b: &mut Bar) -> Vec<Bar> {
    let (from, to) = if a.top > b.bottom {
        (a.top, b.bottom)
    } else if a.bottom < b.top {
        (a.bottom, b.top)
    } else {
        let shared = (a.top.max(b.top) + a.bottom.min(b.bottom)) / 2.0;
        (shared, shared)
    };
    let steps = (b.column - a.column).max(1) as f32;
    let at = |edge: f32| from + (to - from) * (edge + 0.5) / steps;
    let (first, last) = (at(0.0), at(steps - 1.0));
    (a.top, a.bottom) = (a.top.min(first), a.bottom.max(first));
    (b.top, b.bottom) = (b.top.min(last), b.bottom.max(last));
    let width = (b.left - a.left) / steps;
    let between = (1..b.column - a.column).map(|i| {
        let (enters, leaves) = (at(i as f32 - 1.0), at(i as f32));
        Bar {
            left: a.left + width * i as f32,
            right: a.left + width * (i as f32 + 1.0),
            top: enters.min(leaves),
            bottom: enters.max(leaves),
            column: a.column + i,
        }
    });
    between.collect()
}

fn add_bar(mesh: &mut Mesh, bar: &Bar, thickness: f32, color: Color32) {
    if color == Color32::TRANSPARENT {
        return;
    }
    let lacking = (thickness - (bar.bottom - bar.top)).max(0.0) / 2.0;
    let (top, bottom) = (bar.top - lacking, bar.bottom + lacking);
    if bottom - top > FLAT {
        let rect = Rect::from_min_max(pos2(bar.left, top), pos2(bar.right, bottom));
        mesh.add_colored_rect(rect, color);
        return;
    }
    // Soft edges above and below, half a point each way, where steps would show.
    let soft = 0.5_f32.min((bottom - top) / 2.0);
    let rows = [
        (top - soft, Color32::TRANSPARENT),
        (top + soft, color),
        (bottom - soft, color),
        (bottom + soft, Color32::TRANSPARENT),
    ];
    let start = mesh.vertices.len() as u32;
    for (y, color) in rows {
        mesh.colored_vertex(pos2(bar.left, y), color);
        mesh.colored_vertex(pos2(bar.right, y), color);
    }
    for row in [0, 2, 4] {
        let corner = start + row;
        mesh.add_triangle(corner, corner + 1, corner + 2);
        mesh.add_triangle(corner + 1, corner + 2, corner + 3);
    }
}

/// Adds a convex polygon.
fn add_polygon(mesh: &mut Mesh, corners: &[Pos2], color: Color32) {
    let start = mesh.vertices.len() as u32;
    for corner in corners {
        mesh.colored_vertex(*corner, color);
    }
    for i in 2..corners.len() as u32 {
        mesh.add_triangle(start, start + i - 1, start + i);
    }
}

/// Which columns of a dashed line are left out; counted on the fixed grid, so
/// that dashes move with the data.
struct DashColumns {
    period: i64,
    gaps: Vec<(i64, i64)>,
}

impl DashColumns {
    fn new(grid: &Grid, canvas: &Canvas, dash: Dash) -> Self {
        let width = grid.width_ns as f64 * canvas.points_per_ns();
        let columns = |points: f32| ((f64::from(points) / width.max(1e-3)).round() as i64).max(1);
        let (lengths, spaces) = pattern(dash);
        let (mut period, mut gaps) = (0, Vec::new());
        for (length, space) in lengths.iter().zip(spaces) {
            let from = period + columns(*length);
            period = from + columns(*space);
            gaps.push((from, period));
        }
        Self { period, gaps }
    }

    fn color(&self, bar: &Bar, color: Color32) -> Color32 {
        if self.period == 0 || bar.bottom - bar.top > FLAT {
            return color;
        }
        let place = bar.column.rem_euclid(self.period);
        let inside = |gap: &(i64, i64)| gap.0 <= place && place < gap.1;
        if self.gaps.iter().any(inside) {
            Color32::TRANSPARENT
        } else {
            color
        }
    }
}

/// Strokes and spaces in points; nothing for a solid line.
fn pattern(dash: Dash) -> (&'static [f32], &'static [f32]) {
    match dash {
        Dash::Solid => (&[], &[]),
        Dash::Dashed => (&[9.0], &[5.0]),
        Dash::Dotted => (&[2.5], &[3.5]),
        Dash::DashDot => (&[9.0, 2.5], &[4.0, 4.0]),
    }
}

fn points_shapes(points: &[Point], canvas: &Canvas, pen: &Pen, shapes: &mut Vec<Shape>) {
    let mut mesh = Mesh::default();
    let mut run: Vec<Pos2> = Vec::with_capacity(points.len());
    let spacing = spacing(points, canvas);
    let mut next_mark = canvas.rect.left() + pen.marker_shift();
    for (i, point) in points.iter().enumerate() {
        if point.joint == Joint::Apart {
            add_run(&mut run, canvas, pen, shapes);
        }
        let place = canvas.at(point.at, point.value);
        run.push(place);
        let alone = |i: usize| points.get(i).is_none_or(|next| next.joint == Joint::Apart);
        let due = pen.marks == Marks::Along && place.x >= next_mark;
        let single = point.joint == Joint::Apart && alone(i + 1);
        if spacing >= MARKER_EACH || single || due {
            add_marker(&mut mesh, place, pen);
            next_mark = place.x + MARKER_EVERY;
        }
    }
    add_run(&mut run, canvas, pen, shapes);
    if !mesh.is_empty() {
        shapes.push(Shape::Mesh(Arc::new(mesh)));
    }
}

/// Mean distance of neighbors on the screen, in points.
fn spacing(points: &[Point], canvas: &Canvas) -> f32 {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) if points.len() > 1 => {
            let length = last.at.0.saturating_sub(first.at.0) as f64;
            (length * canvas.points_per_ns() / (points.len() - 1) as f64) as f32
        }
        _ => f32::INFINITY,
    }
}

/// Draws one unbroken stretch, cut at the edges, and starts the next.
fn add_run(run: &mut Vec<Pos2>, canvas: &Canvas, pen: &Pen, shapes: &mut Vec<Shape>) {
    let mut path = std::mem::take(run);
    if path.len() < 2 {
        return;
    }
    let stroke = Stroke::new(pen.thickness(canvas), pen.color);
    let (lengths, spaces) = pattern(pen.look.dash);
    if lengths.is_empty() {
        shapes.push(Shape::Path(PathShape::line(path, stroke)));
        return;
    }
    // Dashes of a line that comes from far outside would be countless.
    cut(&mut path, canvas.rect.expand(16.0));
    let dashes = Shape::dashed_line_with_offset(&path, stroke, lengths, spaces, 0.0);
    shapes.extend(dashes);
}

/// Moves the first and the last point along their lines to the edges.
fn cut(path: &mut [Pos2], rect: Rect) {
    let on = |a: Pos2, b: Pos2, x: f32| {
        let share = f64::from(x - a.x) / f64::from(b.x - a.x);
        let y = f64::from(a.y) + share * f64::from(b.y - a.y);
        pos2(x, y as f32)
    };
    let last = path.len() - 1;
    if path[0].x < rect.left() && path[1].x > rect.left() {
        path[0] = on(path[0], path[1], rect.left());
    }
    if path[last].x > rect.right() && path[last - 1].x < rect.right() {
        path[last] = on(path[last - 1], path[last], rect.right());
    }
}

/// Adds the sign of a series; also used by the legend.
pub(crate) fn add_marker(mesh: &mut Mesh, center: Pos2, pen: &Pen) {
    let r = MARKER_HALF;
    let at = |x: f32, y: f32| center + vec2(x * r, y * r);
    let thin = 0.34;
    let mut add = |corners: &[(f32, f32)]| {
        let corners: Vec<Pos2> = corners.iter().map(|(x, y)| at(*x, *y)).collect();
        add_polygon(mesh, &corners, pen.color);
    };
    match pen.look.marker {
        Marker::Circle => add(&[
            (1.0, 0.0),
            (0.7, 0.7),
            (0.0, 1.0),
            (-0.7, 0.7),
            (-1.0, 0.0),
            (-0.7, -0.7),
            (0.0, -1.0),
            (0.7, -0.7),
        ]),
        Marker::Square => add(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Marker::Up => add(&[(0.0, -1.2), (1.1, 0.9), (-1.1, 0.9)]),
        Marker::Diamond => add(&[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)]),
        Marker::Down => add(&[(0.0, 1.2), (-1.1, -0.9), (1.1, -0.9)]),
        Marker::Plus => {
            add(&[(-1.3, -thin), (1.3, -thin), (1.3, thin), (-1.3, thin)]);
            add(&[(-thin, -1.3), (thin, -1.3), (thin, 1.3), (-thin, 1.3)]);
        }
        Marker::Cross => {
            add(&[(-1.0, -0.6), (-0.6, -1.0), (1.0, 0.6), (0.6, 1.0)]);
            add(&[(0.6, -1.0), (1.0, -0.6), (-0.6, 1.0), (-1.0, 0.6)]);
        }
        Marker::Bar => add(&[(-0.45, -1.4), (0.45, -1.4), (0.45, 1.4), (-0.45, 1.4)]),
    }
}

/// The line of a series as the legend shows it.
pub(crate) fn swatch(rect: Rect, pen: &Pen, shapes: &mut Vec<Shape>) {
    let stroke = Stroke::new(2.0, pen.color);
    let path = [rect.left_center(), rect.right_center()];
    let (lengths, spaces) = pattern(pen.look.dash);
    if lengths.is_empty() {
        shapes.push(Shape::line_segment(path, stroke));
    } else {
        shapes.extend(Shape::dashed_line_with_offset(
            &path, stroke, lengths, spaces, 0.0,
        ));
    }
    if pen.marks == Marks::Along {
        let mut mesh = Mesh::default();
        add_marker(&mut mesh, rect.center(), pen);
        shapes.push(Shape::Mesh(Arc::new(mesh)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(column: i64, top: f32, bottom: f32) -> Bar {
        Bar {
            left: column as f32,
            right: column as f32 + 1.0,
            top,
            bottom,
            column,
        }
    }

    /// Every bar touches the next, whichever way the line goes.
    #[test]
    fn joined_bars_leave_no_hole() {
        for (a, b) in [
            (bar(3, 10.0, 20.0), bar(4, 100.0, 101.0)),
            (bar(3, 100.0, 101.0), bar(4, 10.0, 20.0)),
            (bar(3, 10.0, 20.0), bar(7, 100.0, 101.0)),
            (bar(3, 100.0, 101.0), bar(9, 10.0, 20.0)),
            (bar(3, 10.0, 20.0), bar(6, 15.0, 30.0)),
        ] {
            let (mut first, mut last) = (a, b);
            let mut all = join(&mut first, &mut last);
            all.insert(0, first);
            all.push(last);
            assert_eq!(all.len() as i64, b.column - a.column + 1);
            for pair in all.windows(2) {
                assert!(pair[0].bottom >= pair[1].top - 1e-3, "{pair:?}");
                assert!(pair[1].bottom >= pair[0].top - 1e-3, "{pair:?}");
                assert!((pair[0].right - pair[1].left).abs() < 1e-3, "{pair:?}");
            }
            let highest = all.iter().fold(f32::MAX, |top, bar| top.min(bar.top));
            assert_eq!(highest, a.top.min(b.top), "no bar rises above the data");
        }
    }
}
