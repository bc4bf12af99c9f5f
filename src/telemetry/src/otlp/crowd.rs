//! Counts what a protobuf export holds before it is decoded: empty messages take two
//! bytes of a body and hundreds of memory.
//!
//! # Source
//!
//! Protocol Buffers, "Encoding": tags, varints, length-delimited fields. The three
//! exports of OTLP have one shape: groups (field 1) of scopes (2) of records (2).

use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Records of one export, and messages around them, at most.
const MOST: usize = 100_000;

/// The fields that lead to records.
const WAY: [u32; 3] = [1, 2, 2];

/// Whether an export holds more records than anybody sends at a time. What is damaged is
/// not judged here.
pub(super) fn is_crowd(body: &[u8]) -> bool {
    let mut count = 0;
    below(body, &WAY, &mut count);
    count > MOST
}

/// Counts messages on the way; `None` where the bytes are no message.
fn below(mut body: &[u8], way: &[u32], count: &mut usize) -> Option<()> {
    let (field, further) = way.split_first()?;
    while body.has_remaining() && *count <= MOST {
        let (tag, wire) = decode_key(&mut body).ok()?;
        if tag != *field || wire != WireType::LengthDelimited {
            skip_field(wire, tag, &mut body, DecodeContext::default()).ok()?;
            continue;
        }
        let length = usize::try_from(decode_varint(&mut body).ok()?).ok()?;
        let message = body.get(..length)?;
        body.advance(length);
        *count += 1;
        below(message, further, count);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message around another one.
    fn around(field: u8, inner: &[u8]) -> Vec<u8> {
        let mut out = vec![field << 3 | 2];
        prost::encoding::encode_varint(inner.len() as u64, &mut out);
        out.extend(inner);
        out
    }

    #[test]
    fn empty_records_are_counted_at_every_depth() {
        let records = [0x12, 0].repeat(MOST);
        assert!(is_crowd(&around(1, &around(2, &records))));
        assert!(is_crowd(&around(1, &records)));
        assert!(is_crowd(&[0x0a, 0].repeat(MOST + 1)));
        assert!(!is_crowd(&around(1, &around(2, &[0x12, 0].repeat(1_000)))));
        assert!(!is_crowd(b"\xff\xff\xff"));
    }
}
