//! CSV and TSV: one header row, one time column if any, one series a column.
//!
//! * In: text separated by commas, semicolons or tabs, with decimal points or commas.
//! * Out: every numeric column under its header; row numbers are those of the file.
//! * Never: fills a gap, drops a row, or guesses a unit.
//!
//! Start at [`read`].

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use crate::how::TableHow;
use crate::lines::TooMuch;
use crate::source::Source;
use crate::{ImportError, Imported, MOST_COLUMNS, MOST_VALUES};

use self::dialect::Dialect;
use self::sample::Sample;
use self::table::Table;

pub(crate) mod dialect;
pub(crate) mod number;
pub(crate) mod sample;
mod table;
pub(crate) mod time;

/// The watch is asked once in so many rows, which also go from thread to thread at once.
const ROWS_A_REPORT: usize = 4096;

/// Cells of a batch, about: rows may be long.
const BATCH_BYTES: usize = 4 << 20;

/// So many batches may wait to be read.
const BATCHES: usize = 4;

/// What the format is called.
pub(crate) const NAME: &str = "CSV";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether this is text: no control characters but white space, and something in it.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let blank = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' ');
    let control = |byte: &u8| byte.is_ascii_control() && !blank(byte);
    !head.iter().any(control) && head.iter().any(|byte| !blank(byte))
}

/// The dialect that was asked for, else the one that the text is written in.
pub(crate) fn dialect(head: &[u8], how: &TableHow) -> Dialect {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let told = Dialect::sniff(head, how.delimiter);
    Dialect {
        decimal: how.decimal.unwrap_or(told.decimal),
        ..told
    }
}

/// The headers and the first rows, as they are read.
pub(crate) fn beginning(head: &[u8], how: &TableHow) -> (Vec<String>, Sample, Dialect) {
    let dialect = dialect(head, how);
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let header = first_row(head, dialect);
    let cells: Vec<&[u8]> = header.iter().collect();
    let names = table::unique_names(&cells, &mut Vec::new());
    (names, Sample::of(head, dialect), dialect)
}

/// Reads the whole table.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let how = source.how().table.clone();
    let head = source.head();
    let marked = head.starts_with(BYTE_ORDER_MARK);
    let dialect = dialect(head, &how);
    let sample = Sample::of(head, dialect);
    let mut rows = Rows::new(source, dialect);
    let mut header = ByteRecord::new();
    if !rows.next(&mut header)? {
        return Err(rows.damaged("there is no header row".to_owned()));
    }
    if header.len() > MOST_COLUMNS {
        let limit = format!(
            "{} columns where {MOST_COLUMNS} are the most; import a part of them",
            header.len()
        );
        return Err(rows.too_large(limit));
    }
    if marked {
        // The byte order mark of the first cell is no part of its name.
        let cells = header.iter().enumerate();
        let plain = cells.map(|(place, cell)| match place {
            0 => cell.strip_prefix(BYTE_ORDER_MARK).unwrap_or(cell),
            _ => cell,
        });
        header = ByteRecord::from_iter(plain);
    }
    let made = Table::new(&header, &sample, (dialect, &how));
    let mut table = made.map_err(|why| ImportError::Said {
        why,
        path: rows.source.path().to_owned(),
    })?;
    table.learn(&sample);
    let (table, damage) = fill(&mut rows, table)?;
    rows.source.progress(table.rows())?;
    let line = rows.line;
    let path = rows.source.path().to_owned();
    table
        .finish(damage)
        .map_err(|why| ImportError::Damaged { line, why, path })
}

/// Rows with their line numbers, as they go from the thread that splits them to the one
/// that reads their cells, and back to be filled again.
#[derive(Default)]
struct Batch {
    records: Vec<(u64, ByteRecord)>,
    used: usize,
}

/// Reads all rows into the table: this thread splits them into cells, another one makes
/// numbers of those. Says why the rest could not be read, if so.
fn fill(rows: &mut Rows<'_, '_>, table: Table) -> Result<(Table, Option<String>), ImportError> {
    let (full, filled) = mpsc::sync_channel::<Batch>(BATCHES);
    let (empty, emptied) = mpsc::channel::<Batch>();
    thread::scope(|scope| {
        let worker = scope.spawn(move || numbers(table, &filled, &empty));
        let damage = split(rows, &full, &emptied);
        drop(full);
        let table = match worker.join() {
            Ok(table) => table,
            Err(panic) => resume_unwind(panic),
        };
        let table = table.map_err(|(line, limit)| rows.source.too_large(line, limit.0))?;
        Ok((table, damage?))
    })
}

