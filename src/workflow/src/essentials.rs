//! The essential plots, by resource: what window, report and terminal show first.
//!
//! One list serves all three, so that a report shows what the window showed.
//!
//! Start at [`ALL`]; add a panel by adding a line.

use model::series::Series;

/// Part of the machine a panel belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Processors and their scheduler.
    Cpu,
    /// Memory and swap.
    Memory,
    /// Block devices and file systems.
    Disk,
    /// Interfaces and protocols.
    Network,
    /// Pressure stall information.
    Pressure,
    /// Control groups.
    Cgroup,
    /// Services, as their requests tell.
    Service,
    /// What Kymo itself costs.
    Kymo,
}

impl Resource {
    /// The name shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::Disk => "Disk",
            Self::Network => "Network",
            Self::Pressure => "Pressure",
            Self::Cgroup => "Control groups",
            Self::Service => "Services",
            Self::Kymo => "Kymo itself",
        }
    }

    /// The resource a metric belongs to, by its name.
    pub fn of(metric: &str) -> Option<Self> {
        const PREFIXES: &[(&str, Resource)] = &[
            ("system.pressure", Resource::Pressure),
            ("system.memory", Resource::Memory),
            ("system.paging", Resource::Memory),
            ("system.numa", Resource::Memory),
            ("system.disk", Resource::Disk),
            ("system.filesystem", Resource::Disk),
            ("system.network", Resource::Network),
            ("cgroup.", Resource::Cgroup),
            ("service.", Resource::Service),
            ("kymo.", Resource::Kymo),
            ("system.", Resource::Cpu),
        ];
        PREFIXES
            .iter()
            .find(|(prefix, _)| metric.starts_with(prefix))
            .map(|(_, resource)| *resource)
    }
}

/// How the series of a panel are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Each on its own.
    Lines,
    /// On top of each other: parts of a whole.
    Stacked,
}

/// Which series a panel takes.
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    /// Metric name.
    pub metric: &'static str,
    /// Attributes it must have; `*` takes any value.
    pub with: &'static [(&'static str, &'static str)],
}

/// One small plot.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Stable key, used in saved layouts.
    pub key: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// Where it belongs.
    pub resource: Resource,
    /// How it is drawn.
    pub style: Style,
    /// What it shows, in drawing order.
    pub picks: &'static [Pick],
}

const fn pick(metric: &'static str, with: &'static [(&'static str, &'static str)]) -> Pick {
    Pick { metric, with }
}

