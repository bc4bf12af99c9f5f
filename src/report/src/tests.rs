//! Reports by example, and with hostile names everywhere.

use std::error::Error;

use analysis::quality::{MarkKind, Severity};
use analysis::services::{Edge, Figures, Operation, Service};
use expect_test::expect_file;
use model::catalog::{Kind as SeriesKind, Polarity};
use model::columns::Column;
use model::event::EventKind;
use model::finding::{self, Analysis, Estimate, Finding, FindingId, Question};
use model::histogram::Quantile;
use model::process::ProcessId;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS};
use model::trace::SpanKind;

use analysis::overview::{self, ProcessUse, ResourceUse};
use analysis::quality::{Coverage, Mark};
use model::annotation::Annotation;
use model::event::Event;
use model::host::Host;
use model::time::Span;
use model::unit::Unit;

use crate::Format;
use crate::build::document;
use crate::chart::{ChartInput, Style};
use crate::document::Document;
use crate::input::{
    Choice, FindingInput, HostEvent, Input, ModelInput, OutlookInput, ServicesInput, Setting,
    TrendsInput,
};
use crate::request::Request;

const MINUTES: i64 = 20;

/// A document as text.
fn render(document: &Document, format: Format) -> Result<String, Box<dyn Error>> {
    Ok(crate::render(document, format)?.into_text())
}

/// What each text of the input is called: itself, or something nasty.
type Dress = fn(&str) -> String;

fn start() -> i64 {
    "2026-01-31T12:00:00Z"
        .parse::<Moment>()
        .unwrap_or_default()
        .0
}

/// A smooth wave with a burst in the middle: no randomness, so that it never changes.
fn wave(i: i64, phase: f64, burst: f64) -> f64 {
    let slow = (i as f64 / 90.0 + phase).sin() * 0.5 + 0.5;
    let fast = ((i * 7_919) % 97) as f64 / 97.0;
    let within = (600..780).contains(&i);
    0.05 + 0.15 * slow + 0.06 * fast + if within { burst } else { 0.0 }
}

fn column(key: SeriesKey, unit: &'static str, value: &dyn Fn(i64) -> f64) -> Column {
    let seconds = 0..MINUTES * 60;
    let kept = seconds.filter(|i| !(300..330).contains(i));
    let rows: Vec<_> = kept.map(|i| (start() + i * SECOND_NS, value(i))).collect();
    Column {
        series: Series {
            key,
            unit: Unit::new(unit),
            kind: SeriesKind::Gauge,
            polarity: Polarity::HigherIsWorse,
        },
        at: rows.iter().map(|(at, _)| *at).collect(),
        values: rows.iter().map(|(_, value)| *value).collect(),
    }
}

fn charts(dress: Dress) -> Vec<ChartInput> {
    let host = dress("web-1");
    let key = |metric: &str, name: &str, value: &str| {
        let attributes = [(name.to_owned(), dress(value))];
        SeriesKey::new(host.as_str(), metric, attributes)
    };
    let cpu = |state: &str, phase: f64, burst: f64| {
        let key = key("system.cpu.utilization", "state", state);
        (
            dress(state),
            column(key, "1", &|i| 0.6 * wave(i, phase, burst)),
        )
    };
    let disk = |device: &str, phase: f64, height: f64| {
        let key = key("system.disk.await", "device", device);
        let spike = move |i| if i == 1_000 { 0.4 } else { 0.0 };
        (
            dress(device),
            column(key, "s", &|i| wave(i, phase, height) / 100.0 + spike(i)),
        )
    };
    let network = |direction: &str, phase: f64| {
        let key = key("system.network.io", "direction", direction);
        (
            dress(direction),
            column(key, "By/s", &|i| wave(i, phase, 2.0) * 4e7),
        )
    };
    let memory = |state: &str, bytes: f64| {
        let key = key("system.memory.usage", "state", state);
        (
            dress(state),
            column(key, "By", &|i| bytes * (1.0 + 0.2 * i as f64 / 1200.0)),
        )
    };
    let chart = |title: &str, style, ceiling, lines| ChartInput {
        title: dress(title),
        host: host.clone(),
        style,
        ceiling,
        lines,
        band: None,
        window: None,
    };
    vec![
        chart(
            "Processor time by state",
            Style::Stacked,
            Some(1.0),
            vec![
                cpu("user", 0.0, 0.4),
                cpu("system", 1.0, 0.1),
                cpu("iowait", 2.0, 0.05),
            ],
        ),
        chart(
            "Memory by state",
            Style::Stacked,
            Some(8_589_934_592.0),
            vec![
                memory("used", 2.5e9),
                memory("cached", 1.5e9),
                memory("buffers", 0.3e9),
            ],
        ),
        chart(
            "Response time of disks",
            Style::Lines,
            None,
            vec![
                disk("sda", 0.5, 0.2),
                disk("nvme0n1", 1.5, 0.05),
                disk("dm-0 with a rather long name for a legend", 2.5, 0.1),
            ],
        ),
        chart(
            "Network traffic",
            Style::Lines,
            None,
            vec![network("receive", 0.1), network("transmit", 2.2)],
        ),
    ]
}

