//! What comes next: a forecast with its band and its back-test.
//!
//! Simple methods compete on the series' own past; an average of those that did
//! well is the forecast. The band is what the errors of the same average have
//! been, from many earlier rows, and so is the back-test that is shown beside it.
//!
//! * In: one value a row, `NaN` for a gap, and how many rows to go on.
//! * Out: mean and band for each row after the last, the model's name, the period
//!   and the back-test.
//! * Never: fills a gap, draws a random number, or claims to be better than the last
//!   value where the past does not say so.
//!
//! Start at [`of_values`] or [`of_frame`].

mod band;
mod candidate;
mod contest;
mod correction;
mod findings;
mod history;
mod limit;
mod profile;
mod season;
mod smoothing;

use band::Band;
use candidate::{Candidate, Origins};
use contest::Contest;
use history::History;

pub use findings::{findings, of_series};
pub use limit::{Limit, Met};

use crate::frame::{Frame, Line};
use crate::stats::{chance, order};

/// The longest horizon in rows: beyond, a band says nothing any more.
pub const HORIZON_MAX: usize = 100_000;

/// Forecasts are tried from so many earlier rows.
const ORIGINS_MAX: usize = 24;

/// With fewer origins than this their distance is shortened.
const ORIGINS_WANTED: usize = 12;

/// With fewer origins than this nothing is weighed.
const ORIGINS_MIN: usize = 3;

/// A method is tried on at least this many earlier rows.
const LEARNED_MIN: usize = 5;

/// Rows ahead that are tried, at most: 24 origins of 20 candidates stay below 10 MiB.
const TRIED_MAX: usize = 2_000;

/// An error above this share of the last value's is not better: the difference is chance.
const BETTER_MAX: f64 = 0.98;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Rows to forecast, at most [`HORIZON_MAX`].
    pub horizon: usize,
    /// Share of the values that the band is to hold, 0 to 1 (both outside).
    pub level: f64,
    /// The period in rows; found in the past without it.
    pub period: Option<usize>,
    /// Length of a row in seconds, which says how long a minute or a day is.
    pub step_seconds: f64,
    /// Values that the quantity cannot leave.
    pub bounds: Bounds,
}

/// Values that a quantity cannot leave, in its unit; infinite where it can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Smallest possible value.
    pub lo: f64,
    /// Largest possible value.
    pub hi: f64,
}

/// A forecast of one series, in the unit of the series.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The value expected for each row after the last; `NaN` where nothing is known.
    pub mean: Vec<f64>,
    /// Lower edge of the band; `NaN` where it is not known.
    pub lo: Vec<f64>,
    /// Upper edge of the band; `NaN` where it is not known.
    pub hi: Vec<f64>,
    /// What the forecast is made of, for people.
    pub model: String,
    /// The strongest period in rows.
    pub period: Option<usize>,
    /// How forecasts from earlier rows did; none when the past is too short to try.
    pub backtest: Option<Backtest>,
}

/// How forecasts from earlier rows did, each made of what was known before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// Mean absolute error over the mean absolute difference of values a period (or a
    /// row) apart; `NaN` where these do not differ.
    pub mase: f64,
    /// Share of the values that were inside the band.
    pub coverage: f64,
    /// Mean absolute error over that of the last value repeated; below one is better.
    pub to_last_value: f64,
    /// Mean absolute error, in the unit of the series.
    pub error: f64,
    /// Rows that forecasts were tried from.
    pub origins: usize,
    /// Rows ahead that were tried.
    pub horizon: usize,
}

impl Backtest {
    /// Whether forecasts from earlier rows were nearer than the last value repeated.
    pub fn better_than_last_value(&self) -> bool {
        self.to_last_value < BETTER_MAX
    }

    /// The back-test in words, for a place in a sentence.
    pub fn sentence(&self, level: f64) -> String {
        let held = format!(
            "the {:.0} % band held {:.0} % of the values",
            100.0 * level,
            100.0 * self.coverage
        );
        if !self.better_than_last_value() {
            return format!("not better than the last value; {held}");
        }
        format!(
            "back-test: {:.0} % of the error of the last value, {held}",
            100.0 * self.to_last_value
        )
    }
}

impl Bounds {
    /// No bounds.
    pub const NONE: Self = Self {
        lo: f64::NEG_INFINITY,
        hi: f64::INFINITY,
    };

    /// The bounds of a series, by what it measures.
    pub fn of(line: &Line) -> Self {
        Self {
            hi: crate::limit::highest(&line.series),
            ..Self::NONE
        }
    }
}

/// Forecasts every series of a frame.
///
/// The setup's row length and bounds are those of the frame and its series.
pub fn of_frame(frame: &Frame, setup: &Setup) -> Vec<Forecast> {
    let lines = frame.lines.iter();
    lines.map(|line| of_line(frame, line, setup)).collect()
}

