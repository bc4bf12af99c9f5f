//! The clocks of the machine and the agent's own cost, behind one trait.
//!
//! The engine never reads a clock by itself: whoever drives it hands one over,
//! so that a test can run ten minutes in a millisecond.
//!
//! Start at [`Clock`]; [`Live`] is the machine, [`Manual`] moves when told.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::batch::Stamp;

use crate::system::Clocks;

/// All clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// `CLOCK_BOOTTIME`: steady, and counts while the machine sleeps, where the system
    /// has such a clock.
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

/// How reported clocks differ from the machine's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Skew {
    /// They are ahead by this much,
    ns: i64,
    /// and by so many millionths of the time since `from_ns` on the boot clock.
    drift_ppm: i64,
    /// When the drift began.
    from_ns: i64,
}

impl Skew {
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
    clocks: Clocks,
    /// Processor time of threads that have a budget of their own.
    apart: Option<Arc<AtomicI64>>,
}

impl Live {
    /// Clocks that are ahead by `ns` and drift from now on; both are 0 but in tests of
    /// clock comparison.
    pub fn skewed(ns: i64, drift_ppm: i64) -> Self {
        let mut clocks = Clocks::new();
        let skew = Skew {
            ns,
            drift_ppm,
            from_ns: clocks.now().boot_ns,
        };
        Self {
            skew,
            clocks,
            apart: None,
        }
    }

    /// Leaves this processor time out of the cost, because it has a budget of its own.
    pub fn set_apart(&mut self, cpu_ns: Arc<AtomicI64>) {
        self.apart = Some(cpu_ns);
    }

    /// The same clocks for another thread.
    pub fn twin(&self) -> Self {
        Self {
            skew: self.skew,
            clocks: self.clocks.twin(),
            apart: self.apart.clone(),
        }
    }
}

impl Clock for Live {
    fn now(&mut self) -> Now {
        let now = self.clocks.now();
        let skew_ns = self.skew.at_ns(now.boot_ns);
        Now {
            boot_ns: now.boot_ns.saturating_add(skew_ns),
            unix_ns: now.unix_ns.saturating_add(skew_ns),
            steady_ns: now.steady_ns,
        }
    }

    fn cost(&mut self) -> Cost {
        let cost = self.clocks.cost();
        let apart = self.apart.as_ref();
        let apart_ns = apart.map_or(0, |it| it.load(Ordering::Relaxed));
        Cost {
            cpu_ns: cost.cpu_ns.saturating_sub(apart_ns),
            ..cost
        }
    }
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
        let mut clock = Live::skewed(0, 0);
        let first = clock.now();
        let second = clock.now();
        assert!(second.boot_ns >= first.boot_ns && second.steady_ns >= first.steady_ns);
        assert!(first.boot_ns > 0 && first.unix_ns > 0);
        // Some systems count in hundredths of a second; asking takes time too.
        let mut costs = (0..1_000_000).map(|_| clock.cost());
        let cost = costs.find(|cost| cost.cpu_ns > 0).unwrap_or_default();
        assert!(cost.cpu_ns > 0);
        assert!(cost.resident_bytes.is_none_or(|bytes| bytes > 100_000));
    }

    #[test]
    fn skew_moves_what_is_reported() {
        let mut clock = Live::skewed(0, 0);
        let plain = clock.now();
        let skewed = Live::skewed(3_600_000_000_000, 0).twin().now();
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
