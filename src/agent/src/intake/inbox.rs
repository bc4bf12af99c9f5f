//! What was heard between two samples.
//!
//! Shared by the thread that hears and the one that samples; both hold the lock only for
//! a bounded piece of work, so that a flood of spans cannot delay a sample.
//!
//! Times of applications are wall-clock times of this machine. They are moved to the boot
//! clock, on which samples stand, by the difference that the last sample saw.
//!
//! Start at [`Shared`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use model::catalog::{Kind, Polarity};
use model::event::EventKind;
use model::request::{DURATION, Grid, Request, Tally};
use model::time::{Moment, SECOND_NS};
use model::trace;
use telemetry::otlp::{Log, Point, Seen, Texts, Traces};

use super::Limits;
use super::keep::{Keep, Turn};
use super::numbers::{Numbers, kept};
use crate::redact;
use crate::sink::{About, Noticed, Sink, Slot};
use crate::watch::Happened;

/// Intervals of so long are kept for requests that are told late: spans come in batches.
const KEPT_NS: i64 = 600 * SECOND_NS;

/// Fewest and most intervals that are kept.
const INTERVALS_KEPT: std::ops::RangeInclusive<i64> = 600..=60_000;

/// Events that wait for a sample.
const EVENTS_MAX: usize = 2_000;

/// Events a second that are kept of logs, averaged over ten seconds.
const LOGS_PER_SECOND: f64 = 20.0;

/// Log records of at least this severity are told first: a warning.
const WARNING: u8 = 13;

/// Spans that are looked at under one lock.
const SPANS_A_LOCK: usize = 512;

/// How long ago, by its own clock, something may have happened that is told now.
const PAST_NS: i64 = 3_600 * SECOND_NS;

/// How far ahead the clock of a sender may be.
const AHEAD_NS: i64 = 60 * SECOND_NS;

/// Longest name of an operation or service, in characters.
const NAME_MAX: usize = 255;

/// The inbox behind its lock.
pub struct Shared(Mutex<Inbox>);

/// Everything that waits for the next sample.
pub struct Inbox {
    pub(super) numbers: Numbers,
    tally: Tally,
    /// By key of the tally.
    slots: Vec<Option<Slot>>,
    keep: Keep,
    texts: Texts,
    spans: Vec<trace::Span>,
    happened: Vec<Happened>,
    counts: Counts,
    told: Told,
    /// Added to wall-clock times to get boot-clock times.
    unix_to_boot_ns: i64,
    /// When the inbox was made, on the wall clock.
    pub(super) since_ns: i64,
    last_sample_ns: i64,
    log_room: f64,
    log_last_ns: i64,
    logs_left_out: u64,
    limits: Limits,
    account: Account,
    /// What is taken in, for people.
    pub(super) heard: String,
}

/// Totals of what was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) received: u64,
    pub(crate) bytes: u64,
    pub(crate) damaged: u64,
    pub(crate) too_large: u64,
    pub(crate) put_off: u64,
    pub(crate) without_number: u64,
    pub(crate) not_understood: u64,
}

/// Totals that were told as events already.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    left_out: u64,
    crowded: u64,
    crowded_numbers: u64,
    mingled: u64,
    late: u64,
    damaged: u64,
}

/// Processor time of the thread that hears.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    used_ns: i64,
    at_ns: i64,
    share: f64,
}

/// The share of a processor is averaged over about this long.
const SHARE_OVER_S: f64 = 2.0;

impl Shared {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self(Mutex::new(inbox))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in an export of spans, a piece at a time.
    pub(super) fn traces(&self, traces: &Traces, bytes: usize) {
        let mut seen = Vec::with_capacity(traces.count());
        let skipped = traces.each(|span| seen.push(span));
        for piece in seen.chunks(SPANS_A_LOCK) {
            self.lock().spans(piece);
        }
        let mut inbox = self.lock();
        inbox.counts.bytes += bytes as u64;
        inbox.counts.without_number += skipped;
    }

