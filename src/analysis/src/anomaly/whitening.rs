//! Several standardized measures as independent directions of equal spread.
//!
//! Directions in which the measures vary together are scaled down, directions in
//! which they never move apart are scaled up: a small disagreement of twins counts
//! as much as a large common swing. The leading directions are Hotelling's T², the
//! rest is the residual energy; each direction is cut and raised to a power below
//! two, so that no single one decides.
//!
//! * In: rows of measures, each about zero with a spread about one.
//! * Out: one size a row, and what each measure contributes to it.
//! * Never: divides by the spread of a direction that does not vary.
//!
//! Start at [`Whitening::of`].
//!
//! # Source
//!
//! J. E. Jackson, G. S. Mudholkar, "Control procedures for residuals associated
//! with principal component analysis", Technometrics 21 (1979).

use super::eigen;

/// A measure counts at most so many deviations, before and after whitening.
pub(super) const MOST_IN: f64 = 30.0;
const MOST_OUT: f64 = 15.0;
/// Directions count by their size to this power: between the sum of sizes, which
/// wants many to agree, and of squares, which one decides.
const POWER: f64 = 1.5;
/// Share of the mean variance that every direction is believed to have.
const RIDGE: f64 = 1e-3;
/// The same for each measure a row, since few rows underrate the small directions.
const RIDGE_OF_FEW: f64 = 0.1;

/// Centers and directions learned from rows.
#[derive(Clone, Debug)]
pub(super) struct Whitening {
    measures: usize,
    center: Vec<f64>,
    /// Entry `[k * measures + j]`: weight of measure `k` in direction `j`.
    weights: Vec<f64>,
}

impl Whitening {
    /// Learns from rows of `measures` numbers each, one after another.
    pub(super) fn of(rows: &[f64], measures: usize) -> Self {
        let count = (rows.len() / measures.max(1)) as f64;
        let mut center = vec![0.0; measures];
        for row in rows.chunks_exact(measures) {
            for (center, value) in center.iter_mut().zip(row) {
                *center += value / count;
            }
        }
        let covariance = covariance(rows, &center, count);
        let trace: f64 = (0..measures).map(|k| covariance[k * measures + k]).sum();
        let least =
            (RIDGE + RIDGE_OF_FEW * measures as f64 / count.max(1.0)) * trace / measures as f64;
        let eigen = eigen::symmetric(covariance, measures);
        let mut weights = eigen.vectors;
        for row in weights.chunks_exact_mut(measures) {
            for (weight, value) in row.iter_mut().zip(&eigen.values) {
                let variance = value.max(0.0) + least;
                *weight = if variance > 0.0 {
                    *weight / variance.sqrt()
                } else {
                    0.0
                };
            }
        }
        Self {
            measures,
            center,
            weights,
        }
    }

    /// The size of a row; about one for the rows that were learned from.
    pub(super) fn size(&self, row: &[f64], scratch: &mut Vec<f64>) -> f64 {
        self.directions(row, scratch);
        let sizes = scratch.iter().map(|it| size(*it));
        sizes.sum::<f64>() / self.measures as f64
    }

    /// What each measure adds to the size of a row.
    pub(super) fn contributions(&self, row: &[f64]) -> Vec<f64> {
        let mut directions = Vec::new();
        self.directions(row, &mut directions);
        let mut parts = vec![0.0; self.measures];
        for (j, direction) in directions.iter().enumerate() {
            let part =
                |k: usize| (self.weights[k * self.measures + j] * (row[k] - self.center[k])).abs();
            let all: f64 = (0..self.measures).map(part).sum();
            if all > 0.0 {
                for (k, sum) in parts.iter_mut().enumerate() {
                    *sum += size(*direction) * part(k) / all / self.measures as f64;
                }
            }
        }
        parts
    }

    /// The row in whitened directions; measure by measure, which vectorizes.
    fn directions(&self, row: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.resize(self.measures, 0.0);
        let weights = self.weights.chunks_exact(self.measures);
        for ((value, center), weights) in row.iter().zip(&self.center).zip(weights) {
            let away = value - center;
            for (sum, weight) in out.iter_mut().zip(weights) {
                *sum += away * weight;
            }
        }
    }
}

/// The cut size of one standardized number, raised to the power.
pub(super) fn size(deviations: f64) -> f64 {
    let cut = deviations.abs().min(MOST_OUT);
    // The power of 1.5, spelled so that it costs a root.
    const { assert!(POWER == 1.5) };
    cut * cut.sqrt()
}

fn covariance(rows: &[f64], center: &[f64], count: f64) -> Vec<f64> {
    let n = center.len();
    let mut sums = vec![0.0; n * n];
    let mut away = vec![0.0; n];
    for row in rows.chunks_exact(n) {
        for ((away, value), center) in away.iter_mut().zip(row).zip(center) {
            *away = value - center;
        }
        for (k, sums) in sums.chunks_exact_mut(n).enumerate() {
            for (sum, other) in sums.iter_mut().zip(&away) {
                *sum += away[k] * other;
            }
        }
    }
    for sum in &mut sums {
        *sum /= count.max(1.0);
    }
    sums
}
