//! Series that applications told, between two samples.
//!
//! Levels wait as they were told last; what was observed adds up. Totals of histograms
//! become what was observed since the total before. A series that is not told any more
//! ends, so that its number can be given to another one.
//!
//! Several processes may tell one series. Their totals are held apart by when each began
//! ([`telemetry::totals`]) and become one that only grows; of levels the last told counts,
//! whoever told it.
//!
//! Start at [`Numbers::place`] and [`Numbers::flush`].

use std::collections::{BTreeSet, HashMap};

use model::histogram::{Histogram, Row};
use model::time::{Moment, SECOND_NS};
use telemetry::otlp::{Point, Value};
use telemetry::totals::{Counted, Gain, Listener, Running, Senders};

use crate::redact;
use crate::sink::{About, Sink, Slot};

/// Series told at a time, at most; what comes after is counted and left out.
const SERIES_MAX: usize = 30_000;

/// Attributes of a series, at most; the rest is left out.
const ATTRIBUTES_MAX: usize = 24;

/// A series that was not told for so long has ended, unless what tells it is slower still:
/// OTLP sends each minute by default.
const QUIET_NS: i64 = 300 * SECOND_NS;

/// Senders of one series that are held apart, at most: processes of one machine.
const SENDERS_MAX: usize = 64;

/// Senders of all series that are held, at most: twice as many as there are series. An
/// explicit histogram of twelve buckets takes 200 bytes, so that all take some 12 MB.
const ALL_SENDERS_MAX: usize = 2 * SERIES_MAX;

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
    /// Totals that fell though their sender says that it did not begin anew.
    pub(crate) mingled: u64,
    /// Senders of all series that are held.
    senders: usize,
    /// When the last sample was.
    now_ns: i64,
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
    /// Who tells totals of it.
    totals: Senders<f64>,
    /// Who tells totals of observations.
    observations: Senders<Histogram>,
    told_ns: i64,
    ended: bool,
}

#[derive(Debug, Default)]
struct Pending {
    number: Option<f64>,
    observed: Option<Histogram>,
    /// Lengths of the intervals that senders told, added up; 0 without any.
    width_ns: i64,
    /// From the first begin to the last end of them.
    within_ns: Option<(i64, i64)>,
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
        Self {
            entries: Vec::new(),
            places: HashMap::new(),
            free: Vec::new(),
            fresh: BTreeSet::new(),
            crowded: 0,
            unlike: 0,
            mingled: 0,
            senders: 0,
            now_ns: 0,
            swept_ns: 0,
            lives: 0,
            quiet_ns: QUIET_NS,
        }
    }
}

impl Numbers {
    /// Something more tells them, each `every_ns`.
    pub(crate) fn slower(&mut self, every_ns: i64) {
        self.quiet_ns = self.quiet_ns.max(every_ns.saturating_mul(3));
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
            totals: Senders::default(),
            observations: Senders::default(),
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
        let counted = Counted {
            start_ns: point.start_ns,
            at_ns: point.at_ns,
        };
        match point.value {
            // The sender says that it has ended.
            None => self.end(place),
            Some(Value::Level(level)) => self.set(place, level),
            Some(Value::Total(total)) => self.grow(place, total, counted, since_ns),
            Some(Value::Growth(by) | Value::Change(by)) => self.add(place, by),
            Some(Value::Observed(histogram)) => {
                let told = point.start_ns > 0 && point.start_ns < point.at_ns;
                let interval = told.then_some((point.start_ns, point.at_ns));
                self.observe(place, &histogram, interval);
            }
            Some(Value::AllObserved(total)) => self.total(place, total, counted, since_ns),
        }
    }

    /// Tells a level, or the total of who alone tells it.
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

    /// Tells what was observed over an interval of the sender's clock; without one over
    /// that between two samples.
    pub(crate) fn observe(
        &mut self,
        place: Place,
        histogram: &Histogram,
        interval: Option<(i64, i64)>,
    ) {
        let Some(entry) = self.told(place) else {
            return;
        };
        let pending = &mut entry.pending;
        let unlike = match &mut pending.observed {
            Some(observed) => observed.add(histogram).is_err(),
            None => {
                pending.observed = Some(histogram.clone());
                false
            }
        };
        if let Some((from, to)) = interval {
            let (first, last) = pending.within_ns.unwrap_or((from, to));
            pending.within_ns = Some((first.min(from), last.max(to)));
            let width_ns = to.saturating_sub(from).max(0);
            pending.width_ns = pending.width_ns.saturating_add(width_ns);
        }
        self.unlike += u64::from(unlike);
    }

