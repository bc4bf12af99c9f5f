//! What a recording tells of one application: the numbers that a calibration needs.
//!
//! * In: a frame of all hosts, and which series mean what (found where not said).
//! * Out: requests, response times, users and busy processors on one set of rows; `NaN`
//!   where something was not read.
//! * Never: fills a gap, or guesses a number that was not recorded.
//!
//! Start at [`observe`].

use analysis::frame::{Frame, Line};
use model::plan::subject::Subject;
use model::series::glob_matches;

use crate::refusal::{Code, Refusal};
use crate::solve::cache::Curve;
use crate::system::Resource;

pub(crate) mod processors;

/// Operations that are told apart, at most: the busiest.
const CLASSES_MAX: usize = 16;

/// What is known of a machine beside its series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    /// Its name in the recording.
    pub host: String,
    /// Processors; `None` where not known.
    pub cores: Option<f64>,
    /// Its processor model; empty where not known.
    pub processor: String,
}

/// One operation of the application.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Completed a second, by row.
    pub throughput: Vec<f64>,
    /// Mean response time in seconds, by row; empty where not recorded.
    pub response: Vec<f64>,
}

/// A resource that requests use.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What it is called in sentences.
    pub name: String,
    /// Host it belongs to.
    pub host: String,
    /// What kind it is.
    pub resource: Resource,
    /// Control groups that it is; empty where it is the whole host.
    pub groups: Vec<String>,
    /// Units that the host has.
    pub units: f64,
    /// Units of them that the application may use at once, but for a quota.
    pub cores: f64,
    /// Units that the application may use, by row.
    pub capacity: Vec<f64>,
    /// Units that quotas allow, by row; infinite without one.
    pub quota: Vec<f64>,
    /// Units that the application keeps busy, by row; where it cannot be told from what
    /// others use, both.
    pub busy: Vec<f64>,
    /// Units that others keep busy, by row; empty where that cannot be told.
    pub others: Vec<f64>,
    /// Share of the time that the machine below did not give, by row; empty where not read.
    pub steal: Vec<f64>,
}

/// Time that requests wait for another service elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who is asked.
    pub peer: String,
    /// Calls in flight, by row.
    pub active: Vec<f64>,
}

/// Work beside the application that the recording tells apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbor {
    /// A control group's path or a process's name.
    pub name: String,
    /// Host it runs on.
    pub host: String,
    /// Processors it keeps busy, by row.
    pub busy: Vec<f64>,
}

/// Memory of a control group of the application.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// The group.
    pub group: String,
    /// The most it used that cannot be given back: anonymous and shared; bytes.
    pub working_set_bytes: f64,
}

/// What a recording tells of one application.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Times of the rows, nanoseconds since the Unix epoch.
    pub at: Vec<i64>,
    /// Seconds between rows.
    pub step_s: f64,
    /// What it is called.
    pub subject: String,
    /// Completed requests a second, by row.
    pub throughput: Vec<f64>,
    /// The operations; empty where they are not told apart.
    pub classes: Vec<Class>,
    /// Mean response time in seconds, by row; empty where not recorded.
    pub response: Vec<f64>,
    /// 95th percentile of the response time, seconds, by row; empty where not recorded.
    pub p95: Vec<f64>,
    /// 99th percentile.
    pub p99: Vec<f64>,
    /// Requests in flight, by row; empty where not recorded.
    pub active: Vec<f64>,
    /// Users that ask, by row; empty where not recorded.
    pub users: Vec<f64>,
    /// Seconds between an answer and the next request of a user, where known.
    pub think_s: Option<f64>,
    /// Seconds of the think time inside of the response time.
    pub think_inside_s: f64,
    /// The series of the application's processors, where it was found rather than named.
    pub found_cpu: Option<String>,
    /// The resources.
    pub resources: Vec<Seen>,
    /// Waits for others elsewhere.
    pub calls: Vec<Call>,
    /// Work beside the application.
    pub neighbors: Vec<Neighbor>,
    /// Memory of its control groups.
    pub memory: Vec<Memory>,
    /// Its cache, where the keys are known.
    pub cache: Option<Cached>,
}

