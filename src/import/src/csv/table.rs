//! Gathers rows into columns, and notes on what does not fit.

use std::collections::BTreeSet;

use ::csv::ByteRecord;
use model::time::SECOND_NS;

use super::dialect::Dialect;
use super::number::{self, Cell};
use super::time::{self, Form};
use crate::skipped::{Skipped, counted};
use crate::{Content, Imported};

/// So many skipped columns are named in a note.
const MOST_NAMED: usize = 5;

/// A table in the making.
pub(super) struct Table {
    dialect: Dialect,
    times: Option<Times>,
    /// In the order of the file; `None` stands for the time column.
    columns: Vec<Option<Gathered>>,
    rows: usize,
    short: Skipped,
    long: Skipped,
    notes: Vec<String>,
}

/// The time column in the making.
struct Times {
    name: String,
    form: Option<Form>,
    /// `None` where the cell could not be read.
    at: Vec<Option<i64>>,
    unread: Skipped,
}

/// A column in the making.
struct Gathered {
    name: String,
    values: Vec<f64>,
    numbers: usize,
    infinite: usize,
    words: Skipped,
}

impl Table {
    /// Makes columns of a header row.
    pub(super) fn new<'a>(header: impl Iterator<Item = &'a [u8]>, dialect: Dialect) -> Self {
        let cells: Vec<&[u8]> = header.collect();
        let mut notes = Vec::new();
        let is_number =
            |cell: &&[u8]| matches!(number::parse(cell, dialect.decimal), Cell::Number(_));
        if cells.iter().all(is_number) {
            notes.push("the first line holds numbers only, but was taken as the header".to_owned());
        }
        let names = unique_names(&cells, &mut notes);
        let time = time::NAMES.iter().find_map(|wanted| {
            names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(wanted))
        });
        Self {
            dialect,
            times: time.and_then(|place| names.get(place)).map(|name| Times {
                name: name.to_owned(),
                form: None,
                at: Vec::new(),
                unread: Skipped::default(),
            }),
            columns: names
                .into_iter()
                .enumerate()
                .map(|(place, name)| (Some(place) != time).then(|| Gathered::new(name)))
                .collect(),
            rows: 0,
            short: Skipped::default(),
            long: Skipped::default(),
            notes,
        }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Values so far, gaps included.
    pub(super) fn values(&self) -> usize {
        self.rows.saturating_mul(self.columns.len())
    }

    /// Takes in a row. Cells that are missing are gaps, cells too many are left out.
    pub(super) fn push(&mut self, line: u64, record: &ByteRecord) {
        if record.len() < self.columns.len() {
            self.short.add(line, b"");
        } else if record.len() > self.columns.len() {
            self.long.add(line, b"");
        }
        let mut cells = record.iter();
        for column in &mut self.columns {
            let cell = cells.next().unwrap_or_default();
            match (column, &mut self.times) {
                (Some(column), _) => column.push(line, cell, self.dialect),
                (None, Some(times)) => times.push(line, cell, self.dialect),
                (None, None) => {}
            }
        }
        self.rows += 1;
    }

    /// Makes the result, or says why there is none.
    pub(super) fn finish(mut self, damage: Option<String>) -> Result<Imported, String> {
        if self.rows == 0 {
            return Err("there is no row under the header".to_owned());
        }
        let (at, time_column) = self.axis();
        let columns: Vec<_> = self.columns.into_iter().flatten().collect();
        let (numeric, words): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(Gathered::is_numeric);
        if numeric.is_empty() {
            return Err(
                "no column holds numbers; the first line must name the columns, cells are \
                 separated by commas, semicolons or tabs"
                    .to_owned(),
            );
        }
        let mut notes = vec![format!(
            "read {} rows of {} series",
            self.rows,
            numeric.len()
        )];
        notes.append(&mut self.notes);
        note_columns(&mut notes, &numeric, &words);
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
            format: "CSV",
            content: Content::Table(crate::Table {
                at,
                columns: numeric.into_iter().map(|it| (it.name, it.values)).collect(),
                time_column,
            }),
            notes,
            damage,
        })
    }

    /// The time of each row. One that cannot be read has the time of the row before.
    fn axis(&mut self) -> (Vec<i64>, Option<String>) {
        let seconds = |rows: usize| (0..rows as i64).map(|row| row * SECOND_NS).collect();
        let Some(times) = self.times.take() else {
            self.notes
                .push("there is no time column: rows are one second apart".to_owned());
            return (seconds(self.rows), None);
        };
        let (Some(first), Some(form)) = (times.at.iter().copied().flatten().next(), times.form)
        else {
            self.notes.push(format!(
                "column {:?} holds no times: rows are one second apart",
                times.name
            ));
            return (seconds(self.rows), None);
        };
        self.notes.push(format!(
            "column {:?} was read as {}",
            times.name,
            form.name()
        ));
        if times.unread.count > 0 {
            self.notes.push(format!(
                "no time in {}, first in line {} ({:?}): these rows have the time of the row before",
                counted(times.unread.count, "row"),
                times.unread.first_line,
                times.unread.example
            ));
        }
        let mut last = first;
        let filled = times.at.into_iter().map(|at| {
            last = at.unwrap_or(last);
            last
        });
        (filled.collect(), Some(times.name))
    }
}

impl Times {
    fn push(&mut self, line: u64, cell: &[u8], dialect: Dialect) {
        self.form = self.form.or_else(|| Form::of(cell, dialect.decimal));
        let at = self.form.and_then(|form| form.read(cell, dialect.decimal));
        if at.is_none() {
            self.unread.add(line, cell);
        }
        self.at.push(at);
    }
}

impl Gathered {
    fn new(name: String) -> Self {
        Self {
            name,
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
fn unique_names(cells: &[&[u8]], notes: &mut Vec<String>) -> Vec<String> {
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
                column.name,
                counted(column.words.count, "cell"),
                column.words.first_line,
                column.words.example
            ));
        }
        if column.infinite > 0 {
            notes.push(format!(
                "column {:?}: infinity in {}: left as gaps",
                column.name,
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
        .map(|it| it.name.as_str())
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
