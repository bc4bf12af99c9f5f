//! Where consumers meet: whole series as slices.

use std::sync::Arc;

use crate::catalog::Kind;
use crate::rate;
use crate::series::Series;
use crate::time::{Moment, Span};
use crate::unit::Unit;

/// One series over a stretch of time.
///
/// `at` ascends strictly; `values[i]` was read at `at[i]`; `NaN` is a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is.
    pub series: Series,
    /// Sample times, nanoseconds since the Unix epoch.
    pub at: Arc<[i64]>,
    /// Stored values in the series' unit.
    pub values: Arc<[f64]>,
}

/// Several series; each has its own times, which are often shared.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// In the order they were asked for.
    pub columns: Vec<Column>,
}

impl Column {
    /// The column as it is drawn: gauges as they are, counters as rate per second.
    ///
    /// The rate of the interval that ends at `at[i]` stands at `i`, so the first
    /// entry of a counter is a gap.
    pub fn plottable(&self) -> Self {
        match self.series.kind {
            Kind::Gauge | Kind::Histogram => self.clone(),
            Kind::Counter => Self {
                series: Series {
                    unit: self.series.unit.per_second(),
                    kind: Kind::Gauge,
                    ..self.series.clone()
                },
                at: Arc::clone(&self.at),
                values: rate::at_interval_ends(&self.at, &self.values).into(),
            },
        }
    }

    /// The rows inside `span`.
    pub fn rows(&self, span: Span) -> std::ops::Range<usize> {
        let from = self.at.partition_point(|at| *at < span.from.0);
        let to = self.at.partition_point(|at| *at < span.to.0);
        from..to.max(from)
    }

    /// From the first sample to just after the last.
    pub fn span(&self) -> Span {
        match (self.at.first(), self.at.last()) {
            (Some(first), Some(last)) => Span {
                from: Moment(*first),
                to: Moment(last.saturating_add(1)),
            },
            _ => Span::default(),
        }
    }

    /// Unit of the drawn column.
    pub fn plotted_unit(&self) -> Unit {
        match self.series.kind {
            Kind::Counter => self.series.unit.per_second(),
            Kind::Gauge | Kind::Histogram => self.series.unit.clone(),
        }
    }
}
