//! The prediction ledger on disk: one file for all sessions, which only grows.
//!
//! Entries are appended and synced; what stands there is never rewritten. Two programs
//! may add at the same time: the file is locked while one does.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use model::plan::Plan;
use model::time::Moment;
use plan::calibrate::Calibration;
use plan::ledger::{self, Ledger, Reading, Record, Tail};
use plan::predict::{self, Widening};
use plan::validate::Report;
use rustix::fs::{FlockOperation, flock};

use crate::problem::{Problem, Sort};

/// Where the ledger is kept where nobody says otherwise.
///
/// # Source
///
/// XDG Base Directory Specification: state that outlives restarts.
pub fn usual() -> PathBuf {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|it| it.is_absolute()).or_else(|| {
        let home = std::env::var_os("HOME").filter(|it| !it.is_empty())?;
        Some(PathBuf::from(home).join(".local/state"))
    });
    let state = state.unwrap_or_else(std::env::temp_dir);
    state.join("kymo").join("ledger.jsonl")
}

/// Reads a ledger; one that is not there is empty. What is damaged in it is told.
///
/// # Errors
///
/// The disk refuses, or it is larger than any ledger.
pub fn read(path: &Path) -> Result<(Ledger, Vec<String>), Problem> {
    let text = match std::fs::File::open(path) {
        Ok(file) => text(file, path)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(trouble("read", path, &error)),
    };
    let reading = parsed(&text, path)?;
    let told = told(&reading, path);
    Ok((reading.ledger, told))
}

fn told(reading: &Reading, path: &Path) -> Vec<String> {
    let faults = reading.faults.iter();
    faults
        .map(|it| format!("{it}, in {}", path.display()))
        .collect()
}

fn text(file: impl Read, path: &Path) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    file.take(ledger::TEXT_MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| trouble("read", path, &error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parsed(text: &str, path: &Path) -> Result<Reading, Problem> {
    Ledger::read(text).map_err(|error| {
        let what = format!("could not read the ledger {}", path.display());
        Problem::from_error(what, &error, Sort::Limit)
            .advise("move it away, a new one begins by itself")
    })
}

/// Adds to a ledger and syncs it; what it has already is not added again.
///
/// # Errors
///
/// The disk refuses.
pub fn add(path: &Path, records: Vec<Record>) -> Result<usize, Problem> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| trouble("make the folder of", path, &error))?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| trouble("write", path, &error))?;
    // Released when the file closes.
    flock(&file, FlockOperation::LockExclusive)
        .map_err(|error| trouble("lock", path, &std::io::Error::from(error)))?;
    file.seek(SeekFrom::Start(0))
        .map_err(|error| trouble("read", path, &error))?;
    let before = text(&mut file, path)?;
    let reading = parsed(&before, path)?;
    let mut added = String::new();
    match reading.tail {
        Tail::Whole => {}
        Tail::Unended => added.push('\n'),
        Tail::Torn(whole) => file
            .set_len(whole as u64)
            .map_err(|error| trouble("mend", path, &error))?,
    }
    let mut known = reading.ledger;
    let mut count = 0;
    for record in records {
        if let Ok(line) = known.add(record) {
            added.push_str(&line);
            count += 1;
        }
    }
    file.write_all(added.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| trouble("write", path, &error))?;
    Ok(count)
}

/// Records of what a plan predicts.
pub fn entries(plan: &Plan) -> Vec<Record> {
    let entries = ledger::entries_of(plan).into_iter();
    entries.map(Record::Prediction).collect()
}

/// Records of what came of it.
pub fn outcomes(plan: &Plan, report: &Report, when: (Moment, &str)) -> Vec<Record> {
    let outcomes = ledger::outcomes_of(plan, report, when).into_iter();
    outcomes.map(Record::Outcome).collect()
}

/// How much wider intervals must be than the models say, from how earlier ones did.
pub fn widening(known: &Ledger, calibration: &Calibration) -> Widening {
    let [means, tails] = predict::models(calibration);
    let of = |models: &[String], metric: &str, unit: &str| {
        let factors = models
            .iter()
            .map(|it| ledger::widen::widening(known, it, (metric, unit)));
        factors.fold(1.0, f64::max)
    };
    let tail = |metric| of(&tails, metric, "s");
    Widening {
        throughput: of(&means, "app.throughput", "{request}/s"),
        response: of(&means, "app.response.mean", "s"),
        tail: tail("app.response.p95").max(tail("app.response.p99")),
        utilization: of(&means, "cpu.utilization", "1"),
    }
}

fn trouble(what: &str, path: &Path, error: &std::io::Error) -> Problem {
    Problem::from_error(
        format!("could not {what} the ledger {}", path.display()),
        error,
        Sort::of_io(error),
    )
    .advise("--ledger FILE in a folder that you may write to")
}
