//! Samples of k6's metrics become requests, users and timings.
//!
//! * `http_req_duration` and `grpc_req_duration`: the requests themselves.
//! * Other trends, such as `http_req_waiting` and those of scripts: histograms under
//!   k6's names, times in seconds.
//! * Counters: growth per second. Rates: observations of 0 and 1, whose mean is the share.
//! * `vus`: users.
//!
//! # Source
//!
//! k6 documentation, "Built-in metrics", "JSON output", "CSV output", "Tags": times are in
//! milliseconds, and the time of a sample of a request is when it ended.
//!
//! Start at [`Points::put`].

use std::collections::HashMap;
use std::path::Path;

use crate::lines::Damage;
use crate::load::{Load, Sent};
use crate::outcome::Outcome;
use crate::recorder::Reading;
use crate::skipped::{Skips, counted};
use crate::times::Told;

/// Scripts may define so many metrics; samples of others are taken as trends.
const METRICS_MAX: usize = 4_096;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A sum.
    Counter,
    /// A level.
    Gauge,
    /// Yes or no.
    Rate,
    /// Observations, with factor and unit by what they contain.
    Trend(Contains),
}

/// What the values of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contains {
    /// Milliseconds.
    Time,
    /// Bytes.
    Data,
    /// Anything else.
    Plain,
}

/// The built-in metrics: CSV does not tell what they are.
const BUILT_IN: &[(&str, Sort)] = &[
    ("vus", Sort::Gauge),
    ("vus_max", Sort::Gauge),
    ("iterations", Sort::Counter),
    ("dropped_iterations", Sort::Counter),
    ("data_received", Sort::Counter),
    ("data_sent", Sort::Counter),
    ("http_reqs", Sort::Counter),
    ("ws_sessions", Sort::Counter),
    ("ws_msgs_sent", Sort::Counter),
    ("ws_msgs_received", Sort::Counter),
    ("checks", Sort::Rate),
    ("http_req_failed", Sort::Rate),
    ("iteration_duration", Sort::Trend(Contains::Time)),
    ("group_duration", Sort::Trend(Contains::Time)),
    ("http_req_duration", Sort::Trend(Contains::Time)),
    ("http_req_blocked", Sort::Trend(Contains::Time)),
    ("http_req_connecting", Sort::Trend(Contains::Time)),
    ("http_req_tls_handshaking", Sort::Trend(Contains::Time)),
    ("http_req_sending", Sort::Trend(Contains::Time)),
    ("http_req_waiting", Sort::Trend(Contains::Time)),
    ("http_req_receiving", Sort::Trend(Contains::Time)),
    ("grpc_req_duration", Sort::Trend(Contains::Time)),
    ("ws_connecting", Sort::Trend(Contains::Time)),
    ("ws_session_duration", Sort::Trend(Contains::Time)),
    ("ws_ping", Sort::Trend(Contains::Time)),
];

/// Units of the growth of counters; of others it is a count.
const COUNTER_UNITS: &[(&str, &str)] = &[
    ("data_received", "By/s"),
    ("data_sent", "By/s"),
    ("http_reqs", "{request}/s"),
    ("iterations", "{iteration}/s"),
    ("dropped_iterations", "{iteration}/s"),
];

/// One sample, with the tags that are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Point<'a> {
    pub metric: &'a str,
    pub at: i64,
    pub value: f64,
    pub name: &'a str,
    pub scenario: &'a str,
    pub status: &'a str,
    pub expected: &'a str,
    pub check: &'a str,
    pub vu: &'a str,
}

/// What was read so far.
pub(super) struct Points {
    pub(super) load: Load,
    pub(super) skips: Skips,
    sorts: HashMap<String, Sort>,
    points: usize,
    dropped: f64,
    unknown: bool,
}

impl Points {
    /// None yet, of the test in this file.
    pub(super) fn new(path: &Path) -> Self {
        let known = BUILT_IN
            .iter()
            .map(|(name, sort)| ((*name).to_owned(), *sort));
        Self {
            load: Load::new(path),
            skips: Skips::default(),
            sorts: known.collect(),
            points: 0,
            dropped: 0.0,
            unknown: false,
        }
    }

