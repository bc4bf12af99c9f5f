//! What the name of a series says: whose it is, what it measures, which way is bad.
//!
//! Foreign tables bring no catalogue, so that resource class and polarity are read
//! from the words of a name; a series of the catalogue keeps the polarity it has.
//!
//! * In: the series of a frame and the nodes of a call graph.
//! * Out: for each series its entity, the part of the system it is counted with,
//!   its family and its class.
//! * Never: looks at a value.
//!
//! Start at [`Names::of`].

use std::collections::{BTreeMap, BTreeSet};

use model::catalog::Polarity;

use crate::frame::{Frame, Line};

use super::graph::Graph;

/// What sort of thing a series measures, for the order in which it is suspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Time or throttling of processors.
    Processor,
    /// Memory and swap.
    Memory,
    /// Disks and file systems.
    Disk,
    /// Traffic and trouble of networks.
    Network,
    /// Locks, pools and queues.
    Contention,
    /// How long requests take.
    Latency,
    /// Requests that fail.
    Errors,
    /// Share of requests that succeed.
    Success,
    /// How much is asked for.
    Load,
    /// Anything else.
    Other,
}

/// The words that tell a class; the first class with a word of the name is taken,
/// outcomes before resources, since `network latency` is an outcome.
const WORDS: &[(Class, &[&str])] = &[
    (
        Class::Success,
        &[
            "availability",
            "available",
            "success",
            "successes",
            "healthy",
        ],
    ),
    (
        Class::Errors,
        &[
            "error",
            "errors",
            "fail",
            "failed",
            "failure",
            "failures",
            "fault",
            "exception",
            "exceptions",
            "timeout",
            "timeouts",
        ],
    ),
    (
        Class::Latency,
        &[
            "latency", "duration", "response", "delay", "await", "rtt", "p50", "p90", "p95", "p99",
        ],
    ),
    (
        Class::Load,
        &[
            "workload",
            "requests",
            "request",
            "throughput",
            "rps",
            "qps",
            "tps",
            "calls",
            "sessions",
            "users",
        ],
    ),
    (
        Class::Contention,
        &[
            "lock", "locks", "mutex", "pool", "queue", "threads", "blocked",
        ],
    ),
    (
        Class::Memory,
        &[
            "memory", "mem", "heap", "rss", "swap", "paging", "oom", "cache",
        ],
    ),
    (
        Class::Disk,
        &[
            "disk",
            "disks",
            "iops",
            "filesystem",
            "fs",
            "io",
            "iowait",
            "inodes",
        ],
    ),
    (
        Class::Network,
        &[
            "network",
            "net",
            "tcp",
            "udp",
            "packets",
            "bytes",
            "socket",
            "sockets",
            "retransmits",
            "receive",
            "transmit",
        ],
    ),
    (
        Class::Processor,
        &[
            "cpu",
            "processor",
            "throttled",
            "throttling",
            "syscall",
            "load",
            "interrupts",
        ],
    ),
];

/// Attributes that name the owner of a session's series, most telling first.
const OWNERS: &[&str] = &["process.name", "cgroup", "device", "mountpoint", "resource"];

impl Class {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::Processor,
        Self::Memory,
        Self::Disk,
        Self::Network,
        Self::Contention,
        Self::Latency,
        Self::Errors,
        Self::Success,
        Self::Load,
        Self::Other,
    ];

    /// How readily it is suspected, 0 to 1: a resource causes, an outcome is caused.
    ///
    /// Memory in use rises without slowing anything until it is short, which is why
    /// it stands below the resources that are used by time.
    ///
    /// # Source
    ///
    /// B. Gregg, "Thinking methodically about performance", ACM Queue 10 (2012):
    /// resources before what their users feel.
    pub fn suspicion(self) -> f64 {
        match self {
            Self::Processor | Self::Disk | Self::Network | Self::Contention => 1.0,
            Self::Memory | Self::Other => 0.85,
            Self::Latency | Self::Errors | Self::Success | Self::Load => 0.7,
        }
    }

    /// Whether it is what users of a part feel rather than what the part uses.
    pub fn is_outcome(self) -> bool {
        matches!(
            self,
            Self::Latency | Self::Errors | Self::Success | Self::Load
        )
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Contention => "waiting",
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Success => "success",
            Self::Load => "load",
            Self::Other => "other",
        }
    }

    fn polarity(self) -> Polarity {
        match self {
            Self::Latency | Self::Errors => Polarity::HigherIsWorse,
            Self::Success => Polarity::HigherIsBetter,
            _ => Polarity::Neutral,
        }
    }

    fn of(name: &str) -> Self {
        let words = words(name);
        let known = |list: &&[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let found = WORDS.iter().find(|(_, list)| known(list));
        found.map_or(Self::Other, |(class, _)| *class)
    }
}

