//! A disk that serves several requests at once, from what it was seen to do.
//!
//! Its `%util` is the share of time with any request at all, which is no utilization for
//! a device that serves many in parallel. What it can do is fitted instead: requests per
//! second grow with the queue up to so many at once, and not beyond.
//!
//! Start at [`fit`].

use super::closed::{Speed, Station};
use super::{Service, SolveError, check};

/// Points of a fit, at most.
pub const MOST_POINTS: usize = 100_000;

/// Latency may fall by this share at a higher rate before the points are refused.
pub const FALL_TOLERANCE: f64 = 0.15;

/// Rates are compared where one is this multiple of the other: a full disk has many
/// latencies at one rate.
const CLEARLY_MORE: f64 = 1.2;

/// What a disk did over a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Mean number of requests in it (`aqu-sz`).
    pub queue: f64,
    /// Requests per second.
    pub rate: f64,
    /// Mean seconds of a request (`await`).
    pub latency_seconds: f64,
}

/// A disk: `rate = min(queue, parallel) / service`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disk {
    /// Seconds of a request that finds the disk empty.
    pub service_seconds: f64,
    /// Requests that it serves at once; infinite if no limit was seen.
    pub parallel: f64,
    /// Root mean square of the residuals, requests per second.
    pub residual_rate: f64,
}

/// Why a disk cannot be predicted from what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Falls {
    /// Latency at a lower rate.
    pub before_seconds: f64,
    /// The lower latency at a higher rate.
    pub after_seconds: f64,
    /// That rate.
    pub rate: f64,
}

/// Whether latency falls as the rate grows, as behind a cache or a device that has to
/// wake up; then no queue explains it, and the disk is not predictable on this host.
pub fn falls(points: &[Point]) -> Option<Falls> {
    let mut sorted: Vec<&Point> = points.iter().collect();
    sorted.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let mut slower = 0;
    let mut highest = 0.0_f64;
    for (place, point) in sorted.iter().enumerate() {
        while slower < place && sorted[slower].rate * CLEARLY_MORE <= point.rate {
            highest = highest.max(sorted[slower].latency_seconds);
            slower += 1;
        }
        if point.latency_seconds < (1.0 - FALL_TOLERANCE) * highest {
            return Some(Falls {
                before_seconds: highest,
                after_seconds: point.latency_seconds,
                rate: point.rate,
            });
        }
    }
    None
}

/// Fits service time and parallelism by least squares on the rate; exactly, since between
/// two neighboring queues the best limit has a formula.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that are not positive, [`SolveError::Undetermined`]
/// without two points or where latency falls as the rate grows (see [`falls`]).
pub fn fit(points: &[Point]) -> Result<Disk, SolveError> {
    check::at_most("the number of points", points.len() as f64, MOST_POINTS)?;
    if points.len() < 2 {
        return Err(SolveError::Undetermined(
            "a disk needs rate and queue at two loads or more",
        ));
    }
    for point in points {
        check::positive("a queue", point.queue)?;
        check::positive("a rate", point.rate)?;
        check::positive("a latency", point.latency_seconds)?;
    }
    if falls(points).is_some() {
        return Err(SolveError::Undetermined(
            "latency falls as the rate grows: this disk is not predictable on this host",
        ));
    }
    Ok(best(points))
}

/// Sums over points.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    rate: f64,
    square_rate: f64,
    both: f64,
    square_queue: f64,
}

impl Sums {
    fn plus(mut self, point: &Point) -> Self {
        self.count += 1.0;
        self.rate += point.rate;
        self.square_rate += point.rate * point.rate;
        self.both += point.rate * point.queue;
        self.square_queue += point.queue * point.queue;
        self
    }

    /// Rate per request and squares left, for a limit among the points: those below it
    /// are `self`, those above `above`.
    fn at_limit(&self, above: &Self, limit: f64) -> (f64, f64) {
        let both = self.both + limit * above.rate;
        let square = self.square_queue + limit * limit * above.count;
        let slope = both / square;
        (slope, self.square_rate + above.square_rate - slope * both)
    }
}

fn best(points: &[Point]) -> Disk {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.queue.total_cmp(&b.queue));
    let total = sorted.iter().fold(Sums::default(), Sums::plus);
    let (slope, left) = total.at_limit(&Sums::default(), 0.0);
    let mut best = (left, f64::INFINITY, slope);
    let mut below = Sums::default();
    for (place, point) in sorted.iter().enumerate() {
        below = below.plus(point);
        let rest = &sorted[place + 1..];
        let Some(next) = rest.first() else {
            break;
        };
        let above = minus(&total, &below);
        let free = (above.rate / above.count) / (below.both / below.square_queue);
        for limit in [free.clamp(point.queue, next.queue), point.queue] {
            let (slope, left) = below.at_limit(&above, limit);
            if left < best.0 {
                best = (left, limit, slope);
            }
        }
    }
    let (left, parallel, slope) = best;
    Disk {
        service_seconds: 1.0 / slope,
        parallel: parallel.max(1.0),
        residual_rate: (left.max(0.0) / points.len() as f64).sqrt(),
    }
}

fn minus(all: &Sums, part: &Sums) -> Sums {
    Sums {
        count: all.count - part.count,
        rate: all.rate - part.rate,
        square_rate: all.square_rate - part.square_rate,
        both: all.both - part.both,
        square_queue: all.square_queue - part.square_queue,
    }
}

impl Disk {
    /// Requests per second with this many in it.
    pub fn rate(&self, queue: f64) -> f64 {
        queue.max(0.0).min(self.parallel) / self.service_seconds
    }

    /// The disk as a station for work that makes `requests` of it; a limit that is not
    /// whole becomes a speed that stops to grow there.
    ///
    /// # Errors
    ///
    /// [`SolveError::Input`] for a negative number of requests.
    pub fn station(&self, requests: f64) -> Result<Station, SolveError> {
        check::not_negative("the number of requests", requests)?;
        let steps = self.parallel.ceil();
        let speed = match steps <= check::MOST_SERVERS as f64 {
            true => {
                let present = 1..=steps as u32;
                Speed::Dependent(present.map(|j| f64::from(j).min(self.parallel)).collect())
            }
            false => Speed::Plain(Service::Delay),
        };
        Ok(Station {
            demand_seconds: requests * self.service_seconds,
            speed,
        })
    }

    /// The same disk made faster by a ratio that was measured for the pair.
    ///
    /// # Errors
    ///
    /// [`SolveError::Input`] for a ratio that is not positive.
    pub fn faster(&self, ratio: f64) -> Result<Self, SolveError> {
        check::positive("the ratio of speeds", ratio)?;
        Ok(Self {
            service_seconds: self.service_seconds / ratio,
            ..*self
        })
    }
}
