//! File systems: space and inodes.
//!
//! Asking a file system whose server is away may block for ever, so only types
//! that live on this machine are asked, and none below a mount that is not.
//! Mounts come and go; the list is taken apart only when it changed.
//!
//! # Source
//!
//! `proc_pid_mountinfo(5)`, `statvfs(3)`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::devices::Devices;
use crate::source::text;

mod mounts;

const USAGE: &str = "system.filesystem.usage";
const INODES: &str = "system.filesystem.inodes.usage";

const COLUMNS: &[Option<Column>] = &[
    Some(column(USAGE, &[("state", "used")])),
    Some(column(USAGE, &[("state", "free")])),
    Some(column(USAGE, &[("state", "reserved")])),
    Some(column(INODES, &[("state", "used")])),
    Some(column(INODES, &[("state", "free")])),
];

#[derive(Debug)]
struct Filesystems {
    file: Kept,
    list: Vec<u8>,
    devices: Devices<Mounted>,
    is_live: bool,
    limits: Vec<String>,
}

#[derive(Debug)]
struct Mounted {
    path: Vec<u8>,
    columns: Columns,
}

/// Opens the source. On a recorded tree mounts come and go, but hold nothing.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/self/mountinfo").exists().then(|| {
        Box::new(Filesystems {
            file: root.keep("proc/self/mountinfo"),
            list: Vec::new(),
            devices: Devices::new("file system"),
            is_live: root.is_live(),
            limits: Vec::new(),
        }) as Box<dyn Source>
    })
}

impl Source for Filesystems {
    fn read(&mut self, sink: &mut Sink) {
        let Self {
            file,
            list,
            devices,
            limits,
            ..
        } = self;
        text::read(file, sink, |sink, bytes| {
            if list != bytes && text::is_whole(bytes) {
                list.clear();
                list.extend_from_slice(bytes);
                *limits = take(devices, sink, bytes);
            }
        });
        if self.is_live {
            for mounted in devices.iter_mut() {
                ask(mounted, sink);
            }
        }
    }

    fn limits(&self) -> Vec<String> {
        self.limits.clone()
    }
}

/// Takes the list of mounts, and tells what of it is not asked.
fn take(devices: &mut Devices<Mounted>, sink: &mut Sink, bytes: &[u8]) -> Vec<String> {
    let chosen = mounts::choose(bytes);
    devices.begin();
    for path in &chosen.measured {
        devices.meet(sink, path, |name| Mounted {
            path: path.clone(),
            columns: Columns::of(COLUMNS, Owner::new("mountpoint", name)),
        });
    }
    devices.end(sink, |sink, mounted| mounted.columns.retire(sink));
    let mut limits = Vec::new();
    if !chosen.types.is_empty() {
        let types: Vec<_> = chosen.types.into_iter().collect();
        limits.push(format!(
            "file systems of type {}, and what is mounted below them, are not asked for their space: the question can block while their server is away",
            types.join(", ")
        ));
    }
    if chosen.left_out > 0 {
        limits.push(format!(
            "{} file systems are not measured: only the first {} are",
            chosen.left_out,
            mounts::MEASURED_MAX
        ));
    }
    limits
}

fn ask(mounted: &mut Mounted, sink: &mut Sink) {
    let Ok(stat) = rustix::fs::statvfs(mounted.path.as_slice()) else {
        return;
    };
    let space = |blocks: u64| blocks.checked_mul(stat.f_frsize);
    let reserved = stat.f_bfree.checked_sub(stat.f_bavail);
    let used = stat.f_blocks.checked_sub(stat.f_bfree);
    let columns = &mut mounted.columns;
    columns.set(sink, 0, used.and_then(space));
    columns.set(sink, 1, space(stat.f_bavail));
    columns.set(sink, 2, reserved.and_then(space));
    // Some file systems make inodes as they need them, and then tell none.
    if stat.f_files > 0 {
        columns.set(sink, 3, stat.f_files.checked_sub(stat.f_ffree));
        columns.set(sink, 4, Some(stat.f_ffree));
    }
}
