//! Processes and their threads, for settings that each thread has on its own.
//!
//! The kernel keeps niceness and cores by thread, so a process's value is that of its
//! first thread, with the threads that differ behind it: `5` or `5 412=0 413=3`. Setting
//! `5` sets all of them; setting the long form gives each its own again.
//!
//! Start at [`Tasks`].
//!
//! # Source
//!
//! `proc_pid_stat(5)`, `setpriority(2)`, `sched_setaffinity(2)`.

use std::collections::BTreeMap;

use rustix::process::Pid;

use crate::act::machine::{Links, Machine};
use crate::act::world::{Spot, Trouble};

/// Threads that are set at most.
const TASKS_MAX: usize = 4_096;

/// Words that stand in a value for single threads.
const APART_MAX: usize = 128;

/// What the kernel keeps of a thread.
pub(super) struct Tasks {
    /// Last part of the key.
    pub(super) what: &'static str,
    /// Reads it.
    pub(super) get: fn(Pid) -> Result<String, rustix::io::Errno>,
    /// Sets it.
    pub(super) set: fn(Pid, &str) -> Result<(), rustix::io::Errno>,
}

/// Number and name of a process, as a key has them.
struct Named<'a> {
    pid: u32,
    name: &'a str,
}

/// What `/proc/pid/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    parent: u32,
    start: u64,
}

impl Tasks {
    /// Whether a key is of this sort.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.named(key).is_some()
    }

    fn named<'a>(&self, key: &'a str) -> Option<Named<'a>> {
        let (pid, rest) = key.strip_prefix("process:")?.split_once(':')?;
        let name = rest.strip_suffix(self.what)?.strip_suffix(':')?;
        Some(Named {
            pid: pid.parse().ok()?,
            name,
        })
    }

    /// The process that a spot means, with its start; an error where another has its number.
    pub(super) fn pin(&self, machine: &Machine, spot: &Spot) -> Result<Spot, Trouble> {
        let named = self.named(&spot.key);
        let named = named.ok_or_else(|| Trouble::Refused(format!("{} is no key", spot.key)))?;
        if !machine.is_live() {
            return Err(Trouble::Refused(
                "a recorded tree has no processes".to_owned(),
            ));
        }
        let stat = stat(machine, named.pid)?;
        if stat.name != named.name || (spot.start != 0 && spot.start != stat.start) {
            return Err(Trouble::Gone(format!(
                "process {} is another one now: {}",
                named.pid, stat.name
            )));
        }
        let forbidden = children_of(machine, spot, named.pid)
            .into_iter()
            .find_map(|it| self.forbidden(machine, it));
        if let Some(key) = forbidden {
            return Err(Trouble::Refused(format!(
                "its child {key} is forbidden here"
            )));
        }
        Ok(Spot {
            start: stat.start,
            ..spot.clone()
        })
    }

    /// The key of a process that no rule can allow.
    fn forbidden(&self, machine: &Machine, pid: u32) -> Option<String> {
        let key = format!("process:{pid}:{}:{}", name(machine, pid)?, self.what);
        machine.policy.forbids(&key).is_some().then_some(key)
    }

    /// Whether the process that was pinned is still there; it may have taken another name.
    fn alive(&self, machine: &Machine, spot: &Spot) -> Result<(), Trouble> {
        let pid = self.named(&spot.key).map_or(0, |it| it.pid);
        if spot.start == 0 || !machine.is_live() {
            return self.pin(machine, spot).map(drop);
        }
        if stat(machine, pid)?.start != spot.start {
            return Err(Trouble::Gone(format!("process {pid} is another one now")));
        }
        Ok(())
    }

    /// The value of all threads.
    pub(super) fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        self.alive(machine, spot)?;
        let pid = self.named(&spot.key).map_or(0, |it| it.pid);
        let first = self.one(pid)?;
        let mut text = first.clone();
        let mut apart = 0;
        for task in self.all(machine, spot, pid) {
            match self.one(task) {
                Ok(value) if value != first => {
                    apart += 1;
                    text.push_str(&format!(" {task}={value}"));
                }
                Ok(_) | Err(Trouble::Gone(_)) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        if apart > APART_MAX {
            return Err(Trouble::Refused(format!(
                "{apart} threads of {} differ from the first, more than can be put back",
                spot.key
            )));
        }
        Ok(text)
    }

    /// Sets all threads.
    pub(super) fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        self.alive(machine, spot)?;
        let pid = self.named(&spot.key).map_or(0, |it| it.pid);
        let mut words = value.split_whitespace();
        let first = words.next().unwrap_or_default();
        let apart: BTreeMap<u32, &str> = words
            .filter_map(|word| word.split_once('='))
            .filter_map(|(task, value)| Some((task.parse().ok()?, value)))
            .collect();
        // A thread that begins in between inherits from one that is set already, or is
        // found in the second round.
        for _ in 0..2 {
            for task in self.all(machine, spot, pid) {
                let value = apart.get(&task).copied().unwrap_or(first);
                match self.set_one(task, value) {
                    Ok(()) | Err(Trouble::Gone(_)) => {}
                    Err(trouble) => return Err(trouble),
                }
            }
        }
        Ok(())
    }

    fn one(&self, task: u32) -> Result<String, Trouble> {
        (self.get)(number(task)?).map_err(|error| told(task, error))
    }

    fn set_one(&self, task: u32, value: &str) -> Result<(), Trouble> {
        (self.set)(number(task)?, value).map_err(|error| told(task, error))
    }

    /// Threads of the process and, where asked for, of its children; never of this process.
    fn all(&self, machine: &Machine, spot: &Spot, pid: u32) -> Vec<u32> {
        let mut pids = vec![pid];
        // One that was born since is left alone where it must be.
        let mut more = children_of(machine, spot, pid);
        more.retain(|it| self.forbidden(machine, *it).is_none());
        pids.extend(more);
        let mut tasks = Vec::new();
        for pid in pids {
            for name in names(machine, &format!("proc/{pid}/task")) {
                if tasks.len() < TASKS_MAX {
                    tasks.extend(name.parse::<u32>().ok());
                }
            }
        }
        tasks
    }
}

