//! Notices what goes wrong with time: a wall clock that steps, a machine that
//! sleeps, samples that were missed.
//!
//! Slewing moves wall and boot clock alike, so what remains between them is a
//! step; a little is allowed for machines whose clocks are emulated.
//!
//! Start at [`Watch::observe`].

use model::event::EventKind;
use model::time::duration_text;

use crate::clock::Now;
use crate::schedule::Tick;
use crate::sink::Noticed;

/// A smaller change of the wall clock between two samples is not told.
pub const STEP_MIN_NS: i64 = 50_000_000;

/// What emulated clocks may drift apart: 500 parts in a million.
const SLEW_PER_MILLION: i64 = 500;

/// A shorter sleep is not told: kernels account up to some ticks as sleep.
const SLEEP_MIN_NS: i64 = 100_000_000;

/// Missed samples are told at most this often.
const TELL_EVERY_NS: i64 = 1_000_000_000;

/// Something noticed, and when it happened on the boot clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub boot_ns: i64,
    /// What.
    pub what: Noticed,
}

/// Follows the clocks from sample to sample.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    last: Option<Now>,
    missed: Option<Missed>,
    told_ns: i64,
    lost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Missed {
    count: u64,
    from_ns: i64,
    to_ns: i64,
}

impl Watch {
    /// Compares the clocks with those of the sample before.
    pub fn observe(&mut self, now: Now, tick: &Tick) -> Vec<Happened> {
        let mut happened = Vec::new();
        let mut slept_ns = 0;
        if let Some(last) = self.last {
            slept_ns = self.slept(last, now, &mut happened);
            stepped(last, now, &mut happened);
        }
        self.last = Some(now);
        // A sleeping machine takes no samples; its sleep has been told.
        if tick.missed > 0 && slept_ns == 0 {
            let missed = self.missed.get_or_insert(Missed {
                count: 0,
                from_ns: tick.missed_from_ns,
                to_ns: 0,
            });
            missed.count += tick.missed;
            self.lost += tick.missed;
            missed.to_ns = tick.planned_ns;
        }
        if now.boot_ns - self.told_ns >= TELL_EVERY_NS {
            happened.extend(self.untold(now.boot_ns));
        }
        happened
    }

    /// Samples that were missed so far while the machine was awake.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Missed samples that have not been told yet.
    pub fn untold(&mut self, now_ns: i64) -> Option<Happened> {
        let missed = self.missed.take()?;
        self.told_ns = now_ns;
        let count = missed.count;
        let noun = if count == 1 { "sample" } else { "samples" };
        let length = seconds(missed.to_ns - missed.from_ns);
        Some(Happened {
            boot_ns: missed.from_ns,
            what: Noticed {
                kind: EventKind::Missing,
                subject: "schedule".to_owned(),
                before: String::new(),
                after: format!("{count} {noun} missing"),
                text: format!("{count} {noun} missing within {length}: the agent was late"),
            },
        })
    }

    fn slept(&self, last: Now, now: Now, happened: &mut Vec<Happened>) -> i64 {
        let elapsed_ns = now.boot_ns - last.boot_ns;
        let slept_ns = elapsed_ns - (now.steady_ns - last.steady_ns);
        if slept_ns <= SLEEP_MIN_NS + drift_ns(elapsed_ns) {
            return 0;
        }
        let length = seconds(slept_ns);
        happened.push(Happened {
            boot_ns: last.boot_ns,
            what: Noticed {
                kind: EventKind::Suspended,
                subject: "machine".to_owned(),
                before: String::new(),
                after: length.clone(),
                text: format!("the machine slept for {length}"),
            },
        });
        slept_ns
    }
}

fn stepped(last: Now, now: Now, happened: &mut Vec<Happened>) {
    let elapsed_ns = now.boot_ns - last.boot_ns;
    let step_ns = (now.unix_ns - last.unix_ns) - elapsed_ns;
    if step_ns.abs() <= STEP_MIN_NS + drift_ns(elapsed_ns) {
        return;
    }
    let way = if step_ns > 0 { "forward" } else { "back" };
    let length = seconds(step_ns.abs());
    happened.push(Happened {
        boot_ns: now.boot_ns,
        what: Noticed {
            kind: EventKind::ClockStep,
            subject: "wall clock".to_owned(),
            before: String::new(),
            after: format!("{way} by {length}"),
            text: format!("the wall clock was set {way} by {length}"),
        },
    });
}

fn drift_ns(elapsed_ns: i64) -> i64 {
    elapsed_ns / 1_000_000 * SLEW_PER_MILLION
}

/// A length of time for people.
pub(crate) fn seconds(ns: i64) -> String {
    duration_text(ns as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Manual};

    fn tick(missed: u64) -> Tick {
        Tick {
            planned_ns: 9_000_000_000,
            late_ns: 0,
            missed,
            missed_from_ns: 6_000_000_000,
            base: true,
            burst: false,
        }
    }

    fn kinds(happened: &[Happened]) -> Vec<EventKind> {
        happened.iter().map(|it| it.what.kind).collect()
    }

    #[test]
    fn steps_and_sleep_are_told_and_slew_is_not() {
        let mut clock = Manual::at(Now::default());
        let mut watch = Watch::default();
        let mut after = |act: &dyn Fn(&Manual)| {
            act(&clock);
            watch.observe(clock.now(), &tick(0))
        };
        assert_eq!(after(&|_| {}), []);
        assert_eq!(after(&|clock| clock.pass_ns(1_000_000_000)), []);
        let slewed = after(&|clock| {
            clock.pass_ns(10_000_000_000);
            clock.step_ns(52_000_000);
        });
        assert_eq!(slewed, []);
        let stepped = after(&|clock| {
            clock.pass_ns(1_000_000_000);
            clock.step_ns(-3_600_000_000_000);
        });
        assert_eq!(kinds(&stepped), [EventKind::ClockStep]);
        assert_eq!(
            stepped[0].what.text,
            "the wall clock was set back by 1 h 00 min"
        );
        let slept = after(&|clock| clock.suspend_ns(90_000_000_000));
        assert_eq!(kinds(&slept), [EventKind::Suspended]);
        assert_eq!(slept[0].boot_ns, 12_000_000_000);
    }

    #[test]
    fn missed_samples_are_summed_and_told_once_a_second() {
        let clock = Manual::at(Now {
            boot_ns: 9_000_000_000,
            ..Now::default()
        });
        let mut watch = Watch::default();
        let told = watch.observe(clock.clone().now(), &tick(3));
        assert_eq!(
            told[0].what.text,
            "3 samples missing within 3 s: the agent was late"
        );
        assert_eq!(told[0].boot_ns, 6_000_000_000);
        for _ in 0..5 {
            clock.pass_ns(100_000_000);
            assert_eq!(watch.observe(clock.clone().now(), &tick(2)), []);
        }
        let told = watch.untold(0).map(|it| it.what.after);
        assert_eq!(told.as_deref(), Some("10 samples missing"));
        assert_eq!(watch.untold(0), None);
    }

    #[test]
    fn sleep_is_not_lateness() {
        let mut clock = Manual::at(Now::default());
        let mut watch = Watch::default();
        watch.observe(clock.now(), &tick(0));
        clock.suspend_ns(9_000_000_000);
        let told = watch.observe(clock.now(), &tick(8));
        assert_eq!(kinds(&told), [EventKind::Suspended]);
        assert_eq!(watch.untold(0), None);
    }
}
