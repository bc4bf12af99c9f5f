//! What each subcommand does: one function each, all work in `workflow`.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crossbeam_channel::Receiver;
use model::time::Span;
use model::unit::counted;
use serde::Serialize;
use workflow::jobs::Context;
use workflow::launch::Launch;
use workflow::problem::{Problem, Sort};
use workflow::recording::{Fast, Progress, Request, Setup};
use workflow::stored::{self, Stored};
use workflow::tables;
use workflow::target::Target;

use crate::arguments::{Keep, Record, TableFormat};
use crate::failure::{Answer, answer, answer_text, tell};
use crate::{doctor, terminal};

/// Version of the JSON documents.
pub(crate) const SCHEMA: u32 = 1;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

impl From<bool> for Output {
    fn from(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// `kymo`, `kymo open`: the window, or the terminal where there is none.
pub(crate) fn open(inputs: Vec<PathBuf>, agents: Vec<Target>) -> Result<Answer, Problem> {
    for input in &inputs {
        if !input.exists() {
            return Err(stored::missing(input));
        }
    }
    if doctor::display().is_none() {
        return terminal::run(&inputs, &agents);
    }
    window(inputs, agents)
}

/// What keeps applications on this machine from being heard, for the window.
#[cfg(feature = "workbench")]
fn heard_here() -> Vec<workbench::desk::Hindrance> {
    let checks = doctor::intakes::checks().into_iter();
    let trouble = checks.filter(|it| it.verdict != doctor::Verdict::Works);
    trouble
        .map(|it| workbench::desk::Hindrance {
            what: format!("{}: {}", it.what, it.found),
            fix: it.fix,
        })
        .collect()
}

#[cfg(feature = "workbench")]
fn window(inputs: Vec<PathBuf>, agents: Vec<Target>) -> Result<Answer, Problem> {
    let missing = doctor::missing_packages();
    if !missing.is_empty() {
        tell(&format!(
            "kymo: libraries for the window seem to be missing; if it does not open: sudo apt-get install -y {}",
            missing.join(" ")
        ));
    }
    let start = workbench::Start {
        open: inputs,
        attach: if agents.is_empty() {
            vec![Target::Local]
        } else {
            agents
        },
        examples: terminal::examples(),
        checker: crate::arguments::intake,
        prober: heard_here,
    };
    workbench::run(start)
        .map(|()| Answer::Fine)
        .map_err(|error| {
            Problem::from_error("could not open the window", &error, Sort::NotReadable)
                .advise("LIBGL_ALWAYS_SOFTWARE=1 kymo, then kymo doctor")
        })
}

#[cfg(not(feature = "workbench"))]
fn window(inputs: Vec<PathBuf>, agents: Vec<Target>) -> Result<Answer, Problem> {
    tell("kymo: this build has no window");
    terminal::run(&inputs, &agents)
}

/// `kymo agent`.
pub(crate) fn agent(arguments: Vec<OsString>) -> ExitCode {
    ExitCode::from(agent::command::main("kymo agent", arguments))
}

/// `kymo record`.
pub(crate) fn record(record: Record) -> Result<Answer, Problem> {
    let mut every = vec!["--every".to_owned(), format!("{}ns", record.every_ns)];
    if let Some(budget) = &record.budget {
        every.extend(["--budget".to_owned(), budget.clone()]);
    } else {
        tell_budget(&record);
    }
    for what in &record.intake {
        every.extend(["--intake".to_owned(), what.clone()]);
    }
    let targets = if record.agents.is_empty() {
        vec![Target::Local]
    } else {
        record.agents
    };
    let launches = targets
        .into_iter()
        .enumerate()
        .map(|(place, target)| {
            let mut arguments = every.clone();
            let further = record.agent_arguments.get(place).map_or("", String::as_str);
            arguments.extend(further.split_whitespace().map(str::to_owned));
            launch(target, arguments)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let request = Request {
        launches,
        fast: (!record.fast.is_empty()).then_some(Fast {
            globs: record.fast,
            every_ns: record.fast_every_ns,
        }),
        length: record
            .length_ns
            .map(|ns| Duration::from_nanos(ns.unsigned_abs())),
        setup: Setup {
            title: record.title.unwrap_or_default(),
            retention: tables::retention(
                record.keep.iter().find_map(|keep| match keep {
                    Keep::Age(ns) => Some(*ns),
                    Keep::Size(_) => None,
                }),
                record.keep.iter().find_map(|keep| match keep {
                    Keep::Size(bytes) => Some(*bytes),
                    Keep::Age(_) => None,
                }),
            ),
            out: record.out,
        },
    };
    let length = request.length;
    let path = workflow::recording::record(request, &stops()?, &mut progress_lines(length))?;
    tell(&format!("wrote {} ({})", path.display(), size_text(&path)));
    Ok(Answer::Fine)
}

/// Says what a fast cadence may cost, where nobody said how much it may.
fn tell_budget(record: &Record) {
    let fast_ns = (!record.fast.is_empty()).then_some(record.fast_every_ns);
    let every_ns = record.every_ns.min(fast_ns.unwrap_or(i64::MAX));
    let share = agent::budget::Allowed::ByCadence.share(every_ns);
    if let Some(share) = share.filter(|share| *share > agent::budget::CPU_SHARE) {
        let every = model::time::duration_text(every_ns as f64 / 1e9);
        let share = agent::budget::share_text(share);
        tell(&format!(
            "a sample every {every} may cost {share} on each machine; --budget changes that"
        ));
    }
}

/// How this program starts an agent.
pub(crate) fn launch(target: Target, arguments: Vec<String>) -> Result<Launch, Problem> {
    Launch::current(target, arguments).map_err(|error| {
        Problem::from_error("could not find the running program", &error, Sort::Bug)
    })
}

/// Says something whenever the user wants the program to stop.
///
/// # Errors
///
/// The system lets no signal be caught.
pub(crate) fn stops() -> Result<Receiver<()>, Problem> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Problem::from_error("could not catch signals", &error, Sort::Bug))?;
    let (sender, stops) = crossbeam_channel::bounded(4);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    Ok(stops)
}

/// Tells progress on standard error: one line that is rewritten on a terminal;
/// elsewhere a line every ten seconds, each second while there is trouble, and one
/// when it is over.
pub(crate) fn progress_lines(length: Option<Duration>) -> impl FnMut(&Progress) {
    let rewrite = std::io::stderr().is_terminal();
    let mut told: Option<u64> = None;
    let mut troubled = false;
    move |progress| {
        if let Some(message) = &progress.message {
            tell(message);
        }
        let seconds = progress.elapsed.as_secs();
        let of = length.map_or(String::new(), |length| {
            format!(" of {} s", length.as_secs())
        });
        let trouble = progress
            .status
            .trouble
            .as_ref()
            .map_or(String::new(), |why| format!(" · TROUBLE: {why}"));
        let line = format!(
            "{seconds} s{of} · {} samples · {}{trouble}",
            progress.status.samples,
            model::unit::Unit::new("By").text(progress.status.bytes as f64),
        );
        if rewrite {
            use std::io::Write;
            let mut stderr = std::io::stderr().lock();
            if write!(stderr, "\r\x1b[K{line}")
                .and_then(|()| stderr.flush())
                .is_err()
            {
                // A closed terminal is nobody's loss; the recording goes on.
            }
        } else if progress.status.samples > 0
            && told.is_none_or(|last| seconds >= last + 10 || troubled || !trouble.is_empty())
        {
            told = Some(seconds);
            troubled = !trouble.is_empty();
            tell(&line);
        }
    }
}

pub(crate) fn size_text(path: &Path) -> String {
    let bytes = std::fs::metadata(path).map_or(f64::NAN, |it| it.len() as f64);
    model::unit::Unit::new("By").text(bytes)
}

/// Opens an input and tells its warnings.
pub(crate) fn opened(input: &Path) -> Result<Stored, Problem> {
    let (stored, warnings) = Stored::open(input, &Context::default())?;
    for warning in &warnings {
        tell(&format!("kymo: warning: {warning}"));
    }
    Ok(stored)
}

/// How a command on this input ends. Members are checked when they are read, so
/// this comes after the work; it tells what was found to be damaged meanwhile.
pub(crate) fn outcome(stored: &Stored) -> Answer {
    for warning in stored.warnings() {
        tell(&format!("kymo: warning: {warning}"));
    }
    match stored.damaged() {
        true => Answer::Partly,
        false => Answer::Fine,
    }
}

#[derive(Serialize)]
struct Info<'a> {
    schema: u32,
    kymo: &'static str,
    path: String,
    title: &'a str,
    /// What was taken out before it was shared; absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<store::share::Shared>,
    from: String,
    to: String,
    seconds: f64,
    bytes: u64,
    series: usize,
    samples: u64,
    events: usize,
    annotations: usize,
    hosts: Vec<InfoHost<'a>>,
    names: Vec<String>,
}

#[derive(Serialize)]
struct InfoHost<'a> {
    name: &'a str,
    os: &'a str,
    kernel: &'a str,
    arch: &'a str,
    cpus: u32,
    memory_bytes: u64,
    agent: &'a str,
    clock_offset_seconds: f64,
    clock_error_seconds: f64,
    from: String,
    to: String,
    cadence_seconds: f64,
    samples_expected: usize,
    samples_present: usize,
    coverage: f64,
    gaps: usize,
    longest_gap_seconds: f64,
    jitter_p99_seconds: f64,
    limits: &'a [String],
}

