//! Services over a window: what they do, whom they ask, how well.
//!
//! * In: histograms of requests with their rows, and spans for who calls whom.
//! * Out: one [`Service`] each, with its operations, and the [`Edge`]s between them.
//! * Never: takes a percentile of percentiles: the histograms of the window add up.
//!
//! Start at [`services`] and [`edges`]; `callee` tells which service a call leads to.

use std::collections::{BTreeMap, BTreeSet};

use model::histogram::{Histogram, Quantile, Row};
use model::request::DURATION;
use model::series::Series;
use model::time::Span;
use model::trace::{self, SpanKind};

use self::callee::{Callees, Told};

mod callee;

pub use self::callee::Evidence;

/// What is known of some requests over a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Requests that ended.
    pub count: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Requests that ended per second.
    pub per_second: f64,
    /// Share of them that failed; `NaN` without requests.
    pub error_ratio: f64,
    /// Mean number in flight; `NaN` where unknown.
    pub active: f64,
    /// Throughput times mean response time: what Little's law makes of `active`.
    pub expected_active: f64,
    /// Mean response time in seconds; `NaN` without requests.
    pub mean_s: f64,
    /// Response time that half of them stay below.
    pub p50: Option<Quantile>,
    /// That 95 % stay below.
    pub p95: Option<Quantile>,
    /// That 99 % stay below.
    pub p99: Option<Quantile>,
}

/// One operation of a service, or one that it asks of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What is asked.
    pub name: String,
    /// On which side of the call it was seen.
    pub kind: SpanKind,
    /// Who is asked; empty for the service's own operations and where not known.
    pub peer: String,
    /// What is known of it.
    pub figures: Figures,
}

/// One service on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The host it was seen on.
    pub host: String,
    /// Its name.
    pub name: String,
    /// All requests that it answered.
    pub figures: Figures,
    /// By what was asked, the most time first.
    pub operations: Vec<Operation>,
    /// What it asks others, the most time first.
    pub asks: Vec<Operation>,
}

/// Requests from one service to another, over all hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Who asks.
    pub caller: String,
    /// Who is asked: a service, or a database, queue or address that sends no spans.
    pub callee: String,
    /// Whether the callee counts requests of its own.
    pub known: bool,
    /// What the caller calls it, sorted: names or addresses.
    pub peers: Vec<String>,
    /// What speaks for the callee being who it is, the weakest of its calls; `None` where
    /// the caller's name for it stands for itself.
    pub evidence: Option<Evidence>,
    /// What the caller saw.
    pub figures: Figures,
}

/// Sums in the making.
#[derive(Clone, Debug, Default)]
struct Sum {
    all: Histogram,
    failed: u64,
    active_s: f64,
    active_unknown: bool,
}

impl Sum {
    fn add(&mut self, row: &Row, failed: bool) {
        // All are recorded at one scale; what does not match was not recorded by us.
        if self.all.add(&row.histogram).is_err() {
            return;
        }
        if failed {
            self.failed = self.failed.saturating_add(row.histogram.count);
        }
        if row.active_s.is_nan() {
            self.active_unknown = true;
        } else {
            self.active_s += row.active_s;
        }
    }

    fn figures(&self, seconds: f64) -> Figures {
        let count = self.all.count as f64;
        let per_second = if seconds > 0.0 {
            count / seconds
        } else {
            f64::NAN
        };
        let mean_s = self.all.mean();
        Figures {
            count: self.all.count,
            failed: self.failed,
            per_second,
            error_ratio: if count > 0.0 {
                self.failed as f64 / count
            } else {
                f64::NAN
            },
            active: match self.active_unknown || seconds <= 0.0 {
                true => f64::NAN,
                false => self.active_s / seconds,
            },
            expected_active: if count > 0.0 {
                per_second * mean_s
            } else {
                0.0
            },
            mean_s,
            p50: self.all.quantile(0.5),
            p95: self.all.quantile(0.95),
            p99: self.all.quantile(0.99),
        }
    }
}

impl Figures {
    /// Time that requests took, per second: how much of the work it is.
    pub fn weight(&self) -> f64 {
        if self.expected_active.is_finite() {
            self.expected_active
        } else {
            0.0
        }
    }
}

