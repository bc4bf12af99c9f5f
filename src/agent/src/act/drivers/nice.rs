//! `Nice`: urgency of a process among others, -20 (most urgent) to 19.
//!
//! # Source
//!
//! `getpriority(2)`; Linux keeps it by thread.

use rustix::process::{Pid, getpriority_process, setpriority_process};

use super::Driver;
use super::tasks::Tasks;
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const TASKS: Tasks = Tasks {
    what: "nice",
    get,
    set,
};

/// The driver.
pub(crate) struct Nice;

fn get(task: Pid) -> Result<String, rustix::io::Errno> {
    Ok(getpriority_process(Some(task))?.to_string())
}

fn set(task: Pid, value: &str) -> Result<(), rustix::io::Errno> {
    let nice = value.parse().map_err(|_| rustix::io::Errno::INVAL)?;
    setpriority_process(Some(task), nice)
}

impl Driver for Nice {
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

    /// That of the first thread.
    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        super::numbers(value.split(' ').next().unwrap_or_default())
    }

    fn by_hand(&self, _: &Machine, spot: &Spot, value: &str) -> String {
        let pid = spot.key.split(':').nth(1).unwrap_or_default();
        let mut words = value.split(' ');
        let first = words.next().unwrap_or_default();
        let mut text =
            format!("for t in /proc/{pid}/task/*; do renice -n {first} -p \"${{t##*/}}\"; done");
        for (task, nice) in words.filter_map(|it| it.split_once('=')) {
            text.push_str(&format!(" && renice -n {nice} -p {task}"));
        }
        text
    }
}
