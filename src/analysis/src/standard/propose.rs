//! Limits from a recording that went well.
//!
//! What is proposed is a percentile of the baseline, pushed out by a margin in robust
//! scales, so that the baseline itself keeps it and a few outliers do not set it.
//!
//! Start at [`rule`].

use model::catalog::Polarity;
use model::finding::Severity;
use model::series::Series;
use model::standard::{
    Bound, COVERAGE_LEAST, Presence, SAMPLES_LEAST, Statistic, Test, ThresholdRule,
};
use model::unit::digits;

use super::presence;
use crate::limit;
use crate::stats::order;

/// How far out a limit is put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin {
    /// Percentile of the baseline that the limit stands on; its mirror where less is worse.
    pub percent: f64,
    /// Robust standard deviations between the percentile and the limit.
    pub scales: f64,
    /// At least this share of the percentile between the two.
    pub share: f64,
    /// How long a value must be beyond.
    pub hold_s: f64,
}

impl Default for Margin {
    fn default() -> Self {
        Self {
            percent: 99.0,
            scales: 3.0,
            share: 0.1,
            hold_s: 10.0,
        }
    }
}

/// Why nothing is proposed for a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Neither more nor less of it is worse.
    Neutral,
    /// Too few samples.
    Few,
    /// It never moved, so a limit would be a guess.
    Still,
    /// Its usual values reach what it cannot exceed anyway.
    Full,
}

impl Refused {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Neutral => "neither more nor less of it is worse",
            Self::Few => "too few samples",
            Self::Still => "it never moved",
            Self::Full => "it usually is as high as it can be",
        }
    }
}

/// Proposes a rule for a series from its values, as drawn.
///
/// The rule asks for what was sustained; `clear` lies halfway between the percentile and
/// the limit.
///
/// # Errors
///
/// [`Refused`] where the baseline does not carry a limit.
pub fn rule(
    (id, series): (&str, &Series),
    values: &[f64],
    margin: Margin,
) -> Result<ThresholdRule, Refused> {
    let worse = match series.polarity {
        Polarity::HigherIsWorse => 1.0,
        Polarity::HigherIsBetter => -1.0,
        Polarity::Neutral => return Err(Refused::Neutral),
    };
    let mut numbers = order::numbers(values);
    if (numbers.len() as u64) < SAMPLES_LEAST {
        return Err(Refused::Few);
    }
    if !order::varies(&numbers) {
        return Err(Refused::Still);
    }
    let scale = order::scale(&numbers);
    let level = match worse > 0.0 {
        true => margin.percent / 100.0,
        false => 1.0 - margin.percent / 100.0,
    };
    let percentile = order::quantile_in(&mut numbers, level);
    let off = (margin.scales * scale).max(margin.share * percentile.abs());
    let highest = limit::highest(series);
    let outer = percentile + worse * off;
    if worse > 0.0 && percentile >= highest {
        return Err(Refused::Full);
    }
    let limit = rounded(outer.min(highest), worse);
    let limit = if worse < 0.0 && percentile >= 0.0 {
        limit.max(0.0)
    } else {
        limit
    };
    let bound = match worse > 0.0 {
        true => Bound::AtMost(limit),
        false => Bound::AtLeast(limit),
    };
    let middle = rounded((percentile + limit) / 2.0, -worse);
    let clear = if bound.holds(middle) { middle } else { limit };
    let unit = &series.unit;
    let baseline = format!(
        "p{} of the baseline was {} over {} samples; the limit lies {} beyond",
        digits(level * 100.0),
        unit.text(percentile),
        numbers.len(),
        unit.text((limit - percentile).abs())
    );
    Ok(ThresholdRule {
        id: id.to_owned(),
        title: format!(
            "{} {} {}",
            series.key.metric,
            bound.sign(),
            unit.text(limit)
        ),
        series: series.key.column(),
        unit: unit.code().to_owned(),
        test: Test::Level {
            statistic: Statistic::Sustained,
            limit: bound,
            hold_s: margin.hold_s,
            clear: Some(clear),
        },
        samples_least: SAMPLES_LEAST,
        coverage_least: COVERAGE_LEAST,
        presence: Presence::Required,
        severity: Severity::Warning,
        source: baseline,
    })
}

/// A number with three digits, moved outward (`side` above 0: up) so that it is no tighter.
fn rounded(value: f64, side: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let step = 10_f64.powf(value.abs().log10().floor() - 2.0);
    let steps = value / step;
    let steps = if side > 0.0 {
        steps.ceil()
    } else {
        steps.floor()
    };
    // Through text, so that 0.1 + 0.2 does not stand in the file.
    let places = (-step.log10().round()).clamp(0.0, 15.0) as usize;
    let text = format!("{:.places$}", steps * step);
    text.parse().unwrap_or(value)
}

/// Whether a series is recorded well enough to propose anything from.
pub fn is_whole(window: model::time::Span, rows: (&[i64], &[f64])) -> bool {
    presence::of(window, rows, None).share >= COVERAGE_LEAST
}