fn process(dress: Dress, pid: u32, name: &str, cpu_seconds: f64) -> ProcessUse {
    ProcessUse {
        id: ProcessId(pid),
        host: dress("web-1"),
        pid,
        parent_pid: 1,
        name: dress(name),
        command: dress(&format!(
            "/usr/bin/{name} --threads 4 --data /var/lib/{name}/main --listen 127.0.0.1:5432 --verbose --log /var/log/{name}.log"
        )),
        cgroup: dress("/system.slice"),
        cpu_seconds,
        machine_share: cpu_seconds / 2400.0,
        peak_resident_bytes: 3.2e8 / f64::from(pid),
        read_bytes: f64::NAN,
        write_bytes: 4.5e7,
    }
}

fn mark(dress: Dress, from: i64, seconds: i64, kind: MarkKind, severity: Severity) -> Mark {
    let from = Moment(start() + from * SECOND_NS);
    Mark {
        kind,
        span: Span {
            from,
            to: from.plus_ns(seconds * SECOND_NS),
        },
        host: dress("web-1"),
        text: dress("something is doubtful here"),
        severity,
    }
}

fn event(dress: Dress, at: i64, kind: EventKind) -> HostEvent {
    HostEvent {
        host: dress("web-1"),
        event: Event {
            at: Moment(start() + at * SECOND_NS),
            kind,
            subject: dress("vm.swappiness"),
            before: dress("60"),
            after: dress("1"),
            text: String::new(),
        },
    }
}

fn host(dress: Dress) -> Host {
    Host {
        name: dress("web-1"),
        os: dress("Debian GNU/Linux 12 (bookworm)"),
        kernel: dress("6.1.0-18-amd64"),
        arch: dress("x86_64"),
        cpu_model: dress("Example CPU @ 2.40GHz"),
        cpus: 2,
        memory_bytes: 8_589_934_592,
        boot_id: dress("0f0e"),
        agent_version: dress("0.1.0"),
        agent_pid: 41,
        capabilities: vec![dress("processes"), dress("exits")],
        limits: vec![dress(
            "Pressure is not known: this kernel was built without it.",
        )],
    }
}

/// A finding that somebody chose, over the first line of the first chart.
fn finding(dress: Dress, charts: &[ChartInput]) -> FindingInput {
    let lines = charts[0].lines[..1].to_vec();
    let series = vec![lines[0].1.series.key.to_string()];
    let moment = |second: i64| Moment(start() + second * SECOND_NS);
    let span = Span {
        from: moment(600),
        to: moment(780),
    };
    let parameters = vec![(dress("threshold"), "0.5".to_owned())];
    let id = FindingId::of(&Question {
        analysis: Analysis::Anomaly,
        series: &series,
        span,
        parameters: &parameters,
    });
    FindingInput {
        finding: Finding {
            id,
            analysis: Analysis::Anomaly,
            kind: dress("step"),
            host: dress("web-1"),
            series,
            span,
            places: Vec::new(),
            statement: dress("The processor stepped up by 24 %."),
            severity: finding::Severity::Warning,
            effect: Some(Estimate {
                value: 0.24,
                lo: 0.2,
                hi: 0.3,
                unit: Unit::new("1"),
            }),
            evidence: 0.9,
            weight: 0.5,
            coverage: 0.975,
            learned: Some(Span {
                from: moment(0),
                to: moment(600),
            }),
            parameters,
            supports: vec![dress("It goes far.")],
            against: Vec::new(),
        },
        expected: Some(dress("load test")),
        chart: Some(ChartInput {
            title: dress("user"),
            host: dress("web-1"),
            style: Style::Lines,
            ceiling: None,
            lines,
            band: None,
            window: None,
        }),
    }
}

