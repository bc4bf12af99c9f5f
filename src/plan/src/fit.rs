//! Least squares: ordinary, weighted, without negative parts, and against outliers.
//!
//! A row is one observation, a column one explaining series. A constant is a column of
//! ones that the caller brings.
//!
//! * In: rows of equal length, finite numbers.
//! * Out: coefficients with their standard errors, or `None` where they are not unique.
//! * Never: adds a column, or drops a row.
//!
//! Start at [`ordinary`] and [`non_negative`].

/// Columns of a fit, at most.
pub const COLUMNS_MAX: usize = 64;

/// Turns of the search for the non-negative fit, at most, for each column.
const TURNS_MAX: usize = 30;

/// Residuals beyond so many robust standard deviations count less.
///
/// # Source
///
/// P. J. Huber, *Robust Statistics*, 1981: 95 % efficient for normal errors.
const HUBER: f64 = 1.345;

/// Re-weightings of the robust fit.
const REWEIGHTINGS: usize = 12;

/// An ordinary fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordinary {
    /// One coefficient a column.
    pub coefficients: Vec<f64>,
    /// Their standard errors; infinite without a degree of freedom left.
    pub errors: Vec<f64>,
    /// Share of the variance about the mean that is explained; about zero where no column
    /// is constant.
    pub r2: f64,
    /// Standard deviation of the residuals.
    pub sigma: f64,
}

/// Fits by ordinary least squares; `None` where the columns are not independent, there are
/// fewer rows than columns, or a number is not finite.
///
/// # Source
///
/// G. A. F. Seber, A. J. Lee, *Linear Regression Analysis*, 2003, chapter 3.
pub fn ordinary(rows: &[Vec<f64>], y: &[f64]) -> Option<Ordinary> {
    let columns = sound(rows, y)?;
    let weights = vec![1.0; rows.len()];
    let inverse = inverse(&normal(rows, &weights))?;
    let coefficients = product(&inverse, &moments(rows, y, &weights));
    let residuals = residuals(rows, y, &coefficients);
    let square: f64 = residuals.iter().map(|it| it * it).sum();
    let freedom = rows.len() as f64 - columns as f64;
    let variance = match freedom > 0.0 {
        true => square / freedom,
        false => f64::INFINITY,
    };
    let errors = (0..columns).map(|j| (variance * inverse[j][j]).sqrt());
    let constant = (0..columns).any(|j| rows.iter().all(|row| row[j] == rows[0][j]));
    let mean = match constant {
        true => y.iter().sum::<f64>() / y.len() as f64,
        false => 0.0,
    };
    let total: f64 = y.iter().map(|it| (it - mean).powi(2)).sum();
    Some(Ordinary {
        errors: errors.collect(),
        r2: if total > 0.0 {
            1.0 - square / total
        } else {
            1.0
        },
        sigma: variance.sqrt(),
        coefficients,
    })
}

/// Fits without a negative coefficient; zeros where the rows are no rows.
///
/// # Source
///
/// C. L. Lawson, R. J. Hanson, *Solving Least Squares Problems*, 1974, chapter 23.
pub fn non_negative(rows: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    weighted_non_negative(rows, y, &vec![1.0; rows.len()])
}

