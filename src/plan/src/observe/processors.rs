//! Processors of an application: its own where they were named, else its host's.

use analysis::frame::{Frame, Line};
use model::plan::subject::Subject;
use model::series::glob_matches;

use super::{Machine, Memory, Neighbor, Seen, matching, sum_of};
use crate::refusal::{Code, Refusal};
use crate::system::Resource;

/// The processors that requests use, a resource a host.
pub(super) fn resources(
    frame: &Frame,
    subject: &Subject,
    machines: &[Machine],
) -> Result<Vec<Seen>, Refusal> {
    let found = match subject.cpu.is_empty() {
        true => whole_hosts(frame, subject, machines),
        false => own(frame, subject, machines)?,
    };
    if found.is_empty() {
        return Err(Code::Inconsistent
            .because("the recording holds no processors")
            .advising(
            "record the host that serves the requests, or name series of processors used in the plan's subject",
        ));
    }
    Ok(found)
}

/// The processors of the application's own control group, where nobody named any: one that
/// a quota holds, in which most of what requests cost on the only host is used. Without it
/// the whole host is meant, of which such an application never gets more than its quota.
pub(super) fn held(
    frame: &Frame,
    subject: &Subject,
    machines: &[Machine],
    throughput: &[f64],
) -> Option<String> {
    /// Most of the cost, and moving with the requests.
    const COST_LEAST: f64 = 0.8;
    const TOGETHER_LEAST: f64 = 0.7;
    /// Costs that differ by less are of a group and the one above it.
    const SAME: f64 = 0.98;
    let mut hosts = frame.lines.iter().map(|it| it.series.key.host.as_str());
    let host = hosts.next()?;
    if !subject.cpu.is_empty() || hosts.any(|it| it != host) {
        return None;
    }
    let units = cores(subject, machines, host)?;
    let all: Vec<f64> = host_busy(frame)?.iter().map(|it| it * units).collect();
    let (cost, _) = follows(throughput, &all)?;
    let mut found: Option<(f64, &Line)> = None;
    for line in &frame.lines {
        let key = &line.series.key;
        let group = match key.attribute("cgroup") {
            Some(group) if key.metric == "cgroup.cpu.usage" && group != "/" => group.to_owned(),
            _ => continue,
        };
        let Some((own, together)) = follows(throughput, &line.values) else {
            continue;
        };
        let quota = limit(frame, &[group]);
        let held = quota.iter().filter(|it| it.is_finite()).count() * 2 >= quota.len();
        if !held || own < COST_LEAST * cost || together < TOGETHER_LEAST {
            continue;
        }
        // Of a group and those above it the one that is deepest is the application's.
        let deeper = |it: &Line| it.name.len() < line.name.len();
        if found.is_none_or(|(most, it)| own * SAME > most || (own > most * SAME && deeper(it))) {
            found = Some((own, line));
        }
    }
    found.map(|it| it.1.series.key.column())
}

