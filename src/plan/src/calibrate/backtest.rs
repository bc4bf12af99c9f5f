//! The check inside of the recording: the lower levels predict the upper ones.
//!
//! The errors are what the model itself is wrong by, beside what its parameters are not
//! known by; intervals of predictions hold both.

use serde::Serialize;

use super::bins::{self, Bin};
use super::parameters::{self, Belief, Shape};
use crate::system;

/// Stretches that are predicted one by one are at least and at most this long,
const STRETCH_SECONDS: std::ops::RangeInclusive<f64> = 9.0..=60.0;

/// and so many are wanted.
const STRETCHES_WANTED: f64 = 8.0;

/// One stretch that was predicted from the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tested {
    /// First row of the stretch.
    pub row: usize,
    /// Users, or requests a second.
    pub load: f64,
    /// Measured and predicted requests a second.
    pub throughput: (f64, f64),
    /// Measured and predicted mean response time, seconds; `None` where not recorded.
    pub response_s: Option<(f64, f64)>,
    /// Measured and predicted share of the busiest resource.
    pub utilization: (f64, f64),
}

/// What was predicted, and how it came out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Backtest {
    /// The stretches; empty where there is only one level of load.
    pub tested: Vec<Tested>,
    /// Relative errors of the throughput, predicted over measured less one.
    pub throughput: Vec<f64>,
    /// Relative errors of the response time.
    pub response: Vec<f64>,
    /// Errors of the share of the busiest resource, as shares of its capacity.
    pub utilization: Vec<f64>,
}

/// Calibrates on the lower levels and predicts the upper ones.
pub(super) fn run(bins: &[&Bin], shape: &Shape) -> Backtest {
    let levels = bins.iter().map(|it| it.level).max().unwrap_or(0) + 1;
    if levels < 2 {
        return Backtest::default();
    }
    let middle = levels.div_ceil(2);
    let (low, high): (Vec<&Bin>, Vec<&Bin>) = bins.iter().partition(|it| it.level < middle);
    if low.len() < 3 || high.is_empty() {
        return Backtest::default();
    }
    let found = parameters::fit(&low, shape, Belief::of(shape));
    let mut backtest = Backtest::default();
    for stretch in stretches(&high) {
        let Some(measured) = bins::pooled(&stretch) else {
            continue;
        };
        let system = parameters::system_at(&measured, shape, &found);
        let Ok(solved) = system::solve(&system) else {
            continue;
        };
        backtest.take(&measured, &solved, shape);
    }
    backtest
}

/// Neighbouring bins of one level, in pieces.
fn stretches<'a>(bins: &[&'a Bin]) -> Vec<Vec<&'a Bin>> {
    let whole: f64 = bins.iter().map(|it| it.seconds).sum();
    let (least, most) = (*STRETCH_SECONDS.start(), *STRETCH_SECONDS.end());
    let length = (whole / STRETCHES_WANTED).clamp(least, most);
    let mut all: Vec<Vec<&Bin>> = Vec::new();
    for bin in bins {
        let same = all.last().and_then(|it| it.last()).is_some_and(|last| {
            let long: f64 = all
                .last()
                .map_or(0.0, |it| it.iter().map(|it| it.seconds).sum());
            last.level == bin.level && long + bin.seconds <= length * (1.0 + 1e-9)
        });
        match all.last_mut() {
            Some(stretch) if same => stretch.push(bin),
            _ => all.push(vec![bin]),
        }
    }
    all
}

impl Backtest {
    /// The check in a sentence; `None` where there was only one level of load.
    pub fn told(&self) -> Option<String> {
        let off = |errors: &[f64], what: &str, unit: &str| {
            let mut sizes: Vec<f64> = errors.iter().map(|it| it.abs() * 100.0).collect();
            sizes.sort_by(f64::total_cmp);
            let (middle, most) = (sizes.get(sizes.len() / 2)?, sizes.last()?);
            Some(format!(
                "{what} within {middle:.1} {unit} in half of them and {most:.1} {unit} in all"
            ))
        };
        let parts = [
            off(&self.throughput, "throughput", "%"),
            off(&self.response, "response time", "%"),
            off(&self.utilization, "utilization", "points"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| {
            format!(
                "from its lower loads alone the recording's upper ones are predicted, in {} stretches: {}",
                self.tested.len(),
                parts.join(", ")
            )
        })
    }

    fn take(&mut self, measured: &Bin, solved: &system::Solved, shape: &Shape) {
        let response_s = (measured.response_s - shape.think_inside_s).max(1e-9);
        let response_s = response_s.is_finite().then_some(response_s);
        let shares = measured.busy.iter().zip(&measured.capacity);
        let shares = shares.map(|(busy, capacity)| busy / capacity);
        let busiest = shares.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        let utilization = busiest.map_or((0.0, 0.0), |(k, share)| {
            (share, solved.parts[k].utilization)
        });
        if shape.closed {
            self.throughput
                .push(solved.throughput / measured.throughput - 1.0);
        }
        if let Some(response_s) = response_s {
            self.response.push(solved.response_s / response_s - 1.0);
        }
        self.utilization.push(utilization.1 - utilization.0);
        self.tested.push(Tested {
            row: measured.row,
            load: match shape.closed {
                true => measured.users,
                false => measured.throughput,
            },
            throughput: (measured.throughput, solved.throughput),
            response_s: response_s.map(|it| (it, solved.response_s)),
            utilization,
        });
    }
}
