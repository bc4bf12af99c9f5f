//! Control groups, network namespaces, swap and files, taken away when dropped.
//!
//! * In: a name and limits.
//! * Out: guards; dropping one removes what it made.
//! * Never: touches what another program made, or leaves something behind: what a
//!   killed run left is found by [`sweep`] under the one name all of this has.
//!
//! Start at [`Group`], [`Network`] and [`Swap`].

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::draw::Draw;

/// Everything made here is named so or lies below a folder that is.
const OURS: &str = "kymo-faults";

const CGROUPS: &str = "/sys/fs/cgroup";

/// Version 1 hierarchies that a group is made in.
const HIERARCHIES: &[&str] = &["cpu", "cpuacct", "memory", "blkio", "pids"];

/// Runs a program and says what went wrong with it.
pub(crate) fn tool(program: &str, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|it| match package_of(program) {
        Some(package) => format!("{program}: {it}; it is in the Debian package {package}"),
        None => format!("{program}: {it}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said
        .trim()
        .lines()
        .next()
        .unwrap_or("no message")
        .to_owned();
    Err(format!("{program} {}: {said}", arguments.join(" ")))
}

fn package_of(program: &str) -> Option<&'static str> {
    match program {
        "ip" | "tc" => Some("iproute2"),
        "nft" => Some("nftables"),
        "nsenter" | "unshare" | "mkswap" | "swapon" | "swapoff" => Some("util-linux or mount"),
        _ => None,
    }
}

/// A control group of version 1 or 2, whichever limits here.
#[derive(Debug)]
pub(crate) struct Group {
    /// Path below each hierarchy, as a process table shows it.
    pub(crate) path: String,
    /// One for version 2, one for each hierarchy of version 1.
    folders: Vec<PathBuf>,
    unified: bool,
}

/// The roots of the hierarchies, and whether it is the one of version 2.
fn hierarchies() -> (Vec<PathBuf>, bool) {
    let root = Path::new(CGROUPS);
    let controllers = std::fs::read_to_string(root.join("cgroup.controllers"));
    if controllers.is_ok_and(|it| it.contains("memory")) {
        return (vec![root.to_owned()], true);
    }
    let there = HIERARCHIES.iter().map(|it| root.join(it));
    (there.filter(|it| it.is_dir()).collect(), false)
}

impl Group {
    /// Makes `/kymo-faults/NAME` in every hierarchy.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let (roots, unified) = hierarchies();
        let mut group = Self {
            path: format!("/{OURS}/{name}"),
            folders: Vec::new(),
            unified,
        };
        for root in roots {
            let above = root.join(OURS);
            std::fs::create_dir_all(&above).map_err(|it| format!("{}: {it}", above.display()))?;
            if unified {
                for folder in [&root, &above] {
                    put(&folder.join("cgroup.subtree_control"), "+cpu +memory +io")?;
                }
            }
            let folder = above.join(name);
            std::fs::create_dir_all(&folder).map_err(|it| format!("{}: {it}", folder.display()))?;
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
        files.join(",")
    }

    fn folder(&self, hierarchy: &str) -> Result<&Path, String> {
        let mut folders = self.folders.iter();
        let found = folders.find(|it| self.unified || it.iter().any(|part| part == hierarchy));
        let found = found.map(PathBuf::as_path);
        found.ok_or_else(|| format!("the {hierarchy} controller cannot be written"))
    }

    /// Limits the group to so many processors; `None` lifts the limit.
    pub(crate) fn limit_processor(&self, cores: Option<f64>) -> Result<(), String> {
        /// The kernel's default period.
        const PERIOD_US: f64 = 100_000.0;
        let folder = self.folder("cpu")?;
        let quota = cores.map(|it| format!("{:.0}", it * PERIOD_US));
        if self.unified {
            let quota = quota.unwrap_or("max".to_owned());
            return put(&folder.join("cpu.max"), &format!("{quota} {PERIOD_US}"));
        }
        let quota = quota.unwrap_or("-1".to_owned());
        put(&folder.join("cpu.cfs_quota_us"), &quota)
    }

    /// Limits memory, with the page cache; swap is not counted.
    pub(crate) fn limit_memory(&self, mib: f64) -> Result<(), String> {
        let name = match self.unified {
            true => "memory.max",
            false => "memory.limit_in_bytes",
        };
        let bytes = format!("{:.0}", mib * 1_048_576.0);
        put(&self.folder("memory")?.join(name), &bytes)
    }

    /// Keeps the group's memory out of swap.
    pub(crate) fn forbid_swap(&self) -> Result<(), String> {
        let name = match self.unified {
            true => "memory.swap.max",
            false => "memory.swappiness",
        };
        let file = self.folder("memory")?.join(name);
        match file.exists() {
            true => put(&file, "0"),
            false => Ok(()),
        }
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
/// The kernel refuses while an ended process is not wholly gone, so this asks
/// again for two seconds.
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

fn put(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|it| format!("{} = {text}: {it}", file.display()))
}

/// Two network namespaces joined by a pair of virtual interfaces, and nothing else:
/// what is sent in them cannot leave them.
#[derive(Debug)]
pub(crate) struct Network;

/// Namespace of the recorder and of those who send.
pub(crate) const NEAR: &str = "kymo-faults-near";
/// Namespace of those who receive.
pub(crate) const FAR: &str = "kymo-faults-far";
/// Interface of the near side.
pub(crate) const DEVICE: &str = "kf0";
/// Where the near side listens.
pub(crate) const NEAR_ADDRESS: &str = "10.77.77.1";
/// Where the far side listens.
pub(crate) const FAR_ADDRESS: &str = "10.77.77.2";

impl Network {
    pub(crate) fn new() -> Result<Self, String> {
        tool("ip", &["netns", "add", NEAR])?;
        // From here on dropping it takes away what is made.
        let network = Self;
        tool("ip", &["netns", "add", FAR])?;
        let pair = ["type", "veth", "peer", "name", "kf1", "netns", FAR];
        let mut add = vec!["-n", NEAR, "link", "add", DEVICE];
        add.extend(pair);
        tool("ip", &add)?;
        for (space, device, address) in [(NEAR, DEVICE, NEAR_ADDRESS), (FAR, "kf1", FAR_ADDRESS)] {
            let address = format!("{address}/24");
            tool(
                "ip",
                &["-n", space, "address", "add", &address, "dev", device],
            )?;
            tool("ip", &["-n", space, "link", "set", device, "up"])?;
            tool("ip", &["-n", space, "link", "set", "lo", "up"])?;
        }
        Ok(network)
    }

    /// Shapes what the near side sends to a rate.
    pub(crate) fn limit_rate(&self, mbit_s: f64) -> Result<(), String> {
        let rate = format!("{mbit_s}mbit");
        let shape = ["tbf", "rate", &rate, "burst", "32kb", "latency", "50ms"];
        let mut arguments = vec!["-n", NEAR, "qdisc", "add", "dev", DEVICE, "root"];
        arguments.extend(shape);
        tool("tc", &arguments)
    }

    /// Loses a share of the packets that arrive at the far side.
    ///
    /// `netem` where the kernel has it, else a firewall rule that drops at random;
    /// then the answer says so.
    pub(crate) fn lose(&self, percent: f64) -> Result<Option<String>, String> {
        let share = format!("{percent}%");
        let netem = ["root", "netem", "loss", &share];
        let mut arguments = vec!["-n", NEAR, "qdisc", "add", "dev", DEVICE];
        arguments.extend(netem);
        let Err(why) = tool("tc", &arguments) else {
            return Ok(None);
        };
        let rule = format!(
            "add table inet loss; \
             add chain inet loss arriving {{ type filter hook input priority 0; }}; \
             add rule inet loss arriving numgen random mod 1000 < {:.0} drop",
            percent * 10.0
        );
        let inside = format!("--net=/run/netns/{FAR}");
        tool("nsenter", &[&inside, "nft", &rule])?;
        Ok(Some(format!(
            "netem ({why}); a firewall rule drops as many packets at random where they arrive"
        )))
    }

    /// Ends the loss.
    pub(crate) fn lose_nothing(&self) {
        tool("tc", &["-n", NEAR, "qdisc", "del", "dev", DEVICE, "root"]).ok();
        let inside = format!("--net=/run/netns/{FAR}");
        tool("nsenter", &[&inside, "nft", "delete table inet loss"]).ok();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for space in [NEAR, FAR] {
            tool("ip", &["netns", "del", space]).ok();
        }
    }
}

/// How to start a program inside a namespace: the network alone, for helpers.
pub(crate) fn inside(space: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net=/run/netns/{space}"));
    command
}

/// How to start the recorder inside the near namespace: with a `/sys` that shows
/// the interfaces of the namespace and the control groups of the machine.
pub(crate) fn inside_with_devices() -> Command {
    let script = format!(
        "set -e; mount --rbind {CGROUPS} /mnt; \
         exec nsenter --net=/run/netns/{NEAR} sh -c \
         'set -e; mount -t sysfs none /sys; mount --rbind /mnt {CGROUPS}; umount -l /mnt; exec \"$@\"' sh \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script, "sh"]);
    command
}

/// A swap file that is in use.
#[derive(Debug)]
pub(crate) struct Swap(PathBuf);

impl Swap {
    /// Takes a swap file of so many MiB into use.
    pub(crate) fn new(folder: &Path, mib: u64) -> Result<Self, String> {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("swap");
        written(&path, mib)?;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).map_err(|it| it.to_string())?;
        let swap = Self(path);
        let name = swap.0.display().to_string();
        tool("mkswap", &[&name])?;
        tool("swapon", &[&name])?;
        Ok(swap)
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        tool("swapoff", &[&self.0.display().to_string()]).ok();
        std::fs::remove_file(&self.0).ok();
    }
}

/// Writes a file of so many MiB that do not compress and leaves none of it in the
/// page cache, so that who reads it first is charged for it.
pub(crate) fn written(path: &Path, mib: u64) -> Result<(), String> {
    let wrong = |it: std::io::Error| format!("{}: {it}", path.display());
    let mut file = File::create(path).map_err(wrong)?;
    let mut draw = Draw::of(1, "file");
    for _ in 0..mib {
        let piece: Vec<u8> = (0..1 << 17)
            .flat_map(|_| draw.next().to_le_bytes())
            .collect();
        file.write_all(&piece).map_err(wrong)?;
    }
    file.sync_all().map_err(wrong)?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).map_err(|it| it.to_string())
}

/// A working folder, removed with all that is in it.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Result<Self, String> {
        std::fs::create_dir_all(&path).map_err(|it| format!("{}: {it}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// One run at a time on a machine: holds while the answer lives.
pub(crate) fn alone() -> Result<File, String> {
    let path = std::env::temp_dir().join(format!("{OURS}.lock"));
    let file = File::create(&path).map_err(|it| format!("{}: {it}", path.display()))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| "another run disturbs this machine already".to_owned())?;
    Ok(file)
}

/// Takes away what a killed run left; call it only while [`alone`].
pub(crate) fn sweep(folder: &Path) {
    for root in hierarchies().0 {
        let above = root.join(OURS);
        for entry in std::fs::read_dir(&above).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                remove_group(&entry.path());
            }
        }
        std::fs::remove_dir(&above).ok();
    }
    let spaces = Path::new("/run/netns");
    if spaces.join(NEAR).exists() || spaces.join(FAR).exists() {
        drop(Network);
    }
    let swap = folder.join("swap");
    if swap.exists() {
        drop(Swap(swap));
    }
    std::fs::remove_dir_all(folder).ok();
}
