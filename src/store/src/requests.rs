//! What applications did: histograms per interval, and spans.
//!
//! | table      | one row per                         | columns                                     |
//! |------------|-------------------------------------|---------------------------------------------|
//! | histograms | interval in which something ended   | `time` (its end), `width_ns`, `series`, `count`, `sum`, `min`, `max`, `active_s`, buckets |
//! | spans      | span                                | `time` (its begin), `duration_ns`, `trace`, `span`, `parent`, `service`, `name`, `kind`, `status`, `attributes` (JSON) |
//!
//! Exponential buckets are `scale`, `zero`, `first` and `counts`, with `negative_first`
//! and `negative_counts` below zero; explicit ones `bounds` and `counts`, and `scale` is
//! empty. Rows of one series and interval are parts: they add up, in whichever segment
//! they lie, because spans are told when they end and late.
//!
//! Start at [`Inner::histogram_rows`] and [`Inner::spans`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::histogram::{BUCKETS_MAX, Buckets, Explicit, Exponential, Histogram, Row, Run};
use model::host::HostId;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use model::trace::{self, SpanId, SpanKind, Status, TraceId};
use polars::prelude::{Column, DataFrame, DataType, NamedFrom, PolarsResult, Series as Cells};

use crate::chunk::{Chunk, ChunkHistogram};
use crate::limit::{ROWS_ANSWER_MAX, SERIES_MAX};
use crate::manifest::{HistogramEntry, Manifest, Table};
use crate::parquet::{texts, time_column, times, whole_numbers};
use crate::part::{Data, Inner, Part};
use crate::session::QueryError;

/// Which spans are asked for; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct SpanFilter {
    /// Only those of this service.
    pub service: Option<String>,
    /// Only those of this name.
    pub name: Option<String>,
    /// Only this trace.
    pub trace: Option<TraceId>,
    /// Only those that took at least so long.
    pub least_ns: i64,
}

/// Spans that were found.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    /// Them, by begin, with their host.
    pub spans: Vec<(HostId, trace::Span)>,
    /// How many more there were than asked for; those that took longest are kept.
    pub left_out: usize,
}

impl SpanFilter {
    fn admits(&self, span: &trace::Span) -> bool {
        let same =
            |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|it| it == text);
        same(&self.service, &span.service)
            && same(&self.name, &span.name)
            && self.trace.is_none_or(|it| it == span.trace)
            && span.duration_ns >= self.least_ns
    }
}

/// Finds or adds the histograms of a chunk in the manifest.
pub(crate) fn enter(manifest: &mut Manifest, host: HostId, chunk: &mut Chunk) {
    let known: HashMap<&SeriesKey, usize> = manifest
        .histograms
        .iter()
        .enumerate()
        .filter(|(_, it)| it.host == host)
        .map(|(place, it)| (&it.series.key, place))
        .collect();
    let places: Vec<Option<usize>> = chunk
        .histograms
        .iter()
        .map(|it| known.get(&it.series.key).copied())
        .collect();
    let mut places = places.into_iter();
    chunk.histograms.retain(|it| {
        let rows = it.rows.len() as u64;
        match places.next().flatten() {
            Some(place) => manifest.histograms[place].rows += rows,
            None if manifest.histograms.len() >= SERIES_MAX => return false,
            None => manifest.histograms.push(HistogramEntry {
                series: it.series.clone(),
                host,
                rows,
            }),
        }
        true
    });
}

