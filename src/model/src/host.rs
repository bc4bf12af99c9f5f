//! Facts about a host that do not change while it is recorded.

use serde::{Deserialize, Serialize};

/// Number of a host within a session; dense from 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct HostId(pub u16);

/// What the agent says of its host when it greets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Name of the host.
    pub name: String,
    /// Operating system, such as `Debian GNU/Linux 12 (bookworm)`.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor architecture, such as `x86_64`.
    pub arch: String,
    /// Processor model name.
    pub cpu_model: String,
    /// Logical processors online at the start.
    pub cpus: u32,
    /// Physical memory in bytes.
    pub memory_bytes: u64,
    /// Random id of this boot.
    pub boot_id: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Process id of the agent, so that its own cost can be told apart.
    pub agent_pid: u32,
    /// What the agent can do here, by name (`processes`, `exits`, `psi`, …).
    pub capabilities: Vec<String>,
    /// What it cannot, and why, one sentence each.
    pub limits: Vec<String>,
}
