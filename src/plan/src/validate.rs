//! Whether what was predicted came true.
//!
//! Two recordings are held against a plan: are they comparable, did the numbers fall where
//! they were predicted, did anything change at all, and do the plan's own criteria hold.
//! "Not comparable", "no effect" and "not enough evidence" are answers of their own and
//! are never rounded to yes or no.
//!
//! * [`gate`]: same load, same mix, enough requests.
//! * [`grade`]: how far off a prediction may be, by what it speaks of.
//! * [`recording`]: a side from what was observed.
//! * [`criterion`]: what the plan itself asks for.
//! * [`trial`]: when a trial that goes back and forth may stop.
//! * [`sentence`]: the answers in words.
//! * Never: reads a clock, or takes a percentile of percentiles: the value of a window is
//!   given by who has its requests.
//!
//! Start at [`validate`].

use analysis::compare::{self, Difference};
use model::catalog::{Kind, Polarity};
use model::plan::{Class, Criterion, Expected, Plan, State};
use model::series::{Series, SeriesKey};
use model::unit::Unit;

pub mod criterion;
pub mod gate;
pub mod grade;
pub mod recording;
pub mod sentence;
pub mod trial;

use criterion::{Judged, Outcome};
use gate::Gate;
use grade::{Grade, Quantity};

/// A prediction speaks of a change where its point lies so far from the value before, as a
/// share of it: what people act on.
pub const CHANGE_LEAST: f64 = 0.05;

/// Part of a predicted change that counts as hardly any of it.
const HARDLY: f64 = 0.25;

/// More of the predictions than this part may not be off. One in five may lie outside an
/// interval of 80 % by chance.
pub const OFF_MOST: f64 = 0.25;

/// One metric of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name in the plan, such as `app.checkout.p95`.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Which direction is better.
    pub polarity: Polarity,
    /// One value an interval, one list a run; `NaN` is a gap.
    pub runs: Vec<Vec<f64>>,
    /// The value of the whole window, where it is not the mean of the intervals: a
    /// percentile of all its requests.
    pub whole: Option<f64>,
}

impl Metric {
    /// The value of the window; `NaN` without any.
    pub fn value(&self) -> f64 {
        let numbers = || self.runs.iter().flatten().filter(|it| it.is_finite());
        let mean = || numbers().sum::<f64>() / numbers().count() as f64;
        self.whole.unwrap_or_else(mean)
    }
}

/// One side: what was measured before, or after.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Length of an interval, seconds.
    pub step_s: f64,
    /// What was asked for: requests a second of an open load, users of a closed one;
    /// `NaN` where it is not known. Not what was answered, which is an outcome.
    pub load: f64,
    /// Requests that ended in the window.
    pub requests: u64,
    /// Requests by operation; empty where they are not told apart.
    pub operations: Vec<(String, f64)>,
    /// Utilization of the busiest resource, 0 to 1; `NaN` where it is not known.
    pub busiest: f64,
    /// What was measured.
    pub metrics: Vec<Metric>,
}

impl Recording {
    /// The metric of this name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|it| it.name == name)
    }
}

/// Both sides, and how they relate.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// Before the change.
    pub before: &'a Recording,
    /// After it.
    pub after: &'a Recording,
    /// Whether they are of one recording, or apart.
    pub relation: compare::Relation,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// As predicted, and every criterion holds.
    Validated,
    /// Not as predicted, or a criterion does not hold.
    Mispredicted,
    /// Load or mix differ too much to say anything.
    NotComparable,
    /// It was shown that nothing changed, though something was expected to.
    NoEffect,
    /// Not enough evidence.
    Unknown,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::Mispredicted => "mispredicted",
            Self::NotComparable => "not comparable",
            Self::NoEffect => "no effect",
            Self::Unknown => "not enough evidence",
        }
    }

    /// The state that a confirmed plan comes to; `None` where it stays confirmed.
    pub fn state(self) -> Option<State> {
        match self {
            Self::Validated => Some(State::Validated),
            Self::Mispredicted | Self::NoEffect => Some(State::Mispredicted),
            Self::NotComparable | Self::Unknown => None,
        }
    }
}

/// A prediction held against what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was predicted.
    pub expected: Expected,
    /// Its unit.
    pub unit: Unit,
    /// What it speaks of.
    pub quantity: Quantity,
    /// What was measured before; `NaN` where it was not.
    pub before: f64,
    /// What was measured after; `NaN` where it was not.
    pub observed: f64,
    /// `|predicted - observed| / observed`; `NaN` without a point or a measurement.
    pub error: f64,
    /// Whether the measurement lies in the interval; `None` without either.
    pub inside: Option<bool>,
    /// How good the point is; `None` where there is none or nothing was measured.
    pub grade: Option<Grade>,
    /// Before against after; `None` where one of them was not measured.
    pub difference: Option<Difference>,
    /// The same in a sentence.
    pub change: Option<String>,
}

