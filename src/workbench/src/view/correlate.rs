//! What moves together with a series: all others ranked, the correlation of the chosen
//! pair at every lag, and both curves over the shared time.
//!
//! Start at [`ui`].

mod lags;
mod rows;

use analysis::correlate::{FALSE_DISCOVERIES, LagPoint, Pair};
use analysis::track::Track;
use eframe::egui::{ComboBox, Label, RichText, Ui, WidgetInfo, accesskit, vec2};
use model::series::SeriesKey;
use model::time::{SECOND_NS, duration_text};

use super::ask::{self, Asked};
use super::chooser::{Choice, Chooser};
use super::grid::{self, Grid};
use crate::inquiry::Stage;
use crate::inquiry::together::{self, Found};
use crate::plot::panel::{self, Curve, Fit, Shared, Shown, Style, TimeLabels};
use crate::theme::Look;
use crate::workspace::Item;

/// Largest lags to choose from, in seconds.
const LAGS: [i64; 7] = [5, 10, 30, 60, 120, 300, 600];

/// The largest lag without a choice, in seconds.
const USUAL_LAG: i64 = 60;

/// Table and lag plot take this part of the height.
const ABOVE: f32 = 0.55;

/// The table takes this part of the width.
const TABLE: f32 = 0.62;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub struct State {
    chooser: Chooser,
    lag_seconds: i64,
    table: Grid,
    panels: [panel::State; 2],
}

impl Default for State {
    fn default() -> Self {
        Self {
            chooser: Chooser::default(),
            lag_seconds: USUAL_LAG,
            table: Grid::default(),
            panels: Default::default(),
        }
    }
}

impl State {
    /// Chooses the series that all others are compared with.
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
    pub asked: Option<&'a together::Asked>,
    /// The answer.
    pub found: Option<&'a Found>,
    /// Changes whenever the answer does.
    pub version: u64,
    /// Which pair was asked about last: of which answer, and with which series.
    pub lags_asked: Option<&'a (u64, SeriesKey)>,
    /// How that pair correlates at every lag.
    pub lags: Option<&'a [LagPoint]>,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// What can be chosen.
    pub choice: Choice<'a>,
    /// What all plots share.
    pub shared: Shared<'a>,
    /// The curve of an item, if it is at hand.
    pub track: &'a dyn Fn(&Item) -> Option<&'a Track>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A move of the shared axis, as plots wish it.
    Axis(panel::Action),
    /// Compare one series with all others.
    Correlate(together::Asked),
    /// Correlate with this one at every lag.
    Lags(SeriesKey),
    /// Stop, read the series, or record.
    Ask(Asked),
    /// Show the facts of this series.
    Select(SeriesKey),
    /// Draw these series together.
    Plot(Vec<SeriesKey>),
    /// Add a chart of each of these series to the report.
    Report(Vec<SeriesKey>),
    /// Put this text on the clipboard.
    Copy(String),
}

/// What a frame found out.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the user asked for.
    pub actions: Vec<Action>,
    /// Curves that are in sight.
    pub wanted: Vec<Item>,
}

/// Draws controls, table, lag plot and both curves; costs what is in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Answer {
    let mut answer = Answer::default();
    let words = ask::Words {
        what: "what moves together",
        ask: "Look for what moves together",
    };
    if matches!(data.stage, Stage::Live | Stage::Recording) {
        let asked = ask::empty_ui(ui, (data.stage, data.trouble), words);
        answer.actions.extend(asked.map(Action::Ask));
        return answer;
    }
    state.chooser.settle(&data.choice);
    ui.horizontal_wrapped(|ui| controls_ui(ui, state, data, &mut answer.actions));
    let Some(wanted) = wanted(state, data) else {
        let why = "Choose a series above, or drop one there from the browser: all others are compared with it.";
        super::empty::text(ui, why);
        return answer;
    };
    follow_choice(ui, (&wanted, data), &mut answer.actions);
    let Some(found) = data.found.filter(|it| it.key == wanted.key) else {
        match ask::empty_ui(ui, (data.stage, data.trouble), words) {
            Some(Asked::Compute) => answer.actions.push(Action::Correlate(wanted)),
            other => answer.actions.extend(other.map(Action::Ask)),
        }
        return answer;
    };
    found_ui(ui, state, (found, data), &mut answer);
    answer
}

