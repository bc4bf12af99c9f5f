//! `kymo anomalies`: what is unlike its own past, and scores of every row.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use analysis::anomaly::collective::CollectiveAnomaly;
use analysis::anomaly::expected::{self, Judged};
use analysis::anomaly::findings::{findings, normal};
use analysis::anomaly::{Anomaly, Measured, Report, SeriesAnomalies, THRESHOLD};
use analysis::frame::{Frame, Line};
use model::finding::Expected;
use model::time::SECOND_NS;
use serde::Serialize;
use workflow::anomalies::{Hindsight, Scores, of_frame, scores_of};
use workflow::input::{HostFrame, Input};
use workflow::jobs::Context;
use workflow::outfile::spare;
use workflow::problem::{Problem, Sort};

use super::{Head, Point, Source, marks_of, opened, outcome, print};
use crate::failure::Answer;

/// `kymo anomalies`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Write the scores of every row, 0 to 1, as a CSV file.
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Scores that depend on the rows up to theirs only, as a live view computes them.
    #[arg(long, requires = "scores")]
    streaming: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    threshold: f64,
    series: Vec<OfSeries<'a>>,
    collective: Vec<OfAll<'a>>,
}

#[derive(Serialize)]
struct OfSeries<'a> {
    name: &'a str,
    measured: &'static str,
    anomalies: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    point: Point,
    end_index: usize,
    #[serde(rename = "type")]
    kind: &'static str,
    score: f64,
    direction: Option<&'static str>,
    expected: Option<[f64; 2]>,
    observed: Option<f64>,
    history: [usize; 2],
    coverage: f64,
    also: usize,
    normal: String,
    #[serde(flatten)]
    marked: Option<Marked>,
}

/// Somebody said that it was to be expected. `expected` is the band already.
#[derive(Serialize)]
struct Marked {
    marked: bool,
    reason: String,
}

impl Marked {
    fn of(mark: Option<&Expected>) -> Option<Self> {
        mark.map(|it| Self {
            marked: true,
            reason: it.reason.clone(),
        })
    }
}

#[derive(Serialize)]
struct OfAll<'a> {
    #[serde(flatten)]
    point: Point,
    end_index: usize,
    peak_index: usize,
    host: &'a str,
    score: f64,
    contributions: Vec<Contribution<'a>>,
    #[serde(flatten)]
    marked: Option<Marked>,
}

#[derive(Serialize)]
struct Contribution<'a> {
    series: &'a str,
    share: f64,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    if let Some(out) = &arguments.scores {
        spare(out, &[&arguments.source.input])?;
    }
    let input = opened(&arguments.source.input)?;
    let context = Context::default();
    let reports = input.frames.iter().map(|it| of_frame(&it.frame, &context));
    let reports: Vec<Report> = reports.collect::<Result<_, _>>()?;
    if let Some(out) = &arguments.scores {
        let hindsight = match arguments.streaming {
            true => Hindsight::Causal,
            false => Hindsight::Whole,
        };
        write_scores(out, &input, &reports, hindsight)?;
    }
    let marks = marks_of(&input);
    let judged: Vec<Judged<'_>> = input
        .frames
        .iter()
        .zip(&reports)
        .map(|(host, report)| expected::judge(&host.frame, report, &marks))
        .collect();
    let hosts = || input.frames.iter().zip(&reports);
    let document = Document {
        head: Head::THIS,
        threshold: THRESHOLD,
        series: hosts().zip(&judged).flat_map(of_series).collect(),
        collective: hosts().zip(&judged).flat_map(of_all).collect(),
    };
    print(arguments.source.json.into(), &document, || {
        let mut text = String::new();
        for (host, report) in hosts() {
            let mut found = findings(&host.host, &host.frame, report);
            expected::put_last(&mut found, &marks);
            for finding in found {
                text.push_str(&match expected::of_finding(&finding, &marks) {
                    Some(mark) => format!("· {} Expected: {}\n", finding.statement, mark.reason),
                    None => format!("• {}\n", finding.statement),
                });
            }
        }
        if text.is_empty() {
            text.push_str("Nothing is unlike its own past.\n");
        }
        text
    })?;
    Ok(outcome(&input))
}

/// A host, what was seen there, and what of it was expected.
type OfHost<'a> = ((&'a HostFrame, &'a Report), &'a Judged<'a>);

