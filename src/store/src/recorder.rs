//! Records wire frames into a session folder and finishes it into one file.
//!
//! Frames go at once to a journal thread over a bounded queue; it writes them
//! and syncs at least every 500 ms. A second thread rolls journals into Parquet
//! segments. The caller never waits for a disk.
//!
//! Start at [`Recorder::create`].

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use model::annotation::Annotation;
use model::host::{Host, HostId};
use model::time::Moment;

use crate::disk::{Disk, RealDisk, is_full};
use crate::front::Front;
use crate::journal::{self, Shared};
use crate::limit::{HOSTS_MAX, WAITING_MAX_BYTES};
pub use crate::manifest::Placement;
use crate::manifest::{Manifest, SCHEMA};
use crate::pack;
use crate::part::lock;
use crate::progress::Watch;
use crate::roll::{self, Roller};

/// Keeps a long recording within bounds by removing its oldest segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Segments that ended longer ago than this, measured against the newest sample, go.
    pub max_age_ns: Option<i64>,
    /// The oldest segments go while all together are larger.
    pub max_bytes: Option<u64>,
}

/// How to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What to call the session.
    pub title: String,
    /// When the recording begins; the store reads no clock of its own for data.
    pub created: Moment,
    /// Length of a segment; [`SEGMENT_NS`] by default.
    pub segment_ns: i64,
    /// What to forget, if anything.
    pub retention: Option<Retention>,
}

/// Length of a segment unless told otherwise: ten minutes.
pub const SEGMENT_NS: i64 = 600 * model::time::SECOND_NS;

/// In which form a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishAs {
    /// One `.kymo` file in place of the folder.
    File,
    /// The folder stays.
    Folder,
}

/// How the recording is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Bytes written to journals so far.
    pub bytes: u64,
    /// Samples written to journals so far, all hosts: whatever happens to this
    /// process, they are in the session.
    pub samples: u64,
    /// Number of hosts.
    pub hosts: usize,
    /// Bytes that wait in memory for the disk.
    pub waiting_bytes: u64,
    /// Frames lost because memory for waiting ran out.
    pub lost_frames: u64,
    /// What is wrong at the moment, for people; `None` when all is well.
    pub trouble: Option<String>,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The finished file or folder.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Samples of all hosts.
    pub samples: u64,
    /// Frames lost because memory for waiting ran out.
    pub lost_frames: u64,
}

/// Why recording could not begin or end.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Something is in the way.
    #[error("could not record over what is there: {}", .path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The disk is full; everything written so far is kept.
    #[error("the disk is full: {}", .path.display())]
    Full {
        /// The path.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("could not write {}", .path.display())]
    Write {
        /// The path.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The disk refused to the end, and what waited in memory for it is lost; what
    /// came before is in the folder, which opens.
    #[error(
        "could not write the last {waiting_bytes} bytes, what came before is kept as a folder: {}",
        .path.display()
    )]
    Unwritten {
        /// Bytes that waited in memory.
        waiting_bytes: u64,
        /// Frames lost before because memory for waiting ran out.
        lost_frames: u64,
        /// The path.
        path: PathBuf,
        #[source]
        /// What the system said last, if it was heard before the watcher said stop.
        source: Option<io::Error>,
    },
    /// The watcher said stop; the folder is left and opens.
    #[error("stopped while finishing, the recording is kept as a folder: {}", .path.display())]
    Stopped {
        /// The path.
        path: PathBuf,
    },
    /// More hosts than a session may hold.
    #[error("a session holds at most {0} hosts")]
    Hosts(usize),
}

