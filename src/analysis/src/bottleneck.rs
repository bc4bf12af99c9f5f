//! What limits a system: utilization, saturation and errors of each resource, with
//! the evidence for and against.
//!
//! A resource limits where tasks wait for it because it is used up. So the verdict
//! needs both: use without waiting is work, waiting without use is somebody else's
//! fault. Pressure stall information tells waiting directly; without it queues and the
//! work of the reclaimer stand in, and the answer says so.
//!
//! * In: a frame for each host, on request what processes used.
//! * Out: a judgment for each resource and host, a strip of verdicts in cells of ten
//!   seconds, the episodes in which something limited, and one verdict. `None` is a
//!   full answer: none of the measured resources explains it.
//! * Never: looks ahead of a row, speaks of locks, pools or other services without
//!   signals of the application, or calls something quiet that was not measured.
//!
//! # Source
//!
//! B. Gregg, "Thinking methodically about performance", ACM Queue 10 (2012): the USE
//! method. P. J. Denning, J. P. Buzen, "The operational analysis of queueing network
//! models", ACM Computing Surveys 10 (1978): the utilization law. Thresholds and where
//! they come from: [`limits`].
//!
//! Start at [`assess`].

use std::ops::Range;

use model::time::Span;

use crate::frame::Frame;
use crate::overview::ProcessUse;

mod culprits;
mod evidence;
mod findings;
mod gauge;
mod judge;
mod lag;
mod lens;
pub mod limits;
mod operations;
mod share;
mod sources;
mod strip;
mod waits;

pub use findings::{blame, findings};

/// What can limit, in the order of strips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Processors that are used up.
    Cpu,
    /// The quota of a control group.
    CpuThrottling,
    /// Memory and what is done to find some.
    Memory,
    /// A block device.
    Disk,
    /// Interfaces and protocols.
    Network,
    /// Limits of open files.
    FileDescriptors,
    /// Something that requests of a service wait for inside it.
    Lock,
    /// Connections or threads of which a service has only so many.
    Pool,
    /// Another service that is asked.
    External,
}

impl Resource {
    /// Every resource.
    pub const ALL: [Self; 9] = [
        Self::Cpu,
        Self::CpuThrottling,
        Self::Memory,
        Self::Disk,
        Self::Network,
        Self::FileDescriptors,
        Self::Lock,
        Self::Pool,
        Self::External,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::CpuThrottling => "cpu-throttling",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::FileDescriptors => "file-descriptors",
            Self::Lock => "lock",
            Self::Pool => "pool",
            Self::External => "external",
        }
    }

    /// Its name in sentences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cpu => "the processors",
            Self::CpuThrottling => "the processor quota",
            Self::Memory => "memory",
            Self::Disk => "the disk",
            Self::Network => "the network",
            Self::FileDescriptors => "the limit of open files",
            Self::Lock => "waiting inside",
            Self::Pool => "the pool",
            Self::External => "the call",
        }
    }
}

/// The name of a verdict in the contract of the command line: that of its resource, or
/// `none`. What a process may have open is a pool.
pub fn verdict_name(verdict: Option<Resource>) -> &'static str {
    match verdict {
        None => "none",
        Some(Resource::FileDescriptors) => "pool",
        Some(other) => other.name(),
    }
}

/// Open files of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenFiles {
    /// Short name.
    pub process: String,
    /// Kernel process id.
    pub pid: u32,
    /// When they were counted, ascending, nanoseconds since the Unix epoch.
    pub at: Vec<i64>,
    /// How many were open, one number a time.
    pub open: Vec<f64>,
    /// How many it may open, when known.
    pub limit: Option<f64>,
}

/// What is known of one host.
#[derive(Clone, Copy)]
pub struct HostInput<'a> {
    /// Its name in series keys; empty for a table without hosts.
    pub host: &'a str,
    /// Its series; those of other hosts are left aside.
    pub frame: &'a Frame,
    /// Number of processors, where the series do not tell.
    pub cores: Option<f64>,
    /// Open files of the processes that have most.
    pub files: &'a [OpenFiles],
    /// What processes used within a span, where that was recorded.
    pub uses: &'a dyn Fn(Span) -> Vec<ProcessUse>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The window; everything without it.
    pub window: Option<Span>,
    /// The series that tells what users feel; without it a response time of a known
    /// name, if there is one.
    pub symptom: Option<&'a str>,
}

