//! Load averages and the number of threads.
//!
//! # Source
//!
//! `proc_loadavg(5)`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, column};
use crate::source::text::{self, fields, hundredths, number};

const LOAD: &str = "system.cpu.load";

/// Fields of `/proc/loadavg`; the fourth is `running/existing`.
const COLUMNS: &[Option<Column>] = &[
    Some(column(LOAD, &[("window", "1m")]).per(100)),
    Some(column(LOAD, &[("window", "5m")]).per(100)),
    Some(column(LOAD, &[("window", "15m")]).per(100)),
    Some(column("system.thread.count", &[])),
];

#[derive(Debug)]
struct Load {
    file: Kept,
    columns: Columns,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/loadavg").exists().then(|| {
        Box::new(Load {
            file: root.keep("proc/loadavg"),
            columns: Columns::new(COLUMNS),
        }) as Box<dyn Source>
    })
}

impl Source for Load {
    fn read(&mut self, sink: &mut Sink) {
        let Self { file, columns } = self;
        text::read(file, sink, |sink, bytes| {
            let Some(line) = text::lines(bytes).next() else {
                return;
            };
            let numbers = fields(line).enumerate().map(|(place, field)| match place {
                3 => existing(field),
                _ => hundredths(field),
            });
            columns.set_all(sink, numbers);
        });
    }
}

fn existing(field: &[u8]) -> Option<u64> {
    let slash = field.iter().position(|byte| *byte == b'/')?;
    number(&field[slash + 1..])
}
