//! Tags of XML, one by one: names and attributes, without what stands between them.
//!
//! * In: a [`Source`].
//! * Out: start tags, end tags and empty elements, with entities resolved.
//! * Never: checks that tags match, reads a document type, or holds text between tags.
//!
//! # Source
//!
//! Extensible Markup Language 1.0: "Character and Entity References", "CDATA Sections".
//!
//! Start at [`Tags::next`].

use std::io::{BufRead, BufReader, Read};

use crate::ImportError;
use crate::source::Source;

/// Elements may be open so deep at most.
pub(super) const DEPTH_MAX: usize = 32;

/// The watch is asked once in so many tags.
const TAGS_A_REPORT: usize = 4096;

/// A tag may have so many attributes; more are left out.
const ATTRIBUTES_MAX: usize = 64;

/// One tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// Name of its element.
    pub name: String,
    /// Whether it ends the element.
    pub ends: bool,
    /// Whether the element ends with it, having no content.
    pub empty: bool,
    /// Where it begins.
    pub line: u64,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }
}

/// The tags of a file.
pub(super) struct Tags<'s, 'a> {
    reader: BufReader<Box<dyn Read + 'a>>,
    source: &'s mut Source<'a>,
    text: Vec<u8>,
    line: u64,
    count: usize,
}

impl<'s, 'a> Tags<'s, 'a> {
    /// Begins before the first.
    pub(super) fn new(source: &'s mut Source<'a>) -> Self {
        Self {
            reader: BufReader::with_capacity(64 << 10, source.take_reader()),
            source,
            text: Vec::new(),
            line: 1,
            count: 0,
        }
    }

    /// The line that is read.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next tag; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Tag>, ImportError> {
        loop {
            if !self.skip_text()? {
                self.source.progress(self.count)?;
                return Ok(None);
            }
            self.source.meter().end_row();
            self.count += 1;
            if self.count.is_multiple_of(TAGS_A_REPORT) {
                self.source.progress(self.count)?;
            }
            let line = self.line;
            self.collect_tag()?;
            let text = String::from_utf8_lossy(&self.text);
            if !text.starts_with(['?', '!']) {
                return Ok(Some(tag(&text, line)));
            }
        }
    }

    /// Goes past the next `<`; says no at the end of the file.
    fn skip_text(&mut self) -> Result<bool, ImportError> {
        while let Some(byte) = self.bump()? {
            if byte == b'<' {
                return Ok(true);
            }
            if byte == b'\n' {
                self.source.meter().end_row();
            }
        }
        Ok(false)
    }

    /// Reads up to the `>` that ends the tag, which is the first outside of quotes; that
    /// of a comment or of a CDATA section has dashes or brackets before it.
    fn collect_tag(&mut self) -> Result<(), ImportError> {
        self.text.clear();
        let mut quote: Option<u8> = None;
        loop {
            let Some(byte) = self.bump()? else {
                let why = "the file ends within a tag: it was cut off".to_owned();
                return Err(self.source.damaged(self.line, why));
            };
            let special = if self.text.starts_with(b"!--") {
                Some(&b"--"[..])
            } else if self.text.starts_with(b"![CDATA[") {
                Some(&b"]]"[..])
            } else {
                None
            };
            if byte == b'>' && quote.is_none() && special.is_none_or(|end| self.text.ends_with(end))
            {
                return Ok(());
            }
            match (quote, byte) {
                _ if special.is_some() => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
            self.text.push(byte);
        }
    }

    fn bump(&mut self) -> Result<Option<u8>, ImportError> {
        let next = match self.reader.fill_buf() {
            Ok(bytes) => bytes.first().copied(),
            Err(error) => return Err(self.source.failed(self.line, error)),
        };
        if let Some(byte) = next {
            self.line += u64::from(byte == b'\n');
            self.reader.consume(1);
        }
        Ok(next)
    }
}

/// Takes a tag apart; what is no attribute is left out.
fn tag(text: &str, line: u64) -> Tag {
    let (ends, text) = match text.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (empty, text) = match text.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (name, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let mut attributes = Vec::new();
    while attributes.len() < ATTRIBUTES_MAX {
        let Some((key, after)) = rest.split_once('=') else {
            break;
        };
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|it| matches!(it, '"' | '\'')) else {
            break;
        };
        let Some((value, next)) = after[1..].split_once(quote) else {
            break;
        };
        attributes.push((key.trim().to_owned(), unescaped(value)));
        rest = next;
    }
    Tag {
        name: name.to_owned(),
        ends,
        empty,
        line,
        attributes,
    }
}

/// Puts characters in the place of the references to them; others stay as they are.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let known = after
            .split_once(';')
            .and_then(|(name, next)| Some((character(name)?, next)));
        match known {
            Some((character, next)) => {
                plain.push(character);
                rest = next;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Flow;

    fn told(text: &str) -> Vec<String> {
        let mut watch = |_| Flow::Continue;
        let reader = Box::new(std::io::Cursor::new(text.to_owned()));
        let mut source = Source::new(
            Path::new("x"),
            reader,
            &crate::how::How::default(),
            &mut watch,
        )
        .unwrap();
        let mut tags = Tags::new(&mut source);
        let mut told = Vec::new();
        loop {
            match tags.next() {
                Ok(Some(it)) => {
                    let (ends, empty) = (
                        if it.ends { "/" } else { "" },
                        if it.empty { "/" } else { "" },
                    );
                    told.push(format!(
                        "{}:{ends}{}{empty} {:?}",
                        it.line, it.name, it.attributes
                    ));
                }
                Ok(None) => return told,
                Err(error) => {
                    told.push(error.to_string());
                    return told;
                }
            }
        }
    }

    #[test]
    fn tags_are_read_past_text_comments_and_quoted_brackets() {
        let text = "<?xml version=\"1.0\"?>\n<a b = \"x > &lt;&#65;&#x42;&nope;\" c='\"'>t &lt;\n\
                    <!-- <no> --><![CDATA[<no>]]><d/></a>";
        assert_eq!(
            told(text),
            [
                "2:a [(\"b\", \"x > <AB&nope;\"), (\"c\", \"\\\"\")]",
                "3:d/ []",
                "3:/a []"
            ]
        );
        let cut = told("<a><b c=\"");
        assert_eq!(cut.len(), 2);
        assert!(cut[1].contains("ends within a tag"), "{cut:?}");
    }
}
