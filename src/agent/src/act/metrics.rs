//! Metrics that guard a plan, from what the agent reads and hears anyway.
//!
//! A name is one of the catalog, with attributes where there are several:
//! `system.memory.available`, `service.request.duration.p95{service.name=shop}`,
//! `system.pressure.share{kind=some,resource=cpu}`. A running total is told as its
//! growth a second. Where several series fit, levels that are worse when higher give the
//! highest, those that are better when higher the lowest, and all else the sum.
//!
//! Shares and percentiles of requests are of the last [`WINDOW_NS`]. Two short names are
//! understood too: `mem.available_mb`, and `psi.cpu.some.avg10` and its like.
//!
//! Start at [`Metrics::new`] and [`Metrics::read`].

use std::collections::{HashMap, VecDeque};

use model::catalog::{self, Kind, Polarity};
use model::histogram::Histogram;
use wire::change::Value;

use crate::kept::Root;
use crate::sink::{Declared, Sink, UNSET};

/// Requests of this time are looked at together.
const WINDOW_NS: i64 = 10_000_000_000;

/// A value that was read longer ago is not told: a source that is read every ten seconds
/// must not look silent.
const OLD_NS: i64 = 15_000_000_000;

/// Rows of requests that are kept.
const ROWS_MAX: usize = 65_536;

/// Metrics of one plan.
const METRICS_MAX: usize = 128;

/// What is measured for a plan.
#[derive(Debug)]
pub(crate) struct Metrics {
    wanted: Vec<Wanted>,
    root: Root,
    /// Running totals by slot: when and how much.
    totals: HashMap<u32, (i64, f64)>,
}

#[derive(Debug)]
struct Wanted {
    /// As the plan has it.
    name: String,
    metric: String,
    attributes: Vec<(String, String)>,
    what: What,
    last: Option<(i64, f64)>,
    rows: VecDeque<Requests>,
}

/// What of a series is told.
#[derive(Clone, Debug, PartialEq)]
enum What {
    /// A level, or the growth of a running total, times a factor.
    Number(f64),
    /// Pressure as the kernel averages it: resource, kind, window.
    Pressure(String, String, String),
    /// Share of requests that failed.
    Errors,
    /// Requests a second.
    Rate,
    /// Mean of a histogram.
    Mean,
    /// A share of a histogram's observations is below.
    Quantile(f64),
}

#[derive(Debug)]
struct Requests {
    at_ns: i64,
    failed: bool,
    histogram: Histogram,
}

impl Metrics {
    /// What a plan wants measured.
    pub(crate) fn new(names: &[String], root: Root) -> Self {
        let names = names.iter().take(METRICS_MAX);
        Self {
            wanted: names.map(|it| Wanted::new(it)).collect(),
            root,
            totals: HashMap::new(),
        }
    }

    /// Takes in a reading and tells what is known.
    pub(crate) fn read(&mut self, sink: &Sink) -> Vec<Value> {
        let now_ns = sink.stamp.boot_ns;
        let growth = self.growth(sink);
        let mut values = Vec::new();
        for wanted in &mut self.wanted {
            let value = wanted.read(sink, &growth, &self.root);
            if let Some(value) = value.filter(|it| it.is_finite()) {
                wanted.last = Some((now_ns, value));
            }
            let fresh = wanted.last.filter(|(at, _)| now_ns - at <= OLD_NS);
            // What is counted over a window is old when the window is empty.
            let last = if wanted.what.is_number() {
                fresh
            } else {
                value.map(|it| (now_ns, it))
            };
            values.extend(last.map(|(_, value)| Value {
                metric: wanted.name.clone(),
                value,
            }));
        }
        values
    }

    /// Growth a second of the running totals that were read.
    fn growth(&mut self, sink: &Sink) -> HashMap<u32, f64> {
        let now_ns = sink.stamp.boot_ns;
        let mut growth = HashMap::new();
        for (slot, (declared, raw)) in (0..).zip(sink.declared().iter().zip(sink.values())) {
            let asked = self.wanted.iter().any(|it| it.metric == declared.metric);
            if !asked || kind(declared) != Kind::Counter || *raw == UNSET {
                continue;
            }
            let value = number(declared, *raw);
            if let Some((at_ns, before)) = self.totals.insert(slot, (now_ns, value)) {
                let elapsed_s = (now_ns - at_ns) as f64 / 1e9;
                // A total that falls was begun anew.
                if elapsed_s > 0.0 && value >= before {
                    growth.insert(slot, (value - before) / elapsed_s);
                }
            }
        }
        growth
    }
}

impl Wanted {
    fn new(name: &str) -> Self {
        let (metric, attributes) = split(name);
        let (metric, what) = meaning(&metric);
        Self {
            name: name.to_owned(),
            metric,
            attributes,
            what,
            last: None,
            rows: VecDeque::new(),
        }
    }

    fn fits(&self, declared: &Declared) -> bool {
        declared.metric == self.metric
            && !declared.retired
            && self
                .attributes
                .iter()
                .all(|it| declared.attributes.contains(it))
    }

