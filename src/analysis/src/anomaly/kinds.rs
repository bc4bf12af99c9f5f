//! The other kinds: steps, drifts, changes of roughness, stuck and missing values.
//!
//! Each function answers for one kind and knows nothing of the others; which of
//! several verdicts on the same rows stands is settled in [`super::series`].
//!
//! * In: values and their cells.
//! * Out: rows of a kind, with how far they are beyond its limit.

use std::ops::Range;

use super::cells::Cells;
use super::steps::{self, Break};
use super::{Direction, Kind};
use crate::stats::order;

/// Moves below this share of the level are nobody's concern.
pub(super) const LEAST_SHARE: f64 = 0.01;
/// Roughness changes by at least this factor: a tripled standard deviation.
const LEAST_ROUGHNESS: f64 = 9.0;
/// Roughness below this share of the typical is called none.
const SMOOTH: f64 = 1e-3;
/// Cells of a flat run at least.
const LEAST_FLAT: usize = 4;
/// A flat run stands out when it is so many times as long as any other.
const FLAT_RATIO: f64 = 4.0;
/// Share of the other cells that may be flat in a series that moves.
const FLAT_SHARE: f64 = 0.1;
/// Rows of a gap at least.
const LEAST_GAP: usize = 10;
/// A gap stands out when it is so many times as long as nearly all others.
const GAP_RATIO: f64 = 4.0;
/// Share of readings that a series has when it is called one that has readings.
const LEAST_COVERAGE: f64 = 0.9;
/// Part of the recording over which a drift is looked for, and its cells at least.
const DRIFT_PARTS: usize = 6;
const LEAST_DRIFT: usize = 16;
/// A drift goes so many times as far as the same steps taken at random would.
const DRIFT_REACH: f64 = 4.0;
/// Share of a drift that a straight line explains.
const DRIFT_STRAIGHT: f64 = 0.9;
/// The stretch before a drift moves at most by this share of it.
const DRIFT_CALM: f64 = 0.25;

/// Rows that stand out.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) rows: Range<usize>,
    /// How many times the limit is reached, above 1.
    pub(super) ratio: f64,
    pub(super) direction: Option<Direction>,
    pub(super) observed: Option<f64>,
}

/// Levels that break; one that comes back is one episode.
pub(super) fn steps(values: &[f64], cells: &Cells) -> Vec<Found> {
    let middle = order::median(&cells.mean);
    let found = steps::breaks(&cells.mean, LEAST_SHARE * middle.abs());
    let to_found = |(start, end): (Break, Option<Break>)| {
        let first = sharpest(values, cells, start.cell);
        let last = match end {
            Some(end) => sharpest(values, cells, end.cell),
            None => cells.rows_of(start.cell..start.cell + 1 + steps::AFTER).end,
        };
        Found {
            kind: Kind::Step,
            rows: first..last.max(first + 1),
            ratio: start.ratio,
            direction: Some(Direction::of(start.shift)),
            observed: Some(start.level),
        }
    };
    episodes(found).into_iter().map(to_found).collect()
}

/// Roughness that breaks; one that comes back is one episode.
pub(super) fn variance(cells: &Cells) -> Vec<Found> {
    let typical = order::median(&cells.rough);
    if !typical.is_finite() || typical <= 0.0 {
        return Vec::new();
    }
    let track: Vec<f64> = cells
        .rough
        .iter()
        .map(|it| (it + SMOOTH * typical).ln())
        .collect();
    let found = steps::breaks(&track, LEAST_ROUGHNESS.ln());
    let to_found = |(start, end): (Break, Option<Break>)| {
        let last = end.map_or(start.cell + 1 + steps::AFTER, |it| it.cell);
        let rows = cells.rows_of(start.cell..last);
        Found {
            kind: Kind::Variance,
            ratio: start.ratio,
            direction: Some(Direction::of(start.shift)),
            observed: Some((start.level.exp() / 2.0).sqrt()),
            rows,
        }
    };
    episodes(found).into_iter().map(to_found).collect()
}

