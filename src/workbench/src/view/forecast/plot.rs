//! The past of a series, what is forecast with its band, and the forecast of a horizon
//! ago against what came.

use eframe::egui::epaint::Stroke;
use eframe::egui::{Button, Color32, RichText, Sense, Shape, Ui, WidgetInfo, accesskit, pos2};
use model::pyramid::Extent;
use model::time::{Moment, Span};

use crate::inquiry::forecast::One;
use crate::plot::canvas::Canvas;
use crate::plot::chart::{self, Axes, Below};
use crate::plot::panel::{self, Fit};
use crate::theme::{self, Theme};
use crate::view::lane::{self, Axis, Held};

/// Without a choice so many horizons of the past are shown.
const PAST: i64 = 4;

/// How strongly a band covers what is behind it.
const BAND: f32 = 0.28;

/// Scratch: what of the plot's own axis is shown.
#[derive(Debug, Default)]
pub(super) struct State {
    view: Option<Span>,
    whole: bool,
}

impl State {
    /// Shows the usual stretch again.
    pub(super) fn reset(&mut self) {
        self.view = None;
    }
}

/// What is drawn.
pub(super) struct Shown<'a> {
    pub(super) one: &'a One,
    pub(super) axis: &'a Axis<'a>,
}

/// Chooses how much of the past is shown.
pub(super) fn past_ui(ui: &mut Ui, state: &mut State) {
    let button = Button::selectable(state.whole, "whole past").small();
    let hint = "Show the whole past; wheel and drag move this plot's own time axis";
    if ui.add(button).on_hover_text(hint).clicked() {
        state.whole = !state.whole;
        state.view = None;
    }
}

/// Draws the plot and its legend.
pub(super) fn ui(
    ui: &mut Ui,
    (state, held): (&mut State, &mut Held),
    shown: &Shown<'_>,
    actions: &mut Vec<panel::Action>,
) {
    let theme = theme::of(ui.visuals());
    legend_ui(ui, shown.one, theme);
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    let one = shown.one;
    response.widget_info(|| {
        let spoken = format!(
            "Forecast of {}: {}",
            one.track.series().key,
            super::facts::limit_sentence(one)
        );
        WidgetInfo::labeled(accesskit::Role::Figure, true, spoken)
    });
    let usual = usual(one, state.whole);
    let view = state.view.unwrap_or(usual);
    let axes = Axes {
        rect,
        extent: extent(one, view),
        unit: &one.track.series().unit,
        fit: Fit::FromZero,
        below: Below::Time(shown.axis.clock, view),
    };
    let canvas = chart::axes(ui, &axes, theme);
    let painter = ui.painter_at(canvas.rect);
    painter.extend(shapes(one, &canvas, theme));
    // The plot moves its own axis; cursor and selection are those of every screen.
    let own = Axis {
        view,
        ..*shown.axis
    };
    painter.extend(lane::guides(&canvas, &own, theme));
    let mut asked = Vec::new();
    let inside = response.hover_pos().filter(|at| canvas.rect.contains(*at));
    let found = held.moves(ui, (&response, &canvas, &own), &mut asked);
    for action in asked {
        match action {
            panel::Action::View(span) => state.view = Some(span),
            panel::Action::ViewAll => state.view = None,
            other => actions.push(other),
        }
    }
    held.tell(found.filter(|_| inside.is_some()), actions);
    if let Some(at) = inside.map(|at| canvas.moment(at.x)) {
        response.on_hover_text_at_pointer(told(one, (at, shown.axis)));
    }
}

fn legend_ui(ui: &mut Ui, one: &One, theme: &Theme) {
    ui.horizontal_wrapped(|ui| {
        let level = format!("{:.0} % band", 100.0 * one.level);
        for (sign, name, color) in [
            ("━", "past", theme.series_color(0)),
            ("╍", "expected", theme.series_color(1)),
            ("■", level.as_str(), band(theme.series_color(1), theme)),
            ("┈", "forecast a horizon ago", theme.series_color(3)),
        ] {
            if name.starts_with("forecast") && one.fold.is_none() {
                continue;
            }
            ui.label(RichText::new(format!("{sign} {name}")).color(color).small());
        }
        if one.limit.is_some() {
            ui.label(RichText::new("━ limit").color(theme.severe).small());
        }
    });
}

