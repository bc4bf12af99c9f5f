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

use crate::lines::TooMuch;
use crate::skipped::counted;
use crate::{MOST_VALUES, Recording};

/// At most so many series are kept.
const SERIES_MAX: usize = 1 << 16;

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
    numbers: Vec<(i64, f64)>,
    /// What growths add up to.
    sum: f64,
    rows: Vec<Row>,
    /// The last total of observations.
    total: Option<(i64, Histogram)>,
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
            sum: 0.0,
            rows: Vec::new(),
            total: None,
        });
        Some(self.series.len() - 1)
    }

    /// Takes in a level or a total.
    ///
    /// # Errors
    ///
    /// When more was taken in than is held.
    pub(crate) fn number(&mut self, place: usize, at: i64, value: f64) -> Result<(), TooMuch> {
        if self.numbers >= NUMBERS_MAX {
            let limit = format!("more than {NUMBERS_MAX} values; import a part of the file");
            return Err(TooMuch(limit));
        }
        if let Some(told) = self.series.get_mut(place) {
            told.numbers.push((at, value));
            self.numbers += 1;
        }
        Ok(())
    }

    /// Takes in how much a total grew; they are added up in the order told.
    pub(crate) fn growth(&mut self, place: usize, at: i64, by: f64) -> Result<(), TooMuch> {
        let Some(told) = self.series.get_mut(place) else {
            return Ok(());
        };
        told.sum += if by.is_finite() { by } else { 0.0 };
        let sum = told.sum;
        self.number(place, at, sum)
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

    /// Takes in everything observed since the sender began, which was at `began` if that
    /// is told.
    pub(crate) fn total(
        &mut self,
        place: usize,
        (began, at): (Option<i64>, i64),
        total: Histogram,
    ) -> Result<(), TooMuch> {
        let Some(told) = self.series.get_mut(place) else {
            return Ok(());
        };
        let grown = match &told.total {
            // A total that fell began anew: all of it is new.
            Some((before, last)) => {
                let grown = total.since(last).unwrap_or_else(|| total.clone());
                Some((grown, *before))
            }
            None => began.map(|began| (total.clone(), began)),
        };
        told.total = Some((at, total));
        let Some((histogram, from)) = grown else {
            return Ok(());
        };
        self.observed(place, row(at, at.saturating_sub(from).max(0), histogram))
    }

    /// The columns and rows, and notes on what did not fit.
    pub(crate) fn finish(self, notes: &mut Vec<String>) -> Recording {
        let mut recording = Recording::default();
        let (mut alone, mut unlike) = (0, self.unlike);
        for mut told in self.series {
            if let (true, Some((at, total))) = (told.rows.is_empty(), told.total) {
                alone += usize::from(total.count > 0);
                told.rows.push(row(at, 0, total));
            }
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
            assert_eq!(loose.total(0, (None, at), total.clone()), Ok(()));
        }
        let recording = loose.finish(&mut Vec::new());
        let rows = &recording.histograms[0].1;
        let told = rows
            .iter()
            .map(|it| (it.at.0, it.width_ns, it.histogram.count));
        assert_eq!(told.collect::<Vec<_>>(), [(20, 10, 1), (30, 10, 1)]);
    }
}
