//! Metric and threshold standards held against a recording.
//!
//! Start at [`metrics`] and [`thresholds`].

use std::collections::HashSet;

use analysis::burn::Share;
use analysis::limit;
use analysis::standard::{Asked, begun, metric, requests, threshold};
use model::compliance::{Compliance, Outcome, Verdict};
use model::series::{Series, SeriesKey, glob_matches};
use model::standard::{Bad, Bound, MetricRule, Presence, Standard, Test, ThresholdRule};
use model::time::Span;
use model::unit::Unit;

use crate::jobs::Context;
use crate::problem::Problem;
use crate::stored::Stored;

/// Series that one rule is held against, at most: 20,000 verdicts of half a kilobyte are 10 MB.
const SERIES_MAX: usize = 20_000;

/// Series that are read in one go.
const READ_AT_ONCE: usize = 32;

/// What a rule is held against, and how.
#[derive(Clone, Copy)]
struct Work<'a> {
    stored: &'a Stored,
    standard: &'a Standard,
    window: Span,
    context: &'a Context,
}

impl Work<'_> {
    /// The series of hosts in scope whose name without the host matches, and how many more
    /// than [`SERIES_MAX`] there are.
    fn matching<'s>(
        &self,
        all: impl Iterator<Item = &'s Series>,
        pattern: &str,
    ) -> (Vec<&'s Series>, usize) {
        let fits = |it: &&Series| {
            self.standard.admits(&it.key.host) && glob_matches(pattern, &it.key.column())
        };
        let mut found: Vec<&Series> = all.filter(fits).collect();
        let more = found.len().saturating_sub(SERIES_MAX);
        found.truncate(SERIES_MAX);
        (found, more)
    }

    fn asked<'b>(
        &'b self,
        rule: (&'b str, &'b str),
        (host, series): (&'b str, &'b str),
    ) -> Asked<'b> {
        Asked {
            standard: self.standard,
            rule,
            host,
            series,
            window: self.window,
        }
    }

    fn step(&self, done: usize, total: usize) -> Result<(), Problem> {
        self.context.progress(done as u64, total as u64);
        match self.context.cancelled() {
            true => Err(Problem::cancelled("check")),
            false => Ok(()),
        }
    }
}

/// Whether what is recorded is what must be.
pub(super) fn metrics(
    (stored, standard): (&Stored, &Standard),
    rules: &[MetricRule],
    (window, context): (Span, &Context),
) -> Result<Compliance, Problem> {
    let work = Work {
        stored,
        standard,
        window,
        context,
    };
    let known: HashSet<&SeriesKey> = stored.measured().iter().map(|it| &it.key).collect();
    let computed = stored.series().iter().filter(|it| !known.contains(&it.key));
    let all: Vec<&Series> = stored
        .measured()
        .iter()
        .chain(stored.observed())
        .chain(computed)
        .collect();
    let observed: HashSet<&SeriesKey> = stored.observed().iter().map(|it| &it.key).collect();
    let mut compliance = begun(standard, window);
    for (done, rule) in rules.iter().enumerate() {
        work.step(done, rules.len())?;
        let named = (rule.id.as_str(), rule.title.as_str());
        let (found, more) = work.matching(all.iter().copied(), &rule.series);
        if found.is_empty() {
            match rule.presence {
                Presence::Optional => compliance.skipped.push(none(&rule.id, &rule.series)),
                Presence::Required => {
                    let asked = work.asked(named, ("", &rule.series));
                    compliance.rows.push(metric::missing(&asked));
                }
            }
        }
        for part in found.chunks(READ_AT_ONCE) {
            work.step(done, rules.len())?;
            for (series, (at, values)) in part.iter().zip(work.samples(part, &observed)?) {
                let name = series.key.to_string();
                let asked = work.asked(named, (&series.key.host, &name));
                let rows = (&series.unit, at.as_slice(), values.as_slice());
                let verdict = metric::judge(&asked, rule, rows);
                compliance.rows.push(with_cadence(verdict, rule));
            }
        }
        if more > 0 {
            let asked = work.asked(named, ("", &rule.series));
            let why = not_judged(more, found.len() + more);
            compliance.rows.push(asked.without_series(&rule.unit, &why));
        }
    }
    Ok(compliance)
}

/// Times of samples, and numbers that tell whether something was there.
type Samples = (Vec<i64>, Vec<f64>);

impl Work<'_> {
    fn samples(
        &self,
        part: &[&Series],
        observed: &HashSet<&SeriesKey>,
    ) -> Result<Vec<Samples>, Problem> {
        let keys = |histograms: bool| -> Vec<SeriesKey> {
            let of = part
                .iter()
                .filter(|it| observed.contains(&it.key) == histograms);
            of.map(|it| it.key.clone()).collect()
        };
        let columns = self.stored.columns(&keys(false), Some(self.window))?;
        let rows = self.stored.rows(&keys(true), Some(self.window))?;
        let (mut columns, mut rows) = (columns.into_iter(), rows.into_iter());
        let each = part.iter().map(|it| match observed.contains(&it.key) {
            true => {
                let rows = rows.next().unwrap_or_default();
                let at: Vec<i64> = rows.iter().map(|it| it.at.0).collect();
                let there = vec![1.0; at.len()];
                (at, there)
            }
            false => columns
                .next()
                .map_or_else(Samples::default, |it| (it.at.to_vec(), it.values.to_vec())),
        });
        Ok(each.collect())
    }
}

/// A verdict that nothing could be computed for says at least what is asked.
fn with_cadence(mut verdict: Verdict, rule: &MetricRule) -> Verdict {
    if verdict.outcome == Outcome::Undecidable && verdict.limit.is_none() {
        verdict.limit = Some(Bound::AtMost(rule.cadence_s));
        verdict.unit = Unit::new("s");
    }
    verdict
}

