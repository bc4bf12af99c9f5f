//! The executor in a simulation: killed, cut off and lied to at every step.
//!
//! The machine is a map of values and the disk a string that is cut anywhere, so each
//! test runs the real executor, record and recovery through thousands of lives. A kill is
//! a panic at the N-th thing the executor does to the outside.

mod storm;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use model::plan::action::{Action, Execute, Kind, Scope};
use model::plan::guard::{Breach, Guardrail, Limit, Precondition};
use model::plan::{Baseline, Confirm, Mandate, Rollback, SCHEMA};
use wire::change::{CONFIRMED, INCOMPLETE, Outcome, REFUSED, ROLLED_BACK};

use super::dry::Facts;
use super::executor::{Book, Executor, Host, Order};
use super::log::{self, Chain, Entry, NO_HASH, When};
use super::policy::{Policy, file};
use super::recovery::recover;
use super::state::Unfinished;
use super::world::{Spot, Trouble, World};

const S: i64 = 1_000_000_000;

/// Everything outside: values, the disk, and when to fail.
#[derive(Debug, Default)]
struct Outside {
    values: BTreeMap<String, String>,
    disk: Vec<u8>,
    /// Things done so far.
    done: usize,
    /// Dies at this one.
    kill_at: Option<usize>,
    /// The disk is full from this thing on.
    full_from: Option<usize>,
    /// How many lines the disk takes at all.
    lines_max: Option<usize>,
    /// Writes that fail, by key: how often.
    stubborn: BTreeMap<String, usize>,
    /// What a write leaves there instead.
    twisted: BTreeMap<String, String>,
    /// Bytes of the last line that are on the disk when it dies in writing it.
    torn: usize,
    boot_id: String,
    writes: usize,
}

type Shared = Rc<RefCell<Outside>>;

struct Killed;

/// One of the two faces of what is outside.
struct Face(Shared);

impl Face {
    /// Counts a thing, and dies at the one it shall die at; before or after is the same
    /// as dying at the one before.
    fn thing(&self) {
        let mut outside = self.0.borrow_mut();
        outside.done += 1;
        if outside.kill_at == Some(outside.done) {
            drop(outside);
            std::panic::resume_unwind(Box::new(Killed));
        }
    }
}

impl World for Face {
    fn canonical(&mut self, _: &Spot, value: &str) -> Result<String, Trouble> {
        Ok(value.to_owned())
    }

    fn read(&mut self, spot: &Spot) -> Result<String, Trouble> {
        self.thing();
        let outside = self.0.borrow();
        let value = outside.values.get(&spot.key).cloned();
        value.ok_or_else(|| Trouble::Gone(format!("{} is not there", spot.key)))
    }

    /// Values of two words are written a word at a time, as two files are.
    fn write(&mut self, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let words: Vec<String> = value.split(' ').map(str::to_owned).collect();
        for (place, word) in words.iter().enumerate() {
            self.thing();
            let mut outside = self.0.borrow_mut();
            outside.writes += 1;
            if let Some(left) = outside.stubborn.get_mut(&spot.key)
                && *left > 0
            {
                *left -= 1;
                return Err(Trouble::Failed("it does not want to".to_owned()));
            }
            if let Some(twisted) = outside.twisted.get(&spot.key).cloned() {
                outside.values.insert(spot.key.clone(), twisted);
                continue;
            }
            let now = outside.values.entry(spot.key.clone()).or_default();
            let mut parts: Vec<String> = now.split(' ').map(str::to_owned).collect();
            parts.resize(words.len(), String::new());
            parts[place].clone_from(word);
            *now = parts.join(" ");
        }
        Ok(())
    }

    fn pin(&mut self, spot: &Spot) -> Result<Spot, Trouble> {
        Ok(spot.clone())
    }

    fn sizes(&mut self, _: &Spot, value: &str) -> Vec<f64> {
        super::drivers::numbers(value)
    }

    fn restart(&self, _: &Spot) -> String {
        String::new()
    }

