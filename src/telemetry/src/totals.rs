//! Running totals of several senders that tell one series.
//!
//! Processes of one service that name no instance tell the same series, each with a total
//! of its own: taken for one total, they would fall and rise with every export. What sets
//! them apart is when each began to count, which OTLP tells with every point.
//!
//! * In: points of one series: a total, when its sender began and when it was observed.
//! * Out: how much each point adds to what was told before, so that all add up to one
//!   total that only grows.
//! * Never: reads a clock, or holds more senders than the caller says.
//!
//! Senders that tell no start, or the same one, cannot be told apart: their totals fall
//! where another one speaks, and a fall is a restart. Those that claim a start and fall
//! all the same are marked, so that people can be told.
//!
//! Start at [`Senders::gain`].
//!
//! # Source
//!
//! OpenTelemetry metrics data model, "Resets and Gaps" and "Cumulative streams: handling
//! unknown start time".

use model::histogram::Histogram;

/// Something that only grows, until its sender begins anew.
pub trait Running: Sized + Clone {
    /// How much it grew; `None` where it fell, so that it began anew.
    fn since(&self, before: &Self) -> Option<Self>;
}

impl Running for f64 {
    fn since(&self, before: &Self) -> Option<Self> {
        (self >= before).then(|| self - before)
    }
}

impl Running for Histogram {
    fn since(&self, before: &Self) -> Option<Self> {
        Self::since(self, before)
    }
}

/// The interval that a total counts, by its sender's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When its sender began to count; 0 when not told.
    pub start_ns: i64,
    /// When it was observed.
    pub at_ns: i64,
}

/// What the listener knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// When it began to listen, by the senders' clocks: what began later counts from
    /// nothing.
    pub since_ns: i64,
    /// Its own time, for [`Senders::forget_before`].
    pub now_ns: i64,
    /// So many senders of the series are held apart, at most; one at least.
    pub most: usize,
}

/// What a point adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain<T> {
    /// How much.
    pub by: T,
    /// Since when, by the sender's clock.
    pub from_ns: i64,
    /// Whether the total fell though its sender says that it did not begin anew: two
    /// senders with one start, or one whose start is wrong.
    pub fell: bool,
}

/// The senders of one series, apart.
#[derive(Clone, Debug)]
pub struct Senders<T> {
    held: Vec<Sender<T>>,
    /// The latest start among the forgotten; `i64::MIN` without any.
    forgotten_ns: i64,
}

#[derive(Clone, Debug)]
struct Sender<T> {
    counted: Counted,
    total: T,
    told_ns: i64,
}

impl<T> Default for Senders<T> {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            forgotten_ns: i64::MIN,
        }
    }
}

impl<T: Running> Senders<T> {
    /// Takes in a total; `None` where it adds nothing that is known: what a sender counted
    /// before anybody listened, or a point that was overtaken.
    pub fn gain(&mut self, counted: Counted, total: T, listener: Listener) -> Option<Gain<T>> {
        let counted = counted.checked();
        let Some(known) = self.held.iter_mut().find(|it| it.is(counted)) else {
            return self.begin(counted, total, listener);
        };
        let before = known.counted;
        let grown = total.since(&known.total);
        if grown.is_none() && counted.at_ns < before.at_ns {
            return None;
        }
        let fell = grown.is_none() && counted.start_ns > 0 && counted.start_ns == before.start_ns;
        let by = grown.unwrap_or_else(|| total.clone());
        *known = Sender {
            counted,
            total,
            told_ns: listener.now_ns,
        };
        Some(Gain {
            by,
            from_ns: before.at_ns.min(counted.at_ns),
            fell,
        })
    }

    fn begin(&mut self, counted: Counted, total: T, listener: Listener) -> Option<Gain<T>> {
        // One that was forgotten counted already what it had counted then.
        let anew = counted.start_ns > 0
            && counted.start_ns >= listener.since_ns
            && counted.start_ns > self.forgotten_ns;
        let gain = anew.then(|| Gain {
            by: total.clone(),
            from_ns: counted.start_ns,
            fell: false,
        });
        while self.held.len() >= listener.most.max(1) {
            self.forget_quietest();
        }
        self.held.push(Sender {
            counted,
            total,
            told_ns: listener.now_ns,
        });
        gain
    }

    fn forget_quietest(&mut self) {
        let numbered = self.held.iter().enumerate();
        if let Some((place, _)) = numbered.min_by_key(|(_, it)| it.told_ns) {
            let forgotten = self.held.swap_remove(place);
            self.forgotten_ns = self.forgotten_ns.max(forgotten.counted.start_ns);
        }
    }

    /// Lets go of senders that told nothing since `told_ns`, by the listener's time.
    pub fn forget_before(&mut self, told_ns: i64) {
        while self.held.iter().any(|it| it.told_ns < told_ns) {
            self.forget_quietest();
        }
    }

