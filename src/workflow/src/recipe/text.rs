//! Recipes as text: read with the place of what is wrong, written as people write them.
//!
//! Start at [`parse`].

use std::fmt;
use std::io::Read;
use std::path::Path;

use model::recipe::{self, Fault, Recipe, SCHEMA, TEXT_MAX_BYTES};
use ron::extensions::Extensions;
use serde::Deserialize;

use crate::problem::{Problem, Sort};
use crate::stored;

/// Values within values that a recipe may have; ours need six.
const NESTING_MAX: usize = 32;

/// A place in a text and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.why)
    }
}

/// Reads a recipe that is sound.
///
/// # Errors
///
/// Everything that is wrong, each at its place: one mistake where the text is no recipe.
pub fn parse(text: &str) -> Result<Recipe, Vec<Mistake>> {
    let at_start = |why: String| {
        vec![Mistake {
            line: 1,
            column: 1,
            why,
        }]
    };
    if text.len() > TEXT_MAX_BYTES {
        return Err(at_start(format!(
            "a recipe has at most {TEXT_MAX_BYTES} bytes"
        )));
    }
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
    }
    if let Ok(head) = options().from_str::<Head>(text)
        && head.schema > SCHEMA
    {
        return Err(at_start(format!(
            "schema {} is newer than {SCHEMA}, the newest this build reads",
            head.schema
        )));
    }
    let recipe: Recipe = options().from_str(text).map_err(|error| {
        let start = error.span.start;
        vec![Mistake {
            line: start.line,
            column: start.col,
            why: error.code.to_string(),
        }]
    })?;
    let faults = recipe::faults(&recipe);
    match faults.is_empty() {
        true => Ok(recipe),
        false => Err(faults.iter().map(|it| placed(text, it)).collect()),
    }
}

/// The text of a recipe, with every field.
///
/// # Errors
///
/// The serializer's; none for a recipe.
pub fn text(recipe: &Recipe) -> Result<String, Problem> {
    let form = ron::ser::PrettyConfig::new()
        .depth_limit(4)
        .indentor("  ")
        .new_line("\n")
        .struct_names(false);
    let mut text = options()
        .to_string_pretty(recipe, form)
        .map_err(|error| Problem::from_error("could not write the recipe", &error, Sort::Bug))?;
    text.push('\n');
    Ok(text)
}

/// Reads a recipe file; gives its text too.
///
/// # Errors
///
/// It is not there, or no recipe: then `FILE:LINE:COLUMN: WHY` for each mistake.
pub fn read(path: &Path) -> Result<(Recipe, String), Problem> {
    let what = || format!("could not read the recipe {}", path.display());
    let facts = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem {
            what_to_do: "kymo run --new RECIPE.ron".to_owned(),
            ..stored::missing(path)
        },
        _ => Problem::from_error(what(), &error, Sort::NotReadable),
    })?;
    let unusable = |why: String| Problem {
        what: what(),
        why,
        what_to_do: "a recipe, such as one of kymo run --new RECIPE.ron".to_owned(),
        sort: Sort::NotUsable,
    };
    if !facts.is_file() {
        return Err(unusable("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(TEXT_MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is no text".to_owned()))?;
    let recipe = parse(&text).map_err(|mistakes| {
        let told: Vec<String> = mistakes
            .iter()
            .map(|it| format!("{}:{it}", path.display()))
            .collect();
        Problem {
            what_to_do: "mend these places".to_owned(),
            ..unusable(told.join("; "))
        }
    })?;
    Ok((recipe, text))
}

fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        // `When(series: …)` rather than `When((series: …))`.
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_recursion_limit(NESTING_MAX)
}

/// The place of a fault: the value of the field that it names, or the innermost field on
/// the way there that is written.
fn placed(text: &str, fault: &Fault) -> Mistake {
    let mut at = 0;
    for name in &fault.place {
        let Some(found) = field(&text[at..], name) else {
            break;
        };
        at += found;
    }
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    Mistake {
        line,
        column,
        why: format!("{}: {}", fault.place.join("."), fault.what),
    }
}

/// Where the value of a field of this name begins, outside of texts and comments.
fn field(text: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(inside) = rest.strip_prefix('"') {
            at += 1 + end_of_text(inside);
        } else if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let after = rest[length..].trim_start();
            let value = after.strip_prefix(':').map(str::trim_start);
            if let Some(value) = value.filter(|_| &rest[..length] == name) {
                return Some(text.len() - value.len());
            }
            at += length;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// Bytes up to and with the closing quote.
fn end_of_text(inside: &str) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::recipe::{Start, Step, Until};

    const WHOLE: &str = r#"// A recipe with everything.
(
    schema: 1,
    name: "nightly",
    collect: (
        targets: ["local", "ssh://me@web-1"],
        every: "500ms",
        start: When(
            series: "*/system.pressure.share{kind=some,resource=cpu}",
            above: 0.2,
            for: "10s",
            look_back: "2m",
        ),
        until: For("5m"),
        coverage: 0.95,
        tags: ["nightly"],
    ),
    optimize: (service: "shop"),
    standards: ["slo.ron"],
    report: [(kind: "performance", format: "md")],
    deliver: [Folder("out")],
    monitor: (retries: 2, free: "500MiB"),
)
"#;

    #[test]
    fn a_recipe_reads_what_it_prints() {
        let recipe = parse(WHOLE).unwrap();
        assert_eq!(recipe.steps(), Step::ALL);
        assert!(matches!(&recipe.collect.start, Start::When(it) if it.above == Some(0.2)));
        assert!(matches!(recipe.collect.until, Until::For(it) if it.seconds() == 300.0));
        let printed = text(&recipe).unwrap();
        assert_eq!(parse(&printed), Ok(recipe), "{printed}");
        let plain = Recipe::new("plain");
        assert_eq!(parse(&text(&plain).unwrap()), Ok(plain));
    }

    fn mistake(from: &str, to: &str) -> String {
        let text = WHOLE.replace(from, to);
        assert_ne!(text, WHOLE, "{from}");
        let mistakes = parse(&text).unwrap_err();
        mistakes[0].to_string()
    }

    #[test]
    fn what_is_wrong_is_told_at_its_line_and_column() {
        let wrong = mistake("\"500ms\"", "\"fast\"");
        assert!(wrong.starts_with("7:"), "{wrong}");
        assert!(wrong.contains("no length of time"), "{wrong}");
        let wrong = mistake("retries: 2", "retrys: 2");
        assert!(
            wrong.starts_with("22:") && wrong.contains("retrys"),
            "{wrong}"
        );
        let wrong = mistake("coverage: 0.95", "coverage: 95.0");
        assert_eq!(wrong, "15:19: collect.coverage: a share is between 0 and 1");
        let wrong = mistake("above: 0.2,", "");
        assert!(
            wrong.starts_with("8:16: collect.start: it says either"),
            "{wrong}"
        );
        assert!(mistake("schema: 1", "schema: 9").contains("newer"));
        let torn = parse("(schema: 1, name: \"a\"").unwrap_err();
        assert_eq!(torn[0].line, 1);
        let deep = "(".repeat(100_000);
        assert!(parse(&deep).is_err());
    }
}
