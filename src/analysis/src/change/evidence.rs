//! What a change amounts to: before, after, and the interval of the shift.
//!
//! Start at [`shift`].
//!
//! # Source
//!
//! J. L. Hodges, E. L. Lehmann, "Estimates of location based on rank tests", Annals
//! of Mathematical Statistics 34 (1963): the median of all pairwise differences;
//! L. E. Moses in H. Walker, J. Lev, "Statistical inference" (1953): its interval.
//! Centers of batches longer than the memory stand for independent values.

use crate::stats::{chance, order};

/// Level of the interval.
pub(super) const LEVEL: f64 = 0.95;

/// Batches of one side, at most: 48 squared differences are sorted in microseconds.
const MOST_BATCHES: usize = 48;

/// Fewer batches of one side have no rank interval; their spread is a Student's.
const LEAST_BATCHES: usize = 5;

/// What stands for the level of some values.
pub(super) type Center = fn(&[f64]) -> f64;

/// The median; the mean where so few values moved that the medians do not tell.
pub(super) fn center(before: &[f64], after: &[f64]) -> Center {
    let moved = |center: Center| center(after) - center(before);
    match moved(order::median) * moved(order::mean) > 0.0 {
        true => order::median,
        false => order::mean,
    }
}

/// The interval of the difference of centers, `after - before`.
///
/// `memory_rows` is the number of neighbouring rows that carry the evidence of one.
pub(super) fn shift(
    (before, after): (&[f64], &[f64]),
    center: Center,
    memory_rows: f64,
) -> (f64, f64) {
    let left = batches(before, center, memory_rows);
    let right = batches(after, center, memory_rows);
    if left.len() < LEAST_BATCHES || right.len() < LEAST_BATCHES {
        return student((before, after), center, memory_rows);
    }
    let mut apart: Vec<f64> = right
        .iter()
        .flat_map(|b| left.iter().map(move |a| b - a))
        .collect();
    let (m, n) = (left.len() as f64, right.len() as f64);
    let z = chance::normal_quantile(0.5 + LEVEL / 2.0);
    let outside = m * n / 2.0 - z * (m * n * (m + n + 1.0) / 12.0).sqrt();
    let outside = outside.floor().max(0.0) as usize;
    let last = apart.len() - 1;
    let low = *apart
        .select_nth_unstable_by(outside.min(last), f64::total_cmp)
        .1;
    let high = *apart
        .select_nth_unstable_by(last - outside.min(last), f64::total_cmp)
        .1;
    (low, high)
}

/// Centers of batches that are at least as long as the memory.
fn batches(values: &[f64], center: Center, memory_rows: f64) -> Vec<f64> {
    let length = values
        .len()
        .div_ceil(MOST_BATCHES)
        .max(memory_rows.ceil() as usize);
    let whole = values
        .chunks(length.max(1))
        .filter(|it| 2 * it.len() > length);
    whole.map(center).filter(|it| it.is_finite()).collect()
}

/// The interval of the difference of two centers whose values repeat each other.
fn student((before, after): (&[f64], &[f64]), center: Center, memory_rows: f64) -> (f64, f64) {
    let side = |values: &[f64]| {
        let count = values.iter().filter(|it| it.is_finite()).count() as f64;
        let independent = (count / memory_rows.max(1.0)).max(1.0);
        let spread = order::std(values);
        (
            center(values),
            if spread.is_nan() {
                0.0
            } else {
                spread * spread / independent
            },
            independent,
        )
    };
    let (left, left_error, left_count) = side(before);
    let (right, right_error, right_count) = side(after);
    let freedom = (left_count + right_count - 2.0).max(1.0);
    let reach = chance::student_quantile(LEVEL, freedom) * (left_error + right_error).sqrt();
    (right - left - reach, right - left + reach)
}

/// The interval of the difference of two spreads about the medians.
pub(super) fn spread_shift(before: &[f64], after: &[f64], memory_rows: f64) -> (f64, f64) {
    let sizes = |values: &[f64]| {
        let center = order::median(values);
        let apart = values.iter().map(|it| (it - center).abs());
        apart.collect::<Vec<f64>>()
    };
    let (before, after) = (sizes(before), sizes(after));
    let (low, high) = shift((&before, &after), order::median, memory_rows);
    (low * order::MAD_TO_SIGMA, high * order::MAD_TO_SIGMA)
}
