//! What is heard on real sockets and from real files arrives in a sample.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use model::batch::Stamp;
use model::event::EventKind;
use model::time::SECOND_NS;
use wire::float;

use super::*;
use crate::sink::{Sink, UNSET};

type Outcome = Result<(), Box<dyn Error>>;

/// Long enough for a slow machine; nothing waits for it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn unix_ns() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |it| it.as_nanos() as i64)
}

/// A sampler that reads nothing but the inbox.
struct Sampler {
    intake: Intake,
    sink: Sink,
}

impl Sampler {
    fn of(specs: &[String], limits: Limits) -> Result<Self, Box<dyn Error>> {
        let specs: Result<Vec<Spec>, _> = specs.iter().map(|it| it.parse()).collect();
        let intake = open(&specs?, limits)?;
        let mut sampler = Self {
            intake,
            sink: Sink::default(),
        };
        sampler.sample();
        Ok(sampler)
    }

    /// Takes a sample now; the boot clock shows the wall clock's time.
    fn sample(&mut self) {
        let now_ns = unix_ns();
        self.sink.begin(Stamp {
            boot_ns: now_ns,
            unix_ns: now_ns,
        });
        self.intake.shared.lock().flush(&mut self.sink);
    }

    /// Samples until something is as it should be.
    fn until<T>(&mut self, mut found: impl FnMut(&Self) -> Option<T>) -> Result<T, String> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            self.sample();
            if let Some(found) = found(self) {
                return Ok(found);
            }
            thread::yield_now();
        }
        Err(format!("waited in vain; events: {:?}", self.sink.happened))
    }

    fn value(&self, name: &str) -> Option<f64> {
        let declared = self.sink.declared().iter().zip(self.sink.values());
        let mut found = declared.filter(|(it, raw)| text(it) == name && **raw != UNSET);
        found.next().map(|(_, raw)| float::unpack(*raw))
    }

    /// Observations of a histogram in this sample: count and mean.
    fn observed(&self, name: &str) -> Option<(u64, f64)> {
        let (slot, row) = self.sink.observed.iter().find(|(slot, row)| {
            row.histogram.count > 0 && text(&self.sink.declared()[slot.0 as usize]) == name
        })?;
        assert!(row.at.0 <= self.sink.stamp.boot_ns, "{slot:?}");
        Some((row.histogram.count, row.histogram.mean()))
    }
}

fn text(declared: &crate::sink::Declared) -> String {
    let attributes = declared.attributes.iter();
    let attributes: Vec<String> = attributes
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("{}{{{}}}", declared.metric, attributes.join(","))
}

/// Posts a body; returns status line and body of the answer.
fn post(port: u16, path: &str, kind: &str, body: &[u8]) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn spans(count: usize, duration_ns: i64, failed: bool) -> String {
    let end = unix_ns();
    let spans: Vec<String> = (1..=count)
        .map(|number| {
            format!(
                r#"{{"traceId":"{number:032x}","spanId":"{number:016x}","name":"GET /","kind":2,"startTimeUnixNano":"{}","endTimeUnixNano":"{end}","status":{{"code":{}}}}}"#,
                end - duration_ns,
                if failed { 2 } else { 0 }
            )
        })
        .collect();
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    )
}

const SERVER: &str =
    "service.request.duration{kind=server,operation=GET /,service.name=shop,status=ok}";

#[test]
fn spans_over_http_become_rows_and_are_kept() -> Outcome {
    let port = free_port()?;
    let mut sampler = Sampler::of(&[format!("otlp-http:{port}")], Limits::default())?;
    let answer = post(
        port,
        "/v1/traces",
        "application/json",
        spans(3, 50_000_000, false).as_bytes(),
    )?;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("{}"),
        "{answer}"
    );
    let (count, mean) = sampler.until(|it| it.observed(SERVER))?;
    assert_eq!(count, 3);
    assert!((mean - 0.05).abs() < 1e-9);
    Ok(())
}

