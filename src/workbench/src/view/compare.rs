//! What changed: a window against another, of this session or of another one.
//!
//! Both sides stand above with what they are in words; below them every series with its
//! verdict, changed ones first; under the table the chosen series in detail.
//!
//! * `sides`: what is compared. `order`, `columns`, `drawing`: the table.
//! * `detail`: the chosen row. `overlay`, `distribution`, `scatter`, `settings`: its tabs.
//! * `plane`: axes of the drawings.
//!
//! Start at [`ui`].

mod columns;
mod detail;
mod distribution;
mod drawing;
mod order;
mod overlay;
mod scatter;
mod settings;
mod sides;
mod tools;

use std::path::PathBuf;

use eframe::egui::style::ScrollAnimation;
use eframe::egui::{Ui, vec2};
use egui_table::{HeaderRow, Table};
use model::finding::{Finding, FindingId};
use model::series::SeriesKey;
use model::time::Span;

use super::empty;
use super::list;
use super::table::{self, Focused, Format};
use crate::contrast::Progress;
use crate::contrast::answer::Answer;
use crate::contrast::closeup::{CloseUp, Wanted};
use crate::contrast::sides::{Axis, Baseline, Half, Sides, Which};
use crate::plot::pointer::Habits;
use crate::plot::time_axis::Clock;

/// Share of the height that the chosen row takes.
const DETAIL_SHARE: f32 = 0.48;

/// The chosen row is never lower than this.
const DETAIL_LEAST: f32 = 190.0;

/// Rows that a page key moves.
const PAGE: usize = 12;

/// Height of the header: title and what it means.
const HEADER: f32 = 22.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub struct State {
    order: order::Order,
    /// Name of the chosen row, which the next comparison may have too.
    chosen: Option<String>,
    move_to: Option<usize>,
    sides: sides::State,
    detail: detail::State,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// What is compared.
    pub sides: &'a Sides,
    /// What it may be made of.
    pub axis: Axis,
    /// The selected range.
    pub selection: Option<Span>,
    /// How far the comparison is.
    pub progress: &'a Progress,
    /// What was found.
    pub answer: Option<&'a Answer>,
    /// Changes whenever `answer` does.
    pub version: u64,
    /// The row that was looked at in detail last.
    pub closeup: Option<&'a CloseUp>,
    /// Whether agents are looked at, of which only the last hours are known.
    pub live: bool,
    /// Whether a finding belongs into the report.
    pub pinned: &'a dyn Fn(FindingId) -> bool,
    /// Sessions opened lately.
    pub recent: &'a [PathBuf],
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// What drags and wheels do.
    pub habits: Habits,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Compare the selection.
    Selection,
    /// Compare the second half of all there is with the first.
    Halves,
    /// Compare with this stretch around B.
    Baseline(Baseline),
    /// Make this a side.
    Set(Which, Half),
    /// Ask for a file and make it a side.
    Pick(Which),
    /// Make this session a side.
    With(Which, PathBuf),
    /// Before becomes after.
    Swap,
    /// Whether runs repeat.
    Repeatable(bool),
    /// Compare once more.
    Again,
    /// Stop comparing.
    Cancel,
    /// Look at a row in detail.
    Look(Wanted),
    /// Select this stretch and this series in every screen.
    Show(Span, SeriesKey),
    /// Draw these series together.
    Plot(Vec<SeriesKey>),
    /// Put this text on the clipboard.
    Copy(String),
    /// Add this to the report, or take it out.
    Pin(Box<Finding>),
    /// Record what the agents say.
    Record,
}

/// Draws sides, table and detail; costs the rows in sight, however many there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if data.sides.after.is_none() {
        empty_ui(ui, data, &mut actions);
        return actions;
    }
    sides::ui(ui, &mut state.sides, data, &mut actions);
    let Some(answer) = data.answer else {
        waiting_ui(ui, data, &mut actions);
        return actions;
    };
    state.order.refresh((answer, data.version));
    tools::ui(ui, state, (answer, data), &mut actions);
    state.order.refresh((answer, data.version));
    if state.order.rows().is_empty() {
        if empty::ui(ui, "No series fits the filter.", "Show all series") {
            state.order.clear();
        }
        return actions;
    }
    let chosen = chosen(state, answer);
    let below = match chosen {
        Some(_) => {
            let most = (ui.available_height() - 90.0).max(0.0);
            let wanted = ui.available_height() * DETAIL_SHARE;
            wanted.max(DETAIL_LEAST).min(most).round()
        }
        None => 0.0,
    };
    let size = vec2(ui.available_width(), ui.available_height() - below);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.set_max_size(size);
        table_ui(ui, state, answer, &mut actions);
    });
    if let Some(row) = chosen {
        ui.separator();
        detail::ui(ui, &mut state.detail, (row, answer, data), &mut actions);
    }
    actions
}

