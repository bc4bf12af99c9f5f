//! Gathers the samples of a tool into series.
//!
//! * In: moments, and at each of them values under their names.
//! * Out: columns whose times ascend strictly, and how many values did not fit.
//! * Never: fills a gap. A value that is not told at a moment is missing there.
//!
//! Start at [`Recorder::row`] and [`Recorder::put`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use model::catalog::{self, Kind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::unit::Unit;

use crate::MOST_VALUES;
use crate::lines::TooMuch;
use crate::names::{Name, RATE};

/// At most so many series are kept: processes come and go by the thousand.
const MOST_SERIES: usize = 1 << 16;

/// A value under its name, in the unit of the series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    /// Name of the metric.
    pub metric: &'a str,
    /// UCUM code.
    pub unit: &'a str,
    /// Attributes that the name has always.
    pub fixed: &'a [(&'a str, &'a str)],
    /// Attributes of this part, such as its device.
    pub own: &'a [(&'a str, &'a str)],
    /// The value.
    pub value: f64,
}

/// Series in the making.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    host: String,
    times: Vec<i64>,
    series: Vec<Gathering>,
    places: HashMap<String, usize>,
    text: String,
    values: usize,
    /// Values of series beyond [`MOST_SERIES`].
    crowded: usize,
    /// Values at moments that are not later than the one before.
    back: usize,
}