impl Inner {
    /// Rows of some histograms within a span, parts of an interval added up, by time.
    pub(crate) fn histogram_rows(
        &self,
        keys: &[SeriesKey],
        span: Option<Span>,
    ) -> Result<Vec<Vec<Row>>, QueryError> {
        let entries = &self.manifest.histograms;
        let known: HashMap<&SeriesKey, HostId> =
            entries.iter().map(|it| (&it.series.key, it.host)).collect();
        let mut wanted: BTreeMap<HostId, HashMap<String, Vec<usize>>> = BTreeMap::new();
        for (answer, key) in keys.iter().enumerate() {
            let host = known.get(key).ok_or_else(|| QueryError::Unknown {
                what: format!("histogram {key}"),
            })?;
            let of_host = wanted.entry(*host).or_default();
            of_host.entry(key.column()).or_default().push(answer);
        }
        let mut merged: Vec<BTreeMap<i64, Row>> = vec![BTreeMap::new(); keys.len()];
        let mut held = 0;
        for (host, names) in &wanted {
            let parts = self.parts.get(usize::from(host.0));
            for part in parts.into_iter().flatten() {
                if span.is_some_and(|span| part.span.intersect(span).is_empty()) {
                    continue;
                }
                for (name, row) in self.part_rows(part) {
                    let inside = span.is_none_or(|span| span.contains(row.at));
                    let Some(answers) = names.get(&name).filter(|_| inside) else {
                        continue;
                    };
                    for answer in answers {
                        held += usize::from(put(&mut merged[*answer], row.clone()));
                    }
                }
                if held > ROWS_ANSWER_MAX {
                    return Err(QueryError::Limit {
                        what: format!("{held} rows of histograms"),
                    });
                }
            }
        }
        let rows = merged.into_iter().map(|it| it.into_values().collect());
        Ok(rows.collect())
    }

    /// The rows of one part, with the column names of their series.
    fn part_rows(&self, part: &Part) -> Vec<(String, Row)> {
        match &part.data {
            Data::Stored(_) => self.table(part, Table::Histograms, histograms),
            Data::Held(held) => {
                let all = held.chunk.histograms.iter();
                let named = all.flat_map(|it| {
                    let name = it.series.key.column();
                    it.rows.iter().map(move |row| (name.clone(), row.clone()))
                });
                named.collect()
            }
        }
    }

    /// The histograms of one part that are wanted, as a chunk holds them.
    pub(crate) fn part_histograms(
        &self,
        host: HostId,
        part: &Part,
        wanted: impl Fn(&SeriesKey) -> bool,
    ) -> Vec<ChunkHistogram> {
        let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for (name, row) in self.part_rows(part) {
            found.entry(name).or_default().push(row);
        }
        let entries = self.manifest.histograms.iter();
        let of_host = entries.filter(|it| it.host == host && wanted(&it.series.key));
        of_host
            .filter_map(|it| {
                Some(ChunkHistogram {
                    series: it.series.clone(),
                    rows: found.remove(&it.series.key.column())?,
                })
            })
            .collect()
    }

    /// The spans of one part.
    pub(crate) fn part_spans(&self, part: &Part) -> Vec<trace::Span> {
        match &part.data {
            Data::Stored(_) => self.table(part, Table::Spans, spans),
            Data::Held(held) => held.chunk.spans.clone(),
        }
    }

    /// Spans that were under way within `span`, at most `limit`.
    pub(crate) fn spans(&self, span: Span, filter: &SpanFilter, limit: usize) -> Spans {
        let mut found: Vec<(HostId, trace::Span)> = Vec::new();
        let mut left_out = 0;
        for (host, parts) in self.manifest.hosts.iter().zip(&self.parts) {
            for part in parts {
                // Spans are kept where they were told, which is after they ended.
                if part.span.to <= span.from {
                    continue;
                }
                let under_way = |it: &trace::Span| it.start < span.to && it.end() >= span.from;
                let wanted = self.part_spans(part).into_iter();
                let wanted = wanted.filter(|it| under_way(it) && filter.admits(it));
                found.extend(wanted.map(|it| (host.id, it)));
                if found.len() > limit.saturating_mul(2) {
                    left_out += keep_longest(&mut found, limit);
                }
            }
        }
        left_out += keep_longest(&mut found, limit);
        found.sort_by_key(|(host, it)| (it.start, it.trace, it.id, *host));
        Spans {
            spans: found,
            left_out,
        }
    }
}

/// Keeps the spans that took longest; returns how many went.
fn keep_longest(found: &mut Vec<(HostId, trace::Span)>, limit: usize) -> usize {
    let over = found.len().saturating_sub(limit);
    if over > 0 {
        found.sort_by_key(|(_, it)| (std::cmp::Reverse(it.duration_ns), it.start, it.id));
        found.truncate(limit);
    }
    over
}

