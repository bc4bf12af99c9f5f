//! Small multiples by resource: the live or recorded machine at a glance.
//!
//! Only plots in sight are drawn, and only their curves are asked for. Series
//! and processes can be dropped on a plot, or beside the plots for a new one.
//!
//! * [`arrange`]: which curves stand where, under which names.
//! * `cell`: one plot with its menu and as a place to drop on.
//!
//! Start at [`ui`].

pub mod arrange;
mod cell;

use std::collections::{HashMap, HashSet};

use analysis::track::Track;
use eframe::egui::{self, DragAndDrop, Rect, RichText, Sense, Ui, vec2};
use model::time::{Moment, duration_text};

use self::arrange::Section;
use crate::plot::panel;
use crate::theme;
use crate::view::dragged;
use crate::workspace::{Item, Workspace};

/// Space between plots.
const GAP: f32 = 8.0;

/// Narrower plots are put below each other.
const NARROWEST: f32 = 260.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub struct State {
    plots: HashMap<u64, panel::State>,
    folded: HashSet<&'static str>,
    scroll_to: Option<u64>,
}

impl State {
    /// Brings the plots of a panel into sight in the next frame.
    pub fn scroll_to(&mut self, panel: u64) {
        self.scroll_to = Some(panel);
        self.folded.clear();
    }
}

/// How a curve that is not at hand is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is being loaded.
    Loading,
    /// It could not be loaded, for this reason.
    Failed(String),
    /// The session has no such series.
    Unknown,
}

/// Everything the plots show, only borrowed.
pub struct Data<'a> {
    /// What the user arranged.
    pub workspace: &'a Workspace,
    /// The plots, section by section.
    pub sections: &'a [Section],
    /// The curve of an item, or how it is doing.
    pub track: &'a dyn Fn(&Item) -> Result<&'a Track, Absent>,
    /// What all plots share.
    pub shared: panel::Shared<'a>,
    /// Why there is nothing, should that be so.
    pub empty: &'a str,
}

/// What was dropped or picked to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Dropped {
    /// A series.
    Series(dragged::Series),
    /// One measure of a process.
    Process(dragged::Process),
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A wish of one plot of this panel.
    Plot(u64, panel::Action),
    /// Draw this in a panel, or in a new one.
    Add(Option<u64>, Dropped),
    /// Linear or logarithmic.
    ToggleLog(u64),
    /// Lines or on top of each other.
    ToggleStacked(u64),
    /// List the samples of this plot.
    ShowTable(u64),
    /// Take a panel away.
    Remove(u64),
    /// Take one curve out of a panel.
    TakeOut(u64, Item),
    /// Show every curve of a panel.
    ShowAll(u64),
    /// Put the visible samples of these curves on the clipboard.
    CopyData(Vec<Item>),
    /// Add a chart of these to the report, stacked or not.
    ToReport(String, Vec<Item>, bool),
    /// Show the statistics of these curves.
    Statistics(Vec<Item>),
    /// Plots side by side.
    Columns(usize),
    /// Height of plots.
    Height(f32),
    /// Hold on to this moment.
    Pin(Moment),
    /// Zoom into the selection.
    ZoomToSelection,
    /// Compare the selection with what is around it.
    WhatChanged,
    /// Say what would help in the selection.
    WhatWouldHelp,
    /// Compare the selection with another session.
    CompareWith,
    /// Write a note at the selection.
    Annotate,
    /// Write a report of the selection.
    Report,
    /// Nothing is selected any more.
    Deselect,
    /// A new, empty plot.
    AddPlot,
}

/// What a frame found out.
#[derive(Default)]
pub struct Answer {
    /// What the user asked for.
    pub actions: Vec<Action>,
    /// The curves in sight.
    pub wanted: Vec<Item>,
    /// Pixel columns of the widest plot.
    pub columns: usize,
}

/// Draws the plots in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Answer {
    let mut answer = Answer::default();
    tools_ui(ui, data, &mut answer.actions);
    ui.add_space(2.0);
    if data.sections.is_empty() {
        nothing_ui(ui, data.empty);
        drop_on(ui, ui.max_rect(), None, &mut answer.actions);
        return answer;
    }
    let area = egui::ScrollArea::vertical()
        .id_salt("plots")
        .auto_shrink(false);
    let shown = area.show(ui, |ui| {
        let mut cells = Vec::new();
        for section in data.sections {
            section_ui(ui, state, (section, data), (&mut answer, &mut cells));
        }
        ui.add_space(60.0);
        cells
    });
    // Below and between the plots a drop makes a new one.
    let on_plot = |cell: &Rect| ui.rect_contains_pointer(*cell);
    if !shown.inner.iter().any(on_plot) {
        drop_on(ui, shown.inner_rect, None, &mut answer.actions);
    }
    answer
}

fn nothing_ui(ui: &mut Ui, why: &str) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.centered_and_justified(|ui| ui.label(RichText::new(why).color(weak)));
}

