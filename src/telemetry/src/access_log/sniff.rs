//! Finds the format that lines share.
//!
//! Lines are split into words, quoted strings and bracketed times. What stands before the
//! time and what stands behind the size is named by how it looks in all lines; the
//! description made of that is tried, and taken if it reads nearly all of them.

use super::clock::Clock;
use super::number::{Scale, duration, is_absent};
use super::{Format, Server, json};

/// Lines that are looked at.
const LINES_MAX: usize = 200;

/// Lines that are tried as an example of the others.
const TRIES: usize = 8;

/// Largest whole number at the end of all lines that is taken for seconds.
const SECONDS_MAX: i64 = 100;

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Bracketed(&'a str),
    /// `key=` and a word.
    Labeled(&'a str, &'a str),
    /// `key="` and a string.
    LabeledQuoted(&'a str, &'a str),
}

/// A line with the time in brackets, taken apart.
#[derive(Clone, Debug)]
struct Line<'a> {
    tokens: Vec<Token<'a>>,
    /// Place of the time.
    time: usize,
}

/// What a part is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Ignored,
    Referer,
    Agent,
    Host,
    Seconds,
    Microseconds,
    WholeSeconds,
    Upstream,
    UpstreamAddress,
}

/// The format of most of the lines.
pub(super) fn format(samples: &[&str]) -> Option<Format> {
    let lines = samples
        .iter()
        .map(|it| it.trim())
        .filter(|it| !it.is_empty());
    let lines: Vec<&str> = lines.take(LINES_MAX).collect();
    let most = |read: &dyn Fn(&str) -> bool| {
        let count = lines.iter().filter(|line| read(line)).count();
        count * 5 >= lines.len() * 4 && count > 0
    };
    let whole = |line: &str| json::read(line).is_ok_and(|it| it.status > 0);
    if most(&whole) {
        return Some(Format::json());
    }
    let described = describe(&lines)?;
    most(&|line| described.read(line).is_ok()).then_some(described)
}

fn describe(lines: &[&str]) -> Option<Format> {
    let lines: Vec<Line<'_>> = lines.iter().filter_map(|line| Line::of(line)).collect();
    let count = |one: &Line<'_>| lines.iter().filter(|it| it.is_like(one)).count();
    // A few tries suffice, as most lines are alike.
    let first = lines.iter().take(TRIES).max_by_key(|it| count(it))?;
    let alike: Vec<&Line<'_>> = lines.iter().filter(|it| it.is_like(first)).collect();
    let tail = first.time + 4;
    let mut roles: Vec<Role> = (tail..first.tokens.len())
        .map(|place| {
            let tokens: Vec<Token<'_>> = alike.iter().map(|it| it.tokens[place]).collect();
            role(&tokens)
        })
        .collect();
    if let [Token::Quoted(_), Token::Quoted(_), ..] = first.tokens[tail..] {
        roles[..2].copy_from_slice(&[Role::Referer, Role::Agent]);
    }
    name_in_order(&mut roles);
    let whole = [Role::Microseconds, Role::WholeSeconds];
    let server = match roles.iter().any(|it| whole.contains(it)) {
        true => Server::Apache,
        false => Server::Nginx,
    };
    let text = text(first, &roles, server);
    match server {
        Server::Nginx => Format::nginx(&text).ok(),
        Server::Apache => Format::apache(&text).ok(),
    }
}

impl<'a> Line<'a> {
    /// Takes a line apart if a bracketed time, a quoted request, a status and a size
    /// follow each other in it.
    fn of(text: &'a str) -> Option<Self> {
        let tokens = tokens(text)?;
        let time = tokens.iter().position(|it| match it {
            Token::Bracketed(text) => Clock::default().local(text) == Some(""),
            _ => false,
        })?;
        let [Token::Quoted(_), Token::Word(status), Token::Word(size)] =
            *tokens.get(time + 1..time + 4)?
        else {
            return None;
        };
        let number = |text: &str| is_absent(text) || text.bytes().all(|it| it.is_ascii_digit());
        (number(status) && number(size)).then_some(Self { tokens, time })
    }

