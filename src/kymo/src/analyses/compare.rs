//! `kymo compare`: what changed between two inputs, or two windows of one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use analysis::compare::{Relation, Verdict, statement};
use model::catalog::Polarity;
use model::series::Series;
use model::time::{Moment, Span};
use serde::Serialize;
use workflow::compare::{Comparison, Repeats, Side, compare};
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::{Head, print};
use crate::failure::{Answer, tell};

/// `kymo compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Compare {
    /// The side before: a session, a table, or a folder of several runs.
    a: PathBuf,
    /// The side after; without it --before and --after are windows of A.
    b: Option<PathBuf>,
    /// Window of the side before, as FROM..TO.
    #[arg(long, value_name = "FROM..TO", value_parser = window)]
    before: Option<Span>,
    /// Window of the side after, as FROM..TO.
    #[arg(long, value_name = "FROM..TO", value_parser = window)]
    after: Option<Span>,
    /// Runs of this system are known to repeat, so that one on each side is evidence.
    #[arg(long)]
    repeatable: bool,
    /// Exit with 1 when something got worse.
    #[arg(long)]
    fail_on_regression: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

fn window(text: &str) -> Result<Span, String> {
    let wrong = || format!("{text:?} is no window FROM..TO");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let moment = |text: &str| text.parse::<Moment>().map_err(|error| error.to_string());
    let span = Span {
        from: moment(from)?,
        to: moment(to)?,
    };
    if span.is_empty() {
        Err(wrong())
    } else {
        Ok(span)
    }
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    relation: &'static str,
    metrics: BTreeMap<String, Metric>,
    appeared: Vec<String>,
    vanished: Vec<String>,
    settings: Vec<Setting>,
}

#[derive(Serialize)]
struct Metric {
    verdict: &'static str,
    within_runs: &'static str,
    before: f64,
    after: f64,
    lo: f64,
    hi: f64,
    score: f64,
    q_value: f64,
    p_value: f64,
    kind: Vec<&'static str>,
    shift: f64,
    shift_lo: f64,
    shift_hi: f64,
    p95_shift: f64,
    p99_shift: f64,
    variance_ratio: f64,
    separation: f64,
    jump: Option<f64>,
    floor: f64,
    coverage: f64,
    first_row: Option<usize>,
    onset: Option<First>,
    unit: String,
    worse: bool,
}

/// When a series took its new level; 1 moved first, and series that clocks and cadence
/// cannot tell apart share a place.
#[derive(Serialize)]
struct First {
    time: String,
    order: usize,
    tied: usize,
}

#[derive(Serialize)]
struct Setting {
    key: String,
    before: Option<String>,
    after: Option<String>,
}

/// Whether a change of this kind is bad for the user of the system.
fn is_worse(series: &Series, verdict: Verdict) -> bool {
    matches!(
        (series.polarity, verdict),
        (Polarity::HigherIsWorse, Verdict::Up) | (Polarity::HigherIsBetter, Verdict::Down)
    )
}

/// Compares and prints.
pub(crate) fn run(arguments: &Compare) -> Result<Answer, Problem> {
    let context = Context::default();
    let (before, after) = match &arguments.b {
        Some(b) => (
            Side::open(&arguments.a, arguments.before, &context)?,
            Side::open(b, arguments.after, &context)?,
        ),
        None => windows(arguments, &context)?,
    };
    for note in before
        .runs
        .iter()
        .chain(&after.runs)
        .flat_map(|it| &it.0.notes)
    {
        tell(&format!("kymo: {note}"));
    }
    let repeats = match arguments.repeatable {
        true => Repeats::Known,
        false => Repeats::Unknown,
    };
    let comparison = compare((&before, &after), repeats, &context)?;
    let worse = comparison
        .metrics
        .iter()
        .any(|(_, series, it)| is_worse(series, it.verdict));
    print(arguments.json.into(), &document(&comparison), || {
        text(&comparison)
    })?;
    if arguments.fail_on_regression && worse {
        return Ok(Answer::No);
    }
    let damaged = before
        .runs
        .iter()
        .chain(&after.runs)
        .any(|(input, _)| input.damaged);
    Ok(if damaged {
        Answer::Partly
    } else {
        Answer::Fine
    })
}

