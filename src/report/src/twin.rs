//! Reads a finished report back: what was asked for, its numbers, and the digests of what
//! they rest on.
//!
//! * In: a page, or its JSON.
//! * Out: a [`Reading`]; nothing of the text but the numbers.
//! * Never: trusts it; sizes are bounded and odd parts are errors.
//!
//! Start at [`read`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::RenderError;
use crate::document::Document;
use crate::request::Request;

/// Bytes of a report that is read back, at most: larger ones were not written by this program.
pub const SIZE_MAX_BYTES: u64 = 256 << 20;

/// Numbers of a report, at most.
const TOKENS_MAX: usize = 1 << 20;

/// What a report says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Version of the program that made it.
    pub kymo: String,
    /// Name of the session.
    pub session: String,
    /// What was asked for.
    pub request: Request,
    /// Id and digest of each source.
    pub sources: Vec<(String, String)>,
    /// Its numbers in order.
    pub numbers: Vec<Number>,
}

/// A number as it stands in a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Its id.
    pub id: String,
    /// Its exact value; `None` where it is none.
    pub value: Option<f64>,
    /// As it is shown.
    pub text: String,
}

/// Why a report cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is something else, or of a version that could not be checked yet.
    #[error("it is no report that can be checked: {0}")]
    NotAReport(&'static str),
    /// Its proof or its JSON is broken.
    #[error("its proof cannot be read: {0}")]
    Broken(String),
    /// A newer version made it.
    #[error("its form {0} is newer than this build reads")]
    Newer(u64),
}

/// What stands within a page so that it can be checked.
#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    schema: u64,
    kymo: String,
    session: String,
    request: Request,
    sources: Vec<(String, String)>,
}

/// The proof of a page as text.
pub(crate) fn proof(document: &Document) -> Result<String, RenderError> {
    let sources = document.sources.iter();
    let proof = Proof {
        schema: u64::from(document.schema),
        kymo: document.kymo.clone(),
        session: document.session.clone(),
        request: document.request.clone(),
        sources: sources
            .map(|it| (it.id.clone(), it.digest.clone()))
            .collect(),
    };
    let json = serde_json::to_string(&proof).map_err(|error| RenderError::Json(Box::new(error)))?;
    Ok(plain(&json))
}

