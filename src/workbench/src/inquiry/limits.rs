//! What limits, within the selection or throughout, and who makes the load.
//!
//! Start at [`Question::ask`](ask) and [`Judged`].

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::bottleneck::{self, Judgment, Operation, Outcome, Request, Resource, Who};
use analysis::frame::Line;
use model::process::{Field, ProcessId};
use model::series::SeriesKey;
use model::time::Span;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::Problem;
use workflow::processes::Measure;

use super::{Answer, Inquiry};
use crate::tasks::{Generation, Outcome as Job, Pool, Ticket, Work};
use crate::workspace::{Item, ProcessItem};

/// The question; what is asked is a window, or everything.
pub type Question = Inquiry<Option<Span>, Judged>;

/// The answer, with what the screen needs beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The verdict and its evidence.
    pub outcome: Outcome,
    /// The verdict in a sentence.
    pub sentence: String,
    /// How sure that is, 0 to 1.
    pub evidence: f64,
    /// Share of time that tasks stalled, for each of `outcome.resources`; `NaN` where
    /// it was not measured.
    pub stalled: Vec<f64>,
    /// The curves of the culprits that have one.
    pub curves: Curves,
}

/// The curve of each culprit of a resource that has one.
pub type Curves = BTreeMap<(Resource, String, Who), Item>;

