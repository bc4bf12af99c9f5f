//! Finds what repeats: a period, how much of the movement it explains, its shape.
//!
//! A period is proposed by the periodogram of the detrended series, where one
//! frequency must stand far above its neighbours, and is believed only when the
//! autocorrelation peaks there too: a slow wave or a single step fills the low
//! frequencies as well, but repeats nothing.
//!
//! * In: values at equal distances, `NaN` for a gap.
//! * Out: one [`Season`] or none.
//! * Never: believes a period of which fewer than [`LEAST_CYCLES`] were seen.
//!
//! Start at [`find`].
//!
//! # Source
//!
//! M. Vlachos, P. Yu, V. Castelli, "On periodicity detection and structural
//! periodic similarity", SIAM Data Mining 2005: periodogram for the proposal,
//! autocorrelation for the confirmation.

use crate::stats::{fourier, order};

/// So many cycles must be seen: one to learn, one to check, one to be unlike chance.
pub const LEAST_CYCLES: usize = 3;

/// A shorter series shows no period.
const LEAST_ROWS: usize = 24;

/// A shorter period, in rows, cannot be told from noise that alternates.
const LEAST_PERIOD: usize = 4;

/// Longer series are averaged down to at most twice as many points for the search.
const SEARCH_ROWS: usize = 2048;

/// The chance that the highest of all frequencies stands out so far in noise.
const CHANCE: f64 = 1e-3;

/// A peak with less of the detrended movement than this is not worth a profile.
const LEAST_SHARE: f64 = 0.08;

/// Autocorrelation at the period that confirms it.
const LEAST_CORRELATION: f64 = 0.3;

/// A value this many scales from the trend is an outlier.
const OUTLIER_SCALES: f64 = 5.0;

/// Neighbours on each side that make the background of a frequency, at least.
const LEAST_NEIGHBOURS: usize = 6;

/// The mean of the logarithm of an exponential variable is this much below that of its mean.
const LOG_BIAS: f64 = 0.577_215_664_901_532_9;

/// A multiple of the proposed period is checked up to this factor, since the
/// strongest frequency may be a harmonic.
const MOST_MULTIPLE: usize = 4;

/// The longer period must correlate so much more to be preferred to the shorter.
const CLEARLY_MORE: f64 = 0.05;

/// What repeats in a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Season {
    /// Length of a cycle in rows.
    pub period_rows: usize,
    /// Share of the detrended variance that the profile explains, 0 to 1.
    pub strength: f64,
    /// Deviation from the level at each row of the cycle, in the unit of the values;
    /// row `i` of the series is at phase `i % period_rows`. Its mean is zero.
    pub profile: Vec<f64>,
}

impl Season {
    /// The deviation from the level that a row of the series has by its phase.
    pub fn at(&self, row: usize) -> f64 {
        let phase = row % self.profile.len().max(1);
        self.profile.get(phase).copied().unwrap_or_default()
    }
}

/// Finds the strongest period of a series.
///
/// | value      | shape | unit                                           |
/// |------------|-------|------------------------------------------------|
/// | `values`   | `n`   | any; one a row, rows at equal distances        |
/// | `step`     |       | rows that one value stands for, at least 1     |
/// | returned   |       | period and phases in those rows, not in values |
///
/// With `step` above 1 the profile has one entry for each value of the cycle, and
/// [`Season::period_rows`] is `step` times its length.
pub fn find(values: &[f64], step: usize) -> Option<Season> {
    let rows = values.len();
    if rows < LEAST_ROWS {
        return None;
    }
    let fold = rows.div_ceil(2 * SEARCH_ROWS);
    let folded = averaged(values, fold);
    let flat = detrended(&folded)?;
    let cycles = proposed(&flat)?;
    let local = flattened(&flat, ((flat.len() as f64 / cycles) as usize).max(2));
    let period = confirmed(&local, cycles)?;
    let period = (period * fold as f64).round() as usize;
    let whole = flattened(if fold == 1 { &flat } else { values }, period);
    let profile = phase_medians(&whole, period);
    let strength = explained(&whole, &profile);
    (strength >= LEAST_SHARE).then_some(Season {
        period_rows: period * step.max(1),
        strength,
        profile,
    })
}

/// Means of `fold` neighbours; a gap where there is no number.
fn averaged(values: &[f64], fold: usize) -> Vec<f64> {
    if fold <= 1 {
        return values.to_vec();
    }
    values.chunks(fold).map(order::mean).collect()
}

