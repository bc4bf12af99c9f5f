//! How fast an error budget is spent, over pairs of windows.
//!
//! A burn rate of one spends the budget exactly in its period. A pair raises its alert
//! while both its windows burn faster than its rate: the long one says that it matters,
//! the short one that it goes on.
//!
//! * In: what was bad and what there was in all, by time.
//! * Out: the burn rates now, and which pairs fire.
//! * Never: judges a window that was not seen whole, or reads a clock.
//!
//! Start at [`Meter::step`].
//!
//! # Source
//!
//! B. Beyer et al., *The Site Reliability Workbook*, O'Reilly, 2018, chapter 5:
//! multiwindow, multi-burn-rate alerts.

use std::collections::VecDeque;

use model::standard::Burn;
use model::time::{Moment, SECOND_NS, Span};

/// Buckets of a short window: what leaves it is known to a thirtieth of it.
const BUCKETS_A_SHORT: i64 = 30;

/// Buckets that are kept at most: 100,000 of 32 bytes are 3 MB a rule and series.
const BUCKETS_MAX: usize = 100_000;

/// What there was in a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// What was bad of it.
    pub bad: f64,
    /// All of it.
    pub total: f64,
}

/// One pair of windows, now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The pair.
    pub burn: Burn,
    /// Burn rate of the long window; `None` until it was seen whole.
    pub long: Option<f64>,
    /// Burn rate of the short window.
    pub short: Option<f64>,
    /// Since when it fires, if it does.
    pub since: Option<Moment>,
}

impl Pair {
    /// Whether both windows burn too fast.
    fn is_burning(&self) -> bool {
        let over = |rate: Option<f64>| rate.is_some_and(|it| it > self.burn.rate);
        over(self.long) && over(self.short)
    }
}

/// What one step changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The pair of this place fires.
    Fired(usize),
    /// The pair of this place fires no more; it did in this stretch.
    Resolved(usize, Span),
}

/// Spends a budget as samples come.
#[derive(Clone, Debug)]
pub struct Meter {
    budget: f64,
    pairs: Vec<Pair>,
    bucket_ns: i64,
    longest_ns: i64,
    buckets: VecDeque<(i64, Share)>,
    first: Option<i64>,
    last: Option<i64>,
}

impl Meter {
    /// A budget of `1 - objective` with its pairs of windows.
    pub fn new(objective: f64, burn: &[Burn]) -> Self {
        let shortest = burn
            .iter()
            .map(|it| it.short_s)
            .fold(f64::INFINITY, f64::min);
        let longest = burn.iter().map(|it| it.long_s).fold(0.0, f64::max);
        let ns = |seconds: f64| (seconds * SECOND_NS as f64) as i64;
        let fine = ns(shortest.min(longest)) / BUCKETS_A_SHORT;
        let coarse = ns(longest) / BUCKETS_MAX as i64;
        Self {
            budget: (1.0 - objective).max(f64::MIN_POSITIVE),
            pairs: burn
                .iter()
                .map(|burn| Pair {
                    burn: *burn,
                    long: None,
                    short: None,
                    since: None,
                })
                .collect(),
            bucket_ns: fine.max(coarse).max(1),
            longest_ns: ns(longest),
            buckets: VecDeque::new(),
            first: None,
            last: None,
        }
    }

    /// The pairs, in their order.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Takes in what there was at a moment later than the last; gaps are not told at all.
    ///
    /// Costs the number of buckets in the longest window once a bucket, else nothing.
    pub fn step(&mut self, at: i64, share: Share) -> Vec<Change> {
        let fits = share.bad.is_finite() && share.total.is_finite();
        if !fits || self.last.is_some_and(|last| at <= last) {
            return Vec::new();
        }
        let first = *self.first.get_or_insert(at);
        self.last = Some(at);
        let bucket = at.div_euclid(self.bucket_ns);
        let is_new = match self.buckets.back_mut() {
            Some((known, sum)) if *known == bucket => {
                sum.bad += share.bad;
                sum.total += share.total;
                false
            }
            _ => {
                self.buckets.push_back((bucket, share));
                true
            }
        };
        while self.buckets.len() > 1
            && self.buckets.front().is_some_and(|(known, _)| {
                (known + 1).saturating_mul(self.bucket_ns) <= at.saturating_sub(self.longest_ns)
            })
        {
            self.buckets.pop_front();
        }
        if is_new {
            self.judge(first, at)
        } else {
            Vec::new()
        }
    }

    fn judge(&mut self, first: i64, at: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        for place in 0..self.pairs.len() {
            let burn = self.pairs[place].burn;
            let rate = |seconds: f64| self.rate((first, at), seconds);
            let (long, short) = (rate(burn.long_s), rate(burn.short_s));
            let pair = &mut self.pairs[place];
            (pair.long, pair.short) = (long, short);
            match (pair.is_burning(), pair.since) {
                (true, None) => {
                    pair.since = Some(Moment(at));
                    changes.push(Change::Fired(place));
                }
                (false, Some(since)) => {
                    pair.since = None;
                    let span = Span::between(since, Moment(at));
                    changes.push(Change::Resolved(place, span));
                }
                _ => {}
            }
        }
        changes
    }

    /// The burn rate of the last so many seconds; `None` until they were all seen.
    fn rate(&self, (first, at): (i64, i64), seconds: f64) -> Option<f64> {
        let length = (seconds * SECOND_NS as f64) as i64;
        let from = at.saturating_sub(length);
        if first > from.saturating_add(self.bucket_ns) {
            return None;
        }
        let inside = self.buckets.iter().rev();
        let inside = inside.take_while(|(bucket, _)| bucket.saturating_mul(self.bucket_ns) >= from);
        let sum = inside.fold(Share::default(), |sum, (_, it)| Share {
            bad: sum.bad + it.bad,
            total: sum.total + it.total,
        });
        (sum.total > 0.0).then(|| sum.bad / sum.total / self.budget)
    }
}

/// Where each pair fired over whole columns, with the place of the pair, by time.
pub fn episodes(mut meter: Meter, at: &[i64], shares: &[Share]) -> Vec<(usize, Span)> {
    let mut found = Vec::new();
    for (at, share) in at.iter().zip(shares) {
        for change in meter.step(*at, *share) {
            if let Change::Resolved(place, span) = change {
                found.push((place, span));
            }
        }
    }
    let last = meter.last.unwrap_or_default();
    for (place, pair) in meter.pairs.iter().enumerate() {
        if let Some(since) = pair.since {
            found.push((place, Span::between(since, Moment(last.saturating_add(1)))));
        }
    }
    found.sort_by_key(|(place, span)| (span.from, *place));
    found
}

#[cfg(test)]
mod tests;
