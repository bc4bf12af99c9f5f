//! Keeps the agent cheap: what it used, what it may use, and what it gives up.
//!
//! Over its budget the agent gives up one step of [`STEPS`] at a time, in that
//! order, and takes it back when it has been well below for a while. A step that
//! had to be given up again is tried again only after twice the time.
//!
//! Who asks for more samples a second allows what they cost: without a budget of the
//! user's own the processor time grows with the cadence, see [`Allowed::share`].
//! Processes and control groups are never read more than once a second, and are given
//! up before the cadence that was asked for.
//!
//! Never: reads a clock or touches a source; it only says what to do.
//!
//! Start at [`Budget::judge`].

use std::collections::VecDeque;

use crate::clock::Cost;

/// Processor time is averaged over this long.
const WINDOW_NS: i64 = 30_000_000_000;

/// Time without a step after the start and between two steps.
const SETTLE_NS: i64 = 10_000_000_000;

/// Time well below the budget before a step is taken back.
const RESTORE_NS: i64 = 30_000_000_000;

/// A step that does not hold is tried again after at most this long.
const RESTORE_MAX_NS: i64 = 600_000_000_000;

/// Samples of the own cost are taken at most this often.
const LOOK_EVERY_NS: i64 = 1_000_000_000;

const SECOND_NS: i64 = 1_000_000_000;

/// Well below: this part of the budget.
const LOW: f64 = 0.5;

/// Share of one processor the agent may use at one sample a second or fewer.
pub const CPU_SHARE: f64 = 0.01;

/// Share of one processor it may use for each further sample a second. Measured on a
/// virtual machine of 2024: a third of this, on cores a third as fast all of it.
pub const CPU_SHARE_PER_HERTZ: f64 = 0.001;

/// Share of one processor it may use at any cadence, unless the user says otherwise.
pub const CPU_SHARE_MAX: f64 = 0.1;

/// Resident memory the agent may use.
pub const RESIDENT_MAX_BYTES: i64 = 32 << 20;

/// What the agent may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Processor time, averaged over half a minute.
    pub cpu: Allowed,
    /// Resident memory; 0 for no limit.
    pub resident_bytes: i64,
}

/// How much processor time the agent may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// As much as it wants.
    Everything,
    /// This share of one processor, whatever is asked.
    Share(f64),
    /// A share that grows with the samples a second that are asked for.
    ByCadence,
}

impl Allowed {
    /// Share of one processor at a time between samples; `None` for no limit.
    pub fn share(self, every_ns: i64) -> Option<f64> {
        match self {
            Self::Everything => None,
            Self::Share(share) => Some(share),
            Self::ByCadence => {
                let hertz = 1e9 / every_ns.max(1) as f64;
                let more = (hertz - 1.0).max(0.0) * CPU_SHARE_PER_HERTZ;
                Some((CPU_SHARE + more).min(CPU_SHARE_MAX))
            }
        }
    }
}

/// The share of a processor for people.
pub fn share_text(share: f64) -> String {
    let percent = (share * 1000.0).round() / 10.0;
    format!("{percent} % of a core")
}

/// What a step changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lever {
    /// A source leaves out detail.
    Detail {
        /// Name of the source.
        source: &'static str,
        /// How much it leaves out.
        level: u8,
    },
    /// Everything is read less often.
    Every {
        /// How many times less often than asked.
        times: u32,
    },
}

/// One thing the agent can give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What changes.
    pub lever: Lever,
    /// What a person is told, after "the agent now reads".
    pub text: &'static str,
}

/// Everything the agent can give up, in order.
pub const STEPS: &[Step] = &[
    Step {
        lever: Lever::Detail {
            source: "process",
            level: 1,
        },
        text: "processes with less detail",
    },
    Step {
        lever: Lever::Detail {
            source: "process",
            level: 2,
        },
        text: "processes less often",
    },
    Step {
        lever: Lever::Detail {
            source: "cgroup",
            level: 1,
        },
        text: "control groups with less detail",
    },
    Step {
        lever: Lever::Detail {
            source: "process",
            level: 3,
        },
        text: "idle processes rarely",
    },
    Step {
        lever: Lever::Detail {
            source: "cgroup",
            level: 2,
        },
        text: "control groups less often",
    },
    Step {
        lever: Lever::Every { times: 2 },
        text: "everything half as often",
    },
    Step {
        lever: Lever::Every { times: 5 },
        text: "everything a fifth as often",
    },
    Step {
        lever: Lever::Every { times: 10 },
        text: "everything a tenth as often",
    },
];

/// What should change now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The ring should give up half of its memory.
    ShrinkRing(Cause),
    /// The ring may have twice its memory again.
    GrowRing,
    /// This step should be given up.
    Degrade(Step, Cause),
    /// This step should be taken back.
    Restore(Step),
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Processor time.
    Cpu,
    /// Resident memory.
    Memory,
}

/// How much of its memory the ring uses now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingSize {
    /// All it may ever have.
    Full,
    /// Something between.
    Reduced,
    /// It cannot be made smaller.
    Least,
}

