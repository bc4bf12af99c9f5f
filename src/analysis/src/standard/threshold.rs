//! Threshold standards: levels and error budgets held against what was recorded.
//!
//! Start at [`level`] and [`budget`].

use model::compliance::{Outcome, Verdict};
use model::finding::Severity;
use model::standard::{Bad, Bound, Burn, Statistic, Test, ThresholdRule};
use model::time::{Span, duration_text};
use model::unit::{Unit, digits};

use super::interval::{self, Estimated};
use super::presence::{self, Presence, gap_ns, ns};
use super::{Asked, Judged, beyond, sustained};
use crate::alert;
use crate::burn::{self, Meter, Share};

/// Stretches that are listed of a rule, at most; the longest first ones of a day of alerts.
pub const PLACES_MAX: usize = 200;

/// What a level rule asks, taken apart.
#[derive(Clone, Copy, Debug)]
struct Level {
    statistic: Statistic,
    limit: Bound,
    hold_s: f64,
}

/// What a budget rule asks, taken apart.
#[derive(Clone, Copy, Debug)]
struct Budget<'a> {
    bad: Bad,
    objective: f64,
    period_s: f64,
    burn: &'a [Burn],
}

/// The alert of a level rule for samples that come a step apart; `None` for a budget.
pub fn setup(rule: &ThresholdRule, step_ns: i64) -> Option<alert::Setup> {
    let Test::Level {
        limit,
        hold_s,
        clear,
        ..
    } = &rule.test
    else {
        return None;
    };
    Some(alert::Setup {
        limit: *limit,
        clear: clear.unwrap_or(limit.number()),
        hold_ns: ns(*hold_s),
        gap_ns: gap_ns(step_ns),
    })
}

/// Judges a level rule on a column as drawn, cut to the window; `None` for a budget.
///
/// `highest` is what the series cannot exceed by what it measures.
pub fn level(
    asked: &Asked<'_>,
    rule: &ThresholdRule,
    (at, values, highest): (&[i64], &[f64], f64),
) -> Option<Verdict> {
    let Test::Level {
        statistic,
        limit,
        hold_s,
        ..
    } = &rule.test
    else {
        return None;
    };
    let level = Level {
        statistic: *statistic,
        limit: *limit,
        hold_s: *hold_s,
    };
    let there = presence::of(asked.window, (at, values), None);
    let estimated = level.estimated((at, values, highest), there);
    let (outcome, doubt) = level.outcome(rule, (estimated, there));
    let unit = Unit(rule.unit.clone().into());
    let measure = level.measure();
    let statement = level.statement(asked, (&unit, &measure), (estimated, outcome));
    let mut verdict = asked.verdict(Judged {
        outcome,
        measure,
        value: estimated.map(|it| it.value),
        limit: Some(level.limit),
        unit,
        statement: with_doubt(statement, &doubt),
        doubt,
    });
    verdict.interval = estimated.map(|it| (it.lo, it.hi));
    verdict.effective = estimated.map(|it| it.effective);
    verdict.coverage = Some(there.share);
    verdict.samples = there.count;
    verdict.severity = rule.severity;
    let alerts = setup(rule, there.step_ns);
    let mut places = alerts.map_or_else(Vec::new, |it| alert::episodes(it, at, values));
    places.truncate(PLACES_MAX);
    verdict.places = places;
    Some(verdict)
}

/// A statement with the reason why it cannot be decided.
fn with_doubt(statement: String, doubt: &str) -> String {
    match doubt.is_empty() {
        true => statement,
        false => format!("{statement}; it cannot be decided: {doubt}"),
    }
}

impl Level {
    fn estimated(
        &self,
        (at, values, highest): (&[i64], &[f64], f64),
        there: Presence,
    ) -> Option<Estimated> {
        let numbers: Vec<f64> = values.iter().copied().filter(|it| !it.is_nan()).collect();
        let fact = match self.statistic {
            Statistic::Max => numbers.iter().copied().reduce(f64::max),
            Statistic::Min => numbers.iter().copied().reduce(f64::min),
            Statistic::Sustained => {
                let hold = sustained::Hold {
                    hold_ns: ns(self.hold_s),
                    gap_ns: gap_ns(there.step_ns),
                };
                sustained::level(self.limit, hold, (at, values))
            }
            Statistic::Mean | Statistic::Median | Statistic::Percentile(_) => {
                let mut found = interval::of(&numbers, self.statistic)?;
                found.hi = found.hi.min(highest.max(found.value));
                let lowest = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                if lowest >= 0.0 {
                    // What never was negative here cannot be by what it measures.
                    found.lo = found.lo.max(0.0);
                }
                return Some(found);
            }
        };
        fact.map(|value| Estimated {
            value,
            lo: value,
            hi: value,
            effective: interval::effective(&numbers),
        })
    }

