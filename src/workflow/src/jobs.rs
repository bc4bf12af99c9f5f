//! Long work off the window's thread, with progress and cancel.
//!
//! A job owns its input and gives back one outcome; nothing is shared while it
//! runs but a progress figure and a wish to stop. Outcomes are taken with
//! [`Jobs::finished`], which never waits.
//!
//! Start at [`Jobs::start`].

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

/// Jobs that may wait; beyond that, a view asks again when it is drawn next.
const QUEUE_MAX: usize = 256;

/// Workers: one may write an export while others load columns.
const WORKERS: usize = 3;

/// Number of a job; never reused in a program run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// What a running job sees of its outside.
#[derive(Clone, Debug, Default)]
pub struct Context {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Context {
    /// Whether the user wants the job to stop; ask often.
    pub fn cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::Relaxed)
    }

    /// Asks the job to stop at its next convenience.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::Relaxed);
    }

    /// Says how far the job is, in any unit.
    pub fn progress(&self, done: u64, total: u64) {
        self.state.total.store(total, Ordering::Relaxed);
        self.state.done.store(done.min(total), Ordering::Relaxed);
    }

    /// The share that is done; `None` before the job has said.
    pub fn fraction(&self) -> Option<f32> {
        let total = self.state.total.load(Ordering::Relaxed);
        let done = self.state.done.load(Ordering::Relaxed);
        (total > 0).then(|| (done as f64 / total as f64) as f32)
    }
}

/// A job that waits or runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// What it does, for people.
    pub label: String,
    /// When it was asked for.
    pub since: Instant,
    /// Its progress and cancel switch.
    pub context: Context,
}

/// How a job ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// With this outcome.
    Done(T),
    /// It met a bug; the text is for a report. Nothing else was harmed.
    Panicked(String),
}

type Work<T> = Box<dyn FnOnce(&Context) -> T + Send>;

/// A bounded pool of jobs with outcomes of one type.
pub struct Jobs<T> {
    queue: Sender<(JobId, Context, Work<T>)>,
    outcomes: Receiver<(JobId, Ended<T>)>,
    running: BTreeMap<JobId, Running>,
    next: u64,
}

impl<T: Send + 'static> Jobs<T> {
    /// Starts the workers; `wake` is called after each outcome.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (queue, waiting) = bounded::<(JobId, Context, Work<T>)>(QUEUE_MAX);
        let (done, outcomes) = unbounded();
        for _ in 0..WORKERS {
            let (waiting, done, wake) = (waiting.clone(), done.clone(), Arc::clone(&wake));
            thread::spawn(move || {
                for (id, context, work) in waiting {
                    if done.send((id, carry_out(work, &context))).is_err() {
                        return;
                    }
                    wake();
                }
            });
        }
        Self {
            queue,
            outcomes,
            running: BTreeMap::new(),
            next: 0,
        }
    }

    /// Queues a job; `None` when too many wait already.
    pub fn start(
        &mut self,
        label: impl Into<String>,
        work: impl FnOnce(&Context) -> T + Send + 'static,
    ) -> Option<JobId> {
        self.next += 1;
        let id = JobId(self.next);
        let context = Context::default();
        self.queue
            .try_send((id, context.clone(), Box::new(work)))
            .ok()?;
        let running = Running {
            label: label.into(),
            since: Instant::now(),
            context,
        };
        self.running.insert(id, running);
        Some(id)
    }

    /// Takes the outcomes that came since the last call, oldest first.
    pub fn finished(&mut self) -> Vec<(JobId, Ended<T>)> {
        let finished: Vec<_> = self.outcomes.try_iter().collect();
        for (id, _) in &finished {
            self.running.remove(id);
        }
        finished
    }

    /// Jobs that wait or run, oldest first.
    pub fn running(&self) -> impl Iterator<Item = (JobId, &Running)> {
        self.running.iter().map(|(id, running)| (*id, running))
    }

    /// Whether nothing waits or runs.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Asks one job to stop.
    pub fn cancel(&self, id: JobId) {
        if let Some(running) = self.running.get(&id) {
            running.context.cancel();
        }
    }
}

fn carry_out<T>(work: Work<T>, context: &Context) -> Ended<T> {
    match catch_unwind(AssertUnwindSafe(|| work(context))) {
        Ok(outcome) => Ended::Done(outcome),
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned());
            Ended::Panicked(text.unwrap_or_else(|| "unknown panic".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool<T: Send + 'static>() -> (Jobs<T>, Receiver<()>) {
        let (woken, wakes) = unbounded();
        let wake = move || {
            // The receiver lives as long as the test.
            woken.send(()).unwrap_or_default();
        };
        (Jobs::new(Arc::new(wake)), wakes)
    }

    #[test]
    fn a_job_gives_its_outcome_and_a_panic_is_contained() {
        let (mut jobs, wakes) = pool();
        let good = jobs.start("add", |context| {
            context.progress(1, 2);
            40 + 2
        });
        let bad = jobs.start("fail", |_| -> i32 { panic!("on purpose") });
        assert!(wakes.recv().is_ok() && wakes.recv().is_ok());
        let mut finished = jobs.finished();
        finished.sort_by_key(|(id, _)| *id);
        assert!(matches!(finished[0], (id, Ended::Done(42)) if Some(id) == good));
        assert!(
            matches!(&finished[1], (id, Ended::Panicked(why)) if Some(*id) == bad && why == "on purpose")
        );
        assert!(jobs.is_idle());
    }

    #[test]
    fn a_cancelled_job_can_see_it() {
        let (mut jobs, wakes) = pool();
        let (go, gone) = bounded::<()>(1);
        let id = jobs.start("wait", move |context| {
            assert!(gone.recv().is_ok());
            context.cancelled()
        });
        id.map(|id| jobs.cancel(id)).unwrap_or_default();
        assert!(go.send(()).is_ok() && wakes.recv().is_ok());
        assert!(matches!(jobs.finished()[0], (_, Ended::Done(true))));
    }
}
