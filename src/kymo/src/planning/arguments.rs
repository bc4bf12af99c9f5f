//! Arguments of `kymo plan` and `kymo whatif`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::time::{Moment, Span};
use workflow::problem::{Problem, Sort};
use workflow::target::Target;

/// `kymo whatif`.
#[derive(Debug, Subcommand)]
pub(crate) enum WhatIf {
    /// Solve a model for the inputs of a case and print what it knows as one JSON object.
    Solve {
        /// A JSON file: {"model": NAME, "inputs": {…}}.
        #[arg(long)]
        case: PathBuf,
    },
}

/// `kymo plan`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first draft; with a session, say what its bottleneck would have one try.
    New(New),
    /// Say what a plan would bring, with intervals or why that cannot be said, and put it
    /// into the plan and the ledger of predictions.
    Predict(Predict),
    /// Print a plan: what is wrong with it, its order, and what it waits for.
    Show(Show),
    /// Agree to exactly what a plan holds now.
    Approve(Approve),
    /// Say no to a plan, or withdraw an approval.
    Reject(Reject),
    /// Have an agent carry out a plan, and hold it until it is confirmed; without a word in
    /// time, or when this ends, everything is put back.
    Apply(Apply),
    /// Ask an agent what became of a plan, and what it would allow.
    Status(Status),
    /// Let a plan stay that another `kymo plan apply` holds.
    Confirm(Held),
    /// Put back what another `kymo plan apply` holds, or what was confirmed and stays.
    Rollback(Rollback),
    /// Hold what was measured after the change against what was predicted.
    Validate(Validate),
    /// Say after each stretch of a trial that goes back and forth whether to go on.
    Trial(Trial),
    /// Print how earlier predictions came out, by model.
    Ledger(Keep),
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The plan file to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// What it is for.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Who writes it.
    #[arg(long)]
    pub(crate) author: Option<String>,
    /// A session or any file that `kymo import` reads: what it limits is looked at.
    #[arg(long)]
    pub(crate) session: Option<PathBuf>,
    /// Put what the bottleneck suggests into the plan.
    #[arg(long, requires = "session")]
    pub(crate) suggested: bool,
    /// The service that users ask; found without it.
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// A series of processors that the application uses, such as
    /// `cgroup.cpu.usage{cgroup=/shop}`; may be repeated. The whole host without it.
    #[arg(long, value_name = "SERIES")]
    pub(crate) cpu: Vec<String>,
    /// The series of completed requests a second; that of the service without it.
    #[arg(long, value_name = "SERIES")]
    pub(crate) throughput: Option<String>,
    /// The series of mean response times in seconds; that of the service without it.
    #[arg(long, value_name = "SERIES")]
    pub(crate) response: Option<String>,
    /// The series of users that ask.
    #[arg(long, value_name = "SERIES")]
    pub(crate) users: Option<String>,
    /// Processors of the host, where the recording does not tell.
    #[arg(long)]
    pub(crate) cores: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// The recording that the models are fitted to.
    #[arg(long)]
    pub(crate) session: PathBuf,
    /// Start of the window that counts; the plan's own, or the whole recording, without it.
    #[arg(long)]
    pub(crate) from: Option<Moment>,
    /// End of the window, not included.
    #[arg(long)]
    pub(crate) to: Option<Moment>,
    /// The ledger of predictions; the user's own without it.
    #[arg(long)]
    pub(crate) ledger: Option<PathBuf>,
    /// Write neither the plan nor the ledger.
    #[arg(long)]
    pub(crate) keep_plan: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// Who agrees.
    #[arg(long)]
    pub(crate) who: String,
    /// A metric that is predicted only roughly or not at all; once for each of them.
    #[arg(long, value_name = "METRIC")]
    pub(crate) acknowledge: Vec<String>,
    /// Refuse the author's own approval.
    #[arg(long)]
    pub(crate) not_by_author: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reject {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// Who says no.
    #[arg(long)]
    pub(crate) who: String,
    /// Why.
    #[arg(long, default_value = "")]
    pub(crate) why: String,
}

