//! Which resource limits: the verdict, every candidate with what speaks for it and
//! against it, who makes the load, and when.
//!
//! Start at [`ui`].

mod rows;
mod strip;

use analysis::bottleneck::{self, Judgment, Outcome};
use analysis::track::Track;
use eframe::egui::{RichText, ScrollArea, Ui, vec2};
use model::finding::Analysis;
use model::time::{Span, duration_text};
use model::unit::Unit;

use super::ask::{self, Asked};
use super::grid::{self, Grid};
use super::lane::{Axis, Held};
use super::reasons;
use super::table::{self, FORMATS, Format};
use crate::inquiry::Stage;
use crate::inquiry::limits::Judged;
use crate::manual::{link, topics};
use crate::plot::panel;
use crate::theme;
use crate::workspace::Item;

/// The lists of reasons take this part of the height.
const REASONS: f32 = 0.34;

/// The candidates take at most this part of the height.
const TABLE: f32 = 0.32;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    candidates: Grid,
    culprits: Grid,
    culprits_of: Option<(u64, usize)>,
    culprits_version: u64,
    lanes: strip::State,
    held: Held,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// How far the question is.
    pub stage: &'a Stage,
    /// Why there is no answer to the last question.
    pub trouble: Option<&'a str>,
    /// The window that was asked about last, if any was.
    pub asked: Option<Option<Span>>,
    /// The answer.
    pub judged: Option<&'a Judged>,
    /// Changes whenever the answer does.
    pub version: u64,
    /// The shared axis.
    pub axis: Axis<'a>,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// The curve of an item, if it is at hand.
    pub track: &'a dyn Fn(&Item) -> Option<&'a Track>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A move of the shared axis, as plots wish it.
    Axis(panel::Action),
    /// Judge the selection, or everything without one; or stop; or record.
    Ask(Asked),
    /// Select this stretch and bring it into view.
    Show(Span),
    /// Show the facts of this item.
    Select(Item),
    /// Draw this item.
    Plot(Item),
    /// Say what would help.
    WhatWouldHelp,
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

/// Draws verdict, candidates, reasons and strip; costs what is in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Answer {
    let mut answer = Answer::default();
    follow_selection(ui, data, &mut answer.actions);
    let Some(judged) = data.judged else {
        let words = ask::Words {
            what: "what limits",
            ask: "Judge what limits",
        };
        let asked = ask::empty_ui(ui, (data.stage, data.trouble), words);
        answer.actions.extend(asked.map(Action::Ask));
        return answer;
    };
    let outcome = &judged.outcome;
    state
        .candidates
        .fill(data.version, || rows::candidates(judged));
    if find(state, outcome).is_none()
        && let Some(first) = outcome.resources.first()
    {
        state.candidates.choose(rows::key(first));
    }
    verdict_ui(ui, state, (judged, data), &mut answer.actions);
    let whole = ui.available_height();
    let row = super::list::row_height(ui);
    let table = (state.candidates.len() as f32 + 2.2) * row;
    part_ui(ui, table.min(whole * TABLE), |ui| {
        candidates_ui(ui, state, (outcome, data), &mut answer.actions);
    });
    ui.separator();
    let chosen = find(state, outcome);
    if let Some((place, judgment)) = chosen {
        part_ui(ui, whole * REASONS, |ui| {
            reasons_ui(
                ui,
                state,
                (place, judgment, judged, data),
                &mut answer.actions,
            );
        });
        ui.separator();
    }
    let shown = strip::Shown {
        judged,
        chosen: chosen.map(|(_, it)| it),
        culprit: culprit_item(state, judged, chosen.map(|(_, it)| it)),
    };
    strip::ui(
        ui,
        (&mut state.lanes, &mut state.held),
        (&shown, data),
        &mut answer,
    );
    answer
}

/// The chosen candidate and its place in the outcome.
fn find<'a>(state: &State, outcome: &'a Outcome) -> Option<(usize, &'a Judgment)> {
    let wanted = state.candidates.chosen()?;
    let mut all = outcome.resources.iter().enumerate();
    all.find(|(_, it)| rows::key(it) == wanted)
}

/// Asks again when the selection changed, but not before the drag that changes it ended.
fn follow_selection(ui: &Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    // What could not be read is not asked for again and again.
    let asks = match data.stage {
        Stage::Idle => true,
        Stage::Over | Stage::Running(_) => data.asked.is_some(),
        Stage::Live | Stage::Recording | Stage::Reading => false,
    };
    let held = ui.input(|input| input.pointer.any_down());
    if asks && !held && data.asked != Some(data.axis.selection) {
        actions.push(Action::Ask(Asked::Compute));
    }
}

/// A part of the screen of this height.
fn part_ui(ui: &mut Ui, height: f32, draw: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), height.round().max(40.0));
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.set_max_height(size.y);
        draw(ui);
    });
}

