//! What every system gives the agent besides sources: clocks, streams, facts, as far
//! as the standard library and one more know them.
//!
//! * The boot clock stands still while the machine sleeps, so sleep shows as a step of
//!   the wall clock.
//! * A reader that went away is noticed at the next write.
//!
//! `system/linux.rs` gives the same names there, and more behind them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sysinfo::{CpuRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::clock::{Cost, Now};
use crate::greeting::Facts;
use crate::inlet::End;
use crate::kept::Root;
use crate::source::Entry;

/// What is read here.
pub(crate) const SOURCES: &[Entry] = crate::portable::ALL;

/// How often it is looked whether a signal came.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Pieces of input that wait to be understood.
const PIECES_MAX: usize = 16;

/// Bytes of one piece; requests are small.
const PIECE_BYTES: usize = 16 << 10;

/// The machine's clocks and the agent's own cost.
#[derive(Debug)]
pub(crate) struct Clocks {
    origin: Origin,
    system: System,
}

/// Where clocks start that only count.
#[derive(Clone, Copy, Debug)]
struct Origin {
    at: Instant,
    boot_ns: i64,
}

impl Clocks {
    /// Clocks of this machine.
    pub(crate) fn new() -> Self {
        let booted_ns = nanoseconds(Duration::from_secs(System::boot_time()));
        Self {
            origin: Origin {
                at: Instant::now(),
                boot_ns: unix_ns().saturating_sub(booted_ns).max(1),
            },
            system: System::new(),
        }
    }

    /// The same clocks for another thread.
    pub(crate) fn twin(&self) -> Self {
        Self {
            origin: self.origin,
            system: System::new(),
        }
    }

    /// All clocks, read together.
    pub(crate) fn now(&mut self) -> Now {
        let steady_ns = nanoseconds(self.origin.at.elapsed());
        Now {
            boot_ns: self.origin.boot_ns.saturating_add(steady_ns),
            unix_ns: unix_ns(),
            steady_ns,
        }
    }

    /// What this process used so far.
    pub(crate) fn cost(&mut self) -> Cost {
        let me = Pid::from_u32(std::process::id());
        let kind = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .without_tasks();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(&[me]), false, kind);
        let process = self.system.process(me);
        Cost {
            cpu_ns: process.map_or(0, |it| {
                nanoseconds(Duration::from_millis(it.accumulated_cpu_time()))
            }),
            resident_bytes: process.and_then(|it| i64::try_from(it.memory()).ok()),
        }
    }
}

/// Processor time of a thread, which this system is not asked for.
#[cfg(feature = "intake")]
pub(crate) fn thread_cpu_ns() -> i64 {
    0
}

/// Tells one file from another of the same name, by when it was made.
#[cfg(feature = "intake")]
pub(crate) fn identity(about: &std::fs::Metadata) -> u64 {
    let created = about.created().ok();
    let since = created.and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |it| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX))
}

/// A clock that only moves on.
#[cfg(feature = "intake")]
pub(crate) fn steady_ns() -> i64 {
    // The wall clock stands in: it is only asked for shares over seconds.
    unix_ns()
}

fn unix_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, nanoseconds)
}

fn nanoseconds(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

/// Requests come from here, by a thread that waits for them.
pub(crate) struct Input {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    taken: usize,
    over: bool,
}

/// Frames go here.
pub(crate) type Output = io::Stdout;

/// The two ends of a connection, and what tells of its end.
pub(crate) struct Streams {
    /// Requests come from here.
    pub(crate) input: Input,
    /// Frames go here.
    pub(crate) output: Output,
    /// Tells of signals.
    pub(crate) watch: Watch,
}

/// Tells of signals.
pub(crate) struct Watch {
    asked: Arc<AtomicBool>,
}

impl Streams {
    /// Standard input and output.
    pub(crate) fn standard() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let asked = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGTERM, Arc::clone(&asked))?;
        // Ctrl-C reaches the whole group; the client finishes its recording and then
        // closes our input.
        let at_interrupt = match io::IsTerminal::is_terminal(&io::stdin()) {
            true => Arc::clone(&asked),
            false => Arc::default(),
        };
        signal_hook::flag::register(SIGINT, at_interrupt)?;
        let (sender, pieces) = sync_channel(PIECES_MAX);
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || read_pieces(&sender))?;
        Ok(Self {
            input: Input {
                pieces,
                piece: Vec::new(),
                taken: 0,
                over: false,
            },
            output: io::stdout(),
            watch: Watch { asked },
        })
    }
}

fn read_pieces(pieces: &SyncSender<io::Result<Vec<u8>>>) {
    let mut input = io::stdin().lock();
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let read = match input.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read,
        };
        let over = !matches!(read, Ok(1..));
        let piece = read.map(|length| {
            piece.truncate(length);
            piece
        });
        if pieces.send(piece).is_err() || over {
            return;
        }
    }
}

impl Input {
    /// Waits a while for a piece; whether there is something to read, the end included.
    fn wait(&mut self, patience: Duration) -> io::Result<bool> {
        if self.taken < self.piece.len() || self.over {
            return Ok(true);
        }
        match self.pieces.recv_timeout(patience) {
            Ok(piece) => {
                self.piece = piece?;
                self.taken = 0;
                self.over = self.piece.is_empty();
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => {
                self.over = true;
                Ok(true)
            }
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.wait(LOOK_EVERY)? {}
        let length = (&self.piece[self.taken..]).read(buffer)?;
        self.taken += length;
        Ok(length)
    }
}

impl Watch {
    /// Waits until there is input to read, or a reason to end.
    pub(crate) fn wait(&self, input: &mut Input) -> io::Result<Option<End>> {
        loop {
            if self.asked.load(Ordering::Relaxed) {
                return Ok(Some(End::Signal));
            }
            if input.wait(LOOK_EVERY)? {
                return Ok(None);
            }
        }
    }
}

/// Reads from a place in a file; fewer bytes at its end.
pub(crate) fn read_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    file.read(buffer)
}

/// Files this process may have open; `None` where that is not told.
pub(crate) fn descriptors() -> Option<u64> {
    None
}

/// Nothing is kept open here.
pub(crate) fn raise_file_limit() -> Option<String> {
    None
}

/// The architecture of the running kernel.
pub(crate) fn arch() -> Option<String> {
    Some(System::cpu_arch()).filter(|it| !it.is_empty())
}

/// What the host is; `name` stands in for its own name.
pub(crate) fn facts(root: &Root, name: Option<&str>) -> Facts {
    if !root.is_live() {
        return Facts::read(root, name);
    }
    let mut system = System::new();
    system.refresh_memory();
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    let own = || System::host_name().unwrap_or_default();
    let brand = system.cpus().first().map(|cpu| cpu.brand().to_owned());
    Facts {
        name: name.map_or_else(own, str::to_owned),
        os: System::long_os_version().unwrap_or_default(),
        kernel: System::kernel_version().unwrap_or_default(),
        arch: arch().unwrap_or_default(),
        cpu_model: brand.unwrap_or_default(),
        cpus: u32::try_from(system.cpus().len()).unwrap_or(u32::MAX),
        memory_bytes: system.total_memory(),
        // There is no id; the second of the start tells boots of one machine apart.
        boot_id: format!("booted-{}", System::boot_time()),
    }
}
