//! From the level of a series to its answer: verdict, tails, spread, first change.

use super::floor::{self, Floor};
use super::level::{Level, Measure};
use super::{
    Difference, JUMP, Kind, Pair, Params, Place, Q_BELIEVED, Relation, SEPARATION,
    SEPARATION_JOINED, Verdict,
};
use crate::stats::order;

/// A tail counts of its own when it moves so many floors more than the level,
const TAIL_FLOORS: f64 = 2.0;

/// and so many scales of the series: fewer is the scatter of a few rows.
const TAIL_SCALES: f64 = 3.0;

/// A spread counts when it grows or shrinks by this factor in variance.
const VARIANCE_FACTOR: f64 = 4.0;

/// Below so many rows on a side, tails and spreads are not judged.
const ROWS_LEAST: usize = 60;

/// The answer for one series.
pub(super) fn difference(
    pair: &Pair<'_>,
    level: &Level,
    (place, params): (Place, &Params),
) -> Difference {
    let floor = floor::of(pair.series);
    let (chosen, is_changed) = chosen(level, place.q_value, floor);
    let mut measure = level.measures[chosen].clone();
    if place.is_refined && !level.by_runs {
        measure.refine(pair);
    }
    let [before, after] = measure.centers;
    let least = floor.at(before);
    let shape = Shape::of(pair);
    let within = match within_runs(&measure, is_changed, least) {
        Verdict::Same if !is_same_throughout(level, &shape, least) => Verdict::Unknown,
        other => other,
    };
    let verdict = match params.relation {
        Relation::Apart if !level.by_runs => Verdict::Unknown,
        _ => within,
    };
    Difference {
        verdict,
        within_runs: within,
        before,
        after,
        shift: measure.shift,
        shift_interval: measure.interval,
        relative: relative(measure.interval, before),
        tail_shift: shape.tails,
        variance_ratio: shape.ratio,
        p_value: level.p_value(),
        q_value: place.q_value,
        separation: measure.separation,
        jump: measure.jump,
        score: score(&measure, least),
        floor: floor.relative,
        kinds: shape.kinds(&measure, (within, chosen), least),
        coverage: level.rows[0] as f64 / level.rows[1].max(1) as f64,
        first_row: match within.is_change() {
            true => first_row(pair, &measure),
            false => None,
        },
    }
}

/// The ends as shares of the level before; `NaN` where that is no base for a share.
fn relative(interval: [f64; 2], before: f64) -> [f64; 2] {
    /// A share beyond this says only that the level before was next to nothing.
    const MOST: f64 = 1e9;
    let ends = interval.map(|end| end / before.abs());
    match ends.iter().all(|it| it.abs() < MOST) {
        true => ends,
        false => [f64::NAN; 2],
    }
}

/// The measure that shows a change best, and whether it does; the first, which is
/// the median, where none does.
fn chosen(level: &Level, q_value: f64, floor: &Floor) -> (usize, bool) {
    let tried = level.measures.len() as f64;
    let shows = |it: &Measure| {
        let is_apart = match it.jump {
            Some(jump) => jump >= JUMP && it.separation.abs() >= SEPARATION_JOINED,
            None => it.separation.abs() >= SEPARATION,
        };
        let is_certain = q_value <= Q_BELIEVED && it.p_value * tried <= Q_BELIEVED;
        is_certain && is_apart && it.shift.abs() > floor.at(it.centers[0])
    };
    let all = level.measures.iter().enumerate();
    let best = all
        .filter(|(_, it)| shows(it))
        .min_by(|a, b| a.1.p_value.total_cmp(&b.1.p_value));
    best.map_or((0, false), |(place, _)| (place, true))
}

/// The answer as far as evidence within the runs goes.
fn within_runs(measure: &Measure, is_changed: bool, least: f64) -> Verdict {
    if is_changed {
        return match measure.shift > 0.0 {
            true => Verdict::Up,
            false => Verdict::Down,
        };
    }
    let [lo, hi] = measure.interval;
    // Two one-sided tests: the whole interval lies within the floor.
    match lo >= -least && hi <= least {
        true => Verdict::Same,
        false => Verdict::Unknown,
    }
}

/// Whether the other measures of the level and the highest values lie within the floor
/// too: a median that stays says nothing of a part of the side that differs.
fn is_same_throughout(level: &Level, shape: &Shape, least: f64) -> bool {
    let inside = |it: &Measure| it.interval[0] >= -least && it.interval[1] <= least;
    let tails = shape.tails.iter().all(|tail| tail.abs() <= least);
    tails && level.measures.iter().all(inside)
}

/// Evidence for a change that matters: overlap, chance and size all speak.
fn score(measure: &Measure, least: f64) -> f64 {
    let size = measure.shift.abs() / (measure.shift.abs() + least);
    let score = measure.strength() * if size.is_nan() { 0.0 } else { size };
    if score.is_nan() {
        0.0
    } else {
        score.clamp(0.0, 1.0)
    }
}

/// What the rows of both sides show besides their level.
struct Shape {
    sides: [Vec<f64>; 2],
    tails: [f64; 2],
    ratio: f64,
    flat: [bool; 2],
}

impl Shape {
    fn of(pair: &Pair<'_>) -> Self {
        let mut sides = [&pair.before, &pair.after].map(|runs| -> Vec<f64> {
            let numbers = runs.iter().flat_map(|run| run.iter().copied());
            numbers.filter(|it| it.is_finite()).collect()
        });
        let flat = sides
            .each_ref()
            .map(|side| side.windows(2).all(|it| it[0] == it[1]));
        let variances = sides.each_ref().map(|side| order::std(side).powi(2));
        let tails = [0.95, 0.99].map(|at| {
            order::quantile_in(&mut sides[1], at) - order::quantile_in(&mut sides[0], at)
        });
        let ratio = match variances[0] > 0.0 {
            true => variances[1] / variances[0],
            false => f64::NAN,
        };
        Self {
            sides,
            tails,
            ratio,
            flat,
        }
    }

    fn kinds(
        &self,
        measure: &Measure,
        (verdict, chosen): (Verdict, usize),
        least: f64,
    ) -> Vec<Kind> {
        let mut kinds = Vec::new();
        if verdict.is_change() {
            kinds.push(if chosen == 0 { Kind::Level } else { Kind::Mean });
        }
        if self.sides.iter().any(|side| side.len() < ROWS_LEAST) {
            return kinds;
        }
        let moved = self.tails.map(|tail| (tail - measure.shift).abs());
        if moved.iter().all(|it| *it > TAIL_FLOORS * least) {
            // Scales cost more than all the rest, so only where they may matter.
            let scales = self.sides.each_ref().map(|side| order::scale(side));
            let large = TAIL_SCALES * scales[0].max(scales[1]);
            if moved.iter().all(|it| *it > large) {
                kinds.push(Kind::Tail);
            }
        }
        if self.flat[0] != self.flat[1] {
            kinds.push(Kind::Flat);
        } else if self.ratio > VARIANCE_FACTOR || self.ratio < 1.0 / VARIANCE_FACTOR {
            kinds.push(Kind::Variance);
        }
        kinds
    }
}

/// The row of the side after from which most rows lie beyond the middle between
/// both levels: the split with the fewest rows on the wrong side.
fn first_row(pair: &Pair<'_>, measure: &Measure) -> Option<usize> {
    let run = pair.after.first()?;
    let middle = f64::midpoint(measure.centers[0], measure.centers[1]);
    let is_new = |value: f64| (value > middle) == (measure.shift > 0.0);
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
