//! Closed systems of one class, exactly: users who wait for each answer, and think.
//!
//! * [`sweep`]: stations of one or several servers and delays, all populations up to one.
//! * [`load_dependent`]: stations whose speed depends on how many are there.
//!
//! # Source
//!
//! M. Reiser, S. S. Lavenberg, "Mean-value analysis of closed multichain queuing
//! networks", JACM 27 (1980).

use super::{
    CUSTOMERS_MAX, SERVERS_MAX, STATIONS_MAX, SolveError, bounded, list, not_negative, positive,
};

/// A station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Seconds of service a customer takes in all its visits.
    pub demand_s: f64,
    /// Servers; 0 is a delay without a queue.
    pub servers: usize,
}

/// The system with some customers.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Customers.
    pub customers: usize,
    /// Cycles a second.
    pub throughput: f64,
    /// Seconds at all stations, delays included, thinking not.
    pub response_s: f64,
    /// Seconds at each station, all visits together.
    pub residence_s: Vec<f64>,
    /// Mean number at each station.
    pub queues: Vec<f64>,
    /// Share of each station's servers that is busy; of a delay the mean number there.
    pub utilization: Vec<f64>,
}

/// The system for 1, 2, … `customers`, the last one last.
///
/// The probabilities of few customers at a station of several servers come from a
/// difference that loses digits when all are busy; it is held within what is possible, and
/// where that would show (many servers, nearly all busy) the answer lies between those of
/// [`super::bounds`] all the same.
///
/// # Errors
///
/// Numbers that are none, or too many.
pub fn sweep(
    stations: &[Station],
    customers: usize,
    think_s: f64,
) -> Result<Vec<Point>, SolveError> {
    let think_s = check(stations, customers, think_s)?;
    if let Some(points) = by_convolution(stations, customers, think_s) {
        return Ok(points);
    }
    let mut kept: Vec<Kept> = stations.iter().map(Kept::new).collect();
    let mut points = Vec::with_capacity(customers);
    for n in 1..=customers {
        let residence_s: Vec<f64> = kept.iter().map(Kept::residence_s).collect();
        let response_s: f64 = residence_s.iter().sum();
        let throughput = n as f64 / positive("a customer's cycle", response_s + think_s)?;
        for (kept, residence_s) in kept.iter_mut().zip(&residence_s) {
            kept.settle(throughput, *residence_s);
        }
        points.push(point(stations, n, (throughput, response_s), residence_s));
    }
    Ok(points)
}

fn check(stations: &[Station], customers: usize, think_s: f64) -> Result<f64, SolveError> {
    bounded(
        "the number of stations",
        stations.len() as f64,
        STATIONS_MAX as f64,
    )?;
    bounded(
        "the number of customers",
        customers as f64,
        CUSTOMERS_MAX as f64,
    )?;
    for station in stations {
        not_negative("a demand", station.demand_s)?;
        bounded(
            "the number of servers",
            station.servers as f64,
            SERVERS_MAX as f64,
        )?;
    }
    if customers == 0 {
        return Err(SolveError::Number {
            what: "the number of customers",
            value: 0.0,
            want: "1 or more",
        });
    }
    not_negative("the think time", think_s)
}

fn point(
    stations: &[Station],
    customers: usize,
    (throughput, response_s): (f64, f64),
    residence_s: Vec<f64>,
) -> Point {
    let busy = |it: &Station| throughput * it.demand_s / it.servers.max(1) as f64;
    Point {
        customers,
        throughput,
        response_s,
        queues: residence_s.iter().map(|it| throughput * it).collect(),
        utilization: stations.iter().map(busy).collect(),
        residence_s,
    }
}

/// What is kept of a station while the population grows.
struct Kept {
    station: Station,
    queue: f64,
    /// Probability of 0, 1, … there, below the number of servers.
    idle: Vec<f64>,
}

impl Kept {
    fn new(station: &Station) -> Self {
        let mut idle = vec![0.0; station.servers.max(1)];
        idle[0] = 1.0;
        Self {
            station: *station,
            queue: 0.0,
            idle,
        }
    }

    fn residence_s(&self) -> f64 {
        let servers = self.station.servers;
        if servers == 0 {
            return self.station.demand_s;
        }
        let spare = self.idle.iter().enumerate();
        let spare: f64 = spare.map(|(j, p)| (servers - 1 - j) as f64 * p).sum();
        self.station.demand_s / servers as f64 * (1.0 + self.queue + spare)
    }

