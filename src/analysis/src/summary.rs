//! Describes a range of a column in a few numbers.
//!
//! * In: values as they are drawn (rates for counters), any order, `NaN` for gaps.
//! * Out: a [`Summary`]; quantiles are exact, not estimated.
//! * Never: weighs a sample. The mean is that of the samples, not of time, so a
//!   gap counts for nothing instead of for its neighbor.
//!
//! Start at [`of`] and [`quantile`].

/// A range of a column in numbers, all in the unit of the column.
///
/// Where there is no number at all, every field but `gaps` is zero or `NaN`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many samples are numbers.
    pub n: usize,
    /// How many samples are gaps.
    pub gaps: usize,
    /// Arithmetic mean of the samples.
    pub mean: f64,
    /// Standard deviation of the samples, with `n - 1`; `NaN` for fewer than two.
    pub std: f64,
    /// Smallest sample.
    pub min: f64,
    /// Largest sample.
    pub max: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// First sample that is a number.
    pub first: f64,
    /// Last sample that is a number.
    pub last: f64,
}

/// How a summary is computed, in one sentence for reports.
pub const METHOD: &str = "Arithmetic mean and exact percentiles of the samples that are numbers; \
     percentiles interpolate linearly between order statistics (Hyndman and Fan's type 7); \
     gaps count for nothing.";

/// Summarizes `values`.
///
/// Infinities are kept as they are; a mean over them is not finite.
pub fn of(values: &[f64]) -> Summary {
    let mut numbers: Vec<f64> = values.iter().copied().filter(|it| !it.is_nan()).collect();
    let n = numbers.len();
    let (first, last) = match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (f64::NAN, f64::NAN),
    };
    let (mean, std) = moments(&numbers);
    let p50 = select(&mut numbers, 0.50);
    let p95 = select(&mut numbers, 0.95);
    let p99 = select(&mut numbers, 0.99);
    Summary {
        n,
        gaps: values.len() - n,
        mean,
        std,
        min: numbers.iter().copied().fold(f64::NAN, f64::min),
        max: numbers.iter().copied().fold(f64::NAN, f64::max),
        p50,
        p95,
        p99,
        first,
        last,
    }
}

/// The quantile at `level` (0 to 1) of `values`; `NaN` when there is no number.
///
/// For `n` numbers in ascending order `x[0..n]` and `h = (n - 1) · level` this is
/// `x[⌊h⌋] + (h - ⌊h⌋) · (x[⌊h⌋ + 1] - x[⌊h⌋])`.
///
/// # Source
///
/// R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", The American
/// Statistician 50 (1996), definition 7; the default of NumPy and R.
pub fn quantile(values: &[f64], level: f64) -> f64 {
    let mut numbers: Vec<f64> = values.iter().copied().filter(|it| !it.is_nan()).collect();
    select(&mut numbers, level)
}

/// The quantile of numbers that may be put in another order; costs O(n).
pub(crate) fn select(numbers: &mut [f64], level: f64) -> f64 {
    let Some(steps) = numbers.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = steps as f64 * level.clamp(0.0, 1.0);
    let below = (place.floor() as usize).min(steps);
    let (_, low, above) = numbers.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let part = place - below as f64;
    if part <= 0.0 {
        return low;
    }
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    // Without the test, two equal infinities would give NaN.
    if high == low {
        low
    } else {
        low + part * (high - low)
    }
}

/// Mean and standard deviation in two passes, which does not cancel.
fn moments(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    if numbers.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    let mean = numbers.iter().sum::<f64>() / n;
    if numbers.len() < 2 {
        return (mean, f64::NAN);
    }
    let squares: f64 = numbers.iter().map(|it| (it - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_described() {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).chain([f64::NAN]).collect();
        let summary = of(&values);
        assert_eq!((summary.n, summary.gaps), (101, 1));
        assert_eq!((summary.min, summary.mean, summary.max), (0.0, 50.0, 100.0));
        assert_eq!((summary.p50, summary.p95, summary.p99), (50.0, 95.0, 99.0));
        assert_eq!((summary.first, summary.last), (100.0, 0.0));
        assert!((summary.std - 29.300_170_647_967_22).abs() < 1e-12);
    }

    /// Expected values: `numpy.quantile([1, 2, 4, 8], [.1, .25, .5, .9])`.
    #[test]
    fn quantiles_interpolate() {
        for (level, expected) in [
            (0.0, 1.0),
            (0.1, 1.3),
            (0.25, 1.75),
            (0.5, 3.0),
            (0.9, 6.8),
            (1.0, 8.0),
        ] {
            let got = quantile(&[8.0, f64::NAN, 1.0, 4.0, 2.0], level);
            assert!((got - expected).abs() < 1e-12, "{level}: {got}");
        }
    }

    #[test]
    fn few_or_no_numbers_are_no_trouble() {
        let none = of(&[f64::NAN]);
        assert_eq!((none.n, none.gaps), (0, 1));
        assert!(none.mean.is_nan() && none.p99.is_nan() && none.max.is_nan());
        let one = of(&[3.0]);
        assert_eq!((one.mean, one.p50, one.p99), (3.0, 3.0, 3.0));
        assert!(one.std.is_nan());
        let infinite = of(&[f64::INFINITY, f64::INFINITY, 1.0]);
        assert_eq!((infinite.p50, infinite.max), (f64::INFINITY, f64::INFINITY));
    }
}
