//! A plan in the hands of an agent, as the window sees it.
//!
//! A thread of its own talks to the agent, because a plan may be held for minutes. It sends
//! what changes in [`Seen`], which the window takes in each frame; words go the other way.
//! When the window goes away nobody is there any more, and the agent puts all back.
//!
//! Start at [`Carrying`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use model::plan::Plan;
use workflow::planning::carry::{self, Carrier, Event, Holder};
use workflow::planning::execute::{self, DryRun, Guard, Order, Outcome, Policy, Progress, Word};
use workflow::planning::file;
use workflow::problem::{Problem, Sort};

use crate::plans::now;

/// Lines of what happened that are kept.
const LINES_MAX: usize = 500;

/// Redraws the window.
type Wake = Arc<dyn Fn() + Send + Sync>;

/// What became different.
type Change = Box<dyn FnOnce(&mut Seen) + Send>;

/// Tells the window what became different.
type Tell<'a> = &'a dyn Fn(Change);

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Asking what the agent would allow.
    Asking,
    /// Trying without a write.
    Trying,
    /// Carrying out and holding.
    Applying,
    /// Putting back what was confirmed.
    TakingBack,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What is being done, if anything.
    pub doing: Option<Doing>,
    /// What the agent allows.
    pub policy: Option<Policy>,
    /// What was tried last, and of which mandate.
    pub tried: Option<DryRun>,
    /// What happened, in order.
    pub lines: Vec<String>,
    /// The phase that the agent is in.
    pub phase: String,
    /// The action that waits for a person.
    pub waits_for: Option<String>,
    /// What is watched.
    pub guards: Vec<Guard>,
    /// When all is put back unless somebody confirms.
    pub until: Option<Instant>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it did not.
    pub problem: Option<Problem>,
    /// The plan as its file has it now, until it is taken.
    pub(crate) plan: Option<Plan>,
}

/// Who talks to the agent.
#[derive(Default)]
pub struct Carrying {
    seen: Seen,
    changes: Option<Receiver<Change>>,
    words: Option<Sender<Word>>,
    /// When somebody was told that leaving takes the plan back.
    warned: Option<Instant>,
}

/// Who leaves again within this time means it.
const MEANT: Duration = Duration::from_secs(15);

impl Carrying {
    /// What is known now.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Takes in what happened since the last frame.
    pub(crate) fn take_in(&mut self) {
        let changes = self.changes.iter().flat_map(Receiver::try_iter);
        changes.for_each(|change| change(&mut self.seen));
    }

    /// Whether a plan is being carried out.
    pub fn is_applying(&self) -> bool {
        self.seen.doing == Some(Doing::Applying)
    }

    /// Whether somebody who leaves must be told that the plan is taken back then; once.
    pub fn warns(&mut self) -> bool {
        let warned = self.warned.is_some_and(|it| it.elapsed() < MEANT);
        let warns = self.is_applying() && !warned;
        if warns {
            self.warned = Some(Instant::now());
        }
        warns
    }

    /// The plan as its file has it, where that changed.
    pub fn take_plan(&mut self) -> Option<Plan> {
        self.seen.plan.take()
    }

    /// Says a word to the agent that holds a plan.
    pub fn say(&self, word: Word) {
        if let Some(words) = &self.words {
            drop(words.try_send(word));
        }
    }

    /// Asks what an agent allows.
    pub fn ask(&mut self, launch: workflow::launch::Launch, wake: Wake) {
        self.start(Doing::Asking, wake, move |tell| {
            let policy = execute::policy(&launch)?;
            tell(Box::new(|seen| seen.policy = Some(policy)));
            Ok(())
        });
    }

    /// Tries a plan.
    pub fn try_out(&mut self, order: Order, wake: Wake) {
        self.start(Doing::Trying, wake, move |tell| {
            let tried = execute::try_out(&order)?;
            tell(Box::new(|seen| seen.tried = Some(tried)));
            Ok(())
        });
    }

    /// Carries a plan out, whose file this is.
    pub fn apply(&mut self, order: Order, path: PathBuf, wake: Wake) {
        let (words, heard) = crossbeam_channel::bounded(16);
        self.words = Some(words.clone());
        self.start(Doing::Applying, wake, move |tell| {
            let place = order.launch.target.to_string();
            let reread = || {
                let plan = file::read_sound(&path).ok();
                tell(Box::new(|seen| seen.plan = plan));
            };
            let carrier = Carrier::begin(order, &path, (&place, Holder::Window), now)?;
            reread();
            let mut say = |event: &Event| {
                let event = event.clone();
                let held = matches!(event, Event::Holding(_));
                tell(Box::new(|seen| seen.happened(event)));
                if held {
                    reread();
                }
            };
            let ended = carrier.run((&words, &heard), false, &mut say);
            reread();
            let outcome = ended?;
            tell(Box::new(|seen| seen.outcome = Some(outcome)));
            Ok(())
        });
    }

    /// Puts back what a confirmed plan set, whose file this is.
    pub fn take_back(&mut self, order: Order, path: PathBuf, wake: Wake) {
        self.start(Doing::TakingBack, wake, move |tell| {
            let place = order.launch.target.to_string();
            let ended = carry::take_back(&order, &path, (&place, Holder::Window), now);
            let plan = file::read_sound(&path).ok();
            tell(Box::new(|seen| seen.plan = plan));
            let outcome = ended?;
            tell(Box::new(|seen| seen.outcome = Some(outcome)));
            Ok(())
        });
    }

    fn start(
        &mut self,
        doing: Doing,
        wake: Wake,
        work: impl FnOnce(Tell<'_>) -> Result<(), Problem> + Send + 'static,
    ) {
        if self.seen.doing.is_some() {
            return;
        }
        self.seen = Seen {
            doing: Some(doing),
            policy: self.seen.policy.take(),
            tried: self.seen.tried.take(),
            ..Seen::default()
        };
        let (changes, changed) = crossbeam_channel::unbounded();
        self.changes = Some(changed);
        let tell = move |change: Change| {
            // A window that went away hears nothing.
            drop(changes.send(change));
            wake();
        };
        let started = std::thread::Builder::new()
            .name("plan".to_owned())
            .spawn(move || {
                let ended = work(&tell);
                tell(Box::new(|seen| seen.ended(ended.err())));
            });
        if let Err(error) = started {
            let problem = Problem::from_error("could not start a thread", &error, Sort::Limit);
            self.seen.ended(Some(problem));
        }
    }
}

impl Seen {
    fn ended(&mut self, problem: Option<Problem>) {
        self.doing = None;
        self.until = None;
        self.waits_for = None;
        self.problem = problem;
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Tried(dry_run) => self.tried = Some(dry_run),
            Event::Holding(left_s) => self.until = Some(Instant::now() + seconds(left_s)),
            Event::Progress(progress) => self.progress(progress),
        }
    }

    fn progress(&mut self, progress: Progress) {
        self.phase.clone_from(&progress.phase);
        if !progress.guards.is_empty() {
            self.guards = progress.guards;
        }
        self.waits_for = (progress.phase == "waiting").then(|| progress.action.clone());
        if let Some(left_s) = progress.left_s.filter(|_| progress.phase == "holding") {
            self.until = Some(Instant::now() + seconds(left_s));
        }
        if progress.text.is_empty() {
            return;
        }
        self.lines.push(match progress.action.as_str() {
            "" => format!("{}: {}", progress.phase, progress.text),
            action => format!("{} {action}: {}", progress.phase, progress.text),
        });
        let over = self.lines.len().saturating_sub(LINES_MAX);
        self.lines.drain(..over);
    }
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}
