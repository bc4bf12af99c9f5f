//! Intervals by resampling blocks.
//!
//! Blocks of neighbouring samples are drawn, not single samples, so that their
//! dependence is kept.
//!
//! # Source
//!
//! H. R. Künsch, "The jackknife and the bootstrap for general stationary
//! observations", Annals of Statistics 17 (1989): the moving block bootstrap.

use super::dependence;
use super::order;
use super::random::Random;

/// A resample is drawn so often: percentiles at 95 % rest on five draws a side.
pub const DRAWS: usize = 200;

/// The block length for `values`: the correlation time and the cube root of their
/// number, whichever is longer, at most a quarter of them.
pub fn block_length(values: &[f64]) -> usize {
    let n = values.len();
    let dependent = dependence::correlation_time(values).ceil() as usize;
    let least = (n as f64).cbrt().ceil() as usize;
    dependent.max(least).min((n / 4).max(1))
}

/// Fills `out` with as many values as it has places, in blocks of `length` drawn
/// from `values` with replacement.
pub fn blocks(values: &[f64], length: usize, random: &mut Random, out: &mut [f64]) {
    if values.is_empty() {
        out.fill(f64::NAN);
        return;
    }
    let length = length.clamp(1, values.len());
    for chunk in out.chunks_mut(length) {
        let start = random.below(values.len() - length + 1);
        chunk.copy_from_slice(&values[start..start + chunk.len()]);
    }
}

/// The middle `level` of the draws of a statistic; a pair of `NaN` without draws.
pub fn interval(draws: &mut [f64], level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    (
        order::quantile_in(draws, tail),
        order::quantile_in(draws, 1.0 - tail),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_has_the_width_that_theory_gives() {
        let mut random = Random::new(3);
        let values: Vec<f64> = (0..400).map(|_| random.normal()).collect();
        let length = block_length(&values);
        let mut out = vec![0.0; values.len()];
        let mut draws: Vec<f64> = (0..2000)
            .map(|_| {
                blocks(&values, length, &mut random, &mut out);
                order::mean(&out)
            })
            .collect();
        let (lo, hi) = interval(&mut draws, 0.95);
        let width = 2.0 * 1.96 / 20.0;
        assert!(((hi - lo) / width - 1.0).abs() < 0.2, "{lo} {hi}");
    }

    #[test]
    fn nothing_gives_nothing() {
        let mut out = [0.0; 2];
        blocks(&[], 3, &mut Random::new(0), &mut out);
        assert!(out.iter().all(|it| it.is_nan()));
        assert!(interval(&mut [], 0.9).0.is_nan());
    }
}
