//! What applications did, of a stored session: signals of services, histograms, spans.
//!
//! Start at [`Stored::observed`], [`Stored::rows`] and [`Stored::spans`].

use std::collections::{BTreeMap, HashMap};

use analysis::signals;
use model::columns::Column;
use model::histogram::Row;
use model::series::{Series, SeriesKey};
use model::time::Span;
use model::trace;
use store::requests::SpanFilter;

use super::{Stored, cut, reading};
use crate::problem::Problem;

/// Spans that were found, of at most as many as were asked for.
#[derive(Clone, Debug, Default)]
pub struct FoundSpans {
    /// Them, by begin, with the name of their host.
    pub spans: Vec<(String, trace::Span)>,
    /// How many more there were; those that took longest are kept.
    pub left_out: usize,
}

impl Stored {
    /// The histograms of the session.
    pub fn observed(&self) -> &[Series] {
        &self.inner.observed
    }

    /// Rows of histograms within a span, in the order asked for.
    ///
    /// # Errors
    ///
    /// The session has no such histogram, or they are too many.
    pub fn rows(&self, keys: &[SeriesKey], span: Option<Span>) -> Result<Vec<Vec<Row>>, Problem> {
        let rows = self.inner.session.histogram_rows(keys, span);
        rows.map_err(|error| reading(self.path(), &error))
    }

    /// Whether the session holds spans.
    pub fn has_spans(&self) -> bool {
        self.inner.session.span_count() > 0
    }

    /// Spans that were under way within a span of time.
    pub fn spans(&self, span: Span, filter: &SpanFilter, limit: usize) -> FoundSpans {
        let found = self.inner.session.spans(span, filter, limit);
        let hosts = &self.inner.hosts;
        let named = found.spans.into_iter().map(|(id, it)| {
            let host = hosts.iter().find(|facts| facts.id == id);
            (host.map_or(String::new(), |it| it.name.clone()), it)
        });
        FoundSpans {
            spans: named.collect(),
            left_out: found.left_out,
        }
    }

    /// Signals of services within a span, from histograms that are read together.
    pub(super) fn signal_columns(
        &self,
        keys: &[&SeriesKey],
        span: Option<Span>,
    ) -> Result<HashMap<SeriesKey, Column>, Problem> {
        let wanted: Vec<&signals::Signal> = keys
            .iter()
            .filter_map(|key| self.inner.signals.get(key))
            .collect();
        let mut inputs: BTreeMap<usize, usize> = BTreeMap::new();
        for place in wanted.iter().flat_map(|it| &it.inputs) {
            let next = inputs.len();
            inputs.entry(*place).or_insert(next);
        }
        let mut asked: Vec<(usize, SeriesKey)> = inputs
            .iter()
            .map(|(place, order)| (*order, self.inner.observed[*place].key.clone()))
            .collect();
        asked.sort_by_key(|(order, _)| *order);
        let asked: Vec<SeriesKey> = asked.into_iter().map(|(_, key)| key).collect();
        let rows = self.rows(&asked, span)?;
        let mut grids: HashMap<&str, Vec<i64>> = HashMap::new();
        let mut computed = HashMap::new();
        for signal in wanted {
            let host = signal.series.key.host.as_str();
            if !grids.contains_key(host) {
                grids.insert(host, self.sample_times(host, span)?);
            }
            let of_signal: Vec<&[Row]> = signal
                .inputs
                .iter()
                .map(|place| rows[inputs[place]].as_slice())
                .collect();
            let column = signals::column(signal, &of_signal, &grids[host]);
            let column = span.map_or_else(|| column.clone(), |span| cut(&column, span));
            computed.insert(signal.series.key.clone(), column);
        }
        Ok(computed)
    }

    /// When a host was sampled: the times of the series that has most.
    pub(super) fn sample_times(&self, host: &str, span: Option<Span>) -> Result<Vec<i64>, Problem> {
        let entries = self.inner.session.manifest().series.iter();
        let of_host = entries.filter(|it| it.series.key.host == host);
        match of_host.max_by_key(|it| it.samples) {
            Some(entry) => Ok(self.stored_column(&entry.series.key, span)?.at.to_vec()),
            None => Ok(Vec::new()),
        }
    }
}
