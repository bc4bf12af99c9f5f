//! Lines of StatsD, with the tags and packed values of DogStatsD.
//!
//! A line is `name:value|type`, several values as `name:1:2:3|type`, followed by any of
//! `|@rate`, `|#tag:value,tag`, `|T1700000000`; other extensions are passed over. A
//! datagram holds several lines.
//!
//! * In: a datagram.
//! * Out: a [`Line`] for each, borrowed from it; nothing is allocated.
//! * Never: adds up, scales by the rate, or cleans names and tags: senders may put
//!   anything into them.
//!
//! Events and service checks of DogStatsD hold no numbers and count as not understood.
//!
//! Start at [`lines`].
//!
//! # Source
//!
//! `statsd/statsd`, "Metric types"; DogStatsD, "Datagram format", protocol 1.0 to 1.3.

use model::time::{Moment, SECOND_NS};

#[cfg(test)]
mod tests;

/// One line: values of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The metric, as sent.
    pub name: &'a str,
    /// At least one value.
    pub values: Values<'a>,
    /// What the values are.
    pub kind: LineKind,
    /// Share of observations that was sent, above 0 and at most 1: a count stands for
    /// `1 / rate` as many, an observation for `1 / rate` of its like.
    pub rate: f64,
    /// Tags, as sent.
    pub tags: Tags<'a>,
    /// When the value was taken, if the sender says so.
    pub at: Option<Moment>,
}

/// What the values of a line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// `c`: growth of a running total.
    Counter,
    /// `g`: a level, or a change of it where a value has a sign.
    Gauge,
    /// `ms`: a time in milliseconds.
    Timing,
    /// `h`: an observation.
    Histogram,
    /// `d`: an observation that is summed up over hosts.
    Distribution,
    /// `s`: a member of a set, of which only the number of different ones matters.
    Set,
}

/// One value of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value<'a> {
    /// As sent; the member for sets.
    pub text: &'a str,
    /// The number; `NaN` for members of sets that are none.
    pub number: f64,
    /// Whether a gauge changes by the number instead of being it.
    pub relative: bool,
}

/// The values of a line.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    rest: Option<&'a str>,
    kind: LineKind,
}

/// The tags of a line, as key and value; the value is empty where a tag has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tags<'a> {
    rest: &'a str,
}

/// Takes a datagram apart and visits each line; returns how many were not understood.
pub fn lines(datagram: &[u8], mut visit: impl FnMut(Line<'_>)) -> u64 {
    let mut refused = 0;
    for line in datagram.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        match std::str::from_utf8(line).ok().and_then(Line::parse) {
            Some(line) => visit(line),
            None => refused += 1,
        }
    }
    refused
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (name, rest) = text.split_once(':')?;
        let mut parts = rest.split('|');
        let values = parts.next()?;
        let kind = LineKind::of_code(parts.next()?)?;
        let mut line = Self {
            name,
            values: Values {
                rest: Some(values),
                kind,
            },
            kind,
            rate: 1.0,
            tags: Tags::default(),
            at: None,
        };
        for part in parts {
            line.extend(part)?;
        }
        // Names of events and service checks hold a bar before the first colon, or braces.
        let legal = !name.is_empty() && !name.contains(['|', '{', '}']);
        let complete = line.values.all(|it| it.is_legal(kind));
        (legal && complete).then_some(line)
    }

    /// Takes in what may follow the type.
    fn extend(&mut self, part: &'a str) -> Option<()> {
        if let Some(rate) = part.strip_prefix('@') {
            let rate: f64 = fast_float2::parse(rate).ok()?;
            self.rate = (rate > 0.0 && rate <= 1.0).then_some(rate)?;
        } else if let Some(tags) = part.strip_prefix('#') {
            self.tags = Tags { rest: tags };
        } else if let Some(seconds) = part.strip_prefix('T') {
            let seconds: i64 = seconds.parse().ok()?;
            self.at = Some(Moment(seconds.checked_mul(SECOND_NS)?));
        }
        Some(())
    }
}

impl LineKind {
    fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "c" => Self::Counter,
            "g" => Self::Gauge,
            "ms" => Self::Timing,
            "h" => Self::Histogram,
            "d" => Self::Distribution,
            "s" => Self::Set,
            _ => return None,
        })
    }
}

impl Value<'_> {
    fn is_legal(&self, kind: LineKind) -> bool {
        match kind {
            LineKind::Set => !self.text.is_empty(),
            _ => self.number.is_finite(),
        }
    }
}

impl Values<'_> {
    fn all(self, legal: impl Fn(&Value<'_>) -> bool) -> bool {
        let mut values = self;
        values.by_ref().all(|it| legal(&it))
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let rest = self.rest?;
        let text = match (self.kind, rest.split_once(':')) {
            // A member may be anything, so sets are never packed.
            (LineKind::Set, _) | (_, None) => {
                self.rest = None;
                rest
            }
            (_, Some((text, after))) => {
                self.rest = Some(after);
                text
            }
        };
        Some(Value {
            text,
            number: fast_float2::parse(text).unwrap_or(f64::NAN),
            relative: self.kind == LineKind::Gauge && text.starts_with(['+', '-']),
        })
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        loop {
            let (tag, after) = match self.rest.split_once(',') {
                Some(split) => split,
                None if self.rest.is_empty() => return None,
                None => (self.rest, ""),
            };
            self.rest = after;
            if !tag.is_empty() {
                return Some(tag.split_once(':').unwrap_or((tag, "")));
            }
        }
    }
}
