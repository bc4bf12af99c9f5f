//! What must hold before an action and while a plan is carried out.
//!
//! Both are evaluated where the change is made, from what the agent itself reads;
//! neither needs the client or the network.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What must hold right before an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Precondition {
    /// A setting has this value; keys as in [`super::action::Setting::key`].
    Equals(String, String),
    /// A metric is below.
    Below(String, f64),
    /// A metric is above.
    Above(String, f64),
}

/// What must hold while a plan is carried out and until it is confirmed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardrail {
    /// Name of the metric, such as `system.memory.available` or `agent.heartbeat_age_s`.
    pub metric: String,
    /// Where it must stay.
    pub limit: Limit,
    /// Seconds that it may be outside, or missing, in one go.
    #[serde(default)]
    pub for_s: f64,
    /// What happens then.
    #[serde(default)]
    pub on_breach: Breach,
}

/// Where a number must be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Limit {
    /// Not above.
    AtMost(f64),
    /// Not below.
    AtLeast(f64),
    /// Not above this multiple of what it was before the first action.
    AtMostRel(f64),
    /// Not below this multiple of what it was before the first action.
    AtLeastRel(f64),
}

/// What a breach does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breach {
    /// Everything is put back.
    #[default]
    RollbackAll,
    /// It is told, and nothing else.
    Tell,
}

impl Limit {
    /// Whether a value is within; `before` is what it was before the first action,
    /// `None` where that is not known: then a relative limit does not hold.
    pub fn holds(self, value: f64, before: Option<f64>) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
            Self::AtMostRel(times) => before.is_some_and(|it| value <= it * times),
            Self::AtLeastRel(times) => before.is_some_and(|it| value >= it * times),
        }
    }

    /// The number in it.
    pub fn number(self) -> f64 {
        match self {
            Self::AtMost(it) | Self::AtLeast(it) | Self::AtMostRel(it) | Self::AtLeastRel(it) => it,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
            Self::AtMostRel(times) => write!(f, "at most {times} times the value before"),
            Self::AtLeastRel(times) => write!(f, "at least {times} times the value before"),
        }
    }
}
