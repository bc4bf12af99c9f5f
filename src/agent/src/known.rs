//! What has been declared: series, processes and settings.
//!
//! New ones go into the stream once. What a replay needs to stand alone is kept:
//! everything alive, and what ended while the ring still speaks of it. A process
//! that came and went within one group of the ring is declared there, so the
//! many short-lived ones are not kept here at all. The number of a retired series
//! is free for another one once the ring no longer speaks of it.
//!
//! Start at [`Known::preface`].

use std::collections::{BTreeMap, BTreeSet};

use model::catalog::{self, Kind as MetricKind, Polarity};
use model::process::{Process, ProcessId};
use prost::Message;
use wire::decode::{SERIES_MAX, TEXT_MAX_CHARS};
use wire::frame::Kind;
use wire::message::{Declaration, Pair, ProcessInfo, Processes, Series, Settings};

use crate::sink::{Declared, Slot};

/// One message holds at most this much, well below what a frame may hold.
const MESSAGE_MAX_BYTES: usize = 256 << 10;

/// Ended processes that are kept for a replay; beyond, the oldest lose their name.
const ENDED_MAX: usize = 8_192;

/// Settings that are kept for a replay.
const SETTINGS_MAX: usize = 16_384;

/// A message that is ready to be framed.
pub enum Ready {
    /// Series.
    Series(Series),
    /// Processes.
    Processes(Processes),
    /// Settings.
    Settings(Settings),
}

#[derive(Debug)]
struct Entry {
    process: Process,
    /// Group of the ring in which it was declared first.
    group: u64,
    /// Group of the ring in which it ended.
    ended: Option<u64>,
}

/// Everything a replay must declare.
#[derive(Debug, Default)]
pub struct Known {
    /// Numbers given to other series in the newest group of the ring.
    again: Vec<usize>,
    /// When series were retired: place among the declared, group of the ring.
    retired: BTreeMap<usize, u64>,
    processes: BTreeMap<u32, Entry>,
    /// Ended processes by the group in which they ended.
    ended: BTreeSet<(u64, u32)>,
    settings: BTreeMap<String, String>,
}

impl Known {
    /// Declarations of places that were given to new series.
    pub fn new_series(&mut self, fresh: &[Slot], declared: &[Declared]) -> Vec<Series> {
        for slot in fresh {
            let place = slot.0 as usize;
            self.retired.remove(&place);
            if declared.get(place).is_some_and(|it| it.life > 0) {
                self.again.push(place);
            }
        }
        let places = fresh.iter().map(|slot| slot.0 as usize);
        split_series(places.filter_map(|place| Some((place, declared.get(place)?))))
    }

    /// Declares once more what was declared anew in the group before this one, so
    /// that a reader who lost the first declaration is soon told.
    pub fn repeated(&mut self, declared: &[Declared]) -> Vec<Series> {
        let again = std::mem::take(&mut self.again);
        split_series(
            again
                .into_iter()
                .filter_map(|place| Some((place, declared.get(place)?))),
        )
    }

