//! Least squares: free, non-negative, and robust.
//!
//! * [`least_squares`]: coefficients with standard errors; [`inflation`] and
//!   [`condition`] say whether they can be told apart.
//! * [`non_negative`]: the same without negative coefficients, since no demand is one;
//!   [`robust_non_negative`] also listens less to rows that fit badly.
//!
//! Columns are reduced to a triangle by reflections, never by squaring them, so that
//! columns of very different size keep their digits.
//!
//! # Source
//!
//! G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th edition, section 5.2. C. L.
//! Lawson, R. J. Hanson, "Solving Least Squares Problems" (1974), chapter 23. P. J. Huber,
//! "Robust estimation of a location parameter", Annals of Mathematical Statistics 35
//! (1964).

mod dense;
mod nonnegative;

pub use dense::linear;
pub use nonnegative::{NonNegative, Robust, non_negative, robust_non_negative};

use dense::Triangle;

/// Rows, at most.
pub const MOST_ROWS: usize = 1_000_000;

/// Columns, at most.
pub const MOST_COLUMNS: usize = 64;

/// Numbers in all, at most: 80 MB, of which the reduction takes three times as much.
pub const MOST_NUMBERS: usize = 10_000_000;

/// Whether a constant is fitted beside the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intercept {
    /// It is, and comes first.
    Fitted,
    /// It is zero.
    Zero,
}

/// What is to be fitted: `target` by a sum of `columns`.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The columns, each as long as the target.
    pub columns: &'a [Vec<f64>],
    /// What they are to explain.
    pub target: &'a [f64],
    /// Whether a constant helps.
    pub intercept: Intercept,
    /// How much each row counts; all the same if none. Not negative.
    pub weights: Option<&'a [f64]>,
}

/// Why nothing could be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Columns, target or weights differ in length.
    #[error("a column holds {found} numbers where {expected} are needed")]
    Shape {
        /// Its length.
        found: usize,
        /// The length of the target.
        expected: usize,
    },
    /// A number is missing, infinite, or a negative weight.
    #[error("row {row} holds no number that can be fitted")]
    Number {
        /// The first such row.
        row: usize,
    },
    /// Fewer rows than coefficients.
    #[error("{rows} rows do not determine {coefficients} coefficients")]
    TooFew {
        /// Rows given.
        rows: usize,
        /// Coefficients asked for.
        coefficients: usize,
    },
    /// More than is fitted in bounded time.
    #[error("{rows} rows of {columns} columns are more than can be fitted")]
    TooLarge {
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },
    /// One column is a sum of others, so that no answer is better than another.
    #[error("column {column} follows from the others")]
    Dependent {
        /// Its place, the intercept included.
        column: usize,
    },
}

/// Coefficients of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastSquares {
    /// One per column, that of the intercept first.
    pub coefficients: Vec<f64>,
    /// Their standard errors for independent residuals; none without a spare row.
    pub standard_errors: Option<Vec<f64>>,
    /// Share of the target's squares that is explained: about its mean with an
    /// intercept, about zero without.
    pub r_squared: f64,
    /// Standard deviation of the residuals; none without a spare row.
    pub sigma: Option<f64>,
    /// Target less fit, row by row.
    pub residuals: Vec<f64>,
}

/// Fits by ordinary (or weighted) least squares.
///
/// # Errors
///
/// [`FitError`] for columns that do not belong together or do not determine the answer.
pub fn least_squares(problem: &Problem<'_>) -> Result<LeastSquares, FitError> {
    let design = Design::of(problem)?;
    let triangle = design.triangle()?;
    let coefficients = design.unscaled(&triangle.solve());
    let residuals = residuals(problem, &coefficients);
    let squares: f64 = design.squares(&residuals);
    let free = design.rows().saturating_sub(coefficients.len());
    let sigma = (free > 0).then(|| (squares / free as f64).sqrt());
    let standard_errors = sigma.map(|sigma| {
        let variances = triangle.inverse_squares();
        let pairs = variances.iter().zip(&design.scales);
        pairs.map(|(it, scale)| sigma * it.sqrt() / scale).collect()
    });
    Ok(LeastSquares {
        standard_errors,
        r_squared: 1.0 - squares / design.squares(&centered(problem)),
        sigma,
        coefficients,
        residuals,
    })
}

