//! OpenTelemetry exports in JSON: traces, metrics and logs.
//!
//! * In: one `ExportTraceServiceRequest`, `ExportMetricsServiceRequest` or
//!   `ExportLogsServiceRequest`, or many one after another, as the collector's file
//!   exporter writes them.
//! * Out: spans, and the four signals of the requests they were; series of metrics; log
//!   records as events.
//! * Never: holds more than one resource's part of an export at a time, or keeps what looks
//!   like a secret: attributes and texts are cleaned as the agent cleans what it hears.
//!
//! # Source
//!
//! OpenTelemetry protocol specification, "JSON Protobuf Encoding", and the file exporter
//! of the collector. Decoded by [`telemetry::otlp`].
//!
//! Start at [`read`].

use std::borrow::Cow;

use model::event::{Event, EventKind};
use model::histogram::Row;
use model::redact;
use model::series::{Series, SeriesKey};
use model::time::Moment;
use model::unit::Unit;
use telemetry::otlp::{self, Encoding, Point, Texts, Value};
use telemetry::totals::Counted;

use crate::json::{Part, Walker};
use crate::lines::{Damage, TooMuch};
use crate::loose::Loose;
use crate::outcome::{self, Outcome};
use crate::requests::Requests;
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported, Recording};

/// What one resource exports at a time may be so long.
const RESOURCE_BYTES: usize = 64 << 20;

/// At most so many spans are kept one by one, of about a kilobyte; all are counted.
const SPANS_MAX: usize = 500_000;

/// At most so many log records are kept.
const LOGS_MAX: usize = 200_000;

/// The arrays of an export, by how JSON may spell them.
const ARRAYS: &[&str] = &[
    "resourceSpans",
    "resourceMetrics",
    "resourceLogs",
    "resource_spans",
    "resource_metrics",
    "resource_logs",
];

/// What was read so far.
#[derive(Default)]
struct Reading {
    requests: Requests,
    loose: Loose,
    texts: Texts,
    recording: Recording,
    spans: usize,
    points: usize,
    logs: usize,
    skips: Skips,
}

/// Whether a file that begins with these bytes is such an export.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    otlp::signal_of_json(head).is_some()
}

/// Reads all exports.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut reading = Reading::default();
    let damage = walk(source, &mut reading)?;
    reading.outcome(damage).imported(source)
}

fn walk(source: &mut Source<'_>, reading: &mut Reading) -> Result<Option<Damage>, ImportError> {
    let mut walker = Walker::new(source, ARRAYS).with_elements_of(RESOURCE_BYTES);
    loop {
        let (array, line) = match walker.next() {
            Ok(None) => return Ok(None),
            Ok(Some(Part::Scalar { .. })) => continue,
            Ok(Some(Part::Element { array, line })) => (array, line),
            Err(error) => return outcome::damage(error).map(Some),
        };
        // What stands in the file is part of an export; the decoder wants a whole one.
        let body = [b"{\"", array.as_bytes(), b"\":[", walker.text(), b"]}"].concat();
        let taken = reading.take(&array, &body, line);
        taken.map_err(|limit| walker.too_large(limit))?;
    }
}

impl Reading {
    fn take(&mut self, array: &str, body: &[u8], line: u64) -> Result<(), TooMuch> {
        let decoded = match array {
            "resourceSpans" | "resource_spans" => self.traces(body, line),
            "resourceMetrics" | "resource_metrics" => match otlp::metrics(body, Encoding::Json) {
                Ok(points) => return points.into_iter().try_for_each(|it| self.point(it)),
                Err(error) => Err(error),
            },
            _ => self.records(body),
        };
        if let Err(otlp::Undecodable(why)) = decoded {
            self.skips
                .add("export", "what OTLP does not allow", line, &why);
        }
        Ok(())
    }

