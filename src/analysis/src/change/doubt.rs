//! Doubts each cut once more, by how much both of its own sides scatter.
//!
//! The search pays with one noise for the whole series, from which outliers are
//! taken. Where a metric rests and bursts in turn, that noise is neither of the
//! resting nor of the bursting stretch. Here each side answers for itself: with
//! nothing clipped, by the scatter of its averages at the length where it is largest.
//!
//! Start at [`weed`].
//!
//! # Source
//!
//! B. L. Welch, "The generalization of Student's problem when several different
//! population variances are involved", Biometrika 34 (1947), with batch means in
//! place of values.

use super::level::{self, Fit};
use super::segment;
use crate::stats::order;
use std::ops::Range;

/// Fewer averages than this say nothing of the scatter at their length.
const LEAST_AVERAGES: usize = 8;

/// So many standard errors the scatter of averages must exceed that of single values,
/// since the largest of many lengths is taken.
const ERRORS: f64 = 1.5;

/// A side whose variance rests on fewer values borrows that of the other.
const LEAST_VALUES: usize = 16;

/// The evidence for each cut of a fit that keeps it, in squared normal units, after
/// the others were taken out of it.
pub(super) fn weed(fit: &mut Fit) -> Vec<f64> {
    let penalty = level::penalty(fit.white.len()).cut;
    let whole = fit.white.len();
    let mut edges = segment::edges(&fit.cuts, whole);
    let mut gains: Vec<f64> = edges.windows(3).map(|it| evidence(fit, it)).collect();
    while let Some((place, gain)) = least(&gains) {
        if gain >= penalty {
            break;
        }
        gains.remove(place);
        edges.remove(place + 1);
        for near in [place.checked_sub(1), Some(place)].into_iter().flatten() {
            if let (Some(gain), Some(three)) = (gains.get_mut(near), edges.get(near..near + 3)) {
                *gain = evidence(fit, three);
            }
        }
    }
    fit.cuts = edges[1..edges.len() - 1].to_vec();
    gains
}

fn least(gains: &[f64]) -> Option<(usize, f64)> {
    let numbered = gains.iter().copied().enumerate();
    numbered.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// What a cut saves, in the larger of the variances of the fit and of the sides.
fn evidence(fit: &Fit, edges: &[usize]) -> f64 {
    let (left, right) = (edges[0]..edges[1], edges[1]..edges[2]);
    let gain = fit.costs.gain(edges[0], edges[1], edges[2]);
    let (one, other) = (scatter(fit, left.clone()), scatter(fit, right.clone()));
    let (one, other) = (
        one.unwrap_or(other.unwrap_or(0.0)),
        other.unwrap_or(one.unwrap_or(0.0)),
    );
    // The shorter side weighs more: the error of a mean is its variance over its length.
    let (n, m) = (left.len() as f64, right.len() as f64);
    let welch = (one / n + other / m) / (1.0 / n + 1.0 / m);
    gain / (welch / fit.costs.variance()).max(1.0)
}

/// Variance of a stretch about its level or line.
fn scatter(fit: &Fit, stretch: Range<usize>) -> Option<f64> {
    let values = &fit.plain[stretch.clone()];
    (values.len() >= LEAST_VALUES)
        .then(|| long_variance(rest_of(values, fit.costs.slopes(stretch))))
}

/// Variance of deviations: that of their averages times the length of these, at the
/// length where it is largest.
fn long_variance(mut averages: Vec<f64>) -> f64 {
    let (mut length, mut largest) = (1.0, 0.0_f64);
    loop {
        let squares: f64 = averages.iter().map(|it| it * it).sum();
        let free = (averages.len().max(2) - 1) as f64;
        let chance = if length > 1.0 {
            1.0 + ERRORS * (2.0 / free).sqrt()
        } else {
            1.0
        };
        largest = largest.max(length * squares / free / chance);
        if averages.len() / 2 < LEAST_AVERAGES {
            return largest;
        }
        averages = averages
            .chunks_exact(2)
            .map(|it| (it[0] + it[1]) / 2.0)
            .collect();
        length *= 2.0;
    }
}

/// The evidence that sizes of deviations differ in mean, in squared normal units.
pub(super) fn between(before: &[f64], after: &[f64]) -> f64 {
    let side = |values: &[f64]| {
        let mean = order::mean(values);
        let rest = values.iter().map(|it| it - mean).collect();
        (mean, long_variance(rest) / values.len() as f64)
    };
    let ((left, left_error), (right, right_error)) = (side(before), side(after));
    let error = left_error + right_error;
    match error > 0.0 {
        true => (right - left).powi(2) / error,
        false => f64::INFINITY,
    }
}

fn rest_of(values: &[f64], line: bool) -> Vec<f64> {
    let (first, last) = segment::ends_of_line(values);
    let steps = (values.len().max(2) - 1) as f64;
    let mean = (first + last) / 2.0;
    let at = |i: usize| {
        if line {
            first + (last - first) * i as f64 / steps
        } else {
            mean
        }
    };
    values
        .iter()
        .enumerate()
        .map(|(i, value)| value - at(i))
        .collect()
}
