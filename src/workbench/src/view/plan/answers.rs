//! What the models say: curves, expected numbers, refusals, suggestions, and their check.

use eframe::egui::{RichText, ScrollArea, Ui};
use model::plan::Expected;
use model::unit::Unit;
use plan::edit::Change;
use plan::predict::Input;
use plan::refusal::Refusal;

use super::curves::{self, Curves};
use super::head::edit;
use super::subject::Offered;
use super::words::Head;
use super::{Action, Data, Pressed, brings, frame, words};
use crate::commands::Id;
use crate::inquiry::plan::Found;
use crate::layout::Screen;
use crate::manual::{link, topics};
use crate::view::empty;

/// Height of the curves where there is room.
const CURVES: f32 = 210.0;

/// Inputs that are shown.
const INPUTS: usize = 6;

/// Draws curves, numbers and what they hang on.
pub(super) fn what_if_ui(
    ui: &mut Ui,
    found: &Found,
    (data, offered): (&Data<'_>, &Offered),
    actions: &mut Vec<Action>,
) {
    let calibrated = match &found.calibrated {
        Ok(calibrated) => calibrated,
        Err(refusal) => return refusal_ui(ui, refusal, (data, offered), actions),
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
    let height = (ui.available_height() * 0.5).clamp(CURVES * 0.6, CURVES);
    curves::ui(ui, drawn, height);
    ui.horizontal_wrapped(|ui| {
        ui.weak(curves::told(drawn));
        if ui.small_button("Copy the curves").clicked() {
            actions.push(Action::Copy(curves::table(drawn)));
        }
    });
    ScrollArea::vertical()
        .id_salt("plan answers")
        .auto_shrink(false)
        .show(ui, |ui| {
            if let Err(error) = &quick.outcome.solved {
                words::warn(ui, &error.to_string());
            }
            match current.or(data.predicted) {
                Some((predicted, _)) => {
                    brings::objective_ui(ui, data);
                    expected_ui(ui, &predicted.prediction.expected, actions);
                    brings::effects_ui(ui, predicted);
                }
                None => drop(ui.weak("Intervals follow…")),
            }
            brings::alternatives_ui(ui, data, actions);
            inputs_ui(ui, &quick.inputs);
            notes_ui(ui, &calibrated.calibration.notes);
        });
}

/// What is to be known, one line each.
fn notes_ui(ui: &mut Ui, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    ui.add_space(4.0);
    ui.strong("To be known");
    for note in notes {
        ui.weak(note);
    }
}

/// Why there is no answer, with what would bring one, and the step towards it.
fn refusal_ui(
    ui: &mut Ui,
    refusal: &Refusal,
    (data, offered): (&Data<'_>, &Offered),
    actions: &mut Vec<Action>,
) {
    ui.add_space(12.0);
    let title = format!("This cannot be said from this recording ({})", refusal.code);
    ui.label(RichText::new(title).strong());
    ui.label(&refusal.why);
    ui.add_space(4.0);
    ui.label(format!("Record next: {}", refusal.record_next));
    let place = topics::of_refusal(refusal.code);
    link::ui(ui, "What such a refusal means", &place);
    ui.add_space(8.0);
    let baseline = &data.plans.plan().baseline;
    if offered.lacks(&baseline.subject) || frame::is_elsewhere(data) {
        let hint = "This one was made from another recording; undo brings it back";
        let new = ui.button("New plan for this recording");
        if new.on_hover_text(hint).clicked() {
            actions.push(Action::Command(Id::NewPlan));
            actions.push(Action::Ask(Pressed::Compute));
        }
    } else if baseline.window.is_some() {
        if ui.button("Fit on all of the recording").clicked() {
            let mut whole = baseline.clone();
            whole.window = None;
            actions.push(edit(Change::Baseline(whole)));
            actions.push(Action::Ask(Pressed::Compute));
        }
    } else if !offered.has_services() && baseline.subject.throughput.is_empty() {
        let hint = "Choose what agents hear of applications, then record";
        let hear = ui.button("Hear applications…").on_hover_text(hint);
        if hear.clicked() {
            actions.push(Action::Command(Id::Hear));
        }
    } else {
        let hint = "Live data is shown; Ctrl+R records it";
        let live = ui.button("Show live data, to record again");
        if live.on_hover_text(hint).clicked() {
            actions.push(Action::Command(Id::ShowLive));
        }
    }
}

fn expected_ui(ui: &mut Ui, expected: &[Expected], actions: &mut Vec<Action>) {
    if expected.iter().any(|it| it.refused.is_none()) {
        numbers_ui(ui, expected, actions);
    }
    refused_ui(ui, expected);
}

fn numbers_ui(ui: &mut Ui, expected: &[Expected], actions: &mut Vec<Action>) {
    let heads = [
        Head::Text("expected together"),
        Head::Number("recorded"),
        Head::Number("p10"),
        Head::Number("p50"),
        Head::Number("p90"),
        Head::Text("class"),
        Head::Text("model"),
    ];
    words::table(ui, ("expected", &heads), |ui| {
        for it in expected.iter().filter(|it| it.refused.is_none()) {
            ui.label(words::metric(&it.metric));
            for value in [it.before, it.p10, it.p50, it.p90] {
                let text = words::number(value, &it.unit);
                let exact = value.map_or(String::new(), |it| it.to_string());
                words::cell(ui, text).on_hover_text(format!("{exact} {}", it.unit));
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
}

/// What is refused, once a reason.
fn refused_ui(ui: &mut Ui, expected: &[Expected]) {
    let mut reasons: Vec<(&str, Option<&str>, Vec<&str>)> = Vec::new();
    for it in expected {
        let Some(why) = it.refused.as_deref() else {
            continue;
        };
        let name = words::metric(&it.metric);
        match reasons.iter_mut().find(|known| known.0 == why) {
            Some(known) => known.2.push(name),
            None => reasons.push((why, it.record_next.as_deref(), vec![name])),
        }
    }
    for (why, next, names) in reasons {
        ui.add_space(2.0);
        words::warn(ui, &format!("No answer for {}. {why}", names.join("; ")));
        if let Some(next) = next {
            ui.weak(format!("Record next: {next}"));
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
    let heads = [
        Head::Text("it hangs on"),
        Head::Number("value"),
        Head::Number("throughput per 1 %"),
        Head::Number("response per 1 %"),
    ];
    words::table(ui, ("inputs", &heads), |ui| {
        for input in inputs.iter().take(INPUTS) {
            ui.label(&input.name);
            words::cell(ui, Unit(input.unit.into()).text(input.value));
            words::cell(ui, words::percent(input.throughput));
            words::cell(ui, words::percent(input.response));
            ui.end_row();
        }
    });
}

/// Draws what the bottleneck would have one try.
pub(super) fn suggestions_ui(ui: &mut Ui, found: &Found, actions: &mut Vec<Action>) {
    if found.suggestions.is_empty() {
        let why = "None of the measured resources limits in this window, so nothing is suggested. A busy stretch may say more: select it, and ask what would help there.";
        if empty::ui(ui, why, "Show what was judged") {
            actions.push(Action::Command(Id::Show(Screen::Bottleneck)));
        }
        return;
    }
    if let Err(refusal) = &found.calibrated {
        words::warn(
            ui,
            &format!(
                "What they would bring cannot be said. {}: {}",
                refusal.code, refusal.why
            ),
        );
        ui.weak(format!("Record next: {}", refusal.record_next));
        ui.add_space(4.0);
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
                            Some(_) if found.calibrated.is_err() => {}
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
pub(super) fn check_ui(
    ui: &mut Ui,
    found: &Found,
    (data, offered): (&Data<'_>, &Offered),
    actions: &mut Vec<Action>,
) {
    let calibration = match &found.calibrated {
        Ok(calibrated) => &calibrated.calibration,
        Err(refusal) => return refusal_ui(ui, refusal, (data, offered), actions),
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
            let loads = Unit::new(if users { "{user}" } else { "{request}/s" });
            let seconds = Unit::new("s");
            let share = Unit::new("1");
            let rate = Unit::new("{request}/s");
            let load = if users { "users" } else { "asked" };
            let heads = [
                Head::Number(load),
                Head::Number("throughput"),
                Head::Number("predicted"),
                Head::Number("response"),
                Head::Number("predicted"),
                Head::Number("busiest"),
                Head::Number("predicted"),
                Head::Number("throughput off by"),
                Head::Number("response off by"),
            ];
            words::table(ui, ("backtest", &heads), |ui| {
                for it in &calibration.backtest.tested {
                    words::cell(ui, loads.text(it.load));
                    words::cell(ui, rate.text(it.throughput.0));
                    words::cell(ui, rate.text(it.throughput.1));
                    let (measured, predicted) = it.response_s.unwrap_or((f64::NAN, f64::NAN));
                    words::cell(ui, seconds.text(measured));
                    words::cell(ui, seconds.text(predicted));
                    words::cell(ui, share.text(it.utilization.0));
                    words::cell(ui, share.text(it.utilization.1));
                    let off = |of: f64, it: f64| words::change(Some(of), Some(it));
                    let rate_off = off(it.throughput.0, it.throughput.1);
                    words::cell(ui, rate_off.unwrap_or_default());
                    words::cell(ui, off(measured, predicted).unwrap_or_default());
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
            notes_ui(ui, &calibration.notes);
            if data.stale {
                words::warn(ui, "the plan now means another window or application");
            }
        });
}
