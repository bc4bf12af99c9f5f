//! Suggestions: what the bottleneck would have one try, each with its predicted effect.
//!
//! A verdict names a resource, its judgment who uses it; each resource has its usual
//! remedies, as actions of a plan. Each is predicted alone and ranked by how much it helps
//! and how sure that is. What no model has is suggested as a trial, and says so.
//!
//! * In: what the bottleneck analysis concluded, and a calibration where there is one.
//! * Out: actions that a person may take into a plan.
//! * Never: puts an action into a plan.
//!
//! Start at [`suggestions`].
//!
//! # Source
//!
//! B. Gregg, *Systems Performance*, 2nd edition, 2020, for the remedies a resource.

use analysis::bottleneck::{Judgment, Outcome, Resource, Who};
use model::plan::action::{Action, Hardware, Kind, Target};
use model::plan::{Class, Expected};
use serde::Serialize;

use crate::calibrate::Calibration;
use crate::predict::{self, Widening};
use crate::refusal::{Code, Refusal};

/// Remedies shown, at most.
const MOST: usize = 8;

/// Users or shares of the processors below this are nobody's fault.
const SHARE_LEAST: f64 = 0.15;

/// Something worth trying.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// In words.
    pub told: String,
    /// As an action for a plan.
    #[serde(skip)]
    pub action: Action,
    /// What it would bring alone; empty where that cannot be said.
    pub expected: Vec<Expected>,
    /// Why that cannot be said.
    pub refused: Option<Refusal>,
    /// How sure the analysis is that this resource limits, 0 to 1.
    pub evidence: f64,
    /// Share that the main metric gets better by; 0 where it is not known.
    pub gain: f64,
}

/// What to try, the most helpful first; nothing where nothing limits.
pub fn suggestions(
    outcome: &Outcome,
    calibration: Option<&Calibration>,
    widening: &Widening,
) -> Vec<Suggestion> {
    let Some(verdict) = outcome.verdict else {
        return Vec::new();
    };
    let judged = outcome.resources.iter().filter(|it| it.resource == verdict);
    let Some(judgment) = judged.max_by(|a, b| a.score.total_cmp(&b.score)) else {
        return Vec::new();
    };
    let mut all: Vec<Suggestion> = remedies(judgment, calibration)
        .into_iter()
        .enumerate()
        .map(|(i, (told, kind))| {
            let action = Action::new(&format!("s{}", i + 1), kind);
            judge((told, action), judgment.score, (calibration, widening))
        })
        .collect();
    // What helps most comes first; what can only be tried keeps the order of the remedies.
    all.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    all.truncate(MOST);
    all
}

/// The usual remedies, in words and as actions.
fn remedies(judgment: &Judgment, calibration: Option<&Calibration>) -> Vec<(String, Kind)> {
    match judgment.resource {
        Resource::Cpu => processors(judgment, calibration),
        Resource::CpuThrottling => throttled(judgment, calibration),
        Resource::Memory => memory(judgment),
        Resource::Disk => disk(judgment),
        Resource::Pool => hint(&format!(
            "give the pool {}twice as many places, if what is behind it has room",
            match judgment.part.as_str() {
                "" => String::new(),
                part => format!("of {part} "),
            }
        )),
        Resource::FileDescriptors => {
            hint("raise the limit of open files, or find what does not close them")
        }
        Resource::Lock => hint("shorten what is done under the lock, or split it"),
        Resource::External => {
            hint("ask the other service less: cache its answers, or bundle calls")
        }
        Resource::Network => hint("send less: compress, or keep the talkers on one host"),
    }
}

fn hint(text: &str) -> Vec<(String, Kind)> {
    let kind = Kind::WorkloadHint {
        text: text.to_owned(),
    };
    vec![(text.to_owned(), kind)]
}

/// Who uses the most, apart from the application itself.
fn others<'a>(
    judgment: &'a Judgment,
    calibration: Option<&Calibration>,
) -> impl Iterator<Item = &'a Who> {
    let own: Vec<String> = calibration
        .map(|it| {
            it.resources
                .iter()
                .flat_map(|it| it.groups.clone())
                .collect()
        })
        .unwrap_or_default();
    let beside: Vec<String> = calibration
        .map(|it| it.beside.iter().map(|it| it.name.clone()).collect())
        .unwrap_or_default();
    judgment
        .culprits
        .iter()
        .filter(|it| it.share >= SHARE_LEAST)
        .map(|it| &it.who)
        .filter(move |who| match who {
            Who::Cgroup(path) => !own.contains(path),
            // A process is known to be beside the application only where that was told apart.
            Who::Process { name, .. } => own.is_empty() || beside.contains(name),
            Who::Operation(_) => false,
        })
}

