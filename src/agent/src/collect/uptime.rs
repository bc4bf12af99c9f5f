//! Time since boot.
//!
//! # Source
//!
//! `proc_uptime(5)`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, column};
use crate::source::text::{self, fields, hundredths};

const COLUMNS: &[Option<Column>] = &[Some(column("system.uptime", &[]).per(100))];

#[derive(Debug)]
struct Uptime {
    file: Kept,
    columns: Columns,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/uptime").exists().then(|| {
        Box::new(Uptime {
            file: root.keep("proc/uptime"),
            columns: Columns::new(COLUMNS),
        }) as Box<dyn Source>
    })
}

impl Source for Uptime {
    fn read(&mut self, sink: &mut Sink) {
        let Self { file, columns } = self;
        text::read(file, sink, |sink, bytes| {
            let line = text::lines(bytes).next().unwrap_or_default();
            columns.set(sink, 0, fields(line).next().and_then(hundredths));
        });
    }
}
