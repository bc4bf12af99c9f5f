//! JTL as CSV: a header with JMeter's names in any order, then a row a sample.
//!
//! * In: at least `timeStamp` and `elapsed`; whatever else of the documented columns.
//!   Without a header, the columns that JMeter 5 writes unless it is told otherwise.
//! * Out: requests by label, users by thread counts, times to first byte and to connect.
//! * Never: reads a file without a header that has other columns than those.
//!
//! Start at [`read`].

use ::csv::ByteRecord;

use super::{MILLISECOND_NS, START_NOTE, Sample, put};
use crate::csv::dialect::Dialect;
use crate::csv::time::Form;
use crate::csv::{Rows, header_of};
use crate::lines::Damage;
use crate::load::Load;
use crate::outcome::{self, Outcome};
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported};

/// The columns that are read, in the order of [`Places`].
const COLUMNS: [&str; 11] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "success",
    "threadName",
    "allThreads",
    "Latency",
    "Connect",
    "grpThreads",
];

/// Where each of [`COLUMNS`] stands.
type Places = [Option<usize>; COLUMNS.len()];

/// What JMeter 5 writes unless it is told otherwise.
///
/// # Source
///
/// JMeter manual, "Results file configuration", and its `jmeter.properties`.
const USUAL: [&str; 17] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Latency",
    "IdleTime",
    "Connect",
];

/// A time in milliseconds of this century has so many digits.
const STAMP_DIGITS: usize = 13;

/// Whether a file that begins with these bytes is such a table.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let first = header_of(head);
    is_header(&first) || is_usual_row(&first)
}

fn is_header(first: &[String]) -> bool {
    let has = |name: &str| first.iter().any(|it| it == name);
    has("timeStamp") && has("elapsed")
}

/// Whether the first row is a sample with the usual columns.
fn is_usual_row(first: &[String]) -> bool {
    let [stamp, elapsed, _, _, _, _, _, success, .., connect] = first else {
        return false;
    };
    let digits = |it: &String| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    first.len() == USUAL.len()
        && stamp.len() == STAMP_DIGITS
        && [stamp, elapsed, connect].into_iter().all(digits)
        && truth(success).is_some()
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let first = header_of(source.head());
    let headless = !is_header(&first);
    let header = match headless {
        true => USUAL.iter().map(|it| (*it).to_owned()).collect(),
        false => first,
    };
    let places = places_in(&header);
    let mut load = Load::new(source.path());
    let mut skips = Skips::default();
    let (damage, times) = rows(source, (&header, headless), &mut load, &mut skips)?;
    let mut notes = vec![format!("read {}", counted(load.count(), "sample"))];
    let missing: Vec<&str> = [2, 5, 6, 7]
        .into_iter()
        .filter(|it| places[*it].is_none())
        .map(|it| COLUMNS[it])
        .collect();
    if !missing.is_empty() {
        notes.push(format!("columns that are missing: {}", missing.join(", ")));
    }
    if headless {
        notes.push("there is no header: the columns were taken as JMeter's usual ones".to_owned());
    }
    notes.push(START_NOTE.to_owned());
    notes.extend(skips.notes());
    let recording = load.finish(&mut notes);
    let outcome = Outcome {
        format: "JMeter CSV",
        recording,
        times,
        notes,
        damage,
        nothing: "there is no sample under the header",
    };
    outcome.imported(source)
}

fn places_in(header: &[String]) -> Places {
    COLUMNS.map(|name| header.iter().position(|it| it == name))
}

fn rows(
    source: &mut Source<'_>,
    (header, headless): (&[String], bool),
    load: &mut Load,
    skips: &mut Skips,
) -> Result<(Option<Damage>, Told), ImportError> {
    let places = places_in(header);
    let dialect = Dialect::sniff(source.head(), None);
    let mut rows = Rows::new(source, dialect);
    let mut record = ByteRecord::new();
    let mut form: Option<Form> = None;
    let mut number = 0_usize;
    loop {
        match rows.next(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok((skips.cut(Some(rows.line)), told(form))),
            Err(error) => return Ok((Some(outcome::damage(error)?), told(form))),
        }
        number += 1;
        if number.is_multiple_of(4096) {
            rows.source.progress(number)?;
        }
        let row = String::from_utf8_lossy(record.as_slice());
        if number == 1 && !headless || row.trim().is_empty() {
            continue;
        }
        if record.len() != header.len() {
            skips.add("row", "other cells than the header", rows.line, &row);
            continue;
        }
        let cells = record.iter().map(String::from_utf8_lossy);
        let cells: Vec<_> = cells.collect();
        let cell = |column: usize| {
            let place = places.get(column).copied().flatten()?;
            cells.get(place).map(|it| it.trim())
        };
        let value = |column: usize| cell(column).and_then(|it| it.parse::<f64>().ok());
        let stamp = cell(0).unwrap_or_default().as_bytes();
        form = form.or_else(|| Form::of(stamp, dialect.decimal));
        let start = form.and_then(|it| it.read(stamp, dialect.decimal));
        let (Some(start), Some(elapsed_ms)) = (start, value(1)) else {
            skips.add("row", "no time or no duration", rows.line, &row);
            continue;
        };
        if !(0.0..i64::MAX as f64 / MILLISECOND_NS).contains(&elapsed_ms) {
            skips.add("row", "a duration that cannot be", rows.line, &row);
            continue;
        }
        put(
            load,
            &Sample {
                start,
                elapsed_ms,
                label: cell(2).unwrap_or("(no label)"),
                code: cell(3),
                message: cell(4).unwrap_or_default(),
                success: cell(5).and_then(truth),
                thread: cell(6).unwrap_or_default(),
                users: value(7).or_else(|| value(10)),
                latency_ms: value(8),
                connect_ms: value(9),
                summary: false,
            },
        );
    }
}

/// How much the times tell; JMeter writes Unix milliseconds unless it is told otherwise.
fn told(form: Option<Form>) -> Told {
    form.map_or(Told::Moments, Form::told)
}

/// Reads `true` and `false`.
pub(super) fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
