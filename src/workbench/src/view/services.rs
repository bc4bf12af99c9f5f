//! What services do for their users: throughput, errors, response time and concurrency,
//! per service and operation, beside the resources of their host.
//!
//! A table at the left chooses whose requests are meant. At the right they are shown over
//! the shared time, as a distribution, as load against response time, and as a map of who
//! asks whom; for a slow stretch that is selected, the causes are asked for with the
//! service as the symptom.
//!
//! Start at [`ui`].

mod causes;
mod heat;
mod load;
mod map;
mod rows;
mod spread;

use analysis::track::Track;
use eframe::egui::{RichText, ScrollArea, Ui, vec2};
use model::finding::{Finding, FindingId};
use model::series::SeriesKey;
use model::time::{Span, duration_text};
use workflow::services::Which;

use super::ask::Asked as Pressed;
use super::grid::{self, Grid};
use super::lane::{Axis, Held};
use crate::inquiry::Stage;
use crate::inquiry::services::{Asked, Seen};
use crate::plot::panel::{self, Curve, Fit, Scale, Shared, Shown, Style, TimeLabels};
use crate::theme::Look;
use crate::workspace::Item;

/// The table takes this part of the width.
const TABLE: f32 = 0.36;

/// Height of the heat map within its tab.
const HEAT: f32 = 0.36;

/// Plots are not lower than this; where they do not fit they are scrolled.
const LOWEST: f32 = 96.0;

/// Views of the chosen requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Time,
    Spread,
    Load,
    Map,
    Causes,
}

/// Every tab with its title.
const TABS: [(Tab, &str); 5] = [
    (Tab::Time, "Over time"),
    (Tab::Spread, "Distribution"),
    (Tab::Load, "Load"),
    (Tab::Map, "Map"),
    (Tab::Causes, "Why slow?"),
];

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    table: Grid,
    filled: rows::Filled,
    which: Which,
    tab: Tab,
    panels: [panel::State; 5],
    held: Held,
    load: load::State,
    /// Whether the row of what was chosen elsewhere is still to be found.
    sought: Sought,
}

/// Whether the table is to mark the row of what was chosen elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sought {
    #[default]
    No,
    Yes,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// How far the question is.
    pub stage: &'a Stage,
    /// Why there is no answer to the last question.
    pub trouble: Option<&'a str>,
    /// What was asked last.
    pub asked: Option<&'a Asked>,
    /// The answer.
    pub seen: Option<&'a Seen>,
    /// Changes whenever the answer does.
    pub version: u64,
    /// Changes whenever there is something new to ask about.
    pub data_version: u64,
    /// Whether anything told of requests.
    pub any: bool,
    /// What of applications the agents take in, as the command line writes it.
    pub heard: &'a str,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// How far the question for causes is.
    pub why_stage: &'a Stage,
    /// Why there is no answer to it.
    pub why_trouble: Option<&'a str>,
    /// What it was about.
    pub why_asked: Option<&'a (Which, Span)>,
    /// The causes found.
    pub why: Option<&'a [Finding]>,
    /// The findings of the session, among which causes are looked up.
    pub findings: &'a [Finding],
    /// What all plots share.
    pub shared: Shared<'a>,
    /// The same for lanes.
    pub axis: Axis<'a>,
    /// The curve of an item, if it is at hand.
    pub track: &'a dyn Fn(&Item) -> Option<&'a Track>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A move of the shared axis, as plots wish it.
    Axis(panel::Action),
    /// Look at services.
    Look(Asked),
    /// Say why these requests were slow within a stretch.
    Why(Which, Span),
    /// Stop looking for causes, or record.
    Ask(Pressed),
    /// Show the facts of this series.
    Select(SeriesKey),
    /// Show this finding with its evidence.
    Finding(FindingId),
    /// Add this cause to the report.
    Pin(Box<Finding>),
    /// Draw these series in Explore.
    Plot(Vec<SeriesKey>),
    /// Compare the selection with what came before.
    WhatChanged,
    /// Say what limits within the selection.
    WhatLimits,
    /// Choose what of applications is heard.
    Hear,
    /// Read how applications are seen.
    Help,
    /// Put this text on the clipboard.
    Copy(String),
    /// Add services and their operations to the report.
    Report,
}

