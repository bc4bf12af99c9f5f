//! Series that applications told, between two samples.
//!
//! Levels and totals wait as they were told last; what was observed adds up. Totals of
//! histograms become what was observed since the total before. A series that is not told
//! any more ends, so that its number can be given to another one.
//!
//! Start at [`Numbers::place`] and [`Numbers::flush`].

use std::collections::{BTreeSet, HashMap};

use model::histogram::{Histogram, Row};
use model::time::{Moment, SECOND_NS};
use telemetry::otlp::{Point, Value};

use crate::redact;
use crate::sink::{About, Sink, Slot};

/// Series told at a time, at most; what comes after is counted and left out.
const SERIES_MAX: usize = 30_000;

/// Attributes of a series, at most; the rest is left out.
const ATTRIBUTES_MAX: usize = 24;

/// A series that was not told for so long has ended, unless what tells it is slower still:
/// OTLP sends each minute by default.
const QUIET_NS: i64 = 300 * SECOND_NS;

/// Longest name of a metric, in characters.
const NAME_MAX: usize = 255;

type Name = (String, Vec<(String, String)>);

/// Everything told.
#[derive(Debug)]
pub(crate) struct Numbers {
    entries: Vec<Entry>,
    places: HashMap<Name, usize>,
    free: Vec<usize>,
    /// Places that have something for the next sample.
    fresh: BTreeSet<usize>,
    /// Series that found no place so far.
    pub(crate) crowded: u64,
    /// Histograms whose buckets changed, so that what was observed is unknown.
    pub(crate) unlike: u64,
    swept_ns: i64,
    /// Series so far, so that a place given to another one is told from before.
    lives: u64,
    /// A series that was not told for so long has ended.
    quiet_ns: i64,
}

#[derive(Debug)]
struct Entry {
    name: Name,
    life: u64,
    about: About,
    slot: Option<Slot>,
    pending: Pending,
    /// What growths and changes add up to.
    sum: f64,
    /// The total told last, and when by its sender's clock.
    total: Option<(i64, Histogram)>,
    told_ns: i64,
    ended: bool,
}

#[derive(Debug, Default)]
struct Pending {
    number: Option<f64>,
    observed: Option<Histogram>,
    /// Length of the interval that the sender told; that between samples without.
    width_ns: i64,
}

/// Where a series waits, as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    at: usize,
    life: u64,
}

/// A place that nobody has: what is told there is lost.
pub(crate) const NOWHERE: Place = Place {
    at: usize::MAX,
    life: 0,
};

impl Default for Numbers {
    fn default() -> Self {
        Self::slow(0)
    }
}

impl Numbers {
    /// None so far; the slowest of what tells them does so each `every_ns`.
    pub(crate) fn slow(every_ns: i64) -> Self {
        Self {
            entries: Vec::new(),
            places: HashMap::new(),
            free: Vec::new(),
            fresh: BTreeSet::new(),
            crowded: 0,
            unlike: 0,
            swept_ns: 0,
            lives: 0,
            quiet_ns: QUIET_NS.max(every_ns.saturating_mul(3)),
        }
    }

    /// Whether the series that was given this place has it still.
    pub(crate) fn holds(&self, place: Place) -> bool {
        let entry = self.entries.get(place.at);
        entry.is_some_and(|it| it.life == place.life)
    }

