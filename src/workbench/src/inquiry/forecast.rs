//! What comes next: the forecast of one series in full, and of all in a table.
//!
//! The table is computed in parts, so that its rows are there as they come and it can
//! be stopped.
//!
//! Start at [`ask`] and [`Table::begin`].

use std::ops::Range;
use std::sync::Arc;

use analysis::forecast::{self, Backtest, Bounds, Forecast, HORIZON_MAX, Limit, Met, Setup};
use analysis::frame::{Frame, Line};
use analysis::track::Track;
use model::columns::Column;
use model::series::SeriesKey;
use model::time::{Moment, SECOND_NS};
use model::unit::Unit;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::{Answer, Inquiry, Stage};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// Series whose forecasts come at once: a fraction of a second of work.
const PART: usize = 16;

/// How far and how sure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// How far ahead, in nanoseconds.
    pub ahead_ns: i64,
    /// Share of the values that the band is to hold, 0 to 1.
    pub level: f64,
}

/// The question about one series.
pub type Question = Inquiry<(SeriesKey, Reach), One>;

/// The forecast of one series.
#[derive(Debug)]
pub struct One {
    /// Its past, as drawn.
    pub track: Track,
    /// Moment of the last row.
    pub last_at: Moment,
    /// Distance of rows in nanoseconds.
    pub step_ns: i64,
    /// What comes next.
    pub forecast: Forecast,
    /// Share of the values that the band is to hold, 0 to 1.
    pub level: f64,
    /// What it cannot pass.
    pub limit: Option<(Limit, Met)>,
    /// What would have been forecast a horizon ago; none when the past is too short.
    pub fold: Option<Fold>,
}

/// The forecast of the last rows from what was known before them.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The last row that was known.
    pub from: Moment,
    /// What was forecast then.
    pub forecast: Forecast,
    /// Share of what came that was inside the band; `NaN` when nothing came.
    pub held: f64,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The series.
    pub key: SeriesKey,
    /// Its unit.
    pub unit: Unit,
    /// Its last value.
    pub last: f64,
    /// What is expected at the horizon, with the edges of the band.
    pub then: [f64; 3],
    /// Distance of rows in seconds.
    pub step_seconds: f64,
    /// When it meets its limit, if it has one.
    pub met: Option<Met>,
    /// How forecasts from earlier rows did.
    pub backtest: Option<Backtest>,
    /// What the forecast is made of.
    pub model: String,
}

/// The forecasts of all series, as far as they came.
#[derive(Default)]
pub struct Table {
    asked: Option<Reach>,
    input: Option<Arc<Input>>,
    entries: Vec<Entry>,
    /// Host, and its next series.
    next: (usize, usize),
    total: usize,
    ticket: Option<Ticket>,
    trouble: Option<String>,
    number: u64,
    version: u64,
}

