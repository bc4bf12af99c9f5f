//! Counts states in the kernel's list of sockets, up to a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Counts;
use crate::source::text::{fields, hexadecimal, lines};

/// Bytes of one list that are read: about 7,000 sockets at 150 bytes, some 10 ms.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// Adds the states of a list to `counts`.
///
/// Fails with [`io::ErrorKind::FileTooLarge`] beyond [`MAX_BYTES`], since part of
/// a count would be a wrong count.
pub(super) fn count(path: &Path, buffer: &mut Vec<u8>, counts: &mut Counts) -> io::Result<()> {
    // The list is generated at each reading, so a kept descriptor gains nothing.
    let file = File::open(path)?;
    let mut text = std::mem::take(buffer);
    text.clear();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut text);
    let whole = read.and_then(|length| match length as u64 > MAX_BYTES {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(()),
    });
    let added = whole.and_then(|()| add(&text, counts));
    *buffer = text;
    added
}

/// The state is the fourth field, hexadecimal; the first line is a header.
fn add(text: &[u8], counts: &mut Counts) -> io::Result<()> {
    let mut lines = lines(text);
    let header = lines.next().and_then(|line| fields(line).nth(3));
    if header != Some(b"st") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    for line in lines {
        let state = fields(line).nth(3).and_then(hexadecimal);
        let state = state.and_then(|state| usize::try_from(state).ok());
        if let Some(count) = state.and_then(|state| counts.get_mut(state)) {
            *count += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_is_not_counted() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("tcp");
        let header = "  sl local remote st tx rx\n";
        let line = "   0: 0100007F:1F90 00000000:0000 0A 0 0\n";
        std::fs::write(&path, format!("{header}{}", line.repeat(2)))?;
        let mut counts = Counts::default();
        count(&path, &mut Vec::new(), &mut counts)?;
        assert_eq!(counts[10], 2);
        std::fs::write(&path, line.repeat(30_000))?;
        let error = count(&path, &mut Vec::new(), &mut counts).map_err(|it| it.kind());
        assert_eq!(error, Err(io::ErrorKind::FileTooLarge));
        assert_eq!(counts[10], 2);
        Ok(())
    }
}
