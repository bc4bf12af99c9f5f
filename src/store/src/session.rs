//! Opens a session and answers questions about it.
//!
//! A session is immutable data behind an `Arc`: cheap to clone, shared between
//! threads. Opening reads the manifest and, in a folder that was not finished,
//! the journals; everything else is read when it is asked for, one member at a
//! time, and its SHA-256 is checked when it is read first. A damaged member is
//! left out, told in [`Session::warnings`], and appears as a gap.
//!
//! Start at [`Session::open`].

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use model::annotation::Annotation;
use model::columns::Column;
use model::event::Event;
use model::finding::Kept;
use model::histogram::Row;
use model::host::HostId;
use model::label::Label;
use model::process::{Field, Process, ProcessId, Reading};
use model::pyramid::Level;
use model::series::{Series, SeriesKey};
use model::standard::Standard;
use model::time::{Moment, Span};
use serde::Serialize;

use crate::archive::Writer;
use crate::disk::{RealDisk, write_whole};
use crate::document;
use crate::limit::{DOCUMENT_MAX_BYTES, MEMBER_MAX_BYTES};
use crate::manifest::{self, HostEntry, Manifest, Table};
use crate::open::{self, ANNOTATIONS, DOCUMENTS, FINDINGS, LABEL, SHARED, STANDARDS};
use crate::part::{Data, Inner, Place, lock};
use crate::requests::{SpanFilter, Spans};
use crate::share::Shared;
use crate::tables;

/// An open session.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

/// Something that is not as it should be, though the session is usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The member or journal it concerns; empty for the whole session.
    pub member: String,
    /// One sentence for people.
    pub text: String,
}

/// Why a session could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path holds something else.
    #[error("{what} is not a session: {}", .path.display())]
    NotASession {
        /// What it is, as far as can be told: `a CSV file`, `an empty folder`.
        what: String,
        /// The path.
        path: PathBuf,
    },
    /// A newer build wrote it.
    #[error("session format {found} is newer than {newest}, the newest this build reads: {}", .path.display())]
    TooNew {
        /// What it says.
        found: u16,
        /// What is known here.
        newest: u16,
        /// The path.
        path: PathBuf,
    },
    /// It is a session, but nothing in it can be used.
    #[error("session is too damaged to use, {why}: {}", .path.display())]
    Damaged {
        /// What is wrong.
        why: String,
        /// The path.
        path: PathBuf,
    },
    /// A bound was exceeded: a bomb, a nesting, a size.
    #[error("session exceeds a limit, {what}: {}", .path.display())]
    Limit {
        /// Which bound.
        what: String,
        /// The path.
        path: PathBuf,
    },
    /// The disk refused; the source says why.
    #[error("could not read {}", .path.display())]
    Read {
        /// The path.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The session has no such series, host or process.
    #[error("session has no {what}")]
    Unknown {
        /// What was asked for.
        what: String,
    },
    /// The answer would not fit memory; ask for less.
    #[error("{what} is more than one query may hold")]
    Limit {
        /// What was too much.
        what: String,
    },
    /// The disk refused, or a document could not be written.
    #[error("could not access {member}")]
    Access {
        /// The member.
        member: String,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The session lies in a place that cannot be written.
    #[error("session cannot be changed: {why}")]
    ReadOnly {
        /// Why not.
        why: String,
    },
}

/// What a plot needs of a series before its rows: see `analysis::track::Sparse`.
///
/// Rows are counted from 0 over all samples of the series, `NaN` included. After
/// retention or damage, rows that are gone still have their number within the
/// first bucket kept.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// What it is, as drawn: counters have become rates.
    pub series: Series,
    /// Time of the first sample of each bucket of [`model::pyramid::BASE`] rows.
    pub bucket_at: Arc<[i64]>,
    /// Extremes of each bucket, as drawn; `Pyramid::from_base(samples, base)`.
    pub base: Level,
    /// Number of rows.
    pub samples: usize,
    /// Time of the last sample; 0 when there is none.
    pub last_at: i64,
}

/// Some rows of a series, as stored.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Number of the first row within the whole series.
    pub first: usize,
    /// The rows.
    pub column: Column,
}

/// One living process at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessRow {
    /// Its number within the host's stream.
    pub id: ProcessId,
    /// Who it is.
    pub process: Arc<Process>,
    /// When the process table was read.
    pub at: Moment,
    /// Its numbers then.
    pub reading: Reading,
    /// The table before, if the process was in it: together they give rates.
    pub previous: Option<(Moment, Reading)>,
}

