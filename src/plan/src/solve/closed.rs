//! Closed networks with one class of customers, exactly.
//!
//! A fixed number of customers go round between stations; what they meet there
//! follows from the demands alone. Networks of single queues and delays are solved by
//! mean value analysis. As soon as a station has several servers, or a speed that
//! depends on how many are present, the classic recursion subtracts probabilities and
//! loses its digits near saturation, so those are solved by the normalization constant
//! instead, in numbers with a wide exponent: it only adds positive numbers, so there is
//! no load at which it fails.
//!
//! Start at [`solve`].
//!
//! # Source
//!
//! M. Reiser, S. S. Lavenberg, "Mean-value analysis of closed multichain queueing
//! networks", JACM 27 (1980). J. P. Buzen, "Computational algorithms for closed queueing
//! networks with exponential servers", CACM 16 (1973). On the digits: G. Casale, "A note
//! on stable flow-equivalent aggregation in closed networks", QUESTA 60 (2008).

use super::{Service, SolveError, check, convolution};

/// Customers, at most; a pass over them takes some ten milliseconds.
pub const MOST_CUSTOMERS: usize = 1_000_000;

/// Stations, at most.
pub const MOST_STATIONS: usize = 10_000;

/// Elementary steps of one solution, at most: about a second.
pub const MOST_STEPS: usize = 200_000_000;

/// A place where customers spend time.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Seconds of service per round of one customer: visits times service time.
    pub demand_seconds: f64,
    /// How it serves.
    pub speed: Speed,
}

/// How fast a station serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Speed {
    /// Equal servers, or none needed.
    Plain(Service),
    /// Speed with `j + 1` customers present, relative to that with one whose service
    /// takes the demand; all positive, and the last one holds for more customers.
    Dependent(Vec<f64>),
}

impl Station {
    /// A queue before this many servers.
    pub fn servers(demand_seconds: f64, servers: u32) -> Self {
        Self {
            demand_seconds,
            speed: Speed::Plain(Service::Servers(servers)),
        }
    }

    /// A queue before one server.
    pub fn queue(demand_seconds: f64) -> Self {
        Self::servers(demand_seconds, 1)
    }

    /// A delay without a queue.
    pub fn delay(demand_seconds: f64) -> Self {
        Self {
            demand_seconds,
            speed: Speed::Plain(Service::Delay),
        }
    }

    fn check(&self) -> Result<(), SolveError> {
        check::not_negative("a demand", self.demand_seconds)?;
        match &self.speed {
            Speed::Plain(service) => check::service(*service),
            Speed::Dependent(speeds) => {
                check::some("the list of speeds", speeds.len())?;
                check::at_most("the list of speeds", speeds.len() as f64, MOST_CUSTOMERS)?;
                let mut speeds = speeds.iter();
                speeds.try_for_each(|it| check::positive("a speed", *it).map(|_| ()))
            }
        }
    }

    /// Whether the plain recursion of mean values solves it.
    fn is_simple(&self) -> bool {
        self.demand_seconds == 0.0
            || matches!(
                self.speed,
                Speed::Plain(Service::Delay | Service::Servers(1))
            )
    }

    /// Share of its servers that a throughput keeps busy; for a delay, and for a station
    /// whose speed depends on its queue, the mean that `present` and idleness say.
    fn utilization(&self, throughput: f64, idle: Option<f64>) -> f64 {
        match (&self.speed, idle) {
            (Speed::Dependent(_), Some(idle)) => 1.0 - idle,
            (Speed::Plain(service), _) => throughput * self.demand_seconds / service.divisor(),
            (Speed::Dependent(_), None) => throughput * self.demand_seconds,
        }
    }
}

/// A closed network.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its stations.
    pub stations: Vec<Station>,
    /// Seconds that a customer stays outside of them in each round.
    pub think_seconds: f64,
}

impl Network {
    fn check(&self, most: usize) -> Result<(), SolveError> {
        check::not_negative("the think time", self.think_seconds)?;
        check::at_most(
            "the number of stations",
            self.stations.len() as f64,
            MOST_STATIONS,
        )?;
        check::at_most("the number of customers", most as f64, MOST_CUSTOMERS)?;
        self.stations.iter().try_for_each(Station::check)?;
        let round = self
            .stations
            .iter()
            .map(|it| it.demand_seconds)
            .sum::<f64>();
        check::positive(
            "the time of a round without waiting",
            round + self.think_seconds,
        )?;
        Ok(())
    }
}