/// What a frame found out.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the user asked for.
    pub actions: Vec<Action>,
    /// Curves that are in sight.
    pub wanted: Vec<Item>,
}

/// Draws table and tab; costs what is in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Answer {
    let mut answer = Answer::default();
    if !data.any {
        nothing_ui(ui, data, &mut answer);
        return answer;
    }
    follow(ui, state, data, &mut answer.actions);
    let Some(seen) = data.seen else {
        let why = data.trouble.unwrap_or("Looking at services…");
        super::empty::text(ui, why);
        return answer;
    };
    state.refresh(seen, data);
    let whole = ui.available_size();
    ui.horizontal_top(|ui| {
        let left = vec2((whole.x * TABLE).round(), whole.y);
        ui.allocate_ui(left, |ui| {
            ui.set_min_size(left);
            ui.set_max_size(left);
            ui.vertical(|ui| table_ui(ui, state, seen, data, &mut answer.actions));
        });
        let right = vec2(ui.available_width(), whole.y);
        ui.allocate_ui(right, |ui| {
            ui.set_min_size(right);
            ui.set_max_size(right);
            ui.vertical(|ui| chosen_ui(ui, state, (seen, data), &mut answer));
        });
    });
    answer
}

/// Why there is nothing, and how there would be.
fn nothing_ui(ui: &mut Ui, data: &Data<'_>, answer: &mut Answer) {
    let live = matches!(data.stage, Stage::Live | Stage::Recording);
    let why = match (live, data.heard) {
        (true, "") => "No application tells of its requests: no agent takes them in.".to_owned(),
        (true, heard) => format!(
            "No application told of a request yet. The agent hears {heard}. An SDK is told where with OTEL_EXPORTER_OTLP_ENDPOINT, and sends what it has every few seconds."
        ),
        (false, _) => "This session holds no requests of applications: no agent took them in while it was recorded.".to_owned(),
    };
    ui.add_space(12.0);
    ui.label(why);
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let hint = "Choose what the agent takes in: OpenTelemetry, StatsD, Prometheus endpoints, access logs";
        if ui.button("Hear applications…").on_hover_text(hint).clicked() {
            answer.actions.push(Action::Hear);
        }
        if ui.button("How applications are seen").clicked() {
            answer.actions.push(Action::Help);
        }
    });
    ui.add_space(6.0);
    ui.weak("Or on the command line:");
    let examples = [
        (
            "OpenTelemetry SDKs",
            "kymo record --intake otlp-http --intake otlp-grpc --out session.kymo",
        ),
        (
            "A web server's log",
            "kymo record --intake log:/var/log/nginx/access.log --out session.kymo",
        ),
        (
            "A Prometheus endpoint",
            "kymo record --intake scrape:http://127.0.0.1:9100/metrics --out session.kymo",
        ),
        ("StatsD", "kymo record --intake statsd --out session.kymo"),
    ];
    for (what, command) in examples {
        ui.horizontal_wrapped(|ui| {
            ui.weak(format!("{what}:"));
            ui.label(RichText::new(command).monospace());
            if ui.small_button("Copy").clicked() {
                answer.actions.push(Action::Copy(command.to_owned()));
            }
        });
    }
    ui.add_space(6.0);
    ui.weak(
        "Nothing is listened to that was not asked for, and only the agent's machine is heard.",
    );
}

impl State {
    /// Chooses whose requests are shown.
    pub fn choose(&mut self, which: Which) {
        self.which = which;
        self.tab = Tab::Time;
        self.sought = Sought::Yes;
    }

