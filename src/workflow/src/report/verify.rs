//! Makes a finished report anew from its session and holds both against each other.
//!
//! * In: a page or its JSON, and the session it speaks of.
//! * Out: a [`Verified`]: numbers whose data changed, numbers that were altered, findings
//!   that do not follow any more, words that differ, and what only the report itself says.
//! * Never: believes a number because it stands there, or a page that it cannot make anew.
//!
//! * [`brought`]: plan, ledger, audit and standards that came with the report.
//! * [`words`]: the text around the numbers.
//!
//! Start at [`report_file`].

use std::path::{Path, PathBuf};

use report::check::{self, Check};
use report::document::Document;
use report::sources::{Basis, Source};
use report::twin::{self, Reading};

use self::brought::{Brought, Standing};
pub use self::words::{Unlike, Words};
use super::{Order, digest, planned, read_text};
use crate::findings;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

pub mod brought;
mod words;

/// Suffixes of reports that can be checked.
const PROVING: [&str; 3] = ["html", "htm", "json"];

/// Suffixes of reports that hold no proof.
const PROOFLESS: [&str; 3] = ["md", "markdown", "pdf"];

/// What a report is held against, besides itself.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// Its session; sought beside it without this.
    pub session: Option<PathBuf>,
    /// The plan that it speaks of.
    pub plan: Option<PathBuf>,
    /// The ledger of predictions; the usual one without it, where that goes on from the
    /// report's.
    pub ledger: Option<PathBuf>,
    /// Standards, by id or file.
    pub standards: Vec<String>,
    /// The template of its page; the user's own and Kymo's without it.
    pub template: Option<PathBuf>,
    /// The style sheet of its page; the user's own and Kymo's without it.
    pub style: Option<PathBuf>,
}

/// What a check of a report found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The session it was held against.
    pub session: PathBuf,
    /// Why it is not the session that the report was made from; `None` where it may be.
    pub another: Option<String>,
    /// The numbers.
    pub check: Check,
    /// Findings kept in the session that do not follow from it; one sentence each.
    pub findings: Vec<String>,
    /// How the words stand.
    pub words: Words,
    /// What came with the report, and whether anything else says the same.
    pub brought: Vec<Brought>,
    /// Version of the program that made it.
    pub kymo: String,
}

impl Verified {
    /// Whether the report is what its session gives.
    ///
    /// Words that were not compared may show other numbers than those that were, so they
    /// do not count as sound.
    pub fn is_sound(&self) -> bool {
        let differs = |it: &Brought| matches!(it.standing, Standing::Differs(_));
        self.check.is_sound()
            && self.findings.is_empty()
            && self.words == Words::Same
            && self.another.is_none()
            && !self.brought.iter().any(differs)
    }

    /// What speaks against it, for a place in a sentence; empty where it is sound.
    pub fn faults(&self) -> Vec<String> {
        if let Some(another) = &self.another {
            return vec![another.clone()];
        }
        let mut faults = Vec::new();
        let mut told = |count: usize, one: &str, more: &str| match count {
            0 => {}
            1 => faults.push(format!("1 {one}")),
            count => faults.push(format!("{count} {more}")),
        };
        told(
            self.check.stale.len(),
            "number rests on data that changed",
            "numbers rest on data that changed",
        );
        told(
            self.check.altered.len(),
            "number is not what its data gives",
            "numbers are not what their data gives",
        );
        told(
            self.findings.len(),
            "kept finding does not follow",
            "kept findings do not follow",
        );
        match self.words {
            Words::Same => {}
            Words::Altered => faults.push("its words are not those that Kymo writes".to_owned()),
            Words::NotCompared(why) => {
                faults.push(format!("its words were not compared: {}", why.text()));
            }
        }
        for it in &self.brought {
            if let Standing::Differs(what) = &it.standing {
                faults.push(format!("its {} is not as in {what}", it.name));
            }
        }
        faults
    }
}

/// Whether a file looks like a report rather than a session, by its name.
pub fn is_report(path: &Path) -> bool {
    let known = [&PROVING[..], &PROOFLESS[..]].concat();
    path.is_file() && has_suffix(path, &known)
}

fn has_suffix(path: &Path, known: &[&str]) -> bool {
    let suffix = path.extension().and_then(|it| it.to_str());
    suffix.is_some_and(|it| known.contains(&it.to_ascii_lowercase().as_str()))
}

