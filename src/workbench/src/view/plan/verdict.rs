//! Did it help: a recording after the change held against what was predicted.

use eframe::egui::{Button, ScrollArea, TextEdit, Ui};
use model::plan::Class;
use plan::validate::criterion::Outcome;
use plan::validate::{Report, Row, Verdict, sentence};

use super::words::{self, Head};
use super::{Action, Data};
use crate::inquiry::Stage;

/// What the fields hold.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    after: String,
    repeatable: bool,
}

impl State {
    /// A recording was chosen.
    pub(super) fn choose(&mut self, path: String) {
        self.after = path;
    }
}

/// Draws it; costs the rows in sight.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.weak("Recording after the change");
        let field = TextEdit::singleline(&mut state.after).desired_width(260.0);
        let field = ui.add(field.hint_text("a .kymo session, or a file of another tool"));
        super::head::named(&field, "Recording after the change");
        if ui.button("Choose…").clicked() {
            actions.push(Action::ChooseAfter);
        }
        let hint = "Runs of the same thing on this machine are known to repeat each other";
        ui.checkbox(&mut state.repeatable, "runs repeat")
            .on_hover_text(hint);
        let running = matches!(data.verdict_stage, Stage::Running(_));
        let predicted = data
            .plans
            .plan()
            .expected
            .iter()
            .any(|it| it.class != Class::X);
        let ready = !running && predicted && !state.after.trim().is_empty() && data.found.is_some();
        let hint =
            "Holds the open recording, in the plan's window, and that one against the prediction";
        let button = ui.add_enabled(ready, Button::new("Did it help?"));
        if button.on_hover_text(hint).clicked() {
            let after = state.after.trim().to_owned();
            actions.push(Action::Validate(after, state.repeatable));
        }
        if running {
            ui.spinner();
        }
    });
    if let Some(trouble) = data.verdict_trouble {
        words::warn(ui, trouble);
    }
    let Some(report) = data.verdict else {
        ui.weak("Open the recording that the plan was predicted from, and name one of the time after the change. Where load or mix differ too much the answer is \"not comparable\"; where nothing changed, \"no effect\".");
        return;
    };
    ScrollArea::vertical()
        .id_salt("plan verdict")
        .auto_shrink(false)
        .show(ui, |ui| report_ui(ui, report, actions));
}

fn report_ui(ui: &mut Ui, report: &Report, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        match report.verdict {
            Verdict::Validated => ui.strong(sentence::of_verdict(report)),
            _ => words::warn(ui, &sentence::of_verdict(report)),
        };
        if ui.small_button("Copy").clicked() {
            actions.push(Action::Copy(sentence::lines(report).join("\n")));
        }
    });
    let gate = report.gate.differs.iter().chain(&report.gate.lacks);
    for why in gate.filter(|it| **it != report.because) {
        ui.label(why);
    }
    ui.add_space(4.0);
    rows_ui(ui, &report.rows);
    for it in &report.criteria {
        let mark = match it.outcome {
            Outcome::Holds => "holds",
            Outcome::Fails => "fails",
            Outcome::Open => "open",
        };
        ui.label(format!("Criterion {mark}: {}", it.said));
    }
    if let Some(it) = &report.objective {
        ui.label(format!("Objective: {}", it.said));
    }
    for it in &report.side_effects {
        let text = format!("Also changed: {}", it.said);
        match it.is_worse {
            true => words::warn(ui, &text),
            false => ui.label(text),
        };
    }
    for doubt in &report.doubts {
        ui.weak(format!("Doubt: {doubt}"));
    }
}

fn rows_ui(ui: &mut Ui, rows: &[Row]) {
    let heads = [
        Head::Text("metric"),
        Head::Number("before"),
        Head::Number("p10"),
        Head::Number("predicted"),
        Head::Number("p90"),
        Head::Number("came"),
        Head::Number("off by"),
        Head::Text("inside"),
        Head::Text("grade"),
    ];
    words::table(ui, ("plan outcome", &heads), |ui| {
        for row in rows {
            let known = |value: f64| value.is_finite().then_some(value);
            let unit = row.unit.code();
            ui.label(words::metric(&row.expected.metric))
                .on_hover_text(sentence::of_row(row));
            for value in [
                known(row.before),
                row.expected.p10,
                row.expected.p50,
                row.expected.p90,
                known(row.observed),
            ] {
                words::cell(ui, words::number(value, unit));
            }
            words::cell(
                ui,
                known(row.error).map_or("–".to_owned(), |it| format!("{:.1} %", it * 100.0)),
            );
            ui.label(match row.inside {
                Some(true) => "yes",
                Some(false) => "no",
                None => "–",
            });
            ui.label(row.grade.map_or("–", |it| it.name()));
            ui.end_row();
        }
    });
    ui.add_space(6.0);
}
