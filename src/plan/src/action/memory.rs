//! Limits of memory: only the cliff is known.

use model::plan::Class;
use model::plan::action::Kind;

use super::{Effect, Model, Stage, effect};
use crate::refusal::{Code, Refusal};

/// Limits of memory.
pub(super) const MODEL: Model = Model {
    kinds: &["MemoryMax"],
    parameter: "whether the working set fits",
    project,
};

/// A limit must leave so much room over the working set to be without effect.
const ROOM: f64 = 1.1;

fn project(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::MemoryMax { cgroup, bytes } = kind else {
        return super::untold::refuse(kind);
    };
    let known = stage.calibration.memory.iter().find(|it| it.0 == *cgroup);
    let Some((_, used)) = known else {
        return Err(Code::NotAResource
            .because(format!("the memory of {cgroup} was not recorded"))
            .advising(format!("record {cgroup} as a control group")));
    };
    match bytes {
        Some(bytes) if (*bytes as f64) < used * ROOM => Err(Code::NotAResource
            .because(format!(
                "{cgroup} held {:.0} MiB that cannot be given back, which the limit of {:.0} MiB hardly leaves; what happens below its working set is not predictable",
                used / 1048576.0,
                *bytes as f64 / 1048576.0
            ))
            .advising("watch cgroup.memory.faults and the memory pressure of the group while the limit comes down in steps of 10 %")),
        _ => Ok(effect(
            Class::B,
            "the working set fits, so the limit changes nothing but what is cached of files",
        )),
    }
}