fn resources(charts: &[ChartInput], span: Span) -> Vec<ResourceUse> {
    let columns: Vec<Column> = charts
        .iter()
        .flat_map(|chart| chart.lines.iter().map(|(_, column)| column.clone()))
        .map(|mut column| {
            // As if each were the total of a host.
            column.series.key.attributes.clear();
            column
        })
        .collect();
    overview::resources(&columns[..1], span)
}

/// A shop that asks its database.
fn services(dress: Dress) -> ServicesInput {
    let quantile = |value: f64| {
        Some(Quantile {
            value,
            low: value * 0.98,
            high: value * 1.02,
        })
    };
    let figures = |count: u64, p50: f64| Figures {
        count,
        failed: count / 100,
        per_second: count as f64 / 1200.0,
        error_ratio: 0.01,
        active: count as f64 / 1200.0 * p50,
        expected_active: count as f64 / 1200.0 * p50,
        mean_s: p50,
        p50: quantile(p50),
        p95: quantile(3.0 * p50),
        p99: None,
    };
    let operation = |name: &str, peer: &str, (count, p50): (u64, f64)| Operation {
        name: dress(name),
        kind: match peer {
            "" => SpanKind::Server,
            _ => SpanKind::Client,
        },
        peer: dress(peer),
        figures: figures(count, p50),
    };
    let host = dress("web-1");
    let line = |quantile: &str, height: f64| {
        let named = [("service.name".to_owned(), dress("shop"))];
        let metric = format!("service.request.duration.{quantile}");
        let key = SeriesKey::new(host.as_str(), metric.as_str(), named);
        (
            quantile.to_owned(),
            column(key, "s", &|i| height * wave(i, 0.0, 3.0)),
        )
    };
    ServicesInput {
        services: vec![Service {
            host: host.clone(),
            name: dress("shop"),
            figures: figures(24_000, 0.02),
            operations: vec![
                operation("GET /search", "", (18_000, 0.03)),
                operation("POST /order", "", (6_000, 0.01)),
            ],
            asks: vec![operation("SELECT", "db", (20_000, 0.008))],
        }],
        edges: vec![Edge {
            caller: dress("shop"),
            callee: dress("db"),
            known: false,
            peers: Vec::new(),
            evidence: None,
            figures: figures(20_000, 0.008),
        }],
        charts: vec![ChartInput {
            title: format!("Response time of {}", dress("shop")),
            host: host.clone(),
            style: Style::Lines,
            ceiling: None,
            lines: vec![line("p50", 0.1), line("p95", 0.3)],
            band: None,
            window: None,
        }],
    }
}

