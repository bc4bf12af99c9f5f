//! Carrying a plan out on an agent, from this side: tried, applied, held, confirmed.
//!
//! The agent decides and writes; this side asks, keeps saying that it is there, and passes
//! on what it is told. Where the connection is lost the agent puts everything back by
//! itself, whatever this side does.
//!
//! * [`try_out`]: what a plan would do, without a write; [`policy`]: what may be done.
//! * [`carry_out`]: from the first effect to the outcome; [`status`]: how far it is.
//!
//! Start at [`carry_out`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use model::plan::{Approval as Agreed, Plan};
use plan::document;
use wire::change::{Apply, Approval, Ask, MANDATE_MAX_BYTES, Mandate, Status, TakeBack, Told};
/// What agents say of plans.
pub use wire::change::{
    CONFIRMED, DryRun, Guard, INCOMPLETE, Left, Line, Outcome, Policy, Progress, REFUSED,
    ROLLED_BACK, Rule,
};
use wire::message::{Pair, Request};

use crate::launch::Launch;
use crate::link::{Link, LinkId, Names, Numbered, Options, Update};
use crate::problem::{Problem, Sort};
use crate::tap::Tap;

/// Longest wait for an agent to greet.
const GREETING: Duration = Duration::from_secs(30);

/// Longest wait for an answer that needs no effect.
const ANSWER: Duration = Duration::from_secs(30);

/// Time before an agent is asked again that looks for leftovers, as each does for a moment
/// after its start.
const AGAIN: Duration = Duration::from_millis(300);

/// Time between two signs that this side is there: a fifth of the shortest lease.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A plan, and who has it carried out where.
pub struct Order {
    /// The plan; its mandate is what is carried out.
    pub plan: Plan,
    /// Who asks.
    pub who: String,
    /// The agent.
    pub launch: Launch,
}

/// What a person says while a plan is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It stays.
    Confirm,
    /// It is put back now.
    RollBack,
    /// A person carried out the action of this id.
    Done(String),
}

/// Tries a plan on an agent: what it would change, and what is in the way.
///
/// # Errors
///
/// No agent could be attached, or it may not change anything.
pub fn try_out(order: &Order) -> Result<DryRun, Problem> {
    let attached = Attached::to(&order.launch)?;
    attached.dry_run(order)
}

/// What an agent says of the plan that it carries out now, or carried out last.
///
/// # Errors
///
/// No agent could be attached, or it may not change anything.
pub fn status(launch: &Launch) -> Result<Status, Problem> {
    let attached = Attached::to(launch)?;
    let until = Instant::now() + ANSWER;
    loop {
        let found = attached.asked(
            || {
                Ok(Ask {
                    status: true,
                    ..Ask::default()
                })
            },
            |told| told.status.clone(),
        )?;
        // After its start an agent looks for a moment whether something is left over.
        let looking = found.running && found.progress.is_none();
        if !looking || Instant::now() >= until {
            return Ok(found);
        }
        attached.pass(AGAIN)?;
    }
}

/// Has an agent put back what a plan set that was confirmed and stayed.
///
/// What somebody else changed since is left alone and told.
///
/// # Errors
///
/// No agent could be attached, it has no record of the plan, or the connection was lost.
pub fn take_back(order: &Order) -> Result<Outcome, Problem> {
    let attached = Attached::to(&order.launch)?;
    attached.ask(Ask {
        take_back: Some(TakeBack {
            hash: mandate(&order.plan)?.hash,
            who: order.who.clone(),
        }),
        ..Ask::default()
    })?;
    let (_words, heard) = crossbeam_channel::bounded(0);
    let outcome = attached.hold(&heard, &mut |_| {})?;
    match outcome.code {
        REFUSED => Err(ended(&outcome)),
        _ => Ok(outcome),
    }
}

/// What an agent would allow.
///
/// # Errors
///
/// As [`status`].
pub fn policy(launch: &Launch) -> Result<Policy, Problem> {
    let attached = Attached::to(launch)?;
    attached.asked(
        || {
            Ok(Ask {
                policy: true,
                ..Ask::default()
            })
        },
        |told| told.policy.clone(),
    )
}

/// Carries a plan out and returns how it ended.
///
/// `told` gets every answer as it comes. Without a word in time the agent puts everything
/// back; so it does when this process ends.
///
/// # Errors
///
/// No agent could be attached, the agent refuses before anything was written, or the
/// connection was lost: then the problem says that the agent puts everything back.
pub fn carry_out(
    order: &Order,
    words: &Receiver<Word>,
    told: &mut dyn FnMut(&Told),
) -> Result<Outcome, Problem> {
    let attached = Attached::to(&order.launch)?;
    let dry_run = attached.dry_run(order)?;
    told(&Told {
        dry_run: Some(dry_run.clone()),
        ..Told::default()
    });
    refuse(&dry_run)?;
    attached.ask(Ask {
        apply: Some(apply(order, &dry_run)?),
        ..Ask::default()
    })?;
    attached.hold(words, told)
}

