//! Takes lines apart by a sequence of fields and the text between them.
//!
//! A field ends where the text after it first comes again, but not within quotes whose
//! end is escaped, not within a list of servers, and not where a number should follow
//! and none does: decoded paths hold blanks.

use model::time::Moment;

use super::calendar::{self, Item};
use super::clock::Clock;
use super::number::{self, Scale};
use super::{Access, FormatError, Unread};

/// What a part of a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Nothing that is kept.
    Ignored,
    /// `27/Nov/2026:05:19:37 +0000`, without brackets.
    LocalTime,
    /// `2026-11-27T05:19:37+00:00`.
    IsoTime,
    /// Seconds since the epoch with a fraction.
    UnixDecimal,
    /// A whole number since the epoch.
    Unix(Scale),
    /// Digits after the point of a time's seconds.
    Fraction,
    /// Time, or a part of it, by a pattern.
    Calendar(Vec<Item>),
    /// Method, path and protocol.
    Request,
    Method,
    Path,
    /// What may follow a path at once.
    Query,
    Status,
    Bytes,
    Duration(Scale),
    Upstream(Scale),
    UpstreamAddress,
    Host,
}

/// What a time in a line is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Anchor {
    Begin,
    #[default]
    End,
}

/// A description of lines, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// Text before the first field.
    head: String,
    pieces: Vec<Piece>,
    anchor: Anchor,
}

#[derive(Clone, Debug)]
struct Piece {
    field: Field,
    /// As the description calls it.
    name: String,
    /// Text that follows; empty at the end of a line and where fields stand side by side.
    after: String,
    end: End,
}

/// How the end of a field is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It says itself.
    Own,
    /// The line ends.
    Line,
    /// The text after it.
    Text,
    /// The text after it, unless a backslash stands before.
    Quote,
    /// The text after it, unless a list goes on.
    List,
    /// The text after it, with a number behind.
    Number,
    /// A slash, which belongs to the next field.
    Slash,
}

/// What a line has said so far.
#[derive(Debug, Default)]
struct Told<'a> {
    clock: Clock,
    duration_ns: Option<i64>,
    upstream_ns: Option<i64>,
    method: &'a str,
    path: &'a str,
    status: u16,
    bytes: Option<u64>,
    upstream: &'a str,
    host: &'a str,
}

impl Pattern {
    pub(super) fn set_anchor(&mut self, anchor: Anchor) {
        self.anchor = anchor;
    }

    /// Adds text that stands for itself.
    pub(super) fn text(&mut self, character: char) {
        match self.pieces.last_mut() {
            Some(piece) => piece.after.push(character),
            None => self.head.push(character),
        }
    }

    /// Adds a field.
    pub(super) fn field(&mut self, field: Field, name: &str) {
        if let Some(last) = self.pieces.last_mut().filter(|it| it.after.is_empty()) {
            // A path goes on in its query; what is ignored goes on in what is ignored.
            let part_of_path = field == Field::Query && last.field == Field::Path;
            if part_of_path || (field == Field::Ignored && last.field == Field::Ignored) {
                return;
            }
        }
        let field = if field == Field::Query {
            Field::Ignored
        } else {
            field
        };
        self.pieces.push(Piece {
            field,
            name: name.to_owned(),
            after: String::new(),
            end: End::Line,
        });
    }

    /// Decides how each field ends, and leaves out what need not be read.
    pub(super) fn finish(mut self) -> Result<Self, FormatError> {
        if !self.pieces.iter().any(|it| it.field.has_date()) {
            return Err(FormatError::NoTime);
        }
        self.keep_finest_duration();
        self.find_endings()?;
        let last = self
            .pieces
            .iter()
            .rposition(|it| it.field != Field::Ignored);
        self.pieces.truncate(last.map_or(0, |it| it + 1));
        Ok(self)
    }

