//! Block devices: bytes, operations, times, queue.
//!
//! Whole devices only, since partitions repeat them; loop, memory and
//! compressed-memory disks appear with their first operation.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/iostats.rst`: sectors are 512 bytes on every
//! device; discards since 4.18, flushes since 5.5.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::devices::Devices;
use crate::source::text::{self, fields, number};

const IO: &str = "system.disk.io";
const OPERATIONS: &str = "system.disk.operations";
const MERGED: &str = "system.disk.merged";
const TIME: &str = "system.disk.operation_time";

const READ: crate::source::columns::Attributes = &[("direction", "read")];
const WRITE: crate::source::columns::Attributes = &[("direction", "write")];
const DISCARD: crate::source::columns::Attributes = &[("direction", "discard")];
const FLUSH: crate::source::columns::Attributes = &[("direction", "flush")];

/// Fields after the device's name.
const COLUMNS: &[Option<Column>] = &[
    Some(column(OPERATIONS, READ)),
    Some(column(MERGED, READ)),
    Some(column(IO, READ).times(512)),
    Some(column(TIME, READ).per(1000)),
    Some(column(OPERATIONS, WRITE)),
    Some(column(MERGED, WRITE)),
    Some(column(IO, WRITE).times(512)),
    Some(column(TIME, WRITE).per(1000)),
    Some(column("system.disk.pending_operations", &[])),
    Some(column("system.disk.io_time", &[]).per(1000)),
    Some(column("system.disk.weighted_io_time", &[]).per(1000)),
    Some(column(OPERATIONS, DISCARD)),
    Some(column(MERGED, DISCARD)),
    Some(column(IO, DISCARD).times(512)),
    Some(column(TIME, DISCARD).per(1000)),
    Some(column(OPERATIONS, FLUSH)),
    Some(column(TIME, FLUSH).per(1000)),
];

/// Devices that are often there without use.
const OFTEN_IDLE: &[&[u8]] = &[b"loop", b"ram", b"zram", b"sr", b"fd"];

#[derive(Debug)]
struct Disks {
    file: Kept,
    devices: Devices<Columns>,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/diskstats").exists().then(|| {
        Box::new(Disks {
            file: root.keep("proc/diskstats"),
            devices: Devices::new("disk"),
        }) as Box<dyn Source>
    })
}

impl Source for Disks {
    fn read(&mut self, sink: &mut Sink) {
        let Self { file, devices } = self;
        text::read(file, sink, |sink, bytes| take(devices, sink, bytes));
    }
}

fn take(devices: &mut Devices<Columns>, sink: &mut Sink, bytes: &[u8]) {
    // The kernel lists a disk before its partitions.
    let mut whole: &[u8] = b"";
    devices.begin();
    for line in text::lines(bytes) {
        let mut fields = fields(line);
        let Some(name) = fields.nth(2) else { continue };
        if is_partition(name, whole) {
            continue;
        }
        whole = name;
        // Partitions of kernels before 2.6.25 have four fields of another meaning.
        let has_all = fields.clone().nth(10).is_some();
        if !has_all || (may_be_idle(name) && fields.clone().all(|field| field == b"0")) {
            continue;
        }
        let columns = devices.meet(sink, name, |name| {
            Columns::of(COLUMNS, Owner::new("device", name))
        });
        if let Some(columns) = columns {
            columns.set_all(sink, fields.map(number));
        }
    }
    if text::is_whole(bytes) {
        devices.end(sink, |sink, columns| columns.retire(sink));
    }
}

/// Whether `name` is a partition of the disk `whole`: `sda1` of `sda`,
/// `nvme0n1p2` of `nvme0n1`; but `loop10` is none of `loop1`.
fn is_partition(name: &[u8], whole: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(whole) else {
        return false;
    };
    let Some(last) = whole.last() else {
        return false;
    };
    let number = match last.is_ascii_digit() {
        true => rest.strip_prefix(b"p").unwrap_or_default(),
        false => rest,
    };
    !number.is_empty() && number.iter().all(u8::is_ascii_digit)
}

fn may_be_idle(name: &[u8]) -> bool {
    OFTEN_IDLE.iter().any(|sort| {
        let rest = name.strip_prefix(*sort).unwrap_or_default();
        number(rest).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_told_from_disks() {
        let pairs: [(&[u8], &[u8], bool); 8] = [
            (b"sda1", b"sda", true),
            (b"sdaa", b"sda", false),
            (b"nvme0n1p2", b"nvme0n1", true),
            (b"nvme0n12", b"nvme0n1", false),
            (b"loop10", b"loop1", false),
            (b"dm-10", b"dm-1", false),
            (b"xvda1", b"", false),
            (b"sda", b"sda", false),
        ];
        for (name, whole, expected) in pairs {
            assert_eq!(
                is_partition(name, whole),
                expected,
                "{}",
                String::from_utf8_lossy(name)
            );
        }
    }
}