fn windows(arguments: &Compare, context: &Context) -> Result<(Side, Side), Problem> {
    let (Some(before), Some(after)) = (arguments.before, arguments.after) else {
        return Err(Problem {
            what: "could not compare".to_owned(),
            why: "one input was given, but not two windows of it".to_owned(),
            what_to_do: "kymo compare A B, or kymo compare A --before FROM..TO --after FROM..TO"
                .to_owned(),
            sort: Sort::Usage,
        });
    };
    let side = Side::open(&arguments.a, Some(before), context)?;
    let mut other = side.clone();
    other.runs.iter_mut().for_each(|run| run.1 = Some(after));
    Ok((side, other))
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Adjacent => "adjacent",
        Relation::Apart => "apart",
        Relation::Repeatable => "repeatable",
    }
}

fn document(comparison: &Comparison) -> Document {
    let all = comparison.metrics.iter().zip(&comparison.onsets);
    let metrics = all.map(|((name, series, it), onset)| {
        let metric = Metric {
            verdict: it.verdict.name(),
            within_runs: it.within_runs.name(),
            before: it.before,
            after: it.after,
            lo: it.relative[0],
            hi: it.relative[1],
            score: it.score,
            q_value: it.q_value,
            p_value: it.p_value,
            kind: it.kinds.iter().map(|kind| kind.name()).collect(),
            shift: it.shift,
            shift_lo: it.shift_interval[0],
            shift_hi: it.shift_interval[1],
            p95_shift: it.tail_shift[0],
            p99_shift: it.tail_shift[1],
            variance_ratio: it.variance_ratio,
            separation: it.separation,
            jump: it.jump.filter(|jump| jump.is_finite()),
            floor: it.floor,
            coverage: it.coverage,
            first_row: it.first_row,
            onset: onset.map(|it| First {
                time: it.at.to_string(),
                order: it.order,
                tied: it.tied,
            }),
            unit: series.unit.code().to_owned(),
            worse: is_worse(series, it.verdict),
        };
        (name.clone(), metric)
    });
    Document {
        head: Head::THIS,
        relation: relation(comparison.relation),
        metrics: metrics.collect(),
        appeared: comparison.appeared.clone(),
        vanished: comparison.vanished.clone(),
        settings: comparison
            .settings
            .iter()
            .map(|it| Setting {
                key: it.key.clone(),
                before: it.before.clone(),
                after: it.after.clone(),
            })
            .collect(),
    }
}

fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    let mut changed: Vec<_> = comparison.metrics.iter().collect();
    changed.sort_by(|a, b| b.2.score.total_cmp(&a.2.score).then_with(|| a.0.cmp(&b.0)));
    let count = |verdict| changed.iter().filter(|it| it.2.verdict == verdict).count();
    text.push_str(&format!(
        "{} up, {} down, {} the same, {} not enough evidence\n",
        count(Verdict::Up),
        count(Verdict::Down),
        count(Verdict::Same),
        count(Verdict::Unknown)
    ));
    if comparison.relation == Relation::Apart {
        text.push_str("runs apart from each other: how much one run differs from the next is only known from several runs a side (give folders of runs, or --repeatable)\n");
    }
    for (name, series, it) in &changed {
        let sign = match is_worse(series, it.verdict) {
            true => '!',
            false => ' ',
        };
        if it.verdict.is_change() {
            text.push_str(&format!("{sign} {}\n", statement(name, series, it)));
        } else if it.within_runs.is_change() {
            let what = it.within_runs.name();
            text.push_str(&format!(
                "? {}; {what} if runs repeat\n",
                statement(name, series, it)
            ));
        }
    }
    text.push_str(&moved_first(comparison));
    for (title, names) in [
        ("appeared", &comparison.appeared),
        ("vanished", &comparison.vanished),
    ] {
        for name in names {
            text.push_str(&format!("  {title}: {name}\n"));
        }
    }
    for setting in &comparison.settings {
        let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "unset".to_owned());
        text.push_str(&format!(
            "  setting {}: {} → {}\n",
            setting.key,
            told(&setting.before),
            told(&setting.after)
        ));
    }
    text
}

/// Who moved first, where stretches of one run have an order.
fn moved_first(comparison: &Comparison) -> String {
    let all = comparison.metrics.iter().zip(&comparison.onsets);
    let first = all.filter_map(|((name, _, it), onset)| {
        let onset = onset.filter(|onset| onset.order == 1 && it.verdict.is_change());
        onset.map(|onset| (name.as_str(), onset))
    });
    let first: Vec<_> = first.collect();
    let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
    match first.first() {
        None => String::new(),
        Some((name, onset)) if names.len() == 1 => {
            format!("  moved first: {name} at {}\n", onset.at)
        }
        Some((_, onset)) => format!(
            "  moved first, too close to tell apart: {} at {}\n",
            names.join(", "),
            onset.at
        ),
    }
}
