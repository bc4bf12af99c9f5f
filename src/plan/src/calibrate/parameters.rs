//! The parameters of a system from some bins: once for all of them, once for each draw.

use super::bins::{self, Bin};
use super::demand;
use crate::observe::Observed;
use crate::system::{self, Delay, Gate, Load, Resource, Station, System};

/// Levels as full as this tell nothing of delays: waits hide them.
const FULL: f64 = 0.9;

/// The least of a capacity that others may leave.
const CAPACITY_LEAST: f64 = 0.01;

/// Steps of the search for a delay, at most.
const STEPS_MAX: usize = 40;

/// What is the same for all draws.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    /// Whether users were counted.
    pub(super) closed: bool,
    /// Seconds that users think, where known.
    pub(super) think_s: Option<f64>,
    /// Seconds of it inside of the response time.
    pub(super) think_inside_s: f64,
    /// Whether response times were recorded.
    pub(super) response: bool,
    /// Whether what others use was recorded, by resource.
    pub(super) others: Vec<bool>,
    /// What waits are multiplied by.
    pub(super) variability: f64,
    /// Whether demands of the operations are looked for.
    pub(super) by_class: bool,
}

/// Demands of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDemand {
    /// Seconds at each resource.
    pub seconds: Vec<f64>,
}

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Seconds of one unit a request, by resource.
    pub demand_s: Vec<f64>,
    /// Units busy without requests, by resource.
    pub background: Vec<f64>,
    /// Units that the application may use, less what others and the background use.
    pub capacity: Vec<f64>,
    /// Demands of each operation; empty where they cannot be told apart.
    pub classes: Vec<ClassDemand>,
    /// Seconds that a request waits for each peer elsewhere.
    pub calls_s: Vec<f64>,
    /// Seconds of a request that nothing recorded explains.
    pub hidden_s: f64,
    /// The same before it was raised to nothing: negative where the model waits too long.
    pub hidden_raw_s: f64,
    /// Seconds that a user thinks.
    pub think_s: f64,
    /// What waits are multiplied by.
    pub variability: f64,
}

impl Shape {
    /// What is the same for all draws of a recording.
    pub(super) fn of(seen: &Observed, closed: bool, bins: &[&Bin]) -> Self {
        Self {
            closed,
            think_s: seen.think_s,
            think_inside_s: seen.think_inside_s,
            response: bins.iter().any(|it| it.response_s.is_finite()),
            others: seen
                .resources
                .iter()
                .map(|it| !it.others.is_empty())
                .collect(),
            variability: match closed {
                true => 1.0,
                false => variability(seen),
            },
            by_class: seen.classes.len() > 1 && told_apart(bins),
        }
    }
}

/// Whether the operations can be told apart at the busiest resource.
fn told_apart(bins: &[&Bin]) -> bool {
    let resources = bins.first().map_or(0, |it| it.busy.len());
    (0..resources).all(|k| demand::by_class(bins, k).is_ok())
}

/// Half the sum of how much arrivals and services vary; services are taken as exponential.
///
/// The index of dispersion of counts over four seconds, from differences of neighbours, so
/// that a load that moves slowly is not taken for a bursty one.
fn variability(seen: &Observed) -> f64 {
    const WINDOW_SECONDS: f64 = 4.0;
    let length = ((WINDOW_SECONDS / seen.step_s).round() as usize).max(1);
    let counts: Vec<f64> = seen
        .throughput
        .chunks_exact(length)
        .map(|it| it.iter().sum::<f64>() * seen.step_s)
        .filter(|it| it.is_finite())
        .collect();
    let mean = counts.iter().sum::<f64>() / counts.len().max(1) as f64;
    let differences: Vec<f64> = counts.windows(2).map(|it| it[1] - it[0]).collect();
    if differences.len() < 10 || mean <= 0.0 {
        return 1.0;
    }
    let square: f64 = differences.iter().map(|it| it * it).sum();
    let dispersion = square / (2.0 * differences.len() as f64) / mean;
    (dispersion.clamp(0.1, 9.0) + 1.0) / 2.0
}

