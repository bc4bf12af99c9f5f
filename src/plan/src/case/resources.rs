//! Processors, disks, networks, caches, limits, retries and batch work by name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::inputs::Inputs;
use super::{Refusal, Stop};
use crate::solve::batch::{self, Goal, Shift};
use crate::solve::cache::{self, Curve};
use crate::solve::cpu::{self, Limits, Quota};
use crate::solve::disk::{self, Point};
use crate::solve::limiter::{self, Limiter};
use crate::solve::network::{self, Transfer};
use crate::solve::retry::{self, Failure, Retries};
use crate::solve::{SolveError, closed};

/// Retries of one request that are followed where nothing is said.
const RETRIES: f64 = 100.0;

/// What of a shifted load counts as its peak, how often intervals hold, and their seed.
const PEAK: (f64, f64, u64) = (0.99, 0.8, 0x7065_616b);

fn optional(inputs: &Inputs<'_>, field: &str) -> Result<Option<f64>, Stop> {
    match inputs.has(field) {
        true => Ok(Some(inputs.number(field)?)),
        false => Ok(None),
    }
}

/// One of two numbers over the other, where they are given.
fn ratio(inputs: &Inputs<'_>, (part, whole): (&str, &str)) -> Result<Option<f64>, Stop> {
    match inputs.has(part) {
        true => Ok(Some(inputs.number(part)? / inputs.number(whole)?)),
        false => Ok(None),
    }
}

/// Cores that limits and neighbors leave.
pub(super) fn capacity(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let cores = inputs.number("cores")?;
    let found = cpu::capacity(&Limits {
        allowed_cores: optional(inputs, "cpuset")?.map_or(cores, |it| it.min(cores)),
        quota_cores: ratio(inputs, ("quota", "period"))?,
        weight_share: ratio(inputs, ("weight", "weights"))?,
        others_cores: inputs.number_or("others", 0.0)?,
        stolen_cores: inputs.number_or("steal", 0.0)?,
    })?;
    Ok(json!({"capacity": found}))
}

/// A burst under a quota.
pub(super) fn stall(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let work_seconds = inputs.number("work")?;
    let quota = Quota {
        quota_seconds: inputs.number("quota")?,
        period_seconds: inputs.number("period")?,
    };
    let wall = cpu::burst_seconds(work_seconds, quota)?;
    Ok(json!({"wall": wall, "stalled": wall - work_seconds}))
}

/// What a disk can do, or why that cannot be told.
pub(super) fn disk(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let rates = inputs.numbers("iops")?;
    let queues = inputs.numbers_like("in_flight", rates.len())?;
    let pairs = rates.iter().zip(&queues);
    let points: Vec<Point> = pairs
        .map(|(rate, queue)| Point {
            queue: *queue,
            rate: *rate,
            latency_seconds: queue / rate,
        })
        .collect();
    if let Some(falls) = disk::falls(&points) {
        return Err(Stop::Refused(Refusal {
            code: "I7",
            why: format!(
                "a request takes {:.6} s at {:.0}/s and {:.6} s at a lower rate, which no queue does: this disk is not predictable on this host",
                falls.after_seconds, falls.rate, falls.before_seconds
            ),
            record_next: "the disk at several depths without a cache before it".to_owned(),
        }));
    }
    let found = disk::fit(&points)?;
    Ok(json!({
        "refused": false,
        "S": found.service_seconds,
        "c": found.parallel.is_finite().then_some(found.parallel),
        "capacity": (found.parallel / found.service_seconds).is_finite()
            .then_some(found.parallel / found.service_seconds),
        "error": found.residual_rate,
    }))
}

/// A transfer as a queue for the wire and the time of its round trips.
pub(super) fn network(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let stations = network::stations(&Transfer {
        bytes: inputs.number("bytes")?,
        bytes_per_second: inputs.number("bandwidth")?,
        round_trips: inputs.number_or("transfers", 1.0)?,
        round_trip_seconds: inputs.number_or("rtt", 0.0)?,
    })?;
    let [wire, way] = stations.map(|it: closed::Station| it.demand_seconds);
    Ok(json!({"D": wire, "delay": way, "capacity": (wire > 0.0).then(|| 1.0 / wire)}))
}

