//! How often, and by how much, predictions came true.
//!
//! Only outcomes that were comparable count, the last of each prediction.

use std::collections::BTreeMap;

use model::plan::Class;

use super::{Entry, Ledger, Outcome};
use crate::validate::grade::{Grade, Quantity};

/// Two-sided 95 % of a standard normal.
const Z: f64 = 1.959_963_984_540_054;

/// What the interval from p10 to p90 promises.
pub const NOMINAL: f64 = 0.8;

/// What [`Score::bins`] promise.
pub const BINS: [f64; 4] = [0.1, 0.4, 0.4, 0.1];

/// Predictions of one model, class and quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Name of the model; empty for all together.
    pub model: String,
    /// Class; `None` for all together.
    pub class: Option<Class>,
    /// Of what; `None` for all together.
    pub quantity: Option<Quantity>,
    /// Predictions.
    pub predicted: usize,
    /// Those that have a comparable outcome.
    pub answered: usize,
    /// Those of them with an interval,
    pub judged: usize,
    /// and those whose outcome lies in it.
    pub inside: usize,
    /// Sum of the errors of those with a point, and their number.
    errors: (f64, usize),
    /// Outcomes below p10, to p50, to p90, above: of those with all three.
    pub bins: [usize; 4],
}

/// One point of a calibration curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Share of the outcomes that should lie below.
    pub nominal: f64,
    /// Share that does; `NaN` without outcomes.
    pub achieved: f64,
}

impl Score {
    fn new(model: &str, class: Option<Class>, quantity: Option<Quantity>) -> Self {
        Self {
            model: model.to_owned(),
            class,
            quantity,
            predicted: 0,
            answered: 0,
            judged: 0,
            inside: 0,
            errors: (0.0, 0),
            bins: [0; 4],
        }
    }

    fn answer(&mut self, entry: &Entry, outcome: &Outcome) {
        self.answered += 1;
        if let Some(inside) = outcome.inside {
            self.judged += 1;
            self.inside += usize::from(inside);
        }
        if let Some(error) = outcome.error {
            self.errors.0 += error;
            self.errors.1 += 1;
        }
        if let (Some(low), Some(point), Some(high)) = (entry.p10, entry.p50, entry.p90) {
            let value = outcome.value;
            let bin = [value < low, value < point, value <= high];
            let place = bin.iter().position(|it| *it).unwrap_or(3);
            self.bins[place] += 1;
        }
    }

    /// Share of the outcomes in their intervals; `NaN` without any.
    pub fn coverage(&self) -> f64 {
        self.inside as f64 / self.judged as f64
    }

    /// Interval of 95 % of the coverage.
    pub fn coverage_interval(&self) -> [f64; 2] {
        wilson(self.inside, self.judged)
    }

    /// Mean error of the points; `NaN` without any.
    pub fn mean_error(&self) -> f64 {
        self.errors.0 / self.errors.1 as f64
    }

    /// How good the coverage is: 70 to 90 % is excellent, 60 to 97 % passes; `None`
    /// without outcomes.
    pub fn grade(&self) -> Option<Grade> {
        let coverage = self.coverage();
        match coverage {
            _ if coverage.is_nan() => None,
            _ if (0.70..=0.90).contains(&coverage) => Some(Grade::Excellent),
            _ if (0.60..=0.97).contains(&coverage) => Some(Grade::Pass),
            _ => Some(Grade::Fail),
        }
    }

    /// How many outcomes lie below p10, p50 and p90, against how many should.
    pub fn calibration(&self) -> [Calibration; 3] {
        let count: usize = self.bins.iter().sum();
        std::array::from_fn(|place| {
            let below: usize = self.bins[..=place].iter().sum();
            Calibration {
                nominal: BINS[..=place].iter().sum(),
                achieved: below as f64 / count as f64,
            }
        })
    }

    /// The score in a sentence.
    pub fn said(&self) -> String {
        let whose = match (&self.class, &self.quantity) {
            (Some(class), Some(quantity)) => {
                let model = match self.model.as_str() {
                    "" => "no model",
                    model => model,
                };
                format!("{model}, class {}, {}", class.letter(), quantity.name())
            }
            _ => "all predictions".to_owned(),
        };
        if self.judged == 0 {
            return format!("{whose}: {} predicted, none measured yet", self.predicted);
        }
        let [low, high] = self.coverage_interval().map(|it| it * 100.0);
        let error = match self.mean_error() {
            error if error.is_finite() => format!("; mean error {:.1} %", error * 100.0),
            _ => String::new(),
        };
        format!(
            "{whose}: {} of {} outcomes inside intervals of {:.0} %, which is {:.0} % ({low:.0} to {high:.0} %){error}",
            self.inside,
            self.judged,
            NOMINAL * 100.0,
            self.coverage() * 100.0
        )
    }
}

/// One score for each model, class and quantity, in that order, and all together last.
pub fn scores(ledger: &Ledger) -> Vec<Score> {
    type Key = (String, Class, Quantity);
    let key = |entry: &Entry| -> Key { (entry.model.clone(), entry.class, entry.quantity()) };
    let mut all: BTreeMap<Key, Score> = BTreeMap::new();
    let mut total = Score::new("", None, None);
    for entry in ledger.entries() {
        let key = key(entry);
        let score = Score::new(&key.0, Some(key.1), Some(key.2));
        all.entry(key).or_insert(score).predicted += 1;
        total.predicted += 1;
    }
    for (entry, outcome) in ledger.answered() {
        if let Some(score) = all.get_mut(&key(entry)) {
            score.answer(entry, outcome);
        }
        total.answer(entry, outcome);
    }
    all.into_values().chain([total]).collect()
}

/// Interval of 95 % of a share, `hits` of `count`; 0 to 1 without any.
///
/// # Source
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
/// Journal of the American Statistical Association 22 (1927).
pub fn wilson(hits: usize, count: usize) -> [f64; 2] {
    if count == 0 {
        return [0.0, 1.0];
    }
    let (share, count) = (hits as f64 / count as f64, count as f64);
    let scale = 1.0 + Z * Z / count;
    let center = share + Z * Z / (2.0 * count);
    let radius = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    [(center - radius) / scale, (center + radius) / scale].map(|it| it.clamp(0.0, 1.0))
}
