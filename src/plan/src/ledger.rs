//! The ledger of predictions: what was said, when, and what came of it.
//!
//! A ledger is text that only grows, one JSON object a line. Each line names the hash of
//! the line before it and its own, so that an altered, removed or reordered line shows;
//! only a ledger that lost its *last* lines looks whole, which is why [`Ledger::head`] is
//! worth noting elsewhere. A prediction is named by the hash of what it says.
//!
//! * [`score`]: how often, and by how much, predictions came true.
//! * [`widen`]: what misses do to the next intervals.
//! * [`table`]: the ledger as CSV.
//! * Never: touches a file, or counts an outcome that is not comparable.
//!
//! Start at [`Ledger::read`] and [`Ledger::add`].

mod line;
pub mod score;
pub mod table;
pub mod widen;

use std::collections::BTreeMap;

use model::plan::{Class, Expected, Plan, stamp};
use model::time::Moment;
use model::unit::Unit;
use serde::{Deserialize, Serialize};

use crate::document;
use crate::validate::grade::{self, Quantity};
use crate::validate::{Report, Row, Verdict};

/// Bytes of a ledger's text: about a hundred thousand predictions with outcomes.
pub const TEXT_MAX_BYTES: usize = 64 << 20;

/// Bytes of a line; names of plans, metrics and models are bounded by the plan's checks.
pub const LINE_MAX_BYTES: usize = 32 << 10;

/// One prediction of one metric.
///
/// A field that is added later must not be written while it is empty, since the ids of
/// what was written before would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Id of the plan.
    pub plan: String,
    /// When it was predicted.
    #[serde(with = "stamp")]
    pub at: Moment,
    /// Of what.
    pub metric: String,
    /// Unit of the numbers, UCUM.
    #[serde(default)]
    pub unit: String,
    /// Nine of ten outcomes are above.
    #[serde(default)]
    pub p10: Option<f64>,
    /// The point.
    #[serde(default)]
    pub p50: Option<f64>,
    /// Nine of ten outcomes are below.
    #[serde(default)]
    pub p90: Option<f64>,
    /// How sure it was.
    pub class: Class,
    /// The model that said so.
    #[serde(default)]
    pub model: String,
    /// SHA-256 of what the model was given.
    #[serde(default)]
    pub inputs_hash: String,
    /// The recording that it was made from, `sha256:…`.
    #[serde(default)]
    pub session: String,
}

/// What came of a prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Id of the prediction.
    pub of: String,
    /// When it was measured.
    #[serde(with = "stamp")]
    pub at: Moment,
    /// What was measured.
    pub value: f64,
    /// Whether it lies in the interval; `None` without one.
    #[serde(default)]
    pub inside: Option<bool>,
    /// `|predicted - measured| / measured`; `None` without a point.
    #[serde(default)]
    pub error: Option<f64>,
    /// Whether load and mix were those that the prediction was made for.
    pub comparable: bool,
    /// The recording that it was measured in.
    #[serde(default)]
    pub session: String,
}

/// One line of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Something was predicted.
    Prediction(Entry),
    /// Something predicted was measured.
    Outcome(Outcome),
}

/// Predictions and their outcomes, in the order that they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    records: Vec<Record>,
    /// Where each prediction stands, by its id.
    places: BTreeMap<String, Place>,
    head: String,
}

/// Places among the records of a ledger.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    /// Of a prediction.
    entry: usize,
    /// Of its outcomes.
    outcomes: Vec<usize>,
}

/// A ledger as far as its text is sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What could be read and believed.
    pub ledger: Ledger,
    /// What could not, in the order of the text.
    pub faults: Vec<Fault>,
    /// How the text ends.
    pub tail: Tail,
}

/// How the text of a ledger ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// With a whole line.
    Whole,
    /// With a whole line that lacks its line break: write one before going on.
    Unended,
    /// With a part of a line, as after a crash: cut the text to so many bytes first.
    Torn(usize),
}

/// A line that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the ledger: {why}")]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// A ledger is larger than any ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger has {bytes} bytes, more than {TEXT_MAX_BYTES}")]
pub struct TooLarge {
    /// Its size.
    pub bytes: usize,
}

