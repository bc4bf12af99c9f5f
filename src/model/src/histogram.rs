//! How many observations fell where: response times, sizes, token counts.
//!
//! Percentiles of percentiles mean nothing, so what is kept of many observations is a
//! histogram: rows of several intervals add up, and a percentile of any window comes
//! with the bucket that bounds it.
//!
//! * [`Histogram`]: counts per bucket, with count, sum and extremes.
//! * [`Row`]: what was observed over one interval.
//!
//! Never: interpolates between buckets of different shape; they do not add up, which
//! is told.
//!
//! # Source
//!
//! OpenTelemetry metrics data model, "ExponentialHistogram" and "Histogram": bucket `i`
//! at scale `s` holds `(b^i, b^(i+1)]` with `b = 2^(2^-s)`; explicit bucket `i` holds
//! `(bounds[i-1], bounds[i]]`.

use std::sync::Arc;

use crate::time::Moment;

/// Scale at which observations are recorded: buckets are 4.4 % wide, so a percentile
/// told at their middle is at most 2.2 % off.
pub const SCALE: i8 = 4;

/// Most buckets of one sign; beyond, neighbours are put together. At [`SCALE`] this
/// spans 64 powers of two: from a nanosecond to 500 years.
pub const BUCKETS_MAX: usize = 1_024;

/// Counts per bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Number of observations.
    pub count: u64,
    /// Their sum; `NaN` when it was not told.
    pub sum: f64,
    /// The least; `NaN` when it was not told.
    pub min: f64,
    /// The greatest; `NaN` when it was not told.
    pub max: f64,
    /// Where they fell.
    pub buckets: Buckets,
}

/// The shape of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub enum Buckets {
    /// Widths grow by a fixed factor.
    Exponential(Exponential),
    /// Bounds are given.
    Explicit(Explicit),
}

/// Buckets whose widths grow by `2^(2^-scale)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exponential {
    /// Higher is finer.
    pub scale: i8,
    /// Observations that are zero, or too close to it to matter.
    pub zero: u64,
    /// Observations above zero.
    pub positive: Run,
    /// Observations below zero, by size.
    pub negative: Run,
}

/// Consecutive buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Number of the first bucket.
    pub first: i32,
    /// Counts from there on.
    pub counts: Vec<u64>,
}

/// Buckets with given bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Explicit {
    /// Upper bounds, ascending; what is above the last has a bucket of its own.
    pub bounds: Arc<[f64]>,
    /// One count per bound, and one more.
    pub counts: Vec<u64>,
}

/// What was observed over one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// End of the interval.
    pub at: Moment,
    /// Its length.
    pub width_ns: i64,
    /// Time within it during which requests were in flight, summed over requests, in
    /// seconds: divided by the width it is the mean concurrency. `NaN` where unknown.
    pub active_s: f64,
    /// What ended within it.
    pub histogram: Histogram,
}

/// A percentile as a histogram knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The best guess.
    pub value: f64,
    /// Lower bound of its bucket.
    pub low: f64,
    /// Upper bound of its bucket; infinite above the last bound.
    pub high: f64,
}

/// Two histograms whose buckets do not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("histograms with different bucket bounds do not add up")]
pub struct Unlike;

impl Default for Histogram {
    /// An empty one, to be recorded into.
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0.0,
            min: f64::NAN,
            max: f64::NAN,
            buckets: Buckets::Exponential(Exponential {
                scale: SCALE,
                ..Exponential::default()
            }),
        }
    }
}

impl Histogram {
    /// One with given bounds, empty; bounds that do not ascend are left out.
    pub fn explicit(bounds: &[f64]) -> Self {
        let mut kept: Vec<f64> = Vec::with_capacity(bounds.len());
        for bound in bounds.iter().copied().filter(|it| it.is_finite()) {
            if kept.last().is_none_or(|last| *last < bound) {
                kept.push(bound);
            }
        }
        Self {
            buckets: Buckets::Explicit(Explicit {
                counts: vec![0; kept.len() + 1],
                bounds: kept.into(),
            }),
            ..Self::default()
        }
    }

    /// Takes in one observation; what is no number is left out.
    pub fn record(&mut self, value: f64) {
        self.record_many(value, 1);
    }

