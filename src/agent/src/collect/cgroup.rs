//! Control groups, versions 1 and 2 and both at once: time, throttling, memory,
//! storage, tasks, pressure, limits.
//!
//! A group is known by its path below the hierarchy's root, so that the parts of
//! one group in several version 1 hierarchies make one group. Where both versions
//! tell the same thing, version 1 is taken, since there the controllers are.
//!
//! Per reading only the cheap files of a group are read (time used, memory used);
//! the others when one of these changed, and in turn every [`ROUND`] readings, as
//! are the limits. Limits are settings too: a change is an event.
//!
//! Start at [`Groups::read`](Source::read); add a file in `cgroup/v1.rs` or
//! `cgroup/v2.rs`.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v1/`, `…/cgroup-v2.rst`.

mod file;
mod find;
mod v1;
mod v2;

use std::collections::{BTreeMap, BTreeSet};

use self::file::{Form, Tier, Value, Watched};
use self::find::Place;
use crate::kept::{Budget, Kept, Root};
use crate::redact;
use crate::sink::{Sink, Slot};
use crate::source::Source;

/// Readings from one search for new groups to the next.
const SEARCH: u32 = 10;

/// Readings in which everything of every group is read once.
const ROUND: u32 = 10;

/// Share of this process's descriptors for groups, in percent, and their number.
const KEPT_PERCENT: u64 = 10;
const KEPT_MAX: u64 = 2048;

/// All groups of all hierarchies.
struct Groups {
    root: Root,
    hierarchies: Vec<Hierarchy>,
    members: BTreeMap<(usize, String), Member>,
    claims: BTreeSet<Claim>,
    budget: Budget,
    turn: u32,
    cut: bool,
    level: u8,
}

/// A mounted hierarchy and what is read of each of its groups.
#[derive(Clone, Copy, Debug)]
struct Hierarchy {
    folder: &'static str,
    files: &'static [Watched],
}

/// A series that is told already: group, metric, attribute's value.
type Claim = (String, &'static str, &'static str);

/// A group in one hierarchy.
#[derive(Debug)]
struct Member {
    files: Vec<Open>,
}

/// A file of a group.
#[derive(Debug)]
struct Open {
    watched: &'static Watched,
    kept: Kept,
    beside: Option<Kept>,
    slots: Vec<Told>,
    last: Vec<u8>,
}

/// Where a group's values go.
struct Out<'a> {
    path: &'a str,
    claims: &'a mut BTreeSet<Claim>,
    budget: &'a mut Budget,
    sink: &'a mut Sink,
}

/// Whether a value of a file has a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Unknown,
    Here(Slot),
    Elsewhere,
}

/// Opens the control groups, or `None` where there are none.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let hierarchies: Vec<Hierarchy> = v1::HIERARCHIES
        .iter()
        .chain(v2::HIERARCHIES)
        .filter(|(marker, _, _)| root.path(marker).exists())
        .map(|(_, folder, files)| Hierarchy { folder, files })
        .collect();
    if hierarchies.is_empty() {
        return None;
    }
    Some(Box::new(Groups {
        root: root.clone(),
        hierarchies,
        members: BTreeMap::new(),
        claims: BTreeSet::new(),
        budget: Budget::new(root, KEPT_PERCENT, KEPT_MAX),
        turn: 0,
        cut: false,
        level: 0,
    }))
}

impl Groups {
    /// Looks for groups that came and went.
    fn search(&mut self, sink: &mut Sink) {
        let mut found = BTreeSet::new();
        self.cut = false;
        for (number, hierarchy) in self.hierarchies.iter().enumerate() {
            let Place { paths, cut } = find::groups(&self.root, hierarchy.folder);
            self.cut |= cut;
            found.extend(paths.into_iter().map(|path| (number, path)));
        }
        let gone: Vec<_> = self
            .members
            .keys()
            .filter(|key| !found.contains(*key))
            .cloned()
            .collect();
        for key in gone {
            self.retire(&key, sink);
        }
        for key in found {
            let Hierarchy { folder, files } = self.hierarchies[key.0];
            self.members.entry(key).or_insert_with_key(|(_, path)| {
                let folder = self.root.path(&format!("{folder}{path}"));
                Member {
                    files: files.iter().map(|it| Open::new(it, &folder)).collect(),
                }
            });
        }
    }

    fn retire(&mut self, key: &(usize, String), sink: &mut Sink) {
        let Some(mut member) = self.members.remove(key) else {
            return;
        };
        for file in &mut member.files {
            self.budget.close(&mut file.kept);
            for (value, place) in file.watched.values.iter().zip(&file.slots) {
                if let Told::Here(slot) = place {
                    sink.retire(*slot);
                    self.claims.remove(&claim(&key.1, value));
                }
            }
        }
    }
}