fn processors(judgment: &Judgment, calibration: Option<&Calibration>) -> Vec<(String, Kind)> {
    let mut all = Vec::new();
    for who in others(judgment, calibration) {
        let name = name(who);
        all.push((
            format!("move the work of {name} to another time"),
            Kind::BatchShift {
                work: name.to_owned(),
                by_s: 0.0,
            },
        ));
        if let Who::Process { name, pid, .. } = who {
            let process = Target {
                pid: *pid,
                name: name.clone(),
                start: 0,
                children: true,
            };
            all.push((
                format!("make {name} less urgent (nice 10)"),
                Kind::Nice { process, nice: 10 },
            ));
        }
    }
    if let Some(calibration) = calibration
        && let Some(k) = calibration.bottleneck()
    {
        let known = &calibration.resources[k];
        all.extend(more_quota(calibration, k, 1.5));
        let more = (known.units.round() as u32).saturating_add(1);
        all.push((
            format!("give {} {more} processors", host(&known.host)),
            Kind::HardwareChange {
                what: Hardware::Cpu,
                speed: 1.0,
                units: Some(more),
            },
        ));
        all.push((
            format!("run a second copy of {}", calibration.subject),
            Kind::Replicas {
                service: calibration.subject.clone(),
                count: 2,
            },
        ));
    }
    all
}

/// A larger quota where one limits.
fn more_quota(calibration: &Calibration, k: usize, times: f64) -> Option<(String, Kind)> {
    let known = &calibration.resources[k];
    calibration.point.quota[k]?;
    let capacity = calibration.point.allowed[k];
    let group = known.groups.first()?;
    if capacity >= (known.units - known.others) * 0.99 {
        return None;
    }
    let quota = (capacity * times).min(known.units);
    Some((
        format!("let {group} use {quota:.2} processors instead of {capacity:.2}"),
        quota_of(group, quota),
    ))
}

fn quota_of(group: &str, processors: f64) -> Kind {
    const PERIOD_US: u64 = 100_000;
    Kind::CpuMax {
        cgroup: group.to_owned(),
        quota_us: Some((processors * PERIOD_US as f64).round().max(1_000.0) as u64),
        period_us: PERIOD_US,
    }
}

fn throttled(judgment: &Judgment, calibration: Option<&Calibration>) -> Vec<(String, Kind)> {
    let mut all = Vec::new();
    if let Some(calibration) = calibration {
        for k in 0..calibration.resources.len() {
            all.extend(more_quota(calibration, k, 1.5));
            all.extend(more_quota(calibration, k, 2.0));
        }
    }
    if all.is_empty() {
        let groups = judgment.culprits.iter().filter_map(|it| match &it.who {
            Who::Cgroup(path) => Some(path.as_str()),
            Who::Process { .. } | Who::Operation(_) => None,
        });
        let part = Some(judgment.part.as_str()).filter(|it| it.starts_with('/'));
        if let Some(group) = groups.chain(part).next() {
            let kind = Kind::CpuMax {
                cgroup: group.to_owned(),
                quota_us: None,
                period_us: 100_000,
            };
            all.push((format!("take the quota of {group} away"), kind));
        }
    }
    all
}

fn memory(judgment: &Judgment) -> Vec<(String, Kind)> {
    let mut all: Vec<(String, Kind)> = judgment
        .culprits
        .iter()
        .filter_map(|it| match &it.who {
            Who::Cgroup(path) => Some((
                format!("let {path} use more memory"),
                Kind::MemoryMax {
                    cgroup: path.clone(),
                    bytes: None,
                },
            )),
            Who::Process { .. } | Who::Operation(_) => None,
        })
        .collect();
    all.extend(hint(
        "find what keeps growing, or give the host more memory",
    ));
    all
}

fn disk(judgment: &Judgment) -> Vec<(String, Kind)> {
    let mut all = Vec::new();
    for culprit in judgment
        .culprits
        .iter()
        .filter(|it| it.share >= SHARE_LEAST)
    {
        let name = name(&culprit.who);
        all.push((
            format!("move the work of {name} to another time"),
            Kind::BatchShift {
                work: name.to_owned(),
                by_s: 0.0,
            },
        ));
    }
    if !judgment.part.is_empty() {
        all.push((
            format!("try another scheduler for {}", judgment.part),
            Kind::IoScheduler {
                device: judgment.part.clone(),
                scheduler: "mq-deadline".to_owned(),
            },
        ));
    }
    all
}

fn name(who: &Who) -> &str {
    match who {
        Who::Process { name, .. } => name,
        Who::Cgroup(path) => path,
        Who::Operation(operation) => &operation.name,
    }
}

fn host(name: &str) -> &str {
    if name.is_empty() { "the host" } else { name }
}

/// Predicts one remedy.
fn judge(
    (told, action): (String, Action),
    evidence: f64,
    (calibration, widening): (Option<&Calibration>, &Widening),
) -> Suggestion {
    let (expected, refused) = match calibration {
        None => (
            Vec::new(),
            Some(Code::Inconsistent.because("the recording could not be calibrated")),
        ),
        Some(calibration) => {
            let alone = predict::alone(calibration, &action, widening);
            (alone.expected, alone.refused)
        }
    };
    Suggestion {
        gain: gain(&expected),
        told,
        action,
        expected,
        refused,
        evidence,
    }
}

/// Share that response time falls by or throughput grows by, whichever is more.
fn gain(expected: &[Expected]) -> f64 {
    let of = |metric: &str| {
        let it = expected.iter().find(|it| it.metric == metric)?;
        let sure = it.class < Class::X;
        Some(it.p50? / it.before?).filter(|it| sure && it.is_finite())
    };
    let throughput = of("app.throughput").map_or(0.0, |it| it - 1.0);
    let response = of("app.response.mean").map_or(0.0, |it| 1.0 - it);
    throughput.max(response).max(0.0)
}

#[cfg(test)]
mod tests;
