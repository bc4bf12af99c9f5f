//! A limit on the rate of requests, and what turning the rest away costs.
//!
//! Start at [`solve`].

use super::{SolveError, check};

/// A token bucket before a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limiter {
    /// Requests per second that arrive.
    pub rate: f64,
    /// Requests per second that the bucket is filled for.
    pub limit: f64,
    /// Requests that a full bucket lets through at once.
    pub burst: f64,
    /// The stretch of time that is asked about, beginning with a full bucket.
    pub window_seconds: f64,
    /// Processor seconds of a request that is let through.
    pub demand_seconds: f64,
    /// Processor seconds of a request that is turned away: it is not free.
    pub rejected_demand_seconds: f64,
    /// Cores that do both.
    pub cores: f64,
}

/// What a limiter does to steady arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// Let through per second.
    pub admitted: f64,
    /// Turned away per second.
    pub rejected: f64,
    /// Share turned away; zero without arrivals.
    pub rejected_share: f64,
    /// Busy share of the cores; above one they cannot do what is asked of them.
    pub utilization: f64,
}

/// Computes what is let through: the limit, and once a burst, but not more than arrives.
///
/// Arrivals are taken as steady. Random ones just below the limit lose some requests
/// whose share falls quickly with the burst.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be.
pub fn solve(limiter: &Limiter) -> Result<Limited, SolveError> {
    let rate = check::not_negative("the arrival rate", limiter.rate)?;
    let limit = check::not_negative("the limit", limiter.limit)?;
    let burst = check::not_negative("the burst", limiter.burst)?;
    let window = check::positive("the window", limiter.window_seconds)?;
    let demand = check::not_negative("a demand", limiter.demand_seconds)?;
    let lost = check::not_negative("the demand of a rejection", limiter.rejected_demand_seconds)?;
    let cores = check::positive("the number of cores", limiter.cores)?;
    let admitted = rate.min(limit + burst / window);
    let rejected = rate - admitted;
    Ok(Limited {
        admitted,
        rejected,
        rejected_share: if rate > 0.0 { rejected / rate } else { 0.0 },
        utilization: (admitted * demand + rejected * lost) / cores,
    })
}
