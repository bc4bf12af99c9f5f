//! Turns drags, clicks and wheels over a plot into wishes.
//!
//! | gesture | wish |
//! |---|---|
//! | drag | select a range |
//! | Alt and drag | zoom into the range at once |
//! | Shift and drag, middle drag | pan |
//! | double click in the selection | zoom into it |
//! | double click elsewhere | whole range |
//! | Ctrl and wheel, pinch | zoom at the pointer |
//! | Shift and wheel, sideways wheel | pan |
//!
//! A plain wheel is left to the list of plots.

use eframe::egui::{PointerButton, Response, Ui};
use model::time::{Moment, Span};

use super::canvas::Canvas;
use super::panel::Action;

/// The shortest and longest view.
const VIEW_NS: (i64, i64) = (1000, 100 * 366 * 86_400 * 1_000_000_000);

/// What a drag without keys does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainDrag {
    /// Selects a range; Alt zooms.
    #[default]
    Selects,
    /// Zooms at once; Alt selects.
    Zooms,
}

/// What a wheel without keys does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainWheel {
    /// Scrolls the list of plots.
    #[default]
    Scrolls,
    /// Zooms at the pointer.
    Zooms,
}

/// Which habits the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// What a drag without keys does.
    pub drag: PlainDrag,
    /// What a wheel without keys does.
    pub wheel: PlainWheel,
}

/// A drag under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Drag {
    /// A range that will be selected.
    Select(Span, Moment),
    /// A range that will fill the view.
    Zoom(Span, Moment),
    /// The moment that stays under the pointer.
    Pan(Moment),
}

/// What the pointer did in this frame.
pub(crate) fn actions(
    ui: &Ui,
    response: &Response,
    canvas: &Canvas,
    (drag, habits, selection): (&mut Option<Drag>, Habits, Option<Span>),
) -> Vec<Action> {
    let mut actions = Vec::new();
    begin(ui, response, canvas, (drag, habits));
    if let Some(pointer) = response.interact_pointer_pos() {
        let here = canvas.moment(pointer.x.clamp(canvas.rect.left(), canvas.rect.right()));
        match drag {
            Some(Drag::Select(span, from)) => {
                let next = Span::between(*from, here);
                if next != *span {
                    actions.push(Action::Brush(next));
                }
                *span = next;
            }
            Some(Drag::Zoom(span, from)) => *span = Span::between(*from, here),
            Some(Drag::Pan(held)) => {
                let by = held.0.saturating_sub(canvas.moment(pointer.x).0);
                if by != 0 {
                    actions.push(Action::View(moved(canvas.view, by)));
                }
            }
            None => {}
        }
    }
    if response.drag_stopped() || !response.dragged() {
        match drag.take() {
            Some(Drag::Select(span, _)) if !span.is_empty() => actions.push(Action::Select(span)),
            Some(Drag::Zoom(span, _)) if !span.is_empty() => {
                actions.push(Action::View(bounded(span, span.from)));
            }
            _ => {}
        }
    }
    actions.extend(clicks(response, canvas, selection));
    actions.extend(wheel(ui, response, canvas, habits));
    actions
}

fn begin(
    ui: &Ui,
    response: &Response,
    canvas: &Canvas,
    (drag, habits): (&mut Option<Drag>, Habits),
) {
    if !response.drag_started() {
        return;
    }
    let (modifiers, origin) = ui.input(|input| (input.modifiers, input.pointer.press_origin()));
    let Some(origin) = origin else {
        return;
    };
    let from = canvas.moment(origin.x);
    let none = Span { from, to: from };
    let zooms = (habits.drag == PlainDrag::Zooms) != modifiers.alt;
    *drag = if response.dragged_by(PointerButton::Middle) || modifiers.shift {
        Some(Drag::Pan(from))
    } else if !response.dragged_by(PointerButton::Primary) {
        None
    } else if zooms {
        Some(Drag::Zoom(none, from))
    } else {
        Some(Drag::Select(none, from))
    };
}

fn clicks(response: &Response, canvas: &Canvas, selection: Option<Span>) -> Option<Action> {
    let pointer = response.interact_pointer_pos()?;
    let inside = selection.filter(|span| span.contains(canvas.moment(pointer.x)));
    if response.double_clicked() {
        Some(inside.map_or(Action::ViewAll, |span| {
            Action::View(bounded(span, span.from))
        }))
    } else if response.clicked() && selection.is_some() && inside.is_none() {
        Some(Action::Deselect)
    } else {
        None
    }
}

fn wheel(ui: &Ui, response: &Response, canvas: &Canvas, habits: Habits) -> Option<Action> {
    if !response.contains_pointer() {
        return None;
    }
    let pointer = response.hover_pos()?;
    let (mut zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
    if habits.wheel == PlainWheel::Zooms && scroll.y != 0.0 {
        zoom *= (f64::from(scroll.y) / 200.0).exp() as f32;
        ui.input_mut(|input| input.smooth_scroll_delta.y = 0.0);
    }
    if zoom != 1.0 && zoom > 0.0 {
        return Some(Action::View(zoomed(
            canvas.view,
            canvas.moment(pointer.x),
            f64::from(zoom),
        )));
    }
    if scroll.x == 0.0 {
        return None;
    }
    ui.input_mut(|input| input.smooth_scroll_delta.x = 0.0);
    let by = -f64::from(scroll.x) / canvas.points_per_ns();
    Some(Action::View(moved(canvas.view, by as i64)))
}

/// The view with `center` kept in place and `factor` times the detail.
pub fn zoomed(view: Span, center: Moment, factor: f64) -> Span {
    let length = view.length_ns().max(1) as f64;
    let share = center.0.saturating_sub(view.from.0) as f64 / length;
    let next = ((length / factor) as i64).clamp(VIEW_NS.0, VIEW_NS.1);
    let from = center.plus_ns(-((next as f64 * share) as i64));
    Span {
        from,
        to: from.plus_ns(next),
    }
}

/// The view moved by so many nanoseconds; its length stays the same.
pub fn moved(view: Span, ns: i64) -> Span {
    Span {
        from: view.from.plus_ns(ns),
        to: view.to.plus_ns(ns),
    }
}

/// The span, but not shorter or longer than a view may be.
fn bounded(span: Span, from: Moment) -> Span {
    Span {
        from,
        to: from.plus_ns(span.length_ns().clamp(VIEW_NS.0, VIEW_NS.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let view = Span {
            from: Moment(0),
            to: Moment(1_000_000),
        };
        let near = zoomed(view, Moment(250_000), 2.0);
        assert_eq!((near.from, near.to), (Moment(125_000), Moment(625_000)));
        assert_eq!(zoomed(near, Moment(250_000), 0.5), view);
        assert_eq!(zoomed(view, Moment(0), 1e12).length_ns(), VIEW_NS.0);
        assert_eq!(zoomed(view, Moment(0), 1e-30).length_ns(), VIEW_NS.1);
    }
}
