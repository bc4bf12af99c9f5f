//! Long tables: a row is one value, or a few, of a series that it names.
//!
//! * In: rows in any order, with the parts of their columns.
//! * Out: a series for each name, host and set of attributes; values by time.
//! * Never: takes a row without a time, or mixes hosts.
//!
//! Start at [`Long::push`].

use std::borrow::Cow;
use std::collections::HashMap;

use model::series::SeriesKey;
use model::unit::Unit;

use crate::Recording;
use crate::csv::number::Cell;
use crate::how::Role;
use crate::lines::TooMuch;
use crate::loose::Loose;
use crate::shape::Shape;
use crate::skipped::{Skips, counted};

/// The cells of a row.
pub(crate) trait Row {
    /// A cell as text.
    fn text(&self, place: usize) -> Cow<'_, str>;
    /// A cell as a number.
    fn number(&self, place: usize) -> Cell;
}

/// Series in the making.
pub(crate) struct Long {
    shape: Shape,
    names: Vec<usize>,
    hosts: Vec<usize>,
    attributes: Vec<usize>,
    units: Vec<usize>,
    values: Vec<usize>,
    loose: Loose,
    /// By the text of everything that names a row: a place for each column of values.
    places: HashMap<String, Vec<Option<usize>>>,
    text: String,
    numbers: usize,
    skips: Skips,
}

impl Long {
    /// Begins a table of this shape.
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            names: shape.places(Role::Name),
            hosts: shape.places(Role::Host),
            attributes: shape.places(Role::Attribute),
            units: shape.places(Role::Unit),
            values: shape.places(Role::Value),
            shape,
            loose: Loose::default(),
            places: HashMap::new(),
            text: String::new(),
            numbers: 0,
            skips: Skips::default(),
        }
    }

    /// Takes in a row.
    ///
    /// # Errors
    ///
    /// When more was taken in than is held.
    pub(crate) fn push(
        &mut self,
        line: u64,
        at: Option<i64>,
        row: &impl Row,
    ) -> Result<(), TooMuch> {
        let Some(at) = at else {
            self.skips.add("row", "no time", line, "");
            return Ok(());
        };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let naming = [&self.names, &self.hosts, &self.attributes];
        for place in naming.into_iter().flatten() {
            text.push_str(row.text(*place).trim());
            text.push('\0');
        }
        let known = self.places.contains_key(&text);
        if !known {
            let places = self.series(row);
            self.places.insert(text.clone(), places);
        }
        let places = self.places.get(&text).map_or(&[][..], Vec::as_slice);
        let mut values = self.values.iter().zip(places);
        let told = values.try_for_each(|(value, place)| {
            match (row.number(*value), place) {
                (Cell::Number(number), Some(place)) => {
                    self.numbers += 1;
                    self.loose.number(*place, at, number)?;
                }
                // What is not told is left out: each series has times of its own.
                (Cell::Number(_), None) | (Cell::Gap, _) => {}
                (Cell::Infinite, _) => {
                    let cell = row.text(*value);
                    self.skips.add("cell", "an infinite value", line, &cell);
                }
                (Cell::Word, _) => {
                    let cell = row.text(*value);
                    self.skips.add("cell", "no number in it", line, &cell);
                }
            }
            Ok(())
        });
        self.text = text;
        told
    }

    /// The places of the series of a row.
    fn series(&mut self, row: &impl Row) -> Vec<Option<usize>> {
        let joined = |places: &[usize]| {
            let texts = places.iter().map(|it| row.text(*it).trim().to_owned());
            let texts: Vec<String> = texts.filter(|it| !it.is_empty()).collect();
            texts.join(".")
        };
        let (name, host, unit) = (
            joined(&self.names),
            joined(&self.hosts),
            joined(&self.units),
        );
        let attributes = self.attributes.iter().filter_map(|it| {
            let value = row.text(*it).trim().to_owned();
            let part = self.shape.parts.get(*it)?;
            (!value.is_empty()).then(|| (part.header.clone(), value))
        });
        let attributes: Vec<(String, String)> = attributes.collect();
        let one = self.values.len() == 1;
        let mut places = Vec::with_capacity(self.values.len());
        for value in &self.values {
            let Some(part) = self.shape.parts.get(*value) else {
                places.push(None);
                continue;
            };
            let metric = match name.as_str() {
                "" => part.header.clone(),
                name if one => name.to_owned(),
                name => format!("{name}.{}", part.header),
            };
            let key = SeriesKey::new(host.as_str(), metric, attributes.iter().cloned());
            let told = (!unit.is_empty()).then(|| Unit(unit.clone().into()));
            let series = part.named(key, told);
            let full = series.key.to_string();
            places.push(self.loose.place(&full, || series));
        }
        places
    }

    /// The series, and what is to be said of them.
    ///
    /// # Errors
    ///
    /// A sentence, when there is no value.
    pub(crate) fn finish(
        self,
        rows: usize,
        notes: &mut Vec<String>,
    ) -> Result<Recording, &'static str> {
        if self.values.is_empty() {
            return Err("no column holds values: say which, such as --column value=value");
        }
        if self.numbers == 0 {
            return Err("no cell of the columns of values is a number at a time");
        }
        let mut told = Vec::new();
        let recording = self.loose.finish(&mut told);
        notes.push(format!(
            "read {} as {} (long form: {})",
            counted(rows, "row"),
            match recording.columns.len() {
                1 => "1 series".to_owned(),
                many => format!("{many} series"),
            },
            parts(&self.shape)
        ));
        let kept: usize = recording.columns.iter().map(|it| it.at.len()).sum();
        if kept < self.numbers {
            notes.push(format!(
                "left out {} because a later row tells the same series at the same time: \
                 another column may tell them apart",
                counted(self.numbers - kept, "value")
            ));
        }
        notes.append(&mut told);
        notes.extend(self.skips.notes());
        Ok(recording)
    }
}

fn parts(shape: &Shape) -> String {
    let roles = [
        Role::Time,
        Role::Name,
        Role::Host,
        Role::Attribute,
        Role::Unit,
        Role::Value,
    ];
    let told = roles.into_iter().filter_map(|role| {
        let headers = shape.headers(role);
        (!headers.is_empty()).then(|| format!("{} {headers}", role.name()))
    });
    told.collect::<Vec<_>>().join(", ")
}
