//! Finds the periods after which a series repeats itself.
//!
//! Candidates are the peaks of the autocorrelation and the lengths that people and
//! schedulers live by (minute, hour, day, week). Each is tried on the past itself:
//! how well does the median of the same phase in earlier cycles foretell a value,
//! compared with a median that knows no phase? What does not help is no season.
//!
//! * In: the past of one series and the length of a row in seconds.
//! * Out: at most [`PERIODS_MAX`] periods in rows, the plainest first.
//! * Never: fills gaps; pairs with a gap count for nothing.
//!
//! Start at [`periods`].
//!
//! # Source
//!
//! M. Vlachos, P. Yu, V. Castelli, "On periodicity detection and structural periodic
//! similarity", SIAM Data Mining 2005, for the confirmation of candidates on the
//! autocorrelation.

use super::history::History;
use crate::stats::{fourier, order};

/// A period must fit into the past at least this often to be learned and tried.
const CYCLES_MIN: usize = 3;

/// So many peaks of the autocorrelation are tried.
const PEAKS_MAX: usize = 8;

/// An autocorrelation below this carries no season worth a try.
const PEAK_MIN: f64 = 0.1;

/// Values that are foretold to try one period.
const PROBES: usize = 1024;

/// A season takes away at least this part of the error.
const GAIN_MIN: f64 = 0.1;

/// The shortest period with this part of the largest gain is the plainest.
const PLAIN_SHARE: f64 = 0.85;

/// Other periods have an error at most this much above the plainest one's.
const OTHER_MAX: f64 = 1.3;

/// So many periods are of use.
const PERIODS_MAX: usize = 3;

/// Periods nearer to each other than one part in so many are the same.
const NEAR: usize = 20;

/// Values are averaged over this part of a period to both sides before they are compared.
const SMOOTHED_PART: usize = 100;

/// A period is tried on at least so many values.
const PROBES_MIN: f64 = 8.0;

/// Seconds of a minute, an hour, a day and a week.
const CALENDAR_SECONDS: [f64; 4] = [60.0, 3600.0, 86_400.0, 604_800.0];

/// A period and how well it foretells.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tried {
    period: usize,
    /// Mean absolute error of the same phase in earlier cycles.
    error: f64,
    /// Mean absolute error of other phases in earlier cycles.
    without: f64,
}

/// The periods of a series in rows, the plainest first; none when nothing repeats.
pub(crate) fn periods(history: &History, step_seconds: f64) -> Vec<usize> {
    let longest = history.rows() / CYCLES_MIN;
    let natural: Vec<usize> = calendar(step_seconds).collect();
    let found = peaks(&autocorrelation(&history.values, longest + 1));
    let near = |period: &usize| natural.iter().any(|it| it.abs_diff(*period) * NEAR < *it);
    let mut candidates: Vec<usize> = found.into_iter().filter(|it| !near(it)).collect();
    candidates.extend(&natural);
    candidates.retain(|period| (2..=longest).contains(period));
    candidates.sort_unstable();
    candidates.dedup();
    let means = Means::of(&history.values);
    let mut tried: Vec<Tried> = candidates
        .into_iter()
        .map(|period| Tried::of(&means, period))
        .filter(|it| it.gain() > GAIN_MIN)
        .collect();
    let most = tried.iter().map(Tried::gain).fold(0.0, f64::max);
    // Multiples of a period are as good as the period; the shortest is meant.
    let plainest = tried.iter().position(|it| it.gain() >= most * PLAIN_SHARE);
    let Some(plainest) = plainest.map(|it| tried.remove(it)) else {
        return Vec::new();
    };
    tried.retain(|it| it.error <= plainest.error * OTHER_MAX);
    tried.sort_by(|a, b| a.error.total_cmp(&b.error).then(a.period.cmp(&b.period)));
    let mut periods = vec![plainest.period];
    for other in tried {
        let alike = |it: &usize| it.abs_diff(other.period) * NEAR < *it;
        if periods.len() < PERIODS_MAX && !periods.iter().any(alike) {
            periods.push(other.period);
        }
    }
    periods
}

/// Natural periods in rows, where a row is short enough.
fn calendar(step_seconds: f64) -> impl Iterator<Item = usize> {
    let rows = CALENDAR_SECONDS
        .into_iter()
        .map(move |it| it / step_seconds);
    rows.filter(|it| *it >= 4.0 && *it < 1e9 && (it - it.round()).abs() < 0.01)
        .map(|it| it.round() as usize)
}

impl Tried {
    /// How well phase medians foretell the newer half of the past.
    ///
    /// The error without the season is that of the same medians a part of a cycle
    /// earlier or later, so that both look equally far back.
    fn of(means: &Means, period: usize) -> Self {
        let rows = means.rows();
        let reach = period / SMOOTHED_PART;
        let stride = (rows / 2 / PROBES).max(1);
        let (mut with, mut without, mut count) = (0.0, 0.0, 0.0);
        for row in (rows / 2..rows).step_by(stride) {
            let part = ((row % 7 + 1) * period / 8).clamp(1, period - 1);
            let around = match row % 2 {
                0 => row - part,
                _ => row + part,
            };
            let value = means.at(row, reach);
            let seasonal = (value - means.phase(row, period, reach)).abs();
            let other = (value - means.phase(around, period, reach)).abs();
            if seasonal.is_finite() && other.is_finite() {
                with += seasonal;
                without += other;
                count += 1.0;
            }
        }
        let error = if count < PROBES_MIN {
            f64::INFINITY
        } else {
            with / count
        };
        Self {
            period,
            error,
            without: without / count,
        }
    }

