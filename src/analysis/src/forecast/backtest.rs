//! How forecasts from earlier rows did.
//!
//! Each origin is forecast with weights, and held against a band, that come from
//! the origins before it: the figures are those that a user would have met.
//!
//! * In: the errors of the weighted average from every origin.
//! * Out: error and coverage over the later origins; the first ones had too little
//!   to learn from.
//! * Never: scores the rows that a forecast or its band was made from.
//!
//! Start at [`Trial::outcome`].
//!
//! # Source
//!
//! R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy",
//! International Journal of Forecasting 22 (2006), for the scaled error.

use super::band::{Band, Errors};
use super::candidate::Origins;
use super::contest::Contest;
use super::history::History;
use crate::stats::order;

/// An error above this share of the last value's is not better: the difference is chance.
const BETTER_MAX: f64 = 0.98;

/// The first of so many parts of the origins only teaches.
const TEACHING_PART: usize = 3;

/// A band rests on at least so many origins.
const BAND_ORIGINS_MIN: usize = 2;

/// How forecasts from earlier rows did, each made of what was known before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// Mean absolute error over the mean absolute difference of values a period (or a
    /// row) apart; `NaN` where these do not differ.
    pub mase: f64,
    /// Share of the values that were inside the band.
    pub coverage: f64,
    /// Mean absolute error over that of the last value repeated; below one is better.
    pub to_last_value: f64,
    /// Mean absolute error, in the unit of the series.
    pub error: f64,
    /// Rows that forecasts were tried from.
    pub origins: usize,
    /// Rows ahead that were tried.
    pub horizon: usize,
}

impl Backtest {
    /// Whether forecasts from earlier rows were nearer than the last value repeated.
    pub fn better_than_last_value(&self) -> bool {
        self.to_last_value < BETTER_MAX
    }

    /// The back-test in words, for a place in a sentence.
    pub fn sentence(&self, level: f64) -> String {
        let held = format!(
            "the {:.0} % band held {:.0} % of the values",
            100.0 * level,
            100.0 * self.coverage
        );
        if !self.better_than_last_value() {
            return format!("not better than the last value; {held}");
        }
        format!(
            "back-test: {:.0} % of the error of the last value, {held}",
            100.0 * self.to_last_value
        )
    }
}

/// What the back-test of one series is made of.
pub(crate) struct Trial<'a> {
    pub(crate) history: &'a History,
    pub(crate) origins: &'a Origins,
    pub(crate) contest: &'a Contest,
    /// The contest's errors at the knots of a band.
    pub(crate) errors: &'a [Errors],
    /// Mean absolute difference of values a period (or a row) apart.
    pub(crate) scale: f64,
}

impl Trial<'_> {
    /// Error and coverage over the later origins; `None` where they have no values.
    pub(crate) fn outcome(&self, level: f64) -> Option<Backtest> {
        let from = (self.errors.len() / TEACHING_PART).max(1);
        let coverage = self.coverage(from.max(BAND_ORIGINS_MIN), level)?;
        let errors = self.contest.errors[from..].iter().flatten();
        let error = mean_size(errors.copied());
        let last = self.last_value_error(from);
        Some(Backtest {
            mase: if self.scale > 0.0 {
                error / self.scale
            } else {
                f64::NAN
            },
            coverage,
            to_last_value: match last > 0.0 {
                true => error / last,
                false if error > 0.0 => f64::NAN,
                false => 1.0,
            },
            error: error * self.history.size,
            origins: self.errors.len() - from,
            horizon: self.origins.tried,
        })
    }

    /// Share of the values inside the bands that the origins before them gave.
    fn coverage(&self, from: usize, level: f64) -> Option<f64> {
        let (mut inside, mut known) = (0, 0);
        for place in from..self.errors.len() {
            if let Some(band) = Band::of(&self.errors[..place], level) {
                let (more, all) = band.covered(&self.errors[place]);
                inside += more;
                known += all;
            }
        }
        (known > 0).then(|| inside as f64 / known as f64)
    }

    /// Mean absolute error of the last value repeated, at the same origins.
    fn last_value_error(&self, from: usize) -> f64 {
        let rows = self.origins.rows[from..self.errors.len()].iter();
        mean_size(rows.flat_map(|row| {
            let actual = &self.history.values[*row..*row + self.origins.tried];
            actual.iter().map(|value| value - self.history.last(*row))
        }))
    }
}

/// The mean size of the errors that are known.
fn mean_size(errors: impl Iterator<Item = f64>) -> f64 {
    order::mean(&errors.map(f64::abs).collect::<Vec<f64>>())
}
