//! The record of a run: each line says what happened and seals all lines before it.
//!
//! One file serves two ends. It is the journal: what a value was is on disk before the
//! value is changed, so that whoever comes after a crash can put it back. And it is the
//! audit: append-only lines of JSON, each with the SHA-256 of itself and of the one
//! before, the first with that of the run before. Without a line there is no action.
//!
//! ```text
//! {"n":1,"unix_ns":…,"boot_id":"…","prev":"<64 hex>","entry":{"what":"captured",…},"hash":"<64 hex>"}
//! ```
//!
//! The hash is that of the line's bytes up to `,"hash"` with a `}` after them. A last
//! line that is torn is normal after a crash and left out; one in the middle is damage.
//!
//! * Never holds: secrets (keys that could hold one are forbidden), whole files.
//! * Never: opens a file; the caller brings and takes lines.
//!
//! Start at [`Entry`], [`Chain::line`] and [`read`].

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::world::Spot;

/// Bytes of a line: a dry run of 64 actions with the longest keys and values.
pub(crate) const LINE_MAX_BYTES: usize = 1 << 20;

/// Lines of a run: a capture, a write and a way back for each of 64 actions, three tries
/// each, and as many remarks again.
pub(crate) const LINES_MAX: usize = 8_192;

/// What a chain begins with.
pub(crate) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A mandate was taken on.
    Begun(Begun),
    /// A value is about to be changed.
    Captured(Captured),
    /// It is changed and was read back.
    Applied {
        /// Id of the action.
        action: String,
        /// What is in force.
        read_back: String,
    },
    /// A person carried an action out.
    Done {
        /// Id of the action.
        action: String,
    },
    /// Something worth knowing.
    Noted {
        /// It.
        text: String,
    },
    /// Where the guardrails were: once a minute, and right before the way back.
    Sampled {
        /// Metrics and what was read last.
        values: Vec<(String, f64)>,
    },
    /// All is carried out; it waits for a word.
    Holding,
    /// The way back begins.
    RollingBack {
        /// Why.
        cause: String,
    },
    /// A value is as before.
    Restored {
        /// Which.
        key: String,
        /// What it is.
        value: String,
        /// How that came: `written`, `unchanged`, `gone` or `restart`.
        how: String,
    },
    /// A value is not as before.
    Left(Left),
    /// The run is over.
    Ended {
        /// 0, 13, 14 or 15.
        code: u32,
        /// Why.
        cause: String,
    },
}

/// A mandate was taken on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// Id of the plan.
    pub(crate) plan: String,
    /// SHA-256 of the mandate's text.
    pub(crate) hash: String,
    /// Who asked.
    pub(crate) who: String,
    /// Who agreed.
    pub(crate) approvals: Vec<String>,
    /// Host.
    pub(crate) host: String,
    /// Kernel.
    pub(crate) kernel: String,
    /// Version of the agent.
    pub(crate) agent: String,
    /// Number of the run: it fences off everyone with a smaller one.
    pub(crate) token: u64,
    /// Key, value before, value after: what the dry run told.
    pub(crate) dry_run: Vec<(String, String, String)>,
    /// Guardrails' metrics before the first action.
    pub(crate) before: Vec<(String, f64)>,
    /// Wall clock less boot clock.
    pub(crate) clock_offset_ns: i64,
}

/// A value is about to be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Captured {
    /// Id of the action.
    pub(crate) action: String,
    /// Where.
    pub(crate) spot: Spot,
    /// What is there.
    pub(crate) before: String,
    /// What shall be there.
    pub(crate) after: String,
    /// The command that puts it back, for people.
    pub(crate) by_hand: String,
}

/// A value is not as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    /// Which.
    pub(crate) key: String,
    /// What it is; empty where it cannot be read.
    pub(crate) found: String,
    /// What it was.
    pub(crate) wanted: String,
    /// Why it is not so.
    pub(crate) why: String,
    /// The command that puts it back.
    pub(crate) by_hand: String,
}

/// When and where a line was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct When {
    /// Wall clock.
    pub(crate) unix_ns: i64,
    /// Boot.
    pub(crate) boot_id: String,
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Lines so far.
    lines: u64,
    /// Hash of the last one.
    last: String,
}

#[derive(Serialize)]
struct Unsealed<'a> {
    n: u64,
    unix_ns: i64,
    boot_id: &'a str,
    prev: &'a str,
    entry: &'a Entry,
}

#[derive(Deserialize)]
struct Sealed {
    n: u64,
    boot_id: String,
    prev: String,
    entry: Entry,
    hash: String,
}

/// What a record says.
#[derive(Debug, PartialEq)]
pub(crate) struct Story {
    /// Each line's boot and entry.
    pub(crate) entries: Vec<(String, Entry)>,
    /// Where the next line goes on.
    pub(crate) chain: Chain,
    /// Bytes that are whole lines; what follows is torn.
    pub(crate) whole_bytes: usize,
}

