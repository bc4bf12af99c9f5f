//! Trials that go back and forth: a recording in which a plan was carried out and taken
//! back in turn says after each stretch whether to go on.
//!
//! * In: a plan, a recording, and when it was switched: said, or as the plan's audit has
//!   it.
//! * Out: for each metric of the application, go on, or stop and why.

use std::path::Path;

use model::plan::{Plan, State};
use model::time::Moment;
use model::unit::Unit;
use plan::validate::recording;
use plan::validate::trial::{Rule, Side, Stretch, Trial, judge};

use super::{audit, file};
use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};

/// One time that it was switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Up to when it was the other side.
    pub left: Moment,
    /// From when it was this one; between is neither.
    pub reached: Moment,
    /// To which side.
    pub side: Side,
}

/// How a trial was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// When it was switched; before the first it is the other side.
    pub switches: Vec<Switch>,
    /// Seconds after each switch that do not count.
    pub settle_s: f64,
    /// When it may stop.
    pub rule: Rule,
}

/// What one metric says.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// What it says.
    pub trial: Trial,
}

/// When a plan was carried out and taken back, by the audit beside its file.
///
/// # Errors
///
/// The audit cannot be read, or was changed.
pub fn switches(path: &Path, plan: &Plan) -> Result<Vec<Switch>, Problem> {
    let place = file::audit(path, plan);
    let what = || format!("could not read the audit {}", place.display());
    let text = std::fs::read_to_string(&place)
        .map_err(|error| Problem::from_error(what(), &error, Sort::of_io(&error)))?;
    let lines = audit::verified(&text).map_err(|why| Problem {
        what: what(),
        why,
        what_to_do: "say when it was switched: --switch".to_owned(),
        sort: Sort::NotUsable,
    })?;
    Ok(switched(lines.iter().filter_map(|line| {
        Some((line.at.parse().ok()?, line.what.as_str()))
    })))
}

/// The switches of what happened: while it is carried out or taken back it is neither.
fn switched<'a>(lines: impl Iterator<Item = (Moment, &'a str)>) -> Vec<Switch> {
    let mut all: Vec<Switch> = Vec::new();
    let mut left = None;
    for (at, what) in lines {
        let side = match what {
            "apply" | "rolling back" => {
                left.get_or_insert(at);
                continue;
            }
            "holding" => Side::B,
            it if it == State::RolledBack.name() => Side::A,
            _ => continue,
        };
        // Told once more while nothing was done.
        let again = all.last().is_some_and(|it| it.side == side);
        if again && left.is_none() {
            continue;
        }
        all.push(Switch {
            left: left.take().unwrap_or(at),
            reached: at,
            side,
        });
    }
    all
}

/// Judges a recording.
///
/// # Errors
///
/// There is no switch in it, the disk refuses, or it does not hold the application.
pub fn judged(
    plan: &Plan,
    input: &Input,
    asked: &Asked,
    context: &Context,
) -> Result<Vec<Row>, Problem> {
    let seen = super::side(plan, input, None, context)?;
    let (Some(first), Some(last)) = (seen.at.first(), seen.at.last()) else {
        return Err(none(input, "it is empty"));
    };
    let mut switches = asked.switches.clone();
    switches.sort_by_key(|it| it.reached);
    let inside = |it: &&Switch| it.reached.0 > *first && it.reached.0 < *last;
    if !switches.iter().any(|it| inside(&it)) {
        return Err(none(input, "nothing was switched while it was recorded"));
    }
    // From where the recording begins it is what the first switch ended.
    let begin = Moment(i64::MIN);
    let side = switches[0].side.other();
    switches.insert(
        0,
        Switch {
            left: begin,
            reached: begin,
            side,
        },
    );
    let settle_ns = (asked.settle_s.max(0.0) * 1e9) as i64;
    let stretches: Vec<(Side, std::ops::Range<usize>)> = switches
        .iter()
        .enumerate()
        .map(|(i, it)| {
            let from = match i {
                0 => i64::MIN,
                _ => it.reached.0.saturating_add(settle_ns),
            };
            let to = switches.get(i + 1).map_or(i64::MAX, |it| it.left.0);
            let row = |moment: i64| seen.at.partition_point(|it| *it < moment);
            (it.side, row(from)..row(to).max(row(from)))
        })
        .collect();
    let rows = recording::of(&seen).metrics.into_iter().map(|metric| {
        let values = metric.runs.first().map_or(&[][..], Vec::as_slice);
        let stretches: Vec<Stretch<'_>> = stretches
            .iter()
            .map(|(side, rows)| Stretch {
                side: *side,
                values: values.get(rows.clone()).unwrap_or(&[]),
            })
            .collect();
        Row {
            trial: judge(&stretches, &asked.rule),
            metric: metric.name.clone(),
            unit: metric.unit.clone(),
        }
    });
    Ok(rows.collect())
}

fn none(input: &Input, why: &str) -> Problem {
    Problem {
        what: format!("could not judge a trial in {}", input.path.display()),
        why: why.to_owned(),
        what_to_do:
            "record while the plan is applied and rolled back in turn, or say when: --switch"
                .to_owned(),
        sort: Sort::NotUsable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_carried_out_is_neither_side() {
        let lines = [
            (1, "approve"),
            (10, "apply"),
            (12, "settling"),
            (30, "holding"),
            (31, "holding"),
            (60, "rolling back"),
            (64, "rolled back"),
            (80, "apply"),
            (81, "rolling back"),
            (85, "rolled back"),
        ];
        let found = switched(lines.iter().map(|(at, what)| (Moment(*at), *what)));
        let told = found.iter().map(|it| (it.left.0, it.reached.0, it.side));
        let told: Vec<_> = told.collect();
        let expected = [
            (10, 30, Side::B),
            (60, 64, Side::A),
            // Taken back before all of it was carried out.
            (80, 85, Side::A),
        ];
        assert_eq!(told, expected);
    }
}
