//! The process that writes: it takes one order, carries it out and ends.
//!
//! It is the agent's own program, started by the agent with fixed words, in a session of
//! its own. Orders and measurements come on standard input as the frames that clients
//! send, answers go to standard output. Its dead-man switch is that input: when it ends,
//! or says nothing for as long as the lease is, everything is put back. Nobody reading
//! its answers holds it up.
//!
//! Start at [`keep`].

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use model::plan::{Mandate, check};
use prost::Message;
use rustix::time::{ClockId, clock_gettime};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use wire::change::{
    Apply, Ask, CONFIRMED, DryRun, MANDATE_MAX_BYTES, Outcome, REFUSED, TakeBack, Told, Wants,
};
use wire::encode::aside;
use wire::frame::{Found, Kind, Reader};
use wire::message::Request;

use super::Places;
use super::dry::{self, Facts};
use super::executor::{Book, Executor, Host, Order, outcome};
use super::log::{Entry, sha256};
use super::machine::{Machine, own_keys};
use super::policy::{Policy, file};
use super::recovery;
use super::rollback::Back;
use super::state::{Folder, Record, Runs, StateError};
use super::world::World;
use crate::kept::Root;

/// Time between looks at the clock when nothing comes in.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Time between signs of life to the agent.
const PULSE_NS: i64 = 1_000_000_000;

/// Frames that wait to be read, and to be written; a reader that is slower loses signs of
/// life, and the outcome stands in the record.
const WAITING_MAX: usize = 256;

/// Longest wait for the order.
const ORDER_WAIT: Duration = Duration::from_secs(30);

/// Longest wait for another process that puts the same back.
const BUSY_MAX_NS: i64 = 10_000_000_000;

/// How long the last answers may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the system is asked to spare it by when memory runs out.
const OOM_SCORE: &str = "-900";

