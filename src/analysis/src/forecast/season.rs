//! Finds the periods after which a series repeats itself.
//!
//! Candidates are the peaks of the autocorrelation and the lengths that people and
//! schedulers live by (minute, hour, day, week). Each is tried on the past itself:
//! how well does the median of the same phase in earlier cycles foretell a value,
//! compared with a median that knows no phase? What does not help is no season.
//!
//! * In: the past of one series and the length of a row in seconds.
//! * Out: at most two periods in rows, the stronger first.
//! * Never: fills gaps; pairs with a gap count for nothing.
//!
//! Start at [`periods`].
//!
//! # Source
//!
//! M. Vlachos, P. Yu, V. Castelli, "On periodicity detection and structural periodic
//! similarity", SIAM Data Mining 2005, for the confirmation of candidates on the
//! autocorrelation.

use realfft::RealFftPlanner;

use super::history::History;
use super::profile;

/// A period must fit into the past at least this often to be learned and tried.
const CYCLES_MIN: usize = 3;

/// So many peaks of the autocorrelation are tried.
const PEAKS_MAX: usize = 8;

/// An autocorrelation below this carries no season worth a try.
const PEAK_MIN: f64 = 0.1;

/// Values that are foretold to try one period.
const PROBES: usize = 1024;

/// The error with the season, as a share of that without it, must be below this.
const GAIN_MAX: f64 = 0.9;

/// A second period must lower the error of the first at least to this share.
const SECOND_GAIN_MAX: f64 = 1.05;

/// Seconds of a minute, an hour, a day and a week.
const CALENDAR_SECONDS: [f64; 4] = [60.0, 3600.0, 86_400.0, 604_800.0];

/// A period and how well it foretells.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tried {
    period: usize,
    /// Error with the season as a share of the error without it.
    share: f64,
}

/// The periods of a series in rows, the better one first; none when nothing repeats.
pub(crate) fn periods(history: &History, step_seconds: f64) -> Vec<usize> {
    let longest = history.rows() / CYCLES_MIN;
    let mut candidates = peaks(&autocorrelation(&history.values, longest + 1));
    candidates.extend(calendar(step_seconds));
    candidates.retain(|period| (2..=longest).contains(period));
    candidates.sort_unstable();
    candidates.dedup();
    let tried: Vec<Tried> = candidates
        .into_iter()
        .map(|period| Tried {
            period,
            share: share(history, period),
        })
        .filter(|it| it.share < GAIN_MAX)
        .collect();
    let Some(best) = tried.iter().min_by(|a, b| a.share.total_cmp(&b.share)) else {
        return Vec::new();
    };
    // Multiples of a period are as good as the period; the shortest is meant.
    let near = best.share * SECOND_GAIN_MAX;
    let first = tried.iter().find(|it| it.share <= near).unwrap_or(best);
    let second = tried
        .iter()
        .filter(|it| it.period >= 2 * first.period && it.share <= near)
        .min_by(|a, b| a.share.total_cmp(&b.share));
    let mut periods = vec![first.period];
    periods.extend(second.map(|it| it.period));
    periods
}

/// Natural periods in rows, where a row is short enough.
fn calendar(step_seconds: f64) -> impl Iterator<Item = usize> {
    let rows = CALENDAR_SECONDS.into_iter().map(move |it| it / step_seconds);
    rows.filter(|it| *it >= 4.0 && *it < 1e9 && (it - it.round()).abs() < 0.01)
        .map(|it| it.round() as usize)
}

/// The error of phase medians as a share of the error of medians of the same values'
/// neighborhood half a cycle off; above one where the season does not help.
fn share(history: &History, period: usize) -> f64 {
    let values = &history.values;
    let from = period * 2;
    let stride = ((values.len() - from) / PROBES).max(1);
    let (mut with, mut without, mut count) = (0.0, 0.0, 0);
    let mut seen = Vec::new();
    for row in (from..values.len()).step_by(stride) {
        let seasonal = profile::center(values, row, period, CYCLES_MIN, &mut seen);
        let shifted = row - ((row % 7 + 1) * period / 8).clamp(1, period - 1);
        let other = profile::center(values, shifted, period, CYCLES_MIN, &mut seen);
        let errors = ((values[row] - seasonal).abs(), (values[row] - other).abs());
        if errors.0.is_finite() && errors.1.is_finite() {
            with += errors.0;
            without += errors.1;
            count += 1;
        }
    }
    if count < 8 || without <= 0.0 {
        return f64::INFINITY;
    }
    with / without
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
    let scale = crate::stats::order::scale(&rough).max(f64::MIN_POSITIVE);
    for value in &mut rough {
        // A single outlier must not decide what repeats.
        *value = (*value / scale).clamp(-CLIP, CLIP);
    }
    let mask: Vec<f64> = values.iter().map(|it| f64::from(u8::from(known(it)))).collect();
    let filled: Vec<f64> = rough.iter().map(|it| if it.is_finite() { *it } else { 0.0 }).collect();
    let products = correlated(&filled, lags);
    let pairs = correlated(&mask, lags);
    let at = |lag: usize| match pairs[lag] {
        few if few < 1.5 => 0.0,
        many => products[lag] / many,
    };
    let variance = at(0);
    let correlation = |lag| if variance > 0.0 { at(lag) / variance } else { 0.0 };
    (0..lags.min(products.len())).map(correlation).collect()
}

/// Scales beyond this count as this many in the autocorrelation.
const CLIP: f64 = 5.0;

/// Values minus the line through the medians of their two halves.
fn detrended(values: &[f64]) -> Vec<f64> {
    let (early, late) = values.split_at(values.len() / 2);
    let early = crate::stats::order::median(early);
    let late = crate::stats::order::median(late);
    let slope = match late - early {
        rise if rise.is_finite() => rise / (values.len() as f64 / 2.0),
        _ => 0.0,
    };
    let middle = values.len() as f64 / 2.0;
    let center = crate::stats::order::median(values);
    let straight = |(row, value): (usize, &f64)| value - center - slope * (row as f64 - middle);
    values.iter().enumerate().map(straight).collect()
}

/// Sums of products of values `lag` rows apart.
fn correlated(values: &[f64], lags: usize) -> Vec<f64> {
    let length = (values.len() + lags).next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(length);
    let inverse = planner.plan_fft_inverse(length);
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
