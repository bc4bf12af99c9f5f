//! Pools: at most so many requests at the stations, the others wait before.
//!
//! The stations and delays behind the pool are one composite station that serves `X(n)`
//! requests a second while `n` are inside; the outside is then a birth-and-death chain.
//!
//! # Source
//!
//! K. M. Chandy, U. Herzog, L. Woo, "Parametric analysis of queuing networks", IBM J. R&D
//! 19 (1975): the flow-equivalent server.

use super::{Load, Part, Solved, System, Unsolvable, chain};

/// Places of a pool that are followed one by one, at most.
const PLACES_MAX: f64 = 10_000.0;

/// Solves a system whose stations see at most `places` requests.
pub(super) fn solve(system: &System, places: f64) -> Result<Solved, Unsolvable> {
    if places.is_nan() || places < 1.0 {
        return Err(Unsolvable::Number {
            what: "the size of a pool",
            value: places,
        });
    }
    let inside = places.min(PLACES_MAX).floor() as usize;
    let sweep = chain::sweep(system, 0.0, inside);
    let rates: Vec<f64> = sweep.iter().map(|it| it.throughput).collect();
    let limit = system.gate.rate.unwrap_or(f64::INFINITY);
    let (states, think_s, rejected) = match system.load {
        Load::Closed { users, think_s } => {
            let states = births(users, think_s, &rates);
            match states.throughput > limit {
                true => {
                    // Those sent away come back after their think time, and what is let in
                    // comes whatever the answers do.
                    let asked = users / (think_s + system.service_s()).max(1e-9);
                    (arrivals(limit, &rates)?, think_s, (asked - limit).max(0.0))
                }
                false => (states, think_s, 0.0),
            }
        }
        Load::Open { rate } => {
            let states = arrivals(rate.min(limit), &rates)?;
            (states, 0.0, (rate - limit).max(0.0))
        }
    };
    let throughput = states.throughput;
    let mut parts = vec![Part::default(); system.stations.len()];
    for (k, (part, station)) in parts.iter_mut().zip(&system.stations).enumerate() {
        let queues = sweep.iter().map(|it| it.queues[k]);
        part.queue = queues.zip(&states.inside).map(|(q, p)| q * p).sum();
        part.busy_units = throughput * station.demand_s;
        part.utilization = station.utilization(part.busy_units);
        part.residence_s = part.queue / throughput.max(1e-12);
    }
    let response_s = match system.load {
        Load::Closed { users, .. } if rejected <= 0.0 => users / throughput.max(1e-12) - think_s,
        _ => states.present / throughput,
    };
    Ok(Solved {
        throughput,
        response_s,
        service_s: system.service_s(),
        active: throughput * response_s,
        rejected,
        parts,
    })
}

/// The chain of numbers present.
struct States {
    throughput: f64,
    /// Mean number present, waiting before the pool included.
    present: f64,
    /// Probability of 0, 1, … inside.
    inside: Vec<f64>,
}

/// Users who think and then ask.
fn births(users: f64, think_s: f64, rates: &[f64]) -> States {
    let users = users.round().max(1.0) as usize;
    let last = rates.len() - 1;
    if think_s <= 0.0 {
        // Nobody thinks: everybody is present.
        let mut inside = vec![0.0; rates.len()];
        let n = users.min(last);
        inside[n] = 1.0;
        return States {
            throughput: rates[n],
            present: users as f64,
            inside,
        };
    }
    // Logarithms of relative probabilities, so that thousands of users do not overflow.
    let mut logs = vec![0.0; users + 1];
    for n in 1..=users {
        let birth = (users - n + 1) as f64 / think_s;
        logs[n] = logs[n - 1] + (birth / rates[n.min(last)]).ln();
    }
    collect(&logs, rates, 0.0)
}

/// Requests that come whatever happens.
fn arrivals(rate: f64, rates: &[f64]) -> Result<States, Unsolvable> {
    let last = rates.len() - 1;
    let ratio = rate / rates[last];
    if ratio >= 1.0 {
        return Err(Unsolvable::Overload {
            rate,
            capacity: rates[last],
        });
    }
    let mut logs = vec![0.0; rates.len()];
    for n in 1..=last {
        logs[n] = logs[n - 1] + (rate / rates[n]).ln();
    }
    Ok(collect(&logs, rates, ratio))
}

/// Probabilities from logarithms; beyond the last state a geometric tail with this ratio.
fn collect(logs: &[f64], rates: &[f64], ratio: f64) -> States {
    let last = rates.len() - 1;
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|it| (it - top).exp()).collect();
    let end = weights.last().copied().unwrap_or(0.0);
    let tail = end * ratio / (1.0 - ratio);
    let total: f64 = weights.iter().sum::<f64>() + tail;
    let mut inside = vec![0.0; rates.len()];
    let (mut throughput, mut present) = (0.0, 0.0);
    for (n, weight) in weights.iter().enumerate() {
        let p = weight / total;
        inside[n.min(last)] += p;
        throughput += p * rates[n.min(last)];
        present += p * n as f64;
    }
    let p = tail / total;
    inside[last] += p;
    throughput += p * rates[last];
    present += p * ((weights.len() - 1) as f64 + 1.0 / (1.0 - ratio));
    States {
        throughput,
        present,
        inside,
    }
}
