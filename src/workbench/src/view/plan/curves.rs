//! Throughput, response time and utilization against load: as recorded, as planned with
//! its band, bounds, knee, and both operating points.

use eframe::egui::epaint::Stroke;
use eframe::egui::{Color32, Painter, Pos2, Sense, Shape, Ui, vec2};
use model::unit::Unit;
use plan::predict::{Curve, Place};

use crate::plot::panel::Fit;
use crate::theme;
use crate::view::plane::{self, Plane};
use crate::view::table;

/// What is drawn upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upright {
    Throughput,
    Response,
    Utilization,
}

/// The three drawings with their titles and units.
const ALL: [(Upright, &str, &str); 3] = [
    (Upright::Throughput, "throughput", "{request}/s"),
    (Upright::Response, "response time, mean", "s"),
    (Upright::Utilization, "busiest resource", "1"),
];

/// The curves to draw.
#[derive(Clone, Copy)]
pub(super) struct Curves<'a> {
    /// As it was recorded.
    pub(super) before: &'a Curve,
    /// As it is planned, without a band.
    pub(super) after: &'a Curve,
    /// The same with its band, where that is there for this plan.
    pub(super) band: Option<&'a Curve>,
}

/// Draws all three beside each other, where there is room; costs their points.
pub(super) fn ui(ui: &mut Ui, curves: Curves<'_>, height: f32) {
    let width = (ui.available_width() - 2.0 * ui.spacing().item_spacing.x) / 3.0;
    ui.horizontal(|ui| {
        for one in ALL {
            ui.allocate_ui(vec2(width, height), |ui| {
                ui.set_min_size(vec2(width, height));
                ui.set_max_size(vec2(width, height));
                one_ui(ui, curves, one);
            });
        }
    });
}

/// What the drawings say, in one line.
pub(super) fn told(curves: Curves<'_>) -> String {
    let (before, after) = (curves.before, curves.after);
    let loads = Unit::new(match after.users {
        true => "{user}",
        false => "{request}/s",
    });
    let rate = Unit::new("{request}/s");
    let load = |it: f64| match after.users {
        true => format!(
            "{} users",
            loads.text(it).trim_end_matches(" user").trim_end()
        ),
        false => loads.text(it),
    };
    let mut text = format!(
        "Gray: as recorded, at {}. Color: as planned, at {}",
        load(before.load),
        load(after.load)
    );
    if after.bounds.throughput_max.is_finite() {
        let most = rate.text(after.bounds.throughput_max);
        text.push_str(&format!(". Dashed: at most {most}"));
        if after.users && after.bounds.knee_users.is_finite() {
            text.push_str(&format!(", knee at {}", load(after.bounds.knee_users)));
        }
    }
    text.push_str(". Shaded loads were recorded.");
    text
}

fn of(place: &Place, upright: Upright) -> [f64; 3] {
    match upright {
        Upright::Throughput => place.throughput,
        Upright::Response => place.response_s,
        Upright::Utilization => place.utilization,
    }
}

fn one_ui(ui: &mut Ui, curves: Curves<'_>, (upright, title, unit): (Upright, &str, &str)) {
    let theme = theme::of(ui.visuals());
    let spoken = spoken(curves, (upright, title, unit));
    let (response, rect) = plane::allocate(ui, (Sense::hover(), spoken));
    let unit = Unit(unit.to_owned().into());
    let loads = Unit::new(if curves.after.users {
        "{user}"
    } else {
        "{request}/s"
    });
    let all = curves.before.places.iter().chain(&curves.after.places);
    // A response time that grows without end must not flatten all else.
    let most = match upright {
        Upright::Response => 6.0 * middle(&curves),
        _ => f64::INFINITY,
    };
    let values = all.clone().map(|it| of(it, upright)[1].min(most));
    let plane = Plane {
        rect,
        x: plane::lower_dense(all.map(|it| it.load), (&loads, Fit::FromZero), rect),
        y: plane::upright(values, (&unit, Fit::FromZero), rect),
    };
    let below = match curves.after.users {
        true => match plane.x.suffix().trim_end_matches("user").trim_end() {
            "" => "users".to_owned(),
            prefix => format!("users [{prefix}]"),
        },
        false => plane::titled("asked", &plane.x),
    };
    plane.paint(
        ui.painter(),
        [&below, &plane::titled(title, &plane.y)],
        theme,
    );
    let painter = ui.painter_at(rect);
    recorded(&painter, &plane, curves.after, theme.selection_fill);
    if let Some(band) = curves.band {
        band_of(&painter, &plane, (band, upright), theme.series[0]);
    }
    bounds(&painter, &plane, (curves.after, upright), theme.text_weak);
    line(
        &painter,
        &plane,
        (curves.before, upright),
        Stroke::new(1.2, theme.text_weak),
    );
    line(
        &painter,
        &plane,
        (curves.after, upright),
        Stroke::new(1.8, theme.series[0]),
    );
    for (curve, color) in [
        (curves.before, theme.text_weak),
        (curves.after, theme.series[0]),
    ] {
        if let Some(value) = at(curve, upright, curve.load) {
            painter.circle_filled(plane.at([curve.load, value]), 4.0, color);
        }
    }
    let Some(pointer) = response.hover_pos() else {
        return;
    };
    let load = plane.x_at(pointer.x);
    let nearest = nearest(curves.band.unwrap_or(curves.after), load);
    if let Some(place) = nearest {
        let [lo, value, hi] = of(place, upright);
        response.on_hover_ui_at_pointer(|ui| {
            ui.strong(format!("at {}", loads.text(place.load)));
            ui.label(format!("planned {}", unit.text(value)));
            if lo < hi {
                ui.label(format!("{} to {} for 80 %", unit.text(lo), unit.text(hi)));
            }
            if let Some(before) = at(curves.before, upright, place.load) {
                ui.label(format!("as recorded {}", unit.text(before)));
            }
        });
    }
}

