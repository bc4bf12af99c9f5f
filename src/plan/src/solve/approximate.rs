//! Closed networks with several classes, approximately; and the choice.
//!
//! An arriving customer meets the queue of the network without itself. The exact
//! recursion solves all those smaller networks; Schweitzer guesses their queues from
//! the whole one, Linearizer corrects that guess by how the shares of the queues change
//! when one customer leaves. Schweitzer alone can be several percent off, so it is
//! never what [`solve`] takes.
//!
//! Several servers are split, after Seidmann, into one that is as fast as all and a
//! delay; that alone makes response times up to 9 % wrong near the knee
//! ([`SEIDMANN_SPREAD`]).
//!
//! Start at [`solve`].
//!
//! # Source
//!
//! P. J. Schweitzer, "Approximate analysis of multiclass closed networks of queues",
//! 1979. K. M. Chandy, D. Neuse, "Linearizer: a heuristic algorithm for queueing network
//! models of computing systems", CACM 25 (1982). A. Seidmann et al., "Computerized
//! closed queueing network models of flexible manufacturing systems", 1987.

use super::classes::{self, Method, Network, Solution};
use super::{Service, SolveError, check};

/// How much wider an interval gets where Seidmann's split was used.
pub const SEIDMANN_SPREAD: f64 = 0.08;

/// Iterations of one fixed point, at most; a few dozen are usual, more near saturation.
const MOST_ITERATIONS: usize = 20_000;

/// Iterations of one fixed point that even the largest network may take.
const LEAST_ITERATIONS: usize = 200;

/// Elementary steps of one solution, about: some seconds.
const MOST_STEPS: usize = 1_000_000_000;

/// From here on steps are halved, in case they jump from side to side.
const HALVED_FROM: usize = 500;

/// Queues differ by less than this share of their class at the fixed point.
const CLOSE: f64 = 1e-10;

/// What still counts as solved when the iterations are used up.
const CLOSE_ENOUGH: f64 = 1e-5;

/// Runs at full population, as published.
const RUNS: usize = 3;

/// Corrections remembered by Linearizer, at most: classes squared times stations.
const MOST_CORRECTIONS: usize = 1_000_000;

/// Solves a network with classes: exactly where that is affordable, else by Linearizer.
///
/// # Errors
///
/// As [`linearizer`].
pub fn solve(network: &Network) -> Result<Solution, SolveError> {
    network.check()?;
    match network.is_affordable() {
        true => classes::exact(network),
        false => linearizer(network),
    }
}

/// Solves a network with classes by the approximation of Bard and Schweitzer.
///
/// # Errors
///
/// [`SolveError::Input`] and [`SolveError::Shape`] for what no network can be,
/// [`SolveError::Undetermined`] if the iteration does not settle.
pub fn schweitzer(network: &Network) -> Result<Solution, SolveError> {
    network.check()?;
    let split = Split::of(network);
    let corrections = split.no_corrections();
    let mut queues = split.even(&split.populations);
    let core = split.core(&split.populations, &corrections, &mut queues)?;
    Ok(split.solution(network, Method::Schweitzer, core))
}

/// Solves a network with classes by Linearizer.
///
/// # Errors
///
/// As [`schweitzer`]; and [`SolveError::TooLarge`] with many classes and stations.
pub fn linearizer(network: &Network) -> Result<Solution, SolveError> {
    network.check()?;
    let split = Split::of(network);
    let classes = split.populations.len();
    let size = classes as f64 * classes as f64 * split.queued.len() as f64;
    check::at_most("the number of corrections", size, MOST_CORRECTIONS)?;
    let full = &split.populations;
    // corrections[j][c][k]: share of class c at k that comes when one of j leaves.
    let mut corrections = vec![split.no_corrections(); classes];
    let mut queues = split.even(full);
    let smaller: Vec<Vec<f64>> = (0..classes).map(|j| without_one(full, j)).collect();
    let mut smaller_queues: Vec<_> = smaller.iter().map(|it| split.even(it)).collect();
    for _ in 1..RUNS {
        split.core(full, &split.expected(full, &corrections), &mut queues)?;
        for (population, queues) in smaller.iter().zip(&mut smaller_queues) {
            let expected = split.expected(population, &corrections);
            split.core(population, &expected, queues)?;
        }
        for j in (0..classes).filter(|j| full[*j] > 0.0) {
            for c in (0..classes).filter(|c| full[*c] > 0.0) {
                for k in 0..split.queued.len() {
                    let share = queues[c][k] / full[c];
                    let left = smaller[j][c];
                    let share_without = match left > 0.0 {
                        true => smaller_queues[j][c][k] / left,
                        false => share,
                    };
                    corrections[j][c][k] = share_without - share;
                }
            }
        }
    }
    let core = split.core(full, &split.expected(full, &corrections), &mut queues)?;
    Ok(split.solution(network, Method::Linearizer, core))
}

fn without_one(populations: &[f64], class: usize) -> Vec<f64> {
    let mut smaller = populations.to_vec();
    smaller[class] = (smaller[class] - 1.0).max(0.0);
    smaller
}

/// `[class][queue]`.
type Table = Vec<Vec<f64>>;

/// A network with single queues and delays only.
struct Split {
    populations: Vec<f64>,
    /// Think time, delays, and what Seidmann's split takes out of stations.
    delays: Vec<f64>,
    /// Demands at the stations that have a queue: `[class][queue]`.
    demands: Table,
    /// The stations that have a queue.
    queued: Vec<usize>,
}

