//! Calibration: the parameters of a system from a recording, and how far they can be trusted.
//!
//! 1. Rows become bins of some seconds, bins become levels of load.
//! 2. Tests of the data say what cannot be answered, each with a code ([`crate::refusal`]).
//! 3. Demands come from processor time and requests, without a negative one; what remains
//!    of the response time is a delay of its own.
//! 4. Half of the levels, the lower ones, predict the others: the errors are kept.
//! 5. Blocks of bins are drawn again and again, and each draw gives parameters of its own.
//!
//! * In: [`Observed`].
//! * Out: a [`Calibration`], or the refusal that leaves nothing to answer.
//! * Never: extrapolates; that is the prediction's business, which knows the question.
//!
//! Start at [`calibrate`].
//!
//! # Source
//!
//! The bootstrap: H. R. Künsch, Annals of Statistics 17 (1989). Conformal intervals: V.
//! Vovk, A. Gammerman, G. Shafer, *Algorithmic Learning in a Random World*, 2005.

use analysis::stats::random::Random;
use serde::Serialize;

use crate::observe::{Cached, Observed};
use crate::refusal::Refusal;
use crate::system::{Delay, Gate, Load, Resource, Station, System};

mod backtest;
mod bins;
mod demand;
mod doubts;
mod parameters;

pub use backtest::{Backtest, Tested};
pub use bins::{Bin, last_level};
pub(crate) use doubts::OTHERS_MOST;
pub use doubts::{Doubt, Scope};
use parameters::Belief;
pub use parameters::{ClassDemand, Parameters};

/// How it is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Resamples.
    pub draws: usize,
    /// Of the resamples.
    pub seed: u64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            draws: 400,
            seed: 0x6b79_6d6f,
        }
    }
}

/// Least seconds of a block that is drawn as a whole.
const BLOCK_SECONDS: f64 = 30.0;

/// Blocks reach twice to where neighbours are alike by less than this.
const ALIKE: f64 = 0.1;

/// Fewer bins than this are no recording to calibrate on.
pub const BINS_LEAST: usize = 6;

/// The point that the recording ends at, as measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Requests a second.
    pub throughput: f64,
    /// Mean response time without the part of the think time in it; seconds.
    pub response_s: Option<f64>,
    /// 95th percentile.
    pub p95_s: Option<f64>,
    /// 99th percentile.
    pub p99_s: Option<f64>,
    /// Users, where known.
    pub users: Option<f64>,
    /// Share of its capacity that each resource had busy.
    pub utilization: Vec<f64>,
}

/// What was seen, from the least to the most.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Range {
    /// Requests a second.
    pub throughput: (f64, f64),
    /// Users, where known.
    pub users: Option<(f64, f64)>,
    /// Share of the capacity of each resource.
    pub utilization: Vec<(f64, f64)>,
    /// Requests in all.
    pub requests: f64,
}

/// How the tail of the response times follows the mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tail {
    /// The percentile where nobody waits, seconds.
    pub base_s: f64,
    /// Mean wait there, seconds.
    pub base_wait_s: f64,
    /// Seconds that the percentile grows for a second more of mean wait.
    pub growth: f64,
}

/// What is known of a resource beside its parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Known {
    /// What it is called.
    pub name: String,
    /// Host it belongs to.
    pub host: String,
    /// What kind it is.
    pub resource: Resource,
    /// Control groups that it is; empty where it is the whole host.
    pub groups: Vec<String>,
    /// Units that the host has.
    pub units: f64,
    /// Units of them that the application may use at once, but for a quota.
    pub cores: f64,
    /// Units that others used in the mean, or that were busy without requests.
    pub others: f64,
    /// Whether those are told apart from the background of the application.
    pub apart: bool,
    /// Units of those that no control group of the recording accounts for.
    pub unnamed: f64,
}

/// Work beside the application, in the mean over the recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beside {
    /// A control group's path or a process's name.
    pub name: String,
    /// Host it runs on.
    pub host: String,
    /// Processors it used in the mean.
    pub busy: f64,
}