    fn told(&mut self, place: Place) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(place.at);
        let entry = entry.filter(|it| it.life == place.life)?;
        // Told again before the sample that would have ended it.
        entry.ended = false;
        self.fresh.insert(place.at);
        Some(entry)
    }

    /// The place of a series; [`NOWHERE`] when there are too many. Attributes are sorted.
    pub(crate) fn place(
        &mut self,
        metric: &str,
        attributes: &[(String, String)],
        about: impl FnOnce() -> About,
    ) -> Place {
        let name = (metric.to_owned(), attributes.to_vec());
        if let Some(at) = self.places.get(&name) {
            return Place {
                at: *at,
                life: self.entries[*at].life,
            };
        }
        if self.places.len() >= SERIES_MAX {
            self.crowded += 1;
            return NOWHERE;
        }
        self.lives += 1;
        let entry = Entry {
            name: name.clone(),
            life: self.lives,
            about: about(),
            slot: None,
            pending: Pending::default(),
            sum: 0.0,
            total: None,
            told_ns: self.swept_ns,
            ended: false,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.entries[at] = entry;
                at
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        self.places.insert(name, at);
        Place {
            at,
            life: self.lives,
        }
    }

    /// Takes in a point of OTLP; `since_ns` is when this agent began to listen, on the
    /// sender's clock: totals that began later count from nothing.
    pub(crate) fn point(&mut self, point: Point, since_ns: i64) {
        let place = self.place(&point.metric, &point.attributes, || about(&point));
        match point.value {
            // The sender says that it has ended.
            None => self.end(place),
            Some(Value::Level(level)) => self.set(place, level),
            Some(Value::Total(total)) => self.set(place, total),
            Some(Value::Growth(by) | Value::Change(by)) => self.add(place, by),
            Some(Value::Observed(histogram)) => {
                let width_ns = point.at_ns.saturating_sub(point.start_ns);
                let told = if point.start_ns > 0 { width_ns } else { 0 };
                self.observe(place, &histogram, told);
            }
            Some(Value::AllObserved(total)) => {
                let began = (point.start_ns >= since_ns).then_some(point.start_ns);
                self.total(place, total, point.at_ns, began);
            }
        }
    }

    /// Tells a level or total.
    pub(crate) fn set(&mut self, place: Place, value: f64) {
        if let Some(entry) = self.told(place) {
            entry.sum = value;
            entry.pending.number = Some(value);
        }
    }

    /// Tells how much a total grew, or a level changed.
    pub(crate) fn add(&mut self, place: Place, by: f64) {
        // What is no number would leave none for good.
        if let Some(entry) = self.told(place).filter(|_| by.is_finite()) {
            entry.sum += by;
            entry.pending.number = Some(entry.sum);
        }
    }

    /// Tells one observation that stands for so many.
    pub(crate) fn record(&mut self, place: Place, value: f64, times: u64) {
        if let Some(entry) = self.told(place) {
            let observed = entry.pending.observed.get_or_insert_default();
            observed.record_many(value, times);
        }
    }

    /// Tells what was observed over an interval; 0 for that between two samples.
    pub(crate) fn observe(&mut self, place: Place, histogram: &Histogram, width_ns: i64) {
        let Some(entry) = self.told(place) else {
            return;
        };
        let pending = &mut entry.pending;
        match &mut pending.observed {
            Some(observed) => {
                let unlike = observed.add(histogram).is_err();
                pending.width_ns = pending.width_ns.saturating_add(width_ns);
                self.unlike += u64::from(unlike);
            }
            None => {
                pending.observed = Some(histogram.clone());
                pending.width_ns = width_ns;
            }
        }
    }

    /// Tells everything observed since the sender began, which was at `began` if the
    /// agent heard it from the start.
    pub(crate) fn total(&mut self, place: Place, total: Histogram, at_ns: i64, began: Option<i64>) {
        let Some(entry) = self.told(place) else {
            return;
        };
        let grown = match &entry.total {
            Some((before_ns, before)) => {
                let width_ns = at_ns.saturating_sub(*before_ns);
                let grown = total.since(before).map(|it| (it, width_ns));
                // It fell, so the sender began anew and all of it is new.
                grown.or_else(|| Some((total.clone(), width_ns)))
            }
            // What was observed before anybody listened belongs to no interval here.
            None => began.map(|from| (total.clone(), at_ns.saturating_sub(from))),
        };
        entry.total = Some((at_ns, total));
        if let Some((grown, width_ns)) = grown {
            self.observe(place, &grown, width_ns.max(0));
        }
    }

    /// Says that a series is not told any more.
    pub(crate) fn end(&mut self, place: Place) {
        if let Some(entry) = self.told(place) {
            entry.ended = true;
        }
    }

    /// Hands everything that waits to a sample; `width_ns` is the time since the one
    /// before.
    pub(crate) fn flush(&mut self, sink: &mut Sink, width_ns: i64) {
        let boot_ns = sink.stamp.boot_ns;
        for place in std::mem::take(&mut self.fresh) {
            let Some(entry) = self.entries.get_mut(place) else {
                continue;
            };
            let pending = std::mem::take(&mut entry.pending);
            let slot = *entry.slot.get_or_insert_with(|| {
                sink.declare_told(&entry.name.0, &entry.name.1, &entry.about)
            });
            if let Some(number) = pending.number {
                sink.set_number(slot, number);
            }
            if let Some(histogram) = pending.observed.filter(|it| it.count > 0) {
                let told = pending.width_ns;
                let row = Row {
                    at: Moment(boot_ns),
                    width_ns: if told > 0 { told } else { width_ns },
                    active_s: f64::NAN,
                    histogram,
                };
                sink.observed.push((slot, row));
            }
            entry.told_ns = boot_ns;
            if entry.ended {
                self.forget(place, sink);
            }
        }
        if boot_ns - self.swept_ns > self.quiet_ns / 10 {
            let quiet_ns = self.quiet_ns;
            self.swept_ns = boot_ns;
            let quiet = |entry: &Entry| !entry.ended && boot_ns - entry.told_ns > quiet_ns;
            let all = self.entries.iter().enumerate();
            let ended: Vec<usize> = all.filter(|(_, it)| quiet(it)).map(|(at, _)| at).collect();
            for place in ended {
                self.forget(place, sink);
            }
        }
    }

    fn forget(&mut self, place: usize, sink: &mut Sink) {
        let entry = &mut self.entries[place];
        entry.ended = true;
        // Lives count from one, so that nobody holds it now.
        entry.life = 0;
        if let Some(slot) = entry.slot.take() {
            sink.retire(slot);
        }
        if self.places.remove(&entry.name).is_some() {
            self.free.push(place);
        }
    }
}