/// Puts a row to those of its interval; says whether it is the first.
fn put(rows: &mut BTreeMap<i64, Row>, row: Row) -> bool {
    match rows.get_mut(&row.at.0) {
        Some(known) => {
            // One whose buckets were changed within an interval cannot be added; the
            // part that came first stands for it.
            if known.add(&row).is_err() {
                known.active_s = f64::NAN;
            }
            false
        }
        None => {
            rows.insert(row.at.0, row);
            true
        }
    }
}

fn whole_lists<'a>(name: &str, lists: impl Iterator<Item = Option<&'a [u64]>>) -> Column {
    let cells: Vec<Cells> = lists
        .map(|it| Cells::new("".into(), it.unwrap_or_default()))
        .collect();
    Column::new(name.into(), cells)
}

/// The table of a chunk's histograms, by series and time.
pub(crate) fn histograms_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let all: Vec<(&Series, &Row)> = chunk
        .histograms
        .iter()
        .flat_map(|it| it.rows.iter().map(move |row| (&it.series, row)))
        .collect();
    if all.is_empty() {
        return Ok(DataFrame::empty());
    }
    let of = |read: fn(&Row) -> f64| -> Vec<f64> { all.iter().map(|(_, row)| read(row)).collect() };
    let exponential: Vec<Option<&Exponential>> = all
        .iter()
        .map(|(_, row)| match &row.histogram.buckets {
            Buckets::Exponential(it) => Some(it),
            Buckets::Explicit(_) => None,
        })
        .collect();
    let explicit = || {
        all.iter().map(|(_, row)| match &row.histogram.buckets {
            Buckets::Explicit(it) => Some(it),
            Buckets::Exponential(_) => None,
        })
    };
    let names: Vec<String> = all.iter().map(|(series, _)| series.key.column()).collect();
    let counts = exponential
        .iter()
        .zip(explicit())
        .map(|(a, b)| match (a, b) {
            (Some(it), _) => Some(it.positive.counts.as_slice()),
            (None, it) => it.map(|it| it.counts.as_slice()),
        });
    let bounds: Vec<Cells> = explicit()
        .map(|it| Cells::new("".into(), it.map_or(&[][..], |it| &it.bounds)))
        .collect();
    let numbers = |read: fn(&Exponential) -> i32| -> Vec<Option<i32>> {
        exponential.iter().map(|it| it.map(read)).collect()
    };
    let width: Vec<i64> = all.iter().map(|(_, row)| row.width_ns).collect();
    let count: Vec<u64> = all.iter().map(|(_, row)| row.histogram.count).collect();
    let zero: Vec<Option<u64>> = exponential.iter().map(|it| it.map(|it| it.zero)).collect();
    let negative = exponential
        .iter()
        .map(|it| it.map(|it| it.negative.counts.as_slice()));
    DataFrame::new(
        all.len(),
        vec![
            time_column("time", all.iter().map(|(_, row)| row.at.0).collect()),
            Column::new("width_ns".into(), width),
            Column::new("series".into(), names),
            Column::new("count".into(), count),
            Column::new("sum".into(), of(|row| row.histogram.sum)),
            Column::new("min".into(), of(|row| row.histogram.min)),
            Column::new("max".into(), of(|row| row.histogram.max)),
            Column::new("active_s".into(), of(|row| row.active_s)),
            Column::new("scale".into(), numbers(|it| i32::from(it.scale))),
            Column::new("zero".into(), zero),
            Column::new("first".into(), numbers(|it| it.positive.first)),
            whole_lists("counts", counts),
            Column::new("negative_first".into(), numbers(|it| it.negative.first)),
            whole_lists("negative_counts", negative),
            Column::new("bounds".into(), bounds),
        ],
    )
}

