//! Notes and findings on their way to the disk: one save at a time, the newest
//! document of each session wins.
//!
//! What could not be stored, since the session may only be read, stays here for this
//! sitting.
//!
//! Start at [`Keeping::keep`].

use std::path::Path;

use model::annotation::Annotation;
use model::finding::Kept;
use workflow::stored::Stored;

use crate::tasks::{Outcome, Pool, Ticket, Work};

/// Sessions whose documents are remembered although they could not be stored.
const UNSAVED_MAX: usize = 50;

/// Documents that are not on disk yet.
#[derive(Default)]
pub struct Keeping {
    saving: Option<(Ticket, Document)>,
    dirty: Vec<Document>,
    unsaved: Vec<Document>,
}

/// What is stored beside the samples of a session.
#[derive(Clone)]
pub struct Document {
    /// The session.
    pub stored: Stored,
    /// What is to be stored.
    pub what: What,
    /// What is told when it is stored; may be empty.
    pub said: String,
}

/// Which of the documents.
#[derive(Clone)]
pub enum What {
    /// Notes on the axis.
    Notes(Vec<Annotation>),
    /// Findings, and what people say of them.
    Findings(Box<Kept>),
}

impl Document {
    /// Whether it takes the place of the other.
    fn replaces(&self, other: &Self) -> bool {
        let same = std::mem::discriminant(&self.what) == std::mem::discriminant(&other.what);
        same && self.stored.path() == other.stored.path()
    }

    fn store(self) -> Result<String, workflow::problem::Problem> {
        match self.what {
            What::Notes(notes) => self.stored.set_annotations(&notes)?,
            What::Findings(kept) => self.stored.keep(*kept)?,
        }
        Ok(self.said)
    }
}

impl Keeping {
    /// Keeps a document of a session; one that still waits for its turn is replaced.
    pub fn keep(&mut self, mut document: Document) {
        self.unsaved.retain(|it| !document.replaces(it));
        if !document.stored.on_disk() {
            self.remember(document);
            return;
        }
        let mut said = String::new();
        self.dirty.retain(|it| {
            let replaced = document.replaces(it);
            if replaced {
                said.clone_from(&it.said);
            }
            !replaced
        });
        if document.said.is_empty() {
            document.said = said;
        }
        self.dirty.push(document);
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
        let label = match next.what {
            What::Notes(_) => "keeping notes",
            What::Findings(_) => "keeping findings",
        };
        let document = next.clone();
        let started = work.start(Pool::Long, label, move |_| Outcome::Noted(document.store()));
        if let Some(id) = started {
            self.dirty.remove(0);
            self.saving = Some((Ticket(Pool::Long, id), next));
        }
    }

    /// The save that ran failed: what it was to store stays for this sitting.
    pub fn failed(&mut self) {
        if let Some((_, document)) = self.saving.take()
            && !self.dirty.iter().any(|it| it.replaces(&document))
        {
            self.remember(document);
        }
    }

    fn remember(&mut self, document: Document) {
        self.unsaved.push(document);
        if self.unsaved.len() > UNSAVED_MAX {
            self.unsaved.remove(0);
        }
    }

    /// Whether something would be lost if the window closed now.
    pub fn is_busy(&self) -> bool {
        self.saving.is_some() || !self.dirty.is_empty()
    }

    /// The notes of a session that are newer than those on its disk.
    pub fn newest_notes(&self, path: &Path) -> Option<Vec<Annotation>> {
        self.newest(path).find_map(|it| match &it.what {
            What::Notes(notes) => Some(notes.clone()),
            What::Findings(_) => None,
        })
    }

    /// The findings of a session that are newer than those on its disk.
    pub fn newest_findings(&self, path: &Path) -> Option<Kept> {
        self.newest(path).find_map(|it| match &it.what {
            What::Findings(kept) => Some((**kept).clone()),
            What::Notes(_) => None,
        })
    }

    /// The documents of a session, newest first.
    fn newest(&self, path: &Path) -> impl Iterator<Item = &Document> {
        let saving = self.saving.iter().map(|(_, document)| document);
        let all = self.unsaved.iter().chain(saving).chain(&self.dirty);
        all.rev().filter(move |it| it.stored.path() == path)
    }
}