/// Forecasts one series of a frame; see [`of_frame`].
pub fn of_line(frame: &Frame, line: &Line, setup: &Setup) -> Forecast {
    of_values(&line.values, &setup.of_line(frame, line))
}

impl Setup {
    /// The same with the row length and bounds of a series.
    fn of_line(&self, frame: &Frame, line: &Line) -> Self {
        Self {
            step_seconds: frame.step_seconds(),
            bounds: Bounds::of(line),
            ..*self
        }
    }
}

/// Forecasts the rows after the last of `values` (one a row, `NaN` for a gap).
///
/// Without any number everything is `NaN`; with one number the band is. A series
/// that was never negative is not forecast to be, and none leaves its bounds unless
/// it did before. One that never varied is forecast to go on so, without a back-test.
pub fn of_values(values: &[f64], setup: &Setup) -> Forecast {
    let horizon = setup.horizon.min(HORIZON_MAX);
    let history = History::of(values);
    if !history.varies() {
        return finished(
            short(&history, horizon, setup.level),
            &history,
            setup.bounds,
        );
    }
    let periods = periods(&history, setup);
    let forecast = match origins(&history, &periods, horizon) {
        Some(origins) => weighed(&history, &periods, &origins, setup.level),
        None => short(&history, horizon, setup.level),
    };
    finished(forecast, &history, setup.bounds)
}

/// The forecast of a series whose expected values leave the range that `recent` gives for
/// its strongest period; `None` for all others, which costs a small part of a forecast.
fn leaving(
    values: &[f64],
    setup: &Setup,
    recent: impl Fn(Option<usize>) -> (f64, f64),
) -> Option<Forecast> {
    let history = History::of(values);
    if !history.varies() {
        return None;
    }
    let periods = periods(&history, setup);
    let origins = origins(&history, &periods, setup.horizon.min(HORIZON_MAX))?;
    let (lo, hi) = recent(periods.first().copied());
    let leaves = |path: &[f64]| {
        let mut path = path.iter().map(|it| it * history.size);
        path.any(|it| it < lo || it > hi)
    };
    // The average lies between what the methods say, so first only that is asked.
    let last = Origins {
        rows: vec![history.rows()],
        ..origins.clone()
    };
    let now = candidate::all(&history, &periods, &last);
    if !now.iter().flat_map(|it| &it.paths).any(|it| leaves(it)) {
        return None;
    }
    let candidates = candidate::all(&history, &periods, &origins);
    let contest = Contest::of(&history, &candidates, &origins);
    if !leaves(&contest.path) {
        return None;
    }
    let place = (&history, periods.as_slice(), &origins);
    let forecast = banded(place, &candidates, contest, setup.level);
    Some(finished(forecast, &history, setup.bounds))
}

/// The given period, or those that are found.
fn periods(history: &History, setup: &Setup) -> Vec<usize> {
    match setup.period {
        Some(period) if (2..history.rows()).contains(&period) => vec![period],
        Some(_) => Vec::new(),
        None => season::periods(history, setup.step_seconds),
    }
}

/// The rows to try forecasts from; `None` when the past is too short.
///
/// Origins are whole periods before the end where the past has enough of them, so
/// that errors are those of the same hour of the day.
fn origins(history: &History, periods: &[usize], horizon: usize) -> Option<Origins> {
    let rows = history.rows();
    let tried = horizon.min(TRIED_MAX).min(rows / 4);
    let cycle = periods.first().copied().unwrap_or(1);
    let first = (rows / 3).max((2 * cycle).min(rows / 2)).max(LEARNED_MIN);
    let last = rows.checked_sub(tried)?;
    let room = last.checked_sub(first)?;
    if tried == 0 || history.numbers() < 2 * LEARNED_MIN {
        return None;
    }
    let least = (tried / 2).max(room / ORIGINS_MAX).max(1);
    let whole = match periods.is_empty() {
        true => least,
        false => (tried / 2).max(1).div_ceil(cycle) * cycle,
    };
    let stride = match room / whole + 1 >= ORIGINS_WANTED {
        true => whole,
        false => (room / (ORIGINS_WANTED - 1)).max(1),
    };
    let count = (room / stride + 1).min(ORIGINS_MAX);
    if count < ORIGINS_MIN {
        return None;
    }
    let mut starts: Vec<usize> = (0..count).rev().map(|back| last - back * stride).collect();
    starts.push(rows);
    Some(Origins {
        rows: starts,
        tried,
        horizon,
    })
}

/// The forecast of a past that is long enough to try methods on it.
fn weighed(history: &History, periods: &[usize], origins: &Origins, level: f64) -> Forecast {
    let candidates = candidate::all(history, periods, origins);
    let contest = Contest::of(history, &candidates, origins);
    banded((history, periods, origins), &candidates, contest, level)
}

