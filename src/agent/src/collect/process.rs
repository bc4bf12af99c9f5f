//! All processes: who lives, what they used, who ended.
//!
//! A process is its pid and its start time, and keeps one number for its whole
//! life: when it starts another program, [`Sink::reappear`] says who it is now.
//! A fresh fork still carries its parent's name and command, so who is younger
//! than two seconds when first seen is looked at once more in the next reading.
//! A command line that a program rewrites without changing its name is not
//! followed.
//!
//! Per reading: one listing of `/proc`, `stat` of everyone; `status` and `io` of
//! those whose processor time, state or faults changed, and of everyone else in
//! turn every [`ROUND`] readings; the open descriptors of a few in turn, and their limit.
//!
//! Degradation: 1 reads `status` and `io` in turn only; 2 reads processes every
//! fifth time; 3 reads then only those that used the processor when all were last
//! read, which is every thirtieth time. What ended is told at every level.
//!
//! Start at [`Processes::read`](Source::read).
//!
//! # Source
//!
//! `proc_pid_stat(5)`, `proc_pid_status(5)`, `proc_pid_io(5)`, `proc_pid_limits(5)`.

mod entry;
mod files;
mod list;
mod open_files;
mod stat;

use std::collections::HashSet;

use model::event::EventKind;
use model::process::{Field, Process, Reading};

use self::entry::{Entry, Lost};
use self::files::Files;
use self::list::{List, PROCESSES_MAX};
use self::open_files::Counting;
use super::exits::{Exit, Exits};
use crate::kept::Root;
use crate::redact;
use crate::sink::{Gone, Noticed, Sink, Slot};
use crate::source::Source;

/// Readings in which everyone's `status` and `io` is read once.
const ROUND: u32 = 30;

/// Readings from one to the next at degradation 2 and above.
const SPARSE: u32 = 5;

/// A process younger than this when first seen may not have started its program yet.
const YOUNG_NS: i64 = 2_000_000_000;

/// Pids that ended before they were ever listed, while they may still be zombies.
const UNSEEN_MAX: usize = 4096;

/// The process table.
struct Processes {
    files: Files,
    list: List,
    exits: Exits,
    counting: Counting,
    /// By ascending pid.
    table: Vec<Entry>,
    pids: Vec<u32>,
    ended: Vec<Exit>,
    unseen: HashSet<u32>,
    count: Option<Slot>,
    turn: u32,
    sweeps: u32,
    next_counted: usize,
    level: u8,
    full: bool,
    refused: usize,
}

/// Opens the process table, or `None` where there is no `/proc`.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    Some(Box::new(Processes::new(root, Exits::open(root))?))
}

impl Processes {
    fn new(root: &Root, exits: Exits) -> Option<Self> {
        Some(Self {
            files: Files::new(root),
            list: List::open(&root.path("proc"))?,
            exits,
            counting: Counting::find(root),
            table: Vec::new(),
            pids: Vec::new(),
            ended: Vec::new(),
            unseen: HashSet::new(),
            count: None,
            turn: 0,
            sweeps: 0,
            next_counted: 0,
            level: 0,
            full: false,
            refused: 0,
        })
    }

    /// Lists, reads everyone, and returns those that are no longer there, by ascending pid.
    fn sweep(&mut self, sink: &mut Sink) -> Vec<Entry> {
        let Ok(more) = self.list.read(&mut self.pids) else {
            return Vec::new();
        };
        if more != self.full {
            self.full = more;
            self.tell_full(sink);
        }
        let mut before = std::mem::take(&mut self.table).into_iter().peekable();
        let mut table = Vec::with_capacity(self.pids.len());
        let mut lost = Vec::new();
        let pids = std::mem::take(&mut self.pids);
        for pid in &pids {
            while let Some(entry) = before.next_if(|entry| entry.pid < *pid) {
                lost.push(entry);
            }
            if let Some(mut entry) = before.next_if(|entry| entry.pid == *pid) {
                match self.update(&mut entry, sink) {
                    Ok(()) => {
                        table.push(entry);
                        continue;
                    }
                    // Not listed under this start any more: perhaps the pid is reused.
                    Err(()) => lost.push(entry),
                }
            }
            table.extend(self.meet(*pid, sink));
        }
        lost.extend(before);
        self.unseen.retain(|pid| pids.binary_search(pid).is_ok());
        self.pids = pids;
        self.table = table;
        for entry in &mut lost {
            entry.close(&mut self.files);
        }
        sink.processes_read = true;
        self.sweeps = self.sweeps.wrapping_add(1);
        lost
    }

