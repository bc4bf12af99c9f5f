//! Closed networks by their normalization constant, in numbers with a wide exponent.
//!
//! `G(n)` is the sum, over all ways to place `n` customers, of the product of what each
//! station contributes. It is built by folding in one station after the other; the
//! throughput is `G(n-1) / G(n)`, and the chance that `j` are at a station is what it
//! contributes with `j`, times the constant of the network without it. Nothing is ever
//! subtracted.
//!
//! # Source
//!
//! J. P. Buzen, CACM 16 (1973); G. Bolch et al., "Queueing Networks and Markov Chains",
//! 2nd edition, section 8.1.

use super::closed::{self, AtStation, MOST_STEPS, Network, Solution, Speed, Station};
use super::wide::Wide;
use super::{Service, SolveError, check};

/// A station as the sequence of its service times.
enum Steps {
    /// Contributes `d^j / j!`.
    Delay,
    /// Contributes `d^j`.
    Queue(Wide),
    /// Service times with 1, 2, … present; the last holds for more.
    Times(Vec<Wide>),
}

impl Steps {
    /// What a station is for `most` customers.
    fn of(station: &Station, most: usize) -> Self {
        let demand = station.demand_seconds;
        match &station.speed {
            Speed::Plain(Service::Delay) => Self::Delay,
            Speed::Plain(Service::Servers(servers)) if *servers as usize >= most.max(2) => {
                Self::Delay
            }
            Speed::Plain(Service::Servers(1)) => Self::Queue(Wide::new(demand)),
            Speed::Plain(Service::Servers(servers)) => Self::Times(
                (1..=*servers)
                    .map(|j| Wide::new(demand / f64::from(j)))
                    .collect(),
            ),
            Speed::Dependent(speeds) => {
                let steps = speeds.iter().take(most.max(1));
                Self::Times(steps.map(|it| Wide::new(demand / it)).collect())
            }
        }
    }

    /// Steps of folding it in, per customer.
    fn work(&self) -> usize {
        match self {
            Self::Delay | Self::Queue(_) => 1,
            Self::Times(times) => times.len(),
        }
    }
}

/// A network ready to be folded.
struct Prepared<'a> {
    network: &'a Network,
    steps: Vec<Steps>,
    most: usize,
}

impl<'a> Prepared<'a> {
    fn new(network: &'a Network, most: usize) -> Result<Self, SolveError> {
        let stations = network.stations.iter();
        let steps: Vec<Steps> = stations.map(|it| Steps::of(it, most)).collect();
        let work: usize = steps.iter().map(Steps::work).sum();
        let stepped = steps
            .iter()
            .filter(|it| matches!(it, Steps::Times(_)))
            .count();
        let total = (most as f64 + 1.0) * work as f64 * (1.0 + stepped as f64);
        check::at_most("the work for the network", total, MOST_STEPS)?;
        Ok(Self {
            network,
            steps,
            most,
        })
    }

    /// The constants for nobody to `most` customers, one station left out or none.
    fn constants(&self, left_out: Option<usize>) -> Vec<Wide> {
        let mut delay = self.network.think_seconds;
        for (k, steps) in self.steps.iter().enumerate() {
            if Some(k) != left_out && matches!(steps, Steps::Delay) {
                delay += self.network.stations[k].demand_seconds;
            }
        }
        let mut constants = of_delay(delay, self.most);
        for (k, steps) in self.steps.iter().enumerate() {
            match steps {
                _ if Some(k) == left_out => {}
                Steps::Delay => {}
                Steps::Queue(demand) => fold_queue(&mut constants, *demand),
                Steps::Times(times) => constants = folded(&constants, times),
            }
        }
        constants
    }
}

/// `d^n / n!`.
pub(crate) fn of_delay(delay: f64, most: usize) -> Vec<Wide> {
    let mut constants = Vec::with_capacity(most + 1);
    let mut last = Wide::ONE;
    constants.push(last);
    for n in 1..=most {
        last = last * Wide::new(delay / n as f64);
        constants.push(last);
    }
    constants
}

pub(crate) fn fold_queue(constants: &mut [Wide], demand: Wide) {
    for n in 1..constants.len() {
        constants[n] = constants[n] + demand * constants[n - 1];
    }
}

/// What a station contributes with nobody to `times.len()` present.
pub(crate) fn contributions(times: &[Wide]) -> Vec<Wide> {
    let mut product = Wide::ONE;
    let mut all = vec![product];
    for time in times {
        product = product * *time;
        all.push(product);
    }
    all
}

