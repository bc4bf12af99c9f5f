//! Small dense matrices: triangles by reflection, equations, eigenvalues.

/// A diagonal entry below this, columns having length one, means a dependent column.
const DEPENDENT: f64 = 1e-10;

/// A pivot below this share of the largest number means no unique solution.
const SINGULAR: f64 = 1e-13;

/// Sweeps over all pairs, at most; ten are many.
const MOST_SWEEPS: usize = 60;

/// An upper triangle with the target turned alike: least squares of the columns is
/// least squares of the triangle.
pub(super) struct Triangle {
    /// `[row][column]`, zero below the diagonal.
    rows: Vec<Vec<f64>>,
    target: Vec<f64>,
}

impl Triangle {
    /// Reduces columns by Householder's reflections.
    pub(super) fn of(columns: &[Vec<f64>], target: &[f64]) -> Self {
        let size = columns.len();
        let mut columns = columns.to_vec();
        let mut target = target.to_vec();
        for k in 0..size {
            let (done, rest) = columns.split_at_mut(k + 1);
            let pivot = &mut done[k];
            let length = super::length(&pivot[k..]);
            if length == 0.0 {
                continue;
            }
            let head = if pivot[k] > 0.0 { -length } else { length };
            // The mirror, scaled so that its first entry is one.
            let first = pivot[k] - head;
            pivot[k] = head;
            let tail: Vec<f64> = pivot[k + 1..].iter().map(|it| it / first).collect();
            let factor = -first / head;
            for other in rest.iter_mut().chain(std::iter::once(&mut target)) {
                reflect(&mut other[k..], &tail, factor);
            }
        }
        let entry = |i: usize, j: usize| if i <= j { columns[j][i] } else { 0.0 };
        let row = |i: usize| (0..size).map(|j| entry(i, j)).collect();
        Self {
            rows: (0..size).map(row).collect(),
            target: target[..size].to_vec(),
        }
    }

    /// The first column that follows from those before it.
    pub(super) fn dependent(&self) -> Option<usize> {
        (0..self.rows.len()).find(|k| self.rows[*k][*k].abs() < DEPENDENT)
    }

    /// The coefficients.
    pub(super) fn solve(&self) -> Vec<f64> {
        let all: Vec<usize> = (0..self.rows.len()).collect();
        self.solve_only(&all).unwrap_or_default()
    }

    /// The coefficients of some columns, all others being zero, in the order of
    /// `columns`; none where these depend on each other.
    pub(super) fn solve_only(&self, columns: &[usize]) -> Option<Vec<f64>> {
        if columns.len() == self.rows.len() {
            return Some(back_substituted(&self.rows, &self.target));
        }
        let picked = columns.iter().map(|j| self.column(*j)).collect::<Vec<_>>();
        let smaller = Self::of(&picked, &self.target);
        match smaller.dependent() {
            Some(_) => None,
            None => Some(back_substituted(&smaller.rows, &smaller.target)),
        }
    }

    fn column(&self, j: usize) -> Vec<f64> {
        self.rows.iter().map(|row| row[j]).collect()
    }

    /// Number of columns.
    pub(super) fn size(&self) -> usize {
        self.rows.len()
    }

    /// Column times what is left of the target, for each column.
    pub(super) fn gradient(&self, coefficients: &[f64]) -> Vec<f64> {
        let rest: Vec<f64> = self
            .rows
            .iter()
            .zip(&self.target)
            .map(|(row, target)| {
                target
                    - row
                        .iter()
                        .zip(coefficients)
                        .map(|(a, b)| a * b)
                        .sum::<f64>()
            })
            .collect();
        let columns = 0..self.rows.len();
        columns
            .map(|j| {
                self.rows
                    .iter()
                    .zip(&rest)
                    .map(|(row, it)| row[j] * it)
                    .sum()
            })
            .collect()
    }

    /// Diagonal of the inverse of the squared columns: variances of the coefficients for
    /// residuals of variance one.
    pub(super) fn inverse_squares(&self) -> Vec<f64> {
        let size = self.rows.len();
        let mut sums = vec![0.0; size];
        for j in 0..size {
            let mut unit = vec![0.0; size];
            unit[j] = 1.0;
            for (sum, it) in sums.iter_mut().zip(back_substituted(&self.rows, &unit)) {
                *sum += it * it;
            }
        }
        sums
    }

