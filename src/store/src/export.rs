//! Writes a session's tables as plain files for other tools.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use model::histogram::Row;
use model::process::{FIELDS, Field};
use model::time::Moment;
use model::trace;

use crate::build::failed;
use crate::chunk::{Chunk, ChunkColumn, Info, ProcessCells};
use crate::disk::create_beside;
use crate::parquet::Effort;
use crate::part::Data;
use crate::progress::{Continue, Progress, Watch};
use crate::requests;
use crate::roll::{Target, pack};
use crate::session::Session;
use crate::trim::WriteError;

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Zstd-compressed Parquet, one file per table, host and segment.
    Parquet,
    /// Comma-separated text, one file per table and host.
    Csv,
}

/// Writes every table of `session` into the new folder `dir`.
///
/// Times are UTC. In CSV, cells of text that a spreadsheet would take for a
/// formula start with an apostrophe.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn export(
    session: &Session,
    dir: &Path,
    format: Format,
    watch: Watch<'_>,
) -> Result<(), WriteError> {
    let write = |source| failed(dir, source);
    // An empty folder may be filled; anything else is in the way.
    if fs::symlink_metadata(dir).is_ok() && fs::remove_dir(dir).is_err() {
        return Err(WriteError::Exists {
            path: dir.to_owned(),
        });
    }
    let (temporary, ()) = create_beside(dir, |it| fs::create_dir(it)).map_err(write)?;
    let written = match format {
        Format::Parquet => members(session, &temporary, watch),
        Format::Csv => texts(session, &temporary, watch),
    };
    let written = written.and_then(|()| fs::rename(&temporary, dir).map_err(write));
    if written.is_err() {
        // The first failure is the one to tell.
        drop(fs::remove_dir_all(&temporary));
    }
    written
}

/// Copies the members as they are; journals are packed first.
fn members(session: &Session, dir: &Path, watch: Watch<'_>) -> Result<(), WriteError> {
    let inner = &session.inner;
    let total = inner.parts.iter().flatten().count() as u64;
    let mut done = 0;
    for (entry, parts) in inner.manifest.hosts.iter().zip(&inner.parts) {
        for part in parts {
            match &part.data {
                Data::Stored(stored) => {
                    for member in stored.values() {
                        let Some(bytes) = inner.sound(member, inner.bytes(member)) else {
                            continue;
                        };
                        file(&dir.join(&member.segment.path), &bytes)?;
                    }
                }
                Data::Held(held) => {
                    let target = Target {
                        host: entry.id,
                        host_folder: entry.folder.clone(),
                        number: part.number,
                    };
                    let places = held.starts.iter().map(|(place, _)| *place);
                    let buckets: Vec<_> = places.zip(held.buckets().iter().cloned()).collect();
                    let packed = pack(&held.chunk, &buckets, &target, Effort::Foreground)
                        .map_err(|why| failed(dir, io::Error::other(why)))?;
                    for (segment, bytes) in packed {
                        file(&dir.join(&segment.path), &bytes)?;
                    }
                }
            }
            done += 1;
            if watch(Progress { done, total }) == Continue::Stop {
                return Err(WriteError::Stopped);
            }
        }
    }
    Ok(())
}

fn file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .map_err(|source| failed(path, source))
}

/// Writes the tables of each host as text.
fn texts(session: &Session, dir: &Path, watch: Watch<'_>) -> Result<(), WriteError> {
    let inner = &session.inner;
    let total = inner.parts.iter().flatten().count() as u64;
    let mut done = 0;
    for (entry, parts) in inner.manifest.hosts.iter().zip(&inner.parts) {
        let of_host = inner.manifest.series.iter().enumerate();
        let places: Vec<u32> = of_host
            .filter(|(_, it)| it.host == entry.id)
            .map(|(place, _)| place as u32)
            .collect();
        let open =
            |table: &str, header: &[String]| Sheet::create(dir, table, &entry.folder, header);
        let mut header = vec!["time".to_owned()];
        header.extend(
            places
                .iter()
                .map(|place| inner.series[*place as usize].key.column()),
        );
        let mut metrics = open("metrics", &header)?;
        let mut processes = open("processes", &process_header())?;
        let mut events = open(
            "events",
            &strings(&["time", "kind", "subject", "before", "after", "text"]),
        )?;
        let mut histograms = open("histograms", &strings(&HISTOGRAM_HEADER))?;
        let mut spans = open("spans", &strings(&SPAN_HEADER))?;
        for part in parts {
            for of in inner.part_histograms(entry.id, part, |_| true) {
                let name = of.series.key.column();
                for row in &of.rows {
                    histograms.row(histogram_cells(&name, row))?;
                }
            }
            for span in inner.part_spans(part) {
                spans.row(span_cells(&span))?;
            }
            metric_rows(
                &mut metrics,
                &places,
                &inner.part_columns(part, &places),
                session,
            )?;
            let table = inner.process_table(entry.id, part);
            for row in &table.rows {
                let unknown = Info::default();
                let info = table.infos.get(&row.id).unwrap_or(&unknown);
                processes.row(process_cells(row, info))?;
            }
            done += 1;
            if watch(Progress { done, total }) == Continue::Stop {
                return Err(WriteError::Stopped);
            }
        }
        for (host, event) in session.events(session.span())? {
            if host == entry.id {
                let text = [
                    event.kind.name(),
                    &event.subject,
                    &event.before,
                    &event.after,
                    &event.text,
                ];
                let cells = std::iter::once(event.at.to_string());
                events.row(cells.chain(text.map(quoted)))?;
            }
        }
        let mut settings = open("settings", &strings(&["key", "value"]))?;
        for (key, value) in session.settings(entry.id)? {
            settings.row([quoted(&key), quoted(&value)])?;
        }
        for sheet in [metrics, processes, events, settings, histograms, spans] {
            sheet.close()?;
        }
    }
    Ok(())
}

