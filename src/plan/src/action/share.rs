//! Weights and urgency: who gets the processors when all want them.
//!
//! Nobody is held back while processors are free, so what others use is taken from the
//! application only as far as their share goes.
//!
//! # Source
//!
//! Linux `kernel/sched/core.c`, `sched_prio_to_weight`: each step of nice is a factor of
//! 1.25; `Documentation/admin-guide/cgroup-v2.rst`, `cpu.weight`.

use model::plan::Class;
use model::plan::action::Kind;

use super::{Effect, Model, Stage, effect};
use crate::observe::processors::covers;
use crate::refusal::{Code, Refusal};
use crate::system::Resource;

/// Weights and nice.
pub(super) const MODEL: Model = Model {
    kinds: &["CpuWeight", "Nice"],
    parameter: "share of the processors among those that want them",
    project,
};

/// The weight of a group that nobody changed, and of a process of nice 0 beside it.
const USUAL: f64 = 100.0;

fn project(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let (name, weight) = match kind {
        Kind::CpuWeight { cgroup, weight } => (cgroup.as_str(), *weight as f64),
        Kind::Nice { process, nice } => (process.name.as_str(), USUAL / 1.25_f64.powi(*nice)),
        _ => return super::untold::refuse(kind),
    };
    let calibration = stage.calibration;
    let own = calibration.resources.iter().position(|it| {
        it.resource == Resource::Cpu && it.groups.iter().any(|own| covers(name, own))
    });
    let beside = calibration.beside.iter().find(|it| it.name == name);
    let kept = 1.0 - stage.parameters.yields;
    let (k, own_weight, others_weight, others) = match (own, beside) {
        (Some(k), _) => (k, weight, USUAL, stage.taken(k)),
        (None, Some(beside)) => {
            let of_host = |it: &crate::calibrate::Known| {
                it.host == beside.host && it.resource == Resource::Cpu
            };
            let k = calibration.resources.iter().position(of_host);
            let k = k.unwrap_or(0);
            (k, USUAL, weight, (beside.busy * kept).min(stage.taken(k)))
        }
        (None, None) => {
            return Err(Code::NotAResource
                .because(format!("what {name} used was not recorded"))
                .advising(format!("record the processors of {name}")));
        }
    };
    let known = &calibration.resources[k];
    let share = others_weight / (own_weight + others_weight);
    let held = others.min(known.units * share);
    let freed = others - held;
    stage.free(k, freed);
    let best = match others > 0.05 * known.units {
        true => Class::B,
        false => Class::C,
    };
    Ok(effect(
        best,
        match freed > 0.005 {
            true => format!(
                "others keep {held:.2} of the {others:.2} processors that they take, when all are wanted"
            ),
            false => "nobody else wants so much of the processors that shares matter".to_owned(),
        },
    ))
}
