//! How long requests wait: less than random ones where they are alike, and what a quota adds.
//!
//! Mean-value analysis takes services and pauses as random (exponential). Requests that are
//! alike and users who pause alike wait less, until there are more of them than can be
//! served: then the limit decides and nothing else. So the time beyond the bound that no
//! system passes is multiplied by a factor, which a recording tells.
//!
//! A quota is no slower processor. Requests run at full speed until what is allowed of a
//! period is used up, and all of them wait for the next period. With users who think, that
//! hardly shows until the quota is full. With an open load, the work of a period is a sum
//! of many requests, and what is left over walks from period to period.
//!
//! # Source
//!
//! Bounds: P. J. Denning, J. P. Buzen, Computing Surveys 10 (1978). The walk: J. T. Chang,
//! Y. Peres, Annals of Probability 25 (1997), for its mean maximum; the identity of the
//! maximum and what is left over: D. V. Lindley, 1952. Quotas: Linux
//! `Documentation/scheduler/sched-bwc.rst`.

use analysis::stats::chance;

use super::{Station, System};

/// Seconds of a period of a quota: the kernel's default.
pub const PERIOD_S: f64 = 0.1;

/// How sharply throughput bends where a quota is full. Of a web server under a quota of a
/// fifth of a processor, with 1 to 12 users who pause 20 ms, 12 is within 2 % everywhere.
const BEND: i32 = 12;

/// What no system passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    /// Seconds of a request that meets nobody, delays included.
    service_s: f64,
    /// Seconds between two requests when all units serve.
    slowest_s: f64,
    /// The same of the tightest quota; 0 without one.
    held_s: f64,
    /// The station of that quota.
    pub(super) held_at: Option<usize>,
    think_s: f64,
}

/// A response time of a closed system, in parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shaped {
    /// All of it, seconds.
    pub(super) response_s: f64,
    /// Waits for others.
    pub(super) waited_s: f64,
    /// Waits for the next period of a quota.
    pub(super) held_s: f64,
}

impl Limits {
    pub(super) fn of(system: &System, think_s: f64) -> Self {
        let slowest = system.stations.iter().map(|it| it.demand_s / it.capacity);
        let held = system.stations.iter().enumerate();
        let held = held.filter_map(|(k, it)| Some((k, it.demand_s / it.quota?)));
        let held = held.max_by(|a, b| a.1.total_cmp(&b.1));
        Self {
            service_s: system.service_s(),
            slowest_s: slowest.fold(0.0, f64::max),
            held_s: held.map_or(0.0, |it| it.1),
            held_at: held.map(|it| it.0),
            think_s,
        }
    }
}

/// The response time of `users`, of whom random services would make `random_s`.
pub(super) fn closed(limits: &Limits, waits: f64, users: f64, random_s: f64) -> Shaped {
    let least_s = bound_s(limits, users);
    let most_s = users.max(1.0) * limits.service_s;
    let free_s = least_s + waits * (random_s - least_s).max(0.0);
    let free_s = free_s.min(most_s.max(random_s));
    let response_s = match limits.held_s > 0.0 {
        true => bent(free_s + limits.think_s, users * limits.held_s) - limits.think_s,
        false => free_s,
    };
    Shaped {
        response_s,
        waited_s: (free_s - limits.service_s).max(0.0),
        held_s: (response_s - free_s).max(0.0),
    }
}

/// Seconds that a request takes at least.
pub(super) fn bound_s(limits: &Limits, users: f64) -> f64 {
    let full_s = users * limits.slowest_s - limits.think_s;
    limits.service_s.max(full_s)
}

/// The larger of two times of a cycle, without a corner where they meet.
fn bent(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if high <= 0.0 {
        return high;
    }
    high * (1.0 + (low / high).max(0.0).powi(BEND)).powf(1.0 / f64::from(BEND))
}

/// Mean seconds that a request of an open load waits because a quota is used up; infinite
/// where it is full.
pub(super) fn throttled_s(station: &Station, rate: f64) -> f64 {
    let Some(quota) = station.quota.filter(|it| *it < station.capacity) else {
        return 0.0;
    };
    let work = rate * station.demand_s;
    if work <= 0.0 {
        return 0.0;
    }
    // Work that comes in a period: its mean, and its deviation for random services.
    let spare_s = (quota - work) * PERIOD_S;
    let deviation_s = (2.0 * rate * PERIOD_S).sqrt() * station.demand_s;
    // Left over at the end of a period, in seconds of work; by Little's law what a request
    // waits for it.
    deviation_s * highest(spare_s / deviation_s) / work
}

/// Mean maximum of a walk of normal steps with mean `-drift` and deviation 1.
fn highest(drift: f64) -> f64 {
    /// Below this the series at zero is exact to six digits.
    const NEAR: f64 = 0.5;
    if drift <= 0.0 {
        return f64::INFINITY;
    }
    if drift < NEAR {
        let square = drift * drift;
        // ζ(1/2), ζ(-1/2) and ζ(-3/2) over the square root of 2π, as the source has them.
        return 0.5 / drift - 0.582_597_157 + drift / 4.0 - 0.041_467_3 * square
            + 0.000_423_6 * square * square;
    }
    let mut sum = 0.0;
    for k in 1..=400 {
        let root = f64::from(k).sqrt();
        let z = drift * root;
        let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let term = density / root - drift * chance::normal_below(-z);
        sum += term.max(0.0);
        if term < 1e-12 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_grows_as_the_source_says() {
        // Σ φ(β√k)/√k − β Φ(−β√k), summed by hand for large β.
        assert!((highest(2.0) - 0.009_08).abs() < 2e-4, "{}", highest(2.0));
        // Both branches agree where they meet, and the mean falls with the drift.
        let (below, above) = (highest(0.499_999), highest(0.500_001));
        assert!((below - above).abs() < 2e-4, "{below} {above}");
        let all: Vec<f64> = (1..60).map(|i| highest(f64::from(i) * 0.05)).collect();
        assert!(all.windows(2).all(|it| it[0] > it[1]), "{all:?}");
        assert!((highest(1e-3) - 499.417_65).abs() < 1e-3);
    }

    #[test]
    fn a_quota_holds_nobody_until_it_is_nearly_full() {
        let station = Station {
            name: String::new(),
            host: String::new(),
            resource: crate::system::Resource::Cpu,
            capacity: 2.0,
            quota: Some(0.5),
            allowed: 0.5,
            background: 0.0,
            demand_s: 0.001,
        };
        assert!(throttled_s(&station, 100.0) < 1e-6);
        let nearly = throttled_s(&station, 490.0);
        // In the limit: D / (q (1 - U)).
        assert!(
            (nearly / (0.001 / 0.5 / 0.02) - 1.0).abs() < 0.2,
            "{nearly}"
        );
        assert_eq!(throttled_s(&station, 500.0), f64::INFINITY);
    }
}
