//! Closed systems of several classes, where an exact solution costs too much.
//!
//! * [`schweitzer`]: one fixed point; up to some percent off.
//! * [`linearizer`]: three rounds of fixed points with one customer less; usually within a
//!   tenth of a percent.
//! * [`solve`]: exact where that is affordable, else the linearizer.
//!
//! Several servers are taken as one fast server and a delay, which is up to 8 % off at the
//! knee (Seidmann et al.), so intervals of such answers must be wider by that.
//!
//! # Source
//!
//! P. J. Schweitzer, 1979; K. M. Chandy, D. Neuse, "Linearizer: a heuristic algorithm for
//! queueing network models of computing systems", CACM 25 (1982); A. Seidmann, P. J.
//! Schweitzer, S. Shalev-Oren, Large Scale Systems 12 (1987).

use super::SolveError;
use super::multi::{self, Point, STATES_MAX, System};
use super::positive;

/// Turns of a fixed point, at most.
const TURNS_MAX: usize = 100_000;

/// A fixed point is reached when no queue moves by more than this.
const STILL: f64 = 1e-10;

/// Which solution was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The exact one.
    Exact,
    /// The linearizer.
    Linearizer,
}

/// Solves exactly where that is affordable, else by the linearizer.
///
/// # Errors
///
/// Numbers that are none.
pub fn solve(system: &System) -> Result<(Point, Taken), SolveError> {
    if system.states() <= STATES_MAX as f64
        && let Ok(point) = multi::exact(system)
    {
        return Ok((point, Taken::Exact));
    }
    Ok((linearizer(system)?, Taken::Linearizer))
}

/// The approximation of Schweitzer and Bard.
///
/// # Errors
///
/// Numbers that are none.
pub fn schweitzer(system: &System) -> Result<Point, SolveError> {
    let core = Core::new(system)?;
    let none = vec![vec![vec![0.0; core.stations]; core.classes]; core.classes];
    let (throughput, residence_s, _) = core.fixed_point(&core.customers, &none, core.spread())?;
    Ok(core.finished(throughput, residence_s))
}

/// The approximation of Chandy and Neuse.
///
/// # Errors
///
/// Numbers that are none.
pub fn linearizer(system: &System) -> Result<Point, SolveError> {
    let core = Core::new(system)?;
    let classes = core.classes;
    // How much the share of class i at station k differs with one customer of class j less.
    let mut changes = vec![vec![vec![0.0; core.stations]; classes]; classes];
    let mut whole = core.spread();
    let mut less: Vec<Queues> = (0..classes)
        .map(|j| core.spread_of(&core.without(j)))
        .collect();
    let mut found = None;
    for round in 0..3 {
        let (throughput, residence_s, queues) =
            core.fixed_point(&core.customers, &changes, whole.clone())?;
        whole = queues;
        found = Some((throughput, residence_s));
        if round == 2 {
            break;
        }
        for (j, less) in less.iter_mut().enumerate() {
            let customers = core.without(j);
            if customers.iter().sum::<f64>() <= 0.0 {
                less.iter_mut().flatten().for_each(|it| *it = 0.0);
                continue;
            }
            *less = core.fixed_point(&customers, &changes, less.clone())?.2;
        }
        for i in 0..classes {
            for (j, less) in less.iter().enumerate() {
                let customers = core.without(j);
                for k in 0..core.stations {
                    let share = |queue: f64, n: f64| if n > 0.0 { queue / n } else { 0.0 };
                    changes[i][j][k] =
                        share(less[i][k], customers[i]) - share(whole[i][k], core.customers[i]);
                }
            }
        }
    }
    found.map_or_else(
        || Err(SolveError::Undetermined("no round was made".to_owned())),
        |(throughput, residence_s)| Ok(core.finished(throughput, residence_s)),
    )
}

/// Customers of each class at each station.
type Queues = Vec<Vec<f64>>;

