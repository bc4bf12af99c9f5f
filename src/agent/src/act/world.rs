//! What the executor knows of a machine: settings that are read and written.
//!
//! The machine itself is `act/machine.rs`; tests bring one of their own, so that the
//! same executor runs through kills, foreign hands and full disks without a machine.
//!
//! Start at [`World`].

use std::io;

use model::plan::action::{Action, Execute, Kind, Scope, Target};
use serde::{Deserialize, Serialize};

/// Longest value that is captured, in bytes: what a plan may write is no longer.
pub(crate) const VALUE_MAX_BYTES: usize = 4096;

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// As in `model::plan::action::Setting`.
    pub(crate) key: String,
    /// Start of the process in clock ticks after boot; 0 where it is none or any.
    #[serde(default)]
    pub(crate) start: u64,
    /// Whether its children are meant too.
    #[serde(default)]
    pub(crate) children: bool,
    /// Whether it shall outlive a restart.
    #[serde(default)]
    pub(crate) scope: Scope,
}

/// What one action comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// Id of the action.
    pub(crate) action: String,
    /// Name of the kind.
    pub(crate) kind: &'static str,
    /// What the agent writes; `None` where a person or a model does it.
    pub(crate) write: Option<(Spot, String)>,
    /// Who does it.
    pub(crate) by: Execute,
}

/// Why a value could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It will not be, whatever is tried.
    #[error("{0}")]
    Refused(String),
    /// What has it is gone, and the value with it.
    #[error("{0}")]
    Gone(String),
    /// The system or the application said no.
    #[error("{0}")]
    Failed(String),
}

/// Settings of a machine.
pub(crate) trait World {
    /// A value in the form in which reading gives it back.
    fn canonical(&mut self, spot: &Spot, value: &str) -> Result<String, Trouble>;

    /// The value in force.
    fn read(&mut self, spot: &Spot) -> Result<String, Trouble>;

    /// Sets a value; that it is in force is for [`World::read`] to say.
    fn write(&mut self, spot: &Spot, value: &str) -> Result<(), Trouble>;

    /// The process that a spot means now, so that a reused number is not mistaken later.
    fn pin(&mut self, spot: &Spot) -> Result<Spot, Trouble>;

    /// The numbers in a value that ranges speak of.
    fn sizes(&mut self, spot: &Spot, value: &str) -> Vec<f64>;

    /// What must be reloaded or restarted, in words; empty for nothing.
    fn restart(&self, spot: &Spot) -> String;

    /// The command that sets a value, for people.
    fn by_hand(&self, spot: &Spot, value: &str) -> String;

    /// Gives what failed a moment before it is tried again.
    fn pause(&mut self);
}

impl Step {
    /// What an action comes to.
    pub(crate) fn of(action: &Action) -> Self {
        let write = (action.execute == Execute::Agent)
            .then(|| action.kind.setting())
            .flatten();
        let (start, children) = match &action.kind {
            Kind::Nice { process, .. } | Kind::Affinity { process, .. } => of_target(process),
            _ => (0, false),
        };
        Self {
            action: action.id.clone(),
            kind: action.kind.name(),
            write: write.map(|setting| {
                let spot = Spot {
                    key: setting.key,
                    start,
                    children,
                    scope: action.scope,
                };
                (spot, setting.value)
            }),
            by: action.execute,
        }
    }
}

fn of_target(process: &Target) -> (u64, bool) {
    (process.start, process.children)
}

impl Spot {
    /// A spot by its key alone, as preconditions name it.
    pub(crate) fn of_key(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            start: 0,
            children: false,
            scope: Scope::Runtime,
        }
    }
}

impl Trouble {
    /// What the system said of something.
    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        let text = format!("could not {what}: {error}");
        match error.kind() {
            io::ErrorKind::NotFound => Self::Gone(text),
            _ => Self::Failed(text),
        }
    }
}