    /// Learns what a metric is.
    pub(super) fn declare(&mut self, metric: &str, sort: Sort) {
        if self.sorts.len() < METRICS_MAX {
            self.sorts.insert(metric.to_owned(), sort);
        }
    }

    /// Takes in a sample.
    pub(super) fn put(&mut self, point: &Point<'_>) {
        self.points += 1;
        let known = self.sorts.get(point.metric).copied();
        self.unknown |= known.is_none();
        match (point.metric, known) {
            ("http_req_duration" | "grpc_req_duration", _) => self.request(point),
            ("vus", _) => self.load.users(point.at, point.value),
            (metric, Some(Sort::Gauge)) => {
                let metric = format!("k6.{metric}");
                self.load.level(&metric, "1", point.at, point.value);
            }
            (metric, Some(Sort::Counter)) => {
                if metric == "dropped_iterations" {
                    self.dropped += point.value;
                }
                let unit = COUNTER_UNITS.iter().find(|(name, _)| *name == metric);
                let unit = unit.map_or("{count}/s", |(_, unit)| *unit);
                let metric = format!("k6.{metric}.rate");
                self.load.grow(&metric, unit, point.at, point.value);
            }
            (_, Some(Sort::Rate)) => self.observe(point, "1", 1.0),
            (metric, Some(Sort::Trend(Contains::Time))) => {
                if metric == "iteration_duration" {
                    self.load.starts.iteration(point.value / 1e3);
                }
                self.observe(point, "s", 1e-3);
            }
            (_, Some(Sort::Trend(Contains::Data))) => self.observe(point, "By", 1.0),
            (_, Some(Sort::Trend(Contains::Plain)) | None) => self.observe(point, "1", 1.0),
        }
    }

    fn request(&mut self, point: &Point<'_>) {
        let longest = i64::MAX as f64 / 1e6;
        let duration_ns = (point.value.clamp(0.0, longest) * 1e6) as i64;
        self.load.send(&Sent {
            service: service(point),
            operation: if point.name.is_empty() {
                "(no name)"
            } else {
                point.name
            },
            failed: failed(point),
            summary: false,
            start: point.at.saturating_sub(duration_ns),
            duration_ns,
            thread: point.vu,
        });
    }

    fn observe(&mut self, point: &Point<'_>, unit: &str, factor: f64) {
        let service = ("service.name", service(point));
        let own: &[(&str, &str)] = match (point.name, point.check) {
            ("", "") => &[service],
            ("", check) => &[("check", check), service],
            (name, _) => &[("operation", name), service],
        };
        let seen = Reading {
            metric: point.metric,
            unit,
            fixed: &[],
            own,
            value: point.value * factor,
        };
        self.load.observe(point.at, &seen);
    }

    /// The recording, and what is to be said of it.
    pub(super) fn outcome(self, format: &'static str, damage: Option<Damage>) -> Outcome {
        let mut notes = vec![format!(
            "read {} of metrics, {} of them",
            counted(self.points, "sample"),
            counted(self.load.count(), "request")
        )];
        if self.unknown {
            notes.push(
                "what metrics of the script are is not told in CSV: they were taken as \
                 observations without a unit"
                    .to_owned(),
            );
        }
        if self.dropped > 0.0 {
            notes.push(format!(
                "k6 did not begin {} rounds that were due, since all users were busy \
                 (dropped_iterations): what these would have waited is in no response time",
                self.dropped
            ));
        }
        notes.extend(self.skips.notes());
        let recording = self.load.finish(&mut notes);
        Outcome {
            format,
            recording,
            times: Told::Moments,
            notes,
            damage,
            nothing: "there is no sample in it",
        }
    }
}

/// The scenario, unless nobody named it.
fn service<'a>(point: &Point<'a>) -> &'a str {
    match point.scenario {
        "default" => "",
        scenario => scenario,
    }
}

/// Whether a request failed: as the script expected, else by its status, where 0 means
/// that there was no answer. gRPC has other codes, of which 0 is success.
fn failed(point: &Point<'_>) -> bool {
    match (point.expected, point.status.parse::<u32>()) {
        ("true", _) => false,
        ("false", _) => true,
        (_, Ok(status)) if point.metric == "grpc_req_duration" => status != 0,
        (_, Ok(status)) => status >= 400 || status == 0,
        (_, Err(_)) => false,
    }
}