#[derive(Debug)]
struct Gathering {
    series: Series,
    /// Places in `times`.
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl Recorder {
    /// Names the host of what follows.
    pub(crate) fn set_host(&mut self, host: &str) {
        host.clone_into(&mut self.host);
    }

    /// The host of what follows.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Begins the samples of a moment.
    ///
    /// # Errors
    ///
    /// When more values were gathered than are held.
    pub(crate) fn row(&mut self, at: i64) -> Result<(), TooMuch> {
        if self.values > MOST_VALUES || self.times.len() >= MOST_VALUES {
            let limit = format!("more than {MOST_VALUES} values; import a part of the file");
            return Err(TooMuch(limit));
        }
        if self.times.last() != Some(&at) {
            self.times.push(at);
        }
        Ok(())
    }

    /// Number of moments so far.
    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    /// Takes in a value in the unit of the tool. The first of several at one moment
    /// counts.
    pub(crate) fn put(&mut self, name: &Name, own: &[(&str, &str)], raw: f64) {
        self.put_reading(Reading {
            metric: name.metric,
            unit: name.unit,
            fixed: name.attributes,
            own,
            value: name.scaled(raw),
        });
    }

    /// As [`Recorder::put`], but several at one moment are summed.
    pub(crate) fn add(&mut self, name: &Name, own: &[(&str, &str)], raw: f64) {
        let reading = Reading {
            metric: name.metric,
            unit: name.unit,
            fixed: name.attributes,
            own,
            value: name.scaled(raw),
        };
        let row = self.times.len().saturating_sub(1);
        let known = self.place(&reading).and_then(|it| self.series.get_mut(it));
        match known {
            Some(it) if it.rows.last().is_some_and(|it| *it as usize == row) => {
                if let Some(last) = it.values.last_mut() {
                    *last += reading.value;
                }
            }
            _ => self.put_reading(reading),
        }
    }

    /// Takes in a value of a name that is in no table.
    pub(crate) fn put_reading(&mut self, reading: Reading<'_>) {
        if self.times.is_empty() || !reading.value.is_finite() {
            return;
        }
        let Some(place) = self.place(&reading) else {
            self.crowded += 1;
            return;
        };
        let row = self.times.len() - 1;
        let Some(series) = self.series.get_mut(place) else {
            return;
        };
        if let Some(last) = series.rows.last().map(|it| *it as usize) {
            if last == row {
                return;
            }
            if self.times.get(last) >= self.times.get(row) {
                self.back += 1;
                return;
            }
        }
        // Bounded: there are at most `MOST_VALUES` moments.
        series.rows.push(u32::try_from(row).unwrap_or(u32::MAX));
        series.values.push(reading.value);
        self.values += 1;
    }

    /// The place of a series, which is made where there is room.
    fn place(&mut self, reading: &Reading<'_>) -> Option<usize> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.push_str(&self.host);
        let attributes = || reading.fixed.iter().chain(reading.own);
        let names = attributes().flat_map(|(key, value)| [*key, *value]);
        for part in std::iter::once(reading.metric).chain(names) {
            text.push('\0');
            text.push_str(part);
        }
        let known = self.places.get(&text).copied();
        let place = known.or_else(|| {
            (self.series.len() < MOST_SERIES).then(|| {
                self.places.insert(text.clone(), self.series.len());
                self.series.push(Gathering {
                    series: series(&self.host, reading),
                    rows: Vec::new(),
                    values: Vec::new(),
                });
                self.series.len() - 1
            })
        });
        self.text = text;
        place
    }

    /// Changes every series of a metric, when it is known only at the end how.
    pub(crate) fn change(&mut self, metric: &str, mut change: impl FnMut(&mut Series, &mut [f64])) {
        for it in &mut self.series {
            if it.series.key.metric == metric {
                change(&mut it.series, &mut it.values);
            }
        }
    }

    /// How many different values an attribute has in the series of a metric.
    pub(crate) fn values_of(&self, metric: &str, attribute: &str) -> usize {
        let keys = self.series.iter().map(|it| &it.series.key);
        let of_metric = keys.filter(|key| key.metric == metric);
        let values = of_metric.filter_map(|key| key.attribute(attribute));
        values.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// The last value of the series with this metric and no attributes.
    pub(crate) fn last(&self, metric: &str) -> Option<f64> {
        let plain =
            |it: &&Gathering| it.series.key.metric == metric && it.series.key.attributes.is_empty();
        let found = self.series.iter().find(plain)?;
        found.values.last().copied()
    }

    /// The series, and a note for each sort of value that did not fit.
    pub(crate) fn finish(self, notes: &mut Vec<String>) -> Vec<Column> {
        if self.crowded > 0 {
            notes.push(format!(
                "left out {} values of series beyond the first {MOST_SERIES}",
                self.crowded
            ));
        }
        if self.back > 0 {
            notes.push(format!(
                "left out {} values whose time is not later than the one before: the clock \
                 was set back, or the file repeats itself",
                self.back
            ));
        }
        let all: Arc<[i64]> = self.times.into();
        let mut last: (Vec<u32>, Arc<[i64]>) = (Vec::new(), Vec::new().into());
        let mut columns = Vec::with_capacity(self.series.len());
        let told = |it: &Gathering| it.values.iter().any(|value| value.is_finite());
        for it in self.series.into_iter().filter(told) {
            // Most series share their times, and then their memory.
            let at = if it.rows.len() == all.len() {
                Arc::clone(&all)
            } else if it.rows == last.0 {
                Arc::clone(&last.1)
            } else {
                let times = it.rows.iter().filter_map(|row| all.get(*row as usize));
                let at: Arc<[i64]> = times.copied().collect();
                last = (it.rows, Arc::clone(&at));
                at
            };
            columns.push(Column {
                series: it.series,
                at,
                values: it.values.into(),
            });
        }
        columns
    }
}

/// A series as the catalog knows it, else one whose growth is neither good nor bad.
fn series(host: &str, reading: &Reading<'_>) -> Series {
    let base = reading.metric.strip_suffix(RATE).unwrap_or(reading.metric);
    let attributes = reading.fixed.iter().chain(reading.own);
    let owned = attributes.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Series {
        key: SeriesKey::new(host, reading.metric, owned),
        unit: Unit(Cow::Owned(reading.unit.to_owned())),
        kind: Kind::Gauge,
        polarity: catalog::find(base).map_or(Polarity::Neutral, |it| it.polarity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::name;

    const LOAD: Name = name("l", "system.cpu.load", &[("window", "1m")], "{thread}", 2.0);

    #[test]
    fn times_are_shared_and_ascend() {
        let mut recorder = Recorder::default();
        recorder.set_host("h");
        for (at, value) in [(10, 1.0), (20, 2.0), (15, 9.0), (30, 3.0)] {
            assert_eq!(recorder.row(at), Ok(()));
            recorder.put(&LOAD, &[], value);
            recorder.put(&LOAD, &[], 77.0);
            if at == 20 {
                recorder.add(&LOAD, &[("cpu", "0")], 4.0);
                recorder.add(&LOAD, &[("cpu", "0")], 5.0);
                recorder.put(&LOAD, &[("cpu", "1")], f64::NAN);
            }
        }
        let mut notes = Vec::new();
        let columns = recorder.finish(&mut notes);
        assert_eq!(columns.len(), 2);
        assert_eq!(&columns[0].at[..], [10, 20, 30]);
        assert_eq!(&columns[0].values[..], [2.0, 4.0, 6.0]);
        assert_eq!(columns[0].series.polarity, Polarity::HigherIsWorse);
        assert_eq!(
            columns[1].series.key.to_string(),
            "h/system.cpu.load{cpu=0,window=1m}"
        );
        assert_eq!((columns[1].at[0], columns[1].values[0]), (20, 18.0));
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("left out 2 values"), "{notes:?}");
    }
}
