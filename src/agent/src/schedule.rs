//! When what is read: absolute deadlines on the boot clock, so nothing drifts.
//!
//! Base ticks lie on a grid of the cadence; a tick that comes too late takes the
//! newest place on the grid and counts the places it missed. The grid may begin
//! sooner after the first tick, so that first rates do not wait for a whole step.
//! Sources of slower
//! classes are due on some of these ticks; those of one class are spread over
//! its period. A burst adds ticks of its own between them.
//!
//! Never: reads a clock or a source.
//!
//! Start at [`Schedule::tick`].

use crate::source::Cadence;

/// Shortest time between samples: 100 Hz.
pub const FASTEST_NS: i64 = 10_000_000;

/// Longest time between samples: 0.1 Hz.
pub const SLOWEST_NS: i64 = 10_000_000_000;

/// After the first sample the second one comes this soon, so that who attaches
/// sees rates and not only levels at once.
pub const FIRST_STEP_NS: i64 = 250_000_000;

/// Time between key samples, at most one base tick longer.
pub const KEY_EVERY_NS: i64 = 10_000_000_000;

const SECOND_NS: i64 = 1_000_000_000;

/// One moment at which something is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When it was planned, on the boot clock.
    pub planned_ns: i64,
    /// How much later it came.
    pub late_ns: i64,
    /// Places on the grids that passed without a reading.
    pub missed: u64,
    /// First of the missed places; the planned time when none was missed.
    pub missed_from_ns: i64,
    /// Whether a base sample is due.
    pub base: bool,
    /// Whether a burst sample is due.
    pub burst: bool,
}

#[derive(Clone, Debug)]
struct Planned {
    cadence: Cadence,
    due_ns: i64,
    read_ns: Option<i64>,
    /// Place of the source within its class, and how many the class has.
    place: (i64, i64),
}

#[derive(Clone, Copy, Debug)]
struct Grid {
    next_ns: i64,
    every_ns: i64,
}

/// Deadlines of all sources.
#[derive(Clone, Debug)]
pub struct Schedule {
    base: Grid,
    burst: Option<Grid>,
    /// From the first tick to the next, if not a whole step.
    first_step_ns: Option<i64>,
    last_ns: Option<i64>,
    key_ns: Option<i64>,
    sources: Vec<Planned>,
}

impl Grid {
    /// Takes the newest place not later than `now_ns`, with the number of places before it.
    fn take(&mut self, now_ns: i64) -> (i64, i64) {
        let missed = (now_ns - self.next_ns) / self.every_ns;
        let planned_ns = self.next_ns + missed * self.every_ns;
        self.next_ns = planned_ns + self.every_ns;
        (planned_ns, missed)
    }
}

impl Schedule {
    /// A schedule whose first tick, at `start_ns`, reads every source.
    pub fn new(cadences: &[Cadence], every_ns: i64, start_ns: i64) -> Self {
        let count = |cadence| cadences.iter().filter(|it| **it == cadence).count() as i64;
        let mut sources: Vec<Planned> = Vec::with_capacity(cadences.len());
        for cadence in cadences {
            let before = sources.iter().filter(|it| it.cadence == *cadence).count();
            sources.push(Planned {
                cadence: *cadence,
                due_ns: start_ns,
                read_ns: None,
                place: (before as i64, count(*cadence)),
            });
        }
        Self {
            base: Grid {
                next_ns: start_ns,
                every_ns: bounded(every_ns),
            },
            burst: None,
            first_step_ns: None,
            last_ns: None,
            key_ns: None,
            sources,
        }
    }

    /// Lets the second tick follow the first after `first_step_ns`, if that is
    /// sooner than the cadence; the grid goes on from there.
    #[must_use]
    pub fn hastened(mut self, first_step_ns: i64) -> Self {
        self.first_step_ns = Some(first_step_ns.max(FASTEST_NS));
        self
    }

    /// One more source, read at the next base tick for the first time.
    pub fn add(&mut self, cadence: Cadence) {
        self.sources.push(Planned {
            cadence,
            due_ns: self.base.next_ns,
            read_ns: None,
            place: (0, 1),
        });
    }

