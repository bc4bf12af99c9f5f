//! Requests become rows of the four signals, second by second.
//!
//! * In: requests in any order.
//! * Out: one series of response times for each service, operation and status.
//! * Never: keeps single requests.
//!
//! Start at [`Requests::add`].

use model::catalog::{Kind, Polarity};
use model::histogram::Row;
use model::request::{DURATION, Grid, KEYS_MAX, Request, RequestKey, Tally};
use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use model::unit::Unit;

use crate::histograms::Histograms;
use crate::skipped::counted;

/// Requests are handed on when they may have touched so many intervals, well before
/// [`model::request::CELLS_MAX`].
const CELLS_A_DRAIN: usize = 50_000;

/// Requests in the making.
pub(crate) struct Requests {
    tally: Tally,
    /// Intervals touched since they were handed on last.
    cells: usize,
    /// What was observed; other observations may be added.
    pub(crate) histograms: Histograms,
    /// Place of each key of the tally among the histograms.
    places: Vec<usize>,
    /// How many were taken in.
    pub(crate) count: usize,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            tally: Tally::new(Grid::Regular { step_ns: SECOND_NS }),
            cells: 0,
            histograms: Histograms::default(),
            places: Vec::new(),
            count: 0,
        }
    }
}

impl Requests {
    /// Takes in a request.
    pub(crate) fn add(&mut self, request: &Request<'_>) {
        self.tally.add(request);
        self.count += 1;
        while let Some(new) = self.tally.keys().get(self.places.len()) {
            let series = series(new);
            self.places.push(self.histograms.place(&series));
        }
        let seconds =
            usize::try_from(request.duration_ns.unwrap_or(0).max(0) / SECOND_NS).unwrap_or(0);
        self.cells += seconds.min(CELLS_A_DRAIN) + 2;
        if self.cells >= CELLS_A_DRAIN {
            self.drain();
        }
    }

    fn drain(&mut self) {
        self.cells = 0;
        for entry in self.tally.drain() {
            if let Some(place) = self.places.get(entry.key) {
                self.histograms.add(*place, &entry.row);
            }
        }
    }

    /// The series with their rows by time, and notes on what did not fit.
    pub(crate) fn finish(mut self, notes: &mut Vec<String>) -> Vec<(Series, Vec<Row>)> {
        self.drain();
        if self.tally.crowded > 0 {
            let crowded = usize::try_from(self.tally.crowded).unwrap_or(usize::MAX);
            notes.push(format!(
                "{} have names beyond the first {KEYS_MAX}: they were counted as one operation",
                counted(crowded, "request")
            ));
        }
        if self.tally.lost > 0 {
            let lost = self.tally.lost;
            notes.push(format!("left out {lost} rows of requests for want of room"));
        }
        self.histograms.finish(notes)
    }
}

/// The series of requests of one key.
pub(crate) fn series(key: &RequestKey) -> Series {
    Series {
        key: SeriesKey::new("", DURATION, key.attributes()),
        unit: Unit::new("s"),
        kind: Kind::Histogram,
        polarity: Polarity::HigherIsWorse,
    }
}
