//! Open stations and networks: requests that come at random, whatever happens.
//!
//! # Source
//!
//! L. Kleinrock, *Queueing Systems*, volume 1, 1975; J. R. Jackson, "Jobshop-like queueing
//! systems", Management Science 10 (1963); G. Bolch et al., *Queueing Networks and Markov
//! Chains*, 2006.

use super::{SERVERS_MAX, SolveError, bounded, length, list, matrix, not_negative, positive};

/// A station with a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Share of the servers that is busy.
    pub utilization: f64,
    /// Probability that a request must wait.
    pub waits: f64,
    /// Mean wait, seconds.
    pub wait_s: f64,
    /// Mean wait and service, seconds.
    pub response_s: f64,
    /// Mean number there.
    pub present: f64,
    /// Mean number that wait.
    pub waiting: f64,
}

impl Point {
    /// The station from its mean wait.
    pub(crate) fn of(rate: f64, service_s: f64, servers: f64, (waits, wait_s): (f64, f64)) -> Self {
        let response_s = wait_s + service_s;
        Self {
            utilization: rate * service_s / servers,
            waits,
            wait_s,
            response_s,
            present: rate * response_s,
            waiting: rate * wait_s,
        }
    }
}

/// Work offered, in servers, where it fits.
pub(crate) fn offered(rate: f64, service_s: f64, servers: usize) -> Result<f64, SolveError> {
    let rate = not_negative("the rate", rate)?;
    let service_s = positive("the service time", service_s)?;
    let most = bounded("the number of servers", servers as f64, SERVERS_MAX as f64);
    most?;
    positive("the number of servers", servers as f64)?;
    let work = rate * service_s;
    match work < servers as f64 {
        true => Ok(work),
        false => Err(SolveError::Overload {
            what: "the station".to_owned(),
            load: work / servers as f64,
        }),
    }
}

/// Probability that a request must wait, for offered work that fits.
///
/// # Source
///
/// A. K. Erlang, 1917: the blocking formula by recursion, then the delay formula.
pub(crate) fn erlang(work: f64, servers: usize) -> f64 {
    let mut blocked = 1.0;
    for k in 1..=servers {
        blocked = work * blocked / (k as f64 + work * blocked);
    }
    let busy = work / servers as f64;
    blocked / (1.0 - busy + busy * blocked)
}

/// M/M/c.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
pub fn exponential(rate: f64, service_s: f64, servers: usize) -> Result<Point, SolveError> {
    let work = offered(rate, service_s, servers)?;
    let waits = erlang(work, servers);
    let c = servers as f64;
    let wait_s = waits * service_s / (c - work);
    Ok(Point::of(rate, service_s, c, (waits, wait_s)))
}

/// A station with room for so many, which turns others away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finite {
    /// Probability of nobody there.
    pub empty: f64,
    /// Probability of no room: the share that is turned away.
    pub full: f64,
    /// Mean number there.
    pub present: f64,
    /// Served a second.
    pub throughput: f64,
    /// Mean response time of those let in, seconds.
    pub response_s: f64,
    /// Mean wait of those let in, seconds.
    pub wait_s: f64,
    /// Share of the servers that is busy.
    pub utilization: f64,
}

/// M/M/c/K: `room` counts those in service too.
///
/// # Errors
///
/// Numbers that are none; less room than servers.
pub fn finite(
    rate: f64,
    service_rate: f64,
    servers: usize,
    room: usize,
) -> Result<Finite, SolveError> {
    let rate = positive("the rate", rate)?;
    let service_rate = positive("the service rate", service_rate)?;
    positive("the number of servers", servers as f64)?;
    bounded("the room", room as f64, 1e7)?;
    if room < servers {
        return Err(SolveError::Number {
            what: "the room",
            value: room as f64,
            want: "at least the number of servers",
        });
    }
    // Logarithms, so that neither much room nor overload overflows.
    let mut logs = Vec::with_capacity(room + 1);
    logs.push(0.0_f64);
    for n in 1..=room {
        let before = logs[n - 1];
        logs.push(before + (rate / (service_rate * n.min(servers) as f64)).ln());
    }
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|it| (it - top).exp()).collect();
    let total: f64 = weights.iter().sum();
    let p = |n: usize| weights[n] / total;
    let present: f64 = (0..=room).map(|n| n as f64 * p(n)).sum();
    let throughput = rate * (1.0 - p(room));
    let response_s = present / throughput;
    Ok(Finite {
        empty: p(0),
        full: p(room),
        present,
        throughput,
        response_s,
        wait_s: response_s - 1.0 / service_rate,
        utilization: throughput / service_rate / servers as f64,
    })
}