/// Reads rows of histograms with the column names of their series.
pub(crate) fn histograms(frame: &DataFrame) -> Result<Vec<(String, Row)>, String> {
    let at = times(frame, "time")?;
    let width = whole_numbers(frame, "width_ns", 0)?;
    let names = texts(frame, "series")?;
    let count = whole_numbers(frame, "count", 0)?;
    let sum = doubles(frame, "sum")?;
    let (min, max) = (doubles(frame, "min")?, doubles(frame, "max")?);
    let active = doubles(frame, "active_s")?;
    let scale = whole_numbers(frame, "scale", NO_SCALE)?;
    let zero = whole_numbers(frame, "zero", 0)?;
    let first = whole_numbers(frame, "first", 0)?;
    let negative_first = whole_numbers(frame, "negative_first", 0)?;
    let mut counts = lists(frame, "counts")?.into_iter();
    let mut negative = lists(frame, "negative_counts")?.into_iter();
    let mut bounds = double_lists(frame, "bounds")?.into_iter();
    let mut rows = Vec::with_capacity(at.len());
    for (place, name) in names.into_iter().enumerate() {
        let counts = counts.next().unwrap_or_default();
        let negative = negative.next().unwrap_or_default();
        let bounds = bounds.next().unwrap_or_default();
        let run = |first: i64, counts: Vec<u64>| {
            let sound = counts.len() <= BUCKETS_MAX && first.abs() < i64::from(i32::MAX / 2);
            let first = i32::try_from(first).ok().filter(|_| sound);
            first.map(|first| Run { first, counts })
        };
        let buckets = if scale[place] == NO_SCALE {
            let sound = counts.len() == bounds.len() + 1 && bounds.is_sorted_by(|a, b| a < b);
            sound.then(|| {
                Buckets::Explicit(Explicit {
                    bounds: bounds.into(),
                    counts,
                })
            })
        } else {
            let positive = run(first[place], counts);
            let negative = run(negative_first[place], negative);
            let scale = i8::try_from(scale[place]).ok();
            let parts = positive.zip(negative).zip(scale);
            parts.map(|((positive, negative), scale)| {
                Buckets::Exponential(Exponential {
                    scale,
                    zero: zero[place].max(0).unsigned_abs(),
                    positive,
                    negative,
                })
            })
        };
        let row = Row {
            at: Moment(at[place]),
            width_ns: width[place].max(0),
            active_s: active[place],
            histogram: Histogram {
                count: count[place].max(0).unsigned_abs(),
                sum: sum[place],
                min: min[place],
                max: max[place],
                buckets: buckets.ok_or("a histogram contradicts itself")?,
            },
        };
        rows.push((name, row));
    }
    Ok(rows)
}

/// Stands for an empty cell of the column `scale`.
const NO_SCALE: i64 = i64::MIN;

fn doubles(frame: &DataFrame, name: &str) -> Result<Vec<f64>, String> {
    let wrong = |_| format!("column {name} is missing or holds no numbers");
    let column = frame.column(name).map_err(wrong)?;
    let cells =
        crate::parquet::numbers(column).ok_or_else(|| format!("column {name} holds no numbers"))?;
    Ok(cells.into_iter().map(|it| it.unwrap_or(f64::NAN)).collect())
}

fn lists(frame: &DataFrame, name: &str) -> Result<Vec<Vec<u64>>, String> {
    each_list(frame, name, &DataType::UInt64, |cells| {
        let cells = cells.u64().ok()?;
        Some(cells.iter().map(Option::unwrap_or_default).collect())
    })
}

fn double_lists(frame: &DataFrame, name: &str) -> Result<Vec<Vec<f64>>, String> {
    each_list(frame, name, &DataType::Float64, |cells| {
        let cells = cells.f64().ok()?;
        Some(cells.iter().map(|it| it.unwrap_or(f64::NAN)).collect())
    })
}

