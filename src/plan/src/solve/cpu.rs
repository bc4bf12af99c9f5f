//! Processors: how many there are for a group, and what a quota does to a burst.
//!
//! # Source
//!
//! Linux `Documentation/scheduler/sched-bwc.rst` and `Documentation/admin-guide/cgroup-v2.rst`.

use super::{SolveError, bounded, not_negative, positive};

/// A hyper-threaded pair is worth so many processors where nothing was measured.
///
/// # Source
///
/// Intel, *Hyper-Threading Technology Architecture and Microarchitecture*, 2002: up to 30 %.
pub const PAIR: f64 = 1.25;

/// What bounds the processors of a group; `None` where something does not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Processors of the machine.
    pub machine: f64,
    /// Processors of its set.
    pub set: Option<f64>,
    /// Quota and period, in one unit.
    pub quota: Option<(f64, f64)>,
    /// Its weight, and the sum of all weights that want the processors.
    pub weights: Option<(f64, f64)>,
    /// Processors that others use.
    pub others: f64,
    /// Share that the machine below does not give.
    pub steal: f64,
}

/// Processors that a group may use.
///
/// A weight counts only where all want the processors: then the group has at least its
/// share, and what others leave where that is more.
///
/// # Errors
///
/// Numbers that are none.
pub fn capacity(limits: &Limits) -> Result<f64, SolveError> {
    let machine = positive("the number of processors", limits.machine)?;
    let others = not_negative("what others use", limits.others)?;
    let steal = not_negative("steal", limits.steal)?;
    let given = machine * (1.0 - steal.min(1.0));
    let left = (given - others).max(0.0);
    let free = match limits.weights {
        Some((own, all)) => {
            let share = positive("a weight", own)? / positive("the sum of weights", all)?;
            left.max(given * share.min(1.0))
        }
        None => left,
    };
    let set = limits.set.unwrap_or(f64::INFINITY);
    let quota = match limits.quota {
        Some((quota, period)) => positive("a quota", quota)? / positive("a period", period)?,
        None => f64::INFINITY,
    };
    Ok(free.min(set).min(quota))
}

/// Processors of all members of groups that all want them: of each group the share of one
/// member. `groups` holds weight and number of members.
///
/// # Errors
///
/// Numbers that are none.
pub fn shares(groups: &[(f64, f64)]) -> Result<Vec<f64>, SolveError> {
    bounded("the number of groups", groups.len() as f64, 1e5)?;
    let mut total = 0.0;
    for (weight, members) in groups {
        total += positive("a weight", *weight)? * not_negative("a number of members", *members)?;
    }
    let total = positive("the sum of all weights", total)?;
    Ok(groups.iter().map(|it| it.0 / total).collect())
}

/// Seconds that a burst of work takes under a quota, beginning with a fresh period: the
/// group stands still for the rest of each period whose quota it used up.
///
/// # Errors
///
/// Numbers that are none; a quota above its period on one processor.
pub fn stalled(work_s: f64, quota_s: f64, period_s: f64) -> Result<f64, SolveError> {
    let work_s = not_negative("the work", work_s)?;
    let quota_s = positive("the quota", quota_s)?;
    let period_s = positive("the period", period_s)?;
    if quota_s > period_s {
        return Ok(work_s);
    }
    let whole = (work_s / quota_s).floor();
    // A burst that ends just as its quota does needs no further period.
    let stalls = match work_s > 0.0 && whole * quota_s == work_s {
        true => whole - 1.0,
        false => whole,
    };
    Ok(work_s + stalls * (period_s - quota_s))
}