/// What the names of a frame's series say; all vectors have one entry a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The entity by the rule of the command line contract.
    pub(super) entity: Vec<String>,
    /// Number of the part that it is counted with.
    pub(super) part: Vec<usize>,
    /// Number of the family: percentiles of one latency are one observation.
    pub(super) family: Vec<usize>,
    /// What it measures.
    pub(super) class: Vec<Class>,
    /// Which way is bad: 1 up, -1 down, 0 either.
    pub(super) bad: Vec<f64>,
    /// Name of each part.
    pub(super) parts: Vec<String>,
    /// Place of each part in the call graph.
    pub(super) nodes: Vec<Option<usize>>,
    /// Number of families of each part.
    pub(super) families: Vec<usize>,
}

impl Names {
    /// Reads the names of all series.
    pub(super) fn of(frame: &Frame, graph: &Graph) -> Self {
        let shared = shared_prefixes(frame);
        let mut names = Self::default();
        let mut parts: BTreeMap<String, usize> = BTreeMap::new();
        let mut families: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for line in &frame.lines {
            let entity = entity(&line.name, &shared, graph);
            let (owner, node) = owner(line, &entity, graph);
            let part = *parts.entry(owner.clone()).or_insert_with(|| {
                names.parts.push(owner);
                names.nodes.push(node);
                names.families.push(0);
                names.parts.len() - 1
            });
            let measure = measure(line, &entity);
            let next = families.len();
            let family = *families.entry((part, family(&measure))).or_insert_with(|| {
                names.families[part] += 1;
                next
            });
            let class = Class::of(&measure);
            let polarity = match line.series.polarity {
                Polarity::Neutral => class.polarity(),
                told => told,
            };
            names.bad.push(match polarity {
                Polarity::HigherIsWorse => 1.0,
                Polarity::HigherIsBetter => -1.0,
                Polarity::Neutral => 0.0,
            });
            names.entity.push(entity);
            names.part.push(part);
            names.family.push(family);
            names.class.push(class);
        }
        names
    }

    /// The series of each part, one family after the other.
    pub(super) fn by_part(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.parts.len()];
        for (line, part) in self.part.iter().enumerate() {
            members[*part].push(line);
        }
        for part in &mut members {
            part.sort_by_key(|line| (self.family[*line], *line));
        }
        members
    }
}

/// The entity by the rule of the contract: before the first `:`; else the longest
/// prefix before a `_` that several series share or that names a node; else all.
fn entity(name: &str, shared: &BTreeMap<&str, usize>, graph: &Graph) -> String {
    if let Some((before, _)) = name.split_once(':') {
        return before.to_owned();
    }
    let prefixes = name.match_indices('_').map(|(at, _)| &name[..at]);
    let known = |prefix: &&str| {
        !prefix.is_empty()
            && (shared.get(prefix).is_some_and(|count| *count > 1) || graph.find(prefix).is_some())
    };
    prefixes.rev().find(known).unwrap_or(name).to_owned()
}

/// How many series have each prefix that ends before a `_`.
fn shared_prefixes(frame: &Frame) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in &frame.lines {
        if line.name.contains(':') {
            continue;
        }
        for (at, _) in line.name.match_indices('_') {
            *counts.entry(&line.name[..at]).or_insert(0) += 1;
        }
    }
    counts
}