    fn find_endings(&mut self) -> Result<(), FormatError> {
        let following: Vec<Piece> = self.pieces.iter().skip(1).cloned().collect();
        let mut following = following.iter();
        let mut quoted = self.head.ends_with('"');
        for piece in &mut self.pieces {
            let next = following.next();
            let end = piece.ending(next.map(|it| &it.field), quoted);
            piece.end = end.ok_or_else(|| FormatError::Touching {
                first: piece.name.clone(),
                second: next.map(|it| it.name.clone()).unwrap_or_default(),
            })?;
            quoted = piece.after.ends_with('"');
        }
        Ok(())
    }

    /// Of several durations only the finest is read.
    fn keep_finest_duration(&mut self) {
        let scale = |piece: &Piece| match piece.field {
            Field::Duration(scale) => Some(scale),
            _ => None,
        };
        let finest = self.pieces.iter().filter_map(scale).min();
        for piece in &mut self.pieces {
            if scale(piece).is_some() && scale(piece) != finest {
                piece.field = Field::Ignored;
            }
        }
    }

    /// Takes a line apart.
    pub(super) fn read<'a>(&self, line: &'a str) -> Result<Access<'a>, Unread> {
        let mut rest = line.strip_prefix(self.head.as_str()).ok_or(Unread::Shape)?;
        let mut told = Told::default();
        for piece in &self.pieces {
            rest = match piece.end {
                End::Own => told.time(&piece.field, rest).ok_or(Unread::Time)?,
                _ => {
                    let length = piece.length(rest).ok_or(Unread::Shape)?;
                    let (value, rest) = rest.split_at_checked(length).ok_or(Unread::Shape)?;
                    told.take(&piece.field, value)?;
                    rest
                }
            };
            if piece.end != End::Slash {
                rest = rest
                    .strip_prefix(piece.after.as_str())
                    .ok_or(Unread::Shape)?;
            }
        }
        told.finish(self.anchor)
    }
}

impl Field {
    /// Whether its text says where it ends.
    fn is_time(&self) -> bool {
        matches!(
            self,
            Self::LocalTime
                | Self::IsoTime
                | Self::UnixDecimal
                | Self::Unix(_)
                | Self::Fraction
                | Self::Calendar(_)
        )
    }

    fn has_date(&self) -> bool {
        match self {
            Self::LocalTime | Self::IsoTime | Self::UnixDecimal | Self::Unix(_) => true,
            Self::Calendar(items) => calendar::has_date(items),
            _ => false,
        }
    }

    fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Status | Self::Bytes | Self::Duration(_) | Self::Upstream(_)
        )
    }
}

impl Piece {
    /// How the field ends; `None` where that cannot be told.
    fn ending(&self, next: Option<&Field>, quoted: bool) -> Option<End> {
        Some(match (&self.field, next) {
            (field, _) if field.is_time() => End::Own,
            (_, None) if self.after.is_empty() => End::Line,
            (Field::Host | Field::Ignored, Some(Field::Path)) if self.after.is_empty() => {
                End::Slash
            }
            _ if self.after.is_empty() => return None,
            _ if quoted && self.after.starts_with('"') => End::Quote,
            (Field::Upstream(_) | Field::UpstreamAddress, _) => End::List,
            (Field::Path, Some(next)) if next.is_number() => End::Number,
            _ => End::Text,
        })
    }

    /// Number of bytes that the field takes of a line.
    fn length(&self, rest: &str) -> Option<usize> {
        let (bytes, after) = (rest.as_bytes(), self.after.as_bytes());
        match self.end {
            End::Own => None,
            End::Line => Some(rest.len()),
            End::Slash => find(bytes, b"/", 0),
            End::Text => find(bytes, after, 0),
            End::Quote => find_unescaped(bytes, after),
            End::List => find_where(bytes, after, |found| {
                let goes_on = rest[..found].ends_with([',', ':']);
                !goes_on && !rest[found + after.len()..].starts_with(": ")
            }),
            End::Number => find_where(bytes, after, |found| {
                let next = bytes.get(found + after.len());
                next.is_some_and(|it| it.is_ascii_digit() || *it == b'-')
            }),
        }
    }
}

