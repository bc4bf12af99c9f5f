//! What a window says of each resource of a host.
//!
//! * In: the gauges of a host and the rows of the window.
//! * Out: one judgment a resource, that of its worst part.
//! * Never: lets a blip limit a window, unless it is what happens now.
//!
//! Start at [`host`].

use std::ops::Range;

use super::gauge::Gauge;
use super::lens::Lens;
use super::limits::{LASTS_SECONDS, LASTS_SHARE, LIMITS, Role, STILL_LIMITED, SUSPECT, Signal};
use super::{HostInput, Judged, Judgment, Resource, culprits, evidence, strip};
use crate::stats::order;

/// What is shown as saturation of a resource: the first of these that was measured.
#[rustfmt::skip]
const SHOWN: &[(Resource, &[Signal])] = &[
    (Resource::Cpu, &[Signal::RunDelay, Signal::RunQueue, Signal::CpuPressure]),
    (Resource::CpuThrottling, &[Signal::ThrottledTime, Signal::ThrottledPeriods]),
    (Resource::Memory, &[Signal::MemoryPressure, Signal::DirectReclaim, Signal::Swapping]),
    (Resource::Disk, &[Signal::DeviceQueue, Signal::IoPressure]),
    (Resource::Network, &[Signal::QueueDelay, Signal::Retransmits, Signal::Drops]),
    (Resource::Lock, &[Signal::WaitsInside]),
    (Resource::Pool, &[Signal::PoolWaits]),
    (Resource::External, &[Signal::CallTime, Signal::CallsInFlight]),
];

/// A stricter threshold, to tell how much the length of a limit depends on it.
const STRICT: f64 = 0.6;

/// How a part of a resource did within a window.
pub(super) struct Standing {
    /// Stretches within the window in which it limited.
    pub(super) runs: Vec<Range<usize>>,
    /// Whether they limit the window.
    pub(super) limits: bool,
    score: f64,
    seconds: f64,
}

/// Judges every resource of a host.
pub(super) fn host<'a>(
    input: &'a HostInput<'a>,
    lens: &Lens<'_>,
    gauges: Vec<Gauge>,
    rows: Range<usize>,
) -> Vec<Judged<'a>> {
    let mut best: Vec<(Gauge, Standing)> = Vec::new();
    for gauge in gauges {
        let standing = standing(input, &gauge, &rows);
        match best.iter_mut().find(|it| it.0.resource == gauge.resource) {
            Some(known) if standing.beats(&known.1) => *known = (gauge, standing),
            Some(_) => {}
            None => best.push((gauge, standing)),
        }
    }
    best.into_iter()
        .map(|(gauge, standing)| {
            let judgment = judgment(input, (&gauge, &standing), &rows, lens);
            Judged {
                input,
                rows: rows.clone(),
                gauge,
                judgment,
            }
        })
        .collect()
}

impl Standing {
    fn beats(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.limits, it.score * it.seconds.max(f64::EPSILON));
        let (mine, theirs) = (key(self), key(other));
        (mine.0 && !theirs.0) || (mine.0 == theirs.0 && mine.1 > theirs.1)
    }
}

fn standing(input: &HostInput<'_>, gauge: &Gauge, rows: &Range<usize>) -> Standing {
    let frame = input.frame;
    let inside = |run: Range<usize>| run.start.max(rows.start)..run.end.min(rows.end);
    let runs = strip::runs(frame, gauge, rows.end).into_iter().map(inside);
    let runs: Vec<Range<usize>> = runs.filter(|run| !run.is_empty()).collect();
    let seconds: f64 = runs.iter().map(|run| strip::seconds(frame, run)).sum();
    let least = LASTS_SECONDS.max(LASTS_SHARE * strip::seconds(frame, rows));
    let now = runs.last().filter(|run| run.end == rows.end);
    // Half a step of tolerance, as in the runs.
    let half = frame.step_seconds() / 2.0;
    let lasts = now.is_some_and(|run| strip::seconds(frame, run) + half >= LASTS_SECONDS)
        || seconds + half >= least.min(strip::seconds(frame, rows));
    let limits = lasts && !runs.is_empty();
    let score = if limits {
        strip::mean_score(gauge, &runs)
    } else {
        let mean = order::mean(&gauge.score[rows.clone()]);
        if mean.is_nan() {
            0.0
        } else {
            mean.clamp(0.0, SUSPECT)
        }
    };
    Standing {
        runs,
        limits,
        score,
        seconds,
    }
}

