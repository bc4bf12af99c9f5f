//! Delivery: files go to where people look, again if need be, and a record says what went
//! where.
//!
//! A target is a line of [`Target`]; add yours there and in `once`. The record is a
//! sealed book of [`Record`]s. Time passes through a [`Clock`], so that tests need none.
//!
//! Start at [`deliver`].

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::recipe::Deliver;
use model::time::Moment;
use serde::{Deserialize, Serialize};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::records::{self, Book};

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Copied into this folder, which is made if need be.
    Folder(PathBuf),
}

impl Target {
    /// A target of a recipe; paths are relative to `base`.
    pub fn of(deliver: &Deliver, base: &Path) -> Self {
        match deliver {
            Deliver::Folder(folder) => Self::Folder(base.join(folder)),
        }
    }

    /// What it is, for people and the record.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

/// One attempt, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The file, as it was named.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Where it was to go.
    pub to: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// Where it lies now, or why it does not.
    pub text: String,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// The same file was there already.
    Unchanged,
    /// It did not arrive.
    Failed,
}

/// How time passes.
pub trait Clock {
    /// This moment.
    fn now(&self) -> Moment;
    /// Lets time pass, less if the work is stopped.
    fn pause(&self, length: Duration, context: &Context);
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Moment {
        Moment(crate::link::unix_ns())
    }

    fn pause(&self, length: Duration, context: &Context) {
        /// How soon the wish to stop is seen.
        const SLICE: Duration = Duration::from_millis(100);
        let until = std::time::Instant::now() + length;
        while !context.cancelled() {
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}

/// How often something is tried, and how long is waited between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// Time before the second.
    pub first: Duration,
    /// Time before any later one: it doubles up to this.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            first: Duration::from_secs(2),
            longest: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// Time before the attempt after this one, counted from 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// What is delivered.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// The files.
    pub files: &'a [PathBuf],
    /// Where each goes.
    pub targets: &'a [Target],
    /// The record.
    pub record: &'a Path,
    /// How often it is tried.
    pub retry: Retry,
}

/// Delivers every file to every target; a target that fails does not keep others waiting
/// for ever. What was delivered before, by the record and by what is there, stays.
///
/// # Errors
///
/// Something did not arrive after the last attempt, the record cannot be written, or the
/// user stopped it. What arrived is in the record.
pub fn deliver(
    parcel: &Parcel<'_>,
    clock: &dyn Clock,
    context: &Context,
) -> Result<Vec<Record>, Problem> {
    let (mut book, _) = Book::open::<Record>(parcel.record)?;
    let mut done = Vec::new();
    let mut lost: Vec<String> = Vec::new();
    for target in parcel.targets {
        for file in parcel.files {
            let told = one(parcel, (file, target), (clock, context), &mut book)?;
            if told.outcome == Outcome::Failed {
                lost.push(format!("{} to {}: {}", told.file, told.to, told.text));
            }
            done.push(told);
        }
    }
    match lost.as_slice() {
        [] => Ok(done),
        lost => Err(Problem {
            what: "could not deliver everything".to_owned(),
            why: lost.join("; "),
            what_to_do: "mend the targets and resume; what arrived is not sent again".to_owned(),
            sort: Sort::Denied,
        }),
    }
}

fn one(
    parcel: &Parcel<'_>,
    (file, target): (&Path, &Target),
    (clock, context): (&dyn Clock, &Context),
    book: &mut Book,
) -> Result<Record, Problem> {
    let reading = |error: io::Error| {
        let what = format!("could not deliver {}", file.display());
        Problem::from_error(what, &error, Sort::NotReadable)
    };
    let name = file.file_name().unwrap_or(file.as_os_str());
    let mut record = Record {
        file: name.to_string_lossy().into_owned(),
        sha256: records::sha256(file).map_err(reading)?,
        bytes: std::fs::metadata(file).map_err(reading)?.len(),
        to: target.name(),
        outcome: Outcome::Failed,
        attempt: 0,
        text: String::new(),
    };
    for attempt in 1..=parcel.retry.attempts.max(1) {
        if context.cancelled() {
            return Err(Problem::cancelled("delivery"));
        }
        record.attempt = attempt;
        match once(file, target, &record.sha256) {
            Ok((outcome, text)) => (record.outcome, record.text) = (outcome, text),
            Err(why) => record.text = why.to_string(),
        }
        book.add(clock.now(), record.clone())?;
        if record.outcome != Outcome::Failed {
            break;
        }
        if attempt < parcel.retry.attempts {
            clock.pause(parcel.retry.pause(attempt), context);
        }
    }
    Ok(record)
}

/// One attempt: what became of it, and where the file lies.
fn once(file: &Path, target: &Target, sha256: &str) -> io::Result<(Outcome, String)> {
    match target {
        Target::Folder(folder) => {
            let name = file.file_name().unwrap_or(file.as_os_str());
            let place = folder.join(name);
            let outcome = into_folder(file, (folder, &place), sha256)?;
            Ok((outcome, place.display().to_string()))
        }
    }
}

/// Copies a file beside its place, compares what arrived, and moves it there: readers see
/// the old file or the new one, never a part.
fn into_folder(file: &Path, (folder, place): (&Path, &Path), sha256: &str) -> io::Result<Outcome> {
    std::fs::create_dir_all(folder)?;
    let there = std::fs::symlink_metadata(place).is_ok_and(|it| it.is_file());
    if there && records::sha256(place)? == sha256 {
        return Ok(Outcome::Unchanged);
    }
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let copied = (|| {
        let mut from = std::fs::File::open(file)?;
        if std::fs::symlink_metadata(&beside).is_ok() {
            std::fs::remove_file(&beside)?;
        }
        let mut to = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        if records::sha256(&beside)? != sha256 {
            return Err(io::Error::other("what arrived is not what was sent"));
        }
        std::fs::rename(&beside, place)?;
        std::fs::File::open(folder)?.sync_all()
    })();
    if copied.is_err() {
        // The first trouble is the one to tell; the part is named as one.
        drop(std::fs::remove_file(&beside));
    }
    copied.map(|()| Outcome::Delivered)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A clock that only counts the pauses; on one of them it lets something happen.
    struct Counted<'a> {
        pauses: RefCell<Vec<Duration>>,
        happens: &'a dyn Fn(usize),
    }

