//! Title, life, alternatives and file of a plan, in three lines, and what is missing for
//! its next step.

use eframe::egui::text::LayoutJob;
use eframe::egui::{Button, Label, TextEdit, TextFormat, TextStyle, Ui, WidgetInfo, accesskit};
use model::plan::{Class, State as Life};
use plan::edit::{Change, Edit, Variant};
use plan::life;

use super::{Action, Data, words};
use crate::commands::Id;
use crate::theme;

/// The life of a plan for which everything goes well; other states are shown beside it.
const LIFE: [(Life, &str); 6] = [
    (Life::Draft, "draft"),
    (Life::Predicted, "predicted"),
    (Life::Approved, "approved"),
    (Life::Applied, "applied"),
    (Life::Confirmed, "confirmed"),
    (Life::Validated, "validated"),
];

/// Scratch of the head.
#[derive(Debug, Default)]
pub(super) struct State {
    path: Option<String>,
    rename: Option<String>,
    who: String,
    acknowledged: Vec<String>,
    approving: bool,
}

/// Draws the head.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let plan = data.plans.plan();
        let mut title = plan.title.clone();
        let width = (ui.available_width() * 0.28).clamp(180.0, 420.0);
        let field = TextEdit::singleline(&mut title).desired_width(width);
        let edited = ui.add(field.hint_text("Title"));
        named(&edited, "Title of the plan");
        if edited.changed() {
            actions.push(edit(Change::Title(title)));
        }
        let mut author = plan.author.clone();
        let field = TextEdit::singleline(&mut author).desired_width(90.0);
        let edited = ui.add(field.hint_text("Author"));
        named(&edited, "Author of the plan");
        if edited.changed() {
            actions.push(edit(Change::Author(author)));
        }
        life_ui(ui, state, data, actions);
        strip_ui(ui, data);
    });
    ui.horizontal_wrapped(|ui| {
        alternatives_ui(ui, state, data, actions);
        ui.separator();
        steps_ui(ui, data, actions);
        ui.separator();
        file_ui(ui, state, data, actions);
    });
    next_ui(ui, data);
    if state.approving && data.plans.plan().state == Life::Predicted {
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

/// Where in its life the plan is, on one line.
fn strip_ui(ui: &mut Ui, data: &Data<'_>) {
    let plan = data.plans.plan();
    let theme = theme::of(ui.visuals());
    let mut job = LayoutJob::default();
    let mut add = |text: &str, color| {
        let font = TextStyle::Body.resolve(ui.style());
        job.append(text, 0.0, TextFormat::simple(font, color));
    };
    for (place, (state, name)) in LIFE.iter().enumerate() {
        if place > 0 {
            add(" › ", theme.text_weak);
        }
        let color = match *state == plan.state {
            true => theme.selection_edge,
            false => theme.text_weak,
        };
        add(name, color);
    }
    if !LIFE.iter().any(|it| it.0 == plan.state) {
        add(&format!("   now {}", plan.state.name()), theme.text);
    }
    let label = ui.add(Label::new(job).extend());
    let spoken = format!("{}, revision {}", plan.state.name(), plan.revision);
    label.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, &spoken));
    label.on_hover_text(spoken);
}

