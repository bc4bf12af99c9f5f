//! What the models say: curves, expected numbers, refusals, suggestions, and their check.

use eframe::egui::{Grid, RichText, ScrollArea, Ui};
use model::plan::Expected;
use model::unit::Unit;
use plan::predict::Input;
use plan::refusal::Refusal;

use super::curves::{self, Curves};
use super::{Action, Data, words};
use crate::inquiry::plan::Found;

/// Height of the curves.
const CURVES: f32 = 210.0;

/// Inputs that are shown.
const INPUTS: usize = 6;

/// Draws curves, numbers and what they hang on.
pub(super) fn what_if_ui(ui: &mut Ui, found: &Found, data: &Data<'_>, actions: &mut Vec<Action>) {
    let calibrated = match &found.calibrated {
        Ok(calibrated) => calibrated,
        Err(refusal) => return refusal_ui(ui, refusal),
    };
    let Some(quick) = data.plans.quick() else {
        ui.weak("Looking…");
        return;
    };
    let current = data.predicted.filter(|it| it.1 == quick.made_for);
    let drawn = Curves {
        before: &quick.before,
        after: &quick.after,
        band: current.map(|it| &it.0.curve),
    };
    curves::ui(ui, drawn, CURVES);
    ui.weak("gray: as recorded · color: as planned, with the middle 80 % · shaded: loads that were recorded · dashed: what no load passes, and the knee");
    ScrollArea::vertical()
        .id_salt("plan answers")
        .auto_shrink(false)
        .show(ui, |ui| {
            if let Err(error) = &quick.outcome.solved {
                words::warn(ui, &error.to_string());
            }
            match current.or(data.predicted) {
                Some((predicted, versions)) => {
                    if versions != quick.made_for {
                        ui.weak("intervals follow…");
                    }
                    expected_ui(ui, &predicted.prediction.expected, actions);
                }
                None => drop(ui.weak("intervals follow…")),
            }
            inputs_ui(ui, &quick.inputs);
            for note in &calibrated.calibration.notes {
                ui.weak(note);
            }
        });
}

/// Why there is no answer, with what would bring one.
fn refusal_ui(ui: &mut Ui, refusal: &Refusal) {
    ui.add_space(12.0);
    ui.label(
        RichText::new(format!(
            "This cannot be said from this recording ({})",
            refusal.code
        ))
        .strong(),
    );
    ui.label(&refusal.why);
    ui.add_space(4.0);
    ui.label(format!("Record next: {}", refusal.record_next));
}

fn expected_ui(ui: &mut Ui, expected: &[Expected], actions: &mut Vec<Action>) {
    Grid::new("expected")
        .num_columns(7)
        .striped(true)
        .show(ui, |ui| {
            for head in [
                "expected together",
                "recorded",
                "p10",
                "p50",
                "p90",
                "class",
                "model",
            ] {
                ui.strong(head);
            }
            ui.end_row();
            for it in expected.iter().filter(|it| it.refused.is_none()) {
                ui.label(words::metric(&it.metric));
                for value in [it.before, it.p10, it.p50, it.p90] {
                    let text = words::number(value, &it.unit);
                    let exact = value.map_or(String::new(), |it| it.to_string());
                    ui.label(text).on_hover_text(format!("{exact} {}", it.unit));
                }
                ui.label(it.class.letter())
                    .on_hover_text(words::class(it.class));
                ui.weak(&it.model);
                ui.end_row();
            }
        });
    if ui.small_button("Copy the table").clicked() {
        actions.push(Action::Copy(table(expected)));
    }
    for it in expected {
        if let Some(why) = &it.refused {
            words::warn(ui, &format!("{}: {why}", words::metric(&it.metric)));
            if let Some(next) = &it.record_next {
                ui.weak(format!("Record next: {next}"));
            }
        }
    }
}

/// The table as tab-separated text, exact.
fn table(expected: &[Expected]) -> String {
    let mut text = "metric\tunit\trecorded\tp10\tp50\tp90\tclass\tmodel\trefused\n".to_owned();
    let exact = |value: Option<f64>| value.map_or(String::new(), |it| it.to_string());
    for it in expected {
        text.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            it.metric,
            it.unit,
            exact(it.before),
            exact(it.p10),
            exact(it.p50),
            exact(it.p90),
            it.class.letter(),
            it.model,
            it.refused.as_deref().unwrap_or_default()
        ));
    }
    text
}