    /// Reads a known process; fails when it is not the one that was known.
    fn update(&mut self, entry: &mut Entry, sink: &mut Sink) -> Result<(), ()> {
        let everyone = self.turn.is_multiple_of(ROUND);
        if self.level >= 3 && !everyone && !entry.busy {
            return Ok(());
        }
        let found = match entry.read(&mut self.files, &mut sink.buffer) {
            Ok(found) => found,
            Err(Lost::Unread) => return Ok(()),
            Err(Lost::Ended) => return Err(()),
        };
        // The pid spreads the turns evenly, whoever comes and goes.
        let its_turn = (entry.pid.wrapping_add(self.sweeps)).is_multiple_of(ROUND);
        if its_turn || (found.changed && self.level == 0) {
            entry.read_detail(&mut self.files, &mut sink.buffer);
        }
        if !found.changed && self.files.is_tight() {
            entry.close_detail(&mut self.files);
        }
        if entry.recheck || found.renamed {
            entry.recheck = false;
            if let Some(process) = entry.identify(&mut self.files, &mut sink.buffer) {
                sink.reappear(entry.id, process);
            }
        }
        Ok(())
    }

    /// Makes a listed pid known; `None` when it ended meanwhile or was told before.
    fn meet(&mut self, pid: u32, sink: &mut Sink) -> Option<Entry> {
        let mut entry = Entry::first(pid, &mut self.files, &mut sink.buffer)?;
        if entry.is_zombie() && self.unseen.contains(&pid) {
            entry.close(&mut self.files);
            return None;
        }
        entry.read_detail(&mut self.files, &mut sink.buffer);
        self.refused += usize::from(entry.io_refused());
        let process = entry.identify(&mut self.files, &mut sink.buffer)?;
        entry.id = sink.appear(process);
        entry.recheck = sink.stamp.boot_ns.saturating_sub(entry.start_ns) < YOUNG_NS;
        if !entry.recheck && self.files.is_tight() {
            entry.close_detail(&mut self.files);
        }
        Some(entry)
    }

    /// Counts the open descriptors of the next few processes.
    fn count_open_files(&mut self) {
        let root = self.files.root();
        for _ in 0..self.counting.per_reading().min(self.table.len()) {
            self.next_counted = (self.next_counted + 1) % self.table.len();
            let entry = &mut self.table[self.next_counted];
            if let Some(count) = self.counting.count(root, entry.pid) {
                entry.reading.set(Field::OpenFiles, count);
            }
            if let Some(limit) = open_files::limit(&self.files, entry.pid) {
                entry.reading.set(Field::OpenFilesLimit, limit);
            }
        }
    }

    /// Matches what the kernel said of ended processes with the known ones.
    fn settle(&mut self, sink: &mut Sink, lost: &mut [Entry]) {
        let mut ended = std::mem::take(&mut self.ended);
        let drained = self.exits.drain(&mut ended);
        if drained.lost > 0 {
            sink.events.push(Noticed {
                kind: EventKind::Missing,
                subject: "process exits".to_owned(),
                before: String::new(),
                after: drained.lost.to_string(),
                text: "more processes ended than the kernel could tell in time; some that lived for less than a reading are missing".to_owned(),
            });
        }
        for exit in ended.drain(..) {
            // Who is no longer listed first: its pid may belong to another one now.
            let lost_at = lost.binary_search_by_key(&exit.pid, |it| it.pid);
            let known_at = self.table.binary_search_by_key(&exit.pid, |it| it.pid);
            let ends = |it: &&mut Entry| it.exit.is_none() && exit.boot_ns >= it.start_ns;
            let known = lost_at
                .ok()
                .map(|at| &mut lost[at])
                .filter(ends)
                .or_else(|| known_at.ok().map(|at| &mut self.table[at]).filter(ends));
            match known {
                Some(entry) => entry.exit = Some(exit),
                None => self.tell_unseen(exit, sink),
            }
        }
        self.ended = ended;
    }

