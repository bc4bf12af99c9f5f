//! Open files of the system and of processes.

use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, held, largest, ratio};
use crate::bottleneck::limits::{Signal, USUAL_FILE_LIMITS};
use crate::bottleneck::{OpenFiles, Resource};

/// A process this near to a usual limit that it does not pass is at it.
const AT_USUAL_LIMIT: f64 = 0.99;

/// What such a process is taken to use of its limit: just enough to speak for a
/// limit, since the true one is not known.
const USUAL_LIMIT_SHARE: f64 = 0.96;

/// Open files of the system and of processes.
pub(in crate::bottleneck) fn descriptors(lens: &Lens<'_>, files: &[OpenFiles]) -> Readings {
    let mut readings = Readings::new(Resource::FileDescriptors, "");
    let count = lens.one("system.file_descriptor.count", &[]);
    let limit = lens.one("system.file_descriptor.limit", &[]);
    let used = count
        .zip(limit)
        .map(|(count, limit)| ratio(&count, &held(&limit)));
    readings.take(Signal::SystemFiles, used);
    let rows = lens.frame.rows();
    let mut shares: Vec<Vec<f64>> = files.iter().map(|it| of_files(lens, it)).collect();
    shares.extend(of_series(lens));
    readings.take(
        Signal::ProcessFiles,
        largest(rows, shares.iter().map(|it| &it[..])),
    );
    if files.iter().any(|it| it.limit.is_none()) {
        readings.doubts = vec![
            "limits of single processes were not measured; usual ones were assumed".to_owned(),
        ];
    }
    readings
}

/// Open files of a process over its limit at each row.
fn of_files(lens: &Lens<'_>, files: &OpenFiles) -> Vec<f64> {
    let mut next = 0;
    let at_row = |at: &i64| {
        while files.at.get(next).is_some_and(|it| it <= at) {
            next += 1;
        }
        let open = next.checked_sub(1).and_then(|it| files.open.get(it));
        open.map_or(f64::NAN, |open| share_of_files(*open, files.limit))
    };
    lens.frame.at.iter().map(at_row).collect()
}

fn of_series(lens: &Lens<'_>) -> Vec<Vec<f64>> {
    let lines = lens.of("process.open_file_descriptor.count").iter();
    lines
        .map(|line| {
            let counts = line.values.iter();
            counts.map(|it| share_of_files(*it, None)).collect()
        })
        .collect()
}

/// A process over its own limit; where that is not known only nearness to a usual one
/// counts, since a number far from it says nothing.
fn share_of_files(open: f64, limit: Option<f64>) -> f64 {
    if let Some(limit) = limit.filter(|it| *it > 0.0) {
        return open / limit;
    }
    let near = |limit: &&f64| open <= **limit && open >= AT_USUAL_LIMIT * **limit;
    match USUAL_FILE_LIMITS.iter().find(near) {
        Some(_) => USUAL_LIMIT_SHARE,
        None if open.is_nan() => f64::NAN,
        None => 0.0,
    }
}
