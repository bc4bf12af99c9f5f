//! How much of the rise of a response time each resource explains.
//!
//! A response time is a sum of residence times, and the residence time at a resource
//! follows its utilization `U` as `U / (1 - U)`, or its stall share alike. So the
//! symptom is fitted by residence times with weights that cannot be negative, and the
//! rise from good to bad rows is split by those weights. Resources that rise together
//! cannot be told apart by any fit; the Shapley value shares between them alike, and
//! the interval says how far that may be off.
//!
//! * In: the symptom and the gauges of all hosts.
//! * Out: for each resource its share of the rise, with an interval by block bootstrap.
//! * Never: speaks of a rise that the noise of the symptom could be.
//!
//! # Source
//!
//! P. J. Denning, J. P. Buzen, "The operational analysis of queueing network models",
//! ACM Computing Surveys 10 (1978). L. S. Shapley, "A value for n-person games" (1953);
//! S. Lipovetsky, M. Conklin, "Analysis of regression in game theory approach", Applied
//! Stochastic Models in Business and Industry 17 (2001). Coordinate descent for least
//! squares without negative weights: V. Franc, V. Hlaváč, M. Navara, CAIP 2005.
//!
//! Start at [`shares`].

mod fit;

use self::fit::{Design, draws, identified, shapley};
use super::lens::trailing;
use super::limits::{SMOOTH_SECONDS, Signal};
use super::{Interval, Judged, Resource};
use crate::frame::{Frame, HELD_STEPS, Line};
use crate::stats::{order, resample};

/// Metrics that are response times, by the semantic conventions of OpenTelemetry.
const RESPONSE_TIMES: [&str; 8] = [
    "http.server.request.duration",
    "http.server.duration",
    "rpc.server.call.duration",
    "rpc.server.duration",
    "http.client.request.duration",
    "rpc.client.call.duration",
    "db.client.operation.duration",
    "messaging.process.duration",
];

/// A symptom is judged on means over at least so many rows.
const SMOOTH_ROWS: usize = 5;

/// A rise is so many standard deviations within good and bad rows: means of noise over
/// [`SMOOTH_ROWS`], split at their middle, differ by about 0.8.
const RISE_SIGMAS: f64 = 1.5;

/// A rise is at least this share of the level before.
const RISE_SHARE: f64 = 0.05;

/// Resources that are fitted together: 2^6 subsets for each draw.
const MOST: usize = 6;

/// Rows that are fitted; longer inputs are averaged down to it.
const ROWS_MAX: usize = 1_500;

/// The share of what did not move.
const NOTHING: Interval = Interval {
    lo: 0.0,
    value: 0.0,
    hi: 0.0,
};

/// Utilization is held below one, where residence has no end.
const USED_UP: f64 = 0.98;

/// How a reading becomes a residence time.
#[derive(Clone, Copy)]
enum Law {
    /// A share of time: `U / (1 - U)`.
    Queue,
    /// Already a time or a count of what waits.
    Direct,
}

/// The readings of each resource that residence times are made of.
#[rustfmt::skip]
const RESIDENCE: &[(Resource, &[(Signal, Law)])] = &[
    (Resource::Cpu, &[(Signal::Busy, Law::Queue), (Signal::CpuPressure, Law::Queue)]),
    (Resource::CpuThrottling, &[(Signal::ThrottledPeriods, Law::Queue), (Signal::ThrottledTime, Law::Direct)]),
    (Resource::Memory, &[(Signal::MemoryPressure, Law::Queue), (Signal::MajorFaults, Law::Direct), (Signal::Swapping, Law::Direct)]),
    (Resource::Disk, &[(Signal::DeviceAwait, Law::Direct), (Signal::DeviceBusy, Law::Queue), (Signal::IoPressure, Law::Queue)]),
    (Resource::Network, &[(Signal::QueueDelay, Law::Direct), (Signal::Retransmits, Law::Queue), (Signal::Drops, Law::Queue)]),
    (Resource::Lock, &[(Signal::InsideTime, Law::Direct)]),
    (Resource::Pool, &[(Signal::PoolWaits, Law::Direct)]),
    (Resource::External, &[(Signal::CallTime, Law::Direct)]),
];

