//! Every kind of action with values to begin with, in the order of a menu.
//!
//! A process has no sensible value to begin with: its number is 0 until one is chosen,
//! which [`model::plan::check`] tells.

use model::plan::action::{Hardware, Kind, Target};

/// An entry of the menu of actions.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What it does, in the user's words.
    pub label: &'static str,
    /// The kind with values to begin with; its family is [`Kind::family`].
    pub make: fn() -> Kind,
}

const GROUP: &str = "/app.slice";

/// Every kind, family by family in the order of [`model::plan::action::Family::ALL`].
#[rustfmt::skip]
pub const TEMPLATES: &[Template] = &[
    Template { label: "Limit the processor time of a group", make: || Kind::CpuMax { cgroup: group(), quota_us: Some(100_000), period_us: 100_000 } },
    Template { label: "Give a group more or less weight", make: || Kind::CpuWeight { cgroup: group(), weight: 100 } },
    Template { label: "Keep a group on some cores", make: || Kind::Cpuset { cgroup: group(), cpus: "0".to_owned() } },
    Template { label: "Limit the memory of a group", make: || Kind::MemoryMax { cgroup: group(), bytes: Some(1 << 30) } },
    Template { label: "Limit the disk rates of a group", make: || Kind::IoMax { cgroup: group(), device: "8:0".to_owned(), rbps: None, wbps: Some(50 << 20), riops: None, wiops: None } },
    Template { label: "Make a process more or less urgent", make: || Kind::Nice { process: nobody(), nice: 10 } },
    Template { label: "Keep a process on some cores", make: || Kind::Affinity { process: nobody(), cpus: "0".to_owned() } },
    Template { label: "Let in fewer requests", make: || Kind::RateLimit { service: service(), per_s: 100.0, burst: 20.0, by: None } },
    Template { label: "Ask people to shift load", make: || Kind::WorkloadHint { text: "move the nightly report to 03:00".to_owned() } },
    Template { label: "Assume more or less load", make: || Kind::LoadChange { ratio: 1.5 } },
    Template { label: "Assume another mix of operations", make: || Kind::MixChange { shares: vec![("read".to_owned(), 0.9), ("write".to_owned(), 0.1)] } },
    Template { label: "Move a batch job to another time", make: || Kind::BatchShift { work: "report".to_owned(), by_s: 0.0 } },
    Template { label: "Change the order of disk requests", make: || Kind::IoScheduler { device: "sda".to_owned(), scheduler: "mq-deadline".to_owned() } },
    Template { label: "Change a kernel setting", make: || Kind::Sysctl { key: "net.core.somaxconn".to_owned(), value: "4096".to_owned() } },
    Template { label: "Change an application's setting", make: || Kind::AppConfig { adapter: "nginx".to_owned(), instance: String::new(), key: "gzip_comp_level".to_owned(), value: "1".to_owned() } },
    Template { label: "Size a pool of threads or connections", make: || Kind::PoolSize { service: service(), size: 50, by: None } },
    Template { label: "Size a cache", make: || Kind::CacheSize { service: service(), bytes: 256 << 20, by: None } },
    Template { label: "Restart a service", make: || Kind::ServiceRestart { service: service() } },
    Template { label: "Run more or fewer copies", make: || Kind::Replicas { service: service(), count: 2 } },
    Template { label: "Assume other hardware", make: || Kind::HardwareChange { what: Hardware::Cpu, speed: 1.0, units: Some(4) } },
];

fn group() -> String {
    GROUP.to_owned()
}

fn service() -> String {
    "app".to_owned()
}

fn nobody() -> Target {
    Target {
        pid: 0,
        name: String::new(),
        start: 0,
        children: false,
    }
}