    /// When [`Schedule::tick`] has something to say again.
    pub fn next_ns(&self) -> i64 {
        match &self.burst {
            Some(burst) => burst.next_ns.min(self.base.next_ns),
            None => self.base.next_ns,
        }
    }

    /// Time between base samples.
    pub fn every_ns(&self) -> i64 {
        self.base.every_ns
    }

    /// What is due at `now_ns`; `None` when it is too early.
    pub fn tick(&mut self, now_ns: i64) -> Option<Tick> {
        let base = now_ns >= self.base.next_ns;
        let burst = self.burst.filter(|grid| now_ns >= grid.next_ns).is_some();
        if !base && !burst {
            return None;
        }
        let mut tick = Tick {
            planned_ns: i64::MIN,
            late_ns: 0,
            missed: 0,
            missed_from_ns: i64::MAX,
            base,
            burst,
        };
        if base {
            take(&mut self.base, now_ns, &mut tick);
            self.last_ns = Some(tick.planned_ns);
            if let Some(first_ns) = self.first_step_ns.take() {
                let sooner_ns = tick.planned_ns + first_ns;
                self.base.next_ns = self.base.next_ns.min(sooner_ns);
            }
        }
        if let Some(grid) = self.burst.as_mut().filter(|_| burst) {
            take(grid, now_ns, &mut tick);
        }
        tick.late_ns = now_ns - tick.planned_ns;
        tick.missed_from_ns = tick.missed_from_ns.min(tick.planned_ns);
        Some(tick)
    }

    /// Whether source `index` is due at a base tick.
    pub fn due(&self, index: usize, tick: &Tick) -> bool {
        tick.base
            && self
                .sources
                .get(index)
                .is_some_and(|it| it.cadence == Cadence::Base || it.due_ns <= tick.planned_ns)
            && self.may(index, tick)
    }

    /// Whether source `index` may be read out of turn: those that cost much are
    /// never read more than once a second.
    pub fn may(&self, index: usize, tick: &Tick) -> bool {
        self.sources.get(index).is_some_and(|it| {
            it.cadence != Cadence::Second
                || it
                    .read_ns
                    .is_none_or(|read_ns| tick.planned_ns - read_ns >= SECOND_NS)
        })
    }

    /// Notes that source `index` was read whole at this tick.
    pub fn read(&mut self, index: usize, tick: &Tick) {
        let every_ns = self.base.every_ns;
        let Some(it) = self.sources.get_mut(index) else {
            return;
        };
        let period_ns = it.period_ns(every_ns);
        it.due_ns = match it.read_ns {
            None => tick.planned_ns + it.phase_ns(every_ns),
            // Places that passed are not read one after the other.
            Some(_) => it.due_ns + period_ns * ((tick.planned_ns - it.due_ns) / period_ns).max(0),
        };
        if it.due_ns <= tick.planned_ns {
            it.due_ns += period_ns;
        }
        it.read_ns = Some(tick.planned_ns);
    }

    /// Whether a key sample is wanted at this tick.
    pub fn wants_key(&self, tick: &Tick) -> bool {
        tick.base
            && self
                .key_ns
                .is_none_or(|key_ns| tick.planned_ns >= key_ns + KEY_EVERY_NS)
    }

    /// Notes that a key sample was taken at this tick.
    pub fn keyed(&mut self, tick: &Tick) {
        // The grid of keys is kept, unless it was lost for a whole period.
        self.key_ns = match self.key_ns {
            Some(key_ns) if tick.planned_ns < key_ns + 2 * KEY_EVERY_NS => {
                Some(key_ns + (tick.planned_ns - key_ns).min(KEY_EVERY_NS))
            }
            _ => Some(tick.planned_ns),
        };
    }

    /// Changes the cadence, from the last sample on.
    pub fn set_every(&mut self, every_ns: i64, now_ns: i64) {
        let every_ns = bounded(every_ns);
        if every_ns == self.base.every_ns {
            return;
        }
        let last_ns = self.last_ns.unwrap_or(now_ns);
        self.base = Grid {
            next_ns: (last_ns + every_ns).max(now_ns),
            every_ns,
        };
        for source in &mut self.sources {
            source.reset(every_ns);
        }
    }

