//! How throughput grows with processors, processes or users: Amdahl, Gustafson, USL.
//!
//! The universal scalability law is fitted by least squares on the throughputs, its scale
//! taken out, within `0 <= alpha, beta <= 1`. The classic quadratic through deviations from
//! linearity ([`quadratic`]) is another estimator and gives other numbers.
//!
//! # Source
//!
//! N. J. Gunther, *Guerrilla Capacity Planning*, 2007; G. M. Amdahl, 1967; J. L. Gustafson,
//! 1988.

use super::{SolveError, bounded, length, not_negative, positive};
use crate::fit;

mod honest;

pub use honest::{Answer, honest};

/// Points of a fit, at most.
pub const POINTS_MAX: usize = 10_000;

/// Times as fast with `processors` on a program whose share `parallel` can use them;
/// `None` is infinitely many.
///
/// # Errors
///
/// A share outside 0 to 1, or less than one processor.
pub fn amdahl(parallel: f64, processors: Option<f64>) -> Result<f64, SolveError> {
    let parallel = share(parallel)?;
    let rest = match processors {
        None => 0.0,
        Some(processors) => parallel / at_least_one(processors)?,
    };
    Ok(1.0 / (1.0 - parallel + rest))
}

/// Times as much work in the same time on `processors`, where the share `serial` does not
/// grow.
///
/// # Errors
///
/// As [`amdahl`].
pub fn gustafson(serial: f64, processors: f64) -> Result<f64, SolveError> {
    let serial = share(serial)?;
    Ok(serial + at_least_one(processors)? * (1.0 - serial))
}

fn share(value: f64) -> Result<f64, SolveError> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(value),
        false => Err(SolveError::Number {
            what: "the share",
            value,
            want: "0 to 1",
        }),
    }
}

fn at_least_one(value: f64) -> Result<f64, SolveError> {
    match value.is_finite() && value >= 1.0 {
        true => Ok(value),
        false => Err(SolveError::Number {
            what: "the number of processors",
            value,
            want: "1 or more",
        }),
    }
}

/// The universal scalability law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// Contention.
    pub alpha: f64,
    /// Coherency.
    pub beta: f64,
    /// Throughput of one.
    pub gamma: f64,
}

impl Law {
    /// Throughput of so many.
    pub fn at(&self, n: f64) -> f64 {
        self.gamma * capacity(self.alpha, self.beta, n)
    }

    /// Where throughput is highest; `None` where it never falls.
    pub fn peak(&self) -> Option<f64> {
        (self.beta > 0.0 && self.alpha < 1.0).then(|| ((1.0 - self.alpha) / self.beta).sqrt())
    }

    /// What throughput would not pass without coherency; `None` without contention.
    pub fn limit(&self) -> Option<f64> {
        (self.alpha > 0.0).then(|| self.gamma / self.alpha)
    }

    /// Where linear growth would meet the limit; `None` without contention.
    pub fn optimum(&self) -> Option<f64> {
        (self.alpha > 0.0).then(|| 1.0 / self.alpha)
    }
}

/// Relative capacity of the law.
fn capacity(alpha: f64, beta: f64, n: f64) -> f64 {
    n / (1.0 + alpha * (n - 1.0) + beta * n * (n - 1.0))
}

/// A fitted law.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The law.
    pub law: Law,
    /// Standard deviation of the residuals.
    pub sigma: f64,
    /// The same of the residuals as shares of what was fitted.
    pub relative: f64,
    /// Standard errors of alpha, beta and gamma; `None` where a parameter lies at a bound.
    pub errors: Option<[f64; 3]>,
    /// Parameters at a bound, by name.
    pub at_bound: Vec<&'static str>,
    /// Distinct numbers that were measured.
    pub distinct: usize,
    /// The largest number that was measured.
    pub most: f64,
}

/// Below this a parameter lies at its bound.
const AT_BOUND: f64 = 1e-12;

