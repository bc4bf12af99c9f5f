//! The shop that service faults disturb: nginx, a service of threads, `PostgreSQL`.
//!
//! * In: the control group its service enters, whether a network lies before it, and what
//!   is to be wrong with it.
//! * Out: a running shop under steady requests, and how a recorder hears it.
//! * Never: listens beyond loopback and namespaces, or leaves its database behind.
//!
//! Start at [`Shop::open`]; the shop itself is `shop/shop.py`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::place::{self, FAR, FAR_ADDRESS, Group, NEAR, NEAR_ADDRESS, Network};

/// Where its files are: a place that the user `postgres` can enter.
const FOLDER: &str = "/var/tmp/kymo-faults-shop";

/// Where the recorder hears its spans.
const OTLP_PORT: u16 = 14_318;

/// Requests a second: less than half of what two processors answer.
pub(crate) const RATE: f64 = 45.0;

/// How long it may take to open.
const OPENING: Duration = Duration::from_millis(120_000);

/// How long it may take to close.
const CLOSING: Duration = Duration::from_millis(20_000);

/// What a shop is set up in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Premises<'a> {
    /// The control group that its service enters.
    pub(crate) group: Option<&'a Group>,
    /// The network that lies between nginx, on the far side, and the service.
    pub(crate) network: Option<&'a Network>,
    /// What its service keeps in memory and looks into, in MiB.
    pub(crate) cache_mib: f64,
}

/// A running shop; dropping it closes it and removes its files.
#[derive(Debug)]
pub(crate) struct Shop {
    child: Child,
}

impl Shop {
    /// Opens it; its program is written into `folder`.
    ///
    /// The Python that has the packages is `KYMO_FAULTS_PYTHON`, else `python3`.
    pub(crate) fn open(folder: &Path, premises: Premises<'_>) -> Result<Self, String> {
        sweep();
        let program = folder.join("shop.py");
        std::fs::write(&program, include_str!("../shop/shop.py"))
            .map_err(|it| format!("{}: {it}", program.display()))?;
        let python = std::env::var("KYMO_FAULTS_PYTHON");
        let python = python.unwrap_or_else(|_| "python3".to_owned());
        let mut command = match premises.network {
            Some(_) => {
                let mut command = place::inside(NEAR);
                command.arg(&python);
                command
            }
            None => Command::new(&python),
        };
        command.arg(&program).args(["up", FOLDER]);
        command.args(["--rate", &RATE.to_string()]);
        command.args(["--otlp", &OTLP_PORT.to_string()]);
        if let Some(group) = premises.group {
            command.args(["--enter", &group.entrances()]);
        }
        command.args(["--cache", &premises.cache_mib.to_string()]);
        if premises.network.is_some() {
            command.args(["--service", NEAR_ADDRESS, "--web", FAR_ADDRESS]);
            command.args(["--web-space", FAR]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.map_err(|it| format!("{python}: {it}"))?;
        let mut shop = Self { child };
        let until = Instant::now() + OPENING;
        while !file("ready").exists() {
            if let Ok(Some(status)) = shop.child.try_wait() {
                return Err(format!("the shop ended with {status}; it says why above"));
            }
            if Instant::now() > until {
                return Err("the shop does not open".to_owned());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(shop)
    }

    /// What is wrong from now on, and how much.
    pub(crate) fn break_down(&self, name: &str, size: f64) -> Result<(), String> {
        let (new, fault) = (file("fault.new"), file("fault"));
        let text = format!("{name} {size}\n");
        let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &fault));
        written.map_err(|it| format!("{}: {it}", fault.display()))
    }

    /// Nothing is wrong from now on.
    pub(crate) fn mend(&self) -> Result<(), String> {
        let fault = file("fault");
        std::fs::remove_file(&fault).map_err(|it| format!("{}: {it}", fault.display()))
    }

    /// How a recorder hears it.
    pub(crate) fn intakes() -> [String; 2] {
        let log = file("access.log").display().to_string();
        [
            format!("otlp-http:{OTLP_PORT}"),
            format!("log:{log},service=nginx"),
        ]
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        let until = Instant::now() + CLOSING;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        // Fails only where it has ended; its parts end with it.
        self.child.kill().ok();
        self.child.wait().ok();
        sweep();
    }
}

/// Takes away what a killed shop left.
pub(crate) fn sweep() {
    std::fs::remove_dir_all(FOLDER).ok();
}

fn file(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}
