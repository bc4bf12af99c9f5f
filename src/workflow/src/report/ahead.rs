//! Where series are heading, and what comes next.
//!
//! Start at [`trends`] and [`outlook`].

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use analysis::change::{Change, Changes};
use analysis::forecast::{self, Bounds, Setup};
use analysis::frame::{Frame, Line};
use analysis::limit::Side;
use analysis::trend::{Direction, Limit, Trend, Until};
use analysis::{change, limit, overview, trend};
use model::catalog::Kind;
use model::columns::Column;
use model::report::Draft;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use model::told;
use report::chart::{ChartInput, Style};
use report::input::{OutlookInput, OutlookRow, TrendRow, TrendsInput};

use crate::input::{HostFrame, Input};
use crate::jobs::Context;
use crate::problem::Problem;
use crate::spread;
use crate::stored::Stored;

/// Series looked at between two looks at the wish to stop.
const LINES_AT_ONCE: usize = 32;

/// Trends that are drawn, at most.
const DRAWN_MAX: usize = 6;

/// Series that are forecast, at most: resources and services before others.
const FORECAST_MAX: usize = 40;

/// A forecast reaches so far, as a share of what was recorded.
const HORIZON_SHARE: usize = 4;

/// Rows of a forecast, at most.
const HORIZON_MAX: usize = 600;

/// The band is to hold this share of what comes.
const LEVEL: f64 = 0.95;

/// A chart shows so many times the horizon of the past.
const PAST_HORIZONS: usize = 3;

/// The trends and changes that are worth telling, as `kymo trend` and `kymo changes` tell
/// them, of the series that the draft speaks of; the strongest first. `notes` get the rule
/// and what is left out by it.
pub(super) fn trends(
    stored: &Stored,
    (input, draft, notes): (&Input, &Draft, &mut Vec<String>),
    context: &Context,
) -> Result<TrendsInput, Problem> {
    let mut found = Vec::new();
    for host in covered(input, draft) {
        let frame = timeless(&host.frame);
        let trends = trends_of(&host.host, &frame);
        found.extend(spread::over(
            (frame.lines.len(), LINES_AT_ONCE),
            ("report", context),
            |part| looks(&host.host, (&frame, part.clone()), &trends[part]),
        )?);
    }
    notes.extend(rule_told(&found));
    let looked_at = found.len();
    let kept = found.into_iter().map(|it| it.row);
    let mut rows: Vec<TrendRow> = kept.filter(says_something).collect();
    rows.sort_by(|a, b| {
        let strength = |it: &TrendRow| (rank(&it.trend), moved(&it.trend));
        let (one, other) = (strength(a), strength(b));
        let order = other.0.cmp(&one.0).then(other.1.total_cmp(&one.1));
        order.then_with(|| a.key.cmp(&b.key))
    });
    let going = rows.iter().filter(|it| rank(&it.trend) > 0);
    let keys: Vec<SeriesKey> = going.take(DRAWN_MAX).map(|it| it.key.clone()).collect();
    let known: Vec<SeriesKey> = keys
        .into_iter()
        .filter(|key| stored.series().iter().any(|it| it.key == *key))
        .collect();
    let columns = stored.columns(&known, Some(input.span()))?;
    let charts = known.iter().zip(columns).map(|(key, column)| ChartInput {
        title: told::of(key),
        host: key.host.clone(),
        style: Style::Lines,
        ceiling: None,
        lines: vec![(key.column(), column)],
        band: None,
        window: None,
    });
    Ok(TrendsInput {
        charts: charts.collect(),
        rows,
        looked_at,
    })
}

fn says_something(row: &TrendRow) -> bool {
    row.trend.slope.is_some() || !row.changes.is_empty()
}

