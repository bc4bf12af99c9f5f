//! A disk as a station that serves several operations at once.
//!
//! The share of time that a disk has something to do (`%util`) is no utilization where it
//! serves several at once. What it can do is fitted from operations a second and the number
//! in flight: `operations = in flight / (service * max(1, in flight / slots))`.
//!
//! # Source
//!
//! J. D. C. Little, 1961; Linux `Documentation/admin-guide/iostats.rst` for the readings.

use analysis::stats::order;

use super::{SolveError, bounded, length};
use crate::refusal::{Code, Refusal};

/// Points of a fit, at least and at most.
const POINTS: std::ops::RangeInclusive<usize> = 8..=1_000_000;

/// Slots that are tried.
const SLOTS: [f64; 13] = [1., 2., 3., 4., 6., 8., 12., 16., 24., 32., 64., 128., 256.];

/// Latency at the low end may be this much above that at the high end, as noise goes.
const FALLS: f64 = 1.15;

/// A fitted disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disk {
    /// Seconds of an operation that waits for no other.
    pub service_s: f64,
    /// Operations that are served at once.
    pub slots: f64,
    /// Root mean square of the relative errors of operations a second.
    pub error: f64,
}

impl Disk {
    /// Operations a second that it can do.
    pub fn capacity(&self) -> f64 {
        self.slots / self.service_s
    }
}

/// A disk, or why it cannot be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It behaves as a station does.
    Disk(Disk),
    /// It does not.
    Refused(Refusal),
}

/// Fits a disk to operations a second and the mean number of them in flight.
///
/// Latency must not fall as more is asked: where it does, wake-ups or a cache of the host
/// decide, not a queue, and nothing can be told.
///
/// # Errors
///
/// Columns of different length, or too few points with operations.
pub fn fitted(operations: &[f64], in_flight: &[f64]) -> Result<Found, SolveError> {
    length("the numbers in flight", in_flight, operations.len())?;
    let points: Vec<(f64, f64)> = operations
        .iter()
        .zip(in_flight)
        .map(|(x, n)| (*x, *n))
        .filter(|(x, n)| x.is_finite() && n.is_finite() && *x > 0.0 && *n > 0.0)
        .collect();
    bounded(
        "the number of points",
        points.len() as f64,
        *POINTS.end() as f64,
    )?;
    if points.len() < *POINTS.start() {
        return Err(SolveError::Shape {
            what: "the points with operations",
            found: points.len(),
            want: *POINTS.start(),
        });
    }
    if let Some(refusal) = falls(&points) {
        return Ok(Found::Refused(refusal));
    }
    let all = SLOTS.iter().map(|slots| with_slots(&points, *slots));
    let best = all.min_by(|a, b| a.error.total_cmp(&b.error));
    best.map(Found::Disk)
        .ok_or_else(|| SolveError::Undetermined("no number of slots was tried".to_owned()))
}

/// The best service time for so many slots.
fn with_slots(points: &[(f64, f64)], slots: f64) -> Disk {
    // Relative errors, so that the few points under load weigh as much as the many without.
    let (mut product, mut square) = (0.0, 0.0);
    for (x, n) in points {
        let units = n.min(slots) / x;
        product += units;
        square += units * units;
    }
    // x = units / s, relative: minimize sum (1 - units / s)^2 over 1 / s.
    let rate = product / square;
    let error: f64 = points
        .iter()
        .map(|(x, n)| (1.0 - rate * n.min(slots) / x).powi(2))
        .sum();
    Disk {
        service_s: 1.0 / rate,
        slots,
        error: (error / points.len() as f64).sqrt(),
    }
}

/// Why latency cannot be believed: it falls as more is asked.
fn falls(points: &[(f64, f64)]) -> Option<Refusal> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let third = sorted.len() / 3;
    let latency = |part: &[(f64, f64)]| {
        let values: Vec<f64> = part.iter().map(|(x, n)| n / x).collect();
        order::median(&values)
    };
    let (low, high) = (&sorted[..third], &sorted[sorted.len() - third..]);
    let moved = high[0].0 / low[third - 1].0;
    let (first, last) = (latency(low), latency(high));
    (moved > 1.2 && first > last * FALLS).then(|| {
        Code::NotAResource
            .because(format!(
                "this disk takes {:.0} µs an operation at {:.0} a second and {:.0} µs at {:.0}: wake-ups or a cache of the host decide, not a queue",
                first * 1e6,
                low[third / 2].0,
                last * 1e6,
                high[third / 2].0
            ))
            .advising("measure both disks with the same work (fio), and use the ratio of their times")
    })
}
