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
mod curves;
mod frame;
mod head;
mod scores;
mod words;

use eframe::egui::{ScrollArea, Ui, vec2};
use model::plan::action::Action as Step;
use model::time::Span;
use plan::edit::Edit;

use super::ask::{self, Asked as Pressed, Words};
use crate::inquiry::Stage;
use crate::inquiry::plan::{Found, Predicted};
use crate::plans::Plans;

pub(crate) use actions::free_id;

/// The editor takes this part of the width.
const EDITOR: f32 = 0.40;

/// What the right side shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    WhatIf,
    Suggestions,
    Check,
    Text,
    Ledger,
}

/// Every tab with its title.
const TABS: [(Tab, &str); 5] = [
    (Tab::WhatIf, "What if"),
    (Tab::Suggestions, "What would help?"),
    (Tab::Check, "The model's own check"),
    (Tab::Text, "By hand"),
    (Tab::Ledger, "Earlier predictions"),
];

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    tab: Tab,
    head: head::State,
    /// The text that is written by hand, and the version of the plan it began with.
    text: Option<(u64, String)>,
    text_trouble: Option<String>,
    export: String,
}

impl State {
    /// Shows what the bottleneck would have one try.
    pub fn suggest(&mut self) {
        self.tab = Tab::Suggestions;
    }

    /// Says why a text is no plan.
    pub fn refuse_text(&mut self, why: String) {
        self.text_trouble = Some(why);
    }

    /// The text was taken.
    pub fn take_text(&mut self) {
        self.text = None;
        self.text_trouble = None;
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
    /// The stretch that is selected.
    pub selection: Option<Span>,
    /// Names of services that can be meant.
    pub services: &'a [String],
    /// Control groups that can be meant, as series of the processors they use.
    pub groups: &'a [String],
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
    /// An empty plan.
    New,
    /// Open a plan file.
    Open(String),
    /// Write the plan to a file.
    Save(String),
    /// Take in what was written by hand.
    Text(String),
    /// Write the ledger as a table.
    Export(String),
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
        ui.allocate_ui(left, |ui| {
            ui.set_min_size(left);
            ui.set_max_size(left);
            ScrollArea::vertical()
                .id_salt("plan editor")
                .auto_shrink(false)
                .show(ui, |ui| {
                    frame::ui(ui, data, &mut actions);
                    actions::ui(ui, data, &mut actions);
                    frame::guards_ui(ui, data, &mut actions);
                });
        });
        ui.separator();
        let right = vec2(ui.available_width(), whole.y);
        ui.allocate_ui(right, |ui| {
            ui.set_min_size(right);
            ui.set_max_size(right);
            ui.vertical(|ui| answers_ui(ui, state, data, &mut actions));
        });
    });
    actions
}

fn answers_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        for (tab, title) in TABS {
            ui.selectable_value(&mut state.tab, tab, title);
        }
    });
    ui.add_space(2.0);
    match state.tab {
        Tab::Text => text_ui(ui, state, data, actions),
        Tab::Ledger => scores::ui(ui, &mut state.export, data, actions),
        Tab::WhatIf | Tab::Suggestions | Tab::Check => {
            let words = Words {
                what: "the model of this session",
                ask: "Fit the model",
            };
            let Some(found) = data.found else {
                let pressed = ask::empty_ui(ui, (data.stage, data.trouble), words);
                actions.extend(pressed.map(Action::Ask));
                return;
            };
            ui.horizontal_wrapped(|ui| {
                let again = match data.stale {
                    true => "Fit again: window or application changed",
                    false => "Fit again",
                };
                let pressed = ask::tools_ui(ui, (data.stage, data.trouble), again);
                actions.extend(pressed.map(Action::Ask));
            });
            match state.tab {
                Tab::Suggestions => answers::suggestions_ui(ui, found, actions),
                Tab::Check => answers::check_ui(ui, found, data),
                _ => answers::what_if_ui(ui, found, data, actions),
            }
        }
    }
}

/// The plan as text, to be changed by hand.
fn text_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let now = data.plans.version();
    let stale = state.text.as_ref().is_some_and(|it| it.0 != now);
    let mut text = match &state.text {
        Some((_, text)) => text.clone(),
        None => data.plans.text().to_owned(),
    };
    ui.horizontal_wrapped(|ui| {
        let changed = text != data.plans.text();
        let take = eframe::egui::Button::new("Take this text");
        if ui.add_enabled(changed, take).clicked() {
            actions.push(Action::Text(text.clone()));
        }
        let back = eframe::egui::Button::new("Back to the plan");
        if ui.add_enabled(changed, back).clicked() {
            state.take_text();
            text = data.plans.text().to_owned();
        }
        if ui.button("Copy").clicked() {
            actions.push(Action::Copy(text.clone()));
        }
        if stale {
            words::warn(ui, "the plan changed meanwhile");
        }
    });
    if let Some(trouble) = &state.text_trouble {
        words::warn(ui, trouble);
    }
    ScrollArea::both()
        .id_salt("plan text")
        .auto_shrink(false)
        .show(ui, |ui| {
            let field = eframe::egui::TextEdit::multiline(&mut text)
                .code_editor()
                .desired_width(f32::INFINITY)
                .desired_rows(30);
            let edited = ui.add(field);
            let name = "The plan as text";
            edited.widget_info(|| {
                eframe::egui::WidgetInfo::labeled(
                    eframe::egui::accesskit::Role::MultilineTextInput,
                    true,
                    name,
                )
            });
            if edited.changed() {
                let began = state.text.as_ref().map_or(now, |it| it.0);
                state.text = Some((began, text));
                state.text_trouble = None;
            }
        });
}

#[cfg(test)]
mod tests;
