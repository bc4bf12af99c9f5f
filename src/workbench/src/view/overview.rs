//! The overview strip: the whole session, with the view as a window to drag.
//!
//! Start at [`ui`].

use std::sync::Arc;

use eframe::egui::epaint::{Mesh, Stroke, StrokeKind};
use eframe::egui::{
    Align2, CursorIcon, EventFilter, FontId, Key, Rect, Response, Sense, Shape, Ui, WidgetInfo,
    accesskit, pos2, vec2,
};
use model::annotation::Annotation;
use model::event::Event;
use model::time::{Moment, Span, duration_text};

use crate::plot::time_axis::Clock;
use crate::theme::{self, Theme};

/// Height of the strip.
pub const HEIGHT: f32 = 44.0;

/// Height of the ticks of events at the upper edge.
const TICK: f32 = 6.0;

/// So far from an edge of the window it can be taken.
const GRIP: f32 = 5.0;

/// The window is drawn at least so wide, so that it can be found and taken.
const NARROWEST: f32 = 6.0;

/// The shortest view that can be dragged, in nanoseconds.
const SHORTEST_NS: i64 = 1_000_000;

/// At most so many ticks are drawn: more than a screen has columns.
const TICKS: usize = 4_000;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    drag: Option<(Grip, i64)>,
}

/// Which part of the window is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    From,
    To,
    Whole,
}

/// Everything the strip shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// The whole session.
    pub session: Span,
    /// What the plots show.
    pub view: Span,
    /// What the curve is, such as `CPU`.
    pub label: &'a str,
    /// Smallest and largest value in each column, over the whole session from left
    /// to right; `NaN` for a column without samples. One entry per pixel is best.
    pub curve: &'a [(f32, f32)],
    /// The value at the upper edge; the lower one is zero.
    pub top: f32,
    /// Events, sorted by time.
    pub events: &'a [Event],
    /// Notes.
    pub annotations: &'a [Annotation],
    /// Where the pointer is on the axis, in whichever panel.
    pub cursor: Option<Moment>,
    /// The selected range.
    pub selection: Option<Span>,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// Space left and right, so that the strip lines up with the plots.
    pub inset: [f32; 2],
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show this span in all panels.
    View(Span),
    /// Show the whole session.
    ViewAll,
}

/// Session time against points.
#[derive(Clone, Copy)]
struct Scale {
    rect: Rect,
    session: Span,
}

impl Scale {
    fn x(&self, at: Moment) -> f32 {
        let part = at.0.saturating_sub(self.session.from.0) as f64;
        let share = part / self.session.length_ns().max(1) as f64;
        self.rect.left() + (share.clamp(-1.0, 2.0) * f64::from(self.rect.width())) as f32
    }

    fn moment(&self, x: f32) -> Moment {
        let share = f64::from(x - self.rect.left()) / f64::from(self.rect.width().max(1.0));
        let ns = share.clamp(0.0, 1.0) * self.session.length_ns() as f64;
        self.session.from.plus_ns(ns as i64)
    }

    /// The window as it is drawn and taken.
    fn window(&self, view: Span) -> Rect {
        let (left, right) = (self.x(view.from), self.x(view.to));
        let middle = (left + right) / 2.0;
        let half = ((right - left) / 2.0).max(NARROWEST / 2.0);
        let window = Rect::from_x_y_ranges(middle - half..=middle + half, self.rect.y_range());
        window.intersect(self.rect.expand2(vec2(NARROWEST, 0.0)))
    }
}

/// Draws the strip; costs its columns, however long the session is.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let size = vec2(ui.available_width(), HEIGHT);
    let (whole, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let theme = theme::of(ui.visuals());
    let rect = Rect::from_min_max(
        whole.min + vec2(data.inset[0], 0.0),
        whole.max - vec2(data.inset[1].min(whole.width() - data.inset[0] - 1.0), 0.0),
    );
    ui.painter().rect_filled(whole, 0.0, theme.ground);
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Figure, true, spoken(data)));
    if data.session.is_empty() {
        let text =
            "The overview appears with the first samples: attach a machine or open a recording.";
        let font = FontId::proportional(12.0);
        ui.painter().text(
            whole.center(),
            Align2::CENTER_CENTER,
            text,
            font,
            theme.text_weak,
        );
        return Vec::new();
    }
    let scale = Scale {
        rect,
        session: data.session,
    };
    let mut shapes = Vec::new();
    curve(rect, data, theme, &mut shapes);
    marks(&scale, data, theme, &mut shapes);
    let window = scale.window(data.view);
    window_shapes(rect, window, theme, &mut shapes);
    ui.painter().extend(shapes);
    captions_ui(ui, rect, data);
    if response.has_focus() {
        let stroke = ui.visuals().selection.stroke;
        ui.painter()
            .rect_stroke(whole, 0.0, stroke, StrokeKind::Inside);
    }
    let mut actions: Vec<Action> = pointer(ui, &response, state, (&scale, data))
        .into_iter()
        .collect();
    actions.extend(keys(ui, &response, data));
    if let (Some(at), None) = (response.hover_pos(), state.drag) {
        response.on_hover_text_at_pointer(data.clock.text(scale.moment(at.x)));
    }
    actions
}

