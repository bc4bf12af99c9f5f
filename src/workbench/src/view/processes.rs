//! Process table at a moment: who used what, sorted, filtered, grouped, copied.
//!
//! Order and groups are worked out when the lines, the filter or the sorting
//! change; a frame draws the rows in sight.
//!
//! Start at [`ui`].

use std::collections::HashSet;

use eframe::egui::style::ScrollAnimation;
use eframe::egui::{RichText, TextEdit, Ui};
use egui_table::{HeaderRow, Table};
use model::process::ProcessId;
use model::time::Moment;
use workflow::processes::{Line, MEASURES, Measure};

use self::columns::Column;
use self::drawing::Drawing;
use self::order::{Direction, Order, Wanted};
use super::empty;
use super::list::{self, Chosen};
use super::table::{self, FORMATS, Focused, Format};
use crate::plot::time_axis::Clock;
use crate::theme;

mod columns;
mod drawing;
mod order;

/// Columns that stay when the table is scrolled sideways: pid and name.
const STICKY: usize = 2;

/// Height of the header: a name and a unit.
const HEADER: f32 = 36.0;

/// Rows that Page Up and Page Down move by.
const PAGE: usize = 20;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub struct State {
    filter: String,
    wanted: Wanted,
    order: Order,
    selected: HashSet<ProcessId>,
    anchor: Option<ProcessId>,
    /// Row that shall get the keyboard focus.
    move_to: Option<usize>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            filter: String::new(),
            wanted: Wanted {
                column: Column::Cpu,
                direction: Direction::Descending,
                grouped: false,
            },
            order: Order::default(),
            selected: HashSet::new(),
            anchor: None,
            move_to: None,
        }
    }
}

/// Which moment the table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The moment at the cursor.
    Cursor(Moment),
    /// The newest there is.
    Newest(Moment),
    /// The last there is: nothing newer will come, or nothing comes now.
    Last(Moment),
    /// Nothing was sampled yet.
    Never,
}

/// Everything the table shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Name of the host.
    pub host: &'a str,
    /// The processes that lived at the moment.
    pub lines: &'a [Line],
    /// Changes whenever `lines` does.
    pub version: u64,
    /// Which moment that is.
    pub when: When,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// These processes are selected now.
    Select(Vec<ProcessId>),
    /// Draw one measure of a process.
    Plot(ProcessId, Measure),
    /// Put this text on the clipboard.
    Copy(String),
    /// Attach an agent, since there are no processes.
    Attach,
    /// Add the busiest processes to the report.
    Report,
    /// Show the newest moment again.
    Follow,
}

/// Draws the table; costs one screenful of rows, however many there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    title_ui(ui, data, &mut actions);
    if data.lines.is_empty() {
        empty_ui(ui, data, &mut actions);
        return actions;
    }
    state.order.refresh(data, (&state.filter, state.wanted));
    tools_ui(ui, state, data, &mut actions);
    // The toolbar may have changed what is wanted.
    state.order.refresh(data, (&state.filter, state.wanted));
    if state.order.rows().is_empty() {
        let why = "No process has all these words in its name, command, group, user or pid.";
        if empty::ui(ui, why, "Clear filter") {
            state.filter.clear();
        }
        return actions;
    }
    ui.scope(|ui| table_ui(ui, state, data, &mut actions));
    actions
}

fn empty_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    match data.when {
        When::Cursor(_) => {
            let why = "No process rows at this moment: nothing was recorded then.";
            if empty::ui(ui, why, "Go to the newest sample") {
                actions.push(Action::Follow);
            }
        }
        When::Last(_) => empty::text(ui, "No process rows at the end of the data."),
        When::Newest(_) | When::Never => {
            let why = "No processes yet: no agent is attached, or it is not allowed to read them.";
            if empty::ui(ui, why, "Attach this machine") {
                actions.push(Action::Attach);
            }
        }
    }
}

fn title_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.horizontal_wrapped(|ui| {
        ui.strong(match data.host {
            "" => "Processes".to_owned(),
            host => format!("Processes on {host}"),
        });
        let text = match data.when {
            When::Cursor(moment) => format!("at the cursor, {}", data.clock.text(moment)),
            When::Newest(moment) => format!("now, {}", data.clock.text(moment)),
            When::Last(moment) => format!("at the end, {}", data.clock.text(moment)),
            When::Never => String::new(),
        };
        ui.label(RichText::new(text).color(weak));
        if matches!(data.when, When::Cursor(_)) && ui.small_button("Show newest").clicked() {
            actions.push(Action::Follow);
        }
    });
}

fn tools_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.horizontal_wrapped(|ui| {
        let edit = TextEdit::singleline(&mut state.filter)
            .hint_text("Filter name, command, group, user, pid…")
            .desired_width(230.0)
            .id_salt("filter");
        ui.add(edit);
        ui.checkbox(&mut state.wanted.grouped, "Group by cgroup");
        let chosen = chosen_lines(state, data);
        ui.add_enabled_ui(!chosen.is_empty(), |ui| {
            ui.menu_button("Plot", |ui| plot_menu_ui(ui, &chosen, actions));
        });
        ui.menu_button("Copy", |ui| copy_menu_ui(ui, state, data, actions));
        if ui.button("Add to report").clicked() {
            actions.push(Action::Report);
        }
        let shown = state.order.processes();
        let text = match (shown == data.lines.len(), chosen.len()) {
            (true, 0) => format!("{shown} processes"),
            (true, some) => format!("{shown} processes, {some} selected"),
            (false, 0) => format!("{shown} of {} processes", data.lines.len()),
            (false, some) => {
                format!("{shown} of {} processes, {some} selected", data.lines.len())
            }
        };
        ui.label(RichText::new(text).small().color(weak));
    });
}