/// Fits the law.
///
/// # Errors
///
/// Fewer than three points, or numbers that are none.
pub fn fit_law(n: &[f64], throughput: &[f64]) -> Result<Fitted, SolveError> {
    check(n, throughput)?;
    let points: Vec<(f64, f64)> = n.iter().copied().zip(throughput.iter().copied()).collect();
    let (alpha, beta) = search(&points);
    let (alpha, beta) = polished(&points, alpha, beta);
    let law = Law {
        alpha,
        beta,
        gamma: scale(&points, alpha, beta),
    };
    let square: f64 = points.iter().map(|(n, x)| (x - law.at(*n)).powi(2)).sum();
    let freedom = points.len() as f64 - 3.0;
    let sigma = (square / freedom.max(1.0)).sqrt();
    let shares: f64 = points
        .iter()
        .map(|(n, x)| (x / law.at(*n) - 1.0).powi(2))
        .sum();
    let mut at_bound = Vec::new();
    for (name, value) in [("alpha", alpha), ("beta", beta)] {
        if value <= AT_BOUND || value >= 1.0 - AT_BOUND {
            at_bound.push(name);
        }
    }
    let errors = match at_bound.is_empty() && freedom > 0.0 {
        true => errors(&points, &law, sigma),
        false => None,
    };
    let mut distinct: Vec<f64> = n.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    Ok(Fitted {
        law,
        sigma,
        relative: (shares / freedom.max(1.0)).sqrt(),
        errors,
        at_bound,
        distinct: distinct.len(),
        most: distinct.last().copied().unwrap_or(0.0),
    })
}

fn check(n: &[f64], throughput: &[f64]) -> Result<(), SolveError> {
    length("the throughputs", throughput, n.len())?;
    bounded("the number of points", n.len() as f64, POINTS_MAX as f64)?;
    if n.len() < 3 {
        return Err(SolveError::Shape {
            what: "the points",
            found: n.len(),
            want: 3,
        });
    }
    for (n, x) in n.iter().zip(throughput) {
        at_least_one(*n)?;
        not_negative("a throughput", *x)?;
    }
    positive(
        "the highest throughput",
        throughput.iter().copied().fold(0.0, f64::max),
    )?;
    Ok(())
}

/// The best scale for a shape.
fn scale(points: &[(f64, f64)], alpha: f64, beta: f64) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for (n, x) in points {
        let c = capacity(alpha, beta, *n);
        product += c * x;
        square += c * c;
    }
    product / square
}

fn missed(points: &[(f64, f64)], alpha: f64, beta: f64) -> f64 {
    let gamma = scale(points, alpha, beta);
    let off = |(n, x): &(f64, f64)| (x - gamma * capacity(alpha, beta, *n)).powi(2);
    points.iter().map(off).sum()
}

/// The best shape: for each of many coherencies the best contention, then nearer.
fn search(points: &[(f64, f64)]) -> (f64, f64) {
    let starts =
        std::iter::once(0.0).chain((0..64).map(|i| 10_f64.powf(-9.0 + 9.0 * f64::from(i) / 63.0)));
    let starts: Vec<f64> = starts.collect();
    let of = |beta: f64| {
        let (alpha, missed) = best_alpha(points, beta);
        (alpha, beta, missed)
    };
    let tried: Vec<(f64, f64, f64)> = starts.iter().map(|it| of(*it)).collect();
    let best = tried
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.2.total_cmp(&b.1.2));
    let Some((place, best)) = best else {
        return (0.0, 0.0);
    };
    let low = starts[place.saturating_sub(1)];
    let high = starts[(place + 1).min(starts.len() - 1)];
    let beta = golden(low, high, |beta| of(beta).2);
    let near = of(beta);
    // The bound itself is better where the search only comes near to it.
    match near.2 < best.2 {
        true => (near.0, near.1),
        false => (best.0, best.1),
    }
}

fn best_alpha(points: &[(f64, f64)], beta: f64) -> (f64, f64) {
    let alpha = golden(0.0, 1.0, |alpha| missed(points, alpha, beta));
    let inside = missed(points, alpha, beta);
    let ends = [0.0, 1.0].map(|it| (it, missed(points, it, beta)));
    ends.into_iter()
        .filter(|it| it.1 <= inside)
        .fold(
            (alpha, inside),
            |best, it| if it.1 <= best.1 { it } else { best },
        )
}

/// The place of the least value between two, for a function with one valley.
fn golden(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 80;
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..STEPS {
        if fa <= fb {
            (high, b, fb) = (b, a, fa);
            a = high - ratio * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + ratio * (high - low);
            fb = f(b);
        }
    }
    (low + high) / 2.0
}

