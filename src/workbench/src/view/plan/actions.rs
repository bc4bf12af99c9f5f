//! The actions of a plan, each with its fields, its order and what it would bring alone.

use eframe::egui::{
    Button, Checkbox, DragValue, Frame, Grid, RichText, Slider, TextEdit, Ui, WidgetInfo, accesskit,
};
use model::plan::action::{Action as Step, Execute, Family, Kind};
use plan::edit::parameter::Scale;
use plan::edit::{Change, Parameter, Range, Switch, TEMPLATES, Value, parameters};

use super::head::{edit, named};
use super::{Action, Data, begin, words};

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
                fields_ui(ui, step, data, actions);
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
                let step = Step::new(&free_id(plan), begin::from(kind, data));
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
        let moved = |to: usize| edit(Change::MoveAction(step.id.clone(), to));
        if count > 1 {
            let up = ui.add_enabled(place > 0, Button::new("Earlier").small());
            if up.clicked() {
                actions.push(moved(place - 1));
            }
            let down = ui.add_enabled(place + 1 < count, Button::new("Later").small());
            if down.clicked() {
                actions.push(moved(place + 1));
            }
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

fn fields_ui(ui: &mut Ui, step: &Step, data: &Data<'_>, actions: &mut Vec<Action>) {
    // Long enough to move with care, beside name and number.
    ui.spacing_mut().slider_width = (ui.available_width() * 0.35).clamp(90.0, 240.0);
    Grid::new("fields").num_columns(2).show(ui, |ui| {
        for parameter in parameters(&step.kind) {
            ui.weak(words::field(&parameter));
            ui.horizontal(|ui| {
                if let Some(value) = field_ui(ui, step, &parameter) {
                    let change = Change::Parameter(step.id.clone(), parameter.name.clone(), value);
                    actions.push(edit(change));
                }
            });
            ui.end_row();
        }
    });
    if let Kind::MixChange { shares } = &step.kind {
        mix_ui(ui, (step, shares), data, actions);
    }
}

/// Operations that the recording tells apart and the mix does not name yet.
fn mix_ui(
    ui: &mut Ui,
    (step, shares): (&Step, &[(String, f64)]),
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) {
    let calibrated = data.found.and_then(|it| it.calibrated.as_ref().ok());
    let Some(observed) = calibrated.map(|it| &it.observed) else {
        ui.weak("operations can be added once the model is fitted");
        return;
    };
    ui.menu_button("+ Operation", |ui| {
        let classes = observed.classes.iter();
        let mut any = false;
        for class in classes.filter(|it| !shares.iter().any(|known| known.0 == it.name)) {
            any = true;
            if ui.button(&class.name).clicked() {
                let name = format!("share:{}", class.name);
                let share = Value::Number(1.0);
                actions.push(edit(Change::Parameter(step.id.clone(), name, share)));
                ui.close();
            }
        }
        if !any {
            ui.weak("the recording tells no others apart");
        }
    });
}

/// What a field without a limit becomes when it gets one: what templates begin with.
fn usual(step: &Step, parameter: &Parameter, least: f64) -> f64 {
    let mut kinds = TEMPLATES.iter().map(|it| (it.make)());
    let same = kinds.find(|it| it.name() == step.kind.name());
    let fields = same.map(|it| parameters(&it)).unwrap_or_default();
    let field = fields.into_iter().find(|it| it.name == parameter.name);
    match field.map(|it| it.value) {
        Some(Value::Number(value)) => value,
        _ => least.max(1.0),
    }
}

/// One field; its new value where it was changed.
fn field_ui(ui: &mut Ui, step: &Step, parameter: &Parameter) -> Option<Value> {
    let name = format!("{} of {}", words::field(parameter), step.id);
    match (&parameter.range, &parameter.value) {
        (
            Range::Number {
                from,
                to,
                step: notch,
                scale,
                can_be_open,
            },
            value,
        ) => {
            let mut limited = *value != Value::Open;
            if *can_be_open {
                let asked = ui.add(Checkbox::new(&mut limited, "limit"));
                if asked.on_hover_text("Whether there is a limit").changed() {
                    return Some(match limited {
                        true => Value::Number(usual(step, parameter, *from)),
                        false => Value::Open,
                    });
                }
            }
            let Value::Number(now) = value else {
                ui.weak("no limit");
                return None;
            };
            number_ui(ui, (parameter, &name), (*now, *from, *to, *notch), *scale)
        }
        (Range::Switch, Value::Switch(switch)) => {
            let mut on = *switch == Switch::On;
            let changed = ui.checkbox(&mut on, words::field(parameter)).changed();
            let now = if on { Switch::On } else { Switch::Off };
            changed.then_some(Value::Switch(now))
        }
        (Range::Choice(all), Value::Text(now)) => {
            let mut chosen = now.clone();
            words::choice(ui, (&name, now), |ui| {
                for one in *all {
                    ui.selectable_value(&mut chosen, (*one).to_owned(), *one);
                }
            });
            (chosen != *now).then_some(Value::Text(chosen))
        }
        (_, Value::Text(now)) => {
            let mut text = now.clone();
            let field = ui.add(TextEdit::singleline(&mut text).desired_width(220.0));
            named(&field, &name);
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
    (parameter, name): (&Parameter, &str),
    (now, from, to, step): (f64, f64, f64, f64),
    scale: Scale,
) -> Option<Value> {
    let mut value = now;
    // A slider reaches to where people go: five times more and less than when the hand
    // took it, and stays so until it is let go.
    let held = ui.scope_id().with(("held from", parameter.name.as_str()));
    let start = ui.data(|data| data.get_temp(held)).unwrap_or(now);
    let decades = (to.max(1e-9) / from.abs().max(1e-9)).log10();
    let (low, high) = match scale == Scale::Logarithmic || decades > DECADES_MOST {
        true => (
            (start / 5.0).max(from).min(now),
            (start * 5.0).min(to).max(now),
        ),
        false => (from, to),
    };
    let changed = if high > low {
        let slider = Slider::new(&mut value, low..=high)
            .logarithmic(scale == Scale::Logarithmic)
            .show_value(false);
        let answer = ui.add(slider);
        answer.widget_info(|| WidgetInfo::labeled(accesskit::Role::Slider, true, name));
        ui.data_mut(|data| match answer.dragged() {
            true => {
                data.insert_temp(held, start);
            }
            false => data.remove::<f64>(held),
        });
        if answer.changed() && step >= 1.0 {
            value = ((value / step).round() * step).clamp(from, to);
        }
        answer.changed()
    } else {
        false
    };
    let drag = DragValue::new(&mut value)
        .range(from..=to)
        .speed((now.abs() * 0.01).max(step.min(1.0)));
    let typed = words::drag(ui, name, drag).changed();
    if !parameter.unit.is_empty() {
        ui.weak(words::amount(value, parameter.unit));
    }
    ((changed || typed) && value != now).then_some(Value::Number(value))
}

/// Order, waiting, cost.
fn further_ui(ui: &mut Ui, step: &Step, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.weak(match step.execute {
            Execute::Agent => "by an agent",
            Execute::Manual => "by a person",
            Execute::ModelOnly => "assumed only",
        });
        ui.weak("cost");
        let mut cost = step.cost;
        if words::drag(
            ui,
            &format!("cost of {}", step.id),
            DragValue::new(&mut cost).speed(1.0),
        )
        .changed()
        {
            actions.push(edit(Change::Cost(step.id.clone(), cost)));
        }
        if step.execute == Execute::Agent {
            ui.weak("then wait");
            let mut settle = step.settle_s;
            let field = DragValue::new(&mut settle).range(0.0..=3600.0).suffix(" s");
            if words::drag(ui, &format!("wait after {}", step.id), field).changed() {
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
        let mut note = step.note.clone();
        let field = TextEdit::singleline(&mut note).desired_width(150.0);
        let field = ui.add(field.hint_text("why, for readers"));
        named(&field, &format!("Note of {}", step.id));
        if field.changed() {
            actions.push(edit(Change::Note(step.id.clone(), note)));
        }
        if others.is_empty() {
            return;
        }
        let shown = match step.after.as_slice() {
            [] => "in the order listed".to_owned(),
            after => format!("after {}", after.join(", ")),
        };
        words::choice(ui, ("order", &shown), |ui| {
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
