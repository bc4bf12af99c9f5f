//! What a plan is about, what it shall reach, and what must hold meanwhile.

use eframe::egui::{ComboBox, DragValue, Grid, TextEdit, Ui};
use model::plan::guard::{Guardrail, Limit};
use model::plan::{Baseline, Criterion, Objective};
use plan::edit::Change;

use super::head::{edit, named};
use super::{Action, Data, words};

/// Metrics that an objective or a guardrail is usually about.
const METRICS: [&str; 6] = [
    "app.response.p95",
    "app.response.mean",
    "app.throughput",
    "service.request.error_ratio",
    "mem.available_mb",
    "agent.heartbeat_age_s",
];

/// Draws application, window and objective.
pub(super) fn ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.strong("About");
    Grid::new("plan frame").num_columns(2).show(ui, |ui| {
        application_ui(ui, data, actions);
        window_ui(ui, data, actions);
        objective_ui(ui, data, actions);
    });
    ui.add_space(6.0);
}

fn application_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let baseline = &data.plans.plan().baseline;
    let mut changed = baseline.clone();
    ui.weak("Service");
    let shown = match baseline.subject.service.as_str() {
        "" => "the one that users ask",
        service => service,
    };
    ComboBox::from_id_salt("plan service")
        .selected_text(shown)
        .show_ui(ui, |ui| {
            let own = &mut changed.subject.service;
            ui.selectable_value(own, String::new(), "the one that users ask");
            for service in data.services {
                ui.selectable_value(own, service.clone(), service.as_str());
            }
        });
    ui.end_row();
    ui.weak("Processors");
    let shown = match baseline.subject.cpu.as_slice() {
        [] => "all of its hosts".to_owned(),
        [one] => one.clone(),
        several => format!("{} series", several.len()),
    };
    ComboBox::from_id_salt("plan processors")
        .selected_text(shown)
        .width(ui.available_width().min(300.0))
        .show_ui(ui, |ui| {
            let own = &mut changed.subject.cpu;
            ui.selectable_value(own, Vec::new(), "all of its hosts");
            for group in data.groups {
                ui.selectable_value(own, vec![group.clone()], group.as_str());
            }
        });
    ui.end_row();
    rebase(baseline, changed, actions);
}

fn window_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let baseline = &data.plans.plan().baseline;
    let mut changed = baseline.clone();
    ui.weak("Window");
    ui.horizontal_wrapped(|ui| {
        match baseline.window {
            Some((from, to)) => {
                let seconds = to.after(from).unwrap_or(0.0);
                ui.label(format!("{from}, {}", model::time::duration_text(seconds)));
                if ui.small_button("Whole session").clicked() {
                    changed.window = None;
                }
            }
            None => drop(ui.label("the whole session")),
        }
        if let Some(span) = data.selection
            && ui.small_button("Use the selection").clicked()
        {
            changed.window = Some((span.from, span.to));
        }
    });
    ui.end_row();
    rebase(baseline, changed, actions);
}

fn rebase(before: &Baseline, after: Baseline, actions: &mut Vec<Action>) {
    if *before != after {
        actions.push(edit(Change::Baseline(after)));
    }
}

fn objective_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    ui.weak("Objective");
    ui.horizontal_wrapped(|ui| {
        let Some(objective) = &plan.objective else {
            if ui.small_button("+ Objective").clicked() {
                actions.push(edit(Change::Objective(Some(Objective {
                    metric: METRICS[0].to_owned(),
                    goal: Limit::AtMost(0.2),
                    cost_limit: None,
                }))));
            }
            return;
        };
        let mut changed = objective.clone();
        metric_ui(ui, "plan objective", &mut changed.metric);
        limit_ui(ui, "plan objective limit", &mut changed.goal);
        ui.weak("cost at most");
        let mut cost = changed.cost_limit.unwrap_or(0.0);
        if ui.add(DragValue::new(&mut cost).speed(1.0)).changed() {
            changed.cost_limit = (cost > 0.0).then_some(cost);
        }
        if ui.small_button("Remove objective").clicked() {
            actions.push(edit(Change::Objective(None)));
        } else if changed != *objective {
            actions.push(edit(Change::Objective(Some(changed))));
        }
        if let Some(reached) = reached(data, objective) {
            ui.weak(reached);
        }
    });
    ui.end_row();
}

/// Whether the expected point reaches the objective.
fn reached(data: &Data<'_>, objective: &Objective) -> Option<String> {
    let (predicted, _) = data.predicted?;
    let all = &predicted.prediction.expected;
    let expected = all.iter().find(|it| it.metric == objective.metric)?;
    let point = expected.p50?;
    let sure = [expected.p10?, expected.p90?]
        .iter()
        .all(|it| objective.goal.holds(*it, expected.before));
    Some(match (objective.goal.holds(point, expected.before), sure) {
        (true, true) => "reached over the whole interval".to_owned(),
        (true, false) => "reached by the point, not over the whole interval".to_owned(),
        (false, _) => format!(
            "not reached: {}",
            words::number(Some(point), &expected.unit)
        ),
    })
}

