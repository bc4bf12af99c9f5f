//! What a fitted scaling law may say, and where it must be silent.
//!
//! Within the measured range an interval is owed: that of the fit, or how far the law
//! missed each measurement when that one was left out, whichever is wider, because real
//! systems do not follow the law exactly. Beyond it, up to twice the largest N,
//! an answer needs six different N, no parameter at a bound, and a rehearsal: the law
//! fitted to the lower part alone must have predicted the upper part, and by how much it
//! failed there widens the interval; and the upper end allows that there is no coherency,
//! and so no peak. Beyond twice the range there is no answer.
//!
//! Start at [`throughput`].
//!
//! # Source
//!
//! Left-out errors as an interval: R. F. Barber et al., "Predictive inference with the
//! jackknife+", Annals of Statistics 49 (2021).

use analysis::stats::chance;

use super::usl::{self, Fit};
use super::{SolveError, check};
use crate::fit;

/// How often the interval holds what is measured, if the law is right.
pub const LEVEL: f64 = 0.95;

/// Beyond this multiple of the largest N, and below its inverse of the least, nothing is
/// said.
pub const REACH: f64 = 2.0;

/// Different N that a peak needs.
pub const PEAK_POINTS: usize = 6;

/// Different N that a rehearsal is fitted to, at least.
const REHEARSAL_POINTS: usize = 4;

/// Measurements that are left out in turn, at most; of more of them each alone hardly
/// moves the fit, so that its residuals say the same.
const MOST_LEFT_OUT: usize = 60;

/// Rehearsals, at most: lower parts that end evenly spread.
const MOST_REHEARSALS: usize = 8;

/// Throughput that will not be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule forbids it, such as `I5`.
    pub code: &'static str,
    /// Why, in a sentence without its end.
    pub why: String,
    /// What to measure, so that it can be told.
    pub record_next: String,
}

/// What can be said about the throughput at some N.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is between two ends.
    Between {
        /// Least.
        lo: f64,
        /// By the fitted law.
        middle: f64,
        /// Most.
        hi: f64,
    },
    /// Nothing.
    Refused(Refusal),
}

/// Says what measurements tell about the throughput at `at`.
///
/// # Errors
///
/// As [`usl::fit`], but too few measurements are refused instead.
pub fn throughput(n: &[f64], x: &[f64], at: f64) -> Result<Answer, SolveError> {
    check::positive("the N that is asked for", at)?;
    let fit = match usl::fit(n, x) {
        Ok(fit) => fit,
        Err(SolveError::Undetermined(why)) => return Ok(too_few(why)),
        Err(error) => return Err(error),
    };
    let Some(sigma) = fit.sigma else {
        return Ok(too_few("three measurements leave no error to judge by"));
    };
    let (least, most) = ends(n);
    if let Some(refusal) = out_of_reach(&fit, (least, most), at) {
        return Ok(Answer::Refused(refusal));
    }
    let spread = sigma * deviation(n, &fit, at);
    let freedom = n.len().saturating_sub(3) as f64;
    let mut relative = chance::student_quantile(LEVEL, freedom) * spread;
    let middle = fit.usl.throughput(at);
    relative = (relative / middle).max(left_out(n, x));
    if at > most {
        match rehearsed(n, x, at / most) {
            Some(missed) => relative += missed,
            None => return Ok(Answer::Refused(unrehearsed(most))),
        }
    }
    let linear = at * n.iter().zip(x).fold(0.0_f64, |top, (n, x)| top.max(x / n));
    let mut hi = middle * relative.exp();
    if at > most {
        // A peak, or the approach to it, that was not seen is not certain.
        let without_peak = usl::fit_without_peak(n, x)?.throughput(at);
        hi = hi.max(without_peak * relative.exp());
    }
    let hi = hi.min(linear.max(middle));
    Ok(Answer::Between {
        lo: middle * (-relative).exp(),
        middle,
        hi,
    })
}

/// The least and the largest N.
fn ends(n: &[f64]) -> (f64, f64) {
    n.iter().fold((f64::INFINITY, 0.0), |(least, most), n| {
        (f64::min(least, *n), f64::max(most, *n))
    })
}

fn too_few(why: &str) -> Answer {
    Answer::Refused(Refusal {
        code: "I2",
        why: why.to_owned(),
        record_next: "throughput at six or more different N".to_owned(),
    })
}

fn unrehearsed(most: f64) -> Refusal {
    Refusal {
        code: "I5",
        why: "too few measurements to try out a prediction beyond the measured range".to_owned(),
        record_next: format!("throughput at more N between 1 and {most}, or beyond"),
    }
}