    /// Tells a total of one of those who count the same.
    fn grow(&mut self, place: Place, total: f64, counted: Counted, since_ns: i64) {
        let listener = self.listener(since_ns);
        let Some(entry) = self.told(place).filter(|_| total.is_finite()) else {
            return;
        };
        let first = entry.totals.is_new();
        let gain = gained(&mut entry.totals, (counted, total), listener);
        entry.sum += match &gain.gain {
            // What was counted before anybody listened is where the total begins.
            _ if first => total,
            Some(gain) => gain.by,
            None => 0.0,
        };
        entry.pending.number = Some(entry.sum);
        self.note(&gain);
    }

    /// Tells everything observed since one of the senders began.
    pub(crate) fn total(
        &mut self,
        place: Place,
        total: Histogram,
        counted: Counted,
        since_ns: i64,
    ) {
        let listener = self.listener(since_ns);
        let Some(entry) = self.told(place) else {
            return;
        };
        let gain = gained(&mut entry.observations, (counted, total), listener);
        self.note(&gain);
        if let Some(gain) = gain.gain {
            self.observe(place, &gain.by, Some((gain.from_ns, counted.at_ns)));
        }
    }

    fn listener(&self, since_ns: i64) -> Listener {
        Listener {
            since_ns,
            now_ns: self.now_ns,
            most: match self.senders < ALL_SENDERS_MAX {
                true => SENDERS_MAX,
                false => 1,
            },
        }
    }

    fn note<T>(&mut self, gained: &Gained<T>) {
        self.senders = self.senders.saturating_add_signed(gained.more);
        let fell = gained.gain.as_ref().is_some_and(|it| it.fell);
        self.mingled += u64::from(fell);
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
        self.now_ns = boot_ns;
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
            let told_ns = pending.width_told_ns();
            if let Some(histogram) = pending.observed.filter(|it| it.count > 0) {
                let row = Row {
                    at: Moment(boot_ns),
                    width_ns: told_ns.unwrap_or(width_ns),
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
            self.sweep(boot_ns, sink);
        }
    }

    /// Ends series and lets go of senders that were quiet for long.
    fn sweep(&mut self, boot_ns: i64, sink: &mut Sink) {
        self.swept_ns = boot_ns;
        let least_ns = boot_ns - self.quiet_ns;
        let quiet = |entry: &Entry| !entry.ended && entry.told_ns < least_ns;
        let all = self.entries.iter().enumerate();
        let ended: Vec<usize> = all.filter(|(_, it)| quiet(it)).map(|(at, _)| at).collect();
        for place in ended {
            self.forget(place, sink);
        }
        self.senders = 0;
        for entry in &mut self.entries {
            entry.totals.forget_before(least_ns);
            entry.observations.forget_before(least_ns);
            self.senders += entry.totals.count() + entry.observations.count();
        }
    }

    fn forget(&mut self, place: usize, sink: &mut Sink) {
        let entry = &mut self.entries[place];
        entry.ended = true;
        (entry.totals, entry.observations) = Default::default();
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

impl Pending {
    /// Length of the interval that senders told. Parts of one sender follow each other and
    /// add up; those of several cover the same time, which is not counted twice.
    fn width_told_ns(&self) -> Option<i64> {
        let (from, to) = self.within_ns?;
        let width_ns = self.width_ns.min(to.saturating_sub(from));
        Some(width_ns).filter(|it| *it > 0)
    }
}

/// What a total added, and how many senders more are held for it.
struct Gained<T> {
    gain: Option<Gain<T>>,
    more: isize,
}

fn gained<T: Running>(
    senders: &mut Senders<T>,
    (counted, total): (Counted, T),
    listener: Listener,
) -> Gained<T> {
    // Bounded by `ALL_SENDERS_MAX`.
    let count = |senders: &Senders<T>| senders.count() as isize;
    let before = count(senders);
    let gain = senders.gain(counted, total, listener);
    Gained {
        gain,
        more: count(senders) - before,
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
mod tests;
