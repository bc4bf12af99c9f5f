//! Who made the load of a resource: processes and control groups with their shares.
//!
//! * In: what processes used, the series of control groups, and a stretch of rows.
//! * Out: the few with the largest shares.
//! * Never: blames whoever waited; only what was used counts.
//!
//! Start at [`of`].

use std::collections::BTreeMap;
use std::ops::Range;

use model::time::Span;

use super::gauge::Gauge;
use super::judge::mean_over;
use super::lens::{Lens, With};
use super::limits::Signal;
use super::{Culprit, HostInput, OpenFiles, Resource, Who, operations, sources};
use crate::frame::Line;
use crate::overview::ProcessUse;

/// Listed of each sort, at most.
const MOST: usize = 4;

/// Smaller shares are not blamed.
const LEAST_SHARE: f64 = 0.05;

/// So many processes of one name are told as one: a storm of short ones has no single
/// culprit but their parent.
const STORM: usize = 5;

/// A parent with less than one part in so many of its descendants' processor time moved nothing.
const INHERITED: f64 = 10.0;

/// A control group that holds a child with this share of its load is not told beside it.
const MOSTLY: f64 = 0.8;

/// A process with this share of its own limit of open files is at it.
const AT_OWN_LIMIT: f64 = 0.9;

/// The culprits of a stretch in which a gauge limits.
pub(super) fn of(input: &HostInput<'_>, gauge: &Gauge, run: &Range<usize>) -> Vec<Culprit> {
    let lens = Lens::new(input.frame, input.host);
    let span = input.frame.span_of(run.clone());
    let uses = (input.uses)(span);
    let runs = std::slice::from_ref(run);
    let groups = |metric: &str, with: With<'_>| groups(&lens, runs, (metric, with));
    match gauge.resource {
        Resource::Cpu => {
            let busy = gauge
                .raw
                .get(&Signal::Busy)
                .map_or(f64::NAN, |it| mean_over(it, runs));
            let cores = sources::cores(&lens).or(input.cores).unwrap_or(f64::NAN);
            let whole = busy * cores * super::strip::seconds(input.frame, run);
            let mut all = processes(&uses, |it| it.cpu_seconds, Some(whole));
            all.extend(processes_of_series(&lens, runs, busy * cores));
            all.extend(groups("cgroup.cpu.usage", &[]));
            all
        }
        Resource::CpuThrottling => {
            let mut all = groups("cgroup.cpu.throttled_time", &[]);
            let inside = |it: &&ProcessUse| is_inside(&it.cgroup, &gauge.part);
            let members: Vec<ProcessUse> = uses.iter().filter(inside).cloned().collect();
            all.extend(processes(&members, |it| it.cpu_seconds, None));
            all
        }
        Resource::Memory => memory(&lens, &uses, runs),
        Resource::Disk => {
            let own = without_inherited(uses);
            let mut all = processes(&own, bytes, None);
            all.extend(groups("cgroup.disk.io", &[]));
            all
        }
        // Traffic is not counted by process.
        Resource::Network => Vec::new(),
        Resource::FileDescriptors => files(input, span),
        Resource::Lock | Resource::Pool | Resource::External => {
            operations::of_part(&lens, (gauge.resource, &gauge.part), run)
        }
    }
}

