//! Takes out of a series what its own past tells.
//!
//! The filter is fitted to one series and used on both of a pair, so that lags
//! stay as they are. Of slow series it sees the differences, and of a series that
//! repeats itself what is left when each phase's mean is taken out: two jobs that
//! run every minute are always the same seconds apart.
//!
//! Start at [`Whitener::of`].

use crate::stats::{dependence, order};

/// From this correlation of neighbours on differences are taken: fitted to a trend,
/// an autoregression leaves some of it behind.
const SLOW: f64 = 0.8;

/// At most so many past values are used.
const MOST_ORDER: usize = 12;

/// Surprises beyond so many scales are held there: one event is one observation.
const HELD_SCALES: f64 = 4.0;

/// A season is looked for up to so many rows: an hour at one a second.
const LONGEST_SEASON: usize = 3600;

/// A season has to be seen so often.
const LEAST_SEASONS: usize = 4;

/// From this correlation with itself one season later on it repeats itself.
const REPEATS: f64 = 0.2;

/// A shorter season is preferred when it is this good: a longer one may be several.
const NEARLY_AS_GOOD: f64 = 0.8;

/// An autoregressive filter, perhaps on differences, perhaps with a season.
pub(super) struct Whitener {
    differences: bool,
    weights: Vec<f64>,
    season: Option<usize>,
}

/// A whitened series: zero mean, one value a row, 0 for a gap.
pub(super) struct White {
    /// The surprises, in scales.
    pub(super) values: Vec<f64>,
    /// Which rows have one.
    pub(super) present: Vec<bool>,
    /// Square root of their sum of squares.
    pub(super) size: f64,
}

impl Whitener {
    /// Fits the filter to a series.
    pub(super) fn of(values: &[f64]) -> Self {
        let differences = dependence::lag_one(&sane(values)) >= SLOW;
        let weights = autoregression(&prepared(values, differences));
        let mut whitener = Self {
            differences,
            weights,
            season: None,
        };
        whitener.season = season(&whitener.surprises(values));
        whitener
    }

    /// Whitens a series; `None` when fewer than `least` values remain, or none varies.
    pub(super) fn white(&self, values: &[f64], least: usize) -> Option<White> {
        let surprises = self.surprises(values);
        let center = order::median(&surprises);
        let scale = order::scale(&surprises);
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let held = |it: &f64| ((it - center) / scale).clamp(-HELD_SCALES, HELD_SCALES);
        let mut values: Vec<f64> = surprises.iter().map(held).collect();
        let mean = order::mean(&values);
        let present: Vec<bool> = values.iter().map(|it| it.is_finite()).collect();
        if present.iter().filter(|it| **it).count() < least {
            return None;
        }
        for value in &mut values {
            *value = if value.is_finite() {
                *value - mean
            } else {
                0.0
            };
        }
        let size = values.iter().map(|it| it * it).sum::<f64>().sqrt();
        (size > 0.0 && size.is_finite()).then_some(White {
            values,
            present,
            size,
        })
    }

    /// What the filter did not tell; not yet of any size.
    fn surprises(&self, values: &[f64]) -> Vec<f64> {
        let prepared = prepared(values, self.differences);
        let order = self.weights.len();
        let mut surprises = vec![f64::NAN; prepared.len()];
        for row in order..prepared.len() {
            let past = &prepared[row - order..row];
            let told: f64 = self
                .weights
                .iter()
                .zip(past.iter().rev())
                .map(|(w, x)| w * x)
                .sum();
            surprises[row] = prepared[row] - told;
        }
        if let Some(season) = self.season {
            without_season(&mut surprises, season);
        }
        surprises
    }
}

/// The season of a series, in rows; beyond what the filter sees.
fn season(surprises: &[f64]) -> Option<usize> {
    let center = order::median(surprises);
    let scale = order::scale(surprises);
    if !(scale > 0.0 && scale.is_finite()) {
        return None;
    }
    let held = |it: &f64| ((it - center) / scale).clamp(-HELD_SCALES, HELD_SCALES);
    let held: Vec<f64> = surprises.iter().map(held).collect();
    let mean = order::mean(&held);
    let held: Vec<f64> = held.iter().map(|it| it - mean).collect();
    let all = covariance(&held, 0);
    let longest = LONGEST_SEASON.min(held.len() / LEAST_SEASONS);
    let repeats: Vec<f64> = (0..=longest)
        .map(|lag| covariance(&held, lag) / all)
        .collect();
    let candidates = MOST_ORDER + 1..=longest;
    let best = candidates
        .clone()
        .map(|lag| repeats[lag])
        .fold(0.0, f64::max);
    let chance = HELD_SCALES / (held.len() as f64).sqrt();
    if best < REPEATS.max(chance) {
        return None;
    }
    candidates
        .into_iter()
        .find(|lag| repeats[*lag] >= NEARLY_AS_GOOD * best)
}

/// Takes the mean of each phase out.
fn without_season(values: &mut [f64], season: usize) {
    for phase in 0..season.min(values.len()) {
        let of_phase: Vec<f64> = values.iter().copied().skip(phase).step_by(season).collect();
        let mean = order::mean(&of_phase);
        for value in values.iter_mut().skip(phase).step_by(season) {
            *value -= mean;
        }
    }
}