fn verdict_ui(
    ui: &mut Ui,
    state: &mut State,
    (judged, data): (&Judged, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let (sign, tone) = match judged.outcome.verdict {
        Some(_) => ("‼", grid::Tone::Severe),
        None => ("•", grid::Tone::Plain),
    };
    let color = tone.color(theme::of(ui.visuals()));
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(sign).color(color).strong());
        ui.label(RichText::new(&judged.sentence).strong());
    });
    ui.horizontal_wrapped(|ui| {
        let outcome = &judged.outcome;
        ui.weak(sureness(judged));
        ui.weak("·");
        let window = match data.asked.flatten() {
            Some(_) => "selection",
            None => "whole session",
        };
        ui.weak(format!(
            "{window}, {}",
            duration_text(outcome.span.seconds())
        ));
        let again = ask::tools_ui(ui, (data.stage, data.trouble), "Judge again");
        actions.extend(again.map(Action::Ask));
        let hint = "What this would have one try, with predicted effects";
        if ui.button("What would help?").on_hover_text(hint).clicked() {
            actions.push(Action::WhatWouldHelp);
        }
        let kind = bottleneck::verdict_name(outcome.verdict);
        let place = topics::of_kind(Analysis::Bottleneck, kind);
        let place = place.unwrap_or(topics::of_analysis(Analysis::Bottleneck));
        link::ui(ui, "What does it mean?", place);
        ui.menu_button("Copy…", |ui| copy_menu_ui(ui, state, judged, actions));
    });
}

fn sureness(judged: &Judged) -> String {
    let share = Unit::new("1");
    format!(
        "evidence {}, {} of what must be known was measured",
        share.text(judged.evidence),
        share.text(judged.outcome.covered),
    )
}

fn copy_menu_ui(ui: &mut Ui, state: &mut State, judged: &Judged, actions: &mut Vec<Action>) {
    if ui.button("Verdict as text").clicked() {
        actions.push(Action::Copy(rows::told(judged)));
    }
    if let Some(grid::Event::Copy(text)) =
        state.candidates.copy_ui(ui, "Candidates", rows::CANDIDATES)
    {
        actions.push(Action::Copy(text));
    }
    ui.menu_button("Episodes", |ui| {
        for (format, name) in FORMATS {
            if ui.button(*name).clicked() {
                actions.push(Action::Copy(episodes(&judged.outcome, *format)));
            }
        }
    });
}

fn episodes(outcome: &Outcome, format: Format) -> String {
    let header = ["from", "to", "host", "resource", "part", "score", "by"].map(str::to_owned);
    let rows = outcome.episodes.iter().map(|it| {
        [
            it.span.from.to_string(),
            it.span.to.to_string(),
            it.host.clone(),
            it.resource.name().to_owned(),
            it.part.clone(),
            table::exact(it.score),
            it.culprits.first().map_or(String::new(), rows::blamed),
        ]
    });
    table::text(format, &header, rows)
}

fn candidates_ui(
    ui: &mut Ui,
    state: &mut State,
    (outcome, data): (&Outcome, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let heads = rows::heads(data.hosts, outcome);
    for event in state.candidates.ui(ui, ("candidates", &heads)) {
        match event {
            grid::Event::Copy(text) => actions.push(Action::Copy(text)),
            grid::Event::Twice(row) => {
                let own = outcome.resources.get(row);
                let own = own.and_then(|it| strip::stretch(outcome, it));
                actions.extend(own.map(Action::Show));
            }
            grid::Event::Chosen(_) => {}
        }
    }
}

/// What speaks for the chosen candidate, what against it, and who makes its load.
fn reasons_ui(
    ui: &mut Ui,
    state: &mut State,
    (place, judgment, judged, data): (usize, &Judgment, &Judged, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let title = rows::title(judgment);
    ui.columns(3, |columns| {
        if let [left, middle, right] = columns {
            list_ui(
                left,
                (&format!("Speaks for {title}"), "for"),
                &judgment.supports,
            );
            let against = format!("Speaks against {title}");
            list_ui(middle, (&against, "against"), &judgment.against);
            culprits_ui(right, state, (place, judgment, judged, data), actions);
        }
    });
}

fn list_ui(ui: &mut Ui, (title, salt): (&str, &str), reasons: &[String]) {
    reasons::title_ui(ui, title);
    let area = ScrollArea::vertical().id_salt(salt).auto_shrink(false);
    area.show(ui, |ui| reasons::ui(ui, reasons));
}

fn culprits_ui(
    ui: &mut Ui,
    state: &mut State,
    (place, judgment, judged, data): (usize, &Judgment, &Judged, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let wanted = Some((data.version, place));
    if state.culprits_of != wanted {
        state.culprits_of = wanted;
        state.culprits_version += 1;
    }
    let version = state.culprits_version;
    state.culprits.fill(version, || rows::culprits(judgment));
    ui.horizontal(|ui| {
        ui.strong("Who makes the load");
        if !judgment.culprits.is_empty()
            && let Some(grid::Event::Copy(text)) =
                state.culprits.copy_ui(ui, "Copy", rows::CULPRITS)
        {
            actions.push(Action::Copy(text));
        }
    });
    if judgment.culprits.is_empty() {
        ui.weak(rows::why_nobody(judgment));
        return;
    }
    for event in state.culprits.ui(ui, ("culprits", rows::CULPRITS)) {
        let item = |row: usize| rows::item(judged, judgment, judgment.culprits.get(row)?);
        match event {
            grid::Event::Copy(text) => actions.push(Action::Copy(text)),
            grid::Event::Chosen(row) => actions.extend(item(row).map(Action::Select)),
            grid::Event::Twice(row) => actions.extend(item(row).map(Action::Plot)),
        }
    }
}

/// The curve of the chosen culprit.
fn culprit_item(state: &State, judged: &Judged, judgment: Option<&Judgment>) -> Option<Item> {
    let (judgment, key) = (judgment?, state.culprits.chosen()?);
    let mut all = judgment.culprits.iter();
    let culprit = all.find(|it| rows::blamed(it) == key)?;
    rows::item(judged, judgment, culprit)
}

#[cfg(test)]
mod tests;
