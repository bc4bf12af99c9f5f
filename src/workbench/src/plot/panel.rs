//! One plot: title, legend, axes, curves and everything laid over them.
//!
//! The time axis, the cursor, the selection and the marks are shared by all
//! panels and come in with [`Shared`]; what the user wants goes out as
//! [`Action`]. The panel itself never moves the view.
//!
//! Start at [`ui`].

use std::cell::OnceCell;

use analysis::track::Track;
use eframe::egui::accesskit::Role;
use eframe::egui::{self, Align2, FontId, Rect, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_plot::{AxisHints, GridMark, Plot};
use model::annotation::Annotation;
use model::event::Event;
use model::series::SeriesKey;
use model::time::{Moment, Span, duration_text};

pub use super::canvas::Scale;
use super::legend;
pub use super::marks::Flaw;
use super::pointer;
pub use super::pointer::{Habits, PlainDrag, PlainWheel};
use super::scene::{self, Scene, Scratch};
use super::time_axis::{self, Clock, Tick};
pub use super::value_axis::Fit;
use super::value_axis::ValueAxis;
use crate::theme::{self, Look};

/// Width of the labels at the left, the same in all panels so that times line up.
const VALUE_LABELS: f32 = 58.0;

/// Height of the title line.
const TITLE: f32 = 18.0;

/// The plot itself is never lower than this.
const LOWEST: f32 = 40.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    scratch: Scratch,
    pointed: bool,
}

/// One series of a panel.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Its data.
    pub track: &'a Track,
    /// Its name within this panel, without what all series share.
    pub name: &'a str,
    /// What tells it from the others.
    pub look: Look,
    /// Whether it is drawn.
    pub shown: Shown,
}

/// Whether a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// As usual.
    #[default]
    Visible,
    /// Only named in the legend.
    Hidden,
}

/// How the series of a panel are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A line each.
    #[default]
    Lines,
    /// On top of each other, as parts of a whole.
    Stacked,
}

/// Whether the times are written below the plot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeLabels {
    /// With the day and the zone.
    #[default]
    Below,
    /// A panel further down has them.
    Off,
}

/// How one panel looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// How values are spread over the height.
    pub scale: Scale,
    /// How the value axis follows the data.
    pub fit: Fit,
    /// How the series are put together.
    pub form: Form,
    /// Whether the times are written below.
    pub time_labels: TimeLabels,
    /// Height of the whole panel in points.
    pub height: f32,
}

/// What all panels of a window share.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// What the time axis shows.
    pub view: Span,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// Where the pointer is on the axis, in whichever panel.
    pub cursor: Option<Moment>,
    /// The selected range.
    pub selection: Option<Span>,
    /// The measuring cursors A and B.
    pub measure: [Option<Moment>; 2],
    /// Notes.
    pub annotations: &'a [Annotation],
    /// Events, sorted by time.
    pub events: &'a [Event],
    /// Stretches of doubtful data.
    pub flaws: &'a [Flaw],
    /// Hosts that say nothing now: their last values are no longer those of now.
    pub mute: &'a [String],
    /// Which habits the user chose.
    pub habits: Habits,
}

/// Everything a panel shows, only borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// Number of the panel in its workspace; tells panels of one title apart.
    pub id: u64,
    /// What it shows.
    pub title: &'a str,
    /// Its series, in the order of the legend.
    pub curves: &'a [Curve<'a>],
    /// Why there is nothing to see, should that be so.
    pub empty: &'a str,
    /// How it looks.
    pub style: Style,
    /// What all panels share.
    pub shared: Shared<'a>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show this span in all panels.
    View(Span),
    /// Show the whole session.
    ViewAll,
    /// The pointer is at this moment, or left.
    Cursor(Option<Moment>),
    /// A range is being dragged; nothing needs to be computed yet.
    Brush(Span),
    /// This range is selected.
    Select(Span),
    /// Nothing is selected any more.
    Deselect,
    /// Do not draw this series.
    Hide(SeriesKey),
    /// Draw this series again.
    Show(SeriesKey),
    /// Draw only this series of the panel; all if it is alone already.
    Solo(SeriesKey),
    /// Open this note.
    Annotation(u32),
}