/// Asks what limits within a window; `None` for everything.
pub fn ask(
    question: &mut Question,
    (input, window): (&Arc<Input>, Option<Span>),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(window, work);
    let input = Arc::clone(input);
    let job = work.start(Pool::Long, "judging what limits", move |context| {
        let judged = judge(&input, window, context);
        Job::Answered(generation, Box::new(Answer::Limits(number, judged)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}

fn judge(input: &Input, window: Option<Span>, context: &Context) -> Result<Judged, Problem> {
    let request = Request {
        window,
        symptom: None,
    };
    let outcome = workflow::bottleneck::assess(input, &request, context)?;
    let kind = outcome.verdict.map_or("none", Resource::name);
    let mut findings = bottleneck::findings(&outcome);
    findings.sort_by_key(|it| it.kind != kind);
    let first = findings.into_iter().next();
    let stalled = outcome.resources.iter();
    Ok(Judged {
        sentence: first
            .as_ref()
            .map_or(String::new(), |it| it.statement.clone()),
        evidence: first.map_or(f64::NAN, |it| it.evidence),
        stalled: stalled
            .map(|it| stalled_share(input, (it, outcome.span)))
            .collect(),
        curves: curves(input, &outcome, context)?,
        outcome,
    })
}

/// Mean share of the window in which some task stalled for the resource.
fn stalled_share(input: &Input, (judgment, span): (&Judgment, Span)) -> f64 {
    let resource = match judgment.resource {
        Resource::Cpu | Resource::CpuThrottling => "cpu",
        Resource::Memory => "memory",
        Resource::Disk => "io",
        Resource::Network
        | Resource::FileDescriptors
        | Resource::Lock
        | Resource::Pool
        | Resource::External => return f64::NAN,
    };
    let with = [("kind", "some"), ("resource", resource)];
    let owned = with.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let key = SeriesKey::new(judgment.host.as_str(), "system.pressure.share", owned);
    let frames = input.frames.iter();
    let found = frames.filter_map(|it| {
        let mut lines = it.frame.lines.iter();
        let line: &Line = lines.find(|line| line.series.key == key)?;
        Some(line.values[it.frame.rows_in(span)].iter().copied())
    });
    let (mut sum, mut count) = (0.0, 0.0);
    for value in found.flatten().filter(|it| it.is_finite()) {
        sum += value;
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { f64::NAN }
}

/// Finds the process or the series behind each culprit.
fn curves(input: &Input, outcome: &Outcome, context: &Context) -> Result<Curves, Problem> {
    let mut known = BTreeMap::new();
    let mut curves = Curves::new();
    let judged = outcome.resources.iter();
    let judged = judged.map(|it| (it.resource, &it.host, &it.culprits));
    let episodes = outcome.episodes.iter();
    let episodes = episodes.map(|it| (it.resource, &it.host, &it.culprits));
    for (resource, host, culprits) in judged.chain(episodes) {
        for culprit in culprits {
            if context.cancelled() {
                return Err(Problem::cancelled("bottleneck"));
            }
            let found = match &culprit.who {
                Who::Cgroup(path) => group_item(input, (resource, host, path)),
                Who::Operation(operation) => Some(operation_item(host, operation)),
                Who::Process { name, pid, .. } => {
                    let processes = of_host(input, (host, outcome), &mut known)?;
                    let exact = processes.get(&(*pid, name.clone()));
                    let id = exact.or_else(|| {
                        // Of many of one name the number is that of their parent.
                        let mut all = processes.iter();
                        all.find(|((other, _), _)| other == pid).map(|(_, id)| id)
                    });
                    id.map(|id| process_item((host, resource), (*id, *pid, name)))
                }
            };
            if let Some(item) = found {
                curves.insert((resource, host.clone(), culprit.who.clone()), item);
            }
        }
    }
    Ok(curves)
}

/// Number of each process of a host by pid and name.
type Processes = BTreeMap<(u32, String), ProcessId>;

fn of_host<'a>(
    input: &Input,
    (host, outcome): (&str, &Outcome),
    known: &'a mut BTreeMap<String, Processes>,
) -> Result<&'a Processes, Problem> {
    if !known.contains_key(host) {
        let span = outcome.episodes.iter().map(|it| it.span);
        let span = span.fold(outcome.span, Span::union);
        let used = match &input.stored {
            Some(stored) => stored.process_use(host, span)?,
            None => Arc::default(),
        };
        let all = used.iter().rev();
        let all = all.map(|it| ((it.pid, it.name.clone()), it.id)).collect();
        known.insert(host.to_owned(), all);
    }
    Ok(known.entry(host.to_owned()).or_default())
}

fn process_item(
    (host, resource): (&str, Resource),
    (id, pid, name): (ProcessId, u32, &str),
) -> Item {
    let measure = match resource {
        Resource::Cpu
        | Resource::CpuThrottling
        | Resource::Network
        | Resource::Lock
        | Resource::Pool
        | Resource::External => Measure::Cpu,
        Resource::Memory => Measure::Field(Field::ResidentMemory),
        Resource::Disk => Measure::Field(Field::WriteBytes),
        Resource::FileDescriptors => Measure::Field(Field::OpenFiles),
    };
    Item::Process(ProcessItem {
        host: host.to_owned(),
        id,
        pid,
        name: name.to_owned(),
        measure,
    })
}

/// The requests of an operation in flight.
fn operation_item(host: &str, operation: &Operation) -> Item {
    let mut attributes = vec![
        ("operation", operation.name.as_str()),
        ("service.name", operation.service.as_str()),
    ];
    if operation.call {
        attributes.push(("kind", "client"));
    }
    if !operation.peer.is_empty() {
        attributes.push(("peer", operation.peer.as_str()));
    }
    let owned = attributes.into_iter();
    let owned = owned.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Item::Series(SeriesKey::new(host, "service.request.active", owned))
}

/// The series of a control group that tells its use of a resource, if it was recorded.
fn group_item(input: &Input, (resource, host, path): (Resource, &str, &str)) -> Option<Item> {
    let metric = match resource {
        Resource::Cpu => "cgroup.cpu.usage",
        Resource::CpuThrottling => "cgroup.cpu.throttled_time",
        Resource::Memory => "cgroup.memory.usage",
        Resource::Disk => "cgroup.disk.io",
        Resource::Network
        | Resource::FileDescriptors
        | Resource::Lock
        | Resource::Pool
        | Resource::External => return None,
    };
    let mut lines = input.frames.iter().flat_map(|it| &it.frame.lines);
    let line = lines.find(|line| {
        let key = &line.series.key;
        key.metric == metric && key.host == host && key.attribute("cgroup") == Some(path)
    })?;
    Some(Item::Series(line.series.key.clone()))
}
