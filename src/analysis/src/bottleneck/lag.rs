//! Who came first: the saturation of a resource, or what was felt.
//!
//! * In: the gauges, and the symptom or the stall of all resources together.
//! * Out: for each resource how much later it was saturated, in seconds, with an
//!   interval; negative when it was first.
//! * Never: calls what came first a cause; that is one piece of evidence.
//!
//! # Source
//!
//! G. E. P. Box, G. M. Jenkins, *Time Series Analysis*: the cross-correlation of
//! differences, since levels correlate at every lag.
//!
//! Start at [`against_symptom`] or [`against_stall`].

use std::ops::Range;

use super::limits::Signal;
use super::share::Felt;
use super::{Interval, Judged, Resource, strip};
use crate::stats::order;

/// Lags are searched up to this many seconds to either side.
const MOST_SECONDS: f64 = 60.0;

/// And up to this share of the rows, so that enough of them overlap.
const MOST_SHARE: f64 = 0.25;

/// A correlation of differences below this is none, whatever its significance.
const LEAST_CORRELATION: f64 = 0.2;

/// So many standard errors make a correlation significant among all lags searched.
const SIGMAS: f64 = 3.5;

/// Lags whose correlation is within so many standard errors of the best are as likely.
const ALIKE_SIGMAS: f64 = 2.0;

/// Seconds before an onset that tell the level before it.
const BEFORE_SECONDS: f64 = 30.0;

/// What tells waiting of a resource: the first that was measured.
#[rustfmt::skip]
const WAITING: &[(Resource, &[Signal])] = &[
    (Resource::Cpu, &[Signal::CpuPressure, Signal::RunDelay, Signal::RunQueue, Signal::Busy]),
    (Resource::CpuThrottling, &[Signal::ThrottledTime, Signal::ThrottledPeriods]),
    (Resource::Memory, &[Signal::MemoryPressure, Signal::Swapping, Signal::DirectReclaim, Signal::MajorFaults]),
    (Resource::Disk, &[Signal::DeviceQueue, Signal::IoPressure, Signal::Blocked, Signal::DeviceBusy]),
    (Resource::Network, &[Signal::QueueDelay, Signal::Retransmits, Signal::Drops, Signal::BacklogDrops]),
    (Resource::FileDescriptors, &[Signal::ProcessFiles, Signal::SystemFiles]),
    (Resource::Lock, &[Signal::WaitsInside]),
    (Resource::Pool, &[Signal::PoolWaits]),
    (Resource::External, &[Signal::CallTime]),
];

fn waiting<'a>(judged: &'a Judged<'_>) -> Option<&'a [f64]> {
    let gauge = &judged.gauge;
    let signals = WAITING.iter().find(|(it, _)| *it == gauge.resource);
    let signals = signals.map_or(&[][..], |(_, signals)| signals);
    let found = signals.iter().find_map(|it| gauge.raw.get(it));
    found.map(Vec::as_slice)
}

