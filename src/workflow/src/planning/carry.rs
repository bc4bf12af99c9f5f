//! A plan in the hands of an agent, with its file and its audit kept up on this side.
//!
//! While a plan is carried out, a lock beside its file says which process does it, each
//! step is in the audit before the next, and the file says how far it came. Where a step
//! cannot be written down, the plan is taken back.
//!
//! * [`Carrier::begin`], then [`Carrier::run`]: from the approval to the end.
//! * [`holder`]: which process carries a plan out; [`take_in`]: an end nobody heard.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};
use model::plan::{Plan, State};
use model::time::Moment;
use plan::{document, life};
use wire::change::{CONFIRMED, DryRun, INCOMPLETE, Outcome, Progress, REFUSED, ROLLED_BACK, Told};

use super::audit::Audit;
use super::execute::{self, Order, Word};
use super::{file, not_now};
use crate::problem::{Problem, Sort};

/// What happens while a plan is carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// What it would do, before anything is done.
    Tried(DryRun),
    /// A step, or a sign of life.
    Progress(Progress),
    /// All is done, and put back in so many seconds unless somebody confirms.
    Holding(f64),
}

/// Who carries a plan out.
pub struct Carrier {
    order: Order,
    /// The plan as its file has it.
    plan: Plan,
    path: PathBuf,
    audit: Audit,
    clock: fn() -> Moment,
    _lock: Lock,
}

impl Carrier {
    /// Locks the plan, and writes down that it begins; `place` names the agent for the
    /// audit, `by` says how words reach this process.
    ///
    /// # Errors
    ///
    /// Another process carries it out, its file is not what is to be applied, it may not
    /// begin, or the disk refuses.
    pub fn begin(
        mut order: Order,
        path: &Path,
        (place, by): (&str, Holder),
        clock: fn() -> Moment,
    ) -> Result<Self, Problem> {
        let lock = Lock::take(path, by)?;
        let there = file::read_sound(path)?;
        if (document::mandate_hash(&there), there.state)
            != (document::mandate_hash(&order.plan), order.plan.state)
        {
            return Err(Problem {
                what: format!("could not apply {}", path.display()),
                why: format!(
                    "the file is {} and not what is to be applied, which is {}",
                    there.state.name(),
                    order.plan.state.name()
                ),
                what_to_do: "save the plan, or open the file again".to_owned(),
                sort: Sort::Usage,
            });
        }
        life::expire(&mut order.plan, clock());
        life::begin(&mut order.plan, clock())
            .map_err(|refused| not_now("apply", &order.plan, &refused))?;
        let mut audit = Audit::open(&file::audit(path, &order.plan))?;
        audit.add(&order.plan, (clock(), &order.who), ("apply", place))?;
        file::write(path, &order.plan)?;
        Ok(Self {
            plan: order.plan.clone(),
            order,
            path: path.to_owned(),
            audit,
            clock,
            _lock: lock,
        })
    }

    /// Has the agent carry the plan out, until the end. `confirm` says that it stays as soon
    /// as all is done; else words come through the channel.
    ///
    /// # Errors
    ///
    /// As [`execute::carry_out`]; also where a step could not be written down.
    pub fn run(
        mut self,
        (words, heard): (&Sender<Word>, &Receiver<Word>),
        confirm: bool,
        say: &mut dyn FnMut(&Event),
    ) -> Result<Outcome, Problem> {
        let mut trouble = None;
        let order = Order {
            plan: self.order.plan.clone(),
            who: self.order.who.clone(),
            launch: self.order.launch.clone(),
        };
        let mut told = |told: &Told| match self.follow(told, say) {
            Ok(true) if confirm && trouble.is_none() => drop(words.try_send(Word::Confirm)),
            Ok(_) => {}
            Err(problem) => {
                // Without an audit the plan must not stay.
                trouble.get_or_insert(problem);
                drop(words.try_send(Word::RollBack));
            }
        };
        let ended = execute::carry_out(&order, heard, &mut told);
        let outcome = settle(
            ended,
            (&mut self.plan, &self.path),
            (&mut self.audit, &order.who),
            self.clock,
        )?;
        trouble.map_or(Ok(outcome), Err)
    }

