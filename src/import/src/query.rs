//! Series of a Prometheus server, asked for over its query interface.
//!
//! * In: the address of a server, queries, a stretch of time.
//! * Out: series as [`telemetry::prometheus`] reads them, with the samples that the server
//!   has for a plain selector, with computed ones at every step for any other expression.
//! * Never: reads a clock; sends or keeps a password anywhere but in the request; follows a
//!   redirect to another server with it.
//!
//! Start at [`fetch`].
//!
//! # Source
//!
//! Prometheus, "HTTP API": `query`, `query_range` (at most 11,000 points a series),
//! `metadata`, `label/__name__/values`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::time::{SECOND_NS, Span};
use model::unit::Unit;
use serde_json::Value;

use crate::prometheus::Reading;
use crate::skipped::counted;
use crate::times::Told;
use crate::{Content, Flow, ImportError, Imported, Progress, Watch};

/// How an address begins; `+https` behind the first asks for encryption.
pub const SCHEMES: [(&str, &str); 2] =
    [("prometheus://", "http"), ("prometheus+https://", "https")];

/// The port where the address tells none.
const PORT: u16 = 9090;

/// An answer may be so large.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// So many points of a series are asked for at a time.
const POINTS_A_REQUEST: i64 = 10_000;

/// Raw samples of so long a stretch are asked for at a time.
const RAW_NS_A_REQUEST: i64 = 3_600 * SECOND_NS;

/// Steps in the whole stretch where none is told.
const STEPS: i64 = 3_600;

/// So many requests at most, for all queries together.
const REQUESTS_MAX: i64 = 100_000;

const MS_NS: i64 = 1_000_000;

/// Patience with a server that does not answer.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(120);

/// So many names are told where no query was given.
const NAMES_TOLD: usize = 12;

/// What to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The server: `prometheus://[USER:PASSWORD@]HOST[:PORT][/PREFIX]`.
    pub server: String,
    /// Sent as a bearer token where there is one.
    pub token: Option<String>,
    /// Expressions in the server's language.
    pub queries: Vec<String>,
    /// Of what stretch.
    pub span: Span,
    /// How far apart computed samples are; by the length of the stretch without it. With
    /// it, plain selectors are computed too.
    pub step_ns: Option<i64>,
}

/// Whether a text is the address of a server.
pub fn is_address(text: &str) -> bool {
    SCHEMES.iter().any(|(scheme, _)| text.starts_with(scheme))
}

/// A server, taken apart.
struct Server {
    agent: ureq::Agent,
    /// Where its interface begins, without user and password.
    base: String,
    /// What to call it in errors and notes: host, port and prefix.
    name: String,
    authorization: Option<String>,
}

/// Fetches the answers to all queries.
///
/// # Errors
///
/// The server cannot be reached, refuses, or answers with what cannot be read; each error
/// names it without its password.
pub fn fetch(ask: &Ask, watch: Watch<'_>) -> Result<Imported, ImportError> {
    let server = Server::of(ask)?;
    if ask.queries.is_empty() {
        return Err(server.said(server.without_query()));
    }
    if ask.span.is_empty() {
        return Err(server.said("the stretch is empty: --from must lie before --to".to_owned()));
    }
    let kinds = server.kinds();
    let plan: Vec<(&String, Way)> = ask
        .queries
        .iter()
        .map(|query| (query, Way::of(query, ask)))
        .collect();
    let total: i64 = plan.iter().map(|(_, way)| way.requests(ask.span)).sum();
    if total > REQUESTS_MAX {
        return Err(ImportError::TooLarge {
            line: 1,
            limit: format!(
                "{total} requests would be needed; ask for less time or a longer --step"
            ),
            path: server.path(),
        });
    }
    let mut taken = Taken::default();
    let mut done = 0;
    for (query, way) in plan {
        for stretch in way.stretches(ask.span) {
            let progress = Progress {
                read_bytes: done,
                total_bytes: total.unsigned_abs(),
                rows: taken.values,
            };
            if watch(progress) == Flow::Cancel {
                return Err(ImportError::Cancelled {
                    path: server.path(),
                });
            }
            let answer = server.ask(query, way, stretch)?;
            taken.take((query, stretch), &answer, &kinds, &server)?;
            done += 1;
        }
        if taken.values == taken.before {
            taken.notes.push(format!("no sample for {query}"));
        }
        taken.before = taken.values;
        if let Way::Steps(step_ns) = way {
            let apart = model::time::duration_text(step_ns as f64 / SECOND_NS as f64);
            taken
                .notes
                .push(format!("{query} was computed by the server every {apart}"));
        }
    }
    taken.imported(&server)
}