/// The design of columns alone, where no target matters.
fn untargeted(columns: &[Vec<f64>]) -> Result<Design, FitError> {
    let target = vec![0.0; columns.first().map_or(0, Vec::len)];
    Design::of(&Problem {
        columns,
        target: &target,
        intercept: Intercept::Zero,
        weights: None,
    })
}

/// Standard deviations of the coefficients of columns for residuals of deviation one:
/// roots of the diagonal of the inverse of their squares.
///
/// # Errors
///
/// As [`least_squares`].
pub fn deviations(columns: &[Vec<f64>]) -> Result<Vec<f64>, FitError> {
    let design = untargeted(columns)?;
    let variances = design.triangle()?.inverse_squares();
    let pairs = variances.iter().zip(&design.scales);
    Ok(pairs.map(|(it, scale)| it.sqrt() / scale).collect())
}

/// Variance of a fitted value at a row of the columns' kind, for residuals of variance
/// one.
///
/// # Errors
///
/// As [`least_squares`]; [`FitError::Shape`] if the row is not as long as there are
/// columns.
pub fn leverage(columns: &[Vec<f64>], row: &[f64]) -> Result<f64, FitError> {
    if row.len() != columns.len() {
        return Err(FitError::Shape {
            found: row.len(),
            expected: columns.len(),
        });
    }
    let design = untargeted(columns)?;
    let scaled: Vec<f64> = design.unscaled(row);
    Ok(design.triangle()?.leverage(&scaled))
}

/// Variance inflation of each column: how much less certain its coefficient is than if
/// the other columns were unrelated; one at best, above ten it cannot be told from them.
/// The intercept has none.
///
/// # Errors
///
/// As [`least_squares`]; [`FitError::Dependent`] where it would be infinite.
///
/// # Source
///
/// D. W. Marquardt, "Generalized inverses, ridge regression, biased linear estimation",
/// Technometrics 12 (1970).
pub fn inflation(problem: &Problem<'_>) -> Result<Vec<f64>, FitError> {
    let design = Design::of(&Problem {
        intercept: Intercept::Fitted,
        ..*problem
    })?;
    // The first column being the constant, the rest of the triangle is that of the
    // others with their means removed.
    let inverse = design.triangle()?.inverse_squares();
    let triangle = design.triangle()?;
    let spread = |column: usize| triangle.squares_below_first(column);
    let columns = 1..=problem.columns.len();
    Ok(columns.map(|it| inverse[it] * spread(it)).collect())
}

/// Condition number of the columns, each scaled to length one: above thirty they cannot
/// be told apart.
///
/// # Errors
///
/// As [`least_squares`], but dependent columns give infinity.
///
/// # Source
///
/// D. A. Belsley, E. Kuh, R. E. Welsch, "Regression Diagnostics" (1980), section 3.2.
pub fn condition(problem: &Problem<'_>) -> Result<f64, FitError> {
    let design = Design::of(problem)?;
    let values = dense::eigenvalues(design.gram());
    let largest = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    // Squares of one part in 1e8 are lost in the digits of the largest.
    match least > largest * 1e-15 {
        true => Ok((largest / least).sqrt()),
        false => Ok(f64::INFINITY),
    }
}

/// Target less fit.
fn residuals(problem: &Problem<'_>, coefficients: &[f64]) -> Vec<f64> {
    let (constant, rest) = match (problem.intercept, coefficients) {
        (Intercept::Fitted, [constant, rest @ ..]) => (*constant, rest),
        (_, all) => (0.0, all),
    };
    let rows = problem.target.iter().enumerate();
    rows.map(|(row, target)| {
        let parts = problem.columns.iter().zip(rest);
        target - constant - parts.map(|(column, it)| column[row] * it).sum::<f64>()
    })
    .collect()
}

/// The target about its mean, where there is an intercept.
fn centered(problem: &Problem<'_>) -> Vec<f64> {
    let mean = match problem.intercept {
        Intercept::Zero => 0.0,
        Intercept::Fitted => {
            let weight = |row: usize| problem.weights.map_or(1.0, |it| it[row]);
            let rows = 0..problem.target.len();
            let total: f64 = rows.clone().map(weight).sum();
            rows.map(|row| weight(row) * problem.target[row])
                .sum::<f64>()
                / total
        }
    };
    problem.target.iter().map(|it| it - mean).collect()
}

