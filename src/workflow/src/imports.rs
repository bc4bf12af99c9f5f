//! Foreign files and servers become sessions, one alone or several on one axis.
//!
//! Window and command line call these functions alike, as jobs.
//!
//! * [`preview`]: what a file would become, so that people can say it better.
//! * [`open`]: one file, in memory.
//! * [`import`]: files, servers and sessions into a session file.
//!
//! How clocks are put together stands in `align` and `load`.

mod align;
mod load;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use analysis::frame::Frame;
use import::tabular::{self, Columns};
use model::catalog::Kind;
use model::columns::Column;
use model::series::SeriesKey;
use model::time::Moment;
use store::combine::{self, Input, Piece};
use store::foreign::{Foreign, ForeignError, Form, Holds};
use store::ingest::{self, Source};

pub use import::how::{As, COUNTS, Count, How, ROLES, Role, TableHow};
pub use import::preview::{ColumnPreview, Preview, Sketch, TablePreview};
pub use import::query::{Ask, is_address};
pub use import::shape::Looks;
pub use import::times::Told;
pub use import::{Decimal, TimeZone};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::{Stored, missing, on_progress};
use crate::tables::writing;

/// Rows of a file of columns that a preview reads.
const PREVIEW_ROWS: usize = 1_000;

/// So many series of an input are compared with those of another: each more makes a fit by
/// chance likelier.
const ACTIVE: usize = 4;

/// What shows how busy a machine or a service is: name, and whether it is told of parts.
const BUSY: [(&str, bool); 6] = [
    ("system.cpu.utilization", false),
    ("service.request.throughput", true),
    ("service.request.active", true),
    ("system.cpu.context_switches", false),
    ("system.network.io", true),
    ("system.network.packets", true),
];

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A file of others, or a session.
    File(PathBuf),
    /// A Prometheus server.
    Server(Ask),
}

/// What to import, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// Every input, with what is said of it.
    pub inputs: Vec<(Origin, How)>,
    /// The host of what names none; the file's own name without it, where there are several.
    pub host: Option<String>,
    /// Moves an input by hand: its place among the inputs, nanoseconds.
    pub shifts: BTreeMap<usize, i64>,
    /// Whether clocks are put together by the load that inputs saw.
    pub by_load: bool,
}

/// What was made of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// What people should know, one sentence each.
    pub notes: Vec<String>,
    /// Whether part of an input could not be read.
    pub damaged: bool,
}

/// One input as it was read.
struct Read {
    source: Source,
    times: Told,
    bounds: Option<(i64, i64)>,
    notes: Vec<String>,
    damaged: bool,
}

impl Origin {
    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                name.to_string_lossy().into_owned()
            }
            Self::Server(ask) => {
                let place = ask.server.rsplit_once('@').map(|it| it.1);
                let place = place.unwrap_or(ask.server.split("://").last().unwrap_or_default());
                place.to_owned()
            }
        }
    }

    /// The host of what names none.
    fn host(&self) -> String {
        let name = self.name();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let stem = plain.rsplit_once('.').map_or(plain, |it| it.0);
        match self {
            Self::File(_) if !stem.is_empty() => stem.to_owned(),
            _ => name.replace(['/', ':'], "-"),
        }
    }
}

/// What a file would become, from its beginning.
///
/// # Errors
///
/// The file is not there, or is nothing Kymo reads.
pub fn preview(path: &Path, how: &How) -> Result<Preview, Problem> {
    if !path.exists() {
        return Err(missing(path));
    }
    if is_session(&Origin::File(path.to_owned())) {
        let (stored, notes) = Stored::open(path, &Context::default())?;
        let span = stored.span();
        let series = stored.measured().iter().chain(stored.observed());
        return Ok(Preview {
            format: "a session",
            outcome: Ok(Sketch {
                series: series.map(|it| it.key.to_string()).collect(),
                bounds: (!span.is_empty()).then_some((span.from.0, span.to.0 - 1)),
                notes,
            }),
            ..Preview::default()
        });
    }
    if let Some(form) = Form::of(path) {
        let read = Foreign::read(path, form, Some(PREVIEW_ROWS));
        let columns = OfColumns(read.map_err(|error| of_columns(path, &error))?);
        return Ok(import::preview::preview_columns(form.name(), &columns, how));
    }
    import::preview::preview(path, how).map_err(|error| importing(&error))
}

