//! Unpacks one histogram of HdrHistogram: base64, zlib, runs of counts.
//!
//! * In: the text of a log line.
//! * Out: [`Values`]: how many values lie in each bucket.
//! * Never: allocates for what a header claims; only for what is there, up to
//!   [`UNPACKED_MAX`].
//!
//! # Source
//!
//! `AbstractHistogram` of HdrHistogram, `encodeIntoCompressedByteBuffer` (V2) and
//! `fillCountsArrayFromSourceBuffer`; `ZigZagEncoding` (LEB128-64b9B-variant).
//!
//! Start at [`payload`].

use std::io::Read;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::ZlibDecoder;
use model::histogram::Histogram;

use crate::histograms::record_many;

/// Some writers leave the padding at the end away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const COMPRESSED_COOKIE: u32 = 0x1c84_9304;
const PLAIN_COOKIE: u32 = 0x1c84_9303;

/// The second half byte of a cookie tells the width of words, which does not matter.
const COOKIE_MASK: u32 = !0xf0;

/// Cookies of older versions, to be named.
const OLD_COOKIES: [u32; 4] = [0x1c84_9301, 0x1c84_9302, 0x1c84_9308, 0x1c84_9309];

/// Cookie, payload length, index offset, digits; lowest and highest value; ratio.
const HEADER_BYTES: usize = 4 * 4 + 3 * 8;

/// A histogram of five digits over all 64-bit values has 12 million counts of at least
/// a byte, unless they are zero.
const UNPACKED_MAX: u64 = 16 << 20;

/// Counts of one histogram.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    /// Lowest value, size and count of each bucket that is not empty, ascending.
    buckets: Vec<(f64, f64, u64)>,
}

impl Values {
    /// The greatest value, as HdrHistogram tells it: the highest of its bucket.
    pub(super) fn greatest(&self) -> Option<f64> {
        let (low, size, _) = self.buckets.last()?;
        Some(low + size - 1.0)
    }

    /// The same values in seconds; each at the middle of its bucket.
    pub(super) fn histogram(&self, unit_s: f64) -> Histogram {
        let mut all = Histogram::default();
        for (low, size, count) in &self.buckets {
            let middle = low + (size / 2.0).floor();
            record_many(&mut all, middle * unit_s, *count);
        }
        if let (Some((low, _, _)), Some(greatest)) = (self.buckets.first(), self.greatest()) {
            all.min = low * unit_s;
            all.max = greatest * unit_s;
        }
        all
    }
}

/// Unpacks the histogram of a line.
///
/// # Errors
///
/// Why it cannot be read, to stand after "because of".
pub(super) fn payload(text: &str) -> Result<Values, &'static str> {
    let bytes = BASE64
        .decode(text)
        .map_err(|_| "a histogram that is no base64 (cut off?)")?;
    let cookie = u32_at(&bytes, 0).ok_or("a histogram that is too short")?;
    match cookie & COOKIE_MASK {
        COMPRESSED_COOKIE => {}
        PLAIN_COOKIE => return counts(&bytes),
        old if OLD_COOKIES.contains(&old) => {
            return Err(
                "an older encoding than V2; write the log with HdrHistogram 2.1.5 or later",
            );
        }
        _ => return Err("a histogram of no known encoding"),
    }
    let length = u32_at(&bytes, 4).ok_or("a histogram that is too short")? as usize;
    let packed = bytes.get(8..).unwrap_or_default();
    if packed.len() < length {
        return Err("a histogram that was cut off");
    }
    let mut plain = Vec::new();
    let unpacked = ZlibDecoder::new(packed)
        .take(UNPACKED_MAX)
        .read_to_end(&mut plain);
    match unpacked {
        Ok(_) => counts(&plain),
        Err(_) => Err("a histogram whose packed data is damaged"),
    }
}

