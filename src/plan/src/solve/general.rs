//! One station whose times are not exponential.
//!
//! * [`single`]: M/G/1, exactly, first come first served or shared.
//! * [`many`]: G/G/c by two moments: Whitt, Allen-Cunneen, Kimura. Whitt's is the one
//!   to use: within 6 % of exact values where Allen-Cunneen is up to 13 % off.
//!
//! Variability is the squared coefficient of variation: variance over squared mean, one
//! for random (exponential) times, zero for constant ones.

use super::queue::{Load, Steady};
use super::{SolveError, check, deterministic, queue};

/// The order in which a single server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served: a disk, a lock.
    FirstCome,
    /// All at once, each at its share of the speed: a processor.
    Shared,
}

/// Solves M/G/1.
///
/// Shared, the mean response time does not depend on the variability at all.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be, [`SolveError::Unstable`] for a load
/// of one or more.
///
/// # Source
///
/// F. Pollaczek (1930), A. Y. Khinchine (1932); for the shared server, L. Kleinrock,
/// "Queueing Systems" volume 2 (1976), section 4.4.
pub fn single(
    rate: f64,
    service_seconds: f64,
    variability: f64,
    order: Order,
) -> Result<Steady, SolveError> {
    check::not_negative("the variability of service times", variability)?;
    let load = Load {
        rate,
        service_seconds,
        servers: 1,
    };
    load.check()?;
    let busy = load.utilization();
    let spread = match order {
        Order::FirstCome => (1.0 + variability) / 2.0,
        Order::Shared => 1.0,
    };
    let wait = spread * busy * service_seconds / (1.0 - busy);
    Ok(Steady::of(&load, busy, wait))
}

/// Arrivals and service times by their means and variabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Rate, mean service time, servers.
    pub load: Load,
    /// Squared coefficient of variation of the times between arrivals.
    pub arrival_variability: f64,
    /// Squared coefficient of variation of the service times.
    pub service_variability: f64,
}

/// Mean seconds before service, by three approximations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waits {
    /// The one to use.
    pub whitt_seconds: f64,
    /// Simple, up to 13 % off.
    pub allen_cunneen_seconds: f64,
    /// Only for variabilities of at most one; elsewhere there is none.
    pub kimura_seconds: Option<f64>,
}

/// Approximates G/G/c.
///
/// # Errors
///
/// As [`single`].
///
/// # Source
///
/// W. Whitt, "Approximations for the GI/G/m queue", Production and Operations Management
/// 2 (1993), equation 2.24. A. O. Allen, "Probability, Statistics, and Queueing Theory",
/// 2nd edition (1990), section 5.3. T. Kimura, "A two-moment approximation for the mean
/// waiting time in the GI/G/s queue", Management Science 32 (1986).
pub fn many(moments: &Moments) -> Result<Waits, SolveError> {
    let (arrival, service) = (moments.arrival_variability, moments.service_variability);
    check::not_negative("the variability of arrivals", arrival)?;
    check::not_negative("the variability of service times", service)?;
    let exponential = queue::many_servers(&moments.load)?.wait_seconds;
    let mean = (arrival + service) / 2.0;
    let factors = Factors::of(&moments.load);
    Ok(Waits {
        whitt_seconds: factors.whitt(arrival, service) * mean * exponential,
        allen_cunneen_seconds: mean * exponential,
        kimura_seconds: kimura(moments, exponential, &factors)?,
    })
}

/// Corrections for many servers, after Cosmetatos.
struct Factors {
    /// Twice the wait of M/D/c over that of M/M/c.
    constant_service: f64,
    /// Twice the wait of D/M/c over that of M/M/c.
    constant_arrivals: f64,
}

impl Factors {
    fn of(load: &Load) -> Self {
        let (busy, servers) = (load.utilization(), f64::from(load.servers));
        let growth = match busy > 0.0 {
            true => {
                (1.0 - busy) * (servers - 1.0) * ((4.0 + 5.0 * servers).sqrt() - 2.0)
                    / (16.0 * servers * busy)
            }
            false => f64::INFINITY,
        };
        let growth = growth.min(0.24);
        let falls = (-2.0 * (1.0 - busy) / (3.0 * busy)).exp();
        Self {
            constant_service: 1.0 + growth,
            constant_arrivals: (1.0 - 4.0 * growth) * falls,
        }
    }

    /// The factor of equation 2.24.
    fn whitt(&self, arrival: f64, service: f64) -> f64 {
        let (one, three) = (self.constant_service, self.constant_arrivals);
        let both = ((one + three) / 2.0).min(1.0);
        let mean = (arrival + service) / 2.0;
        let middle = match mean >= 1.0 {
            true => 1.0,
            false => both.powf(2.0 * (1.0 - mean)),
        };
        if arrival > service {
            let weight = 4.0 * (arrival - service);
            return (weight * one + service * middle) / (4.0 * arrival - 3.0 * service);
        }
        match mean > 0.0 {
            true => {
                ((service - arrival) * three + (service + 3.0 * arrival) * middle)
                    / (2.0 * (arrival + service))
            }
            false => middle,
        }
    }
}

/// Kimura's interpolation between D/M/c, M/D/c and M/M/c.
fn kimura(
    moments: &Moments,
    exponential: f64,
    factors: &Factors,
) -> Result<Option<f64>, SolveError> {
    let (arrival, service) = (moments.arrival_variability, moments.service_variability);
    if arrival > 1.0 || service > 1.0 || exponential <= 0.0 {
        return Ok(None);
    }
    let constant_service = deterministic::wait_seconds(&moments.load)?;
    let constant_arrivals = factors.constant_arrivals / 2.0 * exponential;
    let parts = [
        (1.0 - arrival, constant_arrivals),
        (1.0 - service, constant_service),
        (2.0 * (arrival + service - 1.0), exponential),
    ];
    let mut sum = 0.0;
    for (weight, wait) in parts {
        if weight != 0.0 {
            sum += weight / wait;
        }
    }
    let wait = (arrival + service) / sum;
    Ok(Some(wait).filter(|it| it.is_finite() && *it >= 0.0))
}

/// The best answer that is known for two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Mean seconds before service.
    pub wait_seconds: f64,
    /// Where it is from.
    pub method: &'static str,
}

/// The mean wait in G/G/c: exact where the moments are those of M/M/c, M/D/c or M/G/1,
/// else by Whitt's approximation.
///
/// # Errors
///
/// As [`many`].
pub fn best(moments: &Moments) -> Result<Best, SolveError> {
    let load = &moments.load;
    let variability = moments.service_variability;
    let random = moments.arrival_variability == 1.0;
    check::not_negative("the variability of service times", variability)?;
    if random && load.servers == 1 {
        let order = Order::FirstCome;
        let solved = single(load.rate, load.service_seconds, variability, order)?;
        return Ok(Best {
            wait_seconds: solved.wait_seconds,
            method: "exact M/G/1",
        });
    }
    if random && variability == 1.0 {
        return Ok(Best {
            wait_seconds: queue::many_servers(load)?.wait_seconds,
            method: "exact M/M/c",
        });
    }
    let affordable = load.servers as usize <= deterministic::MOST_SERVERS;
    if random && variability == 0.0 && affordable {
        return Ok(Best {
            wait_seconds: deterministic::wait_seconds(load)?,
            method: "exact M/D/c",
        });
    }
    Ok(Best {
        wait_seconds: many(moments)?.whitt_seconds,
        method: "Whitt",
    })
}