fn inputs_ui(ui: &mut Ui, inputs: &[Input]) {
    if inputs.is_empty() {
        return;
    }
    ui.add_space(4.0);
    Grid::new("inputs").num_columns(4).show(ui, |ui| {
        let heads = [
            "it hangs on",
            "value",
            "throughput per 1 %",
            "response per 1 %",
        ];
        for head in heads {
            ui.strong(head);
        }
        ui.end_row();
        for input in inputs.iter().take(INPUTS) {
            ui.label(&input.name);
            ui.label(Unit(input.unit.into()).text(input.value));
            ui.label(format!("{:+.2} %", input.throughput));
            ui.label(format!("{:+.2} %", input.response));
            ui.end_row();
        }
    });
}

/// Draws what the bottleneck would have one try.
pub(super) fn suggestions_ui(ui: &mut Ui, found: &Found, actions: &mut Vec<Action>) {
    if found.suggestions.is_empty() {
        ui.add_space(8.0);
        ui.label("None of the measured resources limits in this window, so nothing is suggested.");
        return;
    }
    ScrollArea::vertical()
        .id_salt("suggestions")
        .auto_shrink(false)
        .show(ui, |ui| {
            for (place, suggestion) in found.suggestions.iter().enumerate() {
                ui.push_id(place, |ui| {
                    ui.group(|ui| {
                        ui.set_width(ui.available_width());
                        ui.horizontal_wrapped(|ui| {
                            ui.label(RichText::new(&suggestion.told).strong());
                            if ui.button("Add to plan").clicked() {
                                let step = Box::new(suggestion.action.clone());
                                actions.push(Action::Take(step));
                            }
                        });
                        match &suggestion.refused {
                            Some(refusal) => {
                                words::warn(ui, &format!("{}: {}", refusal.code, refusal.why));
                                ui.weak(format!("Record next: {}", refusal.record_next));
                            }
                            None => drop(ui.label(words::brief(&suggestion.expected))),
                        }
                        ui.weak(format!(
                            "evidence that this limits {:.0} %",
                            suggestion.evidence * 100.0
                        ));
                    });
                });
            }
        });
}

/// Draws what the model gives for what was not used to fit it, and what it doubts.
pub(super) fn check_ui(ui: &mut Ui, found: &Found, data: &Data<'_>) {
    let calibration = match &found.calibrated {
        Ok(calibrated) => &calibrated.calibration,
        Err(refusal) => return refusal_ui(ui, refusal),
    };
    ScrollArea::vertical()
        .id_salt("plan check")
        .auto_shrink(false)
        .show(ui, |ui| {
            let users = calibration.users_known;
            ui.label(format!(
                "The lower half of the loads of {} predicted the upper half:",
                calibration.subject
            ));
            if calibration.backtest.tested.is_empty() {
                words::warn(
                    ui,
                    "there is only one level of load, so nothing could be tried",
                );
            }
            let seconds = Unit::new("s");
            let share = Unit::new("1");
            let rate = Unit::new("{request}/s");
            Grid::new("backtest")
                .num_columns(7)
                .striped(true)
                .show(ui, |ui| {
                    let load = if users { "users" } else { "asked" };
                    let heads = [
                        load,
                        "throughput",
                        "predicted",
                        "response",
                        "predicted",
                        "busiest",
                        "predicted",
                    ];
                    for head in heads {
                        ui.strong(head);
                    }
                    ui.end_row();
                    for it in &calibration.backtest.tested {
                        ui.label(format!("{:.1}", it.load));
                        ui.label(rate.text(it.throughput.0));
                        ui.label(rate.text(it.throughput.1));
                        let (measured, predicted) = it.response_s.unwrap_or((f64::NAN, f64::NAN));
                        ui.label(seconds.text(measured));
                        ui.label(seconds.text(predicted));
                        ui.label(share.text(it.utilization.0));
                        ui.label(share.text(it.utilization.1));
                        ui.end_row();
                    }
                });
            ui.add_space(6.0);
            for doubt in &calibration.doubts {
                words::warn(
                    ui,
                    &format!("{}: {}", doubt.refusal.code, doubt.refusal.why),
                );
                ui.weak(format!("Record next: {}", doubt.refusal.record_next));
            }
            for note in &calibration.notes {
                ui.weak(note);
            }
            if data.stale {
                words::warn(ui, "the plan now means another window or application");
            }
        });
}
