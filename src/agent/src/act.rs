//! Carries plans out, where the administrator of the machine allows it, and takes them back.
//!
//! Off unless the agent was started with `--allow-change` and a policy file that only root
//! can write names what is allowed. Everything that writes happens in a process of its
//! own, the keeper: the agent starts itself once more, detached, before anything is tried.
//! So there is one writer, which outlives the agent and its connection:
//!
//! * the agent tells the keeper what it measures and that the client is there;
//! * when the agent falls silent, ends or is killed, the keeper puts everything back;
//! * when the keeper ends in the middle, however that came, the agent starts another one
//!   that puts everything back from the record; so does the next agent, and
//!   `kymo-agent --recover`.
//!
//! ```text
//! client ──frames── agent (gate, metrics) ──pipes── keeper (executor, record) ── machine
//! ```
//!
//! * `gate`: the agent's end; `keeper`: the process that writes.
//! * `executor`: the state machine, on traits; `guard`, `rollback`, `recovery`: its parts.
//! * `log`, `state`: the sealed record and the folder that holds it.
//! * `policy`: what is allowed; `dry`: what would be done.
//! * `world`, `machine`, `drivers`: settings of a machine.
//! * `metrics`: what guards a plan.
//!
//! No shell, and no program but this one, and nginx's own test of a file where the policy
//! names it. Linux only: elsewhere `closed` refuses.
//!
//! Start at `gate`.

#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
mod closed;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod drivers;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod dry;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod executor;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod gate;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod glob;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod guard;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod keeper;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod log;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod machine;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod metrics;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod policy;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod recovery;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod rollback;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod state;
#[cfg(all(test, target_os = "linux", not(feature = "portable")))]
#[expect(
    clippy::unwrap_used,
    reason = "outside of a test function too, a test that cannot go on ends"
)]
mod tests;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod world;

use std::path::PathBuf;

#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
pub(crate) use closed::{Gate, keep, recover};
#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub(crate) use gate::Gate;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub(crate) use keeper::{keep, recover};
#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub use log::{Broken, sha256, verify};

/// Name of the capability in the greeting of an agent that carries plans out.
pub const CAPABILITY: &str = "change";

/// Where the policy is unless it is said.
pub const POLICY: &str = "/etc/kymo/policy.ron";

/// Where records are kept unless it is said.
pub const STATE: &str = "/var/lib/kymo";

/// Where what is needed to change something lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// What is allowed.
    pub policy: PathBuf,
    /// Where records are kept.
    pub state: PathBuf,
    /// The tree that stands for the machine.
    pub root: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            policy: PathBuf::from(POLICY),
            state: PathBuf::from(STATE),
            root: PathBuf::from("/"),
        }
    }
}
