//! What a fitted law may be asked, and how sure it is.
//!
//! * Fewer than six distinct numbers determine no peak, so nothing beyond them is said.
//! * A parameter at its bound is unknown, so nothing beyond the largest number is said.
//! * Beyond twice the largest number nothing is said at all.

use analysis::stats::chance;

use super::{Fitted, SolveError, fit_law, slopes};
use crate::fit;
use crate::refusal::{Code, Refusal};

/// Distinct numbers that determine a peak.
const DISTINCT_LEAST: usize = 6;

/// How far beyond the largest number is answered.
const REACH: f64 = 2.0;

/// Level of the interval.
const LEVEL: f64 = 0.95;

/// An answer, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Lower end, point, upper end.
    Interval(f64, f64, f64),
    /// Not from these data.
    Refused(Refusal),
}

/// The throughput at `at`, by the law fitted to these points.
///
/// # Errors
///
/// Points that no law can be fitted to, or an `at` that is none.
pub fn honest(n: &[f64], throughput: &[f64], at: f64) -> Result<Answer, SolveError> {
    super::at_least_one(at)?;
    let fitted = fit_law(n, throughput)?;
    if let Some(refusal) = refused(&fitted, at) {
        return Ok(Answer::Refused(refusal));
    }
    let point = fitted.law.at(at);
    let half = half_width(n, &fitted, at);
    Ok(Answer::Interval(
        (point - half).max(point * 0.05),
        point,
        point + half,
    ))
}

fn refused(fitted: &Fitted, at: f64) -> Option<Refusal> {
    let most = fitted.most;
    if at > most * REACH {
        let why = format!(
            "{at} is asked about and {most} was measured at most; a law reaches twice as far"
        );
        let next = format!("measure at {:.0} or more", at / REACH);
        return Some(Code::Extrapolation.because(why).advising(next));
    }
    if at <= most {
        return None;
    }
    if fitted.distinct < DISTINCT_LEAST {
        let why = format!(
            "{} distinct numbers were measured, and a peak beyond them needs {DISTINCT_LEAST}",
            fitted.distinct
        );
        return Some(
            Code::Extrapolation
                .because(why)
                .advising("measure at more numbers"),
        );
    }
    let names = fitted.at_bound.join(" and ");
    (!fitted.at_bound.is_empty()).then(|| {
        Code::AtBound
            .because(format!(
                "{names} lies at its bound, so where throughput goes beyond {most} is unknown"
            ))
            .advising(format!("measure at {at:.0}"))
    })
}

/// Half the width of the interval for one more measurement there.
fn half_width(n: &[f64], fitted: &Fitted, at: f64) -> f64 {
    let freedom = (n.len() as f64 - 3.0).max(1.0);
    let quantile = chance::student_quantile(LEVEL, freedom);
    let free = [
        !fitted.at_bound.contains(&"alpha"),
        !fitted.at_bound.contains(&"beta"),
    ];
    let rows: Vec<Vec<f64>> = n.iter().map(|n| slopes(&fitted.law, *n, free)).collect();
    let here = slopes(&fitted.law, at, free);
    // The variance of the fitted value is that of a fit whose target is this value.
    let leverage = leverage(&rows, &here).unwrap_or(1.0);
    // Beyond what was measured the law itself is in doubt as well.
    let beyond = (at / fitted.most).max(1.0);
    // Measurements scatter as their size does, at least.
    let sigma = fitted.sigma.max(fitted.relative * fitted.law.at(at));
    quantile * sigma * (1.0 + leverage).sqrt() * beyond
}

/// `x' (X'X)^-1 x`, as a sum over an orthogonal way to it.
fn leverage(rows: &[Vec<f64>], here: &[f64]) -> Option<f64> {
    // A row of great weight whose fitted value answers how far the others let it move.
    let mut more = rows.to_vec();
    more.push(here.to_vec());
    let mut y = vec![0.0; rows.len()];
    y.push(1.0);
    let fit = fit::ordinary(&more, &y)?;
    let fitted: f64 = fit.coefficients.iter().zip(here).map(|(a, b)| a * b).sum();
    // With one row more its own leverage is h / (1 + h).
    (fitted < 1.0).then(|| fitted / (1.0 - fitted))
}
