//! What the analyses are given: a session or a foreign file as frames.
//!
//! Window and command line open inputs here, so that both compute the same
//! findings. A foreign table keeps its rows as they are, also where times repeat
//! or step back; a session gives one frame for each host.
//!
//! Start at [`Input::open`] or [`Input::of_stored`].

use std::path::{Path, PathBuf};

use analysis::frame::Frame;
use model::series::{Series, SeriesKey};
use model::time::Span;

use crate::imports;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::stored::Stored;

/// Kymo's own cost is recorded beside the system, but is not what a user asks about.
const OWN_METRICS: &str = "kymo.";

/// The series of one host.
#[derive(Clone, Debug)]
pub struct HostFrame {
    /// Name of the host; empty for a foreign table.
    pub host: String,
    /// Its series on its own times.
    pub frame: Frame,
}

/// An input, ready to be analyzed.
#[derive(Clone)]
pub struct Input {
    /// Where it was opened.
    pub path: PathBuf,
    /// One frame a host, in the session's order; a foreign table is one frame.
    pub frames: Vec<HostFrame>,
    /// The session behind it; absent for a table that was read as it is.
    pub stored: Option<Stored>,
    /// What people should know, one sentence each.
    pub notes: Vec<String>,
    /// Whether part of it could not be read.
    pub damaged: bool,
}

impl Input {
    /// Opens a session or any file that can be imported.
    ///
    /// # Errors
    ///
    /// A [`Problem`] that names what it is instead, or why it cannot be used.
    pub fn open(path: &Path, context: &Context) -> Result<Self, Problem> {
        if let Some(table) = imports::as_it_is(path, context)? {
            return Ok(Self {
                path: path.to_path_buf(),
                frames: vec![HostFrame {
                    host: String::new(),
                    frame: table.frame,
                }],
                stored: None,
                notes: table.notes,
                damaged: table.damaged,
            });
        }
        let (stored, notes) = Stored::open(path, context)?;
        let mut input = Self::of_stored(&stored, None, context)?;
        input.notes = notes;
        Ok(input)
    }

    /// All series of an open session within a span, as drawn, one frame a host.
    ///
    /// # Errors
    ///
    /// The disk refuses, or the user stopped it.
    pub fn of_stored(
        stored: &Stored,
        span: Option<Span>,
        context: &Context,
    ) -> Result<Self, Problem> {
        let mut frames = Vec::new();
        let hosts = stored.hosts();
        for (done, facts) in hosts.iter().enumerate() {
            if context.cancelled() {
                return Err(Problem::cancelled("analysis"));
            }
            context.progress(done as u64, hosts.len() as u64);
            let of_host = |series: &&Series| series.key.host == facts.name && is_of_system(series);
            let keys: Vec<SeriesKey> = stored
                .series()
                .iter()
                .filter(of_host)
                .map(|series| series.key.clone())
                .collect();
            frames.push(HostFrame {
                host: facts.name.clone(),
                frame: Frame::of_columns(&stored.columns(&keys, span)?),
            });
        }
        Ok(Self {
            path: stored.path().to_path_buf(),
            frames,
            stored: Some(stored.clone()),
            notes: Vec::new(),
            damaged: stored.damaged(),
        })
    }

    /// From the first row of any host to just after the last.
    pub fn span(&self) -> Span {
        let spans = self.frames.iter().map(|it| it.frame.span());
        spans.reduce(Span::union).unwrap_or_default()
    }
}

/// Whether a series is about the system, and so looked at by the analyses.
pub fn is_of_system(series: &Series) -> bool {
    !series.key.metric.starts_with(OWN_METRICS)
}