/// A bar per column from its smallest to its largest value, over a fill from zero.
fn curve(rect: Rect, data: &Data<'_>, theme: &Theme, shapes: &mut Vec<Shape>) {
    if data.curve.is_empty() || data.top.is_nan() || data.top <= 0.0 {
        return;
    }
    let (line, fill) = (
        theme.series_color(0),
        theme.series_color(0).gamma_multiply(0.35),
    );
    let step = rect.width() / data.curve.len() as f32;
    let height = rect.height() - TICK - 1.0;
    let y = |value: f32| rect.bottom() - (value / data.top).clamp(0.0, 1.0) * height;
    let mut mesh = Mesh::default();
    for (column, (min, max)) in data.curve.iter().enumerate() {
        if min.is_nan() || max.is_nan() {
            continue;
        }
        let left = rect.left() + column as f32 * step;
        let (upper, lower) = (y(*max), y(*min).max(y(*max) + 1.0));
        let bar = |top, bottom| Rect::from_min_max(pos2(left, top), pos2(left + step, bottom));
        mesh.add_colored_rect(bar(lower, rect.bottom()), fill);
        mesh.add_colored_rect(bar(upper, lower), line);
    }
    shapes.push(Shape::Mesh(Arc::new(mesh)));
}

/// Events as ticks at the upper edge, notes as bars at the lower, selection and cursor.
fn marks(scale: &Scale, data: &Data<'_>, theme: &Theme, shapes: &mut Vec<Shape>) {
    let rect = scale.rect;
    let mut left = data.events;
    for _ in 0..TICKS {
        let Some(first) = left.first() else { break };
        let x = scale.x(first.at).round();
        let ends = [pos2(x, rect.top()), pos2(x, rect.top() + TICK)];
        if rect.x_range().contains(x) {
            shapes.push(Shape::line_segment(ends, Stroke::new(1.0, theme.event)));
        }
        // Events within the same pixel are one tick.
        let next = scale.moment(x + 1.0);
        let same = left.partition_point(|event| event.at < next).max(1);
        left = &left[same..];
    }
    for note in data.annotations.iter().take(TICKS) {
        let color = theme.series_color(usize::from(note.color));
        let (from, to) = (scale.x(note.span.from), scale.x(note.span.to));
        let low = Rect::from_min_max(
            pos2(from, rect.bottom() - 4.0),
            pos2(to.max(from + 3.0), rect.bottom()),
        );
        shapes.push(Shape::rect_filled(low.intersect(rect), 0.0, color));
    }
    if let Some(span) = data.selection {
        let (from, to) = (scale.x(span.from), scale.x(span.to));
        let band = Rect::from_x_y_ranges(from..=to.max(from + 1.0), rect.y_range());
        shapes.push(Shape::rect_filled(
            band.intersect(rect),
            0.0,
            theme.selection_fill,
        ));
    }
    if let Some(at) = data.cursor {
        let x = scale.x(at);
        let ends = [pos2(x, rect.top()), pos2(x, rect.bottom())];
        if rect.x_range().contains(x) {
            shapes.push(Shape::line_segment(ends, Stroke::new(1.0, theme.cursor)));
        }
    }
}

/// Dims what is out of view and draws the window with its two grips.
fn window_shapes(rect: Rect, window: Rect, theme: &Theme, shapes: &mut Vec<Shape>) {
    let veil = theme.ground.gamma_multiply(0.6);
    let before = Rect::from_min_max(rect.min, pos2(window.left(), rect.bottom()));
    let after = Rect::from_min_max(pos2(window.right(), rect.top()), rect.max);
    for side in [before, after] {
        if side.width() > 0.0 {
            shapes.push(Shape::rect_filled(side, 0.0, veil));
        }
    }
    let stroke = Stroke::new(1.0, theme.selection_edge);
    shapes.push(Shape::rect_stroke(window, 2.0, stroke, StrokeKind::Inside));
    for x in [window.left(), window.right()] {
        let grip = Rect::from_center_size(pos2(x, rect.center().y), vec2(4.0, 16.0));
        shapes.push(Shape::rect_filled(grip, 2.0, theme.selection_edge));
    }
}

fn captions_ui(ui: &Ui, rect: Rect, data: &Data<'_>) {
    let theme = theme::of(ui.visuals());
    if data.inset[0] >= 40.0 {
        let at = pos2(rect.left() - 10.0, rect.center().y);
        let font = FontId::proportional(11.0);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, data.label, font, theme.text_weak);
    }
}

