//! Derived series of a stored session: computed from what was measured when asked for.
//!
//! Start at [`Stored::derived_columns`].

use std::collections::{BTreeSet, HashMap};

use model::columns::Column;
use model::series::SeriesKey;
use model::time::{SECOND_NS, Span};

use super::{Inner, Stored, cut, reading};
use crate::problem::{Problem, Sort};
use crate::stretches;

/// Samples of inputs that are held at once to derive series from: 256 MiB of numbers.
const HELD_SAMPLES_MAX: u64 = 1 << 25;

/// A span with what lies before it that rates and seldom read limits need.
pub(super) fn wider(span: Option<Span>) -> Option<Span> {
    span.map(|span| Span {
        from: span.from.plus_ns(-120 * SECOND_NS),
        to: span.to,
    })
}

impl Stored {
    /// Derived series from inputs that are read together. Those whose inputs are too many
    /// to be held, or are not all there, are left out.
    pub(super) fn derived_columns(
        &self,
        keys: &[&SeriesKey],
        span: Option<Span>,
    ) -> Result<HashMap<SeriesKey, Column>, Problem> {
        let entries = self.inner.session.manifest().series.iter();
        let samples: HashMap<&SeriesKey, u64> =
            entries.map(|it| (&it.series.key, it.samples)).collect();
        let inputs_of = |key: &SeriesKey| self.inner.derived.get(key).map_or(&[][..], |it| it);
        let mut computed = HashMap::new();
        let mut rest = keys;
        while !rest.is_empty() {
            let mut wanted: BTreeSet<&SeriesKey> = BTreeSet::new();
            let (mut held, mut count) = (0, 0);
            for key in rest {
                let more: Vec<&SeriesKey> = inputs_of(key)
                    .iter()
                    .filter(|it| !wanted.contains(it))
                    .collect();
                held += more.iter().filter_map(|it| samples.get(it)).sum::<u64>();
                if held > HELD_SAMPLES_MAX {
                    break;
                }
                wanted.extend(more);
                count += 1;
            }
            let (now, later) = rest.split_at(count.max(1));
            rest = later;
            if count == 0 {
                // Too large alone: it is read in stretches.
                continue;
            }
            let wanted: Vec<SeriesKey> = wanted.into_iter().cloned().collect();
            let read = self.inner.session.columns(&wanted, wider(span));
            let read = read.map_err(|error| reading(self.path(), &error))?;
            let read: HashMap<&SeriesKey, &Column> = wanted.iter().zip(&read).collect();
            for key in now {
                let inputs = inputs_of(key).iter();
                let inputs: Option<Vec<Column>> =
                    inputs.map(|it| read.get(it).copied().cloned()).collect();
                if let Some(column) = inputs.and_then(|it| self.inner.derived_from(key, &it)) {
                    let column = span.map_or_else(|| column.clone(), |it| cut(&column, it));
                    computed.insert((*key).clone(), column);
                }
            }
        }
        Ok(computed)
    }
}

impl Inner {
    /// Computes a derived series from all of its inputs.
    fn derived_from(&self, key: &SeriesKey, inputs: &[Column]) -> Option<Column> {
        let known = self.drawn.iter().find(|series| series.key == *key)?;
        let column = analysis::derive::column(key, inputs)?;
        Some(Column {
            series: known.clone(),
            ..column
        })
    }

    /// Computes a derived series, a stretch of its inputs at a time.
    pub(super) fn derived_column(
        &self,
        key: &SeriesKey,
        inputs: &[SeriesKey],
        span: Option<Span>,
    ) -> Result<Column, Problem> {
        let known = self.drawn.iter().find(|series| series.key == *key);
        let (mut at, mut values) = (Vec::new(), Vec::new());
        let mut complete = known.is_some();
        stretches::each(&self.session, inputs, span, |stretch| {
            let Some(part) = analysis::derive::column(key, stretch.columns) else {
                complete = false;
                return;
            };
            let new = part.at.partition_point(|at| *at < stretch.from.0);
            at.extend_from_slice(&part.at[new..]);
            values.extend_from_slice(&part.values[new..]);
        })
        .map_err(|error| reading(&self.origin, &error))?;
        match known.filter(|_| complete) {
            Some(series) => Ok(Column {
                series: series.clone(),
                at: at.into(),
                values: values.into(),
            }),
            None => Err(Problem {
                what: format!("could not derive {key}"),
                why: "its inputs are not in the session".to_owned(),
                what_to_do: "look for its inputs in the browser".to_owned(),
                sort: Sort::NotUsable,
            }),
        }
    }
}