/// The selected ones; all other numbers in the selection are of the past.
fn chosen_lines(state: &State, data: &Data<'_>) -> Vec<ProcessId> {
    if state.selected.is_empty() {
        return Vec::new();
    }
    let lines = data.lines.iter().map(|line| line.id);
    lines.filter(|id| state.selected.contains(id)).collect()
}

fn plot_menu_ui(ui: &mut Ui, ids: &[ProcessId], actions: &mut Vec<Action>) {
    for (measure, name) in MEASURES {
        if ui.button(*name).clicked() {
            actions.extend(ids.iter().map(|id| Action::Plot(*id, *measure)));
        }
    }
}

fn copy_menu_ui(ui: &mut Ui, state: &State, data: &Data<'_>, actions: &mut Vec<Action>) {
    for (format, name) in FORMATS {
        if ui.button(*name).clicked() {
            actions.push(Action::Copy(copied(state, data, *format)));
        }
    }
}

/// The selected rows, or all that are shown, in the order of the table.
fn copied(state: &State, data: &Data<'_>, format: Format) -> String {
    let chosen = chosen_lines(state, data);
    let lines = state.order.lines().filter_map(|line| data.lines.get(line));
    let rows = lines
        .filter(|line| chosen.is_empty() || state.selected.contains(&line.id))
        .map(|line| columns::ALL.iter().map(|info| info.exact(line)).collect());
    let rows: Vec<Vec<String>> = rows.collect();
    let header: Vec<String> = columns::ALL
        .iter()
        .map(|info| info.copied_header())
        .collect();
    table::text(format, &header, &rows)
}

fn table_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let rect = ui.available_rect_before_wrap();
    let base = ui.scope_id().with("process");
    // A row that gets the focus must be drawn in the next frame.
    ui.style_mut().scroll_animation = ScrollAnimation::none();
    let columns: Vec<_> = columns::ALL.iter().map(columns::Info::wide).collect();
    let count = state.order.rows().len();
    let mut table = Table::new()
        .id_salt("processes")
        .columns(columns)
        .num_sticky_cols(STICKY)
        .headers([HeaderRow::new(HEADER)])
        .num_rows(count as u64);
    if let Some(row) = state.move_to.take().filter(|row| *row < count) {
        table = table.scroll_to_row(row as u64, None);
        let id = drawing::row_id(base, &state.order.rows()[row], data);
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    let mut drawing = Drawing::new((base, list::row_height(ui)), data, state);
    table.show(ui, &mut drawing);
    let wishes = drawing.wishes;
    let focused = wishes.focused;
    for wish in wishes.list {
        wish.carry_out(state, data, actions);
    }
    let focus = match focused {
        Some(_) => Focused::Here,
        None => Focused::Elsewhere,
    };
    if table::copy_asked(ui, rect, focus) {
        actions.push(Action::Copy(copied(state, data, Format::Tsv)));
    }
    if let Some(row) = focused {
        state.move_to = list::key_target(ui, (row, count), PAGE);
    }
}

/// What was asked of the table while it was drawn.
#[derive(Clone, Debug)]
enum Wish {
    Sort(Column),
    Fold(String),
    /// Select this one alone and draw the measure that was clicked.
    Pick(ProcessId, Measure),
    /// Add this one to the selection or take it out.
    Toggle(ProcessId),
    /// Select all from the last one picked to this one.
    Reach(ProcessId),
    Plot(ProcessId, Measure),
    Copy(Format),
}

impl Wish {
    fn carry_out(self, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
        match self {
            Self::Sort(column) => state.wanted.sort_by(column),
            Self::Fold(cgroup) => state.order.fold(cgroup),
            Self::Pick(id, measure) => {
                state.selected = HashSet::from([id]);
                state.anchor = Some(id);
                actions.push(selection(state));
                actions.push(Action::Plot(id, measure));
            }
            Self::Toggle(id) => {
                if !state.selected.remove(&id) {
                    state.selected.insert(id);
                }
                state.anchor = Some(id);
                actions.push(selection(state));
            }
            Self::Reach(id) => {
                state.selected = state.order.between(data, state.anchor.unwrap_or(id), id);
                actions.push(selection(state));
            }
            Self::Plot(id, measure) => actions.push(Action::Plot(id, measure)),
            Self::Copy(format) => actions.push(Action::Copy(copied(state, data, format))),
        }
    }
}

fn selection(state: &State) -> Action {
    let mut ids: Vec<ProcessId> = state.selected.iter().copied().collect();
    ids.sort_unstable();
    Action::Select(ids)
}

fn chosen(state: &State, id: ProcessId) -> Chosen {
    Chosen::when(state.selected.contains(&id))
}

#[cfg(test)]
mod tests;
