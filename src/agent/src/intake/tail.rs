//! Follows access logs: a line is a request that ended.
//!
//! Only what is written from now on counts. A log that is moved away and begun anew is
//! followed, its former self until nobody writes to it any more, and so is one that is
//! emptied (`follow`); one that grows faster than it can be read is skipped ahead in,
//! which is told.
//!
//! Many logs tell times by the second only. A line that was just written ended when it
//! was read, within a fifth of a second, which is the better time then.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::event::EventKind;
use model::request::Request;
use model::time::{Moment, SECOND_NS};
use model::trace::{SpanKind, Status};
use telemetry::access_log::{self, Format};
use tokio::time::{MissedTickBehavior, interval};

use self::follow::{Follower, Found};
use super::OpenError;
use super::inbox::{Inbox, Shared};
use super::spec::Log;
use crate::redact;
use crate::system;

mod follow;

/// How often a log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// So much of the end of a log is looked at to tell its format.
const SAMPLE_BYTES: u64 = 32 << 10;

/// Lines that are looked at to tell the format.
const SAMPLE_LINES: usize = 20;

/// A line that was written so recently ended when it was read.
const JUST_NS: i64 = 2 * SECOND_NS;

/// A log that is followed.
pub(super) struct Tail {
    log: Log,
    file: Follower,
    format: Option<Format>,
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
        let refused = |source| OpenError::Refused {
            what: what.to_owned(),
            source,
        };
        let mut file = Follower::open(&log.path, system::steady_ns()).map_err(refused)?;
        Ok(Self {
            log: log.clone(),
            format: format.or_else(|| sample(&mut file)),
            file,
            operation: String::new(),
            said: Said::default(),
        })
    }

    /// Reads what was written since the last look.
    fn look(&mut self, shared: &Shared, now_ns: i64) {
        let found = self.file.look(now_ns);
        let missing = found.refused.is_some();
        if let Some(error) = found.refused.as_ref().filter(|_| !self.said.missing) {
            let text = format!("cannot follow {}: {error}", self.log.path.display());
            self.say(shared, text);
        }
        self.said.missing = missing;
        for text in &found.losses {
            self.say(shared, text.clone());
        }
        if !found.lines.is_empty() {
            self.lines(shared, &found);
        }
    }

    fn lines(&mut self, shared: &Shared, found: &Found) {
        let text = String::from_utf8_lossy(&found.lines);
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
        inbox.counts().bytes += found.read as u64;
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
fn sample(file: &mut Follower) -> Option<Format> {
    let (bytes, size) = file.end(SAMPLE_BYTES)?;
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
        tail.look(&shared, system::steady_ns());
    }
}
