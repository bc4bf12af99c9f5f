//! `kymo own`: how well Kymo itself does on a session, and what it costs.
//!
//! Times are measured, so that two runs differ in them and in nothing else.

use report::own::{AREAS, Block, Own};
use serde::Serialize;
use workflow::findings::PARTS;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::own::{self, Known};
use workflow::problem::Problem;
use workflow::stored::Stored;

use super::{Head, Source, print};
use crate::failure::{Answer, tell};

/// `kymo own`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    #[serde(flatten)]
    own: Own,
}

/// Runs every analysis to see how long it takes, and prints all figures.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let context = Context::default();
    let (stored, notes) = Stored::open(&arguments.source.input, &context)?;
    for note in &notes {
        tell(&format!("kymo: {note}"));
    }
    let input = Input::of_stored(&stored, None, &context)?;
    let mut took = Vec::new();
    for part in PARTS {
        took.push(part.timed(&input, &context)?.1);
    }
    let own = own::of_stored(&stored, &Known::here(took)?, &context)?;
    let document = Document {
        head: Head::THIS,
        own,
    };
    let output = arguments.source.json.into();
    print(output, &document, || text(&document.own))?;
    Ok(crate::commands::outcome(&stored))
}

fn text(own: &Own) -> String {
    let empty = Block::default();
    let reporting = own.reporting.as_ref().unwrap_or(&empty);
    let blocks = [&own.collection, &own.analysis, &own.optimization, reporting];
    let mut text = String::new();
    for ((area, _), block) in AREAS.iter().zip(blocks) {
        text.push_str(&format!("{area}\n"));
        for it in &block.figures {
            let about = match it.about.is_empty() || it.name.ends_with(&it.about) {
                true => String::new(),
                false => format!(" ({})", it.about),
            };
            let between = it.interval.map_or_else(String::new, |[lo, hi]| {
                format!(" ({} to {})", it.unit.text(lo), it.unit.text(hi))
            });
            let value = it.unit.text(it.value);
            text.push_str(&format!(
                "  {}{about}: {value}{between}. {}\n",
                it.name, it.sentence
            ));
        }
        for lack in &block.lacks {
            text.push_str(&format!("  {lack}\n"));
        }
    }
    text
}
