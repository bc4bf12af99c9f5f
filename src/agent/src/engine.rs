//! Drives the sources: cadence, budget, bursts, and frames into the ring.
//!
//! The engine holds no thread and reads no clock of its own: whoever drives it
//! asks [`Engine::next_wake_ns`] how long to wait and calls [`Engine::tick`]
//! with a clock. What came of it lies in the ring, see [`Engine::tape`].
//!
//! Start at [`Engine::new`] and [`Engine::tick`].

use model::event::EventKind;
use wire::decode::SERIES_MAX;
use wire::encode::Lean;
use wire::message::{Burst, Reason};

use crate::budget::{Budget, Cause, Change, Lever, Limits, RingSize, share_text};
use crate::clock::{Clock, Now};
use crate::kept::Root;
use crate::own::{Own, State};
use crate::ring::{self, Ring};
use crate::schedule::{FASTEST_NS, SLOWEST_NS, Schedule, Tick};
use crate::sink::{Noticed, Sink, Slot, UNSET};
use crate::source::{Cadence, Source};
use crate::system::SOURCES;
use crate::tape::Tape;
use crate::watch::{Happened, Watch, seconds};

/// Most series of a burst.
pub const BURST_MAX: usize = 64;

/// Time after which it is told again that there are too many series.
const CROWDED_EVERY_NS: i64 = 600_000_000_000;

/// Owner of the agent's own series.
const OWN: u16 = u16::MAX;

/// A source that this machine has.
pub struct Opened {
    /// Capability name.
    pub name: &'static str,
    /// How often it is read.
    pub cadence: Cadence,
    /// The source.
    pub source: Box<dyn Source>,
}

/// What an engine is made of.
pub struct Setup {
    /// What is read, in this order.
    pub sources: Vec<Opened>,
    /// Time between samples.
    pub every_ns: i64,
    /// Time from the first sample to the second, where that is less.
    pub first_step_ns: i64,
    /// What the agent may use.
    pub limits: Limits,
    /// Most memory of the look-back ring.
    pub ring_bytes: usize,
}

/// Reads sources on time.
pub struct Engine {
    sources: Vec<Member>,
    sink: Sink,
    /// Which source declared each slot.
    owners: Vec<u16>,
    schedule: Schedule,
    watch: Watch,
    budget: Budget,
    own: Own,
    tape: Tape,
    burst: Vec<Slot>,
    asked_every_ns: i64,
    burst_every_ns: Option<i64>,
    /// What the stream says of the budget.
    told_budget: Option<String>,
    ring_bytes: usize,
    /// When it was last told that there are too many series.
    crowded_ns: Option<i64>,
    /// Samples so far.
    samples: u64,
    /// How late the last one was.
    late_ns: Option<i64>,
}

struct Member {
    opened: Opened,
    /// Whether it reads the process table, as its first reading showed.
    reads_processes: bool,
    level: u8,
}

/// What is done with a source at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Skip,
    Whole,
    /// Only what a burst asks for.
    Chosen,
}

/// Opens every source that this machine has something for.
pub fn open_all(root: &Root) -> Vec<Opened> {
    SOURCES
        .iter()
        .filter_map(|entry| {
            Some(Opened {
                name: entry.name,
                cadence: entry.cadence,
                source: (entry.open)(root)?,
            })
        })
        .collect()
}

impl Engine {
    /// An engine whose first tick is due at once.
    pub fn new(setup: Setup, clock: &mut dyn Clock) -> Self {
        let now = clock.now();
        let cadences: Vec<Cadence> = setup.sources.iter().map(|it| it.cadence).collect();
        let names: Vec<&str> = setup.sources.iter().map(|it| it.name).collect();
        let mut sink = Sink::default();
        let own = Own::declare(&mut sink);
        let schedule =
            Schedule::new(&cadences, setup.every_ns, now.boot_ns).hastened(setup.first_step_ns);
        let mut budget = Budget::new(setup.limits, &names, now.boot_ns);
        budget.asked(schedule.every_ns());
        Self {
            budget,
            burst_every_ns: None,
            told_budget: None,
            sources: setup.sources.into_iter().map(Member::new).collect(),
            owners: vec![OWN; sink.declared().len()],
            asked_every_ns: schedule.every_ns(),
            schedule,
            sink,
            watch: Watch::default(),
            own,
            tape: Tape::new(Ring::new(setup.ring_bytes)),
            burst: Vec::new(),
            ring_bytes: setup.ring_bytes,
            crowded_ns: None,
            samples: 0,
            late_ns: None,
        }
    }

