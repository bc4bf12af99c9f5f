//! Few rows far away from their neighbourhood.
//!
//! * In: values and their cells.
//! * Out: how far each cell strays, the limit, and the rows beyond it.
//!
//! Start at [`Spread::of`], then [`find`].

use std::ops::Range;

use super::Direction;
use super::Kind;
use super::cells::Cells;
use super::kinds::{Found, LEAST_SHARE};
use super::limits;

/// Cells on either side that make up the neighbourhood of a cell.
const NEIGHBORS: usize = 2;
/// A spike is so many times as large as anything that is none.
const APART: f64 = 2.5;
/// A burst of an intermittent series stands out at so many times the limit.
const INTERMITTENT: f64 = 4.0;
/// Of a series that counts in steps, a spike is so many of them.
const LEAST_QUANTA: f64 = 5.0;
/// Cells that vary before the quantum is believed.
const LEAST_VARYING: usize = 2;
/// A spike ends where it has come back to this share of its height.
const FOOT: f64 = 0.5;

/// How far the values of each cell stray from its neighbourhood.
pub(super) struct Spread {
    /// Level of the neighbourhood: median of the means of five cells.
    pub(super) middle: Vec<f64>,
    /// Largest distance from it within the cell.
    pub(super) reach: Vec<f64>,
    /// The distance that the series does not reach by itself.
    pub(super) limit: f64,
}

impl Spread {
    /// Measures the cells of a series.
    pub(super) fn of(cells: &Cells) -> Self {
        let middle: Vec<f64> = (0..cells.len())
            .map(|cell| middle_of(cells, cell))
            .collect();
        let reach =
            |(cell, middle): (usize, &f64)| (cells.hi[cell] - middle).max(middle - cells.lo[cell]);
        let reach: Vec<f64> = middle.iter().enumerate().map(reach).collect();
        let habit = if is_intermittent(cells) {
            INTERMITTENT
        } else {
            1.0
        };
        Self {
            limit: habit * limits::limit(&reach),
            middle,
            reach,
        }
    }
}

/// Spikes, in the order of rows.
pub(super) fn find(values: &[f64], cells: &Cells, spread: &Spread) -> Vec<Found> {
    let lone = lone(spread, LEAST_QUANTA * quantum(cells));
    lone.into_iter()
        .filter_map(|cell| spike(values, cells, spread, cell))
        .collect()
}

/// Cells beyond the limit that also lie clearly apart from all others, in order:
/// where sizes run up to the largest without a break, the largest is a matter of
/// patience.
fn lone(spread: &Spread, least: f64) -> Vec<usize> {
    let is_far = |cell: &usize| {
        let share = LEAST_SHARE * spread.middle[*cell].abs();
        spread.reach[*cell] > spread.limit.max(least).max(share)
    };
    let mut far: Vec<usize> = (0..spread.reach.len()).filter(is_far).collect();
    let rest = (0..spread.reach.len()).filter(|cell| !is_far(cell));
    let mut ordinary = rest.map(|cell| spread.reach[cell]).fold(0.0, f64::max);
    far.sort_by(|a, b| spread.reach[*a].total_cmp(&spread.reach[*b]));
    let breaks = far.iter().enumerate().filter(|(_, cell)| {
        let breaks = spread.reach[**cell] > APART * ordinary;
        ordinary = spread.reach[**cell];
        breaks
    });
    let first = breaks.map(|(place, _)| place).last().unwrap_or(far.len());
    far.drain(..first);
    far.sort_unstable();
    far
}

/// Whether most cells touch the same end of the series' range: it rests there, and
/// bursts are its way of being used.
fn is_intermittent(cells: &Cells) -> bool {
    let lowest = cells.lo.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = cells.hi.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = cells.lo.iter().filter(|it| **it == lowest).count();
    let high = cells.hi.iter().filter(|it| **it == highest).count();
    2 * low.max(high) > cells.len()
}

/// The smallest difference that cells show: what a series counts in. Unknown, and
/// taken for nothing, while hardly any cell shows one.
fn quantum(cells: &Cells) -> f64 {
    let ranges = cells.hi.iter().zip(&cells.lo).map(|(hi, lo)| hi - lo);
    let (mut least, mut count) = (f64::INFINITY, 0);
    for range in ranges.filter(|it| *it > 0.0) {
        least = range.min(least);
        count += 1;
    }
    if count < LEAST_VARYING { 0.0 } else { least }
}

fn spike(values: &[f64], cells: &Cells, spread: &Spread, cell: usize) -> Option<Found> {
    let middle = spread.middle[cell];
    let away = |row: usize| {
        if values[row].is_finite() {
            values[row] - middle
        } else {
            0.0
        }
    };
    let rows = cells.rows_of(cell..cell + 1);
    let peak = rows
        .clone()
        .max_by(|a, b| away(*a).abs().total_cmp(&away(*b).abs()))?;
    let height = away(peak);
    let reached = |row: usize| away(row) / height > FOOT;
    let around = cells.rows_of(cell.saturating_sub(1)..(cell + 2).min(cells.len()));
    let start = (around.start..peak)
        .rev()
        .take_while(|row| reached(*row))
        .last();
    let end = (peak..around.end).take_while(|row| reached(*row)).last();
    Some(Found {
        kind: Kind::Spike,
        rows: start.unwrap_or(peak)..end.unwrap_or(peak) + 1,
        ratio: spread.reach[cell] / spread.limit,
        direction: Some(Direction::of(height)),
        observed: Some(values[peak]),
    })
}

fn middle_of(cells: &Cells, cell: usize) -> f64 {
    let near: Range<usize> =
        cell.saturating_sub(NEIGHBORS)..(cell + NEIGHBORS + 1).min(cells.len());
    let mut means = [f64::NAN; 2 * NEIGHBORS + 1];
    let mut count = 0;
    for mean in &cells.mean[near] {
        if mean.is_finite() {
            means[count] = *mean;
            count += 1;
        }
    }
    if count == 0 {
        return f64::NAN;
    }
    means[..count].sort_unstable_by(f64::total_cmp);
    (means[(count - 1) / 2] + means[count / 2]) / 2.0
}