/// Why the rest of too many series is undecided.
fn not_judged(more: usize, all: usize) -> String {
    let were = if more == 1 { "was" } else { "were" };
    format!("{more} of {all} series that match {were} not judged")
}

/// The undecidable verdict of a rule, with what it asks for.
fn unanswered(asked: &Asked<'_>, rule: &ThresholdRule, why: &str) -> Verdict {
    let (limit, unit) = match &rule.test {
        Test::Level { limit, .. } => (*limit, rule.unit.as_str()),
        Test::Budget { objective, .. } => (Bound::AtMost(1.0 - objective), "1"),
    };
    Verdict {
        limit: Some(limit),
        severity: rule.severity,
        ..asked.without_series(unit, why)
    }
}

fn none(rule: &str, pattern: &str) -> String {
    format!("{rule}: no series matches {pattern}")
}

/// Whether measured values stayed where they must.
pub(super) fn thresholds(
    (stored, standard): (&Stored, &Standard),
    rules: &[ThresholdRule],
    (window, context): (Span, &Context),
) -> Result<Compliance, Problem> {
    let work = Work {
        stored,
        standard,
        window,
        context,
    };
    let mut compliance = begun(standard, window);
    for (done, rule) in rules.iter().enumerate() {
        work.step(done, rules.len())?;
        let (found, more) = work.matching(stored.series().iter(), &rule.series);
        let named = (rule.id.as_str(), rule.title.as_str());
        if found.is_empty() {
            match rule.presence {
                Presence::Optional => compliance.skipped.push(none(&rule.id, &rule.series)),
                Presence::Required => {
                    let asked = work.asked(named, ("", &rule.series));
                    let why = "no series of the session matches";
                    compliance.rows.push(unanswered(&asked, rule, why));
                }
            }
        }
        for part in found.chunks(READ_AT_ONCE) {
            work.step(done, rules.len())?;
            let (rows, skipped) = work.judged(rule, part)?;
            compliance.rows.extend(rows);
            compliance.skipped.extend(skipped);
        }
        if more > 0 {
            let asked = work.asked(named, ("", &rule.series));
            let why = not_judged(more, found.len() + more);
            compliance.rows.push(unanswered(&asked, rule, &why));
        }
    }
    Ok(compliance)
}

impl Work<'_> {
    /// The verdicts on some series, and which of them an optional rule says nothing about.
    fn judged(
        &self,
        rule: &ThresholdRule,
        part: &[&Series],
    ) -> Result<(Vec<Verdict>, Vec<String>), Problem> {
        let named = (rule.id.as_str(), rule.title.as_str());
        let (mut verdicts, mut skipped) = (Vec::with_capacity(part.len()), Vec::new());
        let keys: Vec<SeriesKey> = part.iter().map(|it| it.key.clone()).collect();
        let columns = self.stored.columns(&keys, Some(self.window))?;
        for (series, column) in part.iter().zip(&columns) {
            let name = series.key.to_string();
            let asked = self.asked(named, (&series.key.host, &name));
            if !fits(series, &rule.unit) {
                let why = format!(
                    "it is in {:?}, the rule speaks of {:?}",
                    series.unit.code(),
                    rule.unit
                );
                verdicts.push(unanswered(&asked, rule, &why));
                continue;
            }
            let is_empty = column.values.iter().all(|it| it.is_nan());
            if is_empty && rule.presence == Presence::Optional {
                skipped.push(format!("{}: {name} holds no number", rule.id));
                continue;
            }
            let rows = (&*column.at, &*column.values);
            let verdict = match &rule.test {
                Test::Level { .. } => {
                    let highest = limit::highest(series);
                    threshold::level(&asked, rule, (rows.0, rows.1, highest))
                }
                Test::Budget { bad, .. } => {
                    let (at, shares) = self.shares(series, *bad, rows)?;
                    threshold::budget(&asked, rule, (&at, &shares))
                }
            };
            verdicts.extend(verdict);
        }
        Ok((verdicts, skipped))
    }

    /// What spends a budget, by time: requests where they were counted, else samples.
    fn shares(
        &self,
        series: &Series,
        bad: Bad,
        (at, values): (&[i64], &[f64]),
    ) -> Result<(Vec<i64>, Vec<Share>), Problem> {
        if requests::counts(bad)
            && let Some(counted) = self.stored.request_shares(&series.key, bad, self.window)?
        {
            return Ok(counted);
        }
        let rows = at.iter().copied().zip(shares_of_values(bad, values));
        let known: (Vec<i64>, Vec<Share>) = rows.filter(|(_, it)| it.total.is_finite()).unzip();
        Ok(known)
    }
}

/// What spends a budget by the values of a series of which no requests were counted.
pub(super) fn shares_of_values(bad: Bad, values: &[f64]) -> Vec<Share> {
    let failed = |ratio: &f64| Share {
        bad: *ratio,
        total: if ratio.is_nan() { f64::NAN } else { 1.0 },
    };
    match bad {
        Bad::Failed => values.iter().map(failed).collect(),
        Bad::SlowerThan(limit) => threshold::shares_beyond(Bound::AtMost(limit), values),
        Bad::Beyond(bound) => threshold::shares_beyond(bound, values),
    }
}

/// Whether a series is in the unit of a rule; one of a foreign table that tells no unit
/// takes that of the rule.
pub(super) fn fits(series: &Series, unit: &str) -> bool {
    let told = series.unit.code();
    let is_ours = model::catalog::find(&series.key.metric).is_some();
    told == unit || told.is_empty() || (!is_ours && matches!(told, "1" | "{value}"))
}