impl Row {
    /// Whether the prediction and the measurement agree: inside the interval, or close
    /// enough for its sort; `None` where that cannot be said.
    pub fn agrees(&self) -> Option<bool> {
        let is_close = self.grade.is_some_and(Grade::is_pass);
        match self.inside {
            Some(inside) => Some(inside || is_close),
            None => self.grade.map(|_| is_close),
        }
    }

    /// Whether the point predicts a change rather than that all stays.
    pub fn expects_change(&self) -> bool {
        let Some(point) = self.expected.p50 else {
            return false;
        };
        (point - self.before).abs() > CHANGE_LEAST * self.before.abs()
    }

    /// Whether a large change was predicted and it was shown that hardly any came: its
    /// interval stays within a part of what was predicted, also where runs differ by what
    /// counts.
    fn hardly_moved(&self) -> bool {
        let predicted = self
            .expected
            .p50
            .map_or(f64::NAN, |it| it / self.before - 1.0);
        let most = predicted.abs() * HARDLY;
        let interval = self.difference.as_ref().map(|it| it.relative);
        most >= CHANGE_LEAST && interval.is_some_and(|it| it.iter().all(|it| it.abs() < most))
    }

    /// Whether what was measured moved as predicted; `None` where no change was predicted
    /// or nothing was measured. Says nothing about chance: [`Self::moved_against`] does.
    pub fn has_right_direction(&self) -> Option<bool> {
        let moved = self.observed - self.before;
        let predicted = self.expected.p50.filter(|_| self.expects_change())? - self.before;
        (!moved.is_nan()).then_some(moved * predicted > 0.0)
    }

    /// Whether it was shown that the metric moved against the prediction.
    pub fn moved_against(&self) -> bool {
        let (Some(point), Some(difference)) = (self.expected.p50, &self.difference) else {
            return false;
        };
        match difference.verdict {
            compare::Verdict::Up => self.expects_change() && point < self.before,
            compare::Verdict::Down => self.expects_change() && point > self.before,
            compare::Verdict::Same | compare::Verdict::Unknown => false,
        }
    }
}

/// Something that changed though nobody spoke of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SideEffect {
    /// What.
    pub metric: String,
    /// How.
    pub difference: Difference,
    /// Whether it is worse now.
    pub is_worse: bool,
    /// In a sentence.
    pub said: String,
}

/// Everything that a validation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// Why, in a plain sentence.
    pub because: String,
    /// Whether the sides are comparable.
    pub gate: Gate,
    /// Each prediction, in the order of the plan.
    pub rows: Vec<Row>,
    /// Each criterion, in the order of the plan.
    pub criteria: Vec<Judged>,
    /// The plan's objective, which is told and does not count: what counts are criteria.
    pub objective: Option<Judged>,
    /// What else changed, the worse first.
    pub side_effects: Vec<SideEffect>,
    /// What speaks against the answer.
    pub doubts: Vec<String>,
}

/// Holds what was measured against a plan.
///
/// Before and after are compared by [`compare::differences`] over all metrics that both
/// sides have, so that one of many does not stand out by chance.
pub fn validate(plan: &Plan, sides: &Sides<'_>) -> Report {
    let gate = gate::judge(plan, sides);
    let compared = compared(sides);
    let rows: Vec<Row> = plan
        .expected
        .iter()
        .map(|it| row(it, sides, &compared))
        .collect();
    let criteria: Vec<Judged> = plan
        .validation
        .criteria
        .iter()
        .map(|it| criterion::judge(it, &rows, (sides, &compared)))
        .collect();
    let objective = plan.objective.as_ref().map(|it| {
        let holds = Criterion::Holds {
            metric: it.metric.clone(),
            limit: it.goal,
        };
        criterion::judge(&holds, &rows, (sides, &compared))
    });
    let (verdict, because) = verdict(&gate, &rows, &criteria);
    Report {
        verdict,
        because,
        doubts: doubts(&gate, &rows, sides),
        side_effects: side_effects(plan, &compared),
        gate,
        rows,
        criteria,
        objective,
    }
}

/// A metric that both sides have.
pub(crate) struct Compared<'a> {
    pub(crate) metric: &'a Metric,
    series: Series,
    pub(crate) difference: Difference,
}