/// A level that wanders off steadily after it was calm.
pub(super) fn drifts(cells: &Cells) -> Vec<Found> {
    let track = &cells.mean;
    let length = (track.len() / DRIFT_PARTS).max(LEAST_DRIFT);
    let moves: Vec<f64> = track.windows(2).map(|it| (it[1] - it[0]).abs()).collect();
    let middle = order::median(track);
    let random_walk =
        order::quantile_in(&mut order::numbers(&moves), 0.68) * (length as f64).sqrt();
    let least = (DRIFT_REACH * random_walk).max(LEAST_SHARE * middle.abs());
    let mut best: Option<(Range<usize>, f64, f64)> = None;
    for start in (length..(track.len() + 1).saturating_sub(length)).step_by(length / 8) {
        let rows = start..start + length;
        let Some((rise, straight)) = line_of(&track[rows.clone()]) else {
            continue;
        };
        let Some((before, _)) = line_of(&track[start - length..start]) else {
            continue;
        };
        let stands_out = rise.abs() > least
            && straight > DRIFT_STRAIGHT
            && before.abs() < DRIFT_CALM * rise.abs()
            && steps::is_new(&track[..start], track[rows.end - 1] - rise / 2.0, rise)
            && best.as_ref().is_none_or(|it| rise.abs() > it.1.abs());
        if stands_out && least > 0.0 {
            best = Some((rows, rise, rise.abs() / least));
        }
    }
    let found = best.map(|(rows, rise, ratio)| Found {
        kind: Kind::Drift,
        ratio,
        direction: Some(Direction::of(rise)),
        observed: Some(track[rows.end - 1]),
        rows: cells.rows_of(rows),
    });
    found.into_iter().collect()
}

/// The same value far longer than the series ever keeps one.
pub(super) fn stuck(values: &[f64], cells: &Cells) -> Vec<Found> {
    let flat = |cell: &usize| cells.full[*cell] && cells.lo[*cell] == cells.hi[*cell];
    let runs = runs((0..cells.len()).map(|it| flat(&it)));
    let Some(longest) = runs.iter().max_by_key(|it| it.len()).cloned() else {
        return Vec::new();
    };
    let others = runs.iter().filter(|it| **it != longest);
    let next = others.clone().map(Range::len).max().unwrap_or(0);
    let flat_elsewhere: usize = others.map(Range::len).sum();
    let elsewhere = cells.len() - longest.len();
    let limit = (LEAST_FLAT as f64).max(FLAT_RATIO * next as f64);
    let moves = flat_elsewhere as f64 <= FLAT_SHARE * elsewhere as f64;
    if !moves || (longest.len() as f64) < limit || longest.start == 0 || elsewhere < longest.len() {
        return Vec::new();
    }
    let value = cells.lo[longest.start];
    // At the end of its range a series rests, as an idle processor does at zero.
    let beyond = |other: &f64, way: f64| way * (other - value) > 0.0;
    let between =
        cells.lo.iter().any(|it| beyond(it, -1.0)) && cells.hi.iter().any(|it| beyond(it, 1.0));
    if !between {
        return Vec::new();
    }
    let rows = cells.rows_of(longest.clone());
    let start = (0..rows.start)
        .rev()
        .take_while(|row| values[*row] == value)
        .last();
    let end = (rows.end..values.len())
        .take_while(|row| values[*row] == value)
        .last();
    vec![Found {
        kind: Kind::Stuck,
        ratio: longest.len() as f64 / limit,
        direction: None,
        observed: Some(value),
        rows: start.unwrap_or(rows.start)..end.map_or(rows.end, |it| it + 1),
    }]
}

