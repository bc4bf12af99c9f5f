//! Lines that are JSON objects, with the keys that servers usually give.
//!
//! Objects within are taken as if their keys stood at the top; lists are passed over.
//! Strings are borrowed as they stand, so their escapes are not resolved.
//!
//! # Source
//!
//! RFC 8259; keys of nginx variables, of Caddy's and Traefik's access logs, and of the
//! Elastic common names that are written flat.

use super::clock::Clock;
use super::number::{self, Scale};
use super::pattern::{Anchor, checked_method, end, request};
use super::{Access, Unread};

/// Names of durations to which a unit is added, as in `latency_ms`.
const DURATIONS: &[&str] = &[
    "duration",
    "elapsed",
    "latency",
    "request_time",
    "response_time",
    "took",
];

/// Endings that say the unit.
const UNITS: &[(&str, Scale)] = &[
    ("_ns", Scale::Nanoseconds),
    ("_us", Scale::Microseconds),
    ("_ms", Scale::Milliseconds),
    ("_s", Scale::Seconds),
    ("_seconds", Scale::Seconds),
];

/// A key and its value, without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair<'a> {
    key: &'a str,
    value: &'a str,
}

/// The pairs of an object.
struct Pairs<'a> {
    rest: &'a str,
}

/// What a line has said so far.
#[derive(Debug, Default)]
struct Told<'a> {
    ended: Clock,
    began: Clock,
    duration_ns: Option<i64>,
    upstream_ns: Option<i64>,
    method: &'a str,
    path: &'a str,
    status: u16,
    bytes: Option<u64>,
    upstream: &'a str,
    host: &'a str,
}

/// Takes a line apart.
pub(super) fn read(line: &str) -> Result<Access<'_>, Unread> {
    let inner = line.trim().strip_prefix('{').ok_or(Unread::Shape)?;
    let rest = inner.strip_suffix('}').ok_or(Unread::Shape)?;
    let mut told = Told::default();
    for pair in (Pairs { rest }) {
        told.take(pair?)?;
    }
    told.finish()
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<Pair<'a>, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.rest.find('"')?;
        let found = self.pair(start);
        if found.is_none() {
            self.rest = "";
        }
        Some(found.ok_or(Unread::Shape))
    }
}

impl<'a> Pairs<'a> {
    fn pair(&mut self, start: usize) -> Option<Pair<'a>> {
        let (key, rest) = string(&self.rest[start + 1..])?;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start();
        let (value, rest) = match rest.bytes().next()? {
            b'"' => string(&rest[1..])?,
            // Its pairs come next.
            b'{' => ("", &rest[1..]),
            b'[' => ("", list_end(&rest[1..])?),
            _ => {
                let ends = |byte: u8| matches!(byte, b',' | b'}' | b']' | b' ');
                rest.split_at(rest.bytes().position(ends).unwrap_or(rest.len()))
            }
        };
        self.rest = rest;
        Some(Pair { key, value })
    }
}