/// A band's color over the ground, strong enough to be seen.
fn band(color: Color32, theme: &Theme) -> Color32 {
    theme.ground.lerp_to_gamma(color, BAND * 2.0)
}

/// Some horizons of the past, or all of it, and the future.
fn usual(one: &One, whole: bool) -> Span {
    let ahead = one.step_ns.saturating_mul(one.forecast.mean.len() as i64);
    let first = one.track.span().from;
    let from = match whole {
        true => first,
        false => first.max(one.last_at.plus_ns(-PAST.saturating_mul(ahead))),
    };
    Span {
        from,
        to: one.last_at.plus_ns(ahead.saturating_add(ahead / 20)),
    }
}

/// When a row ahead of a moment is.
fn ahead_of(one: &One, from: Moment) -> impl Fn(usize) -> Moment + use<> {
    let step = one.step_ns;
    move |row| from.plus_ns(step.saturating_mul(row as i64 + 1))
}

/// What must fit into the height: the values in sight and the bands.
fn extent(one: &One, view: Span) -> Extent {
    let drawn = analysis::envelope::envelope(&one.track, view, 256);
    let mut extent = drawn.extent();
    let forecast = &one.forecast;
    let fold = one.fold.iter().flat_map(|it| &it.forecast.mean);
    let paths = [&forecast.mean, &forecast.lo, &forecast.hi];
    for value in paths.into_iter().flatten().chain(fold) {
        if value.is_finite() {
            extent.add(*value);
        }
    }
    // A limit is shown where it is near; a far one would flatten the curve.
    if let Some((limit, _)) = &one.limit
        && limit.value <= 2.0 * extent.max
    {
        extent.add(limit.value);
    }
    extent
}

fn shapes(one: &One, canvas: &Canvas, theme: &Theme) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let (past, next, before) = (
        theme.series_color(0),
        theme.series_color(1),
        theme.series_color(3),
    );
    let forecast = &one.forecast;
    let at = ahead_of(one, one.last_at);
    let fill = next.gamma_multiply(BAND);
    shapes.push(chart::band(canvas, (&at, &forecast.lo, &forecast.hi), fill));
    if let Some(fold) = &one.fold {
        let at = ahead_of(one, fold.from);
        let edges = &fold.forecast;
        let fill = before.gamma_multiply(BAND * 0.6);
        shapes.push(chart::band(canvas, (&at, &edges.lo, &edges.hi), fill));
        let pen = (Stroke::new(1.4, before), Some((2.0, 3.0)));
        shapes.extend(chart::path(canvas, (&at, &edges.mean), pen));
    }
    chart::curve(&one.track, canvas, past, &mut shapes);
    let pen = (Stroke::new(1.8, next), Some((7.0, 4.0)));
    shapes.extend(chart::path(canvas, (&at, &forecast.mean), pen));
    let line = |from, to, color| Shape::line_segment([from, to], Stroke::new(1.0, color));
    let now = canvas.x(one.last_at);
    let (top, bottom) = (canvas.rect.top(), canvas.rect.bottom());
    shapes.push(line(pos2(now, top), pos2(now, bottom), theme.text_weak));
    if let Some((limit, _)) = &one.limit {
        let y = canvas.y(limit.value);
        let (left, right) = (canvas.rect.left(), canvas.rect.right());
        shapes.push(line(pos2(left, y), pos2(right, y), theme.severe));
    }
    shapes
}

/// What stands at a moment: what was, or what is expected.
fn told(one: &One, (at, axis): (Moment, &Axis<'_>)) -> String {
    let unit = &one.track.series().unit;
    let time = axis.clock.text(at);
    if at <= one.last_at {
        let value = one.track.value_at(at).map_or(f64::NAN, |(_, value)| value);
        return format!("{time}\n{}", unit.text(value));
    }
    let rows = at.0.saturating_sub(one.last_at.0) / one.step_ns.max(1);
    let place = usize::try_from(rows - 1).unwrap_or_default();
    let value = |path: &[f64]| unit.text(path.get(place).copied().unwrap_or(f64::NAN));
    let forecast = &one.forecast;
    format!(
        "{time}\n{} expected ({} to {})",
        value(&forecast.mean),
        value(&forecast.lo),
        value(&forecast.hi)
    )
}
