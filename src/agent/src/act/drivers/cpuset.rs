//! `Cpuset`: cores that a control group may use, as a list such as `0-3,6`.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v1/cpusets.rst`, `…/cgroup-v2.rst`.

use model::plan::action::{core_list, cores};

use super::Driver;
use super::cgroup::{Files, commands, find, path};
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const FILES: Files = Files {
    name: "cpuset.cpus",
    v1_folders: &["sys/fs/cgroup/cpuset"],
    v1: "cpuset.cpus",
    v2: "cpuset.cpus",
};

/// The driver.
pub(crate) struct Cpuset;

impl Driver for Cpuset {
    fn knows(&self, key: &str) -> bool {
        path(key, FILES.name).is_some()
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let text = find(machine, spot, &FILES)?.text(machine, "cpuset.cpus")?;
        Ok(cores(&text).map_or(text, |it| core_list(&it)))
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        find(machine, spot, &FILES)?.put(machine, "cpuset.cpus", value)
    }

    fn canonical(&self, _: &Machine, _: &Spot, value: &str) -> Result<String, Trouble> {
        let cores = cores(value);
        cores.map(|it| core_list(&it)).ok_or_else(|| {
            Trouble::Refused(format!("want a list of cores such as 0-3,6, not {value:?}"))
        })
    }

    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        cores(value).map_or_else(Vec::new, |it| vec![it.len() as f64])
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        commands(find(machine, spot, &FILES), |group| {
            vec![group.by_hand("cpuset.cpus", value)]
        })
    }
}
