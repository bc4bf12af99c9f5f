//! Verdicts on live data while it comes, by jobs: alarms of streams each second, what
//! limits every [`LIMITS_EVERY`].
//!
//! Agents go on while a stored session is looked at, and so does this. The window only
//! copies what is new; the streams are the jobs'.
//!
//! Start at [`Lookout::look`] and [`Lookout::findings`].

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use analysis::anomaly::said::Heard;
use model::finding::{self, Finding, Said};
use model::time::{Moment, Span};
use workflow::glance;
use workflow::live::Live;
use workflow::watch::{self, Feed, Shared};

use crate::tasks::{Outcome, Pool, Ticket, Work};

/// How often new samples are judged.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// How often it is asked what limits: with the five seconds that make a limit, a limit
/// is told within ten.
pub const LIMITS_EVERY: Duration = Duration::from_secs(2);

/// Alarms kept, oldest forgotten first.
const HEARD_MAX: usize = 2_000;

/// Limits kept, oldest forgotten first.
const LIMITS_MAX: usize = 500;

/// What is said of live data.
#[derive(Default)]
pub struct Lookout {
    feed: Feed,
    watch: Shared,
    watching: Turn,
    limiting: Turn,
    since: Option<Moment>,
    until: Moment,
    heard: VecDeque<Heard>,
    limits: Vec<Finding>,
    findings: Vec<Finding>,
    version: u64,
}

/// When something was started last, and the job that does it.
#[derive(Default)]
struct Turn {
    at: Option<Instant>,
    ticket: Option<Ticket>,
}

impl Turn {
    /// Whether it is time, and the last job is over.
    fn is_due(&self, (now, every): (Instant, Duration), work: &Work) -> bool {
        let due = |at| now.saturating_duration_since(at) >= every;
        self.at.is_none_or(due) && self.ticket.is_none_or(|ticket| !work.runs(ticket))
    }
}

impl Lookout {
    /// Starts what is due.
    pub fn look(&mut self, now: Instant, live: &Live, work: &mut Work) {
        if self.watching.is_due((now, WATCH_EVERY), work) {
            self.watching.at = Some(now);
            self.watch(live, work);
        }
        if self.limiting.is_due((now, LIMITS_EVERY), work) {
            self.limiting.at = Some(now);
            let glances = glance::glances(live);
            let job = work.start(Pool::Quick, "looking for what limits now", move |_| {
                Outcome::Limits(glance::limits(&glances))
            });
            self.limiting.ticket = job.map(|id| Ticket(Pool::Quick, id));
        }
    }

    fn watch(&mut self, live: &Live, work: &mut Work) {
        let news = self.feed.news(live);
        if news.is_empty() {
            return;
        }
        self.until = live.span().to;
        self.since.get_or_insert(self.until);
        let watch = self.watch.clone();
        let job = work.start(Pool::Quick, "watching what comes", move |_| {
            Outcome::Heard(watch.take_in(news))
        });
        if job.is_none() {
            // The queue is full. Series that were told of once are not told of again, so
            // all are learned anew from what is still held.
            self.feed = Feed::default();
            self.watch = Shared::default();
        }
        self.watching.ticket = job.map(|id| Ticket(Pool::Quick, id));
    }

    /// Takes in alarms.
    pub fn hear(&mut self, heard: Vec<Heard>) {
        if heard.is_empty() {
            return;
        }
        self.heard.extend(heard);
        let surplus = self.heard.len().saturating_sub(HEARD_MAX);
        self.heard.drain(..surplus);
        self.tell();
    }

    /// Takes in what limits now.
    pub fn limit(&mut self, now: Vec<Finding>) {
        if now.is_empty() {
            return;
        }
        glance::go_on(&mut self.limits, now);
        let surplus = self.limits.len().saturating_sub(LIMITS_MAX);
        self.limits.drain(..surplus);
        self.tell();
    }

    fn tell(&mut self) {
        self.findings = watch::findings(self.heard.iter());
        self.findings.extend(self.limits.iter().cloned());
        finding::sort(&mut self.findings);
        self.version += 1;
    }

    /// What was said so far, heaviest first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Raised when something is said.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Number of series that are watched.
    pub fn series(&self) -> usize {
        self.feed.series()
    }

    /// What was said, to be kept with a recording; `None` before anything was watched.
    pub fn said(&self) -> Option<Said> {
        let from = self.since?;
        let mut findings = self.findings.clone();
        findings.sort_by_key(|it| (it.stretch().from, it.id));
        Some(Said {
            span: Span::between(from, self.until),
            findings,
        })
    }
}
