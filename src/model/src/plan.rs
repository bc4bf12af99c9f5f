//! A plan: what shall be changed, under which guard, and what is expected of it.
//!
//! The same types are edited in the window, written by hand, sent to an agent and
//! kept in a session, so they stand here. What they mean for a model is the crate
//! `plan`'s business, how they are carried out the agent's.
//!
//! * [`action`]: the changes, typed, one variant a kind; no free command anywhere.
//! * [`guard`]: what must hold before and while they are carried out.
//! * [`subject`]: which application it speaks of.
//! * [`check`]: what is wrong with a plan, in words that name the place.
//!
//! Start at [`Plan`].

use serde::{Deserialize, Serialize};

use crate::time::Moment;

pub mod action;
pub mod check;
pub mod guard;
pub mod stamp;
pub mod subject;

use action::Action;
use guard::{Guardrail, Limit};
use subject::Subject;

/// Version of the document.
pub const SCHEMA: u32 = 1;

/// A plan file; RON with unknown fields refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of the document, [`SCHEMA`].
    pub schema: u32,
    /// Names the plan for ever: lower-case hexadecimal digits and `-`.
    pub id: String,
    /// What it is for, in the user's words.
    pub title: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
    /// When it was begun.
    #[serde(with = "stamp")]
    pub created: Moment,
    /// What it was made from.
    #[serde(default)]
    pub baseline: Baseline,
    /// What shall be reached.
    #[serde(default)]
    pub objective: Option<Objective>,
    /// The changes; the order in the file is the order of carrying out, as far as
    /// [`Action::after`] allows.
    pub actions: Vec<Action>,
    /// What must hold while it is carried out.
    #[serde(default)]
    pub guardrails: Vec<Guardrail>,
    /// How it is taken back.
    #[serde(default)]
    pub rollback: Rollback,
    /// What the predictor expects; never written by hand.
    #[serde(default)]
    pub expected: Vec<Expected>,
    /// What [`Plan::expected`] was computed for; `None` before the first prediction and
    /// after each edit of what it was computed for.
    #[serde(default)]
    pub prediction: Option<Prediction>,
    /// How the outcome is judged.
    #[serde(default)]
    pub validation: Validation,
    /// Where in its life it is.
    #[serde(default)]
    pub state: State,
    /// Grows with each saved edit.
    #[serde(default)]
    pub revision: u32,
    /// Who agreed to which contents.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// When the last action was carried out.
    #[serde(default, with = "stamp::maybe")]
    pub applied: Option<Moment>,
    /// File beside the plan that holds its audit; empty: the plan's name with `.audit.jsonl`.
    #[serde(default)]
    pub audit: String,
}

/// The recording, window and machine that a plan was made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `sha256:…` of the session file, or empty.
    #[serde(default)]
    pub session: String,
    /// From when to when; `None` is the whole session.
    #[serde(default, with = "stamp::pair")]
    pub window: Option<(Moment, Moment)>,
    /// Host that is changed; empty: the one the agent runs on.
    #[serde(default)]
    pub host: String,
    /// Boot of that host that the values belong to; empty: any.
    #[serde(default)]
    pub boot_id: String,
    /// Kernel of that host; empty: any.
    #[serde(default)]
    pub kernel: String,
    /// Which application of the recording is meant.
    #[serde(default)]
    pub subject: Subject,
}

/// What shall be reached, and what it may cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Metric of a prediction or a recording, such as `app.checkout.p95`.
    pub metric: String,
    /// Where it shall be.
    pub goal: Limit,
    /// At most this cost over all actions, in the unit that the actions use.
    #[serde(default)]
    pub cost_limit: Option<f64>,
}

/// How a plan is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// Seconds after the last action within which somebody must confirm.
    pub deadline_s: f64,
    /// Seconds that the agent goes on without hearing from who holds the lease.
    pub lease_s: f64,
    /// Whether it stays only when confirmed.
    pub confirm: Confirm,
    /// In which order values are put back.
    pub order: Order,
    /// How it is made sure that a value is back.
    pub verify: Verify,
    /// What the way back survives.
    pub survive: Vec<Survive>,
}

/// Whether a change stays by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirm {
    /// Without a word in time everything is put back.
    #[default]
    Required,
    /// It stays when the guardrails held until the deadline.
    Automatic,
}

/// In which order values are put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The last change first.
    #[default]
    Reverse,
}

/// How it is made sure that a value is back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verify {
    /// What is in force is read after it was written.
    #[default]
    ReadBack,
}

/// What the way back survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Survive {
    /// The client or the network goes away.
    Disconnect,
    /// The agent ends, however it ends.
    AgentRestart,
    /// The machine restarts.
    Reboot,
}

/// How sure a prediction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Interval within 10 % of the point.
    A,
    /// Within 35 %.
    B,
    /// Bounds or a direction only.
    C,
    /// Refused.
    X,
}