    /// When the next tick is due, on the boot clock.
    pub fn next_wake_ns(&self) -> i64 {
        self.schedule.next_ns()
    }

    /// Time between samples at present.
    pub fn every_ns(&self) -> i64 {
        self.schedule.every_ns()
    }

    /// What was written so far.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Keeps frames from this one on although they are old, as far as memory allows.
    pub fn hold(&mut self, sequence: u64) {
        self.tape.hold(sequence);
    }

    /// Series declared so far.
    pub fn sink(&self) -> &Sink {
        &self.sink
    }

    /// Names of the sources.
    pub fn capabilities(&self) -> Vec<String> {
        let names = self.sources.iter().map(|it| it.opened.name.to_owned());
        names.collect()
    }

    /// What the sources cannot see here; meaningful after the first tick.
    pub fn limits(&self) -> Vec<String> {
        let sources = self.sources.iter();
        sources.flat_map(|it| it.opened.source.limits()).collect()
    }

    /// Reads one more source from the next sample on, which may take so much memory.
    pub fn add(&mut self, opened: Opened, resident_bytes: i64) {
        self.schedule.add(opened.cadence);
        self.budget.allow_more(resident_bytes);
        self.sources.push(Member::new(opened));
    }

    /// Reads what is due and writes it; does nothing when it is too early.
    pub fn tick(&mut self, clock: &mut dyn Clock) {
        let now = clock.now();
        let Some(tick) = self.schedule.tick(now.boot_ns) else {
            return;
        };
        let mut happened = self.watch.observe(now, &tick);
        let wants_key = self.may_key(&tick);
        self.read(&tick, wants_key, now);
        if tick.base {
            self.account(clock, (now, tick.late_ns), &mut happened);
        }
        happened.extend(self.crowded(now.boot_ns));
        let lean = self.lean(&tick, wants_key);
        self.tell_budget();
        self.tape.write(&mut self.sink, &happened, lean);
    }

    /// Puts what the agent may use into the stream, at first and when it changes.
    fn tell_budget(&mut self) {
        let text = self.budget.text();
        let before = self.told_budget.as_deref();
        if before != Some(text.as_str()) {
            self.sink.setting("kymo.agent.budget", before, &text);
            self.told_budget = Some(text);
        }
    }

    /// The budget follows the fastest that is asked for.
    fn follow_cadence(&mut self) {
        let burst_ns = self.burst_every_ns.unwrap_or(i64::MAX);
        self.budget.asked(self.asked_every_ns.min(burst_ns));
    }

    /// Writes what is still untold before the end.
    pub fn finish(&mut self, clock: &mut dyn Clock) {
        if let Some(untold) = self.watch.untold(clock.now().boot_ns) {
            self.tape.event(untold.boot_ns, &untold.what);
        }
    }

    /// Changes the cadence.
    ///
    /// # Errors
    ///
    /// A reason for the asker when it is outside 10 ms to 10 s.
    pub fn configure(&mut self, every_ns: i64, clock: &mut dyn Clock) -> Result<(), Reason> {
        if !(FASTEST_NS..=SLOWEST_NS).contains(&every_ns) {
            return Err(Reason {
                what: format!("one sample each {}", seconds(every_ns)),
                why: "the time between samples must be 10 ms to 10 s".to_owned(),
            });
        }
        let boot_ns = clock.now().boot_ns;
        let before = std::mem::replace(&mut self.asked_every_ns, every_ns);
        self.follow_cadence();
        self.apply_budget(boot_ns);
        if before != every_ns {
            let noticed = Noticed {
                kind: EventKind::Setting,
                subject: "kymo.agent.every".to_owned(),
                before: seconds(before),
                after: seconds(every_ns),
                text: String::new(),
            };
            self.tape.event(boot_ns, &noticed);
        }
        Ok(())
    }

