//! The standards that a recording is held against.
//!
//! The one place of recipes and reviews that knows how standards are checked is [`held`].

use std::path::Path;

use model::compliance::Outcome;
use model::standard::Standard;
use serde::{Deserialize, Serialize};

use crate::jobs::Context;
use crate::problem::Problem;
use crate::standards::{self, Request, shipped};
use crate::stored::Stored;

/// One requirement of a standard, held against a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Name of the standard.
    pub standard: String,
    /// What it asks for.
    pub requirement: String,
    /// Whether it holds.
    pub standing: Standing,
    /// By how much, in words.
    pub margin: String,
    /// Why it cannot be decided; empty where it can.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doubt: String,
}

/// Whether a requirement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It does.
    Holds,
    /// It does not.
    Violated,
    /// The recording cannot tell.
    Undecidable,
}

impl Standing {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Undecidable => "undecidable",
        }
    }
}

/// Holds a recording against a standard: a shipped one by its id, or a file.
///
/// # Errors
///
/// There is no such standard, it is at fault, or the recording cannot be read.
pub fn check(
    stored: &Stored,
    standard: &Path,
    context: &Context,
) -> Result<Vec<Requirement>, Problem> {
    held(stored, &load(standard)?, context)
}

/// Loads a standard: a shipped one by its id, or a file.
///
/// # Errors
///
/// There is no such standard, or it is at fault.
pub fn load(standard: &Path) -> Result<Standard, Problem> {
    let name = standard.to_string_lossy();
    // A recipe names files beside itself; a shipped one has no file.
    let own = standard.file_name().map(|it| it.to_string_lossy());
    let shipped = own.filter(|it| !standard.exists() && shipped::text(it).is_some());
    standards::load(shipped.as_deref().unwrap_or(&name))
}

/// Holds a recording against a standard that was loaded.
///
/// # Errors
///
/// The recording cannot be read, or the user stopped it.
pub fn held(
    stored: &Stored,
    standard: &Standard,
    context: &Context,
) -> Result<Vec<Requirement>, Problem> {
    let compliance = standards::check(stored, standard, &Request::default(), context)?;
    let rows = compliance.rows.iter().map(|row| Requirement {
        standard: format!("{} {}", compliance.standard, compliance.version),
        requirement: match row.host.as_str() {
            "" => row.title.clone(),
            host => format!("{} on {host}", row.title),
        },
        standing: match row.outcome {
            Outcome::Pass => Standing::Holds,
            Outcome::Fail => Standing::Violated,
            Outcome::Undecidable => Standing::Undecidable,
        },
        margin: row.statement.clone(),
        doubt: row.doubt.clone(),
    });
    Ok(rows.collect())
}
