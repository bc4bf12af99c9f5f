//! Pulls parts out of JSON documents of any size, without holding them whole.
//!
//! Tools write one document whose bulk is an array of samples; documents may also
//! follow one another. The elements of the arrays that are asked for come one by one,
//! and what stands around them comes as single values.
//!
//! * In: a [`Source`], and the names of arrays whose elements are wanted.
//! * Out: [`Part`]s in the order of the file, with line numbers.
//! * Never: holds more than one element, or nests deeper than [`DEPTH_MAX`].
//!
//! Start at [`Walker::next`].

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use crate::lines::TooMuch;
use crate::source::Source;
use crate::{ImportError, MOST_ROW_BYTES};

/// Values around the wanted elements may nest so deep.
const DEPTH_MAX: usize = 64;

/// The watch is asked once in so many elements.
const ELEMENTS_A_REPORT: usize = 64;

/// The length of a value is looked at once in so many bytes.
const BYTES_A_CHECK: usize = 1 << 20;

/// One part of a document.
#[derive(Debug)]
pub(crate) enum Part {
    /// An element of a wanted array: see [`Walker::text`] and [`Walker::parsed`].
    Element {
        /// The name of the array.
        array: String,
        /// Where it begins.
        line: u64,
    },
    /// A value beside the wanted arrays, under its name.
    Scalar {
        /// Its name; empty in arrays.
        key: String,
        /// The value.
        value: Value,
    },
}

/// Walks through a file.
pub(crate) struct Walker<'s, 'a> {
    reader: BufReader<Box<dyn Read + 'a>>,
    source: &'s mut Source<'a>,
    wanted: &'static [&'static str],
    frames: Vec<Frame>,
    text: Vec<u8>,
    line: u64,
    elements: usize,
    element_bytes: usize,
}

/// What the walk is inside of.
enum Frame {
    Object,
    /// With the name it stands under.
    Array(String),
}

