//! Response times over time as a heat map: a column an interval, brighter where more
//! requests took so long.

use eframe::egui::epaint::{Mesh, Vertex, WHITE_UV};
use eframe::egui::{
    Align2, Color32, FontId, Pos2, Rect, Sense, Shape, Ui, WidgetInfo, accesskit, pos2, vec2,
};
use model::histogram::Histogram;
use model::time::{Moment, duration_text};
use model::unit::Unit;
use workflow::services::Heat;

use crate::plot::canvas::{Canvas, Scale};
use crate::plot::panel;
use crate::plot::value_axis::{ValueAxis, Wanted};
use crate::theme::{self, Theme};
use crate::view::lane::{self, Axis, Held};

/// Room for the labels at the left, as in plots.
const LABELS: f32 = 58.0;

/// Height of the title.
const TITLE: f32 = 16.0;

/// Draws the map; returns where the pointer is on the axis.
pub(super) fn ui(
    ui: &mut Ui,
    held: &mut Held,
    (heat, height, axis): (&Heat, f32, &Axis<'_>),
    actions: &mut Vec<panel::Action>,
) -> Option<Moment> {
    let theme = theme::of(ui.visuals());
    let size = vec2(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let map = Rect::from_min_max(rect.min + vec2(LABELS, TITLE), rect.max - vec2(0.0, 2.0));
    let painter = ui.painter();
    let font = FontId::proportional(11.0);
    let title = match heat.whole.count {
        0 => "Response times: no request in view".to_owned(),
        count => format!(
            "Response times of {count} requests, a column {}",
            duration_text(heat.width_ns as f64 / 1e9)
        ),
    };
    let place = pos2(map.left(), rect.top());
    painter.text(
        place,
        Align2::LEFT_TOP,
        &title,
        font.clone(),
        theme.text_weak,
    );
    painter.rect_filled(map, 0.0, theme.ground);
    let response = ui.interact(map, ui.scope_id().with("heat map"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Figure, true, &title));
    let values = value_axis(&heat.whole, map.height());
    let canvas = Canvas {
        rect: map,
        view: axis.view,
        low: values.low,
        high: values.high,
        scale: Scale::Log,
        pixel: 1.0 / ui.ctx().pixels_per_point(),
    };
    labels(ui, (&values, &canvas), theme);
    let within = ui.painter_at(map);
    within.add(Shape::mesh(mesh(heat, &canvas, theme)));
    within.extend(lane::guides(&canvas, axis, theme));
    let hovered = held.moves(ui, (&response, &canvas, axis), actions);
    if let Some(pointer) = response.hover_pos() {
        let told = told(heat, &canvas, pointer);
        response.on_hover_ui_at_pointer(|ui| {
            ui.strong(axis.clock.text(canvas.moment(pointer.x)));
            for line in told {
                ui.label(line);
            }
        });
    }
    hovered
}

/// From the fastest to the slowest request in view.
fn value_axis(whole: &Histogram, height: f32) -> ValueAxis {
    let mut extent: Vec<f64> = Vec::new();
    whole.each(|cell| {
        if cell.count > 0 && cell.high > 0.0 {
            extent.extend([cell.low.max(cell.high / 2.0), cell.high]);
        }
    });
    let unit = Unit::new("s");
    ValueAxis::new(&Wanted {
        positive: extent.iter().copied().reduce(f64::min),
        extent: extent.into_iter().collect(),
        unit: &unit,
        scale: Scale::Log,
        fit: panel::Fit::Tight,
        height,
    })
}

fn labels(ui: &Ui, (values, canvas): (&ValueAxis, &Canvas), theme: &Theme) {
    for mark in values.marks() {
        let at = pos2(canvas.rect.left() - 4.0, canvas.y_of(mark.value));
        let label = values.label(mark.value);
        let font = FontId::proportional(10.5);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, label, font, theme.text_weak);
    }
}

/// A rectangle a bucket, two or more to a pixel put together by the mesh's order.
fn mesh(heat: &Heat, canvas: &Canvas, theme: &Theme) -> Mesh {
    let mut mesh = Mesh::default();
    let most = heat.columns.iter().map(most).max().unwrap_or(0);
    // Few slow requests are what is looked for, so amounts are told by their logarithm.
    let whole = f64::from(u32::try_from(most).unwrap_or(u32::MAX)).ln_1p();
    for (at, column) in heat.at.iter().zip(&heat.columns) {
        let right = canvas.x(Moment(*at));
        let left = canvas
            .x(Moment(at - heat.width_ns))
            .min(right - canvas.pixel);
        if right < canvas.rect.left() || left > canvas.rect.right() {
            continue;
        }
        column.each(|cell| {
            if cell.count == 0 {
                return;
            }
            let share = (cell.count as f64).ln_1p() / whole.max(f64::MIN_POSITIVE);
            let top = canvas.y(cell.high);
            let bottom = canvas
                .y(cell.low.max(cell.high / 4.0))
                .max(top + canvas.pixel);
            let color = theme.heat(0.15 + 0.85 * share as f32);
            quad(
                &mut mesh,
                Rect::from_min_max(pos2(left, top), pos2(right, bottom)),
                color,
            );
        });
    }
    mesh
}

fn most(column: &Histogram) -> u64 {
    let mut most = 0;
    column.each(|cell| most = most.max(cell.count));
    most
}

fn quad(mesh: &mut Mesh, rect: Rect, color: Color32) {
    let Ok(first) = u32::try_from(mesh.vertices.len()) else {
        return;
    };
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
    ];
    mesh.vertices.extend(corners.map(|pos| Vertex {
        pos,
        uv: WHITE_UV,
        color,
    }));
    mesh.indices
        .extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
}

/// What is under the pointer.
fn told(heat: &Heat, canvas: &Canvas, pointer: Pos2) -> Vec<String> {
    let moment = canvas.moment(pointer.x).0;
    let column = heat.at.partition_point(|at| *at < moment);
    let found = heat.at.get(column).zip(heat.columns.get(column));
    let found = found.filter(|(at, _)| *at - heat.width_ns < moment);
    let Some((_, column)) = found else {
        return vec!["no request ended here".to_owned()];
    };
    let seconds = heat.width_ns as f64 / 1e9;
    let mut lines = vec![format!(
        "{} requests, {:.1} a second",
        column.count,
        column.count as f64 / seconds
    )];
    for (name, q) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        if let Some(found) = column.quantile(q) {
            lines.push(format!("{name}: {}", duration_text(found.value)));
        }
    }
    column.each(|cell| {
        let (top, bottom) = (canvas.y(cell.high), canvas.y(cell.low.max(cell.high / 4.0)));
        if cell.count > 0 && (top..=bottom).contains(&pointer.y) {
            let between = (duration_text(cell.low), duration_text(cell.high));
            lines.push(format!(
                "{} of them took {} to {}",
                cell.count, between.0, between.1
            ));
        }
    });
    lines
}
