//! Whether the clocks of two inputs agree, judged by the load that both saw.
//!
//! A load test and the machine that it loaded rise and fall together. Where the surprises
//! of one fit those of the other best when moved by some seconds, and several pairs of
//! series say the same, the clocks differ by so much, or the one follows the other so
//! late; which of both, no recording can tell.
//!
//! * In: series of activity of both, each with its times.
//! * Out: by how much the second is best moved, how well it fits, and what says so.
//! * Never: decides on one pair alone, unless that fits very well.
//!
//! Start at [`compare`].

use analysis::correlate::{LagPoint, curve};
use model::time::SECOND_NS;

/// Samples of one series, times ascending.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    /// The series, for people.
    pub name: String,
    /// Times and values.
    pub samples: Vec<(i64, f64)>,
}

/// By how much the second input is best moved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// Added to the times of the second input.
    pub by_ns: i64,
    /// One step of the grid on which they were compared: the fit is no finer.
    pub step_ns: i64,
    /// The best correlation of surprises at that lag, 0 to 1.
    pub r: f64,
    /// The pair that has it.
    pub pair: (String, String),
    /// How many pairs say the same, within a step.
    pub pairs: usize,
}

/// Clocks are looked for within so long.
const REACH_NS: i64 = 300 * SECOND_NS;

/// So many rows in common are needed.
const ROWS_MIN: usize = 60;

/// A day and a half of seconds; beyond that nobody waits for the answer.
const ROWS_MAX: usize = 1 << 17;

/// A pair has a say where it is so many times what chance seldom passes in one pair alone:
/// a dozen pairs are looked at.
const SAYS: f64 = 1.25;

/// A pair is enough alone where it is so many times that.
const ALONE: f64 = 1.8;

/// Another lag must not fit nearly as well.
const R_OTHER: f64 = 0.8;

/// Compares the activity of two inputs.
pub(super) fn compare(first: &[Activity], second: &[Activity]) -> Option<Fit> {
    let step_ns = cadence(first)?.max(cadence(second)?);
    let span = |all: &[Activity]| {
        let firsts = all.iter().filter_map(|it| it.samples.first());
        let lasts = all.iter().filter_map(|it| it.samples.last());
        let from = firsts.map(|it| it.0).min()?;
        Some((from, lasts.map(|it| it.0).max()?))
    };
    let (a, b) = (span(first)?, span(second)?);
    let from = a.0.max(b.0.saturating_sub(REACH_NS));
    let to = a.1.min(b.1.saturating_add(REACH_NS));
    let rows = usize::try_from(to.saturating_sub(from) / step_ns).ok()?;
    if !(ROWS_MIN..=ROWS_MAX).contains(&rows) {
        return None;
    }
    let grid = |all: &[Activity]| -> Vec<Vec<f64>> {
        let on_grid = |it: &Activity| resampled(&it.samples, (from, step_ns), rows);
        all.iter().map(on_grid).collect()
    };
    let (firsts, seconds) = (grid(first), grid(second));
    let reach = usize::try_from(REACH_NS / step_ns).unwrap_or(usize::MAX);
    let mut votes: Vec<Vote> = Vec::new();
    for (one, a) in firsts.iter().enumerate() {
        for (other, b) in seconds.iter().enumerate() {
            if let Some(peak) = peak(a, b, reach) {
                votes.push(Vote {
                    peak,
                    pair: (one, other),
                });
            }
        }
    }
    let near = |lag: i64| {
        let near = move |it: &&Vote| (it.peak.lag_rows - lag).abs() <= 1;
        votes.iter().filter(near)
    };
    let weight = |it: &Vote| -> f64 { near(it.peak.lag_rows).map(|it| it.peak.r).sum() };
    let heaviest = votes.iter().max_by(|a, b| {
        let heavier = weight(a).total_cmp(&weight(b));
        heavier.then(a.peak.r.total_cmp(&b.peak.r))
    })?;
    let strongest = near(heaviest.peak.lag_rows).max_by(|a, b| a.peak.r.total_cmp(&b.peak.r))?;
    let pairs = near(heaviest.peak.lag_rows).count();
    // What other pairs say at other lags speaks against it.
    let others: f64 = votes.iter().map(|it| it.peak.r).sum::<f64>() - weight(heaviest);
    if others > weight(heaviest) / 2.0 {
        return None;
    }
    if pairs < 2 && strongest.peak.r < ALONE * strongest.peak.bound {
        return None;
    }
    Some(Fit {
        // A negative lag: the second moves first, so that it belongs later.
        by_ns: -strongest.peak.lag_rows * step_ns,
        step_ns,
        r: strongest.peak.r,
        pair: (
            first.get(strongest.pair.0)?.name.clone(),
            second.get(strongest.pair.1)?.name.clone(),
        ),
        pairs,
    })
}