/// Servers of unequal speed behind one queue, as equal ones of their mean speed.
///
/// # Errors
///
/// Numbers that are none; more than can be served.
///
/// # Source
///
/// G. Bolch, A. Scheuerer, 1991, after G. Bolch et al., section 6.
pub fn unequal(rate: f64, speeds: &[f64]) -> Result<Point, SolveError> {
    list("a service rate", speeds)?;
    let total: f64 = speeds.iter().sum();
    let mean = positive("the service rate of all", total)? / speeds.len() as f64;
    exponential(rate, 1.0 / mean, speeds.len())
}

/// A station to which a share of what it served comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feedback {
    /// Visits of a request.
    pub visits: f64,
    /// Share of the server that is busy.
    pub utilization: f64,
    /// Seconds of a request, all visits together.
    pub response_s: f64,
    /// Mean number there.
    pub present: f64,
}

/// M/M/1 with feedback: this share of the visits must be made again.
///
/// # Errors
///
/// Numbers that are none; a share of one or more; more than can be served.
pub fn feedback(rate: f64, service_s: f64, again: f64) -> Result<Feedback, SolveError> {
    if !(0.0..1.0).contains(&again) {
        return Err(SolveError::Number {
            what: "the share that comes back",
            value: again,
            want: "0 to below 1",
        });
    }
    let visits = 1.0 / (1.0 - again);
    let work = offered(rate * visits, service_s, 1)?;
    let response_s = visits * service_s / (1.0 - work);
    Ok(Feedback {
        visits,
        utilization: work,
        response_s,
        present: rate * response_s,
    })
}

/// Single servers in a network of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Single {
    /// Share of each server that is busy.
    pub utilization: Vec<f64>,
    /// Visits to each station a second.
    pub throughput: Vec<f64>,
    /// Seconds of one visit.
    pub visit_s: Vec<f64>,
    /// Mean number at each station.
    pub present: Vec<f64>,
    /// Seconds of a request in all.
    pub response_s: f64,
}

/// An open network of single servers, by visits and service times.
///
/// # Errors
///
/// Numbers that are none; a station that is asked for more than it can serve.
pub fn single(rate: f64, visits: &[f64], service_s: &[f64]) -> Result<Single, SolveError> {
    list("a number of visits", visits)?;
    list("a service time", service_s)?;
    length("the service times", service_s, visits.len())?;
    let rate = not_negative("the rate", rate)?;
    let throughput: Vec<f64> = visits.iter().map(|it| rate * it).collect();
    let pairs = throughput.iter().zip(service_s);
    let utilization: Vec<f64> = pairs.map(|(x, s)| x * s).collect();
    full(&utilization)?;
    let pairs = utilization.iter().zip(service_s);
    let visit_s: Vec<f64> = pairs.map(|(u, s)| s / (1.0 - u)).collect();
    Ok(Single {
        present: utilization.iter().map(|u| u / (1.0 - u)).collect(),
        response_s: visits.iter().zip(&visit_s).map(|(v, r)| v * r).sum(),
        utilization,
        throughput,
        visit_s,
    })
}

/// The first station that is full.
fn full(utilization: &[f64]) -> Result<(), SolveError> {
    match utilization.iter().enumerate().find(|it| *it.1 >= 1.0) {
        Some((k, load)) => Err(SolveError::Overload {
            what: format!("station {k}"),
            load: *load,
        }),
        None => Ok(()),
    }
}

/// Several classes at single servers.
#[derive(Clone, Debug, PartialEq)]
pub struct Several {
    /// Share of each server that each class keeps busy.
    pub utilization: Vec<Vec<f64>>,
    /// Seconds of each class at each station.
    pub residence_s: Vec<Vec<f64>>,
    /// Requests of each class at each station.
    pub present: Vec<Vec<f64>>,
}

/// An open network of single servers and several classes, by demands.
///
/// # Errors
///
/// Numbers that are none; a station that is asked for more than it can serve.
pub fn several(rates: &[f64], demands: &[Vec<f64>]) -> Result<Several, SolveError> {
    let stations = matrix("a demand", demands)?;
    length("the rates", rates, demands.len())?;
    for rate in rates {
        not_negative("a rate", *rate)?;
    }
    let busy = |k: usize| {
        rates
            .iter()
            .zip(demands)
            .map(|(x, d)| x * d[k])
            .sum::<f64>()
    };
    let busy: Vec<f64> = (0..stations).map(busy).collect();
    full(&busy)?;
    let by_class = |f: &dyn Fn(f64, usize, f64) -> f64| -> Vec<Vec<f64>> {
        let row = |(rate, demands): (&f64, &Vec<f64>)| {
            let of = |(k, d): (usize, &f64)| f(*rate, k, *d);
            demands.iter().enumerate().map(of).collect()
        };
        rates.iter().zip(demands).map(row).collect()
    };
    Ok(Several {
        utilization: by_class(&|rate, _, d| rate * d),
        residence_s: by_class(&|_, k, d| d / (1.0 - busy[k])),
        present: by_class(&|rate, k, d| rate * d / (1.0 - busy[k])),
    })
}

