//! What Linux gives the agent besides sources: clocks, streams, limits, facts.
//!
//! `system/portable.rs` gives the same names elsewhere.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::clock::{Cost, Now};
use crate::greeting::Facts;
use crate::inlet::End;
use crate::kept::{Kept, Root};
use crate::source::Entry;

/// What is read here.
pub(crate) const SOURCES: &[Entry] = crate::collect::ALL;

/// Two clocks whose readings lie further apart than this were torn apart by the
/// scheduler and are read again.
const TORN_NS: i64 = 200_000;

/// How often torn readings are repeated before the last one is taken.
const TORN_TRIES: u32 = 4;

/// Files the agent may keep open: a few for each of 20,000 processes.
const FILES_MAX: u64 = 65_536;

/// The machine's clocks and the agent's own cost.
#[derive(Debug)]
pub(crate) struct Clocks {
    statm: Kept,
    buffer: Vec<u8>,
    page_bytes: i64,
}

impl Clocks {
    /// Clocks of this machine.
    pub(crate) fn new() -> Self {
        Self {
            statm: Kept::new("/proc/self/statm".into()),
            buffer: Vec::new(),
            page_bytes: i64::try_from(rustix::param::page_size()).unwrap_or(4096),
        }
    }

    /// The same clocks for another thread.
    pub(crate) fn twin(&self) -> Self {
        Self::new()
    }

    /// All clocks, read together.
    pub(crate) fn now(&mut self) -> Now {
        let mut tries = 0;
        loop {
            let boot_ns = read(ClockId::Boottime);
            let unix_ns = read(ClockId::Realtime);
            let steady_ns = read(ClockId::Monotonic);
            let after_ns = read(ClockId::Boottime);
            tries += 1;
            if after_ns - boot_ns <= TORN_NS || tries == TORN_TRIES {
                return Now {
                    boot_ns,
                    unix_ns,
                    steady_ns,
                };
            }
        }
    }

    /// What this process used so far.
    pub(crate) fn cost(&mut self) -> Cost {
        Cost {
            cpu_ns: read(ClockId::ProcessCPUTime),
            resident_bytes: self.resident_bytes(),
        }
    }

    fn resident_bytes(&mut self) -> Option<i64> {
        let text = self.statm.read(&mut self.buffer).ok()?;
        let pages = std::str::from_utf8(text).ok()?.split(' ').nth(1)?;
        pages.parse::<i64>().ok()?.checked_mul(self.page_bytes)
    }
}

/// Processor time of the calling thread so far.
#[cfg(feature = "intake")]
pub(crate) fn thread_cpu_ns() -> i64 {
    read(ClockId::ThreadCPUTime)
}

/// Tells one file from another of the same name.
#[cfg(feature = "intake")]
pub(crate) fn identity(about: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

/// A clock that only moves on.
#[cfg(feature = "intake")]
pub(crate) fn steady_ns() -> i64 {
    read(ClockId::Monotonic)
}

fn read(id: ClockId) -> i64 {
    let time = clock_gettime(id);
    time.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(time.tv_nsec)
}

/// Requests come from here.
pub(crate) type Input = File;

/// Frames go here.
pub(crate) type Output = File;

/// The two ends of a connection, and what tells of its end.
pub(crate) struct Streams {
    /// Requests come from here.
    pub(crate) input: Input,
    /// Frames go here.
    pub(crate) output: Output,
    /// Tells of signals and of a reader that went away.
    pub(crate) watch: Watch,
}

/// Tells of signals and of a reader that went away.
pub(crate) struct Watch {
    /// A byte comes from here when the system asks the agent to end.
    signals: UnixStream,
    output: File,
}

impl Streams {
    /// Duplicates of standard input and output without the library's buffers, and a
    /// stream that tells of signals.
    pub(crate) fn standard() -> io::Result<Self> {
        let (signals, tell) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGTERM, tell.try_clone()?)?;
        signal_hook::low_level::pipe::register(SIGHUP, tell.try_clone()?)?;
        if io::IsTerminal::is_terminal(&io::stdin()) {
            signal_hook::low_level::pipe::register(SIGINT, tell)?;
        } else {
            // Ctrl-C reaches the whole group; the client finishes its recording and
            // then closes our input.
            signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))?;
        }
        let output: File = io::stdout().as_fd().try_clone_to_owned()?.into();
        Ok(Self {
            input: io::stdin().as_fd().try_clone_to_owned()?.into(),
            watch: Watch {
                signals,
                output: output.try_clone()?,
            },
            output,
        })
    }
}

impl Watch {
    /// Waits until there is input to read, or a reason to end.
    pub(crate) fn wait(&self, input: &mut Input) -> io::Result<Option<End>> {
        loop {
            let mut watched = [
                PollFd::new(input, PollFlags::IN),
                PollFd::new(&self.signals, PollFlags::IN),
                PollFd::new(&self.output, PollFlags::empty()),
            ];
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [input, signals, output] = watched.map(|it| it.revents());
            if !signals.is_empty() {
                return Ok(Some(End::Signal));
            }
            if output.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
                return Ok(Some(End::OutputClosed));
            }
            if !input.is_empty() {
                return Ok(None);
            }
        }
    }
}

/// Reads from a place in a file; fewer bytes at its end.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::pread(file, buffer, offset)?)
}

/// Files this process may have open; `None` without a limit.
pub(crate) fn descriptors() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Lets the agent keep files of many processes open; says so where the system refuses.
pub(crate) fn raise_file_limit() -> Option<String> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(FILES_MAX).min(FILES_MAX);
    let current = limit.current.filter(|current| *current < wanted)?;
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum,
    };
    let refused = setrlimit(Resource::Nofile, raised).err()?;
    Some(format!(
        "the agent may keep only {current} files open, so reading many processes costs more: {refused}"
    ))
}

/// The architecture of the running kernel.
pub(crate) fn arch() -> Option<String> {
    let uname = rustix::system::uname();
    Some(uname.machine().to_string_lossy().into_owned())
}

/// What the host is; `name` stands in for its own name.
pub(crate) fn facts(root: &Root, name: Option<&str>) -> Facts {
    Facts::read(root, name)
}