    fn settle(&mut self, throughput: f64, residence_s: f64) {
        self.queue = throughput * residence_s;
        let servers = self.station.servers;
        if servers < 2 {
            return;
        }
        let work = throughput * self.station.demand_s;
        let mut busy = work;
        for j in (1..servers).rev() {
            self.idle[j] = work / j as f64 * self.idle[j - 1];
            busy += (servers - j) as f64 * self.idle[j];
        }
        self.idle[0] = (1.0 - busy / servers as f64).max(0.0);
    }
}

/// Servers from which, at high load, mean values lose digits.
const MANY_SERVERS: usize = 8;

/// Steps of the convolution, at most; beyond it mean values must do.
const CONVOLUTION_MAX: usize = 40_000_000;

/// Normalization constants instead of mean values, where a station has many servers;
/// sums of positive terms lose no digits.
///
/// # Source
///
/// J. P. Buzen, "Computational algorithms for closed queueing networks with exponential
/// servers", CACM 16 (1973).
fn by_convolution(stations: &[Station], customers: usize, think_s: f64) -> Option<Vec<Point>> {
    let many = stations.iter().any(|it| it.servers >= MANY_SERVERS);
    let steps = stations.len() * customers * customers;
    if !many || steps > CONVOLUTION_MAX {
        return None;
    }
    // Demands in units of the largest, so that constants stay near one.
    let delays: f64 = stations
        .iter()
        .filter(|it| it.servers == 0)
        .map(|it| it.demand_s)
        .sum();
    let outside = delays + think_s;
    let scale = stations
        .iter()
        .map(|it| it.demand_s / it.servers.max(1) as f64)
        .fold(outside / customers as f64, f64::max);
    if scale <= 0.0 {
        return None;
    }
    let mut columns: Vec<Vec<f64>> = stations
        .iter()
        .filter(|it| it.servers > 0 && it.demand_s > 0.0)
        .map(|it| {
            weights(customers, |j| {
                it.demand_s / scale / j.min(it.servers) as f64
            })
        })
        .collect();
    if outside > 0.0 {
        columns.push(weights(customers, |j| outside / scale / j as f64));
    }
    let all = columns
        .iter()
        .fold(unit(customers), |sum, it| folded(&sum, it));
    if all.iter().any(|it| !it.is_normal()) {
        return None;
    }
    // Of each station with a queue: all others together.
    let queueing: Vec<usize> = (0..stations.len())
        .filter(|k| stations[*k].servers > 0 && stations[*k].demand_s > 0.0)
        .collect();
    let rests: Vec<Vec<f64>> = (0..queueing.len())
        .map(|own| {
            let others = columns.iter().enumerate().filter(|it| it.0 != own);
            others.fold(unit(customers), |sum, it| folded(&sum, it.1))
        })
        .collect();
    let points = (1..=customers).map(|n| {
        let throughput = all[n - 1] / all[n] / scale;
        let mut residence_s: Vec<f64> = stations.iter().map(|it| it.demand_s).collect();
        for (own, k) in queueing.iter().enumerate() {
            let terms = (1..=n).map(|j| j as f64 * columns[own][j] * rests[own][n - j]);
            residence_s[*k] = terms.sum::<f64>() / all[n] / throughput;
        }
        let response_s = residence_s.iter().sum();
        point(stations, n, (throughput, response_s), residence_s)
    });
    Some(points.collect())
}

/// Relative probabilities of 0, 1, … at a station whose j-th customer takes `time(j)`.
fn weights(most: usize, time: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut weights = vec![1.0; most + 1];
    for j in 1..=most {
        weights[j] = weights[j - 1] * time(j);
    }
    weights
}

fn unit(most: usize) -> Vec<f64> {
    let mut unit = vec![0.0; most + 1];
    unit[0] = 1.0;
    unit
}

fn folded(a: &[f64], b: &[f64]) -> Vec<f64> {
    let sum = |n: usize| (0..=n).map(|j| a[j] * b[n - j]).sum();
    (0..a.len()).map(sum).collect()
}

/// A station whose speed depends on how many are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependent {
    /// Visits of a cycle.
    pub visits: f64,
    /// Seconds of a visit's service with 1, 2, … there; the last one holds for more.
    pub service_s: Vec<f64>,
}

/// Customers of a load-dependent system, at most: the cost is their square.
const DEPENDENT_MAX: usize = 4_000;

