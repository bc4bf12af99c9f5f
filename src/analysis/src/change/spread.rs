//! Where a series begins to scatter more or less, whatever its level does.
//!
//! Start at [`cuts`].
//!
//! # Source
//!
//! R. Killick, P. Fearnhead, I. A. Eckley, "Optimal detection of changepoints with a
//! linear computational cost", JASA 107 (2012): the cost of a change in variance;
//! here with the kurtosis and the memory of the squares in the penalty.

use std::ops::Range;

use crate::stats::order;

/// Shortest stretch whose scatter is believed.
const LEAST: usize = 20;

/// The scatter must grow or shrink by this factor: less is seldom worth a look, and
/// tails that are heavy for a while reach it by chance.
const LEAST_RATIO: f64 = 1.4;

/// Neighbours on each side of a value in the local scale that limits it.
const NEIGHBOURS: usize = 10;

/// A value counts up to this many local scales.
const SPIKE_SCALES: f64 = 3.0;

/// Share of the whole scale that keeps a stretch at rest from being infinitely quiet.
const FLOOR: f64 = 0.01;

/// Memory of the squares counts up to here.
const MOST_MEMORY: f64 = 0.9;

/// A change of level that explains this share of a change of spread is the same event.
const SAME_SHARE: f64 = 0.75;

/// Places tried in a stretch before the neighbourhood of the best is searched.
const PROBES: usize = 256;

/// Squares of sizes whose lone spikes are limited; empty where most are zero.
fn squares(sizes: &[f64]) -> Vec<f64> {
    let mut sizes = sizes.to_vec();
    let scale = order::median_in(&mut sizes.clone()) * order::MAD_TO_SIGMA;
    if scale.is_nan() || scale <= 0.0 {
        return Vec::new();
    }
    let local = local_scales(&sizes);
    for (size, local) in sizes.iter_mut().zip(local) {
        *size = size.min(SPIKE_SCALES * local.max(0.2 * scale));
    }
    let floor = (FLOOR * scale).powi(2);
    sizes.iter().map(|it| it * it + floor).collect()
}

/// The scale around each value, looked at once for so many neighbours.
fn local_scales(sizes: &[f64]) -> Vec<f64> {
    let mut window = Vec::with_capacity(3 * NEIGHBOURS);
    let mut scales = Vec::with_capacity(sizes.len());
    for from in (0..sizes.len()).step_by(NEIGHBOURS) {
        let to = (from + 2 * NEIGHBOURS).min(sizes.len());
        window.clear();
        window.extend_from_slice(&sizes[from.saturating_sub(NEIGHBOURS)..to]);
        let scale = order::median_in(&mut window) * order::MAD_TO_SIGMA;
        scales.resize((from + NEIGHBOURS).min(sizes.len()), scale);
    }
    scales
}

/// Cuts between stretches of sizes of deviations with different mean square, ascending.
pub(super) fn cuts(sizes: &[f64], penalty: f64) -> Vec<usize> {
    let squares = squares(sizes);
    let mut sums = Vec::with_capacity(squares.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for square in &squares {
        sum += square;
        sums.push(sum);
    }
    let mut found = Vec::new();
    let mut open: Vec<Range<usize>> = std::iter::once(0..squares.len()).collect();
    while let Some(stretch) = open.pop() {
        let Some(cut) = best(&sums, &squares, stretch.clone(), penalty) else {
            continue;
        };
        open.push(stretch.start..cut);
        open.push(cut..stretch.end);
        found.push(cut);
    }
    found.sort_unstable();
    found
}

/// Leaves out cuts that a change of level explains nearly as well: one event for both.
pub(super) fn retain_own(cuts: &mut Vec<usize>, sizes: &[f64], levels: &[usize]) {
    let squares = squares(sizes);
    let edges = super::segment::edges(cuts, squares.len());
    let own = |at: usize| {
        let (from, cut, to) = (edges[at], edges[at + 1], edges[at + 2]);
        let saved = |cut: usize| {
            let cost = |part: &[f64]| part.len() as f64 * order::mean(part).ln();
            cost(&squares[from..to]) - cost(&squares[from..cut]) - cost(&squares[cut..to])
        };
        let inside = levels.iter().filter(|it| from < **it && **it < to);
        let best = inside.map(|it| saved(*it)).fold(0.0, f64::max);
        best < SAME_SHARE * saved(cut)
    };
    let kept: Vec<usize> = (0..cuts.len())
        .filter(|at| own(*at))
        .map(|at| cuts[at])
        .collect();
    *cuts = kept;
}

fn best(sums: &[f64], squares: &[f64], stretch: Range<usize>, penalty: f64) -> Option<usize> {
    let (first, last) = (stretch.start + LEAST, stretch.end.checked_sub(LEAST)?);
    if first > last {
        return None;
    }
    let mean = |from: usize, to: usize| (sums[to] - sums[from]) / (to - from) as f64;
    let cost = |from: usize, to: usize| (to - from) as f64 * mean(from, to).ln();
    let lowest = |cuts: &mut dyn Iterator<Item = usize>| {
        cuts.map(|cut| (cost(stretch.start, cut) + cost(cut, stretch.end), cut))
            .min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let stride = ((last - first) / PROBES).max(1);
    let (_, near) = lowest(&mut (first..=last).step_by(stride))?;
    let (from, to) = (
        (near + 1).saturating_sub(stride).max(first),
        (near + stride).min(last + 1),
    );
    let (rest, cut) = lowest(&mut (from..to))?;
    let (before, after) = (mean(stretch.start, cut), mean(cut, stretch.end));
    let ratio = (before / after).max(after / before).sqrt();
    let raw = cost(stretch.start, stretch.end) - rest;
    if raw <= penalty || ratio < LEAST_RATIO {
        return None;
    }
    let parts = [
        (&squares[stretch.start..cut], before),
        (&squares[cut..stretch.end], after),
    ];
    let gain = raw / inflation(parts);
    (gain > penalty).then_some(cut)
}

/// How much less evidence the squares carry than those of independent normal values.
fn inflation(parts: [(&[f64], f64); 2]) -> f64 {
    let (mut fourth, mut cross, mut count) = (0.0, 0.0, 0.0);
    for (squares, mean) in parts {
        let mut before = 0.0;
        for square in squares {
            let apart = square / mean - 1.0;
            fourth += apart * apart;
            cross += apart * before;
            before = apart;
            count += 1.0;
        }
    }
    let memory = if fourth > 0.0 { cross / fourth } else { 0.0 };
    let memory = memory.clamp(0.0, MOST_MEMORY);
    (fourth / count / 2.0).max(1.0) * (1.0 + memory) / (1.0 - memory)
}
