//! Lines of a ledger: one record, the hash of the line before, and its own.
//!
//! The hash is of the text that stands before it, so that no two ways of writing the same
//! number can make a sound line look altered.

use serde::{Deserialize, Serialize};

use super::{Fault, LINE_MAX_BYTES, Ledger, Reading, Record, Tail};
use crate::document;

/// Version of the lines.
const VERSION: u32 = 1;

/// What stands between a line's text and its hash.
const HASH: &str = ",\"hash\":\"";

#[derive(Serialize)]
struct Link<'a> {
    v: u32,
    prev: &'a str,
    #[serde(flatten)]
    record: &'a Record,
}

/// What every version of a line begins with.
#[derive(Deserialize)]
struct Head {
    v: u32,
    prev: String,
}

/// A line with its line break, and its hash.
pub(super) fn written(record: &Record, prev: &str) -> (String, String) {
    let link = Link {
        v: VERSION,
        prev,
        record,
    };
    let text = serde_json::to_string(&link).unwrap_or_default();
    let text = text.strip_suffix('}').unwrap_or(&text);
    let hash = document::hash(text);
    (format!("{text}{HASH}{hash}\"}}\n"), hash)
}

/// A line as it was read.
struct Line {
    head: Head,
    record: Record,
    hash: String,
}

/// Why a line is not read, and whether it may be a part of one.
struct Unread {
    why: String,
    is_part: bool,
}

fn unread(why: impl Into<String>) -> Unread {
    Unread {
        why: why.into(),
        is_part: false,
    }
}

fn line(text: &str) -> Result<Line, Unread> {
    if text.len() > LINE_MAX_BYTES {
        return Err(unread(format!("it is longer than {LINE_MAX_BYTES} bytes")));
    }
    let halves = text.strip_suffix("\"}").and_then(|it| it.rsplit_once(HASH));
    let Some((body, hash)) = halves else {
        return Err(Unread {
            why: "it does not end with a hash".to_owned(),
            is_part: true,
        });
    };
    if document::hash(body) != hash {
        return Err(unread("it was altered: its hash does not hold"));
    }
    let body = format!("{body}}}");
    let head: Head = serde_json::from_str(&body).map_err(|error| unread(told(&error)))?;
    if head.v > VERSION {
        let why = format!(
            "a newer version wrote it ({}, this reads {VERSION})",
            head.v
        );
        return Err(unread(why));
    }
    let record: Whole = serde_json::from_str(&body).map_err(|error| unread(told(&error)))?;
    Ok(Line {
        head,
        record: record.record,
        hash: hash.to_owned(),
    })
}

#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    record: Record,
}

fn told(error: &serde_json::Error) -> String {
    format!("it is no record: {error}")
}

/// Reads as far as there is sense in the text.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading {
        ledger: Ledger::default(),
        faults: Vec::new(),
        tail: Tail::Whole,
    };
    // The hash that the next line must name; `None` behind a line that cannot be read.
    let mut prev = Some(String::new());
    let mut at = 0;
    for (place, part) in text.split_inclusive('\n').enumerate() {
        let start = at;
        at += part.len();
        let is_ended = part.ends_with('\n');
        let part = part.trim_end_matches(['\n', '\r']);
        let mut fault = |why: String| {
            reading.faults.push(Fault {
                line: place + 1,
                why,
            });
        };
        match line(part) {
            Ok(line) => {
                if prev.as_ref().is_some_and(|it| *it != line.head.prev) {
                    fault("lines before it were altered, removed or put elsewhere".to_owned());
                }
                match reading.ledger.judge(&line.record) {
                    Ok(()) => reading.ledger.take(line.record, line.hash.clone()),
                    Err(error) => fault(error.to_string()),
                }
                prev = Some(line.hash);
                if !is_ended {
                    reading.tail = Tail::Unended;
                }
            }
            Err(unread) if !is_ended && unread.is_part => reading.tail = Tail::Torn(start),
            Err(unread) => {
                fault(unread.why);
                prev = None;
            }
        }
    }
    reading
}
