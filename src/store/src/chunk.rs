//! A stretch of one host's data in memory: what a segment holds.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use model::event::Event;
use model::histogram::Row;
use model::process::{Process, ProcessId, Reading};
use model::series::Series;
use model::time::{Moment, Span};
use model::trace;

/// Everything one host said over a stretch of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    /// Samples by series.
    pub(crate) columns: Vec<ChunkColumn>,
    /// Process rows, by process and time.
    pub(crate) processes: Vec<ProcessCells>,
    /// Who they are and when they ended.
    pub(crate) infos: BTreeMap<ProcessId, Info>,
    /// Things that happened, by time.
    pub(crate) events: Vec<Event>,
    /// Settings, by key.
    pub(crate) settings: BTreeMap<String, String>,
    /// Observations per interval, by series.
    pub(crate) histograms: Vec<ChunkHistogram>,
    /// Spans, by begin.
    pub(crate) spans: Vec<trace::Span>,
}

/// The rows of one histogram; those of one interval are parts that add up.
#[derive(Clone, Debug)]
pub(crate) struct ChunkHistogram {
    pub(crate) series: Series,
    pub(crate) rows: Vec<Row>,
}

/// The samples of one series. A series that was not due has no sample; `NaN` is a gap.
#[derive(Clone, Debug)]
pub(crate) struct ChunkColumn {
    pub(crate) series: Series,
    /// Strictly ascending.
    pub(crate) at: Arc<[i64]>,
    pub(crate) values: Arc<[f64]>,
}

/// What a process used, where it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessCells {
    pub(crate) at: i64,
    pub(crate) id: ProcessId,
    pub(crate) reading: Reading,
    /// Whether all living processes have a row at this moment.
    pub(crate) complete: bool,
}

/// Who a process is, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) process: Arc<Process>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) exit_code: Option<i32>,
}

impl Chunk {
    /// From the first sample, row or event to just after the last.
    pub(crate) fn span(&self) -> Span {
        let columns = self.columns.iter().map(|column| span_of(&column.at));
        let rows = self.processes.iter().map(|row| point(row.at));
        let events = self.events.iter().map(|event| point(event.at.0));
        let observed = self.histograms.iter().flat_map(|it| &it.rows);
        let observed = observed.map(|row| point(row.at.0));
        let ends = self.spans.iter().map(|it| point(it.end().0));
        columns
            .chain(rows)
            .chain(events)
            .chain(observed)
            .chain(ends)
            .fold(Span::default(), Span::union)
    }

    /// Whether there is nothing to store.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.at.is_empty())
            && self.processes.is_empty()
            && self.infos.is_empty()
            && self.events.is_empty()
            && self.settings.is_empty()
            && self.histograms.iter().all(|it| it.rows.is_empty())
            && self.spans.is_empty()
    }

    /// The part within a span. Settings are left out, processes without rows too.
    pub(crate) fn within(&self, span: Span) -> Self {
        let mut shared: Vec<[Arc<[i64]>; 2]> = Vec::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let from = column.at.partition_point(|at| *at < span.from.0);
            let to = column.at.partition_point(|at| *at < span.to.0).max(from);
            if from == to {
                continue;
            }
            let known = shared.iter().find(|[of, _]| Arc::ptr_eq(of, &column.at));
            let at = match known {
                Some([_, at]) => Arc::clone(at),
                None => {
                    let at: Arc<[i64]> = column.at[from..to].into();
                    shared.push([Arc::clone(&column.at), Arc::clone(&at)]);
                    at
                }
            };
            columns.push(ChunkColumn {
                series: column.series.clone(),
                at,
                values: column.values[from..to].into(),
            });
        }
        let inside = |at: i64| span.contains(Moment(at));
        let rows = self.processes.iter().filter(|row| inside(row.at)).copied();
        let processes: Vec<ProcessCells> = rows.collect();
        let seen: HashSet<ProcessId> = processes.iter().map(|row| row.id).collect();
        let infos = self.infos.iter().filter(|(id, _)| seen.contains(id));
        let events = self.events.iter().filter(|event| inside(event.at.0));
        let spans = self.spans.iter().filter(|it| inside(it.end().0));
        Self {
            columns,
            infos: infos.map(|(id, info)| (*id, info.clone())).collect(),
            processes,
            events: events.cloned().collect(),
            settings: BTreeMap::new(),
            histograms: self.histograms_within(span),
            spans: spans.cloned().collect(),
        }
    }

    fn histograms_within(&self, span: Span) -> Vec<ChunkHistogram> {
        let cut = self.histograms.iter().map(|it| ChunkHistogram {
            series: it.series.clone(),
            rows: it
                .rows
                .iter()
                .filter(|row| span.contains(row.at))
                .cloned()
                .collect(),
        });
        cut.filter(|it| !it.rows.is_empty()).collect()
    }

    /// All sample times, each once.
    pub(crate) fn times(&self) -> Arc<[i64]> {
        let Some(longest) = self.columns.iter().max_by_key(|column| column.at.len()) else {
            return Arc::default();
        };
        let same = |column: &ChunkColumn| Arc::ptr_eq(&column.at, &longest.at);
        if self
            .columns
            .iter()
            .all(|column| same(column) || column.at.is_empty())
        {
            return Arc::clone(&longest.at);
        }
        let mut times = longest.at.to_vec();
        let mut known: Vec<&Arc<[i64]>> = vec![&longest.at];
        for column in &self.columns {
            if !known.iter().any(|it| Arc::ptr_eq(it, &column.at)) {
                times.extend_from_slice(&column.at);
                known.push(&column.at);
            }
        }
        times.sort_unstable();
        times.dedup();
        times.into()
    }
}

/// The span that holds ascending times.
pub(crate) fn span_of(at: &[i64]) -> Span {
    match (at.first(), at.last()) {
        (Some(first), Some(last)) => Span {
            from: Moment(*first),
            to: Moment(last.saturating_add(1)),
        },
        _ => Span::default(),
    }
}

/// The span that holds one moment.
pub(crate) fn point(at: i64) -> Span {
    span_of(&[at])
}
