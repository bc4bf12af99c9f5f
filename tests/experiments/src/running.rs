//! Programs that an experiment starts, ended when dropped.
//!
//! * In: a command, and the control group that it shall run in.
//! * Out: a guard.
//! * Never: ends a process that it did not start.
//!
//! Start at [`Running::start`].

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::place::{Group, missing};

/// How long a program may take to end after it was asked to.
const ENDING: Duration = Duration::from_millis(20_000);

/// A program that runs.
pub(crate) struct Running {
    name: String,
    child: Child,
    /// What it is asked to end by.
    ending: Signal,
}

impl Running {
    /// Starts a program; what it prints goes to a file beside others of the run.
    pub(crate) fn start(
        command: &[String],
        group: Option<&Group>,
        printed: &Path,
    ) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("no program to start")?;
        let out = std::fs::File::create(printed);
        let out = out.map_err(|it| format!("{}: {it}", printed.display()))?;
        let error = out.try_clone().map_err(|it| it.to_string())?;
        let mut entering = match group {
            Some(group) => {
                // It enters before it becomes the program, so that nothing is used elsewhere.
                let script = "for f in $ENTER; do echo $$ > \"$f\" || exit 126; done; exec \"$@\"";
                let mut entering = Command::new("sh");
                entering.args(["-c", script, "sh", program]);
                entering.env("ENTER", group.entrances());
                entering
            }
            None => Command::new(program),
        };
        entering
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(error);
        let child = entering.spawn().map_err(|it| missing(program, &it))?;
        let name = Path::new(program).file_name().and_then(|it| it.to_str());
        Ok(Self {
            name: name.unwrap_or(program).to_owned(),
            child,
            ending: Signal::INT,
        })
    }

    /// The same, asked to end by another signal.
    pub(crate) fn ending_by(mut self, signal: Signal) -> Self {
        self.ending = signal;
        self
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, String> {
        self.child
            .try_wait()
            .map_err(|it| format!("{}: {it}", self.name))
    }

    /// Waits until something holds, for so long at most.
    pub(crate) fn until(&mut self, most: Duration, holds: impl Fn() -> bool) -> Result<(), String> {
        let until = Instant::now() + most;
        while !holds() {
            if let Some(status) = self.ended()? {
                return Err(format!("{} ended with {status}", self.name));
            }
            if Instant::now() > until {
                return Err(format!("{} does not get ready", self.name));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Waits for its end, for so long at most.
    pub(crate) fn wait(&mut self, most: Duration, stop: &AtomicBool) -> Result<ExitStatus, String> {
        let until = Instant::now() + most;
        while Instant::now() < until {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if stop.load(Ordering::Relaxed) {
                return Err("interrupted".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{} does not end", self.name))
    }

    /// Asks it to end and waits for that.
    pub(crate) fn finish(&mut self) -> Result<ExitStatus, String> {
        if self.ended()?.is_none() {
            kill_process(Pid::from_child(&self.child), self.ending).ok();
        }
        self.wait(ENDING, &AtomicBool::new(false))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.finish().is_err() {
            // It did not heed the signal.
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// Waits, unless the run is to stop.
pub(crate) fn wait(stop: &AtomicBool, time: Duration) -> Result<(), String> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if stop.load(Ordering::Relaxed) {
            return Err("interrupted".to_owned());
        }
        let left = until.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
    Ok(())
}