fn of_series<'a>(((host, report), judged): OfHost<'a>) -> Vec<OfSeries<'a>> {
    let frame = &host.frame;
    let lines = frame.lines.iter().zip(&report.series).zip(&judged.series);
    let each = lines.map(|((line, known), marks)| OfSeries {
        name: &line.name,
        measured: match known.measured {
            Measured::Values => "values",
            Measured::Growth => "growth",
        },
        anomalies: known
            .anomalies
            .iter()
            .zip(marks)
            .map(|(it, mark)| Entry {
                marked: Marked::of(*mark),
                ..entry(frame, line, known, it)
            })
            .collect(),
    });
    each.collect()
}

fn entry(frame: &Frame, line: &Line, known: &SeriesAnomalies, anomaly: &Anomaly) -> Entry {
    Entry {
        point: Point::of(frame, anomaly.index),
        end_index: anomaly.end_index,
        kind: anomaly.kind.name(),
        score: anomaly.score,
        direction: anomaly.direction.map(|it| it.name()),
        expected: anomaly.expected,
        observed: anomaly.observed,
        history: [anomaly.learned.start, anomaly.learned.end],
        coverage: anomaly.coverage,
        also: anomaly.also,
        normal: normal(line, known, anomaly),
        marked: None,
    }
}

fn of_all<'a>(((host, report), judged): OfHost<'a>) -> Vec<OfAll<'a>> {
    let frame = &host.frame;
    let each = report.collective.anomalies.iter().zip(&judged.collective);
    each.map(|(it, mark): (&CollectiveAnomaly, _)| OfAll {
        point: Point::of(frame, it.index),
        end_index: it.end_index,
        peak_index: it.peak,
        host: &host.host,
        score: it.score,
        contributions: it
            .contributions
            .iter()
            .map(|(place, share)| Contribution {
                series: &frame.lines[*place].name,
                share: *share,
            })
            .collect(),
        marked: Marked::of(*mark),
    })
    .collect()
}

/// Writes one row for each row of the input; of several hosts one after another,
/// with empty cells for the series of the others.
fn write_scores(
    out: &Path,
    input: &Input,
    reports: &[Report],
    hindsight: Hindsight,
) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        let what = format!("could not write {}", out.display());
        Problem::from_error(&what, &error, Sort::of_io(&error))
    };
    let file = File::create(out).map_err(failed)?;
    let mut file = BufWriter::new(file);
    let names = input.frames.iter().flat_map(|it| &it.frame.lines);
    let names: Vec<String> = names.map(|line| quoted(&line.name)).collect();
    write_row(
        &mut file,
        "timestamp",
        names.iter().map(String::as_str),
        "_collective",
    )
    .map_err(failed)?;
    let mut before = 0;
    for (host, report) in input.frames.iter().zip(reports) {
        let frame = &host.frame;
        let scores = scores_of(frame, report, hindsight, &Context::default())?;
        let after = names.len() - before - frame.lines.len();
        for row in 0..frame.rows() {
            let cells = cells(&scores, row, before, after);
            let at = seconds(frame.at[row]);
            let all = number(scores.collective[row]);
            write_row(&mut file, &at, cells.iter().map(String::as_str), &all).map_err(failed)?;
        }
        before += frame.lines.len();
    }
    file.flush().map_err(failed)
}

fn write_row<'a>(
    file: &mut impl Write,
    first: &str,
    cells: impl Iterator<Item = &'a str>,
    last: &str,
) -> std::io::Result<()> {
    file.write_all(first.as_bytes())?;
    for cell in cells {
        file.write_all(b",")?;
        file.write_all(cell.as_bytes())?;
    }
    file.write_all(b",")?;
    file.write_all(last.as_bytes())?;
    file.write_all(b"\n")
}

fn cells(scores: &Scores, row: usize, before: usize, after: usize) -> Vec<String> {
    let mut cells = vec![String::new(); before];
    cells.extend(scores.series.iter().map(|it| number(it[row])));
    cells.resize(cells.len() + after, String::new());
    cells
}

/// Six decimals tell scores apart and keep the file small.
fn number(score: f64) -> String {
    let text = format!("{score:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Unix seconds, exact to the nanosecond.
fn seconds(at_ns: i64) -> String {
    let sign = if at_ns < 0 { "-" } else { "" };
    let size = at_ns.unsigned_abs();
    let (whole, part) = (size / SECOND_NS as u64, size % SECOND_NS as u64);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:09}");
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

/// A name as a cell of a CSV file.
fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