#[test]
fn what_cannot_be_taken_is_refused_and_counted() -> Outcome {
    let port = free_port()?;
    let sampler = Sampler::of(&[format!("otlp-http:{port}")], Limits::default())?;
    for (path, kind, body, status) in [
        ("/v1/traces", "application/json", "{", "400"),
        ("/v1/traces", "application/x-protobuf", "nonsense", "400"),
        ("/v1/traces", "text/plain", "", "415"),
        ("/v1/profiles", "application/json", "{}", "404"),
    ] {
        let answer = post(port, path, kind, body.as_bytes())?;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {answer}"
        );
    }
    assert_eq!(sampler.intake.shared.lock().totals().damaged, 2);
    // A port that is taken is told before anything is heard.
    let again: Spec = format!("otlp-http:{port}").parse()?;
    assert!(open(&[again], Limits::default()).is_err());
    Ok(())
}

#[test]
fn in_a_crowd_failed_spans_are_kept_and_all_are_counted() -> Outcome {
    let port = free_port()?;
    let limits = Limits {
        spans_per_second: 5.0,
        ..Limits::default()
    };
    let mut sampler = Sampler::of(&[format!("otlp-http:{port}")], limits)?;
    post(
        port,
        "/v1/traces",
        "application/json",
        spans(2_000, 1_000_000, false).as_bytes(),
    )?;
    post(
        port,
        "/v1/traces",
        "application/json",
        spans(20, 1_000_000, true).as_bytes(),
    )?;
    let mut stored = Vec::new();
    let mut counted = 0;
    let mut told = 0;
    sampler.until(|it| {
        stored.extend(it.sink.spans.iter().map(|span| span.status));
        counted += it
            .sink
            .observed
            .iter()
            .map(|(_, row)| row.histogram.count)
            .sum::<u64>();
        told += it
            .sink
            .happened
            .iter()
            .filter(|it| it.what.kind == EventKind::Degraded)
            .count();
        (counted == 2_020).then_some(())
    })?;
    let failed = stored
        .iter()
        .filter(|it| **it == model::trace::Status::Error);
    assert!(
        failed.count() >= 5 && stored.len() < 200,
        "{}",
        stored.len()
    );
    assert_eq!(told, 1);
    Ok(())
}

#[test]
fn statsd_counts_levels_and_times() -> Outcome {
    let port = free_port()?;
    let mut sampler = Sampler::of(&[format!("statsd:{port}")], Limits::default())?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let lines = "hits:3|c|@0.5|#env:test\nqueue:7|g\nqueue:-2|g\ntook:250|ms\nwho:ann|s\nwho:bob|s\nbad line";
    socket.send_to(lines.as_bytes(), ("127.0.0.1", port))?;
    let hits = sampler.until(|it| it.value("hits{env=test}"))?;
    assert_eq!(hits, 6.0);
    assert_eq!(sampler.value("queue{}"), Some(5.0));
    assert_eq!(sampler.value("who{}"), Some(2.0));
    assert_eq!(sampler.observed("took{}"), Some((1, 0.25)));
    assert_eq!(sampler.intake.shared.lock().totals().not_understood, 1);
    Ok(())
}

/// Serves a list of bodies, one a connection, then closes.
fn serve(listener: TcpListener, bodies: Vec<&'static str>) -> thread::JoinHandle<io::Result<()>> {
    thread::spawn(move || {
        for body in bodies {
            let (mut stream, _) = listener.accept()?;
            let mut request = [0; 1024];
            let length = stream.read(&mut request)?;
            assert!(request[..length].starts_with(b"GET /metrics HTTP/1.1"));
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )?;
        }
        Ok(())
    })
}