/// A calibrated system.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// What was calibrated.
    pub subject: String,
    /// The resources.
    pub resources: Vec<Known>,
    /// Work beside the application.
    pub beside: Vec<Beside>,
    /// What its control groups hold in memory: path and bytes.
    pub memory: Vec<(String, f64)>,
    /// Its cache, where the keys are known.
    pub cache: Option<Cached>,
    /// Peers elsewhere that requests wait for.
    pub peers: Vec<String>,
    /// Operations, with their shares of the requests.
    pub classes: Vec<(String, f64)>,
    /// The best parameters.
    pub point: Parameters,
    /// Parameters of resampled recordings.
    pub draws: Vec<Parameters>,
    /// What the parameters give for what was not used to find them.
    pub backtest: Backtest,
    /// Where the recording ends.
    pub now: Point,
    /// What was seen.
    pub range: Range,
    /// How p95 and p99 follow the mean, where they were recorded.
    pub tails: [Option<Tail>; 2],
    /// What cannot be answered, and what only roughly.
    pub doubts: Vec<Doubt>,
    /// Whether users were counted; else requests are taken to come whatever answers do.
    pub users_known: bool,
    /// What was found out on the way, for readers.
    pub notes: Vec<String>,
}

/// Finds the parameters of a system.
///
/// # Errors
///
/// The [`Refusal`] that leaves nothing to answer: too little was recorded.
pub fn calibrate(seen: &Observed, params: &Params) -> Result<Calibration, Refusal> {
    let all = bins::bins(seen);
    doubts::enough(seen, &all)?;
    let bins: Vec<&Bin> = all.iter().collect();
    let closed = bins.iter().all(|it| it.users.is_finite());
    let shape = parameters::Shape::of(seen, closed, &bins);
    let point = parameters::fit(&bins, &shape, Belief::of(&shape));
    let backtest = backtest::run(&bins, &shape);
    let now = now(seen, &bins, closed);
    let range = range(&bins, closed);
    let mut calibration = Calibration {
        subject: seen.subject.clone(),
        resources: known(seen, &bins, &point),
        beside: seen
            .neighbors
            .iter()
            .map(|it| Beside {
                name: it.name.clone(),
                host: it.host.clone(),
                busy: mean(&it.busy),
            })
            .collect(),
        memory: seen
            .memory
            .iter()
            .map(|it| (it.group.clone(), it.working_set_bytes))
            .collect(),
        cache: seen.cache.clone(),
        peers: seen.calls.iter().map(|it| it.peer.clone()).collect(),
        classes: shares(seen, &bins),
        draws: draws(&bins, &shape, params),
        tails: [
            tail(&bins, &shape, &point, |it| it.p95_s),
            tail(&bins, &shape, &point, |it| it.p99_s),
        ],
        doubts: Vec::new(),
        users_known: closed,
        notes: notes(seen, &shape, &point),
        point,
        backtest,
        now,
        range,
    };
    calibration.doubts = doubts::doubts(seen, &bins, &calibration);
    Ok(calibration)
}

impl Calibration {
    /// The system of some parameters at the load that the recording ends with.
    pub fn system(&self, parameters: &Parameters) -> System {
        let stations = self.resources.iter().enumerate().map(|(k, it)| Station {
            name: it.name.clone(),
            host: it.host.clone(),
            resource: it.resource,
            capacity: parameters.capacity[k],
            quota: parameters.quota[k],
            allowed: parameters.allowed[k],
            background: parameters.background[k],
            demand_s: parameters.demand_s[k],
        });
        let calls = self.peers.iter().zip(&parameters.calls_s);
        let mut delays: Vec<Delay> = calls
            .map(|(peer, seconds)| Delay {
                name: format!("waiting for {peer}"),
                seconds: *seconds,
            })
            .collect();
        delays.push(Delay {
            name: "unexplained".to_owned(),
            seconds: parameters.hidden_s,
        });
        System {
            stations: stations.collect(),
            delays,
            load: match self.now.users {
                Some(users) if self.users_known => Load::Closed {
                    users,
                    think_s: parameters.think_s,
                },
                _ => Load::Open {
                    rate: self.now.throughput,
                },
            },
            gate: Gate::default(),
            waits: parameters.waits,
        }
    }

