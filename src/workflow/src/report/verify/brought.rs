//! What a report brought along: plan, audit, ledger, standards, a later recording.
//!
//! Numbers that rest on these were computed from the report's own copy, so each copy is
//! held against what is named or known here. A copy that nothing speaks for is told.
//!
//! Start at [`all`].

use std::path::Path;

use model::standard::{Standard, parse};
use plan::document;
use report::part::ledger::LEDGER;
use report::part::measured::MEASURED;
use report::part::plan::PLAN;
use report::request::Request;

use super::super::planned::{AUDIT, STANDARD};
use super::super::{Order, read_text};
use super::Against;
use crate::planning::{book, file};
use crate::problem::Problem;
use crate::standards::{self, shipped};
use crate::stored::Stored;

/// Bytes of an audit that is held against a report's.
const AUDIT_MAX_BYTES: u64 = 64 << 20;

/// A document that came with a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// What it is: `plan`, `ledger`, `standard use 1`.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Whether anything else says the same.
    pub standing: Standing,
}

/// How a document that came with a report stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This says the same.
    Known(String),
    /// This should say the same, and does not.
    Differs(String),
    /// Nothing was named, and nothing is known here, that says what it was.
    Unchecked,
}

/// Everything that came with a report, in its order.
pub(super) fn all(
    request: &Request,
    (against, stored, order): (&Against, &Stored, &Order),
) -> Result<Vec<Brought>, Problem> {
    let mut all = Vec::new();
    for document in &request.documents {
        let text = document.text.as_str();
        let mut name = document.name.clone();
        let standing = match document.name.as_str() {
            PLAN => plan(text, against.plan.as_deref())?,
            AUDIT => audit(text, against.plan.as_deref())?,
            LEDGER => ledger(text, against.ledger.as_deref())?,
            MEASURED => measured(text, order.after.as_deref())?,
            other if other.starts_with(STANDARD) => match parse::parse(text) {
                Ok(standard) => {
                    name = format!("{STANDARD}{} {}", standard.id, standard.version);
                    of_standard(&standard, against, stored)?
                }
                Err(_) => Standing::Unchecked,
            },
            _ => Standing::Unchecked,
        };
        all.push(Brought {
            name,
            sha256: document::hash(text),
            standing,
        });
    }
    Ok(all)
}

fn is_same(same: bool, what: impl Into<String>) -> Standing {
    match same {
        true => Standing::Known(what.into()),
        false => Standing::Differs(what.into()),
    }
}

fn plan(text: &str, named: Option<&Path>) -> Result<Standing, Problem> {
    let Some(path) = named else {
        return Ok(Standing::Unchecked);
    };
    let plan = file::read_sound(path)?;
    let same = document::text(&plan).is_ok_and(|it| it == text);
    Ok(is_same(same, path.display().to_string()))
}

/// An audit only grows, so the report's is how it began.
fn audit(text: &str, plan: Option<&Path>) -> Result<Standing, Problem> {
    let Some(path) = plan else {
        return Ok(Standing::Unchecked);
    };
    let path = file::audit(path, &file::read_sound(path)?);
    if !path.is_file() {
        return Ok(Standing::Unchecked);
    }
    let now = read_text(&path, AUDIT_MAX_BYTES)?;
    Ok(is_same(now.starts_with(text), path.display().to_string()))
}

/// A ledger only grows too; the usual one may be that of another machine.
fn ledger(text: &str, named: Option<&Path>) -> Result<Standing, Problem> {
    let most = plan::ledger::TEXT_MAX_BYTES as u64;
    if let Some(path) = named {
        let now = read_text(path, most)?;
        return Ok(is_same(now.starts_with(text), path.display().to_string()));
    }
    let path = book::usual();
    let goes_on = path.is_file()
        && read_text(&path, most).is_ok_and(|it| !text.is_empty() && it.starts_with(text));
    Ok(match goes_on {
        true => Standing::Known(path.display().to_string()),
        false => Standing::Unchecked,
    })
}

fn measured(text: &str, after: Option<&Path>) -> Result<Standing, Problem> {
    let print = text.rsplit_once(' ').map_or("", |(_, print)| print);
    Ok(match after {
        Some(path) if !print.is_empty() => is_same(
            file::fingerprint(path)? == print,
            path.display().to_string(),
        ),
        _ => Standing::Unchecked,
    })
}

/// What is named counts first, then what is shipped, then what the session has.
fn of_standard(
    standard: &Standard,
    against: &Against,
    stored: &Stored,
) -> Result<Standing, Problem> {
    for name in &against.standards {
        let named = standards::load(name)?;
        if named.id == standard.id {
            return Ok(is_same(named == *standard, name.as_str()));
        }
    }
    let twin = |it: &Standard| it.id == standard.id && it.version == standard.version;
    let shipped = shipped::text(&standard.id).and_then(|it| parse::parse(it).ok());
    if let Some(shipped) = shipped.filter(twin) {
        return Ok(is_same(shipped == *standard, "those that come with Kymo"));
    }
    let attached = standards::attached(stored).into_iter().find(twin);
    Ok(match attached {
        Some(attached) => is_same(attached == *standard, "the session"),
        None => Standing::Unchecked,
    })
}
