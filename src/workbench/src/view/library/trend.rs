//! One figure over the sessions that are meant: a point with its interval each, the
//! changes, and what does not compare.

use std::path::PathBuf;

use analysis::sessions::{STATISTICS, Statistic};
use eframe::egui::epaint::Stroke;
use eframe::egui::{
    Align2, ComboBox, FontId, Painter, Pos2, Rect, ScrollArea, Sense, Shape, TextEdit, Ui, pos2,
    vec2,
};
use workflow::library::Entry;
use workflow::library::trend::{self, Include, Order, Point, Request, Trended};

use super::{Action, Data};
use crate::plot::panel::Fit;
use crate::theme::{self, Theme};
use crate::view::plane;

/// Half the size of a point.
const HALF: f32 = 3.0;

/// A point is pointed at from so far away.
const NEAR: f32 = 14.0;

/// Labels below stand at least so far apart.
const APART: f32 = 92.0;

/// The drawing takes this part of the width, the sentences the rest.
const DRAWING: f32 = 0.66;

/// What is followed where nobody said what.
const USUAL: &str = "*/system.cpu.utilization";

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub(super) struct State {
    series: String,
    statistic: Statistic,
    order: Order,
    all: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            series: USUAL.to_owned(),
            statistic: Statistic::P95,
            order: Order::Time,
            all: false,
        }
    }
}

/// Draws controls, chart and sentences.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut State,
    (meant, data): (&[&Entry], &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let task = data.shelf.trended();
    ui.horizontal_wrapped(|ui| controls_ui(ui, state, (meant, data), actions));
    if let Some(why) = task.trouble() {
        ui.colored_label(theme::of(ui.visuals()).severe, why);
    }
    let Some(trended) = task.found() else {
        ui.weak("One value a session with its interval, the trend over all of them, and where it changed.");
        return;
    };
    let whole = ui.available_size();
    ui.horizontal_top(|ui| {
        let size = vec2((whole.x * DRAWING).round(), whole.y);
        ui.allocate_ui(size, |ui| {
            ui.set_min_size(size);
            ui.set_max_size(size);
            if let Some(path) = chart_ui(ui, trended, data) {
                actions.push(Action::Open(path));
            }
        });
        ui.vertical(|ui| sentences_ui(ui, trended, actions));
    });
}

fn controls_ui(
    ui: &mut Ui,
    state: &mut State,
    (meant, data): (&[&Entry], &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let combo = ComboBox::from_id_salt("statistic").width(60.0);
    let drawn = combo
        .selected_text(state.statistic.name())
        .show_ui(ui, |ui| {
            for (statistic, name) in STATISTICS {
                ui.selectable_value(&mut state.statistic, *statistic, *name);
            }
        });
    drop(drawn.response.accessible_name("statistic"));
    ui.weak("of");
    let edit = TextEdit::singleline(&mut state.series).desired_width(300.0);
    ui.add(
        edit.hint_text("host/metric, * for anything")
            .id_salt("series to follow"),
    );
    ui.weak("by");
    for (order, name) in [(Order::Time, "time"), (Order::Build, "build")] {
        ui.selectable_value(&mut state.order, order, name);
    }
    ui.checkbox(&mut state.all, "count what does not compare")
        .on_hover_text("Sessions of other machines, cadences, coverage or numbers of series");
    let task = data.shelf.trended();
    if task.is_running() {
        ui.spinner();
        if ui.button("Cancel").clicked() {
            actions.push(Action::Cancel);
        }
        return;
    }
    let name = format!("Follow over {} sessions", meant.len());
    let can = !meant.is_empty() && !state.series.trim().is_empty();
    if ui
        .add_enabled(can, eframe::egui::Button::new(name))
        .clicked()
    {
        let request = Request {
            series: state.series.trim().to_owned(),
            statistic: state.statistic,
            order: state.order,
            include: match state.all {
                true => Include::All,
                false => Include::Comparable,
            },
        };
        let paths: Vec<PathBuf> = meant.iter().map(|it| it.path.clone()).collect();
        actions.push(Action::Follow(paths, request));
    }
}

fn sentences_ui(ui: &mut Ui, trended: &Trended, actions: &mut Vec<Action>) {
    ScrollArea::vertical()
        .id_salt("trend said")
        .auto_shrink(false)
        .show(ui, |ui| {
            for sentence in trend::sentences(trended) {
                ui.label(format!("• {sentence}"));
            }
            let odd = trended.points.iter().filter(|it| !it.doubts.is_empty());
            for point in odd {
                ui.horizontal_wrapped(|ui| {
                    if ui.link(&point.title).clicked() {
                        actions.push(Action::Open(point.path.clone()));
                    }
                    ui.weak(point.doubts.join("; "));
                });
            }
        });
}

/// Where the points stand, in their order.
struct Drawn<'a> {
    trended: &'a Trended,
    rect: Rect,
    places: Vec<f32>,
}