/// Why a record cannot be believed from a line on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Broken {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// SHA-256, 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Chain {
    /// A chain that goes on after a hash, [`NO_HASH`] for the very first.
    pub(crate) fn after(last: &str) -> Self {
        Self {
            lines: 0,
            last: last.to_owned(),
        }
    }

    /// Hash of the last line.
    pub(crate) fn last(&self) -> &str {
        &self.last
    }

    /// The next line, with its end, and the chain as it is once that line is written; `None`
    /// where the line is longer than [`LINE_MAX_BYTES`].
    pub(crate) fn line(&self, when: &When, entry: &Entry) -> Option<(String, Self)> {
        let unsealed = Unsealed {
            n: self.lines + 1,
            unix_ns: when.unix_ns,
            boot_id: &when.boot_id,
            prev: &self.last,
            entry,
        };
        let text = serde_json::to_string(&unsealed).ok()?;
        let hash = sha256(text.as_bytes());
        let line = format!("{},\"hash\":\"{hash}\"}}\n", text.strip_suffix('}')?);
        let next = Self {
            lines: self.lines + 1,
            last: hash,
        };
        (line.len() <= LINE_MAX_BYTES).then_some((line, next))
    }
}

/// Reads a record as far as it is whole.
///
/// # Errors
///
/// [`Broken`] with what was read before it: a line that is no line, or does not fit the
/// chain, and is not just a torn end.
pub(crate) fn read(text: &[u8]) -> (Story, Option<Broken>) {
    let mut story = Story {
        entries: Vec::new(),
        chain: Chain::after(NO_HASH),
        whole_bytes: 0,
    };
    for (number, line) in text.split_inclusive(|it| *it == b'\n').enumerate() {
        let Some(whole) = line.strip_suffix(b"\n") else {
            break;
        };
        let broken = |why: &str| {
            Some(Broken {
                line: number + 1,
                why: why.to_owned(),
            })
        };
        let last = story.whole_bytes + line.len() == text.len();
        match parse(whole) {
            Err(_) if last => break,
            Err(why) => return (story, broken(why)),
            Ok(it) if number > 0 && it.prev != story.chain.last => {
                return (story, broken("it does not follow the line before"));
            }
            Ok(it) if it.n != number as u64 + 1 => {
                return (story, broken("it has another number"));
            }
            Ok(_) if number >= LINES_MAX => return (story, broken("there are too many")),
            Ok(it) => {
                story.entries.push((it.boot_id, it.entry));
                story.chain = Chain {
                    lines: it.n,
                    last: it.hash,
                };
                story.whole_bytes += line.len();
            }
        }
    }
    (story, None)
}

fn parse(line: &[u8]) -> Result<Sealed, &'static str> {
    if line.len() > LINE_MAX_BYTES {
        return Err("it is too long");
    }
    let text = std::str::from_utf8(line).map_err(|_| "it is no text")?;
    let sealed: Sealed = serde_json::from_str(text).map_err(|_| "it is no entry")?;
    let end = format!(",\"hash\":\"{}\"}}", sealed.hash);
    let body = text
        .strip_suffix(&end)
        .ok_or("its hash is not at its end")?;
    if sha256(format!("{body}}}").as_bytes()) != sealed.hash {
        return Err("it was changed after it was written");
    }
    Ok(sealed)
}

/// Holds a record against its seals; the number of lines and the hash of the last.
///
/// `before` is the hash of the run before where that is known, to find out that a whole
/// run was taken away. A torn end is no fault.
///
/// # Errors
///
/// [`Broken`] at the first line that was changed, moved, added or taken away.
pub fn verify(text: &[u8], before: Option<&str>) -> Result<(usize, String), Broken> {
    let (story, broken) = read(text);
    if let Some(broken) = broken {
        return Err(broken);
    }
    let first = text.split(|it| *it == b'\n').next().unwrap_or_default();
    let prev = parse(first).ok().map(|it| it.prev);
    if let (Some(before), Some(prev)) = (before, prev)
        && before != prev
    {
        return Err(Broken {
            line: 1,
            why: "it does not follow the run before".to_owned(),
        });
    }
    Ok((story.entries.len(), story.chain.last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lines: usize) -> String {
        let mut chain = Chain::after(NO_HASH);
        let mut text = String::new();
        for number in 0..lines {
            let entry = Entry::Noted {
                text: format!("line \"{number}\" }}\n"),
            };
            let (line, next) = chain.line(&When::default(), &entry).unwrap();
            text.push_str(&line);
            chain = next;
        }
        text
    }

    #[test]
    fn a_whole_record_is_believed() {
        let text = record(5);
        assert_eq!(verify(text.as_bytes(), Some(NO_HASH)).map(|it| it.0), Ok(5));
        assert!(verify(text.as_bytes(), Some("another")).is_err());
    }

    #[test]
    fn any_cut_gives_the_lines_before_it() {
        let text = record(4);
        for cut in 0..text.len() {
            let (story, broken) = read(&text.as_bytes()[..cut]);
            assert_eq!(broken, None);
            let whole = text[..cut].matches('\n').count();
            assert_eq!(story.entries.len(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn any_changed_byte_before_the_last_line_is_found() {
        let text = record(4).into_bytes();
        // The end of the line before it too: without that, both are one torn end.
        let last = text.len() - record(4).lines().last().map_or(0, str::len) - 1;
        for place in 0..last - 1 {
            let mut changed = text.clone();
            changed[place] ^= 1;
            assert!(verify(&changed, Some(NO_HASH)).is_err(), "byte {place}");
        }
    }

    #[test]
    fn lines_taken_away_or_moved_are_found() {
        let text = record(4);
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines.remove(1);
        assert!(verify(lines.concat().as_bytes(), None).is_err());
        lines.swap(0, 1);
        assert!(verify(lines.concat().as_bytes(), None).is_err());
    }
}
