//! The changes that a plan can name, typed, one variant a kind.
//!
//! An executable kind is a [`Setting`]: a key that an agent can read and write and the
//! value it shall have, both text in one canonical form, so that comparing, capturing
//! and putting back are the same for all. The other kinds are for models and for people.
//!
//! Start at [`Kind`].

use serde::{Deserialize, Serialize};

/// One change of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Names it within the plan.
    pub id: String,
    /// What is changed.
    pub kind: Kind,
    /// Whether it shall outlive a restart of the machine.
    #[serde(default)]
    pub scope: Scope,
    /// What must hold right before.
    #[serde(default)]
    pub precondition: Vec<super::guard::Precondition>,
    /// How it is taken back.
    #[serde(default)]
    pub inverse: Inverse,
    /// Ids of actions that must be done before.
    #[serde(default)]
    pub after: Vec<String>,
    /// Seconds to wait before the next action.
    #[serde(default)]
    pub settle_s: f64,
    /// Who carries it out.
    #[serde(default)]
    pub execute: Execute,
    /// What it costs, in the unit of the plan's objective.
    #[serde(default)]
    pub cost: f64,
    /// Why, for readers.
    #[serde(default)]
    pub note: String,
}

/// Whether a change shall outlive a restart of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// A restart undoes it.
    #[default]
    Runtime,
    /// It is written where a restart finds it.
    Persistent,
}

/// How a change is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inverse {
    /// The value that was read right before is set again.
    #[default]
    Captured,
}

/// Who carries an action out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Execute {
    /// The agent, if it can and may.
    #[default]
    Agent,
    /// A person; the plan waits for a word that it is done.
    Manual,
    /// Nobody: it is there for the model.
    ModelOnly,
}

/// A process, by number and, so that a reused number is not mistaken, by name and start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its number.
    pub pid: u32,
    /// Its name as the kernel has it.
    pub name: String,
    /// Its start in clock ticks after boot, `starttime` of `proc_pid_stat(5)`; 0: any.
    #[serde(default)]
    pub start: u64,
    /// Its children too, also those that it starts later as far as the kernel hands down
    /// the setting.
    #[serde(default)]
    pub children: bool,
}

/// A setting of an application, by the adapter that knows how to read and write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSetting {
    /// `nginx`, `postgres` or `redis`.
    pub adapter: String,
    /// Which of several: a name in the agent's policy; empty where there is one.
    #[serde(default)]
    pub instance: String,
    /// The application's own name of the setting.
    pub key: String,
    /// The value in the application's own form.
    pub value: String,
}