/// The row that is looked at in detail.
fn chosen(state: &State, answer: &Answer) -> Option<usize> {
    let name = state.chosen.as_ref()?;
    answer.rows.iter().position(|row| row.name == *name)
}

fn empty_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    if data.axis.whole.is_empty() {
        let why = match data.live {
            true => "Nothing was measured yet: attach an agent, or open a session.",
            false => "This session holds no samples to compare.",
        };
        return empty::text(ui, why);
    }
    if data.selection.is_some() {
        let why = "Compares the selected stretch with what is before it, series by series, and says what changed and how sure that is.";
        if empty::ui(ui, why, "What changed in the selection?") {
            actions.push(Action::Selection);
        }
        return;
    }
    let mut why = "Drag over any plot to select a stretch, then press Shift+C: every series is compared with what was before. Or compare with another session: Time › Compare with another session….".to_owned();
    if data.live {
        why.push_str("\n\nWhile live, what the window remembers is compared, up to two hours. Record with Ctrl+R to keep more.");
    }
    if empty::ui(ui, &why, "Compare the second half with the first") {
        actions.push(Action::Halves);
    }
    ui.vertical_centered(|ui| {
        if ui.button("Compare with another session…").clicked() {
            actions.push(Action::Pick(Which::Before));
        }
        if data.live && ui.button("Record").clicked() {
            actions.push(Action::Record);
        }
    });
}

/// Nothing is there to show yet, or it cannot be had.
fn waiting_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    match data.progress {
        Progress::Failed(problem) => {
            let mut why = format!("{}: {}.", problem.what, problem.why);
            if !problem.what_to_do.is_empty() {
                why.push_str(&format!("\n\nTry: {}.", problem.what_to_do));
            }
            if empty::ui(ui, &why, "Compare again") {
                actions.push(Action::Again);
            }
        }
        Progress::Running => {
            if empty::ui(ui, "Comparing every series…", "Cancel") {
                actions.push(Action::Cancel);
            }
        }
        Progress::Idle | Progress::Done => {
            if empty::ui(ui, "Nothing was compared yet.", "Compare") {
                actions.push(Action::Again);
            }
        }
    }
}

fn table_ui(ui: &mut Ui, state: &mut State, answer: &Answer, actions: &mut Vec<Action>) {
    let rect = ui.available_rect_before_wrap();
    let base = ui.scope_id().with("compared");
    // A row that gets the focus must be drawn in the next frame.
    ui.style_mut().scroll_animation = ScrollAnimation::none();
    let shown = columns::shown(answer);
    let count = state.order.rows().len();
    let mut table = Table::new()
        .id_salt(("compared", shown.len()))
        .columns(shown.iter().map(|it| it.wide()).collect::<Vec<_>>())
        .num_sticky_cols(columns::STICKY)
        .headers([HeaderRow::new(HEADER)])
        .num_rows(count as u64);
    if let Some(row) = state.move_to.take().filter(|row| *row < count) {
        table = table.scroll_to_row(row as u64, None);
        let row = state.order.rows().get(row);
        let name = row.and_then(|it| answer.rows.get(*it)).map(|it| &it.name);
        let id = base.with(name);
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    let mut drawing = drawing::Drawing::new((base, list::row_height(ui)), answer, (state, shown));
    table.show(ui, &mut drawing);
    let wishes = drawing.wishes;
    let focus = match wishes.focused {
        Some(_) => Focused::Here,
        None => Focused::Elsewhere,
    };
    if let Some(row) = wishes.focused {
        state.move_to = list::key_target(ui, (row, count), PAGE);
    }
    if let Some(column) = wishes.sort {
        state.order.sort_by(column);
    }
    if let Some(row) = wishes.picked.and_then(|row| answer.rows.get(row)) {
        state.chosen = Some(row.name.clone());
    }
    actions.extend(wishes.actions);
    if table::copy_asked(ui, rect, focus) {
        actions.push(Action::Copy(copied(state, answer, Format::Tsv)));
    }
}

/// The rows that are shown, in the order of the table, with every digit.
fn copied(state: &State, answer: &Answer, format: Format) -> String {
    let rows = state.order.rows().iter();
    let rows = rows.filter_map(|row| answer.rows.get(*row));
    let rows: Vec<Vec<String>> = rows.map(columns::exact).collect();
    table::text(format, &columns::exact_header(), &rows)
}

#[cfg(test)]
mod tests;
