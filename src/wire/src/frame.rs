//! Bytes to frames and back.
//!
//! ```text
//! offset  0        2     3      4           8             16          20
//!         CE 4B    kind  flags  length u32  sequence u64  crc32c u32  payload …
//! ```
//!
//! Little endian. The checksum covers everything but the marker and itself. A
//! reader that meets damage skips to the next marker whose checksum holds, says
//! how many bytes it skipped, and goes on.
//!
//! * Never: reads a file, waits, or allocates by an unchecked length.
//!
//! Start at [`write`] and [`Reader`].

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 20;

/// Largest payload: a key sample of 5,000 series and 20,000 processes stays below.
pub const PAYLOAD_MAX_BYTES: usize = 1 << 20;

const MARKER: [u8; 2] = [0xCE, 0x4B];

/// What a frame's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The agent greets: host, clocks, capabilities.
    Hello = 1,
    /// Series that samples refer to.
    Series = 2,
    /// Processes that samples refer to.
    Processes = 3,
    /// One moment.
    Sample = 4,
    /// Something happened.
    Event = 5,
    /// Settings of the host, the ledger's baseline.
    Settings = 6,
    /// Answer to a clock probe.
    Clock = 7,
    /// What follows comes from the look-back ring.
    ReplayStart = 8,
    /// The replay is over; live frames follow.
    ReplayEnd = 9,
    /// A request could not be met.
    Refused = 10,
    /// The agent ends, and why.
    Bye = 11,
    /// Observations per interval: response times, sizes.
    Histograms = 12,
    /// Spans of traces.
    Spans = 13,
    /// What comes of a plan: allowed, tried, under way, over.
    Change = 14,
    /// A client asks for something.
    Request = 32,
}

/// Every kind, for reading.
const KINDS: [Kind; 15] = [
    Kind::Hello,
    Kind::Series,
    Kind::Processes,
    Kind::Sample,
    Kind::Event,
    Kind::Settings,
    Kind::Clock,
    Kind::ReplayStart,
    Kind::ReplayEnd,
    Kind::Refused,
    Kind::Bye,
    Kind::Histograms,
    Kind::Spans,
    Kind::Change,
    Kind::Request,
];

impl Kind {
    /// The kind of this number; `None` for kinds of newer versions.
    pub fn from_number(number: u8) -> Option<Self> {
        KINDS.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A frame as it came, checksum verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Number of the payload's kind; it may be of a newer version.
    pub kind: u8,
    /// Place in the stream, from 1; 0 for frames outside the stream's order.
    pub sequence: u64,
    /// What it says.
    pub payload: &'a [u8],
    /// Header and payload, for passing on unchanged.
    pub bytes: &'a [u8],
}

/// What a reader found next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A whole frame.
    Frame(Frame<'a>),
    /// Bytes that are no frame were skipped.
    Damage {
        /// How many.
        skipped_bytes: usize,
    },
}

/// The payload is larger than a frame may be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame payload of {0} bytes is larger than {PAYLOAD_MAX_BYTES}")]
pub struct TooLarge(pub usize);

/// Appends a frame to `out`.
///
/// # Errors
///
/// [`TooLarge`] beyond [`PAYLOAD_MAX_BYTES`]; nothing is appended then.
pub fn write(out: &mut Vec<u8>, kind: Kind, sequence: u64, payload: &[u8]) -> Result<(), TooLarge> {
    if payload.len() > PAYLOAD_MAX_BYTES {
        return Err(TooLarge(payload.len()));
    }
    let mut head = [0; 14];
    head[0] = kind as u8;
    head[2..6].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    head[6..14].copy_from_slice(&sequence.to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&head);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

/// Cuts a stream of bytes into frames.
///
/// Push bytes as they come, then call [`Reader::next`] until it returns `None`.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
    start: usize,
}

impl Reader {
    /// Takes in more bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame or stretch of damage; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "the frame borrows the reader, which an iterator cannot lend"
    )]
    pub fn next(&mut self) -> Option<Found<'_>> {
        let at = self.start;
        match scan(&self.buffer[at..]) {
            Scan::Frame(length) => {
                self.start = at + length;
                Some(Found::Frame(view(&self.buffer[at..at + length])))
            }
            Scan::Skip(skipped_bytes) => {
                self.start = at + skipped_bytes;
                Some(Found::Damage { skipped_bytes })
            }
            Scan::Wait => None,
        }
    }

    /// Bytes that are not yet a frame: a torn tail once the stream has ended.
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Says that no more bytes come, so that a frame hidden behind a lying
    /// length is found; call [`Reader::next`] again until `None`.
    pub fn finish(&mut self) -> Option<usize> {
        let rest = &self.buffer[self.start..];
        if rest.is_empty() {
            return None;
        }
        let skip = next_valid(rest).unwrap_or(rest.len());
        self.start += skip;
        Some(skip)
    }
}

/// The frames of a whole file's bytes, damage included.
pub fn frames(bytes: &[u8]) -> Frames<'_> {
    Frames { bytes }
}

/// Iterator of [`frames`].
#[derive(Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Frames<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        if self.bytes.is_empty() {
            return None;
        }
        let (found, length) = match scan(self.bytes) {
            Scan::Frame(length) => (Found::Frame(view(&self.bytes[..length])), length),
            Scan::Skip(skipped_bytes) => (Found::Damage { skipped_bytes }, skipped_bytes),
            Scan::Wait => {
                let skipped_bytes = next_valid(self.bytes).unwrap_or(self.bytes.len());
                (Found::Damage { skipped_bytes }, skipped_bytes)
            }
        };
        self.bytes = &self.bytes[length..];
        Some(found)
    }
}

