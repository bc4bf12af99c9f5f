//! What a plan itself asks for: within the prediction, better by so much, within a limit.

use analysis::compare::{self, Difference};
use analysis::stats::chance;
use model::catalog::Polarity;
use model::plan::Criterion;
use model::plan::guard::Limit;

use super::grade::{self, Quantity};
use super::{Compared, Metric, Row, Sides};

/// How a criterion comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It was shown not to hold.
    Fails,
    /// Neither was shown.
    Open,
}

/// A criterion and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Which.
    pub criterion: Criterion,
    /// Its metric.
    pub metric: String,
    /// How it came out.
    pub outcome: Outcome,
    /// In a sentence.
    pub said: String,
    /// Whether it asks for a change.
    pub wants_change: bool,
    /// Before against after, where both were measured.
    pub difference: Option<Difference>,
}

/// Judges one criterion.
pub(super) fn judge(
    criterion: &Criterion,
    rows: &[Row],
    (sides, compared): (&Sides<'_>, &[Compared<'_>]),
) -> Judged {
    let (Criterion::Within { metric }
    | Criterion::Improves { metric, .. }
    | Criterion::Holds { metric, .. }) = criterion;
    let own = compared.iter().find(|it| it.metric.name == *metric);
    let (outcome, said) = match criterion {
        Criterion::Within { .. } => within(metric, rows),
        Criterion::Improves { by, confidence, .. } => match own {
            Some(own) => improves(own, (*by, *confidence), sides.relation),
            None => open(format!("{metric} was not measured on both sides")),
        },
        Criterion::Holds { limit, .. } => holds(metric, *limit, sides),
    };
    Judged {
        criterion: criterion.clone(),
        metric: metric.clone(),
        outcome,
        said,
        wants_change: matches!(criterion, Criterion::Improves { .. }),
        difference: own.map(|it| it.difference.clone()),
    }
}

fn open(why: String) -> (Outcome, String) {
    (Outcome::Open, why)
}

fn holds(name: &str, limit: Limit, sides: &Sides<'_>) -> (Outcome, String) {
    let Some(after) = sides.after.metric(name).filter(|it| it.value().is_finite()) else {
        return open(format!("{name} was not measured afterwards"));
    };
    let text = |number: f64| after.unit.text(number);
    let (value, before) = (after.value(), sides.before.metric(name));
    let before = before.map(Metric::value).filter(|it| it.is_finite());
    let wanted = match limit {
        Limit::AtMost(number) => format!("at most {}", text(number)),
        Limit::AtLeast(number) => format!("at least {}", text(number)),
        Limit::AtMostRel(_) | Limit::AtLeastRel(_) => match before {
            Some(before) => format!("{limit}, {}", text(before)),
            None => {
                return open(format!(
                    "{name} was not measured before, and {limit} is wanted"
                ));
            }
        },
    };
    let said = format!("{name} is {}; wanted is {wanted}", text(value));
    match limit.holds(value, before) {
        true => (Outcome::Holds, said),
        false => (Outcome::Fails, said),
    }
}

fn within(metric: &str, rows: &[Row]) -> (Outcome, String) {
    let row = rows.iter().find(|it| it.expected.metric == metric);
    match row.map(|it| (it, it.inside)) {
        None => open(format!("{metric} was not predicted")),
        Some((_, None)) => open(format!("{metric} has no interval, or was not measured")),
        Some((row, Some(inside))) => {
            let said = super::sentence::of_row(row);
            let outcome = if inside {
                Outcome::Holds
            } else {
                Outcome::Fails
            };
            (outcome, said)
        }
    }
}

/// Which direction is better where the metric does not say so.
fn polarity(metric: &Metric) -> Polarity {
    if metric.polarity != Polarity::Neutral {
        return metric.polarity;
    }
    match grade::quantity(&metric.name, &metric.unit, f64::NAN) {
        Quantity::Throughput | Quantity::HitRatio | Quantity::Capacity => Polarity::HigherIsBetter,
        Quantity::Mean | Quantity::MeanAtKnee | Quantity::Tail => Polarity::HigherIsWorse,
        Quantity::Utilization | Quantity::Other => Polarity::Neutral,
    }
}

/// Whether the one-sided bound of the improvement at the wanted confidence lies above what
/// is wanted (holds), or the bound of the other side below it (fails).
///
/// The interval of the comparison is of [`compare::LEVEL`]; bounds at other confidences
/// stretch it like those of a normal distribution.
fn improves(
    own: &Compared<'_>,
    (by, confidence): (f64, f64),
    relation: compare::Relation,
) -> (Outcome, String) {
    let name = &own.metric.name;
    let difference = &own.difference;
    let sign = match polarity(own.metric) {
        Polarity::HigherIsBetter => 1.0,
        Polarity::HigherIsWorse => -1.0,
        Polarity::Neutral => {
            return open(format!("it is not said whether more of {name} is better"));
        }
    };
    let shown = difference.within_runs == difference.verdict;
    if relation == compare::Relation::Apart && !shown {
        return open(format!(
            "{name}: one run on each side does not show what a run differs from the next: record several"
        ));
    }
    let gain = sign * difference.shift / difference.before.abs();
    let ends = difference.relative.map(|it| sign * it);
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    let stretch =
        chance::normal_quantile(confidence) / chance::normal_quantile(0.5 + compare::LEVEL / 2.0);
    let least = gain - (gain - low) * stretch;
    let most = gain + (high - gain) * stretch;
    // Adding nothing makes a positive zero of a negative one.
    let percent = |share: f64| format!("{:.0} %", (share * 100.0).round() + 0.0);
    if !(least.is_finite() && most.is_finite()) {
        return open(format!(
            "{name}: not enough evidence for an interval of its change: record for longer"
        ));
    }
    let range = match gain < 0.0 {
        false => format!(
            "{name} is better by {} ({} to {})",
            percent(gain),
            percent(least),
            percent(most)
        ),
        true => format!(
            "{name} is worse by {} ({} to {})",
            percent(-gain),
            percent(-most),
            percent(-least)
        ),
    };
    let wanted = format!("{} are wanted at {}", percent(by), percent(confidence));
    if least >= by && gain > 0.0 {
        (Outcome::Holds, format!("{range}; {wanted}"))
    } else if most < by {
        let why = if gain < 0.0 {
            ""
        } else {
            ", which is too little"
        };
        (Outcome::Fails, format!("{range}{why}; {wanted}"))
    } else {
        open(format!(
            "{range}, which is not enough evidence: record for longer; {wanted}"
        ))
    }
}
