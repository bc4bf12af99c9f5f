//! Work on whole sessions: import, export, trim, verify.
//!
//! Window and command line call these functions alike, as jobs.

mod prometheus;

use std::path::Path;
use std::sync::Arc;

use analysis::frame::Frame;
use model::catalog::{self, Kind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use store::export as plain;
use store::ingest::{self, ForeignError, Source};
use store::recorder::Retention;
use store::trim::{Keep, WriteError};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::{Stored, missing, on_progress, told};

/// Formats of exported tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values.
    Csv,
    /// Prometheus text with times.
    Prometheus,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Members looked at.
    pub members: usize,
    /// Bytes looked at.
    pub bytes: u64,
    /// Kept findings that were derived anew; `None` where the session keeps none.
    pub findings: Option<usize>,
    /// What is wrong; empty when everything was checked and is as written.
    pub problems: Vec<String>,
}

/// What a long recording may keep, from an age, a size, or both.
pub fn retention(max_age_ns: Option<i64>, max_bytes: Option<u64>) -> Option<Retention> {
    (max_age_ns.is_some() || max_bytes.is_some()).then_some(Retention {
        max_age_ns,
        max_bytes,
    })
}

/// Checks hashes, rows and times of a session.
///
/// # Errors
///
/// The input cannot be opened as a session at all.
pub fn verify(path: &Path, context: &Context) -> Result<Verification, Problem> {
    let (stored, warnings) = Stored::open(path, context)?;
    let report = store::verify::verify(stored.session(), &mut on_progress(context));
    if !report.complete {
        return Err(Problem::cancelled("verification"));
    }
    let mut problems: Vec<String> = report.problems.iter().map(told).collect();
    problems.extend(
        warnings
            .into_iter()
            .filter(|it| stored.damaged() && !it.is_empty()),
    );
    let findings = crate::findings::rederive(&stored, context)?;
    let kept = findings.is_some().then(|| stored.kept()).flatten();
    problems.extend(findings.unwrap_or_default());
    problems.sort();
    problems.dedup();
    Ok(Verification {
        findings: kept.map(|it| it.findings.len()),
        members: report.members,
        bytes: report.bytes,
        problems,
    })
}

/// Writes the tables of a session as plain files; returns how many.
///
/// # Errors
///
/// The disk refuses, the folder is in the way, or the user stopped it.
pub fn export(
    stored: &Stored,
    out: &Path,
    format: Format,
    context: &Context,
) -> Result<usize, Problem> {
    let form = match format {
        Format::Parquet => plain::Format::Parquet,
        Format::Csv => plain::Format::Csv,
        Format::Prometheus => return prometheus::write(stored, out, context),
    };
    plain::export(stored.session(), out, form, &mut on_progress(context))
        .map_err(|error| writing(out, &error))?;
    Ok(files_below(out))
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => files_below(&path),
            _ => 1,
        })
        .sum()
}

/// Writes part of a session as a new one: a stretch of time, the series that
/// match any of the patterns (all without a pattern).
///
/// # Errors
///
/// Nothing is inside, the disk refuses, or the user stopped it.
pub fn trim(
    stored: &Stored,
    (span, globs): (Span, &[String]),
    out: &Path,
    context: &Context,
) -> Result<(), Problem> {
    let keep = Keep {
        span: Some(span),
        series: globs.to_vec(),
    };
    store::trim::trim(stored.session(), &keep, out, &mut on_progress(context))
        .map_err(|error| writing(out, &error))
}

/// Turns a foreign file into a session file; returns what people should know.
///
/// # Errors
///
/// The file is not there, is nothing Kymo reads, or the disk refuses.
pub fn import(path: &Path, out: &Path, context: &Context) -> Result<Vec<String>, Problem> {
    if !path.exists() {
        return Err(missing(path));
    }
    let (source, notes) = foreign(path, "it", context)?;
    ingest::ingest(source, out).map_err(|error| writing(out, &error))?;
    Ok(notes)
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
    let imported = match import::read(path, &mut on_import(context)) {
        Ok(imported) => imported,
        Err(import::ImportError::Unknown { .. }) => return Ok(None),
        Err(error) => return Err(importing(path, "it", &error)),
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
    let names: Vec<String> = table.columns.iter().map(|it| it.0.clone()).collect();
    let columns = table.columns.into_iter().map(|(name, values)| {
        let series = series(&name);
        match series.kind {
            Kind::Counter => {
                let rates = model::rate::at_interval_ends(&table.at, &values);
                (crate::stored::as_drawn(&series), rates)
            }
            Kind::Gauge | Kind::Histogram => (series, values),
        }
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

/// Reads a foreign file into columns, with notes on what was left aside.
pub(crate) fn foreign(
    path: &Path,
    what: &str,
    context: &Context,
) -> Result<(Source, Vec<String>), Problem> {
    if is_parquet(path) {
        return parquet(path);
    }
    let imported = import::read(path, &mut on_import(context))
        .map_err(|error| importing(path, what, &error))?;
    let mut notes = imported.notes;
    notes.extend(
        imported
            .damage
            .map(|why| format!("the rest was not read: {why}")),
    );
    match imported.content {
        import::Content::Table(table) => {
            let columns = columns(table.at, table.columns, &mut notes);
            Ok((source(path, columns), notes))
        }
        import::Content::Recording(recording) => Ok((recorded(path, recording), notes)),
    }
}

/// A session of what a tool measured.
fn recorded(path: &Path, recording: import::Recording) -> Source {
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
        ..source(path, Vec::new())
    }
}

fn is_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic));
    read.is_ok() && &magic == b"PAR1"
}

