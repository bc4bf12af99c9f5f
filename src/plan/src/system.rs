//! The system that is predicted: stations that requests queue at, delays, and the load.
//!
//! A calibration gives one, actions change its parameters, and solving it gives the
//! operating point. Requests are one chain: the shares of the operations are fixed, so the
//! chain has their mean demand, and the time of one operation at a station is its part of
//! the chain's time there.
//!
//! * In: capacities in units that serve at once (processors, possibly a part of one),
//!   demands in seconds of one unit per request.
//! * Out: throughput, response time, utilization and queue a station.
//! * Never: draws, reads a clock, or answers beyond the capacity of an open system.
//!
//! Start at [`solve`]; [`curve`] for many loads at once.

use serde::Serialize;

mod chain;
mod open;
mod pool;
mod spare;
mod waits;

pub use waits::PERIOD_S;

/// What kind of resource a station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    /// Processors.
    Cpu,
    /// A block device.
    Disk,
    /// A link.
    Network,
}

/// Something that requests queue at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Station {
    /// What it is called.
    pub name: String,
    /// Host it belongs to.
    pub host: String,
    /// What kind of resource it is.
    pub resource: Resource,
    /// Units that may serve this application at once: processors less what others use.
    pub capacity: f64,
    /// Units in the mean over time, at most, where less may be used than can serve at
    /// once: the quota of a control group.
    pub quota: Option<f64>,
    /// Units that a utilization is a share of: what the application is allowed, whoever
    /// uses it.
    pub allowed: f64,
    /// Units of those that are busy without requests.
    pub background: f64,
    /// Seconds of one unit that a request takes.
    pub demand_s: f64,
}

impl Station {
    /// Units that requests may keep busy in the mean.
    pub fn most(&self) -> f64 {
        self.quota.map_or(self.capacity, |it| it.min(self.capacity))
    }

    /// Seconds of a request that meets nobody. A quota does not make it slower: it stops
    /// those who come after it is used up.
    pub fn alone_s(&self) -> f64 {
        self.demand_s / self.capacity.min(1.0)
    }

    /// The share that is busy when requests keep some units busy.
    pub fn utilization(&self, busy_units: f64) -> f64 {
        (busy_units + self.background) / self.allowed
    }
}

/// Time that a request spends without queueing at anything known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delay {
    /// What it is.
    pub name: String,
    /// Seconds a request.
    pub seconds: f64,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Load {
    /// So many users, each of whom thinks after an answer.
    Closed {
        /// Users; parts of one are between the whole numbers around.
        users: f64,
        /// Seconds between an answer and the next request.
        think_s: f64,
    },
    /// Requests come whatever the answers do.
    Open {
        /// Requests a second.
        rate: f64,
    },
}

/// What lets requests in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Gate {
    /// Requests at once that the stations see; others wait before.
    pub pool: Option<f64>,
    /// Requests a second that are let in; others are sent away.
    pub rate: Option<f64>,
    /// Seconds of the first station's unit that sending one away takes.
    pub reject_demand_s: f64,
}

/// Everything that decides the operating point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct System {
    /// What requests queue at.
    pub stations: Vec<Station>,
    /// Where they spend time without queueing.
    pub delays: Vec<Delay>,
    /// Who asks.
    pub load: Load,
    /// What lets requests in.
    pub gate: Gate,
    /// Waits, over those of random arrivals and services, beyond what no system avoids: 1
    /// for random ones, less for requests that are alike and users who think alike, more
    /// for those who come in bursts.
    pub waits: f64,
}

/// One station at an operating point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Part {
    /// Share of what the application is allowed that is busy, 0 to 1.
    pub utilization: f64,
    /// Units that are busy.
    pub busy_units: f64,
    /// Seconds that a request spends there, waiting included.
    pub residence_s: f64,
    /// Requests there.
    pub queue: f64,
}