/// Sums up a window of histograms. Those of other metrics than [`DURATION`] are left out;
/// rows count whose intervals end in `(from, to]`.
pub fn services<'a>(
    histograms: impl IntoIterator<Item = (&'a Series, &'a [Row])>,
    window: Span,
) -> Vec<Service> {
    let seconds = window.seconds();
    let mut own: BTreeMap<(String, String), Sum> = BTreeMap::new();
    let mut parts: BTreeMap<(String, String), BTreeMap<PartKey, Sum>> = BTreeMap::new();
    for (series, rows) in histograms {
        let key = &series.key;
        let (DURATION, Some(name)) = (key.metric.as_str(), key.attribute("service.name")) else {
            continue;
        };
        let text = |attribute: &str| key.attribute(attribute).unwrap_or_default().to_owned();
        let kind = SpanKind::from_name(&text("kind"));
        let failed = key.attribute("status") == Some("error");
        let service = (key.host.clone(), name.to_owned());
        let operation = PartKey {
            exit: kind.is_exit(),
            name: text("operation"),
            kind,
            peer: text("peer"),
        };
        if !kind.is_entry() && !kind.is_exit() {
            continue;
        }
        for row in rows.iter().filter(|row| ends_within(row, window)) {
            if kind.is_entry() {
                own.entry(service.clone()).or_default().add(row, failed);
            }
            let of_service = parts.entry(service.clone()).or_default();
            of_service
                .entry(operation.clone())
                .or_default()
                .add(row, failed);
        }
    }
    let mut all: Vec<Service> = parts
        .into_iter()
        .map(|((host, name), parts)| {
            let total = own
                .remove(&(host.clone(), name.clone()))
                .unwrap_or_default();
            let figured = |exit: bool| -> Vec<Operation> {
                let mine = parts.iter().filter(|(key, _)| key.exit == exit);
                let mut list: Vec<Operation> = mine
                    .map(|(key, sum)| Operation {
                        name: key.name.clone(),
                        kind: key.kind,
                        peer: key.peer.clone(),
                        figures: sum.figures(seconds),
                    })
                    .collect();
                list.sort_by(|a, b| b.figures.weight().total_cmp(&a.figures.weight()));
                list
            };
            Service {
                figures: total.figures(seconds),
                operations: figured(false),
                asks: figured(true),
                host,
                name,
            }
        })
        .collect();
    all.sort_by(|a, b| {
        let weight = b.figures.weight().total_cmp(&a.figures.weight());
        weight.then_with(|| (&a.host, &a.name).cmp(&(&b.host, &b.name)))
    });
    all
}

/// What tells one part of a service from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PartKey {
    exit: bool,
    name: String,
    kind: SpanKind,
    peer: String,
}

fn ends_within(row: &Row, window: Span) -> bool {
    row.at > window.from && row.at <= window.to
}

/// Who calls whom: calls that services made, led to the service that answered.
///
/// A call names whom it asks by address or by name; which service that is, spans, addresses
/// or the counts of both sides tell ([`Evidence`]). Without any of them the name stands for
/// itself.
pub fn edges<'a>(
    histograms: impl IntoIterator<Item = (&'a Series, &'a [Row])>,
    spans: &[&'a trace::Span],
    window: Span,
) -> Vec<Edge> {
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for (series, rows) in histograms {
        let key = &series.key;
        let (DURATION, Some(service)) = (key.metric.as_str(), key.attribute("service.name")) else {
            continue;
        };
        let told = Told {
            host: &key.host,
            service,
            operation: key.attribute("operation").unwrap_or_default(),
            peer: key.attribute("peer").unwrap_or_default(),
            rows,
        };
        let kind = SpanKind::from_name(key.attribute("kind").unwrap_or_default());
        if kind.is_entry() {
            answered.push(told);
        }
        if kind.is_exit() {
            let failed = key.attribute("status") == Some("error");
            asked.push((told, failed));
        }
    }
    let calls: Vec<Told<'_>> = asked.iter().map(|(told, _)| *told).collect();
    let callees = Callees::of((&calls, &answered), spans, window);
    let mut sums: BTreeMap<(&str, &str), Calls<'_>> = BTreeMap::new();
    for (told, failed) in &asked {
        let (callee, evidence) = callees.callee(told);
        let rows = told.rows.iter().filter(|row| ends_within(row, window));
        let calls = sums.entry((told.service, callee)).or_default();
        calls.peers.insert(told.peer);
        calls.evidence = calls.evidence.max(evidence);
        rows.for_each(|row| calls.sum.add(row, *failed));
    }
    let seconds = window.seconds();
    let mut edges: Vec<Edge> = sums
        .into_iter()
        .filter(|(_, calls)| calls.sum.all.count > 0)
        .map(|((caller, callee), calls)| Edge {
            known: callees.answers(callee),
            caller: caller.to_owned(),
            callee: callee.to_owned(),
            peers: calls.peers.into_iter().map(str::to_owned).collect(),
            evidence: calls.evidence,
            figures: calls.sum.figures(seconds),
        })
        .collect();
    edges.sort_by(|a, b| b.figures.weight().total_cmp(&a.figures.weight()));
    edges
}