fn input(dress: Dress) -> Input {
    let span = Span {
        from: Moment(start()),
        to: Moment(start() + MINUTES * 60 * SECOND_NS),
    };
    let charts = charts(dress);
    let noted = |from: i64, seconds: i64| {
        let from = Moment(start() + from * SECOND_NS);
        Span {
            from,
            to: from.plus_ns(seconds * SECOND_NS),
        }
    };
    Input {
        request: Request::new("performance", span),
        title: dress("Load test of the shop"),
        session: dress("shop.kymo"),
        kymo: "0.1.0".to_owned(),
        span,
        hosts: vec![host(dress)],
        coverage: vec![Coverage {
            host: dress("web-1"),
            span,
            expected: 1200,
            present: 1170,
            share: 0.975,
            cadence_ns: SECOND_NS,
            jitter_p99_ns: 3_000_000,
            gaps: 1,
            longest_gap_ns: 31 * SECOND_NS,
        }],
        marks: vec![
            mark(dress, 299, 31, MarkKind::Gap, Severity::Severe),
            mark(dress, 640, 2, MarkKind::Late, Severity::Note),
            mark(dress, 900, 60, MarkKind::Steal, Severity::Warning),
        ],
        resources: resources(&charts, span),
        charts: charts.clone(),
        services: services(dress),
        processes: vec![
            process(dress, 412, "postgres", 512.25),
            process(dress, 7, "nginx", 33.5),
        ],
        events: vec![
            event(dress, 590, EventKind::Setting),
            event(dress, 900, EventKind::Vanished),
        ],
        findings: vec![finding(dress, &charts)],
        choice: Choice::Pinned,
        annotations: vec![Annotation {
            id: 1,
            span: noted(600, 180),
            text: dress("burst of orders"),
            color: 1,
        }],
        settings: vec![Setting {
            host: dress("web-1"),
            key: dress("vm.swappiness"),
            value: dress("60"),
        }],
        trends: TrendsInput::default(),
        outlook: OutlookInput::default(),
        plan: None,
        model: ModelInput::NotAsked,
        scores: Vec::new(),
        compliance: Vec::new(),
        own: None,
        pinned: Vec::new(),
        notes: vec![dress("Read 1200 rows, skipped 2.")],
    }
}

/// The document that other tests share.
pub(crate) fn example() -> Document {
    document(&input(plain))
}

/// The same with nasty names everywhere.
pub(crate) fn hostile_example() -> Document {
    document(&input(hostile))
}

fn plain(text: &str) -> String {
    text.to_owned()
}

/// Breaks out of text, attributes, comments, styles, code and tables if it can.
fn hostile(text: &str) -> String {
    format!(
        "`\"'><script>alert(x)</script><img src=x onerror=alert(x)>--></style></title>[x](javascript:alert(x))|`{{{{ k*k }}}}\n# {text}\u{202e}\0"
    )
}

#[test]
fn the_markdown_is_as_agreed() -> Result<(), Box<dyn Error>> {
    let document = document(&input(plain));
    expect_file!["../fixtures/performance.md"].assert_eq(&render(&document, Format::Markdown)?);
    Ok(())
}