    /// Notes that retired series came back.
    pub fn revived(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.retired.remove(&(slot.0 as usize));
        }
    }

    /// Places whose series no frame from group `oldest` on refers to.
    pub fn unspoken(&self, oldest: u64) -> Vec<Slot> {
        let unspoken = self.retired.iter().filter(|(_, group)| **group < oldest);
        // Bounded by `SERIES_MAX`.
        unspoken.map(|(place, _)| Slot(*place as u32)).collect()
    }

    /// Notes which series were retired by now, in this group of the ring.
    pub fn note_retired(&mut self, declared: &[Declared], group: u64) {
        for (place, it) in declared.iter().enumerate().take(SERIES_MAX) {
            if it.retired {
                self.retired.entry(place).or_insert(group);
            }
        }
    }

    /// Takes in processes that became known, in this group of the ring.
    pub fn appeared(&mut self, fresh: Vec<(ProcessId, Process)>, group: u64) -> Vec<Processes> {
        let infos = fresh.iter().map(|(id, process)| info(id.0, process));
        let messages = split_processes(infos);
        for (id, process) in fresh {
            let group = self.processes.get(&id.0).map_or(group, |it| it.group);
            let entry = Entry {
                process,
                group,
                ended: None,
            };
            self.processes.insert(id.0, entry);
        }
        messages
    }

    /// Notes that a process ended, in this group of the ring.
    pub fn ended(&mut self, id: ProcessId, group: u64) {
        let Some(entry) = self.processes.get_mut(&id.0) else {
            return;
        };
        if entry.group == group {
            self.processes.remove(&id.0);
            return;
        }
        entry.ended = Some(group);
        self.ended.insert((group, id.0));
        if self.ended.len() > ENDED_MAX {
            self.forget_first();
        }
    }

    /// Takes in settings that are new or changed.
    pub fn set(&mut self, fresh: Vec<(String, String)>) -> Vec<Settings> {
        let messages = split_settings(fresh.iter().map(|(key, value)| pair(key, value)));
        for (key, value) in fresh {
            if self.settings.len() < SETTINGS_MAX || self.settings.contains_key(&key) {
                self.settings.insert(key, value);
            }
        }
        messages
    }

    /// Forgets what ended before the ring's oldest group.
    pub fn forget_before(&mut self, oldest: u64) {
        while self.ended.first().is_some_and(|(group, _)| *group < oldest) {
            self.forget_first();
        }
    }

    /// Everything that frames from group `oldest` on may refer to.
    pub fn preface(&self, declared: &[Declared], oldest: u64) -> Vec<Ready> {
        let wanted = declared
            .iter()
            .enumerate()
            .take(SERIES_MAX)
            .filter(|(place, _)| self.retired.get(place).is_none_or(|group| *group >= oldest));
        let alive = self
            .processes
            .iter()
            .filter(|(_, it)| it.ended.is_none_or(|group| group >= oldest))
            .map(|(id, it)| info(*id, &it.process));
        let settings = self.settings.iter().map(|(key, value)| pair(key, value));
        let mut ready: Vec<Ready> = Vec::new();
        ready.extend(split_series(wanted).into_iter().map(Ready::Series));
        ready.extend(split_processes(alive).into_iter().map(Ready::Processes));
        ready.extend(split_settings(settings).into_iter().map(Ready::Settings));
        ready
    }

    /// Processes kept at present.
    pub fn processes(&self) -> usize {
        self.processes.len()
    }

    fn forget_first(&mut self) {
        if let Some((_, id)) = self.ended.pop_first() {
            self.processes.remove(&id);
        }
    }
}

impl Ready {
    /// Appends the message outside the stream's order.
    ///
    /// # Errors
    ///
    /// [`wire::frame::TooLarge`] when it does not fit a frame.
    pub fn aside(&self, out: &mut Vec<u8>) -> Result<(), wire::frame::TooLarge> {
        match self {
            Self::Series(message) => wire::encode::aside(out, Kind::Series, message),
            Self::Processes(message) => wire::encode::aside(out, Kind::Processes, message),
            Self::Settings(message) => wire::encode::aside(out, Kind::Settings, message),
        }
    }
}

/// Cuts items into lists that fit a message each.
fn split<T: Message>(items: impl Iterator<Item = T>) -> Vec<Vec<T>> {
    let mut lists: Vec<Vec<T>> = Vec::new();
    let mut room_bytes = 0;
    for item in items {
        // Tag and length of an item in the list take a few bytes more.
        let item_bytes = item.encoded_len() + 8;
        match lists.last_mut() {
            Some(list) if item_bytes <= room_bytes => list.push(item),
            _ => {
                lists.push(vec![item]);
                room_bytes = MESSAGE_MAX_BYTES;
            }
        }
        room_bytes = room_bytes.saturating_sub(item_bytes);
    }
    lists
}

fn split_series<'a>(declared: impl Iterator<Item = (usize, &'a Declared)>) -> Vec<Series> {
    split(declared.map(|(place, it)| declaration(place, it)))
        .into_iter()
        .map(|series| Series { series })
        .collect()
}

fn split_processes(infos: impl Iterator<Item = ProcessInfo>) -> Vec<Processes> {
    split(infos)
        .into_iter()
        .map(|processes| Processes { processes })
        .collect()
}

fn split_settings(pairs: impl Iterator<Item = Pair>) -> Vec<Settings> {
    split(pairs)
        .into_iter()
        .map(|settings| Settings { settings })
        .collect()
}