    fn outcome(
        &self,
        rule: &ThresholdRule,
        (estimated, there): (Option<Estimated>, Presence),
    ) -> (Outcome, String) {
        let undecidable = |why: String| (Outcome::Undecidable, why);
        let is_fact = interval::is_fact(self.statistic);
        if is_fact && estimated.is_some_and(|it| self.limit.is_passed_by(it.value)) {
            // It did happen, however little else is known.
            return (Outcome::Fail, String::new());
        }
        if there.count < rule.samples_least {
            return undecidable(format!(
                "only {} samples, {} are needed",
                there.count, rule.samples_least
            ));
        }
        let Some(found) = estimated else {
            return undecidable(format!(
                "nothing was recorded for {} in one go",
                duration_text(self.hold_s)
            ));
        };
        if there.share < rule.coverage_least {
            let share = Unit::new("1");
            return undecidable(format!(
                "only {} of the expected samples are there, {} are needed",
                share.text(there.share),
                share.text(rule.coverage_least)
            ));
        }
        let (lo, hi) = (self.limit.holds(found.lo), self.limit.holds(found.hi));
        match (lo, hi) {
            (true, true) => (Outcome::Pass, String::new()),
            (false, false) => (Outcome::Fail, String::new()),
            _ => undecidable(format!(
                "the interval holds the limit: {} samples repeat each other so much that they carry the evidence of {}",
                there.count,
                digits(found.effective.floor())
            )),
        }
    }

    fn measure(&self) -> String {
        match self.statistic {
            Statistic::Sustained => format!("sustained {}", duration_text(self.hold_s)),
            other => other.to_string(),
        }
    }

    fn statement(
        &self,
        asked: &Asked<'_>,
        (unit, measure): (&Unit, &str),
        (estimated, outcome): (Option<Estimated>, Outcome),
    ) -> String {
        let limit = unit.text(self.limit.number());
        let Some(found) = estimated else {
            return format!("{}: no {measure} to hold against {limit}", asked.series);
        };
        let value = unit.text(found.value);
        let within = match found.lo < found.hi {
            true => format!(" ({} to {})", unit.text(found.lo), unit.text(found.hi)),
            false => String::new(),
        };
        let margin = unit.text(self.limit.margin(found.value).abs());
        let said = match (outcome, self.limit.holds(found.value)) {
            (Outcome::Fail, _) => {
                format!("is {margin} {} the limit of {limit}", beyond(self.limit))
            }
            (_, true) => format!("keeps the limit of {limit} by {margin}"),
            (_, false) => format!("is {margin} {} the limit of {limit}", beyond(self.limit)),
        };
        format!("{}: {measure} {value}{within} {said}", asked.series)
    }
}

/// Judges a budget rule on what was bad over time; `None` for a level.
///
/// `step_ns` is the time between intervals as they were recorded.
pub fn budget(
    asked: &Asked<'_>,
    rule: &ThresholdRule,
    (at, shares): (&[i64], &[Share]),
) -> Option<Verdict> {
    let budget = Budget::of(rule)?;
    let ones: Vec<f64> = shares.iter().map(|it| it.total).collect();
    let there = presence::of(asked.window, (at, &ones), None);
    let total: f64 = shares.iter().map(|it| it.total).sum();
    let samples = total.max(0.0).round() as u64;
    let estimated = interval::of_shares(shares);
    let fired = burn::episodes(Meter::new(budget.objective, budget.burn), at, shares);
    let (outcome, doubt) = budget.outcome(rule, (estimated, samples, there), &fired);
    let mut verdict = asked.verdict(Judged {
        outcome,
        measure: budget.measure(),
        value: estimated.map(|it| it.value),
        limit: Some(Bound::AtMost(1.0 - budget.objective)),
        unit: Unit::new("1"),
        statement: with_doubt(budget.statement(asked, (estimated, &fired)), &doubt),
        doubt,
    });
    verdict.interval = estimated.map(|it| (it.lo, it.hi));
    verdict.effective = estimated.map(|it| it.effective);
    verdict.coverage = Some(there.share);
    verdict.samples = samples;
    verdict.severity = fired
        .iter()
        .filter_map(|(place, _)| budget.burn.get(*place))
        .map(|it| it.severity)
        .fold(rule.severity, Severity::max);
    let mut places: Vec<Span> = fired.into_iter().map(|(_, span)| span).collect();
    places.truncate(PLACES_MAX);
    verdict.places = places;
    Some(verdict)
}