    /// Takes in an export of metrics.
    pub(super) fn points(&self, points: Vec<Point>, bytes: usize) {
        let mut inbox = self.lock();
        inbox.counts.bytes += bytes as u64;
        let since_ns = inbox.since_ns;
        for mut point in points {
            point.metric = redact::clean(&point.metric, NAME_MAX);
            point.attributes = kept(std::mem::take(&mut point.attributes));
            inbox.numbers.point(point, since_ns);
        }
    }

    /// Takes in log records as events.
    pub(super) fn logs(&self, logs: Vec<Log>, bytes: usize) {
        let mut inbox = self.lock();
        inbox.counts.bytes += bytes as u64;
        for log in logs {
            inbox.log(&log);
        }
    }

    /// Notes how much processor time the thread has used by now.
    pub(super) fn account(&self, used_ns: i64, now_ns: i64) {
        let mut inbox = self.lock();
        let account = &mut inbox.account;
        let passed_ns = now_ns - account.at_ns;
        if account.at_ns > 0 && passed_ns > 0 {
            let share = (used_ns - account.used_ns) as f64 / passed_ns as f64;
            let weight = (passed_ns as f64 / SECOND_NS as f64 / SHARE_OVER_S).min(1.0);
            account.share += (share - account.share) * weight;
        }
        (account.used_ns, account.at_ns) = (used_ns, now_ns);
    }

    /// Whether the thread uses more than it may.
    pub(super) fn is_over_budget(&self) -> bool {
        let inbox = self.lock();
        // Before the first sample no time can be told: exporters send it again.
        if inbox.last_sample_ns == 0 {
            return true;
        }
        // A whole processor is all one thread can use, and no reason to put anything off.
        inbox.limits.cpu_share < 1.0 && inbox.account.share > inbox.limits.cpu_share
    }
}