/// Reads a file in memory as it is said to be.
///
/// # Errors
///
/// The file is not there, is nothing Kymo reads, or the user stopped it.
pub fn open(path: &Path, how: &How, context: &Context) -> Result<(Stored, Vec<String>), Problem> {
    if !path.exists() {
        return Err(missing(path));
    }
    let origin = Origin::File(path.to_owned());
    if is_session(&origin) {
        return Stored::open(path, context);
    }
    let read = read(&origin, how, context)?;
    let session = ingest::in_memory(read.source);
    Ok((Stored::of(session, path, read.damaged)?, read.notes))
}

/// Turns inputs into a session file.
///
/// # Errors
///
/// An input is not there or cannot be read, the disk refuses, or the user stopped it.
pub fn import(setup: &Setup, out: &Path, context: &Context) -> Result<Made, Problem> {
    if std::fs::symlink_metadata(out).is_ok() {
        let path = out.to_owned();
        return Err(writing(out, &store::trim::WriteError::Exists { path }));
    }
    match setup.inputs.as_slice() {
        [] => Err(Problem {
            what: "could not import".to_owned(),
            why: "nothing to import was given".to_owned(),
            what_to_do: "kymo import FILE --out SESSION.kymo".to_owned(),
            sort: Sort::Usage,
        }),
        [(origin, how)] if !is_session(origin) => {
            let mut read = read(origin, how, context)?;
            if let Some(host) = &setup.host {
                name_host(&mut read.source, host);
            }
            if let Some(by_ns) = setup.shifts.get(&0) {
                shift(&mut read.source, *by_ns);
                read.notes
                    .push(format!("moved by {}", align::moved(*by_ns)));
            }
            ingest::ingest(read.source, out).map_err(|error| writing(out, &error))?;
            Ok(Made {
                notes: read.notes,
                damaged: read.damaged,
            })
        }
        many => together(many, setup, out, context),
    }
}

/// Puts several inputs on one axis and into one file.
fn together(
    inputs: &[(Origin, How)],
    setup: &Setup,
    out: &Path,
    context: &Context,
) -> Result<Made, Problem> {
    let mut made = Made::default();
    let (mut parts, mut timings) = (Vec::new(), Vec::new());
    let hosts = host_names(inputs);
    for (place, (origin, how)) in inputs.iter().enumerate() {
        if context.cancelled() {
            return Err(Problem::cancelled("import"));
        }
        let name = origin.name();
        let told = |notes: Vec<String>| {
            let lines = notes.into_iter().map(|it| format!("{name}: {it}"));
            lines.collect::<Vec<_>>()
        };
        let (input, times, bounds) = match origin {
            Origin::File(path) if is_session(origin) => {
                let (session, warnings) = store::session::Session::open(path)
                    .map_err(|error| crate::stored::opening(path, &error))?;
                made.damaged |= !warnings.is_empty();
                let warnings = warnings.iter().map(crate::stored::told).collect();
                made.notes.extend(told(warnings));
                let span = session.span();
                let bounds = (!span.is_empty()).then_some((span.from.0, span.to.0 - 1));
                (Input::Session(session), Told::Moments, bounds)
            }
            _ => {
                let mut read = read(origin, how, context)?;
                let own = hosts.get(place).cloned().unwrap_or_default();
                let host = setup.host.clone().unwrap_or(own);
                name_host(&mut read.source, &host);
                made.damaged |= read.damaged;
                made.notes.extend(told(read.notes));
                (Input::Source(read.source), read.times, read.bounds)
            }
        };
        timings.push(align::Timing {
            told: times,
            // What is moved by hand is where it is moved to when others are put beside it.
            bounds: bounds.map(|(first, last)| {
                let by_ns = setup.shifts.get(&place).copied().unwrap_or(0);
                (first.saturating_add(by_ns), last.saturating_add(by_ns))
            }),
            written: match origin {
                Origin::File(path) => written(path),
                Origin::Server(_) => None,
            },
            given: setup.shifts.contains_key(&place)
                || how.start.is_some() && times != Told::Local
                || how.zone.is_some() && times == Told::Local,
        });
        parts.push(input);
    }
    let mut placed = align::place(&timings);
    for (place, by_ns) in &setup.shifts {
        if let Some(placed) = placed.get_mut(*place) {
            placed.by_ns = *by_ns;
            placed.why = format!("was moved by {}, as you said", align::moved(*by_ns));
        }
    }
    by_load(&mut parts, &mut placed, setup);
    let pieces = parts.into_iter().zip(inputs).zip(placed);
    let pieces = pieces.map(|((input, (origin, _)), placed)| {
        let name = origin.name();
        made.notes.push(format!("{name} {}", placed.why));
        Piece {
            input,
            by_ns: placed.by_ns,
            note: (name, format!("imported: {}", placed.why)),
        }
    });
    let pieces: Vec<Piece> = pieces.collect();
    let title = inputs.iter().map(|(origin, _)| origin.name());
    let title = title.collect::<Vec<_>>().join(" + ");
    combine::combine(pieces, &title, out, &mut on_progress(context))
        .map_err(|error| writing(out, &error))?;
    Ok(made)
}

