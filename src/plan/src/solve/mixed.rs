//! Networks in which some customers go round and others only pass through.
//!
//! Those who pass take their share of each station first; those who go round see slower
//! stations, and those who pass meet the queues of both.
//!
//! Start at [`solve`].
//!
//! # Source
//!
//! E. D. Lazowska et al., "Quantitative System Performance" (1984), section 7.5. Exact
//! for single servers; several servers are split as in [`super::approximate`].

use super::classes::{self, Solution};
use super::{Service, SolveError, approximate, check};

/// Open and closed classes over the same stations.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Arrivals per second of each open class.
    pub rates: Vec<f64>,
    /// Seconds of service per arrival: `[open class][station]`.
    pub open_demands_seconds: Vec<Vec<f64>>,
    /// The closed classes, and how the stations serve.
    pub closed: classes::Network,
}

/// A mixed network, solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// The closed classes.
    pub closed: Solution,
    /// Seconds per arrival: `[open class][station]`.
    pub open_responses_seconds: Vec<Vec<f64>>,
    /// Customers: `[open class][station]`.
    pub open_present: Vec<Vec<f64>>,
    /// Share of each server of each station that open classes keep busy; for a delay the
    /// customers in it.
    pub open_utilizations: Vec<f64>,
}

/// Solves a mixed network.
///
/// # Errors
///
/// [`SolveError::Unstable`] if the open classes alone fill a station; otherwise as
/// [`approximate::solve`].
pub fn solve(network: &Network) -> Result<Mixed, SolveError> {
    let closed = &network.closed;
    closed.check()?;
    let stations = closed.services.len();
    let rates = &network.rates;
    check::length(
        "the list of open demands",
        network.open_demands_seconds.len(),
        rates.len(),
    )?;
    check::at_most(
        "the number of open classes",
        rates.len() as f64,
        classes::MOST_CLASSES,
    )?;
    check::all_not_negative("an arrival rate", rates)?;
    for row in &network.open_demands_seconds {
        check::length("the demands of an open class", row.len(), stations)?;
        check::all_not_negative("an open demand", row)?;
    }
    let busy: Vec<f64> = (0..stations)
        .map(|k| open_utilization(network, k))
        .collect();
    for (share, service) in busy.iter().zip(&closed.services) {
        if *service != Service::Delay {
            check::stable("a station, by open classes alone,", *share)?;
        }
    }
    let solved = approximate::solve(&inflated(closed, &busy))?;
    Ok(together(network, busy, &solved))
}

fn open_utilization(network: &Network, station: usize) -> f64 {
    let rows = network.rates.iter().zip(&network.open_demands_seconds);
    let work: f64 = rows.map(|(rate, row)| rate * row[station]).sum();
    work / network.closed.services[station].divisor()
}

/// The closed classes alone, at stations slowed down by the open ones. Each station with
/// several servers becomes a single one; its delay joins the think time.
fn inflated(closed: &classes::Network, busy: &[f64]) -> classes::Network {
    let mut network = closed.clone();
    for (class, row) in network.demands_seconds.iter_mut().enumerate() {
        for (k, demand) in row.iter_mut().enumerate() {
            if closed.services[k] != Service::Delay {
                let (queued, delay) = approximate::parts(*demand, closed.services[k]);
                network.think_seconds[class] += delay;
                *demand = queued / (1.0 - busy[k]);
            }
        }
    }
    for service in &mut network.services {
        if *service != Service::Delay {
            *service = Service::Servers(1);
        }
    }
    network
}

/// Times of closed classes with the delays put back, and those of open classes.
fn together(network: &Network, busy: Vec<f64>, solved: &Solution) -> Mixed {
    let closed = &network.closed;
    let met = solved.station_present();
    let mut responses = solved.responses_seconds.clone();
    for (class, row) in responses.iter_mut().enumerate() {
        for (k, time) in row.iter_mut().enumerate() {
            if closed.services[k] != Service::Delay {
                *time += approximate::parts(closed.demands_seconds[class][k], closed.services[k]).1;
            }
        }
    }
    let time = |(k, demand): (usize, &f64)| match closed.services[k] {
        Service::Delay => *demand,
        service => {
            let (queued, delay) = approximate::parts(*demand, service);
            delay + queued * (1.0 + met[k]) / (1.0 - busy[k])
        }
    };
    let rows = network.open_demands_seconds.iter();
    let times: Vec<Vec<f64>> = rows
        .map(|row| row.iter().enumerate().map(time).collect())
        .collect();
    let present = times.iter().zip(&network.rates);
    Mixed {
        closed: Solution::of(closed, solved.method, solved.throughputs.clone(), responses),
        open_present: present
            .map(|(row, rate)| row.iter().map(|it| rate * it).collect())
            .collect(),
        open_responses_seconds: times,
        open_utilizations: busy,
    }
}
