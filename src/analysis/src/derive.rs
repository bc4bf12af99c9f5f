//! Computes derived metrics from measured ones.
//!
//! A derived series is a quotient of sums: what the table [`ALL`] calls `top`
//! over what it calls `bottom`. The same plan serves whole columns of a stored
//! session and single rows of a live one, so both show the same numbers.
//!
//! * In: series of one or more hosts, and their readings.
//! * Out: gauges of the catalog's derived metrics, at the times of the readings.
//! * Never: resamples, interpolates, or invents a value. A missing reading, a
//!   counter that fell and a quotient of nothing by nothing are gaps.
//!
//! Start at [`Plan::new`]; add a derived metric by adding a line to [`ALL`].

use std::collections::BTreeMap;

use model::catalog::{self, Kind};
use model::columns::Column;
use model::rate;
use model::series::{Series, SeriesId, SeriesKey};

mod rules;

pub use rules::{ALL, Bottom, Derivation, Filter, Reading, Selector};

/// A reading: time in nanoseconds, and value.
pub type Sample = (i64, f64);

/// One measured series inside a derived one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Term {
    input: SeriesId,
    weight: f64,
    reading: Reading,
}

/// Terms that come and go together, such as all states of one processor.
#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    top: Vec<Term>,
    /// Empty where the divisor is one.
    bottom: Vec<Term>,
}

/// How one derived series is computed from others.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The derived series.
    pub series: Series,
    /// The line of the table that it follows.
    pub rule: &'static Derivation,
    parts: Vec<Part>,
}

/// All derived series that a set of measured series allows.
///
/// A derived series keeps its place while its inputs are there, so places can serve
/// as numbers of live series.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    derived: Vec<Derived>,
}

/// What one input says at the moment in question.
#[derive(Clone, Copy)]
struct Pair {
    before: Option<Sample>,
    after: Option<Sample>,
}

/// Both sums of one part.
enum Sums {
    /// Nothing of it was read at this moment: it is gone, or comes less often.
    NotDue,
    /// Something of it was not read, or has no reading before.
    Unknown,
    /// The sums; `NaN` when an input is a gap.
    Known { over: f64, under: f64 },
}

impl Plan {
    /// Plans what can be derived of `series`, where place `i` is [`SeriesId`] `i`.
    ///
    /// Series of several hosts may be mixed: nothing is summed across hosts.
    pub fn new(series: &[Series]) -> Self {
        let mut plan = Self::default();
        plan.replan(series);
        plan
    }

    /// Plans anew after series were added or replaced; returns the places of derived
    /// series that are new.
    ///
    /// What can still be derived keeps its place. What cannot is never due again, and
    /// its place is given to a new one.
    pub fn replan(&mut self, series: &[Series]) -> Vec<usize> {
        let mut found = BTreeMap::new();
        for rule in ALL {
            for (key, parts) in matches(rule, series) {
                if let Some(derived) = derived(rule, key, parts) {
                    found.insert(derived.series.key.clone(), derived);
                }
            }
        }
        let mut free = Vec::new();
        for (place, old) in self.derived.iter_mut().enumerate() {
            match found.remove(&old.series.key) {
                Some(new) => *old = new,
                None => {
                    old.parts.clear();
                    free.push(place);
                }
            }
        }
        let mut free = free.into_iter();
        let mut new = Vec::with_capacity(found.len());
        for derived in found.into_values() {
            new.push(match free.next() {
                Some(place) => {
                    self.derived[place] = derived;
                    place
                }
                None => {
                    self.derived.push(derived);
                    self.derived.len() - 1
                }
            });
        }
        new
    }

    /// The derived series, by place.
    pub fn derived(&self) -> &[Derived] {
        &self.derived
    }

    /// Computes one row of live data into `out`, as pairs of place and value.
    ///
    /// `after` gives the reading of a series at this moment and `None` when it was
    /// not read; `before` gives the last reading earlier than this moment. A derived
    /// series none of whose inputs was read is not due and is not listed; a listed
    /// `NaN` is a gap. Costs two calls an input.
    pub fn row(
        &self,
        before: &dyn Fn(SeriesId) -> Option<Sample>,
        after: &dyn Fn(SeriesId) -> Option<Sample>,
        out: &mut Vec<(usize, f64)>,
    ) {
        out.clear();
        let read = |id| Pair {
            before: before(id),
            after: after(id),
        };
        for (place, derived) in self.derived.iter().enumerate() {
            if let Some(value) = derived.value(&read) {
                out.push((place, value));
            }
        }
    }
}

