//! The slope that outliers do not move, its interval, and the chance that it is none.
//!
//! Start at [`line`].
//!
//! # Source
//!
//! P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA
//! 63 (1968): the median of all pairwise slopes. H. B. Mann, Econometrica 13 (1945),
//! M. G. Kendall, "Rank correlation methods" (1948): the test. K. H. Hamed, A. R. Rao,
//! "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology
//! 204 (1998): its variance where neighbours repeat each other.

use crate::stats::random::Random;
use crate::stats::{chance, dependence, order, resample};

use super::{LEVEL, Slope};

/// Block medians, at most: their 30,000 pairwise slopes take a quarter of a
/// millisecond, and more of them move the median by far less than its interval.
const MOST_BLOCKS: usize = 250;

/// The series of random numbers that the interval is drawn from.
const SEED: u64 = 0x7265_6e64;

/// A block that rests this many scales from the line counts as one that rests there:
/// the interval is that of a slope that outliers do not move.
const OUTLIER_SCALES: f64 = 3.0;

/// Correlation of neighbouring blocks counts up to here; beyond, there is no history left.
const MOST_MEMORY: f64 = 0.95;

/// Medians of blocks of rows.
pub(super) struct Blocks {
    at: Vec<f64>,
    values: Vec<f64>,
}

/// A line through blocks.
pub(super) struct Line {
    pub(super) slope: Slope,
    /// Normal score of the trend test.
    pub(super) z: f64,
    /// Typical distance of the block medians from the line.
    pub(super) scatter: f64,
    middle: f64,
    height: f64,
}

impl Line {
    /// The line at a time.
    pub(super) fn at(&self, seconds: f64) -> f64 {
        self.height + self.slope.per_second * (seconds - self.middle)
    }
}

impl Blocks {
    /// Blocks of equally many rows; those without a number are left out.
    pub(super) fn of(seconds: &[f64], values: &[f64]) -> Self {
        let length = values.len().div_ceil(MOST_BLOCKS).max(1);
        let mut blocks = Self {
            at: Vec::with_capacity(MOST_BLOCKS),
            values: Vec::with_capacity(MOST_BLOCKS),
        };
        let mut numbers = Vec::with_capacity(length);
        for (times, values) in seconds.chunks(length).zip(values.chunks(length)) {
            numbers.clear();
            numbers.extend(values.iter().copied().filter(|it| it.is_finite()));
            if !numbers.is_empty() {
                blocks.at.push((times[0] + times[times.len() - 1]) / 2.0);
                blocks.values.push(order::median_in(&mut numbers));
            }
        }
        blocks
    }
}

/// The line through blocks; none for fewer than three, or where sums overflow.
pub(super) fn line(blocks: &Blocks) -> Option<Line> {
    let count = blocks.at.len();
    if count < 3 {
        return None;
    }
    let middle = order::mean(&blocks.at);
    let per_second = pairwise(blocks);
    let above = blocks.at.iter().zip(&blocks.values);
    let above: Vec<f64> = above
        .map(|(at, value)| value - per_second * (at - middle))
        .collect();
    let height = order::median(&above);
    let rest: Vec<f64> = above.iter().map(|it| it - height).collect();
    let scatter = order::scale(&rest);
    if !(per_second.is_finite() && height.is_finite() && scatter.is_finite()) {
        return None;
    }
    let reach = OUTLIER_SCALES * scatter;
    let rest: Vec<f64> = rest.iter().map(|it| it.clamp(-reach, reach)).collect();
    let memory = inflation(&rest);
    let (lo, hi) = interval(blocks, &rest, memory);
    Some(Line {
        slope: Slope {
            per_second,
            lo: per_second + lo,
            hi: per_second + hi,
        },
        z: kendall(blocks, memory),
        scatter,
        middle,
        height,
    })
}

/// The median of the slopes between all pairs of blocks.
fn pairwise(blocks: &Blocks) -> f64 {
    let count = blocks.at.len();
    let mut slopes = Vec::with_capacity(count * (count - 1) / 2);
    for (i, (at, value)) in blocks.at.iter().zip(&blocks.values).enumerate() {
        let later = blocks.at[i + 1..].iter().zip(&blocks.values[i + 1..]);
        slopes.extend(later.map(|(later, other)| (other - value) / (later - at)));
    }
    slopes.retain(|it| it.is_finite());
    order::median_in(&mut slopes)
}

