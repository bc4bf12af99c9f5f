//! Intervals: what the parameters are not known by, and what the model itself is wrong by.
//!
//! Each draw of the parameters gives a value; each is then moved by an error that the
//! back-test made, so that both doubts add up as they would in the next recording. The
//! farther the question lies from what was recorded, the larger the error.
//!
//! # Source
//!
//! V. Vovk, A. Gammerman, G. Shafer, *Algorithmic Learning in a Random World*, 2005, for
//! errors of held-out data as intervals.

use analysis::stats::random::Random;
use serde::Serialize;

use crate::calibrate::Calibration;

/// Factors that intervals are widened by, from the outcomes of earlier predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Widening {
    /// Of throughputs.
    pub throughput: f64,
    /// Of mean response times.
    pub response: f64,
    /// Of percentiles of response times.
    pub tail: f64,
    /// Of utilizations.
    pub utilization: f64,
}

impl Default for Widening {
    fn default() -> Self {
        Self {
            throughput: 1.0,
            response: 1.0,
            tail: 1.0,
            utilization: 1.0,
        }
    }
}

/// Errors that a prediction may make, beside its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Errors {
    seen: Vec<f64>,
    least: f64,
    growth: f64,
}

/// Errors are never taken smaller than these: what repeats of one measurement differ by on
/// a quiet machine.
const LEAST_THROUGHPUT: f64 = 0.02;
const LEAST_RESPONSE: f64 = 0.05;
const LEAST_UTILIZATION: f64 = 0.015;

/// Without a back-test errors are taken as this large.
const UNTESTED: f64 = 0.08;

/// Fewer held-out stretches than this do not tell how large errors may be.
const TESTED_LEAST: usize = 4;

/// Which errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Of throughputs, relative.
    Throughput,
    /// Of response times, relative.
    Response,
    /// Of utilizations, shares of the capacity.
    Utilization,
}

impl Errors {
    /// The errors for a question at `distance` times the load that was recorded at most,
    /// 1 where it lies inside.
    pub(super) fn of(
        calibration: &Calibration,
        of: Of,
        distance: f64,
        widening: &Widening,
    ) -> Self {
        let test = &calibration.backtest;
        let (seen, least, widening) = match of {
            Of::Throughput => (&test.throughput, LEAST_THROUGHPUT, widening.throughput),
            Of::Response => (&test.response, LEAST_RESPONSE, widening.response),
            Of::Utilization => (&test.utilization, LEAST_UTILIZATION, widening.utilization),
        };
        // Of an open load the throughput is what is asked: there is nothing to test.
        let given = of == Of::Throughput && !calibration.users_known;
        let untested = seen.len() < TESTED_LEAST && !given;
        Self {
            seen: seen.clone(),
            least: match untested {
                true => least.max(UNTESTED.min(4.0 * least)),
                false => least,
            },
            growth: distance.max(1.0) * widening.max(1.0),
        }
    }

    /// One error: of shares their difference, else the logarithm of how many times too
    /// much or too little. That the back-test erred to one side does not say that the next
    /// one will.
    fn draw(&self, of: Of, random: &mut Random) -> f64 {
        let seen = match self.seen.is_empty() {
            true => 0.0,
            false => self.seen[random.below(self.seen.len())].abs(),
        };
        let size = match of {
            Of::Utilization => seen,
            Of::Throughput | Of::Response => seen.ln_1p(),
        };
        let side = if random.unit() < 0.5 { -1.0 } else { 1.0 };
        (side * size + self.least * random.normal()) * self.growth
    }
}

/// Lower and upper end of the middle 80 %, with the point between them.
///
/// `values` are those of the draws; a value that a draw does not have is `NaN`.
pub(super) fn around(
    point: f64,
    values: &[f64],
    (errors, of): (&Errors, Of),
    random: &mut Random,
) -> (f64, f64) {
    let mut moved: Vec<f64> = values
        .iter()
        .filter(|it| it.is_finite())
        .map(|value| {
            let error = errors.draw(of, random);
            match of {
                Of::Utilization => value + error,
                Of::Throughput | Of::Response => value * error.exp(),
            }
        })
        .collect();
    if moved.is_empty() {
        return (point, point);
    }
    moved.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (moved.len() - 1) as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        let above = (below + 1).min(moved.len() - 1);
        moved[below] + (moved[above] - moved[below]) * part
    };
    (at(0.1).min(point), at(0.9).max(point))
}