/// The hosts of what names none: names of files, told apart where they are the same.
fn host_names(inputs: &[(Origin, How)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(inputs.len());
    for (origin, _) in inputs {
        let own = origin.host();
        let mut name = own.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{own}-{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

/// Says, or if asked to, mends, where the load that inputs saw tells that clocks differ.
fn by_load(parts: &mut [Input], placed: &mut [align::Placed], setup: &Setup) {
    let active: Vec<Vec<load::Activity>> = parts
        .iter_mut()
        .zip(placed.iter())
        .map(|(input, placed)| activity(input, placed.by_ns))
        .collect();
    let Some((first, others)) = active.split_first() else {
        return;
    };
    for (number, other) in others.iter().enumerate() {
        let place = number + 1;
        let (Some(fit), Some(placed)) = (load::compare(first, other), placed.get_mut(place)) else {
            continue;
        };
        let said = setup.shifts.contains_key(&place);
        let evidence = format!(
            "{} and {} move together (r {:.2}; {} say so)",
            fit.pair.0,
            fit.pair.1,
            fit.r,
            match fit.pairs {
                1 => "they alone".to_owned(),
                many => format!("{many} pairs"),
            }
        );
        if fit.by_ns.abs() <= fit.step_ns {
            placed.why += &format!("; the clocks agree by the load both saw: {evidence}");
        } else if setup.by_load && !said {
            placed.by_ns = placed.by_ns.saturating_add(fit.by_ns);
            placed.why += &format!("; then by {}, since {evidence}", align::moved(fit.by_ns));
        } else {
            placed.why += &format!(
                "; {evidence} best when it is moved by {}: its clock may be off by so much, or it \
                 follows so late (--align load moves it)",
                align::moved(fit.by_ns)
            );
        }
    }
}

/// The busiest-looking series of an input, at their times once moved.
fn activity(input: &Input, by_ns: i64) -> Vec<load::Activity> {
    let stored = match input {
        Input::Session(session) => Stored::of(session.clone(), Path::new("session"), false),
        Input::Source(source) => {
            let session = ingest::in_memory(source.clone());
            Stored::of(session, Path::new("import"), false)
        }
    };
    let Ok(stored) = stored else {
        return Vec::new();
    };
    // What is in no catalog may be anything; what is, and not listed, is no activity.
    let rank = |key: &SeriesKey| {
        let base = key.metric.strip_suffix(".rate").unwrap_or(&key.metric);
        let busy = BUSY
            .iter()
            .position(|(name, parts)| base == *name && (*parts || key.attributes.is_empty()));
        let unknown = || {
            let known = model::catalog::find(base).is_some() || base.contains('.');
            (!known).then_some(BUSY.len())
        };
        busy.or_else(unknown)
    };
    let gauges = stored.series().iter().filter(|it| it.kind == Kind::Gauge);
    let ranked = gauges.filter_map(|it| Some((rank(&it.key)?, it.key.attributes.len(), &it.key)));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|it| (it.0, it.1));
    let keys = ranked.into_iter().take(ACTIVE);
    let keys: Vec<SeriesKey> = keys.map(|it| it.2.clone()).collect();
    let columns = stored.columns(&keys, None).unwrap_or_default();
    let samples = |it: &Column| {
        let times = it.at.iter().map(|at| at.saturating_add(by_ns));
        times.zip(it.values.iter().copied()).collect()
    };
    columns
        .iter()
        .map(|it| load::Activity {
            name: it.series.key.to_string(),
            samples: samples(it),
        })
        .collect()
}

fn is_session(origin: &Origin) -> bool {
    let Origin::File(path) = origin else {
        return false;
    };
    path.is_dir() || path.extension().is_some_and(|it| it == "kymo")
}

fn written(path: &Path) -> Option<i64> {
    let time = std::fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

fn name_host(source: &mut Source, host: &str) {
    let columns = source.columns.iter_mut().map(|it| &mut it.series.key.host);
    let observed = source.histograms.iter_mut().map(|it| &mut it.0.key.host);
    let spans = source.spans.iter_mut().map(|it| &mut it.0);
    let events = source.events.iter_mut().map(|it| &mut it.0);
    for named in columns.chain(observed).chain(spans).chain(events) {
        if named.is_empty() {
            host.clone_into(named);
        }
    }
}

fn shift(source: &mut Source, by_ns: i64) {
    let recording = import::Recording {
        columns: std::mem::take(&mut source.columns),
        histograms: std::mem::take(&mut source.histograms),
        spans: std::mem::take(&mut source.spans),
        events: std::mem::take(&mut source.events),
    };
    let mut content = import::Content::Recording(recording);
    import::times::shift(&mut content, by_ns);
    if let import::Content::Recording(recording) = content {
        source.columns = recording.columns;
        source.histograms = recording.histograms;
        source.spans = recording.spans;
        source.events = recording.events;
    }
    source.created = source.created.plus_ns(by_ns);
}

/// Reads one input that is no session.
fn read(origin: &Origin, how: &How, context: &Context) -> Result<Read, Problem> {
    let mut imported = match origin {
        Origin::Server(ask) => {
            import::query::fetch(ask, &mut on_import(context)).map_err(|error| asking(&error))?
        }
        Origin::File(path) => {
            if !path.exists() {
                return Err(missing(path));
            }
            match Form::of(path) {
                Some(form) => of_file(path, form, how)?,
                None => import::read(path, how, &mut on_import(context))
                    .map_err(|error| importing(&error))?,
            }
        }
    };
    let bounds = import::times::bounds(&imported.content);
    let mut notes = std::mem::take(&mut imported.notes);
    let damaged = imported.damage.is_some();
    notes.extend(
        imported
            .damage
            .map(|why| format!("the rest was not read: {why}")),
    );
    let name = origin.name();
    let source = match imported.content {
        import::Content::Table(table) => source(&name, columns(table, &mut notes)),
        import::Content::Recording(recording) => recorded(&name, recording),
    };
    Ok(Read {
        source,
        times: imported.times,
        bounds,
        notes,
        damaged,
    })
}

/// Reads a foreign file into columns, with notes on what was left aside.
pub(crate) fn foreign(path: &Path, context: &Context) -> Result<(Source, Vec<String>), Problem> {
    let read = read(&Origin::File(path.to_owned()), &How::default(), context)?;
    Ok((read.source, read.notes))
}

/// A foreign table with the rows it has.
pub(crate) struct Table {
    pub(crate) frame: Frame,
    /// What was left aside, one sentence each.
    pub(crate) notes: Vec<String>,
    /// Whether the rest of the file could not be read.
    pub(crate) damaged: bool,
}

/// Reads a foreign text table without sorting or leaving out rows; `None` for
/// sessions and for what is no such table, about which [`Stored::open`] says more.
///
/// # Errors
///
/// It is a table, but cannot be used, or the user stopped it.
pub(crate) fn as_it_is(path: &Path, context: &Context) -> Result<Option<Table>, Problem> {
    if !path.is_file() {
        return Ok(None);
    }
    if crate::sealed::is_locked(path) {
        return Err(crate::sealed::locked(path));
    }
    let how = How::default();
    let imported = match import::read(path, &how, &mut on_import(context)) {
        Ok(imported) => imported,
        Err(import::ImportError::Unknown { .. }) => return Ok(None),
        Err(error) => return Err(importing(&error)),
    };
    let import::Content::Table(table) = imported.content else {
        return Ok(None);
    };
    let mut notes = imported.notes;
    let damaged = imported.damage.is_some();
    notes.extend(
        imported
            .damage
            .map(|why| format!("the rest was not read: {why}")),
    );
    let names: Vec<String> = table.columns.iter().map(|it| it.header.clone()).collect();
    let columns = table.columns.into_iter().map(|it| match it.series.kind {
        Kind::Counter => {
            let rates = model::rate::at_interval_ends(&table.at, &it.values);
            (crate::stored::as_drawn(&it.series), rates)
        }
        Kind::Gauge | Kind::Histogram => (it.series, it.values),
    });
    let mut frame = Frame::of_table(&table.at, columns.collect());
    for (line, name) in frame.lines.iter_mut().zip(names) {
        line.name = name;
    }
    Ok(Some(Table {
        frame,
        notes,
        damaged,
    }))
}

/// Turns a job's context into the watch that an import calls.
fn on_import(context: &Context) -> impl FnMut(import::Progress) -> import::Flow + '_ {
    |progress| {
        context.progress(progress.read_bytes, progress.total_bytes);
        if context.cancelled() {
            import::Flow::Cancel
        } else {
            import::Flow::Continue
        }
    }
}

/// Columns of a file of columns, as the importer wants them.
struct OfColumns(Foreign);

impl Columns for OfColumns {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn headers(&self) -> &[String] {
        self.0.headers()
    }

    fn looks(&self, place: usize) -> Looks {
        match self.0.holds(place) {
            Holds::Numbers => Looks::Numbers,
            Holds::Times => Looks::Times,
            Holds::Words => Looks::Words,
        }
    }

    fn numbers(&self, place: usize) -> Option<Vec<f64>> {
        self.0.numbers(place)
    }

    fn times(&self, place: usize, count: Option<Count>) -> Option<(Vec<Option<i64>>, bool)> {
        self.0.times(place, count.map(Count::ns))
    }

    fn text(&self, place: usize, row: usize) -> Option<String> {
        self.0.text(place, row)
    }
}

fn of_file(path: &Path, form: Form, how: &How) -> Result<import::Imported, Problem> {
    let read = Foreign::read(path, form, None).map_err(|error| of_columns(path, &error))?;
    let columns = OfColumns(read);
    let made = tabular::assemble(form.name(), &columns, how);
    let mut imported = made.map_err(|why| Problem {
        what: format!("could not import {}", path.display()),
        why,
        what_to_do: "say what its columns are (--column HEADER=ROLE)".to_owned(),
        sort: match how.table.columns.is_empty() {
            true => Sort::NotUsable,
            false => Sort::Usage,
        },
    })?;
    let skipped = columns.0.skipped();
    if !skipped.is_empty() {
        imported.notes.push(format!(
            "skipped columns of types that are not read: {}",
            skipped.join(", ")
        ));
    }
    Ok(imported)
}

/// Columns on an axis that ascends strictly: rows that do not are left out and told.
fn columns(table: import::Table, notes: &mut Vec<String>) -> Vec<Column> {
    let mut newest = i64::MIN;
    let ascends = table.at.is_sorted_by(|a, b| a < b);
    if ascends {
        let at: Arc<[i64]> = table.at.into();
        let columns = table.columns.into_iter().map(|it| Column {
            series: it.series,
            at: Arc::clone(&at),
            values: it.values.into(),
        });
        return columns.collect();
    }
    let keep: Vec<bool> = table
        .at
        .iter()
        .map(|at| {
            let later = *at > newest || (newest == i64::MIN && *at == i64::MIN);
            newest = newest.max(*at);
            later
        })
        .collect();
    let left_out = keep.iter().filter(|keep| !**keep).count();
    notes.push(format!(
        "left out {left_out} rows because their time repeats or steps back"
    ));
    let at: Arc<[i64]> = kept(&table.at, &keep).into();
    let columns = table.columns.into_iter().map(|it| Column {
        series: it.series,
        at: Arc::clone(&at),
        values: kept(&it.values, &keep).into(),
    });
    columns.collect()
}

fn kept<T: Copy>(values: &[T], keep: &[bool]) -> Vec<T> {
    let rows = values.iter().zip(keep);
    rows.filter(|(_, keep)| **keep)
        .map(|(value, _)| *value)
        .collect()
}

/// A session of what a tool measured.
fn recorded(name: &str, recording: import::Recording) -> Source {
    let times = recording.columns.iter().filter_map(|it| it.at.first());
    let rows = recording.histograms.iter().filter_map(|it| it.1.first());
    let starts = recording.spans.iter().map(|it| it.1.start.0);
    let first = times.copied().chain(rows.map(|it| it.at.0)).chain(starts);
    let created = Moment(first.min().unwrap_or(0));
    Source {
        created,
        columns: recording.columns,
        histograms: recording.histograms,
        spans: recording.spans,
        events: recording.events,
        ..source(name, Vec::new())
    }
}

fn source(name: &str, columns: Vec<Column>) -> Source {
    Source {
        title: name.to_owned(),
        created: columns
            .first()
            .and_then(|column| column.at.first())
            .map_or(Moment(0), |at| Moment(*at)),
        columns,
        ..Source::default()
    }
}

fn of_columns(path: &Path, error: &ForeignError) -> Problem {
    let sort = match error {
        ForeignError::Read { .. } => Sort::NotReadable,
        ForeignError::Format { .. } => Sort::NotUsable,
        ForeignError::Limit { .. } => Sort::Limit,
    };
    let what = format!("could not import {}", path.display());
    Problem::from_error(what, error, sort).advise("export it as CSV and import that")
}

fn asking(error: &import::ImportError) -> Problem {
    use import::ImportError as E;
    let (path, sort, advice) = match error {
        E::Read { path, .. } => (
            path,
            Sort::NotReadable,
            "check that the server runs and can be reached from here",
        ),
        E::TooLarge { path, .. } => (
            path,
            Sort::Limit,
            "less time, fewer series, a longer --step",
        ),
        E::Said { path, .. } => (path, Sort::Usage, "kymo import --help"),
        E::Cancelled { .. } => return Problem::cancelled("import"),
        E::Server { server: path, .. }
        | E::NotAFile { path, .. }
        | E::Unknown { path, .. }
        | E::Damaged { path, .. } => (path, Sort::NotUsable, "the query in the server's own page"),
    };
    let what = format!("could not import from {}", path.display());
    Problem::from_error(what, error, sort).advise(advice)
}

fn importing(error: &import::ImportError) -> Problem {
    use import::ImportError as E;
    let (path, sort, advice) = match error {
        E::Read { path, .. } | E::NotAFile { path, .. } => (
            path,
            Sort::NotReadable,
            "check the path and its permissions",
        ),
        E::Unknown { path, .. } => (
            path,
            Sort::NotUsable,
            "a .kymo session, or a CSV or Parquet file",
        ),
        E::Damaged { path, .. } => (
            path,
            Sort::NotUsable,
            "mend that line, or export the file again",
        ),
        E::TooLarge { path, .. } => (
            path,
            Sort::Limit,
            "split the file, or convert it to Parquet",
        ),
        E::Said { path, .. } | E::Server { server: path, .. } => {
            (path, Sort::Usage, "kymo import --help")
        }
        E::Cancelled { .. } => return Problem::cancelled("import"),
    };
    let what = format!("could not import {}", path.display());
    Problem::from_error(what, error, sort).advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        let done = std::fs::write(&path, text);
        assert!(done.is_ok(), "{name}");
        path
    }

    fn from(path: PathBuf, how: How) -> Setup {
        Setup {
            inputs: vec![(Origin::File(path), how)],
            ..Setup::default()
        }
    }

    fn long() -> How {
        How {
            table: TableHow {
                long: true,
                ..TableHow::default()
            },
            ..How::default()
        }
    }

    #[test]
    fn long_tables_of_columns_read_as_their_text_would() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = Context::default();
        for name in ["long.parquet", "long.feather"] {
            let path = root().join("src/store/fixtures").join(name);
            let look = preview(&path, &How::default()).expect("a preview");
            let table = look.table.expect("a table");
            assert!(table.looks_long && !table.long, "{name}");
            assert_eq!(look.times, Told::Local, "{name}");
            let out = folder.path().join(format!("{name}.kymo"));
            let made = import(&from(path, long()), &out, &context).expect("it reads");
            let (stored, _) = Stored::open(&out, &context).expect("a session");
            let told = stored.measured().iter().map(|it| {
                let column = stored.column(&it.key, None).map(|it| it.values.to_vec());
                let first = column.ok().and_then(|it| it.first().copied());
                format!("{} [{}] {first:?}", it.key, it.unit.code())
            });
            let told: Vec<String> = told.collect();
            assert_eq!(
                told,
                [
                    "web-1/latency{zone=eu} [s] Some(0.1)",
                    "web-1/requests{zone=eu} [{request}/s] Some(100.0)",
                    "web-2/latency{zone=eu} [s] Some(0.1)",
                    "web-2/requests{zone=eu} [{request}/s] Some(100.0)",
                ],
                "{name}: {:?}",
                made.notes
            );
        }
    }

    #[test]
    fn a_session_and_files_of_other_clocks_become_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = Context::default();
        let session = root().join("sessions/cpu-hog.kymo");
        let (whole, _) = Stored::open(&session, &context).expect("an example");
        let begin = whole.span().from.0 / 1_000_000_000;
        let rows = |from: i64, form: &dyn Fn(i64) -> String| {
            let rows = (from..from + 60).map(|at| format!("{},{}\n", form(at), at % 7));
            let head = "time,load\n".to_owned();
            std::iter::once(head).chain(rows).collect::<String>()
        };
        // Two hours ahead, without saying so.
        let civil = |at: i64| {
            let moment = Moment((at + 7_200) * 1_000_000_000);
            moment.strftime("%Y-%m-%d %H:%M:%S", model::time::Zone::Utc)
        };
        let local = written(&folder, "local.csv", &rows(begin + 5, &civil));
        let untold = written(&folder, "untold.csv", "load\n1\n2\n3\n");
        let moments = written(&folder, "load.csv", &rows(begin + 10, &|at| at.to_string()));
        let file = |path: &PathBuf| (Origin::File(path.clone()), How::default());
        let mut setup = Setup {
            inputs: vec![file(&session), file(&local), file(&untold), file(&moments)],
            ..Setup::default()
        };
        setup.shifts.insert(3, 5_000_000_000);
        let out = folder.path().join("all.kymo");
        let made = import(&setup, &out, &context).expect("it reads");
        let (stored, warnings) = Stored::open(&out, &context).expect("a session");
        assert!(warnings.is_empty() && !made.damaged, "{warnings:?}");
        let first = |key: &str| {
            let key = key.parse().expect("a key");
            let column = stored.column(&key, None).expect("a column");
            column.at.first().map(|at| at / 1_000_000_000 - begin)
        };
        assert_eq!(first("local/load"), Some(5));
        assert_eq!(first("untold/load"), Some(0));
        assert_eq!(first("load/load"), Some(15));
        let said = |text: &str| {
            let known = made.notes.iter().any(|it| it.contains(text));
            let event = stored.events().iter().any(|it| it.1.text.contains(text));
            assert!(known && event, "{text}: {:?}", made.notes);
        };
        said("that of UTC+02:00 is the only one");
        said("its first row was put where the others begin");
        said("was moved by +5 s, as you said");
        said("tells its moments and was not moved");
        // Everything of the session is there still: its processes and settings too.
        let host = whole.hosts().first().expect("a host");
        assert!(stored.hosts().iter().any(|it| it.name == host.name));
        assert_eq!(
            stored.measured().len(),
            whole.measured().len() + 3,
            "series of the session"
        );
        let report = crate::tables::verify(&out, &context).expect("it verifies");
        assert_eq!(report.problems, Vec::<String>::new());
        // What each input becomes can be looked at, sessions too.
        let look = preview(&session, &How::default()).expect("a preview");
        let sketch = look.outcome.expect("a sketch");
        assert!(sketch.series.len() > 100 && sketch.bounds.is_some());
        // Nothing is written over.
        let again = import(&setup, &out, &context);
        assert!(again.is_err_and(|it| it.sort == Sort::Usage));
    }

    #[test]
    fn what_is_said_wrong_is_wrong_use_and_names_what_there_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = written(&folder, "t.csv", "time,cpu\n1,2\n");
        let mut how = How::default();
        how.table.set(As::new("memory", Role::Value));
        let out = folder.path().join("t.kymo");
        let problem = import(&from(table, how), &out, &Context::default()).expect_err("refused");
        assert_eq!(problem.sort, Sort::Usage);
        assert!(
            problem.why.contains("the columns are: time, cpu"),
            "{problem}"
        );
        assert!(!out.exists());
    }
}
