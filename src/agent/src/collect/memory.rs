//! Memory and swap: where all of it is.
//!
//! The states of `system.memory.usage` add up to the memory the kernel manages:
//! what no other state claims is used.
//!
//! # Source
//!
//! `proc_meminfo(5)`; Linux `Documentation/filesystems/proc.rst`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Row, Table, column};
use crate::source::text;

const USAGE: &str = "system.memory.usage";
const SWAP: &str = "system.paging.usage";
const HUGE: &str = "system.memory.huge_pages";

// Rows that sums need; the rest of the order means nothing.
const TOTAL: usize = 0;
const USED: usize = 1;
const CLAIMED: std::ops::Range<usize> = 2..7;
const SWAP_TOTAL: usize = 7;
const SWAP_USED: usize = 8;
const SWAP_CLAIMED: std::ops::Range<usize> = 9..11;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("MemTotal", Some(column("system.memory.limit", &[]).times(1024))),
    ("", Some(column(USAGE, &[("state", "used")]).times(1024))),
    ("MemFree", Some(column(USAGE, &[("state", "free")]).times(1024))),
    ("Cached", Some(column(USAGE, &[("state", "cached")]).times(1024))),
    ("Buffers", Some(column(USAGE, &[("state", "buffers")]).times(1024))),
    ("SReclaimable", Some(column(USAGE, &[("state", "slab_reclaimable")]).times(1024))),
    ("SUnreclaim", Some(column(USAGE, &[("state", "slab_unreclaimable")]).times(1024))),
    ("SwapTotal", None),
    ("", Some(column(SWAP, &[("state", "used")]).times(1024))),
    ("SwapFree", Some(column(SWAP, &[("state", "free")]).times(1024))),
    ("SwapCached", Some(column(SWAP, &[("state", "cached")]).times(1024))),
    ("MemAvailable", Some(column("system.memory.available", &[]).times(1024))),
    ("HugePages_Total", Some(column(HUGE, &[("state", "total")]))),
    ("HugePages_Free", Some(column(HUGE, &[("state", "free")]))),
    ("HugePages_Rsvd", Some(column(HUGE, &[("state", "reserved")]))),
    ("HugePages_Surp", Some(column(HUGE, &[("state", "surplus")]))),
    ("Active(anon)", detail(&[("field", "Active(anon)")])),
    ("Inactive(anon)", detail(&[("field", "Inactive(anon)")])),
    ("Active(file)", detail(&[("field", "Active(file)")])),
    ("Inactive(file)", detail(&[("field", "Inactive(file)")])),
    ("Unevictable", detail(&[("field", "Unevictable")])),
    ("Mlocked", detail(&[("field", "Mlocked")])),
    ("Zswap", detail(&[("field", "Zswap")])),
    ("Zswapped", detail(&[("field", "Zswapped")])),
    ("Dirty", detail(&[("field", "Dirty")])),
    ("Writeback", detail(&[("field", "Writeback")])),
    ("AnonPages", detail(&[("field", "AnonPages")])),
    ("Mapped", detail(&[("field", "Mapped")])),
    ("Shmem", detail(&[("field", "Shmem")])),
    ("KernelStack", detail(&[("field", "KernelStack")])),
    ("PageTables", detail(&[("field", "PageTables")])),
    ("CommitLimit", detail(&[("field", "CommitLimit")])),
    ("Committed_AS", detail(&[("field", "Committed_AS")])),
    ("VmallocUsed", detail(&[("field", "VmallocUsed")])),
    ("Percpu", detail(&[("field", "Percpu")])),
    ("HardwareCorrupted", detail(&[("field", "HardwareCorrupted")])),
    ("AnonHugePages", detail(&[("field", "AnonHugePages")])),
    ("ShmemHugePages", detail(&[("field", "ShmemHugePages")])),
    ("FileHugePages", detail(&[("field", "FileHugePages")])),
    ("Hugetlb", detail(&[("field", "Hugetlb")])),
];

const fn detail(
    field: crate::source::columns::Attributes,
) -> Option<crate::source::columns::Column> {
    Some(column("system.memory.detail", field).times(1024))
}

#[derive(Debug)]
struct Memory {
    file: Kept,
    table: Table,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/meminfo").exists().then(|| {
        Box::new(Memory {
            file: root.keep("proc/meminfo"),
            table: Table::new(ROWS),
        }) as Box<dyn Source>
    })
}

impl Source for Memory {
    fn read(&mut self, sink: &mut Sink) {
        let Self { file, table } = self;
        text::read(file, sink, |sink, bytes| {
            table.begin();
            table.take(bytes);
            table.add(USED, rest(table, TOTAL, CLAIMED));
            table.add(SWAP_USED, rest(table, SWAP_TOTAL, SWAP_CLAIMED));
            table.set(sink);
        });
    }
}

/// What of `whole` no row of `claimed` claims.
///
/// The first claim is what is free, without which nothing is known; others may be
/// missing, as in sandboxes. `None` too where the claims exceed the whole, as
/// counters that are read one after another may.
fn rest(table: &Table, whole: usize, claimed: std::ops::Range<usize>) -> Option<u64> {
    let mut rest = table.value(whole)?;
    table.value(claimed.start)?;
    for row in claimed {
        rest = rest.checked_sub(table.value(row).unwrap_or(0))?;
    }
    Some(rest)
}
