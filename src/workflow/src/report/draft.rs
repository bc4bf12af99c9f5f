//! Drafts of reports: kept in a session, written by hand, or a template for a kind that
//! users may replace.
//!
//! A template is a draft in RON, named after its kind, in the folder `reports` of the
//! program's configuration; `report.html` and `report.css` there are the look of pages.
//!
//! Start at [`of_kind`] and [`look`].

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use model::report::{Draft, Item};
use report::document::Document;
use report::look::Look;

use super::read_text;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

/// Bytes of a draft or a template, at most.
const SIZE_MAX_BYTES: u64 = 8 << 20;

/// The folder of the user's templates.
///
/// # Source
///
/// XDG Base Directory Specification: configuration.
pub fn folder() -> Option<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.filter(|it| it.is_absolute()).or_else(|| {
        let home = std::env::var_os("HOME").filter(|it| !it.is_empty())?;
        Some(PathBuf::from(home).join(".config"))
    });
    config.map(|it| it.join("kymo").join("reports"))
}

/// The draft for a kind: what the session keeps, else the user's template, else as usual.
///
/// # Errors
///
/// A template is there and cannot be used.
pub fn of_kind(stored: &Stored, kind: &str) -> Result<Draft, Problem> {
    let mut kept = stored.kept().unwrap_or_default().drafts.into_iter();
    if let Some(draft) = kept.find(|it| it.kind == kind) {
        return Ok(draft);
    }
    match template(kind)? {
        Some(draft) => Ok(draft),
        None => Ok(Draft::new(kind)),
    }
}

/// The user's template for a kind, where there is one.
///
/// # Errors
///
/// It is there and cannot be used.
pub fn template(kind: &str) -> Result<Option<Draft>, Problem> {
    let path = folder().map(|it| it.join(format!("{kind}.ron")));
    match path.filter(|it| it.exists()) {
        Some(path) => read(&path).map(Some),
        None => Ok(None),
    }
}

/// Reads a draft from a file.
///
/// # Errors
///
/// The file cannot be read, or is no draft: with line, column and reason.
pub fn read(path: &Path) -> Result<Draft, Problem> {
    let text = read_text(path, SIZE_MAX_BYTES)?;
    let wrong = |why: String, next: &str| Problem {
        what: format!("could not use {}", path.display()),
        why,
        what_to_do: next.to_owned(),
        sort: Sort::NotUsable,
    };
    let draft: Draft = ron::from_str(&text).map_err(|error| {
        let place = error.span.start;
        let why = format!("line {}, column {}: {}", place.line, place.col, error.code);
        wrong(why, "kymo report --templates DIR writes some to begin with")
    })?;
    match draft.faults().first() {
        Some(fault) => Err(wrong(fault.clone(), "mend the draft")),
        None => Ok(draft),
    }
}

/// Sections of a draft that this version does not know, a sentence each.
pub(super) fn unknown_parts(draft: &Draft) -> Vec<String> {
    let unknown = draft.items.iter().filter_map(|it| match it {
        Item::Part(id) if report::part::find(id).is_none() => Some(format!(
            "The draft asks for a section {id:?}, which this version of Kymo does not know."
        )),
        _ => None,
    });
    unknown.collect()
}

/// References of a draft's texts that lead to no number of a document, a sentence each.
pub(super) fn lost_references(draft: &Draft, document: &Document) -> Vec<String> {
    let known: HashSet<&str> = document
        .tokens()
        .into_iter()
        .map(|(_, it)| it.id.as_str())
        .collect();
    let texts = draft.items.iter().filter_map(|it| match it {
        Item::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let lost = texts.flat_map(references).filter(|it| !known.contains(it));
    let lost: BTreeSet<&str> = lost.collect();
    let told = lost.into_iter().map(|id| {
        format!("A text of the draft refers to [[{id}]], which is no number of this report.")
    });
    told.collect()
}

/// What stands between double brackets.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("[[").skip(1);
    parts.filter_map(|it| it.split_once("]]").map(|(id, _)| id))
}

/// A draft as text, to be edited.
pub fn text(draft: &Draft) -> String {
    let form = ron::ser::PrettyConfig::default()
        .struct_names(false)
        .new_line("\n")
        .indentor("  ");
    ron::ser::to_string_pretty(draft, form).unwrap_or_default() + "\n"
}

/// The look of pages: what is named, else the user's own, else Kymo's.
///
/// # Errors
///
/// A file is there and cannot be read.
pub fn look(page: Option<&Path>, style: Option<&Path>) -> Result<Look, Problem> {
    let own = |named: Option<&Path>, name: &str| -> Result<Option<String>, Problem> {
        let usual = folder().map(|it| it.join(name)).filter(|it| it.exists());
        match named.map(Path::to_path_buf).or(usual) {
            Some(path) => read_text(&path, SIZE_MAX_BYTES).map(Some),
            None => Ok(None),
        }
    };
    Ok(Look {
        page: own(page, "report.html")?,
        style: own(style, "report.css")?,
    })
}

/// Writes Kymo's own templates into a folder, to begin with; says which files.
///
/// # Errors
///
/// A file of that name is there already, or the disk refuses.
pub fn write_templates(out: &Path) -> Result<Vec<PathBuf>, Problem> {
    std::fs::create_dir_all(out).map_err(|error| {
        let what = format!("could not make {}", out.display());
        Problem::from_error(what, &error, Sort::Denied)
    })?;
    let looks = Look::files().map(|(name, text)| (name.to_owned(), text.to_owned()));
    let drafts = report::kind::ALL.iter();
    let drafts = drafts.map(|it| (format!("{}.ron", it.name), text(&it.draft())));
    let files: Vec<(String, String)> = looks.into_iter().chain(drafts).collect();
    if let Some((name, _)) = files.iter().find(|(name, _)| out.join(name).exists()) {
        return Err(Problem {
            what: format!("could not write {}", out.join(name).display()),
            why: "it is there already".to_owned(),
            what_to_do: "another folder, or move it away".to_owned(),
            sort: Sort::Usage,
        });
    }
    let mut written = Vec::new();
    for (name, text) in files {
        let path = out.join(name);
        crate::outfile::replace(&path, text.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}
