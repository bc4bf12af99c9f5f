//! Carries a mandate out, step by step, and takes it back when anything is not as it must be.
//!
//! The executor holds no thread, file or clock: whoever drives it calls
//! [`Executor::step`] often, hands it what was measured and heard, and gives it a
//! [`Host`] to act on. So the same code runs on a machine and in a simulation that kills
//! it between any two calls.
//!
//! ```text
//! arming ─► applying ─► settling ─┐
//!              ▲ │ ▲              │
//!              │ ▼ └──────────────┘
//!           waiting (for a person)
//!              │
//!              ▼
//!           holding ─► confirmed
//! ```
//!
//! From each of these a breach, a lost lease, a passed deadline, an unmet precondition
//! or a word leads to the way back. Before each write its inverse is in the record.
//!
//! Start at [`Executor::new`] and [`Executor::step`].

use std::collections::VecDeque;

use model::plan::action::{Action, Execute};
use model::plan::guard::{Breach, Precondition};
use model::plan::{Confirm, Mandate, check};
use wire::change::{CONFIRMED, INCOMPLETE, Outcome, Progress, REFUSED, ROLLED_BACK, Told};
use wire::message::Pair;

use super::dry::{self, Facts};
use super::guard::Guards;
use super::log::{Begun, Captured, Entry};
use super::policy::Policy;
use super::rollback::{Back, Held, put_back};
use super::world::{Spot, Step, World};

/// Time in which every metric must have come in, at least.
const ARM_MAX_NS: i64 = 15_000_000_000;

/// Answers that wait to be taken; older ones are dropped.
const TOLD_MAX: usize = 512;

/// Time between entries of what the guardrails saw: a day of them is 1,440 lines.
const SAMPLE_NS: i64 = 60_000_000_000;

const SECOND_NS: f64 = 1e9;

/// Where entries are kept; what it returned for is on disk.
pub(crate) trait Book {
    /// Keeps an entry.
    fn note(&mut self, entry: &Entry) -> Result<(), String>;

    /// Name of the record, for people.
    fn name(&self) -> String;

    /// Number of the run.
    fn token(&self) -> u64;
}

/// What the executor acts on, and when.
pub(crate) struct Host<'a> {
    /// Settings.
    pub(crate) world: &'a mut dyn World,
    /// The record.
    pub(crate) book: &'a mut dyn Book,
    /// A clock that never steps.
    pub(crate) boot_ns: i64,
    /// The wall clock, to tell.
    pub(crate) unix_ns: i64,
}

/// What is carried out, for whom.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The mandate; sound, as `model::plan::check` says.
    pub(crate) mandate: Mandate,
    /// SHA-256 of its text.
    pub(crate) hash: String,
    /// Who asked.
    pub(crate) who: String,
    /// Who agreed.
    pub(crate) approvals: Vec<String>,
    /// Values before, as somebody saw them.
    pub(crate) expected: Vec<(String, String)>,
}

/// Carries one mandate out.
pub(crate) struct Executor {
    order: Order,
    policy: Policy,
    facts: Facts,
    /// In the order of carrying out.
    steps: Vec<(Step, Action)>,
    at: usize,
    phase: Phase,
    held: Vec<Held>,
    guards: Guards,
    heard_ns: i64,
    sampled_ns: i64,
    told: VecDeque<Told>,
    outcome: Option<Outcome>,
}

/// One value that shall be changed.
#[derive(Clone, Copy)]
struct Change<'a> {
    step: &'a Step,
    action: &'a Action,
    spot: &'a Spot,
    value: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Arming { until_ns: i64 },
    Applying,
    Settling { until_ns: i64 },
    Waiting { until_ns: i64 },
    Holding { until_ns: i64 },
    Over,
}

impl Executor {
    /// An executor that begins to measure now; nothing is written yet.
    pub(crate) fn new(order: Order, policy: Policy, facts: Facts, now_ns: i64) -> Self {
        let actions = &order.mandate.actions;
        let places = check::order(actions).unwrap_or_default();
        let steps = places
            .iter()
            .filter_map(|place| actions.get(*place))
            .map(|action| (Step::of(action), action.clone()))
            .collect();
        let others = actions
            .iter()
            .flat_map(|it| &it.precondition)
            .filter_map(|it| match it {
                Precondition::Below(metric, _) | Precondition::Above(metric, _) => {
                    Some(metric.clone())
                }
                Precondition::Equals(..) => None,
            });
        Self {
            guards: Guards::new(&order.mandate.guardrails, others.collect()),
            order,
            policy,
            facts,
            steps,
            at: 0,
            phase: Phase::Arming {
                until_ns: now_ns.saturating_add(ARM_MAX_NS),
            },
            held: Vec::new(),
            heard_ns: now_ns,
            sampled_ns: now_ns,
            told: VecDeque::new(),
            outcome: None,
        }
    }