/// The forecast that a contest gives, with its band and back-test.
fn banded(
    (history, periods, origins): (&History, &[usize], &Origins),
    candidates: &[Candidate],
    contest: Contest,
    level: f64,
) -> Forecast {
    let errors: Vec<&[f64]> = contest.errors.iter().map(Vec::as_slice).collect();
    let learned = &errors[usize::from(errors.len() > ORIGINS_MIN)..];
    let mut forecast = Forecast {
        model: model(candidates, &contest),
        period: periods.first().copied(),
        backtest: backtest(history, periods, &contest, level),
        lo: vec![f64::NAN; origins.horizon],
        hi: vec![f64::NAN; origins.horizon],
        mean: contest.path,
    };
    if let Some(band) = Band::of(learned, level) {
        for ahead in 0..origins.horizon {
            // Beyond what was tried, errors are taken to grow as those of a walk do.
            let tried = ahead.min(origins.tried - 1);
            let grown = ((ahead + 1) as f64 / (tried + 1) as f64).sqrt();
            forecast.lo[ahead] = forecast.mean[ahead] - band.below[tried] * grown;
            forecast.hi[ahead] = forecast.mean[ahead] + band.above[tried] * grown;
        }
    }
    forecast
}

/// How the average did, by origins that had others before them; `None` where all of
/// those met gaps alone.
fn backtest(
    history: &History,
    periods: &[usize],
    contest: &Contest,
    level: f64,
) -> Option<Backtest> {
    let errors: Vec<&[f64]> = contest.errors.iter().map(Vec::as_slice).collect();
    let from = contest.from();
    let (mut inside, mut known) = (0, 0);
    for place in from.max(2)..errors.len() {
        if let Some(band) = Band::of(&errors[..place], level) {
            let (more, all) = band.covered(errors[place]);
            inside += more;
            known += all;
        }
    }
    if known == 0 {
        return None;
    }
    let error = contest.error();
    let scale = history.step(periods.first().copied().unwrap_or(1));
    Some(Backtest {
        mase: if scale > 0.0 { error / scale } else { f64::NAN },
        coverage: inside as f64 / known as f64,
        to_last_value: contest.to_last_value(),
        error,
        origins: errors.len() - from,
        horizon: errors.first().map_or(0, |it| it.len()),
    })
}

/// Names what carries most of the weight.
fn model(candidates: &[Candidate], contest: &Contest) -> String {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| {
        contest.weights[*b]
            .total_cmp(&contest.weights[*a])
            .then(a.cmp(b))
    });
    let named = order
        .iter()
        .filter(|it| contest.weights[**it] >= NAMED_WEIGHT);
    let named: Vec<&str> = named
        .take(NAMED_MAX)
        .map(|it| &candidates[*it].name[..])
        .collect();
    match named.as_slice() {
        [] => format!("average of {} methods", candidates.len()),
        some => some.join(" + "),
    }
}

/// Candidates with less weight are not named.
const NAMED_WEIGHT: f64 = 0.15;

/// So many candidates are named.
const NAMED_MAX: usize = 3;

/// The forecast of a past that is too short to try anything, or never varied: its last
/// value, and the spread of a walk with steps like those seen.
fn short(history: &History, horizon: usize, level: f64) -> Forecast {
    let numbers = order::numbers(&history.values);
    let steps: Vec<f64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let squares: Vec<f64> = steps.iter().map(|it| it * it).collect();
    let spread = order::mean(&squares).sqrt();
    let reach = chance::student_quantile(level, steps.len() as f64) * spread;
    let last = history.last(history.rows());
    let edge = |ahead: usize| reach * ((ahead + 1) as f64).sqrt();
    Forecast {
        mean: vec![last; horizon],
        lo: (0..horizon).map(|ahead| last - edge(ahead)).collect(),
        hi: (0..horizon).map(|ahead| last + edge(ahead)).collect(),
        model: match numbers.is_empty() {
            true => "nothing to learn from".to_owned(),
            false => "last value".to_owned(),
        },
        period: None,
        backtest: None,
    }
}

/// Keeps a forecast inside what is possible and undoes the history's scaling.
fn finished(mut forecast: Forecast, history: &History, bounds: Bounds) -> Forecast {
    let (least, most) = history.range();
    let size = history.size;
    let lo = match least >= 0.0 {
        true => 0.0,
        false => (bounds.lo / size).min(least),
    };
    let hi = (bounds.hi / size).max(most);
    if lo.is_nan() || hi.is_nan() {
        return forecast;
    }
    let all = [&mut forecast.mean, &mut forecast.lo, &mut forecast.hi];
    for value in all.into_iter().flatten() {
        *value = value.clamp(lo, hi) * size;
    }
    forecast
}