/// What a process used within a span.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessTotals {
    /// Its number within the host's stream.
    pub id: ProcessId,
    /// Who it is.
    pub process: Arc<Process>,
    /// Processor time, user and system.
    pub cpu_seconds: f64,
    /// Bytes read from storage.
    pub read_bytes: u64,
    /// Bytes written to storage.
    pub write_bytes: u64,
    /// Largest resident memory.
    pub peak_resident_bytes: u64,
    /// First moment seen within the span.
    pub first: Moment,
    /// Last moment seen within the span.
    pub last: Moment,
    /// When it ended, if it did within the session.
    pub ended: Option<Moment>,
}

impl Session {
    /// Opens a session folder (finished, being recorded, or left by a crash) or file.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; damage that leaves something readable is a warning instead.
    pub fn open(path: &Path) -> Result<(Self, Vec<Warning>), OpenError> {
        let inner = open::open(path)?;
        let session = Self {
            inner: Arc::new(inner),
        };
        let warnings = session.warnings();
        Ok((session, warnings))
    }

    /// Where it was opened; `None` in memory.
    pub fn path(&self) -> Option<&Path> {
        open::path_of(&self.inner.place).map(PathBuf::as_path)
    }

    /// What the session says of itself, samples of open journals included.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// The hosts, by number.
    pub fn hosts(&self) -> &[HostEntry] {
        &self.inner.manifest.hosts
    }

    /// All series, in the order of the manifest.
    pub fn series(&self) -> &[Series] {
        &self.inner.series
    }

    /// The series of this name.
    pub fn find(&self, key: &SeriesKey) -> Option<&Series> {
        let place = *self.inner.index.get(key)?;
        self.inner.series.get(place as usize)
    }

    /// From the first sample of any host to just after the last.
    pub fn span(&self) -> Span {
        let parts = self.inner.parts.iter().flatten();
        parts.fold(Span::default(), |span, part| span.union(part.span))
    }

    /// Everything noticed so far: at opening, and while members were read.
    pub fn warnings(&self) -> Vec<Warning> {
        lock(&self.inner.warnings).clone()
    }

    /// Size of all data on disk, the journal of an unfinished recording with it.
    pub fn size_bytes(&self) -> u64 {
        let segments: u64 = self.inner.manifest.segments.iter().map(|it| it.bytes).sum();
        segments + self.inner.journal_bytes
    }

    /// One series, whole or within a span, as stored (counters stay counters).
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a series the session does not have.
    pub fn column(&self, key: &SeriesKey, span: Option<Span>) -> Result<Column, QueryError> {
        let mut columns = self.inner.columns(std::slice::from_ref(key), span)?;
        columns.pop().ok_or_else(|| unknown(key))
    }

    /// Several series in the order asked for, reading each member once.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] at the first series the session does not have.
    pub fn columns(
        &self,
        keys: &[SeriesKey],
        span: Option<Span>,
    ) -> Result<Vec<Column>, QueryError> {
        self.inner.columns(keys, span)
    }

    /// The lowest level of a series' pyramid; reads no samples.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a series the session does not have.
    pub fn sparse(&self, key: &SeriesKey) -> Result<Sparse, QueryError> {
        let mut found = self.inner.sparse(std::slice::from_ref(key))?;
        found.pop().ok_or_else(|| unknown(key))
    }

    /// Several of them in the order asked for, reading each member once.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] at the first series the session does not have.
    pub fn sparse_all(&self, keys: &[SeriesKey]) -> Result<Vec<Sparse>, QueryError> {
        self.inner.sparse(keys)
    }

    /// Some rows of a series by number, as stored.
    ///
    /// For rates ask for one row more in front. Rows past the end are left out.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a series the session does not have.
    pub fn rows(&self, key: &SeriesKey, rows: Range<usize>) -> Result<Rows, QueryError> {
        self.inner.rows(key, rows)
    }

    /// The processes that lived at a moment, by number.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a host the session does not have.
    pub fn processes_at(&self, host: HostId, at: Moment) -> Result<Vec<ProcessRow>, QueryError> {
        self.inner.processes_at(host, at)
    }

    /// One field of one process, with a row at each moment the process table was read.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a host or process the session does not have.
    pub fn process_column(
        &self,
        host: HostId,
        process: ProcessId,
        field: Field,
    ) -> Result<Column, QueryError> {
        self.inner.process_column(host, process, field)
    }

    /// What each process used within a span, by number.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a host the session does not have.
    pub fn process_use(&self, host: HostId, span: Span) -> Result<Vec<ProcessTotals>, QueryError> {
        self.inner.process_use(host, span)
    }

