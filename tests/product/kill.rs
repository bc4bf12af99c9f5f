//! A recording that is killed, or refused by the disk, at any of its system calls.
//!
//! A driver with the real recorder records a made-up machine and says after each
//! sample that it is written. strace ends it, or lets a call fail, at the N-th call
//! of one kind; what is left must open, hold every sample that was said to be
//! written, and nothing that was never recorded.
//!
//! strace counts the calls of each thread on its own: the fault strikes in the
//! thread that is the first to make N of them. Never with `--seccomp-bpf`, which
//! disarms it in silence.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::host::HostId;
use model::series::SeriesKey;
use model::time::Moment;
use store::progress::Continue;
use store::session::{OpenError, Session};

use crate::binary::{program, skipped};

#[path = "../driver/machine.rs"]
mod machine;

use machine::stream::Machine;
use machine::{HOST, SHAPE};

/// Samples of a whole life: six segments and a packed file.
const SAMPLES: usize = 60;

/// Most lives that end at one kind of call.
const OF_A_KIND: usize = 80;

/// Lives in which one kind of call fails once; after a failure the recorder may
/// wait a second before it tries again.
const REFUSALS: usize = 7;

/// Calls that change what is on disk, and those that say so; `?` as not every
/// processor has them all.
const CALLS: &str = "?write,?pwrite64,?fdatasync,?fsync,?rename,?renameat,?renameat2,?unlink,\
                     ?unlinkat,?mkdir,?mkdirat,?rmdir,?ftruncate,?copy_file_range,?sendfile";

/// When the driver says that a sample is written.
#[derive(Clone, Copy, Debug)]
enum Says {
    Honest,
    /// The planted bug: before anything is written.
    Early,
}

/// The life of one driver.
struct Life {
    folder: tempfile::TempDir,
    status: ExitStatus,
    /// Samples it said to be written.
    said: usize,
    stderr: String,
}

impl Life {
    fn session(&self) -> PathBuf {
        self.folder.path().join("s.kymo")
    }
}

/// A folder in memory where there is one: nothing here is about durability.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    made.expect("a folder")
}

/// Runs the driver under strace with these options.
fn live(strace: &Path, options: &[&str], says: Says) -> Life {
    let folder = folder();
    // Hundreds of lives must not starve the tests that watch a clock or a window.
    let output = Command::new("nice")
        .arg(strace)
        .args(["-f", "-qq", "-o"])
        .arg(folder.path().join("calls"))
        .args(options)
        .arg(env!("CARGO_BIN_EXE_driver"))
        .arg(folder.path().join("s.kymo"))
        .arg(SAMPLES.to_string())
        .arg(match says {
            Says::Honest => "honest",
            Says::Early => "early",
        })
        .output()
        .expect("strace starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut whole = stdout.split_inclusive('\n').filter(|it| it.ends_with('\n'));
    Life {
        folder,
        status: output.status,
        said: whole
            .next_back()
            .map_or(0, |line| line.trim().parse().expect("a number")),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// How often a whole life makes each call, in the thread that makes it most.
fn calls(strace: &Path) -> BTreeMap<String, usize> {
    let life = live(strace, &["-e", &format!("trace={CALLS}")], Says::Honest);
    assert!(life.status.success(), "{}", life.stderr);
    assert_eq!(life.said, SAMPLES);
    let log = std::fs::read_to_string(life.folder.path().join("calls")).expect("a log");
    let mut of_thread: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        // The second half of a call that another thread interrupted begins with `<`.
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(').filter(|_| !call.starts_with('<')) else {
            continue;
        };
        let key = (name.to_owned(), thread.to_owned());
        *of_thread.entry(key).or_default() += 1;
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((name, _), count) in of_thread {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    most
}

/// Calls and their numbers, spread over the whole life.
fn moments(strace: &Path, of_a_kind: usize) -> Vec<(String, usize)> {
    let mut moments = Vec::new();
    for (name, count) in calls(strace) {
        let some = count.min(of_a_kind);
        moments.extend((0..some).map(|it| (name.clone(), 1 + it * count / some)));
    }
    moments
}

/// Does work for each item on as many threads as there are processors.
fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = work(item);
                    done.lock().expect("no worker panics here").push(result);
                }
            });
        }
    });
    done.into_inner().expect("no worker panics here")
}

/// What the whole life records.
fn truth() -> Machine {
    let mut machine = Machine::new(SHAPE);
    machine.hello().expect("it fits a frame");
    for _ in 0..SAMPLES {
        machine.tick().expect("it fits a frame");
    }
    machine
}

