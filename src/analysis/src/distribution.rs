//! How the values of two sides are distributed, on common bins.
//!
//! * In: the numbers of each side in ascending order.
//! * Out: counts per bin ([`histogram`]), or the share up to a value ([`share_up_to`]).
//! * Never: smooths, or leaves out a value.
//!
//! Start at [`histogram`].

/// As many bins there are at least where values differ, and at most.
const BINS: (usize, usize) = (8, 72);

/// Counts of two sides over the same bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Where the first bin begins, in the unit of the values.
    pub from: f64,
    /// Width of a bin in that unit; above zero.
    pub width: f64,
    /// Counts per bin of either side; the last bin holds its upper edge too.
    pub counts: [Vec<usize>; 2],
}

/// The finite values in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut numbers: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// Counts both sides; `None` where neither has a number.
///
/// The width is that of Freedman and Diaconis for the side with the narrower bins,
/// within 8 to 72 bins; sides of one value each get one bin around it.
///
/// # Source
///
/// D. Freedman, P. Diaconis, "On the histogram as a density estimator", Zeitschrift für
/// Wahrscheinlichkeitstheorie 57 (1981): bins of `2 · IQR · n^(-1/3)`.
pub fn histogram(sides: [&[f64]; 2]) -> Option<Histogram> {
    let ends = sides
        .iter()
        .filter_map(|side| Some((*side.first()?, *side.last()?)));
    let (low, high) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let range = high - low;
    let (from, width, bins) = match range > 0.0 && range.is_finite() {
        true => {
            let bins = bins(sides, range);
            (low, range / bins as f64, bins)
        }
        false => {
            let width = (low.abs() * 0.1).max(f64::MIN_POSITIVE);
            let width = if low == 0.0 { 1.0 } else { width };
            (low - width / 2.0, width, 1)
        }
    };
    let count = |side: &[f64]| {
        let mut counts = vec![0; bins];
        for value in side {
            let bin = ((value - from) / width) as usize;
            counts[bin.min(bins - 1)] += 1;
        }
        counts
    };
    Some(Histogram {
        from,
        width,
        counts: sides.map(count),
    })
}

fn bins(sides: [&[f64]; 2], range: f64) -> usize {
    let widths = sides.iter().filter(|side| side.len() > 1).map(|side| {
        let spread = quantile(side, 0.75) - quantile(side, 0.25);
        2.0 * spread / (side.len() as f64).cbrt()
    });
    let width = widths.filter(|it| *it > 0.0).fold(f64::INFINITY, f64::min);
    ((range / width).ceil() as usize).clamp(BINS.0, BINS.1)
}

/// The quantile at `level` (0 to 1) of numbers in ascending order, between neighbours by
/// their distance; `NaN` without a number.
pub fn quantile(sorted: &[f64], level: f64) -> f64 {
    let Some(steps) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = steps as f64 * level.clamp(0.0, 1.0);
    let below = (place.floor() as usize).min(steps);
    let above = (below + 1).min(steps);
    let part = place - below as f64;
    match sorted[above] == sorted[below] {
        true => sorted[below],
        false => sorted[below] + part * (sorted[above] - sorted[below]),
    }
}

/// The share of numbers in ascending order that are not above `value`; `NaN` without one.
pub fn share_up_to(sorted: &[f64], value: f64) -> f64 {
    let count = sorted.partition_point(|it| *it <= value);
    count as f64 / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once_in_bins_that_both_sides_share() {
        let a = sorted(&(0..1_000).map(f64::from).collect::<Vec<_>>());
        let b = sorted(&[500.0, f64::NAN, 1_500.0, f64::INFINITY, 1_500.0]);
        let found = histogram([&a, &b]).expect("there are numbers");
        assert_eq!(found.counts[0].iter().sum::<usize>(), 1_000);
        assert_eq!(found.counts[1].iter().sum::<usize>(), 3);
        let bins = found.counts[0].len();
        assert_eq!(found.counts[1].len(), bins);
        assert_eq!(found.counts[1][bins - 1], 2, "the largest lies in the last");
        let end = found.from + found.width * bins as f64;
        assert_eq!((found.from, end.round()), (0.0, 1_500.0));
        // 2 · 499.5 / 10 is 99.9, so that 1500 take 16 bins.
        assert_eq!(bins, 16);
    }

    #[test]
    fn values_that_are_all_the_same_take_one_bin() {
        for value in [0.0, -4.0, 1e-300, 1e300] {
            let side = [value; 5];
            let found = histogram([&side, &[]]).expect("there are numbers");
            assert_eq!(found.counts, [vec![5], vec![0]], "{value}");
            assert!(found.width > 0.0 && found.from < value);
        }
        assert_eq!(histogram([&[], &[]]), None);
    }

    #[test]
    fn shares_and_quantiles_answer_each_other() {
        let side = sorted(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(share_up_to(&side, 0.5), 0.0);
        assert_eq!(share_up_to(&side, 2.0), 0.5);
        assert_eq!(share_up_to(&side, 9.0), 1.0);
        assert_eq!(quantile(&side, 0.5), 2.5);
        assert_eq!(quantile(&side, 0.5), crate::summary::quantile(&side, 0.5));
        assert!(quantile(&[], 0.5).is_nan() && share_up_to(&[], 0.0).is_nan());
    }
}
