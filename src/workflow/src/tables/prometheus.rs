//! Writes a session as Prometheus text: every sample with its time.
//!
//! * In: a session.
//! * Out: one file in which the lines of a metric stand together, as the format wants;
//!   the host is a label.
//! * Never: holds more than a batch of metrics in memory.
//!
//! Start at [`write`].

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use model::catalog;
use model::columns::Column;
use model::histogram::Row;
use model::series::{Series, SeriesKey};
use telemetry::prometheus::{Points, Written, write as text};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

/// The file, below the folder that was asked for.
const FILE: &str = "metrics.prom";

/// Series that are read at a time, unless one metric has more.
const BATCH: usize = 256;

/// Writes `metrics.prom` into the new folder `out`.
///
/// # Errors
///
/// The folder holds something, the disk refuses, or the user stopped it; what was
/// begun is taken away then.
pub(super) fn write(stored: &Stored, out: &Path, context: &Context) -> Result<usize, Problem> {
    let refused = |source: io::Error| {
        let sort = Sort::of_io(&source);
        let what = format!("could not write {}", out.display());
        Problem::from_error(what, &source, sort).advise("another path; nothing is overwritten")
    };
    // An empty folder may be filled; anything else is in the way.
    if fs::symlink_metadata(out).is_ok() {
        fs::remove_dir(out).map_err(refused)?;
    }
    fs::create_dir(out).map_err(refused)?;
    let written = File::create_new(out.join(FILE)).map_err(refused);
    let written = written.and_then(|file| families(stored, file, context, &refused));
    if written.is_err() {
        // The first failure is the one to tell.
        drop(fs::remove_dir_all(out));
    }
    written.map(|()| 1)
}

fn families(
    stored: &Stored,
    mut file: File,
    context: &Context,
    refused: &dyn Fn(io::Error) -> Problem,
) -> Result<(), Problem> {
    let all = stored.measured().iter().map(|it| (it, false));
    let all = all.chain(stored.observed().iter().map(|it| (it, true)));
    let total = all.clone().count() as u64;
    // Metrics whose names become alike have to stand together.
    let mut alike: BTreeMap<String, Vec<(&Series, bool)>> = BTreeMap::new();
    for (series, observed) in all {
        let name = series
            .key
            .metric
            .replace(|it: char| !it.is_ascii_alphanumeric(), "_");
        alike.entry(name).or_default().push((series, observed));
    }
    let mut done = 0;
    let mut batch = Vec::new();
    let mut rest = alike.into_values().peekable();
    while let Some(members) = rest.next() {
        batch.extend(members);
        if batch.len() < BATCH && rest.peek().is_some() {
            continue;
        }
        let lines = lines(stored, &batch)?;
        file.write_all(lines.as_bytes()).map_err(refused)?;
        done += batch.len() as u64;
        batch.clear();
        context.progress(done, total);
        if context.cancelled() {
            return Err(Problem::cancelled("export"));
        }
    }
    file.sync_all().map_err(refused)
}

/// The text of some series.
fn lines(stored: &Stored, batch: &[(&Series, bool)]) -> Result<String, Problem> {
    let keys = |observed: bool| -> Vec<SeriesKey> {
        let chosen = batch.iter().filter(|it| it.1 == observed);
        chosen.map(|it| it.0.key.clone()).collect()
    };
    let columns = stored.raw(&keys(false))?;
    let rows = stored.rows(&keys(true), None)?;
    let (mut columns, mut rows) = (columns.iter(), rows.iter());
    let told: Vec<(&Series, Labels, Told<'_>)> = batch
        .iter()
        .filter_map(|(series, observed)| {
            let told = match observed {
                true => Told::Rows(rows.next()?),
                false => Told::Column(columns.next()?),
            };
            Some((*series, labels(&series.key), told))
        })
        .collect();
    let written: Vec<Written<'_>> = told
        .iter()
        .map(|(series, labels, told)| Written {
            metric: &series.key.metric,
            attributes: labels,
            unit: &series.unit,
            kind: series.kind,
            help: catalog::find(&series.key.metric).map_or("", |it| it.help),
            points: match told {
                Told::Rows(rows) => Points::Rows(rows),
                Told::Column(column) => Points::Numbers {
                    at: &column.at,
                    values: &column.values,
                },
            },
        })
        .collect();
    let mut lines = String::new();
    text(&written, &mut lines);
    Ok(lines)
}

type Labels = Vec<(String, String)>;

enum Told<'a> {
    Column(&'a Column),
    Rows(&'a [Row]),
}

fn labels(key: &SeriesKey) -> Labels {
    let host = (!key.host.is_empty()).then(|| ("host.name".to_owned(), key.host.clone()));
    host.into_iter()
        .chain(key.attributes.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, export};
    use super::*;
    use crate::imports::{How, Origin, Setup, import};

    #[test]
    fn what_is_written_reads_back_to_the_last_digit() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let context = Context::default();
        let session = root.join("sessions/quiet.kymo");
        let (stored, _) = Stored::open(&session, &context).expect("an example");
        let folder = tempfile::tempdir().expect("a folder");
        let (out, again) = (folder.path().join("out"), folder.path().join("again.kymo"));
        let files = export(&stored, &out, Format::Prometheus, &context);
        assert_eq!(files.map_err(|it| it.to_string()), Ok(1));
        let refused = export(&stored, &out, Format::Prometheus, &context);
        assert!(refused.is_err(), "nothing is overwritten");
        let setup = Setup {
            inputs: vec![(Origin::File(out.join(FILE)), How::default())],
            ..Setup::default()
        };
        import(&setup, &again, &context).expect("it reads");
        let (read, _) = Stored::open(&again, &context).expect("a session");

        let told = |stored: &Stored, metric: &str, part: &str| {
            let of = |it: &&Series| {
                let attributes = &it.key.attributes;
                it.key.metric == metric && attributes.iter().any(|it| it.1 == part)
            };
            let series = stored.measured().iter().find(of).expect("a series");
            let mut columns = stored.raw(std::slice::from_ref(&series.key)).expect("it");
            let column = columns.pop().expect("a column");
            let samples = column.at.iter().zip(column.values.iter());
            let samples = samples.filter(|it| !it.1.is_nan());
            // Times of the text are whole milliseconds.
            let samples: Vec<_> = samples.map(|(at, it)| (at / 1_000_000, *it)).collect();
            assert!(samples.len() > 90, "{metric} has {}", samples.len());
            (series.kind, samples)
        };
        for (metric, exported, part) in [
            ("system.cpu.time", "system_cpu_time_seconds_total", "user"),
            ("system.memory.usage", "system_memory_usage_bytes", "used"),
        ] {
            assert_eq!(told(&stored, metric, part), told(&read, exported, part));
        }
    }
}
