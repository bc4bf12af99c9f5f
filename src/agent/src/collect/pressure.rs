//! Pressure stall time: how long tasks waited for processor, memory and disk.
//!
//! Absent where the kernel was built or started without it (`psi=0`).
//!
//! # Source
//!
//! Linux `Documentation/accounting/psi.rst`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::text::{self, fields, number};

const TIME: &str = "system.pressure.time";
const COLUMNS: &[Option<Column>] = &[
    Some(column(TIME, &[("kind", "some")]).per(1_000_000)),
    Some(column(TIME, &[("kind", "full")]).per(1_000_000)),
];

#[derive(Debug)]
struct Pressure {
    resources: Vec<(Kept, Columns)>,
}

/// Opens the source; files that exist but cannot be read are left alone.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let mut resources = Vec::new();
    for resource in ["cpu", "memory", "io"] {
        let path = format!("proc/pressure/{resource}");
        if root.text(&path).is_some() {
            let columns = Columns::of(COLUMNS, Owner::new("resource", resource));
            resources.push((root.keep(&path), columns));
        }
    }
    (!resources.is_empty()).then(|| Box::new(Pressure { resources }) as Box<dyn Source>)
}

impl Source for Pressure {
    fn read(&mut self, sink: &mut Sink) {
        for (file, columns) in &mut self.resources {
            text::read(file, sink, |sink, bytes| take(columns, sink, bytes));
        }
    }
}

fn take(columns: &mut Columns, sink: &mut Sink, bytes: &[u8]) {
    for line in text::lines(bytes) {
        let mut fields = fields(line);
        let place = match fields.next() {
            Some(b"some") => 0,
            Some(b"full") => 1,
            _ => continue,
        };
        let total = fields.find_map(|field| field.strip_prefix(b"total="));
        columns.set(sink, place, total.and_then(number));
    }
}