/// The system with so many customers.
///
/// # Errors
///
/// Numbers that are none, or too many.
///
/// # Source
///
/// J. P. Buzen, CACM 16 (1973); where its constants leave the range of numbers M. Reiser,
/// S. S. Lavenberg as above, section 3, with probabilities held at 0 and above.
pub fn load_dependent(
    stations: &[Dependent],
    customers: usize,
    think_s: f64,
) -> Result<Point, SolveError> {
    bounded(
        "the number of customers",
        customers as f64,
        DEPENDENT_MAX as f64,
    )?;
    bounded(
        "the number of stations",
        stations.len() as f64,
        STATIONS_MAX as f64,
    )?;
    for station in stations {
        not_negative("the number of visits", station.visits)?;
        if station.service_s.is_empty() {
            return Err(SolveError::Shape {
                what: "the service times of a station",
                found: 0,
                want: 1,
            });
        }
        list_of_times(&station.service_s)?;
    }
    let think_s = not_negative("the think time", think_s)?;
    let time = |k: usize, j: usize| {
        let station = &stations[k];
        let last = station.service_s.len() - 1;
        station.visits * station.service_s[(j - 1).min(last)]
    };
    if let Some(point) = dependent_by_convolution(stations.len(), customers, think_s, &time) {
        return Ok(point);
    }
    let mut present: Vec<Vec<f64>> = stations.iter().map(|_| unit(customers)).collect();
    let mut found = None;
    for n in 1..=customers {
        let residence =
            |(k, p): (usize, &Vec<f64>)| (1..=n).map(|j| j as f64 * time(k, j) * p[j - 1]).sum();
        let residence_s: Vec<f64> = present.iter().enumerate().map(residence).collect();
        let response_s: f64 = residence_s.iter().sum();
        let throughput = n as f64 / positive("a customer's cycle", response_s + think_s)?;
        for (k, p) in present.iter_mut().enumerate() {
            for j in (1..=n).rev() {
                p[j] = throughput * time(k, j) * p[j - 1];
            }
            let rest: f64 = p[1..=n].iter().sum();
            p[0] = (1.0 - rest).max(0.0);
        }
        found = Some((throughput, response_s, residence_s));
    }
    let Some((throughput, response_s, residence_s)) = found else {
        return Err(SolveError::Number {
            what: "the number of customers",
            value: 0.0,
            want: "1 or more",
        });
    };
    Ok(Point {
        customers,
        throughput,
        response_s,
        queues: residence_s.iter().map(|it| throughput * it).collect(),
        utilization: present.iter().map(|p| 1.0 - p[0]).collect(),
        residence_s,
    })
}

/// The same by normalization constants, whose sums lose no digits; `None` where they leave
/// the range of numbers.
fn dependent_by_convolution(
    stations: usize,
    customers: usize,
    think_s: f64,
    time: &impl Fn(usize, usize) -> f64,
) -> Option<Point> {
    let slowest = (0..stations).map(|k| time(k, customers));
    let scale = slowest.fold(think_s / customers.max(1) as f64, f64::max);
    if customers == 0 || scale <= 0.0 {
        return None;
    }
    let mut columns: Vec<Vec<f64>> = (0..stations)
        .map(|k| weights(customers, |j| time(k, j) / scale))
        .collect();
    if think_s > 0.0 {
        columns.push(weights(customers, |j| think_s / scale / j as f64));
    }
    let all = columns
        .iter()
        .fold(unit(customers), |sum, it| folded(&sum, it));
    if all.iter().any(|it| !it.is_normal()) {
        return None;
    }
    let throughput = all[customers - 1] / all[customers] / scale;
    let mut queues = Vec::with_capacity(stations);
    let mut utilization = Vec::with_capacity(stations);
    for own in 0..stations {
        let others = columns.iter().enumerate().filter(|it| it.0 != own);
        let rest = others.fold(unit(customers), |sum, it| folded(&sum, it.1));
        let at = |j: usize| columns[own][j] * rest[customers - j] / all[customers];
        queues.push((1..=customers).map(|j| j as f64 * at(j)).sum::<f64>());
        utilization.push(1.0 - at(0));
    }
    let residence_s: Vec<f64> = queues.iter().map(|it| it / throughput).collect();
    Some(Point {
        customers,
        throughput,
        response_s: residence_s.iter().sum(),
        queues,
        utilization,
        residence_s,
    })
}

fn list_of_times(times: &[f64]) -> Result<(), SolveError> {
    for part in times.chunks(STATIONS_MAX) {
        list("a service time", part)?;
    }
    Ok(())
}