    impl Clock for Counted<'_> {
        fn now(&self) -> Moment {
            Moment(self.pauses.borrow().len() as i64)
        }

        fn pause(&self, length: Duration, _: &Context) {
            self.pauses.borrow_mut().push(length);
            (self.happens)(self.pauses.borrow().len());
        }
    }

    #[test]
    fn a_folder_that_comes_back_is_delivered_to_and_the_record_tells_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("report.html");
        std::fs::write(&file, "the report").unwrap();
        // A file stands where the folder should be, until the second pause.
        let folder = home.path().join("out");
        std::fs::write(&folder, "in the way").unwrap();
        let clock = Counted {
            pauses: RefCell::default(),
            happens: &|pause| {
                if pause == 2 {
                    std::fs::remove_file(&folder).unwrap();
                }
            },
        };
        let record = home.path().join("deliver.jsonl");
        let parcel = Parcel {
            files: &[file],
            targets: &[Target::Folder(folder.clone())],
            record: &record,
            retry: Retry::default(),
        };
        let done = deliver(&parcel, &clock, &Context::default()).unwrap();
        assert_eq!((done[0].outcome, done[0].attempt), (Outcome::Delivered, 3));
        let seconds: Vec<u64> = clock
            .pauses
            .borrow()
            .iter()
            .map(Duration::as_secs)
            .collect();
        assert_eq!(seconds, [2, 4]);
        assert_eq!(
            std::fs::read_to_string(folder.join("report.html")).unwrap(),
            "the report"
        );
        // Again: it is there, and nothing is sent twice.
        let again = deliver(&parcel, &clock, &Context::default()).unwrap();
        assert_eq!(again[0].outcome, Outcome::Unchanged);
        let lines = records::lines::<Record>(&record).unwrap();
        let outcomes: Vec<Outcome> = lines.iter().map(|it| it.what.outcome).collect();
        let failed = Outcome::Failed;
        assert_eq!(
            outcomes,
            [failed, failed, Outcome::Delivered, Outcome::Unchanged]
        );
        assert_eq!(
            lines[2].what.sha256,
            records::sha256(&parcel.files[0]).unwrap()
        );
        assert_eq!(
            std::fs::read_dir(&folder).unwrap().count(),
            1,
            "no part is left"
        );
    }

    #[test]
    fn what_never_arrives_is_told_after_the_last_attempt() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("report.html");
        std::fs::write(&file, "x").unwrap();
        let wrong = home.path().join("report.html").join("below");
        let clock = Counted {
            pauses: RefCell::default(),
            happens: &|_| (),
        };
        let good = home.path().join("good");
        let parcel = Parcel {
            files: &[file],
            targets: &[Target::Folder(wrong), Target::Folder(good.clone())],
            record: &home.path().join("deliver.jsonl"),
            retry: Retry::default(),
        };
        let problem = deliver(&parcel, &clock, &Context::default()).unwrap_err();
        assert!(problem.why.contains("below"), "{problem}");
        assert_eq!(clock.pauses.borrow().len(), 3);
        assert!(
            good.join("report.html").is_file(),
            "others are not kept waiting"
        );
    }
}
