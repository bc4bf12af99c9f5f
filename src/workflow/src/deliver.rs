//! Delivery: files go to where people look, again if need be, and a record says what went
//! where.
//!
//! A target is a line of [`Target`]; add yours there and in `once`. The record is a
//! sealed book of [`Record`]s. Time passes through a [`Clock`], so that tests need none.
//!
//! Start at [`deliver`]; [`deliver_rest`] goes on after an interruption.

mod address;
#[cfg(feature = "mail")]
pub mod mail;
pub mod places;
pub mod webhook;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::recipe::Deliver;
use model::time::Moment;
use serde::{Deserialize, Serialize};

use crate::deliver::webhook::{Post, Webhook};
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::records;

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Copied into this folder, which is made if need be.
    Folder(PathBuf),
    /// Posted there.
    Webhook(Webhook),
    /// Sent there.
    #[cfg(feature = "mail")]
    Mail(mail::Mail),
    /// Nowhere, since something that it needs is missing.
    Lacking {
        /// What it is called.
        name: String,
        /// What is missing.
        why: String,
    },
}

/// Why something did not arrive.
#[derive(Debug)]
pub enum Trouble {
    /// Nobody answered; another try may help.
    Unreachable(io::Error),
    /// Another try may help.
    Again(io::Error),
    /// No try will.
    Never(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Again(error)
    }
}

impl Target {
    /// A target of a recipe; paths are relative to `base`, secrets are in the environment.
    pub fn of(deliver: &Deliver, base: &Path) -> Self {
        match deliver {
            Deliver::Folder(folder) => Self::Folder(base.join(folder)),
            Deliver::Webhook { url, secret_env } => match secret(secret_env) {
                Ok(secret) => Self::Webhook(Webhook {
                    url: url.clone(),
                    secret,
                }),
                Err(why) => Self::lacking(&address::name(url), why),
            },
            Deliver::Mail { .. } => Self::of_mail(deliver),
        }
    }

    #[cfg(feature = "mail")]
    fn of_mail(deliver: &Deliver) -> Self {
        let Deliver::Mail {
            server,
            from,
            to,
            user,
            password_env,
        } = deliver
        else {
            return Self::lacking("", "it is no mail".to_owned());
        };
        match secret(password_env) {
            Ok(password) => Self::Mail(mail::Mail {
                server: server.clone(),
                login: password.map(|it| (user.clone(), it)),
                from: from.clone(),
                to: to.clone(),
            }),
            Err(why) => Self::lacking(server, why),
        }
    }

    #[cfg(not(feature = "mail"))]
    fn of_mail(_: &Deliver) -> Self {
        Self::lacking("mail", "this build sends no mail".to_owned())
    }

    fn lacking(name: &str, why: String) -> Self {
        Self::Lacking {
            name: name.to_owned(),
            why,
        }
    }

    /// A target by its text: a folder, or a web address, whose secret is in the environment
    /// as `KYMO_WEBHOOK_SECRET` where there is one.
    pub fn parse(text: &str) -> Self {
        match text.contains("://") {
            true => Self::Webhook(Webhook {
                url: text.to_owned(),
                secret: std::env::var(SECRET_ENV).ok().filter(|it| !it.is_empty()),
            }),
            false => Self::Folder(PathBuf::from(text)),
        }
    }

    /// What it is, for people and the record; never a secret: of a web address scheme, host
    /// and a hash.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Webhook(hook) => hook.name(),
            #[cfg(feature = "mail")]
            Self::Mail(mail) => mail.to.join(", "),
            Self::Lacking { name, .. } => name.clone(),
        }
    }

    /// Whether sending twice is noticed: a folder is looked at, other people are not.
    fn shows_what_is_there(&self) -> bool {
        matches!(self, Self::Folder(_))
    }
}

/// Environment variable with the secret of a webhook that is named on the command line.
pub const SECRET_ENV: &str = "KYMO_WEBHOOK_SECRET";

/// What an environment variable holds; `None` where none is named.
fn secret(variable: &str) -> Result<Option<String>, String> {
    if variable.is_empty() {
        return Ok(None);
    }
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => Ok(Some(text)),
        _ => Err(format!("the environment variable {variable} is not set")),
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
/// for ever. In a folder, what is there already stays; mail and posts are sent again.
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
    // A record that cannot be written is told before anything is sent.
    records::shared::<Record>(parcel.record)?;
    sent(parcel, &[], (clock, context))
}

