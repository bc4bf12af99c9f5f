//! Reports of a session: gathered, made, written, checked.
//!
//! * [`make`]: the generator, from a session and an [`Order`] to a document.
//! * [`write`]: the formatter, from a document to a file.
//! * [`verify`]: the same report made anew, and held against the finished one.
//! * Who sends a report where is `crate::deliver`'s business.
//!
//! Start at [`make`]; the terminal prints [`sentences`].

use std::path::{Path, PathBuf};

use analysis::overview;
use model::report::Draft;
use model::time::Span;
use report::document::Document;
use report::look::Look;
use report::request::Request;

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

mod ahead;
mod beside;
mod digest;
pub mod draft;
mod findings;
mod gather;
mod pins;
mod planned;
pub mod verify;

pub use gather::label;

/// Sentences on the terminal.
const SENTENCES_MAX: usize = 8;

/// What a report is to be made of, besides the session.
#[derive(Clone, Debug)]
pub struct Order {
    /// What it is to hold.
    pub draft: Draft,
    /// The plan that it speaks of.
    pub plan: Option<PathBuf>,
    /// A recording after the plan was carried out.
    pub after: Option<PathBuf>,
    /// Standards that the session is held against, by id or file, besides those attached.
    pub standards: Vec<String>,
    /// The ledger of predictions; `None` is the usual one.
    pub ledger: Option<PathBuf>,
}

/// How a report is written, and where.
#[derive(Clone, Debug)]
pub struct Form {
    /// In which form.
    pub format: report::Format,
    /// The look of a page.
    pub look: Look,
    /// The file.
    pub out: PathBuf,
    /// What pictures are written as, where the form holds none itself.
    pub pictures: PictureFiles,
}

/// What the pictures beside a Markdown report are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureFiles {
    /// Vectors.
    #[default]
    Svg,
    /// Vectors, and pixels for those who show no vectors.
    SvgAndPng,
}

impl Order {
    /// A report of a kind as it usually is, over a stretch of time.
    pub fn usual(kind: &str, window: Option<Span>) -> Self {
        let draft = Draft {
            window,
            ..Draft::new(kind)
        };
        Self::of(draft)
    }

    /// A report as a draft has it, without further files.
    pub fn of(draft: Draft) -> Self {
        Self {
            draft,
            plan: None,
            after: None,
            standards: Vec::new(),
            ledger: None,
        }
    }
}

/// The form with this name on the command line, for callers that do not name
/// the report crate.
pub fn format_named(name: &str) -> Option<report::Format> {
    report::Format::from_name(name)
}

/// Makes the report of a session as a value.
///
/// # Errors
///
/// The window is empty, the draft is at fault, a file that was named cannot be used, the
/// session cannot be read, or the user stopped it.
pub fn make(stored: &Stored, order: &Order, context: &Context) -> Result<Document, Problem> {
    let what = || format!("could not report on {}", stored.path().display());
    let faults = order.draft.faults();
    if let Some(fault) = faults.first() {
        return Err(Problem {
            what: what(),
            why: format!("its draft is at fault: {fault}"),
            what_to_do: "mend the draft".to_owned(),
            sort: Sort::Usage,
        });
    }
    if report::kind::find(&order.draft.kind).is_none() {
        let known = report::kind::ALL.iter().map(|it| it.name);
        return Err(Problem {
            what: what(),
            why: format!("there is no kind {:?}", order.draft.kind),
            what_to_do: known.collect::<Vec<_>>().join(", "),
            sort: Sort::Usage,
        });
    }
    let wanted = order.draft.window.unwrap_or_else(|| stored.span());
    let window = wanted.intersect(stored.span());
    if window.is_empty() {
        return Err(Problem {
            what: what(),
            why: "nothing was recorded in this window".to_owned(),
            what_to_do: format!(
                "a window inside {} to {}",
                stored.span().from,
                stored.span().to
            ),
            sort: Sort::Usage,
        });
    }
    covered(stored, &order.draft)?;
    let request = planned::request(order, window)?;
    remade(stored, (request, order), context)
}