/// The calls of an edge in the making.
#[derive(Default)]
struct Calls<'a> {
    peers: BTreeSet<&'a str>,
    evidence: Option<Evidence>,
    sum: Sum,
}

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::series::SeriesKey;
    use model::time::Moment;
    use model::trace::{SpanId, TraceId};
    use model::unit::Unit;

    use super::*;

    const S: i64 = 1_000_000_000;

    fn series(service: &str, kind: &str, operation: &str, more: &[(&str, &str)]) -> Series {
        let mut attributes = vec![
            ("kind", kind),
            ("operation", operation),
            ("service.name", service),
        ];
        attributes.extend(more);
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Series {
            key: SeriesKey::new("h", DURATION, attributes.into_iter().map(owned)),
            unit: Unit::new("s"),
            kind: Kind::Histogram,
            polarity: Polarity::HigherIsWorse,
        }
    }

    fn rows(value_s: f64, count: usize) -> Vec<Row> {
        let row = |second: i64| {
            let mut histogram = Histogram::default();
            (0..count).for_each(|_| histogram.record(value_s));
            Row {
                at: Moment(second * S),
                width_ns: S,
                active_s: value_s * count as f64,
                histogram,
            }
        };
        (1..=10).map(row).collect()
    }

    fn window() -> Span {
        Span {
            from: Moment(0),
            to: Moment(10 * S),
        }
    }

    #[test]
    fn a_service_is_the_sum_of_its_operations_and_little_agrees() {
        let all = [
            (
                series("shop", "server", "GET /", &[("status", "ok")]),
                rows(0.1, 10),
            ),
            (
                series("shop", "server", "GET /", &[("status", "error")]),
                rows(0.2, 10),
            ),
            (
                series("shop", "server", "POST /", &[("status", "ok")]),
                rows(1.0, 5),
            ),
            (
                series("shop", "client", "SELECT", &[("peer", "db")]),
                rows(0.05, 15),
            ),
            (series("shop", "internal", "parse", &[]), rows(9.0, 15)),
        ];
        let found = services(
            all.iter().map(|(series, rows)| (series, rows.as_slice())),
            window(),
        );
        assert_eq!(found.len(), 1);
        let shop = &found[0];
        assert_eq!((shop.figures.count, shop.figures.failed), (250, 100));
        assert!((shop.figures.per_second - 25.0).abs() < 1e-9);
        assert!((shop.figures.active - 8.0).abs() < 1e-6);
        assert!((shop.figures.active - shop.figures.expected_active).abs() < 1e-6);
        let names: Vec<&str> = shop.operations.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["POST /", "GET /"]);
        assert_eq!(shop.asks[0].peer, "db");
        let late = Span {
            from: Moment(9 * S),
            to: Moment(10 * S),
        };
        let found = services(
            all.iter().map(|(series, rows)| (series, rows.as_slice())),
            late,
        );
        assert_eq!(found[0].figures.count, 25);
    }

    #[test]
    fn calls_lead_to_the_service_whose_spans_answer_them() {
        let peer = [("peer", "10.0.0.7")];
        let all = [
            (series("shop", "server", "GET /", &[]), rows(0.1, 1)),
            (series("shop", "client", "GET", &peer), rows(0.1, 1)),
            (
                series("shop", "client", "SELECT", &[("peer", "db")]),
                rows(0.1, 1),
            ),
            (series("stock", "server", "GET /s", &[]), rows(0.1, 1)),
        ];
        let span = |id: u64, parent: u64, service: &str, kind: SpanKind, name: &str| trace::Span {
            trace: TraceId(1),
            id: SpanId(id),
            parent: (parent > 0).then_some(SpanId(parent)),
            service: service.into(),
            name: name.into(),
            kind,
            attributes: match kind {
                SpanKind::Client => vec![("server.address".into(), "10.0.0.7".into())],
                _ => Vec::new(),
            },
            ..trace::Span::default()
        };
        let spans = [
            span(1, 0, "shop", SpanKind::Client, "GET"),
            span(2, 1, "stock", SpanKind::Server, "GET /s"),
        ];
        let spans: Vec<&trace::Span> = spans.iter().collect();
        let histograms = all.iter().map(|(series, rows)| (series, rows.as_slice()));
        let edges = edges(histograms, &spans, window());
        let told: Vec<(&str, &str, bool, Option<Evidence>)> = edges
            .iter()
            .map(|it| {
                (
                    it.caller.as_str(),
                    it.callee.as_str(),
                    it.known,
                    it.evidence,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("shop", "db", false, None),
                ("shop", "stock", true, Some(Evidence::Spans)),
            ]
        );
        assert_eq!(edges[1].peers, ["10.0.0.7"]);
    }
}
