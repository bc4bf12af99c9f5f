//! One tracked process: its kept files, its last numbers, who it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use model::process::{ABSENT, Field, Process, ProcessId, Reading};

use super::files::{Files, Units};
use super::stat::{self, Stat};
use crate::collect::exits::Exit;
use crate::kept::Kept;
use crate::redact;

/// Bytes of a name that are compared: the kernel's `TASK_COMM_LEN`, and more for
/// threads of the kernel.
const NAME_BYTES: usize = 64;

/// Bytes read of `/proc/PID/cgroup`.
const CGROUP_MAX: usize = 4 << 10;

/// A process may say this often that it became another program.
const RENAMES_MAX: u8 = 16;

/// One tracked process.
#[derive(Debug)]
pub(super) struct Entry {
    /// Kernel process id.
    pub(super) pid: u32,
    /// Number in the stream.
    pub(super) id: ProcessId,
    /// Start on the boot clock.
    pub(super) start_ns: i64,
    /// All numbers, as last read.
    pub(super) reading: Reading,
    /// What the kernel said when it ended, while it is still listed (a zombie).
    pub(super) exit: Option<Exit>,
    /// Whether it used the processor between its last two readings.
    pub(super) busy: bool,
    /// Whether who it is must be read again at the next reading.
    pub(super) recheck: bool,
    kernel: bool,
    name: Vec<u8>,
    parent: u32,
    identity: u64,
    renames: u8,
    io_refused: bool,
    stat: Kept,
    status: Kept,
    io: Kept,
}

/// Why an entry could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The process ended, or its pid belongs to another one now.
    Ended,
    /// This reading failed for another reason; the process is still there.
    Unread,
}

/// What [`Entry::read`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Whether processor time, state or faults differ from the reading before.
    pub(super) changed: bool,
    /// Whether it has another name than before.
    pub(super) renamed: bool,
}

impl Entry {
    /// Reads `stat` of a process seen for the first time; it has no number yet.
    pub(super) fn first(pid: u32, files: &mut Files, buffer: &mut Vec<u8>) -> Option<Self> {
        let units = files.units();
        let mut entry = Self {
            pid,
            id: ProcessId(u32::MAX),
            start_ns: 0,
            reading: Reading::default(),
            exit: None,
            busy: false,
            recheck: false,
            kernel: false,
            name: Vec::new(),
            parent: 0,
            identity: 0,
            renames: 0,
            io_refused: false,
            stat: files.name(pid, "stat"),
            status: files.name(pid, "status"),
            io: files.name(pid, "io"),
        };
        let Some(stat) = files
            .read(&mut entry.stat, buffer)
            .ok()
            .and_then(stat::stat)
        else {
            files.close(&mut entry.stat);
            return None;
        };
        entry.start_ns = start_ns(&stat, units);
        entry.kernel = stat.kernel;
        entry.parent = stat.parent;
        entry.name = stat.name.iter().copied().take(NAME_BYTES).collect();
        entry.take(&stat, units);
        entry.busy = stat.user > 0 || stat.system > 0;
        Some(entry)
    }

    /// Reads `stat` again.
    pub(super) fn read(&mut self, files: &mut Files, buffer: &mut Vec<u8>) -> Result<Found, Lost> {
        let units = files.units();
        let bytes = match files.read(&mut self.stat, buffer) {
            Ok(bytes) => bytes,
            Err(error) if transient(&error) => return Err(Lost::Unread),
            Err(_) => return Err(Lost::Ended),
        };
        let stat = stat::stat(bytes).ok_or(Lost::Unread)?;
        if start_ns(&stat, units) != self.start_ns {
            return Err(Lost::Ended);
        }
        let renamed = !self.kernel && !same_name(&self.name, stat.name);
        if renamed {
            self.name = stat.name.iter().copied().take(NAME_BYTES).collect();
        }
        let before = self.reading;
        self.take(&stat, units);
        let differs = |field: Field| before.0[field as usize] != self.reading.0[field as usize];
        self.busy = differs(Field::UserTime) || differs(Field::SystemTime);
        let changed = self.busy
            || differs(Field::State)
            || differs(Field::MinorFaults)
            || differs(Field::MajorFaults);
        Ok(Found { changed, renamed })
    }

    /// Reads `status` and `io`.
    pub(super) fn read_detail(&mut self, files: &mut Files, buffer: &mut Vec<u8>) {
        if let Ok(bytes) = files.read(&mut self.status, buffer) {
            let status = stat::status(bytes);
            self.set(Field::VoluntarySwitches, status.voluntary);
            self.set(Field::InvoluntarySwitches, status.involuntary);
        }
        // Threads of the kernel have the file too, and it stays zero.
        if self.io_refused {
            return;
        }
        match files.read(&mut self.io, buffer) {
            Ok(bytes) => {
                let (read, written) = stat::io(bytes);
                self.set(Field::ReadBytes, read);
                self.set(Field::WriteBytes, written);
            }
            Err(error) => self.io_refused = error.kind() == io::ErrorKind::PermissionDenied,
        }
    }

