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

use crate::tasks::Written;

/// What is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// A performance report of a range.
    Report(Form, Span),
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
    /// Text for repositories and tickets.
    Markdown,
    /// For programs.
    Json,
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

impl Export {
    /// What it is called while it is written.
    pub fn label(self) -> &'static str {
        match self {
            Self::Report(..) => "writing the report",
            Self::Samples(Table::Csv) => "exporting samples as CSV",
            Self::Samples(Table::Parquet) => "exporting samples as Parquet",
            Self::Samples(Table::Prometheus) => "exporting samples as Prometheus text",
            Self::Part(_) => "saving the selection",
        }
    }

    /// What was written, for the notice.
    pub fn done(self) -> &'static str {
        match self {
            Self::Report(..) => "Report written",
            Self::Samples(_) => "Samples exported",
            Self::Part(_) => "Selection saved",
        }
    }

    /// A file or folder name that nobody has yet.
    pub fn file_name(self, session: &Path) -> String {
        let stem = session.file_stem().map_or_else(
            || "session".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        match self {
            Self::Report(Form::Html, _) => format!("{stem}-report.html"),
            Self::Report(Form::Markdown, _) => format!("{stem}-report.md"),
            Self::Report(Form::Json, _) => format!("{stem}-report.json"),
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
    pub fn filter(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Report(Form::Html, _) => Some(("Web page", "html")),
            Self::Report(Form::Markdown, _) => Some(("Markdown", "md")),
            Self::Report(Form::Json, _) => Some(("JSON", "json")),
            Self::Samples(_) => None,
            Self::Part(_) => Some(("Kymo session", "kymo")),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// What the workflow says.
    pub fn write(self, stored: &Stored, out: &Path, context: &Context) -> Result<Written, Problem> {
        match self {
            Self::Report(form, span) => report(stored, (form, span), out, context),
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
                tables::trim(stored, (span, &[]), out, context)?;
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
    (form, span): (Form, Span),
    out: &Path,
    context: &Context,
) -> Result<Written, Problem> {
    let suffix = match form {
        Form::Html => "html",
        Form::Markdown => "md",
        Form::Json => "json",
    };
    let format = report::format_named(suffix).ok_or_else(|| Problem {
        what: format!("could not write {}", out.display()),
        why: format!("this build writes no {suffix}"),
        what_to_do: String::new(),
        sort: Sort::Bug,
    })?;
    let mut draft = report::draft::of_kind(stored, "performance")?;
    draft.window = Some(span);
    let document = report::make(stored, &Order::of(draft), context)?;
    let form = report::Form {
        format,
        look: report::draft::look(None, None)?,
        out: out.to_path_buf(),
    };
    Ok(Written {
        path: report::write(&document, &form)?,
        remark: String::new(),
        session: false,
    })
}

/// Where a new file goes by default: beside the session, else into `folder`.
pub fn beside(session: &Path, folder: &Path, name: &str) -> PathBuf {
    let parent = session.parent().filter(|it| !it.as_os_str().is_empty());
    parent.unwrap_or(folder).join(name)
}
