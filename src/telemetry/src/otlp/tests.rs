//! Exports by example: JSON as the specification writes it, and protobuf of the same.

use expect_test::{Expect, expect};
use model::trace::Status;

use super::*;

const TRACES: &str = r#"{"resourceSpans":[{"resource":{"attributes":[
 {"key":"service.name","value":{"stringValue":"shop"}},
 {"key":"service.version","value":{"stringValue":"1.2"}}]},
 "scopeSpans":[{"scope":{"name":"lib"},"spans":[
 {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173",
  "name":"GET /cart","kind":2,"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712660250000000",
  "attributes":[{"key":"http.response.status_code","value":{"intValue":"503"}},
   {"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"a\"b"}]}}}]},
 {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B175","parentSpanId":"EEE19B7EC3C1B174",
  "name":"chat m","kind":3,"startTimeUnixNano":"1544712660100000000","endTimeUnixNano":"1544712660000000000",
  "status":{"code":2,"message":"token=secret"},
  "attributes":[{"key":"gen_ai.request.model","value":{"stringValue":"m"}},
   {"key":"gen_ai.provider.name","value":{"stringValue":"p"}},
   {"key":"gen_ai.usage.input_tokens","value":{"intValue":"12"}}]},
 {"traceId":"","spanId":"EEE19B7EC3C1B175","name":"no number","kind":1}]}]}]}"#;

const METRICS: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[
 {"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"metrics":[
 {"name":"queue","unit":"{item}","gauge":{"dataPoints":[{"asDouble":2.5,"timeUnixNano":"10"}]}},
 {"name":"sent","unit":"By","sum":{"aggregationTemporality":2,"isMonotonic":true,
  "dataPoints":[{"asInt":"7","startTimeUnixNano":"1","timeUnixNano":"10","attributes":[{"key":"to","value":{"stringValue":"x"}}]}]}},
 {"name":"grown","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"3","timeUnixNano":"10","flags":1}]}},
 {"name":"took","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[
  {"count":"4","sum":1.5,"min":0.1,"max":9,"bucketCounts":["1","2","1"],"explicitBounds":[0.25,1],"timeUnixNano":"10"}]}},
 {"name":"fine","unit":"s","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
  {"count":"3","sum":6,"scale":0,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["0","1","1"]},"timeUnixNano":"10"}]}},
 {"name":"old","unit":"s","summary":{"dataPoints":[{"count":"5","sum":2,"quantileValues":[{"quantile":0.9,"value":0.7}],"timeUnixNano":"10"}]}}
 ]}]}]}"#;

const LOGS: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
 {"timeUnixNano":"0","observedTimeUnixNano":"42","severityNumber":17,"severityText":"ERROR",
  "body":{"stringValue":"it broke"}}]}]}]}"#;

fn check(actual: &impl std::fmt::Debug, expected: &Expect) {
    expected.assert_debug_eq(actual);
}

