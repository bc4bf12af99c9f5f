//! What is let in, turned away and tried again; pools of a fixed size.

use super::closed::{self, Station};
use super::open::erlang;
use super::{SERVERS_MAX, SolveError, bounded, not_negative, positive};

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

/// A station whose requests are given up after a time, and tried again.
///
/// What was given up is worked on all the same: that is what keeps an overload going.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// New requests a second.
    pub rate: f64,
    /// Mean service time, seconds.
    pub service_s: f64,
    /// Servers.
    pub servers: usize,
    /// Seconds of waiting after which a request is given up.
    pub timeout_s: f64,
    /// Share of those given up that are tried again; below 1: none tries for ever.
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

/// Turns to a fixed point, at most.
const TURNS_MAX: usize = 100_000;

/// The fixed points of `attempts = rate / (1 - again * failed(attempts))`, from below and
/// from above; `failed` is the chance of waiting longer than the timeout in M/M/c, 1 beyond
/// the capacity.
///
/// # Errors
///
/// Numbers that are none.
///
/// # Source
///
/// N. Bronson et al., "Metastable failures in distributed systems", HotOS 2021; the wait of
/// M/M/c in L. Kleinrock, *Queueing Systems*, volume 1.
pub fn settled(retry: &Retry) -> Result<Settled, SolveError> {
    positive("the rate", retry.rate)?;
    positive("the service time", retry.service_s)?;
    not_negative("the timeout", retry.timeout_s)?;
    positive("the number of servers", retry.servers as f64)?;
    bounded(
        "the number of servers",
        retry.servers as f64,
        SERVERS_MAX as f64,
    )?;
    if !(0.0..1.0).contains(&retry.again) {
        return Err(SolveError::Number {
            what: "the share that is tried again",
            value: retry.again,
            want: "0 to below 1",
        });
    }
    let (calm, overloaded) = ends(retry, retry.rate);
    let metastable = differ(calm, overloaded);
    Ok(Settled {
        calm,
        overloaded,
        failed: failed(retry, calm),
        metastable,
        recovers_below: metastable.then(|| recovery(retry)),
    })
}

/// Share of attempts that wait for longer than the timeout.
fn failed(retry: &Retry, attempts: f64) -> f64 {
    let capacity = retry.servers as f64 / retry.service_s;
    if attempts >= capacity {
        return 1.0;
    }
    let waits = erlang(attempts * retry.service_s, retry.servers);
    waits * (-(capacity - attempts) * retry.timeout_s).exp()
}

/// The fixed points from below and from above.
fn ends(retry: &Retry, rate: f64) -> (f64, f64) {
    let from = |start: f64| {
        let mut attempts = start;
        for _ in 0..TURNS_MAX {
            // Growing with the attempts, so that each turn goes on in the same direction.
            let next = rate / (1.0 - retry.again * failed(retry, attempts));
            let moved = (next - attempts).abs();
            attempts = next;
            if moved < 1e-12 * attempts {
                break;
            }
        }
        attempts
    };
    (from(rate), from(rate / (1.0 - retry.again)))
}

fn differ(calm: f64, overloaded: f64) -> bool {
    overloaded > calm * 1.01
}

/// The largest rate at which an overloaded system comes down by itself.
fn recovery(retry: &Retry) -> f64 {
    let (mut low, mut high) = (0.0, retry.rate);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high).max(1e-12);
        let (calm, overloaded) = ends(retry, middle);
        match differ(calm, overloaded) {
            true => high = middle,
            false => low = middle,
        }
    }
    low
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