    /// Takes in so many observations of one value.
    pub fn record_many(&mut self, value: f64, times: u64) {
        if !value.is_finite() || times == 0 {
            return;
        }
        self.count = self.count.saturating_add(times);
        self.sum += value * times as f64;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        match &mut self.buckets {
            Buckets::Exponential(it) => it.record(value, times),
            Buckets::Explicit(it) => {
                let place = it.bounds.partition_point(|bound| *bound < value);
                it.counts[place] = it.counts[place].saturating_add(times);
            }
        }
    }

    /// Counts an observation whose value nobody told: sum and extremes are unknown then.
    pub fn record_unknown(&mut self) {
        self.count = self.count.saturating_add(1);
        (self.sum, self.min, self.max) = (f64::NAN, f64::NAN, f64::NAN);
    }

    /// Whether nothing was observed.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Mean of the observations; `NaN` without any or without a sum.
    pub fn mean(&self) -> f64 {
        if self.count == 0 {
            return f64::NAN;
        }
        self.sum / self.count as f64
    }

    /// Adds what another one counted.
    ///
    /// # Errors
    ///
    /// [`Unlike`] when the buckets do not match; nothing was added then. Exponential
    /// ones always match: the finer one is made coarser. An empty one matches any.
    pub fn add(&mut self, other: &Self) -> Result<(), Unlike> {
        if other.count == 0 {
            return Ok(());
        }
        if self.count == 0 {
            *self = other.clone();
            return Ok(());
        }
        match (&mut self.buckets, &other.buckets) {
            (Buckets::Exponential(own), Buckets::Exponential(more)) => own.add(more),
            (Buckets::Explicit(own), Buckets::Explicit(more)) if own.bounds == more.bounds => {
                for (own, more) in own.counts.iter_mut().zip(&more.counts) {
                    *own = own.saturating_add(*more);
                }
            }
            _ => return Err(Unlike),
        }
        self.count = self.count.saturating_add(other.count);
        self.sum += other.sum;
        // An extreme that one side does not know is not known of both.
        let both = |a: f64, b: f64, which: fn(f64, f64) -> f64| {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                which(a, b)
            }
        };
        self.min = both(self.min, other.min, f64::min);
        self.max = both(self.max, other.max, f64::max);
        Ok(())
    }

    /// What was observed since `before`, where both are running totals.
    ///
    /// `None` when a count fell, or the buckets changed: the totals began anew, and
    /// then this one is what was observed since. Extremes of totals say nothing of the
    /// difference, so they are unknown.
    pub fn since(&self, before: &Self) -> Option<Self> {
        let count = self.count.checked_sub(before.count)?;
        let buckets = match (&self.buckets, &before.buckets) {
            (Buckets::Exponential(now), Buckets::Exponential(before)) => {
                Buckets::Exponential(now.since(before)?)
            }
            (Buckets::Explicit(now), Buckets::Explicit(before)) if now.bounds == before.bounds => {
                let pairs = now.counts.iter().zip(&before.counts);
                let counts: Option<Vec<u64>> = pairs.map(|(a, b)| a.checked_sub(*b)).collect();
                Buckets::Explicit(Explicit {
                    bounds: Arc::clone(&now.bounds),
                    counts: counts?,
                })
            }
            _ => return None,
        };
        Some(Self {
            count,
            sum: self.sum - before.sum,
            min: f64::NAN,
            max: f64::NAN,
            buckets,
        })
    }

    /// The value below which the share `q` (0 to 1) of the observations lies; `None`
    /// without observations.
    ///
    /// Within a bucket observations are taken to lie evenly: by ratio where widths grow
    /// by a factor, by difference between given bounds.
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let rank = q.clamp(0.0, 1.0) * self.bucketed() as f64;
        let mut below = 0_u64;
        let mut last = None;
        let mut found = None;
        self.each(|cell| {
            if cell.count == 0 || found.is_some() {
                return;
            }
            last = Some(cell);
            let with = below.saturating_add(cell.count);
            if with as f64 >= rank {
                let inside = ((rank - below as f64) / cell.count as f64).clamp(0.0, 1.0);
                found = Some((cell, inside));
            }
            below = with;
        });
        let (cell, inside) = found.or(last.map(|cell| (cell, 1.0)))?;
        // Extremes that contradict the bucket are those of another count.
        let within = |it: f64| cell.low <= it && it <= cell.high;
        let low = if within(self.min) { self.min } else { cell.low };
        let high = if within(self.max) {
            self.max
        } else {
            cell.high
        };
        let value = if !high.is_finite() {
            low
        } else if !low.is_finite() {
            high
        } else if low > 0.0 && cell.by_ratio {
            low * (high / low).powf(inside)
        } else {
            low + (high - low) * inside
        };
        Some(Quantile { value, low, high })
    }

    /// Observations that are in buckets; a damaged sender may count others.
    fn bucketed(&self) -> u64 {
        let mut sum = 0_u64;
        self.each(|cell| sum = sum.saturating_add(cell.count));
        sum
    }

    /// Number of observations at most `value`, as a fraction where a bucket is cut.
    pub fn at_most(&self, value: f64) -> f64 {
        let mut sum = 0.0;
        self.each(|cell| {
            let count = cell.count as f64;
            if cell.high <= value {
                sum += count;
            } else if cell.low < value && cell.high.is_finite() && cell.low.is_finite() {
                let inside = if cell.by_ratio && cell.low > 0.0 {
                    (value / cell.low).ln() / (cell.high / cell.low).ln()
                } else {
                    (value - cell.low) / (cell.high - cell.low)
                };
                sum += count * inside;
            }
        });
        sum
    }

    /// Visits the buckets from the lowest to the highest.
    pub fn each(&self, mut visit: impl FnMut(Cell)) {
        match &self.buckets {
            Buckets::Exponential(it) => it.each(&mut visit),
            Buckets::Explicit(it) => {
                for (place, count) in it.counts.iter().enumerate() {
                    let below = place.checked_sub(1).and_then(|it_| it.bounds.get(it_));
                    // What is below the first bound lies above zero where that can be.
                    let first = it.bounds.first().copied().unwrap_or(f64::NEG_INFINITY);
                    let least = if first > 0.0 { 0.0 } else { f64::NEG_INFINITY };
                    visit(Cell {
                        low: below.copied().unwrap_or(least),
                        high: it.bounds.get(place).copied().unwrap_or(f64::INFINITY),
                        count: *count,
                        by_ratio: false,
                    });
                }
            }
        }
    }
}

