//! Above the table: what is looked for, which verdicts, which part of the machine.

use analysis::compare::Relation;
use eframe::egui::{Button, ComboBox, Response, RichText, TextEdit, Ui, WidgetInfo, accesskit};

use super::order::Order;
use super::{Action, Data, State};
use crate::contrast::Progress;
use crate::contrast::answer::{Answer, FATES};
use crate::theme;
use crate::view::table::FORMATS;

pub(super) fn ui(
    ui: &mut Ui,
    state: &mut State,
    (answer, data): (&Answer, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    ui.horizontal_wrapped(|ui| {
        let edit = TextEdit::singleline(&mut state.order.wanted.filter)
            .hint_text("Filter series…")
            .desired_width(140.0)
            .id_salt("filter");
        ui.add(edit);
        verdicts_ui(ui, &mut state.order);
        groups_ui(ui, &mut state.order);
        entities_ui(ui, &mut state.order);
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(super::copied(state, answer, *format)));
                }
            }
        });
        progress_ui(ui, (answer, data), actions);
    });
}

fn verdicts_ui(ui: &mut Ui, order: &mut Order) {
    for (fate, count) in FATES.into_iter().zip(order.counts) {
        if count == 0 {
            continue;
        }
        let shown = !order.wanted.hidden.contains(&fate);
        let text = format!("{} {count}", fate.name());
        let button = ui.add(Button::selectable(shown, text).small());
        if button.clicked() && !order.wanted.hidden.remove(&fate) {
            order.wanted.hidden.insert(fate);
        }
    }
}

/// Names of choices say how many series changed.
fn told(name: &str, changed: usize) -> String {
    match changed {
        0 => name.to_owned(),
        some => format!("{name} ({some} changed)"),
    }
}

/// Gives a list of choices a spoken name.
pub(super) fn named(response: &Response, name: &str) {
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::ComboBox, true, name));
    response.clone().on_hover_text(name);
}

fn groups_ui(ui: &mut Ui, order: &mut Order) {
    let (wanted, groups) = (&mut order.wanted.group, &order.groups);
    if groups.len() < 2 {
        return;
    }
    let combo = ComboBox::from_id_salt("group")
        .selected_text(wanted.unwrap_or("All parts"))
        .width(96.0)
        .show_ui(ui, |ui| {
            ui.selectable_value(wanted, None, "All parts");
            for (name, changed) in groups {
                ui.selectable_value(wanted, Some(*name), told(name, *changed));
            }
        });
    named(&combo.response, "Part of the machine");
}

fn entities_ui(ui: &mut Ui, order: &mut Order) {
    let (wanted, entities) = (&mut order.wanted.entity, &order.entities);
    if entities.len() < 2 {
        return;
    }
    let text = wanted.clone().unwrap_or_else(|| "Everything".to_owned());
    let combo = ComboBox::from_id_salt("entity")
        .selected_text(text)
        .width(120.0)
        .truncate()
        .show_ui(ui, |ui| {
            ui.selectable_value(wanted, None, "Everything");
            for (name, changed) in entities {
                let text = told(name, *changed);
                ui.selectable_value(wanted, Some(name.clone()), text);
            }
        });
    named(&combo.response, "Host, device or control group");
}

/// What is being computed, and what the verdicts rest on.
fn progress_ui(ui: &mut Ui, (answer, data): (&Answer, &Data<'_>), actions: &mut Vec<Action>) {
    if *data.progress == Progress::Running {
        ui.spinner();
        if ui.small_button("Cancel").clicked() {
            actions.push(Action::Cancel);
        }
        return;
    }
    let theme = theme::of(ui.visuals());
    match answer.comparison.relation {
        Relation::Adjacent => {
            let text = RichText::new("stretches of one run").small();
            ui.label(text.color(theme.text_weak))
                .on_hover_text("A change must be more than chance among units of 30 s that depend on each other, larger than the floor of its unit, and no wandering.");
        }
        Relation::Apart | Relation::Repeatable => {
            let mut repeatable = data.sides.repeatable;
            let hint = "How much one run differs from the next was not measured: without that, two single runs are not enough evidence. Tick this if you know that runs of this system repeat.";
            let checked = ui.checkbox(&mut repeatable, "Runs are known to repeat");
            if checked.on_hover_text(hint).changed() {
                actions.push(Action::Repeatable(repeatable));
            }
        }
    }
}
