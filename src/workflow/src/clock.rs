//! How far another machine's clock is from ours, and how sure that is.
//!
//! A probe leaves at `sent`, the agent reads its clocks, the answer is here at
//! `received`. The agent's reading belongs somewhere between; taking the middle
//! errs by at most half the round trip. An exchange says less the older it is,
//! because clocks drift: the best of the last [`WINDOW`] wins. One that contradicts
//! older ones proves that a clock was set, and they are forgotten.
//!
//! Two things are followed. The *wall clocks* are compared for people. The *axis* of a
//! recording is fixed when the host is attached, so what matters to a file is how far
//! the host's steady clock has run off since: [`Comparison::run_off`] tells when that
//! changes.
//!
//! * Never: reads a clock.
//!
//! Start at [`Comparison::add`].
//!
//! # Source
//!
//! D. L. Mills, RFC 5905, section 8 (offset and delay of one exchange), section 10
//! (clock filter of eight stages), appendix A.1 (`PHI`, growth of the error with age;
//! there 15 ppm for disciplined clocks, here [`DRIFT_PPM`], since none is vouched for).

use std::collections::VecDeque;

/// Exchanges that are kept.
pub const WINDOW: usize = 8;

/// How fast an undisciplined clock may run off, in parts of a million.
pub const DRIFT_PPM: i64 = 100;

/// A host that ran off by less is no news.
const RUN_OFF_MIN_NS: i64 = 10_000_000;

/// Offset of an agent's wall clock from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Their clock minus ours.
    pub offset_ns: i64,
    /// It is at most this far off: half of the round trip, and drift since then.
    pub error_ns: i64,
}

/// Our clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// Wall clock.
    pub unix_ns: i64,
    /// A clock that is never set.
    pub steady_ns: i64,
}

/// One exchange, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When the probe left.
    pub sent: Ours,
    /// What the agent read: its wall clock.
    pub their_unix_ns: i64,
    /// What the agent read: its boot clock.
    pub their_boot_ns: i64,
    /// When the answer was here.
    pub received: Ours,
}

/// One clock of theirs against one of ours.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    /// Steady time of the answer, and what it told.
    kept: VecDeque<(i64, Offset)>,
}

/// Everything the exchanges so far allow to say.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    wall: Estimator,
    steady: Estimator,
    exchanges: u32,
    now_ns: i64,
    /// Their steady clock against ours when the axis was fixed.
    fixed: Option<Offset>,
    told_ns: i64,
}

impl Estimator {
    /// Takes in what one exchange told at `at_ns` on our steady clock.
    pub fn add(&mut self, at_ns: i64, told: Offset) {
        self.kept.retain(|(then_ns, old)| {
            let apart_ns = old
                .offset_ns
                .saturating_sub(told.offset_ns)
                .saturating_abs();
            let error_ns = aged(*old, at_ns - then_ns).error_ns;
            apart_ns <= error_ns.saturating_add(told.error_ns)
        });
        if self.kept.len() == WINDOW {
            self.kept.pop_front();
        }
        self.kept.push_back((at_ns, told));
    }

    /// The best estimate at `now_ns`; `None` before the first answer.
    pub fn offset(&self, now_ns: i64) -> Option<Offset> {
        let now = self
            .kept
            .iter()
            .map(|(at_ns, it)| aged(*it, now_ns - at_ns));
        now.min_by_key(|it| it.error_ns)
    }
}

/// What an exchange still says after a while.
fn aged(offset: Offset, age_ns: i64) -> Offset {
    let drift_ns = (age_ns.max(0) / 1_000).saturating_mul(DRIFT_PPM) / 1_000;
    Offset {
        error_ns: offset.error_ns.saturating_add(drift_ns),
        ..offset
    }
}

