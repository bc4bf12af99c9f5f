//! The analyses on the command line: one file each, all work in `workflow` and
//! `analysis`.
//!
//! A file holds the arguments of its command, the JSON shape of the contract and
//! the text for people; add yours here and as a line of `arguments::Command`.

pub(crate) mod analyze;
pub(crate) mod anomalies;
pub(crate) mod bottleneck;
pub(crate) mod changes;
pub(crate) mod compare;
pub(crate) mod correlate;
pub(crate) mod explain;
pub(crate) mod forecast;
pub(crate) mod own;
pub(crate) mod services;
pub(crate) mod trend;

use std::path::{Path, PathBuf};

use analysis::frame::Frame;
use model::finding::Expected;
use serde::Serialize;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};
use workflow::stored::Stored;

use crate::commands::{Output, SCHEMA};
use crate::failure::{Answer, answer, answer_text, tell};

/// What every analysis is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// A session or any file that `kymo import` reads.
    pub(crate) input: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The fields that every document starts with.
#[derive(Serialize)]
pub(crate) struct Head {
    schema: u32,
    kymo: &'static str,
}

impl Head {
    pub(crate) const THIS: Self = Self {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION"),
    };
}

/// A row of an input in an answer.
#[derive(Serialize)]
pub(crate) struct Point {
    index: usize,
    time: String,
}

impl Point {
    pub(crate) fn of(frame: &Frame, row: usize) -> Self {
        Self {
            index: row,
            time: frame.moment(row).to_string(),
        }
    }
}

/// Opens the input of an analysis and says what people should know of it.
pub(crate) fn opened(input: &Path) -> Result<Input, Problem> {
    let opened = Input::open(input, &Context::default())?;
    for note in &opened.notes {
        tell(&format!("kymo: {note}"));
    }
    Ok(opened)
}

/// What people marked as expected in the session behind the input.
pub(crate) fn marks_of(input: &Input) -> Vec<Expected> {
    let kept = input.stored.as_ref().and_then(Stored::kept);
    kept.map_or_else(Vec::new, |it| it.expected)
}

/// How a command on this input ends: damage shows when its members are read.
pub(crate) fn outcome(input: &Input) -> Answer {
    match &input.stored {
        Some(stored) => crate::commands::outcome(stored),
        None if input.damaged => Answer::Partly,
        None => Answer::Fine,
    }
}

/// Prints the document, or the text where no JSON was asked for.
pub(crate) fn print<T: Serialize>(
    output: Output,
    document: &T,
    text: impl FnOnce() -> String,
) -> Result<(), Problem> {
    match output {
        Output::Json => answer(&crate::commands::json(document)?),
        Output::Text => answer_text(&text()),
    }
}

/// The place of a series that was named on the command line.
///
/// # Errors
///
/// No series has this name; the nearest ones are told.
pub(crate) fn place_of(frame: &Frame, name: &str) -> Result<usize, Problem> {
    frame.find(name).ok_or_else(|| {
        let near = frame.lines.iter().map(|line| line.name.as_str());
        let near = near.filter(|it| it.contains(name)).take(3);
        let near: Vec<&str> = near.collect();
        Problem {
            what: format!("could not find series {name:?}"),
            why: "the input has no series of this name".to_owned(),
            what_to_do: match near.as_slice() {
                [] => "kymo info on the input lists its series".to_owned(),
                some => some.join(", or "),
            },
            sort: Sort::Usage,
        }
    })
}
