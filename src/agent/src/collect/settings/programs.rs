//! The programs that run for long: when their file changes, behavior may.
//!
//! A few processes are looked at per reading, in turn. What is told of a file is
//! its size and time of change, which differ once an updated program was restarted.
//! Programs in containers are passed over.

use std::os::unix::fs::MetadataExt;

use model::time::{Moment, Zone};

use crate::kept::Root;
use crate::redact;

/// Processes looked at per reading.
const SAMPLED: usize = 16;

/// Processes that are younger are passed over: they come and go.
const YOUNG_NS: i64 = 60_000_000_000;

/// Key and value of the programs of the next few processes.
pub(super) fn sample(root: &Root, turn: usize, now_ns: i64) -> Vec<(String, String)> {
    let mut pids: Vec<u32> = root
        .names("proc")
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    pids.sort_unstable();
    let groups = pids.len().div_ceil(SAMPLED).max(1);
    pids.into_iter()
        .skip(turn % groups * SAMPLED)
        .take(SAMPLED)
        .filter_map(|pid| program(root, pid, now_ns))
        .collect()
}

fn program(root: &Root, pid: u32, now_ns: i64) -> Option<(String, String)> {
    let link = root.path(&format!("proc/{pid}/exe"));
    let path = std::fs::read_link(&link).ok()?;
    if now_ns.saturating_sub(start_ns(root, pid)?) < YOUNG_NS {
        return None;
    }
    let file = std::fs::metadata(&link).ok()?;
    let path = path.to_string_lossy();
    // An updated program goes on running from a deleted file until it is
    // restarted; what runs in containers has other files under the same paths.
    if path.ends_with(" (deleted)") || elsewhere(root, pid) {
        return None;
    }
    let changed = Moment(file.mtime().saturating_mul(1_000_000_000));
    let changed = changed.strftime("%Y-%m-%d %H:%M:%S", Zone::Utc);
    Some((
        format!("program {}", redact::clean(&path, redact::NAME_MAX)),
        format!("{} bytes, changed {changed}", file.size()),
    ))
}

/// Whether a process sees another root folder than this one does.
fn elsewhere(root: &Root, pid: u32) -> bool {
    let identity = |relative: &str| {
        let it = std::fs::metadata(root.path(relative)).ok()?;
        Some((it.dev(), it.ino()))
    };
    root.is_live() && identity(&format!("proc/{pid}/root")) != identity("proc/self/root")
}

fn start_ns(root: &Root, pid: u32) -> Option<i64> {
    let bytes = std::fs::read(root.path(&format!("proc/{pid}/stat"))).ok()?;
    let close = bytes.iter().rposition(|byte| *byte == b')')?;
    let text = std::str::from_utf8(&bytes[close + 1..]).ok()?;
    let ticks: i64 = text.split_whitespace().nth(19)?.parse().ok()?;
    let hertz = if root.is_live() {
        i64::try_from(rustix::param::clock_ticks_per_second()).ok()?
    } else {
        100
    };
    ticks.checked_mul(1_000_000_000 / hertz.max(1))
}