impl Open {
    fn new(watched: &'static Watched, folder: &std::path::Path) -> Self {
        let beside = match watched.form {
            Form::QuotaWith(period) => Some(Kept::new(folder.join(period))),
            _ => None,
        };
        Self {
            watched,
            kept: Kept::new(folder.join(watched.name)),
            beside,
            slots: vec![Told::Unknown; watched.values.len()],
            last: Vec::new(),
        }
    }

    /// Reads the file and sets its values; says whether it differs from before.
    fn read(&mut self, out: &mut Out<'_>) -> bool {
        let mut buffer = std::mem::take(&mut out.sink.buffer);
        let bytes = out.budget.read(&mut self.kept, &mut buffer).ok();
        let changed = bytes.is_some_and(|bytes| self.take(bytes, out));
        if self.watched.tier == Tier::Limit {
            out.budget.close(&mut self.kept);
        }
        out.sink.buffer = buffer;
        changed
    }

    fn take(&mut self, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let beside = self.beside.as_ref();
        let beside = beside.and_then(|it| std::fs::read(it.path()).ok());
        let bytes = match &beside {
            // Both on one line, as version 2 has them.
            Some(period) => &[bytes.trim_ascii(), b" ", period.trim_ascii()].concat(),
            None => bytes,
        };
        let changed = bytes != self.last;
        if changed {
            if self.watched.tier == Tier::Limit {
                self.note_limit(out.path, bytes, out.sink);
            }
            self.last.clear();
            self.last.extend_from_slice(bytes);
        }
        for (at, value) in self.watched.values.iter().enumerate() {
            if let Some(raw) = file::value(self.watched.form, value, bytes) {
                self.tell(at, raw, out);
            }
        }
        changed
    }

    fn tell(&mut self, at: usize, raw: i64, out: &mut Out<'_>) {
        let value = &self.watched.values[at];
        if self.slots[at] == Told::Unknown {
            self.slots[at] = if out.claims.insert(claim(out.path, value)) {
                let mut attributes = vec![("cgroup", out.path)];
                attributes.extend(value.attributes);
                Told::Here(out.sink.declare(value.metric, &attributes, value.divisor))
            } else {
                Told::Elsewhere
            };
        }
        if let Told::Here(slot) = self.slots[at] {
            out.sink.set(slot, raw);
        }
    }

    /// Puts a limit into the ledger; that there is none is no news at first.
    fn note_limit(&self, path: &str, bytes: &[u8], sink: &mut Sink) {
        let shown = |bytes: &[u8]| redact::clean(String::from_utf8_lossy(bytes).trim(), 80);
        let limited = (self.watched.values.iter())
            .any(|value| file::value(self.watched.form, value, bytes).is_some());
        let key = format!("cgroup {path} {}", self.watched.name);
        if !self.last.is_empty() {
            sink.setting(&key, Some(&shown(&self.last)), &shown(bytes));
        } else if limited {
            sink.setting(&key, None, &shown(bytes));
        }
    }
}

fn claim(path: &str, value: &'static Value) -> Claim {
    let attribute = value.attributes.last().map_or("", |(_, it)| it);
    let first = value.attributes.first().map_or("", |(_, it)| it);
    // Two attributes occur only for pressure, whose resource is in the first.
    let shown = if value.attributes.len() > 1 {
        first
    } else {
        ""
    };
    (format!("{path}\0{shown}"), value.metric, attribute)
}

impl Source for Groups {
    fn read(&mut self, sink: &mut Sink) {
        if self.turn.is_multiple_of(SEARCH) {
            self.search(sink);
        }
        let everyone = self.turn == 0;
        for (number, ((_, path), member)) in self.members.iter_mut().enumerate() {
            let number = u32::try_from(number).unwrap_or(0);
            let its_turn = everyone || number.wrapping_add(self.turn).is_multiple_of(ROUND);
            if self.level >= 2 && !its_turn {
                continue;
            }
            let mut active = false;
            let mut out = Out {
                path,
                claims: &mut self.claims,
                budget: &mut self.budget,
                sink: &mut *sink,
            };
            for file in &mut member.files {
                let due = match file.watched.tier {
                    Tier::Cheap => true,
                    Tier::Detail => its_turn || (active && self.level == 0),
                    Tier::Limit => its_turn,
                };
                if due {
                    let changed = file.read(&mut out);
                    active |= changed && file.watched.tier == Tier::Cheap;
                }
            }
        }
        self.turn = self.turn.wrapping_add(1);
    }

    fn limits(&self) -> Vec<String> {
        if self.cut {
            let most = find::GROUPS_MAX;
            return vec![format!(
                "control groups beyond the first {most} of a hierarchy are not read"
            )];
        }
        Vec::new()
    }

    /// 1: details in turn only. 2 and above: everything in turn only.
    fn degrade(&mut self, level: u8) {
        self.level = level;
    }
}

#[cfg(test)]
mod tests;
