//! What the columns of `pidstat` are called here.
//!
//! # Source
//!
//! `pidstat(1)` of sysstat 12.6. A share of 1 is one processor.

use crate::names::{KILO, Name, PERCENT, name};

const CPU: &str = "process.cpu.time.rate";
const FAULTS: &str = "process.paging.faults.rate";
const SWITCHES: &str = "process.context_switches.rate";
const DISK: &str = "process.disk.io.rate";

/// The columns.
#[rustfmt::skip]
pub(super) const NAMES: &[Name] = &[
    name("%usr", CPU, &[("cpu.mode", "user")], "1", PERCENT),
    name("%system", CPU, &[("cpu.mode", "system")], "1", PERCENT),
    name("%guest", CPU, &[("cpu.mode", "guest")], "1", PERCENT),
    name("%CPU", "process.cpu.utilization", &[], "1", PERCENT),
    name("%wait", "sysstat.process.wait", &[], "1", PERCENT),
    name("minflt/s", FAULTS, &[("type", "minor")], "{fault}/s", 1.0),
    name("majflt/s", FAULTS, &[("type", "major")], "{fault}/s", 1.0),
    name("VSZ", "process.memory.virtual", &[], "By", KILO),
    name("RSS", "process.memory.usage", &[], "By", KILO),
    name("%MEM", "sysstat.process.memory_share", &[], "1", PERCENT),
    name("StkSize", "sysstat.process.stack_size", &[], "By", KILO),
    name("StkRef", "sysstat.process.stack_used", &[], "By", KILO),
    name("kB_rd/s", DISK, &[("disk.io.direction", "read")], "By/s", KILO),
    name("kB_wr/s", DISK, &[("disk.io.direction", "write")], "By/s", KILO),
    name("kB_ccwr/s", "sysstat.process.write_cancelled", &[], "By/s", KILO),
    name("iodelay", "sysstat.process.iodelay", &[], "{tick}", 1.0),
    name("cswch/s", SWITCHES, &[("type", "voluntary")], "{context_switch}/s", 1.0),
    name("nvcswch/s", SWITCHES, &[("type", "involuntary")], "{context_switch}/s", 1.0),
    name("threads", "process.thread.count", &[], "{thread}", 1.0),
    name("fd-nr", "process.open_file_descriptor.count", &[], "{file}", 1.0),
];

#[cfg(test)]
mod tests {
    use model::process::FIELDS;

    use super::*;
    use crate::names::RATE;

    #[test]
    fn names_of_processes_are_those_of_the_recorder() {
        for name in NAMES {
            let base = name.metric.strip_suffix(RATE).unwrap_or(name.metric);
            let field = FIELDS.iter().find(|it| it.metric == base);
            let own = name.metric.starts_with("sysstat.") || base == "process.cpu.utilization";
            assert!(field.is_some() || own, "{}", name.metric);
        }
    }
}
