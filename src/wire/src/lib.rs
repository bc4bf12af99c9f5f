//! Versioned, checksummed frames between agent and everyone else; the same
//! frames are the recording journal.
//!
//! * [`frame`]: bytes to frames and back, with damage found and skipped.
//! * [`message`]: what a frame's payload says, by field numbers that may grow.
//! * [`encode`]: samples as differences, in the agent.
//! * [`decode`]: frames to `model` batches, everywhere else.
//! * [`varint`]: the integers inside a sample.
//!
//! Opens nothing: a caller brings bytes and takes bytes.

pub mod decode;
pub mod encode;
pub mod frame;
pub mod message;
pub mod varint;

/// Version of the protocol: raised when an older reader would misread, never
/// for added messages or fields. Lives of numbers came before the first release.
pub const PROTOCOL: u32 = 1;