/// The symptom, with its good and its bad rows.
pub(super) struct Felt<'a> {
    frame: &'a Frame,
    /// The symptom a row, up to the end of the window.
    pub(super) values: Vec<f64>,
    /// Whether a row is bad; gaps are neither.
    bad: Vec<Option<bool>>,
    /// Mean of good rows.
    pub(super) before: f64,
    /// Mean of bad rows.
    pub(super) after: f64,
    /// Whether bad rows differ from good ones by more than noise.
    pub(super) rose: bool,
}

/// Whether a series tells what users feel.
pub(super) fn is_response_time(line: &Line) -> bool {
    let key = &line.series.key;
    // Of a whole service, as its users see it.
    let of_service = key.metric == "service.request.duration.mean"
        && key.attribute("kind").is_none()
        && key.attribute("operation").is_none();
    of_service || RESPONSE_TIMES.contains(&key.metric.as_str())
}

impl<'a> Felt<'a> {
    /// Looks at the first `end` rows of a symptom.
    pub(super) fn new(frame: &'a Frame, values: &[f64], end: usize) -> Self {
        let values = values[..end.min(values.len())].to_vec();
        let length = frame.rows_of_seconds(SMOOTH_SECONDS).max(SMOOTH_ROWS);
        let behind = trailing(&values, length);
        let last = behind.len().saturating_sub(1);
        // Half of the mean lies before a row and half after it.
        let smooth: Vec<f64> = (0..behind.len())
            .map(|row| behind[(row + length / 2).min(last)])
            .collect();
        let mut numbers = order::numbers(&smooth);
        let low = order::quantile_in(&mut numbers, 0.1);
        let high = order::quantile_in(&mut numbers, 0.9);
        let middle = low / 2.0 + high / 2.0;
        let bad: Vec<Option<bool>> = smooth
            .iter()
            .zip(&values)
            .map(|(smooth, value)| {
                let known = smooth.is_finite() && value.is_finite();
                known.then_some(*smooth > middle)
            })
            .collect();
        let of = |side: bool| -> Vec<f64> {
            let rows = values.iter().zip(&bad);
            rows.filter(|(_, it)| **it == Some(side))
                .map(|(value, _)| *value)
                .collect()
        };
        let (good_rows, bad_rows) = (of(false), of(true));
        let (before, after) = (order::mean(&good_rows), order::mean(&bad_rows));
        let noise = order::std(&good_rows).max(order::std(&bad_rows));
        let rise = after - before;
        let enough = good_rows.len() >= SMOOTH_ROWS && bad_rows.len() >= SMOOTH_ROWS;
        Self {
            frame,
            rose: enough
                && rise > RISE_SIGMAS * noise
                && rise > RISE_SHARE * before.abs()
                && rise.is_finite(),
            values,
            bad,
            before,
            after,
        }
    }

    /// Readings of another frame at the rows of the symptom.
    pub(super) fn aligned(&self, frame: &Frame, values: &[f64]) -> Vec<f64> {
        let rows = self.values.len();
        if std::ptr::eq(frame, self.frame) || frame.at[..] == self.frame.at[..] {
            return values[..rows.min(values.len())].to_vec();
        }
        let oldest = (frame.step_ns as f64 * HELD_STEPS) as i64;
        let mut next = 0;
        let held = |now: &i64| {
            while frame.at.get(next).is_some_and(|it| it <= now) {
                next += 1;
            }
            match next.checked_sub(1) {
                Some(last) if now.saturating_sub(frame.at[last]) <= oldest => values[last],
                _ => f64::NAN,
            }
        };
        self.frame.at[..rows].iter().map(held).collect()
    }

    /// Seconds between rows.
    pub(super) fn step_seconds(&self) -> f64 {
        self.frame.step_seconds()
    }
}

