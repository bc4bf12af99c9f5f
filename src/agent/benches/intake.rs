//! Measures what hearing applications costs: spans a second of one core, what is lost
//! and kept of them, and the share of a core that scraping takes. Prints one line each.

#![expect(clippy::print_stdout, reason = "the figures are what a bench is for")]

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use agent::intake::{Intake, Limits, open, source};
use agent::sink::Sink;
use agent::source::Source;
use model::batch::Stamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

type Outcome = Result<(), Box<dyn Error>>;

/// Spans of an export, as the SDK's batches have by default.
const BATCH: usize = 512;

/// Exports that are sent.
const EXPORTS: usize = 1_200;

/// Targets, series of each, and how long they are scraped.
const TARGETS: usize = 10;
const SERIES: usize = 1_000;
const SCRAPED: Duration = Duration::from_secs(20);

/// Between two samples, and three times before the first scrapes have named every series.
const BETWEEN: Duration = Duration::from_secs(1);

fn main() -> Outcome {
    // Cargo runs benches as tests too; then there is nothing to measure.
    if !std::env::args().any(|it| it == "--bench") {
        return Ok(());
    }
    spans()?;
    scraping()
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn unix_ns() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |it| it.as_nanos() as i64)
}

/// A sampler that reads what was heard and nothing else.
struct Sampler {
    intake: Intake,
    source: Box<dyn Source>,
    sink: Sink,
}

impl Sampler {
    fn of(specs: &[String]) -> Result<Self, Box<dyn Error>> {
        let specs: Result<Vec<_>, _> = specs.iter().map(|it| it.parse()).collect();
        let intake = open(&specs?, Limits::default())?;
        let source = source::opened(&intake).source;
        let mut sampler = Self {
            intake,
            source,
            sink: Sink::default(),
        };
        sampler.sample();
        Ok(sampler)
    }

    /// Takes a sample, as the engine does each second.
    fn sample(&mut self) {
        let now_ns = unix_ns();
        self.sink.begin(Stamp {
            boot_ns: now_ns,
            unix_ns: now_ns,
        });
        self.source.read(&mut self.sink);
    }

    /// A total that the source tells, by its state.
    fn total(&self, state: &str) -> u64 {
        let declared = self.sink.declared().iter().zip(self.sink.values());
        let of_state = |attributes: &[(String, String)]| attributes.iter().any(|it| it.1 == state);
        let mut found = declared.filter(|it| of_state(&it.0.attributes));
        found.next().map_or(0, |it| (*it.1).max(0).unsigned_abs())
    }

