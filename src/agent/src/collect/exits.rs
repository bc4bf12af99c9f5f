//! Processes that ended, as the kernel tells them: also those that lived for less
//! than a reading.
//!
//! *Taskstats* tells of every thread that ends, with its name, times and numbers;
//! threads are summed up until the last of their process. The *process connector*
//! tells when exactly; on kernels before 5.18 it also tells threads from
//! processes. Both need `CAP_NET_ADMIN` in the first name spaces of user and pid;
//! without, [`Exits::limits`] says what is missing and why.
//!
//! * Never: blocks, or keeps more than [`THREADS_MAX`] processes with ended threads.
//!
//! Start at [`Exits::open`], then [`Exits::drain`].
//!
//! # Source
//!
//! Linux `Documentation/accounting/taskstats.rst`, `linux/taskstats.h`,
//! `linux/cn_proc.h`, `linux/netlink.h`.

mod connector;
mod taskstats;

use std::collections::{BTreeMap, HashMap};

use model::process::{Field, Reading};
use rustix::time::{ClockId, clock_gettime};

use self::connector::{Connector, ExitEvent};
use self::taskstats::{TaskExit, Taskstats};
use super::netlink;
use crate::kept::Root;

/// Kernel memory for messages that wait: about ten thousand ended threads.
const WAITING_BYTES: usize = 16 << 20;

/// Processes of which some threads ended, at most; about 1 MiB.
const THREADS_MAX: usize = 4096;

/// A process that ended, with the numbers of all its threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    /// Kernel process id.
    pub(super) pid: u32,
    /// Parent's process id.
    pub(super) parent: u32,
    /// Real user id.
    pub(super) user_id: u32,
    /// Short name, raw.
    pub(super) name: Vec<u8>,
    /// Start on the boot clock.
    pub(super) start_boot_ns: i64,
    /// End on the boot clock.
    pub(super) boot_ns: i64,
    /// Wait status.
    pub(super) exit_code: Option<i32>,
    /// Numbers; what the kernel does not tell is absent.
    pub(super) reading: Reading,
}

/// What [`Exits::drain`] could not give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Drained {
    /// How often the kernel had to throw messages away since the last time.
    pub(super) lost: u64,
}

/// Listens for ended processes.
#[derive(Debug, Default)]
pub(super) struct Exits {
    taskstats: Option<Taskstats>,
    connector: Option<Connector>,
    limits: Vec<String>,
    gather: Gather,
    tasks: Vec<TaskExit>,
    events: Vec<ExitEvent>,
}

/// Both clocks of the kernel at the time of draining.
#[derive(Clone, Copy, Debug, Default)]
struct Now {
    boot_ns: i64,
    monotonic_ns: i64,
}

/// Sums threads up to processes.
#[derive(Debug, Default)]
struct Gather {
    threads: BTreeMap<u32, Sum>,
}

/// What is known of a process of which threads ended.
#[derive(Clone, Debug, Default)]
struct Sum {
    reading: Option<Reading>,
    leader: Option<(Vec<u8>, i32)>,
}

impl Exits {
    /// Begins to listen; on a recorded tree, or when refused, nothing is ever told.
    pub(super) fn open(root: &Root) -> Self {
        if !root.is_live() {
            return Self::default();
        }
        let mut exits = Self::default();
        let processors = root.text("sys/devices/system/cpu/possible");
        match Taskstats::open(processors.as_deref().unwrap_or("0")) {
            Ok(taskstats) => exits.taskstats = Some(taskstats),
            Err(error) => {
                exits.limits.push(format!(
                    "processes that live for less than a reading are not seen: {error}"
                ));
                return exits;
            }
        }
        match Connector::open() {
            Ok(connector) => exits.connector = Some(connector),
            Err(error) => exits.without_connector(&error.to_string()),
        }
        exits
    }

