//! Lists the pids of `/proc` through one kept directory.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, RawDir, SeekFrom};

/// Processes that are tracked at most: the kernel's default for the largest pid.
pub(super) const PROCESSES_MAX: usize = 32_768;

/// Bytes per `getdents` call: about a thousand entries.
const ENTRIES_BYTES: usize = 32 << 10;

/// A kept listing of pids.
#[derive(Debug)]
pub(super) struct List {
    folder: OwnedFd,
    entries: Vec<u8>,
}

impl List {
    /// Opens `/proc`, or `None` when there is none.
    pub(super) fn open(proc: &Path) -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(proc, flags, Mode::empty()).ok()?;
        Some(Self {
            folder,
            entries: Vec::with_capacity(ENTRIES_BYTES),
        })
    }

    /// Fills `pids`, ascending; says whether there were more than are tracked.
    pub(super) fn read(&mut self, pids: &mut Vec<u32>) -> std::io::Result<bool> {
        pids.clear();
        rustix::fs::seek(&self.folder, SeekFrom::Start(0))?;
        let mut folder = RawDir::new(&self.folder, self.entries.spare_capacity_mut());
        let mut more = false;
        while let Some(entry) = folder.next() {
            let entry = entry?;
            let Some(pid) = super::stat::number(entry.file_name().to_bytes()) else {
                continue;
            };
            if pids.len() >= PROCESSES_MAX {
                more = true;
                break;
            }
            pids.extend(u32::try_from(pid).ok());
        }
        // The kernel lists them in order, a recorded tree does not.
        if !pids.is_sorted() {
            pids.sort_unstable();
        }
        Ok(more)
    }
}