/// JSON in letters that no page and no reader takes for anything else.
fn plain(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\'' | '\u{7f}'.. => {
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Reads a page or its JSON.
///
/// # Errors
///
/// [`ReadError`] where it is no report, or one that cannot be checked.
pub fn read(text: &str) -> Result<Reading, ReadError> {
    match text.trim_start().starts_with('{') {
        true => of_json(text),
        false => of_page(text),
    }
}

fn of_json(text: &str) -> Result<Reading, ReadError> {
    let broken = |error: serde_json::Error| ReadError::Broken(error.to_string());
    let mut value: Value = serde_json::from_str(text).map_err(broken)?;
    let schema = value["schema"].as_u64();
    let schema = schema.ok_or(ReadError::NotAReport("it has no schema"))?;
    fits(schema)?;
    if value.get("request").is_none() {
        return Err(ReadError::NotAReport("it does not say what was asked for"));
    }
    let request = serde_json::from_value(value["request"].take()).map_err(broken)?;
    let sources = value["sources"].as_array().into_iter().flatten();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let sources = sources.map(|it| (word(&it["id"]), word(&it["digest"])));
    let mut reading = Reading {
        kymo: word(&value["kymo"]),
        session: word(&value["session"]),
        request,
        sources: sources.collect(),
        numbers: Vec::new(),
    };
    for part in ["facts", "sections"] {
        numbers_of(&value[part], &mut reading.numbers);
    }
    Ok(reading)
}

fn fits(schema: u64) -> Result<(), ReadError> {
    match schema {
        1 => Err(ReadError::NotAReport(
            "it was made by a version that kept no proof",
        )),
        known if known <= u64::from(crate::document::SCHEMA) => Ok(()),
        newer => Err(ReadError::Newer(newer)),
    }
}

/// Collects every object that is a number. The parser bounds the depth.
fn numbers_of(value: &Value, found: &mut Vec<Number>) {
    match value {
        Value::Object(map) => {
            let is_number = map.contains_key("statistic") && map.contains_key("source");
            if let (true, Some(id), Some(text)) = (
                is_number && found.len() < TOKENS_MAX,
                map.get("id").and_then(Value::as_str),
                map.get("text").and_then(Value::as_str),
            ) {
                found.push(Number {
                    id: id.to_owned(),
                    value: map.get("value").and_then(Value::as_f64),
                    text: text.to_owned(),
                });
                return;
            }
            map.values().for_each(|it| numbers_of(it, found));
        }
        Value::Array(list) => list.iter().for_each(|it| numbers_of(it, found)),
        _ => {}
    }
}

fn of_page(text: &str) -> Result<Reading, ReadError> {
    const BEGIN: &str = "<template id=\"kymo-proof\">";
    const END: &str = "</template>";
    let begin = text.find(BEGIN);
    let begin = begin.ok_or(ReadError::NotAReport("it holds no proof"))? + BEGIN.len();
    let length = text[begin..].find(END);
    let length = length.ok_or_else(|| ReadError::Broken("it has no end".to_owned()))?;
    let proof = unescaped(&text[begin..begin + length]);
    let proof: Proof = serde_json::from_str(&proof).map_err(|error| {
        // The version comes first, so that a newer form is told as that.
        ReadError::Broken(error.to_string())
    })?;
    fits(proof.schema)?;
    Ok(Reading {
        kymo: proof.kymo,
        session: proof.session,
        request: proof.request,
        sources: proof.sources,
        numbers: numbers_of_page(text),
    })
}

/// Elements whose content nobody sees as text of the page.
const UNSEEN: [&str; 8] = [
    "head", "iframe", "noscript", "script", "style", "template", "textarea", "title",
];

/// Every `<data value="…" data-token="…">…</data>` of a page that a reader can see: none
/// in comments, in attributes, in templates and in what is hidden.
fn numbers_of_page(page: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(from) = rest.find('<') {
        rest = &rest[from..];
        if let Some(after) = beyond_comment(rest) {
            rest = after;
            continue;
        }
        if !rest[1..].starts_with(|it: char| it.is_ascii_alphabetic()) {
            rest = &rest[1..];
            continue;
        }
        let Some(tag) = Tag::at(rest) else {
            break;
        };
        rest = if tag.is_unseen() {
            beyond_element(tag.after, tag.name)
        } else {
            tag.after
        };
        if found.len() < TOKENS_MAX && !tag.is_unseen() {
            found.extend(tag.number());
        }
    }
    found
}

/// A tag that opens an element.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    after: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag that a text begins with; `None` where it never ends.
    fn at(text: &'a str) -> Option<Self> {
        let body = &text[1..];
        let end = end_of_tag(body)?;
        let inside = &body[..end];
        let name = inside.find(|it: char| it.is_ascii_whitespace() || it == '/');
        let (name, attributes) = inside.split_at(name.unwrap_or(end));
        Some(Self {
            name,
            attributes: self::attributes(attributes),
            after: &body[end + 1..],
        })
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut all = self.attributes.iter();
        let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// Whether it or its own style may hide what is in it: Kymo's pages have neither.
    fn is_unseen(&self) -> bool {
        let hides = ["hidden", "style"];
        UNSEEN.iter().any(|it| self.name.eq_ignore_ascii_case(it))
            || hides.iter().any(|it| self.attribute(it).is_some())
    }

    fn number(&self) -> Option<Number> {
        if !self.name.eq_ignore_ascii_case("data") {
            return None;
        }
        let end = self.after.find("</data>")?;
        Some(Number {
            id: unescaped(self.attribute("data-token")?),
            value: self.attribute("value").and_then(|it| it.parse().ok()),
            text: unescaped(&self.after[..end]),
        })
    }
}

/// What follows a comment, or what browsers take for one; `None` where there is none.
fn beyond_comment(text: &str) -> Option<&str> {
    let ends = [("<!--", "-->"), ("<!", ">"), ("<?", ">")];
    let (begin, end) = ends.iter().find(|(begin, _)| text.starts_with(begin))?;
    let inside = &text[begin.len()..];
    Some(inside.find(end).map_or("", |at| &inside[at + end.len()..]))
}

/// What follows the end of an element whose content begins here.
fn beyond_element<'a>(mut rest: &'a str, name: &str) -> &'a str {
    let mut depth = 1_usize;
    while let Some(from) = rest.find('<') {
        rest = &rest[from + 1..];
        let word = rest.strip_prefix('/').unwrap_or(rest);
        let end = word.find(|it: char| !it.is_ascii_alphanumeric());
        if !word[..end.unwrap_or(word.len())].eq_ignore_ascii_case(name) {
            continue;
        }
        match rest.starts_with('/') {
            true if depth == 1 => return rest,
            true => depth -= 1,
            false => depth += 1,
        }
    }
    ""
}