/// One bucket: observations in `(low, high]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Lower bound, not included.
    pub low: f64,
    /// Upper bound, included.
    pub high: f64,
    /// Observations.
    pub count: u64,
    /// Whether its bounds are apart by a factor.
    pub by_ratio: bool,
}

impl Exponential {
    /// The factor between the bounds of a bucket.
    pub fn base(&self) -> f64 {
        (-f64::from(self.scale)).exp2().exp2()
    }

    /// Lower bound of bucket `index`.
    pub fn bound(&self, index: i32) -> f64 {
        (f64::from(index) * (-f64::from(self.scale)).exp2()).exp2()
    }

    fn record(&mut self, value: f64, times: u64) {
        if value == 0.0 {
            self.zero = self.zero.saturating_add(times);
            return;
        }
        loop {
            let scaled = value.abs().log2() * f64::from(self.scale).exp2();
            // Bounded: a 64-bit float spans 2,098 powers of two, so at most 34 bits at
            // scale 20, which clamps; coarser scales fit.
            let index = (scaled.ceil() - 1.0).clamp(-2e9, 2e9) as i32;
            let run = if value > 0.0 {
                &mut self.positive
            } else {
                &mut self.negative
            };
            if run.add(index, times) {
                return;
            }
            self.coarsen();
        }
    }

    /// Halves the number of buckets.
    fn coarsen(&mut self) {
        self.scale = self.scale.saturating_sub(1);
        self.positive.coarsen();
        self.negative.coarsen();
    }

    fn add(&mut self, other: &Self) {
        let mut more = other.clone();
        loop {
            while self.scale > more.scale {
                self.coarsen();
            }
            while more.scale > self.scale {
                more.coarsen();
            }
            let mut positive = self.positive.clone();
            let mut negative = self.negative.clone();
            if positive.merge(&more.positive) && negative.merge(&more.negative) {
                self.positive = positive;
                self.negative = negative;
                self.zero = self.zero.saturating_add(more.zero);
                return;
            }
            self.coarsen();
        }
    }

    fn since(&self, before: &Self) -> Option<Self> {
        let mut before = before.clone();
        if before.scale < self.scale {
            return None;
        }
        while before.scale > self.scale {
            before.coarsen();
        }
        Some(Self {
            scale: self.scale,
            zero: self.zero.checked_sub(before.zero)?,
            positive: self.positive.since(&before.positive)?,
            negative: self.negative.since(&before.negative)?,
        })
    }

