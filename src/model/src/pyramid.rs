//! The pyramid: minimum, maximum and count of a column at every zoom.
//!
//! A plot of `n` samples on `w` pixels costs a few buckets a pixel whatever `n`
//! is, and a spike of one sample keeps its full height at every zoom, because a
//! bucket keeps its extremes instead of choosing representatives. `NaN` is never
//! counted; a bucket without numbers is a gap.
//!
//! * In: the values of a column as it is drawn (rates for counters).
//! * Out: extremes over any range of rows, exact to whole base buckets.
//! * Never: knows time; the caller maps pixels to rows.
//!
//! Start at [`Pyramid::build`] and [`Pyramid::extent`]; live columns use
//! [`Pyramid::push`].

use std::ops::Range;

/// Samples in a bucket of the lowest level: about 3 % of the data (16 bytes for
/// 64 samples of 8).
pub const BASE: usize = 64;

/// Buckets of one level that make one bucket of the next.
pub const FAN: usize = 8;

/// Extremes of a range of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Smallest number; `+∞` when there is none.
    pub min: f64,
    /// Largest number; `−∞` when there is none.
    pub max: f64,
    /// How many numbers (not `NaN`).
    pub count: u64,
}

/// One level: extremes as single precision, rounded outwards so that no spike shrinks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    /// Smallest number of each bucket.
    pub min: Vec<f32>,
    /// Largest number of each bucket.
    pub max: Vec<f32>,
    /// Numbers in each bucket.
    pub count: Vec<u32>,
}

/// Extremes at every zoom of one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pyramid {
    samples: usize,
    levels: Vec<Level>,
}

impl Extent {
    /// The extent of nothing.
    pub const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        count: 0,
    };

    /// The extremes of a slice; faster than adding one by one.
    pub fn of(values: &[f64]) -> Self {
        extent_of(values)
    }

    /// Whether there is no number inside.
    pub fn is_gap(&self) -> bool {
        self.count == 0
    }

    /// Takes in one more sample; `NaN` changes nothing.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.count += 1;
    }

    /// Takes in another extent.
    pub fn merge(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count += other.count;
    }
}

impl FromIterator<f64> for Extent {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut extent = Self::EMPTY;
        for value in values {
            extent.add(value);
        }
        extent
    }
}

impl Level {
    fn extent(&self, bucket: usize) -> Extent {
        Extent {
            min: f64::from(self.min[bucket]),
            max: f64::from(self.max[bucket]),
            count: u64::from(self.count[bucket]),
        }
    }

    fn push(&mut self, extent: &Extent) {
        self.min.push(round_down(extent.min));
        self.max.push(round_up(extent.max));
        self.count
            .push(u32::try_from(extent.count).unwrap_or(u32::MAX));
    }

    fn replace_last(&mut self, extent: &Extent) {
        self.min.pop();
        self.max.pop();
        self.count.pop();
        self.push(extent);
    }

    fn len(&self) -> usize {
        self.count.len()
    }
}

impl Pyramid {
    /// Builds the pyramid of a whole column in one pass.
    pub fn build(values: &[f64]) -> Self {
        let mut base = Level::default();
        for chunk in values.chunks(BASE) {
            base.push(&extent_of(chunk));
        }
        Self::from_base(values.len(), base)
    }

    /// Rebuilds the upper levels over a stored base level of `samples` samples.
    pub fn from_base(samples: usize, base: Level) -> Self {
        let mut levels = vec![base];
        while let Some(top) = levels.last().filter(|level| level.len() > FAN) {
            let mut next = Level::default();
            for first in (0..top.len()).step_by(FAN) {
                let mut extent = Extent::EMPTY;
                for bucket in first..(first + FAN).min(top.len()) {
                    extent.merge(&top.extent(bucket));
                }
                next.push(&extent);
            }
            levels.push(next);
        }
        Self { samples, levels }
    }

    /// Number of samples covered, gaps included.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether no sample is covered.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The lowest level, the one worth storing.
    pub fn base(&self) -> Option<&Level> {
        self.levels.first()
    }

    /// Takes in one more sample at the end.
    pub fn push(&mut self, value: f64) {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let mut extent = Extent::EMPTY;
        extent.add(value);
        let mut width = BASE;
        let mut level = 0;
        loop {
            if self.samples.is_multiple_of(width) {
                self.levels[level].push(&extent);
            } else {
                let last = self.levels[level].len() - 1;
                let mut merged = self.levels[level].extent(last);
                merged.merge(&extent);
                self.levels[level].replace_last(&merged);
            }
            if self.levels[level].len() <= FAN {
                break;
            }
            if level + 1 == self.levels.len() {
                let below = &self.levels[level];
                let mut first = Extent::EMPTY;
                for bucket in 0..FAN {
                    first.merge(&below.extent(bucket));
                }
                let mut next = Level::default();
                next.push(&first);
                self.levels.push(next);
            }
            level += 1;
            width *= FAN;
        }
        self.samples += 1;
    }