    fn without_connector(&mut self, reason: &str) {
        let tells = self
            .taskstats
            .as_ref()
            .is_some_and(Taskstats::tells_process);
        if tells {
            self.limits.push(format!(
                "the end of a process is known to a reading, not to the microsecond: {reason}"
            ));
        } else {
            self.taskstats = None;
            self.limits.push(format!(
                "processes that live for less than a reading are not seen: this kernel's taskstats does not tell threads from processes, and {reason}"
            ));
        }
    }

    /// Sentences on what is not told here.
    pub(super) fn limits(&self) -> Vec<String> {
        self.limits.clone()
    }

    /// Appends every process that ended since the last time. Never waits.
    pub(super) fn drain(&mut self, ended: &mut Vec<Exit>) -> Drained {
        let Some(taskstats) = &mut self.taskstats else {
            return Drained::default();
        };
        self.tasks.clear();
        self.events.clear();
        let mut lost = taskstats.drain(&mut self.tasks);
        // Second, since the kernel tells here later: every ended thread that was
        // told above is found, save those that are just ending.
        if let Some(connector) = &mut self.connector {
            lost += connector.drain(&mut self.events);
        }
        if lost > 0 {
            // The end of a process may be among the lost; its pid will be reused.
            self.gather.threads.clear();
        }
        let events: HashMap<u32, ExitEvent> = self
            .events
            .iter()
            .map(|event| (event.pid, *event))
            .collect();
        let now = Now {
            boot_ns: clock_ns(ClockId::Boottime),
            monotonic_ns: clock_ns(ClockId::Monotonic),
        };
        for task in self.tasks.drain(..) {
            let event = events.get(&task.pid).copied();
            ended.extend(self.gather.take(task, event, now));
        }
        Drained { lost }
    }
}

impl Gather {
    /// Adds an ended thread; returns its process when that was the last one.
    fn take(&mut self, mut task: TaskExit, event: Option<ExitEvent>, now: Now) -> Option<Exit> {
        let process = task.process.or(event.map(|it| it.process))?;
        // Where the kernel does not say which thread was the last, the first
        // thread's end stands for the process's.
        let last = task.last.unwrap_or(task.pid == process);
        let mut sum = self.threads.remove(&process).unwrap_or_default();
        let reading = add(sum.reading, task.reading);
        if task.pid == process {
            sum.leader = Some((std::mem::take(&mut task.name), task.exit_code));
        }
        if !last {
            sum.reading = Some(reading);
            if self.threads.len() >= THREADS_MAX {
                // What `/proc` said of the forgotten one stays.
                self.threads.pop_first();
            }
            self.threads.insert(process, sum);
            return None;
        }
        let boot_ns = event.map_or(now.boot_ns, |it| {
            let ago = now.monotonic_ns.saturating_sub(it.monotonic_ns);
            now.boot_ns.saturating_sub(ago.max(0))
        });
        let (name, exit_code) = match sum.leader {
            Some((name, code)) => (name, Some(code)),
            None => (task.name, None),
        };
        Some(Exit {
            pid: process,
            parent: task.parent,
            user_id: task.user_id,
            name,
            start_boot_ns: boot_ns.saturating_sub(task.lived_ns).max(0),
            boot_ns,
            exit_code,
            reading,
        })
    }
}

/// Adds totals; what neither has stays absent.
fn add(sum: Option<Reading>, more: Reading) -> Reading {
    let Some(sum) = sum else { return more };
    let mut out = Reading::default();
    for field in [
        Field::UserTime,
        Field::SystemTime,
        Field::MinorFaults,
        Field::MajorFaults,
        Field::VoluntarySwitches,
        Field::InvoluntarySwitches,
        Field::ReadBytes,
        Field::WriteBytes,
    ] {
        if let (Some(a), Some(b)) = (sum.get(field), more.get(field)) {
            out.set(field, a.saturating_add(b));
        }
    }
    out
}

fn clock_ns(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(time.tv_nsec)
}

#[cfg(test)]
mod tests;
