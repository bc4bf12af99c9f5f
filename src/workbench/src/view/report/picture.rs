//! Charts and curves of a document, drawn small: what the finished report shows as SVG.

use eframe::egui::{
    Align2, Pos2, Rect, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, accesskit, pos2, vec2,
};
use model::time::Zone;
use model::unit::Unit;
use report::chart::{Chart, LinePoint, Style};
use report::curve::Curve;

use crate::theme;

/// Height of the plot itself.
const HEIGHT: f32 = 110.0;

/// Room for the labels at the left and below.
const LEFT: f32 = 56.0;
const FOOT: f32 = 16.0;

/// Where a picture is drawn, and what its edges stand for.
struct Frame {
    plot: Rect,
    low: f64,
    high: f64,
}

impl Frame {
    fn y(&self, value: f64) -> f32 {
        let share = (value - self.low) / (self.high - self.low);
        self.plot.bottom() - self.plot.height() * share.clamp(0.0, 1.0) as f32
    }
}

/// Draws a chart.
pub(super) fn chart_ui(ui: &mut Ui, chart: &Chart) {
    ui.label(&chart.title);
    let names: Vec<&str> = chart.lines.iter().map(|it| it.label.as_str()).collect();
    let values = || {
        let lines = chart.lines.iter().flat_map(|it| &it.points);
        lines.chain(&chart.band)
    };
    let mut high = values().map(|it| it.max).fold(f64::MIN, f64::max);
    let low = values().map(|it| it.min).fold(0.0, f64::min);
    if chart.style == Style::Stacked {
        let rows = chart.lines.first().map_or(0, |it| it.points.len());
        for row in 0..rows {
            let sum = chart.lines.iter().filter_map(|it| it.points.get(row));
            high = high.max(sum.map(|it| it.max).filter(|it| it.is_finite()).sum());
        }
    }
    let frame = frame_ui(ui, (&chart.title, &chart.unit), (low, high));
    let window = chart.window;
    let length = window.seconds().max(1e-9);
    let x = |point: &LinePoint| {
        frame.plot.left() + frame.plot.width() * (point.offset_s / length).clamp(0.0, 1.0) as f32
    };
    let theme = theme::of(ui.visuals());
    let mut floor: Vec<f64> = Vec::new();
    for (place, line) in chart.lines.iter().enumerate() {
        let stroke = Stroke::new(1.2, theme.series_color(place));
        let mut run: Vec<Pos2> = Vec::new();
        for (row, point) in line.points.iter().enumerate() {
            let below = match chart.style {
                Style::Stacked => floor.get(row).copied().unwrap_or(0.0),
                Style::Lines => 0.0,
            };
            if !point.joined && !run.is_empty() {
                ui.painter()
                    .add(Shape::line(std::mem::take(&mut run), stroke));
            }
            if !point.max.is_finite() {
                continue;
            }
            run.push(pos2(x(point), frame.y(below + point.min)));
            if point.max > point.min {
                run.push(pos2(x(point), frame.y(below + point.max)));
            }
        }
        ui.painter().add(Shape::line(run, stroke));
        if chart.style == Style::Stacked {
            let sums = line.points.iter().enumerate().map(|(row, point)| {
                let value = if point.max.is_finite() {
                    point.max
                } else {
                    0.0
                };
                floor.get(row).copied().unwrap_or(0.0) + value
            });
            floor = sums.collect();
        }
    }
    for edge in [|it: &LinePoint| it.min, |it: &LinePoint| it.max] {
        let points = chart.band.iter().map(|it| pos2(x(it), frame.y(edge(it))));
        let color = theme.series_color(chart.lines.len().saturating_sub(1));
        let stroke = Stroke::new(0.8, color.gamma_multiply(0.6));
        ui.painter().add(Shape::line(points.collect(), stroke));
    }
    times_ui(ui, &frame, (window.from, window.to));
    let legend = names.join(" · ");
    ui.weak(format!("Figure {}: {legend}", chart.number));
}

/// Draws a curve over the load.
pub(super) fn curve_ui(ui: &mut Ui, curve: &Curve) {
    ui.label(&curve.title);
    let high = curve
        .points
        .iter()
        .map(|it| it[3])
        .filter(|it| it.is_finite());
    let frame = frame_ui(
        ui,
        (&curve.title, &curve.unit),
        (0.0, high.fold(0.0, f64::max)),
    );
    let most = curve
        .points
        .iter()
        .map(|it| it[0])
        .fold(f64::MIN_POSITIVE, f64::max);
    let x = |load: f64| frame.plot.left() + frame.plot.width() * (load / most) as f32;
    let color = theme::of(ui.visuals()).series_color(0);
    for (edge, width) in [(1, 0.6), (2, 1.6), (3, 0.6)] {
        let points = curve.points.iter().filter(|it| it[edge].is_finite());
        let points = points.map(|it| pos2(x(it[0]), frame.y(it[edge])));
        let stroke = Stroke::new(width, color);
        ui.painter().add(Shape::line(points.collect(), stroke));
    }
    ui.weak(format!("Figure {}", curve.number));
}

/// Room for a picture with its values at the left.
fn frame_ui(ui: &mut Ui, (name, unit): (&str, &Unit), (low, high): (f64, f64)) -> Frame {
    let size = vec2(ui.available_width().max(120.0), HEIGHT + FOOT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Image, true, name));
    let plot = Rect::from_min_max(
        pos2(rect.left() + LEFT, rect.top() + 4.0),
        pos2(rect.right() - 6.0, rect.top() + HEIGHT),
    );
    let high = if high > low { high } else { low + 1.0 };
    let theme = theme::of(ui.visuals());
    let font = TextStyle::Small.resolve(ui.style());
    for (value, at) in [(high, plot.top()), (low, plot.bottom())] {
        ui.painter()
            .hline(plot.x_range(), at, Stroke::new(0.6, theme.grid));
        ui.painter().text(
            pos2(plot.left() - 4.0, at),
            Align2::RIGHT_CENTER,
            unit.text(value),
            font.clone(),
            theme.text_weak,
        );
    }
    Frame { plot, low, high }
}

fn times_ui(ui: &Ui, frame: &Frame, (from, to): (model::time::Moment, model::time::Moment)) {
    let theme = theme::of(ui.visuals());
    let font = TextStyle::Small.resolve(ui.style());
    let ends = [
        (from, frame.plot.left(), Align2::LEFT_TOP),
        (to, frame.plot.right(), Align2::RIGHT_TOP),
    ];
    for (moment, x, align) in ends {
        ui.painter().text(
            pos2(x, frame.plot.bottom() + 2.0),
            align,
            moment.strftime("%H:%M:%S", Zone::Utc),
            font.clone(),
            theme.text_weak,
        );
    }
}
