//! `kymo review`: a review of the last whole period, now or by itself.
//!
//! All work in `workflow::review`.

use std::path::PathBuf;

use analysis::sessions::Statistic;
use model::period::{CYCLES, Cycle};
use model::time::Moment;
use workflow::jobs::Context;
use workflow::library::{Freshness, Setup as Library};
use workflow::planning::book;
use workflow::problem::{Problem, Sort};
use workflow::review::schedule::{self, Job, Owner};
use workflow::review::{self, Setup};

use crate::failure::{Answer, answer_text, tell};

/// `kymo review …`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write the review of the last whole day, week, month or quarter.
    Run(Run),
    /// Let reviews write themselves: systemd units, or a line for cron.
    Install(Install),
}

/// `kymo review run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// How long a period is: daily, weekly (from Monday on), monthly or quarterly.
    #[arg(long, value_parser = cycle)]
    period: Cycle,
    /// Folder of sessions; may be repeated.
    #[arg(long, required = true, value_name = "FOLDER")]
    library: Vec<PathBuf>,
    /// Folder that the review is written into.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// The moment whose last whole period is meant; now without it.
    #[arg(long)]
    at: Option<Moment>,
    /// Zone of the calendar, such as Europe/Berlin; that of this machine without it.
    #[arg(long, default_value = "", hide_default_value = true)]
    zone: String,
    /// Format of the file; may be repeated.
    #[arg(long, default_value = "html", value_parser = format)]
    format: Vec<report::Format>,
    /// Follow this instead of the usual figures: STATISTIC:SERIES, such as
    /// p95:*/system.cpu.utilization; may be repeated.
    #[arg(long, value_name = "STATISTIC:SERIES", value_parser = figure)]
    figure: Vec<(String, Statistic)>,
    /// Hold every session against this file of standards; may be repeated.
    #[arg(long, value_name = "FILE")]
    standard: Vec<PathBuf>,
    /// The ledger of predictions; the usual one without it.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

/// `kymo review install`.
#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// How long a period is: daily, weekly (from Monday on), monthly or quarterly.
    #[arg(long, value_parser = cycle)]
    period: Cycle,
    /// Folder of sessions.
    #[arg(long, value_name = "FOLDER")]
    library: PathBuf,
    /// Folder that reviews are written into.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Zone of the calendar, such as Europe/Berlin; that of this machine without it.
    #[arg(long, default_value = "", hide_default_value = true)]
    zone: String,
    /// Write a systemd service and its timer (the default).
    #[arg(long, conflicts_with = "cron")]
    systemd: bool,
    /// Print a line for a crontab instead; nothing is changed without --write.
    #[arg(long)]
    cron: bool,
    /// Change the crontab of this user, with --cron.
    #[arg(long, requires = "cron")]
    write: bool,
    /// Units of this user instead of the machine's.
    #[arg(long, conflicts_with = "cron")]
    user: bool,
    /// Remove what was installed for this period, library and folder.
    #[arg(long)]
    uninstall: bool,
}

fn cycle(text: &str) -> Result<Cycle, String> {
    Cycle::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = CYCLES.iter().map(|(_, name)| *name).collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}

fn format(text: &str) -> Result<report::Format, String> {
    report::Format::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = report::FORMATS.iter().map(|(_, name, _)| *name).collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}

fn figure(text: &str) -> Result<(String, Statistic), String> {
    let (name, series) = text
        .split_once(':')
        .ok_or_else(|| format!("{text:?} is no STATISTIC:SERIES"))?;
    let statistic = Statistic::from_name(name)
        .ok_or_else(|| format!("{name:?} is none of p50, p95, p99, mean, max"))?;
    Ok((series.to_owned(), statistic))
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<Answer, Problem> {
    match command {
        Command::Run(arguments) => write(arguments),
        Command::Install(arguments) if arguments.cron => cron(arguments),
        Command::Install(arguments) => systemd(arguments),
    }
}

fn now() -> Moment {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Moment(now.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX)))
}

