//! From where on a value is a surprise that must not be believed at once.
//!
//! Start at [`limit`].

use crate::stats::order;

/// Distances beyond so many scales are surprises,
const SCALES: f64 = 4.0;

/// unless so large a part of all distances is as large: then they are usual.
const USUAL: f64 = 0.95;

/// The distance from `center` beyond which values are surprises; infinite where
/// nothing varies.
///
/// A series that mostly rests has no usual distance; there the standard deviation
/// counts, so that its moves are believed.
pub(crate) fn limit(values: &[f64], center: f64) -> f64 {
    let distances = values.iter().map(|it| (it - center).abs());
    let mut distances: Vec<f64> = distances.filter(|it| it.is_finite()).collect();
    let median = order::quantile_in(&mut distances, 0.5);
    let usual = order::quantile_in(&mut distances, USUAL);
    match (median * order::MAD_TO_SIGMA * SCALES).max(usual) {
        limit if limit > 0.0 => limit,
        _ => match order::std(values) * SCALES {
            limit if limit > 0.0 => limit,
            _ => f64::INFINITY,
        },
    }
}
