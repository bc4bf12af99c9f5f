//! Copies of a station, and load split between two that differ.
//!
//! * [`replicated`]: equal copies that share the work evenly.
//! * [`split`], [`best_split`]: a share of random arrivals to each of two queues.

use super::closed::{Network, Station};
use super::{SolveError, check};

/// Copies of a station, at most.
pub const MOST_COPIES: u32 = 1_000;

/// Shares that are tried, at most.
pub const MOST_SHARES: usize = 1_000_000;

/// The network with one station replaced by equal copies, each with its part of the
/// demand: right for work without shared state; with it, `efficiency` (such as that of a
/// fitted scaling law at this many copies) says what a copy is worth.
///
/// # Errors
///
/// [`SolveError::Input`] for no copies, no efficiency, or a station that is not there.
pub fn replicated(
    network: &Network,
    station: usize,
    copies: u32,
    efficiency: f64,
) -> Result<Network, SolveError> {
    check::positive("the number of copies", f64::from(copies))?;
    check::at_most(
        "the number of copies",
        f64::from(copies),
        MOST_COPIES as usize,
    )?;
    check::positive("the efficiency of a copy", efficiency)?;
    let Some(original) = network.stations.get(station) else {
        return Err(SolveError::Input {
            what: "the station",
            rule: "one of the network",
            value: station as f64,
        });
    };
    let copy = Station {
        demand_seconds: original.demand_seconds / f64::from(copies) / efficiency,
        speed: original.speed.clone(),
    };
    let mut stations = network.stations.clone();
    stations.splice(station..=station, vec![copy; copies as usize]);
    Ok(Network {
        stations,
        think_seconds: network.think_seconds,
    })
}

/// Random arrivals before two single servers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Two {
    /// Arrivals per second.
    pub rate: f64,
    /// Mean service time of each.
    pub service_seconds: [f64; 2],
}

/// A split of the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Share of arrivals that goes to the first.
    pub share: f64,
    /// Mean response time over all arrivals.
    pub response_seconds: f64,
}

/// Shares to try: from `first`, by `step`, up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// The first.
    pub first: f64,
    /// Where they end.
    pub end: f64,
    /// From one to the next.
    pub step: f64,
}

impl Two {
    fn check(&self) -> Result<(), SolveError> {
        check::positive("the arrival rate", self.rate)?;
        check::positive("the first service time", self.service_seconds[0])?;
        check::positive("the second service time", self.service_seconds[1])?;
        let capacity = 1.0 / self.service_seconds[0] + 1.0 / self.service_seconds[1];
        check::stable("both stations together", self.rate / capacity)
    }

    /// Mean response time for a share; none where a station is full.
    fn response(&self, share: f64) -> Option<f64> {
        let part = |share: f64, service: f64| {
            let busy = share * self.rate * service;
            (share <= 0.0 || busy < 1.0).then(|| share * service / (1.0 - busy))
        };
        let [first, second] = self.service_seconds;
        Some(part(share, first)? + part(1.0 - share, second)?)
    }
}

/// The best of some shares.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::TooLarge`] beyond
/// [`MOST_SHARES`], [`SolveError::Unstable`] if none of the shares can be served.
pub fn split(two: &Two, shares: &Shares) -> Result<Split, SolveError> {
    two.check()?;
    check::share("the first share", shares.first)?;
    check::share("the end of the shares", shares.end)?;
    check::positive("the step between shares", shares.step)?;
    let count = ((shares.end - shares.first) / shares.step - 1e-9)
        .ceil()
        .max(0.0);
    check::at_most("the number of shares", count, MOST_SHARES)?;
    let mut best: Option<Split> = None;
    for place in 0..count as usize {
        let share = shares.first + place as f64 * shares.step;
        let Some(response_seconds) = two.response(share) else {
            continue;
        };
        if best.is_none_or(|it| response_seconds < it.response_seconds) {
            best = Some(Split {
                share,
                response_seconds,
            });
        }
    }
    best.ok_or(SolveError::Unstable {
        what: "one of the stations, at each of the shares,",
        utilization: 1.0,
    })
}

/// The best share of all: where one arrival more costs the same at both, or all to the
/// faster one.
///
/// # Errors
///
/// As [`split`].
///
/// # Source
///
/// L. Kleinrock, "Queueing Systems" volume 2 (1976), section 5.7: square roots of speeds.
pub fn best_split(two: &Two) -> Result<Split, SolveError> {
    two.check()?;
    let [first, second] = two.service_seconds.map(|it| 1.0 / it);
    let spare = first + second - two.rate;
    let rate = first - spare * first.sqrt() / (first.sqrt() + second.sqrt());
    let share = (rate / two.rate).clamp(0.0, 1.0);
    let response_seconds = two.response(share).ok_or(SolveError::Unstable {
        what: "one of the stations",
        utilization: 1.0,
    })?;
    Ok(Split {
        share,
        response_seconds,
    })
}
