//! Copies a part of a session: a span of time, some of the series.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use model::annotation::Annotation;
use model::host::HostId;
use model::time::{Moment, Span};

use crate::build::Builder;
use crate::chunk::{Chunk, ProcessCells};
use crate::manifest::Table;
use crate::part::{Data, Part, ProcessTable};
use crate::progress::{Continue, Progress, Watch};
use crate::session::{QueryError, Session};
use crate::tables;

/// What to keep. Spans belong to no series, so they stay when all series do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The stretch of time; `None` for everything.
    pub span: Option<Span>,
    /// Patterns of series names, any of which may match; none keeps all.
    pub series: Vec<String>,
}

/// Why a session could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something is in the way.
    #[error("something of this name is there already: {}", .path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// Nothing would be in it.
    #[error("nothing to write: {why}")]
    Empty {
        /// Why not.
        why: String,
    },
    /// The source session could not be read.
    #[error("could not read the session")]
    Query(#[from] QueryError),
    /// The disk is full.
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
    /// The watcher said stop; nothing was left behind.
    #[error("stopped, nothing was written")]
    Stopped,
}

/// Writes the part of `session` that `keep` names as a new file at `out`.
///
/// Host facts, settings, annotations and attached standards stay. Trimming with an empty [`Keep`]
/// packs a folder left by a crash into a file.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn trim(
    session: &Session,
    keep: &Keep,
    out: &Path,
    watch: Watch<'_>,
) -> Result<(), WriteError> {
    let manifest = session.manifest();
    let span = keep.span.unwrap_or(EVERYTHING);
    let parts = || session.inner.parts.iter().flatten();
    let total = parts().count() as u64;
    let mut builder = Builder::create(out, &manifest.title, manifest.created)?;
    let mut done = 0;
    for (entry, host_parts) in manifest.hosts.iter().zip(&session.inner.parts) {
        let host = builder.host(entry);
        let mut settings: BTreeMap<_, _> = session.settings(entry.id)?.into_iter().collect();
        for part in host_parts {
            done += 1;
            if !part.span.intersect(span).is_empty() {
                let mut chunk = chunk_of(session, entry.id, part, keep);
                // Only the first member of a host tells its settings.
                chunk.settings = std::mem::take(&mut settings);
                builder.add(host, chunk)?;
            }
            if watch(Progress { done, total }) == Continue::Stop {
                return Err(WriteError::Stopped);
            }
        }
    }
    if builder.is_empty() {
        return Err(WriteError::Empty {
            why: "no sample lies within the span and series asked for".to_owned(),
        });
    }
    let notes = session.annotations();
    let near =
        |note: &Annotation| span.contains(note.span.from) || !note.span.intersect(span).is_empty();
    let notes: Vec<Annotation> = notes.into_iter().filter(near).collect();
    builder.label(&session.label())?;
    builder.keep_standards(&session.standards())?;
    builder.finish(&notes)
}

/// All of time.
pub(crate) const EVERYTHING: Span = Span {
    from: Moment(i64::MIN),
    to: Moment(i64::MAX),
};

/// Reads what is kept of a part.
pub(crate) fn chunk_of(session: &Session, host: HostId, part: &Part, keep: &Keep) -> Chunk {
    let inner = &session.inner;
    let wanted = |name: &str| keep.wants(name);
    let of_host = inner.manifest.series.iter().enumerate();
    let places: Vec<u32> = of_host
        .filter(|(_, entry)| entry.host == host && wanted(&entry.series.key.to_string()))
        .map(|(place, _)| place as u32)
        .collect();
    let samples = Chunk {
        columns: inner.part_columns(part, &places),
        histograms: inner.part_histograms(host, part, |key| wanted(&key.to_string())),
        ..Chunk::default()
    };
    cut(session, (host, part), samples, keep)
}

/// Reads what is kept of a part but for samples: everything that holds texts.
pub(crate) fn texts_of(session: &Session, host: HostId, part: &Part, keep: &Keep) -> Chunk {
    cut(session, (host, part), Chunk::default(), keep)
}

/// Puts the other tables of a part to its samples, and cuts all to the span.
fn cut(session: &Session, (host, part): (HostId, &Part), samples: Chunk, keep: &Keep) -> Chunk {
    let inner = &session.inner;
    let span = keep.span.unwrap_or(EVERYTHING);
    let table = inner.process_table(host, part);
    let whole = Chunk {
        processes: opened(&table, span),
        infos: table.infos.clone(),
        events: match &part.data {
            Data::Held(held) => held.chunk.events.clone(),
            Data::Stored(_) => inner.table(part, Table::Events, tables::events),
        },
        settings: BTreeMap::new(),
        spans: if keep.series.is_empty() {
            inner.part_spans(part)
        } else {
            Vec::new()
        },
        ..samples
    };
    let mut chunk = if keep.span.is_some() {
        whole.within(span)
    } else {
        whole
    };
    for info in chunk.infos.values_mut() {
        if info.ended_at.is_some_and(|at| at >= span.to.0) {
            (info.ended_at, info.exit_code) = (None, None);
        }
    }
    chunk
}

/// The rows of processes, with a complete table where the span begins within the part.
fn opened(table: &ProcessTable, span: Span) -> Vec<ProcessCells> {
    let place = table.times.partition_point(|at| *at < span.from.0);
    let Some(first) = table.times.get(place).filter(|_| place > 0) else {
        return table.rows.clone();
    };
    let mut rows = Vec::with_capacity(table.rows.len());
    for of_process in table.by_process() {
        let before = of_process.partition_point(|row| row.at <= *first);
        let gone = table.gone_at(of_process).is_some_and(|at| at <= *first);
        if let Some(last) = before.checked_sub(1).filter(|_| !gone) {
            rows.push(ProcessCells {
                at: *first,
                complete: true,
                ..of_process[last]
            });
        }
        rows.extend_from_slice(&of_process[before..]);
    }
    rows
}
