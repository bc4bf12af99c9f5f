//! Quotas, sets of cores and affinities: how many processors the application may use.
//!
//! # Source
//!
//! Linux `Documentation/scheduler/sched-bwc.rst` for quotas.

use model::plan::Class;
use model::plan::action::{Kind, cores};

use super::{Effect, LEAST, Model, Stage, effect};
use crate::calibrate::{Known, OTHERS_MOST};
use crate::observe::processors::covers;
use crate::refusal::{Code, Refusal};
use crate::system::Resource;

/// Quotas.
pub(super) const MAX: Model = Model {
    kinds: &["CpuMax"],
    parameter: "processors of a control group",
    project: max,
};

/// Sets of cores.
pub(super) const SET: Model = Model {
    kinds: &["Cpuset", "Affinity"],
    parameter: "processors",
    project: set,
};

/// Settings of an application that say how many processors it uses.
pub(super) const WORKERS: Model = Model {
    kinds: &["AppConfig"],
    parameter: "processors, where a setting says how many are used",
    project: workers,
};

fn max(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::CpuMax {
        cgroup,
        quota_us,
        period_us,
    } = kind
    else {
        return super::untold::refuse(kind);
    };
    let quota = quota_us.map(|it| it as f64 / (*period_us).max(1) as f64);
    let Some(k) = of_group(stage, cgroup) else {
        return neighbor(stage, cgroup, quota);
    };
    let known = &stage.calibration.resources[k];
    let before = stage.system.stations[k].allowed;
    let allowed = quota.map_or(known.cores, |it| it.min(known.cores));
    // More than others leave is a promise that they may not let the host keep.
    let crowded = known.unnamed > OTHERS_MOST * known.units;
    if crowded && allowed + known.others > known.units && allowed > before {
        return Err(Code::SharedHost.because(format!(
            "{:.2} of {:.0} processors were busy with something that was not recorded by name (at most {:.0} %), so {allowed:.2} are not there for {cgroup} whenever it wants them",
            known.unnamed,
            known.units,
            OTHERS_MOST * 100.0
        )));
    }
    let station = &mut stage.system.stations[k];
    station.quota = quota
        .filter(|it| *it < known.cores)
        .map(|it| (it - station.background).max(LEAST));
    station.allowed = allowed;
    Ok(effect(
        match known.others > OTHERS_MOST * known.units && allowed + known.others > known.units {
            true => Class::B,
            false => Class::A,
        },
        format!("{cgroup} may use {allowed:.2} processors instead of {before:.2}"),
    ))
}

/// A quota of work beside the application gives it what that work may not use any more.
fn neighbor(stage: &mut Stage<'_>, cgroup: &str, quota: Option<f64>) -> Result<Effect, Refusal> {
    let calibration = stage.calibration;
    let Some(beside) = calibration.beside.iter().find(|it| it.name == cgroup) else {
        let own: Vec<&str> = calibration
            .resources
            .iter()
            .flat_map(|it| it.groups.iter().map(String::as_str))
            .collect();
        let own = match own.is_empty() {
            true => "the application was recorded as its whole host".to_owned(),
            false => format!("the application was recorded as {}", own.join(", ")),
        };
        return Err(Code::NotAResource
            .because(format!("what {cgroup} used was not recorded: {own}"))
            .advising(format!(
                "record with {cgroup} as a control group of its own and name cgroup.cpu.usage{{cgroup={cgroup}}} in the plan's subject"
            )));
    };
    let freed = (beside.busy - quota.unwrap_or(f64::INFINITY)).max(0.0);
    let freed = freed * (1.0 - stage.parameters.yields);
    let mut resources = calibration.resources.iter();
    let of_host = |it: &Known| it.host == beside.host && it.resource == Resource::Cpu;
    if let Some(k) = resources.position(of_host) {
        stage.free(k, freed);
    }
    Ok(effect(
        Class::B,
        format!("{cgroup} leaves {freed:.2} more processors to the application"),
    ))
}

fn set(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let (list, k) = match kind {
        Kind::Cpuset { cgroup, cpus } => (cpus, of_group(stage, cgroup)),
        Kind::Affinity { process, cpus } if process.children => {
            // All processes of the application, if it has one resource of processors.
            (cpus, (stage.system.stations.len() == 1).then_some(0))
        }
        _ => return super::untold::refuse(kind),
    };
    let Some(k) = k else {
        return Err(Code::NotAResource
            .because("what is pinned is not what was recorded as the application's processors"));
    };
    let count = cores(list).map_or(0, |it| it.len()) as f64;
    let known = &stage.calibration.resources[k];
    let cores = count.min(known.cores).max(LEAST);
    // What others use is spread over all cores.
    let room = &mut stage.room[k];
    let all = if room.pinned { room.cores } else { room.units };
    room.taken *= cores / all.max(1e-9);
    room.cores = cores;
    room.pinned = true;
    let before = stage.system.stations[k].capacity;
    stage.fit(k);
    let station = &mut stage.system.stations[k];
    station.allowed = cores.min(station.quota.map_or(cores, |it| it + station.background));
    Ok(effect(
        Class::A,
        format!(
            "the application may use cores {list}: {:.2} processors instead of {before:.2}",
            station.capacity
        ),
    ))
}

/// The application and the value, where a setting says how many workers it has, each of
/// which uses one processor at most.
pub(crate) fn worker_setting(kind: &Kind) -> Option<(&str, &str)> {
    match kind {
        Kind::AppConfig {
            adapter,
            key,
            value,
            ..
        } if adapter == "nginx" && key == "worker_processes" => Some((adapter, value)),
        _ => None,
    }
}

/// Workers of a web server: one is one thread, which uses one processor at most.
fn workers(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Some((adapter, value)) = worker_setting(kind) else {
        return super::untold::refuse(kind);
    };
    let limited =
        |it: &Known| it.resource == Resource::Cpu && it.cores < it.units && it.cores.fract() == 0.0;
    let found = stage.calibration.resources.iter().position(limited);
    let (Some(k), Ok(count)) = (found, value.parse::<u32>()) else {
        return Err(Code::NotAResource
            .because(format!(
                "how many of the processors {adapter} uses with {value} workers is known only from how many it has now"
            ))
            .advising("say in the plan's subject how many it has: cores, one a worker"));
    };
    let known = &stage.calibration.resources[k];
    let cores = f64::from(count.max(1)).min(stage.room[k].units);
    stage.room[k].cores = cores;
    stage.fit(k);
    let station = &mut stage.system.stations[k];
    let quota = station
        .quota
        .map_or(f64::INFINITY, |it| it + station.background);
    station.allowed = cores.min(quota);
    Ok(effect(
        Class::B,
        format!(
            "{count} workers may use {cores:.0} processors instead of {:.0}",
            known.cores
        ),
    ))
}

/// The station that is this group or below it.
fn of_group(stage: &Stage<'_>, cgroup: &str) -> Option<usize> {
    let own = |it: &Known| {
        it.resource == Resource::Cpu && it.groups.iter().any(|own| covers(cgroup, own))
    };
    stage.calibration.resources.iter().position(own)
}
