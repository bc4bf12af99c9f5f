//! Medians, quantiles and scales that outliers do not move.
//!
//! Functions that end in `_in` put the numbers into another order instead of
//! copying them; they want numbers only. The others leave gaps (`NaN`) out.

/// Makes the median absolute deviation of a normal distribution its standard deviation.
pub const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// The numbers among `values`.
pub fn numbers(values: &[f64]) -> Vec<f64> {
    let finite = values.iter().copied().filter(|it| it.is_finite());
    finite.collect()
}

/// Whether two of the numbers differ.
pub fn varies(values: &[f64]) -> bool {
    let mut numbers = values.iter().filter(|it| it.is_finite());
    let first = numbers.next();
    first.is_some_and(|first| numbers.any(|it| it != first))
}

/// The median; `NaN` when there is no number.
pub fn median(values: &[f64]) -> f64 {
    median_in(&mut numbers(values))
}

/// The median like [`median`], with room that is used again.
pub fn median_with(values: &[f64], room: &mut Vec<f64>) -> f64 {
    room.clear();
    room.extend(values.iter().copied().filter(|it| it.is_finite()));
    median_in(room)
}

/// The median of numbers that may be reordered; costs O(n).
pub fn median_in(numbers: &mut [f64]) -> f64 {
    quantile_in(numbers, 0.5)
}

/// The quantile at `level` of numbers that may be reordered, by
/// [`crate::summary::quantile`]'s definition; costs O(n).
pub fn quantile_in(numbers: &mut [f64], level: f64) -> f64 {
    crate::summary::select(numbers, level)
}

/// The median absolute deviation from `center`, times [`MAD_TO_SIGMA`].
pub fn mad_about(values: &[f64], center: f64) -> f64 {
    let finite = values.iter().copied().filter(|it| it.is_finite());
    let mut distances: Vec<f64> = finite.map(|it| (it - center).abs()).collect();
    median_in(&mut distances) * MAD_TO_SIGMA
}

/// Mean of the numbers; `NaN` without any.
pub fn mean(values: &[f64]) -> f64 {
    let (sum, n) = sum_and_count(values);
    sum / n
}

/// Standard deviation of the numbers, with `n - 1`; `NaN` for fewer than two.
pub fn std(values: &[f64]) -> f64 {
    let (sum, n) = sum_and_count(values);
    if n < 2.0 {
        return f64::NAN;
    }
    let center = sum / n;
    let finite = values.iter().filter(|it| it.is_finite());
    let squares: f64 = finite.map(|it| (it - center).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}

/// A scale that is zero only where nothing ever varies: the larger of the scaled
/// median absolute deviation and a quarter of the standard deviation.
///
/// A series that rests at one value most of the time has a median deviation of
/// zero; the floor keeps its rare moves from being infinitely surprising.
pub fn scale(values: &[f64]) -> f64 {
    let center = median(values);
    let spread = std(values);
    let mad = mad_about(values, center);
    f64::max(mad, if spread.is_nan() { 0.0 } else { spread / 4.0 })
}

fn sum_and_count(values: &[f64]) -> (f64, f64) {
    let finite = values.iter().filter(|it| it.is_finite());
    finite.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_count_for_nothing() {
        let values = [3.0, f64::NAN, 1.0, 2.0, 100.0];
        assert_eq!(median(&values), 2.5);
        assert_eq!(mean(&values), 26.5);
        assert!(median(&[f64::NAN]).is_nan() && std(&[1.0]).is_nan() && mean(&[]).is_nan());
    }

    #[test]
    fn a_series_at_rest_has_a_scale_once_it_moves() {
        let mut values = vec![0.0; 99];
        assert_eq!(scale(&values), 0.0);
        values.push(10.0);
        assert_eq!(mad_about(&values, 0.0), 0.0);
        assert!((scale(&values) - 0.25).abs() < 1e-12);
    }
}
