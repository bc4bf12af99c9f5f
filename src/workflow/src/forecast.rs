//! Forecasts all series of an input on the processors there are.
//!
//! Start at [`of_input`].

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
    let lines = (frame.lines.len(), 1);
    spread::over(lines, ("forecast", context), |part| {
        let lines = frame.lines[part].iter();
        lines
            .map(|line| forecast::of_line(frame, line, setup))
            .collect()
    })
}
