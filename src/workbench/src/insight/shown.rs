//! The list that is shown: derived findings, kept ones that were not derived yet, and
//! pinned ones that are neither; what was expected stands last.
//!
//! Start at [`Shown::of`].

use std::collections::{HashMap, HashSet};

use analysis::anomaly::expected;
use model::finding::{self, Finding, FindingId};

use super::held::Held;

/// What is known of a shown finding beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Why it was to be expected.
    pub expected: Option<String>,
    /// Whether it belongs into the report.
    pub pinned: bool,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a shown finding comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It was derived from the data.
    #[default]
    Derived,
    /// It was kept, and its analysis is not through.
    Kept,
    /// It was pinned, and is not among what was derived or kept.
    Pinned,
}

/// What is shown.
#[derive(Debug, Default)]
pub struct Shown {
    /// Heaviest first, what was expected last.
    pub findings: Vec<Finding>,
    /// What is known of each.
    pub standing: HashMap<FindingId, Standing>,
}

impl Shown {
    /// Puts the list together: what was derived and what was only said live; `done`
    /// names the analyses that are through.
    pub fn of(
        (derived, live): (&[Finding], &[Finding]),
        held: &Held,
        done: &[&'static str],
    ) -> Self {
        let found = || derived.iter().chain(live);
        let mut known: HashSet<FindingId> = found().map(|it| it.id).collect();
        let mut all: Vec<(Origin, &Finding)> = found().map(|it| (Origin::Derived, it)).collect();
        let kept = held.findings.iter();
        let kept = kept.filter(|it| !done.contains(&it.analysis.name()));
        all.extend(
            kept.filter(|it| known.insert(it.id))
                .map(|it| (Origin::Kept, it)),
        );
        let pinned = held.remarks.pinned.iter();
        all.extend(
            pinned
                .filter(|it| known.insert(it.id))
                .map(|it| (Origin::Pinned, it)),
        );
        let marks = &held.remarks.expected;
        let standing = all.iter().map(|(origin, finding)| {
            let reason = expected::of_finding(finding, marks).map(|it| it.reason.clone());
            let standing = Standing {
                expected: reason,
                pinned: held.remarks.is_pinned(finding.id),
                origin: *origin,
            };
            (finding.id, standing)
        });
        let standing = standing.collect();
        let mut findings: Vec<Finding> = all.iter().map(|(_, it)| (*it).clone()).collect();
        finding::sort(&mut findings);
        expected::put_last(&mut findings, marks);
        Self { findings, standing }
    }

    /// Those that nobody expected: they stand first.
    pub fn unexpected(&self) -> &[Finding] {
        let is_expected = |it: &Finding| {
            let standing = self.standing.get(&it.id);
            standing.is_some_and(|it| it.expected.is_some())
        };
        let count = self.findings.partition_point(|it| !is_expected(it));
        &self.findings[..count]
    }
}