/// Throughputs, residence times and queues at a fixed point.
type Turned = (Vec<f64>, Vec<Vec<f64>>, Queues);

/// A system whose servers are single, with the delays that make them so.
struct Core {
    system: System,
    customers: Vec<f64>,
    classes: usize,
    stations: usize,
    /// Seconds with a queue of each class at each station.
    queueing: Vec<Vec<f64>>,
    /// Seconds without one.
    delay: Vec<Vec<f64>>,
}

impl Core {
    fn new(system: &System) -> Result<Self, SolveError> {
        let system = system.checked()?;
        if system.customers.iter().all(|it| *it == 0) {
            return Err(SolveError::Number {
                what: "the number of customers",
                value: 0.0,
                want: "1 or more",
            });
        }
        let split = |delayed: bool| -> Vec<Vec<f64>> {
            let of = |demand_s: &f64, servers: &usize| match (*servers, delayed) {
                (0, true) => *demand_s,
                (0, false) => 0.0,
                (m, true) => demand_s * (m - 1) as f64 / m as f64,
                (m, false) => demand_s / m as f64,
            };
            let row = |row: &Vec<f64>| {
                row.iter()
                    .zip(&system.servers)
                    .map(|(d, m)| of(d, m))
                    .collect()
            };
            system.demands.iter().map(row).collect()
        };
        Ok(Self {
            customers: system.customers.iter().map(|it| *it as f64).collect(),
            classes: system.demands.len(),
            stations: system.servers.len(),
            queueing: split(false),
            delay: split(true),
            system,
        })
    }

    fn without(&self, class: usize) -> Vec<f64> {
        let mut customers = self.customers.clone();
        customers[class] = (customers[class] - 1.0).max(0.0);
        customers
    }

    fn spread(&self) -> Queues {
        self.spread_of(&self.customers)
    }

    /// Customers spread evenly.
    fn spread_of(&self, customers: &[f64]) -> Queues {
        let even = |n: &f64| vec![n / self.stations as f64; self.stations];
        customers.iter().map(even).collect()
    }

    /// Turns until the queues stand still.
    fn fixed_point(
        &self,
        customers: &[f64],
        changes: &[Vec<Vec<f64>>],
        mut queues: Queues,
    ) -> Result<Turned, SolveError> {
        let mut throughput = vec![0.0; self.classes];
        let mut residence_s = vec![vec![0.0; self.stations]; self.classes];
        for _ in 0..TURNS_MAX {
            let mut moved: f64 = 0.0;
            let mut next = queues.clone();
            for c in (0..self.classes).filter(|c| customers[*c] > 0.0) {
                for k in 0..self.stations {
                    let seen: f64 = (0..self.classes)
                        .filter(|i| customers[*i] > 0.0)
                        .map(|i| {
                            let own = f64::from(u8::from(i == c));
                            let share = queues[i][k] / customers[i] + changes[i][c][k];
                            (customers[i] - own) * share
                        })
                        .sum();
                    residence_s[c][k] =
                        self.delay[c][k] + self.queueing[c][k] * (1.0 + seen.max(0.0));
                }
                let cycle_s = residence_s[c].iter().sum::<f64>() + self.system.think_s[c];
                throughput[c] = customers[c] / positive("a customer's cycle", cycle_s)?;
                for k in 0..self.stations {
                    // Those in the delay of several servers are at the station too, but
                    // nobody waits for them.
                    next[c][k] = throughput[c] * (residence_s[c][k] - self.delay[c][k]);
                    moved = moved.max((next[c][k] - queues[c][k]).abs());
                }
            }
            queues = next;
            if moved < STILL {
                break;
            }
        }
        Ok((throughput, residence_s, queues))
    }

    fn finished(&self, throughput: Vec<f64>, residence_s: Vec<Vec<f64>>) -> Point {
        multi::finished(&self.system, throughput, residence_s)
    }
}