/// Checks a finished report; the session is sought beside it unless it is named.
///
/// # Errors
///
/// It is no report, its session cannot be found or read, or the user stopped it.
pub fn report_file(
    path: &Path,
    session: Option<&Path>,
    context: &Context,
) -> Result<Verified, Problem> {
    let against = Against {
        session: session.map(Path::to_path_buf),
        ..Against::default()
    };
    report_against(path, &against, context)
}

/// Checks a finished report against what the caller names.
///
/// # Errors
///
/// It is no report, its session or what was named cannot be found or read, or the user
/// stopped it.
pub fn report_against(
    path: &Path,
    against: &Against,
    context: &Context,
) -> Result<Verified, Problem> {
    let (text, reading) = read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let session = match &against.session {
        Some(path) => path.clone(),
        None => sought(&reading, folder).ok_or_else(|| Problem {
            what: unverified(path),
            why: format!("its session {:?} is not beside it", reading.session),
            what_to_do: "--session FILE".to_owned(),
            sort: Sort::NotReadable,
        })?,
    };
    let (stored, _) = Stored::open(&session, context)?;
    let order = Order {
        after: planned::after_of(&reading.request, folder),
        ..Order::of(reading.request.draft.clone())
    };
    let document = super::remade(&stored, (reading.request.clone(), &order), context)?;
    let check = check::compare(&reading, &document);
    let tells = document.sources.iter().any(|it| it.finding.is_some());
    let findings = match tells {
        true => findings::rederive(&stored, context)?.unwrap_or_default(),
        false => Vec::new(),
    };
    Ok(Verified {
        another: another(&reading, &document, &stored),
        words: words::compared((&text, &reading), &document, (against, &check))?,
        brought: brought::all(&reading.request, (against, &stored, &order))?,
        session,
        check,
        findings,
        kymo: reading.kymo,
    })
}

fn unverified(path: &Path) -> String {
    format!("could not verify {}", path.display())
}

/// Reads a report that can be checked: its text, and what it says of itself.
fn read(path: &Path) -> Result<(String, Reading), Problem> {
    let refused = |why: &str, next: &str| Problem {
        what: unverified(path),
        why: why.to_owned(),
        what_to_do: next.to_owned(),
        sort: Sort::NotUsable,
    };
    if has_suffix(path, &PROOFLESS) {
        return Err(refused(
            "only HTML and JSON reports hold a proof",
            "kymo verify on its HTML or JSON twin",
        ));
    }
    let text = read_text(path, twin::SIZE_MAX_BYTES)?;
    let reading = twin::read(&text).map_err(|error| {
        let sort = match error {
            twin::ReadError::Newer(_) => Sort::TooNew,
            _ => Sort::NotUsable,
        };
        Problem::from_error(unverified(path), &error, sort)
            .advise("a report that this version wrote as HTML or JSON")
    })?;
    if reading.request.draft.kind == report::review::KIND {
        return Err(refused(
            "it is a review of a library, and reviews cannot be checked yet",
            "kymo verify on the reports of its sessions",
        ));
    }
    Ok((text, reading))
}

fn sought(reading: &Reading, folder: &Path) -> Option<PathBuf> {
    // A name, never a path that leads elsewhere.
    let name = Path::new(&reading.session).file_name()?;
    let places = [folder.join(name), PathBuf::from(name)];
    places.into_iter().find(|it| planned::may_be_session(it))
}

/// Why a session is not the one that a report was made from: none of its data is.
fn another(reading: &Reading, document: &Document, stored: &Stored) -> Option<String> {
    let window = reading.request.window;
    let apart = window.intersect(stored.span()).is_empty();
    let rests = document.sources.iter().filter(|it| is_recorded(it));
    let told = |it: &Source| {
        let then = reading.sources.iter().find(|(id, _)| *id == it.id);
        then.is_some_and(|(_, then)| *then == it.digest)
    };
    let any_digest = reading.sources.iter().any(|(_, digest)| !digest.is_empty());
    let none_agrees = any_digest && !rests.into_iter().any(told);
    (apart || none_agrees).then(|| {
        format!(
            "this is another session than the one the report was made from (made from {}, given {})",
            reading.session, document.session
        )
    })
}

/// Whether a source rests on what was recorded of something, and not on nothing.
fn is_recorded(source: &Source) -> bool {
    match &source.rests_on {
        Basis::Series(names) => !digest::is_of_nothing(names, &source.digest),
        Basis::Times(host) => !host.is_empty(),
        Basis::Session => true,
        _ => false,
    }
}