    /// Metrics that must be measured.
    pub(crate) fn wants(&self) -> Vec<String> {
        self.guards.wants()
    }

    /// How it ended, once it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether there is something to do before anything else comes in.
    pub(crate) fn is_ready(&self, now_ns: i64) -> bool {
        match self.phase {
            Phase::Arming { .. } => self.guards.not_live().is_none(),
            Phase::Applying => true,
            Phase::Settling { until_ns } => now_ns >= until_ns,
            Phase::Waiting { .. } | Phase::Holding { .. } | Phase::Over => false,
        }
    }

    /// What there is to tell.
    pub(crate) fn take_told(&mut self) -> Vec<Told> {
        self.told.drain(..).collect()
    }

    /// Whoever holds the lease gave a sign of life.
    pub(crate) fn heard(&mut self, now_ns: i64) {
        self.heard_ns = self.heard_ns.max(now_ns);
    }

    /// Takes in what was measured.
    pub(crate) fn measured(&mut self, now_ns: i64, values: &[(String, f64)], every_ns: i64) {
        self.guards.measured(now_ns, values, every_ns);
    }

    /// A person carried an action out.
    pub(crate) fn done(&mut self, id: &str, host: &mut Host<'_>) {
        let waits = matches!(self.phase, Phase::Waiting { .. });
        let Some((step, _)) = self.steps.get(self.at).filter(|_| waits) else {
            return self.tell(host, "no action waits for a person");
        };
        if step.action != id {
            let text = format!("it waits for {}, not for {id}", step.action);
            return self.tell(host, &text);
        }
        let entry = Entry::Done {
            action: id.to_owned(),
        };
        if let Err(why) = host.book.note(&entry) {
            return self.roll_back(host, &unrecorded(&why));
        }
        self.settle(host);
    }

    /// What was carried out stays, if all of it was.
    pub(crate) fn confirm(&mut self, host: &mut Host<'_>) {
        if !matches!(self.phase, Phase::Holding { .. }) {
            return self.tell(
                host,
                "not everything is carried out, so there is nothing to confirm",
            );
        }
        // Somebody who confirms too late, or while a limit is broken, is not heard.
        let late = matches!(self.phase, Phase::Holding { until_ns } if host.boot_ns >= until_ns);
        if late && self.order.mandate.rollback.confirm != Confirm::Automatic {
            return self.roll_back(host, "nobody confirmed in time");
        }
        if let Some(cause) = self.alarm(host) {
            return self.roll_back(host, &cause);
        }
        // Whoever said so did it through the one who applied it, whose name alone is known.
        let cause = format!("confirmed for {}", self.order.who);
        self.stay(host, &cause);
    }

    /// Goes on by at most one action.
    pub(crate) fn step(&mut self, host: &mut Host<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        if let Some(cause) = self.alarm(host) {
            return self.roll_back(host, &cause);
        }
        let now_ns = host.boot_ns;
        if let Err(why) = self.sample(host) {
            return self.roll_back(host, &unrecorded(&why));
        }
        match self.phase {
            Phase::Arming { until_ns } => self.arm(host, until_ns),
            Phase::Applying => self.apply(host),
            Phase::Settling { until_ns } if now_ns >= until_ns => {
                self.phase = Phase::Applying;
                self.apply(host);
            }
            Phase::Holding { until_ns } if now_ns >= until_ns => {
                if self.order.mandate.rollback.confirm == Confirm::Automatic {
                    self.stay(host, "the guardrails held until the deadline");
                } else {
                    self.roll_back(host, "nobody confirmed in time");
                }
            }
            Phase::Waiting { until_ns } if now_ns >= until_ns => {
                self.roll_back(host, "nobody carried it out before the deadline");
            }
            Phase::Settling { .. }
            | Phase::Waiting { .. }
            | Phase::Holding { .. }
            | Phase::Over => {}
        }
    }