fn each_list<T>(
    frame: &DataFrame,
    name: &str,
    inner: &DataType,
    read: impl Fn(&Cells) -> Option<Vec<T>>,
) -> Result<Vec<Vec<T>>, String> {
    let wrong = || format!("column {name} is missing or holds no lists of numbers");
    let column = frame.column(name).map_err(|_| wrong())?;
    let column = column
        .cast(&DataType::List(Box::new(inner.clone())))
        .map_err(|_| wrong())?;
    let cells = column.list().map_err(|_| wrong())?;
    let mut found = Vec::with_capacity(cells.len());
    for place in 0..cells.len() {
        found.push(match cells.get_as_series(place) {
            Some(cells) => read(&cells).ok_or_else(wrong)?,
            None => Vec::new(),
        });
    }
    Ok(found)
}

/// The table of a chunk's spans, by begin.
pub(crate) fn spans_frame(chunk: &Chunk) -> PolarsResult<DataFrame> {
    let all = || chunk.spans.iter();
    if chunk.spans.is_empty() {
        return Ok(DataFrame::empty());
    }
    let text = |of: fn(&trace::Span) -> &str| all().map(of).collect::<Vec<&str>>();
    let trace: Vec<String> = all().map(|it| it.trace.to_string()).collect();
    let id: Vec<String> = all().map(|it| it.id.to_string()).collect();
    let parent: Vec<Option<String>> = all()
        .map(|it| it.parent.map(|parent| parent.to_string()))
        .collect();
    let attributes: Vec<String> = all().map(attributes_text).collect();
    DataFrame::new(
        chunk.spans.len(),
        vec![
            time_column("time", all().map(|it| it.start.0).collect()),
            Column::new(
                "duration_ns".into(),
                all().map(|it| it.duration_ns).collect::<Vec<i64>>(),
            ),
            Column::new("trace".into(), trace),
            Column::new("span".into(), id),
            Column::new("parent".into(), parent),
            Column::new("service".into(), text(|it| &it.service)),
            Column::new("name".into(), text(|it| &it.name)),
            Column::new("kind".into(), text(|it| it.kind.name())),
            Column::new("status".into(), text(|it| it.status.name())),
            Column::new("attributes".into(), attributes),
        ],
    )
}

/// Attributes as a JSON object.
pub(crate) fn attributes_text(span: &trace::Span) -> String {
    let pairs = span.attributes.iter().map(|(key, value)| {
        let value = serde_json::Value::String(value.to_string());
        (key.to_string(), value)
    });
    serde_json::Value::Object(pairs.collect()).to_string()
}

/// Keys and values.
type Attributes = Vec<(Arc<str>, Arc<str>)>;

fn attributes_of(text: &str) -> Result<Attributes, String> {
    let map: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|_| "attributes are no JSON object of texts".to_owned())?;
    Ok(map
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()))
        .collect())
}

/// Reads spans.
pub(crate) fn spans(frame: &DataFrame) -> Result<Vec<trace::Span>, String> {
    let at = times(frame, "time")?;
    let duration = whole_numbers(frame, "duration_ns", 0)?;
    let trace = texts(frame, "trace")?;
    let id = texts(frame, "span")?;
    let parent = texts(frame, "parent")?;
    let service = texts(frame, "service")?;
    let name = texts(frame, "name")?;
    let kind = texts(frame, "kind")?;
    let status = texts(frame, "status")?;
    let attributes = texts(frame, "attributes")?;
    let mut shared = Shared::default();
    let mut found = Vec::with_capacity(at.len());
    for row in 0..at.len() {
        let wrong = |_| "a span has no number".to_owned();
        found.push(trace::Span {
            trace: trace[row].parse::<TraceId>().map_err(wrong)?,
            id: id[row].parse::<SpanId>().map_err(wrong)?,
            parent: parent[row].parse().ok(),
            service: shared.of(&service[row]),
            name: shared.of(&name[row]),
            kind: SpanKind::from_name(&kind[row]),
            start: Moment(at[row]),
            duration_ns: duration[row].max(0),
            status: Status::from_name(&status[row]),
            attributes: attributes_of(&attributes[row])?,
        });
    }
    Ok(found)
}

/// Texts that many spans share are held once.
#[derive(Default)]
struct Shared(HashMap<String, Arc<str>>);

impl Shared {
    fn of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.0.insert(text.to_owned(), Arc::clone(&shared));
        shared
    }
}
