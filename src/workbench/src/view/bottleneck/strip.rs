//! When what limited: a lane for each host with its verdicts, one for each resource
//! that limited with its episodes, and the curves of what is chosen.

use analysis::bottleneck::{Episode, Judgment, Outcome, Resource};
use eframe::egui::{
    Align2, Id, Rect, RichText, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, accesskit, vec2,
};
use model::time::{Moment, Span, duration_text};

use super::{Action, Answer, Data, rows};
use crate::inquiry::limits::Judged;
use crate::plot::panel;
use crate::plot::spark;
use crate::theme::{self, Theme};
use crate::view::lane::{self, Held};
use crate::view::list::{self, Ink};
use crate::workspace::Item;

/// Room for names at the left.
const NAMES: f32 = 168.0;

/// Height of a lane of verdicts or episodes.
const LANE: f32 = 17.0;

/// Height of a lane with a curve.
const CURVE: f32 = 32.0;

/// Scratch: which episodes stand in which lane.
#[derive(Debug, Default)]
pub(super) struct State {
    made_for: Option<u64>,
    lanes: Vec<Lane>,
}

/// The episodes of one resource of one host.
#[derive(Debug)]
struct Lane {
    name: String,
    resource: Resource,
    episodes: Vec<usize>,
}

/// What is shown beside the verdicts.
pub(super) struct Shown<'a> {
    pub(super) judged: &'a Judged,
    pub(super) chosen: Option<&'a Judgment>,
    pub(super) culprit: Option<Item>,
}

impl State {
    fn refresh(&mut self, outcome: &Outcome, version: u64) {
        if self.made_for == Some(version) {
            return;
        }
        self.made_for = Some(version);
        self.lanes.clear();
        for (place, episode) in outcome.episodes.iter().enumerate() {
            let name = name(episode);
            match self.lanes.iter_mut().find(|it| it.name == name) {
                Some(lane) => lane.episodes.push(place),
                None => self.lanes.push(Lane {
                    name,
                    resource: episode.resource,
                    episodes: vec![place],
                }),
            }
        }
        self.lanes
            .sort_by(|a, b| (a.resource, &a.name).cmp(&(b.resource, &b.name)));
    }
}

fn name(episode: &Episode) -> String {
    let parts = [
        episode.resource.name(),
        episode.part.as_str(),
        episode.host.as_str(),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    parts.join(" · ")
}

/// From the first to the last episode of a candidate; `None` if it had none.
pub(super) fn stretch(outcome: &Outcome, judgment: &Judgment) -> Option<Span> {
    let mut own = outcome.episodes.iter().filter(|it| {
        (it.resource, &it.host, &it.part) == (judgment.resource, &judgment.host, &judgment.part)
    });
    let first = own.next()?.span;
    Some(own.fold(first, |all, it| all.union(it.span)))
}

/// Draws the lanes.
pub(super) fn ui(
    ui: &mut Ui,
    (state, held): (&mut State, &mut Held),
    (shown, data): (&Shown<'_>, &Data<'_>),
    answer: &mut Answer,
) {
    let outcome = &shown.judged.outcome;
    state.refresh(outcome, data.version);
    legend_ui(ui, outcome);
    let mut asked = Vec::new();
    let mut hovered = None;
    let area = ScrollArea::vertical().id_salt("lanes").auto_shrink(false);
    area.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for host in hosts(outcome) {
            let found = verdicts_ui(ui, held, (outcome, host, data), &mut asked);
            hovered = hovered.or(found);
        }
        if state.lanes.is_empty() {
            ui.weak("Nothing limited at any time of the session.");
        }
        for lane in &state.lanes {
            let found = lane_ui(ui, held, (lane, outcome, data), (&mut asked, answer));
            hovered = hovered.or(found);
        }
        for (name, item) in curves(shown) {
            let found = curve_ui(ui, held, (&name, &item, shown, data), &mut asked);
            answer.wanted.push(item);
            hovered = hovered.or(found);
        }
    });
    held.tell(hovered, &mut asked);
    answer.actions.extend(asked.into_iter().map(Action::Axis));
}

fn hosts(outcome: &Outcome) -> Vec<&str> {
    let mut hosts: Vec<&str> = outcome.cells.iter().map(|it| it.host.as_str()).collect();
    hosts.dedup();
    hosts
}

/// The color of a resource, the same in all lanes.
fn color(resource: Resource, theme: &Theme) -> eframe::egui::Color32 {
    let place = Resource::ALL.iter().position(|it| *it == resource);
    theme.series_color(place.unwrap_or_default())
}

