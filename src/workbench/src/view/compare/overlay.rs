//! Both windows on one time axis: A muted, B in color, A moved as the user likes.

use analysis::envelope::envelope;
use analysis::track::Track;
use eframe::egui::epaint::Stroke;
use eframe::egui::{Align2, ComboBox, DragValue, FontId, Rect, Response, Sense, Ui, pos2, vec2};
use model::columns::Column;
use model::time::{Moment, SECOND_NS, Span};

use super::tools::named;
use super::{Data, detail};
use crate::contrast::answer::Answer;
use crate::contrast::closeup::CloseUp;
use crate::plot::canvas::{Canvas, Scale};
use crate::plot::curve::{self, Marks, Pen, Weight};
use crate::plot::panel::{self, Fit};
use crate::plot::pointer::{self, Drag, Habits, PlainDrag};
use crate::plot::time_axis::{self, Clock};
use crate::theme::{self, Look, Theme};
use crate::view::plane;

const DAY_NS: i64 = 86_400 * SECOND_NS;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub(super) struct State {
    align: Align,
    /// How far the user moved A, in seconds; to the right is positive.
    offset: f64,
    /// What the axis shows; `None` for all.
    view: Option<Span>,
    drag: Option<Drag>,
    made_for: Option<(u64, usize, i64)>,
    tracks: [Option<Track>; 2],
}

/// How A is laid over B.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Align {
    /// Both windows begin together.
    #[default]
    Start,
    /// By the time of day.
    Clock,
    /// By what happened on both sides, by its name.
    Landmark(String),
}

/// How far A is moved so that it lies over B, in nanoseconds.
pub(super) fn shift_ns(align: &Align, offset: f64, answer: &Answer) -> i64 {
    let [a, b] = &answer.sides;
    let start = b.span.from.0.saturating_sub(a.span.from.0);
    let base = match align {
        Align::Start => start,
        // Windows of one day stay where they are; others move by whole days.
        Align::Clock => {
            let days = start as f64 / DAY_NS as f64;
            (days.round() as i64).saturating_mul(DAY_NS)
        }
        Align::Landmark(name) => {
            let mut all = answer.landmarks.iter();
            let found = all.find(|it| it.name == *name);
            found.map_or(start, |it| it.at[1].0.saturating_sub(it.at[0].0))
        }
    };
    base.saturating_add((offset * SECOND_NS as f64) as i64)
}

/// How A is laid over B.
pub(super) fn tools_ui(ui: &mut Ui, state: &mut State, answer: &Answer) {
    ui.label("Align by");
    let text = match &state.align {
        Align::Start => "start of each window".to_owned(),
        Align::Clock => "time of day".to_owned(),
        Align::Landmark(name) => name.clone(),
    };
    let before = state.align.clone();
    let combo = ComboBox::from_id_salt("align")
        .selected_text(text)
        .width(150.0)
        .truncate()
        .show_ui(ui, |ui| {
            let align = &mut state.align;
            ui.selectable_value(align, Align::Start, "start of each window");
            ui.selectable_value(align, Align::Clock, "time of day");
            for landmark in &answer.landmarks {
                let one = Align::Landmark(landmark.name.clone());
                ui.selectable_value(align, one, &landmark.name);
            }
            if answer.landmarks.is_empty() {
                ui.weak("No event or note is on both sides.");
            }
        });
    named(&combo.response, "How A is laid over B");
    if state.align != before {
        state.view = None;
    }
    ui.label("A moved by");
    let field = DragValue::new(&mut state.offset).speed(0.1).suffix(" s");
    ui.add(field)
        .on_hover_text("Drag or type: moves A against B, to the right is later");
    if state.offset != 0.0 && ui.small_button("0").on_hover_text("Put A back").clicked() {
        state.offset = 0.0;
    }
    if state.view.is_some() && ui.small_button("Show all").clicked() {
        state.view = None;
    }
}

/// Draws both curves; costs their pixels.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut State,
    (closeup, answer, data): (&CloseUp, &Answer, &Data<'_>),
) {
    let theme = theme::of(ui.visuals());
    let shift = shift_ns(&state.align, state.offset, answer);
    refresh(state, (closeup, data.version, shift));
    let [a, b] = answer.sides.each_ref().map(|it| it.span);
    let moved = Span {
        from: a.from.plus_ns(shift),
        to: a.to.plus_ns(shift),
    };
    let all = moved.union(b);
    let view = state.view.unwrap_or(all);
    let name = answer
        .rows
        .get(closeup.wanted.row)
        .map(|row| row.series.key.column());
    let spoken = format!("{} in A and in B, over time", name.unwrap_or_default());
    let (response, rect) = plane::allocate(ui, (Sense::click_and_drag(), spoken));
    let columns = (rect.width() * ui.pixels_per_point()).max(1.0) as usize;
    let drawn = state.tracks.each_ref().map(|track| {
        let track = track.as_ref()?;
        Some(envelope(track, view, columns))
    });
    let extents = drawn.iter().flatten().map(|it| it.extent());
    let values = extents.flat_map(|it| [it.min, it.max]);
    let unit = answer
        .rows
        .get(closeup.wanted.row)
        .map(|row| &row.series.unit);
    let unit = unit.cloned().unwrap_or_else(|| model::unit::Unit::new("1"));
    let axis = plane::upright(values, (&unit, Fit::FromZero), rect);
    let clock = clock(&state.align, (answer, data));
    let canvas = Canvas {
        rect,
        view,
        low: axis.low,
        high: axis.high,
        scale: Scale::Linear,
        pixel: 1.0 / ui.pixels_per_point(),
    };
    let (ticks, _) = time_axis::ticks(&clock, view, rect.width());
    let ticks = ticks.into_iter().filter(|it| !it.label.is_empty());
    let ticks: Vec<(f32, String)> = ticks.map(|it| (canvas.x(it.at), it.label)).collect();
    let title = plane::titled("value", &axis);
    let caption = clock.caption(view);
    plane::paint(
        ui.painter(),
        (rect, &axis, &ticks),
        [&caption, &title],
        theme,
    );
    let mut shapes = Vec::new();
    for (drawn, color) in drawn.iter().zip(detail::colors(theme)) {
        let pen = Pen {
            color,
            look: Look::default(),
            weight: Weight::Normal,
            marks: Marks::Off,
        };
        if let Some(drawn) = drawn {
            curve::draw(drawn, &canvas, &pen, &mut shapes);
        }
    }
    ui.painter_at(rect).extend(shapes);
    act(ui, state, (&response, &canvas, data.habits));
    legend(ui, rect, &state.tracks, theme);
    reading(ui, state, (&response, &canvas, &clock), theme);
}