/// An agent that may change things, and its places.
#[derive(Debug, Args)]
pub(crate) struct Far {
    /// Which agent: local (the default), ssh://[user@]host[:port].
    #[arg(long, value_name = "TARGET", default_value = "local")]
    pub(crate) agent: Target,
    /// What is allowed there, a file that only root can write; /etc/kymo/policy.ron.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Where the agent keeps the record of what it changed; /var/lib/kymo.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan.
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) far: Far,
    /// What the agent hears of applications, so that guardrails can be about them; as for
    /// `kymo record`; may be repeated.
    #[arg(long, value_name = "WHAT", value_parser = crate::arguments::intake)]
    pub(crate) intake: Vec<String>,
    /// Only say what would be changed, from what to what, and what is in the way.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only print the same for a shell, to read and to run by hand.
    #[arg(long)]
    pub(crate) script: bool,
    /// Confirm as soon as everything is carried out and settled.
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Who asks; the user's name without it.
    #[arg(long)]
    pub(crate) who: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The plan; it takes in how it ended.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) far: Far,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Held {
    /// The plan.
    pub(crate) plan: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The plan.
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) far: Far,
    /// Who asks; the user's name without it.
    #[arg(long)]
    pub(crate) who: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// The recording after the change; it may hold the time before it too.
    #[arg(long)]
    pub(crate) after: PathBuf,
    /// The recording before the change.
    #[arg(long)]
    pub(crate) before: Option<PathBuf>,
    /// Start of the window before; the plan's baseline without it.
    #[arg(long)]
    pub(crate) before_from: Option<Moment>,
    /// End of the window before, not included.
    #[arg(long)]
    pub(crate) before_to: Option<Moment>,
    /// Start of the window after; the whole recording without it.
    #[arg(long)]
    pub(crate) after_from: Option<Moment>,
    /// End of the window after, not included.
    #[arg(long)]
    pub(crate) after_to: Option<Moment>,
    /// Runs of the same thing on this machine are known to repeat each other.
    #[arg(long)]
    pub(crate) repeatable: bool,
    /// The ledger of predictions; the user's own without it.
    #[arg(long)]
    pub(crate) ledger: Option<PathBuf>,
    /// Write neither the plan nor the ledger.
    #[arg(long)]
    pub(crate) keep_plan: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trial {
    /// The plan that is applied and taken back in turn.
    pub(crate) plan: PathBuf,
    /// The recording; it may still be one of a trial that goes on.
    #[arg(long)]
    pub(crate) session: PathBuf,
    /// When it was switched, first to the change; may be repeated. The plan's audit tells
    /// without it.
    #[arg(long)]
    pub(crate) switch: Vec<Moment>,
    /// Only these metrics, such as app.response.mean; may be repeated.
    #[arg(long)]
    pub(crate) metric: Vec<String>,
    /// Seconds after each switch that do not count.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) settle: f64,
    /// Smallest effect that counts, as a share.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) floor: f64,
    /// Share of trials without an effect that may end with one.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Stretches after which it ends anyway.
    #[arg(long, default_value_t = 40)]
    pub(crate) most: usize,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Keep {
    /// The ledger; the user's own without it.
    #[arg(long)]
    pub(crate) ledger: Option<PathBuf>,
    /// Write it as a table.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) export: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A window of two moments; none where neither was given.
pub(super) fn window(from: Option<Moment>, to: Option<Moment>) -> Result<Option<Span>, Problem> {
    let wrong = |why: String| Problem {
        what: "could not tell the window".to_owned(),
        why,
        what_to_do: "both ends, the earlier one first".to_owned(),
        sort: Sort::Usage,
    };
    match (from, to) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if from < to => Ok(Some(Span { from, to })),
        (Some(from), Some(to)) => Err(wrong(format!("it ends at {to}, not after {from}"))),
        _ => Err(wrong("one of its ends is missing".to_owned())),
    }
}
