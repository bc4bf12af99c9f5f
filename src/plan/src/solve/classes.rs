//! Closed networks with several classes of customers, exactly.
//!
//! Mean value analysis over all populations between nobody and everybody. Stations
//! with several servers need the chance that few are present; instead of subtracting
//! all others from one, which loses digits near saturation, it is computed from
//! normalization constants, which are sums of positive numbers.
//!
//! Start at [`exact`]; [`super::approximate::solve`] takes it where it is affordable.
//!
//! # Source
//!
//! M. Reiser, S. S. Lavenberg, JACM 27 (1980); E. D. Lazowska et al., "Quantitative
//! System Performance" (1984), chapter 7; G. Bolch et al., "Queueing Networks and Markov
//! Chains", 2nd edition, sections 8.1 and 8.2.

use super::wide::Wide;
use super::{Service, SolveError, check};

/// Classes, at most.
pub const MOST_CLASSES: usize = 64;

/// Populations between nobody and everybody, at most.
pub const MOST_STATES: usize = 1_000_000;

/// Queues that are remembered at once, at most: 80 MB.
pub const MOST_QUEUES: usize = 10_000_000;

/// Elementary steps of one exact solution, at most: about a second.
pub const MOST_STEPS: usize = 200_000_000;

/// Demands of one network, at most, whatever solves it.
pub const MOST_DEMANDS: usize = 200_000;

/// A closed network with several classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Customers of each class.
    pub populations: Vec<usize>,
    /// Seconds that a customer of each class stays outside in each round.
    pub think_seconds: Vec<f64>,
    /// Seconds of service per round: `[class][station]`.
    pub demands_seconds: Vec<Vec<f64>>,
    /// How each station serves.
    pub services: Vec<Service>,
}

/// How a network was solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without any approximation.
    Exact,
    /// Linearizer, several servers by Seidmann's split.
    Linearizer,
    /// Bard and Schweitzer, several servers by Seidmann's split.
    Schweitzer,
}

impl Method {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Linearizer => "linearizer",
            Self::Schweitzer => "schweitzer",
        }
    }
}

/// A network with classes, solved. Lists of lists are `[class][station]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// How.
    pub method: Method,
    /// Rounds per second of each class.
    pub throughputs: Vec<f64>,
    /// Seconds per round of each class, the think time not included.
    pub class_responses_seconds: Vec<f64>,
    /// Seconds per round at each station.
    pub responses_seconds: Vec<Vec<f64>>,
    /// Customers at each station.
    pub present: Vec<Vec<f64>>,
    /// Share of each server that a class keeps busy; for a delay the customers in it.
    pub utilizations: Vec<Vec<f64>>,
}

impl Solution {
    /// All customers at each station.
    pub fn station_present(&self) -> Vec<f64> {
        column_sums(&self.present)
    }

    /// Busy share of each server of each station.
    pub fn station_utilizations(&self) -> Vec<f64> {
        column_sums(&self.utilizations)
    }

    /// Puts the rest together from throughputs and times.
    pub(super) fn of(
        network: &Network,
        method: Method,
        throughputs: Vec<f64>,
        responses_seconds: Vec<Vec<f64>>,
    ) -> Self {
        let present = throughputs.iter().zip(&responses_seconds);
        let present = present.map(|(rate, times)| times.iter().map(|it| rate * it).collect());
        let busy = |(rate, demands): (&f64, &Vec<f64>)| {
            let stations = demands.iter().zip(&network.services);
            stations
                .map(|(it, service)| rate * it / service.divisor())
                .collect()
        };
        let sums = responses_seconds.iter().map(|it| it.iter().sum());
        Self {
            method,
            class_responses_seconds: sums.collect(),
            present: present.collect(),
            utilizations: throughputs
                .iter()
                .zip(&network.demands_seconds)
                .map(busy)
                .collect(),
            throughputs,
            responses_seconds,
        }
    }
}

fn column_sums(rows: &[Vec<f64>]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    (0..columns)
        .map(|k| rows.iter().map(|row| row[k]).sum())
        .collect()
}

impl Network {
    /// Refuses what no network can be.
    pub(super) fn check(&self) -> Result<(), SolveError> {
        let classes = self.populations.len();
        check::some("the list of populations", classes)?;
        check::at_most("the number of classes", classes as f64, MOST_CLASSES)?;
        check::length("the list of think times", self.think_seconds.len(), classes)?;
        check::length("the list of demands", self.demands_seconds.len(), classes)?;
        check::all_not_negative("a think time", &self.think_seconds)?;
        let demands = classes as f64 * self.services.len() as f64;
        check::at_most("the number of demands", demands, MOST_DEMANDS)?;
        for row in &self.demands_seconds {
            check::length("the demands of a class", row.len(), self.services.len())?;
            check::all_not_negative("a demand", row)?;
        }
        self.services
            .iter()
            .try_for_each(|it| check::service(*it))?;
        for class in 0..classes {
            let round: f64 = self.demands_seconds[class].iter().sum();
            let round = round + self.think_seconds[class];
            check::positive("the time of a round without waiting", round)?;
            let population = self.populations[class] as f64;
            check::at_most(
                "the number of customers",
                population,
                super::closed::MOST_CUSTOMERS,
            )?;
        }
        Ok(())
    }