/// A cache whose keys are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Cached {
    /// Hits by size.
    pub curve: Curve,
    /// Bytes of one entry.
    pub entry_bytes: f64,
    /// Bytes while it was recorded.
    pub bytes: f64,
    /// Whom the application asks where the cache has no answer.
    pub behind: String,
}

impl Observed {
    /// Some of its rows.
    pub fn rows(&self, rows: std::ops::Range<usize>) -> Self {
        let part = |values: &[f64]| values.get(rows.clone()).unwrap_or(&[]).to_vec();
        let mut cut = self.clone();
        cut.at = self.at.get(rows.clone()).unwrap_or(&[]).to_vec();
        for values in [
            &mut cut.throughput,
            &mut cut.response,
            &mut cut.p95,
            &mut cut.p99,
            &mut cut.active,
            &mut cut.users,
        ] {
            *values = part(values);
        }
        for class in &mut cut.classes {
            class.throughput = part(&class.throughput);
            class.response = part(&class.response);
        }
        for resource in &mut cut.resources {
            for values in [
                &mut resource.capacity,
                &mut resource.quota,
                &mut resource.busy,
                &mut resource.others,
                &mut resource.steal,
            ] {
                *values = part(values);
            }
        }
        for call in &mut cut.calls {
            call.active = part(&call.active);
        }
        for neighbor in &mut cut.neighbors {
            neighbor.busy = part(&neighbor.busy);
        }
        cut
    }
}

/// Finds the numbers of an application.
///
/// # Errors
///
/// A [`Refusal`] of code I1 where what is needed at least is not there: completed requests
/// a second, and processors that they use.
pub fn observe(
    frame: &Frame,
    subject: &Subject,
    machines: &[Machine],
) -> Result<Observed, Refusal> {
    let service = service(frame, subject);
    let name = service.clone().unwrap_or_default();
    let own = |metric: &str| of_service(frame, metric, &name).map(|it| it.values.to_vec());
    let chosen = |pattern: &str, metric: &str| match pattern {
        "" => own(metric),
        pattern => sum_of(frame, &[pattern.to_owned()]),
    };
    let Some(throughput) = chosen(&subject.throughput, "service.request.throughput") else {
        return Err(missing_requests(frame, subject));
    };
    let active = chosen(&subject.active, "service.request.active").unwrap_or_default();
    let mut response = chosen(&subject.response, "service.request.duration.mean");
    if response.is_none() && !active.is_empty() {
        response = Some(little(&active, &throughput));
    }
    let users = match subject.users.as_str() {
        "" => users(frame, &name),
        pattern => sum_of(frame, &[pattern.to_owned()]),
    };
    let found_cpu = processors::held(frame, subject, machines, &throughput);
    let mut whole = subject.clone();
    whole.cpu.extend(found_cpu.clone());
    let subject = &whole;
    let resources = processors::resources(frame, subject, machines)?;
    let named = subject.throughput.is_empty();
    Ok(Observed {
        at: frame.at.to_vec(),
        step_s: frame.step_seconds(),
        subject: match (service, named) {
            (Some(name), true) => name,
            (_, _) if !subject.service.is_empty() => subject.service.clone(),
            _ => subject.throughput.clone(),
        },
        classes: if named {
            classes(frame, &name)
        } else {
            Vec::new()
        },
        p95: if named {
            own("service.request.duration.p95").unwrap_or_default()
        } else {
            Vec::new()
        },
        p99: if named {
            own("service.request.duration.p99").unwrap_or_default()
        } else {
            Vec::new()
        },
        response: response.unwrap_or_default(),
        active,
        users: users.unwrap_or_default(),
        think_s: subject.think_s,
        think_inside_s: subject.think_inside_s.max(0.0),
        found_cpu,
        calls: if named {
            calls(frame, &name)
        } else {
            Vec::new()
        },
        neighbors: processors::neighbors(frame, subject),
        memory: processors::memory(frame),
        resources,
        throughput,
        cache: None,
    })
}

