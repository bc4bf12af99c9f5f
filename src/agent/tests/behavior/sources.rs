//! Sources whose values are known, a clock that moves when told, and an engine over both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use agent::budget::{Allowed, Limits};
use agent::clock::{Clock, Manual, Now};
use agent::engine::{Engine, Opened, Setup};
use agent::sink::{Gone, Sink, Slot};
use agent::source::{Cadence, Source};
use model::event::EventKind;
use model::process::{Field, Process, ProcessId, Reading};

/// One second.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;

/// When the clock starts: a machine that has run for an hour.
pub(crate) const START_NS: i64 = 3_600 * SECOND_NS;

/// Counters that grow with the boot clock, so that each value can be checked.
pub(crate) struct Count {
    slots: Vec<Slot>,
    count: usize,
    /// When one more device comes.
    pub(crate) appears_ns: Option<i64>,
}

/// A process table of twenty: one comes and one goes each second.
#[derive(Default)]
pub(crate) struct Table {
    alive: Vec<ProcessId>,
    level: Arc<AtomicU8>,
    burns: Option<(Manual, i64)>,
}

impl Count {
    /// A source of `count` series.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            slots: Vec::new(),
            count,
            appears_ns: None,
        }
    }
}

impl Source for Count {
    fn read(&mut self, sink: &mut Sink) {
        let now_ns = sink.stamp.boot_ns;
        if self.appears_ns.take_if(|at_ns| now_ns >= *at_ns).is_some() {
            self.count += 1;
            sink.notice(EventKind::Appeared, "cpu9", "", "online");
        }
        while self.slots.len() < self.count {
            let cpu = self.slots.len().to_string();
            let attributes = [("cpu", cpu.as_str()), ("state", "user")];
            let slot = sink.declare("system.cpu.time", &attributes, 1_000_000);
            self.slots.push(slot);
        }
        for (place, slot) in self.slots.iter().enumerate() {
            sink.set(*slot, value_us(now_ns, place));
        }
    }
}

/// What [`Count`] reads at a moment, in microseconds.
pub(crate) fn value_us(boot_ns: i64, place: usize) -> i64 {
    boot_ns / 1_000 + place as i64 * 7
}

impl Table {
    /// A table that uses so much processor time per reading while it gives all
    /// detail, and where to see how much detail it leaves out.
    pub(crate) fn burning(clock: &Manual, cpu_ns: i64) -> (Self, Arc<AtomicU8>) {
        let table = Self {
            burns: Some((clock.clone(), cpu_ns)),
            ..Self::default()
        };
        let level = Arc::clone(&table.level);
        (table, level)
    }

    fn come(&mut self, sink: &mut Sink) {
        let pid = (sink.stamp.boot_ns / SECOND_NS) as u32;
        let id = sink.appear(Process {
            pid,
            name: format!("worker-{pid}"),
            start_boot_ns: sink.stamp.boot_ns,
            ..Process::default()
        });
        self.alive.push(id);
    }
}

impl Source for Table {
    fn read(&mut self, sink: &mut Sink) {
        if let Some((clock, cpu_ns)) = &self.burns
            && self.level.load(Ordering::Relaxed) == 0
        {
            clock.spend_ns(*cpu_ns);
        }
        if self.alive.is_empty() {
            (0..20).for_each(|_| self.come(sink));
        } else {
            self.come(sink);
            sink.gone.push(Gone {
                process: self.alive.remove(0),
                boot_ns: sink.stamp.boot_ns,
                exit_code: Some(0),
                reading: Reading::default(),
            });
        }
        for id in &self.alive {
            let mut reading = Reading::default();
            reading.set(Field::UserTime, i64::from(id.0) * 1000);
            sink.alive.push((*id, reading));
        }
        sink.processes_read = true;
    }

    fn degrade(&mut self, level: u8) {
        self.level.store(level, Ordering::Relaxed);
    }
}

/// An opened source.
pub(crate) fn opened(
    name: &'static str,
    cadence: Cadence,
    source: impl Source + 'static,
) -> Opened {
    Opened {
        name,
        cadence,
        source: Box::new(source),
    }
}

/// Three counters at the cadence and a process table.
pub(crate) fn usual() -> Vec<Opened> {
    vec![
        opened("cpu", Cadence::Base, Count::new(3)),
        opened("process", Cadence::Second, Table::default()),
    ]
}

/// A clock at [`START_NS`].
pub(crate) fn clock() -> Manual {
    Manual::at(Now {
        boot_ns: START_NS,
        unix_ns: 1_800_000_000 * SECOND_NS,
        steady_ns: START_NS,
    })
}

/// An engine without a budget.
pub(crate) fn engine(
    sources: Vec<Opened>,
    every_ns: i64,
    ring_bytes: usize,
    clock: &Manual,
) -> Engine {
    let setup = Setup {
        sources,
        every_ns,
        first_step_ns: every_ns,
        limits: Limits {
            cpu: Allowed::Everything,
            resident_bytes: 0,
        },
        ring_bytes,
    };
    Engine::new(setup, &mut clock.clone())
}

/// Lets the engine run on time for a while.
pub(crate) fn run(engine: &mut Engine, clock: &Manual, length_ns: i64) {
    let mut shown = clock.clone();
    let until_ns = shown.now().boot_ns + length_ns;
    while engine.next_wake_ns() < until_ns {
        clock.wait_until_ns(engine.next_wake_ns());
        engine.tick(&mut shown);
    }
    clock.wait_until_ns(until_ns);
}
