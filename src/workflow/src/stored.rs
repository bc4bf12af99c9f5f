//! A session on disk (or an imported file) as window, terminal and report see it.
//!
//! Getters give what was read at opening; everything else is job work that may
//! read the disk. Series are given *as drawn*: measured counters as rates, and
//! derived series computed from them by `analysis::derive`.
//!
//! Start at [`Stored::open`].

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use analysis::derive::Plan;
use analysis::overview::ProcessUse;
use analysis::quality::{self, Coverage, Mark};
use analysis::signals::Signal;
use analysis::track::{Detail, Sparse, Track};
use model::annotation::Annotation;
use model::catalog::Kind;
use model::columns::Column;
use model::event::Event;
use model::finding::Kept;
use model::host::{Host, HostId};
use model::label::Label;
use model::process::{Field, ProcessId};
use model::pyramid::Pyramid;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use store::progress::{Continue, Progress};
use store::session::{OpenError, QueryError, Session};

use crate::jobs::Context;
use crate::link::lock;
use crate::problem::{Problem, Sort};
use crate::processes::{Line, Measure, Rows};
use crate::stretches;

mod derived;
pub mod requests;
mod standards;

use derived::wider;

/// Series of more samples than this are not held in memory whole.
pub const WHOLE_MAX_ROWS: usize = 500_000;

/// Large series whose pyramids are read in one go: 16 of 1e7 samples hold 32 MB.
const READ_ALONG: usize = 16;

/// Counters searched for resets, at most; the first of each host.
const RESET_SERIES_MAX: usize = 64;

/// A host of a session.
#[derive(Clone, Debug)]
pub struct HostFacts {
    /// Its name in series keys.
    pub name: String,
    /// What its agent said.
    pub host: Host,
    /// Its wall clock minus the recorder's.
    pub offset_ns: i64,
    /// How far that may be off.
    pub error_ns: i64,
    /// Planned time between samples; 0 when unknown.
    pub cadence_ns: i64,
    id: HostId,
}

/// An open session; cheap to clone.
#[derive(Clone)]
pub struct Stored {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    origin: PathBuf,
    title: String,
    hosts: Vec<HostFacts>,
    measured: Vec<Series>,
    drawn: Vec<Series>,
    derived: HashMap<SeriesKey, Vec<SeriesKey>>,
    /// Histograms, and what is derived of them.
    observed: Vec<Series>,
    signals: HashMap<SeriesKey, Signal>,
    events: Vec<(String, Event)>,
    settings: HashMap<String, Vec<(String, String)>>,
    quality: Vec<quality::Quality>,
    damaged: bool,
    read_along: Mutex<HashMap<SeriesKey, store::session::Sparse>>,
    /// What processes used, newest last: a report asks for the same several times.
    used: Mutex<Vec<Used>>,
}

/// What the processes of a host used within a span.
struct Used {
    host: String,
    span: Span,
    processes: Arc<[ProcessUse]>,
}

/// So many answers are kept.
const USED_MAX: usize = 16;

/// The problem of an input that is not there.
pub fn missing(path: &Path) -> Problem {
    Problem {
        what: format!("could not open {}", path.display()),
        why: "there is no such file or folder".to_owned(),
        what_to_do: "check the path, or record one: kymo record --for 60s --out session.kymo"
            .to_owned(),
        sort: Sort::NotReadable,
    }
}

/// Turns a job's context into the watch that the store calls.
pub(crate) fn on_progress(context: &Context) -> impl FnMut(Progress) -> Continue + '_ {
    |progress| {
        context.progress(progress.done, progress.total);
        if context.cancelled() {
            Continue::Stop
        } else {
            Continue::Yes
        }
    }
}