/// What a drawing shows, for those who hear it.
fn spoken(curves: Curves<'_>, (upright, title, unit): (Upright, &str, &str)) -> String {
    let unit = Unit(unit.to_owned().into());
    let text = |curve: &Curve| {
        let value = at(curve, upright, curve.load);
        value.map_or_else(|| "unknown".to_owned(), |it| unit.text(it))
    };
    format!(
        "{title} against load: {} as recorded, {} as planned",
        text(curves.before),
        text(curves.after)
    )
}

/// The planned curves as tab-separated text, exact.
pub(super) fn table(curves: Curves<'_>) -> String {
    let curve = curves.band.unwrap_or(curves.after);
    let load = match curve.users {
        true => "users",
        false => "asked {request}/s",
    };
    let mut header = vec![load.to_owned()];
    for (_, title, unit) in ALL {
        header.extend(["p10", "p50", "p90"].map(|it| format!("{title} {unit} {it}")));
    }
    let rows = curve.places.iter().map(|place| {
        let mut row = vec![place.load.to_string()];
        for (upright, _, _) in ALL {
            row.extend(of(place, upright).map(table::exact));
        }
        row
    });
    table::text(table::Format::Tsv, &header, rows)
}

/// The larger of the response times at both operating points.
fn middle(curves: &Curves<'_>) -> f64 {
    [curves.before, curves.after]
        .into_iter()
        .filter_map(|it| at(it, Upright::Response, it.load))
        .fold(1e-9, f64::max)
}

fn nearest(curve: &Curve, load: f64) -> Option<&Place> {
    let away = |it: &&Place| (it.load - load).abs();
    curve
        .places
        .iter()
        .min_by(|a, b| away(a).total_cmp(&away(b)))
}

/// The value at a load, between its neighbors.
fn at(curve: &Curve, upright: Upright, load: f64) -> Option<f64> {
    let after = curve.places.partition_point(|it| it.load < load);
    let high = curve.places.get(after)?;
    let Some(low) = after.checked_sub(1).and_then(|it| curve.places.get(it)) else {
        return Some(of(high, upright)[1]);
    };
    let share = (load - low.load) / (high.load - low.load).max(1e-12);
    let (a, b) = (of(low, upright)[1], of(high, upright)[1]);
    Some(a + (b - a) * share)
}

fn line(painter: &Painter, plane: &Plane, (curve, upright): (&Curve, Upright), stroke: Stroke) {
    let points: Vec<Pos2> = curve
        .places
        .iter()
        .map(|it| plane.at([it.load, of(it, upright)[1]]))
        .collect();
    painter.add(Shape::line(points, stroke));
}

fn band_of(painter: &Painter, plane: &Plane, (curve, upright): (&Curve, Upright), color: Color32) {
    let fill = color.gamma_multiply(0.18);
    for pair in curve.places.windows(2) {
        let [a, b] = [&pair[0], &pair[1]];
        let corners = vec![
            plane.at([a.load, of(a, upright)[0]]),
            plane.at([b.load, of(b, upright)[0]]),
            plane.at([b.load, of(b, upright)[2]]),
            plane.at([a.load, of(a, upright)[2]]),
        ];
        painter.add(Shape::convex_polygon(corners, fill, Stroke::NONE));
    }
}

/// The loads that were recorded, as a ground.
fn recorded(painter: &Painter, plane: &Plane, curve: &Curve, fill: Color32) {
    let (least, most) = curve.recorded;
    let mut area = plane.rect;
    area.min.x = plane.x(least).clamp(plane.rect.left(), plane.rect.right());
    area.max.x = plane.x(most).clamp(plane.rect.left(), plane.rect.right());
    painter.rect_filled(area, 0.0, fill.gamma_multiply(0.5));
}

/// What no load passes, and where the two meet.
fn bounds(painter: &Painter, plane: &Plane, (curve, upright): (&Curve, Upright), color: Color32) {
    let stroke = Stroke::new(1.0, color);
    let dashed = |from: Pos2, to: Pos2| {
        painter.extend(Shape::dashed_line(&[from, to], stroke, 4.0, 4.0));
    };
    let rect = plane.rect;
    let level = match upright {
        Upright::Throughput => curve.bounds.throughput_max,
        Upright::Response => curve.bounds.response_min_s,
        Upright::Utilization => 1.0,
    };
    if level.is_finite() {
        let y = plane.y(level);
        dashed(Pos2::new(rect.left(), y), Pos2::new(rect.right(), y));
    }
    let knee = match curve.users {
        true => curve.bounds.knee_users,
        false => curve.bounds.throughput_max,
    };
    if knee.is_finite() {
        let x = plane.x(knee);
        dashed(Pos2::new(x, rect.top()), Pos2::new(x, rect.bottom()));
    }
}
