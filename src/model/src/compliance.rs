//! How far a standard was kept: one verdict a rule and series, with all that is needed
//! to doubt it.
//!
//! The same value is printed on the terminal, drawn in the window, told by a report and
//! written for other programs.
//!
//! Start at [`Compliance`].

use serde::{Deserialize, Serialize};

use crate::finding::{FindingId, Severity};
use crate::standard::Bound;
use crate::time::Span;
use crate::unit::Unit;

/// A standard held against a recording, a plan or a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compliance {
    /// Id of the standard.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// Its kind: `metric`, `threshold`, `optimization` or `reporting`.
    pub kind: String,
    /// Who answers for it.
    pub owner: String,
    /// Where its numbers come from.
    pub source: String,
    /// The stretch that was judged.
    pub window: Span,
    /// The verdicts, in the order of the rules.
    pub rows: Vec<Verdict>,
    /// Rules that had nothing to say, and why.
    pub skipped: Vec<String>,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It holds.
    Pass,
    /// The data does not carry an answer.
    Undecidable,
    /// It is violated.
    Fail,
}

/// One rule, judged on one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Names the question, as findings do.
    pub id: FindingId,
    /// Id of the rule.
    pub rule: String,
    /// What the rule says; may be empty.
    pub title: String,
    /// Host; empty where it speaks of none.
    pub host: String,
    /// Name of the series, or what else was judged.
    pub series: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What was computed, such as `p95` or `completeness`.
    pub measure: String,
    /// What came out; `None` where nothing could be computed.
    pub value: Option<f64>,
    /// Where it must be.
    pub limit: Option<Bound>,
    /// How far it is within, positive where it is; in the unit of both.
    pub margin: Option<f64>,
    /// Where the true value is believed to lie; a fact of the recording has no width.
    pub interval: Option<(f64, f64)>,
    /// How sure the interval is, 0 to 1.
    pub level: f64,
    /// Unit of value, limit, margin and interval.
    pub unit: Unit,
    /// Share of the expected samples that were there, 0 to 1.
    pub coverage: Option<f64>,
    /// Samples, or requests, that were judged.
    pub samples: u64,
    /// Independent samples that carry as much evidence.
    pub effective: Option<f64>,
    /// The stretch that was judged.
    pub window: Span,
    /// Where the value was beyond the limit for the hold time, by time.
    pub places: Vec<Span>,
    /// How much a violation matters.
    pub severity: Severity,
    /// The verdict in one plain sentence with its numbers.
    pub statement: String,
    /// Why it cannot be decided; empty where it can.
    pub doubt: String,
}

impl Outcome {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Undecidable => "undecidable",
            Self::Fail => "fail",
        }
    }

    /// Its sign, always beside its name.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Undecidable => "?",
            Self::Fail => "×",
        }
    }
}

impl Compliance {
    /// The worst of its verdicts; undecidable where there is none.
    pub fn outcome(&self) -> Outcome {
        let all = self.rows.iter().map(|it| it.outcome);
        all.max().unwrap_or(Outcome::Undecidable)
    }

    /// How many verdicts came out like this.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|it| it.outcome == outcome).count()
    }

    /// The verdicts in numbers: `3 pass, 1 fail`.
    pub fn summary(&self) -> String {
        let counts =
            [Outcome::Fail, Outcome::Undecidable, Outcome::Pass].map(|it| (it, self.count(it)));
        let told = counts.iter().filter(|(_, count)| *count > 0);
        let told: Vec<String> = told
            .map(|(it, count)| format!("{count} {}", it.name()))
            .collect();
        match told.is_empty() {
            true => "nothing to judge".to_owned(),
            false => told.join(", "),
        }
    }
}

impl Verdict {
    /// A number in the verdict's unit; a dash for none.
    pub fn text(&self, number: Option<f64>) -> String {
        number.map_or_else(|| "–".to_owned(), |it| self.unit.text(it))
    }

    /// The limit with its sign: `≤ 90 %`; a dash for none.
    pub fn limit_text(&self) -> String {
        self.limit.map_or_else(
            || "–".to_owned(),
            |it| format!("{} {}", it.sign(), self.unit.text(it.number())),
        )
    }

    /// The interval: `81 % to 93 %`; empty where it has no width.
    pub fn interval_text(&self) -> String {
        match self.interval {
            Some((lo, hi)) if lo < hi => {
                format!("{} to {}", self.unit.text(lo), self.unit.text(hi))
            }
            _ => String::new(),
        }
    }
}