/// Takes one order from standard input and carries it out; the exit code.
///
/// # Errors
///
/// In words, what kept it from starting.
pub(crate) fn keep(places: &Places) -> Result<u8, String> {
    if rustix::process::setsid().is_err() {
        // A session leader already has a session of its own.
    }
    // It runs by another name than its file's; `ps` shall show what it is.
    if rustix::thread::set_name(c"kymo-keeper").is_err() {
        // Then it shows less.
    }
    // Only root may ask for that, and only root gets far here.
    drop(std::fs::write("/proc/self/oom_score_adj", OOM_SCORE));
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        let asked = signal_hook::flag::register(signal, Arc::clone(&stop));
        asked.map_err(|error| error.to_string())?;
    }
    // A closed terminal is no reason to end.
    let hangup = signal_hook::flag::register(SIGHUP, Arc::new(AtomicBool::new(false)));
    hangup.map_err(|error| error.to_string())?;
    let asks = asks()?;
    let (answers, written) = answers()?;
    let told = match asks.recv_timeout(ORDER_WAIT) {
        Ok(ask) => {
            let mut keeper = Keeper {
                places,
                asks,
                answers: answers.clone(),
                stop,
            };
            keeper.order(&ask)
        }
        Err(_) => None,
    };
    let code = told
        .as_ref()
        .and_then(|it| it.outcome.as_ref())
        .map_or(0, |it| it.code);
    if let Some(told) = told {
        // A reader that is gone misses it; it stands in the record.
        drop(answers.send(told));
    }
    drop(answers);
    if written.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Timeout) {
        // Nobody reads; the writer is ended with the process.
    }
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Puts back what an earlier run has left; the exit code and what to print.
///
/// # Errors
///
/// In words, why it could not even look.
pub(crate) fn recover(places: &Places) -> Result<(u8, String), String> {
    let policy = policy(places);
    match put_back(places, policy, None) {
        Ok(Some(outcome)) => {
            let code = u8::try_from(outcome.code).unwrap_or(u8::MAX);
            Ok((code, text(&outcome)))
        }
        Ok(None) => Ok((0, "nothing is to be put back\n".to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// An outcome in lines, for people.
fn text(outcome: &Outcome) -> String {
    let mut text = format!("plan {}: {}\n", outcome.plan, outcome.cause);
    for pair in &outcome.restored {
        text.push_str(&format!("restored {} = {}\n", pair.key, pair.value));
    }
    for left in &outcome.left {
        text.push_str(&format!(
            "left     {} is {:?}, was {:?}: {}\n         {}\n",
            left.key, left.found, left.wanted, left.why, left.command
        ));
    }
    text.push_str(&format!("record   {}\n", outcome.record));
    text.chars()
        .filter(|it| *it == '\n' || !it.is_control())
        .collect()
}

/// The policy; where it is gone, where applications are is not known any more, and
/// everything else can be put back still.
fn policy(places: &Places) -> Policy {
    file::load(&places.policy).unwrap_or_else(|_| Policy::nothing())
}

fn put_back(
    places: &Places,
    policy: Policy,
    pulse: Option<&SyncSender<Told>>,
) -> Result<Option<Outcome>, StateError> {
    // Where nothing was ever written there is nothing to put back, and no folder to make.
    if !places.state.join("runs").exists() {
        return Ok(None);
    }
    let folder = Folder::open(&places.state)?;
    let Some(unfinished) = folder.unfinished()? else {
        return Ok(None);
    };
    let facts = facts(&places.root);
    let record = folder.resume(&unfinished, &facts.boot_id, unix_ns)?;
    let mut record = record.with_pulse(pulse.cloned());
    let mut machine = Machine::new(&places.root, policy);
    Ok(Some(recovery::recover(
        &unfinished,
        &mut machine,
        &mut record,
        &facts.boot_id,
    )))
}

fn facts(root: &Path) -> Facts {
    let root = Root::new(root);
    let facts = crate::system::facts(&root, None);
    Facts {
        host: facts.name,
        boot_id: facts.boot_id,
        kernel: facts.kernel,
        unix_ns: unix_ns(),
    }
}

fn boot_ns() -> i64 {
    read(ClockId::Boottime)
}

fn unix_ns() -> i64 {
    read(ClockId::Realtime)
}

fn read(id: ClockId) -> i64 {
    let now = clock_gettime(id);
    now.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(now.tv_nsec)
}

struct Keeper<'a> {
    places: &'a Places,
    asks: Receiver<Ask>,
    answers: SyncSender<Told>,
    stop: Arc<AtomicBool>,
}

impl Keeper<'_> {
    /// Carries an order out; the last answer.
    fn order(&mut self, ask: &Ask) -> Option<Told> {
        if ask.roll_back {
            let wanted = ask.apply.as_ref().and_then(|it| it.mandate.as_ref());
            let outcome = self.put_back(wanted.map(|it| it.hash.as_str()));
            return outcome.map(|outcome| Told {
                outcome: Some(outcome),
                ..Told::default()
            });
        }
        if let Some(mandate) = &ask.dry_run {
            return Some(Told {
                dry_run: Some(self.dry_run(mandate)),
                ..Told::default()
            });
        }
        if let Some(wanted) = &ask.take_back {
            let taken = self.take_back(wanted);
            return Some(Told {
                outcome: Some(taken),
                ..Told::default()
            });
        }
        let outcome = self.apply(ask.apply.as_ref()?);
        outcome.map(|outcome| Told {
            outcome: Some(outcome),
            ..Told::default()
        })
    }

    fn dry_run(&self, mandate: &wire::change::Mandate) -> DryRun {
        let refuse = |refused: Vec<String>| DryRun {
            hash: sha256(mandate.text.as_bytes()),
            refused,
            ..DryRun::default()
        };
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(why) => return refuse(vec![why]),
        };
        let order = match order(mandate) {
            Ok(order) => order,
            Err(why) => return refuse(why),
        };
        let mut machine = Machine::new(&self.places.root, policy.clone());
        let facts = facts(&self.places.root);
        dry::run(&order, &policy, &facts, &mut machine).message(&order)
    }

    fn policy(&self) -> Result<Policy, String> {
        Machine::new(&self.places.root, Policy::nothing()).check()?;
        let mut policy = file::load(&self.places.policy).map_err(|it| it.to_string())?;
        // What this process lives in is the machine's own, whatever tree is written.
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let parent = rustix::process::getppid().map_or(1, |it| it.as_raw_nonzero().get());
        let pids = [std::process::id(), u32::try_from(parent).unwrap_or(1)];
        policy.own = own_keys(&groups, &pids);
        Ok(policy)
    }

    /// Puts back what was left; without that, how the run of a mandate has ended.
    fn put_back(&self, hash: Option<&str>) -> Option<Outcome> {
        let from_ns = boot_ns();
        let pulse = Some(&self.answers);
        let mut done = put_back(self.places, policy(self.places), pulse);
        // Another keeper may be at it; what it comes to is what is to be told.
        while matches!(done, Err(StateError::Busy))
            && hash.is_some()
            && boot_ns() - from_ns < BUSY_MAX_NS
        {
            thread::park_timeout(LOOK_EVERY);
            done = put_back(self.places, policy(self.places), pulse);
        }
        match done {
            Ok(Some(outcome)) => Some(outcome),
            Ok(None) => {
                let newest = Runs::open(&self.places.state).ok()?.newest()?;
                recovery::ended(&newest, Some(hash?))
            }
            // Another keeper is at it.
            Err(StateError::Busy) => None,
            Err(error) => {
                let cause = format!("could not look for what is to be put back: {error}");
                Some(outcome(
                    "",
                    wire::change::INCOMPLETE,
                    &cause,
                    Back::default(),
                    "",
                ))
            }
        }
    }

    /// Puts back what a confirmed run of a mandate set, where it is still so.
    fn take_back(&self, wanted: &TakeBack) -> Outcome {
        let refuse = |why: &str| outcome("", REFUSED, why, Back::default(), "");
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(why) => return refuse(&why),
        };
        let folder = match Folder::open(&self.places.state) {
            Ok(folder) => folder,
            Err(error) => return refuse(&error.to_string()),
        };
        let found = match folder.newest_of(&wanted.hash.to_ascii_lowercase()) {
            Ok(Some(found)) => found,
            Ok(None) => return refuse("this agent has no record of it"),
            Err(error) => return refuse(&error.to_string()),
        };
        let stays = |(_, it): &(String, Entry)| matches!(it, Entry::Ended { code, .. } if *code == CONFIRMED);
        if !found.story.entries.iter().any(stays) {
            return refuse("its last run was not confirmed, so nothing of it stayed");
        }
        let facts = facts(&self.places.root);
        let record = folder.begin_again(&found.story, &facts.boot_id, unix_ns);
        let mut record = match record {
            Ok(record) => record.with_pulse(Some(self.answers.clone())),
            Err(error) => return refuse(&error.to_string()),
        };
        let mut machine = Machine::new(&self.places.root, policy);
        let who = wire::decode::clean(&wanted.who);
        let cause = format!("{who} took it back after it was confirmed");
        let both: (&mut dyn World, &mut dyn Book) = (&mut machine, &mut record);
        recovery::take_back(&found, both, &facts.boot_id, cause)
    }

    /// Carries a mandate out, from its text to its end.
    fn apply(&mut self, apply: &Apply) -> Option<Outcome> {
        let refuse = |plan: &str, why: &str| Some(outcome(plan, REFUSED, why, Back::default(), ""));
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(why) => return refuse("", &why),
        };
        let mandate = apply.mandate.clone().unwrap_or_default();
        let mut order = match order(&mandate) {
            Ok(order) => order,
            Err(why) => return refuse("", &why.join("; ")),
        };
        let plan = order.mandate.id.clone();
        if let Err(why) = policy.agreed(apply, &order.hash) {
            return refuse(&plan, &why);
        }
        order.who = wire::decode::clean(&apply.who);
        let agreed = apply.approvals.iter().take(wire::change::LIST_MAX);
        order.approvals = agreed.map(|it| wire::decode::clean(&it.who)).collect();
        let expected = apply.expected.iter().take(check::ACTIONS_MAX);
        order.expected = expected
            .map(|it| (it.key.clone(), it.value.clone()))
            .collect();
        let facts = facts(&self.places.root);
        let record = Folder::open(&self.places.state)
            .and_then(|folder| folder.begin(&facts.boot_id, unix_ns));
        let mut record = match record {
            Ok(record) => record.with_pulse(Some(self.answers.clone())),
            Err(error) => return refuse(&plan, &error.to_string()),
        };
        let mut machine = Machine::new(&self.places.root, policy.clone());
        let mut executor = Executor::new(order, policy, facts, boot_ns());
        self.tell(Told {
            wants: Some(Wants {
                metrics: executor.wants(),
            }),
            ..Told::default()
        });
        self.follow(&mut executor, &mut machine, &mut record);
        // The lock is free before anybody hears of the end.
        drop(record);
        executor.outcome().cloned()
    }

    /// Drives the executor until it is over.
    fn follow(&mut self, executor: &mut Executor, machine: &mut Machine, record: &mut Record) {
        let mut pulse_ns = 0;
        while executor.outcome().is_none() {
            let wait = if executor.is_ready(boot_ns()) {
                Duration::ZERO
            } else {
                LOOK_EVERY
            };
            let first = self.asks.recv_timeout(wait);
            let mut host = Host {
                world: &mut *machine,
                book: &mut *record,
                boot_ns: boot_ns(),
                unix_ns: unix_ns(),
            };
            if self.stop.load(Ordering::Relaxed) {
                executor.roll_back(&mut host, "the system asked the agent to end");
                break;
            }
            match first {
                Ok(ask) => {
                    let more: Vec<Ask> = self.asks.try_iter().take(WAITING_MAX).collect();
                    for ask in std::iter::once(ask).chain(more) {
                        take(executor, &ask, &mut host);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    executor.roll_back(&mut host, "the agent went away");
                    break;
                }
            }
            executor.step(&mut host);
            if executor.outcome().is_none() && host.boot_ns - pulse_ns >= PULSE_NS {
                pulse_ns = host.boot_ns;
                executor.tell(&host, "");
            }
            for told in executor.take_told() {
                if told.outcome.is_none() {
                    self.tell(told);
                }
            }
        }
    }

    /// Answers without waiting for anybody.
    fn tell(&self, told: Told) {
        // A full queue loses a sign of life; the outcome is sent last and waited for.
        drop(self.answers.try_send(told));
    }
}

