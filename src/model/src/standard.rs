//! A standard: what must hold, where, who says so, and where it comes from.
//!
//! One file is one standard of one of four kinds. What is written here is judged by
//! [`check`], read by [`parse`], and held against recordings, plans and reports by
//! `analysis::standard` and those above it.
//!
//! * In: RON that people write.
//! * Out: [`Standard`], or every mistake with its line.
//! * Never: touches a file or a recording.
//!
//! Start at [`Standard`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::Severity;
use crate::plan::{Class, Survive};

pub mod check;
pub mod parse;

/// Version of the document.
pub const SCHEMA: u32 = 1;

/// A standard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// Version of the document, [`SCHEMA`].
    pub schema: u32,
    /// Names the standard wherever a file may be named: lower-case letters, digits, `-`.
    pub id: String,
    /// Version of what it says: one to three numbers, such as `1.2`.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// Who answers for it.
    pub owner: String,
    /// Where its numbers come from.
    pub source: String,
    /// What it applies to.
    pub scope: Scope,
    /// What must hold.
    pub rules: Rules,
}

/// What a standard applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Names of hosts, any of which may match; `*` stands for anything.
    pub hosts: Vec<String>,
    /// When it applies, in words; may be empty.
    #[serde(default)]
    pub note: String,
}

/// The rules, which are of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rules {
    /// What a recording must hold.
    Metric(Vec<MetricRule>),
    /// Where measured values must stay.
    Threshold(Vec<ThresholdRule>),
    /// What a plan must say before it is carried out.
    Optimization(Vec<PlanRule>),
    /// What a report must say.
    Reporting(Vec<ReportRule>),
}

/// A metric that must be recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricRule {
    /// Names the rule within the standard.
    pub id: String,
    /// What it says, in words; may be empty.
    #[serde(default)]
    pub title: String,
    /// Series without their host, as `metric{key=value}`; `*` stands for anything.
    pub series: String,
    /// Unit it must have, UCUM; that of the total where it is a counter.
    pub unit: String,
    /// Longest time between samples.
    pub cadence_s: f64,
    /// Share of the samples at that cadence that must be there, 0 to 1.
    pub completeness: f64,
    /// What it means when no series matches.
    #[serde(default)]
    pub presence: Presence,
}

/// What it means when no series matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The rule is violated, or cannot be decided.
    #[default]
    Required,
    /// The rule has nothing to say.
    Optional,
}

/// A limit on what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdRule {
    /// Names the rule within the standard.
    pub id: String,
    /// What it says, in words; may be empty.
    #[serde(default)]
    pub title: String,
    /// Series without their host, as `metric{key=value}`; `*` stands for anything.
    pub series: String,
    /// Unit of the series and the limit, UCUM; counters are judged per second.
    pub unit: String,
    /// What is judged.
    pub test: Test,
    /// Fewer samples (requests, for a budget of requests) decide nothing.
    #[serde(default = "samples_least")]
    pub samples_least: u64,
    /// With a smaller share of the expected samples nothing passes, 0 to 1.
    #[serde(default = "coverage_least")]
    pub coverage_least: f64,
    /// What it means when no series matches.
    #[serde(default)]
    pub presence: Presence,
    /// How much a violation matters.
    #[serde(default = "severity")]
    pub severity: Severity,
    /// Where this number comes from, where it is not where the standard comes from.
    #[serde(default)]
    pub source: String,
}

/// What a threshold rule judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Test {
    /// A statistic against a limit; live, the value itself with hold time and hysteresis.
    Level {
        /// Statistic over the window.
        statistic: Statistic,
        /// Where it must be.
        limit: Bound,
        /// Seconds that the value must be beyond the limit in one go to count.
        hold_s: f64,
        /// Where an alert ends; the limit itself where it is not written.
        #[serde(default)]
        clear: Option<f64>,
    },
    /// An error budget.
    Budget {
        /// What spends it.
        bad: Bad,
        /// Share that must be good, such as 0.999.
        objective: f64,
        /// Seconds that the budget is for.
        period_s: f64,
        /// Pairs of windows whose burn rate raises an alert.
        burn: Vec<Burn>,
    },
}

/// A statistic over a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Statistic {
    /// Arithmetic mean of the samples.
    Mean,
    /// Half of the samples are below.
    Median,
    /// This many percent of the samples are below.
    Percentile(f64),
    /// Largest sample.
    Max,
    /// Smallest sample.
    Min,
    /// The level that was passed for the hold time in one go.
    Sustained,
}

/// Where a number must be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bound {
    /// Not above.
    AtMost(f64),
    /// Not below.
    AtLeast(f64),
}

/// What spends an error budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bad {
    /// Requests that failed; the series is an error ratio.
    Failed,
    /// Requests that took longer than this, in seconds; the series is a duration.
    SlowerThan(f64),
    /// Time in which the value is beyond.
    Beyond(Bound),
}

