//! Spans: looked at as they came, and owned only where they are kept.

use std::collections::HashMap;
use std::sync::Arc;

use model::request::{PEER_KEYS, Request};
use model::time::Moment;
use model::trace::{self, SpanId, SpanKind, Status, TraceId};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1 as proto;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind as ProtoKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use super::UNKNOWN_SERVICE;
use super::value::{nanoseconds, number_of, text, text_of};

/// An export of spans.
#[derive(Debug)]
pub struct Traces(ExportTraceServiceRequest);

/// One span as it came.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its service.
    pub service: &'a str,
    resource: &'a [KeyValue],
    span: &'a proto::Span,
    trace: TraceId,
    id: SpanId,
}

/// Texts that many spans share, held once.
#[derive(Debug, Default)]
pub struct Texts(HashMap<String, Arc<str>>);

/// Texts held at most; then it begins anew.
const TEXTS_MAX: usize = 20_000;

/// Tokens that a call of a language model used.
///
/// # Source
///
/// OpenTelemetry semantic conventions for generative AI: `gen_ai.usage.*`,
/// `gen_ai.request.model`, `gen_ai.response.model`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens<'a> {
    /// The model.
    pub model: &'a str,
    /// Tokens read, if told.
    pub input: Option<f64>,
    /// Tokens written, if told.
    pub output: Option<f64>,
    /// Seconds to the first token, if told.
    pub first_s: Option<f64>,
}

/// Attributes of a resource that are kept with each of its spans.
const RESOURCE_KEYS: [&str; 4] = [
    "service.instance.id",
    "service.version",
    "host.name",
    "process.pid",
];

impl Traces {
    pub(super) fn new(request: ExportTraceServiceRequest) -> Self {
        Self(request)
    }

    /// Visits every sound span; returns how many were not, because they have no number.
    pub fn each<'a>(&'a self, mut visit: impl FnMut(Seen<'a>)) -> u64 {
        let mut skipped = 0;
        for group in &self.0.resource_spans {
            let resource = group.resource.as_ref().map_or(&[][..], |it| &it.attributes);
            let service = text_of(resource, "service.name").filter(|it| !it.is_empty());
            let service = service.unwrap_or(UNKNOWN_SERVICE);
            for span in group.scope_spans.iter().flat_map(|it| &it.spans) {
                match (trace_id(&span.trace_id), span_id(&span.span_id)) {
                    (Some(trace), Some(id)) => visit(Seen {
                        service,
                        resource,
                        span,
                        trace,
                        id,
                    }),
                    _ => skipped += 1,
                }
            }
        }
        skipped
    }

    /// Number of spans, sound or not.
    pub fn count(&self) -> usize {
        let scopes = self.0.resource_spans.iter().flat_map(|it| &it.scope_spans);
        scopes.map(|it| it.spans.len()).sum()
    }
}

impl<'a> Seen<'a> {
    /// When it began, on the sender's clock.
    pub fn start(&self) -> Moment {
        Moment(nanoseconds(self.span.start_time_unix_nano))
    }

    /// How long it took; zero when it ended before it began, or did not tell when.
    pub fn duration_ns(&self) -> i64 {
        let end = nanoseconds(self.span.end_time_unix_nano);
        if self.start().0 == 0 {
            return 0;
        }
        end.saturating_sub(self.start().0).max(0)
    }

    /// The trace it belongs to.
    pub fn trace(&self) -> TraceId {
        self.trace
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.span.name
    }

    /// On which side of a call.
    pub fn kind(&self) -> SpanKind {
        match self.span.kind() {
            ProtoKind::Server => SpanKind::Server,
            ProtoKind::Client => SpanKind::Client,
            ProtoKind::Producer => SpanKind::Producer,
            ProtoKind::Consumer => SpanKind::Consumer,
            ProtoKind::Internal | ProtoKind::Unspecified => SpanKind::Internal,
        }
    }

