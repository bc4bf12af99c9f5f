//! `kymo check`: holds an input against standards; `kymo standard` keeps them.
//!
//! All work in `workflow::standards`; here are arguments, the JSON of the contract and the
//! table for people.

use std::path::PathBuf;

use clap::ValueEnum;
use model::compliance::{Compliance, Outcome, Verdict};
use model::standard::{Bound, Standard};
use model::time::{Moment, Span};
use report::junit;
use serde::Serialize;
use workflow::jobs::Context;
use workflow::outfile::spare;
use workflow::planning::file;
use workflow::problem::{Problem, Sort};
use workflow::standards::{self, Request, groups};
use workflow::stored::Stored;

use crate::analyses::{Head, print};
use crate::commands::{opened, outcome};
use crate::failure::{Answer, tell};

mod keeping;

pub(crate) use keeping::{Command, run as keep};

/// `kymo check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// A session or any file that `kymo import` reads.
    input: PathBuf,
    /// A standard in a file, or the id of a shipped one (`kymo standard list`); may be
    /// repeated. Those attached to the session and to groups of its hosts without it.
    #[arg(long = "standard", value_name = "FILE.ron|ID")]
    standards: Vec<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Also write the verdicts as JUnit XML, for build servers.
    #[arg(long, value_name = "OUT.xml")]
    junit: Option<PathBuf>,
    /// What a verdict is worth that the data does not carry.
    #[arg(long, value_enum, default_value = "fail")]
    undecidable: Undecidable,
    /// Start of the window; the whole input without it.
    #[arg(long)]
    from: Option<Moment>,
    /// End of the window, not included.
    #[arg(long)]
    to: Option<Moment>,
    /// The plan that optimization standards speak of.
    #[arg(long, value_name = "P.ron")]
    plan: Option<PathBuf>,
}

/// What an undecidable verdict is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Undecidable {
    /// It did not pass.
    Fail,
    /// It passes.
    Pass,
}

/// `kymo check`.
pub(crate) fn check(arguments: &Check) -> Result<Answer, Problem> {
    // Standards first: a mistake in one is told before a large input is read.
    let named: Vec<Standard> = arguments
        .standards
        .iter()
        .map(|it| standards::load(it))
        .collect::<Result<_, _>>()?;
    let plan = arguments.plan.as_deref().map(file::read).transpose()?;
    if let Some(out) = &arguments.junit {
        spare(out, &[&arguments.input])?;
    }
    let stored = opened(&arguments.input)?;
    let chosen = match named.is_empty() {
        false => named,
        true => of_session(&stored)?,
    };
    let whole = stored.span();
    let asked = arguments.from.is_some() || arguments.to.is_some();
    let request = Request {
        window: asked.then(|| Span {
            from: arguments.from.unwrap_or(whole.from),
            to: arguments.to.unwrap_or(whole.to),
        }),
        plan,
    };
    let mut all = Vec::with_capacity(chosen.len());
    for standard in &chosen {
        let context = Context::default();
        all.push(standards::check(&stored, standard, &request, &context)?);
    }
    if let Some(out) = &arguments.junit {
        let undecidable = match arguments.undecidable {
            Undecidable::Fail => junit::Undecidable::Error,
            Undecidable::Pass => junit::Undecidable::Skipped,
        };
        let text = junit::render(&all, undecidable)
            .map_err(|error| Problem::from_error("could not write JUnit", &error, Sort::Bug))?;
        file::write_text(out, &text)?;
        tell(&format!("wrote {}", out.display()));
    }
    let worst = all.iter().map(Compliance::outcome).max();
    let answer = match (worst, arguments.undecidable) {
        (Some(Outcome::Fail), _) | (Some(Outcome::Undecidable), Undecidable::Fail) => Answer::No,
        _ => Answer::Fine,
    };
    let document = document(arguments, &all, answer);
    print(arguments.json.into(), &document, || text(&all))?;
    match (answer, outcome(&stored)) {
        (Answer::No, _) => Ok(Answer::No),
        (_, partly) => Ok(partly),
    }
}

/// The standards of a session where none is named: its own, then those of its hosts' groups.
fn of_session(stored: &Stored) -> Result<Vec<Standard>, Problem> {
    let mut all = standards::attached(stored);
    let hosts: Vec<String> = stored.hosts().iter().map(|it| it.name.clone()).collect();
    let (of_groups, problems) = groups::read(&groups::usual())?.standards_of(&hosts);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    for standard in of_groups {
        if !all.iter().any(|it| it.id == standard.id) {
            all.push(standard);
        }
    }
    if all.is_empty() {
        return Err(Problem {
            what: format!("could not check {}", stored.path().display()),
            why: "no standard is named, and none is attached to it".to_owned(),
            what_to_do: "--standard use, or another of kymo standard list".to_owned(),
            sort: Sort::Usage,
        });
    }
    Ok(all)
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    input: String,
    verdict: &'static str,
    passed: bool,
    undecidable: Undecidable,
    standards: Vec<Checked<'a>>,
}

