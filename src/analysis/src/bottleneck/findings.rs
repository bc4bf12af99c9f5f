//! The verdicts of the bottleneck analysis as findings.
//!
//! Start at [`findings`].

use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::series::SeriesKey;
use model::time::duration_text;
use model::unit::Unit;

use super::limits::{CELL_SECONDS, LIMITED};
use super::{Culprit, Episode, Judgment, Outcome, Resource, Who, verdict_name};

/// From this score on users feel it.
const SEVERE: f64 = 0.75;

/// One finding for each resource that limits; one that says so where none does.
pub fn findings(outcome: &Outcome) -> Vec<Finding> {
    let limiting = outcome.resources.iter().filter(|it| it.limits());
    let mut all: Vec<Finding> = limiting.map(|it| limited(outcome, it)).collect();
    if all.is_empty() {
        all.push(nothing(outcome));
    }
    model::finding::sort(&mut all);
    all
}

fn limited(outcome: &Outcome, judgment: &Judgment) -> Finding {
    let window = outcome.span.seconds();
    let share = (judgment.limited_seconds / window.max(f64::EPSILON)).min(1.0);
    let evidence = (judgment.score * judgment.coverage).clamp(0.0, 1.0);
    let effect = match judgment.share {
        Some(share) => Estimate {
            value: share.value,
            lo: share.lo,
            hi: share.hi,
            unit: Unit::new("1"),
        },
        None => Estimate {
            value: judgment.limited_seconds,
            lo: judgment.limited_between.0,
            hi: judgment.limited_between.1,
            unit: Unit::new("s"),
        },
    };
    let mut finding = plain(
        outcome,
        judgment.resource.name(),
        (&judgment.host, series(judgment)),
    );
    finding.statement = format!("{}{}", sentence(judgment), felt(outcome, judgment));
    let own = |it: &&Episode| {
        (it.resource, &it.host, &it.part) == (judgment.resource, &judgment.host, &judgment.part)
    };
    finding.places = outcome
        .episodes
        .iter()
        .filter(own)
        .map(|it| it.span)
        .collect();
    finding.severity = if judgment.score >= SEVERE && judgment.limited_seconds >= CELL_SECONDS {
        Severity::Severe
    } else {
        Severity::Warning
    };
    finding.effect = Some(effect);
    finding.evidence = evidence;
    // A short limit matters less than a long one, but it matters.
    finding.weight = evidence * share.sqrt().max(LIMITED);
    finding.coverage = judgment.coverage;
    finding.supports = judgment.supports.clone();
    finding.against = judgment.against.clone();
    finding
}

fn nothing(outcome: &Outcome) -> Finding {
    let mut finding = plain(outcome, verdict_name(None), ("", Vec::new()));
    let covered = Unit::new("1").text(outcome.covered);
    finding.statement = format!("None of the measured resources explains it (covered {covered}).");
    finding.evidence = outcome.covered;
    finding.coverage = outcome.covered;
    let sides = outcome.resources.iter();
    finding.supports = sides
        .flat_map(|it| it.against.iter().map(|text| told(it, text)))
        .collect();
    let sides = outcome.resources.iter();
    finding.against = sides
        .flat_map(|it| it.supports.iter().map(|text| told(it, text)))
        .collect();
    finding
}

fn told(judgment: &Judgment, text: &str) -> String {
    format!("{}: {text}", judgment.resource.name())
}

impl Judgment {
    /// Names of the series that show it best; some may not have been recorded.
    pub fn series(&self) -> Vec<String> {
        series(self)
    }
}

fn series(judgment: &Judgment) -> Vec<String> {
    let name = |metric: &str, attributes: &[(&str, &str)]| {
        let owned = attributes.iter();
        let owned = owned.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        SeriesKey::new(judgment.host.as_str(), metric, owned).to_string()
    };
    let pressure = |resource: &str| {
        let with = [("kind", "some"), ("resource", resource)];
        name("system.pressure.share", &with)
    };
    let part = judgment.part.as_str();
    match judgment.resource {
        Resource::Cpu => vec![name("system.cpu.utilization", &[]), pressure("cpu")],
        Resource::CpuThrottling => {
            vec![name("cgroup.cpu.throttled_share", &[("cgroup", part)])]
        }
        Resource::Memory => vec![name("system.memory.utilization", &[]), pressure("memory")],
        Resource::Disk => vec![
            name("system.disk.utilization", &[("device", part)]),
            pressure("io"),
        ],
        Resource::Network => vec![name(
            "system.network.tcp.segments",
            &[("type", "retransmitted")],
        )],
        Resource::FileDescriptors => vec![name("system.file_descriptor.count", &[])],
        Resource::Lock => vec![
            name("service.request.active", &[("service.name", part)]),
            name("service.request.duration.mean", &[("service.name", part)]),
        ],
        Resource::Pool | Resource::External => called(part)
            .map(|with| {
                ["service.request.duration.mean", "service.request.active"]
                    .map(|metric| name(metric, &with))
            })
            .map_or_else(Vec::new, Vec::from),
    }
}