/// Finite values of a size that can be squared and summed; others are gaps.
fn sane(values: &[f64]) -> Vec<f64> {
    const MOST: f64 = 1e140;
    let keep = |it: &f64| if it.abs() <= MOST { *it } else { f64::NAN };
    values.iter().map(keep).collect()
}

/// The values about their mean, without their straight trend, or their differences.
fn prepared(values: &[f64], differences: bool) -> Vec<f64> {
    let mut values = sane(values);
    if differences {
        for row in (1..values.len()).rev() {
            values[row] -= values[row - 1];
        }
        if let Some(first) = values.first_mut() {
            *first = f64::NAN;
        }
    }
    let (mean, slope, middle) = line(&values);
    for (row, value) in values.iter_mut().enumerate() {
        *value -= mean + slope * (row as f64 - middle);
    }
    values
}

/// Mean, slope a row and middle row of the least-squares line.
fn line(values: &[f64]) -> (f64, f64, f64) {
    let rows = values.iter().enumerate().filter(|(_, it)| it.is_finite());
    let count = rows.clone().count().max(1) as f64;
    let middle = rows.clone().map(|(row, _)| row as f64).sum::<f64>() / count;
    let mean = rows.clone().map(|(_, it)| *it).sum::<f64>() / count;
    let (mut cross, mut square) = (0.0, 0.0);
    for (row, value) in rows {
        cross += (row as f64 - middle) * (value - mean);
        square += (row as f64 - middle).powi(2);
    }
    let slope = if square > 0.0 { cross / square } else { 0.0 };
    (mean, slope, middle)
}

/// Weights of the past values, the last one first; the order that pays for itself.
///
/// # Source
///
/// N. Levinson, "The Wiener RMS error criterion in filter design and prediction",
/// Journal of Mathematics and Physics 25 (1946); J. Durbin (1960). The order by
/// H. Akaike, "A new look at the statistical model identification" (1974).
fn autoregression(values: &[f64]) -> Vec<f64> {
    let count = values.iter().filter(|it| it.is_finite()).count();
    let most = MOST_ORDER.min(count / 10);
    let covariance: Vec<f64> = (0..=most).map(|lag| covariance(values, lag)).collect();
    let mut error = covariance[0];
    if error <= 0.0 || error.is_nan() {
        return Vec::new();
    }
    let mut weights: Vec<f64> = Vec::new();
    let mut best = (count as f64 * error.ln(), Vec::new());
    for order in 1..=most {
        let told: f64 = weights
            .iter()
            .enumerate()
            .map(|(i, weight)| weight * covariance[order - 1 - i])
            .sum();
        let reflection = (covariance[order] - told) / error;
        if reflection.is_nan() || reflection.abs() >= 1.0 {
            break;
        }
        let mirrored: Vec<f64> = weights.iter().rev().copied().collect();
        for (weight, other) in weights.iter_mut().zip(mirrored) {
            *weight -= reflection * other;
        }
        weights.push(reflection);
        error *= 1.0 - reflection * reflection;
        let cost = count as f64 * error.ln() + 2.0 * order as f64;
        if cost < best.0 {
            best = (cost, weights.clone());
        }
    }
    best.1
}

/// Mean product of values `lag` rows apart, over the number of all values, so that
/// the sequence stays that of a real process.
fn covariance(values: &[f64], lag: usize) -> f64 {
    let pairs = values.iter().zip(values.get(lag..).unwrap_or_default());
    let products = pairs.map(|(a, b)| a * b).filter(|it| it.is_finite());
    let count = values.iter().filter(|it| it.is_finite()).count();
    products.sum::<f64>() / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn what_the_past_tells_is_gone() {
        let mut random = Random::new(4);
        let (mut first, mut second) = (0.0, 0.0);
        let values: Vec<f64> = (0..4000)
            .map(|_| {
                (second, first) = (first, 0.5 * first - 0.7 * second + random.normal());
                first
            })
            .collect();
        let whitener = Whitener::of(&values);
        assert!(!whitener.differences);
        assert!(
            (whitener.weights[0] - 0.5).abs() < 0.05,
            "{:?}",
            whitener.weights
        );
        assert!(
            (whitener.weights[1] + 0.7).abs() < 0.05,
            "{:?}",
            whitener.weights
        );
        let white = whitener.white(&values, 20).unwrap();
        assert!(dependence::lag_one(&white.values).abs() < 0.04);
    }

    #[test]
    fn gaps_stay_gaps_and_constants_are_nothing() {
        let mut values: Vec<f64> = (0..100).map(|it| f64::from(it % 7)).collect();
        values[50] = f64::NAN;
        let white = Whitener {
            differences: true,
            weights: vec![0.5],
            season: None,
        }
        .white(&values, 20)
        .unwrap();
        let gaps: Vec<usize> = (0..100).filter(|row| !white.present[*row]).collect();
        assert_eq!(gaps, [0, 1, 50, 51, 52]);
        for odd in [
            vec![],
            vec![3.0; 60],
            vec![f64::NAN; 60],
            vec![f64::INFINITY; 60],
        ] {
            assert!(Whitener::of(&odd).white(&odd, 20).is_none());
        }
    }
}
