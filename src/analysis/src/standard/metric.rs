//! Metric standards: whether what must be recorded was, in its unit, often enough.
//!
//! Start at [`judge`].

use model::compliance::{Outcome, Verdict};
use model::standard::{Bound, MetricRule};
use model::time::duration_text;
use model::unit::Unit;

use super::presence;
use super::{Asked, Judged};

/// How much slower than asked a cadence may be: clocks and loads of machines jitter.
const LATE_SHARE: f64 = 0.05;

/// Judges one series against a rule; the first of unit, cadence and completeness that is
/// violated decides.
pub fn judge(
    asked: &Asked<'_>,
    rule: &MetricRule,
    (unit, at, values): (&Unit, &[i64], &[f64]),
) -> Verdict {
    let name = asked.series;
    let judged = |outcome, measure: &str, statement: String| Judged {
        outcome,
        measure: measure.to_owned(),
        value: None,
        limit: None,
        unit: Unit::new("1"),
        statement,
        doubt: String::new(),
    };
    if unit.code() != rule.unit {
        let why = format!(
            "{name}: recorded in {:?}, asked for in {:?}",
            unit.code(),
            rule.unit
        );
        return asked.verdict(judged(Outcome::Fail, "unit", why));
    }
    let typical = presence::of(asked.window, (at, values), None);
    let wanted = presence::ns(rule.cadence_s);
    let there = presence::of(asked.window, (at, values), Some(wanted));
    let cadence_s = typical.step_ns as f64 / 1e9;
    let mut verdict = if there.count < 2 {
        let doubt = format!("{} samples tell no cadence", there.count);
        let mut judged = judged(Outcome::Undecidable, "cadence", format!("{name}: {doubt}"));
        judged.doubt = doubt;
        asked.verdict(judged)
    } else if cadence_s > rule.cadence_s * (1.0 + LATE_SHARE) {
        let why = format!(
            "{name}: a sample every {}, asked for every {}",
            duration_text(cadence_s),
            duration_text(rule.cadence_s)
        );
        asked.verdict(Judged {
            value: Some(cadence_s),
            limit: Some(Bound::AtMost(rule.cadence_s)),
            unit: Unit::new("s"),
            ..judged(Outcome::Fail, "cadence", why)
        })
    } else {
        let limit = Bound::AtLeast(rule.completeness);
        let (outcome, word) = match limit.holds(there.share) {
            true => (Outcome::Pass, "is there"),
            false => (Outcome::Fail, "is there, which is too little"),
        };
        let share = Unit::new("1");
        let why = format!(
            "{name}: {} of what was asked for {word} ({} asked for)",
            share.text(there.share),
            share.text(rule.completeness)
        );
        asked.verdict(Judged {
            value: Some(there.share),
            limit: Some(limit),
            ..judged(outcome, "completeness", why)
        })
    };
    verdict.coverage = Some(there.share);
    verdict.samples = there.count;
    verdict
}

/// The verdict on a required metric that was not recorded.
pub fn missing(asked: &Asked<'_>) -> Verdict {
    asked.verdict(Judged {
        outcome: Outcome::Fail,
        measure: "presence".to_owned(),
        value: None,
        limit: None,
        unit: Unit::new("1"),
        statement: format!("{}: it was not recorded", asked.series),
        doubt: String::new(),
    })
}
