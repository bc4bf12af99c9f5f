//! Cuts a series whose noise remembers.
//!
//! A step and a long memory look alike: both keep a series away from its mean for
//! long. So the memory is not measured first and corrected for after; every memory
//! of a list is tried, the series is freed of it, cut, and the whole explanation
//! that is most likely wins. What the memory of one step does not explain inflates
//! the penalty: the noise of averages over longer and longer stretches is measured.
//!
//! Start at [`fit`].
//!
//! # Source
//!
//! S. Chakar, E. Lebarbier, C. Lévy-Leduc, S. Robin, "A robust approach for
//! estimating change-points in the mean of an AR(1) process", Bernoulli 23 (2017):
//! whitening before segmentation; here the coefficient is profiled.

use super::clean;
use super::segment::{Costs, Penalty};
use crate::stats::order;

/// A cut has to save this many times the logarithm of the number of places: two for
/// its position and level as in the Schwarz criterion, one because the tails are
/// heavier than normal.
const CUT: f64 = 3.0;

/// What a slope has to save, likewise.
const SLOPE: f64 = 2.0;

/// Coefficients of memory that are tried; 0.985 remembers for about 130 rows.
const MEMORIES: [f64; 9] = [0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.985];

/// Where in the list the search for the most likely one starts.
const FIRST_TRIES: [usize; 3] = [1, 4, 7];

/// A value may lie this many scales outside the range of its neighbours.
const SPIKE_SCALES: f64 = 4.0;

/// Fewer averages than this say nothing of the noise at their length.
const LEAST_AVERAGES: usize = 12;

/// A difference of averages counts up to this many scales, so that steps do not
/// pass for noise.
const DIFFERENCE_SCALES: f64 = 2.5;

/// So many standard errors the noise at a length must exceed what is expected.
const NOISE_ERRORS: f64 = 1.5;

/// The most likely explanation of a series.
pub(super) struct Fit {
    /// Correlation of neighbours that is memory and not level.
    pub(super) memory: f64,
    /// How much more the averages scatter than white noise would; at least 1.
    pub(super) inflation: f64,
    /// Places of the cuts in `white`.
    pub(super) cuts: Vec<usize>,
    /// The series without its memory; place `i` is place `i + 1` of the series.
    pub(super) white: Vec<f64>,
    /// The same with its spikes.
    pub(super) plain: Vec<f64>,
    /// Costs of `white` with the inflated variance.
    pub(super) costs: Costs,
    /// How unlikely it is; lower is better.
    badness: f64,
}

/// Finds the most likely memory and cuts; none when the series never varies.
pub(super) fn fit(places: &[f64]) -> Option<Fit> {
    let mut fits: [Option<Fit>; MEMORIES.len()] = [const { None }; MEMORIES.len()];
    let mut best = 0;
    let mut open: Vec<usize> = FIRST_TRIES.to_vec();
    // A memory that leaves nothing to vary has no fit, however often it is tried.
    let mut tried = [false; MEMORIES.len()];
    while !open.is_empty() {
        for at in open.drain(..) {
            if !tried[at] {
                tried[at] = true;
                fits[at] = with_memory(places, MEMORIES[at]);
            }
        }
        let badness = |at: &usize| fits[*at].as_ref().map_or(f64::INFINITY, |it| it.badness);
        best = (0..MEMORIES.len())
            .min_by(|a, b| badness(a).total_cmp(&badness(b)))
            .unwrap_or_default();
        let neighbours = best.saturating_sub(1)..=(best + 1).min(MEMORIES.len() - 1);
        open.extend(neighbours.filter(|at| !tried[*at]));
        if fits[best].is_none() {
            break;
        }
    }
    fits[best].take()
}

fn with_memory(places: &[f64], memory: f64) -> Option<Fit> {
    let plain: Vec<f64> = places.windows(2).map(|it| it[1] - memory * it[0]).collect();
    let scale = clean::noise(&plain)?;
    let white = without_spikes(&plain, SPIKE_SCALES * scale);
    let variance = half_mean_square_difference(&white);
    if variance <= 0.0 {
        return None;
    }
    let count = white.len() as f64;
    let inflation = inflation(&white, variance);
    let penalty = penalty(white.len());
    let costs = Costs::of(&white, variance * inflation, penalty.slope).with_jumps(&plain, memory);
    let cuts = costs.cuts(penalty.cut);
    let rest = costs.total(&cuts) * inflation * variance / count;
    Some(Fit {
        memory,
        inflation,
        badness: count * rest.max(f64::MIN_POSITIVE).ln() + penalty.cut * cuts.len() as f64,
        cuts,
        white,
        plain,
        costs,
    })
}

/// What cuts and slopes have to save in a series of so many places.
pub(super) fn penalty(count: usize) -> Penalty {
    let log = (count as f64).ln();
    Penalty {
        cut: CUT * log,
        slope: SLOPE * log,
    }
}

/// Brings each value to within `margin` of the range of its two neighbours.
fn without_spikes(values: &[f64], margin: f64) -> Vec<f64> {
    let mut limited = values.to_vec();
    for (i, window) in values.windows(3).enumerate() {
        let (low, high) = (window[0].min(window[2]), window[0].max(window[2]));
        limited[i + 1] = window[1].clamp(low - margin, high + margin);
    }
    limited
}

fn half_mean_square_difference(values: &[f64]) -> f64 {
    let squares: f64 = values.windows(2).map(|it| (it[1] - it[0]).powi(2)).sum();
    squares / (2 * values.len().saturating_sub(1).max(1)) as f64
}

/// How much more averages scatter than those of white noise with this variance, at
/// the length where the excess over chance is largest; at least 1.
fn inflation(values: &[f64], variance: f64) -> f64 {
    let mut largest: f64 = 1.0;
    let mut averages = values.to_vec();
    let mut length = 1.0;
    while averages.len() / 2 >= LEAST_AVERAGES {
        averages = averages
            .chunks_exact(2)
            .map(|it| (it[0] + it[1]) / 2.0)
            .collect();
        length *= 2.0;
        let mut apart: Vec<f64> = averages.windows(2).map(|it| it[1] - it[0]).collect();
        let slope = order::median_in(&mut apart);
        let mut sizes: Vec<f64> = apart.iter().map(|it| (it - slope).abs()).collect();
        let limit = DIFFERENCE_SCALES * order::MAD_TO_SIGMA * order::median_in(&mut sizes);
        let squares: f64 = sizes.iter().map(|it| it.min(limit).powi(2)).sum();
        let noise = length * squares / (2 * sizes.len()) as f64 / variance;
        let error = (3.0 / averages.len() as f64).sqrt();
        largest = largest.max(noise / (1.0 + NOISE_ERRORS * error));
    }
    largest
}