fn parquet(path: &Path) -> Result<(Source, Vec<String>), Problem> {
    let foreign = ingest::parquet(path).map_err(|error| {
        let sort = match &error {
            ForeignError::Read { .. } => Sort::NotReadable,
            ForeignError::Format { .. } => Sort::NotUsable,
            ForeignError::Limit { .. } => Sort::Limit,
        };
        let what = format!("could not import {}", path.display());
        Problem::from_error(what, &error, sort).advise("export it as CSV and import that")
    })?;
    let mut notes = vec![format!(
        "read {} rows of {} series",
        foreign.rows,
        foreign.columns.len()
    )];
    if !foreign.skipped.is_empty() {
        notes.push(format!(
            "skipped without numbers: {}",
            foreign.skipped.join(", ")
        ));
    }
    let (at, columns_read) = match foreign.times {
        Some(times) => with_times(&times, foreign.columns, &mut notes),
        None => (seconds(foreign.rows), foreign.columns),
    };
    let columns = columns(at, columns_read, &mut notes);
    Ok((source(path, columns), notes))
}

/// Rows without a time column are one second apart, from the epoch on.
fn seconds(rows: usize) -> Vec<i64> {
    (0..rows as i64).map(|row| row * SECOND_NS).collect()
}

type Named = Vec<(String, Vec<f64>)>;

/// Leaves out rows whose time cell is empty.
fn with_times(times: &[Option<i64>], columns: Named, notes: &mut Vec<String>) -> (Vec<i64>, Named) {
    let empty = times.iter().filter(|at| at.is_none()).count();
    if empty == 0 {
        return (times.iter().flatten().copied().collect(), columns);
    }
    notes.push(format!("skipped {empty} rows because their time is empty"));
    let kept = |values: Vec<f64>| {
        let rows = times.iter().zip(values);
        rows.filter(|(at, _)| at.is_some())
            .map(|(_, value)| value)
            .collect()
    };
    let columns = columns
        .into_iter()
        .map(|(name, values)| (name, kept(values)));
    (times.iter().flatten().copied().collect(), columns.collect())
}

/// Columns on an axis that ascends strictly: rows that do not are left out and told.
fn columns(at: Vec<i64>, named: Named, notes: &mut Vec<String>) -> Vec<Column> {
    let mut newest = i64::MIN;
    let keep: Vec<bool> = at
        .iter()
        .map(|at| {
            let later = *at > newest || (newest == i64::MIN && *at == i64::MIN);
            newest = newest.max(*at);
            later
        })
        .collect();
    let left_out = keep.iter().filter(|keep| !**keep).count();
    if left_out > 0 {
        notes.push(format!(
            "left out {left_out} rows because their time repeats or steps back"
        ));
    }
    let at: Arc<[i64]> = kept(&at, &keep).into();
    named
        .into_iter()
        .map(|(name, values)| Column {
            series: series(&name),
            at: Arc::clone(&at),
            values: kept(&values, &keep).into(),
        })
        .collect()
}

fn kept<T: Copy>(values: &[T], keep: &[bool]) -> Vec<T> {
    let rows = values.iter().zip(keep);
    rows.filter(|(_, keep)| **keep)
        .map(|(value, _)| *value)
        .collect()
}

/// A column whose header is a known metric gets its unit and kind; any other is
/// a dimensionless gauge that keeps its header as its name.
fn series(name: &str) -> Series {
    let key = SeriesKey::from_column("", name);
    match catalog::find(&key.metric) {
        Some(metric) => Series {
            key,
            unit: metric.unit(),
            kind: metric.kind,
            polarity: metric.polarity,
        },
        None => Series {
            key: SeriesKey::new("", name, []),
            unit: Unit::new("{value}"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        },
    }
}

fn source(path: &Path, columns: Vec<Column>) -> Source {
    let name = path.file_name().unwrap_or(path.as_os_str());
    Source {
        title: name.to_string_lossy().into_owned(),
        created: columns
            .first()
            .and_then(|column| column.at.first())
            .map_or(Moment(0), |at| Moment(*at)),
        columns,
        ..Source::default()
    }
}

fn importing(path: &Path, what: &str, error: &import::ImportError) -> Problem {
    use import::ImportError as E;
    let (sort, advice) = match error {
        E::Read { .. } | E::NotAFile { .. } => {
            (Sort::NotReadable, "check the path and its permissions")
        }
        E::Unknown { .. } => (Sort::NotUsable, "a .kymo session, or a CSV or Parquet file"),
        E::Damaged { .. } => (Sort::NotUsable, "mend that line, or export the file again"),
        E::TooLarge { .. } => (Sort::Limit, "split the file, or convert it to Parquet"),
        E::Cancelled { .. } => return Problem::cancelled("import"),
    };
    let what = match what {
        "it" => format!("could not import {}", path.display()),
        found => format!("could not open {} ({found})", path.display()),
    };
    Problem::from_error(what, error, sort).advise(advice)
}

pub(crate) fn writing(out: &Path, error: &WriteError) -> Problem {
    let what = format!("could not write {}", out.display());
    let (sort, advice) = match error {
        WriteError::Exists { .. } => (Sort::Denied, "another path; nothing is overwritten"),
        WriteError::Empty { .. } => (Sort::Usage, "a wider span or another pattern"),
        WriteError::Query(_) => (Sort::NotReadable, "kymo verify on the session"),
        WriteError::Full { .. } => (Sort::DiskFull, "free some space, or another disk"),
        WriteError::Write { .. } => (Sort::Denied, "a folder you may write to"),
        WriteError::Stopped => return Problem::cancelled(what),
    };
    Problem::from_error(what, error, sort).advise(advice)
}
