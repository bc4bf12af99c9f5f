//! What a processor gives to one group of processes.
//!
//! * [`capacity`]: the cores that limits, neighbors and the hypervisor leave.
//! * [`shares`]: cores by weight, what one group leaves going to the others.
//! * [`burst_seconds`]: how long a quota makes a short burst.
//! * [`core_equivalents`]: what hyper-threads are worth.
//!
//! # Source
//!
//! `cgroup v2` documentation of the kernel: `cpu.max`, `cpu.weight`, `cpuset.cpus`.

use super::{SolveError, check};

/// Cores that the second thread of a core adds, unless it was measured: of 1.2 to 1.3
/// that are usual for the pair.
pub const SECOND_THREAD: f64 = 0.25;

/// Groups that share a processor, at most.
pub const MOST_GROUPS: usize = 100_000;

/// What limits a group of processes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Cores that its `cpuset` allows; those of the machine without one.
    pub allowed_cores: f64,
    /// Quota over period of `cpu.max`; none without a quota.
    pub quota_cores: Option<f64>,
    /// Its weight over the sum of weights of groups that want to run; none if it is alone.
    pub weight_share: Option<f64>,
    /// Cores that others on the same cores were measured to use, where weights do not
    /// already hold them back.
    pub others_cores: f64,
    /// Cores that the hypervisor took.
    pub stolen_cores: f64,
}

/// Cores that a group can use; zero where others take all.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be.
pub fn capacity(limits: &Limits) -> Result<f64, SolveError> {
    let allowed = check::positive("the number of allowed cores", limits.allowed_cores)?;
    let others = check::not_negative("the cores of others", limits.others_cores)?;
    let stolen = check::not_negative("the stolen cores", limits.stolen_cores)?;
    let quota = match limits.quota_cores {
        Some(quota) => check::positive("the quota", quota)?,
        None => allowed,
    };
    let left = (allowed - others - stolen).max(0.0);
    let share = match limits.weight_share {
        Some(share) => check::share("the share by weight", share)? * (allowed - stolen).max(0.0),
        None => 0.0,
    };
    // A weight guarantees its share even where others would take it.
    Ok(quota.min(left.max(share)).min(allowed))
}

/// A group that competes for cores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Its weight.
    pub weight: f64,
    /// Cores that it would use if it were alone.
    pub wanted_cores: f64,
    /// Cores that its quota allows; infinite without one.
    pub quota_cores: f64,
}

/// Cores of each group: by weight, and what one does not want goes to the others by
/// weight.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::TooLarge`] beyond
/// [`MOST_GROUPS`].
pub fn shares(cores: f64, groups: &[Group]) -> Result<Vec<f64>, SolveError> {
    check::positive("the number of cores", cores)?;
    check::at_most("the number of groups", groups.len() as f64, MOST_GROUPS)?;
    let mut most = Vec::with_capacity(groups.len());
    for group in groups {
        check::positive("a weight", group.weight)?;
        check::not_negative("the cores wanted", group.wanted_cores)?;
        let rule = "zero or more";
        if group.quota_cores.is_nan() || group.quota_cores < 0.0 {
            return Err(SolveError::Input {
                what: "a quota",
                rule,
                value: group.quota_cores,
            });
        }
        most.push(group.wanted_cores.min(group.quota_cores));
    }
    // Those that want least for their weight are satisfied first.
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (most[*a] / groups[*a].weight, most[*b] / groups[*b].weight);
        a.total_cmp(&b)
    });
    let mut given = vec![0.0; groups.len()];
    let mut left = cores;
    let mut weights: f64 = groups.iter().map(|it| it.weight).sum();
    for k in order {
        let fair = left * (groups[k].weight / weights).min(1.0);
        given[k] = most[k].min(fair);
        left = (left - given[k]).max(0.0);
        weights -= groups[k].weight;
    }
    Ok(given)
}

/// Share of the whole for one member of each group of equal members, all busy.
///
/// # Errors
///
/// [`SolveError::Input`] for weights that are not positive or negative numbers.
pub fn entitlements(groups: &[(f64, f64)]) -> Result<Vec<f64>, SolveError> {
    check::some("the list of groups", groups.len())?;
    let mut sum = 0.0;
    for (weight, members) in groups {
        check::positive("a weight", *weight)?;
        check::not_negative("the number of members", *members)?;
        sum += weight * members;
    }
    check::positive("the sum of weights", sum)?;
    Ok(groups.iter().map(|(weight, _)| weight / sum).collect())
}

/// A limit of processor time per period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Processor time that may be used in a period.
    pub quota_seconds: f64,
    /// Length of the period.
    pub period_seconds: f64,
}

/// Seconds that a burst on one thread takes when it starts with a fresh quota: it stands
/// still for the rest of each period whose quota it uses up before it is done.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be.
pub fn burst_seconds(work_seconds: f64, quota: Quota) -> Result<f64, SolveError> {
    check::not_negative("the work of a burst", work_seconds)?;
    check::positive("the quota", quota.quota_seconds)?;
    check::positive("the period", quota.period_seconds)?;
    let still = (quota.period_seconds - quota.quota_seconds).max(0.0);
    Ok(work_seconds + (work_seconds / quota.quota_seconds).floor() * still)
}

/// Cores' worth of a number of busy hardware threads, two to a core: the first of each
/// core counts fully, the second by `second` (see [`SECOND_THREAD`]).
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, or more threads than there are.
pub fn core_equivalents(
    busy_threads: f64,
    physical_cores: f64,
    second: f64,
) -> Result<f64, SolveError> {
    check::not_negative("the number of busy threads", busy_threads)?;
    check::positive("the number of cores", physical_cores)?;
    check::share("the worth of a second thread", second)?;
    let most = 2.0 * physical_cores;
    if busy_threads > most {
        return Err(SolveError::Input {
            what: "the number of busy threads",
            rule: "at most twice the number of cores",
            value: busy_threads,
        });
    }
    let seconds = (busy_threads - physical_cores).max(0.0);
    Ok(busy_threads.min(physical_cores) + second * seconds)
}

/// A demand on another clock rate of the same kind of processor.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be.
pub fn rescaled_seconds(
    demand_seconds: f64,
    clock_before: f64,
    clock_after: f64,
) -> Result<f64, SolveError> {
    check::not_negative("a demand", demand_seconds)?;
    check::positive("the clock rate before", clock_before)?;
    check::positive("the clock rate after", clock_after)?;
    Ok(demand_seconds * clock_before / clock_after)
}