    fn each(&self, visit: &mut impl FnMut(Cell)) {
        let cell = |index: i32, count: u64| Cell {
            low: self.bound(index),
            high: self.bound(index.saturating_add(1)),
            count,
            by_ratio: true,
        };
        for (index, count) in self.negative.iter().rev() {
            let of = cell(index, count);
            visit(Cell {
                low: -of.high,
                high: -of.low,
                ..of
            });
        }
        visit(Cell {
            low: 0.0,
            high: 0.0,
            count: self.zero,
            by_ratio: false,
        });
        for (index, count) in self.positive.iter() {
            visit(cell(index, count));
        }
    }
}

impl Run {
    /// Bucket numbers and counts.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> + '_ {
        let numbered = self.counts.iter().enumerate();
        // Bounded by `BUCKETS_MAX` where they are made, and by the wire elsewhere.
        numbered.map(|(place, count)| (self.first.saturating_add(place as i32), *count))
    }

    /// Adds to a bucket; says no when that needs more than [`BUCKETS_MAX`].
    fn add(&mut self, index: i32, count: u64) -> bool {
        if self.counts.is_empty() {
            self.first = index;
            self.counts.push(count);
            return true;
        }
        let first = self.first.min(index);
        let last = i64::from(self.first) + self.counts.len() as i64 - 1;
        let last = last.max(i64::from(index));
        let length = last - i64::from(first) + 1;
        if length > BUCKETS_MAX as i64 {
            return false;
        }
        if first < self.first {
            let before = (self.first - first) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, before));
            self.first = first;
        }
        self.counts.resize(length as usize, 0);
        let place = (index - self.first) as usize;
        self.counts[place] = self.counts[place].saturating_add(count);
        true
    }

    /// Without the empty buckets at both ends; of more than [`BUCKETS_MAX`] between them
    /// the rest is put into the last.
    pub fn trimmed(mut self) -> Self {
        let full = |count: &u64| *count > 0;
        let Some(first) = self.counts.iter().position(full) else {
            return Self::default();
        };
        let last = self.counts.iter().rposition(full).unwrap_or(first);
        self.counts.truncate(last + 1);
        self.counts.drain(..first);
        self.first = self
            .first
            .saturating_add(i32::try_from(first).unwrap_or(i32::MAX));
        if self.counts.len() > BUCKETS_MAX {
            let rest = self.counts.split_off(BUCKETS_MAX);
            let rest = rest.into_iter().fold(0_u64, u64::saturating_add);
            if let Some(last) = self.counts.last_mut() {
                *last = last.saturating_add(rest);
            }
        }
        self
    }

    fn merge(&mut self, other: &Self) -> bool {
        other
            .iter()
            .filter(|(_, count)| *count > 0)
            .all(|(index, count)| self.add(index, count))
    }

    fn coarsen(&mut self) {
        let mut coarse = Self::default();
        for (index, count) in self.iter().filter(|(_, count)| *count > 0) {
            // Half as many numbers need at most half as much room.
            coarse.add(index >> 1, count);
        }
        *self = coarse;
    }

    fn since(&self, before: &Self) -> Option<Self> {
        let mut rest = self.clone();
        for (index, count) in before.iter().filter(|(_, count)| *count > 0) {
            let place = usize::try_from(index.checked_sub(rest.first)?).ok()?;
            let own = rest.counts.get_mut(place)?;
            *own = own.checked_sub(count)?;
        }
        Some(rest)
    }
}

impl Row {
    /// Adds what another row of the same interval observed.
    ///
    /// # Errors
    ///
    /// [`Unlike`] when the buckets do not match.
    pub fn add(&mut self, other: &Self) -> Result<(), Unlike> {
        self.histogram.add(&other.histogram)?;
        self.active_s = match (self.active_s.is_nan(), other.active_s.is_nan()) {
            (true, _) => other.active_s,
            (_, true) => self.active_s,
            _ => self.active_s + other.active_s,
        };
        Ok(())
    }

    /// Observations per second.
    pub fn rate(&self) -> f64 {
        if self.width_ns <= 0 {
            return f64::NAN;
        }
        self.histogram.count as f64 * 1e9 / self.width_ns as f64
    }

