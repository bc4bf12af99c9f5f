//! One station with random arrivals and exponential service times.
//!
//! * [`many_servers`]: M/M/c; [`limited`]: M/M/c with room for K; [`unequal`]: servers
//!   of unequal speed; [`feedback`]: failures that come again.
//!
//! # Source
//!
//! A. K. Erlang (1917); D. Gross et al., "Fundamentals of Queueing Theory", 4th edition,
//! sections 2.3 to 2.5.

use super::{SolveError, check};

/// Places of a station with limited room, at most.
pub const MOST_PLACES: usize = 1_000_000;

/// Servers of unequal speed, at most.
pub const MOST_UNEQUAL: usize = 10_000;

/// Arrivals at a station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Arrivals per second.
    pub rate: f64,
    /// Mean seconds of service on one server.
    pub service_seconds: f64,
    /// Equal servers.
    pub servers: u32,
}

/// A station in its steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady {
    /// Busy share of each server.
    pub utilization: f64,
    /// Chance that an arrival has to wait.
    pub wait_chance: f64,
    /// Mean seconds before service.
    pub wait_seconds: f64,
    /// Mean seconds in all.
    pub response_seconds: f64,
    /// Mean number there, those in service included.
    pub present: f64,
    /// Mean number that waits.
    pub waiting: f64,
}

impl Steady {
    /// Completes a station from its mean wait.
    pub(super) fn of(load: &Load, wait_chance: f64, wait_seconds: f64) -> Self {
        Self {
            utilization: load.utilization(),
            wait_chance,
            wait_seconds,
            response_seconds: wait_seconds + load.service_seconds,
            present: load.rate * (wait_seconds + load.service_seconds),
            waiting: load.rate * wait_seconds,
        }
    }
}

impl Load {
    /// Arrivals over capacity.
    pub fn utilization(&self) -> f64 {
        self.rate * self.service_seconds / f64::from(self.servers)
    }

    /// Refuses what cannot be, and what has no steady state.
    pub(super) fn check(&self) -> Result<(), SolveError> {
        check::not_negative("the arrival rate", self.rate)?;
        check::positive("the service time", self.service_seconds)?;
        check::servers(self.servers)?;
        check::stable("the station", self.utilization())
    }
}

/// Chance that all servers are busy in M/M/c, by the recursion of Erlang's loss formula,
/// which neither overflows nor cancels.
pub(super) fn wait_chance(servers: u32, utilization: f64) -> f64 {
    let offered = utilization * f64::from(servers);
    let mut loss = 1.0;
    for server in 1..=servers {
        loss = offered * loss / (f64::from(server) + offered * loss);
    }
    loss / (1.0 - utilization + utilization * loss)
}

/// Solves M/M/c.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::Unstable`] for a load
/// of one or more.
pub fn many_servers(load: &Load) -> Result<Steady, SolveError> {
    load.check()?;
    let utilization = load.utilization();
    let chance = wait_chance(load.servers, utilization);
    let free = f64::from(load.servers) * (1.0 - utilization);
    Ok(Steady::of(
        load,
        chance,
        chance * load.service_seconds / free,
    ))
}

/// A station where an arrival is turned away when all places are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// Arrivals per second, those turned away included.
    pub rate: f64,
    /// Mean seconds of service on one server.
    pub service_seconds: f64,
    /// Equal servers.
    pub servers: u32,
    /// Places, those of the servers included; at least as many.
    pub places: u32,
}

/// A station with limited room in its steady state, which it has at any load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitedSteady {
    /// Chance that nobody is there.
    pub empty_chance: f64,
    /// Chance that an arrival is turned away.
    pub full_chance: f64,
    /// Those served, per second.
    pub throughput: f64,
    /// Busy share of each server.
    pub utilization: f64,
    /// Mean seconds before service, of those who get in.
    pub wait_seconds: f64,
    /// Mean seconds in all, of those who get in.
    pub response_seconds: f64,
    /// Mean number there.
    pub present: f64,
}

