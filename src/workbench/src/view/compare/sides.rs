//! What is compared with what: two lines, each with what else it may be.

use std::path::PathBuf;

use eframe::egui::{Button, Label, RichText, Ui};
use model::time::{Span, duration_text};

use super::detail;
use super::{Action, Data};
use crate::contrast::answer::Opened;
use crate::contrast::sides::{BASELINES, Baseline, Before, Half, Place, Stretch, Which, title};
use crate::theme;

/// Draws both lines.
pub(super) fn ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let Some([before, after]) = data.sides.resolved(&data.axis) else {
        return;
    };
    let opened = |side: usize| data.answer.map(|it| &it.sides[side]);
    line_ui(ui, (Which::Before, &before, opened(0)), data, actions);
    line_ui(ui, (Which::After, &after, opened(1)), data, actions);
}

fn line_ui(
    ui: &mut Ui,
    (which, stretch, opened): (Which, &Stretch, Option<&Opened>),
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) {
    let theme = theme::of(ui.visuals());
    let [a, b] = detail::colors(theme);
    let (letter, word, color) = match which {
        Which::Before => ("A", "before", a),
        Which::After => ("B", "after", b),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(letter).strong().color(color));
        ui.weak(word);
        ui.menu_button("Change ▾", |ui| menu_ui(ui, which, data, actions))
            .response
            .on_hover_text(match which {
                Which::Before => "Choose what B is compared with",
                Which::After => "Choose what is compared",
            });
        if which == Which::After {
            let hint = "Before becomes after, and the other way round";
            if ui.button("Swap").on_hover_text(hint).clicked() {
                actions.push(Action::Swap);
            }
        }
        let mut text = capital(&stretch.words);
        // The answer on the screen may still be of what was chosen before.
        if let Some(opened) = opened.filter(|it| it.stretch == *stretch) {
            text.push_str(&format!(": {}", spans(opened, data)));
        } else if let Some(spans) = &stretch.windows {
            let all: Vec<String> = spans.iter().map(|it| when(*it, data)).collect();
            text.push_str(&format!(": {}", all.join(" and ")));
        }
        ui.add(Label::new(&text).truncate()).on_hover_text(text);
    });
}

fn spans(opened: &Opened, data: &Data<'_>) -> String {
    match &opened.stretch.windows {
        Some(windows) => {
            let all: Vec<String> = windows.iter().map(|it| when(*it, data)).collect();
            all.join(" and ")
        }
        None => when(opened.span, data),
    }
}

fn when(span: Span, data: &Data<'_>) -> String {
    let (from, to) = (data.clock.text(span.from), data.clock.text(span.to));
    format!("{}, {from} to {to}", duration_text(span.seconds()))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

fn menu_ui(ui: &mut Ui, which: Which, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.set_min_width(240.0);
    if which == Which::Before {
        for (baseline, name) in BASELINES {
            let possible = match baseline {
                Baseline::Cursors => data.axis.cursors.iter().all(Option::is_some),
                _ => around_window(data),
            };
            let chosen = data.sides.before == Before::Around(Some(*baseline));
            let button = Button::selectable(chosen, *name);
            if ui.add_enabled(possible, button).clicked() {
                actions.push(Action::Baseline(*baseline));
            }
        }
        ui.separator();
    }
    let name = match which {
        Which::Before => "Hold the selection as A",
        Which::After => "The selection",
    };
    let hint = match which {
        Which::Before => "It stays A while you select something else as B",
        Which::After => "Compare what is selected now",
    };
    let selection = data.selection.map(|it| it.intersect(data.axis.whole));
    let selection = selection.filter(|it| !it.is_empty());
    let button = ui.add_enabled(selection.is_some(), Button::new(name));
    if button.on_hover_text(hint).clicked()
        && let Some(span) = selection
    {
        actions.push(Action::Set(which, Half::here(span)));
    }
    if ui.button("This whole session").clicked() {
        actions.push(Action::Set(which, Half::here_whole()));
    }
    ui.separator();
    if ui.button("Another session or file…").clicked() {
        actions.push(Action::Pick(which));
    }
    ui.menu_button("Recent sessions", |ui| {
        if data.recent.is_empty() {
            ui.weak("Nothing was opened or recorded yet.");
        }
        for path in data.recent {
            if recent_ui(ui, path) {
                actions.push(Action::With(which, path.clone()));
                ui.close();
            }
        }
    });
}

/// Only a window of this session has something around it.
fn around_window(data: &Data<'_>) -> bool {
    let after = data.sides.after.as_ref();
    after.is_some_and(|it| it.place == Place::Here && it.window.is_some())
}

fn recent_ui(ui: &mut Ui, path: &PathBuf) -> bool {
    let full = path.display().to_string();
    ui.button(title(path)).on_hover_text(full).clicked()
}