/// What a point's metric is.
fn about(point: &Point) -> About {
    About {
        unit: point.unit().to_owned(),
        kind: point.kind(),
        polarity: telemetry::polarity(&point.metric, point.kind()),
    }
}

/// Attributes as they may be kept: clean, without secrets, sorted, not too many.
pub(crate) fn kept(attributes: Vec<(String, String)>) -> Vec<(String, String)> {
    let cleaned = attributes.into_iter().take(ATTRIBUTES_MAX);
    let mut kept: Vec<(String, String)> = cleaned
        .map(|(key, value)| (redact::clean(&key, NAME_MAX), redact::value(&key, &value)))
        .collect();
    kept.sort();
    kept.dedup_by(|a, b| a.0 == b.0);
    kept
}

#[cfg(test)]
mod tests {
    use model::batch::Stamp;
    use model::catalog::{Kind, Polarity};

    use super::*;

    fn gauge() -> About {
        About {
            unit: "1".to_owned(),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        }
    }

    fn sample(numbers: &mut Numbers, sink: &mut Sink, second: i64) {
        sink.begin(Stamp {
            boot_ns: second * SECOND_NS,
            unix_ns: second * SECOND_NS,
        });
        numbers.flush(sink, SECOND_NS);
    }

    #[test]
    fn a_place_that_was_given_to_another_series_takes_nothing_of_the_first() {
        let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
        let first = numbers.place("first", &[], gauge);
        numbers.set(first, 1.0);
        sample(&mut numbers, &mut sink, 1);
        numbers.end(first);
        sample(&mut numbers, &mut sink, 2);
        assert!(!numbers.holds(first));
        let second = numbers.place("second", &[], gauge);
        assert_eq!((first.at, second.at), (0, 0));
        numbers.set(second, 2.0);
        numbers.set(first, 1.0);
        assert_eq!(numbers.entries[0].pending.number, Some(2.0));
        assert!(numbers.holds(second));
    }

    #[test]
    fn what_is_told_again_before_it_would_end_goes_on() {
        let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
        let place = numbers.place("level", &[], gauge);
        numbers.end(place);
        numbers.set(place, 3.0);
        sample(&mut numbers, &mut sink, 1);
        assert!(numbers.holds(place));
    }

    #[test]
    fn a_growth_that_is_no_number_does_not_end_all_numbers() {
        let mut numbers = Numbers::default();
        let place = numbers.place("total", &[], gauge);
        for by in [1.0, f64::NAN, 2.0] {
            numbers.add(place, by);
        }
        assert_eq!(numbers.entries[0].pending.number, Some(3.0));
    }
}
