//! A [`Chunk`] to the tables of a segment and back.
//!
//! | table        | one row per                    | columns                                      |
//! |--------------|--------------------------------|----------------------------------------------|
//! | metrics      | sample time                    | `time`, one per series in its unit            |
//! | pyramid      | 64 samples of a series         | `series`, `row`, `rows`, `time`, `count`, `min`, `max` |
//! | processes    | change of a process            | `time`, `process`, `pid`, `name`, `complete`, fields |
//! | process-info | process                        | who it is, `ended_at`, `exit_code`            |
//! | events       | event                          | `time`, `kind`, `subject`, `before`, `after`, `text` |
//! | settings     | setting                        | `key`, `value`                                |
//!
//! Histograms and spans: [`crate::requests`].
//!
//! In metrics an empty cell means that the series was not due, `NaN` that it is
//! a gap. Rows of processes stand by process and time, which packs best.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::event::{Event, EventKind};
use model::process::{ABSENT, FIELDS, Process, ProcessId, Reading};
use model::time::Moment;
use polars::prelude::{Column, DataFrame, PolarsResult};

use crate::bucket::Buckets;
use crate::chunk::{Chunk, Info, ProcessCells};
use crate::manifest::Table;
use crate::parquet::{
    Effort, bytes_of, numbers, optional_time_column, singles, texts, time_column, times,
    whole_numbers,
};
use crate::requests;

/// A packed table.
pub(crate) struct Packed {
    pub(crate) table: Table,
    pub(crate) rows: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Table {
    /// The folder of its members.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Pyramid => "pyramid",
            Self::Processes => "processes",
            Self::ProcessInfo => "process-info",
            Self::Events => "events",
            Self::Settings => "settings",
            Self::Histograms => "histograms",
            Self::Spans => "spans",
        }
    }

    /// The path of one member.
    pub(crate) fn path(self, host_folder: &str, number: u32) -> String {
        format!("{}/{host_folder}/{number:06}.parquet", self.folder())
    }
}

/// Packs the tables of a chunk that have rows. `buckets` holds, by column of the
/// chunk, the place of its series in the manifest and its buckets.
pub(crate) fn pack(
    chunk: &Chunk,
    buckets: &[(u32, Buckets)],
    effort: Effort,
) -> Result<Vec<Packed>, String> {
    let frames = [
        (Table::Metrics, metrics_frame(chunk)),
        (Table::Pyramid, pyramid_frame(buckets)),
        (Table::Processes, processes_frame(chunk)),
        (Table::ProcessInfo, infos_frame(chunk)),
        (Table::Events, events_frame(chunk)),
        (Table::Settings, settings_frame(chunk)),
        (Table::Histograms, requests::histograms_frame(chunk)),
        (Table::Spans, requests::spans_frame(chunk)),
    ];
    let mut packed = Vec::new();
    for (table, frame) in frames {
        let frame = frame.map_err(|error| error.to_string())?;
        if frame.height() == 0 {
            continue;
        }
        packed.push(Packed {
            table,
            rows: frame.height() as u64,
            bytes: bytes_of(frame, effort).map_err(|error| error.to_string())?,
        });
    }
    Ok(packed)
}

fn frame(columns: Vec<Column>) -> PolarsResult<DataFrame> {
    let height = columns.first().map_or(0, Column::len);
    DataFrame::new(height, columns)
}

fn metrics_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let times = chunk.times();
    let mut columns = Vec::with_capacity(chunk.columns.len() + 1);
    columns.push(time_column("time", times.to_vec()));
    for column in &chunk.columns {
        let name = metric_column(&column.series.key.column());
        if column.at.len() == times.len() {
            columns.push(Column::new(name.as_str().into(), column.values.as_ref()));
            continue;
        }
        let mut cells: Vec<Option<f64>> = vec![None; times.len()];
        let mut row = 0;
        for (at, value) in column.at.iter().zip(column.values.iter()) {
            row += times[row..].partition_point(|time| time < at);
            if let Some(cell) = cells.get_mut(row) {
                *cell = Some(*value);
            }
        }
        columns.push(Column::new(name.as_str().into(), cells));
    }
    frame(columns)
}