/// Gauss and Newton on the free parameters, which finds the last digits.
fn polished(points: &[(f64, f64)], mut alpha: f64, mut beta: f64) -> (f64, f64) {
    const STEPS: usize = 50;
    for _ in 0..STEPS {
        let law = Law {
            alpha,
            beta,
            gamma: scale(points, alpha, beta),
        };
        let free = [
            alpha > AT_BOUND && alpha < 1.0,
            beta > AT_BOUND && beta < 1.0,
        ];
        let rows: Vec<Vec<f64>> = points.iter().map(|(n, _)| slopes(&law, *n, free)).collect();
        let off: Vec<f64> = points.iter().map(|(n, x)| x - law.at(*n)).collect();
        let Some(step) = fit::ordinary(&rows, &off) else {
            break;
        };
        let mut steps = step.coefficients.iter();
        let mut next = [alpha, beta];
        for (value, free) in next.iter_mut().zip(free) {
            if free {
                *value = (*value + steps.next().copied().unwrap_or(0.0)).clamp(0.0, 1.0);
            }
        }
        if missed(points, next[0], next[1]) > missed(points, alpha, beta) {
            break;
        }
        let moved = (next[0] - alpha).abs() + (next[1] - beta).abs();
        [alpha, beta] = next;
        if moved < 1e-15 {
            break;
        }
    }
    (alpha, beta)
}

/// How the throughput follows the free ones of alpha and beta, and gamma.
fn slopes(law: &Law, n: f64, free: [bool; 2]) -> Vec<f64> {
    let below = 1.0 + law.alpha * (n - 1.0) + law.beta * n * (n - 1.0);
    let common = -law.gamma * n / (below * below);
    let all = [common * (n - 1.0), common * n * (n - 1.0), n / below];
    let kept = [free[0], free[1], true];
    all.into_iter()
        .zip(kept)
        .filter(|it| it.1)
        .map(|it| it.0)
        .collect()
}

fn errors(points: &[(f64, f64)], law: &Law, sigma: f64) -> Option<[f64; 3]> {
    let rows: Vec<Vec<f64>> = points
        .iter()
        .map(|(n, _)| slopes(law, *n, [true, true]))
        .collect();
    // Unit errors of a fit through these slopes, whatever is fitted.
    let ones = vec![0.0; rows.len()];
    let mut off = ones.clone();
    off[0] = 1.0;
    let unit = fit::ordinary(&rows, &off)?;
    let errors: Vec<f64> = unit
        .errors
        .iter()
        .map(|it| it / unit.sigma * sigma)
        .collect();
    errors.try_into().ok()
}

/// The law by the quadratic through deviations from linearity: alpha and beta.
///
/// # Errors
///
/// No measurement of one, or fewer than three points.
///
/// # Source
///
/// N. J. Gunther, *Guerrilla Capacity Planning*, chapter 5.
pub fn quadratic(n: &[f64], throughput: &[f64]) -> Result<Law, SolveError> {
    check(n, throughput)?;
    let one = one(n, throughput)?;
    let rows: Vec<Vec<f64>> = n.iter().map(|n| vec![(n - 1.0).powi(2), n - 1.0]).collect();
    let y: Vec<f64> = n
        .iter()
        .zip(throughput)
        .map(|(n, x)| n / (x / one) - 1.0)
        .collect();
    let fit = fit::ordinary(&rows, &y).ok_or_else(|| {
        SolveError::Undetermined("too few different numbers for a quadratic".to_owned())
    })?;
    let (beta, sum) = (fit.coefficients[0], fit.coefficients[1]);
    Ok(Law {
        alpha: sum - beta,
        beta,
        gamma: one,
    })
}

/// Throughputs over that of one, and over so many times that of one.
///
/// # Errors
///
/// No measurement of one.
pub fn relative(n: &[f64], throughput: &[f64]) -> Result<(Vec<f64>, Vec<f64>), SolveError> {
    length("the throughputs", throughput, n.len())?;
    let one = one(n, throughput)?;
    let capacity: Vec<f64> = throughput.iter().map(|it| it / one).collect();
    let efficiency = capacity.iter().zip(n).map(|(c, n)| c / n).collect();
    Ok((capacity, efficiency))
}

fn one(n: &[f64], throughput: &[f64]) -> Result<f64, SolveError> {
    let own = n
        .iter()
        .zip(throughput)
        .find(|it| (*it.0 - 1.0).abs() < 1e-9);
    let own =
        own.ok_or_else(|| SolveError::Undetermined("nothing was measured at one".to_owned()))?;
    positive("the throughput of one", *own.1)
}