/// Columns as they are reduced: weighted, scaled to length one, the constant first.
struct Design {
    columns: Vec<Vec<f64>>,
    scales: Vec<f64>,
    target: Vec<f64>,
    /// Root of the weight of each row; empty if all are one.
    roots: Vec<f64>,
}

impl Design {
    fn of(problem: &Problem<'_>) -> Result<Self, FitError> {
        check(problem)?;
        let roots: Vec<f64> = problem
            .weights
            .map_or(Vec::new(), |it| it.iter().map(|it| it.sqrt()).collect());
        let weighted = |values: &[f64]| -> Vec<f64> {
            match roots.is_empty() {
                true => values.to_vec(),
                false => values.iter().zip(&roots).map(|(a, b)| a * b).collect(),
            }
        };
        let mut columns = Vec::with_capacity(problem.columns.len() + 1);
        if problem.intercept == Intercept::Fitted {
            columns.push(weighted(&vec![1.0; problem.target.len()]));
        }
        columns.extend(problem.columns.iter().map(|it| weighted(it)));
        let mut scales = Vec::with_capacity(columns.len());
        for column in &mut columns {
            let scale = length(column);
            if scale > 0.0 {
                column.iter_mut().for_each(|it| *it /= scale);
            }
            scales.push(if scale > 0.0 { scale } else { 1.0 });
        }
        Ok(Self {
            columns,
            scales,
            target: weighted(problem.target),
            roots,
        })
    }

    /// Rows that count.
    fn rows(&self) -> usize {
        match self.roots.is_empty() {
            true => self.target.len(),
            false => self.roots.iter().filter(|it| **it > 0.0).count(),
        }
    }

    fn triangle(&self) -> Result<Triangle, FitError> {
        if self.rows() < self.columns.len() {
            return Err(FitError::TooFew {
                rows: self.rows(),
                coefficients: self.columns.len(),
            });
        }
        let triangle = Triangle::of(&self.columns, &self.target);
        match triangle.dependent() {
            Some(column) => Err(FitError::Dependent { column }),
            None => Ok(triangle),
        }
    }

    fn unscaled(&self, coefficients: &[f64]) -> Vec<f64> {
        let pairs = coefficients.iter().zip(&self.scales);
        pairs.map(|(it, scale)| it / scale).collect()
    }

    /// Weighted sum of squares of unweighted values.
    fn squares(&self, values: &[f64]) -> f64 {
        let weight = |row: usize| self.roots.get(row).map_or(1.0, |it| it * it);
        let rows = values.iter().enumerate();
        rows.map(|(row, it)| weight(row) * it * it).sum()
    }

    fn gram(&self) -> Vec<Vec<f64>> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
        let rows = self.columns.iter();
        rows.map(|a| self.columns.iter().map(|b| dot(a, b)).collect())
            .collect()
    }
}

/// Euclidean length without overflow.
fn length(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |most, it| most.max(it.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let squares = values.iter().map(|it| (it / largest).powi(2));
    largest * squares.sum::<f64>().sqrt()
}

fn check(problem: &Problem<'_>) -> Result<(), FitError> {
    let rows = problem.target.len();
    let columns = problem.columns.len() + usize::from(problem.intercept == Intercept::Fitted);
    let numbers = rows.saturating_mul(columns + 1);
    if rows > MOST_ROWS || columns > MOST_COLUMNS || numbers > MOST_NUMBERS {
        return Err(FitError::TooLarge { rows, columns });
    }
    if rows == 0 || columns == 0 {
        return Err(FitError::TooFew {
            rows,
            coefficients: columns,
        });
    }
    let weights = problem.weights.into_iter();
    for values in problem.columns.iter().map(Vec::as_slice).chain(weights) {
        if values.len() != rows {
            return Err(FitError::Shape {
                found: values.len(),
                expected: rows,
            });
        }
    }
    let finite = |row: usize| {
        problem.target[row].is_finite()
            && problem.columns.iter().all(|it| it[row].is_finite())
            && problem
                .weights
                .is_none_or(|it| it[row].is_finite() && it[row] >= 0.0)
    };
    match (0..rows).find(|row| !finite(*row)) {
        Some(row) => Err(FitError::Number { row }),
        None => Ok(()),
    }
}