/// Hands the executor what came in.
fn take(executor: &mut Executor, ask: &Ask, host: &mut Host<'_>) {
    if ask.heartbeat {
        executor.heard(host.boot_ns);
    }
    if let Some(measured) = &ask.measured {
        let values = measured
            .values
            .iter()
            .map(|it| (it.metric.clone(), it.value));
        let values: Vec<(String, f64)> = values.collect();
        executor.measured(host.boot_ns, &values, measured.every_ns);
    }
    if !ask.done.is_empty() {
        executor.done(&ask.done, host);
    }
    if ask.roll_back {
        executor.roll_back(host, "it was asked for");
    } else if ask.confirm {
        executor.confirm(host);
    }
    if ask.status {
        executor.tell(host, "");
    }
}

/// Reads a mandate's text and holds it against its hash and everything that can be wrong.
///
/// # Errors
///
/// All that is wrong, in words.
pub(super) fn order(message: &wire::change::Mandate) -> Result<Order, Vec<String>> {
    if message.text.len() > MANDATE_MAX_BYTES {
        return Err(vec![format!(
            "the mandate is larger than {MANDATE_MAX_BYTES} bytes"
        )]);
    }
    let hash = sha256(message.text.as_bytes());
    if hash != message.hash.to_ascii_lowercase() {
        return Err(vec![
            "the mandate is not the one its hash was made of".to_owned(),
        ]);
    }
    let mandate: Mandate = file::ron(&message.text).map_err(|why| vec![why])?;
    let faults = check::mandate_faults(&mandate);
    if !faults.is_empty() {
        return Err(faults.iter().take(64).map(ToString::to_string).collect());
    }
    Ok(Order {
        mandate,
        hash,
        who: String::new(),
        approvals: Vec::new(),
        expected: Vec::new(),
    })
}

