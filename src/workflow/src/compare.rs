//! Compares two inputs, or two windows of one, series by series.
//!
//! Each side is a session, a foreign table, or a folder of several runs of the same
//! thing. Series are matched by host and name; where each side has one host, by name
//! alone. A table whose time jumps far or steps back holds several runs.
//!
//! Start at [`Side::open`] and [`compare`].

mod matched;
mod order;
mod relation;
mod settings;
mod side;

use std::collections::BTreeMap;

use analysis::compare::{self, Difference, First, Join, Pair, Params, Relation};
use model::series::Series;
use model::time::{Moment, SECOND_NS, Span};

use self::matched::{Found, found};
use self::order::Moved;
use self::relation::{are_adjacent, join};
use self::settings::settings;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::spread;

pub use order::Onset;
pub use settings::SettingChange;
pub use side::Side;

/// Series between two looks at the wish to stop.
const SERIES_AT_ONCE: usize = 128;

/// How two sides are laid over each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Runs may differ from each other, by how much is only known from several.
    Unknown,
    /// The user knows that runs repeat.
    Known,
}

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The windows that were compared, by their first runs.
    pub sides: [Span; 2],
    /// How the sides relate.
    pub relation: Relation,
    /// Typical distance of rows.
    pub step_seconds: f64,
    /// Names, series and answers, in the order of the side before.
    pub metrics: Vec<(String, Series, Difference)>,
    /// When each of these took its new level and in which order; `None` for one that
    /// did not change, and for all where the side after does not begin as the one before ends.
    pub onsets: Vec<Option<Onset>>,
    /// Series that are only on the side after.
    pub appeared: Vec<String>,
    /// Series that are only on the side before.
    pub vanished: Vec<String>,
    /// Settings that differ.
    pub settings: Vec<SettingChange>,
}

/// Compares the sides.
///
/// # Errors
///
/// The sides have no series in common, or the user stopped it.
pub fn compare(
    (before, after): (&Side, &Side),
    repeats: Repeats,
    context: &Context,
) -> Result<Comparison, Problem> {
    let by_name = before.hosts().len() <= 1 && after.hosts().len() <= 1;
    let (old, new) = (found(before, by_name), found(after, by_name));
    let step_seconds = before.step_seconds().max(after.step_seconds());
    let relation = match (repeats, are_adjacent(before, after)) {
        (Repeats::Known, _) => Relation::Repeatable,
        (Repeats::Unknown, true) => Relation::Adjacent,
        (Repeats::Unknown, false) => Relation::Apart,
    };
    let params = Params {
        step_seconds,
        relation,
        join: match relation {
            Relation::Adjacent => join(before, after),
            Relation::Apart | Relation::Repeatable => None,
        },
    };
    let mut pairs = Vec::new();
    let (mut names, mut times) = (Vec::new(), Vec::new());
    for key in matched::order(before, by_name) {
        if let (Some(a), Some(b)) = (old.get(&key), new.get(&key))
            && let Some(series) = a.series
        {
            names.push((a.name.clone(), series.clone()));
            times.push((b.at, b.clock_error_ns));
            pairs.push(Pair {
                series,
                before: a.runs.clone(),
                after: b.runs.clone(),
            });
        }
    }
    if pairs.is_empty() {
        return Err(Problem {
            what: "could not compare".to_owned(),
            why: "the sides have no series in common".to_owned(),
            what_to_do: "kymo info on both lists their series".to_owned(),
            sort: Sort::Usage,
        });
    }
    let differences = differences(&pairs, &params, context)?;
    // Where the side after does not begin as the one before ends, what moved in between is
    // not known.
    let follows = |it: Join| it.first == First::Before && it.after == 0;
    let onsets = match params.join.is_some_and(follows) {
        true => onsets(&times, &differences, step_seconds),
        false => vec![None; differences.len()],
    };
    let only = |these: &BTreeMap<String, Found<'_>>, those: &BTreeMap<String, Found<'_>>| {
        let mine = these.iter().filter(|(key, _)| !those.contains_key(*key));
        mine.map(|(_, it)| it.name.clone()).collect::<Vec<_>>()
    };
    let metrics = names.into_iter().zip(differences);
    Ok(Comparison {
        sides: [before.span(), after.span()],
        relation,
        step_seconds,
        metrics: metrics
            .map(|((name, series), it)| (name, series, it))
            .collect(),
        onsets,
        appeared: only(&new, &old),
        vanished: only(&old, &new),
        settings: settings(before, after, by_name),
    })
}

/// When each series that changed took its new level.
fn onsets(
    times: &[(&[i64], i64)],
    differences: &[Difference],
    step_seconds: f64,
) -> Vec<Option<Onset>> {
    let all = times.iter().zip(differences);
    let moved: Vec<Option<Moved>> = all
        .map(|((at, clock_error_ns), difference)| {
            Some(Moved {
                at: Moment(*at.get(difference.first_row?)?),
                clock_error_ns: *clock_error_ns,
            })
        })
        .collect();
    order::ranked(&moved, (step_seconds * SECOND_NS as f64) as i64)
}

/// Both stages, each spread over the processors.
fn differences(
    pairs: &[Pair<'_>],
    params: &Params,
    context: &Context,
) -> Result<Vec<Difference>, Problem> {
    let (all, what) = ((pairs.len(), SERIES_AT_ONCE), ("comparison", context));
    let levels = spread::over(all, what, |rows| compare::levels(&pairs[rows], params))?;
    let places = compare::places(&levels);
    spread::over(all, what, |rows| {
        let part = (&pairs[rows.clone()], &levels[rows.clone()], &places[rows]);
        compare::answers(part, params)
    })
}
