//! What services wait for that no resource of the host shows: locks, pools, others.
//!
//! A request is in flight while it computes, waits inside its service, or waits for
//! another one that it asked. Calls to others are seen (as spans of the caller), what
//! processors did is measured, and the rest is waiting inside:
//!
//! * calls that take most of the time and several times as long as usual: the other is
//!   slow (`external`);
//! * calls that stand at one whole number, however many requests there are, while
//!   requests wait inside: their pool is used up (`pool`), unless the calls got slower,
//!   which fills any pool; pools that tell their use themselves are believed;
//! * requests that wait inside although processors are free and no call explains it: a
//!   lock, or whatever else lets one wait for another (`lock`).
//!
//! What is usual is learned from earlier rows only.
//!
//! # Source
//!
//! J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research 9
//! (1961): numbers in flight are times per second, so they add up. OpenTelemetry
//! semantic conventions for `db.client.connection.*`.

use crate::bottleneck::Resource;
use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, pairs, ratio, trailing};
use crate::bottleneck::limits::Signal;
use crate::frame::Line;

/// Services that are looked at, at most: the busiest.
const SERVICES_MAX: usize = 32;

/// Rows before anything is usual.
const USUAL_ROWS: usize = 20;

/// What is usual: this quantile of what was seen so far.
const USUAL_QUANTILE: f64 = 0.25;

/// Calls in flight are looked at over so many seconds to tell whether they stand still.
const LEVEL_SECONDS: f64 = 10.0;

/// Calls stand at a level when they vary by at most this share of it,
const LEVEL_SPREAD: f64 = 0.12;

/// and lie within this share of a whole number, as sizes of pools are.
const WHOLE_WITHIN: f64 = 0.08;

/// A pool of one is a lock.
const POOL_LEAST: f64 = 1.8;

/// Another service that gets so many requests for each call, and has no more of them in
/// flight than there are calls, sees the same requests further down.
const SAME_REQUESTS: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// One service as its requests tell of it.
struct Seen<'a> {
    name: &'a str,
    active: Vec<f64>,
    mean: Vec<f64>,
    throughput: Vec<f64>,
    exits: Vec<Exit<'a>>,
}

/// Calls of a service to another.
struct Exit<'a> {
    peer: &'a str,
    active: Vec<f64>,
    mean: Vec<f64>,
    throughput: Vec<f64>,
}

/// Readings of locks, pools and others; nothing where no application told of requests.
pub(in crate::bottleneck) fn services(lens: &Lens<'_>, cores: Option<f64>) -> Vec<Readings> {
    let seen = seen(lens);
    if seen.is_empty() {
        return Vec::new();
    }
    let busy = lens.processor_busy();
    let computing = busy.map(|it| -> Vec<f64> {
        let cores = cores.unwrap_or(1.0);
        it.iter().map(|busy| busy * cores).collect()
    });
    let mut all = Vec::new();
    for (place, service) in seen.iter().enumerate() {
        let waits = waits_inside(lens, service, computing.as_deref());
        let slower = slowdown(lens, &service.mean);
        all.push(lock(service, &waits, &slower));
        all.extend(pool(lens, service, &waits));
        let others: Vec<&Seen<'_>> = seen
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place)
            .map(|(_, it)| it)
            .collect();
        all.extend(
            service
                .exits
                .iter()
                .map(|exit| external(lens, (service, exit), &others)),
        );
    }
    all.extend(told_pools(lens));
    for resource in [Resource::Lock, Resource::Pool, Resource::External] {
        if all.iter().all(|it| it.resource != resource) {
            let mut none = Readings::new(resource, "");
            none.doubts = vec!["no service told of calls to others".to_owned()];
            all.push(none);
        }
    }
    all
}

fn has(line: &Line, key: &str) -> bool {
    line.series.key.attribute(key).is_some()
}

fn seen<'a>(lens: &Lens<'a>) -> Vec<Seen<'a>> {
    let lines = lens.of("service.request.active");
    let own = lines
        .iter()
        .filter(|it| it.series.key.attributes.len() == 1);
    let mut found: Vec<Seen<'a>> = own
        .filter_map(|line| {
            let name = line.series.key.attribute("service.name")?;
            let one = |metric: &str| lens.one(metric, &[("service.name", name)]);
            Some(Seen {
                name,
                active: line.values.to_vec(),
                mean: one("service.request.duration.mean")?,
                throughput: one("service.request.throughput")?,
                exits: exits(lens, name),
            })
        })
        .collect();
    let work = |it: &Seen<'_>| it.active.iter().filter(|it| it.is_finite()).sum::<f64>();
    found.sort_by(|a, b| work(b).total_cmp(&work(a)));
    found.truncate(SERVICES_MAX);
    found
}