/// The column of a series; one that is called `time` must not meet the time column.
pub(crate) fn metric_column(name: &str) -> String {
    if name.trim_end_matches('\'') == "time" {
        format!("{name}'")
    } else {
        name.to_owned()
    }
}

/// Samples of one column as read.
pub(crate) struct Samples {
    /// Which of the names asked for.
    pub(crate) asked: usize,
    pub(crate) at: Arc<[i64]>,
    pub(crate) values: Vec<f64>,
}

/// Reads the samples of some series, by column name; those not in it are left out.
pub(crate) fn metrics(frame: &DataFrame, names: &[String]) -> Result<Vec<Samples>, String> {
    let at: Arc<[i64]> = times(frame, "time")?.into();
    let mut found = Vec::with_capacity(names.len());
    for (asked, name) in names.iter().enumerate() {
        let Ok(column) = frame.column(name) else {
            continue;
        };
        let cells = numbers(column).ok_or_else(|| format!("column {name} holds no numbers"))?;
        if column.null_count() == 0 {
            found.push(Samples {
                asked,
                at: Arc::clone(&at),
                values: cells.into_iter().flatten().collect(),
            });
            continue;
        }
        let due = at
            .iter()
            .zip(cells)
            .filter_map(|(at, cell)| Some((*at, cell?)));
        let (own, values): (Vec<i64>, Vec<f64>) = due.unzip();
        found.push(Samples {
            asked,
            at: own.into(),
            values,
        });
    }
    Ok(found)
}

fn pyramid_frame(buckets: &[(u32, Buckets)]) -> PolarsResult<DataFrame> {
    let mut sorted: Vec<&(u32, Buckets)> = buckets.iter().collect();
    sorted.sort_by_key(|(series, _)| *series);
    let size = sorted.iter().map(|(_, it)| it.row.len()).sum();
    let mut series: Vec<u32> = Vec::with_capacity(size);
    let mut last: Vec<i64> = Vec::with_capacity(size);
    let (mut row, mut rows, mut at) = (Vec::new(), Vec::new(), Vec::new());
    let (mut count, mut min, mut max) = (Vec::new(), Vec::new(), Vec::new());
    for (place, it) in sorted {
        series.resize(series.len() + it.row.len(), *place);
        last.resize(last.len() + it.row.len(), it.last_at);
        row.extend_from_slice(&it.row);
        rows.extend_from_slice(&it.rows);
        at.extend_from_slice(&it.at);
        count.extend_from_slice(&it.level.count);
        min.extend_from_slice(&it.level.min);
        max.extend_from_slice(&it.level.max);
    }
    frame(vec![
        Column::new("series".into(), series),
        Column::new("row".into(), row),
        Column::new("rows".into(), rows),
        time_column("time", at),
        time_column("last_time", last),
        Column::new("count".into(), count),
        Column::new("min".into(), min),
        Column::new("max".into(), max),
    ])
}

/// Reads the buckets of some series, by place in the manifest.
pub(crate) fn pyramid(frame: &DataFrame, wanted: &[u32]) -> Result<BTreeMap<u32, Buckets>, String> {
    let series = whole_numbers(frame, "series", -1)?;
    let row = whole_numbers(frame, "row", 0)?;
    let rows = whole_numbers(frame, "rows", 0)?;
    let at = times(frame, "time")?;
    let last = times(frame, "last_time")?;
    let count = whole_numbers(frame, "count", 0)?;
    let (min, max) = (singles(frame, "min")?, singles(frame, "max")?);
    if !series.is_sorted() {
        return Err("series are out of order".to_owned());
    }
    let mut found = BTreeMap::new();
    for place in wanted {
        let from = series.partition_point(|it| *it < i64::from(*place));
        let to = series.partition_point(|it| *it <= i64::from(*place));
        if from == to {
            continue;
        }
        let ordered = row[from..to].is_sorted_by(|a, b| a < b) && row[from] >= 0;
        let sound = rows[from..to].iter().all(|it| (0..=64).contains(it));
        if !ordered || !sound || row[to - 1] - row[from] > crate::limit::ROWS_MAX as i64 {
            return Err("rows are out of order".to_owned());
        }
        let mut buckets = Buckets {
            row: row[from..to].iter().map(|it| *it as u64).collect(),
            rows: rows[from..to].iter().map(|it| *it as u32).collect(),
            at: at[from..to].to_vec(),
            last_at: last[from],
            ..Buckets::default()
        };
        buckets.level.min.extend_from_slice(&min[from..to]);
        buckets.level.max.extend_from_slice(&max[from..to]);
        buckets.level.count = count[from..to].iter().map(|it| *it as u32).collect();
        found.insert(*place, buckets);
    }
    Ok(found)
}

