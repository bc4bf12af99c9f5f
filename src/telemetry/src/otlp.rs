//! OpenTelemetry's protocol: traces, metrics and logs, as protobuf or JSON.
//!
//! * In: the body of one export, as it came over HTTP or gRPC or stands in a file.
//! * Out: [`Seen`] spans, [`Point`]s of metrics, [`Log`] records, in plain words; times are
//!   nanoseconds since the Unix epoch, as the sender's clock had them.
//! * Never: opens a socket, adds up points, or drops a bucket.
//!
//! Start at [`Signal::of_path`] and [`traces`], [`metrics`], [`logs`].
//!
//! # Source
//!
//! OpenTelemetry protocol specification 1.9; messages of the crate `opentelemetry-proto`.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

mod crowd;
mod logs;
mod metrics;
mod traces;
mod value;

pub use logs::Log;
pub use metrics::{Point, Value};
pub use traces::{Seen, Texts, Tokens, Traces};

/// Name of a service that did not tell its own.
///
/// # Source
///
/// OpenTelemetry semantic conventions, `service.name`.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Binary protobuf.
    Protobuf,
    /// JSON after protobuf's rules, with ids in hexadecimal.
    Json,
}

/// What a body tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Points of metrics.
    Metrics,
    /// Log records.
    Logs,
}

/// A body that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an OTLP export: {0}")]
pub struct Undecodable(pub String);

impl Encoding {
    /// The encoding of an HTTP content type; `None` for any other.
    pub fn of_content_type(text: &str) -> Option<Self> {
        match text.split(';').next().map(str::trim) {
            Some("application/x-protobuf" | "application/protobuf") => Some(Self::Protobuf),
            Some("application/json") => Some(Self::Json),
            _ => None,
        }
    }

    /// The content type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

impl Signal {
    /// The signal that is sent to an HTTP path or as a gRPC method.
    pub fn of_path(path: &str) -> Option<Self> {
        match path {
            "/v1/traces" | "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => {
                Some(Self::Traces)
            }
            "/v1/metrics" | "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => {
                Some(Self::Metrics)
            }
            "/v1/logs" | "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => {
                Some(Self::Logs)
            }
            _ => None,
        }
    }
}

/// Decodes an export of spans.
///
/// # Errors
///
/// [`Undecodable`].
pub fn traces(body: &[u8], encoding: Encoding) -> Result<Traces, Undecodable> {
    decode::<ExportTraceServiceRequest>(body, encoding).map(Traces::new)
}

/// Decodes an export of metrics into points, in the order sent.
///
/// # Errors
///
/// [`Undecodable`].
pub fn metrics(body: &[u8], encoding: Encoding) -> Result<Vec<Point>, Undecodable> {
    decode::<ExportMetricsServiceRequest>(body, encoding).map(metrics::points)
}

/// Decodes an export of log records, in the order sent.
///
/// # Errors
///
/// [`Undecodable`].
pub fn logs(body: &[u8], encoding: Encoding) -> Result<Vec<Log>, Undecodable> {
    decode::<ExportLogsServiceRequest>(body, encoding).map(logs::records)
}

/// What a JSON document tells, by its first key; `None` when it is no export.
pub fn signal_of_json(head: &[u8]) -> Option<Signal> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start().strip_prefix('{')?.trim_start();
    let key = text.strip_prefix('"')?.split('"').next()?;
    match key {
        "resourceSpans" | "resource_spans" => Some(Signal::Traces),
        "resourceMetrics" | "resource_metrics" => Some(Signal::Metrics),
        "resourceLogs" | "resource_logs" => Some(Signal::Logs),
        _ => None,
    }
}

fn decode<M: Message + Default + serde::de::DeserializeOwned>(
    body: &[u8],
    encoding: Encoding,
) -> Result<M, Undecodable> {
    match encoding {
        Encoding::Protobuf if crowd::is_crowd(body) => Err(Undecodable(
            "more than 100,000 records at a time; send smaller batches".to_owned(),
        )),
        Encoding::Protobuf => M::decode(body).map_err(|error| Undecodable(error.to_string())),
        Encoding::Json => {
            serde_json::from_slice(body).map_err(|error| Undecodable(error.to_string()))
        }
    }
}

#[cfg(test)]
mod tests;
