//! Histograms and spans of applications: recorded, imported, trimmed, exported.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use model::catalog::{Kind, Polarity};
use model::event::{Event, EventKind};
use model::histogram::{Histogram, Row};
use model::request::DURATION;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::trace::{self, SpanId, SpanKind, Status, TraceId};
use model::unit::Unit;
use store::export::{Format, export};
use store::ingest::{Source, in_memory, ingest};
use store::manifest::Placement;
use store::progress::Continue;
use store::recorder::{FinishAs, Options, Recorder};
use store::requests::SpanFilter;
use store::session::Session;
use store::trim::{Keep, trim};
use wire::encode::{Encoder, Input, Lean};
use wire::frame::Kind as Frame;
use wire::message;

type Outcome = Result<(), Box<dyn Error>>;

fn series(operation: &str) -> Series {
    Series {
        key: SeriesKey::new(
            "web",
            DURATION,
            [("operation".to_owned(), operation.to_owned())],
        ),
        unit: Unit::new("s"),
        kind: Kind::Histogram,
        polarity: Polarity::HigherIsWorse,
    }
}

fn row(second: i64, values: &[f64], active_s: f64) -> Row {
    let mut histogram = Histogram::default();
    values.iter().for_each(|it| histogram.record(*it));
    Row {
        at: Moment(second * SECOND_NS),
        width_ns: SECOND_NS,
        active_s,
        histogram,
    }
}

fn span(number: u64, second: i64, duration_ns: i64) -> trace::Span {
    trace::Span {
        trace: TraceId(7),
        id: SpanId(number),
        parent: (number > 1).then_some(SpanId(1)),
        service: if number.is_multiple_of(2) {
            "shop"
        } else {
            "stock"
        }
        .into(),
        name: "GET /".into(),
        kind: SpanKind::Server,
        start: Moment(second * SECOND_NS),
        duration_ns,
        status: Status::Error,
        attributes: vec![("http.route".into(), "/\"quoted\"".into())],
    }
}

fn source() -> Source {
    let mut explicit = row(3, &[], f64::NAN);
    explicit.histogram = Histogram::explicit(&[0.1, 1.0]);
    [-5.0, 0.5, 0.7, 99.0]
        .iter()
        .for_each(|it| explicit.histogram.record(*it));
    Source {
        title: "requests".to_owned(),
        histograms: vec![
            // Out of order, and two parts of one interval.
            (
                series("b"),
                vec![
                    row(2, &[0.2], 0.5),
                    row(1, &[0.1, 0.0], 0.25),
                    row(2, &[0.4], 0.0),
                ],
            ),
            (series("a"), vec![explicit]),
        ],
        spans: (1..=10)
            .map(|it| {
                (
                    "web".to_owned(),
                    span(it, 11 - it as i64, it as i64 * 1_000),
                )
            })
            .collect(),
        events: vec![(
            "web".to_owned(),
            Event {
                at: Moment(2 * SECOND_NS),
                kind: EventKind::Other,
                subject: "deploy".to_owned(),
                before: String::new(),
                after: "v2".to_owned(),
                text: String::new(),
            },
        )],
        ..Source::default()
    }
}

fn all() -> Span {
    Span {
        from: Moment(0),
        to: Moment(100 * SECOND_NS),
    }
}

/// What a session knows, in a form that can be compared; `NaN` prints alike.
fn told(session: &Session) -> Result<String, Box<dyn Error>> {
    let keys: Vec<SeriesKey> = session.histograms().map(|it| it.key.clone()).collect();
    let rows: BTreeMap<String, Vec<Row>> = keys
        .iter()
        .map(ToString::to_string)
        .zip(session.histogram_rows(&keys, None)?)
        .collect();
    let spans = session.spans(all(), &SpanFilter::default(), 100);
    let events = session.events(all())?;
    Ok(format!(
        "{rows:#?}\n{spans:#?}\n{events:?}\n{}",
        session.span_count()
    ))
}

#[test]
fn memory_file_and_copy_answer_alike_and_parts_add_up() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (path, copy) = (folder.path().join("a.kymo"), folder.path().join("b.kymo"));
    let held = in_memory(source());
    ingest(source(), &path)?;
    let (stored, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    assert_eq!(told(&held)?, told(&stored)?);
    trim(&stored, &Keep::default(), &copy, &mut |_| Continue::Yes)?;
    assert_eq!(told(&Session::open(&copy)?.0)?, told(&stored)?);

    let rows = stored.histogram_rows(&[series("b").key, series("a").key], None)?;
    assert_eq!(rows[0].len(), 2);
    assert_eq!((rows[0][1].histogram.count, rows[0][1].active_s), (2, 0.5));
    assert_eq!(
        rows[1][0].histogram.quantile(0.5).map(|it| it.high),
        Some(1.0)
    );
    let within = Span {
        from: Moment(2 * SECOND_NS),
        to: Moment(3 * SECOND_NS),
    };
    assert_eq!(
        stored.histogram_rows(&[series("a").key, series("b").key], Some(within))?[1].len(),
        1
    );
    assert!(stored.histogram_rows(&[series("c").key], None).is_err());
    Ok(())
}

#[test]
fn a_golden_file_of_the_schema_with_requests_opens_for_ever() -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/golden/schema-2.kymo");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::remove_file(&path).ok();
        ingest(source(), &path)?;
    }
    let (session, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    assert_eq!(session.manifest().schema, 2);
    assert_eq!(told(&session)?, told(&in_memory(source()))?);
    assert!(store::verify::verify(&session, &mut |_| Continue::Yes).is_sound());
    Ok(())
}