    fn by_hand(&self, spot: &Spot, value: &str) -> String {
        format!("set {} {value}", spot.key)
    }

    fn pause(&mut self) {}
}

/// The disk, with a chain that goes on.
struct Disk {
    face: Face,
    chain: Chain,
}

impl Disk {
    fn new(shared: &Shared) -> Self {
        let (story, _) = log::read(&shared.borrow().disk);
        let whole = story.whole_bytes;
        shared.borrow_mut().disk.truncate(whole);
        let chain = if story.entries.is_empty() {
            Chain::after(NO_HASH)
        } else {
            story.chain
        };
        Self {
            face: Face(Rc::clone(shared)),
            chain,
        }
    }
}

impl Book for Disk {
    fn note(&mut self, entry: &Entry) -> Result<(), String> {
        let (line, next) = {
            let outside = self.face.0.borrow();
            let lines = outside.disk.iter().filter(|it| **it == b'\n').count();
            let full = outside.full_from.is_some_and(|from| outside.done >= from)
                || outside.lines_max.is_some_and(|most| lines >= most);
            if full {
                return Err("no space left".to_owned());
            }
            let when = When {
                unix_ns: 0,
                boot_id: outside.boot_id.clone(),
            };
            self.chain.line(&when, entry).unwrap()
        };
        // A part of the line is there before it dies, all of it after.
        {
            let mut outside = self.face.0.borrow_mut();
            let part = outside.torn.min(line.len() - 1);
            if outside.kill_at == Some(outside.done + 1) {
                outside.disk.extend_from_slice(&line.as_bytes()[..part]);
            }
        }
        self.face.thing();
        self.face
            .0
            .borrow_mut()
            .disk
            .extend_from_slice(line.as_bytes());
        self.chain = next;
        self.face.thing();
        Ok(())
    }

    fn name(&self) -> String {
        "record".to_owned()
    }

    fn token(&self) -> u64 {
        1
    }
}

fn sysctl(id: &str, key: &str, value: &str) -> Action {
    Action::new(
        id,
        Kind::Sysctl {
            key: key.to_owned(),
            value: value.to_owned(),
        },
    )
}

fn guard(limit: Limit, for_s: f64) -> Guardrail {
    Guardrail {
        metric: "errors".to_owned(),
        limit,
        for_s,
        on_breach: Breach::RollbackAll,
    }
}

fn mandate(actions: Vec<Action>) -> Mandate {
    Mandate {
        schema: SCHEMA,
        id: "5f0c".to_owned(),
        baseline: Baseline::default(),
        actions,
        guardrails: vec![guard(Limit::AtMost(0.5), 0.0)],
        rollback: Rollback {
            deadline_s: 100.0,
            lease_s: 30.0,
            ..Rollback::default()
        },
    }
}

/// Five values, two of them of two words.
fn five() -> (Mandate, Shared) {
    let actions = vec![
        sysctl("a1", "net.a", "2"),
        sysctl("a2", "net.b", "20 200"),
        sysctl("a3", "net.c", "7"),
        sysctl("a4", "net.d", "max 1"),
        sysctl("a5", "net.e", "9"),
    ];
    let before = [
        ("sysctl:net.a", "1"),
        ("sysctl:net.b", "10 100"),
        ("sysctl:net.c", "6"),
        ("sysctl:net.d", "5 0"),
        ("sysctl:net.e", "8"),
    ];
    let before = before.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let outside = Outside {
        values: BTreeMap::from(before),
        boot_id: "boot-1".to_owned(),
        ..Outside::default()
    };
    (mandate(actions), Rc::new(RefCell::new(outside)))
}

