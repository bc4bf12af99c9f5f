//! Changes of several series at one moment are one finding.
//!
//! A disturbance moves dozens of series at once. Each change has an interval in which
//! its first row lies; changes whose intervals share a row are told together, those
//! that stand alone as they are.
//!
//! * In: findings of single series, each with the interval of its onset.
//! * Out: as few findings as there were moments.
//! * Never: drops a series: each is named with its shift and interval.
//!
//! Start at [`together`].
//!
//! # Source
//!
//! The interval of a change point: J. Bai, "Estimation of a change point in multiple
//! regression models", Review of Economics and Statistics 79 (1997). Grouping by
//! shared points: the greedy stabbing of intervals sorted by their ends.

use std::collections::HashSet;
use std::ops::Range;

use model::finding::{Analysis, Finding, FindingId, Question};
use model::time::{Moment, Span, Zone};

use super::{Change, Kind, SAME_PLACES};
use crate::frame::Frame;
use crate::stats::order;

/// Rows to either side of a change, times the squared noise over the squared shift,
/// that hold the true one in 95 of 100 cases.
const BAI_ROWS: f64 = 11.0;

/// Series that the sentence names.
const NAMED: usize = 3;

/// A change of one series, and the rows of which one is its first.
#[derive(Clone, Debug)]
pub struct Told {
    /// What is said of the series alone.
    pub finding: Finding,
    /// Rows in which the new regime may have begun.
    pub onset: Range<usize>,
    /// The change as a clause without its moment, to be named among others.
    pub short: String,
}

/// The rows in which a change of these values may have begun.
pub(super) fn onset(values: &[f64], change: &Change) -> Range<usize> {
    let farthest = SAME_PLACES;
    let side = |rows: Range<usize>| order::scale(values.get(rows).unwrap_or_default());
    let rows = match change.kind {
        Kind::Level => {
            let noise = side(change.from..change.row).max(side(change.row..change.to));
            let ratio = noise / (change.after - change.before).abs();
            let rows = BAI_ROWS * ratio * ratio;
            if rows.is_finite() {
                (rows as usize + 1).min(farthest)
            } else {
                farthest
            }
        }
        // A slope or a spread shows itself slowly.
        Kind::Slope | Kind::Spread => farthest,
    };
    change.row.saturating_sub(rows)..change.row + rows + 1
}

/// The findings of one host, those of one moment as one.
pub fn together(host: &str, frame: &Frame, told: Vec<Told>) -> Vec<Finding> {
    let mut told = told;
    told.sort_by(|a, b| {
        let key = |it: &Told| (it.onset.end, it.onset.start);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.finding.id.cmp(&b.finding.id))
    });
    let mut found = Vec::new();
    let mut left: Vec<Option<Told>> = told.into_iter().map(Some).collect();
    for place in 0..left.len() {
        let Some(first) = &left[place] else {
            continue;
        };
        // The row that ends soonest is in all intervals that are open there.
        let shared = first.onset.end - 1;
        let here = |it: &mut Told| it.onset.start <= shared;
        let rest = left[place..].iter_mut();
        let mut group: Vec<Told> = rest.filter_map(|it| it.take_if(here)).collect();
        match group.len() {
            1 => found.extend(group.pop().map(|it| it.finding)),
            _ => found.push(one(host, frame.moment(shared), group)),
        }
    }
    model::finding::sort(&mut found);
    found
}

/// Whether the shift may be none at all.
fn is_doubtful(finding: &Finding) -> bool {
    let effect = finding.effect.as_ref();
    effect.is_some_and(|it| it.lo <= 0.0 && it.hi >= 0.0)
}

fn one(host: &str, shared: Moment, mut group: Vec<Told>) -> Finding {
    group.sort_by(|a, b| {
        let key = |it: &Told| {
            (
                std::cmp::Reverse(it.finding.severity),
                is_doubtful(&it.finding),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| model::finding::order(&a.finding, &b.finding))
    });
    let first = &group[0].finding;
    let all = || group.iter().map(|it| &it.finding);
    let series = unique(all().flat_map(|it| &it.series));
    let span = all().map(|it| it.span).reduce(Span::union);
    let span = span.unwrap_or(first.span);
    let parameters = vec![
        ("kind".to_owned(), "group".to_owned()),
        ("at".to_owned(), first.stretch().from.to_string()),
    ];
    let id = FindingId::of(&Question {
        analysis: Analysis::Change,
        series: &series,
        span,
        parameters: &parameters,
    });
    Finding {
        id,
        kind: "group".to_owned(),
        statement: statement(host, (series.len(), &group)),
        weight: all().map(|it| it.weight).fold(0.0, f64::max),
        coverage: all().map(|it| it.coverage).sum::<f64>() / group.len() as f64,
        supports: all().map(|it| it.statement.clone()).collect(),
        against: against(shared, &group),
        span,
        parameters,
        series,
        host: host.to_owned(),
        ..first.clone()
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut known: HashSet<&str> = HashSet::new();
    let new = names.filter(|name| known.insert(name.as_str()));
    new.cloned().collect()
}

fn statement(host: &str, (count, group): (usize, &[Told])) -> String {
    let first = &group[0].finding;
    let at = first.stretch().from.strftime("%H:%M:%S UTC", Zone::Utc);
    let of = match host.is_empty() {
        true => String::new(),
        false => format!(" of {host}"),
    };
    // Of a series that is named already the rest stands in the evidence.
    let mut known: HashSet<&String> = HashSet::new();
    let each = group.iter().filter(|it| {
        let mut series = it.finding.series.iter();
        series.all(|name| known.insert(name))
    });
    let named: Vec<&str> = each.take(NAMED).map(|it| it.short.as_str()).collect();
    let more = match count - named.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let what = match count {
        1 => "One series".to_owned(),
        count => format!("{count} series"),
    };
    format!("{what}{of} changed at {at}: {}{more}.", named.join("; "))
}

fn against(shared: Moment, group: &[Told]) -> Vec<String> {
    let mut against = vec![format!(
        "That they changed together, all perhaps at {}, does not say which moved the others.",
        shared.strftime("%H:%M:%S UTC", Zone::Utc)
    )];
    let mut told: Vec<(&str, usize)> = Vec::new();
    for text in group.iter().flat_map(|it| &it.finding.against) {
        match told.iter_mut().find(|(known, _)| known == text) {
            Some((_, count)) => *count += 1,
            None => told.push((text, 1)),
        }
    }
    let all = group.len();
    against.extend(told.into_iter().map(|(text, count)| {
        let text = text.trim_end_matches('.');
        format!("Of {count} of the {all} changes: {text}.")
    }));
    against
}
