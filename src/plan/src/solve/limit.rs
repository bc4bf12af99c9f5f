//! What is let in, turned away and tried again; pools of a fixed size.

use super::closed::{self, Station};
use super::{SolveError, bounded, not_negative, positive};

/// A limit of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Admission {
    /// Requests a second that ask.
    pub asked: f64,
    /// Requests a second that are let in in the long run.
    pub limit: f64,
    /// Requests that may come at once.
    pub burst: f64,
    /// Seconds of a server that a request takes.
    pub demand_s: f64,
    /// Seconds of a server that turning one away takes.
    pub reject_s: f64,
    /// Length of the stretch that is looked at, seconds.
    pub over_s: f64,
}

/// What a limit lets in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Admitted {
    /// Let in a second, over the stretch.
    pub admitted: f64,
    /// Turned away a second.
    pub rejected: f64,
    /// Share that is turned away.
    pub ratio: f64,
    /// Share of one server that both keep busy.
    pub utilization: f64,
}

/// A token bucket.
///
/// # Errors
///
/// Numbers that are none.
pub fn admitted(limit: &Admission) -> Result<Admitted, SolveError> {
    let asked = positive("the rate", limit.asked)?;
    let rate = not_negative("the limit", limit.limit)?;
    let over_s = positive("the stretch", limit.over_s)?;
    let burst = not_negative("the burst", limit.burst)?;
    let admitted = asked.min(rate + burst / over_s);
    let rejected = asked - admitted;
    Ok(Admitted {
        admitted,
        rejected,
        ratio: rejected / asked,
        utilization: admitted * not_negative("the demand", limit.demand_s)?
            + rejected * not_negative("the cost of turning away", limit.reject_s)?,
    })
}

/// A station whose failed requests are tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// New requests a second.
    pub rate: f64,
    /// Seconds of service.
    pub service_s: f64,
    /// Requests that find room; the others fail.
    pub room: usize,
    /// Servers.
    pub servers: usize,
    /// How often a failed request is tried again, in the mean: 1 is always, 0 never.
    pub again: f64,
}

/// Where a load with retries settles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settled {
    /// Attempts a second, coming from a calm system.
    pub calm: f64,
    /// Attempts a second, coming from an overloaded one.
    pub overloaded: f64,
    /// Share of attempts that fail in the calm one.
    pub failed: f64,
    /// Whether both differ: an overload does not end by itself.
    pub metastable: bool,
    /// New requests a second below which it would; `None` where it always does.
    pub recovers_below: Option<f64>,
}

/// Attempts are at most so many times the new requests: none tries for ever.
const ATTEMPTS_MAX: f64 = 1e3;

/// Turns to a fixed point, at most.
const TURNS_MAX: usize = 20_000;

/// The fixed points of `attempts = rate / (1 - again * failed(attempts))`, from below and
/// from above.
///
/// A request fails where it finds no room, and, beyond the capacity, where it would wait
/// for ever: that is what keeps an overload going.
///
/// # Errors
///
/// Numbers that are none.
///
/// # Source
///
/// N. Bronson et al., "Metastable failures in distributed systems", HotOS 2021.
pub fn settled(retry: &Retry) -> Result<Settled, SolveError> {
    positive("the rate", retry.rate)?;
    positive("the service time", retry.service_s)?;
    if !(0.0..=1.0).contains(&retry.again) {
        return Err(SolveError::Number {
            what: "the share that is tried again",
            value: retry.again,
            want: "0 to 1",
        });
    }
    bounded("the room", retry.room as f64, 1e5)?;
    let calm = point(retry, retry.rate, retry.rate)?;
    let overloaded = point(retry, retry.rate, retry.rate * ATTEMPTS_MAX)?;
    let metastable = overloaded > calm * 1.01;
    let recovers_below = match metastable {
        true => Some(recovery(retry)?),
        false => None,
    };
    Ok(Settled {
        calm,
        overloaded,
        failed: failed(retry, calm)?,
        metastable,
        recovers_below,
    })
}

/// Share of attempts that fail at a rate of attempts.
fn failed(retry: &Retry, attempts: f64) -> Result<f64, SolveError> {
    let point = super::open::finite(attempts, 1.0 / retry.service_s, retry.servers, retry.room)?;
    Ok(point.full)
}

fn point(retry: &Retry, rate: f64, from: f64) -> Result<f64, SolveError> {
    let mut attempts = from;
    for _ in 0..TURNS_MAX {
        let kept = 1.0 - retry.again * failed(retry, attempts)?;
        let next = rate / kept.max(1.0 / ATTEMPTS_MAX);
        let moved = (next - attempts).abs();
        // Half steps, so that it does not swing.
        attempts = (attempts + next) / 2.0;
        if moved < 1e-9 * attempts {
            break;
        }
    }
    Ok(attempts)
}

/// The largest rate at which an overloaded system comes down.
fn recovery(retry: &Retry) -> Result<f64, SolveError> {
    let (mut low, mut high) = (0.0, retry.rate);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        let calm = point(retry, middle.max(1e-12), middle.max(1e-12))?;
        let overloaded = point(retry, middle.max(1e-12), retry.rate * ATTEMPTS_MAX)?;
        match overloaded > calm * 1.01 {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(low)
}

/// Threads or connections over pure work: M/M/P//N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Requests a second.
    pub throughput: f64,
    /// Seconds, waiting included.
    pub response_s: f64,
    /// Places that are taken.
    pub busy: f64,
    /// Seconds of waiting for a place.
    pub wait_s: f64,
    /// Requests that wait for a place.
    pub waiting: f64,
}

/// So many customers before a pool of so many places, each of which works for a time.
///
/// # Errors
///
/// Numbers that are none, or too many.
pub fn pool(
    customers: usize,
    places: usize,
    service_s: f64,
    think_s: f64,
) -> Result<Pool, SolveError> {
    let service_s = positive("the service time", service_s)?;
    positive("the number of places", places as f64)?;
    let station = Station {
        demand_s: service_s,
        servers: places,
    };
    let points = closed::sweep(&[station], customers, think_s)?;
    let point = points.last().ok_or(SolveError::Number {
        what: "the number of customers",
        value: 0.0,
        want: "1 or more",
    })?;
    let wait_s = (point.response_s - service_s).max(0.0);
    Ok(Pool {
        throughput: point.throughput,
        response_s: point.response_s,
        busy: point.throughput * service_s,
        wait_s,
        waiting: point.throughput * wait_s,
    })
}
