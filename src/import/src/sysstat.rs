//! Reports of sysstat: what `sar` recorded, and what `iostat`, `mpstat` and `pidstat`
//! printed.
//!
//! * [`binary`]: data files of `sar`, read by running `sadf`.
//! * [`json`]: `sadf -j`, `iostat -o JSON`, `mpstat -o JSON`.
//! * [`text`]: `iostat`, `mpstat` and `pidstat` as they print on a terminal.
//!
//! What their fields are called here stands in the tables of `names`, `disk` and `process`.

use crate::names::{Name, name};

pub(crate) mod binary;
mod disk;
pub(crate) mod json;
mod measure;
mod names;
mod process;
mod reports;
mod table;
pub(crate) mod text;

const COUNT: Name = name("", "system.cpu.logical.count", &[], "{cpu}", 1.0);

const SINCE_BOOT: &str =
    "left out the first report of iostat, which is the mean since boot (unless -y was given)";

/// Said where a tool names its zone by letters, which several zones share.
pub(crate) fn zone_note(zone: &str) -> String {
    format!("the file calls its zone {zone}")
}