    /// What happened within a span on any host, by time.
    ///
    /// # Errors
    ///
    /// [`QueryError::Access`] when the disk refuses.
    pub fn events(&self, span: Span) -> Result<Vec<(HostId, Event)>, QueryError> {
        let mut found = Vec::new();
        for (host, parts) in self.inner.manifest.hosts.iter().zip(&self.inner.parts) {
            let near = parts
                .iter()
                .filter(|part| !part.span.intersect(span).is_empty());
            for part in near {
                let events = match &part.data {
                    Data::Held(held) => held.chunk.events.clone(),
                    Data::Stored(_) => self.inner.table(part, Table::Events, tables::events),
                };
                let inside = events.into_iter().filter(|event| span.contains(event.at));
                found.extend(inside.map(|event| (host.id, event)));
            }
        }
        found.sort_by_key(|(_, event)| event.at);
        Ok(found)
    }

    /// The histograms, in the order they were first seen.
    pub fn histograms(&self) -> impl Iterator<Item = &Series> {
        self.inner.manifest.histograms.iter().map(|it| &it.series)
    }

    /// Rows of some histograms within a span, in the order asked for: by time, one an
    /// interval.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a histogram the session does not have,
    /// [`QueryError::Limit`] when they are too many.
    pub fn histogram_rows(
        &self,
        keys: &[SeriesKey],
        span: Option<Span>,
    ) -> Result<Vec<Vec<Row>>, QueryError> {
        self.inner.histogram_rows(keys, span)
    }

    /// Spans that were under way within a span of time, by begin; of more than `limit`
    /// those that took longest.
    pub fn spans(&self, span: Span, filter: &SpanFilter, limit: usize) -> Spans {
        self.inner.spans(span, filter, limit)
    }

    /// How many spans are stored.
    pub fn span_count(&self) -> u64 {
        let parts = self.inner.parts.iter().flatten();
        let counts = parts.map(|part| match &part.data {
            Data::Held(held) => held.chunk.spans.len() as u64,
            Data::Stored(members) => members.get(&Table::Spans).map_or(0, |it| it.segment.rows),
        });
        counts.sum()
    }

    /// The host's settings when the recording began, by key.
    ///
    /// # Errors
    ///
    /// [`QueryError::Unknown`] for a host the session does not have.
    pub fn settings(&self, host: HostId) -> Result<Vec<(String, String)>, QueryError> {
        let (_, parts) = self.inner.host(host)?;
        for part in parts {
            let settings = match &part.data {
                Data::Held(held) => held.chunk.settings.clone(),
                Data::Stored(_) => self.inner.table(part, Table::Settings, tables::settings),
            };
            if !settings.is_empty() {
                return Ok(settings.into_iter().collect());
            }
        }
        Ok(Vec::new())
    }

    /// Notes on the time axis, by number.
    pub fn annotations(&self) -> Vec<Annotation> {
        read(&self.inner.annotations).clone()
    }

    /// Replaces the notes and stores them; a file is rewritten beside itself and swapped in.
    ///
    /// Calls from several threads queue, and the last one wins.
    ///
    /// # Errors
    ///
    /// [`QueryError::Access`] when they could not be stored; they then stay as they were.
    pub fn set_annotations(&self, annotations: Vec<Annotation>) -> Result<(), QueryError> {
        let _storing = lock(&self.inner.storing);
        self.put(ANNOTATIONS, &annotations, "this many notes")?;
        *write(&self.inner.annotations) = annotations;
        Ok(())
    }

    /// The findings kept in the session; `None` before it was analyzed.
    pub fn kept(&self) -> Option<Kept> {
        read(&self.inner.kept).clone()
    }

    /// What was taken out before it was shared; `None` where it is as it was recorded.
    pub fn shared(&self) -> Option<Shared> {
        open::document_of(&self.inner.place, SHARED, &mut Vec::new())
    }

    /// Replaces the findings and stores them, as [`Session::set_annotations`] does.
    ///
    /// # Errors
    ///
    /// [`QueryError::Access`] when they could not be stored; they then stay as they were.
    pub fn keep(&self, kept: Kept) -> Result<(), QueryError> {
        let _storing = lock(&self.inner.storing);
        self.put(FINDINGS, &kept, "this many findings")?;
        *write(&self.inner.kept) = Some(kept);
        Ok(())
    }

    /// What people say of the whole session: tags, a note, a build.
    pub fn label(&self) -> Label {
        read(&self.inner.label).clone()
    }

    /// Replaces tags, note and build and stores them, as [`Session::set_annotations`] does.
    ///
    /// # Errors
    ///
    /// [`QueryError::Access`] when they could not be stored; they then stay as they were.
    pub fn set_label(&self, label: Label) -> Result<(), QueryError> {
        let _storing = lock(&self.inner.storing);
        self.put(LABEL, &label, "this many tags")?;
        *write(&self.inner.label) = label;
        Ok(())
    }

