//! The agent's command line, the same for `kymo-agent` and `kymo agent`.
//!
//! Start at [`main`]; [`parse`] alone for a caller with its own output.

use std::ffi::OsString;
#[cfg(feature = "intake")]
use std::io::Read;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use model::time::parse_duration_ns;

use crate::act::{self, Places};
use crate::budget::{Allowed, Limits, RESIDENT_MAX_BYTES};
use crate::greeting::VERSION;
#[cfg(feature = "intake")]
use crate::intake::spec::Spec;
use crate::metrics;
use crate::schedule::{FASTEST_NS, SLOWEST_NS};
use crate::serve::{self, RunError};

/// What `--help` prints after the line with the program's name.
const HELP: &str = "\
Reads this machine and speaks Kymo's frames on standard input and output.
It writes no file and starts no program unless --allow-change is given, opens no
socket that listens unless --intake, --metrics or its client says so, and ends when its input
closes.

  --stdio              speak on standard input and output (the only way)
  --every 1s           time between samples, 10ms to 10s
  --budget 1%          processor time it may use, as a share of one core; over
                       it the agent reads less and says so; off for no budget.
                       Without it: 1% at one sample a second or fewer, 0.1% more
                       for each further one, at most 10%; and 32 MiB of memory.
                       Given up in this order: detail of processes and control
                       groups, then how often they are read, then the cadence
  --intake WHAT        take in what applications say; may be repeated. What listens
                       hears this machine only:
                         otlp-http[:PORT]   OpenTelemetry over HTTP, on 4318
                         otlp-grpc[:PORT]   OpenTelemetry over gRPC, on 4317
                         statsd[:PORT]      StatsD over UDP, on 8125
                         scrape:URL[,every=5s][,job=NAME]
                                            a Prometheus endpoint
                         log:PATH[,service=NAME][,format=NAME|,nginx=…|,apache=…]
                                            an access log
                       It has a budget of its own, one core and 96 MiB at most
  --intake-file PATH   take in what this file says, a line each
  --metrics ADDRESS    tell a Prometheus server on this machine what the agent costs
                       and how well it samples, at http://ADDRESS/metrics, such as
                       127.0.0.1:9464; nothing of the machine is told there
  --allow-change       carry out plans that the policy file allows, and take them
                       back when they are not confirmed; without it the agent
                       only reads
  --policy FILE        what is allowed, a file that only root can write;
                       /etc/kymo/policy.ron
  --state FOLDER       where records of what was changed are kept; /var/lib/kymo
  --recover            put back what an interrupted plan has changed, and end
  --root PATH          read a recorded tree instead of the machine
  --name NAME          host name to tell instead of the machine's own
  --clock-skew-ns N    shift the reported clocks; for tests of clock comparison
  --clock-drift-ppm N  let them run off by N millionths of the time; for such tests
  --version            print the version
  --help               print this
";

/// Largest budget that makes sense: a hundred cores.
const BUDGET_MAX_PERCENT: f64 = 10_000.0;

/// How the agent runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Time between samples.
    pub every_ns: i64,
    /// The tree that is read: `/`, or a recorded one.
    pub root: PathBuf,
    /// Host name to tell instead of the machine's own.
    pub name: Option<String>,
    /// Shifts the reported clocks; for tests only.
    pub clock_skew_ns: i64,
    /// Lets the reported clocks run off; for tests only.
    pub clock_drift_ppm: i64,
    /// What the agent may use.
    pub limits: Limits,
    /// What applications say that is taken in; nothing unless asked for.
    #[cfg(feature = "intake")]
    pub intake: Vec<Spec>,
    /// Where the agent's own figures are told to a Prometheus server; nowhere unless
    /// asked for.
    pub metrics: Option<SocketAddr>,
    /// Where the policy and the records are; `None`: nothing can be changed.
    pub change: Option<Places>,
    /// Words that make this program an agent when it is started again.
    pub again: Vec<OsString>,
}

/// Most drift of the reported clocks: a tenth of the time.
const DRIFT_MAX_PPM: i64 = 100_000;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    /// Run the agent.
    Run(Options),
    /// Carry one order out, for an agent that started this process.
    Keep(Places),
    /// Put back what an interrupted plan has changed.
    Recover(Places),
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// The command line makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct UsageError {
    /// The argument.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            every_ns: 1_000_000_000,
            root: PathBuf::from("/"),
            name: None,
            clock_skew_ns: 0,
            clock_drift_ppm: 0,
            limits: Limits {
                cpu: Allowed::ByCadence,
                resident_bytes: RESIDENT_MAX_BYTES,
            },
            #[cfg(feature = "intake")]
            intake: Vec::new(),
            metrics: None,
            change: None,
            again: Vec::new(),
        }
    }
}

