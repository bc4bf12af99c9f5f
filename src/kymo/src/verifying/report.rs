//! `kymo verify` of a report: what is told of it, for people and for programs.

use std::path::Path;

use report::check::{Check, Difference};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};
use workflow::report::verify::brought::{Brought, Standing};
use workflow::report::verify::{self, Against, Verified, Words};

use super::Verify;
use crate::commands::{Output, SCHEMA, json};
use crate::failure::{Answer, answer, answer_text};

/// Checks a report and tells of it.
pub(super) fn run(arguments: &Verify, output: Output) -> Result<Answer, Problem> {
    let input = &arguments.input;
    if arguments.key.is_some() || arguments.head.is_some() {
        return Err(Problem {
            what: format!("could not verify {}", input.display()),
            why: "a report has no signature and no chain".to_owned(),
            what_to_do: "--key and --head on its session".to_owned(),
            sort: Sort::Usage,
        });
    }
    let against = Against {
        session: arguments.session.clone(),
        plan: arguments.plan.clone(),
        ledger: arguments.ledger.clone(),
        standards: arguments.standards.clone(),
        template: arguments.template.clone(),
        style: arguments.style.clone(),
    };
    let verified = verify::report_against(input, &against, &Context::default())?;
    match output {
        Output::Json => answer(&json(&Told::of(&verified))?)?,
        Output::Text => answer_text(&text(input, &verified))?,
    }
    Ok(match verified.is_sound() {
        true => Answer::Fine,
        false => Answer::No,
    })
}

#[derive(Serialize)]
struct Told<'a> {
    schema: u32,
    kymo: &'static str,
    ok: bool,
    made_by: &'a str,
    session: String,
    /// Why the session is another one; `null` where it may be the one.
    another_session: Option<&'a str>,
    numbers: usize,
    sources: usize,
    by_hand: usize,
    stale: Vec<Number<'a>>,
    altered: Vec<Number<'a>>,
    findings: &'a [String],
    words: &'static str,
    /// Why words were not compared; `null` where they were.
    words_why: Option<&'static str>,
    brought: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Number<'a> {
    id: &'a str,
    section: &'a str,
    of: &'a str,
    said: &'a str,
    now: &'a str,
}

/// Something that came with the report.
#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    sha256: &'a str,
    /// `same`, `differs` or `not checked`.
    standing: &'static str,
    /// What it was held against; `null` where that was nothing.
    against: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(verified: &'a Verified) -> Self {
        let list = |all: &'a [Difference]| all.iter().map(Number::of).collect();
        Self {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION"),
            ok: verified.is_sound(),
            made_by: &verified.kymo,
            session: verified.session.display().to_string(),
            another_session: verified.another.as_deref(),
            numbers: verified.check.numbers,
            sources: verified.check.sources,
            by_hand: verified.check.by_hand,
            stale: list(&verified.check.stale),
            altered: list(&verified.check.altered),
            findings: &verified.findings,
            words: word(verified.words),
            words_why: why(verified.words),
            brought: verified.brought.iter().map(Document::of).collect(),
        }
    }
}

impl<'a> Number<'a> {
    fn of(it: &'a Difference) -> Self {
        Self {
            id: &it.id,
            section: &it.section,
            of: &it.of,
            said: &it.said,
            now: &it.now,
        }
    }
}

impl<'a> Document<'a> {
    fn of(it: &'a Brought) -> Self {
        let (standing, against) = match &it.standing {
            Standing::Known(what) => ("same", Some(what.as_str())),
            Standing::Differs(what) => ("differs", Some(what.as_str())),
            Standing::Unchecked => ("not checked", None),
        };
        Self {
            name: &it.name,
            sha256: &it.sha256,
            standing,
            against,
        }
    }
}

fn word(words: Words) -> &'static str {
    match words {
        Words::Same => "same",
        Words::Altered => "altered",
        Words::NotCompared(_) => "not compared",
    }
}

fn why(words: Words) -> Option<&'static str> {
    match words {
        Words::NotCompared(why) => Some(why.text()),
        _ => None,
    }
}

/// What is wrong, a line each; differences beyond these are counted.
const LINES_MAX: usize = 50;

