//! Plans as text that people write, and the one text of a plan that is agreed to.
//!
//! A plan is RON with unknown fields refused. Sizes, nesting and characters are judged
//! before anything is built of the text, so a hostile file costs no more than reading it
//! once. What is wrong in *meaning* is not judged here: that is
//! [`model::plan::check::faults`], so that the window can open and mend a faulty plan.
//!
//! * In: text. Out: a plan, or where and why the text is none.
//! * In: a plan. Out: its canonical text; parsing that gives the same plan.
//! * Never: touches a file.
//!
//! Start at [`parse`], [`text`] and [`mandate_hash`].

use model::plan::check::{DEPTH_MAX, TEXT_MAX_BYTES};
use model::plan::{Mandate, Plan, SCHEMA};
use model::text::near;
use model::text::scan::{self, Position, Refused};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What this kind of text is called in errors.
const KIND: near::Kind = near::Kind {
    noun: "plan",
    example: "kymo plan new writes one",
};

/// Structures within structures that stand on lines of their own; deeper ones stand on one.
const LINES_DEPTH: usize = 3;

/// The parser's own bound, counted in values rather than brackets: an option or a newtype
/// within brackets is a value too. Never reached by text within [`DEPTH_MAX`].
const VALUES_DEPTH: usize = 4 * DEPTH_MAX;

/// Why a text is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is larger than any plan.
    #[error("the plan has {bytes} bytes, more than the {TEXT_MAX_BYTES} that a plan may have")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Brackets stand within brackets beyond what any plan needs.
    #[error("line {}: more than {DEPTH_MAX} brackets within each other", .at)]
    TooDeep {
        /// The first bracket too many.
        at: Position,
    },
    /// A character that is not seen, or that reorders what is seen.
    #[error("{}: the character U+{:04X} cannot be seen or makes text look like another", place(.at), *.found as u32)]
    Hidden {
        /// Where in the text; `None` where it was written as an escape.
        at: Option<Position>,
        /// The character.
        found: char,
    },
    /// A later version of Kymo wrote it.
    #[error("the plan's schema {found} is newer than {SCHEMA}, the newest this build reads")]
    TooNew {
        /// Its schema.
        found: u32,
    },
    /// It does not say what a plan says.
    #[error("line {at}: {why}")]
    Unclear {
        /// Where.
        at: Position,
        /// What is wrong there.
        why: String,
        /// What to try.
        next: String,
    },
}

impl ParseError {
    /// What to try next, as a sentence without its full stop.
    pub fn next(&self) -> String {
        match self {
            Self::TooLarge { .. } => "split it into several plans".to_owned(),
            Self::TooDeep { .. } => "look for a bracket that is not closed".to_owned(),
            Self::Hidden { .. } => "delete it and write the text again by hand".to_owned(),
            Self::TooNew { .. } => "open it with the newer version of Kymo".to_owned(),
            Self::Unclear { next, .. } => next.clone(),
        }
    }
}

impl From<Refused> for ParseError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooDeep { at } => Self::TooDeep { at },
            Refused::Hidden { at, found } => Self::Hidden {
                at: Some(at),
                found,
            },
        }
    }
}

fn place(at: &Option<Position>) -> String {
    match at {
        Some(at) => format!("line {at}"),
        None => "a text".to_owned(),
    }
}

/// Reads a plan.
///
/// An optional value may be written without `Some`: `quota_us: 150000`.
///
/// # Errors
///
/// [`ParseError`] with the place and what to try.
pub fn parse(text: &str) -> Result<Plan, ParseError> {
    read(text)
}

/// Reads what [`mandate_text`] writes.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_mandate(text: &str) -> Result<Mandate, ParseError> {
    read(text)
}

fn read<T: Serialize + DeserializeOwned>(text: &str) -> Result<T, ParseError> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(ParseError::TooLarge { bytes: text.len() });
    }
    scan::judge(text, DEPTH_MAX)?;
    if let Ok(head) = options().from_str::<Head>(text)
        && head.schema > SCHEMA
    {
        return Err(ParseError::TooNew { found: head.schema });
    }
    let value: T = options().from_str(text).map_err(|error| unclear(&error))?;
    match hidden(&serde_json::to_value(&value).unwrap_or_default()) {
        Some(found) => Err(ParseError::Hidden { at: None, found }),
        None => Ok(value),
    }
}

/// What every version of a plan begins with.
#[derive(Deserialize)]
struct Head {
    schema: u32,
}

/// The canonical text of a plan, with a line break at its end.
///
/// All fields are written, also those at their defaults, so that a text means the same to
/// a later version whose defaults differ.
///
/// # Errors
///
/// [`Unwritable`] never happens for a plan; the serializer's signature has it.
pub fn text(plan: &Plan) -> Result<String, Unwritable> {
    written(plan, &options())
}

/// The canonical text of what is agreed to and carried out: [`Plan::mandate`].
///
/// Optional values are written with `Some`, so that any reader of RON understands it, also
/// one that knows nothing of the way people write plans.
///
/// # Errors
///
/// As [`text`].
pub fn mandate_text(plan: &Plan) -> Result<String, Unwritable> {
    written(&plan.mandate(), &ron::Options::default())
}

/// [`hash`] of [`mandate_text`]: what predictions and approvals are bound to. Empty where
/// there is no text, which equals no hash.
pub fn mandate_hash(plan: &Plan) -> String {
    mandate_text(plan).map_or_else(|_| String::new(), |text| hash(&text))
}

/// SHA-256 of a text in lower-case hexadecimal digits, as `sha256sum` prints it.
pub fn hash(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value that RON cannot write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not write the plan: {0}")]
pub struct Unwritable(String);

fn written(value: &impl Serialize, options: &ron::Options) -> Result<String, Unwritable> {
    let form = ron::ser::PrettyConfig::new()
        .depth_limit(LINES_DEPTH)
        .indentor("  ")
        .new_line("\n")
        .struct_names(false);
    let text = options.to_string_pretty(value, form);
    let mut text = text.map_err(|error| Unwritable(error.to_string()))?;
    text.push('\n');
    Ok(text)
}

fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        .with_recursion_limit(VALUES_DEPTH)
}

/// The first character of any text inside that is not seen.
fn hidden(value: &serde_json::Value) -> Option<char> {
    use serde_json::Value;
    match value {
        Value::String(text) => text.chars().find(|it| scan::is_hidden(*it)),
        Value::Array(all) => all.iter().find_map(hidden),
        Value::Object(all) => all.values().find_map(hidden),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// An error of the parser in our words.
fn unclear(error: &ron::error::SpannedError) -> ParseError {
    let start = error.span.start;
    let at = Position {
        line: start.line,
        column: start.col,
    };
    let (why, next) = near::told(&error.code, KIND);
    ParseError::Unclear { at, why, next }
}

#[cfg(test)]
mod tests;
