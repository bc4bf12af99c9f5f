//! The metrics of a prediction, each with its interval, its class, or its refusal.

use analysis::stats::random::Random;
use model::plan::action::Action;
use model::plan::{Class, Expected};

use super::interval::{Errors, Of, Widening, around};
use super::{Outcome, best, moves, of_all, outcome, point, too_far};
use crate::calibrate::{Calibration, Scope, Tail};
use crate::refusal::{Code, Refusal};
use crate::system::{self, Load, Solved, System};
use crate::validate::recording;

/// Seed of the errors that are drawn.
const SEED: u64 = 0x0070_6c61_6e00;

/// Beyond this share an open station's waits are not predicted.
const FULL: f64 = 0.95;

/// Beyond this share percentiles in the tail are not.
const TAIL_FULL: f64 = 0.9;

/// Requests that a 99th percentile needs.
const TAIL_REQUESTS: f64 = 1000.0;

/// Interval half-widths of class A and B, as a share of the point.
const CLASS_A: f64 = 0.10;
const CLASS_B: f64 = 0.35;

/// Beyond this share of unexplained response time it is class B at best.
const HIDDEN_SOME: f64 = 0.3;

/// One draw: its system and operating point.
struct Draw {
    system: System,
    solved: Solved,
}

/// What is read of an operating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Throughput,
    Response,
    /// The 95th or the 99th, by place.
    Percentile(usize),
    Rejected,
    /// Of a station.
    Utilization(usize),
}

/// A metric as it is predicted.
struct Metric {
    name: String,
    unit: &'static str,
    before: Option<f64>,
    what: What,
    best: Class,
    refused: Option<Refusal>,
    /// Where it must lie: a utilization does not pass 1.
    within: (f64, f64),
    model: String,
}

impl What {
    fn of(self) -> Of {
        match self {
            Self::Throughput | Self::Rejected => Of::Throughput,
            Self::Response | Self::Percentile(_) => Of::Response,
            Self::Utilization(_) => Of::Utilization,
        }
    }

    fn value(self, calibration: &Calibration, draw: &Draw) -> f64 {
        let solved = &draw.solved;
        match self {
            Self::Throughput => solved.throughput,
            Self::Response => solved.response_s,
            Self::Percentile(which) => percentile(calibration, which, draw),
            Self::Rejected => solved.rejected,
            Self::Utilization(k) => solved.parts.get(k).map_or(f64::NAN, |it| it.utilization),
        }
    }
}

/// Everything expected of some actions together.
pub(super) fn expected(
    calibration: &Calibration,
    actions: &[Action],
    widening: &Widening,
) -> Vec<Expected> {
    let after = point(calibration, actions);
    let mut all = match after.solved.is_ok() {
        true => solved(calibration, actions, &after, widening),
        false => overloaded(calibration, &after.system),
    };
    all.extend(after.hits.map(hit_ratio));
    for (id, effect) in &after.effects {
        if let Err(refusal) = effect {
            all.push(refused(&format!("action {id}"), "", None, refusal));
        }
    }
    all
}

/// A cache that only samples what to forget answers up to so much less, and a sample of
/// the keys is so far off.
const HITS_OFF: (f64, f64) = (0.03, 0.015);

/// Share of the requests that the cache answers.
fn hit_ratio((before, after): (f64, f64)) -> Expected {
    let (less, more) = HITS_OFF;
    let ends = ((after - less).max(0.0), after, (after + more).min(1.0));
    expected_of(
        "cache.hit_ratio",
        "1",
        Some(before),
        ends,
        "miss-ratio curve",
    )
}

/// More is asked than can be served: the capacity is known, nothing else.
fn overloaded(calibration: &Calibration, system: &System) -> Vec<Expected> {
    let bounds = system::bounds(system);
    let refusal = Code::Extrapolation
        .because(format!(
            "more is asked ({:.1} requests a second) than can be served ({:.1}): response times grow without end",
            system.load_number(),
            bounds.throughput_max
        ))
        .advising("plan for a lower load, or for more capacity");
    let now = &calibration.now;
    if let Some(refusal) = of_all(calibration) {
        let refusal = bounded(refusal.clone(), system);
        return vec![
            refused(
                "app.throughput",
                "{request}/s",
                Some(now.throughput),
                &refusal,
            ),
            refused("app.response.mean", "s", now.response_s, &refusal),
            refused("app.response.p95", "s", now.p95_s, &refusal),
        ];
    }
    vec![
        Expected {
            class: Class::C,
            refused: None,
            ..expected_of(
                "app.throughput",
                "{request}/s",
                Some(now.throughput),
                (
                    0.9 * bounds.throughput_max,
                    bounds.throughput_max,
                    bounds.throughput_max,
                ),
                "bound",
            )
        },
        refused("app.response.mean", "s", now.response_s, &refusal),
        refused("app.response.p95", "s", now.p95_s, &refusal),
    ]
}

