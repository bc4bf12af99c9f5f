//! Changes in a history of few points, such as one figure a build.
//!
//! Too few to learn a memory from: the cut is where the two sides are most unlike as
//! wholes, and is believed by a t-test that pays for every place that was tried, by a
//! floor on the size, and only where a straight line does not say it as well.
//!
//! Start at [`cuts`].
//!
//! # Source
//!
//! D. S. Matteson, N. A. James, "A nonparametric approach for multiple change point
//! analysis of multivariate data", JASA 109 (2014): the energy distance of the two
//! sides. H. Ingo et al., "Creating a virtuous cycle in performance testing at
//! MongoDB", ICPE 2021: the t-test in place of permutations, and the floor.

use std::ops::Range;

use crate::stats::{chance, dependence, order};

/// A series with fewer numbers than this is a history.
pub(super) const FEW: usize = 40;

/// Shortest regime: two points could both be outliers.
const LEAST: usize = 3;

/// The chance, over all places tried, that a cut has to undercut.
const CHANCE: f64 = 0.01;

/// A step smaller than this share of the level is not worth a look.
const LEAST_SHARE: f64 = 0.01;

/// The median of so many neighbours decides whether a point is an outlier.
const OUTLIER_SCALES: f64 = 4.0;

/// A cut, and the chance that there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// First place of the new regime.
    pub(super) place: usize,
    /// Over all places tried, 0 to 1.
    pub(super) p_value: f64,
}

/// The cuts of a history without gaps, ascending.
pub(super) fn cuts(values: &[f64]) -> Vec<Cut> {
    let mut found: Vec<usize> = Vec::new();
    let mut open: Vec<Range<usize>> = std::iter::once(0..values.len()).collect();
    while let Some(stretch) = open.pop() {
        let Some(place) = farthest(&values[stretch.clone()]) else {
            continue;
        };
        let place = stretch.start + place;
        if judge(values, stretch.clone(), place).is_some() {
            found.push(place);
            open.push(stretch.start..place);
            open.push(place..stretch.end);
        }
    }
    found.sort_unstable();
    weeded(values, found)
}

/// Takes out cuts that do not stand between their final neighbours.
fn weeded(values: &[f64], mut found: Vec<usize>) -> Vec<Cut> {
    loop {
        let edges = super::segment::edges(&found, values.len());
        let judged: Vec<Option<f64>> = edges
            .windows(3)
            .map(|it| judge(values, it[0]..it[2], it[1]))
            .collect();
        match judged.iter().position(Option::is_none) {
            Some(place) => found.remove(place),
            None => {
                let cuts = found.into_iter().zip(judged);
                return cuts
                    .filter_map(|(place, p_value)| p_value.map(|p_value| Cut { place, p_value }))
                    .collect();
            }
        };
    }
}

/// Where the two sides are farthest apart in energy distance.
fn farthest(values: &[f64]) -> Option<usize> {
    let count = values.len();
    let last = count.checked_sub(LEAST)?;
    let apart = |one: Range<usize>, other: Range<usize>| -> f64 {
        let rows = values[one].iter();
        rows.map(|a| {
            values[other.clone()]
                .iter()
                .map(|b| (a - b).abs())
                .sum::<f64>()
        })
        .sum()
    };
    let energy = |cut: usize| {
        let (n, m) = (cut as f64, (count - cut) as f64);
        let between = 2.0 * apart(0..cut, cut..count) / (n * m);
        let left = apart(0..cut, 0..cut) / (n * n);
        let right = apart(cut..count, cut..count) / (m * m);
        n * m / (n + m) * (between - left - right)
    };
    (LEAST..=last)
        .map(|cut| (energy(cut), cut))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, cut)| cut)
}

/// The chance that a cut is none; none itself where the cut is not believed.
fn judge(values: &[f64], stretch: Range<usize>, place: usize) -> Option<f64> {
    let (left, right) = (&values[stretch.start..place], &values[place..stretch.end]);
    let whole = &values[stretch.clone()];
    let (left, right) = (limited(left), limited(right));
    let shift = order::mean(&right) - order::mean(&left);
    let level = order::median(whole).abs();
    let rest: Vec<f64> = deviations(&left)
        .into_iter()
        .chain(deviations(&right))
        .collect();
    let squares: f64 = rest.iter().map(|it| it * it).sum();
    if shift == 0.0 || shift.abs() < LEAST_SHARE * level || squares > line_squares(whole) {
        return None;
    }
    let freedom = (rest.len() - 2) as f64;
    let memory = dependence::lag_one(&rest).clamp(0.0, 0.9);
    // Both means together use up two numbers, so that the memory of what rests reads too low.
    let longer = (1.0 + memory) / (1.0 - memory);
    let error = squares / freedom * longer * (1.0 / left.len() as f64 + 1.0 / right.len() as f64);
    let t = shift / error.sqrt();
    let tries = (whole.len() + 1).saturating_sub(2 * LEAST).max(1) as f64;
    let p_value = (chance::student_two_sided(t, (freedom / longer).max(1.0)) * tries).min(1.0);
    (p_value < CHANCE).then_some(p_value)
}

/// Values with outliers brought to the limit.
fn limited(values: &[f64]) -> Vec<f64> {
    let center = order::median(values);
    let reach = OUTLIER_SCALES * order::scale(values);
    values
        .iter()
        .map(|it| it.clamp(center - reach, center + reach))
        .collect()
}

fn deviations(values: &[f64]) -> Vec<f64> {
    let mean = order::mean(values);
    values.iter().map(|it| it - mean).collect()
}

/// Squared deviations from the least-squares line.
fn line_squares(values: &[f64]) -> f64 {
    let mean = order::mean(values);
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut level, mut moment, mut spread) = (0.0, 0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let place = i as f64 - middle;
        level += (value - mean).powi(2);
        moment += place * (value - mean);
        spread += place * place;
    }
    level - moment * moment / spread.max(1.0)
}