/// Calls that a service waits for, by whom it asks; those to nobody by name together.
fn exits<'a>(lens: &Lens<'a>, service: &str) -> Vec<Exit<'a>> {
    let of = |line: &&&'a Line| {
        let key = &line.series.key;
        key.attribute("service.name") == Some(service) && key.attribute("kind") == Some("client")
    };
    let mut exits = Vec::new();
    for line in lens.of("service.request.active").iter().filter(of) {
        // A peer has one series for all its operations; without one there are those only.
        let (peer, whole) = (line.series.key.attribute("peer"), !has(line, "operation"));
        let with: Vec<(&str, &str)> = line
            .series
            .key
            .attributes
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let one = |metric: &str| lens.one(metric, &with);
        let mean = one("service.request.duration.mean");
        let throughput = one("service.request.throughput");
        let name = match (peer, whole) {
            (Some(peer), true) => peer,
            (None, false) => line.series.key.attribute("operation").unwrap_or_default(),
            _ => continue,
        };
        if let Some((mean, throughput)) = mean.zip(throughput) {
            exits.push(Exit {
                peer: name,
                active: line.values.to_vec(),
                mean,
                throughput,
            });
        }
    }
    exits
}

/// Requests in flight that neither compute nor wait for a call. Processors may have
/// worked for others, so this is the least that it can be.
fn waits_inside(lens: &Lens<'_>, service: &Seen<'_>, computing: Option<&[f64]>) -> Vec<f64> {
    let mut waits = service.active.clone();
    for exit in &service.exits {
        for (waits, call) in waits.iter_mut().zip(&exit.active) {
            if call.is_finite() {
                *waits -= call;
            }
        }
    }
    if let Some(computing) = computing {
        for (waits, busy) in waits.iter_mut().zip(computing) {
            if busy.is_finite() {
                *waits -= busy;
            }
        }
    }
    debug_assert_eq!(waits.len(), lens.frame.rows());
    waits
        .iter()
        .map(|it| if it.is_nan() { *it } else { it.max(0.0) })
        .collect()
}

/// How many times as long as usual something takes.
fn slowdown(lens: &Lens<'_>, mean: &[f64]) -> Vec<f64> {
    let smooth = trailing(mean, lens.frame.rows_of_seconds(5.0));
    pairs(&smooth, &usual(&smooth), |now, usual| {
        if usual > 0.0 { now / usual } else { f64::NAN }
    })
}

/// What was usual before each row; `NaN` while too little was seen.
fn usual(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = Vec::new();
    let mut found = Vec::with_capacity(values.len());
    for value in values {
        let place = (sorted.len() as f64 * USUAL_QUANTILE) as usize;
        found.push(match sorted.get(place) {
            Some(usual) if sorted.len() >= USUAL_ROWS => *usual,
            _ => f64::NAN,
        });
        if value.is_finite() {
            let at = sorted.partition_point(|known| known < value);
            sorted.insert(at, *value);
        }
    }
    found
}

fn lock(service: &Seen<'_>, waits: &[f64], slower: &[f64]) -> Readings {
    let mut readings = Readings::new(Resource::Lock, service.name);
    readings.take(Signal::InsideShare, Some(ratio(waits, &service.active)));
    readings.take(Signal::WaitsInside, Some(waits.to_vec()));
    readings.take(Signal::InsideSlowdown, Some(slower.to_vec()));
    readings.take(Signal::InsideTime, Some(ratio(waits, &service.throughput)));
    readings.doubts = vec![
        "which lock it is, and whether it is one, a profile of the waiting threads tells"
            .to_owned(),
    ];
    readings
}

/// Pools that do not tell their use: calls that stand at a whole number.
fn pool(lens: &Lens<'_>, service: &Seen<'_>, waits: &[f64]) -> Vec<Readings> {
    let rows = lens.frame.rows_of_seconds(LEVEL_SECONDS);
    let of_exit = |exit: &Exit<'_>| {
        let mut readings =
            Readings::new(Resource::Pool, &format!("{} → {}", service.name, exit.peer));
        readings.take(Signal::PoolUse, Some(at_level(&exit.active, rows)));
        readings.take(Signal::PoolWaits, Some(waits.to_vec()));
        readings.take(Signal::CallSlowdown, Some(slowdown(lens, &exit.mean)));
        readings.doubts = vec![
            "the size of the pool was not told: calls in flight that stand at a whole number stand in"
                .to_owned(),
        ];
        readings
    };
    service.exits.iter().map(of_exit).collect()
}