/// Readings that are missing in the middle of a series that has them. Before its
/// first and after its last reading a series does not exist.
pub(super) fn gaps(values: &[f64], cells: &Cells) -> Vec<Found> {
    if cells.full.iter().all(|it| *it) {
        return Vec::new();
    }
    let first = values.iter().position(|it| it.is_finite());
    let last = values.iter().rposition(|it| it.is_finite());
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let runs = runs(values[first..=last].iter().map(|it| !it.is_finite()));
    let lengths: Vec<f64> = runs.iter().map(|it| it.len() as f64).collect();
    let ordinary = order::quantile_in(&mut lengths.clone(), 0.5);
    let limit = (LEAST_GAP as f64).max(if lengths.len() > 2 {
        GAP_RATIO * ordinary
    } else {
        0.0
    });
    let long = runs.iter().filter(|it| it.len() as f64 >= limit);
    let missing: f64 = runs
        .iter()
        .filter(|it| (it.len() as f64) < limit)
        .map(|it| it.len() as f64)
        .sum();
    if missing > (1.0 - LEAST_COVERAGE) * (last - first) as f64 {
        return Vec::new();
    }
    let to_found = |run: &Range<usize>| Found {
        kind: Kind::Gap,
        rows: first + run.start..first + run.end,
        ratio: run.len() as f64 / limit,
        direction: None,
        observed: None,
    };
    long.map(to_found).collect()
}

/// Joins each break with the next one that undoes it.
fn episodes(breaks: Vec<Break>) -> Vec<(Break, Option<Break>)> {
    let mut episodes: Vec<(Break, Option<Break>)> = Vec::new();
    for found in breaks {
        match episodes.last_mut() {
            Some((start, end @ None))
                if (start.shift + found.shift).abs() < start.shift.abs() / 2.0 =>
            {
                *end = Some(found);
            }
            _ => episodes.push((found, None)),
        }
    }
    episodes
}

/// The row near a cell that best divides the values into two levels.
fn sharpest(values: &[f64], cells: &Cells, cell: usize) -> usize {
    let rows = cells.rows_of(cell.saturating_sub(2)..(cell + 3).min(cells.len()));
    let part = &values[rows.clone()];
    let (mut total, mut all) = (0.0, 0.0);
    for value in part.iter().filter(|it| it.is_finite()) {
        total += value;
        all += 1.0;
    }
    let (mut sum, mut count) = (0.0, 0.0);
    let mut best = (rows.start, 0.0);
    for (row, value) in part.iter().enumerate() {
        if count > 0.0 && count < all {
            let apart = (sum - total * count / all).powi(2) / (count * (all - count));
            if apart > best.1 {
                best = (rows.start + row, apart);
            }
        }
        if value.is_finite() {
            sum += value;
            count += 1.0;
        }
    }
    best.0
}

/// Rise of the least-squares line over a stretch, and the share that it explains;
/// `None` where most of it is missing.
fn line_of(track: &[f64]) -> Option<(f64, f64)> {
    let (mut n, mut x, mut y, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let origin = track.iter().copied().find(|it| it.is_finite())?;
    for (place, value) in track.iter().enumerate().filter(|it| it.1.is_finite()) {
        let (at, value) = (place as f64, value - origin);
        n += 1.0;
        x += at;
        y += value;
        xx += at * at;
        xy += at * value;
        yy += value * value;
    }
    if n < track.len() as f64 / 2.0 {
        return None;
    }
    let (across, along, together) = (n * xx - x * x, n * yy - y * y, n * xy - x * y);
    if along <= 0.0 || across <= 0.0 {
        return Some((0.0, 0.0));
    }
    let rise = together / across * track.len() as f64;
    Some((rise, together / across * together / along))
}

/// Stretches of `true`.
fn runs(flags: impl Iterator<Item = bool>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (place, flag) in flags.enumerate() {
        match (flag, open) {
            (true, false) => runs.push(place..place + 1),
            (true, true) => {
                if let Some(run) = runs.last_mut() {
                    run.end = place + 1;
                }
            }
            _ => {}
        }
        open = flag;
    }
    runs
}