/// Hardware that a model can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Hardware {
    /// Processors: cores.
    Cpu,
    /// Block devices.
    Disk,
    /// Network links.
    Network,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Kind {
    /// CPU bandwidth of a control group.
    CpuMax {
        /// Path below the mount, beginning with `/`.
        cgroup: String,
        /// Microseconds of CPU time a period; `None` is no limit.
        #[serde(default)]
        quota_us: Option<u64>,
        /// The period, microseconds.
        #[serde(default = "period_us")]
        period_us: u64,
    },
    /// Share of a control group when all want the CPU.
    CpuWeight {
        /// Path below the mount.
        cgroup: String,
        /// 1 to 10000, 100 is the default.
        weight: u64,
    },
    /// Cores a control group may use.
    Cpuset {
        /// Path below the mount.
        cgroup: String,
        /// List such as `0-3,6`.
        cpus: String,
    },
    /// Memory that a control group may use.
    MemoryMax {
        /// Path below the mount.
        cgroup: String,
        /// Bytes; `None` is no limit.
        #[serde(default)]
        bytes: Option<u64>,
    },
    /// Rates a control group may use of a block device; `None` is no limit.
    IoMax {
        /// Path below the mount.
        cgroup: String,
        /// `major:minor`.
        device: String,
        /// Bytes read a second.
        #[serde(default)]
        rbps: Option<u64>,
        /// Bytes written a second.
        #[serde(default)]
        wbps: Option<u64>,
        /// Reads a second.
        #[serde(default)]
        riops: Option<u64>,
        /// Writes a second.
        #[serde(default)]
        wiops: Option<u64>,
    },
    /// Order in which a block device's requests are served.
    IoScheduler {
        /// Name such as `sda`.
        device: String,
        /// Name such as `mq-deadline`.
        scheduler: String,
    },
    /// Urgency of a process among others.
    Nice {
        /// Which.
        process: Target,
        /// -20 (most urgent) to 19.
        nice: i32,
    },
    /// Cores a process may use.
    Affinity {
        /// Which.
        process: Target,
        /// List such as `0-3,6`.
        cpus: String,
    },
    /// A setting of the kernel.
    Sysctl {
        /// With dots, such as `net.core.somaxconn`.
        key: String,
        /// In the kernel's own form.
        value: String,
    },
    /// A setting of an application.
    AppConfig {
        /// `nginx`, `postgres` or `redis`.
        adapter: String,
        /// Which of several: a name in the agent's policy; empty where there is one.
        #[serde(default)]
        instance: String,
        /// The application's own name of the setting.
        key: String,
        /// The value in the application's own form.
        value: String,
    },
    /// Size of a pool of threads or connections.
    PoolSize {
        /// Service that has the pool.
        service: String,
        /// How many.
        size: u64,
        /// The setting that makes it so; without one a person does it.
        #[serde(default)]
        by: Option<AppSetting>,
    },
    /// Requests a second that are let in.
    RateLimit {
        /// Service that is limited.
        service: String,
        /// Requests a second.
        per_s: f64,
        /// Requests that may come at once.
        #[serde(default)]
        burst: f64,
        /// The setting that makes it so; without one a person does it.
        #[serde(default)]
        by: Option<AppSetting>,
    },
    /// Memory of a cache.
    CacheSize {
        /// Service that has the cache.
        service: String,
        /// Bytes.
        bytes: u64,
        /// The setting that makes it so; without one a person does it.
        #[serde(default)]
        by: Option<AppSetting>,
    },
    /// Copies of a service behind one entry.
    Replicas {
        /// Service.
        service: String,
        /// How many.
        count: u32,
    },
    /// Ends and starts a service.
    ServiceRestart {
        /// Service.
        service: String,
    },
    /// What people shall do with the load, in words.
    WorkloadHint {
        /// The words.
        text: String,
    },
    /// More or less of the same load.
    LoadChange {
        /// Times what it was.
        ratio: f64,
    },
    /// Other shares of the operations.
    MixChange {
        /// Operation and its new share; shares are scaled to sum to one.
        shares: Vec<(String, f64)>,
    },
    /// Other hardware.
    HardwareChange {
        /// Which.
        what: Hardware,
        /// How much faster one unit of it is, measured: 1.3 is 30 % faster.
        #[serde(default = "one")]
        speed: f64,
        /// How many units; `None` leaves them.
        #[serde(default)]
        units: Option<u32>,
    },
    /// Work that is moved to another time.
    BatchShift {
        /// Name of the process, or path of the control group, whose work moves.
        work: String,
        /// Seconds later; negative is earlier; 0 is out of the window.
        #[serde(default)]
        by_s: f64,
    },
}

/// The four families of the framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// What the workload gets of the machine.
    Resource,
    /// What is asked for, and when.
    Workload,
    /// How software is set.
    Configuration,
    /// How many of something there are.
    Scaling,
}

