//! The shift of a level, from units that may be taken as independent.

use super::{BATCH_SECONDS, First, Join, LEVEL, Pair, Params, Relation};
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

/// A step is the mean of so many units less the mean of as many before them.
const STEP_UNITS: usize = 2;

/// So many steps elsewhere are needed to say what an ordinary one is.
const STEPS_LEAST: usize = 4;

/// What is known of a series' level on both sides.
#[derive(Clone, Debug)]
pub struct Level {
    /// What tells the level: the medians of batches and, where the sides join, also
    /// their means, which see what happens in less than half of the rows.
    pub(super) measures: Vec<Measure>,
    /// Rows that are numbers, and all rows.
    pub(super) rows: [usize; 2],
    /// Whether runs are the units.
    pub(super) by_runs: bool,
}

/// One way to tell a level.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// The units before and after.
    pub(super) units: [Vec<f64>; 2],
    /// Median, or mean, of all rows before and after.
    pub(super) centers: [f64; 2],
    /// Hodges-Lehmann shift.
    pub(super) shift: f64,
    pub(super) interval: [f64; 2],
    pub(super) p_value: f64,
    pub(super) separation: f64,
    /// How many ordinary steps the one at the join makes, in the direction of the
    /// shift; `None` where the sides do not join or are too short to tell.
    pub(super) jump: Option<f64>,
}

/// How the rows of a unit become one number.
type Center = fn(&[f64]) -> f64;

impl Level {
    /// Looks at one series.
    pub(super) fn of(pair: &Pair<'_>, params: &Params) -> Self {
        let by_runs = params.relation != Relation::Adjacent
            && pair.before.len() >= RUNS_LEAST
            && pair.after.len() >= RUNS_LEAST;
        let mut measures = vec![Measure::of(pair, params, (order::median, by_runs))];
        if measures[0].jump.is_some() {
            measures.push(Measure::of(pair, params, (order::mean, by_runs)));
        }
        let runs = || pair.before.iter().chain(&pair.after);
        let numbers = runs().flat_map(|run| run.iter());
        Self {
            measures,
            rows: [
                numbers.filter(|it| it.is_finite()).count(),
                runs().map(|run| run.len()).sum(),
            ],
            by_runs,
        }
    }

    /// Two-sided p-value, paid for by the number of measures that were tried.
    pub(super) fn p_value(&self) -> f64 {
        let least = self.measures.iter().map(|it| it.p_value);
        let least = least.fold(1.0, f64::min);
        (least * self.measures.len() as f64).min(1.0)
    }

    /// Order in which series are worth a closer look.
    pub(super) fn strength(&self) -> f64 {
        let all = self.measures.iter().map(Measure::strength);
        all.fold(0.0, f64::max)
    }
}

impl Measure {
    fn of(pair: &Pair<'_>, params: &Params, (center, by_runs): (Center, bool)) -> Self {
        let sides = [&pair.before, &pair.after];
        let length = sides.map(|runs| batch_length(runs, params.step_seconds));
        let by_run: [Vec<Vec<f64>>; 2] = std::array::from_fn(|side| {
            let units = |run: &&[f64]| match by_runs {
                true => batches(run, run.len().max(1), center),
                false => batches(run, length[side], center),
            };
            sides[side].iter().map(units).collect()
        });
        let units = by_run.each_ref().map(|runs| runs.concat());
        let (shift, separation) = pairwise(&units);
        let (p_value, margin) = match standard_error(&units) {
            Some((error, freedom)) if error > 0.0 => (
                chance::student_two_sided(shift / error, freedom),
                error * chance::student_quantile(LEVEL, freedom),
            ),
            // Nothing varies within either side: any shift is certain.
            Some(_) if shift != 0.0 => (0.0, 0.0),
            Some(_) => (1.0, 0.0),
            None => (1.0, f64::INFINITY),
        };
        let jump = params.join.and_then(|it| jump(&by_run, it, shift));
        // Two tests were tried: one suits noise about a level, one a level that wanders.
        let p_value = jump
            .as_ref()
            .map_or(p_value, |it| (2.0 * p_value.min(it.p_value)).min(1.0));
        Self {
            centers: sides.map(|runs| center(&runs.concat())),
            jump: jump.map(|it| it.steps),
            units,
            shift,
            interval: [shift - margin, shift + margin],
            p_value,
            separation,
        }
    }

    pub(super) fn strength(&self) -> f64 {
        let strength = self.separation.abs() * (1.0 - self.p_value);
        if strength.is_nan() { 0.0 } else { strength }
    }