impl Default for Style {
    fn default() -> Self {
        Self {
            scale: Scale::Linear,
            fit: Fit::FromZero,
            form: Form::Lines,
            time_labels: TimeLabels::Below,
            height: 180.0,
        }
    }
}

/// Draws one panel; costs its pixels, however many samples there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let size = vec2(ui.available_width(), data.style.height);
    let rect = Rect::from_min_size(ui.cursor().min, size);
    if !ui.is_rect_visible(rect) {
        ui.allocate_exact_size(size, Sense::hover());
        return Vec::new();
    }
    let inside = egui::UiBuilder::new()
        .id_salt(("plot panel", data.id))
        .max_rect(rect);
    let mut actions = Vec::new();
    ui.scope_builder(inside, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let (title, _) = ui.allocate_exact_size(vec2(size.x, TITLE), Sense::hover());
        if data.curves.iter().all(|it| it.track.samples() == 0) {
            title_ui(ui, title, (data, "", ""));
            empty_ui(ui, rect, data);
        } else {
            actions = filled_ui(ui, state, data, (title, rect));
        }
        ui.allocate_rect(rect, Sense::hover());
    });
    state.scratch.cache.sweep();
    actions
}

fn filled_ui(
    ui: &mut Ui,
    state: &mut State,
    data: &Data<'_>,
    (title, rect): (Rect, Rect),
) -> Vec<Action> {
    let theme = theme::of(ui.visuals());
    let Scratch { cache, legend, .. } = &mut state.scratch;
    let answer = legend::ui(ui, (data.curves, legend), &data.shared, (cache, theme));
    let mut actions = answer.actions;
    let height = (rect.bottom() - ui.cursor().top()).max(LOWEST);
    let axis = OnceCell::new();
    let highlighted = answer.highlighted.as_ref();
    let (response, scene) = plot_ui(ui, state, data, (height, &axis, highlighted));
    let suffix = axis.get().map_or("", ValueAxis::suffix);
    title_ui(ui, title, (data, suffix, &scene.caption));
    actions.extend(pointer::actions(
        ui,
        &response,
        &scene.canvas,
        (
            &mut state.scratch.drag,
            data.shared.habits,
            data.shared.selection,
        ),
    ));
    actions.extend(cursor_actions(&response, state, (&scene, data)));
    let summary = |label: &str| WidgetInfo::labeled(Role::Figure, true, label);
    response.widget_info(|| summary(&scene::spoken(data, &state.scratch.cache)));
    let pointer = response.hover_pos();
    let spot = pointer.and_then(|at| scene.spots.iter().rfind(|spot| spot.rect.contains(at)));
    if let Some(spot) = spot {
        if let Some(id) = spot.annotation.filter(|_| response.clicked()) {
            actions.push(Action::Annotation(id));
        }
        response.on_hover_text_at_pointer(&spot.text);
    }
    actions
}

