//! The findings that a report tells: those that people chose, else the heaviest kept.
//!
//! Start at [`told`].

use analysis::anomaly::expected;
use model::columns::Column;
use model::finding::{Analysis, Finding, Kept};
use model::report::Draft;
use model::series::SeriesKey;
use model::time::Span;
use report::chart::{ChartInput, Style};
use report::input::{Choice, FindingInput};

use super::gather::READ_AT_ONCE;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::stored::Stored;

/// Findings told where nobody chose any.
const HEAVIEST: usize = 10;

/// Lines in the chart of a finding.
const LINES_MAX: usize = 4;

/// The findings of the report and why these.
pub(super) fn told(
    stored: &Stored,
    (draft, span): (&Draft, Span),
    context: &Context,
) -> Result<(Vec<FindingInput>, Choice), Problem> {
    let kept = stored.kept().unwrap_or_default();
    let (chosen, choice) = choose(&kept, draft);
    let mut told = Vec::with_capacity(chosen.len());
    for finding in chosen {
        if context.cancelled() {
            return Err(Problem::cancelled("report"));
        }
        let mark = expected::of_finding(&finding, &kept.expected);
        told.push(FindingInput {
            expected: mark.map(|it| it.reason.clone()),
            chart: chart(stored, &finding, span)?,
            finding,
        });
    }
    Ok((told, choice))
}

/// Analyses that a kind speaks of; empty: all.
fn spoken_of(kind: &str) -> &'static [Analysis] {
    match kind {
        "trend" => &[Analysis::Trend, Analysis::Change, Analysis::Forecast],
        "optimization" => &[Analysis::Bottleneck, Analysis::Explain, Analysis::Compare],
        _ => &[],
    }
}

fn choose(kept: &Kept, draft: &Draft) -> (Vec<Finding>, Choice) {
    if !kept.pinned.is_empty() {
        return (kept.pinned.clone(), Choice::Pinned);
    }
    if !kept.analyzed() {
        return (Vec::new(), Choice::NotKept);
    }
    let only = spoken_of(&draft.kind);
    let told = |it: &&Finding| {
        let host = it.host.is_empty() || draft.covers(&it.host);
        host && (only.is_empty() || only.contains(&it.analysis))
    };
    let mut findings: Vec<Finding> = kept.findings.iter().filter(told).cloned().collect();
    let of = findings.len();
    expected::put_last(&mut findings, &kept.expected);
    findings.truncate(HEAVIEST);
    let choice = Choice::Heaviest {
        of,
        kymo: kept.kymo.clone(),
    };
    (findings, choice)
}

/// The series of a finding that share the unit of its first one; `None` where the
/// session has none of them, as with findings of a comparison.
fn chart(stored: &Stored, finding: &Finding, span: Span) -> Result<Option<ChartInput>, Problem> {
    let names = finding.series.iter().take(READ_AT_ONCE);
    let keys = names.filter_map(|it| it.parse::<SeriesKey>().ok());
    let known = keys.filter_map(|key| stored.series().iter().find(|it| it.key == key));
    let known: Vec<_> = known.collect();
    let Some(first) = known.first() else {
        return Ok(None);
    };
    let alike = known.iter().filter(|it| it.unit == first.unit);
    let keys: Vec<SeriesKey> = alike.take(LINES_MAX).map(|it| it.key.clone()).collect();
    let columns = stored.columns(&keys, Some(span))?;
    let labels = keys.iter().map(SeriesKey::column);
    let lines: Vec<(String, Column)> = labels.zip(columns).collect();
    Ok(Some(ChartInput {
        title: match keys.as_slice() {
            [one] => one.column(),
            _ => "Series of this finding".to_owned(),
        },
        host: finding.host.clone(),
        style: Style::Lines,
        ceiling: None,
        lines,
        band: None,
        window: None,
    }))
}
