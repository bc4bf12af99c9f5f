//! Least squares without negative coefficients.

use analysis::stats::order;

use super::dense::Triangle;
use super::{Design, FitError, Problem, residuals};

/// Rounds of the search, at most, per column; three are usual.
const ROUNDS_PER_COLUMN: usize = 30;

/// Residuals beyond this many scales count less.
const HUBER_SCALES: f64 = 1.345;

/// Median distance to standard deviation, for normal residuals.
const DEVIATIONS_PER_MEDIAN: f64 = 1.482_602_218_505_602;

/// Reweightings, at most.
const MOST_REWEIGHTINGS: usize = 100;

/// Coefficients that move less than this, relative to the largest effect, are settled.
const SETTLED: f64 = 1e-9;

/// Coefficients, none of them negative.
#[derive(Clone, Debug, PartialEq)]
pub struct NonNegative {
    /// One per column, that of the intercept first.
    pub coefficients: Vec<f64>,
    /// The places of those that are held at zero: they would be negative or unknown.
    pub at_zero: Vec<usize>,
    /// Target less fit, row by row.
    pub residuals: Vec<f64>,
}

/// Fits with no negative coefficient.
///
/// Columns that depend on each other are no error: as few of them as explain the target
/// are used.
///
/// # Errors
///
/// [`FitError`] for columns that do not belong together, or fewer rows than columns.
///
/// # Source
///
/// C. L. Lawson, R. J. Hanson, "Solving Least Squares Problems" (1974), chapter 23.
pub fn non_negative(problem: &Problem<'_>) -> Result<NonNegative, FitError> {
    let design = Design::of(problem)?;
    if design.rows() < design.columns.len() {
        return Err(FitError::TooFew {
            rows: design.rows(),
            coefficients: design.columns.len(),
        });
    }
    let triangle = Triangle::of(&design.columns, &design.target);
    let scaled = search(&triangle);
    let coefficients = design.unscaled(&scaled);
    let places = coefficients.iter().enumerate();
    Ok(NonNegative {
        at_zero: places
            .filter(|(_, it)| **it <= 0.0)
            .map(|(place, _)| place)
            .collect(),
        residuals: residuals(problem, &coefficients),
        coefficients,
    })
}

/// The active set method: lets in the column that helps most, and takes out those that
/// turn negative on the way.
fn search(triangle: &Triangle) -> Vec<f64> {
    let size = triangle.size();
    let mut solution = vec![0.0; size];
    let mut free: Vec<usize> = Vec::new();
    let mut useless: Vec<usize> = Vec::new();
    let start = triangle.gradient(&solution);
    let small = 1e-12 * start.iter().fold(0.0_f64, |most, it| most.max(it.abs()));
    for _ in 0..ROUNDS_PER_COLUMN * size.max(1) {
        let gradient = triangle.gradient(&solution);
        let next = (0..size)
            .filter(|k| !free.contains(k) && !useless.contains(k) && gradient[*k] > small)
            .max_by(|a, b| gradient[*a].total_cmp(&gradient[*b]));
        let Some(next) = next else {
            break;
        };
        free.push(next);
        free.sort_unstable();
        let moved = settle(triangle, &mut solution, &mut free);
        match moved && solution[next] > 0.0 {
            true => useless.clear(),
            false => {
                free.retain(|k| *k != next);
                useless.push(next);
            }
        }
    }
    solution
}

/// Solves for the free columns, dropping those that turn negative; false if they depend
/// on each other.
fn settle(triangle: &Triangle, solution: &mut [f64], free: &mut Vec<usize>) -> bool {
    while !free.is_empty() {
        let Some(goal) = triangle.solve_only(free) else {
            return false;
        };
        if goal.iter().all(|it| *it > 0.0) {
            solution.fill(0.0);
            for (k, it) in free.iter().zip(&goal) {
                solution[*k] = *it;
            }
            return true;
        }
        // How far the way to the goal can be gone before the first of them is zero.
        let reach = |k: usize, goal: f64| match goal <= 0.0 && solution[k] > 0.0 {
            true => solution[k] / (solution[k] - goal),
            false if goal <= 0.0 => 0.0,
            false => f64::INFINITY,
        };
        let pairs = free.iter().zip(&goal);
        let ways: Vec<f64> = pairs.map(|(k, goal)| reach(*k, *goal)).collect();
        let share = ways.iter().copied().fold(1.0, f64::min);
        let mut kept = Vec::with_capacity(free.len());
        for ((k, goal), way) in free.iter().zip(&goal).zip(&ways) {
            let stepped = solution[*k] + share * (goal - solution[*k]);
            let stays = *way > share;
            solution[*k] = if stays { stepped.max(0.0) } else { 0.0 };
            if stays {
                kept.push(*k);
            }
        }
        if kept.len() == free.len() {
            // Nothing left the set, so that nothing will: digits are used up.
            return true;
        }
        *free = kept;
    }
    true
}

/// A fit that listens less to rows that fit badly.
#[derive(Clone, Debug, PartialEq)]
pub struct Robust {
    /// The fit in the end.
    pub fit: NonNegative,
    /// How much each row counted in the end: one, or less for an outlier.
    pub weights: Vec<f64>,
    /// Typical size of a residual, as a standard deviation that outliers do not move.
    pub scale: f64,
}

/// Fits with no negative coefficient, rows beyond 1.345 scales counting less.
///
/// # Errors
///
/// As [`non_negative`].
///
/// # Source
///
/// P. J. Huber, Annals of Mathematical Statistics 35 (1964), by iterated weights.
pub fn robust_non_negative(problem: &Problem<'_>) -> Result<Robust, FitError> {
    let mut fit = non_negative(problem)?;
    let rows = problem.target.len();
    let given = |row: usize| problem.weights.map_or(1.0, |it| it[row]);
    let mut weights = vec![1.0; rows];
    let mut scale = scale_of(&fit.residuals);
    for _ in 0..MOST_REWEIGHTINGS {
        scale = scale_of(&fit.residuals);
        if scale <= 0.0 {
            break;
        }
        for (weight, residual) in weights.iter_mut().zip(&fit.residuals) {
            *weight = (HUBER_SCALES * scale / residual.abs()).min(1.0);
        }
        let product: Vec<f64> = (0..rows).map(|row| weights[row] * given(row)).collect();
        let next = non_negative(&Problem {
            weights: Some(&product),
            ..*problem
        })?;
        let settled = moved(&fit, &next) <= SETTLED * scale;
        fit = next;
        if settled {
            break;
        }
    }
    Ok(Robust {
        fit,
        weights,
        scale,
    })
}

fn scale_of(residuals: &[f64]) -> f64 {
    let sizes: Vec<f64> = residuals.iter().map(|it| it.abs()).collect();
    DEVIATIONS_PER_MEDIAN * order::median(&sizes)
}

/// The largest change of a fitted value.
fn moved(before: &NonNegative, after: &NonNegative) -> f64 {
    let pairs = before.residuals.iter().zip(&after.residuals);
    pairs.fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}