/// Asks what comes next of one series.
pub fn ask(
    question: &mut Question,
    (input, key, reach): (&Arc<Input>, &SeriesKey, Reach),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask((key.clone(), reach), work);
    let (input, key) = (Arc::clone(input), key.clone());
    let job = work.start(Pool::Long, "forecasting", move |context| {
        let one = one(&input, (&key, reach), context);
        Outcome::Answered(generation, Box::new(Answer::Forecast(number, one)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}

pub(crate) fn one(
    input: &Input,
    (key, reach): (&SeriesKey, Reach),
    context: &Context,
) -> Result<One, Problem> {
    let (frame, line) = find(input, key)?;
    let setup = setup(frame, reach);
    let forecast = forecast::of_line(frame, line, &setup);
    if context.cancelled() {
        return Err(Problem::cancelled("forecast"));
    }
    let limit = Limit::of(frame, line).map(|it| (it, it.met_by(&forecast)));
    let column = Column {
        series: line.series.clone(),
        at: Arc::clone(&frame.at),
        values: Arc::clone(&line.values),
    };
    Ok(One {
        track: Track::whole(&column),
        last_at: frame.moment(frame.rows()),
        step_ns: frame.step_ns,
        fold: fold(frame, line, &setup),
        forecast,
        level: reach.level,
        limit,
    })
}

/// The frame and the line of a series.
fn find<'a>(input: &'a Input, key: &SeriesKey) -> Result<(&'a Frame, &'a Line), Problem> {
    let mut frames = input.frames.iter().map(|it| &it.frame);
    let found = frames.find_map(|frame| {
        let mut lines = frame.lines.iter();
        let line = lines.find(|line| line.series.key == *key)?;
        Some((frame, line))
    });
    found.ok_or_else(|| Problem {
        what: format!("could not forecast {key}"),
        why: "it is not among the series that the analyses look at".to_owned(),
        what_to_do: "choose another series".to_owned(),
        sort: Sort::Usage,
    })
}

fn setup(frame: &Frame, reach: Reach) -> Setup {
    let seconds = reach.ahead_ns as f64 / SECOND_NS as f64;
    Setup {
        horizon: frame.rows_of_seconds(seconds).min(HORIZON_MAX),
        level: reach.level,
        period: None,
        step_seconds: frame.step_seconds(),
        bounds: Bounds::NONE,
    }
}

/// The forecast that would have been made a horizon before the end.
fn fold(frame: &Frame, line: &Line, setup: &Setup) -> Option<Fold> {
    let known = frame.rows().checked_sub(setup.horizon)?;
    // Without a past as long as the horizon there is nothing to learn from.
    if known < setup.horizon.max(2) {
        return None;
    }
    let past = frame.slice(0..known);
    let cut = Line {
        values: line.values[..known].into(),
        ..line.clone()
    };
    let forecast = forecast::of_line(&past, &cut, setup);
    let came = line.values[known..].iter();
    let edges = forecast.lo.iter().zip(&forecast.hi);
    let judged = came.zip(edges).filter(|(value, _)| value.is_finite());
    let (mut inside, mut all) = (0.0, 0.0);
    for (value, (lo, hi)) in judged {
        all += 1.0;
        inside += f64::from(u8::from(lo <= value && value <= hi));
    }
    Some(Fold {
        from: frame.moment(known - 1),
        forecast,
        held: inside / all,
    })
}

impl Table {
    /// What was asked last.
    pub fn asked(&self) -> Option<Reach> {
        self.asked
    }

    /// The forecasts that came so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many there will be.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Raised when entries come or go.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Why there are not all.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// How far it is; `None` when nothing is computed.
    pub fn running(&self, work: &Work) -> Option<Stage> {
        self.ticket.filter(|it| work.runs(*it))?;
        let share = self.entries.len() as f32 / self.total.max(1) as f32;
        Some(Stage::Running(Some(share)))
    }

    /// Forgets everything; versions only ever rise.
    pub fn reset(&mut self) {
        *self = Self {
            number: self.number + 1,
            version: self.version + 1,
            ..Self::default()
        };
    }

    /// Stops; what came stays.
    pub fn cancel(&mut self, work: &Work) {
        if let Some(Ticket(pool, id)) = self.ticket.take() {
            work.cancel(pool, id);
            self.number += 1;
            self.trouble = Some("It was cancelled.".to_owned());
        }
    }

    /// Forecasts every series anew.
    pub fn begin(
        &mut self,
        (input, reach): (&Arc<Input>, Reach),
        (generation, work): (Generation, &mut Work),
    ) {
        self.cancel(work);
        self.reset();
        self.asked = Some(reach);
        self.total = input.frames.iter().map(|it| it.frame.lines.len()).sum();
        self.input = Some(Arc::clone(input));
        self.go_on((generation, work));
    }

    /// Starts the next part.
    fn go_on(&mut self, (generation, work): (Generation, &mut Work)) {
        let (Some(input), Some(reach)) = (self.input.clone(), self.asked) else {
            return;
        };
        let (host, from) = self.next;
        let Some(lines) = input.frames.get(host).map(|it| it.frame.lines.len()) else {
            self.input = None;
            return;
        };
        let part = from..(from + PART).min(lines);
        self.next = match part.end >= lines {
            true => (host + 1, 0),
            false => (host, part.end),
        };
        let number = self.number;
        let job = work.start(Pool::Long, "forecasting all series", move |context| {
            let found = entries(&input, (host, part), reach, context);
            Outcome::Answered(generation, Box::new(Answer::Forecasts(number, found)))
        });
        if job.is_none() {
            self.trouble = Some("too much else is being computed; ask again".to_owned());
        }
        self.ticket = job.map(|id| Ticket(Pool::Long, id));
    }

    /// Takes in a part and starts the next one.
    pub fn accept(
        &mut self,
        (number, result): (u64, Result<Vec<Entry>, Problem>),
        with: (Generation, &mut Work),
    ) {
        if number != self.number {
            return;
        }
        self.ticket = None;
        match result {
            Ok(found) => {
                self.entries.extend(found);
                self.version += 1;
                self.go_on(with);
            }
            Err(problem) => self.trouble = Some(format!("{}: {}", problem.what, problem.why)),
        }
    }
}

fn entries(
    input: &Input,
    (host, part): (usize, Range<usize>),
    reach: Reach,
    context: &Context,
) -> Result<Vec<Entry>, Problem> {
    let Some(of_host) = input.frames.get(host) else {
        return Ok(Vec::new());
    };
    let frame = &of_host.frame;
    let setup = setup(frame, reach);
    let forecasts = workflow::forecast::of_lines((frame, part.clone()), &setup, context)?;
    let lines = frame.lines.get(part).unwrap_or_default();
    let both = lines.iter().zip(forecasts);
    Ok(both.map(|(line, it)| entry(frame, line, it)).collect())
}

fn entry(frame: &Frame, line: &Line, forecast: Forecast) -> Entry {
    let end = |path: &[f64]| path.last().copied().unwrap_or(f64::NAN);
    let last = line.values.iter().rev().find(|it| it.is_finite());
    Entry {
        key: line.series.key.clone(),
        unit: line.series.unit.clone(),
        last: last.copied().unwrap_or(f64::NAN),
        then: [end(&forecast.mean), end(&forecast.lo), end(&forecast.hi)],
        step_seconds: frame.step_seconds(),
        met: Limit::of(frame, line).map(|it| it.met_by(&forecast)),
        backtest: forecast.backtest,
        model: forecast.model,
    }
}