    /// Puts everything back and ends.
    pub(crate) fn roll_back(&mut self, host: &mut Host<'_>, cause: &str) {
        if self.phase == Phase::Over {
            return;
        }
        if self.held.is_empty() {
            return self.end(host, REFUSED, cause, Back::default());
        }
        self.tell_as(host, "rolling back", cause);
        // From here on the record is told but not asked: what is in memory is enough.
        let rolling = Entry::RollingBack {
            cause: cause.to_owned(),
        };
        let sampled = self.sampled(host.boot_ns);
        let mut lost = host.book.note(&sampled).err();
        lost = lost.or(host.book.note(&rolling).err());
        let book = &mut *host.book;
        let mut note = |entry: Entry| {
            if let Err(why) = book.note(&entry) {
                lost.get_or_insert(why);
            }
        };
        let back = put_back(&self.held, host.world, &mut note);
        let code = if back.left.is_empty() {
            ROLLED_BACK
        } else {
            INCOMPLETE
        };
        let cause = match lost {
            Some(why) => format!("{cause}; the record could not be kept: {why}"),
            None => cause.to_owned(),
        };
        self.end(host, code, &cause, back);
    }

    /// Tells how far it is.
    pub(crate) fn tell(&mut self, host: &Host<'_>, text: &str) {
        self.tell_as(host, self.phase.name(), text);
    }

    fn tell_as(&mut self, host: &Host<'_>, phase: &str, text: &str) {
        let age_s = self.heartbeat_age_s(host.boot_ns);
        let step = self.steps.get(self.at);
        let progress = Progress {
            plan: self.order.mandate.id.clone(),
            unix_ns: host.unix_ns,
            phase: phase.to_owned(),
            action: step.map_or_else(String::new, |(it, _)| it.action.clone()),
            text: text.to_owned(),
            guards: self.guards.states(host.boot_ns, age_s),
            left_s: match self.phase {
                Phase::Holding { until_ns } => {
                    Some((until_ns - host.boot_ns).max(0) as f64 / SECOND_NS)
                }
                _ => None,
            },
            heartbeat_age_s: age_s,
        };
        self.push(Told {
            progress: Some(progress),
            ..Told::default()
        });
    }

    fn push(&mut self, told: Told) {
        if self.told.len() == TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back(told);
    }

    fn heartbeat_age_s(&self, now_ns: i64) -> f64 {
        now_ns.saturating_sub(self.heard_ns).max(0) as f64 / SECOND_NS
    }

    /// Why everything must be put back now, if it must.
    fn alarm(&mut self, host: &mut Host<'_>) -> Option<String> {
        let age_s = self.heartbeat_age_s(host.boot_ns);
        let lease_s = self.order.mandate.rollback.lease_s;
        if age_s > lease_s {
            return Some(format!(
                "the lease of {lease_s} s is over: nobody has given a sign of life for {age_s:.1} s"
            ));
        }
        for breached in self.guards.breached(host.boot_ns, age_s) {
            match breached.does {
                Breach::RollbackAll => return Some(breached.text),
                Breach::Tell => {
                    let entry = Entry::Noted {
                        text: breached.text.clone(),
                    };
                    if let Err(why) = host.book.note(&entry) {
                        return Some(unrecorded(&why));
                    }
                    self.tell(host, &breached.text);
                }
            }
        }
        None
    }

    /// Keeps what the guardrails saw, once in a while.
    fn sample(&mut self, host: &mut Host<'_>) -> Result<(), String> {
        let arming = matches!(self.phase, Phase::Arming { .. });
        if arming || host.boot_ns.saturating_sub(self.sampled_ns) < SAMPLE_NS {
            return Ok(());
        }
        self.sampled_ns = host.boot_ns;
        host.book.note(&self.sampled(host.boot_ns))
    }

    fn sampled(&self, now_ns: i64) -> Entry {
        Entry::Sampled {
            values: self.guards.last(self.heartbeat_age_s(now_ns)),
        }
    }

