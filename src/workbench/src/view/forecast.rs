//! What comes next: the past of a series, the forecast with its band, how forecasts
//! from earlier rows did, and when a limit is met; and a table of all series.
//!
//! The plot has a time axis of its own, since it reaches into the future.
//!
//! Start at [`ui`].

mod facts;
mod plot;
mod rows;

use eframe::egui::{Button, ComboBox, ScrollArea, Ui, WidgetInfo, accesskit, vec2};
use model::series::SeriesKey;
use model::time::{SECOND_NS, duration_text};

use super::ask::{self, Asked};
use super::chooser::{Choice, Chooser};
use super::grid::{self, Grid};
use super::lane::{Axis, Held};
use crate::inquiry::Stage;
use crate::inquiry::forecast::{One, Reach, Table};
use crate::plot::panel;

/// Horizons to choose from, in seconds.
const HORIZONS: [i64; 12] = [
    10, 30, 60, 120, 300, 900, 1800, 3600, 10_800, 43_200, 86_400, 604_800,
];

/// Levels of the band to choose from.
const LEVELS: [f64; 3] = [0.8, 0.9, 0.95];

/// Without a choice the horizon is at most this part of the past.
const USUAL: i64 = 6;

/// The plot takes this part of the height.
const PLOT: f32 = 0.52;

/// Width of the facts beside it.
const FACTS: f32 = 330.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub struct State {
    chooser: Chooser,
    ahead_ns: Option<i64>,
    level: f64,
    plot: plot::State,
    held: Held,
    table: Grid,
}

impl Default for State {
    fn default() -> Self {
        Self {
            chooser: Chooser::default(),
            ahead_ns: None,
            level: 0.9,
            plot: plot::State::default(),
            held: Held::default(),
            table: Grid::ascending(rows::LIMIT),
        }
    }
}

impl State {
    /// Chooses the series to forecast.
    pub fn choose(&mut self, key: SeriesKey) {
        self.chooser.choose(key);
    }
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// How far the question is.
    pub stage: &'a Stage,
    /// Why there is no answer to the last question.
    pub trouble: Option<&'a str>,
    /// What was asked last.
    pub asked: Option<&'a (SeriesKey, Reach)>,
    /// The answer.
    pub one: Option<&'a One>,
    /// Changes whenever the answer does.
    pub version: u64,
    /// What can be chosen.
    pub choice: Choice<'a>,
    /// How far the table is.
    pub table_stage: &'a Stage,
    /// The forecasts of all series, as far as they came.
    pub table: &'a Table,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// Length of the session in nanoseconds.
    pub length_ns: i64,
    /// The shared axis.
    pub axis: Axis<'a>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A move of the shared axis, as plots wish it.
    Axis(panel::Action),
    /// Forecast this series.
    Forecast(SeriesKey, Reach),
    /// Forecast every series.
    ForecastAll(Reach),
    /// Stop the forecast of one, read the series, or record.
    Ask(Asked),
    /// Stop the forecasts of all.
    CancelAll,
    /// Show the facts of this series.
    Select(SeriesKey),
    /// Draw this series.
    Plot(SeriesKey),
    /// Add a chart of this series to the report.
    Report(SeriesKey),
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws controls, plot, facts and table; costs what is in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if matches!(data.stage, Stage::Live | Stage::Recording) {
        let asked = empty_ui(ui, data);
        actions.extend(asked.map(Action::Ask));
        return actions;
    }
    state.chooser.settle(&data.choice);
    let reach = reach(state, data.length_ns);
    ui.horizontal_wrapped(|ui| controls_ui(ui, state, (data, reach), &mut actions));
    follow_choice(state, data, &mut actions);
    let height = (ui.available_height() * PLOT).round();
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.set_max_height(height);
        one_ui(ui, state, data, &mut actions);
    });
    ui.separator();
    table_ui(ui, state, (data, reach), &mut actions);
    actions
}

