//! Who is told of alerts: the desktop, a webhook, a test.
//!
//! Telling may take as long as a network does, so sinks are called by jobs only.
//!
//! Start at [`AlertSink`].

use model::finding::{FindingId, Severity};
use model::time::Moment;
use serde::Serialize;

use crate::problem::Problem;

/// Somebody who is told of alerts.
pub trait AlertSink: Send + Sync {
    /// Its name in messages, such as `desktop`.
    fn name(&self) -> &str;

    /// Tells that an alert fired or ended.
    ///
    /// # Errors
    ///
    /// It could not be told; the next alert is tried again.
    fn tell(&self, news: &AlertNews) -> Result<(), Problem>;
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// The limit was passed for the hold time.
    Firing,
    /// The value is back within the clear level.
    Resolved,
}

/// An alert that fired or ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertNews {
    /// Names the question, as findings do; the same when it fires and when it ends.
    pub id: FindingId,
    /// Id of the standard.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// Id of the rule.
    pub rule: String,
    /// Host.
    pub host: String,
    /// Name of the series.
    pub series: String,
    /// What became of it.
    pub became: Became,
    /// How much it matters.
    #[serde(serialize_with = "named")]
    pub severity: Severity,
    /// First sample beyond the limit.
    #[serde(serialize_with = "moment")]
    pub since: Moment,
    /// The sample that made it so.
    #[serde(serialize_with = "moment")]
    pub at: Moment,
    /// One plain sentence with its numbers.
    pub statement: String,
}

impl Became {
    /// Its name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

fn named<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.name())
}

fn moment<S: serde::Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.to_string())
}

/// Tells every sink of every alert; what went wrong, one problem a sink.
pub fn tell_all(sinks: &[std::sync::Arc<dyn AlertSink>], news: &[AlertNews]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for sink in sinks {
        for one in news {
            if let Err(problem) = sink.tell(one) {
                // What is out of reach for one alert is for the next.
                problems.push(problem);
                break;
            }
        }
    }
    problems
}
