//! Writes a new session file chunk by chunk; it appears whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

use model::annotation::Annotation;
use model::host::HostId;
use model::time::Moment;

use crate::archive::Writer;
use crate::bucket::{Buckets, Start};
use crate::chunk::{Chunk, ChunkColumn};
use crate::disk::is_full;
use crate::document;
use crate::limit::MEMBERS_MAX;
use crate::manifest::{self, HostEntry, Manifest, SCHEMA};
use crate::open::ANNOTATIONS;
use crate::parquet::Effort;
use crate::part::enter;
use crate::roll::{Target, cut, pack};
use crate::trim::WriteError;

/// Most tables of one stretch.
const TABLES: usize = 8;

/// A session file in the making.
pub(crate) struct Builder {
    writer: Writer,
    manifest: Manifest,
    out: PathBuf,
}

impl Builder {
    /// Starts a file that will stand at `out`, which must be free.
    pub(crate) fn create(out: &Path, title: &str, created: Moment) -> Result<Self, WriteError> {
        if std::fs::symlink_metadata(out).is_ok() {
            return Err(WriteError::Exists {
                path: out.to_owned(),
            });
        }
        let writer = Writer::create(out).map_err(|source| failed(out, source))?;
        let manifest = Manifest {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION").to_owned(),
            title: title.to_owned(),
            created,
            ..Manifest::default()
        };
        Ok(Self {
            writer,
            manifest,
            out: out.to_owned(),
        })
    }

    /// Adds a host with what is known of it.
    pub(crate) fn host(&mut self, entry: &HostEntry) -> HostId {
        let id = HostId(self.manifest.hosts.len() as u16);
        self.manifest.hosts.push(HostEntry {
            id,
            rolled: 0,
            ..entry.clone()
        });
        id
    }

    /// Adds the next stretch of a host.
    pub(crate) fn add(&mut self, host: HostId, chunk: Chunk) -> Result<(), WriteError> {
        for piece in cut(chunk) {
            self.piece(host, piece)?;
        }
        Ok(())
    }

    fn piece(&mut self, host: HostId, mut chunk: Chunk) -> Result<(), WriteError> {
        if chunk.is_empty() {
            return Ok(());
        }
        if self.manifest.segments.len() + TABLES > MEMBERS_MAX {
            return Err(WriteError::Empty {
                why: "the data would need more members than a session may have".to_owned(),
            });
        }
        let starts = enter(&mut self.manifest, host, &mut chunk);
        let buckets = buckets_of(&chunk.columns, &starts);
        let entry = &mut self.manifest.hosts[usize::from(host.0)];
        let target = Target {
            host,
            host_folder: entry.folder.clone(),
            number: entry.rolled,
        };
        entry.rolled += 1;
        let members = pack(&chunk, &buckets, &target, Effort::Foreground)
            .map_err(|why| self.failed(io::Error::other(why)))?;
        for (segment, bytes) in members {
            let added = self.writer.add(&segment.path, &bytes);
            added.map_err(|source| self.failed(source))?;
            self.manifest.segments.push(segment);
        }
        Ok(())
    }

    /// Whether there is no sample yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.manifest.span().is_empty()
    }

    /// Completes the file and puts it into place.
    pub(crate) fn finish(mut self, annotations: &[Annotation]) -> Result<(), WriteError> {
        let out = self.out.clone();
        let written = (|| {
            self.manifest.schema = self.manifest.needed_schema();
            let text = document::sealed(&self.manifest).map_err(io::Error::other)?;
            if !annotations.is_empty() {
                let notes = document::sealed(&annotations).map_err(io::Error::other)?;
                self.writer.add(ANNOTATIONS, &notes)?;
            }
            self.writer.add(manifest::NAME, &text)?;
            self.writer.add(manifest::COPY_NAME, &text)?;
            self.writer.finish(&self.out)
        })();
        written.map_err(|source| failed(&out, source))
    }

    fn failed(&self, source: io::Error) -> WriteError {
        failed(&self.out, source)
    }
}

/// The base level of every column, on all cores.
fn buckets_of(columns: &[ChunkColumn], starts: &[(u32, Start)]) -> Vec<(u32, Buckets)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = columns.len().div_ceil(cores).max(1);
    let of_share = |(columns, starts): (&[ChunkColumn], &[(u32, Start)])| {
        let each = columns.iter().zip(starts);
        let each = each.map(|(column, (place, start))| (*place, Buckets::of(column, *start)));
        each.collect::<Vec<_>>()
    };
    let shares = || columns.chunks(share).zip(starts.chunks(share));
    std::thread::scope(|scope| {
        let threads: Vec<_> = shares()
            .map(|it| scope.spawn(move || of_share(it)))
            .collect();
        // A thread that gave up is made up for here, where its trouble is met again.
        let parts = threads.into_iter().zip(shares());
        let parts = parts.flat_map(|(thread, it)| thread.join().unwrap_or_else(|_| of_share(it)));
        parts.collect()
    })
}

/// What the disk said, told apart by what the caller can do.
pub(crate) fn failed(path: &Path, source: io::Error) -> WriteError {
    let path = path.to_owned();
    if is_full(&source) {
        WriteError::Full { path }
    } else {
        WriteError::Write { path, source }
    }
}
