//! The thread that turns complete journals into Parquet segments.
//!
//! Order of steps, so that a kill between any two loses nothing: members are
//! written (each beside its place, synced, moved), then the manifest names them
//! and says that the journal is done, then the journal is removed. Holds one
//! journal's data at a time.
//!
//! Start at [`run`].

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::annotation::Annotation;
use model::host::HostId;
use model::time::{Moment, Span};

use crate::bucket::Buckets;
use crate::chunk::Chunk;
use crate::disk::{Disk, write_whole};
use crate::document;
use crate::journal::{RETRY_EVERY, Shared};
use crate::limit::{CELLS_MAX, MEMBERS_MAX};
use crate::manifest::{self, Manifest, Segment};
use crate::open::{ANNOTATIONS, part_of_journal};
use crate::parquet::Effort;
use crate::part::{Data, lock};
use crate::recorder::Retention;
use crate::tables;
use crate::tape::{self, Copy, Which};

/// Place of the roller's trouble in [`Shared::troubles`].
const SEGMENTS: usize = 1;

/// What the thread is asked to do.
pub(crate) enum Order {
    /// A journal is complete and durable.
    Roll(Which),
    /// Store these notes.
    Annotations(Vec<Annotation>),
    /// Answer once everything was tried.
    #[cfg(test)]
    Settle(SyncSender<()>),
    /// Roll what is left, answer whether all went well, and end.
    Finish(SyncSender<io::Result<()>>),
}

/// Everything the thread holds.
pub(crate) struct Roller {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Arc<Mutex<Manifest>>,
    pub(crate) retention: Option<Retention>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) waiting: VecDeque<Which>,
    /// Files that no manifest names any more.
    pub(crate) useless: Vec<PathBuf>,
    pub(crate) annotations: Option<Vec<Annotation>>,
}

