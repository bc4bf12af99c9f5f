//! Samples as differences from the sample before, in the agent.
//!
//! Packed values: number of slots; one byte, 1 if a bitmap of present slots
//! follows, 0 if the same are present as in the sample before; a bitmap of
//! present slots that changed; then one zigzag varint per changed slot, the
//! difference from its last present value. Packed processes: per changed
//! process its number, a mask of changed fields, and their differences.
//! A key sample differs from nothing: it stands alone.
//!
//! A series number may be given to another series; its declaration then counts how
//! many had it before. Packed lives, in key samples only: for each number that had
//! a series before, its distance from the one listed before it, and that count. So
//! a reader that missed a declaration knows, and takes no value under a wrong name.
//!
//! Start at [`Encoder::sample`].

use std::collections::{BTreeMap, HashMap};

use model::batch::Stamp;
use model::process::{FIELD_COUNT, ProcessId, Reading};
use prost::Message;

use crate::UNTOLD;
use crate::frame::{self, Kind, TooLarge};
use crate::message;
use crate::varint;

/// A raw value that was not read.
pub const UNSET: i64 = i64::MIN;

/// What one sample holds, as the agent has it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Both clocks.
    pub stamp: Stamp,
    /// Raw values by slot; [`UNSET`] where nothing was read.
    pub values: &'a [i64],
    /// All living processes, when the table was read; `None` otherwise.
    pub alive: Option<&'a [(ProcessId, Reading)]>,
    /// Who ended: number, boot clock, wait status, last numbers.
    pub ended: &'a [(ProcessId, i64, Option<i32>, Reading)],
}

/// Whether a sample leans on the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// Differences from the sample before.
    OnLast,
    /// Stands alone.
    Key,
}

/// Turns samples and messages into frames with consecutive sequence numbers.
#[derive(Debug, Default)]
pub struct Encoder {
    sequence: u64,
    last: Vec<i64>,
    present: Vec<u8>,
    processes: HashMap<u32, [i64; FIELD_COUNT]>,
    /// Numbers that had another series before, and how many.
    lives: BTreeMap<u32, u32>,
    values: Vec<u8>,
    rows: Vec<u8>,
    payload: Vec<u8>,
}

impl Encoder {
    /// Appends a message as the next frame of the stream.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when the message does not fit a frame.
    pub fn message(
        &mut self,
        out: &mut Vec<u8>,
        kind: Kind,
        message: &impl Message,
    ) -> Result<(), TooLarge> {
        frame::write(out, kind, self.sequence + 1, &message.encode_to_vec())?;
        self.sequence += 1;
        Ok(())
    }

    /// Appends declarations as the next frame of the stream.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when they do not fit a frame.
    pub fn declare(&mut self, out: &mut Vec<u8>, series: &message::Series) -> Result<(), TooLarge> {
        let again = series.series.iter().filter(|it| it.life > 0);
        self.lives.extend(again.map(|it| (it.id, it.life)));
        self.message(out, Kind::Series, series)
    }

    /// Sequence number of the last frame.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Appends a sample as the next frame of the stream.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when the sample does not fit a frame; the next sample must
    /// then be a key.
    pub fn sample(
        &mut self,
        out: &mut Vec<u8>,
        input: &Input<'_>,
        lean: Lean,
    ) -> Result<(), TooLarge> {
        if lean == Lean::Key {
            self.last.clear();
            self.present.clear();
            if input.alive.is_some() {
                self.processes.clear();
            }
        }
        self.pack_values(input.values, lean);
        self.pack_processes(input);
        let sample = message::Sample {
            boot_ns: input.stamp.boot_ns,
            unix_ns: input.stamp.unix_ns,
            key: lean == Lean::Key,
            values: std::mem::take(&mut self.values),
            processes: std::mem::take(&mut self.rows),
            processes_complete: lean == Lean::Key && input.alive.is_some(),
            ended: input.ended.iter().map(ended_message).collect(),
            lives: self.packed_lives(lean),
        };
        self.payload.clear();
        // Encoding into a `Vec` cannot run out of room.
        if sample.encode(&mut self.payload).is_err() {
            return Err(TooLarge(sample.encoded_len()));
        }
        self.values = sample.values;
        self.rows = sample.processes;
        frame::write(out, Kind::Sample, self.sequence + 1, &self.payload)?;
        self.sequence += 1;
        Ok(())
    }

    fn packed_lives(&self, lean: Lean) -> Vec<u8> {
        let mut packed = Vec::new();
        let mut before = 0;
        if lean == Lean::Key {
            for (id, life) in &self.lives {
                varint::put(&mut packed, u64::from(id - before));
                varint::put(&mut packed, u64::from(*life));
                before = *id;
            }
        }
        packed
    }

    fn pack_values(&mut self, values: &[i64], lean: Lean) {
        let bytes = values.len().div_ceil(8);
        let mut present = vec![0_u8; bytes];
        let mut changed = vec![0_u8; bytes];
        self.last.resize(values.len(), 0);
        self.values.clear();
        let mut differences = Vec::with_capacity(values.len());
        for (slot, value) in values.iter().enumerate() {
            if *value == UNSET {
                continue;
            }
            present[slot / 8] |= 1 << (slot % 8);
            if *value != self.last[slot] {
                changed[slot / 8] |= 1 << (slot % 8);
                varint::put_signed(&mut differences, value.wrapping_sub(self.last[slot]));
                self.last[slot] = *value;
            }
        }
        varint::put(&mut self.values, values.len() as u64);
        if lean == Lean::Key || present != self.present {
            self.values.push(1);
            self.values.extend_from_slice(&present);
            self.present = present;
        } else {
            self.values.push(0);
        }
        self.values.extend_from_slice(&changed);
        self.values.extend_from_slice(&differences);
    }

    fn pack_processes(&mut self, input: &Input<'_>) {
        self.rows.clear();
        for (id, reading) in input.alive.unwrap_or_default() {
            let known = self.processes.get(&id.0).copied();
            let base = known.unwrap_or(UNTOLD);
            let mut mask = 0_u64;
            for (place, number) in reading.0.iter().enumerate() {
                if *number != base[place] {
                    mask |= 1 << place;
                }
            }
            if mask == 0 && known.is_some() {
                continue;
            }
            varint::put(&mut self.rows, u64::from(id.0));
            varint::put(&mut self.rows, mask);
            for (place, number) in reading.0.iter().enumerate() {
                if mask & (1 << place) != 0 {
                    varint::put_signed(&mut self.rows, number.wrapping_sub(base[place]));
                }
            }
            self.processes.insert(id.0, reading.0);
        }
        for (id, ..) in input.ended {
            self.processes.remove(&id.0);
        }
    }
}

/// Appends a message as a frame outside the stream's order: answers, replays.
///
/// # Errors
///
/// [`TooLarge`] when the message does not fit a frame.
pub fn aside(out: &mut Vec<u8>, kind: Kind, message: &impl Message) -> Result<(), TooLarge> {
    frame::write(out, kind, 0, &message.encode_to_vec())
}

fn ended_message(ended: &(ProcessId, i64, Option<i32>, Reading)) -> message::Ended {
    message::Ended {
        id: ended.0.0,
        boot_ns: ended.1,
        exit_code: ended.2,
        numbers: ended.3.0.to_vec(),
    }
}