    /// Who the process is now, or `None` when that is what was said before.
    pub(super) fn identify(&mut self, files: &mut Files, buffer: &mut Vec<u8>) -> Option<Process> {
        let user_id = files
            .read(&mut self.status, buffer)
            .ok()
            .and_then(|bytes| stat::status(bytes).user_id);
        let command = if self.kernel {
            String::new()
        } else {
            let head = files.head(self.pid, "cmdline", redact::INPUT_MAX + 1);
            redact::command(&head.unwrap_or_default())
        };
        let cgroup = files
            .head(self.pid, "cgroup", CGROUP_MAX)
            .unwrap_or_default();
        let cgroup = String::from_utf8_lossy(&cgroup);
        let process = Process {
            pid: self.pid,
            parent_pid: self.parent,
            start_boot_ns: self.start_ns,
            name: self.shown_name(),
            command,
            cgroup: redact::clean(stat::cgroup(&cgroup), redact::NAME_MAX),
            user_id,
        };
        let mut hasher = DefaultHasher::new();
        (&process.name, &process.command, &process.cgroup, user_id).hash(&mut hasher);
        let identity = hasher.finish();
        if identity == self.identity || self.renames >= RENAMES_MAX {
            return None;
        }
        self.identity = identity;
        self.renames += 1;
        self.io_refused = false;
        Some(process)
    }

    /// Whether permission to read its bytes of storage was refused.
    pub(super) fn io_refused(&self) -> bool {
        self.io_refused
    }

    /// Whether the process ended and waits for its parent.
    pub(super) fn is_zombie(&self) -> bool {
        matches!(self.reading.state(), 'Z' | 'X')
    }

    /// Gives all descriptors back.
    pub(super) fn close(&mut self, files: &mut Files) {
        files.close(&mut self.stat);
        self.close_detail(files);
    }

    /// Gives the descriptors back that are seldom read.
    pub(super) fn close_detail(&mut self, files: &mut Files) {
        files.close(&mut self.status);
        files.close(&mut self.io);
    }

    /// Workers of the kernel carry what they work on behind a `-` or `:`; that
    /// changes many times a second and is no name.
    fn shown_name(&self) -> String {
        let mut name = self.name.as_slice();
        if self.kernel && name.starts_with(b"kworker/") {
            let end = name.iter().position(|b| matches!(b, b'-' | b'+'));
            name = &name[..end.unwrap_or(name.len())];
        }
        redact::name(name)
    }

    fn take(&mut self, stat: &Stat<'_>, units: Units) {
        let tick_us = (units.tick_ns / 1000).max(1);
        let ticks = |raw: u64| i64::try_from(raw).ok()?.checked_mul(tick_us);
        let plain = |raw: u64| i64::try_from(raw).ok();
        let pages = |raw: u64| i64::try_from(raw).ok()?.checked_mul(units.page_bytes);
        let values = [
            (Field::UserTime, ticks(stat.user)),
            (Field::SystemTime, ticks(stat.system)),
            (Field::Threads, plain(stat.threads)),
            (Field::State, Some(i64::from(stat.state))),
            (Field::ResidentMemory, pages(stat.resident_pages)),
            (Field::VirtualMemory, plain(stat.virtual_bytes)),
            (Field::MinorFaults, plain(stat.minor)),
            (Field::MajorFaults, plain(stat.major)),
        ];
        for (field, value) in values {
            self.reading.set(field, value.unwrap_or(ABSENT));
        }
    }

    fn set(&mut self, field: Field, value: Option<u64>) {
        let raw = value.and_then(|raw| i64::try_from(raw).ok());
        self.reading.set(field, raw.unwrap_or(ABSENT));
    }
}

fn start_ns(stat: &Stat<'_>, units: Units) -> i64 {
    i64::try_from(stat.start)
        .unwrap_or(i64::MAX)
        .saturating_mul(units.tick_ns)
}

fn same_name(known: &[u8], now: &[u8]) -> bool {
    known == &now[..now.len().min(NAME_BYTES)]
}

/// Whether a failed reading says nothing about the process.
fn transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::OutOfMemory | io::ErrorKind::PermissionDenied
    ) || error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
        || error.raw_os_error() == Some(rustix::io::Errno::NFILE.raw_os_error())
}
