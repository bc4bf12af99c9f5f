//! What is known of a recording: written beside it, read by the score.
//!
//! * In: what the disturbance did, when and with which processes.
//! * Out: `NAME-SEED.json` beside `NAME-SEED.kymo`.
//! * Never: an opinion of Kymo.
//!
//! Start at [`Truth`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Version of this shape.
pub(crate) const SCHEMA: u32 = 1;

/// What was done to the machine while a session was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Truth {
    /// [`SCHEMA`].
    pub(crate) schema: u32,
    /// Name of the fault.
    pub(crate) fault: String,
    /// What everything was drawn from.
    pub(crate) seed: u64,
    /// What happened, in a sentence.
    pub(crate) what: String,
    /// The verdict of `kymo bottleneck` that is right during the disturbance.
    pub(crate) verdict: String,
    /// Further verdicts that are not wrong, with the reason in `what`.
    pub(crate) accepted: Vec<String>,
    /// Who did it; empty where no process did.
    pub(crate) culprits: Vec<Actor>,
    /// Who suffered or merely ran along.
    pub(crate) affected: Vec<Actor>,
    /// Operations of services that users wait for; empty where it is all or none.
    #[serde(default)]
    pub(crate) operations: Vec<Operation>,
    /// Sizes that were drawn; the unit ends each name.
    pub(crate) size: BTreeMap<String, f64>,
    /// Start of the recording, Unix seconds.
    pub(crate) started: f64,
    /// Start of the disturbance, Unix seconds; `None` on undisturbed recordings.
    pub(crate) onset: Option<f64>,
    /// End of the disturbance, Unix seconds.
    pub(crate) end: Option<f64>,
    /// End of the recording, Unix seconds.
    pub(crate) stopped: f64,
    /// Share of all processors that was in use before the onset, by anybody.
    pub(crate) busy_before: f64,
    /// Share of all processors that programs with no part in it used before, during
    /// and after the disturbance; all zero in recordings that did not count it.
    #[serde(default)]
    pub(crate) others: [f64; 3],
    /// What this machine could not do, and what was done in its place.
    pub(crate) not_possible: Vec<String>,
    /// What went otherwise than planned, such as a process killed early.
    pub(crate) notes: Vec<String>,
}

/// A process with a part in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Actor {
    /// The kernel's short name.
    pub(crate) process: String,
    pub(crate) pid: u32,
    /// Control group path; empty for that of the recorder.
    pub(crate) cgroup: String,
}

/// An operation that users wait for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// The service, by `service.name`.
    pub(crate) service: String,
    pub(crate) operation: String,
}

impl Truth {
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|it| it.to_string())?;
        std::fs::write(path, text + "\n").map_err(|it| format!("{}: {it}", path.display()))
    }

    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let wrong = |it: String| format!("{}: {it}", path.display());
        let text = std::fs::read_to_string(path).map_err(|it| wrong(it.to_string()))?;
        serde_json::from_str(&text).map_err(|it| wrong(it.to_string()))
    }

    /// Whether anything was done to the machine.
    pub(crate) fn disturbed(&self) -> bool {
        self.onset.is_some()
    }

    /// Whether `verdict` is right, or not wrong, during the disturbance.
    pub(crate) fn accepts(&self, verdict: &str) -> bool {
        self.verdict == verdict || self.accepted.iter().any(|it| it == verdict)
    }
}