/// Sets the share of each judgment; returns the share that all explain together.
pub(super) fn shares(judged: &mut [Judged<'_>], felt: &Felt<'_>) -> f64 {
    if !felt.rose {
        return f64::NAN;
    }
    let mut moved = Vec::new();
    for (place, one) in judged.iter_mut().enumerate() {
        match residence(one, felt) {
            // What was not measured may explain anything.
            None => {}
            Some(times) if times.is_empty() => one.judgment.share = Some(NOTHING),
            Some(times) => {
                let alone = design(std::slice::from_ref(&times), felt).alone(0);
                moved.push((alone, place, times));
            }
        }
    }
    // Those that explain most alone are fitted together; of the others nothing is told.
    moved.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    moved.truncate(MOST);
    let columns = moved.into_iter().map(|(_, place, times)| (place, times));
    let (places, columns): (Vec<usize>, Vec<Vec<Vec<f64>>>) = columns.unzip();
    let design = design(&columns, felt);
    let best = shapley(&design);
    let draws = draws(&design);
    for (player, place) in places.iter().enumerate() {
        let mut of: Vec<f64> = draws.iter().map(|it| it[player]).collect();
        let (lo, hi) = resample::interval(&mut of, 0.95);
        let (least, most) = identified(&design, player);
        let value = best[player];
        // What the method leaves open comes on top of what noise does.
        judged[*place].judgment.share = Some(Interval {
            lo: (value.min(least) - (value - lo).max(0.0)).clamp(0.0, 1.0),
            value,
            hi: (value.max(most) + (hi - value).max(0.0)).clamp(0.0, 1.0),
        });
    }
    best.iter().sum()
}

/// The residence times of a resource at the rows of the symptom, scaled alike; columns
/// that do not move are left out. `None` where none was measured.
fn residence(judged: &Judged<'_>, felt: &Felt<'_>) -> Option<Vec<Vec<f64>>> {
    let gauge = &judged.gauge;
    let (_, laws) = RESIDENCE.iter().find(|(it, _)| *it == gauge.resource)?;
    let known = |values: &Vec<f64>| values.iter().any(|it| it.is_finite());
    let measured = |(signal, _): &(Signal, Law)| gauge.raw.get(signal).is_some_and(known);
    if !laws.iter().any(measured) {
        return None;
    }
    let moved = laws.iter().filter_map(|(signal, law)| {
        let values = felt.aligned(judged.input.frame, gauge.raw.get(signal)?);
        let mut times: Vec<f64> = values
            .iter()
            .map(|it| match law {
                Law::Direct => *it,
                Law::Queue if it.is_nan() => f64::NAN,
                Law::Queue => {
                    let used = it.clamp(0.0, USED_UP);
                    used / (1.0 - used)
                }
            })
            .collect();
        let scale = order::std(&times);
        let usual = order::median(&times);
        if !(scale > 0.0 && scale.is_finite()) || times.len() < felt.values.len() {
            return None;
        }
        for time in &mut times {
            // A gap says nothing, so it stands at the usual level.
            *time = if time.is_finite() {
                *time / scale
            } else {
                usual / scale
            };
        }
        Some(times)
    });
    Some(moved.collect())
}

/// Averages known rows down to [`ROWS_MAX`].
fn design(resources: &[Vec<Vec<f64>>], felt: &Felt<'_>) -> Design {
    let known: Vec<usize> = (0..felt.values.len())
        .filter(|row| felt.bad[*row].is_some())
        .collect();
    let length = known.len().div_ceil(ROWS_MAX).max(1);
    let flat: Vec<&Vec<f64>> = resources.iter().flatten().collect();
    let mut first = 0;
    let columns = resources.iter().map(|it| {
        let own = (first..first + it.len()).collect();
        first += it.len();
        own
    });
    let columns = columns.collect();
    let mean = |rows: &[usize], of: &[f64]| {
        rows.iter().map(|row| of[*row]).sum::<f64>() / rows.len() as f64
    };
    let rows = known.chunks(length).map(|rows| {
        let mut row: Vec<f64> = flat.iter().map(|it| mean(rows, it)).collect();
        row.push(mean(rows, &felt.values));
        row
    });
    let bad = known.chunks(length).map(|rows| {
        let count = rows
            .iter()
            .filter(|row| felt.bad[**row] == Some(true))
            .count();
        2 * count > rows.len()
    });
    Design {
        columns,
        rows: rows.collect(),
        bad: bad.collect(),
    }
}
