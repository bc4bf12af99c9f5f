//! Laws that hold for any system that was watched, whatever its queues.
//!
//! # Source
//!
//! P. J. Denning, J. P. Buzen, "The operational analysis of queueing network models",
//! Computing Surveys 10 (1978).

use super::{SolveError, list, not_negative, positive};

/// Busy time of one resource in an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watched {
    /// Length of the interval, seconds.
    pub interval_s: f64,
    /// Busy time in it, seconds.
    pub busy_s: f64,
    /// What was completed in it.
    pub completed: f64,
}

/// Service time, utilization and throughput of one resource.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Seconds a completion.
    pub service_s: f64,
    /// Share of the interval that was busy.
    pub utilization: f64,
    /// Completions a second.
    pub throughput: f64,
}

/// Utilization, throughput and service law of one resource.
///
/// # Errors
///
/// An interval or a count that is none.
pub fn measured(watched: &Watched) -> Result<Measured, SolveError> {
    let interval_s = positive("the interval", watched.interval_s)?;
    let busy_s = not_negative("the busy time", watched.busy_s)?;
    let completed = positive("the number of completions", watched.completed)?;
    Ok(Measured {
        service_s: busy_s / completed,
        utilization: busy_s / interval_s,
        throughput: completed / interval_s,
    })
}

/// Demands from utilizations of single servers at a throughput, `D = U / X`.
///
/// # Errors
///
/// A utilization or throughput that is none.
pub fn demands(utilizations: &[f64], throughput: f64) -> Result<Vec<f64>, SolveError> {
    list("a utilization", utilizations)?;
    let throughput = positive("the throughput", throughput)?;
    Ok(utilizations.iter().map(|it| it / throughput).collect())
}

/// The place of the largest demand, and the throughput that it limits to, `1 / Dmax`.
///
/// # Errors
///
/// No demand above zero.
pub fn bottleneck(demands: &[f64]) -> Result<(usize, f64), SolveError> {
    list("a demand", demands)?;
    let places = demands.iter().enumerate();
    // The first of equals.
    let most = places.rev().max_by(|a, b| a.1.total_cmp(b.1));
    let (place, demand) = most.map_or((0, 0.0), |(place, demand)| (place, *demand));
    Ok((place, 1.0 / positive("the largest demand", demand)?))
}

/// Throughput of users by Little's law, `X = N / (R + Z)`.
///
/// # Errors
///
/// Numbers that are none, or a cycle that takes no time.
pub fn throughput(users: f64, response_s: f64, think_s: f64) -> Result<f64, SolveError> {
    let users = not_negative("the number of users", users)?;
    let response_s = not_negative("the response time", response_s)?;
    let cycle_s = response_s + not_negative("the think time", think_s)?;
    Ok(users / positive("the cycle of a user", cycle_s)?)
}

/// The resources that were busy for longer than they can have been: names, in order.
///
/// `busy` holds name, busy seconds and number of servers.
///
/// # Errors
///
/// An interval that is none.
pub fn offenders(interval_s: f64, busy: &[(String, f64, f64)]) -> Result<Vec<String>, SolveError> {
    let interval_s = positive("the interval", interval_s)?;
    let over = |it: &&(String, f64, f64)| {
        let (_, busy_s, servers) = it;
        // What is no number cannot be true either; nor can a negative time.
        !(0.0..=interval_s * servers * (1.0 + 1e-9)).contains(busy_s)
    };
    Ok(busy.iter().filter(over).map(|it| it.0.clone()).collect())
}
