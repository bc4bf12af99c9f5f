//! Makes a series safe for sums: one number a place, no lone spikes, unit noise.
//!
//! * In: values with gaps, infinities and outliers.
//! * Out: [`Clean`]: at most [`MOST_PLACES`] numbers, and the rows they stand for.
//! * Never: moves a step; a spike is replaced by the median of its neighbours.

use crate::stats::order;

/// Longer series are averaged down to this many places for the search, so that its
/// memory and time do not grow with the recording.
pub(super) const MOST_PLACES: usize = 8192;

/// Neighbours on each side that decide whether a value is a lone spike.
const NEIGHBOURS: usize = 4;

/// All neighbours of a value, and itself.
const WINDOW: usize = 2 * NEIGHBOURS + 1;

/// A value this many scales from the median of its neighbours is a spike.
const SPIKE_SCALES: f64 = 4.0;

/// A series ready for the search.
pub(super) struct Clean {
    /// One number a place, without spikes, about zero, typical neighbours apart by about one.
    pub(super) places: Vec<f64>,
    /// Mean square deviation inside each place, in the same scale; empty where a
    /// place is a single row.
    pub(super) within: Vec<f64>,
    /// First row of each place.
    pub(super) rows: Vec<usize>,
    /// Rows with a number that one place stands for.
    pub(super) fold: usize,
    /// What one unit of `places` is in the unit of the series.
    pub(super) unit: f64,
}

/// Prepares a series; none when it never varies.
pub(super) fn clean(values: &[f64]) -> Option<Clean> {
    let rows: Vec<usize> = (0..values.len())
        .filter(|row| values[*row].is_finite())
        .collect();
    let largest = rows
        .iter()
        .map(|row| values[*row].abs())
        .fold(0.0, f64::max);
    // Squares of the numbers themselves could overflow or vanish.
    let size = if (1e-100..1e100).contains(&largest) {
        1.0
    } else {
        largest
    };
    if size == 0.0 {
        return None;
    }
    let fold = rows.len().div_ceil(MOST_PLACES).max(1);
    let (mut places, within) = folded(values, &rows, fold, size);
    let rows = rows.iter().copied().step_by(fold).collect();
    let center = order::median(&places);
    for value in &mut places {
        *value -= center;
    }
    remove_spikes(&mut places);
    let unit = noise(&places)?;
    for value in &mut places {
        *value /= unit;
    }
    Some(Clean {
        within: within.iter().map(|it| it / (unit * unit)).collect(),
        places,
        rows,
        fold,
        unit: unit * size,
    })
}

/// Means of `fold` numbers without their extremes, and the mean square deviation
/// from them.
fn folded(values: &[f64], rows: &[usize], fold: usize, size: f64) -> (Vec<f64>, Vec<f64>) {
    if fold <= 1 {
        return (
            rows.iter().map(|row| values[*row] / size).collect(),
            Vec::new(),
        );
    }
    let groups = rows.chunks(fold).map(|group| {
        let (mut sum, mut min, mut max) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        for row in group {
            let value = values[*row] / size;
            sum += value;
            min = f64::min(min, value);
            max = f64::max(max, value);
        }
        let count = group.len() as f64;
        // Two numbers have nothing left without their extremes.
        let (inner, kept) = if count > 4.0 {
            (sum - min - max, count - 2.0)
        } else {
            (sum, count)
        };
        let mean = inner / kept;
        let square = |row: &usize| {
            let apart = values[*row] / size - mean;
            apart * apart
        };
        let mut squares: f64 = group.iter().map(square).sum();
        if count > 4.0 {
            squares -= (min - mean).powi(2) + (max - mean).powi(2);
        }
        (mean, squares.max(0.0) / kept)
    });
    groups.unzip()
}

/// Replaces each value far from the median of its neighbours by that median.
fn remove_spikes(values: &mut [f64]) {
    if values.len() < WINDOW {
        return;
    }
    let medians = running_medians(values);
    let mut apart: Vec<f64> = values
        .iter()
        .zip(&medians)
        .map(|(value, median)| (value - median).abs())
        .collect();
    let square = apart.iter().map(|it| it * it).sum::<f64>() / apart.len() as f64;
    let robust = order::median_in(&mut apart) * order::MAD_TO_SIGMA;
    let limit = SPIKE_SCALES * robust.max(square.sqrt() / 4.0);
    for (value, median) in values.iter_mut().zip(medians) {
        if (*value - median).abs() > limit {
            *value = median;
        }
    }
}

/// The median of each value and its neighbours; at the ends of the first and last window.
fn running_medians(values: &[f64]) -> Vec<f64> {
    let mut window = [0.0; WINDOW];
    window.copy_from_slice(&values[..WINDOW]);
    window.sort_unstable_by(f64::total_cmp);
    let mut medians = vec![window[NEIGHBOURS]; NEIGHBOURS + 1];
    medians.reserve(values.len());
    for (old, new) in values.iter().zip(&values[WINDOW..]) {
        replace(&mut window, *old, *new);
        medians.push(window[NEIGHBOURS]);
    }
    medians.resize(values.len(), window[NEIGHBOURS]);
    medians
}

/// Exchanges one number of a sorted window for another.
fn replace(window: &mut [f64; WINDOW], old: f64, new: f64) {
    let mut at = window.iter().position(|it| *it == old).unwrap_or_default();
    window[at] = new;
    while at > 0 && window[at - 1] > window[at] {
        window.swap(at - 1, at);
        at -= 1;
    }
    while at + 1 < WINDOW && window[at + 1] < window[at] {
        window.swap(at + 1, at);
        at += 1;
    }
}

/// The scale of white noise whose neighbours differ as these do: the robust one,
/// but at least a quarter of the plain one. None without any difference.
pub(super) fn noise(values: &[f64]) -> Option<f64> {
    let mut apart: Vec<f64> = values.windows(2).map(|it| (it[1] - it[0]).abs()).collect();
    let square = apart.iter().map(|it| it * it).sum::<f64>() / apart.len().max(1) as f64;
    let robust = order::median_in(&mut apart) * order::MAD_TO_SIGMA;
    let scale = robust.max(square.sqrt() / 4.0) / std::f64::consts::SQRT_2;
    (scale.is_finite() && scale > 0.0).then_some(scale)
}