/// Refuses a draft that speaks of no host of the session.
fn covered(stored: &Stored, draft: &Draft) -> Result<(), Problem> {
    let hosts = stored.hosts().iter();
    let hosts: Vec<&str> = hosts.map(|it| it.name.as_str()).collect();
    if hosts.iter().any(|it| draft.covers(it)) || draft.hosts.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = hosts.into_iter().filter(|it| !it.is_empty()).collect();
    Err(Problem {
        what: format!("could not report on {}", stored.path().display()),
        why: format!("it has no host {}", draft.hosts.join(", ")),
        what_to_do: match named.as_slice() {
            [] => "a report of all of it: it names no host".to_owned(),
            named => named.join(", "),
        },
        sort: Sort::Usage,
    })
}

/// Makes a report whose request is known.
fn remade(
    stored: &Stored,
    (request, order): (Request, &Order),
    context: &Context,
) -> Result<Document, Problem> {
    let mut input = gather::gather(stored, (request, order), context)?;
    let mut document = report::build::document(&input);
    let lost = draft::lost_references(&input.request.draft, &document);
    if !lost.is_empty() {
        input.notes.extend(lost);
        document = report::build::document(&input);
    }
    digest::stamp(stored, (&mut document, order), context)?;
    Ok(document)
}

/// Writes a document; an existing file is replaced in one step.
///
/// The pictures of Markdown are written first, into the folder `NAME-files` beside it.
///
/// # Errors
///
/// The template does not fit, or the disk refuses.
pub fn write(document: &Document, form: &Form) -> Result<PathBuf, Problem> {
    let stem = form.out.file_stem().unwrap_or_default().to_string_lossy();
    let dress = report::Dress {
        look: &form.look,
        pictures: match form.pictures {
            PictureFiles::Svg => report::Pictures::Beside { stem: &stem },
            PictureFiles::SvgAndPng => report::Pictures::BesideAsPixelsToo { stem: &stem },
        },
    };
    let rendered = report::render_as(document, form.format, dress)
        .map_err(|error| not_written(form, &error))?;
    beside::write(&form.out, &rendered)?;
    Ok(form.out.clone())
}

fn not_written(form: &Form, error: &report::RenderError) -> Problem {
    let own = form.look == Look::OWN;
    let sort = if own { Sort::Bug } else { Sort::NotUsable };
    let problem = Problem::from_error("could not write the report", error, sort);
    match own {
        true => problem,
        false => problem.advise("mend the template; kymo report --templates DIR writes Kymo's own"),
    }
}

/// What a session shows, in a few plain sentences.
///
/// # Errors
///
/// The session cannot be read.
pub fn sentences(stored: &Stored, span: Span) -> Result<Vec<String>, Problem> {
    let resources = gather::resources(stored, span)?;
    let processes = gather::busiest(stored, (span, &|_| true), &Context::default())?;
    Ok(overview::sentences(&resources, &processes, SENTENCES_MAX)
        .iter()
        .map(ToString::to_string)
        .collect())
}

/// Reads a text file that a user named, bounded.
fn read_text(path: &Path, most: u64) -> Result<String, Problem> {
    use std::io::Read;
    let what = || format!("could not read {}", path.display());
    let trouble = |error: std::io::Error| Problem::from_error(what(), &error, Sort::NotReadable);
    let file = std::fs::File::open(path).map_err(trouble)?;
    let regular = file.metadata().map_err(trouble)?.is_file();
    if !regular {
        return Err(Problem {
            what: what(),
            why: "it is no regular file".to_owned(),
            what_to_do: "a file".to_owned(),
            sort: Sort::Usage,
        });
    }
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(trouble)?;
    if bytes.len() as u64 > most {
        return Err(Problem {
            what: what(),
            why: format!("it has more than {most} bytes"),
            what_to_do: "a smaller file".to_owned(),
            sort: Sort::Limit,
        });
    }
    String::from_utf8(bytes).map_err(|_| Problem {
        what: what(),
        why: "it is no text".to_owned(),
        what_to_do: "a text file in UTF-8".to_owned(),
        sort: Sort::NotUsable,
    })
}

#[cfg(test)]
mod tests;
