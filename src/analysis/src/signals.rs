//! The four signals of services: throughput, errors, response time, concurrency.
//!
//! Histograms per interval are what is recorded of requests; these are the series that
//! are drawn and analyzed of them. Counts of several histograms add up, so one plan gives
//! a service, each of its operations and each other it asks, and a percentile of many is
//! that of all their requests, not a mean of percentiles.
//!
//! * In: histograms of one host, and their rows.
//! * Out: gauges at the times of the host's samples; an interval without requests has no
//!   response time, which is a gap, and a throughput of zero.
//! * Never: fills a gap, or adds up histograms whose buckets differ.
//!
//! Start at [`plan`] and [`column`].

use std::collections::BTreeMap;

use model::catalog::{self, Kind, Polarity};
use model::columns::Column;
use model::histogram::{Histogram, Row};
use model::request::DURATION;
use model::series::{Series, SeriesKey};
use model::time::Moment;
use model::trace::SpanKind;
use model::unit::Unit;

/// What is told of the requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Requests that ended per second.
    Throughput,
    /// Share of them that failed.
    ErrorRatio,
    /// Mean number in flight.
    Active,
    /// Mean response time.
    Mean,
    /// Response time that this share stays below.
    Quantile(f64),
    /// Observations per second, of what are no requests.
    Rate,
}

/// One series derived from histograms.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// The series.
    pub series: Series,
    /// What it tells.
    pub what: What,
    /// Places of its histograms among those planned.
    pub inputs: Vec<usize>,
    /// Whether each input counts failures.
    pub failed: Vec<bool>,
    /// What an observation is multiplied by to be in the series' unit.
    pub scale: f64,
}

/// Ends of metric names, and what they tell of requests.
const OF_REQUESTS: [(&str, What); 7] = [
    ("service.request.throughput", What::Throughput),
    ("service.request.error_ratio", What::ErrorRatio),
    ("service.request.active", What::Active),
    ("service.request.duration.mean", What::Mean),
    ("service.request.duration.p50", What::Quantile(0.5)),
    ("service.request.duration.p95", What::Quantile(0.95)),
    ("service.request.duration.p99", What::Quantile(0.99)),
];

/// What is derived of any other histogram.
const OF_OTHERS: [(&str, What); 5] = [
    ("rate", What::Rate),
    ("mean", What::Mean),
    ("p50", What::Quantile(0.5)),
    ("p95", What::Quantile(0.95)),
    ("p99", What::Quantile(0.99)),
];

/// Histograms that instrumented servers tell of their requests, and what makes seconds of
/// them. They stand in for spans of services that send none.
///
/// # Source
///
/// OpenTelemetry semantic conventions for HTTP and RPC, stable and former names.
const SERVERS: [(&str, f64); 4] = [
    ("http.server.request.duration", 1.0),
    ("http.server.duration", 1e-3),
    ("rpc.server.call.duration", 1.0),
    ("rpc.server.duration", 1e-3),
];

/// A group of requests: the attributes of its series.
type Group = Vec<(String, String)>;

/// What goes into a group: place, whether failures, scale.
type Member = (usize, bool, f64);

/// Whether a metric is made here.
pub fn is_signal(metric: &str) -> bool {
    let of_requests = OF_REQUESTS.iter().any(|(name, _)| *name == metric);
    of_requests
        || OF_OTHERS
            .iter()
            .any(|(end, _)| metric.ends_with(&format!(".{end}")))
}