    /// Populations between nobody and everybody; a float, since it may be astronomic.
    fn states(&self) -> f64 {
        let counts = self.populations.iter().map(|it| *it as f64 + 1.0);
        counts.product()
    }

    fn everybody(&self) -> usize {
        self.populations.iter().sum()
    }

    /// Servers where their number matters: more than one, and fewer than customers.
    fn several(&self, station: usize) -> Option<usize> {
        match self.services[station] {
            Service::Servers(servers) if servers > 1 => {
                Some(servers as usize).filter(|it| *it < self.everybody())
            }
            _ => None,
        }
    }

    fn is_delay(&self, station: usize) -> bool {
        match self.services[station] {
            Service::Delay => true,
            Service::Servers(servers) => servers > 1 && self.several(station).is_none(),
        }
    }

    /// Elementary steps of the exact solution.
    fn steps(&self) -> f64 {
        let stations = self.services.len();
        let several = (0..stations).filter_map(|k| self.several(k));
        let (count, servers) = several.fold((0, 0), |(n, sum), it| (n + 1, sum + it));
        let constants = (count + 1) * (stations + servers) * usize::from(count > 0);
        self.states() * self.populations.len() as f64 * (stations + constants) as f64
    }

    /// Whether [`exact`] would solve it.
    pub fn is_affordable(&self) -> bool {
        let queues = self.states() * self.services.len() as f64;
        self.states() <= MOST_STATES as f64
            && queues <= MOST_QUEUES as f64
            && self.steps() <= MOST_STEPS as f64
    }
}

/// Solves a network with classes exactly.
///
/// # Errors
///
/// [`SolveError::Input`] and [`SolveError::Shape`] for what no network can be,
/// [`SolveError::TooLarge`] where it would take too long.
pub fn exact(network: &Network) -> Result<Solution, SolveError> {
    network.check()?;
    check::at_most("the number of populations", network.states(), MOST_STATES)?;
    let queues = network.states() * network.services.len() as f64;
    check::at_most("the number of queues", queues, MOST_QUEUES)?;
    check::at_most("the work for the network", network.steps(), MOST_STEPS)?;
    let lattice = Lattice::new(&network.populations);
    let waits = few_present(network, &lattice);
    Ok(mean_values(network, &lattice, &waits))
}

/// All populations from nobody to everybody, smaller ones before larger ones.
struct Lattice {
    most: Vec<usize>,
    strides: Vec<usize>,
    states: usize,
}

impl Lattice {
    fn new(most: &[usize]) -> Self {
        let mut states = 1;
        let mut strides = Vec::with_capacity(most.len());
        for population in most {
            strides.push(states);
            states *= population + 1;
        }
        Self {
            most: most.to_vec(),
            strides,
            states,
        }
    }

    /// Goes on to the next population.
    fn advance(&self, population: &mut [usize]) {
        for (count, most) in population.iter_mut().zip(&self.most) {
            if *count < *most {
                *count += 1;
                return;
            }
            *count = 0;
        }
    }

    /// Fills one number per population from those with one customer less.
    fn fill(&self, mut value: impl FnMut(usize, &[usize], &[Wide]) -> Wide) -> Vec<Wide> {
        let mut values = Vec::with_capacity(self.states);
        let mut population = vec![0; self.most.len()];
        for state in 0..self.states {
            let next = value(state, &population, &values);
            values.push(next);
            self.advance(&mut population);
        }
        values
    }

    /// Sum over the classes that are there: demand times the value with one less.
    fn one_less(
        &self,
        (state, population): (usize, &[usize]),
        demands: &[Wide],
        value: impl Fn(usize) -> Wide,
    ) -> Wide {
        let mut sum = Wide::ZERO;
        for (class, demand) in demands.iter().enumerate() {
            if population[class] > 0 && !demand.is_zero() {
                sum = sum + *demand * value(state - self.strides[class]);
            }
        }
        sum
    }
}

/// For each station with several servers and each population, the mean number of
/// servers that are free beyond the one a customer takes: the sum of
/// `(m - 1 - j) p(j)`. Empty for all other stations.
fn few_present(network: &Network, lattice: &Lattice) -> Vec<Vec<f64>> {
    let stations = network.services.len();
    let mut waits = vec![Vec::new(); stations];
    if (0..stations).all(|k| network.several(k).is_none()) {
        return waits;
    }
    let constants = constants(network, lattice, None);
    for (k, wait) in waits.iter_mut().enumerate() {
        let Some(servers) = network.several(k) else {
            continue;
        };
        let without = constants_without(network, lattice, k);
        *wait = vec![0.0; lattice.states];
        let demands = demands_at(network, k);
        layers(lattice, &demands, without, servers, |j, layer| {
            let free = servers.saturating_sub(1 + j) as f64;
            for (state, chance) in layer.iter().enumerate() {
                wait[state] += free * chance.over(constants[state]);
            }
        });
    }
    waits
}

