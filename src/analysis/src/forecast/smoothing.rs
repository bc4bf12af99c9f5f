//! Smoothing methods: simple, with a damped trend, and Theta.
//!
//! Each is fitted by its one-step errors on a bounded stretch of the past, on a
//! small grid of parameters, with surprises clipped so that one outlier moves a
//! level only a little.
//!
//! * In: values with gaps; a gap leaves the level as it is.
//! * Out: parameters, and a path of any length.
//! * Never: looks at more than [`WINDOW`] rows.
//!
//! Start at [`Method::fitted`] and [`Method::path`].
//!
//! # Source
//!
//! E. S. Gardner, E. McKenzie, "Forecasting trends in time series", Management
//! Science 31 (1985), for the damped trend; J. A. Fiorucci, T. R. Pellegrini,
//! F. Louzada, F. Petropoulos, A. B. Koehler, "Models for optimising the theta
//! method and their relationship to state space models", International Journal of
//! Forecasting 32 (2016), for the dynamic optimised Theta; S. Gelper, R. Fried,
//! C. Croux, "Robust forecasting with exponential and Holt-Winters smoothing",
//! Journal of Forecasting 29 (2010), for the clipping.

use crate::stats::order;

/// Rows that a smoothing method learns from.
pub(crate) const WINDOW: usize = 400;

/// A surprise beyond so many scales counts as this many.
const CLIP: f64 = 4.0;

const WEIGHTS: [f64; 7] = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 0.95];
const TREND_WEIGHTS: [f64; 3] = [0.02, 0.1, 0.3];
const DAMPINGS: [f64; 3] = [0.85, 0.95, 0.99];
const THETAS: [f64; 3] = [1.5, 2.0, 4.0];

/// A smoothing method with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    /// Simple exponential smoothing.
    Simple { weight: f64 },
    /// Holt's trend, which fades.
    Damped {
        weight: f64,
        trend_weight: f64,
        damping: f64,
    },
    /// Dynamic optimised Theta.
    Theta { weight: f64, theta: f64 },
}

/// Which method to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Simple exponential smoothing.
    Simple,
    /// Holt's trend, which fades.
    Damped,
    /// Dynamic optimised Theta.
    Theta,
}

impl Method {
    /// The parameters with the smallest one-step errors on these values.
    pub(crate) fn fitted(sort: Sort, values: &[f64]) -> Self {
        let clip = clip(values);
        let mut best = (f64::INFINITY, Self::first(sort));
        for method in Self::grid(sort) {
            let error = State::of(method, values, clip).error;
            if error < best.0 {
                best = (error, method);
            }
        }
        best.1
    }

    /// What it says after these values; `NaN` without any number.
    pub(crate) fn path(self, values: &[f64], out: &mut [f64]) {
        let mut state = State::of(self, values, clip(values));
        for value in out.iter_mut() {
            *value = state.expected(self);
            state.advance(self);
        }
    }

    fn first(sort: Sort) -> Self {
        match sort {
            Sort::Simple => Self::Simple { weight: 0.2 },
            Sort::Damped => Self::Damped {
                weight: 0.2,
                trend_weight: 0.1,
                damping: 0.95,
            },
            Sort::Theta => Self::Theta {
                weight: 0.2,
                theta: 2.0,
            },
        }
    }

    fn grid(sort: Sort) -> Vec<Self> {
        let mut grid = Vec::new();
        for weight in WEIGHTS {
            match sort {
                Sort::Simple => grid.push(Self::Simple { weight }),
                Sort::Theta => grid.extend(THETAS.map(|theta| Self::Theta { weight, theta })),
                Sort::Damped => {
                    for trend_weight in TREND_WEIGHTS {
                        grid.extend(DAMPINGS.map(|damping| Self::Damped {
                            weight,
                            trend_weight,
                            damping,
                        }));
                    }
                }
            }
        }
        grid
    }
}