/// How a query is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// For the samples as they were scraped.
    Raw,
    /// For what it gives at every step.
    Steps(i64),
}

impl Way {
    fn of(query: &str, ask: &Ask) -> Self {
        match ask.step_ns {
            Some(step_ns) => Self::Steps(step_ns.max(1_000_000)),
            None if is_selector(query) => Self::Raw,
            None => {
                let length = ask.span.to.0.saturating_sub(ask.span.from.0);
                // Whole seconds, so that steps of several queries fall together.
                let seconds = (length / STEPS).div_euclid(SECOND_NS).max(1);
                Self::Steps(seconds.saturating_mul(SECOND_NS))
            }
        }
    }

    fn length(self) -> i64 {
        match self {
            Self::Raw => RAW_NS_A_REQUEST,
            Self::Steps(step_ns) => step_ns.saturating_mul(POINTS_A_REQUEST),
        }
    }

    fn requests(self, span: Span) -> i64 {
        let length = span.to.0.saturating_sub(span.from.0).max(1);
        length.saturating_add(self.length() - 1) / self.length()
    }

    fn stretches(self, span: Span) -> impl Iterator<Item = (i64, i64)> {
        let length = self.length();
        (0..self.requests(span)).map(move |number| {
            let from = span.from.0.saturating_add(number.saturating_mul(length));
            (from, from.saturating_add(length).min(span.to.0))
        })
    }
}

/// Whether a query is a name, with or without matchers: `up`, `up{job="x"}`, `{job="x"}`.
fn is_selector(query: &str) -> bool {
    let query = query.trim();
    let name = query.find('{').map_or(query, |place| &query[..place]);
    let rest = &query[name.len()..];
    let plain = name
        .trim_end()
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b':');
    // A brace within quotes ends nothing; one after the last quote does.
    let matchers = rest.is_empty()
        || rest.ends_with('}')
            && rest[1..rest.len() - 1]
                .split('"')
                .step_by(2)
                .all(|outside| !outside.contains(['{', '}', '(', ')']));
    plain && matchers && !query.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit())
}

