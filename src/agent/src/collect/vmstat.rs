//! Page faults, paging, reclaim, compaction and kills for lack of memory.
//!
//! # Source
//!
//! `proc_vmstat(5)`; Linux `mm/vmstat.c`, where paging of block devices is counted
//! in KiB and the rest in pages.

use super::units::page_bytes;
use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Row, Table, column};
use crate::source::text;

const FAULTS: &str = "system.paging.faults";
const PAGING: &str = "system.paging.operations";
const RECLAIM: &str = "system.memory.reclaim";

const MINOR: usize = 0;
const MAJOR: usize = 1;
const ALL_FAULTS: usize = 2;
const BLOCKS_IN: usize = 3;
const BLOCKS_OUT: usize = 4;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("", Some(column(FAULTS, &[("type", "minor")]))),
    ("pgmajfault", Some(column(FAULTS, &[("type", "major")]))),
    ("pgfault", None),
    ("pgpgin", None),
    ("pgpgout", None),
    ("pswpin", Some(column(PAGING, &[("direction", "in"), ("type", "swap")]))),
    ("pswpout", Some(column(PAGING, &[("direction", "out"), ("type", "swap")]))),
    ("pgscan_kswapd", Some(column(RECLAIM, &[("type", "scanned_kswapd")]))),
    ("pgscan_direct", Some(column(RECLAIM, &[("type", "scanned_direct")]))),
    ("pgsteal_kswapd", Some(column(RECLAIM, &[("type", "stolen_kswapd")]))),
    ("pgsteal_direct", Some(column(RECLAIM, &[("type", "stolen_direct")]))),
    ("oom_kill", Some(column("system.memory.oom_kills", &[]))),
    ("compact_stall", Some(column("system.memory.compaction", &[]))),
];

/// KiB, divided by the KiB of a page.
const BLOCKS: &[Option<Column>] = &[
    Some(column(PAGING, &[("direction", "in"), ("type", "page")])),
    Some(column(PAGING, &[("direction", "out"), ("type", "page")])),
];

/// Kernels before 4.8 count reclaim by zone; their sum is what later ones tell.
const ZONES: &[&[u8]] = &[b"_dma", b"_dma32", b"_normal", b"_high", b"_movable"];

#[derive(Debug)]
struct Vmstat {
    file: Kept,
    table: Table,
    blocks: Columns,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/vmstat").exists().then(|| {
        let page_kib = u32::try_from(page_bytes(root) / 1024).unwrap_or(4);
        Box::new(Vmstat {
            file: root.keep("proc/vmstat"),
            table: Table::matching(ROWS, is_same),
            blocks: Columns::new(BLOCKS).per(page_kib),
        }) as Box<dyn Source>
    })
}

impl Source for Vmstat {
    fn read(&mut self, sink: &mut Sink) {
        let Self {
            file,
            table,
            blocks,
        } = self;
        text::read(file, sink, |sink, bytes| {
            table.begin();
            table.take(bytes);
            let minor = || table.value(ALL_FAULTS)?.checked_sub(table.value(MAJOR)?);
            table.add(MINOR, minor());
            table.set(sink);
            blocks.set(sink, 0, table.value(BLOCKS_IN));
            blocks.set(sink, 1, table.value(BLOCKS_OUT));
        });
    }
}

fn is_same(row: &str, key: &[u8]) -> bool {
    match key.strip_prefix(row.as_bytes()) {
        _ if row.is_empty() => false,
        Some(b"") => true,
        Some(zone) => row.starts_with("pgs") && ZONES.contains(&zone),
        None => false,
    }
}
