//! The series of a side under the names by which sides are matched.
//!
//! Start at [`found`].

use std::collections::{BTreeMap, BTreeSet};

use model::series::Series;

use super::side::{Side, runs_of};
use crate::input::Input;

/// One series on one side: its runs as slices.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) series: Option<&'a Series>,
    pub(super) name: String,
    pub(super) runs: Vec<&'a [f64]>,
    /// Times of the first run, and how far their clock may be off.
    pub(super) at: &'a [i64],
    pub(super) clock_error_ns: i64,
}

/// Names of series as they are matched.
fn key(series: &Series, by_name: bool) -> String {
    match by_name {
        true => series.key.column(),
        false => series.key.to_string(),
    }
}

/// The keys of a side in the order of its first run.
pub(super) fn order(side: &Side, by_name: bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let frames = side.runs.iter().flat_map(|(input, _)| &input.frames);
    let keys = frames.flat_map(|it| it.frame.lines.iter().map(|line| key(&line.series, by_name)));
    keys.filter(|key| seen.insert(key.clone())).collect()
}

/// The series of a side, those without any value left out.
pub(super) fn found(side: &Side, by_name: bool) -> BTreeMap<String, Found<'_>> {
    let mut all: BTreeMap<String, Found<'_>> = BTreeMap::new();
    for (input, window) in &side.runs {
        for host in &input.frames {
            let rows = window.map_or(0..host.frame.rows(), |it| host.frame.rows_in(it));
            let runs = runs_of(&host.frame.at[rows.clone()], host.frame.step_ns);
            for line in &host.frame.lines {
                let found = all.entry(key(&line.series, by_name)).or_default();
                found.series.get_or_insert(&line.series);
                if found.name.is_empty() {
                    found.name.clone_from(&line.name);
                    let first = runs.first().cloned().unwrap_or_default();
                    found.at = &host.frame.at[rows.clone()][first];
                    found.clock_error_ns = clock_error_ns(input, &host.host);
                }
                let values = &line.values[rows.clone()];
                found
                    .runs
                    .extend(runs.iter().map(|run| &values[run.clone()]));
            }
        }
    }
    all.retain(|_, it| {
        it.runs
            .iter()
            .any(|run| run.iter().any(|value| value.is_finite()))
    });
    all
}

/// How far the clock of a host may be off; 0 for a table.
fn clock_error_ns(input: &Input, host: &str) -> i64 {
    let stored = input.stored.as_ref();
    let facts = stored.and_then(|it| it.hosts().iter().find(|it| it.name == host));
    facts.map_or(0, |it| it.error_ns.max(0))
}