    fn read(&mut self, sink: &Sink, growth: &HashMap<u32, f64>, root: &Root) -> Option<f64> {
        match &self.what {
            What::Number(times) => Some(self.number(sink, growth)? * times),
            What::Pressure(resource, kind, window) => {
                let text = root.text(&format!("proc/pressure/{resource}"))?;
                let line = text.lines().find(|it| it.starts_with(kind.as_str()))?;
                let mut words = line.split(' ');
                let value =
                    words.find_map(|it| it.strip_prefix(window.as_str())?.strip_prefix('='));
                value?.parse().ok()
            }
            _ => {
                self.collect(sink);
                self.of_requests()
            }
        }
    }

    fn number(&self, sink: &Sink, growth: &HashMap<u32, f64>) -> Option<f64> {
        let mut found: Option<f64> = None;
        for (slot, (declared, raw)) in (0..).zip(sink.declared().iter().zip(sink.values())) {
            if !self.fits(declared) {
                continue;
            }
            let counts = kind(declared) == Kind::Counter;
            let value = if counts {
                growth.get(&slot).copied()
            } else {
                (*raw != UNSET).then(|| number(declared, *raw))
            };
            let Some(value) = value else {
                continue;
            };
            found = Some(match (found, polarity(declared)) {
                (None, _) => value,
                (Some(before), Polarity::HigherIsWorse) if !counts => before.max(value),
                (Some(before), Polarity::HigherIsBetter) if !counts => before.min(value),
                (Some(before), _) => before + value,
            });
        }
        found
    }

    fn collect(&mut self, sink: &Sink) {
        for (slot, row) in &sink.observed {
            let declared = sink.declared().get(slot.0 as usize);
            let Some(declared) = declared.filter(|it| self.fits(it)) else {
                continue;
            };
            let of = |key: &str| {
                let found = declared.attributes.iter().find(|(it, _)| it == key);
                found.map(|(_, value)| value.as_str())
            };
            // What a service asks of others is counted where it is answered.
            let asks = matches!(of("kind"), Some("client" | "producer"));
            if asks && !self.attributes.iter().any(|(key, _)| key == "kind") {
                continue;
            }
            if self.rows.len() == ROWS_MAX {
                self.rows.pop_front();
            }
            self.rows.push_back(Requests {
                at_ns: row.at.0,
                failed: of("status") == Some("error"),
                histogram: row.histogram.clone(),
            });
        }
        let newest = self.rows.iter().map(|it| it.at_ns).max().unwrap_or(0);
        let from = newest.max(sink.stamp.boot_ns) - WINDOW_NS;
        self.rows.retain(|it| it.at_ns >= from);
    }

    fn of_requests(&self) -> Option<f64> {
        let mut all: Option<Histogram> = None;
        let (mut count, mut failed) = (0_u64, 0_u64);
        for row in &self.rows {
            count = count.saturating_add(row.histogram.count);
            if row.failed {
                failed = failed.saturating_add(row.histogram.count);
            }
            match &mut all {
                // Unlike shapes do not add up; the first one tells.
                Some(all) => drop(all.add(&row.histogram)),
                None => all = Some(row.histogram.clone()),
            }
        }
        let all = all.filter(|_| count > 0)?;
        match self.what {
            What::Errors => Some(failed as f64 / count as f64),
            What::Rate => Some(count as f64 / (WINDOW_NS as f64 / 1e9)),
            What::Mean => Some(all.mean()),
            What::Quantile(q) => all.quantile(q).map(|it| it.value),
            What::Number(_) | What::Pressure(..) => None,
        }
    }
}

impl What {
    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Pressure(..))
    }
}

/// Name and attributes of `name{key=value,…}`.
fn split(name: &str) -> (String, Vec<(String, String)>) {
    let Some((metric, rest)) = name.split_once('{') else {
        return (name.to_owned(), Vec::new());
    };
    let rest = rest.strip_suffix('}').unwrap_or(rest);
    let pairs = rest.split(',').filter_map(|it| it.split_once('='));
    let pairs = pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
    (metric.to_owned(), pairs.collect())
}

/// The series that a name speaks of, and what of it.
fn meaning(name: &str) -> (String, What) {
    if name == "mem.available_mb" {
        let times = 1.0 / f64::from(1 << 20);
        return ("system.memory.available".to_owned(), What::Number(times));
    }
    if let Some(rest) = name.strip_prefix("psi.") {
        let parts: Vec<&str> = rest.split('.').collect();
        if let [
            resource @ ("cpu" | "memory" | "io"),
            kind @ ("some" | "full"),
            window,
        ] = parts[..]
        {
            let [resource, kind, window] = [resource, kind, window].map(str::to_owned);
            return (String::new(), What::Pressure(resource, kind, window));
        }
    }
    let of = |end: &str| name.strip_suffix(end).map(str::to_owned);
    let requests = "service.request.duration".to_owned();
    match name {
        "service.request.error_ratio" => return (requests, What::Errors),
        "service.request.throughput" => return (requests, What::Rate),
        // The growth of stalled time is the share of time stalled.
        "system.pressure.share" => return ("system.pressure.time".to_owned(), What::Number(1.0)),
        "cgroup.pressure.share" => return ("cgroup.pressure.time".to_owned(), What::Number(1.0)),
        _ => {}
    }
    for (end, what) in [
        (".mean", What::Mean),
        (".p50", What::Quantile(0.5)),
        (".p95", What::Quantile(0.95)),
        (".p99", What::Quantile(0.99)),
    ] {
        if let Some(metric) = of(end) {
            return (metric, what);
        }
    }
    (name.to_owned(), What::Number(1.0))
}