/// One where calls in flight stand at a whole number that they never exceeded, else what
/// share of the highest level they are at, below what counts as used up.
fn at_level(active: &[f64], rows: usize) -> Vec<f64> {
    let rows = rows.max(2);
    let mut most = 0.0_f64;
    let at_row = |row: usize| {
        let Some(from) = (row + 1).checked_sub(rows) else {
            return f64::NAN;
        };
        let window = &active[from..=row];
        if window.iter().any(|it| it.is_nan()) {
            return f64::NAN;
        }
        let mean = window.iter().sum::<f64>() / rows as f64;
        most = most.max(mean);
        let (low, high) = window.iter().fold((f64::MAX, 0.0_f64), |(low, high), it| {
            (low.min(*it), high.max(*it))
        });
        let whole = mean.round();
        let level = mean >= POOL_LEAST
            && high - low <= 2.0 * LEVEL_SPREAD * mean
            && (mean - whole).abs() <= WHOLE_WITHIN * whole
            && mean >= most * (1.0 - LEVEL_SPREAD);
        match level {
            true => 1.0,
            false if most > 0.0 => (mean / most).min(1.0) * NOT_LEVEL,
            false => 0.0,
        }
    };
    (0..active.len()).map(at_row).collect()
}

/// The most that calls count which do not stand at a level.
const NOT_LEVEL: f64 = 0.5;

/// Pools that tell their use.
fn told_pools(lens: &Lens<'_>) -> Vec<Readings> {
    let used_metric = ["db.client.connection.count", "db.client.connections.usage"];
    let most_metric = ["db.client.connection.max", "db.client.connections.max"];
    let waits_metric = [
        "db.client.connection.pending_requests",
        "db.client.connections.pending_requests",
    ];
    let pool_keys = ["db.client.connection.pool.name", "pool.name"];
    let mut found = Vec::new();
    for key in pool_keys {
        for pool in lens.values_of(&used_metric, key) {
            let sum = |metrics: &[&str], with: &[(&str, &str)]| {
                let mut with = with.to_vec();
                with.push((key, &pool));
                metrics.iter().find_map(|metric| lens.sum(metric, &with))
            };
            let state = sum(&used_metric, &[("db.client.connection.state", "used")])
                .or_else(|| sum(&used_metric, &[("state", "used")]));
            let most = sum(&most_metric, &[]);
            let mut readings = Readings::new(Resource::Pool, &pool);
            let held = crate::bottleneck::lens::held;
            let used = state
                .zip(most)
                .map(|(used, most)| ratio(&held(&used), &held(&most)));
            readings.take(Signal::PoolUse, used);
            readings.take(
                Signal::PoolWaits,
                sum(&waits_metric, &[]).map(|it| held(&it)),
            );
            found.push(readings);
        }
    }
    found
}

fn external(
    lens: &Lens<'_>,
    (service, exit): (&Seen<'_>, &Exit<'_>),
    others: &[&Seen<'_>],
) -> Readings {
    let mut readings = Readings::new(
        Resource::External,
        &format!("{} → {}", service.name, exit.peer),
    );
    let slower = slowdown(lens, &exit.mean);
    readings.take(
        Signal::CallShare,
        Some(ratio(&exit.active, &service.active)),
    );
    readings.take(Signal::CallSlowdown, Some(slower));
    readings.take(Signal::CallsInFlight, Some(exit.active.clone()));
    readings.take(Signal::CallTime, Some(exit.mean.clone()));
    let mean = |values: &[f64]| crate::stats::order::mean(values);
    let (calls, in_flight) = (mean(&exit.throughput), mean(&exit.active));
    let is_same = |it: &Seen<'_>| {
        SAME_REQUESTS.contains(&(mean(&it.throughput) / calls))
            && mean(&it.active) <= in_flight * SAME_REQUESTS.end()
    };
    let same = others.iter().find(|it| it.name == exit.peer || is_same(it));
    if let Some(other) = same {
        readings.doubts = vec![format!(
            "the same requests are seen further down in {}, which tells more of where they wait",
            other.name
        )];
        readings.seen_below = true;
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_learned_from_the_past_only() {
        let mut values = vec![1.0; 30];
        values.extend([10.0; 30]);
        let usual = usual(&values);
        assert!(usual[..USUAL_ROWS].iter().all(|it| it.is_nan()));
        assert_eq!((usual[29], usual[30], usual[59]), (1.0, 1.0, 1.0));
    }

    #[test]
    fn calls_stand_at_a_level_when_they_stay_at_a_whole_number() {
        let steady: Vec<f64> = (0..40).map(|row| 4.0 - 0.1 * f64::from(row % 3)).collect();
        let level = at_level(&steady, 10);
        assert_eq!(level[39], 1.0);
        let lively: Vec<f64> = (0..40).map(|row| 1.0 + f64::from(row % 7)).collect();
        assert!(at_level(&lively, 10)[39] <= NOT_LEVEL);
        let grown: Vec<f64> = (0..40)
            .map(|row| if row < 20 { 8.0 } else { 4.0 })
            .collect();
        assert!(at_level(&grown, 10)[39] <= NOT_LEVEL);
    }
}
