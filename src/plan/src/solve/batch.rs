//! Batch work moved out of a window, or to another time of it.
//!
//! Start at [`shift`].

use analysis::stats::random::Random;
use analysis::stats::{order, resample};

use super::{SolveError, check};

/// Rows, at most.
pub const MOST_ROWS: usize = 200_000;

/// Where the batch work goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Out of the window.
    Away,
    /// So many rows later within it; what leaves at the end comes in at the beginning.
    Later(usize),
}

/// Busy cores, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift<'a> {
    /// All that the host did.
    pub busy: &'a [f64],
    /// The part of it that is moved.
    pub batch: &'a [f64],
    /// Where it goes.
    pub goal: Goal,
    /// Which quantile counts as the peak, such as 0.99.
    pub peak_level: f64,
    /// How often the intervals hold, such as 0.8.
    pub level: f64,
    /// Seed of the resampling.
    pub seed: u64,
}

/// A number with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Of the rows themselves.
    pub value: f64,
    /// Least.
    pub lo: f64,
    /// Most.
    pub hi: f64,
}

/// What moving batch work does.
#[derive(Clone, Debug, PartialEq)]
pub struct Shifted {
    /// Busy cores after, row by row.
    pub after: Vec<f64>,
    /// Peak before.
    pub peak_before: Estimate,
    /// Peak after.
    pub peak_after: Estimate,
    /// Peak after less peak before.
    pub peak_change: Estimate,
    /// Mean before.
    pub mean_before: f64,
    /// Mean after.
    pub mean_after: f64,
}

/// Moves the batch work: its busy time is taken from the rows it was in. Peaks come with
/// intervals from blocks of rows drawn together, before and after alike.
///
/// # Errors
///
/// [`SolveError::Shape`] for series of different length, [`SolveError::Input`] for
/// numbers that cannot be, [`SolveError::TooLarge`] beyond [`MOST_ROWS`].
pub fn shift(shift: &Shift<'_>) -> Result<Shifted, SolveError> {
    let rows = shift.busy.len();
    check::some("the busy series", rows)?;
    check::at_most("the number of rows", rows as f64, MOST_ROWS)?;
    check::length("the batch series", shift.batch.len(), rows)?;
    check::all_not_negative("a busy value", shift.busy)?;
    check::all_not_negative("a batch value", shift.batch)?;
    check::share("the level of the peak", shift.peak_level)?;
    check::share("the level of the interval", shift.level)?;
    let after = after(shift);
    let peak = |values: &[f64]| order::quantile_in(&mut values.to_vec(), shift.peak_level);
    let draws = draws(shift, &after, peak);
    let [before_draws, after_draws, change_draws] = draws;
    let (before, later) = (peak(shift.busy), peak(&after));
    let estimate = |value: f64, mut draws: Vec<f64>| {
        let (lo, hi) = resample::interval(&mut draws, shift.level);
        Estimate { value, lo, hi }
    };
    Ok(Shifted {
        peak_before: estimate(before, before_draws),
        peak_after: estimate(later, after_draws),
        peak_change: estimate(later - before, change_draws),
        mean_before: order::mean(shift.busy),
        mean_after: order::mean(&after),
        after,
    })
}

fn after(shift: &Shift<'_>) -> Vec<f64> {
    let rows = shift.busy.len();
    let pairs = shift.busy.iter().zip(shift.batch);
    // What was measured as batch cannot have been more than all.
    let mut after: Vec<f64> = pairs
        .clone()
        .map(|(all, part)| (all - part).max(0.0))
        .collect();
    if let Goal::Later(by) = shift.goal {
        for (row, (all, part)) in pairs.enumerate() {
            after[(row + by % rows) % rows] += part.min(*all);
        }
    }
    after
}

/// Peaks before, after, and their difference, of rows drawn in blocks.
fn draws(shift: &Shift<'_>, after: &[f64], peak: impl Fn(&[f64]) -> f64) -> [Vec<f64>; 3] {
    let rows = shift.busy.len();
    let length = resample::block_length(shift.busy).max(resample::block_length(after));
    let places: Vec<f64> = (0..rows).map(|row| row as f64).collect();
    let mut random = Random::new(shift.seed);
    let mut drawn = vec![0.0; rows];
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..resample::DRAWS {
        resample::blocks(&places, length, &mut random, &mut drawn);
        let pick = |values: &[f64]| -> Vec<f64> {
            drawn.iter().map(|row| values[*row as usize]).collect()
        };
        let (before, later) = (peak(&pick(shift.busy)), peak(&pick(after)));
        all[0].push(before);
        all[1].push(later);
        all[2].push(later - before);
    }
    all
}
