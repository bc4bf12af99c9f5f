//! Looks for anomalies in all series of an input on the processors there are.
//!
//! Start at [`of_frame`]; scores of rows come from [`scores_of`].

use analysis::anomaly::{self, Report, SeriesAnomalies, collective, series, streaming};
use analysis::frame::Frame;
use model::finding::Finding;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::spread;

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
    Ok(Report {
        series: each(frame, context)?,
        collective: collective::scan(frame),
    })
}

/// Looks at every series of a frame alone.
fn each(frame: &Frame, context: &Context) -> Result<Vec<SeriesAnomalies>, Problem> {
    let mut series = shared_out(frame, context, |line| {
        series::scan(&frame.lines[line].values)
    })?;
    anomaly::share_gaps(&mut series);
    Ok(series)
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
    // All series of a host together are one piece of work, so hosts are shared out.
    let together = spread::over(
        (input.frames.len(), 1),
        ("looking for anomalies", context),
        |hosts| {
            let frames = input.frames[hosts].iter();
            frames.map(|it| collective::scan(&it.frame)).collect()
        },
    )?;
    for (host, collective) in input.frames.iter().zip(together) {
        let report = Report {
            series: each(&host.frame, context)?,
            collective,
        };
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
    let series = (frame.lines.len(), 1);
    let all = ("looking for anomalies", context);
    spread::over(series, all, |lines| lines.map(&of_line).collect())
}
