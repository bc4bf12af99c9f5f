//! What moves together within a whole input, several hosts at once.
//!
//! Start at [`correlate`].

use analysis::correlate::{Correlation, Request};

use crate::explain::Joined;

/// Compares one series of a joined input with all others; fills in the clocks.
pub fn correlate(joined: &Joined, request: Request) -> Correlation {
    let request = Request {
        clock_error_ns: joined.clock_error_ns.clone(),
        ..request
    };
    analysis::correlate::correlate(&joined.frame, &request)
}
