//! `kymo bottleneck`: what limits, how sure that is, and who makes the load.

use analysis::bottleneck::{
    Cell, Culprit, Episode, Interval, Judgment, Operation, Outcome, Request, Who, verdict_name,
};
use model::time::{Moment, Span, duration_text};
use model::unit::Unit;
use serde::Serialize;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::{Head, Source, opened, outcome, print};
use crate::failure::Answer;

/// Episodes that are printed for people; `--json` has all.
const PRINTED_EPISODES: usize = 12;

/// `kymo bottleneck`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Start of the window; the whole input without it.
    #[arg(long)]
    from: Option<Moment>,
    /// End of the window, not included.
    #[arg(long)]
    to: Option<Moment>,
    /// The series that tells what users feel; a response time of a known name without it.
    #[arg(long, value_name = "SERIES")]
    symptom: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    window: [String; 2],
    verdict: &'static str,
    covered: f64,
    symptom: Option<Felt<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operations: Vec<Concerned<'a>>,
    resources: Vec<Resource<'a>>,
    episodes: Vec<Stretch<'a>>,
    cells: Vec<Strip<'a>>,
}

#[derive(Serialize)]
struct Felt<'a> {
    series: &'a str,
    before: f64,
    after: f64,
    explained: f64,
}

#[derive(Serialize)]
struct Resource<'a> {
    resource: &'static str,
    host: &'a str,
    part: &'a str,
    utilization: f64,
    saturation: f64,
    saturation_name: &'static str,
    saturation_unit: &'static str,
    errors: f64,
    score: f64,
    limited_seconds: f64,
    share: Option<[f64; 3]>,
    lag_seconds: Option<f64>,
    lag_interval: Option<[f64; 2]>,
    coverage: f64,
    #[serde(rename = "for")]
    supports: &'a [String],
    against: &'a [String],
    culprits: Vec<Blamed<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Blamed<'a> {
    Process {
        process: &'a str,
        pid: u32,
        processes: usize,
        share: f64,
    },
    Cgroup {
        cgroup: &'a str,
        share: f64,
    },
    Operation(Concerned<'a>),
}

/// An operation with its share in the time that requests spend more than before.
#[derive(Serialize)]
struct Concerned<'a> {
    operation: &'a str,
    service: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    peer: &'a str,
    call: bool,
    share: f64,
}

#[derive(Serialize)]
struct Stretch<'a> {
    resource: &'static str,
    host: &'a str,
    part: &'a str,
    from: String,
    to: String,
    score: f64,
    culprits: Vec<Blamed<'a>>,
}

#[derive(Serialize)]
struct Strip<'a> {
    from: String,
    to: String,
    host: &'a str,
    verdict: &'static str,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let input = opened(&arguments.source.input)?;
    let window = window(arguments, input.span())?;
    if let Some(name) = &arguments.symptom {
        let frames = &input.frames;
        if !frames.iter().any(|it| it.frame.find(name).is_some()) {
            // The nearest names are told by the first frame that knows any.
            for host in frames {
                super::place_of(&host.frame, name)?;
            }
        }
    }
    let request = Request {
        window: Some(window),
        symptom: arguments.symptom.as_deref(),
    };
    let judged = workflow::bottleneck::assess(&input, &request, &Context::default())?;
    print(arguments.source.json.into(), &document(&judged), || {
        text(&judged)
    })?;
    Ok(outcome(&input))
}

fn window(arguments: &Arguments, whole: Span) -> Result<Span, Problem> {
    let from = arguments.from.unwrap_or(whole.from);
    let to = arguments.to.unwrap_or(whole.to);
    let window = Span { from, to };
    if from >= to && !whole.is_empty() || window.intersect(whole).is_empty() && !whole.is_empty() {
        return Err(Problem {
            what: format!("could not judge {from} to {to}"),
            why: "nothing was recorded in this window".to_owned(),
            what_to_do: format!("a window inside {} to {}", whole.from, whole.to),
            sort: Sort::Usage,
        });
    }
    Ok(window)
}