/// Every essential panel, in the order of the screen. Add yours here.
#[rustfmt::skip]
pub const ALL: &[Panel] = &[
    Panel { key: "cpu", title: "Processor time by state", resource: Resource::Cpu, style: Style::Stacked, picks: &[
        pick("system.cpu.utilization", &[("state", "user")]), pick("system.cpu.utilization", &[("state", "nice")]),
        pick("system.cpu.utilization", &[("state", "system")]), pick("system.cpu.utilization", &[("state", "irq")]),
        pick("system.cpu.utilization", &[("state", "softirq")]), pick("system.cpu.utilization", &[("state", "iowait")]),
        pick("system.cpu.utilization", &[("state", "guest")]), pick("system.cpu.utilization", &[("state", "steal")])] },
    Panel { key: "cores", title: "Utilization per core", resource: Resource::Cpu, style: Style::Lines, picks: &[
        pick("system.cpu.utilization", &[("cpu", "*")])] },
    Panel { key: "queue", title: "Run queue and load", resource: Resource::Cpu, style: Style::Lines, picks: &[
        pick("system.process.running", &[]), pick("system.process.blocked", &[]), pick("system.cpu.load", &[("window", "1m")])] },
    Panel { key: "switches", title: "Context switches and interrupts", resource: Resource::Cpu, style: Style::Lines, picks: &[
        pick("system.cpu.context_switches", &[]), pick("system.cpu.interrupts", &[])] },
    Panel { key: "memory", title: "Memory by use", resource: Resource::Memory, style: Style::Stacked, picks: &[
        pick("system.memory.usage", &[("state", "*")])] },
    Panel { key: "paging", title: "Major faults and swapping", resource: Resource::Memory, style: Style::Lines, picks: &[
        pick("system.paging.faults", &[("type", "major")]), pick("system.paging.operations", &[("type", "swap"), ("direction", "*")])] },
    Panel { key: "pressure", title: "Pressure: share of time some task stalled", resource: Resource::Pressure, style: Style::Lines, picks: &[
        pick("system.pressure.share", &[("kind", "some"), ("resource", "*")])] },
    Panel { key: "disk-io", title: "Disk throughput", resource: Resource::Disk, style: Style::Lines, picks: &[
        pick("system.disk.io", &[("device", "*"), ("direction", "*")])] },
    Panel { key: "disk-busy", title: "Disk utilization", resource: Resource::Disk, style: Style::Lines, picks: &[
        pick("system.disk.utilization", &[("device", "*")])] },
    Panel { key: "disk-await", title: "Disk response time (await)", resource: Resource::Disk, style: Style::Lines, picks: &[
        pick("system.disk.await", &[("device", "*")])] },
    Panel { key: "filesystem", title: "File system space in use", resource: Resource::Disk, style: Style::Lines, picks: &[
        pick("system.filesystem.utilization", &[("mountpoint", "*")])] },
    Panel { key: "network", title: "Network throughput", resource: Resource::Network, style: Style::Lines, picks: &[
        pick("system.network.io", &[("device", "*"), ("direction", "*")])] },
    Panel { key: "network-trouble", title: "Errors, drops and retransmits", resource: Resource::Network, style: Style::Lines, picks: &[
        pick("system.network.tcp.segments", &[("type", "retransmitted")]), pick("system.network.tcp.listen", &[("type", "*")]),
        pick("system.network.errors", &[("device", "*"), ("direction", "*")]), pick("system.network.dropped", &[("device", "*"), ("direction", "*")])] },
    Panel { key: "throttling", title: "Control groups: share of periods throttled", resource: Resource::Cgroup, style: Style::Lines, picks: &[
        pick("cgroup.cpu.throttled_share", &[("cgroup", "*")])] },
    Panel { key: "services-time", title: "Response time of services (p95)", resource: Resource::Service, style: Style::Lines, picks: &[
        pick("service.request.duration.p95", &[("service.name", "*")])] },
    Panel { key: "services-load", title: "Requests of services", resource: Resource::Service, style: Style::Lines, picks: &[
        pick("service.request.throughput", &[("service.name", "*")])] },
    Panel { key: "services-failed", title: "Failed requests of services", resource: Resource::Service, style: Style::Lines, picks: &[
        pick("service.request.error_ratio", &[("service.name", "*")])] },
    Panel { key: "agent", title: "What the agent costs", resource: Resource::Kymo, style: Style::Lines, picks: &[
        pick("kymo.agent.cpu.utilization", &[])] },
];

impl Pick {
    /// Whether a series is taken: its attributes are exactly those listed.
    pub fn takes(&self, series: &Series) -> bool {
        let key = &series.key;
        key.metric == self.metric
            && key.attributes.len() == self.with.len()
            && self.with.iter().all(|(name, wanted)| {
                key.attribute(name)
                    .is_some_and(|value| *wanted == "*" || value == *wanted)
            })
    }
}

impl Panel {
    /// The series of one host that this panel shows, in drawing order.
    pub fn members<'a>(&self, host: &str, series: &'a [Series]) -> Vec<&'a Series> {
        self.picks
            .iter()
            .flat_map(|pick| {
                series
                    .iter()
                    .filter(move |series| series.key.host == host && pick.takes(series))
            })
            .collect()
    }
}

/// The panel of this key.
pub fn find(key: &str) -> Option<&'static Panel> {
    ALL.iter().find(|panel| panel.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_name_metrics_of_the_catalogue() {
        for panel in ALL {
            for pick in panel.picks {
                let metric = model::catalog::find(pick.metric);
                assert!(metric.is_some(), "{}: {}", panel.key, pick.metric);
                for (name, _) in pick.with {
                    let known = metric.is_some_and(|it| it.attributes.contains(name));
                    assert!(known, "{}: {} has no {name}", panel.key, pick.metric);
                }
                assert_eq!(
                    Resource::of(pick.metric),
                    Some(panel.resource),
                    "{}",
                    panel.key
                );
            }
        }
    }
}