fn solved(
    calibration: &Calibration,
    actions: &[Action],
    after: &Outcome,
    widening: &Widening,
) -> Vec<Expected> {
    let draws = calibration.draws.iter().filter_map(|parameters| {
        let outcome = outcome(calibration, parameters, actions);
        Some(Draw {
            solved: outcome.solved.ok()?,
            system: outcome.system,
        })
    });
    let draws: Vec<Draw> = draws.collect();
    let Ok(solved) = &after.solved else {
        return Vec::new();
    };
    let now = Draw {
        system: after.system.clone(),
        solved: solved.clone(),
    };
    let distance = distance(calibration, &now.system);
    let mut random = Random::new(SEED);
    metrics(calibration, &now, best(&after.effects))
        .into_iter()
        .map(|metric| {
            if let Some(refusal) = &metric.refused {
                return refused(&metric.name, metric.unit, metric.before, refusal);
            }
            let value = metric.what.value(calibration, &now);
            let values = draws
                .iter()
                .map(|draw| metric.what.value(calibration, draw));
            let values: Vec<f64> = values.collect();
            let of = metric.what.of();
            let widening = match metric.what {
                What::Percentile(_) => Widening {
                    response: widening.tail.max(widening.response),
                    ..*widening
                },
                _ => *widening,
            };
            let errors = Errors::of(calibration, of, distance, &widening);
            let (lo, hi) = around(value, &values, (&errors, of), &mut random);
            let (least, most) = metric.within;
            let held_s = match metric.what {
                What::Percentile(_) => held_s(calibration, &now),
                _ => 0.0,
            };
            let (lo, hi) = (lo.max(least), (hi + held_s).min(most.max(value)));
            let mut expected = expected_of(
                &metric.name,
                metric.unit,
                metric.before,
                (lo.min(value), value, hi),
                &metric.model,
            );
            expected.class = class((value, lo, hi), of).max(metric.best);
            expected
        })
        .collect()
}

/// How many times the load lies beyond what was recorded; 1 inside.
fn distance(calibration: &Calibration, system: &System) -> f64 {
    let (value, (least, most)) = match system.load {
        Load::Closed { users, .. } => match calibration.range.users {
            Some(range) => (users, range),
            None => return 1.0,
        },
        Load::Open { rate } => (rate, calibration.range.throughput),
    };
    (value / most).max(least / value.max(1e-12)).max(1.0)
}

fn class((value, lo, hi): (f64, f64, f64), of: Of) -> Class {
    let half = match of {
        // Points of a share, as a part of the whole.
        Of::Utilization => (hi - lo) / 2.0,
        _ => (hi - lo) / 2.0 / value.abs().max(1e-12),
    };
    match half {
        it if it <= CLASS_A => Class::A,
        it if it <= CLASS_B => Class::B,
        _ => Class::C,
    }
}

/// The metrics, in the order of lists.
fn metrics(calibration: &Calibration, now: &Draw, best: Class) -> Vec<Metric> {
    let of_all = of_all(calibration).cloned();
    let far = too_far(calibration, &now.system);
    let still = calibration
        .doubt(Scope::Load)
        .filter(|_| moves(calibration, &now.system))
        .map(|it| it.refusal.clone());
    let general = of_all.or(still).or(far).map(|it| bounded(it, &now.system));
    let response = general.clone().or_else(|| {
        let hidden = calibration.doubt(Scope::Response);
        hidden
            .map(|it| it.refusal.clone())
            .or_else(|| full(now, FULL))
    });
    let bounds = system::bounds(&now.system);
    let metric = |name: &str, unit, what| Metric {
        name: name.to_owned(),
        unit,
        before: None,
        what,
        best,
        refused: general.clone(),
        within: (0.0, f64::INFINITY),
        model: model_name(&now.system).to_owned(),
    };
    let well_explained =
        calibration.hidden_share() <= HIDDEN_SOME && calibration.now.response_s.is_some();
    let mut all = vec![
        Metric {
            before: Some(calibration.now.throughput),
            ..metric("app.throughput", "{request}/s", What::Throughput)
        },
        Metric {
            before: calibration.now.response_s,
            refused: response.clone(),
            best: match well_explained {
                true => best,
                false => best.max(Class::B),
            },
            within: (0.9 * bounds.response_min_s, f64::INFINITY),
            ..metric("app.response.mean", "s", What::Response)
        },
    ];
    let recorded = [calibration.now.p95_s, calibration.now.p99_s];
    for (which, name) in ["app.response.p95", "app.response.p99"].iter().enumerate() {
        if calibration.tails[which].is_some() {
            all.push(Metric {
                before: recorded[which],
                refused: response.clone().or_else(|| thin(calibration, now, which)),
                best: best.max(Class::B),
                model: format!("{}{PERCENTILES}", model_name(&now.system)),
                within: (0.9 * bounds.response_min_s, f64::INFINITY),
                ..metric(name, "s", What::Percentile(which))
            });
        }
    }
    if now.solved.rejected > 0.0 {
        all.push(metric("app.rejected", "{request}/s", What::Rejected));
    }
    all.extend(utilizations(calibration, now, metric));
    all
}

