//! From the level of a series to its answer: verdict, tails, spread, first change.

use super::level::Level;
use super::{Difference, Kind, Pair, Params, Q_BELIEVED, Relation, SEPARATION, Verdict, floor};
use crate::stats::order;

/// A tail counts of its own when it moves so many floors more than the level.
const TAIL_FLOORS: f64 = 2.0;

/// A spread counts when it grows or shrinks by this factor in variance.
const VARIANCE_FACTOR: f64 = 4.0;

/// Below so many rows on a side, tails and spreads are not judged.
const ROWS_LEAST: usize = 60;

/// The answer for one series.
pub(super) fn difference(
    pair: &Pair<'_>,
    level: &Level,
    (q_value, params): (f64, &Params),
) -> Difference {
    let floor = floor::of(pair.series);
    let [before, after] = level.medians;
    let least = floor.at(before);
    let within = within_runs(level, q_value, least);
    let verdict = match params.relation {
        Relation::Apart if !level.by_runs => Verdict::Unknown,
        _ => within,
    };
    let sides = [&pair.before, &pair.after].map(|runs| sorted(runs));
    let tails = [0.95, 0.99].map(|at| quantile(&sides[1], at) - quantile(&sides[0], at));
    let variances = sides.each_ref().map(|side| order::std(side).powi(2));
    let ratio = match variances[0] > 0.0 {
        true => variances[1] / variances[0],
        false => f64::NAN,
    };
    let kinds = kinds(level, (within, least), (&sides, tails, ratio));
    let relative = match before == 0.0 {
        true => [f64::NAN; 2],
        false => {
            let ends = level.interval.map(|end| end / before.abs());
            [ends[0].max(-1e9), ends[1].min(1e9)]
        }
    };
    Difference {
        verdict,
        within_runs: within,
        before,
        after,
        shift: level.shift,
        shift_interval: level.interval,
        relative,
        tail_shift: tails,
        variance_ratio: ratio,
        p_value: level.p_value,
        q_value,
        separation: level.separation,
        score: score(level, least),
        floor: floor.relative,
        kinds,
        coverage: level.rows[0] as f64 / level.rows[1].max(1) as f64,
        first_row: within.is_change().then(|| first_row(pair, level)).flatten(),
    }
}

/// The answer as far as evidence within the runs goes.
fn within_runs(level: &Level, q_value: f64, least: f64) -> Verdict {
    let apart = level.separation.abs() >= SEPARATION;
    if q_value <= Q_BELIEVED && apart && level.shift.abs() > least {
        return match level.shift > 0.0 {
            true => Verdict::Up,
            false => Verdict::Down,
        };
    }
    let [lo, hi] = level.interval;
    // Two one-sided tests: the whole interval lies within the floor.
    match lo >= -least && hi <= least {
        true => Verdict::Same,
        false => Verdict::Unknown,
    }
}

/// Evidence for a change that matters: overlap, chance and size all speak.
fn score(level: &Level, least: f64) -> f64 {
    let certain = 1.0 - level.p_value;
    let size = level.shift.abs() / (level.shift.abs() + least);
    let score = level.separation.abs() * certain * if size.is_nan() { 0.0 } else { size };
    if score.is_nan() {
        0.0
    } else {
        score.clamp(0.0, 1.0)
    }
}

fn kinds(
    level: &Level,
    (verdict, least): (Verdict, f64),
    (sides, tails, ratio): (&[Vec<f64>; 2], [f64; 2], f64),
) -> Vec<Kind> {
    let mut kinds = Vec::new();
    if verdict.is_change() {
        kinds.push(Kind::Level);
    }
    if sides.iter().any(|side| side.len() < ROWS_LEAST) {
        return kinds;
    }
    let beyond = |tail: &f64| (tail - level.shift).abs() > TAIL_FLOORS * least;
    let pooled = order::scale(&sides[0]).max(order::scale(&sides[1]));
    let large = |tail: &f64| (tail - level.shift).abs() > 3.0 * pooled;
    if tails.iter().all(|tail| beyond(tail) && large(tail)) {
        kinds.push(Kind::Tail);
    }
    let flat = sides.each_ref().map(|side| side.first() == side.last());
    if flat[0] != flat[1] {
        kinds.push(Kind::Flat);
    } else if ratio.is_finite() && !(1.0 / VARIANCE_FACTOR..=VARIANCE_FACTOR).contains(&ratio) {
        kinds.push(Kind::Variance);
    }
    kinds
}

fn sorted(runs: &[&[f64]]) -> Vec<f64> {
    let mut all: Vec<f64> = runs.iter().flat_map(|run| order::numbers(run)).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn quantile(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = last as f64 * level;
    let below = place.floor() as usize;
    let above = sorted[(below + 1).min(last)];
    sorted[below] + (above - sorted[below]) * (place - below as f64)
}

/// The row of the side after from which most rows lie beyond the middle between
/// both levels: the split with the fewest rows on the wrong side.
fn first_row(pair: &Pair<'_>, level: &Level) -> Option<usize> {
    let run = pair.after.first()?;
    let middle = f64::midpoint(level.medians[0], level.medians[1]);
    let is_new = |value: f64| (value > middle) == (level.shift > 0.0);
    let (mut best, mut best_at, mut score) = (0_i64, 0, 0_i64);
    for (row, value) in run.iter().enumerate() {
        if value.is_finite() {
            // A row that is still old speaks for a later start.
            score += if is_new(*value) { -1 } else { 1 };
        }
        if score > best {
            (best, best_at) = (score, row + 1);
        }
    }
    Some(best_at.min(run.len().saturating_sub(1)))
}