impl Inbox {
    /// An empty one.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            numbers: Numbers::default(),
            tally: Tally::new(Grid::Ends(std::collections::VecDeque::new())),
            slots: Vec::new(),
            keep: Keep::new(limits.spans_per_second),
            texts: Texts::default(),
            spans: Vec::new(),
            happened: Vec::new(),
            counts: Counts::default(),
            told: Told::default(),
            unix_to_boot_ns: 0,
            since_ns: i64::MAX,
            last_sample_ns: 0,
            log_room: LOGS_PER_SECOND * 10.0,
            log_last_ns: 0,
            logs_left_out: 0,
            limits,
            account: Account::default(),
            heard: String::new(),
        }
    }

    /// Totals, to be counted up.
    pub(super) fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    pub(super) fn cpu_ns(&self) -> i64 {
        self.account.used_ns
    }

    /// Spans kept and left out so far.
    pub(super) fn kept_spans(&self) -> (u64, u64) {
        (self.keep.kept, self.keep.left_out)
    }

    pub(super) fn totals(&self) -> Counts {
        self.counts
    }

    /// A wall-clock time on the boot clock.
    pub(super) fn boot_ns(&self, unix_ns: i64) -> i64 {
        unix_ns.saturating_add(self.unix_to_boot_ns)
    }

    /// Whether a moment of the boot clock is one that can be told now. What is far from
    /// it would stretch a recording to a time in which nobody recorded.
    pub(super) fn is_near(&self, boot_ns: i64) -> bool {
        let last_ns = self.last_sample_ns;
        (last_ns.saturating_sub(PAST_NS)..=last_ns.saturating_add(AHEAD_NS)).contains(&boot_ns)
    }

    /// Counts a request that ended; its times are of the wall clock.
    pub(super) fn request(&mut self, request: &Request<'_>) {
        let start = Moment(self.boot_ns(request.start.0));
        self.tally.add(&Request { start, ..*request });
    }

    fn spans(&mut self, spans: &[Seen<'_>]) {
        let now_ns = self.last_sample_ns.max(self.account.at_ns);
        self.counts.received += spans.len() as u64;
        let end = |span: &Seen<'_>| span.start().0.saturating_add(span.duration_ns());
        let near = spans.iter().map(|it| self.is_near(self.boot_ns(end(it))));
        let near: Vec<bool> = near.collect();
        let far = near.iter().filter(|it| !**it).count() as u64;
        self.not_understood("spans that ended far from now by their clock", far);
        for (span, _) in spans.iter().zip(&near).filter(|it| *it.1) {
            self.request(&span.request());
            self.tokens(span);
        }
        let keep = self.keep.judge(spans, now_ns);
        let chosen = spans.iter().zip(keep).zip(near);
        for ((span, _), _) in chosen.filter(|((_, keep), near)| *keep && *near) {
            let mut own = span.own(&mut self.texts, redact::value, |it| {
                redact::value("operation", it)
            });
            own.start = Moment(self.boot_ns(own.start.0));
            self.spans.push(own);
        }
    }

    /// What a call of a language model used, under the names of its metrics.
    ///
    /// An application may send the same metrics itself; `kymo.from` tells them apart,
    /// so that nothing is counted twice.
    ///
    /// # Source
    ///
    /// OpenTelemetry semantic conventions, "Generative AI metrics".
    fn tokens(&mut self, span: &Seen<'_>) {
        let Some(tokens) = span.tokens() else {
            return;
        };
        let mut tell = |metric: &str, unit: &str, kind: Option<&str>, value: Option<f64>| {
            let Some(value) = value.filter(|it| it.is_finite()) else {
                return;
            };
            let mut attributes = vec![
                ("gen_ai.response.model".to_owned(), tokens.model.to_owned()),
                ("kymo.from".to_owned(), "spans".to_owned()),
                ("service.name".to_owned(), span.service.to_owned()),
            ];
            let kind = kind.map(|it| ("gen_ai.token.type".to_owned(), it.to_owned()));
            attributes.extend(kind);
            let attributes = kept(attributes);
            let place = self.numbers.place(metric, &attributes, || About {
                unit: unit.to_owned(),
                kind: Kind::Histogram,
                polarity: Polarity::Neutral,
            });
            self.numbers.record(place, value, 1);
        };
        let usage = "gen_ai.client.token.usage";
        tell(usage, "{token}", Some("input"), tokens.input);
        tell(usage, "{token}", Some("output"), tokens.output);
        tell(
            "gen_ai.server.time_to_first_token",
            "s",
            None,
            tokens.first_s,
        );
    }

    /// A log record becomes an event while there is room; warnings have it first.
    fn log(&mut self, log: &Log) {
        let now_ns = self.last_sample_ns.max(self.account.at_ns);
        let passed = (now_ns - self.log_last_ns).max(0) as f64 / SECOND_NS as f64;
        self.log_last_ns = now_ns;
        let most = LOGS_PER_SECOND * 10.0;
        self.log_room = (self.log_room + passed * LOGS_PER_SECOND).min(most);
        let least = if log.severity >= WARNING {
            1.0
        } else {
            most / 2.0
        };
        if self.log_room < least || self.happened.len() >= EVENTS_MAX {
            self.logs_left_out += 1;
            return;
        }
        self.log_room -= 1.0;
        let told_ns = self.boot_ns(log.at_ns);
        self.happened.push(Happened {
            boot_ns: if self.is_near(told_ns) {
                told_ns
            } else {
                now_ns
            },
            what: Noticed {
                kind: EventKind::Log,
                subject: redact::clean(&log.service, NAME_MAX),
                before: String::new(),
                after: redact::clean(&log.severity_text, 32),
                text: redact::text(&log.text),
            },
        });
    }

    /// Notes something for people, now.
    pub(super) fn notice(&mut self, kind: EventKind, subject: &str, text: String) {
        let what = Noticed {
            kind,
            subject: redact::clean(subject, NAME_MAX),
            before: String::new(),
            after: String::new(),
            text,
        };
        self.push_event(None, what);
    }

    /// Keeps an event while there is room; without a moment it is that of the last sample.
    pub(super) fn push_event(&mut self, boot_ns: Option<i64>, what: Noticed) {
        if self.happened.len() < EVENTS_MAX {
            self.happened.push(Happened {
                boot_ns: boot_ns.unwrap_or(self.last_sample_ns),
                what,
            });
        }
    }

    /// Counts what was not understood, and says so the first time.
    pub(super) fn not_understood(&mut self, what: &str, count: u64) {
        if count > 0 && self.counts.not_understood == 0 {
            let text = format!("{count} {what} were not understood and are left out");
            self.notice(EventKind::Missing, what, text);
        }
        self.counts.not_understood += count;
    }

    /// Hands everything that waits to a sample.
    pub(super) fn flush(&mut self, sink: &mut Sink) {
        let stamp = sink.stamp;
        self.unix_to_boot_ns = stamp.boot_ns - stamp.unix_ns;
        self.since_ns = self.since_ns.min(stamp.unix_ns);
        let width_ns = stamp.boot_ns - self.last_sample_ns;
        self.last_sample_ns = stamp.boot_ns;
        self.numbers.flush(sink, width_ns);
        let kept = KEPT_NS / width_ns.max(1);
        let kept = kept.clamp(*INTERVALS_KEPT.start(), *INTERVALS_KEPT.end());
        self.tally.close(Moment(stamp.boot_ns), kept as usize);
        for entry in self.tally.drain() {
            let slot = self.slot(entry.key, sink);
            sink.observed.push((slot, entry.row));
        }
        self.tell_losses(stamp.boot_ns);
        sink.spans.append(&mut self.spans);
        sink.happened.append(&mut self.happened);
    }

    fn slot(&mut self, key: usize, sink: &mut Sink) -> Slot {
        if self.slots.len() <= key {
            self.slots.resize(key + 1, None);
        }
        if let Some(slot) = self.slots[key] {
            return slot;
        }
        let attributes = self.tally.keys()[key].attributes();
        let slot = sink.declare_told(
            DURATION,
            &kept(attributes),
            &About {
                unit: "s".to_owned(),
                kind: Kind::Histogram,
                polarity: Polarity::HigherIsWorse,
            },
        );
        self.slots[key] = Some(slot);
        slot
    }

    /// Says what could not be kept, when it begins.
    fn tell_losses(&mut self, now_ns: i64) {
        let rate = self.limits.spans_per_second;
        match self.keep.turn(self.told.left_out, now_ns) {
            Some(Turn::Crowded) => self.notice(
                EventKind::Degraded,
                "spans",
                format!(
                    "more than {rate:.0} spans a second: failed and slow traces are kept first, of the others a share; throughput, errors and response times count all"
                ),
            ),
            Some(Turn::Calm) => {
                let text = format!("all spans are kept again; {} were left out", self.keep.left_out);
                self.notice(EventKind::Degraded, "spans", text);
            }
            None => {}
        }
        self.told.left_out = self.keep.left_out;
        let news = [
            (
                &mut self.told.crowded,
                self.tally.crowded,
                "requests have more combinations of service, operation and peer than are counted apart: the rest is counted as (other)",
            ),
            (
                &mut self.told.crowded_numbers,
                self.numbers.crowded,
                "more series of applications than are kept: those that came last are left out",
            ),
            (
                &mut self.told.mingled,
                self.numbers.mingled,
                "a total fell though its sender says that it did not begin anew: if several processes send it, they cannot be told apart; set service.instance.id",
            ),
            (
                &mut self.told.late,
                self.tally.late,
                "requests ended longer ago than intervals are kept, and are counted nowhere",
            ),
            (
                &mut self.told.damaged,
                self.counts.damaged,
                "an export could not be decoded and was refused",
            ),
        ];
        let mut texts = Vec::new();
        for (told, now, text) in news {
            if *told == 0 && now > 0 {
                texts.push(text);
            }
            *told = now;
        }
        for text in texts {
            self.notice(EventKind::Missing, "applications", text.to_owned());
        }
    }
}
