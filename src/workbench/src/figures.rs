//! Statistics of the selected range, computed by a job for the plotted curves.
//!
//! Start at [`Figures::want`].

use std::collections::HashMap;

use analysis::summary::{self, Summary};
use model::columns::Column;
use model::series::SeriesKey;
use model::time::Span;
use workflow::jobs::Context;
use workflow::problem::Problem;
use workflow::stored::Stored;

use crate::doubts::samples_within;
use crate::tasks::{Generation, Outcome, Pool, StatisticsRow, Ticket, Work};
use crate::workspace::Item;

/// Curves described at once.
const ITEMS_MAX: usize = 200;

/// The statistics asked for last, and those at hand.
#[derive(Default)]
pub struct Figures {
    asked: Option<(Span, Vec<Item>)>,
    request: u64,
    running: Option<Ticket>,
    rows: Vec<StatisticsRow>,
    done: u64,
}

/// Where values come from.
pub enum Values {
    /// Copied from memory.
    Copied(Vec<(Item, Vec<f64>)>),
    /// To be read.
    Stored(Stored),
}

impl Figures {
    /// The statistics of a curve, if they are at hand.
    pub fn of(&self, item: &Item) -> Option<Summary> {
        if self.done != self.request {
            return None;
        }
        let found = self.rows.iter().find(|row| row.item == *item)?;
        found.summary
    }

    /// Describes these curves within a range, unless that was done.
    pub fn want(
        &mut self,
        (range, items): (Span, &[Item]),
        values: impl FnOnce(&[Item]) -> Values,
        (generation, work): (Generation, &mut Work),
    ) {
        let items = &items[..items.len().min(ITEMS_MAX)];
        let same = |(span, known): &(Span, Vec<Item>)| *span == range && known == items;
        if self.asked.as_ref().is_some_and(same) {
            return;
        }
        let request = self.request + 1;
        // A range that is still being dragged is described as it was only once.
        if let Some(Ticket(pool, id)) = self.running.take() {
            work.cancel(pool, id);
        }
        let (owned, values) = (items.to_vec(), values(items));
        let started = work.start(Pool::Quick, "describing the selection", move |context| {
            let rows = match values {
                Values::Copied(all) => copied(&all),
                Values::Stored(stored) => read(&stored, range, (&owned, context)),
            };
            Outcome::Statistics(generation, request, rows)
        });
        if let Some(id) = started {
            self.running = Some(Ticket(Pool::Quick, id));
            self.request = request;
            self.asked = Some((range, items.to_vec()));
        }
    }

    /// Takes in what a job found.
    pub fn accept(&mut self, request: u64, rows: Vec<StatisticsRow>) {
        if request == self.request {
            self.done = request;
            self.rows = rows;
        }
    }
}

fn copied(all: &[(Item, Vec<f64>)]) -> Vec<StatisticsRow> {
    let rows = all.iter().map(|(item, values)| StatisticsRow {
        item: item.clone(),
        summary: Some(summary::of(values)),
    });
    rows.collect()
}

fn read(stored: &Stored, range: Span, (items, context): (&[Item], &Context)) -> Vec<StatisticsRow> {
    let keys = items.iter().filter_map(|it| match it {
        Item::Series(key) => Some(key.clone()),
        Item::Process(_) => None,
    });
    let keys: Vec<SeriesKey> = keys.collect();
    // All in one go; should one be missing, each tells for itself.
    let columns = stored.columns(&keys, Some(range)).unwrap_or_default();
    let columns: HashMap<&SeriesKey, &Column> = keys.iter().zip(&columns).collect();
    let mut rows = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        if context.cancelled() {
            break;
        }
        context.progress(place as u64, items.len() as u64);
        rows.push(StatisticsRow {
            item: item.clone(),
            // A series that cannot be read says so in its plot.
            summary: match item {
                Item::Series(key) if columns.contains_key(key) => {
                    columns.get(key).map(|it| summary::of(&it.values))
                }
                _ => values(stored, range, item).ok().map(|it| summary::of(&it)),
            },
        });
    }
    rows
}

fn values(stored: &Stored, range: Span, item: &Item) -> Result<Vec<f64>, Problem> {
    match item {
        Item::Series(key) => Ok(stored.column(key, Some(range))?.values.to_vec()),
        Item::Process(it) => {
            let track = stored.process_track(&it.host, it.id, it.measure)?;
            Ok(samples_within(&track, range).1)
        }
    }
}
