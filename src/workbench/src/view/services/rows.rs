//! Services and their operations as rows of a table.

use analysis::services::{Figures, Operation};
use model::histogram::Quantile;
use model::time::duration_text;
use workflow::services::{Services, Which};

use crate::view::grid::{Cell, Form, Head, Row, Tone, Wide, head};

/// A share of failed requests from which on a row is marked.
const MANY_FAILED: f64 = 0.01;

/// Every column.
#[rustfmt::skip]
pub(super) const HEADS: &[Head] = &[
    head(("Service", "operation", "Click shows its requests, a double click draws its signals in Explore"), (Wide::Part(2.4), Form::Text)),
    head(("Requests", "1/s", "Requests that ended per second"), (Wide::Digits(5), Form::Number)),
    head(("p95", "", "95 % of the requests took at most this long"), (Wide::Digits(6), Form::Number)),
    head(("Failed", "%", "Share of the requests that failed"), (Wide::Digits(4), Form::Number)),
    head(("p50", "", "Half of the requests took at most this long"), (Wide::Digits(6), Form::Number)),
    head(("p99", "", "99 % of the requests took at most this long"), (Wide::Digits(6), Form::Number)),
    head(("In flight", "", "Mean number of requests under way"), (Wide::Digits(5), Form::Number)),
];

/// The rows, and whose requests each stands for.
#[derive(Debug, Default)]
pub(super) struct Filled {
    made_for: Option<u64>,
    rows: Vec<Row>,
    which: Vec<Which>,
}

impl Filled {
    /// Makes the rows anew when the answer changed; says whether it did.
    pub(super) fn refresh(
        &mut self,
        version: u64,
        make: impl FnOnce() -> Vec<(Row, Which)>,
    ) -> bool {
        if self.made_for == Some(version) {
            return false;
        }
        self.made_for = Some(version);
        (self.rows, self.which) = make().into_iter().unzip();
        true
    }

    /// A copy of the rows for the table.
    pub(super) fn rows(&self) -> Vec<Row> {
        self.rows.clone()
    }

    /// Whose requests a row stands for.
    pub(super) fn which(&self, row: usize) -> Option<Which> {
        self.which.get(row).cloned()
    }

    /// The first row that stands for these requests, whichever host they are of if none
    /// is named.
    pub(super) fn key_of(&self, which: &Which) -> Option<String> {
        let fits = |it: &Which| {
            it.service == which.service
                && it.operation == which.operation
                && (which.host.is_empty() || it.host.is_empty() || it.host == which.host)
        };
        let place = self.which.iter().position(fits)?;
        self.rows.get(place).map(|row| row.key.clone())
    }

    /// The first row.
    pub(super) fn first(&self) -> Option<(String, Which)> {
        let row = self.rows.first()?;
        Some((row.key.clone(), self.which.first()?.clone()))
    }
}

/// Every service with its operations below it.
pub(super) fn all(found: &Services, hosts: usize) -> Vec<(Row, Which)> {
    let mut all = Vec::new();
    for service in &found.services {
        let which = Which {
            host: service.host.clone(),
            service: service.name.clone(),
            operation: String::new(),
        };
        let name = match hosts > 1 && !service.host.is_empty() {
            true => format!("{} · {}", service.name, service.host),
            false => service.name.clone(),
        };
        let key = format!("{}/{}", service.host, service.name);
        if service.figures.count > 0 {
            all.push((
                row(&key, name, &service.figures, Tone::Plain),
                which.clone(),
            ));
        }
        for operation in &service.operations {
            let key = format!("{key}/{}", operation.name);
            let of = Which {
                operation: operation.name.clone(),
                ..which.clone()
            };
            let name = format!("    {}", operation.name);
            all.push((row(&key, name, &operation.figures, Tone::Plain), of));
        }
        for operation in &service.asks {
            let key = format!("{key}→{}/{}", operation.peer, operation.name);
            all.push((
                row(&key, asked(operation), &operation.figures, Tone::Weak),
                which.clone(),
            ));
        }
    }
    all
}

/// What a service asks of another.
fn asked(operation: &Operation) -> String {
    match operation.peer.as_str() {
        "" => format!("    → {}", operation.name),
        peer => format!("    → {peer}: {}", operation.name),
    }
}

fn row(key: &str, name: String, figures: &Figures, tone: Tone) -> Row {
    let time = |quantile: Option<Quantile>| {
        let value = quantile.map_or(f64::NAN, |it| it.value);
        let shown = quantile.map_or(String::new(), |it| duration_text(it.value));
        Cell::number(value, shown).toned(tone)
    };
    let failed = figures.error_ratio * 100.0;
    let marked = match figures.error_ratio >= MANY_FAILED {
        true => Tone::Warning,
        false => tone,
    };
    Row {
        key: key.to_owned(),
        spoken: format!(
            "{}: {:.1} requests a second",
            name.trim(),
            figures.per_second
        ),
        cells: vec![
            Cell::short(name, key.to_owned()).toned(tone),
            Cell::number(figures.per_second, number(figures.per_second)).toned(tone),
            time(figures.p95),
            Cell::number(failed, format!("{failed:.1}")).toned(marked),
            time(figures.p50),
            time(figures.p99),
            Cell::number(figures.active, number(figures.active)).toned(tone),
        ],
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        it if it >= 100.0 => format!("{value:.0}"),
        it if it >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
