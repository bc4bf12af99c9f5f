//! The standards that a recording is held against.
//!
//! The one place of recipes and reviews that knows how standards are checked is [`check`].

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
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

/// Holds a recording against a file of standards.
///
/// # Errors
///
/// The file cannot be read, or this build checks no standards.
pub fn check(
    stored: &Stored,
    standard: &Path,
    _context: &Context,
) -> Result<Vec<Requirement>, Problem> {
    Err(Problem {
        what: format!(
            "could not hold {} against {}",
            stored.path().display(),
            standard.display()
        ),
        why: "checking standards is not available in this build".to_owned(),
        what_to_do: "a build of Kymo that has kymo check".to_owned(),
        sort: Sort::Usage,
    })
}