/// The service that is meant: the one named, or of those that nobody else of the recording
/// asks the one with most requests in flight.
fn service(frame: &Frame, subject: &Subject) -> Option<String> {
    if !subject.service.is_empty() {
        return Some(subject.service.clone());
    }
    let metric = "service.request.throughput";
    let own = |line: &&Line| line.series.key.metric == metric && is_whole(line);
    let peers: Vec<&str> = frame
        .lines
        .iter()
        .filter_map(|line| line.series.key.attribute("peer"))
        .collect();
    let name = |line: &Line| line.series.key.attribute("service.name").map(str::to_owned);
    let total = |line: &Line| line.values.iter().filter(|it| it.is_finite()).sum::<f64>();
    let mut found: Vec<(bool, f64, String)> = frame
        .lines
        .iter()
        .filter(own)
        .filter_map(|line| {
            let name = name(line)?;
            Some((!peers.contains(&name.as_str()), total(line), name))
        })
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    found.into_iter().next().map(|it| it.2)
}

/// Whether a series is of a service as a whole.
fn is_whole(line: &Line) -> bool {
    let attributes = &line.series.key.attributes;
    attributes.len() == 1 && attributes[0].0 == "service.name"
}

fn of_service<'a>(frame: &'a Frame, metric: &str, name: &str) -> Option<&'a Line> {
    frame.lines.iter().find(|line| {
        line.series.key.metric == metric
            && is_whole(line)
            && line.series.key.attribute("service.name") == Some(name)
    })
}

fn users(frame: &Frame, name: &str) -> Option<Vec<f64>> {
    let metric = "service.request.users";
    let line = of_service(frame, metric, name).or_else(|| {
        let mut all = frame.lines.iter();
        all.find(|it| it.series.key.metric == metric)
    })?;
    Some(line.values.to_vec())
}

/// Operations of a service, the busiest first; none where there is only one.
fn classes(frame: &Frame, name: &str) -> Vec<Class> {
    let operation = |line: &Line, metric: &str| {
        let key = &line.series.key;
        let own = key.metric == metric
            && key.attributes.len() == 2
            && key.attribute("service.name") == Some(name);
        key.attribute("operation")
            .filter(|_| own)
            .map(str::to_owned)
    };
    let mut classes: Vec<Class> = frame
        .lines
        .iter()
        .filter_map(|line| {
            let name = operation(line, "service.request.throughput")?;
            let response = frame.lines.iter().find(|other| {
                operation(other, "service.request.duration.mean").as_ref() == Some(&name)
            });
            Some(Class {
                name,
                throughput: line.values.to_vec(),
                response: response.map(|it| it.values.to_vec()).unwrap_or_default(),
            })
        })
        .collect();
    let work = |it: &Class| -> f64 { it.throughput.iter().filter(|it| it.is_finite()).sum() };
    classes.sort_by(|a, b| work(b).total_cmp(&work(a)).then(a.name.cmp(&b.name)));
    classes.truncate(CLASSES_MAX);
    if classes.len() < 2 {
        classes.clear();
    }
    classes
}

/// Waits for others that the recording does not hold: of the service itself, and of those
/// of the recording that it asks.
fn calls(frame: &Frame, name: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in &frame.lines {
        let key = &line.series.key;
        let of_all = key.metric == "service.request.active"
            && key.attribute("kind") == Some("client")
            && key.attribute("operation").is_none();
        let (Some(asker), Some(peer)) = (key.attribute("service.name"), key.attribute("peer"))
        else {
            continue;
        };
        if !of_all || is_inside(frame, line, (asker, peer)) {
            continue;
        }
        let known = asker == name || of_service(frame, &key.metric, asker).is_some();
        match calls.iter_mut().find(|it| it.peer == peer) {
            _ if !known => {}
            None => calls.push(Call {
                peer: peer.to_owned(),
                active: line.values.to_vec(),
            }),
            Some(call) => {
                let pairs = call.active.iter_mut().zip(line.values.iter());
                pairs.for_each(|(sum, value)| *sum += value);
            }
        }
    }
    calls.sort_by(|a, b| a.peer.cmp(&b.peer));
    calls
}

