//! The machine as the executor sees it: each key goes to its driver.
//!
//! Every path is opened below a folder that this program names itself, never through a
//! link that leads out of it, so that no key reaches a file it was not meant for. The
//! root is `/` in life and a folder in tests.
//!
//! Start at [`Machine`].

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::plan::action::Scope;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use super::drivers::{self, Driver};
use super::policy::Policy;
use super::world::{Spot, Trouble, VALUE_MAX_BYTES, World};

/// Time before something that failed is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// A machine, or a tree that stands for one.
#[derive(Debug)]
pub(crate) struct Machine {
    root: PathBuf,
    /// Where applications are.
    pub(crate) policy: Policy,
}

/// Which links a path may go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// None.
    Never,
    /// Those that stay below the folder: the kernel's own in `/sys`.
    Below,
}

impl Machine {
    /// The tree below `root`, with the applications that a policy names.
    pub(crate) fn new(root: &Path, policy: Policy) -> Self {
        Self {
            root: root.to_owned(),
            policy,
        }
    }

    /// Whether this is the machine itself, where there are processes.
    pub(crate) fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Whether this system can open files as safely as is needed.
    ///
    /// # Errors
    ///
    /// What it lacks, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.open("proc", "stat", OFlags::PATH, Links::Never) {
            Err(Trouble::Refused(why)) => Err(why),
            _ => Ok(()),
        }
    }

    /// Whether there is such a file below a folder.
    pub(crate) fn has(&self, folder: &str, path: &str) -> bool {
        self.open(folder, path, OFlags::PATH, Links::Never).is_ok()
    }

    /// The words of a small file, as they are.
    pub(crate) fn text(&self, folder: &str, path: &str, links: Links) -> Result<String, Trouble> {
        let file = self.open(folder, path, OFlags::RDONLY, links)?;
        let mut text = Vec::new();
        let read = File::from(file)
            .take(VALUE_MAX_BYTES as u64 + 1)
            .read_to_end(&mut text);
        read.map_err(|error| Trouble::io(&format!("read {folder}/{path}"), &error))?;
        if text.len() > VALUE_MAX_BYTES {
            return Err(Trouble::Refused(format!("{folder}/{path} holds too much")));
        }
        String::from_utf8(text)
            .map_err(|_| Trouble::Refused(format!("{folder}/{path} holds no text")))
    }

    /// Writes a value in one call, as the kernel wants it.
    pub(crate) fn put(
        &self,
        (folder, path): (&str, &str),
        value: &str,
        links: Links,
    ) -> Result<(), Trouble> {
        let file = File::from(self.open(folder, path, OFlags::WRONLY, links)?);
        let mut line = format!("{value}\n");
        if !self.is_live() {
            // A file of the kernel has no old end, and takes a value at once or not at
            // all; one of a tree is filled up, so that it does too.
            let old = file.metadata().map_or(0, |it| it.len());
            let old = usize::try_from(old).unwrap_or(0).min(VALUE_MAX_BYTES);
            line.push_str(&"\n".repeat(old.saturating_sub(line.len())));
        }
        let written = (&file).write(line.as_bytes());
        let written =
            written.map_err(|error| Trouble::io(&format!("write {folder}/{path}"), &error))?;
        if written != line.len() {
            return Err(Trouble::Failed(format!("{folder}/{path} took a part only")));
        }
        Ok(())
    }

    /// Opens a file below a folder that this program names.
    ///
    /// # Source
    ///
    /// `openat2(2)`, Linux 5.6.
    fn open(
        &self,
        folder: &str,
        path: &str,
        flags: OFlags,
        links: Links,
    ) -> Result<OwnedFd, Trouble> {
        let what = format!("open {folder}/{path}");
        let trouble = |error: rustix::io::Errno| match error {
            rustix::io::Errno::LOOP | rustix::io::Errno::XDEV => {
                Trouble::Refused(format!("{folder}/{path} leads elsewhere"))
            }
            rustix::io::Errno::NOSYS => {
                Trouble::Refused("changes need Linux 5.6 or later (openat2)".to_owned())
            }
            other => Trouble::io(&what, &other.into()),
        };
        let base = openat(
            CWD,
            self.root.join(folder),
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(trouble)?;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let resolve = match links {
            Links::Never => resolve | ResolveFlags::NO_SYMLINKS,
            Links::Below => resolve,
        };
        let flags = flags | OFlags::CLOEXEC;
        openat2(&base, path, flags, Mode::empty(), resolve).map_err(trouble)
    }

    fn driver(&self, spot: &Spot) -> Result<&'static dyn Driver, Trouble> {
        let driver = drivers::of(&spot.key).ok_or_else(|| {
            Trouble::Refused(format!("nothing here knows how to set {}", spot.key))
        })?;
        if !driver.keeps(spot.scope) {
            let text = match spot.scope {
                Scope::Persistent => "a restart undoes it, so it can be set as Runtime only",
                Scope::Runtime => "it outlives a restart, so it can be set as Persistent only",
            };
            return Err(Trouble::Refused(format!("{}: {text}", spot.key)));
        }
        Ok(driver)
    }
}

