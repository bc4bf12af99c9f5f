//! Closed systems of several classes, exactly.
//!
//! The cost is the product of all populations plus one; beyond [`STATES_MAX`] see
//! [`super::approximate`].
//!
//! # Source
//!
//! M. Reiser, S. S. Lavenberg, JACM 27 (1980); several servers as in E. D. Lazowska et
//! al., *Quantitative System Performance*, 1984, chapter 20, and G. Bolch et al.,
//! *Queueing Networks and Markov Chains*, 2006, section 8.2.

use super::{SERVERS_MAX, SolveError, bounded, length, matrix, not_negative, positive};

/// States of an exact solution, at most.
pub const STATES_MAX: usize = 1_000_000;

/// Numbers that are kept of all states, at most: 400 MB.
const NUMBERS_MAX: f64 = 5e7;

/// A system of several classes.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// Customers of each class.
    pub customers: Vec<usize>,
    /// Seconds of each class at each station.
    pub demands: Vec<Vec<f64>>,
    /// Seconds that customers of each class think; empty is none.
    pub think_s: Vec<f64>,
    /// Servers of each station, 0 is a delay; empty is one each.
    pub servers: Vec<usize>,
}

/// Its operating point.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Cycles of each class a second.
    pub throughput: Vec<f64>,
    /// Seconds of each class at all stations.
    pub response_s: Vec<f64>,
    /// Seconds of each class at each station.
    pub residence_s: Vec<Vec<f64>>,
    /// Customers of each class at each station.
    pub queues: Vec<Vec<f64>>,
    /// Share of each station's servers that each class keeps busy.
    pub utilization: Vec<Vec<f64>>,
}

impl System {
    /// Fills in what was left out, and says what is wrong.
    pub(crate) fn checked(&self) -> Result<Self, SolveError> {
        let stations = matrix("a demand", &self.demands)?;
        let classes = self.demands.len();
        length("the populations", &self.customers, classes)?;
        let think_s = match self.think_s.is_empty() {
            true => vec![0.0; classes],
            false => self.think_s.clone(),
        };
        length("the think times", &think_s, classes)?;
        for think_s in &think_s {
            not_negative("a think time", *think_s)?;
        }
        let servers = match self.servers.is_empty() {
            true => vec![1; stations],
            false => self.servers.clone(),
        };
        length("the numbers of servers", &servers, stations)?;
        for servers in &servers {
            bounded("the number of servers", *servers as f64, SERVERS_MAX as f64)?;
        }
        Ok(Self {
            customers: self.customers.clone(),
            demands: self.demands.clone(),
            think_s,
            servers,
        })
    }

    /// States of an exact solution.
    pub fn states(&self) -> f64 {
        self.customers.iter().map(|it| *it as f64 + 1.0).product()
    }
}

/// Solves exactly.
///
/// # Errors
///
/// Numbers that are none; more than [`STATES_MAX`] states.
pub fn exact(system: &System) -> Result<Point, SolveError> {
    let system = system.checked()?;
    bounded("the number of states", system.states(), STATES_MAX as f64)?;
    let stations = system.servers.len();
    let kept: usize = system.servers.iter().map(|it| (*it).max(1)).sum();
    let numbers = system.states() * (stations + kept) as f64;
    bounded("what is kept of all states", numbers, NUMBERS_MAX)?;
    let mut table = Table::new(&system, kept);
    let mut point = None;
    let mut state = vec![0; system.customers.len()];
    while next(&mut state, &system.customers) {
        point = Some(table.step(&system, &state)?);
    }
    point.map_or_else(
        || {
            Err(SolveError::Number {
                what: "the number of customers",
                value: 0.0,
                want: "1 or more",
            })
        },
        |(throughput, residence_s)| Ok(finished(&system, throughput, residence_s)),
    )
}

/// The next state in an order in which each comes after all below it.
fn next(state: &mut [usize], most: &[usize]) -> bool {
    for (n, most) in state.iter_mut().zip(most) {
        if *n < *most {
            *n += 1;
            return true;
        }
        *n = 0;
    }
    false
}

/// Queues and probabilities of all states.
struct Table {
    stations: usize,
    kept: usize,
    /// Distance in the table of one customer more of each class.
    steps: Vec<usize>,
    queues: Vec<f64>,
    /// Of each station with `m` servers, `m` probabilities of 0 to m - 1 there.
    idle: Vec<f64>,
}