impl Stored {
    /// Opens a session, or imports a foreign file in memory.
    ///
    /// Returns it with everything that people should be warned of.
    ///
    /// # Errors
    ///
    /// A [`Problem`] that names what it is instead, or why it cannot be used.
    pub fn open(path: &Path, context: &Context) -> Result<(Self, Vec<String>), Problem> {
        if !path.exists() {
            return Err(missing(path));
        }
        match Session::open(path) {
            Ok((session, warnings)) => {
                let texts: Vec<String> = warnings.iter().map(told).collect();
                let damaged = !warnings.is_empty();
                Ok((Self::of(session, path, damaged)?, texts))
            }
            Err(OpenError::NotASession { .. }) if crate::sealed::is_locked(path) => {
                Err(crate::sealed::locked(path))
            }
            Err(OpenError::NotASession { .. }) if path.is_file() => {
                let (source, notes) = crate::imports::foreign(path, context)?;
                let session = store::ingest::in_memory(source);
                Ok((Self::of(session, path, false)?, notes))
            }
            Err(error) => Err(opening(path, &error)),
        }
    }

    pub(crate) fn of(session: Session, path: &Path, damaged: bool) -> Result<Self, Problem> {
        let hosts: Vec<HostFacts> = session.hosts().iter().map(host_facts).collect();
        let measured = session.series().to_vec();
        let mut drawn: Vec<Series> = measured.iter().map(as_drawn).collect();
        let mut derived = HashMap::new();
        for facts in &hosts {
            let own: Vec<Series> = measured
                .iter()
                .filter(|series| series.key.host == facts.name)
                .cloned()
                .collect();
            for one in Plan::new(&own).derived() {
                let inputs = one.inputs();
                let keys = inputs.iter().map(|id| own[id.0 as usize].key.clone());
                derived.insert(one.series.key.clone(), keys.collect());
                drawn.push(one.series.clone());
            }
        }
        let observed: Vec<Series> = session.histograms().cloned().collect();
        let mut signals = HashMap::new();
        for signal in analysis::signals::plan(&observed) {
            drawn.push(signal.series.clone());
            signals.insert(signal.series.key.clone(), signal);
        }
        let reading = |error: QueryError| reading(path, &error);
        let events = named_events(&session, &hosts).map_err(reading)?;
        let mut settings = HashMap::new();
        for facts in &hosts {
            let of_host = session.settings(facts.id).map_err(reading)?;
            settings.insert(facts.name.clone(), of_host);
        }
        let mut inner = Inner {
            title: title(&session, path),
            origin: path.to_path_buf(),
            session,
            hosts,
            measured,
            drawn,
            derived,
            observed,
            signals,
            events,
            settings,
            quality: Vec::new(),
            damaged,
            read_along: Mutex::default(),
            used: Mutex::default(),
        };
        inner.quality = inner.assess()?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Title given by its author, else the file's name.
    pub fn title(&self) -> &str {
        &self.inner.title
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.inner.origin
    }

    /// Its hosts.
    pub fn hosts(&self) -> &[HostFacts] {
        &self.inner.hosts
    }

    /// Every series as drawn: measured ones, then derived ones.
    pub fn series(&self) -> &[Series] {
        &self.inner.drawn
    }

    /// The measured series as stored.
    pub fn measured(&self) -> &[Series] {
        &self.inner.measured
    }

    /// From the first sample to just after the last.
    pub fn span(&self) -> Span {
        self.inner.session.span()
    }

    /// What happened, by time, with the host's name.
    pub fn events(&self) -> &[(String, Event)] {
        &self.inner.events
    }

    /// Settings of a host when the recording began.
    pub fn settings(&self, host: &str) -> &[(String, String)] {
        self.inner.settings.get(host).map_or(&[], Vec::as_slice)
    }

    /// Doubts about the data, by time.
    pub fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = self
            .inner
            .quality
            .iter()
            .flat_map(|quality| quality.marks.iter().cloned())
            .collect();
        quality::sort(&mut marks);
        marks
    }

    /// How much of each host's recording is there.
    pub fn coverage(&self) -> Vec<Coverage> {
        let all = self.inner.quality.iter();
        all.map(|quality| quality.coverage.clone()).collect()
    }

    /// What was taken out of it before it was shared; `None` where it was not.
    pub fn shared(&self) -> Option<store::share::Shared> {
        self.inner.session.shared()
    }

    /// Notes on the axis.
    pub fn annotations(&self) -> Vec<Annotation> {
        self.inner.session.annotations()
    }

