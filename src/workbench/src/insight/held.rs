//! What is kept of the findings: those of an earlier analysis, and what people say.
//!
//! Start at [`Held`] and [`Remarks`].

use analysis::anomaly::expected::of_finding;
use model::finding::{Expected, Finding, FindingId, Kept, Said};

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