/// Delivers what did not arrive yet by the record: nobody gets the same mail or post twice.
///
/// # Errors
///
/// As [`deliver`].
pub fn deliver_rest(
    parcel: &Parcel<'_>,
    clock: &dyn Clock,
    context: &Context,
) -> Result<Vec<Record>, Problem> {
    let known = records::shared::<Record>(parcel.record)?;
    let known: Vec<Record> = known.into_iter().map(|it| it.what).collect();
    sent(parcel, &known, (clock, context))
}

fn sent(
    parcel: &Parcel<'_>,
    known: &[Record],
    (clock, context): (&dyn Clock, &Context),
) -> Result<Vec<Record>, Problem> {
    let mut done = Vec::new();
    let mut lost: Vec<(String, Sort)> = Vec::new();
    for target in parcel.targets {
        for file in parcel.files {
            let fresh = unsent(file, target)?;
            if let Some(arrived) = arrived(&fresh, target, known) {
                done.push(arrived.clone());
                continue;
            }
            let (told, sort) = tried((parcel, fresh), (file, target), (clock, context))?;
            if told.outcome == Outcome::Failed {
                lost.push((format!("{} to {}: {}", told.file, told.to, told.text), sort));
            }
            done.push(told);
        }
    }
    let Some((_, sort)) = lost.first() else {
        return Ok(done);
    };
    let why: Vec<&str> = lost.iter().map(|(why, _)| why.as_str()).collect();
    Err(Problem {
        what: "could not deliver everything".to_owned(),
        why: why.join("; "),
        what_to_do: "mend the targets and deliver again".to_owned(),
        sort: *sort,
    })
}

/// What a record says of a delivery that nobody tried yet.
fn unsent(file: &Path, target: &Target) -> Result<Record, Problem> {
    let reading = |error: io::Error| {
        let what = format!("could not deliver {}", file.display());
        Problem::from_error(what, &error, Sort::NotReadable)
    };
    let name = file.file_name().unwrap_or(file.as_os_str());
    Ok(Record {
        file: name.to_string_lossy().into_owned(),
        sha256: records::sha256(file).map_err(reading)?,
        bytes: std::fs::metadata(file).map_err(reading)?.len(),
        to: target.name(),
        outcome: Outcome::Failed,
        attempt: 0,
        text: String::new(),
    })
}

/// The attempt by which the same file arrived there, where it need not be sent again.
fn arrived<'a>(fresh: &Record, target: &Target, known: &'a [Record]) -> Option<&'a Record> {
    let same =
        |it: &&Record| (&it.file, &it.sha256, &it.to) == (&fresh.file, &fresh.sha256, &fresh.to);
    let last = known.iter().rev().find(same)?;
    let there = last.outcome == Outcome::Delivered && !target.shows_what_is_there();
    there.then_some(last)
}

