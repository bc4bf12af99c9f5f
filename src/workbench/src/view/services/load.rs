//! Load against response time: a point each interval, both axes by ratio. Where points
//! rise steeply, the service is near what it can carry.

use eframe::egui::epaint::Stroke;
use eframe::egui::{Pos2, Sense, Shape, Ui};
use model::time::{Moment, duration_text};
use model::unit::Unit;

use crate::inquiry::services::Load;
use crate::plot::time_axis::Clock;
use crate::theme;
use crate::view::plane::{self, Plane};

/// What can stand on the upright axis, in the order of [`Load::times_s`].
const TIMES: [&str; 4] = ["mean", "p50", "p95", "p99"];

/// A point is pointed at from so far away.
const NEAR: f32 = 10.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub(super) struct State {
    time: usize,
    in_time: bool,
    linear: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            time: 2,
            in_time: false,
            linear: false,
        }
    }
}

/// Draws the points; costs the points.
pub(super) fn ui(ui: &mut Ui, state: &mut State, (load, clock): (&[Load], &Clock)) {
    ui.horizontal_wrapped(|ui| {
        for (place, name) in TIMES.iter().enumerate() {
            ui.selectable_value(&mut state.time, place, *name);
        }
        ui.separator();
        ui.checkbox(&mut state.in_time, "Joined in time");
        ui.checkbox(&mut state.linear, "Linear axes");
        ui.weak(format!("{} intervals in view", load.len()));
    });
    let points: Vec<[f64; 2]> = load
        .iter()
        .map(|it| [it.throughput, it.times_s[state.time]])
        .collect();
    if points.is_empty() {
        super::super::empty::text(ui, "No request ended in view.");
        return;
    }
    let theme = theme::of(ui.visuals());
    let spoken = format!("{} against throughput", TIMES[state.time]);
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let units = [Unit::new("{request}/s"), Unit::new("s")];
    let [x, y] = match state.linear {
        false => plane::by_ratio(&points, [&units[0], &units[1]], rect),
        true => {
            let fit = crate::plot::panel::Fit::FromZero;
            let of = |axis: usize| points.iter().map(move |it| it[axis]);
            [
                plane::lower(of(0), (&units[0], fit), rect),
                plane::upright(of(1), (&units[1], fit), rect),
            ]
        }
    };
    let plane = Plane { rect, x, y };
    let titles = [
        plane::titled("throughput, requests per second", &plane.x),
        plane::titled(&format!("response time, {}", TIMES[state.time]), &plane.y),
    ];
    plane.paint(ui.painter(), [&titles[0], &titles[1]], theme);
    let painter = ui.painter_at(rect);
    let places: Vec<Pos2> = points.iter().map(|it| plane.at(*it)).collect();
    if state.in_time {
        let stroke = Stroke::new(0.8, theme.text_weak.gamma_multiply(0.5));
        painter.add(Shape::line(places.clone(), stroke));
    }
    // Later points are brighter, so that a way back is seen.
    for (place, at) in places.iter().enumerate() {
        let age = (place + 1) as f32 / places.len() as f32;
        painter.circle_filled(*at, 2.4, theme.heat(0.25 + 0.75 * age));
    }
    let Some(pointer) = response.hover_pos() else {
        return;
    };
    let away = |it: &&(usize, &Pos2)| it.1.distance_sq(pointer);
    let mut near: Vec<(usize, &Pos2)> = places.iter().enumerate().collect();
    near.retain(|(_, at)| at.distance(pointer) < NEAR);
    let nearest = near.iter().min_by(|a, b| away(a).total_cmp(&away(b)));
    if let Some((place, _)) = nearest {
        let it = load[*place];
        response.on_hover_ui_at_pointer(|ui| {
            ui.strong(clock.text(Moment(it.at)));
            ui.label(format!("{:.1} requests per second", it.throughput));
            for (name, seconds) in TIMES.iter().zip(it.times_s) {
                ui.label(format!("{name}: {}", duration_text(seconds)));
            }
        });
    }
}