    /// Waits until everything is measured, looks at all values once more, and begins.
    fn arm(&mut self, host: &mut Host<'_>, until_ns: i64) {
        if let Some(metric) = self.guards.not_live() {
            if host.boot_ns < until_ns {
                return;
            }
            let cause = format!("{metric} is not measured here, so nothing could guard the plan");
            return self.end(host, REFUSED, &cause, Back::default());
        }
        let before = match self.guards.arm(host.boot_ns) {
            Ok(before) => before,
            Err(cause) => return self.end(host, REFUSED, &cause, Back::default()),
        };
        let tried = dry::run(&self.order, &self.policy, &self.facts, host.world);
        if let Some(cause) = tried.first_refusal() {
            return self.end(host, REFUSED, &cause, Back::default());
        }
        let begun = Entry::Begun(Begun {
            plan: self.order.mandate.id.clone(),
            hash: self.order.hash.clone(),
            who: self.order.who.clone(),
            approvals: self.order.approvals.clone(),
            host: self.facts.host.clone(),
            kernel: self.facts.kernel.clone(),
            agent: crate::greeting::VERSION.to_owned(),
            token: host.book.token(),
            dry_run: tried.changes(),
            before,
            clock_offset_ns: host.unix_ns.saturating_sub(host.boot_ns),
        });
        if let Err(why) = host.book.note(&begun) {
            return self.end(host, REFUSED, &unrecorded(&why), Back::default());
        }
        self.phase = Phase::Applying;
        self.tell(host, "everything is measured; the plan begins");
    }

    /// Carries the next action out.
    fn apply(&mut self, host: &mut Host<'_>) {
        let Some((step, action)) = self.steps.get(self.at).cloned() else {
            return self.hold(host);
        };
        match (step.by, &step.write) {
            (Execute::ModelOnly, _) => {
                self.at += 1;
            }
            (Execute::Manual, _) | (Execute::Agent, None) => {
                if let Err(cause) = self.preconditions(host, &action) {
                    return self.roll_back(host, &format!("{}: {cause}", step.action));
                }
                let until_ns = self.deadline_ns(host);
                self.phase = Phase::Waiting { until_ns };
                let text = format!("{} is for a person; say so when it is done", step.kind);
                self.tell(host, &text);
            }
            (Execute::Agent, Some((spot, value))) => {
                let change = Change {
                    step: &step,
                    action: &action,
                    spot,
                    value,
                };
                match self.change(host, &change) {
                    Ok(text) => {
                        self.tell(host, &text);
                        self.settle(host);
                    }
                    Err(cause) => self.roll_back(host, &format!("{}: {cause}", step.action)),
                }
            }
        }
    }

    /// After an action: on to the next, when its time to settle is over.
    fn settle(&mut self, host: &Host<'_>) {
        let settle_s = self.steps.get(self.at).map_or(0.0, |(_, it)| it.settle_s);
        self.at += 1;
        self.phase = Phase::Settling {
            until_ns: host.boot_ns.saturating_add((settle_s * SECOND_NS) as i64),
        };
    }

    /// When a wait that begins now is over.
    fn deadline_ns(&self, host: &Host<'_>) -> i64 {
        let deadline_s = self.order.mandate.rollback.deadline_s;
        host.boot_ns.saturating_add((deadline_s * SECOND_NS) as i64)
    }

    fn hold(&mut self, host: &mut Host<'_>) {
        if let Err(why) = host.book.note(&Entry::Holding) {
            return self.roll_back(host, &unrecorded(&why));
        }
        self.phase = Phase::Holding {
            until_ns: self.deadline_ns(host),
        };
        self.tell(host, "everything is carried out; it waits for a word");
    }

    /// Captures, records, writes and reads back one value; what was done, in words.
    fn change(&mut self, host: &mut Host<'_>, change: &Change<'_>) -> Result<String, String> {
        let Change {
            step,
            action,
            spot,
            value,
        } = *change;
        self.preconditions(host, action)?;
        let spot = host.world.pin(spot).map_err(|it| it.to_string())?;
        let after = host.world.canonical(&spot, value);
        let after = after.map_err(|it| it.to_string())?;
        let before = host.world.read(&spot).map_err(|it| it.to_string())?;
        if let Some(expected) = self.order.expected(&spot.key)
            && expected != before
        {
            return Err(format!(
                "{} is {before:?} and was {expected:?} when it was looked at",
                spot.key
            ));
        }
        dry::judge(
            &self.policy,
            step.kind,
            &spot,
            [&before, &after],
            host.world,
        )?;
        let key = spot.key.clone();
        if before == after {
            let text = format!("{key} is {after} already");
            host.book
                .note(&Entry::Noted { text: text.clone() })
                .map_err(|why| unrecorded(&why))?;
            return Ok(text);
        }
        let captured = Captured {
            action: step.action.clone(),
            by_hand: host.world.by_hand(&spot, &before),
            spot,
            before,
            after,
        };
        let entry = Entry::Captured(captured.clone());
        host.book.note(&entry).map_err(|why| unrecorded(&why))?;
        self.held.push(Held {
            captured: captured.clone(),
            read_back: None,
        });
        self.write(host, &captured)
    }