/// Plans every signal that a set of histograms allows; of one host each.
///
/// Attributes of the signals: `service.name` alone for a service, with `operation` for
/// one of its operations, with `kind` and `peer` for another that it asks.
pub fn plan(histograms: &[Series]) -> Vec<Signal> {
    let mut groups: BTreeMap<(String, Group), Vec<Member>> = BTreeMap::new();
    let traced = traced(histograms);
    for (place, series) in histograms.iter().enumerate() {
        if is_told_twice(series, histograms) {
            continue;
        }
        let host = series.key.host.clone();
        for (group, failed, scale) in groups_of(series, &traced) {
            let members = groups.entry((host.clone(), group)).or_default();
            members.push((place, failed, scale));
        }
    }
    let mut signals = Vec::new();
    for ((host, group), members) in groups {
        for (metric, what) in OF_REQUESTS {
            let known = catalog::find(metric);
            let has_active = members
                .iter()
                .all(|(place, _, _)| histograms[*place].key.metric == DURATION);
            if what == What::Active && !has_active {
                continue;
            }
            signals.push(Signal {
                series: Series {
                    key: SeriesKey::new(host.as_str(), metric, group.iter().cloned()),
                    unit: known.map_or(Unit::new("1"), catalog::Metric::unit),
                    kind: Kind::Gauge,
                    polarity: known.map_or(Polarity::Neutral, |it| it.polarity),
                },
                what,
                inputs: members.iter().map(|it| it.0).collect(),
                failed: members.iter().map(|it| it.1).collect(),
                scale: members.first().map_or(1.0, |it| it.2),
            });
        }
    }
    for (place, series) in histograms.iter().enumerate() {
        if series.key.metric != DURATION {
            signals.extend(OF_OTHERS.map(|(end, what)| other(place, series, end, what)));
        }
    }
    signals
}

/// Whether a service tells the same requests under the stable name too, as it may while
/// it moves from one to the other.
fn is_told_twice(series: &Series, all: &[Series]) -> bool {
    let key = &series.key;
    let stable = match key.metric.as_str() {
        "http.server.duration" => "http.server.request.duration",
        "rpc.server.duration" => "rpc.server.call.duration",
        _ => return false,
    };
    let service = key.attribute("service.name");
    all.iter().any(|it| {
        let other = &it.key;
        other.metric == stable
            && other.host == key.host
            && other.attribute("service.name") == service
    })
}

/// Services of which spans or an access log tell, with their host.
fn traced(histograms: &[Series]) -> Vec<(&str, &str)> {
    // Calls to others alone do not tell what a service answered.
    let is_entry = |it: &&Series| {
        let kind = it.key.attribute("kind").unwrap_or_default();
        it.key.metric == DURATION && SpanKind::from_name(kind).is_entry()
    };
    let of_spans = histograms.iter().filter(is_entry);
    let mut traced: Vec<(&str, &str)> = of_spans
        .filter_map(|it| Some((it.key.host.as_str(), it.key.attribute("service.name")?)))
        .collect();
    traced.sort_unstable();
    traced.dedup();
    traced
}

