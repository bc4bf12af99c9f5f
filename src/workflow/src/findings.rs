//! All analyses of one input: the list of them, and how each becomes findings.
//!
//! Window and command line go through [`PARTS`], so both give the same findings
//! with the same ids. Add an analysis as a line there.
//!
//! Start at [`all`].

use model::finding::{self, Finding};

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;

/// One analysis.
#[derive(Debug)]
pub struct Part {
    /// Its name in progress and in what is told.
    pub name: &'static str,
    /// What the job is called.
    pub label: &'static str,
    /// Computes its findings.
    pub find: fn(&Input, &Context) -> Result<Vec<Finding>, Problem>,
}

/// Every analysis, the quick ones first. Add yours here.
pub const PARTS: &[Part] = &[];

/// The findings of all analyses, heaviest first.
///
/// # Errors
///
/// The first analysis that fails, or the user stopped it.
pub fn all(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut found = Vec::new();
    for (done, part) in PARTS.iter().enumerate() {
        if context.cancelled() {
            return Err(Problem::cancelled("analysis"));
        }
        context.progress(done as u64, PARTS.len() as u64);
        found.extend((part.find)(input, context)?);
    }
    finding::sort(&mut found);
    Ok(found)
}