/// Requests on standard input; the channel closes when it ends.
fn asks() -> Result<Receiver<Ask>, String> {
    let (sender, asks) = sync_channel(WAITING_MAX);
    let input = io::stdin().as_fd().try_clone_to_owned();
    let mut input: std::fs::File = input.map_err(|error| error.to_string())?.into();
    let read = move || {
        let mut reader = Reader::default();
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = input.read(&mut buffer) {
            reader.push(&buffer[..length]);
            while let Some(found) = reader.next() {
                let Found::Frame(frame) = found else {
                    continue;
                };
                let request = Request::decode(frame.payload).ok();
                let Some(ask) = request.and_then(|it| it.change) else {
                    continue;
                };
                if sender.send(*ask).is_err() {
                    return;
                }
            }
        }
    };
    let thread = thread::Builder::new().name("orders".to_owned()).spawn(read);
    thread.map_err(|error| error.to_string())?;
    Ok(asks)
}

/// Answers on standard output, and a channel that closes when all are written.
fn answers() -> Result<(SyncSender<Told>, Receiver<()>), String> {
    let (answers, waiting) = sync_channel::<Told>(WAITING_MAX);
    let (done, written) = sync_channel::<()>(1);
    let output = io::stdout().as_fd().try_clone_to_owned();
    let mut output: std::fs::File = output.map_err(|error| error.to_string())?.into();
    let write = move || {
        let mut bytes = Vec::new();
        for told in waiting {
            bytes.clear();
            // What does not fit a frame stands in the record.
            if aside(&mut bytes, Kind::Change, &told).is_ok() && output.write_all(&bytes).is_err() {
                break;
            }
        }
        drop(done);
    };
    let thread = thread::Builder::new()
        .name("answers".to_owned())
        .spawn(write);
    thread.map_err(|error| error.to_string())?;
    Ok((answers, written))
}
