//! Lanes on the shared time axis: small curves and strips whose pointer, selection
//! and zoom are those of every screen.
//!
//! Start at [`Axis`] and [`Held::moves`]; [`curve_ui`] draws one series.

use analysis::track::Track;
use eframe::egui::epaint::Stroke;
use eframe::egui::{Color32, Id, Rect, Response, Sense, Shape, Ui, WidgetInfo, accesskit, pos2};
use model::time::{Moment, Span};

use crate::plot::canvas::Canvas;
use crate::plot::panel;
use crate::plot::pointer::{self, Drag, Habits};
use crate::plot::spark::{self, Spark};
use crate::plot::time_axis::Clock;
use crate::theme::{self, Theme};

/// The axis that all screens share.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// What all screens show.
    pub view: Span,
    /// The selected range.
    pub selection: Option<Span>,
    /// Where the pointer is on the axis, in whichever screen.
    pub cursor: Option<Moment>,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// What drags and wheels do.
    pub habits: Habits,
}

/// What the pointer holds over the lanes of one screen.
#[derive(Debug, Default)]
pub(super) struct Held {
    drag: Option<(Id, Drag)>,
    hovered: bool,
}

impl Held {
    /// What the pointer does over a lane; returns where it is.
    pub(super) fn moves(
        &mut self,
        ui: &Ui,
        (response, canvas, axis): (&Response, &Canvas, &Axis<'_>),
        actions: &mut Vec<panel::Action>,
    ) -> Option<Moment> {
        let mut drag = match self.drag {
            Some((id, drag)) if id == response.id => Some(drag),
            _ => None,
        };
        let asked = pointer::actions(
            ui,
            response,
            canvas,
            (&mut drag, axis.habits, axis.selection),
        );
        match (drag, self.drag) {
            (Some(drag), _) => self.drag = Some((response.id, drag)),
            (None, Some((id, _))) if id == response.id => self.drag = None,
            (None, _) => {}
        }
        actions.extend(asked);
        response.hover_pos().map(|at| canvas.moment(at.x))
    }

    /// Tells the shared axis where the pointer is, once it is no longer here too.
    pub(super) fn tell(&mut self, hovered: Option<Moment>, actions: &mut Vec<panel::Action>) {
        if hovered.is_some() || self.hovered {
            actions.push(panel::Action::Cursor(hovered));
        }
        self.hovered = hovered.is_some();
    }
}

/// Selection and pointer, as in every plot.
pub(super) fn guides(canvas: &Canvas, axis: &Axis<'_>, theme: &Theme) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let line = |x: f32, color| {
        let ends = [pos2(x, canvas.rect.top()), pos2(x, canvas.rect.bottom())];
        Shape::line_segment(ends, Stroke::new(1.0, color))
    };
    if let Some(span) = axis.selection {
        for edge in [span.from, span.to] {
            shapes.push(line(canvas.x(edge), theme.selection_edge));
        }
    }
    if let Some(at) = axis.cursor {
        shapes.push(line(canvas.x(at), theme.cursor));
    }
    shapes
}

/// One series in a lane.
#[derive(Clone, Copy)]
pub(super) struct Curve<'a> {
    /// Where on the screen.
    pub(super) rect: Rect,
    /// Tells it from the other lanes.
    pub(super) id: Id,
    /// Its data, if at hand.
    pub(super) track: Option<&'a Track>,
    /// What a screen reader says.
    pub(super) spoken: &'a str,
    /// The stretches that are marked.
    pub(super) marked: &'a [Span],
    /// Color of the line.
    pub(super) color: Color32,
}

/// Draws a series over the shared view; returns where the pointer is on the axis.
pub(super) fn curve_ui(
    ui: &Ui,
    held: &mut Held,
    (curve, axis): (&Curve<'_>, &Axis<'_>),
    actions: &mut Vec<panel::Action>,
) -> Option<Moment> {
    let theme = theme::of(ui.visuals());
    let rect = curve.rect;
    let response = ui.interact(rect, curve.id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Figure, true, curve.spoken));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 1.0, theme.ground);
    let drawn = Spark {
        rect,
        view: axis.view,
        marked: curve.marked,
        color: curve.color,
    };
    painter.extend(spark::shapes(curve.track, &drawn, theme));
    let canvas = spark::canvas(rect, axis.view);
    painter.extend(guides(&canvas, axis, theme));
    held.moves(ui, (&response, &canvas, axis), actions)
}
