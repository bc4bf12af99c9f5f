//! Watches over a step: its time, its heart, and the room on the disk.
//!
//! The step works on a thread of its own; this one waits, tells that it is alive, and asks
//! it to stop when its time is over, the disk runs full, or the user wants to.
//!
//! Start at [`watched`].

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded, select};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};

/// How often time and disk are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// A step that does not stop when asked is given up after this; its thread is left.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// What a step may use.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// Longest time.
    pub limit: Duration,
    /// Time between signs of life.
    pub heartbeat: Duration,
    /// Folder whose disk must keep so many bytes free.
    pub free: (&'a Path, u64),
    /// Time that a step has to stop when asked: [`PATIENCE`] but in tests.
    pub patience: Duration,
}

/// How a step did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It ended, and can be tried again.
    Ended(Problem),
    /// It did not stop when asked and may still be at work: another try would meet it.
    Left(Problem),
}

/// Why a step was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    User,
    Time,
    Disk(u64),
}

/// Runs `work` under watch; `alive` is called with each heartbeat.
///
/// # Errors
///
/// What `work` says, or why it was stopped.
pub fn watched<T: Send + 'static>(
    what: &str,
    (bounds, stop): (Bounds<'_>, &Receiver<()>),
    alive: &mut dyn FnMut(Option<f32>) -> Result<(), Problem>,
    work: impl FnOnce(&Context) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Trouble> {
    let context = Context::default();
    let (done, outcome) = bounded(1);
    let inside = context.clone();
    thread::spawn(move || {
        // Nobody listens only where the step was given up.
        drop(done.send(work(&inside)));
    });
    let (began, mut beat) = (Instant::now(), Instant::now());
    let mut stopped: Option<(Stop, Instant)> = None;
    loop {
        let mut asked = None;
        select! {
            recv(outcome) -> found => {
                return ended(what, found.ok(), stopped).map_err(Trouble::Ended);
            }
            recv(stop) -> word => if word.is_ok() { asked = Some(Stop::User) },
            default(LOOK.min(bounds.heartbeat)) => {}
        }
        if began.elapsed() > bounds.limit {
            asked = asked.or(Some(Stop::Time));
        }
        if let Some(left) = free_bytes(bounds.free.0).filter(|it| *it < bounds.free.1) {
            asked = asked.or(Some(Stop::Disk(left)));
        }
        if let (Some(why), None) = (asked, stopped) {
            context.cancel();
            stopped = Some((why, Instant::now()));
        }
        if let Some((why, since)) = stopped
            && since.elapsed() > bounds.patience
        {
            return Err(left(problem(what, why), bounds.patience));
        }
        if beat.elapsed() >= bounds.heartbeat {
            beat = Instant::now();
            if let Err(problem) = alive(context.fraction()) {
                context.cancel();
                // The step ends before its trouble is told, so that nothing runs behind it.
                return Err(match outcome.recv_timeout(bounds.patience) {
                    Ok(_) | Err(RecvTimeoutError::Disconnected) => Trouble::Ended(problem),
                    Err(RecvTimeoutError::Timeout) => left(problem, bounds.patience),
                });
            }
        }
    }
}

fn ended<T>(
    what: &str,
    found: Option<Result<T, Problem>>,
    stopped: Option<(Stop, Instant)>,
) -> Result<T, Problem> {
    match (found, stopped) {
        (Some(Ok(found)), None) => Ok(found),
        // What was done before it saw the wish to stop counts; the user's wish does too.
        (Some(Ok(_)), Some((Stop::User, _))) => Err(problem(what, Stop::User)),
        (Some(Ok(found)), Some(_)) => Ok(found),
        (Some(Err(found)), None) => Err(found),
        (_, Some((why, _))) => Err(problem(what, why)),
        (None, None) => Err(Problem {
            what: format!("could not {what}"),
            why: "it met a bug".to_owned(),
            what_to_do: String::new(),
            sort: Sort::Bug,
        }),
    }
}

/// The same problem of a step that went on when it was asked to stop.
fn left(problem: Problem, patience: Duration) -> Trouble {
    let seconds = patience.as_secs();
    Trouble::Left(Problem {
        why: format!(
            "{}, and it did not stop within {seconds} s of being asked to, so it may still be at work",
            problem.why
        ),
        what_to_do: "end this program, so that nothing is done twice".to_owned(),
        ..problem
    })
}

fn problem(what: &str, why: Stop) -> Problem {
    match why {
        Stop::User => Problem::cancelled(what),
        Stop::Time => Problem {
            what: format!("could not {what}"),
            why: "its time was over".to_owned(),
            what_to_do: "a longer time under monitor.limits in the recipe".to_owned(),
            sort: Sort::Limit,
        },
        Stop::Disk(left) => Problem {
            what: format!("could not {what}"),
            why: format!(
                "only {} are free on the disk",
                model::unit::Unit::new("By").text(left as f64)
            ),
            what_to_do: "room on the disk, or a smaller monitor.free in the recipe".to_owned(),
            sort: Sort::DiskFull,
        },
    }
}

/// Room for unprivileged users; `None` where the system does not tell.
fn free_bytes(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let facts = rustix::fs::statvfs(folder).ok()?;
        Some(facts.f_bavail.saturating_mul(facts.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(limit_ms: u64, free: u64) -> Bounds<'static> {
        Bounds {
            limit: Duration::from_millis(limit_ms),
            heartbeat: Duration::from_millis(1),
            free: (Path::new("/"), free),
            patience: Duration::from_secs(60),
        }
    }

    /// Works until it is asked to stop.
    fn endless(context: &Context) -> Result<(), Problem> {
        while !context.cancelled() {
            thread::yield_now();
        }
        Err(Problem::cancelled("endless"))
    }

    #[test]
    fn a_step_that_takes_too_long_is_stopped_and_says_so() {
        let (_keep, stop) = bounded(1);
        let mut beats = 0;
        let mut alive = |_| {
            beats += 1;
            Ok(())
        };
        let ended = watched("wait", (bounds(20, 0), &stop), &mut alive, endless);
        let Err(Trouble::Ended(problem)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(problem.why, "its time was over");
        assert!(beats > 0);
    }

    #[test]
    fn a_full_disk_and_the_user_stop_a_step() {
        let (ask, stop) = bounded(1);
        let none = &mut |_| Ok(());
        let full = watched("wait", (bounds(60_000, u64::MAX), &stop), none, endless);
        assert_eq!(sort(full), Sort::DiskFull);
        ask.send(()).unwrap();
        let stopped = watched("wait", (bounds(60_000, 0), &stop), none, endless);
        assert_eq!(sort(stopped), Sort::Cancelled);
        let bug: Result<(), Trouble> = watched("wait", (bounds(60_000, 0), &stop), none, |_| {
            panic!("on purpose")
        });
        assert_eq!(sort(bug), Sort::Bug);
    }

    fn sort(ended: Result<(), Trouble>) -> Sort {
        match ended {
            Err(Trouble::Ended(problem) | Trouble::Left(problem)) => problem.sort,
            Ok(()) => panic!("it ended well"),
        }
    }

    #[test]
    fn a_step_that_does_not_stop_is_told_as_one_that_may_still_be_at_work() {
        let (_keep, stop) = bounded(1);
        let (release, held) = bounded::<()>(0);
        let hangs = move |_: &Context| {
            // Deaf to every wish, until the test is over.
            held.recv().unwrap_or_default();
            Ok(())
        };
        let bounds = Bounds {
            patience: Duration::from_millis(1),
            ..bounds(1, 0)
        };
        let ended = watched("wait", (bounds, &stop), &mut |_| Ok(()), hangs);
        let Err(Trouble::Left(problem)) = ended else {
            panic!("{ended:?}");
        };
        assert!(problem.why.contains("its time was over"), "{problem}");
        assert!(problem.why.contains("still be at work"), "{problem}");
        drop(release);
    }
}