impl Table {
    fn new(system: &System, kept: usize) -> Self {
        let states = system.states() as usize;
        let stations = system.servers.len();
        let mut steps = Vec::with_capacity(system.customers.len());
        let mut step = 1;
        for customers in &system.customers {
            steps.push(step);
            step *= customers + 1;
        }
        let mut idle = vec![0.0; states * kept];
        let mut at = 0;
        for servers in &system.servers {
            idle[at] = 1.0;
            at += (*servers).max(1);
        }
        Self {
            stations,
            kept,
            steps,
            queues: vec![0.0; states * stations],
            idle,
        }
    }

    fn step(
        &mut self,
        system: &System,
        state: &[usize],
    ) -> Result<(Vec<f64>, Vec<Vec<f64>>), SolveError> {
        let place: usize = state
            .iter()
            .zip(&self.steps)
            .map(|(n, step)| n * step)
            .sum();
        let classes = state.len();
        let mut throughput = vec![0.0; classes];
        let mut residence_s = vec![vec![0.0; self.stations]; classes];
        for c in (0..classes).filter(|c| state[*c] > 0) {
            let below = place - self.steps[c];
            let mut at = 0;
            for (k, servers) in system.servers.iter().enumerate() {
                let demand_s = system.demands[c][k];
                let queue = self.queues[below * self.stations + k];
                let idle = &self.idle[below * self.kept + at..];
                residence_s[c][k] = met(demand_s, *servers, queue, idle);
                at += (*servers).max(1);
            }
            let cycle_s = residence_s[c].iter().sum::<f64>() + system.think_s[c];
            throughput[c] = state[c] as f64 / positive("a customer's cycle", cycle_s)?;
        }
        let own = place * self.stations;
        for (k, queue) in self.queues[own..own + self.stations].iter_mut().enumerate() {
            *queue = (0..classes)
                .map(|c| throughput[c] * residence_s[c][k])
                .sum();
        }
        self.settle(system, (place, state), &throughput);
        Ok((throughput, residence_s))
    }

    fn settle(&mut self, system: &System, (place, state): (usize, &[usize]), throughput: &[f64]) {
        let mut at = 0;
        for (k, servers) in system.servers.iter().enumerate() {
            let own = place * self.kept + at;
            at += (*servers).max(1);
            if *servers < 2 {
                continue;
            }
            let mut busy: f64 = 0.0;
            for (c, x) in throughput.iter().enumerate() {
                busy += x * system.demands[c][k];
            }
            for j in 1..*servers {
                let mut p = 0.0;
                for c in (0..state.len()).filter(|c| state[*c] > 0) {
                    let below = (place - self.steps[c]) * self.kept + (own - place * self.kept);
                    p += throughput[c] * system.demands[c][k] * self.idle[below + j - 1];
                }
                self.idle[own + j] = p / j as f64;
                busy += (*servers - j) as f64 * self.idle[own + j];
            }
            self.idle[own] = (1.0 - busy / *servers as f64).max(0.0);
        }
    }
}

/// Seconds that a customer meets at a station.
fn met(demand_s: f64, servers: usize, queue: f64, idle: &[f64]) -> f64 {
    match servers {
        0 => demand_s,
        1 => demand_s * (1.0 + queue),
        servers => {
            let spare = idle.iter().take(servers - 1).enumerate();
            let spare: f64 = spare.map(|(j, p)| (servers - 1 - j) as f64 * p).sum();
            demand_s / servers as f64 * (1.0 + queue + spare)
        }
    }
}

/// The point from throughputs and residences.
pub(crate) fn finished(system: &System, throughput: Vec<f64>, residence_s: Vec<Vec<f64>>) -> Point {
    let of_class = |c: usize, f: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..system.servers.len())
            .map(|k| throughput[c] * f(k))
            .collect()
    };
    let classes = 0..throughput.len();
    let queues = classes.clone().map(|c| of_class(c, &|k| residence_s[c][k]));
    let utilization = classes.map(|c| {
        of_class(c, &|k| {
            system.demands[c][k] / system.servers[k].max(1) as f64
        })
    });
    Point {
        queues: queues.collect(),
        utilization: utilization.collect(),
        response_s: residence_s.iter().map(|it| it.iter().sum()).collect(),
        throughput,
        residence_s,
    }
}