/// By which rule series count, and what is left out.
fn rule_told(found: &[Look]) -> Vec<String> {
    let mut notes = vec![
        "A series grows or falls here by the rule of kymo trend: where chance makes such a \
         trend in at most 0.1 % of the cases, and it moved by 10 % of its level or more, or \
         comes to a limit."
            .to_owned(),
    ];
    let slight: usize = found.iter().map(|it| it.slight).sum();
    if slight > 0 {
        let changes = match slight {
            1 => "1 change is".to_owned(),
            _ => format!("{slight} changes are"),
        };
        notes.push(format!(
            "{changes} left out: by less than 10 % of the level, made by chance in more than \
             0.1 % of the cases, or beyond the heaviest 3 of a series."
        ));
    }
    let full = found.iter().filter(|it| it.full);
    notes.extend(full.map(|it| format!("{} is at its limit.", told::of(&it.row.key))));
    notes
}

fn covered<'a>(input: &'a Input, draft: &'a Draft) -> impl Iterator<Item = &'a HostFrame> {
    let frames = input.frames.iter();
    frames.filter(|it| it.host.is_empty() || draft.covers(&it.host))
}

/// What was seen of one series.
struct Look {
    row: TrendRow,
    /// Changes that are not worth telling.
    slight: usize,
    /// Whether it grows at a limit that it has reached.
    full: bool,
}

/// A frame without what only tells how late it is.
fn timeless(frame: &Frame) -> Frame {
    let lines = frame.lines.iter().filter(|it| !is_clock(&it.series.key));
    Frame {
        at: Arc::clone(&frame.at),
        step_ns: frame.step_ns,
        lines: lines.cloned().collect(),
    }
}

/// The trend of each series of a frame; those that are not worth telling are left open.
fn trends_of(host: &str, frame: &Frame) -> Vec<Trend> {
    let mut trends = trend::of_frame(frame);
    for (line, trend) in frame.lines.iter().zip(&mut trends) {
        trend.limit = trend
            .limit
            .take()
            .filter(|it| matters(it, &line.series.key));
    }
    let told = trend::findings(host, frame, &trends);
    let told: HashSet<&String> = told.iter().flat_map(|it| &it.series).collect();
    let lines = frame.lines.iter().zip(trends);
    let trends = lines.map(|(line, trend)| match told.contains(&line.name) {
        true => trend,
        false => open(trend),
    });
    trends.collect()
}

fn looks(host: &str, (frame, part): (&Frame, Range<usize>), trends: &[Trend]) -> Vec<Look> {
    let part = Frame {
        at: Arc::clone(&frame.at),
        step_ns: frame.step_ns,
        lines: frame.lines[part].to_vec(),
    };
    let changes = change::of_frame(&part);
    let notable = notable(host, &part, &changes);
    let lines = part.lines.iter().zip(trends).zip(&changes);
    let looks = lines.map(|((line, trend), known)| {
        let all = known.changes.iter().map(|it| (frame.moment(it.row), *it));
        let told = all.filter(|(at, it)| {
            it.shift != (0.0, 0.0) && notable.contains(&place(&line.name, (*at, it.kind)))
        });
        let told: Vec<(Moment, Change)> = told
            .map(|(at, it)| (at, possible(it, &line.series)))
            .collect();
        let limit = trend.limit.clone();
        Look {
            slight: known.changes.len() - told.len(),
            full: limit.as_ref().is_some_and(is_reached),
            row: TrendRow {
                key: line.series.key.clone(),
                unit: line.series.unit.clone(),
                trend: Trend {
                    limit: limit.filter(|it| !is_reached(it)),
                    ..trend.clone()
                },
                changes: told,
            },
        }
    });
    looks.collect()
}

/// Whether a series only tells how late it is: it always grows, by a second a second.
fn is_clock(key: &SeriesKey) -> bool {
    key.metric.rsplit('.').next() == Some("uptime")
}

/// Whether running into a limit means anything: all of something being idle does not.
fn matters(limit: &Limit, key: &SeriesKey) -> bool {
    let spare = key
        .attribute("state")
        .is_some_and(|it| matches!(it, "idle" | "free"));
    !spare || limit.side == Side::Lower
}