impl Server {
    fn of(ask: &Ask) -> Result<Self, ImportError> {
        let wrong = |why: &str| ImportError::Said {
            why: format!("{why}; an address is prometheus://HOST[:PORT][/PREFIX]"),
            path: PathBuf::from(without_user(&ask.server)),
        };
        let known = SCHEMES
            .iter()
            .find_map(|(begin, scheme)| Some((*scheme, ask.server.strip_prefix(begin)?)));
        let (scheme, rest) = known.ok_or_else(|| wrong("it is no address of a server"))?;
        let (place, prefix) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, place),
        };
        if place.is_empty() || place.contains([' ', '?', '#']) {
            return Err(wrong("it names no host"));
        }
        let told = place
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'));
        let place = match told {
            Some((_, port)) if port.parse::<u16>().is_ok() => place.to_owned(),
            Some(_) => return Err(wrong("its port is no number")),
            None => format!("{place}:{PORT}"),
        };
        let prefix = prefix.trim_end_matches('/');
        // Only the first may be there already: another part of the program asked before.
        let ring = rustls::crypto::ring::default_provider();
        ring.install_default().unwrap_or_default();
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .build();
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_per_call(Some(ANSWER))
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        let authorization = match (&ask.token, user) {
            (Some(token), _) => Some(format!("Bearer {token}")),
            (None, Some(user)) => Some(format!("Basic {}", BASE64_STANDARD.encode(plain(user)))),
            (None, None) => None,
        };
        Ok(Self {
            agent: config.new_agent(),
            base: format!("{scheme}://{place}{prefix}"),
            name: format!("{place}{prefix}"),
            authorization,
        })
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("prometheus://{}", self.name))
    }

    fn wrong(&self, why: String) -> ImportError {
        ImportError::Server {
            why,
            server: self.path(),
        }
    }

    fn said(&self, why: String) -> ImportError {
        ImportError::Said {
            why,
            path: self.path(),
        }
    }

    /// Asks, and gives what is under `data`.
    fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, ImportError> {
        let failed = |error: ureq::Error| ImportError::Read {
            path: self.path(),
            source: std::io::Error::other(error),
        };
        let mut request = self.agent.get(format!("{}/api/v1/{path}", self.base));
        for (key, value) in query {
            request = request.query(key, value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut answer = request.call().map_err(failed)?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let body = body.read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => ImportError::TooLarge {
                line: 1,
                limit: "an answer of more than 256 MiB; ask for less at a time".to_owned(),
                path: self.path(),
            },
            error => failed(error),
        })?;
        let mut value: Value = match serde_json::from_slice(&body) {
            Ok(value) => value,
            Err(_) if !status.is_success() => {
                return Err(self.wrong(format!("the server answered {status}")));
            }
            Err(error) => {
                return Err(self.wrong(format!("its answer is no JSON of Prometheus ({error})")));
            }
        };
        if value.get("status").and_then(Value::as_str) != Some("success") {
            let text = |key| {
                value
                    .get(key)
                    .and_then(Value::as_str)
                    .unwrap_or("no reason")
            };
            let (kind, why) = (text("errorType"), text("error"));
            return Err(self.wrong(format!("the server answered {status}: {kind}: {why}")));
        }
        Ok(value.get_mut("data").map_or(Value::Null, Value::take))
    }

    fn ask(&self, query: &str, way: Way, (from, to): (i64, i64)) -> Result<Value, ImportError> {
        match way {
            Way::Raw => {
                // A range selector holds what is later than its begin.
                let ms = to.saturating_sub(from).div_euclid(1_000_000).max(1);
                let query = format!("{query}[{ms}ms]");
                let at = seconds(to.saturating_sub(1_000_000));
                self.get("query", &[("query", &query), ("time", &at)])
            }
            Way::Steps(step_ns) => {
                let last = to.saturating_sub(1).max(from);
                let (start, end, step) = (seconds(from), seconds(last), seconds(step_ns));
                let asked = [
                    ("query", query),
                    ("start", &start),
                    ("end", &end),
                    ("step", &step),
                ];
                self.get("query_range", &asked)
            }
        }
    }

    /// What sort of metric each name is, as far as the server knows.
    fn kinds(&self) -> HashMap<String, String> {
        // Without them everything is read as a level.
        let Ok(Value::Object(names)) = self.get("metadata", &[]) else {
            return HashMap::new();
        };
        let kind = |(name, told): (String, Value)| {
            let kind = told.get(0)?.get("type")?.as_str()?.to_owned();
            Some((name, kind))
        };
        names.into_iter().filter_map(kind).collect()
    }

    fn without_query(&self) -> String {
        let names = self.get("label/__name__/values", &[]);
        let known = match names {
            Ok(Value::Array(names)) => {
                let told: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                let first = told.iter().take(NAMES_TOLD).copied();
                let first: Vec<&str> = first.collect();
                format!(
                    "; it knows {}, such as {}",
                    counted(told.len(), "name"),
                    first.join(", ")
                )
            }
            _ => String::new(),
        };
        format!("no query was given: --query 'up' or any expression{known}")
    }
}

/// Seconds with milliseconds, as the interface wants them.
fn seconds(ns: i64) -> String {
    let ms = ns.div_euclid(1_000_000);
    let (whole, rest) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
    format!("{whole}.{rest:03}")
}

fn without_user(address: &str) -> String {
    match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}{}", &address[..scheme + 3], &address[at + 1..])
        }
        _ => address.to_owned(),
    }
}