/// The attributes of the calls that a part speaks of.
fn called(part: &str) -> Option<[(&str, &str); 3]> {
    let (service, peer) = part.split_once(" → ")?;
    Some([
        ("kind", "client"),
        ("peer", peer),
        ("service.name", service),
    ])
}

fn plain(outcome: &Outcome, kind: &str, (host, series): (&str, Vec<String>)) -> Finding {
    let mut parameters = vec![("kind".to_owned(), kind.to_owned())];
    if let Some(symptom) = &outcome.symptom {
        parameters.push(("symptom".to_owned(), symptom.name.clone()));
    }
    Finding {
        id: FindingId::of(&Question {
            analysis: Analysis::Bottleneck,
            series: &series,
            span: outcome.span,
            parameters: &parameters,
        }),
        analysis: Analysis::Bottleneck,
        kind: kind.to_owned(),
        host: host.to_owned(),
        series,
        span: outcome.span,
        statement: String::new(),
        severity: Severity::Note,
        effect: None,
        evidence: 0.0,
        weight: 0.0,
        coverage: 0.0,
        places: Vec::new(),
        learned: None,
        parameters,
        supports: Vec::new(),
        against: Vec::new(),
    }
}

/// One plain sentence on a resource that limits.
fn sentence(judgment: &Judgment) -> String {
    let share = Unit::new("1");
    let mut text = judgment.resource.title().to_owned();
    if !judgment.part.is_empty() {
        text.push_str(&format!(" {}", judgment.part));
    }
    if !judgment.host.is_empty() {
        text.push_str(&format!(" of {}", judgment.host));
    }
    let mut text = capitalized(&text);
    text.push_str(&format!(
        " limited for {}",
        duration_text(judgment.limited_seconds)
    ));
    if judgment.utilization.is_finite() {
        text.push_str(&format!(", {} in use", share.text(judgment.utilization)));
    }
    if judgment.saturation.is_finite() {
        let amount = Unit::new(judgment.saturation_unit).text(judgment.saturation);
        text.push_str(&format!(
            ", {} {amount}",
            judgment.saturation_name.trim_end_matches(',')
        ));
    }
    if let Some(part) = judgment.share {
        text.push_str(&format!(
            "; it explains {} ({} to {}) of the rise in response time",
            share.text(part.value),
            share.text(part.lo),
            share.text(part.hi)
        ));
    }
    if let Some(first) = judgment.culprits.first() {
        text.push_str(&format!("; {}", blame(first)));
    }
    text.push('.');
    text
}

/// Which operations users wait for, as a sentence of its own; of a limit that names its
/// operations itself, nothing.
fn felt(outcome: &Outcome, judgment: &Judgment) -> String {
    let named = |it: &Culprit| matches!(it.who, Who::Operation(_));
    if judgment.culprits.iter().any(named) {
        return String::new();
    }
    let share = |it: &f64| Unit::new("1").text(*it);
    let first = |call: bool| outcome.operations.iter().find(|(it, _)| it.call == call);
    match (first(false), first(true)) {
        (Some((asked, most)), Some((call, of))) => format!(
            " Users waited longest for {} ({} of what grew), in {} ({} of the calls that grew).",
            asked.text(),
            share(most),
            call.text(),
            share(of)
        ),
        (Some((one, of)), None) | (None, Some((one, of))) => {
            format!(
                " Users waited longest for {} ({} of what grew).",
                one.text(),
                share(of)
            )
        }
        (None, None) => String::new(),
    }
}

/// Who made how much of a load, without a full stop.
pub fn blame(culprit: &Culprit) -> String {
    let share = Unit::new("1").text(culprit.share);
    match &culprit.who {
        Who::Process {
            name,
            pid,
            count: 1,
        } => format!("{name} ({pid}) made {share} of the load"),
        Who::Process { name, count, .. } => {
            format!("{count} processes called {name} made {share} of the load")
        }
        Who::Cgroup(path) => format!("control group {path} made {share} of the load"),
        Who::Operation(operation) => {
            format!("{share} of what grew is {}", operation.text())
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
