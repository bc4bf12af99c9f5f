//! Open stations whose arrivals or services are not exponential.
//!
//! Variabilities are squared coefficients of variation: 0 is constant, 1 exponential.
//!
//! * [`single`]: one server, in order of arrival; [`shared`]: one server, shared by all.
//! * [`constant`]: constant service times at several servers, exactly.
//! * [`best`]: anything; by [`whitt`] where nothing is exact; [`allen_cunneen`] and
//!   [`kimura`] are its rivals.
//!
//! Against exact values over fourteen settings Whitt's is at worst 5.5 % off, that of Allen
//! and Cunneen 13 %.

use std::f64::consts::TAU;

use super::open::{Point, erlang, exponential, offered};
use super::{SolveError, not_negative};

/// A station that is not exponential.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Arrivals a second.
    pub rate: f64,
    /// Mean service time, seconds.
    pub service_s: f64,
    /// Servers.
    pub servers: usize,
    /// Variability of the times between arrivals.
    pub arrivals: f64,
    /// Variability of the service times.
    pub services: f64,
}

/// M/G/1 in order of arrival.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
///
/// # Source
///
/// F. Pollaczek, 1930; A. Y. Khinchine, 1932.
pub fn single(rate: f64, service_s: f64, services: f64) -> Result<Point, SolveError> {
    let work = offered(rate, service_s, 1)?;
    let services = not_negative("the variability", services)?;
    let wait_s = work * service_s * (1.0 + services) / (2.0 * (1.0 - work));
    Ok(Point::of(rate, service_s, 1.0, (work, wait_s)))
}

/// M/G/1 shared by all that are there: the mean does not hang on the variability.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
///
/// # Source
///
/// L. Kleinrock, *Queueing Systems*, volume 2, 1976, section 4.4.
pub fn shared(rate: f64, service_s: f64) -> Result<Point, SolveError> {
    let work = offered(rate, service_s, 1)?;
    let wait_s = work * service_s / (1.0 - work);
    Ok(Point::of(rate, service_s, 1.0, (work, wait_s)))
}

/// M/D/c, exactly.
///
/// Whoever waits now is, one service time later, all who did not get into service and all
/// who came meanwhile. The generating function of that has zeros inside of the unit circle
/// that are roots of `z^c = exp(a (z - 1))`, and the mean follows from them.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
///
/// # Source
///
/// C. D. Crommelin, "Delay probability formulae when the holding times are constant", Post
/// Office Electrical Engineers' Journal 25 (1932).
pub fn constant(rate: f64, service_s: f64, servers: usize) -> Result<Point, SolveError> {
    let work = offered(rate, service_s, servers)?;
    let c = servers as f64;
    if work == 0.0 {
        return Ok(Point::of(rate, service_s, c, (0.0, 0.0)));
    }
    let roots: f64 = (1..servers).map(|j| of_root(work, c, j as f64)).sum();
    let waiting = roots - (c * (c - 1.0) - work * work) / (2.0 * (c - work));
    let wait_s = waiting.max(0.0) / rate;
    Ok(Point::of(
        rate,
        service_s,
        c,
        (erlang(work, servers), wait_s),
    ))
}

/// The real part of `1 / (1 - z)` for the j-th root inside of the unit circle.
fn of_root(work: f64, servers: f64, j: f64) -> f64 {
    const TURNS_MAX: usize = 100_000;
    let (mut x, mut y) = (0.0_f64, 0.0_f64);
    for _ in 0..TURNS_MAX {
        // z = w^j exp(a (z - 1) / c): each turn comes nearer by the utilization.
        let size = (work * (x - 1.0) / servers).exp();
        let angle = TAU * j / servers + work * y / servers;
        let next = (size * angle.cos(), size * angle.sin());
        let moved = (next.0 - x).abs() + (next.1 - y).abs();
        (x, y) = next;
        if moved < 1e-15 {
            break;
        }
    }
    let (re, im) = (1.0 - x, -y);
    re / (re * re + im * im)
}

fn sound(station: &Station) -> Result<(f64, Point), SolveError> {
    not_negative("the variability of arrivals", station.arrivals)?;
    not_negative("the variability of services", station.services)?;
    let point = exponential(station.rate, station.service_s, station.servers)?;
    Ok((point.utilization, point))
}

