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
        Self {
            limit: limits::limit(&reach),
            middle,
            reach,
        }
    }
}

/// Spikes, in the order of rows.
pub(super) fn find(values: &[f64], cells: &Cells, spread: &Spread) -> Vec<Found> {
    let far = (0..cells.len()).filter(|cell| {
        let least = LEAST_SHARE * spread.middle[*cell].abs();
        spread.reach[*cell] > spread.limit.max(least)
    });
    far.filter_map(|cell| spike(values, cells, spread, cell))
        .collect()
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