/// The surprise beyond which values are clipped; infinite where nothing varies.
fn clip(values: &[f64]) -> f64 {
    let mut before = f64::NAN;
    let mut steps = Vec::with_capacity(values.len());
    for value in values.iter().filter(|it| it.is_finite()) {
        steps.push(value - before);
        before = *value;
    }
    match order::scale(&steps) * CLIP {
        clip if clip > 0.0 => clip,
        _ => f64::INFINITY,
    }
}

/// Where a method stands after some values.
struct State {
    level: f64,
    trend: f64,
    /// Rows seen, gaps included.
    rows: f64,
    /// Line through all values seen: mean, intercept and slope.
    mean: f64,
    intercept: f64,
    slope: f64,
    /// `(1 - weight)` to the number of rows seen.
    fade: f64,
    /// Mean squared clipped one-step error.
    error: f64,
}

impl State {
    fn of(method: Method, values: &[f64], clip: f64) -> Self {
        let start = start(values);
        let level = match method {
            // So that the first expected value is the start, as its source has it.
            Method::Theta { theta, .. } => start / theta,
            Method::Simple { .. } | Method::Damped { .. } => start,
        };
        let mut state = Self {
            level,
            trend: 0.0,
            rows: 0.0,
            mean: start,
            intercept: start,
            slope: 0.0,
            fade: 1.0,
            error: 0.0,
        };
        let (mut squares, mut count) = (0.0, 0.0);
        for value in values {
            if !value.is_finite() {
                state.advance(method);
                continue;
            }
            let expected = state.expected(method);
            let surprise = (value - expected).clamp(-clip, clip);
            squares += surprise * surprise;
            count += 1.0;
            state.take(method, expected + surprise);
        }
        state.error = squares / count;
        state
    }

    /// The value expected next.
    fn expected(&self, method: Method) -> f64 {
        match method {
            Method::Simple { .. } => self.level,
            Method::Damped { damping, .. } => self.level + damping * self.trend,
            Method::Theta { weight, theta } => {
                let next_fade = self.fade * (1.0 - weight);
                let line = self.fade * self.intercept + (1.0 - next_fade) / weight * self.slope;
                self.level + (1.0 - 1.0 / theta) * line
            }
        }
    }

    /// Goes on without a value, as if it were the expected one.
    fn advance(&mut self, method: Method) {
        match method {
            Method::Simple { .. } => {}
            Method::Damped { damping, .. } => {
                self.level += damping * self.trend;
                self.trend *= damping;
            }
            Method::Theta { .. } => self.take(method, self.expected(method)),
        }
    }

    /// Takes in the next value.
    fn take(&mut self, method: Method, value: f64) {
        match method {
            Method::Simple { weight } => self.level += weight * (value - self.level),
            Method::Damped {
                weight,
                trend_weight,
                damping,
            } => {
                let ahead = self.level + damping * self.trend;
                let level = ahead + weight * (value - ahead);
                let rise = level - self.level;
                self.trend = trend_weight * rise + (1.0 - trend_weight) * damping * self.trend;
                self.level = level;
            }
            Method::Theta { weight, .. } => self.take_theta(weight, value),
        }
    }

    fn take_theta(&mut self, weight: f64, value: f64) {
        self.rows += 1.0;
        let n = self.rows;
        self.level += weight * (value - self.level);
        self.slope = match n {
            first if first < 2.0 => 0.0,
            n => ((n - 2.0) * self.slope + 6.0 * (value - self.mean) / n) / (n + 1.0),
        };
        self.mean = ((n - 1.0) * self.mean + value) / n;
        self.intercept = self.mean - (n + 1.0) / 2.0 * self.slope;
        self.fade *= 1.0 - weight;
    }
}

/// A level to start from: the median of the first numbers.
fn start(values: &[f64]) -> f64 {
    let numbers = values.iter().copied().filter(|it| it.is_finite());
    let mut first: Vec<f64> = numbers.take(5).collect();
    order::median_in(&mut first)
}
