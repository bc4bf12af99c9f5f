//! Tables that come in columns, such as those of Parquet and Arrow files.
//!
//! * In: [`Columns`], whoever read them.
//! * Out: the same as a CSV file of these columns would give.
//! * Never: holds a second copy of a column longer than it takes to hand it on.
//!
//! Start at [`assemble`].

use std::borrow::Cow;

use model::time::SECOND_NS;

use crate::csv::number::Cell;
use crate::how::{Count, How, Role};
use crate::long::{Long, Row};
use crate::shape::{LOOKS_LONG, Looks, Shape, looks_long};
use crate::skipped::counted;
use crate::times::{self, Told};
use crate::{Content, Imported, Table, TableColumn};

/// Columns of equal length.
pub trait Columns {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Headers, in the order of the file.
    fn headers(&self) -> &[String];
    /// What a column holds.
    fn looks(&self, place: usize) -> Looks;
    /// The numbers of a column, empty cells as `NaN`; nothing where it holds none.
    fn numbers(&self, place: usize) -> Option<Vec<f64>>;
    /// The moments of a column in nanoseconds since the Unix epoch, and whether their zone
    /// is known; nothing where it holds none. Whole numbers count as told, else as their
    /// size says.
    fn times(&self, place: usize, count: Option<Count>) -> Option<(Vec<Option<i64>>, bool)>;
    /// A cell as text; nothing where it is empty.
    fn text(&self, place: usize, row: usize) -> Option<String>;
}

/// A row of columns, with the numbers read beforehand.
struct RowOf<'a> {
    columns: &'a dyn Columns,
    numbers: &'a [Option<Vec<f64>>],
    row: usize,
}

impl Row for RowOf<'_> {
    fn text(&self, place: usize) -> Cow<'_, str> {
        Cow::Owned(self.columns.text(place, self.row).unwrap_or_default())
    }

    fn number(&self, place: usize) -> Cell {
        let numbers = self.numbers.get(place).and_then(Option::as_ref);
        match numbers.and_then(|it| it.get(self.row)) {
            Some(value) if value.is_finite() => Cell::Number(*value),
            Some(value) if value.is_nan() => Cell::Gap,
            Some(_) => Cell::Infinite,
            None => Cell::Gap,
        }
    }
}

/// Makes a table, or a recording of a long one, of columns.
///
/// # Errors
///
/// A sentence that says why there is nothing in it, or which column is not there.
pub fn assemble(
    format: &'static str,
    columns: &dyn Columns,
    how: &How,
) -> Result<Imported, String> {
    let shape = Shape::of(columns.headers(), &how.table, |place| columns.looks(place))?;
    let mut notes = Vec::new();
    let (at, times) = axis(columns, &shape, how, &mut notes)?;
    let (content, read) = if shape.long {
        long(columns, shape, at.as_deref(), &mut notes)?
    } else {
        wide(columns, &shape, at, &mut notes)?
    };
    notes.insert(0, read);
    let mut imported = Imported {
        format,
        content,
        times,
        notes,
        damage: None,
    };
    times::place(&mut imported, how);
    Ok(imported)
}

type Axis = (Option<Vec<Option<i64>>>, Told);

/// The times of the rows, if any column holds them.
fn axis(
    columns: &dyn Columns,
    shape: &Shape,
    how: &How,
    notes: &mut Vec<String>,
) -> Result<Axis, String> {
    let said = shape.places(Role::Time);
    // A column of a date-time type needs no name to be known.
    let free = |place: &usize| {
        let part = shape.parts.get(*place);
        part.is_some_and(|it| it.role == Role::Value || shape.long)
            && how.table.of(&columns.headers()[*place]).is_none()
    };
    let mut places = (0..columns.headers().len()).filter(free);
    let dated = places.find(|it| columns.looks(*it) == Looks::Times);
    let place = match said.as_slice() {
        [] => dated,
        [one] => Some(*one),
        _ => return Err("times of several columns are read from text files only".to_owned()),
    };
    let Some(place) = place else {
        return Ok((None, Told::Nothing));
    };
    let header = columns.headers().get(place).map_or("", String::as_str);
    let Some((at, zoned)) = columns.times(place, how.table.count) else {
        notes.push(format!("column {header:?} holds no times"));
        return Ok((None, Told::Nothing));
    };
    notes.push(format!("times are those of column {header:?}"));
    Ok((Some(at), if zoned { Told::Moments } else { Told::Local }))
}

