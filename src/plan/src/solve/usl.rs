//! The universal scalability law, fitted to measured throughput.
//!
//! Least squares on throughput, contention and coherency held between zero and one. The
//! throughput of one enters linearly, so it is solved for at each step; the other two are
//! searched from many starts.
//!
//! Start at [`fit`].
//!
//! # Source
//!
//! N. J. Gunther, "Guerrilla Capacity Planning" (2007). G. H. Golub, V. Pereyra, "The
//! differentiation of pseudo-inverses and nonlinear least squares problems whose
//! variables separate", SIAM J. Numerical Analysis 10 (1973). D. W. Marquardt, "An
//! algorithm for least-squares estimation of nonlinear parameters", J. SIAM 11 (1963).

use super::scaling::Usl;
use super::{SolveError, check};
use crate::fit as linear_fit;

/// Measurements, at most.
pub const MOST_POINTS: usize = 20_000;

/// Steps from one start, at most.
const MOST_STEPS: usize = 300;

/// Points times starts, at most: with many points there are fewer starts.
const MOST_WORK: usize = 200_000;

/// Where contention is searched from.
const ALPHAS: [f64; 5] = [0.0, 0.01, 0.05, 0.2, 0.6];

/// Where coherency is searched from.
const BETAS: [f64; 6] = [0.0, 1e-6, 1e-4, 1e-3, 1e-2, 0.1];

/// A step that gains less than this share of the squares is the last.
const LEAST_GAIN: f64 = 1e-15;

/// Standard errors of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Of the contention.
    pub alpha: f64,
    /// Of the coherency.
    pub beta: f64,
    /// Of the throughput of one.
    pub gamma: f64,
}

/// A parameter that stopped at the end of its range and is therefore unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtBound {
    /// The contention.
    Alpha,
    /// The coherency: no peak is known.
    Beta,
}

impl AtBound {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Beta => "beta",
        }
    }
}

/// A fitted law.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The law.
    pub usl: Usl,
    /// Standard deviation of the residuals; none without a spare point.
    pub sigma: Option<f64>,
    /// Standard errors; none without a spare point or with a parameter at a bound, where
    /// they would have no meaning.
    pub errors: Option<Errors>,
    /// Parameters that are unknown.
    pub at_bound: Vec<AtBound>,
    /// Throughput by the law at each measurement.
    pub fitted: Vec<f64>,
    /// Different values of N.
    pub distinct: usize,
}

/// Fits the law.
///
/// # Errors
///
/// [`SolveError::Shape`] for lists of different length, [`SolveError::Input`] for numbers
/// that are not positive, [`SolveError::Undetermined`] with fewer than three different N.
pub fn fit(n: &[f64], throughput: &[f64]) -> Result<Fit, SolveError> {
    let scale = checked(n, throughput)?;
    let data = Data::of(n, throughput, scale);
    let best = data.search();
    let usl = Usl {
        alpha: best.at[0],
        beta: best.at[1],
        gamma: best.gamma * scale,
    };
    let spare = n.len().saturating_sub(3);
    let sigma = (spare > 0).then(|| (best.squares / spare as f64).sqrt() * scale);
    let at_bound = at_bound(best.at);
    let errors = sigma
        .filter(|_| at_bound.is_empty())
        .and_then(|sigma| errors(n, &usl, sigma));
    Ok(Fit {
        usl,
        sigma,
        errors,
        at_bound,
        fitted: n.iter().map(|it| usl.throughput(*it)).collect(),
        distinct: distinct(n),
    })
}

/// Fits the law without coherency, under which throughput has no peak.
///
/// # Errors
///
/// As [`fit`].
pub fn fit_without_peak(n: &[f64], throughput: &[f64]) -> Result<Usl, SolveError> {
    let scale = checked(n, throughput)?;
    let data = Data::of(n, throughput, scale);
    let starts = ALPHAS
        .iter()
        .map(|alpha| data.descend([*alpha, 0.0], Beta::Zero));
    let best = starts.fold(data.place([1.0, 0.0]), Place::better);
    Ok(Usl {
        alpha: best.at[0],
        beta: 0.0,
        gamma: best.gamma * scale,
    })
}

