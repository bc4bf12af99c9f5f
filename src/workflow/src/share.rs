//! Shares a session: tokens in place of who and where, searched, signed, encrypted.
//!
//! One job for window and command line: [`preview`] says what would go out before anything
//! is written; [`share`] writes beside the place, derives kept findings anew from what is
//! written, searches every byte of it for everybody that was replaced, and only then puts
//! it there. The key that orders the tokens is drawn for each file and forgotten.
//!
//! * In: a session and a [`Request`]. Out: a file, and what was replaced in it.
//! * Never: tells an original in a message, or leaves a file that was not searched.
//!
//! Start at [`share`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::disguise::{self, Category, Count, Disguise, Matcher, Pattern, Rules};
use model::finding::Kept;
use model::time::Span;
use regex::RegexBuilder;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use store::progress::{Continue, Progress};
use store::share::{self, Draft, Hit, SearchError, Shared, Signer};
use store::trim::Keep;

use crate::findings;
use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::scratch::Scratch;
use crate::sealed::{self, Lock};
use crate::signature::SecretKey;
use crate::stored::Stored;
use crate::tables::writing;

/// What is taken out, and what of the session is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Categories that stay as they are.
    pub keep: Vec<Category>,
    /// Patterns of one's own, as `NAME=REGEX` or `REGEX`.
    pub patterns: Vec<String>,
    /// The stretch of time; `None` for everything.
    pub span: Option<Span>,
    /// Patterns of series names, any of which may match; none takes all.
    pub series: Vec<String>,
}

/// What is to be done.
#[derive(Debug)]
pub struct Request {
    /// What is taken out, and what is taken.
    pub choice: Choice,
    /// The new title; without it the old one, with what it names replaced.
    pub title: Option<String>,
    /// What is said of the session.
    pub description: String,
    /// The key that signs it, if any.
    pub sign: Option<SecretKey>,
    /// How it is encrypted, if at all.
    pub lock: Option<Lock>,
    /// The file to write.
    pub out: PathBuf,
}

/// What would go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What would be replaced, with examples of each category.
    pub counts: Vec<Count>,
    /// The old title with what it names replaced.
    pub title: String,
    /// How many series would go out, and how many there are.
    pub series: (usize, usize),
    /// Notes that would go out.
    pub annotations: usize,
}

/// What went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What is said in it of what was replaced.
    pub shared: Shared,
    /// Title it goes out with.
    pub title: String,
    /// The link of its last member: tell it on another way, and nobody can exchange the file.
    pub head: String,
    /// Findings that were derived anew from it; `None` where none were kept.
    pub findings: Option<usize>,
    /// Number of the key that signed it.
    pub signed: Option<String>,
    /// Whether it is encrypted.
    pub locked: bool,
}

/// The document of a session that derived findings stand in.
const FINDINGS: &str = "findings.ron";

/// Memory that one pattern may take once it is understood.
const PATTERN_MAX_BYTES: usize = 4 << 20;

/// Patterns of one request.
const PATTERNS_MAX: usize = 100;

/// Steps of the work, for its progress: learn, write, findings, search, encrypt.
const STEPS: u64 = 5;

/// Says what would go out, before anything is written.
///
/// # Errors
///
/// A pattern is none, the session cannot be read, or the user stopped it.
pub fn preview(stored: &Stored, choice: &Choice, context: &Context) -> Result<Preview, Problem> {
    let keep = choice.kept();
    let (mut disguise, title) = learned(stored, choice, (context, 0))?;
    let session = stored.session();
    share::learn(session, &keep, &mut disguise, &mut step(context, 1))
        .map_err(|error| reading(stored.path(), &error))?;
    Ok(Preview {
        counts: disguise.counts(),
        title,
        series: (choice.wanted(stored), stored.measured().len()),
        annotations: stored.annotations().len(),
    })
}

