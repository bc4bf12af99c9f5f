//! Finds the readings of one host in a frame, however they were stored.
//!
//! A session brings derived series; a foreign table may bring only the measured
//! ones, whose counters are already rates. What can be had from either is given the
//! same way.
//!
//! * In: a frame and the name of a host in it.
//! * Out: one value a row; `NaN` where it was not read.
//! * Never: fills a gap.
//!
//! Start at [`Lens::new`].

use std::collections::BTreeMap;

use model::catalog::{self, Kind};
use model::series::SeriesKey;

use crate::frame::{Frame, Line};

/// Attributes that a series must have.
pub(super) type With<'a> = &'a [(&'a str, &'a str)];

/// The series of one host, by metric.
pub(super) struct Lens<'a> {
    pub(super) frame: &'a Frame,
    lines: BTreeMap<&'a str, Vec<&'a Line>>,
}

impl<'a> Lens<'a> {
    /// Looks at the series of `host` alone.
    pub(super) fn new(frame: &'a Frame, host: &str) -> Self {
        let mut lines: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in &frame.lines {
            if line.series.key.host == host {
                let metric = line.series.key.metric.as_str();
                lines.entry(told_as(metric)).or_default().push(line);
            }
        }
        Self { frame, lines }
    }

    /// The series of a metric.
    pub(super) fn of(&self, metric: &str) -> &[&'a Line] {
        self.lines.get(metric).map_or(&[], Vec::as_slice)
    }

    /// The series with exactly these attributes.
    pub(super) fn one(&self, metric: &str, with: With<'_>) -> Option<Vec<f64>> {
        let exact = |line: &&&Line| {
            line.series.key.attributes.len() == with.len() && has(&line.series.key, with)
        };
        let line = self.of(metric).iter().find(exact)?;
        Some(line.values.to_vec())
    }

    /// The sum of all series with at least these attributes, gaps left out.
    pub(super) fn sum(&self, metric: &str, with: With<'_>) -> Option<Vec<f64>> {
        let lines = self.of(metric).iter();
        let parts = lines.filter(|line| has(&line.series.key, with));
        sum(self.frame.rows(), parts.map(|line| &line.values[..]))
    }

    /// The values of an attribute that series of these metrics have, sorted.
    pub(super) fn values_of(&self, metrics: &[&str], attribute: &str) -> Vec<String> {
        let lines = metrics.iter().flat_map(|metric| self.of(metric));
        let mut values: Vec<String> = lines
            .filter_map(|line| line.series.key.attribute(attribute))
            .map(str::to_owned)
            .collect();
        values.sort();
        values.dedup();
        values
    }

    /// Share of processor time in a state, of all processors together.
    pub(super) fn processor_state(&self, state: &str) -> Option<Vec<f64>> {
        let derived = self.one("system.cpu.utilization", &[("state", state)]);
        derived.or_else(|| {
            let part = self.sum("system.cpu.time", &[("state", state)])?;
            Some(ratio(&part, &self.sum("system.cpu.time", &[])?))
        })
    }

    /// Share of processor time that was neither idle nor idle for storage.
    pub(super) fn processor_busy(&self) -> Option<Vec<f64>> {
        self.one("system.cpu.utilization", &[]).or_else(|| {
            let idle = self.processor_state("idle")?;
            Some(match self.processor_state("iowait") {
                Some(wait) => pairs(&idle, &wait, |idle, wait| {
                    1.0 - idle - if wait.is_nan() { 0.0 } else { wait }
                }),
                None => idle.iter().map(|it| 1.0 - it).collect(),
            })
        })
    }

    /// Share of time in which some task stalled for a resource.
    pub(super) fn pressure(&self, resource: &str) -> Option<Vec<f64>> {
        let with = [("kind", "some"), ("resource", resource)];
        let derived = self.one("system.pressure.share", &with);
        derived.or_else(|| self.one("system.pressure.time", &with))
    }
}

fn has(key: &SeriesKey, with: With<'_>) -> bool {
    let fits = |(name, value): &(&str, &str)| key.attribute(name) == Some(*value);
    with.iter().all(fits)
}

/// Adds up columns row by row, gaps left out; `None` without any.
pub(super) fn sum<'a>(rows: usize, parts: impl Iterator<Item = &'a [f64]>) -> Option<Vec<f64>> {
    let mut total: Option<Vec<f64>> = None;
    for part in parts {
        let total = total.get_or_insert_with(|| vec![f64::NAN; rows]);
        for (sum, value) in total.iter_mut().zip(part) {
            if value.is_finite() {
                *sum = if sum.is_nan() { *value } else { *sum + value };
            }
        }
    }
    total
}

/// The name under which a series is looked for: tools that print growth per second tell
/// it as the rate of what the agent counts, whose counters are rates here already.
fn told_as(metric: &str) -> &str {
    let counted = |base: &&str| catalog::find(base).is_some_and(|it| it.kind == Kind::Counter);
    metric
        .strip_suffix(".rate")
        .filter(counted)
        .unwrap_or(metric)
}

/// Puts two columns together row by row.
pub(super) fn pairs(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}

/// Divides row by row; nothing by nothing is nothing.
pub(super) fn ratio(part: &[f64], whole: &[f64]) -> Vec<f64> {
    pairs(part, whole, |part, whole| {
        if whole > 0.0 {
            part / whole
        } else if part == 0.0 && whole == 0.0 {
            0.0
        } else {
            f64::NAN
        }
    })
}

/// Holds the last reading, for limits that are read seldom; before the first one that
/// one stands, since a limit is set before it is read.
pub(super) fn held(values: &[f64]) -> Vec<f64> {
    let first = values.iter().copied().find(|it| it.is_finite());
    let mut last = first.unwrap_or(f64::NAN);
    let hold = |value: &f64| {
        if value.is_finite() {
            last = *value;
        }
        last
    };
    values.iter().map(hold).collect()
}

/// The largest of several columns row by row, gaps left out; `None` without any.
pub(super) fn largest<'a>(rows: usize, parts: impl Iterator<Item = &'a [f64]>) -> Option<Vec<f64>> {
    let mut most: Option<Vec<f64>> = None;
    for part in parts {
        let most = most.get_or_insert_with(|| vec![f64::NAN; rows]);
        for (most, value) in most.iter_mut().zip(part) {
            *most = most.max(*value);
        }
    }
    most
}

/// The mean of the last `rows` values at each row, gaps left out.
pub(super) fn trailing(values: &[f64], rows: usize) -> Vec<f64> {
    let rows = rows.max(1);
    let (mut total, mut count) = (0.0, 0_usize);
    let mut means = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        if value.is_finite() {
            total += value;
            count += 1;
        }
        if let Some(old) = row.checked_sub(rows).map(|it| values[it])
            && old.is_finite()
        {
            total -= old;
            count -= 1;
        }
        // A window without numbers starts anew, so that rounding does not pile up.
        if count == 0 {
            total = 0.0;
        }
        means.push(if count == 0 || !total.is_finite() {
            f64::NAN
        } else {
            (total / count as f64).max(least(values, row, rows))
        });
    }
    means
}

/// No mean is below all of its values, whatever was lost to rounding.
fn least(values: &[f64], row: usize, rows: usize) -> f64 {
    let from = (row + 1).saturating_sub(rows);
    let finite = values[from..=row].iter().filter(|it| it.is_finite());
    finite.copied().fold(f64::INFINITY, f64::min)
}
