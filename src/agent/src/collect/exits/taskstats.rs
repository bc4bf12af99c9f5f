//! Taskstats: the numbers of every thread that ends.
//!
//! # Source
//!
//! Linux `Documentation/accounting/taskstats.rst` and `taskstats-struct.rst`,
//! `linux/taskstats.h`, `linux/genetlink.h`. Offsets are those of the structure,
//! which only grows at its end; its alignment is the same on all machines.

use std::io;

use model::process::{ABSENT, Field, Reading};
use rustix::io::Errno;
use rustix::net::netlink::GENERIC;

use super::WAITING_BYTES;
use super::netlink::{
    self, MESSAGE_BYTES, REQUEST, Received, Socket, TYPE_ERROR, u16_at, u32_at, u64_at,
};

/// Family that knows the others (`GENL_ID_CTRL`), its question and attributes.
const CONTROL_FAMILY: u16 = 16;
const CONTROL_GET_FAMILY: u8 = 3;
const CONTROL_FAMILY_ID: u16 = 1;
const CONTROL_FAMILY_NAME: u16 = 2;

/// `TASKSTATS_CMD_GET`, `TASKSTATS_CMD_ATTR_PID`, `…_REGISTER_CPUMASK`.
const COMMAND_GET: u8 = 1;
const ASK_PID: u16 = 1;
const ASK_PROCESSORS: u16 = 3;

/// `TASKSTATS_TYPE_PID`, `…_STATS`, `…_AGGR_PID`.
const TYPE_PID: u16 = 1;
const TYPE_STATS: u16 = 3;
const TYPE_ONE_THREAD: u16 = 4;

/// Version from which on the process and its last thread are told.
const PROCESS_SINCE: u16 = 12;

/// Flag of the last thread of a process (`AGROUP`).
const LAST_THREAD: u8 = 0x20;

/// Messages taken per reading at most.
const MESSAGES_MAX: usize = 200_000;