/// `kymo info`.
pub(crate) fn info(input: &Path, output: Output) -> Result<Answer, Problem> {
    let stored = opened(input)?;
    let span = stored.span();
    let coverage = stored.coverage();
    let hosts = stored.hosts().iter().map(|facts| {
        let cover = coverage.iter().find(|it| it.host == facts.name);
        InfoHost {
            name: &facts.name,
            os: &facts.host.os,
            kernel: &facts.host.kernel,
            arch: &facts.host.arch,
            cpus: facts.host.cpus,
            memory_bytes: facts.host.memory_bytes,
            agent: &facts.host.agent_version,
            clock_offset_seconds: facts.offset_ns as f64 / 1e9,
            clock_error_seconds: facts.error_ns as f64 / 1e9,
            from: cover.map_or(String::new(), |it| it.span.from.to_string()),
            to: cover.map_or(String::new(), |it| it.span.to.to_string()),
            cadence_seconds: cover.map_or(0.0, |it| it.cadence_ns as f64 / 1e9),
            samples_expected: cover.map_or(0, |it| it.expected),
            samples_present: cover.map_or(0, |it| it.present),
            coverage: cover.map_or(0.0, |it| it.share),
            gaps: cover.map_or(0, |it| it.gaps),
            longest_gap_seconds: cover.map_or(0.0, |it| it.longest_gap_ns as f64 / 1e9),
            jitter_p99_seconds: cover.map_or(0.0, |it| it.jitter_p99_ns as f64 / 1e9),
            limits: &facts.host.limits,
        }
    });
    let info = Info {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION"),
        path: input.display().to_string(),
        title: stored.title(),
        shared: stored.shared(),
        from: span.from.to_string(),
        to: span.to.to_string(),
        seconds: span.seconds(),
        bytes: stored.bytes(),
        series: stored.measured().len(),
        samples: stored.samples(),
        events: stored.events().len(),
        annotations: stored.annotations().len(),
        hosts: hosts.collect(),
        names: stored
            .measured()
            .iter()
            .map(|it| it.key.to_string())
            .collect(),
    };
    match output {
        Output::Json => answer(&json(&info)?)?,
        Output::Text => answer_text(&info_text(&info))?,
    }
    Ok(outcome(&stored))
}