/// Fits without a negative coefficient; rows that lie far off count less, the farther
/// the less.
pub fn robust_non_negative(rows: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    let mut weights = vec![1.0; rows.len()];
    let mut found = weighted_non_negative(rows, y, &weights);
    for _ in 0..REWEIGHTINGS {
        let off = residuals(rows, y, &found);
        let mut sizes: Vec<f64> = off.iter().map(|it| it.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        // The median of absolute residuals is 0.6745 standard deviations of normal ones.
        let scale = sizes.get(sizes.len() / 2).copied().unwrap_or(0.0) / 0.6745;
        if scale <= 0.0 {
            break;
        }
        for (weight, off) in weights.iter_mut().zip(&off) {
            *weight = (HUBER * scale / off.abs().max(1e-300)).min(1.0);
        }
        let next = weighted_non_negative(rows, y, &weights);
        let moved = next
            .iter()
            .zip(&found)
            .any(|(a, b)| (a - b).abs() > 1e-9 * a.abs());
        found = next;
        if !moved {
            break;
        }
    }
    found
}

fn weighted_non_negative(rows: &[Vec<f64>], y: &[f64], weights: &[f64]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut found = vec![0.0; columns];
    if sound(rows, y).is_none() {
        return found;
    }
    let normal = normal(rows, weights);
    let moments = moments(rows, y, weights);
    let mut free = vec![false; columns];
    for _ in 0..TURNS_MAX * columns {
        let pull = |j: usize, found: &[f64]| {
            let fitted: f64 = normal[j].iter().zip(found).map(|(a, b)| a * b).sum();
            moments[j] - fitted
        };
        // The column that would explain most of what is left, in its own scale.
        let least = |j: usize| 1e-10 * moments[j].abs().max(normal[j][j].sqrt() * 1e-300);
        let next = (0..columns)
            .filter(|&j| !free[j] && pull(j, &found) > least(j))
            .max_by(|&a, &b| {
                let scaled = |j: usize| pull(j, &found) / normal[j][j].max(1e-300).sqrt();
                scaled(a).total_cmp(&scaled(b))
            });
        let Some(next) = next else {
            break;
        };
        free[next] = true;
        if !settle(&normal, &moments, &mut free, &mut found) {
            free[next] = false;
            break;
        }
    }
    found
}

/// Moves to the fit over the free columns, freeing back those that would turn negative;
/// `false` where the free columns are not independent.
fn settle(normal: &[Vec<f64>], moments: &[f64], free: &mut [bool], found: &mut [f64]) -> bool {
    for _ in 0..=free.len() {
        let own: Vec<usize> = (0..free.len()).filter(|j| free[*j]).collect();
        let part: Vec<Vec<f64>> = own
            .iter()
            .map(|i| own.iter().map(|j| normal[*i][*j]).collect())
            .collect();
        let Some(inverse) = inverse(&part) else {
            return false;
        };
        let wanted = product(
            &inverse,
            &own.iter().map(|j| moments[*j]).collect::<Vec<_>>(),
        );
        let negative = own.iter().zip(&wanted).filter(|it| *it.1 <= 0.0);
        let step = negative
            .map(|(j, wanted)| found[*j] / (found[*j] - wanted).max(1e-300))
            .fold(1.0, f64::min);
        for (j, wanted) in own.iter().zip(&wanted) {
            found[*j] += step * (wanted - found[*j]);
        }
        if step >= 1.0 {
            return true;
        }
        for j in own {
            if found[j] <= 1e-14 {
                found[j] = 0.0;
                free[j] = false;
            }
        }
    }
    true
}

/// How many times the variance of each coefficient is larger than if its column were
/// independent of the others: `1 / (1 - R²)` of the column on the others and a constant.
///
/// Infinite where a column is a combination of others; 1 for a single column.
///
/// # Source
///
/// D. A. Belsley, E. Kuh, R. E. Welsch, *Regression Diagnostics*, 1980, chapter 3.
pub fn inflation(rows: &[Vec<f64>]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    let one = |j: usize| {
        let others: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| {
                let rest = (0..columns).filter(|k| *k != j).map(|k| row[k]);
                std::iter::once(1.0).chain(rest).collect()
            })
            .collect();
        let own: Vec<f64> = rows.iter().map(|row| row[j]).collect();
        match ordinary(&others, &own) {
            Some(fit) => 1.0 / (1.0 - fit.r2).max(0.0),
            None => f64::INFINITY,
        }
    };
    (0..columns).map(one).collect()
}

/// Condition number of the columns scaled to length one, constant included.
///
/// # Source
///
/// As [`inflation`].
pub fn condition(rows: &[Vec<f64>]) -> f64 {
    let with_one: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| std::iter::once(1.0).chain(row.iter().copied()).collect())
        .collect();
    let columns = with_one.first().map_or(0, Vec::len);
    let length = |j: usize| {
        with_one
            .iter()
            .map(|row| row[j] * row[j])
            .sum::<f64>()
            .sqrt()
    };
    let lengths: Vec<f64> = (0..columns).map(length).collect();
    if lengths.iter().any(|it| !it.is_finite() || *it <= 0.0) {
        return f64::INFINITY;
    }
    let scaled: Vec<Vec<f64>> = with_one
        .iter()
        .map(|row| row.iter().zip(&lengths).map(|(a, b)| a / b).collect())
        .collect();
    let eigen = eigenvalues(normal(&scaled, &vec![1.0; scaled.len()]));
    let most = eigen.iter().copied().fold(0.0, f64::max);
    let least = eigen.iter().copied().fold(f64::INFINITY, f64::min);
    match least > 0.0 {
        true => (most / least).sqrt(),
        false => f64::INFINITY,
    }
}