/// A thread that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskExit {
    /// Thread.
    pub(super) pid: u32,
    /// Its process; `None` on kernels before 5.18.
    pub(super) process: Option<u32>,
    /// Whether it was the last thread; `None` on kernels before 5.18.
    pub(super) last: Option<bool>,
    /// Parent's process id.
    pub(super) parent: u32,
    /// Real user id.
    pub(super) user_id: u32,
    /// Short name, raw.
    pub(super) name: Vec<u8>,
    /// Wait status; meaningful for the first thread of a process.
    pub(super) exit_code: i32,
    /// How long the process lived, or the thread where that is not told.
    pub(super) lived_ns: i64,
    /// Numbers of the thread.
    pub(super) reading: Reading,
}

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum TaskstatsError {
    /// The kernel was built without it.
    #[error("this kernel has no taskstats")]
    Absent,
    /// A privilege is missing.
    #[error("taskstats needs root or CAP_NET_ADMIN outside of containers ({0})")]
    Refused(#[source] io::Error),
    /// The structure is not the one that is known.
    #[error("taskstats version {0} of this kernel has an unknown layout")]
    Layout(u16),
    /// Something else failed.
    #[error("taskstats failed ({0})")]
    Failed(#[from] io::Error),
}

/// Listens to ended threads.
#[derive(Debug)]
pub(super) struct Taskstats {
    socket: Socket,
    buffer: Vec<u8>,
    family: u16,
    version: u16,
}

impl Taskstats {
    /// Begins to listen on `processors`, a list such as `0-7`.
    pub(super) fn open(processors: &str) -> Result<Self, TaskstatsError> {
        let mut taskstats = Self {
            socket: Socket::listening(GENERIC, 0, WAITING_BYTES)?,
            buffer: vec![0; MESSAGE_BYTES],
            family: 0,
            version: 0,
        };
        taskstats.find_family()?;
        taskstats.check_layout()?;
        let processors = format!("{processors}\0");
        let ask = question(COMMAND_GET, ASK_PROCESSORS, processors.as_bytes());
        taskstats.ask(taskstats.family, 3, &ask)?;
        Ok(taskstats)
    }

    /// Whether the process and its last thread are told.
    pub(super) fn tells_process(&self) -> bool {
        self.version >= PROCESS_SINCE
    }

    /// Appends all ended threads that wait; returns how often messages were lost.
    pub(super) fn drain(&mut self, out: &mut Vec<TaskExit>) -> u64 {
        let mut lost = 0;
        for _ in 0..MESSAGES_MAX {
            match self.socket.receive(&mut self.buffer) {
                Ok(Received::Bytes(length)) => {
                    let messages = netlink::messages(&self.buffer[..length]);
                    let ours = messages.filter(|it| it.kind == self.family);
                    out.extend(ours.filter_map(|it| task_exit(it.body)));
                }
                Ok(Received::Lost) => lost += 1,
                Ok(Received::Nothing) | Err(_) => break,
            }
        }
        lost
    }

    fn find_family(&mut self) -> Result<(), TaskstatsError> {
        let ask = question(CONTROL_GET_FAMILY, CONTROL_FAMILY_NAME, b"TASKSTATS\0");
        let answer = match self.ask(CONTROL_FAMILY, 1, &ask) {
            Err(TaskstatsError::Failed(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Err(TaskstatsError::Absent);
            }
            answer => answer?,
        };
        let attributes = answer.get(4..).unwrap_or(&[]);
        self.family = netlink::attributes(attributes)
            .find(|(kind, _)| *kind == CONTROL_FAMILY_ID)
            .and_then(|(_, value)| u16_at(value, 0))
            .ok_or(TaskstatsError::Absent)?;
        Ok(())
    }

    /// Asks about this very process, of which the answer is known.
    fn check_layout(&mut self) -> Result<(), TaskstatsError> {
        let pid = std::process::id();
        let ask = question(COMMAND_GET, ASK_PID, &pid.to_ne_bytes());
        let answer = self.ask(self.family, 2, &ask)?;
        let stats = thread_stats(&answer).map(|(_, stats)| stats);
        self.version = stats.and_then(|it| u16_at(it, 0)).unwrap_or(0);
        match stats.and_then(parse) {
            Some(task) if task.pid == pid => Ok(()),
            _ => Err(TaskstatsError::Layout(self.version)),
        }
    }

    /// Sends a question and returns the answer's body. The kernel answers before
    /// sending returns, so that there is nothing to wait for.
    fn ask(&mut self, family: u16, sequence: u32, body: &[u8]) -> Result<Vec<u8>, TaskstatsError> {
        let message = netlink::message(family, REQUEST, sequence, body);
        self.socket.send(&message).map_err(refused)?;
        let mut answer = Vec::new();
        for _ in 0..MESSAGES_MAX {
            let Received::Bytes(length) = self.socket.receive(&mut self.buffer)? else {
                break;
            };
            for message in netlink::messages(&self.buffer[..length]) {
                if message.sequence != sequence {
                    continue;
                }
                if message.kind != TYPE_ERROR {
                    answer = message.body.to_vec();
                    continue;
                }
                let code = u32_at(message.body, 0).unwrap_or(0).cast_signed();
                return match code {
                    0 => Ok(answer),
                    code => Err(refused(io::Error::from_raw_os_error(-code))),
                };
            }
        }
        Err(TaskstatsError::Failed(io::ErrorKind::TimedOut.into()))
    }
}

/// Sorts an error: a missing privilege, or something else.
fn refused(error: io::Error) -> TaskstatsError {
    // `EINVAL` is what the kernel says in another user or pid name space.
    let invalid = error.raw_os_error() == Some(Errno::INVAL.raw_os_error());
    if invalid || error.kind() == io::ErrorKind::PermissionDenied {
        TaskstatsError::Refused(error)
    } else {
        TaskstatsError::Failed(error)
    }
}

fn question(command: u8, kind: u16, value: &[u8]) -> Vec<u8> {
    let mut body = vec![command, 1, 0, 0];
    netlink::push_attribute(&mut body, kind, value);
    body
}

/// The thread of a message about one ended thread.
pub(super) fn task_exit(body: &[u8]) -> Option<TaskExit> {
    let (pid, stats) = thread_stats(body)?;
    parse(stats).filter(|task| task.pid == pid)
}

fn thread_stats(body: &[u8]) -> Option<(u32, &[u8])> {
    let (_, nested) =
        netlink::attributes(body.get(4..)?).find(|(kind, _)| *kind == TYPE_ONE_THREAD)?;
    let value = |wanted: u16| {
        netlink::attributes(nested)
            .find(|(kind, _)| *kind == wanted)
            .map(|(_, value)| value)
    };
    Some((u32_at(value(TYPE_PID)?, 0)?, value(TYPE_STATS)?))
}

/// Takes `struct taskstats` apart.
fn parse(stats: &[u8]) -> Option<TaskExit> {
    let version = u16_at(stats, 0)?;
    let tells_process = version >= PROCESS_SINCE;
    let name = stats.get(80..112)?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    let lived_us = match tells_process {
        true => u64_at(stats, 376)?,
        false => u64_at(stats, 144)?,
    };
    let (user, system) = precise(u64_at(stats, 152)?, u64_at(stats, 160)?, u64_at(stats, 72)?);
    let mut reading = Reading::default();
    for (field, raw) in [
        (Field::UserTime, user),
        (Field::SystemTime, system),
        (Field::MinorFaults, u64_at(stats, 168)?),
        (Field::MajorFaults, u64_at(stats, 176)?),
        (Field::ReadBytes, u64_at(stats, 248)?),
        (Field::WriteBytes, u64_at(stats, 256)?),
        (Field::VoluntarySwitches, u64_at(stats, 272)?),
        (Field::InvoluntarySwitches, u64_at(stats, 280)?),
    ] {
        reading.set(field, i64::try_from(raw).unwrap_or(ABSENT));
    }
    Some(TaskExit {
        pid: u32_at(stats, 128)?,
        process: if tells_process {
            u32_at(stats, 368)
        } else {
            None
        },
        last: tells_process.then_some(*stats.get(8)? & LAST_THREAD != 0),
        parent: u32_at(stats, 132)?,
        user_id: u32_at(stats, 120)?,
        name: name[..end].to_vec(),
        exit_code: u32_at(stats, 4)?.cast_signed(),
        lived_ns: i64::try_from(lived_us).unwrap_or(0).saturating_mul(1000),
        reading,
    })
}

/// User and system time in microseconds.
///
/// The kernel samples both at its clock tick, so that short processes often have
/// none, and knows their sum exactly. The sum is split as sampled, as the kernel
/// itself does for `/proc/PID/stat`.
fn precise(user_us: u64, system_us: u64, run_ns: u64) -> (u64, u64) {
    let sampled = u128::from(user_us) + u128::from(system_us);
    let exact = u128::from(run_ns / 1000);
    if exact <= sampled {
        return (user_us, system_us);
    }
    if system_us == 0 {
        return (run_ns / 1000, 0);
    }
    let system = exact * u128::from(system_us) / sampled;
    let system = u64::try_from(system).unwrap_or(system_us);
    (run_ns / 1000 - system, system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_sum_is_split_as_sampled() {
        assert_eq!(precise(0, 0, 1_500_000), (1500, 0));
        assert_eq!(precise(10_000, 30_000, 80_000_000), (20_000, 60_000));
        assert_eq!(precise(0, 10_000, 12_000_000), (0, 12_000));
        assert_eq!(precise(20_000, 0, 0), (20_000, 0));
        assert_eq!(precise(u64::MAX, u64::MAX, u64::MAX), (u64::MAX, u64::MAX));
    }
}
