//! `kymo correlate`: what moves together, and who moves first.

use analysis::correlate::{Correlation, FALSE_DISCOVERIES, Request};
use analysis::frame::Frame;
use model::time::{Moment, SECOND_NS, Span, duration_text};
use serde::Serialize;
use workflow::problem::{Problem, Sort};

use super::{Head, Source};
use crate::failure::Answer;

/// So many pairs are shown to people; the document has all.
const SHOWN: usize = 30;

/// `kymo correlate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Correlate {
    #[command(flatten)]
    source: Source,
    /// The series that all others are compared with.
    #[arg(long, value_name = "SERIES")]
    with: String,
    /// The largest lag, such as 60s or 5m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = crate::arguments::duration_ns)]
    max_lag: i64,
    /// Start of the window: RFC 3339, `YYYY-MM-DD HH:MM:SS` (UTC) or Unix seconds.
    #[arg(long, value_name = "T")]
    from: Option<Moment>,
    /// End of the window, not included.
    #[arg(long, value_name = "T")]
    to: Option<Moment>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    with: &'a str,
    max_lag_seconds: f64,
    tested: usize,
    pairs: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    series: &'a str,
    r: f64,
    lag_seconds: f64,
    lag_interval: [f64; 2],
    q_value: f64,
    sign: i32,
    rows: usize,
}

/// Lists what moves together with a series.
pub(crate) fn run(command: &Correlate) -> Result<Answer, Problem> {
    let input = super::opened(&command.source.input)?;
    let joined = workflow::explain::joined(&input);
    let frame = &joined.frame;
    let with = super::place_of(frame, &command.with)?;
    let span = frame.span();
    let window = Span {
        from: command.from.unwrap_or(span.from),
        to: command.to.unwrap_or(span.to),
    };
    let rows = match (command.from, command.to) {
        (None, None) => 0..frame.rows(),
        _ => frame.rows_in(window),
    };
    if rows.is_empty() && frame.rows() > 0 {
        return Err(Problem {
            what: format!("could not look at {} to {}", window.from, window.to),
            why: format!("the input spans {} to {}", span.from, span.to),
            what_to_do: "a window inside it".to_owned(),
            sort: Sort::Usage,
        });
    }
    let seconds = command.max_lag as f64 / SECOND_NS as f64;
    let request = Request {
        with,
        rows,
        max_lag: frame.rows_of_seconds(seconds),
        clock_error_ns: Vec::new(),
    };
    let found = workflow::correlate::correlate(&joined, request);
    let document = Document {
        head: Head::THIS,
        with: &command.with,
        max_lag_seconds: found.max_lag as f64 * frame.step_seconds(),
        tested: found.tested,
        pairs: found.pairs.iter().map(Row::of).collect(),
    };
    super::print(command.source.json.into(), &document, || {
        text(command, frame, &found)
    })?;
    Ok(super::outcome(&input))
}

impl<'a> Row<'a> {
    fn of(pair: &'a analysis::correlate::Pair) -> Self {
        Self {
            series: &pair.series,
            r: pair.r,
            lag_seconds: pair.lag_seconds,
            lag_interval: pair.lag_interval.into(),
            q_value: pair.q_value,
            sign: pair.sign(),
            rows: pair.rows,
        }
    }
}

fn text(command: &Correlate, frame: &Frame, found: &Correlation) -> String {
    let mut text = format!(
        "{} of {} series move together with {} within {} (at most {:.0} % of them by chance)\n",
        found.pairs.len(),
        found.tested,
        command.with,
        duration_text(found.max_lag as f64 * frame.step_seconds()),
        FALSE_DISCOVERIES * 100.0
    );
    for pair in found.pairs.iter().take(SHOWN) {
        let (lo, hi) = pair.lag_interval;
        let order = if hi < 0.0 {
            "moves first"
        } else if lo > 0.0 {
            "follows"
        } else {
            "at the same time, as far as can be told"
        };
        text += &format!(
            "  {:+.2}  lag {} ({} to {})  {}  {order}\n",
            pair.r,
            duration_text(pair.lag_seconds),
            duration_text(lo),
            duration_text(hi),
            pair.series
        );
    }
    match found.pairs.len().saturating_sub(SHOWN) {
        0 => text,
        more => text + &format!("and {more} more: --json lists them\n"),
    }
}