/// Why an N is beyond what the fit may answer; none within its reach.
fn out_of_reach(fit: &Fit, (least, most): (f64, f64), at: f64) -> Option<Refusal> {
    let record_next = format!("throughput at N = {at}, or at half of it or more");
    if at > REACH * most || at < least / REACH {
        return Some(Refusal {
            code: "I5",
            why: format!("N = {at} is more than twice beyond what was measured, {least} to {most}"),
            record_next,
        });
    }
    if at <= most {
        return None;
    }
    if fit.distinct < PEAK_POINTS {
        return Some(Refusal {
            code: "I5",
            why: format!(
                "{} different N are too few to know where throughput peaks",
                fit.distinct
            ),
            record_next,
        });
    }
    let bound = fit.at_bound.first()?;
    Some(Refusal {
        code: "I4",
        why: format!(
            "{} stopped at its bound, so that the peak is not identified",
            bound.name()
        ),
        record_next,
    })
}

/// Standard deviation of a new measurement over that of the residuals.
fn deviation(n: &[f64], fit: &Fit, at: f64) -> f64 {
    let free: Vec<usize> = [usl::AtBound::Alpha, usl::AtBound::Beta]
        .iter()
        .enumerate()
        .filter(|(_, it)| !fit.at_bound.contains(it))
        .map(|(place, _)| place)
        .chain([2])
        .collect();
    let pick = |n: f64| -> Vec<f64> {
        let slopes = usl::slopes(&fit.usl, n);
        free.iter().map(|j| slopes[*j]).collect()
    };
    let rows: Vec<Vec<f64>> = n.iter().map(|it| pick(*it)).collect();
    let columns: Vec<Vec<f64>> = (0..free.len())
        .map(|j| rows.iter().map(|row| row[j]).collect())
        .collect();
    let leverage = fit::leverage(&columns, &pick(at)).unwrap_or(1.0);
    (1.0 + leverage).sqrt()
}

/// The relative error that [`LEVEL`] of the measurements stay below when each is left out
/// in turn; the largest where there are few.
fn left_out(n: &[f64], x: &[f64]) -> f64 {
    let refit = |place: usize| {
        let others = |values: &[f64]| [&values[..place], &values[place + 1..]].concat();
        usl::fit(&others(n), &others(x)).ok()
    };
    let whole = match n.len() > MOST_LEFT_OUT {
        true => usl::fit(n, x).ok(),
        false => None,
    };
    let (least, most) = ends(n);
    let mut errors: Vec<f64> = (0..n.len())
        // Without an end of the range the law would have to reach beyond the rest.
        .filter(|place| n[*place] > least && n[*place] < most)
        .filter_map(|place| {
            let law = match &whole {
                Some(fit) => fit.usl,
                None => refit(place)?.usl,
            };
            Some((law.throughput(n[place]) / x[place]).ln().abs())
        })
        .filter(|it| it.is_finite())
        .collect();
    errors.sort_by(f64::total_cmp);
    let rank = (LEVEL * (errors.len() + 1) as f64).ceil() as usize;
    let place = rank.saturating_sub(1).min(errors.len().saturating_sub(1));
    errors.get(place).copied().unwrap_or(0.0)
}

/// The largest relative error of laws fitted to a lower part and asked as far beyond it
/// as `reach`, at least to the next measurement; none where no lower part has enough points.
fn rehearsed(n: &[f64], x: &[f64], reach: f64) -> Option<f64> {
    let mut ends: Vec<f64> = n.to_vec();
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let mut worst: Option<f64> = None;
    let lower: Vec<[f64; 2]> = ends
        .windows(2)
        .skip(REHEARSAL_POINTS - 1)
        .map(|pair| [pair[0], pair[1].max(pair[0] * reach)])
        .collect();
    let step = lower.len().div_ceil(MOST_REHEARSALS).max(1);
    for [end, until] in lower.into_iter().rev().step_by(step) {
        let points = n.iter().zip(x);
        let (below_n, below_x): (Vec<f64>, Vec<f64>) =
            points.clone().filter(|(n, _)| **n <= end).unzip();
        let Ok(fit) = usl::fit(&below_n, &below_x) else {
            continue;
        };
        for (n, x) in points.filter(|(n, _)| **n > end && **n <= until) {
            let missed = (fit.usl.throughput(*n) / x).ln().abs();
            worst = Some(worst.unwrap_or(0.0).max(missed));
        }
    }
    worst.filter(|it| it.is_finite())
}
