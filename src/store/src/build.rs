//! Writes a new session file chunk by chunk; it appears whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

use model::annotation::Annotation;
use model::host::HostId;
use model::label::Label;
use model::standard::Standard;
use model::time::Moment;

use crate::archive::Writer;
use crate::bucket::{Buckets, Start};
use crate::chunk::Chunk;
use crate::disk::is_full;
use crate::document;
use crate::limit::MEMBERS_MAX;
use crate::manifest::{self, HostEntry, Manifest, SCHEMA, Segment};
use crate::open::{ANNOTATIONS, LABEL, STANDARDS};
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

    /// Adds the next stretch of a host; what is cut into several pieces is packed on all
    /// cores.
    pub(crate) fn add(&mut self, host: HostId, chunk: Chunk) -> Result<(), WriteError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut entered = Vec::with_capacity(cores);
        for piece in cut(chunk) {
            if piece.is_empty() {
                continue;
            }
            entered.push(self.enter(host, piece)?);
            if entered.len() == cores {
                self.write(&std::mem::take(&mut entered))?;
            }
        }
        self.write(&entered)
    }

    /// Gives a piece its place in the manifest.
    fn enter(&mut self, host: HostId, mut chunk: Chunk) -> Result<Entered, WriteError> {
        if self.manifest.segments.len() + TABLES > MEMBERS_MAX {
            return Err(WriteError::Empty {
                why: "the data would need more members than a session may have".to_owned(),
            });
        }
        let starts = enter(&mut self.manifest, host, &mut chunk);
        let entry = &mut self.manifest.hosts[usize::from(host.0)];
        let target = Target {
            host,
            host_folder: entry.folder.clone(),
            number: entry.rolled,
        };
        entry.rolled += 1;
        Ok(Entered {
            chunk,
            starts,
            target,
        })
    }

    /// Packs pieces, each on a core of its own, and writes them in order.
    fn write(&mut self, entered: &[Entered]) -> Result<(), WriteError> {
        let packed: Vec<Result<Members, String>> = match entered {
            [] => return Ok(()),
            [one] => vec![one.packed()],
            many => std::thread::scope(|scope| {
                let threads: Vec<_> = many
                    .iter()
                    .map(|it| scope.spawn(move || it.packed()))
                    .collect();
                // A thread that gave up is made up for here, where its trouble is met again.
                let threads = threads.into_iter().zip(many);
                threads
                    .map(|(thread, it)| thread.join().unwrap_or_else(|_| it.packed()))
                    .collect()
            }),
        };
        for members in packed {
            let members = members.map_err(|why| self.failed(io::Error::other(why)))?;
            for (segment, bytes) in members {
                let added = self.writer.add(&segment.path, &bytes);
                added.map_err(|source| self.failed(source))?;
                self.manifest.segments.push(segment);
            }
        }
        Ok(())
    }

    /// Says of the whole session what people say of it.
    pub(crate) fn label(&mut self, label: &Label) -> Result<(), WriteError> {
        if label.is_empty() {
            return Ok(());
        }
        let text = document::sealed(label).map_err(io::Error::other);
        let added = text.and_then(|text| self.writer.add(LABEL, &text));
        added.map_err(|source| self.failed(source))
    }

    /// Whether there is no sample yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.manifest.span().is_empty()
    }

    /// Keeps standards in the session.
    pub(crate) fn keep_standards(&mut self, standards: &[Standard]) -> Result<(), WriteError> {
        if standards.is_empty() {
            return Ok(());
        }
        let written = document::sealed(&standards).map_err(io::Error::other);
        written
            .and_then(|it| self.writer.add(STANDARDS, &it))
            .map_err(|source| self.failed(source))
    }

    /// Completes the file and puts it into place.
    pub(crate) fn finish(self, annotations: &[Annotation]) -> Result<(), WriteError> {
        self.finish_with(annotations, &[])
    }

    /// The same with further documents.
    pub(crate) fn finish_with(
        mut self,
        annotations: &[Annotation],
        documents: &[(&str, Vec<u8>)],
    ) -> Result<(), WriteError> {
        let out = self.out.clone();
        let written = (|| {
            self.manifest.schema = self.manifest.needed_schema();
            let text = document::sealed(&self.manifest).map_err(io::Error::other)?;
            if !annotations.is_empty() {
                let notes = document::sealed(&annotations).map_err(io::Error::other)?;
                self.writer.add(ANNOTATIONS, &notes)?;
            }
            for (name, bytes) in documents {
                self.writer.add(name, bytes)?;
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

/// Packed tables of a piece, with what the manifest says of each.
type Members = Vec<(Segment, Vec<u8>)>;

/// A piece that has its place in the manifest.
struct Entered {
    chunk: Chunk,
    starts: Vec<(u32, Start)>,
    target: Target,
}

impl Entered {
    fn packed(&self) -> Result<Members, String> {
        let columns = self.chunk.columns.iter().zip(&self.starts);
        let buckets: Vec<(u32, Buckets)> = columns
            .map(|(column, (place, start))| (*place, Buckets::of(column, *start)))
            .collect();
        pack(&self.chunk, &buckets, &self.target, Effort::Foreground)
    }
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