fn cursor_actions(
    response: &egui::Response,
    state: &mut State,
    (scene, data): (&Scene, &Data<'_>),
) -> Option<Action> {
    let next = response.hover_pos().map(|at| scene.canvas.moment(at.x));
    let before = std::mem::replace(&mut state.pointed, next.is_some());
    let changed = next != data.shared.cursor && (next.is_some() || before);
    changed.then_some(Action::Cursor(next))
}

/// Why there is nothing to see, in the place where it would be.
fn empty_ui(ui: &mut Ui, rect: Rect, data: &Data<'_>) {
    let theme = theme::of(ui.visuals());
    let inside = egui::UiBuilder::new()
        .max_rect(rect.shrink2(vec2(16.0, TITLE)))
        .layout(egui::Layout::centered_and_justified(
            egui::Direction::TopDown,
        ));
    let mut child = ui.new_child(inside);
    child.label(RichText::new(data.empty).color(theme.text_weak));
}

/// Title and unit at the left; cursor time or what a pixel stands for at the right.
fn title_ui(ui: &Ui, rect: Rect, (data, suffix, caption): (&Data<'_>, &str, &str)) {
    let theme = theme::of(ui.visuals());
    let painter = ui.painter();
    let title = match suffix {
        "" => data.title.to_owned(),
        _ => format!("{} [{suffix}]", data.title),
    };
    let left = rect.left_center() + vec2(4.0, 0.0);
    let font = FontId::proportional(13.0);
    let used = painter.text(left, Align2::LEFT_CENTER, title, font, theme.text);
    let shared = &data.shared;
    let right = match (shared.measure, shared.cursor) {
        ([Some(a), Some(b)], _) => {
            let seconds = b.0.saturating_sub(a.0) as f64 / 1e9;
            format!("B − A = {}", duration_text(seconds))
        }
        (_, Some(cursor)) => shared.clock.text(cursor),
        _ => caption.to_owned(),
    };
    let font = FontId::proportional(11.0);
    let galley = painter.layout_no_wrap(right, font, theme.text_weak);
    let place = rect.right_center() - vec2(galley.size().x + 4.0, galley.size().y / 2.0);
    if place.x > used.right() + 8.0 {
        painter.galley(place, galley, theme.text_weak);
    }
}

fn plot_ui(
    ui: &mut Ui,
    state: &mut State,
    data: &Data<'_>,
    (height, axis, highlighted): (f32, &OnceCell<ValueAxis>, Option<&SeriesKey>),
) -> (egui::Response, Scene) {
    let theme = theme::of(ui.visuals());
    let shared = &data.shared;
    let ticks: OnceCell<(Vec<Tick>, i64)> = OnceCell::new();
    let below = data.style.time_labels == TimeLabels::Below;
    let times = || ticks.get().map_or(&[][..], |(ticks, _)| ticks.as_slice());
    let offset = |tick: &Tick| tick.at.0.saturating_sub(shared.view.from.0) as f64;
    let time_label = |mark: GridMark| {
        let tick = times().iter().find(|tick| offset(tick) == mark.value);
        tick.map_or_else(String::new, |tick| tick.label.clone())
    };
    let time_marks = || {
        let step_size = ticks.get().map_or(1.0, |(_, step)| *step as f64);
        let mark = |tick: &Tick| GridMark {
            value: offset(tick),
            step_size,
        };
        times().iter().map(mark).collect()
    };
    let caption = RichText::new(shared.clock.caption(shared.view)).small();
    let mut time_hints = AxisHints::new_x()
        .label_spacing(1.0..=2.0)
        .tick_label_color(theme.text_weak)
        .formatter(move |mark, _| time_label(mark));
    if below {
        time_hints = time_hints.label(caption.color(theme.text_weak));
    }
    let value_hints = AxisHints::new_y()
        .label_spacing(1.0..=2.0)
        .min_thickness(VALUE_LABELS)
        .tick_label_color(theme.text_weak)
        .formatter(|mark, _| {
            axis.get()
                .map_or_else(String::new, |it| it.label(mark.value))
        });
    let plot = Plot::new(("plot", data.id))
        .height(height)
        .min_size(vec2(1.0, 1.0))
        .show_axes([below, true])
        .custom_x_axes(vec![time_hints])
        .custom_y_axes(vec![value_hints])
        .x_grid_spacer(move |_| time_marks())
        .y_grid_spacer(|_| axis.get().map_or_else(Vec::new, ValueAxis::marks))
        .grid_spacing(1.0..=2.0)
        .grid_color(theme.grid)
        .show_x(false)
        .show_y(false)
        .auto_bounds([false, false])
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false);
    let shown = plot.show(ui, |plot| {
        let width = plot.response().rect.width();
        ticks.get_or_init(|| time_axis::ticks(shared.clock, shared.view, width));
        scene::compose(plot, &mut state.scratch, data, (axis, highlighted, theme))
    });
    (shown.response, shown.inner)
}
