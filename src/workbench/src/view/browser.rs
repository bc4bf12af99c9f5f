//! The browser: hosts, their resources, metrics and series, and their processes.
//!
//! The tree is worked out when the catalogue, the processes, the search or what
//! is open changes; a frame draws the rows in sight and asks for their values.
//!
//! Start at [`ui`].

use eframe::egui::{
    Button, EventFilter, Id, Key, Rect, Response, RichText, Sense, TextEdit, TextStyle, Tooltip,
    Ui, WidgetInfo, accesskit, pos2, vec2,
};
use model::catalog;
use model::process::ProcessId;
use model::series::{Series, SeriesKey};
use workflow::processes::{Line, MEASURES, Measure};

use self::rows::{Cache, Row, What};
use super::list::{self, Chosen, Ink, List, Place};
use super::{dragged, empty};
use crate::theme::{self, Theme};

mod rows;

/// At most so many series are plotted by one wish.
const PLOT_MOST: usize = 64;

/// Width of one level of the tree.
const LEVEL: f32 = 12.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    search: String,
    rows: Cache,
    selected: Option<SeriesKey>,
    focus_search: bool,
}

impl State {
    /// Moves the keyboard to the search field in the next frame.
    pub fn focus_search(&mut self) {
        self.focus_search = true;
    }
}

/// The processes of one host.
#[derive(Clone, Copy, Debug)]
pub struct Crowd<'a> {
    /// Name of the host.
    pub host: &'a str,
    /// Its processes at the cursor or now.
    pub lines: &'a [Line],
}

/// Everything the browser shows, only borrowed.
pub struct Data<'a> {
    /// Every series that can be drawn, in any order.
    pub series: &'a [Series],
    /// Changes whenever `series` does, and only then.
    pub version: u64,
    /// The value of a series at the cursor or now; asked for rows in sight only.
    pub value: &'a dyn Fn(&SeriesKey) -> Option<f64>,
    /// Processes by host.
    pub crowds: &'a [Crowd<'a>],
    /// Changes whenever `crowds` does.
    pub crowds_version: u64,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Draw this series.
    Plot(SeriesKey),
    /// Draw these series together.
    PlotTogether(Vec<SeriesKey>),
    /// Add a chart of this series to the report.
    Report(SeriesKey),
    /// Draw one measure of a process.
    PlotProcess {
        /// Name of its host.
        host: String,
        /// Which process.
        id: ProcessId,
        /// What of it.
        measure: Measure,
    },
    /// Show the facts of this series.
    Select(SeriesKey),
    /// Show the facts of this process.
    SelectProcess {
        /// Name of its host.
        host: String,
        /// Which process.
        id: ProcessId,
    },
    /// Put this text on the clipboard.
    Copy(String),
    /// Attach an agent, since nothing is there to browse.
    Attach,
}

/// Draws search field and tree; costs the rows in sight, however many there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if data.series.is_empty() && data.crowds.iter().all(|crowd| crowd.lines.is_empty()) {
        let why = "No series yet: no agent is attached and no recording is open.";
        if empty::ui(ui, why, "Attach this machine") {
            actions.push(Action::Attach);
        }
        return actions;
    }
    search_ui(ui, state);
    state.rows.refresh(data, &state.search);
    hits_ui(ui, state, data);
    if state.rows.rows().is_empty() {
        let why = "No series or process has all these words in its name, host, device or unit.";
        if empty::ui(ui, why, "Show everything") {
            state.search.clear();
        }
        return actions;
    }
    tree_ui(ui, state, data, &mut actions);
    actions
}

