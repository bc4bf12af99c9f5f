//! Causes within a whole input: several hosts at once, each with its clock.
//!
//! The hosts of a session are joined by nearest time, and each series brings how
//! far its host's clock may be off, so that no order is read from clock error.
//!
//! Start at [`joined`]; [`findings`] is what a list of findings shows.

use analysis::bottleneck::{self, Outcome};
use analysis::explain::{Explanation, Request, Stopped, Strength};
use analysis::frame::Frame;
use model::finding::Finding;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::spread;

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

/// An explanation, and what limited while the disturbance lasted.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The explanation; what limited is weighed in.
    pub explanation: Explanation,
    /// `None` where nothing was disturbed.
    pub limits: Option<Outcome>,
}

/// Explains a disturbance of an input, on the processors there are; fills in the clocks
/// and what limited.
///
/// # Errors
///
/// The table of processes cannot be read, or the user stopped it.
pub fn explain(
    (input, joined): (&Input, &Joined),
    request: Request,
    context: &Context,
) -> Result<Explained, Problem> {
    let mut request = Request {
        clock_error_ns: joined.clock_error_ns.clone(),
        ..request
    };
    let explanation = shared_out(joined, &request, context)?;
    if explanation.candidates.is_empty() {
        return Ok(Explained {
            explanation,
            limits: None,
        });
    }
    let limits = crate::bottleneck::assess(
        input,
        &bottleneck::Request {
            window: Some(joined.frame.span_of(explanation.window.clone())),
            symptom: None,
        },
        context,
    )?;
    request.limiting = analysis::explain::limiting(&limits);
    if request.limiting.is_empty() {
        return Ok(Explained {
            explanation,
            limits: Some(limits),
        });
    }
    // The onset is known now, so that the second look costs little.
    request.onset = explanation.onset;
    Ok(Explained {
        explanation: shared_out(joined, &request, context)?,
        limits: Some(limits),
    })
}

fn shared_out(
    joined: &Joined,
    request: &Request,
    context: &Context,
) -> Result<Explanation, Problem> {
    let what = "explanation";
    let share = |count: usize, work: &(dyn Fn(usize) -> Strength + Sync)| {
        spread::over((count, 1), (what, context), |parts| {
            parts.map(work).collect()
        })
        .map_err(|_| Stopped)
    };
    analysis::explain::explain_shared(&joined.frame, request, &share)
        .map_err(|Stopped| Problem::cancelled(what))
}

/// The last disturbance of an input and what it may come from, with who made the load
/// where something limited meanwhile; nothing where nothing was disturbed.
///
/// # Errors
///
/// The table of processes cannot be read, or the user stopped it.
pub fn findings(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let joined = joined(input);
    let Explained {
        explanation,
        limits,
    } = explain((input, &joined), Request::default(), context)?;
    let mut found = analysis::explain::findings(&joined.frame, &explanation, &[]);
    if let (Some(finding), Some(limits)) = (found.first_mut(), limits) {
        analysis::explain::agree(finding, (&joined.frame, &explanation), &limits);
    }
    Ok(found)
}
