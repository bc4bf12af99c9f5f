//! What moves together within a whole input, several hosts at once.
//!
//! Start at [`correlate`].

use analysis::correlate::{Correlation, Request};

use crate::explain::Joined;
use crate::jobs::Context;
use crate::problem::Problem;

/// Compares one series of a joined input with all others; fills in the clocks.
pub fn correlate(joined: &Joined, request: Request) -> Correlation {
    let request = Request {
        clock_error_ns: joined.clock_error_ns.clone(),
        ..request
    };
    analysis::correlate::correlate(&joined.frame, &request)
}

/// Compares one series of a joined input with all others, as [`correlate`] does, with
/// progress and until the user stops it.
///
/// # Errors
///
/// The user stopped it.
pub fn correlate_in_job(
    joined: &Joined,
    request: Request,
    context: &Context,
) -> Result<Correlation, Problem> {
    let request = Request {
        clock_error_ns: joined.clock_error_ns.clone(),
        ..request
    };
    let go_on = |done: usize, all: usize| {
        context.progress(done as u64, all as u64);
        !context.cancelled()
    };
    let found = analysis::correlate::watched(&joined.frame, &request, &go_on);
    match context.cancelled() {
        true => Err(Problem::cancelled("correlate")),
        false => Ok(found),
    }
}
