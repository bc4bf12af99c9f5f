//! Several sessions and imports become one session on one time axis.
//!
//! * In: sessions and columns, each with how far its times are moved.
//! * Out: one session file. Data of hosts of the same name is put together; a series that
//!   two of them tell for the same stretch is kept twice, the second under a new name.
//! * Never: judges how far to move; overwrites.
//!
//! A host that only one session knows goes through part by part; only hosts that several
//! tell are held in memory whole.
//!
//! Start at [`combine`].

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use model::annotation::Annotation;
use model::event::{Event, EventKind};
use model::host::{Host, HostId};
use model::process::ProcessId;
use model::series::SeriesKey;
use model::standard::Standard;
use model::time::{Moment, Span};

use crate::build::Builder;
use crate::chunk::{Chunk, ChunkColumn};
use crate::ingest::{Source, by_host};
use crate::manifest::{HostEntry, Manifest, Placement};
use crate::progress::{Continue, Progress, Watch};
use crate::session::Session;
use crate::trim::{Keep, WriteError, chunk_of};

/// What a session is made of.
#[derive(Debug)]
pub enum Input {
    /// A session.
    Session(Session),
    /// Columns that were read elsewhere.
    Source(Source),
}

/// One of several inputs.
#[derive(Debug)]
pub struct Piece {
    /// The data.
    pub input: Input,
    /// Added to every time.
    pub by_ns: i64,
    /// Who it is and how its times came to be; becomes an event where it begins.
    pub note: (String, String),
}

/// What tells of one host.
enum Origin<'a> {
    /// A host of a session.
    Session(&'a Session, &'a HostEntry),
    /// All of it.
    Chunk(Chunk),
}

impl Origin<'_> {
    /// Its first moment, before it is moved.
    fn begin(&self) -> i64 {
        match self {
            Self::Session(session, entry) => {
                let of_host = session.inner.parts.get(usize::from(entry.id.0));
                let first = of_host.and_then(|it| it.first());
                first.map_or(i64::MAX, |it| it.span.from.0)
            }
            Self::Chunk(chunk) => chunk.span().from.0,
        }
    }
}

/// All that tells of a host, with the piece it comes from.
struct Told<'a> {
    name: String,
    origins: Vec<(usize, Origin<'a>)>,
}