fn write(arguments: &Run) -> Result<Answer, Problem> {
    let setup = Setup {
        cycle: arguments.period,
        at: arguments.at.unwrap_or_else(now),
        zone: arguments.zone.clone(),
        library: Library {
            freshness: Freshness::Index,
            ..Library::of(arguments.library.clone())
        },
        figures: arguments.figure.clone(),
        standards: arguments.standard.clone(),
        ledger: arguments.ledger.clone().unwrap_or_else(book::usual),
    };
    let review = review::gather(&setup, &Context::default())?;
    for sentence in analysis::review::sentences(&review) {
        tell(&format!("kymo: {sentence}"));
    }
    let mut written = String::new();
    for format in &arguments.format {
        let path = review::write(&review, *format, &arguments.out)?;
        written.push_str(&format!("{}\n", path.display()));
    }
    answer_text(&written)?;
    let violated = review.compliance.iter().any(|it| it.standing != "holds");
    Ok(match violated {
        true => Answer::No,
        false => Answer::Fine,
    })
}

fn job(arguments: &Install) -> Result<Job, Problem> {
    let trouble = |what: &str, error: &std::io::Error| {
        Problem::from_error(what.to_owned(), error, Sort::NotReadable)
    };
    let absolute = |path: &PathBuf| {
        std::path::absolute(path).map_err(|error| trouble("could not find the folder", &error))
    };
    let program = std::env::current_exe()
        .map_err(|error| trouble("could not find the running program", &error))?;
    // A zone that this machine does not know would fail when nobody watches.
    review::zone(&arguments.zone)?;
    Job {
        program,
        cycle: arguments.period,
        library: absolute(&arguments.library)?,
        out: absolute(&arguments.out)?,
        zone: arguments.zone.clone(),
        further: Vec::new(),
    }
    .checked()
}

fn cron(arguments: &Install) -> Result<Answer, Problem> {
    let job = job(arguments)?;
    if !arguments.uninstall {
        job.library_there()?;
    }
    if !arguments.zone.is_empty() {
        tell("kymo: cron starts it by the clock of this machine; the review is of the zone named");
    }
    match (arguments.write, arguments.uninstall) {
        (true, true) => {
            schedule::edit_crontab(|it| job.removed_from(it))?;
            tell("kymo: the line is out of the crontab");
        }
        (true, false) => {
            schedule::edit_crontab(|it| job.added_to(it))?;
            tell("kymo: the line is in the crontab");
        }
        (false, true) => tell("kymo: take this line out with crontab -e, or add --write"),
        (false, false) => tell("kymo: put this line in with crontab -e, or add --write"),
    }
    answer_text(&format!("{}\n", job.cron_line()))?;
    Ok(Answer::Fine)
}

fn systemd(arguments: &Install) -> Result<Answer, Problem> {
    let job = job(arguments)?;
    let (owner, systemctl) = match arguments.user {
        true => (Owner::User, "systemctl --user"),
        false => (Owner::System, "systemctl"),
    };
    let folder = schedule::folder(owner)?;
    let timer = format!("{}.timer", job.name());
    if arguments.uninstall {
        tell(&format!(
            "kymo: stop it with: {systemctl} disable --now {timer}"
        ));
        let removed = schedule::uninstall(&job, &folder)?;
        if removed.is_empty() {
            return Err(Problem {
                what: format!("could not remove {timer}"),
                why: format!("it is not in {}", folder.display()),
                what_to_do: "the same period, library and folder as when it was installed"
                    .to_owned(),
                sort: Sort::Usage,
            });
        }
        let lines = removed
            .iter()
            .map(|it| format!("removed {}\n", it.display()));
        answer_text(&lines.collect::<String>())?;
        return Ok(Answer::Fine);
    }
    let written = schedule::install(&job, &folder)?;
    let lines = written.iter().map(|it| format!("{}\n", it.display()));
    answer_text(&lines.collect::<String>())?;
    tell(&format!(
        "kymo: switch it on with: {systemctl} daemon-reload && {systemctl} enable --now {timer}"
    ));
    Ok(Answer::Fine)
}
