//! How much neighbouring samples repeat each other.
//!
//! Samples of a running system are not independent: a test that counts each of
//! them calls most undisturbed metrics changed. Everything here turns a number of
//! samples into the number of independent ones that carry as much evidence.
//!
//! Start at [`effective_count`].

use super::order;

/// The correlation of neighbours, -1 to 1; 0 where it cannot be told.
///
/// Pairs with a gap are left out.
pub fn lag_one(values: &[f64]) -> f64 {
    correlation_at(values, order::mean(values), 1)
}

/// Autocorrelation at a lag about a given mean, over the pairs without a gap.
fn correlation_at(values: &[f64], mean: f64, lag: usize) -> f64 {
    let (mut cross, mut square) = (0.0, 0.0);
    let (mut pairs, mut count) = (0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        if !value.is_finite() {
            continue;
        }
        square += (value - mean).powi(2);
        count += 1.0;
        if let Some(other) = values.get(i + lag).filter(|it| it.is_finite()) {
            cross += (value - mean) * (other - mean);
            pairs += 1.0;
        }
    }
    if pairs < 2.0 || square <= 0.0 {
        return 0.0;
    }
    ((cross / pairs) / (square / count)).clamp(-1.0, 1.0)
}

/// The integrated autocorrelation time: so many samples carry the evidence of one.
/// At least 1, at most the number of samples.
///
/// Sums pairs of neighbouring autocorrelations while their sum is positive and
/// does not grow.
///
/// # Source
///
/// C. J. Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7 (1992):
/// the initial monotone sequence estimator.
pub fn correlation_time(values: &[f64]) -> f64 {
    let mean = order::mean(values);
    let count = values.iter().filter(|it| it.is_finite()).count();
    let most = (values.len() / 2).min(MOST_LAG);
    let mut time = 1.0;
    let mut before = f64::INFINITY;
    let mut lag = 1;
    while lag < most {
        let pair = correlation_at(values, mean, lag) + correlation_at(values, mean, lag + 1);
        let pair = pair.min(before);
        if pair <= 0.0 {
            break;
        }
        time += 2.0 * pair;
        before = pair;
        lag += 2;
    }
    time.min(count.max(1) as f64)
}

/// Beyond this lag correlation is trend, which is somebody else's question.
const MOST_LAG: usize = 600;

/// The number of independent samples that carry the evidence of these; at least 1.
pub fn effective_count(values: &[f64]) -> f64 {
    let count = values.iter().filter(|it| it.is_finite()).count();
    (count as f64 / correlation_time(values)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// An autoregressive series of order one; its correlation time is (1 + φ) / (1 - φ).
    fn autoregressive(phi: f64, n: usize) -> Vec<f64> {
        let mut random = Random::new(7);
        let mut last = 0.0;
        (0..n)
            .map(|_| {
                last = phi * last + random.normal();
                last
            })
            .collect()
    }

    #[test]
    fn the_correlation_time_of_known_processes() {
        for (phi, want) in [(0.0, 1.0), (0.5, 3.0), (0.8, 9.0), (0.9, 19.0)] {
            let got = correlation_time(&autoregressive(phi, 20_000));
            assert!((got / want - 1.0).abs() < 0.25, "{phi}: {got} for {want}");
        }
        assert!((lag_one(&autoregressive(0.8, 20_000)) - 0.8).abs() < 0.02);
    }

    #[test]
    fn nothing_and_constants_count_at_least_one() {
        assert_eq!(effective_count(&[]), 1.0);
        assert_eq!(effective_count(&[f64::NAN, 2.0]), 1.0);
        assert_eq!(effective_count(&[2.0; 10]), 10.0);
    }
}