/// A network of stations with several servers each, between which requests are routed.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed {
    /// Visits to each station a second.
    pub throughput: Vec<f64>,
    /// Share of each station's servers that is busy.
    pub utilization: Vec<f64>,
    /// Mean number at each station.
    pub present: Vec<f64>,
    /// Seconds of a request in all.
    pub response_s: f64,
}

/// Solves an open network by its arrivals from outside and its routing: row i holds the
/// shares of what leaves station i that go to each station.
///
/// # Errors
///
/// Numbers that are none; shares of more than one; requests that never leave; overload.
pub fn routed(
    arrivals: &[f64],
    routing: &[Vec<f64>],
    service_s: &[f64],
    servers: &[usize],
) -> Result<Routed, SolveError> {
    list("an arrival rate", arrivals)?;
    let n = arrivals.len();
    length("the service times", service_s, n)?;
    length("the numbers of servers", servers, n)?;
    length("the routing", routing, n)?;
    for row in routing {
        list("a share of the routing", row)?;
        length("a row of the routing", row, n)?;
        let total: f64 = row.iter().sum();
        if total > 1.0 + 1e-9 {
            return Err(SolveError::Number {
                what: "the shares of a station's routing",
                value: total,
                want: "at most 1 in all",
            });
        }
    }
    let throughput = traffic(arrivals, routing)?;
    let mut present = Vec::with_capacity(n);
    for k in 0..n {
        let point = exponential(throughput[k], service_s[k], servers[k]);
        let point = point.map_err(|error| match error {
            SolveError::Overload { load, .. } => SolveError::Overload {
                what: format!("station {k}"),
                load,
            },
            other => other,
        })?;
        present.push(point.present);
    }
    let utilization = (0..n).map(|k| throughput[k] * service_s[k] / servers[k] as f64);
    let asked = positive("the rate of all arrivals", arrivals.iter().sum())?;
    Ok(Routed {
        utilization: utilization.collect(),
        response_s: present.iter().sum::<f64>() / asked,
        present,
        throughput,
    })
}

/// Visits to each station a second: the solution of the traffic equations.
fn traffic(arrivals: &[f64], routing: &[Vec<f64>]) -> Result<Vec<f64>, SolveError> {
    let n = arrivals.len();
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|k| {
            let own = (0..n).map(|i| f64::from(u8::from(i == k)) - routing[i][k]);
            own.chain([arrivals[k]]).collect()
        })
        .collect();
    for k in 0..n {
        let best = (k..n).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs()));
        rows.swap(k, best.unwrap_or(k));
        let pivot = rows[k][k];
        if pivot.abs() < 1e-12 {
            return Err(SolveError::Undetermined(
                "some requests never leave the network".to_owned(),
            ));
        }
        let lead = rows[k].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = row[k] / pivot;
            if i != k && factor != 0.0 {
                row.iter_mut()
                    .zip(&lead)
                    .for_each(|(a, b)| *a -= factor * b);
            }
        }
    }
    Ok((0..n).map(|k| (rows[k][n] / rows[k][k]).max(0.0)).collect())
}

/// The share of a load for the first of two single servers with the least mean response
/// time, on a grid from `from` to below `to`; the share and that time.
///
/// # Errors
///
/// Numbers that are none; no share that both can serve.
pub fn split(
    rate: f64,
    service_s: [f64; 2],
    (from, to, step): (f64, f64, f64),
) -> Result<(f64, f64), SolveError> {
    let rate = positive("the rate", rate)?;
    positive("the step", step)?;
    bounded("the number of steps", (to - from) / step, 1e7)?;
    let mut best: Option<(f64, f64)> = None;
    let mut i = 0.0;
    while from + i * step < to {
        let share = from + i * step;
        i += 1.0;
        let parts = [share, 1.0 - share];
        let fits = parts
            .iter()
            .zip(&service_s)
            .all(|(f, s)| *f >= 0.0 && f * rate * s < 1.0);
        if !fits {
            continue;
        }
        let times = parts.iter().zip(&service_s);
        let mean: f64 = times.map(|(f, s)| f * s / (1.0 - f * rate * s)).sum();
        if best.is_none_or(|it| mean < it.1) {
            best = Some((share, mean));
        }
    }
    let [a, b] = service_s;
    best.ok_or(SolveError::Overload {
        what: "every share of the two stations".to_owned(),
        load: rate / (1.0 / a + 1.0 / b),
    })
}
