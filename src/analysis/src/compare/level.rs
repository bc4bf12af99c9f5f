//! The shift of a level, from units that may be taken as independent.

use super::{BATCH_SECONDS, LEVEL, Pair, Params, Relation};
use crate::stats::random::Random;
use crate::stats::{chance, dependence, order, resample};

/// A side has at least so many batches, however short it is.
const BATCHES_LEAST: usize = 8;

/// A batch has at least so many rows: the median of fewer is a sample.
const ROWS_LEAST: usize = 5;

/// Batches still repeat each other; beyond this correlation the estimate from so few
/// of them says nothing more.
const CORRELATION_MOST: f64 = 0.9;

/// From so many runs on, runs are the units of evidence.
const RUNS_LEAST: usize = 2;

/// What is known of a series' level on both sides.
#[derive(Clone, Debug)]
pub struct Level {
    /// Medians of the units before and after.
    pub(super) units: [Vec<f64>; 2],
    /// Median of all rows before and after.
    pub(super) medians: [f64; 2],
    /// Hodges-Lehmann shift.
    pub(super) shift: f64,
    pub(super) interval: [f64; 2],
    pub(super) p_value: f64,
    pub(super) separation: f64,
    /// Rows that are numbers, and all rows.
    pub(super) rows: [usize; 2],
    /// Whether runs are the units.
    pub(super) by_runs: bool,
}

impl Level {
    /// Looks at one series.
    pub(super) fn of(pair: &Pair<'_>, params: &Params) -> Self {
        let by_runs = params.relation != Relation::Adjacent
            && pair.before.len() >= RUNS_LEAST
            && pair.after.len() >= RUNS_LEAST;
        let units = [&pair.before, &pair.after].map(|runs| match by_runs {
            true => runs
                .iter()
                .map(|run| order::median(run))
                .filter(|it| it.is_finite())
                .collect(),
            false => batches(runs, params.step_seconds),
        });
        let medians = [&pair.before, &pair.after].map(|runs| median_of(runs));
        let (shift, separation) = pairwise(&units);
        let error = standard_error(&units);
        let (p_value, margin) = match error {
            Some((error, freedom)) if error > 0.0 => (
                chance::student_two_sided(shift / error, freedom),
                error * chance::student_quantile(LEVEL, freedom),
            ),
            // Nothing varies within either side: any shift is certain.
            Some(_) if shift != 0.0 => (0.0, 0.0),
            Some(_) => (1.0, 0.0),
            None => (1.0, f64::INFINITY),
        };
        let numbers = |runs: &[&[f64]]| {
            runs.iter()
                .flat_map(|run| run.iter())
                .filter(|it| it.is_finite())
                .count()
        };
        let all = pair
            .before
            .iter()
            .chain(&pair.after)
            .map(|run| run.len())
            .sum();
        Self {
            units,
            medians,
            shift,
            interval: [shift - margin, shift + margin],
            p_value,
            separation,
            rows: [numbers(&pair.before) + numbers(&pair.after), all],
            by_runs,
        }
    }

    /// Order in which series are worth a closer look.
    pub(super) fn strength(&self) -> f64 {
        let strength = self.separation.abs() * (1.0 - self.p_value);
        if strength.is_nan() { 0.0 } else { strength }
    }

    /// The same with an interval by block bootstrap of the units.
    ///
    /// The wider of both intervals counts: a bootstrap of few units is too narrow.
    pub(super) fn refined(&self, pair: &Pair<'_>, _params: &Params) -> Self {
        let [before, after] = &self.units;
        if before.len() < BATCHES_LEAST || after.len() < BATCHES_LEAST || self.by_runs {
            return self.clone();
        }
        let mut random = Random::new(seed(pair));
        let blocks = [before, after].map(|it| resample::block_length(it));
        let (mut a, mut b) = (vec![0.0; before.len()], vec![0.0; after.len()]);
        let mut draws: Vec<f64> = (0..resample::DRAWS)
            .map(|_| {
                resample::blocks(before, blocks[0], &mut random, &mut a);
                resample::blocks(after, blocks[1], &mut random, &mut b);
                order::median_in(&mut b.clone()) - order::median_in(&mut a.clone())
            })
            .collect();
        let (lo, hi) = resample::interval(&mut draws, LEVEL);
        let mut refined = self.clone();
        if lo.is_finite() && hi.is_finite() {
            refined.interval = [self.interval[0].min(lo), self.interval[1].max(hi)];
        }
        refined
    }
}

/// A seed that depends on the series alone, so that its interval does not depend on
/// which others are looked at with it.
fn seed(pair: &Pair<'_>) -> u64 {
    let name = pair.series.key.to_string();
    name.bytes().fold(0, |seed: u64, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    })
}

fn median_of(runs: &[&[f64]]) -> f64 {
    let mut all: Vec<f64> = runs.iter().flat_map(|run| order::numbers(run)).collect();
    order::median_in(&mut all)
}

/// Medians of batches of equal length; no batch reaches over the end of a run.
fn batches(runs: &[&[f64]], step_seconds: f64) -> Vec<f64> {
    let rows: usize = runs.iter().map(|run| run.len()).sum();
    let wanted = (BATCH_SECONDS / step_seconds.max(1e-9)).round() as usize;
    let length = wanted.min(rows / BATCHES_LEAST).max(ROWS_LEAST);
    let mut medians = Vec::with_capacity(rows / length + runs.len());
    for run in runs {
        let count = (run.len() / length).max(1);
        for place in 0..count {
            let (from, to) = (place * run.len() / count, (place + 1) * run.len() / count);
            let median = order::median(&run[from..to]);
            if median.is_finite() {
                medians.push(median);
            }
        }
    }
    medians
}

/// The median of all differences, and how far the sides lie apart (-1 to 1).
fn pairwise([before, after]: &[Vec<f64>; 2]) -> (f64, f64) {
    /// Beyond so many pairs, units are thinned evenly: the median hardly moves.
    const PAIRS_MOST: usize = 40_000;
    let stride = ((before.len() * after.len()) as f64 / PAIRS_MOST as f64)
        .sqrt()
        .ceil() as usize;
    let stride = stride.max(1);
    let mut differences = Vec::new();
    let mut sign = 0.0;
    for a in before.iter().step_by(stride) {
        for b in after.iter().step_by(stride) {
            differences.push(b - a);
            sign += match b.partial_cmp(a) {
                Some(std::cmp::Ordering::Greater) => 1.0,
                Some(std::cmp::Ordering::Less) => -1.0,
                _ => 0.0,
            };
        }
    }
    if differences.is_empty() {
        return (f64::NAN, 0.0);
    }
    let separation = sign / differences.len() as f64;
    (order::median_in(&mut differences), separation)
}

/// Standard error of the shift and its degrees of freedom; `None` for too few units.
fn standard_error(units: &[Vec<f64>; 2]) -> Option<(f64, f64)> {
    let mut square = 0.0;
    let mut freedom = -2.0;
    for side in units {
        if side.len() < 2 {
            return None;
        }
        let correlation = dependence::lag_one(side).clamp(0.0, CORRELATION_MOST);
        let count = side.len() as f64 * (1.0 - correlation) / (1.0 + correlation);
        let count = count.max(2.0);
        square += order::std(side).powi(2) / count;
        freedom += count;
    }
    let error = square.sqrt();
    error.is_finite().then_some((error, freedom.max(1.0)))
}