/// Why a record is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// The same is there.
    #[error("it is in the ledger already")]
    Known,
    /// There is no such prediction.
    #[error("no prediction {0} is in the ledger")]
    NoPrediction(String),
    /// Only what was said before counts.
    #[error("it was measured before it was predicted")]
    TooEarly,
    /// A number is none.
    #[error("a number in it is not finite")]
    NotFinite,
    /// It is longer than a line may be.
    #[error("it has {0} bytes, more than the {LINE_MAX_BYTES} of a line")]
    TooLong(usize),
}

impl Entry {
    /// Names what it says: SHA-256 of its text.
    pub fn id(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        document::hash(&text)
    }

    /// What it speaks of.
    pub fn quantity(&self) -> Quantity {
        let unit = Unit(self.unit.clone().into());
        grade::quantity(&self.metric, &unit, f64::NAN)
    }

    /// What comes of it when this is measured.
    ///
    /// The interval is the one that was published, widened or not: that is what the next
    /// widening learns from.
    pub fn outcome(&self, value: f64, at: Moment) -> Outcome {
        let interval = self.p10.zip(self.p90);
        let error = self.p50.map(|point| grade::error(point, value));
        Outcome {
            of: self.id(),
            at,
            value,
            inside: interval.map(|(low, high)| (low..=high).contains(&value)),
            error: error.filter(|it| it.is_finite()),
            comparable: true,
            session: String::new(),
        }
    }

    fn of(expected: &Expected, plan: &Plan, at: Moment) -> Self {
        Self {
            plan: plan.id.clone(),
            at,
            metric: expected.metric.clone(),
            unit: expected.unit.clone(),
            p10: expected.p10,
            p50: expected.p50,
            p90: expected.p90,
            class: expected.class,
            model: expected.model.clone(),
            inputs_hash: expected.inputs_hash.clone(),
            session: plan.baseline.session.clone(),
        }
    }

    fn is_finite(&self) -> bool {
        let numbers = [self.p10, self.p50, self.p90];
        numbers.iter().flatten().all(|it| it.is_finite())
    }
}

/// The predictions of a plan as entries, refused ones too; none before it was predicted.
pub fn entries_of(plan: &Plan) -> Vec<Entry> {
    let Some(prediction) = &plan.prediction else {
        return Vec::new();
    };
    let all = plan.expected.iter();
    all.map(|it| Entry::of(it, plan, prediction.at)).collect()
}

/// What a validation measured of a plan's predictions, as outcomes.
pub fn outcomes_of(plan: &Plan, report: &Report, (at, session): (Moment, &str)) -> Vec<Outcome> {
    let Some(prediction) = &plan.prediction else {
        return Vec::new();
    };
    let measured = report.rows.iter().filter(|it| it.observed.is_finite());
    let outcome = |row: &Row| Outcome {
        comparable: report.verdict != Verdict::NotComparable && report.gate.lacks.is_empty(),
        session: session.to_owned(),
        ..Entry::of(&row.expected, plan, prediction.at).outcome(row.observed, at)
    };
    measured.map(outcome).collect()
}

impl Ledger {
    /// Reads a ledger's text; damaged lines are told and left out.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] beyond [`TEXT_MAX_BYTES`].
    pub fn read(text: &str) -> Result<Reading, TooLarge> {
        match text.len() > TEXT_MAX_BYTES {
            true => Err(TooLarge { bytes: text.len() }),
            false => Ok(line::read(text)),
        }
    }

    /// Takes a record and returns the line to append to the text, with its line break.
    ///
    /// # Errors
    ///
    /// [`AddError`]; the ledger is as it was then.
    pub fn add(&mut self, record: Record) -> Result<String, AddError> {
        self.judge(&record)?;
        let (line, head) = line::written(&record, &self.head);
        if line.len() > LINE_MAX_BYTES {
            return Err(AddError::TooLong(line.len()));
        }
        self.take(record, head);
        Ok(line)
    }