/// Splits rows into cells, batch by batch, until they end or the other thread has enough.
fn split(
    rows: &mut Rows<'_, '_>,
    full: &SyncSender<Batch>,
    emptied: &Receiver<Batch>,
) -> Result<Option<String>, ImportError> {
    let mut count = 0;
    loop {
        let mut batch = emptied.try_recv().unwrap_or_default();
        batch.used = 0;
        let mut bytes = 0;
        let ending = loop {
            if batch.used == ROWS_A_REPORT || bytes > BATCH_BYTES {
                // What long rows took is given back.
                batch.records.truncate(batch.used.max(1));
                break None;
            }
            if batch.used == batch.records.len() {
                batch.records.push((0, ByteRecord::new()));
            }
            let Some((line, record)) = batch.records.get_mut(batch.used) else {
                break Some(None);
            };
            match rows.next(record) {
                Ok(true) => {
                    *line = rows.line;
                    bytes += record.as_slice().len() + record.len() * size_of::<usize>();
                    batch.used += 1;
                    count += 1;
                }
                Ok(false) => break Some(None),
                Err(ImportError::Damaged { line, why, .. }) if count > 0 => {
                    break Some(Some(format!("line {line}: {why}")));
                }
                Err(error) => return Err(error),
            }
        };
        // Where the other thread has enough, it says itself why.
        if full.send(batch).is_err() {
            return Ok(None);
        }
        if let Some(damage) = ending {
            return Ok(damage);
        }
        rows.source.progress(count)?;
    }
}

/// Takes rows into the table until there are no more, or too many.
fn numbers(
    mut table: Table,
    filled: &Receiver<Batch>,
    empty: &Sender<Batch>,
) -> Result<Table, (u64, TooMuch)> {
    for batch in filled {
        for (line, record) in batch.records.iter().take(batch.used) {
            table.push(*line, record).map_err(|limit| (*line, limit))?;
            if table.values() > MOST_VALUES {
                let limit = format!("more than {MOST_VALUES} values; import a part of the file");
                return Err((*line, TooMuch(limit)));
            }
        }
        // At the end nobody waits for it any more; one of long rows is not filled again.
        if batch.used == ROWS_A_REPORT {
            empty.send(batch).unwrap_or_default();
        }
    }
    Ok(table)
}

fn first_row(head: &[u8], dialect: Dialect) -> ByteRecord {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .from_reader(head);
    let mut record = ByteRecord::new();
    // Reading from memory fails only where quotes never end, which is no header.
    match reader.read_byte_record(&mut record) {
        Ok(true) => record,
        Ok(false) | Err(_) => ByteRecord::new(),
    }
}

/// The cells of the first row, as text, to tell formats apart that are tables.
pub(crate) fn header_of(head: &[u8]) -> Vec<String> {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let record = first_row(head, Dialect::sniff(head, None));
    let cells = record.iter();
    cells
        .map(|it| String::from_utf8_lossy(it).trim().to_owned())
        .collect()
}

/// The rows of a table, with line numbers and errors that name the file.
pub(crate) struct Rows<'s, 'a> {
    reader: Reader<Box<dyn io::Read + 'a>>,
    pub(crate) source: &'s mut Source<'a>,
    pub(crate) line: u64,
}

impl<'s, 'a> Rows<'s, 'a> {
    /// Begins before the header.
    pub(crate) fn new(source: &'s mut Source<'a>, dialect: Dialect) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .buffer_capacity(64 << 10)
            .from_reader(source.take_reader());
        Self {
            reader,
            source,
            line: 1,
        }
    }

    /// Reads the next row; `false` at the end.
    pub(crate) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, ImportError> {
        let more = self.reader.read_byte_record(record);
        self.source.meter().end_row();
        let error = match more {
            Ok(more) => {
                self.line = record.position().map_or(self.line, |it| it.line());
                return Ok(more);
            }
            Err(error) => error,
        };
        self.line = self.reader.position().line();
        match error.into_kind() {
            ErrorKind::Io(error) => Err(self.source.failed(self.line, error)),
            _ => Err(self.damaged("the row cannot be split into cells".to_owned())),
        }
    }

    fn damaged(&self, why: String) -> ImportError {
        self.source.damaged(self.line, why)
    }

    /// Says that a bound was exceeded in this row.
    pub(crate) fn too_large(&self, limit: String) -> ImportError {
        self.source.too_large(self.line, limit)
    }
}
