//! Versioned, checksummed frames between agent and everyone else; the same
//! frames are the recording journal.
//!
//! * [`frame`]: bytes to frames and back, with damage found and skipped.
//! * [`message`]: what a frame's payload says, by field numbers that may grow.
//! * [`encode`]: samples as differences, in the agent.
//! * [`decode`]: frames to `model` batches, everywhere else.
//! * [`varint`]: the integers inside a sample; [`float`]: other numbers in their place.
//! * [`change`]: what is said when an agent shall change something.
//! * [`requests`]: histograms and spans to messages and back.
//!
//! Opens nothing: a caller brings bytes and takes bytes.

use model::process::{ABSENT, FIELD_COUNT};

pub mod change;
pub mod decode;
pub mod encode;
pub mod float;
pub mod frame;
pub mod message;
pub mod requests;
pub mod varint;

/// Version of the protocol: raised when an older reader would misread, never
/// for added messages or fields. Lives of numbers came before the first release;
/// 2 tells the limit of open files of processes; 3 has series of floating-point numbers.
pub const PROTOCOL: u32 = 3;

/// The numbers of a process before any was told. Those of the first protocol count from
/// zero; later ones are absent, since agents that do not know them never tell them.
const UNTOLD: [i64; FIELD_COUNT] = {
    let mut numbers = [ABSENT; FIELD_COUNT];
    let mut place = 0;
    while place < FIELDS_OF_PROTOCOL_1 {
        numbers[place] = 0;
        place += 1;
    }
    numbers
};

/// So many numbers of a process does the first protocol tell.
const FIELDS_OF_PROTOCOL_1: usize = 13;
