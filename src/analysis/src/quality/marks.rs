//! Finds the marks of the data-quality lane, one function a kind.

use std::collections::BTreeMap;

use model::columns::Column;
use model::event::EventKind;
use model::rate;
use model::time::{Moment, Span, duration_text};
use model::unit::Unit;

use super::{
    CLOCK_STEP_NS, GAP_CADENCES, Input, KINDS, LATE_CADENCES, MOST_MARKS, Mark, MarkKind,
    STEAL_SHARE, Severity, sort,
};

/// From this many samples in a row on, a gap is severe.
const SEVERE_SAMPLES: i64 = 10;

/// Stolen time interrupted for at most so many cadences counts as one stretch.
const STEAL_BRIDGE: i64 = 5;

/// A mark without its host.
struct Found {
    kind: MarkKind,
    span: Span,
    text: String,
    severity: Severity,
}

/// Everything that is doubtful inside `span`, sorted.
pub(super) fn all(input: &Input<'_>, span: Span, cadence_ns: i64, gaps: &[Span]) -> Vec<Mark> {
    let mut found = missing(gaps, cadence_ns);
    found.extend(late(input.at, cadence_ns));
    found.extend(disorder(input.at));
    found.extend(resets(input.counters));
    found.extend(clock_steps(input, cadence_ns));
    found.extend(
        input
            .steal
            .map(|it| steal(it, cadence_ns))
            .unwrap_or_default(),
    );
    found.extend(events(input));
    found.retain(|it| span.contains(it.span.from) || !span.intersect(it.span).is_empty());
    let mut marks: Vec<_> = found
        .into_iter()
        .map(|it| Mark {
            kind: it.kind,
            span: it.span,
            host: input.host.to_owned(),
            text: it.text,
            severity: it.severity,
        })
        .collect();
    sort(&mut marks);
    bounded(marks)
}

fn between(from: i64, to: i64) -> Span {
    Span {
        from: Moment(from),
        to: Moment(to),
    }
}

fn missing(gaps: &[Span], cadence_ns: i64) -> Vec<Found> {
    let describe = |span: &Span| {
        let missing = (span.length_ns() as f64 / cadence_ns as f64 - 0.5) as i64;
        let missing = missing.max(1);
        let noun = if missing == 1 {
            "sample is"
        } else {
            "samples are"
        };
        Found {
            kind: MarkKind::Gap,
            span: *span,
            text: format!(
                "{missing} {noun} missing within {}",
                duration_text(span.seconds())
            ),
            severity: if missing >= SEVERE_SAMPLES {
                Severity::Severe
            } else {
                Severity::Warning
            },
        }
    };
    gaps.iter().map(describe).collect()
}

/// Runs of samples that came late, but not so late that one is missing.
fn late(at: &[i64], cadence_ns: i64) -> Vec<Found> {
    let mut runs: Vec<(i64, i64, usize, i64)> = Vec::new();
    for pair in at.windows(2) {
        let length = pair[1].saturating_sub(pair[0]);
        let cadences = length as f64 / cadence_ns.max(1) as f64;
        if cadence_ns <= 0 || cadences <= LATE_CADENCES || cadences > GAP_CADENCES {
            continue;
        }
        let by = length - cadence_ns;
        match runs.last_mut() {
            Some((_, to, count, most)) if *to == pair[0] => {
                (*to, *count, *most) = (pair[1], *count + 1, by.max(*most));
            }
            _ => runs.push((pair[0], pair[1], 1, by)),
        }
    }
    runs.into_iter()
        .map(|(from, to, count, by)| {
            let by = duration_text(by as f64 / 1e9);
            Found {
                kind: MarkKind::Late,
                span: between(from, to),
                text: match count {
                    1 => format!("a sample came {by} late"),
                    _ => format!("{count} samples in a row came late, by up to {by}"),
                },
                severity: Severity::Note,
            }
        })
        .collect()
}

fn disorder(at: &[i64]) -> Vec<Found> {
    let wrong = at.windows(2).filter(|pair| pair[1] <= pair[0]);
    wrong
        .map(|pair| {
            let text = if pair[0] == pair[1] {
                "two samples have the same time".to_owned()
            } else {
                let back = pair[0].saturating_sub(pair[1]) as f64 / 1e9;
                format!("time steps back by {}", duration_text(back))
            };
            Found {
                kind: MarkKind::Disorder,
                span: between(pair[1], pair[0]),
                text,
                severity: Severity::Warning,
            }
        })
        .collect()
}

