//! `kymo verify`: what holds of a session, of a ledger, of an audit, of an agent's record.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use workflow::jobs::Context;
use workflow::planning::{audit, book};
use workflow::problem::{Problem, Sort};
use workflow::signature::PublicKey;
use workflow::tables;

use crate::commands::{Output, SCHEMA, json};
use crate::failure::{Answer, answer, answer_text};

/// What is asked.
pub(crate) struct Asked {
    pub(crate) input: PathBuf,
    /// The key that it must be signed with.
    pub(crate) key: Option<String>,
    /// The head that it must have.
    pub(crate) head: Option<String>,
}

/// Bytes of a chain of lines, at most.
const LINES_MAX_BYTES: u64 = 64 << 20;

#[derive(Serialize)]
struct Verified {
    schema: u32,
    kymo: &'static str,
    ok: bool,
    members: usize,
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
pub(crate) fn run(asked: &Asked, output: Output) -> Result<Answer, Problem> {
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

fn session(asked: &Asked) -> Result<Verified, Problem> {
    let report = tables::verify(&asked.input, &Context::default())?;
    let mut verified = Verified {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION"),
        ok: false,
        members: report.members,
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
            "it has no chain (a folder, or a file of an older version): members are held against the manifest only"
                .to_owned(),
        ),
        _ => {}
    }
    Ok(verified)
}

/// The seals of a file of lines, each sealed to the one before; `None` where it is none.
fn lines(path: &Path) -> Result<Option<Verified>, Problem> {
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
    let first = bytes.split(|it| *it == b'\n').next().unwrap_or_default();
    let Ok(serde_json::Value::Object(first)) = serde_json::from_slice(first) else {
        return Ok(None);
    };
    let has = |names: &[&str]| names.iter().all(|it| first.contains_key(*it));
    let text = String::from_utf8_lossy(&bytes);
    let (count, last, problems) = if has(&["seal", "before", "plan"]) {
        match audit::verified(&text) {
            Ok(lines) => (
                lines.len(),
                lines.last().map(|it| it.seal.clone()),
                Vec::new(),
            ),
            Err(why) => (0, None, vec![why]),
        }
    } else if has(&["entry", "boot_id", "hash"]) {
        match agent::act::verify(&bytes, None) {
            Ok((count, head)) => (count, Some(head), Vec::new()),
            Err(broken) => (0, None, vec![broken.to_string()]),
        }
    } else if path.extension().is_some_and(|it| it == "jsonl") {
        let (ledger, faults) = book::read(path)?;
        (
            ledger.records().len(),
            Some(ledger.head().to_owned()),
            faults,
        )
    } else {
        return Ok(None);
    };
    Ok(Some(Verified {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION"),
        ok: false,
        members: count,
        bytes: bytes.len() as u64,
        findings: None,
        head: last.filter(|it| !it.is_empty()),
        signed: None,
        problems,
        limits: vec![
            "lines that were cut off at its end leave no trace in it; keep its head elsewhere"
                .to_owned(),
        ],
    }))
}

fn text(path: &Path, verified: &Verified) -> String {
    let mut text = format!(
        "{}: {} ({} members, {})\n",
        path.display(),
        match verified.ok {
            true => "verified",
            false => "NOT VERIFIED",
        },
        verified.members,
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