fn seconds(row: usize) -> i64 {
    i64::try_from(row)
        .unwrap_or(i64::MAX)
        .saturating_mul(SECOND_NS)
}

fn long(
    columns: &dyn Columns,
    shape: Shape,
    at: Option<&[Option<i64>]>,
    notes: &mut Vec<String>,
) -> Result<(Content, String), String> {
    let numbers: Vec<Option<Vec<f64>>> = (0..shape.parts.len())
        .map(|place| {
            let part = shape.parts.get(place)?;
            let value = part.role == Role::Value;
            value.then(|| columns.numbers(place)).flatten()
        })
        .collect();
    let mut long = Long::new(shape);
    for row in 0..columns.rows() {
        let at = match at {
            Some(at) => at.get(row).copied().flatten(),
            None => Some(seconds(row)),
        };
        let cells = RowOf {
            columns,
            numbers: &numbers,
            row,
        };
        let line = u64::try_from(row).unwrap_or(u64::MAX).saturating_add(1);
        long.push(line, at, &cells).map_err(|limit| limit.0)?;
    }
    let mut told = Vec::new();
    let recording = long.finish(columns.rows(), &mut told)?;
    let mut told = told.into_iter();
    let read = told.next().unwrap_or_default();
    notes.extend(told);
    Ok((Content::Recording(recording), read))
}

fn wide(
    columns: &dyn Columns,
    shape: &Shape,
    at: Option<Vec<Option<i64>>>,
    notes: &mut Vec<String>,
) -> Result<(Content, String), String> {
    let rows = columns.rows();
    let empty = at
        .as_ref()
        .map_or(0, |at| at.iter().filter(|it| it.is_none()).count());
    if empty > 0 {
        notes.push(format!(
            "skipped {} because their time is empty",
            counted(empty, "row")
        ));
    }
    let kept = |values: Vec<f64>| match &at {
        Some(at) if empty > 0 => {
            let rows = values.into_iter().zip(at);
            rows.filter(|(_, at)| at.is_some()).map(|it| it.0).collect()
        }
        _ => values,
    };
    let (mut read, mut skipped) = (Vec::new(), Vec::new());
    for (place, part) in shape.parts.iter().enumerate() {
        // A date-time column that was found by its type is no series.
        if part.role != Role::Value || columns.looks(place) == Looks::Times {
            continue;
        }
        match columns.numbers(place) {
            Some(values) => read.push(TableColumn {
                header: part.header.clone(),
                series: part.series(),
                values: kept(values),
            }),
            None => skipped.push(part.header.as_str()),
        }
    }
    if read.is_empty() {
        return Err("no column holds numbers".to_owned());
    }
    let looks: Vec<Looks> = (0..shape.parts.len()).map(|it| columns.looks(it)).collect();
    let repeat = at
        .as_ref()
        .is_some_and(|at| at.windows(2).any(|it| it[0] == it[1]));
    if looks_long(columns.headers(), &looks, repeat) {
        notes.push(LOOKS_LONG.to_owned());
    }
    if !skipped.is_empty() {
        notes.push(format!("skipped without numbers: {}", skipped.join(", ")));
    }
    let told = format!("read {rows} rows of {} series", read.len());
    let time_column = at.is_some().then(|| shape.headers(Role::Time));
    let table = Table {
        at: match at {
            Some(at) => at.into_iter().flatten().collect(),
            None => (0..rows).map(seconds).collect(),
        },
        columns: read,
        time_column,
    };
    Ok((Content::Table(table), told))
}