/// What a fixed point says: throughput of each class, times at each queue.
struct Core {
    throughputs: Vec<f64>,
    times: Table,
}

/// The part of a demand that waits in a queue, and the part that does not.
pub(super) fn parts(demand: f64, service: Service) -> (f64, f64) {
    match service {
        Service::Delay => (0.0, demand),
        Service::Servers(servers) => {
            let queued = demand / f64::from(servers);
            (queued, (demand - queued).max(0.0))
        }
    }
}

impl Split {
    fn of(network: &Network) -> Self {
        let services = &network.services;
        let queued: Vec<usize> = (0..services.len())
            .filter(|k| services[*k] != Service::Delay)
            .collect();
        let rows = network.demands_seconds.iter();
        let delay = |(row, think): (&Vec<f64>, &f64)| {
            let parts = row.iter().zip(services);
            think
                + parts
                    .map(|(it, service)| parts_delay(*it, *service))
                    .sum::<f64>()
        };
        let queue = |row: &Vec<f64>| {
            let stations = queued.iter();
            stations.map(|k| parts(row[*k], services[*k]).0).collect()
        };
        Self {
            populations: network.populations.iter().map(|it| *it as f64).collect(),
            delays: rows
                .clone()
                .zip(&network.think_seconds)
                .map(delay)
                .collect(),
            demands: rows.map(queue).collect(),
            queued,
        }
    }

    fn no_corrections(&self) -> Table {
        vec![vec![0.0; self.queued.len()]; self.populations.len()]
    }

    /// Customers spread evenly, to start from.
    fn even(&self, populations: &[f64]) -> Table {
        let queues = self.queued.len();
        let rows = populations.iter();
        rows.map(|it| vec![it / queues.max(1) as f64; queues])
            .collect()
    }

    /// For an arriving customer of each class, by how much the corrections change the
    /// queue that it meets.
    fn expected(&self, populations: &[f64], corrections: &[Table]) -> Table {
        let of_class = |class: usize| {
            let others = without_one(populations, class);
            let meets = |k: usize| {
                let rows = others.iter().zip(&corrections[class]);
                rows.map(|(count, row)| count * row[k]).sum()
            };
            (0..self.queued.len()).map(meets).collect()
        };
        (0..populations.len()).map(of_class).collect()
    }

    /// Iterations of one of the fixed points that Linearizer takes.
    fn most_iterations(&self) -> usize {
        let classes = self.populations.len();
        let each = classes * self.queued.len().max(1);
        let fixed_points = RUNS * (classes + 1);
        (MOST_STEPS / each / fixed_points).clamp(LEAST_ITERATIONS, MOST_ITERATIONS)
    }

    /// Iterates queues to their fixed point.
    fn core(
        &self,
        populations: &[f64],
        expected: &Table,
        queues: &mut Table,
    ) -> Result<Core, SolveError> {
        let mut core = Core {
            throughputs: vec![0.0; populations.len()],
            times: self.demands.clone(),
        };
        let mut change = 0.0;
        for iteration in 0..self.most_iterations() {
            self.times(populations, expected, queues, &mut core);
            change = moved(populations, &core, queues, weight(iteration));
            if change <= CLOSE {
                return Ok(core);
            }
        }
        match change <= CLOSE_ENOUGH {
            true => Ok(core),
            false => Err(SolveError::Undetermined(
                "the approximation of the network does not settle",
            )),
        }
    }

    /// Times and throughputs that follow from queues.
    fn times(&self, populations: &[f64], expected: &Table, queues: &Table, core: &mut Core) {
        let mut totals = vec![0.0; self.queued.len()];
        for row in queues {
            totals.iter_mut().zip(row).for_each(|(sum, it)| *sum += it);
        }
        for (class, population) in populations.iter().enumerate() {
            if *population <= 0.0 {
                continue;
            }
            let mut round = self.delays[class];
            for (k, total) in totals.iter().enumerate() {
                let own = queues[class][k] / population;
                let met = (total - own + expected[class][k]).max(0.0);
                core.times[class][k] = self.demands[class][k] * (1.0 + met);
                round += core.times[class][k];
            }
            core.throughputs[class] = population / round;
        }
    }

    /// Puts the parts of each station together again.
    fn solution(&self, network: &Network, method: Method, core: Core) -> Solution {
        let mut responses = network.demands_seconds.clone();
        for (class, row) in responses.iter_mut().enumerate() {
            for (place, k) in self.queued.iter().enumerate() {
                let (_, delay) = parts(row[*k], network.services[*k]);
                row[*k] = delay + core.times[class][place];
            }
        }
        Solution::of(network, method, core.throughputs, responses)
    }
}

/// Moves queues toward those that follow from times; the largest move as a share of its
/// class.
fn moved(populations: &[f64], core: &Core, queues: &mut Table, weight: f64) -> f64 {
    let mut change = 0.0_f64;
    for (class, population) in populations.iter().enumerate() {
        for (queue, time) in queues[class].iter_mut().zip(&core.times[class]) {
            let next = match *population > 0.0 {
                true => core.throughputs[class] * time,
                false => 0.0,
            };
            let step = weight * (next - *queue);
            *queue += step;
            change = change.max(step.abs() / population.max(1.0));
        }
    }
    change
}

fn parts_delay(demand: f64, service: Service) -> f64 {
    parts(demand, service).1
}

fn weight(iteration: usize) -> f64 {
    match iteration < HALVED_FROM {
        true => 1.0,
        false => 0.5,
    }
}
