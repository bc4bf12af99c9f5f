//! Scores the anomalies that `kymo anomalies` lists and its causal scores.
//!
//! * In: a session and its truth.
//! * Out: whether the disturbance is seen, after how long, and how often something is
//!   seen where nothing was done.
//!
//! Start at [`measure`].

use std::path::Path;

use serde::Serialize;

use super::ask::{Answer, Asked, list, seconds};
use crate::truth::Truth;

/// A change is still that of the disturbance so long before and after it: samples are
/// a second apart, and what ends is a change too.
const BEFORE_S: f64 = 2.0;
const AFTER_S: f64 = 15.0;

/// Alarms closer than this are one.
const REFRACTORY_S: f64 = 10.0;

/// How often an alarm was right and wrong.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Alarms {
    /// Whether the disturbance was seen; `None` if there was none.
    pub(crate) seen: Option<bool>,
    /// From the onset to the first alarm.
    pub(crate) delay_s: Option<f64>,
    /// Alarms where nothing was done.
    pub(crate) false_alarms: usize,
}

/// What `kymo anomalies` says of one recording.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Anomalies {
    /// The listed collective anomalies, found with the whole recording at hand.
    pub(crate) listed: Alarms,
    /// The causal collective scores against the shipped threshold.
    pub(crate) streaming: Option<Alarms>,
    /// Listed anomalies of single series where nothing was done.
    pub(crate) series_false_alarms: usize,
    /// Number of series.
    pub(crate) series: usize,
    /// Time that false alarms were counted in.
    pub(crate) quiet_s: f64,
}

/// Asks for the anomalies; `None` when the build has no such command.
pub(crate) fn measure(
    asked: &Asked<'_>,
    session: &Path,
    truth: &Truth,
) -> Result<Option<Anomalies>, String> {
    let scores = session.with_extension("scores.csv");
    let name = scores.display().to_string();
    let flags = ["--scores", name.as_str(), "--streaming"];
    let document = match asked.ask("anomalies", session, &flags) {
        Answer::Said(document) => document,
        Answer::Unknown => return Ok(None),
        Answer::Failed(why) => return Err(format!("kymo anomalies: {why}")),
    };
    let text = std::fs::read_to_string(&scores);
    std::fs::remove_file(&scores).ok();
    let threshold = document["threshold"].as_f64().unwrap_or(0.5);
    let collective = list(&document, "collective");
    let collective = collective.iter().filter_map(|it| seconds(&it["time"]));
    let series = list(&document, "series");
    let starts = series.iter().flat_map(|it| list(it, "anomalies"));
    let starts = starts.filter_map(|it| seconds(&it["time"]));
    let outside = starts.filter(|&at| !of_disturbance(at, truth)).count();
    let disturbed = truth.onset.zip(truth.end);
    let disturbed = disturbed.map_or(0.0, |(onset, end)| end - onset + BEFORE_S + AFTER_S);
    Ok(Some(Anomalies {
        listed: alarms(collective.collect(), truth),
        streaming: text.ok().map(|it| alarms(above(&it, threshold), truth)),
        series_false_alarms: outside,
        series: series.len(),
        quiet_s: (truth.stopped - truth.started - disturbed).max(0.0),
    }))
}

/// Times of the rows whose last column, the collective score, reaches the threshold.
fn above(text: &str, threshold: f64) -> Vec<f64> {
    let rows = text.lines().skip(1).filter_map(|row| {
        let time = row.split(',').next()?;
        let score: f64 = row.rsplit(',').next()?.parse().ok()?;
        let at: jiff::Timestamp = time.parse().ok()?;
        (score >= threshold).then_some(at.as_nanosecond() as f64 / 1e9)
    });
    rows.collect()
}

fn of_disturbance(at: f64, truth: &Truth) -> bool {
    let span = truth.onset.zip(truth.end);
    span.is_some_and(|(onset, end)| (onset - BEFORE_S..=end + AFTER_S).contains(&at))
}

/// Sorts alarms into right and wrong ones; those that follow closely are one.
fn alarms(mut times: Vec<f64>, truth: &Truth) -> Alarms {
    times.sort_by(f64::total_cmp);
    let mut found = Alarms::default();
    if let (Some(onset), Some(end)) = (truth.onset, truth.end) {
        let mut during = times.iter().filter(|it| **it >= onset - BEFORE_S);
        let first = during.find(|it| **it <= end);
        found.seen = Some(first.is_some());
        found.delay_s = first.map(|it| (it - onset).max(0.0));
    }
    let mut last = f64::NEG_INFINITY;
    for at in times {
        let apart = at - last >= REFRACTORY_S;
        last = at;
        if apart && !of_disturbance(at, truth) {
            found.false_alarms += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(onset: Option<f64>) -> Truth {
        let text = r#"{"schema":1,"fault":"x","seed":1,"what":"","verdict":"cpu","accepted":[],
            "culprits":[],"affected":[],"size":{},"started":0.0,"onset":null,"end":null,
            "stopped":100.0,"busy_before":0.0,"not_possible":[],"notes":[]}"#;
        let mut truth: Truth = serde_json::from_str(text).expect("a truth");
        truth.onset = onset;
        truth.end = onset.map(|it| it + 20.0);
        truth
    }

    #[test]
    fn alarms_are_right_near_the_disturbance_and_wrong_elsewhere() {
        let found = alarms(vec![10.0, 12.0, 44.0, 45.0, 70.0, 90.0], &truth(Some(40.0)));
        assert_eq!(found.seen, Some(true));
        assert_eq!(found.delay_s, Some(4.0));
        assert_eq!(found.false_alarms, 2);
        let found = alarms(vec![10.0, 12.0, 44.0], &truth(None));
        assert_eq!((found.seen, found.false_alarms), (None, 2));
    }

    #[test]
    fn scores_at_the_threshold_count() {
        let text = "time,a,_collective\n1970-01-01T00:00:01Z,0.1,0.5\n1970-01-01T00:00:02Z,1,0.4\n1970-01-01T00:00:03Z,,\n";
        assert_eq!(above(text, 0.5), [1.0]);
    }
}
