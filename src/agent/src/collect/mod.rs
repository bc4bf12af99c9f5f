//! Reads the live machine: one file per source, one line per source in [`ALL`].
//!
//! A source opens its files once, keeps the descriptors, and on each reading
//! puts raw integers into slots of the [`Sink`](crate::sink::Sink). It never subtracts two
//! readings, never sleeps, and never prints: rates are the reader's business,
//! cadence the engine's.
//!
//! All paths go through [`Root`](crate::kept::Root), so that a recorded tree can stand in for the
//! machine.
//!
//! Start at [`Source`](crate::source::Source); add a source by adding a file and a line to [`ALL`].

mod cgroup;
mod connections;
mod cpu;
mod disk;
mod exits;
mod filesystem;
mod frequency;
mod limits;
mod load;
mod memory;
mod netlink;
mod network;
mod numa;
mod pressure;
mod process;
mod queueing;
mod settings;
mod sockets;
#[cfg(test)]
mod system_tests;
mod thermal;
mod units;
mod uptime;
mod vmstat;

use crate::source::{Cadence, Entry};

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
        name: "queueing",
        cadence: Cadence::Base,
        open: queueing::open,
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
