//! Sessions from columns that were read elsewhere: CSV, Parquet, other tools.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::columns::Column;
use model::event::Event;
use model::histogram::Row;
use model::host::Host;
use model::series::Series;
use model::time::Moment;
use model::trace;
use polars::prelude::DataFrame;

use crate::build::Builder;
use crate::chunk::{Chunk, ChunkColumn, ChunkHistogram};
use crate::gather::ascending;
use crate::manifest::{Manifest, Placement, SCHEMA};
use crate::open::assemble;
use crate::parquet::{Unfit, foreign_frame, nanoseconds, numbers};
use crate::part::{Data, Held, Part, Place, enter};
use crate::session::Session;
use crate::tape::plain_file;
use crate::trim::WriteError;

/// Columns to make a session of. Those of one host may differ in their times.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// What to call the session.
    pub title: String,
    /// When it was imported, or recorded if that is known.
    pub created: Moment,
    /// The columns; times of each ascend strictly.
    pub columns: Vec<Column>,
    /// Observations per interval, by series of kind histogram.
    pub histograms: Vec<(Series, Vec<Row>)>,
    /// Spans, with the name of their host.
    pub spans: Vec<(String, trace::Span)>,
    /// What happened, with the name of the host.
    pub events: Vec<(String, Event)>,
}

/// Columns of a foreign Parquet file.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    /// Header of the time column, if one was found.
    pub time_name: Option<String>,
    /// Times by row in nanoseconds since 1970, in file order, unsorted;
    /// `None` where a cell is empty or no column holds times.
    pub times: Option<Vec<Option<i64>>>,
    /// Number of rows.
    pub rows: usize,
    /// Numeric columns by row in file order, empty cells as `NaN`.
    pub columns: Vec<(String, Vec<f64>)>,
    /// Columns that hold no numbers and were left out.
    pub skipped: Vec<String>,
}

/// Why a foreign file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The disk refused.
    #[error("could not read {}", .path.display())]
    Read {
        /// The path.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// It is no Parquet file, or it is damaged.
    #[error("could not read it as Parquet, {why}: {}", .path.display())]
    Format {
        /// What is wrong.
        why: String,
        /// The path.
        path: PathBuf,
    },
    /// It is larger than can be imported.
    #[error("file exceeds a limit, {what}: {}", .path.display())]
    Limit {
        /// Which bound.
        what: String,
        /// The path.
        path: PathBuf,
    },
}

/// Writes a session file of `source` at `out`.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn ingest(source: Source, out: &Path) -> Result<(), WriteError> {
    let mut builder = Builder::create(out, &source.title, source.created)?;
    let mut manifest = Manifest::default();
    for (name, chunk) in by_host(source) {
        let Some(id) = manifest.add_host(Host::default(), &name, Placement::default()) else {
            return Err(WriteError::Empty {
                why: "the columns belong to more hosts than a session may hold".to_owned(),
            });
        };
        let host = builder.host(&manifest.hosts[usize::from(id.0)]);
        builder.add(host, chunk)?;
    }
    if builder.is_empty() {
        return Err(WriteError::Empty {
            why: "nothing in it was measured at a moment".to_owned(),
        });
    }
    builder.finish(&[])
}

/// Makes a session that lives in memory only.
pub fn in_memory(source: Source) -> Session {
    let mut manifest = Manifest {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION").to_owned(),
        title: source.title.clone(),
        created: source.created,
        ..Manifest::default()
    };
    let mut held = Vec::new();
    for (name, mut chunk) in by_host(source) {
        let Some(id) = manifest.add_host(Host::default(), &name, Placement::default()) else {
            break;
        };
        let starts = enter(&mut manifest, id, &mut chunk);
        let span = chunk.span();
        let part = Part {
            number: 0,
            span,
            from: span.from,
            data: Data::Held(Held::new(chunk, starts)),
        };
        held.push((usize::from(id.0), part));
    }
    Session {
        inner: Arc::new(assemble(Place::Memory, manifest, held)),
    }
}

/// Hosts in the order met, and what each said.
#[derive(Default)]
struct Hosts(Vec<(String, Chunk)>);