/// Reads the header and the counts.
fn counts(bytes: &[u8]) -> Result<Values, &'static str> {
    const SHORT: &str = "a histogram that is too short";
    let cookie = u32_at(bytes, 0).ok_or(SHORT)?;
    if cookie & COOKIE_MASK != PLAIN_COOKIE {
        return Err("a histogram of no known encoding");
    }
    let length = u32_at(bytes, 4).ok_or(SHORT)? as usize;
    let digits = u32_at(bytes, 12).ok_or(SHORT)?;
    let lowest = u64_at(bytes, 16).ok_or(SHORT)?;
    let end = HEADER_BYTES.saturating_add(length);
    let mut rest = bytes.get(HEADER_BYTES..end).ok_or(SHORT)?;
    let layout = Layout::new(digits, lowest).ok_or("a histogram of impossible precision")?;
    let (mut index, mut buckets) = (0_u64, Vec::new());
    while !rest.is_empty() {
        let count = zig_zag(&mut rest).ok_or("a histogram that was cut off")?;
        if count < 0 {
            // A run of empty buckets.
            index = index.saturating_add(count.unsigned_abs());
            continue;
        }
        if count > 0 {
            let (low, size) = layout
                .bucket(index)
                .ok_or("a histogram with too many buckets")?;
            buckets.push((low, size, count.unsigned_abs()));
        }
        index = index.saturating_add(1);
    }
    Ok(Values { buckets })
}

/// How counts lie over values: buckets whose size doubles, each of equal parts.
struct Layout {
    half_magnitude: u32,
    unit_magnitude: u32,
}

impl Layout {
    fn new(digits: u32, lowest: u64) -> Option<Self> {
        if digits > 5 || lowest == 0 {
            return None;
        }
        // Values up to here are told apart by one.
        let exact = 2 * 10_u64.pow(digits);
        let magnitude = exact.next_power_of_two().trailing_zeros();
        Some(Self {
            half_magnitude: magnitude.max(1) - 1,
            unit_magnitude: lowest.ilog2(),
        })
    }

    /// Lowest value and size of the bucket at a place.
    fn bucket(&self, index: u64) -> Option<(f64, f64)> {
        let half = 1_u64 << self.half_magnitude;
        let number = index >> self.half_magnitude;
        // The first bucket has both halves, the others only the upper one.
        let (part, magnitude) = match number.checked_sub(1) {
            None => (index, 0),
            Some(more) => ((index & (half - 1)) + half, u32::try_from(more).ok()?),
        };
        let shift = magnitude
            .checked_add(self.unit_magnitude)
            .filter(|it| *it < 64)?;
        let size = 2_f64.powi(i32::try_from(shift).ok()?);
        Some((part as f64 * size, size))
    }
}

/// A signed number: seven bits a byte, the lowest first, the ninth byte whole; signs in
/// the lowest bit.
fn zig_zag(rest: &mut &[u8]) -> Option<i64> {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let (byte, next) = rest.split_first()?;
        *rest = next;
        if shift == 56 {
            value |= u64::from(*byte) << shift;
            break;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    // The sign was moved to the lowest bit.
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    let four = bytes.get(place..place.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn u64_at(bytes: &[u8], place: usize) -> Option<u64> {
    let eight = bytes.get(place..place.checked_add(8)?)?;
    Some(u64::from_be_bytes(eight.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_numbers_of_any_length_are_read() {
        for (bytes, expected) in [
            (&[0][..], Some(0)),
            (&[1], Some(-1)),
            (&[2], Some(1)),
            (&[0x80, 0x01], Some(64)),
            (&[0xff; 9], Some(i64::MIN)),
            (&[0x80], None),
        ] {
            assert_eq!(zig_zag(&mut &bytes[..]), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn buckets_double_in_size_past_the_exact_ones() {
        // Three digits: values below 2,048 are exact.
        let layout = Layout::new(3, 1).unwrap();
        assert_eq!(layout.bucket(0), Some((0.0, 1.0)));
        assert_eq!(layout.bucket(2_047), Some((2_047.0, 1.0)));
        assert_eq!(layout.bucket(2_048), Some((2_048.0, 2.0)));
        assert_eq!(layout.bucket(3_072), Some((4_096.0, 4.0)));
        assert_eq!(layout.bucket(u64::MAX), None);
        assert!(Layout::new(9, 1).is_none());
    }
}
