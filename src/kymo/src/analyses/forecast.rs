//! `kymo forecast`: what comes next, with the band and its back-test.

use analysis::forecast::{Backtest, Bounds, Forecast, HORIZON_MAX, Setup};
use analysis::frame::{Frame, Line};
use serde::Serialize;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::Problem;

use super::{Head, Source, opened, outcome, print};
use crate::failure::Answer;

/// `kymo forecast`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How many rows to forecast.
    #[arg(long, value_name = "ROWS", value_parser = horizon)]
    horizon: usize,
    /// Share of the values that the band is to hold, between 0.5 and 0.999.
    #[arg(long, default_value = "0.95", value_parser = level)]
    level: f64,
    /// The period in rows after which values repeat; found in the data without it.
    #[arg(long, value_name = "ROWS", value_parser = period)]
    period: Option<usize>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    horizon: usize,
    level: f64,
    series: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    mean: &'a [f64],
    lo: &'a [f64],
    hi: &'a [f64],
    model: &'a str,
    period: Option<usize>,
    backtest: Option<Tried>,
}

#[derive(Serialize)]
struct Tried {
    mase: f64,
    coverage: f64,
    to_last_value: f64,
    origins: usize,
    horizon: usize,
}

/// Forecasts every series of the input.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let input = opened(&arguments.source.input)?;
    let setup = Setup {
        horizon: arguments.horizon,
        level: arguments.level,
        period: arguments.period,
        step_seconds: 1.0,
        bounds: Bounds::NONE,
    };
    let forecasts = workflow::forecast::of_input(&input, &setup, &Context::default())?;
    let document = Document {
        head: Head::THIS,
        horizon: setup.horizon,
        level: setup.level,
        series: pairs(&input, &forecasts)
            .map(|(_, line, forecast)| entry(line, forecast))
            .collect(),
    };
    print(arguments.source.json.into(), &document, || {
        text(&input, &setup, &forecasts)
    })?;
    Ok(outcome(&input))
}

/// Every series with its forecast.
fn pairs<'a>(
    input: &'a Input,
    forecasts: &'a [Vec<Forecast>],
) -> impl Iterator<Item = (&'a Frame, &'a Line, &'a Forecast)> {
    let frames = input.frames.iter().zip(forecasts);
    frames.flat_map(|(host, forecasts)| {
        let lines = host.frame.lines.iter().zip(forecasts);
        lines.map(|(line, forecast)| (&host.frame, line, forecast))
    })
}

fn entry<'a>(line: &'a Line, forecast: &'a Forecast) -> Entry<'a> {
    let tried = |it: Backtest| Tried {
        mase: it.mase,
        coverage: it.coverage,
        to_last_value: it.to_last_value,
        origins: it.origins,
        horizon: it.horizon,
    };
    Entry {
        name: &line.name,
        mean: &forecast.mean,
        lo: &forecast.lo,
        hi: &forecast.hi,
        model: &forecast.model,
        period: forecast.period,
        backtest: forecast.backtest.map(tried),
    }
}

/// One line a series, then what the forecasts say.
fn text(input: &Input, setup: &Setup, forecasts: &[Vec<Forecast>]) -> String {
    let mut text = String::new();
    for (frame, line, forecast) in pairs(input, forecasts) {
        text.push_str(&sentence(frame, line, forecast, setup));
        text.push('\n');
    }
    let frames = input.frames.iter().zip(forecasts);
    let mut findings: Vec<_> = frames
        .flat_map(|(it, forecasts)| {
            analysis::forecast::findings(&it.host, &it.frame, setup, forecasts)
        })
        .collect();
    model::finding::sort(&mut findings);
    for finding in &findings {
        text.push_str(&format!("\n{}  {}", finding.id, finding.statement));
    }
    if !findings.is_empty() {
        text.push('\n');
    }
    text
}

/// What is expected next and at the horizon, by which method, and how it did before.
fn sentence(frame: &Frame, line: &Line, forecast: &Forecast, setup: &Setup) -> String {
    let unit = &line.series.unit;
    let (Some(next), Some(far)) = (forecast.mean.first(), forecast.mean.last()) else {
        return format!("{}: nothing asked", line.name);
    };
    if !next.is_finite() {
        return format!("{}: {}", line.name, forecast.model);
    }
    let edge = |edges: &[f64]| unit.text(edges.last().copied().unwrap_or(f64::NAN));
    let rows = i64::try_from(forecast.mean.len()).unwrap_or(i64::MAX);
    let end = frame
        .moment(frame.rows())
        .plus_ns(frame.step_ns.saturating_mul(rows));
    let back_test = match &forecast.backtest {
        Some(backtest) => backtest.sentence(setup.level),
        None => "too short to try".to_owned(),
    };
    let season = match forecast.period {
        Some(period) => format!(", period {period} rows"),
        None => String::new(),
    };
    format!(
        "{}: next {}, at {end} {} ({} to {}); {}{season}; {back_test}",
        line.name,
        unit.text(*next),
        unit.text(*far),
        edge(&forecast.lo),
        edge(&forecast.hi),
        forecast.model,
    )
}

fn horizon(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows) if (1..=HORIZON_MAX).contains(&rows) => Ok(rows),
        _ => Err(format!("want a number of rows from 1 to {HORIZON_MAX}")),
    }
}

fn level(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(level) if (0.5..=0.999).contains(&level) => Ok(level),
        _ => Err("want a share between 0.5 and 0.999, such as 0.95".to_owned()),
    }
}

fn period(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows) if rows >= 2 => Ok(rows),
        _ => Err("want a number of rows, at least 2".to_owned()),
    }
}