    /// Replaces the notes and stores them in the session.
    ///
    /// # Errors
    ///
    /// The session cannot be written.
    pub fn set_annotations(&self, annotations: &[Annotation]) -> Result<(), Problem> {
        self.inner
            .session
            .set_annotations(annotations.to_vec())
            .map_err(|error| storing(self.path(), &error, "notes"))
    }

    /// The findings kept in the session; `None` before it was analyzed.
    pub fn kept(&self) -> Option<Kept> {
        self.inner.session.kept()
    }

    /// Replaces the findings kept in the session.
    ///
    /// # Errors
    ///
    /// The session cannot be written.
    pub fn keep(&self, kept: Kept) -> Result<(), Problem> {
        self.inner
            .session
            .keep(kept)
            .map_err(|error| storing(self.path(), &error, "findings"))
    }

    /// What people say of the whole session: tags, a note, a build.
    pub fn label(&self) -> Label {
        self.inner.session.label()
    }

    /// Replaces tags, note and build kept in the session.
    ///
    /// # Errors
    ///
    /// The session cannot be written.
    pub fn set_label(&self, label: Label) -> Result<(), Problem> {
        self.inner
            .session
            .set_label(label)
            .map_err(|error| storing(self.path(), &error, "tags and note"))
    }

    /// Replaces the findings for as long as the session is open; stores nothing.
    pub fn hold(&self, kept: Kept) {
        self.inner.session.hold(kept);
    }

    /// Whether it lies on disk, so that notes and findings outlast this program; a
    /// table that was imported does not.
    pub fn on_disk(&self) -> bool {
        self.inner.session.on_disk()
    }

    /// Size on disk.
    pub fn bytes(&self) -> u64 {
        self.inner.session.size_bytes()
    }

    /// Number of samples of the series that has most.
    pub fn samples(&self) -> u64 {
        let entries = &self.inner.session.manifest().series;
        entries.iter().map(|entry| entry.samples).max().unwrap_or(0)
    }

    /// Whether part of it could not be read, as far as was noticed until now.
    pub fn damaged(&self) -> bool {
        self.inner.damaged || !self.inner.session.warnings().is_empty()
    }

    /// What was noticed since opening: members are checked when they are read first.
    pub fn warnings(&self) -> Vec<String> {
        self.inner.session.warnings().iter().map(told).collect()
    }

    /// The store's view, for work on whole sessions.
    pub(crate) fn session(&self) -> &Session {
        &self.inner.session
    }

    /// Loads a series for drawing: whole when small, as a pyramid when large.
    ///
    /// # Errors
    ///
    /// The session has no such series, or the disk refuses.
    pub fn load(&self, key: &SeriesKey) -> Result<Track, Problem> {
        if self.is_computed(key) {
            return Ok(Track::whole(&self.column(key, None)?));
        }
        let entries = &self.inner.session.manifest().series;
        let samples = entries
            .iter()
            .find(|entry| entry.series.key == *key)
            .map_or(0, |entry| entry.samples as usize);
        if samples <= WHOLE_MAX_ROWS {
            return Ok(Track::whole(&self.stored_column(key, None)?));
        }
        let sparse = self.sparse(key)?;
        Ok(Track::sparse(Sparse {
            series: sparse.series,
            bucket_at: sparse.bucket_at,
            pyramid: Pyramid::from_base(sparse.samples, sparse.base),
            last_at: sparse.last_at,
        }))
    }

    /// The pyramid of a large series. Its neighbours lie in the same members and are
    /// drawn next, so they are read along and handed out when they are asked for.
    fn sparse(&self, key: &SeriesKey) -> Result<store::session::Sparse, Problem> {
        let mut read_along = lock(&self.inner.read_along);
        if let Some(sparse) = read_along.remove(key) {
            return Ok(sparse);
        }
        let entries = &self.inner.session.manifest().series;
        let large = entries
            .iter()
            .filter(|entry| entry.samples as usize > WHOLE_MAX_ROWS)
            .map(|entry| &entry.series.key);
        let after = large.skip_while(|other| *other != key);
        let keys: Vec<SeriesKey> = after.take(READ_ALONG).cloned().collect();
        let read = self.inner.session.sparse_all(&keys);
        let read = read.map_err(|error| reading(self.path(), &error))?;
        read_along.clear();
        read_along.extend(keys.into_iter().zip(read));
        read_along
            .remove(key)
            .ok_or_else(|| unknown(key, self.path()))
    }

