//! `kymo share` and `kymo unlock`: their arguments, and what they answer.
//!
//! What is replaced, searched, signed and encrypted is `workflow::share`'s; this asks for
//! titles and passphrases where a person sits, and prints what was done.

mod ask;

use std::path::{Path, PathBuf};

use model::disguise::{Category, Count};
use model::time::{Moment, Span};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};
use workflow::sealed::{self, Key, Lock, Passphrase};
use workflow::share::{self, Choice, Done, Preview, Request};
use workflow::signature::SecretKey;

use crate::commands::{Output, SCHEMA, json, opened, outcome};
use crate::failure::{Answer, answer, answer_text, tell};

/// Where the passphrase is read from without a terminal.
const PASSPHRASE: &str = "KYMO_PASSPHRASE";

/// `kymo share`.
#[derive(Debug, clap::Args)]
pub(crate) struct Share {
    /// The session.
    input: PathBuf,
    /// The file to write.
    #[arg(long, required_unless_present = "preview")]
    out: Option<PathBuf>,
    /// Say what would be replaced, with examples, and write nothing.
    #[arg(long)]
    preview: bool,
    /// Leave this as it is: hosts, users, addresses, commands, urls, sql; may be repeated.
    #[arg(long, value_name = "CATEGORY", value_parser = category, value_delimiter = ',')]
    keep: Vec<Category>,
    /// Replace what this regular expression matches too, with tokens NAME-1, NAME-2 …; may
    /// be repeated.
    #[arg(long = "pattern", value_name = "[NAME=]REGEX")]
    patterns: Vec<String>,
    /// Read such patterns from a file, one a line; `#` begins a remark.
    #[arg(long = "patterns", value_name = "FILE")]
    pattern_files: Vec<PathBuf>,
    /// Take only what lies at or after this moment.
    #[arg(long)]
    from: Option<Moment>,
    /// Take only what lies before this moment.
    #[arg(long)]
    to: Option<Moment>,
    /// Take only series whose `host/metric{key=value}` matches; `*` stands for anything.
    #[arg(long, value_name = "GLOB")]
    series: Vec<String>,
    /// The title it goes out with; without it the old one, with what it names replaced.
    #[arg(long)]
    title: Option<String>,
    /// What is said of it to those who get it.
    #[arg(long)]
    description: Option<String>,
    /// Sign it with this secret key of minisign (minisign -G makes one).
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// Encrypt it to a passphrase: asked for on a terminal, else taken from KYMO_PASSPHRASE.
    #[arg(long, conflicts_with = "recipients")]
    passphrase: bool,
    /// Read that passphrase from the first line of a file.
    #[arg(long, value_name = "FILE", conflicts_with = "recipients")]
    passphrase_file: Option<PathBuf>,
    /// Encrypt it to this recipient, age1…, or to those in a file; may be repeated.
    #[arg(long = "recipient", value_name = "age1…|FILE")]
    recipients: Vec<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// `kymo unlock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Unlock {
    /// The encrypted file.
    input: PathBuf,
    /// The session to write.
    #[arg(long)]
    out: PathBuf,
    /// A file with secret keys, as age-keygen writes it; without it a passphrase is asked
    /// for on a terminal, else taken from KYMO_PASSPHRASE.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Read the passphrase from the first line of a file.
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    passphrase_file: Option<PathBuf>,
}

fn category(text: &str) -> Result<Category, String> {
    Category::keepable(text)
        .ok_or_else(|| format!("{text:?} is none of hosts, users, addresses, commands, urls, sql"))
}

#[derive(Serialize)]
struct PreviewDocument<'a> {
    schema: u32,
    kymo: &'static str,
    title: &'a str,
    series: usize,
    series_of: usize,
    annotations: usize,
    replaced: &'a [Count],
}

#[derive(Serialize)]
struct DoneDocument<'a> {
    schema: u32,
    kymo: &'static str,
    path: String,
    bytes: u64,
    title: &'a str,
    description: &'a str,
    kept: &'a [Category],
    trimmed: bool,
    left_out: &'a [String],
    replaced: &'a [store::share::Taken],
    findings: Option<usize>,
    head: &'a str,
    signed: Option<&'a str>,
    encrypted: bool,
}

