//! What a file would become, from its first bytes, so that people can say it better.
//!
//! Start at [`preview`].

use std::path::Path;

use crate::csv;
use crate::csv::dialect::Decimal;
use crate::how::{How, Role};
use crate::shape::{Looks, Shape};
use crate::source::Source;
use crate::tabular::{self, Columns};
use crate::times::Told;
use crate::{Content, Flow, Format, ImportError, Imported, read_source, sniff};

/// So many cells of a column are shown.
const CELLS: usize = 5;

/// What a file would become.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Name of the format.
    pub format: &'static str,
    /// Its columns, where it is a table whose columns can be said.
    pub table: Option<TablePreview>,
    /// How much the file tells of its times, as far as was looked.
    pub times: Told,
    /// What the beginning reads as, or why it does not.
    pub outcome: Result<Sketch, String>,
}

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TablePreview {
    /// What separates cells; `None` where the file is no text.
    pub delimiter: Option<u8>,
    /// What stands before decimals; `None` where the file is no text.
    pub decimal: Option<Decimal>,
    /// Every column.
    pub columns: Vec<ColumnPreview>,
    /// Whether it looks as if each row were one value of a series that it names.
    pub looks_long: bool,
    /// Whether it is read like that.
    pub long: bool,
}

/// One column of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnPreview {
    /// Its header.
    pub header: String,
    /// What it is for, as it is read.
    pub role: Role,
    /// What its cells look like.
    pub looks: Looks,
    /// Its first cells.
    pub cells: Vec<String>,
}

/// What the beginning of a file reads as.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    /// Names of the series, with their units.
    pub series: Vec<String>,
    /// The first and the last time that was read.
    pub bounds: Option<(i64, i64)>,
    /// What was left aside, one sentence each.
    pub notes: Vec<String>,
}

impl Default for Preview {
    fn default() -> Self {
        Self {
            format: "",
            table: None,
            times: Told::default(),
            outcome: Ok(Sketch::default()),
        }
    }
}

/// Looks at the beginning of a file of any format that is read here.
///
/// # Errors
///
/// The file cannot be opened, or is of no format that is known.
pub fn preview(path: &Path, how: &How) -> Result<Preview, ImportError> {
    let mut watch = |_| Flow::Continue;
    let source = Source::open(path, how, &mut watch)?;
    let head = source.head().to_vec();
    let Some(format) = sniff(&head) else {
        // Says what it is.
        return read_source(source).map(|_| Preview::default());
    };
    let table = (format.name == csv::NAME).then(|| {
        let (headers, sample, dialect) = csv::beginning(&head, &how.table);
        let shape = Shape::of(&headers, &how.table, |place| sample.looks(place));
        // Without what is said of columns that are not there, it can be shown all the same.
        let shape = shape.or_else(|_| {
            let plain = crate::how::TableHow {
                columns: Vec::new(),
                ..how.table.clone()
            };
            Shape::of(&headers, &plain, |place| sample.looks(place))
        });
        let shape = shape.unwrap_or(Shape {
            parts: Vec::new(),
            long: false,
        });
        let columns = shape.parts.iter().enumerate();
        let columns = columns.map(|(place, part)| ColumnPreview {
            header: part.header.clone(),
            role: part.role,
            looks: sample.looks(place),
            cells: sample.cells(place).take(CELLS).collect(),
        });
        TablePreview {
            delimiter: Some(dialect.delimiter),
            decimal: Some(dialect.decimal),
            columns: columns.collect(),
            looks_long: sample.looks_long(&headers, &shape),
            long: shape.long,
        }
    });
    let begin = beginning(&head, format);
    let mut watch = |_| Flow::Continue;
    let read = Source::new(path, Box::new(begin), how, &mut watch).and_then(read_source);
    let times = read.as_ref().map_or(Told::default(), |it| it.times);
    Ok(Preview {
        format: format.name,
        table,
        times,
        outcome: read.map(sketch).map_err(|error| error.to_string()),
    })
}

/// As [`preview`], of columns that somebody else read.
pub fn preview_columns(format: &'static str, columns: &dyn Columns, how: &How) -> Preview {
    let headers = columns.headers();
    let shape = Shape::of(headers, &how.table, |place| columns.looks(place));
    let looks: Vec<Looks> = (0..headers.len()).map(|it| columns.looks(it)).collect();
    let table = shape.as_ref().ok().map(|shape| TablePreview {
        delimiter: None,
        decimal: None,
        columns: shape
            .parts
            .iter()
            .enumerate()
            .map(|(place, part)| ColumnPreview {
                header: part.header.clone(),
                role: part.role,
                looks: columns.looks(place),
                cells: (0..columns.rows().min(CELLS))
                    .map(|row| columns.text(place, row).unwrap_or_default())
                    .collect(),
            })
            .collect(),
        looks_long: crate::shape::looks_long(headers, &looks, true),
        long: shape.long,
    });
    let read = tabular::assemble(format, columns, how);
    Preview {
        format,
        table,
        times: read.as_ref().map_or(Told::default(), |it| it.times),
        outcome: read.map(sketch),
    }
}

/// The beginning up to its last whole line, for formats of lines.
fn beginning<'a>(head: &'a [u8], format: &Format) -> &'a [u8] {
    let end = head.iter().rposition(|byte| *byte == b'\n');
    match end {
        Some(end) if format.lines => head.get(..=end).unwrap_or(head),
        _ => head,
    }
}

fn sketch(imported: Imported) -> Sketch {
    let bounds = crate::times::bounds(&imported.content);
    let told = |it: &model::series::Series| match it.unit.code() {
        "{value}" => it.key.to_string(),
        unit => format!("{} [{unit}]", it.key),
    };
    let series = match &imported.content {
        Content::Table(table) => table.columns.iter().map(|it| told(&it.series)).collect(),
        Content::Recording(recording) => {
            let columns = recording.columns.iter().map(|it| told(&it.series));
            let histograms = recording.histograms.iter().map(|it| told(&it.0));
            columns.chain(histograms).collect()
        }
    };
    let mut notes = imported.notes;
    notes.extend(imported.damage);
    Sketch {
        series,
        bounds,
        notes,
    }
}
