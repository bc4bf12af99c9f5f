//! More copies of a service: each gets its part of the requests.

use model::plan::Class;
use model::plan::action::Kind;

use super::{Effect, Model, Stage, effect};
use crate::refusal::{Code, Refusal};
use crate::system::Station;

/// Copies.
pub(super) const MODEL: Model = Model {
    kinds: &["Replicas"],
    parameter: "number of stations that share the demand",
    project,
};

/// Copies beyond this are not told apart.
const COPIES_MAX: u32 = 256;

fn project(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::Replicas { service, count } = kind else {
        return super::untold::refuse(kind);
    };
    if *service != stage.calibration.subject {
        return Err(Code::NotAResource
            .because(format!(
                "the recording was calibrated on {}, not on {service}",
                stage.calibration.subject
            ))
            .advising(format!("name {service} as the plan's subject")));
    }
    let copies = stage.system.stations.len() / stage.calibration.resources.len().max(1);
    let count = (*count).clamp(1, (COPIES_MAX / copies.max(1) as u32).max(1));
    let mut copies = Vec::with_capacity(stage.system.stations.len() * count as usize);
    for station in &stage.system.stations {
        for copy in 0..count {
            copies.push(Station {
                name: match copy {
                    0 => station.name.clone(),
                    copy => format!("{}, copy {}", station.name, copy + 1),
                },
                demand_s: station.demand_s / f64::from(count),
                ..station.clone()
            });
        }
    }
    stage.system.stations = copies;
    Ok(effect(
        Class::B,
        format!(
            "{count} copies share the requests evenly, each on processors of its own, and nothing else"
        ),
    ))
}
