//! What a source is, on any system, and what sources share.
//!
//! * [`columns`]: series in the order of a line; [`devices`]: what comes and goes.
//! * [`text`]: takes kernel text apart.
//!
//! Start at [`Source`].

pub(crate) mod columns;
pub(crate) mod devices;
pub(crate) mod text;

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

/// A line of the list of sources.
pub struct Entry {
    /// Capability name told in the greeting.
    pub name: &'static str,
    /// How often it is read.
    pub cadence: Cadence,
    /// How it is made.
    pub open: Open,
}