/// Holds what a life left against what it said; returns the samples kept.
fn kept(life: &Life, truth: &Machine) -> Result<usize, String> {
    let said = life.said;
    let (session, warnings) = match Session::open(&life.session()) {
        Ok(opened) => opened,
        // Before the manifest stands there is no session yet.
        Err(OpenError::NotASession { .. } | OpenError::Read { .. }) if said == 0 => return Ok(0),
        Err(error) => return Err(format!("{said} were written, but {error}")),
    };
    if !warnings.is_empty() {
        return Err(format!("{warnings:?}"));
    }
    let times = &truth.truth[0];
    let kept = read(&session, 0)?.len();
    if kept < said {
        return Err(format!("{said} were written, {kept} are there"));
    }
    let Some((last, _)) = kept.checked_sub(1).and_then(|it| times.get(it)) else {
        return Ok(0);
    };
    for (series, truth) in truth.truth.iter().enumerate() {
        let until = truth.partition_point(|(at, _)| at <= last);
        if read(&session, series)? != truth[..until] {
            return Err(format!("series {series} differs from what was recorded"));
        }
    }
    let living = session.processes_at(HostId(0), Moment(*last));
    let living = living.map_err(|error| error.to_string())?.len();
    if living != SHAPE.processes as usize {
        return Err(format!("{living} processes at the last sample"));
    }
    let report = store::verify::verify(&session, &mut |_| Continue::Yes);
    match report.is_sound() {
        true => Ok(kept),
        false => Err(format!("{:?}", report.problems)),
    }
}

fn read(session: &Session, series: usize) -> Result<Vec<(i64, f64)>, String> {
    let part = ("part".to_owned(), (series % 4).to_string());
    let key = SeriesKey::new(HOST, format!("metric.{}", series / 4), [part]);
    if session.find(&key).is_none() {
        return Ok(Vec::new());
    }
    let column = session.column(&key, None).map_err(|it| it.to_string())?;
    let values = column.values.iter().copied();
    Ok(column.at.iter().copied().zip(values).collect())
}

/// Kills a driver at the N-th call of a kind; says what is wrong with what it left.
fn killed(strace: &Path, (name, nth): &(String, usize), says: Says, truth: &Machine) -> Killed {
    let inject = format!("inject={name}:signal=SIGKILL:when={nth}");
    let trace = format!("trace={name}");
    let life = live(strace, &["-e", &trace, "-e", &inject], says);
    // strace dies of what its child died of.
    assert_eq!(life.status.signal(), Some(9), "{inject} never fired");
    let outcome = kept(&life, truth).and_then(|kept| match kept - life.said {
        0 | 1 => Ok(kept),
        more => Err(format!("{more} samples were in flight")),
    });
    outcome.map_err(|why| format!("killed at {name} number {nth}: {why}"))
}

type Killed = Result<usize, String>;

/// Lets the N-th call of a kind fail once; says what is wrong with what came of it.
fn refused(strace: &Path, (name, nth): &(String, usize), truth: &Machine) -> Result<(), String> {
    let error = match nth % 2 {
        0 => "EIO",
        _ => "ENOSPC",
    };
    let inject = format!("inject={name}:error={error}:when={nth}");
    let trace = format!("trace={name}");
    let life = live(strace, &["-e", &trace, "-e", &inject], Says::Honest);
    let log = std::fs::read_to_string(life.folder.path().join("calls")).expect("a log");
    assert!(log.contains("(INJECTED)"), "{inject} never fired");
    let told = life.stderr.contains("Error: ");
    let outcome = kept(&life, truth).and_then(|kept| match life.status.code() {
        Some(0) if kept == SAMPLES => Ok(()),
        // A recording that cannot begin or be packed says so.
        Some(1) if told && (life.said == 0 || kept == SAMPLES) => Ok(()),
        code => Err(format!("{kept} samples, code {code:?}: {}", life.stderr)),
    });
    outcome.map_err(|why| format!("{error} at {name} number {nth}: {why}"))
}

#[test]
fn a_recording_killed_at_any_system_call_keeps_what_was_written() {
    let Some(strace) = program("strace") else {
        skipped("strace");
        return;
    };
    let truth = truth();
    let moments = moments(&strace, OF_A_KIND);
    assert!(moments.len() >= 300, "only {} moments", moments.len());
    let outcomes = each(&moments, |it| killed(&strace, it, Says::Honest, &truth));
    let mut lengths = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(kept) => lengths.push(kept),
            Err(why) => panic!("{why}"),
        }
    }
    // Deaths lie all over the life: in the first segment and the last, and in packing.
    for part in [1_usize..10, 10..30, 30..50, 50..60, 60..61] {
        let here = lengths.iter().filter(|kept| part.contains(kept)).count();
        assert!(here >= 10, "{here} deaths at {part:?} samples");
    }
}

#[test]
fn the_kill_test_finds_samples_that_were_never_written() {
    let Some(strace) = program("strace") else {
        skipped("strace");
        return;
    };
    let moment = ("pwrite64".to_owned(), 40);
    let outcome = killed(&strace, &moment, Says::Early, &truth());
    let why = outcome.expect_err("a lie is found out");
    assert!(why.contains("60 were written"), "{why}");
}

#[test]
fn a_disk_that_refuses_once_costs_no_sample() {
    let Some(strace) = program("strace") else {
        skipped("strace");
        return;
    };
    let truth = truth();
    let mut moments = moments(&strace, REFUSALS);
    // Most of those are the driver's own words.
    moments.retain(|(name, _)| name != "write");
    assert!(moments.len() >= 40, "only {} moments", moments.len());
    for outcome in each(&moments, |it| refused(&strace, it, &truth)) {
        if let Err(why) = outcome {
            panic!("{why}");
        }
    }
}
