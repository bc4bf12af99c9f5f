//! How throughput grows with processors, copies or customers, by formula.
//!
//! * [`amdahl`], [`gustafson`]: a part that cannot be divided.
//! * [`Usl`]: Gunther's universal scalability law, contention and coherency;
//!   [`gunther`] estimates it by his quadratic, [`super::usl`] by least squares.
//!
//! # Source
//!
//! G. M. Amdahl, AFIPS 30 (1967); J. L. Gustafson, CACM 31 (1988); N. J. Gunther,
//! "Guerrilla Capacity Planning" (2007), chapters 4 to 6.

use crate::fit::{self, Intercept, Problem};

use super::{SolveError, check};

/// Speed on `processors` for work of which `parallel` can be divided; without a number of
/// processors the limit, which is infinite for work that can be divided wholly.
///
/// # Errors
///
/// [`SolveError::Input`] for a part that is none, or fewer than one processor.
pub fn amdahl(parallel: f64, processors: Option<f64>) -> Result<f64, SolveError> {
    check::share("the parallel part", parallel)?;
    match processors {
        None => Ok(1.0 / (1.0 - parallel)),
        Some(processors) => {
            check::positive("the number of processors", processors)?;
            Ok(1.0 / (1.0 - parallel + parallel / processors))
        }
    }
}

/// Speed on `processors` when the parallel part grows with them.
///
/// # Errors
///
/// As [`amdahl`].
pub fn gustafson(serial: f64, processors: f64) -> Result<f64, SolveError> {
    check::share("the serial part", serial)?;
    check::positive("the number of processors", processors)?;
    Ok(serial + processors * (1.0 - serial))
}

/// `X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usl {
    /// Contention: the part that only one can do at a time.
    pub alpha: f64,
    /// Coherency: what each pair costs.
    pub beta: f64,
    /// Throughput of one.
    pub gamma: f64,
}

impl Usl {
    /// Throughput at `n`; NaN where the law has no meaning.
    pub fn throughput(&self, n: f64) -> f64 {
        let slowed = 1.0 + self.alpha * (n - 1.0) + self.beta * n * (n - 1.0);
        match slowed > 0.0 && n >= 0.0 {
            true => self.gamma * n / slowed,
            false => f64::NAN,
        }
    }

    /// Where throughput is largest; infinite without coherency.
    pub fn peak(&self) -> f64 {
        match self.beta > 0.0 {
            true => ((1.0 - self.alpha).max(0.0) / self.beta).sqrt(),
            false => f64::INFINITY,
        }
    }

    /// Throughput that contention alone would allow; infinite without it.
    pub fn limit(&self) -> f64 {
        self.gamma / self.alpha
    }

    /// Where linear growth would reach the limit; infinite without contention.
    pub fn optimum(&self) -> f64 {
        1.0 / self.alpha
    }

    /// Refuses parameters outside of the law.
    pub fn check(&self) -> Result<(), SolveError> {
        check::not_negative("the contention alpha", self.alpha)?;
        check::not_negative("the coherency beta", self.beta)?;
        check::not_negative("the throughput of one", self.gamma)?;
        Ok(())
    }
}

/// Throughput relative to that of one, and per one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relative {
    /// Capacity.
    pub capacity: f64,
    /// Capacity per one.
    pub efficiency: f64,
}

/// Capacity relative to the throughput of one: that measured at 1, or else that per one
/// at the least `n`.
///
/// # Errors
///
/// [`SolveError::Shape`] for lists of different length, [`SolveError::Input`] for numbers
/// that are not positive.
pub fn relative(n: &[f64], throughput: &[f64]) -> Result<Vec<Relative>, SolveError> {
    let one = throughput_of_one(n, throughput)?;
    let pairs = n.iter().zip(throughput);
    Ok(pairs
        .map(|(n, x)| Relative {
            capacity: x / one,
            efficiency: x / one / n,
        })
        .collect())
}

fn throughput_of_one(n: &[f64], throughput: &[f64]) -> Result<f64, SolveError> {
    check::some("the list of N", n.len())?;
    check::length("the list of throughputs", throughput.len(), n.len())?;
    for (n, x) in n.iter().zip(throughput) {
        check::positive("an N", *n)?;
        check::positive("a throughput", *x)?;
    }
    let pairs = n.iter().zip(throughput);
    let least = pairs.min_by(|a, b| a.0.total_cmp(b.0));
    Ok(least.map_or(f64::NAN, |(n, x)| x / n))
}

/// Gunther's own estimate: a quadratic in `N - 1` for the deviation from linear growth.
///
/// It is another estimator than least squares on throughput, gives other numbers on the
/// same data, and may give negative ones.
///
/// # Errors
///
/// As [`relative`]; [`SolveError::Undetermined`] with fewer than two values above one.
pub fn gunther(n: &[f64], throughput: &[f64]) -> Result<Usl, SolveError> {
    let relative = relative(n, throughput)?;
    let one = throughput_of_one(n, throughput)?;
    let x: Vec<f64> = n.iter().map(|it| it - 1.0).collect();
    let squares = x.iter().map(|it| it * it).collect();
    let pairs = n.iter().zip(&relative);
    let deviation: Vec<f64> = pairs.map(|(n, it)| n / it.capacity - 1.0).collect();
    let fitted = fit::least_squares(&Problem {
        columns: &[squares, x],
        target: &deviation,
        intercept: Intercept::Zero,
        weights: None,
    });
    match fitted.as_ref().map(|it| it.coefficients.as_slice()) {
        Ok([square, linear]) => Ok(Usl {
            alpha: linear - square,
            beta: *square,
            gamma: one,
        }),
        _ => Err(SolveError::Undetermined(
            "the quadratic needs throughput at two values of N above one",
        )),
    }
}