    /// The interval of the shift by block bootstrap of the units.
    ///
    /// The wider of both intervals counts: a bootstrap of few units is too narrow.
    pub(super) fn refine(&mut self, pair: &Pair<'_>) {
        let [before, after] = &self.units;
        if before.len() < BATCHES_LEAST || after.len() < BATCHES_LEAST {
            return;
        }
        let mut random = Random::new(seed(pair));
        let blocks = [before, after].map(|it| resample::block_length(it));
        let (mut a, mut b) = (vec![0.0; before.len()], vec![0.0; after.len()]);
        let mut draws: Vec<f64> = (0..resample::DRAWS)
            .map(|_| {
                resample::blocks(before, blocks[0], &mut random, &mut a);
                resample::blocks(after, blocks[1], &mut random, &mut b);
                order::median_in(&mut b) - order::median_in(&mut a)
            })
            .collect();
        let (lo, hi) = resample::interval(&mut draws, LEVEL);
        if lo.is_finite() && hi.is_finite() {
            self.interval = [self.interval[0].min(lo), self.interval[1].max(hi)];
        }
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

/// Rows of a batch of a side.
fn batch_length(runs: &[&[f64]], step_seconds: f64) -> usize {
    let rows: usize = runs.iter().map(|run| run.len()).sum();
    let wanted = (BATCH_SECONDS / step_seconds.max(1e-9)).round() as usize;
    wanted.min(rows / BATCHES_LEAST).max(ROWS_LEAST)
}

/// Centers of batches of equal length; no batch reaches over the end of a run.
fn batches(run: &[f64], length: usize, center: Center) -> Vec<f64> {
    let count = (run.len() / length).max(1);
    let rows = |place: usize| place * run.len() / count..(place + 1) * run.len() / count;
    let centers = (0..count).map(|place| center(&run[rows(place)]));
    centers.filter(|it| it.is_finite()).collect()
}

/// The step at a join.
struct Jump {
    /// In root mean squares of the steps inside the sides, in the direction of the shift.
    steps: f64,
    /// Two-sided p-value of a step so large.
    p_value: f64,
}

/// Holds the step at the join against those inside the sides.
///
/// A level that wanders differs between any two stretches, but it does not step just
/// where one ends and the other begins.
fn jump(by_run: &[Vec<Vec<f64>>; 2], join: Join, shift: f64) -> Option<Jump> {
    let before = by_run[0].get(join.before)?;
    let after = by_run[1].get(join.after)?;
    let (earlier, later, sign) = match join.first {
        First::Before => (before, after, 1.0),
        First::After => (after, before, -1.0),
    };
    let at = earlier.len();
    if at < STEP_UNITS || later.len() < STEP_UNITS {
        return None;
    }
    let units = [earlier.as_slice(), later.as_slice()].concat();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let step = |place: usize| {
        mean(&units[place..place + STEP_UNITS]) - mean(&units[place - STEP_UNITS..place])
    };
    let places = STEP_UNITS..=units.len() - STEP_UNITS;
    let elsewhere = places.filter(|place| place.abs_diff(at) >= STEP_UNITS);
    let squares: Vec<f64> = elsewhere.map(|place| step(place).powi(2)).collect();
    if squares.len() < STEPS_LEAST {
        return None;
    }
    let ordinary = mean(&squares).sqrt();
    let jump = step(at) * sign * shift.signum();
    let ratio = match ordinary > 0.0 {
        true => jump / ordinary,
        false if jump > 0.0 => f64::INFINITY,
        false => 0.0,
    };
    let steps = if ratio.is_nan() { 0.0 } else { ratio };
    // Neighbouring steps share units: so many are as good as independent.
    let freedom = squares.len() as f64 / STEP_UNITS as f64;
    let p_value = match steps.is_finite() {
        // A jump against the shift is no evidence for it.
        true if steps <= 0.0 => 1.0,
        true => chance::student_two_sided(steps, freedom),
        false => 0.0,
    };
    Some(Jump { steps, p_value })
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
        let correlation = unbiased(dependence::lag_one(side), side.len());
        let correlation = correlation.clamp(0.0, CORRELATION_MOST);
        let count = side.len() as f64 * (1.0 - correlation) / (1.0 + correlation);
        let count = count.max(2.0);
        square += order::std(side).powi(2) / count;
        freedom += count;
    }
    let error = square.sqrt();
    error.is_finite().then_some((error, freedom.max(1.0)))
}

/// The correlation of neighbours without the bias that few units give it.
///
/// # Source
///
/// F. H. C. Marriott, J. A. Pope, "Bias in the estimation of autocorrelations",
/// Biometrika 41 (1954): the estimate is `(1 + 3 r) / n` too low.
fn unbiased(correlation: f64, count: usize) -> f64 {
    correlation + (1.0 + 3.0 * correlation.max(0.0)) / count as f64
}