/// Shares a session.
///
/// # Errors
///
/// A pattern is none, the disk refuses, something that was to be replaced still stands
/// somewhere, or the user stopped it; nothing is left behind then.
pub fn share(stored: &Stored, request: &Request, context: &Context) -> Result<Done, Problem> {
    let out = &request.out;
    placed(out)?;
    let disk = |error: std::io::Error| {
        let what = format!("could not write {}", out.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
            .advise("a folder that you may write to")
    };
    let (mut disguise, old) = learned(stored, &request.choice, (context, 0))?;
    let title = request.title.clone().unwrap_or(old);
    let mut scratch = Scratch::beside(out).map_err(disk)?;
    let draft = request.draft(&title);
    let place = (&mut disguise, scratch.path());
    let shared = share::write(stored.session(), draft, place, &mut step(context, 1))
        .map_err(|error| writing(out, &error))?;
    let left = searched(scratch.path(), &disguise, out, context)?;
    refused(&left, out)?;
    let findings = completed(stored, request, (&mut scratch, context))?;
    if findings.is_some() || request.sign.is_some() {
        let left = searched(scratch.path(), &disguise, out, context)?;
        refused(&apart_from_derived(left), out)?;
    }
    let head = head(scratch.path(), context)?;
    let path = scratch.path().to_owned();
    match &request.lock {
        Some(lock) => {
            context.progress((STEPS - 1) * PART, STEPS * PART);
            sealed::lock(&path, lock, out, context)?;
        }
        None => scratch
            .become_file(out)
            .map_err(|it| sealed::placing(it, out, disk))?,
    }
    Ok(Done {
        path: out.clone(),
        bytes: std::fs::metadata(out).map_or(0, |it| it.len()),
        shared,
        title,
        head,
        findings,
        signed: request.sign.as_ref().map(|it| it.id().to_string()),
        locked: request.lock.is_some(),
    })
}

/// Looks whether a file may be written at a place: nothing is there, and its folder is.
fn placed(out: &Path) -> Result<(), Problem> {
    if std::fs::symlink_metadata(out).is_ok() {
        return Err(sealed::taken(out));
    }
    let folder = out.parent().filter(|it| !it.as_os_str().is_empty());
    match folder.filter(|it| !it.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(Problem {
            what: format!("could not write {}", out.display()),
            why: format!("there is no folder {}", folder.display()),
            what_to_do: "a folder that exists and that you may write to".to_owned(),
            sort: Sort::NotReadable,
        }),
    }
}

impl Choice {
    /// How many series are taken.
    fn wanted(&self, stored: &Stored) -> usize {
        let all = stored.measured().iter();
        all.filter(|it| self.wants(&it.key.to_string())).count()
    }

    /// Whether some series or histogram is taken.
    fn takes_any(&self, stored: &Stored) -> bool {
        let histograms = &stored.session().manifest().histograms;
        let keys = stored.measured().iter().map(|it| &it.key);
        let mut keys = keys.chain(histograms.iter().map(|it| &it.series.key));
        self.series.is_empty() || keys.any(|it| self.wants(&it.to_string()))
    }

    fn wants(&self, name: &str) -> bool {
        let mut globs = self.series.iter();
        self.series.is_empty() || globs.any(|it| model::series::glob_matches(it, name))
    }

    fn kept(&self) -> Keep {
        Keep {
            span: self.span,
            series: self.series.clone(),
        }
    }

    fn rules(&self) -> Result<Rules, Problem> {
        if self.patterns.len() > PATTERNS_MAX {
            return Err(Problem {
                what: "could not share".to_owned(),
                why: format!("there are more than {PATTERNS_MAX} patterns"),
                what_to_do: "joining some with |".to_owned(),
                sort: Sort::Limit,
            });
        }
        let patterns = self.patterns.iter().map(|it| pattern(it));
        Ok(Rules {
            keep: self.keep.clone(),
            patterns: patterns.collect::<Result<_, _>>()?,
        })
    }
}

impl Request {
    fn draft(&self, title: &str) -> Draft {
        let choice = &self.choice;
        let labels = choice.patterns.iter().map(|it| label_of(it).0.to_owned());
        Draft {
            keep: choice.kept(),
            title: title.to_owned(),
            shared: Shared {
                kymo: findings::VERSION.to_owned(),
                description: self.description.clone(),
                kept: choice.keep.clone(),
                patterns: labels.collect(),
                counts: Vec::new(),
                left_out: Vec::new(),
                trimmed: choice.span.is_some() || !choice.series.is_empty(),
            },
        }
    }
}

/// The label and the expression of a pattern of one's own.
fn label_of(text: &str) -> (&str, &str) {
    match text.split_once('=') {
        Some((label, rest)) if is_label(label) => (label, rest),
        _ => ("custom", text),
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.len() <= 24 && text.bytes().all(|it| it.is_ascii_lowercase())
}

/// Reads a pattern of one's own: `customer=ACME-\d+`, or the expression alone.
///
/// # Errors
///
/// It is no regular expression, or would match everywhere.
pub fn pattern(text: &str) -> Result<Pattern, Problem> {
    let (label, expression) = label_of(text);
    let trouble = |why: String| Problem {
        what: format!("could not use the pattern {text:?}"),
        why,
        what_to_do: r"a regular expression such as customer=ACME-\d+".to_owned(),
        sort: Sort::Usage,
    };
    let built = RegexBuilder::new(expression)
        .size_limit(PATTERN_MAX_BYTES)
        .build();
    let regex = built.map_err(|error| trouble(last_line(&error.to_string())))?;
    if regex.is_match("") {
        return Err(trouble(
            "it matches the empty text, which stands everywhere".to_owned(),
        ));
    }
    let find: Matcher = Arc::new(move |text| regex.find_iter(text).map(|it| it.range()).collect());
    Ok(Pattern {
        label: label.to_owned(),
        find,
    })
}

fn last_line(text: &str) -> String {
    let last = text.lines().rfind(|it| !it.trim().is_empty());
    last.unwrap_or_default().trim().to_owned()
}

/// A disguise that has learned a session and has its tokens, and the old title by it.
fn learned(
    stored: &Stored,
    choice: &Choice,
    (context, number): (&Context, u64),
) -> Result<(Disguise, String), Problem> {
    let rules = choice.rules()?;
    possible(stored, choice, &rules)?;
    let mut disguise = Disguise::new(rules);
    let read = |error| reading(stored.path(), &error);
    share::learn(
        stored.session(),
        &choice.kept(),
        &mut disguise,
        &mut step(context, number),
    )
    .map_err(read)?;
    disguise.text(stored.title());
    let what = || format!("could not share {}", stored.path().display());
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| Problem {
        what: what(),
        why: "the system gives no random numbers".to_owned(),
        what_to_do: String::new(),
        sort: Sort::Denied,
    })?;
    let order = |text: &str| -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update(text);
        hash.finalize().into()
    };
    disguise.number(&order).map_err(|error| {
        Problem::from_error(what(), &error, Sort::Limit)
            .advise("a shorter stretch with --from and --to, or --keep urls")
    })?;
    let title = disguise.text(stored.title());
    Ok((disguise, title))
}