/// The series less its cubic trend, gaps at the trend; none when it never varies.
fn detrended(values: &[f64]) -> Option<Vec<f64>> {
    let trend = cubic(values);
    let flat: Vec<f64> = values
        .iter()
        .zip(trend)
        .map(|(value, level)| {
            if value.is_finite() {
                value - level
            } else {
                0.0
            }
        })
        .collect();
    let square: f64 = flat.iter().map(|it| it * it).sum();
    (square.is_finite() && square > 0.0).then(|| limited(flat))
}

/// Brings outliers to the limit, so that a few of them do not drown what repeats.
fn limited(mut flat: Vec<f64>) -> Vec<f64> {
    let center = order::median(&flat);
    let robust = order::mad_about(&flat, center);
    let reach = OUTLIER_SCALES
        * if robust > 0.0 {
            robust
        } else {
            order::scale(&flat)
        };
    for value in &mut flat {
        *value = value.clamp(center - reach, center + reach);
    }
    flat
}

/// The least-squares cubic through the numbers, by discrete orthogonal polynomials.
fn cubic(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let mut fit = vec![0.0; n];
    let mut before = vec![0.0; n];
    let mut basis = vec![1.0; n];
    let mut norm_before = 1.0;
    let place = |i: usize| 2.0 * i as f64 / (n.max(2) - 1) as f64 - 1.0;
    for _ in 0..=3 {
        let (mut norm, mut shift, mut along) = (0.0, 0.0, 0.0);
        for (i, value) in values.iter().enumerate().filter(|(_, it)| it.is_finite()) {
            norm += basis[i] * basis[i];
            shift += place(i) * basis[i] * basis[i];
            along += (value - fit[i]) * basis[i];
        }
        if norm <= 1e-12 * n as f64 {
            break;
        }
        let weight = norm / norm_before;
        for i in 0..n {
            fit[i] += along / norm * basis[i];
            let next = (place(i) - shift / norm) * basis[i] - weight * before[i];
            before[i] = basis[i];
            basis[i] = next;
        }
        norm_before = norm;
    }
    fit
}

/// The frequency that stands out most, in cycles over all values.
fn proposed(flat: &[f64]) -> Option<f64> {
    let count = flat.len();
    let mut buffer: Vec<f64> = flat.to_vec();
    for (i, value) in buffer.iter_mut().enumerate() {
        let angle = std::f64::consts::TAU * i as f64 / (count - 1) as f64;
        *value *= 0.5 - 0.5 * angle.cos();
    }
    let transform = fourier::forward(count);
    let mut spectrum = transform.make_output_vec();
    transform.process(&mut buffer, &mut spectrum).ok()?;
    let power: Vec<f64> = spectrum.iter().map(|it| it.norm_sqr()).collect();
    let total: f64 = power.iter().skip(2).sum();
    let least = (count as f64 / 2.0 / CHANCE).ln();
    let background = Background::of(&power);
    let highest = (count / LEAST_PERIOD).min(power.len().saturating_sub(2));
    let mut best: Option<usize> = None;
    for bin in LEAST_CYCLES + 1..=highest {
        let (left, here, right) = (power[bin - 1], power[bin], power[bin + 1]);
        let peak = here >= left && here >= right;
        let stands_out = here > least * background.around(bin);
        if peak && stands_out && left + here + right > LEAST_SHARE * total {
            best = best.filter(|it| power[*it] >= here).or(Some(bin));
        }
    }
    best.map(|bin| between_bins(&power, bin))
}

/// The top of the parabola through the logarithms of the power at a bin and its
/// neighbours: what lies between two bins shows in both.
fn between_bins(power: &[f64], bin: usize) -> f64 {
    let log = |bin: usize| power[bin].max(f64::MIN_POSITIVE).ln();
    let (left, here, right) = (log(bin - 1), log(bin), log(bin + 1));
    let bend = left - 2.0 * here + right;
    let off = if bend < 0.0 {
        0.5 * (left - right) / bend
    } else {
        0.0
    };
    bin as f64 + off.clamp(-0.5, 0.5)
}

/// The power that noise would have near a frequency.
struct Background {
    /// Sums of the logarithms of the power, up to each bin.
    logs: Vec<f64>,
}

