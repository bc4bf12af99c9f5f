//! Units in which this kernel counts.
//!
//! Recorded trees do not tell theirs: they are read with the usual ones.

use crate::kept::Root;

/// Clock ticks per second, the unit of processor times (`USER_HZ`).
pub(super) fn ticks_per_second(root: &Root) -> u32 {
    match root.is_live() {
        true => u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100),
        false => 100,
    }
}

/// Bytes of a page.
pub(super) fn page_bytes(root: &Root) -> u64 {
    match root.is_live() {
        true => rustix::param::page_size() as u64,
        false => 4096,
    }
}