/// What is to be asked for the choice that is made now.
fn wanted(state: &State, data: &Data<'_>) -> Option<together::Asked> {
    Some(together::Asked {
        key: state.chooser.chosen()?.clone(),
        window: data.shared.selection,
        max_lag_ns: state.lag_seconds * SECOND_NS,
    })
}

/// Asks again when choice or selection changed, but not before the drag that changes it
/// ended.
fn follow_choice(
    ui: &Ui,
    (wanted, data): (&together::Asked, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    // What could not be read is not asked for again and again.
    let asks = match data.stage {
        Stage::Idle => true,
        Stage::Over | Stage::Running(_) => data.asked.is_some(),
        Stage::Live | Stage::Recording | Stage::Reading => false,
    };
    let held = ui.input(|input| input.pointer.any_down());
    if asks && !held && data.asked != Some(wanted) {
        actions.push(Action::Correlate(wanted.clone()));
    }
}

fn controls_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.weak("What moves with");
    if state.chooser.ui(ui, ("Series to compare", &data.choice)) {
        let chosen = state.chooser.chosen().cloned();
        actions.extend(chosen.map(Action::Select));
    }
    ui.weak("within");
    let text = |seconds: i64| duration_text(seconds as f64);
    let combo = ComboBox::from_id_salt("largest lag").width(80.0);
    let combo = combo.selected_text(text(state.lag_seconds));
    let response = combo.show_ui(ui, |ui| {
        for seconds in LAGS {
            let chosen = state.lag_seconds == seconds;
            if ui.selectable_label(chosen, text(seconds)).clicked() {
                state.lag_seconds = seconds;
            }
        }
    });
    let spoken = format!("Largest lag: {}", text(state.lag_seconds));
    let info = || WidgetInfo::labeled(accesskit::Role::ComboBox, true, &spoken);
    response.response.widget_info(info);
    match data.shared.selection {
        Some(span) => ui.weak(format!("selection, {}", duration_text(span.seconds()))),
        None => ui.weak("whole session"),
    };
    if data.found.is_some() {
        match ask::tools_ui(ui, (data.stage, data.trouble), "Compare again") {
            Some(Asked::Compute) => actions.extend(wanted(state, data).map(Action::Correlate)),
            other => actions.extend(other.map(Action::Ask)),
        }
    }
}

fn found_ui(
    ui: &mut Ui,
    state: &mut State,
    (found, data): (&Found, &Data<'_>),
    answer: &mut Answer,
) {
    caution_ui(ui, found);
    state
        .table
        .fill(data.version, || rows::all(found, data.hosts));
    if let Some(first) = found.pairs().next()
        && state
            .table
            .chosen()
            .is_none_or(|it| pair_of(found, it).is_none())
    {
        state.table.choose(&first.series);
    }
    let whole = ui.available_size();
    let height = (whole.y * ABOVE).round();
    let chosen = state.table.chosen().and_then(|it| pair_of(found, it));
    follow_pair((found, chosen, data), &mut answer.actions);
    ui.horizontal_top(|ui| {
        let left = vec2((whole.x * TABLE).round(), height);
        ui.allocate_ui(left, |ui| {
            ui.set_min_size(left);
            ui.set_max_size(left);
            ui.vertical(|ui| table_ui(ui, state, found, &mut answer.actions));
        });
        let right = vec2(ui.available_width(), height);
        ui.allocate_ui(right, |ui| {
            ui.set_min_size(right);
            ui.set_max_size(right);
            ui.vertical(|ui| {
                if let Some(pair) = chosen {
                    let points = data.lags.filter(|_| is_of(data, (found, pair)));
                    let shown = lags::Shown {
                        pair,
                        points,
                        found,
                    };
                    lags::ui(ui, &shown);
                }
            });
        });
    });
    if let Some(pair) = chosen {
        curves_ui(ui, state, (found, pair, data), answer);
    }
}

fn pair_of<'a>(found: &'a Found, name: &str) -> Option<&'a Pair> {
    found.pairs().find(|it| it.series == name)
}

/// Whether the lags at hand are those of this pair.
fn is_of(data: &Data<'_>, (found, pair): (&Found, &Pair)) -> bool {
    let asked = data
        .lags_asked
        .filter(|(version, _)| *version == data.version);
    asked.is_some_and(|(_, key)| found.other(pair) == Some(key))
}

