//! What came after cycles like the one that just ended.
//!
//! A Friday is followed by a quiet day and a Monday by a busy one, and nobody has to
//! know what a week is: the cycles before the origin are compared with earlier ones,
//! and the medians of what followed the most alike are the forecast.
//!
//! * In: the past of one series, a period and an origin.
//! * Out: a path; `NaN` where none of the like cycles has the phase.
//! * Never: looks at or after the origin.
//!
//! Start at [`path`].
//!
//! # Source
//!
//! E. N. Lorenz, "Atmospheric predictability as revealed by naturally occurring
//! analogues", Journal of the Atmospheric Sciences 26 (1969).

use super::history::History;
use crate::stats::order;

/// Cycles that are compared.
const CYCLES_MAX: usize = 40;

/// So many of the most alike are followed.
const FOLLOWED: usize = 5;

/// Rows that two cycles are compared at.
const PROBES: usize = 96;

/// The medians of what followed the cycles most like the last one.
pub(crate) fn path(history: &History, period: usize, origin: usize, out: &mut [f64]) {
    let followed = alike(history, period, origin);
    let mut seen = Vec::with_capacity(FOLLOWED);
    for (ahead, value) in out.iter_mut().enumerate() {
        let at = |cycles: &usize| history.values[origin - cycles * period + ahead % period];
        seen.clear();
        seen.extend(followed.iter().map(at).filter(|it| it.is_finite()));
        *value = order::median_in(&mut seen);
    }
}

/// So many cycles before the origin start those that followed a cycle like the last.
fn alike(history: &History, period: usize, origin: usize) -> Vec<usize> {
    let most = (origin / period).saturating_sub(1).min(CYCLES_MAX);
    let mut distances: Vec<(f64, usize)> = (1..=most)
        .map(|cycles| (distance(history, period, origin, cycles), cycles))
        .filter(|(distance, _)| distance.is_finite())
        .collect();
    distances.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let nearest = distances.into_iter().take(FOLLOWED);
    nearest.map(|(_, cycles)| cycles).collect()
}

/// The mean distance of the last cycle from the one so many cycles earlier.
fn distance(history: &History, period: usize, origin: usize, cycles: usize) -> f64 {
    let stride = (period / PROBES).max(1);
    let rows = (origin - period..origin).step_by(stride);
    let apart = rows.map(|row| (history.values[row] - history.values[row - cycles * period]).abs());
    order::mean(&apart.collect::<Vec<f64>>())
}