    /// Says and keeps what the agent told; whether all is done by it.
    fn follow(&mut self, told: &Told, say: &mut dyn FnMut(&Event)) -> Result<bool, Problem> {
        let who = self.order.who.clone();
        let now = self.clock;
        if let Some(dry_run) = &told.dry_run {
            say(&Event::Tried(dry_run.clone()));
            let text = tried(dry_run);
            self.audit
                .add(&self.plan, (now(), &who), ("dry run", &text))?;
        }
        let Some(progress) = &told.progress else {
            return Ok(false);
        };
        say(&Event::Progress(progress.clone()));
        if !progress.text.is_empty() {
            let line = (progress.phase.as_str(), progress.text.as_str());
            self.audit.add(&self.plan, (now(), &who), line)?;
        }
        let done = progress.phase == "holding" && self.plan.state == State::Applying;
        if done {
            life::advance(&mut self.plan, State::Applied, now())
                .map_err(|refused| not_now("hold", &self.plan, &refused))?;
            file::write(&self.path, &self.plan)?;
            say(&Event::Holding(progress.left_s.unwrap_or(0.0)));
        }
        Ok(done)
    }
}

/// A dry run as text, a line an action and one for each thing to know of it.
pub fn tried(found: &DryRun) -> String {
    let mut text = String::new();
    for line in &found.lines {
        let what = match line.key.as_str() {
            "" => format!("{} by a {}", line.kind, line.by),
            key => format!("{key}: {} -> {}", line.before, line.after),
        };
        text.push_str(&format!("{:<8}{what}\n", line.action));
        let same = !line.key.is_empty() && line.before == line.after;
        let notes = [
            ("unchanged", if same { "it is so already" } else { "" }),
            ("drifted", line.drifted.as_str()),
            ("refused", line.refused.as_str()),
            ("restart", line.restart.as_str()),
            ("inverse", line.inverse.as_str()),
        ];
        for (name, note) in notes.iter().filter(|it| !it.1.is_empty()) {
            text.push_str(&format!("        {name}: {note}\n"));
        }
    }
    for why in &found.refused {
        text.push_str(&format!("refused: {why}\n"));
    }
    text
}

/// Whether nothing stands in the way of what was tried.
pub fn is_free(found: &DryRun) -> bool {
    let clear = |it: &wire::change::Line| it.refused.is_empty() && it.drifted.is_empty();
    found.refused.is_empty() && found.lines.iter().all(clear)
}

/// Puts how it ended into plan and audit.
fn settle(
    ended: Result<Outcome, Problem>,
    (plan, path): (&mut Plan, &Path),
    (audit, who): (&mut Audit, &str),
    clock: fn() -> Moment,
) -> Result<Outcome, Problem> {
    let outcome = match ended {
        Ok(outcome) => outcome,
        Err(problem) => {
            // Where nothing was written, the approval still stands.
            let what = match problem.sort == Sort::Policy {
                true => "refused",
                false => "lost",
            };
            audit.add(plan, (clock(), who), (what, &problem.to_string()))?;
            if problem.sort == Sort::Policy {
                plan.state = State::Approved;
                file::write(path, plan)?;
            }
            return Err(problem);
        }
    };
    let state = match outcome.code {
        CONFIRMED => State::Confirmed,
        ROLLED_BACK => State::RolledBack,
        INCOMPLETE => State::RollbackFailed,
        _ => State::Approved,
    };
    if outcome.code == REFUSED {
        plan.state = State::Approved;
    } else {
        if state == State::Confirmed && plan.state == State::Applying {
            // Confirmed before it was heard that all was done.
            life::advance(plan, State::Applied, clock())
                .map_err(|refused| not_now("hold", plan, &refused))?;
        }
        life::advance(plan, state, clock()).map_err(|refused| not_now("end", plan, &refused))?;
    }
    audit.add(plan, (clock(), who), (state.name(), &outcome.cause))?;
    file::write(path, plan)?;
    Ok(outcome)
}

