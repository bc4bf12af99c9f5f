//! Standards: loaded by name or file, held against sessions, plans and reports, attached.
//!
//! Window, command line and recipes go through [`load`], [`check`] and [`attached`], so
//! all of them give the same verdicts with the same ids.
//!
//! * [`shipped`]: the ones that come with the program.
//! * [`measured`]: metric and threshold standards on a recording.
//! * [`attach`]: which standards a session has; [`groups`]: which a group of hosts has.
//! * [`propose`]: a new one from a recording that went well.
//! * [`sentry`]: the same rules while data comes; [`sink`]: who is told of alerts.
//!
//! Start at [`check`].

use std::io::Read;
use std::path::Path;

use analysis::standard::Asked;
use model::compliance::{Compliance, Verdict};
use model::finding::Finding;
use model::plan::Plan;
use model::standard::parse::{self, Mistake, TEXT_MAX_BYTES};
use model::standard::{Rules, Standard};
use model::time::Span;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::report::{Order, make};
use crate::stored::Stored;

pub mod attach;
pub mod groups;
pub mod hook;
mod measured;
pub mod propose;
pub mod sentry;
pub mod shipped;
pub mod sink;

pub use attach::attached;

/// What a standard is held against besides a session.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The stretch that counts; all of the session without it.
    pub window: Option<Span>,
    /// The plan that an optimization standard speaks of.
    pub plan: Option<Plan>,
}

/// Loads a standard by the id of a shipped one or from a file.
///
/// # Errors
///
/// There is neither, or the file is no standard: the first mistake with its line.
pub fn load(name: &str) -> Result<Standard, Problem> {
    let (text, origin) = text_of(name)?;
    parse::parse(&text).map_err(|mistakes| faulty(&origin, &mistakes))
}

/// Every mistake of a standard; empty where it is sound.
///
/// # Errors
///
/// There is no such standard or file.
pub fn mistakes(name: &str) -> Result<Vec<Mistake>, Problem> {
    let (text, _) = text_of(name)?;
    Ok(parse::parse(&text).err().unwrap_or_default())
}

/// The text of a standard, with comments, and what it is called in errors.
///
/// # Errors
///
/// There is no such standard or file.
pub fn text_of(name: &str) -> Result<(String, String), Problem> {
    if let Some(text) = shipped::text(name) {
        return Ok((text.to_owned(), name.to_owned()));
    }
    let path = Path::new(name);
    if !path.exists() {
        let ids: Vec<&str> = shipped::ALL.iter().map(|(id, _)| *id).collect();
        let near = model::text::near::nearest(name, &ids);
        return Err(Problem {
            what: format!("could not load the standard {name:?}"),
            why: "there is no such file, and none of this id is shipped".to_owned(),
            what_to_do: match near.as_slice() {
                [] => format!("a file, or one of {}", ids.join(", ")),
                near => format!("{}, or a file", near.join(" or ")),
            },
            sort: Sort::NotReadable,
        });
    }
    let what = || format!("could not read the standard {name}");
    if !path.is_file() {
        return Err(Problem {
            what: what(),
            why: "it is no regular file".to_owned(),
            what_to_do: "a standard in a file, such as one of kymo standard propose".to_owned(),
            sort: Sort::NotUsable,
        });
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    file.and_then(|it| it.take(TEXT_MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
    let text = String::from_utf8(bytes).map_err(|_| Problem {
        what: what(),
        why: "it is no text".to_owned(),
        what_to_do: "a standard, which is RON".to_owned(),
        sort: Sort::NotUsable,
    })?;
    Ok((text, name.to_owned()))
}

/// The first mistake as a problem: `FILE:LINE:COLUMN: what: why`.
fn faulty(origin: &str, mistakes: &[Mistake]) -> Problem {
    let Some(first) = mistakes.first() else {
        return Problem {
            what: origin.to_owned(),
            why: "it is no standard".to_owned(),
            what_to_do: String::new(),
            sort: Sort::NotUsable,
        };
    };
    let more = match mistakes.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more: kymo standard validate {origin})"),
    };
    Problem {
        what: format!(
            "{origin}:{}:{}: {}",
            first.at.line, first.at.column, first.what
        ),
        why: format!("{}{more}", first.why),
        what_to_do: first.next.clone(),
        sort: match first.sort {
            parse::Sort::Wrong => Sort::NotUsable,
            parse::Sort::Limit => Sort::Limit,
            parse::Sort::TooNew => Sort::TooNew,
        },
    }
}

/// Holds a session, the plan of the request, or the session's performance report against a
/// standard. Where nothing can be judged, one undecidable verdict says so.
///
/// # Errors
///
/// The window holds nothing, the plan is missing, the session cannot be read, or the user
/// stopped it.
pub fn check(
    stored: &Stored,
    standard: &Standard,
    request: &Request,
    context: &Context,
) -> Result<Compliance, Problem> {
    let window = window_of(stored, request.window)?;
    let mut compliance = judged((stored, window), standard, request, context)?;
    if compliance.rows.is_empty() {
        compliance.rows.push(nothing(standard, window));
    }
    Ok(compliance)
}

/// What a standard says where none of its rules says anything: that nothing is known.
fn nothing(standard: &Standard, window: Span) -> Verdict {
    let asked = Asked {
        standard,
        rule: ("all", ""),
        host: "",
        series: "none",
        window,
    };
    asked.without_series("", "nothing to judge: no rule finds what it speaks of")
}

fn judged(
    (stored, window): (&Stored, Span),
    standard: &Standard,
    request: &Request,
    context: &Context,
) -> Result<Compliance, Problem> {
    match &standard.rules {
        Rules::Metric(rules) => measured::metrics((stored, standard), rules, (window, context)),
        Rules::Threshold(rules) => {
            measured::thresholds((stored, standard), rules, (window, context))
        }
        Rules::Optimization(_) => match &request.plan {
            Some(plan) => Ok(analysis::standard::plan::judge(standard, plan)),
            None => Err(Problem {
                what: format!("could not check the standard {}", standard.id),
                why: "it speaks of a plan, and none is given".to_owned(),
                what_to_do: "--plan PLAN.ron".to_owned(),
                sort: Sort::Usage,
            }),
        },
        Rules::Reporting(_) => {
            let order = Order::usual("performance", Some(window));
            let document = make(stored, &order, context)?;
            Ok(report::standard::judge(standard, &document))
        }
    }
}

/// The stretch that counts, where something was recorded in it.
fn window_of(stored: &Stored, asked: Option<Span>) -> Result<Span, Problem> {
    let whole = stored.span();
    let Some(asked) = asked else {
        return Ok(whole);
    };
    let window = asked.intersect(whole);
    if window.is_empty() {
        return Err(Problem {
            what: format!("could not check {} to {}", asked.from, asked.to),
            why: "nothing was recorded in this window".to_owned(),
            what_to_do: format!("a window inside {} to {}", whole.from, whole.to),
            sort: Sort::Usage,
        });
    }
    Ok(window)
}

/// Violations of the standards attached to the session behind an input, over all of it.
///
/// Standards of plans are left out: a session holds none. Standards of reports too, since
/// a report tells the findings.
///
/// # Errors
///
/// The session cannot be read, or the user stopped it.
pub fn findings(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let Some(stored) = &input.stored else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for standard in attached(stored) {
        if let Rules::Metric(_) | Rules::Threshold(_) = standard.rules {
            let compliance = check(stored, &standard, &Request::default(), context)?;
            found.extend(analysis::standard::findings::of(&compliance));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
