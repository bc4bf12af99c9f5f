//! What is compared with what: two lines, each with what else it may be.

use std::path::Path;

use eframe::egui::{Button, DragValue, Label, RichText, Ui};
use model::time::{Span, duration_text};

use super::detail;
use super::{Action, Data};
use crate::contrast::answer::Opened;
use crate::contrast::sides::{BASELINES, Baseline, Before, Half, Place, Stretch, Which, title};
use crate::theme;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Where the window of another session begins, and how long it is, in seconds.
    windows: [[f64; 2]; 2],
}

/// Draws both lines.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let Some([before, after]) = data.sides.resolved(&data.axis) else {
        return;
    };
    let opened = |side: usize| data.answer.map(|it| &it.sides[side]);
    let [a, b] = &mut state.windows;
    line_ui(ui, (Which::Before, &before, opened(0), a), data, actions);
    line_ui(ui, (Which::After, &after, opened(1), b), data, actions);
}

fn line_ui(
    ui: &mut Ui,
    (which, stretch, opened, window): (Which, &Stretch, Option<&Opened>, &mut [f64; 2]),
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
        let menu = ui.menu_button("Change ▾", |ui| {
            menu_ui(ui, which, data, actions);
            if let Some(opened) = opened.filter(|it| it.stretch == *stretch) {
                window_ui(ui, (which, opened, window), actions);
            }
        });
        menu.response.on_hover_text(match which {
            Which::Before => "Choose what B is compared with",
            Which::After => "Choose what is compared",
        });
        if which == Which::After {
            let hint = "Before becomes after, and the other way round";
            if ui.button("Swap").on_hover_text(hint).clicked() {
                actions.push(Action::Swap);
            }
            if is_new(data) {
                let hint = "Something else is selected by now: compare that (Shift+C)";
                let button = ui.button("Use the selection");
                if button.on_hover_text(hint).clicked() {
                    actions.push(Action::Selection);
                }
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

/// Whether something is selected that is on neither side.
fn is_new(data: &Data<'_>) -> bool {
    let Some(selected) = data.selection.map(|it| it.intersect(data.axis.whole)) else {
        return false;
    };
    let half = Half::here(selected);
    let is_before = data.sides.before == Before::Fixed(half.clone());
    !selected.is_empty() && !is_before && data.sides.after != Some(half)
}

/// A part of another session: what the window cannot be brushed in.
fn window_ui(
    ui: &mut Ui,
    (which, opened, window): (Which, &Opened, &mut [f64; 2]),
    actions: &mut Vec<Action>,
) {
    let Place::File(path) = &opened.stretch.place else {
        return;
    };
    let whole = opened.input.span();
    let [from, length] = window;
    ui.separator();
    ui.weak("A window of it:");
    ui.horizontal(|ui| {
        let seconds = whole.seconds();
        let label = ui.label("from");
        let field = DragValue::new(from).range(0.0..=seconds).suffix(" s");
        ui.add(field).labelled_by(label.id);
        let label = ui.label("for");
        let field = DragValue::new(length).range(0.0..=seconds).suffix(" s");
        ui.add(field).labelled_by(label.id);
        if ui.add_enabled(*length > 0.0, Button::new("Use")).clicked() {
            let start = whole.from.plus_ns((*from * 1e9) as i64);
            let span = Span {
                from: start,
                to: start.plus_ns((*length * 1e9) as i64),
            };
            let half = Half {
                place: Place::File(path.clone()),
                window: Some(span),
            };
            actions.push(Action::Set(which, half));
            ui.close();
        }
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
    let length = duration_text(span.seconds());
    format!("{length} from {}", data.clock.text(span.from))
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

fn recent_ui(ui: &mut Ui, path: &Path) -> bool {
    let full = path.display().to_string();
    ui.button(title(path)).on_hover_text(full).clicked()
}
