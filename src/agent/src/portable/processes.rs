//! All processes with the basic numbers.

use std::collections::HashMap;

use model::process::{Field, Process, ProcessId, Reading};
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use crate::kept::Root;
use crate::redact;
use crate::sink::{Gone, Sink};
use crate::source::Source;

const SECOND_NS: i64 = 1_000_000_000;

struct Processes {
    system: System,
    boot_time: u64,
    known: HashMap<Identity, Known>,
    readings: u64,
}

/// A pid may be used again; with its start it is not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Identity {
    pid: u32,
    start_s: u64,
}

#[derive(Clone, Copy)]
struct Known {
    id: ProcessId,
    reading: Reading,
    seen: u64,
}

/// Opens the source.
pub(super) fn open(_: &Root) -> Option<Box<dyn Source>> {
    Some(Box::new(Processes {
        system: System::new(),
        boot_time: System::boot_time(),
        known: HashMap::new(),
        readings: 0,
    }))
}

impl Source for Processes {
    fn read(&mut self, sink: &mut Sink) {
        let kind = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .with_disk_usage()
            .with_cmd(UpdateKind::OnlyIfNotSet)
            .with_user(UpdateKind::OnlyIfNotSet)
            .without_tasks();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        self.readings += 1;
        sink.processes_read = true;
        let mut listed: Vec<_> = self.system.processes().values().collect();
        listed.sort_by_key(|process| (process.start_time(), process.pid()));
        for process in listed {
            let identity = Identity {
                pid: process.pid().as_u32(),
                start_s: process.start_time(),
            };
            let reading = reading(process);
            let boot_time = self.boot_time;
            let known = self.known.entry(identity).or_insert_with(|| Known {
                id: sink.appear(described(process, boot_time)),
                reading,
                seen: 0,
            });
            known.reading = reading;
            known.seen = self.readings;
            sink.alive.push((known.id, reading));
        }
        self.tell_gone(sink);
    }

    fn limits(&self) -> Vec<String> {
        vec![
            "on this system processor time of processes is not split: all of it counts as user time".to_owned(),
            "on this system processes that live for less than a reading are not seen".to_owned(),
        ]
    }
}

impl Processes {
    fn tell_gone(&mut self, sink: &mut Sink) {
        let now = self.readings;
        let boot_ns = sink.stamp.boot_ns;
        let gone = self.known.values().filter(|known| known.seen != now);
        let mut gone: Vec<_> = gone.map(|known| (known.id, known.reading)).collect();
        gone.sort_by_key(|(id, _)| *id);
        sink.gone
            .extend(gone.into_iter().map(|(process, reading)| Gone {
                process,
                boot_ns,
                exit_code: None,
                reading,
            }));
        self.known.retain(|_, known| known.seen == now);
    }
}

fn described(process: &sysinfo::Process, boot_time: u64) -> Process {
    let arguments = process.cmd().iter();
    let command: Vec<u8> = arguments
        .flat_map(|it| it.as_encoded_bytes().iter().copied().chain([0]))
        .collect();
    let after_boot = process.start_time().saturating_sub(boot_time);
    Process {
        pid: process.pid().as_u32(),
        parent_pid: process.parent().map_or(0, sysinfo::Pid::as_u32),
        start_boot_ns: i64::try_from(after_boot)
            .unwrap_or(0)
            .saturating_mul(SECOND_NS),
        name: redact::name(process.name().as_encoded_bytes()),
        command: redact::command(&command),
        cgroup: String::new(),
        // Where users have no numbers, the text is none.
        user_id: process.user_id().and_then(|it| it.to_string().parse().ok()),
    }
}

fn reading(process: &sysinfo::Process) -> Reading {
    let mut reading = Reading::default();
    let mut set = |field, value: u64| reading.set(field, i64::try_from(value).unwrap_or(-1));
    set(
        Field::UserTime,
        process.accumulated_cpu_time().saturating_mul(1000),
    );
    set(Field::SystemTime, 0);
    set(Field::ResidentMemory, process.memory());
    set(Field::VirtualMemory, process.virtual_memory());
    let usage = process.disk_usage();
    set(Field::ReadBytes, usage.total_read_bytes);
    set(Field::WriteBytes, usage.total_written_bytes);
    if let Some(letter) = letter(process.status()) {
        set(Field::State, u64::from(letter));
    }
    reading
}

/// The letter of `proc_pid_stat(5)` for a state.
fn letter(status: ProcessStatus) -> Option<u8> {
    match status {
        ProcessStatus::Run => Some(b'R'),
        ProcessStatus::Sleep => Some(b'S'),
        ProcessStatus::Idle => Some(b'I'),
        ProcessStatus::Stop | ProcessStatus::Suspended => Some(b'T'),
        ProcessStatus::Tracing => Some(b't'),
        ProcessStatus::Zombie => Some(b'Z'),
        ProcessStatus::Dead => Some(b'X'),
        ProcessStatus::Parked => Some(b'P'),
        ProcessStatus::UninterruptibleDiskSleep | ProcessStatus::LockBlocked => Some(b'D'),
        _ => None,
    }
}