#[test]
fn the_page_holds_everything_and_loads_nothing() -> Result<(), Box<dyn Error>> {
    let page = render(&document(&input(plain)), Format::Html)?;
    for wanted in [
        "Load test of the shop",
        "postgres",
        "vm.swappiness",
        "burst of orders",
        "default-src &#x27;none&#x27;",
        "97.5 %",
        "<svg class=\"chart\"",
        "prefers-color-scheme: dark",
    ] {
        assert!(
            page.contains(wanted) || page.contains(&wanted.replace("&#x27;", "'")),
            "{wanted}"
        );
    }
    for unwanted in [
        "<script", "http://", "https://", " style=", "src=", "NaN\"", "{{",
    ] {
        let page = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    let numbers = page.matches("<data ").count();
    assert!(
        numbers > 50 && numbers == page.matches("<a class=\"n\" href=\"#s").count(),
        "{numbers}"
    );
    Ok(())
}

#[test]
fn hostile_names_stay_text() -> Result<(), Box<dyn Error>> {
    let calm = render(&document(&input(plain)), Format::Html)?;
    let page = render(&document(&input(hostile)), Format::Html)?;
    assert!(
        !page.contains("<script")
            && !page.contains("<img")
            && !page.contains('\0')
            && !page.contains('\u{202e}')
    );
    // Not one element more than with decent names.
    let elements = |page: &str| page.matches('<').count();
    assert_eq!(elements(&page), elements(&calm));
    assert!(page.contains("{{ k*k }}"), "a template ran inside a name");
    let text = render(&document(&input(hostile)), Format::Markdown)?;
    // Every hostile name begins with a backtick, so that code has fences of two.
    let outside_code: String = text.split("``").step_by(2).collect();
    let outside_code = outside_code.replace("\\]", "");
    assert!(!outside_code.contains("<script") && !outside_code.contains("](javascript"));
    Ok(())
}

#[test]
fn json_is_complete_and_the_same_each_time() -> Result<(), Box<dyn Error>> {
    let first = render(&document(&input(plain)), Format::Json)?;
    assert_eq!(first, render(&document(&input(plain)), Format::Json)?);
    assert!(first.starts_with("{\n  \"schema\": 2,\n  \"kymo\": \"0.1.0\",\n"));
    let value: serde_json::Value = serde_json::from_str(&first)?;
    assert_eq!(value["window"][0], "2026-01-31T12:00:00Z");
    let sources = value["sources"].as_array().map_or(0, Vec::len);
    let mut tokens = Vec::new();
    collect_tokens(&value, &mut tokens);
    assert!(tokens.len() > 50);
    assert!(
        tokens
            .iter()
            .all(|source| (1..=sources as u64).contains(source))
    );
    assert!(
        first.contains("\"value\": null"),
        "what was not read is null"
    );
    Ok(())
}

fn collect_tokens(value: &serde_json::Value, tokens: &mut Vec<u64>) {
    match value {
        serde_json::Value::Object(map) => {
            tokens.extend(map.get("source").and_then(serde_json::Value::as_u64));
            map.values().for_each(|it| collect_tokens(it, tokens));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|it| collect_tokens(it, tokens)),
        _ => {}
    }
}

#[test]
fn an_empty_recording_makes_a_report_too() -> Result<(), Box<dyn Error>> {
    let mut input = input(plain);
    let empty = Input {
        hosts: Vec::new(),
        coverage: Vec::new(),
        marks: Vec::new(),
        charts: Vec::new(),
        resources: Vec::new(),
        services: ServicesInput::default(),
        processes: Vec::new(),
        events: Vec::new(),
        annotations: Vec::new(),
        settings: Vec::new(),
        notes: Vec::new(),
        findings: Vec::new(),
        ..input.clone()
    };
    let page = render(&document(&empty), Format::Html)?;
    assert!(!page.contains("id=\"services\""));
    assert!(page.contains("Nothing here can be summed up") && page.contains("No event happened"));
    input.span = Span::default();
    assert!(render(&document(&input), Format::Html)?.contains("There is nothing to draw"));
    Ok(())
}

#[test]
fn equal_ids_are_equal_numbers() {
    for dress in [plain as Dress, hostile] {
        let document = document(&input(dress));
        let mut known = std::collections::HashMap::new();
        for (section, token) in document.tokens() {
            let same = (token.value.to_bits(), token.text.clone());
            let other = known.entry(token.id.clone()).or_insert(same.clone());
            assert_eq!(*other, same, "{} in {section}", token.statistic);
        }
        assert!(known.len() > 50 && !known.contains_key(""));
    }
}

/// Digits that stand outside of numbers, names, times and what machines said.
#[test]
fn every_number_in_words_has_a_source() {
    let document = document(&input(plain));
    let json = serde_json::to_value(&document).unwrap_or_default();
    let mut loose = Vec::new();
    words(&json["sections"], &mut loose);
    let loose: Vec<_> = loose
        .iter()
        .filter(|text| {
            let mut pieces = crate::numerals::pieces(text).into_iter();
            pieces.any(|it| matches!(it, crate::numerals::Piece::Number { .. }))
        })
        .collect();
    // Names of processes with their number, publications and versions are words.
    let named = |text: &str| {
        [
            "Kymo 0.1.0",
            "postgres (",
            "nginx (",
            "KDD",
            "Debian",
            "Fan's type",
        ]
        .iter()
        .any(|it| text.contains(it))
    };
    let loose: Vec<_> = loose.into_iter().filter(|it| !named(it)).collect();
    assert!(loose.is_empty(), "{loose:?}");
}

fn words(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) if map.get("run") == Some(&"text".into()) => {
            found.extend(map["text"].as_str().map(str::to_owned));
        }
        serde_json::Value::Object(map) => map.values().for_each(|it| words(it, found)),
        serde_json::Value::Array(list) => list.iter().for_each(|it| words(it, found)),
        _ => {}
    }
}