impl Derived {
    /// The measured series this one needs, ascending, each once.
    pub fn inputs(&self) -> Vec<SeriesId> {
        let terms = self
            .parts
            .iter()
            .flat_map(|part| part.top.iter().chain(&part.bottom));
        let mut ids: Vec<_> = terms.map(|term| term.input).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Computes the whole column from the columns of [`Derived::inputs`], in that order.
    ///
    /// Inputs are joined on equal times; they need not share them. `None` when the
    /// number of columns is not the number of inputs.
    pub fn column(&self, inputs: &[Column]) -> Option<Column> {
        let ids = self.inputs();
        if ids.len() != inputs.len() {
            return None;
        }
        let mut at = Vec::new();
        let mut values = Vec::new();
        let mut rows = Rows::new(inputs);
        while let Some(now) = rows.next() {
            let read = |id: SeriesId| match ids.binary_search(&id) {
                Ok(place) => rows.pair(place, now),
                Err(_) => Pair {
                    before: None,
                    after: None,
                },
            };
            if let Some(value) = self.value(&read) {
                at.push(now);
                values.push(value);
            }
        }
        Some(Column {
            series: self.series.clone(),
            at: at.into(),
            values: values.into(),
        })
    }

    /// The value at one moment: `None` when not due, `NaN` for a gap.
    fn value(&self, read: &impl Fn(SeriesId) -> Pair) -> Option<f64> {
        let (mut top, mut bottom) = (0.0, 0.0);
        let (mut due, mut known) = (false, false);
        for part in &self.parts {
            match part.sums(read) {
                Sums::NotDue => {}
                Sums::Unknown => due = true,
                Sums::Known { over, under } => {
                    (due, known) = (true, true);
                    top += over;
                    bottom += under;
                }
            }
        }
        let quotient = match self.rule.bottom {
            Bottom::One => top,
            Bottom::Sum(_) if bottom > 0.0 => top / bottom,
            Bottom::Sum(_) => f64::NAN,
        };
        due.then_some(if known { quotient } else { f64::NAN })
    }
}

impl Part {
    fn sums(&self, read: &impl Fn(SeriesId) -> Pair) -> Sums {
        let (mut listed, mut unknown) = (false, false);
        let mut add = |terms: &[Term]| {
            let mut total = 0.0;
            for term in terms {
                let pair = read(term.input);
                listed |= pair.after.is_some() && term.reading != Reading::Held;
                match term.value(pair) {
                    Some(value) => total += term.weight * value,
                    None => unknown = true,
                }
            }
            total
        };
        let (over, under) = (add(&self.top), add(&self.bottom));
        match (listed, unknown) {
            (false, _) => Sums::NotDue,
            (true, true) => Sums::Unknown,
            (true, false) => Sums::Known { over, under },
        }
    }
}

impl Term {
    /// What the term adds: `None` when it was not read, `NaN` when it is a gap.
    fn value(&self, pair: Pair) -> Option<f64> {
        let after = pair.after.map(|(_, value)| value);
        match self.reading {
            Reading::Rate => Some(rate::step(pair.before?, pair.after?)),
            Reading::Level => after,
            Reading::Held => after.or(pair.before.map(|(_, value)| value)),
        }
    }
}

/// Computes the derived series called `key` from the columns at hand.
///
/// Whatever `inputs` do not serve is left aside. `None` when they do not suffice,
/// or when no line of [`ALL`] makes such a series.
pub fn column(key: &SeriesKey, inputs: &[Column]) -> Option<Column> {
    let series: Vec<_> = inputs.iter().map(|column| column.series.clone()).collect();
    let plan = Plan::new(&series);
    let derived = plan.derived().iter().find(|it| it.series.key == *key)?;
    let chosen: Vec<_> = derived
        .inputs()
        .into_iter()
        .map(|id| inputs[id.0 as usize].clone())
        .collect();
    derived.column(&chosen)
}

/// Names the derived series, unless a sum has no terms at all.
fn derived(rule: &'static Derivation, key: SeriesKey, mut parts: Vec<Part>) -> Option<Derived> {
    let one = matches!(rule.bottom, Bottom::One);
    parts.retain(|part| !part.top.is_empty() && (one || !part.bottom.is_empty()));
    let metric = catalog::find(rule.metric)?;
    (!parts.is_empty()).then(|| Derived {
        series: Series {
            key,
            unit: metric.unit(),
            kind: Kind::Gauge,
            polarity: metric.polarity,
        },
        rule,
        parts,
    })
}

/// Which side of the quotient a selector feeds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Top,
    Bottom,
}

