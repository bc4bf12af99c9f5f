//! Services: what each did for its users, how fast, and who asked whom.
//!
//! Start at [`ServicesInput`].

use analysis::services::{Edge, Figures, Operation, Service};
use model::histogram::Quantile;
use model::request::DURATION;
use model::unit::Unit;

use super::Builder;
use super::tables::caption;
use crate::chart::ChartInput;
use crate::document::{Block, Cell, Heading, Run, Section, SourceId, Sources, Table, Token};

/// At most so many rows; the caption says how many there are.
const MOST_ROWS: usize = 60;
const MOST_EDGES: usize = 40;

/// How the numbers are computed.
const SUM: &str = "histograms of all requests that ended in the window, added up; p50, p95 and \
                   p99 of the sum, each within its bucket; mean number in flight from the times \
                   that requests took";

/// What is known of the services of a session.
#[derive(Clone, Debug, Default)]
pub struct ServicesInput {
    /// Every service, the busiest first.
    pub services: Vec<Service>,
    /// Who asks whom, the busiest first.
    pub edges: Vec<Edge>,
    /// Response times over time, one of each service.
    pub charts: Vec<ChartInput>,
}

impl Builder<'_> {
    /// The section, where anything told of requests.
    pub(super) fn services(&mut self) -> Option<Section> {
        let input = &self.input.services;
        if input.services.is_empty() {
            return None;
        }
        let mut blocks = vec![Block::Table(services(&input.services, &mut self.sources))];
        for (host, charts) in by_host(&input.charts) {
            blocks.extend(self.charts(host, &charts));
        }
        if !input.edges.is_empty() {
            blocks.push(Block::Table(edges(&input.edges, &mut self.sources)));
        }
        Some(Section {
            id: "services",
            title: "Services",
            blocks,
        })
    }

    /// How the numbers of services are computed, where there are any.
    pub(super) fn services_method(&self) -> Option<Block> {
        let text = "Every request counts in the histogram of the second in which it ended. \
                    Histograms of the window are added up before a percentile is taken, never \
                    percentiles. A request is failed when its span or status says so.";
        let any = !self.input.services.services.is_empty();
        any.then(|| Block::Paragraph {
            runs: vec![Run::text(text)],
        })
    }
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

fn services(all: &[Service], sources: &mut Sources) -> Table {
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
        let source = sources.id(
            &of(host, &[("operation", operation), ("service.name", name)]),
            SUM,
        );
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
        let calls = [
            ("kind", "client"),
            ("peer", it.callee.as_str()),
            ("service.name", &it.caller),
        ];
        let source = sources.id(&of("", &calls), SUM);
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

/// The series that numbers rest on: the histograms of these requests.
fn of(host: &str, with: &[(&str, &str)]) -> String {
    let with = with.iter().filter(|(_, value)| !value.is_empty());
    let with = with.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    model::series::SeriesKey::new(host, DURATION, with).to_string()
}
