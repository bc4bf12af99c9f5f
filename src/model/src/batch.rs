//! Where producers meet: what one host said at one moment.

use crate::event::Event;
use crate::process::{Process, ProcessId, Reading};
use crate::series::SeriesId;
use crate::time::Moment;

/// The two clocks of a host, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// `CLOCK_BOOTTIME`: steady, and counts while the machine sleeps.
    pub boot_ns: i64,
    /// `CLOCK_REALTIME`: wall clock, may be set by anybody.
    pub unix_ns: i64,
}

/// Everything one host said of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The moment on the session's axis.
    pub at: Moment,
    /// The host's own clocks at that moment.
    pub stamp: Stamp,
    /// The series read at this moment, by ascending id. A series that is not
    /// listed was not due; a listed `NaN` is a gap.
    pub values: Vec<(SeriesId, f64)>,
    /// Processes whose numbers changed since the batch before.
    pub processes: Vec<(ProcessId, Reading)>,
    /// Whether `processes` lists every living process (a key row).
    pub processes_complete: bool,
    /// Processes that ended since the batch before.
    pub ended: Vec<Ended>,
}

/// A process that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which one.
    pub process: ProcessId,
    /// When, on the session's axis.
    pub at: Moment,
    /// Wait status as the kernel gives it; `None` when it was not told.
    pub exit_code: Option<i32>,
    /// Its last numbers; all absent when the kernel did not tell.
    pub reading: Reading,
}

/// What a stream says, decoded.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Processes that later batches refer to.
    Processes(Vec<(ProcessId, Process)>),
    /// One moment.
    Batch(Batch),
    /// Something happened.
    Event(Event),
}
