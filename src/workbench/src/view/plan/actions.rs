//! The actions of a plan, each with its fields, its order and what it would bring alone.

use eframe::egui::{
    Button, Checkbox, ComboBox, DragValue, Frame, Grid, RichText, Slider, TextEdit, Ui,
};
use model::plan::action::{Action as Step, Execute, Family};
use model::unit::Unit;
use plan::edit::parameter::Scale;
use plan::edit::{Change, Parameter, Range, Switch, TEMPLATES, Value, parameters};

use super::head::{edit, named};
use super::{Action, Data, words};

/// A slider is not drawn over more than so many powers of ten: a field is enough.
const DECADES_MOST: f64 = 5.0;

/// Draws the actions; costs those in sight and a few more.
pub(super) fn ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    ui.horizontal(|ui| {
        ui.strong("Actions");
        ui.menu_button("+ Add an action", |ui| menu_ui(ui, data, actions));
        let cost: f64 = plan.actions.iter().map(|it| it.cost).sum();
        if cost != 0.0 {
            ui.weak(format!("cost {cost}"));
        }
    });
    if plan.actions.is_empty() {
        ui.weak("Nothing is changed yet. Add an action, or take what the bottleneck suggests.");
    }
    for (place, step) in plan.actions.iter().enumerate() {
        ui.push_id(("action", step.id.as_str()), |ui| {
            Frame::group(ui.style()).show(ui, |ui| {
                ui.set_width(ui.available_width());
                head_ui(ui, (place, step), data, actions);
                fields_ui(ui, step, actions);
                further_ui(ui, step, data, actions);
                effect_ui(ui, step, data);
            });
        });
    }
}

fn menu_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let plan = data.plans.plan();
    for family in Family::ALL {
        ui.weak(family.name());
        for template in TEMPLATES {
            let kind = (template.make)();
            if kind.family() != family {
                continue;
            }
            if ui.button(template.label).clicked() {
                let step = Step::new(&free_id(plan), kind);
                actions.push(edit(Change::AddAction(plan.actions.len(), step)));
                ui.close();
            }
        }
    }
}

/// The first of a1, a2, … that no action has.
pub(crate) fn free_id(plan: &model::plan::Plan) -> String {
    let taken = |id: &String| plan.actions.iter().any(|it| it.id == *id);
    let mut ids = (1..).map(|n| format!("a{n}"));
    ids.find(|id| !taken(id)).unwrap_or_default()
}

fn head_ui(ui: &mut Ui, (place, step): (usize, &Step), data: &Data<'_>, actions: &mut Vec<Action>) {
    let count = data.plans.plan().actions.len();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&step.id).monospace().strong());
        ui.label(label(step));
        ui.weak(step.kind.family().name());
        ui.weak(match step.execute {
            Execute::Agent => "by an agent",
            Execute::Manual => "by a person",
            Execute::ModelOnly => "assumed only",
        });
        let moved = |to: usize| edit(Change::MoveAction(step.id.clone(), to));
        let up = ui.add_enabled(place > 0, Button::new("⬆").small());
        if up.on_hover_text("Earlier").clicked() {
            actions.push(moved(place - 1));
        }
        let down = ui.add_enabled(place + 1 < count, Button::new("⬇").small());
        if down.on_hover_text("Later").clicked() {
            actions.push(moved(place + 1));
        }
        if ui.small_button("Duplicate").clicked() {
            actions.push(edit(Change::DuplicateAction(step.id.clone())));
        }
        if ui.small_button("Remove").clicked() {
            actions.push(edit(Change::RemoveAction(step.id.clone())));
        }
    });
}

/// What the menu calls it.
fn label(step: &Step) -> &'static str {
    let like = TEMPLATES
        .iter()
        .find(|it| (it.make)().name() == step.kind.name());
    like.map_or(step.kind.name(), |it| it.label)
}

fn fields_ui(ui: &mut Ui, step: &Step, actions: &mut Vec<Action>) {
    Grid::new("fields").num_columns(2).show(ui, |ui| {
        for parameter in parameters(&step.kind) {
            ui.weak(parameter.name.replace('_', " "));
            ui.horizontal(|ui| {
                if let Some(value) = field_ui(ui, &parameter) {
                    let change = Change::Parameter(step.id.clone(), parameter.name.clone(), value);
                    actions.push(edit(change));
                }
            });
            ui.end_row();
        }
    });
}