fn demands_at(network: &Network, station: usize) -> Vec<Wide> {
    let rows = network.demands_seconds.iter();
    rows.map(|row| Wide::new(row[station])).collect()
}

fn constants_without(network: &Network, lattice: &Lattice, station: usize) -> Vec<Wide> {
    constants(network, lattice, Some(station))
}

/// The normalization constant of each population, one station left out or none.
fn constants(network: &Network, lattice: &Lattice, left_out: Option<usize>) -> Vec<Wide> {
    let mut delays = network.think_seconds.clone();
    let stations = (0..network.services.len()).filter(|k| Some(*k) != left_out);
    let (delayed, queued): (Vec<usize>, Vec<usize>) = stations.partition(|k| network.is_delay(*k));
    for (delay, demands) in delays.iter_mut().zip(&network.demands_seconds) {
        *delay += delayed.iter().map(|k| demands[*k]).sum::<f64>();
    }
    let mut constants = of_delays(lattice, &delays);
    for k in queued {
        let demands = demands_at(network, k);
        constants = match network.several(k) {
            None => lattice.fill(|state, population, sums| {
                let rest = lattice.one_less((state, population), &demands, |it| sums[it]);
                constants[state] + rest
            }),
            Some(servers) => {
                let mut sums = vec![Wide::ZERO; lattice.states];
                let tail = layers(lattice, &demands, constants, servers, |_, layer| {
                    add(&mut sums, layer);
                });
                add(&mut sums, &tail);
                sums
            }
        };
    }
    constants
}

fn add(sums: &mut [Wide], layer: &[Wide]) {
    for (sum, value) in sums.iter_mut().zip(layer) {
        *sum = *sum + *value;
    }
}

/// Product over classes of `z^n / n!`.
fn of_delays(lattice: &Lattice, delays: &[f64]) -> Vec<Wide> {
    lattice.fill(|state, population, values| {
        let class = population.iter().position(|count| *count > 0);
        class.map_or(Wide::ONE, |class| {
            let factor = delays[class] / population[class] as f64;
            values[state - lattice.strides[class]] * Wide::new(factor)
        })
    })
}

/// Weights of the populations with 0, 1, …, `servers - 1` customers at a station with so
/// many servers, given to `each` in turn; returned is that of all larger numbers.
fn layers(
    lattice: &Lattice,
    demands: &[Wide],
    without: Vec<Wide>,
    servers: usize,
    mut each: impl FnMut(usize, &[Wide]),
) -> Vec<Wide> {
    let scaled = |j: usize| -> Vec<Wide> {
        let share = Wide::new(1.0 / j as f64);
        demands.iter().map(|it| *it * share).collect()
    };
    let mut layer = without;
    each(0, &layer);
    for j in 1..servers {
        let demands = scaled(j);
        layer = lattice.fill(|state, population, _| {
            lattice.one_less((state, population), &demands, |it| layer[it])
        });
        each(j, &layer);
    }
    let demands = scaled(servers);
    lattice.fill(|state, population, tail| {
        lattice.one_less((state, population), &demands, |it| layer[it] + tail[it])
    })
}

/// The recursion over all populations.
fn mean_values(network: &Network, lattice: &Lattice, waits: &[Vec<f64>]) -> Solution {
    let (classes, stations) = (network.populations.len(), network.services.len());
    let mut queues = vec![0.0; lattice.states * stations];
    let mut population = vec![0; classes];
    let mut throughputs = vec![0.0; classes];
    let mut responses = network.demands_seconds.clone();
    for state in 0..lattice.states {
        for class in (0..classes).filter(|it| population[*it] > 0) {
            let before = state - lattice.strides[class];
            let mut round = network.think_seconds[class];
            for k in 0..stations {
                let demand = network.demands_seconds[class][k];
                let present = queues[before * stations + k];
                let time = match network.several(k) {
                    _ if network.is_delay(k) => demand,
                    None => demand * (1.0 + present),
                    Some(servers) => demand / servers as f64 * (1.0 + present + waits[k][before]),
                };
                responses[class][k] = time;
                round += time;
            }
            throughputs[class] = population[class] as f64 / round;
            for k in 0..stations {
                queues[state * stations + k] += throughputs[class] * responses[class][k];
            }
        }
        lattice.advance(&mut population);
    }
    Solution::of(network, Method::Exact, throughputs, responses)
}