fn processes_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let rows = &chunk.processes;
    let unknown = Info::default();
    let info = |row: &ProcessCells| chunk.infos.get(&row.id).unwrap_or(&unknown);
    let names: Vec<&str> = rows
        .iter()
        .map(|row| info(row).process.name.as_str())
        .collect();
    let complete: Vec<bool> = rows.iter().map(|row| row.complete).collect();
    let mut columns = vec![
        time_column("time", rows.iter().map(|row| row.at).collect()),
        Column::new(
            "process".into(),
            rows.iter().map(|row| row.id.0).collect::<Vec<u32>>(),
        ),
        Column::new(
            "pid".into(),
            rows.iter()
                .map(|row| info(row).process.pid)
                .collect::<Vec<u32>>(),
        ),
        Column::new("name".into(), names),
        Column::new("complete".into(), complete),
    ];
    for field in FIELDS {
        // Times are stored in microseconds: whole numbers pack better than seconds.
        let raw = rows.iter().map(|row| row.reading.get(field.field));
        columns.push(Column::new(
            field_column(&field).into(),
            raw.collect::<Vec<Option<i64>>>(),
        ));
    }
    frame(columns)
}

/// The column of a field: raw whole numbers, so the unit in the name is that of the raw number.
fn field_column(field: &model::process::FieldInfo) -> &str {
    match field.column {
        "cpu_user_s" => "cpu_user_us",
        "cpu_system_s" => "cpu_system_us",
        other => other,
    }
}

/// Reads the rows of processes, by process and time.
pub(crate) fn processes(frame: &DataFrame) -> Result<Vec<ProcessCells>, String> {
    let at = times(frame, "time")?;
    let ids = whole_numbers(frame, "process", 0)?;
    let complete = frame
        .column("complete")
        .and_then(|column| column.bool().cloned())
        .map_err(|error| error.to_string())?;
    let mut rows: Vec<ProcessCells> = at
        .iter()
        .zip(&ids)
        .zip(complete.iter())
        .map(|((at, id), complete)| ProcessCells {
            at: *at,
            id: ProcessId(u32::try_from(*id).unwrap_or_default()),
            reading: Reading::default(),
            complete: complete == Some(true),
        })
        .collect();
    for field in FIELDS {
        // A field that this file does not know stays absent.
        let Ok(raw) = whole_numbers(frame, field_column(&field), ABSENT) else {
            continue;
        };
        for (row, number) in rows.iter_mut().zip(raw) {
            row.reading.set(field.field, number);
        }
    }
    if !rows.is_sorted_by_key(|row| (row.id, row.at)) {
        rows.sort_by_key(|row| (row.id, row.at));
    }
    Ok(rows)
}

fn infos_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let all = || chunk.infos.values().map(|info| &info.process);
    let text = |of: fn(&Process) -> &str| all().map(|it| of(it)).collect::<Vec<&str>>();
    let ended: Vec<Option<i64>> = chunk.infos.values().map(|info| info.ended_at).collect();
    let exit: Vec<Option<i32>> = chunk.infos.values().map(|info| info.exit_code).collect();
    frame(vec![
        Column::new(
            "process".into(),
            chunk.infos.keys().map(|id| id.0).collect::<Vec<u32>>(),
        ),
        Column::new("pid".into(), all().map(|it| it.pid).collect::<Vec<u32>>()),
        Column::new(
            "parent_pid".into(),
            all().map(|it| it.parent_pid).collect::<Vec<u32>>(),
        ),
        Column::new(
            "start_boot_ns".into(),
            all().map(|it| it.start_boot_ns).collect::<Vec<i64>>(),
        ),
        Column::new("name".into(), text(|it| &it.name)),
        Column::new("command".into(), text(|it| &it.command)),
        Column::new("cgroup".into(), text(|it| &it.cgroup)),
        Column::new(
            "user_id".into(),
            all().map(|it| it.user_id).collect::<Vec<Option<u32>>>(),
        ),
        optional_time_column("ended_at", &ended),
        Column::new("exit_code".into(), exit),
    ])
}