/// Tries until it arrives or nothing more helps; with the sort of the last trouble.
fn tried(
    (parcel, mut record): (&Parcel<'_>, Record),
    (file, target): (&Path, &Target),
    (clock, context): (&dyn Clock, &Context),
) -> Result<(Record, Sort), Problem> {
    let mut sort = Sort::Denied;
    for attempt in 1..=parcel.retry.attempts.max(1) {
        if context.cancelled() {
            return Err(Problem::cancelled("delivery"));
        }
        record.attempt = attempt;
        let mut over = false;
        match once((file, clock.now()), target, &record.sha256) {
            Ok((outcome, text)) => (record.outcome, record.text) = (outcome, text),
            Err(trouble) => (record.text, sort, over) = told(&trouble, target),
        }
        records::append(parcel.record, clock.now(), record.clone())?;
        if over || record.outcome != Outcome::Failed {
            break;
        }
        if attempt < parcel.retry.attempts {
            clock.pause(parcel.retry.pause(attempt), context);
        }
    }
    Ok((record, sort))
}

/// A trouble in words, its sort, and whether no try helps.
fn told(trouble: &Trouble, target: &Target) -> (String, Sort, bool) {
    let (why, sort, over) = match trouble {
        Trouble::Unreachable(why) => (why, Sort::Agent, false),
        Trouble::Again(why) if target.shows_what_is_there() => (why, Sort::of_io(why), false),
        Trouble::Again(why) => (why, Sort::Agent, false),
        Trouble::Never(why) => (why, Sort::Denied, true),
    };
    let sort = match sort {
        Sort::NotReadable => Sort::Denied,
        known => known,
    };
    (crate::link::chain(why), sort, over)
}

/// One attempt: what became of it, and where the file lies.
fn once(
    (file, at): (&Path, Moment),
    target: &Target,
    sha256: &str,
) -> Result<(Outcome, String), Trouble> {
    let name = file.file_name().unwrap_or(file.as_os_str());
    match target {
        Target::Folder(folder) => {
            let place = folder.join(name);
            let outcome = into_folder(file, (folder, &place), sha256)?;
            Ok((outcome, place.display().to_string()))
        }
        Target::Webhook(hook) => {
            let name = name.to_string_lossy();
            let said = hook.post(&Post {
                event: "report",
                name: &name,
                media: media(&name),
                body: &body(file)?,
                at,
            })?;
            Ok((Outcome::Delivered, said))
        }
        #[cfg(feature = "mail")]
        Target::Mail(mail) => {
            let name = name.to_string_lossy();
            let said = mail.send(&mail::Letter {
                subject: &name,
                text: &format!("{name}, SHA-256 {sha256}.\nMade by Kymo."),
                name: &name,
                media: media(&name),
                body: &body(file)?,
            })?;
            Ok((Outcome::Delivered, said))
        }
        Target::Lacking { why, .. } => Err(Trouble::Never(io::Error::other(why.clone()))),
    }
}

/// Bytes that are posted or sent, at most: mail servers take no more, and nobody reads it.
const BODY_MAX_BYTES: u64 = 64 << 20;

fn body(file: &Path) -> Result<Vec<u8>, Trouble> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file)?;
    opened.take(BODY_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > BODY_MAX_BYTES {
        true => Err(Trouble::Never(io::Error::other(format!(
            "it has more than {BODY_MAX_BYTES} bytes: deliver it to a folder"
        )))),
        false => Ok(bytes),
    }
}

/// The media type of a file by its name.
fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("md") => "text/markdown; charset=utf-8",
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        Some("xml") => "application/xml",
        _ => "application/octet-stream",
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

    /// A receiver that takes one post and is gone then.
    fn receiver() -> String {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/SECRET", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut heard, mut room) = (String::new(), [0; 4096]);
            while !heard.ends_with("the report") {
                let read = stream.read(&mut room).unwrap();
                heard.push_str(&String::from_utf8_lossy(&room[..read]));
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            drop(listener);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        url
    }

    #[test]
    fn what_was_posted_is_not_posted_again_when_another_target_failed() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("report.html");
        std::fs::write(&file, "the report").unwrap();
        let url = receiver();
        let post = Target::Webhook(Webhook { url, secret: None });
        let name = post.name();
        let broken = Target::lacking("boss", "the server is away".to_owned());
        let clock = Counted {
            pauses: RefCell::default(),
            happens: &|_| (),
        };
        let record = home.path().join("deliver.jsonl");
        let parcel = Parcel {
            files: &[file],
            targets: &[post, broken],
            record: &record,
            retry: Retry::default(),
        };
        for _ in 0..3 {
            let problem = deliver_rest(&parcel, &clock, &Context::default()).unwrap_err();
            assert!(problem.why.contains("away"), "{problem}");
        }
        let lines = records::lines::<Record>(&record).unwrap();
        let posts = lines.iter().filter(|it| it.what.to == name);
        let outcomes: Vec<Outcome> = posts.map(|it| it.what.outcome).collect();
        assert_eq!(outcomes, [Outcome::Delivered]);
        assert!(!std::fs::read_to_string(&record).unwrap().contains("SECRET"));
        // Asked for by itself it is sent again, and nobody is there any more.
        let once = Parcel {
            retry: Retry {
                attempts: 1,
                ..Retry::default()
            },
            ..parcel
        };
        let problem = deliver(&once, &clock, &Context::default()).unwrap_err();
        assert_eq!(problem.sort, Sort::Agent, "{problem}");
    }
}
