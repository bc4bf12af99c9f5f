//! What one request did and where it went: spans of distributed traces.
//!
//! Start at [`Span`].
//!
//! # Source
//!
//! OpenTelemetry trace specification: ids, kinds and status codes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::time::Moment;

/// Number of a trace; never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// Number of a span within its trace; never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u64);

/// One piece of work for a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// The request it belongs to.
    pub trace: TraceId,
    /// Its own number.
    pub id: SpanId,
    /// The span that caused it; none for the first of a trace.
    pub parent: Option<SpanId>,
    /// The service that did the work.
    pub service: Arc<str>,
    /// What was done, such as `GET /users/{id}`.
    pub name: Arc<str>,
    /// On which side of a call.
    pub kind: SpanKind,
    /// When it began.
    pub start: Moment,
    /// How long it took.
    pub duration_ns: i64,
    /// How it ended.
    pub status: Status,
    /// What else was told, sorted by key.
    pub attributes: Vec<(Arc<str>, Arc<str>)>,
}

/// On which side of a call a span lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanKind {
    /// Within a service.
    #[default]
    Internal,
    /// Answers a request.
    Server,
    /// Asks another service and waits.
    Client,
    /// Hands a message on.
    Producer,
    /// Handles a message.
    Consumer,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nobody said it failed.
    #[default]
    Ok,
    /// It failed.
    Error,
}

/// Every kind with its stable name.
const KINDS: [(SpanKind, &str); 5] = [
    (SpanKind::Internal, "internal"),
    (SpanKind::Server, "server"),
    (SpanKind::Client, "client"),
    (SpanKind::Producer, "producer"),
    (SpanKind::Consumer, "consumer"),
];

impl SpanKind {
    /// The stable name used in files and series.
    pub fn name(self) -> &'static str {
        let found = KINDS.iter().find(|(kind, _)| *kind == self);
        found.map_or("internal", |(_, name)| name)
    }

    /// The kind of this name; any other is internal.
    pub fn from_name(name: &str) -> Self {
        let found = KINDS.iter().find(|(_, known)| *known == name);
        found.map_or(Self::Internal, |(kind, _)| *kind)
    }

    /// Whether it is the service's own answer to somebody, and so counts as its work.
    pub fn is_entry(self) -> bool {
        matches!(self, Self::Server | Self::Consumer)
    }

    /// Whether it asks another service.
    pub fn is_exit(self) -> bool {
        matches!(self, Self::Client | Self::Producer)
    }
}

impl Status {
    /// The stable name used in files and series.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }

    /// The status of this name; any other is not a failure.
    pub fn from_name(name: &str) -> Self {
        if name == "error" {
            Self::Error
        } else {
            Self::Ok
        }
    }
}

impl Span {
    /// When it ended.
    pub fn end(&self) -> Moment {
        self.start.plus_ns(self.duration_ns.max(0))
    }

    /// The value of one attribute.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| &**name == key)?;
        Some(&found.1)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for TraceId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl FromStr for SpanId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_read_what_they_print() {
        let trace = TraceId(0xabc);
        assert_eq!(trace.to_string().len(), 32);
        assert_eq!(trace.to_string().parse(), Ok(trace));
        assert_eq!(SpanId(7).to_string().parse(), Ok(SpanId(7)));
        for (kind, name) in KINDS {
            assert_eq!(SpanKind::from_name(name), kind);
            assert_eq!(kind.name(), name);
        }
        assert!(SpanKind::Server.is_entry() && SpanKind::Client.is_exit());
    }
}
