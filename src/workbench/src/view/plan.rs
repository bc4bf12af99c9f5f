//! What would help, and did it help: a plan with its alternatives at the left, what the
//! models say of it at the right.
//!
//! A field or slider that moves is answered at once by the best parameters; intervals
//! follow. What cannot be said is refused with its code and what to record, and stands
//! where the answer would stand.
//!
//! Start at [`ui`].

mod actions;
mod answers;
mod begin;
mod brings;
mod carry;
mod curves;
mod frame;
mod guards;
mod head;
mod scores;
mod subject;
mod text;
mod verdict;
mod words;

use eframe::egui::{ScrollArea, Ui, vec2};
use model::plan::action::Action as Step;
use model::time::Span;
use plan::edit::Edit;
use plan::validate::Report;

use super::ask::{self, Asked as Pressed, Words};
use crate::carrying::Seen;
use crate::commands::Id;
use crate::inquiry::Stage;
use crate::inquiry::plan::{Book, Found, Predicted};
use crate::plans::Plans;
use crate::plot::time_axis::Clock;

pub(crate) use actions::free_id;
pub use carry::{Place, Wish};
pub use subject::Offered;

/// The editor takes this part of the width.
const EDITOR: f32 = 0.38;

/// What the right side shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    WhatIf,
    Suggestions,
    Check,
    Carry,
    Verdict,
    Text,
    Ledger,
}

/// Every tab with its title.
const TABS: [(Tab, &str); 7] = [
    (Tab::WhatIf, "What if"),
    (Tab::Suggestions, "What would help?"),
    (Tab::Check, "Model check"),
    (Tab::Carry, "Carry out"),
    (Tab::Verdict, "Did it help?"),
    (Tab::Text, "Text"),
    (Tab::Ledger, "Ledger"),
];

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    tab: Tab,
    head: head::State,
    text: text::State,
    carry: carry::State,
    verdict: verdict::State,
    /// What a plan can be about in this session.
    pub offered: Offered,
}

impl State {
    /// Shows what the bottleneck would have one try.
    pub fn suggest(&mut self) {
        self.tab = Tab::Suggestions;
    }

    /// A recording after the change was chosen.
    pub fn choose_after(&mut self, path: String) {
        self.verdict.choose(path);
    }

    /// Says why a text is no plan.
    pub fn refuse_text(&mut self, why: String) {
        self.text.refuse(why);
    }

    /// A text that was written by hand and not applied yet.
    pub fn written(&self) -> Option<&str> {
        self.text.written()
    }