/// Draws the points; gives the session that was clicked.
fn chart_ui(ui: &mut Ui, trended: &Trended, data: &Data<'_>) -> Option<PathBuf> {
    let theme = theme::of(ui.visuals());
    let request = &trended.request;
    let what = format!("{} of {}", request.statistic.name(), request.series);
    let (response, rect) = plane::allocate(ui, (Sense::click(), format!("{what} over sessions")));
    let values = trended.points.iter().filter_map(|it| it.value.as_ref());
    let axis = plane::upright(
        values.flat_map(|it| [it.value, it.lo, it.hi]),
        (&trended.unit, Fit::Tight),
        rect,
    );
    let drawn = Drawn {
        trended,
        rect,
        places: places(trended, rect),
    };
    let ticks = drawn.ticks(data);
    let below = match request.order {
        Order::Time => "time",
        Order::Build => "build",
    };
    let titles = [below, &plane::titled(&what, &axis)];
    plane::paint(ui.painter(), (rect, &axis, &ticks), titles, theme);
    let y = |value: f64| plane::y_of(&axis, rect, axis.position(value));
    let painter = ui.painter_at(rect.expand(4.0));
    drawn.changes(&painter, &y, theme);
    drawn.points(&painter, &y, theme);
    let near = response.hover_pos().and_then(|at| drawn.near(at, &y))?;
    let point = trended.points.get(near)?;
    let clicked = response.clicked();
    response.on_hover_text(told(point, (trended, data)));
    clicked.then(|| point.path.clone())
}

/// By time, sessions of one minute would lie on each other over months, so they stand by
/// number where a gap is more than half of everything.
fn places(trended: &Trended, rect: Rect) -> Vec<f32> {
    let count = trended.points.len().max(1);
    let by_number =
        |number: usize| rect.left() + (number as f32 + 0.5) / count as f32 * rect.width();
    let dated = trended.points.iter().filter(|it| it.at.0 < i64::MAX);
    let (first, last) = dated.fold((i64::MAX, i64::MIN), |(first, last), it| {
        (first.min(it.at.0), last.max(it.at.0))
    });
    let whole = last.saturating_sub(first) as f64;
    let gaps = trended
        .points
        .windows(2)
        .map(|it| it[1].at.0.saturating_sub(it[0].at.0));
    let even = gaps.max().is_none_or(|it| (it as f64) < whole * 0.5);
    let by_time = trended.request.order == Order::Time && whole > 0.0 && even;
    let points = trended.points.iter().enumerate();
    points
        .map(|(number, it)| match by_time && it.at.0 < i64::MAX {
            true => {
                let share = it.at.0.saturating_sub(first) as f64 / whole;
                rect.left() + 8.0 + share as f32 * (rect.width() - 16.0)
            }
            false => by_number(number),
        })
        .collect()
}

