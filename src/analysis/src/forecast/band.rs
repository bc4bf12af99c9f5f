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

/// Part of the usual size that comes from all rows ahead alike.
const WHOLE_SHARE: f64 = 0.25;

/// Errors are looked at for so many numbers of rows ahead; between these the band is
/// a straight line.
const KNOTS_MAX: usize = 64;

/// Distances of the band from the forecast; none is negative.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// Below the forecast, at every knot.
    below: Vec<f64>,
    /// Above the forecast, at every knot.
    above: Vec<f64>,
}

/// Signed errors (value minus forecast) of one origin at the knots; `NaN` for gaps.
pub(crate) type Errors = Vec<f64>;

/// The errors at the knots, of errors at all rows ahead.
pub(crate) fn at_knots(errors: &[f64]) -> Errors {
    knots(errors.len()).map(|ahead| errors[ahead]).collect()
}

/// So many rows ahead is each knot; the last is the last row ahead.
fn knots(length: usize) -> impl Iterator<Item = usize> {
    let count = length.min(KNOTS_MAX);
    (1..=count).map(move |knot| knot * length / count - 1)
}

impl Band {
    /// The band that errors of these origins support at `level`; `None` without errors.
    pub(crate) fn of(errors: &[Errors], level: f64) -> Option<Self> {
        let all: Vec<&Errors> = errors.iter().collect();
        let narrow = Self::narrow(&all, level)?;
        Some(narrow.wider(widening(errors, level)))
    }

    /// The band before it is widened.
    fn narrow(errors: &[&Errors], level: f64) -> Option<Self> {
        let sizes = sizes(errors)?;
        let pool = errors.iter().flat_map(|it| it.iter().zip(&sizes));
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

    /// Below and above the forecast for each of `length` rows ahead, the length that
    /// the errors had before they were taken at the knots.
    pub(crate) fn edges(&self, length: usize) -> Vec<(f64, f64)> {
        let knots: Vec<usize> = knots(length).collect();
        let mut right = 0;
        let edge = |ahead: usize| {
            while knots[right] < ahead {
                right += 1;
            }
            let left = right.saturating_sub(1);
            let share = match knots[right] - knots[left] {
                0 => 1.0,
                width => ahead.saturating_sub(knots[left]) as f64 / width as f64,
            };
            let at = |side: &[f64]| side[left] + share * (side[right] - side[left]);
            (at(&self.below), at(&self.above))
        };
        (0..length).map(edge).collect()
    }

    /// How many of the errors are inside, and how many there are.
    pub(crate) fn covered(&self, errors: &Errors) -> (usize, usize) {
        self.covered_when_wider(errors, 1.0)
    }

    fn covered_when_wider(&self, errors: &Errors, times: f64) -> (usize, usize) {
        let edges = self.below.iter().zip(&self.above);
        let known = errors.iter().zip(edges).filter(|(it, _)| it.is_finite());
        known.fold((0, 0), |(inside, all), (error, (below, above))| {
            let held = -error <= below * times && *error <= above * times;
            (inside + usize::from(held), all + 1)
        })
    }
}

/// The usual size of an error at each knot.
fn sizes(errors: &[&Errors]) -> Option<Vec<f64>> {
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

/// How much wider a band must be so that the others' covers the one left out.
fn widening(errors: &[Errors], level: f64) -> f64 {
    if errors.len() < 3 {
        return WIDENING.powi(WIDENINGS as i32 / 2);
    }
    let without = |out: usize| {
        let others = errors.iter().enumerate().filter(|(place, _)| *place != out);
        let others: Vec<&Errors> = others.map(|(_, errors)| errors).collect();
        Band::narrow(&others, level)
    };
    let bands: Vec<Option<Band>> = (0..errors.len()).map(without).collect();
    let enough = |times: &f64| {
        let (mut inside, mut known) = (0, 0);
        for (band, errors) in bands.iter().zip(errors) {
            let Some(band) = band else { continue };
            let (more, all) = band.covered_when_wider(errors, *times);
            inside += more;
            known += all;
        }
        inside as f64 >= level * known as f64
    };
    let mut tried = (0..=WIDENINGS).map(|power| WIDENING.powi(power as i32));
    tried
        .find(enough)
        .unwrap_or(WIDENING.powi(WIDENINGS as i32))
}