/// Eigenvalues of a symmetric matrix.
///
/// # Source
///
/// C. G. J. Jacobi, 1846; G. H. Golub, C. F. Van Loan, *Matrix Computations*, section 8.5.
fn eigenvalues(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    const SWEEPS: usize = 60;
    let n = a.len();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[i][j] * a[i][j])
            .sum();
        if off < 1e-26 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, p, q);
            }
        }
    }
    (0..n).map(|i| a[i][i]).collect()
}

/// Makes one element off the diagonal zero.
fn rotate(a: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in a.iter_mut() {
        let (x, y) = (row[p], row[q]);
        (row[p], row[q]) = (c * x - s * y, s * x + c * y);
    }
    let (head, tail) = a.split_at_mut(q);
    for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

/// Number of columns of rows that can be fitted.
fn sound(rows: &[Vec<f64>], y: &[f64]) -> Option<usize> {
    let columns = rows.first()?.len();
    let whole = rows.len() == y.len()
        && rows.len() >= columns
        && (1..=COLUMNS_MAX).contains(&columns)
        && rows
            .iter()
            .all(|row| row.len() == columns && row.iter().all(|it| it.is_finite()))
        && y.iter().all(|it| it.is_finite());
    whole.then_some(columns)
}

fn normal(rows: &[Vec<f64>], weights: &[f64]) -> Vec<Vec<f64>> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut sums = vec![vec![0.0; columns]; columns];
    for (row, weight) in rows.iter().zip(weights) {
        for (sums, a) in sums.iter_mut().zip(row) {
            for (sum, b) in sums.iter_mut().zip(row) {
                *sum += weight * a * b;
            }
        }
    }
    sums
}

fn moments(rows: &[Vec<f64>], y: &[f64], weights: &[f64]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut sums = vec![0.0; columns];
    for ((row, y), weight) in rows.iter().zip(y).zip(weights) {
        for (sum, a) in sums.iter_mut().zip(row) {
            *sum += weight * a * y;
        }
    }
    sums
}

fn residuals(rows: &[Vec<f64>], y: &[f64], coefficients: &[f64]) -> Vec<f64> {
    let off = |(row, y): (&Vec<f64>, &f64)| {
        let fitted: f64 = row.iter().zip(coefficients).map(|(a, b)| a * b).sum();
        y - fitted
    };
    rows.iter().zip(y).map(off).collect()
}

fn product(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let row = |row: &Vec<f64>| row.iter().zip(vector).map(|(a, b)| a * b).sum();
    matrix.iter().map(row).collect()
}

/// The inverse of a symmetric positive matrix, scaled so that units do not matter; `None`
/// where it has none.
fn inverse(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let scale: Vec<f64> = (0..n).map(|i| matrix[i][i].sqrt()).collect();
    if scale.iter().any(|it| !it.is_finite() || *it <= 0.0) {
        return None;
    }
    // The matrix beside the unit matrix, brought to the unit matrix beside its inverse.
    let mut both: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let own = (0..n).map(|j| matrix[i][j] / scale[i] / scale[j]);
            own.chain((0..n).map(|j| if i == j { 1.0 } else { 0.0 }))
                .collect()
        })
        .collect();
    for k in 0..n {
        let best = (k..n).max_by(|a, b| both[*a][k].abs().total_cmp(&both[*b][k].abs()))?;
        both.swap(k, best);
        let pivot = both[k][k];
        if pivot.abs() < 1e-13 {
            return None;
        }
        both[k].iter_mut().for_each(|it| *it /= pivot);
        let lead = both[k].clone();
        for (i, row) in both.iter_mut().enumerate() {
            let factor = row[k];
            if i != k && factor != 0.0 {
                row.iter_mut()
                    .zip(&lead)
                    .for_each(|(a, b)| *a -= factor * b);
            }
        }
    }
    let unscaled = (0..n).map(|i| {
        (0..n)
            .map(|j| both[i][n + j] / scale[i] / scale[j])
            .collect()
    });
    Some(unscaled.collect())
}