fn memory(lens: &Lens<'_>, uses: &[ProcessUse], runs: &[Range<usize>]) -> Vec<Culprit> {
    let stall = [("kind", "some"), ("resource", "memory")];
    let tries: [(&str, With<'_>); 4] = [
        ("cgroup.pressure.time", &stall),
        ("cgroup.memory.events", &[("type", "max")]),
        ("cgroup.memory.faults", &[("type", "major")]),
        ("cgroup.memory.usage", &[]),
    ];
    let found = tries.into_iter().map(|it| groups(lens, runs, it));
    let groups = found
        .into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default();
    let limit = lens.one("system.memory.limit", &[]);
    let limit = limit.map(|it| super::lens::held(&it));
    let whole = limit.map_or(f64::NAN, |it| mean_over(&it, runs));
    let resident = |it: &ProcessUse| it.peak_resident_bytes;
    let mut all = processes(uses, resident, Some(whole).filter(|it| it.is_finite()));
    all.extend(groups);
    all
}

fn bytes(of: &ProcessUse) -> f64 {
    of.read_bytes + of.write_bytes
}

/// Leaves out processes whose bytes are those of children they waited for.
///
/// The kernel adds what a child moved to its parent when the child is reaped. Whoever
/// moves bytes itself needs processor time for it: a parent with as many bytes as its
/// descendants and hardly any of their time inherited them.
///
/// # Source
///
/// `wait_task_zombie` in Linux `kernel/exit.c`: `task_io_accounting_add`.
fn without_inherited(uses: Vec<ProcessUse>) -> Vec<ProcessUse> {
    let mut children: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, one) in uses.iter().enumerate() {
        children.entry(one.parent_pid).or_default().push(place);
    }
    let inherited = |one: &ProcessUse| {
        if !children.contains_key(&one.pid) {
            return false;
        }
        let (mut moved, mut seconds) = (0.0, 0.0);
        let mut seen = vec![false; uses.len()];
        let mut next: Vec<u32> = vec![one.pid];
        while let Some(pid) = next.pop() {
            for place in children.get(&pid).map_or(&[][..], Vec::as_slice) {
                if !std::mem::replace(&mut seen[*place], true) {
                    let child = &uses[*place];
                    // A number that was not read counts for nothing.
                    moved += bytes(child).max(0.0);
                    seconds += child.cpu_seconds.max(0.0);
                    next.push(child.pid);
                }
            }
        }
        moved >= bytes(one) / 2.0 && one.cpu_seconds * INHERITED < seconds
    };
    let heirs: Vec<bool> = uses
        .iter()
        .map(|it| bytes(it) > 0.0 && inherited(it))
        .collect();
    let kept = uses.into_iter().zip(heirs).filter(|(_, heir)| !heir);
    kept.map(|(one, _)| one).collect()
}

/// Who has files open: only those at their own limit where there are any, since others
/// may hold more and be far from theirs.
fn files(input: &HostInput<'_>, run: Span) -> Vec<Culprit> {
    let most = |it: &OpenFiles| {
        let end = it.at.partition_point(|at| *at < run.to.0);
        // What was counted last before the stretch held at its start.
        let start = it.at.partition_point(|at| *at <= run.from.0);
        let within = it.open.get(start.saturating_sub(1)..end);
        within
            .unwrap_or_default()
            .iter()
            .copied()
            .fold(0.0, f64::max)
    };
    let is_full = |it: &&OpenFiles| {
        let limit = it.limit.unwrap_or(f64::INFINITY);
        most(it) >= AT_OWN_LIMIT * limit
    };
    let full: Vec<&OpenFiles> = input.files.iter().filter(is_full).collect();
    let those = match full.is_empty() {
        true => input.files.iter().collect(),
        false => full,
    };
    let total: f64 = those.iter().map(|it| most(it)).sum();
    let mut all: Vec<Culprit> = those
        .iter()
        .map(|it| Culprit {
            who: Who::Process {
                name: it.process.clone(),
                pid: it.pid,
                count: 1,
            },
            share: most(it) / total.max(1.0),
        })
        .collect();
    largest(&mut all);
    all
}