    fn traces(&mut self, body: &[u8], line: u64) -> Result<(), otlp::Undecodable> {
        let traces = otlp::traces(body, Encoding::Json)?;
        let (requests, texts, kept) = (
            &mut self.requests,
            &mut self.texts,
            &mut self.recording.spans,
        );
        let mut count = 0;
        let numberless = traces.each(|seen| {
            count += 1;
            requests.add(&seen.request());
            if kept.len() < SPANS_MAX {
                let span = seen.own(texts, redact::value, |name| {
                    redact::value("operation", name)
                });
                kept.push((String::new(), span));
            }
        });
        self.spans += count;
        for _ in 0..numberless {
            let why = "no number of its own or of its trace";
            self.skips.add("span", why, line, "");
        }
        Ok(())
    }

    fn point(&mut self, mut point: Point) -> Result<(), TooMuch> {
        self.points += 1;
        for (key, value) in &mut point.attributes {
            *value = redact::value(key, value);
        }
        let name = SeriesKey::new("", point.metric.as_str(), point.attributes.iter().cloned());
        let name = name.to_string();
        let Some(place) = self.loose.place(&name, || series(&point)) else {
            return Ok(());
        };
        let (start, at) = (point.start_ns, point.at_ns);
        let counted = Counted {
            start_ns: start,
            at_ns: at,
        };
        match point.value {
            // The sender says that there is nothing: a gap.
            None => self.loose.number(place, at, f64::NAN),
            Some(Value::Level(value)) => self.loose.number(place, at, value),
            Some(Value::Total(total)) => self.loose.sum(place, counted, total),
            Some(Value::Growth(by) | Value::Change(by)) => self.loose.growth(place, at, by),
            Some(Value::Observed(histogram)) => {
                let told = start > 0 && start < at;
                let row = Row {
                    at: Moment(at),
                    width_ns: if told { at.saturating_sub(start) } else { 0 },
                    active_s: f64::NAN,
                    histogram,
                };
                self.loose.observed(place, row)
            }
            Some(Value::AllObserved(total)) => self.loose.total(place, counted, total),
        }
    }

    fn records(&mut self, body: &[u8]) -> Result<(), otlp::Undecodable> {
        for log in otlp::logs(body, Encoding::Json)? {
            self.logs += 1;
            if self.recording.events.len() >= LOGS_MAX {
                continue;
            }
            let event = Event {
                at: Moment(log.at_ns),
                kind: EventKind::Log,
                subject: log.service,
                before: String::new(),
                after: log.severity_text,
                text: redact::text(&log.text),
            };
            self.recording.events.push((String::new(), event));
        }
        Ok(())
    }

    fn outcome(self, damage: Option<Damage>) -> Outcome {
        let mut notes = vec![format!(
            "read {}, {} and {}",
            counted(self.spans, "span"),
            counted(self.points, "point"),
            counted(self.logs, "log record")
        )];
        if self.spans > self.recording.spans.len() {
            let kept = self.recording.spans.len();
            notes.push(format!(
                "the first {kept} spans were kept one by one; all were counted"
            ));
        }
        if self.logs > self.recording.events.len() {
            notes.push(format!("kept the first {LOGS_MAX} log records"));
        }
        notes.extend(self.skips.notes());
        let Recording {
            columns,
            histograms,
            ..
        } = self.loose.finish(&mut notes);
        let mut recording = self.recording;
        recording.columns = columns;
        recording.histograms = self.requests.finish(&mut notes);
        recording.histograms.extend(histograms);
        recording.spans.sort_by_key(|(_, span)| span.start);
        recording.events.sort_by_key(|(_, event)| event.at);
        Outcome {
            format: "OTLP JSON",
            recording,
            times: Told::Moments,
            notes,
            damage,
            nothing: "there is no span, point or log record in it",
        }
    }
}

/// The series of a point, as the sender describes it.
fn series(point: &Point) -> Series {
    Series {
        key: SeriesKey::new("", point.metric.as_str(), point.attributes.iter().cloned()),
        unit: Unit(Cow::Owned(point.unit().to_owned())),
        kind: point.kind(),
        polarity: telemetry::polarity(&point.metric, point.kind()),
    }
}
