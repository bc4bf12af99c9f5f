//! Follows access logs: a line is a request that ended.
//!
//! Only what is written from now on counts. A log that is moved away and begun anew is
//! followed, and so is one that is emptied; one that grows faster than it can be read is
//! skipped ahead in, which is told.
//!
//! Many logs tell times by the second only. A line that was just written ended when it
//! was read, within a fifth of a second, which is the better time then.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::event::EventKind;
use model::request::Request;
use model::time::{Moment, SECOND_NS};
use model::trace::{SpanKind, Status};
use telemetry::access_log::{self, Format};
use tokio::time::{MissedTickBehavior, interval};

use super::OpenError;
use super::inbox::{Inbox, Shared};
use super::spec::Log;
use crate::redact;
use crate::system;

/// How often a log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Read at one look.
const READ_MAX_BYTES: u64 = 4 << 20;

/// Further behind, the rest is skipped.
const BEHIND_MAX_BYTES: u64 = 64 << 20;

/// The longest line.
const LINE_MAX_BYTES: usize = 64 << 10;

/// So much of the end of a log is looked at to tell its format.
const SAMPLE_BYTES: u64 = 32 << 10;

/// Lines that are looked at to tell the format.
const SAMPLE_LINES: usize = 20;

/// A line that was written so recently ended when it was read.
const JUST_NS: i64 = 2 * SECOND_NS;

/// A log that is followed.
pub(super) struct Tail {
    log: Log,
    file: Option<File>,
    /// Tells one file from another of the same name.
    identity: u64,
    place: u64,
    format: Option<Format>,
    /// The begin of a line whose end is not written yet.
    rest: Vec<u8>,
    operation: String,
    /// Nothing is said twice.
    said: Said,
}

#[derive(Default)]
struct Said {
    missing: bool,
    unknown: bool,
    unread: bool,
}

