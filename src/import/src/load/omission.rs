//! Whether the percentiles of a load test can be believed: coordinated omission.
//!
//! Users do not wait for each other. A generator that does - it sends the next request
//! only when the one before was answered - sends fewer when the system stalls: where 100
//! a second would have come for two seconds, it sends one, and waits. One bad response
//! time is recorded instead of 200, so the 99th percentile looks as if nothing had
//! happened. Some tools correct for that: they add the values that were left out, or
//! count from when a request was due.
//!
//! None of it is written in a file, but its figures show it:
//!
//! * **A silence that was waited through.** Nobody began a request for a time that is
//!   long against the usual distance of starts, while requests were under way that took
//!   as long as the silence. At the rate outside of silences, `rate × length` requests
//!   were left out; at even distances they would have waited `length, …, 0`. With these
//!   added the percentile is told as it would have been.
//! * **Users who do nothing visible.** By Little's law `N = X (R + Z)`: users are
//!   throughput times the time of a round, response and pause. Where `X (R + Z)` is much
//!   less than `N`, users waited for something that is in no response time: a pool of
//!   connections, a processor of the generator.
//! * **More than an interval can hold.** In an interval of length `L` requests that end
//!   in it add up to at most about `c (L + M)` of response time, where `c` is how many
//!   are in flight and `M` the longest. Values that were added to correct break this
//!   by far: one of `v` with an expected interval `i` becomes `v / i` values that add up
//!   to `v² / 2i`.
//!
//! * In: [`Facts`] of a test, or [`Interval`]s of a log.
//! * Out: sentences with the figures; none where nothing is suspicious.
//! * Never: corrects anything that is stored.
//!
//! # Source
//!
//! G. Tene, "How NOT to Measure Latency" (2013) and the documentation of HdrHistogram on
//! `recordValueWithExpectedInterval`. J. D. C. Little, "A proof for the queuing formula
//! L = λW", Operations Research 9 (1961).

use model::histogram::Histogram;
use model::time::{Moment, duration_text};
use model::unit::digits;

use crate::histograms::record_many;

/// Shorter silences are scheduling.
const SILENCE_LEAST_S: f64 = 0.2;

/// A silence is at least so many times the mean distance of starts.
const SILENCE_LEAST_STARTS: f64 = 10.0;

/// And at least so many times what a time may be off.
const SILENCE_LEAST_TIMES: f64 = 3.0;

/// Fewer requests that were left out change no percentile worth telling.
const OMITTED_LEAST: f64 = 10.0;

/// Fewer requests say nothing.
const REQUESTS_LEAST: u64 = 50;

/// Users are explained where throughput times round is at least this share of them.
const EXPLAINED_SHARE: f64 = 0.7;

/// Users that are not explained must be at least so many.
const UNEXPLAINED_LEAST: f64 = 1.0;

/// An interval holds corrected values when it holds so many times what it can.
const CORRECTED_TIMES: f64 = 3.0;

/// And so many times as many values as usual.
const CORRECTED_COUNTS: f64 = 1.2;

/// Omitted requests are spread over so many values.
const SYNTHETIC_VALUES: u32 = 256;

/// Percentiles of which the one is told that differs most.
const TAILS: [(f64, &str); 4] = [
    (0.9, "90th"),
    (0.95, "95th"),
    (0.99, "99th"),
    (0.999, "99.9th"),
];

/// What is known of a test.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// How exact times are.
    pub resolution_s: f64,
    /// From the first start to the last end.
    pub span_s: f64,
    /// Requests.
    pub count: u64,
    /// Requests per second.
    pub throughput: f64,
    /// Mean response time.
    pub response_s: f64,
    /// What a user typically pauses between requests; none where it cannot be seen.
    pub pause_s: Option<f64>,
    /// Mean number of users, where told.
    pub users: Option<f64>,
    /// The longest stretches without a start.
    pub silences: Vec<Silence>,
    /// Response times in seconds.
    pub durations: Histogram,
}

/// A stretch in which no request was begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Silence {
    /// The last start before it.
    pub from: i64,
    /// How long.
    pub length_s: f64,
    /// Requests that were under way all through it.
    pub waited_for: usize,
}

/// One interval of a log of histograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    /// When it began.
    pub from: i64,
    /// How long it is.
    pub length_s: f64,
    /// Values in it.
    pub count: u64,
    /// Their sum in seconds.
    pub sum_s: f64,
    /// The longest.
    pub max_s: f64,
}

/// Judges a test of which single requests are known.
pub(crate) fn of_requests(facts: &Facts) -> Vec<String> {
    if facts.count < REQUESTS_LEAST {
        return Vec::new();
    }
    [waited_through(facts), unexplained_users(facts)]
        .into_iter()
        .flatten()
        .collect()
}

/// Silences in which a closed loop waited.
fn waited_through(facts: &Facts) -> Option<String> {
    let usual_s = facts.span_s / facts.count as f64;
    let least_s = SILENCE_LEAST_S
        .max(SILENCE_LEAST_STARTS * usual_s)
        .max(SILENCE_LEAST_TIMES * facts.resolution_s);
    let mut silent_s = 0.0;
    let stalls: Vec<&Silence> = facts
        .silences
        .iter()
        .filter(|it| it.length_s >= least_s)
        .inspect(|it| silent_s += it.length_s)
        .filter(|it| it.waited_for > 0)
        .collect();
    let longest = stalls.first()?;
    let rate = facts.count as f64 / (facts.span_s - silent_s).max(usual_s);
    let mut corrected = facts.durations.clone();
    let mut omitted = 0.0;
    for stall in &stalls {
        omitted += rate * stall.length_s;
        add_omitted(&mut corrected, stall.length_s, rate);
    }
    if omitted < OMITTED_LEAST {
        return None;
    }
    let (tail, would_be, is) = most_changed(&facts.durations, &corrected)?;
    let others = match stalls.len() {
        1 => String::new(),
        more => format!(" ({more} such stretches in all)"),
    };
    Some(format!(
        "percentiles are blind to coordinated omission: from {} on no request was begun for {} \
         while {} under way, though {} a second is usual{others}; with the about {} that were \
         left out the {tail} percentile is {} instead of {}",
        Moment(longest.from),
        duration_text(longest.length_s),
        match longest.waited_for {
            1 => "one was".to_owned(),
            many => format!("{many} were"),
        },
        digits(rate),
        digits(omitted.round()),
        duration_text(would_be),
        duration_text(is),
    ))
}

