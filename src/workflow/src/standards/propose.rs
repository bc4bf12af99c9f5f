//! A threshold standard proposed from a recording that went well.
//!
//! Start at [`propose`].

use std::collections::BTreeSet;

use analysis::standard::propose::{self, Margin};
use model::series::{Series, SeriesKey, glob_matches};
use model::standard::check::RULES_MAX;
use model::standard::{Rules, SCHEMA, Scope, Standard, ThresholdRule};
use model::time::Span;

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

/// Series that are read in one go.
const READ_AT_ONCE: usize = 32;

/// What to propose from.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Id of the new standard.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// Series with their host, any of which may match; what users ask about without.
    pub series: Vec<String>,
    /// The stretch that went well; all of it without.
    pub window: Option<Span>,
    /// How far out limits are put.
    pub margin: Margin,
}

/// A proposed standard, and what it says nothing about.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    /// The standard.
    pub standard: Standard,
    /// Series without a rule, with the reason.
    pub left_out: Vec<String>,
}

/// What is proposed for when no series is named.
const USUAL: &[&str] = &[
    "system.cpu.utilization",
    "system.memory.utilization",
    "system.pressure.share{*}",
    "system.process.running",
    "system.disk.utilization{device=*}",
    "system.disk.await{device=*}",
    "service.request.duration.p*{service.name=*}",
    "service.request.error_ratio{service.name=*}",
    "cgroup.cpu.throttled_share{cgroup=*}",
];

/// Proposes a threshold standard.
///
/// # Errors
///
/// Nothing matches, nothing of it carries a limit, the session cannot be read, or the user
/// stopped it.
pub fn propose(stored: &Stored, asked: &Asked, context: &Context) -> Result<Proposed, Problem> {
    let window = super::window_of(stored, asked.window)?;
    let fits = |it: &&Series| match asked.series.is_empty() {
        true => USUAL
            .iter()
            .any(|glob| glob_matches(glob, &it.key.column())),
        false => {
            let (whole, column) = (it.key.to_string(), it.key.column());
            let mut globs = asked.series.iter();
            globs.any(|glob| glob_matches(glob, &whole) || glob_matches(glob, &column))
        }
    };
    let found: Vec<&Series> = stored.series().iter().filter(fits).collect();
    let refused = |why: &str| Problem {
        what: format!(
            "could not propose a standard from {}",
            stored.path().display()
        ),
        why: why.to_owned(),
        what_to_do: "--series GLOB; kymo info lists the series".to_owned(),
        sort: Sort::NotUsable,
    };
    if found.is_empty() {
        return Err(refused("no series matches"));
    }
    let (mut rules, mut left_out) = (Vec::new(), Vec::new());
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for (done, part) in found.chunks(READ_AT_ONCE).enumerate() {
        context.progress((done * READ_AT_ONCE) as u64, found.len() as u64);
        if context.cancelled() {
            return Err(Problem::cancelled("proposal"));
        }
        let keys: Vec<SeriesKey> = part.iter().map(|it| it.key.clone()).collect();
        let columns = stored.columns(&keys, Some(window))?;
        for (series, column) in part.iter().zip(&columns) {
            let name = series.key.to_string();
            if rules.len() == RULES_MAX {
                left_out.push(format!("{name}: a standard has at most {RULES_MAX} rules"));
                continue;
            }
            if !propose::is_whole(window, (&column.at, &column.values)) {
                left_out.push(format!("{name}: too much of it is missing"));
                continue;
            }
            let id = fresh(&mut ids, &series.key);
            match propose::rule((&id, series), &column.values, asked.margin) {
                Ok(rule) => rules.push(titled(rule, &series.key)),
                Err(why) => left_out.push(format!("{name}: {}", why.text())),
            }
        }
    }
    if rules.is_empty() {
        return Err(refused("none of the series that match carries a limit")
            .advise(left_out.into_iter().take(3).collect::<Vec<_>>().join("; ")));
    }
    let hosts: BTreeSet<&str> = found.iter().map(|it| it.key.host.as_str()).collect();
    let hosts: Vec<String> = hosts
        .iter()
        .map(|it| if it.is_empty() { "*" } else { *it }.to_owned())
        .collect();
    let origin = stored
        .path()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    Ok(Proposed {
        standard: Standard {
            schema: SCHEMA,
            id: asked.id.clone(),
            version: "0.1.0".to_owned(),
            title: format!("Proposed from {}", stored.title()),
            owner: asked.owner.clone(),
            source: source(&origin, window, asked.margin),
            scope: Scope {
                hosts,
                note: "Proposed by a program: read each limit before it counts.".to_owned(),
            },
            rules: Rules::Threshold(rules),
        },
        left_out,
    })
}

/// Names the whole series in the title: rules on one metric differ in its labels.
fn titled(mut rule: ThresholdRule, key: &SeriesKey) -> ThresholdRule {
    if let Some(rest) = rule.title.strip_prefix(key.metric.as_str()) {
        rule.title = format!("{}{rest}", key.column());
    }
    rule
}

fn source(origin: &str, window: Span, margin: Margin) -> String {
    format!(
        "Proposed by Kymo {} from {origin}, {} to {}: percentile {} of each series, and beyond it \
         {} robust standard deviations or {} of the percentile, whichever is more; passed for {} s \
         in one go it counts.",
        env!("CARGO_PKG_VERSION"),
        window.from,
        window.to,
        margin.percent,
        margin.scales,
        model::unit::Unit::new("1").text(margin.share),
        margin.hold_s,
    )
}

/// An id from a series' name that no rule has yet.
fn fresh(ids: &mut BTreeSet<String>, key: &SeriesKey) -> String {
    /// Leaves room for a number within the longest id.
    const LETTERS_MAX: usize = 56;
    let mut id = String::new();
    for it in key.column().chars() {
        match it.to_ascii_lowercase() {
            it if it.is_ascii_lowercase() || it.is_ascii_digit() => id.push(it),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let mut id: String = id.chars().take(LETTERS_MAX).collect();
    id.truncate(id.trim_end_matches('-').len());
    if !id.starts_with(|it: char| it.is_ascii_lowercase()) {
        id.insert(0, 'r');
    }
    let mut candidate = id.clone();
    let mut number = 2;
    while !ids.insert(candidate.clone()) {
        candidate = format!("{id}-{number}");
        number += 1;
    }
    candidate
}