/// Follows the agent's own cost.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    /// Share of one processor that is allowed now.
    share: Option<f64>,
    steps: Vec<Step>,
    taken: usize,
    window: VecDeque<(i64, i64)>,
    since_ns: i64,
    restore_ns: i64,
    restored: bool,
}

impl Budget {
    /// A budget whose steps are those that concern one of `sources`.
    pub fn new(limits: Limits, sources: &[&str], now_ns: i64) -> Self {
        let concerns = |step: &&Step| match step.lever {
            Lever::Detail { source, .. } => sources.contains(&source),
            Lever::Every { .. } => true,
        };
        Self {
            limits,
            share: limits.cpu.share(SECOND_NS),
            steps: STEPS.iter().filter(concerns).copied().collect(),
            taken: 0,
            window: VecDeque::new(),
            since_ns: now_ns,
            restore_ns: RESTORE_NS,
            restored: false,
        }
    }

    /// Allows so much more memory, where it is bounded.
    pub fn allow_more(&mut self, bytes: i64) {
        if self.limits.resident_bytes > 0 {
            self.limits.resident_bytes += bytes;
        }
    }

    /// Follows the time between samples that is asked for.
    pub fn asked(&mut self, every_ns: i64) {
        self.share = self.limits.cpu.share(every_ns);
    }

    /// What the agent may use now, for people.
    pub fn text(&self) -> String {
        let cpu = self.share.map(share_text);
        let bytes = self.limits.resident_bytes;
        let memory = (bytes > 0).then(|| format!("{} MiB", bytes >> 20));
        let parts: Vec<String> = cpu.into_iter().chain(memory).collect();
        match parts.is_empty() {
            true => "off".to_owned(),
            false => parts.join(", "),
        }
    }

    /// Share of one processor that is allowed now; `None` for no limit.
    pub fn share(&self) -> Option<f64> {
        self.share
    }

    /// Steps given up at present, in order.
    pub fn taken(&self) -> &[Step] {
        &self.steps[..self.taken]
    }

    /// Share of one processor over the window; `None` before there is one.
    pub fn cpu_share(&self) -> Option<f64> {
        let (first, last) = (self.window.front()?, self.window.back()?);
        let elapsed_ns = last.0 - first.0;
        (elapsed_ns > 0).then(|| (last.1 - first.1) as f64 / elapsed_ns as f64)
    }

    /// Takes in the own cost and says what should change.
    pub fn judge(&mut self, now_ns: i64, cost: Cost, ring: RingSize) -> Option<Change> {
        if self
            .window
            .back()
            .is_some_and(|(at_ns, _)| now_ns - at_ns < LOOK_EVERY_NS)
        {
            return None;
        }
        self.window.push_back((now_ns, cost.cpu_ns));
        while self
            .window
            .front()
            .is_some_and(|(at_ns, _)| now_ns - at_ns > WINDOW_NS)
        {
            self.window.pop_front();
        }
        if now_ns - self.since_ns < SETTLE_NS {
            return None;
        }
        let change = self
            .too_much(cost, ring)
            .or_else(|| self.too_little(now_ns, cost, ring))?;
        self.apply(change, now_ns);
        Some(change)
    }

    fn too_much(&self, cost: Cost, ring: RingSize) -> Option<Change> {
        let next = self.steps.get(self.taken).copied();
        let resident = cost.resident_bytes.unwrap_or(0);
        if self.limits.resident_bytes > 0 && resident > self.limits.resident_bytes {
            return match ring {
                RingSize::Least => next.map(|step| Change::Degrade(step, Cause::Memory)),
                _ => Some(Change::ShrinkRing(Cause::Memory)),
            };
        }
        let share = self.cpu_share()?;
        self.share
            .is_some_and(|allowed| share > allowed)
            .then(|| next.map(|step| Change::Degrade(step, Cause::Cpu)))
            .flatten()
    }

    fn too_little(&self, now_ns: i64, cost: Cost, ring: RingSize) -> Option<Change> {
        if now_ns - self.since_ns < self.restore_ns {
            return None;
        }
        let below = |used: f64, limit: f64| limit <= 0.0 || used < limit * LOW;
        let resident = cost.resident_bytes.unwrap_or(0) as f64;
        if !below(resident, self.limits.resident_bytes as f64)
            || !below(self.cpu_share()?, self.share.unwrap_or(0.0))
        {
            return None;
        }
        match (self.taken().last(), ring) {
            (Some(step), _) => Some(Change::Restore(*step)),
            (None, RingSize::Full) => None,
            (None, _) => Some(Change::GrowRing),
        }
    }

