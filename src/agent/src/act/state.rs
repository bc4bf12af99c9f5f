//! The state folder: one lock for the whole host, and a record of each run.
//!
//! ```text
//! lock               held by whoever may write; the system frees it when that one ends
//! runs/000001.jsonl  the first run, sealed as `act/log.rs` says
//! ```
//!
//! The number of a run fences off whoever held the lock before: it only grows, and each
//! entry is written only while the lock is still the file that was locked.
//!
//! Start at [`Folder::open`].

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use rustix::fs::{
    AtFlags, CWD, FallocateFlags, FileType, FlockOperation, Mode, OFlags, fallocate, flock, fstat,
    openat, renameat, statat,
};

use wire::change::Told;

use super::executor::Book;
use super::log::{self, Broken, Chain, Entry, LINE_MAX_BYTES, LINES_MAX, NO_HASH, Story, When};

/// Runs that are kept; beyond, somebody must take old ones away first.
const RUNS_MAX: usize = 10_000;

/// Bytes that are set aside on the disk for a run before it begins, so that the way back
/// finds room for its own entries.
const RESERVE_BYTES: u64 = 256 << 10;

/// Bytes of a record that are read.
const RECORD_MAX_BYTES: u64 = (LINE_MAX_BYTES as u64) * 4 + (LINES_MAX as u64) * 16_384;

/// Why there is no record to write to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// Somebody else carries something out.
    #[error("another plan is under way on this host")]
    Busy,
    /// A run ended in the middle and was not put back yet.
    #[error("run {0} was not finished; it must be put back first")]
    Unfinished(u64),
    /// The folder cannot be used.
    #[error("{what} {}: {why}", .path.display())]
    Unusable {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

/// The records of all runs, to look at; whoever holds the lock may be writing there.
#[derive(Debug)]
pub(crate) struct Runs {
    path: PathBuf,
    runs: OwnedFd,
}

/// The state folder, locked.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: OwnedFd,
    runs: Runs,
    lock: OwnedFd,
}

/// The record of one run, open for more.
#[derive(Debug)]
pub(crate) struct Record {
    folder: Folder,
    file: File,
    whole_bytes: u64,
    chain: Chain,
    token: u64,
    name: String,
    boot_id: String,
    unix_ns: fn() -> i64,
    /// A line is half there and could not be taken away again.
    torn: bool,
    /// Who is told with each entry that there is life.
    pulse: Option<SyncSender<Told>>,
}

/// A run that ended in the middle.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// What happened.
    pub(crate) story: Story,
    /// From where on it cannot be believed.
    pub(crate) broken: Option<Broken>,
    /// Its number.
    pub(crate) token: u64,
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

fn failed(path: &Path, what: &'static str, error: &io::Error) -> StateError {
    StateError::Unusable {
        what,
        path: path.to_owned(),
        why: error.to_string(),
    }
}

/// Opens the state folder and, in it, the one of records, both of which must be one's own.
fn folders(path: &Path) -> Result<(OwnedFd, OwnedFd), StateError> {
    let opened = |it: rustix::io::Result<OwnedFd>| {
        it.map_err(|error| failed(path, "could not open", &error.into()))
    };
    let folder = opened(openat(CWD, path, FOLDER, Mode::empty()))?;
    let runs = opened(openat(&folder, "runs", FOLDER, Mode::empty()))?;
    for part in [&folder, &runs] {
        own(part).map_err(|why| failed(path, "will not use", &io::Error::other(why)))?;
    }
    Ok((folder, runs))
}