/// Takes `%40` and the like out of a user and password.
fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let code = text.get(place + 1..place + 3).filter(|_| *byte == b'%');
        match code.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                place += 3;
            }
            None => {
                plain.push(*byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// What came so far.
#[derive(Default)]
struct Taken {
    reading: Reading,
    values: usize,
    before: usize,
    native: usize,
    notes: Vec<String>,
}

impl Taken {
    fn take(
        &mut self,
        (query, (from, to)): (&str, (i64, i64)),
        answer: &Value,
        kinds: &HashMap<String, String>,
        server: &Server,
    ) -> Result<(), ImportError> {
        let told = answer.get("resultType").and_then(Value::as_str);
        let rows = match (told, answer.get("result")) {
            (Some("matrix"), Some(Value::Array(rows))) => rows,
            _ => {
                let what = told.unwrap_or("nothing");
                return Err(
                    server.wrong(format!("{query} gives {what} instead of series over time"))
                );
            }
        };
        let too_much = |limit: crate::lines::TooMuch| ImportError::TooLarge {
            line: 1,
            limit: limit.0,
            path: server.path(),
        };
        // Lines of a metric stand together, those of a histogram by time.
        let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows {
            let Some(Value::Object(labels)) = row.get("metric") else {
                continue;
            };
            self.native += row
                .get("histograms")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            let samples = row.get("values").and_then(Value::as_array);
            let samples = samples.into_iter().flatten().filter_map(sample);
            // Servers differ in whether the begin of a range belongs to it.
            let (first, end) = (from.div_euclid(MS_NS), to.div_euclid(MS_NS));
            let samples = samples.filter(|it| (first..=end).contains(&it.0) && it.0 * MS_NS < to);
            let label = |(key, value): (&String, &Value)| {
                let value = value.as_str().unwrap_or_default().to_owned();
                (key != "__name__").then(|| (key.clone(), value))
            };
            let own: Vec<(String, String)> = labels.iter().filter_map(label).collect();
            match labels.get("__name__").and_then(Value::as_str) {
                Some(name) => {
                    let lines = families.entry(family(name, kinds)).or_default();
                    for (at_ms, value) in samples {
                        self.values += 1;
                        lines.push(line(name, &own, value, at_ms));
                    }
                }
                None => {
                    let key = SeriesKey::new("", query.trim(), own);
                    let place = self
                        .reading
                        .loose
                        .place(&key.to_string(), || computed(key.clone()));
                    for (at_ms, value) in samples {
                        self.values += 1;
                        let (Some(place), Ok(value)) = (place, value.parse::<f64>()) else {
                            continue;
                        };
                        let at = at_ms.saturating_mul(1_000_000);
                        let value = if value.is_finite() { value } else { f64::NAN };
                        self.reading
                            .loose
                            .number(place, at, value)
                            .map_err(too_much)?;
                    }
                }
            }
        }
        for (name, mut lines) in families {
            let kind = kinds.get(&name).map_or("untyped", String::as_str);
            if kind == "histogram" {
                lines.sort_by_cached_key(|line| by_time(line));
            }
            let mut text = format!("# TYPE {name} {kind}\n");
            for line in lines {
                if text.len() + line.len() >= telemetry::prometheus::BODY_BYTES_MAX {
                    self.reading.body(text.as_bytes()).map_err(too_much)?;
                    text = format!("# TYPE {name} {kind}\n");
                }
                text.push_str(&line);
            }
            self.reading.body(text.as_bytes()).map_err(too_much)?;
        }
        Ok(())
    }

    fn imported(mut self, server: &Server) -> Result<Imported, ImportError> {
        let mut notes = vec![format!(
            "read {} from {}",
            counted(self.values, "value"),
            server.name
        )];
        notes.append(&mut self.notes);
        if self.native > 0 {
            notes.push(format!(
                "left out {}: ask for histogram_count(…), histogram_sum(…) or \
                 histogram_quantile(…) of it",
                counted(self.native, "sample of native histograms")
            ));
        }
        notes.append(&mut self.reading.notes);
        let recording = self.reading.loose.finish(&mut notes);
        if recording.columns.is_empty() && recording.histograms.is_empty() {
            return Err(server.wrong(notes.get(1..).unwrap_or_default().join("; ")));
        }
        Ok(Imported {
            format: "Prometheus server",
            content: Content::Recording(recording),
            times: Told::Moments,
            notes,
            damage: None,
        })
    }
}

/// A series that the server computed: what it means only the query tells.
fn computed(key: SeriesKey) -> Series {
    Series {
        key,
        unit: Unit::new("{value}"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

/// Time in milliseconds, and the value as it is written.
fn sample(pair: &Value) -> Option<(i64, &str)> {
    let at = pair.get(0)?.as_f64()? * 1_000.0;
    let fits = at.is_finite() && at.abs() < 9e15;
    fits.then(|| pair.get(1)?.as_str().map(|text| (at.round() as i64, text)))
        .flatten()
}

/// The metric that a name of a sample belongs to.
fn family(name: &str, kinds: &HashMap<String, String>) -> String {
    if kinds.contains_key(name) {
        return name.to_owned();
    }
    for (ending, of) in [
        ("_bucket", "histogram"),
        ("_count", "histogram"),
        ("_sum", "histogram"),
        ("_count", "summary"),
        ("_sum", "summary"),
    ] {
        let base = name.strip_suffix(ending);
        if let Some(base) = base.filter(|it| kinds.get(*it).is_some_and(|kind| kind == of)) {
            return base.to_owned();
        }
    }
    name.to_owned()
}

fn line(name: &str, labels: &[(String, String)], value: &str, at_ms: i64) -> String {
    let mut text = name.to_owned();
    for (number, (key, value)) in labels.iter().enumerate() {
        let escaped = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        // Writing to a string cannot fail.
        let begin = if number == 0 { '{' } else { ',' };
        write!(text, "{begin}{key}=\"{escaped}\"").unwrap_or_default();
    }
    let end = if labels.is_empty() { "" } else { "}" };
    writeln!(text, "{end} {value} {at_ms}").unwrap_or_default();
    text
}

/// The time of a line, and its labels without the bound of the bucket.
fn by_time(line: &str) -> (i64, String) {
    let at = line.trim_end().rsplit(' ').next();
    let at = at.and_then(|it| it.parse().ok()).unwrap_or(0);
    let labels = line.find('{').and_then(|begin| {
        let end = line.rfind('}')?;
        line.get(begin + 1..end)
    });
    let others = labels.unwrap_or_default().split("\",");
    let others: Vec<&str> = others.filter(|it| !it.starts_with("le=")).collect();
    let others: Vec<&str> = others.iter().map(|it| it.trim_end_matches('"')).collect();
    (at, others.join(","))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};

    use model::time::Moment;

    use super::*;

    #[test]
    fn plain_selectors_are_told_from_expressions() {
        for (query, plain) in [
            ("up", true),
            ("node_cpu_seconds_total{mode=\"idle\"}", true),
            ("{__name__=~\"go_.*\"}", true),
            ("up{path=\"/a{b}\"}", true),
            ("job:rate:5m", true),
            ("rate(up[1m])", false),
            ("up + up", false),
            ("up{a=\"b\"} / up{a=\"c\"}", false),
            ("up[5m]", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(is_selector(query), plain, "{query}");
        }
    }

    #[test]
    fn users_are_taken_out_of_addresses() {
        assert_eq!(plain("a%40b%"), "a@b%");
        assert_eq!(
            without_user("prometheus://me:secret@host:1/x"),
            "prometheus://host:1/x"
        );
    }

    /// Answers each request on loopback by its path, and gives the requests' first lines.
    fn server(
        answers: &'static [(&'static str, &'static str)],
        requests: usize,
    ) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let serve = move |mut stream: TcpStream| {
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
            let first = lines.next().expect("a line").expect("a line");
            let mut told = first.clone();
            for line in lines.map_while(Result::ok) {
                if line.to_lowercase().starts_with("authorization") {
                    told += &format!(" | {line}");
                }
                if line.is_empty() {
                    break;
                }
            }
            let answer = answers.iter().find(|it| first.contains(it.0));
            let body = answer.map_or(
                "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}",
                |it| it.1,
            );
            let status = if answer.is_some() {
                "200 OK"
            } else {
                "400 Bad Request"
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .expect("written");
            told
        };
        let thread = std::thread::spawn(move || {
            let streams = listener.incoming().take(requests);
            streams.map(|it| serve(it.expect("a stream"))).collect()
        });
        (format!("prometheus://me:se%3Acret@{address}"), thread)
    }

    const ANSWERS: &[(&str, &str)] = &[
        (
            "/metadata",
            r#"{"status":"success","data":{"req":[{"type":"histogram","help":"","unit":""}],"hits_total":[{"type":"counter","help":"","unit":""}]}}"#,
        ),
        (
            "query=hits_total",
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"hits_total","job":"a \"b\""},"values":[[100.5,"7"],[101.5,"9"],[102.5,"NaN"]]}]}}"#,
        ),
        (
            "query=rate",
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[100,"0.5"],[101,"+Inf"]]}]}}"#,
        ),
        (
            "query=req_bucket",
            r#"{"status":"success","data":{"resultType":"matrix","result":[
              {"metric":{"__name__":"req_bucket","le":"0.1"},"values":[[100,"1"],[110,"3"]]},
              {"metric":{"__name__":"req_bucket","le":"+Inf"},"values":[[100,"2"],[110,"6"]]}]}}"#,
        ),
    ];

    fn ask(server: String, queries: &[&str]) -> Ask {
        Ask {
            server,
            token: None,
            queries: queries.iter().map(|it| (*it).to_owned()).collect(),
            span: Span {
                from: Moment(100 * SECOND_NS),
                to: Moment(200 * SECOND_NS),
            },
            step_ns: None,
        }
    }

    #[test]
    fn answers_become_series_of_their_kinds() {
        let (address, thread) = server(ANSWERS, 4);
        let ask = ask(
            address,
            &["hits_total", "rate(hits_total[1m])", "req_bucket"],
        );
        let imported = fetch(&ask, &mut |_| Flow::Continue).expect("an answer");
        let requests = thread.join().expect("requests");
        assert!(
            requests[1].contains("query?query=hits_total%5B100000ms%5D&time=199.999"),
            "{requests:?}"
        );
        assert!(requests[2].contains("query_range"), "{requests:?}");
        assert!(
            requests
                .iter()
                .all(|it| it.contains("Basic bWU6c2U6Y3JldA==")),
            "{requests:?}"
        );
        let Content::Recording(recording) = imported.content else {
            panic!("no recording");
        };
        let told: Vec<String> = recording
            .columns
            .iter()
            .map(|it| {
                format!(
                    "{} {:?} {:?} {:?}",
                    it.series.key,
                    it.series.kind,
                    &it.at[..],
                    &it.values[..]
                )
            })
            .collect();
        expect_test::expect![[r#"
            [
                "hits_total{job=a \"b\"} Counter [100500000000, 101500000000, 102500000000] [7.0, 9.0, NaN]",
                "rate(hits_total[1m]){job=a} Gauge [100000000000, 101000000000] [0.5, NaN]",
            ]
        "#]].assert_debug_eq(&told);
        let (series, rows) = &recording.histograms[0];
        assert_eq!(series.key.metric, "req");
        assert_eq!((rows.len(), rows[0].histogram.count), (1, 4));
        expect_test::expect![[r#"
            [
                "read 9 values from ADDRESS",
                "rate(hits_total[1m]) was computed by the server every 1 s",
            ]
        "#]]
        .assert_debug_eq(
            &imported
                .notes
                .iter()
                .map(|it| match it.find("127.") {
                    Some(place) => format!("{}ADDRESS", &it[..place]),
                    None => it.clone(),
                })
                .collect::<Vec<_>>(),
        );
    }

    #[test]
    fn what_goes_wrong_names_the_server_and_no_password() {
        let (address, thread) = server(&[], 2);
        let error = fetch(&ask(address, &["sum("]), &mut |_| Flow::Continue).expect_err("refused");
        thread.join().expect("requests");
        let text = error.to_string();
        assert!(
            text.contains("400 Bad Request: bad_data: parse error"),
            "{text}"
        );
        assert!(!text.contains("cret"), "{text}");
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            listener.local_addr().expect("an address")
        };
        let error = fetch(&ask(format!("prometheus://{closed}"), &["up"]), &mut |_| {
            Flow::Continue
        });
        assert!(matches!(error, Err(ImportError::Read { .. })), "{error:?}");
        for wrong in [
            "prometheus://",
            "prometheus://host:port",
            "prometheus:/host",
        ] {
            let error = fetch(&ask(wrong.to_owned(), &["up"]), &mut |_| Flow::Continue);
            assert!(
                matches!(error, Err(ImportError::Said { .. })),
                "{wrong}: {error:?}"
            );
        }
        let stopped = {
            let (address, _thread) = server(ANSWERS, 1);
            fetch(&ask(address, &["hits_total"]), &mut |_| Flow::Cancel)
        };
        assert!(
            matches!(stopped, Err(ImportError::Cancelled { .. })),
            "{stopped:?}"
        );
    }
}
