//! Processors: time by state, switches, interrupts, run queue, run delay.
//!
//! One reading of `/proc/stat` feeds all of it. Processors that go offline leave
//! the file; they are retired, and declared anew when they come back.
//!
//! # Source
//!
//! `proc_stat(5)`; Linux `Documentation/scheduler/sched-stats.rst`;
//! `include/linux/interrupt.h` for the order of software interrupts.

use super::units::ticks_per_second;
use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::devices::Devices;
use crate::source::text::{self, Fields, fields, number};

const TIME: &str = "system.cpu.time";
const SOFTIRQS: &str = "system.cpu.softirqs";

/// States in the kernel's order; guest time stands apart from user and nice.
const STATES: &[Option<Column>] = &[
    Some(column(TIME, &[("state", "user")])),
    Some(column(TIME, &[("state", "nice")])),
    Some(column(TIME, &[("state", "system")])),
    Some(column(TIME, &[("state", "idle")])),
    Some(column(TIME, &[("state", "iowait")])),
    Some(column(TIME, &[("state", "irq")])),
    Some(column(TIME, &[("state", "softirq")])),
    Some(column(TIME, &[("state", "steal")])),
    Some(column(TIME, &[("state", "guest")])),
];

/// Place of guest and of guest nice among the kernel's fields.
const GUEST: usize = 8;
const GUEST_NICE: usize = 9;

/// Counters of the whole machine; the keys are found by [`total_place`].
const TOTALS: &[Option<Column>] = &[
    Some(column("system.cpu.interrupts", &[])),
    Some(column("system.cpu.context_switches", &[])),
    Some(column("system.process.created", &[])),
    Some(column("system.process.running", &[])),
    Some(column("system.process.blocked", &[])),
    Some(column("system.cpu.logical.count", &[])),
];
const COUNT: usize = 5;

/// Fields of the `softirq` line; the first is their sum.
const SOFTIRQ_TYPES: &[Option<Column>] = &[
    None,
    Some(column(SOFTIRQS, &[("type", "hi")])),
    Some(column(SOFTIRQS, &[("type", "timer")])),
    Some(column(SOFTIRQS, &[("type", "net_tx")])),
    Some(column(SOFTIRQS, &[("type", "net_rx")])),
    Some(column(SOFTIRQS, &[("type", "block")])),
    Some(column(SOFTIRQS, &[("type", "irq_poll")])),
    Some(column(SOFTIRQS, &[("type", "tasklet")])),
    Some(column(SOFTIRQS, &[("type", "sched")])),
    Some(column(SOFTIRQS, &[("type", "hrtimer")])),
    Some(column(SOFTIRQS, &[("type", "rcu")])),
];

/// Nanoseconds in the eighth field after the processor's name.
const RUN_DELAY: &[Option<Column>] =
    &[Some(column("system.cpu.run_delay", &[]).per(1_000_000_000))];
const RUN_DELAY_FIELD: usize = 7;

#[derive(Debug)]
struct Cpu {
    stat: Kept,
    schedstat: Option<Kept>,
    state: State,
}

#[derive(Debug)]
struct State {
    ticks: u32,
    all: Columns,
    each: Devices<Processor>,
    totals: Columns,
    softirqs: Columns,
}

#[derive(Debug)]
struct Processor {
    time: Columns,
    run_delay: Columns,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    if !root.path("proc/stat").exists() {
        return None;
    }
    let ticks = ticks_per_second(root);
    Some(Box::new(Cpu {
        stat: root.keep("proc/stat"),
        schedstat: root
            .path("proc/schedstat")
            .exists()
            .then(|| root.keep("proc/schedstat")),
        state: State {
            ticks,
            all: Columns::new(STATES).per(ticks),
            each: Devices::new("processor"),
            totals: Columns::new(TOTALS),
            softirqs: Columns::new(SOFTIRQ_TYPES),
        },
    }))
}

impl Source for Cpu {
    fn read(&mut self, sink: &mut Sink) {
        let Self {
            stat,
            schedstat,
            state,
        } = self;
        text::read(stat, sink, |sink, bytes| state.take_stat(sink, bytes));
        if let Some(schedstat) = schedstat {
            text::read(schedstat, sink, |sink, bytes| {
                state.take_schedstat(sink, bytes);
            });
        }
    }
}

impl State {
    fn take_stat(&mut self, sink: &mut Sink, bytes: &[u8]) {
        let mut total = None;
        let mut count = 0;
        self.each.begin();
        for line in text::lines(bytes) {
            let mut fields = fields(line);
            let Some(key) = fields.next() else { continue };
            match key.strip_prefix(b"cpu") {
                Some(b"") => total = Some(fields),
                Some(name) if number(name).is_some() => {
                    count += 1;
                    self.take_processor(sink, name, fields);
                }
                _ => self.take_total(sink, key, fields),
            }
        }
        if count > 0 {
            self.totals.set(sink, COUNT, Some(count));
        } else if let Some(fields) = total {
            // Sandboxes without lines for single processors still tell the sum.
            self.all.set_all(sink, times(fields));
        }
        // A machine has a processor: a text without any was no list of them.
        if count > 0 && text::is_whole(bytes) {
            self.each.end(sink, |sink, processor| {
                processor.time.retire(sink);
                processor.run_delay.retire(sink);
            });
        }
    }

    fn take_processor(&mut self, sink: &mut Sink, name: &[u8], fields: Fields<'_>) {
        let ticks = self.ticks;
        let processor = self.each.meet(sink, name, |name| Processor {
            time: Columns::of(STATES, Owner::new("cpu", name)).per(ticks),
            run_delay: Columns::of(RUN_DELAY, Owner::new("cpu", name)),
        });
        if let Some(processor) = processor {
            processor.time.set_all(sink, times(fields));
        }
    }

    fn take_total(&mut self, sink: &mut Sink, key: &[u8], mut fields: Fields<'_>) {
        if key == b"softirq" {
            let numbers = fields.map(number);
            self.softirqs.set_all(sink, numbers);
        } else if let Some(place) = total_place(key) {
            self.totals.set(sink, place, fields.number());
        }
    }

    fn take_schedstat(&mut self, sink: &mut Sink, bytes: &[u8]) {
        for line in text::lines(bytes) {
            let mut fields = fields(line);
            let name = fields.next().and_then(|key| key.strip_prefix(b"cpu"));
            if let Some(processor) = name.and_then(|name| self.each.get(name)) {
                let delay = fields.nth(RUN_DELAY_FIELD).and_then(number);
                processor.run_delay.set(sink, 0, delay);
            }
        }
    }
}

fn total_place(key: &[u8]) -> Option<usize> {
    match key {
        b"intr" => Some(0),
        b"ctxt" => Some(1),
        b"processes" => Some(2),
        b"procs_running" => Some(3),
        b"procs_blocked" => Some(4),
        _ => None,
    }
}

/// Times by state: the kernel counts guest time in user time too, and guest nice
/// in nice; here each tick is counted once.
fn times(fields: Fields<'_>) -> impl Iterator<Item = Option<u64>> {
    let mut raw = [None; GUEST_NICE + 1];
    for (place, field) in raw.iter_mut().zip(fields) {
        *place = number(field);
    }
    let without =
        |whole: Option<u64>, part: Option<u64>| Some(whole?.saturating_sub(part.unwrap_or(0)));
    raw[0] = without(raw[0], raw[GUEST]);
    raw[1] = without(raw[1], raw[GUEST_NICE]);
    raw[GUEST] = raw[GUEST].map(|guest| guest.saturating_add(raw[GUEST_NICE].unwrap_or(0)));
    raw.into_iter().take(STATES.len())
}