impl Drawn<'_> {
    /// Labels below, as many as there is room for.
    fn ticks(&self, data: &Data<'_>) -> Vec<(f32, String)> {
        let mut ticks: Vec<(f32, String)> = Vec::new();
        for (point, x) in self.trended.points.iter().zip(&self.places) {
            let far = ticks.last().is_none_or(|(before, _)| x - before >= APART);
            if !far || point.at.0 == i64::MAX {
                continue;
            }
            let label = match (self.trended.request.order, point.build.as_str()) {
                (Order::Build, "") => "no build".to_owned(),
                (Order::Build, build) => build.to_owned(),
                (Order::Time, _) => {
                    let text = crate::view::clock_text(data.clock, point.at);
                    text.split(':').take(2).collect::<Vec<_>>().join(":")
                }
            };
            ticks.push((*x, label));
        }
        ticks
    }

    fn changes(&self, painter: &Painter, y: &dyn Fn(f64) -> f32, theme: &Theme) {
        let counted: Vec<f32> = self
            .trended
            .points
            .iter()
            .zip(&self.places)
            .filter(|(point, _)| point.counted)
            .map(|(_, x)| *x)
            .collect();
        let font = FontId::proportional(10.5);
        for change in &self.trended.course.changes {
            let Some(x) = counted.get(change.row) else {
                continue;
            };
            let before = change.row.checked_sub(1).and_then(|it| counted.get(it));
            // The change lies between the last session before and the first after.
            let at = before.map_or(*x, |before| (before + x) / 2.0);
            painter.vline(at, self.rect.y_range(), Stroke::new(1.5, theme.event));
            let text = format!(
                "{} → {}",
                self.trended.unit.text(change.before),
                self.trended.unit.text(change.after)
            );
            let place = pos2(at + 4.0, self.rect.top() + 2.0);
            painter.text(place, Align2::LEFT_TOP, text, font.clone(), theme.text);
            for (rows, level) in [
                (change.from..change.row, change.before),
                (change.row..change.to, change.after),
            ] {
                let from = counted.get(rows.start);
                let to = rows.end.checked_sub(1).and_then(|it| counted.get(it));
                if let (Some(from), Some(to)) = (from, to) {
                    let line = [pos2(*from, y(level)), pos2(*to, y(level))];
                    let stroke = Stroke::new(1.0, theme.event);
                    painter.extend(Shape::dashed_line(&line, stroke, 5.0, 4.0));
                }
            }
        }
    }

    fn points(&self, painter: &Painter, y: &dyn Fn(f64) -> f32, theme: &Theme) {
        let sure = theme.series_color(0);
        for (point, x) in self.trended.points.iter().zip(&self.places) {
            let Some(value) = &point.value else {
                let place = pos2(*x, self.rect.bottom() - 6.0);
                let font = FontId::proportional(11.0);
                painter.text(place, Align2::CENTER_CENTER, "×", font, theme.severe);
                continue;
            };
            let color = if point.counted { sure } else { theme.text_weak };
            if value.lo.is_finite() && value.hi.is_finite() {
                let bar = [pos2(*x, y(value.lo)), pos2(*x, y(value.hi))];
                painter.line_segment(bar, Stroke::new(1.5, color));
            }
            let at = pos2(*x, y(value.value));
            match point.counted {
                true => painter.circle_filled(at, HALF, color),
                // What does not compare is hollow, so that color alone does not say it.
                false => painter.circle_stroke(at, HALF, Stroke::new(1.2, color)),
            };
        }
    }

    /// The point near a place of the screen.
    fn near(&self, at: Pos2, y: &dyn Fn(f64) -> f32) -> Option<usize> {
        let points = self.trended.points.iter().zip(&self.places).enumerate();
        let distances = points.map(|(number, (point, x))| {
            let value = point.value.as_ref();
            let place = pos2(*x, value.map_or(self.rect.bottom() - 6.0, |it| y(it.value)));
            (number, place.distance(at))
        });
        let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.filter(|it| it.1 <= NEAR).map(|it| it.0)
    }
}

fn told(point: &Point, (trended, data): (&Trended, &Data<'_>)) -> String {
    let unit = &trended.unit;
    let mut lines = vec![point.title.clone()];
    if point.at.0 < i64::MAX {
        lines.push(data.clock.text(point.at));
    }
    if !point.build.is_empty() {
        lines.push(format!("build {}", point.build));
    }
    if let Some(value) = &point.value {
        let between = match value.lo.is_nan() {
            true => String::new(),
            false => format!(" ({} to {})", unit.text(value.lo), unit.text(value.hi)),
        };
        lines.push(format!("{}{between}", unit.text(value.value)));
        lines.push(format!(
            "{} samples of {} series, as telling as {:.0} independent ones",
            value.samples, point.series, value.effective
        ));
    }
    lines.extend(point.doubts.iter().cloned());
    lines.push("Click to open".to_owned());
    lines.join("\n")
}
