//! Closed systems: exact mean-value analysis of one chain, for all populations up to one.
//!
//! A station of capacity `c` serves `min(j, c)` requests at once when `j` are there, also
//! for a `c` that is not whole: one and a half processors serve the first request at full
//! speed and two of them at three quarters each. What comes out are the waits of random
//! services; [`waits::closed_s`] makes them those of the system.

use super::{Part, Solved, System, spare, waits};

/// The chain at one population.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// Requests a second.
    pub(super) throughput: f64,
    /// Requests at each station.
    pub(super) queues: Vec<f64>,
}

/// What is kept of a station while the population grows.
struct Kept {
    /// Demand over capacity, seconds.
    full_s: f64,
    alone_s: f64,
    queue: f64,
    /// Units that idle beside one more request, by how many users there are.
    spare: Vec<f64>,
    residence_s: f64,
}

impl Kept {
    fn new(station: &super::Station, spare: Vec<f64>) -> Self {
        Self {
            full_s: station.demand_s / station.capacity,
            alone_s: station.alone_s(),
            queue: 0.0,
            spare,
            residence_s: 0.0,
        }
    }

    /// Seconds there of one more request, which meets what so many users leave there.
    fn meet(&mut self, others: usize) -> f64 {
        let spare = self.spare.get(others).copied().unwrap_or(0.0);
        self.residence_s = self.full_s * (1.0 + self.queue + spare);
        self.residence_s
    }
}

/// The chain for 0, 1, … `users` users.
///
/// # Source
///
/// Multiple servers: M. Reiser, S. S. Lavenberg, JACM 27 (1980), section 4, with the
/// probabilities of [`spare`] in place of their differences.
pub(super) fn sweep(system: &System, think_s: f64, users: usize) -> Vec<Point> {
    let delay_s = system.delay_s() + think_s;
    let spares = spare::units(&system.stations, delay_s, users);
    let stations = system.stations.iter().zip(spares);
    let mut stations: Vec<Kept> = stations.map(|(it, spare)| Kept::new(it, spare)).collect();
    let mut points = Vec::with_capacity(users + 1);
    points.push(Point {
        throughput: 0.0,
        queues: vec![0.0; stations.len()],
    });
    let limits = waits::Limits::of(system, think_s);
    for n in 1..=users {
        let residence_s: f64 = stations.iter_mut().map(|it| it.meet(n - 1)).sum();
        // A request that takes no time at all is served as fast as can be said.
        let throughput = n as f64 / (residence_s + delay_s).max(1e-12);
        for station in &mut stations {
            station.queue = throughput * station.residence_s;
        }
        let alone_s: f64 = stations.iter().map(|it| it.alone_s).sum();
        let random_s = residence_s + system.delay_s();
        let shaped = waits::closed(&limits, system.waits, n as f64, random_s);
        let throughput = n as f64 / (shaped.response_s + think_s).max(1e-12);
        // Each station has its part of what is waited in all, and a quota what it holds.
        let share = shaped.waited_s / (residence_s - alone_s).max(1e-300);
        let queue = |(k, it): (usize, &Kept)| {
            let waited_s = (it.residence_s - it.alone_s).max(0.0) * share.min(1e6);
            let held_s = match limits.held_at == Some(k) {
                true => shaped.held_s,
                false => 0.0,
            };
            throughput * (it.alone_s + waited_s + held_s)
        };
        points.push(Point {
            throughput,
            queues: stations.iter().enumerate().map(queue).collect(),
        });
    }
    points
}

/// The point without users.
pub(super) fn empty(system: &System) -> Solved {
    Solved {
        throughput: 0.0,
        response_s: system.service_s(),
        service_s: system.service_s(),
        active: 0.0,
        rejected: 0.0,
        parts: vec![Part::default(); system.stations.len()],
    }
}
