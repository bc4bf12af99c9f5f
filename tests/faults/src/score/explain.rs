//! Scores the causes that `kymo explain` names.
//!
//! * In: a session and its truth.
//! * Out: the onset it finds and the rank of the culprit, with and without being
//!   told when to look.
//!
//! Start at [`measure`].

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::ask::{Answer, Asked, list, seconds};
use crate::truth::Truth;

/// How far an onset that is found may be from the true one, seconds.
const ONSET_S: f64 = 10.0;

/// What `kymo explain` says of one recording.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Explain {
    /// Whether it finds an onset at all.
    pub(crate) onset_found: bool,
    /// The onset it finds minus the true one; `None` without either.
    pub(crate) onset_error_s: Option<f64>,
    /// Place of the first culprit among its candidates, from 1.
    pub(crate) culprit_rank: Option<usize>,
    /// Place of the first series of the right resource, from 1.
    pub(crate) resource_rank: Option<usize>,
    /// The same where it is told the onset.
    pub(crate) told_culprit_rank: Option<usize>,
    /// The same where it is told the onset.
    pub(crate) told_resource_rank: Option<usize>,
    /// Its first candidate.
    pub(crate) first: Option<String>,
}

impl Explain {
    /// Whether the onset it finds is the true one.
    pub(crate) fn onset_right(&self) -> bool {
        self.onset_error_s.is_some_and(|it| it.abs() <= ONSET_S)
    }
}

/// Asks for the causes; `None` when the build has no such command.
pub(crate) fn measure(
    asked: &Asked<'_>,
    session: &Path,
    truth: &Truth,
) -> Result<Option<Explain>, String> {
    let document = match asked.ask("explain", session, &[]) {
        Answer::Said(document) => document,
        Answer::Unknown => return Ok(None),
        Answer::Failed(why) => return Err(format!("kymo explain: {why}")),
    };
    let onset = seconds(&document["onset"]["time"]);
    let mut found = Explain {
        onset_found: !document["onset"].is_null(),
        onset_error_s: onset.zip(truth.onset).map(|(it, right)| it - right),
        culprit_rank: rank(&document, |it| names_culprit(it, truth)),
        resource_rank: rank(&document, |it| names_resource(it, &truth.verdict)),
        first: list(&document, "candidates")
            .first()
            .and_then(|it| it["series"].as_str())
            .map(str::to_owned),
        ..Explain::default()
    };
    if let Some(onset) = truth.onset {
        let at = format!("{onset:.3}");
        if let Answer::Said(document) = asked.ask("explain", session, &["--at", &at]) {
            found.told_culprit_rank = rank(&document, |it| names_culprit(it, truth));
            found.told_resource_rank = rank(&document, |it| names_resource(it, &truth.verdict));
        }
    }
    Ok(Some(found))
}

fn rank(document: &Value, right: impl Fn(&Value) -> bool) -> Option<usize> {
    let place = list(document, "candidates").iter().position(right);
    place.map(|it| it + 1)
}

/// Whether the text of a candidate names who did it.
fn names_culprit(candidate: &Value, truth: &Truth) -> bool {
    let texts = [&candidate["series"], &candidate["entity"]];
    texts.iter().filter_map(|it| it.as_str()).any(|text| {
        truth.culprits.iter().any(|it| {
            text.contains(&it.process) || (!it.cgroup.is_empty() && text.contains(&it.cgroup))
        })
    })
}

/// Whether a candidate is a series of the resource of a verdict.
pub(crate) fn names_resource(candidate: &Value, verdict: &str) -> bool {
    let words: &[&str] = match verdict {
        "cpu" => &["cpu", "system.process.running"],
        "cpu-throttling" => &["cgroup.cpu"],
        "memory" => &["memory", "paging"],
        "disk" => &["disk", "resource=io"],
        "network" => &["network"],
        "pool" => &["file_descriptor", "open_file"],
        _ => &[],
    };
    let series = candidate["series"].as_str().unwrap_or_default();
    words.iter().any(|it| series.contains(it))
}