/// Solves M/M/c/K.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::TooLarge`] beyond
/// [`MOST_PLACES`].
pub fn limited(station: &Limited) -> Result<LimitedSteady, SolveError> {
    let rate = check::positive("the arrival rate", station.rate)?;
    let service = check::positive("the service time", station.service_seconds)?;
    check::servers(station.servers)?;
    check::at_most(
        "the number of places",
        f64::from(station.places),
        MOST_PLACES,
    )?;
    if station.places < station.servers {
        return Err(SolveError::Input {
            what: "the number of places",
            rule: "at least the number of servers",
            value: f64::from(station.places),
        });
    }
    let chances = chances(station, rate * service);
    let full_chance = chances.last().copied().unwrap_or(1.0);
    let (mut present, mut busy) = (0.0, 0.0);
    for (n, chance) in chances.iter().enumerate() {
        present += n as f64 * chance;
        busy += (n as f64).min(f64::from(station.servers)) * chance;
    }
    let throughput = busy / service;
    let response_seconds = present / throughput;
    Ok(LimitedSteady {
        empty_chance: chances.first().copied().unwrap_or(1.0),
        full_chance,
        throughput,
        utilization: busy / f64::from(station.servers),
        wait_seconds: (present - busy).max(0.0) / throughput,
        response_seconds,
        present,
    })
}

/// Chance of each number present: outward from the most likely one, so that nothing
/// overflows.
fn chances(station: &Limited, offered: f64) -> Vec<f64> {
    let ratio = |n: u32| offered / f64::from(n.min(station.servers).max(1));
    let top = match ratio(station.servers) >= 1.0 {
        true => station.places,
        false => (offered.floor() as u32).min(station.servers),
    };
    let mut weights = vec![0.0; station.places as usize + 1];
    weights[top as usize] = 1.0;
    for n in top + 1..=station.places {
        weights[n as usize] = weights[n as usize - 1] * ratio(n);
    }
    for n in (0..top).rev() {
        weights[n as usize] = weights[n as usize + 1] / ratio(n + 1);
    }
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|it| *it /= sum);
    weights
}

/// A station whose servers differ in speed.
#[derive(Clone, Debug, PartialEq)]
pub struct UnequalSteady {
    /// Load over capacity.
    pub utilization: f64,
    /// Mean number there, at servers of the mean speed.
    pub present: f64,
    /// Mean seconds in all, at servers of the mean speed.
    pub response_seconds: f64,
    /// Mean number there if an arrival takes any free server with equal chance: exact.
    pub present_at_random: f64,
    /// Busy share of each server under the same rule: exact.
    pub utilizations_at_random: Vec<f64>,
}

/// Solves M/M/m with servers of unequal speed: as if all had the mean speed, which is
/// what the textbooks print, and exactly for arrivals that take any free server.
///
/// With random choice the chain is reversible: the chance that just the servers of a set
/// are busy is proportional to `(m - size)! / m!` times the product of their
/// `rate / speed`, so sums over sets are symmetric polynomials.
///
/// # Errors
///
/// As [`many_servers`]; [`SolveError::TooLarge`] beyond [`MOST_UNEQUAL`] servers.
///
/// # Source
///
/// H. Gumbel, "Waiting lines with heterogeneous servers", Operations Research 8 (1960).
/// G. Bolch et al., "Queueing Networks and Markov Chains", 2nd edition, section 6.1.5.
pub fn unequal(rate: f64, speeds: &[f64]) -> Result<UnequalSteady, SolveError> {
    check::some("the list of speeds", speeds.len())?;
    check::at_most("the number of servers", speeds.len() as f64, MOST_UNEQUAL)?;
    for speed in speeds {
        check::positive("the speed of a server", *speed)?;
    }
    check::positive("the arrival rate", rate)?;
    let capacity: f64 = speeds.iter().sum();
    let mean = many_servers(&Load {
        rate,
        service_seconds: speeds.len() as f64 / capacity,
        servers: speeds.len() as u32,
    })?;
    let (present, busy) = at_random(rate, speeds, capacity);
    Ok(UnequalSteady {
        utilization: mean.utilization,
        present: mean.present,
        response_seconds: mean.response_seconds,
        present_at_random: present,
        utilizations_at_random: busy,
    })
}

