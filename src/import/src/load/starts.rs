//! When requests of a load test were begun, in bounded memory.
//!
//! * In: start and duration of each request, who sent it, how many users there were.
//! * Out: [`Facts`] for the judgement on omission.
//! * Never: keeps more than [`BINS_MAX`] bins of starts and [`LONGEST_MAX`] of the
//!   longest requests; bins are made wider instead.
//!
//! Start at [`Starts::add`] and [`Starts::facts`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use model::histogram::Histogram;
use model::time::SECOND_NS;

use super::omission::{Facts, Silence};

/// Starts are counted in bins of this width at first.
const BIN_NS: i64 = 50_000_000;

/// At most so many bins: 14 hours without a pause at the first width.
const BINS_MAX: usize = 1 << 20;

/// So many of the longest requests are remembered: those that outlast a silence are
/// among them.
const LONGEST_MAX: usize = 4_096;

/// Pauses are measured of at most so many senders.
const SENDERS_MAX: usize = 65_536;

/// So many silences are looked at, the longest.
const SILENCES_MAX: usize = 16;

/// Starts in the making.
#[derive(Debug)]
pub(crate) struct Starts {
    bin_ns: i64,
    /// First and last start in each bin.
    bins: BTreeMap<i64, (i64, i64)>,
    longest: BinaryHeap<Reverse<(i64, i64)>>,
    senders: HashMap<String, i64>,
    pauses: Histogram,
    durations: Histogram,
    end: i64,
    users: (f64, u64),
    /// Time within iterations of a script, requests and pauses, where that is told.
    iterations_s: f64,
    /// How exact times are.
    resolution_s: f64,
}

impl Default for Starts {
    fn default() -> Self {
        Self {
            bin_ns: BIN_NS,
            bins: BTreeMap::new(),
            longest: BinaryHeap::new(),
            senders: HashMap::new(),
            pauses: Histogram::default(),
            durations: Histogram::default(),
            end: i64::MIN,
            users: (0.0, 0),
            iterations_s: 0.0,
            resolution_s: 0.001,
        }
    }
}

impl Starts {
    /// Takes in a request.
    pub(crate) fn add(&mut self, start: i64, duration_ns: i64, thread: &str) {
        let duration_ns = duration_ns.max(0);
        let end = start.saturating_add(duration_ns);
        self.end = self.end.max(end);
        self.durations.record(duration_ns as f64 / 1e9);
        let bin = self
            .bins
            .entry(start.div_euclid(self.bin_ns))
            .or_insert((start, start));
        *bin = (bin.0.min(start), bin.1.max(start));
        if self.bins.len() > BINS_MAX {
            self.widen();
        }
        self.longest.push(Reverse((duration_ns, start)));
        if self.longest.len() > LONGEST_MAX {
            self.longest.pop();
        }
        if thread.is_empty() {
            return;
        }
        if let Some(last) = self.senders.get_mut(thread) {
            let pause = start.saturating_sub(*last).max(0);
            self.pauses.record(pause as f64 / 1e9);
            *last = end;
        } else if self.senders.len() < SENDERS_MAX {
            self.senders.insert(thread.to_owned(), end);
        }
    }

    /// Takes in the number of users.
    pub(crate) fn users(&mut self, count: f64) {
        if count.is_finite() && count >= 0.0 {
            self.users.0 += count;
            self.users.1 += 1;
        }
    }

    /// Tells that times are not more exact than this.
    pub(crate) fn blur(&mut self, resolution_s: f64) {
        self.resolution_s = self.resolution_s.max(resolution_s);
    }

    /// Takes in how long a user took for one round of its script, pauses included.
    pub(crate) fn iteration(&mut self, seconds: f64) {
        if seconds.is_finite() && seconds > 0.0 {
            self.iterations_s += seconds;
        }
    }

    fn widen(&mut self) {
        self.bin_ns *= 2;
        let mut wide: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for (_, (first, last)) in std::mem::take(&mut self.bins) {
            let bin = wide
                .entry(first.div_euclid(self.bin_ns))
                .or_insert((first, last));
            *bin = (bin.0.min(first), bin.1.max(last));
        }
        self.bins = wide;
    }

    /// What is known of the whole test.
    pub(crate) fn facts(&self) -> Facts {
        let begin = self.bins.values().next().map_or(0, |it| it.0);
        let span_s = self.end.saturating_sub(begin).max(0) as f64 / SECOND_NS as f64;
        let count = self.durations.count;
        let throughput = if span_s > 0.0 {
            count as f64 / span_s
        } else {
            f64::NAN
        };
        // The typical pause: one that all senders make at once is rare, and no pause
        // that anybody planned.
        let typical = self.pauses.quantile(0.5).map(|it| it.value);
        let of_scripts = self.iterations_s - self.durations.sum;
        let pause_s = if self.iterations_s > 0.0 {
            Some((of_scripts / count.max(1) as f64).max(0.0))
        } else {
            typical
        };
        Facts {
            resolution_s: self.resolution_s,
            span_s,
            count,
            throughput,
            response_s: self.durations.mean(),
            pause_s,
            users: (self.users.1 > 0).then(|| self.users.0 / self.users.1 as f64),
            silences: self.silences(),
            durations: self.durations.clone(),
        }
    }

    /// The longest stretches without a start, with how many requests outlasted them.
    fn silences(&self) -> Vec<Silence> {
        let mut gaps: Vec<(i64, i64)> = Vec::new();
        let mut last: Option<i64> = None;
        for (first, end) in self.bins.values() {
            if let Some(last) = last {
                gaps.push((first.saturating_sub(last), last));
            }
            last = Some(*end);
        }
        gaps.sort_unstable_by_key(|it| Reverse(*it));
        gaps.truncate(SILENCES_MAX);
        let silence = |(length, from): (i64, i64)| {
            // One that ended a little before somebody began anew was waited for too.
            let until = from.saturating_add(length - length / 5);
            let waited = self.longest.iter().filter(|Reverse((duration, start))| {
                *start <= from && start.saturating_add(*duration) >= until
            });
            Silence {
                from,
                length_s: length as f64 / SECOND_NS as f64,
                waited_for: waited.count(),
            }
        };
        gaps.into_iter().map(silence).collect()
    }
}
