//! What a disturbance is made with: helpers, a group, a network, and the notes of it.
//!
//! * In: the drawn numbers of one recording.
//! * Out: processes that run, and what the truth file says of them.
//! * Never: ends a process that it did not start.
//!
//! Start at [`Stage::start`].

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::draw::Draw;
use crate::place::{self, Group, Network, Swap};
use crate::shop::Shop;
use crate::truth::{Actor, Operation};

/// How long a helper lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// From before the recording to its end.
    Session,
    /// As long as the disturbance.
    Fault,
}

/// A helper to start.
pub(crate) struct Helper<'a> {
    /// Its name in the process table, at most 15 letters.
    pub(crate) name: &'a str,
    pub(crate) life: Life,
    /// The network namespace it runs in.
    pub(crate) space: Option<&'a str>,
    /// Whether it enters the group of the stage.
    pub(crate) grouped: Grouped,
    /// `KIND key=value…` of [`crate::work::run`].
    pub(crate) work: Vec<String>,
}

/// Where a helper runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grouped {
    /// In the group of the stage.
    Inside,
    /// Where the recorder runs.
    Beside,
}

struct Running {
    name: String,
    life: Life,
    child: Child,
}

/// Everything one recording needs; dropping it ends and removes all of it.
pub(crate) struct Stage {
    pub(crate) draw: Draw,
    pub(crate) folder: PathBuf,
    pub(crate) processors: u64,
    pub(crate) size: BTreeMap<String, f64>,
    pub(crate) not_possible: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) culprits: Vec<Actor>,
    pub(crate) affected: Vec<Actor>,
    pub(crate) group: Option<Group>,
    pub(crate) network: Option<Network>,
    pub(crate) swap: Option<Swap>,
    pub(crate) shop: Option<Shop>,
    /// Operations that users wait for.
    pub(crate) operations: Vec<Operation>,
    running: Vec<Running>,
}

impl Stage {
    pub(crate) fn new(draw: Draw, folder: &Path) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |it| it.get() as u64);
        Self {
            draw,
            folder: folder.to_owned(),
            processors,
            size: BTreeMap::new(),
            not_possible: Vec::new(),
            notes: Vec::new(),
            culprits: Vec::new(),
            affected: Vec::new(),
            group: None,
            network: None,
            swap: None,
            shop: None,
            operations: Vec::new(),
            running: Vec::new(),
        }
    }

    /// Keeps a drawn size for the truth file and answers it.
    pub(crate) fn sized(&mut self, name: &str, value: f64) -> f64 {
        self.size.insert(name.to_owned(), value);
        value
    }

    /// A size that was kept before.
    pub(crate) fn size_of(&self, name: &str) -> Result<f64, String> {
        let size = self.size.get(name).copied();
        size.ok_or_else(|| format!("no size {name}"))
    }

    pub(crate) fn group(&self) -> Result<&Group, String> {
        self.group.as_ref().ok_or("no group was made".to_owned())
    }

    pub(crate) fn network(&self) -> Result<&Network, String> {
        let network = self.network.as_ref();
        network.ok_or("no network was made".to_owned())
    }

    pub(crate) fn shop(&self) -> Result<&Shop, String> {
        self.shop.as_ref().ok_or("no shop is open".to_owned())
    }

    /// A path in the working folder.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// This program under another name.
    pub(crate) fn program(&self, name: &str) -> Result<String, String> {
        let link = self.folder.join(name);
        if !link.exists() {
            let this = std::env::current_exe().map_err(|it| it.to_string())?;
            symlink(this, &link).map_err(|it| format!("{}: {it}", link.display()))?;
        }
        Ok(link.display().to_string())
    }

    /// Starts a helper and says who it is.
    pub(crate) fn start(&mut self, helper: Helper<'_>) -> Result<Actor, String> {
        let program = self.program(helper.name)?;
        let mut command = match helper.space {
            Some(space) => {
                let mut command = place::inside(space);
                command.arg(&program);
                command
            }
            None => Command::new(&program),
        };
        command.arg("work").args(&helper.work).stdin(Stdio::null());
        let mut cgroup = String::new();
        if helper.grouped == Grouped::Inside {
            let group = self.group()?;
            cgroup.clone_from(&group.path);
            command.arg(format!("enter={}", group.entrances()));
        }
        let child = command.spawn().map_err(|it| format!("{program}: {it}"))?;
        let actor = Actor {
            process: helper.name.to_owned(),
            pid: child.id(),
            cgroup,
        };
        self.running.push(Running {
            name: helper.name.to_owned(),
            life: helper.life,
            child,
        });
        Ok(actor)
    }

    /// Ends the helpers of this life and notes those that ended before.
    pub(crate) fn end(&mut self, life: Life) {
        for one in self.running.iter_mut().filter(|it| it.life == life) {
            if let Ok(Some(status)) = one.child.try_wait() {
                let note = format!("{} ended early: {status}", one.name);
                self.notes.push(note);
            }
            // Fails only for those that have ended.
            one.child.kill().ok();
            one.child.wait().ok();
        }
        self.running.retain(|it| it.life != life);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end(Life::Fault);
        self.end(Life::Session);
        // It is in the group and the network, which cannot go while it is.
        drop(self.shop.take());
    }
}

/// The words of a work order.
#[macro_export]
macro_rules! work {
    ($kind:literal $(, $key:ident = $value:expr)* $(,)?) => {
        vec![$kind.to_owned() $(, format!("{}={}", stringify!($key), $value))*]
    };
}