/// Hits of caches of other sizes.
pub(super) fn cache(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let sizes = inputs.numbers("sizes")?;
    let che = |popularity: &[f64]| -> Result<Vec<f64>, SolveError> {
        let sizes = sizes.iter();
        sizes.map(|it| cache::che(popularity, *it)).collect()
    };
    if inputs.has("popularity") {
        return Ok(json!({"hit_ratio_che": che(&inputs.numbers("popularity")?)?}));
    }
    let keys = inputs.keys("trace")?;
    let warm = match inputs.has("warm") {
        true => inputs.count("warm")?,
        false => 0,
    };
    let curve = Curve::of(&keys, warm, inputs.number_or("rate", 1.0)?)?;
    let hits: Vec<f64> = sizes.iter().map(|it| curve.hit_ratio(*it)).collect();
    let mut counts = BTreeMap::new();
    for key in keys.get(warm..).unwrap_or_default() {
        *counts.entry(*key).or_insert(0.0) += 1.0;
    }
    let popularity: Vec<f64> = counts.into_values().collect();
    Ok(json!({
        "hit_ratio": hits,
        "hit_ratio_che": che(&popularity)?,
        "keys": popularity.len(),
    }))
}

/// What a cache leaves to what stands behind it.
pub(super) fn backend(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (before, after) = (inputs.number("hit")?, inputs.number("hit_after")?);
    let demand = cache::behind(inputs.number("D")?, before, after)?;
    Ok(json!({"D": demand}))
}

/// A limit of the rate.
pub(super) fn rate_limit(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let found = limiter::solve(&Limiter {
        rate: inputs.number("lambda")?,
        limit: inputs.number("limit")?,
        burst: inputs.number_or("burst", 0.0)?,
        window_seconds: inputs.number("T")?,
        demand_seconds: inputs.number_or("D", 0.0)?,
        rejected_demand_seconds: inputs.number_or("D_reject", 0.0)?,
        cores: inputs.number_or("c", 1.0)?,
    })?;
    Ok(json!({
        "admitted": found.admitted,
        "rejected": found.rejected,
        "ratio": found.rejected_share,
        "U": found.utilization,
    }))
}

/// Retries of those that waited too long.
pub(super) fn retries(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let most = inputs.number_or("most", RETRIES)?;
    if most.fract() != 0.0 || !(0.0..=1e6).contains(&most) {
        return Err(inputs
            .wrong("most", "a whole number of zero or more")
            .into());
    }
    let found = retry::solve(&Retries {
        rate: inputs.number("lambda")?,
        retried_share: inputs.number("retry")?,
        most_retries: most as u32,
        failure: Failure::Late {
            service_seconds: inputs.number("S")?,
            servers: inputs.servers("c")?,
            timeout_seconds: inputs.number("timeout")?,
        },
    })?;
    Ok(json!({
        "attempts": found.from_below.attempts,
        "attempts_overloaded": found.from_above.attempts,
        "failed": found.from_below.failure_chance,
        "metastable": found.is_metastable,
        "recovers_below": found.recovers_below,
    }))
}

/// Batch work that is moved out of the window, or to later rows.
pub(super) fn batch(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let busy = inputs.numbers("busy")?;
    let job = inputs.numbers_like("job", busy.len())?;
    let goal = match inputs.has("rows") {
        true => Goal::Later(inputs.count("rows")?),
        false => Goal::Away,
    };
    let (peak_level, level, seed) = PEAK;
    let found = batch::shift(&Shift {
        busy: &busy,
        batch: &job,
        goal,
        peak_level,
        level,
        seed,
    })?;
    let peak = |it: batch::Estimate| json!([it.lo, it.value, it.hi]);
    Ok(json!({
        "mean_before": found.mean_before,
        "mean_after": found.mean_after,
        "peak_before": peak(found.peak_before),
        "peak_after": peak(found.peak_after),
        "peak_change": peak(found.peak_change),
    }))
}
