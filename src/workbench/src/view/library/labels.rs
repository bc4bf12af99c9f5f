//! What is known of the held sessions, and their tags, note and build as fields.

use std::path::PathBuf;

use eframe::egui::{Grid, RichText, ScrollArea, TextEdit, Ui};
use model::label::Label;
use model::time::duration_text;
use workflow::library::label::Change;
use workflow::library::{Entry, Facts, Standing};

use super::Action;
use crate::plot::time_axis::Clock;
use crate::theme;

/// Scratch of the fields.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whose label stands in the fields, and which.
    of: Option<(PathBuf, Label)>,
    build: String,
    note: String,
    tag: String,
}

/// Draws facts and fields of the held sessions.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut State,
    (held, clock): (&[&Entry], &Clock),
    actions: &mut Vec<Action>,
) {
    ScrollArea::vertical()
        .id_salt("held session")
        .auto_shrink(false)
        .show(ui, |ui| match held {
            [] => {}
            [one] => one_ui(ui, state, (one, clock), actions),
            many => many_ui(ui, state, many, actions),
        });
}

fn one_ui(
    ui: &mut Ui,
    state: &mut State,
    (entry, clock): (&Entry, &Clock),
    actions: &mut Vec<Action>,
) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(entry.title()).strong());
        let path = entry.path.display().to_string();
        if ui.link(&path).on_hover_text("Copy the path").clicked() {
            actions.push(Action::Copy(path));
        }
    });
    let facts = match &entry.standing {
        Standing::Refused(why) => {
            ui.colored_label(
                theme::of(ui.visuals()).severe,
                format!("It cannot be read: {why}."),
            );
            ui.weak("kymo verify says more; another copy, or a newer version of Kymo, may help.");
            return;
        }
        Standing::Read(facts) => facts,
    };
    for damage in &facts.damage {
        ui.colored_label(
            theme::of(ui.visuals()).quality_edge,
            format!("Damaged: {damage}"),
        );
    }
    facts_ui(ui, facts, clock);
    ui.add_space(6.0);
    fields_ui(ui, state, (entry, facts), actions);
}

fn facts_ui(ui: &mut Ui, facts: &Facts, clock: &Clock) {
    Grid::new("facts of the session")
        .num_columns(2)
        .show(ui, |ui| {
            let mut line = |name: &str, text: String| {
                ui.weak(name);
                ui.label(text);
                ui.end_row();
            };
            let (from, to) = (clock.text(facts.span.from), clock.text(facts.span.to));
            let length = duration_text(facts.span.seconds());
            line("Time", format!("{from} to {to}, {length}"));
            for host in &facts.hosts {
                let cadence = duration_text(host.cadence_ns as f64 / 1e9);
                let cpus = match host.cpus {
                    0 => String::new(),
                    cpus => format!(", {cpus} processors"),
                };
                let there = host.coverage.map_or_else(String::new, |share| {
                    format!(", {:.1} % of the samples are there", share * 100.0)
                });
                let name = if host.name.is_empty() {
                    "imported"
                } else {
                    &host.name
                };
                line(
                    "Host",
                    format!("{name}{cpus}, a sample every {cadence}{there}"),
                );
            }
            let findings = match facts.findings {
                None => "not analyzed yet: open it and keep the findings".to_owned(),
                Some(counts) => format!(
                    "{} severe, {} warnings, {} notes; {} about the data itself",
                    counts.severe, counts.warnings, counts.notes, counts.quality
                ),
            };
            line("Findings", findings);
            if !facts.heaviest.is_empty() {
                line("Heaviest", facts.heaviest.clone());
            }
        });
}

fn fields_ui(
    ui: &mut Ui,
    state: &mut State,
    (entry, facts): (&Entry, &Facts),
    actions: &mut Vec<Action>,
) {
    let label = &facts.label;
    let of = (entry.path.clone(), label.clone());
    if state.of.as_ref() != Some(&of) {
        state.build.clone_from(&label.build);
        state.note.clone_from(&label.note);
        state.tag.clear();
        state.of = Some(of);
    }
    let change = |change: Change| Action::Label(vec![entry.path.clone()], change);
    ui.horizontal_wrapped(|ui| {
        ui.weak("Tags");
        for tag in &label.tags {
            let name = format!("{tag} ×");
            if ui
                .button(name)
                .on_hover_text("Take this tag away")
                .clicked()
            {
                actions.push(change(Change {
                    remove: vec![tag.clone()],
                    ..Change::default()
                }));
            }
        }
        if let Some(tag) = tag_ui(ui, &mut state.tag) {
            actions.push(change(Change {
                add: vec![tag],
                ..Change::default()
            }));
        }
        ui.weak("Build");
        let edit = TextEdit::singleline(&mut state.build).desired_width(110.0);
        ui.add(edit.hint_text("such as 1.4.2").id_salt("build"));
    });
    ui.horizontal_top(|ui| {
        ui.weak("Note");
        let edit = TextEdit::multiline(&mut state.note).desired_rows(2);
        let wide = (ui.available_width() - 80.0).max(120.0);
        ui.add(
            edit.desired_width(wide)
                .hint_text("What is to be remembered")
                .id_salt("note"),
        );
        let differs = state.build.trim() != label.build || state.note.trim() != label.note;
        let save = ui.add_enabled(differs, eframe::egui::Button::new("Save"));
        let save = save.on_hover_text("Kept inside the session, so that it travels with the file");
        if save.clicked() {
            actions.push(change(Change {
                build: Some(state.build.clone()),
                note: Some(state.note.clone()),
                ..Change::default()
            }));
        }
    });
}

/// A field for a new tag; gives it when it is entered.
fn tag_ui(ui: &mut Ui, tag: &mut String) -> Option<String> {
    let edit = TextEdit::singleline(tag)
        .desired_width(110.0)
        .hint_text("new tag");
    let field = ui.add(edit.id_salt("new tag"));
    let entered =
        field.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
    let asked = ui.button("Add tag").clicked() || entered;
    (asked && !tag.trim().is_empty()).then(|| std::mem::take(tag).trim().to_owned())
}

fn many_ui(ui: &mut Ui, state: &mut State, held: &[&Entry], actions: &mut Vec<Action>) {
    let known = held.iter().filter(|it| it.facts().is_some());
    let paths: Vec<PathBuf> = known.map(|it| it.path.clone()).collect();
    ui.label(format!(
        "{} sessions are held; {} can be labelled.",
        held.len(),
        paths.len()
    ));
    let mut tags: Vec<&str> = held
        .iter()
        .filter_map(|it| it.facts())
        .flat_map(|it| it.label.tags.iter().map(String::as_str))
        .collect();
    tags.sort_unstable();
    tags.dedup();
    ui.horizontal_wrapped(|ui| {
        ui.weak("Tags");
        for tag in tags {
            let name = format!("{tag} ×");
            if ui
                .button(name)
                .on_hover_text("Take it away from all of them")
                .clicked()
            {
                let change = Change {
                    remove: vec![tag.to_owned()],
                    ..Change::default()
                };
                actions.push(Action::Label(paths.clone(), change));
            }
        }
        if let Some(tag) = tag_ui(ui, &mut state.tag) {
            let change = Change {
                add: vec![tag],
                ..Change::default()
            };
            actions.push(Action::Label(paths.clone(), change));
        }
    });
}
