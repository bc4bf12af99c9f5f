//! A keeper that is killed at any of its system calls leaves everything as before.
//!
//! strace ends it at the N-th call of one kind, while it carries five changes out and
//! takes them back; then the next agent's recovery runs, and the machine must be what it
//! was. strace counts the calls of each thread on its own. Never with `--seccomp-bpf`,
//! which disarms it in silence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wire::change::{Ask, ROLLED_BACK};

use crate::bench::{ALL, Bench, Talk, apply, five, mandate, skipped};

/// Most lives that end at one kind of call.
const OF_A_KIND: usize = 40;

/// Calls that change what is on disk or on the machine, or lead there.
const CALLS: &str =
    "?write,?pwrite64,?fdatasync,?fsync,?openat,?openat2,?ftruncate,?fallocate,?mkdir,?flock,?read";

fn strace() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let mut all = std::env::split_paths(&paths).map(|it| it.join("strace"));
    all.find(|it| it.is_file())
}

/// A keeper's whole life under strace, from an order to the way back; what it said last.
fn live(strace: &Path, bench: &Bench, options: &[&str]) -> Option<u32> {
    let mut command = Command::new("nice");
    command
        .arg(strace)
        .args(["-f", "-qq", "-o"])
        .arg(bench.folder.path().join("calls"))
        .args(options)
        .arg(env!("CARGO_BIN_EXE_kymo-agent"))
        .arg("--keep")
        .args(bench.places());
    let mut keeper = Talk::start(&mut command);
    keeper.ask(&apply(&mandate(five())));
    let reached = keeper.phase("holding");
    if reached.is_ok() {
        keeper.ask(&Ask {
            roll_back: true,
            ..Ask::default()
        });
    }
    let code = keeper.told(|it| it.outcome).map(|it| it.code);
    keeper.close();
    keeper.child.wait().expect("it ends");
    code.or(match reached {
        Err(Some(outcome)) => Some(outcome.code),
        _ => None,
    })
}

/// How often a whole life makes each call, in the thread that makes it most.
fn calls(strace: &Path) -> BTreeMap<String, usize> {
    let bench = Bench::new("kill", ALL).expect("it was there before");
    let code = live(strace, &bench, &["-e", &format!("trace={CALLS}")]);
    assert_eq!(code, Some(ROLLED_BACK));
    let log = std::fs::read_to_string(bench.folder.path().join("calls")).expect("a log");
    let mut of_thread: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(').filter(|_| !call.starts_with('<')) else {
            continue;
        };
        *of_thread
            .entry((name.to_owned(), thread.to_owned()))
            .or_default() += 1;
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((name, _), count) in of_thread {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    most
}

/// Calls and their numbers, spread over the whole life.
fn moments(strace: &Path) -> Vec<(String, usize)> {
    let mut moments = Vec::new();
    for (name, count) in calls(strace) {
        let some = count.min(OF_A_KIND);
        moments.extend((0..some).map(|it| (name.clone(), 1 + it * count / some)));
    }
    moments
}

/// Kills a keeper at a call and recovers; how many values that put back, or what is wrong.
fn killed(strace: &Path, (name, nth): &(String, usize), lose: Lose) -> Result<usize, String> {
    let bench = Bench::new("kill", ALL).ok_or("no bench")?;
    let before = bench.all();
    let inject = format!("inject={name}:signal=SIGKILL:when={nth}");
    live(
        strace,
        &bench,
        &["-e", &format!("trace={name}"), "-e", &inject],
    );
    if lose == Lose::Record {
        std::fs::remove_dir_all(&bench.state).map_err(|it| it.to_string())?;
    }
    let (code, said) = bench.recover();
    let after = bench.all();
    if after != before {
        return Err(format!("killed at {name} {nth}: {said} {after:?}"));
    }
    // 0: nothing was to be put back; 13: nothing was written; 14: all is as before.
    if ![0, 13, 14].contains(&code) {
        return Err(format!("killed at {name} {nth}: code {code}, {said}"));
    }
    Ok(said.matches("restored ").count())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lose {
    Nothing,
    /// The planted bug: nobody recorded anything.
    Record,
}

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

#[test]
fn killed_at_any_system_call_everything_is_as_before() {
    let Some(strace) = strace() else {
        return skipped("killed at any system call", "strace");
    };
    if Bench::new("killed at any system call", ALL).is_none() {
        return;
    }
    let moments = moments(&strace);
    assert!(moments.len() >= 100, "only {} moments", moments.len());
    let outcomes = each(&moments, |it| killed(&strace, it, Lose::Nothing));
    let mut put_back = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(count) => put_back.push(count),
            Err(why) => panic!("{why}"),
        }
    }
    // Deaths lie all over the life.
    for count in [0, 1, 3, 5] {
        assert!(
            put_back.contains(&count),
            "no death with {count} values to put back"
        );
    }
}

#[test]
fn the_kill_test_finds_values_that_nobody_recorded() {
    let Some(strace) = strace() else {
        return skipped("the kill test", "strace");
    };
    if Bench::new("the kill test", ALL).is_none() {
        return;
    }
    let moment = ("fdatasync".to_owned(), 8);
    let why = killed(&strace, &moment, Lose::Record).expect_err("it is found out");
    assert!(why.contains("killed at"), "{why}");
}
