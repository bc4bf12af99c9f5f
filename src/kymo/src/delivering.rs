//! `kymo deliver`: files to folders, web addresses and people, with a record.

use std::path::PathBuf;

use clap::Args;
use workflow::deliver::{self, Parcel, RealClock, Retry, places};
use workflow::jobs::Context;
use workflow::problem::Problem;

use crate::failure::{Answer, answer_text};

/// `kymo deliver`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where to: a folder, an https address (signed by KYMO_WEBHOOK_SECRET), or @NAME of
    /// deliver.ron in Kymo's configuration; may be repeated.
    #[arg(long = "to", value_name = "TARGET", required = true)]
    to: Vec<String>,
    /// The record of what went where; the usual one without it.
    #[arg(long, value_name = "FILE.jsonl")]
    record: Option<PathBuf>,
    /// Tries in all, before it is given up.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: u32,
}

/// `kymo deliver`.
pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Problem> {
    let targets = arguments.to.iter().map(|it| places::target(it));
    let targets: Vec<deliver::Target> = targets.collect::<Result<_, _>>()?;
    let record = arguments.record.clone();
    let parcel = Parcel {
        files: &arguments.files,
        targets: &targets,
        record: &record.unwrap_or_else(places::usual_record),
        retry: Retry {
            attempts: arguments.attempts,
            ..Retry::default()
        },
    };
    let done = deliver::deliver(&parcel, &RealClock, &Context::default())?;
    let lines = done.iter().map(|it| {
        let what = match it.outcome {
            deliver::Outcome::Delivered => "delivered",
            deliver::Outcome::Unchanged => "there already",
            deliver::Outcome::Failed => "failed",
        };
        format!("{} to {}: {what} ({})\n", it.file, it.to, it.text)
    });
    answer_text(&lines.collect::<String>())?;
    Ok(Answer::Fine)
}
