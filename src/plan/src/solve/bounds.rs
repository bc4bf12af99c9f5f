//! What no closed or open network with given demands can exceed.
//!
//! Always drawn under a prediction: one outside of them is a bug.
//!
//! Start at [`asymptotic`] and [`balanced`].
//!
//! # Source
//!
//! E. D. Lazowska et al., "Quantitative System Performance" (1984), chapter 5.

use super::{SolveError, check};

/// Throughput and response time between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least throughput, per second.
    pub throughput_least: f64,
    /// Most throughput, per second.
    pub throughput_most: f64,
    /// Least response time.
    pub response_least_seconds: f64,
    /// Most response time.
    pub response_most_seconds: f64,
}

/// A closed network of single queues and a think time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closed<'a> {
    /// Customers; at least one, need not be whole.
    pub customers: f64,
    /// Seconds of service per round at each queue.
    pub demands_seconds: &'a [f64],
    /// Seconds outside of them per round.
    pub think_seconds: f64,
}

/// Sum, largest and mean of the demands.
struct Demands {
    sum: f64,
    largest: f64,
    mean: f64,
}

impl Closed<'_> {
    fn demands(&self) -> Result<Demands, SolveError> {
        check::positive("the number of customers", self.customers)?;
        check::not_negative("the think time", self.think_seconds)?;
        check::some("the list of demands", self.demands_seconds.len())?;
        check::all_not_negative("a demand", self.demands_seconds)?;
        let sum = self.demands_seconds.iter().sum();
        check::positive("the sum of demands", sum)?;
        Ok(Demands {
            sum,
            largest: self.demands_seconds.iter().copied().fold(0.0, f64::max),
            mean: sum / self.demands_seconds.len() as f64,
        })
    }
}

/// Bounds that hold for any network: nobody waits, or everybody waits for everybody.
///
/// # Errors
///
/// [`SolveError::Input`] for negative numbers, no customers or no demand.
pub fn asymptotic(closed: &Closed<'_>) -> Result<Bounds, SolveError> {
    let demands = closed.demands()?;
    let (n, think) = (closed.customers, closed.think_seconds);
    Ok(Bounds {
        throughput_least: n / (n * demands.sum + think),
        throughput_most: (1.0 / demands.largest).min(n / (demands.sum + think)),
        response_least_seconds: demands.sum.max(n * demands.largest - think),
        response_most_seconds: n * demands.sum,
    })
}

/// Tighter bounds for networks with a product form: all demands equal to the largest, or
/// to the mean.
///
/// # Errors
///
/// As [`asymptotic`].
pub fn balanced(closed: &Closed<'_>) -> Result<Bounds, SolveError> {
    let demands = closed.demands()?;
    let (n, think) = (closed.customers, closed.think_seconds);
    let others = (n - 1.0).max(0.0);
    let slow = demands.largest / (1.0 + think / (n * demands.sum));
    let fast = demands.mean / (1.0 + think / demands.sum);
    let least = n / (demands.sum + think + others * slow);
    let most = (1.0 / demands.largest).min(n / (demands.sum + think + others * fast));
    Ok(Bounds {
        throughput_least: least,
        throughput_most: most,
        response_least_seconds: n / most - think,
        response_most_seconds: n / least - think,
    })
}

/// Customers at which the two upper bounds of the throughput meet: `(D + Z) / max D`.
///
/// # Errors
///
/// As [`asymptotic`].
pub fn knee(demands_seconds: &[f64], think_seconds: f64) -> Result<f64, SolveError> {
    let closed = Closed {
        customers: 1.0,
        demands_seconds,
        think_seconds,
    };
    let demands = closed.demands()?;
    Ok((demands.sum + think_seconds) / demands.largest)
}

/// The arrival rate that no open network with these demands can carry: the least of
/// `m / D`; infinite if all demands are zero.
///
/// # Errors
///
/// [`SolveError::Shape`] if the lists differ in length, [`SolveError::Input`] for negative
/// demands or no servers.
pub fn open_rate(demands_seconds: &[f64], servers: &[u32]) -> Result<f64, SolveError> {
    check::length("the list of servers", servers.len(), demands_seconds.len())?;
    check::all_not_negative("a demand", demands_seconds)?;
    servers.iter().try_for_each(|it| check::servers(*it))?;
    let rates = demands_seconds.iter().zip(servers);
    let rates = rates.map(|(demand, servers)| f64::from(*servers) / demand);
    Ok(rates.fold(f64::INFINITY, f64::min))
}