    /// The first doubt that covers a scope.
    pub fn doubt(&self, scope: Scope) -> Option<&Doubt> {
        self.doubts.iter().find(|it| it.scope == scope)
    }

    /// The resource that most of a request's time would queue at first.
    pub fn bottleneck(&self) -> Option<usize> {
        let most = |k: usize| {
            let quota = self.point.quota[k].unwrap_or(f64::INFINITY);
            quota.min(self.point.capacity[k])
        };
        let slowness = |k: &usize| self.point.demand_s[*k] / most(*k);
        (0..self.resources.len()).max_by(|a, b| slowness(a).total_cmp(&slowness(b)))
    }

    /// Share of the response time that nothing recorded explains.
    pub fn hidden_share(&self) -> f64 {
        match self.now.response_s {
            Some(response_s) if response_s > 0.0 => self.point.hidden_s / response_s,
            _ => 0.0,
        }
    }
}

fn known(seen: &Observed, bins: &[&Bin], point: &Parameters) -> Vec<Known> {
    let pooled = bins::pooled(bins);
    let one = |(k, it): (usize, &crate::observe::Seen)| {
        let others = match it.others.is_empty() {
            true => point.background[k],
            false => pooled.as_ref().map_or(0.0, |bin| bin.others[k]),
        };
        Known {
            name: it.name.clone(),
            host: it.host.clone(),
            resource: it.resource,
            groups: it.groups.clone(),
            units: it.units,
            cores: it.cores,
            others,
            apart: !it.others.is_empty(),
            unnamed: doubts::unnamed(seen, k, others),
        }
    };
    seen.resources.iter().enumerate().map(one).collect()
}

fn mean(values: &[f64]) -> f64 {
    let known: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    known.iter().sum::<f64>() / known.len().max(1) as f64
}

/// Parameters of resampled bins, in blocks, so that neighbours stay together.
fn draws(bins: &[&Bin], shape: &parameters::Shape, params: &Params) -> Vec<Parameters> {
    let mut random = Random::new(params.seed);
    let length = block(bins);
    let mut drawn: Vec<&Bin> = Vec::with_capacity(bins.len());
    (0..params.draws)
        .map(|_| {
            drawn.clear();
            while drawn.len() < bins.len() {
                let start = random.below(bins.len() - length + 1);
                let left = bins.len() - drawn.len();
                drawn.extend(&bins[start..start + length.min(left)]);
            }
            let belief = Belief::drawn(shape, &mut random);
            parameters::fit(&drawn, shape, belief)
        })
        .collect()
}

/// Bins of a block: at least [`BLOCK_SECONDS`], at least twice to where the demands of
/// neighbours are hardly alike, at most a third of all.
fn block(bins: &[&Bin]) -> usize {
    let seconds = bins.first().map_or(1.0, |it| it.seconds);
    let demand: Vec<f64> = bins
        .iter()
        .map(|it| it.busy.iter().sum::<f64>() / it.throughput.max(1e-9))
        .collect();
    let apart = (1..bins.len() / 3)
        .find(|lag| alike(&demand, *lag).abs() < ALIKE)
        .unwrap_or(1);
    let least = (BLOCK_SECONDS / seconds).ceil() as usize;
    least.max(2 * apart).clamp(1, (bins.len() / 3).max(1))
}

/// Autocorrelation at a lag.
fn alike(values: &[f64], lag: usize) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square: f64 = values.iter().map(|it| (it - mean).powi(2)).sum();
    let pairs = values.iter().zip(&values[lag..]);
    let product: f64 = pairs.map(|(a, b)| (a - mean) * (b - mean)).sum();
    if square > 0.0 { product / square } else { 0.0 }
}

/// Shares of the operations in all requests.
fn shares(seen: &Observed, bins: &[&Bin]) -> Vec<(String, f64)> {
    let sums: Vec<f64> = (0..seen.classes.len())
        .map(|c| bins.iter().map(|it| it.classes[c] * it.seconds).sum())
        .collect();
    let total: f64 = sums.iter().sum();
    let names = seen.classes.iter().map(|it| it.name.clone());
    names
        .zip(sums.iter().map(|it| it / total.max(1e-12)))
        .collect()
}

