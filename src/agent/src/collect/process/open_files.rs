//! Counts the open descriptors of a process, cheaply where the kernel helps, and reads
//! how many it may have.
//!
//! Since Linux 6.2 the size of the directory `/proc/PID/fd` is the count; before,
//! it is zero and the directory must be listed.
//!
//! # Source
//!
//! `proc_pid_fd(5)`, `proc_pid_limits(5)`.

use super::files::Files;
use crate::kept::Root;

/// Bytes of `/proc/PID/limits` that are read: its lines are of one length and few.
const LIMITS_BYTES: usize = 4096;

/// Descriptors counted at most by listing; more are told as this many.
const LISTED_MAX: usize = 4096;

/// How descriptors are counted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// The directory's size is the count.
    Size,
    /// The directory is listed.
    Listing,
}

impl Counting {
    /// Finds out by looking at this process itself.
    pub(super) fn find(root: &Root) -> Self {
        let told = std::fs::metadata(root.path("proc/self/fd")).map_or(0, |it| it.len());
        if root.is_live() && told > 0 {
            Self::Size
        } else {
            Self::Listing
        }
    }

    /// How many processes may be counted per reading.
    pub(super) fn per_reading(self) -> usize {
        match self {
            Self::Size => 16,
            Self::Listing => 2,
        }
    }

    /// Open descriptors of a process; `None` when it may not be known.
    pub(super) fn count(self, root: &Root, pid: u32) -> Option<i64> {
        let path = root.path(&format!("proc/{pid}/fd"));
        if self == Self::Size {
            // The size needs no permission to look inside, so all users are told.
            let told = std::fs::metadata(&path).ok()?.len();
            return i64::try_from(told).ok();
        }
        let count = std::fs::read_dir(path).ok()?.take(LISTED_MAX).count();
        i64::try_from(count).ok()
    }
}

/// Descriptors that a process may have: its soft limit; `None` when it may not be known.
pub(super) fn limit(files: &Files, pid: u32) -> Option<i64> {
    let limits = files.head(pid, "limits", LIMITS_BYTES).ok()?;
    i64::try_from(super::stat::open_files_limit(&limits)?).ok()
}
