//! Series that are told one by one, each with times of its own.
//!
//! * In: levels, totals, growths and histograms, in any order of series; times of one
//!   series may repeat or step back.
//! * Out: columns and rows by time; of two values at one time the later told counts.
//! * Never: computes a rate, which is left to who draws a counter.
//!
//! Start at [`Loose::number`] and [`Loose::total`].

use std::collections::HashMap;

use model::columns::Column;
use model::histogram::{Histogram, Row};
use model::series::Series;
use model::time::Moment;
use telemetry::totals::{Counted, Listener, Senders};

use crate::lines::TooMuch;
use crate::skipped::counted;
use crate::{MOST_VALUES, Recording};

/// At most so many series are kept.
const SERIES_MAX: usize = 1 << 16;

/// Senders of one series whose totals are held apart, at most.
const SENDERS_MAX: usize = 256;

/// At most so many rows of histograms are held, of about 500 bytes each.
const ROWS_MAX: usize = 1 << 19;

/// Every number waits with its time, so that it takes twice the room of a plain value.
const NUMBERS_MAX: usize = MOST_VALUES / 2;

/// Series in the making.
#[derive(Debug, Default)]
pub(crate) struct Loose {
    series: Vec<Told>,
    places: HashMap<String, usize>,
    numbers: usize,
    rows: usize,
    crowded: usize,
    unlike: usize,
}

#[derive(Debug)]
struct Told {
    series: Series,
    /// Levels.
    numbers: Vec<(i64, f64)>,
    /// How much a total grew; they add up by time.
    growths: Vec<(i64, f64)>,
    rows: Vec<Row>,
    /// Who tells totals.
    totals: Senders<f64>,
    /// Who tells totals of observations.
    observations: Senders<Histogram>,
}

impl Loose {
    /// The place of a series, made by `about` when it is new; `None` when there are too
    /// many.
    pub(crate) fn place(&mut self, name: &str, about: impl FnOnce() -> Series) -> Option<usize> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        if self.series.len() >= SERIES_MAX {
            self.crowded += 1;
            return None;
        }
        self.places.insert(name.to_owned(), self.series.len());
        self.series.push(Told {
            series: about(),
            numbers: Vec::new(),
            growths: Vec::new(),
            rows: Vec::new(),
            totals: Senders::default(),
            observations: Senders::default(),
        });
        Some(self.series.len() - 1)
    }

    /// Takes in a level, or the total of who alone tells it.
    ///
    /// # Errors
    ///
    /// When more was taken in than is held.
    pub(crate) fn number(&mut self, place: usize, at: i64, value: f64) -> Result<(), TooMuch> {
        if let Some(told) = self.room(place)? {
            told.numbers.push((at, value));
        }
        Ok(())
    }

    /// Takes in how much a total grew.
    pub(crate) fn growth(&mut self, place: usize, at: i64, by: f64) -> Result<(), TooMuch> {
        if let Some(told) = self.room(place)? {
            told.growths
                .push((at, if by.is_finite() { by } else { 0.0 }));
        }
        Ok(())
    }

    /// Takes in a total of one of those who count the same: they become one that only
    /// grows.
    pub(crate) fn sum(
        &mut self,
        place: usize,
        counted: Counted,
        total: f64,
    ) -> Result<(), TooMuch> {
        let Some(told) = self.series.get_mut(place).filter(|_| total.is_finite()) else {
            return Ok(());
        };
        let first = told.totals.is_new();
        let gain = told.totals.gain(counted, total, listener(counted));
        let by = match gain {
            // What one that tells no start counted before is where the total begins.
            _ if first => total,
            Some(gain) => gain.by,
            None => 0.0,
        };
        self.growth(place, counted.at_ns, by)
    }

    /// A series that takes in one number more.
    fn room(&mut self, place: usize) -> Result<Option<&mut Told>, TooMuch> {
        if self.numbers >= NUMBERS_MAX {
            let limit = format!("more than {NUMBERS_MAX} values; import a part of the file");
            return Err(TooMuch(limit));
        }
        let told = self.series.get_mut(place);
        self.numbers += usize::from(told.is_some());
        Ok(told)
    }

    /// Takes in what was observed within an interval.
    pub(crate) fn observed(&mut self, place: usize, row: Row) -> Result<(), TooMuch> {
        if self.rows >= ROWS_MAX {
            let limit = format!("more than {ROWS_MAX} histograms; import a part of the file");
            return Err(TooMuch(limit));
        }
        if let Some(told) = self.series.get_mut(place)
            && row.histogram.count > 0
        {
            told.rows.push(row);
            self.rows += 1;
        }
        Ok(())
    }

    /// Takes in everything observed since one of the senders began.
    pub(crate) fn total(
        &mut self,
        place: usize,
        counted: Counted,
        total: Histogram,
    ) -> Result<(), TooMuch> {
        let Some(told) = self.series.get_mut(place) else {
            return Ok(());
        };
        let gain = told.observations.gain(counted, total, listener(counted));
        let Some(gain) = gain else {
            return Ok(());
        };
        let width_ns = counted.at_ns.saturating_sub(gain.from_ns).max(0);
        self.observed(place, row(counted.at_ns, width_ns, gain.by))
    }

    /// The columns and rows, and notes on what did not fit.
    pub(crate) fn finish(self, notes: &mut Vec<String>) -> Recording {
        let mut recording = Recording::default();
        let (mut alone, mut unlike) = (0, self.unlike);
        for mut told in self.series {
            if told.rows.is_empty() {
                let once = told.observations.totals();
                let once = once.filter(|(_, total)| total.count > 0);
                let rows = once.map(|(counted, total)| row(counted.at_ns, 0, total.clone()));
                told.rows.extend(rows);
                alone += usize::from(!told.rows.is_empty());
            }
            told.numbers.extend(added_up(told.growths));
            if !told.numbers.is_empty() {
                recording
                    .columns
                    .push(column(told.series.clone(), told.numbers));
            }
            let rows = by_time(told.rows, &mut unlike);
            if rows.iter().any(|it| it.histogram.count > 0) {
                recording.histograms.push((told.series, rows));
            }
        }
        if alone > 0 {
            notes.push(format!(
                "{} told once: what is in it was observed since its sender began, so that it \
                 has no rate",
                counted(alone, "histogram")
            ));
        }
        if unlike > 0 {
            notes.push(format!(
                "left out {unlike} histograms whose buckets changed"
            ));
        }
        if self.crowded > 0 {
            notes.push(format!(
                "left out {} values of series beyond the first {SERIES_MAX}",
                self.crowded
            ));
        }
        recording
    }
}

