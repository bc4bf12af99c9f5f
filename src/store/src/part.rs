//! Where a session's data is, and how one member of it is read and checked.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use model::annotation::Annotation;
use model::event::{Event, EventKind};
use model::finding::Kept;
use model::host::HostId;
use model::label::Label;
use model::process::ProcessId;
use model::series::{Series, SeriesKey};
use model::standard::Standard;
use model::time::{Moment, Span};
use polars::prelude::DataFrame;

use crate::archive::Archive;
use crate::bucket::{Buckets, Start};
use crate::chunk::{Chunk, Info, ProcessCells};
use crate::document;
use crate::limit::{MEMBER_MAX_BYTES, SERIES_MAX, WARNINGS_MAX};
use crate::manifest::{Manifest, Segment, SeriesEntry, Table};
use crate::parquet;
use crate::session::Warning;
use crate::tables;
use crate::tape::plain_file;

/// What a [`crate::session::Session`] shares.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) place: Place,
    pub(crate) manifest: Manifest,
    pub(crate) series: Vec<Series>,
    pub(crate) index: HashMap<SeriesKey, u32>,
    /// By host, in order of time.
    pub(crate) parts: Vec<Vec<Part>>,
    /// Bytes of the journal when an unfinished recording was opened.
    pub(crate) journal_bytes: u64,
    pub(crate) annotations: RwLock<Vec<Annotation>>,
    /// The findings kept in the session; none before it was analyzed.
    pub(crate) kept: RwLock<Option<Kept>>,
    /// What people say of the whole session.
    pub(crate) label: RwLock<Label>,
    /// The standards that were attached to the session.
    pub(crate) standards: RwLock<Vec<Standard>>,
    /// Held while notes are stored, so that the last to come is the last to write.
    pub(crate) storing: Mutex<()>,
    pub(crate) warnings: Mutex<Vec<Warning>>,
    pub(crate) row_index: Mutex<RowIndex>,
    pub(crate) process_tables: Mutex<VecDeque<(HostId, u32, Arc<ProcessTable>)>>,
}

/// Where each series' rows are: by its place, `(part, first row, rows)`.
pub(crate) type RowIndex = HashMap<u32, Arc<Vec<(usize, u64, u64)>>>;

/// Where members are read from.
#[derive(Debug)]
pub(crate) enum Place {
    Folder(PathBuf),
    File(PathBuf, Archive),
    Memory,
}

/// A stretch of one host's data.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) number: u32,
    /// Of everything in it; an event may lie before the samples.
    pub(crate) span: Span,
    /// Start of the part; never before that of the part before it.
    pub(crate) from: Moment,
    pub(crate) data: Data,
}

#[derive(Debug)]
pub(crate) enum Data {
    Stored(BTreeMap<Table, Member>),
    Held(Held),
}

/// A member that holds data.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) segment: Segment,
    state: AtomicU8,
}

const UNREAD: u8 = 0;
const SOUND: u8 = 1;
const DAMAGED: u8 = 2;

/// Data in memory: an open journal, or an import that was never written.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) chunk: Chunk,
    /// By column of the chunk: the series' place, and where it continues.
    pub(crate) starts: Vec<(u32, Start)>,
    buckets: OnceLock<Vec<Buckets>>,
}

/// Rows of processes of one part, ready for questions.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    /// By process and time.
    pub(crate) rows: Vec<ProcessCells>,
    pub(crate) infos: BTreeMap<ProcessId, Info>,
    /// When the process table was read: each time once.
    pub(crate) times: Vec<i64>,
    /// Those of them at which every living process has a row.
    pub(crate) complete: Vec<i64>,
}

impl Place {
    /// Reads a member or document; `None` when there is none.
    pub(crate) fn read(&self, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::File(_, archive) => archive.read(name, max),
            Self::Memory => Ok(None),
            Self::Folder(folder) => {
                let file = match plain_file(&folder.join(name)) {
                    Ok(file) => file,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                };
                let mut bytes = Vec::new();
                file.take(max + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > max {
                    return Err(io::Error::other("it is larger than it may be"));
                }
                Ok(Some(bytes))
            }
        }
    }
}

impl Held {
    pub(crate) fn new(chunk: Chunk, starts: Vec<(u32, Start)>) -> Self {
        Self {
            chunk,
            starts,
            buckets: OnceLock::new(),
        }
    }

    /// Buckets by column of the chunk, computed once.
    pub(crate) fn buckets(&self) -> &[Buckets] {
        self.buckets.get_or_init(|| {
            let columns = self.chunk.columns.iter().zip(&self.starts);
            columns
                .map(|(column, (_, start))| Buckets::of(column, *start))
                .collect()
        })
    }
}

impl Member {
    pub(crate) fn new(segment: Segment) -> Self {
        Self {
            segment,
            state: AtomicU8::new(UNREAD),
        }
    }
}

