//! Says trends in plain sentences.
//!
//! Start at [`findings`].

use model::catalog::Polarity;
use model::finding::{self, Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::time::duration_text;

use super::{Direction, Limit, Slope, Trend, Until};
use crate::frame::{Frame, Line};
use crate::limit::Side;

/// A trend that chance makes more often than this is no finding.
const MOST_CHANCE: f64 = 1e-3;

/// A trend that moved the level by less than this share over the history is no finding.
const LEAST_SHARE: f64 = 0.1;

/// A limit this many spans of history away, or nearer, is urgent.
const SOON_SPANS: f64 = 1.0;

/// Less coverage than this makes every other sentence doubtful.
const POOR_COVERAGE: f64 = 0.9;

/// The findings of a frame, heaviest first.
pub(super) fn findings(host: &str, frame: &Frame, trends: &[Trend]) -> Vec<Finding> {
    let pairs = frame.lines.iter().zip(trends);
    let found = pairs.filter_map(|(line, trend)| of_series(host, line, trend));
    let mut found: Vec<Finding> = found.collect();
    finding::sort(&mut found);
    found
}

fn of_series(host: &str, line: &Line, trend: &Trend) -> Option<Finding> {
    let slope = trend.slope?;
    let span = trend.history.seconds();
    let moved = (slope.per_second * span).abs();
    let share = (moved / trend.level.abs().max(moved)).min(1.0);
    let reached = trend.limit.as_ref().and_then(reached);
    let sure = trend.p_value <= MOST_CHANCE && trend.direction() != Direction::Unknown;
    if !sure || (share < LEAST_SHARE && reached.is_none()) {
        return None;
    }
    let series = vec![line.name.clone()];
    let parameters = Vec::new();
    let question = Question {
        analysis: Analysis::Trend,
        series: &series,
        span: trend.history,
        parameters: &parameters,
    };
    let evidence = 1.0 - trend.p_value;
    let near = reached.map_or(0.0, |(soonest, _)| 1.0 / (1.0 + soonest / span.max(1.0)));
    Some(Finding {
        id: FindingId::of(&question),
        analysis: Analysis::Trend,
        kind: if reached.is_some() { "limit" } else { "slope" }.to_owned(),
        host: host.to_owned(),
        statement: statement(line, trend, slope),
        severity: severity(line, slope, reached, span),
        effect: Some(Estimate {
            value: slope.per_second,
            lo: slope.lo,
            hi: slope.hi,
            unit: line.series.unit.per_second(),
        }),
        evidence,
        weight: share.max(near) * evidence,
        coverage: trend.coverage,
        places: Vec::new(),
        learned: Some(trend.history),
        supports: supports(line, trend),
        against: against(trend),
        series,
        span: trend.history,
        parameters,
    })
}

/// Soonest and latest seconds until a limit that is reached within the horizon.
fn reached(limit: &Limit) -> Option<(f64, Option<f64>)> {
    match limit.until {
        Until::Never => None,
        Until::Seconds { lo, hi } => Some((lo, hi)),
    }
}

fn severity(line: &Line, slope: Slope, reached: Option<(f64, Option<f64>)>, span: f64) -> Severity {
    let worse = match line.series.polarity {
        Polarity::HigherIsWorse => slope.per_second > 0.0,
        Polarity::HigherIsBetter => slope.per_second < 0.0,
        Polarity::Neutral => false,
    };
    match reached {
        Some((_, Some(latest))) if latest <= SOON_SPANS * span => Severity::Severe,
        Some(_) => Severity::Warning,
        None if worse => Severity::Warning,
        None => Severity::Note,
    }
}

fn statement(line: &Line, trend: &Trend, slope: Slope) -> String {
    let unit = &line.series.unit;
    let verb = if slope.per_second > 0.0 {
        "grows"
    } else {
        "falls"
    };
    let per_hour = |value: f64| format!("{} an hour", unit.text(value * 3600.0));
    let mut text = format!(
        "{} {verb} by {} ({} to {})",
        line.told(),
        per_hour(slope.per_second.abs()),
        per_hour(slope.lo.abs().min(slope.hi.abs())),
        per_hour(slope.lo.abs().max(slope.hi.abs())),
    );
    match &trend.limit {
        Some(limit) => text.push_str(&format!(", {}.", until_text(limit, unit))),
        None => text.push('.'),
    }
    text
}

/// When a limit is reached, in words.
fn until_text(limit: &Limit, unit: &model::unit::Unit) -> String {
    let at = unit.text(limit.limit);
    let horizon = duration_text(limit.horizon_seconds);
    match limit.until {
        Until::Never => format!("and does not get to its limit of {at} within {horizon}"),
        Until::Seconds { lo, hi } if lo <= 0.0 && hi == Some(0.0) => {
            format!("and is at its limit of {at}")
        }
        Until::Seconds { lo, hi: Some(hi) } => format!(
            "and gets to its limit of {at} in {} to {}",
            duration_text(lo),
            duration_text(hi)
        ),
        Until::Seconds { lo, hi: None } => format!(
            "and gets to its limit of {at} in {} at the soonest, perhaps not within {horizon}",
            duration_text(lo)
        ),
    }
}

fn supports(line: &Line, trend: &Trend) -> Vec<String> {
    let mut supports = vec![format!(
        "A trend test that allows for the memory of the series gives p = {:.1e}.",
        trend.p_value
    )];
    if let Some(season) = trend.season {
        supports.push(format!(
            "A cycle of {}, {:.0} % of the movement, was removed first.",
            duration_text(season.period_seconds),
            season.strength * 100.0
        ));
    }
    if let Some(limit) = &trend.limit {
        let level = line.series.unit.text(trend.level);
        let share = trend.level / limit.limit;
        supports.push(match limit.side {
            Side::Upper if share.is_finite() => format!(
                "{level} is {:.0} % of the limit, which is known from {}.",
                share * 100.0,
                limit.source
            ),
            Side::Upper | Side::Lower => {
                let left = line.series.unit.text((trend.level - limit.limit).abs());
                format!(
                    "{left} is left to the limit, which is known from {}.",
                    limit.source
                )
            }
        });
    }
    supports
}

fn against(trend: &Trend) -> Vec<String> {
    let mut against = vec![format!(
        "It rests on {} of history and holds as long as nothing else changes.",
        duration_text(trend.history.seconds())
    )];
    if trend.coverage < POOR_COVERAGE {
        against.push(format!(
            "Only {:.0} % of the samples are there.",
            trend.coverage * 100.0
        ));
    }
    against
}
