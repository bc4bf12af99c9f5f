//! Title, alternatives, file and life of a plan, in two lines.

use eframe::egui::{Button, RichText, TextEdit, Ui, WidgetInfo, accesskit};
use model::plan::{Class, State as Life};
use plan::edit::{Change, Edit, Variant};
use plan::life;

use super::{Action, Data, words};

/// Scratch of the head.
#[derive(Debug, Default)]
pub(super) struct State {
    path: Option<String>,
    who: String,
    acknowledged: Vec<String>,
    approving: bool,
}

/// Draws the head.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let plan = data.plans.plan();
        let mut title = plan.title.clone();
        let field = TextEdit::singleline(&mut title).desired_width(220.0);
        let edited = ui.add(field);
        named(&edited, "Title of the plan");
        if edited.changed() {
            actions.push(edit(Change::Title(title)));
        }
        let faulty = !data.plans.faults().is_empty();
        ui.label(RichText::new(plan.state.name()).strong());
        ui.weak(format!("revision {}", plan.revision));
        alternatives_ui(ui, data, actions);
        ui.separator();
        let undo = data.plans.desk().undoable().is_some();
        if ui.add_enabled(undo, Button::new("Undo")).clicked() {
            actions.push(Action::Undo);
        }
        let redo = data.plans.desk().redoable().is_some();
        if ui.add_enabled(redo, Button::new("Redo")).clicked() {
            actions.push(Action::Redo);
        }
        ui.separator();
        life_ui(ui, state, (data, faulty), actions);
    });
    ui.horizontal_wrapped(|ui| file_ui(ui, state, data, actions));
    if state.approving {
        approve_ui(ui, state, data, actions);
    }
}

/// A wish to change the chosen plan.
pub(super) fn edit(change: Change) -> Action {
    Action::Edit(Box::new(Edit::from(change)))
}

pub(super) fn named(response: &eframe::egui::Response, name: &str) {
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::TextInput, true, name));
}

/// The alternatives as chips, with what each would bring.
fn alternatives_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let board = data.plans.desk().board();
    let vary = |variant| Action::Edit(Box::new(Edit::Variant(variant)));
    ui.separator();
    for (place, alternative) in board.alternatives().iter().enumerate() {
        let chosen = place == board.chosen();
        let known = data.plans.quick().and_then(|it| it.others.get(place));
        let brings = known.and_then(|it| it.1).map(|[x, r]| {
            let (x, r) = (
                words::number(Some(x), "{request}/s"),
                words::number(Some(r), "s"),
            );
            format!("{x}, {r}")
        });
        let label = ui.selectable_label(chosen, alternative.name.as_str());
        let label = match brings {
            Some(brings) => label.on_hover_text(brings),
            None => label,
        };
        if label.clicked() && !chosen {
            actions.push(vary(Variant::Choose(alternative.name.clone())));
        }
    }
    let own = &board.alternatives()[board.chosen()].name;
    let hint = "Another plan for the same end, beside this one";
    if ui
        .small_button("+ Alternative")
        .on_hover_text(hint)
        .clicked()
    {
        let count = board.alternatives().len() + 1;
        let name = format!("{own} {count}");
        actions.push(vary(Variant::Duplicate(own.clone(), name)));
    }
    if board.alternatives().len() > 1 && ui.small_button("– Remove").clicked() {
        actions.push(vary(Variant::Remove(own.clone())));
    }
}

fn life_ui(
    ui: &mut Ui,
    state: &mut State,
    (data, faulty): (&Data<'_>, bool),
    actions: &mut Vec<Action>,
) {
    let plan = data.plans.plan();
    let can = |to: Life| life::transition(plan.state, to).is_some();
    let ready = data.found.is_some() && !faulty;
    let hint = "Put what is expected into the plan and into the ledger of predictions";
    let predict = ui.add_enabled(
        ready && can(Life::Predicted) || ready && plan.state == Life::Draft,
        Button::new("Predict"),
    );
    if predict.on_hover_text(hint).clicked() {
        actions.push(Action::Predict);
    }
    let approve = ui.add_enabled(can(Life::Approved), Button::new("Approve…"));
    let hint = "Agree to exactly these contents; what is only roughly known must be acknowledged one by one";
    if approve.on_hover_text(hint).clicked() {
        state.approving = !state.approving;
        state.acknowledged.clear();
    }
}

/// Who agrees, and to which doubts.
fn approve_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    ui.group(|ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label("Approved by");
            let field = ui.add(TextEdit::singleline(&mut state.who).desired_width(140.0));
            named(&field, "Who approves");
        });
        for expected in life::to_acknowledge(plan) {
            let mut known = state.acknowledged.contains(&expected.metric);
            let why = match (&expected.refused, expected.class) {
                (Some(why), _) => why.as_str(),
                (None, Class::C) => "only a direction is known",
                _ => "",
            };
            let text = format!("{}: {why}", words::metric(&expected.metric));
            if ui.checkbox(&mut known, text).changed() {
                state.acknowledged.retain(|it| *it != expected.metric);
                if known {
                    state.acknowledged.push(expected.metric.clone());
                }
            }
        }
        ui.horizontal(|ui| {
            let named = !state.who.trim().is_empty();
            if ui.add_enabled(named, Button::new("Approve")).clicked() {
                let who = state.who.trim().to_owned();
                actions.push(Action::Approve(who, state.acknowledged.clone()));
                state.approving = false;
            }
            if ui.button("Not now").clicked() {
                state.approving = false;
            }
        });
    });
}

fn file_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let known = data.plans.path().map(|it| it.display().to_string());
    let mut path = state
        .path
        .clone()
        .or(known)
        .unwrap_or_else(|| "plan.ron".to_owned());
    ui.weak("File");
    let field = ui.add(TextEdit::singleline(&mut path).desired_width(260.0));
    named(&field, "File of the plan");
    if field.changed() {
        state.path = Some(path.clone());
    }
    if ui.button("Save").clicked() {
        actions.push(Action::Save(path.clone()));
    }
    if ui.button("Open").clicked() {
        actions.push(Action::Open(path));
        state.path = None;
    }
    if ui.button("New").clicked() {
        actions.push(Action::New);
        state.path = None;
    }
    ui.weak(match (data.plans.is_saved(), data.plans.path()) {
        (true, _) => "saved",
        (false, Some(_)) => "changed since it was saved",
        (false, None) => "not saved yet",
    });
    ui.separator();
    ui.weak("An agent carries an approved plan out: kymo plan apply FILE");
    for fault in data.plans.faults().iter().take(3) {
        words::warn(ui, &fault.to_string());
    }
}