/// What one pair of series says.
struct Vote {
    peak: LagPoint,
    /// Places of both.
    pair: (usize, usize),
}

/// The lag at which two series fit best, if it stands out.
fn peak(a: &[f64], b: &[f64], reach: usize) -> Option<LagPoint> {
    let points = curve(a, b, reach);
    let best = points.iter().max_by(|a, b| a.r.total_cmp(&b.r))?;
    let others = points
        .iter()
        .filter(|it| (it.lag_rows - best.lag_rows).abs() > 2);
    let other = others.map(|it| it.r.abs()).fold(0.0, f64::max);
    let stands_out = best.r > SAYS * best.bound && other <= R_OTHER * best.r;
    stands_out.then_some(*best)
}

/// The usual distance of samples: the median over series of their median.
fn cadence(all: &[Activity]) -> Option<i64> {
    let of_series = |it: &Activity| {
        let mut steps: Vec<i64> = it
            .samples
            .windows(2)
            .map(|it| it[1].0.saturating_sub(it[0].0))
            .collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).copied()
    };
    let mut all: Vec<i64> = all.iter().filter_map(of_series).collect();
    all.sort_unstable();
    all.get(all.len() / 2).map(|step| (*step).max(SECOND_NS))
}

/// Means within the cells of a grid, whose ends are a step apart; `NaN` in an empty one.
fn resampled(samples: &[(i64, f64)], (from, step_ns): (i64, i64), rows: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); rows];
    for (at, value) in samples {
        let row = at.saturating_sub(from).div_euclid(step_ns);
        let cell = usize::try_from(row).ok().and_then(|it| sums.get_mut(it));
        if let (Some(cell), true) = (cell, value.is_finite()) {
            cell.0 += value;
            cell.1 += 1;
        }
    }
    let mean = |(sum, count): (f64, u32)| match count {
        0 => f64::NAN,
        count => sum / f64::from(count),
    };
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A load that steps up and down and varies from second to second, as both inputs see
    /// it, with noise of each one's own.
    fn load(name: &str, rows: i64, late_s: i64, seed: u64) -> Activity {
        let mut state = seed;
        let mut noise = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % 1_000) as f64 / 1_000.0
        };
        let steps = [40, 75, 130, 190, 205, 290, 330, 410, 480, 555, 600];
        let level = |row: i64| (steps.iter().filter(|it| **it <= row).count() % 2) as f64;
        let varies = |row: i64| ((row + 500) * 7_919 % 101) as f64 / 30.0;
        Activity {
            name: name.to_owned(),
            samples: (0..rows)
                .map(|row| {
                    let seen = row - late_s;
                    let value = 10.0 * level(seen) + varies(seen * seen) + noise();
                    ((1_000 + row) * SECOND_NS, value)
                })
                .collect(),
        }
    }

    #[test]
    fn a_clock_that_is_off_is_found_by_the_load_both_saw() {
        let host = [load("cpu", 700, 0, 3), load("net", 700, 0, 5)];
        for late_s in [0, 37, -90] {
            let test = [load("throughput", 700, late_s, 7)];
            let fit = compare(&host, &test).expect("a fit");
            assert_eq!(fit.by_ns, -late_s * SECOND_NS, "{late_s} s: {fit:?}");
            assert_eq!(fit.pairs, 2);
        }
    }

    #[test]
    fn what_has_nothing_in_common_gives_no_fit() {
        let host = [load("cpu", 700, 0, 3)];
        let mut noise = load("throughput", 700, 0, 11);
        for (place, sample) in noise.samples.iter_mut().enumerate() {
            sample.1 = ((place * 7919) % 101) as f64;
        }
        assert_eq!(compare(&host, &[noise]), None);
        assert_eq!(compare(&host, &[load("short", 30, 0, 3)]), None);
        assert_eq!(compare(&host, &[]), None);
    }
}