fn text(input: &Path, verified: &Verified) -> String {
    let verdict = match verified.is_sound() {
        true => "verified",
        false => "NOT VERIFIED",
    };
    let against = verified.session.display();
    let mut text = format!("{}: {verdict} against {against}\n", input.display());
    if let Some(another) = &verified.another {
        text.push_str(&format!("  {another}\n"));
        return text;
    }
    let check = &verified.check;
    text.push_str(&format!(
        "  {} numbers from {} sources were computed anew; words {}\n",
        check.numbers,
        check.sources,
        word(verified.words),
    ));
    text.push_str(&of_words(verified.words));
    text.push_str(&differences(check));
    for finding in &verified.findings {
        text.push_str(&format!("  {finding}\n"));
    }
    if check.by_hand > 0 {
        text.push_str(&format!(
            "  {} numbers were written by hand: nothing proves them\n",
            check.by_hand
        ));
    }
    verified
        .brought
        .iter()
        .for_each(|it| text.push_str(&of_brought(it)));
    text
}

fn of_words(words: Words) -> String {
    match words {
        Words::Same => String::new(),
        Words::Altered => {
            "  its words are not those that Kymo writes: it was altered, or made with another template (--template FILE)\n"
                .to_owned()
        }
        Words::NotCompared(why) => format!(
            "  only the numbers that it marks as such were checked, not what else it shows: {}\n",
            why.text()
        ),
    }
}

fn differences(check: &Check) -> String {
    let mut text = String::new();
    for (what, list) in [
        ("rests on data that changed", &check.stale),
        ("is not what its data gives", &check.altered),
    ] {
        for it in list.iter().take(LINES_MAX) {
            text.push_str(&difference(it, what));
        }
        if list.len() > LINES_MAX {
            let more = list.len() - LINES_MAX;
            text.push_str(&format!("  and {more} more of that kind\n"));
        }
    }
    text
}

fn difference(it: &Difference, what: &str) -> String {
    let or = |text: &str, none: &str| match text {
        "" => none.to_owned(),
        text => text.to_owned(),
    };
    let parts = [it.of.as_str(), it.section.as_str()];
    let place: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    let place = match place.is_empty() {
        true => String::new(),
        false => format!(" ({})", place.join(", ")),
    };
    format!(
        "  {} {}{place} {what}; now {}\n",
        it.id,
        or(&it.said, "missing"),
        or(&it.now, "nothing")
    )
}

/// Digits of a hash that people compare.
const HASH_DIGITS: usize = 16;

fn of_brought(it: &Brought) -> String {
    let hash = it.sha256.get(..HASH_DIGITS).unwrap_or(&it.sha256);
    let name = &it.name;
    match &it.standing {
        Standing::Known(what) => format!("  its {name} ({hash}…) is as in {what}\n"),
        Standing::Differs(what) => format!("  its {name} ({hash}…) is NOT as in {what}\n"),
        Standing::Unchecked => format!(
            "  rests on what the report brought along ({name}, {hash}…), not checked{}\n",
            flag(name)
        ),
    }
}

/// How something that came with a report can be checked.
fn flag(name: &str) -> String {
    let flag = match name.split(' ').next() {
        Some("plan" | "audit") => "--plan FILE",
        Some("ledger") => "--ledger FILE",
        Some("standard") => "--standard FILE",
        _ => return String::new(),
    };
    format!(": {flag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unlike(said: &str, of: &str, section: &str) -> Difference {
        Difference {
            id: "1e1779c8e7f6".to_owned(),
            section: section.to_owned(),
            of: of.to_owned(),
            said: said.to_owned(),
            now: String::new(),
        }
    }

    #[test]
    fn places_that_are_not_known_are_left_out() {
        for (it, wanted) in [
            (
                unlike("100 %", "", ""),
                "  1e1779c8e7f6 100 % differs; now nothing\n",
            ),
            (
                unlike("", "max of a", ""),
                "  1e1779c8e7f6 missing (max of a) differs; now nothing\n",
            ),
            (
                unlike("5", "max of a", "summary"),
                "  1e1779c8e7f6 5 (max of a, summary) differs; now nothing\n",
            ),
        ] {
            assert_eq!(difference(&it, "differs"), wanted);
        }
    }

    #[test]
    fn what_is_not_checked_says_how_it_can_be() {
        let mut brought = Brought {
            name: "standard use 1".to_owned(),
            sha256: "0123456789abcdef0123".to_owned(),
            standing: Standing::Unchecked,
        };
        assert_eq!(
            of_brought(&brought),
            "  rests on what the report brought along (standard use 1, 0123456789abcdef…), not checked: --standard FILE\n"
        );
        brought.standing = Standing::Differs("mine.ron".to_owned());
        assert!(of_brought(&brought).contains("NOT as in mine.ron"));
    }
}
