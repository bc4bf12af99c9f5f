//! Things that happen at a moment: settings that change, clocks that step.

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// Something that happened on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened, or when it was noticed.
    pub at: Moment,
    /// What sort of thing.
    pub kind: EventKind,
    /// What it happened to: a sysctl, a device, a cgroup, a process.
    pub subject: String,
    /// State before; empty if there was none.
    pub before: String,
    /// State after; empty if there is none.
    pub after: String,
    /// One sentence for people; empty where subject, before and after say it all.
    pub text: String,
}

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// A setting differs from before: the change ledger.
    Setting,
    /// A device, interface, processor or file system came.
    Appeared,
    /// A device, interface, processor or file system went.
    Vanished,
    /// The wall clock was set.
    ClockStep,
    /// The machine slept.
    Suspended,
    /// The agent reduced what it reads to stay within its budget, or restored it.
    Degraded,
    /// Samples are missing: the agent was late, or the connection was away.
    Missing,
    /// The connection to the agent came or went.
    Link,
    /// The recorder had trouble: a full disk, a slow disk.
    Recorder,
    /// An application wrote a log record.
    Log,
    /// An application gave an example of an observation, with the trace it came from.
    Exemplar,
    /// A mark imported from elsewhere or of an unknown newer kind.
    Other,
}

/// Every kind with its stable name, in the order of legends.
pub const KINDS: &[(EventKind, &str)] = &[
    (EventKind::Setting, "setting"),
    (EventKind::Appeared, "appeared"),
    (EventKind::Vanished, "vanished"),
    (EventKind::ClockStep, "clock-step"),
    (EventKind::Suspended, "suspended"),
    (EventKind::Degraded, "degraded"),
    (EventKind::Missing, "missing"),
    (EventKind::Link, "link"),
    (EventKind::Recorder, "recorder"),
    (EventKind::Log, "log"),
    (EventKind::Exemplar, "exemplar"),
    (EventKind::Other, "other"),
];

impl EventKind {
    /// The stable name used in files and on the wire.
    pub fn name(self) -> &'static str {
        KINDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("other", |(_, name)| name)
    }

    /// The kind of this name; an unknown one is [`EventKind::Other`].
    pub fn from_name(name: &str) -> Self {
        KINDS
            .iter()
            .find(|(_, known)| *known == name)
            .map_or(Self::Other, |(kind, _)| *kind)
    }
}

impl Event {
    /// One line for people.
    pub fn line(&self) -> String {
        if !self.text.is_empty() {
            return self.text.clone();
        }
        match (self.before.is_empty(), self.after.is_empty()) {
            (true, true) => format!("{}: {}", self.kind.name(), self.subject),
            (true, false) => format!("{}: {}", self.subject, self.after),
            (false, true) => format!("{}: {} → gone", self.subject, self.before),
            (false, false) => format!("{}: {} → {}", self.subject, self.before, self.after),
        }
    }
}
