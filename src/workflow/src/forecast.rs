//! Forecasts all series of an input on the processors there are.
//!
//! Start at [`of_input`].

use std::ops::Range;

use analysis::forecast::{self, Forecast, Setup};
use analysis::frame::Frame;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::spread;

/// Forecasts of the series of each frame, in the order of the input.
///
/// # Errors
///
/// The user stopped it.
pub fn of_input(
    input: &Input,
    setup: &Setup,
    context: &Context,
) -> Result<Vec<Vec<Forecast>>, Problem> {
    let frames = input.frames.iter();
    frames
        .map(|it| of_frame(&it.frame, setup, context))
        .collect()
}

/// Forecasts of the series of one frame, in its order.
///
/// # Errors
///
/// The user stopped it.
pub fn of_frame(frame: &Frame, setup: &Setup, context: &Context) -> Result<Vec<Forecast>, Problem> {
    of_lines((frame, 0..frame.lines.len()), setup, context)
}

/// Forecasts of some of the series of a frame, in its order; those beyond the end are
/// not there.
///
/// # Errors
///
/// The user stopped it.
pub fn of_lines(
    (frame, lines): (&Frame, Range<usize>),
    setup: &Setup,
    context: &Context,
) -> Result<Vec<Forecast>, Problem> {
    let lines = frame.lines.get(lines).unwrap_or_default();
    spread::over((lines.len(), 1), ("forecast", context), |part| {
        lines[part]
            .iter()
            .map(|line| forecast::of_line(frame, line, setup))
            .collect()
    })
}