/// Mean number present and busy share of each server, free servers taken at random.
fn at_random(rate: f64, speeds: &[f64], capacity: f64) -> (f64, Vec<f64>) {
    let servers = speeds.len();
    let queue = rate / capacity;
    // weight[n]: all sets of n busy servers; scaled so that one set of n has
    // the mean of its products, which stays in range: C(m, n) (m - n)! / m! = 1 / n!.
    let weights = set_weights(rate, speeds);
    let full = weights[servers] / (1.0 - queue);
    let sum = weights[..servers].iter().sum::<f64>() + full;
    let partly: f64 = weights[..servers]
        .iter()
        .enumerate()
        .map(|(n, weight)| n as f64 * weight)
        .sum();
    let mean_full = servers as f64 + queue / (1.0 - queue);
    let busy = match servers <= MOST_SINGLE {
        true => busy_shares(rate, speeds, full, sum),
        false => Vec::new(),
    };
    ((partly + full * mean_full) / sum, busy)
}

/// Servers whose single shares are told, at most: each takes a polynomial of its own.
const MOST_SINGLE: usize = 300;

/// Sum over sets of each size of the product of `rate / speed`, times `(m - n)! / m!`,
/// over the largest of those sums.
fn set_weights(rate: f64, speeds: &[f64]) -> Vec<f64> {
    use super::wide::Wide;
    let mut sums = vec![Wide::ZERO; speeds.len() + 1];
    sums[0] = Wide::ONE;
    for (known, speed) in speeds.iter().enumerate() {
        for n in (1..=known + 1).rev() {
            sums[n] = sums[n] + sums[n - 1] * Wide::new(rate / speed);
        }
    }
    let mut factor = Wide::ONE;
    let mut largest = Wide::ZERO;
    for (n, sum) in sums.iter_mut().enumerate() {
        if n > 0 {
            factor = factor * Wide::new(1.0 / (speeds.len() - n + 1) as f64);
        }
        *sum = *sum * factor;
        if sum.over(largest) > 1.0 {
            largest = *sum;
        }
    }
    sums.iter().map(|it| it.over(largest)).collect()
}

/// Busy share of each server: all of the time with all busy, and its part of the rest.
fn busy_shares(rate: f64, speeds: &[f64], full: f64, sum: f64) -> Vec<f64> {
    let servers = speeds.len();
    let weights = set_weights(rate, speeds);
    let idle = |server: usize| {
        let mut others = speeds.to_vec();
        others.remove(server);
        // Sets without this server; the same scale as above by the empty set.
        let without = set_weights(rate, &others);
        let scale = weights[0] / without[0];
        let part: f64 = without
            .iter()
            .enumerate()
            .map(|(n, weight)| weight * scale * (servers - n) as f64 / servers as f64)
            .sum();
        part / sum
    };
    match weights[0] > 0.0 && full.is_finite() {
        true => (0..servers).map(|it| 1.0 - idle(it)).collect(),
        false => Vec::new(),
    }
}

/// A single server whose work fails and comes again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feedback {
    /// Mean visits until success.
    pub visits: f64,
    /// Busy share.
    pub utilization: f64,
    /// Seconds until success, all visits together.
    pub response_seconds: f64,
    /// Mean number there.
    pub present: f64,
}

/// Solves a single server to which a share of the served returns at once.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::Unstable`] if what
/// returns fills the server.
///
/// # Source
///
/// J. R. Jackson, "Networks of waiting lines", Operations Research 5 (1957).
pub fn feedback(
    rate: f64,
    service_seconds: f64,
    retried_share: f64,
) -> Result<Feedback, SolveError> {
    check::not_negative("the arrival rate", rate)?;
    check::positive("the service time", service_seconds)?;
    check::share("the share that comes again", retried_share)?;
    check::stable("the loop of retries", retried_share)?;
    let visits = 1.0 / (1.0 - retried_share);
    let utilization = rate * visits * service_seconds;
    check::stable("the server", utilization)?;
    let response_seconds = visits * service_seconds / (1.0 - utilization);
    Ok(Feedback {
        visits,
        utilization,
        response_seconds,
        present: rate * response_seconds,
    })
}
