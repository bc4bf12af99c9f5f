//! Control groups and a working folder, taken away when dropped.
//!
//! * In: names.
//! * Out: guards; dropping one removes what it made.
//! * Never: touches what another program made: what a killed run left is found by
//!   [`sweep`] under the one name all of this has.
//!
//! Start at [`Group`].

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Control groups made here lie below this one. Its name is not the product's, whose
/// own groups no policy lets a plan change.
const OURS: &str = "experiments";

const CGROUPS: &str = "/sys/fs/cgroup";

/// Version 1 hierarchies that a group is made in.
const HIERARCHIES: &[&str] = &["cpu", "cpuacct", "cpuset", "memory"];

/// The kernel's usual period of CPU bandwidth.
const PERIOD_US: u64 = 100_000;

/// Runs a program to its end and gives what it printed.
pub(crate) fn tool(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|it| missing(program, &it))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().lines().last().unwrap_or("no message");
    Err(format!("{program} {}: {said}", arguments.join(" ")))
}

/// Why a program does not start, with the package that has it.
pub(crate) fn missing(program: &str, why: &std::io::Error) -> String {
    let name = Path::new(program).file_name().and_then(|it| it.to_str());
    match package_of(name.unwrap_or(program)) {
        Some(package) => format!("{program}: {why}; it is in the Debian package {package}"),
        None => format!("{program}: {why}"),
    }
}

fn package_of(program: &str) -> Option<&'static str> {
    match program {
        "nginx" => Some("nginx-light"),
        "redis-server" | "redis-cli" => Some("redis-server"),
        "stress-ng" => Some("stress-ng"),
        "fio" => Some("fio"),
        "postgres" | "initdb" | "pgbench" | "createdb" | "pg_isready" => Some("postgresql-15"),
        "setpriv" => Some("util-linux"),
        _ => None,
    }
}

/// A control group of version 1 or 2, whichever limits here.
#[derive(Debug)]
pub(crate) struct Group {
    /// Path below each hierarchy, as plans and series name it.
    pub(crate) path: String,
    /// One for version 2, one for each hierarchy of version 1.
    folders: Vec<PathBuf>,
    unified: bool,
}

/// The roots of the hierarchies, and whether it is the one of version 2.
fn hierarchies() -> (Vec<PathBuf>, bool) {
    let root = Path::new(CGROUPS);
    let controllers = std::fs::read_to_string(root.join("cgroup.controllers"));
    if controllers.is_ok_and(|it| it.contains("cpu")) {
        return (vec![root.to_owned()], true);
    }
    let there = HIERARCHIES.iter().map(|it| root.join(it));
    (there.filter(|it| it.is_dir()).collect(), false)
}