impl World for Machine {
    fn canonical(&mut self, spot: &Spot, value: &str) -> Result<String, Trouble> {
        if value.len() > VALUE_MAX_BYTES || value.chars().any(char::is_control) {
            return Err(Trouble::Refused(
                "the value is too long or holds control characters".into(),
            ));
        }
        self.driver(spot)?.canonical(self, spot, value)
    }

    fn read(&mut self, spot: &Spot) -> Result<String, Trouble> {
        // A precondition reads whatever the scope is.
        match drivers::of(&spot.key) {
            Some(driver) => driver.read(self, spot),
            None => self.driver(spot).map(|_| String::new()),
        }
    }

    fn write(&mut self, spot: &Spot, value: &str) -> Result<(), Trouble> {
        self.driver(spot)?.write(self, spot, value)
    }

    fn pin(&mut self, spot: &Spot) -> Result<Spot, Trouble> {
        self.driver(spot)?.pin(self, spot)
    }

    fn sizes(&mut self, spot: &Spot, value: &str) -> Vec<f64> {
        let driver = drivers::of(&spot.key);
        driver.map_or_else(Vec::new, |it| it.sizes(self, spot, value))
    }

    fn restart(&self, spot: &Spot) -> String {
        drivers::of(&spot.key).map_or_else(String::new, |it| it.restart(self, spot))
    }

    fn by_hand(&self, spot: &Spot, value: &str) -> String {
        drivers::of(&spot.key).map_or_else(String::new, |it| it.by_hand(self, spot, value))
    }

    fn pause(&mut self) {
        std::thread::park_timeout(PAUSE);
    }
}

/// Patterns of keys that would reach this process or what it lives in.
///
/// # Source
///
/// `cgroups(7)`, `/proc/pid/cgroup`.
pub(crate) fn own_keys(cgroups: &str, pids: &[u32]) -> Vec<String> {
    let mut keys: Vec<String> = pids.iter().map(|pid| format!("process:{pid}:*")).collect();
    for line in cgroups.lines().take(64) {
        let path = line.splitn(3, ':').nth(2).unwrap_or_default();
        // A limit of a group binds all groups within it.
        let mut group = String::new();
        for part in path.split('/').filter(|it| !it.is_empty()).take(32) {
            group = format!("{group}/{part}");
            keys.push(format!("cgroup:{group}:*"));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::own_keys;

    #[test]
    fn the_agent_cannot_reach_itself() {
        let keys = own_keys("4:cpu:/a/b\n0::/\n1:x:/a/b\n", &[7]);
        assert_eq!(keys, ["cgroup:/a/b:*", "cgroup:/a:*", "process:7:*"]);
    }
}
