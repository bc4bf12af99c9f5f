//! The programs that run for long: when their file changes, behavior may.
//!
//! A few processes are looked at per reading, in turn. What is told of a file is the
//! build id that its linker wrote, or its size and time of change where it has none:
//! they differ once an updated program was restarted. Programs in containers are
//! passed over.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use model::time::{Moment, Zone};

use super::build_id::build_id;
use crate::kept::Root;
use crate::redact;

/// Processes looked at per reading.
const SAMPLED: usize = 16;

/// Processes that are younger are passed over: they come and go.
const YOUNG_NS: i64 = 60_000_000_000;

/// Files whose build is remembered; a machine runs some hundred different ones.
const REMEMBERED_MAX: usize = 1024;

/// What tells one state of a file from every other: device, inode, time of change, size.
type Identity = (u64, u64, i64, i64, u64);

/// The builds of files seen before, so that each is read once.
#[derive(Debug, Default)]
pub(super) struct Programs {
    builds: HashMap<Identity, String>,
}

impl Programs {
    /// Key and value of the programs of the next few processes.
    pub(super) fn sample(
        &mut self,
        root: &Root,
        turn: usize,
        now_ns: i64,
    ) -> Vec<(String, String)> {
        next(root, turn)
            .filter_map(|pid| self.program(root, pid, now_ns))
            .collect()
    }

    fn program(&mut self, root: &Root, pid: u32, now_ns: i64) -> Option<(String, String)> {
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
        Some((
            format!("program {}", redact::clean(&path, redact::NAME_MAX)),
            self.build(&link, &file),
        ))
    }

    fn build(&mut self, path: &Path, file: &Metadata) -> String {
        let identity = (
            file.dev(),
            file.ino(),
            file.mtime(),
            file.mtime_nsec(),
            file.size(),
        );
        if self.builds.len() >= REMEMBERED_MAX {
            self.builds.clear();
        }
        let read = || build_text(path, file);
        self.builds.entry(identity).or_insert_with(read).clone()
    }
}

/// The processes that are looked at this time.
fn next(root: &Root, turn: usize) -> impl Iterator<Item = u32> {
    let mut pids: Vec<u32> = root
        .names("proc")
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    pids.sort_unstable();
    let groups = pids.len().div_ceil(SAMPLED).max(1);
    pids.into_iter().skip(turn % groups * SAMPLED).take(SAMPLED)
}

/// The build id, or size and time of change.
fn build_text(path: &Path, file: &Metadata) -> String {
    // Opening a pipe would wait; a program is a plain file.
    let open = file.is_file().then(|| File::open(path).ok()).flatten();
    let id = open.and_then(|open| {
        build_id(&|offset, length| {
            let mut bytes = vec![0; length];
            let read = open.read_at(&mut bytes, offset).ok()?;
            bytes.truncate(read);
            Some(bytes)
        })
    });
    if let Some(id) = id {
        return format!("build {id}");
    }
    let changed = Moment(file.mtime().saturating_mul(1_000_000_000));
    let changed = changed.strftime("%Y-%m-%d %H:%M:%S", Zone::Utc);
    format!("{} bytes, changed {changed}", file.size())
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