fn compared<'a>(sides: &Sides<'a>) -> Vec<Compared<'a>> {
    let both: Vec<(&Metric, &Metric, Series)> = sides
        .before
        .metrics
        .iter()
        .filter_map(|before| {
            let after = sides.after.metric(&before.name)?;
            if !is_same_unit(before.unit.code(), after.unit.code()) {
                return None;
            }
            let series = Series {
                key: SeriesKey::new("", &before.name, Vec::new()),
                unit: before.unit.clone(),
                kind: Kind::Gauge,
                polarity: before.polarity,
            };
            Some((before, after, series))
        })
        .collect();
    let pairs: Vec<compare::Pair<'_>> = both
        .iter()
        .map(|(before, after, series)| compare::Pair {
            series,
            before: before.runs.iter().map(Vec::as_slice).collect(),
            after: after.runs.iter().map(Vec::as_slice).collect(),
        })
        .collect();
    let params = compare::Params {
        step_seconds: sides.after.step_s,
        relation: sides.relation,
        join: None,
    };
    let differences = compare::differences(&pairs, &params);
    let all = both.into_iter().zip(differences);
    all.map(|((metric, _, series), difference)| Compared {
        metric,
        series,
        difference,
    })
    .collect()
}

fn row(expected: &Expected, sides: &Sides<'_>, compared: &[Compared<'_>]) -> Row {
    let [before, after] = [sides.before, sides.after].map(|it| {
        let metric = it.metric(&expected.metric);
        metric.filter(|it| is_same_unit(&expected.unit, it.unit.code()))
    });
    let unit = after.map_or_else(|| Unit(expected.unit.clone().into()), |it| it.unit.clone());
    let quantity = grade::quantity(&expected.metric, &unit, sides.after.busiest);
    let observed = after.map_or(f64::NAN, Metric::value);
    let measured_before = before.map_or(f64::NAN, Metric::value);
    let point = expected.p50.unwrap_or(f64::NAN);
    let difference = before.and(after).and_then(|_| {
        let mut all = compared.iter();
        all.find(|it| it.metric.name == expected.metric)
    });
    Row {
        error: grade::error(point, observed),
        grade: quantity.grade(point, observed),
        inside: inside(expected, observed),
        before: match measured_before.is_finite() {
            true => measured_before,
            false => expected.before.unwrap_or(f64::NAN),
        },
        observed,
        quantity,
        unit,
        change: difference
            .map(|it| compare::statement(&it.metric.name, &it.series, &it.difference)),
        difference: difference.map(|it| it.difference.clone()),
        expected: expected.clone(),
    }
}

/// Whether numbers in two units can be held against each other: what is counted does not
/// matter, and an empty unit of a prediction is whatever was measured.
pub fn is_same_unit(predicted: &str, measured: &str) -> bool {
    let plain = |code: &str| -> String {
        let mut parts = code.split(['{', '}']);
        // Every second part is a note on what is counted.
        let mut text = parts.next().unwrap_or_default().to_owned();
        while let (Some(_), Some(after)) = (parts.next(), parts.next()) {
            text.push_str(after);
        }
        match text.as_str() {
            "" => "1".to_owned(),
            it if it.starts_with('/') => format!("1{it}"),
            _ => text,
        }
    };
    predicted.is_empty() || plain(predicted) == plain(measured)
}

/// Whether a value lies in the interval of 80 %; `None` without an interval or a value.
pub fn inside(expected: &Expected, observed: f64) -> Option<bool> {
    let (low, high) = (expected.p10?, expected.p90?);
    observed
        .is_finite()
        .then(|| (low..=high).contains(&observed))
}

fn verdict(gate: &Gate, rows: &[Row], criteria: &[Judged]) -> (Verdict, String) {
    if let Some(why) = gate.differs.first() {
        return (Verdict::NotComparable, why.clone());
    }
    if let Some(why) = gate.lacks.first() {
        return (Verdict::Unknown, why.clone());
    }
    let judged: Vec<&Row> = rows.iter().filter(|it| it.agrees().is_some()).collect();
    if judged.is_empty() && criteria.iter().all(|it| it.outcome == Outcome::Open) {
        let why = "nothing that was predicted or asked for was measured on both sides";
        return (Verdict::Unknown, why.to_owned());
    }
    if let Some(why) = no_effect(rows, criteria) {
        return (Verdict::NoEffect, why);
    }
    if let Some(why) = mispredicted(&judged, criteria) {
        return (Verdict::Mispredicted, why);
    }
    if let Some(open) = criteria.iter().find(|it| it.outcome == Outcome::Open) {
        return (Verdict::Unknown, open.said.clone());
    }
    let why = match judged.len() {
        0 => "every criterion holds".to_owned(),
        count => format!(
            "{} of {count} predictions agree with what was measured, and every criterion holds",
            judged.iter().filter(|it| it.agrees() == Some(true)).count()
        ),
    };
    (Verdict::Validated, why)
}

