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
use crate::stored::Stored;

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

/// Whether the findings kept in a session follow from it; one sentence for each
/// that does not. `None` where none are kept.
///
/// # Errors
///
/// The session cannot be read, or the user stopped it.
pub fn rederive(stored: &Stored, context: &Context) -> Result<Option<Vec<String>>, Problem> {
    let Some(kept) = stored.kept() else {
        return Ok(None);
    };
    let input = Input::of_stored(stored, None, context)?;
    let found = all(&input, context)?;
    let mut differences = Vec::new();
    for finding in &kept.findings {
        let now = found.iter().find(|it| it.id == finding.id);
        let name = format!("finding {} ({})", finding.id, finding.statement);
        if finding.own_id() != finding.id {
            differences.push(format!("{name}: its fields do not give its id"));
        } else {
            match now {
                None => differences.push(format!("{name}: it does not follow any more")),
                Some(now) if !is_same(now, finding) => {
                    differences.push(format!("{name}: it says otherwise now: {}", now.statement))
                }
                Some(_) => {}
            }
        }
    }
    for finding in &found {
        if !kept.findings.iter().any(|it| it.id == finding.id) {
            differences.push(format!(
                "finding {} ({}): it is not kept",
                finding.id, finding.statement
            ));
        }
    }
    if !differences.is_empty() && kept.kymo != env!("CARGO_PKG_VERSION") {
        differences.push(format!(
            "they were found by Kymo {}, this is {}",
            kept.kymo,
            env!("CARGO_PKG_VERSION")
        ));
    }
    Ok(Some(differences))
}

/// Whether two findings say the same, down to the last digit; an unknown number
/// (`NaN`) is the same as another.
fn is_same(a: &Finding, b: &Finding) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

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
