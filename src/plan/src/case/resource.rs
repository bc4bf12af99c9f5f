//! Processors, disks, caches, limits and batch work.

use serde_json::json;

use super::inputs::Inputs;
use super::{Answer, CaseError};
use crate::refusal::Refusal;
use crate::solve::cache::{self, Curve, TRACE_MAX};
use crate::solve::cpu::{self, Limits};
use crate::solve::disk::{self, Found};
use crate::solve::limit::{self, Admission, Retry};
use crate::solve::{SolveError, batch, positive};

/// A refusal as an answer.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    vec![
        ("refused", json!(true)),
        ("code", json!(refusal.code.short())),
        ("why", json!(refusal.why)),
        ("record_next", json!(refusal.record_next)),
    ]
}

pub(super) fn shares(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let groups = inputs.matrix("groups")?;
    let pairs: Option<Vec<(f64, f64)>> = groups
        .iter()
        .map(|it| match it.as_slice() {
            [weight, members] => Some((*weight, *members)),
            _ => None,
        })
        .collect();
    let pairs = pairs.ok_or_else(|| inputs.wrong("groups", "want pairs of weight and number"))?;
    let work_s = positive("the work", inputs.number("cpu_time")?)?;
    let shares = cpu::shares(&pairs)?;
    let times: Vec<f64> = shares.iter().map(|it| work_s / it).collect();
    let rates: Vec<f64> = times.iter().map(|it| 3600.0 / it).collect();
    Ok(vec![
        ("entitlement", json!(shares)),
        ("R", json!(times)),
        ("X_per_hour", json!(rates)),
    ])
}

pub(super) fn capacity(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let pair = |a: &str, b: &str| -> Result<Option<(f64, f64)>, CaseError> {
        match inputs.has(a) {
            true => Ok(Some((inputs.number(a)?, inputs.number(b)?))),
            false => Ok(None),
        }
    };
    let limits = Limits {
        machine: inputs.number("cores")?,
        set: match inputs.has("cpuset") {
            true => Some(inputs.number("cpuset")?),
            false => None,
        },
        quota: pair("quota", "period")?,
        weights: pair("weight", "weights")?,
        others: inputs.number_or("others", 0.0)?,
        steal: inputs.number_or("steal", 0.0)?,
    };
    Ok(vec![("capacity", json!(cpu::capacity(&limits)?))])
}

pub(super) fn stall(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let work_s = inputs.number("work")?;
    let wall_s = cpu::stalled(work_s, inputs.number("quota")?, inputs.number("period")?)?;
    Ok(vec![
        ("wall", json!(wall_s)),
        ("stalled", json!(wall_s - work_s)),
    ])
}

pub(super) fn disk(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let found = disk::fitted(&inputs.list("iops")?, &inputs.list("in_flight")?)?;
    Ok(match found {
        Found::Refused(refusal) => refused(&refusal),
        Found::Disk(disk) => vec![
            ("refused", json!(false)),
            ("S", json!(disk.service_s)),
            ("c", json!(disk.slots)),
            ("capacity", json!(disk.capacity())),
            ("error", json!(disk.error)),
        ],
    })
}

pub(super) fn cache(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let sizes = inputs.list("sizes")?;
    if inputs.has("popularity") {
        let popularity = inputs.list("popularity")?;
        let hits: Result<Vec<f64>, SolveError> = sizes
            .iter()
            .map(|it| cache::che(&popularity, *it))
            .collect();
        return Ok(vec![("hit_ratio_che", json!(hits?))]);
    }
    let keys = inputs.keys("trace")?;
    let warm = match inputs.has("warm") {
        true => inputs.count("warm", TRACE_MAX)?,
        false => 0,
    };
    let curve = Curve::of(&keys, warm, inputs.number_or("rate", 1.0)?)?;
    let hits: Vec<f64> = sizes.iter().map(|it| curve.hit_ratio(*it)).collect();
    let counted = keys.get(warm..).unwrap_or_default();
    let mut counts = std::collections::BTreeMap::new();
    for key in counted {
        *counts.entry(*key).or_insert(0.0) += 1.0;
    }
    let popularity: Vec<f64> = counts.into_values().collect();
    let che: Result<Vec<f64>, SolveError> = sizes
        .iter()
        .map(|it| cache::che(&popularity, *it))
        .collect();
    Ok(vec![
        ("hit_ratio", json!(hits)),
        ("hit_ratio_che", json!(che?)),
        ("keys", json!(popularity.len())),
    ])
}

pub(super) fn backend(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (before, after) = (inputs.number("hit")?, inputs.number("hit_after")?);
    let demand_s = cache::behind(inputs.number("D")?, before, after)?;
    Ok(vec![("D", json!(demand_s))])
}

pub(super) fn rate_limit(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let found = limit::admitted(&Admission {
        asked: inputs.number("lambda")?,
        limit: inputs.number("limit")?,
        burst: inputs.number_or("burst", 0.0)?,
        demand_s: inputs.number_or("D", 0.0)?,
        reject_s: inputs.number_or("D_reject", 0.0)?,
        over_s: inputs.number("T")?,
    })?;
    Ok(vec![
        ("admitted", json!(found.admitted)),
        ("rejected", json!(found.rejected)),
        ("ratio", json!(found.ratio)),
        ("U", json!(found.utilization)),
    ])
}

pub(super) fn retries(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let found = limit::settled(&Retry {
        rate: inputs.number("lambda")?,
        service_s: inputs.number("S")?,
        servers: inputs.servers("c")?,
        timeout_s: inputs.number("timeout")?,
        again: inputs.number("retry")?,
    })?;
    Ok(vec![
        ("attempts", json!(found.calm)),
        ("attempts_overloaded", json!(found.overloaded)),
        ("failed", json!(found.failed)),
        ("metastable", json!(found.metastable)),
        ("recovers_below", json!(found.recovers_below)),
    ])
}

pub(super) fn batch(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let rows = inputs.number_or("rows", 0.0)?;
    if rows.fract() != 0.0 || rows.abs() > 1e9 {
        return Err(inputs.wrong("rows", "want a whole number"));
    }
    let found = batch::shifted(&inputs.list("busy")?, &inputs.list("job")?, rows as i64)?;
    let peak = |it: &batch::Peak| json!([it.lo, it.value, it.hi]);
    Ok(vec![
        ("mean_before", json!(found.mean_before)),
        ("mean_after", json!(found.mean_after)),
        ("peak_before", peak(&found.before)),
        ("peak_after", peak(&found.after)),
    ])
}
