//! Open networks: what arrives passes through stations and leaves.
//!
//! * [`solve`]: classes with demands; [`routed`]: rates from routing probabilities.
//!
//! # Source
//!
//! J. R. Jackson, "Jobshop-like queueing systems", Management Science 10 (1963); F.
//! Baskett et al., "Open, closed, and mixed networks of queues with different classes of
//! customers", JACM 22 (1975).

use super::{Service, SolveError, check, classes, queue};
use crate::fit;

/// Stations of a network with routing, at most: its equations take their cube.
pub const MOST_ROUTED: usize = 300;

/// An open network with classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Arrivals per second of each class.
    pub rates: Vec<f64>,
    /// Seconds of service per arrival: `[class][station]`.
    pub demands_seconds: Vec<Vec<f64>>,
    /// How each station serves.
    pub services: Vec<Service>,
}

/// An open network, solved. Lists of lists are `[class][station]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Seconds per arrival at each station.
    pub responses_seconds: Vec<Vec<f64>>,
    /// Customers at each station.
    pub present: Vec<Vec<f64>>,
    /// Share of each server that a class keeps busy; for a delay the customers in it.
    pub utilizations: Vec<Vec<f64>>,
    /// Seconds per arrival of each class.
    pub class_responses_seconds: Vec<f64>,
    /// Busy share of each server of each station.
    pub station_utilizations: Vec<f64>,
    /// All customers at each station.
    pub station_present: Vec<f64>,
}

/// Solves an open network: each station by itself, as if arrivals were random there.
///
/// # Errors
///
/// [`SolveError::Input`] and [`SolveError::Shape`] for what no network can be,
/// [`SolveError::Unstable`] if a station is full.
pub fn solve(network: &Network) -> Result<Solution, SolveError> {
    let (classes, stations) = (network.rates.len(), network.services.len());
    check::some("the list of arrival rates", classes)?;
    let size = classes as f64 * stations as f64;
    check::at_most("the number of demands", size, classes::MOST_DEMANDS)?;
    check::length(
        "the list of demands",
        network.demands_seconds.len(),
        classes,
    )?;
    check::all_not_negative("an arrival rate", &network.rates)?;
    for row in &network.demands_seconds {
        check::length("the demands of a class", row.len(), stations)?;
        check::all_not_negative("a demand", row)?;
    }
    network
        .services
        .iter()
        .try_for_each(|it| check::service(*it))?;
    let rows = || network.rates.iter().zip(&network.demands_seconds);
    let work = |k: usize| rows().map(|(rate, row)| rate * row[k]).sum::<f64>();
    let mut stretch = Vec::with_capacity(stations);
    for (k, service) in network.services.iter().enumerate() {
        stretch.push(stretched(work(k), *service)?);
    }
    let times = |row: &Vec<f64>| -> Vec<f64> {
        let parts = row.iter().zip(&stretch);
        parts.map(|(demand, stretch)| demand * stretch).collect()
    };
    let responses: Vec<Vec<f64>> = network.demands_seconds.iter().map(times).collect();
    let present: Vec<Vec<f64>> = network
        .rates
        .iter()
        .zip(&responses)
        .map(|(rate, row)| row.iter().map(|it| rate * it).collect())
        .collect();
    let busy = rows().map(|(rate, row)| {
        let parts = row.iter().zip(&network.services);
        parts
            .map(|(it, service)| rate * it / service.divisor())
            .collect()
    });
    let services = network.services.iter().enumerate();
    Ok(Solution {
        utilizations: busy.collect(),
        class_responses_seconds: responses.iter().map(|row| row.iter().sum()).collect(),
        station_utilizations: services.map(|(k, it)| work(k) / it.divisor()).collect(),
        station_present: (0..stations)
            .map(|k| present.iter().map(|row| row[k]).sum())
            .collect(),
        responses_seconds: responses,
        present,
    })
}