/// Refuses a choice that takes no series, or a pattern that matches names that stay.
fn possible(stored: &Stored, choice: &Choice, rules: &Rules) -> Result<(), Problem> {
    if !choice.takes_any(stored) {
        return Err(Problem {
            what: format!("could not share {}", stored.path().display()),
            why: format!("no series matches {}", choice.series.join(" or ")),
            what_to_do: "another pattern; kymo info names the series".to_owned(),
            sort: Sort::Usage,
        });
    }
    let names = staying(stored);
    for (pattern, text) in rules.patterns.iter().zip(&choice.patterns) {
        let matched = names.iter().filter(|it| !(pattern.find)(it).is_empty());
        let matched: Vec<&str> = matched.map(String::as_str).collect();
        if !matched.is_empty() {
            return Err(too_wide(text, &matched));
        }
    }
    Ok(())
}

/// Names of metrics, attributes and settings that stay as they are, in order.
fn staying(stored: &Stored) -> BTreeSet<String> {
    let session = stored.session();
    let manifest = session.manifest();
    let series = manifest.series.iter().map(|it| &it.series.key);
    let histograms = manifest.histograms.iter().map(|it| &it.series.key);
    let mut names = BTreeSet::new();
    for key in series.chain(histograms) {
        if model::catalog::find(&key.metric).is_some() {
            names.insert(key.metric.clone());
        }
        let attributes = key.attributes.iter().map(|(name, _)| name);
        names.extend(attributes.filter(|it| disguise::is_kept_key(it)).cloned());
    }
    for host in session.hosts() {
        let settings = session.settings(host.id).into_iter().flatten();
        let kept = settings.filter(|(key, _)| disguise::is_kept_setting(key));
        names.extend(kept.map(|(key, _)| key));
    }
    names
}

/// The problem of a pattern that matches names that stay.
fn too_wide(pattern: &str, matched: &[&str]) -> Problem {
    const TOLD: usize = 3;
    let more = match matched.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let some = &matched[..matched.len().min(TOLD)];
    Problem {
        what: format!("could not use the pattern {pattern:?}"),
        why: format!(
            "it matches names of metrics, attributes or settings, which stay: {}{more}",
            some.join(", ")
        ),
        what_to_do: r"a narrower expression, such as customer=ACME-\d+".to_owned(),
        sort: Sort::Usage,
    }
}