fn document(judged: &Outcome) -> Document<'_> {
    Document {
        head: Head::THIS,
        window: [judged.span.from.to_string(), judged.span.to.to_string()],
        verdict: verdict_name(judged.verdict),
        covered: judged.covered,
        symptom: judged.symptom.as_ref().map(|it| Felt {
            series: &it.name,
            before: it.before,
            after: it.after,
            explained: it.explained,
        }),
        operations: judged
            .operations
            .iter()
            .map(|(it, share)| concerned((it, *share)))
            .collect(),
        resources: judged.resources.iter().map(resource).collect(),
        episodes: judged.episodes.iter().map(stretch).collect(),
        cells: judged.cells.iter().map(strip).collect(),
    }
}

fn resource(it: &Judgment) -> Resource<'_> {
    let triple = |it: Interval| [it.lo, it.value, it.hi];
    Resource {
        resource: it.resource.name(),
        host: &it.host,
        part: &it.part,
        utilization: it.utilization,
        saturation: it.saturation,
        saturation_name: it.saturation_name.trim_end_matches(','),
        saturation_unit: it.saturation_unit,
        errors: it.errors,
        score: it.score,
        limited_seconds: it.limited_seconds,
        share: it.share.map(triple),
        lag_seconds: it.lag.map(|it| it.value),
        lag_interval: it.lag.map(|it| [it.lo, it.hi]),
        coverage: it.coverage,
        supports: &it.supports,
        against: &it.against,
        culprits: it.culprits.iter().map(blamed).collect(),
    }
}

fn stretch(it: &Episode) -> Stretch<'_> {
    Stretch {
        resource: it.resource.name(),
        host: &it.host,
        part: &it.part,
        from: it.span.from.to_string(),
        to: it.span.to.to_string(),
        score: it.score,
        culprits: it.culprits.iter().map(blamed).collect(),
    }
}

fn strip(it: &Cell) -> Strip<'_> {
    Strip {
        from: it.span.from.to_string(),
        to: it.span.to.to_string(),
        host: &it.host,
        verdict: verdict_name(it.verdict),
    }
}

fn blamed(it: &Culprit) -> Blamed<'_> {
    match &it.who {
        Who::Process { name, pid, count } => Blamed::Process {
            process: name,
            pid: *pid,
            processes: *count,
            share: it.share,
        },
        Who::Cgroup(path) => Blamed::Cgroup {
            cgroup: path,
            share: it.share,
        },
        Who::Operation(operation) => Blamed::Operation(concerned((operation, it.share))),
    }
}

fn concerned((operation, share): (&Operation, f64)) -> Concerned<'_> {
    Concerned {
        operation: &operation.name,
        service: &operation.service,
        peer: &operation.peer,
        call: operation.call,
        share,
    }
}

fn text(judged: &Outcome) -> String {
    let mut text = String::new();
    for finding in analysis::bottleneck::findings(judged) {
        text.push_str(&format!("{}\n", finding.statement));
    }
    for it in &judged.resources {
        let share = Unit::new("1");
        let place = [it.part.as_str(), it.host.as_str()];
        let place: Vec<&str> = place.into_iter().filter(|it| !it.is_empty()).collect();
        text.push_str(&format!(
            "\n{} {} score {:.2}, {} in use\n",
            it.resource.name(),
            place.join(" of "),
            it.score,
            share.text(it.utilization),
        ));
        for line in &it.supports {
            text.push_str(&format!("  for      {line}\n"));
        }
        for line in &it.against {
            text.push_str(&format!("  against  {line}\n"));
        }
        for culprit in &it.culprits {
            text.push_str(&format!("  by       {}\n", culprit_text(culprit)));
        }
    }
    if !judged.episodes.is_empty() {
        text.push_str("\nlimited when\n");
    }
    for it in judged.episodes.iter().take(PRINTED_EPISODES) {
        text.push_str(&format!(
            "  {} for {}: {} {}\n",
            it.span.from,
            duration_text(it.span.seconds()),
            it.resource.name(),
            it.part
        ));
    }
    text
}

fn culprit_text(culprit: &Culprit) -> String {
    let share = Unit::new("1").text(culprit.share);
    match &culprit.who {
        Who::Process {
            name,
            pid,
            count: 1,
        } => format!("{share} {name} ({pid})"),
        Who::Process { name, pid, count } => {
            format!("{share} {count} processes {name} (parent {pid})")
        }
        Who::Cgroup(path) => format!("{share} control group {path}"),
        Who::Operation(operation) => format!("{share} {}", operation.text()),
    }
}
