//! `Affinity`: cores that a process may use, as a list such as `0-3,6`.
//!
//! # Source
//!
//! `sched_setaffinity(2)`; Linux keeps it by thread.

use model::plan::action::{core_list, cores};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::Driver;
use super::tasks::Tasks;
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const TASKS: Tasks = Tasks {
    what: "affinity",
    get,
    set,
};

/// The driver.
pub(crate) struct Affinity;

fn get(task: Pid) -> Result<String, rustix::io::Errno> {
    let set = sched_getaffinity(Some(task))?;
    let all = (0..CpuSet::MAX_CPU).filter(|it| set.is_set(*it));
    let all: Vec<u32> = all.filter_map(|it| u32::try_from(it).ok()).collect();
    Ok(core_list(&all))
}

fn set(task: Pid, value: &str) -> Result<(), rustix::io::Errno> {
    let cores = cores(value).ok_or(rustix::io::Errno::INVAL)?;
    let mut set = CpuSet::new();
    for core in cores {
        let core = core as usize;
        if core >= CpuSet::MAX_CPU {
            return Err(rustix::io::Errno::INVAL);
        }
        set.set(core);
    }
    sched_setaffinity(Some(task), &set)
}

impl Driver for Affinity {
    fn knows(&self, key: &str) -> bool {
        TASKS.knows(key)
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        TASKS.read(machine, spot)
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        TASKS.write(machine, spot, value)
    }

    fn pin(&self, machine: &Machine, spot: &Spot) -> Result<Spot, Trouble> {
        TASKS.pin(machine, spot)
    }

    fn canonical(&self, _: &Machine, _: &Spot, value: &str) -> Result<String, Trouble> {
        cores(value).map(|it| core_list(&it)).ok_or_else(|| {
            Trouble::Refused(format!("want a list of cores such as 0-3,6, not {value:?}"))
        })
    }

    /// The number of cores of the first thread.
    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        let first = value.split(' ').next().unwrap_or_default();
        cores(first).map_or_else(Vec::new, |it| vec![it.len() as f64])
    }

    fn by_hand(&self, _: &Machine, spot: &Spot, value: &str) -> String {
        let pid = spot.key.split(':').nth(1).unwrap_or_default();
        let mut words = value.split(' ');
        let first = words.next().unwrap_or_default();
        let mut text = format!("taskset -a -c -p {first} {pid}");
        for (task, cores) in words.filter_map(|it| it.split_once('=')) {
            text.push_str(&format!(" && taskset -c -p {cores} {task}"));
        }
        text
    }
}
