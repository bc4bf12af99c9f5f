//! What the agent says of its host when it greets.
//!
//! Start at [`Facts::read`].

use wire::message::Hello;

use crate::clock::Now;
use crate::kept::Root;

/// Version of the agent, told in the greeting and by `--version`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Facts of a host that do not change while it runs; empty where they cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Host name.
    pub name: String,
    /// Operating system.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor architecture.
    pub arch: String,
    /// Processor model.
    pub cpu_model: String,
    /// Logical processors online.
    pub cpus: u32,
    /// Physical memory.
    pub memory_bytes: u64,
    /// Id of this boot.
    pub boot_id: String,
}

/// What the agent adds to the facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// What it can do.
    pub capabilities: Vec<String>,
    /// What it cannot, and why.
    pub limits: Vec<String>,
    /// Planned time between samples.
    pub every_ns: i64,
}

impl Facts {
    /// Reads the facts below `root`; `name` stands in for the host's own name.
    ///
    /// # Source
    ///
    /// `os-release(5)`, `proc(5)` (`cpuinfo`, `meminfo`, `stat`), `uname(2)`.
    pub fn read(root: &Root, name: Option<&str>) -> Self {
        let text = |path: &str| root.text(path).unwrap_or_default();
        let first = |paths: &[&str]| {
            let mut found = paths.iter().filter_map(|path| root.text(path));
            found.find(|it| !it.is_empty())
        };
        let own = first(&["proc/sys/kernel/hostname", "etc/hostname"]);
        let os = first(&["etc/os-release", "usr/lib/os-release"]).unwrap_or_default();
        Self {
            name: name.map(str::to_owned).or(own).unwrap_or_default(),
            os: os_name(&os),
            kernel: text("proc/sys/kernel/osrelease"),
            arch: arch(root),
            cpu_model: cpu_model(&text("proc/cpuinfo")),
            cpus: cpus(&text("proc/stat")),
            memory_bytes: memory_bytes(&text("proc/meminfo")),
            boot_id: text("proc/sys/kernel/random/boot_id"),
        }
    }

    /// The greeting at this moment.
    pub fn hello(&self, abilities: &Abilities, now: Now) -> Hello {
        Hello {
            protocol: wire::PROTOCOL,
            host_name: self.name.clone(),
            os: self.os.clone(),
            kernel: self.kernel.clone(),
            arch: self.arch.clone(),
            cpu_model: self.cpu_model.clone(),
            cpus: self.cpus,
            memory_bytes: self.memory_bytes,
            boot_id: self.boot_id.clone(),
            agent_version: VERSION.to_owned(),
            agent_pid: std::process::id(),
            capabilities: abilities.capabilities.clone(),
            limits: abilities.limits.clone(),
            boot_ns: now.boot_ns,
            unix_ns: now.unix_ns,
            every_ns: abilities.every_ns,
        }
    }
}

/// The architecture of the running kernel; of this program for a recorded tree.
fn arch(root: &Root) -> String {
    let running = root.is_live().then(crate::system::arch).flatten();
    running.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn os_name(os_release: &str) -> String {
    let value = |key: &str| {
        let mut lines = os_release.lines();
        lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    };
    let name = value("PRETTY_NAME").or_else(|| value("NAME"));
    name.unwrap_or_default()
        .trim_matches(['"', '\''])
        .to_owned()
}

/// `model name` on x86, `Processor`, `Hardware` or `cpu` elsewhere.
fn cpu_model(cpuinfo: &str) -> String {
    let value = |key: &str| {
        cpuinfo.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    ["model name", "Model", "Processor", "Hardware", "cpu"]
        .into_iter()
        .find_map(value)
        .unwrap_or_default()
}

fn cpus(stat: &str) -> u32 {
    let numbered = |line: &&str| {
        line.strip_prefix("cpu")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let count = stat.lines().filter(numbered).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn memory_bytes(meminfo: &str) -> u64 {
    let total = meminfo.lines().find_map(|line| {
        let kibibytes = line.strip_prefix("MemTotal:")?.trim();
        kibibytes.strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    total.unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_tree_is_described() -> io::Result<()> {
        let tree = tempfile::tempdir()?;
        let write = |path: &str, text: &str| -> io::Result<()> {
            let path = tree.path().join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, text)
        };
        write("proc/sys/kernel/hostname", "web-1\n")?;
        write("proc/sys/kernel/osrelease", "6.1.0\n")?;
        write(
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Example 9000\n",
        )?;
        write("proc/stat", "cpu  1 2\ncpu0 1 2\ncpu1 1 2\nintr 5\n")?;
        write("proc/meminfo", "MemTotal:        2048 kB\nMemFree: 1 kB\n")?;
        write(
            "etc/os-release",
            "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        )?;
        let root = Root::new(tree.path());
        let facts = Facts::read(&root, None);
        let expected = Facts {
            name: "web-1".to_owned(),
            os: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            kernel: "6.1.0".to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpu_model: "Example 9000".to_owned(),
            cpus: 2,
            memory_bytes: 2 << 20,
            boot_id: String::new(),
        };
        assert_eq!(facts, expected);
        assert_eq!(Facts::read(&root, Some("other")).name, "other");
        Ok(())
    }

    #[test]
    fn an_empty_tree_gives_empty_facts() -> io::Result<()> {
        let tree = tempfile::tempdir()?;
        let facts = Facts::read(&Root::new(tree.path()), Some("empty"));
        assert_eq!((facts.cpus, facts.memory_bytes), (0, 0));
        let hello = facts.hello(&Abilities::default(), Now::default());
        assert_eq!(hello.host_name, "empty");
        assert_eq!(hello.protocol, wire::PROTOCOL);
        Ok(())
    }
}