/// Splits a string off at its closing quote.
fn string(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let closing = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closing
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// What follows a list, which may hold others.
fn list_end(text: &str) -> Option<&str> {
    let mut depth = 1_usize;
    let mut rest = text;
    while depth > 0 {
        let place = rest.find(['[', ']', '"'])?;
        let after = &rest[place + 1..];
        rest = match rest.as_bytes()[place] {
            b'"' => string(after)?.1,
            b'[' => {
                depth += 1;
                after
            }
            _ => {
                depth -= 1;
                after
            }
        };
    }
    Some(rest)
}

impl<'a> Told<'a> {
    fn take(&mut self, Pair { key, value }: Pair<'a>) -> Result<(), Unread> {
        if number::is_absent(value) || value == "null" {
            return Ok(());
        }
        match key {
            "time_iso8601" | "time_local" | "msec" | "time" | "timestamp" | "@timestamp" | "ts" => {
                time(value, &mut self.ended);
            }
            "StartUTC" | "start_time" => time(value, &mut self.began),
            "request_time" => self.duration_ns = duration(value, Scale::Seconds)?,
            "Duration" => self.duration_ns = duration(value, Scale::Nanoseconds)?,
            "upstream_response_time" => {
                let sum = number::durations(value, Scale::Seconds);
                self.upstream_ns = sum.map_err(|()| Unread::Number)?;
            }
            "OriginDuration" => self.upstream_ns = duration(value, Scale::Nanoseconds)?,
            "status" | "status_code" | "response_status" | "DownstreamStatus" => {
                self.status = number::status(value).ok_or(Unread::Number)?;
            }
            "body_bytes_sent" | "bytes_sent" | "bytes" | "size" | "DownstreamContentSize" => {
                self.bytes = Some(number::bytes(value).ok_or(Unread::Number)?);
            }
            _ => self.take_text(key, value),
        }
        Ok(())
    }

    fn take_text(&mut self, key: &str, value: &'a str) {
        let place = match key {
            "request" => {
                (self.method, self.path) = request(value);
                return;
            }
            "request_method" | "method" | "verb" | "RequestMethod" => {
                self.method = checked_method(value);
                return;
            }
            "upstream_addr" | "upstream" | "ServiceAddr" => {
                self.upstream = number::last_address(value);
                return;
            }
            "request_uri" | "uri" | "path" | "url" | "RequestPath" => &mut self.path,
            "host" | "http_host" | "server_name" | "RequestHost" => &mut self.host,
            _ => return self.take_duration(key, value),
        };
        if place.is_empty() {
            *place = value;
        }
    }

    /// Takes in a duration whose unit the key says, or that is told in seconds since it
    /// has a point; a whole number without a unit could be anything.
    fn take_duration(&mut self, key: &str, value: &str) {
        let ending = UNITS.iter().find_map(|(ending, scale)| {
            let name = key.strip_suffix(ending)?;
            Some((name, Some(*scale)))
        });
        let (name, scale) = ending.unwrap_or((key, None));
        let says = value.contains('.') || value.ends_with('s');
        let scale = scale.or(says.then_some(Scale::Seconds));
        if let Some(scale) = scale.filter(|_| DURATIONS.contains(&name)) {
            self.duration_ns = number::duration(value, scale).or(self.duration_ns);
        }
    }

    fn finish(self) -> Result<Access<'a>, Unread> {
        let (at, anchor) = match (self.ended.moment(), self.began.moment()) {
            (Some(at), _) => (at, Anchor::End),
            (None, Some(at)) => (at, Anchor::Begin),
            (None, None) => return Err(Unread::Time),
        };
        Ok(Access {
            end: end(at, anchor, self.duration_ns),
            duration_ns: self.duration_ns,
            upstream_ns: self.upstream_ns,
            method: self.method,
            path: self.path,
            status: self.status,
            bytes: self.bytes,
            upstream: self.upstream,
            host: self.host,
        })
    }
}

fn duration(text: &str, scale: Scale) -> Result<Option<i64>, Unread> {
    let told = number::duration(text, scale).ok_or(Unread::Number)?;
    Ok(Some(told))
}

/// Takes in a time in any of the usual forms; one in another form says nothing.
fn time(text: &str, clock: &mut Clock) {
    let mut read = *clock;
    let rest = match text.as_bytes() {
        [_, _, b'/', ..] => read.local(text),
        [_, _, _, _, b'-', ..] => read.iso(text),
        _ => read.unix_decimal(text, scale_of(text)),
    };
    if rest == Some("") {
        *clock = read;
    }
}

/// The unit of a time since the epoch, by its size: today's has 10 digits in seconds.
fn scale_of(text: &str) -> Scale {
    match text.bytes().take_while(u8::is_ascii_digit).count() {
        0..=11 => Scale::Seconds,
        12..=14 => Scale::Milliseconds,
        15..=17 => Scale::Microseconds,
        _ => Scale::Nanoseconds,
    }
}