/// Refuses what cannot be fitted; the largest throughput.
fn checked(n: &[f64], throughput: &[f64]) -> Result<f64, SolveError> {
    check::some("the list of N", n.len())?;
    check::length("the list of throughputs", throughput.len(), n.len())?;
    check::at_most("the number of measurements", n.len() as f64, MOST_POINTS)?;
    for (n, x) in n.iter().zip(throughput) {
        check::positive("an N", *n)?;
        check::not_negative("a throughput", *x)?;
    }
    if distinct(n) < 3 {
        return Err(SolveError::Undetermined(
            "three parameters need throughput at three different N or more",
        ));
    }
    let scale = throughput.iter().copied().fold(0.0, f64::max);
    check::positive("the largest throughput", scale)
}

fn distinct(n: &[f64]) -> usize {
    let mut sorted = n.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}

fn at_bound(at: [f64; 2]) -> Vec<AtBound> {
    let ends = |it: f64| it <= 0.0 || it >= 1.0;
    let names = [AtBound::Alpha, AtBound::Beta];
    let pairs = names.into_iter().zip(at);
    pairs
        .filter(|(_, it)| ends(*it))
        .map(|(name, _)| name)
        .collect()
}

/// Change of the throughput with alpha, beta and gamma.
pub(super) fn slopes(usl: &Usl, n: f64) -> [f64; 3] {
    let x = usl.throughput(n);
    let slowed = 1.0 + usl.alpha * (n - 1.0) + usl.beta * n * (n - 1.0);
    [
        -x * (n - 1.0) / slowed,
        -x * n * (n - 1.0) / slowed,
        n / slowed,
    ]
}

/// Standard errors from the slopes at the fit.
fn errors(n: &[f64], usl: &Usl, sigma: f64) -> Option<Errors> {
    let slopes: Vec<[f64; 3]> = n.iter().map(|it| slopes(usl, *it)).collect();
    let columns: Vec<Vec<f64>> = (0..3)
        .map(|j| slopes.iter().map(|row| row[j]).collect())
        .collect();
    let [alpha, beta, gamma] = linear_fit::deviations(&columns).ok()?.try_into().ok()?;
    Some(Errors {
        alpha: alpha * sigma,
        beta: beta * sigma,
        gamma: gamma * sigma,
    })
}

/// Measurements, throughput relative to the largest.
struct Data<'a> {
    n: &'a [f64],
    x: Vec<f64>,
}

/// A place of the search.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: [f64; 2],
    gamma: f64,
    squares: f64,
}

/// Slopes of the residuals, multiplied together: what a step needs.
#[derive(Clone, Copy, Default)]
struct Normal {
    gradient: [f64; 2],
    curvature: [[f64; 2]; 2],
}

/// Whether coherency is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beta {
    Free,
    Zero,
}

impl Place {
    /// The one that leaves less.
    fn better(self, other: Self) -> Self {
        match other.squares < self.squares {
            true => other,
            false => self,
        }
    }
}

impl<'a> Data<'a> {
    fn of(n: &'a [f64], throughput: &[f64], scale: f64) -> Self {
        let x = throughput.iter().map(|it| it / scale).collect();
        Self { n, x }
    }

    /// The least squares from all starts.
    fn search(&self) -> Place {
        let starts = (MOST_WORK / self.n.len()).max(3);
        let all = ALPHAS.iter().flat_map(|a| BETAS.iter().map(|b| [*a, *b]));
        let step = (ALPHAS.len() * BETAS.len()).div_ceil(starts).max(1);
        let found = all.step_by(step).map(|it| self.descend(it, Beta::Free));
        found.fold(self.place([0.0, 0.0]), Place::better)
    }