/// Shares of processes in `whole`, or in what all of them used where that is not known.
fn processes(
    uses: &[ProcessUse],
    amount: impl Fn(&ProcessUse) -> f64,
    whole: Option<f64>,
) -> Vec<Culprit> {
    let mut names: BTreeMap<&str, Vec<&ProcessUse>> = BTreeMap::new();
    for one in uses.iter().filter(|it| amount(it) > 0.0) {
        names.entry(one.name.as_str()).or_default().push(one);
    }
    let total: f64 = names.values().flatten().map(|it| amount(it)).sum();
    // What was counted of all processes cannot be less than what they used.
    let whole = whole
        .filter(|it| it.is_finite())
        .map_or(total, |it| it.max(total));
    let mut all = Vec::new();
    for (name, members) in names {
        let one = |pid: u32, count: usize, amount: f64| Culprit {
            who: Who::Process {
                name: name.to_owned(),
                pid,
                count,
            },
            share: amount / whole,
        };
        if members.len() >= STORM {
            let sum = members.iter().map(|it| amount(it)).sum();
            all.push(one(parent(&members), members.len(), sum));
        } else {
            all.extend(members.iter().map(|it| one(it.pid, 1, amount(it))));
        }
    }
    largest(&mut all);
    all
}

/// The parent of most; the first process where parents are not known.
fn parent(members: &[&ProcessUse]) -> u32 {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for one in members.iter().filter(|it| it.parent_pid != 0) {
        *counts.entry(one.parent_pid).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by_key(|(pid, count)| (*count, u32::MAX - pid));
    let first = members.iter().map(|it| it.pid).min().unwrap_or(0);
    most.map_or(first, |(pid, _)| pid)
}

/// Processes of a table that has series of them.
fn processes_of_series(lens: &Lens<'_>, runs: &[Range<usize>], whole: f64) -> Vec<Culprit> {
    let lines = lens.of("process.cpu.utilization");
    let used = |line: &Line| mean_over(&line.values, runs);
    let sum: f64 = lines
        .iter()
        .map(|it| used(it))
        .filter(|it| it.is_finite())
        .sum();
    // Without the number of processors only what all of them used is known.
    let whole = if whole.is_finite() { whole } else { sum };
    let mut all: Vec<Culprit> = lines
        .iter()
        .filter_map(|line| {
            let key = &line.series.key;
            Some(Culprit {
                who: Who::Process {
                    name: key.attribute("process.name").unwrap_or_default().to_owned(),
                    pid: key.attribute("process.pid")?.parse().ok()?,
                    count: 1,
                },
                share: used(line) / whole,
            })
        })
        .collect();
    largest(&mut all);
    all
}

/// Shares of control groups in the sum over those that hold no other.
fn groups(
    lens: &Lens<'_>,
    runs: &[Range<usize>],
    (metric, with): (&str, With<'_>),
) -> Vec<Culprit> {
    let mut amounts: BTreeMap<&str, f64> = BTreeMap::new();
    for line in lens.of(metric) {
        let key = &line.series.key;
        let fits = with
            .iter()
            .all(|(name, value)| key.attribute(name) == Some(*value));
        let mean = mean_over(&line.values, runs);
        if let Some(group) = key.attribute("cgroup").filter(|it| *it != "/" && fits)
            && mean > 0.0
        {
            *amounts.entry(group).or_default() += mean;
        }
    }
    let parents: Vec<&str> = amounts
        .iter()
        .filter(|(group, amount)| {
            let children = amounts
                .iter()
                .filter(|(it, _)| *it != *group && is_inside(it, group));
            children.map(|(_, child)| *child).fold(0.0, f64::max) >= MOSTLY * **amount
        })
        .map(|(group, _)| *group)
        .collect();
    amounts.retain(|group, _| !parents.contains(group));
    let total: f64 = amounts.values().sum();
    let mut all: Vec<Culprit> = amounts
        .into_iter()
        .map(|(group, amount)| Culprit {
            who: Who::Cgroup(group.to_owned()),
            share: amount / total,
        })
        .collect();
    largest(&mut all);
    all
}

/// Whether a control group is another or lies below it.
fn is_inside(group: &str, above: &str) -> bool {
    let rest = group.strip_prefix(above.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Keeps the few largest shares; one that is not known is none.
fn largest(all: &mut Vec<Culprit>) {
    all.retain(|it| it.share >= LEAST_SHARE);
    for one in all.iter_mut() {
        one.share = one.share.min(1.0);
    }
    all.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.who.cmp(&b.who)));
    all.truncate(MOST);
}
