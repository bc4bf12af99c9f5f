//! The parser's errors in words that say what to try.

use ron::error::Error;

/// At most this many letters differ in a name that is taken for another.
const DISTANCE_MOST: usize = 4;

/// At most so many names are listed.
const NAMES_MOST: usize = 24;

/// What a kind of text is called, and where an example of it is.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Such as `plan`.
    pub noun: &'static str,
    /// Such as `kymo plan new writes one`.
    pub example: &'static str,
}

/// Why a text is not understood, and what to try.
pub fn told(error: &Error, kind: Kind) -> (String, String) {
    let noun = kind.noun;
    match error {
        Error::NoSuchStructField {
            expected,
            found,
            outer,
        } => unknown("field", (found, outer.as_deref()), expected),
        Error::NoSuchEnumVariant {
            expected,
            found,
            outer,
        } => unknown("choice", (found, outer.as_deref()), expected),
        Error::MissingStructField { field, outer } => (
            format!("{} needs {field}", whose(outer.as_deref())),
            format!("add {field}: …"),
        ),
        Error::DuplicateStructField { field, outer } => (
            format!("{} has {field} twice", whose(outer.as_deref())),
            "delete one of them".to_owned(),
        ),
        Error::Eof => (
            format!("the text ends before the {noun} does"),
            "look for a bracket or quote that is not closed".to_owned(),
        ),
        Error::TrailingCharacters => (
            format!("something stands behind the {noun}"),
            format!("one {noun} a file; move the rest to a file of its own"),
        ),
        Error::ExpectedComma => (
            "a comma is missing, or a value has more than one part".to_owned(),
            "put a comma between the fields".to_owned(),
        ),
        Error::ExpectedString => (
            "want text in double quotes".to_owned(),
            "write it as \"…\"".to_owned(),
        ),
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } | Error::IntegerOutOfBounds => (
            "want a whole number within its range".to_owned(),
            "write it in digits, without a unit or a point".to_owned(),
        ),
        Error::ExpectedFloat => (
            "want a number".to_owned(),
            "write it in digits with a point, without a unit".to_owned(),
        ),
        Error::Message(why) => (why.clone(), "write the value as it is wanted".to_owned()),
        other => (
            lower(&other.to_string()),
            format!("compare it with an example: {}", kind.example),
        ),
    }
}

fn unknown(what: &str, (found, outer): (&str, Option<&str>), all: &[&str]) -> (String, String) {
    let why = format!("{} has no {what} {found:?}", whose(outer));
    let near = nearest(found, all);
    let next = match near.as_slice() {
        [] if all.is_empty() => "delete it".to_owned(),
        [] => format!("one of {}", listed(all)),
        near => format!(
            "did you mean {}? It may be one of {}",
            near.join(" or "),
            listed(all)
        ),
    };
    (why, next)
}

fn whose(outer: Option<&str>) -> String {
    outer.unwrap_or("this").to_owned()
}

fn listed(all: &[&str]) -> String {
    let mut text = all[..all.len().min(NAMES_MOST)].join(", ");
    if all.len() > NAMES_MOST {
        text.push_str(", …");
    }
    text
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The names nearest to a text: at most two, the nearer first; names that hold it, or that
/// it holds, count as near.
pub fn nearest<'a>(found: &str, all: &[&'a str]) -> Vec<&'a str> {
    let wanted = found.to_lowercase();
    let mut near: Vec<(usize, &str)> = Vec::new();
    for name in all {
        let other = name.to_lowercase();
        let within = wanted.len() >= 3 && (other.contains(&wanted) || wanted.contains(&other));
        let distance = match within {
            true => 1,
            false => distance(&wanted, &other),
        };
        if distance <= DISTANCE_MOST.min(wanted.chars().count() / 2) {
            near.push((distance, name));
        }
    }
    near.sort_unstable();
    near.into_iter().take(2).map(|(_, name)| name).collect()
}

/// Letters to add, drop, change or swap with their neighbor.
///
/// # Source
///
/// F. J. Damerau, "A technique for computer detection and correction of spelling errors",
/// Communications of the ACM 7 (1964); the restricted form.
fn distance(a: &str, b: &str) -> usize {
    /// Names are shorter; the cost grows with the square.
    const LETTERS_MOST: usize = 64;
    let a: Vec<char> = a.chars().take(LETTERS_MOST).collect();
    let b: Vec<char> = b.chars().take(LETTERS_MOST).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
