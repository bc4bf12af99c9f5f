//! What limits the hosts of an input, and who makes the load.
//!
//! * In: an open input and the question.
//! * Out: the outcome of `analysis::bottleneck`, with culprits where processes were
//!   recorded.
//! * Never: concludes; that is the analysis.
//!
//! Start at [`assess`].

use std::cell::RefCell;
use std::collections::BTreeMap;

use analysis::bottleneck::{self, HostInput, OpenFiles, Outcome, Request};
use analysis::overview::ProcessUse;
use model::finding::Finding;
use model::process::Field;
use model::time::{Moment, Span};

use crate::input::{HostFrame, Input};
use crate::jobs::Context;
use crate::problem::Problem;
use crate::stored::Stored;

/// Processes of a host whose open files are looked at over time: those that have most.
const OPEN_FILES_MAX: usize = 4;

/// A process with fewer open files is far from every usual limit.
const FEW_FILES: f64 = 256.0;

/// One host, and what its processes say.
struct Host<'a> {
    name: String,
    frame: &'a HostFrame,
    cores: Option<f64>,
    files: Vec<OpenFiles>,
}

/// Judges every resource of every host.
///
/// # Errors
///
/// The table of processes cannot be read, or the user stopped it.
pub fn assess(input: &Input, request: &Request<'_>, context: &Context) -> Result<Outcome, Problem> {
    let window = request.window.unwrap_or_else(|| input.span());
    let mut hosts = Vec::new();
    for frame in &input.frames {
        for name in names(frame) {
            if context.cancelled() {
                return Err(Problem::cancelled("bottleneck"));
            }
            let stored = input.stored.as_ref();
            hosts.push(Host {
                cores: stored.and_then(|it| cores(it, &name)),
                files: match stored {
                    Some(stored) => open_files(stored, &name, window)?,
                    None => Vec::new(),
                },
                name,
                frame,
            });
        }
    }
    // What the analysis asks for cannot fail in it, so trouble is kept until it is done.
    let trouble = RefCell::new(None);
    let lookups: Vec<_> = hosts
        .iter()
        .map(|host| {
            |span: Span| match used(input.stored.as_ref(), &host.name, (span, context)) {
                Ok(uses) => uses,
                Err(problem) => {
                    trouble.borrow_mut().get_or_insert(problem);
                    Vec::new()
                }
            }
        })
        .collect();
    let inputs: Vec<HostInput<'_>> = hosts
        .iter()
        .zip(&lookups)
        .map(|(host, uses)| HostInput {
            host: &host.name,
            frame: &host.frame.frame,
            cores: host.cores,
            files: &host.files,
            uses,
        })
        .collect();
    let outcome = bottleneck::assess(&inputs, request);
    match trouble.borrow_mut().take() {
        Some(problem) => Err(problem),
        None => Ok(outcome),
    }
}

/// The verdicts on a whole input as findings, heaviest first.
///
/// # Errors
///
/// The table of processes cannot be read, or the user stopped it.
pub fn findings(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let outcome = assess(input, &Request::default(), context)?;
    Ok(bottleneck::findings(&outcome))
}

/// The hosts of a frame: a table may hold series of several.
fn names(frame: &HostFrame) -> Vec<String> {
    let keys = frame.frame.lines.iter().map(|line| &line.series.key.host);
    let mut names: Vec<String> = keys.cloned().collect();
    names.push(frame.host.clone());
    names.sort();
    names.dedup();
    if names.len() > 1 {
        let known = model::catalog::find;
        // A name without a host is a host only if something of it can be judged.
        names.retain(|name| {
            let lines = frame.frame.lines.iter();
            let mut own = lines.filter(|line| line.series.key.host == *name);
            own.any(|line| known(&line.series.key.metric).is_some())
        });
    }
    if names.is_empty() {
        names.push(frame.host.clone());
    }
    names
}

fn cores(stored: &Stored, host: &str) -> Option<f64> {
    let facts = stored.hosts().iter().find(|facts| facts.name == host)?;
    (facts.host.cpus > 0).then_some(f64::from(facts.host.cpus))
}

fn used(
    stored: Option<&Stored>,
    host: &str,
    (span, context): (Span, &Context),
) -> Result<Vec<ProcessUse>, Problem> {
    if context.cancelled() {
        return Err(Problem::cancelled("bottleneck"));
    }
    match stored {
        Some(stored) => Ok(stored.process_use(host, span)?.to_vec()),
        None => Ok(Vec::new()),
    }
}

/// Open files over time of the processes that have most in the middle and at the end
/// of the window.
fn open_files(stored: &Stored, host: &str, window: Span) -> Result<Vec<OpenFiles>, Problem> {
    let middle = Moment(window.from.0 / 2 + window.to.0 / 2);
    let mut most = BTreeMap::new();
    for moment in [middle, window.to] {
        for line in stored.processes_at(host, moment)? {
            let open = line.reading.value(Field::OpenFiles);
            if open >= FEW_FILES {
                let known = most.entry(line.id).or_insert((0.0, line.process.clone()));
                known.0 = open.max(known.0);
            }
        }
    }
    let mut most: Vec<_> = most.into_iter().collect();
    most.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
    most.truncate(OPEN_FILES_MAX);
    most.into_iter()
        .map(|(id, (_, process))| {
            let column = stored.process_field(host, id, Field::OpenFiles)?;
            let limits = stored.process_field(host, id, Field::OpenFilesLimit)?;
            let told = limits.at.iter().zip(limits.values.iter());
            let mut known = told.filter(|(at, limit)| **at < window.to.0 && limit.is_finite());
            Ok(OpenFiles {
                process: process.name,
                pid: process.pid,
                at: column.at.to_vec(),
                open: column.values.to_vec(),
                limit: known.next_back().map(|(_, limit)| *limit),
            })
        })
        .collect()
}