/// Finds or adds the series of a chunk's columns and moves their ends on.
///
/// Returns, by column, the place in the manifest and where the series continues.
/// Columns beyond [`SERIES_MAX`] series are taken out of the chunk, with an event that
/// says so: a manifest that names more could not be opened.
pub(crate) fn enter(manifest: &mut Manifest, host: HostId, chunk: &mut Chunk) -> Vec<(u32, Start)> {
    crate::requests::enter(manifest, host, chunk);
    let mut known: HashMap<SeriesKey, usize> = HashMap::new();
    for (place, entry) in manifest.series.iter().enumerate() {
        if entry.host == host {
            known.insert(entry.series.key.clone(), place);
        }
    }
    let mut room = SERIES_MAX.saturating_sub(manifest.series.len());
    let before = chunk.columns.len();
    chunk.columns.retain(|column| {
        let fits = room > 0 || known.contains_key(&column.series.key);
        room -= usize::from(fits && !known.contains_key(&column.series.key));
        fits
    });
    tell_left_out(chunk, before - chunk.columns.len());
    let mut starts = Vec::with_capacity(chunk.columns.len());
    for column in &chunk.columns {
        let place = *known.entry(column.series.key.clone()).or_insert_with(|| {
            manifest.series.push(SeriesEntry {
                series: column.series.clone(),
                host,
                samples: 0,
                last: None,
            });
            manifest.series.len() - 1
        });
        let entry = &mut manifest.series[place];
        let start = Start {
            row: entry.samples,
            last: entry.last,
        };
        starts.push((place as u32, start));
        entry.samples += column.at.len() as u64;
        if let (Some(at), Some(value)) = (column.at.last(), column.values.last()) {
            entry.last = Some((*at, *value));
        }
    }
    starts
}

/// Says in the chunk that series found no place in the session.
fn tell_left_out(chunk: &mut Chunk, count: usize) {
    if count == 0 {
        return;
    }
    let at = chunk.span().to.plus_ns(-1);
    chunk.events.push(Event {
        at,
        kind: EventKind::Recorder,
        subject: "session".to_owned(),
        before: String::new(),
        after: String::new(),
        text: format!(
            "{count} series are not kept: a session holds at most {SERIES_MAX}; record into a new one"
        ),
    });
}

impl Inner {
    /// Notes something wrong, once.
    pub(crate) fn warn(&self, member: &str, text: String) {
        let warning = Warning {
            member: member.to_owned(),
            text,
        };
        let mut warnings = lock(&self.warnings);
        if warnings.len() < WARNINGS_MAX && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Reads the bytes of a member as they should be.
    ///
    /// # Errors
    ///
    /// A sentence when they are missing or differ from what was written.
    pub(crate) fn bytes(&self, member: &Member) -> Result<Vec<u8>, String> {
        if member.state.load(Ordering::Relaxed) != SOUND {
            let bytes = self.bytes_anew(member)?;
            member.state.store(SOUND, Ordering::Relaxed);
            return Ok(bytes);
        }
        self.bytes_unchecked(member)
    }

    /// Reads the bytes of a member and compares their checksum, known or not.
    pub(crate) fn bytes_anew(&self, member: &Member) -> Result<Vec<u8>, String> {
        let bytes = self.bytes_unchecked(member)?;
        if document::sha256(&bytes) != member.segment.sha256 {
            return Err("differs from what was written".to_owned());
        }
        Ok(bytes)
    }

    fn bytes_unchecked(&self, member: &Member) -> Result<Vec<u8>, String> {
        let segment = &member.segment;
        let read = self.place.read(&segment.path, MEMBER_MAX_BYTES);
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err("is missing".to_owned()),
            Err(error) => return Err(format!("cannot be read: {error}")),
        };
        if bytes.len() as u64 != segment.bytes {
            return Err(format!(
                "has {} bytes instead of {}",
                bytes.len(),
                segment.bytes
            ));
        }
        Ok(bytes)
    }

    /// Reads columns of a stored table; `None` when the part has none or it is
    /// damaged, which is then told.
    pub(crate) fn frame(
        &self,
        members: &BTreeMap<Table, Member>,
        table: Table,
        names: Option<&[String]>,
    ) -> Option<DataFrame> {
        let member = members.get(&table)?;
        if member.state.load(Ordering::Relaxed) == DAMAGED {
            return None;
        }
        let read = self
            .bytes(member)
            .and_then(|bytes| parquet::frame_of(bytes, member.segment.rows, names));
        self.sound(member, read)
    }