fn legend_ui(ui: &mut Ui, outcome: &Outcome) {
    let theme = theme::of(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.strong("When");
        let limited = |it: &&Resource| outcome.cells.iter().any(|cell| cell.verdict == Some(**it));
        for resource in Resource::ALL.iter().filter(limited) {
            let text = format!("■ {}", resource.name());
            ui.label(RichText::new(text).color(color(*resource, theme)).small());
        }
        let hint = "over the whole session · click an episode to select it in every screen";
        ui.weak(RichText::new(hint).small());
    });
}

/// Cuts the names off a lane, draws them and the ground of the rest; gives the room for
/// a second line and the rest.
fn ground_ui(ui: &mut Ui, (height, name): (f32, &str)) -> (Rect, Rect) {
    let theme = theme::of(ui.visuals());
    let size = vec2(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut rest = rect;
    let names = list::cut(&mut rest, NAMES.min(rect.width() * 0.3));
    // A high lane has room for a second line.
    let (names, below) = match height > LANE {
        true => names.split_top_bottom_at_fraction(0.5),
        false => (names, Rect::NOTHING),
    };
    let ink = Ink {
        style: TextStyle::Small,
        ..Ink::left(theme.text_weak)
    };
    list::text(ui, names, name, &ink);
    ui.painter().rect_filled(rest, 1.0, theme.ground);
    (below, rest)
}

/// The verdict of each cell of a host.
fn verdicts_ui(
    ui: &mut Ui,
    held: &mut Held,
    (outcome, host, data): (&Outcome, &str, &Data<'_>),
    asked: &mut Vec<panel::Action>,
) -> Option<Moment> {
    let theme = theme::of(ui.visuals());
    let title = match host {
        "" => "verdict".to_owned(),
        host => format!("verdict · {host}"),
    };
    let (_, rect) = ground_ui(ui, (LANE, &title));
    let id = ui.scope_id().with(("verdicts", host));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let own = || outcome.cells.iter().filter(|it| it.host == host);
    response.widget_info(|| {
        let spoken = format!("{title}: {}", shares(own().map(|it| it.verdict)));
        WidgetInfo::labeled(accesskit::Role::Figure, true, spoken)
    });
    let canvas = spark::canvas(rect, data.axis.view);
    let painter = ui.painter_at(rect);
    for cell in own() {
        let (from, to) = (canvas.x(cell.span.from), canvas.x(cell.span.to));
        if let Some(verdict) = cell.verdict
            && to >= rect.left()
            && from <= rect.right()
        {
            let band = Rect::from_x_y_ranges(from..=to.max(from + 1.0), rect.y_range());
            painter.rect_filled(band.intersect(rect), 0.0, color(verdict, theme));
        }
    }
    painter.extend(lane::guides(&canvas, &data.axis, theme));
    let found = held.moves(ui, (&response, &canvas, &data.axis), asked);
    let cell = found.and_then(|at| own().find(|it| it.span.contains(at)));
    if let Some(cell) = cell {
        let verdict = cell.verdict.map_or("nothing limited", Resource::name);
        response.on_hover_text_at_pointer(verdict);
    }
    found
}

/// How much of the time which resource limited.
fn shares(verdicts: impl Iterator<Item = Option<Resource>>) -> String {
    let all: Vec<Option<Resource>> = verdicts.collect();
    let share = |wanted: Option<Resource>| {
        let count = all.iter().filter(|it| **it == wanted).count();
        100 * count / all.len().max(1)
    };
    let mut parts = vec![format!("nothing limited {} % of the time", share(None))];
    for resource in Resource::ALL {
        if share(Some(resource)) > 0 {
            parts.push(format!("{} {} %", resource.name(), share(Some(resource))));
        }
    }
    parts.join(", ")
}

/// The episodes of one resource; each is a button.
fn lane_ui(
    ui: &mut Ui,
    held: &mut Held,
    (lane, outcome, data): (&Lane, &Outcome, &Data<'_>),
    (asked, answer): (&mut Vec<panel::Action>, &mut Answer),
) -> Option<Moment> {
    let theme = theme::of(ui.visuals());
    let (_, rect) = ground_ui(ui, (LANE, &lane.name));
    let base = ui.scope_id().with(("episodes", &lane.name));
    let response = ui.interact(rect, base, Sense::click_and_drag());
    let count = lane.episodes.len();
    response.widget_info(|| {
        let spoken = format!("Episodes of {}: {count}", lane.name);
        WidgetInfo::labeled(accesskit::Role::Figure, true, spoken)
    });
    let canvas = spark::canvas(rect, data.axis.view);
    let mut found = held.moves(ui, (&response, &canvas, &data.axis), asked);
    for place in &lane.episodes {
        let Some(episode) = outcome.episodes.get(*place) else {
            continue;
        };
        let (from, to) = (canvas.x(episode.span.from), canvas.x(episode.span.to));
        let bar = Rect::from_x_y_ranges(from..=to.max(from + 3.0), rect.y_range());
        let bar = bar.intersect(rect);
        if bar.is_positive() {
            let pointed = episode_ui(
                ui,
                (bar.shrink2(vec2(0.0, 1.0)), base.with(place)),
                (episode, data),
                answer,
            );
            found = found.or(pointed.map(|x| canvas.moment(x)));
        }
    }
    ui.painter_at(rect)
        .extend(lane::guides(&canvas, &data.axis, theme));
    found
}

/// One episode; returns where the pointer is over it.
fn episode_ui(
    ui: &Ui,
    (bar, id): (Rect, Id),
    (episode, data): (&Episode, &Data<'_>),
    answer: &mut Answer,
) -> Option<f32> {
    let theme = theme::of(ui.visuals());
    let response = ui.interact(bar, id, Sense::click());
    let length = duration_text(episode.span.seconds());
    let from = data.axis.clock.text(episode.span.from);
    let spoken = format!("{} limited for {length} from {from}", name(episode));
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, &spoken));
    let fill = color(episode.resource, theme);
    ui.painter().rect_filled(bar, 1.0, fill);
    if response.hovered() || response.has_focus() {
        let stroke = eframe::egui::Stroke::new(1.5, theme.text);
        let inside = eframe::egui::StrokeKind::Inside;
        ui.painter().rect_stroke(bar, 1.0, stroke, inside);
    }
    let ink = Ink {
        style: TextStyle::Small,
        color: theme.ground,
        align: Align2::LEFT_CENTER,
    };
    if bar.width() > 44.0 {
        list::text(ui, bar.shrink2(vec2(4.0, 0.0)), &length, &ink);
    }
    if response.clicked() {
        answer.actions.push(Action::Show(episode.span));
    }
    let at = response.hover_pos().map(|at| at.x);
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(&spoken);
        for culprit in &episode.culprits {
            let share = model::unit::Unit::new("1").text(culprit.share);
            ui.label(format!(
                "{} made {share} of the load",
                rows::blamed(culprit)
            ));
        }
        ui.weak("Click selects this stretch of time in every screen.");
    });
    at
}