#[cfg(test)]
mod tests {
    use analysis::stats::random::Random;

    use super::*;

    fn rows(random: &mut Random, n: usize, columns: usize) -> Vec<Vec<f64>> {
        let row = |random: &mut Random| (0..columns).map(|_| random.unit() * 10.0).collect();
        (0..n).map(|_| row(random)).collect()
    }

    #[test]
    fn a_line_through_points_is_that_of_the_textbook() {
        // Anscombe's first set: y = 3.0001 + 0.5001 x, R² 0.6665, errors 1.1247 and 0.1179.
        let x = [10., 8., 13., 9., 11., 14., 6., 4., 12., 7., 5.];
        let y = [
            8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
        ];
        let with_one: Vec<Vec<f64>> = x.iter().map(|it| vec![1.0, *it]).collect();
        let fit = ordinary(&with_one, &y).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 5e-4, "{a} {b}");
        near(fit.coefficients[0], 3.0001);
        near(fit.coefficients[1], 0.5001);
        near(fit.errors[0], 1.1247);
        near(fit.errors[1], 0.1179);
        near(fit.r2, 0.6665);
    }

    #[test]
    fn no_fit_without_a_negative_part_is_better() {
        let mut random = Random::new(11);
        for _ in 0..200 {
            let columns = 1 + random.below(5);
            let x = rows(&mut random, 20, columns);
            let truth: Vec<f64> = (0..columns).map(|_| random.normal()).collect();
            let y: Vec<f64> = x
                .iter()
                .map(|row| row.iter().zip(&truth).map(|(a, b)| a * b).sum::<f64>())
                .map(|it| it + random.normal())
                .collect();
            let found = non_negative(&x, &y);
            assert!(found.iter().all(|it| *it >= 0.0));
            let square = |c: &[f64]| residuals(&x, &y, c).iter().map(|it| it * it).sum::<f64>();
            let best = square(&found);
            for _ in 0..50 {
                let other: Vec<f64> = found
                    .iter()
                    .map(|it| (it + 0.1 * random.normal()).max(0.0))
                    .collect();
                assert!(square(&other) >= best - 1e-9, "{found:?} {other:?}");
            }
        }
    }

    #[test]
    fn outliers_hardly_move_a_robust_fit() {
        let mut random = Random::new(5);
        let x = rows(&mut random, 60, 2);
        let mut y: Vec<f64> = x
            .iter()
            .map(|row| 2.0 * row[0] + 0.5 * row[1] + 0.1 * random.normal())
            .collect();
        for place in [3, 17, 40] {
            y[place] += 100.0;
        }
        let robust = robust_non_negative(&x, &y);
        let plain = non_negative(&x, &y);
        assert!(
            (robust[0] - 2.0).abs() < 0.05 && (robust[1] - 0.5).abs() < 0.05,
            "{robust:?}"
        );
        assert!((plain[0] - 2.0).abs() > (robust[0] - 2.0).abs());
    }

    #[test]
    fn columns_that_come_together_are_told() {
        let mut random = Random::new(9);
        let free = rows(&mut random, 50, 2);
        assert!(inflation(&free).iter().all(|it| *it < 1.5));
        let tied: Vec<Vec<f64>> = free
            .iter()
            .map(|row| vec![row[0], 2.0 * row[0] + 0.01 * row[1]])
            .collect();
        assert!(inflation(&tied).iter().all(|it| *it > 100.0));
        assert!(condition(&tied) > 100.0 && condition(&free) < 30.0);
        let same: Vec<Vec<f64>> = free.iter().map(|row| vec![row[0], row[0]]).collect();
        assert!(
            inflation(&same)
                .iter()
                .all(|it| it.is_infinite() || *it > 1e9)
        );
        assert!(ordinary(&same, &vec![1.0; 50]).is_none());
    }

    #[test]
    fn what_cannot_be_fitted_is_not() {
        assert!(ordinary(&[], &[]).is_none());
        assert!(ordinary(&[vec![1.0, f64::NAN]], &[1.0]).is_none());
        assert_eq!(
            non_negative(&[vec![1.0], vec![f64::INFINITY]], &[1.0, 2.0]),
            [0.0]
        );
        assert_eq!(robust_non_negative(&[], &[]), Vec::<f64>::new());
    }
}
