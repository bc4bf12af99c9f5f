//! What must hold while a plan is carried out, how it is taken back, and how the outcome
//! is judged.

use eframe::egui::{Checkbox, DragValue, TextEdit, Ui};
use model::plan::guard::{Breach, Guardrail, Limit};
use model::plan::{Confirm, Criterion};
use plan::edit::Change;

use super::frame::{limit_ui, metric_ui};
use super::head::{edit, named};
use super::{Action, Data, words};

/// Draws guardrails, the way back and criteria.
pub(super) fn ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
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
                on_breach: Breach::RollbackAll,
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
                let field = DragValue::new(&mut changed.for_s)
                    .range(0.0..=3600.0)
                    .suffix(" s");
                words::drag(ui, "seconds", field);
                if ui.small_button("Remove").clicked() {
                    actions.push(edit(Change::RemoveGuardrail(place)));
                } else if changed != *guardrail {
                    actions.push(edit(Change::Guardrail(place, changed)));
                }
            });
        });
    }
    rollback_ui(ui, data, actions);
    criteria_ui(ui, data, actions);
}

/// How long somebody has to confirm before everything is put back.
fn rollback_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let rollback = &data.plans.plan().rollback;
    let mut changed = rollback.clone();
    ui.horizontal_wrapped(|ui| {
        ui.weak("put back unless confirmed within");
        let field = DragValue::new(&mut changed.deadline_s)
            .range(1.0..=86_400.0)
            .suffix(" s");
        words::drag(ui, "deadline", field);
        let mut required = changed.confirm == Confirm::Required;
        let hint = "Without it the change stays when the guardrails held until then";
        let asked = ui.add(Checkbox::new(&mut required, "by a person"));
        if asked.on_hover_text(hint).changed() {
            changed.confirm = match required {
                true => Confirm::Required,
                false => Confirm::Automatic,
            };
        }
        ui.weak("or unheard for");
        let field = DragValue::new(&mut changed.lease_s)
            .range(5.0..=3_600.0)
            .suffix(" s");
        words::drag(ui, "lease", field);
    });
    if changed != *rollback {
        actions.push(edit(Change::Rollback(changed)));
    }
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
        let hint = "It shall stay within a limit";
        if ui.small_button("+ Holds").on_hover_text(hint).clicked() {
            changed.criteria.push(Criterion::Holds {
                metric: "service.request.error_ratio".to_owned(),
                limit: Limit::AtMost(0.01),
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
    ui.horizontal_wrapped(|ui| {
        ui.weak("over");
        let field = DragValue::new(&mut changed.after_window_s)
            .range(10.0..=86_400.0)
            .suffix(" s");
        words::drag(ui, "window afterwards", field);
        ui.weak("with at least");
        let field = DragValue::new(&mut changed.min_requests).suffix(" requests");
        words::drag(ui, "requests at least", field);
        ui.weak("and a load that differs by at most");
        let field = DragValue::new(&mut changed.same_load).range(0.0..=1.0);
        words::drag(ui, "load differs by at most", field.speed(0.01));
    });
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
            words::drag(
                ui,
                "better by",
                DragValue::new(by).range(0.0..=1.0).speed(0.01),
            );
            ui.label("at confidence");
            let field = DragValue::new(confidence).range(0.5..=0.9999).speed(0.005);
            words::drag(ui, "confidence", field);
        }
        Criterion::Holds { metric, limit } => {
            metric_ui(ui, "holds", metric);
            limit_ui(ui, "holds limit", limit);
        }
    }
}
