//! Which spans are kept: all while there is room, else the failed and slow ones first.
//!
//! Every span counts in throughput, errors and response times, whatever is kept. What is
//! stored has a budget of spans a second. While more come, a trace is kept
//!
//! 1. when one of its spans failed,
//! 2. when one was slower than nearly all of its operation's,
//! 3. when some of it was kept already,
//! 4. when its number falls into the share that fits: the same for every service, so that
//!    these traces are whole.
//!
//! A trace that turns out slow only at its end has lost what came before it in other
//! exports; that is the price of not holding back everything.
//!
//! Start at [`Keep::judge`].

use std::collections::{HashMap, HashSet, VecDeque};

use model::time::SECOND_NS;
use model::trace::{Status, TraceId};
use telemetry::otlp::Seen;

/// The budget is averaged over so long.
const BURST_S: f64 = 10.0;

/// So much of the room is left to spans that stand out.
const RESERVE: f64 = 0.5;

/// Traces that are remembered as kept.
const CHOSEN_MAX: usize = 20_000;

/// Operations whose usual response time is remembered.
const OPERATIONS_MAX: usize = 4_000;

/// Slow is what lies above this share of an operation's spans; above a higher one where
/// even so many are too many.
const SLOW_QUANTILE: f64 = 0.95;

/// Slow is longer than that by this factor: equal durations are not slow.
const SLOW_BY: f64 = 1.1;

/// How far one span moves the estimate of that quantile, as a factor's logarithm.
const STEP: f64 = 0.05;

/// Spans of an operation before its slow ones can be told.
const KNOWN_AFTER: u32 = 50;

/// The crowd is over when nothing had to be left out for so long.
const CALM_NS: i64 = 10 * SECOND_NS;

/// Decides about spans.
#[derive(Debug)]
pub(crate) struct Keep {
    per_second: f64,
    room: f64,
    last_ns: i64,
    /// Spans a second that came lately.
    rate: f64,
    chosen: HashSet<TraceId>,
    order: VecDeque<TraceId>,
    usual: HashMap<String, Usual>,
    left_out_ns: Option<i64>,
    /// Spans that were kept.
    pub(crate) kept: u64,
    /// Spans that were not.
    pub(crate) left_out: u64,
}

/// What an operation's spans usually take.
#[derive(Clone, Copy, Debug)]
struct Usual {
    slow_ns: f64,
    seen: u32,
}

/// How the crowd changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// From now on spans are left out.
    Crowded,
    /// Everything is kept again.
    Calm,
}

impl Keep {
    /// Keeps so many spans a second.
    pub(crate) fn new(per_second: f64) -> Self {
        Self {
            per_second,
            room: per_second * BURST_S,
            last_ns: 0,
            rate: 0.0,
            chosen: HashSet::new(),
            order: VecDeque::new(),
            usual: HashMap::new(),
            left_out_ns: None,
            kept: 0,
            left_out: 0,
        }
    }