impl Group {
    /// Makes `/experiments/NAME` in every hierarchy.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let (roots, unified) = hierarchies();
        let mut group = Self {
            path: format!("/{OURS}/{name}"),
            folders: Vec::new(),
            unified,
        };
        for root in roots {
            let above = root.join(OURS);
            make(&above)?;
            if unified {
                for folder in [&root, &above] {
                    put(
                        &folder.join("cgroup.subtree_control"),
                        "+cpu +cpuset +memory",
                    )?;
                }
            }
            let folder = above.join(name);
            make(&folder)?;
            if !unified && root.ends_with("cpuset") {
                for file in ["cpuset.cpus", "cpuset.mems"] {
                    inherit(&[&root, &above, &folder], file)?;
                }
            }
            group.folders.push(folder);
        }
        match group.folders.is_empty() {
            true => Err("no control groups that can be written".to_owned()),
            false => Ok(group),
        }
    }

    /// The files that a process enters the group by.
    pub(crate) fn entrances(&self) -> String {
        let files = self.folders.iter().map(|it| it.join("cgroup.procs"));
        let files: Vec<String> = files.map(|it| it.display().to_string()).collect();
        files.join(" ")
    }

    fn folder(&self, hierarchy: &str) -> Result<&Path, String> {
        let mut folders = self.folders.iter();
        let found = folders.find(|it| self.unified || it.iter().any(|part| part == hierarchy));
        let found = found.map(PathBuf::as_path);
        found.ok_or_else(|| format!("the {hierarchy} controller cannot be written"))
    }

    /// Limits the group to so many processors; `None` lifts the limit.
    pub(crate) fn limit(&self, cores: Option<f64>) -> Result<(), String> {
        let folder = self.folder("cpu")?;
        let quota = cores.map(|it| format!("{:.0}", it * PERIOD_US as f64));
        if self.unified {
            let quota = quota.unwrap_or("max".to_owned());
            return put(&folder.join("cpu.max"), &format!("{quota} {PERIOD_US}"));
        }
        put(
            &folder.join("cpu.cfs_quota_us"),
            &quota.unwrap_or("-1".to_owned()),
        )
    }

    /// Processors that the group is limited to; `None` is no limit.
    pub(crate) fn limited_to(&self) -> Result<Option<f64>, String> {
        let folder = self.folder("cpu")?;
        let text = match self.unified {
            true => get(&folder.join("cpu.max"))?,
            false => get(&folder.join("cpu.cfs_quota_us"))?,
        };
        let quota = text.split_whitespace().next().unwrap_or_default();
        let quota: Option<f64> = quota.parse().ok().filter(|it| *it > 0.0);
        Ok(quota.map(|it| it / PERIOD_US as f64))
    }

    /// Lets the group run on these cores only.
    pub(crate) fn pin(&self, cores: &str) -> Result<(), String> {
        put(&self.folder("cpuset")?.join("cpuset.cpus"), cores)
    }

    /// The cores that the group may run on.
    pub(crate) fn pinned_to(&self) -> Result<String, String> {
        let text = get(&self.folder("cpuset")?.join("cpuset.cpus"))?;
        Ok(text.trim().to_owned())
    }

    /// Processor seconds that the group used so far.
    pub(crate) fn cpu_s(&self) -> Result<f64, String> {
        if self.unified {
            let text = get(&self.folder("cpu")?.join("cpu.stat"))?;
            let mut lines = text.lines().filter_map(|it| it.split_once(' '));
            let usage = lines.find(|it| it.0 == "usage_usec");
            let usage = usage.and_then(|it| it.1.parse::<f64>().ok());
            return usage
                .map(|it| it / 1e6)
                .ok_or("cpu.stat has no usage".to_owned());
        }
        let text = get(&self.folder("cpuacct")?.join("cpuacct.usage"))?;
        let nanoseconds: f64 = text
            .trim()
            .parse()
            .map_err(|_| "cpuacct.usage is no number")?;
        Ok(nanoseconds / 1e9)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            remove_group(folder);
        }
    }
}

/// Removes a group, and the one above it when that was the last.
///
/// The kernel refuses while an ended process is not wholly gone, so this asks again for
/// two seconds.
fn remove_group(folder: &Path) {
    for _ in 0..40 {
        if std::fs::remove_dir(folder).is_ok() || !folder.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    if let Some(above) = folder.parent() {
        // Refused while other groups are in it.
        std::fs::remove_dir(above).ok();
    }
}

/// A new group of cores has none until it is given those above it.
fn inherit(folders: &[&Path], file: &str) -> Result<(), String> {
    for pair in folders.windows(2) {
        if get(&pair[1].join(file))?.trim().is_empty() {
            put(&pair[1].join(file), get(&pair[0].join(file))?.trim())?;
        }
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|it| format!("{}: {it}", folder.display()))
}

fn get(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|it| format!("{}: {it}", file.display()))
}

/// Writes a file, such as one of a control group.
pub(crate) fn put(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|it| format!("{} = {text}: {it}", file.display()))
}

/// A working folder that only root writes to, removed with all that is in it.
///
/// Agents believe no policy and no configuration that lies where others can write.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

/// Where working folders are.
const WORK: &str = "/var/lib/kymo-experiments";

impl Folder {
    /// Makes it empty; call it only while [`alone`].
    pub(crate) fn new() -> Result<Self, String> {
        let folder = Self(PathBuf::from(WORK));
        std::fs::remove_dir_all(&folder.0).ok();
        make(&folder.0)?;
        Ok(folder)
    }

    /// A path in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// One run at a time on a machine: holds while the answer lives.
pub(crate) fn alone() -> Result<File, String> {
    let path = PathBuf::from("/run/kymo-experiments.lock");
    let file = File::create(&path).map_err(|it| format!("{}: {it}", path.display()))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| "another experiment runs on this machine already".to_owned())?;
    Ok(file)
}

/// Ends what a killed run left in its groups and removes them; call it only while
/// [`alone`].
pub(crate) fn sweep() {
    for root in hierarchies().0 {
        let above = root.join(OURS);
        for entry in std::fs::read_dir(&above).into_iter().flatten().flatten() {
            let folder = entry.path();
            if !folder.is_dir() {
                continue;
            }
            let members = get(&folder.join("cgroup.procs")).unwrap_or_default();
            for pid in members.lines().filter_map(|it| it.trim().parse().ok()) {
                if let Some(pid) = Pid::from_raw(pid) {
                    kill_process(pid, Signal::KILL).ok();
                }
            }
            remove_group(&folder);
        }
        std::fs::remove_dir(&above).ok();
    }
}
