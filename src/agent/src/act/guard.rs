//! Guardrails while a plan is carried out: what was read, and when that is a breach.
//!
//! One odd sample must not take a plan back, and one good one must not hide a breach. So
//! a guardrail counts as outside from its first sample outside until [`CALM`] samples in
//! a row are within, and it is breached when that has lasted as long as it says, over at
//! least [`FIRM`] samples; one that allows no time at all is breached at once. A metric
//! that is not read counts as outside from when it was read last.
//!
//! * In: samples and the time on a clock that never steps.
//! * Never: reads a clock or a metric.
//!
//! Start at [`Guards`].

use model::plan::guard::{Breach, Guardrail};
use wire::change::Guard;

/// Samples in a row within the limit that end a time outside.
const CALM: u32 = 2;

/// Samples outside that make a breach, where a time is allowed.
const FIRM: u32 = 2;

/// Samples of each metric before the first action.
pub(crate) const LIVE: usize = 3;

/// The metric that tells how long nobody has held the lease.
pub(crate) const HEARTBEAT: &str = "agent.heartbeat_age_s";

/// A metric that is this much later than planned is missing, in times of its period.
const LATE_PERIODS: i64 = 2;

const SECOND_NS: f64 = 1e9;

/// All guardrails of a plan.
#[derive(Debug)]
pub(crate) struct Guards {
    watched: Vec<Watched>,
    /// Metrics that only preconditions need, with what was read last.
    others: Vec<(String, Option<f64>)>,
    every_ns: i64,
    armed: bool,
}

#[derive(Debug)]
struct Watched {
    rail: Guardrail,
    /// Before the first action.
    first: Vec<f64>,
    before: Option<f64>,
    last: Option<f64>,
    read_ns: Option<i64>,
    outside_since_ns: Option<i64>,
    outside: u32,
    within: u32,
    told: bool,
}

/// A guardrail that was breached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Breached {
    /// What it does.
    pub(crate) does: Breach,
    /// What happened, in words.
    pub(crate) text: String,
}

impl Guards {
    /// Guardrails of a plan, and other metrics that it asks for.
    pub(crate) fn new(rails: &[Guardrail], others: Vec<String>) -> Self {
        Self {
            watched: rails.iter().cloned().map(Watched::new).collect(),
            others: others.into_iter().map(|it| (it, None)).collect(),
            every_ns: 1_000_000_000,
            armed: false,
        }
    }

    /// Metrics that must be measured, each once.
    pub(crate) fn wants(&self) -> Vec<String> {
        let rails = self.watched.iter().map(|it| it.rail.metric.clone());
        let others = self.others.iter().map(|(metric, _)| metric.clone());
        let mut all: Vec<String> = rails.chain(others).filter(|it| it != HEARTBEAT).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Takes in what was read at a moment; `every_ns` is the time to the next.
    pub(crate) fn measured(&mut self, now_ns: i64, values: &[(String, f64)], every_ns: i64) {
        self.every_ns = every_ns.max(1);
        let find = |metric: &str| {
            let found = values.iter().find(|(it, _)| it == metric);
            found.map(|(_, value)| *value).filter(|it| it.is_finite())
        };
        for watched in self.watched.iter_mut().filter(|it| !it.is_heartbeat()) {
            watched.take(now_ns, find(&watched.rail.metric), self.armed);
        }
        for (metric, last) in &mut self.others {
            *last = find(metric);
        }
    }

    /// What was read last of a metric.
    pub(crate) fn value(&self, metric: &str, heartbeat_age_s: f64) -> Option<f64> {
        if metric == HEARTBEAT {
            return Some(heartbeat_age_s);
        }
        let watched = self.watched.iter().find(|it| it.rail.metric == metric);
        let other = self.others.iter().find(|(it, _)| it == metric);
        watched.map_or_else(|| other.and_then(|(_, last)| *last), |it| it.last)
    }

    /// What was read last of each guardrail's metric.
    pub(crate) fn last(&self, heartbeat_age_s: f64) -> Vec<(String, f64)> {
        let metrics = self.watched.iter().map(|it| &it.rail.metric);
        let values = metrics.filter_map(|it| Some((it.clone(), self.value(it, heartbeat_age_s)?)));
        values.collect()
    }

    /// The first metric that was not yet read often enough, of guardrails or conditions.
    pub(crate) fn not_live(&self) -> Option<&str> {
        let rails = self.watched.iter();
        let late = rails.filter(|it| !it.is_heartbeat() && it.first.len() < LIVE);
        let others = self.others.iter().filter(|(_, last)| last.is_none());
        let others = others.map(|(metric, _)| metric.as_str());
        late.map(|it| it.rail.metric.as_str()).chain(others).next()
    }

    /// Takes what was read so far as the state before and begins to judge.
    ///
    /// # Errors
    ///
    /// A guardrail that is outside already, in words.
    pub(crate) fn arm(&mut self, now_ns: i64) -> Result<Vec<(String, f64)>, String> {
        self.armed = true;
        let mut before = Vec::new();
        for watched in self.watched.iter_mut().filter(|it| !it.is_heartbeat()) {
            watched.before = median(&watched.first);
            watched.read_ns = Some(now_ns);
            let Some(value) = watched.before else {
                return Err(format!("{} is not measured", watched.rail.metric));
            };
            if !watched.rail.limit.holds(value, watched.before) {
                return Err(format!(
                    "{} is {value} before the first action, but must be {}",
                    watched.rail.metric, watched.rail.limit
                ));
            }
            before.push((watched.rail.metric.clone(), value));
        }
        Ok(before)
    }

    /// Guardrails that are breached now; one that only tells, tells once.
    pub(crate) fn breached(&mut self, now_ns: i64, heartbeat_age_s: f64) -> Vec<Breached> {
        if !self.armed {
            return Vec::new();
        }
        let late_ns = LATE_PERIODS * self.every_ns;
        let mut breached = Vec::new();
        for watched in &mut self.watched {
            let text = if watched.is_heartbeat() {
                watched.heartbeat(heartbeat_age_s)
            } else {
                watched
                    .outside(now_ns)
                    .or_else(|| watched.missing(now_ns, late_ns))
            };
            if let Some(text) = text
                && !watched.told
            {
                watched.told = watched.rail.on_breach == Breach::Tell;
                breached.push(Breached {
                    does: watched.rail.on_breach,
                    text,
                });
            }
        }
        breached
    }

    /// Where each guardrail is.
    pub(crate) fn states(&self, now_ns: i64, heartbeat_age_s: f64) -> Vec<Guard> {
        let states = self.watched.iter().map(|it| Guard {
            metric: it.rail.metric.clone(),
            value: self.value(&it.rail.metric, heartbeat_age_s),
            before: it.before,
            limit: it.rail.limit.to_string(),
            outside_s: it.outside_s(now_ns).unwrap_or(0.0),
        });
        states.collect()
    }
}

impl Watched {
    fn new(rail: Guardrail) -> Self {
        Self {
            rail,
            first: Vec::new(),
            before: None,
            last: None,
            read_ns: None,
            outside_since_ns: None,
            outside: 0,
            within: 0,
            told: false,
        }
    }

