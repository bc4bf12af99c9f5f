//! A file as importers read it: unpacked, measured and bounded.
//!
//! A few bytes of gzip can become gigabytes, and a row without an end can become
//! the whole file; both are stopped here, before memory is spent on them.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::how::How;
use crate::{Flow, ImportError, MOST_ROW_BYTES, Progress, Watch};

/// So much of the beginning is looked at to tell the format and its dialect.
const HEAD_BYTES: u64 = 64 << 10;

/// Text may unpack to so many times its packed size. Tables of numbers reach 5 to
/// 100; the most that gzip can do is 1,032.
const MOST_EXPANSION: u64 = 400;

/// Below so many unpacked bytes the expansion does not matter.
const EXPANSION_FREE_BYTES: u64 = 8 << 20;

/// What is read, and how far.
pub(crate) struct Source<'a> {
    path: PathBuf,
    head: Vec<u8>,
    reader: Option<Box<dyn Read + 'a>>,
    meter: Rc<Meter>,
    total_bytes: u64,
    how: How,
    watch: Watch<'a>,
}

/// Counts what goes through.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Bytes of the file as stored.
    stored: Cell<u64>,
    /// Bytes after unpacking.
    unpacked: Cell<u64>,
    /// Unpacked bytes when the last row ended.
    row_end: Cell<u64>,
    /// Whether the bytes may be any number of times those stored, since a program of
    /// this machine wrote them.
    written_here: bool,
}

/// A bound that was exceeded, carried through `io::Error`.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Limit {
    /// A row without an end.
    #[error("a row of more than 4 MiB; look for a quote that is not closed")]
    Row,
    /// A bomb.
    #[error(
        "the file unpacks to more than 400 times its size; unpack it first if it is to be trusted"
    )]
    Expansion,
}

