//! What the recorder must know of each host's stream: what was declared, and
//! where a segment may be cut.
//!
//! A journal stands alone: it begins with the declarations that are still in
//! force and with a sample that leans on nothing.
//!
//! Start at [`Front::take`].

use std::collections::BTreeMap;

use prost::Message;
use wire::frame::{self, Frame, Kind};
use wire::message;

use crate::journal::Order;
use crate::limit::{CELLS_MAX, JOURNAL_CUT_BYTES, JOURNAL_FORCED_BYTES};
use crate::tape::Which;

/// Processes in one repeated declaration: 128 command lines of 4,096 characters fit a frame.
const PROCESSES_AT_ONCE: usize = 128;

/// Series in one repeated declaration.
const SERIES_AT_ONCE: usize = 512;

/// Declared processes remembered; the oldest are forgotten first.
const PROCESSES_MAX: usize = wire::decode::PROCESSES_MAX;

/// The few fields of a sample that tell where a segment may be cut.
#[derive(Clone, PartialEq, Message)]
struct Peek {
    #[prost(int64, tag = "1")]
    boot_ns: i64,
    #[prost(bool, tag = "3")]
    key: bool,
    #[prost(bytes = "vec", tag = "4")]
    values: Vec<u8>,
    #[prost(bool, tag = "6")]
    processes_complete: bool,
    #[prost(message, repeated, tag = "7")]
    ended: Vec<PeekEnded>,
}

#[derive(Clone, PartialEq, Message)]
struct PeekEnded {
    #[prost(uint32, tag = "1")]
    id: u32,
}

/// One host's stream as the recorder sees it.
#[derive(Debug)]
pub(crate) struct Front {
    folder: String,
    next_number: u32,
    segment_ns: i64,
    /// Boot clock of the journal's first sample.
    begun_ns: Option<i64>,
    journal_bytes: u64,
    /// Values in the journal's samples.
    cells: usize,
    /// Values after which the next key sample starts a new segment; [`CELLS_MAX`].
    pub(crate) cells_max: usize,
    /// Series in the latest sample.
    present: usize,
    hello: Option<message::Hello>,
    series: BTreeMap<u32, message::Declaration>,
    processes: BTreeMap<u32, message::ProcessInfo>,
    settings: BTreeMap<String, String>,
    frames: Vec<u8>,
    names: Vec<u8>,
    /// Number of the stream's latest frame.
    sequence: u64,
    /// Samples among the gathered frames.
    samples: u64,
}

impl Front {
    pub(crate) fn new(folder: String, segment_ns: i64) -> Self {
        Self {
            folder,
            next_number: 0,
            segment_ns: segment_ns.max(1),
            begun_ns: None,
            journal_bytes: 0,
            cells: 0,
            cells_max: CELLS_MAX,
            present: 0,
            hello: None,
            series: BTreeMap::new(),
            processes: BTreeMap::new(),
            settings: BTreeMap::new(),
            frames: Vec::new(),
            names: Vec::new(),
            sequence: 0,
            samples: 0,
        }
    }