#[test]
fn spans_tell_service_status_peer_and_tokens() -> Result<(), Undecodable> {
    let traces = traces(TRACES.as_bytes(), Encoding::Json)?;
    let mut texts = Texts::default();
    let mut seen = Vec::new();
    let skipped = traces.each(|span| {
        let own = span.own(
            &mut texts,
            |key, value| match key {
                "status.message" => "***".to_owned(),
                _ => value.to_owned(),
            },
            str::to_owned,
        );
        seen.push((span.request().peer, span.tokens(), own));
    });
    assert_eq!((skipped, traces.count(), seen.len()), (1, 3, 2));
    assert_eq!(seen[0].2.status, Status::Error);
    check(
        &seen,
        &expect![[r#"
        [
            (
                "",
                None,
                Span {
                    trace: TraceId(
                        121702245401190319682828931810593850892,
                    ),
                    id: SpanId(
                        17213210219539181940,
                    ),
                    parent: Some(
                        SpanId(
                            17213210219539181939,
                        ),
                    ),
                    service: "shop",
                    name: "GET /cart",
                    kind: Server,
                    start: Moment(
                        1544712660000000000,
                    ),
                    duration_ns: 250000000,
                    status: Error,
                    attributes: [
                        (
                            "http.response.status_code",
                            "503",
                        ),
                        (
                            "list",
                            "[1,\"a\\\"b\"]",
                        ),
                        (
                            "service.version",
                            "1.2",
                        ),
                    ],
                },
            ),
            (
                "p",
                Some(
                    Tokens {
                        model: "m",
                        input: Some(
                            12.0,
                        ),
                        output: None,
                        first_s: None,
                    },
                ),
                Span {
                    trace: TraceId(
                        121702245401190319682828931810593850892,
                    ),
                    id: SpanId(
                        17213210219539181941,
                    ),
                    parent: Some(
                        SpanId(
                            17213210219539181940,
                        ),
                    ),
                    service: "shop",
                    name: "chat m",
                    kind: Client,
                    start: Moment(
                        1544712660100000000,
                    ),
                    duration_ns: 0,
                    status: Error,
                    attributes: [
                        (
                            "gen_ai.provider.name",
                            "p",
                        ),
                        (
                            "gen_ai.request.model",
                            "m",
                        ),
                        (
                            "gen_ai.usage.input_tokens",
                            "12",
                        ),
                        (
                            "service.version",
                            "1.2",
                        ),
                        (
                            "status.message",
                            "***",
                        ),
                    ],
                },
            ),
        ]
    "#]],
    );
    Ok(())
}

#[test]
fn points_keep_their_buckets() -> Result<(), Undecodable> {
    let points = metrics(METRICS.as_bytes(), Encoding::Json)?;
    check(
        &points,
        &expect![[r#"
        [
            Point {
                metric: "queue",
                unit: "{item}",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: Some(
                    Level(
                        2.5,
                    ),
                ),
            },
            Point {
                metric: "sent",
                unit: "By",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                    (
                        "to",
                        "x",
                    ),
                ],
                start_ns: 1,
                at_ns: 10,
                value: Some(
                    Total(
                        7.0,
                    ),
                ),
            },
            Point {
                metric: "grown",
                unit: "",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: None,
            },
            Point {
                metric: "took",
                unit: "s",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: Some(
                    AllObserved(
                        Histogram {
                            count: 4,
                            sum: 1.5,
                            min: 0.1,
                            max: 9.0,
                            buckets: Explicit(
                                Explicit {
                                    bounds: [
                                        0.25,
                                        1.0,
                                    ],
                                    counts: [
                                        1,
                                        2,
                                        1,
                                    ],
                                },
                            ),
                        },
                    ),
                ),
            },
            Point {
                metric: "fine",
                unit: "s",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: Some(
                    Observed(
                        Histogram {
                            count: 3,
                            sum: 6.0,
                            min: NaN,
                            max: NaN,
                            buckets: Exponential(
                                Exponential {
                                    scale: 0,
                                    zero: 1,
                                    positive: Run {
                                        first: 0,
                                        counts: [
                                            1,
                                            1,
                                        ],
                                    },
                                    negative: Run {
                                        first: 0,
                                        counts: [],
                                    },
                                },
                            ),
                        },
                    ),
                ),
            },
            Point {
                metric: "old",
                unit: "s",
                attributes: [
                    (
                        "quantile",
                        "0.9",
                    ),
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: Some(
                    Level(
                        0.7,
                    ),
                ),
            },
            Point {
                metric: "old.count",
                unit: "{observation}",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: Some(
                    Total(
                        5.0,
                    ),
                ),
            },
            Point {
                metric: "old.sum",
                unit: "s",
                attributes: [
                    (
                        "service.name",
                        "shop",
                    ),
                ],
                start_ns: 0,
                at_ns: 10,
                value: Some(
                    Total(
                        2.0,
                    ),
                ),
            },
        ]
    "#]],
    );
    Ok(())
}

#[test]
fn records_have_time_and_severity() -> Result<(), Undecodable> {
    let logs = logs(LOGS.as_bytes(), Encoding::Json)?;
    check(
        &logs,
        &expect![[r#"
        [
            Log {
                at_ns: 42,
                service: "unknown_service",
                severity: 17,
                severity_text: "ERROR",
                text: "it broke",
            },
        ]
    "#]],
    );
    Ok(())
}

#[test]
fn signals_are_told_by_path_and_by_first_key() {
    assert_eq!(Signal::of_path("/v1/logs"), Some(Signal::Logs));
    assert_eq!(Signal::of_path("/v1/profiles"), None);
    for (text, signal) in [
        (TRACES, Some(Signal::Traces)),
        (METRICS, Some(Signal::Metrics)),
        (LOGS, Some(Signal::Logs)),
        ("{\"other\":1}", None),
        ("[1]", None),
    ] {
        assert_eq!(signal_of_json(text.as_bytes()), signal);
    }
    assert_eq!(
        Encoding::of_content_type("application/json; charset=utf-8"),
        Some(Encoding::Json)
    );
}

#[test]
fn damaged_bodies_are_refused_or_read_and_never_panic() -> Result<(), Undecodable> {
    let mut body = Vec::new();
    let request: ExportTraceServiceRequest = decode(TRACES.as_bytes(), Encoding::Json)?;
    assert!(request.encode(&mut body).is_ok());
    let same = traces(&body, Encoding::Protobuf)?;
    assert_eq!(same.count(), 3);
    for place in 0..body.len() {
        let mut broken = body.clone();
        broken[place] ^= 0x41;
        for bytes in [&broken[..], &body[..place]] {
            if let Ok(traces) = traces(bytes, Encoding::Protobuf) {
                let mut texts = Texts::default();
                traces.each(|span| {
                    drop(span.own(&mut texts, |_, value| value.to_owned(), str::to_owned));
                });
            }
            drop((
                metrics(bytes, Encoding::Protobuf),
                logs(bytes, Encoding::Protobuf),
            ));
        }
    }
    for length in 0..METRICS.len() {
        drop(metrics(&METRICS.as_bytes()[..length], Encoding::Json));
    }
    Ok(())
}