    /// The window starts anew, so that the next step is judged by its own effect.
    fn apply(&mut self, change: Change, now_ns: i64) {
        match change {
            Change::Degrade(..) => {
                self.taken += 1;
                if self.restored {
                    self.restore_ns = (self.restore_ns * 2).min(RESTORE_MAX_NS);
                }
                self.restored = false;
            }
            Change::Restore(_) => {
                self.taken -= 1;
                self.restored = true;
            }
            Change::ShrinkRing(_) | Change::GrowRing => {}
        }
        self.since_ns = now_ns;
        let last = self.window.back().copied();
        self.window.clear();
        self.window.extend(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        cpu: Allowed::ByCadence,
        resident_bytes: RESIDENT_MAX_BYTES,
    };

    /// Runs for some seconds at a share of a processor and lists what changed when.
    struct Run {
        budget: Budget,
        now_ns: i64,
        cost: Cost,
        ring: RingSize,
    }

    impl Run {
        fn new(limits: Limits) -> Self {
            Self {
                budget: Budget::new(limits, &["process", "cpu"], 0),
                now_ns: 0,
                cost: Cost::default(),
                ring: RingSize::Full,
            }
        }

        fn seconds(&mut self, seconds: i64, share: f64) -> Vec<(i64, Change)> {
            let mut changes = Vec::new();
            for _ in 0..seconds {
                let judged = self.budget.judge(self.now_ns, self.cost, self.ring);
                changes.extend(judged.map(|change| (self.now_ns / SECOND_NS, change)));
                self.now_ns += SECOND_NS;
                self.cost.cpu_ns += (share * 1e9) as i64;
            }
            changes
        }
    }

    #[test]
    fn too_much_processor_time_costs_one_step_each_ten_seconds() {
        let mut run = Run::new(LIMITS);
        let changes = run.seconds(65, 0.02);
        let steps = &run.budget.steps;
        let expected: Vec<_> = (0..6)
            .map(|n| (10 + 10 * n as i64, Change::Degrade(steps[n], Cause::Cpu)))
            .collect();
        assert_eq!(changes, expected);
        assert!(!steps.iter().any(|it| it.text.contains("control groups")));
    }

    #[test]
    fn within_the_budget_nothing_changes() {
        let mut run = Run::new(LIMITS);
        assert_eq!(run.seconds(600, 0.009), []);
        let off = Limits {
            cpu: Allowed::Everything,
            resident_bytes: 0,
        };
        let mut run = Run::new(off);
        run.cost.resident_bytes = Some(1 << 40);
        assert_eq!(run.seconds(600, 0.9), []);
    }

    #[test]
    fn who_asks_for_more_samples_allows_what_they_cost() {
        let share = |every_ns| Allowed::ByCadence.share(every_ns).map(share_text);
        for (every_ns, text) in [
            (10 * SECOND_NS, "1 % of a core"),
            (SECOND_NS, "1 % of a core"),
            (100_000_000, "1.9 % of a core"),
            (10_000_000, "10 % of a core"),
        ] {
            assert_eq!(share(every_ns).as_deref(), Some(text));
        }
        let mut run = Run::new(LIMITS);
        run.budget.asked(10_000_000);
        assert_eq!(run.seconds(600, 0.09), []);
        assert_eq!(run.budget.text(), "10 % of a core, 32 MiB");
        run.budget.asked(SECOND_NS);
        assert!(!run.seconds(40, 0.09).is_empty());
        let fixed = Limits {
            cpu: Allowed::Share(0.01),
            ..LIMITS
        };
        let mut run = Run::new(fixed);
        run.budget.asked(10_000_000);
        assert!(!run.seconds(40, 0.09).is_empty());
    }

    #[test]
    fn a_step_is_taken_back_when_there_is_room_and_less_often_when_it_does_not_hold() {
        let mut run = Run::new(LIMITS);
        let first = run.budget.steps[0];
        let mut waits = Vec::new();
        for _ in 0..3 {
            let down = run.seconds(11, 0.02);
            assert_eq!(down.len(), 1, "{down:?}");
            let from = run.now_ns / SECOND_NS;
            let mut up = Vec::new();
            while up.is_empty() && run.now_ns < 1_000 * SECOND_NS {
                up = run.seconds(1, 0.001);
            }
            assert_eq!(up[0].1, Change::Restore(first));
            waits.push(up[0].0 - from);
        }
        assert!(
            waits[1] > waits[0] + 20 && waits[2] > waits[1] + 50,
            "{waits:?}"
        );
    }

    #[test]
    fn a_little_below_the_budget_is_no_reason_to_take_back() {
        let mut run = Run::new(LIMITS);
        assert_eq!(run.seconds(11, 0.02).len(), 1);
        assert_eq!(run.seconds(500, 0.007), []);
        assert_eq!(run.budget.taken().len(), 1);
    }

    #[test]
    fn memory_takes_the_ring_first() {
        let mut run = Run::new(LIMITS);
        run.cost.resident_bytes = Some(RESIDENT_MAX_BYTES + 1);
        assert_eq!(
            run.seconds(11, 0.001),
            [(10, Change::ShrinkRing(Cause::Memory))]
        );
        run.ring = RingSize::Least;
        let changes = run.seconds(11, 0.001);
        assert!(matches!(
            changes.as_slice(),
            [(_, Change::Degrade(_, Cause::Memory))]
        ));
        run.cost.resident_bytes = Some(10 << 20);
        let changes: Vec<Change> = run.seconds(70, 0.001).into_iter().map(|it| it.1).collect();
        assert!(matches!(
            changes.as_slice(),
            [Change::Restore(_), Change::GrowRing]
        ));
    }
}
