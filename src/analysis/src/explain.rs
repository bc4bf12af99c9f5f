//! What caused a disturbance.
//!
//! Candidates are ranked by how far they moved when the disturbance came, in their
//! own usual variation; a part of the system counts the more the more of its
//! measures moved together. Who moved later, who is an outcome rather than a
//! resource, and who calls somebody as disturbed, stands back. Nothing here proves
//! a cause, so each candidate lists what speaks against it.
//!
//! * In: a [`Frame`] and a [`Request`].
//! * Out: an [`Explanation`]; without a disturbance it has no onset and no candidate.
//! * Never: fits a causal model, which on such data does little better than chance.
//!
//! Start at [`explain`], or [`explain_shared`] on several processors; [`findings`] says the same in a sentence, [`agree`] adds who
//! made the load.
//!
//! # Source
//!
//! Shift in robust scales: L. Pham, H. Ha, H. Zhang, "BARO: robust root cause
//! analysis for microservices", FSE 2024. That scaling matters more than causal
//! discovery: M. Hardt et al., "The PetShop dataset", CLeaR 2024.

mod conclusion;
mod graph;
mod names;
mod onset;
mod rank;
mod shift;
mod window;
mod words;

use std::ops::Range;

pub use conclusion::{agree, findings, limiting};
pub use graph::Graph;
pub use names::Class;
pub use onset::Strength;
pub use shift::{Move, Shift};

use crate::frame::Frame;

use names::Names;

/// At most this many candidates are listed: a ranking commits.
pub const MOST_CANDIDATES: usize = 50;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The row at which the disturbance was seen; looked for without it.
    pub onset: Option<usize>,
    /// Place of the series that shows the trouble.
    pub symptom: Option<usize>,
    /// Who calls whom.
    pub graph: Graph,
    /// How far the clock behind each series may be off; missing ones are exact.
    pub clock_error_ns: Vec<i64>,
    /// What limited during the disturbance, where that is known.
    pub limiting: Vec<Limiting>,
}

/// A resource that limited.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiting {
    /// On which host.
    pub host: String,
    /// What measures of it are about.
    pub class: Class,
    /// Its name in sentences.
    pub title: String,
}

/// What may have caused a disturbance, and how much of it that would explain.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// First row of the disturbance: the given one, or the one found.
    pub onset: Option<usize>,
    /// The disturbed stretch of rows.
    pub window: Range<usize>,
    /// Place of the symptom, where one was named.
    pub symptom: Option<usize>,
    /// Best first, at most [`MOST_CANDIDATES`].
    pub candidates: Vec<Candidate>,
    /// Share of the disturbance that the best candidate explains, 0 to 1: of the
    /// symptom's ups and downs if one was named, else of all that moved.
    pub explained: f64,
}

/// One series that may be the cause.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its place in the frame.
    pub line: usize,
    /// Its name.
    pub series: String,
    /// Its entity, by the rule of the command line contract.
    pub entity: String,
    /// The part of the system that it was counted with.
    pub part: String,
    /// What it measures.
    pub class: Class,
    /// How much is to be said for it, 0 to 1.
    pub score: f64,
    /// The row at which it moved; the onset where that cannot be told.
    pub onset_row: usize,
    /// How far it moved.
    pub shift: Shift,
    /// Rank correlation with the symptom around the disturbance.
    pub correlation: Option<f64>,
    /// Share of the disturbed rows that it has a value for.
    pub coverage: f64,
    /// What speaks for it, one sentence each.
    pub supports: Vec<String>,
    /// What speaks against it, one sentence each; never empty.
    pub against: Vec<String>,
}

/// The work was stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Shares out work on the parts of a system: gives what it comes to for every part below
/// the number, in their order, on whatever processors there are.
pub type Share<'a> =
    &'a dyn Fn(usize, &(dyn Fn(usize) -> Strength + Sync)) -> Result<Vec<Strength>, Stopped>;

/// Ranks what may have caused a disturbance, on one processor; see [`explain_shared`].
pub fn explain(frame: &Frame, request: &Request) -> Explanation {
    let alone = |count: usize, work: &(dyn Fn(usize) -> Strength + Sync)| {
        Ok((0..count).map(work).collect())
    };
    explain_shared(frame, request, &alone).unwrap_or_default()
}

/// Ranks what may have caused a disturbance.
///
/// Rows and series are those of `frame`; a row or series that is not there counts
/// as not given. The frame's rows are taken in their order, whatever their times.
/// Costs a few medians a series when the onset is given, and one for each of about
/// `rows / 3` tried rows when it is not; the latter is shared out.
///
/// # Errors
///
/// `share` said so.
pub fn explain_shared(
    frame: &Frame,
    request: &Request,
    share: Share<'_>,
) -> Result<Explanation, Stopped> {
    let names = Names::of(frame, &request.graph);
    let symptom = request.symptom.filter(|it| *it < frame.lines.len());
    let given = request.onset.filter(|it| *it < frame.rows());
    let onset = match given {
        Some(row) => Some(row),
        None => onset::find(frame, &names, symptom, share)?,
    };
    let Some(onset) = onset else {
        return Ok(Explanation {
            symptom,
            ..Explanation::default()
        });
    };
    let scene = window::Scene::of(frame, &names, start_of(frame, &names, onset), symptom);
    let ranking = rank::Ranking::of(frame, &names, &scene, request);
    let mut candidates = ranking.candidates(frame, &names, &scene);
    candidates.truncate(MOST_CANDIDATES);
    let told = (&ranking, request.limiting.as_slice());
    words::fill(frame, &names, &scene, told, &mut candidates);
    Ok(Explanation {
        onset: Some(onset),
        window: scene.window(),
        symptom,
        explained: ranking.explained(frame, &names, &scene, &candidates),
        candidates,
    })
}

/// Where a disturbance that was seen at a row began.
fn start_of(frame: &Frame, names: &Names, seen: usize) -> window::Start {
    let noticed = window::noticed_rows(frame);
    let reach = seen.saturating_sub(noticed)..seen + 1;
    match onset::first_in(frame, names, reach) {
        Some(row) => window::Start { row, lead: 0 },
        None => window::Start {
            row: seen,
            lead: noticed.min(seen / 4),
        },
    }
}

#[cfg(test)]
pub(crate) mod tests;