fn number(task: u32) -> Result<Pid, Trouble> {
    let raw = i32::try_from(task).ok().and_then(Pid::from_raw);
    raw.ok_or_else(|| Trouble::Refused(format!("{task} is no process")))
}

fn told(task: u32, error: rustix::io::Errno) -> Trouble {
    let text = format!("process {task}: {error}");
    match error {
        rustix::io::Errno::SRCH => Trouble::Gone(text),
        rustix::io::Errno::PERM | rustix::io::Errno::ACCESS => Trouble::Refused(text),
        _ => Trouble::Failed(text),
    }
}

/// The descendants that a spot means.
fn children_of(machine: &Machine, spot: &Spot, pid: u32) -> Vec<u32> {
    match spot.children {
        true => children(machine, pid),
        false => Vec::new(),
    }
}

/// Descendants of a process, without this one and what it stands on.
fn children(machine: &Machine, of: u32) -> Vec<u32> {
    let mut parents = BTreeMap::new();
    for pid in names(machine, "proc")
        .iter()
        .filter_map(|it| it.parse::<u32>().ok())
    {
        if let Ok(stat) = stat(machine, pid) {
            parents.insert(pid, stat.parent);
        }
    }
    let own = std::process::id();
    let agent = parents.get(&own).copied().unwrap_or(0);
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        let more = parents.iter().filter(|(_, it)| **it == parent);
        found.extend(
            more.map(|(pid, _)| *pid)
                .filter(|it| *it != own && *it != agent),
        );
        found.truncate(TASKS_MAX);
    }
    found.split_off(1)
}

/// Children of a process, with their starts.
pub(super) fn offspring(machine: &Machine, of: u32) -> Vec<(u32, u64)> {
    let pids = names(machine, "proc");
    let stats = pids.iter().filter_map(|it| {
        let pid = it.parse::<u32>().ok()?;
        let stat = stat(machine, pid).ok()?;
        (stat.parent == of).then_some((pid, stat.start))
    });
    stats.collect()
}

/// Name of a process; `None` where there is none.
pub(super) fn name(machine: &Machine, pid: u32) -> Option<String> {
    stat(machine, pid).ok().map(|it| it.name)
}

fn names(machine: &Machine, folder: &str) -> Vec<String> {
    debug_assert!(machine.is_live());
    let entries = std::fs::read_dir(format!("/{folder}"));
    let names = entries.into_iter().flatten().flatten();
    let mut names: Vec<String> = names
        .filter_map(|it| it.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn stat(machine: &Machine, pid: u32) -> Result<Stat, Trouble> {
    let text = machine.text("proc", &format!("{pid}/stat"), Links::Never);
    let text = text.map_err(|trouble| match trouble {
        // A process that ends while it is read.
        Trouble::Failed(why) if why.contains("No such process") => Trouble::Gone(why),
        other => other,
    })?;
    parse(&text).ok_or_else(|| Trouble::Failed(format!("/proc/{pid}/stat makes no sense")))
}

/// The name may hold spaces and brackets; its end is the last bracket.
fn parse(text: &str) -> Option<Stat> {
    let (_, rest) = text.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Stat {
        name: name.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}

/// Memory of the machine.
pub(super) fn memory_bytes(machine: &Machine) -> Option<f64> {
    let text = machine.text("proc", "meminfo", Links::Never).ok()?;
    let line = text.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_move_the_fields() {
        let text = "412 (a) b (c) S 7 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 9876 1 2";
        let stat = parse(text);
        let expected = Stat {
            name: "a) b (c".to_owned(),
            parent: 7,
            start: 9876,
        };
        assert_eq!(stat, Some(expected));
    }
}
