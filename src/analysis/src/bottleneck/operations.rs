//! Which operations spend the time: those whose requests in flight grew.
//!
//! Requests in flight are time spent per second, so their growth adds up over operations:
//! it is the share of an operation in what users wait for more than before.
//!
//! Start at [`of_part`] and [`concerned`].

use std::ops::Range;

use super::lens::Lens;
use super::{Culprit, Judged, Operation, Resource, Who};
use crate::frame::Line;
use crate::stats::order;

/// Rows before a stretch that tell what was usual, at least.
const BEFORE_LEAST: usize = 10;

/// Rows before a stretch that are looked at, at most.
const BEFORE_MOST: usize = 600;

/// Operations that are named, at most.
const NAMED: usize = 5;

/// A smaller share is not worth a name.
const SHARE_LEAST: f64 = 0.05;

/// The operations of a judged part that grew over a stretch, largest first.
pub(super) fn of_part(
    lens: &Lens<'_>,
    (resource, part): (Resource, &str),
    run: &Range<usize>,
) -> Vec<Culprit> {
    let (service, peer) = match part.split_once(" → ") {
        Some((service, peer)) => (service, Some(peer)),
        None => (part, None),
    };
    let fits = |line: &Line| {
        let key = &line.series.key;
        let of = |name: &str| key.attribute(name);
        let called = peer.is_some() && of("kind") == Some("client");
        let asked = resource == Resource::Lock && of("kind").is_none();
        of("service.name") == Some(service)
            && of("operation").is_some()
            && (asked
                || called
                    && (of("peer") == peer || of("peer").is_none() && of("operation") == peer))
    };
    grown(lens, run, fits)
        .into_iter()
        .map(|(operation, share)| Culprit {
            who: Who::Operation(operation),
            share,
        })
        .collect()
}

/// The operations whose requests grew over a window, of all services of a host: those
/// that users ask for, and calls between services.
pub(super) fn concerned(judged: &[Judged<'_>]) -> Vec<(Operation, f64)> {
    let mut all = Vec::new();
    let mut hosts: Vec<&str> = Vec::new();
    for one in judged {
        if hosts.contains(&one.input.host) {
            continue;
        }
        hosts.push(one.input.host);
        let lens = Lens::new(one.input.frame, one.input.host);
        let has_operation = |line: &Line| line.series.key.attribute("operation").is_some();
        let is_call = |line: &Line| line.series.key.attribute("kind") == Some("client");
        all.extend(grown(&lens, &one.rows, |it| {
            has_operation(it) && !is_call(it)
        }));
        all.extend(grown(&lens, &one.rows, |it| {
            has_operation(it) && is_call(it)
        }));
    }
    all
}

/// Operations by their share in what grew, largest first.
fn grown(
    lens: &Lens<'_>,
    run: &Range<usize>,
    fits: impl Fn(&Line) -> bool,
) -> Vec<(Operation, f64)> {
    let lines = lens.of("service.request.active").iter();
    let mut found: Vec<(Operation, f64)> = lines
        .filter(|line| fits(line))
        .filter_map(|line| {
            let of = |name: &str| {
                line.series
                    .key
                    .attribute(name)
                    .unwrap_or_default()
                    .to_owned()
            };
            let operation = Operation {
                service: of("service.name"),
                name: of("operation"),
                peer: of("peer"),
                call: of("kind") == "client",
            };
            let growth = growth(&line.values, run);
            (growth > 0.0).then_some((operation, growth))
        })
        .collect();
    let whole: f64 = found.iter().map(|it| it.1).sum();
    for (_, share) in &mut found {
        *share /= whole;
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.retain(|it| it.1 >= SHARE_LEAST);
    found.truncate(NAMED);
    found
}

/// By how much the mean over a stretch is above what was usual before it.
fn growth(values: &[f64], run: &Range<usize>) -> f64 {
    let run = run.start.min(values.len())..run.end.min(values.len());
    let from = run.start.saturating_sub(BEFORE_MOST);
    let before = order::numbers(&values[from..run.start]);
    let usual = match before.len() >= BEFORE_LEAST {
        true => order::median(&before),
        false => 0.0,
    };
    order::mean(&values[run]) - usual
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_measured_against_what_was_before() {
        let values = [vec![1.0; 20], vec![5.0; 10]].concat();
        assert_eq!(growth(&values, &(20..30)), 4.0);
        assert_eq!(growth(&values, &(0..20)), 1.0);
        assert!(growth(&[], &(0..0)).is_nan());
    }
}
