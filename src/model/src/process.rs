//! Processes: who they are and what they used.
//!
//! A process is identified by pid *and* start time, since pids are reused.
//! What a process used is a row of numbers with one meaning per place; the
//! table [`FIELDS`] says which.

use serde::{Deserialize, Serialize};

use crate::catalog::{Kind, Polarity};
use crate::series::{Series, SeriesKey};
use crate::unit::Unit;

/// Number of a process within one host's stream; never reused in a stream.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ProcessId(pub u32);

/// Who a process is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Kernel process id.
    pub pid: u32,
    /// Parent's process id when first seen.
    pub parent_pid: u32,
    /// Start, in nanoseconds on the host's boot clock.
    pub start_boot_ns: i64,
    /// The kernel's short name (`comm`).
    pub name: String,
    /// The command line with secrets removed; empty for kernel threads.
    pub command: String,
    /// Control group path (unified, else the `cpu` hierarchy); empty if unknown.
    pub cgroup: String,
    /// Numeric user id; `None` when it could not be read.
    pub user_id: Option<u32>,
}

/// The numbers read of one process at one moment, in the order of [`FIELDS`].
///
/// [`ABSENT`] marks a number that could not be read (permission, old kernel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading(pub [i64; FIELD_COUNT]);

/// A number that was not read. All others are zero or more.
pub const ABSENT: i64 = -1;

/// How many numbers a [`Reading`] holds.
pub const FIELD_COUNT: usize = 14;

/// A place in a [`Reading`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(usize)]
pub enum Field {
    /// Processor time in user mode, microseconds, cumulative.
    UserTime = 0,
    /// Processor time in kernel mode, microseconds, cumulative.
    SystemTime = 1,
    /// Number of threads.
    Threads = 2,
    /// Scheduler state: the ASCII code of the letter in `proc_pid_stat(5)`.
    State = 3,
    /// Resident memory, bytes.
    ResidentMemory = 4,
    /// Virtual memory, bytes.
    VirtualMemory = 5,
    /// Page faults served without the disk, cumulative.
    MinorFaults = 6,
    /// Page faults that waited for the disk, cumulative.
    MajorFaults = 7,
    /// Voluntary context switches, cumulative.
    VoluntarySwitches = 8,
    /// Involuntary context switches, cumulative.
    InvoluntarySwitches = 9,
    /// Bytes read from storage, cumulative.
    ReadBytes = 10,
    /// Bytes written to storage, cumulative.
    WriteBytes = 11,
    /// Open file descriptors.
    OpenFiles = 12,
    /// Open file descriptors allowed to the process: the soft limit.
    OpenFilesLimit = 13,
}

/// How to read one place of a [`Reading`].
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// The place.
    pub field: Field,
    /// OpenTelemetry metric name.
    pub metric: &'static str,
    /// Attribute that tells fields of one metric apart.
    pub attribute: Option<(&'static str, &'static str)>,
    /// Column name in the process table of a session.
    pub column: &'static str,
    /// UCUM unit of the value after division by `divisor`.
    pub unit: &'static str,
    /// What the raw number is divided by.
    pub divisor: i64,
    /// Level or running total.
    pub kind: Kind,
}

