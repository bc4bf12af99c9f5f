//! How much of a recent departure from the expected still holds later.
//!
//! For some numbers of rows ahead, the departure then is regressed on the last
//! departures, smoothed at three speeds. A walk keeps all of a departure, noise
//! keeps none of it; the past says which, and how it fades.
//!
//! * In: departures (value minus expected), one a row, `NaN` for a gap.
//! * Out: the departure to expect after an origin; only rows before it are used.
//! * Never: assumes a process; each number of rows ahead has its own regression.
//!
//! Start at [`Correction::of`] and [`Correction::add`].
//!
//! # Source
//!
//! Ò. Jordà, "Estimation and inference of impulse responses by local projections",
//! American Economic Review 95 (2005).

use crate::stats::order;

/// Smoothed departures that a regression rests on.
const SPEEDS: usize = 3;

/// Sums of a regression: six of products of the smoothed, three with the answer.
const SUMS: usize = 9;

/// Rows that take part in a regression, at most.
const PAIRS_MAX: usize = 4096;

/// A departure beyond so many scales counts as this many.
const CLIP: f64 = 4.0;

/// Added to the diagonal, as a share of it: few pairs must not give wild answers.
const RIDGE: f64 = 0.03;

/// Weight of so many pairs that say "nothing is kept".
const PRIOR_PAIRS: f64 = 8.0;

/// Departures, learned up to each of some origins.
#[derive(Clone, Debug)]
pub(crate) struct Correction {
    /// Rows ahead with a regression of their own, ascending; 0 is the next row.
    knots: Vec<usize>,
    /// For each origin, the departure expected at each knot.
    expected: Vec<Vec<f64>>,
}

impl Correction {
    /// Learns at each of the ascending `origins` from the rows before it.
    pub(crate) fn of(departures: &[f64], origins: &[usize], horizon: usize) -> Self {
        let knots = knots(horizon);
        let clip = match order::scale(departures) * CLIP {
            clip if clip > 0.0 => clip,
            _ => f64::INFINITY,
        };
        let clipped: Vec<f64> = departures.iter().map(|it| it.clamp(-clip, clip)).collect();
        let smoothed = smoothed(&clipped, horizon);
        let states: Vec<[f64; SPEEDS]> = origins.iter().map(|row| smoothed[*row]).collect();
        let mut expected = vec![Vec::with_capacity(knots.len()); origins.len()];
        for ahead in &knots {
            let sums = sums(&clipped, &smoothed, origins, *ahead);
            for ((out, sums), state) in expected.iter_mut().zip(&sums).zip(&states) {
                let kept = solved(sums);
                out.push(kept.iter().zip(state).map(|(a, b)| a * b).sum());
            }
        }
        Self { knots, expected }
    }

    /// Adds the departure expected after the origin of this place to a path.
    pub(crate) fn add(&self, place: usize, out: &mut [f64]) {
        let expected = &self.expected[place];
        let mut right = 0;
        for (ahead, value) in out.iter_mut().enumerate() {
            while right + 1 < self.knots.len() && self.knots[right] < ahead {
                right += 1;
            }
            let left = right.saturating_sub(1);
            let (from, to) = (self.knots[left], self.knots[right]);
            let share = match to > from {
                true => ((ahead.min(to) - from) as f64 / (to - from) as f64).clamp(0.0, 1.0),
                false => 1.0,
            };
            *value += expected[left] + share * (expected[right] - expected[left]);
        }
    }
}

/// 0, 1, 3, 7, … and the last row ahead.
fn knots(horizon: usize) -> Vec<usize> {
    let last = horizon.saturating_sub(1);
    let powers = (0..usize::BITS).map(|power| (1_usize << power) - 1);
    let mut knots: Vec<usize> = powers.take_while(|it| *it < last).collect();
    knots.push(last);
    knots
}

/// The smoothed departures known before each row; `n + 1` entries.
fn smoothed(departures: &[f64], horizon: usize) -> Vec<[f64; SPEEDS]> {
    let horizon = horizon as f64;
    let weights = [1.0, horizon.sqrt(), horizon].map(|rows| 1.0 / (1.0 + rows / 2.0).max(1.5));
    let mut state = [0.0; SPEEDS];
    let mut out = Vec::with_capacity(departures.len() + 1);
    out.push(state);
    for value in departures {
        if value.is_finite() {
            for (level, weight) in state.iter_mut().zip(weights) {
                *level += weight * (value - *level);
            }
        }
        out.push(state);
    }
    out
}

/// The sums of the regression at each origin, over pairs that end before it.
fn sums(
    departures: &[f64],
    smoothed: &[[f64; SPEEDS]],
    origins: &[usize],
    ahead: usize,
) -> Vec<[f64; SUMS + 1]> {
    let stride = (departures.len() / PAIRS_MAX).max(1);
    let mut running = [0.0; SUMS + 1];
    let mut from = 0;
    let mut out = Vec::with_capacity(origins.len());
    for origin in origins {
        while from + ahead < *origin {
            let then = departures[from + ahead];
            if then.is_finite() {
                let [a, b, c] = smoothed[from];
                let products = [a * a, a * b, a * c, b * b, b * c, c * c];
                let answers = [a * then, b * then, c * then, 1.0];
                let all = products.iter().chain(&answers);
                running.iter_mut().zip(all).for_each(|(sum, it)| *sum += it);
            }
            from += stride;
        }
        out.push(running);
    }
    out
}

/// The shares of the smoothed departures that are kept, by ridge regression.
fn solved(sums: &[f64; SUMS + 1]) -> [f64; SPEEDS] {
    let [aa, ab, ac, bb, bc, cc, ay, by, cy, count] = *sums;
    if count < 4.0 {
        return [0.0; SPEEDS];
    }
    let grown = 1.0 + RIDGE + PRIOR_PAIRS / count;
    let mut rows = [
        [aa * grown, ab, ac, ay],
        [ab, bb * grown, bc, by],
        [ac, bc, cc * grown, cy],
    ];
    for pivot in 0..SPEEDS {
        let lead = rows[pivot][pivot];
        if lead <= f64::MIN_POSITIVE {
            return [0.0; SPEEDS];
        }
        let current = rows[pivot];
        for (place, row) in rows.iter_mut().enumerate() {
            if place != pivot {
                let share = row[pivot] / lead;
                row.iter_mut()
                    .zip(current)
                    .for_each(|(it, by)| *it -= share * by);
            }
        }
    }
    [0, 1, 2].map(|place| rows[place][SPEEDS] / rows[place][place])
}
