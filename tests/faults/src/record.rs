//! Records a disturbance with the real recorder and writes down what was done.
//!
//! * In: a fault, a seed, where to put it and the `kymo` that records.
//! * Out: `NAME-SEED.kymo` and `NAME-SEED.json`.
//! * Never: runs beside another run, leaves a helper, group or namespace behind
//!   (also not when interrupted), or overwrites a recording.
//!
//! Start at [`record`].

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};

use crate::calm::Usage;
use crate::draw::{Draw, Schedule};
use crate::fault::{Fault, Recorder};
use crate::place::{self, Folder};
use crate::shop;
use crate::shop::Shop;
use crate::stage::{Life, Stage};
use crate::truth::{SCHEMA, Truth};

/// How long usual load runs before the recording, so that it begins steadily.
const SETTLE: Duration = Duration::from_millis(5_000);

/// How long the recorder may take to finish its file, beyond the recording.
const FINISH: Duration = Duration::from_millis(60_000);

/// What a run is given.
pub(crate) struct Order<'a> {
    pub(crate) fault: &'a Fault,
    pub(crate) seed: u64,
    pub(crate) out: &'a Path,
    pub(crate) kymo: &'a Path,
    /// Largest share of all processors that others may use when it starts.
    pub(crate) calm: Option<f64>,
    /// Set by SIGINT and SIGTERM.
    pub(crate) stop: &'a Arc<AtomicBool>,
}

/// Records one fault; `false` when it was recorded before.
pub(crate) fn record(order: &Order<'_>) -> Result<bool, String> {
    let base = order
        .out
        .join(format!("{}-{}", order.fault.name, order.seed));
    let (session, truth) = (base.with_extension("kymo"), base.with_extension("json"));
    if session.exists() && truth.exists() {
        return Ok(false);
    }
    let _alone = place::alone()?;
    let work = order.out.join(".faults-work");
    place::sweep(&work);
    shop::sweep();
    let folder = Folder::new(work)?;
    if let Some(most) = order.calm {
        calm(order.stop, most)?;
    }
    let told = recorded(order, &folder, &session);
    match told {
        Ok(told) => told.write(&truth).map(|()| true),
        Err(why) => {
            // Half a recording would be scored as a whole one.
            std::fs::remove_file(&session).ok();
            std::fs::remove_dir_all(&session).ok();
            Err(why)
        }
    }
}

fn recorded(order: &Order<'_>, folder: &Folder, session: &Path) -> Result<Truth, String> {
    let fault = order.fault;
    let mut draw = Draw::of(order.seed, fault.name);
    let schedule = Schedule::drawn(&mut draw);
    let mut stage = Stage::new(draw, &folder.0);
    (fault.prepare)(&mut stage)?;
    wait(order.stop, SETTLE)?;

    let at_start = Usage::now()?;
    let started = unix_now();
    let intakes = match stage.shop {
        Some(_) => Shop::intakes().to_vec(),
        None => Vec::new(),
    };
    let mut recorder = Recording::start(order, session, schedule, &intakes)?;
    wait(order.stop, Duration::from_secs_f64(schedule.quiet_s))?;
    let before = Usage::now()?;
    let mut during = before;
    let mut onset = None;
    let mut end = None;
    if let Some(inject) = fault.inject {
        onset = Some(unix_now());
        inject(&mut stage)?;
        wait(order.stop, Duration::from_secs_f64(schedule.fault_s))?;
        end = Some(unix_now());
        during = Usage::now()?;
        stage.end(Life::Fault);
        (fault.relieve)(&mut stage)?;
    }
    recorder.finish(order.stop)?;
    let stopped = unix_now();
    let after = Usage::now()?;
    stage.end(Life::Session);
    Ok(Truth {
        schema: SCHEMA,
        fault: fault.name.to_owned(),
        seed: order.seed,
        what: fault.what.to_owned(),
        verdict: fault.verdict.to_owned(),
        accepted: fault.accepted.iter().map(|&it| it.to_owned()).collect(),
        culprits: std::mem::take(&mut stage.culprits),
        operations: std::mem::take(&mut stage.operations),
        affected: std::mem::take(&mut stage.affected),
        size: std::mem::take(&mut stage.size),
        started,
        onset,
        end,
        stopped,
        busy_before: before.since(at_start).used,
        others: [
            before.since(at_start).others,
            during.since(before).others,
            after.since(during).others,
        ],
        not_possible: std::mem::take(&mut stage.not_possible),
        notes: std::mem::take(&mut stage.notes),
    })
}

/// Waits for two seconds and refuses where others use more than this of the machine.
fn calm(stop: &AtomicBool, most: f64) -> Result<(), String> {
    let before = Usage::now()?;
    wait(stop, Duration::from_millis(2_000))?;
    let others = Usage::now()?.since(before).others;
    match others <= most {
        true => Ok(()),
        false => Err(format!("others use {:.0} % of the machine", others * 100.0)),
    }
}

fn unix_now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |it| (it.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// Waits, unless the run is to stop.
fn wait(stop: &AtomicBool, time: Duration) -> Result<(), String> {
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

/// A running `kymo record`; stopped when dropped.
struct Recording {
    child: Child,
    until: Instant,
}

impl Recording {
    fn start(
        order: &Order<'_>,
        session: &Path,
        schedule: Schedule,
        intakes: &[String],
    ) -> Result<Self, String> {
        let length = schedule.recording();
        let mut command = match order.fault.recorder {
            Recorder::Machine => Command::new(order.kymo),
            Recorder::Namespace => {
                let mut command = place::inside_with_devices();
                command.arg(order.kymo);
                command
            }
        };
        let length_text = format!("{}s", length.as_secs());
        command.args(["record", "--every", "1s", "--for", &length_text, "--out"]);
        command.arg(session).stdin(Stdio::null());
        for intake in intakes {
            command.args(["--intake", intake]);
        }
        let child = command.stdout(Stdio::null()).spawn();
        let child = child.map_err(|it| format!("{}: {it}", order.kymo.display()))?;
        Ok(Self {
            child,
            until: Instant::now() + length + FINISH,
        })
    }

    /// Waits until the recorder has finished its file.
    fn finish(&mut self, stop: &AtomicBool) -> Result<(), String> {
        while Instant::now() < self.until {
            if let Some(status) = self.child.try_wait().map_err(|it| it.to_string())? {
                return match status.success() {
                    true => Ok(()),
                    false => Err(format!("the recorder ended with {status}")),
                };
            }
            wait(stop, Duration::from_millis(100))?;
        }
        Err("the recorder does not finish".to_owned())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill_process(Pid::from_child(&self.child), Signal::INT).ok();
            for _ in 0..100 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// The path of a program, also where the folder changes or a namespace hides it.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|it| format!("{}: {it}", path.display()))
}