/// Where a tag ends: at the first `>` outside of quotes.
fn end_of_tag(body: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in body.bytes().enumerate() {
        match quote {
            None if c == b'>' => return Some(at),
            None if c == b'"' || c == b'\'' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Names and values of attributes; a value without quotes ends at a space.
fn attributes(mut text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start_matches(|it: char| it.is_ascii_whitespace() || it == '/');
        let end = text.find(|it: char| it.is_ascii_whitespace() || "=/".contains(it));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        if name.is_empty() && rest.is_empty() {
            return found;
        }
        let rest = rest.trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            found.push((name, ""));
            text = rest;
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|it| "\"'".contains(*it));
        let (value, rest) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(
                value
                    .find(|it: char| it.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            ),
        };
        found.push((name, value));
        text = rest;
    }
}

/// Text without the escapes that the template makes.
fn unescaped(text: &str) -> String {
    const ESCAPES: [(&str, char); 7] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&#x27;", '\''),
        ("&#x2f;", '/'),
        ("&amp;", '&'),
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            Some((escape, c)) => {
                out.push(*c);
                rest = &rest[escape.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages, and the numbers that a reader of them sees.
    const PAGES: &[(&str, &[&str])] = &[
        (
            r#"<p><data value="5" data-token="a">5 %</data></p>"#,
            &["a=5 %"],
        ),
        (
            r#"<DATA data-token='a' value=5>5 &lt; 6</data><b>7</b>"#,
            &["a=5 < 6"],
        ),
        (
            r#"<b>1 %</b><!-- <data value="5" data-token="a">5 %</data> -->"#,
            &[],
        ),
        (r#"<! <data value="5" data-token="a">5 %</data>"#, &[]),
        (
            r#"<template><template></template><data data-token="a">5</data></template>"#,
            &[],
        ),
        (
            r#"<p hidden><p>x</p><data data-token="a">5</data></p><data data-token="b">6</data>"#,
            &["b=6"],
        ),
        (
            r#"<p style="display:none"><data data-token="a">5</data></p>"#,
            &[],
        ),
        (r#"<data data-token="a" hidden>5</data>"#, &[]),
        (r#"<p title='<data data-token="a">5</data>'>1</p>"#, &[]),
        (r#"<p title="<data data-token='a'>5</data>"#, &[]),
        (
            r#"<p aria-hidden="true"><data / data-token = "a" >5</data>"#,
            &["a=5"],
        ),
        (r#"<data data-token="a"><!--5-->1</data>"#, &["a=<!--5-->1"]),
        ("<p = => < <> a < b <data", &[]),
    ];

    #[test]
    fn only_numbers_that_are_seen_count() {
        for (page, wanted) in PAGES {
            let found = numbers_of_page(page);
            let found: Vec<String> = found
                .iter()
                .map(|it| format!("{}={}", it.id, it.text))
                .collect();
            assert_eq!(found, *wanted, "{page}");
        }
    }
}
