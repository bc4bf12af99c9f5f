//! Distributions: how likely chance alone is.
//!
//! Degenerate parameters give the cautious answer (a probability of one) instead
//! of an error, since they come from data.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Probability that a standard normal variable is below `z`.
pub fn normal_below(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(-z / std::f64::consts::SQRT_2)
}

/// The `z` below which a standard normal variable lies with this probability;
/// infinite at 0 and 1, `NaN` outside.
pub fn normal_quantile(probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    Normal::new(0.0, 1.0).map_or(f64::NAN, |normal| normal.inverse_cdf(probability))
}

/// Probability of a normal variable at least as far from zero as `z`.
pub fn normal_two_sided(z: f64) -> f64 {
    if z.is_nan() {
        return 1.0;
    }
    statrs::function::erf::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Probability of a Student variable at least as far from zero as `t`.
pub fn student_two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    StudentsT::new(0.0, 1.0, freedom)
        .map_or(1.0, |student| 2.0 * student.cdf(-t.abs()))
        .clamp(0.0, 1.0)
}

/// The `t` that a Student variable exceeds in size with probability `1 - level`.
pub fn student_quantile(level: f64, freedom: f64) -> f64 {
    let upper = 0.5 + level / 2.0;
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| student.inverse_cdf(upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree() {
        assert!((normal_quantile(0.975) - 1.959_964).abs() < 1e-5);
        assert!((normal_below(1.644_854) - 0.95).abs() < 1e-6);
        assert!((normal_two_sided(-1.959_964) - 0.05).abs() < 1e-6);
        assert!((student_quantile(0.95, 10.0) - 2.228_139).abs() < 1e-4);
        assert!((student_two_sided(2.228_139, 10.0) - 0.05).abs() < 1e-5);
        assert_eq!(student_two_sided(3.0, 0.0), 1.0);
        assert_eq!(normal_two_sided(f64::NAN), 1.0);
    }
}