impl<'s, 'a> Walker<'s, 'a> {
    /// Begins before the first document.
    pub(crate) fn new(source: &'s mut Source<'a>, wanted: &'static [&'static str]) -> Self {
        Self {
            reader: BufReader::with_capacity(64 << 10, source.take_reader()),
            source,
            wanted,
            frames: Vec::new(),
            text: Vec::new(),
            line: 1,
            elements: 0,
            element_bytes: usize::try_from(MOST_ROW_BYTES).unwrap_or(usize::MAX),
        }
    }

    /// Says that what was read is more than is held.
    pub(crate) fn too_large(&self, limit: TooMuch) -> ImportError {
        self.source.too_large(self.line, limit.0)
    }

    /// Lets elements be so long.
    pub(crate) fn with_elements_of(self, bytes: usize) -> Self {
        Self {
            element_bytes: bytes,
            ..self
        }
    }

    /// The element that was found last, as it is written.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The element that was found last.
    pub(crate) fn parsed(&self) -> Result<Value, ImportError> {
        let value = serde_json::from_slice(&self.text);
        value.map_err(|error| self.wrong(&error.to_string()))
    }

    /// The next part; `None` at the end of the last document.
    ///
    /// # Errors
    ///
    /// [`ImportError::Damaged`] where the text is no JSON or ends within a document.
    pub(crate) fn next(&mut self) -> Result<Option<Part>, ImportError> {
        loop {
            let byte = self.peek_after_blanks()?;
            let part = match (self.frames.last(), byte) {
                (None, None) => {
                    self.source.progress(self.elements)?;
                    return Ok(None);
                }
                (Some(_), None) => return Err(self.cut()),
                (None, Some(b'{' | b'[')) => self.value(String::new())?,
                (None, Some(_)) => return Err(self.wrong("a document begins with a brace")),
                (Some(_), Some(b',')) => {
                    self.bump();
                    None
                }
                (Some(Frame::Object), Some(b'}')) | (Some(Frame::Array(_)), Some(b']')) => {
                    self.bump();
                    self.frames.pop();
                    None
                }
                (Some(Frame::Object), Some(b'"')) => self.member()?,
                (Some(Frame::Object), Some(_)) => {
                    return Err(self.wrong("a name in quotes is missing"));
                }
                (Some(Frame::Array(name)), Some(_)) => {
                    if self.wanted.contains(&name.as_str()) {
                        let array = name.clone();
                        return self.element(array).map(Some);
                    }
                    self.value(String::new())?
                }
            };
            if part.is_some() {
                return Ok(part);
            }
        }
    }

    /// `"name": value`.
    fn member(&mut self) -> Result<Option<Part>, ImportError> {
        self.collect()?;
        let key = match self.parsed()? {
            Value::String(key) => key,
            _ => String::new(),
        };
        if self.peek_after_blanks()? != Some(b':') {
            return Err(self.wrong("a colon is missing after a name"));
        }
        self.bump();
        self.value(key)
    }

    /// Steps into an array or object, or reads anything else.
    fn value(&mut self, key: String) -> Result<Option<Part>, ImportError> {
        let frame = match self.peek_after_blanks()? {
            None => return Err(self.cut()),
            Some(b'{') => Frame::Object,
            Some(b'[') => Frame::Array(key),
            Some(_) => {
                self.collect()?;
                let value = self.parsed()?;
                return Ok(Some(Part::Scalar { key, value }));
            }
        };
        if self.frames.len() >= DEPTH_MAX {
            return Err(self.wrong("values are nested too deep"));
        }
        self.bump();
        self.frames.push(frame);
        Ok(None)
    }

    fn element(&mut self, array: String) -> Result<Part, ImportError> {
        let line = self.line;
        self.collect()?;
        self.source.meter().end_row();
        self.elements += 1;
        if self.elements.is_multiple_of(ELEMENTS_A_REPORT) {
            self.source.progress(self.elements)?;
        }
        Ok(Part::Element { array, line })
    }

    /// Collects the text of a whole value of any kind.
    fn collect(&mut self) -> Result<(), ImportError> {
        self.text.clear();
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let Some(byte) = self.peek()? else {
                return Err(self.cut());
            };
            let ends_scalar = matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\t')
                || matches!(byte, b'\r' | b'\n');
            if depth == 0 && !quoted && ends_scalar && !self.text.is_empty() {
                break;
            }
            self.text.push(byte);
            self.bump();
            if self.text.len().is_multiple_of(BYTES_A_CHECK) {
                self.check_length()?;
            }
            if quoted {
                quoted = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
                if !quoted && depth == 0 {
                    break;
                }
                continue;
            }
            match byte {
                b'"' => quoted = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The bound of the reader is on rows; elements may be longer where that was asked for.
    fn check_length(&self) -> Result<(), ImportError> {
        self.source.meter().end_row();
        if self.text.len() > self.element_bytes {
            let limit = format!(
                "a value of more than {} MiB; look for a quote or bracket that is not closed",
                self.element_bytes >> 20
            );
            return Err(self.source.too_large(self.line, limit));
        }
        Ok(())
    }

    fn peek_after_blanks(&mut self) -> Result<Option<u8>, ImportError> {
        // A byte order mark is as good as a blank.
        while let Some(b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf) = self.peek()? {
            self.bump();
        }
        self.peek()
    }

    fn peek(&mut self) -> Result<Option<u8>, ImportError> {
        match self.reader.fill_buf() {
            Ok(bytes) => Ok(bytes.first().copied()),
            Err(error) => Err(self.source.failed(self.line, error)),
        }
    }

    /// Goes past the byte that was looked at.
    fn bump(&mut self) {
        if self.reader.buffer().first() == Some(&b'\n') {
            self.line += 1;
        }
        self.reader.consume(1);
    }

    fn cut(&self) -> ImportError {
        let why = "the file ends within a value: it was cut off".to_owned();
        self.source.damaged(self.line, why)
    }

    fn wrong(&self, why: &str) -> ImportError {
        let why = format!("the text is no JSON ({why})");
        self.source.damaged(self.line, why)
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
        let mut walker = Walker::new(&mut source, &["samples"]);
        let mut told = Vec::new();
        loop {
            match walker.next() {
                Ok(None) => return told,
                Ok(Some(Part::Scalar { key, value })) => told.push(format!("{key}={value}")),
                Ok(Some(Part::Element { array, line })) => match walker.parsed() {
                    Ok(value) => told.push(format!("{array}@{line} {value}")),
                    Err(error) => {
                        told.push(error.to_string());
                        return told;
                    }
                },
                Err(error) => {
                    told.push(error.to_string());
                    return told;
                }
            }
        }
    }

    #[test]
    fn elements_come_one_by_one_and_the_rest_as_values() {
        let text = "{\"//\": \"}\"}\n{\"a\": {\"n\": 1.5, \"l\": [true, [\"x\\\"y\"]],\n\
                    \"samples\": [{\"t\": [1]}, 2\n,\"s\"]}}";
        assert_eq!(
            told(text),
            [
                "//=\"}\"",
                "n=1.5",
                "=true",
                "=\"x\\\"y\"",
                "samples@3 {\"t\":[1]}",
                "samples@3 2",
                "samples@4 \"s\""
            ]
        );
    }

    #[test]
    fn what_is_cut_or_wrong_says_so_after_what_was_read() {
        let cut = told("{\"samples\": [1, {\"a\": ");
        assert_eq!(cut.len(), 2);
        assert!(cut[1].contains("line 1: the file ends within a value"));
        for wrong in ["{\"a\" 1}", "{a: 1}", "x", "{\"samples\": [{\"a\": tru}]}"] {
            let last = told(wrong).pop().unwrap();
            assert!(last.contains("no JSON"), "{wrong}: {last}");
        }
        let deep = told(&"[".repeat(100_000)).pop().unwrap();
        assert!(deep.contains("nested too deep"), "{deep}");
    }
}