    /// Squares of the row that the transposed triangle turns into this one.
    pub(super) fn leverage(&self, row: &[f64]) -> f64 {
        let mut turned: Vec<f64> = Vec::with_capacity(row.len());
        for (j, value) in row.iter().enumerate() {
            let known: f64 = turned
                .iter()
                .zip(&self.rows)
                .map(|(a, row)| a * row[j])
                .sum();
            turned.push((value - known) / self.rows[j][j]);
        }
        turned.iter().map(|it| it * it).sum()
    }

    /// Squares of a column, without its part along the first.
    pub(super) fn squares_below_first(&self, column: usize) -> f64 {
        let rows = self.rows.iter().skip(1);
        rows.map(|row| row[column] * row[column]).sum()
    }
}

/// Mirrors a vector at the plane of `(1, tail)`.
fn reflect(values: &mut [f64], tail: &[f64], factor: f64) {
    let Some((first, rest)) = values.split_first_mut() else {
        return;
    };
    let dot: f64 = rest.iter().zip(tail).map(|(a, b)| a * b).sum();
    let step = factor * (*first + dot);
    *first -= step;
    for (value, it) in rest.iter_mut().zip(tail) {
        *value -= step * it;
    }
}

fn back_substituted(rows: &[Vec<f64>], target: &[f64]) -> Vec<f64> {
    let size = rows.len();
    let mut solution = vec![0.0; size];
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|j| rows[i][j] * solution[j]).sum();
        solution[i] = (target[i] - known) / rows[i][i];
    }
    solution
}

/// Solves linear equations, `matrix[row][column]`, by elimination with the largest
/// pivot; none if they have no unique solution.
pub fn linear(matrix: &[Vec<f64>], target: &[f64]) -> Option<Vec<f64>> {
    let size = target.len();
    if matrix.len() != size || matrix.iter().any(|row| row.len() != size) {
        return None;
    }
    let numbers = || matrix.iter().flatten();
    let largest = numbers().fold(0.0_f64, |most, it| most.max(it.abs()));
    if !numbers().chain(target).all(|it| it.is_finite()) {
        return None;
    }
    let mut rows = matrix.to_vec();
    let mut target = target.to_vec();
    for k in 0..size {
        let pivot = (k..size).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs()))?;
        if rows[pivot][k].abs() <= largest * SINGULAR {
            return None;
        }
        rows.swap(k, pivot);
        target.swap(k, pivot);
        let (above, below) = rows.split_at_mut(k + 1);
        let head = &above[k];
        for (i, row) in below.iter_mut().enumerate() {
            let factor = row[k] / head[k];
            if factor != 0.0 {
                for (value, it) in row[k..].iter_mut().zip(&head[k..]) {
                    *value -= factor * it;
                }
                target[k + 1 + i] -= factor * target[k];
            }
        }
    }
    Some(back_substituted(&rows, &target))
}

/// Eigenvalues of a symmetric matrix by Jacobi's rotations.
pub(super) fn eigenvalues(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let size = matrix.len();
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                let small = 1e-17 * (matrix[p][p] * matrix[q][q]).abs().sqrt();
                if matrix[p][q].abs() > small {
                    rotate(&mut matrix, p, q);
                    rotated = true;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    (0..size).map(|k| matrix[k][k]).collect()
}

/// Turns the plane of two axes so that their entry vanishes.
fn rotate(matrix: &mut [Vec<f64>], p: usize, q: usize) {
    let slope = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = slope.signum() / (slope.abs() + slope.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        let (a, b) = (row[p], row[q]);
        row[p] = cosine * a - sine * b;
        row[q] = sine * a + cosine * b;
    }
    let (upper, lower) = matrix.split_at_mut(q);
    for (first, second) in upper[p].iter_mut().zip(lower[0].iter_mut()) {
        let (a, b) = (*first, *second);
        *first = cosine * a - sine * b;
        *second = sine * a + cosine * b;
    }
}
