//! Kinds that are no parameter of any model: they are tried, not predicted.

use model::plan::action::Kind;

use super::{Effect, Model, Stage};
use crate::refusal::{Code, Refusal};

/// Kinds without a model.
pub(super) const MODEL: Model = Model {
    kinds: &[
        "IoMax",
        "IoScheduler",
        "Sysctl",
        "ServiceRestart",
        "WorkloadHint",
    ],
    parameter: "none",
    project: |kind, _: &mut Stage<'_>| refuse(kind),
};

/// Says that only a trial can tell.
pub(super) fn refuse(kind: &Kind) -> Result<Effect, Refusal> {
    let what = match kind {
        Kind::Sysctl { key, .. } => format!("the kernel's {key}"),
        Kind::IoScheduler { device, .. } => format!("the scheduler of {device}"),
        Kind::AppConfig { adapter, key, .. } => format!("{key} of {adapter}"),
        Kind::Affinity { process, .. } => format!("the affinity of {} alone", process.name),
        Kind::IoMax { device, .. } => {
            format!("a limit of {device}, whose share in a request was not measured,")
        }
        Kind::ServiceRestart { service } => format!("a restart of {service}"),
        Kind::WorkloadHint { .. } => "a change in words".to_owned(),
        other => other.name().to_owned(),
    };
    Err(Code::NotAResource.because(format!("{what} is no parameter of any model")))
}