    /// Passes on what was read, or marks the member and tells.
    pub(crate) fn sound<T>(&self, member: &Member, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(why) => {
                member.state.store(DAMAGED, Ordering::Relaxed);
                self.warn(&member.segment.path, why);
                None
            }
        }
    }

    /// Reads and decodes a stored table.
    pub(crate) fn table<T: Default>(
        &self,
        part: &Part,
        table: Table,
        decode: fn(&DataFrame) -> Result<T, String>,
    ) -> T {
        let Data::Stored(members) = &part.data else {
            return T::default();
        };
        let Some(frame) = self.frame(members, table, None) else {
            return T::default();
        };
        let decoded = decode(&frame);
        match members.get(&table) {
            Some(member) => self.sound(member, decoded).unwrap_or_default(),
            None => T::default(),
        }
    }

    /// The processes of a part, from the few tables kept.
    pub(crate) fn process_table(&self, host: HostId, part: &Part) -> Arc<ProcessTable> {
        /// Ten minutes of a busy host are 45,000 rows of 130 bytes.
        const KEPT: usize = 4;
        let mut kept = lock(&self.process_tables);
        let known = kept
            .iter()
            .position(|(h, number, _)| *h == host && *number == part.number);
        if let Some(found) = known.and_then(|place| kept.remove(place)) {
            let table = Arc::clone(&found.2);
            kept.push_back(found);
            return table;
        }
        drop(kept);
        let table = Arc::new(self.read_processes(part));
        kept = lock(&self.process_tables);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((host, part.number, Arc::clone(&table)));
        table
    }

    fn read_processes(&self, part: &Part) -> ProcessTable {
        let (rows, infos) = match &part.data {
            Data::Held(held) => (held.chunk.processes.clone(), held.chunk.infos.clone()),
            Data::Stored(_) => (
                self.table(part, Table::Processes, tables::processes),
                self.table(part, Table::ProcessInfo, tables::infos),
            ),
        };
        // The row a process leaves behind when it ends is not a reading of the table.
        let ends: BTreeMap<ProcessId, i64> = infos
            .iter()
            .filter_map(|(id, info)| Some((*id, info.ended_at?)))
            .collect();
        let mut times: Vec<i64> = rows
            .iter()
            .filter(|row| ends.get(&row.id) != Some(&row.at))
            .map(|row| row.at)
            .collect();
        let mut complete: Vec<i64> = rows
            .iter()
            .filter(|row| row.complete)
            .map(|row| row.at)
            .collect();
        for list in [&mut times, &mut complete] {
            list.sort_unstable();
            list.dedup();
        }
        ProcessTable {
            rows,
            infos,
            times,
            complete,
        }
    }
}

impl ProcessTable {
    /// Rows of each process.
    pub(crate) fn by_process(&self) -> impl Iterator<Item = &[ProcessCells]> {
        self.rows.chunk_by(|a, b| a.id == b.id)
    }

    /// Rows of one process.
    pub(crate) fn of(&self, id: ProcessId) -> &[ProcessCells] {
        let from = self.rows.partition_point(|row| row.id < id);
        let to = self.rows.partition_point(|row| row.id <= id);
        &self.rows[from..to]
    }

    /// When a process was gone: it ended, or a complete table no longer lists it.
    pub(crate) fn gone_at(&self, rows: &[ProcessCells]) -> Option<i64> {
        let last = rows.last()?;
        let ended = self.infos.get(&last.id).and_then(|info| info.ended_at);
        let missing = self.complete.iter().find(|at| **at > last.at).copied();
        match (ended, missing) {
            (Some(ended), Some(missing)) => Some(ended.min(missing)),
            (one, other) => one.or(other),
        }
    }
}

/// Locks; a thread that panicked while holding it left nothing half-done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::unit::Unit;

    use super::*;
    use crate::chunk::ChunkColumn;

    fn series(name: &str) -> Series {
        Series {
            key: SeriesKey::new("h", name, []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        }
    }

    #[test]
    fn series_that_a_session_cannot_hold_are_left_out_and_told() {
        let entry = SeriesEntry {
            series: series("known"),
            host: HostId(0),
            samples: 1,
            last: None,
        };
        let mut manifest = Manifest {
            series: vec![entry; SERIES_MAX - 1],
            ..Manifest::default()
        };
        let column = |name: &str| ChunkColumn {
            series: series(name),
            at: [7_i64].into(),
            values: [1.0].into(),
        };
        let mut chunk = Chunk {
            columns: ["fits", "does not", "known", "nor this"]
                .map(column)
                .to_vec(),
            ..Chunk::default()
        };
        let starts = enter(&mut manifest, HostId(0), &mut chunk);
        let kept = chunk.columns.iter().map(|it| it.series.key.metric.as_str());
        assert_eq!(kept.collect::<Vec<_>>(), ["fits", "known"]);
        assert_eq!(starts.len(), 2);
        assert_eq!(manifest.series.len(), SERIES_MAX);
        assert_eq!(chunk.events.len(), 1);
        assert_eq!(chunk.events[0].at, Moment(7));
        assert!(chunk.events[0].text.starts_with("2 series are not kept"));
    }
}
