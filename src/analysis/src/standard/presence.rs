//! How much of a series is there, by the time between its samples.
//!
//! Start at [`of`].

use model::time::{SECOND_NS, Span};

/// Neighbors further apart than this many steps have something missing between them.
pub const GAP_STEPS: f64 = 2.5;

/// A sample counts for its step up to this many steps before the next one.
const LATE_STEPS: f64 = 1.5;

/// How a series lies in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presence {
    /// Samples that are numbers.
    pub count: u64,
    /// Typical time between samples, nanoseconds; 0 for fewer than two.
    pub step_ns: i64,
    /// Share of the window that its samples stand for at that step, 0 to 1.
    pub share: f64,
}

/// Looks at the samples inside a window.
///
/// The window is cut to where the series could have been: a step may be missing at both
/// ends. `step_ns` is what to expect; the median of what is there when `None`.
pub fn of(window: Span, (at, values): (&[i64], &[f64]), step_ns: Option<i64>) -> Presence {
    let numbers = at.iter().zip(values).filter(|(_, it)| !it.is_nan());
    let times: Vec<i64> = numbers.map(|(at, _)| *at).collect();
    let mut steps: Vec<i64> = times.windows(2).map(|it| it[1] - it[0]).collect();
    let typical = match steps.len() {
        0 => 0,
        count => *steps.select_nth_unstable(count / 2).1,
    };
    let count = times.len() as u64;
    let expected = step_ns.unwrap_or(typical);
    if expected <= 0 || times.is_empty() {
        return Presence {
            count,
            step_ns: typical,
            share: 0.0,
        };
    }
    let step = expected as f64;
    let stands_for = |elapsed: f64| match elapsed <= LATE_STEPS * step {
        true => elapsed,
        false => step,
    };
    let (first, last) = (times[0], times[times.len() - 1]);
    let before = (first - window.from.0).max(0) as f64;
    let after = (window.to.0 - last).max(0) as f64;
    let inner: f64 = times
        .windows(2)
        .map(|it| stands_for((it[1] - it[0]) as f64))
        .sum();
    let covered = inner + stands_for(before) + stands_for(after);
    let length = before + after + (last - first) as f64;
    Presence {
        count,
        step_ns: typical,
        share: if length > 0.0 {
            (covered / length).clamp(0.0, 1.0)
        } else {
            1.0
        },
    }
}

/// The longest time between samples that is no gap.
pub fn gap_ns(step_ns: i64) -> i64 {
    ((step_ns.max(1)) as f64 * GAP_STEPS) as i64
}

/// Nanoseconds of a number of seconds.
pub fn ns(seconds: f64) -> i64 {
    (seconds * SECOND_NS as f64) as i64
}