    /// The part of the error that the season takes away; negative where it adds.
    fn gain(&self) -> f64 {
        match self.without > 0.0 {
            true => 1.0 - self.error / self.without,
            false => f64::NEG_INFINITY,
        }
    }
}

/// Means of stretches of values, each in O(1).
struct Means {
    /// Sum and number of the values before each row.
    sums: Vec<(f64, f64)>,
}

impl Means {
    fn of(values: &[f64]) -> Self {
        let mut sums = Vec::with_capacity(values.len() + 1);
        let (mut sum, mut count) = (0.0, 0.0);
        sums.push((sum, count));
        for value in values {
            if value.is_finite() {
                sum += value;
                count += 1.0;
            }
            sums.push((sum, count));
        }
        Self { sums }
    }

    fn rows(&self) -> usize {
        self.sums.len() - 1
    }

    /// The mean of the numbers up to `reach` rows away; `NaN` without any.
    fn at(&self, row: usize, reach: usize) -> f64 {
        let (lo, hi) = (
            row.saturating_sub(reach),
            (row + reach + 1).min(self.rows()),
        );
        let (lo, hi) = (self.sums[lo.min(hi)], self.sums[hi]);
        (hi.0 - lo.0) / (hi.1 - lo.1)
    }

    /// The median of the means 1, 2 and 3 periods before a row; of fewer, their mean.
    fn phase(&self, row: usize, period: usize, reach: usize) -> f64 {
        let back = |cycles: usize| match row.checked_sub(cycles * period) {
            Some(row) if row < self.rows() => self.at(row, reach),
            _ => f64::NAN,
        };
        match [back(1), back(2), back(3)] {
            [a, b, c] if a.is_finite() && b.is_finite() && c.is_finite() => {
                f64::max(f64::min(a, b), f64::min(f64::max(a, b), c))
            }
            some => order::mean(&some),
        }
    }
}

/// Autocorrelation at the lags `0..lags` over the pairs without a gap, by Fourier
/// transform.
fn autocorrelation(values: &[f64], lags: usize) -> Vec<f64> {
    let known = |value: &f64| value.is_finite();
    let count = values.iter().filter(|it| known(it)).count();
    if count < 8 {
        return Vec::new();
    }
    let mut rough: Vec<f64> = detrended(values);
    let scale = order::scale(&rough).max(f64::MIN_POSITIVE);
    for value in &mut rough {
        // A single outlier must not decide what repeats.
        *value = (*value / scale).clamp(-CLIP, CLIP);
    }
    let mask: Vec<f64> = values
        .iter()
        .map(|it| f64::from(u8::from(known(it))))
        .collect();
    let filled: Vec<f64> = rough
        .iter()
        .map(|it| if it.is_finite() { *it } else { 0.0 })
        .collect();
    let products = correlated(&filled, lags);
    let pairs = correlated(&mask, lags);
    let at = |lag: usize| match pairs[lag] {
        few if few < 1.5 => 0.0,
        many => products[lag] / many,
    };
    let variance = at(0);
    let correlation = |lag| {
        if variance > 0.0 {
            at(lag) / variance
        } else {
            0.0
        }
    };
    (0..lags.min(products.len())).map(correlation).collect()
}

/// Scales beyond this count as this many in the autocorrelation.
const CLIP: f64 = 5.0;

/// Values minus the line through the medians of their two halves.
fn detrended(values: &[f64]) -> Vec<f64> {
    let (early, late) = values.split_at(values.len() / 2);
    let early = order::median(early);
    let late = order::median(late);
    let slope = match late - early {
        rise if rise.is_finite() => rise / (values.len() as f64 / 2.0),
        _ => 0.0,
    };
    let middle = values.len() as f64 / 2.0;
    let center = order::median(values);
    let straight = |(row, value): (usize, &f64)| value - center - slope * (row as f64 - middle);
    values.iter().enumerate().map(straight).collect()
}

/// Sums of products of values `lag` rows apart.
fn correlated(values: &[f64], lags: usize) -> Vec<f64> {
    let length = (values.len() + lags).next_power_of_two();
    let (forward, inverse) = (fourier::forward(length), fourier::inverse(length));
    let mut signal = vec![0.0; length];
    signal[..values.len()].copy_from_slice(values);
    let mut spectrum = forward.make_output_vec();
    if forward.process(&mut signal, &mut spectrum).is_err() {
        return vec![0.0; lags];
    }
    for it in &mut spectrum {
        *it = realfft::num_complex::Complex::new(it.norm_sqr(), 0.0);
    }
    if inverse.process(&mut spectrum, &mut signal).is_err() {
        return vec![0.0; lags];
    }
    signal.truncate(lags);
    signal.iter().map(|it| it / length as f64).collect()
}

/// The lags of the highest peaks after the first dip, highest first.
fn peaks(correlation: &[f64]) -> Vec<usize> {
    let dip = correlation.iter().position(|it| *it < PEAK_MIN.max(0.2));
    let from = dip.unwrap_or(1).max(1);
    let mut peaks: Vec<usize> = (from.max(2)..correlation.len().saturating_sub(1))
        .filter(|lag| {
            let reach = (lag / 20).max(1);
            let around = &correlation[lag - reach..(lag + reach + 1).min(correlation.len())];
            let here = correlation[*lag];
            here > PEAK_MIN && around.iter().all(|it| *it <= here)
        })
        .collect();
    peaks.sort_by(|a, b| correlation[*b].total_cmp(&correlation[*a]).then(a.cmp(b)));
    peaks.truncate(PEAKS_MAX);
    peaks
}