/// Works until told to finish or until nobody can give orders any more.
pub(crate) fn run(orders: &Receiver<Order>, mut roller: Roller) {
    /// With nothing to do there is nothing to wake for.
    const IDLE: Duration = Duration::from_secs(3600);
    loop {
        match orders.recv_timeout(if roller.is_idle() { IDLE } else { RETRY_EVERY }) {
            Ok(Order::Roll(which)) => roller.waiting.push_back(which),
            Ok(Order::Annotations(notes)) => roller.annotations = Some(notes),
            #[cfg(test)]
            Ok(Order::Settle(done)) => {
                drop(roller.attempt());
                assert!(done.send(()).is_ok(), "nobody waits");
            }
            Ok(Order::Finish(done)) => {
                // A recorder that no longer waits has nothing to be told.
                drop(done.send(roller.attempt()));
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // The trouble is shown by the status, and tried again.
        drop(roller.attempt());
    }
}

impl Roller {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.useless.is_empty() && self.annotations.is_none()
    }

    fn attempt(&mut self) -> io::Result<()> {
        let outcome = self.work();
        let what = "segments wait in the journal";
        self.shared.tell(SEGMENTS, outcome.as_ref().err(), what);
        outcome
    }

    fn work(&mut self) -> io::Result<()> {
        if let Some(notes) = &self.annotations {
            let bytes = document::sealed(notes).map_err(io::Error::other)?;
            write_whole(&*self.disk, &self.folder.join(ANNOTATIONS), &bytes)?;
            self.annotations = None;
        }
        while let Some(which) = self.waiting.front() {
            let useless = self.roll(which)?;
            self.useless.extend(useless);
            self.waiting.pop_front();
        }
        // A journal that cannot be removed must not be rolled again.
        while let Some(path) = self.useless.last() {
            match self.disk.remove(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.useless.pop(),
            };
        }
        Ok(())
    }

    /// Stores a journal as segments; returns the files that are useless then.
    fn roll(&self, which: &Which) -> io::Result<Vec<PathBuf>> {
        let Some(files) = tape::list(&self.folder)?.remove(which) else {
            return Ok(Vec::new());
        };
        let names = files.read(Copy::Names)?;
        let frames = files.read(Copy::Frames)?;
        let mut manifest = lock(&self.manifest).clone();
        let Some(host) = manifest.hosts.iter().position(|it| it.folder == which.host) else {
            return Ok(Vec::new());
        };
        let (part, _) = part_of_journal(&mut manifest, host, which.number, (&names, &frames));
        drop((names, frames));
        if let Data::Held(held) = &part.data
            && !held.chunk.is_empty()
        {
            let places = held.starts.iter().map(|(place, _)| *place);
            let buckets = places
                .zip(held.buckets().iter().cloned())
                .collect::<Vec<_>>();
            let target = Target {
                host: manifest.hosts[host].id,
                host_folder: which.host.clone(),
                number: which.number,
            };
            let members = pack(&held.chunk, &buckets, &target, Effort::Background)
                .map_err(io::Error::other)?;
            for (segment, bytes) in members {
                write_whole(&*self.disk, &self.folder.join(&segment.path), &bytes)?;
                manifest.segments.push(segment);
            }
        }
        manifest.hosts[host].rolled = which.number + 1;
        let forgotten = self.forget(&mut manifest);
        if manifest.segments.len() > MEMBERS_MAX {
            // With more it could not be opened; what waits in the journal can.
            return Err(io::Error::other(format!(
                "a session holds at most {MEMBERS_MAX} tables: stop this recording and begin another"
            )));
        }
        self.adopt(manifest, host)?;
        let rolled = files.paths().map(PathBuf::from);
        Ok(rolled.chain(forgotten).collect())
    }

    /// Stores the manifest. Hosts may have been added meanwhile; they stay.
    fn adopt(&self, rolled: Manifest, host: usize) -> io::Result<()> {
        let mut shared = lock(&self.manifest);
        let before = shared.clone();
        shared.hosts[host] = rolled.hosts[host].clone();
        shared.series = rolled.series;
        shared.histograms = rolled.histograms;
        shared.segments = rolled.segments;
        shared.removed = rolled.removed;
        let written = write_manifest(&*self.disk, &self.folder, &shared);
        if written.is_err() {
            *shared = before;
        }
        written
    }

    /// Takes segments beyond the retention out of the manifest; returns their files.
    fn forget(&self, manifest: &mut Manifest) -> Vec<PathBuf> {
        let Some(retention) = self.retention else {
            return Vec::new();
        };
        let newest = manifest.span().to;
        let mut forgotten = Vec::new();
        loop {
            let bytes: u64 = manifest.segments.iter().map(|it| it.bytes).sum();
            let oldest = manifest.segments.iter().min_by_key(|it| it.span.to);
            let Some((host, number, span)) = oldest.map(|it| (it.host, it.number, it.span)) else {
                break;
            };
            let old = retention
                .max_age_ns
                .is_some_and(|age| newest.0 - span.to.0 > age);
            let large = retention.max_bytes.is_some_and(|max| bytes > max);
            let same = |it: &Segment| it.host == host && it.number == number;
            // The newest segment of all stays, whatever its size.
            if !(old || large) || manifest.segments.iter().all(same) {
                break;
            }
            let gone = manifest.segments.iter().filter(|it| same(it));
            forgotten.extend(gone.map(|it| self.folder.join(&it.path)));
            manifest.segments.retain(|it| !same(it));
            manifest.removed = Some(manifest.removed.unwrap_or_default().union(span));
        }
        forgotten
    }
}

/// Where packed tables belong.
pub(crate) struct Target {
    pub(crate) host: HostId,
    pub(crate) host_folder: String,
    pub(crate) number: u32,
}

/// Packs a chunk into members.
pub(crate) fn pack(
    chunk: &Chunk,
    buckets: &[(u32, Buckets)],
    target: &Target,
    effort: Effort,
) -> Result<Vec<(Segment, Vec<u8>)>, String> {
    let span = chunk.span();
    let packed = tables::pack(chunk, buckets, effort)?;
    let member = |it: tables::Packed| {
        let segment = Segment {
            path: it.table.path(&target.host_folder, target.number),
            host: target.host,
            table: it.table,
            number: target.number,
            rows: it.rows,
            span,
            bytes: it.bytes.len() as u64,
            sha256: document::sha256(&it.bytes),
        };
        (segment, it.bytes)
    };
    Ok(packed.into_iter().map(member).collect())
}

/// A row of a histogram weighs as much as so many cells.
const ROW_CELLS: usize = 16;

/// A span weighs as much as so many cells.
const SPAN_CELLS: usize = 16;

/// Moments at which a chunk can be cut: its samples, or what else it holds.
fn moments(chunk: &Chunk) -> Arc<[i64]> {
    let times = chunk.times();
    let rows = chunk.histograms.iter().flat_map(|it| &it.rows);
    let ends = chunk.spans.iter().map(|it| it.end().0);
    let mut others: Vec<i64> = rows.map(|row| row.at.0).chain(ends).collect();
    if others.len() <= times.len() {
        return times;
    }
    others.sort_unstable();
    others.dedup();
    others.into()
}

/// Cuts a chunk that is too large for one segment into several, by time.
pub(crate) fn cut(chunk: Chunk) -> Vec<Chunk> {
    let cells: usize = chunk.columns.iter().map(|column| column.at.len()).sum();
    let rows: usize = chunk.histograms.iter().map(|it| it.rows.len()).sum();
    let cells = cells + rows * ROW_CELLS + chunk.spans.len() * SPAN_CELLS;
    if cells <= CELLS_MAX {
        return vec![chunk];
    }
    let times = moments(&chunk);
    let pieces = cells.div_ceil(CELLS_MAX);
    let rows = times.len().div_ceil(pieces).max(1);
    let mut chunks = Vec::new();
    for stretch in times.chunks(rows) {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else {
            continue;
        };
        let from = if chunks.is_empty() { i64::MIN } else { *first };
        let to = if *last == times[times.len() - 1] {
            i64::MAX
        } else {
            *last
        };
        let span = Span {
            from: Moment(from),
            to: Moment(to.saturating_add(1)),
        };
        let mut piece = chunk.within(span);
        if chunks.is_empty() {
            piece.settings.clone_from(&chunk.settings);
        }
        chunks.push(piece);
    }
    chunks
}

/// Writes the manifest and its copy.
pub(crate) fn write_manifest(
    disk: &dyn Disk,
    folder: &std::path::Path,
    manifest: &Manifest,
) -> io::Result<()> {
    let manifest = Manifest {
        schema: manifest.needed_schema(),
        ..manifest.clone()
    };
    let bytes = document::sealed(&manifest).map_err(io::Error::other)?;
    write_whole(disk, &folder.join(manifest::NAME), &bytes)?;
    write_whole(disk, &folder.join(manifest::COPY_NAME), &bytes)
}
