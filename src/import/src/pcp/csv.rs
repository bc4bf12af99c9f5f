//! `pmrep -o csv`: one column a metric and instance, such as `disk.dev.read-sda`.
//!
//! * In: a header of `Time` and metric names, then one row a sample.
//! * Out: what `samples` makes of them.
//! * Never: reads the unit, which `pmrep` does not write to CSV.
//!
//! Start at [`read`].

use ::csv::ByteRecord;

use super::samples::{Sample, Samples};
use crate::csv::dialect::Dialect;
use crate::csv::number::{self, Cell};
use crate::csv::time::Form;
use crate::csv::{Rows, header_of};
use crate::lines::Damage;
use crate::outcome;
use crate::source::Source;
use crate::{ImportError, Imported, MOST_COLUMNS};

/// Whether a file that begins with these bytes is such a table.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let header = header_of(head);
    let mut cells = header.iter();
    let first = cells.next().is_some_and(|it| it == "Time");
    first && header.len() > 1 && cells.all(|it| is_metric(it))
}

/// `kernel.all.load-1 minute`: small letters, digits and dots up to the first dash.
fn is_metric(cell: &str) -> bool {
    let name = cell.split('-').next().unwrap_or_default();
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_');
    name.contains('.')
        && name.starts_with(|it: char| it.is_ascii_lowercase())
        && name.chars().all(plain)
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let header = header_of(source.head());
    if header.len() > MOST_COLUMNS {
        let limit = format!("{} columns where {MOST_COLUMNS} are the most", header.len());
        return Err(source.too_large(1, limit));
    }
    let mut samples = Samples::default();
    let damage = rows(source, &header, &mut samples)?;
    samples.outcome("pmrep", damage).imported(source)
}

fn rows(
    source: &mut Source<'_>,
    header: &[String],
    samples: &mut Samples,
) -> Result<Option<Damage>, ImportError> {
    let dialect = Dialect::sniff(source.head(), None);
    let mut rows = Rows::new(source, dialect);
    let mut record = ByteRecord::new();
    let mut form: Option<Form> = None;
    let mut first = true;
    loop {
        match rows.next(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(samples.skips.cut(Some(rows.line))),
            Err(error) => return outcome::damage(error).map(Some),
        }
        if std::mem::take(&mut first) {
            continue;
        }
        let text = || String::from_utf8_lossy(record.as_slice()).into_owned();
        if record.len() != header.len() {
            let why = "other cells than the header";
            samples.skips.add("row", why, rows.line, &text());
            continue;
        }
        let cell = record.get(0).unwrap_or_default();
        form = form.or_else(|| Form::of(cell, dialect.decimal));
        let Some(at) = form.and_then(|it| it.read(cell, dialect.decimal)) else {
            samples.skips.add("row", "no time", rows.line, &text());
            continue;
        };
        samples.zoned |= !matches!(form, Some(Form::Civil));
        samples.row(at).map_err(|limit| rows.too_large(limit.0))?;
        for (name, cell) in header.iter().zip(record.iter()).skip(1) {
            let (metric, instance) = name.split_once('-').unwrap_or((name, ""));
            match number::parse(cell, dialect.decimal) {
                Cell::Number(value) => samples.put(&Sample {
                    metric,
                    instance,
                    unit: "",
                    value,
                }),
                Cell::Gap => {}
                Cell::Infinite | Cell::Word => {
                    let text = String::from_utf8_lossy(cell);
                    samples.skips.add("value", "no number", rows.line, &text);
                }
            }
        }
    }
}