/// Says why a plan may not be carried out, where it may not.
fn refuse(dry_run: &DryRun) -> Result<(), Problem> {
    let whole = dry_run.refused.iter().cloned();
    let parts = dry_run.lines.iter().flat_map(|line| {
        let refused = Some(&line.refused).filter(|it| !it.is_empty());
        let drifted = Some(&line.drifted).filter(|it| !it.is_empty());
        refused
            .into_iter()
            .chain(drifted)
            .map(|why| format!("{}: {why}", line.action))
    });
    let all: Vec<String> = whole.chain(parts).collect();
    if all.is_empty() {
        return Ok(());
    }
    Err(Problem {
        what: "the agent refuses the plan".to_owned(),
        why: all.join("; "),
        what_to_do: "kymo plan apply --dry-run lists it action by action".to_owned(),
        sort: Sort::Policy,
    })
}

fn mandate(plan: &Plan) -> Result<Mandate, Problem> {
    let text = document::mandate_text(plan).map_err(|error| {
        Problem::from_error("could not write the plan's mandate", &error, Sort::Bug)
    })?;
    if text.len() > MANDATE_MAX_BYTES {
        return Err(Problem {
            what: "could not send the plan".to_owned(),
            why: format!("its mandate has {} bytes", text.len()),
            what_to_do: "split it into several plans".to_owned(),
            sort: Sort::Limit,
        });
    }
    let hash = document::hash(&text);
    Ok(Mandate { text, hash })
}

fn apply(order: &Order, dry_run: &DryRun) -> Result<Apply, Problem> {
    let seen = dry_run.lines.iter().filter(|it| !it.key.is_empty());
    let approval = |it: &Agreed| Approval {
        who: it.who.clone(),
        unix_ns: it.at.0,
        hash: it.hash.clone(),
        acknowledged: it.acknowledged.clone(),
    };
    Ok(Apply {
        mandate: Some(mandate(&order.plan)?),
        who: order.who.clone(),
        author: order.plan.author.clone(),
        approvals: order.plan.approvals.iter().map(approval).collect(),
        expected: seen
            .map(|it| Pair {
                key: it.key.clone(),
                value: it.before.clone(),
            })
            .collect(),
    })
}

/// An agent that greeted.
struct Attached {
    link: Link,
    updates: Receiver<Numbered>,
}

impl Attached {
    fn to(launch: &Launch) -> Result<Self, Problem> {
        let (sender, updates) = crate::link::channel();
        let link = Link::start(
            launch.clone(),
            Options {
                id: LinkId(0),
                names: Names::default(),
                updates: sender,
                wake: Arc::new(|| {}),
                tap: Tap::Off,
            },
        );
        let attached = Self { link, updates };
        let until = Instant::now() + GREETING;
        loop {
            match attached.next(until)? {
                Some(Update::Connected(_)) => return Ok(attached),
                Some(_) => {}
                None => return Err(silent("the agent did not greet")),
            }
        }
    }

