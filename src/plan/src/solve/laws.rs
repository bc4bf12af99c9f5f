//! The operational laws: true of any recording, so data that break them are wrong.
//!
//! Start at [`contradictions`] before any model is fitted.
//!
//! # Source
//!
//! P. J. Denning, J. P. Buzen, "The operational analysis of queueing network models",
//! ACM Computing Surveys 10 (1978). J. D. C. Little, Operations Research 9 (1961).

use super::{SolveError, check};

/// Little's law may be off by this share: requests cut at the ends of a window.
pub const LITTLE_TOLERANCE: f64 = 0.1;

/// Completions and busy time of one resource in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// Length of the window.
    pub window_seconds: f64,
    /// Time that the resource was busy, summed over its servers.
    pub busy_seconds: f64,
    /// What was completed.
    pub completions: f64,
    /// Servers of the resource.
    pub servers: f64,
}

/// What [`Counted`] implies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Implied {
    /// Completions per second.
    pub throughput: f64,
    /// Busy share of each server; above one the data cannot be true.
    pub utilization: f64,
    /// Seconds of service per completion; none without completions.
    pub demand_seconds: Option<f64>,
}

/// Throughput, utilization and demand from counts: `X = C/T`, `U = B/(mT)`, `D = B/C`.
///
/// # Errors
///
/// [`SolveError::Input`] for an empty window or negative counts.
pub fn implied(counted: &Counted) -> Result<Implied, SolveError> {
    let window = check::positive("the window", counted.window_seconds)?;
    let busy = check::not_negative("a busy time", counted.busy_seconds)?;
    let completions = check::not_negative("the completions", counted.completions)?;
    let servers = check::positive("the number of servers", counted.servers)?;
    Ok(Implied {
        throughput: completions / window,
        utilization: busy / (window * servers),
        demand_seconds: (completions > 0.0).then(|| busy / completions),
    })
}

/// Demands from utilizations: `D = m U / X`, in seconds.
///
/// # Errors
///
/// [`SolveError::Input`] without throughput or for negative utilizations.
pub fn demands(utilizations: &[f64], throughput: f64) -> Result<Vec<f64>, SolveError> {
    check::positive("the throughput", throughput)?;
    check::all_not_negative("a utilization", utilizations)?;
    Ok(utilizations.iter().map(|it| it / throughput).collect())
}

/// The resource that limits throughput, and that limit: `1 / max D`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bottleneck {
    /// Its place in the list of demands.
    pub station: usize,
    /// The most per second.
    pub throughput: f64,
}

/// The bottleneck of single-server demands; none if all of them are zero.
///
/// # Errors
///
/// [`SolveError::Input`] for negative demands.
pub fn bottleneck(demands_seconds: &[f64]) -> Result<Option<Bottleneck>, SolveError> {
    check::all_not_negative("a demand", demands_seconds)?;
    let mut found: Option<Bottleneck> = None;
    for (station, demand) in demands_seconds.iter().enumerate() {
        let throughput = 1.0 / demand;
        if *demand > 0.0 && found.is_none_or(|it| throughput < it.throughput) {
            found = Some(Bottleneck {
                station,
                throughput,
            });
        }
    }
    Ok(found)
}

/// Throughput by Little's law: `X = N / (R + Z)`.
///
/// # Errors
///
/// [`SolveError::Input`] for negative numbers or a round without time.
pub fn throughput(
    customers: f64,
    response_seconds: f64,
    think_seconds: f64,
) -> Result<f64, SolveError> {
    check::not_negative("the number of customers", customers)?;
    check::not_negative("the response time", response_seconds)?;
    check::not_negative("the think time", think_seconds)?;
    let round = check::positive("the time of a round", response_seconds + think_seconds)?;
    Ok(customers / round)
}

/// Share by which the customers seen differ from throughput times response time.
///
/// # Errors
///
/// [`SolveError::Input`] for no customers or negative numbers.
pub fn little_gap(
    customers: f64,
    throughput: f64,
    response_seconds: f64,
) -> Result<f64, SolveError> {
    check::positive("the number of customers", customers)?;
    check::not_negative("the throughput", throughput)?;
    check::not_negative("the response time", response_seconds)?;
    Ok((customers - throughput * response_seconds).abs() / customers)
}

/// A resource that was busy for longer than there was time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contradiction {
    /// Its place in the list.
    pub resource: usize,
    /// Busy share of each server, above one.
    pub utilization: f64,
}

/// The resources that were busy for longer than there was time: such data must be
/// refused, not clipped. Empty if all is well.
///
/// # Errors
///
/// As [`implied`].
pub fn contradictions(resources: &[Counted]) -> Result<Vec<Contradiction>, SolveError> {
    let mut found = Vec::new();
    for (resource, counted) in resources.iter().enumerate() {
        let utilization = implied(counted)?.utilization;
        if utilization > 1.0 {
            found.push(Contradiction {
                resource,
                utilization,
            });
        }
    }
    Ok(found)
}