/// The section of the findings as Markdown, from its heading to the next.
fn told(choice: Choice, findings: Vec<FindingInput>) -> Result<String, Box<dyn Error>> {
    let input = Input {
        findings,
        choice,
        ..input(plain)
    };
    let text = render(&document(&input), Format::Markdown)?;
    let section = text.split("\n## ").find(|it| it.starts_with("Findings"));
    Ok(section.unwrap_or_default().to_owned())
}

#[test]
fn findings_say_why_these_are_told() -> Result<(), Box<dyn Error>> {
    let kymo = || "0.1.0".to_owned();
    let one = vec![finding(plain, &charts(plain))];
    for (choice, findings, wanted) in [
        (Choice::NotKept, Vec::new(), "No findings are kept"),
        (
            Choice::Heaviest {
                of: 0,
                kymo: kymo(),
            },
            Vec::new(),
            "found nothing that stands out",
        ),
        (
            Choice::Heaviest {
                of: 7,
                kymo: kymo(),
            },
            one.clone(),
            "heaviest of 7",
        ),
        (Choice::Pinned, one, "Chosen for this report"),
    ] {
        let section = told(choice, findings)?;
        assert!(section.contains(wanted), "{wanted}: {section}");
    }
    Ok(())
}

#[test]
fn the_summary_begins_with_what_was_found_and_not_expected() -> Result<(), Box<dyn Error>> {
    let expected = finding(plain, &charts(plain));
    let mut other = expected.clone();
    other.expected = None;
    other.finding.statement = "The queue was full.".to_owned();
    let mut note = other.clone();
    note.finding.severity = finding::Severity::Note;
    note.finding.statement = "The cache was warm.".to_owned();
    let mut answer = other.clone();
    answer.finding.analysis = Analysis::Bottleneck;
    answer.finding.statement = "The lock limits.".to_owned();
    let kymo = "0.1.0".to_owned();
    for (choice, wanted) in [
        (
            Choice::Pinned,
            ["* The queue was full.", "* The lock limits."],
        ),
        (
            Choice::Heaviest { of: 4, kymo },
            ["* The lock limits.", "* The queue was full."],
        ),
    ] {
        let input = Input {
            findings: [&note, &expected, &other, &answer].map(Clone::clone).into(),
            choice,
            ..input(plain)
        };
        let text = render(&document(&input), Format::Markdown)?;
        let section = text.split("\n## ").find(|it| it.starts_with("Summary"));
        let section = section.ok_or("no summary")?;
        let first = section.lines().filter(|it| it.starts_with("* ")).take(2);
        assert_eq!(first.collect::<Vec<_>>(), wanted, "{section}");
        assert!(!section.contains("stepped up") && !section.contains("warm"));
    }
    Ok(())
}

#[test]
fn numbers_of_findings_lead_to_their_analysis_and_window() -> Result<(), Box<dyn Error>> {
    let document = document(&input(plain));
    let json: serde_json::Value = serde_json::from_str(&render(&document, Format::Json)?)?;
    let sections = json["sections"].as_array().ok_or("no sections")?;
    let findings = sections.iter().find(|it| it["id"] == "findings");
    let blocks = findings.and_then(|it| it["blocks"].as_array());
    let facts = blocks.ok_or("no blocks")?.iter();
    let facts = facts.filter_map(|it| it["facts"].as_array()).flatten();
    let effect = facts.clone().find(|it| it["name"] == "Effect");
    let runs = &effect.ok_or("no effect")?["runs"];
    let values = [&runs[0]["value"], &runs[2]["value"], &runs[4]["value"]];
    assert_eq!(
        values.map(serde_json::Value::as_f64),
        [Some(0.24), Some(0.2), Some(0.3)]
    );
    let place = runs[0]["source"].as_u64().ok_or("no source")? as usize - 1;
    let source = &json["sources"][place];
    assert_eq!(source["window"][0], "2026-01-31T12:10:00Z");
    let said = source["computation"].as_str().unwrap_or_default();
    assert!(said.starts_with("anomaly finding "), "{said}");
    Ok(())
}