/// What the predictor expects of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What it speaks of, such as `app.throughput`.
    pub metric: String,
    /// Unit of the three numbers, UCUM.
    #[serde(default)]
    pub unit: String,
    /// Nine of ten outcomes are above.
    #[serde(default)]
    pub p10: Option<f64>,
    /// The point.
    #[serde(default)]
    pub p50: Option<f64>,
    /// Nine of ten outcomes are below.
    #[serde(default)]
    pub p90: Option<f64>,
    /// What the metric was in the baseline.
    #[serde(default)]
    pub before: Option<f64>,
    /// How sure it is.
    pub class: Class,
    /// The model that said so.
    #[serde(default)]
    pub model: String,
    /// SHA-256 of what the model was given.
    #[serde(default)]
    pub inputs_hash: String,
    /// Code and reason where it is refused, such as `I7 not-a-resource`.
    #[serde(default)]
    pub refused: Option<String>,
    /// What to record so that it can be answered.
    #[serde(default)]
    pub record_next: Option<String>,
}

/// What a prediction was computed for, by which models, and when: what makes it fresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// SHA-256 of the canonical text of the mandate that it was computed for.
    pub hash: String,
    /// Version of the models.
    pub version: String,
    /// When.
    #[serde(with = "stamp")]
    pub at: Moment,
}

/// How the outcome is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Validation {
    /// Length of the window after the change, seconds.
    pub after_window_s: f64,
    /// Fewer requests than this in either window are not enough.
    pub min_requests: u64,
    /// Shares of operations may differ by this much, else the windows are not comparable.
    pub same_mix: f64,
    /// The load may differ by this share.
    pub same_load: f64,
    /// What must hold.
    pub criteria: Vec<Criterion>,
}

/// One thing that must hold afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Criterion {
    /// What is measured lies in the predicted interval.
    Within {
        /// Which metric.
        metric: String,
    },
    /// It is better than before by at least this share, at this confidence.
    Improves {
        /// Which metric.
        metric: String,
        /// Share of the value before.
        by: f64,
        /// 0 to 1.
        confidence: f64,
    },
    /// It stays within a limit.
    Holds {
        /// Which metric.
        metric: String,
        /// The limit.
        limit: Limit,
    },
}

/// Where in its life a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// It is edited.
    #[default]
    Draft,
    /// Its effect was predicted.
    Predicted,
    /// Somebody agreed to these contents.
    Approved,
    /// An agent carries it out.
    Applying,
    /// It is carried out and waits for a word.
    Applied,
    /// It stays.
    Confirmed,
    /// What was measured is as predicted.
    Validated,
    /// What was measured is not as predicted.
    Mispredicted,
    /// Everything is as before.
    RolledBack,
    /// Something is not as before; the audit says what and how to mend it.
    RollbackFailed,
    /// The approval grew too old.
    Expired,
    /// Somebody said no.
    Rejected,
}

/// Somebody agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub who: String,
    /// When.
    #[serde(with = "stamp")]
    pub at: Moment,
    /// SHA-256 of the canonical text of what was agreed to.
    pub hash: String,
    /// Metrics of class C or X that were acknowledged one by one.
    #[serde(default)]
    pub acknowledged: Vec<String>,
}

/// The part of a plan that an agent carries out and that is agreed to: any change of
/// it voids prediction and approvals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// Version of the document, [`SCHEMA`].
    pub schema: u32,
    /// Id of the plan.
    pub id: String,
    /// What it was made from.
    pub baseline: Baseline,
    /// The changes.
    pub actions: Vec<Action>,
    /// What must hold while it is carried out.
    pub guardrails: Vec<Guardrail>,
    /// How it is taken back.
    pub rollback: Rollback,
}

impl Plan {
    /// A plan without a change.
    pub fn new(id: &str, title: &str, created: Moment) -> Self {
        Self {
            schema: SCHEMA,
            id: id.to_owned(),
            title: title.to_owned(),
            author: String::new(),
            created,
            baseline: Baseline::default(),
            objective: None,
            actions: Vec::new(),
            guardrails: Vec::new(),
            rollback: Rollback::default(),
            expected: Vec::new(),
            prediction: None,
            validation: Validation::default(),
            state: State::Draft,
            revision: 0,
            approvals: Vec::new(),
            applied: None,
            audit: String::new(),
        }
    }

    /// What is agreed to and carried out.
    pub fn mandate(&self) -> Mandate {
        Mandate {
            schema: self.schema,
            id: self.id.clone(),
            baseline: self.baseline.clone(),
            actions: self.actions.clone(),
            guardrails: self.guardrails.clone(),
            rollback: self.rollback.clone(),
        }
    }
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Predicted => "predicted",
            Self::Approved => "approved",
            Self::Applying => "applying",
            Self::Applied => "applied, not confirmed",
            Self::Confirmed => "confirmed",
            Self::Validated => "validated",
            Self::Mispredicted => "mispredicted",
            Self::RolledBack => "rolled back",
            Self::RollbackFailed => "rollback incomplete",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

impl Class {
    /// Its letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::X => "X",
        }
    }
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            deadline_s: 900.0,
            lease_s: 120.0,
            confirm: Confirm::Required,
            order: Order::Reverse,
            verify: Verify::ReadBack,
            survive: vec![Survive::Disconnect, Survive::AgentRestart, Survive::Reboot],
        }
    }
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            after_window_s: 300.0,
            min_requests: 1000,
            same_mix: 0.1,
            same_load: 0.15,
            criteria: Vec::new(),
        }
    }
}
