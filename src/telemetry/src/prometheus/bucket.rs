//! Puts classic histograms together, whose buckets are told one a line.
//!
//! The lines of one histogram may come in any order and among those of others. A
//! histogram is complete when the body ends, or when one of its lines comes again with
//! another time, as in files that hold several moments.

use std::collections::HashMap;
use std::sync::Arc;

use model::histogram::{BUCKETS_MAX, Buckets, Explicit, Histogram};
use model::time::Moment;

use super::why::Why;
use super::{Scrape, number};

/// Most buckets of one target that are remembered, at 16 bytes: four times those of
/// 50,000 series with ten.
const BUCKETS_ALL_MAX: usize = 2_000_000;

/// The classic histograms of one target.
#[derive(Debug, Default)]
pub(super) struct Histograms {
    all: Vec<Assembly>,
    /// Buckets of all, here and in `shared`.
    buckets: usize,
    by_series: HashMap<u32, u32>,
    /// Those of which something was told since they were last completed.
    open: Vec<u32>,
    /// Bounds of histograms that are told as a whole, by series.
    shared: HashMap<u32, Arc<[f64]>>,
}

/// One histogram: what was told of it so far. `NaN` is what was not told.
#[derive(Debug)]
struct Assembly {
    series: u32,
    /// Upper bounds by slot, in the order met.
    bounds: Vec<f64>,
    /// Cumulative counts by slot.
    told: Vec<f64>,
    sum: Option<f64>,
    count: f64,
    at: Option<Moment>,
    line: u64,
    open: bool,
    shape: Shape,
}

/// The slots in the order of their bounds, kept from scrape to scrape.
#[derive(Debug, Default)]
struct Shape {
    /// Slots of finite bounds, ascending.
    order: Vec<u16>,
    bounds: Arc<[f64]>,
    /// The slot without upper bound.
    top: Option<u16>,
    /// Number of slots when this was made.
    slots: usize,
}

/// Which number of a histogram a line tells.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Bucket(u16),
    Sum,
    Count,
}

/// One number of a histogram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) histogram: u32,
    pub(super) field: Field,
    pub(super) value: f64,
    pub(super) at: Option<Moment>,
    pub(super) line: u64,
}

/// Takes the upper bound out of the labels of a bucket.
pub(super) fn take_bound(labels: &mut Vec<(String, String)>) -> Result<f64, Why> {
    let place = labels.iter().position(|(key, _)| key == "le");
    let (_, text) = labels.remove(place.ok_or(Why::Bound)?);
    let bound = number::value(text.as_bytes()).filter(|it| !it.is_nan());
    bound.ok_or(Why::Bound)
}

impl Histograms {
    /// The number of the histogram that is this series.
    pub(super) fn of_series(&mut self, series: u32) -> u32 {
        *self.by_series.entry(series).or_insert_with(|| {
            self.all.push(Assembly::new(series));
            // At most one for each series, whose number has 32 bits.
            self.all.len() as u32 - 1
        })
    }

    /// The series that a histogram is.
    pub(super) fn series(&self, histogram: u32) -> Option<u32> {
        self.all.get(histogram as usize).map(|it| it.series)
    }

    /// The slot of an upper bound.
    pub(super) fn slot(&mut self, histogram: u32, bound: f64) -> Result<u16, Why> {
        let assembly = self.all.get_mut(histogram as usize).ok_or(Why::Bound)?;
        let known = assembly.bounds.iter().position(|it| *it == bound);
        let slot = known.unwrap_or(assembly.bounds.len());
        if slot > BUCKETS_MAX || (known.is_none() && self.buckets >= BUCKETS_ALL_MAX) {
            return Err(Why::TooManyBuckets);
        }
        if known.is_none() {
            self.buckets += 1;
            assembly.bounds.push(bound);
            assembly.told.push(f64::NAN);
        }
        u16::try_from(slot).map_err(|_| Why::TooManyBuckets)
    }

    /// The bounds of a histogram that is told as a whole, shared between scrapes.
    pub(super) fn shared(&mut self, series: u32, bounds: &[f64]) -> Arc<[f64]> {
        if let Some(known) = self.shared.get(&series).filter(|it| ***it == *bounds) {
            return Arc::clone(known);
        }
        let made: Arc<[f64]> = bounds.into();
        if self.buckets + bounds.len() <= BUCKETS_ALL_MAX {
            let before = self.shared.insert(series, Arc::clone(&made));
            self.buckets += bounds.len();
            self.buckets -= before.map_or(0, |it| it.len());
        }
        made
    }

    /// Takes in one number; what is complete by it goes to `scrape`.
    pub(super) fn tell(&mut self, told: Told, scrape: &mut Scrape) {
        let Some(assembly) = self.all.get_mut(told.histogram as usize) else {
            return;
        };
        if assembly.open && assembly.at != told.at {
            assembly.complete(scrape);
        }
        if !assembly.open {
            assembly.open = true;
            assembly.at = told.at;
            assembly.line = told.line;
            self.open.push(told.histogram);
        }
        if let Err(why) = assembly.take(told.field, told.value) {
            scrape.skip(told.line, why);
        }
    }