fn declaration(place: usize, declared: &Declared) -> Declaration {
    let told = declared.about.as_ref();
    let metric = told.is_none().then(|| catalog::find(&declared.metric));
    let metric = metric.flatten();
    let kind = told.map(|it| it.kind).or(metric.map(|it| it.kind));
    let polarity = told.map(|it| it.polarity).or(metric.map(|it| it.polarity));
    let unit = told.map_or(metric.map_or("1", |it| it.unit), |it| &it.unit);
    Declaration {
        // Bounded by `SERIES_MAX`.
        id: place as u32,
        metric: cut(&declared.metric),
        attributes: declared
            .attributes
            .iter()
            .map(|(key, value)| pair(key, value))
            .collect(),
        unit: unit.to_owned(),
        kind: match kind {
            Some(MetricKind::Counter) => 1,
            Some(MetricKind::Histogram) => 2,
            Some(MetricKind::Gauge) | None => 0,
        },
        polarity: match polarity {
            Some(Polarity::HigherIsWorse) => 1,
            Some(Polarity::HigherIsBetter) => 2,
            Some(Polarity::Neutral) | None => 0,
        },
        divisor: declared.divisor,
        life: declared.life,
    }
}

fn info(id: u32, process: &Process) -> ProcessInfo {
    ProcessInfo {
        id,
        pid: process.pid,
        parent_pid: process.parent_pid,
        start_boot_ns: process.start_boot_ns,
        name: cut(&process.name),
        command: cut(&process.command),
        cgroup: cut(&process.cgroup),
        user_id: process.user_id,
    }
}

fn pair(key: &str, value: &str) -> Pair {
    Pair {
        key: cut(key),
        value: cut(value),
    }
}

/// Text as long as a reader takes at most, so that no message outgrows a frame.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32) -> (ProcessId, Process) {
        let process = Process {
            pid,
            ..Process::default()
        };
        (ProcessId(pid), process)
    }

    fn pids(known: &Known, oldest: u64) -> Vec<u32> {
        let ready = known.preface(&[], oldest).into_iter();
        ready
            .flat_map(|it| match it {
                Ready::Processes(message) => message.processes,
                _ => Vec::new(),
            })
            .map(|it| it.pid)
            .collect()
    }

    #[test]
    fn ended_processes_stay_while_the_ring_speaks_of_them() {
        let mut known = Known::default();
        known.appeared(vec![process(1), process(2), process(3)], 0);
        known.ended(ProcessId(1), 0);
        assert_eq!(pids(&known, 0), [2, 3], "declared and ended in one group");
        known.ended(ProcessId(2), 4);
        assert_eq!(pids(&known, 4), [2, 3]);
        assert_eq!(pids(&known, 5), [3]);
        known.forget_before(5);
        assert_eq!(known.processes(), 1);
    }

    #[test]
    fn a_storm_of_processes_is_bounded() {
        let mut known = Known::default();
        for pid in 0..50_000 {
            known.appeared(vec![process(pid)], 0);
        }
        for pid in 0..50_000 {
            known.ended(ProcessId(pid), 1);
        }
        assert_eq!(known.processes(), ENDED_MAX);
    }

    #[test]
    fn long_lists_are_cut_into_messages_that_fit() {
        let mut known = Known::default();
        let long = "x".repeat(20_000);
        let fresh = (0..1_000)
            .map(|pid| {
                let (id, mut process) = process(pid);
                process.command.clone_from(&long);
                (id, process)
            })
            .collect();
        let messages = known.appeared(fresh, 0);
        assert!(messages.len() > 10);
        assert!(messages.iter().all(|it| it.encoded_len() < 512 << 10));
        let count: usize = messages.iter().map(|it| it.processes.len()).sum();
        assert_eq!(count, 1_000);
    }

    #[test]
    fn retired_series_are_declared_while_the_ring_speaks_of_them() {
        let mut known = Known::default();
        let mut declared = vec![
            Declared {
                metric: "system.memory.limit".into(),
                attributes: Vec::new(),
                divisor: 1,
                about: None,
                retired: false,
                life: 0,
            };
            2
        ];
        assert_eq!(known.new_series(&[Slot(0), Slot(1)], &declared).len(), 1);
        assert!(known.new_series(&[], &declared).is_empty());
        declared[0].retired = true;
        known.note_retired(&declared, 3);
        known.note_retired(&declared, 9);
        let ids = |oldest| -> Vec<u32> {
            let ready = known.preface(&declared, oldest).into_iter();
            ready
                .flat_map(|it| match it {
                    Ready::Series(message) => message.series,
                    _ => Vec::new(),
                })
                .map(|it| it.id)
                .collect()
        };
        assert_eq!(ids(3), [0, 1]);
        assert_eq!(ids(4), [1]);
        assert_eq!(known.unspoken(3), []);
        assert_eq!(known.unspoken(4), [Slot(0)]);
    }
}