/// Why a percentile is refused: too few requests, or too full.
fn thin(calibration: &Calibration, now: &Draw, which: usize) -> Option<Refusal> {
    if which == 0 {
        return None;
    }
    let requests = calibration.range.requests;
    if requests < TAIL_REQUESTS {
        let why = format!(
            "{requests:.0} requests are too few for one in a hundred (at least {TAIL_REQUESTS})"
        );
        return Some(Code::Extrapolation.because(why).advising("record longer"));
    }
    full(now, TAIL_FULL)
}

/// One utilization a resource; copies share that of the first.
fn utilizations(
    calibration: &Calibration,
    now: &Draw,
    metric: impl Fn(&str, &'static str, What) -> Metric,
) -> Vec<Metric> {
    let several = calibration.resources.len() > 1;
    let copies = now.system.stations.len() / calibration.resources.len().max(1);
    let one = |(k, known): (usize, &crate::calibrate::Known)| {
        let name = recording::name(known.resource, &known.host, several);
        Metric {
            before: calibration.now.utilization.get(k).copied(),
            within: (0.0, 1.0),
            ..metric(&name, "1", What::Utilization(k * copies))
        }
    };
    calibration.resources.iter().enumerate().map(one).collect()
}

/// Why waits cannot be told: an open station is nearly full.
fn full(now: &Draw, limit: f64) -> Option<Refusal> {
    let open = matches!(now.system.load, Load::Open { .. });
    let parts = now.solved.parts.iter().map(|it| it.utilization);
    let most = parts.fold(0.0, f64::max);
    (open && most > limit).then(|| {
        Code::Extrapolation
            .because(format!(
                "the busiest resource would be {:.0} % full, where waits hang on every detail (at most {:.0} %)",
                most * 100.0,
                limit * 100.0
            ))
            .advising("plan for a lower load, or record at this utilization")
    })
}

/// A percentile: what it is without waits, and its growth with the mean wait.
fn percentile(calibration: &Calibration, which: usize, draw: &Draw) -> f64 {
    let Some(Tail {
        base_s,
        base_wait_s,
        growth,
    }) = calibration.tails[which]
    else {
        return f64::NAN;
    };
    let before_s = calibration.system(&calibration.point).service_s();
    let service_s = draw.solved.service_s;
    let response_s = draw.solved.response_s;
    let wait_s = (response_s - service_s).max(0.0);
    let scaled_s = base_s * service_s / before_s.max(1e-12);
    // Of times that are skewed to the right, as these are, no high percentile lies below
    // the mean.
    (scaled_s + growth * (wait_s - base_wait_s).max(-base_wait_s)).max(response_s)
}

/// Seconds that those who come after a quota is used up may wait for the next period,
/// where another quota than the recorded one is asked about and comes into play.
fn held_s(calibration: &Calibration, now: &Draw) -> f64 {
    /// Below this share of a quota hardly a period uses it up.
    const IN_PLAY: f64 = 0.6;
    let before = &calibration.point.quota;
    let stations = now.system.stations.iter().zip(&now.solved.parts);
    let held = stations.zip(before).map(|((station, part), before)| {
        let quota = station.quota.filter(|it| Some(*it) != *before);
        let cores = station.capacity.ceil().max(1.0);
        match quota {
            Some(quota) if part.utilization > IN_PLAY => (1.0 - quota / cores) * system::PERIOD_S,
            _ => 0.0,
        }
    });
    held.fold(0.0, f64::max)
}

/// A refusal with the limits that hold all the same.
fn bounded(refusal: Refusal, system: &System) -> Refusal {
    let bounds = system::bounds(system);
    Refusal {
        why: format!(
            "{}; all that is known: at most {:.1} requests a second, at least {:.1} ms a request",
            refusal.why,
            bounds.throughput_max,
            bounds.response_min_s * 1e3
        ),
        ..refusal
    }
}

/// What the model of a percentile is called, behind that of the mean.
pub(super) const PERCENTILES: &str = ", recorded percentiles";

/// The model of everything that a pool is before.
pub(super) const POOL: &str = "flow-equivalent pool";

/// The model, by the name that the ledger keeps its score under.
pub(super) fn model_name(system: &System) -> &'static str {
    match (system.load, system.gate.pool) {
        (_, Some(_)) => POOL,
        (Load::Closed { .. }, None) => "mean value analysis",
        (Load::Open { .. }, None) => "open queues",
    }
}

fn expected_of(
    metric: &str,
    unit: &str,
    before: Option<f64>,
    (p10, p50, p90): (f64, f64, f64),
    model: &str,
) -> Expected {
    Expected {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        p10: Some(p10),
        p50: Some(p50),
        p90: Some(p90),
        before,
        class: Class::A,
        model: model.to_owned(),
        inputs_hash: String::new(),
        refused: None,
        record_next: None,
    }
}

fn refused(metric: &str, unit: &str, before: Option<f64>, refusal: &Refusal) -> Expected {
    Expected {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        p10: None,
        p50: None,
        p90: None,
        before,
        class: Class::X,
        model: String::new(),
        inputs_hash: String::new(),
        refused: Some(format!("{}: {}", refusal.code, refusal.why)),
        record_next: Some(refusal.record_next.clone()),
    }
}