/// Compares the saturation of each resource with the symptom.
pub(super) fn against_symptom(judged: &mut [Judged<'_>], felt: &Felt<'_>) {
    let symptom = differences(&felt.values);
    for one in judged {
        let lag = waiting(one).and_then(|values| {
            let values = differences(&felt.aligned(one.input.frame, values));
            correlated(&values, &symptom, felt.step_seconds())
        });
        one.judgment.lag = lag;
    }
}

/// Compares the onset of each resource that limits with the first of those that limited
/// its host at the same time.
pub(super) fn against_stall(judged: &mut [Judged<'_>]) {
    let onsets: Vec<Option<Onset>> = judged.iter().map(onset).collect();
    for (place, one) in judged.iter_mut().enumerate() {
        let Some(own) = &onsets[place] else {
            continue;
        };
        let same = onsets.iter().flatten();
        let same = same.filter(|it| it.host == own.host && it.overlaps(own));
        let first = same.map(|it| it.row).min().unwrap_or(own.row);
        let step = one.input.frame.step_seconds();
        let lag = (own.row - first) as f64 * step;
        // Either onset may lie anywhere in the step that ends at its row.
        one.judgment.lag = Some(Interval {
            lo: lag - step,
            value: lag,
            hi: lag + step,
        });
    }
}

/// When the longest stretch of a resource that limits began.
struct Onset {
    host: String,
    run: Range<usize>,
    /// The row at which waiting had half risen.
    row: usize,
}

impl Onset {
    fn overlaps(&self, other: &Self) -> bool {
        self.run.start < other.run.end && other.run.start < self.run.end
    }
}

fn onset(judged: &Judged<'_>) -> Option<Onset> {
    if !judged.judgment.limits() {
        return None;
    }
    let frame = judged.input.frame;
    let runs = strip::runs(frame, &judged.gauge, judged.rows.end).into_iter();
    let inside = runs.filter(|it| it.start < judged.rows.end && it.end > judged.rows.start);
    let run = inside.max_by_key(|it| it.len())?;
    let values = waiting(judged)?;
    let earliest = run
        .start
        .saturating_sub(frame.rows_of_seconds(BEFORE_SECONDS));
    let before = order::median(&values[earliest..run.start]);
    let before = if before.is_nan() { 0.0 } else { before };
    let half = (before + order::median(&values[run.clone()])) / 2.0;
    let risen = (earliest..=run.start).rev();
    let risen = risen.take_while(|row| half > before && values[*row] >= half);
    Some(Onset {
        host: judged.judgment.host.clone(),
        row: risen.last().unwrap_or(run.start),
        run,
    })
}

fn differences(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The lag at which `values` follow `symptom` best; `None` when they hardly do.
fn correlated(values: &[f64], symptom: &[f64], step_seconds: f64) -> Option<Interval> {
    let rows = values.len().min(symptom.len());
    let most = (MOST_SECONDS / step_seconds).min(rows as f64 * MOST_SHARE) as isize;
    let lags: Vec<isize> = (-most..=most).collect();
    let strengths: Vec<f64> = lags
        .iter()
        .map(|lag| correlation_at(&values[..rows], &symptom[..rows], *lag))
        .collect();
    let best = (0..lags.len()).max_by(|a, b| {
        let key = |it: usize| (strengths[it], -(lags[it].abs() as f64));
        let (a, b) = (key(*a), key(*b));
        a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1))
    })?;
    let error = 1.0 / (rows as f64).sqrt();
    if strengths[best] < LEAST_CORRELATION.max(SIGMAS * error) {
        return None;
    }
    let alike = |place: &usize| strengths[*place] >= strengths[best] - ALIKE_SIGMAS * error;
    let first = (0..best).rev().take_while(alike).last().unwrap_or(best);
    let last = (best..lags.len()).take_while(alike).last().unwrap_or(best);
    let seconds = |place: usize| lags[place] as f64 * step_seconds;
    Some(Interval {
        lo: seconds(first) - step_seconds / 2.0,
        value: seconds(best),
        hi: seconds(last) + step_seconds / 2.0,
    })
}

/// The correlation of `values` at `row + lag` with `symptom` at `row`; 0 without any.
fn correlation_at(values: &[f64], symptom: &[f64], lag: isize) -> f64 {
    let (mut cross, mut left, mut right) = (0.0, 0.0, 0.0);
    for (row, felt) in symptom.iter().enumerate() {
        let other = row.checked_add_signed(lag).and_then(|it| values.get(it));
        if let Some(value) = other.filter(|it| it.is_finite() && felt.is_finite()) {
            cross += value * felt;
            left += value * value;
            right += felt * felt;
        }
    }
    let norm = (left * right).sqrt();
    if norm > 0.0 && norm.is_finite() {
        cross / norm
    } else {
        0.0
    }
}