    /// Whether parts of the same sort stand at the same places.
    fn is_like(&self, other: &Self) -> bool {
        let same = |(a, b): (&Token<'_>, &Token<'_>)| match (a, b) {
            (Token::Labeled(a, _), Token::Labeled(b, _))
            | (Token::LabeledQuoted(a, _), Token::LabeledQuoted(b, _)) => a == b,
            _ => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        self.time == other.time
            && self.tokens.len() == other.tokens.len()
            && self.tokens.iter().zip(&other.tokens).all(same)
    }
}

/// Splits a line at blanks, but not within quotes, brackets and lists.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, after) = match rest.as_bytes()[0] {
            b'"' => {
                let (inner, after) = quoted(&rest[1..])?;
                (Token::Quoted(inner), after)
            }
            b'[' => {
                let (inner, after) = rest[1..].split_once(']')?;
                (Token::Bracketed(inner), after)
            }
            _ => word(rest)?,
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

fn word(text: &str) -> Option<(Token<'_>, &str)> {
    let blank = list_end(text);
    let label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if let Some((key, value)) = text.split_once('=')
        && !key.is_empty()
        && key.bytes().all(label)
    {
        return Some(match value.strip_prefix('"') {
            Some(value) => {
                let (inner, after) = quoted(value)?;
                (Token::LabeledQuoted(key, inner), after)
            }
            None => {
                let (value, after) = value.split_at(blank - key.len() - 1);
                (Token::Labeled(key, value), after)
            }
        });
    }
    let (word, after) = text.split_at(blank);
    Some((Token::Word(word), after))
}

/// Where a word ends, which may be a list: `10.0.0.1:80, 10.0.0.2:80` or `a : b`.
fn list_end(text: &str) -> usize {
    let mut from = 0;
    while let Some(blank) = text[from..].find(' ') {
        let end = from + blank;
        let goes_on = text[..end].ends_with(',') || text[..end].ends_with(" :");
        if !goes_on && !text[end..].starts_with(" : ") {
            return end;
        }
        from = end + 1;
    }
    text.len()
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let closing = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closing
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// What a part is called that looks so in all lines.
fn role(tokens: &[Token<'_>]) -> Role {
    let values: Vec<&str> = tokens
        .iter()
        .map(|token| match token {
            Token::Word(it) | Token::Quoted(it) | Token::Bracketed(it) => *it,
            Token::Labeled(_, it) | Token::LabeledQuoted(_, it) => *it,
        })
        .collect();
    match tokens.first() {
        Some(Token::Labeled(key, _) | Token::LabeledQuoted(key, _)) => labeled(key, &values),
        Some(Token::Word(_)) if whole_numbers(&values) => {
            let small =
                |it: &&str| is_absent(it) || it.parse().is_ok_and(|it: i64| it < SECONDS_MAX);
            match values.iter().all(small) {
                true => Role::WholeSeconds,
                false => Role::Microseconds,
            }
        }
        _ if decimals(&values) => Role::Seconds,
        _ => Role::Ignored,
    }
}

fn labeled(key: &str, values: &[&str]) -> Role {
    match key {
        "rt" | "request_time" | "duration" | "total_time" if decimals(values) => Role::Seconds,
        "urt" | "upstream_response_time" | "upstream_time" if decimals(values) => Role::Upstream,
        "upstream" | "upstream_addr" => Role::UpstreamAddress,
        "host" | "vhost" | "server_name" => Role::Host,
        _ => Role::Ignored,
    }
}

fn whole_numbers(values: &[&str]) -> bool {
    let number = |it: &&str| it.bytes().all(|byte| byte.is_ascii_digit());
    let told: Vec<&&str> = values.iter().filter(|it| !is_absent(it)).collect();
    !told.is_empty() && told.into_iter().all(number)
}

/// Seconds with three digits after the point, as nginx writes them, or lists of such.
fn decimals(values: &[&str]) -> bool {
    let mut found = false;
    for one in values.iter().flat_map(|it| it.split([',', ':'])) {
        let one = one.trim();
        let point = one
            .len()
            .checked_sub(4)
            .and_then(|it| one.as_bytes().get(it));
        let legal = point == Some(&b'.') && duration(one, Scale::Seconds).is_some();
        if !is_absent(one) && !legal {
            return false;
        }
        found |= legal;
    }
    found
}

/// Of several times without labels the second is that of other servers.
fn name_in_order(roles: &mut [Role]) {
    for role in [Role::Microseconds, Role::WholeSeconds] {
        let mut same = roles.iter_mut().filter(|it| **it == role).skip(1);
        same.by_ref().for_each(|it| *it = Role::Ignored);
    }
    let mut seconds = roles.iter_mut().filter(|it| **it == Role::Seconds).skip(1);
    if let Some(second) = seconds.next() {
        *second = Role::Upstream;
    }
    seconds.for_each(|it| *it = Role::Ignored);
    if roles.contains(&Role::Seconds) {
        let whole = |it: &&mut Role| matches!(**it, Role::Microseconds | Role::WholeSeconds);
        roles
            .iter_mut()
            .filter(whole)
            .for_each(|it| *it = Role::Ignored);
    }
}

/// The description of lines such as the first.
fn text(first: &Line<'_>, roles: &[Role], server: Server) -> String {
    let pick = |(nginx, apache): (&'static str, &'static str)| match server {
        Server::Nginx => nginx,
        Server::Apache => apache,
    };
    let mut parts = Vec::new();
    for (place, token) in first.tokens[..first.time].iter().enumerate() {
        parts.push(wrapped(*token, pick(before_time(first, place))));
    }
    parts.extend(
        [("[$time_local]", "%t"), ("\"$request\"", "\"%r\"")].map(|it| pick(it).to_owned()),
    );
    parts.extend([("$status", "%>s"), ("$body_bytes_sent", "%b")].map(|it| pick(it).to_owned()));
    for (token, role) in first.tokens[first.time + 4..].iter().zip(roles) {
        parts.push(wrapped(*token, pick(role.names())));
    }
    parts.join(" ")
}

/// Names of what stands before the time: address, identity and user, in some logs after
/// the host.
fn before_time(first: &Line<'_>, place: usize) -> (&'static str, &'static str) {
    const USUAL: [(&str, &str); 3] = [
        ("$remote_addr", "%h"),
        ("$remote_ident", "%l"),
        ("$remote_user", "%u"),
    ];
    let extra = first.time.saturating_sub(USUAL.len());
    match (place.checked_sub(extra), first.tokens[place]) {
        (Some(usual), _) => USUAL[usual.min(USUAL.len() - 1)],
        (None, Token::Word(word)) if place == 0 && has_port(word) => {
            ("$host:$server_port", "%v:%p")
        }
        (None, Token::Word(_)) if place == 0 => ("$host", "%v"),
        (None, _) => Role::Ignored.names(),
    }
}

impl Role {
    /// The variable of nginx, and the directive of Apache.
    fn names(self) -> (&'static str, &'static str) {
        const IGNORED: &str = "%{ignored}n";
        match self {
            Self::Ignored => ("$ignored", IGNORED),
            Self::Referer => ("$http_referer", "%{Referer}i"),
            Self::Agent => ("$http_user_agent", "%{User-Agent}i"),
            Self::Host => ("$host", "%v"),
            Self::Seconds => ("$request_time", IGNORED),
            Self::Microseconds => ("$ignored", "%D"),
            Self::WholeSeconds => ("$ignored", "%T"),
            Self::Upstream => ("$upstream_response_time", IGNORED),
            Self::UpstreamAddress => ("$upstream_addr", IGNORED),
        }
    }
}

fn wrapped(token: Token<'_>, name: &str) -> String {
    match token {
        Token::Word(_) => name.to_owned(),
        Token::Quoted(_) => format!("\"{name}\""),
        Token::Bracketed(_) => format!("[{name}]"),
        Token::Labeled(key, _) => format!("{key}={name}"),
        Token::LabeledQuoted(key, _) => format!("{key}=\"{name}\""),
    }
}

fn has_port(word: &str) -> bool {
    let number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    word.rsplit_once(':').is_some_and(|(_, it)| number(it))
}
