//! Charts and tables that somebody chose.

use analysis::summary::Summary;
use model::report::{ChartPin, TablePin};
use model::series::SeriesKey;
use model::time::Span;
use model::unit::Unit;

use crate::build::{Builder, chart_marks};
use crate::chart::ChartInput;
use crate::document::{Block, Cell, Heading, Table, Token};
use crate::input::Pinned;
use crate::part::services;
use crate::sources::{Basis, Of, SourceId};
use crate::tables;

/// The blocks of the next chosen thing; `place` counts them.
pub(crate) fn blocks(builder: &mut Builder<'_>, place: &mut usize) -> Vec<Block> {
    let input = builder.input;
    let Some(pinned) = input.pinned.get(*place) else {
        return Vec::new();
    };
    *place += 1;
    let window = |pin: &TablePin| pin.window.unwrap_or(input.span);
    match pinned {
        Pinned::Chart(pin, chart) => {
            vec![chart_block(builder, pin, chart.as_ref())]
        }
        Pinned::Statistics(pin, rows) => {
            let table = statistics(builder, rows, window(pin));
            vec![titled(table, pin)]
        }
        Pinned::Processes(pin, uses) => {
            let sources = (&mut builder.sources, window(pin));
            vec![titled(tables::processes_within(uses, sources), pin)]
        }
        Pinned::Services(pin, found) => {
            let sources = (&mut builder.sources, window(pin));
            vec![titled(services::services(&found.services, sources), pin)]
        }
        Pinned::Events(pin, events) => vec![titled(tables::events(events), pin)],
        Pinned::Coverage(pin, hosts) => {
            let table = tables::coverage(hosts, &mut builder.sources);
            vec![titled(table, pin)]
        }
    }
}

fn chart_block(builder: &mut Builder<'_>, pin: &ChartPin, chart: Option<&ChartInput>) -> Block {
    let host = chart.map_or("", |it| &it.host);
    let marks = chart_marks(builder.input, host);
    match chart.and_then(|chart| builder.chart(chart, &marks)) {
        Some(chart) => Block::Charts {
            charts: vec![chart],
        },
        None => Block::text(format!(
            "There is nothing to draw of {}: {}.",
            pin.title,
            pin.series.join(", ")
        )),
    }
}

fn titled(mut table: Table, pin: &TablePin) -> Block {
    if !pin.title.trim().is_empty() {
        table.caption.clone_from(&pin.title);
    }
    Block::Table(table)
}

fn statistics(
    builder: &mut Builder<'_>,
    all: &[(SeriesKey, Unit, Summary)],
    window: Span,
) -> Table {
    let row = |(key, unit, summary): &(SeriesKey, Unit, Summary)| {
        let of = Of {
            basis: Basis::Series(vec![key.to_string()]),
            computation: tables::SUMMARY_OF_SAMPLES,
        };
        let source = builder.sources.of_within(window, of);
        statistics_row((key, unit), summary, source)
    };
    Table {
        rows: all.iter().map(row).collect(),
        caption: "Statistics".to_owned(),
        columns: vec![
            Heading::start("series"),
            Heading::end("mean"),
            Heading::end("p50"),
            Heading::end("p95"),
            Heading::end("p99"),
            Heading::end("min"),
            Heading::end("max"),
            Heading::end("samples"),
        ],
        empty: "The session has none of these series in this window.".to_owned(),
    }
}

fn statistics_row(
    (key, unit): (&SeriesKey, &Unit),
    summary: &Summary,
    source: SourceId,
) -> Vec<Cell> {
    let number = |value: f64, statistic: &str| match value.is_finite() {
        true => Cell::number(Token::new(value, unit, statistic, source)),
        false => Cell::text("–"),
    };
    vec![
        Cell::code(key.to_string()),
        number(summary.mean, "mean"),
        number(summary.p50, "p50"),
        number(summary.p95, "p95"),
        number(summary.p99, "p99"),
        number(summary.min, "min"),
        number(summary.max, "max"),
        Cell::number(Token::count(summary.n, "number of samples", source)),
    ]
}