fn metric_ui(ui: &mut Ui, id: &str, metric: &mut String) {
    ComboBox::from_id_salt(id)
        .selected_text(metric.as_str())
        .show_ui(ui, |ui| {
            for name in METRICS {
                ui.selectable_value(metric, name.to_owned(), name);
            }
        });
}

fn limit_ui(ui: &mut Ui, id: &str, limit: &mut Limit) {
    let number = limit.number();
    let forms = [
        ("at most", Limit::AtMost(number)),
        ("at least", Limit::AtLeast(number)),
        ("at most × before", Limit::AtMostRel(number)),
        ("at least × before", Limit::AtLeastRel(number)),
    ];
    let shown = forms.iter().find(|it| it.1 == *limit).map_or("", |it| it.0);
    ComboBox::from_id_salt(id)
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for (name, form) in forms {
                ui.selectable_value(limit, form, name);
            }
        });
    let (Limit::AtMost(number)
    | Limit::AtLeast(number)
    | Limit::AtMostRel(number)
    | Limit::AtLeastRel(number)) = limit;
    ui.add(DragValue::new(number).speed(0.01));
}

/// Draws guardrails and criteria.
pub(super) fn guards_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.strong("Guardrails");
        let hint = "What must hold while it is carried out; else everything is put back";
        if ui.small_button("+ Guardrail").on_hover_text(hint).clicked() {
            actions.push(edit(Change::AddGuardrail(Guardrail {
                metric: "agent.heartbeat_age_s".to_owned(),
                limit: Limit::AtMost(15.0),
                for_s: 0.0,
                on_breach: model::plan::guard::Breach::RollbackAll,
            })));
        }
    });
    for (place, guardrail) in plan.guardrails.iter().enumerate() {
        ui.push_id(("guardrail", place), |ui| {
            ui.horizontal_wrapped(|ui| {
                let mut changed = guardrail.clone();
                let field = TextEdit::singleline(&mut changed.metric).desired_width(190.0);
                named(&ui.add(field), "Metric of the guardrail");
                limit_ui(ui, "limit", &mut changed.limit);
                ui.weak("for");
                ui.add(
                    DragValue::new(&mut changed.for_s)
                        .range(0.0..=3600.0)
                        .suffix(" s"),
                );
                if ui.small_button("Remove").clicked() {
                    actions.push(edit(Change::RemoveGuardrail(place)));
                } else if changed != *guardrail {
                    actions.push(edit(Change::Guardrail(place, changed)));
                }
            });
        });
    }
    criteria_ui(ui, data, actions);
}

fn criteria_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let validation = &data.plans.plan().validation;
    let mut changed = validation.clone();
    ui.add_space(6.0);
    ui.horizontal_wrapped(|ui| {
        ui.strong("Afterwards");
        let hint = "What is measured shall lie in the predicted interval";
        if ui.small_button("+ Within").on_hover_text(hint).clicked() {
            changed.criteria.push(Criterion::Within {
                metric: "app.throughput".to_owned(),
            });
        }
        let hint = "It shall be better than before by a share, beyond chance";
        if ui.small_button("+ Improves").on_hover_text(hint).clicked() {
            changed.criteria.push(Criterion::Improves {
                metric: "app.response.p95".to_owned(),
                by: 0.2,
                confidence: 0.95,
            });
        }
    });
    let mut gone = None;
    for (place, criterion) in changed.criteria.iter_mut().enumerate() {
        ui.push_id(("criterion", place), |ui| {
            ui.horizontal_wrapped(|ui| {
                criterion_ui(ui, criterion);
                if ui.small_button("Remove").clicked() {
                    gone = Some(place);
                }
            });
        });
    }
    if let Some(place) = gone {
        changed.criteria.remove(place);
    }
    if changed != *validation {
        actions.push(edit(Change::Validation(changed)));
    }
}

fn criterion_ui(ui: &mut Ui, criterion: &mut Criterion) {
    match criterion {
        Criterion::Within { metric } => {
            metric_ui(ui, "within", metric);
            ui.label("as predicted");
        }
        Criterion::Improves {
            metric,
            by,
            confidence,
        } => {
            metric_ui(ui, "improves", metric);
            ui.label("better by");
            ui.add(DragValue::new(by).range(0.0..=1.0).speed(0.01));
            ui.label("at confidence");
            ui.add(DragValue::new(confidence).range(0.5..=0.9999).speed(0.005));
        }
        Criterion::Holds { metric, limit } => {
            metric_ui(ui, "holds", metric);
            limit_ui(ui, "holds limit", limit);
        }
    }
}