fn search_ui(ui: &mut Ui, state: &mut State) {
    ui.horizontal(|ui| {
        // The field leaves just the room of the button: a row that is wider than
        // its panel would widen the panel, frame by frame.
        let sign = list::text_wide(ui, "×", &TextStyle::Button);
        let spacing = ui.spacing();
        let clear = sign + 2.0 * spacing.button_padding.x + spacing.item_spacing.x + 2.0;
        let size = vec2(
            (ui.available_width() - clear).max(40.0),
            spacing.interact_size.y,
        );
        let edit = TextEdit::singleline(&mut state.search)
            .hint_text("Search names, devices, units…")
            .id_salt("search");
        let response = ui.add_sized(size, edit);
        if std::mem::take(&mut state.focus_search) {
            response.request_focus();
        }
        let button = ui.add_enabled(!state.search.is_empty(), Button::new("×").small());
        button.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, "Clear search"));
        if button.clicked() {
            state.search.clear();
            state.focus_search = true;
        }
    });
}

fn hits_ui(ui: &mut Ui, state: &State, data: &Data<'_>) {
    let hits = state.rows.hits();
    let text = if state.search.trim().is_empty() {
        format!("{} series, {} processes", hits.series, hits.processes)
    } else {
        let lines = data.crowds.iter().map(|crowd| crowd.lines.len());
        format!(
            "{} of {} series, {} of {} processes",
            hits.series,
            data.series.len(),
            hits.processes,
            lines.sum::<usize>()
        )
    };
    let weak = theme::of(ui.visuals()).text_weak;
    ui.label(RichText::new(text).small().color(weak));
}

fn tree_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let base = ui.scope_id().with("browser");
    let mut toggle = None;
    let (cache, selected) = (&state.rows, &mut state.selected);
    let row_id = |index: usize| match cache.rows().get(index) {
        Some(row) => row_id(base, row, data),
        None => base.with(index),
    };
    let tree = List {
        salt: "tree",
        count: cache.rows().len(),
        row_id: &row_id,
    };
    tree.show(ui, |ui, place| {
        let Some(row) = cache.rows().get(place.index) else {
            return;
        };
        let drawn = Drawn { row, place, data };
        match &row.what {
            What::Group { .. } => {
                if group_ui(ui, &drawn, cache, actions) {
                    toggle = Some(place.index);
                }
            }
            What::Series(number) => {
                if let Some(series) = data.series.get(*number) {
                    series_ui(ui, &drawn, (series, &mut *selected), actions);
                }
            }
            What::Measure { .. } => measure_ui(ui, &drawn, actions),
        }
    });
    if let Some(index) = toggle {
        state.rows.toggle(index);
    }
}

fn row_id(base: Id, row: &Row, data: &Data<'_>) -> Id {
    match &row.what {
        What::Group { node, .. } => base.with(node),
        What::Series(number) => base.with(data.series.get(*number).map(|series| &series.key)),
        What::Measure {
            crowd,
            line,
            measure,
        } => {
            let crowd = data.crowds.get(*crowd);
            let id = crowd.and_then(|it| Some((it.host, it.lines.get(*line)?.id)));
            base.with((id, measure))
        }
    }
}

/// One row about to be drawn.
struct Drawn<'a> {
    row: &'a Row,
    place: Place,
    data: &'a Data<'a>,
}

impl Drawn<'_> {
    /// What is left of the row after its indent.
    fn inside(&self) -> Rect {
        let indent = list::INDENT + f32::from(self.row.depth) * LEVEL;
        let rect = self.place.rect;
        let left = (rect.left() + indent).min(rect.right());
        Rect::from_min_max(pos2(left, rect.top()), rect.max - vec2(list::INDENT, 0.0))
    }
}