    /// Whether it failed: said so, or answered with a server's error.
    pub fn status(&self) -> Status {
        let said = self.span.status.as_ref().map(proto::Status::code);
        let attributes = &self.span.attributes;
        let answered = || {
            number_of(attributes, "http.response.status_code")
                .or_else(|| number_of(attributes, "http.status_code"))
        };
        match said {
            Some(StatusCode::Error) => Status::Error,
            Some(StatusCode::Ok) => Status::Ok,
            _ if answered().is_some_and(|code| code >= 500.0) => Status::Error,
            _ => Status::Ok,
        }
    }

    /// Whom it asked; empty when it asked nobody or did not say.
    pub fn peer(&self) -> &'a str {
        if !self.kind().is_exit() {
            return "";
        }
        let attributes = &self.span.attributes;
        let found = PEER_KEYS.iter().find_map(|key| text_of(attributes, key));
        found.unwrap_or_default()
    }

    /// The request that it was; the caller may move it to another clock.
    pub fn request(&self) -> Request<'a> {
        Request {
            service: self.service,
            operation: self.name(),
            kind: self.kind(),
            peer: self.peer(),
            status: self.status(),
            start: self.start(),
            duration_ns: Some(self.duration_ns()),
        }
    }

    /// Tokens that it used; `None` when it called no language model.
    pub fn tokens(&self) -> Option<Tokens<'a>> {
        let attributes = &self.span.attributes;
        // An agent's span tells the sum of the calls below it.
        let whole = [
            "invoke_agent",
            "create_agent",
            "execute_tool",
            "invoke_workflow",
        ];
        if text_of(attributes, "gen_ai.operation.name").is_some_and(|it| whole.contains(&it)) {
            return None;
        }
        let model = text_of(attributes, "gen_ai.response.model")
            .or_else(|| text_of(attributes, "gen_ai.request.model"))?;
        let input = number_of(attributes, "gen_ai.usage.input_tokens")
            .or_else(|| number_of(attributes, "gen_ai.usage.prompt_tokens"));
        let output = number_of(attributes, "gen_ai.usage.output_tokens")
            .or_else(|| number_of(attributes, "gen_ai.usage.completion_tokens"));
        let first_s = number_of(attributes, "gen_ai.response.time_to_first_chunk")
            .or_else(|| number_of(attributes, "gen_ai.server.time_to_first_token"));
        Some(Tokens {
            model,
            input,
            output,
            first_s,
        })
    }

    /// The span, to keep. `clean` takes secrets out of values, given key and value, and
    /// `named` out of names.
    pub fn own(
        &self,
        texts: &mut Texts,
        clean: impl Fn(&str, &str) -> String,
        named: impl Fn(&str) -> String,
    ) -> trace::Span {
        let told = self.resource.iter();
        let told = told.filter(|it| RESOURCE_KEYS.contains(&it.key.as_str()));
        let pairs = self.span.attributes.iter().chain(told);
        let mut attributes: Vec<(Arc<str>, Arc<str>)> = pairs
            .map(|it| {
                let value = clean(&it.key, &text(it.value.as_ref()));
                (texts.of(&it.key), texts.of(&value))
            })
            .collect();
        if let Some(status) = self
            .span
            .status
            .as_ref()
            .filter(|it| !it.message.is_empty())
        {
            let message = clean("status.message", &status.message);
            attributes.push((texts.of("status.message"), message.into()));
        }
        attributes.sort();
        attributes.dedup_by(|a, b| a.0 == b.0);
        trace::Span {
            trace: self.trace,
            id: self.id,
            parent: span_id(&self.span.parent_span_id),
            service: texts.of(&named(self.service)),
            name: texts.of(&named(self.name())),
            kind: self.kind(),
            start: self.start(),
            duration_ns: self.duration_ns(),
            status: self.status(),
            attributes,
        }
    }
}

impl Texts {
    fn of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        if self.0.len() >= TEXTS_MAX {
            self.0.clear();
        }
        let shared: Arc<str> = text.into();
        self.0.insert(text.to_owned(), Arc::clone(&shared));
        shared
    }
}

fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    let id = u128::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(TraceId(id))
}

fn span_id(bytes: &[u8]) -> Option<SpanId> {
    let id = u64::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(SpanId(id))
}