#[test]
fn spans_are_found_by_what_is_asked_and_the_longest_stay() -> Outcome {
    let held = in_memory(source());
    let shop = SpanFilter {
        service: Some("shop".to_owned()),
        ..SpanFilter::default()
    };
    let found = held.spans(all(), &shop, 3);
    let ids: Vec<u64> = found.spans.iter().map(|(_, it)| it.id.0).collect();
    assert_eq!((ids, found.left_out), (vec![10, 8, 6], 2));
    let long = SpanFilter {
        least_ns: 9_000,
        trace: Some(TraceId(7)),
        ..SpanFilter::default()
    };
    assert_eq!(held.spans(all(), &long, 10).spans.len(), 2);
    let early = Span {
        from: Moment(0),
        to: Moment(SECOND_NS + 1),
    };
    assert_eq!(held.spans(early, &SpanFilter::default(), 10).spans.len(), 1);
    Ok(())
}

#[test]
fn a_trimmed_session_keeps_what_ended_within() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("t.kymo");
    let keep = Keep {
        span: Some(Span {
            from: Moment(2 * SECOND_NS),
            to: Moment(4 * SECOND_NS),
        }),
        series: Vec::new(),
    };
    trim(&in_memory(source()), &keep, &path, &mut |_| Continue::Yes)?;
    let session = Session::open(&path)?.0;
    assert_eq!(session.span_count(), 2);
    let rows = session.histogram_rows(&[series("b").key], None)?;
    assert_eq!(
        rows[0]
            .iter()
            .map(|it| it.at.0 / SECOND_NS)
            .collect::<Vec<_>>(),
        [2]
    );
    Ok(())
}

#[test]
fn tables_of_requests_are_exported() -> Outcome {
    let folder = tempfile::tempdir()?;
    let csv = folder.path().join("csv");
    export(&in_memory(source()), &csv, Format::Csv, &mut |_| {
        Continue::Yes
    })?;
    let spans = fs::read_to_string(csv.join("spans-web.csv"))?;
    assert_eq!(spans.lines().count(), 11);
    assert!(spans.contains("stock") && spans.contains("00000000000000000000000000000007"));
    let histograms = fs::read_to_string(csv.join("histograms-web.csv"))?;
    assert!(histograms.contains("0.1:1 1:2 inf:1"), "{histograms}");
    Ok(())
}

/// Frames as an agent sends them: samples, and requests that are told late.
fn frames() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let hello = message::Hello {
        protocol: wire::PROTOCOL,
        host_name: "web".to_owned(),
        every_ns: SECOND_NS,
        ..message::Hello::default()
    };
    wire::encode::aside(&mut bytes, Frame::Hello, &hello)?;
    let mut encoder = Encoder::default();
    let declare = |id: u32, metric: &str, kind: u32, divisor: u32| message::Declaration {
        id,
        metric: metric.to_owned(),
        unit: "s".to_owned(),
        kind,
        divisor,
        ..message::Declaration::default()
    };
    let series = message::Series {
        series: vec![
            declare(0, "app.temperature", 0, 0),
            declare(1, DURATION, 2, 1),
        ],
    };
    encoder.declare(&mut bytes, &series)?;
    for second in 1..=20_i64 {
        let told_ns = second * SECOND_NS;
        let late = row(second - 1, &[0.125], 0.25);
        let rows = message::Histograms {
            boot_ns: told_ns,
            rows: vec![wire::requests::observed(1, late.at.0, &late); 2],
        };
        encoder.message(&mut bytes, Frame::Histograms, &rows)?;
        let mut packer = wire::requests::Packer::default();
        let one = span(second as u64, second - 1, 500);
        packer.add(&one, one.start.0);
        for message in packer.finish(told_ns) {
            encoder.message(&mut bytes, Frame::Spans, &message)?;
        }
        let input = Input {
            stamp: model::batch::Stamp {
                boot_ns: told_ns,
                unix_ns: told_ns,
            },
            values: &[wire::float::pack(second as f64 / 3.0), i64::MIN],
            alive: None,
            ended: &[],
        };
        let lean = if second % 5 == 1 {
            Lean::Key
        } else {
            Lean::OnLast
        };
        encoder.sample(&mut bytes, &input, lean)?;
    }
    Ok(bytes)
}

#[test]
fn a_recording_keeps_what_was_told_late_and_nothing_twice() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("r.kymo");
    let options = Options {
        title: String::new(),
        created: Moment(0),
        segment_ns: 5 * SECOND_NS,
        retention: None,
    };
    let recorder = Recorder::create(&path, options)?;
    let placement = Placement::default();
    let host = recorder.add_host(model::host::Host::default(), "web", placement)?;
    recorder.append(host, &frames()?);
    recorder.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    let (session, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    let keys: Vec<SeriesKey> = session.histograms().map(|it| it.key.clone()).collect();
    assert_eq!(keys.len(), 1);
    let rows = session.histogram_rows(&keys, None)?.remove(0);
    assert_eq!(rows.len(), 20);
    assert!(
        rows.iter()
            .all(|it| it.histogram.count == 2 && it.active_s == 0.5)
    );
    assert_eq!(session.span_count(), 20);
    let column = session.column(&SeriesKey::new("web", "app.temperature", []), None)?;
    assert_eq!(column.values[4], 5.0 / 3.0);
    Ok(())
}