fn pointer(
    ui: &Ui,
    response: &Response,
    state: &mut State,
    (scale, data): (&Scale, &Data<'_>),
) -> Option<Action> {
    let window = scale.window(data.view);
    if response.double_clicked() {
        return Some(Action::ViewAll);
    }
    if let Some(at) = response.hover_pos() {
        ui.set_cursor_icon(match grip(window, at.x) {
            Some(Grip::Whole) => CursorIcon::Grab,
            Some(_) => CursorIcon::ResizeHorizontal,
            None => CursorIcon::PointingHand,
        });
    }
    if response.drag_started()
        && let Some(at) = ui.input(|input| input.pointer.press_origin())
    {
        let held = grip(window, at.x);
        let center = data.view.from.plus_ns(data.view.length_ns() / 2);
        // Taken beside the window, it jumps to the pointer and is held in its middle.
        let origin = if held.is_some() {
            scale.moment(at.x)
        } else {
            center
        };
        let grip = held.unwrap_or(Grip::Whole);
        let edge = match grip {
            Grip::To => data.view.to,
            Grip::From | Grip::Whole => data.view.from,
        };
        state.drag = Some((grip, edge.0.saturating_sub(origin.0)));
    }
    if response.drag_stopped() {
        state.drag = None;
    }
    let at = response.interact_pointer_pos()?;
    let moment = scale.moment(at.x);
    if let Some((grip, offset)) = state.drag {
        let edge = moment.plus_ns(offset);
        return changed(data, dragged(data, grip, edge));
    }
    if response.clicked() && grip(window, at.x).is_none() {
        let from = moment.plus_ns(-data.view.length_ns() / 2);
        return changed(data, dragged(data, Grip::Whole, from));
    }
    None
}

fn changed(data: &Data<'_>, view: Span) -> Option<Action> {
    (view != data.view).then_some(Action::View(view))
}

fn grip(window: Rect, x: f32) -> Option<Grip> {
    // In a narrow window, the middle must stay free for moving it.
    let reach = GRIP.min(window.width() / 4.0);
    if (x - window.left()).abs() <= reach || (window.left() - GRIP..window.left()).contains(&x) {
        Some(Grip::From)
    } else if (x - window.right()).abs() <= reach
        || (window.right()..window.right() + GRIP).contains(&x)
    {
        Some(Grip::To)
    } else {
        window.x_range().contains(x).then_some(Grip::Whole)
    }
}

/// The view after the held edge was brought to `edge`, kept inside the session.
fn dragged(data: &Data<'_>, grip: Grip, edge: Moment) -> Span {
    let Span { from, to } = data.view;
    match grip {
        Grip::From => Span {
            from: edge.max(data.session.from).min(to.plus_ns(-SHORTEST_NS)),
            to,
        },
        Grip::To => Span {
            from,
            to: edge.min(data.session.to).max(from.plus_ns(SHORTEST_NS)),
        },
        Grip::Whole => {
            let length = data.view.length_ns();
            let last = data.session.to.plus_ns(-length).max(data.session.from);
            let from = edge.max(data.session.from).min(last);
            Span {
                from,
                to: from.plus_ns(length),
            }
        }
    }
}

/// Arrows move the window, plus and minus resize it, Home shows all.
fn keys(ui: &Ui, response: &Response, data: &Data<'_>) -> Option<Action> {
    if !response.has_focus() {
        return None;
    }
    let filter = EventFilter {
        horizontal_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let length = data.view.length_ns();
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let moved = |ns| changed(data, dragged(data, Grip::Whole, data.view.from.plus_ns(ns)));
    if pressed(Key::ArrowLeft) {
        moved(-length / 10)
    } else if pressed(Key::ArrowRight) {
        moved(length / 10)
    } else if pressed(Key::Plus) || pressed(Key::Equals) {
        changed(data, resized(data, length / 2))
    } else if pressed(Key::Minus) {
        changed(data, resized(data, length.saturating_mul(2)))
    } else {
        pressed(Key::Home).then_some(Action::ViewAll)
    }
}

fn resized(data: &Data<'_>, length_ns: i64) -> Span {
    let longest = data.session.length_ns().max(SHORTEST_NS);
    let length_ns = length_ns.clamp(SHORTEST_NS, longest);
    let middle = data.view.from.plus_ns(data.view.length_ns() / 2);
    let from = middle.plus_ns(-length_ns / 2);
    let view = Span {
        from,
        to: from.plus_ns(length_ns),
    };
    dragged(&Data { view, ..*data }, Grip::Whole, from)
}

fn spoken(data: &Data<'_>) -> String {
    if data.session.is_empty() {
        return "Overview: no samples yet".to_owned();
    }
    format!(
        "Overview of {}: the session lasts {}, the view {} from {}; {} events, {} notes",
        data.label,
        duration_text(data.session.seconds()),
        duration_text(data.view.seconds()),
        data.clock.text(data.view.from),
        data.events.len(),
        data.annotations.len()
    )
}

#[cfg(test)]
mod tests;
