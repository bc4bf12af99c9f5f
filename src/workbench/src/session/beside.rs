//! What lies beside the data of what is looked at: notes, kept findings, and what
//! people say of them. Each source has its own; turning to another exchanges them.
//!
//! Start at [`Session::show_stored`] and [`Session::set_remarks`].

use model::annotation::Annotation;
use model::finding::Kept;
use workflow::stored::Stored;

use super::{Session, Source};
use crate::history::Beside;
use crate::insight::held::{Held, Remarks};
use crate::keeping::{Document, What};
use crate::tasks::Work;

impl Session {
    /// Looks at a stored session from now on.
    pub fn show_stored(&mut self, stored: Stored, work: &Work) {
        if self.stored().is_none() {
            self.live_notes = std::mem::take(&mut self.notes);
            self.live_held = self.insight.held().clone();
        }
        // What was written a moment ago may still be on its way to the disk.
        let notes = self.keeping.newest_notes(stored.path());
        self.notes = notes.unwrap_or_else(|| stored.annotations());
        let newest = self.keeping.newest_findings(stored.path());
        if let Some(newest) = &newest {
            stored.hold(newest.clone());
        }
        let kept = newest.or_else(|| stored.kept()).unwrap_or_default();
        self.hub.put_aside();
        self.turn(Source::Stored(stored));
        self.insight.turn(Held::from(kept), work);
    }

    /// Looks at attached agents from now on.
    pub fn show_live(&mut self, work: &Work) {
        if self.stored().is_some() {
            self.notes = std::mem::take(&mut self.live_notes);
            self.hub.bring_back();
            self.turn(Source::Live);
            let held = std::mem::take(&mut self.live_held);
            self.insight.turn(held, work);
        }
    }

    /// What a step back or forth may exchange.
    pub fn beside(&self) -> Beside<'_> {
        Beside {
            notes: &self.notes,
            remarks: self.remarks(),
        }
    }

    /// The notes on the axis.
    pub fn notes(&self) -> &[Annotation] {
        &self.notes
    }

    /// Notes made while live data was looked at.
    pub fn live_notes(&self) -> &[Annotation] {
        match &self.source {
            Source::Live => &self.notes,
            Source::Stored(_) => &self.live_notes,
        }
    }

    /// Replaces the notes; a stored session keeps them.
    pub fn set_notes(&mut self, notes: Vec<Annotation>, work: &mut Work) {
        self.notes = notes;
        self.write_down(What::Notes(self.notes.clone()), String::new(), work);
    }

    /// What people say of the findings.
    pub fn remarks(&self) -> &Remarks {
        &self.insight.held().remarks
    }

    /// Replaces what people say of the findings; a stored session keeps it.
    pub fn set_remarks(&mut self, remarks: Remarks, work: &mut Work) {
        self.insight.set_remarks(remarks);
        self.write_findings(String::new(), work);
    }

    /// Keeps the findings in the session; whether they were all there to be kept.
    pub fn keep_findings(&mut self, work: &mut Work) -> bool {
        let kept = self.insight.keep();
        if kept && let Some(stored) = self.stored() {
            let said = format!(
                "Kept {} findings in {}",
                self.insight.held().findings.len(),
                stored.path().display()
            );
            self.write_findings(said, work);
        }
        kept
    }

    fn write_findings(&mut self, said: String, work: &mut Work) {
        let kept = Kept::from(self.insight.held());
        if let Source::Stored(stored) = &self.source {
            // A report that is written now shall know of it already.
            stored.hold(kept.clone());
        }
        self.write_down(What::Findings(Box::new(kept)), said, work);
    }

    fn write_down(&mut self, what: What, said: String, work: &mut Work) {
        let Source::Stored(stored) = &self.source else {
            return;
        };
        self.keeping.keep(Document {
            stored: stored.clone(),
            what,
            said,
        });
        self.keeping.go_on(work);
    }

    /// Saves what waits for its turn.
    pub fn keep_on(&mut self, work: &mut Work) {
        self.keeping.go_on(work);
    }

    /// A save failed: what it was to store stays for this sitting.
    pub fn could_not_keep(&mut self) {
        self.keeping.failed();
    }

    /// Whether something that was written down would be lost if the window closed now.
    pub fn is_keeping(&self) -> bool {
        self.keeping.is_busy()
    }
}
