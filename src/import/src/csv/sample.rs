//! The beginning of a table, looked at before it is read.
//!
//! Start at [`Sample::of`].

use std::collections::BTreeSet;

use ::csv::{ByteRecord, ReaderBuilder};

use super::dialect::Dialect;
use super::number::{self, Cell};
use super::time::Times;
use crate::how::Role;
use crate::shape::{Looks, Shape, looks_long};

/// So many rows are looked at.
const ROWS: usize = 256;

/// The first rows of a table.
pub(crate) struct Sample {
    rows: Vec<ByteRecord>,
    dialect: Dialect,
}

impl Sample {
    /// Takes the rows under the header from the beginning of the text, without the last,
    /// which may be cut off.
    pub(crate) fn of(head: &[u8], dialect: Dialect) -> Self {
        let mut reader = ReaderBuilder::new()
            .has_headers(true)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .from_reader(head);
        let mut rows: Vec<ByteRecord> = Vec::new();
        let mut record = ByteRecord::new();
        while rows.len() <= ROWS && reader.read_byte_record(&mut record).unwrap_or(false) {
            rows.push(record.clone());
        }
        if rows.len() > 1 {
            rows.pop();
        }
        Self { rows, dialect }
    }

    /// The cells of a column, as text.
    pub(crate) fn cells(&self, place: usize) -> impl Iterator<Item = String> + '_ {
        let cells = self.rows.iter().map(move |it| it.get(place));
        cells.map(|it| {
            String::from_utf8_lossy(it.unwrap_or_default())
                .trim()
                .to_owned()
        })
    }

    /// What the cells of a column look like: what the most of them do.
    pub(crate) fn looks(&self, place: usize) -> Looks {
        let (mut numbers, mut times, mut words) = (0, 0, 0);
        for row in &self.rows {
            let cell = row.get(place).unwrap_or_default();
            match number::parse(cell, self.dialect.decimal) {
                Cell::Number(_) | Cell::Infinite => numbers += 1,
                Cell::Gap => {}
                Cell::Word if is_time(cell, self.dialect) => times += 1,
                Cell::Word => words += 1,
            }
        }
        match numbers.max(times).max(words) {
            0 => Looks::Empty,
            most if most == numbers => Looks::Numbers,
            most if most == times => Looks::Times,
            _ => Looks::Words,
        }
    }

    /// Whether the table looks as if each row were one value of a series that it names.
    pub(crate) fn looks_long(&self, headers: &[String], shape: &Shape) -> bool {
        let looks: Vec<Looks> = (0..headers.len()).map(|it| self.looks(it)).collect();
        let clock = shape.places(Role::Time);
        let time = |row: &ByteRecord| {
            let cells = clock
                .iter()
                .map(|it| row.get(*it).unwrap_or_default().to_vec());
            cells.collect::<Vec<_>>()
        };
        let times: BTreeSet<_> = self.rows.iter().map(time).collect();
        let repeat = !clock.is_empty() && times.len() < self.rows.len();
        looks_long(headers, &looks, repeat)
    }

    /// The first column that holds dates and times.
    pub(crate) fn time_like<'h>(&self, headers: &'h [String]) -> Option<&'h str> {
        let mut places = headers.iter().enumerate();
        let found = places.find(|(place, _)| self.looks(*place) == Looks::Times)?;
        Some(found.1.as_str())
    }
}

fn is_time(cell: &[u8], dialect: Dialect) -> bool {
    Times::new(None).read(cell, dialect.decimal).is_some()
}