impl Comparison {
    /// Takes in one exchange; one whose answer is older than its probe is ignored.
    pub fn add(&mut self, exchange: &Exchange) {
        let Exchange { sent, received, .. } = *exchange;
        let round_ns = received.steady_ns.saturating_sub(sent.steady_ns);
        if round_ns < 0 {
            return;
        }
        self.exchanges += 1;
        self.now_ns = received.steady_ns;
        let error_ns = round_ns - round_ns / 2;
        let offset = |theirs_ns: i64, sent_ns: i64| Offset {
            offset_ns: theirs_ns.saturating_sub(sent_ns.saturating_add(round_ns / 2)),
            error_ns,
        };
        let steady = offset(exchange.their_boot_ns, sent.steady_ns);
        self.steady.add(self.now_ns, steady);
        // Our own clock was set on the way: that says nothing of theirs.
        let wall_ns = received.unix_ns.saturating_sub(sent.unix_ns);
        if (wall_ns - round_ns).abs() <= error_ns.max(1_000_000) {
            let wall = offset(exchange.their_unix_ns, sent.unix_ns);
            self.wall.add(self.now_ns, wall);
        }
    }

    /// How many exchanges counted.
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// Their wall clock against ours; `None` before the first answer.
    pub fn offset(&self) -> Option<Offset> {
        self.wall.offset(self.now_ns)
    }

    /// Says that the axis is fixed from what is known now.
    pub fn fix(&mut self) {
        self.fixed = self.steady.offset(self.now_ns);
    }

    /// How far their steady clock has run off ours since the axis was fixed, when that
    /// is news: more than the estimates may err, and half more or less than was told.
    pub fn run_off(&mut self) -> Option<Offset> {
        let (fixed, now) = (self.fixed?, self.steady.offset(self.now_ns)?);
        let run = Offset {
            offset_ns: now.offset_ns.saturating_sub(fixed.offset_ns),
            error_ns: now.error_ns.saturating_add(fixed.error_ns),
        };
        let news_ns = run.offset_ns.saturating_sub(self.told_ns).saturating_abs();
        let least_ns = RUN_OFF_MIN_NS.max(self.told_ns.saturating_abs() / 2);
        if news_ns <= least_ns.max(run.error_ns) {
            return None;
        }
        self.told_ns = run.offset_ns;
        Some(run)
    }
}

impl Offset {
    /// What to correct by: nothing while the offset is within its own error.
    pub fn correction_ns(self) -> i64 {
        if self.offset_ns.saturating_abs() <= self.error_ns {
            0
        } else {
            self.offset_ns
        }
    }