    /// Whether a series is computed when it is asked for.
    fn is_computed(&self, key: &SeriesKey) -> bool {
        self.inner.derived.contains_key(key) || self.inner.signals.contains_key(key)
    }

    /// Loads rows of a large series, as drawn.
    ///
    /// # Errors
    ///
    /// The session has no such series, or the disk refuses.
    pub fn detail(&self, key: &SeriesKey, rows: Range<usize>) -> Result<Detail, Problem> {
        // One row more in front, so that the first rate is known.
        let wider = rows.start.saturating_sub(1)..rows.end;
        let loaded = self
            .inner
            .session
            .rows(key, wider)
            .map_err(|error| reading(self.path(), &error))?;
        let drawn = loaded.column.plottable();
        let skip = rows.start.saturating_sub(loaded.first).min(drawn.at.len());
        Ok(Detail {
            first: loaded.first + skip,
            at: drawn.at[skip..].into(),
            values: drawn.values[skip..].into(),
        })
    }

    /// A series within a span, as drawn; derived ones are computed.
    ///
    /// # Errors
    ///
    /// The session has no such series, or the disk refuses.
    pub fn column(&self, key: &SeriesKey, span: Option<Span>) -> Result<Column, Problem> {
        if self.inner.signals.contains_key(key) {
            let mut computed = self.signal_columns(&[key], span)?;
            return computed
                .remove(key)
                .ok_or_else(|| unknown(key, self.path()));
        }
        let Some(inputs) = self.inner.derived.get(key) else {
            return Ok(self.stored_column(key, span)?.plottable());
        };
        let column = self.inner.derived_column(key, inputs, wider(span))?;
        Ok(match span {
            Some(span) => cut(&column, span),
            None => column,
        })
    }

    /// Several series within a span, as drawn, in the order asked for. Measured ones
    /// are read in one go, and those of equal times share them; what derived ones need is
    /// read in as few goes as memory allows.
    ///
    /// # Errors
    ///
    /// The session has no such series, or the disk refuses.
    pub fn columns(&self, keys: &[SeriesKey], span: Option<Span>) -> Result<Vec<Column>, Problem> {
        let is_computed = |key: &&SeriesKey| self.is_computed(key);
        let (computed, measured): (Vec<&SeriesKey>, Vec<&SeriesKey>) =
            keys.iter().partition(|key| is_computed(key));
        let measured: Vec<SeriesKey> = measured.into_iter().cloned().collect();
        let (signals, derived): (Vec<&SeriesKey>, Vec<&SeriesKey>) = computed
            .into_iter()
            .partition(|key| self.inner.signals.contains_key(key));
        let mut computed = self.derived_columns(&derived, span)?;
        computed.extend(self.signal_columns(&signals, span)?);
        let read = self.inner.session.columns(&measured, span);
        let mut read = read
            .map_err(|error| reading(self.path(), &error))?
            .into_iter();
        let mut columns = Vec::with_capacity(keys.len());
        for key in keys {
            let measured = if is_computed(&key) { None } else { read.next() };
            columns.push(match (measured, computed.remove(key)) {
                (Some(column), _) => column.plottable(),
                (None, Some(column)) => column,
                (None, None) => self.column(key, span)?,
            });
        }
        Ok(columns)
    }

    /// Measured series as stored, in the order asked for: counters stay counters.
    pub(crate) fn raw(&self, keys: &[SeriesKey]) -> Result<Vec<Column>, Problem> {
        let columns = self.inner.session.columns(keys, None);
        columns.map_err(|error| reading(self.path(), &error))
    }

    fn stored_column(&self, key: &SeriesKey, span: Option<Span>) -> Result<Column, Problem> {
        let column = self.inner.session.column(key, span);
        column.map_err(|error| reading(self.path(), &error))
    }