/// The part of the system that a series is counted with, and its node of the graph.
///
/// A series of a session belongs to a process, group or device of its host, or else
/// to the resource that its metric names.
fn owner(line: &Line, entity: &str, graph: &Graph) -> (String, Option<usize>) {
    let key = &line.series.key;
    if key.host.is_empty() {
        let prefixes = entity.match_indices('_').map(|(at, _)| &entity[..at]);
        let candidates = std::iter::once(entity).chain(prefixes.rev());
        let node = candidates.clone().find_map(|it| graph.find(it));
        return match node {
            Some(node) => (graph.name(node).to_owned(), Some(node)),
            None => (entity.to_owned(), None),
        };
    }
    let owner = OWNERS.iter().find_map(|it| key.attribute(it));
    let resource = key.metric.split('.').nth(1).unwrap_or(&key.metric);
    let short = owner.unwrap_or(resource);
    let node = [short, short.rsplit('/').next().unwrap_or(short), &key.host];
    let node = node.into_iter().find_map(|it| graph.find(it));
    (format!("{}/{short}", key.host), node)
}

/// What is measured, without whose it is.
fn measure(line: &Line, entity: &str) -> String {
    let key = &line.series.key;
    if !key.host.is_empty() {
        return match key.attribute("resource") {
            Some(resource) => format!("{}.{resource}", key.metric),
            None => key.metric.clone(),
        };
    }
    let rest = line.name.strip_prefix(entity).unwrap_or(&line.name);
    let rest = rest.trim_start_matches([':', '_']);
    if rest.is_empty() { &line.name } else { rest }.to_owned()
}

/// A measure without the statistic of it: `latency/p99` and `latency/Average` are one.
fn family(measure: &str) -> String {
    const STATISTICS: &[&str] = &[
        "average", "avg", "mean", "median", "min", "max", "sum", "count", "std",
    ];
    let mut words = words(measure);
    let is_statistic = |word: &String| {
        STATISTICS.contains(&word.as_str())
            || word
                .strip_prefix('p')
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit()))
    };
    while words.len() > 1 && words.last().is_some_and(is_statistic) {
        words.pop();
    }
    words.join(" ")
}

/// The words of a name in lower case: parted by signs and by capitals.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut before_lower = false;
    for letter in name.chars() {
        let parts_here = letter.is_uppercase() && before_lower;
        if !letter.is_alphanumeric() {
            open = false;
        } else if open && !parts_here {
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        } else {
            words.push(letter.to_lowercase().collect());
            open = true;
        }
        before_lower = letter.is_lowercase() || letter.is_numeric();
    }
    words
}

/// The distinct families among some series.
pub(super) fn distinct(families: impl Iterator<Item = usize>) -> usize {
    families.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::tests::table;

    fn check(columns: &[&str], edges: &[(&str, &str)], want: &str) {
        let frame = table(columns.iter().map(|name| (*name, vec![0.0])).collect());
        let graph = Graph::of(edges.iter().copied());
        let names = Names::of(&frame, &graph);
        assert_eq!(names.entity.join(" "), want, "{columns:?}");
    }

    #[test]
    fn entities_follow_the_contract() {
        check(&["orders:cpu_user", "a_b:x"], &[], "orders a_b");
        check(
            &["orders_cpu", "orders_mem", "p99"],
            &[],
            "orders orders p99",
        );
        check(&["orders_cpu", "cart_cpu"], &[], "orders_cpu cart_cpu");
        check(
            &["orders_cpu", "cart_cpu"],
            &[("cart", "orders")],
            "orders cart",
        );
        check(
            &["a_b_x", "a_b_y", "a_c", "_d", "_e"],
            &[],
            "a_b a_b a _d _e",
        );
    }

    #[test]
    fn words_tell_class_and_family() {
        let cases = [
            ("CpuUsageRate", Class::Processor, "cpu usage rate"),
            ("PodServerLatencyP90", Class::Latency, "pod server latency"),
            ("latency/Average", Class::Latency, "latency"),
            (
                "NetworkReceiveBytes",
                Class::Network,
                "network receive bytes",
            ),
            ("system.disk.io_time", Class::Disk, "system disk io time"),
            ("availability/Average", Class::Success, "availability"),
            ("p99", Class::Latency, "p99"),
            ("HTTPRequests", Class::Other, "httprequests"),
            ("", Class::Other, ""),
        ];
        for (name, class, same) in cases {
            assert_eq!(Class::of(name), class, "{name}");
            assert_eq!(family(name), same, "{name}");
        }
    }
}