    fn is_heartbeat(&self) -> bool {
        self.rail.metric == HEARTBEAT
    }

    fn take(&mut self, now_ns: i64, value: Option<f64>, armed: bool) {
        self.last = value;
        let Some(value) = value else {
            return;
        };
        self.read_ns = Some(now_ns);
        if !armed {
            // The latest few; a long wait must not make the state before an old one.
            if self.first.len() == 2 * LIVE {
                self.first.remove(0);
            }
            self.first.push(value);
        } else if self.rail.limit.holds(value, self.before) {
            self.within = self.within.saturating_add(1);
            if self.within >= CALM {
                self.outside_since_ns = None;
                self.outside = 0;
            }
        } else {
            self.within = 0;
            self.outside = self.outside.saturating_add(1);
            self.outside_since_ns.get_or_insert(now_ns);
        }
    }

    fn outside_s(&self, now_ns: i64) -> Option<f64> {
        let since = self.outside_since_ns?;
        Some(now_ns.saturating_sub(since).max(0) as f64 / SECOND_NS)
    }

    /// The words for a time outside that is too long; the last sample must be outside.
    fn outside(&self, now_ns: i64) -> Option<String> {
        let lasted_s = self.outside_s(now_ns)?;
        let firm = self.rail.for_s <= 0.0 || self.outside >= FIRM;
        let value = self.last?;
        if self.within > 0 || !firm || lasted_s < self.rail.for_s {
            return None;
        }
        Some(format!(
            "{} was {value}, but must be {} ({lasted_s:.1} s outside, {} allowed)",
            self.rail.metric, self.rail.limit, self.rail.for_s
        ))
    }

    /// The words for a metric that is not read any more.
    fn missing(&self, now_ns: i64, late_ns: i64) -> Option<String> {
        let silent_ns = now_ns.saturating_sub(self.read_ns?);
        let silent_s = silent_ns as f64 / SECOND_NS;
        let allowed_s = self.rail.for_s.max(late_ns as f64 / SECOND_NS);
        (silent_s > allowed_s).then(|| {
            format!(
                "{} has not been read for {silent_s:.1} s, and must be {}",
                self.rail.metric, self.rail.limit
            )
        })
    }