/// Counters that fell, those of one interval told together.
fn resets(counters: &[Column]) -> Vec<Found> {
    let mut fallen: BTreeMap<(i64, i64), Vec<String>> = BTreeMap::new();
    for column in counters {
        for row in rate::resets(&column.values) {
            if let Some(pair) = column.at.get(row - 1..=row) {
                let name = column.series.key.column();
                fallen.entry((pair[0], pair[1])).or_default().push(name);
            }
        }
    }
    let describe = |((from, to), mut names): ((i64, i64), Vec<String>)| {
        names.sort();
        Found {
            kind: MarkKind::Reset,
            span: between(from, to),
            text: match names.as_slice() {
                [one] => format!("{one} started again from a lower value"),
                _ => format!(
                    "{} counters started again from a lower value, {} among them",
                    names.len(),
                    names.first().map_or("", String::as_str)
                ),
            },
            severity: Severity::Warning,
        }
    };
    fallen.into_iter().map(describe).collect()
}

/// Steps of the wall clock against the steady one, unless an event tells of them.
fn clock_steps(input: &Input<'_>, cadence_ns: i64) -> Vec<Found> {
    let told = |at: i64| {
        input.events.iter().any(|event| {
            event.kind == EventKind::ClockStep
                && event.at.0.saturating_sub(at).saturating_abs() <= 2 * cadence_ns
        })
    };
    let mut found = Vec::new();
    let pairs = input.at.windows(2).zip(input.clocks.windows(2));
    for (at, clock) in pairs {
        let steady = clock[1].boot_ns.saturating_sub(clock[0].boot_ns);
        let wall = clock[1].unix_ns.saturating_sub(clock[0].unix_ns);
        let step = wall.saturating_sub(steady);
        // Ten times what slewing may do, so that a long interval is no step.
        let slewed = steady.saturating_abs() / 200;
        if step.saturating_abs() <= CLOCK_STEP_NS.max(slewed) || told(at[1]) {
            continue;
        }
        let size = duration_text(step.saturating_abs() as f64 / 1e9);
        let way = if step > 0 { "forward" } else { "back" };
        found.push(Found {
            kind: MarkKind::ClockStep,
            span: between(at[0], at[1]),
            text: format!("the wall clock was set {way} by {size}"),
            severity: Severity::Warning,
        });
    }
    found
}

fn steal(column: &Column, cadence_ns: i64) -> Vec<Found> {
    let mut runs: Vec<(i64, i64, f64)> = Vec::new();
    let rows = column.at.iter().zip(column.values.iter()).enumerate();
    for (row, (at, share)) in rows.filter(|(_, (_, share))| **share > STEAL_SHARE) {
        let from = row.checked_sub(1).map_or(*at, |before| column.at[before]);
        match runs.last_mut() {
            Some((_, to, most)) if from.saturating_sub(*to) <= STEAL_BRIDGE * cadence_ns => {
                (*to, *most) = (*at, share.max(*most));
            }
            _ => runs.push((from, *at, *share)),
        }
    }
    runs.into_iter()
        .map(|(from, to, most)| Found {
            kind: MarkKind::Steal,
            span: between(from, to),
            text: format!(
                "up to {} of processor time went to other guests of the hypervisor",
                Unit::new("1").text(most)
            ),
            severity: Severity::Warning,
        })
        .collect()
}

fn events(input: &Input<'_>) -> Vec<Found> {
    let quality = input.events.iter().filter_map(|event| {
        let (kind, severity) = match event.kind {
            EventKind::ClockStep => (MarkKind::ClockStep, Severity::Warning),
            EventKind::Suspended => (MarkKind::Suspended, Severity::Note),
            EventKind::Degraded => (MarkKind::Degraded, Severity::Warning),
            EventKind::Missing => (MarkKind::Missing, Severity::Warning),
            EventKind::Link => (MarkKind::Link, Severity::Warning),
            EventKind::Recorder => (MarkKind::Recorder, Severity::Severe),
            EventKind::Setting
            | EventKind::Appeared
            | EventKind::Vanished
            | EventKind::Log
            | EventKind::Exemplar
            | EventKind::Other => return None,
        };
        Some(Found {
            kind,
            span: between(event.at.0, event.at.0),
            text: event.line(),
            severity,
        })
    });
    quality.collect()
}

/// Keeps [`MOST_MARKS`] of a kind; the last of them stands for all that follow.
fn bounded(marks: Vec<Mark>) -> Vec<Mark> {
    let mut kept: Vec<Mark> = Vec::with_capacity(marks.len().min(KINDS.len() * MOST_MARKS));
    let mut seen: BTreeMap<MarkKind, (usize, usize)> = BTreeMap::new();
    for mark in marks {
        let (count, last) = seen.entry(mark.kind).or_default();
        *count += 1;
        if *count <= MOST_MARKS {
            *last = kept.len();
            kept.push(mark);
            continue;
        }
        let rest = &mut kept[*last];
        rest.span = between(rest.span.from.0, rest.span.to.max(mark.span.to).0);
        rest.severity = rest.severity.max(mark.severity);
        rest.text = format!("{} more of this kind", *count - MOST_MARKS + 1);
    }
    kept
}