    /// Takes in whole frames; returns what the journal thread has to do.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Order> {
        let mut orders = Vec::new();
        if self.next_number == 0 {
            orders.push(self.begin());
        }
        for found in frame::frames(bytes) {
            let frame::Found::Frame(frame) = found else {
                continue;
            };
            if frame.sequence != 0 {
                self.sequence = frame.sequence;
            }
            if self.cuts_before(&frame) {
                orders.extend(self.gathered());
                orders.push(self.begin());
                self.declare(&frame);
            }
            self.samples += u64::from(frame.kind == Kind::Sample as u8);
            self.frames.extend_from_slice(frame.bytes);
            self.journal_bytes += frame.bytes.len() as u64;
        }
        orders.extend(self.gathered());
        orders
    }

    /// Bytes gathered and declarations remembered.
    #[cfg(test)]
    pub(crate) fn held(&self) -> (usize, usize) {
        let bytes = self.frames.len() + self.names.len();
        let declared = self.series.len() + self.processes.len() + self.settings.len();
        (bytes, declared)
    }

    fn gathered(&mut self) -> Option<Order> {
        if self.frames.is_empty() {
            return None;
        }
        Some(Order::Append {
            host: self.folder.clone(),
            frames: std::mem::take(&mut self.frames),
            names: std::mem::take(&mut self.names),
            samples: std::mem::take(&mut self.samples),
        })
    }

    fn begin(&mut self) -> Order {
        let which = Which {
            host: self.folder.clone(),
            number: self.next_number,
        };
        self.next_number += 1;
        self.begun_ns = None;
        let header = self.header();
        self.journal_bytes = header.len() as u64;
        Order::Begin { which, header }
    }

    /// Looks at a frame; tells whether a new journal has to begin before it.
    fn cuts_before(&mut self, frame: &Frame<'_>) -> bool {
        match Kind::from_number(frame.kind) {
            Some(Kind::Sample) => self.sample(frame),
            Some(Kind::Hello) => self.greeted(frame),
            _ => {
                self.declare(frame);
                false
            }
        }
    }

    fn sample(&mut self, frame: &Frame<'_>) -> bool {
        let Ok(peek) = Peek::decode(frame.payload) else {
            return false;
        };
        for ended in &peek.ended {
            self.processes.remove(&ended.id);
        }
        let begun = *self.begun_ns.get_or_insert(peek.boot_ns);
        let old = peek.boot_ns.saturating_sub(begun) >= self.segment_ns;
        // Process rows lean on a complete table, so a cut needs one, if there are any.
        let stands_alone = peek.key && (peek.processes_complete || self.processes.is_empty());
        let large = self.journal_bytes >= JOURNAL_CUT_BYTES || self.cells >= self.cells_max;
        let cut = stands_alone && (old || large) || self.journal_bytes >= JOURNAL_FORCED_BYTES;
        if cut {
            self.begun_ns = Some(peek.boot_ns);
            self.cells = 0;
        }
        self.present = present(&peek.values).unwrap_or(self.present);
        self.cells = self.cells.saturating_add(self.present);
        cut
    }

    /// Another agent numbers its series and processes anew.
    fn greeted(&mut self, frame: &Frame<'_>) -> bool {
        let Ok(hello) = message::Hello::decode(frame.payload) else {
            return false;
        };
        let who = |hello: &message::Hello| (hello.boot_id.clone(), hello.agent_pid);
        let other = self
            .hello
            .as_ref()
            .is_some_and(|known| who(known) != who(&hello));
        if other {
            self.sequence = 0;
            self.series.clear();
            self.processes.clear();
            self.settings.clear();
            self.cells = 0;
        }
        if self.hello.is_none() || other {
            self.hello = Some(hello);
        }
        if !other {
            self.copy(frame);
        }
        other
    }

    fn declare(&mut self, frame: &Frame<'_>) {
        match Kind::from_number(frame.kind) {
            Some(Kind::Series) => {
                let said = message::Series::decode(frame.payload).unwrap_or_default();
                let known = said.series.into_iter().map(|it| (it.id, it));
                self.series.extend(known.take(wire::decode::SERIES_MAX));
            }
            Some(Kind::Processes) => {
                let said = message::Processes::decode(frame.payload).unwrap_or_default();
                self.processes
                    .extend(said.processes.into_iter().map(|it| (it.id, it)));
                while self.processes.len() > PROCESSES_MAX {
                    self.processes.pop_first();
                }
            }
            Some(Kind::Settings) => {
                let said = message::Settings::decode(frame.payload).unwrap_or_default();
                let known = said.settings.into_iter().map(|it| (it.key, it.value));
                self.settings.extend(known);
            }
            _ => return,
        }
        self.copy(frame);
    }

    /// Repeats a declaration for the second copy, with the number of the first frame
    /// that it may concern: numbers of series are given to others in time.
    fn copy(&mut self, frame: &Frame<'_>) {
        let from = match frame.sequence {
            0 => self.sequence + 1,
            sequence => sequence,
        };
        if let Some(kind) = Kind::from_number(frame.kind) {
            // What was a frame fits a frame.
            drop(frame::write(&mut self.names, kind, from, frame.payload));
        }
    }

    /// All declarations in force.
    fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(hello) = &self.hello {
            put(&mut out, Kind::Hello, hello);
        }
        let series: Vec<_> = self.series.values().cloned().collect();
        for some in series.chunks(SERIES_AT_ONCE) {
            let series = some.to_vec();
            put(&mut out, Kind::Series, &message::Series { series });
        }
        let processes: Vec<_> = self.processes.values().cloned().collect();
        for some in processes.chunks(PROCESSES_AT_ONCE) {
            let processes = some.to_vec();
            put(&mut out, Kind::Processes, &message::Processes { processes });
        }
        let pair = |(key, value): (&String, &String)| message::Pair {
            key: key.clone(),
            value: value.clone(),
        };
        let settings: Vec<_> = self.settings.iter().map(pair).collect();
        for some in settings.chunks(SERIES_AT_ONCE) {
            let settings = some.to_vec();
            put(&mut out, Kind::Settings, &message::Settings { settings });
        }
        out
    }
}

/// Number of series in packed values; `None` when they are those of the sample before.
fn present(mut values: &[u8]) -> Option<usize> {
    let slots = wire::varint::take(&mut values)?;
    let (1, map) = values.split_first().map(|(fresh, rest)| (*fresh, rest))? else {
        return None;
    };
    let width = usize::try_from(slots.div_ceil(8)).ok()?;
    let set = map.get(..width)?.iter().map(|byte| byte.count_ones());
    Some(set.sum::<u32>() as usize)
}

/// Adds a message; one that does not fit a frame came in none and is left out.
fn put(out: &mut Vec<u8>, kind: Kind, message: &impl Message) {
    drop(wire::encode::aside(out, kind, message));
}
