//! Open systems: each station by itself, by its numbers of requests.
//!
//! A station of capacity `c` serves `min(j, c)` of `j` requests; its waits are those of
//! exponential arrivals and services, and of a quota that is used up, times the system's
//! factor.
//!
//! # Source
//!
//! L. Kleinrock, *Queueing Systems*, volume 1, chapter 3 (birth and death); W. Whitt,
//! "Approximations for the GI/G/m queue", Production and Operations Management 2 (1993),
//! for the factor.

use super::{Part, Solved, System, Unsolvable, waits};

/// Units whose single occupancies are followed, at most.
const UNITS_MAX: usize = 4096;

/// Solves a system that is asked at a rate.
pub(super) fn solve(system: &System, rate: f64) -> Result<Solved, Unsolvable> {
    let asked = rate;
    let rate = system.gate.rate.map_or(rate, |limit| rate.min(limit));
    let rejected = asked - rate;
    let mut parts = Vec::with_capacity(system.stations.len());
    for (place, station) in system.stations.iter().enumerate() {
        let turned_away = match place {
            0 => rejected * system.gate.reject_demand_s,
            _ => 0.0,
        };
        let busy = rate * station.demand_s + turned_away;
        if busy >= station.most() {
            return Err(Unsolvable::Overload {
                rate: asked,
                capacity: capacity(system),
            });
        }
        let queue = queue(busy, station.capacity);
        let alone_s = station.alone_s();
        let wait_s = match busy > 0.0 {
            true => (queue / busy * station.demand_s - alone_s).max(0.0),
            false => 0.0,
        };
        let held_s = waits::throttled_s(station, rate);
        let residence_s = alone_s + (wait_s + held_s) * system.waits;
        parts.push(Part {
            utilization: station.utilization(busy),
            busy_units: busy,
            residence_s,
            queue: rate * residence_s,
        });
    }
    let response_s = parts.iter().map(|it| it.residence_s).sum::<f64>() + system.delay_s();
    Ok(Solved {
        throughput: rate,
        response_s,
        service_s: system.service_s(),
        active: rate * response_s,
        rejected,
        parts,
    })
}

/// The most requests a second that all stations can serve.
pub(super) fn capacity(system: &System) -> f64 {
    let stations = system.stations.iter();
    stations
        .map(|it| it.most() / it.demand_s)
        .fold(f64::INFINITY, f64::min)
}

/// Mean number at a station that has `busy` units of work offered and `capacity` units;
/// `busy` below `capacity`.
fn queue(busy: f64, capacity: f64) -> f64 {
    // Relative probabilities of 0, 1, … up to where every unit is busy, then a geometric
    // tail with this ratio.
    let ratio = busy / capacity;
    let units = (capacity.ceil() as usize).clamp(1, UNITS_MAX);
    let mut weight = 1.0;
    let (mut total, mut mean) = (1.0, 0.0);
    for j in 1..units {
        weight *= busy / (j as f64).min(capacity);
        total += weight;
        mean += j as f64 * weight;
        if total > 1e200 {
            let scale = 1e-200;
            (weight, total, mean) = (weight * scale, total * scale, mean * scale);
        }
    }
    // States `units`, `units + 1`, …: weight * ratio^i, i = 1, 2, …
    let tail = weight * ratio / (1.0 - ratio);
    let first = units as f64;
    mean += tail * (first + ratio / (1.0 - ratio));
    total += tail;
    mean / total
}