fn is_reached(limit: &Limit) -> bool {
    matches!(limit.until, Until::Seconds { lo, hi: Some(hi) } if lo <= 0.0 && hi <= 0.0)
}

/// A trend that is not told: it goes nowhere that can be told.
fn open(trend: Trend) -> Trend {
    Trend {
        slope: None,
        relative_per_second: None,
        season: None,
        limit: None,
        ..trend
    }
}

/// A change of a series, by which it is found again among findings.
fn place(name: &str, (at, kind): (Moment, change::Kind)) -> (String, String, &'static str) {
    (name.to_owned(), at.to_string(), kind.name())
}

/// The changes that are worth telling, by the rule of findings.
fn notable(
    host: &str,
    frame: &Frame,
    changes: &[Changes],
) -> HashSet<(String, String, &'static str)> {
    let mut found = HashSet::new();
    for it in change::told(host, frame, changes) {
        let finding = it.finding;
        let at = finding.parameters.iter().find(|(key, _)| key == "at");
        let kind = change::Kind::ALL
            .iter()
            .find(|it| it.name() == finding.kind);
        if let (Some((_, at)), Some(kind)) = (at, kind) {
            let names = finding.series.iter();
            found.extend(names.map(|name| (name.clone(), at.clone(), kind.name())));
        }
    }
    found
}

/// A change whose shift is within what the series can move at all.
fn possible(change: Change, series: &Series) -> Change {
    let of_one = series.key.metric == "system.cpu.time" && series.key.attribute("cpu").is_some();
    let highest = match of_one {
        true => 1.0,
        false => limit::highest(series),
    };
    let (lo, hi) = change.shift;
    Change {
        shift: (lo.max(-highest), hi.min(highest)),
        ..change
    }
}

/// Whether a trend goes somewhere, and whether to a limit.
fn rank(trend: &Trend) -> u8 {
    let going = trend.direction() != Direction::Unknown;
    let reached = trend
        .limit
        .as_ref()
        .is_some_and(|it| it.until != Until::Never);
    u8::from(going) + u8::from(going && reached)
}

/// How far the level moved over the recording, as a share of it.
fn moved(trend: &Trend) -> f64 {
    let slope = trend.slope.map_or(0.0, |it| it.per_second.abs());
    let moved = slope * trend.history.seconds();
    let share = moved / trend.level.abs().max(moved);
    if share.is_finite() { share } else { 0.0 }
}

/// Forecasts of what matters most: use of resources, what services do for their users,
/// then the rest.
pub(super) fn outlook(
    (input, draft, window): (&Input, &Draft, Span),
    context: &Context,
) -> Result<OutlookInput, Problem> {
    let mut chosen: Vec<(u8, &HostFrame, &Line)> = covered(input, draft)
        .flat_map(|host| host.frame.lines.iter().map(move |line| (host, line)))
        .filter_map(|(host, line)| Some((class(&line.series)?, host, line)))
        .collect();
    chosen.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.2.name.cmp(&b.2.name)));
    chosen.truncate(FORECAST_MAX);
    let rows = chosen.first().map_or(0, |it| it.1.frame.rows());
    let horizon = (rows / HORIZON_SHARE).clamp(1, HORIZON_MAX);
    let step_seconds = chosen.first().map_or(1.0, |it| it.1.frame.step_seconds());
    let mut found = spread::over((chosen.len(), 1), ("report", context), |part| {
        let part = chosen[part].iter();
        part.filter_map(|(_, host, line)| row(&host.frame, line, (horizon, window)))
            .collect()
    })?;
    // Those that are expected to leave what they were lately come first.
    found.sort_by(|a: &OutlookRow, b| {
        let order = leaves(b).total_cmp(&leaves(a));
        order.then(moves(b).cmp(&moves(a)))
    });
    Ok(OutlookInput {
        looked_at: chosen.len(),
        rows: found,
        level: LEVEL,
        horizon_seconds: horizon as f64 * step_seconds,
    })
}

