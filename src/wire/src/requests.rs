//! Histograms and spans to messages and back.
//!
//! * Out: [`observed`] and [`Packer`], in the agent.
//! * In: [`row`] and [`spans`], everywhere else; what contradicts itself is an error,
//!   texts are cleaned, counts are bounded.
//!
//! Texts of spans repeat much, so each message lists them once.

use std::collections::HashMap;
use std::sync::Arc;

use model::histogram::{BUCKETS_MAX, Buckets, Explicit, Exponential, Histogram, Row, Run};
use model::time::Moment;
use model::trace::{self, SpanId, SpanKind, Status, TraceId};

use crate::decode::clean;
use crate::message;

/// Most attributes of a span; the rest is left out.
pub const ATTRIBUTES_MAX: usize = 64;

/// Longest text of a span, in bytes; what is longer is cut.
pub const SPAN_TEXT_MAX: usize = 512;

/// One message holds spans of about this size, below what a frame may hold.
const MESSAGE_MAX_BYTES: usize = 256 << 10;

/// Kinds by number.
const KINDS: [SpanKind; 5] = [
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

/// The message of a row of series `id`; `boot_ns` is the end of its interval.
pub fn observed(id: u32, boot_ns: i64, row: &Row) -> message::Observed {
    let known = |value: f64| (!value.is_nan()).then_some(value);
    let histogram = &row.histogram;
    let mut message = message::Observed {
        id,
        boot_ns,
        width_ns: row.width_ns,
        active_s: known(row.active_s),
        count: histogram.count,
        sum: known(histogram.sum),
        min: known(histogram.min),
        max: known(histogram.max),
        ..message::Observed::default()
    };
    match &histogram.buckets {
        Buckets::Exponential(it) => {
            message.scale = i32::from(it.scale);
            message.zero = it.zero;
            message.positive = packed(&it.positive);
            message.negative = packed(&it.negative);
        }
        Buckets::Explicit(it) => {
            message.bounds = it.bounds.to_vec();
            message.explicit.clone_from(&it.counts);
        }
    }
    message
}

fn packed(run: &Run) -> Option<message::Run> {
    (!run.counts.is_empty()).then(|| message::Run {
        first: run.first,
        counts: run.counts.clone(),
    })
}

/// The row of a message; `at` is the end of its interval. `None` when it contradicts
/// itself or exceeds a bound.
pub fn row(message: message::Observed, at: Moment) -> Option<Row> {
    let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let buckets = if message.explicit.is_empty() {
        Buckets::Exponential(Exponential {
            scale: i8::try_from(message.scale).ok()?,
            zero: message.zero,
            positive: unpacked(message.positive)?,
            negative: unpacked(message.negative)?,
        })
    } else {
        let fits = message.explicit.len() == message.bounds.len() + 1;
        let sound = message.bounds.is_sorted_by(|a, b| a < b);
        if !fits || !sound || message.explicit.len() > BUCKETS_MAX {
            return None;
        }
        Buckets::Explicit(Explicit {
            bounds: message.bounds.into(),
            counts: message.explicit,
        })
    };
    Some(Row {
        at,
        width_ns: message.width_ns.max(0),
        active_s: known(message.active_s),
        histogram: Histogram {
            count: message.count,
            sum: known(message.sum),
            min: known(message.min),
            max: known(message.max),
            buckets,
        },
    })
}

fn unpacked(run: Option<message::Run>) -> Option<Run> {
    let run = run.unwrap_or_default();
    let fits = run.counts.len() <= BUCKETS_MAX && run.first.unsigned_abs() < i32::MAX as u32 / 2;
    fits.then_some(Run {
        first: run.first,
        counts: run.counts,
    })
}

/// Puts spans into messages that fit a frame.
#[derive(Debug, Default)]
pub struct Packer {
    message: message::Spans,
    places: HashMap<Arc<str>, u32>,
    bytes: usize,
    full: Vec<message::Spans>,
}

impl Packer {
    /// Adds a span; `boot_ns` is its begin on the boot clock.
    pub fn add(&mut self, span: &trace::Span, boot_ns: i64) {
        if self.bytes >= MESSAGE_MAX_BYTES {
            self.turn();
        }
        let attributes = span.attributes.iter().take(ATTRIBUTES_MAX);
        let attributes: Vec<u32> = attributes
            .flat_map(|(key, value)| [self.place(key), self.place(value)])
            .collect();
        self.bytes += 64 + 3 * attributes.len();
        let message = message::Span {
            trace: span.trace.0.to_be_bytes().to_vec(),
            id: span.id.0,
            parent: span.parent.map_or(0, |it| it.0),
            service: self.place(&span.service),
            name: self.place(&span.name),
            kind: KINDS.iter().position(|it| *it == span.kind).unwrap_or(0) as u32,
            boot_ns,
            duration_ns: span.duration_ns,
            failed: span.status == Status::Error,
            attributes,
        };
        self.message.spans.push(message);
    }

    /// The messages of everything that was added, told at `boot_ns`.
    pub fn finish(mut self, boot_ns: i64) -> Vec<message::Spans> {
        self.turn();
        for message in &mut self.full {
            message.boot_ns = boot_ns;
        }
        self.full
    }

    fn turn(&mut self) {
        self.places.clear();
        self.bytes = 0;
        let message = std::mem::take(&mut self.message);
        if !message.spans.is_empty() {
            self.full.push(message);
        }
    }

    fn place(&mut self, text: &Arc<str>) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        // Bounded by the size of the message.
        let place = self.message.texts.len() as u32;
        let cut = text.floor_char_boundary(SPAN_TEXT_MAX.min(text.len()));
        self.message.texts.push(text[..cut].to_owned());
        self.bytes += cut + 4;
        self.places.insert(Arc::clone(text), place);
        place
    }
}

