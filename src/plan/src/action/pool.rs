//! What lets requests in: pools and limits of the rate.

use model::plan::Class;
use model::plan::action::Kind;

use super::{Effect, Model, Stage, effect};
use crate::refusal::{Code, Refusal};

/// Sizes of pools.
pub(super) const SIZE: Model = Model {
    kinds: &["PoolSize"],
    parameter: "requests at once",
    project: size,
};

/// Limits of the rate.
pub(super) const LIMIT: Model = Model {
    kinds: &["RateLimit"],
    parameter: "requests a second that are let in",
    project: limit,
};

/// Sending a request away costs this share of serving it, where it was not measured.
const REJECTING: f64 = 0.1;

fn size(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::PoolSize { service, size, .. } = kind else {
        return super::untold::refuse(kind);
    };
    subject(stage, service)?;
    stage.system.gate.pool = Some(*size as f64);
    Ok(effect(
        Class::B,
        format!("{size} requests at once are worked on, others wait"),
    ))
}

fn limit(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::RateLimit { service, per_s, .. } = kind else {
        return super::untold::refuse(kind);
    };
    subject(stage, service)?;
    stage.system.gate.rate = Some(*per_s);
    let first = stage.system.stations.first();
    stage.system.gate.reject_demand_s = first.map_or(0.0, |it| it.demand_s * REJECTING);
    Ok(effect(
        Class::A,
        format!("at most {per_s} requests a second are let in, others are sent away"),
    ))
}

/// Only of what was calibrated can be said what a gate before it does.
fn subject(stage: &Stage<'_>, service: &str) -> Result<(), Refusal> {
    if service == stage.calibration.subject {
        return Ok(());
    }
    Err(Code::NotAResource
        .because(format!(
            "the recording was calibrated on {}, not on {service}",
            stage.calibration.subject
        ))
        .advising(format!("name {service} as the plan's subject")))
}
