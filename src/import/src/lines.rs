//! Reads text line by line, with numbers, bounds, progress and cancel.
//!
//! * In: a [`Source`].
//! * Out: each line without its end; bytes that are no UTF-8 are replaced.
//! * Never: holds more than one line.
//!
//! Start at [`each`].

use std::io::{BufRead, BufReader, Read};

use crate::skipped::Skips;
use crate::source::Source;
use crate::{ImportError, MOST_ROW_BYTES, outcome};

/// The watch is asked once in so many lines.
const LINES_A_REPORT: u64 = 4096;

const BUFFER_BYTES: usize = 64 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why the rest of a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where it begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// A bound that was exceeded: which one, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch(pub String);

/// How reading ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Why the rest could not be read.
    pub damage: Option<Damage>,
    /// The last line, where it has no end: it may have been cut off.
    pub open_line: Option<u64>,
}

impl Ending {
    /// Why the rest is missing, if anything of the last line was left aside.
    pub(crate) fn damage(self, skips: &Skips) -> Option<Damage> {
        self.damage.or_else(|| skips.cut(self.open_line))
    }
}

/// Visits every line with its number.
pub(crate) fn each(
    source: &mut Source<'_>,
    mut visit: impl FnMut(u64, &str) -> Result<(), TooMuch>,
) -> Result<Ending, ImportError> {
    let meter = source.meter();
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, source.take_reader());
    let mut bytes = Vec::new();
    let mut line = 0;
    let mut open_line = None;
    loop {
        bytes.clear();
        let most = MOST_ROW_BYTES.saturating_add(BUFFER_BYTES as u64);
        let end = reader.by_ref().take(most).read_until(b'\n', &mut bytes);
        line += 1;
        meter.end_row();
        match end {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                let damage = Some(outcome::damage(source.failed(line, error))?);
                return Ok(Ending { damage, open_line });
            }
        }
        let plain = if line == 1 {
            bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes)
        } else {
            &bytes
        };
        open_line = (!plain.ends_with(b"\n")).then_some(line);
        let plain = plain.strip_suffix(b"\n").unwrap_or(plain);
        let plain = plain.strip_suffix(b"\r").unwrap_or(plain);
        visit(line, &String::from_utf8_lossy(plain))
            .map_err(|limit| source.too_large(line, limit.0))?;
        if line.is_multiple_of(LINES_A_REPORT) {
            source.progress(rows(line))?;
        }
    }
    source.progress(rows(line - 1))?;
    Ok(Ending {
        damage: None,
        open_line,
    })
}

fn rows(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}
