//! Foreign files become columns.
//!
//! * In: a file, or anything that can be read.
//! * Out: [`Imported`]: a [`Table`] with the rows of the file, or a [`Recording`] of
//!   series, requests and events; and notes on what was left aside.
//! * Never: sorts, merges or repairs rows of a table; reads without a bound; panics on
//!   data.
//!
//! Start at [`read`]; add a format by adding a file and a line to [`FORMATS`]. What a file
//! does not say of itself is given by [`how::How`].

use std::io::Read;
use std::path::{Path, PathBuf};

use model::columns::Column;
use model::event::Event;
use model::series::Series;
use model::{histogram, trace};

pub use jiff::tz::TimeZone;

pub use crate::csv::dialect::Decimal;
use crate::how::How;
use crate::source::Source;
use crate::times::Told;

mod access_log;
mod clock;
mod csv;
mod hdr;
mod histograms;
pub mod how;
mod jmeter;
mod json;
mod k6;
mod lines;
mod load;
mod long;
mod loose;
mod names;
mod otlp;
mod outcome;
mod pcp;
pub mod preview;
mod prometheus;
pub mod query;
mod recorder;
mod requests;
pub mod shape;
mod skipped;
mod source;
mod sysstat;
pub mod tabular;
pub mod times;
mod vmstat;

/// One foreign format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What people call it.
    pub name: &'static str,
    /// Whether a file that begins with these bytes (unpacked) is of this format.
    pub sniff: fn(&[u8]) -> bool,
    /// Whether it consists of lines, so that its beginning up to one can be read alone.
    lines: bool,
    read: fn(&mut Source<'_>) -> Result<Imported, ImportError>,
}

/// Every format, the most particular first. Add yours here.
pub const FORMATS: &[Format] = &[
    Format {
        name: "sar",
        sniff: sysstat::binary::sniff,
        lines: false,
        read: sysstat::binary::read,
    },
    Format {
        name: "sysstat JSON",
        sniff: sysstat::json::sniff,
        lines: false,
        read: sysstat::json::read,
    },
    Format {
        name: "sysstat text",
        sniff: sysstat::text::sniff,
        lines: true,
        read: sysstat::text::read,
    },
    Format {
        name: "vmstat",
        sniff: vmstat::sniff,
        lines: true,
        read: vmstat::read,
    },
    Format {
        name: "pcp2json",
        sniff: pcp::json::sniff,
        lines: false,
        read: pcp::json::read,
    },
    Format {
        name: "k6 JSON",
        sniff: k6::json::sniff,
        lines: true,
        read: k6::json::read,
    },
    Format {
        name: "k6 CSV",
        sniff: k6::csv::sniff,
        lines: true,
        read: k6::csv::read,
    },
    Format {
        name: "OTLP JSON",
        sniff: otlp::sniff,
        lines: false,
        read: otlp::read,
    },
    Format {
        name: "JMeter XML",
        sniff: jmeter::xml::sniff,
        lines: false,
        read: jmeter::xml::read,
    },
    Format {
        name: "JMeter CSV",
        sniff: jmeter::csv::sniff,
        lines: true,
        read: jmeter::csv::read,
    },
    Format {
        name: "HDR histogram log",
        sniff: hdr::sniff,
        lines: true,
        read: hdr::read,
    },
    Format {
        name: "pmrep",
        sniff: pcp::csv::sniff,
        lines: true,
        read: pcp::csv::read,
    },
    Format {
        name: "Prometheus text",
        sniff: prometheus::sniff,
        lines: true,
        read: prometheus::read,
    },
    Format {
        name: "access log",
        sniff: access_log::sniff,
        lines: true,
        read: access_log::read,
    },
    Format {
        name: csv::NAME,
        sniff: |head| foreign(head).is_none() && csv::sniff(head),
        lines: true,
        read: csv::read,
    },
];

/// Files of others that are known by their first bytes, to be named in errors.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"PK\x03\x04", "a ZIP archive, perhaps a session"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"{", "JSON"),
    (b"[", "JSON"),
];

/// At most so many values are held: 2 GiB of `f64`.
pub const MOST_VALUES: usize = 1 << 28;

/// At most so many columns a file may have.
pub const MOST_COLUMNS: usize = 1 << 14;

/// A row may be so long at most.
pub const MOST_ROW_BYTES: u64 = 4 << 20;

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Name of the format it was read as.
    pub format: &'static str,
    /// The data.
    pub content: Content,
    /// How much the file told of its times; the rest was added as [`How`] says.
    pub times: Told,
    /// What was read and what was left aside, one sentence each.
    pub notes: Vec<String>,
    /// Why the rest of the file could not be read, when only part of it was.
    pub damage: Option<String>,
}