/// What a value grows by with each request a second, and how closely it follows them;
/// `None` where either stands still.
fn follows(requests: &[f64], values: &[f64]) -> Option<(f64, f64)> {
    let pairs = || {
        let pairs = requests.iter().copied().zip(values.iter().copied());
        pairs.filter(|(x, y)| x.is_finite() && y.is_finite())
    };
    let count = pairs().count() as f64;
    let mean_x = pairs().map(|it| it.0).sum::<f64>() / count;
    let mean_y = pairs().map(|it| it.1).sum::<f64>() / count;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs() {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    (xx > 0.0 && yy > 0.0 && xy > 0.0).then(|| (xy / xx, xy / (xx * yy).sqrt()))
}

/// Series that were named, by host.
fn own(frame: &Frame, subject: &Subject, machines: &[Machine]) -> Result<Vec<Seen>, Refusal> {
    for pattern in &subject.cpu {
        if matching(frame, std::slice::from_ref(pattern))
            .next()
            .is_none()
        {
            return Err(Code::Inconsistent
                .because(format!("no series is called {pattern:?}"))
                .advising(
                    "name a series of processors used, such as cgroup.cpu.usage{cgroup=/shop}",
                ));
        }
    }
    let mut hosts: Vec<&str> = matching(frame, &subject.cpu)
        .map(|line| line.series.key.host.as_str())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    let mut found = Vec::new();
    for host in hosts {
        let of_host = part(frame, host);
        let busy = sum_of(&of_host, &subject.cpu).unwrap_or_default();
        let groups = groups(&of_host, &subject.cpu);
        let quota = limit(&of_host, &groups);
        let units = cores(subject, machines, host);
        let most = quota.iter().copied().fold(0.0, f64::max);
        let units = units.unwrap_or(most);
        if units.is_infinite() || units <= 0.0 {
            return Err(Code::Inconsistent
                .because(format!(
                    "nothing tells how many processors {} has",
                    told(host)
                ))
                .advising("say the number in the plan's subject: cores"));
        }
        // What is said in the subject is what the application may use, of what there is.
        let cores = subject.cores.map_or(units, |it| it.min(units));
        let others = host_busy(&of_host).map(|share| {
            let all = share.iter().map(|it| it * units);
            let both = all.zip(&busy);
            both.map(|(all, own)| (all - own).max(0.0)).collect()
        });
        found.push(Seen {
            name: match groups.as_slice() {
                [group] => format!("processors of {group}"),
                _ => format!("processors of {}", told(host)),
            },
            host: host.to_owned(),
            resource: Resource::Cpu,
            groups,
            units,
            cores,
            capacity: quota.iter().map(|it| it.min(cores)).collect(),
            quota,
            busy,
            others: others.unwrap_or_default(),
            steal: steal(&of_host),
        });
    }
    Ok(found)
}

/// All that is busy on each host that has processors and a number of them.
fn whole_hosts(frame: &Frame, subject: &Subject, machines: &[Machine]) -> Vec<Seen> {
    let mut hosts: Vec<&str> = frame
        .lines
        .iter()
        .map(|line| line.series.key.host.as_str())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    let one = |host: &str| {
        let of_host = part(frame, host);
        let share = host_busy(&of_host)?;
        let units = cores(subject, machines, host)?;
        let cores = subject.cores.map_or(units, |it| it.min(units));
        Some(Seen {
            name: format!("processors of {}", told(host)),
            host: host.to_owned(),
            resource: Resource::Cpu,
            groups: Vec::new(),
            units,
            cores,
            capacity: vec![cores; frame.rows()],
            quota: vec![f64::INFINITY; frame.rows()],
            busy: share.iter().map(|it| it * units).collect(),
            others: Vec::new(),
            steal: steal(&of_host),
        })
    };
    hosts.into_iter().filter_map(one).collect()
}

/// Work beside the application: control groups and processes that are not its own.
pub(super) fn neighbors(frame: &Frame, subject: &Subject) -> Vec<Neighbor> {
    /// Work of less than this many processors is not worth a word.
    const LEAST: f64 = 0.005;
    let own: Vec<&str> = matching(frame, &subject.cpu)
        .map(|line| line.name.as_str())
        .collect();
    let groups = groups(frame, &subject.cpu);
    // A group above the application's holds it, and one below is part of it.
    let apart = |name: &str| {
        let mut own = groups.iter();
        !own.any(|own| covers(name, own) || covers(own, name))
    };
    let mut found = Vec::new();
    for line in &frame.lines {
        let key = &line.series.key;
        let name = match key.metric.as_str() {
            "cgroup.cpu.usage" => key.attribute("cgroup"),
            "process.cpu.utilization" => key.attribute("process.name"),
            _ => None,
        };
        let known: Vec<f64> = line
            .values
            .iter()
            .copied()
            .filter(|it| it.is_finite())
            .collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        if let Some(name) = name
            && !own.contains(&line.name.as_str())
            && mean >= LEAST
            && apart(name)
        {
            found.push(Neighbor {
                name: name.to_owned(),
                host: key.host.clone(),
                busy: line.values.to_vec(),
            });
        }
    }
    found
}

/// What control groups hold that cannot be given back.
pub(super) fn memory(frame: &Frame) -> Vec<Memory> {
    let mut found: Vec<Memory> = Vec::new();
    for line in &frame.lines {
        let key = &line.series.key;
        let held = key.metric == "cgroup.memory.detail"
            && matches!(key.attribute("field"), Some("anon" | "shmem"));
        let Some(group) = key.attribute("cgroup").filter(|_| held) else {
            continue;
        };
        let most = line.values.iter().copied().filter(|it| it.is_finite());
        let most = most.fold(0.0, f64::max);
        match found.iter_mut().find(|it| it.group == group) {
            Some(memory) => memory.working_set_bytes += most,
            None => found.push(Memory {
                group: group.to_owned(),
                working_set_bytes: most,
            }),
        }
    }
    found
}

fn told(host: &str) -> &str {
    match host {
        "" => "the host",
        host => host,
    }
}

/// The lines of one host.
fn part(frame: &Frame, host: &str) -> Frame {
    Frame {
        at: frame.at.clone(),
        step_ns: frame.step_ns,
        lines: frame
            .lines
            .iter()
            .filter(|line| line.series.key.host == host)
            .cloned()
            .collect(),
    }
}

/// Processors of a host: those that it tells of, else what the subject says.
fn cores(subject: &Subject, machines: &[Machine], host: &str) -> Option<f64> {
    let known = machines.iter().find(|it| it.host == host);
    let cores = known.and_then(|it| it.cores).or(subject.cores);
    cores.filter(|it| *it > 0.0 && it.is_finite())
}

/// Share of the processors that is busy, by row.
fn host_busy(frame: &Frame) -> Option<Vec<f64>> {
    let of = |line: &&Line| {
        let key = &line.series.key;
        key.metric == "system.cpu.utilization" && key.attributes.is_empty()
    };
    Some(frame.lines.iter().find(of)?.values.to_vec())
}

fn steal(frame: &Frame) -> Vec<f64> {
    let of = |line: &&Line| {
        let key = &line.series.key;
        key.metric == "system.cpu.utilization" && key.attribute("state") == Some("steal")
    };
    let found = frame.lines.iter().find(of);
    found.map(|it| it.values.to_vec()).unwrap_or_default()
}

/// Control groups whose processors were named.
fn groups(frame: &Frame, patterns: &[String]) -> Vec<String> {
    let own = matching(frame, patterns);
    let mut groups: Vec<String> = own
        .filter_map(|line| line.series.key.attribute("cgroup").map(str::to_owned))
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Processors that the quotas of these groups and those above them allow, by row;
/// infinite where there is none.
fn limit(frame: &Frame, groups: &[String]) -> Vec<f64> {
    let mut total = vec![
        if groups.is_empty() {
            f64::INFINITY
        } else {
            0.0
        };
        frame.rows()
    ];
    for group in groups {
        let mut least = vec![f64::INFINITY; frame.rows()];
        for line in &frame.lines {
            let key = &line.series.key;
            let above = key.attribute("cgroup").is_some_and(|it| covers(it, group));
            if key.metric == "cgroup.cpu.limit" && above {
                let mut last = f64::INFINITY;
                for (least, value) in least.iter_mut().zip(line.values.iter()) {
                    // Limits are read seldom, so each holds until the next.
                    if value.is_finite() {
                        last = *value;
                    }
                    *least = least.min(last);
                }
            }
        }
        for (sum, value) in total.iter_mut().zip(&least) {
            *sum += value;
        }
    }
    total
}

/// Whether a control group is another or above it.
pub(crate) fn covers(above: &str, group: &str) -> bool {
    let below = group.strip_prefix(above.trim_end_matches('/'));
    glob_matches(above, group) || below.is_some_and(|it| it.starts_with('/'))
}