/// Derives the findings that were kept anew from what is written, and signs it. Nothing
/// is done where neither is asked for.
fn completed(
    stored: &Stored,
    request: &Request,
    (scratch, context): (&mut Scratch, &Context),
) -> Result<Option<usize>, Problem> {
    let analyzed = stored.kept().is_some_and(|it| it.analyzed());
    if !analyzed && request.sign.is_none() {
        return Ok(None);
    }
    let out = &request.out;
    let (draft, _) = Stored::open(scratch.path(), context)?;
    let kept = match analyzed {
        true => {
            let input = Input::of_stored(&draft, None, context)?;
            Some(Kept {
                kymo: findings::VERSION.to_owned(),
                findings: findings::all(&input, context)?,
                ..draft.kept().unwrap_or_default()
            })
        }
        false => None,
    };
    let count = kept.as_ref().map(|it| it.findings.len());
    let next = Scratch::beside(out).map_err(|error| {
        let what = format!("could not write {}", out.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
    })?;
    let signer = request.sign.clone().map(signer);
    share::complete(draft.session(), (kept.as_ref(), signer), next.path())
        .map_err(|error| writing(out, &error))?;
    *scratch = next;
    Ok(count)
}

fn signer(key: SecretKey) -> Signer {
    Signer::new(move |text| {
        let body = String::from_utf8_lossy(text);
        let head = body.lines().rfind(|it| it.starts_with("head "));
        let comment = format!("Kymo session, {}", head.unwrap_or_default());
        Ok(key.sign(text, &comment).into_bytes())
    })
}

/// Searches what was written for everything that was replaced.
fn searched(
    path: &Path,
    disguise: &Disguise,
    out: &Path,
    context: &Context,
) -> Result<Vec<Hit>, Problem> {
    let what = || format!("could not share to {}", out.display());
    share::search(path, disguise, &mut step(context, 3)).map_err(|error| match error {
        SearchError::Stopped => Problem::cancelled(what()),
        other => Problem::from_error(what(), &other, Sort::NotReadable),
    })
}

/// Hits but for plain words in findings that were derived from what was searched already:
/// sentences of Kymo say `may`, whoever is called so.
fn apart_from_derived(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.retain(|it| it.member != FINDINGS || !it.word);
    hits
}

/// Refuses to give out what still holds something.
fn refused(hits: &[Hit], out: &Path) -> Result<(), Problem> {
    let what = format!("could not share to {}", out.display());
    let own = |it: &Hit| it.category == Category::Custom && it.token.is_empty();
    let (Some(first), count) = (hits.iter().find(|it| !own(it)), hits.len()) else {
        return hits.first().map_or(Ok(()), |first| {
            Err(Problem {
                what,
                why: format!(
                    "a pattern of your own matches words or numbers that stay, in {}",
                    place_of(first)
                ),
                what_to_do: r"a narrower expression, such as customer=ACME-\d+".to_owned(),
                sort: Sort::Usage,
            })
        });
    };
    Err(Problem {
        what,
        why: format!("what was to be replaced still stands in {}", told(first, count)),
        what_to_do: "nothing was left behind; a pattern of your own for it, or a report of this message: it names nobody".to_owned(),
        sort: Sort::Bug,
    })
}

/// Where something still stands, without what.
fn told(hit: &Hit, count: usize) -> String {
    let token = match hit.token.as_str() {
        "" => String::new(),
        token => format!(", where {token} should"),
    };
    let more = match count {
        1 => String::new(),
        count => format!("; and {} more places", count - 1),
    };
    let place = place_of(hit);
    format!("{place}: one of {}{token}{more}", hit.category)
}

fn place_of(hit: &Hit) -> String {
    let member = match hit.member.as_str() {
        "" => "the frame of the file",
        name => name,
    };
    match hit.place.as_str() {
        "" => member.to_owned(),
        place => format!("{member} ({place})"),
    }
}

fn head(path: &Path, context: &Context) -> Result<String, Problem> {
    let (written, _) = Stored::open(path, context)?;
    let report = store::verify::verify(written.session(), &mut |_| Continue::Yes);
    match report.chain {
        Some(found) if report.problems.is_empty() => Ok(found.head),
        _ => Err(Problem {
            what: format!("could not share {}", path.display()),
            why: "what was written does not verify".to_owned(),
            what_to_do: "another disk".to_owned(),
            sort: Sort::Bug,
        }),
    }
}

/// What one step is worth in the progress.
const PART: u64 = 1_000;

/// The watch of one step of the work.
fn step(context: &Context, number: u64) -> impl FnMut(Progress) -> Continue + '_ {
    move |progress| {
        let part = progress.done * PART / progress.total.max(1);
        context.progress(number * PART + part.min(PART), STEPS * PART);
        match context.cancelled() {
            true => Continue::Stop,
            false => Continue::Yes,
        }
    }
}

fn reading(path: &Path, error: &store::trim::WriteError) -> Problem {
    match error {
        store::trim::WriteError::Stopped => Problem::cancelled("sharing"),
        other => Problem::from_error(
            format!("could not read {}", path.display()),
            other,
            Sort::NotReadable,
        ),
    }
}