    /// All records, in the order that they were written.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// All predictions, in the order that they were written.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.records.iter().filter_map(|it| match it {
            Record::Prediction(entry) => Some(entry),
            Record::Outcome(_) => None,
        })
    }

    /// The prediction of this id.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        match self.records.get(self.places.get(id)?.entry)? {
            Record::Prediction(entry) => Some(entry),
            Record::Outcome(_) => None,
        }
    }

    /// Each prediction with the last outcome that was comparable, in the order of the
    /// outcomes; of equal times the one written first.
    pub fn answered(&self) -> Vec<(&Entry, &Outcome)> {
        let last = |place: &Place| {
            let mut outcomes = place.outcomes.iter().rev();
            outcomes.find_map(|it| self.outcome(*it).filter(|it| it.comparable))
        };
        let mut all: Vec<(&Entry, &Outcome)> = self
            .places
            .iter()
            .filter_map(|(id, place)| Some((self.entry(id)?, last(place)?)))
            .collect();
        all.sort_by_key(|(_, outcome)| {
            (outcome.at, self.places.get(&outcome.of).map(|it| it.entry))
        });
        all
    }

    /// The hash of the last line; empty for an empty ledger. Noted elsewhere it shows
    /// whether lines were cut from the end.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The whole text, chained anew.
    pub fn text(&self) -> String {
        let mut head = String::new();
        let mut text = String::new();
        for record in &self.records {
            let (line, next) = line::written(record, &head);
            text.push_str(&line);
            head = next;
        }
        text
    }

    /// Joins ledgers of several sessions: every prediction and every outcome once, by
    /// time; what equal times leave open, by id. The chain begins anew.
    pub fn merged(ledgers: &[&Self]) -> Self {
        let mut all: Vec<(Moment, u8, String, &Record)> = ledgers
            .iter()
            .flat_map(|it| &it.records)
            .map(|record| match record {
                Record::Prediction(it) => (it.at, 0, it.id(), record),
                Record::Outcome(it) => (it.at, 1, it.of.clone(), record),
            })
            .collect();
        all.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let mut merged = Self::default();
        for (_, _, _, record) in all {
            // What is known already, and what belongs to no prediction, is left out.
            if merged.judge(record).is_ok() {
                let (_, head) = line::written(record, &merged.head);
                merged.take(record.clone(), head);
            }
        }
        merged
    }

    fn judge(&self, record: &Record) -> Result<(), AddError> {
        match record {
            Record::Prediction(entry) if !entry.is_finite() => Err(AddError::NotFinite),
            Record::Prediction(entry) => match self.places.contains_key(&entry.id()) {
                true => Err(AddError::Known),
                false => Ok(()),
            },
            Record::Outcome(outcome) => {
                let Some(entry) = self.entry(&outcome.of) else {
                    return Err(AddError::NoPrediction(outcome.of.clone()));
                };
                let is_finite =
                    outcome.value.is_finite() && outcome.error.is_none_or(f64::is_finite);
                match () {
                    () if !is_finite => Err(AddError::NotFinite),
                    () if outcome.at <= entry.at => Err(AddError::TooEarly),
                    () if self.has(outcome) => Err(AddError::Known),
                    () => Ok(()),
                }
            }
        }
    }

    fn has(&self, outcome: &Outcome) -> bool {
        let places = self.places.get(&outcome.of).map(|it| &it.outcomes);
        let mut known = places.into_iter().flatten();
        known.any(|it| self.outcome(*it) == Some(outcome))
    }

    fn outcome(&self, place: usize) -> Option<&Outcome> {
        match self.records.get(place)? {
            Record::Outcome(outcome) => Some(outcome),
            Record::Prediction(_) => None,
        }
    }

    fn take(&mut self, record: Record, head: String) {
        let at = self.records.len();
        match &record {
            Record::Prediction(entry) => self.places.entry(entry.id()).or_default().entry = at,
            Record::Outcome(outcome) => {
                if let Some(place) = self.places.get_mut(&outcome.of) {
                    place.outcomes.push(at);
                }
            }
        }
        self.records.push(record);
        self.head = head;
    }
}

#[cfg(test)]
mod tests;