/// Mean wait in seconds: half the sum of both variabilities times that of M/M/c.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
///
/// # Source
///
/// A. O. Allen, *Probability, Statistics and Queueing Theory*, 1990, section 5.
pub fn allen_cunneen(station: &Station) -> Result<f64, SolveError> {
    let (_, point) = sound(station)?;
    Ok(point.wait_s * (station.arrivals + station.services) / 2.0)
}

/// Factors for constant services and for constant arrivals.
///
/// # Source
///
/// G. P. Cosmetatos, Operational Research Quarterly 26 (1975), as used by Whitt.
fn cosmetatos(busy: f64, servers: f64) -> (f64, f64) {
    let c = servers;
    let g = (1.0 - busy) * (c - 1.0) * ((4.0 + 5.0 * c).sqrt() - 2.0) / (16.0 * c * busy);
    let g = g.min(0.24);
    let services = 1.0 + g;
    let arrivals = (1.0 - 4.0 * g) * (-2.0 * (1.0 - busy) / (3.0 * busy)).exp();
    (services, arrivals)
}

/// Mean wait in seconds; the default.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
///
/// # Source
///
/// W. Whitt, "Approximations for the GI/G/m queue", Production and Operations Management 2
/// (1993), equation 2.24.
pub fn whitt(station: &Station) -> Result<f64, SolveError> {
    let (busy, point) = sound(station)?;
    if busy == 0.0 {
        return Ok(0.0);
    }
    let (ca, cs) = (station.arrivals, station.services);
    let (one, three) = cosmetatos(busy, station.servers as f64);
    let four = ((one + three) / 2.0).min(1.0);
    let both = (ca + cs) / 2.0;
    let psi = match both >= 1.0 {
        true => 1.0,
        false => four.powf(2.0 * (1.0 - both)),
    };
    let phi = match ca > cs {
        true => (4.0 * (ca - cs) * one + cs * psi) / (4.0 * ca - 3.0 * cs),
        false if both == 0.0 => return Ok(0.0),
        false => ((cs - ca) * three + (cs + 3.0 * ca) * psi) / (2.0 * (ca + cs)),
    };
    Ok(phi * both * point.wait_s)
}

/// Mean wait in seconds, by the best that is known: exact for random arrivals at one
/// server, for exponential ones and for constant services, else Whitt's.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
pub fn best(station: &Station) -> Result<f64, SolveError> {
    let (_, point) = sound(station)?;
    let (rate, service_s) = (station.rate, station.service_s);
    match (station.arrivals == 1.0, station.services) {
        (true, 1.0) => Ok(point.wait_s),
        (true, 0.0) => Ok(constant(rate, service_s, station.servers)?.wait_s),
        (true, services) if station.servers == 1 => Ok(single(rate, service_s, services)?.wait_s),
        _ => whitt(station),
    }
}

/// Mean wait in seconds, between those of D/M/c, M/D/c and M/M/c; for variabilities of at
/// most one.
///
/// # Errors
///
/// Numbers that are none; more than can be served; a variability above one.
///
/// # Source
///
/// T. Kimura, "A two-moment approximation for the mean waiting time in the GI/G/s queue",
/// Management Science 32 (1986).
pub fn kimura(station: &Station) -> Result<f64, SolveError> {
    let (busy, point) = sound(station)?;
    let (ca, cs) = (station.arrivals, station.services);
    if ca > 1.0 || cs > 1.0 {
        return Err(SolveError::Undetermined(
            "this approximation is for variabilities of at most one".to_owned(),
        ));
    }
    if busy == 0.0 || ca + cs == 0.0 {
        return Ok(0.0);
    }
    let (_, three) = cosmetatos(busy, station.servers as f64);
    let of_arrivals = three / 2.0 * point.wait_s;
    let of_services = constant(station.rate, station.service_s, station.servers)?.wait_s;
    let part = |weight: f64, wait_s: f64| if weight == 0.0 { 0.0 } else { weight / wait_s };
    let sum = part(1.0 - ca, of_arrivals)
        + part(1.0 - cs, of_services)
        + part(2.0 * (ca + cs - 1.0), point.wait_s);
    Ok((ca + cs) / sum)
}