/// Draws a row that opens and closes; returns whether it shall change.
fn group_ui(ui: &mut Ui, drawn: &Drawn<'_>, cache: &Cache, actions: &mut Vec<Action>) -> bool {
    let row = drawn.row;
    let What::Group {
        open,
        members,
        count,
        process,
        ..
    } = &row.what
    else {
        return false;
    };
    let theme = theme::of(ui.visuals());
    let state = if *open { "open" } else { "closed" };
    let spoken = || format!("{}, {count}, {state}", row.label);
    let look = (Sense::click(), Chosen::No);
    let response = list::row_ui(ui, drawn.place, look, &spoken);
    let mut rest = drawn.inside();
    let sign = if *open { "▾" } else { "▸" };
    list::text(
        ui,
        list::cut(&mut rest, 12.0),
        sign,
        &Ink::left(theme.text_weak),
    );
    if !members.is_empty() || process.is_some() {
        plus_ui(ui, &mut rest, (drawn, &row.label), || {
            plot_group(drawn, cache, actions);
        });
    }
    let number = Ink::number(theme.text_weak);
    let shown = if process.is_some() {
        String::new()
    } else {
        count.to_string()
    };
    let used = list::text(ui, rest, &shown, &number);
    rest.max.x -= used + list::INDENT;
    let color = if row.depth < 2 {
        theme.text
    } else {
        theme.text_weak
    };
    list::text(ui, rest, &row.label, &Ink::left(color));
    if let Some(help) = row.metric.as_deref().and_then(catalog::find) {
        response.clone().on_hover_ui_at_pointer(|ui| {
            ui.strong(help.name);
            ui.label(help.help);
        });
    }
    if response.clicked()
        && let Some((host, id)) = process_of(drawn)
    {
        actions.push(Action::SelectProcess { host, id });
    }
    response.clicked() || arrow_pressed(ui, &response, *open)
}

/// Left closes what is open, right opens what is closed.
fn arrow_pressed(ui: &Ui, response: &Response, open: bool) -> bool {
    let key = if open {
        Key::ArrowLeft
    } else {
        Key::ArrowRight
    };
    response.has_focus() && ui.input(|input| input.key_pressed(key))
}

fn process_of(drawn: &Drawn<'_>) -> Option<(String, ProcessId)> {
    let What::Group { process, .. } = &drawn.row.what else {
        return None;
    };
    let (crowd, line) = (*process)?;
    let crowd = drawn.data.crowds.get(crowd)?;
    Some((crowd.host.to_owned(), crowd.lines.get(line)?.id))
}

fn plot_group(drawn: &Drawn<'_>, cache: &Cache, actions: &mut Vec<Action>) {
    if let Some((host, id)) = process_of(drawn) {
        let measure = Measure::Cpu;
        actions.push(Action::PlotProcess { host, id, measure });
        return;
    }
    if let What::Group { members, .. } = &drawn.row.what {
        let numbers = cache.members(members).iter().take(PLOT_MOST);
        let series = numbers.filter_map(|number| drawn.data.series.get(*number));
        let keys = series.map(|series| series.key.clone()).collect();
        actions.push(Action::PlotTogether(keys));
    }
}

fn series_ui(
    ui: &mut Ui,
    drawn: &Drawn<'_>,
    (series, selected): (&Series, &mut Option<SeriesKey>),
    actions: &mut Vec<Action>,
) {
    let theme = theme::of(ui.visuals());
    let value = (drawn.data.value)(&series.key).unwrap_or(f64::NAN);
    let shown = match value.is_nan() {
        true => format!("– {}", series.unit),
        false => series.unit.text(value),
    };
    let spoken = || format!("{}, {shown}", series.key);
    let chosen = Chosen::when(selected.as_ref() == Some(&series.key));
    let look = (Sense::click_and_drag(), chosen);
    let response = list::row_ui(ui, drawn.place, look, &spoken);
    let mut rest = drawn.inside();
    // Under the triangle of a group there is none, but names line up.
    list::cut(&mut rest, 12.0);
    plus_ui(ui, &mut rest, (drawn, &series.key.to_string()), || {
        actions.push(Action::Plot(series.key.clone()));
    });
    let used = list::text(ui, rest, &shown, &Ink::number(theme.text_weak));
    rest.max.x -= used + list::INDENT;
    list::text(ui, rest, &drawn.row.label, &Ink::left(theme.text));
    if response.drag_started() {
        response.dnd_set_drag_payload(dragged::Series(series.key.clone()));
    }
    carried_ui(&response, &drawn.row.label);
    if response.clicked() {
        *selected = Some(series.key.clone());
        actions.push(Action::Select(series.key.clone()));
    }
    if wants_plot(ui, &response) {
        actions.push(Action::Plot(series.key.clone()));
    }
    response.context_menu(|ui| {
        if ui.button("Plot").clicked() {
            actions.push(Action::Plot(series.key.clone()));
        }
        if ui.button("Add to report").clicked() {
            actions.push(Action::Report(series.key.clone()));
        }
        if ui.button("Copy name").clicked() {
            actions.push(Action::Copy(series.key.to_string()));
        }
    });
    response.on_hover_ui_at_pointer(|ui| series_hover(ui, series, (&shown, value)));
}