fn all_allowed() -> Policy {
    file::parse(r#"(version: 1, max_actions: 64, rules: [(kind: "*", key: "*")])"#).unwrap()
}

/// An executor with what is outside of it, on a clock of its own.
struct Life {
    shared: Shared,
    executor: Executor,
    disk: Disk,
    world: Face,
    now_ns: i64,
    /// What is measured of the guardrail's metric.
    errors: Option<f64>,
    heartbeats: bool,
}

impl Life {
    fn new(mandate: Mandate, shared: &Shared) -> Self {
        Self::under(all_allowed(), mandate, shared)
    }

    fn under(policy: Policy, mandate: Mandate, shared: &Shared) -> Self {
        let order = Order {
            mandate,
            hash: "h".to_owned(),
            who: "w".to_owned(),
            approvals: Vec::new(),
            expected: Vec::new(),
        };
        Self {
            executor: Executor::new(order, policy, Facts::default(), 0),
            disk: Disk::new(shared),
            world: Face(Rc::clone(shared)),
            shared: Rc::clone(shared),
            now_ns: 0,
            errors: Some(0.1),
            heartbeats: true,
        }
    }

    /// A tenth of a second goes by.
    fn pass(&mut self) {
        self.now_ns += S / 10;
        if self.now_ns % S == 0 {
            let values: Vec<_> = self
                .errors
                .map(|it| ("errors".to_owned(), it))
                .into_iter()
                .collect();
            self.executor.measured(self.now_ns, &values, S);
            if self.heartbeats {
                self.executor.heard(self.now_ns);
            }
        }
        self.with(|executor, host| executor.step(host));
    }

    fn with(&mut self, act: impl FnOnce(&mut Executor, &mut Host<'_>)) {
        let mut host = Host {
            world: &mut self.world,
            book: &mut self.disk,
            boot_ns: self.now_ns,
            unix_ns: 0,
        };
        act(&mut self.executor, &mut host);
    }

    /// Lives for some seconds or to its end.
    fn live(&mut self, seconds: usize) {
        for _ in 0..seconds * 10 {
            if self.executor.outcome().is_none() {
                self.pass();
            }
        }
    }

    fn live_until(&mut self, writes: usize) {
        for _ in 0..10_000 {
            if self.shared.borrow().writes >= writes || self.executor.outcome().is_some() {
                return;
            }
            self.pass();
        }
    }

    fn value(&self, name: &str) -> String {
        self.shared.borrow().values[&format!("sysctl:{name}")].clone()
    }

    fn ended(&self) -> (u32, String) {
        let outcome = self.executor.outcome().cloned().unwrap_or_default();
        assert!(self.executor.outcome().is_some(), "it has not ended");
        (outcome.code, outcome.cause)
    }
}

/// Runs something that may be killed; `false` if it was.
fn survives(work: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(()) => true,
        Err(cause) if cause.is::<Killed>() => false,
        Err(cause) => std::panic::resume_unwind(cause),
    }
}

/// What the next agent does.
fn next_agent(shared: &Shared) -> Option<Outcome> {
    let (story, broken) = log::read(&shared.borrow().disk);
    assert_eq!(broken, None);
    let over = |(_, entry): &(String, Entry)| matches!(entry, Entry::Ended { .. });
    if story.entries.is_empty() || story.entries.last().is_some_and(over) {
        return None;
    }
    let unfinished = Unfinished {
        story,
        broken,
        token: 1,
    };
    let boot_id = shared.borrow().boot_id.clone();
    let mut disk = Disk::new(shared);
    Some(recover(
        &unfinished,
        &mut Face(Rc::clone(shared)),
        &mut disk,
        &boot_id,
    ))
}

/// A whole life: apply everything, then put it back or confirm.
fn whole(mandate: &Mandate, shared: &Shared, confirm: Confirm) {
    let mut life = Life::new(mandate.clone(), shared);
    life.live(20);
    match confirm {
        Confirm::Required => life.with(|it, host| it.roll_back(host, "asked")),
        Confirm::Automatic => life.with(|it, host| it.confirm(host)),
    }
}

/// Things that a whole life does.
fn things(confirm: Confirm) -> usize {
    let (mandate, shared) = five();
    whole(&mandate, &shared, confirm);
    let done = shared.borrow().done;
    assert!(done > 40, "{done}");
    done
}

#[test]
fn a_plan_goes_through_and_stays_when_confirmed() {
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.with(|it, host| it.confirm(host));
    assert!(
        life.executor.outcome().is_none(),
        "there is nothing to confirm yet"
    );
    life.live(20);
    assert_eq!(life.value("net.b"), "20 200");
    life.with(|it, host| it.confirm(host));
    assert_eq!(life.ended().0, CONFIRMED);
    assert_eq!(life.value("net.e"), "9");
    let disk = shared.borrow().disk.clone();
    assert!(log::verify(&disk, Some(NO_HASH)).is_ok());
    assert_eq!(next_agent(&shared), None);
}

#[test]
fn killed_at_any_thing_everything_is_as_before() {
    let mut recovered = 0;
    for kill_at in 1..=things(Confirm::Required) {
        for torn in [0, 1, 40, usize::MAX] {
            let (mandate, shared) = five();
            let before = shared.borrow().values.clone();
            shared.borrow_mut().kill_at = Some(kill_at);
            shared.borrow_mut().torn = torn;
            assert!(!survives(|| whole(&mandate, &shared, Confirm::Required)));
            shared.borrow_mut().kill_at = None;
            if let Some(outcome) = next_agent(&shared) {
                recovered += 1;
                assert_eq!(outcome.left, [], "killed at {kill_at}");
            }
            assert_eq!(shared.borrow().values, before, "killed at {kill_at}");
            assert_eq!(next_agent(&shared), None, "killed at {kill_at}");
        }
    }
    assert!(recovered > 100, "{recovered}");
}

#[test]
fn killed_again_while_it_is_put_back_everything_is_as_before() {
    for kill_at in (1..=things(Confirm::Required)).step_by(3) {
        for again_at in 1..60 {
            let (mandate, shared) = five();
            let before = shared.borrow().values.clone();
            shared.borrow_mut().kill_at = Some(kill_at);
            assert!(!survives(|| whole(&mandate, &shared, Confirm::Required)));
            let done = shared.borrow().done;
            shared.borrow_mut().kill_at = Some(done + again_at);
            survives(|| drop(next_agent(&shared)));
            shared.borrow_mut().kill_at = None;
            let outcome = next_agent(&shared);
            assert_eq!(
                shared.borrow().values,
                before,
                "{kill_at} {again_at} {outcome:?}"
            );
        }
    }
}

#[test]
fn killed_around_the_confirmation_it_stays_whole_or_is_whole_as_before() {
    let mut stayed = 0;
    for kill_at in 1..=things(Confirm::Automatic) {
        let (mandate, shared) = five();
        let before = shared.borrow().values.clone();
        shared.borrow_mut().kill_at = Some(kill_at);
        let _survived = survives(|| whole(&mandate, &shared, Confirm::Automatic));
        shared.borrow_mut().kill_at = None;
        next_agent(&shared);
        let after = shared.borrow().values.clone();
        if after["sysctl:net.a"] == "2" {
            stayed += 1;
            assert!(
                after.iter().all(|(key, value)| before[key] != *value),
                "{kill_at}"
            );
        } else {
            assert_eq!(after, before, "{kill_at}");
        }
    }
    assert!((1..5).contains(&stayed), "{stayed}");
}

/// The harness must be able to fail: an executor that writes before it records is found.
#[test]
fn a_write_without_a_record_is_found() {
    let (mandate, shared) = five();
    let before = shared.borrow().values.clone();
    shared
        .borrow_mut()
        .values
        .insert("sysctl:net.a".to_owned(), "2".to_owned());
    shared.borrow_mut().kill_at = Some(1);
    assert!(!survives(|| whole(&mandate, &shared, Confirm::Required)));
    shared.borrow_mut().kill_at = None;
    assert_eq!(next_agent(&shared), None);
    assert_ne!(shared.borrow().values, before);
}

#[test]
fn a_silent_client_loses_the_lease() {
    let (mandate, shared) = five();
    let before = shared.borrow().values.clone();
    let mut life = Life::new(mandate, &shared);
    life.live(10);
    life.heartbeats = false;
    let from_ns = life.now_ns;
    life.live(60);
    let took_s = (life.now_ns - from_ns) / S;
    assert!((29..=35).contains(&took_s), "{took_s}");
    let (code, cause) = life.ended();
    assert_eq!(code, ROLLED_BACK);
    assert!(cause.contains("lease"), "{cause}");
    assert_eq!(shared.borrow().values, before);
}

#[test]
fn nobody_confirming_puts_it_back_at_the_deadline() {
    let (mut mandate, shared) = five();
    let before = shared.borrow().values.clone();
    let mut life = Life::new(mandate.clone(), &shared);
    life.live(200);
    assert_eq!(life.ended().0, ROLLED_BACK);
    assert_eq!(shared.borrow().values, before);
    mandate.rollback.confirm = Confirm::Automatic;
    let (_, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.live(200);
    assert_eq!(life.ended().0, CONFIRMED);
    assert_eq!(life.value("net.a"), "2");
}

#[test]
fn a_breach_in_the_second_of_four_steps_puts_the_first_two_back() {
    let (mut mandate, shared) = five();
    mandate.actions.truncate(4);
    for action in &mut mandate.actions {
        action.settle_s = 10.0;
    }
    let before = shared.borrow().values.clone();
    let mut life = Life::new(mandate, &shared);
    life.live_until(3);
    assert_eq!(life.value("net.b"), "20 200");
    life.errors = Some(0.9);
    let from_ns = life.now_ns;
    life.live(60);
    assert!(life.now_ns - from_ns <= 2 * S);
    assert_eq!(life.ended().0, ROLLED_BACK);
    assert_eq!(shared.borrow().values, before);
    assert_eq!(life.executor.outcome().unwrap().restored.len(), 2);
}

#[test]
fn what_is_not_measured_cannot_guard() {
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.errors = None;
    life.live(60);
    let (code, cause) = life.ended();
    assert_eq!(code, REFUSED);
    assert!(cause.contains("errors is not measured"), "{cause}");
    assert_eq!(shared.borrow().writes, 0);
    // And a metric that falls silent later is a breach.
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    life.errors = None;
    life.live(20);
    assert_eq!(life.ended().0, ROLLED_BACK);
}

#[test]
fn a_full_disk_stops_it_before_an_effect() {
    let (mandate, shared) = five();
    shared.borrow_mut().full_from = Some(0);
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    assert_eq!(life.ended().0, REFUSED);
    assert_eq!(shared.borrow().writes, 0);
}

#[test]
fn a_disk_that_fills_at_any_entry_costs_nothing_but_the_plan() {
    for lines in 0..20 {
        let (mandate, shared) = five();
        let before = shared.borrow().values.clone();
        shared.borrow_mut().lines_max = Some(lines);
        let mut life = Life::new(mandate, &shared);
        life.live(20);
        if life.executor.outcome().is_none() {
            life.with(|it, host| it.confirm(host));
        }
        let (code, _) = life.ended();
        if code == CONFIRMED {
            assert!(lines > 11, "{lines}");
            continue;
        }
        assert_eq!(shared.borrow().values, before, "{lines} lines");
    }
}

#[test]
fn what_somebody_else_set_is_told_and_not_trampled() {
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    shared
        .borrow_mut()
        .values
        .insert("sysctl:net.c".to_owned(), "77".to_owned());
    life.with(|it, host| it.roll_back(host, "asked"));
    let outcome = life.executor.outcome().unwrap().clone();
    assert_eq!(outcome.code, INCOMPLETE);
    assert_eq!(outcome.restored.len(), 4);
    assert_eq!(outcome.left.len(), 1);
    let left = &outcome.left[0];
    assert_eq!(
        (left.key.as_str(), left.found.as_str()),
        ("sysctl:net.c", "77")
    );
    assert_eq!(left.command, "set sysctl:net.c 6");
    assert_eq!(life.value("net.c"), "77");
    assert_eq!(life.value("net.a"), "1");
}

#[test]
fn a_value_that_will_not_go_back_is_tried_three_times_and_told() {
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    let writes = shared.borrow().writes;
    shared
        .borrow_mut()
        .stubborn
        .insert("sysctl:net.a".to_owned(), 99);
    life.with(|it, host| it.roll_back(host, "asked"));
    let outcome = life.executor.outcome().unwrap().clone();
    assert_eq!(outcome.code, INCOMPLETE);
    assert_eq!(outcome.left.len(), 1);
    assert!(outcome.left[0].command.contains("net.a"));
    // Three for the stubborn one, six words for the other four.
    assert_eq!(shared.borrow().writes - writes, 3 + 6);
    // Two failures are forgiven.
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    shared
        .borrow_mut()
        .stubborn
        .insert("sysctl:net.a".to_owned(), 2);
    life.with(|it, host| it.roll_back(host, "asked"));
    assert_eq!(life.ended().0, ROLLED_BACK);
}

#[test]
fn what_is_in_force_counts_and_not_that_writing_worked() {
    let (mandate, shared) = five();
    shared
        .borrow_mut()
        .twisted
        .insert("sysctl:net.c".to_owned(), "3".to_owned());
    let mut life = Life::new(mandate, &shared);
    life.live_until(4);
    life.shared.borrow_mut().twisted.clear();
    life.live(5);
    let (_, cause) = life.ended();
    assert!(cause.contains("\"3\" is in force"), "{cause}");
    assert_eq!(life.value("net.a"), "1");
}

#[test]
fn a_world_that_changed_since_it_was_looked_at_is_left_alone() {
    let (mandate, shared) = five();
    let mut life = Life::new(mandate.clone(), &shared);
    let order = Order {
        mandate,
        hash: "h".to_owned(),
        who: "w".to_owned(),
        approvals: Vec::new(),
        expected: vec![("sysctl:net.e".to_owned(), "7".to_owned())],
    };
    life.executor = Executor::new(order, all_allowed(), Facts::default(), 0);
    life.live(20);
    assert_eq!(life.ended().0, REFUSED);
    assert_eq!(shared.borrow().writes, 0);
}

#[test]
fn conditions_are_looked_at_right_before_each_action() {
    let (mut mandate, shared) = five();
    let equals = |key: &str, value: &str| Precondition::Equals(key.to_owned(), value.to_owned());
    // What an earlier action of the plan will have set is no drift.
    mandate.actions[1].precondition = vec![equals("sysctl:net.a", "2")];
    mandate.actions[1].settle_s = 5.0;
    mandate.actions[2].precondition = vec![equals("sysctl:net.x", "1")];
    let set = |value: &str| {
        let mut outside = shared.borrow_mut();
        outside
            .values
            .insert("sysctl:net.x".to_owned(), value.to_owned());
    };
    set("1");
    let before = shared.borrow().values.clone();
    let mut life = Life::new(mandate.clone(), &shared);
    life.live_until(3);
    set("2");
    life.live(20);
    assert_eq!(life.ended().0, ROLLED_BACK);
    set("1");
    assert_eq!(shared.borrow().values, before);
    assert_eq!(shared.borrow().writes, 3 + 3);
    // One that the plan itself makes false is found before anything is written.
    mandate.actions[2].precondition = vec![equals("sysctl:net.a", "1")];
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    let (code, cause) = life.ended();
    assert_eq!(code, REFUSED);
    assert!(cause.contains("by then"), "{cause}");
}

#[test]
fn a_new_boot_takes_back_what_was_set_for_as_long_as_it_ran() {
    let (mut mandate, shared) = five();
    mandate.actions[1].scope = Scope::Persistent;
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    // The machine restarts: runtime values are its own again, one of them another one
    // than before; the persistent one stands.
    {
        let mut outside = shared.borrow_mut();
        outside.boot_id = "boot-2".to_owned();
        for (key, value) in [("a", "1"), ("c", "5"), ("d", "5 0"), ("e", "8")] {
            outside
                .values
                .insert(format!("sysctl:net.{key}"), value.to_owned());
        }
    }
    let outcome = next_agent(&shared).unwrap();
    assert_eq!(outcome.code, ROLLED_BACK);
    assert_eq!(outcome.restored.len(), 5);
    assert_eq!(life.value("net.b"), "10 100");
    // What the machine set is not put back to what an earlier boot had.
    assert_eq!(life.value("net.c"), "5");
}

#[test]
fn a_person_is_waited_for() {
    let (mut mandate, shared) = five();
    mandate.actions[1].execute = Execute::Manual;
    mandate.actions[2].execute = Execute::ModelOnly;
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    assert_eq!(life.value("net.d"), "5 0");
    life.with(|it, host| it.done("a1", host));
    life.live(5);
    assert_eq!(life.value("net.d"), "5 0");
    life.with(|it, host| it.done("a2", host));
    life.live(5);
    assert_eq!(life.value("net.d"), "max 1");
    assert_eq!(life.value("net.b"), "10 100");
    assert_eq!(life.value("net.c"), "6");
}

#[test]
fn one_refused_action_refuses_the_plan_without_a_write() {
    let (mandate, shared) = five();
    let policy =
        file::parse(r#"(version: 1, rules: [(kind: "Sysctl", key: "sysctl:net.*", max: 8)])"#);
    let mut life = Life::under(policy.unwrap(), mandate, &shared);
    life.live(20);
    let (code, cause) = life.ended();
    assert_eq!(code, REFUSED);
    assert!(cause.contains("net.b"), "{cause}");
    assert_eq!(shared.borrow().writes, 0);
}

#[test]
fn a_machine_that_slept_through_the_deadline_puts_it_back() {
    let (mandate, shared) = five();
    let before = shared.borrow().values.clone();
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    // The boot clock counts sleep; neither heartbeat nor metric came meanwhile.
    life.now_ns += 8 * 3_600 * S;
    life.with(|it, host| it.confirm(host));
    assert_eq!(life.ended().0, ROLLED_BACK);
    assert_eq!(shared.borrow().values, before);
}

#[test]
fn mangled_mandates_are_refused_or_sound_and_never_a_panic() {
    let (mandate, shared) = five();
    let text = ron::to_string(&mandate).unwrap();
    let mut dice = 11_u64;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 33) as usize % sides
    };
    let mut sound = 0;
    for _ in 0..20_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=roll(3) {
            let place = roll(bytes.len());
            match roll(4) {
                0 => bytes[place] = b"\0/.:\"()[]9-\n"[roll(12)],
                1 => drop(bytes.remove(place)),
                2 => bytes.insert(place, b"/.:\"(9"[roll(6)]),
                _ => {
                    let end = (place + roll(40)).min(bytes.len());
                    let copy = bytes[place..end].to_vec();
                    let to = roll(bytes.len());
                    bytes.splice(to..to, copy);
                }
            }
        }
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let message = wire::change::Mandate {
            hash: log::sha256(text.as_bytes()),
            text,
        };
        if let Ok(order) = super::keeper::order(&message) {
            sound += 1;
            let mut world = Face(Rc::clone(&shared));
            super::dry::run(&order, &all_allowed(), &Facts::default(), &mut world);
        }
    }
    assert!((100..15_000).contains(&sound), "{sound}");
    assert_eq!(shared.borrow().writes, 0);
}

#[test]
fn a_wall_clock_that_jumps_changes_nothing() {
    let (mandate, shared) = five();
    let mut life = Life::new(mandate, &shared);
    life.live(20);
    for unix_ns in [i64::MIN, 0, i64::MAX] {
        let mut host = Host {
            world: &mut life.world,
            book: &mut life.disk,
            boot_ns: life.now_ns,
            unix_ns,
        };
        life.executor.step(&mut host);
        assert!(life.executor.outcome().is_none());
    }
}