    fn cpu_ns(&self) -> i64 {
        self.intake.cpu_ns.load(Ordering::Relaxed)
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

/// Requests of a shop, each with a query below it.
fn export(number: usize) -> Vec<u8> {
    let spans = (0..BATCH).map(|place| {
        let id = (number * BATCH + place) as u64 + 1;
        let request = place % 2 == 0;
        let trace = [[0; 8], (id - u64::from(!request)).to_be_bytes()].concat();
        let took = 1_000_000 + (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40);
        let end = unix_ns() as u64;
        Span {
            trace_id: trace,
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: match request {
                true => Vec::new(),
                false => (id - 1).to_be_bytes().to_vec(),
            },
            name: format!("{} /route/{}", ["GET", "SELECT"][place % 2], place % 20),
            kind: [2, 3][place % 2],
            start_time_unix_nano: end - took,
            end_time_unix_nano: end,
            attributes: vec![
                text("http.request.method", "GET"),
                text("http.route", "/route"),
                text("server.address", "db-1.internal"),
                text("db.system.name", "postgresql"),
                text("user_agent.original", "loader/1.0"),
            ],
            ..Span::default()
        }
    });
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", "shop")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: spans.collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

fn spans() -> Outcome {
    let port = free_port()?;
    let mut sampler = Sampler::of(&[format!("otlp-http:{port}")])?;
    let exports: Vec<Vec<u8>> = (0..64).map(export).collect();

    let began = Instant::now();
    let mut decoded = 0;
    for body in exports.iter().cycle().take(EXPORTS) {
        let request = ExportTraceServiceRequest::decode(black_box(body.as_slice()))?;
        decoded += black_box(request).resource_spans.len();
    }
    let decoding = began.elapsed();
    let bytes: usize = exports.iter().map(Vec::len).sum();
    assert_eq!(decoded, EXPORTS);

    let before_ns = sampler.cpu_ns();
    let began = Instant::now();
    let sender = thread::spawn(move || -> Result<usize, std::io::Error> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        let mut refused = 0;
        for body in exports.iter().cycle().take(EXPORTS) {
            let head = format!(
                "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(body)?;
            refused += usize::from(answer(&mut answers)? != 200);
        }
        Ok(refused)
    });
    while !sender.is_finished() {
        thread::sleep(Duration::from_millis(200));
        sampler.sample();
    }
    let wall = began.elapsed();
    let refused = sender.join().map_err(|_| "the sender failed")??;
    // The thread looks at its own time five times a second.
    thread::sleep(Duration::from_millis(500));
    sampler.sample();
    let cpu_ns = (sampler.cpu_ns() - before_ns) as f64;
    let sent = (EXPORTS * BATCH) as f64;
    let (received, kept) = (sampler.total("received"), sampler.total("stored"));
    println!(
        "OTLP over HTTP: {:.0} spans/s of wall, {:.0} spans/s of a core ({:.2} us a span of {} bytes, {:.1} times decoding alone); \
         {sent} sent, {received} counted, {refused} exports put off, {kept} spans kept; resident at most {} MiB",
        sent / wall.as_secs_f64(),
        sent / (cpu_ns / 1e9),
        cpu_ns / sent / 1e3,
        bytes / 64 / BATCH,
        cpu_ns / decoding.as_nanos() as f64,
        resident_mib(),
    );
    Ok(())
}

/// Status of an answer whose body is read too.
fn answer(from: &mut BufReader<TcpStream>) -> std::io::Result<u16> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
    let mut length = 0;
    loop {
        line.clear();
        from.read_line(&mut line)?;
        let Some((key, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if key.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(status.unwrap_or(0))
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|it| it.starts_with("VmHWM:"));
    let kib = line.and_then(|it| it.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn scraping() -> Outcome {
    let mut specs = Vec::new();
    for target in 0..TARGETS {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        specs.push(format!("scrape:http://{}/metrics", listener.local_addr()?));
        thread::spawn(move || exporter(&listener, target));
    }
    let mut sampler = Sampler::of(&specs)?;
    // The first scrapes name every series.
    thread::sleep(BETWEEN * 3);
    sampler.sample();
    let before_ns = sampler.cpu_ns();
    let began = Instant::now();
    while began.elapsed() < SCRAPED {
        thread::sleep(BETWEEN);
        sampler.sample();
    }
    let cpu_ns = sampler.cpu_ns() - before_ns;
    println!(
        "scraping {TARGETS} targets of {SERIES} series each second: {:.2} % of a core; {} series",
        cpu_ns as f64 / began.elapsed().as_nanos() as f64 * 100.0,
        sampler.sink.declared().len(),
    );
    Ok(())
}

/// Serves counters that grow, for ever.
fn exporter(listener: &TcpListener, target: usize) {
    let mut asked = 0_usize;
    for stream in listener.incoming().map_while(Result::ok) {
        let mut from = BufReader::new(&stream);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|it| it > 2) {
            line.clear();
        }
        asked += 1;
        let mut body = String::from("# TYPE work_done_total counter\n");
        for series in 0..SERIES {
            let value = (asked * (series + 1)) as f64 * 0.37;
            writeln!(
                body,
                "work_done_total{{target=\"{target}\",queue=\"q{series}\",zone=\"a\"}} {value}"
            )
            .ok();
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut to = &stream;
        // A scraper that has gone is no matter.
        to.write_all(head.as_bytes()).ok();
        to.write_all(body.as_bytes()).ok();
    }
}