impl<'a> Source<'a> {
    /// Opens a file; refuses what is none before opening it, since opening a pipe waits.
    pub(crate) fn open(path: &Path, how: &How, watch: Watch<'a>) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Read {
            path: path.to_owned(),
            source,
        };
        let about = std::fs::metadata(path).map_err(failed)?;
        if !about.is_file() {
            return Err(ImportError::NotAFile {
                found: if about.is_dir() {
                    "a folder"
                } else {
                    "a pipe or device"
                },
                path: path.to_owned(),
            });
        }
        let file = File::open(path).map_err(failed)?;
        let mut source = Self::new(path, Box::new(file), how, watch)?;
        source.total_bytes = about.len();
        Ok(source)
    }

    /// Unpacks if need be, and reads the beginning.
    pub(crate) fn new(
        path: &Path,
        reader: Box<dyn Read + 'a>,
        how: &How,
        watch: Watch<'a>,
    ) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Read {
            path: path.to_owned(),
            source,
        };
        let meter = Rc::new(Meter::default());
        let mut stored = Stored {
            reader,
            meter: Rc::clone(&meter),
        };
        let mut magic = Vec::new();
        stored
            .by_ref()
            .take(2)
            .read_to_end(&mut magic)
            .map_err(failed)?;
        let whole = Cursor::new(magic.clone()).chain(stored);
        let plain: Box<dyn Read + 'a> = if magic == [0x1f, 0x8b] {
            Box::new(MultiGzDecoder::new(whole))
        } else {
            Box::new(whole)
        };
        let mut unpacked = Unpacked {
            reader: plain,
            meter: Rc::clone(&meter),
        };
        let mut head = Vec::new();
        let end = unpacked.by_ref().take(HEAD_BYTES).read_to_end(&mut head);
        // What a damaged file gave before it failed is still worth reading.
        let rest: Box<dyn Read + 'a> = match end {
            Ok(_) => Box::new(unpacked),
            Err(source) if head.is_empty() => return Err(failed(source)),
            Err(source) => Box::new(Broken(Some(source))),
        };
        Ok(Self {
            path: path.to_owned(),
            reader: Some(Box::new(Cursor::new(head.clone()).chain(rest))),
            head,
            meter,
            total_bytes: 0,
            how: how.clone(),
            watch,
        })
    }

    /// The beginning, unpacked.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// What is said of the file.
    pub(crate) fn how(&self) -> &How {
        &self.how
    }

    /// What the file is called.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives away the reader, from the first byte on; the second time it is empty.
    pub(crate) fn take_reader(&mut self) -> Box<dyn Read + 'a> {
        self.reader.take().unwrap_or_else(|| Box::new(io::empty()))
    }

    /// Goes on with what a program made of the file, under the same bound on rows.
    pub(crate) fn replace_reader(&mut self, reader: Box<dyn Read + 'a>) {
        let meter = Rc::new(Meter {
            stored: self.meter.stored.clone(),
            written_here: true,
            ..Meter::default()
        });
        self.meter = Rc::clone(&meter);
        self.reader = Some(Box::new(Unpacked { reader, meter }));
    }

    /// Counts what goes through the reader.
    pub(crate) fn meter(&self) -> Rc<Meter> {
        Rc::clone(&self.meter)
    }

    /// Names the file and the line in what went wrong while reading.
    pub(crate) fn failed(&self, line: u64, error: io::Error) -> ImportError {
        let limit = error.get_ref().and_then(|it| it.downcast_ref::<Limit>());
        match limit {
            Some(limit) => self.too_large(line, limit.to_string()),
            None if damaged(&error) => self.damaged(
                line,
                format!(
                    "the packed data is damaged ({error}): rows up to here may be wrong, fetch the file again"
                ),
            ),
            None => ImportError::Read {
                path: self.path.clone(),
                source: error,
            },
        }
    }

    /// Says that nothing of the file can be used.
    pub(crate) fn damaged(&self, line: u64, why: String) -> ImportError {
        ImportError::Damaged {
            line,
            why,
            path: self.path.clone(),
        }
    }

    /// Says that a bound was exceeded.
    pub(crate) fn too_large(&self, line: u64, limit: String) -> ImportError {
        ImportError::TooLarge {
            line,
            limit,
            path: self.path.clone(),
        }
    }

    /// Tells how far reading has come, and asks whether to go on.
    pub(crate) fn progress(&mut self, rows: usize) -> Result<(), ImportError> {
        let progress = Progress {
            read_bytes: self.meter.stored.get(),
            total_bytes: self.total_bytes,
            rows,
        };
        match (self.watch)(progress) {
            Flow::Continue => Ok(()),
            Flow::Cancel => Err(ImportError::Cancelled {
                path: self.path.clone(),
            }),
        }
    }
}

impl Meter {
    /// Starts a new row: the bound on its length counts from here.
    pub(crate) fn end_row(&self) {
        self.row_end.set(self.unpacked.get());
    }
}

/// Whether the bytes are to blame and not the disk.
fn damaged(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

/// Counts bytes as stored.
struct Stored<'a> {
    reader: Box<dyn Read + 'a>,
    meter: Rc<Meter>,
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let stored = &self.meter.stored;
        stored.set(stored.get() + count as u64);
        Ok(count)
    }
}

/// Counts unpacked bytes and holds them within bounds.
struct Unpacked<'a> {
    reader: Box<dyn Read + 'a>,
    meter: Rc<Meter>,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let meter = &self.meter;
        let unpacked = meter.unpacked.get();
        if unpacked - meter.row_end.get() > MOST_ROW_BYTES {
            return Err(io::Error::other(Limit::Row));
        }
        let fair = meter.stored.get().saturating_mul(MOST_EXPANSION);
        if unpacked > EXPANSION_FREE_BYTES.max(fair) && !meter.written_here {
            return Err(io::Error::other(Limit::Expansion));
        }
        let count = self.reader.read(buffer)?;
        meter.unpacked.set(unpacked + count as u64);
        Ok(count)
    }
}

/// Fails once with what went wrong before, then ends.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