/// The spans of a message; `moment` places its boot clock on the axis. `None` when a
/// text is missing or a bound is exceeded.
pub fn spans(message: message::Spans, moment: impl Fn(i64) -> Moment) -> Option<Vec<trace::Span>> {
    let texts: Vec<Arc<str>> = message.texts.iter().map(|it| clean(it).into()).collect();
    let text = |place: u32| texts.get(place as usize).cloned();
    let mut spans = Vec::with_capacity(message.spans.len());
    for span in message.spans {
        let mut attributes = Vec::with_capacity(span.attributes.len() / 2);
        for pair in span.attributes.chunks_exact(2).take(ATTRIBUTES_MAX) {
            attributes.push((text(pair[0])?, text(pair[1])?));
        }
        attributes.sort();
        spans.push(trace::Span {
            trace: TraceId(u128::from_be_bytes(span.trace.try_into().ok()?)),
            id: SpanId(span.id),
            parent: (span.parent != 0).then_some(SpanId(span.parent)),
            service: text(span.service)?,
            name: text(span.name)?,
            kind: KINDS.get(span.kind as usize).copied().unwrap_or_default(),
            start: moment(span.boot_ns),
            duration_ns: span.duration_ns.max(0),
            status: if span.failed {
                Status::Error
            } else {
                Status::Ok
            },
            attributes,
        });
    }
    Some(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(number: u64) -> trace::Span {
        trace::Span {
            trace: TraceId(u128::from(number) << 70 | 5),
            id: SpanId(number),
            parent: (number > 1).then_some(SpanId(1)),
            service: "shop".into(),
            name: "GET /".into(),
            kind: SpanKind::Server,
            start: Moment(1_000 + number as i64),
            duration_ns: 77,
            status: Status::Error,
            attributes: vec![("a".into(), "GET /".into()), ("b".into(), "2".into())],
        }
    }

    #[test]
    fn spans_come_back_and_share_their_texts() {
        let mut packer = Packer::default();
        let all: Vec<trace::Span> = (1..=10_000).map(span).collect();
        for span in &all {
            packer.add(span, span.start.0);
        }
        let messages = packer.finish(9);
        assert!(messages.len() > 1);
        let mut back = Vec::new();
        for message in messages {
            assert!(prost::Message::encoded_len(&message) < 512 << 10);
            assert_eq!((message.boot_ns, message.texts.len()), (9, 5));
            back.extend(spans(message, Moment).unwrap_or_default());
        }
        assert_eq!(back, all);
    }

    #[test]
    fn rows_come_back_and_lies_are_refused() {
        let mut exponential = Histogram::default();
        [0.0, 0.2, -3.0, 4e9]
            .iter()
            .for_each(|it| exponential.record(*it));
        let mut explicit = Histogram::explicit(&[0.1, 1.0]);
        explicit.record(0.5);
        for histogram in [exponential, explicit] {
            let sent = Row {
                at: Moment(5),
                width_ns: 3,
                active_s: 0.25,
                histogram,
            };
            let message = observed(7, 5, &sent);
            assert_eq!(row(message.clone(), Moment(5)), Some(sent));
            let lie = message::Observed {
                bounds: vec![2.0, 1.0],
                explicit: vec![1, 2, 3],
                ..message
            };
            assert_eq!(row(lie, Moment(5)), None);
        }
        let mut lie = message::Spans::default();
        lie.spans.push(message::Span::default());
        assert_eq!(spans(lie, Moment), None);
    }
}
