//! When what limited: stretches, cells of ten seconds, episodes.
//!
//! * In: the scores of the gauges of a host.
//! * Out: stretches of rows; cells and episodes in the order of time.
//! * Never: calls a blip a limit.
//!
//! Start at [`runs`].

use std::ops::Range;

use super::gauge::Gauge;
use super::limits::{
    BRIDGE_SECONDS, CELL_SECONDS, LASTS_SECONDS, LIMITED, SMOOTH_SECONDS, STILL_LIMITED,
};
use super::{Cell, Culprit, Episode, HostInput, Resource, culprits};
use crate::frame::Frame;

/// Cells of one host, at most: a day in cells of ten seconds; longer inputs get longer
/// cells.
const CELLS_MAX: usize = 8_640;

/// Episodes of one host, at most; the heaviest are kept.
const EPISODES_MAX: usize = 1_000;

/// Episodes whose culprits are looked up, the heaviest first: each lookup reads the
/// table of processes.
const WITH_CULPRITS_MAX: usize = 16;

/// The stretches among the first `end` rows in which a gauge limits; later rows do not
/// count, so that a live window and a recording judge alike.
///
/// The means open a stretch at [`LIMITED`] and close it below [`STILL_LIMITED`]; since
/// they lag, the readings themselves move its ends to onset and end.
pub(super) fn runs(frame: &Frame, gauge: &Gauge, end: usize) -> Vec<Range<usize>> {
    let lag = frame.rows_of_seconds(SMOOTH_SECONDS);
    let bridge = frame.rows_of_seconds(BRIDGE_SECONDS);
    let mut found: Vec<Range<usize>> = Vec::new();
    for run in open_runs(&gauge.score[..end]) {
        let run = refined(&gauge.instant, run, lag);
        match found.last_mut() {
            Some(last) if run.start <= last.end + bridge => last.end = run.end.max(last.end),
            _ => found.push(run),
        }
    }
    // Half a step of tolerance: a stretch of exactly the least length counts.
    let lasts = |run: &Range<usize>| seconds(frame, run) + frame.step_seconds() / 2.0;
    found.retain(|run| lasts(run) >= LASTS_SECONDS);
    found
}

/// Length of some rows by their number, since times of a table may step back.
pub(super) fn seconds(frame: &Frame, rows: &Range<usize>) -> f64 {
    rows.len() as f64 * frame.step_seconds()
}

fn open_runs(score: &[f64]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (row, value) in score.iter().enumerate() {
        match start {
            None if *value >= LIMITED => start = Some(row),
            // A gap ends a stretch as well: nothing is known of it.
            Some(from) if value.is_nan() || *value < STILL_LIMITED => {
                runs.push(from..row);
                start = None;
            }
            _ => {}
        }
    }
    runs.extend(start.map(|from| from..score.len()));
    runs
}

fn refined(instant: &[f64], run: Range<usize>, lag: usize) -> Range<usize> {
    let earliest = run.start.saturating_sub(lag);
    let mut from = run.start;
    while from > earliest && instant[from - 1] >= LIMITED {
        from -= 1;
    }
    let latest = run.end.saturating_sub(lag).max(run.start + 1);
    let mut to = run.end;
    while to > latest && (instant[to - 1].is_nan() || instant[to - 1] < STILL_LIMITED) {
        to -= 1;
    }
    from..to
}

/// The strip of a host.
pub(super) fn cells(input: &HostInput<'_>, gauges: &[Gauge]) -> Vec<Cell> {
    let frame = input.frame;
    let rows = frame.rows();
    let length = frame
        .rows_of_seconds(CELL_SECONDS)
        .max(rows.div_ceil(CELLS_MAX));
    let known: Vec<(&Gauge, Vec<Range<usize>>)> = gauges
        .iter()
        .map(|gauge| (gauge, runs(frame, gauge, rows)))
        .collect();
    let starts = (0..rows).step_by(length);
    starts
        .map(|start| {
            let cell = start..(start + length).min(rows);
            let scores = Resource::ALL.map(|resource| {
                let of = known.iter().filter(|(it, _)| it.resource == resource);
                let means = of.map(|(gauge, runs)| cell_score(gauge, runs, &cell));
                means.fold(f64::NAN, f64::max)
            });
            Cell {
                span: frame.span_of(cell),
                host: input.host.to_owned(),
                verdict: highest(&scores),
                scores,
            }
        })
        .collect()
}

/// The mean score of a cell; where most of it lies inside an episode it limits, so that
/// strip and episodes agree.
fn cell_score(gauge: &Gauge, runs: &[Range<usize>], cell: &Range<usize>) -> f64 {
    let mean = crate::stats::order::mean(&gauge.instant[cell.clone()]);
    let inside = runs.iter().map(|run| {
        let (from, to) = (run.start.max(cell.start), run.end.min(cell.end));
        to.saturating_sub(from)
    });
    if 2 * inside.sum::<usize>() >= cell.len() {
        mean.max(LIMITED)
    } else {
        mean
    }
}

/// The resource of the highest score that limits; the first of equal ones.
fn highest(scores: &[f64]) -> Option<Resource> {
    let mut best: Option<(Resource, f64)> = None;
    for (resource, score) in Resource::ALL.into_iter().zip(scores) {
        if *score >= LIMITED && best.is_none_or(|(_, most)| *score > most) {
            best = Some((resource, *score));
        }
    }
    best.map(|(resource, _)| resource)
}

/// The episodes of a host.
pub(super) fn episodes(input: &HostInput<'_>, gauges: &[Gauge]) -> Vec<Episode> {
    let frame = input.frame;
    let mut all: Vec<(f64, &Gauge, Range<usize>)> = Vec::new();
    for gauge in gauges {
        for run in runs(frame, gauge, frame.rows()) {
            let score = mean_score(gauge, std::slice::from_ref(&run));
            all.push((score * seconds(frame, &run), gauge, run));
        }
    }
    all.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| a.2.start.cmp(&b.2.start))
            .then_with(|| (a.1.resource, &a.1.part).cmp(&(b.1.resource, &b.1.part)))
    });
    all.truncate(EPISODES_MAX);
    let episode = |(place, (_, gauge, run)): (usize, (f64, &Gauge, Range<usize>))| {
        let culprits: Vec<Culprit> = if place < WITH_CULPRITS_MAX {
            culprits::of(input, gauge, &run)
        } else {
            Vec::new()
        };
        Episode {
            resource: gauge.resource,
            host: input.host.to_owned(),
            part: gauge.part.clone(),
            score: mean_score(gauge, std::slice::from_ref(&run)),
            span: frame.span_of(run),
            culprits,
        }
    };
    all.into_iter().enumerate().map(episode).collect()
}

/// The mean score within stretches that limit, which is a limit by definition.
pub(super) fn mean_score(gauge: &Gauge, runs: &[Range<usize>]) -> f64 {
    let values: Vec<f64> = runs
        .iter()
        .flat_map(|run| gauge.instant[run.clone()].iter().copied())
        .collect();
    let mean = crate::stats::order::mean(&values);
    if mean.is_nan() {
        LIMITED
    } else {
        mean.clamp(LIMITED, 1.0)
    }
}