/// Where `text` stands from a place on; it is not empty.
fn find(bytes: &[u8], text: &[u8], from: usize) -> Option<usize> {
    let (first, rest) = text.split_first()?;
    let mut place = from;
    loop {
        place += bytes.get(place..)?.iter().position(|byte| byte == first)?;
        if bytes[place + 1..].starts_with(rest) {
            return Some(place);
        }
        place += 1;
    }
}

/// Where `text` stands first that fits.
fn find_where(bytes: &[u8], text: &[u8], fits: impl Fn(usize) -> bool) -> Option<usize> {
    let mut from = 0;
    loop {
        let found = find(bytes, text, from)?;
        if fits(found) {
            return Some(found);
        }
        from = found + 1;
    }
}

/// Where `text`, which begins with a quote, stands without a backslash before it.
fn find_unescaped(bytes: &[u8], text: &[u8]) -> Option<usize> {
    find_where(bytes, text, |found| {
        let before = bytes[..found].iter().rev();
        before.take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

impl<'a> Told<'a> {
    /// Takes a time off the front of a line.
    fn time(&mut self, field: &Field, text: &'a str) -> Option<&'a str> {
        match field {
            Field::LocalTime => self.clock.local(text),
            Field::IsoTime => self.clock.iso(text),
            Field::UnixDecimal => self.clock.unix_decimal(text, Scale::Seconds),
            Field::Unix(scale) => self.clock.unix(text, *scale),
            Field::Fraction => self.clock.digits_after_point(text),
            Field::Calendar(items) => calendar::read(items, text, &mut self.clock),
            _ => None,
        }
    }

    fn take(&mut self, field: &Field, text: &'a str) -> Result<(), Unread> {
        match field {
            Field::Request => {
                let (method, path) = request(text);
                self.method = method;
                self.path = path;
            }
            Field::Method => self.method = checked_method(text),
            Field::Path => self.path = if number::is_absent(text) { "" } else { text },
            Field::Status => self.status = number::status(text).ok_or(Unread::Number)?,
            Field::Bytes => self.bytes = Some(number::bytes(text).ok_or(Unread::Number)?),
            Field::Duration(_) if number::is_absent(text) => {}
            Field::Duration(scale) => {
                self.duration_ns = Some(number::duration(text, *scale).ok_or(Unread::Number)?);
            }
            Field::Upstream(scale) => {
                let sum = number::durations(text, *scale);
                self.upstream_ns = sum.map_err(|()| Unread::Number)?;
            }
            Field::UpstreamAddress => self.upstream = number::last_address(text),
            Field::Host if self.host.is_empty() && !number::is_absent(text) => self.host = text,
            // Times are taken where they stand.
            _ => {}
        }
        Ok(())
    }

    fn finish(self, anchor: Anchor) -> Result<Access<'a>, Unread> {
        let at = self.clock.moment().ok_or(Unread::Time)?;
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

/// When a request ended.
pub(super) fn end(at: Moment, anchor: Anchor, duration_ns: Option<i64>) -> Moment {
    match anchor {
        Anchor::Begin => at.plus_ns(duration_ns.unwrap_or(0)),
        Anchor::End => at,
    }
}

/// Method and path of `GET /path HTTP/1.1`; both empty where it is something else.
pub(super) fn request(text: &str) -> (&str, &str) {
    let Some((method, rest)) = text.split_once(' ') else {
        return ("", "");
    };
    let rest = rest.trim_ascii();
    let path = rest.rsplit_once(" HTTP/").map_or(rest, |(path, _)| path);
    match checked_method(method) {
        "" => ("", ""),
        method => (method, path),
    }
}

/// A word of letters, as methods are; anything else is none.
pub(super) fn checked_method(text: &str) -> &str {
    let legal = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_');
    match text.len() <= 32 && text.bytes().all(legal) && text != "-" {
        true => text,
        false => "",
    }
}