    /// Starts a burst of one sample each `every_ns`, or ends it with `None`.
    pub fn set_burst(&mut self, every_ns: Option<i64>, now_ns: i64) {
        self.burst = every_ns.map(|every_ns| Grid {
            next_ns: now_ns,
            every_ns: bounded(every_ns),
        });
    }
}

impl Planned {
    /// The class's period as a multiple of the cadence.
    fn period_ns(&self, every_ns: i64) -> i64 {
        let class_ns = match self.cadence {
            Cadence::Base => every_ns,
            Cadence::Second => SECOND_NS,
            Cadence::Slow => 10 * SECOND_NS,
            Cadence::Rare => 60 * SECOND_NS,
        };
        up(class_ns.max(every_ns), every_ns)
    }

    /// From the first reading, which all sources share, to the second.
    fn phase_ns(&self, every_ns: i64) -> i64 {
        let period_ns = self.period_ns(every_ns);
        match self.cadence {
            Cadence::Base | Cadence::Second => period_ns,
            Cadence::Slow | Cadence::Rare => {
                let (place, count) = self.place;
                up(period_ns * (place + 1) / count.max(1), every_ns).max(every_ns)
            }
        }
    }

    fn reset(&mut self, every_ns: i64) {
        if let Some(read_ns) = self.read_ns {
            self.due_ns = read_ns + self.period_ns(every_ns);
        }
    }
}

fn take(grid: &mut Grid, now_ns: i64, tick: &mut Tick) {
    let from_ns = grid.next_ns;
    let (planned_ns, missed) = grid.take(now_ns);
    tick.planned_ns = tick.planned_ns.max(planned_ns);
    if missed > 0 {
        tick.missed += missed.unsigned_abs();
        tick.missed_from_ns = tick.missed_from_ns.min(from_ns);
    }
}

/// `ns` rounded up to a multiple of `step_ns`.
fn up(ns: i64, step_ns: i64) -> i64 {
    (ns + step_ns - 1) / step_ns * step_ns
}

