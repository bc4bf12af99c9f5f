//! Questions put to the analyses: what limits, what comes next, what moves together.
//!
//! A question is a job of its own over the series that [`crate::insight`] has read;
//! its answer is shown until another one is asked for or another session is looked
//! at. An answer to an older question is dropped.
//!
//! Start at [`Inquiries`] and [`Inquiry`].

pub mod forecast;
pub mod limits;
pub mod own;
pub mod plan;
pub mod report;
pub mod services;
pub mod together;

use ::report::own::Own;
use analysis::correlate::LagPoint;
use model::finding::Finding;
use workflow::problem::{Problem, Sort};

use crate::tasks::{Generation, Ticket, Work};

/// What is asked, by screen.
#[derive(Default)]
pub struct Inquiries {
    /// What limits.
    pub limits: limits::Question,
    /// What comes next of one series.
    pub forecast: forecast::Question,
    /// What comes next of all.
    pub forecasts: forecast::Table,
    /// What moves together with a series.
    pub together: together::Question,
    /// How a pair correlates at every lag.
    pub lags: together::Lags,
    /// What services do.
    pub services: services::Question,
    /// Why one of them was slow.
    pub why: services::Why,
    /// The model of the session, for a plan.
    pub plan: plan::Question,
    /// Intervals of a plan.
    pub interval: plan::Interval,
    /// How earlier predictions came out.
    pub scores: plan::Scores,
    /// What came of a plan.
    pub verdict: plan::Outcomes,
    /// A report before it is written.
    pub report: report::Question,
    /// Whether a finished report is what the session gives.
    pub checked: report::Checks,
    /// How well Kymo itself does.
    pub own: own::Question,
}

/// What a job brings.
#[expect(clippy::large_enum_variant, reason = "it is always sent in a box")]
pub enum Answer {
    /// What limits.
    Limits(u64, Result<limits::Judged, Problem>),
    /// What comes next of one series.
    Forecast(u64, Result<forecast::One, Problem>),
    /// What comes next of some series.
    Forecasts(u64, Result<Vec<forecast::Entry>, Problem>),
    /// What moves together with a series.
    Together(u64, Result<together::Found, Problem>),
    /// How a pair correlates at every lag.
    Lags(u64, Vec<LagPoint>),
    /// What services do.
    Services(u64, Result<services::Seen, Problem>),
    /// Why one of them was slow.
    Why(u64, Result<Vec<Finding>, Problem>),
    /// The model of the session.
    Plan(u64, Result<plan::Found, Problem>),
    /// Intervals of a plan.
    Interval(u64, plan::Predicted),
    /// The ledger of earlier predictions.
    Book(u64, Result<plan::Book, Problem>),
    /// What came of a plan.
    Verdict(u64, Result<plan::Concluded, Problem>),
    /// A report before it is written.
    Report(
        u64,
        Result<std::sync::Arc<::report::document::Document>, Problem>,
    ),
    /// Whether a finished report is what the session gives.
    Checked(
        u64,
        Result<(String, workflow::report::verify::Verified), Problem>,
    ),
    /// How well Kymo itself does.
    Own(u64, Result<Own, Problem>),
}

/// How far a question is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    /// Agents are looked at: a recording is needed.
    Live,
    /// Agents are looked at and recorded.
    Recording,
    /// Nothing was asked yet.
    #[default]
    Idle,
    /// The series are being read.
    Reading,
    /// It is being computed; the share that is done, when that is known.
    Running(Option<f32>),
    /// It was computed, cancelled (with or without an older answer), or never will be.
    Over,
}

/// One question: what was asked last, its answer and its job.
pub struct Inquiry<Q, A> {
    asked: Option<Q>,
    answer: Option<A>,
    trouble: Option<String>,
    ticket: Option<Ticket>,
    number: u64,
    version: u64,
}

impl<Q, A> Default for Inquiry<Q, A> {
    fn default() -> Self {
        Self {
            asked: None,
            answer: None,
            trouble: None,
            ticket: None,
            number: 0,
            version: 0,
        }
    }
}

