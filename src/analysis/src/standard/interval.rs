//! A statistic of dependent samples, with the interval that it is believed to lie in.
//!
//! Neighbors in a recording repeat each other, so an interval that counts each sample is
//! far too narrow. Two are computed, one by resampling blocks, one by the number of
//! independent samples that carry as much evidence, and the wider ends count.
//!
//! Start at [`of`].
//!
//! # Source
//!
//! H. R. Künsch, Annals of Statistics 17 (1989), for blocks; C. J. Geyer, Statistical
//! Science 7 (1992), for the effective number; binomial intervals of quantiles: H. A.
//! David, H. N. Nagaraja, *Order Statistics*, 3rd edition, 2003, section 7.1.

use model::standard::Statistic;

use crate::burn::Share;
use crate::stats::random::Random;
use crate::stats::{chance, dependence, order, resample};

/// How sure the intervals are.
pub const LEVEL: f64 = 0.95;

/// Beyond so many samples blocks add nothing to what their number tells, but time.
const RESAMPLED_MAX: usize = 20_000;

/// Dependence is read from so many samples at most, from the first on.
const DEPENDENCE_MAX: usize = 50_000;

/// Seed of the draws: the same recording, the same interval.
const SEED: u64 = 0x5eed_57a2;

/// A statistic and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// What the samples say.
    pub value: f64,
    /// Lower end; the value itself for a fact of the recording.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Independent samples that carry as much evidence.
    pub effective: f64,
}

/// Whether a statistic speaks of the recording alone, so that no sampling is in it.
pub fn is_fact(statistic: Statistic) -> bool {
    matches!(
        statistic,
        Statistic::Max | Statistic::Min | Statistic::Sustained
    )
}

/// The level of a quantile; `None` for what is none.
fn quantile_of(statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Median => Some(0.5),
        Statistic::Percentile(percent) => Some(percent / 100.0),
        _ => None,
    }
}

/// Estimates a mean, median or percentile of numbers in the order of time; `None` for
/// fewer than two, and for statistics that are facts.
///
/// Constant numbers have an interval without width. Where too few independent samples
/// reach beyond a percentile to bound it, the interval goes on past the largest sample as
/// far as it would for a normal distribution.
pub fn of(numbers: &[f64], statistic: Statistic) -> Option<Estimated> {
    if numbers.len() < 2 || is_fact(statistic) {
        return None;
    }
    let quantile = quantile_of(statistic);
    let mut room = numbers.to_vec();
    let value = evaluated(quantile, &mut room);
    let effective = effective(numbers);
    let std = order::std(numbers);
    if std <= 0.0 {
        return Some(Estimated {
            value,
            lo: value,
            hi: value,
            effective,
        });
    }
    let (mut lo, mut hi) = by_number((numbers, &mut room), (value, quantile), (effective, std));
    if numbers.len() <= RESAMPLED_MAX {
        let length = resample::block_length(numbers);
        let mut random = Random::new(SEED);
        let mut draws = Vec::with_capacity(resample::DRAWS);
        for _ in 0..resample::DRAWS {
            resample::blocks(numbers, length, &mut random, &mut room);
            draws.push(evaluated(quantile, &mut room));
        }
        let (by_blocks_lo, by_blocks_hi) = resample::interval(&mut draws, LEVEL);
        (lo, hi) = (lo.min(by_blocks_lo), hi.max(by_blocks_hi));
    }
    Some(Estimated {
        value,
        lo,
        hi,
        effective,
    })
}

/// The number of independent samples that carry the evidence of these.
pub fn effective(numbers: &[f64]) -> f64 {
    let looked_at = &numbers[..numbers.len().min(DEPENDENCE_MAX)];
    let time = dependence::correlation_time(looked_at);
    (numbers.len() as f64 / time).max(1.0)
}

fn evaluated(quantile: Option<f64>, numbers: &mut [f64]) -> f64 {
    match quantile {
        Some(level) => order::quantile_in(numbers, level),
        None => order::mean(numbers),
    }
}

/// The interval by the effective number of samples.
fn by_number(
    (numbers, room): (&[f64], &mut Vec<f64>),
    (value, quantile): (f64, Option<f64>),
    (effective, std): (f64, f64),
) -> (f64, f64) {
    // With one independent sample there is no freedom left, and the interval is open.
    let freedom = (effective - 1.0).max(1e-3);
    let t = chance::student_quantile(LEVEL, freedom);
    let Some(level) = quantile else {
        let half = t * std / effective.sqrt();
        return (value - half, value + half);
    };
    let z = chance::normal_quantile(level);
    let normal = t * std * ((1.0 + z * z / 2.0) / effective).sqrt();
    let off = t * (level * (1.0 - level) / effective).sqrt();
    room.clear();
    room.extend_from_slice(numbers);
    let lo = match level - off {
        below if below > 0.0 => order::quantile_in(room, below),
        _ => order::quantile_in(room, 0.0).min(value - normal),
    };
    let hi = match level + off {
        above if above < 1.0 => order::quantile_in(room, above),
        _ => order::quantile_in(room, 1.0).max(value + normal),
    };
    (lo, hi)
}

/// Estimates which share of all was bad, from what was bad in each interval; `None` where
/// there was nothing. Its `effective` counts what there was, not intervals.
///
/// # Source
///
/// E. B. Wilson, Journal of the American Statistical Association 22 (1927), with the
/// effective number in the place of the number; moving blocks as in [`of`].
pub fn of_shares(shares: &[Share]) -> Option<Estimated> {
    let sum = |all: &mut dyn Iterator<Item = &Share>| {
        all.fold(Share::default(), |sum, it| Share {
            bad: sum.bad + it.bad,
            total: sum.total + it.total,
        })
    };
    let all = sum(&mut shares.iter());
    if all.total <= 0.0 {
        return None;
    }
    let value = (all.bad / all.total).clamp(0.0, 1.0);
    let each: Vec<f64> = shares
        .iter()
        .filter(|it| it.total > 0.0)
        .map(|it| it.bad / it.total)
        .collect();
    let time = each.len() as f64 / effective(&each);
    let n = (all.total / time).max(1.0);
    let z = chance::normal_quantile(0.5 + LEVEL / 2.0);
    let center = (value + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (value * (1.0 - value) / n + z * z / (4.0 * n * n)).sqrt();
    let (mut lo, mut hi) = ((center - half).max(0.0), (center + half).min(1.0));
    if shares.len() >= 2 && shares.len() <= RESAMPLED_MAX {
        let length = resample::block_length(&each).clamp(1, shares.len());
        let mut random = Random::new(SEED);
        let mut draws = Vec::with_capacity(resample::DRAWS);
        for _ in 0..resample::DRAWS {
            let mut drawn = Share::default();
            let mut count = 0;
            while count < shares.len() {
                let start = random.below(shares.len() - length + 1);
                let part = sum(&mut shares[start..start + length].iter());
                drawn.bad += part.bad;
                drawn.total += part.total;
                count += length;
            }
            if drawn.total > 0.0 {
                draws.push(drawn.bad / drawn.total);
            }
        }
        let (by_blocks_lo, by_blocks_hi) = resample::interval(&mut draws, LEVEL);
        lo = lo.min(by_blocks_lo);
        hi = hi.max(by_blocks_hi);
    }
    Some(Estimated {
        value,
        lo,
        hi,
        effective: n,
    })
}