    fn heartbeat(&self, age_s: f64) -> Option<String> {
        let limit = self.rail.limit;
        // A heartbeat has no value before: it is about who is there now.
        (!limit.holds(age_s, None) && !limit.holds(age_s - self.rail.for_s, None)).then(|| {
            format!("nobody has given a sign of life for {age_s:.1} s, and that must be {limit}")
        })
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use model::plan::guard::Limit;

    use super::*;

    const S: i64 = 1_000_000_000;

    fn rail(limit: Limit, for_s: f64) -> Guardrail {
        Guardrail {
            metric: "m".to_owned(),
            limit,
            for_s,
            on_breach: Breach::RollbackAll,
        }
    }

    fn armed(limit: Limit, for_s: f64) -> Guards {
        let mut guards = Guards::new(&[rail(limit, for_s)], Vec::new());
        for second in -3..0 {
            assert_eq!(guards.not_live(), Some("m"));
            guards.measured(second * S, &[("m".to_owned(), 1.0)], S);
        }
        assert_eq!(guards.not_live(), None);
        assert_eq!(guards.arm(0), Ok(vec![("m".to_owned(), 1.0)]));
        guards
    }

    /// The second of the first breach when these are read, one a second.
    fn breach(guards: &mut Guards, values: &[Option<f64>]) -> Option<usize> {
        (0..).zip(values).find_map(|(second, value)| {
            let now = second * S;
            let read: Vec<_> = value.iter().map(|it| ("m".to_owned(), *it)).collect();
            guards.measured(now, &read, S);
            (!guards.breached(now, 0.0).is_empty()).then_some(second as usize)
        })
    }

    #[test]
    fn a_breach_takes_its_time_and_no_more() {
        let outside = [Some(3.0); 20];
        assert_eq!(
            breach(&mut armed(Limit::AtMost(2.0), 5.0), &outside),
            Some(5)
        );
        assert_eq!(
            breach(&mut armed(Limit::AtMost(2.0), 0.0), &outside),
            Some(0)
        );
        assert_eq!(
            breach(&mut armed(Limit::AtMostRel(2.5), 1.0), &outside),
            Some(1)
        );
        assert_eq!(breach(&mut armed(Limit::AtMost(4.0), 0.0), &outside), None);
    }

    #[test]
    fn one_odd_sample_is_no_breach_and_one_good_one_no_end() {
        let odd: Vec<_> = (0..60)
            .map(|it| Some(if it % 5 == 0 { 9.0 } else { 1.0 }))
            .collect();
        assert_eq!(breach(&mut armed(Limit::AtMost(2.0), 2.0), &odd), None);
        let mostly: Vec<_> = (0..60)
            .map(|it| Some(if it % 3 == 0 { 1.0 } else { 9.0 }))
            .collect();
        assert_eq!(
            breach(&mut armed(Limit::AtMost(2.0), 6.0), &mostly),
            Some(7)
        );
    }

    #[test]
    fn noise_within_a_twentieth_of_the_samples_rolls_back_rarely() {
        // 1,000 plans of ten minutes; each sample is outside with probability 1/20.
        let mut dice = 7_u64;
        let mut false_alarms = 0;
        for _ in 0..1_000 {
            let values: Vec<_> = (0..600)
                .map(|_| {
                    dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    Some(if (dice >> 33).is_multiple_of(20) {
                        9.0
                    } else {
                        1.0
                    })
                })
                .collect();
            false_alarms +=
                usize::from(breach(&mut armed(Limit::AtMost(2.0), 5.0), &values).is_some());
        }
        assert!(false_alarms <= 50, "{false_alarms} of 1000");
    }

    #[test]
    fn what_is_not_read_is_a_breach_after_its_time() {
        let silent = [None; 20];
        assert_eq!(
            breach(&mut armed(Limit::AtMost(2.0), 5.0), &silent),
            Some(6)
        );
        assert_eq!(
            breach(&mut armed(Limit::AtMost(2.0), 0.0), &silent),
            Some(3)
        );
        let gaps: Vec<_> = (0..60).map(|it| (it % 3 == 0).then_some(1.0)).collect();
        assert_eq!(breach(&mut armed(Limit::AtMost(2.0), 5.0), &gaps), None);
    }

    #[test]
    fn a_heartbeat_needs_no_metric() {
        let mut rail = rail(Limit::AtMost(15.0), 0.0);
        rail.metric = HEARTBEAT.to_owned();
        let mut guards = Guards::new(&[rail], Vec::new());
        assert_eq!(guards.not_live(), None);
        assert!(guards.arm(0).is_ok());
        assert!(guards.breached(0, 15.0).is_empty());
        assert_eq!(guards.breached(0, 15.1).len(), 1);
    }

    #[test]
    fn one_that_tells_tells_once() {
        let mut guards = armed(Limit::AtMost(2.0), 0.0);
        guards.watched[0].rail.on_breach = Breach::Tell;
        guards.measured(0, &[("m".to_owned(), 9.0)], S);
        assert_eq!(guards.breached(0, 0.0).len(), 1);
        assert!(guards.breached(S, 0.0).is_empty());
    }
}