/// Whether something was expected to change and all of it was shown not to: it is the same
/// as before, or moved by less than a part of what was predicted.
fn no_effect(rows: &[Row], criteria: &[Judged]) -> Option<String> {
    let expected: Vec<&Row> = rows.iter().filter(|it| it.expects_change()).collect();
    let of_rows = |name: &str| expected.iter().any(|it| it.expected.metric == name);
    let wanted = criteria
        .iter()
        .filter(|it| it.wants_change && !of_rows(&it.metric));
    let same = |it: Option<&Difference>| it.is_some_and(|it| it.verdict == compare::Verdict::Same);
    let (mut stayed, mut hardly) = (Vec::new(), Vec::new());
    for criterion in wanted {
        if !same(criterion.difference.as_ref()) {
            return None;
        }
        stayed.push(criterion.metric.as_str());
    }
    for row in expected {
        match (same(row.difference.as_ref()), row.hardly_moved()) {
            (true, _) => stayed.push(row.expected.metric.as_str()),
            (false, true) => hardly.push(row.expected.metric.as_str()),
            (false, false) => return None,
        }
    }
    let listed = |names: &mut Vec<&str>| {
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    let verb = if stayed.len() == 1 { "is" } else { "are" };
    let said = [
        (
            listed(&mut stayed),
            format!("{verb} the same as before to within what counts"),
        ),
        (
            listed(&mut hardly),
            "moved by less than a quarter of what was predicted".to_owned(),
        ),
    ];
    let said = said.iter().filter(|it| !it.0.is_empty());
    let said: Vec<String> = said
        .map(|(names, what)| format!("{names} {what}"))
        .collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn mispredicted(judged: &[&Row], criteria: &[Judged]) -> Option<String> {
    if let Some(it) = judged.iter().find(|it| it.moved_against()) {
        let name = &it.expected.metric;
        return Some(format!(
            "{name} moved in the other direction than predicted"
        ));
    }
    if let Some(it) = criteria.iter().find(|it| it.outcome == Outcome::Fails) {
        return Some(it.said.clone());
    }
    let off = || judged.iter().filter(|it| it.agrees() == Some(false));
    let sure = |it: &&&Row| matches!(it.expected.class, Class::A | Class::B);
    let failed = off().filter(sure).find(|it| it.grade == Some(Grade::Fail));
    if let Some(it) = failed {
        return Some(sentence::of_row(it));
    }
    let count = off().count();
    (count as f64 > OFF_MOST * judged.len() as f64).then(|| {
        format!(
            "{count} of {} predictions lie outside their intervals and are not close either",
            judged.len()
        )
    })
}

fn doubts(gate: &Gate, rows: &[Row], sides: &Sides<'_>) -> Vec<String> {
    let mut doubts = gate.doubts.clone();
    for row in rows {
        let name = &row.expected.metric;
        let measured = sides.after.metric(name).map(|it| it.unit.code());
        if let Some(code) = measured.filter(|it| !is_same_unit(&row.expected.unit, it)) {
            let predicted = &row.expected.unit;
            doubts.push(format!(
                "{name} was predicted in {predicted} but measured in {code}"
            ));
        } else if row.observed.is_nan() && row.expected.class != Class::X {
            doubts.push(format!("{name} was predicted but not measured afterwards"));
        } else if row.agrees() == Some(false) {
            doubts.push(format!("{name} did not come as predicted"));
        }
    }
    let is_single = |it: &Recording| it.metrics.iter().all(|it| it.runs.len() < 2);
    if sides.relation == compare::Relation::Apart && is_single(sides.after) {
        doubts.push(
            "both sides are one run each and apart, so what a run differs from the next is \
             not known"
                .to_owned(),
        );
    }
    doubts
}

fn side_effects(plan: &Plan, compared: &[Compared<'_>]) -> Vec<SideEffect> {
    let is_known = |name: &str| plan.expected.iter().any(|it| it.metric == name);
    let others = compared
        .iter()
        .filter(|it| it.difference.verdict.is_change() && !is_known(&it.metric.name));
    let mut found: Vec<SideEffect> = others
        .map(|it| SideEffect {
            metric: it.metric.name.clone(),
            is_worse: matches!(
                (it.metric.polarity, it.difference.verdict),
                (Polarity::HigherIsWorse, compare::Verdict::Up)
                    | (Polarity::HigherIsBetter, compare::Verdict::Down)
            ),
            said: compare::statement(&it.metric.name, &it.series, &it.difference),
            difference: it.difference.clone(),
        })
        .collect();
    found.sort_by_key(|it| !it.is_worse);
    found
}

#[cfg(test)]
mod tests;
