//! Gathers rows into columns, and notes on what does not fit.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ::csv::ByteRecord;
use model::time::SECOND_NS;

use super::dialect::Dialect;
use super::number::{self, Cell};
use super::sample::Sample;
use super::time::Times;
use crate::how::{Role, TableHow};
use crate::lines::TooMuch;
use crate::long::{Long, Row};
use crate::shape::{LOOKS_LONG, Part, Shape};
use crate::skipped::{Skipped, counted};
use crate::times::Told;
use crate::{Content, Imported, TableColumn};

/// So many skipped columns are named in a note.
const MOST_NAMED: usize = 5;

/// A table in the making.
pub(super) struct Table {
    dialect: Dialect,
    /// Number of columns of the file.
    width: usize,
    /// Columns that tell the time, one after another.
    clock: Vec<usize>,
    times: Times,
    /// The header of the time column.
    time_name: String,
    /// The time of each row; `None` where the cell could not be read.
    at: Vec<Option<i64>>,
    untimed: Skipped,
    body: Body,
    rows: usize,
    short: Skipped,
    long: Skipped,
    notes: Vec<String>,
}

/// What is made of the other columns.
enum Body {
    /// One series each, in the order of the file; `None` stands for what is no series.
    Wide(Vec<Option<Gathered>>),
    /// The series that rows name.
    Long(Box<Long>),
}

/// A column in the making.
struct Gathered {
    part: Part,
    values: Vec<f64>,
    numbers: usize,
    infinite: usize,
    words: Skipped,
}

/// The cells of a record; those that are missing are empty.
struct Cells<'a>(&'a ByteRecord, Dialect);

impl Row for Cells<'_> {
    fn text(&self, place: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.0.get(place).unwrap_or_default())
    }

    fn number(&self, place: usize) -> Cell {
        number::parse(self.0.get(place).unwrap_or_default(), self.1.decimal)
    }
}

impl Table {
    /// Makes columns of a header row; `sample` is the beginning of the file.
    ///
    /// # Errors
    ///
    /// A sentence, when something is said of a column that is not there.
    pub(super) fn new(
        header: &ByteRecord,
        sample: &Sample,
        (dialect, how): (Dialect, &TableHow),
    ) -> Result<Self, String> {
        let cells: Vec<&[u8]> = header.iter().collect();
        let mut notes = Vec::new();
        let is_number =
            |cell: &&[u8]| matches!(number::parse(cell, dialect.decimal), Cell::Number(_));
        if cells.iter().all(is_number) {
            notes.push("the first line holds numbers only, but was taken as the header".to_owned());
        }
        let names = unique_names(&cells, &mut notes);
        let shape = Shape::of(&names, how, |place| sample.looks(place))?;
        if !shape.long && sample.looks_long(&names, &shape) {
            notes.push(LOOKS_LONG.to_owned());
        }
        let clock = shape.places(Role::Time);
        if clock.is_empty()
            && let Some(name) = sample.time_like(&names)
        {
            notes.push(format!(
                "column {name:?} looks like times: read it as such (--column '{name}=time')"
            ));
        }
        Ok(Self {
            dialect,
            width: names.len(),
            time_name: shape.headers(Role::Time),
            clock,
            times: Times::new(how.count),
            at: Vec::new(),
            untimed: Skipped::default(),
            body: if shape.long {
                Body::Long(Box::new(Long::new(shape)))
            } else {
                let parts = shape.parts.into_iter();
                let values = parts.map(|it| (it.role == Role::Value).then(|| Gathered::new(it)));
                Body::Wide(values.collect())
            },
            rows: 0,
            short: Skipped::default(),
            long: Skipped::default(),
            notes,
        })
    }