/// An operating point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Solved {
    /// Requests served a second.
    pub throughput: f64,
    /// Mean response time, seconds.
    pub response_s: f64,
    /// Of it: service and delays, without waiting.
    pub service_s: f64,
    /// Requests in flight.
    pub active: f64,
    /// Requests sent away a second.
    pub rejected: f64,
    /// The stations, in order.
    pub parts: Vec<Part>,
}

/// Why there is no operating point.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unsolvable {
    /// More is asked than can be served, and nobody waits before asking again.
    #[error("{rate:.4} requests a second are asked for, and {capacity:.4} can be served")]
    Overload {
        /// Requests a second.
        rate: f64,
        /// The most that can be served.
        capacity: f64,
    },
    /// A number is not one, negative, or too large.
    #[error("{what} is {value}, which no system has")]
    Number {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
    },
}

/// Users of a closed system, at most: what a sweep over all of them takes a moment for.
pub const USERS_MAX: f64 = 100_000.0;

/// Limits of what a system can do, whatever the load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bounds {
    /// Requests a second that the fullest station can serve.
    pub throughput_max: f64,
    /// Seconds of a request that waits for nobody.
    pub response_min_s: f64,
    /// Users at which the two lines of the bounds cross; without a meaning for an open load.
    pub knee_users: f64,
}

/// Solves a system.
///
/// # Errors
///
/// [`Unsolvable`]: an open load beyond the capacity, or parameters that no system has.
///
/// # Source
///
/// M. Reiser, S. S. Lavenberg, "Mean-value analysis of closed multichain queuing
/// networks", JACM 27 (1980); for pools K. M. Chandy, U. Herzog, L. Woo, "Parametric
/// analysis of queuing networks", IBM J. R&D 19 (1975).
pub fn solve(system: &System) -> Result<Solved, Unsolvable> {
    system.check()?;
    if let Some(pool) = system.gate.pool {
        return pool::solve(system, pool);
    }
    match system.load {
        Load::Closed { users, think_s } => Ok(closed(system, users, think_s)),
        Load::Open { rate } => open::solve(system, rate),
    }
}

/// Operating points at many loads: users, or requests a second.
///
/// Loads that have no operating point are left out.
pub fn curve(system: &System, loads: &[f64]) -> Vec<(f64, Solved)> {
    let plain = system.gate.pool.is_none() && system.gate.rate.is_none();
    if let (Load::Closed { think_s, .. }, true) = (system.load, plain) {
        if system.check().is_err() {
            return Vec::new();
        }
        let most = loads.iter().copied().fold(0.0, f64::max);
        let sweep = chain::sweep(system, think_s, most.clamp(0.0, USERS_MAX).ceil() as usize);
        return loads
            .iter()
            .filter_map(|&users| Some((users, between(system, &sweep, users, think_s)?)))
            .collect();
    }
    let at = |&load: &f64| {
        let mut system = system.clone();
        system.load = match system.load {
            Load::Closed { think_s, .. } => Load::Closed {
                users: load,
                think_s,
            },
            Load::Open { .. } => Load::Open { rate: load },
        };
        Some((load, solve(&system).ok()?))
    };
    loads.iter().filter_map(at).collect()
}

/// The limits of a system.
///
/// # Source
///
/// P. J. Denning, J. P. Buzen, "The operational analysis of queueing network models",
/// Computing Surveys 10 (1978).
pub fn bounds(system: &System) -> Bounds {
    let slowest = system
        .stations
        .iter()
        .map(|it| it.demand_s / it.most())
        .fold(0.0, f64::max);
    let response_min_s = system.service_s();
    let think_s = match system.load {
        Load::Closed { think_s, .. } => think_s,
        Load::Open { .. } => 0.0,
    };
    let of_stations = 1.0 / slowest;
    Bounds {
        throughput_max: system
            .gate
            .rate
            .map_or(of_stations, |it| it.min(of_stations)),
        response_min_s,
        knee_users: (response_min_s + think_s) / slowest,
    }
}