/// Reads who the processes are.
pub(crate) fn infos(frame: &DataFrame) -> Result<BTreeMap<ProcessId, Info>, String> {
    let id = whole_numbers(frame, "process", 0)?;
    let pid = whole_numbers(frame, "pid", 0)?;
    let parent = whole_numbers(frame, "parent_pid", 0)?;
    let start = whole_numbers(frame, "start_boot_ns", 0)?;
    let user = whole_numbers(frame, "user_id", -1)?;
    let exit = whole_numbers(frame, "exit_code", i64::MIN)?;
    let mut name = texts(frame, "name")?.into_iter();
    let mut command = texts(frame, "command")?.into_iter();
    let mut cgroup = texts(frame, "cgroup")?.into_iter();
    let ended = frame
        .column("ended_at")
        .ok()
        .and_then(crate::parquet::nanoseconds)
        .unwrap_or_default();
    let small = |number: i64| u32::try_from(number).ok();
    let mut infos = BTreeMap::new();
    for row in 0..id.len() {
        let process = Process {
            pid: small(pid[row]).unwrap_or_default(),
            parent_pid: small(parent[row]).unwrap_or_default(),
            start_boot_ns: start[row],
            name: name.next().unwrap_or_default(),
            command: command.next().unwrap_or_default(),
            cgroup: cgroup.next().unwrap_or_default(),
            user_id: small(user[row]),
        };
        let info = Info {
            process: Arc::new(process),
            ended_at: ended.get(row).copied().flatten(),
            exit_code: i32::try_from(exit[row]).ok(),
        };
        infos.insert(ProcessId(small(id[row]).unwrap_or_default()), info);
    }
    Ok(infos)
}

fn events_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let all = || chunk.events.iter();
    let text = |of: fn(&Event) -> &str| all().map(of).collect::<Vec<&str>>();
    frame(vec![
        time_column("time", all().map(|event| event.at.0).collect()),
        Column::new("kind".into(), text(|event| event.kind.name())),
        Column::new("subject".into(), text(|event| &event.subject)),
        Column::new("before".into(), text(|event| &event.before)),
        Column::new("after".into(), text(|event| &event.after)),
        Column::new("text".into(), text(|event| &event.text)),
    ])
}

/// Reads what happened.
pub(crate) fn events(frame: &DataFrame) -> Result<Vec<Event>, String> {
    let at = times(frame, "time")?;
    let kind = texts(frame, "kind")?;
    let mut subject = texts(frame, "subject")?.into_iter();
    let mut before = texts(frame, "before")?.into_iter();
    let mut after = texts(frame, "after")?.into_iter();
    let mut text = texts(frame, "text")?.into_iter();
    let mut events = Vec::with_capacity(at.len());
    for (at, kind) in at.iter().zip(&kind) {
        events.push(Event {
            at: Moment(*at),
            kind: EventKind::from_name(kind),
            subject: subject.next().unwrap_or_default(),
            before: before.next().unwrap_or_default(),
            after: after.next().unwrap_or_default(),
            text: text.next().unwrap_or_default(),
        });
    }
    Ok(events)
}

fn settings_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let keys: Vec<&str> = chunk.settings.keys().map(String::as_str).collect();
    let values: Vec<&str> = chunk.settings.values().map(String::as_str).collect();
    frame(vec![
        Column::new("key".into(), keys),
        Column::new("value".into(), values),
    ])
}

/// Reads settings.
pub(crate) fn settings(frame: &DataFrame) -> Result<BTreeMap<String, String>, String> {
    let keys = texts(frame, "key")?;
    Ok(keys.into_iter().zip(texts(frame, "value")?).collect())
}
