//! Takes `name{label="value",…}` apart.
//!
//! Names that are not of letters, digits and underscores may be quoted; a quoted metric
//! name stands inside the braces.

use super::number::is_blank;
use super::why::Why;
use super::{LABELS_MAX, TEXT_BYTES_MAX};

/// Name and labels of a sample.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The metric.
    pub(super) metric: String,
    /// Labels in the order told; those without a value are left out, as they are the
    /// same as no label.
    pub(super) labels: Vec<(String, String)>,
}

/// Where `name{labels}` ends in a line.
pub(super) fn end(line: &[u8]) -> Option<usize> {
    let name = line
        .iter()
        .position(|byte| *byte == b'{' || *byte <= b' ')?;
    let gap = line.get(name..)?.iter().take_while(|it| is_blank(**it));
    let brace = name + gap.count();
    if line.get(brace) != Some(&b'{') {
        return (name > 0).then_some(name);
    }
    let mut quoted = false;
    let mut escaped = false;
    for (place, byte) in line.iter().enumerate().skip(brace + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Some(place + 1),
            _ => {}
        }
    }
    None
}

/// Takes `name{labels}` apart.
pub(super) fn parse(raw: &[u8]) -> Result<Name, Why> {
    let text = std::str::from_utf8(raw).map_err(|_| Why::Labels)?;
    let (before, labels) = match text.split_once('{') {
        Some((before, rest)) => (before, Some(rest)),
        None => (text, None),
    };
    let mut name = Name {
        metric: before.trim().to_owned(),
        labels: Vec::new(),
    };
    if !name.metric.is_empty() && !is_metric(&name.metric) {
        return Err(Why::Name);
    }
    if let Some(rest) = labels {
        read_labels(rest, &mut name)?;
    }
    if name.metric.is_empty() {
        return Err(Why::Name);
    }
    if name.metric.len() > TEXT_BYTES_MAX {
        return Err(Why::TooLong);
    }
    Ok(name)
}

/// Takes `{label="value",…}` apart, as exemplars have it.
pub(super) fn parse_labels(raw: &[u8]) -> Result<Vec<(String, String)>, Why> {
    let text = std::str::from_utf8(raw).map_err(|_| Why::Labels)?;
    let rest = text.strip_prefix('{').ok_or(Why::Labels)?;
    let mut name = Name::default();
    read_labels(rest, &mut name)?;
    match name.metric.is_empty() {
        true => Ok(name.labels),
        false => Err(Why::Labels),
    }
}

fn read_labels(mut rest: &str, name: &mut Name) -> Result<(), Why> {
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return match after.is_empty() {
                true => Ok(()),
                false => Err(Why::Labels),
            };
        }
        rest = read_label(rest, name)?.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err(Why::Labels),
        }
    }
}

fn read_label<'a>(rest: &'a str, name: &mut Name) -> Result<&'a str, Why> {
    let (key, rest) = match rest.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => {
            let (key, _) = rest.split_once('=').ok_or(Why::Labels)?;
            if !is_label(key.trim_end()) {
                return Err(Why::Labels);
            }
            (key.trim_end().to_owned(), &rest[key.len()..])
        }
    };
    let Some(rest) = rest.trim_start().strip_prefix('=') else {
        if !name.metric.is_empty() || key.is_empty() {
            return Err(Why::Labels);
        }
        name.metric = key;
        return Ok(rest);
    };
    let quoted = rest.trim_start().strip_prefix('"').ok_or(Why::Labels)?;
    let (value, rest) = unquote(quoted)?;
    push(&mut name.labels, key, value)?;
    Ok(rest)
}

/// Adds a label within the limits.
pub(super) fn push(
    labels: &mut Vec<(String, String)>,
    key: String,
    value: String,
) -> Result<(), Why> {
    if key.is_empty() || labels.iter().any(|(known, _)| *known == key) {
        return Err(Why::Labels);
    }
    if key.len() > TEXT_BYTES_MAX || value.len() > TEXT_BYTES_MAX {
        return Err(Why::TooLong);
    }
    if labels.len() >= LABELS_MAX {
        return Err(Why::TooManyLabels);
    }
    if !value.is_empty() {
        labels.push((key, value));
    }
    Ok(())
}

/// Reads up to the closing quote; returns what follows it.
pub(super) fn unquote(text: &str) -> Result<(String, &str), Why> {
    let mut skip = false;
    let end = text.bytes().position(|byte| {
        let closing = byte == b'"' && !skip;
        skip = byte == b'\\' && !skip;
        closing
    });
    let end = end.ok_or(Why::Labels)?;
    Ok((unescape(&text[..end]), &text[end + 1..]))
}

/// Resolves `\\`, `\"` and `\n`; any other backslash stands for itself.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (resolved, length) = match after.bytes().next() {
            Some(b'n') => ('\n', 1),
            Some(b'"') => ('"', 1),
            Some(b'\\') => ('\\', 1),
            _ => ('\\', 0),
        };
        out.push(resolved);
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

/// Whether the name of a metric needs no quotes.
pub(super) fn is_metric(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    !name.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit()) && name.bytes().all(legal)
}

/// Whether the name of a label needs no quotes.
pub(super) fn is_label(name: &str) -> bool {
    is_metric(name) && !name.contains(':')
}
