//! All analyses of one input: the list of them, and how each becomes findings.
//!
//! Window and command line go through [`PARTS`], so both give the same findings
//! with the same ids. Add an analysis as a line there.
//!
//! Start at [`all`].

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use analysis::forecast::{self, Bounds, Setup};
use analysis::frame::Frame;
use analysis::{change, trend};
use model::finding::{self, Finding, FindingId, Kept};
use report::own::Took;

use crate::input::{HostFrame, Input};
use crate::jobs::Context;
use crate::laws;
use crate::problem::Problem;
use crate::spread;
use crate::stored::Stored;

/// One analysis.
#[derive(Debug)]
pub struct Part {
    /// Its name in progress and in what is told.
    pub name: &'static str,
    /// What the job is called.
    pub label: &'static str,
    /// Computes its findings.
    pub find: fn(&Input, &Context) -> Result<Vec<Finding>, Problem>,
}

/// Every analysis, the quick ones first. Add yours here.
pub const PARTS: &[Part] = &[
    Part {
        name: "quality",
        label: "judging the data",
        find: laws::findings,
    },
    Part {
        name: "bottleneck",
        label: "looking for what limits",
        find: crate::bottleneck::findings,
    },
    Part {
        name: "anomaly",
        label: "looking for what is unlike its past",
        find: crate::anomalies::findings,
    },
    Part {
        name: "explain",
        label: "looking for what it came from",
        find: crate::explain::findings,
    },
    Part {
        name: "change",
        label: "looking for what changed",
        find: changes,
    },
    Part {
        name: "trend",
        label: "looking where it is heading",
        find: trends,
    },
    Part {
        name: "forecast",
        label: "forecasting",
        find: outlook,
    },
    Part {
        name: "standard",
        label: "holding against standards",
        find: crate::standards::findings,
    },
];

/// A forecast among findings looks this far ahead, in rows and as a share of the past.
const OUTLOOK_ROWS: usize = 300;

/// A forecast reaches at most this share of what was recorded.
const OUTLOOK_SHARE: usize = 10;

/// The band of such a forecast is to hold this share of what comes.
const OUTLOOK_LEVEL: f64 = 0.95;

fn changes(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut found = Vec::new();
    for host in &input.frames {
        let told = by_part(host, context, |frame| {
            change::told(&host.host, frame, &change::of_frame(frame))
        })?;
        found.extend(change::together(&host.host, &host.frame, told));
    }
    Ok(found)
}

fn trends(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut found = Vec::new();
    for host in &input.frames {
        found.extend(by_part(host, context, |frame| {
            trend::findings(&host.host, frame, &trend::of_frame(frame))
        })?);
    }
    Ok(found)
}

/// Series of a host that are looked at between two looks at the wish to stop.
const LINES_AT_ONCE: usize = 32;

fn by_part<T: Send>(
    host: &HostFrame,
    context: &Context,
    find: impl Fn(&Frame) -> Vec<T> + Sync,
) -> Result<Vec<T>, Problem> {
    let lines = (host.frame.lines.len(), LINES_AT_ONCE);
    spread::over(lines, ("analysis", context), |part| {
        find(&Frame {
            at: Arc::clone(&host.frame.at),
            step_ns: host.frame.step_ns,
            lines: host.frame.lines[part].to_vec(),
        })
    })
}

fn outlook(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut found = Vec::new();
    for host in &input.frames {
        let frame = &host.frame;
        let setup = Setup {
            horizon: (frame.rows() / OUTLOOK_SHARE).clamp(1, OUTLOOK_ROWS),
            level: OUTLOOK_LEVEL,
            period: None,
            step_seconds: frame.step_seconds(),
            bounds: Bounds::NONE,
        };
        let of_series = |line| forecast::of_series(&host.host, frame, line, &setup);
        found.extend(spread::over(
            (frame.lines.len(), LINES_AT_ONCE),
            ("forecast", context),
            |part| frame.lines[part].iter().filter_map(of_series).collect(),
        )?);
    }
    Ok(found)
}