/// The data of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Rows as they stand in the file: results name them by number.
    Table(Table),
    /// What a tool measured: series with times of their own, requests, events.
    Recording(Recording),
}

/// Rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Nanoseconds since the Unix epoch of each row; they may repeat or step back.
    /// Without a time column rows are one second apart, from the epoch on.
    pub at: Vec<i64>,
    /// Each series; as many values as there are rows.
    pub columns: Vec<TableColumn>,
    /// Header of the time column, if there is one.
    pub time_column: Option<String>,
}

/// One series of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// The header, by which the contract of the command line names it.
    pub header: String,
    /// What it is taken for.
    pub series: Series,
    /// A value a row; `NaN` where there is none.
    pub values: Vec<f64>,
}

/// What a tool measured. Hosts stand in the keys of series; empty where not told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Sampled series; times of each ascend strictly.
    pub columns: Vec<Column>,
    /// Observations per interval: series of kind histogram, rows by time.
    pub histograms: Vec<(Series, Vec<histogram::Row>)>,
    /// Spans, with the host they come from.
    pub spans: Vec<(String, trace::Span)>,
    /// What happened, with the host.
    pub events: Vec<(String, Event)>,
}

impl Default for Content {
    fn default() -> Self {
        Self::Recording(Recording::default())
    }
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read of the file, as stored.
    pub read_bytes: u64,
    /// Bytes of the file; 0 when not known.
    pub total_bytes: u64,
    /// Rows read.
    pub rows: usize,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Stop: the user does not want the file any more.
    Cancel,
}

/// Called now and then while a file is read.
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> Flow;

/// Why a file could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system refused.
    #[error("could not read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is something else than a file.
    #[error("{found} is no file to import; give a file: {}", .path.display())]
    NotAFile {
        /// What it is.
        found: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// The file is of no format that is read here.
    #[error("not a format that can be imported ({found}); export it as CSV and try again: {}", .path.display())]
    Unknown {
        /// What it seems to be.
        found: String,
        /// The file.
        path: PathBuf,
    },
    /// The file is of a known format, but nothing of it can be used.
    #[error("line {line}: {why}: {}", .path.display())]
    Damaged {
        /// Where it went wrong, from 1.
        line: u64,
        /// What is wrong and what to try.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// What was said of the file or server does not fit it.
    #[error("{why}: {}", .path.display())]
    Said {
        /// What does not fit, and what would.
        why: String,
        /// The file or server.
        path: PathBuf,
    },
    /// A server refused, or answered with what cannot be read.
    #[error("{why}: {}", .server.display())]
    Server {
        /// What it said.
        why: String,
        /// Its address, without user and password.
        server: PathBuf,
    },
    /// A bound was exceeded.
    #[error("line {line}: {limit}: {}", .path.display())]
    TooLarge {
        /// Where it was exceeded, from 1.
        line: u64,
        /// Which bound, and what to try.
        limit: String,
        /// The file.
        path: PathBuf,
    },
    /// The watch said so.
    #[error("import cancelled: {}", .path.display())]
    Cancelled {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a file of any known format, packed with gzip or not.
///
/// # Errors
///
/// An [`ImportError`] that names file, line and what to try. A file whose end is
/// damaged is no error while there are rows: see [`Imported::damage`].
pub fn read(path: &Path, how: &How, watch: Watch<'_>) -> Result<Imported, ImportError> {
    read_source(Source::open(path, how, watch)?)
}

/// Reads from anything, calling it `name` in errors and notes.
///
/// # Errors
///
/// As [`read`].
pub fn read_from(
    name: &Path,
    reader: impl Read,
    how: &How,
    watch: Watch<'_>,
) -> Result<Imported, ImportError> {
    read_source(Source::new(name, Box::new(reader), how, watch)?)
}

/// The format of a file that begins with these (unpacked) bytes.
pub fn sniff(head: &[u8]) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.sniff)(head))
}

fn foreign(head: &[u8]) -> Option<&'static str> {
    let known = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic));
    known.map(|(_, name)| *name)
}

fn read_source(mut source: Source<'_>) -> Result<Imported, ImportError> {
    match sniff(source.head()) {
        Some(format) => {
            let mut imported = (format.read)(&mut source)?;
            times::place(&mut imported, source.how());
            Ok(imported)
        }
        None => Err(ImportError::Unknown {
            found: match source.head() {
                [] => "it is empty".to_owned(),
                head => foreign(head).unwrap_or("it is no text").to_owned(),
            },
            path: source.path().to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