    /// Tells of a process that came and went between two listings.
    fn tell_unseen(&mut self, exit: Exit, sink: &mut Sink) {
        if self.unseen.len() < UNSEEN_MAX {
            self.unseen.insert(exit.pid);
        }
        let process = sink.appear(Process {
            pid: exit.pid,
            parent_pid: exit.parent,
            start_boot_ns: exit.start_boot_ns,
            name: redact::name(&exit.name),
            command: String::new(),
            cgroup: String::new(),
            user_id: Some(exit.user_id),
        });
        sink.gone.push(Gone {
            process,
            boot_ns: exit.boot_ns,
            exit_code: exit.exit_code,
            reading: exit.reading,
        });
    }

    fn tell_full(&self, sink: &mut Sink) {
        let state = if self.full { "partial" } else { "complete" };
        sink.events.push(Noticed {
            kind: EventKind::Missing,
            subject: "processes".to_owned(),
            before: String::new(),
            after: state.to_owned(),
            text: format!(
                "the process table is {state}: {PROCESSES_MAX} processes are tracked at most"
            ),
        });
    }

    fn report(&mut self, sink: &mut Sink) {
        let slot = *self
            .count
            .get_or_insert_with(|| sink.declare("system.process.count", &[], 1));
        sink.set(slot, i64::try_from(self.table.len()).unwrap_or(i64::MAX));
        sink.alive
            .extend(self.table.iter().map(|it| (it.id, it.reading)));
    }
}

impl Source for Processes {
    fn read(&mut self, sink: &mut Sink) {
        let due = self.level < 2 || self.turn.is_multiple_of(SPARSE);
        let mut lost = if due { self.sweep(sink) } else { Vec::new() };
        // After the listing: who is no longer listed has said so by now.
        self.settle(sink, &mut lost);
        sink.gone
            .extend(lost.iter().map(|it| gone(it, sink.stamp.boot_ns)));
        if sink.processes_read {
            self.count_open_files();
            self.report(sink);
        }
        self.turn = self.turn.wrapping_add(1);
    }

    fn limits(&self) -> Vec<String> {
        let mut limits = self.exits.limits();
        if self.refused > 0 {
            let noun = if self.refused == 1 {
                "process"
            } else {
                "processes"
            };
            limits.push(format!(
                "storage input and output cannot be read of {} {noun}: run as root or with CAP_SYS_PTRACE",
                self.refused
            ));
        }
        if hides_processes(self.files.root()) {
            limits.push(
                "/proc is mounted with hidepid: processes of other users are not seen".to_owned(),
            );
        }
        limits
    }

    fn degrade(&mut self, level: u8) {
        self.level = level;
    }
}

/// What is told of a known process that ended; its totals never fall.
fn gone(entry: &Entry, now_ns: i64) -> Gone {
    let Some(exit) = &entry.exit else {
        return Gone {
            process: entry.id,
            boot_ns: now_ns,
            exit_code: None,
            reading: entry.reading,
        };
    };
    let mut reading: Reading = entry.reading;
    for (last, told) in reading.0.iter_mut().zip(exit.reading.0) {
        *last = (*last).max(told);
    }
    Gone {
        process: entry.id,
        boot_ns: exit.boot_ns,
        exit_code: exit.exit_code,
        reading,
    }
}

fn hides_processes(root: &Root) -> bool {
    root.text("proc/self/mounts").is_some_and(|mounts| {
        mounts.lines().any(|line| {
            let mut fields = line.split(' ').skip(1);
            let place = fields.next() == Some("/proc");
            let options = fields.nth(1).unwrap_or("");
            let hidden = |it: &str| matches!(it.strip_prefix("hidepid="), Some(how) if !matches!(how, "0" | "off"));
            place && options.split(',').any(hidden)
        })
    })
}

#[cfg(test)]
mod tests;
