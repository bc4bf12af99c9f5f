//! What a cache of another size would answer, from the keys that were asked for.
//!
//! * [`Curve`]: misses of least-recently-used caches of every size, by Mattson's distances;
//!   of a sample of the keys where there are many.
//! * [`che`]: from the popularities of keys alone.
//!
//! # Source
//!
//! R. L. Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems
//! Journal 9 (1970); C. Waldspurger et al., "Efficient MRC construction with SHARDS", FAST
//! 2015; H. Che, Y. Tung, Z. Wang, JSAC 20 (2002).

use std::collections::HashMap;

use super::{SolveError, check};

/// Requests of a trace, at most.
pub const TRACE_MAX: usize = 50_000_000;

/// Hits of caches of every size.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Requests that found their key at this distance or nearer, by distance from 1.
    within: Vec<f64>,
    /// All requests.
    requests: f64,
    /// What distances of the sample are multiplied by.
    scale: f64,
}

impl Curve {
    /// The curve of a trace of keys; the first `warm` requests fill the cache and do not
    /// count. A `rate` below one takes a sample of the keys.
    ///
    /// # Errors
    ///
    /// A trace that is empty, or too long; a rate outside 0 to 1.
    pub fn of(keys: &[u64], warm: usize, rate: f64) -> Result<Self, SolveError> {
        check::at_most("the number of requests", keys.len() as f64, TRACE_MAX)?;
        check::share(
            "the sampling rate",
            check::positive("the sampling rate", rate)?,
        )?;
        let limit = (rate * u32::MAX as f64) as u32;
        let sampled = |key: &u64| rate >= 1.0 || (mixed(*key) >> 32) as u32 <= limit;
        let kept: Vec<(usize, u64)> = keys
            .iter()
            .copied()
            .enumerate()
            .filter(|it| sampled(&it.1))
            .collect();
        if kept.len() <= kept.iter().filter(|it| it.0 < warm).count() {
            return Err(SolveError::Shape {
                what: "the requests that count",
                found: 0,
                expected: 1,
            });
        }
        let mut distances = Distances::new(kept.len());
        let mut counts: Vec<f64> = Vec::new();
        let mut requests = 0.0;
        for (place, key) in kept {
            let distance = distances.next(key);
            if place < warm {
                continue;
            }
            requests += 1.0;
            if let Some(distance) = distance {
                if counts.len() < distance {
                    counts.resize(distance, 0.0);
                }
                counts[distance - 1] += 1.0;
            }
        }
        // A sample of the keys has more or fewer requests than its part; what is missing or
        // too much is that of the most popular keys, whose distances are short.
        //
        // Source: C. Waldspurger et al., FAST 2015, section 3.3, "SHARDS adj".
        if rate < 1.0 {
            let due = keys.len().saturating_sub(warm) as f64 * rate;
            if counts.is_empty() {
                counts.push(0.0);
            }
            counts[0] += due - requests;
            requests = due;
        }
        let mut sum = 0.0;
        for count in &mut counts {
            sum += *count;
            *count = sum;
        }
        Ok(Self {
            within: counts,
            requests,
            scale: 1.0 / rate,
        })
    }

    /// The curve of a trace that holds a sample of the keys already, of this rate.
    ///
    /// # Errors
    ///
    /// As [`Curve::of`].
    pub fn sampled(keys: &[u64], warm: usize, rate: f64) -> Result<Self, SolveError> {
        check::share(
            "the sampling rate",
            check::positive("the sampling rate", rate)?,
        )?;
        Ok(Self {
            scale: 1.0 / rate,
            ..Self::of(keys, warm, 1.0)?
        })
    }

    /// Share of the requests that a cache for so many keys answers.
    pub fn hit_ratio(&self, entries: f64) -> f64 {
        let place = entries / self.scale;
        if place.is_nan() || place < 1.0 {
            return 0.0;
        }
        let place = (place.floor() as usize).min(self.within.len());
        match place {
            0 => 0.0,
            place => (self.within[place - 1] / self.requests).clamp(0.0, 1.0),
        }
    }
}

/// Spreads keys evenly over 64 bits, so that a part of the range is a random sample.
///
/// # Source
///
/// The finalizer of SplitMix64: G. L. Steele et al., OOPSLA 2014.
fn mixed(key: u64) -> u64 {
    let mut bits = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Distances of keys from their last use, in different keys: a tree of counts over time.
struct Distances {
    /// When each key was asked for last.
    last: HashMap<u64, usize>,
    /// Sums of the marks at the last times, as P. Fenwick's tree.
    tree: Vec<u32>,
    now: usize,
}

impl Distances {
    fn new(requests: usize) -> Self {
        Self {
            last: HashMap::new(),
            tree: vec![0; requests + 1],
            now: 0,
        }
    }

    /// The distance of the next request; `None` for a key that was never asked for.
    fn next(&mut self, key: u64) -> Option<usize> {
        self.now += 1;
        let before = self.last.insert(key, self.now);
        let distance = before.map(|before| {
            let between = self.sum(self.now - 1) - self.sum(before);
            self.add(before, false);
            between as usize + 1
        });
        self.add(self.now, true);
        distance
    }

    fn add(&mut self, mut place: usize, more: bool) {
        while place < self.tree.len() {
            match more {
                true => self.tree[place] += 1,
                false => self.tree[place] -= 1,
            }
            place += place & place.wrapping_neg();
        }
    }

    fn sum(&self, mut place: usize) -> u32 {
        let mut sum = 0;
        while place > 0 {
            sum += self.tree[place];
            place -= place & place.wrapping_neg();
        }
        sum
    }
}

/// Share of the requests that a least-recently-used cache for so many keys answers, where
/// requests for keys come at random with these popularities.
///
/// # Errors
///
/// Popularities that are none.
pub fn che(popularity: &[f64], entries: f64) -> Result<f64, SolveError> {
    check::at_most("the number of keys", popularity.len() as f64, TRACE_MAX)?;
    let entries = check::not_negative("the size of the cache", entries)?;
    check::all_not_negative("a popularity", popularity)?;
    let total = check::positive("the sum of popularities", popularity.iter().sum())?;
    let asked = popularity.iter().filter(|it| **it > 0.0).count();
    if entries >= asked as f64 {
        return Ok(1.0);
    }
    // 1 - e^-x, without losing the digits of small x.
    let within = |p: &f64, time: f64| -(-p / total * time).exp_m1();
    let held = |time: f64| popularity.iter().map(|p| within(p, time)).sum::<f64>();
    // The time that a key stays: after it as many different keys came as there is room for.
    let (mut low, mut high) = (0.0, 1.0);
    while held(high) < entries && high < 1e18 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        match held(middle) < entries {
            true => low = middle,
            false => high = middle,
        }
    }
    let time = (low + high) / 2.0;
    Ok(popularity.iter().map(|p| p / total * within(p, time)).sum())
}

/// A backend's demand when the cache before it answers another share.
///
/// # Errors
///
/// Shares outside 0 to 1, or nothing that was missed before.
pub fn behind(demand_s: f64, hit_before: f64, hit_after: f64) -> Result<f64, SolveError> {
    let demand_s = check::not_negative("the demand", demand_s)?;
    for hit in [hit_before, hit_after] {
        check::share("a hit ratio", hit)?;
    }
    let missed = check::positive("what was missed before", 1.0 - hit_before)?;
    Ok(demand_s * (1.0 - hit_after) / missed)
}
