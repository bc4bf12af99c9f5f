//! Which requests spend an error budget, counted from histograms.
//!
//! Start at [`shares`].

use std::collections::BTreeMap;

use model::histogram::Row;
use model::standard::Bad;

use crate::burn::Share;
use crate::signals::Signal;

/// Whether what a signal is made of can be counted against this.
pub fn counts(bad: Bad) -> bool {
    matches!(bad, Bad::Failed | Bad::SlowerThan(_))
}

/// Requests that were bad, and all, by the end of their interval.
///
/// `inputs` are the rows in the order of [`Signal::inputs`]; `grid` holds the sample times
/// of the host, at which there may have been none.
pub fn shares<'a>(
    signal: &Signal,
    bad: Bad,
    inputs: impl Iterator<Item = &'a [Row]>,
    grid: &[i64],
) -> (Vec<i64>, Vec<Share>) {
    let mut cells: BTreeMap<i64, Share> = BTreeMap::new();
    for (rows, failed) in inputs.zip(&signal.failed) {
        for row in rows {
            let all = row.histogram.count as f64;
            let cell = cells.entry(row.at.0).or_default();
            cell.total += all;
            cell.bad += match bad {
                Bad::Failed if *failed => all,
                Bad::Failed | Bad::Beyond(_) => 0.0,
                // Bounds of buckets are in the histogram's own unit.
                Bad::SlowerThan(limit) => {
                    (all - row.histogram.at_most(limit / signal.scale)).clamp(0.0, all)
                }
            };
        }
    }
    if let (Some(first), Some(last)) = (grid.first(), grid.last()) {
        let told: Vec<i64> = cells.keys().copied().collect();
        for at in grid.iter().filter(|it| (first..=last).contains(it)) {
            if told.binary_search(at).is_err() {
                cells.insert(*at, Share::default());
            }
        }
    }
    cells.into_iter().unzip()
}