impl System {
    /// Seconds of a request that waits for nobody: on less than one processor service
    /// itself takes longer.
    pub fn service_s(&self) -> f64 {
        let service: f64 = self.stations.iter().map(Station::alone_s).sum();
        service + self.delay_s()
    }

    /// Seconds of all delays.
    pub fn delay_s(&self) -> f64 {
        self.delays.iter().map(|it| it.seconds).sum()
    }

    /// The load as a number: users, or requests a second.
    pub fn load_number(&self) -> f64 {
        match self.load {
            Load::Closed { users, .. } => users,
            Load::Open { rate } => rate,
        }
    }

    fn check(&self) -> Result<(), Unsolvable> {
        let wrong = |what, value| Err(Unsolvable::Number { what, value });
        for station in &self.stations {
            for capacity in [station.capacity, station.most(), station.allowed] {
                if capacity <= 0.0 || !(0.0..1e9).contains(&capacity) {
                    return wrong("a capacity", capacity);
                }
            }
            if !(0.0..1e9).contains(&station.demand_s) {
                return wrong("a demand", station.demand_s);
            }
        }
        let delay_s = self.delay_s();
        if !(0.0..1e9).contains(&delay_s) {
            return wrong("a delay", delay_s);
        }
        match self.load {
            Load::Closed { users, .. } if !(users > 0.0 && users <= USERS_MAX) => {
                wrong("the number of users", users)
            }
            Load::Closed { think_s, .. } if !(0.0..1e9).contains(&think_s) => {
                wrong("the think time", think_s)
            }
            Load::Open { rate } if !(rate > 0.0 && rate < 1e12) => wrong("the rate", rate),
            _ => Ok(()),
        }
    }
}

/// A closed system without a pool; a limit of the rate is one more station that serves so
/// many a second and lets the others wait, as users do who try again.
fn closed(system: &System, users: f64, think_s: f64) -> Solved {
    let sweep = chain::sweep(system, think_s, users.ceil() as usize);
    let solved = between(system, &sweep, users, think_s);
    let mut solved = solved.unwrap_or_else(|| chain::empty(system));
    if let Some(rate) = system.gate.rate
        && solved.throughput > rate
    {
        // Those sent away come back after their think time; what is served is the limit.
        let asked = users / (think_s + system.service_s()).max(1e-9);
        solved.rejected = (asked - rate).max(0.0);
        let served = between(
            system,
            &sweep,
            rate * (think_s + solved.response_s),
            think_s,
        );
        let rejected = solved.rejected;
        solved = served.unwrap_or(solved);
        solved.throughput = rate;
        solved.rejected = rejected;
    }
    solved
}

/// The point for a number of users that need not be whole.
fn between(system: &System, sweep: &[chain::Point], users: f64, think_s: f64) -> Option<Solved> {
    let top = sweep.last()?;
    let users = users.clamp(0.0, (sweep.len() - 1) as f64);
    let (below, share) = (users.floor() as usize, users.fract());
    let low = sweep.get(below)?;
    let high = sweep.get(below + 1).unwrap_or(top);
    let mix = |a: f64, b: f64| a + (b - a) * share;
    let throughput = mix(low.throughput, high.throughput);
    let parts = system.stations.iter().enumerate().map(|(k, station)| {
        let queue = mix(low.queues[k], high.queues[k]);
        Part {
            utilization: station.utilization(throughput * station.demand_s),
            busy_units: throughput * station.demand_s,
            residence_s: match throughput > 0.0 {
                true => queue / throughput,
                false => station.alone_s(),
            },
            queue,
        }
    });
    let response_s = match throughput > 0.0 {
        true => users / throughput - think_s,
        false => system.service_s(),
    };
    Some(Solved {
        throughput,
        response_s,
        service_s: system.service_s(),
        active: throughput * response_s,
        rejected: 0.0,
        parts: parts.collect(),
    })
}

#[cfg(test)]
mod tests;