#[test]
fn a_target_is_scraped_and_what_it_no_longer_tells_ends() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let first = "# TYPE jobs_total counter\njobs_total 5\n# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"0.1\"} 1\ntook_seconds_bucket{le=\"+Inf\"} 2\ntook_seconds_sum 3\ntook_seconds_count 2\nold 1\n";
    let second = "# TYPE jobs_total counter\njobs_total 9\n# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"0.1\"} 4\ntook_seconds_bucket{le=\"+Inf\"} 6\ntook_seconds_sum 5\ntook_seconds_count 6\n";
    let server = serve(listener, vec![first, second]);
    let mut sampler = Sampler::of(
        &[format!("scrape:http://{address}/metrics,every=1s,job=j")],
        Limits::default(),
    )?;
    let labels = format!("{{instance={address},job=j}}");
    let old = format!("old{labels}");
    sampler.until(|it| it.value(&old))?;
    // What was observed before anybody listened belongs to no interval.
    assert_eq!(sampler.observed(&format!("took_seconds{labels}")), None);
    let grown = sampler.until(|it| it.observed(&format!("took_seconds{labels}")))?;
    assert_eq!(grown, (4, 0.5));
    assert_eq!(sampler.value(&format!("jobs_total{labels}")), Some(9.0));
    let gone = |it: &Sampler| {
        it.sink
            .declared()
            .iter()
            .any(|one| text(one) == old && one.retired)
    };
    sampler.until(|it| gone(it).then_some(()))?;
    // Nobody answers any more.
    let up = sampler.until(|it| it.value(&format!("up{labels}")).filter(|up| *up == 0.0))?;
    assert_eq!(up, 0.0);
    assert!(matches!(server.join(), Ok(Ok(()))));
    Ok(())
}

#[test]
fn an_access_log_is_followed_through_its_rotation() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("access.log");
    let line = |took: &str| {
        format!(
            "127.0.0.1 - - [27/Nov/2026:05:10:36 +0000] \"GET /users/17?x=1 HTTP/1.1\" 500 12 \"-\" \"curl\" {took}\n"
        )
    };
    std::fs::write(&path, line("9.000"))?;
    let spec = format!("log:{},service=web", path.display());
    let mut sampler = Sampler::of(&[spec], Limits::default())?;
    let recent = |took: &str| line(took).replace("27/Nov/2026:05:10:36 +0000", &stamp());
    let mut file = std::fs::OpenOptions::new().append(true).open(&path)?;
    file.write_all(recent("0.250").as_bytes())?;
    let name = "service.request.duration{kind=server,operation=GET /users/{id},service.name=web,status=error}";
    let (count, mean) = sampler.until(|it| it.observed(name))?;
    assert_eq!((count, mean), (1, 0.25));
    std::fs::rename(&path, folder.path().join("access.log.1"))?;
    std::fs::write(&path, recent("0.500"))?;
    let (count, mean) = sampler.until(|it| it.observed(name))?;
    assert_eq!((count, mean), (1, 0.5));
    Ok(())
}

/// The time now as a log writes it.
fn stamp() -> String {
    let now = model::time::Moment(unix_ns());
    now.strftime("%d/%b/%Y:%H:%M:%S +0000", model::time::Zone::Utc)
}

#[test]
fn rows_end_at_samples_and_what_ended_before_the_first_is_told_as_late() {
    let mut inbox = Inbox::new(Limits::default());
    let mut sink = Sink::default();
    let at = |second: i64| Stamp {
        boot_ns: second * SECOND_NS,
        unix_ns: (second + 1_000) * SECOND_NS,
    };
    sink.begin(at(10));
    inbox.flush(&mut sink);
    let request = |end_s: i64| model::request::Request {
        service: "shop",
        operation: "GET /",
        kind: model::trace::SpanKind::Server,
        peer: "",
        status: model::trace::Status::Ok,
        start: model::time::Moment((end_s + 1_000) * SECOND_NS - SECOND_NS / 2),
        duration_ns: Some(SECOND_NS / 2),
    };
    inbox.request(&request(11));
    inbox.request(&request(5));
    sink.begin(at(12));
    inbox.flush(&mut sink);
    let rows: Vec<(i64, i64, u64)> = sink
        .observed
        .iter()
        .map(|(_, row)| {
            (
                row.at.0 / SECOND_NS,
                row.width_ns / SECOND_NS,
                row.histogram.count,
            )
        })
        .collect();
    assert_eq!(rows, [(12, 2, 1)]);
    assert!(
        sink.happened
            .iter()
            .any(|it| it.what.text.contains("longer ago"))
    );
}