impl Runs {
    /// Opens the records for reading.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`], also where nothing was ever written.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        let (_, runs) = folders(path)?;
        Ok(Self {
            path: path.to_owned(),
            runs,
        })
    }

    /// Numbers of all runs, ascending.
    fn tokens(&self) -> Result<Vec<u64>, StateError> {
        let listed = rustix::fs::Dir::read_from(&self.runs)
            .map_err(|error| self.failed("could not list", &error.into()))?;
        let mut tokens: Vec<u64> = listed
            .flatten()
            .filter_map(|it| {
                let name = it.file_name().to_str().ok()?.to_owned();
                name.strip_suffix(".jsonl")?.parse().ok()
            })
            .collect();
        tokens.sort_unstable();
        Ok(tokens)
    }

    /// The newest run: what happened and the name of its record.
    pub(crate) fn newest(&self) -> Option<(Story, String)> {
        let token = self.tokens().ok()?.pop()?;
        let (story, _) = log::read(&self.bytes(token).ok()?);
        let path = self.path.join("runs").join(name(token));
        Some((story, path.display().to_string()))
    }

    fn bytes(&self, token: u64) -> Result<Vec<u8>, StateError> {
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY | OFlags::NONBLOCK;
        let file = openat(&self.runs, name(token), flags, Mode::empty());
        let read = file.map_err(io::Error::from).and_then(|file| {
            let mut bytes = Vec::new();
            let read = File::from(file)
                .take(RECORD_MAX_BYTES)
                .read_to_end(&mut bytes);
            read.map(|_| bytes)
        });
        read.map_err(|error| self.failed("could not read", &error))
    }

    fn failed(&self, what: &'static str, error: &io::Error) -> StateError {
        failed(&self.path, what, error)
    }
}