/// Two windows in which the budget is spent too fast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burn {
    /// Seconds of the long window, which says that it matters.
    pub long_s: f64,
    /// Seconds of the short window, which says that it goes on.
    pub short_s: f64,
    /// Times the rate that would just spend the budget in its period.
    pub rate: f64,
    /// How much it matters.
    pub severity: Severity,
}

/// Something that a plan must say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRule {
    /// Names the rule within the standard.
    pub id: String,
    /// What it says, in words; may be empty.
    #[serde(default)]
    pub title: String,
    /// What is needed.
    pub needs: PlanNeed,
}

/// What a plan needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PlanNeed {
    /// A metric and where it shall be.
    Objective,
    /// Guardrails.
    Guardrails {
        /// At least so many.
        at_least: u32,
        /// At least so many of them put everything back.
        putting_back: u32,
    },
    /// A way back.
    Rollback {
        /// At most so many seconds until somebody must confirm.
        deadline_s: f64,
        /// At most so many seconds without the client.
        lease_s: f64,
        /// What the way back must survive.
        survives: Vec<Survive>,
    },
    /// A prediction with an interval.
    Interval {
        /// For at least so many metrics, that of the objective among them.
        at_least: u32,
        /// Not less sure than this.
        class: Class,
    },
    /// A judgment afterwards.
    Validation {
        /// At least so many criteria.
        at_least: u32,
    },
}

/// Something that a report must say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRule {
    /// Names the rule within the standard.
    pub id: String,
    /// What it says, in words; may be empty.
    #[serde(default)]
    pub title: String,
    /// What is needed.
    pub needs: ReportNeed,
}

/// What a report needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ReportNeed {
    /// A section of this id that is not empty.
    Section(String),
    /// Data behind it that is this complete, 0 to 1.
    Coverage(f64),
    /// This share of its numbers leads to what they were computed from, 0 to 1.
    Evidence(f64),
}

/// Samples of a rule that does not say.
pub const SAMPLES_LEAST: u64 = 30;
/// Coverage of a rule that does not say.
pub const COVERAGE_LEAST: f64 = 0.9;

fn samples_least() -> u64 {
    SAMPLES_LEAST
}

fn coverage_least() -> f64 {
    COVERAGE_LEAST
}

fn severity() -> Severity {
    Severity::Warning
}

impl Standard {
    /// Whether it applies to a host.
    pub fn admits(&self, host: &str) -> bool {
        let mut hosts = self.scope.hosts.iter();
        hosts.any(|it| crate::series::glob_matches(it, host))
    }

    /// Its id and version, as people cite it.
    pub fn name(&self) -> String {
        format!("{} {}", self.id, self.version)
    }
}

impl Rules {
    /// The kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Metric(_) => "metric",
            Self::Threshold(_) => "threshold",
            Self::Optimization(_) => "optimization",
            Self::Reporting(_) => "reporting",
        }
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        match self {
            Self::Metric(rules) => rules.len(),
            Self::Threshold(rules) => rules.len(),
            Self::Optimization(rules) => rules.len(),
            Self::Reporting(rules) => rules.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ids and titles of the rules, in order.
    pub fn named(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Metric(all) => all.iter().map(|it| (&*it.id, &*it.title)).collect(),
            Self::Threshold(all) => all.iter().map(|it| (&*it.id, &*it.title)).collect(),
            Self::Optimization(all) => all.iter().map(|it| (&*it.id, &*it.title)).collect(),
            Self::Reporting(all) => all.iter().map(|it| (&*it.id, &*it.title)).collect(),
        }
    }
}

impl Bound {
    /// The number in it.
    pub fn number(self) -> f64 {
        match self {
            Self::AtMost(it) | Self::AtLeast(it) => it,
        }
    }

    /// How far a value is within, positive where it is; in the unit of both.
    pub fn margin(self, value: f64) -> f64 {
        match self {
            Self::AtMost(limit) => limit - value,
            Self::AtLeast(limit) => value - limit,
        }
    }

    /// Whether a value is within; a gap is not.
    pub fn holds(self, value: f64) -> bool {
        self.margin(value) >= 0.0
    }

    /// Whether a value is beyond; a gap is not.
    pub fn is_passed_by(self, value: f64) -> bool {
        self.margin(value) < 0.0
    }

    /// The same kind of bound at another number.
    pub fn at(self, number: f64) -> Self {
        match self {
            Self::AtMost(_) => Self::AtMost(number),
            Self::AtLeast(_) => Self::AtLeast(number),
        }
    }

    /// Between words and number: `≤`, `≥`.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtMost(_) => "≤",
            Self::AtLeast(_) => "≥",
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Median => f.write_str("median"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
            Self::Max => f.write_str("max"),
            Self::Min => f.write_str("min"),
            Self::Sustained => f.write_str("sustained"),
        }
    }
}
