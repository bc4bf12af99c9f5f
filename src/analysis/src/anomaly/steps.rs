//! Breaks in a track: its level before and after differ by more than it moves by
//! itself, and it had not been at the new level before.
//!
//! * In: one number a cell, `NaN` where there is none.
//! * Out: the cells at which the level breaks.
//!
//! Start at [`breaks`].

use super::limits;
use crate::stats::order;

/// Cells of the level before a break.
pub(super) const BEFORE: usize = 8;
/// Cells of the level after a break.
pub(super) const AFTER: usize = 4;
/// The break itself makes up at least this share of the shift; otherwise it is a
/// ramp or a spike.
const SHARP: f64 = 0.5;
/// The levels before and after spread over less than this share of the shift.
const CALM: f64 = 0.5;
/// A break is so many times as large as any other lasting move: where levels come
/// and go in all sizes, the largest is a matter of patience.
const APART: f64 = 1.5;
/// Share of the past that may have been at the new level.
const SEEN_BEFORE: f64 = 0.02;

/// A change of level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Break {
    /// The cell in which it happens.
    pub(super) cell: usize,
    /// New level less old level.
    pub(super) shift: f64,
    /// The new level.
    pub(super) level: f64,
    /// Size of the shift relative to the limit.
    pub(super) ratio: f64,
}

/// Breaks of at least `least` in the order of cells.
pub(super) fn breaks(track: &[f64], least: f64) -> Vec<Break> {
    let moves = moves(track);
    let sizes: Vec<f64> = moves.iter().map(|it| it.abs()).collect();
    let limit = limits::limit(&sizes).max(least);
    let mut found: Vec<Break> = Vec::new();
    for cell in BEFORE..track.len().saturating_sub(AFTER) {
        if sizes[cell] <= SHARP * limit || !is_peak(&sizes, cell) {
            continue;
        }
        let Some(candidate) = candidate(track, cell, moves[cell], limit) else {
            continue;
        };
        match found.last_mut() {
            Some(last) if cell - last.cell < AFTER => {
                if candidate.ratio > last.ratio {
                    *last = candidate;
                }
            }
            _ => found.push(candidate),
        }
    }
    let ordinary = ordinary(track, &found);
    found.retain(|it| it.shift.abs() > APART * ordinary);
    found
}

/// The largest move elsewhere that lasts: single cells far off are left out.
fn ordinary(track: &[f64], found: &[Break]) -> f64 {
    let calm: Vec<f64> = track
        .windows(3)
        .map(|it| it[0].min(it[1]).max(it[0].max(it[1]).min(it[2])))
        .collect();
    let mut most: f64 = 0.0;
    let mut next = 0;
    for (place, pair) in calm.windows(3).enumerate() {
        // The middle of the three medians stands for this cell.
        let cell = place + 2;
        while found.get(next).is_some_and(|it| it.cell + AFTER < cell) {
            next += 1;
        }
        let part_of_one = found.get(next).is_some_and(|it| it.cell < cell + AFTER);
        let size = (pair[2] - pair[0]).abs();
        if !part_of_one && size > most {
            most = size;
        }
    }
    most
}

/// Difference of the two neighbours of each cell: the break may lie inside it.
fn moves(track: &[f64]) -> Vec<f64> {
    let mut moves = vec![f64::NAN; track.len()];
    for cell in 1..track.len().saturating_sub(1) {
        moves[cell] = track[cell + 1] - track[cell - 1];
    }
    moves
}

fn is_peak(sizes: &[f64], cell: usize) -> bool {
    let beats = |other: Option<&f64>| other.is_none_or(|it| it.is_nan() || sizes[cell] >= *it);
    beats(sizes.get(cell + 1)) && beats(sizes.get(cell - 1))
}

fn candidate(track: &[f64], cell: usize, size: f64, limit: f64) -> Option<Break> {
    let mut before = order::numbers(&track[cell - BEFORE..cell]);
    let mut after = order::numbers(&track[cell + 1..cell + 1 + AFTER]);
    if before.len() < BEFORE / 2 || after.len() < AFTER / 2 {
        return None;
    }
    let (spread_before, spread_after) = (range(&before), range(&after));
    let level = order::median_in(&mut after);
    let shift = level - order::median_in(&mut before);
    let calm = spread_before.max(spread_after) < CALM * shift.abs();
    let sharp = size / shift >= SHARP;
    let enough = shift.abs() > limit;
    (calm && sharp && enough && is_new(&track[..cell], level - shift / 2.0, shift)).then_some(
        Break {
            cell,
            shift,
            level,
            ratio: shift.abs() / limit,
        },
    )
}

/// Whether hardly any of the past lies beyond `half`, halfway to the new level.
pub(super) fn is_new(past: &[f64], half: f64, shift: f64) -> bool {
    let (mut seen, mut count) = (0.0, 0.0);
    for value in past.iter().filter(|it| it.is_finite()) {
        count += 1.0;
        seen += f64::from((value - half) * shift.signum() > 0.0);
    }
    seen <= SEEN_BEFORE * count
}

fn range(numbers: &[f64]) -> f64 {
    let (lo, hi) = numbers
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), it| {
            (lo.min(*it), hi.max(*it))
        });
    hi - lo
}
