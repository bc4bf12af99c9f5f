//! The plan as text, to be changed by hand.

use eframe::egui::{Button, ScrollArea, TextEdit, Ui, WidgetInfo, accesskit};

use super::{Action, Data, words};

/// A text that is being written.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The text, and the version of the plan that it began with.
    text: Option<(u64, String)>,
    trouble: Option<String>,
}

impl State {
    /// What was written and not applied.
    pub(super) fn written(&self) -> Option<&str> {
        self.text.as_ref().map(|it| it.1.as_str())
    }

    /// Says why it is no plan.
    pub(super) fn refuse(&mut self, why: String) {
        self.trouble = Some(why);
    }
}

/// Draws the text; costs its lines in sight and one comparison.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let now = data.plans.version();
    // A plan that changed is shown as it is, unless somebody is writing.
    let mut text = match &state.text {
        Some((_, text)) => text.clone(),
        None => data.plans.text().to_owned(),
    };
    let changed = state.text.is_some() && text != data.plans.text();
    ui.horizontal_wrapped(|ui| {
        if ui.add_enabled(changed, Button::new("Apply text")).clicked() {
            actions.push(Action::Text(text.clone()));
        }
        let back = ui.add_enabled(changed, Button::new("Back to the plan"));
        if back.clicked() {
            *state = State::default();
            text = data.plans.text().to_owned();
        }
        if ui.button("Copy").clicked() {
            actions.push(Action::Copy(text.clone()));
        }
        if state.text.as_ref().is_some_and(|it| it.0 != now) {
            words::warn(ui, "the plan changed meanwhile; this text replaces that");
        } else if state.trouble.is_none() {
            ui.weak("What is written here counts when it is applied; that can be undone.");
        }
    });
    if let Some(trouble) = &state.trouble {
        words::warn(ui, trouble);
    }
    ScrollArea::both()
        .id_salt("plan text")
        .auto_shrink(false)
        .show(ui, |ui| {
            let field = TextEdit::multiline(&mut text)
                .code_editor()
                .desired_width(f32::INFINITY)
                .desired_rows(30);
            let edited = ui.add(field);
            let role = accesskit::Role::MultilineTextInput;
            edited.widget_info(|| WidgetInfo::labeled(role, true, "The plan as text"));
            if edited.changed() {
                let began = state.text.as_ref().map_or(now, |it| it.0);
                state.text = Some((began, text));
                state.trouble = None;
            }
        });
}