fn judgment(
    input: &HostInput<'_>,
    (gauge, standing): (&Gauge, &Standing),
    rows: &Range<usize>,
    lens: &Lens<'_>,
) -> Judgment {
    let frame = input.frame;
    let whole = [rows.clone()];
    let shown = if standing.limits {
        &standing.runs[..]
    } else {
        &whole[..]
    };
    let (supports, against) = evidence::of(gauge, standing, rows, lens);
    let (saturation, signal) = saturation(gauge, shown);
    let longest = standing.runs.iter().max_by_key(|run| run.len());
    let longest = longest.filter(|_| standing.limits);
    let above = |level: f64| {
        let inside = gauge.score[rows.clone()].iter();
        inside.filter(|it| **it >= level).count() as f64 * frame.step_seconds()
    };
    Judgment {
        resource: gauge.resource,
        host: input.host.to_owned(),
        part: gauge.part.clone(),
        utilization: utilization(gauge, shown),
        saturation,
        saturation_name: signal.map_or("", |it| it.limit().name),
        saturation_unit: signal.map_or("1", |it| it.limit().unit),
        errors: errors(gauge, rows, frame.step_seconds()),
        score: standing.score,
        limited_seconds: standing.seconds,
        limited_between: (
            above(STRICT).min(standing.seconds),
            above(STILL_LIMITED).max(standing.seconds),
        ),
        share: None,
        lag: None,
        supports,
        against,
        culprits: longest.map_or_else(Vec::new, |run| culprits::of(input, gauge, run)),
        coverage: gauge.coverage(rows.clone()),
    }
}

/// The mean of a reading over stretches of rows; `NaN` without a number.
pub(super) fn mean_over(values: &[f64], runs: &[Range<usize>]) -> f64 {
    let inside = runs.iter().flat_map(|run| values[run.clone()].iter());
    order::mean(&inside.copied().collect::<Vec<f64>>())
}

fn utilization(gauge: &Gauge, runs: &[Range<usize>]) -> f64 {
    let of =
        |it: &&super::limits::Limit| it.resource == gauge.resource && it.role == Role::Utilization;
    let means = LIMITS.iter().filter(of).filter_map(|it| {
        let mean = mean_over(gauge.raw.get(&it.signal)?, runs);
        mean.is_finite().then_some(mean)
    });
    let mut means = means;
    match gauge.resource {
        // Whichever limit of open files is nearer.
        Resource::FileDescriptors => means.fold(f64::NAN, f64::max),
        _ => means.next().unwrap_or(f64::NAN),
    }
}

fn saturation(gauge: &Gauge, runs: &[Range<usize>]) -> (f64, Option<Signal>) {
    let shown = SHOWN
        .iter()
        .find(|(resource, _)| *resource == gauge.resource);
    let signals = shown.map_or(&[][..], |(_, signals)| signals);
    let known = signals.iter().find_map(|signal| {
        let mean = mean_over(gauge.raw.get(signal)?, runs);
        mean.is_finite().then_some((mean, Some(*signal)))
    });
    known.unwrap_or((f64::NAN, None))
}

/// How many errors there were: rates times the time for which they held.
fn errors(gauge: &Gauge, rows: &Range<usize>, step_seconds: f64) -> f64 {
    let of = |it: &&super::limits::Limit| it.resource == gauge.resource && it.role == Role::Errors;
    let counts = LIMITS.iter().filter(of).filter_map(|it| {
        let values = &gauge.raw.get(&it.signal)?[rows.clone()];
        let finite = values.iter().filter(|value| value.is_finite());
        Some(finite.sum::<f64>() * step_seconds)
    });
    counts.fold(
        f64::NAN,
        |sum: f64, count| {
            if sum.is_nan() { count } else { sum + count }
        },
    )
}