enum Scan {
    Frame(usize),
    Skip(usize),
    Wait,
}

/// Most bytes whose checksum is tried in search of the next frame. Damage made to
/// look like frames must not cost minutes: beyond this all that is left is damage.
const SEARCH_MAX_BYTES: usize = 64 << 20;

/// What stands at the start of `bytes`.
fn scan(bytes: &[u8]) -> Scan {
    match check(bytes) {
        Check::Whole(length) => Scan::Frame(length),
        Check::Short => Scan::Wait,
        // Skip to where a frame may start; whether it does is the next call's question.
        Check::Wrong => {
            Scan::Skip(search(bytes, |found| !matches!(found, Check::Wrong)).unwrap_or(bytes.len()))
        }
    }
}

/// Where, after the first byte, a frame may start that `wanted` takes.
fn search(bytes: &[u8], wanted: impl Fn(&Check) -> bool) -> Option<usize> {
    let mut tried = 0;
    for at in 1..bytes.len() {
        let rest = &bytes[at..];
        if rest[0] != MARKER[0] {
            continue;
        }
        if wanted(&check(rest)) {
            return Some(at);
        }
        if rest.len() >= HEADER_BYTES {
            tried += (u32_at(rest, 4) as usize).min(PAYLOAD_MAX_BYTES);
        }
        if tried > SEARCH_MAX_BYTES {
            return None;
        }
    }
    None
}

enum Check {
    Whole(usize),
    Short,
    Wrong,
}

fn check(bytes: &[u8]) -> Check {
    let marked = bytes.len().min(2);
    if bytes[..marked] != MARKER[..marked] {
        return Check::Wrong;
    }
    let Some((head, payload)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Check::Short;
    };
    let length = u32_at(head, 4) as usize;
    if length > PAYLOAD_MAX_BYTES {
        return Check::Wrong;
    }
    let Some(payload) = payload.get(..length) else {
        return Check::Short;
    };
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head[2..16]), payload);
    if crc == u32_at(head, 16) {
        Check::Whole(HEADER_BYTES + length)
    } else {
        Check::Wrong
    }
}

/// Where the first whole frame after the first byte starts.
fn next_valid(bytes: &[u8]) -> Option<usize> {
    search(bytes, |found| matches!(found, Check::Whole(_)))
}

fn view(bytes: &[u8]) -> Frame<'_> {
    let mut sequence = [0; 8];
    sequence.copy_from_slice(&bytes[8..16]);
    Frame {
        kind: bytes[2],
        sequence: u64::from_le_bytes(sequence),
        payload: &bytes[HEADER_BYTES..],
        bytes,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let mut out = Vec::new();
        for (i, text) in ["one", "", "three and some more"].iter().enumerate() {
            write(&mut out, Kind::Event, i as u64 + 1, text.as_bytes()).expect("small");
        }
        out
    }

    fn sequences(bytes: &[u8]) -> Vec<u64> {
        frames(bytes)
            .filter_map(|found| match found {
                Found::Frame(frame) => Some(frame.sequence),
                Found::Damage { .. } => None,
            })
            .collect()
    }

    #[test]
    fn bytes_in_any_pieces_give_the_same_frames() {
        let bytes = stream();
        for piece in 1..bytes.len() {
            let mut reader = Reader::default();
            let mut seen = Vec::new();
            for chunk in bytes.chunks(piece) {
                reader.push(chunk);
                while let Some(Found::Frame(frame)) = reader.next() {
                    seen.push(frame.sequence);
                }
            }
            assert_eq!(seen, [1, 2, 3], "pieces of {piece}");
            assert_eq!(reader.pending(), 0);
        }
    }

    #[test]
    fn every_flipped_bit_costs_one_frame_at_most() {
        let bytes = stream();
        for bit in 0..bytes.len() * 8 {
            let mut torn = bytes.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            let seen = sequences(&torn);
            assert!(seen.len() >= 2, "bit {bit}: {seen:?}");
            assert!(seen.iter().all(|s| (1..=3).contains(s)), "bit {bit}");
        }
    }

    #[test]
    fn every_cut_keeps_the_whole_frames_before_it() {
        let bytes = stream();
        let ends = [23, 43, bytes.len()];
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(sequences(&bytes[..cut]).len(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn damage_made_to_look_like_frames_is_passed_over_quickly() {
        let mut head = vec![MARKER[0], MARKER[1], 4, 0];
        head.extend_from_slice(&(PAYLOAD_MAX_BYTES as u32).to_le_bytes());
        head.extend_from_slice(&[0; 12]);
        let bytes = head.repeat(200_000);
        let skipped: usize = frames(&bytes)
            .map(|found| match found {
                Found::Damage { skipped_bytes } => skipped_bytes,
                Found::Frame(_) => 0,
            })
            .sum();
        assert_eq!(skipped, bytes.len());
    }

    #[test]
    fn a_payload_that_is_too_large_is_refused() {
        let mut out = Vec::new();
        let huge = vec![0; PAYLOAD_MAX_BYTES + 1];
        assert!(write(&mut out, Kind::Sample, 1, &huge).is_err());
        assert!(out.is_empty());
    }
}
