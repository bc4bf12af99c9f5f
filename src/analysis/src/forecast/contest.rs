//! Which candidates to believe, by how they did from earlier rows.
//!
//! At each origin the candidates are weighted by their errors from the origins
//! before it, never by later ones, so that the errors of the weighted average are
//! those that a user would have met.
//!
//! * In: candidates with a path at each origin.
//! * Out: the average's path and errors at each origin, and the last weights.
//! * Never: scores a forecast by a row that it has seen.
//!
//! Start at [`Contest::of`].
//!
//! # Source
//!
//! L. J. Tashman, "Out-of-sample tests of forecasting accuracy", International
//! Journal of Forecasting 16 (2000), for the rolling origin; S. Makridakis,
//! E. Spiliotis, V. Assimakopoulos, "The M4 competition", International Journal of
//! Forecasting 36 (2020), for averages of simple methods.

use super::candidate::{Candidate, Origins};
use super::history::History;
use crate::stats::order;

/// How strongly a smaller error is preferred.
const SHARPNESS: f64 = 6.0;

/// A candidate with an error this much above the best one's is left out.
const WORSE_MAX: f64 = 1.5;

/// An origin counts this much of the next one.
const FADING: f64 = 1.0;

/// Weight of the error over all rows ahead beside that of the rows in question.
const WHOLE_SHARE: f64 = 0.2;

/// An average with an error this much above the last value's gives way to it.
const GIVES_WAY: f64 = 1.1;

/// The outcome of all candidates together.
#[derive(Clone, Debug)]
pub(crate) struct Contest {
    /// Signed errors (value minus forecast) at each origin but the last; `NaN` for gaps.
    pub(crate) errors: Vec<Vec<f64>>,
    /// Those of the last value repeated, the first candidate.
    pub(crate) of_last_value: Vec<Vec<f64>>,
    /// The average's path at the last origin.
    pub(crate) path: Vec<f64>,
    /// Weight of each candidate in it, mean over the rows ahead.
    pub(crate) weights: Vec<f64>,
}

/// Rows ahead that are weighted alike, each twice as long as the one before.
fn groups(length: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut end = 1;
    while end < length {
        ends.push(end);
        end = end * 2 + 1;
    }
    ends.push(length);
    ends
}

impl Contest {
    /// Weighs the candidates at every origin; the last one is the forecast.
    pub(crate) fn of(history: &History, candidates: &[Candidate], origins: &Origins) -> Self {
        let groups = groups(origins.tried);
        let (past, _) = origins.rows.split_at(origins.rows.len() - 1);
        let mut sums = vec![vec![Sum::default(); groups.len()]; candidates.len()];
        let mut errors = Vec::with_capacity(past.len());
        let mut of_last_value = Vec::with_capacity(past.len());
        for (place, row) in past.iter().enumerate() {
            let actual = &history.values[*row..*row + origins.tried];
            let weights = weights(&sums);
            let path = average(candidates, place, &groups, &weights);
            errors.push(signed(actual, &path));
            of_last_value.push(signed(actual, &candidates[0].paths[place]));
            for (sums, candidate) in sums.iter_mut().zip(candidates) {
                score(actual, &candidate.paths[place], &groups, sums);
            }
        }
        let weights = weights(&sums);
        let contest = Self {
            errors,
            of_last_value,
            path: average(candidates, past.len(), &groups, &weights),
            weights: mean_weights(&weights, &groups),
        };
        match contest.to_last_value() > GIVES_WAY {
            true => contest.given_way(&candidates[0].paths[past.len()]),
            false => contest,
        }
    }

    /// The first origin that counts: those before it had few others to learn from.
    pub(crate) fn from(&self) -> usize {
        (self.errors.len() / 3).max(1)
    }

    /// Mean absolute error at the origins that count; `NaN` where all met gaps.
    pub(crate) fn error(&self) -> f64 {
        mean_size(&self.errors[self.from()..])
    }

    /// That error over the one of the last value repeated.
    pub(crate) fn to_last_value(&self) -> f64 {
        self.error() / mean_size(&self.of_last_value[self.from()..])
    }

    /// The same where the last value stands alone.
    fn given_way(mut self, path: &[f64]) -> Self {
        self.errors.clone_from(&self.of_last_value);
        self.path = path.to_vec();
        self.weights.fill(0.0);
        self.weights[0] = 1.0;
        self
    }
}

fn signed(actual: &[f64], said: &[f64]) -> Vec<f64> {
    let pairs = actual.iter().zip(said);
    pairs.map(|(value, said)| value - said).collect()
}

fn mean_size(errors: &[Vec<f64>]) -> f64 {
    let sizes = errors.iter().flatten().map(|it| it.abs());
    order::mean(&sizes.collect::<Vec<f64>>())
}

/// A sum of sizes of errors, and how many.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sizes: f64,
    count: f64,
}

impl Sum {
    fn add(&mut self, actual: &[f64], said: &[f64]) {
        for (value, said) in actual.iter().zip(said).filter(|(it, _)| it.is_finite()) {
            self.sizes += (value - said).abs();
            self.count += 1.0;
        }
    }

    fn mean(&self) -> f64 {
        self.sizes / self.count
    }
}

/// Adds the errors of one path to the sums of its groups; older ones fade.
fn score(actual: &[f64], said: &[f64], groups: &[usize], sums: &mut [Sum]) {
    let mut from = 0;
    for (end, sum) in groups.iter().zip(sums) {
        sum.sizes *= FADING;
        sum.count *= FADING;
        sum.add(&actual[from..*end], &said[from..*end]);
        from = *end;
    }
}