/// Where the recording ends: the last number of users, or the mean of an open load.
fn now(seen: &Observed, bins: &[&Bin], closed: bool) -> Point {
    let last = bins.last().map_or(0, |it| it.level);
    let own: Vec<&Bin> = bins
        .iter()
        .copied()
        .filter(|it| !closed || it.level == last)
        .collect();
    let pooled = bins::pooled(&own);
    let known = |value: f64| value.is_finite().then_some(value);
    let pooled = pooled.as_ref();
    let field = |of: fn(&Bin) -> f64| pooled.map(of).and_then(known);
    let less = |value: f64| (value - seen.think_inside_s).max(0.0);
    Point {
        throughput: field(|it| it.throughput).unwrap_or(0.0),
        response_s: field(|it| it.response_s).map(less),
        p95_s: field(|it| it.p95_s).map(less),
        p99_s: field(|it| it.p99_s).map(less),
        users: field(|it| it.users),
        utilization: pooled.map(utilization).unwrap_or_default(),
    }
}

fn utilization(bin: &Bin) -> Vec<f64> {
    let parts = bin.busy.iter().zip(&bin.capacity);
    parts.map(|(busy, capacity)| busy / capacity).collect()
}

fn range(bins: &[&Bin], closed: bool) -> Range {
    let between = |of: &dyn Fn(&Bin) -> f64| {
        let values = bins.iter().map(|it| of(it));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), it| {
            (lo.min(it), hi.max(it))
        })
    };
    let resources = bins.first().map_or(0, |it| it.busy.len());
    Range {
        throughput: between(&|it| it.throughput),
        users: closed.then(|| between(&|it| it.users)),
        utilization: (0..resources)
            .map(|k| between(&|it| it.busy[k] / it.capacity[k]))
            .collect(),
        requests: bins.iter().map(|it| it.throughput * it.seconds).sum(),
    }
}

/// How a percentile follows the mean wait; `None` where it was not recorded.
fn tail(
    bins: &[&Bin],
    shape: &parameters::Shape,
    point: &Parameters,
    of: fn(&Bin) -> f64,
) -> Option<Tail> {
    /// A wait that is exponential has its 95th percentile at three times its mean.
    const GROWTH: f64 = 3.0;
    /// Waits must differ by this share of the time without waits for a growth of their own.
    const TOLD_APART: f64 = 0.1;
    let levels = bins::levels(bins);
    let known: Vec<&Bin> = levels
        .iter()
        .filter(|it| of(it).is_finite() && it.response_s.is_finite())
        .collect();
    let (low, high) = (known.first()?, known.last()?);
    let service_s = parameters::service_s(point);
    let wait = |it: &Bin| (it.response_s - shape.think_inside_s - service_s).max(0.0);
    let (low_wait, high_wait) = (wait(low), wait(high));
    let base_s = (of(low) - shape.think_inside_s).max(0.0);
    let measured = (of(high) - of(low)) / (high_wait - low_wait);
    let told_apart = high_wait - low_wait > TOLD_APART * service_s;
    Some(Tail {
        base_s,
        base_wait_s: low_wait,
        growth: match told_apart && measured.is_finite() {
            true => measured.clamp(1.0, 10.0),
            false => GROWTH,
        },
    })
}

fn notes(seen: &Observed, shape: &parameters::Shape, point: &Parameters) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(found) = &seen.found_cpu {
        notes.push(format!(
            "{found} is taken as the application's processors: a quota holds it, and most of what requests cost is used there; name others in the plan's subject if that is wrong"
        ));
    }
    notes.push(match shape.closed {
        true => format!(
            "users were recorded, so the load is closed; they think {:.3} s between an answer and the next request",
            point.think_s
        ),
        false => "users were not recorded, so requests are taken to come whatever the answers do"
            .to_owned(),
    });
    let background: f64 = point.background.iter().sum();
    if background > 0.005 {
        notes.push(format!(
            "{background:.2} processors are busy without requests"
        ));
    }
    notes.push(format!(
        "waits are taken as {:.2} times those of random requests{}",
        point.waits,
        match shape.response {
            true => "",
            false => ", as no response times were recorded",
        }
    ));
    notes
}

#[cfg(test)]
mod tests;