impl Folder {
    /// Opens and locks the folder; makes it where there is none.
    ///
    /// # Errors
    ///
    /// [`StateError`]; [`StateError::Busy`] while another process holds it.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        let failed = |what, error: io::Error| failed(path, what, &error);
        let runs = path.join("runs");
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&runs);
        made.map_err(|error| failed("could not make", error))?;
        let (folder, runs) = folders(path)?;
        let lock = openat(
            &folder,
            "lock",
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::RUSR | Mode::WUSR,
        )
        .map_err(|error| failed("could not lock", error.into()))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(StateError::Busy),
            Err(error) => return Err(failed("could not lock", error.into())),
        }
        let runs = Runs {
            path: path.to_owned(),
            runs,
        };
        let folder = Self { folder, runs, lock };
        folder
            .held()
            .map_err(|error| failed("could not lock", error))?;
        Ok(folder)
    }

    /// Whether the lock is still the file that is locked.
    fn held(&self) -> io::Result<()> {
        let locked = fstat(&self.lock)?;
        let named = statat(&self.folder, "lock", AtFlags::SYMLINK_NOFOLLOW)?;
        if (locked.st_ino, locked.st_dev) != (named.st_ino, named.st_dev) {
            return Err(io::Error::other("the lock was taken away"));
        }
        Ok(())
    }

    /// The newest run, if it was not finished.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`] where it cannot be read.
    pub(crate) fn unfinished(&self) -> Result<Option<Unfinished>, StateError> {
        let Some(token) = self.runs.tokens()?.pop() else {
            return Ok(None);
        };
        let (story, broken) = log::read(&self.runs.bytes(token)?);
        let over = |(_, entry): &(String, Entry)| matches!(entry, Entry::Ended { .. });
        // One without a whole line is of a run that never began.
        if broken.is_none() && (story.entries.is_empty() || story.entries.last().is_some_and(over))
        {
            return Ok(None);
        }
        Ok(Some(Unfinished {
            story,
            broken,
            token,
        }))
    }

    /// The newest run of a mandate that began.
    pub(crate) fn newest_of(&self, hash: &str) -> Result<Option<Unfinished>, StateError> {
        for token in self.runs.tokens()?.into_iter().rev() {
            let (story, broken) = log::read(&self.runs.bytes(token)?);
            let is_of = |(_, entry): &(String, Entry)| match entry {
                Entry::Begun(begun) => begun.hash == hash,
                _ => false,
            };
            if story.entries.iter().any(is_of) {
                return Ok(Some(Unfinished {
                    story,
                    broken,
                    token,
                }));
            }
        }
        Ok(None)
    }

    /// Begins the record of a new run that puts back what an earlier one set, as that one's
    /// record tells it.
    ///
    /// # Errors
    ///
    /// As [`Self::begin`].
    pub(crate) fn begin_again(
        self,
        story: &Story,
        boot_id: &str,
        unix_ns: fn() -> i64,
    ) -> Result<Record, StateError> {
        let mut record = self.begin(boot_id, unix_ns)?;
        let set = story.entries.iter().filter(|(_, entry)| {
            matches!(
                entry,
                Entry::Begun(_) | Entry::Captured(_) | Entry::Applied { .. }
            )
        });
        record.copy(set)?;
        Ok(record)
    }

    /// Begins the record of a new run.
    ///
    /// # Errors
    ///
    /// [`StateError::Unfinished`] while one is to be put back, and as a full disk says.
    pub(crate) fn begin(self, boot_id: &str, unix_ns: fn() -> i64) -> Result<Record, StateError> {
        if let Some(unfinished) = self.unfinished()? {
            return Err(StateError::Unfinished(unfinished.token));
        }
        let before = self.last_hash()?;
        self.create(&before, boot_id, unix_ns)
    }

    fn create(
        self,
        before: &str,
        boot_id: &str,
        unix_ns: fn() -> i64,
    ) -> Result<Record, StateError> {
        let tokens = self.runs.tokens()?;
        if tokens.len() >= RUNS_MAX {
            let why = format!("it holds {RUNS_MAX} records; take old ones away first");
            return Err(self.runs.failed("will not use", &io::Error::other(why)));
        }
        let token = tokens.last().map_or(1, |it| it + 1);
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::WRONLY;
        let file = openat(&self.runs.runs, name(token), flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| self.runs.failed("could not write in", &error.into()))?;
        match fallocate(&file, FallocateFlags::KEEP_SIZE, 0, RESERVE_BYTES) {
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => {
                if rustix::fs::unlinkat(&self.runs.runs, name(token), AtFlags::empty()).is_err() {
                    // An empty record does no harm.
                }
                return Err(self.runs.failed("no room in", &error.into()));
            }
        }
        let synced = rustix::fs::fsync(&self.runs.runs);
        synced.map_err(|error| self.runs.failed("could not write in", &error.into()))?;
        Ok(Record {
            name: self
                .runs
                .path
                .join("runs")
                .join(name(token))
                .display()
                .to_string(),
            folder: self,
            file: file.into(),
            whole_bytes: 0,
            chain: Chain::after(before),
            token,
            boot_id: boot_id.to_owned(),
            unix_ns,
            torn: false,
            pulse: None,
        })
    }

    /// Goes on with the record of a run that was not finished; one that cannot be believed
    /// is put aside and a new one begun.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`].
    pub(crate) fn resume(
        self,
        unfinished: &Unfinished,
        boot_id: &str,
        unix_ns: fn() -> i64,
    ) -> Result<Record, StateError> {
        let token = unfinished.token;
        if unfinished.broken.is_some() {
            let aside = format!("{token:06}.damaged");
            let before = unfinished.story.chain.last().to_owned();
            let mut record = self.create(&before, boot_id, unix_ns)?;
            // Whoever comes after a crash from here on finds the believed part in the new
            // one; only then the old one may go.
            record.copy(unfinished.story.entries.iter())?;
            let runs = &record.folder.runs.runs;
            renameat(runs, name(token), runs, aside)
                .map_err(|error| record.failed(&error.into()))?;
            return Ok(record);
        }
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::WRONLY;
        let file: File = openat(&self.runs.runs, name(token), flags, Mode::empty())
            .map_err(|error| self.runs.failed("could not write in", &error.into()))?
            .into();
        let whole_bytes = unfinished.story.whole_bytes as u64;
        let cut = file.set_len(whole_bytes).and_then(|()| file.sync_all());
        // On a full disk what is in memory is enough; entries will say that they are lost.
        let torn = cut.is_err();
        Ok(Record {
            name: self
                .runs
                .path
                .join("runs")
                .join(name(token))
                .display()
                .to_string(),
            folder: self,
            file,
            whole_bytes,
            chain: unfinished.story.chain.clone(),
            token,
            boot_id: boot_id.to_owned(),
            unix_ns,
            torn,
            pulse: None,
        })
    }

    fn last_hash(&self) -> Result<String, StateError> {
        let Some(token) = self.runs.tokens()?.pop() else {
            return Ok(NO_HASH.to_owned());
        };
        let (story, _) = log::read(&self.runs.bytes(token)?);
        if story.entries.is_empty() {
            // Its number is spent; the chain goes on from the one before.
            let mut tokens = self.runs.tokens()?;
            tokens.pop();
            let Some(before) = tokens.pop() else {
                return Ok(NO_HASH.to_owned());
            };
            return Ok(log::read(&self.runs.bytes(before)?)
                .0
                .chain
                .last()
                .to_owned());
        }
        Ok(story.chain.last().to_owned())
    }
}

