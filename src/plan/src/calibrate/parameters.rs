//! The parameters of a system from some bins: once for all of them, once for each draw.
//!
//! Demands and capacities come from what was busy. What is left of the response time is a
//! delay that does not grow with the load, and waits that do: the levels of the recording
//! tell one from the other, as far as they differ.

use analysis::stats::random::Random;

use super::bins::{self, Bin};
use super::demand;
use crate::observe::Observed;
use crate::system::{self, Delay, Gate, Load, Resource, Station, System};

/// Levels as full as this tell nothing of delays: waits hide them.
const FULL: f64 = 0.9;

/// How waits compare with random ones before a recording has told: users pause and
/// requests compute more alike than at random, by this much more or less.
pub(super) const WAITS: (f64, f64) = (0.6, 0.4);

/// Share of what others use that they give way by when the application wants more, at
/// most. A batch job of 0.6 processors beside a database gave 0.02 to 0.1 of them as the
/// database went from half to nearly full.
pub(super) const YIELD_MOST: f64 = 0.2;

/// The least and the most that is believed of it.
const WAITS_WITHIN: std::ops::RangeInclusive<f64> = 0.2..=4.0;

/// Response times of a level are never known better than this share.
const RESPONSE_NOISE: f64 = 0.03;

/// The least of a capacity that others may leave.
const CAPACITY_LEAST: f64 = 0.01;

/// Rounds in which delay and waits are found: each moves the other a little.
const ROUNDS: usize = 3;

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
    /// Units that each host has.
    pub(super) units: Vec<f64>,
    /// Units of them that the application may use at once.
    pub(super) cores: Vec<f64>,
    /// What waits are multiplied by before response times tell, and how well that is
    /// known.
    pub(super) waits: (f64, f64),
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
    /// Units that may serve requests at once, less what others and the background use.
    pub capacity: Vec<f64>,
    /// Units in the mean that a quota leaves to requests; `None` without one.
    pub quota: Vec<Option<f64>>,
    /// Units that the application is allowed, whoever uses them.
    pub allowed: Vec<f64>,
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
    /// What waits are multiplied by: [`system::System::waits`].
    pub waits: f64,
    /// Share of what others use that they give way by.
    pub yields: f64,
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
            units: seen.resources.iter().map(|it| it.units).collect(),
            cores: seen.resources.iter().map(|it| it.cores).collect(),
            waits: match closed {
                true => WAITS,
                false => (variability(seen), WAITS.1),
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

/// What is believed beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Belief {
    /// Of the waits, over random ones.
    pub(super) waits: f64,
    /// Share of what others use that they give way by.
    pub(super) yields: f64,
}

impl Belief {
    /// What is most likely.
    pub(super) fn of(shape: &Shape) -> Self {
        Self {
            waits: shape.waits.0,
            yields: YIELD_MOST / 2.0,
        }
    }

    /// What may be, too.
    pub(super) fn drawn(shape: &Shape, random: &mut Random) -> Self {
        let (waits, spread) = shape.waits;
        Self {
            waits: (waits + spread * random.normal()).max(0.0),
            yields: YIELD_MOST * random.unit(),
        }
    }
}

