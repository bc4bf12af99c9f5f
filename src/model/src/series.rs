//! What a stream of values is called.
//!
//! A series is written `host/metric{key=value,…}` with sorted keys, everywhere:
//! in files, on the command line, in the window.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalog::{Kind, Polarity};
use crate::unit::Unit;

/// Number of a series within one host's stream; dense from 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SeriesId(pub u32);

/// Name of a series within a session: host, metric and attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// The host's name in the session; empty for imported data without hosts.
    pub host: String,
    /// OpenTelemetry metric name, or the header of an imported column.
    pub metric: String,
    /// Attributes, sorted by key.
    pub attributes: Vec<(String, String)>,
}

/// A series as consumers meet it: its name and how to read its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The name.
    pub key: SeriesKey,
    /// Unit of the stored values.
    pub unit: Unit,
    /// Whether values are levels or running totals.
    pub kind: Kind,
    /// Whether more is worse.
    pub polarity: Polarity,
}

impl SeriesKey {
    /// Builds a key and sorts its attributes.
    pub fn new(
        host: impl Into<String>,
        metric: impl Into<String>,
        attributes: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut attributes: Vec<_> = attributes.into_iter().collect();
        attributes.sort();
        Self {
            host: host.into(),
            metric: metric.into(),
            attributes,
        }
    }

    /// The value of one attribute.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(k, _)| k == key)?;
        Some(&found.1)
    }

    /// The name without the host: `metric{key=value,…}`, the column name in segments.
    pub fn column(&self) -> String {
        let mut text = escaped(&self.metric, "{");
        if self.attributes.is_empty() {
            return text;
        }
        text.push('{');
        for (i, (key, value)) in self.attributes.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            text.push_str(&escaped(key, "=,}"));
            text.push('=');
            text.push_str(&escaped(value, ",}"));
        }
        text.push('}');
        text
    }

    /// Reads the form that [`SeriesKey::column`] prints; anything is a metric name.
    pub fn from_column(host: &str, column: &str) -> Self {
        let whole = || Self::new(host, unescaped(column), []);
        let Some((metric, rest)) = split_unescaped(column, '{') else {
            return whole();
        };
        let Some(body) = rest.strip_suffix('}') else {
            return whole();
        };
        let mut attributes = Vec::new();
        let mut left = body;
        while !left.is_empty() {
            let (pair, next) = split_unescaped(left, ',').unwrap_or((left, ""));
            let Some((key, value)) = split_unescaped(pair, '=') else {
                return whole();
            };
            attributes.push((unescaped(key), unescaped(value)));
            left = next;
        }
        Self::new(host, unescaped(metric), attributes)
    }
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.host.is_empty() {
            write!(f, "{}/", escaped(&self.host, "/"))?;
        }
        f.write_str(&self.column())
    }
}

impl FromStr for SeriesKey {
    type Err = std::convert::Infallible;

    /// Reads `host/metric{…}`; a slash counts only before the first brace.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name_end = split_unescaped(text, '{').map_or(text.len(), |(name, _)| name.len());
        Ok(match split_unescaped(&text[..name_end], '/') {
            Some((host, _)) => Self::from_column(&unescaped(host), &text[host.len() + 1..]),
            None => Self::from_column("", text),
        })
    }
}

/// Whether `text` matches a pattern in which `*` stands for anything and `?` for one character.
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            p += 1;
            t += 1;
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((sp, st)) = star {
            p = sp + 1;
            t = st + 1;
            star = Some((sp, st + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

fn escaped(text: &str, special: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\\' || special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

fn split_unescaped(text: &str, at: char) -> Option<(&str, &str)> {
    let mut skip = false;
    for (i, c) in text.char_indices() {
        if skip {
            skip = false;
        } else if c == '\\' {
            skip = true;
        } else if c == at {
            return Some((&text[..i], &text[i + at.len_utf8()..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_prints() {
        let plain = SeriesKey::new(
            "web-1",
            "system.cpu.time",
            [
                ("state".to_owned(), "user".to_owned()),
                ("cpu".to_owned(), "0".to_owned()),
            ],
        );
        assert_eq!(plain.to_string(), "web-1/system.cpu.time{cpu=0,state=user}");
        let odd = SeriesKey::new("a/b", "x{y", [("path".to_owned(), "/v,=}\\".to_owned())]);
        for key in [plain, odd, SeriesKey::new("", "orders:cpu", [])] {
            assert_eq!(key.to_string().parse(), Ok(key.clone()));
            assert_eq!(SeriesKey::from_column(&key.host, &key.column()), key);
        }
    }

    #[test]
    fn globs_match_names() {
        assert!(glob_matches("*cpu*", "web-1/system.cpu.time{cpu=0}"));
        assert!(glob_matches("a?c", "abc"));
        assert!(glob_matches("*", ""));
        assert!(!glob_matches("a?c", "ac"));
        assert!(!glob_matches("cpu", "cpus"));
    }
}