    /// The text was taken.
    pub fn take_text(&mut self) {
        self.text = text::State::default();
    }
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// The plan and what is said of it at once.
    pub plans: &'a Plans,
    /// How far the model is.
    pub stage: &'a Stage,
    /// Why there is no answer to the last question.
    pub trouble: Option<&'a str>,
    /// The model of the session.
    pub found: Option<&'a Found>,
    /// Whether it was asked for another window or application than the plan has now.
    pub stale: bool,
    /// Intervals, and the versions they were made for.
    pub predicted: Option<(&'a Predicted, (u64, u64))>,
    /// The ledger of earlier predictions.
    pub book: Option<&'a Book>,
    /// Why it cannot be read; `None` also before it was asked for.
    pub book_trouble: Option<&'a str>,
    /// Whether it was asked for.
    pub book_asked: bool,
    /// All that was recorded.
    pub whole: Span,
    /// The stretch that is selected.
    pub selection: Option<Span>,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// What an agent does with a plan.
    pub carried: &'a Seen,
    /// Hash of what would be carried out.
    pub mandate: &'a str,
    /// What came of it.
    pub verdict: Option<&'a Report>,
    /// How far that question is.
    pub verdict_stage: &'a Stage,
    /// Why there is no answer to it.
    pub verdict_trouble: Option<&'a str>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Change the plan.
    Edit(Box<Edit>),
    /// A movement of the hand ended.
    LetGo,
    /// Take the last step back.
    Undo,
    /// Take it again.
    Redo,
    /// Fit the model, stop that, or record.
    Ask(Pressed),
    /// Take a suggestion into the plan.
    Take(Box<Step>),
    /// Put what is expected into the plan and the ledger.
    Predict,
    /// Agree to it.
    Approve(String, Vec<String>),
    /// What menu and palette have too.
    Command(Id),
    /// Open a plan file.
    Open(String),
    /// Write the plan to a file.
    Save(String),
    /// Have an agent try it or carry it out.
    Carry(Box<Wish>),
    /// Choose the recording after the change.
    ChooseAfter,
    /// Hold this recording against the prediction; whether runs repeat each other.
    Validate(String, bool),
    /// Take in what was written by hand.
    Text(String),
    /// Read the ledger of earlier predictions.
    Scores,
    /// Write the ledger as a table, where that is asked next.
    Export,
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws editor and answers; costs what is in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if ui.input(|input| input.pointer.any_released()) {
        actions.push(Action::LetGo);
    }
    head::ui(ui, &mut state.head, data, &mut actions);
    ui.separator();
    let whole = ui.available_size();
    ui.horizontal_top(|ui| {
        let left = vec2((whole.x * EDITOR).round(), whole.y);
        part_ui(ui, left, |ui| {
            ScrollArea::vertical()
                .id_salt("plan editor")
                .auto_shrink(false)
                .show(ui, |ui| {
                    actions::ui(ui, data, &mut actions);
                    frame::ui(ui, (data, &state.offered), &mut actions);
                    guards::ui(ui, data, &mut actions);
                });
        });
        ui.separator();
        let right = vec2(ui.available_width(), whole.y);
        part_ui(ui, right, |ui| answers_ui(ui, state, data, &mut actions));
    });
    actions
}

/// A part of the screen of this size, from top to bottom.
fn part_ui(ui: &mut Ui, size: eframe::egui::Vec2, draw: impl FnOnce(&mut Ui)) {
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.set_max_size(size);
        ui.vertical(draw);
    });
}

fn answers_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        for (tab, title) in TABS {
            ui.selectable_value(&mut state.tab, tab, title);
        }
        if data.found.is_some()
            && !matches!(
                state.tab,
                Tab::Text | Tab::Ledger | Tab::Carry | Tab::Verdict
            )
        {
            ui.separator();
            let again = match data.stale {
                true => "Fit again, it changed",
                false => "Fit again",
            };
            let pressed = ask::tools_ui(ui, (data.stage, data.trouble), again);
            actions.extend(pressed.map(Action::Ask));
        }
    });
    ui.add_space(2.0);
    match state.tab {
        Tab::Text => text::ui(ui, &mut state.text, data, actions),
        Tab::Ledger => scores::ui(ui, data, actions),
        Tab::Carry => carry::ui(ui, &mut state.carry, data, actions),
        Tab::Verdict => verdict::ui(ui, &mut state.verdict, data, actions),
        Tab::WhatIf | Tab::Suggestions | Tab::Check => {
            let Some(found) = data.found else {
                return unfitted_ui(ui, data, actions);
            };
            let offered = &state.offered;
            match state.tab {
                Tab::Suggestions => answers::suggestions_ui(ui, found, actions),
                Tab::Check => answers::check_ui(ui, found, (data, offered), actions),
                _ => answers::what_if_ui(ui, found, (data, offered), actions),
            }
        }
    }
}

/// There is no model yet: it is fitted when the screen is first seen, or says why not.
fn unfitted_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let words = Words {
        what: "the model of this session",
        ask: "Fit the model",
    };
    if *data.stage == Stage::Idle && data.trouble.is_none() {
        actions.push(Action::Ask(Pressed::Compute));
    }
    let pressed = ask::empty_ui(ui, (data.stage, data.trouble), words);
    actions.extend(pressed.map(Action::Ask));
}

#[cfg(test)]
mod tests;