/// For each group of rows ahead the weight of each candidate; they sum to one.
fn weights(sums: &[Vec<Sum>]) -> Vec<Vec<f64>> {
    let groups = sums.first().map_or(0, Vec::len);
    let whole: Vec<f64> = sums.iter().map(|it| mean_of(it, 0..groups)).collect();
    (0..groups)
        .map(|group| {
            let near = group.saturating_sub(1)..(group + 2).min(groups);
            let errors = sums.iter().zip(&whole).map(|(sums, whole)| {
                match mean_of(sums, near.clone()) {
                    // Of a sparse series some rows ahead were never seen.
                    here if here.is_nan() => *whole,
                    here => (1.0 - WHOLE_SHARE) * here + WHOLE_SHARE * whole,
                }
            });
            shares(&errors.collect::<Vec<f64>>())
        })
        .collect()
}

fn mean_of(sums: &[Sum], groups: std::ops::Range<usize>) -> f64 {
    let known = sums[groups].iter().filter(|it| it.count > 0.0);
    let (sum, count) = known.fold((0.0, 0.0), |(sum, n), it| (sum + it.mean(), n + 1.0));
    sum / count
}

/// Weights that fall with the error; alike where no error is known.
fn shares(errors: &[f64]) -> Vec<f64> {
    let known = errors.iter().copied().filter(|it| it.is_finite());
    let best = known.fold(f64::INFINITY, f64::min);
    if best.is_infinite() {
        return vec![1.0 / errors.len() as f64; errors.len()];
    }
    let share = |error: &f64| match error / best {
        _ if *error <= best => 1.0,
        worse if worse < WORSE_MAX => worse.powf(-SHARPNESS),
        _ => 0.0,
    };
    let shares: Vec<f64> = errors.iter().map(share).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|it| it / sum).collect()
}

/// The weighted average of the candidates' paths at one origin.
///
/// Weights go over from the middle of one group to that of the next, so that the
/// path has no steps of its own.
fn average(
    candidates: &[Candidate],
    place: usize,
    groups: &[usize],
    weights: &[Vec<f64>],
) -> Vec<f64> {
    let length = candidates.first().map_or(0, |it| it.paths[place].len());
    let starts = std::iter::once(&0).chain(groups);
    let middles: Vec<f64> = starts
        .zip(groups)
        .map(|(from, to)| (from + to - 1) as f64 / 2.0)
        .collect();
    let mut right = 0;
    let blend = |ahead: usize| {
        while right + 1 < middles.len() && middles[right] < ahead as f64 {
            right += 1;
        }
        let left = right.saturating_sub(1);
        let width = middles[right] - middles[left];
        let share = match width > 0.0 {
            true => ((ahead as f64 - middles[left]) / width).clamp(0.0, 1.0),
            false => 1.0,
        };
        let parts = candidates.iter().enumerate().map(|(it, candidate)| {
            let weight = (1.0 - share) * weights[left][it] + share * weights[right][it];
            weight * candidate.paths[place][ahead]
        });
        parts.sum()
    };
    (0..length).map(blend).collect()
}

/// The mean weight of each candidate over all rows ahead.
fn mean_weights(weights: &[Vec<f64>], groups: &[usize]) -> Vec<f64> {
    let candidates = weights.first().map_or(0, Vec::len);
    let mut mean = vec![0.0; candidates];
    let mut from = 0;
    for (end, weights) in groups.iter().zip(weights) {
        for (mean, weight) in mean.iter_mut().zip(weights) {
            *mean += weight * (end - from) as f64;
        }
        from = *end;
    }
    let length = from.max(1) as f64;
    mean.iter().map(|it| it / length).collect()
}

#[cfg(test)]
mod tests {
    use crate::forecast::{Bounds, Setup, of_values};

    /// A forecast of 25 rows from rows with these numbers and gaps elsewhere.
    fn forecast(values: &[f64]) -> crate::forecast::Forecast {
        let setup = Setup {
            horizon: 25,
            level: 0.95,
            period: None,
            step_seconds: 1.0,
            bounds: Bounds::NONE,
        };
        of_values(values, &setup)
    }

    #[test]
    fn what_hardly_changes_goes_on_as_it_is() {
        // Disk space: read every tenth row, one step late, far smaller than the level.
        let sparse = |row: usize| match row {
            0 => 34_012_680_192.0,
            row if row % 10 != 4 => f64::NAN,
            row if row < 84 => 34_012_680_192.0,
            _ => 34_012_700_672.0,
        };
        let dense = |row: usize| 496_440.0 + f64::from(u8::from(row > 80));
        let early = |row: usize| 1e9 + f64::from(u8::from(row > 10));
        let all: [(&str, &dyn Fn(usize) -> f64); 3] =
            [("sparse", &sparse), ("dense", &dense), ("early", &early)];
        for (name, value) in all {
            let values: Vec<f64> = (0..101).map(value).collect();
            let (last, span) = match name {
                "sparse" => (34_012_700_672.0, 20_480.0),
                _ => (values[100], 1.0),
            };
            let forecast = forecast(&values);
            for it in &forecast.mean {
                assert!((it - last).abs() <= 2.0 * span, "{name}: {it}, {last}");
            }
        }
    }

    #[test]
    fn an_average_that_did_worse_gives_way_to_the_last_value() {
        // Levels that last and are never those of before.
        let values: Vec<f64> = (0..300)
            .map(|row| ((row / 37) * 7919 % 101) as f64)
            .collect();
        let forecast = forecast(&values);
        let backtest = forecast.backtest.unwrap();
        assert_eq!(forecast.model, "last value");
        assert_eq!(backtest.to_last_value, 1.0);
        assert_eq!(forecast.mean, vec![values[299]; 25]);
    }
}
