//! Where the readings of each resource come from.
//!
//! * In: the series of one host.
//! * Out: the readings that [`super::limits`] lists, one file a resource.
//! * Never: invents one that the input does not have; what is missing is told.
//!
//! # Source
//!
//! Meaning of the series: the catalog of metrics, `proc_stat(5)`, `proc_vmstat(5)`,
//! the kernel's `admin-guide/iostats`, `accounting/psi`, `admin-guide/cgroup-v2`.

mod cpu;
mod descriptors;
mod disk;
mod memory;
mod network;
mod service;
mod throttling;

pub(super) use cpu::{cores, cpu};
pub(super) use descriptors::descriptors;
pub(super) use disk::disks;
pub(super) use memory::{disk_share_of_memory, memory};
pub(super) use network::network;
pub(super) use service::services;
pub(super) use throttling::throttling;

/// Parts of one resource that are looked at, at most: the first by name of a host with
/// thousands of control groups would hide the worst, so the worst are kept.
const PARTS_MAX: usize = 64;
