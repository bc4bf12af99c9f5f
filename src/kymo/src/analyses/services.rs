//! `kymo services`: what services do, whom they ask, and how well.

use analysis::services::{Edge, Evidence, Figures, Operation, Service};
use model::histogram::Quantile;
use model::time::{Moment, Span, duration_text};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::problem::Problem;
use workflow::services::{self, Services};
use workflow::stored::Stored;

use super::{Head, Source, print};
use crate::commands::outcome;
use crate::failure::{Answer, tell};

/// `kymo services`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Start of the window; the whole input without it.
    #[arg(long)]
    from: Option<Moment>,
    /// End of the window.
    #[arg(long)]
    to: Option<Moment>,
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    window: [String; 2],
    services: Vec<ServiceEntry>,
    edges: Vec<EdgeEntry>,
}

#[derive(Serialize)]
struct ServiceEntry {
    service: String,
    host: String,
    #[serde(flatten)]
    figures: Entry,
    operations: Vec<OperationEntry>,
    asks: Vec<OperationEntry>,
}

#[derive(Serialize)]
struct OperationEntry {
    operation: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    peer: String,
    #[serde(flatten)]
    figures: Entry,
}

#[derive(Serialize)]
struct EdgeEntry {
    caller: String,
    callee: String,
    traced: bool,
    /// What the caller calls the callee.
    peers: Vec<String>,
    /// What speaks for the callee being this service; nothing where the caller's name for
    /// it stands for itself.
    evidence: Option<&'static str>,
    note: Option<&'static str>,
    #[serde(flatten)]
    figures: Entry,
}

#[derive(Serialize)]
struct Entry {
    requests: u64,
    throughput: Option<f64>,
    error_ratio: Option<f64>,
    active: Option<f64>,
    throughput_times_mean: Option<f64>,
    mean: Option<f64>,
    p50: Option<Percentile>,
    p95: Option<Percentile>,
    p99: Option<Percentile>,
}

/// A percentile in seconds, with the bounds of its bucket.
#[derive(Serialize)]
struct Percentile {
    value: f64,
    lo: f64,
    hi: Option<f64>,
}

impl Percentile {
    fn of(quantile: Quantile) -> Self {
        Self {
            value: quantile.value,
            lo: quantile.low,
            hi: quantile.high.is_finite().then_some(quantile.high),
        }
    }
}

impl Entry {
    fn of(figures: &Figures) -> Self {
        let known = |value: f64| value.is_finite().then_some(value);
        Self {
            requests: figures.count,
            throughput: known(figures.per_second),
            error_ratio: known(figures.error_ratio),
            active: known(figures.active),
            throughput_times_mean: known(figures.expected_active),
            mean: known(figures.mean_s),
            p50: figures.p50.map(Percentile::of),
            p95: figures.p95.map(Percentile::of),
            p99: figures.p99.map(Percentile::of),
        }
    }
}

impl OperationEntry {
    fn of(operation: &Operation) -> Self {
        Self {
            operation: operation.name.clone(),
            kind: operation.kind.name(),
            peer: operation.peer.clone(),
            figures: Entry::of(&operation.figures),
        }
    }
}

impl ServiceEntry {
    fn of(service: &Service) -> Self {
        Self {
            service: service.name.clone(),
            host: service.host.clone(),
            figures: Entry::of(&service.figures),
            operations: service.operations.iter().map(OperationEntry::of).collect(),
            asks: service.asks.iter().map(OperationEntry::of).collect(),
        }
    }
}

impl EdgeEntry {
    fn of(edge: &Edge) -> Self {
        Self {
            caller: edge.caller.clone(),
            callee: edge.callee.clone(),
            traced: edge.known,
            peers: edge.peers.clone(),
            evidence: edge.evidence.map(Evidence::name),
            note: edge.evidence.map(Evidence::note),
            figures: Entry::of(&edge.figures),
        }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let context = Context::default();
    let (stored, notes) = Stored::open(&arguments.source.input, &context)?;
    for note in notes {
        tell(&format!("kymo: {note}"));
    }
    let whole = stored.span();
    let window = Span {
        from: arguments.from.unwrap_or(whole.from),
        to: arguments.to.unwrap_or(whole.to),
    };
    let found = services::look(&stored, Some(window), &context)?;
    let document = Document {
        head: Head::THIS,
        window: [window.from.to_string(), window.to.to_string()],
        services: found.services.iter().map(ServiceEntry::of).collect(),
        edges: found.edges.iter().map(EdgeEntry::of).collect(),
    };
    print(arguments.source.json.into(), &document, || text(&found))?;
    Ok(outcome(&stored))
}

fn text(found: &Services) -> String {
    if found.services.is_empty() {
        return "No service told of its requests. Record with --intake otlp-http, or see kymo record --help.\n"
            .to_owned();
    }
    let mut out = format!(
        "{:<44} {:>10} {:>8} {:>8} {:>9} {:>9} {:>9}\n",
        "service", "requests/s", "failed", "active", "p50", "p95", "p99"
    );
    for service in &found.services {
        out += &line(&service.name, &service.figures);
        for operation in &service.operations {
            out += &line(&format!("  {}", operation.name), &operation.figures);
        }
        for operation in &service.asks {
            let whom = match operation.peer.as_str() {
                "" => String::new(),
                peer => format!("{peer}: "),
            };
            out += &line(&format!("  → {whom}{}", operation.name), &operation.figures);
        }
    }
    if !found.edges.is_empty() {
        out += "\nwho asks whom\n";
        for edge in &found.edges {
            out += &line(&format!("{} → {}", edge.caller, edge.callee), &edge.figures);
            if let Some(led) = led(edge) {
                out += &led;
            }
        }
    }
    out
}

/// Why calls to an address are told as calls to a service; silent where the caller said so.
fn led(edge: &Edge) -> Option<String> {
    let evidence = edge.evidence?;
    let peers: Vec<&str> = edge.peers.iter().map(String::as_str).collect();
    let led = matches!(evidence, Evidence::Address | Evidence::Agreement);
    led.then(|| format!("    as {}: {}\n", peers.join(", "), evidence.note()))
}

fn line(name: &str, figures: &Figures) -> String {
    let seconds = |quantile: Option<Quantile>| {
        quantile.map_or("–".to_owned(), |it| duration_text(it.value))
    };
    let name: String = name.chars().take(44).collect();
    let number = |value: f64| {
        if value.is_finite() {
            format!("{value:.2}")
        } else {
            "–".to_owned()
        }
    };
    let failed = if figures.error_ratio.is_finite() {
        format!("{:.1} %", figures.error_ratio * 100.0)
    } else {
        "–".to_owned()
    };
    format!(
        "{name:<44} {:>10} {failed:>8} {:>8} {:>9} {:>9} {:>9}\n",
        number(figures.per_second),
        number(figures.active),
        seconds(figures.p50),
        seconds(figures.p95),
        seconds(figures.p99)
    )
}