fn empty_ui(ui: &mut Ui, data: &Data<'_>) -> Option<Asked> {
    let words = ask::Words {
        what: "the forecast",
        ask: "Forecast",
    };
    ask::empty_ui(ui, (data.stage, data.trouble), words)
}

/// How far and how sure, as chosen or as is usual for a session of this length.
fn reach(state: &State, length_ns: i64) -> Reach {
    let mut usual = HORIZONS.iter().map(|it| it * SECOND_NS);
    let usual = usual.rfind(|it| *it <= length_ns / USUAL);
    Reach {
        ahead_ns: state
            .ahead_ns
            .unwrap_or(usual.unwrap_or(HORIZONS[0] * SECOND_NS)),
        level: state.level,
    }
}

/// Asks for what is chosen now, unless that was asked already.
fn follow_choice(state: &State, data: &Data<'_>, actions: &mut Vec<Action>) {
    // What could not be read is not asked for again and again.
    let asks = match data.stage {
        Stage::Idle => true,
        Stage::Over | Stage::Running(_) => data.asked.is_some(),
        Stage::Live | Stage::Recording | Stage::Reading => false,
    };
    let Some(key) = state.chooser.chosen().filter(|_| asks) else {
        return;
    };
    let wanted = (key.clone(), reach(state, data.length_ns));
    if data.asked != Some(&wanted) {
        actions.push(Action::Forecast(wanted.0, wanted.1));
    }
}

fn controls_ui(
    ui: &mut Ui,
    state: &mut State,
    (data, reach): (&Data<'_>, Reach),
    actions: &mut Vec<Action>,
) {
    if state.chooser.ui(ui, ("Series to forecast", &data.choice)) {
        state.plot.reset();
        let chosen = state.chooser.chosen().cloned();
        actions.extend(chosen.map(Action::Select));
    }
    ui.weak("for");
    horizon_ui(ui, state, (reach, data.length_ns));
    ui.weak("band");
    for level in LEVELS {
        let name = format!("{:.0} %", 100.0 * level);
        let button = Button::selectable(state.level == level, &name).small();
        let response = ui.add(button);
        let chosen = state.level == level;
        response.widget_info(|| {
            let spoken = format!("Band that holds {name} of the values");
            WidgetInfo::selected(accesskit::Role::RadioButton, true, chosen, spoken)
        });
        if response.clicked() {
            state.level = level;
        }
    }
    plot::past_ui(ui, &mut state.plot);
    if let Some(key) = state.chooser.chosen() {
        let plot = ui.small_button("Plot");
        if plot.on_hover_text("Draw it in Explore").clicked() {
            actions.push(Action::Plot(key.clone()));
        }
        let hint = "Its chart stands in the report; a trend report has the forecasts";
        let report = ui.small_button("Add to report");
        if report.on_hover_text(hint).clicked() {
            actions.push(Action::Report(key.clone()));
        }
    }
    if let Some(one) = data.one
        && ui
            .small_button("Copy")
            .on_hover_text("Copy the forecast as a table, with the back-test")
            .clicked()
    {
        actions.push(Action::Copy(facts::copied(one)));
    }
}

fn horizon_ui(ui: &mut Ui, state: &mut State, (reach, length_ns): (Reach, i64)) {
    let text = |ns: i64| duration_text(ns as f64 / SECOND_NS as f64);
    let combo = ComboBox::from_id_salt("horizon").width(96.0);
    let response = combo.selected_text(text(reach.ahead_ns)).show_ui(ui, |ui| {
        let all = HORIZONS.iter().map(|it| it * SECOND_NS);
        // Further than the past is long nothing can be tried.
        for ahead_ns in all.filter(|it| *it <= length_ns.max(HORIZONS[0] * SECOND_NS)) {
            let chosen = reach.ahead_ns == ahead_ns;
            if ui.selectable_label(chosen, text(ahead_ns)).clicked() {
                state.ahead_ns = Some(ahead_ns);
                state.plot.reset();
            }
        }
    });
    let spoken = format!("Horizon: {}", text(reach.ahead_ns));
    response
        .response
        .widget_info(|| WidgetInfo::labeled(accesskit::Role::ComboBox, true, &spoken));
}

/// Plot and facts of the chosen series, or why there are none.
fn one_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let Some(chosen) = state.chooser.chosen().cloned() else {
        let why = "Choose a series above, drop one there from the browser, or click one in the table below.";
        super::empty::text(ui, why);
        return;
    };
    let one = data.one.filter(|it| it.track.series().key == chosen);
    let Some(one) = one else {
        match empty_ui(ui, data) {
            Some(Asked::Compute) => {
                actions.push(Action::Forecast(chosen, reach(state, data.length_ns)));
            }
            other => actions.extend(other.map(Action::Ask)),
        }
        return;
    };
    let width = (ui.available_width() - FACTS - 8.0).max(120.0);
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(width, height), |ui| {
            ui.set_min_size(vec2(width, height));
            ui.set_max_size(vec2(width, height));
            let shown = plot::Shown {
                one,
                axis: &data.axis,
            };
            let mut asked = Vec::new();
            ui.vertical(|ui| {
                plot::ui(ui, (&mut state.plot, &mut state.held), &shown, &mut asked);
            });
            actions.extend(asked.into_iter().map(Action::Axis));
        });
        ui.allocate_ui(vec2(FACTS, height), |ui| {
            ui.set_min_size(vec2(FACTS, height));
            let area = ScrollArea::vertical().id_salt("facts").auto_shrink(false);
            area.show(ui, |ui| ui.vertical(|ui| facts::ui(ui, one)));
        });
    });
}

