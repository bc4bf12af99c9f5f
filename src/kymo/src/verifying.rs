//! `kymo verify`: what holds of a session, of a ledger, of an audit, of a sealed log, of an
//! agent's record; and of a [`report`].

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use workflow::jobs::Context;
use workflow::planning::book;
use workflow::problem::{Problem, Sort};
use workflow::records;
use workflow::signature::PublicKey;
use workflow::tables;

use crate::commands::{Output, SCHEMA, json};
use crate::failure::{Answer, answer, answer_text};

mod report;

/// `kymo verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A session, a report as HTML or JSON, a ledger, an audit, or a sealed log.
    input: PathBuf,
    /// The session of a report; sought beside it without this.
    #[arg(long)]
    session: Option<PathBuf>,
    /// The plan of a report, which is then not believed to the report.
    #[arg(long, value_name = "FILE.ron")]
    plan: Option<PathBuf>,
    /// The ledger of a report; the usual one without this, where it goes on from the report's.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// A standard of a report, by id or file; may be repeated.
    #[arg(long = "standard", value_name = "FILE.ron|ID")]
    standards: Vec<String>,
    /// The template that a report's page was made with; yours and Kymo's without this.
    #[arg(long, value_name = "FILE.html")]
    template: Option<PathBuf>,
    /// The style sheet that a report's page was made with; yours and Kymo's without this.
    #[arg(long, value_name = "FILE.css")]
    style: Option<PathBuf>,
    /// Insist that a session is signed with this key: a file of minisign, or the key itself.
    #[arg(long, value_name = "PUB")]
    key: Option<String>,
    /// Insist on this chain head, as its author told it.
    #[arg(long, value_name = "SHA256")]
    head: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Bytes of a chain of lines, at most.
const LINES_MAX_BYTES: u64 = 64 << 20;

#[derive(Serialize)]
struct Verified {
    schema: u32,
    kymo: &'static str,
    ok: bool,
    members: usize,
    /// What its members are called.
    #[serde(skip)]
    of: &'static str,
    bytes: u64,
    findings: Option<usize>,
    /// The link of the last member; `null` where there is no chain.
    head: Option<String>,
    /// Number of the key whose signature holds.
    signed: Option<String>,
    problems: Vec<String>,
    /// What was checked cannot prove, one sentence each.
    limits: Vec<String>,
}

/// `kymo verify`.
pub(crate) fn run(asked: &Verify) -> Result<Answer, Problem> {
    let output = Output::from(asked.json);
    if workflow::report::verify::is_report(&asked.input) {
        return report::run(asked, output);
    }
    let lines = match asked.input.is_file() {
        true => lines(&asked.input)?,
        false => None,
    };
    let mut verified = match lines {
        Some(verified) => verified,
        None => session(asked)?,
    };
    if let Some(head) = &asked.head
        && verified.head.as_deref() != Some(head.trim())
    {
        let found = verified.head.as_deref().unwrap_or("none");
        let text = format!("its chain head is {found}, not the one that was told");
        verified.problems.push(text);
    }
    verified.ok = verified.problems.is_empty();
    match output {
        Output::Json => answer(&json(&verified)?)?,
        Output::Text => answer_text(&text(&asked.input, &verified))?,
    }
    Ok(match verified.ok {
        true => Answer::Fine,
        false => Answer::No,
    })
}

fn session(asked: &Verify) -> Result<Verified, Problem> {
    let report = tables::verify(&asked.input, &Context::default())?;
    let mut verified = Verified {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION"),
        ok: false,
        members: report.members,
        of: "members",
        bytes: report.bytes,
        findings: report.findings,
        head: report.chain.as_ref().map(|it| it.head.clone()),
        signed: None,
        problems: report.problems,
        limits: Vec::new(),
    };
    let chain = report.chain;
    let signature = chain.as_ref().and_then(|it| it.signature.as_deref());
    match (&asked.key, &chain, signature) {
        (Some(key), Some(chain), Some(signature)) => {
            let key = PublicKey::read(key)?;
            match key.check(chain.text.as_bytes(), signature) {
                Ok(_) => verified.signed = Some(key.id().to_string()),
                Err(why) => verified.problems.push(why),
            }
        }
        (Some(key), _, _) => {
            PublicKey::read(key)?;
            verified.problems.push("it is not signed".to_owned());
        }
        (None, _, Some(_)) => verified
            .limits
            .push("it is signed, but whose signature that is was not checked: --key PUB".to_owned()),
        (None, Some(_), None) if asked.head.is_none() => verified.limits.push(
            "it is not signed: whoever makes all sums anew leaves a sound file with another head; compare the head with the author's (--head)"
                .to_owned(),
        ),
        (None, None, _) => verified.limits.push(
            "it has no chain (a folder, or a file of an older version): members are held against the manifest and their own sums only"
                .to_owned(),
        ),
        _ => {}
    }
    Ok(verified)
}

/// Kinds of files whose lines are sealed to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sealed {
    /// The audit of a plan, the log of a run, the record of deliveries, or another book.
    Book,
    /// What an agent did.
    Acts,
    /// The ledger of predictions.
    Ledger,
}

impl Sealed {
    /// The kind by the first line; `None` where it is something else.
    fn of(path: &Path, bytes: &[u8]) -> Option<Self> {
        let first = bytes.split(|it| *it == b'\n').next().unwrap_or_default();
        let first: serde_json::Value = serde_json::from_slice(first).ok()?;
        let first = first.as_object()?;
        let has = |names: &[&str]| names.iter().all(|it| first.contains_key(*it));
        if has(&["seal", "before", "n"]) {
            Some(Self::Book)
        } else if has(&["entry", "boot_id", "hash"]) {
            Some(Self::Acts)
        } else {
            let suffix = path.extension();
            suffix
                .is_some_and(|it| it == "jsonl")
                .then_some(Self::Ledger)
        }
    }
}

