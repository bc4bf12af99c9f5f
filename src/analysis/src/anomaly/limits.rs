//! How far a series strays by itself, so that only farther counts.
//!
//! A limit is extrapolated from the bulk of a track's own sizes: the median and
//! the size that 19 of 20 stay under. Up to a twentieth of a track may therefore
//! be abnormal without hiding itself, and a heavy tail widens its own limit.
//!
//! Start at [`limit`].
//!
//! # Source
//!
//! Own; the idea of limits from the tail is that of A. Siffer et al., "Anomaly
//! detection in streams with extreme value theory", KDD 2017.

use crate::stats::order;

/// The share of a track that is taken for its ordinary life.
const ORDINARY: f64 = 0.95;
/// Extrapolation of a light tail: so often the way from the median to the end of
/// the ordinary. Of a normal distribution that is 8 standard deviations.
const LINEAR_REACH: f64 = 5.0;
/// Extrapolation of a heavy tail, the same in logarithms. Of a log-normal
/// distribution that is 4 standard deviations of the logarithm.
const HEAVY_REACH: f64 = 2.5;
/// Heavy tails are followed this far; beyond, a series has no ordinary size.
const MOST_RATIO: f64 = 30.0;
/// Of a series at rest: so many root mean squares. The factor is 8 deviations of
/// the robust floor, a quarter of the standard deviation, and a lone move among
/// `n` cells reaches the root of `n` of them.
const REST_REACH: f64 = 2.0;

/// The size that a track does not reach by itself; `NaN` sizes are left out.
///
/// Infinite for a track without a number.
pub(super) fn limit(sizes: &[f64]) -> f64 {
    let mut sizes = order::numbers(sizes);
    if sizes.is_empty() {
        return f64::INFINITY;
    }
    let square: f64 = sizes.iter().map(|it| it * it).sum();
    let rest = REST_REACH * (square / sizes.len() as f64).sqrt();
    let ordinary = order::quantile_in(&mut sizes, ORDINARY);
    let middle = order::median_in(&mut sizes);
    let linear = ordinary + LINEAR_REACH * (ordinary - middle);
    let ratio = if middle > 0.0 {
        (ordinary / middle).min(MOST_RATIO)
    } else {
        MOST_RATIO
    };
    let heavy = ordinary * ratio.powf(HEAVY_REACH);
    linear.max(heavy).max(rest)
}