/// Every place, in order.
///
/// # Source
///
/// `proc_pid_stat(5)`, `proc_pid_status(5)`, `proc_pid_io(5)`, `proc_pid_limits(5)`.
pub const FIELDS: [FieldInfo; FIELD_COUNT] = [
    field(
        Field::UserTime,
        "process.cpu.time",
        Some(("cpu.mode", "user")),
        "cpu_user_s",
        "s",
        1_000_000,
        Kind::Counter,
    ),
    field(
        Field::SystemTime,
        "process.cpu.time",
        Some(("cpu.mode", "system")),
        "cpu_system_s",
        "s",
        1_000_000,
        Kind::Counter,
    ),
    field(
        Field::Threads,
        "process.thread.count",
        None,
        "threads",
        "{thread}",
        1,
        Kind::Gauge,
    ),
    field(
        Field::State,
        "process.state",
        None,
        "state",
        "{state}",
        1,
        Kind::Gauge,
    ),
    field(
        Field::ResidentMemory,
        "process.memory.usage",
        None,
        "resident_bytes",
        "By",
        1,
        Kind::Gauge,
    ),
    field(
        Field::VirtualMemory,
        "process.memory.virtual",
        None,
        "virtual_bytes",
        "By",
        1,
        Kind::Gauge,
    ),
    field(
        Field::MinorFaults,
        "process.paging.faults",
        Some(("type", "minor")),
        "minor_faults",
        "{fault}",
        1,
        Kind::Counter,
    ),
    field(
        Field::MajorFaults,
        "process.paging.faults",
        Some(("type", "major")),
        "major_faults",
        "{fault}",
        1,
        Kind::Counter,
    ),
    field(
        Field::VoluntarySwitches,
        "process.context_switches",
        Some(("type", "voluntary")),
        "voluntary_switches",
        "{context_switch}",
        1,
        Kind::Counter,
    ),
    field(
        Field::InvoluntarySwitches,
        "process.context_switches",
        Some(("type", "involuntary")),
        "involuntary_switches",
        "{context_switch}",
        1,
        Kind::Counter,
    ),
    field(
        Field::ReadBytes,
        "process.disk.io",
        Some(("disk.io.direction", "read")),
        "read_bytes",
        "By",
        1,
        Kind::Counter,
    ),
    field(
        Field::WriteBytes,
        "process.disk.io",
        Some(("disk.io.direction", "write")),
        "write_bytes",
        "By",
        1,
        Kind::Counter,
    ),
    field(
        Field::OpenFiles,
        "process.open_file_descriptor.count",
        None,
        "open_files",
        "{file}",
        1,
        Kind::Gauge,
    ),
    field(
        Field::OpenFilesLimit,
        "process.open_file_descriptor.limit",
        None,
        "open_files_limit",
        "{file}",
        1,
        Kind::Gauge,
    ),
];

#[expect(
    clippy::too_many_arguments,
    reason = "one line of the table above, in the order of its columns"
)]
const fn field(
    field: Field,
    metric: &'static str,
    attribute: Option<(&'static str, &'static str)>,
    column: &'static str,
    unit: &'static str,
    divisor: i64,
    kind: Kind,
) -> FieldInfo {
    FieldInfo {
        field,
        metric,
        attribute,
        column,
        unit,
        divisor,
        kind,
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self([ABSENT; FIELD_COUNT])
    }
}

impl Reading {
    /// The raw number at `field`, or `None` when it was not read.
    pub fn get(&self, field: Field) -> Option<i64> {
        Some(self.0[field as usize]).filter(|raw| *raw >= 0)
    }

    /// Sets the raw number at `field`; negative numbers are kept as absent.
    pub fn set(&mut self, field: Field, raw: i64) {
        self.0[field as usize] = raw.max(ABSENT);
    }

    /// The value at `field` in its unit, `NaN` when it was not read.
    pub fn value(&self, field: Field) -> f64 {
        match self.get(field) {
            Some(raw) => raw as f64 / field.info().divisor as f64,
            None => f64::NAN,
        }
    }

    /// User plus system time in seconds, `NaN` when it was not read.
    pub fn cpu_seconds(&self) -> f64 {
        self.value(Field::UserTime) + self.value(Field::SystemTime)
    }

    /// The state's letter, `?` when it was not read.
    pub fn state(&self) -> char {
        self.get(Field::State)
            .and_then(|code| u8::try_from(code).ok())
            .map_or('?', char::from)
    }
}

impl Field {
    /// How to read this place.
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }
}

impl Process {
    /// The series that plots one field of this process.
    pub fn series(&self, host: &str, field: Field) -> Series {
        let info = field.info();
        let mut attributes = vec![
            ("process.pid".to_owned(), self.pid.to_string()),
            ("process.name".to_owned(), self.name.clone()),
        ];
        if let Some((key, value)) = info.attribute {
            attributes.push((key.to_owned(), value.to_owned()));
        }
        Series {
            key: SeriesKey::new(host, info.metric, attributes),
            unit: Unit::new(info.unit),
            kind: info.kind,
            polarity: Polarity::HigherIsWorse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_at_their_place() {
        for (place, info) in FIELDS.iter().enumerate() {
            assert_eq!(info.field as usize, place, "{}", info.column);
        }
    }
}