/// Finds the parameters.
pub(super) fn fit(bins: &[&Bin], shape: &Shape) -> Parameters {
    let resources = bins.first().map_or(0, |it| it.busy.len());
    let pooled = bins::pooled(bins);
    let mean = |of: &dyn Fn(&Bin) -> f64| pooled.as_ref().map_or(0.0, of);
    let demands: Vec<demand::Demand> = (0..resources).map(|k| demand::total(bins, k)).collect();
    let capacity = (0..resources).map(|k| {
        let others = match shape.others[k] {
            true => mean(&|it| it.others[k]),
            false => demands[k].background,
        };
        let stolen = mean(&|it| it.steal[k] * it.capacity[k]);
        // What others use leaves the group its quota as long as both fit.
        (mean(&|it| it.capacity[k]) - others_within(&pooled, k, others) - stolen)
            .max(CAPACITY_LEAST)
    });
    let calls = bins.first().map_or(0, |it| it.calls.len());
    let throughput = mean(&|it| it.throughput).max(1e-12);
    let mut found = Parameters {
        capacity: capacity.collect(),
        demand_s: demands.iter().map(|it| it.seconds).collect(),
        background: demands.iter().map(|it| it.background).collect(),
        classes: match shape.by_class {
            true => classes(bins, resources),
            false => Vec::new(),
        },
        calls_s: (0..calls)
            .map(|c| mean(&|it| it.calls[c]) / throughput)
            .collect(),
        hidden_s: 0.0,
        hidden_raw_s: 0.0,
        think_s: think(bins, shape),
        variability: shape.variability,
    };
    found.hidden_raw_s = hidden(bins, shape, &found);
    found.hidden_s = found.hidden_raw_s.max(0.0);
    // Where those who are asked compute on the same processors, their time is seen twice:
    // as a wait for them and as a demand. What fits is the wait.
    let calls_s: f64 = found.calls_s.iter().sum();
    if found.hidden_raw_s < 0.0 && calls_s > 0.0 {
        let left = ((calls_s + found.hidden_raw_s) / calls_s).max(0.0);
        found.calls_s.iter_mut().for_each(|it| *it *= left);
        found.hidden_raw_s = (found.hidden_raw_s + calls_s).min(0.0);
    }
    found
}

/// What of the units that others use this application must do without.
fn others_within(pooled: &Option<Bin>, resource: usize, others: f64) -> f64 {
    let Some(bin) = pooled else {
        return 0.0;
    };
    // A group below its host's size meets others only where both together want more.
    let units = bin.others[resource] + bin.busy[resource];
    match bin.capacity[resource] < units {
        true => 0.0,
        false => others,
    }
}

fn classes(bins: &[&Bin], resources: usize) -> Vec<ClassDemand> {
    let by_resource: Option<Vec<Vec<f64>>> = (0..resources)
        .map(|k| demand::by_class(bins, k).ok())
        .collect();
    let Some(by_resource) = by_resource else {
        return Vec::new();
    };
    let count = bins.first().map_or(0, |it| it.classes.len());
    (0..count)
        .map(|c| ClassDemand {
            seconds: by_resource.iter().map(|it| it[c + 1]).collect(),
        })
        .collect()
}

/// Seconds that users think: known, or what is left of their cycle.
fn think(bins: &[&Bin], shape: &Shape) -> f64 {
    if !shape.closed {
        return 0.0;
    }
    let inside = shape.think_inside_s;
    if let Some(think_s) = shape.think_s {
        return think_s + inside;
    }
    if !shape.response {
        return inside;
    }
    let left = bins::levels(bins)
        .into_iter()
        .filter(|it| it.response_s.is_finite())
        .map(|it| it.users / it.throughput.max(1e-12) - it.response_s);
    let mut left: Vec<f64> = left.collect();
    left.sort_by(f64::total_cmp);
    left.get(left.len() / 2).copied().unwrap_or(0.0).max(0.0) + inside
}

