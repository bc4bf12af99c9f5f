//! Causes within a whole input: several hosts at once, each with its clock.
//!
//! The hosts of a session are joined by nearest time, and each series brings how
//! far its host's clock may be off, so that no order is read from clock error.
//!
//! Start at [`joined`]; [`findings`] is what a list of findings shows.

use analysis::bottleneck;
use analysis::explain::{Explanation, Request};
use analysis::frame::Frame;
use model::finding::Finding;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;

/// All hosts of an input on shared rows.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The rows of the host that has most of them, or of the table.
    pub frame: Frame,
    /// How far the clock behind each series may be off; 0 for a table.
    pub clock_error_ns: Vec<i64>,
}

/// Joins the hosts of an input by nearest time.
pub fn joined(input: &Input) -> Joined {
    let frames: Vec<&Frame> = input.frames.iter().map(|it| &it.frame).collect();
    let facts = input.stored.as_ref().map_or(&[][..], |it| it.hosts());
    let errors = input.frames.iter().flat_map(|of_host| {
        let facts = facts.iter().find(|it| it.name == of_host.host);
        let error_ns = facts.map_or(0, |it| it.error_ns);
        std::iter::repeat_n(error_ns, of_host.frame.lines.len())
    });
    Joined {
        frame: Frame::joined(&frames),
        clock_error_ns: errors.collect(),
    }
}

/// Explains a disturbance of a joined input; fills in the clocks.
pub fn explain(joined: &Joined, request: Request) -> Explanation {
    let request = Request {
        clock_error_ns: joined.clock_error_ns.clone(),
        ..request
    };
    analysis::explain::explain(&joined.frame, &request)
}

/// The last disturbance of an input and what it may come from, with who made the load
/// where something limited meanwhile; nothing where nothing was disturbed.
///
/// # Errors
///
/// The table of processes cannot be read, or the user stopped it.
pub fn findings(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let joined = joined(input);
    let explanation = explain(&joined, Request::default());
    let mut found = analysis::explain::findings(&joined.frame, &explanation, &[]);
    let Some(finding) = found.first_mut() else {
        return Ok(found);
    };
    let window = joined.frame.span_of(explanation.window.clone());
    let request = bottleneck::Request {
        window: Some(window),
        symptom: None,
    };
    let outcome = crate::bottleneck::assess(input, &request, context)?;
    analysis::explain::agree(finding, (&joined.frame, &explanation), &outcome);
    Ok(found)
}
