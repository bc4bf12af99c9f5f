//! What a plan is about, and what it shall reach.

use eframe::egui::{DragValue, Grid, Ui};
use model::plan::guard::Limit;
use model::plan::{Baseline, Class, Objective};
use plan::edit::Change;

use super::head::edit;
use super::subject::{self, Offered};
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
pub(super) fn ui(ui: &mut Ui, (data, offered): (&Data<'_>, &Offered), actions: &mut Vec<Action>) {
    let baseline = &data.plans.plan().baseline;
    let mut changed = baseline.clone();
    ui.add_space(6.0);
    ui.strong("About");
    Grid::new("plan frame").num_columns(2).show(ui, |ui| {
        subject::rows_ui(ui, offered, &mut changed);
        window_ui(ui, data, &mut changed);
        objective_ui(ui, data, actions);
    });
    ui.collapsing("More about the application", |ui| {
        Grid::new("plan subject").num_columns(2).show(ui, |ui| {
            subject::more_ui(ui, offered, &mut changed);
        });
    });
    if *baseline != changed {
        actions.push(edit(Change::Baseline(changed)));
    }
}

fn window_ui(ui: &mut Ui, data: &Data<'_>, changed: &mut Baseline) {
    ui.weak("Window");
    if changed.window.is_none() && data.selection.is_none() {
        ui.label("the whole session");
        ui.end_row();
        return;
    }
    ui.vertical(|ui| {
        match changed.window {
            Some((from, to)) => {
                let seconds = to.after(from).unwrap_or(0.0);
                ui.label(format!("{} from", model::time::duration_text(seconds)));
                ui.label(data.clock.text(from));
                if is_elsewhere(data) {
                    words::warn(ui, "not in this recording");
                }
            }
            None => drop(ui.label("the whole session")),
        }
        ui.horizontal(|ui| {
            if changed.window.is_some() && ui.small_button("Whole session").clicked() {
                changed.window = None;
            }
            if let Some(span) = data.selection
                && changed.window != Some((span.from, span.to))
                && ui.small_button("Use the selection").clicked()
            {
                changed.window = Some((span.from, span.to));
            }
        });
    });
    ui.end_row();
}

/// Whether the plan's window lies outside of what was recorded.
pub(super) fn is_elsewhere(data: &Data<'_>) -> bool {
    let window = data.plans.plan().baseline.window;
    window.is_some_and(|(from, to)| to <= data.whole.from || from >= data.whole.to)
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
        let field = DragValue::new(&mut cost).speed(1.0);
        if words::drag(ui, "cost at most", field).changed() {
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
pub(super) fn reached(data: &Data<'_>, objective: &Objective) -> Option<String> {
    let (predicted, _) = data.predicted?;
    let all = &predicted.prediction.expected;
    let expected = all.iter().find(|it| it.metric == objective.metric)?;
    let point = expected.p50?;
    let sure = [expected.p10?, expected.p90?]
        .iter()
        .all(|it| objective.goal.holds(*it, expected.before));
    let told = match (objective.goal.holds(point, expected.before), sure) {
        (true, true) => "reached over the whole interval".to_owned(),
        (true, false) => "reached by the point, not over the whole interval".to_owned(),
        (false, _) => format!(
            "not reached: {}",
            words::number(Some(point), &expected.unit)
        ),
    };
    Some(match expected.class {
        Class::A | Class::B => told,
        Class::C | Class::X => format!("{told}; only a direction is known"),
    })
}

/// A metric that plans usually speak of.
pub(super) fn metric_ui(ui: &mut Ui, id: &str, metric: &mut String) {
    let shown = metric.clone();
    words::choice(ui, (id, &shown), |ui| {
        for name in METRICS {
            ui.selectable_value(metric, name.to_owned(), name);
        }
    });
}

/// A limit: its form and its number.
pub(super) fn limit_ui(ui: &mut Ui, id: &str, limit: &mut Limit) {
    let number = limit.number();
    let forms = [
        ("at most", Limit::AtMost(number)),
        ("at least", Limit::AtLeast(number)),
        ("at most × before", Limit::AtMostRel(number)),
        ("at least × before", Limit::AtLeastRel(number)),
    ];
    let shown = forms.iter().find(|it| it.1 == *limit).map_or("", |it| it.0);
    words::choice(ui, (id, shown), |ui| {
        for (name, form) in forms {
            ui.selectable_value(limit, form, name);
        }
    });
    let (Limit::AtMost(number)
    | Limit::AtLeast(number)
    | Limit::AtMostRel(number)
    | Limit::AtLeastRel(number)) = limit;
    words::drag(ui, "limit", DragValue::new(number).speed(0.01));
}