/// A number between two others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end of 95 %.
    pub lo: f64,
    /// The best guess.
    pub value: f64,
    /// Upper end.
    pub hi: f64,
}

/// Who made the load.
#[derive(Clone, Debug, PartialEq)]
pub struct Culprit {
    /// A process or a control group.
    pub who: Who,
    /// Its share of what was used of the resource, 0 to 1.
    pub share: f64,
}

/// A process or a control group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// One process, or many of one name.
    Process {
        /// Short name.
        name: String,
        /// Kernel process id; of many, that of the parent of most.
        pid: u32,
        /// How many there were.
        count: usize,
    },
    /// A control group by its path.
    Cgroup(String),
    /// An operation of a service.
    Operation(Operation),
}

/// An operation of a service, or one that it asks of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The service.
    pub service: String,
    /// What is asked.
    pub name: String,
    /// Who is asked; empty for the service's own and where not told.
    pub peer: String,
    /// Whether the service asks for it instead of answering.
    pub call: bool,
}

impl Operation {
    /// Its name in sentences.
    pub fn text(&self) -> String {
        match (self.call, self.peer.as_str()) {
            (false, _) => format!("{} of {}", self.name, self.service),
            (true, "") => format!("{} asked by {}", self.name, self.service),
            (true, peer) => format!("{} of {peer}, asked by {}", self.name, self.service),
        }
    }
}

/// What is said of one resource of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgment {
    /// Which resource.
    pub resource: Resource,
    /// Which host.
    pub host: String,
    /// The device or control group that it speaks of; empty where there are no parts.
    pub part: String,
    /// Mean share in use while it limited, else over the window; `NaN` if not measured.
    pub utilization: f64,
    /// How much waited in the same time, in `saturation_unit`; `NaN` if not measured.
    pub saturation: f64,
    /// What `saturation` counts.
    pub saturation_name: &'static str,
    /// Unit of `saturation`.
    pub saturation_unit: &'static str,
    /// Errors counted in the window; `NaN` if not measured.
    pub errors: f64,
    /// From 0 to 1; [`limits::LIMITED`] and more is a limit.
    pub score: f64,
    /// How long it limited within the window.
    pub limited_seconds: f64,
    /// The same with a stricter and with a laxer threshold.
    pub limited_between: (f64, f64),
    /// Its share of the rise of the symptom, 0 to 1; `None` without a symptom that rose.
    pub share: Option<Interval>,
    /// How much later it was saturated than the symptom rose, in seconds; negative when
    /// it was first. Without a symptom: than the first stall of any resource.
    pub lag: Option<Interval>,
    /// What speaks for it.
    pub supports: Vec<String>,
    /// What speaks against it, and what was not measured.
    pub against: Vec<String>,
    /// Who made the load, the largest share first.
    pub culprits: Vec<Culprit>,
    /// Share of what must be known of the resource that was measured, 0 to 1.
    pub coverage: f64,
}

/// One cell of the strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its stretch of time.
    pub span: Span,
    /// Which host.
    pub host: String,
    /// What limited; `None` for nothing.
    pub verdict: Option<Resource>,
    /// Score of each resource in the order of [`Resource::ALL`]; `NaN` where nothing
    /// can be said.
    pub scores: [f64; Resource::ALL.len()],
}

/// A stretch in which a resource limited.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Which resource.
    pub resource: Resource,
    /// Which host.
    pub host: String,
    /// Device or control group; empty where there are no parts.
    pub part: String,
    /// From onset to end.
    pub span: Span,
    /// Mean score, 0 to 1.
    pub score: f64,
    /// Who made the load, the largest share first.
    pub culprits: Vec<Culprit>,
}

