//! Services: what each did for its users, how fast, and who asked whom.
//!
//! Start at [`section`].

use analysis::services::{Edge, Figures, Operation, Service};
use model::histogram::Quantile;
use model::time::Span;
use model::unit::Unit;

use crate::build::Builder;
use crate::chart::ChartInput;
use crate::document::{Block, Cell, Heading, Section, Table, Token};
use crate::sources::{Basis, Of, Requests, SourceId, Sources};
use crate::tables::caption;

/// At most so many rows; the caption says how many there are.
const MOST_ROWS: usize = 60;
const MOST_EDGES: usize = 40;

/// How the numbers are computed.
const SUM: &str = "histograms of all requests that ended in the window, added up; p50, p95 and \
                   p99 of the sum, each within its bucket; mean number in flight from the times \
                   that requests took";

/// The section, where anything told of requests.
pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = &builder.input.services;
    if input.services.is_empty() {
        return None;
    }
    let window = builder.sources.window();
    let mut blocks = vec![Block::Table(services(
        &input.services,
        (&mut builder.sources, window),
    ))];
    for (host, charts) in by_host(&input.charts) {
        blocks.extend(builder.charts(host, &charts));
    }
    if !input.edges.is_empty() {
        blocks.push(Block::Table(edges(&input.edges, &mut builder.sources)));
    }
    Some(Section::new("services", "Services", blocks))
}

/// The charts of each host, in the order in which hosts come.
fn by_host(charts: &[ChartInput]) -> Vec<(&str, Vec<&ChartInput>)> {
    let mut hosts: Vec<(&str, Vec<&ChartInput>)> = Vec::new();
    for chart in charts {
        match hosts.iter_mut().find(|(host, _)| *host == chart.host) {
            Some((_, all)) => all.push(chart),
            None => hosts.push((&chart.host, vec![chart])),
        }
    }
    hosts
}

/// A row: a service, or an operation of it.
struct Line<'a> {
    service: &'a Service,
    operation: Option<&'a Operation>,
}

/// The table of services and their operations within a window.
pub(super) fn services(all: &[Service], (sources, window): (&mut Sources, Span)) -> Table {
    let lines: Vec<Line<'_>> = all
        .iter()
        .flat_map(|service| {
            let whole = (service.figures.count > 0).then_some(None);
            let parts = service.operations.iter().map(Some);
            whole
                .into_iter()
                .chain(parts)
                .map(move |operation| Line { service, operation })
        })
        .collect();
    let shown = &lines[..lines.len().min(MOST_ROWS)];
    let row = |line: &Line<'_>| {
        let (name, host) = (&line.service.name, &line.service.host);
        let operation = line.operation.map_or("", |it| &it.name);
        let requests = Requests {
            host: host.clone(),
            service: name.clone(),
            operation: operation.to_owned(),
            peer: String::new(),
        };
        let of = Of {
            basis: Basis::Requests(requests),
            computation: SUM,
        };
        let source = sources.of_within(window, of);
        let figures = line
            .operation
            .map_or(&line.service.figures, |it| &it.figures);
        let mut cells = vec![
            Cell::text(name),
            match operation {
                "" => Cell::text("all"),
                operation => Cell::code(operation),
            },
            Cell::text(host),
        ];
        cells.extend(numbers(figures, source));
        cells
    };
    Table {
        caption: caption("Services and their operations", shown.len(), lines.len()),
        columns: [
            Heading::start("service"),
            Heading::start("operation"),
            Heading::start("host"),
        ]
        .into_iter()
        .chain(headings())
        .collect(),
        rows: shown.iter().map(row).collect(),
        empty: String::new(),
    }
}

fn edges(all: &[Edge], sources: &mut Sources) -> Table {
    let shown = &all[..all.len().min(MOST_EDGES)];
    let row = |it: &Edge| {
        let calls = Requests {
            service: it.caller.clone(),
            peer: it.callee.clone(),
            ..Requests::default()
        };
        let source = sources.of(Of {
            basis: Basis::Requests(calls),
            computation: SUM,
        });
        let mut cells = vec![
            Cell::text(&it.caller),
            Cell::text(&it.callee),
            Cell::text(match it.known {
                true => "yes",
                false => "no",
            }),
        ];
        cells.extend(numbers(&it.figures, source));
        cells
    };
    Table {
        caption: caption(
            "Who asks whom, as the caller saw it",
            shown.len(),
            all.len(),
        ),
        columns: [
            Heading::start("caller"),
            Heading::start("callee"),
            Heading::start("callee tells itself"),
        ]
        .into_iter()
        .chain(headings())
        .collect(),
        rows: shown.iter().map(row).collect(),
        empty: String::new(),
    }
}

fn headings() -> [Heading; 7] {
    [
        "requests",
        "per second",
        "failed",
        "p50",
        "p95",
        "p99",
        "in flight",
    ]
    .map(Heading::end)
}

/// The cells of [`headings`].
fn numbers(figures: &Figures, source: SourceId) -> [Cell; 7] {
    let token = |value: f64, unit: &'static str, statistic: &str| match value.is_finite() {
        true => Cell::number(Token::new(value, &Unit::new(unit), statistic, source)),
        false => Cell::text("–"),
    };
    let time = |quantile: Option<Quantile>, statistic: &str| match quantile {
        Some(it) if it.value.is_finite() => {
            Cell::number(Token::duration(it.value, statistic, source))
        }
        _ => Cell::text("–"),
    };
    let count = usize::try_from(figures.count).unwrap_or(usize::MAX);
    [
        Cell::number(Token::count(count, "requests that ended", source)),
        token(figures.per_second, "{request}/s", "requests per second"),
        token(figures.error_ratio, "1", "share that failed"),
        time(figures.p50, "p50"),
        time(figures.p95, "p95"),
        time(figures.p99, "p99"),
        token(figures.active, "{request}", "mean in flight"),
    ]
}
