//! Takes protobuf messages apart without decoding them.
//!
//! A scrape repeats the labels of every metric, so they are compared as the bytes they
//! are sent as; nothing is allocated for what is already known.
//!
//! # Source
//!
//! Protocol Buffers, "Encoding".

use prost::encoding::decode_varint;

use super::why::Why;

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

/// The fields of a message; ends after damage.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

/// Takes a message apart.
pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields(message)
}

/// Splits off a message that stands after its length.
pub(super) fn delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Why> {
    let length = decode_varint(rest).map_err(|_| Why::Message)?;
    split(rest, length)
}

fn split<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], Why> {
    let length = usize::try_from(length).map_err(|_| Why::Message)?;
    let (taken, after) = rest.split_at_checked(length).ok_or(Why::Message)?;
    *rest = after;
    Ok(taken)
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<(u64, Field<'a>), Why> {
        let key = decode_varint(&mut self.0).map_err(|_| Why::Message)?;
        let field = match key & 7 {
            0 => Field::Varint(decode_varint(&mut self.0).map_err(|_| Why::Message)?),
            1 => {
                let bytes = split(&mut self.0, 8)?;
                Field::Fixed64(u64::from_le_bytes(
                    bytes.try_into().map_err(|_| Why::Message)?,
                ))
            }
            2 => Field::Bytes(delimited(&mut self.0)?),
            5 => {
                split(&mut self.0, 4)?;
                Field::Fixed32
            }
            _ => return Err(Why::Message),
        };
        Ok((key >> 3, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Why>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}
