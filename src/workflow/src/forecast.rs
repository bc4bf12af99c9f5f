//! Forecasts all series of an input on the processors there are.
//!
//! Series are independent of each other, so they are shared out among a few
//! threads; the answer does not depend on how many.
//!
//! Start at [`of_input`].

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use analysis::forecast::{self, Forecast, Setup};
use analysis::frame::Frame;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;

/// More threads than this would starve a live recording.
const THREADS_MAX: usize = 8;

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
    let total = frame.lines.len();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut found = Vec::new();
        while !context.cancelled() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(line) = frame.lines.get(place) else {
                break;
            };
            found.push((place, forecast::of_line(frame, line, setup)));
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            context.progress(done as u64, total as u64);
        }
        found
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut found = thread::scope(|scope| {
        let others = threads.min(THREADS_MAX).min(total).saturating_sub(1);
        let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for other in others {
            match other.join() {
                Ok(more) => found.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    if context.cancelled() {
        return Err(Problem::cancelled("forecast"));
    }
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, forecast)| forecast).collect())
}