/// Seconds of a request that the lower levels do not explain; negative where the model
/// waits longer than what was measured.
fn hidden(bins: &[&Bin], shape: &Shape, found: &Parameters) -> f64 {
    let mut levels: Vec<Bin> = bins::levels(bins);
    levels.retain(|it| it.throughput > 0.0);
    let full = |it: &Bin| {
        let parts = it.busy.iter().zip(&it.capacity);
        parts
            .map(|(busy, capacity)| busy / capacity)
            .fold(0.0, f64::max)
    };
    levels.sort_by(|a, b| full(a).total_cmp(&full(b)));
    let half = levels.len().div_ceil(2);
    let told = levels.iter().filter(|it| full(it) < FULL).take(half);
    let mut delays: Vec<f64> = told
        .filter_map(|it| unexplained(it, shape, found))
        .collect();
    if delays.is_empty() {
        delays.extend(levels.first().and_then(|it| unexplained(it, shape, found)));
    }
    delays.sort_by(f64::total_cmp);
    delays.get(delays.len() / 2).copied().unwrap_or(0.0)
}

/// Seconds that one level does not explain.
fn unexplained(level: &Bin, shape: &Shape, found: &Parameters) -> Option<f64> {
    let calls_s: f64 = found.calls_s.iter().sum();
    if shape.closed {
        let cycle_s = level.users / level.throughput;
        let outside_s = outside(level, found, cycle_s)?;
        return Some(outside_s - found.think_s - calls_s);
    }
    let response_s = level.response_s;
    let load = Load::Open {
        rate: level.throughput,
    };
    let solved = system::solve(&bare(level, found, load)).ok()?;
    let explained: f64 = solved.parts.iter().map(|it| it.residence_s).sum();
    (response_s.is_finite()).then_some(response_s - explained - calls_s)
}

/// Seconds of a user's cycle outside of the stations, such that the model serves what was
/// served; negative where even none is too slow.
fn outside(level: &Bin, found: &Parameters, cycle_s: f64) -> Option<f64> {
    let users = level.users;
    let served = |think_s: f64| {
        let load = Load::Closed {
            users,
            think_s: think_s.max(0.0),
        };
        let solved = system::solve(&bare(level, found, load)).ok()?;
        Some(solved.throughput)
    };
    let (mut low, mut high) = (0.0, cycle_s);
    let at_none = served(0.0)?;
    if at_none <= level.throughput {
        return Some(users / level.throughput - users / at_none);
    }
    for _ in 0..STEPS_MAX {
        let middle = (low + high) / 2.0;
        match served(middle)? > level.throughput {
            true => low = middle,
            false => high = middle,
        }
        if high - low < 1e-5 * cycle_s {
            break;
        }
    }
    Some((low + high) / 2.0)
}

/// The stations alone, as they were at a level.
fn bare(level: &Bin, found: &Parameters, load: Load) -> System {
    let stations = found
        .demand_s
        .iter()
        .enumerate()
        .map(|(k, demand_s)| Station {
            name: String::new(),
            host: String::new(),
            resource: Resource::Cpu,
            capacity: capacity_at(level, found, k),
            demand_s: *demand_s,
            variability: found.variability,
        });
    System {
        stations: stations.collect(),
        delays: Vec::new(),
        load,
        gate: Gate::default(),
    }
}

/// The capacity at a level: that of the whole recording, moved by what the level had more
/// or less.
pub(super) fn capacity_at(level: &Bin, found: &Parameters, resource: usize) -> f64 {
    let quota = level.capacity[resource];
    let capacity = found.capacity[resource];
    // Where the quota is what limits, each level has its own.
    match quota < capacity {
        true => quota,
        false => capacity,
    }
    .max(CAPACITY_LEAST)
}

/// A system for a level, with all delays.
pub(super) fn system_at(level: &Bin, shape: &Shape, found: &Parameters) -> System {
    let load = match shape.closed {
        true => Load::Closed {
            users: level.users,
            think_s: found.think_s,
        },
        false => Load::Open {
            rate: level.throughput,
        },
    };
    let mut system = bare(level, found, load);
    system.delays.push(Delay {
        name: String::new(),
        seconds: found.hidden_s + found.calls_s.iter().sum::<f64>(),
    });
    system
}

/// Seconds of a request that waits for nobody.
pub(super) fn service_s(found: &Parameters) -> f64 {
    let parts = found.demand_s.iter().zip(&found.capacity);
    let stations: f64 = parts.map(|(d, c)| d / c.min(1.0)).sum();
    stations + found.hidden_s + found.calls_s.iter().sum::<f64>()
}