/// What was found in a file of lines.
#[derive(Debug, Default)]
struct Lines {
    count: usize,
    head: Option<String>,
    torn: bool,
    problems: Vec<String>,
}

impl Lines {
    fn broken(why: String) -> Self {
        Self {
            problems: vec![why],
            ..Self::default()
        }
    }
}

/// The seals of a file of lines, each sealed to the one before; `None` where it is none.
fn lines(path: &Path) -> Result<Option<Verified>, Problem> {
    let Some(bytes) = object_bytes(path)? else {
        return Ok(None);
    };
    let Some(sealed) = Sealed::of(path, &bytes) else {
        return Ok(None);
    };
    if bytes.len() as u64 > LINES_MAX_BYTES {
        return Err(Problem {
            what: format!("could not verify {}", path.display()),
            why: format!("it has more than {LINES_MAX_BYTES} bytes"),
            what_to_do: "a smaller one: what stands beyond would not be checked".to_owned(),
            sort: Sort::Limit,
        });
    }
    let found = sealed_lines(sealed, path, &bytes)?;
    let mut limits = vec![
        "lines that were cut off at its end leave no trace in it; keep its head elsewhere"
            .to_owned(),
    ];
    if found.torn {
        limits.push("its last line is torn, and was left out".to_owned());
    }
    Ok(Some(Verified {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION"),
        ok: false,
        members: found.count,
        of: "lines",
        bytes: bytes.len() as u64,
        findings: None,
        head: found.head.filter(|it| !it.is_empty()),
        signed: None,
        problems: found.problems,
        limits,
    }))
}

/// The bytes of a file that begins as an object, and one more than there may be.
fn object_bytes(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    let reading = |error: std::io::Error| {
        let what = format!("could not read {}", path.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
    };
    let mut file = File::open(path).map_err(reading)?;
    let mut head = [0; 1];
    if file.read(&mut head).map_err(reading)? == 0 || head[0] != b'{' {
        return Ok(None);
    }
    let mut bytes = head.to_vec();
    file.take(LINES_MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(reading)?;
    Ok(Some(bytes))
}

fn sealed_lines(sealed: Sealed, path: &Path, bytes: &[u8]) -> Result<Lines, Problem> {
    let text = String::from_utf8_lossy(bytes);
    Ok(match sealed {
        Sealed::Book => match records::seals(&text) {
            Ok(seals) => Lines {
                count: seals.lines,
                head: Some(seals.head),
                torn: seals.torn,
                ..Lines::default()
            },
            Err(why) => Lines::broken(why),
        },
        Sealed::Acts => match agent::act::verify(bytes, None) {
            Ok((count, head)) => Lines {
                count,
                head: Some(head),
                ..Lines::default()
            },
            Err(broken) => Lines::broken(broken.to_string()),
        },
        Sealed::Ledger => {
            let (ledger, problems) = book::read(path)?;
            Lines {
                count: ledger.records().len(),
                head: Some(ledger.head().to_owned()),
                torn: false,
                problems,
            }
        }
    })
}

fn text(path: &Path, verified: &Verified) -> String {
    let mut text = format!(
        "{}: {} ({} {}, {})\n",
        path.display(),
        match verified.ok {
            true => "verified",
            false => "NOT VERIFIED",
        },
        verified.members,
        verified.of,
        model::unit::Unit::new("By").text(verified.bytes as f64),
    );
    if let Some(findings) = verified.findings {
        text.push_str(&format!("  {findings} findings were derived anew\n"));
    }
    if let Some(head) = &verified.head {
        text.push_str(&format!("  chain head {head}\n"));
    }
    if let Some(id) = &verified.signed {
        text.push_str(&format!("  signed with the key {id}\n"));
    }
    for problem in &verified.problems {
        text.push_str(&format!("  {problem}\n"));
    }
    for limit in &verified.limits {
        text.push_str(&format!("  {limit}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First lines, the names of their files, and what these are.
    const KINDS: &[(&str, &str, Option<Sealed>)] = &[
        (
            r#"{"n":1,"at":"","plan":"a","hash":"","before":"","seal":"x"}"#,
            "a",
            Some(Sealed::Book),
        ),
        (
            r#"{"n":1,"at":"","step":"collect","before":"","seal":"x"}"#,
            "log.jsonl",
            Some(Sealed::Book),
        ),
        (
            r#"{"n":1,"at":"","plan":"a","before":"","seal":"x"}"#,
            "log.jsonl",
            Some(Sealed::Book),
        ),
        (
            r#"{"entry":1,"boot_id":"","hash":""}"#,
            "a",
            Some(Sealed::Acts),
        ),
        (r#"{"id":1}"#, "ledger.jsonl", Some(Sealed::Ledger)),
        (r#"{"id":1}"#, "other.txt", None),
        ("[]", "ledger.jsonl", None),
    ];

    #[test]
    fn files_of_lines_are_told_by_their_first_one() {
        for (line, name, wanted) in KINDS {
            assert_eq!(
                Sealed::of(Path::new(name), line.as_bytes()),
                *wanted,
                "{line}"
            );
        }
    }

    #[test]
    fn the_end_of_a_long_file_is_not_taken_for_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        let text = r#"{"n":1,"before":"","seal":"x"}"#.to_owned() + "\n";
        std::fs::write(&path, text).expect("it is written");
        let file = std::fs::OpenOptions::new().append(true).open(&path);
        file.and_then(|it| it.set_len(LINES_MAX_BYTES + 1))
            .expect("it grows");
        let refused = lines(&path).err().map(|it| it.sort);
        assert_eq!(refused, Some(Sort::Limit));
    }
}