/// One who reads a file: it counts whatever a sender says that it counted.
fn listener(counted: Counted) -> Listener {
    Listener {
        since_ns: i64::MIN,
        now_ns: counted.at_ns,
        most: SENDERS_MAX,
    }
}

/// Growths become the total that they add up to. Senders speak at times of their own, so
/// that a later one may stand before an earlier one.
fn added_up(mut growths: Vec<(i64, f64)>) -> Vec<(i64, f64)> {
    growths.sort_by_key(|it| it.0);
    let mut sum = 0.0;
    for (_, value) in &mut growths {
        sum += *value;
        *value = sum;
    }
    growths
}

fn row(at: i64, width_ns: i64, histogram: Histogram) -> Row {
    Row {
        at: Moment(at),
        width_ns,
        active_s: f64::NAN,
        histogram,
    }
}

fn column(series: Series, mut numbers: Vec<(i64, f64)>) -> Column {
    numbers.sort_by_key(|it| it.0);
    // The later told of equals comes last, and is the one that is kept.
    numbers.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = later.1;
        }
        same
    });
    Column {
        series,
        at: numbers.iter().map(|it| it.0).collect(),
        values: numbers.iter().map(|it| it.1).collect(),
    }
}

/// Sorts rows; those of one time are put together.
fn by_time(mut rows: Vec<Row>, unlike: &mut usize) -> Vec<Row> {
    rows.sort_by_key(|it| it.at);
    let mut sorted: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match sorted.last_mut().filter(|last| last.at == row.at) {
            Some(last) => *unlike += usize::from(last.add(&row).is_err()),
            None => sorted.push(row),
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::unit::Unit;

    use super::*;

    fn loose() -> Loose {
        let mut loose = Loose::default();
        loose.place("x", || Series {
            key: "x".parse().unwrap_or_default(),
            unit: Unit::new("1"),
            kind: Kind::Counter,
            polarity: Polarity::Neutral,
        });
        loose
    }

    #[test]
    fn values_are_sorted_and_the_last_told_of_a_time_counts() {
        let mut loose = loose();
        for (at, value) in [(20, 2.0), (10, 1.0), (20, 3.0)] {
            assert_eq!(loose.number(0, at, value), Ok(()));
        }
        let recording = loose.finish(&mut Vec::new());
        assert_eq!(recording.columns[0].at[..], [10, 20]);
        assert_eq!(recording.columns[0].values[..], [1.0, 3.0]);
    }

    #[test]
    fn totals_become_what_was_observed_between_them() {
        let mut loose = loose();
        let mut total = Histogram::default();
        for at in [10, 20, 30] {
            total.record(1.0);
            let counted = Counted {
                start_ns: 0,
                at_ns: at,
            };
            assert_eq!(loose.total(0, counted, total.clone()), Ok(()));
        }
        let recording = loose.finish(&mut Vec::new());
        let rows = &recording.histograms[0].1;
        let told = rows
            .iter()
            .map(|it| (it.at.0, it.width_ns, it.histogram.count));
        assert_eq!(told.collect::<Vec<_>>(), [(20, 10, 1), (30, 10, 1)]);
    }

    #[test]
    fn two_processes_become_one_total_that_only_grows() {
        let mut loose = loose();
        // The second process's batch was written first, though it is later.
        for (start_ns, at_ns, total) in [
            (1, 10, 100.0),
            (2, 21, 5.0),
            (1, 20, 102.0),
            (2, 31, 9.0),
            (1, 30, 103.0),
        ] {
            let counted = Counted { start_ns, at_ns };
            assert_eq!(loose.sum(0, counted, total), Ok(()));
        }
        let recording = loose.finish(&mut Vec::new());
        assert_eq!(recording.columns[0].at[..], [10, 20, 21, 30, 31]);
        let values = &recording.columns[0].values[..];
        assert_eq!(values, [100.0, 102.0, 107.0, 108.0, 112.0]);
    }
}