impl Hosts {
    fn of(&mut self, host: &str) -> &mut Chunk {
        let known = self.0.iter().position(|(name, _)| name == host);
        let place = known.unwrap_or_else(|| {
            self.0.push((host.to_owned(), Chunk::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }
}

/// Sorts everything by host, in the order met; each column ascends and has a name of its own.
fn by_host(source: Source) -> Vec<(String, Chunk)> {
    let mut hosts = Hosts::default();
    let mut names = HashSet::new();
    for column in source.columns {
        let mut series = column.series;
        let metric = series.key.metric.clone();
        let mut number = 2;
        while !names.insert(series.key.clone()) {
            series.key.metric = format!("{metric} ({number})");
            number += 1;
        }
        let sound = column.at.len() == column.values.len() && column.at.is_sorted_by(|a, b| a < b);
        let (at, values) = if sound {
            (column.at, column.values)
        } else {
            let (at, values) = ascending(&column.at, &column.values);
            (at.into(), values.into())
        };
        let host = series.key.host.clone();
        let column = ChunkColumn { series, at, values };
        hosts.of(&host).columns.push(column);
    }
    for (series, mut rows) in source.histograms {
        rows.sort_by_key(|row| row.at);
        let chunk = hosts.of(&series.key.host);
        let known = chunk
            .histograms
            .iter_mut()
            .find(|it| it.series.key == series.key);
        match known {
            Some(known) => known.rows.append(&mut rows),
            None => chunk.histograms.push(ChunkHistogram { series, rows }),
        }
    }
    for (host, span) in source.spans {
        hosts.of(&host).spans.push(span);
    }
    for (host, event) in source.events {
        hosts.of(&host).events.push(event);
    }
    for (_, chunk) in &mut hosts.0 {
        chunk.spans.sort_by_key(|it| (it.start, it.trace, it.id));
        chunk.events.sort_by_key(|event| event.at);
    }
    hosts.0
}

/// Largest foreign file that is read, whole.
const FOREIGN_MAX_BYTES: u64 = 2 << 30;

/// Most cells of a foreign file: 4 GiB of numbers.
const FOREIGN_MAX_CELLS: usize = 1 << 29;

/// Reads the numeric columns of a foreign Parquet file.
///
/// The time column is the first named `timestamp`, `time`, `ts` or `date`
/// (any case) or else the first of a date-time type. Numbers in it are Unix
/// seconds, milliseconds, microseconds or nanoseconds, as their size says.
///
/// # Errors
///
/// [`ForeignError`].
pub fn parquet(path: &Path) -> Result<Foreign, ForeignError> {
    let read = |source| ForeignError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = plain_file(&fs::canonicalize(path).map_err(read)?).map_err(read)?;
    file.take(FOREIGN_MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(read)?;
    if bytes.len() as u64 > FOREIGN_MAX_BYTES {
        return Err(ForeignError::Limit {
            what: "larger than 2 GiB".to_owned(),
            path: path.to_owned(),
        });
    }
    let (frame, skipped) = foreign_frame(bytes, FOREIGN_MAX_CELLS).map_err(|why| match why {
        Unfit::Large(what) => ForeignError::Limit {
            what,
            path: path.to_owned(),
        },
        Unfit::Wrong(why) => ForeignError::Format {
            why,
            path: path.to_owned(),
        },
    })?;
    Ok(foreign_of(&frame, skipped))
}

fn foreign_of(frame: &DataFrame, mut skipped: Vec<String>) -> Foreign {
    let columns = frame.columns();
    let called =
        |name: &str| ["timestamp", "time", "ts", "date"].contains(&name.to_lowercase().as_str());
    let named = columns.iter().find(|column| called(column.name()));
    let dated = columns.iter().find(|column| nanoseconds(column).is_some());
    let time = named
        .or(dated)
        .and_then(|it| Some((it.name().to_string(), moments(it)?)));
    let (time_name, times) = time.unzip();
    let mut found = Vec::new();
    for column in columns {
        let name = column.name().to_string();
        if time_name.as_ref() == Some(&name) {
            continue;
        }
        match numbers(column) {
            Some(cells) => {
                let values = cells.into_iter().map(|cell| cell.unwrap_or(f64::NAN));
                found.push((name, values.collect()));
            }
            None => skipped.push(name),
        }
    }
    Foreign {
        time_name,
        times,
        rows: frame.height(),
        columns: found,
        skipped,
    }
}

/// The moments of a column of dates, texts or Unix times.
fn moments(column: &polars::prelude::Column) -> Option<Vec<Option<i64>>> {
    if let Some(times) = nanoseconds(column) {
        return Some(times);
    }
    if let Ok(texts) = column.str() {
        let read = |text: &str| text.parse::<Moment>().ok().map(|moment| moment.0);
        return Some(texts.iter().map(|cell| read(cell?)).collect());
    }
    let numbers = numbers(column)?;
    let largest = numbers
        .iter()
        .flatten()
        .fold(0.0_f64, |most, it| most.max(it.abs()));
    // Unix seconds reach 1e11 in the year 5138; each finer unit is a thousand times as many.
    let factor = match largest {
        it if it < 1e11 => 1e9,
        it if it < 1e14 => 1e6,
        it if it < 1e17 => 1e3,
        _ => 1.0,
    };
    let whole = column.cast(&polars::prelude::DataType::Int64).ok();
    if let (Some(whole), true) = (whole.filter(|_| !column.dtype().is_float()), factor >= 1.0) {
        let cells = whole.i64().ok()?;
        return Some(
            cells
                .iter()
                .map(|cell| cell?.checked_mul(factor as i64))
                .collect(),
        );
    }
    Some(
        numbers
            .iter()
            .map(|cell| Moment::from_unix_seconds((*cell)? * factor / 1e9).map(|it| it.0))
            .collect(),
    )
}