/// Finds the inputs of every series that a rule makes of `series`.
fn matches(rule: &'static Derivation, series: &[Series]) -> BTreeMap<SeriesKey, Vec<Part>> {
    let tops = rule.top.iter().map(|selector| (Side::Top, selector));
    let under: &[Selector] = match rule.bottom {
        Bottom::One => &[],
        Bottom::Sum(selectors) => selectors,
    };
    let bottoms = under.iter().map(|selector| (Side::Bottom, selector));
    let mut groups: BTreeMap<SeriesKey, BTreeMap<Vec<String>, Part>> = BTreeMap::new();
    for (side, selector) in tops.chain(bottoms) {
        // The divisor of a share is common to all shares: busy, idle, … of one total.
        let spread = side == Side::Bottom && !rule.split.is_empty();
        for (group, hits) in select(rule, selector, series, spread) {
            if !spread {
                add(
                    groups.entry(group).or_default(),
                    rule,
                    selector,
                    side,
                    &hits,
                );
                continue;
            }
            for (key, parts) in &mut groups {
                if same_total(key, &group, rule) {
                    add(parts, rule, selector, side, &hits);
                }
            }
        }
    }
    groups
        .into_iter()
        .map(|(key, parts)| (key, parts.into_values().collect()))
        .collect()
}

type Hit<'a> = (SeriesId, &'a Series);

/// Series that a selector takes, by the derived series they belong to.
///
/// Where a total and its parts are both at hand, the total is taken alone: it has
/// fewer attributes.
fn select<'a>(
    rule: &Derivation,
    selector: &Selector,
    series: &'a [Series],
    spread: bool,
) -> BTreeMap<SeriesKey, Vec<Hit<'a>>> {
    let mut groups: BTreeMap<SeriesKey, Vec<Hit<'a>>> = BTreeMap::new();
    for (place, one) in series.iter().enumerate() {
        let Ok(id) = u32::try_from(place) else { break };
        if one.key.metric != selector.metric || !selector.takes(&one.key) {
            continue;
        }
        let keys = rule
            .group
            .iter()
            .filter(|key| !spread || **key != rule.split);
        let found: Option<Vec<_>> = keys
            .map(|key| Some(((*key).to_owned(), one.key.attribute(key)?.to_owned())))
            .collect();
        if let Some(attributes) = found {
            let key = SeriesKey::new(one.key.host.as_str(), rule.metric, attributes);
            groups.entry(key).or_default().push((SeriesId(id), one));
        }
    }
    for hits in groups.values_mut() {
        let fewest = hits.iter().map(|(_, it)| it.key.attributes.len()).min();
        hits.retain(|(_, it)| Some(it.key.attributes.len()) == fewest);
    }
    groups
}

/// Whether `total` is `key` without the attribute that the rule splits by.
fn same_total(key: &SeriesKey, total: &SeriesKey, rule: &Derivation) -> bool {
    key.host == total.host
        && key
            .attributes
            .iter()
            .filter(|(name, _)| name != rule.split)
            .eq(total.attributes.iter())
}

fn add(
    parts: &mut BTreeMap<Vec<String>, Part>,
    rule: &Derivation,
    selector: &Selector,
    side: Side,
    hits: &[Hit<'_>],
) {
    for (id, series) in hits {
        let name: Vec<_> = rule
            .parts
            .iter()
            .filter_map(|key| series.key.attribute(key).map(str::to_owned))
            .collect();
        let part = parts.entry(name).or_default();
        let terms = match side {
            Side::Top => &mut part.top,
            Side::Bottom => &mut part.bottom,
        };
        terms.push(Term {
            input: *id,
            weight: selector.weight,
            reading: selector.reading,
        });
    }
}

/// Walks several columns in step along the times of all of them.
struct Rows<'a> {
    inputs: &'a [Column],
    /// The first row of each input that is later than the present moment.
    next: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(inputs: &'a [Column]) -> Self {
        Self {
            inputs,
            next: vec![0; inputs.len()],
        }
    }

    /// Moves on to the next moment at which any input was read.
    fn next(&mut self) -> Option<i64> {
        let heads = self.inputs.iter().zip(&self.next);
        let now = *heads
            .filter_map(|(column, row)| column.at.get(*row))
            .min()?;
        for (column, row) in self.inputs.iter().zip(&mut self.next) {
            while column.at.get(*row).is_some_and(|at| *at <= now) {
                *row += 1;
            }
        }
        Some(now)
    }

    fn pair(&self, place: usize, now: i64) -> Pair {
        let column = &self.inputs[place];
        let sample = |row: usize| Some((*column.at.get(row)?, *column.values.get(row)?));
        let last = self.next[place].checked_sub(1);
        match last.and_then(sample) {
            Some(sample_now) if sample_now.0 == now => Pair {
                before: last.and_then(|row| row.checked_sub(1)).and_then(sample),
                after: Some(sample_now),
            },
            earlier => Pair {
                before: earlier,
                after: None,
            },
        }
    }
}

#[cfg(test)]
mod tests;
