//! Access logs of web servers: a line a request.
//!
//! * In: a log in a format that [`telemetry::access_log`] finds: common, combined, with
//!   durations or virtual hosts, or JSON.
//! * Out: the four signals of the server and of the servers it asked.
//! * Never: takes a request for failed that the client got wrong: errors are the server's.
//!
//! Start at [`read`].

use model::request::Request;
use model::time::{Moment, SECOND_NS};
use model::trace::{SpanKind, Status};
use telemetry::access_log::{self, Access, Format, Unread};

use crate::lines;
use crate::load::test_name;
use crate::outcome::Outcome;
use crate::requests::Requests;
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported, Recording};

/// Statuses from here on are the server's fault.
const SERVER_ERROR: u16 = 500;

/// So many lines of the beginning are looked at.
const SAMPLE_LINES: usize = 64;

/// Whether a file that begins with these bytes is such a log.
pub(crate) fn sniff(head: &[u8]) -> bool {
    format_of(head).is_some()
}

/// The format of the whole lines at the beginning.
fn format_of(head: &[u8]) -> Option<Format> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = String::from_utf8_lossy(head);
    let mut lines: Vec<&str> = text.lines().take(SAMPLE_LINES).collect();
    if lines.len() > 1 && lines.len() < SAMPLE_LINES && !text.ends_with('\n') {
        // The last may have been cut by the end of what is looked at.
        lines.pop();
    }
    Format::sniff(&lines)
}

/// What was read so far.
struct Reading {
    format: Format,
    service: String,
    requests: Requests,
    operation: String,
    failed: usize,
    untimed: usize,
    /// Whether any time is finer than a second.
    fractions: bool,
    skips: Skips,
}

/// Reads all requests.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let Some(format) = format_of(source.head()) else {
        return Err(source.damaged(1, "its lines have no format that is known".to_owned()));
    };
    let mut reading = Reading {
        format,
        service: test_name(source.path()),
        requests: Requests::default(),
        operation: String::new(),
        failed: 0,
        untimed: 0,
        fractions: false,
        skips: Skips::default(),
    };
    let ending = lines::each(source, |line, text| {
        reading.line(line, text);
        Ok(())
    })?;
    let damage = ending.damage(&reading.skips);
    let mut notes = vec![format!(
        "read {}, of which {} failed (status {SERVER_ERROR} and above)",
        counted(reading.requests.count, "request"),
        reading.failed
    )];
    notes.push(format!("the format of the log: {}", reading.format.text()));
    if reading.untimed > 0 {
        notes.push(format!(
            "{} have no duration in the log: their response time is zero, and means nothing",
            counted(reading.untimed, "request")
        ));
    }
    if reading.requests.count > 0 && !reading.fractions {
        notes.push(
            "times are whole seconds ($time_local): how many requests were in flight is known \
             no finer; $msec in the log would tell"
                .to_owned(),
        );
    }
    notes.extend(reading.skips.notes());
    let histograms = reading.requests.finish(&mut notes);
    let outcome = Outcome {
        format: "access log",
        recording: Recording {
            histograms,
            ..Recording::default()
        },
        times: Told::Moments,
        notes,
        damage,
        nothing: "there is no request in it",
    };
    outcome.imported(source)
}

impl Reading {
    fn line(&mut self, line: u64, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match self.format.read(text) {
            Ok(access) => self.request(&access),
            Err(why) => {
                let why = match why {
                    Unread::Shape => "another format",
                    Unread::Time => "no time",
                    Unread::Number => "a damaged number",
                };
                self.skips.add("line", why, line, text);
            }
        }
    }

    fn request(&mut self, access: &Access<'_>) {
        access_log::operation(access.method, access.path, &mut self.operation);
        let failed = access.status >= SERVER_ERROR;
        self.failed += usize::from(failed);
        self.untimed += usize::from(access.duration_ns.is_none());
        self.fractions |= access.end.0 % SECOND_NS != 0;
        let status = if failed { Status::Error } else { Status::Ok };
        let answered = Request {
            service: &self.service,
            operation: &self.operation,
            kind: SpanKind::Server,
            peer: "",
            status,
            start: Moment(access.end.0.saturating_sub(access.duration_ns.unwrap_or(0))),
            duration_ns: access.duration_ns,
        };
        self.requests.add(&answered);
        if let Some(upstream_ns) = access.upstream_ns {
            self.requests.add(&Request {
                kind: SpanKind::Client,
                peer: match access.upstream {
                    "" => "upstream",
                    told => told,
                },
                start: Moment(access.end.0.saturating_sub(upstream_ns)),
                duration_ns: Some(upstream_ns),
                ..answered
            });
        }
    }
}