    /// The next update; `None` when the time is over.
    fn next(&self, until: Instant) -> Result<Option<Update>, Problem> {
        match self.updates.recv_deadline(until) {
            Ok((_, Update::Ended(why))) => Err(lost(&why)),
            Ok((_, update)) => Ok(Some(update)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(lost("")),
        }
    }

    /// Lets some time pass, without what comes meanwhile.
    fn pass(&self, time: Duration) -> Result<(), Problem> {
        let until = Instant::now() + time;
        while self.next(until)?.is_some() {}
        Ok(())
    }

    fn ask(&self, ask: Ask) -> Result<(), Problem> {
        let request = Request {
            change: Some(Box::new(ask)),
            ..Request::default()
        };
        match self.link.ask(request) {
            true => Ok(()),
            false => Err(silent("the connection is stuck")),
        }
    }

    fn dry_run(&self, order: &Order) -> Result<DryRun, Problem> {
        self.asked(
            || {
                Ok(Ask {
                    dry_run: Some(mandate(&order.plan)?),
                    ..Ask::default()
                })
            },
            |told| told.dry_run.clone(),
        )
    }

    /// Asks and waits for an answer of the wanted sort.
    fn asked<T>(
        &self,
        ask: impl Fn() -> Result<Ask, Problem>,
        wanted: impl Fn(&Told) -> Option<T>,
    ) -> Result<T, Problem> {
        self.ask(ask()?)?;
        let until = Instant::now() + ANSWER;
        loop {
            match self.next(until)? {
                Some(Update::Change(told)) => {
                    if let Some(found) = wanted(&told) {
                        return Ok(found);
                    }
                    if let Some(outcome) = told.outcome {
                        return Err(ended(&outcome));
                    }
                }
                Some(Update::Refused { what, why }) => {
                    return Err(Problem {
                        what,
                        why,
                        what_to_do: "an agent that is started with --allow-change, by a user who may, beside a policy file"
                            .to_owned(),
                        sort: Sort::Policy,
                    });
                }
                None => return Err(silent("the agent does not answer")),
                _ => {}
            }
        }
    }

    fn hold(
        &self,
        words: &Receiver<Word>,
        told: &mut dyn FnMut(&Told),
    ) -> Result<Outcome, Problem> {
        let mut next_beat = Instant::now();
        let mut begun = false;
        loop {
            if Instant::now() >= next_beat {
                next_beat = Instant::now() + HEARTBEAT;
                self.ask(Ask {
                    heartbeat: true,
                    ..Ask::default()
                })?;
            }
            while let Ok(word) = words.try_recv() {
                self.ask(said(word))?;
            }
            // Words wait a moment at most, whatever the agent says.
            let until = next_beat.min(Instant::now() + Duration::from_millis(100));
            match self.next(until)? {
                Some(Update::Change(change)) => {
                    begun |= change.progress.is_some();
                    told(&change);
                    if let Some(outcome) = change.outcome {
                        return Ok(outcome);
                    }
                }
                // Only of a plan of which nothing was heard is it known that nothing was
                // written; of another one the agent's record tells what became of it.
                Some(Update::Refused { what, why }) => {
                    return Err(Problem {
                        what,
                        why,
                        what_to_do: match begun {
                            true => "kymo plan status says what became of it".to_owned(),
                            false => String::new(),
                        },
                        sort: match begun {
                            true => Sort::Agent,
                            false => Sort::Policy,
                        },
                    });
                }
                _ => {}
            }
        }
    }
}

/// A rule of a policy in words.
pub fn rule(rule: &Rule) -> String {
    let mut text = format!("{} {}", rule.kind, rule.key);
    let bounds = [
        ("at least", rule.min),
        ("at most", rule.max),
        ("in steps of", rule.step),
    ];
    for (word, bound) in bounds {
        if let Some(bound) = bound {
            text.push_str(&format!(", {word} {bound}"));
        }
    }
    if !rule.values.is_empty() {
        text.push_str(&format!(", one of {}", rule.values.join(", ")));
    }
    text
}

fn said(word: Word) -> Ask {
    match word {
        Word::Confirm => Ask {
            confirm: true,
            ..Ask::default()
        },
        Word::RollBack => Ask {
            roll_back: true,
            ..Ask::default()
        },
        Word::Done(action) => Ask {
            done: action,
            ..Ask::default()
        },
    }
}

/// The problem that an outcome is; of one that stays there is none.
pub fn ended(outcome: &Outcome) -> Problem {
    let left: Vec<String> = outcome
        .left
        .iter()
        .map(|it| {
            format!(
                "{} is {:?} and was {:?} ({}): {}",
                it.key, it.found, it.wanted, it.why, it.command
            )
        })
        .collect();
    let (what, sort) = match outcome.code {
        REFUSED => ("the plan was refused", Sort::Policy),
        ROLLED_BACK => (
            "the plan was taken back, everything is as before",
            Sort::RolledBack,
        ),
        _ => (
            "the plan was taken back, but not all is as before",
            Sort::Incomplete,
        ),
    };
    Problem {
        what: what.to_owned(),
        why: match left.is_empty() {
            true => outcome.cause.clone(),
            false => format!("{}; {}", outcome.cause, left.join("; ")),
        },
        what_to_do: match outcome.record.as_str() {
            "" => String::new(),
            record => format!("the record on the agent's machine, {record}"),
        },
        sort,
    }
}

fn lost(why: &str) -> Problem {
    Problem {
        what: "the connection to the agent was lost".to_owned(),
        why: match why {
            "" => "it ended without a word".to_owned(),
            why => why.to_owned(),
        },
        what_to_do: "what was carried out is put back by the agent when its lease is over; kymo plan status says how that went"
            .to_owned(),
        sort: Sort::Agent,
    }
}

fn silent(why: &str) -> Problem {
    Problem {
        what: "could not talk to the agent".to_owned(),
        why: why.to_owned(),
        what_to_do: "kymo doctor, or another agent".to_owned(),
        sort: Sort::Agent,
    }
}
