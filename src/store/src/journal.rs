//! The thread that writes journals: at once, and durable within half a second.
//!
//! What cannot be written waits in memory and is tried again with every order
//! and every second. A failed sync is never repeated on the same descriptor: the
//! system may have dropped the pages and would report success. Instead the
//! journal goes on in a new file that repeats everything not known to be durable.
//!
//! Start at [`run`].

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::{Duration, Instant};

use crate::disk::{Disk, DiskFile};
use crate::part::lock;
use crate::roll;
use crate::tape::{self, Copy, Which, file_name};

/// Longest time between a write and its sync; the promise is 500 ms.
const SYNC_EVERY: Duration = Duration::from_millis(400);

/// Time after which a refused write is tried again.
pub(crate) const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Orders taken in before the disk is asked again.
const ORDERS_AT_ONCE: usize = 4_096;

/// What the recorder and its threads share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Bytes written to journals.
    pub(crate) bytes: AtomicU64,
    /// Samples written to journals.
    pub(crate) samples: AtomicU64,
    pub(crate) waiting_bytes: AtomicU64,
    pub(crate) lost_frames: AtomicU64,
    /// What is wrong with journals, and with segments.
    pub(crate) troubles: Mutex<[Option<String>; 2]>,
}

/// Place of the journal's trouble in [`Shared::troubles`]; segments have the other.
pub(crate) const JOURNAL: usize = 0;

impl Shared {
    /// Tells what is wrong with one of the threads' work, or that nothing is.
    pub(crate) fn tell(&self, place: usize, error: Option<&io::Error>, what: &str) {
        lock(&self.troubles)[place] = error.map(|error| format!("{what}: {error}"));
    }

    /// A piece that waited is in the file now.
    fn written(&self, piece: &Piece) {
        let bytes = piece.bytes.len() as u64;
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.samples.fetch_add(piece.samples, Ordering::Relaxed);
    }

    /// A piece that was in the file may have been dropped, and waits again.
    fn dropped(&self, piece: &Piece) {
        let bytes = piece.bytes.len() as u64;
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.samples.fetch_sub(piece.samples, Ordering::Relaxed);
    }
}

/// What the thread is asked to do.
pub(crate) enum Order {
    /// Start a journal; the one before of the same host is complete.
    Begin { which: Which, header: Vec<u8> },
    /// Add frames to the host's journal, and the declarations among them to its copy.
    Append {
        host: String,
        frames: Vec<u8>,
        names: Vec<u8>,
        /// Samples among the frames.
        samples: u64,
    },
    /// Try everything now and answer how many bytes are held in memory then.
    #[cfg(test)]
    Settle(SyncSender<usize>),
    /// Complete all journals and answer whether all is durable; end if it is.
    Close(SyncSender<io::Result<()>>),
}

/// Works until told to close or until nobody can give orders any more.
pub(crate) fn run(orders: &Receiver<Order>, mut writer: Writer) {
    loop {
        let first = match orders.recv_timeout(writer.patience()) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // Nobody is left to be told; the trouble was shown by the status.
                drop(writer.close());
                return;
            }
        };
        let more = std::iter::from_fn(|| orders.try_recv().ok()).take(ORDERS_AT_ONCE);
        for order in first.into_iter().chain(more) {
            match order {
                Order::Begin { which, header } => writer.begin(which, header),
                Order::Append {
                    host,
                    frames,
                    names,
                    samples,
                } => writer.append(&host, [(frames, samples), (names, 0)]),
                #[cfg(test)]
                Order::Settle(done) => {
                    writer.attempt(Sync::Now);
                    assert!(done.send(writer.held_bytes()).is_ok(), "nobody waits");
                }
                Order::Close(done) => {
                    let closed = writer.close();
                    let ended = closed.is_ok();
                    // A recorder that no longer waits has nothing to be told.
                    drop(done.send(closed));
                    if ended {
                        return;
                    }
                }
            }
        }
        writer.attempt(Sync::WhenDue);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    Now,
    WhenDue,
}

/// Everything the thread holds.
pub(crate) struct Writer {
    pub(crate) disk: Arc<dyn Disk>,
    /// The journal folder.
    pub(crate) folder: PathBuf,
    pub(crate) roll: Sender<roll::Order>,
    pub(crate) shared: Arc<Shared>,
    journals: BTreeMap<String, VecDeque<Journal>>,
    unsynced_since: Option<Instant>,
    failing: bool,
}

struct Journal {
    which: Which,
    tapes: [Tape; 2],
    complete: bool,
}

/// One growing file.
struct Tape {
    copy: Copy,
    part: u32,
    /// Byte of the journal at which the current part begins.
    part_at: u64,
    /// Bytes of the journal written so far.
    written: u64,
    waiting: VecDeque<Piece>,
    unsynced: Piece,
    file: Option<Box<dyn DiskFile>>,
}

/// Some bytes of a journal.
#[derive(Debug, Default)]
struct Piece {
    bytes: Vec<u8>,
    /// Samples among them.
    samples: u64,
}