/// `kymo share`.
pub(crate) fn run(share: &Share) -> Result<Answer, Problem> {
    let stored = opened(&share.input)?;
    let whole = stored.span();
    let choice = Choice {
        keep: share.keep.clone(),
        patterns: patterns(share)?,
        span: (share.from.is_some() || share.to.is_some()).then(|| Span {
            from: share.from.unwrap_or(whole.from),
            to: share.to.unwrap_or(whole.to),
        }),
        series: share.series.clone(),
    };
    let output = Output::from(share.json);
    let Some(out) = share.out.clone().filter(|_| !share.preview) else {
        let preview = share::preview(&stored, &choice, &Context::default())?;
        tell_preview(&preview, output)?;
        return Ok(outcome(&stored));
    };
    let title = match &share.title {
        Some(title) => Some(title.clone()),
        None => ask::line("Title (empty keeps the old one, with what it names replaced)"),
    };
    let description = match &share.description {
        Some(text) => text.clone(),
        None => ask::line("Description (may be empty)").unwrap_or_default(),
    };
    let request = Request {
        choice,
        title: title.filter(|it| !it.is_empty()),
        description,
        sign: share.sign.as_deref().map(secret_key).transpose()?,
        lock: lock(share)?,
        out,
    };
    let done = share::share(&stored, &request, &Context::default())?;
    tell_done(&done, output)?;
    Ok(outcome(&stored))
}

/// `kymo unlock`.
pub(crate) fn unlock(unlock: &Unlock) -> Result<Answer, Problem> {
    if !unlock.input.exists() {
        return Err(workflow::stored::missing(&unlock.input));
    }
    let key = match &unlock.identity {
        Some(path) => Key::Identities(path.clone()),
        None => Key::Passphrase(passphrase(
            unlock.passphrase_file.as_deref(),
            ask::Times::Once,
        )?),
    };
    sealed::unlock(&unlock.input, &key, &unlock.out, &Context::default())?;
    tell(&format!("wrote {}", unlock.out.display()));
    Ok(Answer::Fine)
}

fn patterns(share: &Share) -> Result<Vec<String>, Problem> {
    let mut patterns = share.patterns.clone();
    for path in &share.pattern_files {
        let text = std::fs::read_to_string(path).map_err(|error| reading(path, &error))?;
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|it| !it.is_empty() && !it.starts_with('#'));
        patterns.extend(lines.map(str::to_owned));
    }
    Ok(patterns)
}

fn reading(path: &Path, error: &std::io::Error) -> Problem {
    let what = format!("could not read {}", path.display());
    Problem::from_error(what, error, Sort::of_io(error))
}

fn secret_key(path: &Path) -> Result<SecretKey, Problem> {
    let passphrase = match SecretKey::is_locked(path)? {
        false => None,
        true => ask::secret("Passphrase of the signing key", ask::Times::Once),
    };
    SecretKey::read(path, passphrase.as_ref())
}

fn lock(share: &Share) -> Result<Option<Lock>, Problem> {
    if !share.recipients.is_empty() {
        let mut all = Vec::new();
        for text in &share.recipients {
            recipients(text, &mut all)?;
        }
        return Ok(Some(Lock::Recipients(all)));
    }
    if !share.passphrase && share.passphrase_file.is_none() {
        return Ok(None);
    }
    let passphrase = passphrase(share.passphrase_file.as_deref(), ask::Times::Twice)?;
    Ok(Some(Lock::Passphrase(passphrase)))
}

/// A recipient, or those in a file, one a line.
fn recipients(text: &str, all: &mut Vec<String>) -> Result<(), Problem> {
    let path = Path::new(text);
    let usage = |why: String| Problem {
        what: "could not encrypt".to_owned(),
        why,
        what_to_do: "--recipient with the line age1… that age-keygen prints".to_owned(),
        sort: Sort::Usage,
    };
    if text.starts_with("age1") || text.starts_with("ssh-") || !path.is_file() {
        all.push(sealed::recipient(text).map_err(usage)?);
        return Ok(());
    }
    let lines = std::fs::read_to_string(path).map_err(|error| reading(path, &error))?;
    for line in lines.lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with('#') {
            all.push(sealed::recipient(line).map_err(usage)?);
        }
    }
    Ok(())
}

