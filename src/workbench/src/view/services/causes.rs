//! Why requests were slow: what is found with the service as the symptom, each with what
//! speaks for and against it.

use eframe::egui::{RichText, ScrollArea, Ui};
use model::finding::Finding;
use model::time::duration_text;
use model::told;
use workflow::services::Which;

use super::{Action, Data};
use crate::inquiry::Stage;
use crate::theme;
use crate::view::{ask, reasons};

/// Draws the findings, or what helps to get them.
pub(super) fn ui(ui: &mut Ui, which: &Which, data: &Data<'_>, actions: &mut Vec<Action>) {
    let words = ask::Words {
        what: "why it was slow",
        ask: "Look why it was slow",
    };
    let Some(window) = data.shared.selection else {
        let why =
            "Drag over the slow minutes in any plot: causes are looked for within the selection.";
        super::super::empty::text(ui, why);
        return;
    };
    let current = data
        .why_asked
        .is_some_and(|it| *it == (which.clone(), window));
    let Some(found) = data.why.filter(|_| current) else {
        // The tab asks by itself, once for each stretch and service.
        let asks = !matches!(
            data.why_stage,
            Stage::Live | Stage::Recording | Stage::Running(_)
        );
        if asks && !current && !ui.input(|input| input.pointer.any_down()) {
            actions.push(Action::Why(which.clone(), window));
        }
        match ask::empty_ui(ui, (data.why_stage, data.why_trouble), words) {
            Some(ask::Asked::Compute) => actions.push(Action::Why(which.clone(), window)),
            other => actions.extend(other.map(Action::Ask)),
        }
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.weak(format!(
            "{} within the selection, {}",
            which.name(),
            duration_text(window.seconds())
        ));
        if ui.small_button("Copy").clicked() {
            let lines: Vec<&str> = found.iter().map(|it| it.statement.as_str()).collect();
            actions.push(Action::Copy(lines.join("\n")));
        }
    });
    if found.is_empty() {
        ui.label("Nothing that was measured explains it.");
        return;
    }
    let area = ScrollArea::vertical().id_salt("causes").auto_shrink(false);
    area.show(ui, |ui| {
        for (number, finding) in found.iter().enumerate() {
            ui.push_id(number, |ui| finding_ui(ui, (finding, data), actions));
            ui.separator();
        }
    });
}

/// The finding of the session that says the same of the whole of it as a cause says of
/// the selection.
fn counterpart<'a>(cause: &Finding, findings: &'a [Finding]) -> Option<&'a Finding> {
    let same = |it: &&Finding| {
        let about = |it: &Finding| (it.analysis, it.kind.clone(), it.host.clone());
        about(it) == about(cause)
            && it.series.first() == cause.series.first()
            && !it.stretch().intersect(cause.stretch()).is_empty()
    };
    let own = findings.iter().find(|it| it.id == cause.id);
    own.or_else(|| findings.iter().find(same))
}

fn finding_ui(ui: &mut Ui, (finding, data): (&Finding, &Data<'_>), actions: &mut Vec<Action>) {
    let theme = theme::of(ui.visuals());
    ui.label(RichText::new(&finding.statement).strong());
    ui.horizontal_wrapped(|ui| {
        ui.weak(format!("evidence {:.0} %", finding.evidence * 100.0));
        match counterpart(finding, data.findings) {
            Some(known) => {
                let hint = "What the analysis of the whole session says of it, with its evidence";
                if ui
                    .small_button("Show finding")
                    .on_hover_text(hint)
                    .clicked()
                {
                    actions.push(Action::Finding(known.id));
                }
            }
            None => {
                let hint =
                    "No finding of the whole session says this; the report can still tell it";
                if ui
                    .small_button("Add finding to report")
                    .on_hover_text(hint)
                    .clicked()
                {
                    actions.push(Action::Pin(Box::new(finding.clone())));
                }
            }
        }
        for name in finding.series.iter().take(3) {
            if ui
                .small_button(told::of_name(name))
                .on_hover_text(format!("Show this series: {name}"))
                .clicked()
                && let Ok(key) = name.parse()
            {
                actions.push(Action::Select(key));
            }
        }
    });
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            left.label(RichText::new("Speaks for it").color(theme.text_weak));
            reasons::ui(left, &finding.supports);
            right.label(RichText::new("Speaks against it").color(theme.text_weak));
            reasons::ui(right, &finding.against);
        }
    });
}