#[derive(Serialize)]
struct Checked<'a> {
    id: &'a str,
    version: &'a str,
    kind: &'a str,
    title: &'a str,
    owner: &'a str,
    source: &'a str,
    window: [String; 2],
    verdict: &'static str,
    rules: Vec<Row<'a>>,
    skipped: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    id: String,
    rule: &'a str,
    title: &'a str,
    host: &'a str,
    series: &'a str,
    verdict: &'static str,
    measure: &'a str,
    value: Option<f64>,
    limit: Option<f64>,
    bound: Option<&'static str>,
    margin: Option<f64>,
    interval: Option<[f64; 2]>,
    level: f64,
    unit: &'a str,
    coverage: Option<f64>,
    samples: u64,
    effective_samples: Option<f64>,
    window: [String; 2],
    places: Vec<[String; 2]>,
    severity: &'static str,
    statement: &'a str,
    doubt: &'a str,
}

fn pair(span: Span) -> [String; 2] {
    [span.from.to_string(), span.to.to_string()]
}

fn document<'a>(arguments: &Check, all: &'a [Compliance], answer: Answer) -> Document<'a> {
    let worst = all.iter().map(Compliance::outcome).max();
    Document {
        head: Head::THIS,
        input: arguments.input.display().to_string(),
        verdict: worst.unwrap_or(Outcome::Pass).name(),
        passed: answer != Answer::No,
        undecidable: arguments.undecidable,
        standards: all.iter().map(checked).collect(),
    }
}

fn checked(it: &Compliance) -> Checked<'_> {
    Checked {
        id: &it.standard,
        version: &it.version,
        kind: &it.kind,
        title: &it.title,
        owner: &it.owner,
        source: &it.source,
        window: pair(it.window),
        verdict: it.outcome().name(),
        rules: it.rows.iter().map(row).collect(),
        skipped: &it.skipped,
    }
}

fn row(it: &Verdict) -> Row<'_> {
    Row {
        id: it.id.to_string(),
        rule: &it.rule,
        title: &it.title,
        host: &it.host,
        series: &it.series,
        verdict: it.outcome.name(),
        measure: &it.measure,
        value: it.value,
        limit: it.limit.map(Bound::number),
        bound: it.limit.map(|bound| match bound {
            Bound::AtMost(_) => "at_most",
            Bound::AtLeast(_) => "at_least",
        }),
        margin: it.margin,
        interval: it.interval.map(|(lo, hi)| [lo, hi]),
        level: it.level,
        unit: it.unit.code(),
        coverage: it.coverage,
        samples: it.samples,
        effective_samples: it.effective,
        window: pair(it.window),
        places: it.places.iter().map(|it| pair(*it)).collect(),
        severity: it.severity.name(),
        statement: &it.statement,
        doubt: &it.doubt,
    }
}

fn text(all: &[Compliance]) -> String {
    let mut text = String::new();
    for compliance in all {
        text.push_str(&format!(
            "{} {}: {} ({})\n{} to {}\n",
            compliance.standard,
            compliance.version,
            compliance.title,
            compliance.summary(),
            compliance.window.from,
            compliance.window.to
        ));
        text.push_str(&table(&compliance.rows));
        for row in compliance.rows.iter().filter(|it| !it.doubt.is_empty()) {
            text.push_str(&format!("  ? {} {}: {}\n", row.rule, row.series, row.doubt));
        }
        for row in compliance
            .rows
            .iter()
            .filter(|it| it.outcome == Outcome::Fail)
        {
            let places = row.places.iter().take(3).map(|it| it.from.to_string());
            let places: Vec<String> = places.collect();
            if !places.is_empty() {
                let from = places.join(", ");
                text.push_str(&format!(
                    "  × {} {}: beyond its limit from {from}\n",
                    row.rule, row.series
                ));
            }
        }
        for skipped in &compliance.skipped {
            text.push_str(&format!("  – {skipped}\n"));
        }
        text.push('\n');
    }
    text.pop();
    text
}

/// Rows in columns as wide as their widest cell.
fn table(rows: &[Verdict]) -> String {
    let header = [
        "", "rule", "measure", "value", "limit", "margin", "interval", "series",
    ];
    let mut cells: Vec<[String; 8]> = vec![header.map(str::to_owned)];
    cells.extend(rows.iter().map(|it| {
        [
            format!("{} {}", it.outcome.sign(), it.outcome.name()),
            it.rule.clone(),
            it.measure.clone(),
            it.text(it.value),
            it.limit_text(),
            it.text(it.margin),
            it.interval_text(),
            it.series.clone(),
        ]
    }));
    let width = |column: usize| {
        let all = cells.iter().map(|row| row[column].chars().count());
        all.max().unwrap_or(0)
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &cells {
        let mut line = String::from(" ");
        for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
            line.push(' ');
            let room = " ".repeat(width - cell.chars().count());
            match place {
                3..=5 => line.push_str(&format!("{room}{cell} ")),
                _ => line.push_str(&format!("{cell}{room} ")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
