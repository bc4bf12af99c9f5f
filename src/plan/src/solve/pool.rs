//! Threads or connections, of which there are only so many, before hardware.
//!
//! * [`of_delay`]: what the members of the pool do takes a time of its own: M/M/P//N.
//! * [`fn@closed`], [`open`]: they share stations. The network of those inside the pool is
//!   solved for 1 to P members; seen from outside it is one station with that speed.
//!
//! # Source
//!
//! K. M. Chandy, U. Herzog, L. Woo, "Parametric analysis of queuing networks", IBM J. R&D
//! 19 (1975); E. D. Lazowska et al., "Quantitative System Performance" (1984), section
//! 9.3.

use super::closed::{self, Network, Speed, Station};
use super::wide::Wide;
use super::{SolveError, check};

/// Members of a pool, at most.
pub const MOST_MEMBERS: usize = 100_000;

/// A pool, solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solution {
    /// Work finished per second.
    pub throughput: f64,
    /// Seconds from asking for a member until done.
    pub response_seconds: f64,
    /// Seconds of these until a member is free.
    pub wait_seconds: f64,
    /// Members in use.
    pub busy: f64,
    /// Those who wait for a member.
    pub waiting: f64,
}

/// Customers that take turns at a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customers {
    /// How many.
    pub customers: usize,
    /// Members of the pool.
    pub members: u32,
    /// Seconds between a customer's turns.
    pub think_seconds: f64,
}

/// Solves a pool whose members take a mean time each, however many are in use.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be; as [`closed::solve`].
pub fn of_delay(customers: &Customers, service_seconds: f64) -> Result<Solution, SolveError> {
    check::positive("the service time", service_seconds)?;
    let network = Network {
        stations: vec![Station::servers(service_seconds, customers.members)],
        think_seconds: customers.think_seconds,
    };
    let solved = closed::solve(&network, customers.customers)?;
    let busy = solved.throughput * service_seconds;
    Ok(Solution {
        throughput: solved.throughput,
        response_seconds: solved.response_seconds,
        wait_seconds: (solved.response_seconds - service_seconds).max(0.0),
        busy,
        waiting: solved.throughput * (solved.response_seconds - service_seconds).max(0.0),
    })
}

/// The pool and all behind it as one station, for use in other networks.
///
/// `inner` is what a member does; its think time is time in which it is held but uses
/// nothing.
///
/// # Errors
///
/// As [`closed::throughputs`]; [`SolveError::Input`] without members.
pub fn station(inner: &Network, members: u32) -> Result<Station, SolveError> {
    let rates = rates(inner, members)?;
    let first = rates[0];
    Ok(Station {
        demand_seconds: 1.0 / first,
        speed: Speed::Dependent(rates.iter().map(|it| it / first).collect()),
    })
}

/// Work finished per second with 1 to all members in use.
fn rates(inner: &Network, members: u32) -> Result<Vec<f64>, SolveError> {
    check::positive("the number of members", f64::from(members))?;
    check::at_most("the number of members", f64::from(members), MOST_MEMBERS)?;
    let rates = closed::throughputs(inner, members as usize)?;
    Ok(rates.into_iter().skip(1).collect())
}

/// Solves a pool whose members share stations, for customers that take turns.
///
/// # Errors
///
/// As [`station`] and [`closed::solve`].
pub fn closed(inner: &Network, customers: &Customers) -> Result<Solution, SolveError> {
    let outer = Network {
        stations: vec![station(inner, customers.members)?],
        think_seconds: customers.think_seconds,
    };
    let solved = closed::solve(&outer, customers.customers)?;
    let present = solved.stations.first().map_or(0.0, |it| it.present);
    let waiting = expected_waiting(&outer, customers)?.min(present);
    Ok(Solution {
        throughput: solved.throughput,
        response_seconds: solved.response_seconds,
        wait_seconds: over(waiting, solved.throughput),
        busy: present - waiting,
        waiting,
    })
}

fn over(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Mean number beyond the members, from the weights of each number at the pool.
fn expected_waiting(outer: &Network, customers: &Customers) -> Result<f64, SolveError> {
    let (all, members) = (customers.customers, customers.members as usize);
    let Some(Station {
        demand_seconds,
        speed: Speed::Dependent(speeds),
    }) = outer.stations.first()
    else {
        return Ok(0.0);
    };
    let last = speeds.last().copied().unwrap_or(1.0);
    // From `all` at the pool downward: one fewer there is one more that thinks.
    let mut weight = Wide::ONE;
    let (mut sum, mut waiting) = (Wide::ZERO, Wide::ZERO);
    for present in (0..=all).rev() {
        sum = sum + weight;
        let beyond = present.saturating_sub(members) as f64;
        waiting = waiting + weight * Wide::new(beyond);
        let speed = speeds
            .get(present.saturating_sub(1))
            .copied()
            .unwrap_or(last);
        let thinking = (all - present + 1) as f64;
        let step = customers.think_seconds * speed / demand_seconds / thinking;
        weight = weight * Wide::new(step);
    }
    Ok(waiting.over(sum))
}

/// Solves a pool whose members share stations, for work that arrives at random.
///
/// # Errors
///
/// As [`station`]; [`SolveError::Unstable`] if more arrives than all members finish.
pub fn open(inner: &Network, members: u32, rate: f64) -> Result<Solution, SolveError> {
    check::positive("the arrival rate", rate)?;
    let rates = rates(inner, members)?;
    let last = rates[rates.len() - 1];
    let load = rate / last;
    check::stable("the pool", load)?;
    let mut weight = Wide::ONE;
    let (mut sum, mut busy) = (Wide::ONE, Wide::ZERO);
    for (place, finished) in rates.iter().enumerate() {
        weight = weight * Wide::new(rate / finished);
        // All members busy: this state, and those with one, two, … that wait.
        let share = match place + 1 == rates.len() {
            true => weight * Wide::new(1.0 / (1.0 - load)),
            false => weight,
        };
        sum = sum + share;
        busy = busy + share * Wide::new((place + 1) as f64);
    }
    let full = (weight * Wide::new(1.0 / (1.0 - load))).over(sum);
    let waiting = full * load / (1.0 - load);
    let busy = busy.over(sum);
    Ok(Solution {
        throughput: rate,
        response_seconds: (busy + waiting) / rate,
        wait_seconds: waiting / rate,
        busy,
        waiting,
    })
}
