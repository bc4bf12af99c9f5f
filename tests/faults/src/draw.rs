//! Draws when a disturbance starts, how large it is and how long it lasts.
//!
//! * In: a seed and the name of a fault.
//! * Out: the same numbers for the same two, on every machine.
//! * Never: the clock, or randomness of the system.
//!
//! Start at [`Draw::of`].

use std::time::Duration;

/// A stream of drawn numbers: `SplitMix64`.
///
/// # Source
///
/// G. L. Steele, D. Lea, C. H. Flood, *Fast splittable pseudorandom number
/// generators*, OOPSLA 2014.
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream of one fault of one seed; faults of one seed share nothing.
    pub(crate) fn of(seed: u64, fault: &str) -> Self {
        // FNV-1a, so that names that differ in one letter give other streams.
        let name = fault
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let mut draw = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name);
        draw.next();
        draw
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number of `from..=to`, in steps of a hundredth of the way.
    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        let hundredth = (self.next() % 101) as f64 / 100.0;
        // Cut to a thousandth, so that what is written down is what was used.
        ((from + (to - from) * hundredth) * 1000.0).round() / 1000.0
    }

    /// A whole number of `from..=to`.
    pub(crate) fn whole(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }
}

/// When what happens in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    /// From the start of the recording to the onset, seconds.
    pub(crate) quiet_s: f64,
    /// From the onset to the end of the disturbance, seconds.
    pub(crate) fault_s: f64,
    /// From there to the end of the recording, seconds.
    pub(crate) tail_s: f64,
}

/// Shortest and longest recording, seconds.
const RECORDING_S: (f64, f64) = (75.0, 120.0);

impl Schedule {
    pub(crate) fn drawn(draw: &mut Draw) -> Self {
        let quiet_s = draw.between(30.0, 50.0);
        let fault_s = draw.between(20.0, 40.0);
        let shortest = (RECORDING_S.0 - quiet_s - fault_s).max(15.0);
        Self {
            quiet_s,
            fault_s,
            tail_s: draw.between(shortest, shortest + 10.0),
        }
    }

    /// Length of the recording, in whole seconds.
    pub(crate) fn recording(self) -> Duration {
        let total = (self.quiet_s + self.fault_s + self.tail_s).ceil();
        Duration::from_secs_f64(total.min(RECORDING_S.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_numbers() {
        let draw = |seed, name| {
            let mut it = Draw::of(seed, name);
            (Schedule::drawn(&mut it), it.whole(1, 1000))
        };
        assert_eq!(draw(1, "disk-read"), draw(1, "disk-read"));
        assert_ne!(draw(1, "disk-read"), draw(2, "disk-read"));
        assert_ne!(draw(1, "disk-read"), draw(1, "disk-write"));
    }

    #[test]
    fn schedules_stay_within_their_bounds() {
        for seed in 0..500 {
            let it = Schedule::drawn(&mut Draw::of(seed, "any"));
            assert!((30.0..=50.0).contains(&it.quiet_s), "{it:?}");
            assert!((20.0..=40.0).contains(&it.fault_s), "{it:?}");
            assert!(it.tail_s >= 15.0, "{it:?}");
            let seconds = it.recording().as_secs_f64();
            assert!((75.0..=120.0).contains(&seconds), "{it:?}");
        }
    }
}