/// What was bad of the samples of a column that are numbers, by a limit.
pub fn shares_beyond(bound: Bound, values: &[f64]) -> Vec<Share> {
    let share = |value: &f64| Share {
        bad: f64::from(u8::from(bound.is_passed_by(*value))),
        total: if value.is_nan() { f64::NAN } else { 1.0 },
    };
    values.iter().map(share).collect()
}

impl<'a> Budget<'a> {
    fn of(rule: &'a ThresholdRule) -> Option<Self> {
        let Test::Budget {
            bad,
            objective,
            period_s,
            burn,
        } = &rule.test
        else {
            return None;
        };
        Some(Self {
            bad: *bad,
            objective: *objective,
            period_s: *period_s,
            burn,
        })
    }

    fn outcome(
        &self,
        rule: &ThresholdRule,
        (estimated, samples, there): (Option<Estimated>, u64, Presence),
        fired: &[(usize, Span)],
    ) -> (Outcome, String) {
        let undecidable = |why: String| (Outcome::Undecidable, why);
        if !fired.is_empty() {
            return (Outcome::Fail, String::new());
        }
        let Some(found) = estimated.filter(|_| samples >= rule.samples_least) else {
            return undecidable(format!(
                "only {samples} {}, {} are needed",
                self.noun(),
                rule.samples_least
            ));
        };
        if there.share < rule.coverage_least {
            let share = Unit::new("1");
            return undecidable(format!(
                "only {} of the expected samples are there, {} are needed",
                share.text(there.share),
                share.text(rule.coverage_least)
            ));
        }
        let limit = Bound::AtMost(1.0 - self.objective);
        match (limit.holds(found.lo), limit.holds(found.hi)) {
            (true, true) => (Outcome::Pass, String::new()),
            (false, false) => (Outcome::Fail, String::new()),
            _ => undecidable(format!(
                "the interval holds the limit: {samples} {} carry the evidence of {}",
                self.noun(),
                digits(found.effective.floor())
            )),
        }
    }

    fn noun(&self) -> &'static str {
        match self.bad {
            Bad::Failed | Bad::SlowerThan(_) => "requests",
            Bad::Beyond(_) => "samples",
        }
    }

    fn measure(&self) -> String {
        match self.bad {
            Bad::Failed => "share of requests failed".to_owned(),
            Bad::SlowerThan(limit) => {
                format!("share of requests over {}", Unit::new("s").text(limit))
            }
            Bad::Beyond(limit) => format!("share of samples {} {}", beyond(limit), limit.number()),
        }
    }

    fn statement(
        &self,
        asked: &Asked<'_>,
        (estimated, fired): (Option<Estimated>, &[(usize, Span)]),
    ) -> String {
        let share = Unit::new("1");
        let measure = self.measure();
        let allowed = 1.0 - self.objective;
        let Some(found) = estimated else {
            return format!("{}: no {} in the window", asked.series, self.noun());
        };
        let rate = found.value / allowed;
        let spent = found.value / allowed * asked.window.seconds() / self.period_s;
        let mut said = format!(
            "{}: {measure} {} ({} to {}) of {} allowed, a burn rate of {}: {} of the budget of {}",
            asked.series,
            share.text(found.value),
            share.text(found.lo),
            share.text(found.hi),
            share.text(allowed),
            digits(rate),
            share.text(spent),
            duration_text(self.period_s),
        );
        for (place, pair) in self.burn.iter().enumerate() {
            let times = fired.iter().filter(|(it, _)| *it == place).count();
            if times > 0 {
                said.push_str(&format!(
                    "; over {} and {} it was above {} {times} times",
                    duration_text(pair.long_s),
                    duration_text(pair.short_s),
                    digits(pair.rate)
                ));
            }
        }
        said
    }
}
