//! What stands above the list: filters, progress, and what is kept.

use eframe::egui::{Button, RichText, ScrollArea, TextEdit, Ui};
use model::finding::Analysis;
use workflow::findings::{Difference, How};

use super::{Action, Data, Progress, Sieve, State, copied};
use crate::theme;
use crate::view::table::FORMATS;

/// Height of the list of differences.
const DIFFERENCES: f32 = 120.0;

/// Draws filters, progress, and how the findings compare with those kept.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let edit = TextEdit::singleline(&mut state.filter)
            .hint_text("Filter findings…")
            .desired_width(150.0)
            .id_salt("filter");
        ui.add(edit);
        analyses_ui(ui, state);
        sieves_ui(ui, state);
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(copied(state, data, *format)));
                }
            }
        });
        progress_ui(ui, data, actions);
        keep_ui(ui, data, actions);
        kept_ui(ui, state, data);
    });
    if let Some(differences) = data.kept.differences
        && state.differences_open
        && !differences.is_empty()
    {
        differences_ui(ui, differences);
    }
}

fn analyses_ui(ui: &mut Ui, state: &mut State) {
    for (analysis, count) in Analysis::ALL.iter().zip(&state.rows.counts) {
        if *count == 0 {
            continue;
        }
        let shown = !state.hidden.contains(analysis);
        let text = format!("{} {count}", analysis.name());
        if ui.add(Button::selectable(shown, text).small()).clicked()
            && !state.hidden.remove(analysis)
        {
            state.hidden.insert(*analysis);
        }
    }
}

fn sieves_ui(ui: &mut Ui, state: &mut State) {
    let (expected, pinned) = (state.rows.expected, state.rows.pinned);
    if expected > 0 {
        let shown = state.expected != Sieve::Without;
        let button = Button::selectable(shown, format!("expected {expected}")).small();
        let response = ui.add(button);
        let hint = "Anomalies that somebody marked as expected; they stand last";
        if response.on_hover_text(hint).clicked() {
            state.expected = match shown {
                true => Sieve::Without,
                false => Sieve::Among,
            };
        }
    }
    if pinned > 0 {
        let only = state.pinned == Sieve::Only;
        let button = Button::selectable(only, format!("pinned {pinned}")).small();
        let response = ui.add(button);
        if response
            .on_hover_text("List only what was added to the report")
            .clicked()
        {
            state.pinned = match only {
                true => Sieve::Among,
                false => Sieve::Only,
            };
        }
    } else {
        // The last one was taken out: its button is gone, so is what it did.
        state.pinned = Sieve::Among;
    }
}

fn progress_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    if let Some(count) = data.watched {
        let label = ui.weak(format!("live, {count} series watched"));
        label.on_hover_text(
            "Said while the data comes. Record and open the recording for every analysis.",
        );
        return;
    }
    match data.progress {
        Progress::Running(left) => {
            ui.spinner();
            ui.weak(left.join(", "));
            if ui.small_button("Cancel").clicked() {
                actions.push(Action::Cancel);
            }
        }
        Progress::Idle | Progress::Done => {
            if ui.small_button("Analyze again").clicked() {
                actions.push(Action::Analyze);
            }
        }
    }
    if let Some(first) = data.troubles.first() {
        let text = format!("! {} not computed", data.troubles.len());
        let color = theme::of(ui.visuals()).quality_edge;
        let label = ui.label(RichText::new(text).color(color));
        label.on_hover_text(match data.troubles {
            [_] => first.clone(),
            all => all.join("\n"),
        });
    }
}

fn keep_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    // What is kept already and says the same needs no button.
    let same = data.kept.differences.is_some_and(<[_]>::is_empty);
    if data.watched.is_some() || same {
        return;
    }
    let button = Button::new("Keep in session").small();
    let response = ui.add_enabled(data.kept.hindrance.is_none(), button);
    let hint = "Store these findings beside the notes, so that they are there at once when the session is opened and can be derived anew by kymo verify";
    let response = match data.kept.hindrance {
        Some(why) => response.on_disabled_hover_text(why),
        None => response.on_hover_text(hint),
    };
    if response.clicked() {
        actions.push(Action::Keep);
    }
}

/// How the findings compare with those that the session keeps.
fn kept_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) {
    let kymo = data.kept.kymo;
    if kymo.is_empty() {
        return;
    }
    match (data.kept.differences, data.progress) {
        (None, Progress::Running(_)) => {
            ui.weak(format!("Those kept by Kymo {kymo} are being checked"));
        }
        (None, _) => {
            ui.weak(format!("Those kept by Kymo {kymo} are not all checked"));
        }
        (Some([]), _) => {
            ui.weak(format!(
                "Kept by Kymo {kymo}; derived anew, they are the same"
            ));
        }
        (Some(differences), _) => {
            let text = match differences.len() {
                1 => format!("! 1 finding differs from those kept by Kymo {kymo}"),
                count => format!("! {count} findings differ from those kept by Kymo {kymo}"),
            };
            let color = theme::of(ui.visuals()).quality_edge;
            ui.label(RichText::new(text).color(color));
            let name = match state.differences_open {
                true => "Hide differences",
                false => "Show differences",
            };
            if ui.small_button(name).clicked() {
                state.differences_open = !state.differences_open;
            }
        }
    }
}

fn differences_ui(ui: &mut Ui, differences: &[Difference]) {
    let weak = theme::of(ui.visuals()).text_weak;
    let area = ScrollArea::vertical()
        .id_salt("differences")
        .max_height(DIFFERENCES)
        .auto_shrink([false, true]);
    area.show(ui, |ui| {
        for it in differences {
            let (word, now) = match &it.how {
                How::Altered => ("altered", None),
                How::Gone => ("gone", None),
                How::Changed(now) => ("changed", Some(now)),
                How::New => ("new", None),
            };
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(format!("{word}:")).color(weak));
                ui.label(&it.statement);
                if let Some(now) = now {
                    ui.label(RichText::new("now:").color(weak));
                    ui.label(now);
                }
            });
        }
    });
    ui.separator();
}
