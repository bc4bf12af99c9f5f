//! Reads files of processes, keeping descriptors while there are enough.

use std::io;
use std::os::fd::AsFd;

use crate::kept::{Budget, Kept, Root};

/// Share of the descriptors allowed to this process that may be kept, in percent.
const KEPT_PERCENT: u64 = 80;

/// Descriptors kept at most: each pins up to a page of kernel memory (32 MiB in all).
const KEPT_MAX: u64 = 8192;

/// What the kernel's clock ticks and pages are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    /// Nanoseconds of a clock tick.
    pub(super) tick_ns: i64,
    /// Bytes of a page.
    pub(super) page_bytes: i64,
}

/// The files of processes.
#[derive(Debug)]
pub(super) struct Files {
    root: Root,
    units: Units,
    budget: Budget,
}

impl Units {
    /// Those of the running kernel, or of the recorded trees.
    fn of(root: &Root) -> Self {
        let (ticks, page) = if root.is_live() {
            let ticks = rustix::param::clock_ticks_per_second();
            (ticks, rustix::param::page_size())
        } else {
            (100, 4096)
        };
        Self {
            tick_ns: 1_000_000_000 / i64::try_from(ticks).unwrap_or(100).max(1),
            page_bytes: i64::try_from(page).unwrap_or(4096),
        }
    }
}

impl Files {
    /// Asks how many descriptors this process may have.
    pub(super) fn new(root: &Root) -> Self {
        Self {
            root: root.clone(),
            units: Units::of(root),
            budget: Budget::new(root, KEPT_PERCENT, KEPT_MAX),
        }
    }

    /// Names a file of a process without opening it.
    pub(super) fn name(&self, pid: u32, file: &str) -> Kept {
        self.root.keep(&format!("proc/{pid}/{file}"))
    }

    /// Reads a kept file; it is closed again when too many are kept.
    pub(super) fn read<'b>(
        &mut self,
        file: &mut Kept,
        buffer: &'b mut Vec<u8>,
    ) -> io::Result<&'b [u8]> {
        self.budget.read(file, buffer)
    }

    /// Whether seldom read files should make room.
    pub(super) fn is_tight(&self) -> bool {
        self.budget.is_tight()
    }

    /// Gives a descriptor back.
    pub(super) fn close(&mut self, file: &mut Kept) {
        self.budget.close(file);
    }

    /// The first bytes of a file that is read once in a while, at most `max` of them.
    pub(super) fn head(&self, pid: u32, file: &str, max: usize) -> io::Result<Vec<u8>> {
        let file = std::fs::File::open(self.root.path(&format!("proc/{pid}/{file}")))?;
        let mut bytes = vec![0; max];
        let mut length = 0;
        while length < max {
            let read = rustix::io::read(file.as_fd(), &mut bytes[length..])?;
            if read == 0 {
                break;
            }
            length += read;
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// What the kernel's numbers are in.
    pub(super) fn units(&self) -> Units {
        self.units
    }

    /// The tree that is read.
    pub(super) fn root(&self) -> &Root {
        &self.root
    }
}