    fn refresh(&mut self, seen: &Seen, data: &Data<'_>) {
        let made = || rows::all(&seen.services, data.hosts);
        if self.filled.refresh(data.version, made) {
            let rows = self.filled.rows();
            self.table.fill(data.version, || rows);
        }
        if self.sought == Sought::Yes {
            // Where nothing of it ended within the window there is no row to mark.
            if let Some(key) = self.filled.key_of(&self.which) {
                self.table.choose(key);
                self.sought = Sought::No;
            }
        } else if self.table.chosen().is_none() {
            let first = self.filled.first();
            if let Some((key, which)) = first {
                self.table.choose(key);
                self.which = which;
            }
        }
    }
}

/// Asks again when what is looked at changed, but not before a drag ended or while the
/// last question is computed.
fn follow(ui: &Ui, state: &State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let wanted = Asked {
        which: state.which.clone(),
        view: data.shared.view,
        window: data.shared.selection.unwrap_or(data.shared.view),
        version: data.data_version,
    };
    let held = ui.input(|input| input.pointer.any_down());
    let busy = matches!(data.stage, Stage::Running(_) | Stage::Reading);
    if !held && !busy && data.asked != Some(&wanted) {
        actions.push(Action::Look(wanted));
    }
}

fn table_ui(
    ui: &mut Ui,
    state: &mut State,
    seen: &Seen,
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        state.table.filter_ui(ui, "Filter services…");
        if let Some(grid::Event::Copy(text)) = state.table.copy_ui(ui, "Copy", rows::HEADS) {
            actions.push(Action::Copy(text));
        }
        let window = duration_text(seen.services.window.seconds());
        ui.weak(match data.shared.selection {
            Some(_) => format!("selection, {window}"),
            None => format!("in view, {window}"),
        });
    });
    if let Some(trouble) = data.trouble {
        let color = crate::theme::of(ui.visuals()).quality_edge;
        ui.label(RichText::new(format!("! {trouble}")).color(color));
    }
    for event in state.table.ui(ui, ("services", rows::HEADS)) {
        match event {
            grid::Event::Copy(text) => actions.push(Action::Copy(text)),
            grid::Event::Chosen(row) => {
                if let Some(which) = state.filled.which(row) {
                    state.which = which;
                    state.sought = Sought::No;
                }
            }
            grid::Event::Twice(row) => {
                if let Some(which) = state.filled.which(row) {
                    actions.push(Action::Plot(signals(&which).to_vec()));
                }
            }
        }
    }
}

fn chosen_ui(
    ui: &mut Ui,
    state: &mut State,
    (seen, data): (&Seen, &Data<'_>),
    answer: &mut Answer,
) {
    ui.horizontal_wrapped(|ui| {
        for (tab, title) in TABS {
            if ui.selectable_label(state.tab == tab, title).clicked() {
                state.tab = tab;
            }
        }
        ui.separator();
        ui.strong(state.which.name());
        let hint = "Services of the selection, or of what is in view, as a table";
        if ui
            .small_button("Add to report")
            .on_hover_text(hint)
            .clicked()
        {
            answer.actions.push(Action::Report);
        }
        if data.shared.selection.is_some() {
            ask_ui(ui, &mut answer.actions);
        } else {
            ui.weak(RichText::new("drag over slow minutes to ask why").small());
        }
    });
    match state.tab {
        Tab::Time => time_ui(ui, state, (seen, data), answer),
        Tab::Spread => spread::ui(ui, &seen.spread),
        Tab::Load => load::ui(ui, &mut state.load, (&seen.load, data.axis.clock)),
        Tab::Map => map::ui(ui, &seen.services),
        Tab::Causes => causes::ui(ui, &state.which, data, &mut answer.actions),
    }
}

/// What can be asked of the selected stretch.
fn ask_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let button = |ui: &mut Ui, text: &str, hint: &str| ui.small_button(text).on_hover_text(hint);
    if button(
        ui,
        "What changed?",
        "Compare the selection with the time before it",
    )
    .clicked()
    {
        actions.push(Action::WhatChanged);
    }
    if button(
        ui,
        "What limits?",
        "Which resource limited within the selection",
    )
    .clicked()
    {
        actions.push(Action::WhatLimits);
    }
}

