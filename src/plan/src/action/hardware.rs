//! Other hardware: faster units, or another number of them.

use model::plan::Class;
use model::plan::action::{Hardware, Kind};

use super::{Effect, LEAST, Model, Stage, effect};
use crate::refusal::{Code, Refusal};
use crate::system::Resource;

/// Other hardware.
pub(super) const MODEL: Model = Model {
    kinds: &["HardwareChange"],
    parameter: "demands, by a measured ratio, and number of units",
    project,
};

fn project(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::HardwareChange { what, speed, units } = kind else {
        return super::untold::refuse(kind);
    };
    let resource = match what {
        Hardware::Cpu => Resource::Cpu,
        Hardware::Disk => Resource::Disk,
        Hardware::Network => Resource::Network,
    };
    let own: Vec<usize> = (0..stage.system.stations.len())
        .filter(|k| stage.system.stations[*k].resource == resource)
        .collect();
    if own.is_empty() {
        return Err(Code::NotAResource
            .because(format!(
                "the recording has no {what:?} that requests were seen to queue at"
            ))
            .advising("record under a load that uses it, with its operations, queue and waits"));
    }
    for k in own {
        stage.system.stations[k].demand_s /= speed.max(1e-9);
        if let Some(units) = units {
            // A quota stays, also on a larger machine; a limit of cores that was said, too.
            let room = &mut stage.room[k];
            let more = f64::from(*units) - room.units;
            let limited = room.pinned || room.cores < room.units;
            room.units += more;
            if !limited || more < 0.0 {
                room.cores = (room.cores + more).max(LEAST);
                let station = &mut stage.system.stations[k];
                let quota = station
                    .quota
                    .map_or(f64::INFINITY, |it| it + station.background);
                station.allowed = stage.room[k].cores.min(quota);
            }
            stage.fit(k);
        }
    }
    let units = units.map_or(String::new(), |it| format!(", {it} of them"));
    Ok(effect(
        Class::A,
        format!("each unit is {speed:.2} times as fast{units}"),
    ))
}