    fn host_id(&self, host: &str) -> Result<HostId, Problem> {
        let found = self.inner.hosts.iter().find(|facts| facts.name == host);
        found.map(|facts| facts.id).ok_or_else(|| Problem {
            what: format!("could not look up {host}"),
            why: "the session has no such host".to_owned(),
            what_to_do: format!("kymo info {}", self.path().display()),
            sort: Sort::Usage,
        })
    }

    /// Processes that lived at `moment`, with their numbers then.
    ///
    /// # Errors
    ///
    /// The session has no such host, or the disk refuses.
    pub fn processes_at(&self, host: &str, moment: Moment) -> Result<Vec<Line>, Problem> {
        let rows = self
            .inner
            .session
            .processes_at(self.host_id(host)?, moment)
            .map_err(|error| reading(self.path(), &error))?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let rows = Rows {
                    latest: (row.at, row.reading),
                    before: row.previous,
                };
                let step_ns = row
                    .previous
                    .map_or(SECOND_NS, |(before, _)| row.at.0 - before.0);
                Line::at(row.id, &row.process, &rows, (row.at, step_ns.max(1)))
            })
            .collect())
    }

    /// The drawable track of one measure of a process.
    ///
    /// # Errors
    ///
    /// The session has no such host or process, or the disk refuses.
    pub fn process_track(
        &self,
        host: &str,
        process: ProcessId,
        measure: Measure,
    ) -> Result<Track, Problem> {
        let column = self.process_measure(host, process, measure)?;
        Ok(Track::whole(&column))
    }

    /// One measure of a process as it is drawn, counters as rates.
    ///
    /// # Errors
    ///
    /// The session has no such host or process, or the disk refuses.
    pub fn process_drawn(
        &self,
        host: &str,
        process: ProcessId,
        measure: Measure,
    ) -> Result<Column, Problem> {
        let column = self.process_measure(host, process, measure)?;
        Ok(column.plottable())
    }

    fn process_measure(
        &self,
        host: &str,
        process: ProcessId,
        measure: Measure,
    ) -> Result<Column, Problem> {
        let id = self.host_id(host)?;
        let read = |field| {
            let column = self.inner.session.process_column(id, process, field);
            column.map_err(|error| reading(self.path(), &error))
        };
        Ok(match measure {
            Measure::Field(field) => read(field)?,
            Measure::Cpu => {
                let (user, system) = (read(Field::UserTime)?, read(Field::SystemTime)?);
                let both = user.values.iter().zip(system.values.iter());
                let mut series = user.series.clone();
                series.key.metric = "process.cpu.utilization".to_owned();
                series.key.attributes.retain(|(name, _)| name != "cpu.mode");
                Column {
                    series,
                    values: both.map(|(user, system)| user + system).collect(),
                    at: user.at,
                }
            }
        })
    }

    /// The readings of one field of a process as stored.
    ///
    /// # Errors
    ///
    /// The session has no such host or process, or the disk refuses.
    pub fn process_field(
        &self,
        host: &str,
        process: ProcessId,
        field: Field,
    ) -> Result<Column, Problem> {
        let id = self.host_id(host)?;
        let column = self.inner.session.process_column(id, process, field);
        column.map_err(|error| reading(self.path(), &error))
    }

    /// What each process of a host used within a span, the busiest first.
    ///
    /// # Errors
    ///
    /// The session has no such host, or the disk refuses.
    pub fn process_use(&self, host: &str, span: Span) -> Result<Arc<[ProcessUse]>, Problem> {
        let kept = |used: &[Used]| {
            let same = |it: &&Used| it.host == host && it.span == span;
            used.iter().find(same).map(|it| Arc::clone(&it.processes))
        };
        if let Some(known) = kept(&lock(&self.inner.used)) {
            return Ok(known);
        }
        let processes: Arc<[ProcessUse]> = self.processes_used(host, span)?.into();
        let mut used = lock(&self.inner.used);
        if used.len() >= USED_MAX {
            used.remove(0);
        }
        used.push(Used {
            host: host.to_owned(),
            span,
            processes: Arc::clone(&processes),
        });
        Ok(processes)
    }

    fn processes_used(&self, host: &str, span: Span) -> Result<Vec<ProcessUse>, Problem> {
        let totals = self
            .inner
            .session
            .process_use(self.host_id(host)?, span)
            .map_err(|error| reading(self.path(), &error))?;
        let cpus = self
            .inner
            .hosts
            .iter()
            .find(|facts| facts.name == host)
            .map_or(0, |facts| facts.host.cpus);
        let whole = f64::from(cpus) * span.seconds();
        let mut used: Vec<_> = totals
            .into_iter()
            .map(|total| ProcessUse {
                id: total.id,
                host: host.to_owned(),
                pid: total.process.pid,
                parent_pid: total.process.parent_pid,
                name: total.process.name.clone(),
                command: total.process.command.clone(),
                cgroup: total.process.cgroup.clone(),
                cpu_seconds: total.cpu_seconds,
                machine_share: if whole > 0.0 {
                    total.cpu_seconds / whole
                } else {
                    f64::NAN
                },
                peak_resident_bytes: total.peak_resident_bytes as f64,
                read_bytes: total.read_bytes as f64,
                write_bytes: total.write_bytes as f64,
            })
            .collect();
        used.sort_by(|a, b| {
            b.cpu_seconds
                .total_cmp(&a.cpu_seconds)
                .then(a.id.cmp(&b.id))
        });
        Ok(used)
    }
}

