//! Notes on their way to the disk: one save at a time, the newest list of each session wins.
//!
//! Start at [`Keeping::keep`].

use std::path::Path;

use model::annotation::Annotation;
use workflow::stored::Stored;

use crate::tasks::{Outcome, Pool, Ticket, Work};

/// Lists of notes that are not on disk yet.
#[derive(Default)]
pub struct Keeping {
    saving: Option<(Ticket, Notes)>,
    dirty: Vec<Notes>,
}

#[derive(Clone)]
struct Notes {
    stored: Stored,
    notes: Vec<Annotation>,
}

impl Keeping {
    /// Keeps the notes of a session; a list that still waits for its turn is replaced.
    pub fn keep(&mut self, stored: Stored, notes: Vec<Annotation>) {
        self.dirty.retain(|it| it.stored.path() != stored.path());
        self.dirty.push(Notes { stored, notes });
    }

    /// Starts the next save unless one runs; a full queue is tried again in the next frame.
    pub fn go_on(&mut self, work: &mut Work) {
        if let Some((ticket, _)) = &self.saving
            && work.runs(*ticket)
        {
            return;
        }
        self.saving = None;
        let Some(next) = self.dirty.first().cloned() else {
            return;
        };
        let Notes { stored, notes } = next.clone();
        let started = work.start(Pool::Long, "keeping notes", move |_| {
            Outcome::Noted(stored.set_annotations(&notes))
        });
        if let Some(id) = started {
            self.dirty.remove(0);
            self.saving = Some((Ticket(Pool::Long, id), next));
        }
    }

    /// Whether notes would be lost if the window closed now.
    pub fn is_busy(&self) -> bool {
        self.saving.is_some() || !self.dirty.is_empty()
    }

    /// The notes of a session that are newer than those on its disk.
    pub fn newest(&self, path: &Path) -> Option<&[Annotation]> {
        let saving = self.saving.iter().map(|(_, notes)| notes);
        let mut all = saving.chain(&self.dirty);
        let found = all.rfind(|it| it.stored.path() == path);
        found.map(|it| it.notes.as_slice())
    }
}
