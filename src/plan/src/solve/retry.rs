//! Requests that are sent again when they fail, which makes more of them fail.
//!
//! More load fails more often, so the load with its retries is a fixed point, and there
//! may be several: one that the system goes back to from below, and a worse one that it
//! stays in once something pushed it there. If those differ it is metastable, and only
//! comes back when the load falls below what [`Retried::recovers_below`] says.
//!
//! Start at [`solve`].
//!
//! # Source
//!
//! N. Bronson et al., "Metastable failures in distributed systems", HotOS 2021.

use super::queue::{self, Limited};
use super::{SolveError, check};

/// Steps toward a fixed point, at most. The load moves one way only, so that it gets
/// there or is close.
const MOST_STEPS: usize = 5_000;

/// A step by less than this share is the last.
const SETTLED: f64 = 1e-12;

/// Two fixed points closer than this share are one.
const SAME: f64 = 1e-3;

/// Halvings of the search for the load that recovers.
const HALVINGS: usize = 40;

/// Places of a queue in which requests fail by being turned away, at most: each step
/// walks over all of them.
pub const MOST_PLACES: usize = 1_000;

/// How requests fail, depending on how many there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// With the same chance at any load.
    Constant {
        /// That chance.
        chance: f64,
    },
    /// By being turned away when all places of a station are taken.
    Full {
        /// Mean seconds of service.
        service_seconds: f64,
        /// Servers.
        servers: u32,
        /// Places, those of the servers included.
        places: u32,
    },
    /// By taking longer than the client waits, though they are worked off all the same.
    Late {
        /// Mean seconds of service.
        service_seconds: f64,
        /// Servers.
        servers: u32,
        /// What the client waits for.
        timeout_seconds: f64,
    },
}

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    /// First attempts per second.
    pub rate: f64,
    /// Share of failures that is tried again.
    pub retried_share: f64,
    /// Retries of one request, at most.
    pub most_retries: u32,
    /// How attempts fail.
    pub failure: Failure,
}

/// A load with its retries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    /// Attempts per second.
    pub attempts: f64,
    /// Chance that an attempt fails.
    pub failure_chance: f64,
    /// First attempts over all attempts.
    pub useful_share: f64,
}

/// Where retries lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retried {
    /// From a quiet system.
    pub from_below: Fixed,
    /// After a disturbance in which everything failed.
    pub from_above: Fixed,
    /// Whether these differ: the system does not come back by itself.
    pub is_metastable: bool,
    /// First attempts per second below which it does; none if it always does.
    pub recovers_below: Option<f64>,
}

/// Finds the load with retries from below and from above.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::TooLarge`] beyond
/// [`MOST_PLACES`].
pub fn solve(retries: &Retries) -> Result<Retried, SolveError> {
    check::positive("the rate of first attempts", retries.rate)?;
    check::share("the share that is tried again", retries.retried_share)?;
    let most = retries.most_retries;
    check::at_most("the number of retries", f64::from(most), 1_000)?;
    retries.failure.check()?;
    let from_below = fixed(retries, 0.0)?;
    let from_above = fixed(retries, 1.0)?;
    let is_metastable = differ(&from_below, &from_above);
    Ok(Retried {
        from_below,
        from_above,
        is_metastable,
        recovers_below: match is_metastable {
            true => Some(recovery(retries)?),
            false => None,
        },
    })
}

fn differ(below: &Fixed, above: &Fixed) -> bool {
    above.attempts - below.attempts > SAME * above.attempts
}

/// The largest load at which the way from above leads to the same place as from below.
fn recovery(retries: &Retries) -> Result<f64, SolveError> {
    let (mut good, mut bad) = (0.0, retries.rate);
    for _ in 0..HALVINGS {
        let rate = (good + bad) / 2.0;
        let tried = Retries { rate, ..*retries };
        match differ(&fixed(&tried, 0.0)?, &fixed(&tried, 1.0)?) {
            true => bad = rate,
            false => good = rate,
        }
    }
    Ok(good)
}

/// Walks to a fixed point from the load at a given chance of failure.
fn fixed(retries: &Retries, mut chance: f64) -> Result<Fixed, SolveError> {
    let mut attempts = retries.rate * attempts_each(retries, chance);
    for _ in 0..MOST_STEPS {
        chance = retries.failure.chance(attempts)?;
        let next = retries.rate * attempts_each(retries, chance);
        let moved = (next - attempts).abs();
        attempts = next;
        if moved <= SETTLED * attempts {
            break;
        }
    }
    Ok(Fixed {
        attempts,
        failure_chance: chance,
        useful_share: retries.rate / attempts,
    })
}

/// Attempts per request: `1 + q + q^2 + …`, where `q` is the chance that an attempt
/// fails and is tried again.
fn attempts_each(retries: &Retries, chance: f64) -> f64 {
    let again = chance * retries.retried_share;
    let most = f64::from(retries.most_retries) + 1.0;
    match again < 1.0 - 1e-12 {
        true => (1.0 - again.powf(most)) / (1.0 - again),
        false => most,
    }
}

impl Failure {
    fn check(&self) -> Result<(), SolveError> {
        match *self {
            Self::Constant { chance } => check::share("the chance to fail", chance).map(|_| ()),
            Self::Full {
                service_seconds,
                servers,
                places,
            } => {
                check::at_most("the number of places", f64::from(places), MOST_PLACES)?;
                self.station(1.0, (service_seconds, servers, places))
                    .map(|_| ())
            }
            Self::Late {
                service_seconds,
                servers,
                timeout_seconds,
            } => {
                check::positive("the service time", service_seconds)?;
                check::servers(servers)?;
                check::at_most("the number of servers", f64::from(servers), MOST_PLACES)?;
                check::not_negative("the timeout", timeout_seconds).map(|_| ())
            }
        }
    }

    fn station(
        &self,
        rate: f64,
        (service_seconds, servers, places): (f64, u32, u32),
    ) -> Result<f64, SolveError> {
        let station = Limited {
            rate,
            service_seconds,
            servers,
            places,
        };
        Ok(queue::limited(&station)?.full_chance)
    }

    /// Chance that an attempt fails at this many per second.
    fn chance(&self, rate: f64) -> Result<f64, SolveError> {
        match *self {
            Self::Constant { chance } => Ok(chance),
            Self::Full {
                service_seconds,
                servers,
                places,
            } => self.station(rate, (service_seconds, servers, places)),
            Self::Late {
                service_seconds,
                servers,
                timeout_seconds,
            } => Ok(late(
                rate * service_seconds,
                servers,
                timeout_seconds / service_seconds,
            )),
        }
    }
}

/// Chance that M/M/c takes longer than `timeout` mean service times; one when it is full.
///
/// # Source
///
/// D. Gross et al., "Fundamentals of Queueing Theory", 4th edition, section 2.3.
fn late(offered: f64, servers: u32, timeout: f64) -> f64 {
    let count = f64::from(servers);
    let busy = offered / count;
    if busy >= 1.0 {
        return 1.0;
    }
    let waits = queue::wait_chance(servers, busy);
    let free = count * (1.0 - busy);
    let served = (-timeout).exp();
    // Service after a wait: the sum of two exponential times with rates 1 and `free`.
    let gap = free - 1.0;
    let sum = match gap.abs() < 1e-9 {
        true => (1.0 + timeout) * served,
        false => (free * served - (-free * timeout).exp()) / gap,
    };
    ((1.0 - waits) * served + waits * sum).clamp(0.0, 1.0)
}