/// Finds the parameters.
pub(super) fn fit(bins: &[&Bin], shape: &Shape, belief: Belief) -> Parameters {
    let resources = bins.first().map_or(0, |it| it.busy.len());
    let pooled = bins::pooled(bins);
    let mean = |of: &dyn Fn(&Bin) -> f64| pooled.as_ref().map_or(0.0, of);
    let demands: Vec<demand::Demand> = (0..resources).map(|k| demand::total(bins, k)).collect();
    let calls = bins.first().map_or(0, |it| it.calls.len());
    let throughput = mean(&|it| it.throughput).max(1e-12);
    let mut found = Parameters {
        capacity: Vec::new(),
        quota: Vec::new(),
        allowed: Vec::new(),
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
        waits: belief.waits,
        yields: belief.yields,
    };
    if let Some(pooled) = &pooled {
        for k in 0..resources {
            let room = room(pooled, shape, &found, k);
            found.capacity.push(room.capacity);
            found.quota.push(room.quota);
            found.allowed.push(room.allowed);
        }
    }
    wait(bins, shape, belief.waits, &mut found);
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

/// What a resource has for requests.
struct Room {
    capacity: f64,
    quota: Option<f64>,
    allowed: f64,
}

/// What a resource has for requests in some bins: what its host has, less what others and
/// the background keep busy, as far as the application may use it.
fn room(bin: &Bin, shape: &Shape, found: &Parameters, resource: usize) -> Room {
    let own = found.background[resource];
    let (units, cores) = (shape.units[resource], shape.cores[resource]);
    // Where others are not told apart, the background holds them.
    let others = match shape.others[resource] {
        true => bin.others[resource] * (1.0 - found.yields),
        false => 0.0,
    };
    let stolen = bin.steal[resource] * units;
    let quota = Some(bin.quota[resource]).filter(|it| it.is_finite() && *it < cores);
    Room {
        capacity: (cores.min(units - others - stolen) - own).max(CAPACITY_LEAST),
        quota: quota.map(|it| (it - own).max(CAPACITY_LEAST)),
        allowed: bin.capacity[resource].max(CAPACITY_LEAST),
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

/// Finds the delay that nothing explains and how long waits are, from the response times
/// of the levels. A delay below nothing says that the model serves too slowly.
fn wait(bins: &[&Bin], shape: &Shape, prior: f64, found: &mut Parameters) {
    let mut levels: Vec<Bin> = bins::levels(bins);
    levels.retain(|it| it.throughput > 0.0);
    let full = |it: &Bin| {
        let parts = it.busy.iter().zip(&it.capacity);
        parts
            .map(|(busy, capacity)| busy / capacity)
            .fold(0.0, f64::max)
    };
    levels.sort_by(|a, b| full(a).total_cmp(&full(b)));
    let free = levels.iter().filter(|it| full(it) < FULL).count();
    levels.truncate(free.max(1));
    for _ in 0..ROUNDS {
        let told: Vec<Told> = levels
            .iter()
            .filter_map(|it| told(it, shape, found))
            .collect();
        if told.is_empty() {
            return;
        }
        (found.hidden_raw_s, found.waits) = split(&told, (prior, shape.waits.1));
        found.hidden_s = found.hidden_raw_s.max(0.0);
    }
}

/// What one level tells.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// What was measured, seconds.
    response_s: f64,
    /// Of it: what is neither delay nor wait.
    known_s: f64,
    /// Seconds that random services would make a request wait beyond what must be.
    random_s: f64,
    /// How much the level counts: what is asked is mostly what comes of more load.
    weight: f64,
}

fn told(level: &Bin, shape: &Shape, found: &Parameters) -> Option<Told> {
    let response_s = match level.response_s.is_finite() {
        true => level.response_s - shape.think_inside_s,
        // Without response times, those of the users' cycles.
        false if shape.closed => level.users / level.throughput - found.think_s,
        false => return None,
    };
    let mut random = system_at(level, shape, found);
    random.waits = 1.0;
    let mut alike = random.clone();
    alike.waits = 0.0;
    let (random, alike) = (
        system::solve(&random).ok()?.response_s,
        system::solve(&alike).ok()?.response_s,
    );
    Some(Told {
        response_s,
        known_s: alike - found.hidden_s,
        random_s: random - alike,
        weight: level.throughput,
    })
}

/// Delay and waits that fit best, with what is believed of the waits beforehand.
///
/// Relative errors count, those of the upper levels more.
fn split(told: &[Told], (prior, spread): (f64, f64)) -> (f64, f64) {
    let whole: f64 = told.iter().map(|it| it.weight).sum();
    let rows: Vec<(f64, f64, f64)> = told
        .iter()
        .map(|it| {
            let weight = it.weight / whole * told.len() as f64;
            let scale = weight.sqrt() / it.response_s.max(1e-9);
            (
                scale,
                it.random_s * scale,
                (it.response_s - it.known_s) * scale,
            )
        })
        .collect();
    let fit = |noise: f64| {
        // Normal equations of delay and waits; the prior is one more row.
        let belief = noise / spread;
        let mut a = [[0.0; 2]; 2];
        let mut b = [0.0; 2];
        let mut add = |x: [f64; 2], y: f64| {
            for i in 0..2 {
                b[i] += x[i] * y;
                for j in 0..2 {
                    a[i][j] += x[i] * x[j];
                }
            }
        };
        for (delay, wait, y) in &rows {
            add([*delay, *wait], *y);
        }
        add([0.0, belief], belief * prior);
        let det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
        let waits = (a[0][0] * b[1] - a[1][0] * b[0]) / det;
        let waits = waits.clamp(*WAITS_WITHIN.start(), *WAITS_WITHIN.end());
        let waits = if waits.is_finite() { waits } else { prior };
        let delay = (b[0] - a[0][1] * waits) / a[0][0];
        (delay, waits)
    };
    let (delay, waits) = fit(RESPONSE_NOISE);
    let missed = |(delay, waits): (f64, f64)| -> f64 {
        let square: f64 = rows
            .iter()
            .map(|(x, wait, y)| (y - delay * x - waits * wait).powi(2))
            .sum();
        (square / rows.len().saturating_sub(2).max(1) as f64).sqrt()
    };
    // What the model leaves out tells how much the levels can be believed.
    fit(missed((delay, waits)).max(RESPONSE_NOISE))
}

/// A system for a level, with all delays and what the level had for requests.
pub(super) fn system_at(level: &Bin, shape: &Shape, found: &Parameters) -> System {
    let stations = found.demand_s.iter().enumerate().map(|(k, demand_s)| {
        let room = room(level, shape, found, k);
        Station {
            name: String::new(),
            host: String::new(),
            resource: Resource::Cpu,
            capacity: room.capacity,
            quota: room.quota,
            allowed: room.allowed,
            background: found.background[k],
            demand_s: *demand_s,
        }
    });
    System {
        stations: stations.collect(),
        delays: vec![Delay {
            name: String::new(),
            seconds: found.hidden_s + found.calls_s.iter().sum::<f64>(),
        }],
        load: match shape.closed {
            true => Load::Closed {
                users: level.users,
                think_s: found.think_s,
            },
            false => Load::Open {
                rate: level.throughput,
            },
        },
        gate: Gate::default(),
        waits: found.waits,
    }
}

/// Seconds of a request that waits for nobody.
pub(super) fn service_s(found: &Parameters) -> f64 {
    let parts = found.demand_s.iter().zip(&found.capacity);
    let stations: f64 = parts.map(|(d, c)| d / c.min(1.0)).sum();
    stations + found.hidden_s + found.calls_s.iter().sum::<f64>()
}
