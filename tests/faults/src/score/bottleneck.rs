//! Scores the verdicts of `kymo bottleneck`.
//!
//! * In: a session and its truth.
//! * Out: the verdict during the disturbance, the rank of the culprit, the delay, and
//!   the verdicts on stretches where nothing was done.
//! * Never: gives the detector more than the recording and a window.
//!
//! Start at [`measure`].

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::ask::{Answer, Asked, list};
use crate::truth::Truth;

/// Length of the windows that delay and false alarms are measured with.
const WINDOW_S: f64 = 10.0;

/// How far apart the windows of the delay end.
const STEP_S: f64 = 2.0;

/// Samples at the start of a recording that are left out: a first counter reading
/// is a gap.
const START_S: f64 = 3.0;

/// What `kymo bottleneck` says of one recording.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Bottleneck {
    /// Verdict of the whole recording.
    pub(crate) whole: String,
    /// Verdict of the disturbance, from onset to end; `None` if nothing was done.
    pub(crate) verdict: Option<String>,
    /// Verdict of the first ten seconds of it.
    pub(crate) first_seconds: Option<String>,
    /// Place of the first culprit among those that are named for the right resource,
    /// from 1; `None` if it is not named.
    pub(crate) culprit_rank: Option<usize>,
    /// Place of the operation that users wait for among the requests named, from 1;
    /// `None` if it is not named, or it is none in particular.
    pub(crate) operation_rank: Option<usize>,
    /// End of the first ten-second window with the right verdict, from the onset.
    pub(crate) delay_s: Option<f64>,
    /// Stretches of undisturbed windows with a verdict other than `none`.
    pub(crate) false_alarms: usize,
    /// The verdicts of those.
    pub(crate) false_verdicts: Vec<String>,
    /// Time that false alarms were counted in.
    pub(crate) quiet_s: f64,
}

/// Asks for the verdicts; `None` when the build has no such command.
pub(crate) fn measure(
    asked: &Asked<'_>,
    session: &Path,
    truth: &Truth,
) -> Result<Option<Bottleneck>, String> {
    let Some(document) = said(asked.ask("bottleneck", session, &[]))? else {
        return Ok(None);
    };
    let mut found = Bottleneck {
        whole: verdict(&document),
        ..Bottleneck::default()
    };
    let between = |from: f64, to: f64| -> Result<Value, String> {
        let (from, to) = (format!("{from:.3}"), format!("{to:.3}"));
        let answer = asked.ask("bottleneck", session, &["--from", &from, "--to", &to]);
        said(answer)?.ok_or_else(|| "the build takes no --from and --to".to_owned())
    };
    let mut quiet_until = truth.stopped;
    if let (Some(onset), Some(end)) = (truth.onset, truth.end) {
        let document = between(onset, end)?;
        found.verdict = Some(verdict(&document));
        found.culprit_rank = culprit_rank(&document, truth);
        found.operation_rank = operation_rank(&document, truth);
        found.first_seconds = Some(verdict(&between(onset, onset + WINDOW_S)?));
        let mut after = STEP_S;
        while found.delay_s.is_none() && onset + after <= end {
            let document = between(onset + after - WINDOW_S, onset + after)?;
            // What else is accepted is no detection: `none` was there before.
            if verdict(&document) == truth.verdict || accepted_alarm(&document, truth) {
                found.delay_s = Some(after);
            }
            after += STEP_S;
        }
        quiet_until = onset;
    }
    let mut from = truth.started + START_S;
    let mut before = "none".to_owned();
    while from + WINDOW_S <= quiet_until {
        let now = verdict(&between(from, from + WINDOW_S)?);
        if now != "none" && now != before {
            found.false_alarms += 1;
            found.false_verdicts.push(now.clone());
        }
        found.quiet_s += WINDOW_S;
        before = now;
        from += WINDOW_S;
    }
    Ok(Some(found))
}

fn said(answer: Answer) -> Result<Option<Value>, String> {
    match answer {
        Answer::Said(document) => Ok(Some(document)),
        Answer::Unknown => Ok(None),
        Answer::Failed(why) => Err(format!("kymo bottleneck: {why}")),
    }
}

fn verdict(document: &Value) -> String {
    document["verdict"].as_str().unwrap_or("none").to_owned()
}

fn accepted_alarm(document: &Value, truth: &Truth) -> bool {
    let verdict = verdict(document);
    verdict != "none" && truth.accepts(&verdict)
}

/// The verdict that a resource gives: what a process may have open is a pool.
fn verdict_of(resource: &str) -> &str {
    match resource {
        "file-descriptors" => "pool",
        other => other,
    }
}

/// Where a culprit stands among those named for the expected resource.
fn culprit_rank(document: &Value, truth: &Truth) -> Option<usize> {
    let resources = list(document, "resources");
    let named = resources.iter().filter(|it| {
        it["resource"]
            .as_str()
            .is_some_and(|it| truth.accepts(verdict_of(it)))
    });
    let ranks = named.filter_map(|resource| {
        let culprits = list(resource, "culprits");
        let place = culprits.iter().position(|it| is_culprit(it, truth));
        place.map(|it| it + 1)
    });
    ranks.min()
}

/// Where an operation stands among the requests of its service that were named.
fn operation_rank(document: &Value, truth: &Truth) -> Option<usize> {
    let named = list(document, "operations").iter();
    let ranks = truth.operations.iter().filter_map(|wanted| {
        let requests = named.clone().filter(|it| {
            it["call"].as_bool() == Some(false)
                && it["service"].as_str() == Some(wanted.service.as_str())
        });
        let mut names = requests.map(|it| it["operation"].as_str());
        names.position(|it| it == Some(wanted.operation.as_str()))
    });
    ranks.min().map(|it| it + 1)
}

fn is_culprit(named: &Value, truth: &Truth) -> bool {
    truth.culprits.iter().any(|culprit| {
        let pid = named["pid"].as_u64() == Some(u64::from(culprit.pid)) && culprit.pid != 0;
        let process = named["process"].as_str() == Some(culprit.process.as_str());
        let cgroup = named["cgroup"].as_str() == Some(culprit.cgroup.as_str());
        pid || process || (cgroup && !culprit.cgroup.is_empty())
    })
}