    /// Replaces the findings for as long as the session is open; stores nothing.
    pub fn hold(&self, kept: Kept) {
        *write(&self.inner.kept) = Some(kept);
    }

    /// The standards that were attached, in the order in which they were.
    pub fn standards(&self) -> Vec<Standard> {
        read(&self.inner.standards).clone()
    }

    /// Replaces the attached standards and stores them, as [`Session::set_annotations`] does.
    ///
    /// # Errors
    ///
    /// [`QueryError::Access`] when they could not be stored; they then stay as they were.
    pub fn set_standards(&self, standards: Vec<Standard>) -> Result<(), QueryError> {
        let _storing = lock(&self.inner.storing);
        self.put(STANDARDS, &standards, "this many standards")?;
        *write(&self.inner.standards) = standards;
        Ok(())
    }

    /// Whether it lies on disk, so that notes and findings outlast this program.
    pub fn on_disk(&self) -> bool {
        !matches!(self.inner.place, Place::Memory)
    }

    /// Stores one document beside the manifest.
    fn put(&self, name: &str, value: &impl Serialize, what: &str) -> Result<(), QueryError> {
        let access = |source: io::Error| match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                QueryError::ReadOnly {
                    why: source.to_string(),
                }
            }
            _ => QueryError::Access {
                member: name.to_owned(),
                source,
            },
        };
        let bytes = document::sealed(value).map_err(|error| access(io::Error::other(error)))?;
        if bytes.len() as u64 > DOCUMENT_MAX_BYTES {
            return Err(QueryError::Limit {
                what: what.to_owned(),
            });
        }
        match &self.inner.place {
            Place::Memory => Ok(()),
            Place::Folder(folder) => {
                write_whole(&RealDisk, &folder.join(name), &bytes).map_err(access)
            }
            Place::File(path, _) => self.rewrite(path, (name, &bytes)).map_err(access),
        }
    }

    /// Copies the file with another document and swaps it in. Open readers keep the old one.
    fn rewrite(&self, path: &Path, (changed, bytes): (&str, &[u8])) -> io::Result<()> {
        let mut writer = Writer::create(path)?;
        self.copy_into(&mut writer, Some((changed, bytes)))?;
        writer.finish(path)
    }

    /// Copies the members of a file, but for a document that changes.
    pub(crate) fn copy_into(
        &self,
        writer: &mut Writer,
        changed: Option<(&str, &[u8])>,
    ) -> io::Result<()> {
        let place = &self.inner.place;
        let documents = [manifest::NAME, manifest::COPY_NAME];
        let members = self
            .inner
            .manifest
            .segments
            .iter()
            .map(|it| it.path.as_str());
        for name in documents[..1]
            .iter()
            .copied()
            .chain(members)
            .chain(documents[1..].iter().copied())
        {
            // A member that cannot be read any more cannot be copied; the manifest still tells of it.
            if let Some(bytes) = place.read(name, MEMBER_MAX_BYTES)? {
                writer.add(name, &bytes)?;
            }
        }
        let name = changed.map(|(name, _)| name);
        for name in DOCUMENTS.iter().filter(|it| Some(**it) != name) {
            if let Some(bytes) = self.document(name)? {
                writer.add(name, &bytes)?;
            }
        }
        match changed {
            Some((name, bytes)) => writer.add(name, bytes),
            None => Ok(()),
        }
    }
}

impl Session {
    /// A document as it is now. The open file still holds the one from when it was
    /// opened, which is copied only where it could not be read.
    fn document(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let now = match name {
            ANNOTATIONS => {
                let notes = read(&self.inner.annotations);
                (!notes.is_empty()).then(|| document::sealed(&*notes))
            }
            FINDINGS => read(&self.inner.kept).as_ref().map(document::sealed),
            LABEL => {
                let label = read(&self.inner.label);
                (!label.is_empty()).then(|| document::sealed(&*label))
            }
            STANDARDS => {
                let standards = read(&self.inner.standards);
                (!standards.is_empty()).then(|| document::sealed(&*standards))
            }
            _ => return self.inner.place.read(name, DOCUMENT_MAX_BYTES),
        };
        match now {
            Some(bytes) => bytes.map(Some).map_err(io::Error::other),
            None if self.warnings().iter().any(|it| it.member == name) => {
                self.inner.place.read(name, DOCUMENT_MAX_BYTES)
            }
            None => Ok(None),
        }
    }
}

fn unknown(key: &SeriesKey) -> QueryError {
    QueryError::Unknown {
        what: format!("series {key}"),
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
