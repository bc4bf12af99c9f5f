//! Makes a finished report anew from its session and holds both against each other.
//!
//! * In: a page or its JSON, and the session it speaks of.
//! * Out: a [`Verified`]: numbers whose data changed, numbers that were altered, findings
//!   that do not follow any more, words that differ.
//! * Never: believes a number because it stands there.
//!
//! Start at [`report_file`].

use std::path::{Path, PathBuf};

use report::check::{self, Check};
use report::twin::{self, Reading};

use super::{Order, planned, read_text};
use crate::findings;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

/// What a check of a report found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The session it was held against.
    pub session: PathBuf,
    /// The numbers.
    pub check: Check,
    /// Findings kept in the session that do not follow from it; one sentence each.
    pub findings: Vec<String>,
    /// How the words stand.
    pub words: Words,
    /// Version of the program that made it.
    pub kymo: String,
}

/// How the text around the numbers stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Byte for byte what this version writes.
    Same,
    /// They differ: somebody altered them.
    Altered,
    /// Not compared: another version, another look, or data that changed.
    NotCompared,
}

impl Verified {
    /// Whether the report is what its session gives.
    pub fn is_sound(&self) -> bool {
        self.check.is_sound() && self.findings.is_empty() && self.words != Words::Altered
    }
}

/// Whether a file looks like a report rather than a session, by its name.
pub fn is_report(path: &Path) -> bool {
    let suffix = path.extension().and_then(|it| it.to_str());
    suffix.is_some_and(|it| matches!(it.to_ascii_lowercase().as_str(), "html" | "htm" | "json"))
        && path.is_file()
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
    let text = read_text(path, twin::SIZE_MAX_BYTES)?;
    let what = || format!("could not verify {}", path.display());
    let reading = twin::read(&text).map_err(|error| {
        let sort = match error {
            twin::ReadError::Newer(_) => Sort::TooNew,
            _ => Sort::NotUsable,
        };
        Problem::from_error(what(), &error, sort)
            .advise("a report that this version wrote as HTML or JSON")
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let session = match session {
        Some(path) => path.to_path_buf(),
        None => sought(&reading, folder).ok_or_else(|| Problem {
            what: what(),
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
    let comparable = reading.kymo == document.kymo && check.stale.is_empty();
    let words = match comparable.then(|| own_text(&text, &document)).flatten() {
        Some(own) if own == text => Words::Same,
        Some(own) if same_look(&text, &own) => Words::Altered,
        _ => Words::NotCompared,
    };
    Ok(Verified {
        session,
        check,
        findings,
        words,
        kymo: reading.kymo,
    })
}

fn sought(reading: &Reading, folder: &Path) -> Option<PathBuf> {
    // A name, never a path that leads elsewhere.
    let name = Path::new(&reading.session).file_name()?;
    let places = [folder.join(name), PathBuf::from(name)];
    places.into_iter().find(|it| it.exists())
}

/// The report as this version writes it, in the form of the one that was read.
fn own_text(text: &str, document: &report::document::Document) -> Option<String> {
    let format = match text.trim_start().starts_with('{') {
        true => report::Format::Json,
        false => report::Format::Html,
    };
    Some(report::render(document, format).ok()?.into_text())
}

/// Whether both have the same style sheet: with another look every word may stand elsewhere.
fn same_look(text: &str, own: &str) -> bool {
    fn style(page: &str) -> Option<&str> {
        let from = page.find("<style>")?;
        let to = page[from..].find("</style>")?;
        Some(&page[from..from + to])
    }
    style(text) == style(own)
}