/// The percentile that correction changes most: its name, corrected and as it is.
fn most_changed(is: &Histogram, would_be: &Histogram) -> Option<(&'static str, f64, f64)> {
    let both = TAILS.iter().filter_map(|(share, name)| {
        let (would_be, is) = (would_be.quantile(*share)?, is.quantile(*share)?);
        Some((*name, would_be.value, is.value))
    });
    both.max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)))
}

/// Requests due at even distances within a silence wait for what is left of it.
fn add_omitted(into: &mut Histogram, length_s: f64, rate: f64) {
    let omitted = (rate * length_s).round().clamp(0.0, 1e12);
    let values = f64::from(SYNTHETIC_VALUES).min(omitted);
    let mut given = 0.0;
    for value in 0..SYNTHETIC_VALUES {
        let number = f64::from(value);
        if number >= values {
            return;
        }
        // Each stands for an even share of them, in whole requests.
        let upto = (omitted * (number + 1.0) / values).round();
        let wait_s = length_s * (1.0 - (number + 0.5) / values);
        record_many(into, wait_s, (upto - given) as u64);
        given = upto;
    }
}

/// Users whom Little's law does not find.
fn unexplained_users(facts: &Facts) -> Option<String> {
    let users = facts.users?;
    let busy = facts.throughput * facts.response_s;
    let paused = facts.throughput * facts.pause_s.unwrap_or(0.0);
    let missing = users - busy - paused;
    if missing.is_nan() || missing < UNEXPLAINED_LEAST || busy + paused >= EXPLAINED_SHARE * users {
        return None;
    }
    let (pauses, meaning) = match facts.pause_s {
        Some(_) => (
            format!(" and typical pauses account for {}", digits(paused)),
            "the others waited for something that is in no response time, such as a processor \
             or a connection of the generator: percentiles are blind to coordinated omission",
        ),
        None => (
            ", and pauses cannot be seen in this file".to_owned(),
            "unless the others paused as planned, they waited for something that is in no \
             response time, and percentiles are blind to coordinated omission",
        ),
    };
    Some(format!(
        "there were {} users, of whom throughput × response time ({} a second × {}) finds {}{pauses}; \
         {meaning}",
        digits(users),
        digits(facts.throughput),
        duration_text(facts.response_s),
        digits(busy),
    ))
}

/// Judges a log of which intervals are known: one sentence at most.
pub(crate) fn of_intervals(intervals: &[Interval]) -> Option<String> {
    let full: Vec<&Interval> = intervals
        .iter()
        .filter(|it| it.count > 0 && it.length_s > 0.0)
        .collect();
    let total: u64 = full.iter().map(|it| it.count).sum();
    if total < REQUESTS_LEAST || full.len() < 2 {
        return None;
    }
    let in_flight = median(full.iter().map(|it| it.sum_s / it.length_s));
    let usual_rate = median(full.iter().map(|it| it.count as f64 / it.length_s));
    corrected(&full, in_flight, usual_rate).or_else(|| silent(intervals, usual_rate))
}

/// Intervals that hold more than they can.
fn corrected(full: &[&Interval], in_flight: f64, usual_rate: f64) -> Option<String> {
    let holds = |it: &Interval| (in_flight + 1.0) * (it.length_s + it.max_s);
    let too_much = |it: &&&Interval| {
        it.sum_s > CORRECTED_TIMES * holds(it)
            && it.count as f64 > CORRECTED_COUNTS * usual_rate * it.length_s
    };
    let worst = full
        .iter()
        .filter(too_much)
        .max_by(|a, b| (a.sum_s / holds(a)).total_cmp(&(b.sum_s / holds(b))))?;
    Some(format!(
        "latencies are corrected for coordinated omission, or measured from when a request was \
         due: the {} values of the interval from {} on add up to {} of response time, where {} \
         that are in flight can have at most about {}",
        worst.count,
        Moment(worst.from),
        duration_text(worst.sum_s),
        digits(in_flight),
        duration_text(holds(worst)),
    ))
}

/// Intervals without a value that were waited through.
fn silent(intervals: &[Interval], usual_rate: f64) -> Option<String> {
    let mut silent_s = 0.0;
    let mut from = 0;
    for it in intervals {
        if it.count == 0 {
            from = if silent_s == 0.0 { it.from } else { from };
            silent_s += it.length_s.max(0.0);
            continue;
        }
        let omitted = usual_rate * silent_s;
        if silent_s > 0.0 && it.max_s >= 0.8 * silent_s && omitted >= OMITTED_LEAST {
            return Some(format!(
                "percentiles are blind to coordinated omission: from {} on nothing was recorded \
                 for {}, and the longest response after it took {}; at the usual {} a second \
                 about {} were left out",
                Moment(from),
                duration_text(silent_s),
                duration_text(it.max_s),
                digits(usual_rate),
                digits(omitted.round()),
            ));
        }
        silent_s = 0.0;
    }
    None
}

/// The middle one; `NaN` of none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests;
