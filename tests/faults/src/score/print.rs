//! Prints scores: for people a line each and a confusion matrix, else JSON.
//!
//! Start at [`text`].

use std::collections::BTreeMap;

use serde::Serialize;

use super::Run;
use super::card::{self, Row};

/// Prints a JSON document.
pub(crate) fn json<T: Serialize>(document: &T) -> Result<(), String> {
    let text = serde_json::to_string_pretty(document).map_err(|it| it.to_string())?;
    println!("{text}");
    Ok(())
}

/// Others used more than this of the machine: the run is marked.
const NOISY: f64 = 0.15;

/// Prints all tables.
pub(crate) fn text(runs: &[Run]) {
    runs_table(runs);
    confusion(runs);
    hits(runs);
    println!(
        "\ndetector             fault                 runs  recall  precision  delay  false/h"
    );
    for row in card::card(runs) {
        line(&row);
    }
}

fn text_of<T: ToString>(value: Option<T>) -> String {
    value.map_or("-".to_owned(), |it| it.to_string())
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |it| format!("{it:.2}"))
}

fn runs_table(runs: &[Run]) {
    println!(
        "{:28}{:15}{:15}{:15}{:8}{:>7}{:>10}{:>6}{:>6}  explain: onset  rank  resource",
        "recording", "expected", "verdict", "whole", "", "culprit", "operation", "delay", "false"
    );
    for run in runs {
        let others = run.truth.others.iter().copied().fold(0.0, f64::max);
        let mark = match others > NOISY {
            true => format!("  others used {:.0} %", others * 100.0),
            false => String::new(),
        };
        let name = run.session.trim_end_matches(".kymo");
        let it = run.bottleneck.as_ref();
        let right = run.verdict().map(|verdict| run.truth.accepts(verdict));
        let right = right.map_or("-", |it| if it { "right" } else { "WRONG" });
        let explain = run.explain.as_ref();
        println!(
            "{name:28}{:15}{:15}{:15}{right:8}{:>7}{:>10}{:>6}{:>6}  {:>14}{:>6}{:>10}{mark}",
            run.truth.verdict,
            text_of(run.verdict()),
            text_of(it.map(|it| it.whole.as_str())),
            text_of(it.and_then(|it| it.culprit_rank)),
            text_of(it.and_then(|it| it.operation_rank)),
            text_of(it.and_then(|it| it.delay_s)),
            text_of(it.map(|it| it.false_alarms)),
            number(explain.and_then(|it| it.onset_error_s)),
            text_of(explain.and_then(|it| it.culprit_rank)),
            text_of(explain.and_then(|it| it.resource_rank)),
        );
        for why in run.failed.iter().chain(&run.truth.notes) {
            println!("    {why}");
        }
    }
}

/// Expected verdicts down, given ones across.
fn confusion(runs: &[Run]) {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut given: Vec<&str> = Vec::new();
    for run in runs {
        let Some(verdict) = run.verdict() else {
            continue;
        };
        given.push(verdict);
        let row = counts.entry(&run.truth.verdict).or_default();
        *row.entry(verdict).or_default() += 1;
    }
    given.sort_unstable();
    given.dedup();
    if given.is_empty() {
        println!("\nno verdicts: this kymo has no bottleneck command");
        return;
    }
    print!("\n{:18}", "expected, given");
    for verdict in &given {
        print!("{verdict:>17}");
    }
    println!();
    for (expected, row) in &counts {
        print!("{expected:18}");
        for verdict in &given {
            print!("{:>17}", row.get(verdict).copied().unwrap_or(0));
        }
        println!();
    }
}

/// How often the first, or one of the first three, named is who did it.
fn hits(runs: &[Run]) {
    let blamed = runs.iter().filter(|it| !it.truth.culprits.is_empty());
    let blamed: Vec<&Run> = blamed.collect();
    let told = |name: &str, rank: fn(&Run) -> Option<Option<usize>>| {
        let ranks: Vec<Option<usize>> = blamed.iter().filter_map(|it| rank(it)).collect();
        if ranks.is_empty() {
            return;
        }
        let within = |most: usize| ranks.iter().flatten().filter(|it| **it <= most).count();
        println!(
            "{name}: first {} of {}, among the first three {}",
            within(1),
            ranks.len(),
            within(3)
        );
    };
    println!();
    let concerned = runs.iter().filter(|it| !it.truth.operations.is_empty());
    let ranks = concerned.filter_map(|it| Some(it.bottleneck.as_ref()?.operation_rank));
    let ranks: Vec<Option<usize>> = ranks.collect();
    if !ranks.is_empty() {
        let first = ranks.iter().flatten().filter(|it| **it == 1).count();
        println!("operation by bottleneck: first {first} of {}", ranks.len());
    }
    told("culprit by bottleneck", |run| {
        Some(run.bottleneck.as_ref()?.culprit_rank)
    });
    told("culprit by explain", |run| {
        Some(run.explain.as_ref()?.culprit_rank)
    });
    told("culprit by explain, told the onset", |run| {
        Some(run.explain.as_ref()?.told_culprit_rank)
    });
    told("resource by explain, told the onset", |run| {
        Some(run.explain.as_ref()?.told_resource_rank)
    });
}

fn line(row: &Row) {
    println!(
        "{:21}{:22}{:>4}{:>8}{:>11}{:>7}{:>9}",
        row.detector,
        row.fault,
        row.disturbed + row.undisturbed,
        number(row.recall),
        number(row.precision),
        number(row.delay_s),
        number(row.false_alarms_per_host_hour),
    );
}