/// Folds in a station whose service time depends on how many are there: one by one up to
/// where it stops to change, and a geometric tail beyond.
pub(crate) fn folded(constants: &[Wide], times: &[Wide]) -> Vec<Wide> {
    let (all, Some(last)) = (contributions(times), times.last()) else {
        return constants.to_vec();
    };
    let steps = times.len();
    let mut tail = Wide::ZERO;
    let mut sums = Vec::with_capacity(constants.len());
    for n in 0..constants.len() {
        tail = tail * *last;
        if n >= steps {
            tail = tail + all[steps] * constants[n - steps];
        }
        let mut sum = tail;
        for (j, contribution) in all.iter().enumerate().take(steps.min(n + 1)) {
            sum = sum + *contribution * constants[n - j];
        }
        sums.push(sum);
    }
    sums
}

/// Throughput for nobody to `most` customers.
pub(super) fn throughputs(network: &Network, most: usize) -> Result<Vec<f64>, SolveError> {
    let constants = Prepared::new(network, most)?.constants(None);
    let rates = constants.windows(2).map(|pair| pair[0].over(pair[1]));
    Ok(std::iter::once(0.0).chain(rates).collect())
}

/// Solves a network for several populations, in their order.
pub(super) fn solve_each(
    network: &Network,
    populations: &[usize],
) -> Result<Vec<Solution>, SolveError> {
    let most = populations.iter().copied().max().unwrap_or(0);
    let prepared = Prepared::new(network, most)?;
    let asked = populations.iter().sum::<usize>() as f64 * network.stations.len() as f64;
    check::at_most("the work for the populations", asked, MOST_STEPS)?;
    let constants = prepared.constants(None);
    let mut solutions: Vec<Solution> = populations
        .iter()
        .map(|&population| Solution {
            population,
            throughput: match population {
                0 => 0.0,
                n => constants[n - 1].over(constants[n]),
            },
            response_seconds: 0.0,
            stations: Vec::with_capacity(network.stations.len()),
        })
        .collect();
    for k in 0..network.stations.len() {
        prepared.add_station(k, &constants, &mut solutions);
    }
    for solution in &mut solutions {
        let times = solution.stations.iter().map(|it| it.response_seconds);
        solution.response_seconds = times.sum();
    }
    Ok(solutions)
}

impl Prepared<'_> {
    /// Adds what happens at station `k` to each solution.
    fn add_station(&self, k: usize, constants: &[Wide], solutions: &mut [Solution]) {
        let station = &self.network.stations[k];
        let demand = station.demand_seconds;
        let (without, all) = match &self.steps[k] {
            Steps::Times(times) if demand > 0.0 => (self.constants(Some(k)), contributions(times)),
            _ => (Vec::new(), Vec::new()),
        };
        for solution in solutions {
            let (n, throughput) = (solution.population, solution.throughput);
            let (present, idle) = match &self.steps[k] {
                _ if demand == 0.0 => (0.0, 1.0),
                Steps::Delay => (throughput * demand, (-throughput * demand).exp()),
                Steps::Queue(demand) => queue_at(n, *demand, constants),
                Steps::Times(times) => times_at(n, constants, (&without, &all, times)),
            };
            let response_seconds = match n {
                0 => demand,
                _ if demand == 0.0 => 0.0,
                _ => present / throughput,
            };
            solution.stations.push(AtStation {
                response_seconds,
                present,
                utilization: closed::utilization(station, throughput, idle),
            });
        }
    }
}

/// Customers at a single queue, and the chance that it is empty.
fn queue_at(n: usize, demand: Wide, constants: &[Wide]) -> (f64, f64) {
    let mut sum = Wide::ZERO;
    for constant in &constants[..n] {
        sum = demand * (*constant + sum);
    }
    let present = sum.over(constants[n]);
    let busy = match n {
        0 => 0.0,
        _ => (demand * constants[n - 1]).over(constants[n]),
    };
    (present, 1.0 - busy)
}

/// Customers at a station of changing speed, and the chance that it is empty.
fn times_at(
    n: usize,
    constants: &[Wide],
    (without, all, times): (&[Wide], &[Wide], &[Wide]),
) -> (f64, f64) {
    let last = times.last().copied().unwrap_or(Wide::ZERO);
    let mut contribution = Wide::ONE;
    let mut present = 0.0;
    for j in 1..=n {
        contribution = match all.get(j) {
            Some(it) => *it,
            None => contribution * last,
        };
        present += j as f64 * (contribution * without[n - j]).over(constants[n]);
    }
    (present, without[n].over(constants[n]))
}