/// The signals that are drawn over time.
fn signals(which: &Which) -> [SeriesKey; 6] {
    [
        "service.request.duration.p50",
        "service.request.duration.p95",
        "service.request.duration.p99",
        "service.request.throughput",
        "service.request.error_ratio",
        "service.request.active",
    ]
    .map(|metric| which.signal(metric))
}

/// One plot: its title, and each curve with its name.
struct Plot {
    title: &'static str,
    scale: Scale,
    curves: Vec<(SeriesKey, &'static str)>,
}

/// The plots below the heat map: the four signals, and the host's resources.
fn plots(which: &Which) -> [Plot; 5] {
    let [p50, p95, p99, throughput, errors, active] = signals(which);
    let host = |metric: &str, with: &[(&str, &str)]| {
        let with = with.iter();
        let with = with.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        SeriesKey::new(which.host.as_str(), metric, with)
    };
    let stalled = |resource: &str| {
        host(
            "system.pressure.share",
            &[("kind", "some"), ("resource", resource)],
        )
    };
    let plot = |title, scale, curves| Plot {
        title,
        scale,
        curves,
    };
    [
        plot(
            "Response time",
            Scale::Log,
            vec![(p50, "p50"), (p95, "p95"), (p99, "p99")],
        ),
        plot("Throughput", Scale::Linear, vec![(throughput, "requests")]),
        plot("Failed", Scale::Linear, vec![(errors, "failed")]),
        plot("In flight", Scale::Linear, vec![(active, "requests")]),
        plot(
            "Resources of the host",
            Scale::Linear,
            vec![
                (host("system.cpu.utilization", &[]), "processors"),
                (stalled("cpu"), "waits for processors"),
                (stalled("io"), "waits for disks"),
                (stalled("memory"), "waits for memory"),
            ],
        ),
    ]
}

fn time_ui(ui: &mut Ui, state: &mut State, (seen, data): (&Seen, &Data<'_>), answer: &mut Answer) {
    let whole = ui.available_height();
    let mut asked = Vec::new();
    let height = (whole * HEAT).max(90.0);
    let hovered = heat::ui(
        ui,
        &mut state.held,
        (&seen.heat, height, &data.axis),
        &mut asked,
    );
    state.held.tell(hovered, &mut asked);
    let plots = plots(&state.which);
    let area = ScrollArea::vertical().id_salt("signals").auto_shrink(false);
    area.show(ui, |ui| {
        plots_ui(ui, (state, &plots), data, (answer, &mut asked));
    });
    answer.actions.extend(asked.into_iter().map(Action::Axis));
}

fn plots_ui(
    ui: &mut Ui,
    (state, plots): (&mut State, &[Plot]),
    data: &Data<'_>,
    (answer, asked): (&mut Answer, &mut Vec<panel::Action>),
) {
    let count = plots.len();
    let spacing = ui.spacing().item_spacing.y;
    let room = ui.available_height() / count as f32 - spacing;
    for (number, (plot, scratch)) in plots.iter().zip(&mut state.panels).enumerate() {
        let mut curves = Vec::new();
        for (place, (key, name)) in plot.curves.iter().enumerate() {
            let item = Item::Series(key.clone());
            let track = (data.track)(&item);
            answer.wanted.push(item);
            curves.extend(track.map(|track| Curve {
                track,
                name,
                look: Look::nth(place),
                shown: Shown::Visible,
            }));
        }
        let last = number + 1 == count;
        let shown = panel::Data {
            id: u64::MAX / 2 - number as u64,
            title: plot.title,
            curves: &curves,
            empty: "Loading…",
            style: Style {
                scale: plot.scale,
                fit: Fit::FromZero,
                time_labels: if last {
                    TimeLabels::Below
                } else {
                    TimeLabels::Off
                },
                height: room.max(LOWEST),
                ..Style::default()
            },
            shared: data.shared,
        };
        asked.extend(panel::ui(ui, scratch, &shown));
    }
}

#[cfg(test)]
mod tests;