/// The alternatives as chips, with what each would bring.
fn alternatives_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let board = data.plans.desk().board();
    let vary = |variant| Action::Edit(Box::new(Edit::Variant(variant)));
    ui.weak("Alternatives");
    for (place, alternative) in board.alternatives().iter().enumerate() {
        let chosen = place == board.chosen();
        let known = data.plans.quick().and_then(|it| it.others.get(place));
        let label = ui.push_id(place, |ui| {
            ui.selectable_label(chosen, alternative.name.as_str())
        });
        let label = match known.and_then(|it| it.as_ref()) {
            Some(it) => label.inner.on_hover_text(format!(
                "{}, {}",
                words::number(Some(it.throughput), "{request}/s"),
                words::number(Some(it.response_s), "s")
            )),
            None => label.inner,
        };
        if label.double_clicked() {
            state.rename = Some(alternative.name.clone());
        } else if label.clicked() && !chosen {
            actions.push(vary(Variant::Choose(alternative.name.clone())));
        }
    }
    let own = &board.alternatives()[board.chosen()].name;
    if let Some(name) = &mut state.rename {
        let field = ui.add(TextEdit::singleline(name).desired_width(120.0));
        named(&field, "Name of the alternative");
        if field.lost_focus() || ui.small_button("Rename").clicked() {
            actions.push(vary(Variant::Rename(own.clone(), name.trim().to_owned())));
            state.rename = None;
        }
    }
    let hint =
        "Another plan for the same end, beside this one; a double click on a name renames it";
    if ui
        .small_button("+ Alternative")
        .on_hover_text(hint)
        .clicked()
    {
        let taken = |name: &String| board.alternatives().iter().any(|it| it.name == *name);
        let mut names = (2..).map(|n| format!("Alternative {n}"));
        let name = names.find(|it| !taken(it)).unwrap_or_default();
        actions.push(vary(Variant::Duplicate(own.clone(), name)));
    }
    if board.alternatives().len() > 1
        && ui
            .small_button("Remove alternative")
            .on_hover_text(own)
            .clicked()
    {
        actions.push(vary(Variant::Remove(own.clone())));
    }
}

fn steps_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let undoes = data.plans.undoes();
    let button = ui.add_enabled(undoes.is_some(), Button::new("Undo").small());
    let hint = format!("{} (Ctrl+Z)", undoes.unwrap_or_default());
    if button.on_hover_text(hint).clicked() {
        actions.push(Action::Undo);
    }
    let redoes = data.plans.redoes();
    let button = ui.add_enabled(redoes.is_some(), Button::new("Redo").small());
    let hint = format!("{} (Ctrl+Shift+Z)", redoes.unwrap_or_default());
    if button.on_hover_text(hint).clicked() {
        actions.push(Action::Redo);
    }
}

/// Whether a prediction would be taken now.
fn can_predict(data: &Data<'_>) -> bool {
    let plan = data.plans.plan();
    let sound = data.plans.faults().is_empty();
    let may = life::transition(plan.state, Life::Predicted).is_some();
    data.found.is_some() && sound && may && !plan.actions.is_empty()
}

fn life_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    let predict = ui.add_enabled(can_predict(data), Button::new("Predict"));
    let hint = "Put what is expected into the plan, and into the ledger of predictions";
    if predict.on_hover_text(hint).clicked() {
        actions.push(Action::Predict);
    }
    let approve = ui.add_enabled(plan.state == Life::Predicted, Button::new("Approve…"));
    let hint =
        "Agree to exactly these contents; what is only roughly known is acknowledged one by one";
    if approve.on_hover_text(hint).clicked() {
        state.approving = !state.approving;
        state.acknowledged.clear();
    }
}

