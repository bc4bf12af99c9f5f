//! Everything that is known of one finding, so that it can be doubted.

use eframe::egui::{RichText, ScrollArea, Ui};
use model::finding::{Estimate, Finding};
use model::unit::Unit;

use super::row::MEANING;
use super::{Action, Data, row, severity, when};
use crate::manual::{link, topics};
use crate::theme;
use crate::view::{reasons, table};

/// Draws the evidence with what can be done about it.
pub(super) fn ui(ui: &mut Ui, finding: &Finding, data: &Data<'_>, actions: &mut Vec<Action>) {
    let theme = theme::of(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        let reason = data
            .standing(finding.id)
            .and_then(|it| it.expected.as_deref());
        let (sign, color) = severity(finding.severity, theme);
        let (text, color) = match reason {
            Some(reason) => (format!("expected: {reason}"), theme.text_weak),
            None => (format!("{sign} {}", finding.severity.name()), color),
        };
        ui.label(RichText::new(text).color(color));
        ui.strong(&finding.statement);
        if let Some(origin) = data.origin_text(finding.id) {
            ui.weak(format!("({origin})"));
        }
    });
    ui.horizontal_wrapped(|ui| buttons_ui(ui, (finding, data), actions));
    let area = ScrollArea::vertical()
        .id_salt("evidence")
        .auto_shrink(false);
    area.show(ui, |ui| {
        ui.columns(2, |columns| {
            if let [left, right] = columns {
                facts_ui(left, finding, data);
                reasons_ui(right, "Speaks for it", &finding.supports);
                right.add_space(6.0);
                reasons_ui(right, "Speaks against it", &finding.against);
            }
        });
    });
}

fn buttons_ui(ui: &mut Ui, (finding, data): (&Finding, &Data<'_>), actions: &mut Vec<Action>) {
    let copy = ("Copy", "Copy as text", Action::Copy(text(finding)));
    for (name, hint, action) in row::choices(finding, data).into_iter().chain([copy]) {
        if ui.small_button(name).on_hover_text(hint).clicked() {
            actions.push(action);
        }
    }
    link::ui(ui, MEANING, topics::of_finding(finding));
}

/// Name and text of each fact.
fn facts(finding: &Finding) -> Vec<(&'static str, String)> {
    let share = Unit::new("1");
    let mut facts = Vec::new();
    if let Some(effect) = &finding.effect {
        facts.push(("Effect", estimate_text(effect)));
    }
    facts.push(("Evidence", share.text(finding.evidence)));
    facts.push(("Data used", share.text(finding.coverage)));
    for (key, value) in &finding.parameters {
        facts.push(("Computed with", format!("{key} = {value}")));
    }
    facts.push(("Series", finding.series.join("\n")));
    facts.push(("Id", finding.id.to_string()));
    facts
}

fn facts_ui(ui: &mut Ui, finding: &Finding, data: &Data<'_>) {
    let weak = theme::of(ui.visuals()).text_weak;
    let mut line = |name: &str, value: &str| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("{name}:")).color(weak));
            ui.label(value);
        });
    };
    line("When", &when(data.clock, finding.stretch()));
    if !finding.places.is_empty() {
        line("Looked at", &when(data.clock, finding.span));
    }
    if let Some(said) = data.said.get(&finding.id) {
        line("Live", said);
    }
    if let Some(learned) = finding.learned {
        line("Learned from", &when(data.clock, learned));
    }
    for (name, value) in facts(finding) {
        line(name, &value);
    }
}

fn reasons_ui(ui: &mut Ui, title: &str, reasons: &[String]) {
    reasons::title_ui(ui, title);
    reasons::ui(ui, reasons);
}

fn estimate_text(effect: &Estimate) -> String {
    let (lo, hi) = (effect.unit.text(effect.lo), effect.unit.text(effect.hi));
    format!("{} ({lo} to {hi})", effect.unit.text(effect.value))
}

/// The finding as text, with everything that is known of it.
pub(super) fn text(finding: &Finding) -> String {
    let mut text = format!("{}\n", finding.statement);
    text.push_str(&format!("{} to {}\n", finding.span.from, finding.span.to));
    for (name, value) in facts(finding) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(effect) = &finding.effect {
        text.push_str(&format!("Exact effect: {}\n", table::exact(effect.value)));
    }
    for (title, reasons) in [("For", &finding.supports), ("Against", &finding.against)] {
        for reason in reasons {
            text.push_str(&format!("{title}: {reason}\n"));
        }
    }
    text
}