impl Background {
    fn of(power: &[f64]) -> Self {
        let mut logs = Vec::with_capacity(power.len() + 1);
        logs.push(0.0);
        let floor = power.iter().copied().fold(0.0, f64::max) * 1e-30;
        let mut sum = 0.0;
        for value in power {
            sum += value.max(floor).ln();
            logs.push(sum);
        }
        Self { logs }
    }

    /// Geometric mean of the neighbours without the peak itself, made the mean of
    /// an exponential variable.
    fn around(&self, bin: usize) -> f64 {
        let wide = LEAST_NEIGHBOURS.max(bin / 2);
        let last = self.logs.len() - 1;
        let sum = |from: usize, to: usize| {
            let (from, to) = (from.min(last), to.min(last));
            (
                self.logs[to.max(from)] - self.logs[from],
                to.saturating_sub(from),
            )
        };
        let (left, n_left) = sum(
            bin.saturating_sub(wide).max(1),
            bin.saturating_sub(2).max(1),
        );
        let (right, n_right) = sum(bin + 3, bin + 3 + wide);
        match n_left + n_right {
            0..LEAST_NEIGHBOURS => f64::INFINITY,
            n => ((left + right) / n as f64 + LOG_BIAS).exp(),
        }
    }
}

/// The series less its running mean over one period (or its neighbour that is odd).
fn flattened(values: &[f64], period: usize) -> Vec<f64> {
    let half = period / 2;
    let (mut sums, mut counts) = (vec![0.0], vec![0_usize]);
    let (mut sum, mut count) = (0.0, 0);
    for value in values {
        if value.is_finite() {
            sum += value;
            count += 1;
        }
        sums.push(sum);
        counts.push(count);
    }
    let level = |i: usize| {
        let (from, to) = (i.saturating_sub(half), (i + half + 1).min(values.len()));
        (sums[to] - sums[from]) / (counts[to] - counts[from]) as f64
    };
    let flat = values.iter().enumerate();
    flat.map(|(i, value)| value - level(i)).collect()
}

/// The period at the proposed frequency, or a multiple of it, at which the series
/// repeats itself.
fn confirmed(flat: &[f64], cycles: f64) -> Option<f64> {
    let mut best: Option<(f64, f64)> = None;
    for multiple in 1..=MOST_MULTIPLE {
        let period = multiple as f64 * flat.len() as f64 / cycles;
        let lag = period.round() as usize;
        if lag * LEAST_CYCLES > flat.len() {
            break;
        }
        let here = correlation(flat, lag);
        let clearly = best.is_none_or(|(_, before)| here > before + CLEARLY_MORE);
        if here >= LEAST_CORRELATION && clearly {
            best = Some((period, here));
        }
    }
    best.map(|(period, _)| period)
}

/// Autocorrelation about zero over the pairs without a gap.
fn correlation(flat: &[f64], lag: usize) -> f64 {
    let pairs = flat.iter().zip(flat.get(lag..).unwrap_or_default());
    let (mut cross, mut one, mut other) = (0.0, 0.0, 0.0);
    for (a, b) in pairs.filter(|(a, b)| a.is_finite() && b.is_finite()) {
        cross += a * b;
        one += a * a;
        other += b * b;
    }
    let size = (one * other).sqrt();
    if size > 0.0 { cross / size } else { 0.0 }
}

/// The median at each phase, less the mean of them.
fn phase_medians(flat: &[f64], period: usize) -> Vec<f64> {
    let mut at_phase = Vec::new();
    let mut profile: Vec<f64> = (0..period)
        .map(|phase| {
            at_phase.clear();
            let values = flat.iter().skip(phase).step_by(period).copied();
            at_phase.extend(values.filter(|it| it.is_finite()));
            let median = order::median_in(&mut at_phase);
            if median.is_finite() { median } else { 0.0 }
        })
        .collect();
    let mean = order::mean(&profile);
    for value in &mut profile {
        *value -= mean;
    }
    profile
}

/// Share of the variance about zero that the profile removes, less what as many
/// free numbers remove from noise.
fn explained(flat: &[f64], profile: &[f64]) -> f64 {
    let (mut whole, mut rest, mut count) = (0.0, 0.0, 0.0);
    for (i, value) in flat.iter().enumerate().filter(|(_, it)| it.is_finite()) {
        whole += value * value;
        rest += (value - profile[i % profile.len()]).powi(2);
        count += 1.0;
    }
    let free = count - profile.len() as f64;
    if whole <= 0.0 || free < 1.0 {
        return 0.0;
    }
    (1.0 - rest / whole * count / free).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