    /// Completes what is open, at the end of a body.
    pub(super) fn finish(&mut self, scrape: &mut Scrape) {
        for place in self.open.drain(..) {
            let assembly = self.all.get_mut(place as usize);
            if let Some(assembly) = assembly.filter(|it| it.open) {
                assembly.complete(scrape);
            }
        }
    }

    /// Forgets what was told of one, since the body was cut within it.
    pub(super) fn forget(&mut self, histogram: u32) {
        if let Some(assembly) = self.all.get_mut(histogram as usize) {
            assembly.reset();
        }
    }
}

impl Assembly {
    fn new(series: u32) -> Self {
        Self {
            series,
            bounds: Vec::new(),
            told: Vec::new(),
            sum: None,
            count: f64::NAN,
            at: None,
            line: 0,
            open: false,
            shape: Shape::default(),
        }
    }

    fn take(&mut self, field: Field, value: f64) -> Result<(), Why> {
        let place = match field {
            Field::Bucket(slot) => self.told.get_mut(usize::from(slot)).ok_or(Why::Bound)?,
            Field::Count => &mut self.count,
            Field::Sum => {
                return match self.sum.replace(value) {
                    None => Ok(()),
                    Some(_) => Err(Why::Twice),
                };
            }
        };
        if !place.is_nan() {
            return Err(Why::Twice);
        }
        // What is no number is damage, which a negative count tells from absence.
        *place = if value.is_nan() { -1.0 } else { value };
        Ok(())
    }

    fn complete(&mut self, scrape: &mut Scrape) {
        match self.histogram() {
            Ok(histogram) => scrape.push_histogram(self.series, histogram, self.at),
            Err(why) => scrape.skip(self.line, why),
        }
        self.reset();
    }

    fn reset(&mut self) {
        self.told.fill(f64::NAN);
        self.sum = None;
        self.count = f64::NAN;
        self.open = false;
    }

    fn histogram(&mut self) -> Result<Histogram, Why> {
        if self.shape.slots != self.bounds.len() {
            self.shape = Shape::of(&self.bounds);
        }
        let top = self.shape.top.map_or(f64::NAN, |slot| self.told(slot));
        let total = match (top.is_nan(), self.count.is_nan()) {
            (false, _) => top,
            (true, false) => self.count,
            (true, true) => return Err(Why::NoCount),
        };
        let order = &self.shape.order;
        let mut counts = Counts::with_room(order.len() + 1);
        let mut bounds = Arc::clone(&self.shape.bounds);
        if order.iter().any(|slot| self.told(*slot).is_nan()) {
            // Buckets that are no longer told, since the target began anew with others.
            let told = order.iter().filter(|slot| !self.told(**slot).is_nan());
            bounds = told.map(|slot| self.bounds[usize::from(*slot)]).collect();
        }
        for slot in order {
            let count = self.told(*slot);
            if !count.is_nan() {
                counts.push(count)?;
            }
        }
        counts.push(total)?;
        Ok(Histogram {
            count: counts.below,
            sum: self.sum.unwrap_or(f64::NAN),
            min: f64::NAN,
            max: f64::NAN,
            buckets: Buckets::Explicit(Explicit {
                bounds,
                counts: counts.each,
            }),
        })
    }

    fn told(&self, slot: u16) -> f64 {
        self.told
            .get(usize::from(slot))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

impl Shape {
    fn of(bounds: &[f64]) -> Self {
        // Bounded by the largest number of slots.
        let mut order: Vec<u16> = (0..bounds.len() as u16).collect();
        let bound = |slot: u16| bounds[usize::from(slot)];
        order.retain(|slot| bound(*slot).is_finite());
        order.sort_by(|a, b| bound(*a).total_cmp(&bound(*b)));
        let top = bounds.iter().position(|it| *it == f64::INFINITY);
        Self {
            bounds: order.iter().map(|slot| bound(*slot)).collect(),
            order,
            top: top.map(|it| it as u16),
            slots: bounds.len(),
        }
    }
}

/// Counts of single buckets, made of cumulative ones.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) each: Vec<u64>,
    /// The last cumulative count.
    pub(super) below: u64,
}

impl Counts {
    pub(super) fn with_room(buckets: usize) -> Self {
        Self {
            each: Vec::with_capacity(buckets),
            below: 0,
        }
    }

    /// Takes in the next cumulative count, which must not fall.
    pub(super) fn push(&mut self, cumulative: f64) -> Result<(), Why> {
        let count = whole(cumulative).ok_or(Why::Counts)?;
        let own = count.checked_sub(self.below).ok_or(Why::Counts)?;
        self.each.push(own);
        self.below = count;
        Ok(())
    }
}

/// A count that may be written as a fraction, rounded.
pub(super) fn whole(count: f64) -> Option<u64> {
    (0.0..u64::MAX as f64)
        .contains(&count)
        .then_some(count.round() as u64)
}
