//! `kymo changes`: where level, slope or spread of a series changed.

use analysis::change::{self, Change};
use analysis::frame::Frame;
use serde::Serialize;
use workflow::problem::Problem;

use super::{Head, Point, Source, opened, outcome, print};
use crate::failure::Answer;

/// `kymo changes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    series: Vec<SeriesChanges>,
}

#[derive(Serialize)]
struct SeriesChanges {
    name: String,
    unit: String,
    coverage: f64,
    changes: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    point: Point,
    kind: &'static str,
    p_value: f64,
    before: f64,
    after: f64,
    shift: [f64; 2],
}

impl Entry {
    fn of(frame: &Frame, change: &Change) -> Self {
        Self {
            point: Point::of(frame, change.row),
            kind: change.kind.name(),
            p_value: change.p_value,
            before: change.before,
            after: change.after,
            shift: change.shift.into(),
        }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let input = opened(&arguments.source.input)?;
    let mut series = Vec::new();
    let mut text = String::new();
    for host in &input.frames {
        let frame = &host.frame;
        let known = change::of_frame(frame);
        for finding in change::findings(&host.host, frame, &known) {
            text.push_str(&format!("• {}\n", finding.statement));
        }
        for (line, known) in frame.lines.iter().zip(known) {
            let changes = known.changes.iter().map(|it| Entry::of(frame, it));
            series.push(SeriesChanges {
                name: line.name.clone(),
                unit: line.series.unit.code().to_owned(),
                coverage: known.coverage,
                changes: changes.collect(),
            });
        }
    }
    if text.is_empty() {
        text.push_str("No change that is worth telling.\n");
    }
    let listed: usize = series.iter().map(|it| it.changes.len()).sum();
    text.push_str(&format!(
        "{listed} changes in {} series are listed with --json.\n",
        series.len()
    ));
    let head = Head::THIS;
    print(
        arguments.source.json.into(),
        &Document { head, series },
        || text,
    )?;
    Ok(outcome(&input))
}
