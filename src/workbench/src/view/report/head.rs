//! Kind, title, author, scope and window of a report, and what can be done with it.

use eframe::egui::{Button, ComboBox, Response, TextEdit, Ui, WidgetInfo, accesskit};
use model::report::Draft;
use model::time::{Span, Zone, duration_text};
use report::kind;

use super::{Action, Data};
use crate::export::Form;

/// Scratch of the head.
#[derive(Debug, Default)]
pub(super) struct State {
    title: Field,
    author: Field,
    scope: Field,
    to: String,
}

/// A text that counts when somebody is done with it, not with every letter.
#[derive(Debug, Default)]
pub(super) struct Field {
    pending: Option<String>,
}

impl Field {
    /// Draws the field; the text changes when the focus leaves it.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        text: &mut String,
        edit: impl FnOnce(&mut String) -> TextEdit<'_>,
    ) -> Response {
        let mut now = self.pending_or(text);
        let response = ui.add(edit(&mut now));
        self.settle(now, &response, text);
        response
    }

    /// What is being written, or the text as it counts.
    pub(super) fn pending_or(&mut self, text: &str) -> String {
        self.pending.take().unwrap_or_else(|| text.to_owned())
    }

    /// Keeps what is being written for as long as the field has the focus.
    pub(super) fn settle(&mut self, now: String, response: &Response, text: &mut String) {
        if response.has_focus() {
            self.pending = Some(now);
        } else if now != *text {
            *text = now;
        }
    }
}

/// Draws the head.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut super::State,
    (draft, data): (&mut Draft, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    ui.horizontal_wrapped(|ui| {
        for known in kind::ALL {
            let chosen = known.name == state.kind.name;
            let name = capitalized(known.name);
            if ui
                .add(Button::selectable(chosen, name))
                .on_hover_text(known.help)
                .clicked()
                && !chosen
            {
                state.kind = known;
                *draft = data.draft(known);
                if draft.items.is_empty() {
                    draft.items = known.items();
                }
            }
        }
    });
    let width = ui.available_width();
    let title = state.head.title.ui(ui, &mut draft.title, |text| {
        TextEdit::singleline(text)
            .desired_width(width)
            .hint_text("Title (made from kind and session)")
            .id_salt("title")
    });
    named(&title, "Title of the report");
    let author = state.head.author.ui(ui, &mut draft.author, |text| {
        TextEdit::singleline(text)
            .desired_width(width)
            .hint_text("Author")
            .id_salt("author")
    });
    named(&author, "Author of the report");
    let scope = state.head.scope.ui(ui, &mut draft.scope, |text| {
        TextEdit::multiline(text)
            .desired_width(width)
            .desired_rows(2)
            .hint_text("Scope: what it covers and what not")
            .id_salt("scope")
    });
    named(&scope, "Scope of the report");
    window_ui(ui, draft, data);
    ui.horizontal_wrapped(|ui| {
        ui.menu_button("Export ▾", |ui| {
            for (form, name) in Form::ALL {
                if ui.button(*name).clicked() {
                    actions.push(Action::Export(*form, Box::new(draft.clone())));
                }
            }
        });
        ui.menu_button("Deliver ▾", |ui| {
            deliver_ui(ui, (&mut state.head.to, draft), actions);
        });
        let hint = "Make a finished report anew and compare each number";
        if ui.button("Verify…").on_hover_text(hint).clicked() {
            actions.push(Action::Verify);
        }
        let hint = "Forget what was changed of this kind of report";
        if ui.button("As usual").on_hover_text(hint).clicked() {
            let kept = (draft.title.clone(), draft.author.clone());
            *draft = state.kind.draft();
            (draft.title, draft.author) = kept;
        }
    });
}

/// Where it is sent, and in which form.
fn deliver_ui(ui: &mut Ui, (to, draft): (&mut String, &Draft), actions: &mut Vec<Action>) {
    let field = ui.add(
        TextEdit::singleline(to)
            .desired_width(260.0)
            .hint_text("folder, https://…, or @name")
            .id_salt("to"),
    );
    named(&field, "Where the report is delivered to");
    for (form, name) in Form::ALL {
        let named = !to.trim().is_empty();
        if ui.add_enabled(named, Button::new(*name)).clicked() {
            let to = to.trim().to_owned();
            actions.push(Action::Deliver(*form, Box::new(draft.clone()), to));
        }
    }
    ui.weak("Names stand in deliver.ron; what went where is on record.");
}

/// Which stretch of time it speaks of.
fn window_ui(ui: &mut Ui, draft: &mut Draft, data: &Data<'_>) {
    let said = |span: Span| {
        let from = span.from.strftime("%H:%M:%S", Zone::Utc);
        let to = span.to.strftime("%H:%M:%S UTC", Zone::Utc);
        format!("{from} to {to} ({})", duration_text(span.seconds()))
    };
    let now = match draft.window {
        Some(span) => said(span),
        None => "whole session".to_owned(),
    };
    ui.horizontal(|ui| {
        ui.label("Window");
        let choice = ComboBox::from_id_salt("window")
            .selected_text(now)
            .width(ui.available_width() - 8.0)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut draft.window, None, "whole session");
                if let Some(span) = data.selection {
                    let text = format!("selection: {}", said(span));
                    ui.selectable_value(&mut draft.window, Some(span), text);
                }
                if let Some(span) = draft.window {
                    ui.selectable_value(&mut draft.window, Some(span), said(span));
                }
            });
        let role = accesskit::Role::ComboBox;
        let name = "Window of the report";
        choice
            .response
            .widget_info(|| WidgetInfo::labeled(role, true, name));
    });
}

pub(super) fn named(response: &Response, name: &str) {
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::TextInput, true, name));
}

fn capitalized(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}