/// What happens at one station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtStation {
    /// Seconds per round, waiting included.
    pub response_seconds: f64,
    /// Customers there, those in service included.
    pub present: f64,
    /// Busy share of each server; for a delay the customers in it, for a station whose
    /// speed depends on its queue the share of time in which anyone is there.
    pub utilization: f64,
}

/// A closed network with a given population.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Customers in the network.
    pub population: usize,
    /// Rounds per second.
    pub throughput: f64,
    /// Seconds per round, the think time not included.
    pub response_seconds: f64,
    /// Station by station, in the order of the network.
    pub stations: Vec<AtStation>,
}

/// Solves a closed network for one population.
///
/// # Errors
///
/// [`SolveError::Input`] for negative or missing demands, [`SolveError::TooLarge`] beyond
/// [`MOST_CUSTOMERS`], [`MOST_STATIONS`] or [`MOST_STEPS`].
pub fn solve(network: &Network, population: usize) -> Result<Solution, SolveError> {
    let mut solutions = solve_each(network, &[population])?;
    solutions
        .pop()
        .ok_or(SolveError::Undetermined("no population was asked for"))
}

/// Solves a closed network for several populations, in their order.
///
/// # Errors
///
/// As [`solve`].
pub fn solve_each(network: &Network, populations: &[usize]) -> Result<Vec<Solution>, SolveError> {
    let most = populations.iter().copied().max().unwrap_or(0);
    network.check(most)?;
    let answers = populations.len() as f64 * network.stations.len() as f64;
    check::at_most("the number of answers", answers, MOST_STEPS / 100)?;
    if !network.stations.iter().all(Station::is_simple) {
        return convolution::solve_each(network, populations);
    }
    let steps = most as f64 * network.stations.len() as f64;
    check::at_most("the work for the network", steps, MOST_STEPS)?;
    Ok(by_mean_values(network, populations))
}

/// Throughput for each population from nobody to `most`: `most + 1` rates.
///
/// # Errors
///
/// As [`solve`].
pub fn throughputs(network: &Network, most: usize) -> Result<Vec<f64>, SolveError> {
    network.check(most)?;
    convolution::throughputs(network, most)
}

/// Mean value analysis of single queues and delays.
fn by_mean_values(network: &Network, populations: &[usize]) -> Vec<Solution> {
    let mut wanted: Vec<(usize, usize)> = populations.iter().copied().zip(0..).collect();
    wanted.sort_unstable();
    let mut wanted = wanted.into_iter().peekable();
    let mut found = Vec::with_capacity(populations.len());
    let mut present = vec![0.0; network.stations.len()];
    let mut response = vec![0.0; network.stations.len()];
    let mut n = 0;
    while let Some(&(_, place)) = wanted.peek() {
        let throughput = step(network, n, &mut present, &mut response);
        while wanted.next_if(|(population, _)| *population == n).is_some() {
            found.push((place, answer(network, n, throughput, (&present, &response))));
        }
        n += 1;
    }
    found.sort_unstable_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, solution)| solution).collect()
}

/// One customer more: times from the queues that the others leave, then the queues.
fn step(network: &Network, n: usize, present: &mut [f64], response: &mut [f64]) -> f64 {
    let mut round = network.think_seconds;
    for (k, station) in network.stations.iter().enumerate() {
        response[k] = match station.speed {
            Speed::Plain(Service::Servers(_)) => station.demand_seconds * (1.0 + present[k]),
            Speed::Plain(Service::Delay) | Speed::Dependent(_) => station.demand_seconds,
        };
        round += response[k];
    }
    let throughput = n as f64 / round;
    for (queue, time) in present.iter_mut().zip(response.iter()) {
        *queue = throughput * time;
    }
    throughput
}

fn answer(
    network: &Network,
    population: usize,
    throughput: f64,
    (present, response): (&[f64], &[f64]),
) -> Solution {
    let stations = network.stations.iter().enumerate();
    Solution {
        population,
        throughput,
        response_seconds: response.iter().sum(),
        stations: stations
            .map(|(k, station)| AtStation {
                response_seconds: response[k],
                present: present[k],
                utilization: station.utilization(throughput, None),
            })
            .collect(),
    }
}

/// Busy share of a station, for the other way to solve.
pub(super) fn utilization(station: &Station, throughput: f64, idle: f64) -> f64 {
    station.utilization(throughput, Some(idle))
}