    /// Says of each span of an export whether it is kept.
    pub(crate) fn judge(&mut self, spans: &[Seen<'_>], now_ns: i64) -> Vec<bool> {
        self.refill(spans.len(), now_ns);
        let slow: Vec<bool> = spans.iter().map(|it| self.is_slow(it)).collect();
        let mut keep = vec![false; spans.len()];
        let reserve = self.per_second * BURST_S * RESERVE;
        if self.room - reserve >= spans.len() as f64 {
            keep.fill(true);
            self.choose(spans, &keep);
        } else {
            let share = self.share();
            let traces = |stands_out: &dyn Fn(&Seen<'_>, bool) -> bool| -> HashSet<TraceId> {
                let all = spans.iter().zip(&slow);
                let found = all.filter(|(it, slow)| stands_out(it, **slow));
                found.map(|(it, _)| it.trace()).collect()
            };
            let failed = traces(&|it, _| it.status() == Status::Error);
            let slow = traces(&|_, slow| slow);
            let ranks: [(f64, &dyn Fn(TraceId) -> bool); 4] = [
                (0.0, &|trace| failed.contains(&trace)),
                (reserve / 4.0, &|trace| slow.contains(&trace)),
                (reserve / 2.0, &|trace| self.chosen.contains(&trace)),
                (reserve, &|trace| falls_within(trace, share)),
            ];
            let mut room = self.room;
            for (reserve, rank) in ranks {
                for (span, keep) in spans.iter().zip(&mut keep) {
                    if !*keep && room - reserve >= 1.0 && rank(span.trace()) {
                        *keep = true;
                        room -= 1.0;
                    }
                }
            }
            self.choose(spans, &keep);
        }
        let kept = keep.iter().filter(|it| **it).count();
        self.room -= kept as f64;
        self.kept += kept as u64;
        self.left_out += (spans.len() - kept) as u64;
        keep
    }

    /// Tells, once, when spans begin to be left out and when that is over.
    pub(crate) fn turn(&mut self, left_out_before: u64, now_ns: i64) -> Option<Turn> {
        if self.left_out > left_out_before {
            let first = self.left_out_ns.replace(now_ns).is_none();
            return first.then_some(Turn::Crowded);
        }
        let calm = self.left_out_ns.is_some_and(|at| now_ns - at > CALM_NS);
        if calm {
            self.left_out_ns = None;
        }
        calm.then_some(Turn::Calm)
    }

    /// Share of the traces that fit, beside those that stand out.
    fn share(&self) -> f64 {
        (self.per_second * 0.5 / self.rate.max(1.0)).min(1.0)
    }

    fn refill(&mut self, count: usize, now_ns: i64) {
        let passed = (now_ns - self.last_ns).max(0) as f64 / SECOND_NS as f64;
        if self.last_ns == 0 {
            self.last_ns = now_ns;
            return;
        }
        self.last_ns = now_ns;
        self.room = (self.room + passed * self.per_second).min(self.per_second * BURST_S);
        // An average that forgets within a second or so.
        let forget = (-passed).exp();
        self.rate = self.rate * forget + count as f64;
    }

    /// Whether a span is slow for its operation; learns from it.
    fn is_slow(&mut self, span: &Seen<'_>) -> bool {
        let duration = span.duration_ns() as f64;
        let fits = self.per_second * 0.25 / self.rate.max(1.0);
        let quantile = (1.0 - fits).clamp(SLOW_QUANTILE, 0.9999);
        let name = span.name();
        if !self.usual.contains_key(name) {
            if self.usual.len() >= OPERATIONS_MAX {
                return false;
            }
            let first = Usual {
                slow_ns: duration.max(1.0),
                seen: 0,
            };
            self.usual.insert(name.to_owned(), first);
        }
        let Some(usual) = self.usual.get_mut(name) else {
            return false;
        };
        let slow = usual.seen >= KNOWN_AFTER && duration > usual.slow_ns * SLOW_BY;
        usual.seen = usual.seen.saturating_add(1);
        let move_up = if duration > usual.slow_ns {
            quantile
        } else {
            quantile - 1.0
        };
        usual.slow_ns *= (STEP * move_up).exp();
        slow
    }

    fn choose(&mut self, spans: &[Seen<'_>], keep: &[bool]) {
        for (span, _) in spans.iter().zip(keep).filter(|(_, keep)| **keep) {
            if self.chosen.insert(span.trace()) {
                self.order.push_back(span.trace());
            }
            if self.order.len() > CHOSEN_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.chosen.remove(&oldest);
            }
        }
    }
}

/// Whether a trace is among a share of all, whoever asks.
fn falls_within(trace: TraceId, share: f64) -> bool {
    // The low half of a number is random by the specification; mixing does no harm where
    // it is not.
    let mixed = (trace.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed as f64) < share * u64::MAX as f64
}