    /// Reads a few series faster; an empty list ends that. Returns what was
    /// refused; the rest is read.
    pub fn burst(&mut self, asked: &Burst, clock: &mut dyn Clock) -> Vec<Reason> {
        let mut refused = Vec::new();
        let too_fast = !asked.series.is_empty() && asked.every_ns < FASTEST_NS;
        if asked.series.len() > BURST_MAX || too_fast {
            refused.push(Reason {
                what: format!("a burst of {} series", asked.series.len()),
                why: format!("a burst is at most {BURST_MAX} series, each 10 ms or more"),
            });
            return refused;
        }
        self.burst.clear();
        for id in &asked.series {
            match self.may_burst(*id) {
                Ok(slot) => self.burst.push(slot),
                Err(why) => refused.push(Reason {
                    what: format!("a burst of series {id}"),
                    why: why.to_owned(),
                }),
            }
        }
        let every_ns = (!self.burst.is_empty()).then_some(asked.every_ns);
        self.schedule.set_burst(every_ns, clock.now().boot_ns);
        self.burst_every_ns = every_ns;
        self.follow_cadence();
        refused
    }

    fn may_burst(&self, id: u32) -> Result<Slot, &'static str> {
        let place = id as usize;
        let declared = self.sink.declared().get(place);
        let declared = declared.ok_or("no such series")?;
        if declared.retired {
            return Err("what it measured is gone");
        }
        let owner = self.owners.get(place).map(|it| usize::from(*it));
        let member = owner.and_then(|owner| self.sources.get(owner));
        if member.is_some_and(|it| it.opened.name == "applications") {
            // Reading takes along what was told, so a burst would leave the others without.
            return Err("an application tells it, no faster than it does");
        }
        match member.map(|it| it.opened.cadence) {
            None => Err("it is measured once a sample"),
            Some(Cadence::Second) => Err("it is read at most once a second"),
            Some(_) => Ok(Slot(id)),
        }
    }

    /// Whether this reading should and can be a key: one that lists all processes.
    fn may_key(&self, tick: &Tick) -> bool {
        let wanted = self.schedule.wants_key(tick) || (tick.base && self.tape.ring().wants_end());
        let tables = self.sources.iter().enumerate();
        wanted
            && tables
                .filter(|(_, it)| it.reads_processes)
                .all(|(index, _)| self.schedule.may(index, tick))
    }

    fn turn(&self, index: usize, tick: &Tick, key: bool) -> Turn {
        let bursts = || {
            self.burst
                .iter()
                .any(|slot| self.owners.get(slot.0 as usize) == Some(&(index as u16)))
        };
        if self.schedule.due(index, tick) || (key && self.sources[index].reads_processes) {
            Turn::Whole
        } else if tick.burst && bursts() {
            Turn::Chosen
        } else {
            Turn::Skip
        }
    }

    fn read(&mut self, tick: &Tick, key: bool, now: Now) {
        self.sink.begin(now.stamp());
        let mut chosen = Vec::new();
        for index in 0..self.sources.len() {
            let turn = self.turn(index, tick, key);
            if turn == Turn::Skip {
                continue;
            }
            let before = self.sink.processes_read;
            let known = self.sink.fresh.len();
            let member = &mut self.sources[index];
            member.opened.source.read(&mut self.sink);
            member.reads_processes |= self.sink.processes_read && !before;
            self.owners.resize(self.sink.declared().len(), index as u16);
            for slot in &self.sink.fresh[known..] {
                self.owners[slot.0 as usize] = index as u16;
                // What a burst asked for was the series that had the place before.
                self.burst.retain(|it| it != slot);
            }
            if turn == Turn::Whole {
                self.schedule.read(index, tick);
            } else {
                chosen.push(index as u16);
            }
        }
        if !chosen.is_empty() {
            self.keep_chosen(&chosen);
        }
    }

    /// Says, once for as long as it lasts, that there are too many series.
    fn crowded(&mut self, boot_ns: i64) -> Option<Happened> {
        let crowded = std::mem::take(&mut self.sink.crowded);
        if !crowded
            || self
                .crowded_ns
                .is_some_and(|at| boot_ns - at < CROWDED_EVERY_NS)
        {
            return None;
        }
        self.crowded_ns = Some(boot_ns);
        let what = Noticed {
            kind: EventKind::Missing,
            subject: "agent".to_owned(),
            before: String::new(),
            after: String::new(),
            text: format!(
                "more than {SERIES_MAX} series at a time: those that came last are not measured"
            ),
        };
        Some(Happened { boot_ns, what })
    }

    /// Clears what the sources of a burst read besides.
    fn keep_chosen(&mut self, chosen: &[u16]) {
        for (place, owner) in self.owners.iter().enumerate() {
            let slot = Slot(place as u32);
            if chosen.contains(owner) && !self.burst.contains(&slot) {
                self.sink.set(slot, UNSET);
            }
        }
    }

    fn lean(&mut self, tick: &Tick, wants_key: bool) -> Lean {
        let first = self.tape.ring().newest().is_none();
        let has_table = self.sources.iter().any(|it| it.reads_processes);
        let complete = self.sink.processes_read || !has_table;
        if first || (wants_key && complete) {
            self.schedule.keyed(tick);
            Lean::Key
        } else {
            Lean::OnLast
        }
    }

    /// Looks at the own cost: as values, and against the budget.
    fn account(
        &mut self,
        clock: &mut dyn Clock,
        (now, late_ns): (Now, i64),
        happened: &mut Vec<Happened>,
    ) {
        let cost = clock.cost();
        let ring = self.ring_size();
        let used = self.budget.cpu_share();
        if let Some(change) = self.budget.judge(now.boot_ns, cost, ring) {
            self.apply(change, now.boot_ns);
            happened.push(Happened {
                boot_ns: now.boot_ns,
                what: told(change, used.zip(self.budget.share())),
            });
        }
        self.samples += 1;
        // Planned moments lie on a grid, so what the interval is off by is what this
        // sample was late by more, or less, than the one before.
        let before_ns = self.late_ns.replace(late_ns);
        let state = State {
            cost,
            duration_ns: clock.now().boot_ns - now.boot_ns,
            late_ns,
            jitter_ns: before_ns.map(|before_ns| (late_ns - before_ns).abs()),
            samples: self.samples,
            lost: self.watch.lost(),
            cpu_limit: self.budget.share(),
            degradation: self.budget.taken().len(),
            ring_bytes: self.tape.ring().size_bytes(),
        };
        self.own.set(&mut self.sink, &state);
    }

    fn ring_size(&self) -> RingSize {
        let limit_bytes = self.tape.ring().limit_bytes();
        if limit_bytes >= self.ring_bytes {
            RingSize::Full
        } else if limit_bytes > ring::SIZE_MIN_BYTES {
            RingSize::Reduced
        } else {
            RingSize::Least
        }
    }

    fn apply(&mut self, change: Change, now_ns: i64) {
        let limit_bytes = self.tape.ring().limit_bytes();
        match change {
            Change::ShrinkRing(_) => self.tape.set_ring_limit(limit_bytes / 2),
            Change::GrowRing => {
                let more_bytes = (limit_bytes * 2).min(self.ring_bytes);
                self.tape.set_ring_limit(more_bytes);
            }
            Change::Degrade(..) | Change::Restore(_) => self.apply_budget(now_ns),
        }
    }

    /// Puts into force what the budget has given up.
    fn apply_budget(&mut self, now_ns: i64) {
        let mut slower = 1;
        for member in &mut self.sources {
            let name = member.opened.name;
            let levels = self.budget.taken().iter().map(|step| match step.lever {
                Lever::Detail { source, level } if source == name => level,
                _ => 0,
            });
            let level = levels.max().unwrap_or(0);
            if level != member.level {
                member.opened.source.degrade(level);
                member.level = level;
            }
        }
        for step in self.budget.taken() {
            if let Lever::Every { times } = step.lever {
                slower = slower.max(i64::from(times));
            }
        }
        self.schedule
            .set_every(self.asked_every_ns.saturating_mul(slower), now_ns);
    }
}

impl Member {
    fn new(opened: Opened) -> Self {
        Self {
            opened,
            reads_processes: false,
            level: 0,
        }
    }
}

/// `shares` are the processor time used and allowed.
fn told(change: Change, shares: Option<(f64, f64)>) -> Noticed {
    let text = match change {
        Change::ShrinkRing(_) => "the agent keeps half as much look-back, to save memory".into(),
        Change::GrowRing => "the agent keeps more look-back again".into(),
        Change::Degrade(step, Cause::Memory) => {
            format!("the agent now reads {}, to save memory", step.text)
        }
        Change::Degrade(step, Cause::Cpu) => {
            let why = shares.map_or_else(String::new, |(used, allowed)| {
                let percent = (allowed * 1000.0).round() / 10.0;
                let used = share_text(used);
                format!(": it used {used} and may use {percent} %; --budget allows more")
            });
            format!(
                "the agent now reads {}, to save processor time{why}",
                step.text
            )
        }
        Change::Restore(step) => format!("the agent no longer reads {}", step.text),
    };
    Noticed {
        kind: EventKind::Degraded,
        subject: "agent".to_owned(),
        before: String::new(),
        after: String::new(),
        text,
    }
}
