//! The interval around a forecast, from the errors that forecasts have made.
//!
//! Errors of the tried origins are divided by their usual size so many rows ahead
//! and pooled; the quantiles of the pool, times the usual size, are the band.
//! Then every origin's errors are held against the band that the other origins
//! give, and the band is widened until it covers as much as it claims.
//!
//! * In: signed errors by origin and rows ahead, `NaN` for gaps.
//! * Out: the distances of the band from the forecast, below and above.
//! * Never: assumes a distribution.
//!
//! Start at [`Band::of`].
//!
//! # Source
//!
//! V. Vovk, A. Gammerman, G. Shafer, *Algorithmic Learning in a Random World*,
//! Springer, 2005, for conformal prediction; R. F. Barber, E. J. Candès,
//! A. Ramdas, R. J. Tibshirani, "Predictive inference with the jackknife+", Annals
//! of Statistics 49 (2021), for leaving one out.

use crate::stats::order;

/// Widenings that are tried, each this much wider than the one before.
const WIDENING: f64 = 1.06;
const WIDENINGS: u32 = 24;

/// The usual size so many rows ahead takes in the rows around it, by this share.
const AROUND: f64 = 0.1;

/// Errors in a pool, about: quantiles of more are no surer, since near rows go together.
const POOL_MAX: usize = 1_000;

/// Part of the usual size that comes from all rows ahead alike.
const WHOLE_SHARE: f64 = 0.25;

/// Distances of the band from the forecast, one a row ahead; none is negative.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// Below the forecast.
    pub(crate) below: Vec<f64>,
    /// Above the forecast.
    pub(crate) above: Vec<f64>,
}

impl Band {
    /// The band that errors of these origins support at `level`; `None` without errors.
    pub(crate) fn of(errors: &[&[f64]], level: f64) -> Option<Self> {
        let narrow = Self::narrow(errors, level)?;
        Some(narrow.wider(widening(errors, level)))
    }

    /// The band before it is widened.
    fn narrow(errors: &[&[f64]], level: f64) -> Option<Self> {
        let sizes = sizes(errors)?;
        let stride = stride(errors);
        let pool = errors
            .iter()
            .flat_map(|it| it.iter().zip(&sizes).step_by(stride));
        let pool = pool.map(|(error, size)| if *size > 0.0 { error / size } else { 0.0 });
        let mut pool: Vec<f64> = pool.filter(|it| it.is_finite()).collect();
        let tail = (1.0 - level) / 2.0;
        let low = order::quantile_in(&mut pool, tail);
        let high = order::quantile_in(&mut pool, 1.0 - tail);
        Some(Self {
            below: sizes.iter().map(|size| (-low * size).max(0.0)).collect(),
            above: sizes.iter().map(|size| (high * size).max(0.0)).collect(),
        })
    }

    fn wider(mut self, times: f64) -> Self {
        let both = self.below.iter_mut().chain(&mut self.above);
        both.for_each(|distance| *distance *= times);
        self
    }

    /// For one in `stride` of the errors that are known, how many times as wide the band
    /// must be to hold it; infinite where no widening does.
    fn times_needed(&self, errors: &[f64], stride: usize) -> Vec<f64> {
        let edges = self.below.iter().zip(&self.above);
        let tried = errors.iter().zip(edges).step_by(stride);
        let known = tried.filter(|(it, _)| it.is_finite());
        known
            .map(|(error, (below, above))| {
                let distance = if *error < 0.0 { below } else { above };
                match error.abs() {
                    0.0 => 0.0,
                    size => size / distance,
                }
            })
            .collect()
    }

    /// How many of the errors are inside, and how many there are.
    pub(crate) fn covered(&self, errors: &[f64]) -> (usize, usize) {
        let edges = self.below.iter().zip(&self.above);
        let known = errors.iter().zip(edges).filter(|(it, _)| it.is_finite());
        let inside = |(error, (below, above)): &(&f64, (&f64, &f64))| {
            -**error <= **below && **error <= **above
        };
        let (known, inside): (Vec<_>, Vec<bool>) = known.map(|it| (it, inside(&it))).unzip();
        (inside.iter().filter(|it| **it).count(), known.len())
    }
}

/// The usual size of an error for each number of rows ahead.
fn sizes(errors: &[&[f64]]) -> Option<Vec<f64>> {
    let length = errors.iter().map(|it| it.len()).max()?;
    let mut sums = vec![(0.0, 0.0); length + 1];
    for ahead in 0..length {
        let known = errors.iter().filter_map(|it| it.get(ahead));
        let known = known.filter(|it| it.is_finite());
        let add = |(sum, count): (f64, f64), error: &f64| (sum + error.abs(), count + 1.0);
        sums[ahead + 1] = known.fold(sums[ahead], add);
    }
    let mean = |from: usize, to: usize| {
        let (lo, hi) = (sums[from], sums[to]);
        (hi.0 - lo.0) / (hi.1 - lo.1)
    };
    let whole = mean(0, length);
    if !whole.is_finite() {
        return None;
    }
    let at = |ahead: usize| {
        let reach = (ahead as f64 * AROUND) as usize + 1;
        let near = mean(ahead.saturating_sub(reach), (ahead + reach + 1).min(length));
        let near = if near.is_finite() { near } else { whole };
        (1.0 - WHOLE_SHARE) * near + WHOLE_SHARE * whole
    };
    Some((0..length).map(at).collect())
}

/// How much wider a band must be so that the others' covers the one left out: the
/// smallest of the tried widenings that holds `level` of the errors.
fn widening(errors: &[&[f64]], level: f64) -> f64 {
    if errors.len() < 3 {
        return WIDENING.powi(WIDENINGS as i32 / 2);
    }
    let stride = stride(errors);
    let mut needed = Vec::new();
    for out in 0..errors.len() {
        let mut others = errors.to_vec();
        let left_out = others.remove(out);
        if let Some(band) = Band::narrow(&others, level) {
            needed.extend(band.times_needed(left_out, stride));
        }
    }
    let held = (level * needed.len() as f64).ceil() as usize;
    let wanted = match held {
        0 => 0.0,
        _ => *needed.select_nth_unstable_by(held - 1, f64::total_cmp).1,
    };
    let tried = (0..WIDENINGS).map(|power| WIDENING.powi(power as i32));
    let enough = tried.into_iter().find(|times| *times >= wanted);
    enough.unwrap_or(WIDENING.powi(WIDENINGS as i32))
}

/// Rows ahead between two whose errors are pooled: those of near rows say the same.
fn stride(errors: &[&[f64]]) -> usize {
    let all: usize = errors.iter().map(|it| it.len()).sum();
    all.div_ceil(POOL_MAX).max(1)
}