fn number(declared: &Declared, raw: i64) -> f64 {
    match declared.divisor {
        0 => wire::float::unpack(raw),
        divisor => raw as f64 / f64::from(divisor),
    }
}

fn kind(declared: &Declared) -> Kind {
    let told = declared.about.as_ref().map(|it| it.kind);
    told.or_else(|| catalog::find(&declared.metric).map(|it| it.kind))
        .unwrap_or(Kind::Gauge)
}

fn polarity(declared: &Declared) -> Polarity {
    let told = declared.about.as_ref().map(|it| it.polarity);
    told.or_else(|| catalog::find(&declared.metric).map(|it| it.polarity))
        .unwrap_or(Polarity::Neutral)
}

#[cfg(test)]
mod tests {
    use model::batch::Stamp;
    use model::histogram::Row;
    use model::time::Moment;

    use super::*;

    fn at(sink: &mut Sink, second: i64) {
        let boot_ns = second * 1_000_000_000;
        sink.begin(Stamp {
            boot_ns,
            unix_ns: boot_ns,
        });
    }

    fn value(values: &[Value], metric: &str) -> Option<f64> {
        values
            .iter()
            .find(|it| it.metric == metric)
            .map(|it| it.value)
    }

    #[test]
    fn levels_totals_and_short_names_are_told() {
        let names = [
            "mem.available_mb",
            "system.pressure.share{resource=cpu}",
            "nothing",
        ];
        let names = names.map(str::to_owned);
        let tree = tempfile::tempdir().unwrap();
        let mut metrics = Metrics::new(&names, Root::new(tree.path()));
        let mut sink = Sink::default();
        let memory = sink.declare("system.memory.available", &[], 1);
        let cpu = [("resource", "cpu"), ("kind", "some")];
        let pressure = sink.declare("system.pressure.time", &cpu, 1_000_000);
        at(&mut sink, 1);
        sink.set(memory, 512 << 20);
        sink.set(pressure, 5_000_000);
        let values = metrics.read(&sink);
        assert_eq!(value(&values, "mem.available_mb"), Some(512.0));
        assert_eq!(values.len(), 1);
        at(&mut sink, 3);
        sink.set(pressure, 6_000_000);
        let values = metrics.read(&sink);
        assert_eq!(value(&values, &names[1]), Some(0.5));
        // It was read two seconds ago, and twenty seconds ago is too long.
        assert_eq!(value(&values, "mem.available_mb"), Some(512.0));
        at(&mut sink, 23);
        assert_eq!(metrics.read(&sink), []);
    }

    #[test]
    fn requests_are_looked_at_over_a_window() {
        let names = [
            "service.request.error_ratio{service.name=shop}".to_owned(),
            "service.request.duration.p95{service.name=shop}".to_owned(),
        ];
        let tree = tempfile::tempdir().unwrap();
        let mut metrics = Metrics::new(&names, Root::new(tree.path()));
        let mut sink = Sink::default();
        let about = crate::sink::About {
            unit: "s".to_owned(),
            kind: Kind::Histogram,
            polarity: Polarity::HigherIsWorse,
        };
        let mut slot = |status: &str, service: &str| {
            let attributes = [("service.name", service), ("status", status)];
            let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned()));
            sink.declare_told("service.request.duration", &attributes, &about)
        };
        let (ok, bad, other) = (
            slot("ok", "shop"),
            slot("error", "shop"),
            slot("error", "x"),
        );
        at(&mut sink, 1);
        for (slot, count) in [(ok, 98), (bad, 2), (other, 1_000)] {
            let mut histogram = Histogram::explicit(&[0.1, 0.2]);
            histogram.record_many(0.15, count);
            sink.observed.push((
                slot,
                Row {
                    at: Moment(1_000_000_000),
                    width_ns: 1_000_000_000,
                    active_s: 0.0,
                    histogram,
                },
            ));
        }
        let values = metrics.read(&sink);
        assert_eq!(value(&values, &names[0]), Some(0.02));
        assert!(value(&values, &names[1]).is_some_and(|it| (0.1..0.2).contains(&it)));
        at(&mut sink, 12);
        assert_eq!(metrics.read(&sink), []);
    }
}
