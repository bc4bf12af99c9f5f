//! The clocks of the machine and the agent's own cost, behind one trait.
//!
//! The engine never reads a clock by itself: whoever drives it hands one over,
//! so that a test can run ten minutes in a millisecond.
//!
//! Start at [`Clock`]; [`Live`] is the machine, [`Manual`] moves when told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::batch::Stamp;
use rustix::time::{ClockId, clock_gettime};

use crate::kept::Kept;

/// Two clocks whose readings lie further apart than this were torn apart by the
/// scheduler and are read again.
const TORN_NS: i64 = 200_000;

/// How often torn readings are repeated before the last one is taken.
const TORN_TRIES: u32 = 4;

/// All clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// `CLOCK_BOOTTIME`: steady, and counts while the machine sleeps.
    pub boot_ns: i64,
    /// `CLOCK_REALTIME`: wall clock.
    pub unix_ns: i64,
    /// `CLOCK_MONOTONIC`: steady, and stands still while the machine sleeps.
    pub steady_ns: i64,
}

/// What the agent itself used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Processor time of all threads, cumulative.
    pub cpu_ns: i64,
    /// Resident memory; `None` where it cannot be read.
    pub resident_bytes: Option<i64>,
}

/// Tells time and cost.
pub trait Clock {
    /// All clocks, read together.
    fn now(&mut self) -> Now;

    /// What this process used so far.
    fn cost(&mut self) -> Cost;
}

impl Now {
    /// The two clocks that travel with a sample.
    pub fn stamp(self) -> Stamp {
        Stamp {
            boot_ns: self.boot_ns,
            unix_ns: self.unix_ns,
        }
    }
}

/// How reported clocks differ from the machine's own; only tests of clock comparison
/// want any difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    /// They are ahead by this much,
    pub ns: i64,
    /// and by so many millionths of the time since `from_ns` on the boot clock.
    pub drift_ppm: i64,
    /// When the drift began.
    pub from_ns: i64,
}

impl Skew {
    /// A skew whose drift begins now.
    pub fn from_now(ns: i64, drift_ppm: i64) -> Self {
        Self {
            ns,
            drift_ppm,
            from_ns: read(ClockId::Boottime),
        }
    }

    fn at_ns(self, boot_ns: i64) -> i64 {
        let since_ns = boot_ns.saturating_sub(self.from_ns);
        let drift_ns = (since_ns / 1_000).saturating_mul(self.drift_ppm) / 1_000;
        self.ns.saturating_add(drift_ns)
    }
}

/// The machine's own clocks.
#[derive(Debug)]
pub struct Live {
    skew: Skew,
    statm: Kept,
    buffer: Vec<u8>,
    page_bytes: i64,
}

impl Live {
    /// Clocks that differ by `skew`.
    pub fn new(skew: Skew) -> Self {
        Self {
            skew,
            statm: Kept::new("/proc/self/statm".into()),
            buffer: Vec::new(),
            page_bytes: i64::try_from(rustix::param::page_size()).unwrap_or(4096),
        }
    }

    fn resident_bytes(&mut self) -> Option<i64> {
        let text = self.statm.read(&mut self.buffer).ok()?;
        let pages = std::str::from_utf8(text).ok()?.split(' ').nth(1)?;
        pages.parse::<i64>().ok()?.checked_mul(self.page_bytes)
    }
}

impl Clock for Live {
    fn now(&mut self) -> Now {
        let mut tries = 0;
        loop {
            let boot_ns = read(ClockId::Boottime);
            let unix_ns = read(ClockId::Realtime);
            let steady_ns = read(ClockId::Monotonic);
            let after_ns = read(ClockId::Boottime);
            tries += 1;
            if after_ns - boot_ns <= TORN_NS || tries == TORN_TRIES {
                let skew_ns = self.skew.at_ns(boot_ns);
                return Now {
                    boot_ns: boot_ns.saturating_add(skew_ns),
                    unix_ns: unix_ns.saturating_add(skew_ns),
                    steady_ns,
                };
            }
        }
    }

    fn cost(&mut self) -> Cost {
        Cost {
            cpu_ns: read(ClockId::ProcessCPUTime),
            resident_bytes: self.resident_bytes(),
        }
    }
}

fn read(id: ClockId) -> i64 {
    let time = clock_gettime(id);
    time.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(time.tv_nsec)
}

/// A clock that moves when told, for tests; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Manual(Arc<Mutex<(Now, Cost)>>);

impl Manual {
    /// A clock that shows `now`.
    pub fn at(now: Now) -> Self {
        Self(Arc::new(Mutex::new((now, Cost::default()))))
    }

    /// Lets time pass on all clocks.
    pub fn pass_ns(&self, ns: i64) {
        let mut state = self.lock();
        state.0.boot_ns += ns;
        state.0.unix_ns += ns;
        state.0.steady_ns += ns;
    }

    /// Waits until the boot clock shows `boot_ns`; does nothing when it is later.
    pub fn wait_until_ns(&self, boot_ns: i64) {
        let now_ns = self.lock().0.boot_ns;
        self.pass_ns((boot_ns - now_ns).max(0));
    }

    /// Sets the wall clock forward or back.
    pub fn step_ns(&self, ns: i64) {
        self.lock().0.unix_ns += ns;
    }

    /// Lets the machine sleep: the steady clock stands still.
    pub fn suspend_ns(&self, ns: i64) {
        let mut state = self.lock();
        state.0.boot_ns += ns;
        state.0.unix_ns += ns;
    }

    /// Uses processor time without letting time pass.
    pub fn spend_ns(&self, ns: i64) {
        self.lock().1.cpu_ns += ns;
    }

    /// Sets the resident memory.
    pub fn resident(&self, bytes: i64) {
        self.lock().1.resident_bytes = Some(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, (Now, Cost)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Manual {
    fn now(&mut self) -> Now {
        self.lock().0
    }

    fn cost(&mut self) -> Cost {
        self.lock().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_time_and_cost() {
        let mut clock = Live::new(Skew::default());
        let first = clock.now();
        let second = clock.now();
        assert!(second.boot_ns >= first.boot_ns && second.steady_ns >= first.steady_ns);
        assert!(first.boot_ns > 0 && first.unix_ns > 0);
        let cost = clock.cost();
        assert!(cost.cpu_ns > 0);
        assert!(cost.resident_bytes.is_none_or(|bytes| bytes > 100_000));
    }

    #[test]
    fn skew_moves_what_is_reported() {
        let plain = Live::new(Skew::default()).now();
        let skewed = Live::new(Skew::from_now(3_600_000_000_000, 0)).now();
        let hour = 3_600_000_000_000..3_660_000_000_000;
        assert!(hour.contains(&(skewed.boot_ns - plain.boot_ns)));
        assert!(hour.contains(&(skewed.unix_ns - plain.unix_ns)));
        let drifting = Skew {
            ns: -5,
            drift_ppm: 200,
            from_ns: 1_000_000_000,
        };
        assert_eq!(drifting.at_ns(11_000_000_000), 2_000_000 - 5);
    }
}
