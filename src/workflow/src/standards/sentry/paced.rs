//! An alert that knows how far apart its samples come.
//!
//! What is a gap follows from the typical time between samples, as in a recording. Samples
//! wait until enough of them are there to tell it, and are then judged with their own times.
//!
//! * In: samples, by time.
//! * Out: what they changed.
//! * Never: takes a pause between the first samples for the pace of the series.
//!
//! Start at [`Paced::take_in`].

use std::collections::VecDeque;

use analysis::alert::{Change, Machine, Setup, State};
use analysis::standard::presence::gap_ns;

/// Numbers that tell the pace: of three steps one may be a pause.
const SAMPLES_LEAST: usize = 4;

/// Steps whose median is the pace now.
const STEPS_MAX: usize = 256;

/// A pace this many times off the one that was judged by is another one.
const OTHER_PACE: i64 = 2;

/// One alert on one series.
#[derive(Debug)]
pub(super) struct Paced {
    setup: Setup,
    machine: Machine,
    pace_ns: Option<i64>,
    waiting: Vec<(i64, f64)>,
    steps: VecDeque<i64>,
    last: Option<i64>,
}

/// A sample that changed something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Changed {
    pub(super) at: i64,
    pub(super) value: f64,
    pub(super) change: Change,
    /// Where the alert is then.
    pub(super) state: State,
}

impl Paced {
    /// An alert that has seen nothing; the gap of the setup is not used.
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            machine: Machine::new(setup),
            pace_ns: None,
            waiting: Vec::new(),
            steps: VecDeque::new(),
            last: None,
        }
    }

    /// Where it is.
    pub(super) fn state(&self) -> State {
        self.machine.state()
    }

    /// Judges samples later than those before; `NaN` and others change nothing.
    pub(super) fn take_in(&mut self, samples: impl Iterator<Item = (i64, f64)>) -> Vec<Changed> {
        let mut is_odd = self.pace_ns.is_none();
        for (at, value) in samples.filter(|(_, it)| !it.is_nan()) {
            if self.last.is_some_and(|last| at <= last) {
                continue;
            }
            if let Some(last) = self.last.replace(at) {
                let step = at.saturating_sub(last);
                is_odd |= self.pace_ns.is_some_and(|pace| differ(pace, step));
                self.steps.push_back(step);
            }
            self.waiting.push((at, value));
        }
        if self.pace_ns.is_none() && self.waiting.len() < SAMPLES_LEAST {
            return Vec::new();
        }
        if is_odd {
            self.keep_pace();
        }
        let excess = self.steps.len().saturating_sub(STEPS_MAX);
        self.steps.drain(..excess);
        self.judged()
    }

    /// Judges what waits.
    fn judged(&mut self) -> Vec<Changed> {
        let machine = &mut self.machine;
        let judged = self.waiting.drain(..).filter_map(|(at, value)| {
            let change = machine.step(at, value)?;
            Some(Changed {
                at,
                value,
                change,
                state: machine.state(),
            })
        });
        judged.collect()
    }

    /// Begins anew at another pace, unless it fires: then only a value ends it.
    fn keep_pace(&mut self) {
        let mut steps: Vec<i64> = self.steps.iter().copied().collect();
        let middle = steps.len() / 2;
        if steps.is_empty() || matches!(self.machine.state(), State::Firing { .. }) {
            return;
        }
        let pace = *steps.select_nth_unstable(middle).1;
        if self.pace_ns.is_none_or(|old| differ(old, pace)) {
            self.pace_ns = Some(pace);
            self.machine = Machine::new(Setup {
                gap_ns: gap_ns(pace),
                ..self.setup
            });
        }
    }
}

/// Whether two times between samples are too far apart for the same pace.
fn differ(one: i64, other: i64) -> bool {
    one > other.saturating_mul(OTHER_PACE) || other > one.saturating_mul(OTHER_PACE)
}
