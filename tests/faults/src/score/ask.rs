//! Asks Kymo, by the command line that its users have.
//!
//! * In: a session and a command.
//! * Out: its JSON document, or that this build has no such command.
//! * Never: reads a session itself.
//!
//! Start at [`Asked::ask`].

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What became of a question.
pub(crate) enum Answer {
    /// The document.
    Said(Value),
    /// The build has no such command or flag.
    Unknown,
    /// The command failed; the first line of what it said.
    Failed(String),
}

/// The program that is asked.
pub(crate) struct Asked<'a> {
    pub(crate) kymo: &'a Path,
}

/// Exit code of wrong usage.
const USAGE: i32 = 2;

impl Asked<'_> {
    /// Asks one question about a session, for JSON.
    pub(crate) fn ask(&self, command: &str, session: &Path, flags: &[&str]) -> Answer {
        let mut asking = Command::new(self.kymo);
        asking.arg(command).arg(session).arg("--json").args(flags);
        let output = match asking.stdin(Stdio::null()).output() {
            Ok(output) => output,
            Err(problem) => return Answer::Failed(problem.to_string()),
        };
        if output.status.code() == Some(USAGE) {
            return Answer::Unknown;
        }
        // Partly damaged inputs and answers that mean "no" come with a document too.
        match serde_json::from_slice(&output.stdout) {
            Ok(document) => Answer::Said(document),
            Err(_) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.trim().lines().last().unwrap_or("no message");
                Answer::Failed(format!("{}: {last}", output.status))
            }
        }
    }
}

/// The Unix seconds of a time in a document.
pub(crate) fn seconds(value: &Value) -> Option<f64> {
    let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(at.as_nanosecond() as f64 / 1e9)
}

/// The entries of a list in a document; none where it is missing.
pub(crate) fn list<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document[name].as_array().map_or(&[], Vec::as_slice)
}
