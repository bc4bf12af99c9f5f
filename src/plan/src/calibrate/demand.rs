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
use crate::fit::{self, Intercept, Problem};

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
    let served: Vec<f64> = bins.iter().map(|it| it.throughput).collect();
    let busy: Vec<f64> = bins.iter().map(|it| it.busy[resource]).collect();
    let all = Demand {
        seconds: busy.iter().sum::<f64>() / served.iter().sum::<f64>().max(1e-12),
        background: 0.0,
    };
    if spread(served.iter().copied()) < VARIATION {
        return all;
    }
    let columns = [served];
    let fitted = |intercept| non_negative(&columns, &busy, intercept);
    let (Some(with), Some(without)) = (fitted(Intercept::Fitted), fitted(Intercept::Zero)) else {
        return all;
    };
    let missed = |background: f64, seconds: f64| -> f64 {
        let pairs = columns[0].iter().zip(&busy);
        pairs
            .map(|(x, y)| (y - background - seconds * x).powi(2))
            .sum()
    };
    // A background that cannot be negative takes a part of the demand by chance alone, so
    // it must explain more than chance.
    let freedom = busy.len().saturating_sub(2).max(1) as f64;
    let gain = missed(0.0, without[0]) / missed(with[0], with[1]).max(1e-300) - 1.0;
    match gain * freedom < BELIEVED {
        true => Demand {
            seconds: without[0],
            background: 0.0,
        },
        false => Demand {
            background: with[0],
            seconds: with[1],
        },
    }
}

/// Demands of one resource by class, after the background; why not where they cannot be
/// told apart.
pub(super) fn by_class(bins: &[&Bin], resource: usize) -> Result<Vec<f64>, String> {
    let classes = bins.first().map_or(0, |it| it.classes.len());
    if bins.len() < 3 * (classes + 1) {
        return Err(format!(
            "{} stretches are too few for {classes} operations",
            bins.len()
        ));
    }
    let column = |class: usize| bins.iter().map(|it| it.classes[class]).collect();
    let columns: Vec<Vec<f64>> = (0..classes).map(column).collect();
    let busy: Vec<f64> = bins.iter().map(|it| it.busy[resource]).collect();
    let problem = Problem {
        columns: &columns,
        target: &busy,
        intercept: Intercept::Fitted,
        weights: None,
    };
    let worst =
        fit::inflation(&problem).map_or(f64::INFINITY, |it| it.into_iter().fold(0.0, f64::max));
    if worst.is_nan() || worst > INFLATION_MAX {
        return Err(format!(
            "operations come together (variance inflation {worst:.0}, want at most {INFLATION_MAX:.0})"
        ));
    }
    let condition = fit::condition(&problem).unwrap_or(f64::INFINITY);
    if condition.is_nan() || condition > CONDITION_MAX {
        return Err(format!(
            "operations come together (condition {condition:.0}, want at most {CONDITION_MAX:.0})"
        ));
    }
    non_negative(&columns, &busy, Intercept::Fitted)
        .ok_or_else(|| "operations come together".to_owned())
}

/// Background first where there is one, then a demand a column; `None` where they cannot
/// be fitted.
fn non_negative(columns: &[Vec<f64>], busy: &[f64], intercept: Intercept) -> Option<Vec<f64>> {
    let found = fit::robust_non_negative(&Problem {
        columns,
        target: busy,
        intercept,
        weights: None,
    });
    Some(found.ok()?.fit.coefficients)
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
