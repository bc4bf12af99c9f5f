//! What misses do to the next intervals.
//!
//! A model whose outcomes keep falling outside its intervals gets wider ones; hits bring
//! them slowly back, never below what the model itself says. In the long run four of five
//! outcomes are inside, whatever the model, as long as what is recorded is the interval
//! that was published.
//!
//! Start at [`widening`] and [`widened`].
//!
//! # Source
//!
//! I. Gibbs, E. Candès, "Adaptive conformal inference under distribution shift", NeurIPS
//! 2021: after each outcome the level moves by a step times the difference of the promised
//! and the seen miss. The step here moves the logarithm of the length instead of the level,
//! as in A. N. Angelopoulos, E. Candès, R. J. Tibshirani, "Conformal PID control for time
//! series prediction", NeurIPS 2023, since a level that runs into its end says nothing.

use model::plan::Expected;

use super::score::NOMINAL;
use super::{Entry, Ledger, Outcome};

/// A miss widens by `exp(STEP * 0.8)`, half as much again; a hit narrows by
/// `exp(-STEP * 0.2)`, a tenth: four hits make up for a miss.
pub const STEP: f64 = 0.5;

/// No interval is widened more: beyond, the model says nothing and is to be refused.
pub const FACTOR_MOST: f64 = 32.0;

/// By how much the next interval of this model for this metric is to be longer, from 1 to
/// [`FACTOR_MOST`].
///
/// Outcomes of the metric itself count; without any, those of the model for other metrics
/// of the same sort, so that a new service does not begin with trust that the model lost
/// elsewhere.
pub fn widening(ledger: &Ledger, model: &str, (metric, unit): (&str, &str)) -> f64 {
    let wanted = Entry {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        ..nothing()
    }
    .quantity();
    let answered = ledger.answered();
    let own = |it: &&(&Entry, &Outcome)| it.0.model == model && it.0.metric == metric;
    let alike = |it: &&(&Entry, &Outcome)| it.0.model == model && it.0.quantity() == wanted;
    let hits = |outcomes: Vec<&(&Entry, &Outcome)>| -> Vec<bool> {
        outcomes.iter().filter_map(|it| it.1.inside).collect()
    };
    let mut seen = hits(answered.iter().filter(own).collect());
    if seen.is_empty() {
        seen = hits(answered.iter().filter(alike).collect());
    }
    factor(&seen)
}

/// The factor after these outcomes, the oldest first: whether each was inside.
pub fn factor(inside: &[bool]) -> f64 {
    let most = FACTOR_MOST.ln();
    let step = |log: f64, inside: &bool| {
        let miss = if *inside { 0.0 } else { 1.0 };
        (log + STEP * (miss - (1.0 - NOMINAL))).clamp(0.0, most)
    };
    inside.iter().fold(0.0, step).exp()
}

/// A prediction with its interval longer by a factor, about its point.
///
/// Where all three are positive the ratios to the point grow, so that a time or a rate
/// does not become negative; else the distances do. Without a point nothing changes.
pub fn widened(expected: &Expected, factor: f64) -> Expected {
    let mut wider = expected.clone();
    let Some(point) = expected.p50 else {
        return wider;
    };
    let stretch = |end: f64| match end > 0.0 && point > 0.0 {
        true => point * (end / point).powf(factor),
        false => point + (end - point) * factor,
    };
    wider.p10 = expected.p10.map(stretch);
    wider.p90 = expected.p90.map(stretch);
    wider
}

/// An entry that says nothing, for the sort of a metric.
fn nothing() -> Entry {
    Entry {
        plan: String::new(),
        at: model::time::Moment(0),
        metric: String::new(),
        unit: String::new(),
        p10: None,
        p50: None,
        p90: None,
        class: model::plan::Class::X,
        model: String::new(),
        inputs_hash: String::new(),
        session: String::new(),
    }
}