/// How many blocks carry the evidence of one: by the ranks of the rest as Hamed and
/// Rao do, or by the correlation of neighbours, corrected for what the line took
/// away, whichever is more.
fn inflation(rest: &[f64]) -> f64 {
    let count = rest.len() as f64;
    let ranks = ranks(rest);
    let mean = order::mean(&ranks);
    let square: f64 = ranks.iter().map(|it| (it - mean).powi(2)).sum();
    if square <= 0.0 {
        return 1.0;
    }
    let notable = chance::normal_quantile(0.5 + LEVEL / 2.0) / count.sqrt();
    let mut sum = 0.0;
    for lag in 1..rest.len() / 2 {
        let pairs = ranks.iter().zip(&ranks[lag..]);
        let cross: f64 = pairs.map(|(a, b)| (a - mean) * (b - mean)).sum();
        let correlation = cross / square;
        if correlation.abs() > notable {
            let left = count - lag as f64;
            sum += left * (left - 1.0) * (left - 2.0) * correlation;
        }
    }
    let hamed = 1.0 + 2.0 * sum / (count * (count - 1.0) * (count - 2.0));
    let neighbours = dependence::lag_one(rest);
    // A line through n values of an autoregressive series hides (2 + 4φ) / n of it.
    let neighbours = (neighbours * count + 2.0) / (count - 4.0).max(1.0);
    let neighbours = neighbours.clamp(0.0, MOST_MEMORY);
    let notable = if neighbours > notable {
        neighbours
    } else {
        0.0
    };
    hamed.max((1.0 + notable) / (1.0 - notable)).max(1.0)
}

/// Ranks; equal numbers share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = order[from..]
            .iter()
            .take_while(|it| values[**it] == values[order[from]]);
        let to = from + same.count().max(1);
        for place in &order[from..to] {
            ranks[*place] = (from + to - 1) as f64 / 2.0;
        }
        from = to;
    }
    ranks
}

/// The normal score of the trend test with its variance inflated.
fn kendall(blocks: &Blocks, inflation: f64) -> f64 {
    let values = &blocks.values;
    let mut score = 0.0;
    for (i, value) in values.iter().enumerate() {
        for other in &values[i + 1..] {
            score += f64::from(u8::from(other > value)) - f64::from(u8::from(other < value));
        }
    }
    let spread = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|it| spread(it.len() as f64))
        .sum();
    let variance = (spread(values.len() as f64) - ties) / 18.0 * inflation;
    if variance <= 0.0 || score == 0.0 {
        return 0.0;
    }
    (score - f64::signum(score)) / variance.sqrt()
}

/// How far the slope may be off: least-squares slopes of blocks of the rest, which
/// has no outliers left, drawn again and again.
fn interval(blocks: &Blocks, rest: &[f64], inflation: f64) -> (f64, f64) {
    let middle = order::mean(&blocks.at);
    let places: Vec<f64> = blocks.at.iter().map(|it| it - middle).collect();
    let square: f64 = places.iter().map(|it| it * it).sum();
    if square <= 0.0 {
        return (0.0, 0.0);
    }
    let length = resample::block_length(rest);
    let mut random = Random::new(SEED);
    let mut drawn = vec![0.0; rest.len()];
    let mut slopes: Vec<f64> = (0..resample::DRAWS)
        .map(|_| {
            resample::blocks(rest, length, &mut random, &mut drawn);
            let moments = places.iter().zip(&drawn).map(|(place, it)| place * it);
            moments.sum::<f64>() / square
        })
        .collect();
    let (lo, hi) = resample::interval(&mut slopes, LEVEL);
    // Blocks much shorter than the memory draw too calm a picture of it.
    let reach = chance::normal_quantile(0.5 + LEVEL / 2.0);
    let error = (order::std(rest).powi(2) * inflation / square).sqrt();
    (lo.min(-reach * error), hi.max(reach * error))
}