/// How much a series matters for an outlook; `None` where a forecast says nothing.
fn class(series: &Series) -> Option<u8> {
    let metric = series.key.metric.as_str();
    if series.kind != Kind::Gauge && series.key.host.is_empty() {
        return Some(3);
    }
    match metric {
        _ if overview::watches(&series.key) => Some(0),
        "service.request.throughput" | "service.request.duration.p95" => Some(1),
        _ if metric.starts_with("system.") && metric.ends_with(".usage") => Some(2),
        _ if series.key.host.is_empty() => Some(3),
        _ => None,
    }
}

fn row(frame: &Frame, line: &Line, (horizon, window): (usize, Span)) -> Option<OutlookRow> {
    let setup = Setup {
        horizon,
        level: LEVEL,
        period: None,
        step_seconds: frame.step_seconds(),
        bounds: Bounds::NONE,
    };
    let forecast = forecast::of_line(frame, line, &setup);
    forecast.mean.last().filter(|it| it.is_finite())?;
    let rows = frame.rows();
    let from = rows.saturating_sub(horizon * PAST_HORIZONS);
    let series = &line.series;
    let column = |at: Vec<i64>, values: Vec<f64>| Column {
        series: series.clone(),
        at: at.into(),
        values: values.into(),
    };
    let past_at: Vec<i64> = (from..rows).map(|it| frame.moment(it).0).collect();
    let ahead: Vec<i64> = (0..horizon).map(|it| ahead(frame, it).0).collect();
    let start = Moment(*past_at.first()?);
    let shown = Span {
        from: start.max(window.from.min(start)),
        to: Moment(ahead.last()?.saturating_add(frame.step_ns)),
    };
    Some(OutlookRow {
        key: series.key.clone(),
        unit: series.unit.clone(),
        step_seconds: frame.step_seconds(),
        chart: ChartInput {
            title: told::of(&series.key),
            host: series.key.host.clone(),
            style: Style::Lines,
            ceiling: None,
            lines: vec![
                (
                    "recorded".to_owned(),
                    column(past_at, line.values[from..].to_vec()),
                ),
                (
                    "expected".to_owned(),
                    column(ahead.clone(), forecast.mean.clone()),
                ),
            ],
            band: Some(Box::new([
                column(ahead.clone(), forecast.lo.clone()),
                column(ahead, forecast.hi.clone()),
            ])),
            window: Some(shown),
        },
        forecast,
    })
}

/// When a row after the last is.
fn ahead(frame: &Frame, row: usize) -> Moment {
    let step = frame
        .step_ns
        .saturating_mul(i64::try_from(row).unwrap_or(i64::MAX));
    frame.moment(frame.rows()).plus_ns(step)
}

/// Whether a series ever changed: what never did is drawn last.
fn moves(row: &OutlookRow) -> bool {
    let past = row.chart.lines.first();
    past.is_some_and(|(_, past)| {
        let mut numbers = past.values.iter().filter(|it| it.is_finite());
        let first = numbers.next();
        numbers.any(|it| Some(it) != first)
    })
}

/// How far the band at the end lies beyond the last values, in its own width.
fn leaves(row: &OutlookRow) -> f64 {
    let end = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
    let (lo, hi) = (end(&row.forecast.lo), end(&row.forecast.hi));
    let Some((_, past)) = row.chart.lines.first() else {
        return 0.0;
    };
    let numbers = past.values.iter().filter(|it| it.is_finite());
    let (least, most) = numbers.fold((f64::MAX, f64::MIN), |(least, most), it| {
        (least.min(*it), most.max(*it))
    });
    let beyond = (lo - most).max(least - hi).max(0.0);
    let better = row
        .forecast
        .backtest
        .is_some_and(|it| it.better_than_last_value());
    let width = (most - least).max(f64::MIN_POSITIVE);
    match (better, beyond / width) {
        (true, share) if share.is_finite() => share,
        _ => 0.0,
    }
}
