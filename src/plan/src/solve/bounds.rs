//! What no closed system of single servers passes: asymptotic and balanced-job bounds.
//!
//! # Source
//!
//! E. D. Lazowska, J. Zahorjan, G. S. Graham, K. C. Sevcik, *Quantitative System
//! Performance*, 1984, chapter 5.

use super::{SolveError, list, not_negative, positive};

/// Bounds of throughput (a second) and response time (seconds).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Asymptotic, from below.
    pub throughput_least: f64,
    /// Asymptotic, from above.
    pub throughput_most: f64,
    /// Asymptotic, from below.
    pub response_least_s: f64,
    /// Asymptotic, from above.
    pub response_most_s: f64,
    /// Of a balanced job, from below.
    pub balanced_throughput_least: f64,
    /// Of a balanced job, from above.
    pub balanced_throughput_most: f64,
    /// Of a balanced job, from below.
    pub balanced_response_least_s: f64,
    /// Of a balanced job, from above.
    pub balanced_response_most_s: f64,
    /// Where the two asymptotes meet, customers.
    pub knee: f64,
}

/// The bounds for so many customers who think so long.
///
/// # Errors
///
/// Numbers that are none; no demand above zero; less than one customer.
pub fn bounds(customers: f64, demands: &[f64], think_s: f64) -> Result<Bounds, SolveError> {
    list("a demand", demands)?;
    let n = not_negative("the number of customers", customers)?;
    if n < 1.0 {
        return Err(SolveError::Number {
            what: "the number of customers",
            value: n,
            want: "1 or more",
        });
    }
    let z = not_negative("the think time", think_s)?;
    let total: f64 = demands.iter().sum();
    let most = positive(
        "the largest demand",
        demands.iter().copied().fold(0.0, f64::max),
    )?;
    let mean = total / demands.len() as f64;
    let throughput_most = (1.0 / most).min(n / (total + z));
    let balanced_most = (1.0 / most).min(n / (total + z + (n - 1.0) * mean / (1.0 + z / total)));
    let balanced_least = n / (total + z + (n - 1.0) * most / (1.0 + z / (n * total)));
    Ok(Bounds {
        throughput_least: n / (n * total + z),
        throughput_most,
        response_least_s: total.max(n * most - z),
        response_most_s: n * total,
        balanced_throughput_least: balanced_least,
        balanced_throughput_most: balanced_most,
        balanced_response_least_s: n / balanced_most - z,
        balanced_response_most_s: n / balanced_least - z,
        knee: (total + z) / most,
    })
}
