//! Whether two sides are stretches of one run, and where they join.
//!
//! Start at [`are_adjacent`].

use analysis::compare::{First, Join};
use model::time::{SECOND_NS, Span};

use super::side::Side;

/// Sides whose ends are nearer than the shorter of them are neighbours of one run.
const ADJACENT_LENGTHS: i64 = 1;

/// Whether the sides are stretches of one run: of one input, or of two whose times follow
/// each other with no more between than the shorter is long.
pub(super) fn are_adjacent(before: &Side, after: &Side) -> bool {
    let mut paths = before.runs.iter().chain(&after.runs).map(|it| &it.0.path);
    if let Some(first) = paths.next()
        && paths.all(|path| path == first)
    {
        return true;
    }
    if before.runs.len() != 1 || after.runs.len() != 1 {
        return false;
    }
    let (a, b) = (before.span(), after.span());
    // Tables without clock times all begin at the same moment.
    if !a.intersect(b).is_empty() {
        return false;
    }
    let between = match a.to <= b.from {
        true => b.from.0.saturating_sub(a.to.0),
        false => a.from.0.saturating_sub(b.to.0),
    };
    between
        <= a.length_ns()
            .min(b.length_ns())
            .saturating_mul(ADJACENT_LENGTHS)
}

/// Where a run of one side begins within a step or two of the end of one of the other.
pub(super) fn join(before: &Side, after: &Side) -> Option<Join> {
    /// Rows missing at a join that do not matter.
    const STEPS: f64 = 2.5;
    let near_ns =
        (before.step_seconds().max(after.step_seconds()) * STEPS * SECOND_NS as f64) as i64;
    let (old, new) = (before.run_spans()?, after.run_spans()?);
    let follows =
        |earlier: Span, later: Span| later.from.0.saturating_sub(earlier.to.0).abs() <= near_ns;
    for (a, old) in old.iter().enumerate() {
        for (b, new) in new.iter().enumerate() {
            let first = match (follows(*old, *new), follows(*new, *old)) {
                (true, _) => First::Before,
                (false, true) => First::After,
                (false, false) => continue,
            };
            return Some(Join {
                before: a,
                after: b,
                first,
            });
        }
    }
    None
}
