//! `kymo report` and `kymo verify`: reports made, and held against what they came from.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use model::report::Draft;
use model::time::{Moment, Span};
use report::Format;
use report::check::Difference;
use serde::Serialize;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};
use workflow::report::verify::{Verified, Words};
use workflow::report::{Form, Order, PictureFiles, draft};

use crate::commands::{Output, SCHEMA, json, opened, outcome, size_text};
use crate::failure::{Answer, answer, answer_text, tell};
use crate::verifying;

/// `kymo report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// A session or any file that `kymo import` reads.
    #[arg(required_unless_present = "templates")]
    input: Option<PathBuf>,
    /// Which report.
    #[arg(long, value_parser = kind, default_value = "performance")]
    kind: String,
    /// Format of the file.
    #[arg(long, value_enum, default_value = "html")]
    format: ReportFormat,
    /// Start of the window; the whole session without it.
    #[arg(long)]
    from: Option<Moment>,
    /// End of the window, not included.
    #[arg(long)]
    to: Option<Moment>,
    /// Speak of these hosts only; `*` stands for anything; may be repeated.
    #[arg(long = "host", value_name = "GLOB")]
    hosts: Vec<String>,
    /// Title.
    #[arg(long)]
    title: Option<String>,
    /// Who answers for it.
    #[arg(long)]
    author: Option<String>,
    /// What it covers and what not, in words.
    #[arg(long)]
    scope: Option<String>,
    /// What it is to hold, in RON; else what the session keeps, else your template, else as usual.
    #[arg(long, value_name = "FILE.ron")]
    draft: Option<PathBuf>,
    /// The plan it speaks of.
    #[arg(long, value_name = "FILE.ron")]
    plan: Option<PathBuf>,
    /// A recording after the plan was carried out.
    #[arg(long, value_name = "SESSION", requires = "plan")]
    after: Option<PathBuf>,
    /// Hold the session against this standard too, by id or file; may be repeated.
    #[arg(long = "standard", value_name = "FILE.ron|ID")]
    standards: Vec<String>,
    /// The ledger of predictions; the usual one without it.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// A page template of your own.
    #[arg(long, value_name = "FILE.html")]
    template: Option<PathBuf>,
    /// A style sheet of your own.
    #[arg(long, value_name = "FILE.css")]
    style: Option<PathBuf>,
    /// Write Kymo's own templates into this folder, to begin with, and do nothing else.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    templates: Option<PathBuf>,
    /// The file to write.
    #[arg(long, required_unless_present = "templates")]
    out: Option<PathBuf>,
    /// Write the pictures of Markdown as PNG too.
    #[arg(long)]
    png: bool,
}

/// `kymo verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A session, or a report as HTML or JSON.
    input: PathBuf,
    /// The session of a report; sought beside it without this.
    #[arg(long)]
    session: Option<PathBuf>,
    /// Insist that a session is signed with this key: a file of minisign, or the key itself.
    #[arg(long, value_name = "PUB")]
    key: Option<String>,
    /// Insist on this chain head, as its author told it.
    #[arg(long, value_name = "SHA256")]
    head: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One self-contained page.
    Html,
    /// Pages to print and to hand over.
    Pdf,
    /// Markdown, with its pictures in a folder beside it.
    Md,
    /// One JSON document.
    Json,
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Html => Self::Html,
            ReportFormat::Pdf => Self::Pdf,
            ReportFormat::Md => Self::Markdown,
            ReportFormat::Json => Self::Json,
        }
    }
}

fn kind(text: &str) -> Result<String, String> {
    match report::kind::find(text) {
        Some(kind) => Ok(kind.name.to_owned()),
        None => {
            let known: Vec<_> = report::kind::ALL.iter().map(|it| it.name).collect();
            Err(format!("want one of {}", known.join(", ")))
        }
    }
}

/// `kymo report`.
pub(crate) fn run(arguments: &Report) -> Result<Answer, Problem> {
    if let Some(folder) = &arguments.templates {
        for path in draft::write_templates(folder)? {
            tell(&format!("wrote {}", path.display()));
        }
        return Ok(Answer::Fine);
    }
    let (Some(input), Some(out)) = (&arguments.input, &arguments.out) else {
        return Err(Problem {
            what: "could not write a report".to_owned(),
            why: "input and output are needed".to_owned(),
            what_to_do: "kymo report INPUT --out FILE".to_owned(),
            sort: Sort::Usage,
        });
    };
    let stored = opened(input)?;
    let order = Order {
        draft: drafted(arguments, &stored)?,
        plan: arguments.plan.clone(),
        after: arguments.after.clone(),
        standards: arguments.standards.clone(),
        ledger: arguments.ledger.clone(),
    };
    let form = Form {
        format: arguments.format.into(),
        look: draft::look(arguments.template.as_deref(), arguments.style.as_deref())?,
        out: out.clone(),
        pictures: match arguments.png {
            true => PictureFiles::SvgAndPng,
            false => PictureFiles::Svg,
        },
    };
    let document = workflow::report::make(&stored, &order, &Context::default())?;
    let loose = document.loose();
    workflow::report::write(&document, &form)?;
    if loose > 0 {
        tell(&format!(
            "kymo: warning: {loose} numbers were written by hand and lead to no source"
        ));
    }
    tell(&format!("wrote {} ({})", out.display(), size_text(out)));
    Ok(outcome(&stored))
}

