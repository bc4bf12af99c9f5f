//! The chosen series against another one: points of both windows.

use eframe::egui::epaint::Stroke;
use eframe::egui::{Color32, Painter, Pos2, Rect, ScrollArea, Sense, Shape, TextEdit, Ui, vec2};
use model::time::Moment;

use super::{Data, detail};
use crate::contrast::answer::{Answer, Row};
use crate::contrast::closeup::{CloseUp, Points};
use crate::plot::panel::Fit;
use crate::theme;
use crate::view::plane::{self, Plane};
use crate::view::words::Words;

/// Half the size of a point.
const HALF: f32 = 2.2;

/// A point is pointed at from so far away.
const NEAR: f32 = 10.0;

/// Names offered at once; a filter finds the others.
const NAMES_MAX: usize = 300;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub(super) struct State {
    /// Name of the series on the x axis.
    x: Option<String>,
    filter: String,
    in_time: bool,
}

impl State {
    /// The row of the series on the x axis.
    pub(super) fn place(&self, answer: &Answer) -> Option<usize> {
        let name = self.x.as_ref()?;
        answer.rows.iter().position(|row| row.name == *name)
    }
}

/// What stands on the x axis, and whether points are joined in time.
pub(super) fn tools_ui(ui: &mut Ui, state: &mut State, (row, answer): (&Row, &Answer)) {
    let text = match &state.x {
        Some(name) => format!("x: {name} ▾"),
        None => "x: choose a series ▾".to_owned(),
    };
    ui.menu_button(text, |ui| {
        ui.set_min_width(360.0);
        let edit = TextEdit::singleline(&mut state.filter)
            .hint_text("Filter series…")
            .desired_width(f32::INFINITY);
        let edit = ui.add(edit);
        if ui.memory(|memory| memory.focused().is_none()) {
            edit.request_focus();
        }
        let words = Words::of(&state.filter);
        let fits = |it: &&Row| it.name != row.name && words.found_in(&it.name.to_lowercase());
        let found = answer.rows.iter().filter(fits).take(NAMES_MAX);
        ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
            for it in found {
                let chosen = state.x.as_ref() == Some(&it.name);
                if ui.selectable_label(chosen, &it.name).clicked() {
                    state.x = Some(it.name.clone());
                    ui.close();
                }
            }
        });
    });
    ui.checkbox(&mut state.in_time, "Joined in time");
}

/// Draws the points; costs the points.
pub(super) fn ui(
    ui: &mut Ui,
    state: &State,
    (row, answer, closeup): (&Row, &Answer, &CloseUp),
    data: &Data<'_>,
) {
    let (Some(points), Some(x)) = (
        &closeup.points,
        closeup.wanted.x.and_then(|x| answer.rows.get(x)),
    ) else {
        ui.weak("Choose the series for the x axis above, such as load against latency.");
        return;
    };
    if points.iter().all(|it| it.xy.is_empty()) {
        ui.weak("The two series have no samples of the same time.");
        return;
    }
    let theme = theme::of(ui.visuals());
    let (x_name, y_name) = (x.series.key.column(), row.series.key.column());
    let spoken = format!("{y_name} against {x_name}, A and B");
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let all = |axis: usize| {
        points
            .iter()
            .flat_map(move |it| it.xy.iter().map(move |xy| xy[axis]))
    };
    let plane = Plane {
        rect,
        x: plane::lower(all(0), (&x.series.unit, Fit::Tight), rect),
        y: plane::upright(all(1), (&row.series.unit, Fit::Tight), rect),
    };
    let titles = [
        plane::titled(&x_name, &plane.x),
        plane::titled(&y_name, &plane.y),
    ];
    plane.paint(ui.painter(), [&titles[0], &titles[1]], theme);
    let painter = ui.painter_at(rect);
    let colors = detail::colors(theme);
    for (side, (points, color)) in points.iter().zip(colors).enumerate() {
        let places: Vec<Pos2> = points.xy.iter().map(|xy| plane.at(*xy)).collect();
        if state.in_time {
            let stroke = Stroke::new(0.8, color.gamma_multiply(0.5));
            painter.add(Shape::line(places.clone(), stroke));
        }
        for place in places {
            point(&painter, place, (side, color));
        }
    }
    let legend = points.iter().zip(["○ A", "◆ B"]).map(|(points, name)| {
        match points.xy.len() == points.all {
            true => format!("{name}: {} points", points.all),
            false => format!("{name}: {} of {} points", points.xy.len(), points.all),
        }
    });
    let legend: Vec<String> = legend.collect();
    ui.painter().text(
        rect.right_top() - vec2(0.0, 2.0),
        eframe::egui::Align2::RIGHT_BOTTOM,
        legend.join("   "),
        eframe::egui::FontId::proportional(11.0),
        theme.text_weak,
    );
    let Some(pointer) = response.hover_pos() else {
        return;
    };
    if let Some((side, place)) = nearest(points, &plane, pointer) {
        let [at_x, at_y] = points[side].xy[place];
        let when = Moment(points[side].at[place]);
        response.on_hover_ui_at_pointer(|ui| {
            let name = ["A", "B"][side];
            ui.strong(format!("{name}, {}", data.clock.text(when)));
            ui.label(format!("{x_name}: {}", x.series.unit.text(at_x)));
            ui.label(format!("{y_name}: {}", row.series.unit.text(at_y)));
        });
    }
}

/// A ring for A, a diamond for B, so that color is not the only sign.
fn point(painter: &Painter, at: Pos2, (side, color): (usize, Color32)) {
    if side == 0 {
        painter.circle_stroke(at, HALF, Stroke::new(1.0, color));
        return;
    }
    let corners = [
        at + vec2(0.0, -HALF - 0.6),
        at + vec2(HALF + 0.6, 0.0),
        at + vec2(0.0, HALF + 0.6),
        at + vec2(-HALF - 0.6, 0.0),
    ];
    painter.add(Shape::convex_polygon(corners.to_vec(), color, Stroke::NONE));
}

/// The point under the pointer.
fn nearest(points: &[Points; 2], plane: &Plane, pointer: Pos2) -> Option<(usize, usize)> {
    let around = Rect::from_center_size(pointer, vec2(2.0 * NEAR, 2.0 * NEAR));
    let mut best: Option<(f32, usize, usize)> = None;
    for (side, points) in points.iter().enumerate() {
        for (place, xy) in points.xy.iter().enumerate() {
            let at = plane.at(*xy);
            let away = at.distance_sq(pointer);
            if around.contains(at) && best.is_none_or(|(known, _, _)| away < known) {
                best = Some((away, side, place));
            }
        }
    }
    best.map(|(_, side, place)| (side, place))
}
