//! Load tests: requests that a generator sent become the four signals of the system.
//!
//! A generator sees from the client's side, but what it sees is the system's answer; so
//! its requests count as work of the service that was tested.
//!
//! * [`Load`]: takes in requests in any order, users, and timings of parts of requests.
//! * [`omission`]: whether the percentiles can be believed.
//! * [`starts`]: when requests were begun, within bounds.
//!
//! Never: keeps single requests.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::request::Request;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS};
use model::trace::{SpanKind, Status};
use model::unit::Unit;

use crate::Recording;
use crate::recorder::Reading;
use crate::requests::Requests;
use crate::skipped::counted;

use self::starts::Starts;

pub(crate) mod omission;
pub(crate) mod starts;

/// Gauge of users: threads of JMeter, virtual users of k6.
pub(crate) const USERS: &str = "service.request.users";

/// Users are known for at most so many seconds: 48 days.
const USER_SECONDS_MAX: usize = 1 << 22;

/// One request of a load test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    /// The service, where the file tells one.
    pub service: &'a str,
    /// What was asked.
    pub operation: &'a str,
    /// Whether it failed.
    pub failed: bool,
    /// Whether it stands for several others that are in the file too.
    pub summary: bool,
    /// When it was begun.
    pub start: i64,
    /// How long it took.
    pub duration_ns: i64,
    /// Who sent it; empty where not told.
    pub thread: &'a str,
}

/// A load test in the making.
pub(crate) struct Load {
    /// What the test is called: the name of its file.
    name: String,
    requests: Requests,
    users: BTreeMap<i64, f64>,
    gauges: BTreeMap<(String, &'static str), BTreeMap<i64, f64>>,
    /// When requests were begun, for the judgement on omission.
    pub(crate) starts: Starts,
    /// Requests that failed.
    failed: usize,
    /// Requests that stand for others.
    summaries: usize,
    services: BTreeSet<String>,
}

impl Load {
    /// An empty one for the test in this file.
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            name: test_name(path),
            requests: Requests::default(),
            users: BTreeMap::new(),
            gauges: BTreeMap::new(),
            starts: Starts::default(),
            failed: 0,
            summaries: 0,
            services: BTreeSet::new(),
        }
    }

    /// Takes in a request.
    pub(crate) fn send(&mut self, sent: &Sent<'_>) {
        let service = match sent.service {
            "" => self.name.as_str(),
            told => told,
        };
        self.requests.add(&Request {
            service,
            operation: sent.operation,
            kind: if sent.summary {
                SpanKind::Internal
            } else {
                SpanKind::Server
            },
            peer: "",
            status: if sent.failed {
                Status::Error
            } else {
                Status::Ok
            },
            start: Moment(sent.start),
            duration_ns: Some(sent.duration_ns),
        });
        if self.services.len() < 2 && !self.services.contains(service) {
            self.services.insert(service.to_owned());
        }
        self.failed += usize::from(sent.failed);
        if sent.summary {
            self.summaries += 1;
        } else {
            self.starts.add(sent.start, sent.duration_ns, sent.thread);
        }
    }

    /// Requests so far.
    pub(crate) fn count(&self) -> usize {
        self.requests.count
    }

    /// Takes in the number of users at a moment; the last of a second counts.
    pub(crate) fn users(&mut self, at: i64, count: f64) {
        self.starts.users(count);
        let end = second_of(at);
        if count.is_finite()
            && (self.users.len() < USER_SECONDS_MAX || self.users.contains_key(&end))
        {
            self.users.insert(end, count);
        }
    }

    /// Takes in the duration of a part of a request, or of anything else; an empty
    /// service is the test's.
    pub(crate) fn observe(&mut self, at: i64, seen: &Reading<'_>) {
        let attributes = seen.fixed.iter().chain(seen.own);
        let service = |(key, value): &(&str, &str)| match (*key, *value) {
            ("service.name", "") => self.name.clone(),
            (_, told) => told.to_owned(),
        };
        let owned = attributes.map(|it| (it.0.to_owned(), service(it)));
        let series = Series {
            key: SeriesKey::new("", seen.metric, owned),
            unit: Unit(Cow::Owned(seen.unit.to_owned())),
            kind: Kind::Histogram,
            polarity: Polarity::Neutral,
        };
        let histograms = &mut self.requests.histograms;
        let place = histograms.place(&series);
        histograms.observe(place, at, seen.value);
    }

    /// Takes in a level at a moment; the last of a second counts.
    pub(crate) fn level(&mut self, metric: &str, unit: &'static str, at: i64, value: f64) {
        let known = self.gauges.entry((metric.to_owned(), unit)).or_default();
        if known.len() < USER_SECONDS_MAX && value.is_finite() {
            known.insert(second_of(at), value);
        }
    }

    /// Adds to a count in the second of a moment, to be told per second.
    pub(crate) fn grow(&mut self, metric: &str, unit: &'static str, at: i64, value: f64) {
        let known = self.gauges.entry((metric.to_owned(), unit)).or_default();
        if known.len() < USER_SECONDS_MAX && value.is_finite() {
            *known.entry(second_of(at)).or_default() += value;
        }
    }

    /// The recording, and what is to be said of it.
    pub(crate) fn finish(self, notes: &mut Vec<String>) -> Recording {
        if self.requests.count > 0 {
            notes.push(
                "requests were measured at the client, with the network and the generator's own \
                 delays in them; they count as work of the service that was tested"
                    .to_owned(),
            );
        }
        if self.failed > 0 {
            notes.push(format!("{} failed", counted(self.failed, "request")));
        }
        if self.summaries > 0 {
            notes.push(format!(
                "{} of transaction controllers, whose requests are there too: kept as internal \
                 work",
                counted(self.summaries, "sample")
            ));
        }
        notes.extend(omission::of_requests(&self.starts.facts()));
        let only = self
            .services
            .iter()
            .next()
            .filter(|_| self.services.len() == 1);
        let service = only.unwrap_or(&self.name).clone();
        let mut columns = Vec::new();
        let named = [("service.name".to_owned(), service)];
        columns.extend(column(USERS, "{user}", named, self.users));
        for ((metric, unit), values) in self.gauges {
            columns.extend(column(&metric, unit, [], values));
        }
        Recording {
            columns,
            histograms: self.requests.finish(notes),
            ..Recording::default()
        }
    }
}

/// What a test is called: the name of its file without its endings.
pub(crate) fn test_name(path: &Path) -> String {
    let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    match name.split('.').next() {
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => "load test".to_owned(),
    }
}

/// The end of the second that holds a moment.
fn second_of(at: i64) -> i64 {
    at.saturating_sub(1)
        .div_euclid(SECOND_NS)
        .saturating_add(1)
        .saturating_mul(SECOND_NS)
}

fn column(
    metric: &str,
    unit: &'static str,
    attributes: impl IntoIterator<Item = (String, String)>,
    values: BTreeMap<i64, f64>,
) -> Option<Column> {
    if values.is_empty() {
        return None;
    }
    Some(Column {
        series: Series {
            key: SeriesKey::new("", metric, attributes),
            unit: Unit::new(unit),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        },
        at: values.keys().copied().collect(),
        values: values.values().copied().collect(),
    })
}