/// The passphrase: from a file, from the environment, or from a person.
fn passphrase(file: Option<&Path>, times: ask::Times) -> Result<Passphrase, Problem> {
    let found = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| reading(path, &error))?;
            Passphrase::new(text.lines().next().unwrap_or_default().to_owned())
        }
        None => match std::env::var(PASSPHRASE) {
            Ok(text) => Passphrase::new(text),
            Err(_) => ask::secret("Passphrase", times),
        },
    };
    found.ok_or_else(|| Problem {
        what: "could not go on without a passphrase".to_owned(),
        why: "none was given, or two that differ".to_owned(),
        what_to_do: format!("a terminal, --passphrase-file FILE, or {PASSPHRASE}"),
        sort: Sort::Usage,
    })
}

fn tell_preview(preview: &Preview, output: Output) -> Result<(), Problem> {
    if output == Output::Json {
        return answer(&json(&PreviewDocument {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION"),
            title: &preview.title,
            series: preview.series.0,
            series_of: preview.series.1,
            annotations: preview.annotations,
            replaced: &preview.counts,
        })?);
    }
    let mut text = format!(
        "title: {}\n{} of {} series, {} notes\n",
        preview.title, preview.series.0, preview.series.1, preview.annotations
    );
    for count in &preview.counts {
        text.push_str(&row(count.category, count.identities, count.places));
        for (original, token) in &count.examples {
            let original: String = original.chars().take(60).collect();
            text.push_str(&format!("    {original} → {token}\n"));
        }
    }
    if preview.counts.is_empty() {
        text.push_str("nothing would be replaced\n");
    }
    text.push_str("Nothing was written. Numbers of tokens differ from file to file.\n");
    answer_text(&text)
}

fn row(category: Category, identities: usize, places: u64) -> String {
    let identities = match category {
        Category::Secrets => String::new(),
        _ => format!("{identities} different, "),
    };
    let word = if places == 1 { "place" } else { "places" };
    format!("  {:<10} {identities}{places} {word}\n", category.name())
}

fn tell_done(done: &Done, output: Output) -> Result<(), Problem> {
    if output == Output::Json {
        return answer(&json(&DoneDocument {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION"),
            path: done.path.display().to_string(),
            bytes: done.bytes,
            title: &done.title,
            description: &done.shared.description,
            kept: &done.shared.kept,
            trimmed: done.shared.trimmed,
            left_out: &done.shared.left_out,
            replaced: &done.shared.counts,
            findings: done.findings,
            head: &done.head,
            signed: done.signed.as_deref(),
            encrypted: done.locked,
        })?);
    }
    let mut text = format!(
        "{}: {}, every byte searched for what was replaced: none was found\n",
        done.path.display(),
        model::unit::Unit::new("By").text(done.bytes as f64)
    );
    text.push_str(&format!("  title      {}\n", done.title));
    for taken in &done.shared.counts {
        text.push_str(&row(taken.category, taken.identities, taken.places));
    }
    if !done.shared.kept.is_empty() {
        let kept: Vec<&str> = done.shared.kept.iter().map(|it| it.name()).collect();
        text.push_str(&format!("  kept       {}\n", kept.join(", ")));
    }
    for name in &done.shared.left_out {
        text.push_str(&format!(
            "  left out   {name}: nothing is known of what it names\n"
        ));
    }
    if let Some(findings) = done.findings {
        text.push_str(&format!(
            "  findings   {findings}, derived anew from what was written: their ids differ from yours\n"
        ));
    }
    text.push_str(&format!("  chain head {}\n", done.head));
    match &done.signed {
        Some(id) => text.push_str(&format!("  signed     with the key {id}\n")),
        None => text.push_str(
            "  not signed: send the head on another way, so that the file cannot be exchanged\n",
        ),
    }
    if done.locked {
        text.push_str("  encrypted  kymo unlock or age -d open it\n");
    }
    answer_text(&text)
}