    /// How many are held.
    pub fn count(&self) -> usize {
        self.held.len()
    }

    /// Whether nothing was ever told.
    pub fn is_new(&self) -> bool {
        self.held.is_empty() && self.forgotten_ns == i64::MIN
    }

    /// The totals told last of those that are held, and when.
    pub fn totals(&self) -> impl Iterator<Item = (Counted, &T)> {
        self.held.iter().map(|it| (it.counted, &it.total))
    }
}

impl Counted {
    /// Without a start that cannot be one: nothing is counted in no time.
    fn checked(self) -> Self {
        let start_ns = if self.start_ns < self.at_ns {
            self.start_ns.max(0)
        } else {
            0
        };
        Self { start_ns, ..self }
    }
}

impl<T> Sender<T> {
    /// Whether a point is of this sender: of one start, or one whose start is the point
    /// before, as those write it who count each interval from the last.
    fn is(&self, counted: Counted) -> bool {
        let start_ns = counted.start_ns;
        start_ns == self.counted.start_ns || (start_ns > 0 && start_ns == self.counted.at_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens from 100 on and holds two.
    const LISTENER: Listener = Listener {
        since_ns: 100,
        now_ns: 0,
        most: 2,
    };

    /// What points of `(start, at, total)` add, one after another.
    fn gains(points: &[(i64, i64, f64)]) -> Vec<Option<f64>> {
        let mut senders = Senders::default();
        let mut gain = |(start_ns, at_ns, total): &(i64, i64, f64)| {
            let counted = Counted {
                start_ns: *start_ns,
                at_ns: *at_ns,
            };
            let listener = Listener {
                now_ns: *at_ns,
                ..LISTENER
            };
            senders.gain(counted, *total, listener).map(|it| it.by)
        };
        points.iter().map(&mut gain).collect()
    }

    #[test]
    fn two_that_take_turns_add_up() {
        let told = [
            (10, 200, 50.0),
            (150, 201, 3.0),
            (10, 210, 52.0),
            (150, 211, 7.0),
        ];
        // The first began before anybody listened.
        assert_eq!(gains(&told), [None, Some(3.0), Some(2.0), Some(4.0)]);
    }

    #[test]
    fn one_that_began_anew_counts_from_nothing_and_its_former_self_stays() {
        let told = [
            (10, 200, 50.0),
            (205, 210, 4.0),
            (10, 204, 51.0),
            (205, 220, 9.0),
        ];
        assert_eq!(gains(&told), [None, Some(4.0), Some(1.0), Some(5.0)]);
    }

    #[test]
    fn without_a_start_a_fall_is_a_restart() {
        let told = [(0, 200, 50.0), (0, 210, 52.0), (0, 220, 1.0), (0, 230, 4.0)];
        assert_eq!(gains(&told), [None, Some(2.0), Some(1.0), Some(3.0)]);
        // A start that is no earlier than the point is none.
        let told = [(200, 200, 50.0), (210, 210, 52.0)];
        assert_eq!(gains(&told), [None, Some(2.0)]);
    }

    #[test]
    fn a_start_that_follows_each_point_is_one_sender() {
        let told = [(150, 200, 5.0), (200, 210, 8.0), (210, 220, 9.0)];
        assert_eq!(gains(&told), [Some(5.0), Some(3.0), Some(1.0)]);
    }

    #[test]
    fn a_point_that_was_overtaken_adds_nothing() {
        let told = [(150, 200, 5.0), (150, 190, 4.0), (150, 210, 6.0)];
        assert_eq!(gains(&told), [Some(5.0), None, Some(1.0)]);
    }

    #[test]
    fn the_forgotten_are_not_counted_twice() {
        let told = [
            (150, 200, 5.0),
            (151, 201, 1.0),
            // A third takes the place of the first, which then begins as one unknown.
            (152, 202, 2.0),
            (150, 203, 6.0),
            (150, 204, 9.0),
        ];
        assert_eq!(
            gains(&told),
            [Some(5.0), Some(1.0), Some(2.0), None, Some(3.0)]
        );
        let mut senders = Senders::default();
        let counted = |at_ns| Counted {
            start_ns: 150,
            at_ns,
        };
        senders.gain(counted(200), 5.0, LISTENER);
        senders.forget_before(1);
        assert!(senders.count() == 0 && !senders.is_new());
        assert_eq!(senders.gain(counted(210), 7.0, LISTENER), None);
    }

    #[test]
    fn a_fall_under_one_start_is_marked() {
        let mut senders = Senders::default();
        let mut fell = |start_ns, at_ns, total| {
            let counted = Counted { start_ns, at_ns };
            let gain = senders.gain(counted, total, LISTENER);
            gain.is_some_and(|it: Gain<f64>| it.fell)
        };
        assert!(!fell(150, 200, 5.0));
        assert!(fell(150, 210, 1.0));
        assert!(!fell(150, 220, 2.0));
    }
}
