//! What is carried from one view and dropped on another.
//!
//! Each is a payload of egui's drag and drop, told apart by its type:
//! `response.dnd_release_payload::<dragged::Series>()`.

use model::process::ProcessId;
use model::series::SeriesKey;
use workflow::processes::Measure;

/// A series, to be drawn where it is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series(pub SeriesKey);

/// One measure of a process, to be drawn where it is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Name of its host.
    pub host: String,
    /// Which process.
    pub id: ProcessId,
    /// What of it.
    pub measure: Measure,
}