/// What users felt.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptom {
    /// Name of the series.
    pub name: String,
    /// Level in good times, in its unit.
    pub before: f64,
    /// Level in bad times.
    pub after: f64,
    /// Share of the rise that the measured resources explain, 0 to 1; `NaN` when it did
    /// not rise.
    pub explained: f64,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The window.
    pub span: Span,
    /// What limits; `None` when no measured resource does.
    pub verdict: Option<Resource>,
    /// Every resource of every host: what limits first, then by score.
    pub resources: Vec<Judgment>,
    /// The strip: by host, then by time, over everything that was given.
    pub cells: Vec<Cell>,
    /// What limited when, by time, over everything that was given.
    pub episodes: Vec<Episode>,
    /// The series that tells what users feel, if there is one.
    pub symptom: Option<Symptom>,
    /// Operations whose requests in flight grew within the window, with their share in
    /// that growth: those that users ask for, then calls between services.
    pub operations: Vec<(Operation, f64)>,
    /// Share of what must be known of all resources that was measured, 0 to 1.
    pub covered: f64,
}

/// Rows of a window that a gauge limits, and how it is called.
struct Judged<'a> {
    input: &'a HostInput<'a>,
    rows: Range<usize>,
    gauge: gauge::Gauge,
    judgment: Judgment,
}

/// Judges the resources of all hosts.
///
/// Costs a few passes over the series of each host; without a symptom no more. A frame
/// without a known series gives judgments that say that nothing was measured.
pub fn assess(hosts: &[HostInput<'_>], request: &Request<'_>) -> Outcome {
    let all = hosts.iter().map(|it| it.frame.span());
    let all = all.reduce(Span::union).unwrap_or_default();
    let span = request.window.unwrap_or(all);
    let mut judged = Vec::new();
    let mut cells = Vec::new();
    let mut episodes = Vec::new();
    for input in hosts {
        let lens = lens::Lens::new(input.frame, input.host);
        let cores = sources::cores(&lens).or(input.cores);
        let gauges = gauge::all(&lens, cores, input.files);
        cells.extend(strip::cells(input, &gauges));
        episodes.extend(strip::episodes(input, &gauges));
        let rows = input.frame.rows_in(span);
        judged.extend(judge::host(input, &lens, gauges, rows));
    }
    episodes.sort_by(|a, b| {
        let key = |it: &Episode| (it.span.from, it.span.to, it.resource);
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.host, &a.part).cmp(&(&b.host, &b.part)))
    });
    let symptom = symptom(hosts, &mut judged, request);
    if symptom.is_none() {
        lag::against_stall(&mut judged);
    }
    let operations = operations::concerned(&judged);
    let mut resources: Vec<Judgment> = judged.into_iter().map(|it| it.judgment).collect();
    sort(&mut resources);
    let covered = resources.iter().map(|it| it.coverage).sum::<f64>();
    Outcome {
        span,
        verdict: resources
            .first()
            .filter(|it| it.limits())
            .map(|it| it.resource),
        covered: covered / resources.len().max(1) as f64,
        resources,
        cells,
        episodes,
        symptom,
        operations,
    }
}

impl Judgment {
    /// Whether it limits the window.
    pub fn limits(&self) -> bool {
        self.score >= limits::LIMITED
    }

    /// Score times the time for which it held: what the verdict goes by.
    fn weight(&self) -> f64 {
        if self.limits() {
            self.score * self.limited_seconds
        } else {
            0.0
        }
    }
}

/// What limits most and longest first; then by score, resource, host and part.
fn sort(resources: &mut [Judgment]) {
    resources.sort_by(|a, b| {
        b.weight()
            .total_cmp(&a.weight())
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| (a.resource, &a.host, &a.part).cmp(&(b.resource, &b.host, &b.part)))
    });
}

/// Finds the symptom, shares its rise among the resources and says who came first.
fn symptom(
    hosts: &[HostInput<'_>],
    judged: &mut [Judged<'_>],
    request: &Request<'_>,
) -> Option<Symptom> {
    let found = hosts.iter().find_map(|input| {
        let lines = &input.frame.lines;
        let line = match request.symptom {
            Some(name) => lines.iter().find(|line| line.name == name),
            None => lines.iter().find(|line| share::is_response_time(line)),
        };
        line.map(|line| (input.frame, line))
    });
    let (frame, line) = found?;
    // Causal: nothing after the window counts.
    let end = request
        .window
        .map_or(frame.rows(), |span| frame.rows_in(span).end);
    let felt = share::Felt::new(frame, &line.values, end);
    lag::against_symptom(judged, &felt);
    let explained = share::shares(judged, &felt);
    Some(Symptom {
        name: line.name.clone(),
        before: felt.before,
        after: felt.after,
        explained,
    })
}

#[cfg(test)]
mod tests;
