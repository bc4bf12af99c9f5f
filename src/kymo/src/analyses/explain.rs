//! `kymo explain`: what caused it.

use std::path::{Path, PathBuf};

use analysis::explain::{Candidate, Explanation, Graph, Request};
use analysis::frame::Frame;
use model::time::{Moment, Span};
use model::told;
use serde::{Deserialize, Serialize};
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::{Head, Point, Source};
use crate::failure::Answer;

/// So many candidates are shown to people; the document has all.
const SHOWN: usize = 10;

/// A graph file of more bytes than this is none: a system of ten thousand parts
/// with a hundred callees each stays below.
const MOST_GRAPH_BYTES: u64 = 64 << 20;

/// `kymo explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    source: Source,
    /// When the trouble was seen: RFC 3339, `YYYY-MM-DD HH:MM:SS` (UTC) or Unix
    /// seconds; looked for without it.
    #[arg(long, value_name = "T")]
    at: Option<Moment>,
    /// The row at which the trouble was seen, counted from 0.
    #[arg(long, value_name = "N", conflicts_with = "at")]
    at_row: Option<usize>,
    /// The series that shows the trouble.
    #[arg(long, value_name = "SERIES")]
    symptom: Option<String>,
    /// Who calls whom: a JSON file such as {"edges":[["caller","callee"]]}.
    #[arg(long, value_name = "G.json")]
    graph: Option<PathBuf>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    onset: Option<Point>,
    candidates: Vec<Row<'a>>,
    explained: f64,
}

#[derive(Serialize)]
struct Row<'a> {
    series: &'a str,
    entity: &'a str,
    part: &'a str,
    class: &'a str,
    score: f64,
    onset_index: usize,
    before: Option<f64>,
    after: Option<f64>,
    scales: f64,
    correlation: Option<f64>,
    #[serde(rename = "for")]
    supports: &'a [String],
    against: &'a [String],
}

#[derive(Deserialize)]
struct Calls {
    edges: Vec<(String, String)>,
}

/// Ranks what may have caused a disturbance.
pub(crate) fn run(command: &Explain) -> Result<Answer, Problem> {
    let graph = match &command.graph {
        Some(path) => graph(path)?,
        None => Graph::default(),
    };
    let input = super::opened(&command.source.input)?;
    let joined = workflow::explain::joined(&input);
    let frame = &joined.frame;
    let symptom = command.symptom.as_deref();
    let symptom = symptom
        .map(|name| super::place_of(frame, name))
        .transpose()?;
    let request = Request {
        onset: given_row(command, frame)?,
        symptom,
        graph,
        ..Request::default()
    };
    let found =
        workflow::explain::explain((&input, &joined), request, &Context::default())?.explanation;
    let document = Document {
        head: Head::THIS,
        onset: found.onset.map(|row| Point::of(frame, row)),
        candidates: found.candidates.iter().map(Row::of).collect(),
        explained: found.explained,
    };
    super::print(command.source.json.into(), &document, || {
        text(frame, &found)
    })?;
    Ok(super::outcome(&input))
}

impl<'a> Row<'a> {
    fn of(candidate: &'a Candidate) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        Self {
            series: &candidate.series,
            entity: &candidate.entity,
            part: &candidate.part,
            class: candidate.class.name(),
            score: candidate.score,
            onset_index: candidate.onset_row,
            before: finite(candidate.shift.before),
            after: finite(candidate.shift.after),
            scales: candidate.shift.scales,
            correlation: candidate.correlation,
            supports: &candidate.supports,
            against: &candidate.against,
        }
    }
}

/// The row that was given, by number or by time.
fn given_row(command: &Explain, frame: &Frame) -> Result<Option<usize>, Problem> {
    let outside = |what: String, why: String| Problem {
        what,
        why,
        what_to_do: "kymo info on the input tells its span".to_owned(),
        sort: Sort::Usage,
    };
    if let Some(row) = command.at_row {
        if row >= frame.rows() {
            return Err(outside(
                format!("could not explain row {row}"),
                format!("the input has {} rows, counted from 0", frame.rows()),
            ));
        }
        return Ok(Some(row));
    }
    let Some(at) = command.at else {
        return Ok(None);
    };
    let span = frame.span();
    if frame.rows() == 0 || !span.contains(at) {
        return Err(outside(
            format!("could not explain {at}"),
            format!("the input spans {} to {}", span.from, span.to),
        ));
    }
    let rest = Span::between(at, span.to);
    Ok(Some(frame.rows_in(rest).start.min(frame.rows() - 1)))
}

fn graph(path: &Path) -> Result<Graph, Problem> {
    let what = || format!("could not read the graph {}", path.display());
    let unreadable = |error: std::io::Error| {
        Problem::from_error(what(), &error, Sort::NotReadable).advise("check the path")
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST_GRAPH_BYTES {
        return Err(Problem {
            what: what(),
            why: format!("it has {size} bytes, more than {MOST_GRAPH_BYTES}"),
            what_to_do: "a graph of services, not of single requests".to_owned(),
            sort: Sort::Limit,
        });
    }
    let text = std::fs::read(path).map_err(unreadable)?;
    let calls: Calls = serde_json::from_slice(&text).map_err(|error| {
        Problem::from_error(what(), &error, Sort::NotUsable)
            .advise("{\"edges\":[[\"caller\",\"callee\"]]}")
    })?;
    let edges = calls.edges.iter().map(|(a, b)| (a.as_str(), b.as_str()));
    Ok(Graph::of(edges))
}

fn text(frame: &Frame, found: &Explanation) -> String {
    let Some(onset) = found.onset else {
        return "no disturbance found: nothing to explain\n".to_owned();
    };
    let mut text = format!(
        "disturbance at {} (row {onset}), the best candidate explains {:.0} %\n",
        frame.moment(onset),
        found.explained * 100.0
    );
    for (place, candidate) in found.candidates.iter().take(SHOWN).enumerate() {
        text += &format!(
            "\n{}. {} (score {:.2}, moved at {})\n",
            place + 1,
            told::of_name(&candidate.series),
            candidate.score,
            frame.moment(candidate.onset_row)
        );
        if told::of_name(&candidate.series) != candidate.series {
            text += &format!("   series {}\n", candidate.series);
        }
        for said in &candidate.supports {
            text += &format!("   + {said}\n");
        }
        for said in &candidate.against {
            text += &format!("   - {said}\n");
        }
    }
    match found.candidates.len().saturating_sub(SHOWN) {
        0 => text,
        more => text + &format!("\nand {more} more: --json lists them\n"),
    }
}
