//! Notes on the time axis.

use eframe::egui::Context;
use model::annotation::Annotation;
use model::time::Span;

use crate::app::App;
use crate::history::Step;
use crate::layout::Screen;
use crate::view::annotations::Action;

/// Notes of one session.
const NOTES_MAX: usize = 10_000;

impl App {
    pub(super) fn note_list(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Add { span, text, color } => self.add_note(span, text, color),
            Action::Edit(note) => self.change_notes("change note", |notes| {
                for known in notes.iter_mut().filter(|known| known.id == note.id) {
                    known.clone_from(&note);
                }
            }),
            Action::Delete(id) => {
                self.change_notes("delete note", |notes| notes.retain(|note| note.id != id));
            }
            Action::Goto(span) => self.reveal_span(span),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    fn add_note(&mut self, span: Span, text: String, color: u8) {
        self.change_notes("add note", |notes| {
            let id = notes
                .iter()
                .map(|note| note.id)
                .max()
                .map_or(1, |id| id.saturating_add(1));
            if notes.len() < NOTES_MAX {
                notes.push(Annotation {
                    id,
                    span,
                    text,
                    color,
                });
            }
            notes.sort_by_key(|note| (note.span.from, note.id));
        });
    }

    /// Changes the notes as one step that can be undone.
    fn change_notes(&mut self, step: Step, change: impl FnOnce(&mut Vec<Annotation>)) {
        let before = self.session.notes().to_vec();
        let mut notes = before.clone();
        change(&mut notes);
        if notes != before {
            self.history.noted(step, before);
            self.session.set_notes(notes, &mut self.work);
        }
    }

    /// Marks the moment that is pointed at, without asking for words.
    pub(super) fn mark(&mut self) {
        let at = self.timeline.moment();
        let marks = self
            .session
            .notes()
            .iter()
            .filter(|note| note.text.starts_with("Mark "));
        let text = format!("Mark {}", marks.count() + 1);
        self.add_note(Span { from: at, to: at }, text.clone(), 1);
        self.note(
            format!("{text} set; Shift+M writes a note instead"),
            Vec::new(),
        );
    }

    /// Opens the editor for a note at the selection, else at the moment pointed at.
    pub(super) fn annotate(&mut self) {
        let at = self.timeline.moment();
        let span = self.timeline.selection.unwrap_or(Span { from: at, to: at });
        self.views.notes.draft(span);
        self.bring_up(Screen::Annotations);
    }

    /// Opens a note that was clicked in a plot.
    pub(super) fn open_note(&mut self, id: u32) {
        if let Some(note) = self.session.notes().iter().find(|note| note.id == id) {
            self.views.notes.edit(note);
            self.bring_up(Screen::Annotations);
        }
    }

    pub(super) fn go_to_note(&mut self, id: u32) {
        let found = self.session.notes().iter().find(|note| note.id == id);
        if let Some(span) = found.map(|note| note.span) {
            self.reveal_span(span);
        }
    }
}
