//! Looks for anomalies in all series of an input on the processors there are.
//!
//! Series are independent of each other, so they are shared out among a few
//! threads; the answer does not depend on how many.
//!
//! Start at [`of_frame`]; scores of rows come from [`scores_of`].

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use analysis::anomaly::{self, Report, collective, series, streaming};
use analysis::frame::Frame;
use model::finding::Finding;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;

/// More threads than this would starve a live recording.
const THREADS_MAX: usize = 8;

/// From which rows the score of a row may be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindsight {
    /// From all rows.
    Whole,
    /// From the rows up to it.
    Causal,
}

/// Scores of the rows of one frame, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// One column a series, in the order of the frame.
    pub series: Vec<Vec<f64>>,
    /// All series together.
    pub collective: Vec<f64>,
}

/// Looks at every series of a frame and at all of them together.
///
/// # Errors
///
/// The user stopped it.
pub fn of_frame(frame: &Frame, context: &Context) -> Result<Report, Problem> {
    let mut series = shared_out(frame, context, |line| {
        series::scan(&frame.lines[line].values)
    })?;
    anomaly::share_gaps(&mut series);
    Ok(Report {
        series,
        collective: collective::scan(frame),
    })
}

/// Scores every row.
///
/// # Errors
///
/// The user stopped it.
pub fn scores_of(
    frame: &Frame,
    report: &Report,
    hindsight: Hindsight,
    context: &Context,
) -> Result<Scores, Problem> {
    let series = shared_out(frame, context, |line| {
        let values = &frame.lines[line].values;
        match hindsight {
            Hindsight::Whole => series::row_scores(values, &report.series[line]),
            Hindsight::Causal => streaming::scores(&frame.at, values),
        }
    })?;
    let collective = match hindsight {
        Hindsight::Whole => report.collective.scores.clone(),
        Hindsight::Causal => collective::causal(frame),
    };
    Ok(Scores { series, collective })
}

/// The findings of an input.
///
/// # Errors
///
/// The user stopped it.
pub fn findings(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut found = Vec::new();
    for host in &input.frames {
        let report = of_frame(&host.frame, context)?;
        found.extend(anomaly::findings::findings(
            &host.host,
            &host.frame,
            &report,
        ));
    }
    Ok(found)
}

/// Does the work of each line of a frame; the answers are in the order of lines.
fn shared_out<T: Send>(
    frame: &Frame,
    context: &Context,
    of_line: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, Problem> {
    let total = frame.lines.len();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut found = Vec::new();
        while !context.cancelled() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= total {
                break;
            }
            found.push((place, of_line(place)));
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
        return Err(Problem::cancelled("looking for anomalies"));
    }
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, it)| it).collect())
}
