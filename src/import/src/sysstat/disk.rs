//! What the fields of block devices are called here.
//!
//! # Source
//!
//! `iostat(1)` and `sar(1)`, "-d", of sysstat 12.6, and `iostat(1)` of sysstat 9 to 11 for
//! fields that are not there any more.

use crate::names::{KILO, MEGA, MILLI, Name, PERCENT, SECTOR, name};

const DISK_BYTES: &str = "system.disk.io.rate";
const OPERATIONS: &str = "system.disk.operations.rate";
const MERGED: &str = "system.disk.merged.rate";
const AWAIT: &str = "system.disk.await";
const READ: &[(&str, &str)] = &[("direction", "read")];
const WRITE: &[(&str, &str)] = &[("direction", "write")];
const DISCARD: &[(&str, &str)] = &[("direction", "discard")];
const FLUSH: &[(&str, &str)] = &[("direction", "flush")];

/// Block devices, in the words of `sar -d` and of `iostat`.
#[rustfmt::skip]
pub(super) const NAMES: &[Name] = &[
    name("rkB", DISK_BYTES, READ, "By/s", KILO),
    name("wkB", DISK_BYTES, WRITE, "By/s", KILO),
    name("dkB", DISK_BYTES, DISCARD, "By/s", KILO),
    name("rkB/s", DISK_BYTES, READ, "By/s", KILO),
    name("wkB/s", DISK_BYTES, WRITE, "By/s", KILO),
    name("dkB/s", DISK_BYTES, DISCARD, "By/s", KILO),
    name("rMB/s", DISK_BYTES, READ, "By/s", MEGA),
    name("wMB/s", DISK_BYTES, WRITE, "By/s", MEGA),
    name("dMB/s", DISK_BYTES, DISCARD, "By/s", MEGA),
    name("kB_read/s", DISK_BYTES, READ, "By/s", KILO),
    name("kB_wrtn/s", DISK_BYTES, WRITE, "By/s", KILO),
    name("kB_dscd/s", DISK_BYTES, DISCARD, "By/s", KILO),
    name("MB_read/s", DISK_BYTES, READ, "By/s", MEGA),
    name("MB_wrtn/s", DISK_BYTES, WRITE, "By/s", MEGA),
    name("MB_dscd/s", DISK_BYTES, DISCARD, "By/s", MEGA),
    name("Blk_read/s", DISK_BYTES, READ, "By/s", SECTOR),
    name("Blk_wrtn/s", DISK_BYTES, WRITE, "By/s", SECTOR),
    name("Blk_dscd/s", DISK_BYTES, DISCARD, "By/s", SECTOR),
    name("rsec/s", DISK_BYTES, READ, "By/s", SECTOR),
    name("wsec/s", DISK_BYTES, WRITE, "By/s", SECTOR),
    name("dsec/s", DISK_BYTES, DISCARD, "By/s", SECTOR),
    name("rd_sec", DISK_BYTES, READ, "By/s", SECTOR),
    name("wr_sec", DISK_BYTES, WRITE, "By/s", SECTOR),
    name("dc_sec", DISK_BYTES, DISCARD, "By/s", SECTOR),
    name("r/s", OPERATIONS, READ, "{operation}/s", 1.0),
    name("w/s", OPERATIONS, WRITE, "{operation}/s", 1.0),
    name("d/s", OPERATIONS, DISCARD, "{operation}/s", 1.0),
    name("f/s", OPERATIONS, FLUSH, "{operation}/s", 1.0),
    name("rrqm/s", MERGED, READ, "{operation}/s", 1.0),
    name("wrqm/s", MERGED, WRITE, "{operation}/s", 1.0),
    name("drqm/s", MERGED, DISCARD, "{operation}/s", 1.0),
    name("r_await", AWAIT, READ, "s", MILLI),
    name("w_await", AWAIT, WRITE, "s", MILLI),
    name("d_await", AWAIT, DISCARD, "s", MILLI),
    name("f_await", AWAIT, FLUSH, "s", MILLI),
    name("await", AWAIT, &[], "s", MILLI),
    name("aqu-sz", "system.disk.queue", &[], "{operation}", 1.0),
    name("avgqu-sz", "system.disk.queue", &[], "{operation}", 1.0),
    name("util", "system.disk.utilization", &[], "1", PERCENT),
    name("util-percent", "system.disk.utilization", &[], "1", PERCENT),
    name("tps", "sysstat.disk.tps", &[], "{operation}/s", 1.0),
    name("areq-sz", "sysstat.disk.areq_sz", &[], "By", KILO),
    name("avgrq-sz", "sysstat.disk.areq_sz", &[], "By", SECTOR),
    name("rareq-sz", "sysstat.disk.areq_sz", READ, "By", KILO),
    name("wareq-sz", "sysstat.disk.areq_sz", WRITE, "By", KILO),
    name("dareq-sz", "sysstat.disk.areq_sz", DISCARD, "By", KILO),
    name("rrqm", "sysstat.disk.rqm_share", READ, "1", PERCENT),
    name("wrqm", "sysstat.disk.rqm_share", WRITE, "1", PERCENT),
    name("drqm", "sysstat.disk.rqm_share", DISCARD, "1", PERCENT),
];

/// Bytes and transfers in an interval, beside the rates; and a field that `iostat(1)`
/// says not to trust.
pub(super) const REPEATED: &[&str] = &[
    "kB_read", "kB_wrtn", "kB_dscd", "MB_read", "MB_wrtn", "MB_dscd", "Blk_read", "Blk_wrtn",
    "Blk_dscd", "svctm",
];