/// Writes a session file of all pieces at `out`.
///
/// Notes of sessions stay; findings that were kept in them do not, since they are about
/// each alone.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn combine(
    pieces: Vec<Piece>,
    title: &str,
    out: &Path,
    watch: Watch<'_>,
) -> Result<(), WriteError> {
    let (mut moves, mut inputs) = (Vec::new(), Vec::new());
    for piece in pieces {
        moves.push((piece.by_ns, Some(piece.note)));
        inputs.push(piece.input);
    }
    let (mut hosts, mut notes): (Vec<Told<'_>>, Vec<Annotation>) = (Vec::new(), Vec::new());
    let mut standards: Vec<Standard> = Vec::new();
    let mut created = Moment(i64::MAX);
    // Sources are taken apart, sessions are only looked at.
    let mut sources = Vec::new();
    for (place, input) in inputs.iter_mut().enumerate() {
        if let Input::Source(source) = input {
            let moved = source.created.plus_ns(moves[place].0);
            created = Moment(created.0.min(moved.0));
            sources.push((place, by_host(std::mem::take(source))));
        }
    }
    for (place, input) in inputs.iter().enumerate() {
        let Input::Session(session) = input else {
            continue;
        };
        let by_ns = moves[place].0;
        let moved = session.manifest().created.plus_ns(by_ns);
        created = Moment(created.0.min(moved.0));
        for entry in &session.manifest().hosts {
            told(&mut hosts, &entry.name)
                .origins
                .push((place, Origin::Session(session, entry)));
        }
        for standard in session.standards() {
            // Of two versions of one standard the first stays: a session is held against one.
            if !standards.iter().any(|it| it.id == standard.id) {
                standards.push(standard);
            }
        }
        for note in session.annotations() {
            notes.push(Annotation {
                id: u32::try_from(notes.len())
                    .unwrap_or(u32::MAX)
                    .saturating_add(1),
                span: Span {
                    from: note.span.from.plus_ns(by_ns),
                    to: note.span.to.plus_ns(by_ns),
                },
                ..note
            });
        }
    }
    for (place, of_source) in sources {
        for (name, chunk) in of_source {
            let origins = &mut told(&mut hosts, &name).origins;
            origins.push((place, Origin::Chunk(chunk)));
        }
    }
    let mut builder = Builder::create(out, title, created)?;
    let mut manifest = Manifest::default();
    let total = hosts.len() as u64;
    for (done, host) in hosts.into_iter().enumerate() {
        let entry = entry(&mut manifest, &host, &moves)?;
        let id = builder.host(&entry);
        write(&mut builder, (id, &entry), host, &mut moves)?;
        let done = done as u64 + 1;
        if watch(Progress { done, total }) == Continue::Stop {
            return Err(WriteError::Stopped);
        }
    }
    if builder.is_empty() {
        return Err(WriteError::Empty {
            why: "nothing in it was measured at a moment".to_owned(),
        });
    }
    builder.keep_standards(&standards)?;
    builder.finish(&notes)
}

fn told<'h, 'a>(hosts: &'h mut Vec<Told<'a>>, name: &str) -> &'h mut Told<'a> {
    let known = hosts.iter().position(|it| it.name == name);
    let place = known.unwrap_or_else(|| {
        hosts.push(Told {
            name: name.to_owned(),
            origins: Vec::new(),
        });
        hosts.len() - 1
    });
    &mut hosts[place]
}

/// What is known of a host: what the first session that has it knows.
fn entry(
    manifest: &mut Manifest,
    host: &Told<'_>,
    moves: &[(i64, Option<(String, String)>)],
) -> Result<HostEntry, WriteError> {
    let known = host
        .origins
        .iter()
        .find_map(|(place, origin)| match origin {
            Origin::Session(_, entry) => Some((moves[*place].0, *entry)),
            Origin::Chunk(_) => None,
        });
    let (facts, placement) = match known {
        Some((by_ns, entry)) => {
            let boot = entry.placement.boot_to_axis_ns.saturating_add(by_ns);
            let placement = Placement {
                boot_to_axis_ns: boot,
                ..entry.placement
            };
            (entry.host.clone(), placement)
        }
        None => (Host::default(), Placement::default()),
    };
    let Some(id) = manifest.add_host(facts, &host.name, placement) else {
        return Err(WriteError::Empty {
            why: "it would hold more hosts than a session may".to_owned(),
        });
    };
    let made = &manifest.hosts[usize::from(id.0)];
    Ok(HostEntry {
        cadence_ns: known.map_or(0, |(_, entry)| entry.cadence_ns),
        ..made.clone()
    })
}

fn write(
    builder: &mut Builder,
    (id, kept): (HostId, &HostEntry),
    host: Told<'_>,
    moves: &mut [(i64, Option<(String, String)>)],
) -> Result<(), WriteError> {
    let alone = host.origins.len() == 1;
    let mut whole = Chunk::default();
    // By time, so that a series goes on from one input to the next.
    let mut origins = host.origins;
    origins.sort_by_key(|(place, origin)| origin.begin().saturating_add(moves[*place].0));
    for (place, origin) in origins {
        let by_ns = moves[place].0;
        let mut of_origin = Chunk::default();
        let mut say = |chunk: &mut Chunk| {
            // Told once, where the piece begins on the first of its hosts.
            if let Some((subject, text)) = moves[place].1.take() {
                let at = chunk.span().from;
                chunk.events.insert(0, told_event(at, subject, text));
            }
        };
        match origin {
            Origin::Chunk(mut chunk) => {
                chunk.shift(by_ns);
                say(&mut chunk);
                of_origin = chunk;
            }
            Origin::Session(session, entry) => {
                let settings = session.settings(entry.id)?;
                let mut settings: BTreeMap<String, String> = settings.into_iter().collect();
                let keep = Keep::default();
                let of_host = session.inner.parts.get(usize::from(entry.id.0));
                for part in of_host.into_iter().flatten() {
                    let mut chunk = chunk_of(session, entry.id, part, &keep);
                    chunk.settings = std::mem::take(&mut settings);
                    chunk.shift(by_ns);
                    // Processes began on the boot clock of their own session.
                    let boot = entry.placement.boot_to_axis_ns.saturating_add(by_ns);
                    chunk.boot(boot.saturating_sub(kept.placement.boot_to_axis_ns));
                    say(&mut chunk);
                    match alone {
                        true => builder.add(id, chunk)?,
                        false => of_origin.go_on(chunk),
                    }
                }
            }
        }
        whole.join(of_origin);
    }
    builder.add(id, whole)
}

fn told_event(at: Moment, subject: String, text: String) -> Event {
    Event {
        at,
        kind: EventKind::Other,
        subject,
        before: String::new(),
        after: String::new(),
        text,
    }
}

impl Chunk {
    /// Moves everything by so many nanoseconds.
    fn shift(&mut self, by_ns: i64) {
        if by_ns == 0 {
            return;
        }
        let mut shared: Vec<[Arc<[i64]>; 2]> = Vec::new();
        for column in &mut self.columns {
            let known = shared.iter().rfind(|[of, _]| Arc::ptr_eq(of, &column.at));
            column.at = match known {
                Some([_, at]) => Arc::clone(at),
                None => {
                    let moved = column.at.iter().map(|at| at.saturating_add(by_ns));
                    let at: Arc<[i64]> = moved.collect();
                    shared.push([Arc::clone(&column.at), Arc::clone(&at)]);
                    at
                }
            };
        }
        for row in &mut self.processes {
            row.at = row.at.saturating_add(by_ns);
        }
        for info in self.infos.values_mut() {
            info.ended_at = info.ended_at.map(|at| at.saturating_add(by_ns));
        }
        for row in self.histograms.iter_mut().flat_map(|it| &mut it.rows) {
            row.at = row.at.plus_ns(by_ns);
        }
        for span in &mut self.spans {
            span.start = span.start.plus_ns(by_ns);
        }
        for event in &mut self.events {
            event.at = event.at.plus_ns(by_ns);
        }
    }

    /// Puts the starts of processes onto a boot clock that began so much earlier.
    fn boot(&mut self, by_ns: i64) {
        if by_ns == 0 {
            return;
        }
        for info in self.infos.values_mut() {
            let process = Arc::make_mut(&mut info.process);
            process.start_boot_ns = process.start_boot_ns.saturating_add(by_ns);
        }
    }

    /// Goes on with the next part of the same host in the same session.
    fn go_on(&mut self, next: Self) {
        self.put_together(next, true);
    }

    /// Takes in what another input tells of the same host.
    fn join(&mut self, mut other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        // Numbers of processes are each input's own.
        let used = self.infos.keys().map(|it| it.0).max();
        let used = used.max(self.processes.iter().map(|it| it.id.0).max());
        if let Some(used) = used {
            let moved = |id: ProcessId| ProcessId(id.0.saturating_add(used).saturating_add(1));
            for row in &mut other.processes {
                row.id = moved(row.id);
            }
            let infos = std::mem::take(&mut other.infos).into_iter();
            other.infos = infos.map(|(id, info)| (moved(id), info)).collect();
        }
        self.put_together(other, false);
    }

    fn put_together(&mut self, other: Self, same: bool) {
        let mut joiner = Joiner::of(&self.columns);
        for column in other.columns {
            joiner.take(&mut self.columns, column);
        }
        for histogram in other.histograms {
            let key = &histogram.series.key;
            match self.histograms.iter_mut().find(|it| it.series.key == *key) {
                // Rows of one interval add up.
                Some(known) => known.rows.extend(histogram.rows),
                None => self.histograms.push(histogram),
            }
        }
        self.processes.extend(other.processes);
        self.processes.sort_by_key(|row| (row.id, row.at));
        match same {
            // The later part knows how a process ended.
            true => self.infos.extend(other.infos),
            false => other.infos.into_iter().for_each(|(id, info)| {
                self.infos.entry(id).or_insert(info);
            }),
        }
        self.events.extend(other.events);
        self.events.sort_by_key(|event| event.at);
        self.spans.extend(other.spans);
        self.spans.sort_by_key(|it| (it.start, it.trace, it.id));
        for (key, value) in other.settings {
            self.settings.entry(key).or_insert(value);
        }
    }
}

/// Puts columns beside or behind those of a chunk.
struct Joiner {
    /// Places of the series that are there.
    known: HashMap<SeriesKey, usize>,
    /// Times that were put together, so that columns go on sharing them.
    shared: Vec<[Arc<[i64]>; 3]>,
}

impl Joiner {
    fn of(columns: &[ChunkColumn]) -> Self {
        let keys = columns.iter().map(|it| it.series.key.clone());
        Self {
            known: keys.zip(0..).collect(),
            shared: Vec::new(),
        }
    }

    /// Goes on with a known series where the new samples come after the known ones, else
    /// takes it in under a new name.
    fn take(&mut self, columns: &mut Vec<ChunkColumn>, mut column: ChunkColumn) {
        let metric = column.series.key.metric.clone();
        let mut number = 2;
        loop {
            let place = self.known.get(&column.series.key).copied();
            let Some(known) = place.and_then(|it| columns.get_mut(it)) else {
                self.known.insert(column.series.key.clone(), columns.len());
                columns.push(column);
                return;
            };
            let after = match (known.at.last(), column.at.first()) {
                (Some(last), Some(first)) => last < first,
                _ => true,
            };
            if after && known.series.unit == column.series.unit {
                known.at = self.times(&known.at, &column.at);
                known.values = [&known.values[..], &column.values[..]].concat().into();
                return;
            }
            column.series.key.metric = format!("{metric} ({number})");
            number += 1;
        }
    }

    fn times(&mut self, first: &Arc<[i64]>, then: &Arc<[i64]>) -> Arc<[i64]> {
        let same = |it: &&[Arc<[i64]>; 3]| Arc::ptr_eq(&it[0], first) && Arc::ptr_eq(&it[1], then);
        if let Some([_, _, both]) = self.shared.iter().rfind(same) {
            return Arc::clone(both);
        }
        let both: Arc<[i64]> = [&first[..], &then[..]].concat().into();
        self.shared
            .push([Arc::clone(first), Arc::clone(then), Arc::clone(&both)]);
        both
    }
}
