//! A recipe: its steps as forms, its text with what is wrong by line, and the run with the
//! standing of each step and the tail of its log.
//!
//! Start at [`ui`].

mod form;
mod run;

use std::path::PathBuf;

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Button, FontId, RichText, ScrollArea, TextBuffer, TextEdit, TextFormat, TextStyle, Ui, vec2,
};
use model::recipe::Recipe;

use crate::runs::Runs;
use crate::theme;

/// Recipe at the left, run at the right: this part of the width is the recipe's.
const RECIPE: f32 = 0.58;

/// How the recipe is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    /// As fields.
    #[default]
    Form,
    /// As its text.
    Text,
}

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    shown: Shown,
    text: String,
    /// The version that the text is of.
    of: Option<u64>,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// The recipe and its run.
    pub runs: &'a Runs,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The recipe was changed by a field.
    Edit(Box<Recipe>),
    /// Its text was changed.
    Text(String),
    /// An empty recipe.
    New,
    /// A recipe from a file.
    Open,
    /// Write it to its file.
    Save,
    /// Write it to another file.
    SaveAs,
    /// Save it and run it.
    Run,
    /// Look at the folder of a run.
    PickRun,
    /// Go on with the run that is shown.
    Resume,
    /// Stop the run.
    Stop,
    /// Open the session of the run.
    OpenSession(PathBuf),
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws recipe and run; costs the fields, the text and the lines in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal_wrapped(|ui| tools_ui(ui, state, data, &mut actions));
    ui.separator();
    let whole = ui.available_size();
    ui.horizontal_top(|ui| {
        let size = vec2((whole.x * RECIPE).round(), whole.y);
        ui.allocate_ui(size, |ui| {
            ui.set_min_size(size);
            ui.set_max_size(size);
            ui.vertical(|ui| match state.shown {
                Shown::Form => form_ui(ui, data, &mut actions),
                Shown::Text => text_ui(ui, state, data, &mut actions),
            });
        });
        ui.separator();
        ui.vertical(|ui| run::ui(ui, data.runs, &mut actions));
    });
    actions
}

fn tools_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let runs = data.runs;
    for (shown, name) in [(Shown::Form, "Steps"), (Shown::Text, "Text")] {
        let chosen = state.shown == shown;
        if ui
            .selectable_label(chosen, RichText::new(name).strong())
            .clicked()
        {
            state.shown = shown;
        }
    }
    ui.separator();
    for (name, action) in [
        ("New", Action::New),
        ("Open…", Action::Open),
        ("Save", Action::Save),
        ("Save as…", Action::SaveAs),
    ] {
        if ui.button(name).clicked() {
            actions.push(action);
        }
    }
    ui.separator();
    let sound = runs.mistakes().is_empty();
    let run = ui.add_enabled(sound && !runs.is_running(), Button::new("▶ Run"));
    let run = run.on_hover_text(
        "Saves the recipe and runs its steps; the folder of the run stands beside the file",
    );
    let run = run.on_disabled_hover_text(match sound {
        true => "A run goes on",
        false => "The recipe has mistakes",
    });
    if run.clicked() {
        actions.push(Action::Run);
    }
    match runs.path() {
        Some(path) => {
            let sign = if runs.is_saved() { "" } else { " (changed)" };
            ui.weak(format!("{}{sign}", path.display()));
        }
        None => {
            ui.weak("not saved yet");
        }
    }
}

fn mistakes_ui(ui: &mut Ui, runs: &Runs) {
    let theme = theme::of(ui.visuals());
    for mistake in runs.mistakes().iter().take(8) {
        let text = format!(
            "line {}, column {}: {}",
            mistake.line, mistake.column, mistake.why
        );
        ui.colored_label(theme.severe, text);
    }
}

fn form_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    mistakes_ui(ui, data.runs);
    let mut recipe = data.runs.recipe().clone();
    ScrollArea::vertical()
        .id_salt("recipe steps")
        .auto_shrink(false)
        .show(ui, |ui| form::ui(ui, &mut recipe));
    if recipe != *data.runs.recipe() {
        actions.push(Action::Edit(Box::new(recipe)));
    }
}

fn text_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let runs = data.runs;
    if state.of != Some(runs.version()) {
        state.of = Some(runs.version());
        if state.text != runs.text() {
            runs.text().clone_into(&mut state.text);
        }
    }
    mistakes_ui(ui, runs);
    let lines: Vec<usize> = runs.mistakes().iter().map(|it| it.line).collect();
    let theme = theme::of(ui.visuals());
    let (text, weak, severe) = (theme.text, theme.text_weak, theme.severe);
    let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, _: f32| {
        let font = TextStyle::Monospace.resolve(ui.style());
        let job = numbered(buffer.as_str(), &lines, (font, [text, weak, severe]));
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let changed = ScrollArea::both()
        .id_salt("recipe text")
        .auto_shrink(false)
        .show(ui, |ui| {
            let edit = TextEdit::multiline(&mut state.text)
                .code_editor()
                .desired_width(f32::INFINITY)
                .desired_rows(24)
                .id_salt("recipe")
                .layouter(&mut layouter);
            ui.add(edit).accessible_name("The recipe as text").changed()
        });
    if changed.inner {
        actions.push(Action::Text(state.text.clone()));
    }
}

/// The text with its faulty lines in the color of trouble, and comments weaker.
fn numbered(
    text: &str,
    wrong: &[usize],
    (font, [plain, weak, severe]): (FontId, [eframe::egui::Color32; 3]),
) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (place, line) in text.split_inclusive('\n').enumerate() {
        let color = match wrong.contains(&(place + 1)) {
            true => severe,
            false if line.trim_start().starts_with("//") => weak,
            false => plain,
        };
        job.append(line, 0.0, TextFormat::simple(font.clone(), color));
    }
    job
}

#[cfg(test)]
mod tests;