    /// Looks through the beginning for what the first time alone does not tell.
    pub(super) fn learn(&mut self, sample: &Sample) {
        if let Some(first) = self.clock.first() {
            sample.cells(*first).for_each(|it| self.times.learn(&it));
        }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Values so far, gaps included.
    pub(super) fn values(&self) -> usize {
        match &self.body {
            Body::Wide(columns) => self.rows.saturating_mul(columns.len()),
            // It counts its own.
            Body::Long(_) => 0,
        }
    }

    /// Takes in a row. Cells that are missing are gaps, cells too many are left out.
    ///
    /// # Errors
    ///
    /// When more was taken in than is held.
    pub(super) fn push(&mut self, line: u64, record: &ByteRecord) -> Result<(), TooMuch> {
        if record.len() < self.width {
            self.short.add(line, b"");
        } else if record.len() > self.width {
            self.long.add(line, b"");
        }
        let dialect = self.dialect;
        let at = match self.clock.as_slice() {
            [] => None,
            [one] => {
                let cell = record.get(*one).unwrap_or_default();
                self.time(line, cell)
            }
            many => {
                let cells = many.iter().map(|it| record.get(*it).unwrap_or_default());
                let text = cells.collect::<Vec<_>>().join(&b' ');
                self.time(line, &text)
            }
        };
        match &mut self.body {
            Body::Wide(columns) => {
                let mut cells = record.iter();
                for column in columns {
                    let cell = cells.next().unwrap_or_default();
                    if let Some(column) = column {
                        column.push(line, cell, dialect);
                    }
                }
                if !self.clock.is_empty() {
                    self.at.push(at);
                }
            }
            Body::Long(long) => {
                let seconds = i64::try_from(self.rows).unwrap_or(i64::MAX);
                let at = match self.clock.is_empty() {
                    true => Some(seconds.saturating_mul(SECOND_NS)),
                    false => at,
                };
                long.push(line, at, &Cells(record, dialect))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn time(&mut self, line: u64, cell: &[u8]) -> Option<i64> {
        let at = self.times.read(cell, self.dialect.decimal);
        if at.is_none() {
            self.untimed.add(line, cell);
        }
        at
    }

    /// Makes the result, or says why there is none.
    pub(super) fn finish(mut self, damage: Option<String>) -> Result<Imported, String> {
        if self.rows == 0 {
            return Err("there is no row under the header".to_owned());
        }
        let mut notes = Vec::new();
        let body = std::mem::replace(&mut self.body, Body::Wide(Vec::new()));
        let (content, times) = match body {
            Body::Wide(columns) => self.wide(columns, &mut notes)?,
            Body::Long(long) => {
                let recording = long.finish(self.rows, &mut notes)?;
                let times = match self.clock.is_empty() {
                    true => Told::Nothing,
                    false => self.told_of_times(),
                };
                notes.append(&mut self.notes);
                (Content::Recording(recording), times)
            }
        };
        if self.short.count > 0 {
            notes.push(format!(
                "fewer cells than the header in {}, first in line {}: the rest are gaps",
                counted(self.short.count, "row"),
                self.short.first_line
            ));
        }
        if self.long.count > 0 {
            notes.push(format!(
                "more cells than the header in {}, first in line {}: the rest were skipped",
                counted(self.long.count, "row"),
                self.long.first_line
            ));
        }
        Ok(Imported {
            format: super::NAME,
            content,
            times,
            notes,
            damage,
        })
    }

    fn wide(
        &mut self,
        columns: Vec<Option<Gathered>>,
        notes: &mut Vec<String>,
    ) -> Result<(Content, Told), String> {
        let (at, time_column) = self.axis();
        let times = match time_column {
            Some(_) => self.times.told(),
            None => Told::Nothing,
        };
        let columns: Vec<_> = columns.into_iter().flatten().collect();
        let (numeric, words): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(Gathered::is_numeric);
        if numeric.is_empty() {
            return Err(
                "no column holds numbers; the first line must name the columns, cells are \
                 separated by commas, semicolons or tabs"
                    .to_owned(),
            );
        }
        notes.push(format!(
            "read {} rows of {} series",
            self.rows,
            numeric.len()
        ));
        notes.append(&mut self.notes);
        note_columns(notes, &numeric, &words);
        let columns = numeric.into_iter().map(|it| TableColumn {
            series: it.part.series(),
            header: it.part.header,
            values: it.values,
        });
        let table = crate::Table {
            at,
            columns: columns.collect(),
            time_column,
        };
        Ok((Content::Table(table), times))
    }

    fn told_of_times(&mut self) -> Told {
        self.notes.push(format!(
            "column {:?} was read as {}",
            self.time_name,
            self.times.name()
        ));
        self.notes.extend(self.times.note());
        self.times.told()
    }

    /// The time of each row. One that cannot be read has the time of the row before.
    fn axis(&mut self) -> (Vec<i64>, Option<String>) {
        let seconds = |rows: usize| (0..rows as i64).map(|row| row * SECOND_NS).collect();
        if self.clock.is_empty() {
            self.notes.push("there is no time column".to_owned());
            return (seconds(self.rows), None);
        }
        let at = std::mem::take(&mut self.at);
        let Some(first) = at.iter().copied().flatten().next() else {
            self.notes
                .push(format!("column {:?} holds no times", self.time_name));
            return (seconds(self.rows), None);
        };
        self.told_of_times();
        if self.untimed.count > 0 {
            self.notes.push(format!(
                "no time in {}, first in line {} ({:?}): these rows have the time of the row before",
                counted(self.untimed.count, "row"),
                self.untimed.first_line,
                self.untimed.example
            ));
        }
        let mut last = first;
        let filled = at.into_iter().map(|at| {
            last = at.unwrap_or(last);
            last
        });
        (filled.collect(), Some(self.time_name.clone()))
    }
}

impl Gathered {
    fn new(part: Part) -> Self {
        Self {
            part,
            values: Vec::new(),
            numbers: 0,
            infinite: 0,
            words: Skipped::default(),
        }
    }

    fn push(&mut self, line: u64, cell: &[u8], dialect: Dialect) {
        let value = match number::parse(cell, dialect.decimal) {
            Cell::Number(value) => {
                self.numbers += 1;
                value
            }
            Cell::Gap => f64::NAN,
            Cell::Infinite => {
                self.infinite += 1;
                f64::NAN
            }
            Cell::Word => {
                self.words.add(line, cell);
                f64::NAN
            }
        };
        self.values.push(value);
    }

    /// A column with more words than numbers is no series; one of gaps alone is.
    fn is_numeric(&self) -> bool {
        self.words.count == 0 || self.words.count <= self.numbers
    }
}

/// Names every column, and each differently.
pub(super) fn unique_names(cells: &[&[u8]], notes: &mut Vec<String>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut repeated = 0;
    let names = cells.iter().enumerate().map(|(place, cell)| {
        let text = String::from_utf8_lossy(cell).trim().to_owned();
        let base = if text.is_empty() {
            format!("column {}", place + 1)
        } else {
            text
        };
        let mut name = base.clone();
        if taken.contains(&name) {
            repeated += 1;
            // The place is different for each, so the loop ends soon.
            name = format!("{base} ({})", place + 1);
            while taken.contains(&name) {
                name.push('\'');
            }
        }
        taken.insert(name.clone());
        name
    });
    let names = names.collect();
    if repeated > 0 {
        notes.push(format!(
            "names that are there twice: the place was added to {}",
            counted(repeated, "column")
        ));
    }
    names
}

fn note_columns(notes: &mut Vec<String>, numeric: &[Gathered], words: &[Gathered]) {
    for column in numeric {
        if column.words.count > 0 {
            notes.push(format!(
                "column {:?}: no number in {}, first in line {} ({:?}): left as gaps",
                column.part.header,
                counted(column.words.count, "cell"),
                column.words.first_line,
                column.words.example
            ));
        }
        if column.infinite > 0 {
            notes.push(format!(
                "column {:?}: infinity in {}: left as gaps",
                column.part.header,
                counted(column.infinite, "cell")
            ));
        }
    }
    if words.is_empty() {
        return;
    }
    let named: Vec<_> = words
        .iter()
        .take(MOST_NAMED)
        .map(|it| it.part.header.as_str())
        .collect();
    let more = words.len() - named.len();
    let and = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    notes.push(format!(
        "skipped {} of {} columns because their cells are no numbers: {}{and}",
        words.len(),
        words.len() + numeric.len(),
        named.join(", ")
    ));
}