fn table_ui(
    ui: &mut Ui,
    state: &mut State,
    (data, reach): (&Data<'_>, Reach),
    actions: &mut Vec<Action>,
) {
    let entries = data.table.entries();
    state
        .table
        .fill(data.table.version(), || rows::all(data.table, data.hosts));
    ui.horizontal_wrapped(|ui| {
        ui.strong("All series");
        match (entries.len(), data.table.total()) {
            (0, 0) => {}
            (came, all) if came == all => {
                ui.weak(format!("{all}"));
            }
            (came, all) => {
                ui.weak(format!("{came} of {all}"));
            }
        }
        if !entries.is_empty() {
            state.table.filter_ui(ui, "Filter series…");
            if let Some(grid::Event::Copy(text)) =
                state.table.copy_ui(ui, "Copy table", rows::HEADS)
            {
                actions.push(Action::Copy(text));
            }
        }
        let stage = (data.table_stage, data.table.trouble());
        let ask = match entries.is_empty() {
            true => "Forecast all series",
            false => "Forecast all again",
        };
        match ask::tools_ui(ui, stage, ask) {
            Some(Asked::Compute) => actions.push(Action::ForecastAll(reach)),
            Some(Asked::Cancel) => actions.push(Action::CancelAll),
            Some(Asked::Record) | None => {}
        }
        if data.table.asked().is_some_and(|it| it != reach) {
            ui.weak("computed for another horizon or band");
        }
    });
    if entries.is_empty() {
        ui.weak("Every series with its change, its time to a limit and its back-test; computed on request, a click on a header sorts.");
        return;
    }
    for event in state.table.ui(ui, ("forecasts", rows::HEADS)) {
        match event {
            grid::Event::Copy(text) => actions.push(Action::Copy(text)),
            grid::Event::Chosen(row) => {
                if let Some(entry) = entries.get(row) {
                    state.chooser.choose(entry.key.clone());
                    state.plot.reset();
                    actions.push(Action::Select(entry.key.clone()));
                }
            }
            grid::Event::Twice(row) => {
                let key = entries.get(row).map(|it| it.key.clone());
                actions.extend(key.map(Action::Plot));
            }
        }
    }
}

#[cfg(test)]
mod tests;
