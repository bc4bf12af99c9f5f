//! Trend, anomaly and bottleneck side by side on one time axis, and under them a
//! strip that shows where the three agree and where they contradict.
//!
//! Each column lists its findings, heaviest first, each drawn over the series it
//! speaks of. The pointer, the selection and the zoom are those of every screen.
//!
//! Start at [`ui`].

mod strip;

use analysis::agreement::Strip;
use analysis::track::Track;
use eframe::egui::{
    Rect, Response, RichText, ScrollArea, Sense, Ui, WidgetInfo, accesskit, pos2, vec2,
};
use model::finding::{Analysis, Finding};
use model::time::{Moment, Span};

use super::findings::{Progress, severity};
use super::lane::{self, Axis, Held};
use super::list::{self, Ink};
use crate::plot::panel;
use crate::plot::pointer::Habits;
use crate::plot::time_axis::Clock;
use crate::theme;

/// Height of the drawing under a sentence.
const LANE: f32 = 34.0;

/// Space between the columns.
const GAP: f32 = 10.0;

/// One of the three columns.
struct Pane {
    title: &'static str,
    hint: &'static str,
    quiet: &'static str,
    analyses: &'static [Analysis],
}

/// The columns, from left to right.
const PANES: &[Pane] = &[
    Pane {
        title: "Trend",
        hint: "Where levels changed and where they are heading",
        quiet: "No level changed and nothing heads for a limit.",
        analyses: &[Analysis::Trend, Analysis::Change, Analysis::Forecast],
    },
    Pane {
        title: "Anomaly",
        hint: "What is unlike its own past",
        quiet: "Nothing is unlike its own past.",
        analyses: &[Analysis::Anomaly],
    },
    Pane {
        title: "Bottleneck",
        hint: "Which resource limits, and what speaks against it",
        quiet: "No measured resource limits.",
        analyses: &[Analysis::Bottleneck],
    },
];

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub struct State {
    held: Held,
    made_for: Option<(u64, Span)>,
    places: Vec<Vec<usize>>,
    strips: Vec<Strip>,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// The findings, heaviest first.
    pub findings: &'a [Finding],
    /// Changes whenever `findings` does.
    pub version: u64,
    /// How far the analyses are.
    pub progress: &'a Progress,
    /// What all screens show.
    pub view: Span,
    /// The selected range.
    pub selection: Option<Span>,
    /// Where the pointer is on the axis, in whichever screen.
    pub cursor: Option<Moment>,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// The curve of a series by its name, if it is at hand.
    pub track: &'a dyn Fn(&str) -> Option<&'a Track>,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// What drags and wheels do.
    pub habits: Habits,
}

impl Data<'_> {
    fn axis(&self) -> Axis<'_> {
        Axis {
            view: self.view,
            selection: self.selection,
            cursor: self.cursor,
            clock: self.clock,
            habits: self.habits,
        }
    }
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A move of the shared axis, as plots wish it.
    Axis(panel::Action),
    /// Select this stretch and bring it into view.
    Show(Span),
    /// Compute the findings.
    Analyze,
}

/// What a frame found out.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the user asked for.
    pub actions: Vec<Action>,
    /// Names of the series whose curves are in sight.
    pub wanted: Vec<String>,
}

/// Draws the three columns and the strip; costs what is in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Answer {
    let mut answer = Answer::default();
    if data.findings.is_empty() && *data.progress == Progress::Idle {
        let why = "Nothing was analyzed yet.";
        if super::empty::ui(ui, why, "Analyze what is recorded") {
            answer.actions.push(Action::Analyze);
        }
        return answer;
    }
    refresh(state, data);
    let below = strip::height(ui, state.strips.len());
    let height = (ui.available_height() - below - ui.spacing().item_spacing.y).max(80.0);
    let width = ((ui.available_width() - 2.0 * GAP) / PANES.len() as f32).max(60.0);
    let mut hovered = None;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for (number, pane) in PANES.iter().enumerate() {
            let size = vec2(width, height);
            ui.allocate_ui(size, |ui| {
                ui.vertical(|ui| {
                    ui.set_min_size(size);
                    ui.set_max_width(width);
                    let found = pane_ui(ui, state, (number, pane, data), &mut answer);
                    hovered = hovered.or(found);
                });
            });
        }
    });
    let found = strip::ui(ui, &state.strips, data, &mut answer.actions);
    let mut axis = Vec::new();
    state.held.tell(hovered.or(found), &mut axis);
    answer.actions.extend(axis.into_iter().map(Action::Axis));
    answer
}