    /// The best throughput of one for given contention and coherency, and what is left.
    fn place(&self, at: [f64; 2]) -> Place {
        let law = unit(at);
        let (mut both, mut square) = (0.0, 0.0);
        for (n, x) in self.n.iter().zip(&self.x) {
            let shape = law.throughput(*n);
            both += shape * x;
            square += shape * shape;
        }
        let gamma = both / square;
        let left = |(n, x): (&f64, &f64)| (x - gamma * law.throughput(*n)).powi(2);
        let squares: f64 = self.n.iter().zip(&self.x).map(left).sum();
        Place {
            at,
            gamma,
            squares: if squares.is_nan() {
                f64::INFINITY
            } else {
                squares
            },
        }
    }

    /// Goes downhill from a start, held within the bounds.
    fn descend(&self, start: [f64; 2], beta: Beta) -> Place {
        let mut here = self.place(start);
        let mut damping = 1e-3;
        for _ in 0..MOST_STEPS {
            if !here.squares.is_finite() || damping > 1e15 {
                break;
            }
            let mut normal = self.normal(&here);
            if beta == Beta::Zero {
                normal.gradient[1] = f64::NEG_INFINITY;
            }
            let there = self.place(stepped(here.at, &normal, damping));
            if there.squares < here.squares {
                let gain = here.squares - there.squares;
                let last = gain <= LEAST_GAIN * here.squares && damping <= 1e-6;
                here = there;
                damping = (damping / 10.0).max(1e-12);
                if last {
                    break;
                }
            } else {
                damping *= 10.0;
            }
        }
        here
    }

    fn normal(&self, here: &Place) -> Normal {
        let law = unit(here.at);
        let rows = self.n.iter().zip(&self.x);
        let (mut square, mut with, mut along) = (0.0, [0.0; 2], [0.0; 2]);
        for (n, x) in rows.clone() {
            let [alpha, beta, shape] = slopes(&law, *n);
            square += shape * shape;
            for (j, slope) in [alpha, beta].into_iter().enumerate() {
                with[j] += slope * x;
                along[j] += slope * shape;
            }
        }
        // How the best throughput of one moves along.
        let gamma = |j: usize| (with[j] - 2.0 * here.gamma * along[j]) / square;
        let moves = [gamma(0), gamma(1)];
        let mut normal = Normal::default();
        for (n, x) in rows {
            let [alpha, beta, shape] = slopes(&law, *n);
            let residual = x - here.gamma * shape;
            let slope = [
                here.gamma * alpha + shape * moves[0],
                here.gamma * beta + shape * moves[1],
            ];
            for i in 0..2 {
                normal.gradient[i] += slope[i] * residual;
                for j in 0..2 {
                    normal.curvature[i][j] += slope[i] * slope[j];
                }
            }
        }
        normal
    }
}

fn unit([alpha, beta]: [f64; 2]) -> Usl {
    Usl {
        alpha,
        beta,
        gamma: 1.0,
    }
}

/// A damped step within the bounds; what stands at one and pushes outward stays.
fn stepped(at: [f64; 2], normal: &Normal, damping: f64) -> [f64; 2] {
    let held = |j: usize| {
        (at[j] <= 0.0 && normal.gradient[j] <= 0.0) || (at[j] >= 1.0 && normal.gradient[j] >= 0.0)
    };
    let curvature = |j: usize| normal.curvature[j][j] * (1.0 + damping);
    let alone = |j: usize| normal.gradient[j] / curvature(j);
    let cross = normal.curvature[0][1];
    let size = curvature(0) * curvature(1) - cross * cross;
    let step = match (held(0), held(1)) {
        (true, true) => [0.0, 0.0],
        (true, false) => [0.0, alone(1)],
        (false, true) => [alone(0), 0.0],
        (false, false) if size > 0.0 => [
            (normal.gradient[0] * curvature(1) - cross * normal.gradient[1]) / size,
            (normal.gradient[1] * curvature(0) - cross * normal.gradient[0]) / size,
        ],
        (false, false) => [alone(0), alone(1)],
    };
    let clamped = |j: usize| match step[j].is_finite() {
        true => (at[j] + step[j]).clamp(0.0, 1.0),
        false => at[j],
    };
    [clamped(0), clamped(1)]
}
