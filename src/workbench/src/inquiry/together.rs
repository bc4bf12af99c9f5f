//! What moves together with a series, and how one pair correlates at every lag.
//!
//! Start at [`ask`] and [`Inquiries::ask_lags`].

use std::ops::Range;
use std::sync::Arc;

use analysis::correlate::{Correlation, LagPoint, Pair, Request};
use model::series::SeriesKey;
use model::time::{SECOND_NS, Span};
use workflow::explain::{Joined, joined};
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::{Answer, Inquiries, Inquiry};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The series that all others are compared with.
    pub key: SeriesKey,
    /// The window; `None` for everything.
    pub window: Option<Span>,
    /// The largest lag, in nanoseconds.
    pub max_lag_ns: i64,
}

/// The question.
pub type Question = Inquiry<Asked, Found>;

/// The question about one pair: of which answer, and with which series.
pub type Lags = Inquiry<(u64, SeriesKey), Vec<LagPoint>>;

/// The answer.
#[derive(Clone, Debug)]
pub struct Found {
    /// The series that all others were compared with.
    pub key: SeriesKey,
    /// All hosts on shared rows.
    pub joined: Arc<Joined>,
    /// What was found.
    pub correlation: Correlation,
}

impl Found {
    /// Every pair that was compared, those that survive first.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        let Correlation { pairs, rest, .. } = &self.correlation;
        pairs.iter().chain(rest)
    }

    /// The series of a pair that is not the one asked about.
    pub fn other(&self, pair: &Pair) -> Option<&SeriesKey> {
        let line = self.joined.frame.lines.get(pair.line)?;
        Some(&line.series.key)
    }

    /// Distance of rows in seconds.
    pub fn step_seconds(&self) -> f64 {
        self.joined.frame.step_seconds()
    }

    /// The stretch of time that was looked at.
    pub fn span(&self) -> Span {
        self.joined.frame.span_of(self.correlation.rows.clone())
    }
}

/// Asks what moves together with a series.
pub fn ask(
    question: &mut Question,
    (input, asked): (&Arc<Input>, Asked),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(asked.clone(), work);
    let input = Arc::clone(input);
    let job = work.start(
        Pool::Long,
        "looking for what moves together",
        move |context| {
            let found = found(&input, &asked, context);
            Outcome::Answered(generation, Box::new(Answer::Together(number, found)))
        },
    );
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}

fn found(input: &Input, asked: &Asked, context: &Context) -> Result<Found, Problem> {
    let joined = joined(input);
    let frame = &joined.frame;
    let place = frame.lines.iter();
    let place = place
        .map(|it| &it.series.key)
        .position(|it| *it == asked.key);
    let Some(with) = place else {
        return Err(Problem {
            what: format!("could not compare {}", asked.key),
            why: "it is not among the series that the analyses look at".to_owned(),
            what_to_do: "choose another series".to_owned(),
            sort: Sort::Usage,
        });
    };
    let rows: Range<usize> = match asked.window {
        Some(span) => frame.rows_in(span),
        None => 0..frame.rows(),
    };
    let request = Request {
        with,
        rows,
        max_lag: frame.rows_of_seconds(asked.max_lag_ns as f64 / SECOND_NS as f64),
        clock_error_ns: Vec::new(),
    };
    let correlation = workflow::correlate::correlate_in_job(&joined, request, context)?;
    Ok(Found {
        key: asked.key.clone(),
        joined: Arc::new(joined),
        correlation,
    })
}

impl Inquiries {
    /// Asks how the series of the last answer and another one correlate at every lag.
    pub fn ask_lags(&mut self, other: SeriesKey, (generation, work): (Generation, &mut Work)) {
        let version = self.together.version();
        let Some(found) = self.together.answer() else {
            return;
        };
        let lines = found.joined.frame.lines.iter();
        let Some(line) = lines.map(|it| &it.series.key).position(|it| *it == other) else {
            return;
        };
        let joined = Arc::clone(&found.joined);
        let Correlation {
            with,
            rows,
            max_lag,
            ..
        } = found.correlation.clone();
        let number = self.lags.ask((version, other), work);
        let job = work.start(Pool::Quick, "correlating at every lag", move |_| {
            let values = |line: usize| {
                let line = joined.frame.lines.get(line);
                line.and_then(|it| it.values.get(rows.clone()))
                    .unwrap_or_default()
            };
            let points = analysis::correlate::curve(values(with), values(line), max_lag);
            Outcome::Answered(generation, Box::new(Answer::Lags(number, points)))
        });
        self.lags.started(job.map(|id| Ticket(Pool::Quick, id)));
    }
}
