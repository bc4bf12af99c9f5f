//! What each action brings alone and all together, and the alternatives side by side.

use eframe::egui::{RichText, Ui};
use model::plan::{Class, Expected};
use plan::predict::Prediction;

use super::words::Head;
use super::{Action, Data, frame, words};
use crate::inquiry::plan::Predicted;

/// Draws a row an action and one for all of them; costs its rows.
pub(super) fn effects_ui(ui: &mut Ui, predicted: &Predicted) {
    let prediction = &predicted.prediction;
    if prediction.alone.is_empty() {
        return;
    }
    ui.add_space(4.0);
    let heads = [
        Head::Text("what brings it"),
        Head::Number("throughput"),
        Head::Number("response time"),
        Head::Text("class"),
        Head::Number("cost"),
        Head::Text("what it does"),
    ];
    words::table(ui, ("plan effects", &heads), |ui| {
        for alone in &prediction.alone {
            ui.label(format!("{} alone", alone.action));
            match &alone.refused {
                Some(refusal) => {
                    words::cell(ui, "–");
                    words::cell(ui, "–");
                    ui.label("X").on_hover_text(words::class(Class::X));
                    cost_ui(ui, alone.cost);
                    words::warn(ui, refusal.code.name()).on_hover_text(words::refused(refusal));
                }
                None => {
                    changes_ui(ui, &alone.expected);
                    cost_ui(ui, alone.cost);
                    ui.weak(&alone.told);
                }
            }
            ui.end_row();
        }
        if prediction.alone.len() > 1 {
            together_ui(ui, prediction);
        }
    });
}

fn together_ui(ui: &mut Ui, prediction: &Prediction) {
    ui.strong("all together");
    changes_ui(ui, &prediction.expected);
    cost_ui(ui, prediction.cost);
    ui.end_row();
}

fn cost_ui(ui: &mut Ui, cost: f64) {
    match cost == 0.0 {
        true => words::cell(ui, "–"),
        false => words::cell(ui, cost.to_string()),
    };
}

/// Throughput and response time as they change, and how sure that is.
fn changes_ui(ui: &mut Ui, expected: &[Expected]) {
    let mut worst = Class::A;
    for metric in ["app.throughput", "app.response.mean"] {
        let found = expected.iter().find(|it| it.metric == metric);
        match found.and_then(|it| words::change(it.before, it.p50)) {
            Some(text) => {
                let it = found.map(words::interval).unwrap_or_default();
                words::cell(ui, text).on_hover_text(it);
            }
            None => drop(words::cell(ui, "–")),
        }
        worst = worst.max(found.map_or(Class::X, |it| it.class));
    }
    ui.label(worst.letter()).on_hover_text(words::class(worst));
}

/// Draws a row an alternative, where there are several.
pub(super) fn alternatives_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let board = data.plans.desk().board();
    let (Some(quick), true) = (data.plans.quick(), board.alternatives().len() > 1) else {
        return;
    };
    ui.add_space(4.0);
    let heads = [
        Head::Text("alternative"),
        Head::Text("state"),
        Head::Number("actions"),
        Head::Number("throughput"),
        Head::Number("response time"),
        Head::Number("busiest"),
        Head::Number("cost"),
    ];
    words::table(ui, ("plan alternatives", &heads), |ui| {
        for (place, alternative) in board.alternatives().iter().enumerate() {
            let plan = &alternative.plan;
            let text = RichText::new(&alternative.name);
            match place == board.chosen() {
                true => ui.label(text.strong()),
                false => ui.label(text),
            };
            ui.weak(plan.state.name());
            words::cell(ui, plan.actions.len().to_string());
            match quick.others.get(place).and_then(|it| it.as_ref()) {
                Some(it) => {
                    words::cell(ui, words::number(Some(it.throughput), "{request}/s"));
                    words::cell(ui, words::number(Some(it.response_s), "s"));
                    words::cell(ui, words::number(Some(it.utilization), "1"));
                }
                None => (0..3).for_each(|_| drop(words::cell(ui, "–"))),
            }
            cost_ui(ui, plan.actions.iter().map(|it| it.cost).sum());
            ui.end_row();
        }
    });
    if ui.small_button("Copy the alternatives").clicked() {
        actions.push(Action::Copy(table(data)));
    }
}

/// The alternatives as tab-separated text, exact.
fn table(data: &Data<'_>) -> String {
    let board = data.plans.desk().board();
    let header = [
        "alternative",
        "state",
        "actions",
        "throughput {request}/s",
        "response s",
        "busiest",
        "cost",
    ];
    let others = data.plans.quick().map_or(&[][..], |it| &it.others);
    let rows = board.alternatives().iter().enumerate().map(|(place, it)| {
        let known = others.get(place).copied().flatten();
        let exact = |value: Option<f64>| value.map_or(String::new(), |it| it.to_string());
        let cost: f64 = it.plan.actions.iter().map(|it| it.cost).sum();
        [
            it.name.clone(),
            it.plan.state.name().to_owned(),
            it.plan.actions.len().to_string(),
            exact(known.map(|it| it.throughput)),
            exact(known.map(|it| it.response_s)),
            exact(known.map(|it| it.utilization)),
            cost.to_string(),
        ]
    });
    let format = crate::view::table::Format::Tsv;
    crate::view::table::text(format, &header.map(str::to_owned), rows)
}

/// Whether the objective is reached, in one line.
pub(super) fn objective_ui(ui: &mut Ui, data: &Data<'_>) {
    let Some(objective) = &data.plans.plan().objective else {
        return;
    };
    if let Some(reached) = frame::reached(data, objective) {
        let what = words::metric(&objective.metric);
        ui.label(RichText::new(format!("Objective, {what}: {reached}")).strong());
    }
    let cost: f64 = data.plans.plan().actions.iter().map(|it| it.cost).sum();
    if let Some(limit) = objective.cost_limit.filter(|it| cost > *it) {
        words::warn(ui, &format!("It costs {cost}, and may cost {limit}"));
    }
}
