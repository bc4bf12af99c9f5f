//! `kymo trend`: slope, season and time to limit of each series.

use analysis::trend::{self, Limit, Trend, Until};
use serde::Serialize;
use workflow::problem::Problem;

use super::{Head, Source, opened, outcome, print};
use crate::failure::Answer;

/// `kymo trend`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    level: f64,
    series: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: String,
    slope_per_second: Option<f64>,
    slope_interval: Option<[f64; 2]>,
    relative_slope_per_second: Option<f64>,
    p_value: f64,
    season: Option<Season>,
    limit: Option<Reach>,
    coverage: f64,
    history: [String; 2],
}

#[derive(Serialize)]
struct Season {
    period_seconds: f64,
    strength: f64,
}

#[derive(Serialize)]
struct Reach {
    limit: f64,
    kind: &'static str,
    source: String,
    seconds: Seconds,
    horizon_seconds: f64,
}

/// An interval with an open end where the latest is beyond the horizon, or the
/// sentence that there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Seconds {
    Between { lo: f64, hi: Option<f64> },
    Never(&'static str),
}

impl Reach {
    fn of(limit: &Limit) -> Self {
        Self {
            limit: limit.limit,
            kind: limit.side.name(),
            source: limit.source.clone(),
            seconds: match limit.until {
                Until::Never => Seconds::Never("none within the horizon"),
                Until::Seconds { lo, hi } => Seconds::Between { lo, hi },
            },
            horizon_seconds: limit.horizon_seconds,
        }
    }
}

impl Entry {
    fn of(line: &analysis::frame::Line, trend: &Trend) -> Self {
        Self {
            name: line.name.clone(),
            unit: line.series.unit.code().to_owned(),
            slope_per_second: trend.slope.map(|it| it.per_second),
            slope_interval: trend.slope.map(|it| [it.lo, it.hi]),
            relative_slope_per_second: trend.relative_per_second,
            p_value: trend.p_value,
            season: trend.season.map(|it| Season {
                period_seconds: it.period_seconds,
                strength: it.strength,
            }),
            limit: trend.limit.as_ref().map(Reach::of),
            coverage: trend.coverage,
            history: [trend.history.from.to_string(), trend.history.to.to_string()],
        }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let input = opened(&arguments.source.input)?;
    let mut series = Vec::new();
    let mut text = String::new();
    for host in &input.frames {
        let trends = trend::of_frame(&host.frame);
        for finding in trend::findings(&host.host, &host.frame, &trends) {
            text.push_str(&format!("• {}\n", finding.statement));
        }
        let lines = host.frame.lines.iter().zip(&trends);
        series.extend(lines.map(|(line, trend)| Entry::of(line, trend)));
    }
    if text.is_empty() {
        text.push_str("No trend that is worth telling.\n");
    }
    let document = Document {
        head: Head::THIS,
        level: trend::LEVEL,
        series,
    };
    print(arguments.source.json.into(), &document, || text)?;
    Ok(outcome(&input))
}