/// Has an agent put back what a plan set that was confirmed, and writes it down.
///
/// # Errors
///
/// As [`execute::take_back`]; it is in no state for that, or the disk refuses.
pub fn take_back(
    order: &Order,
    path: &Path,
    (place, by): (&str, Holder),
    clock: fn() -> Moment,
) -> Result<Outcome, Problem> {
    let _lock = Lock::take(path, by)?;
    let mut plan = file::read_sound(path)?;
    if life::transition(plan.state, State::RolledBack).is_none() {
        return Err(Problem {
            what: format!("could not roll back {}", path.display()),
            why: format!("it is {}, so nothing of it stays", plan.state.name()),
            what_to_do: "kymo plan show says what may come next".to_owned(),
            sort: Sort::Usage,
        });
    }
    let mut audit = Audit::open(&file::audit(path, &plan))?;
    audit.add(&plan, (clock(), &order.who), ("take back", place))?;
    let ended = execute::take_back(order);
    if let Err(problem) = &ended {
        let line = ("lost", problem.to_string());
        audit.add(&plan, (clock(), &order.who), (line.0, &line.1))?;
    }
    let ended = Ok(ended?);
    settle(ended, (&mut plan, path), (&mut audit, &order.who), clock)
}

/// Puts into a plan how it ended while nobody listened, where it waits for that.
///
/// # Errors
///
/// The plan cannot be read, or the disk refuses.
pub fn take_in(
    path: &Path,
    outcome: &Outcome,
    who: &str,
    clock: fn() -> Moment,
) -> Result<(), Problem> {
    let mut plan = file::read_sound(path)?;
    let waits = matches!(plan.state, State::Applying | State::Applied);
    if plan.id != outcome.plan || !waits || holder(path).is_some() {
        return Ok(());
    }
    let mut audit = Audit::open(&file::audit(path, &plan))?;
    let ended = Ok(outcome.clone());
    settle(ended, (&mut plan, path), (&mut audit, who), clock)?;
    Ok(())
}

/// Who carries a plan out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process that hears of words by signals: SIGUSR1 confirms, SIGTERM puts back.
    Command(u32),
    /// A window, in which somebody says so.
    Window,
}

impl Holder {
    /// This process, as a command.
    pub fn this_command() -> Self {
        Self::Command(std::process::id())
    }
}

/// Who carries a plan out now.
pub fn holder(plan: &Path) -> Option<Holder> {
    let mut file = File::open(Lock::place(plan)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        _ => return None,
    }
    let mut text = String::new();
    // One who has the lock and did not write yet is of no command either.
    file.read_to_string(&mut text).unwrap_or_default();
    Some(text.trim().parse().map_or(Holder::Window, Holder::Command))
}

/// The lock beside a plan that says who carries it out.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn place(plan: &Path) -> PathBuf {
        plan.with_extension("applying")
    }

    fn take(plan: &Path, by: Holder) -> Result<Self, Problem> {
        let path = Self::place(plan);
        let trouble = |error: &std::io::Error| {
            Problem::from_error(
                format!("could not lock {}", path.display()),
                error,
                Sort::of_io(error),
            )
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| trouble(&error))?;
        if file.try_lock().is_err() {
            return Err(Problem {
                what: format!("could not apply {}", plan.display()),
                why: "another process carries it out".to_owned(),
                what_to_do: match holder(plan) {
                    Some(Holder::Window) => "confirm it in that window, or roll it back".to_owned(),
                    _ => format!(
                        "kymo plan confirm {0}, or kymo plan rollback {0}",
                        plan.display()
                    ),
                },
                sort: Sort::Usage,
            });
        }
        file.set_len(0).map_err(|error| trouble(&error))?;
        let text = match by {
            Holder::Command(pid) => pid.to_string(),
            Holder::Window => "window".to_owned(),
        };
        file.write_all(text.as_bytes())
            .map_err(|error| trouble(&error))?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock file that stays is harmless: the lock itself goes with the process.
        drop(std::fs::remove_file(&self.path));
    }
}
