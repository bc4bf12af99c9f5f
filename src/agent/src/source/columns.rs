//! Series that stand in a table: each place of a line, or each key of a file,
//! feeds one series, declared when its value is seen for the first time.
//!
//! So a kernel that lacks a field lacks the series, instead of having one
//! without values.
//!
//! Start at [`Columns`] for lines of numbers and [`Table`] for lines with keys.

use super::text::{fields, lines, number};
use crate::sink::{Sink, Slot};

/// Lines of a file whose keys are remembered at most.
const LINES_MAX: usize = 4096;

/// Attributes as they are declared.
pub(crate) type Attributes = &'static [(&'static str, &'static str)];

/// How the numbers of one place become a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    metric: &'static str,
    attributes: Attributes,
    factor: u64,
    divisor: u32,
}

/// A column of this name whose numbers are in its unit.
pub(crate) const fn column(metric: &'static str, attributes: Attributes) -> Column {
    Column {
        metric,
        attributes,
        factor: 1,
        divisor: 1,
    }
}

impl Column {
    /// The numbers are in units of `factor`.
    pub(crate) const fn times(mut self, factor: u64) -> Self {
        self.factor = factor;
        self
    }

    /// `divisor` of the numbers make one unit.
    pub(crate) const fn per(mut self, divisor: u32) -> Self {
        self.divisor = divisor;
        self
    }
}

/// What a set of columns belongs to: an attribute that all its series carry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner {
    key: &'static str,
    value: String,
}

impl Owner {
    /// Series carry `key=value`.
    pub(crate) fn new(key: &'static str, value: &str) -> Self {
        Self {
            key,
            value: value.to_owned(),
        }
    }
}

/// The series of one line, by place.
#[derive(Debug)]
pub(crate) struct Columns {
    columns: &'static [Option<Column>],
    owner: Owner,
    divisor: u32,
    slots: Vec<Option<Slot>>,
}

impl Columns {
    /// Series of the whole machine.
    pub(crate) fn new(columns: &'static [Option<Column>]) -> Self {
        Self::of(columns, Owner::default())
    }

    /// Series of one device.
    pub(crate) fn of(columns: &'static [Option<Column>], owner: Owner) -> Self {
        Self {
            columns,
            owner,
            divisor: 1,
            slots: vec![None; columns.len()],
        }
    }

    /// Divides by what is only known on the machine: clock ticks, the page size.
    pub(crate) fn per(mut self, divisor: u32) -> Self {
        self.divisor = divisor;
        self
    }

    /// Sets the series at `place`; an unknown place or an absent number is passed over.
    pub(crate) fn set(&mut self, sink: &mut Sink, place: usize, raw: Option<u64>) {
        let Some(raw) = raw else { return };
        let Some(Some(column)) = self.columns.get(place) else {
            return;
        };
        let Some(slot) = self.slots.get_mut(place) else {
            return;
        };
        let declare = || {
            let owner =
                (!self.owner.key.is_empty()).then_some((self.owner.key, self.owner.value.as_str()));
            let attributes: Vec<_> = column.attributes.iter().copied().chain(owner).collect();
            sink.declare(
                column.metric,
                &attributes,
                column.divisor.saturating_mul(self.divisor),
            )
        };
        let slot = *slot.get_or_insert_with(declare);
        // A number that does not fit is no number of this world: a gap.
        sink.set_u64(slot, raw.saturating_mul(column.factor));
    }

    /// Sets the series from the numbers of a line in order.
    pub(crate) fn set_all(&mut self, sink: &mut Sink, raw: impl Iterator<Item = Option<u64>>) {
        for (place, raw) in raw.enumerate().take(self.columns.len()) {
            self.set(sink, place, raw);
        }
    }

    /// Says that what was measured is gone.
    pub(crate) fn retire(&self, sink: &mut Sink) {
        for slot in self.slots.iter().flatten() {
            sink.retire(*slot);
        }
    }
}

/// A key of a file, and the series its number feeds, if not only sums do.
pub(crate) type Row = (&'static str, Option<Column>);

/// The series of files whose lines begin with a key.
///
/// Which row a line feeds is found once and remembered by the line's place,
/// since kernels do not reorder their files: then a line costs one comparison.
#[derive(Debug)]
pub(crate) struct Table {
    rows: &'static [Row],
    is_same: fn(&str, &[u8]) -> bool,
    lines: Vec<(Box<[u8]>, Option<usize>)>,
    values: Vec<Option<u64>>,
    slots: Vec<Option<Slot>>,
}

impl Table {
    /// A table whose keys are written as they stand in the file.
    pub(crate) fn new(rows: &'static [Row]) -> Self {
        Self::matching(rows, |row, key| row.as_bytes() == key)
    }

    /// A table where `is_same` tells whether a row takes the number of a key.
    pub(crate) fn matching(rows: &'static [Row], is_same: fn(&str, &[u8]) -> bool) -> Self {
        Self {
            rows,
            is_same,
            lines: Vec::new(),
            values: vec![None; rows.len()],
            slots: vec![None; rows.len()],
        }
    }

    /// Forgets the numbers of the reading before.
    pub(crate) fn begin(&mut self) {
        self.values.fill(None);
    }

    /// Takes lines of `key number`, where the key may end with a colon.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        for (place, line) in lines(bytes).enumerate() {
            let mut fields = fields(line);
            let Some(key) = fields.next() else { continue };
            let key = key.strip_suffix(b":").unwrap_or(key);
            if let Some(row) = self.row_of_line(place, key) {
                self.add(row, fields.next().and_then(number));
            }
        }
    }

    /// The row that takes the number of `key`.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        self.rows.iter().position(|row| (self.is_same)(row.0, key))
    }

    fn row_of_line(&mut self, place: usize, key: &[u8]) -> Option<usize> {
        if let Some((known, row)) = self.lines.get(place)
            && known.as_ref() == key
        {
            return *row;
        }
        let row = self.find(key);
        let line = (Box::from(key), row);
        match self.lines.get_mut(place) {
            Some(known) => *known = line,
            None if place < LINES_MAX => self.lines.push(line),
            None => {}
        }
        row
    }

    /// Adds to the number of a row: several keys may feed one.
    pub(crate) fn add(&mut self, row: usize, raw: Option<u64>) {
        if let (Some(value), Some(raw)) = (self.values.get_mut(row), raw) {
            *value = Some(value.unwrap_or(0).saturating_add(raw));
        }
    }

    /// The number of a row in this reading, before its factor.
    pub(crate) fn value(&self, row: usize) -> Option<u64> {
        self.values.get(row).copied().flatten()
    }

    /// Sets the series of all rows that got a number in this reading.
    pub(crate) fn set(&mut self, sink: &mut Sink) {
        for (place, (_, column)) in self.rows.iter().enumerate() {
            let (Some(column), Some(raw)) = (column, self.values[place]) else {
                continue;
            };
            let slot = self.slots[place].get_or_insert_with(|| {
                sink.declare(column.metric, column.attributes, column.divisor)
            });
            sink.set_u64(*slot, raw.saturating_mul(column.factor));
        }
    }
}
