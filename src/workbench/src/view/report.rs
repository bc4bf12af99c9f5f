//! The report: what it holds at the left, in an order that is dragged; how it reads at
//! the right, before anything is written.
//!
//! * `head`: kind, title, author, scope, window. `items`: what it holds.
//! * `words`: the text that somebody writes, with numbers that nothing proves.
//! * `preview`: the document as it is; `picture`: its charts.
//! * Never: makes a document; a job does, and it is only shown.
//!
//! Start at [`ui`].

use std::sync::Arc;

use eframe::egui::{self, Ui};
use model::finding::{Finding, FindingId};
use model::report::Draft;
use model::time::Span;
use report::document::Document;
use report::kind::{self, Kind};
use workflow::report::verify::Verified;

use super::empty;
use crate::export::Form;
use crate::inquiry::Stage;

mod head;
mod items;
mod picture;
mod preview;
#[cfg(test)]
mod tests;
mod words;

/// Width of the left side, at least and as a share of the screen.
const LEFT_LEAST: f32 = 300.0;
const LEFT_SHARE: f32 = 0.34;
const LEFT_MOST: f32 = 460.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub struct State {
    kind: &'static Kind,
    head: head::State,
    items: items::State,
    words: words::State,
}

impl Default for State {
    fn default() -> Self {
        Self {
            kind: &kind::ALL[0],
            head: head::State::default(),
            items: items::State::default(),
            words: words::State::default(),
        }
    }
}

impl State {
    /// The kind of report that is looked at.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }
}

/// Everything the screen shows, only borrowed.
pub struct Data<'a> {
    /// Whether a session is looked at; live data has no report.
    pub stored: bool,
    /// Reports that were begun.
    pub drafts: &'a [Draft],
    /// Findings that belong into the report, in order.
    pub pinned: &'a [Finding],
    /// The whole session.
    pub whole: Span,
    /// What is selected on the axis.
    pub selection: Option<Span>,
    /// The document that was made last.
    pub document: Option<&'a Arc<Document>>,
    /// The draft that it was made from, or is made from now.
    pub asked: Option<&'a Draft>,
    /// Raised when something else changed that a report shows, such as findings.
    pub version: u64,
    /// What it was when the document was asked for.
    pub asked_version: u64,
    /// How far making it is.
    pub stage: Stage,
    /// Why there is none.
    pub trouble: Option<&'a str>,
    /// What a check of a report found last, with its file.
    pub verified: Option<&'a (String, Verified)>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// This is the draft of its kind now.
    Edit(Box<Draft>),
    /// Make the document of this draft.
    Make(Box<Draft>),
    /// Stop making it.
    Cancel,
    /// Move a finding of the report from one place to another.
    MovePin(usize, usize),
    /// Take a finding out of the report.
    Unpin(FindingId),
    /// Show where a finding comes from.
    Finding(FindingId),
    /// Write the report in this form.
    Export(Form, Box<Draft>),
    /// Write the report in this form and deliver it there.
    Deliver(Form, Box<Draft>, String),
    /// Check a finished report.
    Verify,
    /// Put this text on the clipboard.
    Copy(String),
    /// Open a session, since a report is about one.
    Open,
}

impl Data<'_> {
    /// The draft of a kind: the one that was begun, else as it usually is.
    fn draft(&self, kind: &Kind) -> Draft {
        let begun = self.drafts.iter().find(|it| it.kind == kind.name);
        begun.cloned().unwrap_or_else(|| kind.draft())
    }
}

/// Draws the screen.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if !data.stored {
        let why =
            "A report is about a session. Record this computer with Ctrl+R, or open a session.";
        if empty::ui(ui, why, "Open…") {
            actions.push(Action::Open);
        }
        return actions;
    }
    let mut draft = data.draft(state.kind);
    if draft.items.is_empty() {
        draft.items = state.kind.items();
    }
    let before = draft.clone();
    let width = (ui.available_width() * LEFT_SHARE).clamp(LEFT_LEAST, LEFT_MOST);
    egui::Panel::left("report-draft")
        .resizable(true)
        .default_size(width)
        .size_range(LEFT_LEAST..=LEFT_MOST.max(width))
        .show(ui, |ui| {
            egui::ScrollArea::vertical()
                .id_salt("draft")
                .auto_shrink(false)
                .show(ui, |ui| {
                    head::ui(ui, state, (&mut draft, data), &mut actions);
                    ui.separator();
                    items::ui(ui, state, (&mut draft, data), &mut actions);
                });
        });
    egui::CentralPanel::default().show(ui, |ui| {
        preview::ui(ui, (data, &draft), &mut actions);
    });
    if draft != before {
        actions.push(Action::Edit(Box::new(draft.clone())));
    }
    if wants_making(data, &draft) {
        actions.push(Action::Make(Box::new(draft)));
    }
    actions
}

/// Whether the document shown is not of this draft and nobody is making it.
fn wants_making(data: &Data<'_>, draft: &Draft) -> bool {
    let same = data.asked == Some(draft) && data.asked_version == data.version;
    let busy = matches!(data.stage, Stage::Running(_) | Stage::Reading);
    !same && !busy
}