    /// Mean number in flight; `NaN` where unknown.
    pub fn active(&self) -> f64 {
        if self.width_ns <= 0 {
            return f64::NAN;
        }
        self.active_s * 1e9 / self.width_ns as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|it| histogram.record(*it));
        histogram
    }

    #[test]
    fn a_percentile_is_within_half_a_bucket_of_the_sorted_values() {
        let values: Vec<f64> = (1..=10_000).map(|it| f64::from(it) * 1e-4).collect();
        let histogram = of(&values);
        for q in [0.5, 0.95, 0.99, 0.999] {
            let exact = values[(q * 10_000.0) as usize - 1];
            let found = histogram.quantile(q);
            assert!(
                found.is_some_and(|it| (it.value / exact - 1.0).abs() < 0.022
                    && it.low <= exact
                    && exact <= it.high),
                "{q}: {found:?} {exact}"
            );
        }
    }

    #[test]
    fn the_bounds_of_a_bucket_belong_to_the_one_below() {
        for value in [1.0, 2.0, 4.0, 0.5] {
            let histogram = of(&[value]);
            histogram.each(|cell| {
                assert!(cell.count == 0 || (cell.low < value && value <= cell.high));
            });
        }
        let mut explicit = Histogram::explicit(&[1.0, 2.0]);
        [1.0, 1.5, 2.0, 9.0]
            .iter()
            .for_each(|it| explicit.record(*it));
        assert!(matches!(&explicit.buckets, Buckets::Explicit(it) if it.counts == [1, 2, 1]));
    }

    #[test]
    fn parts_add_up_to_the_whole_whatever_their_scales() {
        let low: Vec<f64> = (1..500).map(|it| f64::from(it) * 1e-9).collect();
        let high: Vec<f64> = (1..500).map(|it| f64::from(it) * 1e9).collect();
        let mut sum = of(&low);
        assert_eq!(sum.add(&of(&high)), Ok(()));
        let both: Vec<f64> = low.iter().chain(&high).copied().collect();
        let whole = of(&both);
        assert_eq!(sum.count, whole.count);
        assert_eq!(sum.quantile(0.25), whole.quantile(0.25));
        assert_eq!(sum.quantile(0.9), whole.quantile(0.9));
    }

    #[test]
    fn totals_that_fell_began_anew() {
        let before = of(&[0.1, 0.2]);
        let now = of(&[0.1, 0.2, 0.4]);
        let grown = now.since(&before);
        assert!(grown.is_some_and(|it| {
            it.count == 1
                && it
                    .quantile(0.5)
                    .is_some_and(|it| it.low < 0.4 && 0.4 <= it.high * 1.0001)
        }));
        assert_eq!(before.since(&now), None);
        assert_eq!(Histogram::explicit(&[1.0]).since(&now), None);
    }

    #[test]
    fn bounds_that_differ_do_not_add_up() {
        let mut one = Histogram::explicit(&[1.0]);
        one.record(0.5);
        let mut other = Histogram::explicit(&[2.0]);
        other.record(0.5);
        assert_eq!(one.add(&other), Err(Unlike));
        assert_eq!(one.count, 1);
    }

    #[test]
    fn what_cannot_be_observed_is_left_out_and_extremes_fit() {
        let histogram = of(&[f64::NAN, f64::INFINITY, 0.0, -1.0, 1e300, 1e-300]);
        assert_eq!(histogram.count, 4);
        assert_eq!((histogram.min, histogram.max), (-1.0, 1e300));
        assert!(histogram.quantile(1.0).is_some_and(|it| it.value <= 1e300));
        assert_eq!(histogram.at_most(0.0), 2.0);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn extremes_that_one_part_does_not_know_cut_no_percentile() {
        let mut fast = Histogram::explicit(&[0.005, 5.0, 10.0]);
        (0..100).for_each(|_| fast.record(0.003));
        let mut both = Histogram::explicit(&[0.005, 5.0, 10.0]);
        (0..10).for_each(|_| both.record(7.0));
        let slow = both.since(&Histogram::explicit(&[0.005, 5.0, 10.0]));
        fast.add(&slow.expect("a difference"))
            .expect("the same buckets");
        assert!(fast.max.is_nan() && fast.min.is_nan());
        assert!(fast.quantile(0.99).is_some_and(|it| it.value >= 5.0));
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let (mut once, mut each) = (Histogram::default(), Histogram::default());
        once.record_many(0.25, 3);
        (0..3).for_each(|_| each.record(0.25));
        assert_eq!(once, each);
    }
}