/// Whether the findings kept in a session follow from it; one sentence for each
/// that does not. `None` where none are kept.
///
/// # Errors
///
/// The session cannot be read, or the user stopped it.
pub fn rederive(stored: &Stored, context: &Context) -> Result<Option<Vec<String>>, Problem> {
    let Some(kept) = stored.kept().filter(Kept::analyzed) else {
        return Ok(None);
    };
    let input = Input::of_stored(stored, None, context)?;
    let found = all(&input, context)?;
    let mut differences: Vec<String> = differences(&kept.findings, &found)
        .iter()
        .map(ToString::to_string)
        .collect();
    if !differences.is_empty() && kept.kymo != VERSION {
        differences.push(format!(
            "they were found by Kymo {}, this is {VERSION}",
            kept.kymo
        ));
    }
    Ok(Some(differences))
}

/// The version that findings are kept with.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A finding of which the kept and the derived ones do not say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Which finding.
    pub id: FindingId,
    /// What it says, as kept, else as derived.
    pub statement: String,
    /// How they differ.
    pub how: How,
}

/// How the kept findings differ from the derived ones.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// The kept one was altered: its fields do not give its id.
    Altered,
    /// It is kept, but is not found any more.
    Gone,
    /// It says otherwise now.
    Changed(String),
    /// It is found, but was not kept.
    New,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "finding {} ({}): ", self.id, self.statement)?;
        match &self.how {
            How::Altered => f.write_str("its fields do not give its id"),
            How::Gone => f.write_str("it does not follow any more"),
            How::Changed(now) => write!(f, "it says otherwise now: {now}"),
            How::New => f.write_str("it is not kept"),
        }
    }
}

/// What differs between kept findings and those that were derived now: first the
/// kept ones in their order, then the new ones.
pub fn differences(kept: &[Finding], found: &[Finding]) -> Vec<Difference> {
    let by_id = |all: &[Finding]| -> HashMap<FindingId, usize> {
        let places = all.iter().enumerate();
        // Of several with one id the first counts, as in a search from the front.
        places.rev().map(|(place, it)| (it.id, place)).collect()
    };
    let (now, before) = (by_id(found), by_id(kept));
    let difference = |finding: &Finding, how| Difference {
        id: finding.id,
        statement: finding.statement.clone(),
        how,
    };
    let old = kept.iter().filter_map(|it| {
        let how = match now.get(&it.id).map(|place| &found[*place]) {
            _ if it.own_id() != it.id => How::Altered,
            None => How::Gone,
            Some(now) if !is_same(now, it) => How::Changed(now.statement.clone()),
            Some(_) => return None,
        };
        Some(difference(it, how))
    });
    let new = found.iter().filter(|it| !before.contains_key(&it.id));
    let new = new.map(|it| difference(it, How::New));
    old.chain(new).collect()
}

/// Whether two findings say the same, down to the last digit; an unknown number
/// (`NaN`) is the same as another.
fn is_same(a: &Finding, b: &Finding) -> bool {
    a == b || format!("{a:?}") == format!("{b:?}")
}

impl Part {
    /// Computes its findings, and tells how long that took.
    ///
    /// # Errors
    ///
    /// As the analysis.
    pub fn timed(&self, input: &Input, context: &Context) -> Result<(Vec<Finding>, Took), Problem> {
        let began = Instant::now();
        let found = (self.find)(input, context)?;
        let took = Took {
            what: self.name.to_owned(),
            ns: u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX),
        };
        Ok((found, took))
    }
}

/// The findings of all analyses, heaviest first.
///
/// # Errors
///
/// The first analysis that fails, or the user stopped it.
pub fn all(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut found = Vec::new();
    for (done, part) in PARTS.iter().enumerate() {
        if context.cancelled() {
            return Err(Problem::cancelled("analysis"));
        }
        context.progress(done as u64, PARTS.len() as u64);
        found.extend((part.find)(input, context)?);
    }
    finding::sort(&mut found);
    Ok(found)
}

#[cfg(test)]
mod tests;