/// The groups that a histogram belongs to.
fn groups_of(series: &Series, traced: &[(&str, &str)]) -> Vec<(Group, bool, f64)> {
    let key = &series.key;
    let Some(service) = key.attribute("service.name") else {
        return Vec::new();
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let named = pair("service.name", service);
    if key.metric != DURATION {
        let server = SERVERS.iter().find(|(metric, _)| *metric == key.metric);
        let known = traced.contains(&(key.host.as_str(), service));
        let Some((_, scale)) = server.filter(|_| !known) else {
            return Vec::new();
        };
        let operation = pair("operation", &operation(key));
        let failed = has_failed(key);
        return vec![
            (vec![named.clone()], failed, *scale),
            (vec![operation, named], failed, *scale),
        ];
    }
    let kind = SpanKind::from_name(key.attribute("kind").unwrap_or_default());
    let failed = key.attribute("status") == Some("error");
    let operation = pair("operation", key.attribute("operation").unwrap_or_default());
    if kind.is_entry() {
        return vec![
            (vec![named.clone()], failed, 1.0),
            (vec![operation, named], failed, 1.0),
        ];
    }
    if !kind.is_exit() {
        return Vec::new();
    }
    let kind = pair("kind", kind.name());
    match key.attribute("peer") {
        Some(peer) => {
            let peer = pair("peer", peer);
            vec![
                (vec![kind.clone(), peer.clone(), named.clone()], failed, 1.0),
                (vec![kind, operation, peer, named], failed, 1.0),
            ]
        }
        None => vec![(vec![kind, operation, named], failed, 1.0)],
    }
}

/// What an instrumented server calls an operation.
fn operation(key: &SeriesKey) -> String {
    let method = ["http.request.method", "http.method", "rpc.method"];
    let route = ["http.route", "http.target", "rpc.service"];
    let first = |keys: [&str; 3]| keys.iter().find_map(|it| key.attribute(it));
    match (first(method), first(route)) {
        (Some(method), Some(route)) => format!("{method} {route}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

fn has_failed(key: &SeriesKey) -> bool {
    let code = key
        .attribute("http.response.status_code")
        .or(key.attribute("http.status_code"));
    let code = code.and_then(|it| it.parse::<u16>().ok());
    code.is_some_and(|it| it >= 500) || key.attribute("error.type").is_some()
}

fn other(place: usize, series: &Series, end: &str, what: What) -> Signal {
    let mut key = series.key.clone();
    key.metric = format!("{}.{end}", key.metric);
    let (unit, polarity) = match what {
        What::Rate => (Unit::new("{observation}/s"), Polarity::Neutral),
        _ => (series.unit.clone(), series.polarity),
    };
    Signal {
        series: Series {
            key,
            unit,
            kind: Kind::Gauge,
            polarity,
        },
        what,
        inputs: vec![place],
        failed: vec![false],
        scale: 1.0,
    }
}

/// Computes a signal from the rows of its inputs, in the order of [`Signal::inputs`].
///
/// `grid` holds the host's sample times, ascending; where rows end at samples, an
/// interval between the first and the last without rows had no requests. Without a grid
/// that is so for intervals of one length; rows of other intervals stand for themselves.
pub fn column(signal: &Signal, inputs: &[&[Row]], grid: &[i64]) -> Column {
    let mut cells: BTreeMap<i64, Cell> = BTreeMap::new();
    for (rows, failed) in inputs.iter().zip(&signal.failed) {
        for row in *rows {
            cells.entry(row.at.0).or_default().add(row, *failed);
        }
    }
    let times = times(&cells, grid);
    let values: Vec<f64> = match signal.what {
        What::Throughput | What::Rate => rates(inputs, &times),
        _ => {
            let nothing = Cell::default();
            let of_cell = |at: &i64| cells.get(at).unwrap_or(&nothing).value(signal);
            times.iter().map(of_cell).collect()
        }
    };
    Column {
        series: signal.series.clone(),
        at: times.into(),
        values: values.into(),
    }
}

/// Observations a second at each moment: of every input those of the interval that holds
/// it, since senders that are counted together need not tell at one time.
fn rates(inputs: &[&[Row]], times: &[i64]) -> Vec<f64> {
    let mut rates = vec![0.0; times.len()];
    for rows in inputs {
        let mut told: BTreeMap<i64, (u64, i64)> = BTreeMap::new();
        for row in *rows {
            // Parts of one interval add up.
            let (count, width_ns) = told.entry(row.at.0).or_default();
            *count = count.saturating_add(row.histogram.count);
            *width_ns = row.width_ns.max(*width_ns);
        }
        for (end, (count, width_ns)) in told {
            if width_ns <= 0 {
                continue;
            }
            let rate = count as f64 * 1e9 / width_ns as f64;
            let from = times.partition_point(|at| *at <= end.saturating_sub(width_ns));
            let to = times.partition_point(|at| *at <= end);
            for value in rates.get_mut(from..to).into_iter().flatten() {
                *value += rate;
            }
        }
    }
    rates
}

/// The moments at which a signal has a value.
fn times(cells: &BTreeMap<i64, Cell>, grid: &[i64]) -> Vec<i64> {
    let own: Vec<i64> = cells.keys().copied().collect();
    let (Some(first), Some(last)) = (own.first(), own.last()) else {
        return own;
    };
    let from = grid.partition_point(|at| at < first);
    let to = grid.partition_point(|at| at <= last);
    let of_grid = &grid[from..to];
    let on_grid = own.iter().all(|at| of_grid.binary_search(at).is_ok());
    if on_grid && !of_grid.is_empty() {
        let between = |at: &i64| cells.contains_key(at) || !is_within_told(cells, *at);
        return of_grid.iter().copied().filter(between).collect();
    }
    let mut widths = cells.values().map(|it| it.width_ns);
    let width = widths.next().unwrap_or(0);
    let regular = width > 0
        && widths.all(|it| it == width)
        && own.iter().all(|at| (at - first) % width == 0)
        && (last - first) / width < TIMES_MAX;
    if !regular {
        return own;
    }
    (0..=(last - first) / width)
        .map(|step| first + step * width)
        .collect()
}

/// Intervals that are made of one length, at most: four months of seconds.
const TIMES_MAX: i64 = 10_000_000;

/// Whether a moment lies within an interval that a sender told, longer than a sample's:
/// then nothing is known of it alone.
fn is_within_told(cells: &BTreeMap<i64, Cell>, at: i64) -> bool {
    let next = cells.range(at..).next();
    next.is_some_and(|(end, cell)| end - cell.width_ns < at)
}

/// What is known of one interval.
#[derive(Clone, Debug, Default)]
struct Cell {
    width_ns: i64,
    all: Histogram,
    failed: u64,
    active_s: f64,
    active_unknown: bool,
    unlike: bool,
}

impl Cell {
    fn add(&mut self, row: &Row, failed: bool) {
        self.width_ns = self.width_ns.max(row.width_ns);
        self.unlike |= self.all.add(&row.histogram).is_err();
        if failed {
            self.failed = self.failed.saturating_add(row.histogram.count);
        }
        if row.active_s.is_nan() {
            self.active_unknown = true;
        } else {
            self.active_s += row.active_s;
        }
    }

    fn value(&self, signal: &Signal) -> f64 {
        let count = self.all.count as f64;
        let per_second = |amount: f64| match self.width_ns {
            ..=0 => 0.0,
            width => amount * 1e9 / width as f64,
        };
        match signal.what {
            What::Throughput | What::Rate => per_second(count),
            What::ErrorRatio if count > 0.0 => self.failed as f64 / count,
            What::ErrorRatio => f64::NAN,
            What::Active if self.active_unknown => f64::NAN,
            What::Active => per_second(self.active_s),
            // A sum of histograms that did not add up lacks some of them.
            _ if self.unlike => f64::NAN,
            What::Mean => self.all.mean() * signal.scale,
            What::Quantile(q) => {
                let quantile = self.all.quantile(q);
                quantile.map_or(f64::NAN, |it| it.value * signal.scale)
            }
        }
    }
}

/// Adds up the rows of several histograms within `[from, to)`: what was observed in the
/// whole window, with percentiles of its own. Histograms that do not match are left out
/// and counted.
pub fn observed(inputs: &[&[Row]], (from, to): (Moment, Moment)) -> (Histogram, usize) {
    let mut sum = Histogram::default();
    let mut unlike = 0;
    for row in inputs.iter().flat_map(|rows| rows.iter()) {
        if row.at >= from && row.at < to {
            unlike += usize::from(sum.add(&row.histogram).is_err());
        }
    }
    (sum, unlike)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn series(metric: &str, attributes: &[(&str, &str)]) -> Series {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Series {
            key: SeriesKey::new("h", metric, attributes.iter().map(owned)),
            unit: Unit::new("s"),
            kind: Kind::Histogram,
            polarity: Polarity::HigherIsWorse,
        }
    }

    fn of_span(kind: &str, operation: &str, status: &str) -> Series {
        let attributes = [
            ("kind", kind),
            ("operation", operation),
            ("service.name", "shop"),
            ("status", status),
        ];
        series(DURATION, &attributes)
    }

    fn row(second: i64, values: &[f64], active_s: f64) -> Row {
        let mut histogram = Histogram::default();
        values.iter().for_each(|it| histogram.record(*it));
        Row {
            at: Moment(second * S),
            width_ns: S,
            active_s,
            histogram,
        }
    }

    fn names(signals: &[Signal]) -> Vec<String> {
        let throughput = signals.iter().filter(|it| it.what == What::Throughput);
        throughput.map(|it| it.series.key.column()).collect()
    }

    #[test]
    fn instances_that_tell_at_other_times_add_up() {
        let one = series(
            "http.server.request.duration",
            &[("service.name", "shop"), ("service.instance.id", "a")],
        );
        let mut two = one.clone();
        two.key.attributes[0].1 = "b".to_owned();
        let mut former = one.clone();
        former.key.metric = "http.server.duration".to_owned();
        let all = [one, two, former];
        let signals = plan(&all);
        let throughput = signals.iter().find(|it| it.what == What::Throughput);
        let throughput = throughput.expect("a throughput");
        assert_eq!(throughput.inputs, [0, 1], "the former name tells the same");
        let minute = |second: i64, count: usize| Row {
            width_ns: 60 * S,
            ..row(second, &vec![0.1; count], f64::NAN)
        };
        let (a, b) = (
            [minute(60, 60), minute(120, 60)],
            [minute(90, 120), minute(150, 120)],
        );
        let column = column(throughput, &[&a, &b], &[]);
        assert_eq!(column.at[..], [60 * S, 90 * S, 120 * S, 150 * S]);
        assert_eq!(column.values[..], [3.0, 3.0, 3.0, 2.0]);
    }

    #[test]
    fn a_service_its_operations_and_whom_it_asks_have_signals() {
        let mut asks = of_span("client", "SELECT", "ok");
        let peer = ("peer".to_owned(), "db".to_owned());
        asks.key.attributes.push(peer);
        asks.key.attributes.sort();
        let histograms = [
            of_span("server", "GET /", "ok"),
            of_span("server", "GET /", "error"),
            of_span("internal", "parse", "ok"),
            asks,
            // Spans tell of this service already.
            series(SERVERS[0].0, &[("service.name", "shop")]),
            series(
                SERVERS[1].0,
                &[
                    ("http.method", "GET"),
                    ("http.status_code", "500"),
                    ("http.target", "/a"),
                    ("service.name", "old"),
                ],
            ),
        ];
        let signals = plan(&histograms);
        assert_eq!(
            names(&signals),
            [
                "service.request.throughput{kind=client,operation=SELECT,peer=db,service.name=shop}",
                "service.request.throughput{kind=client,peer=db,service.name=shop}",
                "service.request.throughput{operation=GET /,service.name=shop}",
                "service.request.throughput{operation=GET /a,service.name=old}",
                "service.request.throughput{service.name=old}",
                "service.request.throughput{service.name=shop}",
            ]
        );
        let old = signals
            .iter()
            .find(|it| it.series.key.attribute("service.name") == Some("old"));
        assert!(old.is_some_and(|it| it.failed == [true] && it.scale == 1e-3));
        let others = signals.iter().filter(|it| it.what == What::Rate);
        assert_eq!(others.count(), 2);
    }

    #[test]
    fn intervals_without_requests_have_throughput_zero_and_no_response_time() {
        let ok = [row(2, &[0.1, 0.3], 0.4), row(5, &[0.2], 0.2)];
        let failed = [row(5, &[0.6], 0.6)];
        let histograms = [
            of_span("server", "a", "ok"),
            of_span("server", "a", "error"),
        ];
        let signals = plan(&histograms);
        let grid: Vec<i64> = (0..10).map(|it| it * S).collect();
        let told = |what: What| -> Vec<f64> {
            let found = signals.iter().find(|it| it.what == what);
            let found = found.map(|it| column(it, &[&ok, &failed], &grid));
            found.map_or(Vec::new(), |it| it.values.to_vec())
        };
        assert_eq!(told(What::Throughput), [2.0, 0.0, 0.0, 2.0]);
        assert_eq!(told(What::Active), [0.4, 0.0, 0.0, 0.8]);
        assert_eq!(told(What::ErrorRatio)[3], 0.5);
        let mean = told(What::Mean);
        assert!((mean[0] - 0.2).abs() < 1e-9 && mean[1].is_nan());
        let p99 = told(What::Quantile(0.99));
        assert!((p99[3] / 0.6 - 1.0).abs() < 0.03);
    }

    #[test]
    fn rows_of_a_senders_own_intervals_stand_for_themselves() {
        let wide = |second: i64| Row {
            width_ns: 10 * S,
            active_s: f64::NAN,
            ..row(second, &[0.5; 20], f64::NAN)
        };
        let rows = [wide(13), wide(23)];
        let histograms = [series("took", &[])];
        let signals = plan(&histograms);
        let grid: Vec<i64> = (0..40).map(|it| it * S).collect();
        let rate = column(&signals[0], &[&rows], &grid);
        assert_eq!(
            (&*rate.at, &*rate.values),
            (&[13 * S, 23 * S][..], &[2.0, 2.0][..])
        );
    }

    #[test]
    fn without_samples_equal_intervals_are_filled() {
        let rows = [row(1, &[0.5], 0.5), row(4, &[0.5], 0.5)];
        let signals = plan(&[of_span("server", "a", "ok")]);
        let throughput = column(&signals[0], &[&rows], &[]);
        assert_eq!(&*throughput.values, [1.0, 0.0, 0.0, 1.0]);
        let (sum, unlike) = observed(&[&rows], (Moment(0), Moment(2 * S)));
        assert_eq!((sum.count, unlike), (1, 0));
    }
}
