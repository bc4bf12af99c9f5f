//! What the machine and a control group used, and whether the machine is quiet.
//!
//! * In: `/proc` and the group's own files.
//! * Out: what was used between two readings; a verdict on quiet.
//! * Never: counts on Kymo, whose recordings are held against this.
//!
//! Start at [`Meter::now`] and [`quiet`].

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::place::Group;
use crate::running::wait;
use crate::sample::{Used, host_cores};

/// Pressure on the processors over ten seconds, percent, that counts as quiet.
const PRESSURE_MOST: f64 = 5.0;

/// Processors in use, as a share of all, that count as quiet: who keeps one of two busy
/// lets nobody wait, so that there is no pressure.
const BUSY_MOST: f64 = 0.15;

/// Share of the time that the machine below may take.
const STEAL_MOST: f64 = 0.01;

/// What was used up to a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    at_s: f64,
    group_cpu_s: f64,
    ticks: Ticks,
}

/// Clock ticks of all processors together.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    all: f64,
    busy: f64,
    steal: f64,
}

impl Meter {
    /// Reads it.
    pub(crate) fn now(group: &Group) -> Result<Self, String> {
        Ok(Self {
            at_s: unix_s(),
            group_cpu_s: group.cpu_s()?,
            ticks: Ticks::now()?,
        })
    }

    /// What was used since.
    pub(crate) fn since(&self, before: &Self) -> Used {
        let ticks = self.ticks.since(before.ticks);
        Used {
            from_s: before.at_s,
            to_s: self.at_s,
            group_cpu_s: self.group_cpu_s - before.group_cpu_s,
            host_cpu_s: ticks.busy / ticks_per_s(),
            steal: ticks.steal / ticks.all.max(1.0),
        }
    }
}

impl Ticks {
    fn now() -> Result<Self, String> {
        let text = std::fs::read_to_string("/proc/stat").map_err(|it| it.to_string())?;
        Self::of(&text).ok_or("/proc/stat has no processors".to_owned())
    }

    /// # Source
    ///
    /// First line of `proc_stat(5)`: user, nice, system, idle, iowait, irq, softirq, steal.
    fn of(text: &str) -> Option<Self> {
        let numbers = text.lines().next()?.split_whitespace().skip(1).take(8);
        let numbers: Option<Vec<f64>> = numbers.map(|it| it.parse().ok()).collect();
        let numbers = numbers?;
        let all: f64 = numbers.iter().sum();
        let idle = numbers.get(3)? + numbers.get(4)?;
        let steal = *numbers.get(7)?;
        Some(Self {
            all,
            busy: all - idle - steal,
            steal,
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            all: self.all - before.all,
            busy: self.busy - before.busy,
            steal: self.steal - before.steal,
        }
    }
}

fn ticks_per_s() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

/// Seconds since the Unix epoch.
pub(crate) fn unix_s() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |it| it.as_secs_f64())
}

/// Whether a run waits for a quiet machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// For so long at most; then it is not run.
    Wait(Duration),
    /// It runs whatever others do; its figures prove nothing.
    Off,
}

/// Waits until the machine is quiet but for so many processors that are busy on purpose;
/// why not, where it does not become so.
pub(crate) fn quiet(
    gate: Gate,
    busy_meant: f64,
    stop: &AtomicBool,
) -> Result<Result<(), String>, String> {
    let Gate::Wait(most) = gate else {
        return Ok(Ok(()));
    };
    let until = Instant::now() + most;
    loop {
        let before = Ticks::now()?;
        wait(stop, Duration::from_millis(2_000))?;
        let ticks = Ticks::now()?.since(before);
        let steal = ticks.steal / ticks.all.max(1.0);
        let pressure = pressure()?;
        let busy = (ticks.busy / ticks.all.max(1.0) - busy_meant / host_cores()).max(0.0);
        if pressure < PRESSURE_MOST && steal < STEAL_MOST && busy < BUSY_MOST {
            return Ok(Ok(()));
        }
        if Instant::now() > until {
            return Ok(Err(format!(
                "not quiet: pressure {pressure:.1} % (want below {PRESSURE_MOST}), {:.0} % of the processors busy (want below {:.0}), {:.1} % of the time taken by the machine below (want below {:.0})",
                busy * 100.0,
                BUSY_MOST * 100.0,
                steal * 100.0,
                STEAL_MOST * 100.0
            )));
        }
    }
}

/// Share of the last ten seconds in which something waited for a processor, percent.
pub(crate) fn pressure() -> Result<f64, String> {
    let text = std::fs::read_to_string("/proc/pressure/cpu");
    let text = text.map_err(|it| format!("/proc/pressure/cpu: {it}"))?;
    average(&text).ok_or("/proc/pressure/cpu has no avg10".to_owned())
}

fn average(text: &str) -> Option<f64> {
    let some = text.lines().find(|it| it.starts_with("some"))?;
    let mut parts = some.split_whitespace();
    parts.find_map(|it| it.strip_prefix("avg10="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_that_of_ten_seconds() {
        let text = "some avg10=65.21 avg60=28.42 avg300=30.42 total=1\n\
                    full avg10=1.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(average(text), Some(65.21));
        assert_eq!(average(""), None);
    }

    #[test]
    fn time_that_was_not_given_is_not_busy() {
        let ticks = Ticks::of("cpu  10 1 5 70 4 0 2 8 0 0\ncpu0 1 1 1 1 1 1 1 1\n");
        let wanted = Ticks {
            all: 100.0,
            busy: 18.0,
            steal: 8.0,
        };
        assert_eq!(ticks, Some(wanted));
    }
}