/// What an executable kind comes to: a key and the value it shall have.
///
/// | kind | key | value |
/// |---|---|---|
/// | `CpuMax` | `cgroup:/app.slice:cpu.max` | `150000 100000`, `max 100000` |
/// | `CpuWeight` | `cgroup:/app.slice:cpu.weight` | `50` |
/// | `Cpuset` | `cgroup:/app.slice:cpuset.cpus` | `0-3,6`, sorted and merged |
/// | `MemoryMax` | `cgroup:/app.slice:memory.max` | bytes, `max` |
/// | `IoMax` | `cgroup:/app.slice:io.max:8:0` | `rbps=max wbps=1048576 riops=max wiops=max` |
/// | `IoScheduler` | `block:sda:scheduler` | `mq-deadline` |
/// | `Nice` | `process:412:postgres:nice` | `5` |
/// | `Affinity` | `process:412:postgres:affinity` | `0-1` |
/// | `Sysctl` | `sysctl:net.core.somaxconn` | `4096` |
/// | `AppConfig` and kinds with `by` | `nginx:gzip_comp_level`, `redis@cache:maxmemory` | the application's own form |
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Setting {
    /// What is set.
    pub key: String,
    /// What it shall be.
    pub value: String,
}

/// The usual period of CPU bandwidth, microseconds.
fn period_us() -> u64 {
    100_000
}

fn one() -> f64 {
    1.0
}

impl Action {
    /// An action without conditions.
    pub fn new(id: &str, kind: Kind) -> Self {
        let execute = if kind.setting().is_some() {
            Execute::Agent
        } else if kind.is_for_people() {
            Execute::Manual
        } else {
            Execute::ModelOnly
        };
        Self {
            id: id.to_owned(),
            kind,
            scope: Scope::Runtime,
            precondition: Vec::new(),
            inverse: Inverse::Captured,
            after: Vec::new(),
            settle_s: 0.0,
            execute,
            cost: 0.0,
            note: String::new(),
        }
    }
}

impl Kind {
    /// Its name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CpuMax { .. } => "CpuMax",
            Self::CpuWeight { .. } => "CpuWeight",
            Self::Cpuset { .. } => "Cpuset",
            Self::MemoryMax { .. } => "MemoryMax",
            Self::IoMax { .. } => "IoMax",
            Self::IoScheduler { .. } => "IoScheduler",
            Self::Nice { .. } => "Nice",
            Self::Affinity { .. } => "Affinity",
            Self::Sysctl { .. } => "Sysctl",
            Self::AppConfig { .. } => "AppConfig",
            Self::PoolSize { .. } => "PoolSize",
            Self::RateLimit { .. } => "RateLimit",
            Self::CacheSize { .. } => "CacheSize",
            Self::Replicas { .. } => "Replicas",
            Self::ServiceRestart { .. } => "ServiceRestart",
            Self::WorkloadHint { .. } => "WorkloadHint",
            Self::LoadChange { .. } => "LoadChange",
            Self::MixChange { .. } => "MixChange",
            Self::HardwareChange { .. } => "HardwareChange",
            Self::BatchShift { .. } => "BatchShift",
        }
    }

    /// Its family.
    pub fn family(&self) -> Family {
        match self {
            Self::CpuMax { .. }
            | Self::CpuWeight { .. }
            | Self::Cpuset { .. }
            | Self::MemoryMax { .. }
            | Self::IoMax { .. }
            | Self::Nice { .. }
            | Self::Affinity { .. } => Family::Resource,
            Self::IoScheduler { .. }
            | Self::Sysctl { .. }
            | Self::AppConfig { .. }
            | Self::PoolSize { .. }
            | Self::CacheSize { .. }
            | Self::ServiceRestart { .. } => Family::Configuration,
            Self::RateLimit { .. }
            | Self::WorkloadHint { .. }
            | Self::LoadChange { .. }
            | Self::MixChange { .. }
            | Self::BatchShift { .. } => Family::Workload,
            Self::Replicas { .. } | Self::HardwareChange { .. } => Family::Scaling,
        }
    }

    /// What an agent sets for it; `None` where an agent cannot.
    pub fn setting(&self) -> Option<Setting> {
        let setting = |key: String, value: String| Some(Setting { key, value });
        let group = |path: &str, name: &str| format!("cgroup:{path}:{name}");
        match self {
            Self::CpuMax {
                cgroup,
                quota_us,
                period_us,
            } => setting(
                group(cgroup, "cpu.max"),
                format!("{} {period_us}", or_max(*quota_us)),
            ),
            Self::CpuWeight { cgroup, weight } => {
                setting(group(cgroup, "cpu.weight"), weight.to_string())
            }
            Self::Cpuset { cgroup, cpus } => setting(group(cgroup, "cpuset.cpus"), listed(cpus)),
            Self::MemoryMax { cgroup, bytes } => {
                setting(group(cgroup, "memory.max"), or_max(*bytes))
            }
            Self::IoMax {
                cgroup,
                device,
                rbps,
                wbps,
                riops,
                wiops,
            } => setting(
                format!("{}:{device}", group(cgroup, "io.max")),
                format!(
                    "rbps={} wbps={} riops={} wiops={}",
                    or_max(*rbps),
                    or_max(*wbps),
                    or_max(*riops),
                    or_max(*wiops)
                ),
            ),
            Self::IoScheduler { device, scheduler } => {
                setting(format!("block:{device}:scheduler"), scheduler.clone())
            }
            Self::Nice { process, nice } => setting(process.key("nice"), nice.to_string()),
            Self::Affinity { process, cpus } => setting(process.key("affinity"), listed(cpus)),
            Self::Sysctl { key, value } => setting(format!("sysctl:{key}"), value.clone()),
            Self::AppConfig {
                adapter,
                instance,
                key,
                value,
            } => setting(app_key(adapter, instance, key), value.clone()),
            Self::PoolSize { by, .. } | Self::RateLimit { by, .. } | Self::CacheSize { by, .. } => {
                let by = by.as_ref()?;
                setting(
                    app_key(&by.adapter, &by.instance, &by.key),
                    by.value.clone(),
                )
            }
            Self::Replicas { .. }
            | Self::ServiceRestart { .. }
            | Self::WorkloadHint { .. }
            | Self::LoadChange { .. }
            | Self::MixChange { .. }
            | Self::HardwareChange { .. }
            | Self::BatchShift { .. } => None,
        }
    }

    /// Whether a person carries it out: it is more than an assumption of the model.
    pub fn is_for_people(&self) -> bool {
        self.setting().is_none()
            && !matches!(self, Self::LoadChange { .. } | Self::MixChange { .. })
    }
}