impl Inner {
    /// The times of what was read most often, and all that is needed to tell of resets.
    fn falls(&self, keys: &[SeriesKey]) -> Result<(Vec<i64>, Vec<Column>), Problem> {
        let mut times: Vec<Vec<i64>> = Vec::new();
        let mut falls: Vec<(Series, Vec<i64>, Vec<f64>)> = Vec::new();
        stretches::each(&self.session, keys, None, |stretch| {
            if falls.is_empty() {
                let all = stretch.columns.iter();
                falls.extend(all.map(|it| (it.series.clone(), Vec::new(), Vec::new())));
            }
            let longest = stretch.columns.iter().max_by_key(|column| column.at.len());
            times.extend(longest.map(|column| {
                let new = column.at.partition_point(|at| *at < stretch.from.0);
                column.at[new..].to_vec()
            }));
            for (column, (_, at, values)) in stretch.columns.iter().zip(&mut falls) {
                for row in model::rate::resets(&column.values) {
                    // A gap keeps what lies between two falls from looking like one.
                    at.extend([column.at[row - 1], column.at[row - 1], column.at[row]]);
                    values.extend([f64::NAN, column.values[row - 1], column.values[row]]);
                }
            }
        })
        .map_err(|error| reading(&self.origin, &error))?;
        let counters = falls
            .into_iter()
            .filter(|(series, _, _)| series.kind == Kind::Counter)
            .map(|(series, at, values)| Column {
                series,
                at: at.into(),
                values: values.into(),
            });
        Ok((times.concat(), counters.collect()))
    }

    /// Judges the data of every host, once, at opening.
    fn assess(&self) -> Result<Vec<quality::Quality>, Problem> {
        let mut all = Vec::new();
        if self.hosts.is_empty() {
            return Ok(all);
        }
        for facts in &self.hosts {
            all.push(self.assess_host(facts)?);
        }
        Ok(all)
    }

    fn assess_host(&self, facts: &HostFacts) -> Result<quality::Quality, Problem> {
        let small = |key: &SeriesKey| {
            let entries = &self.session.manifest().series;
            entries
                .iter()
                .any(|it| it.series.key == *key && it.samples as usize <= WHOLE_MAX_ROWS)
        };
        // What is read at every sample comes first, so that its times judge the cadence.
        let keys: Vec<SeriesKey> = self
            .measured
            .iter()
            .filter(|series| series.key.host == facts.name && small(&series.key))
            .filter(|series| series.kind == Kind::Counter || series.key.metric.contains("late"))
            .map(|series| series.key.clone())
            .take(RESET_SERIES_MAX)
            .collect();
        let (at, counters) = self.falls(&keys)?;
        let steal_key = SeriesKey::new(
            facts.name.as_str(),
            "system.cpu.utilization",
            [("state".to_owned(), "steal".to_owned())],
        );
        let steal = match self.derived.get(&steal_key) {
            Some(inputs) if inputs.iter().all(small) => {
                Some(self.derived_column(&steal_key, inputs, None)?)
            }
            _ => None,
        };
        let events: Vec<Event> = self
            .events
            .iter()
            .filter(|(host, _)| *host == facts.name)
            .map(|(_, event)| event.clone())
            .collect();
        Ok(quality::assess(&quality::Input {
            host: &facts.name,
            span: Span::default(),
            at: &at,
            clocks: &[],
            cadence_ns: Some(facts.cadence_ns).filter(|ns| *ns > 0),
            counters: &counters,
            steal: steal.as_ref(),
            events: &events,
        }))
    }
}