impl Tail {
    /// Opens a log at its end. One that is not there yet is followed once it is.
    pub(super) fn open(log: &Log, what: &str) -> Result<Self, OpenError> {
        let format = super::log_format(&log.format).map_err(|why| OpenError::Format {
            what: what.to_owned(),
            why,
        })?;
        let mut tail = Self {
            log: log.clone(),
            file: None,
            identity: 0,
            place: 0,
            format,
            rest: Vec::new(),
            operation: String::new(),
            said: Said::default(),
        };
        match tail.begin(SeekFrom::End(0)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(OpenError::Refused {
                    what: what.to_owned(),
                    source,
                });
            }
        }
        Ok(tail)
    }

    fn begin(&mut self, from: SeekFrom) -> std::io::Result<()> {
        let mut file = File::open(&self.log.path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(std::io::Error::other("it is no file"));
        }
        if self.format.is_none() {
            self.format = sample(&mut file, about.len());
        }
        self.identity = system::identity(&about);
        self.place = file.seek(from)?;
        self.rest.clear();
        self.file = Some(file);
        Ok(())
    }

    /// Reads what was written since the last look.
    fn look(&mut self, shared: &Shared) {
        let moved = match std::fs::metadata(&self.log.path) {
            Ok(about) => system::identity(&about) != self.identity || about.len() < self.place,
            Err(_) => false,
        };
        if self.file.is_some() && moved {
            // What was written to the old one before it was moved.
            self.read(shared);
        }
        if self.file.is_none() || moved {
            match self.begin(SeekFrom::Start(0)) {
                Ok(()) => self.said.missing = false,
                Err(error) => {
                    if !self.said.missing {
                        self.said.missing = true;
                        let text = format!("cannot follow {}: {error}", self.log.path.display());
                        self.say(shared, text);
                    }
                    return;
                }
            }
        }
        self.read(shared);
    }

    fn read(&mut self, shared: &Shared) {
        let Some(file) = &mut self.file else {
            return;
        };
        let size = file.metadata().map_or(0, |it| it.len());
        let behind = size.saturating_sub(self.place);
        if behind > BEHIND_MAX_BYTES {
            let skipped = behind - READ_MAX_BYTES;
            self.place = size - READ_MAX_BYTES;
            self.rest.clear();
            let moved = file.seek(SeekFrom::Start(self.place));
            let text = format!(
                "{} grows faster than it is read: {skipped} bytes were skipped",
                self.log.path.display()
            );
            self.say(shared, text);
            if moved.is_err() {
                self.file = None;
                return;
            }
        }
        let Some(file) = &mut self.file else {
            return;
        };
        let before = self.rest.len();
        // What was read before an error counts; the next look tells more.
        drop(file.take(READ_MAX_BYTES).read_to_end(&mut self.rest));
        let read = self.rest.len() - before;
        self.place += read as u64;
        if read > 0 {
            self.lines(shared, read);
        }
    }

    fn lines(&mut self, shared: &Shared, read: usize) {
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            if self.rest.len() > LINE_MAX_BYTES {
                self.rest.clear();
            }
            return;
        };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        let text = String::from_utf8_lossy(&whole);
        if self.format.is_none() {
            let sample: Vec<&str> = text.lines().take(SAMPLE_LINES).collect();
            self.format = Format::sniff(&sample);
        }
        let Some(format) = self.format.take() else {
            if !self.said.unknown {
                self.said.unknown = true;
                let text = format!(
                    "{} is written in no format that is known; tell it with nginx= or apache=",
                    self.log.path.display()
                );
                self.say(shared, text);
            }
            return;
        };
        let now_ns = unix_now_ns();
        let mut unread = 0;
        let mut inbox = shared.lock();
        inbox.counts().bytes += read as u64;
        for line in text.lines().filter(|line| !line.is_empty()) {
            match format.read(line) {
                Ok(access) => self.request(&access, now_ns, &mut inbox),
                Err(_) => unread += 1,
            }
        }
        drop(inbox);
        self.format = Some(format);
        if unread > 0 && !self.said.unread {
            self.said.unread = true;
            let path = self.log.path.display();
            self.say(
                shared,
                format!("{unread} lines of {path} are not of its format"),
            );
        }
        shared.lock().counts().not_understood += unread;
    }

    fn request(&mut self, access: &access_log::Access<'_>, now_ns: i64, inbox: &mut Inbox) {
        access_log::operation(access.method, access.path, &mut self.operation);
        let end_ns = access.end.0;
        let whole_second = end_ns % SECOND_NS == 0;
        let just = (now_ns - end_ns).abs() < JUST_NS;
        let end_ns = if whole_second && just { now_ns } else { end_ns };
        inbox.request(&Request {
            service: &self.log.service,
            operation: &self.operation,
            kind: SpanKind::Server,
            peer: "",
            status: if access.status >= 500 {
                Status::Error
            } else {
                Status::Ok
            },
            start: Moment(end_ns.saturating_sub(access.duration_ns.unwrap_or(0))),
            duration_ns: access.duration_ns,
        });
        if let Some(upstream_ns) = access.upstream_ns {
            inbox.request(&Request {
                service: &self.log.service,
                operation: &self.operation,
                kind: SpanKind::Client,
                peer: if access.upstream.is_empty() {
                    "upstream"
                } else {
                    access.upstream
                },
                status: if access.status >= 500 {
                    Status::Error
                } else {
                    Status::Ok
                },
                start: Moment(end_ns.saturating_sub(upstream_ns)),
                duration_ns: Some(upstream_ns),
            });
        }
    }

    fn say(&self, shared: &Shared, text: String) {
        let text = redact::clean(&text, 500);
        shared
            .lock()
            .notice(EventKind::Missing, &self.log.service, text);
    }
}

/// The format of the last lines of a log.
fn sample(file: &mut File, size: u64) -> Option<Format> {
    file.seek(SeekFrom::Start(size.saturating_sub(SAMPLE_BYTES)))
        .ok()?;
    let mut bytes = Vec::new();
    file.take(SAMPLE_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<&str> = text.lines().rev().take(SAMPLE_LINES).collect();
    if size > SAMPLE_BYTES && lines.len() < SAMPLE_LINES {
        // The first of them may have been cut.
        lines.pop();
    }
    Format::sniff(&lines)
}

fn unix_now_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX))
}

/// Follows a log for as long as the process lives.
pub(super) async fn run(mut tail: Tail, shared: Arc<Shared>) {
    let mut due = interval(LOOK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        due.tick().await;
        tail.look(&shared);
    }
}
