//! Reads the live machine: one file per source, one line per source in [`ALL`].
//!
//! A source opens its files once, keeps the descriptors, and on each reading
//! puts raw integers into slots of the [`Sink`]. It never subtracts two
//! readings, never sleeps, and never prints: rates are the reader's business,
//! cadence the engine's.
//!
//! All paths go through [`Root`], so that a recorded tree can stand in for the
//! machine.
//!
//! Start at [`Source`]; add a source by adding a file and a line to [`ALL`].

mod cgroup;
pub(crate) mod columns;
mod connections;
mod cpu;
pub(crate) mod devices;
mod disk;
mod exits;
mod filesystem;
mod frequency;
mod limits;
mod load;
mod memory;
mod network;
mod numa;
mod pressure;
mod process;
mod settings;
mod sockets;
#[cfg(test)]
mod system_tests;
mod text;
mod thermal;
mod units;
mod uptime;
mod vmstat;

use crate::kept::Root;
use crate::sink::Sink;

/// How often a source wants to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cadence {
    /// Every sample.
    Base,
    /// Every sample, but never more often than once a second: processes, cgroups.
    Second,
    /// About every ten seconds: what changes slowly or costs much.
    Slow,
    /// About once a minute: settings, inventories.
    Rare,
}

/// One part of the machine that can be read.
pub trait Source: Send {
    /// Reads everything once into `sink`.
    ///
    /// A file that is missing or unreadable leaves its slots unset, which is a
    /// gap; it is no error, because containers show part of `/proc` only. Devices
    /// that come and go are declared and retired here.
    fn read(&mut self, sink: &mut Sink);

    /// Sentences on what this source cannot see here, and why; asked once, after the first reading.
    fn limits(&self) -> Vec<String> {
        Vec::new()
    }

    /// Leaves out detail when `level` rises, to cost less; `0` is everything.
    ///
    /// The engine asks in its declared order; a source without detail ignores it.
    fn degrade(&mut self, level: u8) {
        let _ = level;
    }
}

/// How a source is made: `None` where this machine has nothing for it.
pub type Open = fn(&Root) -> Option<Box<dyn Source>>;

/// A line of [`ALL`].
pub struct Entry {
    /// Capability name told in the greeting.
    pub name: &'static str,
    /// How often it is read.
    pub cadence: Cadence,
    /// How it is made.
    pub open: Open,
}

/// Every source in reading order. Add yours here.
pub const ALL: &[Entry] = &[
    Entry {
        name: "cpu",
        cadence: Cadence::Base,
        open: cpu::open,
    },
    Entry {
        name: "load",
        cadence: Cadence::Base,
        open: load::open,
    },
    Entry {
        name: "memory",
        cadence: Cadence::Base,
        open: memory::open,
    },
    Entry {
        name: "vmstat",
        cadence: Cadence::Base,
        open: vmstat::open,
    },
    Entry {
        name: "pressure",
        cadence: Cadence::Base,
        open: pressure::open,
    },
    Entry {
        name: "disk",
        cadence: Cadence::Base,
        open: disk::open,
    },
    Entry {
        name: "network",
        cadence: Cadence::Base,
        open: network::open,
    },
    Entry {
        name: "sockets",
        cadence: Cadence::Base,
        open: sockets::open,
    },
    Entry {
        name: "numa",
        cadence: Cadence::Slow,
        open: numa::open,
    },
    Entry {
        name: "connections",
        cadence: Cadence::Slow,
        open: connections::open,
    },
    Entry {
        name: "filesystem",
        cadence: Cadence::Slow,
        open: filesystem::open,
    },
    Entry {
        name: "limits",
        cadence: Cadence::Slow,
        open: limits::open,
    },
    Entry {
        name: "thermal",
        cadence: Cadence::Slow,
        open: thermal::open,
    },
    Entry {
        name: "frequency",
        cadence: Cadence::Slow,
        open: frequency::open,
    },
    Entry {
        name: "uptime",
        cadence: Cadence::Slow,
        open: uptime::open,
    },
    Entry {
        name: "process",
        cadence: Cadence::Second,
        open: process::open,
    },
    Entry {
        name: "cgroup",
        cadence: Cadence::Second,
        open: cgroup::open,
    },
    Entry {
        name: "settings",
        cadence: Cadence::Slow,
        open: settings::open,
    },
];