/// The draft that was asked for, with what the flags say on top.
fn drafted(arguments: &Report, stored: &workflow::stored::Stored) -> Result<Draft, Problem> {
    let mut draft = match &arguments.draft {
        Some(path) => draft::read(path)?,
        None => draft::of_kind(stored, &arguments.kind)?,
    };
    let whole = stored.span();
    if arguments.from.is_some() || arguments.to.is_some() {
        draft.window = Some(Span {
            from: arguments.from.unwrap_or(whole.from),
            to: arguments.to.unwrap_or(whole.to),
        });
    }
    let texts = [
        (&arguments.title, &mut draft.title),
        (&arguments.author, &mut draft.author),
        (&arguments.scope, &mut draft.scope),
    ];
    for (given, place) in texts {
        if let Some(text) = given {
            place.clone_from(text);
        }
    }
    if !arguments.hosts.is_empty() {
        draft.hosts.clone_from(&arguments.hosts);
    }
    Ok(draft)
}

/// `kymo verify`.
pub(crate) fn verify(arguments: &Verify) -> Result<Answer, Problem> {
    let output = Output::from(arguments.json);
    if !workflow::report::verify::is_report(&arguments.input) {
        let asked = verifying::Asked {
            input: arguments.input.clone(),
            key: arguments.key.clone(),
            head: arguments.head.clone(),
        };
        return verifying::run(&asked, output);
    }
    let session = arguments.session.as_deref();
    let input = &arguments.input;
    let verified = workflow::report::verify::report_file(input, session, &Context::default())?;
    match output {
        Output::Json => answer(&json(&Told::of(&verified))?)?,
        Output::Text => answer_text(&text(input, &verified))?,
    }
    Ok(if verified.is_sound() {
        Answer::Fine
    } else {
        Answer::No
    })
}

#[derive(Serialize)]
struct Told<'a> {
    schema: u32,
    kymo: &'static str,
    ok: bool,
    made_by: &'a str,
    session: String,
    numbers: usize,
    sources: usize,
    by_hand: usize,
    stale: Vec<Number<'a>>,
    altered: Vec<Number<'a>>,
    findings: &'a [String],
    words: &'static str,
}

#[derive(Serialize)]
struct Number<'a> {
    id: &'a str,
    section: &'a str,
    of: &'a str,
    said: &'a str,
    now: &'a str,
}

impl<'a> Told<'a> {
    fn of(verified: &'a Verified) -> Self {
        let list = |all: &'a [Difference]| {
            let numbers = all.iter().map(|it| Number {
                id: &it.id,
                section: &it.section,
                of: &it.of,
                said: &it.said,
                now: &it.now,
            });
            numbers.collect()
        };
        Self {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION"),
            ok: verified.is_sound(),
            made_by: &verified.kymo,
            session: verified.session.display().to_string(),
            numbers: verified.check.numbers,
            sources: verified.check.sources,
            by_hand: verified.check.by_hand,
            stale: list(&verified.check.stale),
            altered: list(&verified.check.altered),
            findings: &verified.findings,
            words: word(verified.words),
        }
    }
}

fn word(words: Words) -> &'static str {
    match words {
        Words::Same => "same",
        Words::Altered => "altered",
        Words::NotCompared => "not compared",
    }
}

/// What is wrong, a line each; differences beyond these are counted.
const LINES_MAX: usize = 50;

fn text(input: &Path, verified: &Verified) -> String {
    let check = &verified.check;
    let mut text = format!(
        "{}: {} against {}\n  {} numbers from {} sources were computed anew; words {}\n",
        input.display(),
        match verified.is_sound() {
            true => "verified",
            false => "NOT VERIFIED",
        },
        verified.session.display(),
        check.numbers,
        check.sources,
        word(verified.words),
    );
    for (what, list) in [
        ("rests on data that changed", &check.stale),
        ("is not what its data gives", &check.altered),
    ] {
        for it in list.iter().take(LINES_MAX) {
            let said = if it.said.is_empty() {
                "missing"
            } else {
                &it.said
            };
            let now = if it.now.is_empty() {
                "nothing"
            } else {
                &it.now
            };
            text.push_str(&format!(
                "  {} {said} ({}, {}) {what}; now {now}\n",
                it.id, it.of, it.section
            ));
        }
        if list.len() > LINES_MAX {
            let more = list.len() - LINES_MAX;
            text.push_str(&format!("  and {more} more of that kind\n"));
        }
    }
    for finding in &verified.findings {
        text.push_str(&format!("  {finding}\n"));
    }
    if check.by_hand > 0 {
        text.push_str(&format!(
            "  {} numbers were written by hand: nothing proves them\n",
            check.by_hand
        ));
    }
    text
}
