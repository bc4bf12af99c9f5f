//! Takes kernel text apart: lines, fields and numbers, straight from bytes.
//!
//! Nothing here allocates, and nothing panics whatever the bytes are. A last
//! line without its line end was cut, perhaps inside a number: it is passed
//! over, so that a cut file is a gap and never a wrong value.
//!
//! Start at [`read`] and [`lines`].

use crate::kept::Kept;
use crate::sink::Sink;

/// Reads a kept file into the shared buffer and hands its bytes to `take`.
///
/// Returns `None` where the file cannot be read, which is a gap.
pub(crate) fn read<T>(
    file: &mut Kept,
    sink: &mut Sink,
    take: impl FnOnce(&mut Sink, &[u8]) -> T,
) -> Option<T> {
    // The buffer leaves the sink for a moment, so that both can be borrowed.
    let mut buffer = std::mem::take(&mut sink.buffer);
    let taken = match file.read(&mut buffer) {
        Ok(bytes) => Some(take(sink, bytes)),
        Err(_) => None,
    };
    sink.buffer = buffer;
    taken
}

/// The whole lines of a text, without their line ends.
pub(crate) fn lines(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    })
}

/// Whether a text ends with a whole line; an empty one does.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    bytes.last().is_none_or(|byte| *byte == b'\n')
}

/// The fields of a line, separated by any white space.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a>(&'a [u8]);

/// Takes a line apart.
pub(crate) fn fields(line: &[u8]) -> Fields<'_> {
    Fields(line)
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|byte| *byte > b' ')?;
        let rest = &self.0[start..];
        let end = rest.iter().position(|byte| *byte <= b' ');
        let (field, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.0 = rest;
        Some(field)
    }
}

impl Fields<'_> {
    /// The next field as a number; `None` when there is none or it is no number.
    pub(crate) fn number(&mut self) -> Option<u64> {
        number(self.next()?)
    }
}

/// A whole decimal number; `None` when it is none or does not fit.
pub(crate) fn number(bytes: &[u8]) -> Option<u64> {
    in_base(bytes, 10)
}

/// A whole hexadecimal number without prefix.
pub(crate) fn hexadecimal(bytes: &[u8]) -> Option<u64> {
    in_base(bytes, 16)
}

fn in_base(bytes: &[u8], base: u8) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |sum, byte| {
        let digit = char::from(*byte).to_digit(u32::from(base))?;
        sum.checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    })
}

/// A whole number that may be negative.
pub(crate) fn signed(bytes: &[u8]) -> Option<i64> {
    match bytes.strip_prefix(b"-") {
        Some(rest) => number(rest)
            .and_then(|it| i64::try_from(it).ok())
            .map(|it| -it),
        None => number(bytes).and_then(|it| i64::try_from(it).ok()),
    }
}

/// A number with exactly two decimals, in hundredths: `1.53` is 153.
pub(crate) fn hundredths(bytes: &[u8]) -> Option<u64> {
    let dot = bytes.iter().position(|byte| *byte == b'.')?;
    let (whole, decimals) = (&bytes[..dot], &bytes[dot + 1..]);
    if decimals.len() != 2 {
        return None;
    }
    number(whole)?
        .checked_mul(100)?
        .checked_add(number(decimals)?)
}

/// The number that a file of one line begins with.
pub(crate) fn read_number(file: &mut Kept, sink: &mut Sink) -> Option<u64> {
    read(file, sink, |_, bytes| fields(lines(bytes).next()?).number()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_is_passed_over() {
        let found: Vec<_> = lines(b"a 1\n\nb 22\nc 33").collect();
        assert_eq!(found, [&b"a 1"[..], b"", b"b 22"]);
        assert!(is_whole(b"") && is_whole(b"a\n") && !is_whole(b"a"));
    }

    #[test]
    fn fields_are_told_apart_by_any_white_space() {
        let found: Vec<_> = fields(b"  a\tbc   d ").collect();
        assert_eq!(found, [&b"a"[..], b"bc", b"d"]);
        assert_eq!(fields(b"  ").next(), None);
    }

    #[test]
    fn numbers_do_not_wrap() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(
            (number(b""), number(b"-1"), number(b"1x")),
            (None, None, None)
        );
        assert_eq!((hexadecimal(b"00fF"), hexadecimal(b"g")), (Some(255), None));
        assert_eq!(
            (signed(b"-40000"), signed(b"-"), signed(b"7")),
            (Some(-40_000), None, Some(7))
        );
        assert_eq!(
            (hundredths(b"1.53"), hundredths(b"1.5"), hundredths(b"1")),
            (Some(153), None, None)
        );
    }
}