fn info_text(info: &Info<'_>) -> String {
    let bytes = model::unit::Unit::new("By");
    let mut text = format!(
        "{}\n  {} to {} ({})\n  {} series, {}, {}, {}, {}\n",
        info.path,
        info.from,
        info.to,
        model::time::duration_text(info.seconds),
        info.series,
        counted(
            usize::try_from(info.samples).unwrap_or(usize::MAX),
            "sample"
        ),
        counted(info.events, "event"),
        counted(info.annotations, "annotation"),
        bytes.text(info.bytes as f64),
    );
    if let Some(shared) = &info.shared {
        text.push_str(&shared_text(shared));
    }
    for host in &info.hosts {
        text.push_str(&format!(
            "  host {}: {}, {} CPUs, {}, kernel {}\n    clock {:+.3} ms ± {:.3} ms; cadence {}; {}, {}, jitter p99 {}\n",
            host.name,
            host.os,
            host.cpus,
            bytes.text(host.memory_bytes as f64),
            host.kernel,
            host.clock_offset_seconds * 1e3,
            host.clock_error_seconds * 1e3,
            model::time::duration_text(host.cadence_seconds),
            coverage_text(host),
            counted(host.gaps, "gap"),
            model::time::duration_text(host.jitter_p99_seconds),
        ));
        for limit in host.limits {
            text.push_str(&format!("    partial: {limit}\n"));
        }
    }
    text
}

