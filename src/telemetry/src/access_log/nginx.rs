//! Descriptions of log lines as nginx has them: `log_format` with `$variables`.

use super::FormatError;
use super::number::Scale;
use super::pattern::{Field, Pattern};

/// Takes a description apart.
pub(super) fn compile(text: &str) -> Result<Pattern, FormatError> {
    let text = body(text)?;
    let mut pattern = Pattern::default();
    let mut rest = text.as_str();
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character != '$' {
            pattern.text(character);
            continue;
        }
        let (name, after) = variable(rest)?;
        pattern.field(field(name), name);
        rest = after;
    }
    pattern.finish()
}

/// Splits off the name of a variable, which may stand in braces.
fn variable(text: &str) -> Result<(&str, &str), FormatError> {
    if let Some(braced) = text.strip_prefix('{') {
        let split = braced.split_once('}');
        return split.ok_or_else(|| FormatError::Syntax(format!("${text}")));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let length = text.bytes().take_while(|byte| legal(*byte)).count();
    match length {
        0 => Err(FormatError::Syntax(format!("${text}"))),
        _ => Ok(text.split_at(length)),
    }
}

fn field(name: &str) -> Field {
    match name {
        "time_local" => Field::LocalTime,
        "time_iso8601" => Field::IsoTime,
        "msec" => Field::UnixDecimal,
        "request" => Field::Request,
        "request_method" => Field::Method,
        "request_uri" | "uri" | "document_uri" => Field::Path,
        "is_args" | "args" | "query_string" => Field::Query,
        "status" => Field::Status,
        "body_bytes_sent" | "bytes_sent" => Field::Bytes,
        "request_time" => Field::Duration(Scale::Seconds),
        "upstream_response_time" => Field::Upstream(Scale::Seconds),
        "upstream_addr" => Field::UpstreamAddress,
        "host" | "http_host" | "server_name" => Field::Host,
        _ => Field::Ignored,
    }
}

/// The text of a description: of a whole directive its strings, put together.
fn body(text: &str) -> Result<String, FormatError> {
    let trimmed = text.trim();
    let directive = trimmed.strip_prefix("log_format");
    let mut rest = match directive {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ if trimmed.starts_with('\'') => trimmed,
        _ => return Ok(text.to_owned()),
    };
    let mut out = String::new();
    if directive.is_some() {
        // The name, and perhaps how strings are escaped.
        rest = rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, it)| it)
            .trim_start();
        if rest.starts_with("escape=") {
            rest = rest
                .split_once(char::is_whitespace)
                .map_or("", |(_, it)| it)
                .trim_start();
        }
    }
    while let Some(quote) = rest.chars().next().filter(|it| matches!(it, '\'' | '"')) {
        rest = string(&rest[1..], quote, &mut out)?.trim_start();
    }
    match rest {
        "" | ";" => Ok(out),
        _ => Err(FormatError::Syntax(rest.to_owned())),
    }
}

/// Reads a string up to its quote; returns what follows.
fn string<'a>(text: &'a str, quote: char, out: &mut String) -> Result<&'a str, FormatError> {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push(match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            _ if character == quote => return Ok(characters.as_str()),
            _ => out.push(character),
        }
    }
    Err(FormatError::Syntax(text.to_owned()))
}