fn unknown(key: &SeriesKey, path: &Path) -> Problem {
    Problem {
        what: format!("could not read {key}"),
        why: "the session has no such series".to_owned(),
        what_to_do: format!("kymo info {}", path.display()),
        sort: Sort::Usage,
    }
}

pub(crate) fn storing(path: &Path, error: &QueryError, what: &str) -> Problem {
    let what = format!("could not keep the {what} in {}", path.display());
    Problem::from_error(what, error, Sort::Denied)
        .advise("save a copy of the session where you may write")
}

/// A warning of the store in one line.
pub(crate) fn told(warning: &store::session::Warning) -> String {
    match warning.member.as_str() {
        "" => warning.text.clone(),
        member => format!("{member}: {}", warning.text),
    }
}

fn host_facts(entry: &store::manifest::HostEntry) -> HostFacts {
    HostFacts {
        name: entry.name.clone(),
        host: entry.host.clone(),
        offset_ns: entry.placement.offset_ns,
        error_ns: entry.placement.error_ns,
        cadence_ns: entry.cadence_ns,
        id: entry.id,
    }
}

fn title(session: &Session, path: &Path) -> String {
    let given = &session.manifest().title;
    if !given.is_empty() {
        return given.clone();
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn named_events(
    session: &Session,
    hosts: &[HostFacts],
) -> Result<Vec<(String, Event)>, QueryError> {
    let all = Span {
        from: Moment(i64::MIN),
        to: Moment(i64::MAX),
    };
    let events = session.events(all)?.into_iter().map(|(id, event)| {
        let host = hosts.iter().find(|facts| facts.id == id);
        (host.map_or(String::new(), |it| it.name.clone()), event)
    });
    Ok(events.collect())
}

/// The series as a plot shows it.
pub fn as_drawn(series: &Series) -> Series {
    match series.kind {
        Kind::Counter => Series {
            unit: series.unit.per_second(),
            kind: Kind::Gauge,
            ..series.clone()
        },
        Kind::Gauge | Kind::Histogram => series.clone(),
    }
}

fn cut(column: &Column, span: Span) -> Column {
    let rows = column.rows(span);
    Column {
        series: column.series.clone(),
        at: column.at[rows.clone()].into(),
        values: column.values[rows].into(),
    }
}

pub(crate) fn opening(path: &Path, error: &OpenError) -> Problem {
    let (sort, advice) = match error {
        OpenError::NotASession { .. } => {
            (Sort::NotUsable, "a .kymo session, or a CSV or Parquet file")
        }
        OpenError::TooNew { .. } => (Sort::TooNew, "a newer build of Kymo"),
        OpenError::Damaged { .. } => (Sort::NotUsable, "another copy of the file"),
        OpenError::Limit { .. } => (Sort::Limit, "a session from a source you trust"),
        OpenError::Read { .. } => (Sort::NotReadable, "check the path and its permissions"),
    };
    Problem::from_error(format!("could not open {}", path.display()), error, sort).advise(advice)
}

pub(crate) fn reading(path: &Path, error: &QueryError) -> Problem {
    let sort = match error {
        QueryError::Unknown { .. } => Sort::Usage,
        QueryError::Limit { .. } => Sort::Limit,
        QueryError::Access { .. } => Sort::NotReadable,
        QueryError::ReadOnly { .. } => Sort::Denied,
    };
    Problem::from_error(format!("could not read {}", path.display()), error, sort)
        .advise(format!("kymo verify {}", path.display()))
}
