//! Limits of the whole system, and how near it is to them.
//!
//! # Source
//!
//! `proc_sys_fs(5)`, `proc_sys_kernel(5)`, `random(4)`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, column};
use crate::source::text::{self, fields, read_number};

const COLUMNS: &[Option<Column>] = &[
    Some(column("system.file_descriptor.count", &[])),
    Some(column("system.file_descriptor.limit", &[])),
    Some(column("system.process.limit", &[("type", "pid")])),
    Some(column("system.process.limit", &[("type", "thread")])),
    Some(column("system.entropy", &[])),
];

/// Files that hold one number, by the place from [`FIRST`] on.
const FILES: [&str; 3] = [
    "proc/sys/kernel/pid_max",
    "proc/sys/kernel/threads-max",
    "proc/sys/kernel/random/entropy_avail",
];
const FIRST: usize = 2;

#[derive(Debug)]
struct Limits {
    file_nr: Option<Kept>,
    files: Vec<(usize, Kept)>,
    columns: Columns,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let kept = |path: &str| root.path(path).exists().then(|| root.keep(path));
    let file_nr = kept("proc/sys/fs/file-nr");
    let files: Vec<_> = FILES
        .iter()
        .enumerate()
        .filter_map(|(place, path)| Some((FIRST + place, kept(path)?)))
        .collect();
    let nothing = file_nr.is_none() && files.is_empty();
    (!nothing).then(|| {
        Box::new(Limits {
            file_nr,
            files,
            columns: Columns::new(COLUMNS),
        }) as Box<dyn Source>
    })
}

impl Source for Limits {
    fn read(&mut self, sink: &mut Sink) {
        let Self {
            file_nr,
            files,
            columns,
        } = self;
        if let Some(file) = file_nr {
            text::read(file, sink, |sink, bytes| take_file_nr(columns, sink, bytes));
        }
        for (place, file) in files {
            let value = read_number(file, sink);
            columns.set(sink, *place, value);
        }
    }
}

/// Allocated, allocated but free, limit.
fn take_file_nr(columns: &mut Columns, sink: &mut Sink, bytes: &[u8]) {
    let Some(line) = text::lines(bytes).next() else {
        return;
    };
    let mut fields = fields(line);
    let (allocated, free, limit) = (fields.number(), fields.number(), fields.number());
    let used = allocated
        .zip(free)
        .and_then(|(all, free)| all.checked_sub(free));
    columns.set(sink, 0, used);
    columns.set(sink, 1, limit);
}
