//! Work on whole sessions: export, trim, verify.
//!
//! Window and command line call these functions alike, as jobs.

mod prometheus;

use std::path::Path;

use model::time::Span;
use store::export as plain;
use store::recorder::Retention;
use store::trim::{Keep, WriteError};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::{Stored, on_progress, told};

/// Formats of exported tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values.
    Csv,
    /// Prometheus text with times.
    Prometheus,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Members looked at.
    pub members: usize,
    /// Bytes looked at.
    pub bytes: u64,
    /// Kept findings that were derived anew; `None` where the session keeps none.
    pub findings: Option<usize>,
    /// The chain over all members; `None` in a folder, and in a file of an older version.
    pub chain: Option<store::chain::Found>,
    /// What is wrong; empty when everything was checked and is as written.
    pub problems: Vec<String>,
}

/// What a long recording may keep, from an age, a size, or both.
pub fn retention(max_age_ns: Option<i64>, max_bytes: Option<u64>) -> Option<Retention> {
    (max_age_ns.is_some() || max_bytes.is_some()).then_some(Retention {
        max_age_ns,
        max_bytes,
    })
}

/// Checks hashes, rows and times of a session.
///
/// # Errors
///
/// The input cannot be opened as a session at all.
pub fn verify(path: &Path, context: &Context) -> Result<Verification, Problem> {
    let (stored, warnings) = Stored::open(path, context)?;
    let report = store::verify::verify(stored.session(), &mut on_progress(context));
    if !report.complete {
        return Err(Problem::cancelled("verification"));
    }
    let mut problems: Vec<String> = report.problems.iter().map(told).collect();
    problems.extend(
        warnings
            .into_iter()
            .filter(|it| stored.damaged() && !it.is_empty()),
    );
    let findings = crate::findings::rederive(&stored, context)?;
    let kept = findings.is_some().then(|| stored.kept()).flatten();
    problems.extend(findings.unwrap_or_default());
    problems.sort();
    problems.dedup();
    Ok(Verification {
        findings: kept.map(|it| it.findings.len()),
        members: report.members,
        bytes: report.bytes,
        chain: report.chain,
        problems,
    })
}

/// Writes the tables of a session as plain files; returns how many.
///
/// # Errors
///
/// The disk refuses, the folder is in the way, or the user stopped it.
pub fn export(
    stored: &Stored,
    out: &Path,
    format: Format,
    context: &Context,
) -> Result<usize, Problem> {
    let form = match format {
        Format::Parquet => plain::Format::Parquet,
        Format::Csv => plain::Format::Csv,
        Format::Prometheus => return prometheus::write(stored, out, context),
    };
    plain::export(stored.session(), out, form, &mut on_progress(context))
        .map_err(|error| writing(out, &error))?;
    Ok(files_below(out))
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => files_below(&path),
            _ => 1,
        })
        .sum()
}

/// Writes part of a session as a new one: a stretch of time, the series that
/// match any of the patterns (all without a pattern).
///
/// # Errors
///
/// Nothing is inside, the disk refuses, or the user stopped it.
pub fn trim(
    stored: &Stored,
    (span, globs): (Span, &[String]),
    out: &Path,
    context: &Context,
) -> Result<(), Problem> {
    let keep = Keep {
        span: Some(span),
        series: globs.to_vec(),
    };
    store::trim::trim(stored.session(), &keep, out, &mut on_progress(context))
        .map_err(|error| writing(out, &error))
}

pub(crate) fn writing(out: &Path, error: &WriteError) -> Problem {
    let what = format!("could not write {}", out.display());
    let (sort, advice) = match error {
        WriteError::Exists { .. } => (Sort::Usage, "another path; nothing is overwritten"),
        WriteError::Empty { .. } => (Sort::Usage, "a wider span or another pattern"),
        WriteError::Query(_) => (Sort::NotReadable, "kymo verify on the session"),
        WriteError::Full { .. } => (Sort::DiskFull, "free some space, or another disk"),
        WriteError::Write { .. } => (Sort::Denied, "a folder you may write to"),
        WriteError::Stopped => return Problem::cancelled(what),
    };
    Problem::from_error(what, error, sort).advise(advice)
}
