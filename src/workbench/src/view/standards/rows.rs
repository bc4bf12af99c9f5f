//! Verdicts and alerts as rows of tables.

use model::compliance::{Compliance, Outcome, Verdict};
use model::unit::Unit;
use workflow::standards::sentry::{Stage, Watched};

use super::Data;
use crate::view::clock_text;
use crate::view::grid::{Cell, Form, Head, Row, Tone, Wide, head};

/// Columns of the compliance table.
#[rustfmt::skip]
pub(super) const COMPLIANCE: &[Head] = &[
    head(("Verdict", "", "Pass and fail only where the whole interval lies on one side of the limit and enough was recorded"), (Wide::Digits(12), Form::Text)),
    head(("Rule", "", "Id of the rule"), (Wide::Part(1.2), Form::Text)),
    head(("Series", "", "What was judged; a double click shows and plots it"), (Wide::Part(2.0), Form::Text)),
    head(("Value", "", "What came out, with the interval in which it is believed to lie"), (Wide::Digits(22), Form::Interval)),
    head(("Limit", "", "Where it must be"), (Wide::Digits(11), Form::Number)),
    head(("Margin", "", "How far it is within; negative: beyond"), (Wide::Digits(9), Form::Number)),
    head(("Measure", "", "What was computed over the window"), (Wide::Part(1.0), Form::Text)),
    head(("Coverage", "share", "Share of the expected samples that were there"), (Wide::Digits(7), Form::Number)),
    head(("Standard", "", "Id and version"), (Wide::Part(0.9), Form::Text)),
];

/// Columns of the table of alerts.
#[rustfmt::skip]
pub(super) const ALERTS: &[Head] = &[
    head(("State", "", "ok, pending (beyond, not for the hold time yet), firing, resolved"), (Wide::Digits(10), Form::Text)),
    head(("Rule", "", "Id of the rule"), (Wide::Part(1.2), Form::Text)),
    head(("Series", "", "What is watched; a double click shows and plots it"), (Wide::Part(2.0), Form::Text)),
    head(("Now", "", "Newest value"), (Wide::Digits(9), Form::Number)),
    head(("Limit", "", "Where it must be"), (Wide::Digits(11), Form::Number)),
    head(("Margin", "", "How far it is within; negative: beyond"), (Wide::Digits(9), Form::Number)),
    head(("Measure", "", "What is held against the limit"), (Wide::Part(1.2), Form::Text)),
    head(("Since", "", "First sample beyond the limit"), (Wide::Digits(23), Form::Text)),
    head(("Standard", "", "Id and version"), (Wide::Part(0.9), Form::Text)),
];

/// How an outcome is colored; its word and sign say the same.
pub(super) fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Pass => Tone::Plain,
        Outcome::Undecidable => Tone::Warning,
        Outcome::Fail => Tone::Severe,
    }
}

/// The sign of an outcome, in letters that the fonts of the window have.
pub(super) fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "•",
        Outcome::Undecidable => "?",
        Outcome::Fail => "×",
    }
}

/// What tells a verdict from all others in the table.
pub(super) fn key(kept: &Compliance, row: &Verdict) -> String {
    format!("{} {} {}", kept.standard, row.rule, row.series)
}

/// A name without its host where there is one host only.
fn short(series: &str, host: &str, hosts: usize) -> String {
    let inner = series
        .strip_prefix(host)
        .and_then(|it| it.strip_prefix('/'));
    match inner {
        Some(inner) if hosts < 2 => inner.to_owned(),
        _ => series.to_owned(),
    }
}

fn number(unit: &Unit, value: Option<f64>) -> Cell {
    let shown = value.map_or_else(|| "–".to_owned(), |it| unit.text(it));
    Cell::number(value.unwrap_or(f64::NAN), shown)
}

/// A verdict as a row.
pub(super) fn verdict((kept, row): (&Compliance, &Verdict), hosts: usize) -> Row {
    let tone = tone(row.outcome);
    let interval = row.interval_text();
    let shown = match interval.is_empty() {
        true => row.text(row.value),
        false => format!("{} ({interval})", row.text(row.value)),
    };
    let word = format!("{} {}", sign(row.outcome), row.outcome.name());
    let margin = number(&row.unit, row.margin);
    let beyond = row.margin.is_some_and(|it| it < 0.0);
    let limit = row.limit.map_or(f64::NAN, |it| it.number());
    Row {
        key: key(kept, row),
        cells: vec![
            Cell::text(&word).toned(tone),
            Cell::text(&row.rule),
            Cell::short(short(&row.series, &row.host, hosts), &row.series),
            Cell::interval(
                row.value.unwrap_or(f64::NAN),
                row.interval.unwrap_or((f64::NAN, f64::NAN)),
                shown,
            ),
            Cell::number(limit, row.limit_text()),
            match beyond {
                true => margin.toned(tone),
                false => margin,
            },
            Cell::text(&row.measure).toned(Tone::Weak),
            number(&Unit::new("1"), row.coverage).toned(Tone::Weak),
            Cell::text(format!("{} {}", kept.standard, kept.version)).toned(Tone::Weak),
        ],
        spoken: format!("{word}, {} on {}: {}", row.rule, row.series, row.statement),
    }
}

/// Where a rule stands on live data as a row.
pub(super) fn watched(it: &Watched, data: &Data<'_>) -> Row {
    let (sign, tone) = match it.stage {
        Stage::Firing => ("▲", Tone::Severe),
        Stage::Pending => ("…", Tone::Warning),
        Stage::Resolved => ("○", Tone::Weak),
        Stage::Ok => ("•", Tone::Plain),
    };
    let word = format!("{sign} {}", it.stage.name());
    let known = Some(it.value).filter(|value| value.is_finite());
    let since = it
        .since
        .map_or_else(|| "–".to_owned(), |at| clock_text(data.clock, at));
    let name = short(&it.series, &it.host, data.hosts);
    Row {
        key: format!("{} {} {} {}", it.standard, it.rule, it.series, it.measure),
        cells: vec![
            Cell::text(&word).toned(tone),
            Cell::text(&it.rule),
            Cell::short(name, &it.series),
            number(&it.unit, known),
            Cell::number(
                it.limit.number(),
                format!("{} {}", it.limit.sign(), it.unit.text(it.limit.number())),
            ),
            number(&it.unit, known.map(|value| it.limit.margin(value))),
            Cell::text(&it.measure).toned(Tone::Weak),
            Cell::text(since).toned(Tone::Weak),
            Cell::text(format!("{} {}", it.standard, it.version)).toned(Tone::Weak),
        ],
        spoken: format!("{word}, {} on {}, {}", it.rule, it.series, it.measure),
    }
}