/// The curves of what is chosen: the candidate's own, then its culprit's.
fn curves(shown: &Shown<'_>) -> Vec<(String, Item)> {
    let own = shown.chosen.map(Judgment::series).unwrap_or_default();
    let own = own.into_iter().map(|name| {
        let key = name.parse().unwrap_or_default();
        (name, Item::Series(key))
    });
    let culprit = shown.culprit.iter().map(|item| {
        let name = crate::explore::arrange::list_name(item);
        (name, item.clone())
    });
    own.chain(culprit).collect()
}

fn curve_ui(
    ui: &mut Ui,
    held: &mut Held,
    (name, item, shown, data): (&str, &Item, &Shown<'_>, &Data<'_>),
    asked: &mut Vec<panel::Action>,
) -> Option<Moment> {
    let track = (data.track)(item)?;
    let theme = theme::of(ui.visuals());
    let title = crate::explore::arrange::list_name(item);
    let (below, rect) = ground_ui(ui, (CURVE, &title));
    range_ui(ui, below, track);
    let marked = [shown.judged.outcome.span];
    let partial = data.asked.flatten().is_some();
    let curve = lane::Curve {
        rect,
        id: ui.scope_id().with(("curve", name)),
        track: Some(track),
        spoken: &format!("Curve of {name}"),
        marked: if partial { &marked } else { &[] },
        color: shown
            .chosen
            .map_or(theme.series_color(0), |it| color(it.resource, theme)),
    };
    lane::curve_ui(ui, held, (&curve, &data.axis), asked)
}

/// The largest value of a curve, under its name.
fn range_ui(ui: &Ui, rect: Rect, track: &analysis::track::Track) {
    let theme = theme::of(ui.visuals());
    let extent = track.pyramid().extent(0..track.samples());
    let text = format!("up to {}", track.series().unit.text(extent.max));
    let ink = Ink {
        style: TextStyle::Small,
        ..Ink::left(theme.text_weak)
    };
    list::text(ui, rect, &text, &ink);
}