/// A recording in progress.
///
/// Dropping it without [`Recorder::finish`] makes everything durable and leaves
/// the folder, which opens.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    segment_ns: i64,
    shared: Arc<Shared>,
    manifest: Arc<Mutex<Manifest>>,
    fronts: Mutex<Vec<Front>>,
    journal: Option<Sender<journal::Order>>,
    roll: Option<Sender<roll::Order>>,
    threads: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Creates the session folder at `path` and starts the threads.
    ///
    /// # Errors
    ///
    /// [`RecordError::Exists`] when `path` is taken, else what the disk said.
    pub fn create(path: &Path, options: Options) -> Result<Self, RecordError> {
        Self::create_on(Arc::new(RealDisk), path, options)
    }

    pub(crate) fn create_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        options: Options,
    ) -> Result<Self, RecordError> {
        make_folder(path)?;
        let folder = journal::folder_of(path);
        let manifest = Manifest {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION").to_owned(),
            title: options.title,
            created: options.created,
            ..Manifest::default()
        };
        disk.create_folder(&folder)
            .map_err(|source| failed(path, source))?;
        roll::write_manifest(&*disk, path, &manifest).map_err(|source| failed(path, source))?;
        let shared = Arc::new(Shared::default());
        let manifest = Arc::new(Mutex::new(manifest));
        let (journal, journal_orders) = mpsc::channel();
        let (roll, roll_orders) = mpsc::channel();
        let writer =
            journal::Writer::new(Arc::clone(&disk), folder, roll.clone(), Arc::clone(&shared));
        let roller = Roller {
            disk: Arc::clone(&disk),
            folder: path.to_owned(),
            manifest: Arc::clone(&manifest),
            retention: options.retention,
            shared: Arc::clone(&shared),
            waiting: VecDeque::new(),
            useless: Vec::new(),
            annotations: None,
        };
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let builder = thread::Builder::new().name(name.to_owned());
            builder.spawn(work).map_err(|source| failed(path, source))
        };
        let threads = vec![
            spawn(
                "journal",
                Box::new(move || journal::run(&journal_orders, writer)),
            )?,
            spawn(
                "segments",
                Box::new(move || roll::run(&roll_orders, roller)),
            )?,
        ];
        Ok(Self {
            path: path.to_owned(),
            disk,
            segment_ns: options.segment_ns,
            shared,
            manifest,
            fronts: Mutex::default(),
            journal: Some(journal),
            roll: Some(roll),
            threads,
        })
    }

    /// Adds a host; its name is made unique within the session. Writes the manifest.
    ///
    /// # Errors
    ///
    /// [`RecordError::Hosts`] beyond the bound, else what the disk said.
    pub fn add_host(
        &self,
        host: Host,
        name: &str,
        placement: Placement,
    ) -> Result<HostId, RecordError> {
        let mut fronts = lock(&self.fronts);
        let mut manifest = lock(&self.manifest);
        let id = manifest
            .add_host(host, name, placement)
            .ok_or(RecordError::Hosts(HOSTS_MAX))?;
        let folder = manifest.hosts[usize::from(id.0)].folder.clone();
        if let Err(source) = roll::write_manifest(&*self.disk, &self.path, &manifest) {
            manifest.hosts.pop();
            return Err(failed(&self.path, source));
        }
        fronts.push(Front::new(folder, self.segment_ns));
        Ok(id)
    }

    /// Takes in whole wire frames of one host. Never waits for the disk.
    ///
    /// Frames of a host that was not added are left out.
    pub fn append(&self, host: HostId, frames: &[u8]) {
        let mut fronts = lock(&self.fronts);
        let Some(front) = fronts.get_mut(usize::from(host.0)) else {
            return;
        };
        for order in front.take(frames) {
            self.give(order);
        }
    }

    fn give(&self, order: journal::Order) {
        if let journal::Order::Append { frames, names, .. } = &order {
            let more = (frames.len() + names.len()) as u64;
            let waiting = self.shared.waiting_bytes.fetch_add(more, Ordering::Relaxed);
            if waiting + more > WAITING_MAX_BYTES {
                self.shared.waiting_bytes.fetch_sub(more, Ordering::Relaxed);
                let lost = wire::frame::frames(frames).count() as u64;
                self.shared.lost_frames.fetch_add(lost, Ordering::Relaxed);
                return;
            }
        }
        if let Some(journal) = &self.journal {
            // The thread lives as long as the recorder; were it gone, the status says so.
            if journal.send(order).is_err() {
                self.shared.lost_frames.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Replaces the notes of the session; they are stored soon.
    pub fn annotate(&self, annotations: Vec<Annotation>) {
        if let Some(roll) = &self.roll {
            // A roller that is gone has told why by the status.
            drop(roll.send(roll::Order::Annotations(annotations)));
        }
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        let lost_frames = self.shared.lost_frames.load(Ordering::Relaxed);
        let troubles = lock(&self.shared.troubles).clone();
        let mut trouble = troubles.into_iter().flatten().next();
        if self.threads.iter().any(JoinHandle::is_finished) {
            trouble = Some("a thread of the recorder ended".to_owned());
        }
        Status {
            bytes: self.shared.bytes.load(Ordering::Relaxed),
            samples: self.shared.samples.load(Ordering::Relaxed),
            hosts: lock(&self.fronts).len(),
            waiting_bytes: self.shared.waiting_bytes.load(Ordering::Relaxed),
            lost_frames,
            trouble,
        }
    }

    /// Where it records.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the recording: rolls what is left and packs it if asked to.
    ///
    /// While the disk is full and something waits in memory, this waits for room
    /// until `watch` says stop. It is asked every 100 ms, and told how many of the
    /// waiting bytes are written; while packing, how many bytes are packed.
    ///
    /// # Errors
    ///
    /// [`RecordError`]; the folder then stays and opens.
    pub fn finish(mut self, form: FinishAs, watch: Watch<'_>) -> Result<Summary, RecordError> {
        self.end(&mut *watch)?;
        let manifest = lock(&self.manifest).clone();
        let bytes = match form {
            FinishAs::Folder => manifest.segments.iter().map(|it| it.bytes).sum(),
            FinishAs::File => pack::in_place(&self.path, &manifest, watch)?,
        };
        if form == FinishAs::Folder {
            // An empty folder; leaving it would harm nobody.
            drop(fs::remove_dir(journal::folder_of(&self.path)));
        }
        Ok(Summary {
            path: self.path.clone(),
            bytes,
            samples: self.shared.samples.load(Ordering::Relaxed),
            lost_frames: self.shared.lost_frames.load(Ordering::Relaxed),
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Makes the session's folder, for its owner only.
fn make_folder(path: &Path) -> Result<(), RecordError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => RecordError::Exists {
            path: path.to_owned(),
        },
        _ => failed(path, source),
    })
}

/// What the disk said, told apart by what the caller can do.
pub(crate) fn failed(path: &Path, source: io::Error) -> RecordError {
    let path = path.to_owned();
    if is_full(&source) {
        RecordError::Full { path }
    } else {
        RecordError::Write { path, source }
    }
}

mod ending;
#[cfg(test)]
mod tests;
