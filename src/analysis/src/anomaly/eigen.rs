//! Eigenvalues and eigenvectors of a symmetric matrix.
//!
//! * In: a square matrix, row after row.
//! * Out: eigenvalues in ascending order, eigenvectors as columns.
//! * Never: iterates without end; a value that does not settle is taken as it is.
//!
//! Start at [`symmetric`].
//!
//! # Source
//!
//! Householder reduction and the QL method with implicit shifts: R. S. Martin,
//! C. Reinsch, J. H. Wilkinson, "Householder's tridiagonalization of a symmetric
//! matrix", Numerische Mathematik 11 (1968), and H. Bowdler, R. S. Martin,
//! C. Reinsch, J. H. Wilkinson, "The QR and QL algorithms for symmetric matrices",
//! Numerische Mathematik 11 (1968), in the arrangement of EISPACK.

/// Iterations an eigenvalue; two are usual.
const MOST_ITERATIONS: usize = 60;

/// Eigenvalues and eigenvectors.
pub(super) struct Eigen {
    /// Ascending.
    pub(super) values: Vec<f64>,
    /// Entry `[row * n + k]` is component `row` of the eigenvector of value `k`.
    pub(super) vectors: Vec<f64>,
}

/// Decomposes a symmetric matrix of `n` rows with finite entries.
pub(super) fn symmetric(matrix: Vec<f64>, n: usize) -> Eigen {
    let mut work = Work {
        n,
        v: matrix,
        d: vec![0.0; n],
        e: vec![0.0; n],
    };
    if n > 0 {
        work.reduce();
        work.accumulate();
        work.diagonalize();
    }
    work.sorted()
}

struct Work {
    n: usize,
    v: Vec<f64>,
    /// Diagonal.
    d: Vec<f64>,
    /// Beside the diagonal.
    e: Vec<f64>,
}

impl Work {
    fn at(&self, row: usize, column: usize) -> f64 {
        self.v[row * self.n + column]
    }

    fn at_mut(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.v[row * self.n + column]
    }

    /// To three diagonals, one reflection a row.
    fn reduce(&mut self) {
        let n = self.n;
        self.d.copy_from_slice(&self.v[(n - 1) * n..]);
        for i in (1..n).rev() {
            let scale: f64 = self.d[..i].iter().map(|it| it.abs()).sum();
            let mut h = 0.0;
            if scale == 0.0 {
                self.e[i] = self.d[i - 1];
                for j in 0..i {
                    self.d[j] = self.at(i - 1, j);
                    *self.at_mut(i, j) = 0.0;
                    *self.at_mut(j, i) = 0.0;
                }
            } else {
                h = self.reflect(i, scale);
            }
            self.d[i] = h;
        }
    }

    fn reflect(&mut self, i: usize, scale: f64) -> f64 {
        let mut h = 0.0;
        for it in &mut self.d[..i] {
            *it /= scale;
            h += *it * *it;
        }
        let f = self.d[i - 1];
        let g = if f > 0.0 { -h.sqrt() } else { h.sqrt() };
        self.e[i] = scale * g;
        h -= f * g;
        self.d[i - 1] = f - g;
        self.e[..i].fill(0.0);
        for j in 0..i {
            let f = self.d[j];
            *self.at_mut(j, i) = f;
            let mut g = self.e[j] + self.at(j, j) * f;
            for k in j + 1..i {
                g += self.at(k, j) * self.d[k];
                self.e[k] += self.at(k, j) * f;
            }
            self.e[j] = g;
        }
        let mut f = 0.0;
        for j in 0..i {
            self.e[j] /= h;
            f += self.e[j] * self.d[j];
        }
        let half = f / (h + h);
        for j in 0..i {
            self.e[j] -= half * self.d[j];
        }
        for j in 0..i {
            let (f, g) = (self.d[j], self.e[j]);
            for k in j..i {
                *self.at_mut(k, j) -= f * self.e[k] + g * self.d[k];
            }
            self.d[j] = self.at(i - 1, j);
            *self.at_mut(i, j) = 0.0;
        }
        h
    }

    /// The reflections, multiplied.
    fn accumulate(&mut self) {
        let n = self.n;
        for i in 0..n - 1 {
            *self.at_mut(n - 1, i) = self.at(i, i);
            *self.at_mut(i, i) = 1.0;
            let h = self.d[i + 1];
            if h != 0.0 {
                for k in 0..=i {
                    self.d[k] = self.at(k, i + 1) / h;
                }
                for j in 0..=i {
                    let g: f64 = (0..=i).map(|k| self.at(k, i + 1) * self.at(k, j)).sum();
                    for k in 0..=i {
                        *self.at_mut(k, j) -= g * self.d[k];
                    }
                }
            }
            for k in 0..=i {
                *self.at_mut(k, i + 1) = 0.0;
            }
        }
        for j in 0..n {
            self.d[j] = self.at(n - 1, j);
            *self.at_mut(n - 1, j) = 0.0;
        }
        *self.at_mut(n - 1, n - 1) = 1.0;
        self.e[0] = 0.0;
    }