/// By what waiting stretches a demand, given the servers' worth of work that arrives.
fn stretched(work: f64, service: Service) -> Result<f64, SolveError> {
    let Service::Servers(servers) = service else {
        return Ok(1.0);
    };
    let busy = work / f64::from(servers);
    check::stable("a station", busy)?;
    let chance = queue::wait_chance(servers, busy);
    Ok(1.0 + chance / (f64::from(servers) * (1.0 - busy)))
}

/// A network given by where customers go next.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed {
    /// Arrivals per second from outside at each station.
    pub arrivals: Vec<f64>,
    /// Chance to go from one station to another; what is missing to one leaves.
    pub routing: Vec<Vec<f64>>,
    /// Mean seconds of each service.
    pub service_seconds: Vec<f64>,
    /// How each station serves.
    pub services: Vec<Service>,
}

/// A network with routing, solved, station by station.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutedSolution {
    /// Visits per second.
    pub rates: Vec<f64>,
    /// Busy share of each server; for a delay the customers in it.
    pub utilizations: Vec<f64>,
    /// Customers.
    pub present: Vec<f64>,
    /// Seconds per visit.
    pub visit_seconds: Vec<f64>,
    /// Seconds in the network per arrival from outside.
    pub response_seconds: f64,
}

/// Solves an open network with routing, exactly.
///
/// # Errors
///
/// As [`solve`]; [`SolveError::Undetermined`] if customers never leave.
pub fn routed(network: &Routed) -> Result<RoutedSolution, SolveError> {
    let stations = network.arrivals.len();
    check::some("the list of arrivals", stations)?;
    check::at_most("the number of stations", stations as f64, MOST_ROUTED)?;
    check::all_not_negative("an arrival rate", &network.arrivals)?;
    check::length("the list of routes", network.routing.len(), stations)?;
    check::length("the list of services", network.services.len(), stations)?;
    check::length(
        "the list of service times",
        network.service_seconds.len(),
        stations,
    )?;
    check::all_not_negative("a service time", &network.service_seconds)?;
    network
        .services
        .iter()
        .try_for_each(|it| check::service(*it))?;
    let outside: f64 = network.arrivals.iter().sum();
    check::positive("the sum of arrivals", outside)?;
    let rates = rates(network)?;
    let mut solution = RoutedSolution {
        rates,
        utilizations: Vec::with_capacity(stations),
        present: Vec::with_capacity(stations),
        visit_seconds: Vec::with_capacity(stations),
        response_seconds: 0.0,
    };
    for (k, service) in network.services.iter().enumerate() {
        let work = solution.rates[k] * network.service_seconds[k];
        let time = network.service_seconds[k] * stretched(work, *service)?;
        solution.utilizations.push(work / service.divisor());
        solution.visit_seconds.push(time);
        solution.present.push(solution.rates[k] * time);
    }
    solution.response_seconds = solution.present.iter().sum::<f64>() / outside;
    Ok(solution)
}

/// Visits per second: arrivals from outside and from all stations.
fn rates(network: &Routed) -> Result<Vec<f64>, SolveError> {
    let stations = network.arrivals.len();
    let mut equations = vec![vec![0.0; stations]; stations];
    for (from, row) in network.routing.iter().enumerate() {
        check::length("the routes of a station", row.len(), stations)?;
        for (to, chance) in row.iter().enumerate() {
            check::share("a routing probability", *chance)?;
            equations[to][from] -= chance;
        }
        let sum: f64 = row.iter().sum();
        check::share("the sum of routing probabilities", (sum - 1e-9).max(0.0))?;
        equations[from][from] += 1.0;
    }
    let endless = SolveError::Undetermined("customers never leave the network");
    let rates = fit::linear(&equations, &network.arrivals).ok_or(endless.clone())?;
    match rates.iter().all(|it| it.is_finite() && *it > -1e-9) {
        true => Ok(rates.iter().map(|it| it.max(0.0)).collect()),
        false => Err(endless),
    }
}