/// One field; its new value where it was changed.
fn field_ui(ui: &mut Ui, parameter: &Parameter) -> Option<Value> {
    match (&parameter.range, &parameter.value) {
        (
            Range::Number {
                from,
                to,
                step,
                scale,
                can_be_open,
            },
            value,
        ) => {
            let mut limited = *value != Value::Open;
            if *can_be_open {
                let asked = ui.add(Checkbox::without_text(&mut limited));
                if asked.on_hover_text("Whether there is a limit").changed() {
                    return Some(match limited {
                        true => Value::Number(from.max(1.0)),
                        false => Value::Open,
                    });
                }
            }
            let Value::Number(now) = value else {
                ui.weak("no limit");
                return None;
            };
            number_ui(ui, parameter, (*now, *from, *to, *step), *scale)
        }
        (Range::Switch, Value::Switch(switch)) => {
            let mut on = *switch == Switch::On;
            let changed = ui.checkbox(&mut on, "").changed();
            let now = if on { Switch::On } else { Switch::Off };
            changed.then_some(Value::Switch(now))
        }
        (Range::Choice(all), Value::Text(now)) => {
            let mut chosen = now.clone();
            ComboBox::from_id_salt(&parameter.name)
                .selected_text(now.as_str())
                .show_ui(ui, |ui| {
                    for one in *all {
                        ui.selectable_value(&mut chosen, (*one).to_owned(), *one);
                    }
                });
            (chosen != *now).then_some(Value::Text(chosen))
        }
        (_, Value::Text(now)) => {
            let mut text = now.clone();
            let field = ui.add(TextEdit::singleline(&mut text).desired_width(220.0));
            named(&field, &parameter.name);
            field.changed().then_some(Value::Text(text))
        }
        (_, other) => {
            ui.weak(format!("{other:?}"));
            None
        }
    }
}

/// A number as slider and field, or as field alone where it spans too much.
fn number_ui(
    ui: &mut Ui,
    parameter: &Parameter,
    (now, from, to, step): (f64, f64, f64, f64),
    scale: Scale,
) -> Option<Value> {
    let mut value = now;
    // A slider reaches to where people go: five times more and less than now.
    let decades = (to.max(1e-9) / from.abs().max(1e-9)).log10();
    let (low, high) = match scale == Scale::Logarithmic || decades > DECADES_MOST {
        true => ((now / 5.0).max(from), (now * 5.0).min(to)),
        false => (from, to),
    };
    let changed = if high > low {
        let slider = Slider::new(&mut value, low..=high)
            .logarithmic(scale == Scale::Logarithmic)
            .show_value(false);
        let slider = if step >= 1.0 {
            slider.step_by(step)
        } else {
            slider
        };
        let answer = ui.add(slider);
        named(&answer, &parameter.name);
        answer.changed()
    } else {
        false
    };
    let drag = DragValue::new(&mut value)
        .range(from..=to)
        .speed((now.abs() * 0.01).max(step.min(1.0)));
    let typed = ui.add(drag).changed();
    if !parameter.unit.is_empty() {
        let unit = Unit(parameter.unit.into());
        ui.weak(unit.text(value));
    }
    ((changed || typed) && value != now).then_some(Value::Number(value))
}

/// Order, waiting, cost.
fn further_ui(ui: &mut Ui, step: &Step, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.weak("cost");
        let mut cost = step.cost;
        if ui.add(DragValue::new(&mut cost).speed(1.0)).changed() {
            actions.push(edit(Change::Cost(step.id.clone(), cost)));
        }
        if step.execute == Execute::Agent {
            ui.weak("then wait");
            let mut settle = step.settle_s;
            let field = DragValue::new(&mut settle).range(0.0..=3600.0).suffix(" s");
            if ui.add(field).changed() {
                actions.push(edit(Change::Settle(step.id.clone(), settle)));
            }
        }
        let others = data
            .plans
            .plan()
            .actions
            .iter()
            .filter(|it| it.id != step.id);
        let others: Vec<&str> = others.map(|it| it.id.as_str()).collect();
        if others.is_empty() {
            return;
        }
        let shown = match step.after.as_slice() {
            [] => "as listed".to_owned(),
            after => after.join(", "),
        };
        ui.weak("after");
        ComboBox::from_id_salt("after")
            .selected_text(shown)
            .show_ui(ui, |ui| {
                for other in others {
                    let mut before = step.after.iter().any(|it| it == other);
                    if ui.checkbox(&mut before, other).changed() {
                        let mut after = step.after.clone();
                        after.retain(|it| it != other);
                        if before {
                            after.push(other.to_owned());
                        }
                        actions.push(edit(Change::After(step.id.clone(), after)));
                    }
                }
            });
    });
}

/// What it would bring alone.
fn effect_ui(ui: &mut Ui, step: &Step, data: &Data<'_>) {
    let known = data.predicted.and_then(|(predicted, _)| {
        let mut all = predicted.prediction.alone.iter();
        all.find(|it| it.action == step.id)
    });
    let Some(alone) = known else {
        return;
    };
    match &alone.refused {
        Some(refusal) => {
            words::warn(ui, &format!("{}: {}", refusal.code, refusal.why));
            ui.weak(format!("Record next: {}", refusal.record_next));
        }
        None => {
            ui.weak(format!(
                "{}. Alone: {}",
                alone.told,
                words::brief(&alone.expected)
            ));
        }
    }
}
