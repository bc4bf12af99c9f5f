//! The run: the standing of each step, the tail of its log, and what can be done with it.

use eframe::egui::{Button, Grid, RichText, ScrollArea, Ui};
use model::recipe::Step;
use workflow::recipe::log::Standing;
use workflow::recipe::{Answer, SESSION};

use super::Action;
use crate::runs::{Run, Runs};
use crate::theme;
use crate::view::table::{self, Format};

/// Draws the run that is watched.
pub(super) fn ui(ui: &mut Ui, runs: &Runs, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.strong("Run");
        if ui.button("Open run…").clicked() {
            actions.push(Action::PickRun);
        }
        if let Some(run) = runs.run() {
            tools_ui(ui, run, actions);
        }
    });
    if let Some(why) = runs.trouble() {
        ui.colored_label(theme::of(ui.visuals()).severe, why);
    }
    let Some(run) = runs.run() else {
        ui.weak("Nothing runs. A run keeps a log, and can be resumed after any interruption.");
        return;
    };
    if !run.folder.as_os_str().is_empty() {
        let path = run.folder.display().to_string();
        if ui.link(&path).on_hover_text("Copy the path").clicked() {
            actions.push(Action::Copy(path));
        }
    }
    steps_ui(ui, run);
    match &run.answer {
        Some(Answer::Fine) => {
            ui.strong("Done: all is as the recipe asks.");
        }
        Some(Answer::No(reasons)) => {
            let text = format!("Done, and the answer is no: {}", reasons.join(", "));
            ui.colored_label(theme::of(ui.visuals()).severe, text);
        }
        None => {}
    }
    ui.separator();
    log_ui(ui, run, actions);
}

fn tools_ui(ui: &mut Ui, run: &Run, actions: &mut Vec<Action>) {
    if run.is_running() {
        ui.spinner();
        if ui.button("■ Cancel").clicked() {
            actions.push(Action::Stop);
        }
        return;
    }
    let known = !run.folder.as_os_str().is_empty();
    let resume = ui.add_enabled(known, Button::new("▶ Resume"));
    let resume = resume.on_hover_text("Looks at what is there and goes on with what is missing");
    if resume.clicked() {
        actions.push(Action::Resume);
    }
    let recorded = run.standing(Step::Collect) == Standing::Done;
    if ui
        .add_enabled(recorded, Button::new("Open session"))
        .clicked()
    {
        actions.push(Action::OpenSession(run.folder.join(SESSION)));
    }
}

fn steps_ui(ui: &mut Ui, run: &Run) {
    let theme = theme::of(ui.visuals());
    Grid::new("steps of the run")
        .num_columns(3)
        .spacing([12.0, 3.0])
        .show(ui, |ui| {
            for step in &run.steps {
                let (sign, word, color) = match run.standing(*step) {
                    Standing::Waiting => ("○", "waits", theme.text_weak),
                    Standing::Begun if run.is_running() => ("▶", "works", theme.text),
                    Standing::Begun => ("–", "begun", theme.quality_edge),
                    Standing::Done => ("●", "done", theme.text),
                    Standing::Failed => ("×", "failed", theme.severe),
                };
                ui.label(RichText::new(format!("{sign} {}", step.name())).color(color));
                ui.label(RichText::new(word).color(color));
                let said = run.said(*step).map_or("", |it| it.entry.text.as_str());
                let short: String = said.chars().take(70).collect();
                ui.weak(short).on_hover_text(said);
                ui.end_row();
            }
        });
}

fn log_ui(ui: &mut Ui, run: &Run, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.strong("Log");
        if ui.small_button("Copy log").clicked() {
            let header = ["at", "step", "event", "text"].map(str::to_owned);
            let rows = run.tail.iter().map(|it| {
                let step = it.entry.step.map_or("run", Step::name);
                let event = it.entry.event.name();
                [
                    it.at.clone(),
                    step.to_owned(),
                    event.to_owned(),
                    it.entry.text.clone(),
                ]
            });
            actions.push(Action::Copy(table::text(Format::Tsv, &header, rows)));
        }
    });
    ScrollArea::vertical()
        .id_salt("log of the run")
        .auto_shrink(false)
        .stick_to_bottom(true)
        .show(ui, |ui| {
            for line in &run.tail {
                let time = line.at.get(11..19).unwrap_or_default();
                ui.label(RichText::new(format!("{time}  {line}")).monospace());
            }
        });
}