    /// Writes what was captured for and looks whether it is in force.
    fn write(&mut self, host: &mut Host<'_>, captured: &Captured) -> Result<String, String> {
        let key = &captured.spot.key;
        let written = host.world.write(&captured.spot, &captured.after);
        written.map_err(|it| format!("{key} could not be set: {it}"))?;
        let read_back = host.world.read(&captured.spot);
        let read_back = read_back.map_err(|it| format!("{key} could not be read back: {it}"))?;
        if let Some(held) = self.held.last_mut() {
            held.read_back = Some(read_back.clone());
        }
        if read_back != captured.after {
            return Err(format!(
                "{key} was set to {:?}, but {read_back:?} is in force",
                captured.after
            ));
        }
        let entry = Entry::Applied {
            action: captured.action.clone(),
            read_back: read_back.clone(),
        };
        host.book.note(&entry).map_err(|why| unrecorded(&why))?;
        Ok(format!("{key}: {} -> {read_back}", captured.before))
    }

    fn preconditions(&self, host: &mut Host<'_>, action: &Action) -> Result<(), String> {
        let age_s = self.heartbeat_age_s(host.boot_ns);
        let read = |metric: &str| {
            let value = self.guards.value(metric, age_s);
            value.ok_or_else(|| format!("{metric} is not measured, so its condition cannot hold"))
        };
        for condition in &action.precondition {
            match condition {
                Precondition::Equals(key, value) => {
                    dry::equals(&self.policy, key, value, host.world)?;
                }
                Precondition::Below(metric, limit) => {
                    let value = read(metric)?;
                    if value >= *limit {
                        return Err(format!("{metric} is {value}, and must be below {limit}"));
                    }
                }
                Precondition::Above(metric, limit) => {
                    let value = read(metric)?;
                    if value <= *limit {
                        return Err(format!("{metric} is {value}, and must be above {limit}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// It stays. Without a record it does not.
    fn stay(&mut self, host: &mut Host<'_>, cause: &str) {
        let ended = Entry::Ended {
            code: CONFIRMED,
            cause: cause.to_owned(),
        };
        match host.book.note(&ended) {
            Ok(()) => self.close(host, CONFIRMED, cause, Back::default()),
            Err(why) => self.roll_back(host, &unrecorded(&why)),
        }
    }

    fn end(&mut self, host: &mut Host<'_>, code: u32, cause: &str, back: Back) {
        let ended = Entry::Ended {
            code,
            cause: cause.to_owned(),
        };
        let cause = match host.book.note(&ended) {
            Err(why) if code != REFUSED && !cause.contains(&why) => {
                format!("{cause}; the record could not be kept: {why}")
            }
            // Where nothing was written, nothing is missing from the record.
            _ => cause.to_owned(),
        };
        self.close(host, code, &cause, back);
    }

    fn close(&mut self, host: &mut Host<'_>, code: u32, cause: &str, back: Back) {
        let outcome = outcome(&self.order.mandate.id, code, cause, back, &host.book.name());
        self.phase = Phase::Over;
        self.outcome = Some(outcome.clone());
        self.push(Told {
            outcome: Some(outcome),
            ..Told::default()
        });
    }
}

/// The words of an end.
pub(crate) fn outcome(plan: &str, code: u32, cause: &str, back: Back, record: &str) -> Outcome {
    let pair = |(key, value)| Pair { key, value };
    let left = back.left.into_iter().map(|it| wire::change::Left {
        key: it.key,
        found: it.found,
        wanted: it.wanted,
        why: it.why,
        command: it.by_hand,
    });
    Outcome {
        plan: plan.to_owned(),
        code,
        cause: cause.to_owned(),
        restored: back.restored.into_iter().map(pair).collect(),
        left: left.collect(),
        record: record.to_owned(),
    }
}

fn unrecorded(why: &str) -> String {
    format!("the record could not be kept, and without it nothing is done: {why}")
}

impl Order {
    /// What somebody saw at a key.
    pub(crate) fn expected(&self, key: &str) -> Option<&str> {
        let found = self.expected.iter().find(|(it, _)| it == key);
        found.map(|(_, value)| value.as_str())
    }
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Arming { .. } => "arming",
            Self::Applying => "applying",
            Self::Settling { .. } => "settling",
            Self::Waiting { .. } => "waiting",
            Self::Holding { .. } => "holding",
            Self::Over => "over",
        }
    }
}
