//! Seconds of a resource that a request takes, from what was busy and what was served.
//!
//! `busy = background + Σ demand × throughput`, none of them negative, with weights that
//! take outliers back. Where the load never moved, what is busy without requests cannot be
//! told from what requests take, and the background is taken as none.
//!
//! # Source
//!
//! J. Rolia, V. Vetland, "Correlating resource demand information with ARM data for
//! application services", WOSP 1998; C. L. Lawson, R. J. Hanson, *Solving Least Squares
//! Problems*, 1974; P. J. Huber, *Robust Statistics*, 1981.

use super::bins::Bin;
use crate::fit;

/// Requests a second must vary by at least this share for a background to be told.
pub(super) const VARIATION: f64 = 0.05;

/// A background must explain so many times what one more parameter explains by chance:
/// F at 95 % with many degrees of freedom.
const BELIEVED: f64 = 3.84;

/// Variance inflation above which classes cannot be told apart.
const INFLATION_MAX: f64 = 10.0;

/// Condition number of the scaled classes above which they cannot be told apart.
const CONDITION_MAX: f64 = 30.0;

/// What a resource spends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Demand {
    /// Seconds of one unit a request, mean over the classes.
    pub(super) seconds: f64,
    /// Units busy without requests.
    pub(super) background: f64,
}

/// Demand of one resource by all requests together.
pub(super) fn total(bins: &[&Bin], resource: usize) -> Demand {
    let x: Vec<Vec<f64>> = bins.iter().map(|it| vec![it.throughput]).collect();
    let y: Vec<f64> = bins.iter().map(|it| it.busy[resource]).collect();
    if spread(bins.iter().map(|it| it.throughput)) < VARIATION {
        let (busy, served) = (y.iter().sum::<f64>(), x.iter().map(|it| it[0]).sum::<f64>());
        return Demand {
            seconds: busy / served.max(1e-12),
            background: 0.0,
        };
    }
    let (with, without) = (non_negative(&x, &y), fit::robust_non_negative(&x, &y));
    let missed = |background: f64, seconds: f64| -> f64 {
        let pairs = x.iter().zip(&y);
        pairs
            .map(|(x, y)| (y - background - seconds * x[0]).powi(2))
            .sum()
    };
    // A background that cannot be negative takes a part of the demand by chance alone, so
    // it must explain more than chance.
    let freedom = x.len().saturating_sub(2).max(1) as f64;
    let gain = missed(0.0, without[0]) / missed(with[0], with[1]).max(1e-300) - 1.0;
    if gain * freedom < BELIEVED {
        return Demand {
            seconds: without[0],
            background: 0.0,
        };
    }
    Demand {
        background: with[0],
        seconds: with[1],
    }
}

/// Demands of one resource by class, after the background; why not where they cannot be
/// told apart.
pub(super) fn by_class(bins: &[&Bin], resource: usize) -> Result<Vec<f64>, String> {
    let x: Vec<Vec<f64>> = bins.iter().map(|it| it.classes.clone()).collect();
    let classes = x.first().map_or(0, Vec::len);
    if bins.len() < 3 * (classes + 1) {
        return Err(format!(
            "{} stretches are too few for {classes} operations",
            bins.len()
        ));
    }
    let worst = fit::inflation(&x).into_iter().fold(0.0, f64::max);
    if worst.is_nan() || worst > INFLATION_MAX {
        return Err(format!(
            "operations come together (variance inflation {worst:.0}, want at most {INFLATION_MAX:.0})"
        ));
    }
    let condition = fit::condition(&x);
    if condition.is_nan() || condition > CONDITION_MAX {
        return Err(format!(
            "operations come together (condition {condition:.0}, want at most {CONDITION_MAX:.0})"
        ));
    }
    let y: Vec<f64> = bins.iter().map(|it| it.busy[resource]).collect();
    Ok(non_negative(&x, &y))
}

/// Background first, then a demand a column.
fn non_negative(x: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    let with_one: Vec<Vec<f64>> = x
        .iter()
        .map(|row| std::iter::once(1.0).chain(row.iter().copied()).collect())
        .collect();
    fit::robust_non_negative(&with_one, y)
}

/// Standard deviation over mean; 0 without numbers.
pub(super) fn spread(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.filter(|it| it.is_finite()).collect();
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    if values.len() < 2 || mean <= 0.0 {
        return 0.0;
    }
    let square: f64 = values.iter().map(|it| (it - mean).powi(2)).sum();
    (square / (values.len() - 1) as f64).sqrt() / mean
}