fn series_hover(ui: &mut Ui, series: &Series, (shown, value): (&str, f64)) {
    ui.strong(series.key.to_string());
    if let Some(metric) = catalog::find(&series.key.metric) {
        ui.label(metric.help);
    }
    let exact = super::table::exact(value);
    ui.label(format!("{shown}  (exactly {exact} in {})", series.unit));
    ui.weak("Drag into a plot; double-click, Enter or + draws it in a new one.");
}

fn measure_ui(ui: &mut Ui, drawn: &Drawn<'_>, actions: &mut Vec<Action>) {
    let What::Measure {
        crowd,
        line,
        measure,
    } = &drawn.row.what
    else {
        return;
    };
    let Some(crowd) = drawn.data.crowds.get(*crowd) else {
        return;
    };
    let (Some(line), Some((measure, name))) = (crowd.lines.get(*line), MEASURES.get(*measure))
    else {
        return;
    };
    let theme = theme::of(ui.visuals());
    let spoken = || format!("{name} of {} {}", line.process.name, line.process.pid);
    let look = (Sense::click_and_drag(), Chosen::No);
    let response = list::row_ui(ui, drawn.place, look, &spoken);
    let wish = || Action::PlotProcess {
        host: crowd.host.to_owned(),
        id: line.id,
        measure: *measure,
    };
    let mut rest = drawn.inside();
    list::cut(&mut rest, 12.0);
    plus_ui(ui, &mut rest, (drawn, &spoken()), || actions.push(wish()));
    list::text(ui, rest, name, &Ink::left(theme.text));
    if response.drag_started() {
        response.dnd_set_drag_payload(dragged::Process {
            host: crowd.host.to_owned(),
            id: line.id,
            measure: *measure,
        });
    }
    carried_ui(&response, name);
    if wants_plot(ui, &response) {
        actions.push(wish());
    }
}

fn wants_plot(ui: &Ui, response: &Response) -> bool {
    let entered = response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    response.double_clicked() || entered
}

/// The name of what is carried, at the pointer.
fn carried_ui(response: &Response, name: &str) {
    if response.dragged() {
        let layer = response.layer_id;
        let id = response.id.with("carried");
        Tooltip::always_open(response.ctx.clone(), layer, id, response.rect)
            .at_pointer()
            .show(|ui| ui.label(name));
    }
}

/// The plus at the right end of a row.
fn plus_ui(ui: &Ui, rest: &mut Rect, (drawn, what): (&Drawn<'_>, &str), plot: impl FnOnce()) {
    let theme = theme::of(ui.visuals());
    let side = rest.height().min(rest.width());
    let rect = Rect::from_min_max(pos2(rest.right() - side, rest.top()), rest.max);
    rest.max.x -= side + list::INDENT;
    let response = ui.interact(rect, drawn.place.id.with("plot"), Sense::click());
    response
        .widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, format!("Plot {what}")));
    let filter = EventFilter::default();
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    list::ground(ui, rect.shrink(1.0), (&response, Chosen::No));
    plus_sign(ui, rect, (theme, &response));
    if response.clicked() {
        plot();
    }
}

fn plus_sign(ui: &Ui, rect: Rect, (theme, response): (&Theme, &Response)) {
    let lit = response.hovered() || response.has_focus();
    let color = if lit { theme.text } else { theme.text_weak };
    let ink = Ink {
        align: eframe::egui::Align2::CENTER_CENTER,
        ..Ink::left(color)
    };
    list::text(ui, rect, "+", &ink);
}

#[cfg(test)]
mod tests;