/// One text file that grows.
struct Sheet {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Sheet {
    fn create(dir: &Path, table: &str, host: &str, header: &[String]) -> Result<Self, WriteError> {
        let path = dir.join(format!("{table}-{host}.csv"));
        let file = File::create(&path).map_err(|source| failed(&path, source))?;
        let mut sheet = Self {
            path,
            out: BufWriter::new(file),
        };
        sheet.row(header.iter().map(|name| quoted(name)))?;
        Ok(sheet)
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) -> Result<(), WriteError> {
        let mut line = String::new();
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                line.push(',');
            }
            line.push_str(&cell);
        }
        line.push('\n');
        let written = self.out.write_all(line.as_bytes());
        written.map_err(|source| failed(&self.path, source))
    }

    fn close(mut self) -> Result<(), WriteError> {
        self.out
            .flush()
            .map_err(|source| failed(&self.path, source))
    }
}

fn metric_rows(
    sheet: &mut Sheet,
    places: &[u32],
    columns: &[ChunkColumn],
    session: &Session,
) -> Result<(), WriteError> {
    let chunk = Chunk {
        columns: columns.to_vec(),
        ..Chunk::default()
    };
    let by_place: Vec<Option<&ChunkColumn>> = places
        .iter()
        .map(|place| {
            let key = &session.inner.series[*place as usize].key;
            columns.iter().find(|column| column.series.key == *key)
        })
        .collect();
    let mut next = vec![0; places.len()];
    for at in chunk.times().iter() {
        let values = by_place.iter().zip(&mut next).map(|(column, next)| {
            let column = (*column)?;
            if column.at.get(*next) != Some(at) {
                return None;
            }
            *next += 1;
            Some(column.values[*next - 1])
        });
        let cells = values.map(|it| it.map(|value| value.to_string()).unwrap_or_default());
        let time = std::iter::once(Moment(*at).to_string());
        sheet.row(time.chain(cells))?;
    }
    Ok(())
}

const HISTOGRAM_HEADER: [&str; 9] = [
    "time", "width_ns", "series", "count", "sum", "min", "max", "active_s", "buckets",
];

const SPAN_HEADER: [&str; 10] = [
    "time",
    "duration_ns",
    "trace",
    "span",
    "parent",
    "service",
    "name",
    "kind",
    "status",
    "attributes",
];

/// Buckets are `upper bound:count`, those without observations left out.
fn histogram_cells(name: &str, row: &Row) -> Vec<String> {
    let histogram = &row.histogram;
    let mut buckets = Vec::new();
    histogram.each(|cell| {
        if cell.count > 0 {
            buckets.push(format!("{}:{}", cell.high, cell.count));
        }
    });
    vec![
        row.at.to_string(),
        row.width_ns.to_string(),
        quoted(name),
        histogram.count.to_string(),
        known(histogram.sum),
        known(histogram.min),
        known(histogram.max),
        known(row.active_s),
        quoted(&buckets.join(" ")),
    ]
}

fn span_cells(span: &trace::Span) -> Vec<String> {
    let parent = span.parent.map(|it| it.to_string());
    vec![
        span.start.to_string(),
        span.duration_ns.to_string(),
        span.trace.to_string(),
        span.id.to_string(),
        parent.unwrap_or_default(),
        quoted(&span.service),
        quoted(&span.name),
        span.kind.name().to_owned(),
        span.status.name().to_owned(),
        quoted(&requests::attributes_text(span)),
    ]
}

/// A number; nothing where there is none.
fn known(value: f64) -> String {
    if value.is_nan() {
        String::new()
    } else {
        value.to_string()
    }
}

fn process_header() -> Vec<String> {
    let mut header = strings(&["time", "process", "pid", "name", "command", "cgroup"]);
    header.extend(FIELDS.iter().map(|field| field.column.to_owned()));
    header
}

fn process_cells(row: &ProcessCells, info: &Info) -> Vec<String> {
    let process = &info.process;
    let mut cells = vec![
        Moment(row.at).to_string(),
        row.id.0.to_string(),
        process.pid.to_string(),
        quoted(&process.name),
        quoted(&process.command),
        quoted(&process.cgroup),
    ];
    cells.extend(FIELDS.iter().map(|field| match field.field {
        Field::State => quoted(&row.reading.state().to_string()),
        other => known(row.reading.value(other)),
    }));
    cells
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A cell of text: harmless in a spreadsheet, quoted where it must be.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_cell_of_text_is_a_formula() {
        for (text, cell) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2,5", "\"'-2,5\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ] {
            assert_eq!(quoted(text), cell);
        }
    }
}