/// A's times are moved once per change, not per frame.
fn refresh(state: &mut State, (closeup, version, shift): (&CloseUp, u64, i64)) {
    let made_for = Some((version, closeup.wanted.row, shift));
    if state.made_for == made_for {
        return;
    }
    if state.made_for.is_none_or(|(known, _, _)| known != version) {
        state.view = None;
    }
    state.made_for = made_for;
    let [a, b] = &closeup.curves;
    let moved = a.as_ref().map(|column| {
        let at = column.at.iter().map(|at| at.saturating_add(shift));
        Track::whole(&Column {
            at: at.collect(),
            ..column.clone()
        })
    });
    state.tracks = [moved, b.as_ref().map(Track::whole)];
}

/// How moments of B's axis are labeled.
fn clock(align: &Align, (answer, data): (&Answer, &Data<'_>)) -> Clock {
    match align {
        Align::Clock => data.clock.clone(),
        Align::Start => Clock::Since {
            moment: answer.sides[1].span.from,
            name: "start of the window".to_owned(),
        },
        Align::Landmark(name) => {
            let found = answer.landmarks.iter().find(|it| it.name == *name);
            Clock::Since {
                moment: found.map_or(answer.sides[1].span.from, |it| it.at[1]),
                name: name.clone(),
            }
        }
    }
}

/// A drag zooms, as there is nothing to select on an axis that two windows share.
fn act(ui: &Ui, state: &mut State, (response, canvas, habits): (&Response, &Canvas, Habits)) {
    let habits = Habits {
        drag: PlainDrag::Zooms,
        ..habits
    };
    let asked = pointer::actions(ui, response, canvas, (&mut state.drag, habits, None));
    for action in asked {
        match action {
            panel::Action::View(span) => state.view = Some(span),
            panel::Action::ViewAll => state.view = None,
            _ => {}
        }
    }
    if let Some(Drag::Zoom(span, _)) = state.drag {
        let theme = theme::of(ui.visuals());
        let (from, to) = (canvas.x(span.from), canvas.x(span.to));
        let band = Rect::from_x_y_ranges(from..=to, canvas.rect.y_range());
        let band = band.intersect(canvas.rect);
        ui.painter().rect_filled(band, 0.0, theme.selection_fill);
    }
}

fn legend(ui: &Ui, rect: Rect, tracks: &[Option<Track>; 2], theme: &Theme) {
    let mut at = rect.right_top() - vec2(0.0, 2.0);
    let names = ["A before", "B after"];
    for ((name, track), color) in names.iter().zip(tracks).zip(detail::colors(theme)).rev() {
        let text = match track {
            Some(_) => (*name).to_owned(),
            None => format!("{name}: not there"),
        };
        let font = FontId::proportional(11.0);
        let drawn = ui
            .painter()
            .text(at, Align2::RIGHT_BOTTOM, text, font, color);
        let line = Rect::from_min_size(
            pos2(drawn.left() - 20.0, drawn.center().y - 1.0),
            vec2(16.0, 2.0),
        );
        ui.painter().rect_filled(line, 0.0, color);
        at.x = line.left() - 12.0;
    }
}

/// The values of both windows under the pointer, and how far they are apart.
fn reading(
    ui: &Ui,
    state: &State,
    (response, canvas, clock): (&Response, &Canvas, &Clock),
    theme: &Theme,
) {
    let Some(pointer) = response.hover_pos().filter(|it| canvas.rect.contains(*it)) else {
        return;
    };
    let moment: Moment = canvas.moment(pointer.x);
    let stroke = Stroke::new(1.0, theme.cursor);
    ui.painter().vline(pointer.x, canvas.rect.y_range(), stroke);
    let values = state.tracks.each_ref().map(|track| {
        let found = track.as_ref().and_then(|it| it.value_at(moment));
        found.map_or(f64::NAN, |(_, value)| value)
    });
    let unit = state.tracks.iter().flatten().next();
    let Some(unit) = unit.map(|it| it.series().unit.clone()) else {
        return;
    };
    for (value, color) in values.iter().zip(detail::colors(theme)) {
        if value.is_finite() {
            let at = pos2(pointer.x, canvas.y(*value));
            ui.painter().circle_filled(at, 3.0, color);
        }
    }
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(clock.text(moment));
        for (name, value) in ["A", "B"].iter().zip(values) {
            ui.label(format!("{name}: {}", unit.text(value)));
        }
        ui.label(format!("B − A: {}", unit.text(values[1] - values[0])));
    });
}