impl Record {
    /// Takes over entries of another record, each with its own boot.
    fn copy<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a (String, Entry)>,
    ) -> Result<(), StateError> {
        let own = self.boot_id.clone();
        for (boot_id, entry) in entries {
            self.boot_id.clone_from(boot_id);
            let noted = self.note(entry);
            noted.map_err(|why| self.failed(&io::Error::other(why)))?;
        }
        self.boot_id = own;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> StateError {
        self.folder.runs.failed("could not write in", error)
    }

    /// Has somebody told with each entry that there is life, whatever a value takes.
    pub(crate) fn with_pulse(mut self, pulse: Option<SyncSender<Told>>) -> Self {
        self.pulse = pulse;
        self
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        self.folder.held()?;
        let mut rest = line.as_bytes();
        let mut at = self.whole_bytes;
        while !rest.is_empty() {
            match self.file.write_at(rest, at) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => {
                    rest = &rest[length..];
                    at += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.file.flush()?;
        self.file.sync_data()
    }
}

impl Book for Record {
    fn note(&mut self, entry: &Entry) -> Result<(), String> {
        if self.torn {
            return Err("an entry before is torn".to_owned());
        }
        if let Some(pulse) = &self.pulse {
            // Whoever does not take it hears of the next one.
            drop(pulse.try_send(Told::default()));
        }
        let when = When {
            unix_ns: (self.unix_ns)(),
            boot_id: self.boot_id.clone(),
        };
        let sealed = self.chain.line(&when, entry);
        let (line, next) = sealed.ok_or_else(|| "the entry is too long".to_owned())?;
        if let Err(error) = self.append(&line) {
            // What is half there must not stand between whole lines.
            self.torn = self.file.set_len(self.whole_bytes).is_err();
            return Err(error.to_string());
        }
        self.whole_bytes += line.len() as u64;
        self.chain = next;
        Ok(())
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn token(&self) -> u64 {
        self.token
    }
}

fn name(token: u64) -> String {
    format!("{token:06}.jsonl")
}

/// Whether a folder belongs to this user and nobody else writes into it.
fn own(folder: &impl AsFd) -> Result<(), String> {
    let about = fstat(folder).map_err(|error| error.to_string())?;
    if FileType::from_raw_mode(about.st_mode) != FileType::Directory {
        return Err("it is no folder".to_owned());
    }
    if about.st_uid != rustix::process::geteuid().as_raw() {
        return Err("it belongs to somebody else".to_owned());
    }
    if about.st_mode & 0o022 != 0 {
        return Err("others can write into it".to_owned());
    }
    Ok(())
}
