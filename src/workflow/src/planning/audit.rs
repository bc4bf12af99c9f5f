//! The audit on this side: who did what to a plan and when, each line sealed to the one
//! before, on disk before the next step.
//!
//! ```json
//! {"n":3,"at":"2026-11-23T10:00:00Z","who":"ops","plan":"5f0c","hash":"…","what":"apply","text":"…","before":"…","seal":"…"}
//! ```
//!
//! The seal is the SHA-256 of the seal before and of the line without its own seal. A line
//! that is torn by a crash is cut off, and the next one says so.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::plan::Plan;
use model::time::Moment;
use plan::document;
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, Sort};
use crate::records;

/// Bytes of an audit that are read, at most.
const SIZE_MAX_BYTES: u64 = 16 << 20;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1.
    pub n: u64,
    /// When.
    pub at: String,
    /// Who.
    pub who: String,
    /// Id of the plan.
    pub plan: String,
    /// SHA-256 of its mandate then.
    pub hash: String,
    /// What was done, in a word.
    pub what: String,
    /// And in more words.
    pub text: String,
    /// Seal of the line before; empty for the first.
    pub before: String,
    /// Seal of this line; empty while it is counted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

/// An audit that is written to.
#[derive(Clone, Debug)]
pub struct Audit {
    path: PathBuf,
    n: u64,
    seal: String,
    /// Bytes that are whole lines, and whether something torn follows.
    whole: (u64, bool),
}

impl Audit {
    /// Opens the audit beside a plan and goes on where it ends.
    ///
    /// # Errors
    ///
    /// It cannot be read, or a line of it was altered.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let mut bytes = Vec::new();
        match std::fs::File::open(path) {
            Ok(file) => {
                let read = file.take(SIZE_MAX_BYTES + 1).read_to_end(&mut bytes);
                read.map_err(|error| trouble("read", path, &error))?;
                if bytes.len() as u64 > SIZE_MAX_BYTES {
                    return Err(too_large(path));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(trouble("read", path, &error)),
        }
        let whole = bytes
            .iter()
            .rposition(|it| *it == b'\n')
            .map_or(0, |it| it + 1);
        let altered = |why: String| Problem {
            what: format!("could not go on with the audit {}", path.display()),
            why,
            what_to_do: "move it away and keep it: somebody altered it".to_owned(),
            sort: Sort::NotUsable,
        };
        let text = std::str::from_utf8(&bytes[..whole]).map_err(|it| altered(it.to_string()))?;
        let lines = verified(text).map_err(altered)?;
        let last = lines.last();
        Ok(Self {
            path: path.to_path_buf(),
            n: last.map_or(0, |it| it.n),
            seal: last.map_or_else(String::new, |it| it.seal.clone()),
            whole: (whole as u64, whole < bytes.len()),
        })
    }

    /// Adds a line; it is on disk when this returns.
    ///
    /// # Errors
    ///
    /// The disk refuses: then what was to be done must not be.
    pub fn add(
        &mut self,
        plan: &Plan,
        (at, who): (Moment, &str),
        (what, text): (&str, &str),
    ) -> Result<(), Problem> {
        let mut line = Line {
            n: self.n + 1,
            at: at.to_string(),
            who: who.to_owned(),
            plan: plan.id.clone(),
            hash: document::mandate_hash(plan),
            what: what.to_owned(),
            text: match self.whole.1 {
                true => format!("{text} (a line before this one was torn)"),
                false => text.to_owned(),
            },
            before: self.seal.clone(),
            seal: String::new(),
        };
        line.seal = sealed(&line);
        let text = format!("{}\n", json(&line));
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(|error| trouble("write", &self.path, &error))?;
        if self.whole.1 {
            let cut = file.set_len(self.whole.0);
            cut.map_err(|error| trouble("mend", &self.path, &error))?;
        }
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all());
        if let Err(error) = written {
            // What is half there is cut off before the next line.
            self.whole.1 = true;
            return Err(trouble("write", &self.path, &error));
        }
        self.whole = (self.whole.0 + text.len() as u64, false);
        self.n = line.n;
        self.seal = line.seal;
        Ok(())
    }
}

/// The lines of an audit, each sealed to the one before; a torn last one is left out.
///
/// # Errors
///
/// Which line was altered, removed or moved.
pub fn verified(text: &str) -> Result<Vec<Line>, String> {
    records::parsed(text)
}

fn too_large(path: &Path) -> Problem {
    Problem {
        what: format!("could not go on with the audit {}", path.display()),
        why: format!("it has more than {SIZE_MAX_BYTES} bytes"),
        what_to_do: "move it away and keep it; a new one begins by itself".to_owned(),
        sort: Sort::Limit,
    }
}

fn sealed(line: &Line) -> String {
    document::hash(&format!("{}\n{}", line.before, json(line)))
}

fn json(line: &Line) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

fn trouble(what: &str, path: &Path, error: &std::io::Error) -> Problem {
    Problem::from_error(
        format!("could not {what} the audit {}", path.display()),
        error,
        Sort::of_io(error),
    )
    .advise("a plan in a folder that you may write to: without an audit nothing is done")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sealed_to_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.audit.jsonl");
        let plan = Plan::new("a1", "test", Moment(0));
        let mut audit = Audit::open(&path).unwrap();
        audit
            .add(&plan, (Moment(1), "ops"), ("apply", "first"))
            .unwrap();
        audit
            .add(&plan, (Moment(2), "ops"), ("confirm", "second"))
            .unwrap();
        let mut again = Audit::open(&path).unwrap();
        again
            .add(&plan, (Moment(3), "ops"), ("roll back", "third"))
            .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(verified(&text).unwrap().len(), 3);
        // Torn in the middle of a line, also of a letter: the next two go on.
        let mut torn = text.clone().into_bytes();
        torn.extend_from_slice(b"{\"n\":4,\"who\":\"\xc3");
        std::fs::write(&path, torn).unwrap();
        for n in [4, 5] {
            let mut after = Audit::open(&path).unwrap();
            after
                .add(&plan, (Moment(n), "ops"), ("confirm", "later"))
                .unwrap();
        }
        let mended = std::fs::read_to_string(&path).unwrap();
        let lines = verified(&mended).unwrap();
        assert_eq!(lines.len(), 5);
        assert!(lines[3].text.contains("torn") && !lines[4].text.contains("torn"));
        assert_eq!(verified(&text[..text.len() - 5]).unwrap().len(), 2);
        let altered = text.replace("second", "another");
        assert!(verified(&altered).unwrap_err().contains("line 2"));
        let removed: String = text.lines().skip(1).map(|it| format!("{it}\n")).collect();
        assert!(verified(&removed).is_err());
        std::fs::write(&path, altered).unwrap();
        assert!(Audit::open(&path).is_err());
    }

    #[test]
    fn an_audit_that_is_too_large_is_refused_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.audit.jsonl");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(SIZE_MAX_BYTES + 1).unwrap();
        let refused = Audit::open(&path).unwrap_err();
        assert_eq!(refused.sort, Sort::Limit, "{refused}");
        assert_eq!(file.metadata().unwrap().len(), SIZE_MAX_BYTES + 1);
    }
}