/// Which findings stand in which column, and the strip, when something changed.
fn refresh(state: &mut State, data: &Data<'_>) {
    let made_for = Some((data.version, data.view));
    if state.made_for == made_for {
        return;
    }
    state.made_for = made_for;
    let inside = |finding: &Finding| {
        let all = finding.extent().iter();
        let mut all =
            all.map(|it| !it.intersect(data.view).is_empty() || data.view.contains(it.from));
        all.any(|it| it)
    };
    let of_pane = |pane: &Pane| {
        let all = data.findings.iter().enumerate();
        let mine = all.filter(|(_, it)| pane.analyses.contains(&it.analysis) && inside(it));
        mine.map(|(place, _)| place).collect()
    };
    state.places = PANES.iter().map(of_pane).collect();
    state.strips = analysis::agreement::over(data.findings, data.view, strip::CELLS);
}

fn pane_ui(
    ui: &mut Ui,
    state: &mut State,
    (number, pane, data): (usize, &Pane, &Data<'_>),
    answer: &mut Answer,
) -> Option<Moment> {
    let places = state.places.get(number).cloned().unwrap_or_default();
    ui.horizontal(|ui| {
        ui.strong(pane.title);
        ui.weak(format!("{}", places.len()));
        if let Progress::Running(left) = data.progress
            && pane.analyses.iter().any(|it| left.contains(&it.name()))
        {
            ui.spinner();
        }
        ui.add(eframe::egui::Label::new(RichText::new(pane.hint).weak().small()).truncate());
    });
    if places.is_empty() {
        ui.weak(pane.quiet);
        return None;
    }
    let text = list::row_height(ui);
    let row = text + LANE + 6.0;
    let area = ScrollArea::vertical()
        .id_salt(pane.title)
        .auto_shrink(false);
    let mut hovered = None;
    area.show_rows(ui, row, places.len(), |ui, visible| {
        for place in places.get(visible).unwrap_or_default() {
            let Some(finding) = data.findings.get(*place) else {
                continue;
            };
            let size = vec2(ui.available_width(), row - ui.spacing().item_spacing.y);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            answer.wanted.extend(finding.series.first().cloned());
            sentence_ui(
                ui,
                rect.with_max_y(rect.top() + text),
                (finding, data),
                answer,
            );
            let lane = Rect::from_min_max(pos2(rect.left(), rect.top() + text), rect.max);
            let found = lane_ui(ui, state, (lane, finding, data), &mut answer.actions);
            hovered = hovered.or(found);
        }
    });
    hovered
}

fn sentence_ui(ui: &Ui, rect: Rect, (finding, data): (&Finding, &Data<'_>), answer: &mut Answer) {
    let theme = theme::of(ui.visuals());
    let id = ui.scope_id().with((finding.id, "sentence"));
    let response = ui.interact(rect, id, Sense::click());
    list::ground(ui, rect, (&response, list::Chosen::No));
    let word = finding.severity.name();
    response.widget_info(|| {
        let spoken = format!("{word}: {}", finding.statement);
        WidgetInfo::labeled(accesskit::Role::Button, true, spoken)
    });
    let mut rest = rect;
    let (sign, color) = severity(finding.severity, theme);
    list::text(ui, list::cut(&mut rest, 10.0), sign, &Ink::left(color));
    let text = match data.hosts > 1 && !finding.host.is_empty() {
        true => format!("{} · {}", finding.host, finding.statement),
        false => finding.statement.clone(),
    };
    list::text(ui, rest, &text, &Ink::left(theme.text));
    if response.clicked() {
        answer.actions.push(Action::Show(finding.stretch()));
    }
    hover_ui(response, finding, data);
}

fn hover_ui(response: Response, finding: &Finding, data: &Data<'_>) {
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(&finding.statement);
        ui.label(super::findings::when(data.clock, finding.stretch()));
        for (sign, reasons) in [("+", &finding.supports), ("−", &finding.against)] {
            for reason in reasons.iter().take(4) {
                ui.label(format!("{sign} {reason}"));
            }
        }
        ui.weak("Click selects this stretch of time in every screen.");
    });
}

/// The curve of a finding's series over the shared view.
fn lane_ui(
    ui: &Ui,
    state: &mut State,
    (rect, finding, data): (Rect, &Finding, &Data<'_>),
    actions: &mut Vec<Action>,
) -> Option<Moment> {
    let curve = lane::Curve {
        rect,
        id: ui.scope_id().with((finding.id, "lane")),
        track: finding.series.first().and_then(|name| (data.track)(name)),
        spoken: &format!("Curve of {}", finding.series.join(", ")),
        marked: finding.extent(),
        color: theme::of(ui.visuals()).series_color(0),
    };
    let mut asked = Vec::new();
    let found = lane::curve_ui(ui, &mut state.held, (&curve, &data.axis()), &mut asked);
    actions.extend(asked.into_iter().map(Action::Axis));
    found
}

#[cfg(test)]
mod tests;