/// Whether who is asked is a service of the recording: by name, or because one serves the
/// same requests: as many a second, of which as many are in flight.
fn is_inside(frame: &Frame, call: &Line, (asker, peer): (&str, &str)) -> bool {
    /// Numbers of the same requests, seen from both ends, agree to this share.
    const SAME: std::ops::RangeInclusive<f64> = 0.85..=1.15;
    if of_service(frame, "service.request.active", peer).is_some() {
        return true;
    }
    let total = |values: &[f64]| values.iter().filter(|it| it.is_finite()).sum::<f64>();
    let asked = frame.lines.iter().find(|line| {
        let (key, own) = (&line.series.key, &call.series.key);
        key.metric == "service.request.throughput" && key.attributes == own.attributes
    });
    let Some(asked) = asked.map(|it| total(&it.values)) else {
        return false;
    };
    let mut others = frame.lines.iter().filter(|line| {
        let key = &line.series.key;
        key.metric == "service.request.throughput"
            && is_whole(line)
            && key.attribute("service.name") != Some(asker)
    });
    others.any(|line| {
        let name = line
            .series
            .key
            .attribute("service.name")
            .unwrap_or_default();
        let active = of_service(frame, "service.request.active", name);
        let active = active.map_or(f64::NAN, |it| total(&it.values));
        SAME.contains(&(total(&line.values) / asked))
            && SAME.contains(&(active / total(&call.values)))
    })
}

/// Mean response times from numbers in flight.
fn little(active: &[f64], throughput: &[f64]) -> Vec<f64> {
    let one = |(n, x): (&f64, &f64)| if *x > 0.0 { n / x } else { f64::NAN };
    active.iter().zip(throughput).map(one).collect()
}

/// The sum of all series that match any of these patterns; `None` where none does.
fn sum_of(frame: &Frame, patterns: &[String]) -> Option<Vec<f64>> {
    let mut total: Option<Vec<f64>> = None;
    for line in matching(frame, patterns) {
        let total = total.get_or_insert_with(|| vec![f64::NAN; frame.rows()]);
        for (sum, value) in total.iter_mut().zip(line.values.iter()) {
            if value.is_finite() {
                *sum = if sum.is_nan() { *value } else { *sum + value };
            }
        }
    }
    total
}

fn matching<'a>(frame: &'a Frame, patterns: &'a [String]) -> impl Iterator<Item = &'a Line> {
    frame.lines.iter().filter(move |line| {
        let column = line.series.key.column();
        patterns
            .iter()
            .any(|it| glob_matches(it, &line.name) || glob_matches(it, &column))
    })
}

fn missing_requests(frame: &Frame, subject: &Subject) -> Refusal {
    let what = match (&subject.throughput[..], &subject.service[..]) {
        ("", "") => "no service told of its requests".to_owned(),
        ("", service) => format!("the recording has no service {service:?}"),
        (series, _) => format!("no series is called {series:?}"),
    };
    let alike = frame
        .lines
        .iter()
        .filter(|line| line.series.key.metric == "service.request.throughput" && is_whole(line));
    let names: Vec<&str> = alike.map(|line| line.name.as_str()).collect();
    let there = match names.is_empty() {
        true => String::new(),
        false => format!("; there are {}", names.join(", ")),
    };
    Code::Inconsistent
        .because(format!("{what}{there}"))
        .advising("record with requests: OpenTelemetry spans, an access log or a Prometheus endpoint, or name the series of completed requests a second in the plan's subject")
}

#[cfg(test)]
mod tests;
