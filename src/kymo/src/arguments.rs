//! The command line, as `kymo --help` prints it.
//!
//! Names and flags are a contract that scripts rely on: fields may be added,
//! none is renamed or removed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use workflow::target::Target;

use crate::analyses::{analyze, compare};
use crate::importing::Import;

/// Performance workbench: what changed, what limits us, what would help, did it help.
#[derive(Debug, Parser)]
#[command(name = "kymo", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open the workbench, with sessions or files if given (the default).
    Open {
        /// Sessions, session folders or files that `kymo import` reads.
        inputs: Vec<PathBuf>,
        /// Also attach to these agents: local, ssh://[user@]host[:port].
        #[arg(long = "agent", value_name = "TARGET")]
        agents: Vec<Target>,
    },
    /// Run the agent; the same code as the small kymo-agent binary.
    #[command(disable_help_flag = true)]
    Agent {
        /// Passed on to the agent; `kymo agent --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Record until the time is over or a signal comes (SIGINT and SIGTERM finish the file).
    Record(Record),
    /// Say what an input holds: hosts, span, cadence, series, quality, size.
    Info {
        /// A session or any file that `kymo import` reads.
        input: PathBuf,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Check integrity: every byte, the chain over all members, that kept findings can be
    /// derived anew; of a report, that every number is what its session gives; of a ledger,
    /// an audit or an agent's record (`.jsonl`), its seals.
    Verify(crate::verifying::Verify),
    /// Turn files of other tools, or what a Prometheus server has, into a session; several
    /// inputs, sessions among them, are put on one time axis.
    Import(Box<Import>),
    /// Write the tables of a session as plain files.
    Export {
        /// The session.
        input: PathBuf,
        /// The folder to write; it must be empty or new.
        #[arg(long)]
        out: PathBuf,
        /// Format of the files.
        #[arg(long, value_enum)]
        format: TableFormat,
    },
    /// Cut a stretch of time, and optionally some series, into a new session.
    Trim {
        /// The session.
        input: PathBuf,
        /// Start: RFC 3339, `YYYY-MM-DD HH:MM:SS` (UTC) or Unix seconds.
        #[arg(long)]
        from: model::time::Moment,
        /// End, not included.
        #[arg(long)]
        to: model::time::Moment,
        /// Keep only series whose `host/metric{key=value}` matches; `*` stands for anything.
        #[arg(long, value_name = "GLOB")]
        series: Vec<String>,
        /// The session to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a copy for others: tokens in place of who and where, and every byte searched.
    Share(Box<crate::sharing::Share>),
    /// Decrypt a session that was encrypted when it was shared, or by age.
    Unlock(crate::sharing::Unlock),
    /// Say everything that can be concluded from an input, heaviest first.
    Analyze(analyze::Analyze),
    /// Say what changed between two inputs or windows, what is the same, and what cannot be told.
    Compare(compare::Compare),
    /// Write a report that leads every figure back to session, window and computation.
    Report(Box<crate::reporting::Report>),
    /// Send files to folders, web addresses and people, again if need be, with a record.
    Deliver(crate::delivering::Arguments),
    /// Say what comes next for each series, with a band and how earlier forecasts did.
    Forecast(crate::analyses::forecast::Arguments),
    /// Say what limits the system, with the evidence for and against, and who makes the load.
    Bottleneck(crate::analyses::bottleneck::Arguments),
    /// Say where the level, the slope or the spread of each series changed.
    Changes(crate::analyses::changes::Arguments),
    /// Say where each series is heading: slope, season, time to its limit.
    Trend(crate::analyses::trend::Arguments),
    /// Find what is unlike its own past: spikes, steps, drifts, stuck and missing values.
    Anomalies(crate::analyses::anomalies::Arguments),
    /// Rank what may have caused a disturbance, with what speaks for and against each.
    Explain(crate::analyses::explain::Explain),
    /// List what moves together with a series, and who moves first.
    Correlate(crate::analyses::correlate::Correlate),
    /// List services with throughput, errors, response times and concurrency, and who asks whom.
    Services(crate::analyses::services::Arguments),
    /// Say how well Kymo itself does on a session, and what it costs.
    Own(crate::analyses::own::Arguments),
    /// Hold an input against standards; exit 1 when one is violated or cannot be decided.
    Check(crate::standards::Check),
    /// List, show, validate, propose, attach and detach standards.
    #[command(subcommand)]
    Standard(crate::standards::Command),
    /// Plan a change, predict what it would bring, and hold the outcome against that.
    #[command(subcommand)]
    Plan(crate::planning::Command),
    /// Run a recipe without anybody watching: collect, analyze, optimize, report, deliver.
    Run(crate::running::Run),
    /// Review a library by day, week, month or quarter, now or by itself.
    #[command(subcommand)]
    Review(crate::reviewing::Command),
    /// List, search, label and follow the sessions of a folder.
    #[command(subcommand)]
    Library(crate::library::Command),
    /// Ask a model of performance by numbers.
    #[command(subcommand)]
    Whatif(crate::planning::WhatIf),
    /// Say what works on this machine, what does not, and what would enable it.
    Doctor {
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// `kymo record`.
#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    /// What to record: local (the default), ssh://[user@]host[:port]; may be repeated.
    #[arg(long = "agent", value_name = "TARGET")]
    pub(crate) agents: Vec<Target>,
    /// How long, such as 60s or 2h; until a signal without it.
    #[arg(long = "for", value_name = "TIME", value_parser = duration_ns)]
    pub(crate) length_ns: Option<i64>,
    /// Time between samples, 10ms to 10s.
    #[arg(long = "every", value_name = "TIME", default_value = "1s", value_parser = cadence_ns)]
    pub(crate) every_ns: i64,
    /// Read series whose name matches faster than the rest, up to 64; `*` stands for anything.
    #[arg(long = "fast", value_name = "GLOB")]
    pub(crate) fast: Vec<String>,
    /// Time between samples of the fast series, 10ms to 1s.
    #[arg(long = "fast-every", value_name = "TIME", default_value = "10ms", value_parser = cadence_ns)]
    pub(crate) fast_every_ns: i64,
    /// Processor time each agent may use, as a share of one core such as 5%, or off;
    /// without it 1% at one sample a second and 0.1% more for each further one, at most 10%.
    #[arg(long = "budget", value_name = "SHARE", value_parser = budget)]
    pub(crate) budget: Option<String>,
    /// Take in what applications on each machine say; may be repeated. One of otlp-http[:PORT],
    /// otlp-grpc[:PORT], statsd[:PORT], scrape:URL[,every=5s][,job=NAME],
    /// log:PATH[,service=NAME][,nginx=LOG_FORMAT]. Nothing is listened to without it.
    #[arg(long = "intake", value_name = "WHAT", value_parser = intake)]
    pub(crate) intake: Vec<String>,
    /// Keep only the newest part of a long recording, such as 24h or 2GiB; may be given twice.
    #[arg(long = "keep", value_name = "AGE|SIZE")]
    pub(crate) keep: Vec<Keep>,
    /// Title kept in the session.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// The session to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Further arguments for the agent of the same place in the list, such as `--root DIR --name NAME`.
    #[arg(
        long = "agent-arguments",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    pub(crate) agent_arguments: Vec<String>,
}

/// What a long recording may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Not older, in nanoseconds.
    Age(i64),
    /// Not larger, in bytes.
    Size(u64),
}

impl std::str::FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SIZES: [(&str, u64); 7] = [
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("TiB", 1 << 40),
            ("kB", 1_000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
        ];
        for (suffix, bytes) in SIZES {
            if let Some(number) = text.strip_suffix(suffix) {
                let number: f64 = number.trim().parse().map_err(|_| wrong_keep(text))?;
                let size = number * bytes as f64;
                return (size >= 1.0)
                    .then_some(Self::Size(size as u64))
                    .ok_or_else(|| wrong_keep(text));
            }
        }
        model::time::parse_duration_ns(text)
            .map(Self::Age)
            .ok_or_else(|| wrong_keep(text))
    }
}

fn wrong_keep(text: &str) -> String {
    format!("{text:?} is no age such as 24h and no size such as 2GiB")
}

/// Formats of exported tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Apache Parquet, as in the session.
    Parquet,
    /// Comma-separated values.
    Csv,
    /// Prometheus text with times, one file.
    Prometheus,
}

pub(crate) fn duration_ns(text: &str) -> Result<i64, String> {
    model::time::parse_duration_ns(text)
        .ok_or_else(|| format!("{text:?} is no length of time such as 30s, 10m or 2h"))
}

/// The agent reads it again; here nonsense is refused before anything starts.
fn budget(text: &str) -> Result<String, String> {
    match agent::command::budget(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.why),
    }
}

/// The agent reads it again; here nonsense is refused before anything starts.
pub(crate) fn intake(text: &str) -> Result<String, String> {
    let spec = text.parse::<agent::intake::spec::Spec>();
    spec.map(|_| text.to_owned()).map_err(|error| error.why)
}

fn cadence_ns(text: &str) -> Result<i64, String> {
    let ns = duration_ns(text)?;
    if (10_000_000..=10_000_000_000).contains(&ns) {
        Ok(ns)
    } else {
        Err(format!("{text:?} is not between 10ms and 10s"))
    }
}