/// Runs the command and returns its exit code; `program` is how it was called.
pub fn main(program: &str, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let invocation = match parse(arguments) {
        Ok(invocation) => invocation,
        Err(error) => return fail(2, &error.to_string(), &format!("{program} --help")),
    };
    match invocation {
        Invocation::Help => say(&format!("usage: {program} --stdio [OPTIONS]\n\n{HELP}")),
        Invocation::Version => say(&format!("{program} {VERSION}\n")),
        Invocation::Keep(places) => match act::keep(&places) {
            Ok(code) => code,
            Err(error) => fail(70, &error, &format!("{program} --recover")),
        },
        Invocation::Recover(places) => match act::recover(&places) {
            Ok((code, text)) => say(&text).max(code),
            Err(error) => fail(12, &error, &format!("{program} --recover as root")),
        },
        Invocation::Run(mut options) => {
            // `kymo agent` is an agent by its second word.
            options.again = program.split(' ').skip(1).map(OsString::from).collect();
            match serve::run(&options) {
                Ok(()) => 0,
                Err(error) => {
                    let (code, next) = advice(&error, program);
                    fail(code, &chain(&error), &next)
                }
            }
        }
    }
}

/// What the process shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Agent,
    Keeper,
    Recovery,
}

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// [`UsageError`] at the first argument that makes no sense.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options::default();
    let mut stdio = false;
    let mut role = Role::Agent;
    let mut places = Places::default();
    let mut placed = false;
    let mut allowed = false;
    while let Some(argument) = parser.next().map_err(|error| wrong("arguments", error))? {
        match argument {
            Arg::Long("stdio") => stdio = true,
            Arg::Long("allow-change") => allowed = true,
            Arg::Long("keep") => role = Role::Keeper,
            Arg::Long("recover") => role = Role::Recovery,
            Arg::Long("policy") => {
                places.policy = path(&mut parser, "--policy")?;
                placed = true;
            }
            Arg::Long("state") => {
                places.state = path(&mut parser, "--state")?;
                placed = true;
            }
            Arg::Long("every") => options.every_ns = every(&value(&mut parser, "--every")?)?,
            Arg::Long("budget") => options.limits = budget(&value(&mut parser, "--budget")?)?,
            #[cfg(feature = "intake")]
            Arg::Long("intake") => {
                let spec = value(&mut parser, "--intake")?.parse();
                options
                    .intake
                    .push(spec.map_err(|error| wrong("--intake", error))?);
            }
            #[cfg(feature = "intake")]
            Arg::Long("intake-file") => {
                let path = value(&mut parser, "--intake-file")?;
                options.intake.extend(intake_file(&path)?);
            }
            Arg::Long("metrics") => {
                let text = value(&mut parser, "--metrics")?;
                let address = metrics::loopback(&text);
                options.metrics = Some(address.map_err(|why| wrong("--metrics", why))?);
            }
            Arg::Long("name") => options.name = Some(value(&mut parser, "--name")?),
            Arg::Long("root") => {
                let path = parser.value().map_err(|error| wrong("--root", error))?;
                options.root = path.into();
            }
            Arg::Long("clock-skew-ns") => {
                let text = value(&mut parser, "--clock-skew-ns")?;
                let skew = text.parse();
                options.clock_skew_ns =
                    skew.map_err(|_| wrong("--clock-skew-ns", "want a number of nanoseconds"))?;
            }
            Arg::Long("clock-drift-ppm") => {
                let text = value(&mut parser, "--clock-drift-ppm")?;
                let drift = text.parse().ok();
                options.clock_drift_ppm = drift
                    .filter(|ppm| (-DRIFT_MAX_PPM..=DRIFT_MAX_PPM).contains(ppm))
                    .ok_or_else(|| wrong("--clock-drift-ppm", "want -100000 to 100000"))?;
            }
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Version),
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Help),
            other => return Err(wrong("arguments", other.unexpected())),
        }
    }
    places.root.clone_from(&options.root);
    match role {
        Role::Keeper => return Ok(Invocation::Keep(places)),
        Role::Recovery => return Ok(Invocation::Recover(places)),
        Role::Agent if placed && !allowed => {
            let why = "a policy and a state make sense with --allow-change only";
            return Err(wrong("--allow-change", why));
        }
        Role::Agent => options.change = allowed.then_some(places),
    }
    if !stdio {
        let why = "the agent speaks on standard input and output only; say so with --stdio";
        return Err(wrong("--stdio", why));
    }
    Ok(Invocation::Run(options))
}

/// Reads what to take in from a file, a line each.
#[cfg(feature = "intake")]
fn intake_file(path: &str) -> Result<Vec<Spec>, UsageError> {
    const FILE_MAX_BYTES: u64 = 1 << 20;
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(FILE_MAX_BYTES).read_to_string(&mut text));
    read.map_err(|error| wrong("--intake-file", format!("{path}: {error}")))?;
    crate::intake::spec::lines(&text)
        .map_err(|error| wrong("--intake-file", format!("{path}: {error}")))
}

fn value(parser: &mut Parser, flag: &str) -> Result<String, UsageError> {
    let value = parser.value().map_err(|error| wrong(flag, error))?;
    let text = value.into_string();
    text.map_err(|_| wrong(flag, "the value is not text"))
}