impl Writer {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        roll: Sender<roll::Order>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            disk,
            folder,
            roll,
            shared,
            journals: BTreeMap::new(),
            unsynced_since: None,
            failing: false,
        }
    }

    fn patience(&self) -> Duration {
        match self.unsynced_since {
            Some(since) if !self.failing => SYNC_EVERY.saturating_sub(since.elapsed()),
            _ => RETRY_EVERY,
        }
    }

    fn begin(&mut self, which: Which, header: Vec<u8>) {
        let journals = self.journals.entry(which.host.clone()).or_default();
        if let Some(last) = journals.back_mut() {
            last.complete = true;
        }
        let wait = header.len() as u64 * 2;
        self.shared.waiting_bytes.fetch_add(wait, Ordering::Relaxed);
        journals.push_back(Journal {
            which,
            tapes: [
                Tape::new(Copy::Frames, header.clone()),
                Tape::new(Copy::Names, header),
            ],
            complete: false,
        });
    }

    /// Takes in what each tape of the host's journal gets, with its samples.
    fn append(&mut self, host: &str, pieces: [(Vec<u8>, u64); 2]) {
        let Some(journal) = self.journals.get_mut(host).and_then(VecDeque::back_mut) else {
            return;
        };
        for (tape, (bytes, samples)) in journal.tapes.iter_mut().zip(pieces) {
            if !bytes.is_empty() {
                tape.waiting.push_back(Piece { bytes, samples });
            }
        }
    }

    /// Writes what waits, syncs what is due, hands on what is complete.
    fn attempt(&mut self, sync: Sync) {
        let error = self.write_and_sync(sync).err();
        self.failing = error.is_some();
        self.shared
            .tell(JOURNAL, error.as_ref(), "the journal waits in memory");
        self.hand_on();
    }

    fn write_and_sync(&mut self, sync: Sync) -> io::Result<()> {
        let mut outcome = Ok(());
        for journal in self.journals.values_mut().flatten() {
            for tape in &mut journal.tapes {
                let wrote = tape.write(&*self.disk, &self.folder, &journal.which, &self.shared);
                outcome = outcome.and(wrote);
                if !tape.unsynced.bytes.is_empty() && self.unsynced_since.is_none() {
                    self.unsynced_since = Some(Instant::now());
                }
            }
        }
        let complete = self
            .journals
            .values()
            .flatten()
            .any(|journal| journal.complete);
        let due = self
            .unsynced_since
            .is_some_and(|since| since.elapsed() >= SYNC_EVERY);
        if sync == Sync::WhenDue && !due && !complete {
            return outcome;
        }
        self.unsynced_since = None;
        for tape in self
            .journals
            .values_mut()
            .flatten()
            .flat_map(|it| &mut it.tapes)
        {
            outcome = outcome.and(tape.sync(&self.shared));
        }
        outcome
    }

    fn hand_on(&mut self) {
        for journals in self.journals.values_mut() {
            while let Some(first) = journals.front() {
                if !first.complete || !first.tapes.iter().all(Tape::is_durable) {
                    break;
                }
                // A roller that has ended leaves the journal for the next opening.
                drop(self.roll.send(roll::Order::Roll(first.which.clone())));
                journals.pop_front();
            }
        }
    }

    #[cfg(test)]
    fn held_bytes(&self) -> usize {
        let tapes = self.journals.values().flatten().flat_map(|it| &it.tapes);
        tapes
            .map(|tape| {
                let waiting = tape.waiting.iter().map(|piece| piece.bytes.len());
                tape.unsynced.bytes.len() + waiting.sum::<usize>()
            })
            .sum()
    }

    fn close(&mut self) -> io::Result<()> {
        for journal in self.journals.values_mut().flatten() {
            journal.complete = true;
        }
        // A failed sync asks for a second try, in a new file.
        let outcome = self.write_and_sync(Sync::Now);
        let outcome = outcome.or_else(|_| self.write_and_sync(Sync::Now));
        self.shared.tell(
            JOURNAL,
            outcome.as_ref().err(),
            "the journal was not written",
        );
        self.hand_on();
        outcome
    }
}

impl Tape {
    fn new(copy: Copy, header: Vec<u8>) -> Self {
        Self {
            copy,
            part: 0,
            part_at: 0,
            written: 0,
            waiting: VecDeque::from([Piece {
                bytes: header,
                samples: 0,
            }]),
            unsynced: Piece::default(),
            file: None,
        }
    }

    fn is_durable(&self) -> bool {
        self.waiting.is_empty() && self.unsynced.bytes.is_empty()
    }

    fn write(
        &mut self,
        disk: &dyn Disk,
        folder: &std::path::Path,
        which: &Which,
        shared: &Shared,
    ) -> io::Result<()> {
        while let Some(piece) = self.waiting.front() {
            let file = match &mut self.file {
                Some(file) => file,
                none => {
                    self.part_at = self.written;
                    let name = file_name(which, self.copy, self.part, self.part_at);
                    let file = disk.create(&folder.join(name))?;
                    disk.sync_folder(folder)?;
                    none.insert(file)
                }
            };
            // After a failed write the same place is written again, so that a
            // part of a frame never stays between whole ones.
            file.write_at(&piece.bytes, self.written - self.part_at)?;
            shared.written(piece);
            self.written += piece.bytes.len() as u64;
            self.unsynced.bytes.extend_from_slice(&piece.bytes);
            self.unsynced.samples += piece.samples;
            self.waiting.pop_front();
        }
        Ok(())
    }

    fn sync(&mut self, shared: &Shared) -> io::Result<()> {
        if self.unsynced.bytes.is_empty() {
            return Ok(());
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let synced = file.sync();
        let window = std::mem::take(&mut self.unsynced);
        if synced.is_err() {
            self.file = None;
            self.part += 1;
            self.written -= window.bytes.len() as u64;
            shared.dropped(&window);
            self.waiting.push_front(window);
        }
        synced
    }
}

/// The journal folder of a session.
pub(crate) fn folder_of(session: &std::path::Path) -> PathBuf {
    session.join(tape::FOLDER)
}