/// Asks for the lags of the chosen pair, unless that was done.
fn follow_pair(
    (found, chosen, data): (&Found, Option<&Pair>, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    if let Some(pair) = chosen
        && !is_of(data, (found, pair))
    {
        let key = found.other(pair).cloned();
        actions.extend(key.map(Action::Lags));
    }
}

/// What the table says, and what it does not.
fn caution_ui(ui: &mut Ui, found: &Found) {
    let correlation = &found.correlation;
    let within = duration_text(correlation.max_lag as f64 * found.step_seconds());
    ui.strong(match correlation.tested {
        0 => "It is constant here or has fewer than 20 values: nothing can be compared with it."
            .to_owned(),
        tested => format!(
            "{} of {tested} series move together with it within {within}.",
            correlation.pairs.len()
        ),
    });
    let text = format!(
        "Correlation is not cause: a third series that drives both looks the same. Compared are surprises: \
         what the past of the series tells was taken out of both first (pre-whitening). \
         At most {:.0} % of those listed as moving are false discoveries.",
        100.0 * FALSE_DISCOVERIES
    );
    ui.add(Label::new(RichText::new(text).weak().small()).wrap());
}

fn table_ui(ui: &mut Ui, state: &mut State, found: &Found, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        state.table.filter_ui(ui, "Filter series…");
        if let Some(grid::Event::Copy(text)) = state.table.copy_ui(ui, "Copy", rows::HEADS) {
            actions.push(Action::Copy(text));
        }
        if ui
            .small_button("Plot both")
            .on_hover_text("Draw both series together in Explore")
            .clicked()
        {
            let chosen = state.table.chosen().and_then(|it| pair_of(found, it));
            actions.extend(chosen.map(|it| Action::Plot(both(found, it))));
        }
        if ui
            .small_button("Add to report")
            .on_hover_text("A chart of each of the two series stands in the report")
            .clicked()
        {
            let chosen = state.table.chosen().and_then(|it| pair_of(found, it));
            actions.extend(chosen.map(|it| Action::Report(both(found, it))));
        }
    });
    let pairs: Vec<&Pair> = found.pairs().collect();
    for event in state.table.ui(ui, ("pairs", rows::HEADS)) {
        match event {
            grid::Event::Copy(text) => actions.push(Action::Copy(text)),
            grid::Event::Chosen(_) => {}
            grid::Event::Twice(row) => {
                let pair = pairs.get(row);
                actions.extend(pair.map(|it| Action::Plot(both(found, it))));
            }
        }
    }
}

fn both(found: &Found, pair: &Pair) -> Vec<SeriesKey> {
    let other = found.other(pair).cloned();
    [found.key.clone()].into_iter().chain(other).collect()
}

/// Both curves over the shared time, each with a value axis of its own.
fn curves_ui(
    ui: &mut Ui,
    state: &mut State,
    (found, pair, data): (&Found, &Pair, &Data<'_>),
    answer: &mut Answer,
) {
    ui.weak(RichText::new("Both over the shared time, each on a value axis of its own").small());
    let height = ((ui.available_height() - 4.0) / 2.0).max(60.0);
    let keys = [Some(&found.key), found.other(pair)];
    for (number, (key, scratch)) in keys.into_iter().zip(&mut state.panels).enumerate() {
        let Some(key) = key else { continue };
        let item = Item::Series(key.clone());
        let track = (data.track)(&item);
        answer.wanted.push(item);
        let name = key.to_string();
        let curve = track.map(|track| Curve {
            track,
            name: "value",
            look: Look::nth(number),
            shown: Shown::Visible,
        });
        let curves: Vec<Curve<'_>> = curve.into_iter().collect();
        let shown = panel::Data {
            id: u64::MAX - number as u64,
            title: &name,
            curves: &curves,
            empty: "Loading…",
            style: Style {
                fit: Fit::Tight,
                time_labels: match number {
                    0 => TimeLabels::Off,
                    _ => TimeLabels::Below,
                },
                height,
                ..Style::default()
            },
            shared: data.shared,
        };
        let asked = panel::ui(ui, scratch, &shown);
        answer.actions.extend(asked.into_iter().map(Action::Axis));
    }
}

#[cfg(test)]
mod tests;