    /// The offset and its error for people.
    pub fn text(self) -> String {
        let sign = if self.offset_ns < 0 { "−" } else { "+" };
        let length = |ns: i64| model::time::duration_text(ns.saturating_abs() as f64 / 1e9);
        format!(
            "{sign}{} ± {}",
            length(self.offset_ns),
            length(self.error_ns)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;

    /// Two machines whose every clock is known: ours is right, theirs is skewed,
    /// drifts and is set.
    struct Machines {
        now_ns: i64,
        skew_ns: i64,
        drift_ppm: i64,
        step_ns: i64,
        our_step_ns: i64,
        dice: u64,
    }

    impl Machines {
        fn new(skew_ns: i64, drift_ppm: i64) -> Self {
            Self {
                now_ns: 0,
                skew_ns,
                drift_ppm,
                step_ns: 0,
                our_step_ns: 0,
                dice: 5,
            }
        }

        fn roll(&mut self, sides: i64) -> i64 {
            self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005);
            self.dice = self.dice.wrapping_add(1);
            ((self.dice >> 33) as i64) % sides
        }

        fn ours(&self) -> Ours {
            Ours {
                unix_ns: 1_000 * SECOND_NS + self.now_ns + self.our_step_ns,
                steady_ns: self.now_ns,
            }
        }

        fn drift_ns(&self) -> i64 {
            self.now_ns / 1_000_000 * self.drift_ppm
        }

        /// Their wall clock minus ours.
        fn truth_ns(&self) -> i64 {
            self.skew_ns + self.drift_ns() + self.step_ns - self.our_step_ns
        }

        /// A probe whose ways there and back take up to 4 ms each.
        fn probe(&mut self) -> Exchange {
            let sent = self.ours();
            self.now_ns += 50_000 + self.roll(4_000_000);
            let their_boot_ns = self.now_ns + 77 * SECOND_NS + self.drift_ns();
            let their_unix_ns = self.ours().unix_ns + self.truth_ns();
            self.now_ns += 50_000 + self.roll(4_000_000);
            Exchange {
                sent,
                their_unix_ns,
                their_boot_ns,
                received: self.ours(),
            }
        }

        /// Attaches, then probes every half minute for so long; each estimate must hold
        /// the truth. Returns what was told of the axis.
        fn attach(&mut self, comparison: &mut Comparison) {
            for _ in 0..8 {
                comparison.add(&self.probe());
            }
            comparison.fix();
        }

        fn run(&mut self, comparison: &mut Comparison, seconds: i64) -> Vec<Offset> {
            let mut told = Vec::new();
            for _ in 0..seconds / 30 {
                self.now_ns += 30 * SECOND_NS;
                comparison.add(&self.probe());
                let offset = comparison.offset().expect("answers came");
                let off_ns = (offset.offset_ns - self.truth_ns()).abs();
                assert!(off_ns <= offset.error_ns, "{offset:?}, {off_ns} ns off");
                assert!(offset.error_ns < 10_000_000, "{offset:?}");
                told.extend(comparison.run_off());
            }
            told
        }
    }

    #[test]
    fn a_steady_offset_is_within_its_error_and_no_news() {
        let mut machines = Machines::new(5 * SECOND_NS, 0);
        let mut comparison = Comparison::default();
        machines.attach(&mut comparison);
        assert_eq!(machines.run(&mut comparison, 24 * 3_600), []);
    }

    #[test]
    fn drift_is_followed_and_told_ever_more_rarely() {
        for drift_ppm in [80, -80, 15] {
            let mut machines = Machines::new(-3 * SECOND_NS, drift_ppm);
            let mut comparison = Comparison::default();
            machines.attach(&mut comparison);
            let told = machines.run(&mut comparison, 24 * 3_600);
            assert!((8..20).contains(&told.len()), "{}", told.len());
            let last = told[told.len() - 1];
            let truth_ns = machines.drift_ns();
            let share = last.offset_ns as f64 / truth_ns as f64;
            assert!((0.6..1.01).contains(&share), "{share} of the truth");
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_is_followed_at_once_and_moves_no_axis() {
        let mut machines = Machines::new(0, 0);
        let mut comparison = Comparison::default();
        machines.attach(&mut comparison);
        assert_eq!(machines.run(&mut comparison, 600), []);
        machines.step_ns = -7 * SECOND_NS;
        assert_eq!(machines.run(&mut comparison, 600), []);
        machines.our_step_ns = 2 * SECOND_NS;
        assert_eq!(machines.run(&mut comparison, 600), []);
        let offset = comparison.offset().map(|it| it.offset_ns / 100_000_000);
        assert_eq!(offset, Some(-90));
    }

    #[test]
    fn the_estimate_is_within_half_the_shortest_round_trip() {
        let mut comparison = Comparison::default();
        for (out, back) in [(900, 100), (300, 250), (10, 4000)] {
            let sent = Ours {
                unix_ns: 1_000_000,
                steady_ns: 1_000,
            };
            comparison.add(&Exchange {
                sent,
                their_unix_ns: 6_000_000 + out,
                their_boot_ns: out,
                received: Ours {
                    unix_ns: 1_000_000 + out + back,
                    steady_ns: 1_000 + out + back,
                },
            });
        }
        let offset = comparison.offset().expect("answers came");
        assert_eq!(offset.error_ns, 275);
        assert!((offset.offset_ns - 5_000_000).abs() <= 275);
    }

    #[test]
    fn an_offset_within_its_error_corrects_nothing() {
        let near = Offset {
            offset_ns: -4_000_000,
            error_ns: 5_000_000,
        };
        assert_eq!(near.correction_ns(), 0);
        assert_eq!(near.text(), "−4 ms ± 5 ms");
    }
}