    /// Rotates the entries beside the diagonal away.
    fn diagonalize(&mut self) {
        let n = self.n;
        self.e.rotate_left(1);
        self.e[n - 1] = 0.0;
        let (mut shift, mut largest) = (0.0, 0.0_f64);
        for l in 0..n {
            largest = largest.max(self.d[l].abs() + self.e[l].abs());
            let small = f64::EPSILON * largest;
            let m = (l..n - 1)
                .find(|m| self.e[*m].abs() <= small)
                .unwrap_or(n - 1);
            for _ in 0..MOST_ITERATIONS {
                if m == l || self.e[l].abs() <= small {
                    break;
                }
                shift += self.sweep(l, m);
            }
            self.d[l] += shift;
            self.e[l] = 0.0;
        }
    }

    /// One implicit step of the QL method; returns the shift that it took.
    fn sweep(&mut self, l: usize, m: usize) -> f64 {
        let n = self.n;
        let before = self.d[l];
        let p = (self.d[l + 1] - before) / (2.0 * self.e[l]);
        let r = if p < 0.0 { -p.hypot(1.0) } else { p.hypot(1.0) };
        self.d[l] = self.e[l] / (p + r);
        self.d[l + 1] = self.e[l] * (p + r);
        let next = self.d[l + 1];
        let shift = before - self.d[l];
        for it in &mut self.d[l + 2..] {
            *it -= shift;
        }
        let mut p = self.d[m];
        let (mut c, mut c2, mut c3) = (1.0, 1.0, 1.0);
        let (mut s, mut s2) = (0.0, 0.0);
        let beside = self.e[l + 1];
        for i in (l..m).rev() {
            c3 = c2;
            c2 = c;
            s2 = s;
            let g = c * self.e[i];
            let h = c * p;
            let r = p.hypot(self.e[i]);
            self.e[i + 1] = s * r;
            s = self.e[i] / r;
            c = p / r;
            p = c * self.d[i] - s * g;
            self.d[i + 1] = h + s * (c * g + s * self.d[i]);
            for k in 0..n {
                let row = &mut self.v[k * n + i..k * n + i + 2];
                let (low, high) = (row[0], row[1]);
                row[1] = s * low + c * high;
                row[0] = c * low - s * high;
            }
        }
        let p = -s * s2 * c3 * beside * self.e[l] / next;
        self.e[l] = s * p;
        self.d[l] = c * p;
        shift
    }

    fn sorted(self) -> Eigen {
        let n = self.n;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| self.d[*a].total_cmp(&self.d[*b]));
        let mut vectors = vec![0.0; n * n];
        for (to, from) in order.iter().enumerate() {
            for row in 0..n {
                vectors[row * n + to] = self.v[row * n + from];
            }
        }
        Eigen {
            values: order.iter().map(|it| self.d[*it]).collect(),
            vectors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn vectors_times_values_give_the_matrix_back() {
        for n in [1, 2, 3, 10, 40] {
            let mut random = Random::new(n as u64);
            let mut matrix = vec![0.0; n * n];
            for row in 0..n {
                for column in 0..=row {
                    let value = random.normal();
                    matrix[row * n + column] = value;
                    matrix[column * n + row] = value;
                }
            }
            let eigen = symmetric(matrix.clone(), n);
            assert!(eigen.values.is_sorted());
            for row in 0..n {
                for column in 0..n {
                    let parts = (0..n).map(|k| {
                        eigen.vectors[row * n + k] * eigen.values[k] * eigen.vectors[column * n + k]
                    });
                    let back: f64 = parts.sum();
                    assert!(
                        (back - matrix[row * n + column]).abs() < 1e-9,
                        "{n}: {row}, {column}"
                    );
                }
            }
        }
    }

    #[test]
    fn equal_rows_have_one_direction() {
        let eigen = symmetric(vec![2.0; 9], 3);
        assert!((eigen.values[2] - 6.0).abs() < 1e-12 && eigen.values[1].abs() < 1e-12);
        assert_eq!(symmetric(vec![0.0; 4], 2).values, [0.0, 0.0]);
        assert!(symmetric(Vec::new(), 0).values.is_empty());
    }
}