    /// The extremes of `rows`, widened to whole base buckets.
    ///
    /// Costs a few buckets a level. Rows past the end add nothing.
    pub fn extent(&self, rows: Range<usize>) -> Extent {
        let end = rows.end.min(self.samples);
        if rows.start >= end {
            return Extent::EMPTY;
        }
        self.buckets(rows.start / BASE..end.div_ceil(BASE))
    }

    /// The extremes of a range of base buckets.
    pub fn buckets(&self, range: Range<usize>) -> Extent {
        let mut extent = Extent::EMPTY;
        let (mut from, mut to) = (range.start, range.end);
        for (height, level) in self.levels.iter().enumerate() {
            to = to.min(level.len());
            let top = height + 1 == self.levels.len();
            if top {
                for bucket in from..to {
                    extent.merge(&level.extent(bucket));
                }
                break;
            }
            while from < to && !from.is_multiple_of(FAN) {
                extent.merge(&level.extent(from));
                from += 1;
            }
            while from < to && !to.is_multiple_of(FAN) {
                to -= 1;
                extent.merge(&level.extent(to));
            }
            if from >= to {
                break;
            }
            from /= FAN;
            to /= FAN;
        }
        extent
    }

    /// Bytes held, for budgets.
    pub fn size_bytes(&self) -> usize {
        self.levels.iter().map(|level| level.len() * 12).sum()
    }
}

/// Extremes of a slice in two comparisons a sample, so that it vectorises.
fn extent_of(values: &[f64]) -> Extent {
    let mut min = f64::INFINITY;
    let mut max = f64::NEG_INFINITY;
    let mut count = 0_u64;
    for value in values {
        min = if *value < min { *value } else { min };
        max = if *value > max { *value } else { max };
        count += u64::from(!value.is_nan());
    }
    Extent { min, max, count }
}

fn round_down(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) > value {
        near.next_down()
    } else {
        near
    }
}

fn round_up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value {
        near.next_up()
    } else {
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise without a random number generator: a linear congruence.
    fn noise(n: usize) -> Vec<f64> {
        let mut state = 12_345_u64;
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                if state >> 60 == 0 {
                    f64::NAN
                } else {
                    (state >> 33) as f64
                }
            })
            .collect()
    }

    fn brute(values: &[f64], rows: Range<usize>) -> Extent {
        let end = rows.end.min(values.len());
        if rows.start >= end {
            return Extent::EMPTY;
        }
        let from = rows.start / BASE * BASE;
        let to = (end.div_ceil(BASE) * BASE).min(values.len());
        values[from..to].iter().copied().collect()
    }

    #[test]
    fn any_range_is_what_a_scan_finds() {
        let values = noise(70_001);
        let pyramid = Pyramid::build(&values);
        for (i, from) in (0..70_000).step_by(977).enumerate() {
            let rows = from..from + 1 + i * 731;
            let (got, want) = (pyramid.extent(rows.clone()), brute(&values, rows.clone()));
            assert_eq!(got.count, want.count, "{rows:?}");
            assert!(got.min <= want.min && got.max >= want.max, "{rows:?}");
            assert!((got.max - want.max).abs() <= want.max * 1e-6, "{rows:?}");
        }
    }

    #[test]
    fn pushing_gives_what_building_gives() {
        let values = noise(40_000);
        let mut pushed = Pyramid::default();
        for (i, value) in values.iter().enumerate() {
            pushed.push(*value);
            if [1, 63, 64, 65, 576, 577, 4097, 40_000].contains(&(i + 1)) {
                assert_eq!(pushed, Pyramid::build(&values[..=i]), "{}", i + 1);
            }
        }
    }

    #[test]
    fn one_spike_keeps_its_height_at_every_zoom() {
        let mut values = vec![1.0; 100_000];
        values[54_321] = 1e9 + 1.0;
        let pyramid = Pyramid::build(&values);
        let mut width = 1;
        while width <= values.len() {
            let from = 54_321 / width * width;
            assert!(pyramid.extent(from..from + width).max > 1e9, "{width}");
            width *= 3;
        }
    }
}
