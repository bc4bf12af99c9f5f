//! What was observed, interval by interval, in bounded memory.
//!
//! * In: observations at moments, or rows of intervals, in any order.
//! * Out: one series a name, its rows by time.
//! * Never: forgets. Where rows become too many, neighbours are put together, which
//!   loses time but no observation.
//!
//! Start at [`Histograms::observe`] and [`Histograms::add`].

use std::collections::{BTreeMap, HashMap};

use model::histogram::{Buckets, Histogram, Row};
use model::series::Series;
use model::time::{Moment, SECOND_NS, duration_text};

/// At most so many rows are held, of about 500 bytes each.
const ROWS_MAX: usize = 1 << 19;

/// At most so many series are held; names that hold identifiers grow without end.
const SERIES_MAX: usize = 8_192;

/// Rows in the making.
#[derive(Debug)]
pub(crate) struct Histograms {
    step_ns: i64,
    rows_max: usize,
    series: Vec<Series>,
    places: HashMap<String, usize>,
    rows: BTreeMap<(usize, i64), Row>,
    crowded: usize,
    unlike: usize,
}

impl Default for Histograms {
    fn default() -> Self {
        Self {
            step_ns: SECOND_NS,
            rows_max: ROWS_MAX,
            series: Vec::new(),
            places: HashMap::new(),
            rows: BTreeMap::new(),
            crowded: 0,
            unlike: 0,
        }
    }
}

impl Histograms {
    /// The place of a series; beyond the last one there is none.
    pub(crate) fn place(&mut self, series: &Series) -> usize {
        let name = series.key.to_string();
        if let Some(place) = self.places.get(&name) {
            return *place;
        }
        if self.series.len() >= SERIES_MAX {
            return SERIES_MAX;
        }
        self.series.push(series.clone());
        self.places.insert(name, self.series.len() - 1);
        self.series.len() - 1
    }

    /// Takes in one observation at a moment.
    pub(crate) fn observe(&mut self, place: usize, at: i64, value: f64) {
        if let Some(row) = self.row(place, at)
            && value.is_finite()
        {
            row.histogram.record(value);
        }
    }

    /// Takes in a row of an interval that is not longer than those here.
    pub(crate) fn add(&mut self, place: usize, more: &Row) {
        let Some(row) = self.row(place, more.at.0) else {
            return;
        };
        let part = Row {
            at: row.at,
            width_ns: row.width_ns,
            ..more.clone()
        };
        self.unlike += usize::from(row.add(&part).is_err());
    }

    /// The row that holds a moment.
    fn row(&mut self, place: usize, at: i64) -> Option<&mut Row> {
        if place >= self.series.len() {
            self.crowded += 1;
            return None;
        }
        if self.rows.len() >= self.rows_max {
            self.coarsen();
        }
        let (end, step_ns) = (end_of(at, self.step_ns), self.step_ns);
        let row = self.rows.entry((place, end)).or_insert_with(|| Row {
            at: Moment(end),
            width_ns: step_ns,
            active_s: f64::NAN,
            histogram: Histogram::default(),
        });
        Some(row)
    }

    /// Puts neighbours together until at most half of the room is used.
    fn coarsen(&mut self) {
        while self.rows.len() > self.rows_max / 2 && self.step_ns < i64::MAX / 4 {
            self.step_ns *= 2;
            let mut coarse: BTreeMap<(usize, i64), Row> = BTreeMap::new();
            for ((place, end), row) in std::mem::take(&mut self.rows) {
                let end = end_of(end, self.step_ns);
                let part = Row {
                    at: Moment(end),
                    width_ns: self.step_ns,
                    ..row
                };
                match coarse.get_mut(&(place, end)) {
                    Some(known) => self.unlike += usize::from(known.add(&part).is_err()),
                    None => {
                        coarse.insert((place, end), part);
                    }
                }
            }
            self.rows = coarse;
        }
    }

    /// The series with their rows by time, and notes on what did not fit.
    pub(crate) fn finish(self, notes: &mut Vec<String>) -> Vec<(Series, Vec<Row>)> {
        if self.step_ns > SECOND_NS {
            notes.push(format!(
                "there are too many rows of one second: intervals of {} were made",
                duration_text(self.step_ns as f64 / SECOND_NS as f64)
            ));
        }
        if self.crowded > 0 {
            notes.push(format!(
                "left out {} observations of series beyond the first {SERIES_MAX}",
                self.crowded
            ));
        }
        if self.unlike > 0 {
            notes.push(format!(
                "left out {} rows whose buckets do not match",
                self.unlike
            ));
        }
        let mut all: Vec<(Series, Vec<Row>)> =
            self.series.into_iter().map(|it| (it, Vec::new())).collect();
        for ((place, _), row) in self.rows {
            if let Some((_, rows)) = all.get_mut(place) {
                rows.push(row);
            }
        }
        all.retain(|(_, rows)| !rows.is_empty());
        all
    }
}

/// End of the interval that holds a moment; an interval holds its end, not its start.
fn end_of(at: i64, step_ns: i64) -> i64 {
    let number = at.saturating_sub(1).div_euclid(step_ns).saturating_add(1);
    number.saturating_mul(step_ns)
}

/// Takes in the same value `count` times.
pub(crate) fn record_many(into: &mut Histogram, value: f64, count: u64) {
    if count == 0 || !value.is_finite() {
        return;
    }
    let mut one = Histogram::default();
    one.record(value);
    if let Buckets::Exponential(it) = &mut one.buckets {
        it.zero *= count;
        let runs = [&mut it.positive, &mut it.negative];
        for cell in runs.into_iter().flat_map(|run| &mut run.counts) {
            *cell *= count;
        }
    }
    one.count = count;
    one.sum = value * count as f64;
    // Both are made at the same scale here, and exponential ones always add up.
    into.add(&one).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::unit::Unit;

    use super::*;

    fn series() -> Series {
        Series {
            key: model::series::SeriesKey::new("", "x", []),
            unit: Unit::new("s"),
            kind: Kind::Histogram,
            polarity: Polarity::Neutral,
        }
    }

    #[test]
    fn rows_are_made_coarser_but_nothing_is_lost() {
        let mut histograms = Histograms {
            rows_max: 16,
            ..Histograms::default()
        };
        let place = histograms.place(&series());
        for second in 1..=100 {
            histograms.observe(place, second * SECOND_NS, 0.5);
        }
        let mut notes = Vec::new();
        let all = histograms.finish(&mut notes);
        let rows = &all[0].1;
        let count: u64 = rows.iter().map(|it| it.histogram.count).sum();
        assert_eq!(count, 100);
        assert!(rows.len() <= 16 && rows[0].width_ns > SECOND_NS);
        assert!(rows.is_sorted_by_key(|it| it.at));
        assert!(notes[0].contains("intervals of"), "{notes:?}");
    }

    #[test]
    fn the_same_value_many_times_is_as_if_recorded_so_often() {
        let (mut many, mut single) = (Histogram::default(), Histogram::default());
        for value in [0.0, 0.25, 3.0] {
            record_many(&mut many, value, 7);
            (0..7).for_each(|_| single.record(value));
        }
        assert_eq!(many, single);
    }
}
