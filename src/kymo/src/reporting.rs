//! `kymo report`: reports made and written.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use model::report::Draft;
use model::time::{Moment, Span};
use report::Format;
use workflow::jobs::Context;
use workflow::outfile::spare;
use workflow::problem::{Problem, Sort};
use workflow::report::{Form, Order, PictureFiles, draft};

use crate::commands::{opened, outcome, size_text};
use crate::failure::{Answer, tell};

/// `kymo report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// A session or any file that `kymo import` reads.
    #[arg(required_unless_present = "templates")]
    input: Option<PathBuf>,
    /// Which report.
    #[arg(long, value_parser = kind, default_value = "performance")]
    kind: String,
    /// Format of the file; what its name ends in without it, else html.
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,
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

impl ReportFormat {
    /// The format that the name of a file tells.
    fn of_name(out: &Path) -> Self {
        let ending = out.extension().and_then(|it| it.to_str());
        ending
            .and_then(|it| Self::from_str(it, true).ok())
            .unwrap_or(Self::Html)
    }
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
    let inputs = [
        Some(input),
        arguments.after.as_ref(),
        arguments.plan.as_ref(),
    ];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    spare(out, &inputs)?;
    let stored = opened(input)?;
    let order = Order {
        draft: drafted(arguments, &stored)?,
        plan: arguments.plan.clone(),
        after: arguments.after.clone(),
        standards: arguments.standards.clone(),
        ledger: arguments.ledger.clone(),
    };
    let form = Form {
        format: arguments
            .format
            .unwrap_or_else(|| ReportFormat::of_name(out))
            .into(),
        look: draft::look(arguments.template.as_deref(), arguments.style.as_deref())?,
        out: out.clone(),
        pictures: match arguments.png {
            true => PictureFiles::SvgAndPng,
            false => PictureFiles::Svg,
        },
    };
    let document = workflow::report::make(&stored, &order, &Context::default())?;
    if arguments.kind == "performance" && stored.kept().is_none_or(|it| it.kymo.is_empty()) {
        let input = input.display();
        tell(&format!(
            "kymo: note: {input} keeps no findings, so none is told; kymo analyze {input} --keep finds some"
        ));
    }
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
