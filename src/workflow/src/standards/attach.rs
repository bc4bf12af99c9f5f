//! Which standards a session has: kept in it, sealed like its notes.
//!
//! Start at [`attach`] and [`attached`].

use model::finding::{self, Analysis, Finding, Kept};
use model::standard::{Standard, check};

use crate::findings::VERSION;
use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

/// Standards of one session.
const STANDARDS_MAX: usize = 32;

/// The standards attached to a session that are sound; a file of others may hold any.
pub fn attached(stored: &Stored) -> Vec<Standard> {
    let all = stored.standards().into_iter();
    all.filter(|it| check::faults(it).is_empty())
        .take(STANDARDS_MAX)
        .collect()
}

/// Attaches a standard; one of the same id is replaced. Kept findings follow.
///
/// # Errors
///
/// The session is imported or cannot be written, or has as many as it may.
pub fn attach(stored: &Stored, standard: Standard, context: &Context) -> Result<(), Problem> {
    let mut all = stored.standards();
    match all.iter().position(|it| it.id == standard.id) {
        Some(place) => all[place] = standard,
        None if all.len() >= STANDARDS_MAX => {
            return Err(Problem {
                what: format!("could not attach {}", standard.id),
                why: format!("a session has at most {STANDARDS_MAX} standards"),
                what_to_do: format!("kymo standard detach ID --from {}", stored.path().display()),
                sort: Sort::Limit,
            });
        }
        None => all.push(standard),
    }
    replace(stored, all, context)
}

/// Detaches the standard of this id. Kept findings follow.
///
/// # Errors
///
/// The session has no such standard, is imported or cannot be written.
pub fn detach(stored: &Stored, id: &str, context: &Context) -> Result<(), Problem> {
    let mut all = stored.standards();
    let before = all.len();
    all.retain(|it| it.id != id);
    if all.len() == before {
        let ids: Vec<String> = all.into_iter().map(|it| it.id).collect();
        return Err(Problem {
            what: format!("could not detach {id}"),
            why: "the session has no such standard".to_owned(),
            what_to_do: match ids.is_empty() {
                true => "it has none".to_owned(),
                false => format!("one of {}", ids.join(", ")),
            },
            sort: Sort::Usage,
        });
    }
    replace(stored, all, context)
}

fn replace(stored: &Stored, all: Vec<Standard>, context: &Context) -> Result<(), Problem> {
    if !stored.on_disk() {
        return Err(Problem {
            what: "could not change the standards".to_owned(),
            why: "this file was imported, and keeps nothing".to_owned(),
            what_to_do: "kymo import FILE --out SESSION.kymo, then the same with it".to_owned(),
            sort: Sort::Usage,
        });
    }
    stored.set_standards(all)?;
    if let Some(kept) = stored.kept().filter(Kept::analyzed) {
        // Else what is kept would not follow from the session any more.
        let input = Input::of_stored(stored, None, context)?;
        let found = super::findings(&input, context)?;
        stored.keep(with(kept, found))?;
    }
    Ok(())
}

/// Kept findings with those of standards replaced; nothing changes that other analyses said.
fn with(mut kept: Kept, found: Vec<Finding>) -> Kept {
    kept.findings.retain(|it| it.analysis != Analysis::Standard);
    kept.findings.extend(found);
    finding::sort(&mut kept.findings);
    if kept.kymo.is_empty() {
        kept.kymo = VERSION.to_owned();
    }
    kept
}
