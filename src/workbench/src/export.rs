//! Files that can be written from a stored session: reports, tables, parts of it.
//!
//! Start at [`Export`].

use std::path::{Path, PathBuf};

use model::time::Span;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};
use workflow::report::{self, Order};
use workflow::stored::Stored;
use workflow::tables::{self, Format};

use crate::inquiry::report::Asked;
use crate::tasks::Written;

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Export {
    /// A performance report of a range.
    Report(Form, Span),
    /// A report as it was drafted.
    Drafted(Form, Box<Asked>),
    /// Every sample as plain files in a folder.
    Samples(Table),
    /// A range as a session of its own.
    Part(Span),
}

/// Forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One page that needs nothing else.
    Html,
    /// Pages to print and to hand over.
    Pdf,
    /// Text for repositories and tickets.
    Markdown,
    /// For programs.
    Json,
}

impl Form {
    /// Every form with its name in menus.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Html, "Web page (HTML)"),
        (Self::Pdf, "PDF"),
        (Self::Markdown, "Markdown"),
        (Self::Json, "JSON, for programs"),
    ];

    /// What a file dialog calls its files.
    fn noun(self) -> &'static str {
        match self {
            Self::Html => "Web page",
            Self::Pdf => "PDF",
            Self::Markdown => "Markdown",
            Self::Json => "JSON",
        }
    }
}

/// Forms of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Prometheus text with times.
    Prometheus,
}

impl Form {
    /// Suffix of its files, and its name on the command line.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Markdown => "md",
            Self::Json => "json",
        }
    }
}

impl Export {
    /// What it is called while it is written.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Report(..) | Self::Drafted(..) => "writing the report",
            Self::Samples(Table::Csv) => "exporting samples as CSV",
            Self::Samples(Table::Parquet) => "exporting samples as Parquet",
            Self::Samples(Table::Prometheus) => "exporting samples as Prometheus text",
            Self::Part(_) => "saving the selection",
        }
    }

    /// What was written, for the notice.
    pub fn done(&self) -> &'static str {
        match self {
            Self::Report(..) | Self::Drafted(..) => "Report written",
            Self::Samples(_) => "Samples exported",
            Self::Part(_) => "Selection saved",
        }
    }

    /// A file or folder name that nobody has yet.
    pub fn file_name(&self, session: &Path) -> String {
        let stem = session.file_stem().map_or_else(
            || "session".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        match self {
            Self::Report(form, _) => format!("{stem}-report.{}", form.suffix()),
            Self::Drafted(form, asked) => {
                format!("{stem}-{}.{}", asked.draft.kind, form.suffix())
            }
            Self::Samples(Table::Csv) => format!("{stem}-csv"),
            Self::Samples(Table::Parquet) => format!("{stem}-parquet"),
            Self::Samples(Table::Prometheus) => format!("{stem}-prometheus"),
            Self::Part(span) => {
                let from = span.from.strftime("%H%M%S", model::time::Zone::Utc);
                format!("{stem}-{from}.kymo")
            }
        }
    }

    /// Kinds of files the dialog shows; `None` where a folder is written.
    pub fn filter(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Report(form, _) | Self::Drafted(form, _) => Some((form.noun(), form.suffix())),
            Self::Samples(_) => None,
            Self::Part(_) => Some(("Kymo session", "kymo")),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// What the workflow says.
    pub fn write(
        &self,
        stored: &Stored,
        out: &Path,
        context: &Context,
    ) -> Result<Written, Problem> {
        match self {
            Self::Report(form, span) => {
                let mut draft = report::draft::of_kind(stored, "performance")?;
                draft.window = Some(*span);
                report(stored, (*form, &Order::of(draft)), out, context)
            }
            Self::Drafted(form, asked) => report(stored, (*form, &asked.order()), out, context),
            Self::Samples(table) => {
                let format = match table {
                    Table::Csv => Format::Csv,
                    Table::Parquet => Format::Parquet,
                    Table::Prometheus => Format::Prometheus,
                };
                let files = tables::export(stored, out, format, context)?;
                Ok(Written {
                    path: out.to_path_buf(),
                    remark: format!("{files} {}", if files == 1 { "file" } else { "files" }),
                    session: false,
                })
            }
            Self::Part(span) => {
                tables::trim(stored, (*span, &[]), out, context)?;
                Ok(Written {
                    path: out.to_path_buf(),
                    remark: String::new(),
                    session: true,
                })
            }
        }
    }
}

fn report(
    stored: &Stored,
    (form, order): (Form, &Order),
    out: &Path,
    context: &Context,
) -> Result<Written, Problem> {
    let suffix = form.suffix();
    let format = report::format_named(suffix).ok_or_else(|| Problem {
        what: format!("could not write {}", out.display()),
        why: format!("this build writes no {suffix}"),
        what_to_do: String::new(),
        sort: Sort::Bug,
    })?;
    let document = report::make(stored, order, context)?;
    let loose = document.loose();
    let form = report::Form {
        format,
        look: report::draft::look(None, None)?,
        out: out.to_path_buf(),
        pictures: report::PictureFiles::Svg,
    };
    Ok(Written {
        path: report::write(&document, &form)?,
        remark: match loose {
            0 => String::new(),
            count => format!("{count} numbers written by hand lead to no source"),
        },
        session: false,
    })
}

/// Where a new file goes by default: beside the session, else into `folder`.
pub fn beside(session: &Path, folder: &Path, name: &str) -> PathBuf {
    if session.as_os_str().is_empty() {
        return folder.join(name);
    }
    // Told in full, so that everybody sees where it goes.
    let whole = std::path::absolute(session).unwrap_or_else(|_| session.to_path_buf());
    whole.with_file_name(name)
}
