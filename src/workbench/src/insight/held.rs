//! What is kept of the findings: those of an earlier analysis, and what people say.
//!
//! Start at [`Held`] and [`Remarks`].

use analysis::anomaly::expected::of_finding;
use model::finding::{Expected, Finding, FindingId, Kept, Said};
use model::report::{Draft, Item};

/// Findings that people can choose for the report.
const PINNED_MAX: usize = 200;

/// Marks of one session.
const EXPECTED_MAX: usize = 1_000;

/// Everything a session keeps of its findings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Version of Kymo that found the kept ones; empty where none are kept.
    pub kymo: String,
    /// The kept ones.
    pub findings: Vec<Finding>,
    /// What was said while it was recorded.
    pub live: Option<Said>,
    /// What people say.
    pub remarks: Remarks,
}

/// What people say of findings: can be undone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remarks {
    /// What was to be expected.
    pub expected: Vec<Expected>,
    /// What belongs into the report, in the order it was chosen.
    pub pinned: Vec<Finding>,
    /// Reports that they began, at most one a kind.
    pub drafts: Vec<Draft>,
}

impl From<Kept> for Held {
    fn from(kept: Kept) -> Self {
        Self {
            kymo: kept.kymo,
            findings: kept.findings,
            live: kept.live,
            remarks: Remarks {
                expected: kept.expected,
                pinned: kept.pinned,
                drafts: kept.drafts,
            },
        }
    }
}

impl From<&Held> for Kept {
    fn from(held: &Held) -> Self {
        Self {
            kymo: held.kymo.clone(),
            findings: held.findings.clone(),
            expected: held.remarks.expected.clone(),
            pinned: held.remarks.pinned.clone(),
            drafts: held.remarks.drafts.clone(),
            live: held.live.clone(),
        }
    }
}

impl Remarks {
    /// Whether this finding belongs into the report.
    pub fn is_pinned(&self, id: FindingId) -> bool {
        self.pinned.iter().any(|it| it.id == id)
    }

    /// Adds a finding to the report, or brings what it says up to date in its place.
    pub fn pin(&mut self, finding: Finding) {
        let place = self.pinned.iter().position(|it| it.id == finding.id);
        match place {
            Some(place) => self.pinned[place] = finding,
            None if self.pinned.len() < PINNED_MAX => self.pinned.push(finding),
            None => {}
        }
    }

    /// Takes a finding out of the report.
    pub fn unpin(&mut self, id: FindingId) {
        self.pinned.retain(|it| it.id != id);
    }

    /// Moves a finding of the report to another place in its order.
    pub fn move_pin(&mut self, from: usize, to: usize) {
        if from < self.pinned.len() && to < self.pinned.len() {
            let finding = self.pinned.remove(from);
            self.pinned.insert(to, finding);
        }
    }

    /// The draft of a kind of report, if somebody began one.
    pub fn draft(&self, kind: &str) -> Option<&Draft> {
        self.drafts.iter().find(|it| it.kind == kind)
    }

    /// Replaces the draft of a kind.
    pub fn set_draft(&mut self, draft: Draft) {
        match self.drafts.iter_mut().find(|it| it.kind == draft.kind) {
            Some(place) => *place = draft,
            None => self.drafts.push(draft),
        }
    }

    /// Adds something to the draft of a kind, which begins as `usual` where nobody began one.
    pub fn add_to_draft(&mut self, usual: Draft, item: Item) {
        let mut draft = self.draft(&usual.kind).cloned().unwrap_or(usual);
        if draft.items.len() < model::report::ITEMS_MAX {
            draft.items.push(item);
        }
        self.set_draft(draft);
    }

    /// Says that something was to be expected.
    pub fn expect(&mut self, mark: Expected) {
        if self.expected.len() < EXPECTED_MAX && !self.expected.contains(&mark) {
            self.expected.push(mark);
        }
    }

    /// Takes away every mark that makes this finding expected.
    pub fn unmark(&mut self, finding: &Finding) {
        while let Some(mark) = of_finding(finding, &self.expected).cloned() {
            self.expected.retain(|it| *it != mark);
        }
    }
}