impl Inquiries {
    /// Forgets everything: something else is looked at.
    pub fn reset(&mut self) {
        self.limits.reset();
        self.forecast.reset();
        self.forecasts.reset();
        self.together.reset();
        self.lags.reset();
        self.services.reset();
        self.why.reset();
        self.plan.reset();
        self.interval.reset();
        self.scores.reset();
        self.verdict.reset();
        self.report.reset();
        self.checked.reset();
        self.own.reset();
    }

    /// Takes in what a job brings.
    pub fn accept(&mut self, answer: Answer, with: (Generation, &mut Work)) {
        match answer {
            Answer::Limits(number, result) => self.limits.accept(number, result),
            Answer::Forecast(number, result) => self.forecast.accept(number, result),
            Answer::Forecasts(number, result) => self.forecasts.accept((number, result), with),
            Answer::Together(number, result) => self.together.accept(number, result),
            Answer::Lags(number, points) => self.lags.accept(number, Ok(points)),
            Answer::Services(number, seen) => self.services.accept(number, seen),
            Answer::Why(number, found) => self.why.accept(number, found),
            Answer::Plan(number, found) => self.plan.accept(number, found),
            Answer::Interval(number, found) => self.interval.accept(number, Ok(found)),
            Answer::Book(number, book) => self.scores.accept(number, book),
            Answer::Verdict(number, verdict) => self.verdict.accept(number, verdict),
            Answer::Report(number, made) => self.report.accept(number, made),
            Answer::Checked(number, found) => self.checked.accept(number, found),
            Answer::Own(number, own) => self.own.accept(number, own),
        }
    }
}

impl<Q, A> Inquiry<Q, A> {
    /// What was asked last.
    pub fn asked(&self) -> Option<&Q> {
        self.asked.as_ref()
    }

    /// The last answer.
    pub fn answer(&self) -> Option<&A> {
        self.answer.as_ref()
    }

    /// The same, to take something out of it.
    pub fn answer_mut(&mut self) -> Option<&mut A> {
        self.answer.as_mut()
    }

    /// The answer to what was asked last; none while that is computed.
    pub fn current_answer(&self) -> Option<&A> {
        self.answer.as_ref().filter(|_| self.ticket.is_none())
    }

    /// Raised when the answer changes.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Why there is no answer to the last question.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// How far its job is; `None` when it has none.
    pub fn running(&self, work: &Work) -> Option<Stage> {
        let ticket = self.ticket.filter(|it| work.runs(*it))?;
        Some(Stage::Running(work.fraction(ticket)))
    }

    /// Forgets question and answer; versions only ever rise.
    pub fn reset(&mut self) {
        *self = Self {
            number: self.number + 1,
            version: self.version + 1,
            ..Self::default()
        };
    }

    /// Notes a question, stops the one before, and gives the number for its answer.
    pub fn ask(&mut self, question: Q, work: &Work) -> u64 {
        self.cancel(work);
        self.asked = Some(question);
        self.trouble = None;
        self.number += 1;
        self.number
    }

    /// Notes the job that answers; without one, that there is too much to do.
    pub fn started(&mut self, ticket: Option<Ticket>) {
        if ticket.is_none() {
            self.trouble =
                Some("too much else is being computed; ask again in a moment".to_owned());
        }
        self.ticket = ticket;
    }

    /// Takes in an answer, unless something else was asked since.
    pub fn accept(&mut self, number: u64, result: Result<A, Problem>) {
        if number != self.number {
            return;
        }
        self.ticket = None;
        match result {
            Ok(answer) => {
                self.answer = Some(answer);
                self.version += 1;
            }
            Err(problem) if problem.sort == Sort::Cancelled => {
                self.trouble = Some("It was cancelled.".to_owned());
            }
            Err(problem) => self.trouble = Some(format!("{}: {}", problem.what, problem.why)),
        }
    }

    /// Stops the job; the last answer stays.
    pub fn cancel(&self, work: &Work) {
        if let Some(Ticket(pool, id)) = self.ticket {
            work.cancel(pool, id);
        }
    }
}