/// What is selected and what can be done with it, and how the plots are laid out.
fn tools_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.horizontal(|ui| {
        match data.shared.selection {
            Some(span) => {
                let text = format!("Selected {}", duration_text(span.seconds()));
                ui.label(RichText::new(text).strong());
                for (name, action, hint) in [
                    (
                        "Zoom",
                        Action::ZoomToSelection,
                        "Zoom into the selection (Enter)",
                    ),
                    (
                        "What changed?",
                        Action::WhatChanged,
                        "Compare it with what is before it (Shift+C)",
                    ),
                    (
                        "What would help?",
                        Action::WhatWouldHelp,
                        "What its bottleneck would have one try, with predicted effects",
                    ),
                    (
                        "Compare with…",
                        Action::CompareWith,
                        "Compare it with another session",
                    ),
                    ("Annotate", Action::Annotate, "Write a note (Shift+M)"),
                    (
                        "Report…",
                        Action::Report,
                        "Export a report of this range (Ctrl+E)",
                    ),
                    ("Clear", Action::Deselect, "Drop the selection (Esc)"),
                ] {
                    if ui.small_button(name).on_hover_text(hint).clicked() {
                        actions.push(action);
                    }
                }
            }
            None => {
                let hint =
                    "Drag selects a range · Ctrl+wheel zooms · Shift+drag pans · W A S D moves";
                ui.add(egui::Label::new(RichText::new(hint).color(weak).small()).truncate());
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            layout_ui(ui, data.workspace, actions);
        });
    });
}

fn layout_ui(ui: &mut Ui, workspace: &Workspace, actions: &mut Vec<Action>) {
    if ui
        .small_button("+ Plot")
        .on_hover_text("Add an empty plot")
        .clicked()
    {
        actions.push(Action::AddPlot);
    }
    for columns in [3, 2, 1] {
        let chosen = workspace.columns == columns;
        let name = format!("{columns}");
        let button = egui::Button::selectable(chosen, name).small();
        let hint = match columns {
            1 => "One plot in a row".to_owned(),
            many => format!("{many} plots in a row"),
        };
        let response = ui.add(button).on_hover_text(&hint);
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::accesskit::Role::RadioButton, true, chosen, &hint)
        });
        if response.clicked() && !chosen {
            actions.push(Action::Columns(columns));
        }
    }
    let mut height = workspace.panel_height;
    let slider = egui::Slider::new(&mut height, crate::workspace::PANEL_HEIGHT).show_value(false);
    ui.spacing_mut().slider_width = 70.0;
    let response = ui
        .add(slider)
        .on_hover_text("Height of plots (Alt+↑, Alt+↓)");
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(height), "Height of plots"));
    if response.changed() {
        actions.push(Action::Height(height));
    }
}

fn section_ui(
    ui: &mut Ui,
    state: &mut State,
    (section, data): (&Section, &Data<'_>),
    (answer, cells): (&mut Answer, &mut Vec<Rect>),
) {
    if fold_ui(ui, state, section) {
        return;
    }
    let width = ui.available_width();
    let fit = ((width + GAP) / (NARROWEST + GAP)).floor().max(1.0) as usize;
    let columns = data.workspace.columns.clamp(1, fit);
    let cell_width = (width - GAP * (columns - 1) as f32) / columns as f32;
    let height = data.workspace.panel_height;
    for row in section.plots.chunks(columns) {
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let scrolled = state.scroll_to;
        if row.iter().any(|plot| Some(plot.panel) == scrolled) {
            state.scroll_to = None;
            ui.scroll_to_rect(rect, Some(egui::Align::Center));
        }
        if !ui.is_rect_visible(rect) {
            continue;
        }
        for (place, plot) in row.iter().enumerate() {
            let left = rect.left() + place as f32 * (cell_width + GAP);
            let cell = Rect::from_min_size(
                egui::pos2(left.round(), rect.top()),
                vec2(cell_width.floor(), height),
            );
            cells.push(cell);
            answer.columns = answer
                .columns
                .max((cell_width * ui.ctx().pixels_per_point()) as usize);
            let scratch = state.plots.entry(plot.id).or_default();
            cell::ui(ui, cell, (plot, scratch, data), answer);
        }
    }
}

/// The heading of a section; says whether it is folded.
fn fold_ui(ui: &mut Ui, state: &mut State, section: &Section) -> bool {
    let folded = state.folded.contains(section.title);
    let sign = if folded { "▸" } else { "▾" };
    let text = format!("{sign} {}", section.title);
    let heading = egui::Button::new(RichText::new(text).strong()).frame(false);
    let response = ui.add(heading);
    if response.clicked() {
        match folded {
            true => state.folded.remove(section.title),
            false => state.folded.insert(section.title),
        };
    }
    folded
}

/// Takes what is dropped inside `rect`, and shows where it would land.
fn drop_on(ui: &Ui, rect: Rect, panel: Option<u64>, actions: &mut Vec<Action>) {
    let ctx = ui.ctx();
    let carries = DragAndDrop::has_payload_of_type::<dragged::Series>(ctx)
        || DragAndDrop::has_payload_of_type::<dragged::Process>(ctx);
    if !carries || !ui.rect_contains_pointer(rect) {
        return;
    }
    let theme = theme::of(ui.visuals());
    let stroke = egui::Stroke::new(2.0, theme.selection_edge);
    let painter = ui.painter();
    painter.rect_stroke(rect.shrink(1.0), 3.0, stroke, egui::StrokeKind::Inside);
    let text = match panel {
        Some(_) => "Add to this plot",
        None => "New plot",
    };
    let font = egui::FontId::proportional(13.0);
    let galley = painter.layout_no_wrap(text.to_owned(), font, theme.text);
    let at = rect.center_top() + vec2(-galley.size().x / 2.0, 6.0);
    let ground = Rect::from_min_size(at, galley.size()).expand(4.0);
    painter.rect_filled(ground, 3.0, theme.ground);
    painter.galley(at, galley, theme.text);
    if ui.input(|input| input.pointer.any_released()) {
        let series = DragAndDrop::take_payload::<dragged::Series>(ctx);
        let process = DragAndDrop::take_payload::<dragged::Process>(ctx);
        let series = series.map(|it| Dropped::Series((*it).clone()));
        let process = process.map(|it| Dropped::Process((*it).clone()));
        actions.extend(series.or(process).map(|it| Action::Add(panel, it)));
    }
}