/// A whole path: the keeper works from another folder than the agent.
fn path(parser: &mut Parser, flag: &str) -> Result<PathBuf, UsageError> {
    let path = parser.value().map_err(|error| wrong(flag, error))?;
    std::path::absolute(PathBuf::from(path)).map_err(|error| wrong(flag, error))
}

fn every(text: &str) -> Result<i64, UsageError> {
    parse_duration_ns(text)
        .filter(|ns| (FASTEST_NS..=SLOWEST_NS).contains(ns))
        .ok_or_else(|| {
            let why = format!("want 10ms to 10s, not {text:?}");
            wrong("--every", why)
        })
}

/// Reads what the agent may use, such as `5%` or `off`.
///
/// # Errors
///
/// [`UsageError`] when it is neither.
pub fn budget(text: &str) -> Result<Limits, UsageError> {
    if text == "off" {
        return Ok(Limits {
            cpu: Allowed::Everything,
            resident_bytes: 0,
        });
    }
    let percent = text.strip_suffix('%').and_then(|it| it.parse::<f64>().ok());
    let percent = percent.filter(|it| *it > 0.0 && *it <= BUDGET_MAX_PERCENT);
    let percent = percent.ok_or_else(|| {
        let why = format!("want a share such as 1% or off, not {text:?}");
        wrong("--budget", why)
    })?;
    Ok(Limits {
        cpu: Allowed::Share(percent / 100.0),
        resident_bytes: RESIDENT_MAX_BYTES,
    })
}

fn wrong(what: &str, why: impl ToString) -> UsageError {
    UsageError {
        what: what.to_owned(),
        why: why.to_string(),
    }
}

/// Exit code and what to try.
fn advice(error: &RunError, program: &str) -> (u8, String) {
    match error {
        RunError::Root { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            (12, format!("{program} --stdio as a user who may read it"))
        }
        RunError::Root { .. } => (3, format!("{program} --stdio --root FOLDER")),
        #[cfg(feature = "intake")]
        RunError::Intake(_) => (12, "another port, or ending what has it".into()),
        RunError::Metrics(_) => (12, "another port of 127.0.0.1 for --metrics".into()),
        RunError::Start(_) => (70, "again, with more memory and processes allowed".into()),
        RunError::Output(source) if source.kind() == io::ErrorKind::StorageFull => {
            (11, "again, after freeing space".into())
        }
        RunError::Output(_) => (3, "again, with an output that can be written".into()),
        RunError::Frame(_) => (70, "a report of this to the authors".into()),
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// Prints on standard output; a reader that left early is no failure.
fn say(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => 3,
        _ => 0,
    }
}

fn fail(code: u8, error: &str, next: &str) -> u8 {
    // Where even this cannot be written, the exit code still tells.
    drop(writeln!(io::stderr(), "kymo: error: {error}. Try: {next}"));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Invocation, UsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn flags_are_read() {
        let all = "--stdio --every 50ms --root /tree --name web --clock-skew-ns -5 --clock-drift-ppm 20000 --budget 2.5%";
        let expected = Options {
            every_ns: 50_000_000,
            root: "/tree".into(),
            name: Some("web".to_owned()),
            clock_skew_ns: -5,
            clock_drift_ppm: 20_000,
            limits: Limits {
                cpu: Allowed::Share(0.025),
                resident_bytes: RESIDENT_MAX_BYTES,
            },
            #[cfg(feature = "intake")]
            intake: Vec::new(),
            metrics: None,
            change: None,
            again: Vec::new(),
        };
        assert_eq!(parsed(all), Ok(Invocation::Run(expected)));
        assert_eq!(parsed("--stdio"), Ok(Invocation::Run(Options::default())));
        assert_eq!(parsed("--help"), Ok(Invocation::Help));
        assert_eq!(parsed("-V"), Ok(Invocation::Version));
    }

    #[test]
    fn nothing_is_changed_unless_that_is_said() {
        let Ok(Invocation::Run(options)) = parsed("--stdio --allow-change --state /s") else {
            panic!("a line that makes sense");
        };
        let places = options.change.unwrap();
        assert_eq!(places.policy, PathBuf::from(act::POLICY));
        assert_eq!(places.state, PathBuf::from("/s"));
        assert!(matches!(parsed("--recover"), Ok(Invocation::Recover(_))));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, what) in [
            ("", "--stdio"),
            ("--stdio --every 5ms", "--every"),
            ("--stdio --every 11s", "--every"),
            ("--stdio --budget 0%", "--budget"),
            ("--stdio --budget one", "--budget"),
            ("--stdio --clock-skew-ns x", "--clock-skew-ns"),
            ("--stdio --metrics 0.0.0.0:9464", "--metrics"),
            ("--stdio --name", "--name"),
            ("--stdio extra", "arguments"),
            ("--listen", "arguments"),
            ("--stdio --policy /p", "--allow-change"),
        ] {
            let error = parsed(line);
            assert_eq!(error.map_err(|it| it.what), Err(what.to_owned()), "{line}");
        }
    }
}