/// What is missing for the next step, or what the next step is.
fn next_ui(ui: &mut Ui, data: &Data<'_>) {
    let plan = data.plans.plan();
    let faults = data.plans.faults();
    if let Some(fault) = faults.first() {
        ui.horizontal_wrapped(|ui| {
            words::warn(ui, &fault.to_string());
            if faults.len() > 1 {
                let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
                ui.weak(format!("and {} more", faults.len() - 1))
                    .on_hover_text(all.join("\n"));
            }
        });
        return;
    }
    let next = match plan.state {
        Life::Draft | Life::Expired | Life::Rejected | Life::RolledBack => {
            match (plan.actions.is_empty(), data.found.is_some()) {
                (true, _) => "add an action, or take one that the bottleneck suggests".to_owned(),
                (false, false) => "fit the model of this session, then predict".to_owned(),
                (false, true) => "predict what it brings".to_owned(),
            }
        }
        Life::Predicted | Life::Approved if !data.plans.missing().is_empty() => {
            let missing = data.plans.missing().iter();
            let missing = missing.map(|it| format!("{} ({})", it.next, it.what));
            let mut missing: Vec<String> = missing.collect();
            missing.dedup();
            missing.join("; ")
        }
        Life::Predicted => "approve it".to_owned(),
        Life::Approved => "carry it out: the tab beside, or kymo plan apply".to_owned(),
        Life::Applying | Life::Applied => "confirm it, or roll it back".to_owned(),
        Life::Confirmed => "record the time after it, and ask whether it helped".to_owned(),
        state => {
            let steps = life::next_states(state).map(|it| it.to.name());
            let steps: Vec<&str> = steps.collect();
            match steps.is_empty() {
                true => "duplicate it and go on with the copy".to_owned(),
                false => format!("it may become {}", steps.join(", ")),
            }
        }
    };
    ui.horizontal_wrapped(|ui| {
        ui.weak(format!("Next: {next}."));
        for approval in &plan.approvals {
            let at = data.clock.text(approval.at);
            ui.weak(format!("Approved by {} at {at}.", approval.who));
        }
    });
}

/// Who agrees, and to which doubts.
fn approve_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    ui.group(|ui| {
        ui.set_width(ui.available_width());
        let mut open = 0;
        for expected in life::to_acknowledge(plan) {
            let mut known = state.acknowledged.contains(&expected.metric);
            let why = match (&expected.refused, expected.class) {
                (Some(why), _) => why.as_str(),
                (None, Class::C) => "only a direction is known",
                _ => "",
            };
            let text = format!("I know that {}: {why}", words::metric(&expected.metric));
            if ui.checkbox(&mut known, text).changed() {
                state.acknowledged.retain(|it| *it != expected.metric);
                if known {
                    state.acknowledged.push(expected.metric.clone());
                }
            }
            open += usize::from(!known);
        }
        ui.horizontal(|ui| {
            ui.label("Approved by");
            let field = ui.add(TextEdit::singleline(&mut state.who).desired_width(140.0));
            named(&field, "Who approves");
            let ready = !state.who.trim().is_empty() && open == 0;
            if ui.add_enabled(ready, Button::new("Approve")).clicked() {
                let who = state.who.trim().to_owned();
                actions.push(Action::Approve(who, state.acknowledged.clone()));
                state.approving = false;
            }
            if ui.button("Not now").clicked() {
                state.approving = false;
            }
            if open > 0 {
                ui.weak(format!("{open} to acknowledge"));
            }
        });
    });
}

fn file_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let known = data.plans.path().map(|it| it.display().to_string());
    let mut path = state.path.clone().or(known).unwrap_or_default();
    ui.weak("File");
    let field = TextEdit::singleline(&mut path).desired_width(220.0);
    let field = ui.add(field.hint_text("path of a .ron file"));
    named(&field, "File of the plan");
    if field.changed() {
        state.path = Some(path.clone());
    }
    let save = ui.small_button("Save").on_hover_text("Ctrl+S");
    if save.clicked() {
        actions.push(match path.trim() {
            "" => Action::Command(Id::SavePlanAs),
            path => Action::Save(path.to_owned()),
        });
        state.path = None;
    }
    let typed = state.path.as_ref().is_some_and(|it| !it.trim().is_empty());
    let open = match typed {
        true => "Open it",
        false => "Open…",
    };
    if ui.small_button(open).clicked() {
        actions.push(match typed {
            true => Action::Open(path.trim().to_owned()),
            false => Action::Command(Id::OpenPlan),
        });
        state.path = None;
    }
    for (name, id) in [("Save as…", Id::SavePlanAs), ("New", Id::NewPlan)] {
        if ui.small_button(name).clicked() {
            actions.push(Action::Command(id));
            state.path = None;
        }
    }
    ui.weak(match (data.plans.is_saved(), data.plans.path()) {
        (true, _) => "saved",
        (false, Some(_)) => "changed since it was saved",
        (false, None) => "draft, kept between runs",
    });
}
