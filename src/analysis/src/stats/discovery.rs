//! What remains significant among many.

/// The q-value of each p-value: the share of false discoveries to expect when all
/// that are at most as large are believed. `NaN` counts as 1.
///
/// # Source
///
/// Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of
/// the Royal Statistical Society B 57 (1995).
pub fn q_values(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let p = |i: usize| {
        let value = p_values[i];
        if value.is_nan() { 1.0 } else { value }
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| p(*a).total_cmp(&p(*b)));
    let mut q = vec![1.0; n];
    let mut smallest: f64 = 1.0;
    for (rank, i) in order.into_iter().enumerate().rev() {
        smallest = smallest.min(p(i) * n as f64 / (rank + 1) as f64);
        q[i] = smallest;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_values_are_those_of_the_definition() {
        let q = q_values(&[0.01, 0.04, 0.03, f64::NAN]);
        let want = [0.04, 0.16 / 3.0, 0.16 / 3.0, 1.0];
        for (got, want) in q.iter().zip(want) {
            assert!((got - want).abs() < 1e-12, "{q:?}");
        }
        assert!(q_values(&[]).is_empty());
    }
}