fn bounded(every_ns: i64) -> i64 {
    every_ns.clamp(FASTEST_NS, SLOWEST_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs for `length_ns` with wake-ups that come `late(n)` too late, and says
    /// at which planned times each source was read.
    fn run(
        schedule: &mut Schedule,
        length_ns: i64,
        late: impl Fn(i64) -> i64,
    ) -> Vec<(Tick, Vec<usize>)> {
        let mut log = Vec::new();
        while schedule.next_ns() < length_ns {
            let now_ns = schedule.next_ns() + late(log.len() as i64);
            let Some(tick) = schedule.tick(now_ns) else {
                break;
            };
            let due: Vec<usize> = (0..schedule.sources.len())
                .filter(|index| schedule.due(*index, &tick))
                .collect();
            for index in &due {
                schedule.read(*index, &tick);
            }
            log.push((tick, due));
        }
        log
    }

    #[test]
    fn late_wake_ups_do_not_drift() {
        for every_ns in [FASTEST_NS, 333_333_333, SECOND_NS, SLOWEST_NS] {
            let mut schedule = Schedule::new(&[Cadence::Base], every_ns, 0);
            let log = run(&mut schedule, 100 * every_ns, |n| {
                (n * 7_919_993) % every_ns
            });
            assert_eq!(log.len(), 100, "{every_ns}");
            for (place, (tick, due)) in log.iter().enumerate() {
                assert_eq!(tick.planned_ns, place as i64 * every_ns);
                assert_eq!((tick.missed, due.as_slice()), (0, [0].as_slice()));
                assert!(tick.late_ns >= 0 && tick.late_ns < every_ns);
            }
        }
    }

    #[test]
    fn the_second_tick_comes_soon_and_begins_the_grid() {
        let cadences = [Cadence::Base, Cadence::Second];
        for (every_ns, wanted) in [
            (SECOND_NS, [0, 250, 1_250, 2_250]),
            (100_000_000, [0, 100, 200, 300]),
        ] {
            let mut schedule = Schedule::new(&cadences, every_ns, 0).hastened(FIRST_STEP_NS);
            let log = run(&mut schedule, 3 * SECOND_NS, |_| 0);
            let times = log.iter().map(|(tick, _)| tick.planned_ns / 1_000_000);
            assert_eq!(times.take(4).collect::<Vec<i64>>(), wanted);
            assert!(log.iter().all(|(tick, _)| tick.missed == 0));
        }
    }

    #[test]
    fn a_missed_place_is_counted_and_not_made_up() {
        let mut schedule = Schedule::new(&[Cadence::Base], SECOND_NS, 0);
        assert!(schedule.tick(-1).is_none());
        let first = schedule.tick(0).map(|it| (it.planned_ns, it.missed));
        assert_eq!(first, Some((0, 0)));
        let late = schedule.tick(4_200_000_000);
        assert_eq!(
            late,
            Some(Tick {
                planned_ns: 4 * SECOND_NS,
                late_ns: 200_000_000,
                missed: 3,
                missed_from_ns: SECOND_NS,
                base: true,
                burst: false,
            })
        );
        assert_eq!(schedule.next_ns(), 5 * SECOND_NS);
    }

    #[test]
    fn classes_keep_their_period_and_are_spread() {
        use Cadence::{Base, Rare, Second, Slow};
        let cadences = [Base, Second, Slow, Slow, Slow, Slow, Slow, Rare, Rare];
        for every_ns in [FASTEST_NS, 300_000_000, SECOND_NS] {
            let mut schedule = Schedule::new(&cadences, every_ns, 0);
            let log = run(&mut schedule, 180 * SECOND_NS, |_| 0);
            assert_eq!(log[0].1.len(), cadences.len());
            let most = log[1..].iter().map(|(_, due)| due.len()).max();
            assert!(most <= Some(4), "{most:?} sources in one tick");
            for (index, period_s) in [(1, 1), (2, 10), (6, 10), (7, 60), (8, 60)] {
                let times: Vec<i64> = log
                    .iter()
                    .filter(|(_, due)| due.contains(&index))
                    .map(|(tick, _)| tick.planned_ns)
                    .collect();
                for pair in times[1..].windows(2) {
                    let period_ns = pair[1] - pair[0];
                    assert!(period_ns >= period_s * SECOND_NS, "{index} at {every_ns}");
                    assert!(period_ns < period_s * SECOND_NS + every_ns);
                }
                let covered_ns = times.len() as i64 * (period_s * SECOND_NS + every_ns);
                assert!(covered_ns >= 170 * SECOND_NS, "{index} at {every_ns}");
            }
        }
    }

    #[test]
    fn a_burst_ticks_between_base_ticks() {
        let mut schedule = Schedule::new(&[Cadence::Base, Cadence::Second], SECOND_NS, 0);
        schedule.set_burst(Some(100_000_000), 50_000_000);
        let log = run(&mut schedule, 10 * SECOND_NS, |_| 0);
        let base = log.iter().filter(|(tick, _)| tick.base).count();
        let burst = log.iter().filter(|(tick, _)| tick.burst).count();
        assert_eq!((base, burst), (10, 100));
        assert!(log.iter().all(|(tick, _)| tick.missed == 0));
        schedule.set_burst(None, 10 * SECOND_NS);
        assert_eq!(schedule.next_ns(), 10 * SECOND_NS);
    }

    #[test]
    fn a_new_cadence_starts_at_the_last_sample() {
        let mut schedule = Schedule::new(&[Cadence::Base, Cadence::Second], SECOND_NS, 0);
        run(&mut schedule, 3 * SECOND_NS, |_| 0);
        schedule.set_every(FASTEST_NS, 2_500_000_000);
        let log = run(&mut schedule, 4_500_000_000, |_| 0);
        assert_eq!(log[0].0.planned_ns, 2_500_000_000);
        assert!(log.iter().all(|(tick, _)| tick.missed == 0));
        let read = log.iter().filter(|(_, due)| due.contains(&1));
        let times: Vec<i64> = read.map(|(tick, _)| tick.planned_ns).collect();
        assert_eq!(times, [3 * SECOND_NS, 4 * SECOND_NS]);
    }
}
