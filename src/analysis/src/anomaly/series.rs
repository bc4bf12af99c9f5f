//! The verdicts on one series over a whole recording.
//!
//! * In: one value a row, `NaN` for a gap.
//! * Out: typed episodes, none overlapping, in the order of rows; scores of rows.
//! * Never: learns from less than [`LEARN_ROWS`] rows, or judges within them.
//!
//! Start at [`scan`].

use std::ops::Range;

use super::cells::{self, Cells, Measured};
use super::kinds::{self, Found};
use super::spikes::{self, Spread};
use super::{Anomaly, Kind, SeriesAnomalies, THRESHOLD, score_of};
use crate::stats::order;

/// Rows before the first verdict at least: something has to be usual first.
pub const LEARN_ROWS: usize = 64;
/// Share of a recording before the first verdict, up to [`MOST_LEARN_CELLS`].
const LEARN_SHARE: f64 = 0.1;
const MOST_LEARN_CELLS: usize = 64;
/// Cells of history that the expected band is taken from.
const HISTORY_CELLS: usize = 120;
/// The band leaves out this share of the cells on either side.
const BAND_TAIL: f64 = 0.02;
/// Episodes closer than so many cells are one.
const REFRACTORY_CELLS: usize = 4;
/// More episodes of a kind are a habit of the series and no anomaly.
const MOST_EPISODES: usize = 3;
/// Scores of rows outside an episode stay below the threshold.
const CALM_SCORE: f64 = 0.49;

/// Finds the episodes of a series.
pub fn scan(values: &[f64]) -> SeriesAnomalies {
    match cells::growth(values) {
        Some(grown) => SeriesAnomalies {
            measured: Measured::Growth,
            anomalies: episodes_of(&grown),
        },
        None => SeriesAnomalies {
            measured: Measured::Values,
            anomalies: episodes_of(values),
        },
    }
}

/// Scores of the rows of a scanned series, 0 to 1: at least the score of an
/// episode inside it, below [`THRESHOLD`] elsewhere. A gap is 0 outside episodes.
pub fn row_scores(values: &[f64], scanned: &SeriesAnomalies) -> Vec<f64> {
    let grown = match scanned.measured {
        Measured::Growth => cells::growth(values),
        Measured::Values => None,
    };
    let values = grown.as_deref().unwrap_or(values);
    let cells = Cells::of(values);
    let spread = Spread::of(&cells);
    let score = |(row, value): (usize, &f64)| {
        let cell = cells.of_row(row);
        let middle = spread.middle.get(cell).copied().unwrap_or(f64::NAN);
        let away = (value - middle).abs();
        if away > 0.0 {
            score_of(away / spread.limit).min(CALM_SCORE)
        } else {
            0.0
        }
    };
    let mut scores: Vec<f64> = values.iter().enumerate().map(score).collect();
    for anomaly in &scanned.anomalies {
        for score in &mut scores[anomaly.index..=anomaly.end_index] {
            *score = score.max(anomaly.score);
        }
    }
    scores
}

fn episodes_of(values: &[f64]) -> Vec<Anomaly> {
    let cells = Cells::of(values);
    let first = values
        .iter()
        .position(|it| it.is_finite())
        .unwrap_or(values.len());
    let learned = LEARN_ROWS
        .max((values.len() as f64 * LEARN_SHARE) as usize)
        .min(LEARN_ROWS.max(MOST_LEARN_CELLS * cells.size));
    let from = first + learned;
    if values.len() <= from + cells.size || is_constant(&cells) {
        return Vec::new();
    }
    let spread = Spread::of(&cells);
    let by_kind = [
        kinds::gaps(values, &cells),
        kinds::stuck(values, &cells),
        kinds::steps(values, &cells),
        kinds::variance(&cells),
        kinds::drifts(&cells),
        spikes::find(values, &cells, &spread),
    ];
    let refractory = REFRACTORY_CELLS * cells.size;
    let mut all: Vec<Found> = Vec::new();
    for mut found in by_kind {
        found.retain(|it| it.rows.start >= from);
        let mut found = joined(found, refractory);
        if found.len() <= MOST_EPISODES {
            all.append(&mut found);
        }
    }
    let kept = settled(all, refractory);
    kept.into_iter()
        .map(|it| anomaly(values, &cells, first, it))
        .collect()
}

fn is_constant(cells: &Cells) -> bool {
    let mut los = cells.lo.iter().zip(&cells.hi).filter(|it| it.0.is_finite());
    let Some((first, _)) = los.next() else {
        return true;
    };
    cells.full.iter().all(|it| *it)
        && cells
            .lo
            .iter()
            .zip(&cells.hi)
            .all(|(lo, hi)| lo == first && hi == first)
}

/// Joins neighbours of one kind; the stronger one speaks for both.
fn joined(found: Vec<Found>, refractory: usize) -> Vec<Found> {
    let mut joined: Vec<Found> = Vec::new();
    for it in found {
        match joined.last_mut() {
            Some(last) if it.rows.start < last.rows.end + refractory => {
                let rows = last.rows.start..last.rows.end.max(it.rows.end);
                if it.ratio > last.ratio {
                    *last = it;
                }
                last.rows = rows;
            }
            _ => joined.push(it),
        }
    }
    joined
}

/// Of verdicts of several kinds on the same rows the more telling one stands: they
/// come in that order, and the first wins.
fn settled(found: Vec<Found>, refractory: usize) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for it in found {
        let near = |other: &Found| {
            it.rows.start < other.rows.end + refractory
                && other.rows.start < it.rows.end + refractory
        };
        if !kept.iter().any(near) {
            kept.push(it);
        }
    }
    kept.sort_by_key(|it| it.rows.start);
    kept
}

fn anomaly(values: &[f64], cells: &Cells, first: usize, found: Found) -> Anomaly {
    let end = cells.of_row(found.rows.start);
    let history = cells.of_row(first)..end;
    let history = history.start.max(end.saturating_sub(HISTORY_CELLS))..end;
    let learned = cells.rows_of(history.clone());
    let seen = &values[learned.start..found.rows.end];
    let readings = seen.iter().filter(|it| it.is_finite()).count();
    Anomaly {
        index: found.rows.start,
        end_index: found.rows.end - 1,
        kind: found.kind,
        score: score_of(found.ratio).max(THRESHOLD),
        direction: found.direction,
        expected: band(cells, history, found.kind),
        observed: found.observed.filter(|it| it.is_finite()),
        coverage: readings as f64 / seen.len().max(1) as f64,
        learned,
        also: 0,
    }
}

/// Where the values stayed before; of roughness, its standard deviations.
fn band(cells: &Cells, history: Range<usize>, kind: Kind) -> Option<[f64; 2]> {
    let (mut lo, mut hi) = match kind {
        Kind::Variance => {
            let deviation = |it: &f64| (it / 2.0).sqrt();
            let deviations: Vec<f64> = cells.rough[history].iter().map(deviation).collect();
            (order::numbers(&deviations), order::numbers(&deviations))
        }
        _ => (
            order::numbers(&cells.lo[history.clone()]),
            order::numbers(&cells.hi[history]),
        ),
    };
    let band = [
        order::quantile_in(&mut lo, BAND_TAIL),
        order::quantile_in(&mut hi, 1.0 - BAND_TAIL),
    ];
    band.iter().all(|it| it.is_finite()).then_some(band)
}
