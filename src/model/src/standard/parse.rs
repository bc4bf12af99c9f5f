//! Standards as text: read with every mistake and its line, written so that they read back.
//!
//! Start at [`parse`] and [`text`].

use ron::extensions::Extensions;
use serde::Deserialize;

use super::check::{self, Fault};
use super::{SCHEMA, Standard};
use crate::text::near;
use crate::text::places::Places;
use crate::text::scan::{self, Position, Refused};

/// Bytes of a standard's text.
pub const TEXT_MAX_BYTES: usize = 1 << 18;
/// Brackets within brackets; a standard needs six.
const DEPTH_MAX: usize = 16;
/// The parser's own bound, in values: an option or a newtype is a value too.
const VALUES_DEPTH: usize = 4 * DEPTH_MAX;

/// What this kind of text is called in errors.
const KIND: near::Kind = near::Kind {
    noun: "standard",
    example: "kymo standard show use prints one",
};

/// A mistake with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub at: Position,
    /// What is wrong there: the field, or `the text`.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to try.
    pub next: String,
    /// What sort of mistake.
    pub sort: Sort,
}

/// Sorts of mistakes that are answered differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It does not say what a standard says.
    Wrong,
    /// It is larger or deeper than any standard.
    Limit,
    /// A later version of Kymo wrote it.
    TooNew,
}

impl std::fmt::Display for Mistake {
    /// `LINE:COLUMN: what: why. Try: next`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { line, column } = self.at;
        let Self {
            what, why, next, ..
        } = self;
        write!(f, "{line}:{column}: {what}: {why}. Try: {next}")
    }
}

/// Reads a standard.
///
/// An optional value may be written without `Some`: `clear: 0.8`.
///
/// # Errors
///
/// Every mistake that is found, in the order of the text; never an empty list.
pub fn parse(text: &str) -> Result<Standard, Vec<Mistake>> {
    if text.len() > TEXT_MAX_BYTES {
        let why = format!("{} bytes are more than {TEXT_MAX_BYTES}", text.len());
        let next = "split it into several standards";
        return Err(vec![of_text(Sort::Limit, (1, 1), why, next)]);
    }
    scan::judge(text, DEPTH_MAX).map_err(|it| vec![refused(it)])?;
    let options = ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        .with_recursion_limit(VALUES_DEPTH);
    if let Ok(head) = options.from_str::<Head>(text)
        && head.schema > SCHEMA
    {
        let Position { line, column } = Places::of(text, DEPTH_MAX).at("schema");
        let why = format!(
            "schema {} is newer than {SCHEMA}, the newest this build reads",
            head.schema
        );
        let next = "open it with the newer version of Kymo";
        return Err(vec![of_text(Sort::TooNew, (line, column), why, next)]);
    }
    let standard: Standard = options.from_str(text).map_err(|error| {
        let start = error.span.start;
        let (why, next) = near::told(&error.code, KIND);
        vec![of_text(Sort::Wrong, (start.line, start.col), why, &next)]
    })?;
    let faults = check::faults(&standard);
    if faults.is_empty() {
        return Ok(standard);
    }
    let places = Places::of(text, DEPTH_MAX);
    let mut mistakes: Vec<Mistake> = faults.into_iter().map(|it| placed(it, &places)).collect();
    mistakes.sort_by_key(|it| (it.at.line, it.at.column));
    Err(mistakes)
}

/// The text of a standard; parsing it gives the same standard.
///
/// # Errors
///
/// Never for a standard without fault; the serializer's signature has it.
pub fn text(standard: &Standard) -> Result<String, ron::Error> {
    let form = ron::ser::PrettyConfig::new()
        .depth_limit(4)
        .indentor("  ")
        .new_line("\n")
        .struct_names(false);
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    let mut text = options.to_string_pretty(standard, form)?;
    text.push('\n');
    Ok(text)
}

/// What every version of a standard says.
#[derive(Deserialize)]
struct Head {
    schema: u32,
}

fn of_text(sort: Sort, (line, column): (usize, usize), why: String, next: &str) -> Mistake {
    Mistake {
        at: Position { line, column },
        what: "the text".to_owned(),
        why,
        next: next.to_owned(),
        sort,
    }
}

fn refused(refused: Refused) -> Mistake {
    match refused {
        Refused::TooDeep { at } => of_text(
            Sort::Limit,
            (at.line, at.column),
            format!("more than {DEPTH_MAX} brackets within each other"),
            "look for a bracket that is not closed",
        ),
        Refused::Hidden { at, found } => of_text(
            Sort::Wrong,
            (at.line, at.column),
            format!(
                "the character U+{:04X} cannot be seen or makes text look like another",
                u32::from(found)
            ),
            "delete it and write the text again by hand",
        ),
    }
}

fn placed(fault: Fault, places: &Places) -> Mistake {
    Mistake {
        at: places.at(&fault.path),
        what: fault.path,
        why: fault.why,
        next: fault.next,
        sort: Sort::Wrong,
    }
}

#[cfg(test)]
mod tests;