impl Family {
    /// Every family, in the order of lists.
    pub const ALL: [Self; 4] = [
        Self::Resource,
        Self::Workload,
        Self::Configuration,
        Self::Scaling,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Workload => "workload",
            Self::Configuration => "configuration",
            Self::Scaling => "scaling",
        }
    }
}

impl Target {
    /// Key of one of its settings.
    fn key(&self, what: &str) -> String {
        format!("process:{}:{}:{what}", self.pid, self.name)
    }
}

fn app_key(adapter: &str, instance: &str, key: &str) -> String {
    if instance.is_empty() {
        format!("{adapter}:{key}")
    } else {
        format!("{adapter}@{instance}:{key}")
    }
}

fn or_max(number: Option<u64>) -> String {
    number.map_or_else(|| "max".to_owned(), |it| it.to_string())
}

/// A list of cores in its one canonical form; as it is where it is none.
fn listed(cpus: &str) -> String {
    cores(cpus).map_or_else(|| cpus.to_owned(), |it| core_list(&it))
}

/// Highest number of a core that a list may name.
pub const CORE_MAX: u32 = 8191;

/// The cores of a list such as `0-3,6`, ascending; `None` where it is none, is empty or
/// names a core above [`CORE_MAX`].
pub fn cores(list: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in list.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let from: u32 = from.trim().parse().ok()?;
        let to: u32 = to.trim().parse().ok()?;
        if from > to || to > CORE_MAX {
            return None;
        }
        all.extend(from..=to);
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// Cores, ascending, as a list such as `0-3,6`.
pub fn core_list(cores: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &core in cores {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == core => *to = core,
            _ => parts.push((core, core)),
        }
    }
    let texts = parts.iter().map(|(from, to)| {
        if from == to {
            from.to_string()
        } else {
            format!("{from}-{to}")
        }
    });
    texts.collect::<Vec<_>>().join(",")
}