/// How much of what should have been read is there.
fn coverage_text(host: &InfoHost<'_>) -> String {
    match host.samples_expected {
        0 => "no sample can be read".to_owned(),
        expected => format!(
            "{} of {expected} samples ({})",
            host.samples_present,
            model::unit::Unit::new("1").text(host.coverage),
        ),
    }
}

/// What a shared session says of itself.
fn shared_text(shared: &store::share::Shared) -> String {
    let counts = shared.counts.iter();
    let counts: Vec<String> = counts
        .map(|it| format!("{} {}", it.identities, it.category))
        .collect();
    let mut text = format!("  shared: replaced {}", counts.join(", "));
    if shared.trimmed {
        text.push_str("; a part of the recording");
    }
    text.push('\n');
    if !shared.description.is_empty() {
        text.push_str(&format!("  {}\n", shared.description.replace('\n', "\n  ")));
    }
    text
}

pub(crate) fn json(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Problem::from_error("could not write JSON", &error, Sort::Bug))
}

/// `kymo export`.
pub(crate) fn export(input: &Path, out: &Path, format: TableFormat) -> Result<Answer, Problem> {
    let format = match format {
        TableFormat::Parquet => tables::Format::Parquet,
        TableFormat::Csv => tables::Format::Csv,
        TableFormat::Prometheus => tables::Format::Prometheus,
    };
    let stored = opened(input)?;
    let files = tables::export(&stored, out, format, &Context::default())?;
    let word = if files == 1 { "file" } else { "files" };
    tell(&format!("wrote {files} {word} to {}", out.display()));
    Ok(outcome(&stored))
}

/// `kymo trim`.
pub(crate) fn trim(
    input: &Path,
    span: Span,
    globs: &[String],
    out: &Path,
) -> Result<Answer, Problem> {
    let stored = opened(input)?;
    tables::trim(&stored, (span, globs), out, &Context::default())?;
    tell(&format!("wrote {} ({})", out.display(), size_text(out)));
    Ok(outcome(&stored))
}

#[derive(Serialize)]
struct Doctor {
    schema: u32,
    kymo: &'static str,
    checks: Vec<doctor::Check>,
}

/// `kymo doctor`.
pub(crate) fn doctor(output: Output) -> Result<Answer, Problem> {
    let checks = doctor::checks();
    match output {
        Output::Text => answer_text(&doctor::text(&checks))?,
        Output::Json => answer(&json(&Doctor {
            schema: SCHEMA,
            kymo: env!("CARGO_PKG_VERSION"),
            checks,
        })?)?,
    }
    Ok(Answer::Fine)
}
