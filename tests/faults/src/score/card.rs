//! The accuracy card: one row for each detector and fault.
//!
//! * In: scored runs.
//! * Out: precision, recall, delay and false alarms per host and day.
//!
//! Start at [`card`].

use serde::{Deserialize, Serialize};

use super::Run;
use super::explain::Explain;

/// One detector on one fault, or on all of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) detector: String,
    /// Name of the fault; `all` sums up.
    pub(crate) fault: String,
    /// Recordings with something to find.
    pub(crate) disturbed: usize,
    /// Recordings with nothing to find.
    pub(crate) undisturbed: usize,
    /// Share of the disturbed that were found; `null` without any.
    pub(crate) recall: Option<f64>,
    /// Right alarms among all alarms; `null` without any.
    pub(crate) precision: Option<f64>,
    /// Median time from onset to alarm of those found.
    pub(crate) delay_s: Option<f64>,
    /// Alarms where nothing was done.
    pub(crate) false_alarms: usize,
    /// Time that those were counted in.
    pub(crate) quiet_s: f64,
    pub(crate) false_alarms_per_host_hour: Option<f64>,
    pub(crate) false_alarms_per_host_day: Option<f64>,
}

/// What one detector made of one recording.
struct Made {
    /// `None` where there was nothing to find.
    found: Option<bool>,
    delay_s: Option<f64>,
    false_alarms: usize,
    quiet_s: f64,
}

type Detector = (&'static str, fn(&Run) -> Option<Made>);

/// Every detector. Add yours here.
const DETECTORS: &[Detector] = &[
    ("bottleneck", bottleneck),
    ("explain", explain),
    ("explain-culprit", explain_culprit),
    ("anomalies", listed),
    ("anomalies-streaming", streaming),
];

/// Right when its verdict of the disturbance is; `none` finds nothing, so where it is
/// accepted and given the recording says nothing of recall.
fn bottleneck(run: &Run) -> Option<Made> {
    let it = run.bottleneck.as_ref()?;
    let verdict = it.verdict.as_deref();
    let found = verdict.map(|verdict| run.truth.accepts(verdict));
    Some(Made {
        found: found.filter(|_| verdict != Some("none") || !run.truth.accepts("none")),
        delay_s: it.delay_s,
        false_alarms: it.false_alarms,
        quiet_s: it.quiet_s,
    })
}

/// Right when the onset is, and a series of the right resource is among the first
/// three.
fn explain(run: &Run) -> Option<Made> {
    let it = run.explain.as_ref()?;
    Some(explained(run, it, it.resource_rank))
}

/// Right when the onset is, and who did it is among the first three; says nothing of
/// disturbances that no process made.
fn explain_culprit(run: &Run) -> Option<Made> {
    let it = run.explain.as_ref()?;
    let blamed = !run.truth.culprits.is_empty() || !run.truth.disturbed();
    blamed.then(|| explained(run, it, it.culprit_rank))
}

fn explained(run: &Run, it: &Explain, rank: Option<usize>) -> Made {
    let found = it.onset_right() && rank.is_some_and(|it| it <= 3);
    let disturbed = run.truth.disturbed();
    Made {
        found: disturbed.then_some(found),
        delay_s: None,
        false_alarms: usize::from(it.onset_found && !(disturbed && it.onset_right())),
        quiet_s: run.truth.stopped - run.truth.started,
    }
}

fn listed(run: &Run) -> Option<Made> {
    let it = run.anomalies.as_ref()?;
    Some(Made {
        found: it.listed.seen,
        delay_s: it.listed.delay_s,
        false_alarms: it.listed.false_alarms,
        quiet_s: it.quiet_s,
    })
}

fn streaming(run: &Run) -> Option<Made> {
    let it = run.anomalies.as_ref()?;
    let streaming = it.streaming.as_ref()?;
    Some(Made {
        found: streaming.seen,
        delay_s: streaming.delay_s,
        false_alarms: streaming.false_alarms,
        quiet_s: it.quiet_s,
    })
}

/// All rows: by detector, then all faults together, then each.
pub(crate) fn card(runs: &[Run]) -> Vec<Row> {
    let mut faults: Vec<&str> = runs.iter().map(|it| it.truth.fault.as_str()).collect();
    faults.sort_unstable();
    faults.dedup();
    let mut rows = Vec::new();
    for (detector, made) in DETECTORS {
        let of = |fault: Option<&str>| -> Vec<Made> {
            let runs = runs.iter();
            let runs = runs.filter(|it| fault.is_none_or(|name| name == it.truth.fault));
            runs.filter_map(made).collect()
        };
        let all = of(None);
        if all.is_empty() {
            continue;
        }
        rows.push(row(detector, "all", &all));
        let each = faults.iter().map(|it| (*it, of(Some(it))));
        let each = each.filter(|(_, made)| !made.is_empty());
        rows.extend(each.map(|(fault, made)| row(detector, fault, &made)));
    }
    rows
}

fn row(detector: &str, fault: &str, made: &[Made]) -> Row {
    let disturbed = made.iter().filter(|it| it.found.is_some()).count();
    let right = made.iter().filter(|it| it.found == Some(true)).count();
    let false_alarms: usize = made.iter().map(|it| it.false_alarms).sum();
    let quiet_s: f64 = made.iter().map(|it| it.quiet_s).sum();
    let delays = made.iter().filter(|it| it.found == Some(true));
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let per = |seconds: f64| (quiet_s > 0.0).then(|| false_alarms as f64 * seconds / quiet_s);
    Row {
        detector: detector.to_owned(),
        fault: fault.to_owned(),
        disturbed,
        undisturbed: made.len() - disturbed,
        recall: share(right, disturbed),
        precision: share(right, right + false_alarms),
        delay_s: median(delays.filter_map(|it| it.delay_s).collect()),
        false_alarms,
        quiet_s,
        false_alarms_per_host_hour: per(3_600.0),
        false_alarms_per_host_day: per(86_400.0),
    }
}

/// The middle value; the lower of two.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}
